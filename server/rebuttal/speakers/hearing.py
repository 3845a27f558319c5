"""What is heard of one response, event by event. Pure: no network, no SDK.

The SDK checks no responses: any field may be missing or of another type, so everything is read with care.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, field

from rebuttal.debate.model import Claim
from rebuttal.debate.statement import StatementError, claim_from, one_line
from rebuttal.speakers.endpoints.lenient import Preamble, json_within
from rebuttal.speakers.stream_json import ArrayElements
from rebuttal.store.model import Tokens

_MOST = 10**8
"""Tokens, far above what any model takes or gives: a figure beyond it is none."""
_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


@define
class Hearing:
    """A response as far as it has arrived."""

    model: str | None = None
    """The model that answers; None until the response has begun."""
    stop_reason: str | None = None
    refusal: str | None = None
    """Why the model declined, in the API's words, where it said so."""
    id: str | None = None
    """Of the answer, as the service names it."""
    diagnosis: str | None = None
    """Why the cache did not serve the request as it served the one that the request named: the type of the reason, ""
    where there is none; None where the service does not say, or not yet."""
    ended: bool = False
    """The stream came to its proper end."""
    within: frozenset[str] | None = None
    """Where prose may stand around the answer: the fields that tell it from other objects."""
    _preamble: Preamble = field(factory=Preamble)
    _texts: list[str] = field(factory=list)
    _usage: dict[str, Any] = field(factory=dict)
    _has_final: bool = False
    """Whether the output was counted at its end: what is said of it at the begin is not what is billed."""
    _kinds: dict[int, str] = field(factory=dict)
    _elements: ArrayElements = field(factory=lambda: ArrayElements("claims"))

    @property
    def begun(self) -> bool:
        return self.model is not None

    @property
    def text(self) -> str:
        """The answer: its text blocks, without thinking."""
        whole = "".join(self._texts)
        return whole if self.within is None else json_within(whole, self.within)

    @property
    def tokens(self) -> Tokens | None:
        """What is billed; None while it is not final, or where the figures cannot be used."""
        if self.stop_reason is None:
            return None
        counts = [self._usage.get(name) or 0 for name in _COUNTS]
        hour = self._usage.get("ephemeral_1h_input_tokens") or 0
        if any(not isinstance(count, int) or not 0 <= count <= _MOST for count in (*counts, hour)):
            return None
        if not self._has_final or "input_tokens" not in self._usage:
            return None
        plain, write, read, output = counts
        return Tokens(input=plain, cache_write=write, cache_read=read, output=output, cache_write_1h=min(hour, write))

    @property
    def cached(self) -> int:
        """Tokens of the prompt that the cache holds now: read, or written. Known from the begin of the response."""
        counts = [self._usage.get(name) or 0 for name in _COUNTS[1:3]]
        return sum(count for count in counts if isinstance(count, int) and 0 < count <= _MOST)

    def hear(self, event: Any) -> tuple[Claim, ...]:
        """Take in one event of the stream; gives the claims that it completes."""
        claims: tuple[Claim, ...] = ()
        match getattr(event, "type", None):
            case "message_start":
                message = getattr(event, "message", None)
                self.model = _string(getattr(message, "model", None)) or ""
                self.id = _string(getattr(message, "id", None))
                self.diagnosis = _diagnosis(getattr(message, "diagnostics", None))
                self._count(getattr(message, "usage", None))
            case "content_block_start":
                self._kinds[_index(event)] = _string(getattr(getattr(event, "content_block", None), "type", None)) or ""
            case "content_block_delta":
                claims = tuple(self._delta(event))
            case "message_delta":
                self._message_delta(event)
            case "message_stop":
                self.ended = True
        return claims

    def _delta(self, event: Any) -> Iterator[Claim]:
        delta = getattr(event, "delta", None)
        text = _string(getattr(delta, "text", None))
        if getattr(delta, "type", None) != "text_delta" or self._kinds.get(_index(event)) != "text" or not text:
            return
        self._texts.append(text)
        for element in self._elements.feed(text if self.within is None else self._preamble.feed(text)):
            claim = _claim(element)
            if claim is not None:
                yield claim

    def _message_delta(self, event: Any) -> None:
        delta = getattr(event, "delta", None)
        self.stop_reason = _string(getattr(delta, "stop_reason", None)) or self.stop_reason
        details = getattr(delta, "stop_details", None)
        why = _string(getattr(details, "explanation", None)) or _string(getattr(details, "category", None))
        self.refusal = one_line(why, 300) if why else self.refusal
        usage = getattr(event, "usage", None)
        self._count(usage)
        self._has_final |= getattr(usage, "output_tokens", None) is not None

    def _count(self, usage: Any) -> None:
        """Figures are cumulative: a later one replaces an earlier one; None says nothing."""
        found = {name: getattr(usage, name, None) for name in _COUNTS}
        creation = getattr(usage, "cache_creation", None)
        found["ephemeral_1h_input_tokens"] = getattr(creation, "ephemeral_1h_input_tokens", None)
        self._usage |= {name: value for name, value in found.items() if value is not None}


def _claim(element: str) -> Claim | None:
    """None for a claim that is not as it must be: the whole answer is checked at its end, and says why."""
    import jiter

    try:
        return claim_from(jiter.from_json(element.encode()))
    except (ValueError, StatementError):
        return None


def _diagnosis(said: Any) -> str | None:
    """Null is no difference; an object without a reason is a comparison that is still being made."""
    if said is None:
        return ""
    return _string(getattr(getattr(said, "cache_miss_reason", None), "type", None))


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _index(event: Any) -> int:
    found = getattr(event, "index", None)
    return found if isinstance(found, int) else 0
