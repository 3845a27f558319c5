"""Java, C# and PHP: a changed signature or a removed name, each with its nearest innocent neighbour."""

from __future__ import annotations

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.impact.nominal.check import check
from rebuttal.evidence.model import CheckFailed, Evidence, Material
from tests.evidence.conftest import Files, Review, callers, commit, of
from tests.gitrepo import GitRepo

JAVA = "src/app/net/Net.java"
CSHARP = "src/Net.cs"
PHP = "src/Net.php"


def java_net(method: str = "public String fetch(String url)", more: str = "") -> str:
    return f"package app.net;\n\npublic class Net {{\n    {method} {{\n        return url;\n    }}\n{more}}}\n"


def java(body: str, imports: str = "import app.net.Net;", package: str = "app") -> str:
    return f"package {package};\n\n{imports}\n\npublic class Use {{\n{body}\n}}\n"


def csharp_net(method: str = "public string Fetch(string url)", more: str = "", kind: str = "class") -> str:
    inner = f"    public {kind} Net\n    {{\n        {method} {{ return url; }}\n{more}    }}\n"
    return f"using System;\n\nnamespace App.Net\n{{\n{inner}}}\n"


def csharp(body: str, usings: str = "using App.Net;", namespace: str = "App") -> str:
    return f"{usings}\n\nnamespace {namespace};\n\npublic class Use\n{{\n{body}\n}}\n"


def php_net(method: str = "public function fetch(string $url)", more: str = "") -> str:
    return (
        f"<?php\n\nnamespace App\\Net;\n\nclass Net\n{{\n    {method}\n    {{\n        return $url;\n    }}\n{more}}}\n"
    )


def php(body: str, uses: str = "use App\\Net\\Net;", namespace: str = "App") -> str:
    return f"<?php\n\nnamespace {namespace};\n\n{uses}\n\nclass Use1\n{{\n{body}\n}}\n"


def reviewed(review: Review, path: str, before: str, after: str | None, use: str, **more: str) -> Evidence:
    user = {JAVA: "src/app/Use.java", CSHARP: "src/Use.cs", PHP: "src/Use1.php"}[path]
    base: Files = {
        path: before,
        user: use,
        **{name.replace("__", "/").replace("_", "."): text for name, text in more.items()},
    }
    return review(base, {path: after})


JAVA_USES = [
    ('    String go(Net net) { return net.fetch("a"); }', 6),
    ('    private final Net net = new Net();\n    String go() { return this.net.fetch("a"); }', 7),
    ('    private Net net;\n    String go() { return net.fetch("a"); }', 7),
    ('    String go() { Net one = make(); return one.fetch("a"); }', 6),
    ('    String go() { var one = new Net(); return one.fetch("a"); }', 6),
    ('    String go() { return new Net().fetch("a"); }', 6),
    ('    String go(List<Net> all) { for (Net one : all) { one.fetch("a"); } return ""; }', 6),
    ('    static class Sub extends Net { String go() { return fetch("a"); } }', 6),
    ('    static class Sub extends Net { String go() { return super.fetch("a"); } }', 6),
    ('    static class Sub extends Net {}\n    String go(Sub sub) { return sub.fetch("a"); }', 7),
    ('    String go(app.net.Net net) { return net.fetch("a"); }', 6),
]


@pytest.mark.parametrize(("use", "line"), JAVA_USES)
def test_java_calls_that_the_new_signature_refuses(review: Review, use: str, line: int) -> None:
    after = java_net("public String fetch(String url, int timeout)")
    (found,) = of(reviewed(review, JAVA, java_net(), after, java(use)), "impact:")
    assert (found.rule, found.severity) == ("impact:signature", "high")
    assert callers(found) == [("src/app/Use.java", line)]
    assert "`Net.fetch()` changed (`timeout` is new and required)" in found.message
    assert "misses `timeout`" in found.message


