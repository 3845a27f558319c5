"""What a change is like, by rules that cost nothing: is it trivial, how large is it, which areas does it touch.

The areas are read from paths and from changed lines, not from trees: a word too many asks a seat too many, which the
size of the panel bounds; the words are those of the languages that Rebuttal parses, and of what is written in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.debate.model import AREAS, Area
from rebuttal.debate.panel.trivial import WORDS, is_prose, trivial_kind
from rebuttal.text.languages import Language, is_test, language_of
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import git_lines
from rebuttal.text.words import joined

AREA_WORDS: dict[Area, str] = {
    "any": "sits with every change",
    "security": "access, secrets or untrusted input",
    "database": "stored data",
    "io": "files or the network",
    "concurrency": "concurrency",
    "loops": "loops or caches",
    "memory": "memory that is handled by hand",
    "ui": "the user interface",
    "interface": "a public interface",
    "structure": "how the code is laid out",
    "dependencies": "dependencies or how it is built",
    "messages": "messages or options",
    "docs": "documentation",
    "tests": "tests",
}
LONGEST_LINE = 500
"""Characters of a line that are looked at."""
MANY_FOLDERS = 3
"""Folders of code that a change reaches into before its structure is a matter of its own."""


@frozen
class Traits:
    """What triage knows of a change. Lines count removed and added ones; documentation is not counted."""

    lines: int
    files: int
    prose: int
    """Files of documentation."""
    areas: dict[Area, str]
    """Area -> the file that shows it; "" where no single one does."""
    unsure: frozenset[Area] = frozenset()
    """Areas that only lines in a language show which these rules do not know."""
    unknown: tuple[str, ...] = ()
    """Files in such a language."""

    @property
    def sure(self) -> frozenset[Area]:
        return frozenset(self.areas) - self.unsure


def traits_of(change: Change) -> Traits:
    """Read the change once."""
    areas: dict[Area, str] = {}
    unsure: dict[Area, str] = {}
    counted = [diff for diff in change.files if not is_prose(diff.path)]
    unknown = tuple(diff.path for diff in change.files if not is_known(diff.path))
    for diff in change.files:
        for area in _by_path(diff.path):
            areas.setdefault(area, diff.path)
        found = unsure if diff.path in unknown else areas
        for area in _by_lines(diff):
            found.setdefault(area, diff.path)
    for area, file in _by_structure(change):
        areas.setdefault(area, file)
    return Traits(
        lines=sum(_size(change, diff) for diff in counted),
        files=len(counted),
        prose=len(change.files) - len(counted),
        areas=unsure | areas,
        unsure=frozenset(unsure) - frozenset(areas),
        unknown=unknown,
    )


def why_trivial(change: Change, parser: Parser) -> str | None:
    """Why no model need be asked, in words for the user; None where one must. May parse files."""
    if not change.files:
        return "no file is left to review"
    kinds: set[str] = set()
    for diff in change.files:
        kind = trivial_kind(diff, parser)
        if kind is None:
            return None
        kinds.add(WORDS[kind])
    return f"the change touches only {joined(sorted(kinds))}"


def is_known(path: str) -> bool:
    """Whether the rules know the language of a file, or that it is none."""
    return language_of(path) is not None or any(one.search(path) for one in (_OTHER_CODE, _CONFIGURATION, _NO_CODE))


def _size(change: Change, diff: FileDiff) -> int:
    wanted = change.only_lines.get(diff.path)
    hunks = diff.hunks
    if wanted is not None:
        hunks = tuple(
            one for one in hunks if one.new_start < wanted.stop and one.new_start + one.new_count >= wanted.start
        )
    return sum(hunk.old_count + hunk.new_count for hunk in hunks)


# --- areas --------------------------------------------------------------------------------------------------

_OTHER_CODE = re.compile(
    r"\.(?:sql|prisma|html?|css|s[ac]ss|less|vue|svelte|hbs|ejs|jinja2?|graphql|gql|proto)$", re.IGNORECASE
)
"""Not parsed, but the rules know the words."""
_CONFIGURATION = re.compile(
    r"\.(?:json[5c]?|ya?ml|toml|ini|cfg|conf|xml|properties|env|tf)$|(?:^|/)[^/.]*$", re.IGNORECASE
)
_NO_CODE = re.compile(r"\.(?:md|markdown|rst|adoc|txt|csv|tsv|lock|po|svg|snap)$", re.IGNORECASE)
_MANIFESTS = (
    r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|requirements[^/]*\.txt|pipfile|package\.json|go\.mod|cargo\.toml|pom\.xml"
    r"|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|gemfile|composer\.json|package\.swift|dockerfile|docker-compose[^/]*"
    r"|\.gitlab-ci\.yml|jenkinsfile|[^/]*\.(?:lock|csproj|gemspec|tf))$|(?:^|/)\.github/workflows/"
)
_PATHS: tuple[tuple[Area, re.Pattern[str]], ...] = (
    ("ui", re.compile(r"\.(tsx|jsx|vue|svelte|css|scss|sass|less|html?|hbs|ejs|jinja2?)$", re.IGNORECASE)),
    ("database", re.compile(r"\.sql$|\.prisma$|(^|/)(migrations?|migrate|alembic|schema)(/|\.)", re.IGNORECASE)),
    (
        "security",
        re.compile(r"(^|/|_|-|\.)(auth[nz]?(?!or)|login|oauth|crypto|permissions?|security|session)", re.IGNORECASE),
    ),
    ("dependencies", re.compile(_MANIFESTS, re.IGNORECASE)),
    ("interface", re.compile(r"\.(proto|graphql|gql|d\.ts|thrift|avsc)$|(^|/)openapi|swagger", re.IGNORECASE)),
    ("docs", re.compile(r"\.(md|rst|adoc)$|(^|/)docs?/", re.IGNORECASE)),
    ("tests", re.compile(r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_|[._](test|spec)\.", re.IGNORECASE)),
    ("messages", re.compile(r"(^|/)(cli|commands?|locales?|i18n|messages)(/|\.)", re.IGNORECASE)),
)
_LINES: tuple[tuple[Area, re.Pattern[str]], ...] = (
    (
        "security",
        re.compile(
            r"passw|secret|token(?!iz)|credential|authori[sz]|authenticat|login|permission|\brole|csrf|\bcors\b|jwt|oauth|cookie"
            r"|crypt|hmac|md5|sha1|\beval\b|\bexec\b|subprocess|shell|pickle|yaml\.load|innerhtml|dangerouslyset|unserialize"
            r"|sanitiz|verify\s*=|chmod|random\.|math\.random|deseriali[sz]|processbuilder|\bpopen|\bsystem\(",
            re.IGNORECASE,
        ),
    ),
    (
        "database",
        re.compile(
            r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bupdate\b.+\bset\b|\bdelete\s+from\b|(alter|create|drop)\s+table"
            r"|\.execute(many)?\(|cursor|\.objects\.|session\.(query|add|commit|execute|scalars)|transaction|rollback"
            r"|\.(findone|findmany|query|queryrow|find_by|exec)\(|foreign.?key|queryset|@(entity|query|repository)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "io",
        re.compile(
            r"\bopen\(|\.read|\.write|requests?\.|https?:|fetch\(|urlopen|socket|upload|download|\bpath\b|readfile|writefile"
            r"|os\.(remove|rename|path)|fs\.|\bfile\.|ioutil|bufio|inputstream|outputstream",
            re.IGNORECASE,
        ),
    ),
    (
        "concurrency",
        re.compile(
            r"\basync\b|\bawait\b|thread|\bu?n?lock\b|mutex|\bgo func\b|\bchan\b|atomic|promise\.|queue|worker"
            r"|semaphore|synchroni[sz]ed|\bselect \{|sync\.|asyncio|goroutine|volatile|setTimeout|executor"
            r"|\btokio\b|\bspawn\(",
            re.IGNORECASE,
        ),
    ),
    (
        "loops",
        re.compile(
            r"^\s*(for|foreach|while|loop)\b|\.(map|filter|reduce|foreach|sort|flat_?map|each|collect)\(|cache|\.range\("
            r"|\.(each|map|select) (do|\{)|\bfor \w+ in\b|recurs",
            re.IGNORECASE,
        ),
    ),
    (
        "interface",
        re.compile(
            r"^\s*(async\s+)?(def [a-z]|class [A-Z]|export |public |pub |protected |func [A-Z]|func \(.*\) [A-Z]"
            r"|open (class|fun)|public:|module\.exports|exports\.)"
            r"|@app\.|@router\.|@(Get|Post|Put|Delete|Request)Mapping|add_argument"
        ),
    ),
    (
        "messages",
        re.compile(
            r"(raise|throw new|throw) \w+\(f?[\"']|\bprint\(|console\.(log|error)|fmt\.(print|errorf)"
            r"|add_argument|aria-|placeholder=|println|eprintln!|errors\.New\(",
            re.IGNORECASE,
        ),
    ),
)
_OF_CONFIGURATION: frozenset[Area] = frozenset({"security"})
_MEMORY: dict[Language, re.Pattern[str]] = {
    "c": re.compile(
        r"\b(malloc|calloc|realloc|free|mem(cpy|move|set)|str(cpy|cat|len|ncpy)|s?n?printf|sizeof)\b|\w\[|->"
    ),
    "cpp": re.compile(
        r"\b(new|delete|malloc|free|mem(cpy|move|set)|reinterpret_cast|sizeof|string_view|span)\b|\.data\("
    ),
    "rust": re.compile(r"\bunsafe\b|\*(const|mut) |from_raw|transmute|get_unchecked|MaybeUninit"),
    "go": re.compile(r"\bunsafe\."),
    "csharp": re.compile(r"\bunsafe\b|\bfixed\b|stackalloc|Marshal\."),
}
"""Where a wrong length or life time is more than a wrong result."""


def _by_path(path: str) -> Iterator[Area]:
    for area, pattern in _PATHS:
        if pattern.search(path):
            yield area


def _by_lines(diff: FileDiff) -> Iterator[Area]:
    wanted = _told_by_lines(diff.path)
    lines = tuple(line[:LONGEST_LINE] for line in _changed_lines(diff)) if wanted else ()
    for area, pattern in _LINES:
        if area in wanted and any(map(pattern.search, lines)):
            yield area
    memory = _MEMORY.get(language) if (language := language_of(diff.path)) is not None else None
    if memory is not None and any(map(memory.search, lines)):
        yield "memory"


def _told_by_lines(path: str) -> frozenset[Area]:
    """What the words on the lines of a file may tell: those of a test are made up, those of data are anybody's."""
    if is_test(path) or _NO_CODE.search(path):
        return frozenset()
    return _OF_CONFIGURATION if language_of(path) is None and _CONFIGURATION.search(path) else frozenset(AREAS)


def _by_structure(change: Change) -> Iterator[tuple[Area, str]]:
    """Code that came, went or moved, or that many folders have a part in."""
    code = [diff for diff in change.files if language_of(diff.path) is not None]
    for diff in code:
        if diff.status in ("deleted", "renamed", "copied") or (diff.status == "added" and len(change.files) > 1):
            yield "structure", diff.path
            return
    if len({diff.path.rpartition("/")[0] for diff in code}) >= MANY_FOLDERS:
        yield "structure", ""


def _changed_lines(diff: FileDiff) -> Iterator[str]:
    for text, wanted in ((diff.new_text, diff.added_lines), (diff.old_text, diff.removed_lines)):
        if text and wanted:
            lines = git_lines(text)
            yield from (lines[line].rstrip("\r\n") for line in sorted(wanted) if line < len(lines))
