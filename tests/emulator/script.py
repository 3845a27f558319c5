"""What the emulator answers, and what goes wrong.

In Python: `Script([Rule(seat="architect", reply={...}), Rule(model="haiku", fault=Fault("cut", at=3))])`.
As a file, the same words: `{"rules": [{"seat": "architect", "reply": {...}, "fault": {"kind": "cut", "at": 3}}]}`.
The first rule that fits a request and is not used up answers it; with none, `default` does, else the smallest
value that fits the requested format.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import cattrs
from attrs import define, field, frozen
from cattrs.gen import make_dict_structure_fn, override

from tests.emulator.errors import ApiError
from tests.emulator.validate import Request

FaultKind = Literal[
    "status",
    "error_event",
    "cut",
    "eof",
    "stall",
    "reset",
    "not_json",
    "wrong_shape",
    "no_event_names",
    "no_events",
    "drip",
    "duplicate",
    "unknown_event",
    "garbled",
    "body_stall",
    "canceled",
    "expired",
]
Answer = dict[str, Any] | str | Callable[["Asked"], "dict[str, Any] | str | Said"]
_TURN = re.compile(r'<turn seat="([^"]*)" phase="([^"]*)"\s*/>')


class ScriptError(Exception):
    """The script itself is wrong."""


@frozen
class Fault:
    """What goes wrong.

    - status: an error answer instead of a response (`status`, `headers`, such as retry-after).
    - body_stall: the server stops reading the request. Nothing is known of it then: rules with this fault fit by
      number, times and chance only. What of it the network takes in (some MB on Linux) the client does not miss: a
      shorter prompt is a stall before the first byte.
    - stall: nothing more is sent, the connection stays. drip: nothing but pings is sent. Both for `seconds`, after
      which the response goes on, or for ever.
    - cut: the connection ends without the end of the body. reset: RST. eof: a clean end without message_stop.
      error_event: `event: error` in the stream. no_events: a stream that ends at once.
    - not_json, wrong_shape: a 200 with such a body (a stream: in its event `at`). no_event_names: without `event:`
      lines. duplicate: an event twice, or with `at` None every event. unknown_event: one that must be ignored.
    - garbled: the text is not the JSON that was asked for.
    - canceled, expired: what becomes of a request in a batch. There status and error_event make it errored, not_json
      breaks its line of the results, and faults of a connection are an error of the service.
    """

    kind: FaultKind
    at: int | None = None
    """Before which event of the stream, from 0; negative: from its end. None: before the headers (cut, reset, stall) or
    event 1 (the rest)."""
    seconds: float | None = None
    every: float = 1.0
    """Seconds between the pings of a drip."""
    status: int = 529
    message: str = "Overloaded"
    type: str | None = None
    error_code: str | None = None
    headers: Mapping[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ScriptError(f"unknown fault {self.kind!r}: one of {', '.join(get_args(FaultKind))}")

    def as_error(self) -> ApiError:
        """The error answer of a `status`."""
        return ApiError(self.status, self.message, self.error_code, self.headers, self.type)


@frozen
class Rule:
    """To which requests it applies (None: any), and how they are answered. Times in seconds of the emulator's clock."""

    seat: str | None = None
    phase: str | None = None
    model: str | None = None
    """Part of the model's id."""
    contains: str | None = None
    """Part of the prompt."""
    number: int | None = None
    """Of the request, counted from 1 over all that the emulator got."""
    times: int | None = None
    """How many requests it answers before it is used up."""
    chance: float = 1.0
    """That it applies; drawn from the script's seed and the request's number."""
    reply: Answer | None = None
    """A statement, or the text as it is sent (not checked against the format); None: the default answer."""
    first_byte: float = 0.0
    """Until the response begins."""
    between: float = 0.0
    """Between two events of the text."""
    share: float = 1.0
    """Of the text that is said before it ends: with stop_reason max_tokens or refusal in mid-answer, and truncated JSON
    where the model says that it is done."""
    chunk: int = 40
    """Characters of text in one event."""
    thinking_tokens: int = 24
    """Billed as output where the model thinks."""
    stop_reason: str | None = None
    stop_details: dict[str, Any] | None = None
    answers_as: str | None = None
    """The model that the response names, where it is another."""
    fault: Fault | None = None

    def __attrs_post_init__(self) -> None:
        asks = (self.seat, self.phase, self.model, self.contains)
        if self.fault is not None and self.fault.kind == "body_stall" and asks != (None,) * 4:
            raise ScriptError("a rule with body_stall fits by number, times and chance: the request has not been read")


@frozen
class EndpointRule:
    """What goes wrong at an endpoint besides Messages; there is no seat or phase there to go by."""

    fault: Fault | None = None
    """status; not_json, wrong_shape; cut, reset, stall: instead of the response, or after `at` bytes of its body."""
    endpoint: str | None = None
    """count_tokens, models, model, batches.create, .retrieve, .list, .cancel, .delete, .results. None: any of them."""
    number: int | None = None
    """Of the request at its endpoint, counted from 1."""
    times: int | None = None
    chance: float = 1.0
    first_byte: float = 0.0
    """Until the endpoint does anything."""
    done: bool = False
    """The endpoint does its work before it goes wrong: what was asked for has happened and the client does not know."""


