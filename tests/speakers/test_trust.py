"""Code and credentials go to the endpoint that was agreed to, and nowhere else, whatever it or the environment says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from aiohttp import web
from attrs import define, field

from rebuttal.settings import Settings
from rebuttal.speakers.batches.service import BatchFault, BatchService
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints.guard import SentElsewhere, only_to
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.served import NotServed, served_models
from tests.emulator.compatible import OLLAMA, CompatibleServer
from tests.speakers.conftest import FakePurse, Heard, claim, statement, turn

KEY = "sk-ant-secret-of-nobody"


@define
class Host:
    """A server that keeps what it is sent, and answers as it is told."""

    answer: Callable[[web.Request], web.Response] = lambda http: web.json_response({}, status=500)
    seen: list[tuple[str, str, str]] = field(factory=list)
    url: str = ""

    async def handle(self, http: web.Request) -> web.Response:
        self.seen.append((http.path, json.dumps(dict(http.headers)), await http.text()))
        return self.answer(http)


@pytest.fixture
async def hosts() -> AsyncIterator[tuple[Host, Host]]:
    """Where reviews are sent, and another."""
    found = (Host(), Host())
    async with AsyncExitStack() as stack:
        for host in found:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", host.handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield found


async def say(environment: dict[str, str], purse: FakePurse, **settings: Any) -> Any:
    chosen = Settings(fallback=False, **settings)
    connection = Connection(environment, Patience(first_pause=0.001), chosen)
    speaker = ClaudeSpeaker(
        settings=chosen, connection=connection, purse=purse, prices=purse.book, review="r", repository="p"
    )
    try:
        return await speaker.speak(turn(), Heard())
    finally:
        await connection.aclose()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_takes_neither_code_nor_key_to_another_host(
    hosts: tuple[Host, Host], purse: FakePurse, status: int
) -> None:
    agreed, other = hosts
    agreed.answer = lambda http: web.Response(status=status, headers={"Location": f"{other.url}{http.path}"})
    reply = await say({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": agreed.url}, purse)
    assert other.seen == []
    assert len(agreed.seen) == 1
    assert reply.failure is not None
    assert "to another address, to which nothing was sent: check ANTHROPIC_BASE_URL" in reply.failure.message
    assert reply.spent + reply.assumed == 0
    with pytest.raises(NotServed, match="another address"):
        await served_models({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": agreed.url})
    assert other.seen == []


async def test_the_results_of_a_batch_are_asked_for_nowhere_else(hosts: tuple[Host, Host]) -> None:
    agreed, other = hosts
    batch = {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "ended",
        "results_url": f"{other.url}/v1/messages/batches/msgbatch_1/results",
        "request_counts": {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0},
    }
    agreed.answer = lambda http: web.json_response(batch)
    connection = Connection({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": agreed.url})
    with pytest.raises(BatchFault, match="another address"):
        async for _ in BatchService(connection).results("msgbatch_1"):
            pass
    await connection.aclose()
    assert agreed.seen
    assert other.seen == []


@pytest.mark.parametrize(
    ("endpoint", "environment"),
    [
        ("compatible", {}),
        ("bedrock", {"AWS_BEARER_TOKEN_BEDROCK": "bearer"}),
        ("foundry", {"ANTHROPIC_FOUNDRY_API_KEY": "key"}),
    ],
)
async def test_headers_of_one_s_own_for_the_claude_api_go_to_no_other_endpoint(
    hosts: tuple[Host, Host],
    purse: FakePurse,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    environment: dict[str, str],
) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"X-Gateway-Token: {KEY}\nAuthorization: Bearer {KEY}")
    await say(environment, purse, endpoint=endpoint, base_url=hosts[0].url, model_sonnet="claude-sonnet-5-5")
    assert hosts[0].seen
    assert KEY not in json.dumps(hosts[0].seen)


async def test_a_token_of_the_claude_api_goes_to_no_compatible_server(
    hosts: tuple[Host, Host], purse: FakePurse
) -> None:
    settings = {"endpoint": "compatible", "base_url": hosts[0].url, "model_sonnet": "claude-sonnet-5-5"}
    await say({"ANTHROPIC_AUTH_TOKEN": KEY}, purse, **settings)
    assert hosts[0].seen
    assert KEY not in json.dumps(hosts[0].seen)


async def test_what_stays_on_this_machine_goes_through_no_proxy(
    hosts: tuple[Host, Host], purse: FakePurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, hosts[1].url)
    with CompatibleServer(OLLAMA, lambda asked: statement(claim())) as server:
        reply = await say({}, purse, endpoint="compatible", base_url=server.url, model_sonnet="claude-sonnet-5-5")
    assert reply.statement is not None
    assert hosts[1].seen == []


@pytest.mark.parametrize(
    ("agreed", "to", "passes"),
    [
        ("https://API.example:443/x", "https://api.example/v1/messages", True),
        ("http://bücher.example", "http://xn--bcher-kva.example/v1", True),
        ("https://api.example", "http://api.example/v1/messages", False),
        ("https://api.example", "https://api.example:8443/v1/messages", False),
        ("https://api.example", "https://api.example.evil/v1/messages", False),
        ("https://api.example", "https://evil@api.example/v1/messages", True),
        ("https://api.example", "https://api.example@evil/v1/messages", False),
    ],
)
async def test_only_the_origin_that_was_agreed_to_is_sent_to(agreed: str, to: str, passes: bool) -> None:
    request = httpx2.Request("POST", to)
    if passes:
        await only_to(httpx2.URL(agreed))(request)
        return
    with pytest.raises(SentElsewhere):
        await only_to(httpx2.URL(agreed))(request)
