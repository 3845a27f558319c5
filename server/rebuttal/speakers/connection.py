"""The way to the service: endpoint, key and one client, opened when first used and shared by all reviews."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rebuttal.debate.model import Failure
from rebuttal.settings import endpoint_host
from rebuttal.speakers.caching import Prefixes
from rebuttal.speakers.patience import Patience

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


class ProxyUnusable(Exception):
    """The proxy's address cannot be used; the message is one sentence that says what to do."""


class Connection:
    """Use on one event loop; `aclose` ends its connections.

    `environment` is where key and endpoint come from; nothing else is asked for them, no profile on disk either.
    Raises SettingsError for an ANTHROPIC_BASE_URL that names no host.
    """

    def __init__(self, environment: Mapping[str, str], patience: Patience | None = None) -> None:
        self.host = endpoint_host(environment)
        self.patience = patience or Patience()
        self._key = (environment.get("ANTHROPIC_API_KEY") or "").strip()
        self._token = (environment.get("ANTHROPIC_AUTH_TOKEN") or "").strip()
        self._base_url = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
        self.prefixes = Prefixes()
        """What the service's cache holds of ours."""
        self.diagnoses = True
        """Whether the endpoint is asked why its cache missed; no longer once it refuses the question."""
        self._client: AsyncAnthropic | None = None
        self._opening = asyncio.Lock()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never show in a message."""
        return tuple(filter(None, (self._key, self._token)))

    def failure(self) -> Failure | None:
        """Why nothing can be sent, where the key alone tells."""
        secret = self._key or self._token
        if not secret:
            return Failure("authentication", "There is no key: set ANTHROPIC_API_KEY to one from the Claude Console.")
        if not (secret.isascii() and secret.isprintable() and " " not in secret):
            return Failure("authentication", "Your key has characters that no key has: check ANTHROPIC_API_KEY.")
        return None

    async def warm_up(self) -> None:
        """Load the SDK before the first turn needs it: it takes a second or two. The event loop goes on meanwhile."""
        if self.failure() is None:
            await self.client()

    async def client(self) -> AsyncAnthropic:
        """The SDK's client. Raises ProxyUnusable."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    async def aclose(self) -> None:
        """End all connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _make(self) -> AsyncAnthropic:
        import anthropic
        import httpx2

        _check_proxies()
        timeout = httpx2.Timeout(self.patience.silence, connect=self.patience.connect)
        # One credential, given outright: the SDK then looks for no other, neither in the environment nor on disk.
        if self._key:
            return anthropic.AsyncAnthropic(api_key=self._key, base_url=self._base_url, max_retries=0, timeout=timeout)
        return anthropic.AsyncAnthropic(auth_token=self._token, base_url=self._base_url, max_retries=0, timeout=timeout)


def _check_proxies() -> None:
    """The SDK takes the proxy from the environment, and dies of one that is no address."""
    from urllib.request import getproxies

    import httpx2

    for scheme, address in getproxies().items():
        if scheme not in ("http", "https", "all"):
            continue
        try:
            usable = bool(httpx2.URL(address if "://" in address else f"http://{address}").host)
        except httpx2.InvalidURL:
            usable = False
        if not usable:
            # The address may hold a password.
            raise ProxyUnusable(f"The proxy in {scheme.upper()}_PROXY is no address: correct it or unset it.")
