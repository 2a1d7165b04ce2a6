"""Writes and reads price observations with the bytes they came from, and frozen snapshots.

Takes a session first and never commits. Judges nothing: what is stored and what is held was decided before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.exact_text import fraction_text
from finance.market.marks import Mark, MarkState
from finance.market.observations import AcceptOutcome, Observation, PriceBasis
from finance.market.reasons import PriceReason
from finance.market.snapshots import Snapshot
from finance.store.tables.feeds import HeldReviewRow
from finance.store.tables.market import (
    HeldObservationRow,
    MarketSnapshotRow,
    ObservationRow,
    ProposedMarkRow,
    RawFileRow,
)
from ledger.core.errors import Conflict, Invalid, NotFound

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """Bytes as they came, with the name they came under."""

    file_name: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse a name that cannot be shown, and a file without content."""
        if not 1 <= len(self.file_name) <= _LONGEST_NAME or not self.file_name.isprintable():
            raise Invalid("market.file_name", f"file_name: expected 1 to {_LONGEST_NAME} printable characters")
        if not self.content:
            raise Invalid("market.file_empty", f"{self.file_name}: expected content; send the file again")

    @property
    def sha256(self) -> str:
        """Return the hash of the content, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldObservation:
    """An observation that waits for review, and why."""

    content_sha256: str
    observation: Observation
    acceptance: str
    reasons: tuple[PriceReason, ...]
    recorded_by: UUID


def lock_market(session: Session, organisation_id: UUID) -> None:
    """Let one writer at a time change an organisation's prices and marks, until the transaction ends.

    On SQLite the transaction holds the write lock already (BEGIN IMMEDIATE).
    """
    if session.get_bind().dialect.name == "postgresql":
        digest = hashlib.sha256(b"tonne.market" + organisation_id.bytes).digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))


def save_raw_file(session: Session, organisation_id: UUID, raw: RawFile, *, by: UUID, at: datetime) -> None:
    """Keep the bytes; the same content again changes nothing and keeps its first name."""
    standing = select(RawFileRow.sha256).where(
        RawFileRow.organisation_id == organisation_id, RawFileRow.sha256 == raw.sha256
    )
    if session.scalar(standing) is not None:
        return
    session.execute(
        insert(RawFileRow).values(
            organisation_id=organisation_id,
            sha256=raw.sha256,
            file_name=raw.file_name,
            content=raw.content,
            received_at=at,
            received_by=by,
        )
    )


def find_raw_file(session: Session, organisation_id: UUID, sha256: str) -> RawFile | None:
    """Return the bytes with that hash, ``None`` when the organisation has none."""
    row = session.get(RawFileRow, (organisation_id, sha256))
    return None if row is None else RawFile(file_name=row.file_name, content=bytes(row.content))


def list_observations(
    session: Session,
    organisation_id: UUID,
    *,
    instruments: Iterable[str],
    since: date | None = None,
    until: date | None = None,
    known_at: datetime | None = None,
) -> tuple[Observation, ...]:
    """Return every revision of the instruments' prices for days from ``since`` to ``until``, both inclusive, by key.

    ``known_at`` leaves out what was learned after it.
    """
    wanted = (
        select(ObservationRow)
        .where(
            ObservationRow.organisation_id == organisation_id,
            ObservationRow.instrument.in_(sorted(set(instruments))),
        )
        .order_by(
            ObservationRow.instrument,
            ObservationRow.price_basis,
            ObservationRow.trade_date,
            ObservationRow.source,
            ObservationRow.revision,
        )
    )
    if since is not None:
        wanted = wanted.where(ObservationRow.trade_date >= since)
    if until is not None:
        wanted = wanted.where(ObservationRow.trade_date <= until)
    if known_at is not None:
        wanted = wanted.where(ObservationRow.known_at <= known_at)
    return tuple(_observation(row) for row in session.scalars(wanted))


def save_observations(session: Session, organisation_id: UUID, observations: Sequence[Observation], by: UUID) -> None:
    """Insert observations that were accepted."""
    if observations:
        rows = [{**_said(seen), **_place(organisation_id, seen, by), **_judged(seen)} for seen in observations]
        session.execute(insert(ObservationRow), rows)


def hold_observations(session: Session, organisation_id: UUID, outcomes: Sequence[AcceptOutcome], by: UUID) -> int:
    """Keep for review what was not accepted; return how many were not held already."""
    fresh: dict[str, dict[str, object]] = {}
    for outcome in outcomes:
        seen = outcome.observation
        row = {**_said(seen), **_place(organisation_id, seen, by)}
        row |= {"acceptance": outcome.acceptance.value, "reasons": _kept(outcome.reasons)}
        fresh.setdefault(held_key(seen), row)
    held = set(
        session.scalars(
            select(HeldObservationRow.content_sha256).where(HeldObservationRow.organisation_id == organisation_id)
        )
    )
    new = [{**row, "content_sha256": key} for key, row in fresh.items() if key not in held]
    if new:
        session.execute(insert(HeldObservationRow), new)
    return len(new)


def list_held(session: Session, organisation_id: UUID) -> tuple[HeldObservation, ...]:
    """Return what waits for review, the newest day first; what was decided waits no more."""
    rows = session.scalars(
        select(HeldObservationRow)
        .outerjoin(
            HeldReviewRow,
            (HeldReviewRow.organisation_id == HeldObservationRow.organisation_id)
            & (HeldReviewRow.content_sha256 == HeldObservationRow.content_sha256),
        )
        .where(HeldObservationRow.organisation_id == organisation_id, HeldReviewRow.content_sha256.is_(None))
        .order_by(HeldObservationRow.trade_date.desc(), HeldObservationRow.content_sha256)
    )
    return tuple(_held(row) for row in rows)


def find_held(session: Session, organisation_id: UUID, content_sha256: str) -> HeldObservation | None:
    """Return a held observation, decided or not, ``None`` when the organisation has none of that hash."""
    row = session.get(HeldObservationRow, (organisation_id, content_sha256))
    return None if row is None else _held(row)


def list_instruments(session: Session, organisation_id: UUID, *, known_at: datetime) -> tuple[str, ...]:
    """Return the instruments of which anything was observed, or a mark proposed, up to ``known_at``, by name."""
    seen = select(ObservationRow.instrument).where(
        ObservationRow.organisation_id == organisation_id, ObservationRow.known_at <= known_at
    )
    marked = select(ProposedMarkRow.instrument).where(
        ProposedMarkRow.organisation_id == organisation_id, ProposedMarkRow.proposed_at <= known_at
    )
    return tuple(sorted(set(session.scalars(seen.distinct())) | set(session.scalars(marked.distinct()))))


def _held(row: HeldObservationRow) -> HeldObservation:
    return HeldObservation(
        content_sha256=row.content_sha256,
        observation=Observation(**_facts(row)),
        acceptance=row.acceptance,
        reasons=_reasons(row.reasons),
        recorded_by=row.recorded_by,
    )


def _kept(reasons: Sequence[PriceReason]) -> dict[str, object]:
    """Return reasons as a row keeps them; the sentences stand apart, as they did before reasons had a code."""
    said = [{"code": reason.code, "facts": dict(reason.facts)} for reason in reasons]
    return {"sentences": [str(reason) for reason in reasons], "said": said}


def _reasons(kept: Mapping[str, Any]) -> tuple[PriceReason, ...]:
    sentences = kept["sentences"]
    said = kept.get("said") or [{"code": "", "facts": {}}] * len(sentences)
    return tuple(
        PriceReason(one["code"], sentence, **one["facts"]) for sentence, one in zip(sentences, said, strict=True)
    )


def held_key(seen: Observation) -> str:
    """Return the hash of what was said and by whom; neither the bytes nor the hour count, nor how a price is spelled."""
    price = None if seen.value is None else fraction_text(Fraction(seen.value))
    last = None if seen.last_trade_date is None else seen.last_trade_date.isoformat()
    content = [
        seen.source, seen.instrument, seen.price_basis.value, seen.trade_date.isoformat(), last, price,
        seen.missing_reason, seen.currency, seen.unit, seen.volume_t,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def save_snapshot(
    session: Session, organisation_id: UUID, snapshot_id: UUID, snapshot: Snapshot, *, by: UUID, at: datetime
) -> None:
    """Insert a snapshot as its canonical bytes."""
    session.execute(
        insert(MarketSnapshotRow).values(
            snapshot_id=snapshot_id,
            organisation_id=organisation_id,
            as_of=snapshot.as_of,
            known_at=snapshot.known_at,
            sha256=snapshot.sha256,
            content=snapshot.canonical_bytes().decode(),
            created_at=at,
            created_by=by,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLine:
    """One frozen snapshot in a list: its day, by what was known when, its hash and when it was frozen."""

    snapshot_id: UUID
    as_of: date
    known_at: datetime
    sha256: str
    created_at: datetime


def list_snapshots(session: Session, organisation_id: UUID, *, until: date, limit: int) -> tuple[SnapshotLine, ...]:
    """Return the organisation's snapshots of days up to ``until`` (inclusive), the newest day first, the latest frozen of a day first."""
    row = MarketSnapshotRow
    found = session.execute(
        select(row.snapshot_id, row.as_of, row.known_at, row.sha256, row.created_at)
        .where(row.organisation_id == organisation_id, row.as_of <= until)
        .order_by(row.as_of.desc(), row.created_at.desc(), row.snapshot_id.desc())
        .limit(limit)
    )
    return tuple(
        SnapshotLine(
            snapshot_id=each.snapshot_id,
            as_of=each.as_of,
            known_at=each.known_at,
            sha256=each.sha256,
            created_at=each.created_at,
        )
        for each in found
    )


