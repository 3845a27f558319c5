from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.findings.model import Category
from rebuttal.settings import (
    CATEGORIES,
    MOST_MONEY,
    ModelPrice,
    Origin,
    Settings,
    SettingsError,
    endpoint_host,
    has_key,
    home,
    narrow,
    repository_settings,
    repository_values,
    user_settings,
    widen,
)

NAMES = [field.name for field in attrs.fields(Settings) if field.name != "origins"]
MONEY = ("max_cost", "max_cost_per_day", "max_cost_per_month", "ask_above")
OWN_ONLY = (
    *("model_haiku", "model_sonnet", "model_opus", "prices", "trusted"),
    *("endpoint", "region", "project", "resource", "base_url", "models"),
    *("currency", "exchange_rate"),
)
ORDER = {
    "panel": ("static", "small", "medium", "large", "auto"),
    "profile": ("frugal", "balanced", "thorough"),
    "on_save": ("off", "static", "debate"),
    "fallback": (False, True),
}

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["auto", "static", "small", "medium", "large", "frugal", "balanced", "thorough", "off", "debate"]),
    st.sampled_from(["critical", "high", "medium", "low", "never", "council", "crossfire", "solo", "claude-fable-5-2"]),
    st.sampled_from(["0", "0.01", "0.5", "1", "1E+3", "1e-999999999", "0E-999999999", "1e999999999", "١", "9" * 5000]),
)
hostile = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), anything, max_size=6)


def _config(folder: Path, text: str) -> dict[str, str]:
    (folder / "config.toml").write_text(text, "utf-8")
    return {"REBUTTAL_HOME": str(folder)}


def _no_wider(now: Settings, start: Settings) -> None:
    for key in (*MONEY, "context_tokens", "max_findings"):
        assert getattr(now, key) <= getattr(start, key), key
    assert now.ignore[: len(start.ignore)] == start.ignore
    for key in OWN_ONLY:
        assert getattr(now, key) == getattr(start, key), key
    for key, order in ORDER.items():
        assert order.index(getattr(now, key)) <= order.index(getattr(start, key)), key


@given(hostile, st.lists(hostile, max_size=5))
def test_no_sequence_of_narrowing_ever_widens(own: dict[str, Any], others: list[dict[str, Any]]) -> None:
    start, _ = widen(Settings(), own, "config.toml")
    now = start
    for values in others:
        before = now
        now, _ = narrow(now, values, "editor")
        _no_wider(now, before)
        _no_wider(now, start)


@given(hostile)
def test_whatever_a_source_says_the_settings_stay_valid(values: dict[str, Any]) -> None:
    for apply in (widen, narrow):
        settings, problems = apply(Settings(), values, "source")
        for key in MONEY:
            amount = getattr(settings, key)
            assert 0 <= amount <= MOST_MONEY
            assert len(f"{amount:f}") < 20
            assert amount == amount.quantize(Decimal("1e-9"))
        for problem in problems:
            assert problem.message.startswith("source: ")
            assert len(problem.message) < 300
            assert "\n" not in problem.message


@given(hostile)
def test_narrowing_twice_by_the_same_changes_nothing_more(values: dict[str, Any]) -> None:
    once, _ = narrow(Settings(), values, "editor")
    twice, _ = narrow(once, values, "editor")
    assert twice == once


def test_a_cap_may_be_lowered_by_anyone_and_raised_only_by_the_user() -> None:
    lower, problems = narrow(Settings(), {"max_cost": "0.10"}, "editor")
    assert (lower.max_cost, problems) == (Decimal("0.1"), [])
    same, (problem,) = narrow(lower, {"max_cost": 0.5, "profile": "frugal"}, "editor")
    assert (same.max_cost, same.profile) == (Decimal("0.1"), "frugal")
    assert problem.key == "max_cost"
    assert "may only be set in your own config file, the environment or on the command line" in problem.message
    assert widen(lower, {"max_cost": 0.5}, "command line")[0].max_cost == Decimal("0.5")


