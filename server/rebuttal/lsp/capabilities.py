"""What the client can do, resolved once to flags; nothing else walks the capabilities."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from lsprotocol import types


@frozen
class ClientFlags:
    """The client's abilities that change what the server sends."""

    work_done_progress: bool = False
    show_document: bool = False
    text_document_content: bool = False
    configuration: bool = False
    register_configuration: bool = False
    """Tells us of changed settings only if asked at run time."""
    register_watched_files: bool = False
    resolve_action_edit: bool = False
    disabled_actions: bool = False
    literal_actions: bool = False
    document_changes: bool = False
    annotated_edits: bool = False
    markdown_hover: bool = False
    related_information: bool = False
    code_description: bool = False
    diagnostic_data: bool = False
    diagnostic_tags: frozenset[int] = frozenset()
    refresh_lenses: bool = False


def resolve(client: types.ClientCapabilities) -> ClientFlags:
    """The flags of what a client declared in `initialize`."""

    def has(path: str) -> bool:
        return bool(_walk(client, path))

    properties = _walk(client, "text_document.code_action.resolve_support.properties") or ()
    formats = _walk(client, "text_document.hover.content_format") or ()
    return ClientFlags(
        work_done_progress=has("window.work_done_progress"),
        show_document=has("window.show_document.support"),
        text_document_content=_walk(client, "workspace.text_document_content") is not None,
        configuration=has("workspace.configuration"),
        register_configuration=has("workspace.did_change_configuration.dynamic_registration"),
        register_watched_files=has("workspace.did_change_watched_files.dynamic_registration"),
        resolve_action_edit="edit" in properties and has("text_document.code_action.data_support"),
        disabled_actions=has("text_document.code_action.disabled_support"),
        literal_actions=_walk(client, "text_document.code_action.code_action_literal_support") is not None,
        document_changes=has("workspace.workspace_edit.document_changes"),
        annotated_edits=_walk(client, "workspace.workspace_edit.change_annotation_support") is not None,
        markdown_hover=types.MarkupKind.Markdown in formats,
        related_information=has("text_document.publish_diagnostics.related_information"),
        code_description=has("text_document.publish_diagnostics.code_description_support"),
        diagnostic_data=has("text_document.publish_diagnostics.data_support"),
        diagnostic_tags=frozenset(
            map(int, _walk(client, "text_document.publish_diagnostics.tag_support.value_set") or ())
        ),
        refresh_lenses=has("workspace.code_lens.refresh_support"),
    )


def _walk(client: types.ClientCapabilities, path: str) -> Any:
    value: Any = client
    for name in path.split("."):
        value = getattr(value, name, None)
        if value is None:
            return None
    return value