def find_snapshot(session: Session, organisation_id: UUID, snapshot_id: UUID) -> Snapshot | None:
    """Return the organisation's snapshot, ``None`` when it has none of that id.

    Bytes that no longer give the stored hash are refused with ``market.snapshot_altered``.
    """
    row = session.get(MarketSnapshotRow, snapshot_id)
    if row is None or row.organisation_id != organisation_id:
        return None
    if hashlib.sha256(row.content.encode()).hexdigest() != row.sha256:
        raise Conflict(
            "market.snapshot_altered",
            "snapshot: its stored bytes do not give its hash; restore it from a backup and find out who changed it",
            snapshot_id=str(snapshot_id),
        )
    content = json.loads(row.content)
    return Snapshot(
        id=str(snapshot_id),
        as_of=date.fromisoformat(content["as_of"]),
        known_at=datetime.fromisoformat(content["known_at"]),
        marks=tuple(_mark(fields) for fields in content["marks"]),
        sha256=row.sha256,
        calendars=content.get("calendars", {}),
    )


def load_snapshot(session: Session, organisation_id: UUID, snapshot_id: UUID) -> Snapshot:
    """Return the organisation's snapshot; an unknown id and a foreign one are both ``market.snapshot_unknown``."""
    found = find_snapshot(session, organisation_id, snapshot_id)
    if found is None:
        raise NotFound("market.snapshot_unknown", "snapshot: no such snapshot", snapshot_id=str(snapshot_id))
    return found


