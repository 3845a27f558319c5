"""Rust: methods of values whose type is written where they are declared."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

DISK = "pub struct Disk {\n    size: u8,\n}\n\n"
DISK += "impl Disk {\n    pub fn new() -> Self {\n        Disk { size: 1 }\n    }\n\n"
SYNC = "    pub fn sync(&self, path: &str) -> u8 {\n        self.size\n    }\n}\n"
NET = "pub struct Net;\n\nimpl Net {\n    pub fn sync(&self, path: &str) -> u8 {\n        1\n    }\n}\n"


def crate(user: str) -> dict[str, str]:
    lib = "pub mod disk;\npub mod net;\nmod user;\n"
    return {
        "Cargo.toml": '[package]\nname = "store"\n',
        "src/lib.rs": lib,
        "src/disk.rs": DISK + SYNC,
        "src/net.rs": NET,
        "src/user.rs": user,
    }


AFTER = {"src/disk.rs": DISK + SYNC.replace("path: &str", "path: &str, hard: bool")}


@pytest.mark.parametrize(
    "user",
    [
        'use crate::disk::Disk;\nfn go(disk: &mut Disk) {\n    disk.sync("a");\n}\n',
        "use crate::disk::Disk;\nfn go<'a>(x: u8, disk: &'a Disk) {\n    disk.sync(\"a\");\n}\n",
        'use crate::disk::Disk;\nfn go() {\n    let disk = Disk::new();\n    disk.sync("a");\n}\n',
        'fn go() {\n    let mut disk: Box<crate::disk::Disk> = make();\n    disk.sync("a");\n}\n',
        'use crate::disk::Disk;\nstruct App { disk: Arc<Disk> }\nimpl App { fn go(&self) { self.disk.sync("a"); } }\n',
    ],
)
def test_a_call_on_a_value_of_a_written_type_is_found(review: Review, user: str) -> None:
    (found,) = of(review(crate(user), AFTER), "impact:signature")
    assert [path for path, _ in callers(found)] == ["src/user.rs"]


@pytest.mark.parametrize(
    "user",
    [
        'use crate::net::Net;\nfn go(disk: &Net) {\n    disk.sync("a");\n}\n',
        'use other::Disk;\nfn go(disk: &Disk) {\n    disk.sync("a");\n}\n',
        'use crate::disk::Disk;\nfn go(disk: &Disk) {\n    let disk = disk.inner();\n    disk.sync("a");\n}\n',
        'use crate::disk::Disk;\nfn go(disk: &Disk) {\n    for disk in all() {\n        disk.sync("a");\n    }\n}\n',
        'use crate::disk::Disk;\nfn go(disk: Option<Disk>) {\n    disk.sync("a");\n}\n',
        'use crate::disk::Disk;\nfn go(disk: &Disk) {\n    all().map(|disk| disk.sync("a"));\n}\n',
        'use crate::disk::Disk;\nfn go(disk: &Disk) {\n    if let Some(disk) = a() { disk.sync("a"); }\n}\n',
    ],
)
def test_a_call_on_a_value_of_another_or_no_written_type_is_not_named(review: Review, user: str) -> None:
    assert of(review(crate(user), AFTER), "impact:signature") == []
