"""Rust: the fault and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

NET = "pub fn fetch(url: &str) -> u8 {\n    url.len() as u8\n}\n"
MORE = NET.replace("url: &str", "url: &str, retries: u8")
CRATE = {
    "Cargo.toml": '[package]\nname = "my-net"\n',
    "src/lib.rs": "pub mod net;\nmod user;\npub use net::fetch;\n",
    "src/net.rs": NET,
}


def user(text: str) -> dict[str, str]:
    return {**CRATE, "src/user.rs": text}


@pytest.mark.parametrize(
    "text",
    [
        "use crate::net::fetch;\nfn go() { fetch(1); }\n",
        "use crate::net::fetch as f;\nfn go() { f(1); }\n",
        "use crate::net;\nfn go() { net::fetch(1); }\n",
        "use super::net::{self as n};\nfn go() { n::fetch(1); }\n",
        "use crate::net::*;\nfn go() { fetch(1); }\n",
        "use crate::fetch;\nfn go() { fetch(1); }\n",
        "fn go() { crate::fetch(1); }\n",
        "fn go() { use crate::net::fetch; fetch(1); }\n",
        "mod inner { fn go() { super::super::net::fetch(1); } }\n",
        "mod inner {\n    use crate::net::fetch;\n    fn go() { assert_eq!(fetch(1), 2); }\n}\n",
    ],
)
def test_a_call_that_does_not_fit_is_found_by_any_path(review: Review, text: str) -> None:
    (found,) = of(review(user(text), {"src/net.rs": MORE}), "impact:signature")
    assert [path for path, _ in callers(found)] == ["src/user.rs"]


@pytest.mark.parametrize(
    "text",
    [
        "use crate::net::fetch;\nfn go() { fetch(1, 2); }\n",
        "use other::fetch;\nfn go() { fetch(1); }\n",
        "fn fetch(a: u8) {}\nfn go() { fetch(1); }\n",
        "use crate::net::fetch;\nfn go() { let fetch = |a| a; fetch(1); }\n",
        "use crate::net::fetch;\nfn go() { fetch!(1); }\n",
        "use crate::net::fetch;\nfn go(x: Y) { x.fetch(1); Y::fetch(1); }\n",
        "use crate::net::fetch;\nfn go() { show!(fetch(|a| a, b)); }\n",
        "use other::*;\nfn go() { fetch(1); }\n",
        "mod inner { use crate::net::fetch; }\nfn go() { fetch(1); }\n",
    ],
)
def test_a_call_that_fits_or_means_something_else_is_not_named(review: Review, text: str) -> None:
    assert of(review(user(text), {"src/net.rs": MORE}), "impact:") == []


def test_another_crate_of_the_repository_calls_by_the_crates_name(review: Review) -> None:
    files = {
        "net/Cargo.toml": '[package]\nname = "my-net"\n',
        "net/src/lib.rs": NET,
        "app/src/main.rs": "fn main() { my_net::fetch(1); }\n",
        "net/tests/it.rs": "use my_net::fetch;\nfn t() { fetch(1); }\n",
    }
    (found,) = of(review(files, {"net/src/lib.rs": MORE}), "impact:signature")
    assert [path for path, _ in callers(found)] == ["app/src/main.rs", "net/tests/it.rs"]


TYPE = """pub struct Cart { n: u8 }
impl Cart {
    pub fn new(n: u8) -> Self { Self { n } }
    pub fn fill_up(&self, a: u8) {}
"""
USES = "    fn go(&self) { self.fill_up(1); Cart::fill_up(self, 1); Self::new(1); }\n}\n"


def test_associated_functions_and_methods_are_found_through_their_type(review: Review) -> None:
    after = TYPE.replace("n: u8)", "n: u8, m: u8)").replace("a: u8", "a: u8, b: u8")
    files = {**CRATE, "src/net.rs": TYPE + USES, "src/user.rs": "use crate::net::Cart;\nfn go() { Cart::new(2); }\n"}
    made, filled = sorted(
        of(review(files, {"src/net.rs": after + USES}), "impact:signature"), key=lambda one: one.message, reverse=True
    )
    assert callers(made) == [("src/net.rs", 5), ("src/user.rs", 2)]
    assert callers(filled) == [("src/net.rs", 5), ("src/net.rs", 5)]


@pytest.mark.parametrize("other", ["", "pub struct Bag;\nimpl Bag { pub fn fill_up(&self) {} }\n"])
def test_a_method_on_some_value_is_ours_only_where_no_other_has_the_name(review: Review, other: str) -> None:
    files = {
        **CRATE,
        "src/net.rs": TYPE + "}\n",
        "src/user.rs": f"use crate::net::Cart;\n{other}fn go() {{ let c: Option<Cart> = a(); a(c).fill_up(1); }}\n",
    }
    found = of(review(files, {"src/net.rs": TYPE.replace("a: u8", "a: u8, b: u8") + "}\n"}), "impact:")
    assert [one.confidence for one in found] == ([] if other else ["likely"])


@pytest.mark.parametrize(
    "before",
    [
        "#[cfg(unix)]\npub fn fetch(a: u8) {}\n",
        "pub fn fetch(a: u8) {}\nmod x { pub fn fetch(a: u8) {} }\n",
        "macro_rules! fetch { ($a:expr) => {} }\n",
    ],
)
def test_what_stands_under_a_condition_or_is_a_macro_is_left_out(review: Review, before: str) -> None:
    after = before.replace("a: u8)", "a: u8, b: u8)", 1).replace("$a:expr", "$a:expr, $b:expr")
    uses = "fn go() { crate::net::x::fetch(1); fetch!(1); }\n" + (
        "use crate::net::fetch;\nfn t() { fetch(1); }\n" if "cfg" in before else ""
    )
    assert of(review({**CRATE, "src/net.rs": before, "src/user.rs": uses}, {"src/net.rs": after}), "impact:") == []


def test_a_call_whose_arguments_depend_on_the_build_is_left_out(review: Review) -> None:
    given = NET.replace("url: &str", "url: &str, #[cfg(unix)] retries: u8")
    text = 'fn go() { crate::net::fetch("a", #[cfg(unix)] 2); }\n'
    assert of(review({**CRATE, "src/user.rs": text}, {"src/net.rs": given}), "impact:signature") == []
    assert len(of(review(user('fn go() { crate::net::fetch("a"); }\n'), {"src/net.rs": MORE}), "impact:signature")) == 1


def test_a_renamed_function_is_missed_where_it_is_imported_and_called(review: Review) -> None:
    text = "use crate::net::fetch;\nfn go() { fetch(1); }\n"
    (found,) = of(review(user(text), {"src/net.rs": NET.replace("fetch", "load")}), "impact:removed")
    assert [line for path, line in callers(found) if path == "src/user.rs"] == [1, 2]


@pytest.mark.parametrize(
    "after", ["pub use crate::user::fetch;\n", "make_fetch!();\nmacro_rules! m { () => { fn fetch() {} } }\n"]
)
def test_a_function_that_is_still_given_is_no_loss(review: Review, after: str) -> None:
    files = user("use crate::net::fetch;\nfn go() { fetch(1); }\n")
    assert of(review(files, {"src/net.rs": after}), "impact:removed") == []


def test_an_inline_module_that_became_a_file_has_lost_nothing(review: Review) -> None:
    files = user("use crate::far::fetch;\nfn go() { fetch(1); }\n") | {
        "src/lib.rs": f"mod user;\nmod far {{\n{NET}}}\n"
    }
    assert of(review(files, {"src/lib.rs": "mod user;\nmod far;\n", "src/far.rs": NET}), "impact:") == []


TRAIT = "pub trait Store {\n    fn load(&self, key: u8);\n}\n"
IMPL = "use crate::net::Store;\nstruct S;\nimpl Store for S {\n    fn load(&self, key: u8) {}\n}\n"


@pytest.mark.parametrize(
    ("impl", "lines"),
    [
        (IMPL, [4]),
        (IMPL.replace("key: u8", "key: u8, other: u8"), []),
        (IMPL.replace("Store", "Other"), []),
        (IMPL.replace("Store for ", ""), []),
        (IMPL.replace("impl Store", "impl<T> crate::net::Store"), [4]),
    ],
)
def test_implementations_of_a_trait_follow_its_methods(review: Review, impl: str, lines: list[int]) -> None:
    found = of(
        review({**CRATE, "src/net.rs": TRAIT, "src/user.rs": impl}, {"src/net.rs": TRAIT.replace("u8)", "u8, b: u8)")}),
        "impact:override",
    )
    assert [line for one in found for _, line in callers(one)] == lines


@pytest.mark.parametrize(("declared", "told"), [("mod user;\n", True), ("", False)])
def test_a_file_that_no_module_declares_is_not_compiled_and_misses_nothing(
    review: Review, declared: str, told: bool
) -> None:
    before = {
        "Cargo.toml": '[package]\nname = "shop"\n',
        "src/lib.rs": f"mod price;\n{declared}",
        "src/price.rs": "pub fn total_of(a: u32) -> u32 {\n    a\n}\n\npub fn other() {}\n",
        "src/user.rs": "use crate::price::total_of;\n\npub fn go() {\n    total_of(1);\n}\n",
    }
    after = {"src/price.rs": "pub fn other() {}\n"}
    assert bool(of(review(before, after), "impact:removed")) is told


def test_a_method_that_the_trait_gives_by_default_is_not_gone(review: Review) -> None:
    trait = "pub trait Matcher {\n    fn shortest(&self) -> u32 {\n        1\n    }\n}\n\n"
    kept = "pub struct Regex;\n\nimpl Regex {\n    pub fn go(&self) -> u32 {\n        self.shortest()\n    }\n}\n\n"
    own = "impl Matcher for Regex {\n    fn shortest(&self) -> u32 {\n        2\n    }\n}\n"
    before = {"Cargo.toml": '[package]\nname = "shop"\n', "src/lib.rs": trait + kept + own}
    after = {"src/lib.rs": trait + kept + "impl Matcher for Regex {}\n"}
    assert of(review(before, after), "impact:removed") == []
