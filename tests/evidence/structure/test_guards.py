from __future__ import annotations

import re

import pytest

from rebuttal.evidence.structure import guards
from tests.evidence.structure.conftest import Told, marked

PY_ASYNC = """\
async def save(a):
    return a


async def f(a):
    await check(a)
    await save(a)
    return a
"""
JS_ASYNC = """\
async function save(a) {
  return a;
}
export async function f(a) {
  await check(a);
  await save(a);
  return a;
}
"""
CS_ASYNC = """\
class A {
  async Task F(int a) {
    await Check(a);
    await Save(a);
  }
}
"""
RUST_ASYNC = """\
async fn f(a: i32) {
    check(a).await;
    save(a).await;
}
"""
LOCKED = """\
class A:
    def get(self, key):
        with self._lock:
            return self._items[key]

    def put(self, key, value):
        with self._lock:
            self._items[key] = value
            self._count += 1
"""
UNLOCKED = LOCKED.replace(
    "        with self._lock:\n            self._items[key] = value\n            self._count += 1\n",
    "        self._items[key] = value\n        self._count += 1\n",
)
GO = """\
package a

func (s *S) Put(k string, v int) {
\ts.mu.Lock()
\tdefer s.mu.Unlock()
\ts.items[k] = v
}

func (s *S) Get(k string) int {
\ts.mu.Lock()
\tdefer s.mu.Unlock()
\treturn s.items[k]
}

func Read(p string) (int, error) {
\tf, err := os.Open(p)
\tif err != nil {
\t\treturn 0, err
\t}
\tdefer f.Close()
\treturn parse(f)
}
"""
JAVA = """\
class A {
  int count;
  void add(int a) {
    synchronized (this) {
      count = count + a;
    }
  }
  String name(User user) {
    if (user == null) {
      return "";
    }
    return user.getName();
  }
}
"""
C = """\
int f(struct node *n, int size) {
    char *copy = malloc(size);
    if (n == NULL) {
        return -1;
    }
    use(copy);
    n->size = size;
    free(copy);
    return n->next->size;
}
"""
CPP = """\
void A::add(int a) {
  std::lock_guard<std::mutex> guard(mutex_);
  items_.push_back(a);
}
"""
PY_NONE = """\
def name(user):
    if user is None:
        return ""
    first = user.first
    return first.title()
"""
VIEW = """\
@login_required
def delete(request, key):
    item = find(key)
    item.delete()
    return done(request)
"""
RAILS = "class A < B\n  before_action :authenticate_user!\n\n  def show\n    @a = 1\n  end\nend\n"
VALID = "def put(store, key, value):\n    validate_key(key)\n    store[key] = value\n    return key\n"
CSHARP = "class A {\n  [Authorize]\n  public int Delete(int id) {\n    var a = Find(id);\n    return a.Id;\n  }\n}\n"
RUBY_LOCKED = "  @mutex.synchronize do\n    @items << a\n  end\n"
RUBY = f"def f(a)\n{RUBY_LOCKED}end\n\ndef g\n  @mutex.synchronize {{ @items.size }}\nend\n"
PHP = "<?php\nfunction show($name) {\n    echo htmlspecialchars($name);\n    return 1;\n}\n"
OPEN = "def f(p):\n    with open(p) as g:\n        rows = g.read()\n    return rows\n"
CALL = "def f(a):\n    b = client.fetch(a, timeout=5)\n    return b\n"

