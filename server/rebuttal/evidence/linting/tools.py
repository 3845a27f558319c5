"""The linters that a repository may configure for itself, one description each."""

from __future__ import annotations

import re
from collections.abc import Callable

from rebuttal.evidence.linting import answers, meanings
from rebuttal.evidence.linting.tool import MEBIBYTE, Call, Tool

_DOCKERFILE = re.compile(r"(?:.*[./-])?(?:Docker|Container)file(?:[.-].+)?\Z", re.IGNORECASE)
_NODE = {"NODE_OPTIONS": "--max-old-space-size=1536"}
_GENERATED = ("node_modules", "vendor", "third_party")


def _ending(*suffixes: str) -> Callable[[str], bool]:
    return lambda path: path.endswith(suffixes) and not any(part in _GENERATED for part in path.split("/")[:-1])


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2]
    return _DOCKERFILE.match(name) is not None and not name.endswith((".md", ".py", ".sh", ".ts", ".js", ".go"))


def _eslint(call: Call) -> list[str]:
    # A project may lint only some of the files it has; the others are told as ignored.
    return ["--format", "json", "--no-error-on-unmatched-pattern", *call.files]


def _biome(call: Call) -> list[str]:
    return ["lint", "--reporter=json", "--max-diagnostics=200", "--files-ignore-unknown=true", *call.files]


def _mypy(call: Call) -> list[str]:
    shadows = [word for file, text in call.shadows.items() for word in ("--shadow-file", file, text)]
    quiet = ("--output", "json", "--no-error-summary", "--no-pretty", "--hide-error-context", "--no-incremental")
    return ["--config-file", call.config, *quiet, "--cache-dir", call.cache, *shadows, "--", *call.files]


def _pyright(call: Call) -> list[str]:
    return ["--outputjson", *call.files]


def _bandit(call: Call) -> list[str]:
    name = call.config.rpartition("/")[2]
    config = ("--ini", call.config) if name in (".bandit", "setup.cfg", "tox.ini") else ("-c", call.config)
    chosen = config if name and name != ".pre-commit-config.yaml" else ()
    return ["-f", "json", "-q", *chosen, *call.files]


def _semgrep(call: Call) -> list[str]:
    return [
        *("scan", "--json", "--metrics", "off", "--disable-version-check", "--no-git-ignore", "--quiet"),
        *("--timeout", "10", "--jobs", "1", "--config", call.config, *call.files),
    ]


def _shellcheck(call: Call) -> list[str]:
    return ["-f", "json1", "-S", "warning", *call.files]


def _hadolint(call: Call) -> list[str]:
    config = ("--config", call.config) if "hadolint" in call.config else ()
    return ["--format", "json", "--no-fail", *config, *call.files]


def _golangci(call: Call) -> list[str]:
    # Version 2 asks for its number in the configuration; version 1 knows none.
    second = re.search(r"""^\s*["']?version["']?\s*[:=]""", call.settings, re.MULTILINE)
    shape = ("--output.json.path", "stdout", "--show-stats=false") if second else ("--out-format", "json")
    return ["run", *shape, "--issues-exit-code", "1", "--allow-parallel-runners", *call.files]


def _clippy(call: Call) -> list[str]:
    return ["clippy", "--offline", "--locked", "--quiet", "--message-format", "json", "--target-dir", call.cache]


_SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")

TOOLS: tuple[Tool, ...] = (
    Tool(
        "eslint",
        (
            *(f"eslint.config.{suffix}" for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts")),
            *(f".eslintrc{suffix}" for suffix in (".js", ".cjs", ".json", ".yaml", ".yml", "")),
        ),
        _ending(*_SCRIPTS, ".vue", ".svelte"),
        _eslint,
        answers.eslint,
        meanings.eslint,
        sections=(("package.json", "eslintConfig"),),
        beside=("package.json", ".eslintignore", ".gitignore", "tsconfig*.json", ".browserslistrc", ".babelrc*"),
        node="eslint/bin/eslint.js",
        bounded="data",
        environment=_NODE,
    ),
    Tool(
        "biome",
        ("biome.json", "biome.jsonc"),
        _ending(*_SCRIPTS, ".json", ".jsonc", ".css", ".graphql", ".vue", ".svelte", ".astro"),
        _biome,
        answers.biome,
        meanings.biome,
        beside=("package.json", ".gitignore", ".biomeignore"),
        node="@biomejs/biome/bin/biome",
        bounded="data",
    ),
    Tool(
        "mypy",
        ("mypy.ini", ".mypy.ini"),
        _ending(".py", ".pyi"),
        _mypy,
        answers.mypy,
        meanings.mypy,
        sections=(("pyproject.toml", "tool.mypy"), ("setup.cfg", "[mypy]")),
        ground="work tree",
        seconds=60,
        shadowing=True,
    ),
    Tool(
        "pyright",
        ("pyrightconfig.json",),
        _ending(".py", ".pyi"),
        _pyright,
        answers.pyright,
        meanings.pyright,
        sections=(("pyproject.toml", "tool.pyright"),),
        ground="work tree",
        node="pyright/index.js",
        bounded="data",
        seconds=60,
        environment=_NODE,
    ),
    Tool(
        "bandit",
        (".bandit", "bandit.yaml", "bandit.yml"),
        _ending(".py"),
        _bandit,
        answers.bandit,
        meanings.bandit,
        sections=(("pyproject.toml", "tool.bandit"), ("setup.cfg", "[bandit]"), ("tox.ini", "[bandit]")),
        hook="bandit",
    ),
    Tool(
        "semgrep",
        (".semgrep.yml", ".semgrep.yaml", "semgrep.yml", "semgrep.yaml"),
        _ending(
            *_SCRIPTS, ".py", ".go", ".java", ".rb", ".php", ".c", ".cc", ".cpp", ".h", ".cs", ".rs", ".kt", ".scala"
        ),
        _semgrep,
        answers.semgrep,
        meanings.semgrep,
        config_folder=".semgrep",
        beside=(".semgrepignore",),
        bounded="data",
        seconds=45,
    ),
    Tool(
        "shellcheck",
        (".shellcheckrc", "shellcheckrc"),
        _ending(".sh", ".bash", ".ksh", ".bats"),
        _shellcheck,
        answers.shellcheck,
        meanings.shellcheck,
        hook="shellcheck",
        bounded="data",
    ),
    Tool(
        "hadolint",
        (".hadolint.yaml", ".hadolint.yml", "hadolint.yaml"),
        _is_dockerfile,
        _hadolint,
        answers.hadolint,
        meanings.hadolint,
        hook="hadolint",
        bounded="data",
    ),
    Tool(
        "golangci-lint",
        (".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"),
        _ending(".go"),
        _golangci,
        answers.golangci,
        meanings.golangci,
        beside=("go.mod", "go.sum"),
        ground="work tree",
        per_folder=True,
        bounded="data",
        seconds=60,
        memory=4096 * MEBIBYTE,
    ),
    Tool(
        "clippy",
        ("clippy.toml", ".clippy.toml"),
        _ending(".rs"),
        _clippy,
        answers.clippy,
        meanings.clippy,
        sections=(
            ("Cargo.toml", "lints.clippy"),
            ("Cargo.toml", "workspace.lints.clippy"),
        ),
        beside=("Cargo.toml", "Cargo.lock", "build.rs", "rust-toolchain", "rust-toolchain.toml"),
        executable="cargo-clippy",
        ground="work tree",
        answered=frozenset({0, 1, 101}),
        bounded="data",
        seconds=60,
        memory=4096 * MEBIBYTE,
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
