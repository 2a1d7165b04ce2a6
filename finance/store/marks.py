"""Writes and reads marks that two persons stand for: proposed, approved, withdrawn, each a fact of its own.

Takes a session first and never commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.market.marks import ApprovedMark
from finance.market.observations import INSTRUMENT, SHA256_HEX, check_pattern, check_price, check_text
from finance.store.tables.feeds import MarkCheckRow, SecondMarkCheckRow
from finance.store.tables.market import ApprovedMarkRow, ProposedMarkRow, WithdrawnMarkRow
from ledger.core.amounts import currency_scale
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkProposal:
    """A price in ``currency`` per one ``unit`` for the days ``[valid_from, valid_to)``, with the evidence's hash.

    It fills a stale or missing mark; with ``is_override`` it also replaces a usable one.
    """

    mark_id: UUID
    instrument: str
    value: Decimal
    currency: str
    unit: str
    reason: str
    evidence_sha256: str
    valid_from: date
    valid_to: date
    is_override: bool = False

    def __post_init__(self) -> None:
        """Refuse each fact outside its bounds and an empty validity."""
        check_pattern(INSTRUMENT, self.instrument, field="instrument", expected="1 to 40 of A-Z 0-9 . _ -")
        check_price(self.value, field="value")
        currency_scale(self.currency)
        check_text(self.unit, field="unit")
        check_text(self.reason, field="reason")
        check_pattern(SHA256_HEX, self.evidence_sha256, field="evidence_sha256", expected="64 hexadecimal digits")
        if self.valid_to <= self.valid_from:
            raise Invalid("market.validity_order", "valid_to: expected a day after valid_from (the end is exclusive)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCheck:
    """What the checker saw: the feed's mark, the share by which the proposal deviates, and whether that needs a third person.

    ``feed`` has ``value``, ``currency``, ``unit``, ``source``, ``trade_date`` and ``state``; empty without a feed.
    """

    proposal_sha256: str
    feed: Mapping[str, Any]
    deviation: Fraction | None
    bound: Fraction
    needs_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRecord:
    """A proposal with its maker, and what became of it; ``check`` is absent from marks approved before checks were kept."""

    proposal: MarkProposal
    maker_id: UUID
    proposed_at: datetime
    checker_id: UUID | None
    approved_at: datetime | None
    withdrawn_at: datetime | None
    check: MarkCheck | None = None
    second_checker_id: UUID | None = None
    second_checked_at: datetime | None = None

    @property
    def sha256(self) -> str:
        """Return the digest that an approval names: over the RFC 8785 JSON of the proposal and its maker."""
        proposal = self.proposal
        content: dict[str, Any] = {
            "mark_id": str(proposal.mark_id),
            "instrument": proposal.instrument,
            "value": f"{proposal.value:f}",
            "currency": proposal.currency,
            "unit": proposal.unit,
            "reason": proposal.reason,
            "evidence_sha256": proposal.evidence_sha256,
            "valid_from": proposal.valid_from.isoformat(),
            "valid_to": proposal.valid_to.isoformat(),
            "is_override": proposal.is_override,
            "maker_id": str(self.maker_id),
        }
        return hashlib.sha256(rfc8785.dumps(content)).hexdigest()

    @property
    def is_waiting_for_second(self) -> bool:
        """Return whether the mark was approved and counts only once a third person agrees."""
        return self.check is not None and self.check.needs_second and self.second_checked_at is None

    def approved_mark(self) -> ApprovedMark | None:
        """Return the mark as valuation takes it, ``None`` while nobody approved it or a second checker is missing."""
        if self.checker_id is None or self.approved_at is None or self.is_waiting_for_second:
            return None
        proposal = self.proposal
        return ApprovedMark(
            id=str(proposal.mark_id),
            instrument=proposal.instrument,
            value=proposal.value,
            currency=proposal.currency,
            unit=proposal.unit,
            maker=str(self.maker_id),
            checker=str(self.checker_id),
            reason=proposal.reason,
            evidence_sha256=proposal.evidence_sha256,
            valid_from=proposal.valid_from,
            valid_to=proposal.valid_to,
            approved_at=self.second_checked_at or self.approved_at,
            withdrawn_at=self.withdrawn_at,
            is_override=proposal.is_override,
        )


def find_mark(session: Session, organisation_id: UUID, mark_id: UUID) -> MarkRecord | None:
    """Return the organisation's mark of that id, ``None`` when it has none."""
    found = _load(session, organisation_id, mark_id=mark_id)
    return found[0] if found else None


def list_marks(session: Session, organisation_id: UUID, *, instruments: Iterable[str]) -> tuple[MarkRecord, ...]:
    """Return every mark of the instruments, approved or not, by first day and id."""
    return _load(session, organisation_id, instruments=sorted(set(instruments)))