def test_fewer_findings_may_be_asked_for_by_anyone_and_more_only_by_the_user(tmp_path: Path) -> None:
    fewer, problems = narrow(Settings(), {"max_findings": 5}, ".rebuttal.toml")
    assert (fewer.max_findings, problems) == (5, [])
    same, (problem,) = narrow(fewer, {"max_findings": 21}, "editor")
    assert (same.max_findings, problem.key) == (5, "max_findings")
    environment = _config(tmp_path, "max_findings = 40\n")
    assert user_settings(environment)[0].max_findings == 40
    assert user_settings(environment | {"REBUTTAL_MAX_FINDINGS": "60"})[0].max_findings == 60


@pytest.mark.parametrize(("word", "switched"), [("false", False), ("Off", False), ("0", False), ("true", True)])
def test_fallback_may_be_switched_off_by_anyone_and_on_only_by_the_user(word: str, switched: bool) -> None:
    off, problems = narrow(Settings(), {"fallback": False}, ".rebuttal.toml")
    assert (off.fallback, problems) == (False, [])
    still, (problem,) = narrow(off, {"fallback": True}, "editor")
    assert (still.fallback, problem.key) == (False, "fallback")
    assert widen(off, {"fallback": word}, "environment")[0].fallback is switched
    _, (wrong,) = widen(off, {"fallback": "perhaps"}, "environment")
    assert "true or false" in wrong.message


@pytest.mark.parametrize("key", OWN_ONLY)
def test_models_prices_and_trust_come_only_from_the_user(key: str) -> None:
    values = {"trusted": str(Path.cwd()), "endpoint": "compatible", "base_url": "http://127.0.0.1:1"}
    values |= {"currency": "EUR", "exchange_rate": "0.92"}
    value = values.get(key, "claude-fable-5-2")
    settings, (problem,) = narrow(Settings(), {key: value}, ".rebuttal.toml")
    assert settings == Settings()
    assert "only be set in your own config file" in problem.message


def test_seats_are_switched_off_by_every_source_and_on_again_by_none() -> None:
    own, problems = widen(Settings(), {"seats_off": "documentation, UX Specialist"}, "environment")
    assert (own.seats_off, problems) == (("documentation", "ux-specialist"), [])
    fewer, problems = narrow(own, {"seats_off": ["database", "documentation"]}, ".rebuttal.toml")
    assert (fewer.seats_off, problems) == (("documentation", "ux-specialist", "database"), [])
    assert narrow(own, {"seats_off": []}, "editor")[0] == own
    for wrong in (7, [7], {"database": True}, ["x"] * 1001):
        kept, (problem,) = narrow(own, {"seats_off": wrong}, "editor")
        assert (kept, problem.key) == (own, "seats_off")


def test_what_a_defect_is_worth_only_the_user_says(tmp_path: Path) -> None:
    assert Settings().defect_worth is None
    assert Settings().worth == {}
    table = "[worth]\nsecurity = 500.50\nbugs = 3\ntesting = -1\ncorrectness = 0\n"
    settings, problems = user_settings(_config(tmp_path, "defect_worth = 100\n" + table))
    assert settings.defect_worth == Decimal(100)
    assert settings.worth == {"security": Decimal("500.5"), "correctness": Decimal(0)}
    unknown, negative = (problem.message for problem in problems)
    assert "the worth of 'bugs' was left out: it is none of correctness, security" in unknown
    assert "the worth of 'testing' was left out: it must be an amount of zero dollars or more" in negative
    _, (problem,) = user_settings(_config(tmp_path, "worth = 5\n"))
    assert "a table [worth]" in problem.message
    for key, value in (("defect_worth", 5), ("worth", {"security": 5})):
        same, (problem,) = narrow(Settings(), {key: value}, ".rebuttal.toml")
        assert same == Settings()
        assert "only be set in your own config file" in problem.message


def test_worth_is_set_for_the_categories_that_findings_have() -> None:
    assert get_args(Category) == CATEGORIES


