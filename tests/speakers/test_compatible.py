"""Servers that take less than the Claude API: what they lack is found out and gone without, over real HTTP."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from rebuttal.settings import ModelNote, ModelPrice, Settings
from rebuttal.speakers.connection import Connection
from tests.emulator.compatible import LLAMA_CPP, OLLAMA, PROFILES, SILENT, STRICT, VLLM, Profile
from tests.speakers.conftest import MODEL, Heard, MakeCompatible, turn


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_a_statement_comes_from_every_kind_of_server(compatible: MakeCompatible, profile: Profile) -> None:
    server, speaker, purse = compatible(profile)
    heard = Heard()
    reply = await speaker.speak(turn(), heard)
    assert reply.failure is None
    assert reply.statement is not None
    assert [one.title for one in reply.statement.claims] == ["One {defect}", 'Another "one"']
    # Which object within prose is the answer shows only at its end.
    in_prose = profile.fenced and profile.structured != "enforced"
    assert tuple(heard.claims) == (() if in_prose else reply.statement.claims)
    assert (reply.model, reply.calls) == (MODEL, 1)
    assert reply.spent + reply.assumed == 0
    assert purse.open == 0
    assert "cache_control" not in json.dumps(server.bodies)


async def test_what_a_server_refuses_is_left_out_one_by_one_and_not_sent_again(compatible: MakeCompatible) -> None:
    server, speaker, purse = compatible(STRICT)
    assert (await speaker.speak(turn(), Heard())).statement is not None
    assert [one.partition(":")[0] for one in server.refusals] == ["output_config", "system", "messages.0.content"]
    before = len(server.bodies)
    assert (await speaker.speak(turn(), Heard())).statement is not None
    assert len(server.bodies) == before + 1
    assert set(server.bodies[-1]) == {"model", "max_tokens", "messages", "system", "stream"}
    assert purse.names.count("reserve") == 2


async def test_breakpoints_are_taken_out_where_claude_is_behind_a_gateway_that_knows_none(
    compatible: MakeCompatible,
) -> None:
    server, speaker, _ = compatible(STRICT, model="anthropic/claude-opus-4-8", prices={})
    reply = await speaker.speak(turn(), Heard())
    assert reply.statement is not None
    assert any("cache_control" in one for one in server.refusals)
    assert "cache_control" not in json.dumps(server.bodies[-1])
    assert reply.model == "anthropic/claude-opus-4-8"
    assert reply.spent > 0


async def test_claude_behind_a_gateway_that_enforces_nothing_is_told_the_schema_after_the_first_answer(
    compatible: MakeCompatible,
) -> None:
    server, speaker, _ = compatible(OLLAMA, model="claude-sonnet-5-5")
    reply = await speaker.speak(turn(), Heard())
    assert reply.statement is not None
    assert reply.calls == 2
    first, second = (body["messages"][0]["content"][-1]["text"] for body in server.bodies)
    assert second.startswith(first)
    assert "JSON Schema" in second.removeprefix(first)


async def test_the_claude_key_goes_to_no_other_server(
    compatible: MakeCompatible, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK looks into the process's environment by itself.
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    server, speaker, _ = compatible(OLLAMA, {"ANTHROPIC_API_KEY": "sk-ant-secret"})
    assert (await speaker.speak(turn(), Heard())).statement is not None
    assert "sk-ant-secret" not in json.dumps(server.headers)


async def test_a_wrong_token_names_the_variable_to_check_and_shows_no_token(compatible: MakeCompatible) -> None:
    _, speaker, purse = compatible(VLLM, {"ANTHROPIC_AUTH_TOKEN": "wrong-token"})
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "authentication"
    assert "check ANTHROPIC_AUTH_TOKEN" in reply.failure.message
    assert "wrong-token" not in reply.failure.message
    assert purse.open == 0


async def test_a_server_that_does_not_count_is_asked_once(compatible: MakeCompatible) -> None:
    long = "x" * 70_000
    server, speaker, _ = compatible(OLLAMA)
    for _ in range(2):
        assert (await speaker.speak(turn(shared=long), Heard())).statement is not None
    counting, counter, _ = compatible(LLAMA_CPP)
    assert (await counter.speak(turn(shared=long), Heard())).statement is not None
    assert counting.counted == 1
    assert len(server.headers) == 2


async def test_a_stream_without_usage_is_free_on_this_machine(compatible: MakeCompatible) -> None:
    _, speaker, purse = compatible(SILENT)
    reply = await speaker.speak(turn(), Heard())
    assert reply.statement is not None
    assert reply.spent + reply.assumed == 0
    assert purse.names == ["reserve", "assume"]


async def test_a_context_that_the_user_names_leaves_room_for_prompt_and_answer(compatible: MakeCompatible) -> None:
    server, speaker, _ = compatible(OLLAMA, models={MODEL: ModelNote(context=8192)})
    reply = await speaker.speak(turn(shared="short"), Heard())
    assert reply.failure is None
    assert server.bodies[0]["max_tokens"] == 2048


@pytest.mark.parametrize(
    ("asked", "said", "answered"),
    [
        ("anthropic/claude-haiku-5-5", "claude-opus-5-5", "claude-opus-5-5"),
        ("anthropic/claude-haiku-5-5", "claude-haiku-5-5-by-the-gateway", "anthropic/claude-haiku-5-5"),
        ("reviewer", "us.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("priced", "claude-opus-5-5", "priced"),
        ("reviewer", "gpt-4", "reviewer"),
        ("reviewer", "", "reviewer"),
    ],
)
def test_a_gateway_that_says_that_claude_answered_is_billed_for_claude(asked: str, said: str, answered: str) -> None:
    price = ModelPrice(*(Decimal(1) for _ in range(5)))
    settings = Settings(endpoint="compatible", base_url="http://127.0.0.1:4000", prices={"priced": price})
    assert Connection({}, settings=settings).answered_by(said, asked) == answered


async def test_limits_that_the_user_names_are_kept(compatible: MakeCompatible) -> None:
    notes = {MODEL: ModelNote(context=4096, max_output=1000)}
    server, speaker, _ = compatible(OLLAMA, models=notes)
    reply = await speaker.speak(turn(shared="short"), Heard())
    assert reply.statement is not None
    assert server.bodies[0]["max_tokens"] == 1000
    # It would fit by itself, but not with its answer.
    close = await speaker.speak(turn(shared="y " * 5_000), Heard())
    assert close.failure is not None
    long = await speaker.speak(turn(shared="y " * 20_000), Heard())
    assert long.failure is not None
    assert "4,096 tokens" in long.failure.message
    assert len(server.bodies) == 1


@pytest.fixture(autouse=True)
def no_key_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
