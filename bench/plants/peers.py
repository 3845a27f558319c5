"""What ruff alone and semgrep say of the same planted changes.

Both look at the changed files of the new side, as a user would run them before a commit; what they also say of the base
is no news and does not count. semgrep is optional: a virtual environment of its own in bench/.work. Its package
holds no rules, and its registry wants the network: the rules are a checkout of its public ones, if there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen

from bench.packages import WORK
from bench.plants.model import Files, Pair
from bench.plants.run import Outcome, Said, Spot, judge
from bench.table import table

STYLE = (
    "ANN,ARG,COM,CPY,D,DOC,E1,E2,E3,E5,EM,ERA,FBT,FIX,FURB,I,ICN,INP,ISC,N,PLR2004,PT,PTH,PYI,Q,RET,RUF001,RUF002,"
    "RUF003,SIM,SLF,TC,TD,TRY,UP,W"
)
"""Left out of `--select ALL`: formats, names, annotations, documents and taste, which fire on nearly every file."""
SEMGREP = WORK / "semgrep-venv" / ("Scripts" if os.name == "nt" else "bin") / "semgrep"
RULES = WORK / "semgrep-rules"
"""A checkout of github.com/semgrep/semgrep-rules; with none semgrep is not measured."""
PATIENCE = 1_800
"""Seconds for all files together; reading the rules alone takes minutes."""
FOLDERS = ("python", "javascript", "typescript", "go", "rust", "java", "c", "csharp", "ruby", "php", "generic", "yaml")


@frozen
class Peer:
    """A tool, and what it says of the files of each named tree."""

    name: str
    look: Callable[[Mapping[str, Files]], dict[str, list[Said]]]


def peers() -> list[Peer]:
    """Those that are installed."""
    found = [
        Peer("ruff, its defaults", partial(ruff, options=())),
        Peer("ruff, all rules but style", partial(ruff, options=("--select", "ALL", "--ignore", STYLE, "--preview"))),
    ]
    installed = SEMGREP.is_file() and RULES.is_dir()
    return [*found, Peer("semgrep, its public rules", semgrep)] if installed else found


def tables(pairs: Sequence[Pair], ours: Sequence[Outcome]) -> str:
    """One column a tool, one row a group of kinds: found of the planted, and false of the near misses."""
    columns = {"Rebuttal": list(ours)} | {peer.name: compare(peer, pairs) for peer in peers()}
    head = ["kinds", "planted", *(f"{name}: found / false" for name in columns)]
    rows = []
    for group in [*dict.fromkeys(pair.kind.group for pair in pairs), "all"]:
        of_group = {
            name: [one for one in outcomes if group in (one.pair.kind.group, "all")]
            for name, outcomes in columns.items()
        }
        count = len(next(iter(of_group.values())))
        rows.append([group, count, *(_cell(outcomes) for outcomes in of_group.values())])
    told = [f"\n{_semgrep_told()}"]
    noise = [
        "\nFindings at other places, faults and near misses together: "
        + ", ".join(f"{name} {_elsewhere(outcomes)}" for name, outcomes in columns.items())
        + "."
    ]
    return "\n".join([table(head, rows), *noise, *told])


def _semgrep_told() -> str:
    if not SEMGREP.is_file() or not RULES.is_dir():
        return (
            "semgrep: not installed (its package in bench/.work/semgrep-venv, its rules in bench/.work/semgrep-rules)."
        )
    commands = {
        "version": [str(SEMGREP), "--version"],
        "rules": ["git", "-C", str(RULES), "log", "-1", "--format=%h %cs"],
    }
    said = {name: subprocess.run(one, capture_output=True, text=True, check=False) for name, one in commands.items()}
    return f"semgrep {said['version'].stdout.strip()}, its public rules as of {said['rules'].stdout.strip()}."


def _cell(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(bool(one.right) for one in outcomes)} / {sum(bool(one.false) for one in outcomes)}"


def _elsewhere(outcomes: Sequence[Outcome]) -> int:
    return sum(len(one.astray) + len(one.beside) + len(one.false_other) for one in outcomes)


def compare(peer: Peer, pairs: Sequence[Pair]) -> list[Outcome]:
    """A peer's outcomes. Any rule of its that speaks at the planted place counts as found: it knows no kinds of ours.

    On a near miss, what it says there of lines that the fault was about is false.
    """
    trees: dict[str, Files] = {}
    for number, pair in enumerate(pairs):
        for side, files in _sides(pair).items():
            trees[f"{number}/{side}"] = files
    said = peer.look(trees)
    outcomes = []
    for number, pair in enumerate(pairs):
        fault = _new(said.get(f"{number}/fault", []), said.get(f"{number}/base", []))
        sound = _new(said.get(f"{number}/sound", []), said.get(f"{number}/sound_base", []))
        outcomes.append(_judged(pair, fault, sound))
    return outcomes


def _sides(pair: Pair) -> dict[str, Files]:
    """Only the files that the change touches: these are what a tool would be run on."""
    fault = {path for path in {*pair.base, *pair.fault} if pair.base.get(path) != pair.fault.get(path)}
    sound = {path for path in {*pair.sound_base, *pair.sound} if pair.sound_base.get(path) != pair.sound.get(path)}

    def of(files: Files, paths: set[str]) -> Files:
        return {path: files[path] for path in sorted(paths) if path in files}

    return {
        "base": of(pair.base, fault),
        "fault": of(pair.fault, fault),
        "sound_base": of(pair.sound_base, sound),
        "sound": of(pair.sound, sound),
    }


def _new(after: Sequence[Said], before: Sequence[Said]) -> list[Said]:
    """What was not said of the base: by rule, file and text, as often."""
    known = Counter(_what(one) for one in before)
    kept = []
    for one in after:
        if known[_what(one)] > 0:
            known[_what(one)] -= 1
        else:
            kept.append(one)
    return kept


def _what(one: Said) -> tuple[str, str, str]:
    return one.rule, one.spots[0].file, one.text


def _judged(pair: Pair, fault: Sequence[Said], sound: Sequence[Said]) -> Outcome:
    """Whatever stands at the place is taken for a find; the same rule on the near miss for a false alarm."""
    marked = judge(pair, [Said(_own(pair), one.text, one.spots) for one in fault], ())
    right = {id(spots) for spots in (one.spots for one in marked.right)}
    hits = [one for one in fault if id(one.spots) in right]
    rules = {one.rule for one in hits}
    return Outcome(
        pair,
        tuple(hits),
        (),
        tuple(one for one in fault if one not in hits),
        tuple(one for one in sound if one.rule in rules),
        tuple(one for one in sound if one.rule not in rules),
    )


def _own(pair: Pair) -> str:
    """A rule id that speaks of the pair's kind."""
    return pair.kind.rules[0].replace("*", "peer")


