"""Code actions: apply a fix, dismiss, show the argument.

An action is only named at first; its edit is made when it is chosen, against the text as it is then. What the
fix was made for must still stand there, else the action is disabled and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from rebuttal.lsp.anchors import AnchoredEdit, LiveFinding, relocate
from rebuttal.lsp.encoding import clean

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

_LONGEST_TITLE = 80
_CONFIRM = "rebuttal"
_REASONS = ("false positive", "won't fix", "later")


class MovedOn(Exception):
    """The fix does not apply any more; the message is the reason, for the user."""


def register(ls: RebuttalServer) -> None:
    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix], resolve_provider=True)

    @ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def actions(ls: RebuttalServer, params: types.CodeActionParams) -> Sequence[types.CodeAction | types.Command]:
        found = ls.findings_at(params.text_document.uri, params.range)
        if not ls.session.flags.literal_actions:
            return [action.command for live in found for action in _commands(ls, live) if action.command]
        if not _wanted(params.context.only):
            return []
        offered: list[types.CodeAction] = []
        for live in found:
            mine = [given for given in params.context.diagnostics if _names(given, live)]
            offered += [_with(action, mine) for action in (*_fix(ls, live), *_commands(ls, live))]
        return offered

    @ls.feature(types.CODE_ACTION_RESOLVE)
    def resolve(ls: RebuttalServer, action: types.CodeAction) -> types.CodeAction:
        if action.data is None:  # a command: some clients have every action resolved
            return action
        data = action.data if isinstance(action.data, dict) else {}
        finding_id, uri = data.get("id"), data.get("uri")
        path = ls.path(uri) if isinstance(uri, str) else None
        found = ls.session.find(finding_id, path) if isinstance(finding_id, str) else None
        if found is None:
            return _disable(ls, action, "the finding is not known any more")
        return _resolved(ls, action, found[1])


def _wanted(only: Sequence[types.CodeActionKind | str] | None) -> bool:
    if not only:
        return True
    kinds = [str(getattr(kind, "value", kind)) for kind in only]
    return any(kind in ("", "quickfix") for kind in kinds)


def _names(diagnostic: types.Diagnostic, live: LiveFinding) -> bool:
    return isinstance(diagnostic.data, dict) and diagnostic.data.get("id") == live.finding.id


def _with(action: types.CodeAction, diagnostics: list[types.Diagnostic]) -> types.CodeAction:
    action.diagnostics = diagnostics or None
    return action


def _fix(ls: RebuttalServer, live: LiveFinding) -> list[types.CodeAction]:
    if not live.edits:
        return []
    action = types.CodeAction(
        title=f"Apply fix: {_title(live)}",
        kind=types.CodeActionKind.QuickFix,
        # An editor may apply a preferred fix unseen, and of a model's fix nobody has argued.
        is_preferred=live.finding.source == "static" or None,
        data={"id": live.finding.id, "uri": ls.publisher.uri(live.path)},
    )
    if ls.session.flags.resolve_action_edit:
        try:
            _places(ls, live)
        except MovedOn as moved:
            return [_disable(ls, action, str(moved))] if ls.session.flags.disabled_actions else []
        return [action]
    resolved = _resolved(ls, action, live)
    return [resolved] if resolved.edit is not None or resolved.disabled is not None else []


def _commands(ls: RebuttalServer, live: LiveFinding) -> list[types.CodeAction]:
    title = _title(live)
    # Two worktrees of one repository may hold the same finding: the file says which is meant.
    named = {"finding": live.finding.id, "uri": ls.publisher.uri(live.path)}

    def action(label: str, command: str, **arguments: str) -> types.CodeAction:
        target = types.Command(title=label, command=command, arguments=[{**named, **arguments}])
        return types.CodeAction(title=label, kind=types.CodeActionKind.QuickFix, command=target)

    dismissals = [action(f"Dismiss ({reason}): {title}", "rebuttal.dismiss", reason=reason) for reason in _REASONS]
    return [action(f"Show the argument: {title}", "rebuttal.showTrace"), *dismissals]


def _resolved(ls: RebuttalServer, action: types.CodeAction, live: LiveFinding) -> types.CodeAction:
    try:
        action.edit = _workspace_edit(ls, live)
    except MovedOn as moved:
        return _disable(ls, action, str(moved))
    return action


def _disable(ls: RebuttalServer, action: types.CodeAction, reason: str) -> types.CodeAction:
    action.edit = None
    if ls.session.flags.disabled_actions:
        action.disabled = types.CodeActionDisabled(reason=f"Not applied: {reason}.")
    else:
        ls.say(f"The fix is not applied: {reason}.", types.MessageType.Info)
    return action


def _places(ls: RebuttalServer, live: LiveFinding) -> list[tuple[AnchoredEdit, types.TextEdit]]:
    """Each edit with where it applies now. Raises MovedOn if one does not."""
    placed: list[tuple[AnchoredEdit, types.TextEdit]] = []
    for anchored in live.edits:
        lines = ls.publisher.lines(anchored.path)
        if lines is None:
            raise MovedOn("the file cannot be read")
        moved = live.moved_lines if anchored.path == live.path else 0
        place = relocate(anchored, lines, moved, live.reviewed if anchored.path == live.path else None)
        if place.range is None:
            raise MovedOn(place.reason)
        where = ls.publisher.client_range(place.range, lines)
        placed.append((anchored, types.TextEdit(where, anchored.edit.new_text)))
    return placed


def _workspace_edit(ls: RebuttalServer, live: LiveFinding) -> types.WorkspaceEdit:
    by_file: dict[Path, list[types.TextEdit]] = {}
    for anchored, edit in _places(ls, live):
        by_file.setdefault(anchored.path, []).append(edit)
    if not ls.session.flags.document_changes:
        return types.WorkspaceEdit(changes={ls.publisher.uri(path): edits for path, edits in by_file.items()})
    # Several files at once: the user sees what will change first, where the client can show it.
    confirm = len(by_file) > 1 and ls.session.flags.annotated_edits
    changes = [_document_edit(ls, path, edits, confirm) for path, edits in by_file.items()]
    annotation = types.ChangeAnnotation(label=_title(live), needs_confirmation=True)
    return types.WorkspaceEdit(document_changes=changes, change_annotations={_CONFIRM: annotation} if confirm else None)


def _document_edit(
    ls: RebuttalServer, path: Path, edits: list[types.TextEdit], confirm: bool
) -> types.TextDocumentEdit:
    document = ls.document(path)
    version = document.version if document is not None else None
    target = types.OptionalVersionedTextDocumentIdentifier(uri=ls.publisher.uri(path), version=version)
    annotated = [types.AnnotatedTextEdit(_CONFIRM, edit.range, edit.new_text) for edit in edits]
    return types.TextDocumentEdit(target, annotated if confirm else edits)


def _title(live: LiveFinding) -> str:
    title = " ".join(clean(live.finding.title).split())
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
