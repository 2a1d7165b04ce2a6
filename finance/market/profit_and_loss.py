"""What a book earned to date: value, unrealised and realised result by lot, account, instrument, currency and book.

Owns the two views. Statutory: what was bought stands at cost in 1489 and what was free has no entry. Economic: everything
at its mark. An allocation not yet issued is shown apart as a forecast and never enters a total. Knows no ledger row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from finance.conventions.rounding import VALUATION
from finance.market.movements import Movement
from finance.market.unit_values import UnitValue
from finance.market.valuation import LotPosition, ValuedLot
from ledger.core.amounts import MAX_UNITS, round_exact
from ledger.core.errors import Invalid


class Dimension(StrEnum):
    """By what a result is told."""

    LOT = "lot"
    ACCOUNT = "account"
    INSTRUMENT = "instrument"
    PRICE_CURRENCY = "price_currency"
    BOOK = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """The result of one lot, account, instrument, price currency or book; money in minor units, gain positive.

    Quantity, cost, value and unrealised are of the valued lots; what has no value stands in the three ``unvalued``
    fields. ``settled_units`` is the cost of what was surrendered or cancelled, positive.
    """

    key: str
    quantity_t: int = 0
    cost_units: int = 0
    market_value_units: int = 0
    unvalued_lots: int = 0
    unvalued_quantity_t: int = 0
    unvalued_cost_units: int = 0
    realised_units: int = 0
    settled_units: int = 0

    @property
    def unrealised_units(self) -> int:
        """Return worth less cost of the valued lots."""
        return self.market_value_units - self.cost_units

    @property
    def is_complete(self) -> bool:
        """Return whether every lot has a value."""
        return not self.unvalued_lots

    @property
    def carrying_units(self) -> int:
        """Return what stands in 1489 by the statutory view: the cost of every lot, valued or not."""
        return self.cost_units + self.unvalued_cost_units


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldIdentity:
    """Where a lot belongs, for lots that are emptied too."""

    lot_id: str
    account: str
    instrument: str
    price_instrument: str
    unit: str

    @classmethod
    def of(cls, lot: LotPosition) -> HeldIdentity:
        """Return the identity of ``lot``."""
        return cls(
            lot_id=lot.lot_id,
            account=lot.account,
            instrument=lot.instrument,
            price_instrument=lot.marked_by,
            unit=lot.unit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatutoryView:
    """By 财会[2019]22号: purchases at cost in 1489, free allocation without an entry, nothing revalued."""

    carrying_units: int
    free_quantity_t: int
    realised_units: int
    settled_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EconomicView:
    """Everything that is held at its mark; incomplete when a lot has none."""

    market_value_units: int
    unrealised_units: int
    realised_units: int
    settled_units: int
    unvalued_lots: int
    unvalued_quantity_t: int

    @property
    def is_complete(self) -> bool:
        """Return whether every lot has a value."""
        return not self.unvalued_lots


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastAllocation:
    """Tonnes that a rule is expected to issue: no holding, no entry, in no total. ``source`` says who expects them."""

    instrument: str
    quantity_t: int
    source: str
    by: UnitValue

    def __post_init__(self) -> None:
        """Refuse a negative forecast."""
        if not 0 < self.quantity_t <= MAX_UNITS:
            raise Invalid("valuation.forecast", "unissued_t: expected 1 to 10^15 whole tonnes", field="unissued_t")

    @property
    def market_value_units(self) -> int | None:
        """Return tonnes x price, rounded half-up once to the minor unit; None without a usable mark."""
        price = self.by.minor_units
        return None if price is None else round_exact(self.quantity_t * price, VALUATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookResult:
    """One book's results: the total and its lines by every dimension, each summing to the total."""

    currency: str
    total: ResultLine
    lines: Mapping[Dimension, tuple[ResultLine, ...]]
    free_quantity_t: int

    def __post_init__(self) -> None:
        """Every dimension sums to the book's total, to the minor unit."""
        for dimension, lines in self.lines.items():
            assert _sum(self.total.key, lines) == self.total, f"the lines by {dimension} sum to the book"

    @property
    def statutory(self) -> StatutoryView:
        """Return the view of the accounts."""
        return StatutoryView(
            carrying_units=self.total.carrying_units,
            free_quantity_t=self.free_quantity_t,
            realised_units=self.total.realised_units,
            settled_units=self.total.settled_units,
        )

    @property
    def economic(self) -> EconomicView:
        """Return the view of the markets."""
        return EconomicView(
            market_value_units=self.total.market_value_units,
            unrealised_units=self.total.unrealised_units,
            realised_units=self.total.realised_units,
            settled_units=self.total.settled_units,
            unvalued_lots=self.total.unvalued_lots,
            unvalued_quantity_t=self.total.unvalued_quantity_t,
        )


