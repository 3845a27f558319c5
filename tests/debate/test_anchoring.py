"""Places and fixes: by the quote alone, and never outside the change."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.anchoring import Anchoring
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Claim, ClaimFix, Raised, SetAside
from rebuttal.text.redaction import redact
from tests.debate.conftest import LOOP_LINE, SQL_CLAIM, SQL_LINE, brief_of, claim_of, play, ruling_of, says
from tests.debate.test_crossfire import opening, verdicts


def anchor(claim: Claim, **brief: Any) -> Raised | SetAside:
    made = brief_of(**brief)
    return Anchoring(made.change, Exhibits(made.context)).claim(claim, "architect", 0)


def raised(claim: Claim, **brief: Any) -> Raised:
    one = anchor(claim, **brief)
    assert isinstance(one, Raised)
    return one


def test_a_quote_that_stands_once_gives_the_place() -> None:
    one = raised(SQL_CLAIM)
    assert (one.place.file, one.place.side, one.place.first_line, one.place.last_line) == ("shop/users.py", "new", 4, 4)
    assert one.anchored
    assert one.notes == ()


@pytest.mark.parametrize("path", ["./shop/users.py", "b/shop/users.py", "shop\\users.py", "`shop/users.py`"])
def test_paths_are_forgiven_their_trimmings(path: str) -> None:
    assert raised(evolve(SQL_CLAIM, file=path)).place.file == "shop/users.py"


def test_the_side_is_forgiven_where_the_quote_stands_only_on_the_other() -> None:
    assert raised(evolve(SQL_CLAIM, side="old")).place.side == "new"
    removed = claim_of('    return run("select * from users where name = ?", name)', side="new")
    assert raised(removed).place.side == "old"


@pytest.mark.parametrize("quote", ["nothing of the kind stands here at all", "   ", ""])
def test_a_quote_that_is_not_there_leaves_a_claim_about_the_file(quote: str) -> None:
    one = raised(claim_of(quote))
    assert (one.place.side, one.anchored) == ("file", False)
    assert one.notes


def test_a_claim_about_something_missing_needs_no_quote() -> None:
    one = raised(claim_of("", side="file"))
    assert one.anchored
    assert one.notes == ()


TWICE = "def a():\n    return None\n\n\ndef b():\n    return None\n"


def test_of_several_places_the_one_that_the_change_touches_is_meant() -> None:
    files = {"x.py": (TWICE.replace("    return None\n\n", "    return 1\n\n"), TWICE)}
    assert raised(claim_of("    return None", file="x.py"), files=files).place.first_line == 1


def test_a_place_that_stays_in_doubt_is_no_place() -> None:
    one = raised(claim_of("    return None", file="x.py"), files={"x.py": ("", TWICE)})
    assert not one.anchored
    assert one.notes == ("its quote stands at 2 places",)


def test_the_claims_own_fix_tells_which_place_is_meant() -> None:
    fix = ClaimFix("x.py", "def b():\n    return None", "def b():\n    return 1")
    one = raised(claim_of("    return None", file="x.py", fixes=(fix,)), files={"x.py": ("", TWICE)})
    assert one.place.first_line == 5


@pytest.mark.parametrize("file", ["nowhere.py", "../../etc/passwd", "/etc/passwd", "", "shop"])
def test_a_claim_about_a_file_that_was_not_shown_is_set_aside(file: str) -> None:
    one = anchor(evolve(SQL_CLAIM, file=file))
    assert isinstance(one, SetAside)
    assert "not among the files shown" in one.reason


def test_a_claim_off_the_change_needs_its_quote_in_an_exhibit() -> None:
    others = {"shop/db.py": "def run(sql, *values):\n    return sql\n"}
    good = claim_of("def run(sql, *values):", file="shop/db.py")
    assert raised(good, others=others).place.file == "shop/db.py"
    assert isinstance(anchor(evolve(good, quote="def gone():"), others=others), SetAside)


def test_an_unanchored_claim_that_is_confirmed_stands_at_the_line_that_confirmed_it() -> None:
    said = says(claim_of("no such line in the file", certainty="certain"))
    played = play(brief_of(), opening({"architect": said}, verdicts({"cross_examination": "confirmed"})))
    (finding,) = played.outcome.findings
    assert (finding.range.start.line, finding.confidence) == (4, "possible")


def test_of_a_selection_only_its_lines_are_argued_about() -> None:
    made = brief_of()
    change = evolve(made.change, only_lines={"shop/users.py": range(8, 12)})
    anchoring = Anchoring(change, Exhibits(made.context))
    assert isinstance(anchoring.claim(SQL_CLAIM, "architect", 0), SetAside)
    assert isinstance(anchoring.claim(evolve(SQL_CLAIM, quote=LOOP_LINE), "architect", 0), Raised)


# --- rulings ---


def test_a_rulings_quote_may_stand_on_either_side_of_its_file_or_the_claims() -> None:
    made = brief_of()
    anchoring = Anchoring(made.change, Exhibits(made.context))
    place = raised(SQL_CLAIM).place
    assert anchoring.ruling(ruling_of("c", "refuted", LOOP_LINE), place) is not None
    assert anchoring.ruling(ruling_of("c", "refuted", "    for item in items:"), place) is not None
    assert anchoring.ruling(evolve(ruling_of("c", "refuted"), file="nowhere.py"), place) is not None
    assert anchoring.ruling(ruling_of("c", "refuted", "if name is safe:"), place) is None


# --- fixes ---

GOOD_FIX = ClaimFix("shop/users.py", SQL_LINE, '    return run("select * from users where name = ?", name)')


def fixed(*fixes: ClaimFix, **brief: Any) -> Raised:
    return raised(evolve(SQL_CLAIM, fixes=fixes), **brief)


def test_a_fix_that_applies_and_parses_comes_along() -> None:
    one = fixed(GOOD_FIX)
    assert one.fix is not None
    assert one.fix.edits[0].new_text.strip() == GOOD_FIX.replacement.strip()
    assert one.notes == ()


@pytest.mark.parametrize(
    "fix",
    [
        evolve(GOOD_FIX, quote="no such line"),
        evolve(GOOD_FIX, file="shop/db.py"),
        evolve(GOOD_FIX, file="../outside.py"),
        evolve(GOOD_FIX, replacement="    return run(("),
        evolve(GOOD_FIX, replacement="    return run('\u202e')"),
        evolve(GOOD_FIX, replacement="    x = 1\n" * 5000),
    ],
)
def test_any_other_fix_is_withheld_and_the_claim_stays(fix: ClaimFix) -> None:
    one = fixed(fix, others={"shop/db.py": SQL_LINE + "\n"})
    assert one.fix is None
    assert one.anchored
    assert len(one.notes) == 1
    assert "withheld" in one.notes[0]


def test_one_bad_edit_withholds_the_whole_fix() -> None:
    assert fixed(GOOD_FIX, evolve(GOOD_FIX, quote="no such line")).fix is None


SECRET_FILES = {"config.py": ("", 'import os\n\nAPI_KEY = "tok_live_9f8e7d6c5b4a39281706"\nTIMEOUT = 5\n')}
HIDDEN = {"tok_live_9f8e7d6c5b4a39281706": "«redacted:api-key:1»"}


def test_a_quote_of_redacted_text_is_mapped_back_without_printing_the_secret() -> None:
    claim = claim_of('API_KEY = "«redacted:api-key:1»"', file="config.py")
    script = opening(
        {"architect": says(claim)},
        verdicts({"cross_examination": "confirmed"}, 'API_KEY = "«redacted:api-key:1»"'),
    )
    made = brief_of(SECRET_FILES, hide=HIDDEN)
    played = play(made, lambda turn: _about("config.py", script(turn)))
    (finding,) = played.outcome.findings
    assert (finding.range.start.line, finding.range.end.character) == (
        2,
        len('API_KEY = "tok_live_9f8e7d6c5b4a39281706"'),
    )
    # A report is printed in logs and uploaded: it shows what the panel saw.
    assert finding.quote == 'API_KEY = "«redacted:api-key»"'
    assert not any("tok_live" in turn.prompt.ask + turn.prompt.shared for turn in played.speaker.turns)
    assert not any("tok_live" in (step.quote or "") for step in finding.trace)


def _about(file: str, said: Any) -> Any:
    """The same rulings about another file."""
    statement = said.statement
    rulings = tuple(evolve(one, file=file) for one in statement.rulings)
    return evolve(said, statement=evolve(statement, rulings=rulings))


@pytest.mark.parametrize(
    "fix",
    [
        ClaimFix("config.py", 'API_KEY = "«redacted:api-key:1»"', 'API_KEY = os.environ["API_KEY"]'),
        ClaimFix("config.py", "TIMEOUT = 5", 'TIMEOUT = "«redacted:api-key:1»"'),
    ],
)
def test_a_fix_that_touches_a_placeholder_is_withheld(fix: ClaimFix) -> None:
    claim = claim_of("TIMEOUT = 5", file="config.py", fixes=(fix,))
    one = raised(claim, files=SECRET_FILES, hide=HIDDEN)
    assert one.fix is None
    assert "withheld" in one.notes[0]


def test_the_placeholder_is_the_one_that_redaction_makes() -> None:
    made = redact(SECRET_FILES["config.py"][1], "config.py").text
    assert "«redacted:" in made
