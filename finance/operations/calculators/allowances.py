"""Questions about allowances: the free allocation of a year, what may be carried over, how many CCER may be used.

Reads inputs, asks the compliance cores with the shipped rules, and words the answer. Reads no clock: the CCER cap is that of
the day given, or of the newest rule on file.
"""

from __future__ import annotations

from datetime import date

from finance.compliance import allocation, carry_over, offsets
from finance.conventions.exact_text import decimal_text
from finance.operations.calculators.answers import Figure, Worked
from finance.operations.calculators.inputs import Inputs
from finance.store import reference
from ledger.core.errors import Invalid

_TONNES = "t"


def allocate(inputs: Inputs) -> Worked:
    """Return the free allocation of one electrolysis process, its coefficient, and the gap to what is due.

    800,000 t at 1.50 tCO2e/t against a balance value of 1.60 in 2025: deviation 0.0625, alpha 0.009375, 807,500 t, gap
    -7,500 t (a surplus). For 2024 the allocation equals the emissions and neither intensity nor balance value is needed.
    """
    rule = allocation.allocation_rule(reference.shipped_allocation_rules(), inputs.year("year"))
    found = allocation.allocate(
        rule,
        emissions_t=inputs.amount("emissions_t"),
        intensity=inputs.optional_amount("intensity"),
        balance_value=inputs.above_zero("balance_value") if inputs.has("balance_value") else None,
    )
    return Worked(
        figures=(
            Figure(name="deviation", value=None if found.deviation is None else decimal_text(found.deviation)),
            Figure(name="alpha", value=decimal_text(found.alpha)),
            Figure(name="allocation_t", value=str(found.allocation_t), unit=_TONNES),
            Figure(name="due_t", value=str(found.due_t), unit=_TONNES),
            Figure(name="gap_t", value=str(found.gap_t), unit=_TONNES),
            Figure(name="case", value=found.case),
        ),
        formula=f"{found.formula}; due = floor(E); gap = due - A, above zero a shortage",
        sources=found.rows,
    )


def carryover(inputs: Inputs) -> Worked:
    """Return the tonnes that may be carried over under the newest rule on file.

    Sold 200,000, bought 80,000, holding 300,000: 190,000 t; holding 150,000: 150,000 t.
    """
    rule = carry_over.carry_over_rule(reference.shipped_carry_over_rules())
    found = carry_over.carryover_t(
        sold_t=inputs.tonnes("sold_t"),
        bought_t=inputs.tonnes("bought_t"),
        holding_t=inputs.tonnes("holding_t"),
        rule=rule,
    )
    return Worked(
        figures=(
            Figure(name="carryover_t", value=str(found.carryover_t), unit=_TONNES),
            Figure(name="net_sold_t", value=str(found.net_sold_t), unit=_TONNES),
            Figure(name="limited_by", value="holding" if found.is_limited_by_holding else "rule"),
            Figure(name="into_vintage", value=str(rule.into_vintage)),
        ),
        formula=found.formula,
        sources=found.rows,
    )


def ccer_cap(inputs: Inputs) -> Worked:
    """Return the most CCER tonnes against a duty on the day of surrender: 1,234,567 t due give 61,728 t."""
    on = inputs.day("on") if inputs.has("on") else _newest_cap_day()
    found = offsets.ccer_cap(reference.shipped_offset_rules(), due_t=inputs.tonnes("due_t"), on=on)
    return Worked(
        figures=(
            Figure(name="cap_t", value=str(found.cap_t), unit=_TONNES),
            Figure(name="cap_share", value=found.row.value, unit=found.row.unit),
        ),
        formula=found.formula,
        sources=(found.row,),
    )


def _newest_cap_day() -> date:
    days = [row.effective_from for row in reference.shipped_offset_rules().rows if row.row_id == "ccer_cap_share"]
    if not days:
        raise Invalid("calc.no_rule", "due_t: no rule on file caps the CCER that may be used")
    return max(days)
