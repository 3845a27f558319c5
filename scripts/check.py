"""What `make test` does: every check, each as a stage of its own, and a summary that says what could not run.

python scripts/check.py             all stages
python scripts/check.py lint types  some of them
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "client-vscode"


class CannotRun(Exception):
    """A stage's tools are not here; the message says which, and what to do."""


@dataclass(frozen=True)
class Outcome:
    stage: str
    seconds: float
    problem: str | None = None
    skipped: str | None = None


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **environment}, check=True)


def python(*arguments: str | Path) -> None:
    run(sys.executable, *arguments)


def lint() -> None:
    python("-m", "ruff", "check", ".")
    python("-m", "ruff", "format", "--check", ".")


def types() -> None:
    python("-m", "mypy")


def imports() -> None:
    run(Path(sys.executable).parent / "lint-imports", "--no-cache")


def tests() -> None:
    if (npm := shutil.which("npm")) and not (CLIENT / "node_modules" / "eslint").is_dir():
        # The tests of the repository's own linters want a real ESLint.
        run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=CLIENT)
    # Many tests start Python anew: where bytecode may not be kept, each start compiles everything, a second at a time.
    workers = str(min(os.cpu_count() or 1, 4))
    ours = "not vscode and not neovim and not emacs and not gateway"
    run(sys.executable, "-m", "pytest", "-q", "-n", workers, "-m", ours, PYTHONDONTWRITEBYTECODE="")


def wheel() -> None:
    """Build the wheel and run the command from it in an environment of its own: what users install is what works."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ".")
        built = next(Path(folder).glob("*.whl"))
        home = Path(folder) / "venv"
        python("-m", "venv", home)
        inside = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        requirements = ROOT / "requirements" / "run.lock"
        quiet = ("-m", "pip", "install", "-q", "--disable-pip-version-check")
        run(inside, *quiet, "--require-hashes", "-r", requirements)
        run(inside, *quiet, "--no-deps", built)
        run(sys.executable, "scripts/smoke.py", inside)


def client() -> None:
    npm = need("npm", "Node.js with npm 10 or later (https://nodejs.org)")
    run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=CLIENT)
    for script in ("check", "test", "wheel", "package"):
        run(npm, "run", "--silent", script, cwd=CLIENT)


def vscode() -> None:
    need("npm", "Node.js with npm 10 or later (https://nodejs.org)")
    if sys.platform != "linux":
        raise CannotRun("the real VS Code runs on Linux only (code-server and Chromium)")
    lab = ROOT / "tests" / "editors" / "vscode" / "provision.sh"
    if subprocess.run(["bash", str(lab)], cwd=ROOT, check=False).returncode != 0:
        raise CannotRun("VS Code could not be provisioned: tests/editors/vscode/provision.sh says why")
    python("-m", "pytest", "-q", "-m", "vscode", "tests/editors")


def neovim() -> None:
    """A review in a real Neovim, with the snippet of docs/editors/neovim.md; Debian's package, where it can be had."""
    if shutil.which("nvim") is None:
        install("Neovim 0.7 or later (https://neovim.io)", "neovim")
    python("-m", "pytest", "-q", "-m", "neovim", "tests/editors/neovim")


def emacs() -> None:
    """A review in a real Emacs, with the snippet of docs/editors/emacs.md; Debian's packages, where they can be had."""
    if shutil.which("emacs") is None:
        install("Emacs 28 or later with Eglot (https://www.gnu.org/software/emacs)", "emacs-nox", "elpa-eglot")
    python("-m", "pytest", "-q", "-m", "emacs", "tests/editors/emacs")


def install(what: str, *packages: str) -> None:
    """Packages of the system. Raises CannotRun where that is the user's to do; in CI that it fails is a failure."""
    apt = shutil.which("apt-get")
    if apt is None or os.name == "nt" or os.geteuid() != 0:
        raise CannotRun(
            f"{what} is not installed, and only root may install it here with apt-get install {' '.join(packages)}"
        )
    try:
        run(apt, "update", "-qq")
        run(apt, "install", "-y", "-qq", "--no-install-recommends", *packages, DEBIAN_FRONTEND="noninteractive")
    except subprocess.CalledProcessError:
        if os.environ.get("CI"):
            raise
        raise CannotRun(f"{what} could not be installed: apt-get says why") from None


def gateway() -> None:
    """A review through LiteLLM's proxy, installed once into the user's cache, for its packages are not ours."""
    lock = ROOT / "requirements" / "litellm.lock"
    stamp = f"{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}-{sys.version_info.major}.{sys.version_info.minor}"
    home = Path(os.environ.get("REBUTTAL_GATEWAY_LAB") or Path.home() / ".cache" / "rebuttal" / "gateway") / stamp
    inside = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (home / ".ready").exists():
        print("installing LiteLLM (about a minute and a half)", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        python("-m", "venv", home)
        # The lock leaves out what the proxy never loads here, half of its size: nothing is resolved again.
        quiet = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-compile")
        try:
            run(inside, *quiet, "--require-hashes", "-r", lock)
        except subprocess.CalledProcessError:
            raise CannotRun("LiteLLM could not be installed: pip says why") from None
        (home / ".ready").touch()
    test = "tests/cli/test_gateway.py"
    run(sys.executable, "-m", "pytest", "-q", "-m", "gateway", test, REBUTTAL_LITELLM=str(inside))


def need(tool: str, what: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise CannotRun(f"{tool} is not installed; it comes with {what}")
    return found


STAGES: dict[str, Callable[[], None]] = {
    "lint": lint,
    "types": types,
    "imports": imports,
    "tests": tests,
    "wheel": wheel,
    "gateway": gateway,
    "client": client,
    "neovim": neovim,
    "emacs": emacs,
    "vscode": vscode,
}


def attempt(name: str) -> Outcome:
    print(f"\n=== {name}", flush=True)
    start = time.monotonic()
    problem = skipped = None
    try:
        STAGES[name]()
    except CannotRun as error:
        skipped = str(error)
    except subprocess.CalledProcessError as error:
        problem = f"{Path(error.cmd[0]).name} ended with {error.returncode}"
    return Outcome(name, time.monotonic() - start, problem, skipped)


def main(wanted: Sequence[str]) -> int:
    unknown = [name for name in wanted if name not in STAGES]
    if unknown:
        print(f"unknown stage {unknown[0]!r}; there are {', '.join(STAGES)}", file=sys.stderr)
        return 2
    outcomes = [attempt(name) for name in wanted or STAGES]
    print("\n=== summary")
    for one in outcomes:
        state = f"FAILED: {one.problem}" if one.problem else f"not run: {one.skipped}" if one.skipped else "passed"
        print(f"{one.stage:8} {one.seconds:6.1f} s  {state}")
    return 1 if any(one.problem for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
