"""Go interfaces that changed, and types that are asserted to implement them."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

BASE = "package store\n\ntype Store interface {\n\tLoad(key string) error\n}\n"
MORE = BASE.replace("error\n}", "error\n\tSave(key string) error\n}")
FILES = (
    'package files\n\nimport "example.org/app/store"\n\nvar _ store.Store = (*Files)(nil)\n\n'
    "type Files struct {\n\tname string\n}\n\nfunc (f *Files) Load(key string) error { return nil }\n"
)
GO = {"go.mod": "module example.org/app\n", "store/store.go": BASE, "files/files.go": FILES}


@pytest.mark.parametrize("after", [MORE, BASE.replace("key string", "key string, limit int")])
def test_an_asserted_type_that_does_not_follow_is_named(review: Review, after: str) -> None:
    (found,) = of(review(GO, {"store/store.go": after}), "impact:override")
    assert callers(found) == [("files/files.go", 5)]
    assert found.severity == "high"


@pytest.mark.parametrize(
    "files",
    [
        FILES + "\nfunc (f *Files) Save(key string) error { return nil }\n",
        FILES.replace("\tname string", "\tBase"),
        FILES.replace("var _ store.Store = (*Files)(nil)\n", ""),
        FILES.replace("example.org/app/store", "example.org/other/store"),
    ],
)
def test_a_type_that_has_it_or_is_not_asserted_is_not_named(review: Review, files: str) -> None:
    assert of(review({**GO, "files/files.go": files}, {"store/store.go": MORE}), "impact:override") == []


def test_a_renamed_parameter_is_no_finding(review: Review) -> None:
    assert of(review(GO, {"store/store.go": BASE.replace("key", "name")}), "impact:override") == []


KEEPER = "package keep\n\ntype Keeper interface {\n\tPut(key string) error\n\tGet(key string) (int, error)\n}\n"
DISK = (
    "package keep\n\ntype Disk struct{}\n\nfunc (d *Disk) Put(key string) error { return nil }\n\n"
    "func (d *Disk) Get(key string) (int, error) { return 0, nil }\n"
)
WIDER = KEEPER.replace("Get(key string)", "Get(key string, most int)")


def test_a_type_that_had_all_methods_and_keeps_one_as_it_was_is_named(review: Review) -> None:
    (found,) = of(
        review({"keep/keeper.go": KEEPER, "keep/disk.go": DISK}, {"keep/keeper.go": WIDER}), "impact:override"
    )
    assert callers(found) == [("keep/disk.go", 7)]


@pytest.mark.parametrize(
    "disk",
    [
        DISK.replace("Get(key string)", "Get(key string, most int)"),
        DISK.replace("Put(key string)", "Put(key, value string)"),
        DISK + "\ntype Getter interface {\n\tGet(key string) (int, error)\n}\n",
    ],
)
def test_a_type_that_may_be_made_for_something_else_is_not_named(review: Review, disk: str) -> None:
    assert of(review({"keep/keeper.go": KEEPER, "keep/disk.go": disk}, {"keep/keeper.go": WIDER}), "impact:over") == []


def test_an_interface_that_takes_methods_from_another_is_not_known_whole(review: Review) -> None:
    before, after = (one.replace("interface {\n", "interface {\n\tio.Closer\n") for one in (KEEPER, WIDER))
    assert of(review({"keep/keeper.go": before, "keep/disk.go": DISK}, {"keep/keeper.go": after}), "impact:over") == []
