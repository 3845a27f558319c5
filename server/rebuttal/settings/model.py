"""What can be set, and the values that stand where nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

from attrs import field, frozen

PANELS = ("auto", "static", "small", "medium", "large")
PROFILES = ("frugal", "balanced", "thorough")
PROTOCOLS = ("crossfire", "council", "solo")
ON_SAVE = ("off", "static", "debate")
ENDPOINTS = ("anthropic", "bedrock", "vertex", "foundry", "compatible")
CATEGORIES = ("correctness", "security", "performance", "architecture", "usability", "documentation", "testing")
"""Of findings, as `[worth]` names them."""
FAIL_ON = ("critical", "high", "medium", "low", "never")

MOST_MONEY = 1_000_000
MOST_TOKENS = 1_000_000
"""The longest prompt that any current model takes."""

MOST_GLOBS = 1000

MOST_FINDINGS = 1000
"""More than anybody reads."""

PanelChoice = Literal["auto", "static", "small", "medium", "large"]


class SettingsError(Exception):
    """The user's own settings cannot be read; the message is one sentence that says what to do (exit code 2)."""


@frozen
class ModelPrice:
    """The user's own price of a model, in US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    """Kept for five minutes."""
    cache_write_1h: Decimal
    cache_read: Decimal


@frozen
class ModelNote:
    """What the user says of a model that Rebuttal does not know by its name."""

    like: str | None = None
    """The id or alias of the model that it is, or is as."""
    context: int | None = None
    """Tokens of prompt and answer together."""
    max_output: int | None = None
    """Tokens of an answer."""


@frozen
class Origin:
    """Who set a value."""

    source: str
    """As messages name it: the file, "environment", "command line"."""
    is_own: bool
    """Whether the source is the user's own; others may only narrow."""


@frozen
class Settings:
    """Resolved settings. Money in US dollars."""

    panel: str = "auto"
    profile: str = "balanced"
    protocol: str = "crossfire"
    on_save: str = "static"
    on_commit: str = "off"
    """What an editor's server reviews once there is a new commit: nothing, or the commit."""
    code_lens: bool = True
    """Whether an editor shows a line over each changed hunk: what was found there, and a click that reviews it."""
    show_existing: bool = False
    """Whether what stood in the changed files before the change is shown too: as hints, which count nowhere."""
    fail_on: str = "high"
    max_cost: Decimal = Decimal("1.00")
    """Hard cap of one review."""
    max_cost_per_day: Decimal = Decimal("5.00")
    max_cost_per_month: Decimal = Decimal("50.00")
    max_cost_per_hour: Decimal | None = None
    """Hard cap of any sixty minutes; None: no such cap."""
    max_cost_per_call: Decimal | None = None
    """Hard cap of one call to a model; None: no such cap."""
    max_cost_per_repository: Decimal | None = None
    """Hard cap of a repository in a month; None: no such cap."""
    ask_above: Decimal = Decimal("0.25")
    """An editor asks again, each time, when a review is expected to cost more."""
    context_tokens: int = 8000
    """How many tokens of slices a reviewer sees besides the change itself."""
    minimum_severity: str = "low"
    max_findings: int = 20
    """How many findings of a debate are shown; those beyond, which are less severe, are held back."""
    fallback: bool = True
    """Whether another tier's model answers where the model of a tier cannot."""
    ignore: tuple[str, ...] = ()
    """Globs of files that are not reviewed, as lines of `.gitignore` without negation."""
    rules_on: tuple[str, ...] = ()
    """Rules of the static panel, or groups of them, that speak though they are off by default."""
    rules_off: tuple[str, ...] = ()
    """Those that do not speak, whatever else says."""
    seats_off: tuple[str, ...] = ()
    """Ids of seats that are not asked, whatever the change calls for."""
    defect_worth: Decimal | None = None
    """What a prevented defect is worth to the user, in dollars; None: the user has not said."""
    trusted: tuple[str, ...] = ()
    """Folders of repositories whose own linters may be run, which is code of theirs, and whose own seats and templates
    are heard."""
    model_haiku: str = "claude-haiku-5-5"
    model_sonnet: str = "claude-sonnet-5-5"
    model_opus: str = "claude-opus-5-5"
    prices: Mapping[str, ModelPrice] = field(factory=dict, hash=False)
    """By model; only from the user's config.toml."""
    price_list: Path | None = field(default=None, eq=False)
    """Where prices may lie that the user fetched: no setting, but a file of REBUTTAL_HOME."""
    worth: Mapping[str, Decimal] = field(factory=dict, hash=False)
    """What a prevented defect of a category is worth, in dollars; only from the user's config.toml."""
    currency: str = "USD"
    """ISO 4217: in which amounts are shown to people; everything is counted in US dollars."""
    exchange_rate: Decimal | None = None
    """Units of the currency for one US dollar; without it only dollars are shown."""
    endpoint: str = "anthropic"
    region: str = ""
    """Of Bedrock or Vertex."""
    project: str = ""
    """Of Vertex."""
    resource: str = ""
    """Of Foundry."""
    base_url: str = ""
    """Of a compatible server, without /v1; of a cloud's private address."""
    models: Mapping[str, ModelNote] = field(factory=dict, hash=False)
    """By model, as the model settings name it; only from the user's config.toml."""
    origins: Mapping[str, Origin] = field(factory=dict, eq=False, repr=False)
    """By the key of each setting that a source has set: no setting itself. What is not in it stands at its default."""

    def place(self, key: str) -> str:
        """Where its user changes the value that counts now, for people: "max_cost in your config.toml"."""
        origin = self.origins.get(key)
        source = "" if origin is None else origin.source
        match source:
            case "environment":
                # VS Code hands on its user's own settings so.
                where = f"REBUTTAL_{key.upper()} in your environment or editor settings"
            case "command line":
                where = f"--{key.replace('_', '-')}"
            case _ if origin is None or origin.is_own:
                where = f"{key} in your config.toml"
            case "pyproject.toml":
                where = f"{key} in [tool.rebuttal] of the repository's pyproject.toml"
            case _ if source.endswith(".toml"):
                where = f"{key} in the repository's {source}"
            case _:
                where = f"{key} in the editor settings of this workspace"
        return where


@frozen
class Problem:
    """A setting that was left out, and why, in words for the user."""

    key: str
    message: str


def trusts(settings: Settings, root: Path) -> bool:
    """Whether the user trusts the repository at `root`: it is one of the folders named, or lies in one."""
    real = root.resolve()
    return any(real.is_relative_to(Path(one).resolve()) for one in settings.trusted)