@pytest.mark.parametrize(
    "use",
    [
        '    String go(Other net) { return net.fetch("a"); }',  # another type
        '    String go(var net) { return net.fetch("a"); }',  # of no type
        '    String go() { return make().fetch("a"); }',  # of no type that is written
        '    String fetch(String a) { return fetch("a"); }',  # its own
        '    static class Sub extends Net { String fetch(String a) { return a; }\nString go() { return fetch("a"); } }',
        '    static class Net { String fetch(String a) { return a; } }\nString go(Net net) { return net.fetch("a"); }',
        '    String go(Net net) { return net.fetch("a", 1); }',  # fits already
        '    String go(Net net) { return net.fetch("a", 1, 2); }',  # never fitted
        '    // net.fetch("a")\n    String text = "Net net; net.fetch(1)";',
        '    void go(Net net) { run((String net) -> net.fetch("a")); }',
    ],
)
def test_java_calls_that_may_mean_another_method_are_not_reported(review: Review, use: str) -> None:
    after = java_net("public String fetch(String url, int timeout)")
    assert of(reviewed(review, JAVA, java_net(), after, java(use)), "impact:") == []


@pytest.mark.parametrize(
    "imports", ["import other.Net;", "import other.*;", "import static app.net.Net.*;"], ids=["named", "all", "static"]
)
def test_a_java_type_of_another_package_is_another_type(review: Review, imports: str) -> None:
    use = java('    String go(Net net) { return net.fetch("a"); }', imports)
    after = java_net("public String fetch(String url, int timeout)")
    assert of(reviewed(review, JAVA, java_net(), after, use), "impact:") == []


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ("", "    public String fetch(String url) { return url; }\n", False),  # an overload takes it
        ("", "    public String fetch(Object... urls) { return null; }\n", False),
        ("", "    public String fetch(String url, int a, int b) { return url; }\n", True),
        ("    public String fetch() { return null; }\n", "    public String fetch() { return null; }\n", True),
    ],
)
def test_a_java_call_that_another_overload_takes_is_fine(review: Review, before: str, after: str, broken: bool) -> None:
    use = java('    String go(Net net) { return net.fetch("a"); }')
    new = java_net("public String fetch(String url, int timeout)", after)
    found = of(reviewed(review, JAVA, java_net(more=before), new, use), "impact:")
    assert [one.rule for one in found] == (["impact:signature"] if broken else [])


def test_a_java_call_that_an_inherited_overload_takes_is_fine(review: Review) -> None:
    files = {
        "src/a/Base.java": "package a;\n\nclass Base {\n    void put(int one) {}\n}\n",
        "src/a/Net.java": "package a;\n\nclass Net extends Base {\n    void put(int one) {}\n}\n",
        "src/a/Use.java": "package a;\n\nclass Use {\n    void go(Net net) { net.put(1); }\n}\n",
    }
    after = {"src/a/Net.java": "package a;\n\nclass Net extends Base {\n    void put(int one, int two) {}\n}\n"}
    assert of(review(files, after), "impact:") == []


def test_reordered_parameters_of_the_same_number_are_told(review: Review) -> None:
    use = java('    void go(Net net) { net.join("a", "b"); }')
    before = java_net("public String join(String user, String host)")
    after = java_net("public String join(String host, String user)")
    (found,) = of(reviewed(review, JAVA, before, after, use), "impact:")
    assert "passes for `user` what `host` now takes" in found.message


def test_java_constructors_and_records_and_chains(review: Review) -> None:
    files = {
        "src/a/Net.java": "package a;\n\npublic class Net {\n    public Net(String url) {}\n}\n",
        "src/a/Leg.java": "package a;\n\npublic record Leg(int from) {}\n",
        "src/a/Sub.java": 'package a;\n\nclass Sub extends Net {\n    Sub() {\n        super("a");\n    }\n}\n',
        "src/a/Use.java": 'package a;\n\nclass Use {\n    Object a = new Net("b");\n    Object b = new Leg(1);\n}\n',
    }
    after = {
        "src/a/Net.java": "package a;\n\npublic class Net {\n    public Net(String url, int port) {}\n}\n",
        "src/a/Leg.java": "package a;\n\npublic record Leg(int from, int to) {}\n",
    }
    leg, net = sorted(of(review(files, after), "impact:"), key=lambda one: one.file)
    assert callers(leg) == [("src/a/Use.java", 5)]
    assert callers(net) == [("src/a/Sub.java", 5), ("src/a/Use.java", 4)]
    assert net.title == "Callers of `Net()` do not fit its new signature"