def is_snapshot_id_taken(session: Session, snapshot_id: UUID) -> bool:
    """Return whether any organisation has a snapshot of that id."""
    return session.get(MarketSnapshotRow, snapshot_id) is not None


def _said(seen: Observation) -> dict[str, object]:
    return {
        "source": seen.source,
        "instrument": seen.instrument,
        "price_basis": seen.price_basis.value,
        "trade_date": seen.trade_date,
        "last_trade_date": seen.last_trade_date,
        "value": seen.value,
        "missing_reason": seen.missing_reason,
        "currency": seen.currency,
        "unit": seen.unit,
        "volume_t": seen.volume_t,
        "previous_value": seen.previous_value,
    }


def _place(organisation_id: UUID, seen: Observation, by: UUID) -> dict[str, object]:
    return {
        "organisation_id": organisation_id,
        "known_at": seen.known_at,
        "raw_sha256": seen.raw_sha256,
        "recorded_by": by,
    }


def _judged(seen: Observation) -> dict[str, object]:
    return {"revision": seen.revision, "warnings": {"sentences": list(seen.warnings)}}


def _facts(row: ObservationRow | HeldObservationRow) -> dict[str, Any]:
    names = ("source", "instrument", "trade_date", "last_trade_date", "value", "missing_reason", "currency", "unit",
             "volume_t", "previous_value", "known_at", "raw_sha256")  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "price_basis": PriceBasis(row.price_basis)}


def _observation(row: ObservationRow) -> Observation:
    return Observation(**_facts(row), revision=row.revision, warnings=tuple(row.warnings["sentences"]))


def _mark(fields: Mapping[str, Any]) -> Mark:
    typed: dict[str, Any] = dict(fields)
    for name in ("trade_date", "last_trade_date"):
        typed[name] = None if fields[name] is None else date.fromisoformat(fields[name])
    for name in ("value", "last_value"):
        typed[name] = None if fields[name] is None else Decimal(fields[name])
    typed["state"] = MarkState(fields["state"])
    typed["basis"] = None if fields["basis"] is None else PriceBasis(fields["basis"])
    return Mark(**typed)
