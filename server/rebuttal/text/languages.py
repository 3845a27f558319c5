"""What a file is, by its name alone: the language it is written in, and whether it holds tests."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Language = Literal[
    "python",
    "javascript",
    "typescript",
    "tsx",
    "go",
    "rust",
    "java",
    "kotlin",
    "scala",
    "c",
    "cpp",
    "csharp",
    "ruby",
    "php",
    "swift",
    "bash",
]

_SUFFIXES: dict[Language, tuple[str, ...]] = {
    "python": ("py", "pyi"),
    "javascript": ("js", "jsx", "mjs", "cjs"),
    "typescript": ("ts", "mts", "cts"),
    "tsx": ("tsx",),
    "go": ("go",),
    "rust": ("rs",),
    "java": ("java",),
    "kotlin": ("kt", "kts"),
    "scala": ("scala", "sc"),
    "c": ("c",),
    # The grammar of C++ reads a header of C as well, that of C loses the classes of a C++ one.
    "cpp": ("cc", "cpp", "cxx", "c++", "h", "hh", "hpp", "hxx", "h++", "ipp", "tpp", "inl"),
    "csharp": ("cs", "csx"),
    "ruby": ("rb", "rake", "gemspec", "ru"),
    "php": ("php", "phtml"),
    "swift": ("swift",),
    "bash": ("sh", "bash", "bats"),
}

_BY_SUFFIX: dict[str, Language] = {suffix: language for language, some in _SUFFIXES.items() for suffix in some}


_FAMILIES: dict[Language, tuple[Language, ...]] = {
    "python": ("python",),
    "javascript": ("javascript", "typescript", "tsx"),
    "go": ("go",),
    "rust": ("rust",),
    "java": ("java", "kotlin", "scala"),
    "c": ("c", "cpp"),
    "csharp": ("csharp",),
    "ruby": ("ruby",),
    "php": ("php",),
    "swift": ("swift",),
    "bash": ("bash",),
}
_FAMILY_OF: dict[Language, Language] = {one: family for family, members in _FAMILIES.items() for one in members}

GLOBS: dict[Language, tuple[str, ...]] = {
    family: tuple(f"*.{suffix}" for one in members for suffix in _SUFFIXES[one])
    for family, members in _FAMILIES.items()
}
"""By family: which files may hold its code."""

TRUSTED: frozenset[Language] = frozenset({"python", "javascript", "typescript", "tsx", "go"})
"""Languages whose grammar tells a syntax error when it is one. In the others what is understood is used, but macros,
new forms and dialects give errors where there are none: in a quarter of the files of redis and fmt, one in thirty of
Newtonsoft.Json, one in sixty of okio. Rust, Java, PHP and Ruby had none in over 1,500 good files, but their grammars
refuse forms that are allowed: `safe fn`, `import module`, code before `super()`, `def x = puts 1`."""

_TEST_FOLDERS = frozenset(
    {
        "test",
        "tests",
        "testing",
        "testsuite",
        "testdata",
        "__tests__",
        "__mocks__",
        "spec",
        "specs",
        "e2e",
        "fixtures",
        "examples",
        "docs",
    }
)

_TEST_FOLDER_ENDS = ("Tests", "Test", ".Tests", ".Test")
"""`FooTests/` of Swift and C#, `commonTest/` of Kotlin."""
_CAMEL_CASE: frozenset[Language | None] = frozenset({"java", "kotlin", "scala", "csharp", "php", "swift", "cpp"})
_CAMEL_ENDS = ("Test", "Tests", "TestCase", "Spec", "Specs", "Suite")


def language_of(path: str) -> Language | None:
    """The language of the file at `path`; None for one that Rebuttal does not parse.

    A notebook is Python: what is reviewed of it is the text of its cells (change/notebook.py), never its file. So
    GLOBS leaves it out.
    """
    stem, dot, suffix = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    suffix = "py" if suffix.lower() == "ipynb" else suffix.lower()
    return _BY_SUFFIX.get(suffix) if dot and stem else None


def family_of(language: Language) -> Language:
    """Languages that call each other are one family, named after its first: JavaScript and TypeScript, C and C++."""
    return _FAMILY_OF[language]


@lru_cache(4096)
def _is_test_folder(folder: str) -> bool:
    """Asked for each file of a repository, and the same for all of a folder."""
    return any(part.lower() in _TEST_FOLDERS or part.endswith(_TEST_FOLDER_ENDS) for part in folder.split("/"))


def is_test(path: str) -> bool:
    """Whether a file holds tests or examples, by the customs of its language."""
    folder, _, name = path.rpartition("/")
    if _is_test_folder(folder):
        return True
    stem, _, suffix = name.rpartition(".")
    language = _BY_SUFFIX.get(suffix.lower())
    if language in _CAMEL_CASE and stem.endswith(_CAMEL_ENDS):
        return True
    lower = stem.lower()
    return (
        name.lower() in ("conftest.py", "tests.rs")
        or suffix.lower() == "bats"
        or lower.startswith("test_")
        or lower.endswith(("_test", "_tests", ".test", ".spec", ".stories"))
        or (language == "ruby" and lower.endswith("_spec"))
        or (language in ("c", "cpp") and lower.endswith(("-test", "_unittest")))
    )
