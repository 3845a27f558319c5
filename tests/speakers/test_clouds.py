"""The SDK's own clients for Bedrock, Vertex and Foundry against the emulator, with credentials that are made up: what
they sign, where they knock, and what is said when they are not let in. The real clouds were never asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from rebuttal.budget.prices import PriceBook
from rebuttal.settings import ModelNote, Settings
from rebuttal.speakers.catalogue import UnknownModel
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints import clients
from rebuttal.speakers.endpoints.models import model_at
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.served import NotServed, served_models
from tests.emulator import Emulator
from tests.emulator.script import Rule
from tests.speakers.conftest import FakePurse, Heard, claim, statement, turn

SECRET = "wJalrXUtnFEMI-not-a-key-of-anybody"
REPLY = statement(claim())


class Door:
    """What stands before a cloud's Messages API: it sees how a client is let in, and passes the rest to the emulator
    as the Claude API would get it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.url = ""

    async def handle(self, http: web.Request) -> web.StreamResponse:
        import aiohttp

        body: dict[str, Any] = await http.json()
        self.seen.append((http.path, dict(http.headers), body))
        if self.refusal is not None:
            return web.json_response(self.refusal[1], status=self.refusal[0])
        sent = {name: value for name, value in body.items() if name != "anthropic_version"}
        if "model" not in sent:  # Vertex has it in the path
            sent["model"] = http.path.rpartition("/")[2].partition(":")[0]
        sent["model"] = sent["model"].removeprefix("anthropic.")
        headers = {"x-api-key": "emulator-key", "anthropic-version": "2026-10-21"}
        url = f"{self.emulator.url}/v1/messages"
        async with aiohttp.ClientSession() as session, session.post(url, json=sent, headers=headers) as answer:
            response = web.StreamResponse(
                status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]}
            )
            await response.prepare(http)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def token(self, http: web.Request) -> web.StreamResponse:
        """Google's exchange of a signed statement for a token."""
        form = await http.post()
        assert str(form["assertion"]).count(".") == 2
        return web.json_response({"access_token": "ya29.of-the-tests", "expires_in": 3600, "token_type": "Bearer"})


