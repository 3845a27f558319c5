"""Whole debates over HTTP: what they read from the cache, by what the service saw of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from attrs import evolve

from bench.caching import GOAL, Held, bill, hold, share_read, understood, without_cache
from rebuttal.debate.model import Brief, PanelName, Profile
from tests.debate.conftest import brief_of
from tests.emulator import Fault, Rule

SEATS = ("code-reviewer", "architect", "security-analyst", "performance-expert", "database", "documentation")


def file(name: str, changed: str) -> str:
    """Of some 500 lines; every fortieth is what is changed."""
    fields = (changed if number % 10 == 0 else "total" for number in range(120))
    handlers = (
        f"def {name}_{number}(order):\n    return order.{field} * {number}\n" for number, field in enumerate(fields)
    )
    return "\n\n".join(handlers)


def brief(protocol: str, panel: PanelName, profile: Profile = "balanced") -> Brief:
    files = {
        f"shop/{name}.py": (file(name, "total"), file(name, f"{name}_sum")) for name in ("orders", "taxes", "gifts")
    }
    sits = {"small": SEATS[:2], "medium": SEATS[:4], "large": SEATS}[panel]
    plain = brief_of(files, sits=sits, rounds=3)
    shown = "".join(f"+++ b/{diff.path}\n{_marked(diff.old_text, diff.new_text)}" for diff in plain.change.files)
    return evolve(plain, protocol=protocol, panel=panel, profile=profile, shared=shown)


def _marked(old: str | None, new: str | None) -> str:
    """The new text as a diff shows it, with all that surrounds the changed lines."""
    before = set((old or "").splitlines())
    return "".join(f"{' ' if line in before else '+'}{line}\n" for line in (new or "").splitlines())


def written(held: Held) -> dict[tuple[str, str], int]:
    """How often each shared prefix was written to the cache, by model."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    for record in held.records:
        blocks = record.body["messages"][0]["content"]
        request = understood(record.body)
        prefix = request.base_tokens + sum(block.tokens for block in request.blocks[:-1])
        if "cache_control" in blocks[0] and record.usage and record.usage.read < prefix:
            count[str(record.model), blocks[0]["text"]] += 1
    return count


@pytest.mark.parametrize(
    ("protocol", "panel", "profile"),
    [
        ("crossfire", "medium", "balanced"),
        ("crossfire", "large", "balanced"),
        ("crossfire", "large", "frugal"),
        ("crossfire", "medium", "thorough"),
        ("council", "medium", "balanced"),
        ("council", "large", "balanced"),
    ],
)
def test_the_shared_prefix_is_read_from_the_cache_after_each_models_first_call(
    protocol: str, panel: PanelName, profile: Profile
) -> None:
    held = hold(brief(protocol, panel, profile))
    share = share_read(held.records)
    assert share.expected > 10_000
    assert share.rate >= GOAL
    assert set(written(held).values()) == {1}  # each model's prefix is written by one call
    assert held.cost.cache.missed == {}
    assert held.cost.cache.rate == 1


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
def test_a_model_that_others_fall_back_to_pays_one_writing_too(protocol: str) -> None:
    overloaded = [
        Rule(model="claude-sonnet-5-5", number=number, fault=Fault("status", status=529)) for number in range(1, 12)
    ]
    held = hold(brief(protocol, "large"), overloaded)
    answered = {record.body["model"] for record in held.records if record.usage}
    assert "claude-haiku-5-5" in answered
    assert set(written(held).values()) == {1}
    assert set(held.cost.cache.missed) <= {"expired"}


def test_a_debate_that_dawdles_writes_anew_and_says_why() -> None:
    slow = Rule(phase="opening", seat="architect", between=12.0)
    held = hold(brief("council", "medium"), [slow])
    assert held.seconds > 300
    assert held.cost.cache.missed == {"expired": 1}
    assert held.cost.cache.rate is not None
    assert 0.5 < held.cost.cache.rate < 1


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
def test_what_the_ledger_says_was_saved_is_what_the_service_would_have_charged_more(protocol: str) -> None:
    held = hold(brief(protocol, "medium"))
    charged = sum(record.price for record in held.records)
    assert held.cost.spent == charged == bill(held.records)
    assert held.cost.cache.saved == bill(held.records, without_cache) - charged
    assert held.cost.cache.saved > charged / 2


def test_requests_of_a_model_that_share_a_prefix_differ_in_nothing_but_the_task() -> None:
    asked: tuple[tuple[str, Profile], ...] = (
        ("crossfire", "frugal"),
        ("crossfire", "thorough"),
        ("council", "balanced"),
    )
    for protocol, profile in asked:
        settings: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for record in hold(brief(protocol, "medium", profile)).records:
            blocks = record.body["messages"][0]["content"]
            if "cache_control" in blocks[0]:
                rest = {name: record.body[name] for name in ("output_config", "system")}
                settings[record.body["model"], blocks[0]["text"]].append(rest)
        for ones in settings.values():
            assert len(ones) > 1
            assert all(one == ones[0] for one in ones)


def test_solo_and_dossiers_carry_no_breakpoint_behind_the_shared_part() -> None:
    (solo,) = hold(brief("solo", "small")).records
    assert "cache_control" not in str(solo.body["messages"]) + str(solo.body["system"])
    frugal = hold(brief("crossfire", "medium", "frugal")).records
    cold = [record for record in frugal if record.model == "claude-sonnet-5-5"]
    assert cold
    for record in cold:
        assert "cache_control" not in str(record.body["messages"])
        assert "cache_control" in record.body["system"][0]
    assert all(record.usage and record.usage.read for record in cold[6:])  # six lanes may start together
