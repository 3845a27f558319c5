"""What the names of files tell: which belong to each other, and what kind of file each is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from math import fsum, log, sqrt
from typing import Literal

from attrs import frozen

from rebuttal.context.related.model import Query, Signal
from rebuttal.text.facts import Facts

Kind = Literal["source", "test", "docs", "changes", "build", "other"]
KINDS: tuple[Kind, ...] = ("source", "test", "docs", "changes", "build", "other")

_KINDS_KEPT = 20_000
"""Paths whose kind is kept: it is asked several times of each in one ranking."""
_NAMES_KEPT = 4_000
"""Names that are kept, some kilobyte each."""
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_TEST_PARTS = frozenset({"test", "tests", "testing", "spec", "specs", "unittest", "it"})
_TEST_FOLDERS = _TEST_PARTS | {"__tests__", "__mocks__", "testdata", "e2e", "fixtures"}
_DOC_FOLDERS = frozenset({"doc", "docs", "documentation", "examples", "example", "_examples", "site", "website"})
_DOC_SUFFIXES = frozenset({"md", "rst", "txt", "adoc", "mdx", "html", "1", "texi"})
_CHANGES = re.compile(
    r"(changes?|changelog|history|news|release[-_]?notes?|releases|whatsnew|upgrading)(\.\w+)?", re.IGNORECASE
)
_BUILD_NAMES = frozenset(
    {
        "makefile", "dockerfile", "rakefile", "gemfile", "cmakelists.txt", "setup.py", "setup.cfg", "tox.ini",
        "pyproject.toml", "package.json", "cargo.toml", "go.mod", "pom.xml", "composer.json", "build.gradle",
        "build.gradle.kts", "configure.ac", "meson.build", "requirements.txt",
    }
)  # fmt: skip
_BUILD_SUFFIXES = frozenset({"yml", "yaml", "toml", "cfg", "ini", "gradle", "gemspec", "cmake", "mk", "am", "lock"})
_SOURCE_SUFFIXES = frozenset(
    {
        "py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "go", "rs", "java", "kt", "kts", "scala",
        "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "cs", "rb", "php", "swift", "sh", "bash", "lua", "y", "l", "vue",
        "svelte", "css", "scss", "less", "sql", "proto", "ex", "exs", "clj", "hs", "ml", "dart", "m", "mm", "pl",
    }
)  # fmt: skip


@lru_cache(maxsize=_KINDS_KEPT)
def kind_of(path: str) -> Kind:
    """What a file is for, by its name and its folders' names."""
    *folders, name = path.lower().split("/")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    if _CHANGES.fullmatch(name) or any(_CHANGES.fullmatch(folder) for folder in folders[-1:]):
        return "changes"
    in_docs = not _DOC_FOLDERS.isdisjoint(folders)
    in_tests = not _TEST_FOLDERS.isdisjoint(folders)
    if suffix in _SOURCE_SUFFIXES:
        if in_tests or _is_test_name(path):
            return "test"
        kind: Kind = "docs" if in_docs else "source"
    elif name in _BUILD_NAMES or (suffix in _BUILD_SUFFIXES and not in_docs):
        kind = "build"
    elif in_tests:
        kind = "test"
    else:
        kind = "docs" if in_docs or suffix in _DOC_SUFFIXES or stem in ("readme", "license", "authors") else "other"
    return kind


def _is_test_name(path: str) -> bool:
    parts = split_words(path.rpartition("/")[2].rpartition(".")[0])
    return bool(parts) and (parts[0] in _TEST_PARTS or parts[-1] in _TEST_PARTS)


def split_words(name: str) -> list[str]:
    """The words of an identifier or path, lower-case: `parseHeader_v2` gives parse, header, v, 2."""
    return [part.lower() for part in _PART.findall(name)]


@frozen(slots=False)
class Name:
    """A path taken apart."""

    path: str

    @cached_property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @cached_property
    def base(self) -> str:
        return self.path.rpartition("/")[2]

    @cached_property
    def suffix(self) -> str:
        stem, dot, suffix = self.base.rpartition(".")
        return suffix.lower() if dot and stem else ""

    @cached_property
    def stem(self) -> str:
        """The name without endings and marks of tests: `test_foo.py`, `foo_test.go` and `FooTest.java` give foo."""
        bare = self.base.lstrip(".").partition(".")[0] or self.base
        parts = [part for part in split_words(bare) if part not in _TEST_PARTS]
        return "".join(parts)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(part for part in split_words(self.path.rpartition(".")[0] or self.path) if len(part) > 1)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The words of the last part alone, in order."""
        return tuple(part for part in split_words(self.base.rpartition(".")[0] or self.base) if len(part) > 2)


@lru_cache(maxsize=_NAMES_KEPT)
def name_of(path: str) -> Name:
    """The path taken apart; of a small repository it is done once for all reviews."""
    return Name(path)


GENERIC = frozenset({"", "init", "index", "main", "mod", "lib", "readme", "utils", "util", "package", "setup"})
"""Stems that many unrelated files share."""


@frozen
class _Alike:
    """What the names alone tell: the same for all reviews of these files in this repository."""

    signals: Mapping[str, Signal]
    weight: Mapping[str, float]
    """Of words, by rarity."""
    stems: Mapping[str, int]


def path_signals(query: Query, names: Iterable[Name], facts: Facts) -> dict[str, Signal]:
    """How alike the paths are: each signal's best over the changed files. `facts` keeps what the names alone tell."""
    known = tuple(names)
    alike = facts.latest("names", (query.paths, known), lambda: _alike(query.paths, known))
    found: dict[str, Signal] = {name: {} for name in ("named", "named_text", "named_import", "named_like", "topic")}
    for one in known:
        _named(query, one, alike.stems[one.stem], found)
        if one.stem in query.joined and one.stem not in GENERIC and len(one.stem) > 3:
            found["named_like"][one.path] = query.joined[one.stem] / sqrt(alike.stems[one.stem])
        topic = _topic(one, query.parts, alike.weight)
        if topic > 0:
            found["topic"][one.path] = topic
    return {**alike.signals, **found}


