"""Whole reviews at another endpoint than the Claude API, as a user sets it up: a file in a home of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.review.services import open_services
from rebuttal.settings import Settings
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
