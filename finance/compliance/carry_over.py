"""Carry-over (结转) of old allowances into a later vintage.

Owns the quantity formula. Knows no trade and no holding account: net sales and the holding arrive as whole tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOverRule:
    """The numbers of one carry-over: base tonnes, ratio to net sales, and the half-open days sales are counted over.

    Vintages from ``vintage_from`` to ``vintage_to`` are carried over and counted, both inclusive (the one issued for 2019
    and 2020 together counts as 2020). ``holding_on`` is the day at whose end the holding is the limit; a request is made
    from ``window_from`` to ``window_to``, both inclusive. Not surrendering a year from ``duty_from`` to ``duty_to`` in
    time bars it.
    """

    base_t: int
    ratio: Fraction
    measured_from: date
    measured_to: date
    into_vintage: int
    vintage_from: int
    vintage_to: int
    holding_on: date
    window_from: date
    window_to: date
    duty_from: int
    duty_to: int
    rows: tuple[ReferenceRow, ...]

    def counts(self, vintage_year: int) -> bool:
        """Return whether allowances of the vintage are carried over and their trades counted."""
        return self.vintage_from <= vintage_year <= self.vintage_to

    def check_window(self, on: date) -> None:
        """Refuse a request outside the window (``carryover.window``)."""
        if not self.window_from <= on <= self.window_to:
            raise Conflict(
                "carryover.window",
                f"requested_on: expected a day from {self.window_from} to {self.window_to}, the window of the request",
                requested_on=on.isoformat(),
            )

    def __post_init__(self) -> None:
        """Refuse numbers that could carry over a negative amount, and an empty counting period."""
        if self.base_t < 0 or self.ratio < 0 or self.measured_to <= self.measured_from:
            raise Invalid("carryover.rule", "carry-over rule: expected base and ratio of zero or more, and a period")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOver:
    """The tonnes that may be carried over, the net sales that gave them, and whether the holding was the limit."""

    carryover_t: int
    net_sold_t: int
    is_limited_by_holding: bool
    formula: str
    rows: tuple[ReferenceRow, ...]


def carry_over_rule(rules: ReferenceSet, *, into_year: int | None = None) -> CarryOverRule:
    """Return the rule of carrying over into compliance year ``into_year``, or the latest on file when None.

    A year without a rule raises ``carryover.no_rule``.
    """
    known = rule_rows.years_with(rules, "carry_over_base_t")
    year = into_year if into_year is not None else max(known, default=0)
    if year not in known:
        listed = ", ".join(str(item) for item in known)
        raise NotFound("carryover.no_rule", f"into_year: expected one with a carry-over rule: {listed or 'none'}")
    on = rule_rows.year_key(year)
    rows = {name: rules.lookup(f"carry_over_{name}", on=on) for name in _ROWS}
    return CarryOverRule(
        base_t=rule_rows.whole(rows["base_t"]),
        ratio=rule_rows.exact(rows["ratio"]),
        measured_from=rows["measured_from"].day(),
        measured_to=rows["measured_to"].day(),
        into_vintage=rule_rows.whole(rows["into_vintage"]),
        vintage_from=rule_rows.whole(rows["vintage_from"]),
        vintage_to=rule_rows.whole(rows["vintage_to"]),
        holding_on=rows["holding_on"].day(),
        window_from=rows["window_from"].day(),
        window_to=rows["window_to"].day(),
        duty_from=rule_rows.whole(rows["duty_from"]),
        duty_to=rule_rows.whole(rows["duty_to"]),
        rows=tuple(rows.values()),
    )


_ROWS = (
    "base_t",
    "ratio",
    "measured_from",
    "measured_to",
    "into_vintage",
    "vintage_from",
    "vintage_to",
    "holding_on",
    "window_from",
    "window_to",
    "duty_from",
    "duty_to",
)


def carryover_t(
    *, sold_t: int, bought_t: int, holding_t: int, rule: CarryOverRule, is_barred: bool = False
) -> CarryOver:
    """Return the tonnes that may be carried over.

    T = min(floor(B + NS x R), holding), NS = max(0, sold - bought) over the rule's period (power plan 2023/24, annex
    5). All tonnes are whole and not negative. Sold 200,000, bought 80,000, holding 300,000 give 190,000; a net buyer
    gets min(10,000, holding). ``is_barred`` (an earlier year was not surrendered on time) gives 0.
    """
    for field, value in (("sold_t", sold_t), ("bought_t", bought_t), ("holding_t", holding_t)):
        if value < 0:
            raise Invalid(f"carryover.{field}", f"{field}: expected zero or more whole tonnes")
    net_sold_t = max(0, sold_t - bought_t)
    allowed_t = 0 if is_barred else amounts.round_exact(rule.base_t + net_sold_t * rule.ratio, ALLOWANCE_QUANTITY)
    return CarryOver(
        carryover_t=min(allowed_t, holding_t),
        net_sold_t=net_sold_t,
        is_limited_by_holding=holding_t < allowed_t,
        formula="min(floor(base + max(0, sold - bought) x ratio), holding)",
        rows=rule.rows,
    )
