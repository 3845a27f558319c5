"""What went wrong with a call, in a sentence that says what to do; whether to try again; and what it may have cost."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from attrs import frozen

from rebuttal.debate.model import Failure, FailureKind
from rebuttal.debate.statement import one_line
from rebuttal.speakers.endpoints.guard import SentElsewhere
from rebuttal.speakers.endpoints.words import CLAUDE_API, Words, is_about_credentials, is_about_the_way_in
from rebuttal.speakers.waits import wait_of

Billed = Literal["nothing", "unknown"]


@frozen
class Fault:
    """One failed attempt."""

    failure: Failure
    retry: bool = False
    """Whether the same call may succeed a little later."""
    billed: Billed = "nothing"
    """unknown: the service may have worked on it, so its worst case stands."""
    wait: float | None = None
    """Seconds that the service asks to wait."""
    elsewhere: bool = False
    """Whether another model may succeed where this one does not."""


@frozen
class Target:
    """Where a call goes, for the words of a message."""

    host: str
    model: str
    setting: str
    """The setting that chose the model."""
    words: Words = CLAUDE_API


PROXY_ASKS = "The proxy refuses you: check its user and password in HTTPS_PROXY."
_SPEND_LIMITS = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
        "organization_on_hold",
    }
)
_OWN_LIMIT = re.compile(r"You have reached your specified \S*\s?API usage limits")
_TOO_LONG = re.compile(r"prompt is too long", re.IGNORECASE)


def _now() -> datetime:
    return datetime.now(UTC)


def fault_of(
    error: BaseException, target: Target, secrets: tuple[str, ...], begun: bool, now: Callable[[], datetime] = _now
) -> Fault | None:
    """The fault that an exception of the SDK means; None for one that is not about the call (a bug of ours).

    `begun`: part of the response has arrived. `secrets` never show in a message. `now`: for an answer without a date.
    """
    import json

    import anthropic
    import httpx2

    if (fault := _of_a_cloud(error, target)) is not None:
        return fault
    if isinstance(error, anthropic.APIStatusError):
        return _status(error, target, secrets, now)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return strange_answer(target)
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError | httpx2.InvalidURL):
        return _connection(error, target, begun)
    if isinstance(error, anthropic.APIError):
        return strange_answer(target)
    return None


def _of_a_cloud(error: BaseException, target: Target) -> Fault | None:
    if is_about_the_way_in(error):
        told = f"What lets you in at {target.host} cannot be reached: check your network and your proxy."
        return Fault(Failure("network", told), retry=True)
    if is_about_credentials(error):
        told = f"{target.words.Credential} were not found, or have expired: check {target.words.keys}."
        return Fault(Failure("authentication", told))
    return None


def not_the_api(target: Target) -> Fault:
    """A success that is no event stream: something else listens there, a login page perhaps.

    To ask it again, for this seat or another, would only set more worst cases aside as assumed.
    """
    message = f"{target.host} is not an endpoint of the Messages API: check {target.words.address} and your proxy."
    return Fault(Failure("not_found", message), billed="unknown")


def strange_answer(target: Target) -> Fault:
    """An answer that is not the Messages API's."""
    message = (
        f"{target.host} answered with something that is not the Messages API's: check {target.words.address}, and "
        "what stands between you and it."
    )
    return Fault(Failure("invalid_reply", message), retry=True, billed="unknown")


def broken_off(target: Target) -> Fault:
    """The stream ended before the answer did."""
    message = (
        f"The connection to {target.host} broke off in the middle of an answer: check your network and review again."
    )
    return Fault(Failure("network", message), retry=True, billed="unknown", elsewhere=True)


def refused(target: Target, why: str | None) -> Fault:
    """The model declined. To ask it again is useless (platform.claude.com, stop reasons)."""
    message = f"{target.model} declined to answer{f' ({why})' if why else ''}"
    todo = f"review without this seat, or set {target.setting} to another model"
    return Fault(Failure("refusal", f"{message}: {todo}."), elsewhere=True)


