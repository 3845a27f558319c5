"""Hover: the finding, both sides' strongest argument, the verdict, the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.render import hover_markdown, hover_plain

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer


MOST = 5
"""Findings in one hover; more are counted."""


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: RebuttalServer, params: types.HoverParams) -> types.Hover | None:
        found = ls.findings_at(params.text_document.uri, types.Range(params.position, params.position))
        if not found:
            return None
        return types.Hover(contents=_content(ls, found))


def _content(ls: RebuttalServer, found: list[LiveFinding]) -> types.MarkupContent:
    found = sorted(found, key=lambda live: (live.finding.pre_existing, SEVERITIES.index(live.finding.severity)))
    more = [f"and {len(found) - MOST} more here"] if len(found) > MOST else []
    if ls.session.flags.markdown_hover:
        text = "\n\n---\n\n".join([*(hover_markdown(live.finding, ls.money) for live in found[:MOST]), *more])
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    text = "\n\n".join([*(hover_plain(live.finding, ls.money) for live in found[:MOST]), *more])
    return types.MarkupContent(types.MarkupKind.PlainText, text)
