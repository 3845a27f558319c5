"""Repositories of any size, the same every time: code-like files that import and call each other, and a history.

Written by `git fast-import`, so that tens of thousands of files and commits take a minute. A file has its full text
from the last commit that touches it on; what earlier commits leave is a stub, which keeps the object store small.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import IO, Literal

from attrs import frozen

from bench.packages import git
from rebuttal.change.memory import is_young

Kind = Literal["py", "ts", "go"]

_VERB_WORDS = (
    "load store parse render resolve merge apply collect assign update remove create build check compare convert copy "
    "decode encode expand filter find format group handle index insert join limit match measure open order pack plan "
    "post read record reduce refresh register release replace report reset send sort split start stop submit sum trace"
)
_NOUN_WORDS = (
    "account address agent amount archive batch branch budget buffer bundle cache change channel chunk client cluster "
    "column command config context counter cursor customer delivery device digest document domain draft entry error "
    "event feature field filter folder frame gateway group handler header history image index input invoice item job "
    "journal key label layer ledger limit line link list lock manifest margin member message metric model module "
    "network node notice number object offset option order owner packet page parcel partner path payment peer period "
    "plan point policy pool port price product profile project proxy query queue quote range rate record region "
    "report request resource response result review role route row rule sample schedule schema scope score segment "
    "sender sequence server service session setting shard shape signal slot snapshot source stage state station "
    "status step stock stream subject summary supplier table tag target task team tenant term ticket time token topic "
    "track trade transfer tree trigger unit user value vendor version view volume warehouse window worker zone"
)
_VERBS, _NOUNS = _VERB_WORDS.split(), _NOUN_WORDS.split()
_PACKAGE = 40
"""Files in one folder."""
_START = 1_500_000_000


@frozen
class Size:
    """How large a repository is."""

    files: int
    commits: int
    functions: int = 22
    """In a file, on average: 22 make some 9 kB."""


SMALL = Size(1_000, 2_000)
LARGE = Size(30_000, 50_000)


def path_of(number: int) -> str:
    """The file with this number. Three in five are Python, one TypeScript, one Go."""
    folder = number // _PACKAGE
    return f"{_NOUNS[folder % 97]}/{_NOUNS[folder % 89 + 50]}{folder}/{_name(number)}.{_kind(number)}"


def _kind(number: int) -> Kind:
    kinds: tuple[Kind, ...] = ("py", "ts", "py", "go", "py")
    return kinds[number // _PACKAGE % 5]


def _name(number: int) -> str:
    return f"{_NOUNS[number % 131]}_{_NOUNS[number * 7 % 137]}{number}"


def function_of(number: int, place: int) -> str:
    """The name of a function; few files define the same."""
    random = Random(number * 1_000 + place)
    words = [random.choice(_VERBS), random.choice(_NOUNS), random.choice(_NOUNS)]
    return words[0] + "".join(map(str.title, words[1:])) if _kind(number) != "py" else "_".join(words)


def text_of(number: int, size: Size) -> str:
    """The whole text of a file."""
    random = Random(number)
    count = max(2, int(random.lognormvariate(0, 0.6) * size.functions * 0.85))
    near = [one for one in (number - 1, number - 3, number // 2) if one >= 0 and _kind(one) == _kind(number)]
    near = sorted({one for one in near if one != number})
    calls = [(one, function_of(one, place)) for one in near for place in (0, 1)]
    parts = [_head(number, near)]
    own = [function_of(number, place) for place in range(count)]
    for place, name in enumerate(own):
        called = random.choice(calls)[1] if calls and random.random() < 0.4 else random.choice(own)
        parts.append(_function(_kind(number), name, called, random, place))
    return "\n\n".join(parts) + "\n"


def _head(number: int, near: Sequence[int]) -> str:
    kind, lines = _kind(number), []
    for one in near:
        names = ", ".join(dict.fromkeys(function_of(one, place) for place in (0, 1)))
        target = path_of(one).rpartition(".")[0]
        if kind == "py":
            lines.append(f"from {target.replace('/', '.')} import {names}")
        elif kind == "ts":
            lines.append(f"import {{ {names} }} from '../../{target}';")
    if kind == "go":
        return f"package {path_of(number).split('/')[-2]}\n"
    return "\n".join(lines)


def _function(kind: Kind, name: str, called: str, random: Random, place: int) -> str:
    one, two, three = random.choice(_NOUNS), random.choice(_NOUNS), random.choice(_NOUNS)
    other = f"{two}_{three}" if kind == "py" else two + three.title()
    if kind == "py":
        return (
            f"def {name}({one}, limit={place}):\n"
            f'    """Take the {two} of each {three} that the {one} still has, up to the limit."""\n'
            f"    {other} = []\n"
            f"    for each in {one}.{two}s:\n"
            f"        if each.{three} is None or each.{two}_count > limit:\n"
            f'            raise ValueError(f"no {three} for {{each}}")\n'
            f"        {other}.append({called}(each, limit))\n"
            f"    return {other}\n"
        )
    if kind == "ts":
        return (
            f"/** Takes the {two} of each {three} that the {one} still has. */\n"
            f"export function {name}({one}: {two.title()}[], limit = {place}): {three.title()}[] {{\n"
            f"  const {other}: {three.title()}[] = [];\n"
            f"  for (const each of {one}) {{\n"
            f"    if (each.{three} === undefined || each.{two}Count > limit) {{\n"
            f"      throw new Error(`no {three} for ${{each}}`);\n    }}\n"
            f"    {other}.push({called}(each, limit));\n  }}\n"
            f"  return {other};\n}}\n"
        )
    return (
        f"// {name} takes the {two} of each {three} that the {one} still has.\n"
        f"func {name}({one} []{two.title()}, limit int) []{three.title()} {{\n"
        f"\tvar {other} []{three.title()}\n"
        f"\tfor _, each := range {one} {{\n"
        f"\t\tif each.{three.title()} == nil || each.{two.title()}Count > limit {{\n"
        f'\t\t\tpanic("no {three}")\n\t\t}}\n'
        f"\t\t{other} = append({other}, {called}(each, limit)...)\n\t}}\n"
        f"\treturn {other}\n}}\n"
    )


def make(where: Path, size: Size) -> Path:
    """Write the repository into the new folder `where`, checked out and with a clean index."""
    where.mkdir(parents=True)
    git(where, "init", "-q", "-b", "main")
    process = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=where, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin as stream:
        _write(stream, size)
    assert process.wait() == 0
    git(where, "commit-graph", "write", "--reachable")
    git(where, "-c", "checkout.workers=2", "reset", "-q", "--hard")
    return where


def _write(stream: IO[bytes], size: Size) -> None:
    random = Random(size.files * 7 + size.commits)
    touched = [list(_together(random, size.files)) for _ in range(size.commits - 1)]
    last = {number: commit for commit, numbers in enumerate(touched) for number in numbers}
    _commit(stream, 0, "Import")
    for number in range(size.files):
        _file(stream, number, text_of(number, size) if number not in last else f"import {number}\n")
    for commit, numbers in enumerate(touched):
        _commit(stream, commit + 1, f"Change {len(numbers)} files")
        for number in numbers:
            _file(stream, number, text_of(number, size) if last[number] == commit else f"change {commit}\n")


def _together(random: Random, files: int) -> Iterator[int]:
    """Files that one commit touches: mostly neighbours, and mostly of the few folders where work goes on."""
    start = int(files * random.random() ** 2)
    for _ in range(min(1 + int(random.expovariate(0.6)), 12)):
        step = random.randrange(-6, 7) if random.random() < 0.8 else random.randrange(files)
        yield (start + step) % files


def _commit(stream: IO[bytes], number: int, message: str) -> None:
    who = f"Committer <committer@example.org> {_START + number * 3600} +0000"
    head = f"commit refs/heads/main\nmark :{number + 1}\ncommitter {who}\ndata {len(message)}\n{message}\n"
    stream.write(head.encode() + (f"from :{number}\n".encode() if number else b""))


def _file(stream: IO[bytes], number: int, text: str) -> None:
    data = text.encode()
    stream.write(f"M 100644 inline {path_of(number)}\ndata {len(data)}\n".encode() + data + b"\n")


def settle(where: Path) -> None:
    """Wait until no file's times could hide that it is written again: what is younger, reviews do not remember."""
    files = [path.stat() for path in where.rglob("*") if path.is_file() and ".git" not in path.parts]
    latest = max(files, key=lambda one: max(one.st_mtime_ns, one.st_ctime_ns))
    while is_young((latest.st_size, latest.st_mtime_ns, latest.st_ctime_ns), time.time_ns()):
        time.sleep(0.05)


def change(where: Path, size: Size, files: int) -> None:
    """Change `files` files of the work tree: each gets a new function, and its first function a new parameter."""
    for place in range(files):
        number = place * max(size.files // files, 1) % size.files
        path = where / path_of(number)
        text = path.read_text("utf-8")
        name = function_of(number, 0)
        text = text.replace(f"{name}(", f"{name}(more, " if _kind(number) == "py" else f"{name}(", 1)
        used = function_of(max(number - 1, 0), 1)
        added = _function(_kind(number), f"newly{place}Added", used, Random(number + 1), place)
        path.write_text(f"{text}\n\n{added}", "utf-8")
