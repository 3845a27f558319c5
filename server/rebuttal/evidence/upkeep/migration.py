"""A migration without its model change, and the reverse: Django, Alembic, Rails and Prisma.

Only where the repository has both, and what differs is a column that the other side never names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import DATABASE
from rebuttal.evidence.upkeep import columns
from rebuttal.evidence.upkeep.columns import Column
from rebuttal.text.languages import is_test

MISSING = Rule(
    "upkeep:migration",
    "Models and migrations differ",
    "What the models declare and the database has differ once this is deployed.",
    "medium",
    "correctness",
    DATABASE,
    "likely",
)
RULES = (MISSING,)

_NAMED = 4
_DJANGO_MODELS = re.compile(r"(?:^|/)models(?:\.py|/\w+\.py)\Z")
_DJANGO_MIGRATION = re.compile(r"(?:^|/)migrations/\d{4}_\w+\.py\Z")
_DJANGO_ADDS = re.compile(r"\bAddField\(\s*(?:model_name=)?[\"'](\w+)[\"'],\s*(?:name=)?[\"'](\w+)[\"']")
_ALEMBIC = re.compile(r"(?:^|/)versions/[\w-]+\.py\Z")
_ALEMBIC_ADDS = re.compile(r"\badd_column\(\s*[\"'](\w+)[\"'],\s*(?:\w+\.)?Column\(\s*[\"'](\w+)[\"']")
_PRISMA_MIGRATION = re.compile(r"(?:^|/)migrations/[^/]+/migration\.sql\Z")
_PRISMA_ADDS = re.compile(r"ALTER TABLE\s+[\"`](\w+)[\"`]\s+ADD COLUMN\s+[\"`](\w+)[\"`]", re.IGNORECASE)
_RAILS_MIGRATION = re.compile(r"(?P<root>(?:.*/)?)db/migrate/(?P<time>\d{14})_\w+\.rb\Z")
_RAILS_VERSION = re.compile(r"define\(version: ([\d_]+)\)")

_STATEMENT = re.compile(r"\n\s*\n|;|\)[ \t]*,?[ \t]*\n")
_BACKWARD = re.compile(r"\bdef downgrade\b")
_GOES = re.compile(
    r"\bnew_column_name\b|\bdrop_column\b|\bRenameField\b|\bRemoveField\b|\bRENAME COLUMN\b|\bDROP COLUMN\b",
    re.IGNORECASE,
)

Columns = Callable[[str], Mapping[tuple[str, str], Column]]


@frozen
class _Kind:
    """How one framework keeps models and migrations."""

    columns: Columns
    is_model: Callable[[str], bool]
    is_migration: re.Pattern[str]
    home: Callable[[Material, str], str | None]
    """The folder (with its slash) of the migrations of a model's file; None where there are none."""
    adds: re.Pattern[str]
    command: str
    comparing: bool = True
    """Whether what is altered in a column can be told from its declaration."""


def check(material: Material) -> Iterator[Fact]:
    """One fact a file."""
    paths = [diff.path for diff in material.files]
    for kind in _KINDS:
        if any(kind.is_model(path) or kind.is_migration.search(path) for path in paths):
            yield from _unmigrated(material, kind)
            yield from _unmodelled(material, kind)
    yield from _rails(material)


def _paths(material: Material) -> frozenset[str]:
    return material.repository.new.paths()


def _unmigrated(material: Material, kind: _Kind) -> Iterator[Fact]:
    touched = [diff.path for diff in material.change.files if kind.is_migration.search(diff.path)]
    for diff in material.files:
        if not kind.is_model(diff.path) or diff.new_text is None or is_test(diff.path):
            continue
        old, new = kind.columns(diff.old_text or ""), kind.columns(diff.new_text)
        home = kind.home(material, diff.path) if old or new else None
        if home is None or any(path.startswith(home) for path in touched):
            continue
        altered = [one for key, one in new.items() if key not in old or old[key].kind != one.kind]
        gone = [one for key, one in old.items() if key not in new]
        if not kind.comparing:
            altered = [one for one in altered if (one.owner, one.name) not in old]
        given = [one for one in altered if one.line in diff.added_lines and material.in_scope(diff, (one.line,))]
        known = _named_in(material, {one.name for one in (*given, *gone)}, home)
        given = [one for one in given if one.name not in known or (one.owner, one.name) in old]
        if given and _is_migrated(material, new, given, home):
            yield _model_fact(diff, given, home, kind, old)
        elif gone and old and not _is_dropped(material, gone, home) and _owners_stay(gone, new):
            yield _gone_fact(diff, gone, home, kind)