def test_a_java_static_import_is_followed(review: Review) -> None:
    use = java('    String go() { return fetch("a"); }', "import static app.net.Net.fetch;")
    before = java_net("public static String fetch(String url)")
    after = java_net("public static String fetch(String url, int timeout)")
    assert len(of(reviewed(review, JAVA, before, after, use), "impact:")) == 1


def test_removed_java_types_and_members_are_missed(review: Review) -> None:
    use = java('    String go(Net net) { return net.fetch("a"); }')
    (member,) = of(reviewed(review, JAVA, java_net(), java_net("public String get(String url)"), use), "impact:")
    assert (member.rule, member.title) == ("impact:removed", "`Net.fetch()` is gone but is still used")
    assert callers(member) == [("src/app/Use.java", 6)]


@pytest.mark.parametrize(
    ("field", "use", "broken"),
    [
        ("public static final int LIMIT = 1;", "int a = Net.LIMIT;", True),
        ("public int limit;", "int go(Net net) { return net.limit; }", True),
        ("public int limit;", "int go(Other net) { return net.limit; }", False),
        ("public int limit;", "int go(int limit) { return limit; }", False),
    ],
)
def test_a_removed_java_field_is_missed(review: Review, field: str, use: str, broken: bool) -> None:
    found = of(
        reviewed(review, JAVA, java_net(more=f"    {field}\n"), java_net(), java(f"    {use}")), "impact:removed"
    )
    assert [callers(one) for one in found] == ([[("src/app/Use.java", 6)]] if broken else [])


def test_a_removed_record_component_and_a_removed_property_are_missed(review: Review) -> None:
    files = {
        "a/Leg.java": "package a;\n\npublic record Leg(int from, int to) {}\n",
        "a/Use.java": "package a;\n\nclass Use {\n    int go(Leg leg) { return leg.to(); }\n}\n",
        "Net.cs": "namespace A;\n\npublic class Net\n{\n    public int Limit { get; set; }\n    int a;\n}\n",
        "Use.cs": "namespace A;\n\nclass Use\n{\n    int Go(Net net) => net.Limit;\n}\n",
        "K.php": "<?php\nnamespace A;\n\nclass K\n{\n    const LIMIT = 1;\n    public $size;\n}\n",
        "Use.php": "<?php\nnamespace A;\n\nfunction go(K $k) { return K::LIMIT + $k->size; }\n",
    }
    after = {
        "a/Leg.java": "package a;\n\npublic record Leg(int from) {}\n",
        "Net.cs": "namespace A;\n\npublic class Net\n{\n    int a;\n}\n",
        "K.php": "<?php\nnamespace A;\n\nclass K\n{\n}\n",
    }
    found = of(review(files, after), "impact:removed")
    assert sorted(place for one in found for place in callers(one)) == [
        ("Use.cs", 5),
        ("Use.php", 4),
        ("a/Use.java", 4),
    ]


def test_a_deleted_java_file_is_missed_once_in_each_file(review: Review) -> None:
    use = java('    Net a;\n    Net b = new Net();\n    String go(Net net) { return net.fetch("a"); }')
    (found,) = of(reviewed(review, JAVA, java_net(), None, use), "impact:")
    assert (found.rule, callers(found)) == ("impact:removed", [("src/app/Use.java", 3)])


def test_a_java_type_that_moved_with_its_users_is_not_missed(review: Review) -> None:
    before = {JAVA: java_net(), "src/app/Use.java": java("    Net net;")}
    after = {
        JAVA: None,
        "src/app/web/Net.java": java_net().replace("app.net", "app.web"),
        "src/app/Use.java": java("    Net net;", "import app.web.Net;"),
    }
    assert of(review(before, after), "impact:") == []


def test_a_java_type_that_became_kotlin_is_not_missed(review: Review) -> None:
    before = {JAVA: java_net(), "src/app/Use.java": java('    String go(Net net) { return net.fetch("a"); }')}
    after = {JAVA: None, "src/app/net/Net.kt": "package app.net\n\nclass Net {\n    fun fetch(url: String) = url\n}\n"}
    assert of(review(before, after), "impact:") == []


