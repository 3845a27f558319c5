from __future__ import annotations

import pytest

from rebuttal.evidence.structure import swallowed
from tests.evidence.structure.conftest import Told, marked

PY = "def f(a):\n    b = load(a)\n    return b\n"


def py(handler: str, tried: str = "b = load(a)") -> str:
    return f"def f(a):\n    b = None\n    try:\n        {tried}\n    {handler}\n    return b\n"


def braces(head: str, handler: str, tail: str = "}\n") -> str:
    return f"{head}\n    try {{\n      load(a);\n    }} {handler}\n  {tail}"


JS, JAVA, CS, PHP, CPP = (
    "function f(a) {",
    "class A { void f(int a) {",
    "class A { void F(int a) {",
    "<?php function f($a) {",
    "void f(int a) {",
)
GO = """\
package a

func f(a int) error {
\tb, err := load(a)
\tif err != nil {
\t\treturn err
\t}
\tuse(b)
\treturn nil
}
"""
RUST = "fn f(a: i32) -> Result<(), E> {\n    load(a)?;\n    Ok(())\n}\n"
RUBY = "def f(a)\n  load(a)\nend\n"

REMOVE = """\
package a

func f(p string) {
\tif err := os.Remove(p); err != nil {
\t\tlog.Print(err)
\t}
\tdone()
}
"""
SAVED = "package a\n\nfunc f(s Store) error {\n\tuse(s)\n\treturn s.Flush()\n}\n"
READ = "function read(file) {\n  const all = JSON.parse(text(file));\n  return all;\n}\n"
READ_QUIETLY = (
    "function read(file) {\n  let all = {};\n  try {\n    all = JSON.parse(text(file));\n"
    "  } catch (e) {}\n  return all;\n}\n"
)

