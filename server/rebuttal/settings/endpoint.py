"""Where a review is sent, and whether there is a key for it: what the user agrees to, told without the SDK."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rebuttal.settings.model import SettingsError


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether the user has given a key for the API (as the SDK reads it from the environment)."""
    return any(environment.get(name, "").strip() for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"))


def endpoint_host(environment: Mapping[str, str]) -> str:
    """The host (and port, where one is named) that a review would be sent to: what the user agrees to.

    Without user name or password. Raises SettingsError for an ANTHROPIC_BASE_URL that names no host.
    """
    from urllib.parse import urlsplit

    base = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    try:
        parts = urlsplit(base)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host:
        raise SettingsError("ANTHROPIC_BASE_URL names no host: give it in full, such as https://api.anthropic.com")
    if scheme not in ("http", "https"):
        raise SettingsError(
            "ANTHROPIC_BASE_URL is no http or https address: correct it, such as https://api.anthropic.com"
        )
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def process_environment() -> dict[str, str]:
    """This process's environment, read once at the door and passed on."""
    return dict(os.environ)