@pytest.mark.parametrize(
    ("language", "base", "after", "heir"),
    [
        (
            "java",
            "package a;\n\npublic interface Shape {\n    int area(int scale);\n}\n",
            "package a;\n\npublic interface Shape {\n    int area(int scale, int unit);\n}\n",
            "package a;\n\nclass Circle implements Shape {\n    @Override int area(int scale) { return 1; }\n}\n",
        ),
        (
            "java",
            "package a;\n\npublic interface Shape {\n    int area(int scale);\n}\n",
            "package a;\n\npublic interface Shape {\n    int area(int scale, int unit);\n}\n",
            "package a;\n\nclass Circle implements Shape {\n    public int area(int scale) { return 1; }\n}\n",
        ),
        (
            "csharp",
            "namespace A;\n\npublic abstract class Shape\n{\n    public abstract int Area(int scale);\n}\n",
            "namespace A;\n\npublic abstract class Shape\n{\n    public abstract int Area(int scale, int unit);\n}\n",
            "namespace A;\n\nclass Circle : Shape\n{\n    public override int Area(int scale) { return 1; }\n}\n",
        ),
    ],
)
def test_an_override_of_the_old_signature_is_told(
    review: Review, language: str, base: str, after: str, heir: str
) -> None:
    end = {"java": "java", "csharp": "cs"}[language]
    files = {f"src/Shape.{end}": base, f"src/Circle.{end}": heir}
    (found,) = of(review(files, {f"src/Shape.{end}": after}), "impact:")
    assert (found.rule, callers(found)[0][0]) == ("impact:override", f"src/Circle.{end}")
    followed = {f"src/Shape.{end}": after, f"src/Circle.{end}": heir.replace("(int scale)", "(int scale, int unit)")}
    assert of(review(files, followed), "impact:") == []


@pytest.mark.parametrize(
    ("method", "after", "use", "reason"),
    [
        ("Fetch(string url)", "Fetch(string url, int timeout)", 'net.Fetch("a")', "misses `timeout`"),
        ("Fetch(string url)", "Fetch(string link)", 'net.Fetch(url: "a")', "`url`"),
        ("Fetch(string url, int n = 1)", "Fetch(string url)", 'net.Fetch("a", 2)', "at most 1"),
        ("Fetch(string url, params int[] n)", "Fetch(string url)", 'net.Fetch("a", 2, 3)', "at most 1"),
        ("Fetch(string url)", "Fetch(string url, int timeout)", 'net?.Fetch("a")', "misses `timeout`"),
    ],
)
def test_csharp_calls_that_the_new_signature_refuses(
    review: Review, method: str, after: str, use: str, reason: str
) -> None:
    before, now = csharp_net(f"public string {method}"), csharp_net(f"public string {after}")
    user = csharp(f"    string Go(Net net) => {use};")
    (found,) = of(reviewed(review, CSHARP, before, now, user), "impact:")
    assert (found.rule, callers(found)) == ("impact:signature", [("src/Use.cs", 7)])
    assert reason in found.message


@pytest.mark.parametrize(
    ("after", "use"),
    [
        ("Fetch(string url, int timeout = 1)", 'net.Fetch("a")'),
        ("Fetch(string url, params int[] rest)", 'net.Fetch("a")'),
        ("Fetch(string url, int timeout)", 'net.Fetch("a", timeout: 1)'),
        ("Fetch(string url, int timeout)", 'other.Fetch("a")'),
    ],
)
def test_csharp_calls_that_still_fit(review: Review, after: str, use: str) -> None:
    user = csharp(f"    string Go(Net net, Other other) => {use};")
    assert of(reviewed(review, CSHARP, csharp_net(), csharp_net(f"public string {after}"), user), "impact:") == []


def test_an_extension_method_may_take_what_the_member_no_longer_does(review: Review) -> None:
    files = {
        CSHARP: csharp_net(),
        "src/More.cs": "namespace App.Net;\n\nstatic class M\n{\n static int Fetch(this Net n, string u) => 1;\n}\n",
        "src/Use.cs": csharp('    object Go(Net net) => net.Fetch("a");'),
    }
    after = {CSHARP: csharp_net("public string Fetch(string url, int timeout)")}
    assert of(review(files, after), "impact:") == []


