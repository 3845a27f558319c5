"""The frozen data of parsed code. Lines are git's, from 0; offsets are code points into the text."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

SymbolKind = Literal[
    "function", "method", "class", "constant", "variable", "type", "interface", "enum", "namespace", "field"
]
ParameterKind = Literal["positional", "positional_only", "keyword", "variadic", "keyword_variadic"]
BindingScope = Literal["module", "class", "function"]
ReferenceKind = Literal["call", "use", "import", "attribute"]


@frozen
class SyntaxFault:
    """A place where the text is not in the language."""

    start_offset: int
    end_offset: int
    message: str


@frozen
class Parameter:
    """One parameter. `positional` may be passed by name too, `positional_only` not (all of Go's and JavaScript's)."""

    name: str
    """Empty where the language allows none (Go), the pattern's text where it is destructured."""
    required: bool
    kind: ParameterKind
    type: str | None = None
    default: str | None = None


@frozen
class Symbol:
    """A definition that can be named elsewhere."""

    name: str
    qualified: str
    """With its containers: `Class.method`, `outer.inner`."""
    kind: SymbolKind
    start_line: int
    """Of the whole definition: decorators and `export` included."""
    end_line: int
    """Inclusive."""
    name_line: int
    parameters: tuple[Parameter, ...] | None
    """None where it is not called, or its signature is not written here; a method's `self` or `cls` is left out."""
    is_public: bool
    """Python: no leading underscore on the way; JavaScript and TypeScript: exported; Go: capitalised."""
    is_async: bool = False
    parent: SymbolKind | None = None
    """The kind of the innermost container; None at the top of the file."""
    header_end_line: int = 0
    """The last line of the signature, before the body."""
    start_offset: int = 0
    end_offset: int = 0
    name_offset: int = 0
    decorators: tuple[str, ...] = ()
    """Names as written, without `@` and arguments."""
    bases: tuple[str, ...] = ()
    """What a class extends, as written."""
    without_body: bool = False
    """A declaration only: an overload, an abstract or interface method."""


@frozen
class Arguments:
    """What a call passes."""

    positional: int
    keywords: tuple[str, ...] = ()
    has_spread: bool = False
    """`*args`, `**kwargs`, `...rest`: how many are passed is not known from the text."""


@frozen
class Reference:
    """A name that is used, not defined, here."""

    name: str
    line: int
    start_offset: int
    end_offset: int
    kind: ReferenceKind
    """`attribute`: `receiver.name` that is not called; a called one is a `call` with its receiver."""
    receiver: str | None = None
    """The text before the last dot, where there is one; of a very long chain its beginning."""
    arguments: Arguments | None = None
    """Of a call."""
    call_end_offset: int | None = None
    """Where the call ends, its arguments included."""


@frozen
class Import:
    """A name that comes from another module."""

    module: str
    """As written: `a.b`, `..sibling`, `./file.js`, `example.org/pkg`."""
    name: str | None
    """What is taken from it; None for the module itself, "*" for everything, "default" for a default export."""
    local: str
    """The name it has here; empty where it has none (`export * from`, a side effect)."""
    line: int
    start_offset: int
    end_offset: int
    is_reexport: bool = False
    """`export ... from`: it is passed on under the name `local`."""


@frozen
class Binding:
    """A name that is given a value: inside its scope it hides one of the same name outside."""

    name: str
    start_offset: int
    """Of the scope in which it holds."""
    end_offset: int
    scope: BindingScope = "function"
    """`module` is the whole file. What a Python class binds is not seen by its methods."""
