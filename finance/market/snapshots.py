"""Snapshots: the marks of one close, frozen and hashed, so that a valuation can be repeated to the cent for ever.

Owns the frozen set and its canonical bytes. A valuation names a snapshot, never "the latest prices".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import rfc8785

from finance.conventions.calendars import BusinessCalendar
from finance.market.mark_rules import MarkRules
from finance.market.marks import ApprovedMark, Mark, mark_for
from finance.market.observations import Observation, check_instant, check_text
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The marks for ``as_of`` by what was known at ``known_at``, sorted by instrument, one each.

    ``calendars`` maps each market to the edition of its calendar by which marks were aged; a later edition changes no
    frozen snapshot. Empty in snapshots frozen before editions were named.
    ``sha256`` is over the canonical bytes of everything but ``id``: two snapshots of the same content have the same
    hash.
    """

    id: str
    as_of: date
    known_at: datetime
    marks: tuple[Mark, ...]
    sha256: str
    calendars: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an unordered or repeated set and a hash that is not of these marks."""
        check_text(self.id, field="snapshot id")
        check_instant(self.known_at, field="known_at")
        names = [mark.instrument for mark in self.marks]
        if names != sorted(set(names)):
            raise Invalid(
                "market.snapshot_order", "marks: expected one per instrument, sorted by instrument", id=self.id
            )
        if self.sha256 != hashlib.sha256(self.canonical_bytes()).hexdigest():
            raise Invalid(
                "market.snapshot_hash", "sha256: the hash is not of these marks; the snapshot was altered", id=self.id
            )

    def canonical_bytes(self) -> bytes:
        """Return the RFC 8785 JSON of the content: dates as ISO text, prices as decimal text, instants in UTC."""
        return _canonical_bytes(as_of=self.as_of, known_at=self.known_at, marks=self.marks, calendars=self.calendars)

    def mark(self, instrument: str) -> Mark | None:
        """Return the mark of ``instrument``, ``None`` when the snapshot was not asked for it."""
        return next((mark for mark in self.marks if mark.instrument == instrument), None)


def freeze_snapshot(
    snapshot_id: str,
    *,
    as_of: date,
    known_at: datetime,
    marks: Iterable[Mark],
    calendars: Mapping[str, str] | None = None,
) -> Snapshot:
    """Return ``marks`` as a snapshot: sorted by instrument and hashed, with the editions of the ``calendars`` used."""
    check_instant(known_at, field="known_at")
    ordered = tuple(sorted(marks, key=lambda mark: mark.instrument))
    editions = dict(calendars or {})
    content = _canonical_bytes(as_of=as_of, known_at=known_at, marks=ordered, calendars=editions)
    return Snapshot(
        id=snapshot_id,
        as_of=as_of,
        known_at=known_at,
        marks=ordered,
        sha256=hashlib.sha256(content).hexdigest(),
        calendars=editions,
    )


def build_snapshot(
    snapshot_id: str,
    *,
    as_of: date,
    known_at: datetime,
    instruments: Iterable[str],
    observations: Iterable[Observation],
    calendars: Mapping[str, BusinessCalendar],
    rules: MarkRules,
    approved: Iterable[ApprovedMark] = (),
    editions: Mapping[str, str] | None = None,
) -> Snapshot:
    """Return the snapshot of ``instruments``; each has a mark, if only a missing one.

    ``calendars`` maps the calendar names of ``sources.csv`` to calendars, ``editions`` to what each is called; the
    snapshot names those it used. What is learned after ``known_at`` changes nothing.
    """
    seen, approvals, marks = tuple(observations), tuple(approved), []
    used: set[str] = set()
    for instrument in sorted(set(instruments)):
        name = rules.calendar_of(instrument, on=as_of)
        if name not in calendars:
            raise Invalid("market.calendar", f"calendars: expected the calendar {name} for {instrument}", calendar=name)
        used.add(name)
        marks.append(
            mark_for(
                instrument,
                as_of=as_of,
                known_at=known_at,
                observations=seen,
                calendar=calendars[name],
                rules=rules,
                approved=approvals,
            )
        )
    named = {market: edition for market, edition in (editions or {}).items() if market in used}
    return freeze_snapshot(snapshot_id, as_of=as_of, known_at=known_at, marks=marks, calendars=named)


def _canonical_bytes(*, as_of: date, known_at: datetime, marks: Iterable[Mark], calendars: Mapping[str, str]) -> bytes:
    # Snapshots frozen before calendars had editions keep their hash.
    named = {"calendars": dict(calendars)} if calendars else {}
    return rfc8785.dumps(
        {
            "as_of": as_of.isoformat(),
            "known_at": known_at.isoformat(),
            "marks": [_mark_fields(mark) for mark in marks],
            **named,
        }
    )


def _mark_fields(mark: Mark) -> dict[str, str | int | bool | None]:
    return {
        "age_trading_days": mark.age_trading_days,
        "approved_by": mark.approved_by,
        "basis": None if mark.basis is None else mark.basis.value,
        "currency": mark.currency,
        "instrument": mark.instrument,
        "is_fallback": mark.is_fallback,
        "last_trade_date": None if mark.last_trade_date is None else mark.last_trade_date.isoformat(),
        "last_value": None if mark.last_value is None else f"{mark.last_value:f}",
        "raw_sha256": mark.raw_sha256,
        "revision": mark.revision,
        "source": mark.source,
        "state": mark.state.value,
        "trade_date": None if mark.trade_date is None else mark.trade_date.isoformat(),
        "unit": mark.unit,
        "value": None if mark.value is None else f"{mark.value:f}",
    }
