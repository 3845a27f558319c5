"""Where a review is sent, and what lacks for it to be sent: told without the SDK, and without its clouds' libraries."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from rebuttal.settings.model import Settings, SettingsError

CLAUDE_API = "https://api.anthropic.com"
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
"""Variables that let reviews in at the Claude API."""
_FOUNDRY_KEY = "ANTHROPIC_FOUNDRY_API_KEY"
_ANTHROPIC = Settings()
_MODEL = re.compile(r"claude-(?:fable|opus|sonnet|haiku)-\d+(?:-\d{1,2})?(?!\d)")


def has_key(environment: Mapping[str, str], settings: Settings = _ANTHROPIC) -> bool:
    """Whether a review can be sent, as far as that shows without asking: a key for the Claude API, or all that another
    endpoint needs. Whether a cloud's own credentials are there, only the first call tells."""
    return what_lacks(environment, settings) is None


def what_lacks(environment: Mapping[str, str], settings: Settings = _ANTHROPIC) -> str | None:
    """What must be set before anything can be sent: words for a sentence; None where nothing lacks."""
    region, base = region_of(environment, settings), _base(environment, settings)
    resource = resource_of(environment, settings)
    needed = {
        "anthropic": ((_first(environment, *KEYS), "there is no API key: set ANTHROPIC_API_KEY"),),
        "bedrock": ((region or base, "the endpoint bedrock needs a region: set `region`, or AWS_REGION"),),
        "vertex": (
            (region, "the endpoint vertex needs a region: set `region`, such as global, or CLOUD_ML_REGION"),
            (
                project_of(environment, settings),
                "the endpoint vertex needs a project: set `project`, or ANTHROPIC_VERTEX_PROJECT_ID",
            ),
        ),
        "foundry": (
            (resource or base, "the endpoint foundry needs a resource: set `resource`, or ANTHROPIC_FOUNDRY_RESOURCE"),
            (_first(environment, _FOUNDRY_KEY), f"there is no key: set {_FOUNDRY_KEY} to one of the Foundry resource"),
        ),
        "compatible": (
            (base, "the endpoint compatible needs an address: set `base_url`, such as http://127.0.0.1:11434"),
        ),
    }
    return next((lacking for found, lacking in needed[settings.endpoint] if not found), None)


def endpoint_url(environment: Mapping[str, str], settings: Settings = _ANTHROPIC) -> str:
    """The address to which requests go. Raises SettingsError for one that names no host, or where one lacks."""
    if settings.endpoint == "anthropic":
        if settings.base_url:
            raise SettingsError('base_url is set, but endpoint is anthropic: set endpoint = "compatible" to use it')
        return _checked(environment.get("ANTHROPIC_BASE_URL") or CLAUDE_API, "ANTHROPIC_BASE_URL")
    if lacking := what_lacks(environment, settings):
        raise SettingsError(lacking)
    if given := _base(environment, settings):
        # A compatible server's is often given as for OpenAI's SDK; Vertex's ends in /v1.
        return _checked(given.removesuffix("/v1") if settings.endpoint == "compatible" else given, "base_url")
    region = region_of(environment, settings)
    match settings.endpoint:
        case "bedrock":
            return f"https://bedrock-mantle.{region}.api.aws/anthropic"
        case "foundry":
            return f"https://{resource_of(environment, settings)}.services.ai.azure.com/anthropic/"
    # The addresses are the SDK's own (lib/vertex).
    place = {"global": "aiplatform", "us": "aiplatform.us.rep", "eu": "aiplatform.eu.rep"}
    return f"https://{place.get(region, f'{region}-aiplatform')}.googleapis.com/v1"


def endpoint_host(environment: Mapping[str, str], settings: Settings = _ANTHROPIC) -> str:
    """The host (and port, where one is named) that a review would be sent to: what the user agrees to.

    Without user name or password. Raises SettingsError for an address that names no host, or where one lacks.
    """
    parts = urlsplit(endpoint_url(environment, settings))
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port is None else f"{host}:{parts.port}"


def is_local(settings: Settings) -> bool:
    """Whether reviews stay on this machine: a compatible server on a loopback address."""
    return settings.endpoint == "compatible" and is_loopback(settings.base_url)


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    import ipaddress

    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def region_of(environment: Mapping[str, str], settings: Settings) -> str:
    """Of Bedrock or Vertex; empty where none is set."""
    names = ("AWS_REGION", "AWS_DEFAULT_REGION") if settings.endpoint == "bedrock" else ("CLOUD_ML_REGION",)
    return settings.region or _first(environment, *names)


def project_of(environment: Mapping[str, str], settings: Settings) -> str:
    """Of Vertex; empty where none is set."""
    return settings.project or _first(environment, "ANTHROPIC_VERTEX_PROJECT_ID")


def resource_of(environment: Mapping[str, str], settings: Settings) -> str:
    """Of Foundry; empty where none is set."""
    return settings.resource or _first(environment, "ANTHROPIC_FOUNDRY_RESOURCE")


def plain_model(name: str) -> str | None:
    """The id of the Claude model that a longer name holds, such as `us.anthropic.claude-opus-4-8-v1:0`."""
    found = _MODEL.search(name.lower())
    return found.group() if found else None


def process_environment() -> dict[str, str]:
    """This process's environment, read once at the door and passed on."""
    return dict(os.environ)


def _base(environment: Mapping[str, str], settings: Settings) -> str:
    name = {
        "bedrock": "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
        "vertex": "ANTHROPIC_VERTEX_BASE_URL",
        "foundry": "ANTHROPIC_FOUNDRY_BASE_URL",
    }.get(settings.endpoint)
    return settings.base_url or (_first(environment, name) if name else "")


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((found for name in names if (found := environment.get(name, "").strip())), "")


def _checked(address: str, setting: str) -> str:
    """The address itself, once it is one. Raises SettingsError."""
    try:
        parts: SplitResult | None = urlsplit(address)
        _ = parts and parts.port
    except ValueError:
        parts = None
    if parts is None or not parts.hostname:
        raise SettingsError(f"{setting} names no host: give it in full, such as {CLAUDE_API}")
    if parts.scheme.lower() not in ("http", "https"):
        raise SettingsError(f"{setting} is no http or https address: correct it, such as {CLAUDE_API}")
    return address
