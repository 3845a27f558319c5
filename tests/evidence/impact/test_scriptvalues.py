"""Python, JavaScript, TypeScript: methods of what is declared as, or made from, a class."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

PY = "class Disk:\n    def put(self, key):\n        pass\n\n\nclass Net:\n    def put(self, key):\n        pass\n"
PY_AFTER = {"store.py": PY.replace("self, key", "self, key, age", 1)}
TS = "export class Disk {\n  put(key: string) {}\n}\n\nexport class Net {\n  put(key: string) {}\n}\n"
TS_AFTER = {"store.ts": TS.replace("key: string", "key: string, age: number", 1)}


@pytest.mark.parametrize(
    "body",
    [
        "def run():\n    disk = Disk()\n    disk.put(1)\n",
        "def run(a, disk: Disk):\n    disk.put(1)\n",
        "def run(disk: Disk | None = None):\n    disk.put(1)\n",
        "class App:\n    def set(self):\n        self.disk = Disk()\n    def go(self):\n        self.disk.put(1)\n",
    ],
)
def test_python_methods_are_known_by_what_their_object_is_made_of(review: Review, body: str) -> None:
    files = {"store.py": PY, "app.py": f"from store import Disk, Net\n\n\n{body}"}
    (found,) = of(review(files, PY_AFTER), "impact:signature")
    assert [path for path, _ in callers(found)] == ["app.py"]


@pytest.mark.parametrize(
    "body",
    [
        "def run():\n    disk = Net()\n    disk.put(1)\n",
        "def run(disk):\n    disk.put(1)\n",
        "def run(disk=None):\n    if not disk:\n        disk = Disk()\n    disk.put(1)\n",
        "def run(disks: list[Disk]):\n    for disk in disks:\n        disk.put(1)\n",
        "def run():\n    disk = Disk()\n    disk = wrapped(disk)\n    disk.put(1)\n",
        "def run():\n    disk = Disk()\n    disk, other = pair()\n    disk.put(1)\n",
        "def run():\n    disk = Disk()\n    disk.put = print\n    disk.put(1)\n",
        "def run():\n    disk = Disk().other()\n    disk.put(1)\n",
        "class App:\n    def run(self, disk):\n        self.disk = disk\n        self.disk.put(1)\n",
    ],
)
def test_python_methods_of_anything_else_are_not_named(review: Review, body: str) -> None:
    files = {"store.py": PY, "app.py": f"from store import Disk, Net\n\n\n{body}"}
    assert of(review(files, PY_AFTER), "impact:signature") == []


@pytest.mark.parametrize(
    "body",
    [
        "function run() {\n  const disk = new Disk();\n  disk.put('a');\n}\n",
        "function run(a: number, disk: Disk) {\n  disk.put('a');\n}\n",
        "class App {\n  constructor(private readonly disk: Disk) {}\n  run() {\n    this.disk.put('a');\n  }\n}\n",
        "class App {\n  private disk = new Disk();\n  run() {\n    this.disk.put('a');\n  }\n}\n",
    ],
)
def test_typescript_methods_are_known_by_what_their_object_is_made_of(review: Review, body: str) -> None:
    files = {"store.ts": TS, "app.ts": f"import {{ Disk, Net }} from './store';\n\n{body}"}
    (found,) = of(review(files, TS_AFTER), "impact:signature")
    assert [path for path, _ in callers(found)] == ["app.ts"]


@pytest.mark.parametrize(
    "body",
    [
        "function run() {\n  const disk = new Net();\n  disk.put('a');\n}\n",
        "function run(disk: Disk[]) {\n  disk.put('a');\n}\n",
        "function run(disk: Disk | Net) {\n  disk.put('a');\n}\n",
        "function run(disk: Disk) {\n  all.map((disk) => disk.put('a'));\n}\n",
        "function run() {\n  let disk = new Disk();\n  disk = other();\n  disk.put('a');\n}\n",
        "function run() {\n  const disk = new Disk().inner();\n  disk.put('a');\n}\n",
        "function run() {\n  const { disk } = new Disk();\n  disk.put('a');\n}\n",
        "class App {\n  run(disk: any) {\n    this.disk = disk;\n    this.disk.put('a');\n  }\n}\n",
    ],
)
def test_typescript_methods_of_anything_else_are_not_named(review: Review, body: str) -> None:
    files = {"store.ts": TS, "app.ts": f"import {{ Disk, Net }} from './store';\n\n{body}"}
    assert of(review(files, TS_AFTER), "impact:signature") == []
