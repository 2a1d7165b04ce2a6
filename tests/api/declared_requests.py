"""Requests made from what the application declares: every route with the example of its body, and ids put into its path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from sqlalchemy import select

from api.auth.policy import Declared
from api.description import describe
from api.edge import EdgeRoute
from ledger.store.database import Database
from migrations.tables import metadata

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "book_id": ("book.book_uuid",),
    "key_id": ("signing_key.key_id",),
    "api_key_id": ("api_key.key_id",),
    "session_id": ("access_session.session_id",),
    "grant_id": ("membership_role.grant_id",),
    "entity_id": ("legal_entity.entity_id",),
    "ref": ("person_note.ref",),
    "order_id": ("trading_proposal.proposal_id",),
    "correction_id": ("trading_proposal.proposal_id",),
    "counterparty_id": ("trading_proposal.proposal_id",),
    "limit_id": ("trading_proposal.proposal_id",),
    "transfer_id": ("trading_proposal.proposal_id", "entry.transfer_id"),
    "upload_id": ("market_proposal.proposal_id",),
    "breach_id": ("label_event.event_id",),
    "webhook_id": ("webhook_endpoint.endpoint_id",),
    "user_id": ("user_account.user_id",),
    "organisation_id": ("organisation.organisation_id",),
    "snapshot_id": ("market_snapshot.snapshot_id",),
    "period_id": ("kpi_period.kpi_period_id",),
    "kpi_period_id": ("kpi_period.kpi_period_id",),
}
"""Where ids of a path's place are stored, where the name of the place does not say so: ``facility_id`` is in ``facility``."""

PLAIN: Mapping[str, str] = {
    "close": "CEA24",
    "content_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "day": "2026-06-30",
    "feed": "cneeex-cea",
    "market": "cea",
    "match": "1",
    "month": "2026-06",
    "name": "trades",
    "number": "1",
    "path": "Assets:Carbon:CEA25",
    "period": "2026-Q1",
    "rule": "C02",
    "seq": "1",
    "set_id": "factors",
    "source": "icbc-basic",
    "template": "trades",
    "version": "1",
    "year": "2026",
}
"""What stands in a path's place that names no record of an organisation's."""


@dataclass(frozen=True)
class Asked:
    """One declared route and what is sent to it."""

    declared: Declared
    content_type: str
    content: bytes | None
    query: str

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)(?::\w+)?}", self.declared.path))

    @property
    def records(self) -> tuple[str, ...]:
        """The places that name a record, as ``stored_ids`` knows them."""
        is_key_of_api = "/api-keys/" in self.declared.path
        named = ("api_key_id" if place == "key_id" and is_key_of_api else place for place in self.places)
        return tuple(place for place in named if place not in PLAIN)

    def path(self, ids: Mapping[str, str]) -> str:
        values = {**PLAIN, **ids, "key_id": ids.get("api_key_id", ids.get("key_id", ""))}
        filled = re.sub(r"{(\w+)(?::\w+)?}", lambda place: quote(values[place[1]], safe=":"), self.declared.path)
        return f"{filled}{self.query}"


def every_request(app: FastAPI) -> Iterator[Asked]:
    """Yield each declared route with its example body and its required query parameters."""
    described = describe(app)
    for route in app.routes:
        if not isinstance(route, EdgeRoute):
            continue
        if not route.include_in_schema:
            yield Asked(declared=route.declared, content_type="", content=None, query="")
            continue
        operation = described["paths"][route.declared.path][route.declared.method.lower()]
        bodies: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
        content_type, shown = next(iter(bodies.items()), ("", {}))
        yield Asked(
            declared=route.declared,
            content_type=content_type,
            content=_content(shown, described["components"]["schemas"]) if bodies else None,
            query=_query(operation),
        )


def stored_ids(database: Database, place: str) -> tuple[str, ...]:
    """Return the ids of all records that a path's place can name."""
    own = place.removesuffix("_id")
    found: list[str] = []
    with database.reader() as session:
        for name in COLUMNS.get(place, (f"{own}.{place}", *_any_key(place))):
            table, _, column = name.partition(".")
            if table in metadata.tables and column in metadata.tables[table].c:
                kept = session.scalars(select(metadata.tables[table].c[column]).distinct().limit(20))
                found += [str(each) for each in kept if each is not None]
    return tuple(dict.fromkeys(found))


def _any_key(place: str) -> tuple[str, ...]:
    return tuple(
        f"{table.name}.{place}"
        for table in metadata.sorted_tables
        if place in table.c and not table.c[place].foreign_keys and table.name != place.removesuffix("_id")
    )


def _content(shown: Mapping[str, Any], schemas: Mapping[str, Any]) -> bytes:
    if "example" in shown:
        example = shown["example"]
        return example.encode() if isinstance(example, str) else json.dumps(example).encode()
    name = shown.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return json.dumps(schemas[name]["examples"][0]).encode() if name else b"{}"


def _query(operation: Mapping[str, Any]) -> str:
    asked = [
        f"{each['name']}={quote(str(_example(each)), safe='')}"
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each.get("required")
    ]
    return f"?{'&'.join(asked)}" if asked else ""


def _example(parameter: Mapping[str, Any]) -> object:
    schema = parameter["schema"]
    if parameter.get("example") is not None:
        return parameter["example"]
    if schema.get("examples"):
        return schema["examples"][0]
    return {"date": "2026-06-30", "uuid": "01901234-5678-7abc-8def-0123456789ab"}.get(schema.get("format", ""), "2026")
