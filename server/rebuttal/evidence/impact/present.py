"""What looks altered in one file, and can be had all the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered
from rebuttal.text.model import Arguments, Parameter

_GO_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)
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


def is_present(one: Altered, sources: Sequence[Source]) -> bool:
    """Whether users of an altered symbol still find it, by what is not to be seen in its own file's symbols.

    `sources`: the files of the new side that hold its name.
    """
    if one.name == "_":
        return True  # Go and Python: it names nothing.
    if one.new is None and one.diff.new_text is not None and one.old.name_line not in one.diff.removed_lines:
        return True  # Its line still stands: the grammar lost it, among macros for one.
    if one.language == "go":
        return any(_is_of_package(one, source) and _defines(one, source) for source in sources)
    return False


def _is_of_package(one: Altered, source: Source) -> bool:
    """Whether another file belongs to the same Go package, where it does not matter which file defines what."""
    if source.path == one.diff.path or posixpath.dirname(source.path) != posixpath.dirname(one.diff.path):
        return False
    package, own = _GO_PACKAGE.search(source.text), _GO_PACKAGE.search(one.diff.old_text or "")
    return package is not None and own is not None and package[1] == own[1]


def _defines(one: Altered, source: Source) -> bool:
    return any(symbol.qualified == one.old.qualified for symbol in source.symbols)


def stands_without(one: Altered, source: Source) -> bool:
    """Whether a bare name in a script's own file still means something once its definition at the top is gone."""
    return one.name in RUNTIME or any(symbol.name == one.name for symbol in source.symbols)


def needs(one: Altered, given: Arguments) -> bool:
    """Whether a JavaScript function goes wrong for a call that leaves its last arguments out.

    What it only stores or hands on may well be undefined; what it takes apart or counts with may not, nor may an
    argument that now lands a place too early.
    """
    if one.new is None:
        return False
    before = [parameter.name for parameter in one.old.parameters or ()]
    missing = [parameter for parameter in (one.new.parameters or ())[given.positional :] if parameter.required]
    if any(parameter.name in before[: given.positional] for parameter in missing):
        return True
    body = (one.diff.new_text or "")[one.new.start_offset : one.new.end_offset]
    return any(_is_taken_apart(parameter, body) for parameter in missing)


def _is_taken_apart(parameter: Parameter, body: str) -> bool:
    if not re.fullmatch(r"[\w$]+", parameter.name):
        return True  # A pattern: undefined has no properties.
    name = rf"(?<![\w$.]){re.escape(parameter.name)}(?![\w$])"
    used = rf"{name}\s*(?:\.|\[|\(|[*/%](?!/)|-(?!-))|[*/%]\s*{name}|\.\.\.\s*{name}|\bof\s+{name}|\$\{{{name}\}}"
    return re.search(used, body.partition("{")[2]) is not None
