"""Writes the typed half of the client from the API's description: shapes, the table of operations, and a method for each.

``tonne routes --client tonne_client/generated`` (``make client``) renews them. Reads the description only and knows no operation by name.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Described = Mapping[str, Any]

_WRITTEN = "Written from the API's description; renew it with: make client"
_BY_FORMAT = {"uuid": "UUID", "date": "date", "date-time": "datetime", "decimal": "Decimal"}
_BY_TYPE = {"integer": "int", "boolean": "bool", "string": "str", "null": "None", "number": "Decimal"}
_RESERVED = {"content", "content_type", "body", "self"}


def written(description: Described) -> dict[str, str]:
    """Return the text of every generated file by its name; the same description gives the same bytes."""
    return {
        "__init__.py": f'"""{_WRITTEN}."""\n',
        "shapes.py": "".join(_shapes(description)),
        "operations.py": "".join(_operations(description)),
        "calls.py": "".join(_calls(description)),
    }


def python_name(name: str) -> str:
    """Return a field's or parameter's name as Python takes it: ``from_`` for ``from``, ``idempotency_key`` for a header."""
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in _RESERVED else plain


def type_of(schema: Described, prefix: str = "") -> str:
    """Return the Python type of a schema as source; shapes are written with ``prefix`` before their name."""
    if "$ref" in schema:
        return f"{prefix}{schema['$ref'].rpartition('/')[2]}"
    if "const" in schema or "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema.get('enum', [schema.get('const')])))}]"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " | ".join(dict.fromkeys(type_of(each, prefix) for each in schema[choice]))
    kind = schema.get("type")
    if kind == "array":
        return f"tuple[{type_of(schema['items'], prefix)}, ...]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Mapping[str, {type_of(values, prefix) if isinstance(values, dict) else 'object'}]"
    return _BY_FORMAT.get(str(schema.get("format")), _BY_TYPE.get(str(kind), "object"))


def _head(about: str, *imports: str) -> str:
    lines = "\n".join(imports)
    return f'"""{about}\n\n{_WRITTEN}.\n"""\n\nfrom __future__ import annotations\n\n{lines}\n'


def _shapes(description: Described) -> Iterator[str]:
    yield _head(
        "The shapes that enter and leave the API.",
        "from collections.abc import Mapping",
        "from dataclasses import dataclass, field",
        "from datetime import date, datetime",
        "from decimal import Decimal",
        "from typing import Literal, TypeAlias",
        "from uuid import UUID",
    )
    schemas = description["components"]["schemas"]
    plain = [name for name, schema in schemas.items() if "properties" not in schema and schema.get("type") != "object"]
    for name in plain:
        yield f"\n{name}: TypeAlias = {type_of(schemas[name])}\n"
    for name, schema in schemas.items():
        if name not in plain:
            yield "".join(_shape(name, schema))


def _shape(name: str, schema: Described) -> Iterator[str]:
    yield f"\n\n@dataclass(frozen=True, kw_only=True)\nclass {name}:\n"
    yield f"    {_quoted(schema.get('description') or name)}\n"
    required = set(schema.get("required", ()))
    for field_name, field in schema.get("properties", {}).items():
        own = python_name(field_name)
        kind = type_of(field)
        if field_name not in required and "None" not in kind.split(" | "):
            kind += " | None"
        metadata = f', metadata={{"name": {field_name!r}}}' if own != field_name else ""
        given = [] if field_name in required else ["default=None"]
        default = ""
        if metadata:
            default = f" = field({', '.join(given)}{metadata if given else metadata.removeprefix(', ')})"
        elif given:
            default = " = None"
        yield f"\n    {own}: {kind}{default}\n"
        if field.get("description"):
            yield f"    {_quoted(field['description'])}\n"


def _quoted(text: str) -> str:
    plain = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    lines = [line.rstrip() for line in plain.splitlines()]
    closing = "\n    " if len(lines) > 1 or plain.endswith('"') else ""
    return '"""' + "\n".join([lines[0], *(f"    {line}" if line else "" for line in lines[1:])]) + closing + '"""'


def _each(description: Described) -> Iterator[tuple[str, str, Described]]:
    found = [
        (path, method.upper(), operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    yield from sorted(found, key=lambda each: str(each[2]["operationId"]))


def _parameters(operation: Described) -> list[Described]:
    """Return the path's and query's parameters; what is sent as a header the client sees to itself."""
    return [each for each in operation.get("parameters", ()) if each["in"] in {"path", "query"}]


def _body(operation: Described) -> tuple[Described | None, tuple[str, ...], bool]:
    """Return the JSON body's schema, the content types of an upload, and whether a body must be sent."""
    asked = operation.get("requestBody", {})
    content = asked.get("content", {})
    is_upload = any(each.get("schema", {}).get("format") == "binary" for each in content.values())
    if is_upload:
        return None, tuple(content), True
    schema = content.get("application/json", {}).get("schema")
    return schema, (), bool(asked.get("required"))


