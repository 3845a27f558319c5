"""Templates: what to look for in one kind of change, by phase (files in `prompts/templates/`, and the user's own).

A template is our words, or the user's, so it stands at the end of `ask` with the lens. What its variables hold may
come from the code under review, and that is never among our words. How a variable is filled in follows from its type:

- `int`: a number that we count; its digits are written into the sentence. A number says nothing to anybody.
- `words`: words of a closed list of ours, such as languages; written into the sentence.
- `list`: names out of the code. The sentence says where they are listed, and the list stands in the fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, get_args

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.debate.front_matter import PromptError, check_keys, front_matter, group, identifier, title, words
from rebuttal.debate.model import DebatedPhase, Template, VariableType
from rebuttal.text.languages import language_of
from rebuttal.text.positions import git_lines
from rebuttal.text.words import joined

if TYPE_CHECKING:  # the panel is chosen before anything is argued about: it need not load what argues
    from rebuttal.debate.exhibits import Exhibits

PHASES: tuple[DebatedPhase, ...] = get_args(DebatedPhase)

VARIABLES: Mapping[str, VariableType] = {
    "files": "list",
    "symbols": "list",
    "languages": "words",
    "file_count": "int",
    "line_count": "int",
}
"""What a template may declare: the paths of the files changed; the names that changed lines define or defined; the
languages of the files; how many files, and how many lines added and removed."""

LONGEST_TEMPLATE = 6000
"""Characters of a file's sections together: some 2,000 tokens, which are sent to every seat."""
MOST_LISTED = 20
"""Entries of a list that are shown."""
LONGEST_ENTRY = 160
MOST_PATHS = 50

_KEYS = ("kind", "name", "variables", "paths")
_HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_HOLE = re.compile(r"\{\{(?P<plain>\w+)\}\}|\{(?P<name>[A-Za-z_]\w*)\}")
"""A variable, or its name in double braces, which is meant as it stands."""
_LINE_CHECKED = 400
_DEFINES = re.compile(
    r"^\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|override|virtual|sealed|open"
    r"|data|pub(?:\([^)]*\))?|unsafe|extern|inline|suspend|declare|readonly)\s+)*"
    r"(?:def|class|function\*?|func|fn|fun|struct|enum|interface|trait|type|record|module|namespace|const)\s+"
    r"(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$][\w$]*)"
)
"""A line that defines something by name, in most languages. It reads lines, not trees: a miss costs a hint."""

Values = Mapping[str, tuple[str, ...] | int]


@frozen
class Filled:
    """A section of a template, ready to be sent: the words, and the lists that they speak of, which are fenced."""

    text: str
    lists: tuple[str, ...] = ()
    """By the name of their variable."""


def template_from(name: str, text: str) -> Template:
    """A template from a Markdown file.

    Front matter: `kind`, `name`, `variables` (name: type), and `paths` (globs) for a kind of the user's own. Body: a
    section `## opening`, `## cross_examination`, `## rebuttal` or `## consensus` for each phase that it speaks to.
    Raises PromptError.
    """
    head, body = front_matter(name, text)
    check_keys(name, head, _KEYS)
    sections = _sections(name, body)
    template = Template(
        kind=identifier(name, head, "kind"),
        name=title(name, head, "name"),
        sections=sections,
        variables=_variables(name, group(name, head, "variables")),
        paths=_paths(name, words(name, head, "paths")),
    )
    _check_holes(name, template)
    return template


def fill(text: str, variables: Mapping[str, VariableType], values: Values) -> Filled:
    """A section with its variables filled in."""
    lists = tuple(name for name in _used(text) if variables[name] == "list" and values[name])

    def put(hole: re.Match[str]) -> str:
        name = hole["name"]
        return _said(name, variables[name], values) if name else f"{{{hole['plain']}}}"

    return Filled(_HOLE.sub(put, text), lists)


def values_of(change: Change, exhibits: Exhibits) -> Values:
    """What the variables stand for in one change, from the redacted texts."""
    shown = [diff for diff in change.files if exhibits.get(diff.path, "new") or exhibits.get(diff.path, "old")]
    languages = {language for diff in shown if (language := language_of(diff.path)) is not None}
    return {
        "files": tuple(diff.path for diff in shown),
        "symbols": tuple(dict.fromkeys(_defined(change, exhibits))),
        "languages": tuple(sorted(languages)),
        "file_count": len(change.files),
        "line_count": sum(hunk.old_count + hunk.new_count for diff in change.files for hunk in diff.hunks),
    }


