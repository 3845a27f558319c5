"""The planted corpus against the rule for claims off the change: no planted defect may be lost to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuttal.debate.anchoring import Anchoring
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Claim, Place, SetAside
from rebuttal.evaluation.corpus import Case, Defect, load_corpus
from rebuttal.text.positions import git_lines
from tests.debate.conftest import change_of, context_of

CASES = load_corpus(Path(__file__).parent.parent / "corpus")


def anchoring_of(case: Case) -> Anchoring:
    change = change_of({one.path: (one.text("old"), one.text("new")) for one in case.files if one.changed})
    unchanged = {one.path: text for one in case.files if not one.changed and (text := one.text("new")) is not None}
    return Anchoring(change, Exhibits(context_of(change, unchanged)))


def claim_at(case: Case, defect: Defect, place: Place, why: str) -> Claim:
    """As a reviewer would claim it there."""
    file = case.file(place.file)
    text = file.text("old" if place.side == "old" else "new") if file is not None else None
    quote = "".join(git_lines(text or "")[place.first_line : place.last_line + 1]) if place.side != "file" else ""
    return Claim(place.file, place.side, quote, defect.title, why, defect.category, defect.severity, "likely")


@pytest.mark.parametrize("case", [case for case in CASES if not case.clean], ids=lambda case: case.name)
def test_no_planted_defect_is_set_aside(case: Case) -> None:
    anchoring = anchoring_of(case)
    for defect in case.defects:
        for place in defect.places:
            heard = anchoring.claim(claim_at(case, defect, place, defect.why), "architect", 0)
            assert not isinstance(heard, SetAside), (defect.id, place, heard.reason)
