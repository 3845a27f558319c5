"""The way to the service: endpoint, key and one client, opened when first used and shared by all reviews."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rebuttal.debate.model import Failure
from rebuttal.settings import Settings, endpoint_host, endpoint_url, is_local, plain_model, what_lacks
from rebuttal.speakers.caching import Prefix, Prefixes, prefixes
from rebuttal.speakers.catalogue import ALIASES, MODELS, ModelFacts
from rebuttal.speakers.circuits import Circuits
from rebuttal.speakers.endpoints.abilities import Abilities, complaint
from rebuttal.speakers.endpoints.clients import Unusable, make_client, secrets_of
from rebuttal.speakers.endpoints.guard import only_to
from rebuttal.speakers.endpoints.words import Words, words_of
from rebuttal.speakers.faults import Target
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.requests import prompt_bytes
from rebuttal.speakers.tracing import Tracing
from rebuttal.speakers.traffic import Traffic

if TYPE_CHECKING:
    from ssl import SSLContext

    from anthropic import AsyncAnthropic


class ProxyUnusable(Unusable):
    """The proxy's address cannot be used."""


class Connection:
    """Use on one event loop; `aclose` ends its connections.

    `environment` is where key and endpoint come from, with the user's `settings`; nothing else is asked for them, no
    profile on disk either, but for a cloud's own chain of credentials. Raises SettingsError for an ANTHROPIC_BASE_URL
    that names no host.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        patience: Patience | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._lacking = what_lacks(environment, self.settings)
        lost = self._lacking is not None and self.endpoint != "anthropic"
        self.host = self.endpoint if lost else endpoint_host(environment, self.settings)
        self.patience = patience or Patience()
        self._environment = environment
        self.tracing = Tracing(environment)
        self._abilities: dict[str, Abilities] = {}
        self.prefixes = Prefixes(lambda: self.patience.now().timestamp())
        """What the service's cache holds of ours."""
        self.diagnoses = self.endpoint == "anthropic"
        """Whether the endpoint is asked why its cache missed; no longer once it refuses the question."""
        self.traffic = Traffic(self.patience.sleep, self.patience.clock)
        self.circuits = Circuits(self.patience.clock)
        self._client: AsyncAnthropic | None = None
        self._users: Counter[AsyncAnthropic] = Counter()
        """How many calls of each client are under way."""
        self._retired: set[AsyncAnthropic] = set()
        self._trust: SSLContext | None = None
        self._opening = asyncio.Lock()

    @property
    def endpoint(self) -> str:
        """anthropic, bedrock, vertex, foundry or compatible."""
        return self.settings.endpoint

    @property
    def words(self) -> Words:
        """What messages name when they say what to check."""
        return words_of(self.endpoint)

    def target(self, model: str, setting: str) -> Target:
        """A call to the endpoint, for the words of a message."""
        return Target(self.host, model, setting, self.words)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never show in a message."""
        return secrets_of(self._environment, self.settings)

    def failure(self) -> Failure | None:
        """Why nothing can be sent, where settings and key alone tell."""
        if self._lacking is not None:
            if self.endpoint == "anthropic":
                return Failure(
                    "authentication", "There is no key: set ANTHROPIC_API_KEY to one from the Claude Console."
                )
            return Failure("authentication", f"{self._lacking[0].upper()}{self._lacking[1:]}.")
        if any(not (one.isascii() and one.isprintable() and " " not in one) for one in self.secrets[:1]):
            return Failure("authentication", f"Your key has characters that no key has: check {self.words.key}.")
        return None

    # What the endpoint does otherwise than the Claude API

    def fields_within(self, request: Mapping[str, Any]) -> frozenset[str] | None:
        """Where nobody enforces the schema of an answer: its fields, by which it is found within prose."""
        if self.endpoint == "anthropic":
            return None
        if self.endpoint != "compatible" and "format" not in self.abilities(request["model"]).refused:
            return None
        schema = request["output_config"].get("format", {}).get("schema", {})
        return frozenset(schema.get("properties", ()))

    def wire(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The request as the endpoint takes it, as far as that is known."""
        return dict(request) if self.endpoint == "anthropic" else self.abilities(request["model"]).adapted(request)

    def kept(self, request: Mapping[str, Any]) -> tuple[Prefix, ...]:
        """What the service's cache shall hold of a request. Nothing where the endpoint takes no breakpoints: nobody
        needs to wait there until another has written anything."""
        refuses = "caching" in self.abilities(request["model"]).refused
        return () if refuses else prefixes(request)

    def abilities(self, called: str) -> Abilities:
        """What is known of a model, by the name that requests give it."""
        if called not in self._abilities:
            note = self.settings.models.get(called)
            claude = plain_model(called) is not None or (note is not None and note.like is not None)
            self._abilities[called] = Abilities(says_schema=self.endpoint == "compatible" and not claude)
        return self._abilities[called]

    def learns(self, error: Exception, sent: Mapping[str, Any]) -> bool:
        """Whether an answer with an error named something of the request that can be left out, so that it is worth
        asking again. An error costs nothing."""
        if self.endpoint == "anthropic" or getattr(error, "status_code", None) not in (400, 422):
            return False
        return self.abilities(sent["model"]).learn(complaint(getattr(error, "body", None)), sent)

    def too_long(self, model: ModelFacts, request: Mapping[str, Any], bound: int) -> Failure | None:
        """Whether a prompt of at most `bound` tokens and its answer are longer than the model takes: local servers cut
        off the beginning without a word. The Claude API says so itself."""
        if self.endpoint == "anthropic":
            return None
        # Some three bytes are a token.
        about, room = min(bound, prompt_bytes(dict(request)) // 3), request["max_tokens"]
        if about + room <= model.context:
            return None
        message = (
            f"The prompt has about {about:,} tokens, its answer may have {room:,}, and {model.name} takes "
            f"{model.context:,} tokens of both: lower context_tokens, or review a smaller scope."
        )
        return Failure("bad_request", message)

    def unheeded(self, request: Mapping[str, Any]) -> None:
        """An answer was not as the request asked for: from now on the prompt says the schema too."""
        if self.endpoint == "compatible":
            self.abilities(request["model"]).says_schema = True

    def answered_by(self, said: str, asked: str) -> str:
        """The id of the model that answered: `said` by the response, where `asked` was asked for. Other endpoints have
        names of their own for models, and servers often say nothing that means anything."""
        if self.endpoint == "anthropic":
            return ALIASES.get(said, said)
        plain, wanted = plain_model(said), plain_model(asked)
        if plain is None or plain not in MODELS or plain == wanted:
            return asked
        # A gateway that says that Claude answered is billed for Claude, whatever it calls the model; but for a name
        # that the user has given a price.
        return asked if wanted is None and asked in self.settings.prices else plain

    async def warm_up(self) -> None:
        """Load the SDK before the first turn needs it: it takes a second or two. The event loop goes on meanwhile."""
        if self.failure() is None:
            await self.client()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[AsyncAnthropic]:
        """The client, for one call: it is not closed while that is under way. Raises Unusable."""
        client = await self.client()
        self._users[client] += 1
        try:
            yield client
        finally:
            self._users[client] -= 1
            await self._close_unused(client)

    async def renew(self, client: AsyncAnthropic) -> None:
        """A connection of this client's led nowhere. After a sleep of the machine, or in another network, all that were
        open do, without a word, and each would cost an attempt: the next call opens new ones. Others go on."""
        if self._client is client:
            self._client = None
            self._retired.add(client)
        await self._close_unused(client)

    async def _close_unused(self, client: AsyncAnthropic) -> None:
        if client in self._retired and not self._users[client]:
            self._retired.discard(client)
            del self._users[client]
            await client.close()

    async def client(self) -> AsyncAnthropic:
        """The SDK's client. Raises Unusable."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    async def aclose(self) -> None:
        """End all connections; the next call opens new ones."""
        self.traffic.close()
        clients = [*self._retired, *([self._client] if self._client is not None else ())]
        self._client = None
        self._retired.clear()
        self._users.clear()
        for client in clients:
            await client.close()
        await self.tracing.aclose()

    def _make(self) -> AsyncAnthropic:
        import anthropic
        import httpx2

        _check_proxies()
        timeout = httpx2.Timeout(self.patience.silence, connect=self.patience.connect)
        if self._trust is None:
            # By far the longest part of making a client.
            self._trust = _trusted()
        url = endpoint_url(self._environment, self.settings)
        # What stays on this machine goes through no proxy, whose host nobody has agreed to.
        past = {f"all://{_host(url)}": None} if is_local(self.settings) else {}
        common = {
            "timeout": timeout,
            "http_client": anthropic.DefaultAsyncHttpxClient(
                verify=self._trust,
                timeout=timeout,
                mounts=past,
                # A redirect would take the code, and the key with it, to a host that nobody has agreed to.
                follow_redirects=False,
                event_hooks={"request": [only_to(httpx2.URL(url))]},
            ),
            "max_retries": 0,
            # False, and not nothing: without it the SDK would send spans to whatever provider is registered.
            "open_telemetry": self.tracing.open(),
        }
        return make_client(self._environment, self.settings, common)


def _trusted() -> SSLContext:
    """Who is believed to be who it says: the system's certificates, or those that the user names."""
    import httpx2

    try:
        return httpx2.create_ssl_context()
    except OSError as error:  # an SSLError is one
        why = "it holds no certificate" if error.strerror is None or "certificate" in str(error) else error.strerror
        raise Unusable(f"SSL_CERT_FILE cannot be used ({why}): correct it or unset it.") from None


def _host(url: str) -> str:
    """As the SDK's client wants it in a pattern."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


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
