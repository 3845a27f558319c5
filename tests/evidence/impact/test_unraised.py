"""Handlers of an error that nothing raises any more."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

PY = {
    "errors.py": "class Lost(Exception):\n    pass\n",
    "store.py": "from errors import Lost\n\n\ndef look(key):\n    raise Lost(key)\n",
    "app.py": (
        "from errors import Lost\nimport store\n\n\ndef run(key):\n    try:\n        return go(key)\n"
        "    except Lost:\n        return None\n"
    ),
}
PHP = {
    "Lost.php": "<?php\nclass Lost extends \\RuntimeException {}\n",
    "Store.php": "<?php\nclass Store {\n  public function look($key) {\n    throw new Lost($key);\n  }\n}\n",
    "App.php": "<?php\nfunction run($app) {\n  try {\n    $app->go();\n  } catch (Lost $e) {\n    return 1;\n  }\n}\n",
}
CPP = {
    "lost.hpp": "#include <stdexcept>\nclass Lost : public std::runtime_error {};\n",
    "store.cpp": '#include "lost.hpp"\nint look(int key)\n{\n    throw Lost("key");\n}\n',
    "app.cpp": (
        '#include "lost.hpp"\nint run()\n{\n  try {\n    go();\n  } catch (const Lost& e) {\n    return 1;\n  }\n}\n'
    ),
}
GO = {
    "go.mod": "module example.com/x\n",
    "store/store.go": (
        'package store\n\nimport "errors"\n\nvar ErrLost = errors.New("lost")\n\ntype Disk struct{}\n\n'
        "func (d Disk) Look(key string) error {\n\treturn ErrLost\n}\n"
    ),
    "main.go": (
        'package main\n\nimport (\n\t"errors"\n\n\t"example.com/x/store"\n)\n\nfunc run(s Looker) int {\n'
        '\tif err := s.Look("a"); errors.Is(err, store.ErrLost) {\n\t\treturn 1\n\t}\n\treturn 0\n}\n'
    ),
}


@pytest.mark.parametrize(
    ("files", "home", "was", "now", "at"),
    [
        (PY, "store.py", "raise Lost", "raise KeyError", ("app.py", 8)),
        (PHP, "Store.php", "new Lost", "new \\LogicException", ("App.php", 5)),
        (CPP, "store.cpp", "throw Lost", "throw std::out_of_range", ("app.cpp", 6)),
        (GO, "store/store.go", "return ErrLost", "return ErrGone", ("main.go", 10)),
    ],
)
def test_a_handler_of_what_nothing_raises_any_more_is_told(
    review: Review, files: dict[str, str], home: str, was: str, now: str, at: tuple[str, int]
) -> None:
    (found,) = of(review(files, {home: files[home].replace(was, now)}), "impact:exception")
    assert callers(found) == [at]


@pytest.mark.parametrize(
    ("files", "home", "was", "now", "more"),
    [
        (PY, "store.py", "raise Lost", "raise KeyError", {"other.py": "from errors import Lost\n\n\nraise Lost\n"}),
        (PY, "store.py", "raise Lost", "raise KeyError", {"other.py": "from errors import Lost\n\nX = {1: Lost}\n"}),
        (
            PY,
            "store.py",
            "raise Lost(key)",
            "raise Missing(key)",
            {"errors.py": PY["errors.py"] + "class Missing(Lost): ...\n"},
        ),
        (
            CPP,
            "store.cpp",
            "throw Lost",
            "throw Missing",
            {"b.hpp": '#include "lost.hpp"\nclass Missing : public Lost {};\n'},
        ),
        (
            PHP,
            "Store.php",
            "new Lost",
            "new \\LogicException",
            {"B.php": "<?php\nfunction b() {\n  throw new Lost();\n}\n"},
        ),
        (
            GO,
            "store/store.go",
            "return ErrLost",
            "return ErrGone",
            {"store/b.go": "package store\n\nvar errs = []error{ErrLost}\n"},
        ),
    ],
)
def test_an_error_that_may_still_be_raised_keeps_its_handlers(
    review: Review, files: dict[str, str], home: str, was: str, now: str, more: dict[str, str]
) -> None:
    before = {**files, **more}
    assert of(review(before, {home: files[home].replace(was, now)}), "impact:exception") == []
