"""The planted changes fit together: each says where its fault is, and files parse unless that is the fault."""

from __future__ import annotations

import pytest

from bench.plants.model import BadPlant, Pair, Place, changed, kinds, pairs
from bench.plants.run import Said, Spot, judge, lines_of, measure
from rebuttal.text.languages import language_of
from rebuttal.text.parsing import Parser, syntax_errors

PAIRS = pairs()
UNPARSED = {"syntax error", "conflict marker"}
LANGUAGES = {"python", "javascript", "typescript", "go", "rust", "java", "c", "c++", "c#", "ruby", "php"}


def test_there_are_enough_of_every_language_and_kind() -> None:
    assert len(PAIRS) >= 130
    assert {pair.language for pair in PAIRS} == LANGUAGES
    assert {pair.kind.name for pair in PAIRS} == set(kinds())
    assert len({pair.name for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_place_is_there(pair: Pair) -> None:
    for place in pair.at:
        sides = [lines_of(pair.base, pair.fault, place, old) for old in (False, True)]
        assert any(sides), f"{place.file} has no line with {place.quote!r}"
    assert pair.fault != pair.base
    assert pair.sound != pair.sound_base
    assert (pair.fault, pair.base) != (pair.sound, pair.sound_base)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_files_parse_unless_that_is_the_fault(pair: Pair) -> None:
    parser = Parser()
    sides = {"base": pair.base, "near miss": pair.sound, "near miss's base": pair.sound_base}
    if pair.kind.name not in UNPARSED:
        sides["fault"] = pair.fault
    for side, files in sides.items():
        for path, text in files.items():
            language = language_of(path)
            if language is not None:
                assert not syntax_errors(text, language, parser), f"{path} of the {side}"


def test_an_edit_that_fits_nowhere_or_twice_is_refused() -> None:
    with pytest.raises(BadPlant, match="stands 0 times"):
        changed({"a.py": "x = 1\n"}, {"a.py": "-y = 1\n+y = 2\n"}, "here")
    with pytest.raises(BadPlant, match="stands 2 times"):
        changed({"a.py": "x\nx\n"}, {"a.py": "-x\n+y\n"}, "here")


def test_files_come_go_and_move() -> None:
    before = {"a.py": "x\n", "b.py": "y\n"}
    edits = {"a.py": "deleted\n", "c.py": "moved from b.py\n-y\n+z\n", "d.py": "+new\n"}
    assert changed(before, edits, "here") == {"c.py": "z\n", "d.py": "new\n"}


def test_a_find_is_of_the_family_and_at_the_place() -> None:
    pair = next(one for one in PAIRS if one.kind.name == "parameter added")
    place = pair.at[0]
    (line,) = lines_of(pair.base, pair.fault, place, False)
    near, far = Spot(place.file, line + 2, line + 2), Spot(place.file, line + 40, line + 41)
    right, astray = Said("impact:signature", "", (near,)), Said("impact:signature", "", (far,))
    beside = Said("ruff:F821", "", (near,))
    outcome = judge(pair, [right, astray, beside], [astray, beside])
    assert (outcome.right, outcome.astray, outcome.beside) == ((right,), (astray,), (beside,))
    assert (outcome.false, outcome.false_other) == ((astray,), (beside,))


def test_a_removed_line_is_looked_for_where_it_would_have_been() -> None:
    before, after = {"a.py": "one\nguard\ntwo\n"}, {"a.py": "one\ntwo\n"}
    place = Place("a.py", "guard")
    assert lines_of(before, after, place, True) == [1]
    assert lines_of(before, after, place, False) == [1]


def test_the_panel_finds_a_planted_change_and_passes_its_near_miss() -> None:
    pair = next(one for one in PAIRS if one.name == "python-billing/rate-needs-a-category")
    (outcome,) = measure([pair])
    assert outcome.right
    assert not outcome.false
