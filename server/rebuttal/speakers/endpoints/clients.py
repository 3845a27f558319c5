"""The SDK's own client for each endpoint. Slow (the SDK takes a second to load): not for an event loop.

Everything that we know is given outright, so that no client looks for it elsewhere; a cloud's credentials alone are
left to the cloud's own chain.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from rebuttal.settings import Settings, endpoint_url, project_of, region_of

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

NO_TOKEN = "none"  # noqa: S105 (it opens nothing)
"""The SDK sends nothing without a credential; a server that wants none takes any."""


_OF_CLAUDE = "sk-ant-"
"""What all credentials of the Claude API begin with."""


class Unusable(Exception):
    """There can be no client; the message is one sentence that says what to do."""


def make_client(environment: Mapping[str, str], settings: Settings, common: Mapping[str, Any]) -> AsyncAnthropic:
    """`common`: time limits and what else all clients take. Raises Unusable, SettingsError."""
    import anthropic

    url = endpoint_url(environment, settings)
    makers = {"bedrock": _bedrock, "vertex": _vertex, "foundry": _foundry, "compatible": _compatible}
    if (maker := makers.get(settings.endpoint)) is not None:
        return cast("AsyncAnthropic", maker(environment, settings, {"base_url": url, **common}))
    # One credential, given outright: the SDK then looks for no other, neither in the environment nor on disk.
    if key := environment.get("ANTHROPIC_API_KEY", "").strip():
        return anthropic.AsyncAnthropic(api_key=key, base_url=url, **common)
    return anthropic.AsyncAnthropic(auth_token=_token(environment), base_url=url, **common)


def secrets_of(environment: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """What is sent to an endpoint to be let in, and must never show in a message."""
    names = {
        "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        "bedrock": ("AWS_BEARER_TOKEN_BEDROCK", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"),
        "foundry": ("ANTHROPIC_FOUNDRY_API_KEY",),
        "compatible": ("ANTHROPIC_AUTH_TOKEN",),
    }.get(settings.endpoint, ())
    return tuple(found for name in names if (found := environment.get(name, "").strip()))


def _bedrock(environment: Mapping[str, str], settings: Settings, common: Mapping[str, Any]) -> Any:
    from anthropic import AsyncAnthropicBedrockMantle

    bearer = environment.get("AWS_BEARER_TOKEN_BEDROCK", "").strip() or None
    if bearer is None:
        _need("boto3", "bedrock", "Amazon Bedrock")
    return AsyncAnthropicBedrockMantle(
        aws_region=region_of(environment, settings) or None,
        aws_profile=environment.get("AWS_PROFILE") or None if bearer is None else None,
        api_key=bearer,
        default_headers=_headers({"Authorization": f"Bearer {bearer}"} if bearer else {}),
        **common,
    )


def _vertex(environment: Mapping[str, str], settings: Settings, common: Mapping[str, Any]) -> Any:
    from anthropic import AsyncAnthropicVertex

    _need("google.auth", "vertex", "Vertex AI")
    return AsyncAnthropicVertex(
        region=region_of(environment, settings),
        project_id=project_of(environment, settings),
        default_headers=_headers({}),
        **common,
    )


def _foundry(environment: Mapping[str, str], _: Settings, common: Mapping[str, Any]) -> Any:
    from anthropic import AsyncAnthropicFoundry

    key = environment.get("ANTHROPIC_FOUNDRY_API_KEY", "").strip()
    return AsyncAnthropicFoundry(api_key=key, default_headers=_headers({}), **common)


def _compatible(environment: Mapping[str, str], _: Settings, common: Mapping[str, Any]) -> Any:
    import anthropic

    # Never ANTHROPIC_API_KEY: a key for the Claude API is no other server's business, in whatever variable it stands.
    token = _token(environment)
    if not token or token.startswith(_OF_CLAUDE):
        token = NO_TOKEN
    own = _headers({"Authorization": f"Bearer {token}", "x-api-key": token})
    return anthropic.AsyncAnthropic(auth_token=token, default_headers=own, **common)


def _headers(own: Mapping[str, str]) -> Any:
    """What the SDK sends always: `own`, without the headers that the user has for the Claude API, or for a gateway in
    front of it, and which may hold a key. The SDK takes them from the process's environment by itself."""
    from anthropic import omit

    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n")
    return {line.partition(":")[0].strip(): omit for line in lines if ":" in line} | dict(own)


def _token(environment: Mapping[str, str]) -> str:
    return environment.get("ANTHROPIC_AUTH_TOKEN", "").strip()


def _need(module: str, extra: str, what: str) -> None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # of the package that holds it
        found = None
    if found is None:
        raise Unusable(f"Speaking to {what} needs an extra: install it with `pip install 'rebuttal[{extra}]'`.")
