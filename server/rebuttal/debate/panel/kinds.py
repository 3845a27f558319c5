"""What sort of change it is, so that the panel is told what reviewers miss in changes of that sort.

The rules read the diff alone: not the commit message, not the branch, not what comments say of the change. The opening
is blind to the author's framing, and a template chosen by it would give it away. Where the author's words speak of a
repair, later phases hear of that.

A change has at most two kinds, and none where nothing speaks: words that do not fit cost tokens and attention. The
rules err towards saying nothing. They read lines, not trees, for they must cost nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from rebuttal.change.ignore import parse_ignore
from rebuttal.change.model import Change, FileDiff
from rebuttal.debate.model import Kind, Template
from rebuttal.debate.panel.changed_lines import LONGEST_LINE, Diff, read
from rebuttal.debate.prompts import load_prompts
from rebuttal.text.positions import git_lines
from rebuttal.text.words import counted

MOST_KINDS = 2
REPAIR, REFACTORING = "bug-fix", "refactoring"
Rule = Callable[[Diff], str | None]


def kinds_of(change: Change, own: Iterable[Template] = (), framing: str = "") -> tuple[Kind, ...]:
    """The kinds of a change with their templates, the one that matters most first; at most MOST_KINDS.

    `own`: templates of the user's, which take the place of the package's of the same kind, or are kinds of their own
    by the paths that they name. `framing`: the author's words; what only they tell is not `blind`.
    """
    own = tuple(own)
    templates = {**load_prompts().templates, **{one.kind: one for one in own}}
    found: dict[str, Kind] = {}
    for kind in (*_by_paths(own, change), *_by_rules(templates, read(change))):
        if len(found) < MOST_KINDS:
            found.setdefault(kind.id, kind)
    for name, words in _FRAMED.items():
        if (said := words.search(framing[:2000])) is not None and len(found) < MOST_KINDS:
            found.setdefault(name, Kind(templates[name], f"the author's words say {said[0].lower()!r}", blind=False))
    return tuple(found.values())


def _by_paths(own: Iterable[Template], change: Change) -> Iterator[Kind]:
    for template in own:
        rules = parse_ignore("\n".join(template.paths))
        for diff in change.files:
            parts = tuple(diff.path.split("/"))
            # As in an ignore file, a folder stands for all that lies in it.
            if any(rule.pattern.matches(parts[:depth]) for rule in rules for depth in range(1, len(parts) + 1)):
                yield Kind(template, f"{diff.path} is one of its paths")
                break


def _by_rules(templates: Mapping[str, Template], diff: Diff) -> Iterator[Kind]:
    for kind, rule in RULES.items():
        if (reason := rule(diff)) is not None:
            yield Kind(templates[kind], reason)


# --- migration ----------------------------------------------------------------------------------------------

_MIGRATIONS = re.compile(
    r"(^|/)(migrations?|alembic/versions|db/migrate|flyway|liquibase|changelogs?)/[^/]+(/[^/]+)?$", re.IGNORECASE
)
_MIGRATION_NAMES = re.compile(r"(^|/)[VU]\d[\w.]*__\w+\.(sql|java|kt)$")
_MIGRATES = (
    ".py",
    ".sql",
    ".rb",
    ".js",
    ".ts",
    ".php",
    ".xml",
    ".yaml",
    ".yml",
    ".go",
    ".cs",
    ".java",
    ".kt",
    ".prisma",
    ".ex",
    ".exs",
)
_DDL = re.compile(
    r"\b(alter|create|drop|rename|truncate)\s+(unlogged\s+|temp\w*\s+)?(table|column|type|sequence)\b"
    r"|\b(create|drop)\s+(unique\s+)?index\b|\bop\.(add|drop|alter|create|rename|execute|batch)\w*\("
    r"|\b(add|remove|rename|change)_(column|index|reference|foreign_key)\b|\bmigrations\.\w+\(",
    re.IGNORECASE,
)


def _migration(diff: Diff) -> str | None:
    for one in diff.files:
        named = _MIGRATIONS.search(one.path) and one.path.lower().endswith(_MIGRATES) and not one.is_test
        named = named and not one.path.endswith("__init__.py")
        if one.size and (named or _MIGRATION_NAMES.search(one.path)):
            return f"{one.path} is a migration"
    for one in diff.code:
        if any(_DDL.search(line) for line in one.added):
            return f"{one.path} changes a schema"
    return None


# --- security -----------------------------------------------------------------------------------------------

_GUARDED = re.compile(
    r"(^|/|_|-|\.)(auth[nz]?|authentication|authorization|oauth2?|login|signin|passwords?|secrets?|(reset|refresh|access|api)_?tokens?|crypto|permissions?"
    r"|acl|rbac|csrf|sessions?|sso|saml|unpack|archives?|sandbox)(/|\.|_|-)"
    r"|(?-i:(Auth|Login|SignIn|Password|(Reset|Refresh|Access|Api)Token|Secret|Crypto|Permission|Session|Sandbox)s?([A-Z]\w*)?\.\w+$)",
    re.IGNORECASE,
)
_SENSITIVE = re.compile(
    r"passw(or)?d|hmac|bcrypt|argon2|scrypt|pbkdf2|jwt|oauth|csrf|xsrf|cors(?![a-z])|authenticat|authori[sz]|is_?admin|"
    r"permission|login_?required|access[_ -]?(token|key)|refresh[_ -]?token|session[_ -]?(token|key|id)|bearer|"
    r"api[_ -]?(token|key)|auth[_ -]?(token|key)|id[_ -]token|secret[_ -]?(token|key)|secrets?\.|_secret|sanitiz|"
    r"escape_?html|html_?escape|escape\(|mark_?safe|ssl(context|config|_|\.|\b)|tls(context|config|_|\.|\b)|certificate|"
    r"compare_digest|timingsafeequal|set_?cookie|httponly|samesite|x-forwarded-for|sha-?(1|256|512)\b|md5|random_bytes|"
    r"securerandom|zip_?file|tar_?file|zip_?archive|zipinputstream|extractall|\.\./|parentdir|realpath|canonicali[sz]e|"
    r"is_relative_to|startswith\(str\(|new url\(|redirect: ?[\"']|is_?private\("
)
"""In lower case, each choice with a letter in front: so the search skips what cannot begin one, which makes it several
times as fast."""
_DANGEROUS = re.compile(
    r"shell\s*=\s*True|\bpickle\.loads?|\byaml\.load\(|(?<![\w.])(eval|exec)\(|ObjectInputStream|(?<!\w)unserialize\(|"
    r"innerHTML|dangerouslySet|verify\s*=\s*False|InsecureSkipVerify|"
    r"(?<!\w)[fF][\"'].*\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE)\b.*\{|"
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE)\b.*([\"']\s*(\+|%|\.format\(|\|\||\.\s*\$)|\$\{|#\{)",
)
"""One line that the change adds is enough: values put into SQL text, code made of data, checks switched off."""


def _security(diff: Diff) -> str | None:
    for one in diff.code:
        hits = sum(_SENSITIVE.search(line.lower()) is not None for line in (*one.added, *one.removed))
        dangerous = any(_DANGEROUS.search(line) for line in one.added)
        if dangerous or hits > 1 or (hits and _GUARDED.search(one.path)):
            return f"{one.path} touches access, secrets or untrusted input"
    return None


# --- change of an interface ---------------------------------------------------------------------------------

_CONTRACTS = re.compile(
    r"\.(proto|graphqls?|thrift|avsc|wsdl)$|(^|/)(openapi|swagger)[\w.-]*\.(ya?ml|json)$", re.IGNORECASE
)
_PUBLIC = re.compile(
    r"^(?:async\s+)?def\s+(?P<python>[a-zA-Z]\w*)\s*\("
    r"|^export\s+(?:default\s+)?(?:async\s+)?(?:function\*?|class|const|interface|type|enum)\s+(?P<script>\w+)"
    r"|^func\s+(?:\([^)]*\)\s*)?(?P<go>[A-Z]\w*)\s*[(\[]"
    r"|^pub\s+(?:async\s+|unsafe\s+|const\s+)*(?:fn|struct|enum|trait|type)\s+(?P<rust>\w+)"
    r"|^(?:public|protected)\s+(?:[\w<>\[\],.?]+\s+)*(?P<java>\w+)\s*\("
    r"|^@(?:app|router|api|blueprint|bp)\.(?:get|post|put|patch|delete|route)\((?P<route>[^)]*)"
)


def _api_change(diff: Diff) -> str | None:
    for one in diff.files:
        if one.removed and _CONTRACTS.search(one.path) and not one.is_test:
            return f"{one.path} describes an interface"
    stay = {line for one in diff.code for line in one.added}
    for one in diff.code:
        for line in one.removed:
            if line not in stay and (name := _public(line)) is not None:
                return f"{one.path} changes or removes {name}"
    return None


def _public(line: str) -> str | None:
    found = _PUBLIC.match(line)
    if found is None:
        return None
    return "a route" if found["route"] is not None else next(name for name in found.groups() if name)


# --- tests --------------------------------------------------------------------------------------------------

MOSTLY = 0.7
"""From which share on most of a change is of one sort."""
MANY_TEST_LINES = 30
"""Of a change to code as well: a few tests go along with every change."""


def _test(diff: Diff) -> str | None:
    size = sum(one.size for one in diff.tests)
    if not diff.lines:
        return "it is about tests only" if size else None
    mostly = size >= MANY_TEST_LINES and size >= MOSTLY * (size + diff.lines)
    return "most of its lines are tests" if mostly else None


# --- refactoring --------------------------------------------------------------------------------------------

LEAST_MOVED = 8
LEAST_RENAMED = 3
LEAST_REARRANGED = 6
_TELLING = 8
"""Characters from which a line tells where it came from: `}` and `return` stand everywhere."""
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def _refactoring(diff: Diff) -> str | None:
    added = Counter(line for one in diff.code for line in one.added if len(line) >= _TELLING)
    removed = Counter(line for one in diff.code for line in one.removed if len(line) >= _TELLING)
    moved = (added & removed).total()
    if moved >= LEAST_MOVED and moved >= MOSTLY * removed.total():
        return f"{counted(moved, 'line')} only moved"
    renamed = Counter(pair for one in diff.code for pair in _renamed(one.diff))
    if renamed:
        times = max(renamed.values())
        if times >= LEAST_RENAMED and 2 * times >= MOSTLY * diff.lines:
            # Not which: it may stand in a string, and be a secret.
            return f"one name became another on {counted(times, 'line')}"
    files = [one for one in diff.code if one.diff.status == "renamed"]
    if files and diff.lines <= LEAST_MOVED * len(files):
        return f"{files[0].path} was moved"
    return "what was taken out comes again, in another arrangement" if _is_rearranged(diff) else None


def _is_rearranged(diff: Diff) -> bool:
    """Whether the added lines are made of the names of the removed ones."""
    if sum(len(one.removed) for one in diff.code) < LEAST_REARRANGED or diff.lines < 2 * LEAST_REARRANGED:
        return False
    added = Counter(name for one in diff.code for line in one.added for name in _NAME.findall(line))
    removed = Counter(name for one in diff.code for line in one.removed for name in _NAME.findall(line))
    kept = (added & removed).total()
    return kept >= 0.75 * removed.total() and kept >= 0.5 * added.total()


def _renamed(diff: FileDiff) -> Iterator[tuple[str, str]]:
    """For each line that differs from the one in its place by one name: the old name and the new one."""
    old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
    for hunk in diff.hunks:
        if hunk.old_count != hunk.new_count:
            continue
        for before, after in zip(hunk.old_lines, hunk.new_lines, strict=True):
            pair = _one_name(old[before][:LONGEST_LINE], new[after][:LONGEST_LINE])
            if pair is not None:
                yield pair


def _one_name(before: str, after: str) -> tuple[str, str] | None:
    old, new = _NAME.findall(before), _NAME.findall(after)
    if len(old) != len(new) or _NAME.sub("", before) != _NAME.sub("", after):
        return None
    pairs = {pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]}
    return pairs.pop() if len(pairs) == 1 else None


# --- repair -------------------------------------------------------------------------------------------------

REPAIR_LINES, REPAIR_FILES = 40, 3
BARE_LINES = 6
"""The same without a test."""
_CONDITION = re.compile(
    r"\b(if|elif|unless|while|when|guard|match|case|except|catch|rescue)\b|[<>=!]=|[<>]\s|&&|\|\||\?\?"
)
_DEFINITION = re.compile(r"\b(def|class|function|func|fn|fun|interface|struct|enum|trait)\s+\w")


def _bug_fix(diff: Diff) -> str | None:
    """A few lines are altered and nothing is defined: with a test, or so few that it is a condition and little else."""
    if not 0 < diff.lines <= REPAIR_LINES or len(diff.code) > REPAIR_FILES or _refactoring(diff) is not None:
        return None
    if any(one.diff.old_text is None or one.diff.new_text is None for one in diff.code):
        return None
    defined = sum(_DEFINITION.search(line) is not None for one in diff.code for line in one.added)
    if defined > sum(_DEFINITION.search(line) is not None for one in diff.code for line in one.removed):
        return None
    if any(one.added for one in diff.tests):
        return "a few altered lines, and a test with them"
    conditions = any(_CONDITION.search(line) for one in diff.code for line in one.added)
    return "a few altered lines, a condition among them" if conditions and diff.lines <= BARE_LINES else None


# --- architecture -------------------------------------------------------------------------------------------

MANY_FOLDERS = 3
MANY_NEW_FILES = 3
MANY_LINES = 150
SOME_LINES = 30
_IMPORT = re.compile(
    r"^(import\s|from\s+\S+\s+import\b|(const|let|var)\s+.+=\s*require\(|export\s.+\sfrom\s|use\s+[\w:\\]+|using\s+[\w.]+;|#include\b|"
    r"require(_relative|_once)?\b|pub\s+use\s)"
)


def _architecture(diff: Diff) -> str | None:
    rewired = [one for one in diff.code if any(_IMPORT.match(line) for line in (*one.added, *one.removed))]
    folders = {one.folder for one in rewired}
    if len(folders) >= MANY_FOLDERS and diff.lines >= SOME_LINES:
        return f"what depends on what changes in {counted(len(folders), 'folder')}"
    fresh = [one for one in diff.code if one.diff.status == "added"]
    if len(fresh) >= MANY_NEW_FILES and sum(len(one.added) for one in fresh) >= MANY_LINES:
        return f"{counted(len(fresh), 'new file')} of code"
    return None


# --- quality of new code ------------------------------------------------------------------------------------

MUCH_NEW = 30


def _code_quality(diff: Diff) -> str | None:
    added = sum(len(one.added) for one in diff.code)
    if added < MUCH_NEW or added < MOSTLY * diff.lines:
        return None
    return f"{counted(added, 'line')} of new code"


RULES: Mapping[str, Rule] = {
    "migration": _migration,
    "security": _security,
    "api-change": _api_change,
    "test": _test,
    REFACTORING: _refactoring,
    REPAIR: _bug_fix,
    "architecture-review": _architecture,
    "code-quality": _code_quality,
}
"""By kind, what is dearest to miss first."""

_FRAMED: Mapping[str, re.Pattern[str]] = {
    REPAIR: re.compile(r"\b(fix(e[sd]|ing)?|bug(fix)?|hotfix|regression|repairs?)\b", re.IGNORECASE),
    REFACTORING: re.compile(
        r"\b(refactor\w*|restructur\w*|clean(s|ed|ing)?[ -]?up|tid(y|ied|ies)|renam\w+)\b", re.IGNORECASE
    ),
}
"""What the author may call a change, in words that are seldom used of another."""
