"""A context from a change: the diff as text, and the pieces of other code that a reviewer needs, within a budget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from attrs import evolve

from rebuttal.change.model import Change, FileDiff, Repository, Side, Skipped
from rebuttal.change.unreviewed import unreviewed
from rebuttal.context.by_words import by_words, told_words, unread
from rebuttal.context.callers import Callers
from rebuttal.context.candidates import MAX_WANTED, around, guidelines, search
from rebuttal.context.changed import changed_symbols
from rebuttal.context.code import Code
from rebuttal.context.definitions import Definitions
from rebuttal.context.diff import ShownFile, show_file, show_named
from rebuttal.context.limit import TOO_LARGE, Compression, compress, fits, long_lines
from rebuttal.context.model import Context, Exhibit, Slice, ToolDiagnostic
from rebuttal.context.names import sendable, shown_symbols, withheld
from rebuttal.context.packing import Candidate, pack, ranked
from rebuttal.context.related.lexical import words_of
from rebuttal.context.related.query import query_of
from rebuttal.context.related.slices import HISTORY, related_slices
from rebuttal.context.relatives import Relatives
from rebuttal.context.reported import PROSE, relevant, tool_facts
from rebuttal.context.resolve import Resolver
from rebuttal.context.tabs import lifted
from rebuttal.context.tests_of import tests_by_name
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.redaction import Redaction, Redactor
from rebuttal.text.secrets import holds_token, is_secret_file
from rebuttal.text.tokens import quick_tokens

_MESSAGE = "COMMIT_EDITMSG"
"""As what kind of file the author's words are searched for secrets."""
_LEARNED_CHARACTERS = 1_000_000
"""Of files that are not reviewed: their secrets may stand in files that are."""
NAMED_ONLY = "holds secrets by its name: named, never shown"


def build(
    change: Change,
    repository: Repository,
    *,
    budget_tokens: int,
    parser: Parser | None = None,
    framing: str = "",
    open_files: Sequence[str] = (),
    diagnostics: Iterable[ToolDiagnostic] = (),
) -> Context:
    """The context of `change`. `budget_tokens` is for the slices; the diff is whole up to `limit.DIFF_TOKENS`.

    `framing`: what the author says about the change; it may hold a secret, as any other text may. A `parser` that
    has seen the change's files already saves parsing them again.

    `open_files`: root-relative paths that the user has open, the latest used first. `diagnostics`: what other tools
    show in the editor.

    The same change, repository, budget and editor give the same bytes. Texts are redacted; of a file that holds secrets
    by its nature only the name is shown, of one whose name holds a secret nothing.
    """
    told = relevant(diagnostics, sendable(change))
    builder = _Builder(change, repository, parser or Parser(), framing, open_files, told)
    return builder.build(budget_tokens)


