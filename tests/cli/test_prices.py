"""`rebuttal prices`: what models cost, and a newer list over HTTP from a server on this machine."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from genai_prices import update_prices

from rebuttal.budget import price_list
from rebuttal.budget.prices import PriceBook
from rebuttal.cli import price_fetch
from rebuttal.cli.price_fetch import NotFetched, fetch
from rebuttal.settings import user_settings
from rebuttal.store.model import Tokens
from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator

TIERS = {"haiku": (0.1, 0.125, 0.01, 0.5, 0.2), "sonnet": (2, 2.5, 0.1, 10, 4), "opus": (4, 5, 0.2, 20, 8)}
UNITS = ("input_mtok", "cache_write_mtok", "cache_read_mtok", "output_mtok", "cache_write_1h_mtok")


def model(tier: str, rates: tuple[float, ...]) -> dict[str, Any]:
    name = f"claude-{tier}-5-5"
    prices: dict[str, Any] = dict(zip(UNITS, rates, strict=True))
    if tier == "haiku":
        prices = {
            unit: {"base": rate, "tiers": [{"start": 100000, "price": rate * 5}]} for unit, rate in prices.items()
        }
    return {"id": name, "name": name, "match": {"starts_with": name}, "prices": prices}


def published(**tiers: tuple[float, ...]) -> list[dict[str, Any]]:
    """The list as genai-prices publishes it, with other prices than today's for some tiers."""
    other = {"id": "openai", "name": "OpenAI", "api_pattern": "https://api", "models": [{"id": "x"}]}
    claude = {"id": "anthropic", "name": "Anthropic", "api_pattern": "https://api", "extractors": ["anything"]}
    return [other, {**claude, "models": [model(tier, rates) for tier, rates in {**TIERS, **tiers}.items()]}]


class Server:
    """Answers with what the test gives it."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/data.json"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def serve(self, found: object) -> None:
        self.body = found if isinstance(found, bytes) else json.dumps(found).encode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    serving = Server()
    monkeypatch.setattr(update_prices, "DEFAULT_UPDATE_URL", serving.url)
    yield serving
    serving.http.shutdown()
    serving.http.server_close()


Cost = Callable[[str], Decimal]


@pytest.fixture
def cost(home: Path) -> Cost:
    """What a million tokens of prompt cost now, by the user's settings."""

    def price(model: str) -> Decimal:
        settings, _ = user_settings({"REBUTTAL_HOME": str(home)})
        return PriceBook.of(settings).price(model, Tokens(input=1000)) * 1000

    return price


