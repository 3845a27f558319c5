"""`python -m rebuttal` is the `rebuttal` command."""

from rebuttal.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