@frozen
class Said:
    """What a callable answers where it decides how long it takes as well."""

    answer: dict[str, Any] | str
    first_byte: float | None = None
    """Seconds until the response begins, in place of the latency model's."""
    output_tokens: int | None = None
    """In all: what the text does not take of them was thought. None: as the rule says."""


@frozen
class Asked:
    """A request as a rule sees it."""

    number: int
    request: Request
    seat: str | None
    phase: str | None


def asked(number: int, request: Request) -> Asked:
    """Seat and phase are named at the start of the ask: `<turn seat="..." phase="..."/>`. Earlier text is not asked
    for it, because it holds the code under review, which may say anything."""
    turn = _TURN.search(request.last_text)
    return Asked(number, request, *(turn.groups() if turn else (None, None)))


@define
class Script:
    """Rules in order; the first that fits answers."""

    rules: list[Rule] = field(factory=list)
    default: Answer | None = None
    seed: int = 0
    otherwise: Rule = field(factory=Rule)
    """How a request is answered that no rule fits: its delays, its tokens."""
    endpoints: list[EndpointRule] = field(factory=list)
    _used: dict[int, int] = field(factory=dict, init=False)
    _used_endpoints: dict[int, int] = field(factory=dict, init=False)

    def rule(self, asked: Asked) -> Rule:
        """The rule for a request; counts its use."""
        for index, rule in enumerate(self.rules):
            if self._fits(index, rule, asked):
                self._used[index] = self._used.get(index, 0) + 1
                return rule
        return self.otherwise

    def unread(self, number: int) -> bool:
        """Whether the body of this request is not read; counts the rule's use."""
        for index, rule in enumerate(self.rules):
            if rule.fault is not None and rule.fault.kind == "body_stall" and self._in_time(index, rule, number):
                self._used[index] = self._used.get(index, 0) + 1
                return True
        return False

    def endpoint_rule(self, endpoint: str, number: int) -> EndpointRule | None:
        """The first rule for request `number` of an endpoint; counts its use."""
        for index, rule in enumerate(self.endpoints):
            used = self._used_endpoints.get(index, 0)
            fits = rule.endpoint in (None, endpoint) and rule.number in (None, number)
            lucky = rule.chance >= 1 or draw(self.seed, "endpoint", index, endpoint, number) < rule.chance
            if fits and lucky and (rule.times is None or used < rule.times):
                self._used_endpoints[index] = used + 1
                return rule
        return None

    def add(self, *rules: Rule | EndpointRule) -> None:
        self.rules.extend(rule for rule in rules if isinstance(rule, Rule))
        self.endpoints.extend(rule for rule in rules if isinstance(rule, EndpointRule))

    def _fits(self, index: int, rule: Rule, asked: Asked) -> bool:
        wanted = ((rule.seat, asked.seat), (rule.phase, asked.phase))
        return (
            all(want is None or want == got for want, got in wanted)
            and (rule.fault is None or rule.fault.kind != "body_stall")
            and (rule.model is None or rule.model in asked.request.model.id)
            and (rule.contains is None or rule.contains in asked.request.text)
            and self._in_time(index, rule, asked.number)
        )

    def _in_time(self, index: int, rule: Rule, number: int) -> bool:
        used_up = rule.times is not None and self._used.get(index, 0) >= rule.times
        lucky = rule.chance >= 1 or draw(self.seed, index, number) < rule.chance
        return not used_up and lucky and rule.number in (None, number)


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def load(path: Path) -> Script:
    """A script from a JSON file. Raises ScriptError, saying what is wrong with it."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ScriptError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(raw, dict) or set(raw) - {"rules", "endpoints", "default", "seed"}:
        raise ScriptError(f"{path}: an object with rules, endpoints, default and seed is expected")
    rules = [_rule(one, f"{path}: rule {number}") for number, one in enumerate(raw.get("rules", []))]
    script = Script(rules, raw.get("default"), raw.get("seed", 0))
    script.add(*(_endpoint(one, f"{path}: endpoint {number}") for number, one in enumerate(raw.get("endpoints", []))))
    return script


def _endpoint(raw: Any, where: str) -> EndpointRule:
    try:
        return cattrs.Converter(forbid_extra_keys=True).structure(raw, EndpointRule)
    except Exception as error:
        raise ScriptError(f"{where}: {'; '.join(cattrs.transform_error(error))}") from None


def _rule(raw: Any, where: str) -> Rule:
    if not isinstance(raw, dict) or not isinstance(raw.get("reply"), dict | str | None):
        raise ScriptError(f"{where}: an object is expected, with a statement or a text as its reply")
    converter = cattrs.Converter(forbid_extra_keys=True)
    verbatim = override(struct_hook=lambda value, _: value)
    rule_from = make_dict_structure_fn(Rule, converter, _cattrs_forbid_extra_keys=True, reply=verbatim)
    try:
        return rule_from(raw, Rule)
    except Exception as error:
        problems = "; ".join(cattrs.transform_error(error))
        raise ScriptError(f"{where}: {problems}") from None
