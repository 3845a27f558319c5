"""What a prompt shows of the code, and how much."""

from __future__ import annotations

import pytest
from attrs import evolve

from rebuttal.context.render import render
from rebuttal.debate.assemble import facts
from rebuttal.debate.exhibits import LARGEST_NEED, Exhibits
from rebuttal.debate.model import Need
from rebuttal.debate.recollection import LONGEST_SHOWN
from tests.debate.conftest import FENCE, LOOP_LINE, SQL_CLAIM, SQL_LINE, brief_of, claim_of, play, says
from tests.debate.test_crossfire import opening
from tests.findings.conftest import make_finding, span

FAR = "shop/far.py"
FAR_TEXT = "def near():\n    return 1\n\n\ndef far(value):\n    check(value)\n    return value\n"


def test_the_callers_shared_part_is_sent_untouched() -> None:
    brief = brief_of(shared="exactly these bytes\r\n\t ")
    turns = play(brief, opening({"architect": says(SQL_CLAIM)})).speaker.turns
    assert {turn.prompt.shared for turn in turns} == {"exactly these bytes\r\n\t "}


def test_without_one_the_context_is_rendered_as_elsewhere() -> None:
    brief = brief_of()
    shared = play(brief, opening({})).speaker.turns[0].prompt.shared
    assert shared == render(brief.context, FENCE)


def test_lines_that_the_shared_part_does_not_show_are_shown_with_the_claim() -> None:
    brief = evolve(brief_of(others={FAR: FAR_TEXT}), shared="only a part of the change")
    claim = claim_of("    check(value)", file=FAR, argument=f"It now fails, for `{LOOP_LINE}` skips one.")
    (turn,) = play(brief, opening({"architect": says(claim)})).speaker.of("cross_examination")[:1]
    assert "def far(value):" in turn.prompt.ask
    assert "def near():" not in turn.prompt.ask
    seen = evolve(brief, shared=f"it stands here:\n{SQL_LINE}\n")
    (turn,) = play(seen, opening({"architect": says(SQL_CLAIM)})).speaker.of("cross_examination")[:1]
    assert "# The code around them" not in turn.prompt.ask


def test_what_a_dossier_shows_is_not_sent_twice() -> None:
    """A new function stood whole in the diff of its file, and once more below the claim about it."""
    brief = brief_of(profile="frugal", others={FAR: FAR_TEXT})
    (turn,) = play(brief, opening({"architect": says(SQL_CLAIM)})).speaker.of("cross_examination")[:1]
    assert turn.prompt.shared.count(SQL_LINE) == 1
    assert "# The code around them" not in turn.prompt.ask
    far = claim_of("    check(value)", file=FAR, argument=f"It now fails, for `{LOOP_LINE}` skips one.")
    (turn,) = play(brief, opening({"architect": says(far)})).speaker.of("cross_examination")[:1]
    assert "def far(value):" in turn.prompt.ask


def test_alike_lines_elsewhere_in_the_dossier_took_the_code_around_a_claim_away() -> None:
    """Lines that stood anywhere in the diffs of a dossier counted as shown: here each line of the disputed symbol is
    in the diff, of another function of the file and of another file, but the symbol itself is not."""
    old = "def first():\n    check(value)\n" + "# far\n" * 30 + "def second():\n    check(value)\n    return value\n"
    new = old.replace("def first():", "def first():\n    return value").replace("# far\n" * 15, "# far\n" * 15, 1)
    other = {"shop/more.py": ("", "def second():\n    check(value)\n    return value\n")}
    brief = brief_of({"shop/again.py": (old, new), **other}, profile="frugal")
    claim = claim_of("def second():", file="shop/again.py", argument="It is called with nothing to check.")
    more = claim_of("def second():", file="shop/more.py", argument="It is called with nothing to check.")
    (turn, *_) = play(brief, opening({"architect": says(claim, more)})).speaker.of("cross_examination")
    assert "# The code around them" in turn.prompt.ask
    _, _, around = turn.prompt.ask.partition("# The code around them")
    assert around.count("def second():") == 1
    assert "shop/again.py" in around
    assert "shop/more.py" not in around  # it stands whole in its own diff: not sent a second time


@pytest.mark.parametrize(
    ("file", "symbol", "first"),
    [
        (FAR, "far", 4),
        (FAR, "far()", 4),
        ("./" + FAR, "near", 0),
        ("lib.rs", "parse", 1),
        ("lib.rs", "Parser::parse", None),
        (FAR, "gone", None),
        (FAR, "", None),
        ("gone.py", "far", None),
    ],
)
def test_what_an_examiner_needs_is_found_by_name(file: str, symbol: str, first: int | None) -> None:
    others = {FAR: FAR_TEXT, "lib.rs": "struct Parser;\npub fn parse(text: &str) -> u8 {\n    0\n}\n"}
    excerpt = Exhibits(brief_of(others=others).context).serve(Need(file, symbol))
    assert (excerpt.first_line if excerpt is not None else None) == first


def test_what_is_served_is_bounded() -> None:
    text = "def huge():\n" + "    step()\n" * 5000
    excerpt = Exhibits(brief_of(others={FAR: text}).context).serve(Need(FAR, "huge"))
    assert excerpt is not None
    assert excerpt.text.count("\n") == LARGEST_NEED


def test_a_quote_of_any_length_costs_no_more_than_its_share() -> None:
    claim = claim_of("nothing like it " * 50_000)
    played = play(brief_of(), opening({"architect": says(claim)}))
    for turn in played.speaker.turns:
        assert len(turn.prompt.ask) < 12_000 + LONGEST_SHOWN
    assert all(len(step.quote or "") <= LONGEST_SHOWN for step in played.outcome.findings[0].trace)


def test_a_fact_that_holds_in_many_places_of_a_file_is_told_once() -> None:
    said = {"rule": "ruff:F821", "title": "Undefined name", "source": "static"}
    undefined = [make_finding(file="a.py", range=span(line, 0, 4), **said) for line in range(9)]
    other = make_finding(file="b.py", **said)
    told = facts([*undefined, other])
    assert told == [
        '{"file": "a.py", "rule": "ruff:F821", "fact": "Undefined name", "times": 9}',
        '{"file": "b.py", "rule": "ruff:F821", "fact": "Undefined name"}',
    ]
