"""Whole reviews at another endpoint than the Claude API, as a user sets it up: a file in a home of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.review.services import open_services
from rebuttal.settings import Settings
from rebuttal.speakers import served
from rebuttal.speakers.served import NotServed
from tests.cli.conftest import REVIEWERS, Rebuttal
from tests.emulator.compatible import OLLAMA, VLLM, CompatibleServer
from tests.emulator.planted import Planted

MODEL = "qwen3-coder:30b"
REVIEW = ("--panel", "small", "--fail-on", "never")
CONFIG = f"""
endpoint = "compatible"
base_url = "URL"
model_haiku = "{MODEL}"
model_sonnet = "{MODEL}"
model_opus = "{MODEL}"
"""


@pytest.fixture
def local() -> Iterator[CompatibleServer]:
    with CompatibleServer(OLLAMA, Planted.load(REVIEWERS)) as server:
        yield server


@pytest.fixture
def configured(home: Path, local: CompatibleServer) -> Path:
    home.mkdir(parents=True)
    (home / "config.toml").write_text(CONFIG.replace("URL", local.url), "utf-8")
    return home


@pytest.mark.usefixtures("configured")
def test_a_local_model_reviews_for_nothing_and_without_a_key(
    rebuttal: Rebuttal, parcels: Path, local: CompatibleServer
) -> None:
    ran = rebuttal("review", "--repo", parcels, *REVIEW, "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert {"debate:security", "debate:correctness"} <= ran.rules()
    assert ran.json["degraded"] == []
    assert float(ran.json["cost"]["spent"]) == 0
    assert ran.json["cost"]["calls"] == len(local.bodies) > 2
    doctor = rebuttal("doctor", "--repo", parcels)
    assert "local and free" in doctor.out
    assert f"reviews would be sent to {local.url.removeprefix('http://')}" in doctor.out


@pytest.mark.usefixtures("configured")
def test_a_recording_of_a_local_model_is_played_anywhere(
    rebuttal: Rebuttal, parcels: Path, local: CompatibleServer, tmp_path: Path
) -> None:
    tape = tmp_path / "tape.jsonl"
    live = rebuttal("review", "--repo", parcels, *REVIEW, "--yes", "--format", "json", "--record", tape)
    asked = len(local.bodies)
    assert asked > 2
    played = rebuttal("review", "--repo", parcels, *REVIEW, "--format", "json", "--replay", tape)
    assert played.rules() == live.rules()
    assert len(local.bodies) == asked


async def test_who_agreed_to_one_host_is_asked_again_for_another(home: Path, parcels: Path) -> None:
    environment = {"REBUTTAL_HOME": str(home), "ANTHROPIC_API_KEY": "key"}
    bedrock = Settings(endpoint="bedrock", region="eu-west-1")
    async with open_services(environment, Settings()) as services:
        await services.remember_consent(parcels, ())
        assert await services.has_consent(parcels, ())
    async with open_services(environment, bedrock) as services:
        assert not await services.has_consent(parcels, ())
        await services.remember_consent(parcels, ())
    async with open_services(environment, evolve(bedrock, region="us-east-1")) as services:
        assert not await services.has_consent(parcels, ())
    async with open_services(environment, bedrock) as services:
        assert await services.has_consent(parcels, ())


@pytest.mark.usefixtures("configured")
def test_a_model_elsewhere_without_a_price_is_refused(
    rebuttal: Rebuttal, parcels: Path, local: CompatibleServer, home: Path
) -> None:
    elsewhere = CONFIG.replace("URL", "http://192.0.2.1:8000")
    (home / "config.toml").write_text(elsewhere, "utf-8")
    ran = rebuttal("review", "--repo", parcels, *REVIEW, "--yes")
    assert f'[prices."{MODEL}"]' in ran.out + ran.err
    assert local.bodies == []
    priced = f'{elsewhere}[prices."{MODEL}"]\ninput = 1\noutput = 2\n'
    (home / "config.toml").write_text(priced, "utf-8")
    estimate = rebuttal("estimate", "--repo", parcels, "--panel", "small", "--format", "json")
    assert float(estimate.json["expected"]) > 0
    assert set(estimate.json["by_model"]) == {MODEL}


def test_a_server_with_a_token_and_the_ledger_knows_the_model(
    rebuttal: Rebuttal, parcels: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CompatibleServer(VLLM, Planted.load(REVIEWERS)) as server:
        home.mkdir(parents=True)
        config = f'{CONFIG.replace("URL", server.url)}[prices."{MODEL}"]\ninput = 1\noutput = 2\n'
        (home / "config.toml").write_text(config, "utf-8")
        assert VLLM.key is not None
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", VLLM.key)
        ran = rebuttal("review", "--repo", parcels, *REVIEW, "--yes", "--format", "json")
        assert ran.code == 0, ran.err
        assert float(ran.json["cost"]["spent"]) > 0
        assert MODEL in rebuttal("ledger", "--by", "model").out
        assert VLLM.key not in json.dumps(ran.json)


def checks(rebuttal: Rebuttal, home: Path, config: str) -> list[tuple[str, str, str]]:
    """Of the doctor, what it says of prices, key and models."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(config, "utf-8")
    found = rebuttal("doctor", "--format", "json").json["checks"]
    return [(one["name"], one["state"], one["message"]) for one in found if one["name"] in ("prices", "key", "models")]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (MODEL, ("models", "ok", MODEL)),
        ("llama3", ("models", "ok", "llama3")),
        (
            "nope",
            (
                "models",
                "failed",
                f"nope: not among the models there (llama3:latest, {MODEL}); change the model settings",
            ),
        ),
    ],
)
def test_doctor_looks_for_the_models_at_a_local_server_and_tells_nothing_of_its_others(
    rebuttal: Rebuttal, home: Path, model: str, said: tuple[str, str, str]
) -> None:
    with CompatibleServer(OLLAMA, Planted.load(REVIEWERS), (MODEL, "llama3:latest")) as server:
        told = checks(rebuttal, home, CONFIG.replace("URL", server.url).replace(MODEL, model))
    assert [one for one in told if one[0] == "models"] == [said]


