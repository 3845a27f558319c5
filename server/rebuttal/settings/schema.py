"""Every setting, one row each: what it may be, what it means, who may set it, and how an editor shows it.

A new setting is a row here and a field of `Settings`. How values are read and who may narrow follow from the row;
docs/settings.md, the configuration of the VS Code extension and the lists of its client are written from it by
`python scripts/settings.py` (`make settings`). Data only: the language server imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from rebuttal.settings.model import (
    ENDPOINTS,
    FAIL_ON,
    MOST_FINDINGS,
    MOST_MONEY,
    MOST_TOKENS,
    ON_SAVE,
    PANELS,
    PROFILES,
    PROTOCOLS,
    Settings,
)

Kind = Literal[
    "choice",
    "switch",
    "count",
    "money",
    "rate",
    "currency",
    "globs",
    "rules",
    "seats",
    "folders",
    "name",
    "label",
    "address",
    "table",
]
"""What a value is. `label` is a part of a host's name; a `table` stands in config.toml, with keys of its own."""

Others = Literal["free", "ordered", "smaller", "added", "own", "config"]
"""What a source that is not the user's own may do: choose freely, move to what is narrower, lower, add to the list, or
nothing: the setting comes from the user's own sources only, or only from config.toml."""


@frozen
class Shown:
    """How VS Code shows a setting."""

    text: str
    """Markdown."""
    scope: Literal["resource", "machine"] = "resource"
    """`machine`: VS Code lets no workspace set it, and the client passes it on as the user's own."""
    costs: bool = False
    """Whether it is tagged as one of what uses online services."""


@frozen
class Row:
    """One setting."""

    key: str
    kind: Kind
    meaning: str
    """For docs/settings.md: one line of Markdown, with links from docs/."""
    others: Others
    words: Mapping[str, str] = field(factory=dict, hash=False)
    """Of a choice: each word and what it stands for. Where others may only narrow, the narrowest first; `auto`, which
    may be any of them, apart."""
    least: int = 0
    most: int = MOST_MONEY
    """Of a count."""
    cap: bool = False
    """Whether it bounds spending: a wrong one is one of zero dollars."""
    where: bool = False
    """Whether it says where reviews are sent: a wrong one ends the command."""
    shown: Shown | None = None
    """None: VS Code does not have it."""

    @property
    def order(self) -> tuple[Any, ...]:
        """The values of a choice or a switch, the narrowest first."""
        return (False, True) if self.kind == "switch" else tuple(word for word in self.words if word != "auto")


def default(row: Row) -> Any:
    """What stands where nothing is set."""
    return getattr(Settings(), row.key)


def _cap(key: str, meaning: str, text: str) -> Row:
    return Row(key, "money", meaning, "smaller", cap=True, shown=Shown(text, "machine", costs=True))


def _words(words: tuple[str, ...], *told: str) -> dict[str, str]:
    return dict(zip(words, told or ("",) * len(words), strict=True))


_SEVERITIES = ("critical", "high", "medium", "low")

