"""What books earned: results at a point by two views, and why a value changed between two points.

Reads only and commits nothing. Holdings and moves come from the ledger at (day, record point), prices from frozen
snapshots; the opening day's marks as known now are derived from what was observed by the closing snapshot's instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import FEES
from finance.conventions.explain import Explanation
from finance.market.pnl_explain import Explained, LotPath, ThreeValues, explain_lot, grouped, summed
from finance.market.pnl_explanation import InstrumentChange, explain_change
from finance.market.presentation import (
    Conversion,
    PresentedChange,
    PresentedResult,
    added_changes,
    conversion,
    present_change,
    present_lines,
    summed_results,
)
from finance.market.profit_and_loss import (
    BookResult,
    Dimension,
    ForecastAllocation,
    HeldIdentity,
    book_result,
)
from finance.market.result_explanation import ShownBook, explain_group
from finance.market.snapshots import Snapshot, build_snapshot
from finance.market.unit_values import TONNE, unit_values
from finance.operations.lot_movements import HeldMovement, movements_of
from finance.operations.valuations import BookValuation, instruments_of, open_lots, value_book
from finance.store import calendar_years, reference
from finance.store import market as market_store
from finance.store import marks as mark_store
from ledger.core.errors import Invalid
from ledger.store import reports
from ledger.store.books import Book
from ledger.store.reports import RecordPoint

COST_OF_PURCHASES = "Assets:CarbonCost"
"""1489 by instrument, as the chart names it."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookProfit:
    """One book's valuation and results at a point, from its first day.

    ``ledger_carrying_units`` is what the cost accounts themselves say: it equals the statutory carrying amount unless
    somebody booked cost by hand. ``standing_fees_units`` are account fees that belong to no trade.
    """

    book: Book
    worth: BookValuation
    result: BookResult
    forecasts: tuple[ForecastAllocation, ...]
    ledger_carrying_units: int
    standing_fees_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPoint:
    """One end of a period: frozen marks, and what the book's first ``known`` entries say of that day (all when None)."""

    snapshot: Snapshot
    known: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChange:
    """Why one book's value changed; ``lots`` pairs each lot with its part, lines by any dimension are sums of them."""

    book: Book
    opening: RecordPoint
    closing: RecordPoint
    restated: Snapshot
    lots: tuple[tuple[HeldIdentity, Explained], ...]
    total: Explained
    explanation: Explanation
    standing_fees_units: int

    def lines(self, by: Dimension) -> tuple[Explained, ...]:
        """Return the change by ``by``; by price currency it is refused with ``pnl.dimension``: a lot has one price each end."""
        match by:
            case Dimension.LOT:
                return grouped(self.lots, lambda held: held.lot_id)
            case Dimension.ACCOUNT:
                return grouped(self.lots, lambda held: held.account)
            case Dimension.INSTRUMENT:
                return grouped(self.lots, lambda held: held.instrument)
            case Dimension.BOOK:
                return (self.total,)
            case Dimension.PRICE_CURRENCY:
                raise Invalid("pnl.dimension", "by: expected lot, account, instrument or book", field="by")


def book_profit(
    session: Session,
    book: Book,
    snapshot: Snapshot,
    *,
    known: int | None = None,
    unissued: Sequence[tuple[str, int, str]] = (),
) -> BookProfit:
    """Return the book's results at the snapshot's day by its first ``known`` entries, all when None.

    ``unissued`` are (instrument, tonnes, source) of allocations expected but not issued: shown apart as forecasts, in no
    total.
    """
    as_of, currency = snapshot.as_of, book.functional_currency
    worth = value_book(session, book.book_id, snapshot, as_of=as_of, known=known, currency=currency)
    moves = movements_of(session, book.book_id, as_of=as_of, known=worth.record.seq)
    identities = {one.held.lot_id: one.held for one in moves}
    identities |= {one.lot.lot_id: HeldIdentity.of(one.lot) for one in worth.valuation.lots}
    result = book_result(
        worth.valuation.lots,
        (one.movement for one in moves),
        identities,
        book=book.code,
        currency=currency,
        price_currencies={mark.instrument: mark.currency for mark in snapshot.marks},
    )
    return BookProfit(
        book=book,
        worth=worth,
        result=result,
        forecasts=_forecasts(session, book, snapshot, unissued),
        ledger_carrying_units=_balance(session, book, COST_OF_PURCHASES, snapshot, known=worth.record.seq),
        standing_fees_units=_balance(session, book, FEES, snapshot, known=worth.record.seq),
    )


