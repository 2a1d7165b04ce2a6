"""Vouchers as the columns that an ERP imports: Kingdee, Yonyou U8 and NC, SAP; which column bears what is data.

Owns the fields a column may bear and how each is spelled. Knows no file format: how a cell is kept from becoming a formula is the
writer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from finance.accounting.vouchers import Voucher, VoucherLine
from finance.conventions.tables import ReferenceStatus, parse_day
from ledger.core.amounts import format_units
from ledger.core.errors import Invalid, NotFound

ErpCell: TypeAlias = "str | int | Decimal | date | None"
_COLUMNS = {"erp", "position", "field", "heading", "effective_from", "effective_to", "source", "status", "version"}
_DEBIT_KEY, _CREDIT_KEY = "40", "50"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpColumn:
    """One column of an ERP's import file on the days ``[effective_from, effective_to)``."""

    erp: str
    position: int
    field: str
    heading: str
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A line of a voucher, and the entity's code in the ERP."""

    voucher: Voucher
    line: VoucherLine
    company_code: str


def erp_columns(rows: Iterable[Mapping[str, str]]) -> tuple[ErpColumn, ...]:
    """Return the columns; one that bears nothing known or stands twice in a place is refused (``erp.column``)."""
    found: list[ErpColumn] = []
    for row in rows:
        if set(row) != _COLUMNS or row["field"] not in _FIELDS or not row["position"].isdigit():
            raise Invalid("erp.column", f"erp_mappings.csv: expected a field of {', '.join(sorted(_FIELDS))}")
        ends = row["effective_to"]
        column = ErpColumn(
            erp=row["erp"],
            position=int(row["position"]),
            field=row["field"],
            heading=row["heading"],
            effective_from=parse_day(row["effective_from"], field="effective_from"),
            effective_to=parse_day(ends, field="effective_to") if ends else None,
            source=row["source"],
            status=ReferenceStatus(row["status"]),
            version=row["version"],
        )
        found.append(column)
    return tuple(found)


def columns_for(columns: Iterable[ErpColumn], erp: str, *, on: date) -> tuple[ErpColumn, ...]:
    """Return an ERP's columns in order on a day; an unknown one is refused with the known ones (``erp.unknown``)."""
    every = tuple(columns)
    held = [
        each
        for each in every
        if each.erp == erp and each.effective_from <= on and (each.effective_to is None or on < each.effective_to)
    ]
    if not held:
        known = ", ".join(sorted({each.erp for each in every}))
        raise NotFound("erp.unknown", f"erp: expected one of {known}", field="erp")
    ordered = sorted(held, key=lambda each: each.position)
    if [each.position for each in ordered] != list(range(1, len(ordered) + 1)):
        raise Invalid("erp.column", f"{erp}: expected positions from 1 without gaps on {on}")
    return tuple(ordered)


def lines_for(
    vouchers: Iterable[Voucher], columns: Iterable[ErpColumn], *, company_code: str
) -> Iterator[tuple[ErpCell, ...]]:
    """Yield one row a voucher line, in order of number and line, its cells by the columns."""
    makers = tuple(_FIELDS[column.field] for column in columns)
    for voucher in vouchers:
        for line in voucher.lines:
            place = _Place(voucher=voucher, line=line, company_code=company_code)
            yield tuple(make(place) for make in makers)


def _money(place: _Place, minor: int) -> Decimal | None:
    return Decimal(format_units(minor, place.line.scale)) if minor else None


def _posting_key(place: _Place) -> str:
    """Return SAP's key of the side that the ledger posts: a red debit is a credit marked negative."""
    return _DEBIT_KEY if place.line.amount_minor > 0 else _CREDIT_KEY


_FIELDS: Mapping[str, Callable[[_Place], ErpCell]] = {
    "company_code": lambda place: place.company_code,
    "document_type": lambda _place: "SA",
    "year": lambda place: place.voucher.month.year,
    "period": lambda place: place.voucher.month.month,
    "word": lambda place: place.voucher.word.value,
    "number": lambda place: place.voucher.number,
    "line": lambda place: place.line.line,
    "voucher_on": lambda place: place.voucher.voucher_on,
    "document_on": lambda place: place.voucher.document_on or place.voucher.voucher_on,
    "summary_zh": lambda place: place.voucher.summary_zh,
    "summary_en": lambda place: place.voucher.summary_en,
    "account_code": lambda place: place.line.account_code,
    "account_name_zh": lambda place: place.line.account_name_zh,
    "currency": lambda place: place.line.currency,
    "debit": lambda place: _money(place, place.line.debit_minor),
    "credit": lambda place: _money(place, place.line.credit_minor),
    "amount": lambda place: _money(place, abs(place.line.amount_minor)),
    "posting_key": _posting_key,
    "negative_flag": lambda place: "X" if place.voucher.is_red else "",
    "quantity": lambda place: place.line.quantity,
    "attachment_count": lambda place: len(place.voucher.attachments),
    "doc_ref": lambda place: place.voucher.doc_ref,
    "entry_id": lambda place: str(place.voucher.entry_id),
    "leaf_hash": lambda place: place.voucher.leaf_hash.hex(),
}