class _Builder:
    def __init__(
        self,
        change: Change,
        repository: Repository,
        parser: Parser,
        framing: str,
        open_files: Sequence[str],
        diagnostics: Sequence[ToolDiagnostic],
    ) -> None:
        gone = [diff.old_path or diff.path for diff in change.files if diff.status in ("deleted", "renamed")]
        self._whole = change
        self._change = change = sendable(change)
        self._repository = repository
        self._framing = framing
        self._facts = parser.facts
        self._open_files = open_files
        self._diagnostics = diagnostics
        self._new = Code(repository.new, parser, gone)
        self._old = Code(repository.old, parser)
        shown = [one for one in change.files if not _is_secret(one)]
        self._redactor = Redactor(parser.facts)
        self._redacted: dict[tuple[str, Side], list[str]] = {}
        self._exhibits: dict[tuple[str, Side], Exhibit] = {}
        self._redactions: dict[Redaction, None] = {}
        for diff in shown:
            if diff.new_text is not None:
                self._new.give(diff.path, diff.new_text)
            if diff.old_text is not None:
                self._old.give(diff.old_path or diff.path, diff.old_text)
        self._learn_change()
        self._compression = self._compress(shown, parser)
        self._shown_files = [one for one in shown if one.path not in self._compression.left_out]

    def build(self, budget: int) -> Context:
        self._repository.expect_history(HISTORY)
        candidates = ranked(lifted(ranked(self._candidates()), self._open_files, self._change))
        self._learn(candidates)
        shown = {diff.path: self._show(diff) for diff in self._change.files}
        diff_text = "\n".join(one.text for one in shown.values())
        visible = {path: one.new_lines for path, one in shown.items()}
        slices = pack(candidates, self._lines, visible, budget)
        self._keep_exhibits(slices, candidates)
        return Context(
            diff=diff_text,
            slices=tuple(evolve(one, reason=self._redactor.redact_names(one.reason)) for one in slices),
            tokens=quick_tokens(diff_text) + sum(one.tokens for one in slices),
            budget=budget,
            skipped=self._skipped(),
            redactions=self._kept_redactions(),
            exhibits=tuple(self._exhibits[key] for key in sorted(self._exhibits)),
            framing=self._redactor.redact_names(self._framing),
            reported=tool_facts(self._diagnostics, self._exhibits.values(), self._redactor),
        )

    def _candidates(self) -> Iterable[Candidate]:
        found: list[Candidate] = []
        resolver = Resolver(self._new)
        definitions = Definitions(self._new, resolver)
        changed = [one for diff in self._shown_files for one in changed_symbols(diff, self._old, self._new)]
        relatives = Relatives(self._new, resolver, changed)
        paths = {diff.path for diff in self._change.files}
        for diff in self._shown_files:
            found += relatives.above(diff, self._old)
            if diff.new_text is not None:
                found += [*around(diff, self._old, self._new), *definitions.of(diff)]
                found += tests_by_name(diff, self._old, self._new, paths)
        callers = Callers(self._new, changed)
        names = {**callers.names(), **relatives.names()}
        for wanted in list(definitions.unresolved)[: max(0, MAX_WANTED - len(names))]:
            names.setdefault(wanted.name, wanted.family)
        # One search of the repository for all that is looked for below: each costs as much as going through its files.
        query = query_of(self._change, self._facts)
        self._repository.new.expect([*words_of(query), *told_words(changed)])
        matches = search(self._repository.new, names)
        found += [*callers.of(matches), *relatives.below(matches), *definitions.guessed(matches)]
        found += by_words(self._shown_files, changed, self._new)
        found += guidelines(self._repository.old, [diff.path for diff in self._change.files])
        known = {one.file for one in found} | paths
        found += related_slices(self._change, query, self._repository, self._new, known)
        return [one for one in found if self._may_show(one.file)]

    def _may_show(self, file: str) -> bool:
        if holds_token(file):
            self._redactor.learn_name(file)
            return False
        return not is_secret_file(file) and not self._repository.ignores(file)

    def _compress(self, shown: Sequence[FileDiff], parser: Parser) -> Compression:
        if fits(shown):
            return Compression({})
        # Notes quote lines, so they are made of redacted texts.
        redacted = [evolve(one, old_text=self._safe(one, "old"), new_text=self._safe(one, "new")) for one in shown]
        return compress(redacted, self._symbols, parser)

    def _safe(self, diff: FileDiff, side: Side) -> str | None:
        text = diff.text(side)
        return None if text is None else self._redactor.redact(text, diff.path).text

    def _symbols(self, diff: FileDiff) -> tuple[Sequence[Symbol], Sequence[Symbol]]:
        old = self._old.symbols(diff.old_path or diff.path) if diff.old_text is not None else ()
        return old, self._new.symbols(diff.path) if diff.new_text is not None else ()

    def _learn_change(self) -> None:
        self._redactor.learn(self._framing, _MESSAGE)
        for skipped in (*withheld(self._whole), *self._whole.skipped):
            self._redactor.learn_name(skipped.file)
        for told in self._diagnostics:
            self._redactor.learn(told.message, PROSE)
        # What a file holds that is never shown may stand in another one.
        self._learn_files(self._whole.files)

    def _learn_files(self, files: Iterable[FileDiff]) -> None:
        for diff in files:
            for text in (diff.new_text, diff.old_text):
                if text is not None:
                    self._redactor.learn(text, diff.path)

    def _learn(self, candidates: Sequence[Candidate]) -> None:
        """Every text's secrets are known before any text is redacted; those of the change are from the start."""
        self._learn_files(unreviewed(self._change, self._repository, _LEARNED_CHARACTERS).files)
        for file, side in sorted({(one.file, one.side) for one in candidates}):
            self._redactor.learn(self._original(file, side), file)

    def _show(self, diff: FileDiff) -> ShownFile:
        if _is_secret(diff):
            return show_named(diff, NAMED_ONLY)
        if diff.path in self._compression.left_out:
            return show_named(diff, TOO_LARGE)
        for side in _SIDES:
            self._expose(diff, side)
        old, new = (
            "".join(self._redacted.get((diff.path, side), [])) if diff.text(side) is not None else None
            for side in ("old", "new")
        )
        plan = self._compression.plan(diff.path)
        notes = tuple(
            evolve(one, note=self._redactor.redact_names(self._redactor.redact(one.note, diff.path).text))
            for one in plan.folds
        )
        before, after = (shown_symbols(one, self._redactor) for one in self._symbols(diff))
        return show_file(diff, old, new, before, after, evolve(plan, folds=notes))

    def _expose(self, diff: FileDiff, side: Side) -> None:
        text = diff.text(side)
        if text is not None:
            self._redact(diff.path, side, text, diff.removed_lines if side == "old" else None)

    def _lines(self, one: Candidate) -> Sequence[str]:
        if (one.file, one.side) not in self._redacted:
            self._redact(one.file, one.side, self._original(one.file, one.side))
        return self._redacted[(one.file, one.side)]

    def _redact(self, path: str, side: Side, text: str, only: Collection[int] | None = None) -> None:
        """`only`: of the old side, what stands on the new side too is reported once."""
        result = self._redactor.redact(text, path)
        self._redacted[(path, side)] = git_lines(result.text)
        self._exhibits[(path, side)] = Exhibit(path, side, result.text, text)
        reported = (one for one in result.redactions if only is None or one.line - 1 in only)
        self._redactions.update(dict.fromkeys(self._in_file(one, side) for one in reported))

    def _in_file(self, one: Redaction, side: Side) -> Redaction:
        """A changed notebook is read by its cells, but its file is what the user can open."""
        diff = self._change.file(one.file)
        cells = None if diff is None else diff.cells(side)
        if cells is None:
            return one
        return evolve(one, line=LineIndex(cells.json).git_line_of(cells.offset(one.line - 1, 0)) + 1)

    def _original(self, path: str, side: Side) -> str:
        if side == "new":
            source = self._new.source(path)
            return source.text if source is not None else ""
        return self._repository.old.read(path) or ""

    def _keep_exhibits(self, slices: Sequence[Slice], candidates: Sequence[Candidate]) -> None:
        """What was looked at but not shown cannot be quoted."""
        kept: set[tuple[str, Side]] = {(diff.path, side) for diff in self._shown_files for side in _SIDES}
        by_place = {(one.file, one.first + 1, one.reason): one.side for one in candidates}
        kept.update((one.file, by_place[(one.file, one.start_line, one.reason)]) for one in slices)
        self._exhibits = {key: one for key, one in self._exhibits.items() if key in kept}

    def _kept_redactions(self) -> tuple[Redaction, ...]:
        files = {file for file, _ in self._exhibits}
        kept = [one for one in self._redactions if one.file in files]
        return tuple(sorted(kept, key=lambda one: (one.file, one.line, one.kind)))

    def _skipped(self) -> tuple[Skipped, ...]:
        secret = [Skipped(one.path, NAMED_ONLY) for one in self._change.files if _is_secret(one)]
        of_code = dict.fromkeys((*self._new.skipped, *self._old.skipped))  # what both sides say is said once
        said = (*self._compression.said, *long_lines(self._shown_files), *unread(self._shown_files))
        return (*withheld(self._whole), *secret, *said, *of_code)


_SIDES: tuple[Side, ...] = ("new", "old")


def _is_secret(diff: FileDiff) -> bool:
    return is_secret_file(diff.path) or (diff.old_path is not None and is_secret_file(diff.old_path))