@pytest.fixture
async def door(emulator: Emulator) -> AsyncIterator[Door]:
    found = Door(emulator)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/token", found.token)
    app.router.add_post("/{path:.*}", found.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    emulator.script.add(Rule(reply=REPLY))
    yield found
    await runner.cleanup()


@asynccontextmanager
async def speaking(
    settings: Settings, environment: Mapping[str, str], purse: FakePurse
) -> AsyncIterator[ClaudeSpeaker]:
    connection = Connection(environment, Patience(first_pause=0.001), settings)
    yield ClaudeSpeaker(
        settings=settings,
        connection=connection,
        purse=purse,
        prices=PriceBook.of(settings),
        review="review-1",
        repository="repository-1",
    )
    await connection.aclose()


@pytest.fixture(autouse=True)
def own_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests: the clouds' libraries read the process's environment and home."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_AWS_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    from anthropic.lib.aws import _auth

    # The SDK keeps the sessions that it made, and with them the credentials of another test.
    cast(Any, _auth._get_session).cache_clear()


async def test_bedrock_signs_the_request_and_names_the_model_as_it_does(
    door: Door, purse: FakePurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEOFTHETESTS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    settings = Settings(endpoint="bedrock", region="eu-west-1", base_url=f"{door.url}/anthropic")
    async with speaking(settings, {}, purse) as speaker:
        reply = await speaker.speak(turn(tier="opus"), Heard())
    assert reply.failure is None
    assert reply.statement is not None
    path, headers, body = door.seen[0]
    assert path == "/anthropic/v1/messages"
    assert body["model"] == "anthropic.claude-opus-5-5"
    assert "diagnostics" not in body
    signed = headers["Authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEOFTHETESTS/")
    assert "/eu-west-1/bedrock-mantle/aws4_request" in signed
    assert SECRET not in json.dumps(headers)
    assert reply.model == "claude-opus-5-5"
    assert purse.keys[0].model == "claude-opus-5-5"


async def test_bedrock_s_bearer_token_is_taken_before_a_signature(door: Door, purse: FakePurse) -> None:
    settings = Settings(endpoint="bedrock", base_url=door.url)
    async with speaking(settings, {"AWS_BEARER_TOKEN_BEDROCK": "bearer-of-the-tests"}, purse) as speaker:
        assert (await speaker.speak(turn(), Heard())).statement is not None
    assert door.seen[0][1]["Authorization"] == "Bearer bearer-of-the-tests"


async def test_without_aws_credentials_nothing_is_sent_and_it_is_said_where_to_look(
    door: Door, purse: FakePurse
) -> None:
    settings = Settings(endpoint="bedrock", region="eu-west-1", base_url=door.url)
    async with speaking(settings, {"ANTHROPIC_API_KEY": "sk-ant-other"}, purse) as speaker:
        reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "authentication"
    assert reply.failure.message.startswith(
        "Your AWS credentials were not found, or have expired: check them (`aws sts"
    )
    assert "ANTHROPIC_API_KEY" not in reply.failure.message
    assert door.seen == []
    assert reply.spent + reply.assumed == 0
    assert purse.names == ["reserve", "release"]


async def test_vertex_exchanges_google_s_credentials_and_has_the_model_in_the_path(
    door: Door, purse: FakePurse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {
        "type": "service_account",
        "project_id": "project-of-the-tests",
        "private_key_id": "1",
        "private_key": key.private_bytes(*form).decode(),
        "client_email": "tests@example.com",
        "token_uri": f"{door.url}/token",
    }
    (tmp_path / "account.json").write_text(json.dumps(account), "utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    settings = Settings(
        endpoint="vertex", region="eu", project="project-1", base_url=f"{door.url}/v1", model_haiku="claude-haiku-4-5"
    )
    async with speaking(settings, {}, purse) as speaker:
        assert (await speaker.speak(turn(tier="sonnet"), Heard())).statement is not None
    path, headers, body = door.seen[0]
    place = "/v1/projects/project-1/locations/eu/publishers/anthropic/models"
    assert path == f"{place}/claude-sonnet-5-5:streamRawPredict"
    assert headers["Authorization"] == "Bearer ya29.of-the-tests"
    assert body["anthropic_version"] == "2026-10-21"
    assert "model" not in body


async def test_without_google_s_credentials_nothing_is_sent_and_it_is_said_where_to_look(
    door: Door, purse: FakePurse
) -> None:
    settings = Settings(endpoint="vertex", region="global", project="p", base_url=f"{door.url}/v1")
    async with speaking(settings, {}, purse) as speaker:
        reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.message.startswith(
        "Your Google credentials were not found, or have expired: check them (`gcloud auth"
    )
    assert door.seen == []


async def test_google_out_of_reach_is_the_network_s_fault_and_not_the_credentials(
    door: Door, purse: FakePurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    import anthropic.lib.vertex._client as vertex
    from google.auth import exceptions

    def away(**_: object) -> None:
        raise cast(Any, exceptions.TransportError)("the name oauth2.googleapis.com is not found")

    monkeypatch.setattr(vertex, "load_auth", away)
    settings = Settings(endpoint="vertex", region="global", project="p", base_url=f"{door.url}/v1")
    async with speaking(settings, {}, purse) as speaker:
        reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "network"
    assert "What lets you in at 127.0.0.1" in reply.failure.message
    assert door.seen == []
    assert reply.assumed == 0


async def test_foundry_sends_its_own_key_and_the_name_of_the_deployment(door: Door, purse: FakePurse) -> None:
    notes = {"team-reviewer": ModelNote(like="sonnet")}
    settings = Settings(
        endpoint="foundry", base_url=f"{door.url}/anthropic", model_sonnet="team-reviewer", models=notes
    )
    door.refusal = (404, {"type": "error", "error": {"type": "not_found_error", "message": "no such deployment"}})
    environment = {"ANTHROPIC_FOUNDRY_API_KEY": "foundry-key", "ANTHROPIC_API_KEY": "sk-ant-other"}
    async with speaking(settings, environment, purse) as speaker:
        reply = await speaker.speak(turn(tier="sonnet"), Heard())
    path, headers, body = door.seen[0]
    assert path == "/anthropic/v1/messages"
    assert headers["x-api-key"] == headers["api-key"] == "foundry-key"
    assert "sk-ant-other" not in json.dumps(headers)
    assert body["model"] == "team-reviewer"
    assert purse.keys[0].model == "claude-sonnet-5-5"
    assert reply.failure is not None


@pytest.mark.parametrize(
    ("settings", "environment", "says"),
    [
        ({"endpoint": "bedrock"}, {"AWS_BEARER_TOKEN_BEDROCK": "bearer"}, "does not accept your AWS credentials"),
        ({"endpoint": "foundry"}, {"ANTHROPIC_FOUNDRY_API_KEY": "key"}, "check ANTHROPIC_FOUNDRY_API_KEY"),
    ],
)
async def test_who_is_not_let_in_is_told_what_to_check_there(
    door: Door, purse: FakePurse, settings: dict[str, Any], environment: dict[str, str], says: str
) -> None:
    door.refusal = (401, {"type": "error", "error": {"type": "authentication_error", "message": "no"}})
    async with speaking(Settings(base_url=door.url, **settings), environment, purse) as speaker:
        reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert says in reply.failure.message
    assert "ANTHROPIC_API_KEY" not in reply.failure.message


async def test_what_a_cloud_does_not_take_is_left_out_there_too(door: Door, purse: FakePurse) -> None:
    settings = Settings(endpoint="bedrock", base_url=door.url)
    door.refusal = (
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "output_config.format: not supported"}},
    )
    async with speaking(settings, {"AWS_BEARER_TOKEN_BEDROCK": "bearer"}, purse) as speaker:
        await speaker.speak(turn(), Heard())
    first, second = door.seen[0][2], door.seen[1][2]
    assert "format" in first["output_config"]
    assert "format" not in second.get("output_config", {})
    assert "JSON Schema" in second["messages"][0]["content"][-1]["text"]


@pytest.mark.parametrize(
    ("endpoint", "module", "what"),
    [("bedrock", "boto3", "Amazon Bedrock"), ("vertex", "google.auth", "Vertex AI")],
)
async def test_an_extra_that_is_not_installed_is_one_sentence(
    purse: FakePurse, monkeypatch: pytest.MonkeyPatch, endpoint: str, module: str, what: str
) -> None:
    real = find_spec
    monkeypatch.setattr(clients, "find_spec", lambda name: None if name == module else real(name))
    settings = Settings(endpoint=endpoint, region="eu", project="p")
    async with speaking(settings, {}, purse) as speaker:
        reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    todo = f"install it with `pip install 'rebuttal[{endpoint}]'`."
    assert reply.failure.message == f"Speaking to {what} needs an extra: {todo}"
    assert purse.names == []


@pytest.mark.parametrize("endpoint", ["bedrock", "foundry"])
async def test_a_cloud_without_a_list_of_models_says_so(endpoint: str) -> None:
    environment = {"AWS_BEARER_TOKEN_BEDROCK": "b", "ANTHROPIC_FOUNDRY_API_KEY": "k"}
    with pytest.raises(NotServed, match="no list of models"):
        await served_models(environment, Settings(endpoint=endpoint, region="eu-west-1", resource="mine"))


@pytest.mark.parametrize(
    ("endpoint", "name", "called", "model"),
    [
        ("bedrock", "opus", "anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("bedrock", "anthropic.claude-sonnet-5", "anthropic.claude-sonnet-5", "claude-sonnet-5"),
        ("vertex", "claude-haiku-4-5", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("vertex", "claude-haiku-4-5@20260101", "claude-haiku-4-5@20260101", "claude-haiku-4-5"),
        ("vertex", "fable", "claude-fable-5-2", "claude-fable-5-2"),
        ("foundry", "prod-claude-opus-5-5", "prod-claude-opus-5-5", "claude-opus-5-5"),
        ("foundry", "haiku", "claude-haiku-5-5", "claude-haiku-5-5"),
        ("compatible", "anthropic/claude-opus-5-5", "anthropic/claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("compatible", "sonnet", "sonnet", "sonnet"),
    ],
)
def test_what_an_endpoint_calls_a_model(endpoint: str, name: str, called: str, model: str) -> None:
    found = model_at(endpoint, name)
    assert (found.name, found.id) == (called, model)


@pytest.mark.parametrize(
    ("endpoint", "name", "says"),
    [
        ("bedrock", "us.anthropic.claude-opus-4-8-v1:0", "use anthropic.claude-opus-4-8 instead"),
        ("bedrock", "gpt-9", "is not known"),
        ("foundry", "team-reviewer", r'\[models."team-reviewer"\] with like'),
        ("vertex", "claude-3-opus@20240229", "has been retired"),
    ],
)
def test_a_name_that_means_nothing_there_is_answered_with_what_to_do(endpoint: str, name: str, says: str) -> None:
    with pytest.raises(UnknownModel, match=says):
        model_at(endpoint, name)
