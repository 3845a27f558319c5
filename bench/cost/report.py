"""The figures of the case studies: measured, put into tables, held against the goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import evolve, frozen

from bench.cost.harness import Ready, Spent, capped, settings_of
from bench.cost.mechanisms import MECHANISMS, by_rules
from bench.cost.ways import Reviewed, after, before, everybody, ours, single, unoptimised, whole_files
from bench.table import table
from rebuttal.budget.prices import PriceBook
from rebuttal.debate.model import Profile
from rebuttal.settings import Settings
from rebuttal.store.model import Tokens

PROFILES: tuple[Profile, ...] = ("frugal", "balanced", "thorough")
PROTOCOLS = ("crossfire", "council")
LENGTHS = (0.5, 1.0, 2.0)
BEFORE, IN_TURN = "the seed's before", "the same, one seat after the other"
TWICE = "the same, nothing merged"
AFTER, PLAIN = "the seed's after", "our models and rounds, nothing optimised"
SINGLE, SINGLE_OURS = "one call of sonnet, the files in whole", "one call of sonnet, our context"
SOLO = "`solo`, balanced"
CAPPED = "`crossfire`, balanced, under the default caps"
RULED = "`crossfire`, balanced, panel by rules"

Rows = dict[str, Reviewed]


def name_of(protocol: str, profile: Profile) -> str:
    return f"`{protocol}`, {profile}"


# --- measuring ---


def peers(ready: Ready, length: float = 1.0, *, more: bool = True) -> Iterator[tuple[str, Reviewed]]:
    """What the product is measured against."""
    settings = settings_of("balanced", "crossfire")
    asked = ready.brief(settings)
    yield BEFORE, everybody(ready, asked, before(ready, asked), settings, length)
    if more:
        yield IN_TURN, everybody(ready, asked, before(ready, asked, in_turn=True), settings, length)
        yield TWICE, everybody(ready, asked, before(ready, asked, merged=False), settings, length)
        yield AFTER, everybody(ready, asked, after(ready), settings, length)
    yield PLAIN, everybody(ready, asked, unoptimised(ready, asked), settings, length)
    yield SINGLE, single(ready, asked, whole_files(ready), settings, length)
    if more:
        yield SINGLE_OURS, single(ready, asked, asked.shared, settings, length)


def product(
    ready: Ready, profiles: Sequence[Profile] = PROFILES, length: float = 1.0, protocols: Sequence[str] = PROTOCOLS
) -> Iterator[tuple[str, Reviewed]]:
    for protocol in protocols:
        for profile in profiles:
            settings = settings_of(profile, protocol)
            yield name_of(protocol, profile), ours(ready, ready.brief(settings), settings, length)


def variants(ready: Ready) -> Iterator[tuple[str, Reviewed]]:
    alone = settings_of("balanced", "solo")
    yield SOLO, ours(ready, ready.brief(alone), alone)
    usual = settings_of("balanced", "crossfire")
    limited = capped(usual)
    yield CAPPED, ours(ready, ready.brief(limited), limited)
    yield RULED, by_rules(ready, ready.brief(usual), usual, 1.0)


def switched_off(ready: Ready, protocol: str, profile: Profile) -> Rows:
    """The debate as it is, and with each mechanism off."""
    settings = settings_of(profile, protocol)
    asked = ready.brief(settings)
    rows = {"nothing switched off": ours(ready, asked, settings)}
    for one in MECHANISMS:
        if protocol in one.protocols and profile in one.profiles:
            rows[one.name] = one.run(ready, asked, settings, 1.0)
    return rows


# --- tables ---

HEAD = ("", "calls", "input", "cache write", "cache read", "output", "tokens", "money", "minutes", "found", "false")


def ways_table(ready: Ready, rows: Rows) -> str:
    return table(HEAD, [[name, *_cells(ready, one)] for name, one in rows.items()])


def _cells(ready: Ready, one: Reviewed) -> list[str]:
    spent, planted = one.spent, ready.study.planted
    tokens = spent.tokens
    kinds = (tokens.input, tokens.cache_write, tokens.cache_read, tokens.output)
    return [
        str(spent.cost.calls),
        *(f"{number:,}" for number in kinds),
        f"{spent.all_tokens:,}",
        f"${spent.cost.spent:.3f}",
        f"{spent.seconds / 60:.1f}",
        f"{len(one.found & planted)} of {len(planted)}",
        str(len(one.found - planted)),
    ]


def mechanisms_table(rows: Rows) -> str:
    usual = next(iter(rows.values())).spent
    cells = []
    for name, one in rows.items():
        spent = one.spent
        money = float(spent.cost.spent / usual.cost.spent)
        cells.append(
            [
                name,
                str(spent.cost.calls),
                f"{spent.all_tokens:,}",
                f"${spent.cost.spent:.3f}",
                f"{money:.2f}",
                f"{spent.all_tokens / usual.all_tokens:.2f}",
                f"{spent.seconds / usual.seconds:.2f}",
            ]
        )
    return table(["switched off", "calls", "tokens", "money", "money x", "tokens x", "time x"], cells)


def phases_table(one: Reviewed) -> str:
    """Where the tokens and the money of a review go: by phase and seat, and by kind."""
    book = PriceBook.of(Settings())
    paid: dict[tuple[str, str], list[Tokens]] = {}
    money: dict[tuple[str, str], Decimal] = {}
    for record in one.spent.records:
        usage = record.usage
        if usage is None or record.model is None:
            continue
        kinds = Tokens(usage.input, usage.write_5m, usage.read, usage.output)
        phase = (record.phase or "").replace("_", "-")
        for key in ((phase, record.seat or ""), (phase, "all")):
            paid.setdefault(key, []).append(kinds)
            money[key] = money.get(key, Decimal(0)) + book.price(record.model, kinds)
    order = list(dict.fromkeys(phase for phase, _ in paid))
    cells = []
    for phase, seat in sorted(paid, key=lambda key: (order.index(key[0]), key[1] != "all", key[1])):
        spent = paid[phase, seat]
        totals = [
            sum(getattr(each, kind) for each in spent) for kind in ("input", "cache_write", "cache_read", "output")
        ]
        cells.append(
            [phase, seat, str(len(spent)), *(f"{number:,}" for number in totals), f"${money[phase, seat]:.3f}"]
        )
    return table(["phase", "seat", "calls", "input", "cache write", "cache read", "output", "money"], cells)


# --- goals ---


@frozen
class Goal:
    """What a way shall come to beside another."""

    what: str
    ways: tuple[str, ...]
    than: str
    share: float
    """At most so much of the other's."""
    of: str
    """money, tokens or time."""


