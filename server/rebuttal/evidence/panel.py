"""The static panel: every check on one change, each on its own, so that one that fails loses nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from rebuttal.change.model import Change, Repository
from rebuttal.evidence import secrets
from rebuttal.evidence.folding import folded
from rebuttal.evidence.impact import check as impact
from rebuttal.evidence.impact import kinds, nominal
from rebuttal.evidence.linting import ruff_facts
from rebuttal.evidence.linting.ruff import NOTHING_LINTED, Linted, lint, run_command
from rebuttal.evidence.model import (
    PHASE,
    CheckFailed,
    Evidence,
    Fact,
    LimitReached,
    Material,
    Runner,
    SecretFinder,
    finding_of,
    one_line,
)
from rebuttal.evidence.steering import check as steering
from rebuttal.evidence.structure import conflicts, debug, guards, swallowed, syntax
from rebuttal.evidence.upkeep import checks as upkeep
from rebuttal.evidence.upkeep import untested
from rebuttal.evidence.wanted import USUAL, Wanted
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Degraded
from rebuttal.findings.severity import at_least
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.secrets import find_secrets as find_secrets_in_text
from rebuttal.text.symbols import enclosing, symbols_of

if TYPE_CHECKING:
    from rebuttal.evidence.linting.repository import Linters

Check = Callable[[Material], Iterable[Fact]]


def _check_tests(material: Material) -> Iterable[Fact]:
    """The checks of tests, loaded for changes of files that hold some: in Rust any may."""
    if not any(is_test(diff.path) or language_of(diff.path) == "rust" for diff in material.files):
        return ()
    from rebuttal.evidence.structure import tests

    return tests.check(material)


CHECKS: tuple[tuple[str, Check], ...] = (
    ("impact", impact.check),
    ("impact (Java, C#, PHP)", nominal.check),
    *kinds.CHECKS,
    ("conflicts", conflicts.check),
    ("debug leftovers", debug.check),
    ("swallowed errors", swallowed.check),
    ("removed guards", guards.check),
    ("removed tests", _check_tests),
    *upkeep.CHECKS,
)
"""The checks that need nothing but the change and its repository, each under the name that coverage calls it by."""


_WORDS: tuple[tuple[Check, Callable[[Material], Iterable[str]]], ...] = (
    (kinds.check_cases, kinds.words),
    (untested.check, untested.words),
)
"""What checks will search all files for: the first search of the repository finds it for all of them."""


@frozen
class _Outcome:
    facts: tuple[Fact, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()


@frozen
class Gathered:
    """What the built-in checks found, before it is findings."""

    material: Material
    facts: tuple[Fact, ...]
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()
    wanted: Wanted = USUAL
    pre_existing: tuple[Fact, ...] | None = None
    """What stood before the change; None: nobody asked for it."""


def collect(
    change: Change,
    repository: Repository,
    *,
    run: Runner = run_command,
    find_secrets: SecretFinder = find_secrets_in_text,
    parser: Parser | None = None,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    wanted: Wanted = USUAL,
    linters: Linters | None = None,
    existing: bool = False,
) -> Evidence:
    """What the static panel finds in `change`, worst first, and which of its checks failed.

    `linters` are those that the repository configures; give them only where the user trusts it. `existing`: also what
    stood before the change, apart.
    """
    gathered = gather(
        change,
        repository,
        run=run,
        find_secrets=find_secrets,
        parser=parser,
        checks=checks,
        wanted=wanted,
        existing=existing,
    )
    return conclude(gathered if linters is None else with_linters(gathered, linters))


def gather(
    change: Change,
    repository: Repository,
    *,
    run: Runner = run_command,
    find_secrets: SecretFinder = find_secrets_in_text,
    parser: Parser | None = None,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    wanted: Wanted = USUAL,
    existing: bool = False,
) -> Gathered:
    """What the built-in checks find: there at once, whatever the repository's own linters take."""
    material = Material(change, repository, parser or Parser(), wanted.hears)
    with ThreadPoolExecutor(1, "rebuttal-ruff") as pool:
        # ruff is a process of its own: it works while the checks in this thread do.
        linting = pool.submit(_lint, material, run)
        _expect(material, [check for _, check in checks])
        outcomes = [
            _try("secrets", lambda: secrets.check(material, find_secrets)),
            *(_try(name, partial(check, material)) for name, check in checks),
        ]
        linted, failed = linting.result()
    outcomes.append(_try("syntax", lambda: syntax.check(material, linted.faults)))
    outcomes.append(_try("linters", lambda: ruff_facts.check(material, linted)))
    facts = _without_repeats(fact for outcome in outcomes for fact in outcome.facts if wanted.hears(fact.rule))
    degraded = (*failed, *(one for outcome in outcomes for one in outcome.degraded))
    notes = tuple(note for outcome in outcomes for note in outcome.notes)
    gathered = Gathered(material, tuple(facts), degraded, notes, wanted)
    return _with_existing(gathered, linted, find_secrets) if existing else gathered


def _with_existing(gathered: Gathered, linted: Linted, find_secrets: SecretFinder) -> Gathered:
    from rebuttal.evidence.existing import existing

    stood = existing(gathered.material, gathered.facts, linted, find_secrets)
    return evolve(gathered, pre_existing=stood.facts, notes=(*gathered.notes, *stood.notes))


