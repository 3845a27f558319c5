"""What history tells: which files were changed together with the changed ones, and which change often or lately."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import log, sqrt

from attrs import frozen

from rebuttal.change.model import PastCommit
from rebuttal.context.related.model import Query, Signal
from rebuttal.context.related.paths import kind_of
from rebuttal.text.facts import Facts

LARGEST = 60
"""A commit of more files says nothing about any two of them."""
_FULL_WEIGHT = 5
_HALF_LIFE = 800
_SHRINK = 1.5
_NEIGHBOURS = 15

Grouping = Callable[[str], str]


@frozen
class _Past:
    """A commit under today's names."""

    age: int
    """Commits since then."""
    paths: tuple[str, ...]
    weight: float


def cochange_signals(
    query: Query, history: Sequence[PastCommit], tracked: frozenset[str], facts: Facts
) -> dict[str, Signal]:
    """Signals of history for files of `tracked`; the changed files themselves may be named too.

    They stay the same while files that are changed already are edited further, so `facts` keeps them.
    """
    key = (frozenset(query.paths), tuple(history), frozenset(tracked))
    return facts.latest("cochange", key, lambda: _signals(*key))


def _signals(shown: frozenset[str], history: tuple[PastCommit, ...], tracked: frozenset[str]) -> dict[str, Signal]:
    past = _past(history, tracked | shown)
    counts: Counter[str] = Counter(path for one in past for path in one.paths)
    found: dict[str, Signal] = {}
    together = _confidence(past, shown)
    found |= _by_file(together, counts, shown)
    found["likely_commits"] = _alike(past, shown, counts, 1000.0)
    found["likely_lately"] = _alike(past, shown, counts, 40.0)
    found["second"] = _second_order(past, found["together_mean"], shown)
    found["by_folder"] = _by_group(past, {_folder(path) for path in shown}, _folder)
    found["by_kind"] = _by_group(past, {_kind(path) for path in shown}, _kind)
    found["popular"] = _popular(past, 1500.0)
    found["lately"] = _popular(past, 60.0)
    found["just_now"] = _popular(past, 6.0)
    return found


def _past(history: Sequence[PastCommit], known: frozenset[str]) -> list[_Past]:
    names = todays_names({path for commit in history for path in commit.paths}, known)
    past = []
    for age, commit in enumerate(history):
        if len(commit.paths) <= LARGEST:
            paths = tuple(dict.fromkeys(names[path] for path in commit.paths if path in names))
            weight = 0.5 ** (age / _HALF_LIFE) * min(1.0, _FULL_WEIGHT / len(commit.paths)) if paths else 0.0
            past.append(_Past(age, paths, weight))
    return past


def todays_names(old: Iterable[str], known: frozenset[str]) -> dict[str, str]:
    """Today's path of each that history names; one that is gone is taken for the one whose end is alike, if one is.

    Folders move more often than files get new names, so `src/flask/app.py` is what `flask/app.py` was.
    """
    before = sorted(set(old))
    gone = {path.rpartition("/")[2] for path in before if path not in known}
    by_base: dict[str, list[str]] = {}
    for path in known if gone else ():
        base = path.rpartition("/")[2]
        if base in gone:
            by_base.setdefault(base, []).append(path)
    names: dict[str, str] = {}
    for path in before:
        if path in known:
            names[path] = path
            continue
        alike = sorted(
            ((_shared_end(path, one), one) for one in by_base.get(path.rpartition("/")[2], ())), reverse=True
        )
        if alike and alike[0][0] > 1 and (len(alike) == 1 or alike[0][0] > alike[1][0]):
            names[path] = alike[0][1]
    return names


def _shared_end(one: str, other: str) -> int:
    shared = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a != b:
            break
        shared += 1
    return shared


@frozen
class _Together:
    total: dict[str, float]
    pairs: dict[str, dict[str, float]]
    counts: dict[str, int]


