"""Resolve the dependencies anew into requirements/*.lock: hashes, all platforms, no download addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header", "-q"]


def compile_lock(target: str, *arguments: str) -> None:
    subprocess.run(["uv", "pip", "compile", *arguments, *COMMON, "-o", f"requirements/{target}"], cwd=ROOT, check=True)


def main() -> int:
    try:
        compile_lock("dev.lock", "pyproject.toml", "--group", "dev", "--group", "bench")
        compile_lock("run.lock", "pyproject.toml", "-c", "requirements/dev.lock")
        compile_lock("build.lock", "requirements/build.in", "-c", "requirements/dev.lock")
        # A server that the tests speak to, in an environment of its own; without what is large and never loaded.
        unused = ("polars", "polars-runtime-32", "granian", "hf-xet")
        without = [argument for name in unused for argument in ("--no-emit-package", name)]
        compile_lock("litellm.lock", "requirements/litellm.in", *without)
    except FileNotFoundError:
        print("uv is needed to lock: `pip install uv`", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
