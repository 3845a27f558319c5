"""What `make review` does: review the current change of a repository, or of a bundled example made for the occasion."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main(repository: str, arguments: list[str]) -> int:
    if repository:
        return review(Path(repository).expanduser(), arguments)
    from examples.make_repository import make_repository

    with tempfile.TemporaryDirectory(prefix="rebuttal-example-") as folder:
        made = make_repository(Path(folder) / "parcels")
        print("No REPO=path given: reviewing a bundled example, a small shop whose prices get currencies.\n")
        sys.stdout.flush()
        return review(made, arguments)


def review(repository: Path, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "rebuttal", "review", "--repo", str(repository), *arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
