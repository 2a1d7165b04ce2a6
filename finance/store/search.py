"""Finds trades, proposals of trading, vouchers, loans, periods, engagements and determinations by what a person types.

Reads only. The caller names the books and the organisation; who may see a loan's record is asked of its loader afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from finance.store.tables.attestations import EngagementRow
from finance.store.tables.closing import VoucherRow
from finance.store.tables.loans import FacilityPartyRow, FacilityRow, KpiPeriodRow, RateDeterminationRow
from finance.store.tables.trades import TradeRow
from finance.store.tables.trading import TradingProposalRow

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTrade:
    """A trade: the place of its entry, its reference, kind, instrument and day."""

    place: Place
    trade_ref: str
    kind: str
    instrument: str
    traded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProposal:
    """An order or a counterparty: its place (book, number), id and subject."""

    place: Place
    proposal_id: UUID
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVoucher:
    """A voucher: the place of its entry, its word and number in its month, and what it is for."""

    place: Place
    month: str
    number: int
    word: str
    voucher_on: date
    summary_en: str
    summary_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A record of a loan by its id, with the facility's number and a few words of its own."""

    record_id: UUID
    facility_number: str
    words: str
    on: date | None = None


def trades(
    session: Session, books: Sequence[int], typed: str, *, after: Place | None, limit: int
) -> tuple[FoundTrade, ...]:
    """Return trades whose reference, paper, counterparty or instrument begins with ``typed``, whatever the case."""
    names = (TradeRow.trade_ref, TradeRow.doc_ref, TradeRow.counterparty, TradeRow.instrument)
    wanted = select(TradeRow).where(
        TradeRow.book_id.in_(books), or_(*(name.istartswith(typed, autoescape=True) for name in names))
    )
    if after is not None:
        wanted = wanted.where(tuple_(TradeRow.book_id, TradeRow.entry_seq) > after)
    rows = session.scalars(wanted.order_by(TradeRow.book_id, TradeRow.entry_seq).limit(limit))
    return tuple(
        FoundTrade(
            place=(row.book_id, row.entry_seq),
            trade_ref=row.trade_ref,
            kind=row.kind,
            instrument=row.instrument,
            traded_on=row.traded_on,
        )
        for row in rows
    )


def proposals(
    session: Session, books: Sequence[int], kind: str, typed: str, *, after: Place | None, limit: int
) -> tuple[FoundProposal, ...]:
    """Return orders or counterparties (``kind``) of that number or id, or whose subject holds ``typed``."""
    row = TradingProposalRow
    ways: list[ColumnElement[bool]] = [row.subject.icontains(typed, autoescape=True)]
    if _is_number(typed):
        ways.append(row.number == int(typed))
    if (record_id := _id(typed)) is not None:
        ways = [row.proposal_id == record_id]
    wanted = select(row).where(row.book_id.in_(books), row.kind == kind, or_(*ways))
    if after is not None:
        wanted = wanted.where(tuple_(row.book_id, row.number) > after)
    found = session.scalars(wanted.order_by(row.book_id, row.number).limit(limit))
    return tuple(
        FoundProposal(place=(each.book_id, each.number), proposal_id=each.proposal_id, subject=each.subject)
        for each in found
    )


def vouchers(
    session: Session, books: Sequence[int], typed: str, *, after: Place | None, limit: int
) -> tuple[FoundVoucher, ...]:
    """Return vouchers of that number or month (``2026-11``, ``2026-11-7``), or whose paper or summary begins with ``typed``."""
    row = VoucherRow
    names = (row.month, row.doc_ref, row.summary_en, row.summary_zh)
    ways: list[ColumnElement[bool]] = [name.istartswith(typed, autoescape=True) for name in names]
    month, _, number = typed.rpartition("-")
    if _is_number(typed):
        ways.append(row.number == int(typed))
    elif _is_number(number):
        ways.append((row.month == month) & (row.number == int(number)))
    wanted = select(row).where(row.book_id.in_(books), or_(*ways))
    if after is not None:
        wanted = wanted.where(tuple_(row.book_id, row.entry_seq) > after)
    found = session.scalars(wanted.order_by(row.book_id, row.entry_seq).limit(limit))
    return tuple(
        FoundVoucher(
            place=(each.book_id, each.entry_seq),
            month=each.month,
            number=each.number,
            word=each.word,
            voucher_on=each.voucher_on,
            summary_en=each.summary_en,
            summary_zh=each.summary_zh,
        )
        for each in found
    )


