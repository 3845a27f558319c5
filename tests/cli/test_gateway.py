"""A whole review through LiteLLM's proxy, a real server that others wrote, with a scripted model behind it.

`python scripts/check.py gateway` installs the proxy into an environment of its own and names it in REBUTTAL_LITELLM.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import REVIEWERS, Rebuttal
from tests.emulator.compatible import OLLAMA, CompatibleServer
from tests.emulator.planted import Planted

pytestmark = [
    pytest.mark.gateway,
    pytest.mark.skipif("REBUTTAL_LITELLM" not in os.environ, reason="python scripts/check.py gateway installs LiteLLM"),
]

TOKEN = "sk-litellm-of-the-tests"
MODEL = "local-reviewer"
PATIENCE = 120.0
"""Seconds until the proxy must answer: it takes some twenty to start."""


@pytest.fixture
def backend() -> Iterator[CompatibleServer]:
    """A model of which LiteLLM knows nothing, which thinks aloud and puts its JSON into prose."""
    with CompatibleServer(OLLAMA, Planted.load(REVIEWERS)) as server:
        yield server


@pytest.fixture
def proxy(backend: CompatibleServer, tmp_path: Path) -> Iterator[str]:
    """The proxy's address."""
    config = {
        "model_list": [
            {
                "model_name": MODEL,
                "litellm_params": {
                    "model": "hosted_vllm/scripted",
                    "api_base": f"{backend.url}/v1",
                    "api_key": "none",
                },
            }
        ],
        "litellm_settings": {"telemetry": False},
        "general_settings": {"master_key": TOKEN},
    }
    (tmp_path / "litellm.json").write_text(json.dumps(config), "utf-8")  # JSON is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    litellm = Path(os.environ["REBUTTAL_LITELLM"]).with_name("litellm")
    command = [str(litellm), "--config", str(tmp_path / "litellm.json"), "--host", "127.0.0.1", "--port", port]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "OPENAI_"))}
    # Its own list of prices would be fetched from the network, three times.
    environment = {**kept, "HOME": str(tmp_path), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (tmp_path / "litellm.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            yield _ready(f"http://127.0.0.1:{port}", process, tmp_path / "litellm.log")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _ready(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health/liveliness", timeout=2):
                return url
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the proxy did not start: {log.read_text('utf-8', 'replace')[-3000:]}")


@pytest.mark.timeout(240)
def test_a_whole_review_through_litellm(
    rebuttal: Rebuttal, parcels: Path, proxy: str, backend: CompatibleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tier in ("HAIKU", "SONNET", "OPUS"):
        monkeypatch.setenv(f"REBUTTAL_MODEL_{tier}", MODEL)
    monkeypatch.setenv("REBUTTAL_ENDPOINT", "compatible")
    monkeypatch.setenv("REBUTTAL_BASE_URL", f"{proxy}/v1")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", TOKEN)

    doctor = rebuttal("doctor", "--repo", parcels)
    assert doctor.code == 0, doctor.out
    assert f"reviews would be sent to {proxy.removeprefix('http://')}" in doctor.out
    assert f"models    {MODEL}\n" in doctor.out
    assert "local and free" in doctor.out

    ran = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--fail-on", "never", "--format", "json")
    assert ran.code == 0, ran.err
    report = ran.json
    assert {"debate:security", "debate:correctness"} <= ran.rules()
    assert report["degraded"] == []
    assert report["cost"]["calls"] == len(backend.bodies) > 2
    assert float(report["cost"]["spent"]) == 0

    # What LiteLLM made of it: no schema is enforced by the model behind it, so the prompt says it.
    sent = json.dumps(backend.bodies[0])
    assert "JSON Schema" in sent
    assert "cache_control" not in sent

    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "sk-wrong")
    refused = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--fail-on", "never", "--fresh")
    # Without a database LiteLLM answers a wrong key with a 400 that speaks of that.
    assert refused.code == 3
    assert "look into that server's log" in refused.err
    assert "sk-wrong" not in refused.out + refused.err
