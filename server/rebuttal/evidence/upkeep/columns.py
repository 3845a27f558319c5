"""The columns that a file declares: Django's and SQLAlchemy's models, Prisma's schema, Rails' dump of it."""

from __future__ import annotations

import re

from attrs import frozen

from rebuttal.evidence.upkeep.lines import balanced

_CLASS = re.compile(r"^class\s+(\w+)\s*(?:\(([^)]*)\))?\s*:", re.MULTILINE)
_DJANGO = re.compile(r"^(?: {4}|\t)(\w+)\s*=\s*(?:\w+\.)*(\w*(?:Field|ForeignKey))\(", re.MULTILINE)
_ALCHEMY = re.compile(r"^(?: {4}|\t)(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(?:Column|mapped_column)\(", re.MULTILINE)
_UNMANAGED = re.compile(r"^\s+(?:managed\s*=\s*False|proxy\s*=\s*True)", re.MULTILINE)
_ABSTRACT = re.compile(r"^\s+(?:abstract\s*=\s*True|__abstract__\s*=\s*True)", re.MULTILINE)
_FORMS = ("Form", "Serializer", "Filter", "Schema", "Factory", "TestCase", "Enum", "Choices")
_OPTION = re.compile(
    r"\b(max_length|null|unique|db_index|max_digits|decimal_places|db_column|primary_key)\s*=\s*([\w.\"']+)"
)
_TEXT = re.compile(r"\(\s*[\"'](\w+)[\"']")
_PRISMA_MODEL = re.compile(r"^\s*model\s+(\w+)\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_PRISMA_FIELD = re.compile(r"^\s*(\w+)\s+(\w+)(\??)(\[\])?([^\n]*)$", re.MULTILINE)
_PRISMA_NAME = re.compile(r"@map\(\s*\"([^\"]+)\"")
_RAILS_TABLE = re.compile(r"^\s*create_table\s+\"([^\"]+)\".*?do \|t\|(.*?)^\s*end$", re.MULTILINE | re.DOTALL)
_RAILS_COLUMN = re.compile(r"^\s*t\.(?!index\b|check_constraint\b)(\w+)\s+\"([^\"]+)\"", re.MULTILINE)


@frozen
class Column:
    """One column of one model or table, and what of its declaration the database knows."""

    owner: str
    name: str
    """As the database or its migrations call it."""
    kind: str
    """Type, and options that the database has as well."""
    line: int
    """Git line, from 0, of its declaration."""


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset)


def _classes(text: str) -> list[tuple[str, str, int, int]]:
    """Name, bases, and where the body begins and ends, of the classes at the top of a file."""
    found = list(_CLASS.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)][: len(found)]
    return [(one[1], one[2] or "", one.end(), end) for one, end in zip(found, ends, strict=True)]


def django(text: str) -> dict[tuple[str, str], Column]:
    """The fields of models that have a table of their own, or give their fields to one of this file."""
    classes = _classes(text)
    found = {}
    for name, bases, start, end in classes:
        body = text[start:end]
        if not bases.strip() or any(one in bases for one in _FORMS) or _UNMANAGED.search(body):
            continue
        heirs = any(re.search(rf"\b{name}\b", others) for _, others, _, _ in classes)
        if _ABSTRACT.search(body) and not heirs:
            continue
        for match in _DJANGO.finditer(body):
            options = sorted(f"{one[1]}={one[2]}" for one in _OPTION.finditer(balanced(body, match.end() - 1)))
            kind = " ".join([match[2], *options])
            found[name, match[1]] = Column(name, match[1], kind, _line(text, start + match.start()))
    return found


def alchemy(text: str) -> dict[tuple[str, str], Column]:
    """The columns of SQLAlchemy's models that name their table."""
    found = {}
    for name, _, start, end in _classes(text):
        body = text[start:end]
        if "__tablename__" not in body:
            continue
        for match in _ALCHEMY.finditer(body):
            given = _TEXT.match(body, match.end() - 1)
            column = given[1] if given else match[1]
            found[name, column] = Column(name, column, "", _line(text, start + match.start()))
    return found


def prisma(text: str) -> dict[tuple[str, str], Column]:
    """The scalar fields of a Prisma schema, under their names in the database."""
    models = {match[1] for match in _PRISMA_MODEL.finditer(text)}
    found = {}
    for model in _PRISMA_MODEL.finditer(text):
        for match in _PRISMA_FIELD.finditer(model[2]):
            if match[1].startswith("@") or match[2] in models or "@relation" in match[5] or "@ignore" in match[5]:
                continue
            given = _PRISMA_NAME.search(match[5])
            name = given[1] if given else match[1]
            line = _line(text, model.start(2) + match.start(1))
            found[model[1], name] = Column(model[1], name, f"{match[2]}{match[3]}{match[4] or ''}", line)
    return found


def rails(text: str) -> dict[tuple[str, str], Column]:
    """The columns of `db/schema.rb`."""
    found = {}
    for table in _RAILS_TABLE.finditer(text):
        for match in _RAILS_COLUMN.finditer(table[2]):
            line = _line(text, table.start(2) + match.start(1))
            found[table[1], match[2]] = Column(table[1], match[2], match[1], line)
    return found