SWALLOWED = [
    ("a.go", REMOVE, "package a\n\nfunc f(p string) {\n\tos.Remove(p)\n\tdone()\n}\n"),
    ("a.go", SAVED, SAVED.replace("return s.Flush()", "_ = s.Flush()\n\treturn nil")),
    ("a.js", READ, READ_QUIETLY),
    ("a.py", py("except KeyError:\n        raise Wrong from None"), py("except KeyError:\n        pass")),
    (
        "a.php",
        braces(PHP, "catch (LoadError $e) {\n      throw new Wrong($a);\n    }"),
        braces(PHP, "catch (LoadError $e) {\n    }"),
    ),
    (
        "src/main/java/com/example/shop/A.java",
        braces(JAVA, "catch (IOException e) {\n      log(e);\n    }", "} }\n"),
        braces(JAVA, "catch (IOException e) {\n    }", "} }\n"),
    ),
    ("a.py", PY, py("except Exception:\n        pass")),
    ("a.py", PY, py("except Exception:\n        return None")),
    ("a.py", PY, py("except (ValueError, Exception) as e:\n        ...")),
    ("a.py", PY, "import contextlib\n\n\ndef f(a):\n    with contextlib.suppress(Exception):\n        load(a)\n"),
    ("a.py", py("except Exception as e:\n        log(e)"), py("except Exception as e:\n        pass")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", braces(JS, "catch (e) {}")),
    ("a.ts", f"{JS}\n  load(a);\n}}\n", braces(JS, "catch {\n    }")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", f"{JS}\n  load(a).catch(() => {{}});\n}}\n"),
    ("A.java", f"{JAVA}\n  load(a);\n}}}}\n", braces(JAVA, "catch (Exception e) {\n    }", "}}\n")),
    ("A.cs", f"{CS}\n  load(a);\n}}}}\n", braces(CS, "catch (Exception e) { }", "}}\n")),
    ("a.php", f"{PHP}\n  load($a);\n}}\n", braces(PHP, "catch (\\Throwable $e) { }")),
    ("a.cpp", f"{CPP}\n  load(a);\n}}\n", braces(CPP, "catch (...) { }")),
    ("A.kt", "fun f(a: Int) {\n  load(a)\n}\n", "fun f(a: Int) {\n  try { load(a) } catch (e: Exception) { }\n}\n"),
    ("a.rb", RUBY, "def f(a)\n  load(a)\nrescue => e\nend\n"),
    ("a.rb", RUBY, "def f(a)\n  load(a)\nrescue StandardError\n  nil\nend\n"),
    ("a.rb", RUBY, "def f(a)\n  load(a) rescue nil\nend\n"),
    ("a.go", GO, GO.replace("b, err := load(a)\n\tif err != nil {\n\t\treturn err\n\t}", "b, _ := load(a)")),
    ("a.go", GO, GO.replace("if err != nil {\n\t\treturn err\n\t}", "_ = err")),
    ("a.go", GO, GO.replace("\t\treturn err\n", "")),
    ("a.rs", RUST, RUST.replace("load(a)?;", "let _ = load(a);")),
    ("a.rs", RUST, RUST.replace("load(a)?;", "load(a).ok();")),
    ("a.swift", "func f() throws {\n  try load(1)\n}\n", "func f() throws {\n  try? load(1)\n}\n"),
]
FINE = [
    # A count, no error; a default of new code.
    ("a.go", SAVED, SAVED.replace("use(s)", "_ = s.Count()")),
    ("a.js", "const a = 1;\n", READ_QUIETLY),
    ("a.py", PY, py("except KeyError:\n        pass")),
    ("a.py", PY, py("except Exception:\n        log.exception('x')")),
    ("a.py", PY, py("except Exception:\n        pass  # the cache is only a help")),
    ("a.py", PY, py("except Exception:\n        # the cache is only a help\n        pass")),
    ("a.py", PY, py("except Exception:\n        pass", "a.close()")),
    ("a.py", PY, py("except:\n        pass")),
    ("tests/test_a.py", PY, py("except Exception:\n        pass")),
    ("a.py", py("except Exception:\n        pass"), "x = 1\n\n\n" + py("except Exception:\n        pass")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", braces(JS, "catch (e) { report(e); }")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", braces(JS, "catch (e) { /* not there: fine */ }")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", braces(JS, "catch {\n      // not there: fine\n    }")),
    ("a.js", f"{JS}\n  load(a);\n}}\n", f"{JS}\n  load(a).catch(() => fallback);\n}}\n"),
    ("A.java", f"{JAVA}\n  load(a);\n}}}}\n", braces(JAVA, "catch (Exception ignored) {\n    }", "}}\n")),
    ("A.java", f"{JAVA}\n  load(a);\n}}}}\n", braces(JAVA, "catch (Exception e) { throw new X(e); }", "}}\n")),
    ("a.rb", RUBY, "def f(a)\n  load(a)\nrescue KeyError\n  nil\nend\n"),
    ("a.rb", RUBY, "def f(a)\n  load(a)\nrescue => e\n  warn(e)\nend\n"),
    ("a.go", GO, GO.replace("use(b)", "_, _ = other(b)")),
    ("a.go", GO, GO.replace("return err", 'return fmt.Errorf("x: %w", err)')),
    ("a.rs", RUST, RUST.replace("load(a)?;", "load(a)?;\n    let _ = other(a);")),
]


@pytest.mark.parametrize(("path", "before", "after"), SWALLOWED)
def test_an_error_newly_swallowed_is_told_once(told: Told, path: str, before: str, after: str) -> None:
    found = told(swallowed.check, {path: before}, {path: after})
    assert [one.rule for one in found] == ["structure:swallowed"], [marked(one) for one in found]


@pytest.mark.parametrize(("path", "before", "after"), FINE)
def test_a_handler_that_does_something_or_says_why_is_not_told(told: Told, path: str, before: str, after: str) -> None:
    assert told(swallowed.check, {path: before}, {path: after}) == []


def test_a_handler_that_moved_to_another_file_is_not_new(told: Told) -> None:
    handler = py("except Exception:\n        pass")
    assert told(swallowed.check, {"a.py": handler}, {"a.py": "x = 1\n", "b.py": handler}) == []


def test_what_is_only_put_by_for_the_next_time_may_fail(told: Told) -> None:
    code = "def f(key):\n    value = load(key)\n    {}\n    return value\n"
    kept = "try:\n        cache[key] = value\n    except Exception:\n        pass"
    done = "try:\n        send(key, value)\n    except Exception:\n        pass"
    assert told(swallowed.check, {"a.py": code.format("pass")}, {"a.py": code.format(kept)}) == []
    assert len(told(swallowed.check, {"b.py": code.format("pass")}, {"b.py": code.format(done)})) == 1
