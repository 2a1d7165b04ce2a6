"""A compliance year's obligation from what a book holds and has surrendered, seen at (day, record point).

Reads only. Tonnes come from the ledger, the year that an issue or a surrender belongs to from its trade, rules from the
shipped rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy.orm import Session

from finance.accounting.chart import Chart
from finance.accounting.instruments import Instrument, InstrumentKind
from finance.compliance.allocation import Allocation, AllocationSources, allocate, allocation_rule
from finance.compliance.obligation import (
    AllowanceHolding,
    ComplianceRules,
    Cover,
    CreditHolding,
    ObligationYear,
    obligation_year,
)
from finance.market.marks import Mark
from finance.operations.valuations import instruments_of
from finance.store import compliance as compliance_store
from finance.store import reference
from finance.store import trades as trade_store
from ledger.core.amounts import Price
from ledger.core.errors import Conflict
from ledger.store import account_moves, holds_report, reports


def obligation_for(  # noqa: PLR0913 - each argument is one fact of the question
    session: Session,
    book_id: int,
    *,
    year: int,
    emissions_t: Fraction,
    intensity: Fraction | None,
    balance_value: Fraction | None,
    on: date,
    mark: Mark | None,
    known: int | None = None,
    sources: AllocationSources | None = None,
) -> ObligationYear:
    """Return the obligation of ``year`` as of ``on``, by what the book's first ``known`` entries say (all when None).

    ``emissions_t`` is the verified ``ets_direct`` tCO2e, ``intensity`` its tCO2e/t and ``balance_value`` the published
    BP. ``mark`` is of an allowance usable for the year; a stale or missing one leaves the gap unvalued. Reversed
    issues and surrenders do not count. ``sources`` names where emissions, intensity and balance value come from; None
    says that they were given with the request.
    """
    allocation = allocate(
        allocation_rule(reference.shipped_allocation_rules(), year),
        emissions_t=emissions_t,
        intensity=intensity,
        balance_value=balance_value,
        sources=sources or AllocationSources(),
    )
    return obligation_of(session, book_id, allocation, on=on, mark=mark, known=known)


def obligation_of(
    session: Session, book_id: int, allocation: Allocation, *, on: date, mark: Mark | None, known: int | None = None
) -> ObligationYear:
    """Return the obligation of an allocation's year as ``obligation_for`` does, from an allocation that is there already."""
    year = allocation.year
    rules = ComplianceRules(vintages=reference.shipped_vintage_rules(), offsets=reference.shipped_offset_rules())
    return obligation_year(
        allocation=allocation,
        cover=cover_of(session, book_id, year=year, on=on, known=known),
        rules=rules,
        on=on,
        mark=price_of(mark),
        mark_source=source_of(mark),
    )


def cover_of(session: Session, book_id: int, *, year: int, on: date, known: int | None = None) -> Cover:
    """Return what stands against the duty of ``year`` at the close of ``on``: free by vintage and project, issued, surrendered.

    Pledged, lent or otherwise set aside tonnes are not free and not in it.
    """
    point = reports.record_point(session, book_id, known=known)
    held = instruments_of(session, book_id)
    chart = Chart()
    tonnes = {
        position.path: position.balance for position in reports.positions(session, book_id, as_of=on, known=point.seq)
    }
    issued = surrendered = ccer_surrendered = 0
    for move in _of_year(session, book_id, held, year=year, on=on, known=point.seq):
        issued -= move.tonnes if move.is_issue else 0
        surrendered += 0 if move.is_issue else move.tonnes
        ccer_surrendered += move.tonnes if not move.is_issue and move.kind is InstrumentKind.CCER else 0
    set_aside = holds_report.held_as_of(session, book_id, as_of=on, known=point.seq)
    holdings = {code: chart.accounts_of(code).holding for code in held}
    free = {
        code: tonnes.get(path, 0) if tonnes.get(path, 0) < 0 else tonnes.get(path, 0) - set_aside.get(path, 0)
        for code, path in holdings.items()
    }
    at = f"at the close of {on}, record point {point.seq}"
    return Cover(
        allowances=tuple(_allowances(held, free, at)),
        ccer=tuple(_credits(held, free, at)),
        issued_t=issued,
        issued_source=f"ledger allocation accounts, postings of compliance year {year} {at}",
        surrendered_t=surrendered,
        ccer_surrendered_t=ccer_surrendered,
        surrendered_source=f"ledger surrender accounts, postings of compliance year {year} {at}",
    )


