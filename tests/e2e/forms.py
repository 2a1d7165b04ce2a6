"""Whether a form or button of a page says what its API route takes: path, query, body, every field and every required one.

Reads the API's own description. A form that no story fills in is held to it all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.e2e.browser import Watched

Part = Mapping[str, Any]

_SENDERS = """
Array.from(document.querySelectorAll('[data-api]')).map(each => {
  const isField = one => one.name && one.type !== 'file' && one.name !== 'content_type' && one.dataset.ofPath === undefined;
  const {api, fixed = null, upload = null, ids = ''} = each.dataset;
  const fields = Array.from(each.elements ?? []).filter(isField).map(one => one.name);
  return {api, fixed, upload, isForm: each.matches('form'), fields: [...fields, ...ids.split(' ').filter(Boolean)]};
})
"""


@dataclass(frozen=True)
class Description:
    """The API's description: its operations by method and path."""

    document: Part

    def complaints(self, tab: Watched) -> list[str]:
        """Return what the page's forms and buttons say that their routes do not take."""
        return [
            f"{each['api']}: {complaint}" for each in tab.page.evaluate(_SENDERS) for complaint in self._wrong(each)
        ]

    def _wrong(self, sender: Part) -> Iterator[str]:
        method, address = sender["api"].split(" ", 1)
        parts = urlsplit(address)
        operation = self._operation(method, parts.path)
        if operation is None:
            yield "no such route"
            return
        known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        unknown = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if name not in known]
        if unknown:
            yield f"the query has no {unknown}"
        content = operation.get("requestBody", {}).get("content", {})
        if sender["upload"] is not None:
            if not content or (set(content) == {"application/json"} and "lodge" not in parts.path):
                yield "the route takes no file"
            return
        yield from self._body(sender, content.get("application/json", {}).get("schema"))

    def _body(self, sender: Part, schema: Part | None) -> Iterator[str]:
        sends = sender["isForm"] or sender["fixed"] is not None
        if schema is None:
            if sender["fixed"] not in {None, "{}"} or sender["fields"]:
                yield "the route takes no body"
            return
        if not sends:
            yield "the route takes a body, and the button sends none"
            return
        fixed = json.loads(sender["fixed"] or "{}")
        given = {*fixed, *(re.split(r"[.\[]", name)[0] for name in sender["fields"])}
        shape = self._shape(schema)
        yield from (f"needs {name}" for name in shape.get("required", ()) if name not in given)
        for name in sorted({*fixed, *sender["fields"]}):
            if not self._is_place(schema, [step.rstrip("]") for step in re.split(r"[.\[]", name)]):
                yield f"knows no {name}"

    def _operation(self, method: str, path: str) -> Part | None:
        for template, operations in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) and method.lower() in operations:
                found: Part = operations[method.lower()]
                return found
        return None

    def _shape(self, schema: Part) -> Part:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _is_place(self, schema: Part, steps: list[str]) -> bool:
        shape = self._shape(schema)
        ways = [*shape.get("anyOf", ()), *shape.get("oneOf", ()), *shape.get("allOf", ())]
        if ways:
            return any(self._is_place(way, steps) for way in ways)
        if not steps:
            return True
        if shape.get("type") == "array":
            return steps[0].isdigit() and self._is_place(shape.get("items", {}), steps[1:])
        inner = shape.get("properties", {}).get(steps[0])
        if inner is None:
            return bool(shape.get("additionalProperties"))
        return self._is_place(inner, steps[1:])
