"""The emulator as a fixture. Registered in the root conftest for all rooms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.server import Emulator


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A running emulator that nothing is scripted for yet. A mistake in a test's script fails the test."""
    for name in ("NO_PROXY", "no_proxy"):  # whatever proxy this machine has, loopback is not its business
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    with Emulator() as running:
        yield running
    assert running.problems == []
