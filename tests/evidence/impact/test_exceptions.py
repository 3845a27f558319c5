"""Another error than before, and callers that still provide for the old one; with their nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

HOME = (
    "class Missing(Exception):\n    pass\n\n\nclass Gone(Missing):\n    pass\n\n\n"
    "def load_one(key):\n    if not key:\n        raise KeyError(key)\n    return key\n\n\n"
    "def find_one(key):\n    if not key:\n        return None\n    return key\n"
)
USE = (
    "from app.store import load_one, find_one\n\n\ndef go(key):\n    try:\n        return load_one(key)\n"
    "    except KeyError:\n        return None\n"
)
PY = {"app/__init__.py": "", "app/store.py": HOME, "app/use.py": USE}


def raising(error: str) -> dict[str, str]:
    return {"app/store.py": HOME.replace("KeyError", error)}


def test_a_handler_of_the_old_error_is_named(review: Review) -> None:
    (found,) = of(review(PY, raising("Missing")), "impact:exception")
    assert (found.file, found.quote, found.severity) == ("app/store.py", "        raise Missing(key)", "medium")
    assert callers(found) == [("app/use.py", 7)]
    assert found.message.startswith(
        "`load_one()` raises `Missing` where it used to raise `KeyError`, which one caller still expects"
    )


@pytest.mark.parametrize("expects", ["pytest.raises(KeyError)", "pytest.raises((KeyError, IndexError), match='a')"])
def test_a_test_that_expects_the_old_error_is_named(review: Review, expects: str) -> None:
    head = "import pytest\nfrom app.store import load_one\n\n\n"
    test = f"{head}def test_it():\n    with {expects}:\n        load_one('')\n"
    (found,) = of(review({**PY, "app/use.py": "", "tests/test_it.py": test}, raising("Missing")), "impact:exception")
    assert callers(found) == [("tests/test_it.py", 6)]


@pytest.mark.parametrize(
    "use",
    [
        USE.replace("except KeyError", "except (KeyError, Exception)"),
        USE.replace("except KeyError", "except (KeyError, Missing)"),
        USE.replace("except KeyError", "except IndexError"),
        USE.replace("except KeyError", "except"),
        USE.replace("from app.store", "from app.other"),
        USE.replace("        return load_one(key)\n", "        pass\n") + "    return load_one(key)\n",
        USE.replace("try:", "load_one(key)\n    try:").replace("return load_one(key)", "return {}[key]"),
    ],
)
def test_a_handler_that_catches_it_or_is_about_something_else_is_not_named(review: Review, use: str) -> None:
    assert of(review({**PY, "app/use.py": use}, raising("Missing")), "impact:exception") == []


@pytest.mark.parametrize(("old", "new"), [("LookupError", "KeyError"), ("Missing", "Gone"), ("KeyError", "foreign.X")])
def test_a_kind_of_the_old_error_or_an_unknown_one_is_no_finding(review: Review, old: str, new: str) -> None:
    use = USE.replace("KeyError", old).replace("find_one", "Missing")
    before = {**PY, **raising(old), "app/use.py": use}
    assert of(review(before, raising(new)), "impact:exception") == []


def test_an_error_that_is_still_raised_or_moved_to_a_helper_is_no_finding(review: Review) -> None:
    both = HOME.replace(
        "    return key\n\n\ndef find", "    if key == 1:\n        raise Missing(key)\n    return key\n\n\ndef find"
    )
    assert of(review(PY, {"app/store.py": both}), "impact:exception") == []


NONE = (
    "from app.store import find_one\n\n\ndef go(key):\n    found = find_one(key)\n"
    "    if found is None:\n        return 1\n"
    "    return found\n"
)
RAISES = {"app/store.py": HOME.replace("        return None\n", "        raise Missing(key)\n")}


@pytest.mark.parametrize(
    ("use", "line"),
    [
        (NONE, 6),
        (NONE.replace("found is None", "not found"), 6),
        ("from app.store import find_one\n\nhas = find_one('a') is not None\n", 3),
    ],
)
def test_a_caller_that_asks_for_none_is_named(review: Review, use: str, line: int) -> None:
    (found,) = of(review({**PY, "app/use.py": use}, RAISES), "impact:exception")
    assert callers(found) == [("app/use.py", line)]
    assert "raises `Missing` where it gave None" in found.message


@pytest.mark.parametrize(
    "use",
    [
        NONE.replace("found is None", "other is None"),
        NONE.replace("found is None", "not found.ready"),
        "from app.store import find_one, Missing\n\ntry:\n    a = find_one(1) is None\nexcept Missing:\n    pass\n",
    ],
)
def test_a_caller_that_asks_for_something_else_is_not_named(review: Review, use: str) -> None:
    assert of(review({**PY, "app/use.py": use}, RAISES), "impact:exception") == []


GO = (
    'package app\n\nimport "errors"\n\nvar ErrGone = errors.New("gone")\nvar ErrShut = errors.New("shut")\n\n'
    "func LoadOne(key string) error {\n\treturn ErrGone\n}\n"
)
GO_USE = (
    'package app\n\nimport "errors"\n\nfunc Use() bool {\n\terr := LoadOne("a")\n\tif errors.Is(err, ErrGone) {\n'
    "\t\treturn true\n\t}\n\treturn false\n}\n"
)
TS = (
    "export class Gone extends Error {}\nexport class Shut extends Error {}\n"
    "export function loadOne(key: string) {\n  throw new Gone(key)\n}\n"
)
TS_USE = (
    "import { loadOne, Gone } from './store'\n\nexport function use() {\n  try {\n    return loadOne('a')\n"
    "  } catch (e) {\n    if (e instanceof Gone) return 1\n    throw e\n  }\n}\n"
)
JAVA = (
    "package a;\n\nclass Store {\n  static int loadOne(String key) {\n"
    "    throw new IllegalStateException(key);\n  }\n}\n"
)
JAVA_USE = (
    'package a;\n\nclass Use {\n  int use() {\n    try {\n      return Store.loadOne("a");\n'
    "    } catch (IllegalStateException e) {\n      return 1;\n    }\n  }\n}\n"
)
CS = "class Store {\n  public static int LoadOne(string key) {\n    throw new KeyNotFoundException(key);\n  }\n}\n"
CS_USE = (
    'class Use {\n  int Go() {\n    try {\n      return Store.LoadOne("a");\n    }\n'
    "    catch (KeyNotFoundException e) {\n      return 1;\n    }\n  }\n}\n"
)
PHP = "<?php\nfunction load_one($key) {\n    throw new OutOfBoundsException($key);\n}\n"
PHP_USE = (
    "<?php\nfunction useIt() {\n    try {\n        return load_one('a');\n    } catch (OutOfBoundsException $e) {\n"
    "        return 1;\n    }\n}\n"
)
RUBY = "def load_one(key)\n  raise KeyError, key\nend\n"
RUBY_USE = "require_relative 'store'\n\ndef use\n  load_one('a')\nrescue KeyError\n  1\nend\n"


@pytest.mark.parametrize(
    ("home", "before", "old", "new", "user", "use", "line"),
    [
        ("app/store.go", GO, "return ErrGone", "return ErrShut", "app/use.go", GO_USE, 7),
        ("src/store.ts", TS, "new Gone", "new Shut", "src/use.ts", TS_USE, 6),
        ("a/Store.java", JAVA, "IllegalStateE", "IllegalArgumentE", "a/Use.java", JAVA_USE, 7),
        ("Store.cs", CS, "KeyNotFoundE", "InvalidOperationE", "Use.cs", CS_USE, 6),
        ("store.php", PHP, "OutOfBoundsE", "InvalidArgumentE", "use.php", PHP_USE, 5),
        ("store.rb", RUBY, "KeyError", "ArgumentError", "use.rb", RUBY_USE, 5),
    ],
)
def test_each_languages_handlers_are_understood(
    review: Review, home: str, before: str, old: str, new: str, user: str, use: str, line: int
) -> None:
    (found,) = of(review({home: before, user: use}, {home: before.replace(old, new)}), "impact:exception")
    assert callers(found) == [(user, line)]


@pytest.mark.parametrize(
    ("home", "before", "old", "new", "user", "use"),
    [
        ("app/store.go", GO, "return ErrGone", "return ErrShut", "app/use.go", GO_USE.replace("ErrGone", "ErrShut")),
        ("src/store.ts", TS, "new Gone", "new Shut", "src/use.ts", TS_USE.replace("Gone", "Shut")),
        (
            "a/Store.java",
            JAVA,
            "IllegalStateE",
            "IllegalArgumentE",
            "a/Use.java",
            JAVA_USE.replace("IllegalState", "Runtime"),
        ),
        ("store.rb", RUBY, "KeyError", "ArgumentError", "use.rb", RUBY_USE.replace("rescue KeyError", "rescue => e")),
    ],
)
def test_each_languages_handlers_of_the_new_error_are_no_finding(
    review: Review, home: str, before: str, old: str, new: str, user: str, use: str
) -> None:
    assert of(review({home: before, user: use}, {home: before.replace(old, new)}), "impact:exception") == []


def test_another_name_of_the_same_error_is_no_other_error(review: Review) -> None:
    before = {
        **PY,
        "app/store.py": HOME.replace("KeyError(key)", "IOError(key)"),
        "app/use.py": USE.replace("KeyError", "IOError"),
    }
    assert of(review(before, {"app/store.py": HOME.replace("KeyError(key)", "OSError(key)")}), "impact:exception") == []


@pytest.mark.parametrize(("raised", "caught"), [("IOError", "OSError"), ("OSError", "IOError"), ("IOError", "IOError")])
def test_a_handler_that_catches_it_by_another_of_its_names_was_named(review: Review, raised: str, caught: str) -> None:
    before = {**PY, "app/use.py": USE.replace("except KeyError", f"except (KeyError, {caught})")}
    assert of(review(before, raising(raised)), "impact:exception") == []


def test_who_asserts_that_it_is_something_does_not_expect_nothing(review: Review) -> None:
    head = "from app.store import find_one\n\n\n"
    now = {"app/store.py": HOME.replace("        return None\n", "        raise Missing(key)\n")}
    for asks, count in (("assert find_one('') is not None", 0), ("assert find_one('') is None", 1)):
        test = f"{head}def test_it():\n    {asks}\n"
        found = of(review({**PY, "app/use.py": "", "tests/test_it.py": test}, now), "impact:exception")
        assert len(found) == count, asks
