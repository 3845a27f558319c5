"""Fetches the list of prices that genai-prices publishes: only when the user says so, over the user's proxy."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from typing import IO

from rebuttal import __version__
from rebuttal.budget.price_list import MOST_BYTES

TIMEOUT = 15.0
"""Seconds without a byte."""
DEADLINE = 60.0
"""Seconds for all of it."""
_PART = 1 << 16


class NotFetched(Exception):
    """The list could not be had; the message is one sentence that says what to do."""


class _KeepsTls(urllib.request.HTTPRedirectHandler):
    """Follows no redirection that leaves TLS: anybody on the way could make up prices."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.lower().startswith("https:") and not newurl.lower().startswith("https:"):
            raise NotFetched("the list of prices was to be fetched without TLS, so it was not: try again later")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, *, deadline: float = DEADLINE, clock: Callable[[], float] = time.monotonic) -> bytes:
    """What stands at an http or https address. Raises NotFetched. Blocks: not for an event loop."""
    end = clock() + deadline
    # Proxies and certificates are those of the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
    tls = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    opener = urllib.request.build_opener(tls, _KeepsTls)
    if not url.lower().startswith(("https:", "http:")):
        raise NotFetched("the list of prices has no http or https address: reinstall Rebuttal")
    asked = urllib.request.Request(url, headers={"User-Agent": f"rebuttal/{__version__}"})  # noqa: S310 - see above
    try:
        with opener.open(asked, timeout=min(TIMEOUT, deadline)) as response:
            return _read(response, end, clock)
    except urllib.error.HTTPError as error:
        raise NotFetched(f"the list of prices could not be fetched: the server answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NotFetched(f"the list of prices could not be fetched ({reason}): check network and proxy") from None


def _read(response: IO[bytes], end: float, clock: Callable[[], float]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read(_PART):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise NotFetched("the list of prices is far larger than it should be, so it was not used")
        if clock() > end:
            raise NotFetched("the list of prices came too slowly: try again later")
    return b"".join(parts)
