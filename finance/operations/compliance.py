"""A compliance year's obligation from what a book holds and has surrendered, seen at (day, record point).

Reads only. Tonnes come from the ledger, the year that an issue or a surrender belongs to from its trade, rules from the
shipped rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from ledger.store import holds_report, reports
from ledger.store.reports import StatementLine


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
    years: dict[int, int | None] = {
        one.entry_seq: one.trade.compliance_year
        for one in trade_store.list_trades(session, book_id, until=on, known=point.seq)
    }
    years |= compliance_store.years_of_entries(session, book_id)  # what was given back counts against what was issued
    issued = surrendered = ccer_surrendered = 0
    for code, instrument in held.items():
        paths = chart.accounts_of(code)
        issued -= _of_year(session, book_id, paths.allocation, years, year=year, on=on, known=point.seq)
        out = _of_year(session, book_id, paths.surrendered, years, year=year, on=on, known=point.seq)
        surrendered += out
        ccer_surrendered += out if instrument.kind is InstrumentKind.CCER else 0
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


def _of_year(
    session: Session,
    book_id: int,
    path: str,
    years: Mapping[int, int | None],
    *,
    year: int,
    on: date,
    known: int,
) -> int:
    """Return the tonnes that the account's postings of ``year`` sum to, debit positive, reversals taken off."""
    total = 0
    for line in _lines(session, book_id, path, known=known):
        if line.effective_on <= on and _year_of(session, book_id, line, years) == year:
            total += line.amount
    return total


def _year_of(session: Session, book_id: int, line: StatementLine, years: Mapping[int, int | None]) -> int | None:
    """Return the compliance year of a posting's trade; a reversal belongs to the year of what it reverses."""
    if line.seq in years:
        return years[line.seq]
    entry = reports.entry_at(session, book_id, line.seq)
    return years.get(entry.reverses_seq) if entry is not None and entry.reverses_seq is not None else None


def _lines(session: Session, book_id: int, path: str, *, known: int) -> Iterator[StatementLine]:
    cursor = (0, 0)
    while page := reports.statement(session, book_id, path, known=known, after=cursor):
        yield from page
        cursor = (page[-1].seq, page[-1].line)


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