def cut_short(target: Target, *, for_room: bool) -> Fault:
    """The answer reached its length limit. `for_room`: the limit was ours, so with a higher one it may be whole."""
    message = f"The answer of {target.model} was cut at its length limit: review a smaller scope."
    return Fault(Failure("truncated", message), retry=for_room)


def not_as_asked(target: Target, problem: str) -> Fault:
    """The answer is whole, but no answer to what was asked."""
    message = (
        f"The answer of {target.model} is not as it was asked for ({problem}): review again, or choose another model."
    )
    return Fault(Failure("invalid_reply", message), retry=True, elsewhere=True)


def late(target: Target, seconds: float) -> Failure:
    """The deadline of the whole call has passed."""
    return Failure("timeout", f"{target.host} did not finish its answer within {seconds:g} s: try again later.")


def _status(error: Any, target: Target, secrets: tuple[str, ...], now: Callable[[], datetime]) -> Fault:
    status: int = error.status_code
    says = _said(error, secrets)
    if 300 <= status < 400:
        return _sends_on(target)
    if status < 400:
        # An error event within the stream comes under the status of the response, which was 200.
        return _in_stream(error, target, says)
    code = error.error_code
    may_retry = error.response.headers.get("x-should-retry") != "false"
    if code in _SPEND_LIMITS or _OWN_LIMIT.match(says):
        return Fault(
            _failure(
                "billing",
                "Your spending limit with the service is reached",
                says,
                "raise it there, or wait until it ends",
            )
        )
    fixed = _fixed(status, target, says)
    if fixed is not None:
        # The API says what is missing or forbidden; it may be the model alone. Whoever says nothing is not the API.
        return Fault(fixed, elsewhere=status in (403, 404) and bool(says) and error.type is not None)
    if status == 429:
        failure = _failure(
            "rate_limit", f"{target.host} limits your rate", says, "wait a minute, or review a smaller change"
        )
    elif status in (408, 504):
        failure = _failure("timeout", f"{target.host} took too long", says, "try again in a minute")
    elif status == 529:
        failure = _failure("overloaded", f"{target.host} is overloaded", says, "try again in a few minutes")
    elif status >= 500 or status == 409:
        failure = _failure(
            "overloaded", f"{target.host} failed with status {status}", says, "try again in a few minutes"
        )
    else:
        failure = _failure(
            "bad_request",
            f"{target.host} refused the request with status {status}",
            says,
            f"check {target.words.address}",
        )
        return Fault(failure)
    # The service bills no error that it answers with itself. After a timeout, or where a gateway answers in its
    # place (no type in the body), the model may have worked all the same.
    known = error.type is not None and status not in (408, 504)
    wait = wait_of(error.response.headers, now())
    return Fault(failure, may_retry, "nothing" if known else "unknown", wait, elsewhere=True)


def _sends_on(target: Target) -> Fault:
    message = (
        f"{target.host} sends requests on to another address, to which nothing was sent: check {target.words.address}."
    )
    return Fault(Failure("bad_request", message))


def _fixed(status: int, target: Target, says: str) -> Failure | None:
    """Where the same request will be refused again."""
    host, model = target.host, target.model
    if status == 400 and _TOO_LONG.search(says):
        return Failure("bad_request", f"The prompt is too long for {model}: review a smaller scope.")
    words = target.words
    access = f"ask its owner for access to {model}, or set {target.setting} to a model that it may use"
    refused = _failure("bad_request", f"{host} refused the request", says, words.refused)
    return {
        400: refused,
        401: Failure("authentication", f"{host} does not accept {words.credential}: check {words.keys}."),
        402: _failure("billing", f"{host} reports a billing problem", says, "settle it in your account there"),
        403: _failure("authentication", f"{words.Credential} may not do this at {host}", says, access),
        404: _missing(target, says),
        407: Failure("network", PROXY_ASKS),
        413: Failure("bad_request", "The request is larger than the service takes: review a smaller scope."),
        422: refused,
    }.get(status)


def _missing(target: Target, says: str) -> Failure:
    if says:
        message = f"{target.host} has no model {target.model}: set {target.setting} to one that it has."
    else:
        # The API says what is missing; whoever says nothing is not the API.
        message = f"There is no Messages API at {target.host}: check {target.words.address}."
    return Failure("not_found", message)


