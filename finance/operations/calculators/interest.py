"""The question what a loan's interest is between two days while its rate changes.

Reads inputs, asks the accrual core, the one that books interest, and words the answer.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from finance.conventions import day_counts, rates, tables
from finance.conventions.day_counts import DayCount
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.conventions.rounding import INTEREST_PAYMENT
from finance.loans import accrual
from finance.loans.accrual import AccrualRow
from finance.operations.calculators.answers import Figure, Line, Worked
from finance.operations.calculators.inputs import FEN_SCALE, Inputs, amount_of
from ledger.core.amounts import format_units, round_exact
from ledger.core.errors import Invalid

_FEN_PER_YUAN = 100
_CNY = "CNY"
_DEFINED: dict[DayCount, str] = {
    DayCount.ACT_360: "2006 ISDA Definitions section 4.16 (e)",
    DayCount.ACT_365F: "2006 ISDA Definitions section 4.16 (d)",
    DayCount.ACT_ACT_ISDA: "2006 ISDA Definitions section 4.16 (b)",
    DayCount.THIRTY_360_US: "US bond market rule with the end of February",
    DayCount.THIRTY_E_360: "2006 ISDA Definitions section 4.16 (g)",
}


def interest(inputs: Inputs) -> Worked:
    """Return the interest of [start, end) in yuan and its segments of constant rate.

    Rates are fractions of one; a change holds from its day on. Exact over the segments, rounded once, half-up to the fen. 200,000,000
    from 2024-03-20 to 2024-06-20 at 0.0345, 0.0335 from 2024-05-06, ACT/360: 900,833.33 + 837,500.00 = 1,738,333.33.
    """
    day_count = day_counts.parse_day_count(inputs.text("day_count"))
    segments = accrual.segments_from_changes(
        start=inputs.day("start"),
        end=inputs.day("end"),
        rate=_rate(inputs.text("rate"), field="rate"),
        changes=[_change(text, field=f"change[{index}]") for index, text in enumerate(inputs.texts("change"))],
    )
    accrued = accrual.accrue(principal_minor=inputs.fen("principal_cny"), segments=segments, day_count=day_count)
    return Worked(
        figures=(
            Figure(name="interest_cny", value=format_units(accrued.rounded(), FEN_SCALE), unit=_CNY),
            Figure(name="interest_cny_exact", value=decimal_text(accrued.interest_minor / _FEN_PER_YUAN), unit=_CNY),
            Figure(name="days", value=str(sum(row.days for row in accrued.rows)), unit="day"),
            Figure(name="segments", value=tuple(_line(row) for row in accrued.rows)),
        ),
        formula=(
            "sum over the segments of principal x rate x year fraction, rounded once, half-up to the fen; "
            f"the end day does not count; {day_count} by the {_DEFINED[day_count]}"
        ),
    )


def _rate(text: str, *, field: str) -> Fraction:
    return rates.check_rate(amount_of(text, field=field), field=field)


def _change(text: str, *, field: str) -> tuple[date, Fraction]:
    day, equals, rate = text.partition("=")
    if not equals:
        raise Invalid("calc.change", f"{field}: expected DATE=RATE such as 2024-05-06=0.0335", field=field)
    return tables.parse_day(day, field=field), _rate(rate, field=field)


def _line(row: AccrualRow) -> Line:
    return {
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "days": str(row.days),
        "year_fraction": fraction_text(row.year_fraction),
        "rate": decimal_text(row.rate, places=40),
        "interest_cny": format_units(round_exact(row.interest_minor, INTEREST_PAYMENT), FEN_SCALE),
        "interest_cny_exact": decimal_text(row.interest_minor / _FEN_PER_YUAN),
    }