def test_an_extension_method_is_called_without_its_first_argument(review: Review) -> None:
    more = (
        "namespace App.Net;\n\nstatic class More\n{{\n    public static int CountWords(this string text{0}) => 1;\n}}\n"
    )
    files = {"src/More.cs": more.format(""), "src/Use.cs": csharp("    int Go() => Title().CountWords();")}
    (found,) = of(review(files, {"src/More.cs": more.format(", char mark")}), "impact:")
    assert (found.confidence, callers(found)) == ("likely", [("src/Use.cs", 7)])
    fine = {"src/More.cs": more.format(", char mark = ' '")}
    assert of(review(files, fine), "impact:") == []


def test_a_partial_class_is_one_class(review: Review) -> None:
    part = "namespace A;\n\npublic partial class Net\n{{\n    {0}\n}}\n"
    files = {
        "src/Net.cs": part.format("public int Get(int one) => one;"),
        "src/Net.More.cs": part.format("public int Go() => Get(1);"),
        "src/Parts/Rest.cs": part.format("public int Other() => 2;"),
    }
    (found,) = of(review(files, {"src/Net.cs": part.format("public int Get(int one, int two) => one;")}), "impact:")
    assert callers(found) == [("src/Net.More.cs", 5)]
    moved = {
        "src/Net.cs": part.format("public int Nothing() => 0;"),
        "src/Parts/Rest.cs": part.format("public int Get(int one, int two) => one; public int Get(int one) => 2;"),
    }
    assert of(review(files, moved), "impact:") == []


def test_a_csharp_type_in_another_namespace_is_found_by_its_using(review: Review) -> None:
    use = csharp("    Net net;", "using App.Net;\nusing App.Web;")
    moved = csharp_net().replace("App.Net", "App.Web")
    assert of(reviewed(review, CSHARP, csharp_net(), moved, use), "impact:") == []
    (found,) = of(reviewed(review, CSHARP, csharp_net(), moved, csharp("    Net net;")), "impact:")
    assert found.rule == "impact:removed"


PHP_USES = [
    "    public function go(Net $net) { return $net->fetch('a'); }",
    "    public function go(?Net $net) { return $net?->fetch('a'); }",
    "    public function __construct(private Net $net) {}\n    public function go() { return $this->net->fetch('a'); }",
    "    private Net $net;\n    public function go() { return $this->net->fetch('a'); }",
    "    /** @var Net */\n    private $net;\n    public function go() { return $this->net->fetch('a'); }",
    "    public function go() { $net = new Net(); return $net->fetch('a'); }",
    "    public function go() { return (new Net())->fetch('a'); }",
    "    public function go(\\App\\Net\\Net $net) { return $net->fetch(url: 'a'); }",
]


@pytest.mark.parametrize("use", PHP_USES)
def test_php_calls_that_the_new_signature_refuses(review: Review, use: str) -> None:
    after = php_net("public function fetch(string $url, int $timeout)")
    (found,) = of(reviewed(review, PHP, php_net(), after, php(use)), "impact:")
    assert (found.rule, found.severity) == ("impact:signature", "high")
    assert "misses `timeout`" in found.message


@pytest.mark.parametrize(
    "use",
    [
        "    public function go($net) { return $net->fetch('a'); }",
        "    public function go(Other $net) { return $net->fetch('a'); }",
        "    public function go(Net $net) { $net = other(); return $net->fetch('a'); }",
        "    public function go(Net|Other $net) { return $net->fetch('a'); }",
        "    public function go(Net $net) { return $net->fetch(...); }",
        "    public function go(Net $net, $all) { return $net->fetch(...$all); }",
        "    public function go() { return new class { function fetch($a) {} function b() { $this->fetch(1); } }; }",
        "    public function fetch($a) { return $this->fetch('a'); }",
    ],
)
def test_php_calls_that_may_mean_another_method_are_not_reported(review: Review, use: str) -> None:
    after = php_net("public function fetch(string $url, int $timeout)")
    assert of(reviewed(review, PHP, php_net(), after, php(use)), "impact:") == []


def test_what_php_passes_in_vain_is_told_quietly(review: Review) -> None:
    before = php_net("public function fetch(string $url, int $timeout = 1)")
    use = php("    public function go(Net $net) { return $net->fetch('a', 5); }")
    (found,) = of(reviewed(review, PHP, before, php_net(), use), "impact:")
    assert (found.severity, found.rule) == ("medium", "impact:signature")
    assert "passes 2 arguments, but only 1 is used" in found.message
    asks = php_net("public function fetch(string $url)").replace("return $url;", "return func_get_args();")
    assert of(reviewed(review, PHP, before, asks, use), "impact:") == []


