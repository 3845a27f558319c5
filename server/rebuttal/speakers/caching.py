"""Which parts of a prompt the service shall keep for the next call, and whether it read them as expected.

The rules are those of the prompt cache (platform.claude.com, prompt caching, October 2026). A prefix is written at a
breakpoint only, byte by byte, for one model with one output schema and one effort. Writing costs 1.25 times the plain
input for five minutes and 2 times for an hour, reading at most a tenth. A lifetime is counted from the start of the
request that wrote or read the prefix, and each read begins it anew. What one request writes can be read only once its
answer has begun.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from attrs import define, evolve, field, frozen

from rebuttal.debate.model import Turn
from rebuttal.speakers.catalogue import ModelFacts
from rebuttal.store.model import CacheUse
from rebuttal.text.tokens import NEWER_FACTOR, OLDER_FACTOR, quick_tokens

Lifetime = Literal["5m", "1h"]
SECONDS: Mapping[Lifetime, float] = {"5m": 300.0, "1h": 3600.0}
MOST_BREAKPOINTS = 4
"""Of one request; a fifth is refused."""
CLEARLY = 0.95
"""Of what was expected: whoever reads less has missed. The figures of the same bytes do not differ otherwise."""
LONGEST_WAIT = 20.0
"""Seconds that a call waits for another that is writing its prefix; an answer begins within a few."""
_SURELY = 8
"""Bytes for each token of the minimum from which nothing needs to be counted."""


# --- where breakpoints pay ---


@frozen
class Breakpoints:
    """The lifetimes for which the blocks of a prompt are kept; None: the block carries no breakpoint."""

    system: Lifetime | None = None
    shared: Lifetime | None = None


NO_BREAKPOINTS = Breakpoints()


def breakpoints(turn: Turn, model: ModelFacts, gap: float = 0.0) -> Breakpoints:
    """Where breakpoints pay. `gap`: seconds that are expected between two uses of the prefix.

    The shared part is kept where other turns of the tier send the same one, so a dossier is not. Our own words
    (`system`, with the schema) are the same for every turn of a model, in this review and the next: they are kept even
    where the shared part is not, which is what the calls of a tier that nobody opened with have in common. A turn with
    a schema of its own shares neither, and one that is alone has nobody to share with (`bench.caching` has what it
    comes to).
    """
    kept = lifetime(gap)
    if kept is None or turn.alone or turn.schema is not None:
        return NO_BREAKPOINTS
    prompt = turn.prompt
    shares = turn.reusable and bool(prompt.shared) and _reaches(prompt.system + prompt.shared, model)
    return Breakpoints(kept if _reaches(prompt.system, model) else None, kept if shares else None)


def lifetime(gap: float) -> Lifetime | None:
    """For how long to keep what is used again after so many seconds; None: it cannot be kept so long.

    Each read begins the lifetime anew, free of charge, so it is the gap between two uses that counts, not how long a
    debate takes. An hour costs 0.75 of the prefix more than five minutes, a second writing 1.25 less the read: the
    hour pays only where a gap of more than five minutes is likelier than not. In a debate, whose calls follow upon each
    other, it is not; between the requests of a batch it is.
    """
    return next((name for name, seconds in SECONDS.items() if gap < seconds), None)


def _reaches(text: str, model: ModelFacts) -> bool:
    """Whether a prefix is long enough for the model's cache, by a guess: a breakpoint below the minimum costs nothing
    and does nothing."""
    if len(text) > _SURELY * model.minimum_cacheable:
        return True
    guess = quick_tokens(text)
    return (guess * OLDER_FACTOR / NEWER_FACTOR if model.older_tokenizer else guess) >= model.minimum_cacheable


def cache_control(kept: Lifetime | None) -> dict[str, Any]:
    """What a block carries; five minutes are the API's default and are not spelled out."""
    if kept is None:
        return {}
    return {"cache_control": {"type": "ephemeral"} if kept == "5m" else {"type": "ephemeral", "ttl": kept}}


