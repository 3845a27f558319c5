"""`python -m rebuttal`, and the `rebuttal` command."""

from __future__ import annotations

import gc
import sys

_YOUNG = 10_000
"""New objects after which Python looks for garbage. By default after 700, which took a tenth of the start of the
language server: what is loaded stays. With none at all it would hold 9 MB more (byte code and halves of classes)."""


def main() -> int:
    """Run the command; Ctrl-C while Python still loads it is an interruption like any other."""
    gc.set_threshold(_YOUNG)
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
