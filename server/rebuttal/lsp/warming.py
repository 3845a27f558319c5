"""Readiness for the first message of each kind.

How messages of a kind are read and written is worked out when the first one comes, which takes tens of milliseconds for
a large one. Here that is done before, in portions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin

import attrs
from lsprotocol import types

from rebuttal.lsp.portions import Portions

if TYPE_CHECKING:
    from cattrs import Converter

_ANSWERED: tuple[type, ...] = (types.ServerCapabilities, types.InitializeResult)
_READ: tuple[type, ...] = (
    types.DidOpenTextDocumentNotification,
    types.DidChangeTextDocumentNotification,
    types.DidSaveTextDocumentNotification,
    types.DidCloseTextDocumentNotification,
    types.HoverRequest,
    types.CodeActionRequest,
    types.CodeActionResolveRequest,
    types.CodeLensRequest,
    types.CodeLensResolveRequest,
    types.ExecuteCommandRequest,
)
_WRITTEN: tuple[type, ...] = (
    types.ConfigurationParams,
    types.RegistrationParams,
    types.DidChangeWatchedFilesRegistrationOptions,
    types.PublishDiagnosticsParams,
    types.Diagnostic,
    types.Hover,
    types.CodeAction,
    types.WorkspaceEdit,
    types.TextDocumentEdit,
    types.TextEdit,
    types.CodeLens,
    types.ProgressParams,
    types.WorkDoneProgressReport,
)


def for_initialize(converter: Converter, data: Mapping[str, Any]) -> Portions[None]:
    """What the message `data`, an `initialize`, holds, and its answer."""
    yield from _reading(converter, types.InitializeRequest, data)
    yield from _writing(converter, _ANSWERED)


def ahead(converter: Converter) -> Portions[None]:
    """What an editor sends and is sent while its user works, and what reads findings."""
    for kind in _READ:
        converter.get_structure_hook(kind)
        yield
    yield from _writing(converter, _WRITTEN)
    import rebuttal.evidence.linting.names
    import rebuttal.findings.wire  # noqa: F401  # each takes milliseconds when it is first wanted


def _writing(converter: Converter, kinds: tuple[type, ...]) -> Portions[None]:
    # Lists first, for each new kind of list has cattrs forget what else it has worked out.
    for kind in (list, dict, *_lists(kinds), *kinds):
        converter.get_unstructure_hook(kind)
        yield


def _reading(converter: Converter, kind: Any, value: Any, *, by_itself: bool = True) -> Portions[None]:
    """`by_itself`: not worked out with what it is a part of, as a part that may be left out is."""
    if isinstance(value, list):
        for part in get_args(kind):
            for one in value:
                yield from _reading(converter, part, one)
    elif isinstance(value, Mapping) and isinstance(kind, type) and attrs.has(kind):
        for one in attrs.fields(kind):
            inner = value.get(_name(one.name))
            yield from _reading(converter, one.type, inner, by_itself=not isinstance(one.type, type))
        if by_itself:
            converter.get_structure_hook(kind)
            yield
    elif isinstance(value, Mapping):
        for part in get_args(kind):
            yield from _reading(converter, part, value)


def _lists(kinds: Iterable[Any]) -> list[Any]:
    """The kinds of lists in messages of these kinds."""
    found: dict[Any, None] = {}
    seen, left = set[Any](), list(kinds)
    while left:
        kind = left.pop()
        if kind in seen:
            continue
        seen.add(kind)
        if get_origin(kind) is Sequence:
            found[kind] = None
        left += get_args(kind)
        if isinstance(kind, type) and attrs.has(kind):
            left += [one.type for one in attrs.fields(kind)]
    return list(found)


def _name(attribute: str) -> str:
    first, *rest = attribute.removesuffix("_").split("_")
    return first + "".join(map(str.title, rest))