def test_the_table_tells_prices_their_source_and_their_age(rebuttal: Rebuttal, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[prices."claude-opus-5-5"]\ninput = 1.5\noutput = 6\n')
    ran = rebuttal("prices")
    assert ran.code == 0
    rows = {
        line.split()[0]: line.split() for line in ran.out.splitlines() if line.startswith("claude-") and "$" in line
    }
    assert rows["claude-sonnet-5-5"][1:] == ["$2.00", "$2.50", "$4.00", "$0.10", "$10.00", "snapshot"]
    assert rows["claude-opus-5-5"][1:] == ["$1.50", "$1.875", "$3.00", "$1.50", "$6.00", "yours"]
    assert "long prompts cost up to 5 times as much" in ran.out
    assert "newest price" in ran.out


def test_prices_are_told_to_programs_in_dollars(rebuttal: Rebuttal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REBUTTAL_CURRENCY", "EUR")
    monkeypatch.setenv("REBUTTAL_EXCHANGE_RATE", "0.5")
    found = rebuttal("prices", "--format", "json").json
    (sonnet,) = [one for one in found["models"] if one["model"] == "claude-sonnet-5-5"]
    assert (found["currency"], sonnet["rates"]["input"], sonnet["batch"]["output"]) == ("USD", "2", "5")
    assert "€1.00" in rebuttal("prices").out


def test_a_model_without_a_price_is_named_and_refused(rebuttal: Rebuttal, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('model_sonnet = "ours"\n[models.ours]\nlike = "sonnet"\n')
    ran = rebuttal("prices")
    assert ran.code == 3
    assert 'ours: no price is known, so nothing is sent to it: give one as [prices."ours"]' in ran.out


def test_nothing_is_fetched_unless_the_user_says_so(rebuttal: Rebuttal, server: Server) -> None:
    rebuttal("prices")
    assert server.asked == []


def test_an_update_is_used_until_it_is_taken_back(rebuttal: Rebuttal, server: Server, home: Path, cost: Cost) -> None:
    server.serve(published(sonnet=(3, 3.75, 0.3, 15, 6)))
    ran = rebuttal("prices", "--update")
    assert (ran.code, ran.err) == (0, "")
    assert "claude-sonnet-5-5 input $2 -> $3" in ran.out
    assert cost("claude-sonnet-5-5") == 3
    table = rebuttal("prices").out
    assert "updated" in table
    assert "prices: fetched today" in table
    assert rebuttal("prices", "--reset").out == "prices are those that came with Rebuttal again\n"
    assert cost("claude-sonnet-5-5") == 2
    assert rebuttal("prices", "--reset").out == "prices are those that came with Rebuttal already\n"
    assert [one.name for one in home.iterdir()] == []


def test_the_users_own_price_wins_over_an_update(rebuttal: Rebuttal, server: Server, home: Path, cost: Cost) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[prices."claude-sonnet-5-5"]\ninput = 1.5\noutput = 6\n')
    server.serve(published(sonnet=(3, 3.75, 0.3, 15, 6)))
    assert rebuttal("prices", "--update").code == 0
    assert cost("claude-sonnet-5-5") == Decimal("1.5")


@pytest.mark.parametrize("rate", [0.9, 21, 0], ids=["less than half", "more than tenfold", "nothing"])
def test_a_price_that_is_likely_wrong_is_used_only_where_the_user_agrees(
    rebuttal: Rebuttal, server: Server, cost: Cost, rate: float
) -> None:
    server.serve(published(sonnet=(2, 2.5, 0.1, 10, 4), opus=(4, 5, 0.2 * rate, 20, 8)))
    ran = rebuttal("prices", "--update")
    agreed = rebuttal("prices", "--update", "--yes")
    if rate == 0.9:
        assert (ran.code, agreed.code) == (0, 0)
        return
    assert ran.code == 4
    assert "claude-opus-5-5 cache read $0.2 ->" in ran.err
    assert "--yes" in ran.err
    assert agreed.code == 0


def _broken() -> list[tuple[str, object]]:
    lacking = published()
    lacking[1]["models"] = lacking[1]["models"][:1]
    negative = published(sonnet=(-1, 2.5, 0.1, 10, 4))
    endless = published(sonnet=(1e12, 2.5, 0.1, 10, 4))
    strange = published()
    strange[1]["models"][0]["prices"] = {"input_mtok": {"base": "cheap"}}
    regex = published()
    regex[1]["models"][0]["match"] = {"regex": "("}
    return [
        ("no JSON", b"<html>sign in</html>"),
        ("another shape", {"anthropic": 1}),
        ("no Claude", published()[:1]),
        ("twice", published() + published()),
        ("a model lacks", lacking),
        ("a negative price", negative),
        ("an absurd price", endless),
        ("a price that is none", strange),
        ("a pattern that is none", regex),
        ("nested", b"[" * 100_000),
        ("nothing", b""),
    ]


@pytest.mark.parametrize(("what", "body"), _broken(), ids=[what for what, _ in _broken()])
def test_a_list_that_is_not_whole_is_never_used(
    rebuttal: Rebuttal, server: Server, home: Path, what: str, body: object
) -> None:
    server.serve(body)
    ran = rebuttal("prices", "--update", "--yes")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.count("\n") == 1
    assert not (home / "prices.json").exists()


def test_a_server_that_fails_leaves_the_prices_as_they_are(rebuttal: Rebuttal, server: Server, home: Path) -> None:
    server.status = 503
    ran = rebuttal("prices", "--update")
    assert (ran.code, ran.err) == (3, "rebuttal: the list of prices could not be fetched: the server answered 503\n")
    server.http.shutdown()
    server.http.server_close()
    assert "check network and proxy" in rebuttal("prices", "--update").err
    assert not (home / "prices.json").exists()


def test_a_list_without_an_end_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.serve(b" " * 300_000)
    monkeypatch.setattr(price_fetch, "MOST_BYTES", 200_000)
    with pytest.raises(NotFetched, match="far larger"):
        fetch(server.url)
    ticks = iter([0.0, 100.0])
    with pytest.raises(NotFetched, match="too slowly"):
        fetch(server.url, clock=lambda: next(ticks))


def test_prices_that_leave_tls_on_the_way_are_not_fetched(server: Server) -> None:
    handler = price_fetch._KeepsTls()
    request = urllib.request.Request("https://prices.test/data.json")
    with pytest.raises(NotFetched, match="without TLS"):
        handler.redirect_request(request, None, 302, "", None, server.url)  # type: ignore[arg-type]  # never read
    with pytest.raises(NotFetched, match="no http"):
        fetch("file:///etc/passwd")


def test_a_damaged_update_stops_spending_instead_of_being_guessed(
    rebuttal: Rebuttal, server: Server, home: Path, cost: Cost
) -> None:
    server.serve(published())
    assert rebuttal("prices", "--update").code == 0
    kept = home / "prices.json"
    whole = kept.read_text()
    for text in ("", "[]", "{}", whole[:-20], whole.replace("claude-sonnet-5-5", "").replace("starts_with", "x")):
        kept.write_text(text)
        ran = rebuttal("prices")
        assert ran.code == 3
        assert "--reset" in ran.err or "as genai-prices publishes it" in ran.err
        with pytest.raises(Exception, match="prices"):
            cost("claude-sonnet-5-5")
    assert rebuttal("prices", "--update").code == 0
    assert rebuttal("prices").code == 0


def test_a_newer_genai_prices_takes_the_place_of_what_was_fetched(
    rebuttal: Rebuttal, server: Server, home: Path, cost: Cost
) -> None:
    server.serve(published(sonnet=(3, 3.75, 0.3, 15, 6)))
    rebuttal("prices", "--update")
    kept = json.loads((home / "prices.json").read_text())
    (home / "prices.json").write_text(json.dumps({**kept, "beside": "0.0.1"}))
    assert cost("claude-sonnet-5-5") == 2
    assert "is not used any more" in rebuttal("prices").out


def test_what_is_not_reckoned_with_is_not_kept(server: Server, rebuttal: Rebuttal, home: Path) -> None:
    server.serve(published())
    rebuttal("prices", "--update")
    found = price_list.read(home / "prices.json")
    assert found is not None
    assert set(found.provider) == {"id", "name", "api_pattern", "models"}


def test_a_review_spends_nothing_on_a_model_without_a_price(
    rebuttal: Rebuttal, home: Path, parcels: Path, panel: Emulator
) -> None:
    home.mkdir(exist_ok=True)
    models = "\n".join(f'model_{tier} = "ours"' for tier in TIERS)
    (home / "config.toml").write_text(f'{models}\n[models.ours]\nlike = "sonnet"\n')
    ran = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--format", "json")
    assert ran.code in (1, 3)
    assert ran.json["cost"]["spent"] == "0"
    assert panel.bill == 0
    assert any('[prices."ours"]' in one["reason"] for one in ran.json["degraded"])
