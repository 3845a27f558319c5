"""Tables of precision, and findings laid out so that a person can judge each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch

from attrs import frozen

from bench.precision.collect import Found, Origin, all_found
from bench.precision.labels import Label
from bench.table import table

GOAL = 0.9
LOWEST = 0.7
"""A rule below is mended or off."""
EXPLAINED = (
    "Every finding of the static panel on differences of releases and on single commits, read and labelled by hand with"
    " a reason (bench/labels): is it worth a reviewer's time? What nobody has read yet is counted apart. Where of many"
    " findings of a rule only some were read, they were drawn by the hash of their keys.\n"
)


@frozen
class Wanted:
    """Which findings to print."""

    rules: tuple[str, ...] = ()
    origin: str = ""
    limit: int = 40
    part: str = "1/1"
    labelled: bool = False


def tables(origins: Sequence[Origin], labels: Mapping[str, Label]) -> str:
    parts = [by_rule(list(all_found(origins)), labels), "", by_origin(origins, labels), "", ending(origins, labels)]
    return "\n".join(parts)


def by_rule(found: Sequence[Found], labels: Mapping[str, Label]) -> str:
    rows = []
    weighted = read = 0.0
    for rule in sorted({one.rule for one in found}):
        mine = [one for one in found if one.rule == rule]
        rows.append([rule, *_counts(mine, labels), _verdict(mine, labels)])
        if (share := _precision(mine, labels)) is not None:
            weighted += share * len(mine)
            read += len(mine)
    rows.append(["all", *_counts(found, labels), ""])
    head = ["rule", "findings", "labelled", "worth it", "precision", "not read", ""]
    told = f"\n\nEach rule by its share of the findings: {weighted / read:.0%}." if read else ""
    return table(head, rows) + told


def by_origin(origins: Sequence[Origin], labels: Mapping[str, Label]) -> str:
    """A row for each package and repository."""
    rows = []
    for name in dict.fromkeys(map(_group, origins)):
        mine = [one for one in origins if _group(one) == name]
        found = list(all_found(mine))
        files, changes = sum(one.files for one in mine), sum(not one.failed or one.files > 0 for one in mine)
        rows.append([name, mine[0].language, changes, files, *_counts(found, labels)])
    head = ["change", "languages", "changes", "files", "findings", "labelled", "worth it", "precision", "not read"]
    return table(head, rows)


def _group(origin: Origin) -> str:
    return origin.name if origin.kind == "packages" else f"{origin.kind.replace('commits', _of(origin))}"


def _of(origin: Origin) -> str:
    return f"commits of {origin.name.split(' ')[0]}"


def _counts(found: Sequence[Found], labels: Mapping[str, Label]) -> list[str]:
    judged = [labels[one.key] for one in found if one.key in labels]
    share = _precision(found, labels)
    worth = sum(one.worth for one in judged)
    told = "" if share is None else f"{share:.0%}"
    return [str(len(found)), str(len(judged)), str(worth), told, str(len(found) - len(judged))]


def _precision(found: Sequence[Found], labels: Mapping[str, Label]) -> float | None:
    judged = [labels[one.key].worth for one in found if one.key in labels]
    return sum(judged) / len(judged) if judged else None


def _verdict(found: Sequence[Found], labels: Mapping[str, Label]) -> str:
    share = _precision(found, labels)
    if share is None:
        return ""
    return "to be mended, or off" if share < LOWEST else ""


def ending(origins: Sequence[Origin], labels: Mapping[str, Label]) -> str:
    found = list(all_found(origins))
    known = {one.key for one in found}
    reviewed = {one.name.split(" #")[0] for one in origins}
    gone = [key for key in labels if key not in known and any(key.startswith(f"{name} ") for name in reviewed)]
    worth = sum(labels[key].worth for key in gone)
    commits = sum(one.kind == "commits" for one in origins)
    silent = sum(one.kind == "commits" and not one.found for one in origins)
    lines = [f"{len(found)} findings on {len(origins)} changes; {silent} of {commits} commits have none."]
    if gone:
        lines.append(
            f"{len(gone)} labelled findings are no longer made ({worth} were worth it, {len(gone) - worth} noise)."
        )
    lines += [f"Not whole: {one.name}: {reason}" for one in origins for reason in one.failed]
    return "\n".join(lines)


def to_read(origins: Sequence[Origin], labels: Mapping[str, Label], wanted: Wanted) -> str:
    """Findings in an order that is as good as drawn, the same every time."""
    chosen = [one for one in all_found(origins) if _is_wanted(one, wanted) and (one.key in labels) == wanted.labelled]
    chosen.sort(key=lambda one: hashlib.sha256(one.key.encode()).hexdigest())
    part, parts = (int(number) for number in wanted.part.split("/"))
    chosen = chosen[part - 1 :: parts]
    shown = chosen[: wanted.limit]
    blocks = [_block(one, f"{number} of {len(chosen)}", labels) for number, one in enumerate(shown, 1)]
    return "\n\n".join(blocks) if blocks else "There is none."


def _is_wanted(one: Found, wanted: Wanted) -> bool:
    by_rule = not wanted.rules or any(fnmatch(one.rule, pattern) for pattern in wanted.rules)
    return by_rule and wanted.origin in one.origin


def _block(one: Found, place: str, labels: Mapping[str, Label]) -> str:
    lines = [
        f"=== {place}: {one.rule}, {one.severity}: {one.origin}",
        f"{one.file}:{one.line} ({one.side}) {one.title}",
        one.message,
    ]
    lines += [f"  also {near.file}:{near.line} {near.message} | {near.code}" for near in one.related[:8]]
    if len(one.related) > 8:
        lines.append(f"  and {len(one.related) - 8} more places")
    lines.append(one.excerpt)
    label = labels.get(one.key)
    worth, why = ("?", "") if label is None else (str(label.worth).lower(), label.why)
    lines.append(f"{json.dumps(one.key)} = {{ worth = {worth}, why = {json.dumps(why)} }}")
    return "\n".join(lines)


def section() -> str:
    """This benchmark's part of RESULTS.md: of the packages, and of the commits where they were collected before."""
    from bench.precision import collect, labels

    fresh = collect.everything(None, 0, 1)
    old = [one for one in collect.kept() if one.kind != "packages"] if collect.KEPT.is_file() else []
    origins = [*fresh, *old]
    collect.keep(origins)
    told = tables(origins, labels.read())
    return f"## Precision\n\n`python -m bench.precision --histories FOLDER`. {EXPLAINED}\n{told}\n"