def _confidence(past: Sequence[_Past], shown: frozenset[str]) -> _Together:
    total: dict[str, float] = defaultdict(float)
    pairs: dict[str, dict[str, float]] = {path: defaultdict(float) for path in shown}
    counts: Counter[str] = Counter()
    for one in past:
        for path in one.paths:
            if path in shown:
                total[path] += one.weight
                counts[path] += 1
                for other in one.paths:
                    if other not in shown:
                        pairs[path][other] += one.weight
    return _Together(total, pairs, counts)


def _by_file(together: _Together, counts: Counter[str], shown: frozenset[str]) -> dict[str, Signal]:
    best: Signal = {}
    mean: Signal = defaultdict(float)
    lift: Signal = {}
    either: Signal = {}
    with_past = [path for path in shown if together.total[path] > 0]
    for path in sorted(with_past):
        for other, weight in together.pairs[path].items():
            confidence = weight / (together.total[path] + _SHRINK)
            best[other] = max(best.get(other, 0.0), confidence)
            mean[other] += confidence / len(with_past)
            either[other] = 1 - (1 - either.get(other, 0.0)) * (1 - min(confidence, 0.95))
            cosine = weight / sqrt((counts[path] + _SHRINK) * (counts[other] + _SHRINK))
            lift[other] = max(lift.get(other, 0.0), cosine)
    return {"together": best, "together_mean": dict(mean), "together_either": either, "together_lift": lift}


def _alike(past: Sequence[_Past], shown: frozenset[str], counts: Counter[str], half_life: float) -> Signal:
    """Past commits vote for their files, by how much of the change they hold; a file in every commit says little."""
    rarity = {path: log(1 + len(past) / (1 + counts[path])) for path in shown}
    whole = sum(rarity.values()) or 1.0
    found: Signal = defaultdict(float)
    for one in past:
        shared = sum(rarity[path] for path in one.paths if path in shown)
        if shared:
            vote = shared / whole * 0.5 ** (one.age / half_life) / sqrt(len(one.paths))
            for path in one.paths:
                if path not in shown:
                    found[path] += vote
    return dict(found)


def _second_order(past: Sequence[_Past], first: Signal, shown: frozenset[str]) -> Signal:
    """What changes together with what changes together with the change."""
    best = dict(sorted(first.items(), key=lambda item: (-item[1], item[0]))[:_NEIGHBOURS])
    total: dict[str, float] = defaultdict(float)
    pairs: dict[str, dict[str, float]] = {path: defaultdict(float) for path in best}
    for one in past:
        for path in one.paths:
            if path in best:
                total[path] += one.weight
                for other in one.paths:
                    if other != path and other not in shown:
                        pairs[path][other] += one.weight
    found: Signal = defaultdict(float)
    for path, weight in best.items():
        for other, shared in pairs[path].items():
            found[other] += weight * shared / (total[path] + _SHRINK)
    return dict(found)


def _by_group(past: Sequence[_Past], groups: set[str], group_of: Grouping) -> Signal:
    """How often a file changes when some file of the same folder or kind does: for files without a past."""
    total: dict[str, float] = defaultdict(float)
    pairs: dict[str, dict[str, float]] = {group: defaultdict(float) for group in groups}
    names: dict[str, str] = {}
    for one in past:
        held: dict[str, set[str]] = {}
        for path in one.paths:
            group = names.get(path)
            if group is None:
                group = names[path] = group_of(path)
            if group in groups:
                held.setdefault(group, set()).add(path)
        for group, members in held.items():
            total[group] += one.weight
            for path in one.paths:
                if len(members) > 1 or path not in members:
                    pairs[group][path] += one.weight
    found: Signal = {}
    for group in sorted(groups):
        for path, weight in pairs[group].items():
            found[path] = max(found.get(path, 0.0), weight / (total[group] + _SHRINK))
    return found


def _popular(past: Sequence[_Past], half_life: float) -> Signal:
    found: Signal = defaultdict(float)
    for one in past:
        weight = 0.5 ** (one.age / half_life) * min(1.0, _FULL_WEIGHT / len(one.paths)) if one.paths else 0.0
        for path in one.paths:
            found[path] += weight
    return {path: value / half_life * log(2) for path, value in found.items()}


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _kind(path: str) -> str:
    return f"{kind_of(path)} {path.rpartition('.')[2]}"
