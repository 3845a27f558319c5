"""What is known of a review, from its change to its verdicts: each step adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

from rebuttal.budget.model import Estimate
from rebuttal.change.model import Change
from rebuttal.change.novelty import Novelty
from rebuttal.findings.report import Degraded, NotSpent, Standing, Timing
from rebuttal.store.model import Totals
from rebuttal.store.reviews import ReviewKind

if TYPE_CHECKING:
    from rebuttal.budget.forecast import Forecast
    from rebuttal.context.model import Context
    from rebuttal.debate.model import Kind, Means, Outcome, Tier
    from rebuttal.debate.panel.choice import PanelChoice
    from rebuttal.evidence.model import Evidence
    from rebuttal.findings.renames import Rename
    from rebuttal.review.cut_short import TakenUp
    from rebuttal.review.lessons import Lessons
    from rebuttal.review.own_prompts import OwnPrompts


@frozen
class Since:
    """What is new since one last review."""

    at: datetime
    made_by: str
    novelty: Novelty


@frozen
class Memory:
    """This review's hunks, and what was known of the ones before. Static reviews and debates are kept apart: a static
    one must not make a debate believe that it was held."""

    scope: str = ""
    """A digest: of the scope, its branch and its base."""
    hunks: tuple[str, ...] = ()
    made_by: str = ""
    """A digest of what a debate is held with; "" where none may follow."""
    since: Mapping[ReviewKind, Since] = field(factory=dict)

    def debated_already(self) -> datetime | None:
        """When all of the change was debated by the same panel with the same prompts; None where it was not."""
        last = self.since.get("debate")
        same = last is not None and last.made_by == self.made_by and not last.novelty.is_new
        return last.at if last is not None and same and last.novelty.unchanged else None


@frozen
class Parts:
    """What is known of a review so far."""

    change: Change
    evidence: Evidence
    choice: PanelChoice
    timing: Timing = Timing()
    context: Context | None = None
    shared: str = ""
    fence: str = ""
    framing: str = ""
    own: OwnPrompts | None = None
    """The user's own seats and templates; None where no debate may follow."""
    kinds: tuple[Kind, ...] = ()
    means: Means | None = None
    """What the choice of tiers goes by; None: nothing but the table."""
    fitted: Mapping[Tier, str] = field(factory=dict)
    """`shared` of tiers that are shown less."""
    forecast: Forecast | None = None
    """What past debates teach of this one; None: nothing but assumptions."""
    lessons: Lessons | None = None
    """What they teach of how its money is shared, and of when a round is worth its price; None: the seed's figures."""
    whole: PanelChoice | None = None
    """The panel as it would sit if money did not matter; None: as it does."""
    unasked: tuple[str, ...] = ()
    """Ids of seats that the change calls for, and that are not asked because of what they would cost."""
    earlier: TakenUp | None = None
    """The debate about the same change that was cut short, if there is one: it is taken up, and priced so."""
    estimate: Estimate | None = None
    totals: Totals = Totals()
    standing: Standing | None = None
    """Where spending stands after the debate."""
    outcome: Outcome | None = None
    review_id: str | None = None
    not_spent: NotSpent | None = None
    lacking: str | None = None
    """What another endpoint than the Claude API needs before anything can be sent to it."""
    notes: tuple[str, ...] = ()
    failures: tuple[Degraded, ...] = ()
    memory: Memory | None = None
    dismissed: Mapping[str, datetime] = field(factory=dict)
    """Ids of findings that the user does not want to see, and since when."""
    renames: tuple[Rename, ...] = ()
    """Files and folders that had other names: by the change itself first, then as the editor told."""
