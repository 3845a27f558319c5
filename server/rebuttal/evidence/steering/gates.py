"""Checks of the build that the change lets fail unheard, or takes out: in what CI runs, and in the scripts it calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff, Hunk
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.text.positions import git_lines

UNHEARD = Rule(
    "steering:check-unheard",
    "A check may fail from now on",
    "The build stays green when it fails, so that nobody looks at what it finds.",
    "medium",
    "testing",
    CODE,
)
REMOVED = Rule(
    "steering:check-removed",
    "A check leaves the build",
    "What it found is found by nothing that the build runs.",
    "low",
    "testing",
    CODE,
    "likely",
)
RULES = (UNHEARD, REMOVED)

_CI = re.compile(
    r"(?:.*/)?\.github/(?:workflows|actions)/.+\.ya?ml|\.travis\.yml|\.gitlab-ci\.yml|\.circleci/config\.yml|\.?appveyor\.yml"
    r"|(?:.*/)?azure-pipelines[\w.-]*\.ya?ml|bitbucket-pipelines\.yml|(?:.*/)?Jenkinsfile|\.drone\.yml|\.cirrus\.yml"
)
_SCRIPT = re.compile(
    r"(?:.*/)?(?:Makefile|GNUmakefile|package\.json|tox\.ini|noxfile\.py|justfile|Justfile|Taskfile\.ya?ml"
    r"|\.pre-commit-config\.yaml|composer\.json|Rakefile)"
)
_MOST = 300_000
_RUN = r"(?:npm|yarn|pnpm|bun)"
_PATTERNS = {
    "test": rf"pytest|py\.test|tox|nox|{_RUN}(?: run)? test|jest|vitest|mocha|go test|cargo (?:test|nextest)|rspec"
    r"|phpunit|mvn[^\n]{0,60}(?:test|verify)|gradlew? [^\n]{0,60}(?:test|check)|rake (?:test|spec)|dotnet test|ctest"
    r"|bats|make (?:test|check)|swift test|sbt [^\n]{0,60}test",
    "lint": rf"eslint|{_RUN} run lint|ruff check|flake8|pylint|golangci-lint|golint|staticcheck|go vet|cargo clippy"
    r"|rubocop|phpcs|shellcheck|hadolint|clang-tidy|cppcheck|swiftlint|make lint|biome (?:check|ci|lint)",
    "type": rf"mypy|pyright|tsc|phpstan|psalm|{_RUN} run (?:typecheck|type-check|types)|flow check",
    "security": "bandit|pip-audit|npm audit|cargo audit|cargo deny|govulncheck|gosec|semgrep|trivy|gitleaks|snyk",
}
_TOOLS = {kind: re.compile(rf"(?<![\w./-])(?:{pattern})(?![\w/-])") for kind, pattern in _PATTERNS.items()}
_SWALLOW = re.compile(
    r"[ \t]*(?:\|\|[ \t]*(?:true|:|exit 0|echo\b[^\n]*)|;[ \t]*(?:true|exit 0)|--exit-zero)[\"',]*[ \t]*$"
)
_CONTINUE = re.compile(r"[ \t]*(?:continue-on-error|allow_failure|continueOnError):[ \t]*true[ \t]*(?:#.*)?$")
_NEVER = re.compile(r"[ \t]*(?:-[ \t]+)?if:[ \t]*[\"']?(?:\$\{\{[ \t]*)?false\b")
_ANOTHER = re.compile(
    r"\b(?:test|tests|lint|check|checks|verify|ci|tox|nox|just|task|make|qa|validate|build|rake|uvx?|hatch|pre-commit|prek"
    r"|super-linter|reviewdog|analy[sz]e|uses|script)\b"
)
_COMMENT = re.compile(r"[ \t]*(?:#|//)[ \t]?")
_NAMES = re.compile(r"\b(?:install|uses|cache|name|with|image)\b")


def is_gate(path: str) -> bool:
    """Whether the file says what the build runs."""
    return _CI.fullmatch(path) is not None or _SCRIPT.fullmatch(path) is not None


def check(material: Material) -> Iterator[Fact]:
    """A fact for each check that the change lets fail, or takes out of all that the build runs."""
    gates = [diff for diff in material.files if is_gate(diff.path) and _size(diff) <= _MOST]
    for diff in gates:
        for hunk in diff.hunks:
            if material.in_scope(diff, hunk.new_lines or (hunk.new_start,)):
                yield from _unheard(diff, hunk)
    yield from _removed(material, [diff for diff in gates if _CI.fullmatch(diff.path)])


def _size(diff: FileDiff) -> int:
    return max(len(diff.old_text or ""), len(diff.new_text or ""))


def _tool(line: str) -> tuple[str, str] | None:
    """What kind of check a line runs, and by what."""
    if _COMMENT.match(line) or _NAMES.search(line.partition("#")[0]):
        return None
    for kind, pattern in _TOOLS.items():
        match = pattern.search(line)
        if match is not None:
            return kind, match[0]
    return None


def _unheard(diff: FileDiff, hunk: Hunk) -> Iterator[Fact]:
    if diff.old_text is None or diff.new_text is None:
        return
    new, old = git_lines(diff.new_text), git_lines(diff.old_text)
    stood = {" ".join(old[line].split()) for line in hunk.old_lines}
    for number in hunk.new_lines:
        line = new[number].rstrip("\r\n")
        swallow = _SWALLOW.search(line)
        if swallow is not None and (tool := _tool(line)) is not None:
            before = " ".join(line[: swallow.start()].split())
            if any(one.rstrip("\"', ") == before for one in stood):
                yield _told(diff, number, f"`{one_line(line, 60)}`: {tool[1]} may fail, and the build goes on.")
        elif _CONTINUE.match(line) or _NEVER.match(line):
            tool = _tool_of_block(diff, new, number)
            if tool is not None:
                how = "is no longer run" if _NEVER.match(line) else "may fail, and the build stays green"
                yield _told(diff, number, f"`{one_line(line, 60)}`: {tool[1]} {how}.")
        elif (tool := _commented_out(line, stood)) is not None:
            yield _told(diff, number, f"The line that runs {tool[1]} becomes a comment, so it is no longer run.")


def _told(diff: FileDiff, line: int, message: str) -> Fact:
    return UNHEARD.fact(diff, line, line, f"{message} {UNHEARD.why}")


def _commented_out(line: str, stood: set[str]) -> tuple[str, str] | None:
    match = _COMMENT.match(line)
    bare = " ".join(line[match.end() :].split()) if match is not None else ""
    return _tool(bare) if bare and bare in stood else None


def _tool_of_block(diff: FileDiff, lines: Sequence[str], number: int) -> tuple[str, str] | None:
    """What the step or job runs whose key stands on the line, if the base had the step or job already."""
    depth = _depth(lines[number])
    first = number
    while first > 0 and (not lines[first].strip() or _depth(lines[first]) >= depth):
        first -= 1
    if first in diff.added_lines or lines[first].lstrip().startswith("#"):
        return None
    last = number + 1
    while last < len(lines) and (not lines[last].strip() or _depth(lines[last]) >= depth):
        last += 1
    block = [lines[at] for at in range(first, last) if at not in diff.added_lines]
    return next((tool for line in block if (tool := _tool(line)) is not None), None)


def _depth(line: str) -> int:
    """Spaces before a key; the dash before the first key of a step is not one."""
    return len(line) - len(line.lstrip())


@frozen
class _Run:
    diff: FileDiff
    line: int
    kind: str
    tool: str


def _removed(material: Material, gates: Sequence[FileDiff]) -> Iterator[Fact]:
    """Of each kind of check: what the changed files ran and no file of CI runs now, with nothing put in its place."""
    gone = [run for diff in gates for run in _runs(diff)]
    if not gone:
        return
    added = [line for diff in gates for line in _added(diff)]
    if any(_ANOTHER.search(line) or _tool(line) is not None for line in added):
        return
    # What a step installs, caches or is called by, it does not run.
    left = "\n".join(
        line for text in _all_of_ci(material) for line in text.split("\n") if not _NAMES.search(line.partition("#")[0])
    )
    told = set[str]()
    for run in gone:
        # One way to run tests is as good as another.
        covered = run.tool in left or (run.kind == "test" and _TOOLS["test"].search(left) is not None)
        if not covered and run.tool not in told:
            told.add(run.tool)
            message = f"{run.tool} is no longer run by the build. {REMOVED.why}"
            yield REMOVED.fact(run.diff, run.line, run.line, message, side="old")


def _runs(diff: FileDiff) -> Iterator[_Run]:
    """Checks on lines that the change takes out and puts nothing in the place of."""
    old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
    for hunk in diff.hunks:
        if any(new[number].strip() and not _COMMENT.match(new[number]) for number in hunk.new_lines):
            continue
        for number in hunk.old_lines:
            if (tool := _tool(old[number])) is not None:
                yield _Run(diff, number, *tool)


def _added(diff: FileDiff) -> Iterator[str]:
    new = git_lines(diff.new_text or "") if diff.new_text else []
    return (new[number] for number in sorted(diff.added_lines) if number < len(new))


def _all_of_ci(material: Material) -> Iterator[str]:
    """What the build runs after the change."""
    for path in sorted(material.repository.new.paths()):
        if _CI.fullmatch(path):
            yield material.repository.new.read(path) or ""
