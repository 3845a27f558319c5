"""Where a review goes, what lacks for it to go there, and that nobody but the user may say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rebuttal.settings import (
    ModelNote,
    Settings,
    SettingsError,
    endpoint_host,
    endpoint_url,
    has_key,
    is_local,
    narrow,
    plain_model,
    user_settings,
    what_lacks,
    widen,
)

FOUNDRY_KEY = {"ANTHROPIC_FOUNDRY_API_KEY": "key"}


@pytest.mark.parametrize(
    ("settings", "environment", "host"),
    [
        ({}, {"ANTHROPIC_API_KEY": "key"}, "api.anthropic.com"),
        ({}, {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": "http://[::1]:8080/x"}, "[::1]:8080"),
        ({"endpoint": "bedrock", "region": "eu-west-1"}, {}, "bedrock-mantle.eu-west-1.api.aws"),
        ({"endpoint": "bedrock"}, {"AWS_REGION": "us-east-1"}, "bedrock-mantle.us-east-1.api.aws"),
        ({"endpoint": "bedrock", "base_url": "https://vpce.example/anthropic"}, {}, "vpce.example"),
        ({"endpoint": "vertex", "region": "global", "project": "p"}, {}, "aiplatform.googleapis.com"),
        ({"endpoint": "vertex", "region": "eu", "project": "p"}, {}, "aiplatform.eu.rep.googleapis.com"),
        (
            {"endpoint": "vertex"},
            {"CLOUD_ML_REGION": "us-east5", "ANTHROPIC_VERTEX_PROJECT_ID": "p"},
            "us-east5-aiplatform.googleapis.com",
        ),
        ({"endpoint": "foundry", "resource": "mine"}, FOUNDRY_KEY, "mine.services.ai.azure.com"),
        ({"endpoint": "compatible", "base_url": "http://127.0.0.1:11434"}, {}, "127.0.0.1:11434"),
    ],
)
def test_the_host_is_the_one_that_the_endpoint_leads_to(
    settings: dict[str, Any], environment: dict[str, str], host: str
) -> None:
    assert has_key(environment, Settings(**settings))
    assert endpoint_host(environment, Settings(**settings)) == host


@pytest.mark.parametrize(
    ("settings", "environment", "says"),
    [
        ({}, {}, "set ANTHROPIC_API_KEY"),
        ({"endpoint": "bedrock"}, {"ANTHROPIC_API_KEY": "key"}, "AWS_REGION"),
        ({"endpoint": "vertex", "project": "p"}, {}, "CLOUD_ML_REGION"),
        ({"endpoint": "vertex", "region": "global"}, {}, "ANTHROPIC_VERTEX_PROJECT_ID"),
        ({"endpoint": "foundry"}, FOUNDRY_KEY, "ANTHROPIC_FOUNDRY_RESOURCE"),
        ({"endpoint": "foundry", "resource": "mine"}, {"ANTHROPIC_API_KEY": "key"}, "ANTHROPIC_FOUNDRY_API_KEY"),
        ({"endpoint": "compatible"}, {"ANTHROPIC_API_KEY": "key"}, "base_url"),
    ],
)
def test_what_an_endpoint_lacks_is_named(settings: dict[str, Any], environment: dict[str, str], says: str) -> None:
    lacking = what_lacks(environment, Settings(**settings))
    assert lacking is not None
    assert says in lacking
    assert not has_key(environment, Settings(**settings))


def test_an_address_beside_the_claude_api_is_refused_for_it_would_not_be_used() -> None:
    with pytest.raises(SettingsError, match="compatible"):
        endpoint_url({"ANTHROPIC_API_KEY": "key"}, Settings(base_url="http://127.0.0.1:1"))


@pytest.mark.parametrize("key", ["region", "resource", "project"])
@pytest.mark.parametrize("value", ["evil.example/", "a.b", "x@y", "a#", "", " ", 7])
def test_a_part_of_a_host_cannot_lead_to_another_host(key: str, value: Any) -> None:
    settings, problems = widen(Settings(), {key: value}, "test")
    assert settings == Settings()
    assert len(problems) == 1


@pytest.mark.parametrize(
    "value", ["ftp://host", "host:80", "http://", "http://h:99999", "http://a b", "http://h/?x=1", "http://h/#x", 1]
)
def test_what_is_no_address_is_left_out(value: Any) -> None:
    assert widen(Settings(), {"base_url": value}, "test")[0] == Settings()


def test_an_address_may_end_as_openai_s_do() -> None:
    given = {"endpoint": "compatible", "base_url": "http://localhost:1234/v1/"}
    assert endpoint_url({}, widen(Settings(), given, "test")[0]) == "http://localhost:1234"


def test_a_private_address_of_vertex_keeps_the_version_that_its_paths_need() -> None:
    given = {"endpoint": "vertex", "region": "eu", "project": "p", "base_url": "https://vertex.example/v1"}
    assert endpoint_url({}, widen(Settings(), given, "test")[0]) == "https://vertex.example/v1"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("endpoint", "compatable", "endpoint must be one of anthropic, bedrock"),
        ("base_url", "http://me:pa55word@host", "base_url must be without user and password"),
        ("region", "eu/west", "region must be letters"),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_slip_of_the_pen_sends_nothing_to_the_claude_api_instead(
    tmp_path: Path, key: str, value: str, says: str, by_variable: bool
) -> None:
    environment = {"REBUTTAL_HOME": str(tmp_path)}
    if by_variable:
        environment[f"REBUTTAL_{key.upper()}"] = value
    else:
        (tmp_path / "config.toml").write_text(f'{key} = "{value}"\n', "utf-8")
    with pytest.raises(SettingsError, match=says) as raised:
        user_settings(environment)
    assert "pa55word" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("endpoint", "compatible"),
        ("base_url", "http://127.0.0.1:1"),
        ("region", "eu-west-1"),
        ("project", "p"),
        ("resource", "r"),
        ("models", {"m": {"like": "opus"}}),
    ],
)
def test_no_repository_and_no_editor_sends_a_review_elsewhere(key: str, value: Any) -> None:
    settings, problems = narrow(Settings(), {key: value}, ".rebuttal.toml")
    assert settings == Settings()
    assert "may only be set in your own config file" in problems[0].message


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434", True),
        ("http://127.0.0.2:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.1:1", False),
        ("http://localhost.example", False),
        ("http://0.0.0.0:1", False),
    ],
)
def test_local_is_what_stays_on_this_machine(url: str, local: bool) -> None:
    assert is_local(Settings(endpoint="compatible", base_url=url)) == local
    assert not is_local(Settings(base_url=url))


def test_config_toml_says_what_a_model_is(tmp_path: Path) -> None:
    text = '[models."mine"]\nlike = "opus"\ncontext = 32768\n[models."bad"]\nprice = 3\n'
    (tmp_path / "config.toml").write_text(f'endpoint = "foundry"\nresource = "r"\n{text}', "utf-8")
    settings, problems = user_settings({"REBUTTAL_HOME": str(tmp_path)})
    assert (settings.endpoint, settings.resource) == ("foundry", "r")
    assert settings.models == {"mine": ModelNote(like="opus", context=32768)}
    assert len(problems) == 1
    assert "'price' is none of like, context, max_output" in problems[0].message


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("us.anthropic.claude-opus-4-8-v1:0", "claude-opus-4-8"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("anthropic/claude-sonnet-5", "claude-sonnet-5"),
        ("team-Claude-Opus-5-5-prod", "claude-opus-5-5"),
        ("qwen3-coder:30b", None),
    ],
)
def test_the_model_within_a_longer_name(name: str, model: str | None) -> None:
    assert plain_model(name) == model
