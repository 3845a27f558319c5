"""Token counts in a review: off the event loop, once for each text, and corrected by what replies are billed for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rebuttal.review.learning import TokenLearner
from rebuttal.review.run import estimate, review
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.token_usage import TokenUsage
from rebuttal.text import tokens
from rebuttal.text.tokens import TokenCounter
from tests.emulator import tokens as service_tokens
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for

SMALL = Settings(panel="small")


def sent_texts(emulator: Emulator, model: str) -> list[tuple[list[str], int]]:
    """Of each answered call of the model: the texts of its prompt, and what was billed for it."""
    calls = []
    for record in emulator.records:
        if record.model == model and record.completed and record.usage is not None:
            blocks = [*record.body["system"], *record.body["messages"][0]["content"]]
            calls.append(([block["text"] for block in blocks], record.usage.prompt))
    return calls


@pytest.mark.parametrize("denser", [0.75, 1.0, 1.4])
async def test_the_expectation_comes_to_what_the_service_bills(
    open_services: Open, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch, denser: float
) -> None:
    of_text = service_tokens.of_text
    monkeypatch.setattr(service_tokens, "of_text", lambda text, model: round(of_text(text, model) * denser))
    services = open_services(panel.environment())
    before = await services.tokenizers()
    for _ in range(2):
        await review(request_for(parcels, settings=SMALL, agreed=True), services, Door())
    await services.close()

    again = open_services(panel.environment())
    after = await again.tokenizers()
    assert after.sums
    for model in after.sums:
        calls = sent_texts(panel, model)
        tokenizer = after.of(model)
        assert tokenizer.calls > 0
        for texts, billed in calls:
            base, most = sum(map(again.counter.count, texts)), sum(map(tokens.bound_tokens, texts))
            assert tokenizer.expected(base, most) + tokenizer.overhead == pytest.approx(billed, rel=0.12)
            if denser != 1.0:
                # So that the test can fail: this is another rule than what is assumed.
                assumed = before.of(model)
                assert assumed.expected(base, most) + assumed.overhead != pytest.approx(billed, rel=0.12)


async def test_no_token_is_counted_on_the_event_loop(
    open_services: Open, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    count = TokenCounter.count

    def noted(self: TokenCounter, text: str) -> int:
        threads.append(threading.get_ident())
        return count(self, text)

    monkeypatch.setattr(TokenCounter, "count", noted)
    services = open_services(panel.environment())
    await estimate(request_for(parcels, settings=SMALL), services)
    await review(request_for(parcels, settings=SMALL, agreed=True), services, Door())
    await services.close()
    assert threads
    assert threading.get_ident() not in threads


async def test_what_all_seats_share_is_encoded_once(
    open_services: Open, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    pieces = tokens._pieces

    def noted(text: str) -> object:
        encoded.append(text)
        return pieces(text)

    monkeypatch.setattr("rebuttal.text.tokens._pieces", noted)
    services = open_services(panel.environment())
    await review(request_for(parcels, settings=SMALL, agreed=True), services, Door())
    await services.close()
    long = [text for text in encoded if len(text) > 2_000]
    assert len(long) >= 2
    assert len(long) == len(set(long))


async def test_learning_fails_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine may need longer than a user would wait.
    monkeypatch.setattr("rebuttal.review.learning._FINISH", 60.0)
    with Database.open(tmp_path / "store.db") as database:
        usage = TokenUsage(database)
        learner = TokenLearner(TokenCounter(), usage)
        learner.heard("claude-sonnet-5-5", ("a " * 1000,), 1_600)
        await learner.finish()
        assert (await usage.sums())["claude-sonnet-5-5"].calls == 1
        learner.heard("claude-sonnet-5-5", ("a " * 1000,), 17)
        await learner.finish()
        assert (await usage.sums())["claude-sonnet-5-5"].calls == 1
    learner.heard("claude-sonnet-5-5", ("a " * 1000,), 1_600)
    await learner.finish()
