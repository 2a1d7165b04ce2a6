"""A book's lots as a surrender plan sees them: free tonnes only, judged by the rules of the day, priced by a snapshot.

Reads only. What a hold sets aside is taken off the lots it names; where it names none, off the dearest of the instrument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy.orm import Session

from finance.accounting.chart import HOLDING, Chart
from finance.accounting.instruments import Instrument, InstrumentKind
from finance.compliance import offsets, vintages
from finance.compliance.plan_lots import CostBasis, PlanLot
from finance.compliance.surrender_plan import without_held
from finance.market.snapshots import Snapshot
from finance.operations.valuations import instruments_of
from finance.store import reference
from ledger.core.accounts import LotMethod
from ledger.store import books, holds_report, reports
from ledger.store.reports import LotBalance

_SETTLING = frozenset({InstrumentKind.CEA, InstrumentKind.CCER})
"""What a national duty can be settled with; EU allowances, CBAM and green certificates in the same book never are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentLots:
    """One instrument's free lots, how its account draws on them, and whether a rule lets them settle the duty."""

    instrument: Instrument
    method: LotMethod | None
    lots: tuple[PlanLot, ...]
    held_t: int
    is_usable: bool = True
    reason_en: str = ""
    reason_zh: str = ""

    @property
    def free_t(self) -> int:
        """Return the free tonnes of all lots."""
        return sum(lot.available_t for lot in self.lots)


def plan_lots(
    session: Session, book_id: int, *, year: int, on: date, basis: CostBasis, snapshot: Snapshot | None
) -> tuple[InstrumentLots, ...]:
    """Return the free lots of every allowance and credit at the close of ``on`` with the verdict for the duty of ``year``, by code."""
    prices = {} if snapshot is None else _prices(snapshot)
    settling = {code: each for code, each in instruments_of(session, book_id).items() if each.kind in _SETTLING}
    return tuple(
        _judged(each, year=year, on=on)
        for each in _free_lots(session, book_id, settling, on=on, basis=basis, prices=prices)
    )


def instrument_lots(session: Session, book_id: int, code: str, *, on: date, basis: CostBasis) -> InstrumentLots:
    """Return one instrument's free lots at the close of ``on``, without a verdict."""
    instrument = instruments_of(session, book_id)[code]
    (found,) = _free_lots(session, book_id, {code: instrument}, on=on, basis=basis, prices={})
    return found


def _free_lots(
    session: Session,
    book_id: int,
    instruments: Mapping[str, Instrument],
    *,
    on: date,
    basis: CostBasis,
    prices: Mapping[str, Fraction],
) -> Iterable[InstrumentLots]:
    known = reports.record_point(session, book_id).seq
    chart, accounts = Chart(), books.accounts(session, book_id)
    by_path: dict[str, list[LotBalance]] = {}
    for lot in reports.lots(session, book_id, as_of=on, known=known, under=HOLDING):
        by_path.setdefault(lot.path, []).append(lot)
    of_account = holds_report.held_as_of(session, book_id, as_of=on, known=known)
    of_lot = holds_report.held_of_lots(session, book_id, as_of=on, known=known)
    for code, instrument in sorted(instruments.items()):
        path = chart.accounts_of(code).holding
        open_lots = by_path.get(path, [])
        named_t = sum(of_lot.get(lot.lot_id, 0) for lot in open_lots)
        held_t = of_account.get(path, 0)
        lots = [_plan_lot(lot, instrument, of_lot.get(lot.lot_id, 0), on=on, prices=prices) for lot in open_lots]
        account = accounts.get(path)
        yield InstrumentLots(
            instrument=instrument,
            method=None if account is None else account.lot_method,
            lots=without_held(lots, held_t=max(0, held_t - named_t), basis=basis),
            held_t=held_t,
        )


def _plan_lot(
    lot: LotBalance, instrument: Instrument, held_t: int, *, on: date, prices: Mapping[str, Fraction]
) -> PlanLot:
    vintage = instrument.vintage_year or 0
    is_ccer = instrument.kind is InstrumentKind.CCER
    last = None if is_ccer else vintages.last_duty_year(reference.shipped_vintage_rules(), vintage_year=vintage, on=on)
    return PlanLot(
        lot_id=lot.lot_id,
        instrument=instrument.code,
        is_ccer=is_ccer,
        acquired_on=lot.acquired_on,
        quantity_t=lot.quantity,
        available_t=max(0, lot.quantity - held_t),
        cost_fen=lot.cost,
        price_cny_per_t=prices.get(instrument.marked_by),
        last_duty_year=last,
        vintage_year=vintage,
    )


def _judged(found: InstrumentLots, *, year: int, on: date) -> InstrumentLots:
    instrument = found.instrument
    if instrument.kind is InstrumentKind.CEA:
        assert instrument.vintage_year is not None, "an allowance has a vintage"
        vintage = vintages.vintage_verdict(
            reference.shipped_vintage_rules(), vintage_year=instrument.vintage_year, duty_year=year, on=on
        )
        is_usable, words = vintage.is_usable, (vintage.reason_en, vintage.reason_zh)
    else:
        assert instrument.registered_on is not None, "a credit has a registration date"
        credit = offsets.ccer_eligibility(
            reference.shipped_offset_rules(),
            registered_on=instrument.registered_on,
            is_inside_national_ets=instrument.is_inside_national_ets,
            on=on,
        )
        is_usable, words = credit.is_eligible, (credit.reason_en, credit.reason_zh)
    return InstrumentLots(
        instrument=instrument,
        method=found.method,
        lots=found.lots,
        held_t=found.held_t,
        is_usable=is_usable,
        reason_en=words[0],
        reason_zh=words[1],
    )


def _prices(snapshot: Snapshot) -> dict[str, Fraction]:
    """Return the usable marks in CNY per tonne; a stale or missing one is no price."""
    return {
        mark.instrument: Fraction(mark.value)
        for mark in snapshot.marks
        if mark.value is not None and (mark.currency, mark.unit) == ("CNY", "t")
    }
