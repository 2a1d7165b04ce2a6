"""What not surrendering costs by the rule in force on the day: a range, its base price and how far each number is certain.

Owns the month whose price is the base, the mean and the range. Knows no market store: prices of days arrive as values.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from finance.compliance import deadlines
from finance.compliance.allocation import row_leaf
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceSet, ReferenceStatus
from ledger.core import amounts
from ledger.core.errors import Invalid

_CNY_PLACES = 2
_ONE_DAY = timedelta(days=1)


class BaseMonth(StrEnum):
    """How the month before the deadline is counted."""

    ONE_MONTH_BEFORE = "one_month_before"  # after the same day of the month before, through the deadline
    PREVIOUS_CALENDAR_MONTH = "previous_calendar_month"


class BaseKind(StrEnum):
    """Where the base price comes from."""

    VOLUME_WEIGHTED = "volume_weighted"  # turnover over volume of the month's trades
    MEAN_OF_CLOSES = "mean_of_closes"  # volumes were not given for every day
    PROVISIONAL = "provisional"  # the month is not over, or has no price: one mark stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedDay:
    """One day's price in CNY per tonne and the tonnes traded at it, None when not stated."""

    on: date
    price_cny_per_t: Decimal
    volume_t: int | None

    def __post_init__(self) -> None:
        """Refuse a price of zero or less and a negative volume."""
        if self.price_cny_per_t <= 0 or (self.volume_t is not None and self.volume_t < 0):
            raise Invalid("penalty.priced_day", "priced day: expected a price above zero and a volume of zero or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePrice:
    """The base of the fine, exact CNY per tonne, its kind, the days ``[first, last]`` it is taken over, and its source."""

    price_cny_per_t: Fraction
    kind: BaseKind
    first: date
    last: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """The range of the fine for missing tonnes, exact CNY; what is missing is due all the same.

    ``cut_t`` is what a refusal takes from the next year's issue under the rule of the day (zero from 2026-08-15).
    ``is_certain`` is false where a deciding row is assumed or the base is provisional.
    """

    missing_t: int
    on: date
    base: BasePrice
    low_cny: Fraction
    high_cny: Fraction
    cut_t: int
    is_certain: bool
    rows: tuple[ReferenceRow, ...]
    explanation: Explanation


def base_window(rules: ReferenceSet, *, deadline: date) -> tuple[date, date, ReferenceRow]:
    """Return the first and last day, both inclusive, of the month whose mean price is the base, and the deciding row.

    Deadline 2026-12-31: 2026-12-01 to 2026-12-31 by the one month before (after 2026-11-30, the last day of the month
    before), 2026-11-01 to 2026-11-30 by the previous calendar month.
    """
    row = rules.lookup("fine_base_month", on=deadline)
    if row.word() not in set(BaseMonth):
        raise Invalid("penalty.base_month", f"fine_base_month: expected one of {', '.join(BaseMonth)}")
    year, month = (deadline.year, deadline.month - 1) if deadline.month > 1 else (deadline.year - 1, 12)
    last_of_month = calendar.monthrange(year, month)[1]
    if BaseMonth(row.word()) is BaseMonth.PREVIOUS_CALENDAR_MONTH:
        return date(year, month, 1), date(year, month, last_of_month), row
    return date(year, month, min(deadline.day, last_of_month)) + _ONE_DAY, deadline, row


def base_price(
    days: Sequence[PricedDay], *, first: date, last: date, seen_on: date, source: str, mark: BasePrice | None
) -> BasePrice | None:
    """Return the mean price of the days in ``[first, last]`` as seen on ``seen_on``, or ``mark`` while it cannot be told.

    Volume-weighted when every day states a volume and something was traded, else the plain mean of closes. While the
    month is not over the mean so far is no base: ``mark`` stands in, labelled provisional. None when there is neither.
    100 t at 80 and 300 t at 100: 95.
    """
    within = [day for day in days if first <= day.on <= last]
    if not within or seen_on < last:
        return mark
    volumes = [day.volume_t for day in within]
    stated = [volume for volume in volumes if volume is not None]
    traded_t = sum(stated)
    if len(stated) == len(volumes) and traded_t > 0:
        turnover = sum(
            (Fraction(day.price_cny_per_t) * volume for day, volume in zip(within, stated, strict=True)), Fraction(0)
        )
        mean, kind = turnover / traded_t, BaseKind.VOLUME_WEIGHTED
    else:
        mean, kind = (
            sum((Fraction(day.price_cny_per_t) for day in within), Fraction(0)) / len(within),
            BaseKind.MEAN_OF_CLOSES,
        )
    return BasePrice(price_cny_per_t=mean, kind=kind, first=first, last=last, source=source)


def penalty(rules: ReferenceSet, *, missing_t: int, base: BasePrice, on: date) -> Penalty:
    """Return the fine's range for ``missing_t`` not surrendered by the deadline ``on``, by the rule in force that day.

    5 to 10 times base x missing (State Council order 775, art. 24). 10 t at 80: 4,000 to 8,000 CNY. Until 2026-08-14 a
    refusal also cuts the missing tonnes from the next issue; from 2026-08-15 it does not, and the multiples are assumed
    rows.
    """
    fine = deadlines.fine_range(rules, missing_t=missing_t, mean_price_cny_per_t=base.price_cny_per_t, on=on)
    cut_row = rules.lookup("missing_tonnes_cut", on=on)
    month_row = rules.lookup("fine_base_month", on=on)
    rows = (*fine.rows, cut_row, month_row)
    price = Explanation(
        label_en=f"base price: {base.kind.value}, {base.first} to {base.last}",
        label_zh=f"罚款基数价格（{base.first}至{base.last}）",
        value=decimal_text(base.price_cny_per_t),
        unit="CNY/t",
        source=base.source,
    )
    missing = Explanation(
        label_en="missing tonnes", label_zh="未清缴量", value=str(missing_t), unit="t", source="due less surrendered"
    )
    low, high = (amounts.format_exact(value, _CNY_PLACES) for value in (fine.low_cny, fine.high_cny))
    return Penalty(
        missing_t=missing_t,
        on=on,
        base=base,
        low_cny=fine.low_cny,
        high_cny=fine.high_cny,
        cut_t=missing_t if cut_row.word() == "equals_missing" else 0,
        is_certain=base.kind is not BaseKind.PROVISIONAL
        and all(row.status is ReferenceStatus.OFFICIAL for row in rows),
        rows=rows,
        explanation=Explanation(
            label_en=f"fine for not surrendering: {low} to {high} CNY",
            label_zh=f"未按时足额清缴的罚款：{low}至{high}元",
            value=f"{low} to {high}",
            unit="CNY",
            formula=fine.formula,
            children=(missing, price, *(row_leaf(row) for row in rows)),
        ),
    )
