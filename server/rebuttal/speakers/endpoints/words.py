"""What a message names when it says what to check: each endpoint has other keys, and another place where it is set."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen


@frozen
class Words:
    """Of one endpoint."""

    credential: str = "your key"
    key: str = "ANTHROPIC_API_KEY"
    """Where what lets the user in is found."""
    keys: str = "ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN)"
    """All places where it may be found."""
    address: str = "ANTHROPIC_BASE_URL"
    """Where the address comes from."""
    refused: str = "update Rebuttal, or report it with a recording"
    """What to do where a request is refused as it stands."""

    @property
    def Credential(self) -> str:  # noqa: N802 (at the beginning of a sentence)
        return self.credential[0].upper() + self.credential[1:]


CLAUDE_API = Words()
_WORDS = {
    "bedrock": Words(
        "your AWS credentials",
        "AWS_BEARER_TOKEN_BEDROCK",
        "them (`aws sts get-caller-identity`), AWS_PROFILE and the region",
        "`region` and `base_url`",
    ),
    "vertex": Words(
        "your Google credentials",
        "your Google credentials",
        "them (`gcloud auth application-default login`), `project` and `region`",
        "`region` and `base_url`",
    ),
    "foundry": Words(
        "your Foundry key", "ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_FOUNDRY_API_KEY", "`resource` and `base_url`"
    ),
    "compatible": Words(
        "your token",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_AUTH_TOKEN",
        "`base_url`",
        "look into that server's log, or choose another model",
    ),
}
_CLOUDS = ("botocore.", "boto3.", "google.auth.")
_NETWORK = frozenset(
    {"TransportError", "ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "ReadTimeoutError"}
)
"""Errors of theirs that say nothing of credentials."""
_UNRESOLVED = ("Could not resolve AWS credentials", "Could not resolve API token", "Could not resolve project_id")


def words_of(endpoint: str) -> Words:
    """What messages about an endpoint name."""
    return _WORDS.get(endpoint, CLAUDE_API)


def is_about_credentials(error: BaseException) -> bool:
    """Whether a cloud's own library, or the SDK that asked it, has no credentials that are of use: nothing was sent."""
    return any(
        type(one).__module__.startswith(_CLOUDS) or str(one).startswith(_UNRESOLVED) for one in _with_causes(error)
    )


def is_about_the_way_in(error: BaseException) -> bool:
    """Whether a cloud's own library did not reach what gives out its credentials: nothing was sent."""
    return any(
        type(one).__module__.startswith(_CLOUDS) and type(one).__name__ in _NETWORK for one in _with_causes(error)
    )


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _ in range(10):
        if one is None:
            return
        yield one
        one = one.__cause__ or one.__context__
