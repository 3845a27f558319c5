"""What looks altered in one file, and can be had all the same."""

from __future__ import annotations

import re

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered
from rebuttal.text.model import Arguments, Parameter, Reference

RUNTIME = frozenset(
    (
        "AbortController", "AbortSignal", "Array", "ArrayBuffer", "Atomics", "Attr", "Awaited",
        "BigInt", "Blob", "Body", "BodyInit", "Boolean", "BroadcastChannel", "Buffer", "Cache",
        "Capitalize", "Comment", "CompressionStream", "Crypto", "CryptoKey", "CustomEvent",
        "DOMException", "DOMParser", "DataView", "Date", "DecompressionStream", "Document",
        "Element", "Error", "ErrorEvent", "Event", "EventListener", "EventSource", "EventTarget",
        "Exclude", "Extract", "File", "FileList", "FileReader", "FinalizationRegistry", "FormData",
        "Function", "HTMLElement", "Headers", "HeadersInit", "History", "Image", "InputEvent",
        "InstanceType", "Intl", "Iterator", "JSON", "KeyboardEvent", "Location", "Map", "Math",
        "MessageChannel", "MessageEvent", "MessagePort", "MouseEvent", "MutationObserver",
        "Navigator", "Node", "NodeList", "NonNullable", "Notification", "Number", "Object", "Omit",
        "Parameters", "Partial", "Path2D", "Performance", "PerformanceObserver", "Pick",
        "PointerEvent", "ProgressEvent", "Promise", "PromiseLike", "Proxy", "Range",
        "ReadableStream", "Readonly", "Record", "Reflect", "RegExp", "Request", "RequestInfo",
        "RequestInit", "Required", "ResizeObserver", "Response", "ResponseInit", "ReturnType",
        "Selection", "Set", "SharedArrayBuffer", "Storage", "String", "SubtleCrypto", "Symbol",
        "Text", "TextDecoder", "TextEncoder", "TouchEvent", "TransformStream", "URL",
        "URLSearchParams", "Uint8Array", "Uncapitalize", "WeakMap", "WeakRef", "WeakSet",
        "WebAssembly", "WebSocket", "Window", "Worker", "WritableStream", "XMLHttpRequest", "after",
        "afterAll", "afterEach", "assert", "atob", "before", "beforeAll", "beforeEach", "btoa",
        "clearInterval", "clearTimeout", "console", "crypto", "describe", "expect", "fetch",
        "global", "globalThis", "it", "jest", "performance", "process", "queueMicrotask", "require",
        "setImmediate", "setInterval", "setTimeout", "structuredClone", "test", "vi",
    )
)  # fmt: skip
"""What JavaScript's runtimes, TypeScript and the runners of tests give under a bare name."""


def is_present(one: Altered) -> bool:
    """Whether users of an altered symbol still find it, though its file's symbols do not show it."""
    if one.name == "_":
        return True  # Go and Python: it names nothing.
    # A line that still stands: the grammar lost what it defines, among macros for one.
    return one.new is None and one.diff.new_text is not None and one.old.name_line not in one.diff.removed_lines


def is_key(source: Source, reference: Reference) -> bool:
    """Whether a name in Go names a field in a literal: `Point{X: 1}`."""
    before = source.text[source.text.rfind("\n", 0, reference.start_offset) + 1 : reference.start_offset]
    after = source.text[reference.end_offset : reference.end_offset + 40]
    return re.match(r"\s*:(?!=)", after) is not None and not before.lstrip().startswith("case ")


def is_inner_type(one: Altered, source: Source) -> bool:
    """Whether a function of a Go file has a type of its own of that name."""
    return re.search(rf"^[ \t]+type[ \t]+{re.escape(one.name)}\b", source.text, re.MULTILINE) is not None


def stands_without(one: Altered, source: Source) -> bool:
    """Whether a bare name in a script's own file still means something once its definition at the top is gone."""
    name = re.escape(one.name)
    # A parameter of a type.
    generic = (
        rf"[<,]\s*(?:const\s+)?{name}(?:\s+extends\b|\s*=(?!>))|<[^<>()]*\b{name}\b[^<>()]*>\s*\(|\binfer\s+{name}\b"
    )
    return (
        one.name in RUNTIME
        or any(symbol.name == one.name for symbol in source.symbols)
        or re.search(generic, source.text) is not None
    )


def binds_in_order(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the first argument is the first parameter's: Ruby first serves those that need one."""
    taken = [one.required for one in parameters if one.kind in ("positional", "positional_only")]
    return sorted(taken, reverse=True) == taken


def needs(one: Altered, given: Arguments) -> bool:
    """Whether a JavaScript function goes wrong for a call that leaves its last arguments out.

    What it only stores or hands on may well be undefined; what it takes apart or counts with may not, nor may an
    argument that now lands a place too early.
    """
    if one.new is None:
        return False
    before = [parameter.name for parameter in (one.old.parameters or ())[: given.positional]]
    after = one.new.parameters or ()
    missing = [parameter for parameter in after[given.positional :] if parameter.required]
    for parameter in missing:
        if parameter.name in before and not _is_akin(parameter.name, after[before.index(parameter.name)].name):
            return True
    body = (one.diff.new_text or "")[one.new.start_offset : one.new.end_offset]
    return any(_is_taken_apart(parameter, body) for parameter in missing)


def _is_akin(old: str, new: str) -> bool:
    """Whether a parameter that now stands where another did seems to take that one's values too: `handlerOrOptions`."""
    return bool(new) and (old.lower() in new.lower() or new.lower() in old.lower())


def _is_taken_apart(parameter: Parameter, body: str) -> bool:
    if not re.fullmatch(r"[\w$]+", parameter.name):
        return True  # A pattern: undefined has no properties.
    name = rf"(?<![\w$.]){re.escape(parameter.name)}(?![\w$])"
    used = rf"{name}\s*(?:\.|\[|\(|[*/%](?!/)|-(?!-))|[*/%]\s*{name}|\.\.\.\s*{name}|\bof\s+{name}|\$\{{{name}\}}"
    return re.search(used, body.partition("{")[2]) is not None