def explain_book(
    session: Session, book: Book, *, opening: BookPoint, closing: BookPoint, restated: Snapshot
) -> BookChange:
    """Return why the book's value changed from ``opening`` to ``closing``, to the minor unit.

    ``restated`` are the opening day's marks as known at the closing (``restated_marks``). The opening may be the closing
    day itself, then all is new data; a closing before the opening, in days or entries, is ``pnl.order``.
    """
    first = reports.record_point(session, book.book_id, known=opening.known)
    last = reports.record_point(session, book.book_id, known=closing.known)
    start, end = opening.snapshot.as_of, closing.snapshot.as_of
    check_order(opening.snapshot, closing.snapshot)
    if last.seq < first.seq:
        raise Invalid("pnl.order", "closing_known: expected at least the opening record point", field="closing_known")
    if restated.as_of != start:
        raise Invalid("pnl.restated", f"restated_snapshot_id: expected marks of {start}", field="restated_snapshot_id")
    held = instruments_of(session, book.book_id)
    lots = open_lots(session, book.book_id, held, as_of=start, known=first.seq)
    moves = movements_of(
        session, book.book_id, as_of=end, known=last.seq, since=start + _ONE_DAY, learned_after=first.seq
    )
    paths = _paths({HeldIdentity.of(lot): (lot.quantity_t, lot.cost_units) for lot in lots}, moves)
    values = _three_values(book, paths, opening.snapshot, restated, closing.snapshot)
    explained = tuple(
        (path.held, explain_lot(path, values[path.held.price_instrument, path.held.unit])) for path in paths
    )
    before = _balance(session, book, FEES, opening.snapshot, known=first.seq)
    after = _balance(session, book, FEES, closing.snapshot, known=last.seq)
    return BookChange(
        book=book,
        opening=first,
        closing=last,
        restated=restated,
        lots=explained,
        total=summed(book.code, (part for _, part in explained)),
        explanation=_explanation(book, paths, values, explained),
        standing_fees_units=after - before,
    )


def check_order(opening: Snapshot, closing: Snapshot) -> None:
    """Refuse a closing snapshot of an earlier day, or known earlier, than the opening one (``pnl.order``)."""
    if (closing.as_of, closing.known_at) < (opening.as_of, opening.known_at) or closing.known_at < opening.known_at:
        raise Invalid(
            "pnl.snapshot_order",
            "closing_snapshot_id: expected marks of the opening day or later, known no earlier; exchange the two",
            field="closing_snapshot_id",
        )


