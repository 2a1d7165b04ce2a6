"""The level payment of an annuity: the amount that, paid on every instalment day, leaves nothing at the end.

Owns that one formula. Knows no event.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from finance.loans.actus.conventions import YearFraction, part_of_year
from finance.loans.actus.state import bounded
from ledger.core.errors import Invalid


def level_payment(
    *,
    owed: Fraction,
    accrued: Fraction,
    rate: Fraction,
    since: date,
    days: Sequence[date],
    day_count: YearFraction,
    maturity: date,
) -> Fraction | None:
    """Return the payment on each of ``days`` that repays ``owed`` and ``accrued`` with interest; None without days.

    Amounts are without sign; ``accrued`` is interest up to ``since``, and interest from ``since`` to the first day counts
    too. Source: ACTUS technical specification, "Annuity Amount Function" (n + a) prod(1 + r Y) / (1 + sum prod(1 + r Y)).
    5,000 at 8 % in A365 over twelve months from 1 January 2013: 434.866594...
    """
    if not days:
        return None
    fraction = part_of_year(since, days[0], day_count, maturity=maturity)
    worth, units = owed * (1 + rate * fraction) + accrued, Fraction(1)
    for earlier, later in itertools.pairwise(days):
        growth = 1 + rate * part_of_year(earlier, later, day_count, maturity=maturity)
        worth, units = bounded(worth * growth), bounded(units * growth + 1)
    if units <= 0:
        raise Invalid(
            "actus.annuity", "nominalInterestRate: expected a rate above -100 % a period", term="nominalInterestRate"
        )
    return bounded(worth / units)