def _alike(paths: Sequence[str], known: Sequence[Name]) -> _Alike:
    changed = [name_of(path) for path in paths]
    counts = Counter(word for one in known for word in one.words)
    weight = {word: log(1 + len(known) / count) for word, count in counts.items()}
    stems = Counter(one.stem for one in known)
    found: dict[str, Signal] = {name: {} for name in ("stem", "same_base", "folder", "near", "words")}
    shown_stems = {one.stem for one in changed} - GENERIC
    shown_bases = {one.base for one in changed}
    shown_folders = Counter(one.folder for one in changed)
    nearest: dict[str, float] = {}
    like = _Likeness(changed, weight)
    for one in known:
        if one.stem in shown_stems:
            found["stem"][one.path] = 1 / sqrt(stems[one.stem])
        if one.base in shown_bases:
            found["same_base"][one.path] = 1.0
        if one.folder in shown_folders:
            found["folder"][one.path] = shown_folders[one.folder] / len(changed)
        if one.folder not in nearest:
            nearest[one.folder] = max(_near(one, each) for each in changed)
        near = nearest[one.folder]
        if near > 0:
            found["near"][one.path] = near
        likeness = like.best(one.words)
        if likeness > 0:
            found["words"][one.path] = likeness
    return _Alike(found, weight, stems)


def _named(query: Query, one: Name, same: int, found: dict[str, Signal]) -> None:
    """Whether the changed files' texts hold the file's name: at best the whole one, else its stem."""
    whole = query.mentioned.get(one.base.lower(), 0.0)
    stem = one.base.lower().partition(".")[0]
    mentioned = query.mentioned.get(stem, 0.0) if len(stem) > 2 and stem not in GENERIC else 0.0
    rarity = 1 / sqrt(max(same, 1))
    best = max(whole, mentioned * rarity)
    if best > 0.5:
        found["named"][one.path] = best
    if best > 0:
        found["named_text"][one.path] = best
    if len(stem) > 2 and stem in query.imported:
        found["named_import"][one.path] = rarity


def _topic(one: Name, parts: Mapping[str, float], weight: Mapping[str, float]) -> float:
    """How much of the file's own name the changed lines speak of, by rarity; longer names count for more."""
    spoken = sum(weight.get(part, 0.0) * parts[part] for part in one.own if part in parts and part not in _TEST_PARTS)
    if not spoken:
        return 0.0
    whole = sum(weight.get(part, 0.0) for part in one.own)
    return spoken / (1 + whole) if whole else 0.0


def _near(one: Name, other: Name) -> float:
    """Shared folders from the top, as a share of the deeper path's."""
    mine, others = one.folder.split("/") if one.folder else [], other.folder.split("/") if other.folder else []
    shared = 0
    for a, b in zip(mine, others, strict=False):
        if a != b:
            break
        shared += 1
    return (shared + 0.5) / (max(len(mine), len(others)) + 0.5) if mine or others else 1.0


class _Likeness:
    """Of the words of two paths, how many are shared, by rarity; against the changed path that is most alike."""

    def __init__(self, changed: Sequence[Name], weight: Mapping[str, float]) -> None:
        self._weight = weight
        self._every = frozenset(word for one in changed for word in one.words)
        self._changed = [(one.words, fsum(weight.get(word, 1.0) for word in one.words)) for one in changed]

    def best(self, mine: frozenset[str]) -> float:
        # Most paths share nothing with any: that costs one look. fsum, because sets are in no order.
        if mine.isdisjoint(self._every):
            return 0.0
        weight = self._weight
        own = fsum(weight.get(word, 1.0) for word in mine)
        best = 0.0
        for words, whole in self._changed:
            if shared := mine & words:
                both = fsum(weight.get(word, 0.0) for word in shared)
                best = max(best, both / (own + whole - fsum(weight.get(word, 1.0) for word in shared)))
        return best
