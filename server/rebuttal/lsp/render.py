"""Findings as text for people: diagnostics (plain), hover and trace (Markdown).

What a model or a repository wrote is never Markdown to the editor: it is escaped, so that it can show no image
from elsewhere, no link, no command and no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from rebuttal.lsp.encoding import clean
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.text.hidden import visible

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding, TraceStep

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-!|~$:@]|(?<=www)\.)")
_LONGEST_ARGUMENT = 600
_VERDICTS = {
    "confirmed": "confirmed by another reviewer",
    "unopposed": "nobody objected",
    "contested": "contested, it stood",
    "unverified": "not verified",
    "static": "found without a model",
}


def escape(text: str) -> str:
    """`text` as Markdown that shows exactly it, on one line."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(clean(text).split()))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fenced(code: str) -> str:
    """`code` as a block that it cannot leave."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    body = "\n".join(line.rstrip("\r") for line in visible(code).removesuffix("\n").split("\n"))
    return f"{fence}\n{body}\n{fence}"


def diagnostic_text(finding: Finding) -> str:
    """Title and message, plain text."""
    title, message = clean(finding.title).strip(), clean(finding.message).strip()
    if not message or message == title:
        return title
    return message if message.startswith(title) else f"{title}\n{message}"


def hover_markdown(finding: Finding, money: Money = DOLLARS) -> str:
    """The finding by its title, both sides' strongest argument, the verdict and the cost.

    Not its message: editors show the diagnostic, which has it, in the same box.
    """
    parts = [f"**{escape(finding.title)}** · {finding.severity} · {finding.category}"]
    raised, objected = both_sides(finding)
    if raised is not None:
        parts.append(f"*For ({escape(raised.seat)})*: {_argument(raised)}")
    if objected is not None:
        parts.append(f"*Against ({escape(objected.seat)})*: {_argument(objected)}")
    parts.append(f"{_verdict(finding)} · {finding.confidence} · {cost_of(finding, money)}")
    return "\n\n".join(parts)


def hover_plain(finding: Finding, money: Money = DOLLARS) -> str:
    """The same for a client that shows no Markdown."""
    parts = [f"{_line(finding.title)} ({finding.severity}, {finding.category})"]
    raised, objected = both_sides(finding)
    if raised is not None:
        parts.append(f"For ({_line(raised.seat)}): {_short(_line(raised.text))}")
    if objected is not None:
        parts.append(f"Against ({_line(objected.seat)}): {_short(_line(objected.text))}")
    return "\n".join([*parts, f"{_verdict(finding)} · {finding.confidence} · {cost_of(finding, money)}"])


def _verdict(finding: Finding) -> str:
    return f"{'stood before the change, ' if finding.pre_existing else ''}{_VERDICTS[finding.verdict]}"


def cost_of(finding: Finding, money: Money) -> str:
    if finding.source == "static":
        return "free"
    return money(sum((step.spent for step in finding.trace), Decimal(0)))


def both_sides(finding: Finding) -> tuple[TraceStep | None, TraceStep | None]:
    """The step that speaks best for the finding and the one that speaks best against it."""
    speaking = [step for step in finding.trace if step.text.strip()]
    against = [step for step in speaking if step.verdict == "refuted"]
    confirming = [step for step in speaking if step.verdict == "confirmed"]
    raising = [step for step in speaking if step.seat in finding.raised_by and step.verdict != "refuted"]
    return _strongest([*confirming, *raising]), _strongest(against)


def trace_markdown(finding: Finding, money: Money = DOLLARS) -> str:
    """Who raised the finding, who objected, which lines settled it, what each step cost."""
    by = ", ".join(finding.raised_by) or "the static panel"
    where = f"line {finding.range.start.line + 1}"
    if finding.cell is not None:
        where = f"cell {finding.cell.index + 1}, line {finding.cell.range.start.line + 1}"
    parts = [
        f"# {escape(finding.title)}",
        f"{_standing(finding)} · {escape(finding.file)} {where} · raised by {escape(by)} · {cost_of(finding, money)}",
        escape(finding.message),
    ]
    if finding.quote.strip():
        parts.append(fenced(finding.quote))
    if finding.trace:
        parts.append("## How it came to stand")
    parts += [_step_markdown(step, money) for step in finding.trace]
    if finding.related:
        parts.append("## Other places")
        parts += [
            f"- {escape(one.file)} line {one.range.start.line + 1}: {escape(one.message)}" for one in finding.related
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _standing(finding: Finding) -> str:
    return f"{finding.severity} · {finding.category} · {_verdict(finding)} · {finding.confidence}"


def _step_markdown(step: TraceStep, money: Money) -> str:
    verdict = f" · {escape(step.verdict)}" if step.verdict else ""
    refinement = f" ({escape(step.refinement)} pass)" if step.refinement else ""
    head = f"### {escape(step.phase)}{refinement} · {escape(step.seat)}{verdict} · {money(step.spent)}"
    quote = f"\n\n{fenced(step.quote)}" if step.quote and step.quote.strip() else ""
    spoken = " · ".join(escape(one) for one in (step.model, step.why) if one)
    by = f"\n\n*{spoken}*" if spoken else ""
    return f"{head}\n\n{escape(step.text)}{quote}{by}"


def _strongest(steps: Iterable[TraceStep]) -> TraceStep | None:
    """One that quotes code before one that does not; then the first."""
    return min(steps, key=lambda step: not step.quote, default=None)


def _argument(step: TraceStep) -> str:
    return escape(_short(step.text.strip()))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_ARGUMENT else text[:_LONGEST_ARGUMENT].rstrip() + "…"


def _line(text: str) -> str:
    return " ".join(clean(text).split())
