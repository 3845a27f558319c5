"""Every fault that a debate can meet, what Rebuttal does about it, and what it may cost.

The tests and docs/RELIABILITY.md are both made of this table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from attrs import evolve, field, frozen

from rebuttal.debate.model import FailureKind
from tests.emulator import Fault, Rule

Way = Literal["again", "next model", "larger", "seat ends", "debate ends", "goes on"]
"""again: the same model is asked again, then another one. next model: another one at once. larger: the same model,
with more room. seat ends: nobody is asked again for this seat. debate ends: nothing more is asked. goes on: the answer
counts."""
Money = Literal["nothing", "worst case", "billed"]
"""Of one failed call: it costs nothing; its worst case is kept aside, because what it cost will never be known; what
the service says it used."""
Storm = Literal["", "refused", "untrusted", "no_tls", "proxy", "proxy asks", "dns", "deaf"]
"""Trouble of the connection itself: needs storms.py, not a rule of the emulator."""

EARLY, LATE = 7, 14
"""Events of a stream: in the midst of a short answer; after the first claim of an opening."""

GROUPS: Mapping[str, str] = {
    "refused": "The service refuses",
    "busy": "The service is busy or broken",
    "network": "The network fails",
    "silence": "Nothing comes",
    "broken": "The answer breaks off",
    "strange": "The answer is not what was asked for",
}


@frozen
class Trouble:
    """One fault. `rule`: arguments of the emulator's Rule that make it happen."""

    id: str
    group: str
    name: str
    """As a user would call it."""
    does: str
    """What Rebuttal does, in a sentence."""
    way: Way
    kind: FailureKind | None
    """Of the failure, where the fault does not go away; None: there is none."""
    most: int
    """Calls that one question takes where the fault stays, whichever model is asked."""
    rule: Mapping[str, Any] = field(factory=dict)
    storm: Storm = ""
    money: Money = "nothing"

    @property
    def recovers(self) -> bool:
        """Whether one such fault leaves the debate whole."""
        return self.way not in ("debate ends", "seat ends")

    @property
    def elsewhere(self) -> bool:
        """Whether another model is asked where one keeps failing."""
        return self.way in ("again", "next model") and not self.storm and self.kind is not None and not self.is_ours

    @property
    def is_ours(self) -> bool:
        """Whether something that is not the service seems to answer: another model is at the same place."""
        return self.id in ("no events", "not json", "no names")

    @property
    def drips(self) -> bool:
        """Whether only the time that a call has as a whole ends it."""
        fault = self.rule.get("fault")
        return fault is not None and fault.kind == "drip"

    @property
    def is_slow(self) -> bool:
        """Whether it is met in the opening alone, because it takes long."""
        return self.drips or self.storm == "deaf"

    @property
    def spreads(self) -> bool:
        """Whether what one seat finds out of a model holds for all others: they do not ask it again."""
        return self.id in ("403", "404", "429 long")

    @property
    def loses(self) -> bool:
        """Whether what the service sent may have been lost on the way, or made unreadable."""
        fault = self.rule.get("fault")
        return fault is not None and fault.kind in ("reset", "not_json", "wrong_shape", "no_event_names")

    def rules(self, phase: str | None = None, times: int | None = None, model: str | None = None) -> tuple[Rule, ...]:
        """What makes the emulator play it; of a fault of the connection nothing."""
        if not self.rule:
            return ()
        fault = self.rule.get("fault")
        if fault is not None and fault.at == LATE and phase != "opening":
            fault = evolve(fault, at=EARLY)
        return (Rule(phase=phase, times=times, model=model, **{**self.rule, "fault": fault}),)


def _status(status: int, message: str, **more: Any) -> Mapping[str, Any]:
    return {"fault": Fault("status", status=status, message=message, **more)}


def _stream(kind: Any, at: int | None = None, **more: Any) -> Mapping[str, Any]:
    return {"fault": Fault(kind, at=at, **more)}


_STOP = "Stops the debate. What was said stands, and so do the static findings."
_AGAIN = "Asks again after a pause that grows, then another model."
_CUT = "Keeps the claims that were complete and asks again, then another model."
_NEXT = "Asks another model."
_SEAT = "Does not ask again: it would fail the same way. Nothing was sent."

