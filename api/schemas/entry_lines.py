"""Reads journal entries from lines of JSON, in the fields of the HTTP interface, fast and just as strictly.

A line of the plain shape is read directly; anything else goes through the interface's own schema, which takes it or says what is
wrong, so both ways take the same lines and mean the same by them. Knows no file and no book.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Never, TypeGuard
from uuid import UUID

from pydantic import Field, ValidationError

from api.schemas import strict_json
from api.schemas.amounts import Units
from api.schemas.base import Choice, Schema
from api.schemas.books import Attrs
from api.schemas.entries import BatchEntryIn
from api.schemas.fields import DateString, Text, UuidString
from api.store.names import place
from ledger.core.amounts import parse_units
from ledger.core.errors import DomainError, Expected
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PLAIN_ENTRY = frozenset({"entry_id", "kind", "effective_on", "legs"})
_PLAIN_LEG = frozenset({"account", "commodity", "amount"})
_COST_LEG = _PLAIN_LEG | {"lot_cost"}
_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 12, 31)
_MOST_LEGS = 998
_LONGEST_VALUE = 80


class Unreadable(Exception):  # noqa: N818 - what a line is, not what went wrong
    """A line that is no entry: which field, what it said, what was expected."""

    def __init__(self, field: str, value: str, expected: Expected) -> None:
        """Keep the three parts; long values come cut."""
        super().__init__(expected)
        self.field = field
        self.value = value[:_LONGEST_VALUE]
        self.expected = expected


class EntryReader:
    """Turns lines into drafts of one actor, in one book's units."""

    def __init__(self, units: Units, actor: Actor) -> None:
        """Read amounts in ``units``; every draft is ``actor``'s."""
        self._units = units
        self._actor = actor
        self._scales = {code: commodity.scale for code, commodity in units.commodities.items()}
        self._cost_scale = self._scales[units.functional_currency]
        self._kinds = {kind.value: kind for kind in EntryKind}
        self._days: dict[str, date] = {}

    def read(self, line: bytes) -> JournalDraft:
        """Return the draft that ``line`` spells, or raise ``Unreadable`` with the first thing that is wrong."""
        try:
            draft = self._plain(line)
        except (DomainError, ValueError, RecursionError):
            draft = None
        return self._by_schema(line) if draft is None else draft

    def _plain(self, line: bytes) -> JournalDraft | None:
        """Return the draft of a line of the plain shape, None when it is another; a refusal here is told by the schema."""
        entry = _LOADS(line.decode())
        if not _is_object(entry) or entry.keys() != _PLAIN_ENTRY:
            return None
        entry_id, kind, legs = entry["entry_id"], entry["kind"], entry["legs"]
        if not isinstance(entry_id, str) or not _UUID.fullmatch(entry_id) or not isinstance(kind, str):
            return None
        day = self._day(entry["effective_on"])
        if day is None or not isinstance(legs, list) or len(legs) > _MOST_LEGS:
            return None
        postings = []
        for leg in legs:
            posting = self._leg(leg)
            if posting is None:
                return None
            postings.append(posting)
        return JournalDraft(
            entry_id=UUID(entry_id),
            kind=self._kinds[kind] if kind in self._kinds else _refuse(),
            effective_on=day,
            actor=self._actor,
            postings=tuple(postings),
        )

    def _day(self, text: object) -> date | None:
        if not isinstance(text, str):
            return None
        day = self._days.get(text)
        if day is None and _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            if not _EARLIEST <= day <= _LATEST:
                return None
            self._days[text] = day
        return day

    def _leg(self, leg: object) -> Posting | None:
        if not _is_object(leg):
            return None
        keys = leg.keys()
        if keys not in (_PLAIN_LEG, _COST_LEG):
            return None
        account, commodity, amount, cost = leg["account"], leg["commodity"], leg["amount"], leg.get("lot_cost")
        if (
            not isinstance(account, str)
            or not isinstance(commodity, str)
            or not isinstance(amount, str)
            or not (cost is None or isinstance(cost, str))
            or commodity not in self._scales
        ):
            return None
        return Posting(
            account,
            commodity,
            parse_units(amount, self._scales[commodity], field="amount"),
            None if cost is None else parse_units(cost, self._cost_scale, field="lot_cost"),
        )

    def _by_schema(self, line: bytes) -> JournalDraft:
        try:
            document = strict_json.parse(line)
            if isinstance(document, dict) and "reverses" in document:
                return ReversalLineIn.model_validate(document).to_core(self._actor)
            entry = BatchEntryIn.model_validate(document)
            return entry.to_core(entry.entry_id, self._units, self._actor)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            value = first.get("input")
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            raise Unreadable(place(first["loc"]), shown, Expected("field.rule", first["msg"])) from error
        except DomainError as error:
            field = error.data.get("field", "")
            raise Unreadable(
                field, error.data.get("value") or error.data.get("commodity", ""), Expected.of(error)
            ) from error


class ReversalLineIn(Schema):
    """A line of kind ``reversal``: it names the entry that it gives back and has no legs of its own."""

    entry_id: UuidString
    kind: Choice[EntryKind]
    reverses: UuidString
    effective_on: DateString
    document_on: DateString | None = None
    doc_ref: Text | None = None
    attrs: Attrs = Field(default_factory=dict)

    def to_core(self, actor: Actor) -> JournalDraft:
        """Return the draft of ``actor``."""
        return JournalDraft(
            entry_id=self.entry_id,
            kind=self.kind,
            reverses=self.reverses,
            effective_on=self.effective_on,
            actor=actor,
            document_on=self.document_on,
            doc_ref=self.doc_ref,
            attrs=self.attrs or None,
        )


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _refuse()


def _refuse(*_: object) -> Never:
    raise ValueError


_LOADS = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_refuse, parse_float=_refuse, parse_constant=_refuse
).decode


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