GONE = [
    ("a.py", PY_ASYNC, PY_ASYNC.replace("await save(a)", "save(a)"), "save(a)"),
    ("a.js", JS_ASYNC, JS_ASYNC.replace("await save(a)", "save(a)"), "save(a);"),
    ("a.ts", JS_ASYNC, JS_ASYNC.replace("await check(a)", "check(a)"), "check(a);"),
    ("a.cs", CS_ASYNC, CS_ASYNC.replace("await Save(a)", "Save(a)"), "Save(a);"),
    ("a.rs", RUST_ASYNC, RUST_ASYNC.replace("save(a).await", "save(a)"), "save(a);"),
    ("a.py", LOCKED, UNLOCKED, "self._items[key] = value"),
    (
        "a.go",
        GO,
        GO.replace("\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.items[k] = v", "\ts.items[k] = v"),
        "s.items[k] = v",
    ),
    ("a.go", GO, GO.replace("\tdefer s.mu.Unlock()\n\ts.items", "\ts.items"), "s.mu.Lock()"),
    ("a.go", GO, GO.replace("\tdefer f.Close()\n", ""), "f, err := os.Open(p)"),
    (
        "a.java",
        JAVA,
        JAVA.replace("    synchronized (this) {\n      count = count + a;\n    }\n", "    count = count + a;\n"),
        "count = count + a;",
    ),
    (
        "a.java",
        JAVA,
        JAVA.replace('    if (user == null) {\n      return "";\n    }\n', ""),
        "return user.getName();",
    ),
    ("a.c", C, C.replace("    free(copy);\n", ""), "char *copy = malloc(size);"),
    ("a.c", C, C.replace("    if (n == NULL) {\n        return -1;\n    }\n", ""), "n->size = size;"),
    (
        "a.cpp",
        CPP,
        CPP.replace("  std::lock_guard<std::mutex> guard(mutex_);\n", ""),
        "items_.push_back(a);",
    ),
    ("a.py", PY_NONE, PY_NONE.replace('    if user is None:\n        return ""\n', ""), "first = user.first"),
    ("a.py", VIEW, VIEW.replace("@login_required\n", ""), "def delete(request, key):"),
    ("a.cs", CSHARP, CSHARP.replace("  [Authorize]\n", ""), "public int Delete(int id) {"),
    ("a.rb", RAILS, RAILS.replace("  before_action :authenticate_user!\n\n", ""), "class A < B"),
    ("a.rb", RUBY, RUBY.replace(RUBY_LOCKED, "  @items << a\n"), "@items << a"),
    ("a.py", VALID, VALID.replace("    validate_key(key)\n", ""), "store[key] = value"),
    ("a.php", PHP, PHP.replace("htmlspecialchars($name)", "$name"), "echo $name;"),
    ("a.py", CALL, CALL.replace(", timeout=5", ""), "b = client.fetch(a)"),
    (
        "a.py",
        OPEN,
        OPEN.replace("    with open(p) as g:\n        rows", "    g = open(p)\n    rows"),
        "g = open(p)",
    ),
    (
        "a.go",
        GO,
        GO.replace("\tif err != nil {\n\t\treturn 0, err\n\t}\n", ""),
        "f, err := os.Open(p)",
    ),
]
FILE_SINK = """\
class A {
  public void Add(int a) {
    lock (_gate)
    {
      _items.Add(a);
    }
  }
}
"""
LOGGED = "def log(text)\n  out = File.open(PATH)\n  out.puts(text)\nensure\n  out.close\nend\n"
FLOCK = "import fcntl\n\n\ndef put(f, a):\n    fcntl.flock(f, fcntl.LOCK_EX)\n    f.write(a)\n"
CANCEL = (
    "package a\n\nfunc f(ctx context.Context) error {\n\tctx, stop := context.WithCancel(ctx)\n"
    "\tdefer stop()\n\treturn g(ctx)\n}\n"
)
BODY = (
    "export async function show(key, out) {\n  const page = await pages.render(key);\n"
    "  out.end(JSON.stringify(page));\n}\n"
)
GONE += [
    ("a.cs", FILE_SINK, FILE_SINK.replace("    lock (_gate)\n    {\n", "").replace("    }\n", "", 1), "_items.Add(a);"),
    ("a.rb", LOGGED, LOGGED.replace("ensure\n  out.close\n", ""), "out = File.open(PATH)"),
    ("a.py", FLOCK, FLOCK.replace("    fcntl.flock(f, fcntl.LOCK_EX)\n", ""), "f.write(a)"),
    (
        "a.go",
        CANCEL,
        CANCEL.replace("ctx, stop :=", "ctx, _ =").replace("\tdefer stop()\n", ""),
        "ctx, _ = context.WithCancel(ctx)",
    ),
    ("a.js", BODY, BODY.replace("await ", ""), "const page = pages.render(key);"),
]
SYNCHRONIZED = """\
class A {
  synchronized void add(int a) {
    total += a;
  }
  synchronized int total() {
    return total;
  }
}
"""
GATED = """\
class A {
  async Task Add(int a) {
    await _gate.WaitAsync();
    try {
      _total += a;
    } finally {
      _gate.Release();
    }
  }
  void B() { _gate.Wait(); }
}
"""
FETCH = """\
package a

func f(u string) ([]byte, error) {
\tanswer, err := http.Get(u)
\tif err != nil {
\t\treturn nil, err
\t}
\tdefer answer.Body.Close()
\treturn io.ReadAll(answer.Body)
}
"""
MINE = "int f(int n)\n{\n    int* a = new int[n];\n    int s = sum(a, n);\n    delete[] a;\n    return s;\n}\n"
FINALLY = """\
export async function f(p) {
  const h = await fs.open(p);
  try {
    return await h.readFile();
  } finally {
    await h.close();
  }
}
"""
USED = "class A {\n  int F(string p) {\n    using var r = new Reader(p);\n    return r.Read();\n  }\n}\n"
QUEUE = "async def run(q):\n    await q.put(1)\n    tell(q)\n"
SERVED = """\
package a

func put(w http.ResponseWriter, r *http.Request) {
\tif r.ContentLength > limit {
\t\thttp.Error(w, "large", http.StatusRequestEntityTooLarge)
\t\treturn
\t}
\tsave(r.Body)
}
"""
NAMED = "export function put(item) {\n  checkItem(item);\n  items.push(item);\n}\n"
GONE += [
    ("A.java", SYNCHRONIZED, SYNCHRONIZED.replace("synchronized void", "void"), "void add(int a) {"),
    (
        "A.cs",
        GATED,
        "class A {\n  async Task Add(int a) {\n    _total += a;\n  }\n  void B() { _gate.Wait(); }\n}\n",
        "_total += a;",
    ),
    ("a.go", FETCH, FETCH.replace("\tdefer answer.Body.Close()\n", ""), "answer, err := http.Get(u)"),
    ("a.cpp", MINE, MINE.replace("    delete[] a;\n", ""), "int* a = new int[n];"),
    (
        "a.js",
        FINALLY,
        "export async function f(p) {\n  const h = await fs.open(p);\n  return await h.readFile();\n}\n",
        "const h = await fs.open(p);",
    ),
    ("A.cs", USED, USED.replace("using var", "var"), "var r = new Reader(p);"),
    ("a.py", QUEUE, QUEUE.replace("await ", ""), "q.put(1)"),
    ("a.go", SERVED, SERVED.partition("\tif r.")[0] + "\tsave(r.Body)\n}\n", "save(r.Body)"),
    ("a.js", NAMED, NAMED.replace("  checkItem(item);\n", ""), "items.push(item);"),
    (
        "a.rs",
        'fn f(a: &[u8]) -> u8 {\n    assert!(a.len() > 4, "short");\n    a[4]\n}\n',
        "fn f(a: &[u8]) -> u8 {\n    a[4]\n}\n",
        "a[4]",
    ),
    (
        "a.py",
        "def f(a, b):\n    assert len(a) == len(b)\n    return zip(a, b)\n",
        "def f(a, b):\n    return zip(a, b)\n",
        "return zip(a, b)",
    ),
]
AGE = [
    (
        "a.py",
        "def born(age):\n    if age < 0:\n        raise ValueError(age)\n    return YEAR - age\n",
        "return YEAR - age",
    ),
    (
        "a.js",
        "function born(age) {\n  if (age < 0) throw new RangeError(`${age}`);\n  return YEAR - age;\n}\n",
        "return YEAR - age;",
    ),
    (
        "a.go",
        (
            "package a\n\nfunc Born(p *P) (int, error) {\n\tif p.Age < 0 {\n"
            '\t\treturn 0, errors.New("age")\n\t}\n\treturn year - p.Age, nil\n}\n'
        ),
        "return year - p.Age, nil",
    ),
    (
        "a.rs",
        (
            "fn born(&self, age: i32) -> Result<i32, Error> {\n    if age < 0 {\n"
            "        return Err(Error::Age);\n    }\n    Ok(self.year - age)\n}\n"
        ),
        "Ok(self.year - age)",
    ),
    (
        "A.java",
        (
            'class A {\n  int born(int age) {\n    if (age < 0) {\n      throw new Wrong("age");\n'
            "    }\n    return year - age;\n  }\n}\n"
        ),
        "return year - age;",
    ),
    ("a.rb", "def born(age)\n  raise ArgumentError if age < 0\n  YEAR - age\nend\n", "YEAR - age"),
    (
        "a.rb",
        "def born(age)\n  unless age.positive?\n    raise ArgumentError\n  end\n  YEAR - age\nend\n",
        "YEAR - age",
    ),
    (
        "a.php",
        (
            "<?php\nfunction born(int $age) {\n    if ($age < 0) {\n        throw new Wrong('age');\n"
            "    }\n    return YEAR - $age;\n}\n"
        ),
        "return YEAR - $age;",
    ),
    (
        "a.c",
        (
            "int born(struct p *p) {\n\tint year = now();\n\tif (p->age < 0)\n\t\treturn -EINVAL;\n"
            "\treturn year - p->age;\n}\n"
        ),
        "return year - p->age;",
    ),
    (
        "a.cs",
        (
            "class A {\n  int Born(int age)\n  {\n    if (age < 0)\n    {\n"
            "      throw new Wrong(nameof(age));\n    }\n    return Year - age;\n  }\n}\n"
        ),
        "return Year - age;",
    ),
]