CUT_CLAIM = '{"claims": [{"file": "shop/users.py", "side": "ne'
"""JSON that breaks off."""

T = Trouble
REFUSED = (
    T("400", "refused", "Bad request (400)", _STOP, "debate ends", "bad_request", 1, _status(400, "No such field")),
    T("401", "refused", "Key not accepted (401)", _STOP, "debate ends", "authentication", 1, _status(401, "No")),
    T("402", "refused", "Billing problem (402)", _STOP, "debate ends", "billing", 1, _status(402, "No credit")),
    T("403", "refused", "No permission (403)", _NEXT, "next model", "authentication", 2, _status(403, "Not you")),
    T("404", "refused", "Model retired (404)", _NEXT, "next model", "not_found", 2, _status(404, "model: retired")),
    T("413", "refused", "Request too large (413)", _STOP, "debate ends", "bad_request", 1, _status(413, "Too large")),
    T(
        *("spend limit", "refused", "Spending limit of your account (429)", _STOP, "debate ends", "billing", 1),
        _status(429, "Limit reached", error_code="enforced_spend_limit_reached"),
    ),
    T(
        *("own limit", "refused", "Spending limit that you set (400)", _STOP, "debate ends", "billing", 1),
        _status(400, "You have reached your specified API usage limits."),
    ),
)
BUSY = (
    T(
        *(
            "429 wait",
            "busy",
            "Rate limit, with `retry-after` (429)",
            "Waits as long as it is told to, all seats with it; asks again, then another model.",
            "again",
            "rate_limit",
        ),
        8,
        _status(429, "Slow down", headers={"retry-after": "0.02"}),
    ),
    T(
        *(
            "429 long",
            "busy",
            "Rate limit for more than half a minute (429)",
            "Does not wait so long: asks another model.",
            "next model",
            "rate_limit",
            2,
        ),
        _status(429, "Slow down", headers={"retry-after": "300"}),
    ),
    T("429", "busy", "Rate limit (429)", _AGAIN, "again", "rate_limit", 8, _status(429, "Slow down")),
    T("500", "busy", "Error of the service (500)", _AGAIN, "again", "overloaded", 8, _status(500, "Internal error")),
    T("503", "busy", "Not available (503)", _AGAIN, "again", "overloaded", 8, _status(503, "Unavailable")),
    T(
        *("504", "busy", "The service took too long (504)", _AGAIN, "again", "timeout", 4, _status(504, "Timed out")),
        money="worst case",
    ),
    T("529", "busy", "Overloaded (529)", _AGAIN, "again", "overloaded", 8, _status(529, "Overloaded")),
)
NETWORK = (
    T("refused", "network", "Connection refused", "Asks again.", "again", "network", 3, storm="refused"),
    T(
        *("reset", "network", "Connection reset before the answer", _AGAIN, "again", "network", 4, _stream("reset")),
        money="worst case",
    ),
    T(
        *("closed", "network", "Connection closed before the answer", _AGAIN, "again", "network", 4, _stream("cut")),
        money="worst case",
    ),
    T("untrusted", "network", "Certificate not trusted", _SEAT, "seat ends", "network", 1, storm="untrusted"),
    T("no_tls", "network", "No TLS at the other end", _SEAT, "seat ends", "network", 1, storm="no_tls"),
    T("proxy", "network", "Proxy refuses (403)", _SEAT, "seat ends", "network", 1, storm="proxy"),
    T("proxy asks", "network", "Proxy wants a password (407)", _SEAT, "seat ends", "network", 1, storm="proxy asks"),
    T("dns", "network", "Name not found (DNS)", "Asks again.", "again", "network", 3, storm="dns"),
)
SILENCE = (
    T(
        *("stall first", "silence", "No first byte", _AGAIN, "again", "timeout", 4, _stream("stall")),
        money="worst case",
    ),
    T(
        *("stall mid", "silence", "Silence in mid-stream", _CUT, "again", "network", 4, _stream("stall", LATE)),
        money="worst case",
    ),
    T(
        *("deaf", "silence", "The request is not taken to its end", _AGAIN, "again", "timeout", 4),
        storm="deaf",
        money="worst case",
    ),
    T(
        *("drip", "silence", "Signs of life, but never an end", "Waits until the ten minutes of the call are over."),
        "seat ends",
        "timeout",
        1,
        _stream("drip", 6, every=0.05),
        money="worst case",
    ),
)
BROKEN = (
    T(
        *("cut start", "broken", "Cut before the first event", _AGAIN, "again", "network", 4, _stream("cut", 0)),
        money="worst case",
    ),
    T(
        *("cut mid", "broken", "Cut in mid-stream", _CUT, "again", "network", 4, _stream("cut", LATE)),
        money="worst case",
    ),
    T(
        *("reset mid", "broken", "Reset in mid-stream", _CUT, "again", "network", 4, _stream("reset", LATE)),
        money="worst case",
    ),
    T(
        *("eof", "broken", "A clean end too early", _CUT, "again", "network", 4, _stream("eof", LATE)),
        money="worst case",
    ),
    T(
        *("overloaded mid", "broken", "Overloaded in mid-stream", _CUT, "again", "overloaded", 4),
        _stream("error_event", LATE, type="overloaded_error"),
        money="worst case",
    ),
)
_FORM = "Asks once more, then another model."
STRANGE = (
    T(
        *("no events", "strange", "A stream without events", "Asks once more.", "again", "invalid_reply", 2),
        _stream("no_events"),
        money="worst case",
    ),
    T(
        *("not json", "strange", "An event that is no JSON", "Asks once more.", "again", "invalid_reply", 2),
        _stream("not_json", 6),
        money="worst case",
    ),
    T(
        *("wrong shape", "strange", "An event of another shape", _FORM, "again", "invalid_reply", 3),
        _stream("wrong_shape", 6),
        money="billed",
    ),
    T(
        *("truncated", "strange", "JSON that breaks off", _FORM, "again", "invalid_reply", 3, {"reply": CUT_CLAIM}),
        money="billed",
    ),
    T(
        *("invalid", "strange", "JSON of another form", _FORM, "again", "invalid_reply", 3),
        {"reply": json.dumps({"verdict": "fine"})},
        money="billed",
    ),
    T(
        *("prose", "strange", "Prose", _FORM, "again", "invalid_reply", 3, {"reply": "Looks good to me."}),
        money="billed",
    ),
    T(
        *(
            "max_tokens",
            "strange",
            "Cut at its length limit (`max_tokens`)",
            "Keeps the claims that were complete; asks once more, with twice the room.",
            "larger",
            "truncated",
            2,
        ),
        {"stop_reason": "max_tokens", "reply": CUT_CLAIM},
        money="billed",
    ),
    T(
        *("refusal", "strange", "The model declines (`refusal`)", _NEXT, "next model", "refusal", 2),
        {"stop_reason": "refusal"},
        money="billed",
    ),
    T(
        *(
            "another model",
            "strange",
            "Another model answers",
            "Takes the answer, at that model's price.",
            "goes on",
            None,
            1,
            {"answers_as": "claude-opus-5"},
        ),
        money="billed",
    ),
    T(
        *(
            "unknown model",
            "strange",
            "A model without a known price answers",
            "Takes the answer, and keeps its worst case aside.",
            "goes on",
            None,
            1,
            {"answers_as": "claude-next-9"},
        ),
        money="worst case",
    ),
    T(
        *("no names", "strange", "Events without names", "Asks once more.", "again", "invalid_reply", 2),
        _stream("no_event_names", 0),
        money="worst case",
    ),
    T(
        *("unknown event", "strange", "An event that nobody knows", "Takes the answer.", "goes on", None, 1),
        _stream("unknown_event"),
        money="billed",
    ),
)
TROUBLES: tuple[Trouble, ...] = (*REFUSED, *BUSY, *NETWORK, *SILENCE, *BROKEN, *STRANGE)
BY_ID: Mapping[str, Trouble] = {one.id: one for one in TROUBLES}
