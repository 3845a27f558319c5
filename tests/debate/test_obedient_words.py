"""What an obedient seat says is shown as words: nothing of it is a heading, a link, an image, HTML or an escape.

The Markdown is read by a real parser, with links made of bare addresses as editors do, since no list of characters to
escape is known to be complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from attrs import evolve
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rebuttal.debate.model import Outcome, Ruling, Turn
from rebuttal.debate.transcript import transcript
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Coverage, EstimateTotal, Report, ScopeReport, Timing
from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.reports.sarif_report import to_sarif
from rebuttal.findings.reports.text_report import to_text
from rebuttal.lsp.render import diagnostic_text, hover_markdown, hover_plain, trace_markdown
from rebuttal.store.model import Cost
from rebuttal.text.hidden import has_hidden, in_json
from tests.debate.conftest import LOOP_CLAIM, LOOP_LINE, Said, fails, play, says, shown
from tests.debate.injections import Injection, injections
from tests.debate.test_obedience import NOTHING, brief_for

CASES = injections()
_OURS = {
    "h1",
    "h2",
    "h3",
    "p",
    "blockquote",
    "code",
    "fence",
    "strong",
    "em",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
}
_OURS |= {"th", "td", "pre", "br", ""}


def said_by_obedient(case: Injection) -> Outcome:
    """A claim, a ruling, a file, a failure in the injection's own words; others confirm the claim."""
    claim = evolve(LOOP_CLAIM, title=case.words, argument=f"{case.words}\n\n{case.words}")
    lost = evolve(claim, file=case.words[:300], quote=case.words)

    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return {"security-analyst": says(claim, lost), "architect": fails("refusal", case.words[:500])}.get(
                turn.seat, says()
            )
        rulings = tuple(
            Ruling(one["claim"], "confirmed", "shop/users.py", LOOP_LINE, case.words, "high") for one in shown(turn)
        )
        return says(rulings=rulings)

    return play(brief_for(case), script).outcome


def report_of(outcome: Outcome, words: str) -> Report:
    return Report(
        scope=ScopeReport(kind="work tree", base="0" * 40, base_reason=words[:200], head="work tree"),
        panel="small",
        findings=outcome.findings,
        held_back=outcome.held_back,
        coverage=Coverage(),
        degraded=outcome.degraded,
        estimate=EstimateTotal(),
        cost=Cost(),
        timing=Timing(),
        not_spent=None,
        notes=(words[:300],),
    )


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _tokens(text: str) -> Iterator[Token]:
    for token in _markdown().parse(text):
        yield token
        yield from token.children or ()


def _check_markdown(text: str, headings: int) -> None:
    tokens = list(_tokens(text))
    assert not [token for token in tokens if token.type.startswith(("html", "link", "image", "s_"))]
    assert {token.tag for token in tokens} <= _OURS
    assert sum(token.type == "heading_open" for token in tokens) == headings
    assert not has_hidden(text)
    shown_text = [token.content for token in tokens if token.type == "text"]
    # Editors make links of bare addresses, unless an escape breaks them.
    assert not re.search(r"(?<!\\)(?:https?|command|vscode|file|mailto):(?=\S)", _unfenced(text)), shown_text
    assert not re.search(r"(?<![\\\w])www\.(?=\w)", _unfenced(text))
    assert not re.search(r"(?<!\\)@(?=\w)", _unfenced(text))


def _unfenced(text: str) -> str:
    """Without blocks and spans of code, in which nothing is a link."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_transcript_shows_words_as_words(case: Injection) -> None:
    outcome = said_by_obedient(case)
    text = transcript(outcome, f"The debate {case.words[:500]}")
    became = [one.settled.outcome for one in outcome.contentions if one.settled is not None]
    told_whole = [one for one in became if one != "dropped"]
    _check_markdown(text, 1 + len(set(became)) + len(told_whole) + bool(outcome.set_aside) + 3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_hover_and_trace_show_words_as_words(case: Injection) -> None:
    for finding in _findings(said_by_obedient(case)):
        _check_markdown(hover_markdown(finding), 0)
        trace = trace_markdown(finding)
        _check_markdown(trace, 1 + len(finding.trace) + bool(finding.trace) + bool(finding.related))
        for plain in (diagnostic_text(finding), hover_plain(finding)):
            assert not has_hidden(plain)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_reports_hold_nothing_that_is_acted_on(case: Injection) -> None:
    outcome = said_by_obedient(case)
    report = report_of(outcome, case.words)
    text = to_text(report, colour=False, width=100)
    assert not has_hidden(text.replace("\n", " "))
    clean = to_text(report_of(said_by_obedient(NOTHING), ""), colour=False, width=100)
    assert _heads(text) <= _heads(clean) + 1
    sarif = to_sarif(report)
    for message in _messages(sarif):
        assert not re.search(r"(?<!\\)\]\(", message)
        assert not has_hidden(message)
    for data in (sarif, to_json(report)):
        written = in_json(data)
        assert json.loads(written) == json.loads(json.dumps(data))
        assert not has_hidden(written.replace("\n", " "))


def _findings(outcome: Outcome) -> tuple[Finding, ...]:
    return (*outcome.findings, *outcome.held_back)


def _heads(text: str) -> int:
    """Lines of a text report that begin a finding: at the margin, with place and severity."""
    return len(re.findall(r"^\S.*:\d+(?::\d+)? (?:\([^)]*\) )?(?:critical|high|medium|low) ", text, re.MULTILINE))


def _messages(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "text" and isinstance(value, str):
                yield value
            elif key not in ("snippet", "insertedContent"):
                yield from _messages(value)
    elif isinstance(data, list):
        for value in data:
            yield from _messages(value)


def test_a_file_in_sarif_is_a_path_and_nothing_else() -> None:
    case = next(one for one in CASES if one.id == "file-name-that-closes-the-attribute")
    outcome = said_by_obedient(case)
    odd = evolve(outcome.findings[0], file=next(iter(case.files)))
    (result,) = to_sarif(report_of(evolve(outcome, findings=(odd,), held_back=()), ""))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri)
    assert Path(uri).parts[0] == "shop"
