"""What findings are known by: the symbol around one, and the id that it had while its file had another name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rebuttal.change.model import Change
from rebuttal.findings.model import Finding
from rebuttal.findings.renames import dismissed_before
from rebuttal.review.parts import Parts
from rebuttal.text.languages import language_of
from rebuttal.text.parsing import Parser, Unparsed


def symbol_of(change: Change, finding: Finding, parser: Parser) -> str:
    """The qualified name of the symbol around a finding, "" where there is none or it cannot be told."""
    from rebuttal.text.symbols import enclosing, symbols_of

    diff, language = change.file(finding.file), language_of(finding.file)
    text = diff.text("old" if finding.side == "old" else "new") if diff else None
    if text is None or language is None or finding.cell is not None:
        return ""
    if finding.side == "file" and finding.source == "debate":
        return ""
    try:
        around = enclosing(symbols_of(text, language, parser), finding.range.start.line)
    except Unparsed:
        return ""
    return around.qualified if around else ""


def before(parts: Parts, findings: Iterable[Finding]) -> Mapping[str, str]:
    """Ids of findings that were dismissed while their file had another name, with the ids that they had then. May parse
    files: not for an event loop's thread."""
    if not parts.dismissed or not parts.renames:
        return {}
    parser = Parser()
    return dismissed_before(findings, lambda one: symbol_of(parts.change, one, parser), parts.renames, parts.dismissed)
