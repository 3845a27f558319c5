"""`rebuttal serve`: the language server."""

from __future__ import annotations

import argparse
from collections.abc import Mapping


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serve until the editor says `exit` or goes away; 0 after a shutdown, else 1."""
    from rebuttal.lsp.main import serve

    if chosen.tcp is not None:
        return serve(environment, listen=("tcp", chosen.tcp))
    return serve(environment, listen=("ws", chosen.ws) if chosen.ws is not None else None)
