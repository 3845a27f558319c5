"""What tagged.py has to know of each language besides its query file: words, node names and customs."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from rebuttal.text.languages import Language
from rebuttal.text.model import ParameterKind, SymbolKind


@frozen
class Shape:
    """How one language writes what queries cannot tell."""

    queries: tuple[str, ...]
    """The query files, each with its sections `; definitions`, `; uses`, `; imports`."""
    bodies: tuple[str, ...] = ()
    """Nodes that are a definition's body where the grammar has no field `body`."""
    declarations: tuple[str, ...] = ()
    """Nodes that only declare a function where they have no body."""
    wrappers: tuple[str, ...] = ()
    """Nodes around a definition that belong to it: a C++ template, a Ruby `private def`."""
    leading: tuple[str, ...] = ()
    """Nodes before a definition that belong to it: a Rust attribute."""
    extending: tuple[str, ...] = ()
    """Blocks that add members to a type defined elsewhere."""
    public_words: tuple[str, ...] = ()
    """Where given, only what is marked with one of them is public."""
    hidden_words: tuple[str, ...] = ()
    """What is marked with one of them is not public."""
    open_holders: tuple[str, ...] = ()
    """Definitions whose members are public without a mark: interfaces, enumerations."""
    sections: tuple[str, ...] = ()
    """Nodes that say how public all that follows them is: `private:`."""
    async_words: tuple[str, ...] = ()
    kind_words: Mapping[str, SymbolKind] = field(factory=dict)
    """Words before a class's name that make it another thing: Kotlin's `enum`."""
    parameter_holders: tuple[str, ...] = ()
    """Nodes that hold the parameters where the grammar has no field `parameters`; several lists are joined."""
    parameter_kinds: Mapping[str, ParameterKind] = field(factory=dict)
    """By the type of a parameter's node; what is not named here is no parameter."""
    constructing: tuple[str, ...] = ()
    """Types whose header may hold the parameters of a constructor."""
    separator: str = "."
    """Between the parts of an imported name."""
    wildcards: tuple[str, ...] = ("*",)
    imports_whole: bool = False
    """An import of a name brings everything that it holds (C#, Swift), not the name itself."""


_JVM_HIDDEN = ("private", "protected", "internal")
_C = Shape(
    ("c",),
    declarations=("declaration", "field_declaration"),
    wrappers=("template_declaration",),
    hidden_words=("static",),
    parameter_kinds={
        "parameter_declaration": "positional_only",
        "optional_parameter_declaration": "positional_only",
        "variadic_parameter_declaration": "variadic",
        "variadic_parameter": "variadic",
        "...": "variadic",
        "identifier": "positional_only",
    },
)
SHAPES: dict[Language, Shape] = {
    "rust": Shape(
        ("rust",),
        declarations=("function_signature_item",),
        leading=("attribute_item",),
        extending=("impl_item",),
        public_words=("pub",),
        open_holders=("trait_item", "enum_item"),
        async_words=("async",),
        parameter_kinds={"parameter": "positional_only"},
        separator="::",
    ),
    "java": Shape(
        ("java",),
        declarations=("method_declaration", "annotation_type_element_declaration"),
        public_words=("public",),
        open_holders=("interface_declaration", "annotation_type_declaration"),
        parameter_kinds={"formal_parameter": "positional_only", "spread_parameter": "variadic"},
        constructing=("record_declaration",),
    ),
    "c": _C,
    "cpp": Shape(
        ("c", "cpp"),
        declarations=_C.declarations,
        wrappers=_C.wrappers,
        hidden_words=_C.hidden_words,
        sections=("access_specifier",),
        parameter_kinds=_C.parameter_kinds,
    ),
    "csharp": Shape(
        ("csharp",),
        declarations=("method_declaration",),
        public_words=("public",),
        open_holders=("interface_declaration", "enum_declaration"),
        async_words=("async",),
        parameter_holders=("parameter_list",),
        parameter_kinds={"parameter": "positional"},
        constructing=("record_declaration", "class_declaration", "struct_declaration"),
        imports_whole=True,
    ),
    "ruby": Shape(
        ("ruby",),
        sections=("identifier",),
        wrappers=("argument_list", "call"),
        hidden_words=("private", "protected"),
        parameter_kinds={
            "identifier": "positional_only",
            "optional_parameter": "positional_only",
            "keyword_parameter": "keyword",
            "splat_parameter": "variadic",
            "hash_splat_parameter": "keyword_variadic",
            "destructured_parameter": "positional_only",
            "forward_parameter": "variadic",
        },
        separator="/",
    ),
    "php": Shape(
        ("php",),
        declarations=("method_declaration",),
        hidden_words=("private", "protected"),
        parameter_kinds={
            "simple_parameter": "positional",
            "property_promotion_parameter": "positional",
            "variadic_parameter": "variadic",
        },
        separator="\\",
    ),
    "kotlin": Shape(
        ("kotlin",),
        declarations=("function_declaration",),
        bodies=("class_body", "enum_class_body", "function_body"),
        hidden_words=_JVM_HIDDEN,
        async_words=("suspend",),
        kind_words={"interface": "interface", "enum": "enum"},
        parameter_holders=("function_value_parameters",),
        parameter_kinds={"parameter": "positional"},
    ),
    "swift": Shape(
        ("swift",),
        bodies=("computed_property",),
        extending=("class_declaration",),
        declarations=("protocol_function_declaration", "init_declaration", "function_declaration"),
        hidden_words=("private", "fileprivate"),
        parameter_kinds={"parameter": "keyword"},
        imports_whole=True,
    ),
    "scala": Shape(
        ("scala",),
        declarations=("function_declaration",),
        hidden_words=("private", "protected"),
        parameter_holders=("parameters",),
        parameter_kinds={"parameter": "positional"},
        wildcards=("*", "_", "given"),
    ),
    "bash": Shape(("bash",)),
}
"""The languages that tagged.py reads. No tags.scm of the grammars tells signatures, bodies, receivers or bases,
and some grammars (Kotlin, Bash) ship none: so the queries are ours."""
