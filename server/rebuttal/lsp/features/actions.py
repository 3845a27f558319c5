"""Code actions: apply a fix or all of a kind, dismiss, restore, ask again, show the argument, review these lines.

An action is only named at first; its edit is made when it is chosen, against the text as it is then. What the
fix was made for must still stand there, else the action is disabled and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.encoding import clean
from rebuttal.lsp.features import fixes
from rebuttal.lsp.features.fixes import MovedOn

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

QUICK_FIX = types.CodeActionKind.QuickFix.value
FIX_ALL = "source.fixAll.rebuttal"
REVIEW = "rebuttal.review"
"""A kind of our own: no light bulb is worth it on every changed line, so it is offered only to who asks."""
KINDS = (QUICK_FIX, FIX_ALL, REVIEW)
REASONS = ("false positive", "won't fix", "later")
LINE_END = 1 << 30
"""A character beyond any line."""
_LONGEST_TITLE = 80
_UNKNOWN = "the finding is not known any more"
_NOTHING_LEFT = "none of these fixes applies to the code as it is now"


def register(ls: RebuttalServer) -> None:
    options = types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True)

    @ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def actions(ls: RebuttalServer, params: types.CodeActionParams) -> Sequence[types.CodeAction | types.Command]:
        offered = list(_offered(ls, params))
        if ls.session.flags.literal_actions:
            return offered
        return [action.command for action in offered if action.command is not None]

    @ls.feature(types.CODE_ACTION_RESOLVE)
    def resolve(ls: RebuttalServer, action: types.CodeAction) -> types.CodeAction:
        if action.data is None:  # a command: some clients have every action resolved
            return action
        try:
            action.edit = _edit(ls, action.data if isinstance(action.data, dict) else {})
        except MovedOn as moved:
            return _disable(ls, action, str(moved))
        return action


def _offered(ls: RebuttalServer, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    uri, only = params.text_document.uri, _kinds(params.context.only)
    path = ls.path(uri)
    if path is None:
        return
    if _wants(only, QUICK_FIX):
        found = _meant(ls, params)
        rules = {live.finding.rule for live in found if live.edits}
        kinds = {rule: fixes.together(ls, _of_kind(ls, path, rule), path) for rule in rules}
        for live in found:
            mine = [given for given in params.context.diagnostics if _names(given, live)]
            many = kinds.get(live.finding.rule)
            for action in (*_fix(ls, live), *_all_of_a_kind(ls, live, many), *_commands(ls, live)):
                action.diagnostics = mine or None
                yield action
        if params.context.trigger_kind is not types.CodeActionTriggerKind.Automatic:
            yield from (_restore(ls, live) for live in ls.dismissed_at(uri, params.range))
    if only and _wants(only, FIX_ALL):
        yield from _fix_all(ls, path)
    asked = params.context.trigger_kind is not types.CodeActionTriggerKind.Automatic
    if _wants(only, REVIEW) if only else asked:
        yield from _review(ls, uri, path, params.range)


def _kinds(only: Sequence[types.CodeActionKind | str] | None) -> list[str]:
    return [str(getattr(kind, "value", kind)) for kind in only or ()]


def _wants(only: Sequence[str], kind: str) -> bool:
    """Whether a kind is asked for: without a list every one is, and one in the list stands for those below it."""
    return not only or any(one in ("", kind) or kind.startswith(f"{one}.") for one in only)


def _meant(ls: RebuttalServer, params: types.CodeActionParams) -> list[LiveFinding]:
    """The findings at the place; of those on its lines the ones that the client names, where it hands ours back."""
    uri, where = params.text_document.uri, params.range
    there = ls.findings_at(uri, where)
    named = [one for one in params.context.diagnostics if isinstance(one.data, dict) and "id" in one.data]
    if not named:
        return there
    lines = types.Range(types.Position(where.start.line, 0), types.Position(where.end.line, LINE_END))
    mine = [live for live in ls.findings_at(uri, lines) if any(_names(one, live) for one in named)]
    return mine or there


def _names(diagnostic: types.Diagnostic, live: LiveFinding) -> bool:
    return isinstance(diagnostic.data, dict) and diagnostic.data.get("id") == live.finding.id


# --- fixes ---


def _fix(ls: RebuttalServer, live: LiveFinding) -> list[types.CodeAction]:
    if not live.edits:
        return []
    files = fixes.files_of(live)
    title, data = f"Apply fix: {_title(live)}", {"id": live.finding.id, "uri": ls.publisher.uri(live.path)}
    if len(files) > 1 and not _can_confirm(ls):
        # Nothing is changed in a file that the user does not see: one at a time, where each can be looked at.
        data["part"] = "next"
        try:
            number, places = fixes.next_file(ls, live)
        except MovedOn as moved:
            return _withheld(ls, _action(title, QUICK_FIX, data), str(moved))
        name = clean(places[0].path.name)
        title = f"Apply fix in {name} (file {number} of {len(files)}, one at a time): {_title(live)}"
    # An editor may apply a preferred fix unseen, and of a model's fix nobody has argued.
    action = _action(title, QUICK_FIX, data)
    action.is_preferred = (live.finding.source == "static" and not live.finding.pre_existing) or None
    return _lazily(ls, action)


def _all_of_a_kind(ls: RebuttalServer, live: LiveFinding, many: fixes.Together | None) -> list[types.CodeAction]:
    """Where more than one fix of the kind applies in the file."""
    if many is None or len(many.fixes) < 2 or live not in many.fixes:
        return []
    title = f"Fix all {len(many.fixes)} of {clean(live.finding.rule)} in this file"
    return [_of_many(ls, _action(title, QUICK_FIX, _kind_data(ls, live.path, live.finding.rule)), many)]


def _fix_all(ls: RebuttalServer, path: Path) -> list[types.CodeAction]:
    """What an editor may apply on save, unseen: fixes of tools only, never of a model."""
    many = fixes.together(ls, _of_kind(ls, path, None), path)
    if not many.fixes:
        return []
    all_of_them = f"fix all {len(many.fixes)} static findings" if len(many.fixes) > 1 else "fix the static finding"
    return [_of_many(ls, _action(f"Rebuttal: {all_of_them}", FIX_ALL, _kind_data(ls, path, None)), many)]


def _kind_data(ls: RebuttalServer, path: Path, rule: str | None) -> dict[str, Any]:
    return {"rule": rule, "uri": ls.publisher.uri(path)}


def _of_many(ls: RebuttalServer, action: types.CodeAction, many: fixes.Together) -> types.CodeAction:
    if not ls.session.flags.resolve_action_edit:
        action.edit = fixes.workspace_edit(ls, many.edits, action.title)
    return action


def _of_kind(ls: RebuttalServer, path: Path, rule: str | None) -> list[LiveFinding]:
    """The shown findings of a rule in a file; without one, all static ones. What stood before the change is mended one
    by one only: nobody asked to have the rest of the file changed."""
    lines = ls.publisher.lines(path)
    if lines is None:
        return []
    found: list[LiveFinding] = []
    for live in ls.session.findings_in(path):
        finding = live.finding
        wanted = finding.rule == rule if rule is not None else finding.source == "static"
        if finding.status != "open" or finding.pre_existing or not wanted:
            continue
        live.settle(lines)
        if not live.stale:
            found.append(live)
    return found


def _lazily(ls: RebuttalServer, action: types.CodeAction) -> list[types.CodeAction]:
    """The action with its edit to come, or with it for a client that does not ask; one that does not apply says so."""
    assert isinstance(action.data, dict)
    try:
        edit = _edit(ls, action.data)
    except MovedOn as moved:
        return _withheld(ls, action, str(moved))
    if not ls.session.flags.resolve_action_edit:
        action.edit = edit
    return [action]


def _edit(ls: RebuttalServer, data: dict[str, Any]) -> types.WorkspaceEdit:
    """The edit of an action by its data. Raises MovedOn."""
    uri = data.get("uri")
    path = ls.path(uri) if isinstance(uri, str) else None
    if "rule" in data:
        rule = data["rule"]
        if path is None or not isinstance(rule, str | None):
            raise MovedOn(_UNKNOWN)
        many = fixes.together(ls, _of_kind(ls, path, rule), path)
        if not many.fixes:
            raise MovedOn(_NOTHING_LEFT)
        return fixes.workspace_edit(ls, many.edits, rule or "static findings")
    found = ls.session.find(data["id"], path) if isinstance(data.get("id"), str) else None
    if found is None or not found[1].edits:
        raise MovedOn(_UNKNOWN)
    live = found[1]
    edits = fixes.next_file(ls, live)[1] if data.get("part") == "next" else fixes.placed(ls, live)
    return fixes.workspace_edit(ls, edits, _title(live))


def _can_confirm(ls: RebuttalServer) -> bool:
    return ls.session.flags.document_changes and ls.session.flags.annotated_edits


def _withheld(ls: RebuttalServer, action: types.CodeAction, reason: str) -> list[types.CodeAction]:
    return [_disable(ls, action, reason)] if ls.session.flags.disabled_actions else []


def _disable(ls: RebuttalServer, action: types.CodeAction, reason: str) -> types.CodeAction:
    action.edit = None
    if ls.session.flags.disabled_actions:
        action.disabled = types.CodeActionDisabled(reason=f"Not applied: {reason}.")
    else:
        ls.say(f"The fix is not applied: {reason}.", types.MessageType.Info)
    return action


# --- commands ---


def _commands(ls: RebuttalServer, live: LiveFinding) -> list[types.CodeAction]:
    title, run = _title(live), _runner(ls, live)
    offered = [run(f"Show the argument: {title}", "rebuttal.showTrace")]
    if live.finding.source == "debate":
        offered.append(run(f"Ask again: {title}", "rebuttal.askAgain"))
    return offered + [run(f"Dismiss ({reason}): {title}", "rebuttal.dismiss", reason=reason) for reason in REASONS]


def _restore(ls: RebuttalServer, live: LiveFinding) -> types.CodeAction:
    return _runner(ls, live)(f"Restore dismissed: {_title(live)}", "rebuttal.restore")


def _runner(ls: RebuttalServer, live: LiveFinding) -> Callable[..., types.CodeAction]:
    # Two worktrees of one repository may hold the same finding: the file says which is meant.
    named = {"finding": live.finding.id, "uri": ls.publisher.uri(live.path)}

    def run(label: str, command: str, **arguments: str) -> types.CodeAction:
        target = types.Command(title=label, command=command, arguments=[{**named, **arguments}])
        return types.CodeAction(title=label, kind=QUICK_FIX, command=target)

    return run


def _review(ls: RebuttalServer, uri: str, path: Path, where: types.Range) -> Iterator[types.CodeAction]:
    """Of the selection where there is one, else of the changed lines around the cursor."""
    title, lines = "Review the selection", where
    if where.start == where.end:
        hunk = ls.hunks.around(path, where.start.line)
        if hunk is None:
            return
        title, lines = "Review this hunk", hunk
    arguments = {"uri": uri, "scope": "range", "range": lines_of(lines)}
    command = types.Command(title=title, command="rebuttal.review", arguments=[arguments])
    yield types.CodeAction(title=f"Rebuttal: {title.lower()}", kind=REVIEW, command=command)


def lines_of(where: types.Range) -> dict[str, Any]:
    """A range as a command's argument."""
    ends = (("start", where.start), ("end", where.end))
    return {name: {"line": at.line, "character": at.character} for name, at in ends}


def _action(title: str, kind: str, data: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(title=title, kind=kind, data=data)


def _title(live: LiveFinding) -> str:
    title = " ".join(clean(live.finding.title).split())
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