def test_auto_may_be_narrowed_to_any_panel_and_not_be_gone_back_to() -> None:
    small, _ = narrow(Settings(), {"panel": "small"}, "editor")
    assert small.panel == "small"
    for wider in ("medium", "large", "auto"):
        assert narrow(small, {"panel": wider}, "editor")[0].panel == "small"
    assert narrow(small, {"panel": "static"}, "editor")[0].panel == "static"


def test_an_editors_null_is_no_value() -> None:
    assert narrow(
        Settings(), dict.fromkeys(name for name in NAMES if name not in ("prices", "models", "worth")), "editor"
    ) == (
        Settings(),
        [],
    )


@pytest.mark.parametrize(("key", "near"), [("max_cots", "max_cost"), ("maxCost", "max_cost"), ("Profile", "profile")])
def test_an_unknown_key_is_named_with_the_nearest(key: str, near: str) -> None:
    for apply in (widen, narrow):
        _, (problem,) = apply(Settings(), {key: 1}, "editor")
        assert problem.message == f"editor: there is no setting {key!r}: did you mean {near}?"


def test_an_unknown_key_without_likeness_is_named_alone() -> None:
    _, (problem,) = widen(Settings(), {"zzz": 1}, "config.toml")
    assert problem.message == "config.toml: there is no setting 'zzz'"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ask_above", "ten", "an amount in US dollars"),
        ("context_tokens", "8k", "a whole number"),
        ("context_tokens", -1, "between 0 and"),
        ("max_findings", 0, "between 1 and 1000"),
        ("max_findings", 1001, "between 1 and 1000"),
        ("max_findings", 2.5, "a whole number"),
        ("max_findings", True, "a whole number"),
        ("panel", "huge", "one of auto, static, small, medium, large"),
        ("panel", ["small"], "one of auto"),
        ("model_opus", "", "a name"),
    ],
)
def test_a_value_that_is_wrong_leaves_the_valid_rest(key: str, value: object, said: str) -> None:
    settings, (problem,) = widen(Settings(), {key: value, "fail_on": "low", "max_cost_per_day": 0}, "config.toml")
    assert settings == attrs.evolve(Settings(), fail_on="low", max_cost_per_day=Decimal(0))
    assert problem.key == key
    assert said in problem.message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "zero dollars or more"),
        ("NaN", "zero dollars or more"),
        (True, "an amount in US dollars"),
        ("ten", "an amount in US dollars"),
        ("1e12", "1000000 dollars or less"),
        pytest.param(10**5000, "an amount in US dollars", id="a number of 5000 digits"),
    ],
)
@pytest.mark.parametrize("key", [name for name in NAMES if name.startswith("max_cost")])
def test_a_cap_that_is_wrong_is_not_one_that_is_missing(key: str, value: object, said: str) -> None:
    settings, (problem,) = widen(Settings(), {key: value, "fail_on": "low"}, "config.toml")
    wanted: dict[str, Any] = {key: Decimal(0), "fail_on": "low"}
    assert settings == attrs.evolve(Settings(), **wanted)
    assert f"{key} = " in problem.message
    assert " is no cap: it must be " in problem.message
    assert said in problem.message
    assert problem.message.endswith("; nothing is sent until it is mended")
    # What is not the user's own has no say in that.
    assert narrow(Settings(), {key: value}, ".rebuttal.toml")[0] == Settings()


def test_optional_caps_may_be_set_or_lowered_by_anybody() -> None:
    for key in ("max_cost_per_call", "max_cost_per_repository"):
        lower, problems = narrow(Settings(), {key: "0.5"}, ".rebuttal.toml")
        assert (getattr(lower, key), problems) == (Decimal("0.5"), [])
        same, (problem,) = narrow(lower, {key: 1}, "editor")
        assert (same, problem.key) == (lower, key)
        assert getattr(widen(lower, {key: 1}, "command line")[0], key) == Decimal(1)


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_defaults(tmp_path: Path) -> None:
    environment = _config(tmp_path, 'max_cost = 0.1\nprofile = "frugal"\non_save = "off"\n')
    environment |= {"REBUTTAL_MAX_COST": "0.2", "REBUTTAL_PROFILE": "thorough", "REBUTTAL_FAIL_ON": ""}
    settings, problems = user_settings(environment, {"max_cost": "0.3", "panel": None})
    assert problems == []
    assert (settings.max_cost, settings.profile, settings.on_save) == (Decimal("0.3"), "thorough", "off")
    assert (settings.fail_on, settings.panel) == ("high", "auto")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert user_settings({"REBUTTAL_HOME": str(tmp_path / "none")}) == (Settings(), [])