def _named_in(material: Material, names: Iterable[str], home: str) -> set[str]:
    words = sorted(set(names))
    return {match.word for match in material.repository.new.grep(words, (f"{home}*",))} if words else set()


def _is_migrated(material: Material, new: Mapping[tuple[str, str], Column], given: list[Column], home: str) -> bool:
    """Whether the migrations speak of the other columns of the same models, so that these are theirs to make."""
    names = {one.name for one in given}
    owners = {one.owner for one in given}
    siblings = {one.name for one in new.values() if one.owner in owners and one.name not in names and one.name != "id"}
    siblings = siblings or {one.name for one in new.values() if one.name not in names and one.name != "id"}
    return bool(_named_in(material, siblings, home))


def _owners_stay(gone: list[Column], new: Mapping[tuple[str, str], Column]) -> bool:
    """Whether the models themselves are still here: a model that moves to another file takes its columns along."""
    owners = {owner for owner, _ in new}
    return all(one.owner in owners for one in gone)


def _is_dropped(material: Material, gone: list[Column], home: str) -> bool:
    """Whether some migration takes out one of these, or none ever spoke of them."""
    matches = list(material.repository.new.grep(sorted({one.name for one in gone}), (f"{home}*",)))
    if not matches:
        return True
    for path in {match.path for match in matches}:
        text = material.repository.new.read(path) or ""
        for one in gone:
            if re.search(rf"(?i)(?:RemoveField|RenameField|drop_column|DROP COLUMN)[^;]{{0,80}}\b{one.name}\b", text):
                return True
    return False


def _names(given: list[Column]) -> str:
    shown = [f"{one.owner}.{one.name}" for one in given[:_NAMED]]
    more = f" and {len(given) - _NAMED} more" if len(given) > _NAMED else ""
    return one_line(", ".join(shown), 160) + more


def _model_fact(
    diff: FileDiff, given: list[Column], home: str, kind: _Kind, old: Mapping[tuple[str, str], Column]
) -> Fact:
    first = min(given, key=lambda one: one.line)
    verb = "is altered" if (first.owner, first.name) in old else "is new"
    verb = verb if len(given) == 1 else "are new or altered"
    return MISSING.fact(
        diff,
        first.line,
        first.line,
        f"{_names(given)} {verb} here, but the change holds no migration in {home}: the database will not have it. "
        f"`{kind.command}` writes one.",
        title="No migration for the changed model",
    )


def _gone_fact(diff: FileDiff, gone: list[Column], home: str, kind: _Kind) -> Fact:
    first = min(gone, key=lambda one: one.line)
    return MISSING.fact(
        diff,
        first.line,
        first.line,
        f"{_names(gone)} {'is' if len(gone) == 1 else 'are'} taken out of the model, but the change holds no migration "
        f"in {home}: the database keeps the column, and a required one then refuses new rows. "
        f"`{kind.command}` writes one.",
        title="No migration for the changed model",
        side="old",
    )


def _unmodelled(material: Material, kind: _Kind) -> Iterator[Fact]:
    """A new migration that adds columns which nothing outside of the migrations names."""
    for diff in material.files:
        if diff.status != "added" or not diff.new_text or not kind.is_migration.search(diff.path) or is_test(diff.path):
            continue
        home = diff.path[: diff.path.rindex("/", 0, diff.path.rindex("/")) + 1]
        forward = _BACKWARD.split(diff.new_text, maxsplit=1)[0]
        found = [
            (match[1], match[2], match.start(2))
            for match in kind.adds.finditer(forward)
            if not _is_passing(forward, match)
        ]
        if not found or not any(kind.is_model(path) for path in _paths(material)):
            continue
        names = sorted({name for _, name, _ in found})
        modelled = {
            match.word
            for match in material.repository.new.grep(names)
            if not kind.is_migration.search(match.path) and not match.path.endswith((".sql", ".md"))
        }
        for owner, name, offset in found:
            line = diff.new_text.count("\n", 0, offset)
            if name not in modelled and material.in_scope(diff, (line,)):
                yield MISSING.fact(
                    diff,
                    line,
                    line,
                    f"The migration adds {one_line(f'{owner}.{name}', 80)}, but nothing outside of {home} names it: "
                    "the model that should have the column was not changed with it.",
                    title="No model for the migration",
                )
                break


