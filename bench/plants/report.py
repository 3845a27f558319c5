"""The tables of the planted changes, and what is to be mended: misses and false alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from bench.plants.run import Outcome, Said
from bench.table import table

EXPLAINED = (
    "Small projects, each changed with a fault and, in the same shape, without one (`python -m bench.plants`; the data"
    " is in bench/plants/data). Found: a finding of the fault's family at the planted place, or with a related place"
    " there. False: any finding of that family on the near miss.\n"
)
PEERS = (
    "Other tools on the changed files of the same pairs. Found: whatever rule of theirs speaks at the planted place and"
    " not of the base; false: the same rule on the near miss.\n"
)
HEAD = ("planted", "found", "near misses", "false")


def by(outcomes: Sequence[Outcome], what: str, key: Callable[[Outcome], str]) -> str:
    """Found and false for each value of `key`, in the order in which they come, and for all together."""
    rows = []
    for name in dict.fromkeys(map(key, outcomes)):
        rows.append([name, *_counts([one for one in outcomes if key(one) == name])])
    rows.append(["all", *_counts(outcomes)])
    return table([what, *HEAD], rows)


def _counts(outcomes: Sequence[Outcome]) -> list[str]:
    found, false = sum(bool(one.right) for one in outcomes), sum(bool(one.false) for one in outcomes)
    count = len(outcomes)
    return [str(count), f"{found} ({found / count:.0%})", str(count), f"{false} ({false / count:.0%})"]


def by_kind(outcomes: Sequence[Outcome]) -> str:
    ordered = sorted(outcomes, key=_order)
    return by(ordered, "kind", lambda one: f"{one.pair.kind.group}: {one.pair.kind.name}")


def by_language(outcomes: Sequence[Outcome]) -> str:
    return by(sorted(outcomes, key=lambda one: one.pair.language), "language", lambda one: one.pair.language)


def _order(one: Outcome) -> int:
    from bench.plants.model import kinds

    return list(kinds()).index(one.pair.kind.name)


def others(outcomes: Sequence[Outcome]) -> str:
    """Findings on the near misses by rules of other families: right or wrong, nobody planted them."""
    counts = Counter(said.rule for one in outcomes for said in one.false_other)
    return ", ".join(f"{rule} {count}" for rule, count in counts.most_common()) or "none"


def to_mend(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each miss, for each false alarm, and for each check that failed."""
    for one in outcomes:
        what = f"{one.pair.name} ({one.pair.kind.name})"
        if not one.right:
            place = one.pair.at[0]
            yield f"missed  {what}: {place.file} `{place.quote}`"
            yield from (f"          astray: {_line(said)}" for said in one.astray)
            yield from (f"          beside: {_line(said)}" for said in one.beside)
        for said in one.false:
            yield f"false   {what}: {_line(said)}" + (
                f"; sound, for {one.pair.why_sound}" if one.pair.why_sound else ""
            )
        yield from (f"failed  {what}: {reason}" for reason in one.failed)


def _line(said: Said) -> str:
    spots = ", ".join(f"{spot.file}:{spot.first + 1}{' (old)' if spot.old else ''}" for spot in said.spots[:3])
    return f"{said.rule} at {spots}: {said.text[:160]}"


def found(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Everything else that was said, to be read."""
    for one in outcomes:
        yield from (f"right   {one.pair.name}: {_line(said)}" for said in one.right)
        yield from (f"beside  {one.pair.name}: {_line(said)}" for said in (*one.astray, *one.beside))
        yield from (f"beside  {one.pair.name}, near miss: {_line(said)}" for said in one.false_other)


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    from bench.plants import peers
    from bench.plants.model import pairs
    from bench.plants.run import measure

    planted = pairs()
    outcomes = measure(planted)
    return "\n".join(
        [
            "## Planted changes\n",
            EXPLAINED,
            by_kind(outcomes),
            "",
            by_language(outcomes),
            f"\nFindings of other families on the near misses: {others(outcomes)}.\n",
            PEERS,
            peers.tables(planted, outcomes),
            "",
        ]
    )
