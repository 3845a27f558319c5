"""The committed corpus keeps its rules, and what breaks them is refused by file and field."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rebuttal.evaluation.corpus import CATEGORIES, KINDS, Case, CorpusError, load_case, load_corpus
from rebuttal.findings.fixes import apply_edits, edits_from_quotes
from rebuttal.findings.severity import SEVERITIES
from rebuttal.text.languages import TRUSTED, language_of
from rebuttal.text.parsing import Unparsed, syntax_errors
from tests.evaluation.conftest import FAULTY

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
PATHS = sorted(CORPUS.glob("*.toml"))


@pytest.fixture(scope="module")
def corpus() -> tuple[Case, ...]:
    return load_corpus(CORPUS)


def of_defects(corpus: tuple[Case, ...], what: str) -> Counter[str]:
    return Counter(getattr(one, what) for case in corpus for one in case.defects)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_case_keeps_the_rules_of_the_format(path: Path) -> None:
    case = load_case(path)
    assert path.stem.startswith(case.language)
    assert case.clean or len(case.defects) <= 4


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_defect_is_not_named_by_the_title_of_its_change(path: Path) -> None:
    case = load_case(path)
    assert case.title not in {one.title for one in case.defects}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_both_sides_of_a_case_parse(path: Path) -> None:
    for one in load_case(path).files:
        language = language_of(one.path)
        if language not in TRUSTED:
            continue
        for text in (one.base, one.new):
            try:
                errors = syntax_errors(text or "", language)
            except Unparsed:
                continue
            assert not errors, f"{one.path}: {errors[0]}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_given_fix_applies_and_parses(path: Path) -> None:
    from rebuttal.context.model import Exhibit

    case = load_case(path)

    def exhibit(name: str) -> Exhibit | None:
        file = case.file(name)
        return Exhibit(name, "new", file.new, file.new) if file is not None and file.new is not None else None

    for defect in case.defects:
        made = edits_from_quotes(defect.fix, exhibit)
        for name in {edit.file for edit in made.edits} if made is not None else ():
            before, language = exhibit(name), language_of(name)
            assert before is not None
            mended = apply_edits(before.original, [edit for edit in made.edits if edit.file == name] if made else [])
            assert mended != before.original
            if language in TRUSTED:
                assert not syntax_errors(mended, language), f"{defect.id}: the fix of {name} does not parse"


def test_there_are_enough_cases_in_enough_languages_and_of_every_kind(corpus: tuple[Case, ...]) -> None:
    faulty = [case for case in corpus if not case.clean]
    assert len(faulty) >= 40
    assert len(corpus) - len(faulty) >= 15
    assert len({case.language for case in faulty}) >= 6
    assert set(of_defects(corpus, "category")) == set(CATEGORIES)
    assert set(of_defects(corpus, "severity")) == set(SEVERITIES)
    assert {case.kind for case in corpus} == set(KINDS)


# --- what breaks the rules ---


def broken(folder: Path, text: str, name: str = "python-broken-case") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "feature"', 'kind = "novel"', "kind is 'novel'"),
        ('title = "Discounts for large orders"', "", "title is missing"),
        ('quote = "    result -= result * rate"\n', 'quote = "result -= result"\n', "defect[1].quote is not found"),
        ('quote = "    percent = RATES[code]"', 'quote = ""', "lure[1].quote is empty"),
        ('also = ["    rate = RATES[code]"]', 'also = ["    rate"]', "defect[1].also is not found"),
        ('category = "correctness"', 'category = "style"', "defect[1].category is 'style'"),
        ('refuted_by = "    if code', 'refuted_by = "    when code', "lure[1].refuted_by is not found"),
        ('refuted_file = "shop/checkout.py"', 'refuted_file = "shop/none.py"', "is none of the case's files"),
        ('language = "python"', 'language = "python"\ncolour = "red"', "colour is not part of the format"),
        ('path = "shop/checkout.py"', 'path = "../checkout.py"', "file[2].path"),
    ],
)
def test_a_case_that_breaks_a_rule_is_refused_by_file_and_field(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in FAULTY
    with pytest.raises(CorpusError, match=r"^python-broken-case\.toml: ") as refused:
        load_case(broken(tmp_path, FAULTY.replace(old, new, 1)))
    assert told in str(refused.value)


def test_a_quote_that_stands_twice_points_at_nothing(tmp_path: Path) -> None:
    twice = FAULTY.replace("def label(code):", "    return result\n\n\ndef label(code):", 1)
    quoted = twice.replace('quote = "    percent = RATES[code]"', 'quote = "    return result"', 1)
    with pytest.raises(CorpusError, match="stands 2 times"):
        load_case(broken(tmp_path, quoted))


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        load_case(broken(tmp_path, "title = "))


def test_a_folder_without_cases_and_a_glob_that_fits_none_are_told(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(CorpusError, match="holds no cases"):
        load_corpus(tmp_path)
    with pytest.raises(CorpusError, match="there is no folder"):
        load_corpus(tmp_path / "none")
    with pytest.raises(CorpusError, match="no case of"):
        load_corpus(folder, "cobol-*")
    assert [case.name for case in load_corpus(folder, "*-settings-*")] == ["python-settings-once"]