def _is_passing(text: str, added: re.Match[str]) -> bool:
    """Whether the same migration renames the column, or takes it out again: then no model is to have it."""
    name = re.compile(rf"\b{re.escape(added[2])}\b")
    return any(name.search(one) and _GOES.search(one) for one in _STATEMENT.split(text[added.end() :]))


def _rails(material: Material) -> Iterator[Fact]:
    added = []
    for diff in material.files:
        match = _RAILS_MIGRATION.fullmatch(diff.path)
        if match and diff.status == "added" and diff.new_text:
            added.append((diff, match["root"], match["time"]))
    for diff, root, time in added[:3]:
        dump = f"{root}db/schema.rb"
        text = material.repository.new.read(dump) if dump in _paths(material) else None
        version = _RAILS_VERSION.search(text or "")
        if version and version[1].replace("_", "") < time and "def " in (diff.new_text or ""):
            yield MISSING.fact(
                diff,
                0,
                0,
                f"The migration is new, but {dump} still is of version {version[1]}: databases that are loaded from it "
                "lack what this migration does. `rails db:migrate` brings it up to date.",
                title="The schema does not have the migration",
            )
            return
    if not any("/db/migrate/" in f"/{diff.path}" for diff in material.change.files):
        yield from _dumped(material)


def _dumped(material: Material) -> Iterator[Fact]:
    """Columns that the dump gained though no migration ever names them."""
    for diff in material.files:
        if not f"/{diff.path}".endswith("/db/schema.rb") or not diff.old_text or not diff.new_text:
            continue
        home = f"{diff.path.removesuffix('schema.rb')}migrate/"
        if not any(path.startswith(home) for path in _paths(material)):
            continue
        old, new = columns.rails(diff.old_text), columns.rails(diff.new_text)
        tables = {owner for owner, _ in old}
        given = [one for key, one in new.items() if key not in old and one.owner in tables]
        given = [one for one in given if material.in_scope(diff, (one.line,))]
        known = _named_in(material, {one.name for one in given}, home)
        given = [one for one in given if one.name not in known]
        if given:
            yield MISSING.fact(
                diff,
                given[0].line,
                given[0].line,
                f"{_names(given)} {'is' if len(given) == 1 else 'are'} new in the dumped schema, but no migration in "
                f"{home} makes it: databases that are migrated, not loaded, will lack it.",
                title="No migration for the changed schema",
            )


def _django_home(material: Material, path: str) -> str | None:
    home = re.sub(r"models(?:\.py|/\w+\.py)\Z", "migrations/", path)
    return home if any(one.startswith(home) and _DJANGO_MIGRATION.search(one) for one in _paths(material)) else None


def _alembic_home(material: Material, path: str) -> str | None:
    homes = material.of_paths("upkeep:alembic", _alembic_homes)
    return homes[0] if len(homes) == 1 else None


def _alembic_homes(paths: frozenset[str]) -> tuple[str, ...]:
    homes = {one.rpartition("/")[0] + "/" for one in paths if "versions/" in one and _ALEMBIC.search(one)}
    return tuple(one for one in homes if f"{one.removesuffix('versions/')}env.py" in paths)


def _prisma_home(material: Material, path: str) -> str | None:
    home = path.rpartition("/")[0] + "/migrations/"
    return home if any(one.startswith(home) and one.endswith("migration.sql") for one in _paths(material)) else None


_KINDS = (
    _Kind(
        columns.django,
        lambda path: bool(_DJANGO_MODELS.search(path)),
        _DJANGO_MIGRATION,
        _django_home,
        _DJANGO_ADDS,
        "python manage.py makemigrations",
    ),
    _Kind(
        columns.alchemy,
        lambda path: path.endswith(".py") and not _ALEMBIC.search(path),
        _ALEMBIC,
        _alembic_home,
        _ALEMBIC_ADDS,
        "alembic revision --autogenerate",
        comparing=False,
    ),
    _Kind(
        columns.prisma,
        lambda path: path.endswith(".prisma"),
        _PRISMA_MIGRATION,
        _prisma_home,
        _PRISMA_ADDS,
        "prisma migrate dev",
    ),
)
