"""Go: packages of several files, and methods of variables whose type is declared."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

STORE = """package store

type Disk struct{ path string }

func Open(path string) (*Disk, error) { return &Disk{path}, nil }

func (d *Disk) Sync() error { return nil }

func Level() int { return 1 }
"""
OTHER = "package store\n\ntype Net struct{}\n\nfunc (n Net) Sync() error { return nil }\n"
BASE = {"go.mod": "module example.com/x\n", "store/disk.go": STORE, "store/net.go": OTHER}


def user(body: str) -> dict[str, str]:
    text = f'package main\n\nimport "example.com/x/store"\n\n{body}'
    return {**BASE, "main.go": text}


@pytest.mark.parametrize(
    "body",
    [
        'func main() {\n\td, err := store.Open("a")\n\t_ = err\n\td.Sync()\n}\n',
        "func main() {\n\td := &store.Disk{}\n\td.Sync()\n}\n",
        "func main() {\n\tvar d store.Disk\n\td.Sync()\n}\n",
        "func run(a int, d *store.Disk) {\n\td.Sync()\n}\n",
        "type app struct {\n\tdisk *store.Disk\n}\n\nfunc (a *app) run() { a.disk.Sync() }\n",
    ],
)
def test_a_method_that_is_gone_is_missed_where_the_type_is_declared(review: Review, body: str) -> None:
    after = {"store/disk.go": STORE.replace("Sync()", "Flush()")}
    (found,) = of(review(user(body), after), "impact:removed")
    assert [path for path, _ in callers(found)] == ["main.go"]


@pytest.mark.parametrize(
    "body",
    [
        "func main() {\n\td := store.Net{}\n\td.Sync()\n}\n",
        "func main() {\n\td := other()\n\td.Sync()\n}\n",
        "func run(d interface{ Sync() error }) {\n\td.Sync()\n}\n",
        "func main() {\n\td := &store.Disk{}\n\tfor _, d := range all() {\n\t\td.Sync()\n\t}\n}\n",
        "func main() {\n\tswitch d := any().(type) {\n\tcase *store.Net:\n\t\td.Sync()\n\t}\n}\n",
    ],
)
def test_a_method_of_another_or_an_unknown_type_is_not_missed(review: Review, body: str) -> None:
    after = {"store/disk.go": STORE.replace("Sync()", "Flush()")}
    assert of(review(user(body), after), "impact:removed") == []


def test_a_method_that_an_inner_type_gives_is_not_missed(review: Review) -> None:
    body = "func main() {\n\td := &store.Disk{}\n\td.Sync()\n}\n"
    after = STORE.replace("{ path string }", "{\n\tNet\n\tpath string\n}").replace("Sync()", "Flush()")
    assert of(review(user(body), {"store/disk.go": after}), "impact:removed") == []


@pytest.mark.parametrize("gone", ["func Level() int { return 1 }\n", "func (d *Disk) Sync() error { return nil }\n"])
def test_what_moves_within_its_package_is_missed_by_nobody(review: Review, gone: str) -> None:
    body = "func main() {\n\td := &store.Disk{}\n\td.Sync()\n\tstore.Level()\n}\n"
    after = {"store/disk.go": STORE.replace(gone, ""), "store/more.go": f"package store\n\n{gone}"}
    assert of(review(user(body), after), "impact:") == []


def test_a_file_whose_contents_moved_within_its_package_is_missed_by_nobody(review: Review) -> None:
    body = "func main() { store.Level() }\n"
    after = {"store/disk.go": None, "store/all.go": STORE.replace("path string", "name string")}
    assert of(review(user(body), after), "impact:removed") == []