def test_money_in_the_file_is_exact_and_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    environment = _config(tmp_path, "\ufeffmax_cost = 0.1\nmax_cost_per_day = 3\n")
    settings, problems = user_settings(environment)
    assert (settings.max_cost, settings.max_cost_per_day, problems) == (Decimal("0.1"), Decimal(3), [])


def test_a_cap_finer_than_the_ledger_counts_is_rounded_down() -> None:
    settings, _ = widen(Settings(), {"max_cost": "0.1234567899999"}, "config.toml")
    assert settings.max_cost == Decimal("0.123456789")


@pytest.mark.parametrize("text", ["max_cost = ", "max_cost = 1\nmax_cost = 2", "\x00"])
def test_a_file_that_is_no_toml_says_what_to_do(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"config\.toml cannot be read .*: mend it or move it away"):
        user_settings(_config(tmp_path, text))


def test_a_file_in_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes('profile = "gründlich"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="mend it"):
        user_settings({"REBUTTAL_HOME": str(tmp_path)})


def test_a_misspelt_cap_in_the_environment_is_told(tmp_path: Path) -> None:
    environment = {"REBUTTAL_HOME": str(tmp_path), "REBUTTAL_MAXCOST": "0.1", "REBUTTAL_WAREHOUSE": "x", "PATH": "/"}
    settings, (problem,) = user_settings(environment)
    assert settings == Settings()
    assert problem.message == "environment: there is no setting REBUTTAL_MAXCOST: did you mean REBUTTAL_MAX_COST?"


def test_the_users_prices_come_from_the_file_only(tmp_path: Path) -> None:
    environment = _config(
        tmp_path,
        '[prices."my-model"]\ninput = 2\noutput = 10\n'
        "[prices.other]\ninput = 1\noutput = 2\ncache_write = 3\ncache_write_1h = 4\ncache_read = 0.05\n",
    )
    settings, problems = user_settings(environment | {"REBUTTAL_PRICES": "{}"}, {"prices": {"x": 1}})
    assert settings.prices == {
        "my-model": ModelPrice(*map(Decimal, ("2", "10", "2.5", "4", "2"))),
        "other": ModelPrice(*map(Decimal, ("1", "2", "3", "4", "0.05"))),
    }
    assert [problem.key for problem in problems] == ["prices"]
    assert isinstance(hash(settings), int)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prices = 1", "it must be tables"),
        ("[prices]\nm = 1", "it must have input and output"),
        ("[prices.m]\ninput = 1", "it must have input and output"),
        ("[prices.m]\ninput = 1\noutput = -1", "output must be an amount of zero dollars or more"),
        ("[prices.m]\ninput = 1\noutput = 1\nread = 1", "'read' is none of input, output"),
    ],
)
def test_a_price_that_is_wrong_is_left_out_and_told(tmp_path: Path, text: str, said: str) -> None:
    environment = _config(
        tmp_path, f"max_cost = 0.5\n{text}\n[prices.good]\ninput = 1\noutput = 1\n" if "[" in text else text
    )
    settings, (problem,) = user_settings(environment)
    assert set(settings.prices) == ({"good"} if "[" in text else set())
    assert said in problem.message


