"""The subset of JSON Schema that structured outputs take, and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import define

from tests.emulator.errors import bad_request

TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
ANNOTATIONS = frozenset({"title", "description", "default", "$schema", "$id", "$comment", "examples"})
SUPPORTED = frozenset(
    {
        *ANNOTATIONS,
        *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "allOf"),
        *("$ref", "$defs", "definitions", "format", "pattern", "minItems"),
    }
)
MAX_OPTIONAL = 24
MAX_UNIONS = 16
_HARD_PATTERN = re.compile(r"\(\?[=!<]|\\[1-9]|\\[bB]")


@define
class Complexity:
    """Counted over the format and all strict tools of a request."""

    optional: int = 0
    unions: int = 0

    def check(self) -> None:
        if self.optional > MAX_OPTIONAL or self.unions > MAX_UNIONS:
            raise bad_request("Schema is too complex for compilation.")


def check(schema: Any, where: str, complexity: Complexity) -> None:
    """Raises ApiError 400 for a schema outside the subset; adds to `complexity`."""
    if not isinstance(schema, dict):
        raise bad_request(f"{where}: Input should be a valid dictionary")
    _Check(schema, where, complexity).run()


@define
class _Check:
    root: dict[str, Any]
    where: str
    complexity: Complexity

    def run(self) -> None:
        self._node(self.root, self.where)
        for name, definition in self._definitions():
            self._node(definition, f"{self.where}.{name}")
            self._refuse_recursion(definition, (name,))

    def _definitions(self) -> Iterator[tuple[str, Any]]:
        for home in ("$defs", "definitions"):
            for name, definition in self.root.get(home, {}).items():
                yield f"#/{home}/{name}", definition

    def _node(self, node: Any, where: str) -> None:
        if not isinstance(node, dict):
            raise bad_request(f"{where}: a schema must be an object")
        if unknown := sorted(set(node) - SUPPORTED):
            raise bad_request(f"{where}: For '{node.get('type', 'schema')}' type, {unknown[0]!r} is not supported")
        self._type(node, where)
        self._scalars(node, where)
        self._object(node, where)
        self._array(node, where)
        for key in ("anyOf", "allOf"):
            for number, part in enumerate(node.get(key, ())):
                if key == "allOf" and isinstance(part, dict) and "$ref" in part:
                    raise bad_request(f"{where}.allOf: '$ref' inside 'allOf' is not supported")
                self._node(part, f"{where}.{key}.{number}")
        if "anyOf" in node or isinstance(node.get("type"), list):
            self.complexity.unions += 1
        if "$ref" in node:
            self._target(node["$ref"], where)

    def _type(self, node: dict[str, Any], where: str) -> None:
        kind = node.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if kind is None and not {"anyOf", "allOf", "$ref", "enum", "const"} & set(node):
            raise bad_request(f"{where}: a schema must have a 'type', 'anyOf', 'allOf', '$ref', 'enum' or 'const'")
        if kind is not None and not set(kinds) <= TYPES:
            raise bad_request(f"{where}: unknown type {kind!r}")

    def _scalars(self, node: dict[str, Any], where: str) -> None:
        if any(isinstance(value, dict | list) for value in node.get("enum", ())):
            raise bad_request(f"{where}: enum values must be primitives")
        if "format" in node and node["format"] not in FORMATS:
            raise bad_request(f"{where}: format {node['format']!r} is not supported")
        if "pattern" in node and _HARD_PATTERN.search(node["pattern"]):
            raise bad_request(f"{where}: pattern uses a feature that is not supported")

    def _object(self, node: dict[str, Any], where: str) -> None:
        kinds = node.get("type")
        if kinds != "object" and not (isinstance(kinds, list) and "object" in kinds):
            return
        if node.get("additionalProperties") is not False:
            raise bad_request(f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false")
        properties = node.get("properties", {})
        required = node.get("required", [])
        if missing := sorted(set(required) - set(properties)):
            raise bad_request(f"{where}: required property {missing[0]!r} is not defined")
        self.complexity.optional += len(set(properties) - set(required))
        for name, part in properties.items():
            self._node(part, f"{where}.{name}")

    def _array(self, node: dict[str, Any], where: str) -> None:
        if node.get("minItems", 0) not in (0, 1):
            raise bad_request(f"{where}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
        if "items" in node:
            self._node(node["items"], f"{where}.items")

    def _target(self, ref: Any, where: str) -> Any:
        found = dict(self._definitions()).get(ref)
        if found is None:
            raise bad_request(f"{where}: $ref {ref!r} is not an internal reference that is defined")
        return found

    def _refuse_recursion(self, node: Any, path: tuple[str, ...]) -> None:
        for ref in _references(node):
            if ref in path:
                raise bad_request(f"{self.where}: recursive schemas are not supported ({ref})")
            self._refuse_recursion(self._target(ref, self.where), (*path, ref))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def minimal(schema: dict[str, Any]) -> Any:
    """The smallest value that fits: what an unscripted speaker answers."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return minimal(schema["anyOf"][0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: minimal(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [minimal(schema["items"])] if schema.get("minItems") else []
    return {"string": "", "integer": 0, "number": 0, "boolean": False}.get(str(kind))