SCHEMA = (
    Row(
        "panel",
        "choice",
        "`auto`, `static`, `small`, `medium`, `large` ([who sits](panel.md))",
        "ordered",
        words=_words(
            PANELS,
            "By the size and the risk of the change.",
            "Free checks only; no model is asked.",
            "3 reviewers.",
            "5 reviewers.",
            "7 reviewers and more.",
        ),
        shown=Shown("Who reviews. A workspace may only name a smaller panel."),
    ),
    Row(
        "profile",
        "choice",
        "`frugal`, `balanced`, `thorough` ([which model speaks](models.md))",
        "ordered",
        words=_words(
            PROFILES,
            "Mostly the cheapest tier.",
            "Nearly always the middle tier.",
            "Mostly the highest tier.",
        ),
        shown=Shown("Which models the reviewers speak with. A workspace may only name a cheaper profile."),
    ),
    Row(
        "protocol",
        "choice",
        "how the panel argues: `crossfire`, `council` or `solo` ([protocols](protocols.md))",
        "free",
        words=_words(
            PROTOCOLS,
            "Each claim goes to a reviewer who did not raise it and tries to refute it.",
            "Rounds in which each reviewer answers what a few others hold.",
            "One reviewer, whom nobody opposes.",
        ),
        shown=Shown("How the reviewers argue."),
    ),
    Row(
        "on_save",
        "choice",
        "an editor's save: `off`, `static`, `debate`",
        "ordered",
        words=_words(
            ON_SAVE,
            "Nothing.",
            "The free, static checks of the changed lines.",
            "The whole review, within your caps.",
        ),
        shown=Shown("What runs when a file is saved."),
    ),
    Row(
        "on_commit",
        "choice",
        "a new commit, seen by an editor's server: `off`, `static`, `debate`",
        "ordered",
        words=_words(
            ON_SAVE,
            "Nothing.",
            "The free, static checks of the commit.",
            "The whole review, within your caps.",
        ),
        shown=Shown("What runs when there is a new commit."),
    ),
    Row(
        "code_lens",
        "switch",
        "whether an editor shows a line over each changed hunk: what was found there, and a click that reviews it",
        "free",
        shown=Shown(
            "A line over each changed hunk: what was found there, what it cost, and a click that has it reviewed."
        ),
    ),
    Row(
        "show_existing",
        "switch",
        "whether faults that stood in the changed files before the change are shown too, as [hints that count "
        "nowhere](static-panel.md#what-stood-before)",
        "free",
        shown=Shown("Show faults that stood in the changed files before the change too, as hints that count nowhere."),
    ),
    Row(
        "fail_on",
        "choice",
        "exit code 1 from this severity on: `critical`, `high`, `medium`, `low`, or `never`",
        "free",
        words=_words(FAIL_ON),
    ),
    _cap("max_cost", "hard cap of one review, US dollars", "Hard cap of one review, in US dollars."),
    _cap("max_cost_per_day", "hard cap of a day", "Hard cap of a day, in US dollars."),
    _cap("max_cost_per_month", "hard cap of a month", "Hard cap of a month, in US dollars."),
    _cap(
        "max_cost_per_hour",
        "hard cap of any sixty minutes",
        "Hard cap of any sixty minutes, in US dollars; empty: no such cap.",
    ),
    _cap(
        "max_cost_per_repository",
        "hard cap of a calendar month for each repository, where you live",
        "Hard cap of a month for each repository, in US dollars; empty: no such cap.",
    ),
    _cap(
        "max_cost_per_call",
        "hard cap of one call to a model",
        "Hard cap of one call to a model, in US dollars; empty: no such cap.",
    ),
    Row(
        "ask_above",
        "money",
        "ask each time when a review is expected to cost more",
        "smaller",
        shown=Shown("Ask again before a review that is expected to cost more, in US dollars.", "machine"),
    ),
    Row(
        "context_tokens",
        "count",
        "tokens of other code that a reviewer sees besides the change",
        "smaller",
        most=MOST_TOKENS,
        shown=Shown("How many tokens of other code a reviewer sees besides the change. A workspace may only lower it."),
    ),
    Row(
        "minimum_severity",
        "choice",
        "what is less severe is held back: `critical`, `high`, `medium`, `low`",
        "free",
        words=_words(_SEVERITIES),
        shown=Shown("Findings below it are held back."),
    ),
    Row(
        "max_findings",
        "count",
        "how many findings of a debate are shown, 1 to 1000; what is beyond, the least severe, is held back",
        "smaller",
        least=1,
        most=MOST_FINDINGS,
        shown=Shown(
            "How many findings of a debate are shown; the least severe beyond are held back. A workspace may only "
            "lower it."
        ),
    ),
    Row(
        "ignore",
        "globs",
        'globs of files that are not reviewed, such as `["docs/**"]` ([coverage](coverage.md))',
        "added",
        shown=Shown(
            "Files that are not reviewed, as lines of `.gitignore` without `!`, such as `docs/**`. A workspace may "
            "only add to it; what is left out is listed in the coverage."
        ),
    ),
    Row(
        "rules_on",
        "rules",
        "rules of the [static panel](static-panel.md) that are off by default and shall speak, or whole groups, such "
        'as `["structure:test-removed"]`',
        "added",
        shown=Shown(
            "Rules of the static panel, or groups of them, that are off by default and shall speak, such as "
            "`structure:test-removed`. A workspace may only add to it."
        ),
    ),
    Row(
        "rules_off",
        "rules",
        'rules or groups that shall not speak, such as `["upkeep", "ruff:S113"]`; it wins over `rules_on`',
        "added",
        shown=Shown(
            "Rules of the static panel, or groups of them, that shall not speak, such as `upkeep` or `ruff:S113`; it "
            "wins over `#rebuttal.rulesOn#`. A workspace may only add to it."
        ),
    ),
    Row(
        "seats_off",
        "seats",
        'seats that are not asked, such as `["documentation"]` ([who sits](panel.md))',
        "added",
        shown=Shown("Reviewers that are not asked, such as `documentation`. A workspace may only add to it."),
    ),
    Row(
        "defect_worth",
        "money",
        "what a prevented defect is worth to you, in dollars; without it no "
        "[return on what was spent](budget.md#what-it-brings) is told",
        "own",
        shown=Shown(
            "What a prevented defect is worth to you, in US dollars; empty: no return on what was spent is told.",
            "machine",
        ),
    ),
    Row(
        "worth",
        "table",
        "the same by category, such as `security = 500`: `correctness`, `security`, `performance`, `architecture`, "
        "`usability`, `documentation`, `testing`",
        "config",
    ),
    Row(
        "trusted",
        "folders",
        "folders whose repositories' own linters are run ([static panel](static-panel.md#linters)) and whose own "
        '[seats and templates](templates.md) are heard, such as `["~/work"]`; in the environment they are parted as in '
        "`PATH`; VS Code names the folders of a trusted workspace itself",
        "own",
    ),
    *(
        Row(
            f"model_{tier}",
            "name",
            f"the model of the {which} tier ([which model speaks](models.md))",
            "own",
            shown=Shown(f"Model of the {which} tier; empty: Rebuttal's choice.", "machine"),
        )
        for tier, which in (("haiku", "cheapest"), ("sonnet", "middle"), ("opus", "highest"))
    ),
    Row(
        "fallback",
        "switch",
        "whether another tier's model answers where the model of a tier is overloaded, retired or declines "
        "([how](how-it-works.md#when-a-model-does-not-answer))",
        "ordered",
        shown=Shown(
            "Let another tier's model answer where a model is overloaded, retired or declines. A workspace may only "
            "switch it off."
        ),
    ),
    Row(
        "currency",
        "currency",
        "in which [currency](budget.md#currency) you read amounts, such as `EUR`; without a rate only dollars are "
        "shown",
        "own",
        shown=Shown(
            "The currency in which you read amounts, as an ISO code such as `EUR`; it needs `#rebuttal.exchangeRate#`. "
            "Caps are set and counted in US dollars.",
            "machine",
        ),
    ),
    Row(
        "exchange_rate",
        "rate",
        "units of that currency for one US dollar, such as `0.92`",
        "own",
        shown=Shown(
            "Units of that currency for one US dollar, such as `0.92`. The rate is yours: none is fetched.", "machine"
        ),
    ),
    Row(
        "endpoint",
        "choice",
        "where reviews are sent: `anthropic`, `bedrock`, `vertex`, `foundry`, `compatible` ([endpoints](endpoints.md))",
        "own",
        words=_words(ENDPOINTS),
        where=True,
    ),
    Row("region", "label", "of Bedrock or Vertex", "own", where=True),
    Row("project", "label", "of Vertex", "own", where=True),
    Row("resource", "label", "of Foundry", "own", where=True),
    Row(
        "base_url",
        "address",
        "of a compatible server, without `/v1`, or of a cloud's private address",
        "own",
        where=True,
    ),
    Row(
        "models",
        "table",
        "what a model of another name is: `like` (an id or alias), `context`, `max_output` in tokens",
        "config",
    ),
    Row(
        "prices",
        "table",
        "your own prices in dollars per million tokens: `input`, `output`, `cache_write`, `cache_write_1h`, "
        "`cache_read`",
        "config",
    ),
)
"""In the order in which people read them."""