def test_the_repositorys_wishes_are_read_from_either_file() -> None:
    assert repository_values("max_cost = 0.1", ".rebuttal.toml") == ({"max_cost": 0.1}, [])
    text = '[project]\nname = "x"\n[tool.rebuttal]\nprofile = "frugal"\n'
    assert repository_values(text, "sub/pyproject.toml") == ({"profile": "frugal"}, [])
    assert repository_values("[project]", "pyproject.toml") == ({}, [])
    assert repository_values("tool = 1", "pyproject.toml") == ({}, [])


@pytest.mark.parametrize("text", ["[", "a = " + "[" * 100_000, "a = " + "9" * 5000, "[tool]\nrebuttal = 1"])
def test_a_repositorys_file_that_is_wrong_is_left_out_and_told(text: str) -> None:
    values, (problem,) = repository_values(text, "pyproject.toml")
    assert values == {}
    assert problem.message.startswith("pyproject.toml was left out")
    assert len(problem.message) < 200


def test_home_is_where_the_user_says_or_the_platforms_folder(tmp_path: Path) -> None:
    assert home({"REBUTTAL_HOME": str(tmp_path)}) == tmp_path
    assert home({"REBUTTAL_HOME": ""}).name == "rebuttal"


@pytest.mark.parametrize(
    ("base", "host"),
    [
        (None, "api.anthropic.com"),
        ("", "api.anthropic.com"),
        ("https://API.anthropic.com/", "api.anthropic.com"),
        ("http://127.0.0.1:8123/prefix", "127.0.0.1:8123"),
        ("http://[::1]:8123", "[::1]:8123"),
        ("https://user:secret@proxy.example/v1", "proxy.example"),
    ],
)
def test_the_user_agrees_to_a_host_and_sees_no_password(base: str | None, host: str) -> None:
    assert endpoint_host({} if base is None else {"ANTHROPIC_BASE_URL": base}) == host


@pytest.mark.parametrize("base", ["localhost:8000", "https://", "http://[", "http://host:port", "nonsense"])
def test_an_endpoint_without_a_host_says_what_to_do(base: str) -> None:
    with pytest.raises(SettingsError, match="ANTHROPIC_BASE_URL names no host: give it in full"):
        endpoint_host({"ANTHROPIC_BASE_URL": base})


def test_an_endpoint_of_another_protocol_is_refused_before_it_is_called() -> None:
    with pytest.raises(SettingsError, match="no http or https address"):
        endpoint_host({"ANTHROPIC_BASE_URL": "ftp://example.com"})


def test_an_empty_key_is_none() -> None:
    assert not has_key({"ANTHROPIC_API_KEY": ""})
    assert has_key({"ANTHROPIC_AUTH_TOKEN": "token"})


def test_settings_load_nothing_heavy() -> None:
    script = "import sys, rebuttal.settings; assert not {'genai_prices', 'pydantic', 'sqlite3'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_who_may_only_narrow_adds_to_what_is_ignored_and_takes_nothing_back() -> None:
    own, problems = widen(Settings(), {"ignore": ["gen/", "gen/"]}, "config.toml")
    assert (own.ignore, problems) == (("gen/",), [])
    added, problems = narrow(own, {"ignore": ["docs/**"]}, "editor settings")
    assert (added.ignore, problems) == (("gen/", "docs/**"), [])
    same, problems = narrow(added, {"ignore": []}, "editor settings")
    assert (same.ignore, problems) == (added.ignore, [])
    for value in (["!gen/"], ["#x"], ["a\nb"], [1], 5, {"a": 1}):
        kept, problems = narrow(own, {"ignore": value}, "editor settings")
        assert kept == own
        assert len(problems) == 1, value


def test_every_source_adds_to_the_rules_that_speak_or_do_not() -> None:
    own, problems = widen(Settings(), {"rules_on": ["structure:test-removed"], "rules_off": "upkeep, ruff:S113"}, "env")
    assert (own.rules_on, own.rules_off, problems) == (("structure:test-removed",), ("upkeep", "ruff:S113"), [])
    added, problems = narrow(own, {"rules_off": ["upkeep", "secrets"], "rules_on": []}, "editor settings")
    assert (added.rules_on, added.rules_off, problems) == (own.rules_on, ("upkeep", "ruff:S113", "secrets"), [])
    for value in ([1], 5, {"a": 1}, ["a"] * 1001):
        kept, problems = narrow(own, {"rules_off": value}, "editor settings")
        assert (kept, len(problems)) == (own, 1), value