def restated_marks(session: Session, organisation_id: UUID, opening: Snapshot, *, known_at: datetime) -> Snapshot:
    """Return the marks of the opening's day and instruments as known at ``known_at``; nothing is stored.

    The same instant gives the same marks again: they rest on what was observed and approved by then.
    """
    wanted = [mark.instrument for mark in opening.marks]
    if not wanted or known_at == opening.known_at:
        return opening
    records = mark_store.list_marks(session, organisation_id, instruments=wanted)
    held = calendar_years.load_calendars(session, organisation_id, known_at=known_at)
    return build_snapshot(
        f"{opening.id} as known at {known_at.isoformat()}",
        as_of=opening.as_of,
        known_at=known_at,
        instruments=wanted,
        observations=market_store.list_observations(
            session, organisation_id, instruments=wanted, until=opening.as_of, known_at=known_at
        ),
        calendars={name: one.calendar for name, one in held.items()},
        editions={name: one.edition for name, one in held.items()},
        rules=reference.shipped_mark_rules(),
        approved=[mark for mark in (record.approved_mark() for record in records) if mark is not None],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedProfit:
    """One book's results and, by instrument, what they are in the group's currency; ``None`` without a usable fixing."""

    profit: BookProfit
    by: Conversion
    lines: Mapping[str, PresentedResult] | None

    @property
    def total(self) -> PresentedResult | None:
        """Return the book's converted total."""
        return None if self.lines is None else summed_results(self.lines.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupProfit:
    """Several books' results in one currency. A book without a usable fixing is in ``unconverted`` and in no total."""

    presentation: str
    books: tuple[PresentedProfit, ...]
    explanation: Explanation

    @property
    def total(self) -> PresentedResult:
        """Return the sum of the converted books."""
        return summed_results(one.total for one in self.books if one.total is not None)

    @property
    def by_instrument(self) -> Mapping[str, PresentedResult]:
        """Return the converted results by instrument over all books; they sum to the total."""
        found: dict[str, list[PresentedResult]] = {}
        for one in self.books:
            for code, line in (one.lines or {}).items():
                found.setdefault(code, []).append(line)
        return {code: summed_results(found[code]) for code in sorted(found)}

    @property
    def by_currency(self) -> Mapping[str, PresentedResult]:
        """Return the converted results by the books' own currency; they sum to the total."""
        found: dict[str, list[PresentedResult]] = {}
        for one in self.books:
            if one.total is not None:
                found.setdefault(one.by.currency, []).append(one.total)
        return {currency: summed_results(found[currency]) for currency in sorted(found)}

    @property
    def unconverted(self) -> tuple[str, ...]:
        """Return the codes of the books that could not be converted."""
        return tuple(one.profit.book.code for one in self.books if one.lines is None)

    @property
    def is_complete(self) -> bool:
        """Return whether every book is converted and every lot valued."""
        return not self.unconverted and all(one.profit.result.total.is_complete for one in self.books)


def group_profit(profits: Iterable[BookProfit], snapshot: Snapshot, *, presentation: str) -> GroupProfit:
    """Return the results of ``profits`` together in ``presentation`` by the snapshot's fixings.

    Each book's each instrument is converted and rounded once; books, instruments and group are sums of those.
    """
    shown = []
    for profit in profits:
        by = conversion(snapshot, currency=profit.book.functional_currency, presentation=presentation)
        lines = None if by.rate is None else present_lines(profit.result.lines[Dimension.INSTRUMENT], by)
        shown.append(PresentedProfit(profit=profit, by=by, lines=lines))
    explanation = explain_group(
        [
            ShownBook(
                code=one.profit.book.code,
                units=one.profit.result.total.market_value_units,
                shown_units=one.total.market_value_units,
                conversions=(one.by,),
                source=f"first {one.profit.worth.record.seq} entries, snapshot {snapshot.id}",
            )
            for one in shown
            if one.total is not None
        ],
        presentation=presentation,
        label_en="Market value of the group",
        label_zh="集团市值",
        source="no book is converted",
    )
    return GroupProfit(presentation=presentation, books=tuple(shown), explanation=explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedBookChange:
    """One book's change and, by instrument, the same in the group's currency; ``None`` without a fixing at either end."""

    change: BookChange
    opening: Conversion
    closing: Conversion
    lines: Mapping[str, PresentedChange] | None

    @property
    def total(self) -> PresentedChange | None:
        """Return the book's converted change."""
        return None if self.lines is None else added_changes(self.lines.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """Why several books' value changed in one currency; a book without a fixing at either end is in no total."""

    presentation: str
    books: tuple[PresentedBookChange, ...]
    explanation: Explanation

    @property
    def total(self) -> PresentedChange:
        """Return the sum of the converted books."""
        return added_changes(one.total for one in self.books if one.total is not None)

    @property
    def by_instrument(self) -> Mapping[str, PresentedChange]:
        """Return the converted changes by instrument over all books; they sum to the total."""
        found: dict[str, list[PresentedChange]] = {}
        for one in self.books:
            for code, line in (one.lines or {}).items():
                found.setdefault(code, []).append(line)
        return {code: added_changes(found[code]) for code in sorted(found)}

    @property
    def unconverted(self) -> tuple[str, ...]:
        """Return the codes of the books that could not be converted."""
        return tuple(one.change.book.code for one in self.books if one.lines is None)


def group_change(
    changes: Iterable[BookChange], *, opening: Snapshot, closing: Snapshot, presentation: str
) -> GroupChange:
    """Return the changes together: effects at the opening fixings, what the fixings moved as translation."""
    shown = []
    for change in changes:
        currency = change.book.functional_currency
        first = conversion(opening, currency=currency, presentation=presentation)
        last = conversion(closing, currency=currency, presentation=presentation)
        is_converted = first.rate is not None and last.rate is not None
        lines = (
            present_change(change.lines(Dimension.INSTRUMENT), opening=first, closing=last) if is_converted else None
        )
        shown.append(PresentedBookChange(change=change, opening=first, closing=last, lines=lines))
    explanation = explain_group(
        [
            ShownBook(
                code=one.change.book.code,
                units=one.change.total.closing_units - one.change.total.opening_units,
                shown_units=one.total.closing_units - one.total.opening_units,
                conversions=(one.opening, one.closing),
                source=f"entries {one.change.opening.seq} to {one.change.closing.seq}, {opening.id} to {closing.id}",
            )
            for one in shown
            if one.total is not None
        ],
        presentation=presentation,
        label_en="Change of the group's value",
        label_zh="集团价值变动",
        source="no book is converted",
    )
    return GroupChange(presentation=presentation, books=tuple(shown), explanation=explanation)


def _paths(open_at_start: Mapping[HeldIdentity, tuple[int, int]], moves: Iterable[HeldMovement]) -> tuple[LotPath, ...]:
    by_lot: dict[str, list[HeldMovement]] = {}
    identities = {held.lot_id: held for held in open_at_start}
    for move in moves:
        by_lot.setdefault(move.held.lot_id, []).append(move)
        identities.setdefault(move.held.lot_id, move.held)
    paths = []
    for lot_id, held in identities.items():
        quantity, cost = open_at_start.get(held, (0, 0))
        own = [one.movement for one in by_lot.get(lot_id, ())]
        paths.append(
            LotPath(
                held=held,
                opening_t=quantity,
                opening_cost_units=cost,
                learned=tuple(move for move in own if move.is_learned),
                movements=tuple(move for move in own if not move.is_learned),
            )
        )
    return tuple(paths)


def _three_values(
    book: Book, paths: Sequence[LotPath], opening: Snapshot, restated: Snapshot, closing: Snapshot
) -> dict[tuple[str, str], ThreeValues]:
    wanted = {(path.held.price_instrument, path.held.unit) for path in paths}
    first, again, last = (
        unit_values(wanted, snapshot, currency=book.functional_currency) for snapshot in (opening, restated, closing)
    )
    return {key: ThreeValues(opening=first[key], restated=again[key], closing=last[key]) for key in wanted}


def _explanation(
    book: Book,
    paths: Sequence[LotPath],
    values: Mapping[tuple[str, str], ThreeValues],
    explained: Sequence[tuple[HeldIdentity, Explained]],
) -> Explanation:
    by_instrument: dict[str, list[LotPath]] = {}
    for path in paths:
        by_instrument.setdefault(path.held.instrument, []).append(path)
    changes = [
        InstrumentChange(
            change=line,
            paths=tuple(by_instrument[line.key]),
            values=values[by_instrument[line.key][0].held.price_instrument, by_instrument[line.key][0].held.unit],
        )
        for line in grouped(explained, lambda held: held.instrument)
    ]
    return explain_change(book.code, changes, currency=book.functional_currency)


def _forecasts(
    session: Session, book: Book, snapshot: Snapshot, unissued: Sequence[tuple[str, int, str]]
) -> tuple[ForecastAllocation, ...]:
    held = instruments_of(session, book.book_id)
    forecasts = []
    for code, tonnes, source in unissued:
        priced_by = held[code].marked_by if code in held else code
        by = unit_values([(priced_by, TONNE)], snapshot, currency=book.functional_currency)[priced_by, TONNE]
        forecasts.append(ForecastAllocation(instrument=code, quantity_t=tonnes, source=source, by=by))
    return tuple(forecasts)


def _balance(session: Session, book: Book, under: str, snapshot: Snapshot, *, known: int) -> int:
    """Return what the accounts under a path hold at the snapshot's day in the book's currency."""
    found = reports.positions(session, book.book_id, as_of=snapshot.as_of, known=known, under=under)
    return sum(one.balance for one in found if one.commodity == book.functional_currency)