def test_doctor_takes_a_server_without_a_list_of_models_for_well_and_one_that_is_away_or_locked_not(
    rebuttal: Rebuttal, home: Path, local: CompatibleServer
) -> None:
    assert checks(rebuttal, home, CONFIG.replace("URL", local.url))[-1][1] == "ok"
    _, state, message = checks(rebuttal, home, CONFIG.replace("URL", "http://127.0.0.1:1"))[-1]
    assert (state, "cannot be reached" in message) == ("failed", True)
    with CompatibleServer(VLLM, Planted.load(REVIEWERS), (MODEL,)) as server:
        _, state, message = checks(rebuttal, home, CONFIG.replace("URL", server.url))[-1]
    assert (state, "check ANTHROPIC_AUTH_TOKEN" in message) == ("failed", True)


def test_doctor_names_a_deployment_that_nobody_knows_and_a_price_that_is_never_used(
    rebuttal: Rebuttal, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", "key")
    config = (
        'endpoint = "foundry"\nresource = "mine"\nmodel_opus = "team-x"\n[prices."team-y"]\ninput = 1\noutput = 2\n'
    )
    told = checks(rebuttal, home, config)
    assert told[-1][:2] == ("models", "failed")
    assert '[models."team-x"] with like' in told[-1][2]
    assert [one[1] for one in told if one[0] == "prices" and '[prices."team-y"] is used for none of' in one[2]] == [
        "warning"
    ]


@pytest.mark.parametrize(("url", "state"), [("http://192.0.2.1:8000", "warning"), ("https://192.0.2.1:8000", "ok")])
def test_doctor_warns_of_code_and_token_in_the_clear(
    rebuttal: Rebuttal, home: Path, monkeypatch: pytest.MonkeyPatch, url: str, state: str
) -> None:
    async def away(*_: object) -> None:
        raise NotServed("not asked in this test")

    monkeypatch.setattr(served, "served_models", away)
    (key,) = [one for one in checks(rebuttal, home, CONFIG.replace("URL", url)) if one[0] == "key"]
    assert key[1] == state
    assert ("not encrypted" in key[2]) == (state == "warning")
