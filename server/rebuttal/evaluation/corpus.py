"""Changes with planted defects, read from TOML: one file a case (docs/evaluation.md has the format).

Everything that a case says of its code is checked when it is read: every quote stands in its file, once; so a
score never rests on a defect that is not there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, cast, get_args

from attrs import frozen

from rebuttal.change.model import Side
from rebuttal.debate.model import Place
from rebuttal.findings.model import Category, FindingSide
from rebuttal.findings.severity import SEVERITIES, Severity
from rebuttal.review.request import UsageError
from rebuttal.text.positions import git_lines

Kind = Literal[
    "architecture",
    "code-quality",
    "security",
    "migration",
    "api-change",
    "bug-fix",
    "refactoring",
    "test",
    "feature",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
CATEGORIES: tuple[Category, ...] = get_args(Category)
SIDES: tuple[FindingSide, ...] = ("new", "old", "file")
MOST_DEFECTS = 4
MOST_LURES = 3

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


class CorpusError(UsageError):
    """A corpus cannot be used; the message names the file and the field, and says what is wrong with it."""


@frozen
class CaseFile:
    """One file of a case; `base` None: the change adds it, `new` None: it deletes it, both alike: left alone."""

    path: str
    base: str | None
    new: str | None

    @property
    def changed(self) -> bool:
        return self.base != self.new

    def text(self, side: Side) -> str | None:
        return self.new if side == "new" else self.base


@frozen
class CaseFix:
    """Replace the quoted lines of the new side by others."""

    file: str
    quote: str
    replacement: str


@frozen
class Defect:
    """What is wrong with a change."""

    id: str
    """Of the corpus: the case's name and the defect's number from 1."""
    places: tuple[Place, ...]
    """Where it may be pointed at; the first is the one that it is quoted by."""
    quote: str
    category: Category
    severity: Severity
    title: str
    why: str
    settled_by: str
    """The lines that an honest examiner quotes to confirm it."""
    settled_file: str
    fix: tuple[CaseFix, ...] = ()

    @property
    def place(self) -> Place:
        return self.places[0]


@frozen
class Lure:
    """What a careless reviewer would claim of a change although it is not so."""

    id: str
    place: Place
    quote: str
    category: Category
    severity: Severity
    title: str
    why: str
    refuted_by: str
    """The lines that show that it is wrong."""
    refuted_file: str


@frozen
class Case:
    """One change with what is known about it. Without defects it is clean."""

    name: str
    path: Path
    title: str
    language: str
    kind: Kind
    message: str
    """The author's own commit message; "" where nothing is said."""
    files: tuple[CaseFile, ...]
    defects: tuple[Defect, ...]
    lures: tuple[Lure, ...]

    @property
    def clean(self) -> bool:
        return not self.defects

    def file(self, path: str) -> CaseFile | None:
        return next((one for one in self.files if one.path == path), None)


def load_corpus(folder: Path, pattern: str = "*") -> tuple[Case, ...]:
    """The cases of a folder whose names fit the glob, by name. Raises CorpusError."""
    if not folder.is_dir():
        raise CorpusError(f"there is no folder {folder}: name one that holds a corpus")
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise CorpusError(f"{folder} holds no cases: a corpus is a folder of .toml files")
    chosen = [path for path in paths if fnmatchcase(path.stem, pattern)]
    if not chosen:
        raise CorpusError(f"no case of {folder} is named like {pattern!r}: there are {paths[0].stem} and others")
    return tuple(load_case(path) for path in chosen)


