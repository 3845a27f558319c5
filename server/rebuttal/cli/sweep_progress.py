"""What a sweep tells on stderr while it runs, and the one question that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from attrs import define, field

from rebuttal.budget.model import in_words
from rebuttal.cli.terminal import Look
from rebuttal.review.sweep_model import Began, Done, Estimated, NotDone, Noted, Offer
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.change.listing import Listing

FEW = 5
"""Names that are listed; of more only the number."""


@define
class Progress:
    """Plain lines; on a terminal a last line that is written over says what is waited for."""

    look: Look
    stream: TextIO
    done_is_shown: bool = False
    """The report of each change is printed on the same terminal."""
    _status: bool = False
    _last: str = ""
    _waited: set[str] = field(factory=set)
    """Batches whose wait was told."""

    def listed(self, listing: Listing) -> None:
        """What is reviewed, and what of it is not."""
        again = sum(len(one.others) for one in listing.changes)
        twice = f", {counted(again, 'more name')} for the same" if again else ""
        self._line(f"{counted(len(listing.changes), 'change')} to review{twice}")
        if listing.empty:
            self._line(f"nothing to review in {_names(listing.empty)}")
        for name, reason in listing.failed:
            self._line(f"{name} is left out: {reason}")

    def tell(self, event: Any) -> None:
        """One event of a sweep."""
        from rebuttal.speakers.batches.model import Ended, Short, Submitted, Trouble, Waiting

        match event:
            case Estimated(changes=changes, expected=expected, at_most=at_most, without=without, money=money):
                none = f"; {counted(without, 'change')} without a debate" if without else ""
                self._line(f"{counted(changes, 'debate')} in batches: {in_words(expected, at_most, money)}{none}")
            case Began(sweep=sweep):
                self._line(f"this is {sweep}: should it be interrupted, rebuttal sweep --resume {sweep} goes on")
            case Submitted(batch=batch, turns=turns, changes=changes):
                self._line(f"{batch}: {counted(turns, 'turn')} of {counted(changes, 'change')} submitted")
                self._waited.add(batch)
            case Waiting(batch=batch, turns=turns, seconds=seconds):
                self._wait(batch, f"{batch}: {counted(turns, 'turn')} being processed", seconds)
            case Ended(batch=batch, turns=turns, failed=failed):
                wrong = f", {failed} failed" if failed else ""
                self._line(f"{batch}: {turns - failed} of {counted(turns, 'turn')} answered{wrong}")
            case Short(turns=turns, why=why):
                self._line(f"{counted(turns, 'turn')} wait for what others give back: {why}")
            case Done(change=change, report=report, number=number, of=of) if not self.done_is_shown:
                found = sum(one.status == "open" for one in report.findings)
                cost = report.money(report.cost.spent)
                self._line(f"{number} of {of} reviewed: {change.name}, {counted(found, 'finding')}, {cost}")
            case NotDone(change=change, reason=reason, number=number, of=of):
                self._line(f"{number} of {of} failed: {change.name}: {reason}")
            case Trouble(message=message) | Noted(message=message):
                self._line(message)

    def close_line(self) -> None:
        """Take away the line that is written over."""
        if self._status:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._status = False

    def _line(self, text: str) -> None:
        self.close_line()
        if text == self._last:
            return  # a service that cannot be reached is told once, not with every look
        self._last = text
        self.stream.write(written_out(text) + "\n")
        self.stream.flush()

    def _wait(self, batch: str, text: str, seconds: float) -> None:
        """Written over on a terminal; elsewhere told once for a batch that an earlier process submitted."""
        if not self.look.terminal:
            if batch not in self._waited:
                self._line(text)
            self._waited.add(batch)
            return
        self.close_line()
        self.stream.write(f"{written_out(text)[:80]}, next look in {seconds:.0f} s")
        self.stream.flush()
        self._status = True


def question_text(offer: Offer) -> str:
    """What a person reads before anything leaves the machine."""
    return (
        f"Send {counted(offer.changes, 'change')} of {written_out(offer.repository)} "
        f"({counted(offer.files, 'file')}) to {offer.host}, in message batches?\n"
        f"  in all {in_words(offer.expected, offer.at_most, offer.money)}\n"
        f"  {counted(offer.redactions, 'secret')} replaced by placeholders; "
        "the answers come within a day, mostly within an hour\n"
        "  unlike single calls, a batch is kept by the service for up to 29 days\n"
        "[y]es, [N]o: "
    )


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= FEW else f"{counted(len(names), 'change')} without a commit of their own"