def facilities(
    session: Session, organisation_id: UUID, typed: str, *, after: UUID | None, limit: int
) -> tuple[FoundRecord, ...]:
    """Return the organisation's facilities of that id, or whose number holds ``typed``."""
    row = FacilityRow
    wanted = (
        select(row.facility_id, row.facility_number)
        .where(_of_loans(organisation_id, typed, row.facility_id), _beyond(row.facility_id, after))
        .order_by(row.facility_id)
        .limit(limit)
    )
    found = session.execute(wanted).all()
    return tuple(FoundRecord(record_id=key, facility_number=number, words="") for key, number in found)


def periods(
    session: Session, organisation_id: UUID, typed: str, *, after: UUID | None, limit: int
) -> tuple[FoundRecord, ...]:
    """Return KPI periods under the organisation's facilities: by id, KPI, year, or number of the facility."""
    row = KpiPeriodRow
    is_asked = _of_loans(organisation_id, typed, row.kpi_period_id, row.kpi_id, started=row.period_start)
    wanted = (
        select(row.kpi_period_id, FacilityRow.facility_number, row.kpi_id, row.period_start)
        .join(FacilityRow, FacilityRow.facility_id == row.facility_id)
        .where(is_asked, _beyond(row.kpi_period_id, after))
        .order_by(row.kpi_period_id)
        .limit(limit)
    )
    found = session.execute(wanted).all()
    return tuple(FoundRecord(record_id=key, facility_number=number, words=kpi, on=on) for key, number, kpi, on in found)


def engagements(
    session: Session, organisation_id: UUID, typed: str, *, after: UUID | None, limit: int
) -> tuple[FoundRecord, ...]:
    """Return engagements under the organisation's facilities: by id, assessor's name, or number of the facility."""
    row = EngagementRow
    is_asked = _of_loans(organisation_id, typed, row.engagement_id, row.assessor_legal_name)
    wanted = (
        select(row.engagement_id, FacilityRow.facility_number, row.assessor_legal_name)
        .join(FacilityRow, FacilityRow.facility_id == row.facility_id)
        .where(is_asked, _beyond(row.engagement_id, after))
        .order_by(row.engagement_id)
        .limit(limit)
    )
    found = session.execute(wanted).all()
    return tuple(FoundRecord(record_id=key, facility_number=number, words=name) for key, number, name in found)


def determinations(
    session: Session, organisation_id: UUID, typed: str, *, after: UUID | None, limit: int
) -> tuple[FoundRecord, ...]:
    """Return determinations under the organisation's facilities: by id, digest, year, or number of the facility."""
    row = RateDeterminationRow
    is_asked = _of_loans(organisation_id, typed, row.determination_id, row.digest, started=row.period_start)
    wanted = (
        select(row.determination_id, FacilityRow.facility_number, row.cause, row.period_start)
        .join(FacilityRow, FacilityRow.facility_id == row.facility_id)
        .where(is_asked, _beyond(row.determination_id, after))
        .order_by(row.determination_id)
        .limit(limit)
    )
    found = session.execute(wanted).all()
    return tuple(FoundRecord(record_id=key, facility_number=number, words=why, on=on) for key, number, why, on in found)


def _of_loans(
    organisation_id: UUID,
    typed: str,
    key: InstrumentedAttribute[UUID],
    *names: InstrumentedAttribute[str],
    started: InstrumentedAttribute[date] | None = None,
) -> ColumnElement[bool]:
    """Return that a row belongs to a facility of the organisation and is what was typed."""
    mine = select(FacilityPartyRow.facility_id).where(FacilityPartyRow.organisation_id == organisation_id)
    record_id = _id(typed)
    ways: list[ColumnElement[bool]] = [FacilityRow.facility_number.icontains(typed, autoescape=True)]
    ways += [name.istartswith(typed, autoescape=True) for name in names]
    if started is not None and _is_number(typed) and _EARLIEST_YEAR <= int(typed) <= _LATEST_YEAR:
        ways.append(started.between(date(int(typed), 1, 1), date(int(typed), 12, 31)))
    return and_(FacilityRow.facility_id.in_(mine), key == record_id if record_id else or_(*ways))


_EARLIEST_YEAR, _LATEST_YEAR = 1990, 2200


def _beyond(key: InstrumentedAttribute[UUID], after: UUID | None) -> ColumnElement[bool]:
    return true() if after is None else key > after


def _id(typed: str) -> UUID | None:
    try:
        spelled = UUID(typed)
    except ValueError:
        return None
    return spelled if str(spelled) == typed.lower() else None


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= 9  # noqa: PLR2004 - more than any list will hold