def _without_check(text: str) -> str:
    """Without the lines from `if` or `unless` to the one before what is marked."""
    lines = text.split("\n")
    first = next(at for at, line in enumerate(lines) if re.search(r"\b(?:if|unless)\b", line))
    last = max(at for at, line in enumerate(lines) if re.search(r"(?i)year -", line))
    return "\n".join(lines[:first] + lines[last:])


GONE += [(path, before, _without_check(before), line) for path, before, line in AGE]
PYTHON_AGE, JS_AGE = AGE[0][1], AGE[1][1]
STANDS = [
    # It asks in other words, in a helper, or somewhere else in the change.
    ("a.py", PYTHON_AGE, PYTHON_AGE.replace("age < 0", "not age >= 0")),
    ("a.py", PYTHON_AGE, _without_check(PYTHON_AGE).replace("    return", "    not_negative(age)\n    return")),
    ("a.js", JS_AGE, _without_check(JS_AGE) + "function check(old) {\n  if (old < 0) throw new RangeError(old);\n}\n"),
    # It refused what the change now does.
    (
        "a.py",
        PYTHON_AGE.replace("ValueError(age)", "NotImplementedError"),
        _without_check(PYTHON_AGE),
    ),
    # It told a checker of types what it knows.
    (
        "a.py",
        "def f(a):\n    assert isinstance(a, str)\n    return a.upper()\n",
        "def f(a):\n    return a.upper()\n",
    ),
    # Nobody else in the file is synchronized, or what is awaited is made without waiting.
    (
        "A.java",
        SYNCHRONIZED.replace("synchronized int", "int"),
        SYNCHRONIZED.replace("synchronized int", "int").replace("synchronized void", "void"),
    ),
    (
        "a.py",
        f"def put(a):\n    return a\n\n\n{QUEUE}",
        f"def put(a):\n    return a\n\n\n{QUEUE}".replace("await ", ""),
    ),
    # It led elsewhere, without an error.
    ("a.py", PYTHON_AGE.replace("raise ValueError(age)", "return 0"), _without_check(PYTHON_AGE)),
    # What it asked about is no longer used, or comes in another form.
    ("a.py", PYTHON_AGE, _without_check(PYTHON_AGE).replace("YEAR - age", "YEAR")),
    ("a.py", PYTHON_AGE, _without_check(PYTHON_AGE).replace("(age)", "(age: Age)")),
    ("a.js", BODY, BODY.replace("await pages.render(key);", "pages.render(key);").replace("(page)", "(await page)")),
    ("a.rb", LOGGED, "def log(text)\n  File.open(PATH) { |out| out.puts(text) }\nend\n"),
    ("a.go", CANCEL, CANCEL.replace("stop", "cancel")),
    # The called function, or the caller, was made synchronous.
    ("a.py", PY_ASYNC, PY_ASYNC.replace("await save(a)", "save(a)").replace("async def save", "def save")),
    ("a.py", PY_ASYNC, PY_ASYNC.replace("await ", "").replace("async ", "")),
    # It is waited for elsewhere.
    ("a.py", PY_ASYNC, PY_ASYNC.replace("    await save(a)\n", "    t = save(a)\n    await t\n")),
    (
        "a.js",
        JS_ASYNC,
        JS_ASYNC.replace("await check(a);\n  await save(a);", "await Promise.all([check(a), save(a)]);"),
    ),
    # Another lock, or a helper that locks.
    (
        "a.py",
        LOCKED,
        LOCKED.replace("with self._lock:\n            self._items", "with self._mutex:\n            self._items"),
    ),
    ("a.py", LOCKED, UNLOCKED.replace("self._items[key] = value", "self._put_locked(key, value)")),
    # The whole function went, or moved.
    ("a.py", LOCKED, LOCKED.partition("    def put")[0]),
    ("a.go", GO, GO.replace("\tdefer f.Close()\n", "\tdefer closeQuietly(f)\n")),
    (
        "a.go",
        GO,
        GO.replace("\tdefer f.Close()\n\treturn parse(f)", "\tn, err := parse(f)\n\tf.Close()\n\treturn n, err"),
    ),
    # Asked in another way.
    ("a.py", PY_NONE, PY_NONE.replace('    if user is None:\n        return ""\n', "    assert user is not None\n")),
    (
        "a.py",
        PY_NONE,
        PY_NONE.replace('    if user is None:\n        return ""\n', '    if not user:\n        return ""\n'),
    ),
    (
        "a.py",
        PY_NONE,
        PY_NONE.replace("user):", "user: User):").replace('    if user is None:\n        return ""\n', ""),
    ),
    (
        "a.java",
        JAVA,
        JAVA.replace('    if (user == null) {\n      return "";\n    }\n', "    Objects.requireNonNull(user);\n"),
    ),
    ("a.py", VIEW, VIEW.replace("@login_required\n", "@permission_required('x')\n")),
    ("a.py", VALID, VALID.replace("    validate_key(key)\n", "    check_key(key)\n")),
    ("a.py", VALID, VALID.replace("    validate_key(key)\n", "").replace("store, key", "store, key: Key")),
    ("a.php", PHP, PHP.replace("htmlspecialchars($name)", "escape($name)")),
    ("a.py", CALL, CALL.replace(", timeout=5", ", timeout=LIMIT")),
    (
        "a.py",
        OPEN,
        OPEN.replace("    with open(p) as g:\n        rows", "    g = open(p)\n    rows") + "    g.close()\n",
    ),
    ("a.py", OPEN, OPEN.replace("with open(p) as g:\n        rows = g.read()", "rows = Path(p).read_text()")),
    ("a.c", C, C.replace("    free(copy);\n", "    n->copy = copy;\n")),
    ("tests/test_a.py", LOCKED, UNLOCKED),
]


@pytest.mark.parametrize(("path", "before", "after", "line"), GONE)
def test_a_guard_that_went_while_what_it_guarded_stays_is_told(
    told: Told, path: str, before: str, after: str, line: str
) -> None:
    assert [marked(one) for one in told(guards.check, {path: before}, {path: after})] == [line]


@pytest.mark.parametrize(("path", "before", "after"), STANDS)
def test_a_guard_that_stands_in_another_way_is_not_missed(told: Told, path: str, before: str, after: str) -> None:
    found = told(guards.check, {path: before}, {path: after})
    assert [(marked(one), one.message) for one in found] == []
