"""A case study: a repository grown around a change that was written by hand, with what is wrong in it.

The defects stand in the TOML file beside this module, with the seats that raise them and the course that the argument
about each takes. Nothing else of the study is fixed: what of the code a seat is shown is the product's own choice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import frozen

from bench.cost.growing import grow
from rebuttal.debate.model import Place
from rebuttal.evaluation.corpus import Case, CaseFile, Defect, Lure, found_lines
from rebuttal.evaluation.skill import draw

HERE = Path(__file__).resolve().parent
STUDIES = ("shop", "payments")
LINES = 50_000
"""Of the repository, as the seed's case study has it."""
FILE_LINES = 290
"""Of a changed file: fifteen of them come to the seed's 45,000 tokens of initial context."""

Course = Literal["confirmed", "unsure", "refuted"]
"""Of the argument about a true claim: everybody confirms it, or whoever rules first is unsure or refutes it."""

_HOMES = {
    "python": "services/{e}/{e}_{n}.py",
    "typescript": "web/src/{e}/{e}_{n}.ts",
    "go": "platform/{e}/{e}_{n}.go",
    "java": "core/src/main/java/org/example/{e}/Store{n}.java",
    "sql": "db/schema/{n}_{e}.sql",
}
_DRAWN = ("python", "python", "typescript", "typescript", "go", "java", "sql")


@frozen
class Scripted:
    """Something that seats of the panel say of the change, true or not."""

    id: str
    is_true: bool
    file: str
    quote: str
    title: str
    why: str
    category: str
    severity: str
    seats: tuple[str, ...]
    decided_by: str
    course: Course = "confirmed"


@frozen
class Study:
    """One study: the change as a case of the corpus has it, and what is said of it."""

    case: Case
    said: tuple[Scripted, ...]
    seats: tuple[str, ...]
    rounds: int

    @property
    def planted(self) -> frozenset[str]:
        return frozenset(one.id for one in self.said if one.is_true)

    @property
    def changed(self) -> tuple[CaseFile, ...]:
        return tuple(one for one in self.case.files if one.changed)

    @property
    def lines(self) -> int:
        """Of the repository after the change."""
        return sum((one.new or "").count("\n") for one in self.case.files)


def load_study(name: str, lines: int = LINES) -> Study:
    """The study of that name, in a repository of about so many lines. Raises ValueError where the file is wrong."""
    table = tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))
    changed = tuple(_changed_file(one) for one in table["file"])
    files = (*changed, *_others(table["entities"], changed, lines))
    texts = {one.path: one.new or "" for one in files}
    true = [_scripted(f"{name}.{n}", one, is_true=True) for n, one in enumerate(table["defect"], 1)]
    false = [_scripted(f"{name}.lure{n}", one, is_true=False) for n, one in enumerate(table["lure"], 1)]
    case = Case(
        name=name,
        path=HERE / f"{name}.toml",
        title=table["title"],
        language="several",
        kind="feature",
        message=table["title"],
        files=files,
        defects=tuple(_defect(one, texts) for one in true),
        lures=tuple(_lure(one, texts) for one in false),
    )
    return Study(case, (*true, *false), tuple(table["seats"]), table["rounds"])


def _changed_file(table: Mapping[str, Any]) -> CaseFile:
    grown = grow(table["path"], table["language"], table["entity"], table.get("lines", FILE_LINES))
    at = len(grown.chunks) // 3 + int(draw("insert", grown.path) * len(grown.chunks) / 3)
    return CaseFile(grown.path, grown.text, grown.with_insert(table["insert"], at))


def _others(entities: Iterable[str], changed: Iterable[CaseFile], lines: int) -> Iterator[CaseFile]:
    """Files that the change leaves alone, until the repository has so many lines."""
    taken = {one.path for one in changed}
    left = lines - sum((one.new or "").count("\n") for one in changed)
    entities = list(entities)
    number = 0
    while left > 0:
        entity, language = entities[number % len(entities)], _DRAWN[int(draw("language", number) * len(_DRAWN))]
        path = _HOMES[language].format(e=entity, n=number // len(entities) + 1)
        number += 1
        if path in taken:
            continue
        taken.add(path)
        text = grow(path, language, entity, 150 + int(draw("lines", path) * 250)).text
        left -= text.count("\n")
        yield CaseFile(path, text, text)


def _scripted(id_: str, table: Mapping[str, Any], *, is_true: bool) -> Scripted:
    quote = table["quote"]
    return Scripted(
        id=id_,
        is_true=is_true,
        file=table["file"],
        quote=quote,
        title=table["title"],
        why=table["why"],
        category=table["category"],
        severity=table["severity"],
        seats=tuple(table["seats"]),
        decided_by=table.get("refuted_by", quote),
        course=table.get("course", "confirmed"),
    )


def _place(one: Scripted, texts: Mapping[str, str]) -> Place:
    found = found_lines(texts[one.file], one.quote)
    if len(found) != 1:
        raise ValueError(f"{one.id}: the quote stands {len(found)} times in {one.file}: {one.quote!r}")
    return Place(one.file, "new", *found[0])


def _defect(one: Scripted, texts: Mapping[str, str]) -> Defect:
    return Defect(
        id=one.id,
        places=(_place(one, texts),),
        quote=one.quote,
        category=one.category,  # type: ignore[arg-type]  # the TOML is ours, and the claims that carry it are checked
        severity=one.severity,  # type: ignore[arg-type]  # as above
        title=one.title,
        why=one.why,
        settled_by=one.decided_by,
        settled_file=one.file,
    )


def _lure(one: Scripted, texts: Mapping[str, str]) -> Lure:
    return Lure(
        id=one.id,
        place=_place(one, texts),
        quote=one.quote,
        category=one.category,  # type: ignore[arg-type]  # as above
        severity=one.severity,  # type: ignore[arg-type]  # as above
        title=one.title,
        why=one.why,
        refuted_by=one.decided_by,
        refuted_file=one.file,
    )
