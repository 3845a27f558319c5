"""`python -m rebuttal`, and the `rebuttal` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; Ctrl-C while Python still loads it is an interruption like any other."""
    try:
        if sys.argv[1:] in (["serve"], ["serve", "--stdio"]):
            # An editor waits for the first reply: it does not need the parser of all the other commands.
            from rebuttal.lsp.main import serve

            return serve()
        from rebuttal.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("rebuttal: interrupted\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
