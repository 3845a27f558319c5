from __future__ import annotations

from fnmatch import fnmatch
from typing import get_args

import pytest

from rebuttal.text.languages import GLOBS, Language, family_of, is_test, language_of


@pytest.mark.parametrize(
    "path",
    [
        "src/test/java/org/x/Helper.java",
        "src/main/java/org/x/ParcelTest.java",
        "okio/src/commonTest/kotlin/okio/Helper.kt",
        "core/ParcelSpec.scala",
        "Parcel.Tests/Helper.cs",
        "src/ParcelTests.cs",
        "Tests/AppTests/Helper.swift",
        "AppTests/Helper.swift",
        "Sources/ParcelTests.swift",
        "spec/parcel_spec.rb",
        "lib/parcel_spec.rb",
        "lib/parcel_test.rb",
        "src/Unit/ParcelTest.php",
        "crates/x/tests/it.rs",
        "src/parcel_test.rs",
        "src/parcel/tests.rs",
        "src/parcel_unittest.cc",
        "test/format-test.cc",
        "checks/run.bats",
    ],
)
def test_a_test_is_known_by_the_customs_of_its_language(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    ["src/Contest.java", "src/Latest.cs", "src/inspect.rb", "Attest/a.swift", "src/parcel.rs", "lib/testing_ground.kt"],
)
def test_a_name_that_only_holds_the_letters_is_no_test(path: str) -> None:
    assert not is_test(path)


def test_a_language_is_searched_for_in_all_files_of_its_family() -> None:
    assert {family_of(one) for one in get_args(Language)} == set(GLOBS)
    assert family_of("kotlin") == family_of("scala") == "java"
    assert family_of("c") == family_of("cpp")
    for path in ("a.kt", "a.java", "a.h", "a.cc", "a.tsx", "a.sh", "a.rake"):
        language = language_of(path)
        assert language is not None
        assert any(fnmatch(path, glob) for glob in GLOBS[family_of(language)])
