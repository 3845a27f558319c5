"""Which changed files are listed but not reviewed, by their name and by what the base says of them."""

from __future__ import annotations

import re

from attrs import frozen

from rebuttal.change.attributes import Attributes
from rebuttal.change.ignore import Ignored

_LOCK_FILES = frozenset(
    (
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
        "poetry.lock",
        "pdm.lock",
        "uv.lock",
        "pipfile.lock",
        "pixi.lock",
        "conda-lock.yml",
        "cargo.lock",
        "gemfile.lock",
        "composer.lock",
        "go.sum",
        "go.work.sum",
        "mix.lock",
        "pubspec.lock",
        "podfile.lock",
        "package.resolved",
        "gradle.lockfile",
        "packages.lock.json",
        "flake.lock",
        "cabal.project.freeze",
        "stack.yaml.lock",
        "manifest.toml.lock",
        "buf.lock",
        ".terraform.lock.hcl",
        "paket.lock",
    )
)
VENDORED = frozenset({"node_modules", "bower_components", "vendor", "third_party", "site-packages"})
"""Folders, in lower case, that are left out where the base's attributes do not say otherwise."""
_BUILT = frozenset({"dist"})
_MINIFIED = re.compile(r".*[.-]min\.(js|mjs|cjs|css)|.*\.(js|mjs|cjs|css)\.map")
_GENERATED = re.compile(r".*(_pb2(_grpc)?\.pyi?|\.pb\.(go|cc|h)|\.pb\.gw\.go|_generated\.go|\.g\.dart|\.designer\.cs)")
_MINIFIABLE = re.compile(r".*\.(js|mjs|cjs|css)")
# Go's rule for generated files (go help generate), and the mark other generators use; near the top of the file.
# Text that only speaks of such marks (in backticks or quotes, or outside of a comment) is none.
_COMMENT = r"(?:#|//|/?\*|<!--|--|;|%|\"\"\"|'''|\(\*)"
_MARK = re.compile(
    rf"^// Code generated .* DO NOT EDIT\.$|^[ \t]*{_COMMENT}[^\n]*?(?<![\w`\"'])@generated\b", re.MULTILINE
)


@frozen
class BaseRules:
    """What the base, and the user, say of files by their names."""

    attributes: Attributes
    ignored: Ignored

    def skip(self, path: str) -> str | None:
        """Why a file is not reviewed, in words for the user; None when it is."""
        return self.ignored.reason(path) or skip_by_name(path, self.attributes)


def skip_by_name(path: str, attributes: Attributes) -> str | None:
    """Why a file is not reviewed, in words for the user; None when it is. The base's attributes decide first."""
    generated = attributes.get(path, "linguist-generated")
    vendored = attributes.get(path, "linguist-vendored")
    if generated not in (None, False):
        return "generated (linguist-generated in .gitattributes)"
    if vendored not in (None, False):
        return "vendored (linguist-vendored in .gitattributes)"
    *folders, name = path.lower().split("/")
    if name in _LOCK_FILES:
        return "lock file"
    if generated is None and (_BUILT.intersection(folders) or _GENERATED.fullmatch(name)):
        return "generated"
    if vendored is None and VENDORED.intersection(folders):
        return "vendored"
    return "minified" if generated is None and _MINIFIED.fullmatch(name) else None


def marked_line(text: str) -> int | None:
    """The git line, from 0, that marks a text as generated: from the next review on it is left out."""
    match = _MARK.search(text[:2000])
    return None if match is None else text.count("\n", 0, match.start())


def skip_by_text(path: str, old_text: str | None, new_text: str | None) -> str | None:
    """Why a text is not reviewed: minified, or marked as generated *in the base*.

    Mark and form count only there: otherwise a change could exempt itself by writing it, or by joining its lines.
    """
    if old_text is not None and marked_line(old_text) is not None:
        return "generated (marked so in its first lines)"
    text = old_text if old_text is not None else new_text or ""
    if _MINIFIABLE.fullmatch(path.lower()) and len(text) > 2000 and len(text) / (text.count("\n") + 1) > 500:
        return "minified"
    return None