def listed(values: Values, name: str) -> str:
    """A list as it stands in the fence, an entry a line, bounded."""
    entries = values[name]
    assert not isinstance(entries, int)
    every = [" ".join(entry.split())[:LONGEST_ENTRY] for entry in entries]
    more = [f"… and {len(every) - MOST_LISTED} more"] if len(every) > MOST_LISTED else []
    return "\n".join([*every[:MOST_LISTED], *more])


def _said(name: str, kind: VariableType, values: Values) -> str:
    """What stands in the sentence in the place of a variable."""
    value = values[name]
    if isinstance(value, int):
        return str(value)
    if kind == "words":
        return joined(value) or "a language that is not known"
    return f"the {name} listed above" if value else f"the {name} (none could be listed)"


def _defined(change: Change, exhibits: Exhibits) -> Iterator[str]:
    for diff in change.files:
        new, old = exhibits.get(diff.path, "new"), exhibits.get(diff.old_path or diff.path, "old")
        for exhibit, wanted in ((new, diff.added_lines), (old, diff.removed_lines)):
            lines = git_lines(exhibit.redacted) if exhibit is not None and wanted else []
            for number in sorted(wanted):
                found = _DEFINES.match(lines[number][:_LINE_CHECKED]) if number < len(lines) else None
                if found is not None:
                    yield found["name"]


def _paths(name: str, globs: tuple[str, ...]) -> tuple[str, ...]:
    if any(glob.startswith(("!", "#")) for glob in globs):
        raise PromptError(f"{name}: paths are written as in .gitignore, but without ! and #.")
    if len(globs) > MOST_PATHS:
        raise PromptError(f"{name}: it names {len(globs)} paths: {MOST_PATHS} at most.")
    return globs


def _sections(name: str, body: str) -> dict[DebatedPhase, str]:
    if len(body) > LONGEST_TEMPLATE:
        raise PromptError(
            f"{name}: it has {len(body)} characters, which every seat is sent: shorten it to {LONGEST_TEMPLATE}."
        )
    before, *rest = _HEADING.split(body)
    if before.strip() or not rest:
        phases = ", ".join(f"`## {phase}`" for phase in PHASES)
        raise PromptError(f"{name}: after the front matter every text must stand under one of {phases}.")
    sections: dict[DebatedPhase, str] = {}
    for heading, text in zip(rest[::2], rest[1::2], strict=True):
        phase = _phase(name, heading)
        if phase in sections or not text.strip():
            fault = "stands there twice: join the two" if phase in sections else "is empty: fill it or take it out"
            raise PromptError(f"{name}: the section {phase} {fault}.")
        sections[phase] = text.strip()
    return sections


def _phase(name: str, heading: str) -> DebatedPhase:
    wanted = heading.strip().lower().replace("-", "_").replace(" ", "_")
    for phase in PHASES:
        if phase == wanted:
            return phase
    raise PromptError(f"{name}: there is no phase {heading[:40]!r}: name one of {', '.join(PHASES)}.")


def _variables(name: str, declared: Mapping[str, str]) -> dict[str, VariableType]:
    checked: dict[str, VariableType] = {}
    for variable, given in declared.items():
        if variable not in VARIABLES:
            raise PromptError(f"{name}: there is no variable {variable[:40]!r}: declare one of {', '.join(VARIABLES)}.")
        kind = VARIABLES[variable]
        if given != kind:
            raise PromptError(f"{name}: the variable {variable} is of type {kind}, not {given[:40]!r}.")
        checked[variable] = kind
    return checked


def _used(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hole["name"] for hole in _HOLE.finditer(text) if hole["name"]))


def _check_holes(name: str, template: Template) -> None:
    used = {name for text in template.sections.values() for name in _used(text)}
    for hole in sorted(used - template.variables.keys()):
        raise PromptError(f"{name}: {{{hole[:40]}}} is not declared under variables in the front matter.")
    for variable in sorted(template.variables.keys() - used):
        raise PromptError(f"{name}: the variable {variable} is declared but no section uses it: take it out.")