def book_result(
    valued: Iterable[ValuedLot],
    movements: Iterable[Movement],
    identities: Mapping[str, HeldIdentity],
    *,
    book: str,
    currency: str,
    price_currencies: Mapping[str, str],
) -> BookResult:
    """Return the results of a book from its open lots and every movement since its first day.

    ``identities`` knows every lot that a movement names; ``price_currencies`` gives the currency in which a price
    instrument is quoted (``none`` where nobody quotes it). 100 t left of 200 t bought for 16,048.00, at 97.40: unrealised
    9,740.00 - 8,024.00 = 1,716.00.
    """
    by_lot: dict[str, ResultLine] = {}
    free = 0
    for one in valued:
        by_lot[one.lot.lot_id] = _open_line(one)
        free += one.lot.quantity_t if one.lot.cost_units == 0 else 0
    for move in movements:
        line = by_lot.get(move.lot_id, ResultLine(key=move.lot_id))
        by_lot[move.lot_id] = _added(
            line, ResultLine(key="", realised_units=move.realised_units, settled_units=move.settled_units)
        )
    kept = {lot_id: line for lot_id, line in by_lot.items() if line != ResultLine(key=lot_id)}
    keys: dict[Dimension, Callable[[HeldIdentity], str]] = {
        Dimension.LOT: lambda held: held.lot_id,
        Dimension.ACCOUNT: lambda held: held.account,
        Dimension.INSTRUMENT: lambda held: held.instrument,
        Dimension.PRICE_CURRENCY: lambda held: price_currencies.get(held.price_instrument) or "none",
        Dimension.BOOK: lambda _held: book,
    }
    lines = {dimension: _grouped(kept, identities, key) for dimension, key in keys.items()}
    return BookResult(currency=currency, total=_sum(book, kept.values()), lines=lines, free_quantity_t=free)


def _open_line(one: ValuedLot) -> ResultLine:
    lot = one.lot
    if one.market_value_units is None:
        return ResultLine(
            key=lot.lot_id,
            unvalued_lots=1,
            unvalued_quantity_t=lot.quantity_t,
            unvalued_cost_units=lot.cost_units,
        )
    return ResultLine(
        key=lot.lot_id,
        quantity_t=lot.quantity_t,
        cost_units=lot.cost_units,
        market_value_units=one.market_value_units,
    )


def _grouped(
    by_lot: Mapping[str, ResultLine], identities: Mapping[str, HeldIdentity], key: Callable[[HeldIdentity], str]
) -> tuple[ResultLine, ...]:
    grouped: dict[str, ResultLine] = {}
    for lot_id, line in by_lot.items():
        name = key(identities[lot_id])
        grouped[name] = _added(grouped.get(name, ResultLine(key=name)), line)
    return tuple(grouped[name] for name in sorted(grouped))


def _sum(key: str, lines: Iterable[ResultLine]) -> ResultLine:
    total = ResultLine(key=key)
    for line in lines:
        total = _added(total, line)
    return total


def _added(one: ResultLine, other: ResultLine) -> ResultLine:
    return ResultLine(
        key=one.key,
        quantity_t=one.quantity_t + other.quantity_t,
        cost_units=one.cost_units + other.cost_units,
        market_value_units=one.market_value_units + other.market_value_units,
        unvalued_lots=one.unvalued_lots + other.unvalued_lots,
        unvalued_quantity_t=one.unvalued_quantity_t + other.unvalued_quantity_t,
        unvalued_cost_units=one.unvalued_cost_units + other.unvalued_cost_units,
        realised_units=one.realised_units + other.realised_units,
        settled_units=one.settled_units + other.settled_units,
    )