def save_proposal(session: Session, organisation_id: UUID, proposal: MarkProposal, *, by: UUID, at: datetime) -> None:
    """Insert a proposal."""
    session.execute(
        insert(ProposedMarkRow).values(
            organisation_id=organisation_id,
            mark_id=proposal.mark_id,
            instrument=proposal.instrument,
            value=proposal.value,
            currency=proposal.currency,
            unit=proposal.unit,
            reason=proposal.reason,
            evidence_sha256=proposal.evidence_sha256,
            valid_from=proposal.valid_from,
            valid_to=proposal.valid_to,
            maker_id=by,
            proposed_at=at,
            is_override=int(proposal.is_override),
        )
    )


def save_approval(
    session: Session, organisation_id: UUID, record: MarkRecord, check: MarkCheck, *, by: UUID, at: datetime
) -> None:
    """Insert the approval and what its checker saw; the database refuses the maker as checker."""
    session.execute(
        insert(ApprovedMarkRow).values(
            organisation_id=organisation_id,
            mark_id=record.proposal.mark_id,
            maker_id=record.maker_id,
            checker_id=by,
            approved_at=at,
        )
    )
    session.execute(
        insert(MarkCheckRow).values(
            organisation_id=organisation_id,
            mark_id=record.proposal.mark_id,
            maker_id=record.maker_id,
            checker_id=by,
            proposal_sha256=check.proposal_sha256,
            feed=dict(check.feed),
            deviation=check.deviation,
            bound=check.bound,
            needs_second=int(check.needs_second),
        )
    )


def save_second_check(session: Session, organisation_id: UUID, record: MarkRecord, *, by: UUID, at: datetime) -> None:
    """Insert a third person's agreement; the database refuses the maker and the checker."""
    session.execute(
        insert(SecondMarkCheckRow).values(
            organisation_id=organisation_id,
            mark_id=record.proposal.mark_id,
            maker_id=record.maker_id,
            checker_id=record.checker_id,
            second_checker_id=by,
            checked_at=at,
        )
    )


def save_withdrawal(
    session: Session, organisation_id: UUID, mark_id: UUID, *, reason: str, by: UUID, at: datetime
) -> None:
    """Insert the withdrawal of an approved mark."""
    session.execute(
        insert(WithdrawnMarkRow).values(
            organisation_id=organisation_id, mark_id=mark_id, reason=reason, withdrawn_by=by, withdrawn_at=at
        )
    )


def _load(
    session: Session, organisation_id: UUID, *, mark_id: UUID | None = None, instruments: list[str] | None = None
) -> tuple[MarkRecord, ...]:
    wanted = (
        select(ProposedMarkRow, ApprovedMarkRow, WithdrawnMarkRow.withdrawn_at, MarkCheckRow, SecondMarkCheckRow)
        .outerjoin(
            ApprovedMarkRow,
            (ApprovedMarkRow.organisation_id == ProposedMarkRow.organisation_id)
            & (ApprovedMarkRow.mark_id == ProposedMarkRow.mark_id),
        )
        .outerjoin(
            WithdrawnMarkRow,
            (WithdrawnMarkRow.organisation_id == ProposedMarkRow.organisation_id)
            & (WithdrawnMarkRow.mark_id == ProposedMarkRow.mark_id),
        )
        .outerjoin(
            MarkCheckRow,
            (MarkCheckRow.organisation_id == ProposedMarkRow.organisation_id)
            & (MarkCheckRow.mark_id == ProposedMarkRow.mark_id),
        )
        .outerjoin(
            SecondMarkCheckRow,
            (SecondMarkCheckRow.organisation_id == ProposedMarkRow.organisation_id)
            & (SecondMarkCheckRow.mark_id == ProposedMarkRow.mark_id),
        )
        .where(ProposedMarkRow.organisation_id == organisation_id)
        .order_by(ProposedMarkRow.valid_from, ProposedMarkRow.mark_id)
    )
    if mark_id is not None:
        wanted = wanted.where(ProposedMarkRow.mark_id == mark_id)
    if instruments is not None:
        wanted = wanted.where(ProposedMarkRow.instrument.in_(instruments))
    return tuple(
        MarkRecord(
            proposal=_proposal(proposed),
            maker_id=proposed.maker_id,
            proposed_at=proposed.proposed_at,
            checker_id=None if approved is None else approved.checker_id,
            approved_at=None if approved is None else approved.approved_at,
            withdrawn_at=withdrawn_at,
            check=None if check is None else _check(check),
            second_checker_id=None if second is None else second.second_checker_id,
            second_checked_at=None if second is None else second.checked_at,
        )
        for proposed, approved, withdrawn_at, check, second in session.execute(wanted)
    )


def _check(row: MarkCheckRow) -> MarkCheck:
    return MarkCheck(
        proposal_sha256=row.proposal_sha256,
        feed=row.feed,
        deviation=row.deviation,
        bound=row.bound,
        needs_second=bool(row.needs_second),
    )


def _proposal(row: ProposedMarkRow) -> MarkProposal:
    return MarkProposal(
        mark_id=row.mark_id,
        instrument=row.instrument,
        value=row.value,
        currency=row.currency,
        unit=row.unit,
        reason=row.reason,
        evidence_sha256=row.evidence_sha256,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        is_override=bool(row.is_override),
    )
