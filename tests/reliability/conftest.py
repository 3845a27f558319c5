"""What all debates of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import httpx2
import pytest


@pytest.fixture(scope="package", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Each debate would read the trusted authorities anew, a tenth of all that it does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx2, "create_ssl_context", cache(httpx2.create_ssl_context))
        yield