def load_case(path: Path) -> Case:
    """One case. Raises CorpusError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path.name} cannot be read: {error}") from None
    return _Reader(path, table).case()


class _Fields:
    """A table of a case's file, read field by field; what is left over at the end is a mistake."""

    def __init__(self, file: str, where: str, table: Mapping[str, Any]) -> None:
        self._file = file
        self._where = where
        self._left = dict(table)

    def wrong(self, field: str, problem: str) -> CorpusError:
        place = f"{self._where}.{field}" if self._where else field
        return CorpusError(f"{self._file}: {place} {problem}")

    def text(self, field: str, default: str | None = None, *, empty: bool = False) -> str:
        value = self._left.pop(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if not isinstance(value, str):
            raise self.wrong(field, "must be a text")
        if not value.strip() and default is None and not empty:
            raise self.wrong(field, "is empty")
        return value

    def optional(self, field: str) -> str | None:
        return self.text(field, empty=True) if field in self._left else None

    def choice(self, field: str, allowed: Iterable[str], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in tuple(allowed):
            raise self.wrong(field, f"is {value!r}, which is none of {', '.join(allowed)}")
        return value

    def tables(self, field: str) -> list[_Fields]:
        value = self._left.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(field, "must be tables")
        prefix = f"{self._where}.{field}" if self._where else field
        return [_Fields(self._file, f"{prefix}[{number}]", one) for number, one in enumerate(value, 1)]

    def texts(self, field: str) -> list[str]:
        value = self._left.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.wrong(field, "must be a list of texts that are not empty")
        return value

    def end(self) -> None:
        for field in self._left:
            raise self.wrong(field, "is not part of the format")


class _Reader:
    def __init__(self, path: Path, table: Mapping[str, Any]) -> None:
        self._path = path
        self._top = _Fields(path.name, "", table)
        self._files: dict[str, CaseFile] = {}

    def case(self) -> Case:
        top, name = self._top, self._path.stem
        if not _NAME.fullmatch(name):
            raise CorpusError(f"{self._path.name}: its name must be <language>-<slug> in small letters")
        for fields in top.tables("file"):
            self._read_file(fields)
        if not any(one.changed for one in self._files.values()):
            raise top.wrong("file", "changes nothing")
        defects = tuple(self._defect(f"{name}.{n}", one) for n, one in enumerate(top.tables("defect"), 1))
        lures = tuple(self._lure(f"{name}.lure{n}", one) for n, one in enumerate(top.tables("lure"), 1))
        if len(defects) > MOST_DEFECTS:
            raise top.wrong("defect", f"are {len(defects)}: a case has at most {MOST_DEFECTS}")
        if not 1 <= len(lures) <= MOST_LURES:
            raise top.wrong("lure", f"are {len(lures)}: a case has 1 to {MOST_LURES}")
        case = Case(
            name=name,
            path=self._path,
            title=top.text("title"),
            language=top.text("language"),
            kind=cast("Kind", top.choice("kind", KINDS)),
            message=top.text("message", ""),
            files=tuple(self._files.values()),
            defects=defects,
            lures=lures,
        )
        top.end()
        return case

    def _read_file(self, fields: _Fields) -> None:
        path = fields.text("path")
        if path.startswith("/") or "\\" in path or ".." in path.split("/") or path in self._files:
            raise fields.wrong("path", f"{path!r} must be relative, with forward slashes, and named once")
        same = fields.optional("same")
        base, new = fields.optional("base"), fields.optional("new")
        if (same is not None) == (base is not None or new is not None):
            raise fields.wrong("new", "is missing: a file has `same`, or `base` and `new`, or one of these two")
        fields.end()
        self._files[path] = CaseFile(path, base if same is None else same, new if same is None else same)

    def _defect(self, id_: str, fields: _Fields) -> Defect:
        path = self._path_of(fields, "file")
        side = cast("FindingSide", fields.choice("side", SIDES, "new"))
        quote = fields.text("quote", "" if side == "file" else None)
        places = [self._place(fields, "quote", path, side, quote)] if quote else [Place(path, "file")]
        for other in fields.texts("also"):
            places += self._also(fields, path, other)
        settled = fields.text("settled_by")
        settled_file = self._path_of(fields, "settled_file", path)
        self._stands_somewhere(fields, "settled_by", settled_file, settled)
        defect = Defect(
            id=id_,
            places=tuple(places),
            quote=_trimmed(quote),
            category=cast("Category", fields.choice("category", CATEGORIES)),
            severity=cast("Severity", fields.choice("severity", SEVERITIES)),
            title=fields.text("title"),
            why=fields.text("why"),
            settled_by=_trimmed(settled),
            settled_file=settled_file,
            fix=tuple(self._fix(one) for one in fields.tables("fix")),
        )
        fields.end()
        return defect

    def _lure(self, id_: str, fields: _Fields) -> Lure:
        path = self._path_of(fields, "file")
        side = cast("FindingSide", fields.choice("side", ("new", "old"), "new"))
        quote = fields.text("quote")
        refuted = fields.text("refuted_by")
        refuted_file = self._path_of(fields, "refuted_file", path)
        self._stands_somewhere(fields, "refuted_by", refuted_file, refuted)
        lure = Lure(
            id=id_,
            place=self._place(fields, "quote", path, side, quote),
            quote=_trimmed(quote),
            category=cast("Category", fields.choice("category", CATEGORIES)),
            severity=cast("Severity", fields.choice("severity", SEVERITIES)),
            title=fields.text("title"),
            why=fields.text("why"),
            refuted_by=_trimmed(refuted),
            refuted_file=refuted_file,
        )
        fields.end()
        return lure

    def _fix(self, fields: _Fields) -> CaseFix:
        path = self._path_of(fields, "file")
        fix = CaseFix(path, fields.text("quote"), fields.text("replacement", empty=True))
        if not self._files[path].changed:
            raise fields.wrong("file", f"{path} is not part of the change: a fix touches only what the change does")
        self._place(fields, "quote", path, "new", fix.quote)
        fields.end()
        return fix

    def _path_of(self, fields: _Fields, field: str, default: str | None = None) -> str:
        path = fields.text(field, default)
        if path not in self._files:
            raise fields.wrong(field, f"{path!r} is none of the case's files")
        return path

    def _place(self, fields: _Fields, field: str, path: str, side: FindingSide, quote: str) -> Place:
        """Where the quote stands; it must stand there once. A quote of side `file` is looked for on the new side."""
        text = self._files[path].text("old" if side == "old" else "new")
        found = () if text is None else found_lines(text, quote)
        if len(found) != 1:
            how = "is not found" if not found else f"stands {len(found)} times"
            raise fields.wrong(field, f"{how} on the {side} side of {path}: {_trimmed(quote)[:80]!r}")
        return Place(path, side, *found[0]) if side != "file" else Place(path, "file")

    def _also(self, fields: _Fields, path: str, quote: str) -> list[Place]:
        """Every place of lines that would be accepted as well, whichever the side."""
        file, places = self._files[path], []
        sides: tuple[Side, ...] = ("new", "old")
        for side in sides:
            places += [Place(path, side, *lines) for lines in found_lines(file.text(side) or "", quote)]
        if not places:
            raise fields.wrong("also", f"is not found in {path}: {_trimmed(quote)[:80]!r}")
        return places

    def _stands_somewhere(self, fields: _Fields, field: str, path: str, quote: str) -> None:
        file = self._files[path]
        if not any(found_lines(text, quote) for text in (file.new, file.base) if text is not None):
            raise fields.wrong(field, f"is not found in {path}: {_trimmed(quote)[:80]!r}")


def found_lines(text: str, quote: str) -> list[tuple[int, int]]:
    """First and last line, from 0, of every place where the quote's lines stand whole and verbatim."""
    lines = [line.rstrip("\n") for line in git_lines(text)]
    wanted = _trimmed(quote).split("\n")
    return [
        (start, start + len(wanted) - 1)
        for start in range(len(lines) - len(wanted) + 1)
        if lines[start : start + len(wanted)] == wanted
    ]


def _trimmed(quote: str) -> str:
    """Without the line ends around it, which TOML's long strings bring along."""
    return quote.strip("\n")