def goals(protocol: str) -> tuple[Goal, ...]:
    balanced, frugal = (name_of(protocol, profile) for profile in ("balanced", "frugal"))
    return (
        Goal("95 % less money than the seed's before", (balanced,), BEFORE, 0.05, "money"),
        Goal("85 % fewer tokens than the seed's before", (balanced,), BEFORE, 0.15, "tokens"),
        Goal("80 % less time than the seed's before, seats one after the other", (balanced,), IN_TURN, 0.2, "time"),
        Goal("80 % less time than the seed's before, seats side by side", (balanced,), BEFORE, 0.2, "time"),
        Goal("70 % less money than our models, nothing optimised", (balanced,), PLAIN, 0.3, "money"),
        Goal("`frugal`: at most the money of one call of sonnet", (frugal,), SINGLE, 1.0, "money"),
        Goal("`balanced`: at most 3 times that", (balanced,), SINGLE, 3.0, "money"),
    )


def goals_table(measured: Mapping[str, Rows]) -> str:
    """By study and protocol, whether each goal is met, and by how much."""
    head = ["goal", *(f"{study}, `{protocol}`" for study in measured for protocol in PROTOCOLS)]
    rows = []
    for number, goal in enumerate(goals("crossfire")):
        cells = [goal.what]
        for rows_of in measured.values():
            for protocol in PROTOCOLS:
                one = goals(protocol)[number]
                cells.append(_verdict(one, rows_of))
        rows.append(cells)
    return table(head, rows)


def _verdict(goal: Goal, rows: Rows) -> str:
    share = share_of(rows[goal.ways[0]].spent, rows[goal.than].spent, goal.of)
    told = f"{share:.2f} x" if goal.than == SINGLE else f"{(1 - share) * 100:.1f} % less"
    return f"{told}: {'met' if share <= goal.share else 'MISSED'}"


def share_of(one: Spent, other: Spent, of: str) -> float:
    if of == "money":
        return float(one.cost.spent / other.cost.spent)
    if of == "tokens":
        return one.all_tokens / other.all_tokens
    return one.seconds / other.seconds


def lengths_table(measured: Mapping[float, Rows], protocol: str = "crossfire") -> str:
    balanced, frugal = name_of(protocol, "balanced"), name_of(protocol, "frugal")
    rows = []
    for length, found in measured.items():
        money = {name: found[name].spent.cost.spent for name in (BEFORE, PLAIN, SINGLE, balanced, frugal)}
        rows.append(
            [
                f"x {length:g}",
                *(f"${amount:.3f}" for amount in money.values()),
                f"{(1 - share_of(found[balanced].spent, found[BEFORE].spent, 'money')) * 100:.1f} %",
                f"{(1 - share_of(found[balanced].spent, found[BEFORE].spent, 'tokens')) * 100:.1f} %",
                f"{(1 - share_of(found[balanced].spent, found[BEFORE].spent, 'time')) * 100:.1f} %",
                f"{(1 - share_of(found[balanced].spent, found[PLAIN].spent, 'money')) * 100:.1f} %",
                f"{share_of(found[frugal].spent, found[SINGLE].spent, 'money'):.2f}",
                f"{share_of(found[balanced].spent, found[SINGLE].spent, 'money'):.2f}",
            ]
        )
    head = ["lengths", "before", "not optimised", "one call", "balanced", "frugal", "less money", "fewer tokens"]
    head += ["less time", "less than not optimised", "frugal / one call", "balanced / one call"]
    return table(head, rows)


def unequal(ready: Ready, rows: Rows) -> list[str]:
    """The ways that did not find what was planted, all of it and nothing else."""
    planted = ready.study.planted
    told = []
    for name, one in rows.items():
        missed, false = len(planted - one.found), len(one.found - planted)
        if missed or false:
            told.append(f"{name}: {missed} of {len(planted)} not found, {false} false told")
    return told


# --- charts ---

KINDS = ("prompt, read afresh", "written to the cache", "read from the cache", "answers")


def dollars(rows: Rows) -> dict[str, list[float]]:
    """By kind of token, what each way paid for it."""
    book = PriceBook.of(Settings())
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for one in rows.values():
        paid = [Decimal(0)] * 4
        for record in one.spent.records:
            usage = record.usage
            if usage is None or record.model is None:
                continue
            kinds = (
                Tokens(input=usage.input),
                Tokens(cache_write=usage.write_5m),
                Tokens(cache_read=usage.read),
                Tokens(output=usage.output),
            )
            paid = [sum_ + book.price(record.model, kind) for sum_, kind in zip(paid, kinds, strict=True)]
        for kind, amount in zip(KINDS, paid, strict=True):
            found[kind].append(float(amount))
    return found


def light(rows: Rows) -> Rows:
    """Without what was sent, which is large."""
    return {name: evolve(one, spent=evolve(one.spent, records=())) for name, one in rows.items()}