# --- what was written, and what should be read ---


@frozen
class Prefix:
    """The bytes of a request up to a breakpoint, with all else that its cache depends on."""

    digest: bytes
    lifetime: Lifetime
    is_long: bool
    """Whether a call waits until another has written it, rather than write it too."""


def prefixes(request: Mapping[str, Any]) -> tuple[Prefix, ...]:
    """The prefixes that a request writes or reads, the longest last."""
    settings = {name: request.get(name) for name in ("model", "output_config", "thinking", "tools", "tool_choice")}
    digest = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16)
    found = []
    for number, block in enumerate((*request["system"], *request["messages"][0]["content"])):
        digest.update(len(block["text"]).to_bytes(8, "big") + block["text"].encode())
        if (control := block.get("cache_control")) is not None:
            found.append(Prefix(digest.digest(), control.get("ttl", "5m"), number >= len(request["system"])))
    return tuple(found)


Missed = Literal[
    "expired",
    "concurrent",
    "model_changed",
    "system_changed",
    "tools_changed",
    "previous_message_not_found",
    "unavailable",
    "dropped",
    "untold",
]
"""Why less was read than expected.

expired: the review's last use lay longer ago than the lifetime. concurrent: another call was still writing the same.
dropped: the service finds nothing changed, so it let go of the prefix before its time. untold: it does not say, or not
yet. The others are the service's own words (platform.claude.com, cache diagnostics); what it says of changed messages
is not among them, because the last of the message, the task, differs for every turn.
"""

REMEDIES: Mapping[str, str] = {
    "expired": "more than five minutes lay between two calls of a debate: a slow service, or a computer that slept",
    "concurrent": "calls that share a prompt were made at the same time: please report it",
    "model_changed": "another model answered than was asked for: check what stands between you and the service",
    "system_changed": "the prompt was changed on its way: check what stands between you and the service",
    "tools_changed": "the prompt was changed on its way: check what stands between you and the service",
    "previous_message_not_found": "the service did not remember the call before: nothing to do",
    "unavailable": "the service has no diagnosis: nothing to do",
    "dropped": "the service let go of it before its time: nothing to do",
    "untold": "the endpoint does not say why: check whether it caches prompts at all",
}
"""What a reason means and what to do about it, for the user."""


@frozen
class Expectation:
    """What one request should read, fixed when it starts."""

    prefixes: tuple[Prefix, ...]
    review: str
    started: float
    tokens: int = 0
    """That an earlier request has written."""
    because: Missed | None = None
    """Why its longest prefix cannot be read although it was written, or is being written."""
    previous: str | None = None
    """Id of the last answer to a request with the longest prefix that was written."""
    writes: asyncio.Event | None = None
    """Set when the longest prefix can be read by those who wait for it."""

    @property
    def diagnostics(self) -> dict[str, Any]:
        """The request's parameter: only requests that have it can be compared by a later one."""
        return {"diagnostics": {"previous_message_id": self.previous}} if self.prefixes else {}


@define
class _Kept:
    tokens: int
    """0 where it was written along with a longer one: the service tells only their sum."""
    until: float
    review: str
    message: str | None


