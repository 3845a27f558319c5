"""`rebuttal`: the parser, and what an error is to a terminal. Each command is a module of its own."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rebuttal import __version__
from rebuttal.settings import FAIL_ON, PANELS, PROFILES, PROTOCOLS, process_environment

USAGE_ERROR = 2
DEGRADED = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit codes are the contract's (docs/command-line.md)."""
    _open_closed_streams()
    chosen = _parser().parse_args(arguments)
    try:
        name = chosen.command if getattr(chosen, "release", None) is None else "release"
        command = importlib.import_module(f"rebuttal.cli.{name}")
        return int(command.run(chosen, process_environment()))
    except KeyboardInterrupt:
        print("rebuttal: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return _closed_pipe()
    except Exception as error:
        from rebuttal.cli.errors import user_message
        from rebuttal.cli.output import Unwritable

        if isinstance(error, Unwritable):
            print(f"rebuttal: {error}", file=sys.stderr)
            return DEGRADED
        message = user_message(error)
        if message is None:
            raise
        print(f"rebuttal: {message}", file=sys.stderr)
        return USAGE_ERROR


def _open_closed_streams() -> None:
    """Started with a closed stream (`>&-`), Python has none: what is written there is meant for nobody."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _closed_pipe() -> int:
    """The reader (`| head`) has gone: end quietly, and keep Python from complaining at exit."""
    sys.stderr.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rebuttal", description="Review the change you are making: a panel argues, what survives is reported."
    )
    parser.add_argument("--version", action="version", version=f"rebuttal {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    review = commands.add_parser("review", help="review the current change")
    _where(review, formats=("text", "json", "sarif"))
    _what(review)
    review.add_argument("--output", type=Path, metavar="FILE", help="write the result here instead of to stdout")
    review.add_argument("--transcript", type=Path, metavar="FILE", help="write the whole debate there, as Markdown")
    review.add_argument("--fail-on", choices=FAIL_ON, help="exit with 1 from this severity on (default: high)")
    review.add_argument("--max-cost", metavar="USD", help="hard cap of this review")
    review.add_argument("--yes", action="store_true", help="agree to sending and to the estimate")
    review.add_argument(
        "--trust",
        action="store_true",
        help="run the linters that this repository configures, and hear its own seats and templates",
    )
    review.add_argument(
        "--show-existing",
        action="store_const",
        const=True,
        help="also show what stood in the changed files before the change; it counts nowhere",
    )
    review.add_argument("--require-debate", action="store_true", help="exit with 3 where only the static panel ran")
    review.add_argument("--fresh", action="store_true", help="hold a debate that was cut short anew: do not take it up")
    review.add_argument("--record", type=Path, metavar="FILE", help="keep the whole debate, to be played again")
    review.add_argument("--replay", type=Path, metavar="FILE", help="answer from a recording; nothing is sent")

    context = commands.add_parser("context", help="what else a reviewer would see, and why")
    _where(context)
    _what(context)

    estimate = commands.add_parser("estimate", help="what a review would cost, before anything is sent")
    _where(estimate)
    _what(estimate)
    estimate.add_argument("--max-cost", metavar="USD", help="what of it a review with this hard cap would leave out")
    estimate.add_argument("--show-payload", action="store_true", help="print the redacted text that would be sent")

    _add_sweep(commands)
    _add_eval(commands)

    _add_findings(commands)
    _add_ledger(commands)

    prices = commands.add_parser("prices", help="what the models cost, where that is known from, and how old it is")
    prices.add_argument("--format", choices=("text", "json"), default="text")
    what = prices.add_mutually_exclusive_group()
    what.add_argument("--update", action="store_true", help="fetch the newest list of genai-prices, and use it")
    what.add_argument("--reset", action="store_true", help="go back to the prices that came with Rebuttal")
    prices.add_argument("--yes", action="store_true", help="accept prices that fell by half or rose tenfold")

    doctor = commands.add_parser("doctor", help="check key, endpoint, git, grammars, prices and store")
    _where(doctor)

    serve = commands.add_parser("serve", help="speak the Language Server Protocol")
    how = serve.add_mutually_exclusive_group()
    how.add_argument("--stdio", action="store_true", help="the default; accepted because editors pass it")
    how.add_argument("--tcp", type=_port, metavar="PORT", help="listen on loopback (0: any free port) for one client")
    how.add_argument("--ws", type=_port, metavar="PORT", help="the same as a WebSocket (pip install 'rebuttal[ws]')")
    return parser


def _port(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port: 0 to 65535")
    return int(word)


def _add_findings(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    findings = commands.add_parser("findings", help="what is open, held back or dismissed")
    _where(findings)
    findings.add_argument("--scope", metavar="S", help="of this scope (default: the one that was reviewed last)")
    findings.add_argument("--all", action="store_true", help="of every scope that was reviewed")
    judge = findings.add_mutually_exclusive_group()
    judge.add_argument("--dismiss", metavar="ID", help="do not show a finding again")
    judge.add_argument("--restore", metavar="ID", help="show a dismissed finding again")
    findings.add_argument("--reason", metavar="TEXT", help="why it is dismissed")
    findings.add_argument("--expires", metavar="DAY", help="until when, as 2026-12-24")


def _add_ledger(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ledger = commands.add_parser("ledger", help="what was spent")
    groups = ("day", "month", "review", "repository", "phase", "seat", "model", "user")
    ledger.add_argument("--by", choices=groups, default="day", help="what a row is of (text and csv)")
    ledger.add_argument("--format", choices=("text", "json", "csv", "html"), default="text")
    ledger.add_argument("--since", metavar="DAY", help="the first day, as 2026-11-22")
    ledger.add_argument("--until", metavar="DAY", help="the last day")
    ledger.add_argument("--month", metavar="MONTH", help="one month, as 2026-11")
    where = ledger.add_mutually_exclusive_group()
    where.add_argument("--repo", type=Path, metavar="DIR", help="only the repository of this folder")
    where.add_argument("--repository", metavar="NAME", help="only the repository that is called so")
    ledger.add_argument("--output", type=Path, metavar="FILE", help="write the result here instead of to stdout")
    ledger.add_argument(
        "--html", nargs="?", const="", metavar="FILE", help="write a page with charts, and print where it is"
    )
    ledger.add_argument("--open", action="store_true", help="the same, and open it in the browser")
    ledger.add_argument(
        "--release", metavar="WHAT", help="take back what is only assumed: of a review, of a call by its number, or all"
    )
    ledger.add_argument("--yes", action="store_true", help="release without being asked")


def _add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sweep = commands.add_parser("sweep", help="review many changes through message batches, at half the price")
    _where(sweep)
    sweep.add_argument("ranges", nargs="*", metavar="RANGE", help="A..B, A...B or a commit")
    sweep.add_argument(
        "--branches", nargs="?", const="*", metavar="GLOB", help="all branches, or those named like this"
    )
    sweep.add_argument("--base", metavar="REV", help="what branches are compared with")
    _who(sweep)
    sweep.add_argument("--output", type=Path, metavar="FILE", help="write the result here instead of to stdout")
    sweep.add_argument("--fail-on", choices=FAIL_ON, help="exit with 1 from this severity on (default: high)")
    sweep.add_argument("--max-cost", metavar="USD", help="hard cap of all changes together")
    sweep.add_argument("--yes", action="store_true", help="agree to sending and to the estimate")
    sweep.add_argument("--resume", nargs="?", const="", metavar="ID", help="go on with a sweep, the newest by default")
    sweep.add_argument("--cancel", metavar="ID", help="end a sweep at the service")
    sweep.add_argument("--list", action="store_true", help="the sweeps of this repository that are kept")


def _add_eval(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    measure = commands.add_parser("eval", help="how good reviews of a corpus with known defects are")
    measure.add_argument("corpus", type=Path, metavar="CORPUS", help="a folder of cases (docs/evaluation.md)")
    measure.add_argument("--case", default="*", metavar="GLOB", help="only the cases that are named like this")
    _who(measure)
    measure.add_argument("--format", choices=("text", "json"), default="text")
    measure.add_argument("--output", type=Path, metavar="FILE", help="write the result here instead of to stdout")
    measure.add_argument("--max-cost", metavar="USD", help="hard cap of all cases together")
    measure.add_argument("--yes", action="store_true", help="agree to sending and to the estimate")
    measure.add_argument("--seed", type=int, default=1, metavar="N", help="of simulated speakers")
    speaker = measure.add_mutually_exclusive_group()
    speaker.add_argument("--simulated", metavar="SKILL", help="no model: speakers of that skill, in counted time")
    speaker.add_argument("--replay", type=Path, metavar="DIR", help="answer from recordings; nothing is sent")
    speaker.add_argument("--record", type=Path, metavar="DIR", help="keep a recording of each case")


def _where(parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json")) -> None:
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="a folder of the repository")
    parser.add_argument("--format", choices=formats, default="text")


def _what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope",
        default="working",
        metavar="S",
        help="working (default), staged, branch, commit:REV, range:A..B, file:PATH",
    )
    parser.add_argument("--base", metavar="REV", help="what `branch` is compared with")
    _who(parser)


def _who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", choices=PANELS)
    parser.add_argument("--protocol", choices=PROTOCOLS)
    parser.add_argument("--profile", choices=PROFILES)


if __name__ == "__main__":
    sys.exit(main())