def test_the_environment_names_globs_with_commas(tmp_path: Path) -> None:
    settings, problems = user_settings({"REBUTTAL_HOME": str(tmp_path), "REBUTTAL_IGNORE": "docs/**, *.snap"})
    assert (settings.ignore, problems) == (("docs/**", "*.snap"), [])


def test_a_cap_that_is_not_set_is_set_by_anybody_and_raised_by_nobody_else() -> None:
    narrowed, problems = narrow(Settings(), {"max_cost_per_hour": "0.5"}, ".rebuttal.toml")
    assert (narrowed.max_cost_per_hour, problems) == (Decimal("0.5"), [])
    again, problems = narrow(narrowed, {"max_cost_per_hour": 2}, "editor")
    assert (again.max_cost_per_hour, len(problems)) == (Decimal("0.5"), 1)


def test_a_currency_is_an_iso_code_and_its_rate_a_number_above_zero() -> None:
    settings, problems = widen(Settings(), {"currency": "eur", "exchange_rate": "0.92"}, "environment")
    assert (settings.currency, settings.exchange_rate, problems) == ("EUR", Decimal("0.92"), [])
    for wrong in ({"currency": "EURO"}, {"exchange_rate": 0}, {"exchange_rate": "-1"}, {"exchange_rate": "nan"}):
        settings, problems = widen(Settings(), wrong, "environment")
        assert (settings, len(problems)) == (Settings(), 1)


def test_a_setting_knows_who_set_it_and_where_its_user_changes_it(tmp_path: Path) -> None:
    environment = {**_config(tmp_path, "max_cost = 3\nmax_cost_per_day = 9"), "REBUTTAL_MAX_COST_PER_MONTH": "20"}
    settings, _ = user_settings(environment, {"max_cost": "2"})
    settings, _ = narrow(settings, {"max_cost_per_day": "4"}, "editor")
    settings, _ = repository_settings(
        {
            "pyproject.toml": '[tool.rebuttal]\nmax_cost_per_hour = "1"',
            ".rebuttal.toml": 'max_cost_per_call = "0.5"',
        }.get,
        settings,
    )

    assert settings.origins["max_cost"] == Origin("command line", is_own=True)
    assert settings.origins["max_cost_per_call"] == Origin(".rebuttal.toml", is_own=False)
    assert settings.place("max_cost") == "--max-cost"
    assert settings.place("max_cost_per_month") == "REBUTTAL_MAX_COST_PER_MONTH in your environment or editor settings"
    assert settings.place("max_cost_per_day") == "max_cost_per_day in the editor settings of this workspace"
    assert settings.place("max_cost_per_hour").endswith("in [tool.rebuttal] of the repository's pyproject.toml")
    assert settings.place("max_cost_per_call") == "max_cost_per_call in the repository's .rebuttal.toml"
    assert settings.place("max_cost_per_repository") == "max_cost_per_repository in your config.toml"


def test_who_asks_for_what_stands_already_or_may_not_be_had_has_not_set_it(tmp_path: Path) -> None:
    own, _ = user_settings(_config(tmp_path, "max_cost = 3"))
    asked, _ = narrow(own, {"max_cost": "3", "max_cost_per_day": "500"}, ".rebuttal.toml")
    assert (asked.place("max_cost"), asked.origins["max_cost"].is_own) == ("max_cost in your config.toml", True)
    assert "max_cost_per_day" not in asked.origins


def test_a_cap_that_its_user_got_wrong_is_to_be_mended_where_it_stands() -> None:
    settings, _ = user_settings({"REBUTTAL_MAX_COST": "ten", "REBUTTAL_HOME": "/nowhere"})
    assert settings.place("max_cost").startswith("REBUTTAL_MAX_COST in your environment")
