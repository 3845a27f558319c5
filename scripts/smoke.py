"""Runs the installed command as a user would: version, a static review of the example, and the language server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main(interpreter: str) -> int:
    from examples.make_repository import make_repository

    with tempfile.TemporaryDirectory() as folder:
        home = {"REBUTTAL_HOME": str(Path(folder) / "home")}
        keyless = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
        environment = {**keyless, **home}
        repository = make_repository(Path(folder) / "parcels")
        command = [interpreter, "-I", "-m", "rebuttal", "review", "--repo", str(repository), "--format", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode != 1:
            print(done.stderr, file=sys.stderr)
            return 1
        rules = {finding["rule"] for finding in json.loads(done.stdout)["findings"]}
        missing = {"impact:signature", "secrets:aws"} - rules
        if missing:
            print(f"the installed wheel does not find {', '.join(sorted(missing))}", file=sys.stderr)
            return 1
        page = [interpreter, "-I", "-m", "rebuttal", "ledger", "--format", "html"]
        done = subprocess.run(page, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
        if "--card" not in done.stdout:
            print(f"the installed wheel makes no page about money: {done.stderr}", file=sys.stderr)
            return 1
        print(f"wheel: {len(rules)} rules spoke: {', '.join(sorted(rules))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