def with_linters(gathered: Gathered, linters: Linters) -> Gathered:
    """With what the linters say that the repository configures; itself where it configures none for this change."""
    from rebuttal.evidence.linting import repository_facts
    from rebuttal.evidence.linting.oneness import as_one

    findings = linters.lint(gathered.material)
    if not (findings.heard or findings.degraded or findings.notes):
        return gathered
    outcomes = [
        _try(heard.task.tool.name, partial(repository_facts.check, gathered.material, heard))
        for heard in findings.heard
    ]
    heard = [fact for outcome in outcomes for fact in outcome.facts if gathered.wanted.hears(fact.rule)]
    facts = as_one((*gathered.facts, *heard))
    if gathered.pre_existing is not None:
        from rebuttal.evidence.existing import of_linters

        more = of_linters(gathered.material, (*gathered.facts, *heard), findings.heard)
        stood = tuple(as_one((*gathered.pre_existing, *more.facts)))
        gathered = evolve(gathered, pre_existing=stood, notes=(*gathered.notes, *more.notes))
    return evolve(
        gathered,
        facts=tuple(facts),
        degraded=(*gathered.degraded, *findings.degraded, *(one for each in outcomes for one in each.degraded)),
        notes=(*gathered.notes, *findings.notes, *(one for each in outcomes for one in each.notes)),
    )


def conclude(gathered: Gathered) -> Evidence:
    """The findings, worst first, with what the change does to its own review."""
    steered = _try("steering", lambda: steering.check(gathered.material, gathered.facts))
    facts = gathered.facts if steered.degraded else steered.facts
    facts = tuple(fact for fact in facts if gathered.wanted.hears(fact.rule))
    degraded, notes = (*gathered.degraded, *steered.degraded), (*gathered.notes, *steered.notes)
    found = _findings(gathered.material, folded(facts))
    if gathered.pre_existing is None:
        return Evidence(found, degraded, notes)
    from rebuttal.evidence.existing import limited

    stood, left_out = limited(_findings(gathered.material, folded(gathered.pre_existing)))
    return Evidence(found, degraded, (*notes, *left_out), stood)


def _expect(material: Material, checks: Sequence[Check]) -> None:
    for check, words in _WORDS:
        if check in checks:
            with suppress(Exception):  # The check itself stumbles over it again, and is then told to have failed.
                material.repository.new.expect(words(material))


def _lint(material: Material, run: Runner) -> tuple[Linted, tuple[Degraded, ...]]:
    try:
        linted = lint(material.files, run)
        reason = f"Not linted: {one_line(', '.join(linted.failed), 300)}."
        return linted, (Degraded("linters", PHASE, reason),) if linted.failed else ()
    except CheckFailed as error:
        return NOTHING_LINTED, (Degraded("linters", PHASE, str(error)),)
    except Exception as error:
        return NOTHING_LINTED, (_crash("linters", error),)


def _try(name: str, check: Callable[[], Iterable[Fact]]) -> _Outcome:
    facts: list[Fact] = []
    try:
        facts.extend(check())
    except LimitReached as limit:
        return _Outcome(tuple(facts), notes=(str(limit),))
    except CheckFailed as error:
        return _Outcome(tuple(facts), (Degraded(name, PHASE, str(error)),))
    except Exception as error:
        return _Outcome(tuple(facts), (_crash(name, error),))
    return _Outcome(tuple(facts))


def _crash(name: str, error: Exception) -> Degraded:
    # The message of an unforeseen error may hold code or a secret: only its kind is told.
    return Degraded(name, PHASE, f"The {name} check stopped with an internal error ({type(error).__name__}).")


def _without_repeats(facts: Iterable[Fact]) -> list[Fact]:
    """A conflict says all that a syntax error in the same file could."""
    kept = list(facts)
    in_conflict = {fact.diff.path for fact in kept if fact.rule == "conflict:marker"}
    return [fact for fact in kept if fact.rule != "syntax:error" or fact.diff.path not in in_conflict]


def _findings(material: Material, facts: Iterable[Fact]) -> tuple[Finding, ...]:
    indexes: dict[str, LineIndex] = {}
    found = []
    for fact in facts:
        text = fact.diff.text(fact.side) or ""
        index = indexes[text] if text in indexes else indexes.setdefault(text, LineIndex(text))
        found.append(finding_of(fact, index))
    ranked = sorted(found, key=lambda one: (_rank(one), one.file, one.side, one.range.start, one.rule))
    return assign_ids(ranked, lambda finding: _symbol_of(material, finding))


def _rank(finding: Finding) -> int:
    return sum(1 for severity in ("critical", "high", "medium") if not at_least(finding.severity, severity))


def _symbol_of(material: Material, finding: Finding) -> str:
    """The qualified name of the symbol around a finding; "" at the top of a file, or where it cannot be told."""
    diff, language = material.change.file(finding.file), language_of(finding.file)
    text = diff.text("old" if finding.side == "old" else "new") if diff else None
    if not text or language is None or finding.cell is not None:
        return ""
    try:
        symbol = enclosing(symbols_of(text, language, material.parser), finding.range.start.line)
    except Unparsed:
        return ""
    return symbol.qualified if symbol else ""