def _written(trees: Mapping[str, Files], folder: Path) -> None:
    for name, files in trees.items():
        for path, text in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")


def _split(folder: Path, place: str) -> tuple[str, str]:
    """A path on disk as the tree's name and the path in it."""
    number, side, path = Path(place).resolve().relative_to(folder).as_posix().split("/", 2)
    return f"{number}/{side}", path


def ruff(trees: Mapping[str, Files], options: Sequence[str]) -> dict[str, list[Said]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        _written(trees, folder)
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "json"]
        done = subprocess.run([*command, *options, str(folder)], capture_output=True, text=True, check=False)
        found: dict[str, list[Said]] = {}
        for one in json.loads(done.stdout):
            tree, path = _split(folder, one["filename"])
            start, end = one["location"]["row"] - 1, one["end_location"]["row"] - 1
            found.setdefault(tree, []).append(
                Said(f"ruff:{one['code'] or 'syntax'}", one["message"], (Spot(path, start, end),))
            )
    return found


def semgrep(trees: Mapping[str, Files]) -> dict[str, list[Said]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        _written(trees, folder)
        rules = [item for one in FOLDERS if (RULES / one).is_dir() for item in ("--config", str(RULES / one))]
        command = [str(SEMGREP), "scan", *rules, "--json", "--metrics", "off", "--disable-version-check", "--quiet"]
        command += ["--no-git-ignore", "--jobs", "2", "--timeout", "10", str(folder)]
        environment = {**os.environ, "HOME": name, "SEMGREP_SEND_METRICS": "off"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=PATIENCE)
        found: dict[str, list[Said]] = {}
        for one in _results(done.stdout):
            tree, path = _split(folder, one["path"])
            spot = Spot(path, one["start"]["line"] - 1, one["end"]["line"] - 1)
            rule = one["check_id"].rpartition(".")[2]
            found.setdefault(tree, []).append(Said(f"semgrep:{rule}", one["extra"]["message"], (spot,)))
    return found


def _results(text: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(text)["results"] if text.strip() else ()
