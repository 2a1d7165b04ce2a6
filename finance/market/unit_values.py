"""What one unit of an instrument is worth in a currency by one frozen snapshot, and the marks that say so.

Owns the join of price and exchange rate, each named with its direction, and the stable word why there is no value. Knows
no quantity and no lot: many lots share one unit value by reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.market.marks import Mark
from finance.market.snapshots import Snapshot
from ledger.core.amounts import currency_scale

TONNE = "t"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitValue:
    """The exact worth of one ``unit`` of ``price_instrument`` in ``currency``, or why there is none.

    ``price`` is in the mark's own currency and ``rate`` is ``currency`` per one of it; both are ``None`` when
    ``unvalued_reason`` is set (``mark_missing``, ``mark_stale``, ``mark_unit``, ``fx_missing``, ``fx_stale``,
    ``fx_unit``). ``mark`` and ``fx_mark`` are carried also when they are not usable.
    """

    price_instrument: str
    unit: str
    currency: str
    mark: Mark | None
    fx_mark: Mark | None
    price: Fraction | None
    rate: Fraction | None
    unvalued_reason: str

    def __post_init__(self) -> None:
        """A value has no reason to be missing, and a missing one has."""
        assert (self.price is None) == bool(self.unvalued_reason), "unvalued exactly when a reason says why"
        assert (self.price is None) == (self.rate is None), "price and rate are known together"

    @property
    def minor_units(self) -> Fraction | None:
        """Return minor units of ``currency`` per unit, exact: 77.00 EUR/t at 7.9341 CNY per EUR is 61,092.57 fen/t."""
        if self.price is None or self.rate is None:
            return None
        minor_per_major: int = 10 ** currency_scale(self.currency)
        return self.price * self.rate * minor_per_major

    @property
    def price_currency(self) -> str:
        """Return the currency of the mark, empty without one."""
        return "" if self.mark is None else self.mark.currency

    @property
    def fx_direction(self) -> str:
        """Return how the fixing was used: ``x EUR_CNY (CNY per 1 EUR)``; empty in the price's own currency."""
        if self.fx_mark is None or self.rate is None:
            return ""
        sign = "x" if self.fx_mark.currency == self.currency else "/"
        return f"{sign} {self.fx_mark.instrument} ({self.fx_mark.currency} per 1 {self.fx_mark.unit})"


def unit_values(
    wanted: Iterable[tuple[str, str]], snapshot: Snapshot, *, currency: str
) -> dict[tuple[str, str], UnitValue]:
    """Return the value of each wanted (price instrument, unit) in ``currency``, each looked up once."""
    marks = {mark.instrument: mark for mark in snapshot.marks}
    return {key: unit_value(marks, key[0], unit=key[1], currency=currency) for key in sorted(set(wanted))}


def unit_value(marks: Mapping[str, Mark], price_instrument: str, *, unit: str, currency: str) -> UnitValue:
    """Return what one ``unit`` is worth in ``currency`` by ``marks``; without a usable mark or fixing it says why."""
    mark, fx_mark = marks.get(price_instrument), None
    price: Fraction | None = None
    rate: Fraction | None = None
    if mark is None or mark.value is None:
        reason = _mark_reason("mark", mark)
    elif mark.unit != unit:
        reason = "mark_unit"
    else:
        fx_mark, rate = exchange_rate(marks, price_currency=mark.currency, currency=currency)
        reason = _mark_reason("fx", fx_mark) if rate is None else ""
        price = None if rate is None else Fraction(mark.value)
    return UnitValue(
        price_instrument=price_instrument,
        unit=unit,
        currency=currency,
        mark=mark,
        fx_mark=fx_mark,
        price=price,
        rate=rate,
        unvalued_reason=reason,
    )


def exchange_rate(
    marks: Mapping[str, Mark], *, price_currency: str, currency: str
) -> tuple[Mark | None, Fraction | None]:
    """Return the fixing and the exact ``currency`` per one ``price_currency``; the rate is ``None`` without a fixing.

    The fixing is read in its own direction; the opposite one is its exact reciprocal (1 CNY at 8 CNY per EUR is 1/8
    EUR). Nothing is triangulated: a pair that the snapshot does not hold has no rate.
    """
    if price_currency == currency:
        return None, Fraction(1)
    direct = marks.get(f"{price_currency}_{currency}")
    if direct is not None and direct.value is not None and (direct.currency, direct.unit) == (currency, price_currency):
        return direct, Fraction(direct.value)
    opposite = marks.get(f"{currency}_{price_currency}")
    if opposite is not None and opposite.value is not None:
        if (opposite.currency, opposite.unit) == (price_currency, currency):
            return opposite, 1 / Fraction(opposite.value)
        return opposite, None
    return direct or opposite, None


def _mark_reason(kind: str, mark: Mark | None) -> str:
    if mark is None:
        return f"{kind}_missing"
    return f"{kind}_{mark.state.value}" if mark.value is None else f"{kind}_unit"