def _in_stream(error: Any, target: Target, says: str) -> Fault:
    kinds: dict[str, FailureKind] = {
        "overloaded_error": "overloaded",
        "rate_limit_error": "rate_limit",
        "timeout_error": "timeout",
        "authentication_error": "authentication",
        "billing_error": "billing",
        "invalid_request_error": "bad_request",
    }
    kind = kinds.get(error.type or "", "overloaded")
    passes = kind in ("overloaded", "rate_limit", "timeout")
    todo = {
        "authentication": f"check {target.words.keys}",
        "billing": "settle it in your account there",
        "bad_request": target.words.refused,
    }.get(kind, "try again in a few minutes")
    failure = _failure(kind, f"{target.host} broke off its answer", says, todo)
    return Fault(failure, passes, "unknown", elsewhere=passes)


def _connection(error: BaseException, target: Target, begun: bool) -> Fault:
    import httpx2

    if begun:
        return broken_off(target)
    causes = tuple(_causes(error))
    if any(isinstance(one, SentElsewhere) for one in causes):
        return _sends_on(target)
    if any(isinstance(one, httpx2.ProxyError) and str(one).startswith("407") for one in causes):
        return Fault(Failure("network", PROXY_ASKS))
    for kinds, fault in _connection_table(target):
        if any(isinstance(cause, kinds) for cause in causes):
            return fault
    message = f"The connection to {target.host} broke off before it answered: check your network and review again."
    return Fault(Failure("network", message), retry=True, billed="unknown", elsewhere=True)


def _connection_table(target: Target) -> tuple[tuple[tuple[type[BaseException], ...], Fault], ...]:
    """By what led to the failure, the most telling first. All but the last mean that nothing was sent."""
    import httpx2

    host, words = target.host, target.words

    def fault(message: str, *, kind: FailureKind = "network", retry: bool = False, billed: Billed = "nothing") -> Fault:
        # Nothing was sent: another model is at the same place.
        return Fault(Failure(kind, message), retry, billed, elsewhere=billed == "unknown")

    return (
        (
            (ssl.SSLCertVerificationError,),
            fault(f"The certificate of {host} is not trusted: check the clock, your proxy and SSL_CERT_FILE."),
        ),
        (
            (ssl.SSLError,),
            fault(f"{host} does not answer in TLS as it must: check {words.address} and your proxy."),
        ),
        (
            (httpx2.ProxyError,),
            fault("The proxy does not let the connection through: check HTTPS_PROXY and NO_PROXY."),
        ),
        (
            (socket.gaierror,),
            fault(f"The name {host} is not found: check your network and {words.address}.", retry=True),
        ),
        (
            (httpx2.UnsupportedProtocol, httpx2.InvalidURL),
            fault(f"The address in {words.address} is no http or https address: correct it."),
        ),
        (
            # Its text may hold the header that it is about, and so the key.
            (httpx2.LocalProtocolError,),
            fault(f"The request could not be formed: check {words.key} and ANTHROPIC_CUSTOM_HEADERS."),
        ),
        (
            (httpx2.ConnectTimeout, httpx2.PoolTimeout),
            fault(f"{host} cannot be reached in time: check your network.", kind="timeout", retry=True),
        ),
        (
            (httpx2.ConnectError,),
            fault(f"{host} cannot be reached: check your network, your proxy and {words.address}.", retry=True),
        ),
        (
            (httpx2.TimeoutException,),
            fault(
                f"{host} did not answer in time: try again in a minute.", kind="timeout", retry=True, billed="unknown"
            ),
        ),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        waiting += getattr(one, "exceptions", ())


def _failure(kind: FailureKind, what: str, says: str, todo: str) -> Failure:
    return Failure(kind, f"{what}{f' ({says})' if says else ''}: {todo}.")


def _said(error: Any, secrets: tuple[str, ...]) -> str:
    """The service's own words, on one line, fit for a terminal, without keys."""
    words = error.api_message if isinstance(error.api_message, str) else ""
    for secret in secrets:
        words = words.replace(secret, "[key]")
    return one_line(words, 300).rstrip(".")
