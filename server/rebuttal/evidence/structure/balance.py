"""Whether the brackets of a text close, and Ruby's blocks: a second opinion on what a grammar takes for an error.

A rough reading of each language's comments and literals is enough: a text counts as broken only where the grammar says
so too, and where the same reading found its base in order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from rebuttal.text.languages import Language

_BLOCK = r"/\*.*?\*/"
_LINE = r"//[^\n]*"
_DOUBLE = r"\"(?:\\.|[^\"\\])*\""
_SINGLE = r"'(?:\\.|[^'\\])*'"
_CHAR = r"(?<![0-9a-fA-F])'(?:\\[^'\n]+|\\'|[^'\\\n])'"
_HEREDOC = r"<<[~-]?(?P<q>['\"]?)(?P<word>[A-Z_]{2,})(?P=q)[^\n]*\n.*?\n[ \t]*(?P=word)\b"
_RAW_CPP = r"R\"(?P<raw>[^(\s\"]{0,16})\(.*?\)(?P=raw)\""
_RAW_RUST = r"\bb?r(?P<hashes>#*)\".*?\"(?P=hashes)"
_TEXT_BLOCK = r"\"\"\".*?\"\"\""
_VERBATIM = r"(?:\$@|@\$?)\"(?:\"\"|[^\"])*\""
_HEREDOC_PHP = r"<<<[ \t]*(?P<q>['\"]?)(?P<word>\w+)(?P=q)\n.*?\n[ \t]*(?P=word)\b"
_REGEX_RUBY = (
    r"(?:(?<=[=(,~|&!{\[;])|\b(?:if|unless|when|and|or|not|split|match|scan|sub|gsub)\b)[ \t(]*/(?!=)"
    r"(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/"
)
_RUBY = (
    r"^=begin\b.*?^=end\b",
    r"^__END__$.*",
    _HEREDOC,
    r"%[wWiIqQr]?(?:\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|\|[^|\n]*\|)",
    r"(?<![\w$)\]])\?[^\s\w](?!\w)",
    r"\$['\"`]",
    r"#(?!\{)[^\n]*",
    _DOUBLE,
    _SINGLE,
    r"`[^`\n]*`",
    _REGEX_RUBY,
)
_SKIPPED: Mapping[Language, tuple[str, ...]] = {
    "c": (_BLOCK, _LINE, _DOUBLE, _CHAR),
    "cpp": (_BLOCK, _LINE, _RAW_CPP, _DOUBLE, _CHAR),
    "rust": (_BLOCK, _LINE, _RAW_RUST, _DOUBLE, _CHAR),
    "java": (_BLOCK, _LINE, _TEXT_BLOCK, _DOUBLE, _CHAR),
    "csharp": (_BLOCK, _LINE, _TEXT_BLOCK, _VERBATIM, _DOUBLE, _CHAR),
    "php": (_BLOCK, _LINE, r"#(?!\[)[^\n]*", _HEREDOC_PHP, _DOUBLE, _SINGLE),
    "ruby": _RUBY,
}
_BRACKETS = r"[()\[\]{}]"
_RUBY_WORDS = (
    r"|(?:^|(?<=[=;(|]))[ \t]*(?P<head>if|unless|while|until|case|begin|for|class|module)\b(?![?!:])"
    r"|(?<![.:@$\w])(?P<def>def)\b(?![?!:])"
    r"|\b(?P<do>do)\b(?![?!:])|(?P<end>\bend\b)(?![?!:])"
)
LANGUAGES: frozenset[Language] = frozenset(_SKIPPED)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_LONGEST = 1_000_000
_CONDITIONAL: tuple[Language, ...] = ("c", "cpp", "csharp")
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(if\w*|el\w+|endif)\b")


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    brackets = f"(?P<bracket>{_BRACKETS}){_RUBY_WORDS if language == 'ruby' else ''}"
    return re.compile(f"(?P<skipped>{'|'.join(_SKIPPED[language])})|{brackets}", re.DOTALL | re.MULTILINE)


def balance(text: str, language: Language) -> dict[str, int] | None:
    """What is open at the end, by its first sign: negative where more was closed. {} where all is in order.

    None where it cannot be told.
    """
    if language not in LANGUAGES or len(text) > _LONGEST:
        return None
    if language in _CONDITIONAL and "#el" in text:
        text = _first_branches(text)
    open_ones: Counter[str] = Counter()
    for match in _pattern(language).finditer(text):
        bracket = match["bracket"]
        if bracket in _PAIRS:
            open_ones[_PAIRS[bracket]] -= 1
        elif bracket is not None:
            open_ones[bracket] += 1
        elif language == "ruby" and match["skipped"] is None:
            _ruby(text, match, open_ones)
    return {sign: count for sign, count in open_ones.items() if count}


def _first_branches(text: str) -> str:
    """Without what stands between `#else` and `#endif`: each branch may open the same block."""
    kept, left_out = [], [False]
    for line in text.split("\n"):
        word = _DIRECTIVE.match(line)
        if word is None:
            if not any(left_out):
                kept.append(line)
        elif word[1].startswith("el"):
            left_out[-1] = len(left_out) > 1
        elif word[1].startswith("if"):
            left_out.append(False)
        elif len(left_out) > 1:
            left_out.pop()
    return "\n".join(kept)


def _ruby(text: str, match: re.Match[str], open_ones: Counter[str]) -> None:
    if match["end"]:
        if text[match.start() - 1 : match.start()] not in (".", ":", "@", "$"):
            open_ones["do"] -= 1
    elif match["do"]:
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        loop = re.match(r"\s*(?:while|until|for)\b", line) is not None
        open_ones["do"] += 0 if loop or line.endswith((".", ":")) else 1
    elif match["head"] or not _is_endless(text, match.end()):
        open_ones["do"] += 1


def _is_endless(text: str, at: int) -> bool:
    """Ruby: `def name(args) = value`."""
    line = text[at : text.find("\n", at) if "\n" in text[at:] else len(text)]
    return re.match(r"\s*(?:self\.)?\w+[?!]?\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s+=\s", line) is not None
