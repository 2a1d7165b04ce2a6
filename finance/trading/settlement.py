"""What a fill comes to in money, when it may settle, and what an order must keep set aside for what is still to come.

Owns these amounts. Knows no account and posts nothing. Money is in minor units; CNY is what the book keeps.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from finance.conventions.calendars import BusinessCalendar, add_open_days
from finance.trading.orders import Fill, OrderRecord, Side, StepKind
from ledger.core.amounts import RoundingMode, round_exact

AMOUNT = RoundingMode.HALF_UP
"""Price x quantity is rounded half-up once to the minor unit of its currency."""

TRANSLATION = RoundingMode.HALF_UP
"""Euro cents times the fixing are rounded half-up once to the fen."""


def amount_minor(fill: Fill) -> int:
    """Return price x quantity in minor units of the order's currency: 1,000 t at 75.36 EUR are 7,536,000 cents."""
    return round_exact(Fraction(fill.price) * fill.quantity * 100, AMOUNT)


def to_fen(minor: int, currency: str, fixing: Decimal | None) -> int:
    """Return minor units of ``currency`` in fen: 7,536,000 cents at 8.1234 are 61,217,942."""
    if currency == "CNY":
        return minor
    assert fixing is not None, "a euro fill has its fixing"
    return round_exact(minor * Fraction(fixing), TRANSLATION)


def fill_value_fen(fill: Fill, currency: str) -> int:
    """Return what a fill is worth in fen, without fees."""
    return to_fen(amount_minor(fill), currency, fill.fixing_cny_per_eur)


def fee_fen(fill: Fill, currency: str) -> int:
    """Return a fill's fees in fen."""
    return to_fen(fill.fee_minor, currency, fill.fixing_cny_per_eur)


def cost_fen(fill: Fill, currency: str) -> int:
    """Return what a bought fill costs with its fees: 10,000 t at 80 and 2,400 CNY are 80,240,000 fen (R14)."""
    return fill_value_fen(fill, currency) + fee_fen(fill, currency)


def proceeds_fen(fill: Fill, currency: str) -> int:
    """Return what a sold fill brings net of its fees: 1,000 t at 97.81 less 293.43 are 9,751,657 fen (R14)."""
    return fill_value_fen(fill, currency) - fee_fen(fill, currency)


def earliest_settlement(calendar: BusinessCalendar, dealt_on: date, days: int) -> date:
    """Return the first day on which a deal may settle: T+1 of Friday 2026-11-20 is Monday 2026-11-23."""
    return add_open_days(calendar, dealt_on, days) if days else dealt_on


def needed_cash_fen(order: OrderRecord, *, is_open: bool) -> int:
    """Return the cash that a placed purchase still needs: its unsettled fills, and while open the rest at the limit price.

    The rest of the fees is the bound less what the fills were charged. An order that was not placed needs nothing yet.
    """
    placed = order.step(StepKind.PLACED)
    if placed is None or order.terms.side is Side.SELL:
        return 0
    currency = order.terms.currency
    needed = sum(cost_fen(fill, currency) for fill in order.unsettled)
    if not is_open or not order.remaining:
        return needed
    fixing_text = placed.details.get("fixing_cny_per_eur")
    rest = round_exact(Fraction(order.terms.limit_price) * order.remaining * 100, AMOUNT) + remaining_fee_minor(order)
    return needed + to_fen(rest, currency, Decimal(fixing_text) if fixing_text else None)


def needed_units(order: OrderRecord, *, is_open: bool) -> int:
    """Return the units that a placed sale must still keep set aside."""
    if order.step(StepKind.PLACED) is None or order.terms.side is Side.BUY:
        return 0
    return sum(fill.quantity for fill in order.unsettled) + (order.remaining if is_open else 0)


def remaining_fee_minor(order: OrderRecord) -> int:
    """Return what is left of the bound on fees, in minor units of the order's currency."""
    placed = order.step(StepKind.PLACED)
    bound = 0 if placed is None else int(placed.details["max_fee_minor"])
    return max(bound - sum(fill.fee_minor for fill in order.live_fills), 0)