def test_php_constructors_are_called_by_heirs_and_by_name(review: Review) -> None:
    files = {
        "src/Net.php": php_net("public function __construct(string $url)"),
        "src/Sub.php": "<?php\n\nnamespace App\\Net;\n\nclass Sub extends Net\n{\n    function __construct()\n    {\n"
        "        parent::__construct('a');\n    }\n}\n",
        "src/Use1.php": php("    public function go() { return new Net('a'); }"),
    }
    after = {"src/Net.php": php_net("public function __construct(string $url, int $port)")}
    (found,) = of(review(files, after), "impact:")
    assert callers(found) == [("src/Sub.php", 9), ("src/Use1.php", 9)]


def test_php_traits_bring_their_methods(review: Review) -> None:
    files = {
        "src/Logs.php": "<?php\nnamespace A;\n\ntrait Logs\n{\n    public function note($text) {}\n}\n",
        "src/Job.php": "<?php\nnamespace A;\n\nclass J\n{\n  use Logs;\n\n    function a() { $this->note('a'); }\n}\n",
    }
    after = {"src/Logs.php": "<?php\nnamespace A;\n\ntrait Logs\n{\n    public function note($text, $level) {}\n}\n"}
    (found,) = of(review(files, after), "impact:")
    assert callers(found) == [("src/Job.php", 8)]


def test_a_method_that_its_interface_loses_too_is_told_once(review: Review) -> None:
    files = {
        "src/I.php": "<?php\nnamespace A;\n\ninterface I\n{\n    function note($text);\n}\n",
        "src/K.php": "<?php\nnamespace A;\n\nclass K implements I\n{\n    function note($text) {}\n}\n",
        "src/u.php": "<?php\nnamespace A;\n\nfunction a(I $i, K $k) {\n    $i->note(1);\n    $k->note(2);\n}\n",
    }
    after = {
        "src/I.php": "<?php\nnamespace A;\n\ninterface I\n{\n}\n",
        "src/K.php": "<?php\nnamespace A;\n\nclass K implements I\n{\n}\n",
    }
    (found,) = of(review(files, after), "impact:")
    assert callers(found) == [("src/u.php", 5), ("src/u.php", 6)]


def test_php_functions_are_found_by_namespace(review: Review) -> None:
    files = {
        "src/f.php": "<?php\nnamespace A\\B;\n\nfunction send($to) {}\n",
        "src/one.php": "<?php\nnamespace C;\n\nuse function A\\B\\send;\n\nsend('x');\n",
        "src/two.php": "<?php\nnamespace C;\n\n\\A\\B\\send('x');\n",
        "src/three.php": "<?php\nnamespace A\\B;\n\nsend('x');\n",
        "src/other.php": "<?php\nnamespace C;\n\nfunction send($to) {}\n\nsend('x');\n",
    }
    (found,) = of(review(files, {"src/f.php": "<?php\nnamespace A\\B;\n\nfunction send($to, $text) {}\n"}), "impact:")
    assert [path for path, _ in callers(found)] == ["src/one.php", "src/three.php", "src/two.php"]


def test_a_php_class_that_answers_every_call_misses_no_method(review: Review) -> None:
    magic = "    public function __call($name, $given) {}\n"
    use = php("    public function go(Net $net) { return $net->fetch('a'); }")
    after = php_net("public function get(string $url)", magic)
    assert of(reviewed(review, PHP, php_net(more=magic), after, use), "impact:") == []
    assert len(of(reviewed(review, PHP, php_net(), php_net("public function get(string $url)"), use), "impact:")) == 1


def test_the_search_for_users_ends_in_time(git_repo: GitRepo) -> None:
    use = php("    public function go(Net $net) { return $net->fetch('a'); }")
    commit(git_repo, {PHP: php_net(), "src/Use1.php": use})
    commit(git_repo, {PHP: php_net("public function fetch(string $url, int $timeout)")})
    times = iter([0.0, 100.0])
    with (
        read_change(git_repo.root, Scope("commit", "HEAD")) as reading,
        pytest.raises(CheckFailed, match="1 of 1 altered symbols were not searched"),
    ):
        list(check(Material(reading.change, reading.repository), lambda: next(times)))