def issued_t(session: Session, book_id: int, *, year: int, on: date, known: int | None = None) -> int:
    """Return the tonnes issued free for ``year`` by the close of ``on``, what was given back taken off; as in ``cover_of``."""
    seq = reports.record_point(session, book_id, known=known).seq
    found = _of_year(session, book_id, instruments_of(session, book_id), year=year, on=on, known=seq)
    return -sum(move.tonnes for move in found if move.is_issue)


def surrendered_by(session: Session, book_id: int, days: Sequence[date], *, year: int) -> tuple[int, ...]:
    """Return the tonnes surrendered for ``year`` by the close of each of ``days``, of allowances and credits together."""
    if not days:
        return ()
    seq = reports.record_point(session, book_id).seq
    moves = _of_year(session, book_id, instruments_of(session, book_id), year=year, on=max(days), known=seq)
    out = [move for move in moves if not move.is_issue]
    return tuple(sum(move.tonnes for move in out if move.on <= day) for day in days)


@dataclass(frozen=True, slots=True, kw_only=True)
class _YearMove:
    """A posting of a compliance year to an account of issues or of surrenders: debit positive."""

    on: date
    is_issue: bool
    kind: InstrumentKind
    tonnes: int


def _of_year(
    session: Session, book_id: int, held: Mapping[str, Instrument], *, year: int, on: date, known: int
) -> tuple[_YearMove, ...]:
    """Return the postings of ``year`` by the close of ``on``; a reversal belongs to the year of what it reverses."""
    years = {
        **trade_store.compliance_years(session, book_id, until=on, known=known),
        **compliance_store.years_of_entries(session, book_id),  # what was given back counts against what was issued
    }
    chart = Chart()
    places = {}
    for code, instrument in held.items():
        paths = chart.accounts_of(code)
        places[paths.allocation], places[paths.surrendered] = (True, instrument.kind), (False, instrument.kind)
    moves = account_moves.moves_of(session, book_id, places, as_of=on, known=known)
    return tuple(
        _YearMove(on=move.effective_on, is_issue=places[move.path][0], kind=places[move.path][1], tonnes=move.amount)
        for move in moves
        if years.get(move.seq, years.get(move.reverses_seq or 0)) == year
    )


def _allowances(held: Mapping[str, Instrument], free: Mapping[str, int], at: str) -> Iterator[AllowanceHolding]:
    for code, instrument in sorted(held.items()):
        if instrument.kind is InstrumentKind.CEA and free[code]:
            assert instrument.vintage_year is not None, "an allowance has a vintage"
            yield AllowanceHolding(
                commodity=code,
                vintage_year=instrument.vintage_year,
                available_t=_held(code, free[code]),
                source=_position(code, at),
            )


def _credits(held: Mapping[str, Instrument], free: Mapping[str, int], at: str) -> Iterator[CreditHolding]:
    for code, instrument in sorted(held.items()):
        if instrument.kind is InstrumentKind.CCER and free[code]:
            assert instrument.registered_on is not None, "a credit has a registration date"
            yield CreditHolding(
                commodity=code,
                registered_on=instrument.registered_on,
                is_inside_national_ets=instrument.is_inside_national_ets,
                available_t=_held(code, free[code]),
                source=_position(code, at),
            )


def _position(code: str, at: str) -> str:
    return f"ledger account {Chart().accounts_of(code).holding} {at}"


def _held(code: str, tonnes: int) -> int:
    if tonnes < 0:
        raise Conflict(
            "obligation.holding",
            f"{code}: the book shows {tonnes} t on that day; a disposal was dated before its acquisition, reverse it",
            instrument=code,
        )
    return tonnes


def price_of(mark: Mark | None) -> Price | None:
    """Return the price that a mark lends to a gap; None for no mark and for one without a usable value."""
    return (
        None if mark is None or mark.value is None else Price(value=mark.value, currency=mark.currency, unit=mark.unit)
    )


def source_of(mark: Mark | None) -> str:
    """Return a mark's instrument, state, source and day in one line; empty without a mark."""
    if mark is None:
        return ""
    day = f", trade date {mark.trade_date}" if mark.trade_date else ""
    return f"{mark.instrument} {mark.state.value}: {mark.source or 'no observation known'}{day}"