@define
class Prefixes:
    """What this process has had written into the cache of one endpoint. Used from one event loop only.

    `clock`: seconds, those included for which the computer sleeps, which the service counts too.
    """

    clock: Callable[[], float] = time.time
    _kept: dict[bytes, _Kept] = field(factory=dict)
    _writing: dict[bytes, asyncio.Event] = field(factory=dict)

    async def settled(self, found: Sequence[Prefix]) -> bool:
        """Wait until nobody is writing the longest prefix of a request, as long as that is worth it; whether so."""
        patience = asyncio.get_running_loop().time() + LONGEST_WAIT
        while found and found[-1].is_long and (event := self._written_now(found[-1])) is not None:
            try:
                async with asyncio.timeout_at(patience):
                    await event.wait()
            except TimeoutError:
                return False
        return True

    def holds(self, found: Sequence[Prefix]) -> bool:
        """Whether the longest of them can be read, or will be as soon as another answer begins."""
        if not found or not found[-1].is_long:
            return False
        kept = self._standing(found[-1])
        return found[-1].digest in self._writing if kept is None else kept.tokens > 0

    async def expect(self, found: Sequence[Prefix], review: str, *, waits: bool = True) -> Expectation:
        """What a request should read that starts now. Where another is about to write its longest prefix, waits until
        that one's answer begins: both would pay for the writing. Must be followed by `left`. `waits`: False for one
        that has waited long enough."""
        if waits:
            await self.settled(found)
        return self._expectation(found, review)

    def begun(self, expected: Expectation, tokens: int, message: str | None) -> None:
        """The answer has begun, so what the request wrote can be read. `tokens`: written and read together."""
        for one in expected.prefixes:
            known = self._kept.get(one.digest)
            counted = tokens if one is expected.prefixes[-1] else known.tokens if known else 0
            until = expected.started + SECONDS[one.lifetime]
            self._kept[one.digest] = _Kept(counted, until, expected.review, message)
        self.left(expected)
        if expected.prefixes and (event := self._writing.pop(expected.prefixes[-1].digest, None)) is not None:
            # Another is writing it still, and has been waited for too long: nobody needs to any more.
            event.set()
        # What expired an hour ago explains nothing any more, nor what was written before the clock was put back by one.
        now, hour = self.clock(), SECONDS["1h"] + 1.0
        self._kept = {digest: kept for digest, kept in self._kept.items() if abs(kept.until - now) < hour}

    def left(self, expected: Expectation) -> None:
        """The request is over, whatever became of it: whoever waits for it goes on. May be said more than once."""
        if expected.writes is None:
            return
        expected.writes.set()
        if self._writing.get(expected.prefixes[-1].digest) is expected.writes:
            del self._writing[expected.prefixes[-1].digest]

    def _expectation(self, found: Sequence[Prefix], review: str) -> Expectation:
        now = self.clock()
        if not found:
            return Expectation((), review, now)
        last = found[-1]
        before = self._kept.get(last.digest)
        nearest = next((kept for one in reversed(found) if (kept := self._standing(one)) is not None), None)
        expected = Expectation(tuple(found), review, now)
        if nearest is not None:
            expected = evolve(expected, tokens=nearest.tokens, previous=nearest.message)
        if not last.is_long or self._standing(last) is not None:
            return expected
        if last.digest in self._writing:
            return evolve(expected, tokens=0, because="concurrent")
        event = self._writing[last.digest] = asyncio.Event()
        if before is not None and before.review == review:
            expected = evolve(expected, tokens=before.tokens, because="expired", previous=before.message)
        return evolve(expected, writes=event)

    def _written_now(self, prefix: Prefix) -> asyncio.Event | None:
        return self._writing.get(prefix.digest) if self._standing(prefix) is None else None

    def _standing(self, prefix: Prefix) -> _Kept | None:
        kept = self._kept.get(prefix.digest)
        # What ends further ahead than it is kept for was written before the clock was put back.
        longest = SECONDS[prefix.lifetime] + 1.0
        return kept if kept is not None and 0 < kept.until - self.clock() < longest else None


def judged(expected: Expectation, read: int, written: int, said: str | None) -> CacheUse:
    """What became of an expectation: how many tokens should have been read, and why fewer were.

    `said`: the reason that the service gives; "" where it finds none, None where it was not asked or does not say yet.
    """
    if expected.because == "concurrent":
        return CacheUse(written, missed="concurrent" if written else "")
    if read >= CLEARLY * expected.tokens:
        return CacheUse(expected.tokens)
    if expected.because is not None:
        return CacheUse(expected.tokens, missed=expected.because)
    why = "untold" if said is None else said if said in REMEDIES else "dropped"
    return CacheUse(expected.tokens, missed=why)