def _answer(operation: Described) -> tuple[Described | None, tuple[str, ...]]:
    """Return the schema of the answer, or the content types of the file that it is."""
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            content = answer.get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            is_shape = set(content) == {"application/json"} and ("$ref" in schema or "anyOf" in schema)
            return (schema, ()) if is_shape else (None, tuple(content))
    return None, ()


def _operations(description: Described) -> Iterator[str]:
    yield _head(
        "Every operation of the API: where it stands, what it takes and what it answers.",
        "from collections.abc import Mapping",
        "from datetime import date, datetime",
        "from decimal import Decimal",
        "from typing import Literal",
        "from uuid import UUID",
        "",
        "from tonne_client.generated import shapes",
        "from tonne_client.operation import Operation, Parameter",
    )
    yield "\nOPERATIONS: Mapping[str, Operation] = {\n"
    for path, method, operation in _each(description):
        schema, uploads, _ = _body(operation)
        answer, files = _answer(operation)
        is_keyed = any(each["name"].lower() == "idempotency-key" for each in operation.get("parameters", ()))
        yield f"    {operation['operationId']!r}: Operation(\n"
        yield f"        name={operation['operationId']!r},\n        method={method!r},\n        path={path!r},\n"
        yield f"        tag={operation['tags'][0]!r},\n"
        yield f"        summary={_summary(operation)!r},\n        asks={operation.get('x-policy', '')!r},\n"
        yield "        parameters=(\n"
        for each in _parameters(operation):
            yield (
                f"            Parameter(name={python_name(each['name'])!r}, sent_as={each['name']!r}, place={each['in']!r}, "
                f"is_required={bool(each.get('required'))}, type={type_of(each['schema'], 'shapes.')}),\n"
            )
        yield "        ),\n"
        yield f"        body={type_of(schema, 'shapes.') if schema else None},\n        uploads={uploads!r},\n"
        yield f"        answer={type_of(answer, 'shapes.') if answer else None},\n        files={files!r},\n"
        yield f"        is_keyed={is_keyed},\n    ),\n"
    yield "}\n"


def _summary(operation: Described) -> str:
    said = str(operation.get("description") or operation.get("summary") or operation["operationId"])
    return said.strip().partition("\n")[0]


def _calls(description: Described) -> Iterator[str]:
    yield _head(
        "One method for each operation of the API.",
        "from abc import ABC, abstractmethod",
        "from collections.abc import Mapping",
        "from datetime import date, datetime",
        "from decimal import Decimal",
        "from typing import Literal, cast",
        "from uuid import UUID",
        "",
        "from tonne_client.generated import shapes",
        "from tonne_client.operation import File",
    )
    yield "\n\nclass Calls(ABC):\n"
    yield '    """Every operation as a method; how a request travels is the client\'s."""\n\n'
    yield "    @abstractmethod\n"
    yield "    def call(self, name: str, given: Mapping[str, object], *, body: object = None, content_type: str = '') -> object:\n"
    yield '        """Send one request and return its answer."""\n'
    for _, _, operation in _each(description):
        yield "".join(_method(operation))


def _method(operation: Described) -> Iterator[str]:
    schema, uploads, needs_body = _body(operation)
    answer, _ = _answer(operation)
    asked = sorted(_parameters(operation), key=lambda each: not each.get("required"))
    arguments = []
    for each in asked:
        kind = type_of(each["schema"], "shapes.")
        if each.get("required"):
            arguments.append(f"{python_name(each['name'])}: {kind}")
        else:
            optional = kind if "None" in kind.split(" | ") else f"{kind} | None"
            arguments.append(f"{python_name(each['name'])}: {optional} = None")
    passed = ""
    if uploads:
        arguments = ["content: bytes", f"content_type: str = {uploads[0]!r}", *arguments]
        passed = ", body=content, content_type=content_type"
    elif schema:
        kind = type_of(schema, "shapes.")
        arguments = [f"body: {kind}" if needs_body else f"body: {kind} | None = None", *arguments]
        passed = ", body=body"
    given = ", ".join(f"{python_name(each['name'])!r}: {python_name(each['name'])}" for each in asked)
    listed = f", *, {', '.join(arguments)}" if arguments else ""
    returned = type_of(answer, "shapes.") if answer else "File"
    name = operation["operationId"]
    yield f"\n    def {name}(self{listed}) -> {returned}:\n"
    said = _quoted(str(operation.get("description") or _summary(operation))).replace("\n    ", "\n        ")
    yield f"        {said}\n"
    yield f'        return cast("{returned}", self.call({name!r}, {{{given}}}{passed}))\n'


def write(description: Described, folder: Path) -> None:
    """Write the files into ``folder``, which is made where it is missing."""
    folder.mkdir(exist_ok=True)
    for name, text in written(description).items():
        (folder / name).write_text(text, encoding="utf-8")
