"""The interest of the smelter's loan before and after the step, period by period, as the bank's clerk would check it."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from finance.accounting.loan_rules import accounts_of
from tests.stories.smelter import Part, Smelter, decimal

PRINCIPAL = 200_000_000
FEN = Decimal("0.01")
BASE, STEPPED = Decimal("0.0345"), Decimal("0.0335")


def schedule(smelter: Smelter) -> list[Part]:
    rows: list[Part] = smelter.document["interest"]["schedule"]
    return rows


def interest(days: int, rate: Decimal) -> Decimal:
    """Return principal x rate x days / 360, rounded half-up to the fen once."""
    return (PRINCIPAL * rate * days / 360).quantize(FEN, ROUND_HALF_UP)


def test_the_periods_run_from_one_20th_to_the_next_without_a_gap(smelter: Smelter) -> None:
    rows = schedule(smelter)

    starts, ends = [row["start"] for row in rows], [row["end"] for row in rows]

    assert (starts[0], ends[-1]) == ("2025-06-20", "2028-06-20")
    assert starts[1:] == ends[:-1]
    assert {end[5:] for end in ends} == {"03-20", "06-20", "09-20", "12-20"}
    days = [(date.fromisoformat(end) - date.fromisoformat(start)).days for start, end in zip(starts, ends, strict=True)]
    assert days == [92, 91, 90, 92, 92, 91, 90, 92, 92, 91, 91, 92]  # 2028 is a leap year
    assert [decimal(row["days"], "days") for row in rows] == days
    assert sum(days) == (date(2028, 6, 20) - date(2025, 6, 20)).days


def test_each_payment_is_principal_times_rate_times_days_over_360(smelter: Smelter) -> None:
    for row in schedule(smelter):
        days = int(decimal(row["days"], "days"))
        stepped = STEPPED if row["start"] >= "2026-06-20" else BASE

        assert decimal(row["before"], "CNY") == interest(days, BASE)
        assert decimal(row["after"], "CNY") == interest(days, stepped)
        assert [decimal(rate, "%") for rate in row["rates"]] == [stepped * 100]


def test_a_quarter_of_92_days_costs_51111_yuan_less(smelter: Smelter) -> None:
    """200,000,000 x 3.45 % x 92 / 360 = 1,763,333.33; at 3.35 % it is 1,712,222.22."""
    row = schedule(smelter)[4]

    assert interest(92, BASE) == Decimal("1763333.33")
    assert interest(92, STEPPED) == Decimal("1712222.22")
    assert row["start"] == "2026-06-20"
    assert decimal(row["saving"], "CNY") == Decimal("51111.11")


def test_nothing_is_saved_before_the_step(smelter: Smelter) -> None:
    before = [row for row in schedule(smelter) if row["start"] < "2026-06-20"]

    assert len(before) == 4
    assert {row["saving"]["value"] for row in before} == {"0.00"}


def test_the_whole_saving_is_406111_yuan_and_twelve_fen(smelter: Smelter) -> None:
    """Eight payments are left when the step counts, and each is rounded by itself."""
    quarters = [92, 91, 90, 92, 92, 91, 91, 92]
    saving = sum(interest(days, BASE) - interest(days, STEPPED) for days in quarters)
    whole = smelter.document["interest"]

    assert decimal(whole["saving"], "CNY") == saving == Decimal("406111.12")
    assert decimal(whole["saving_fen"], "fen") == saving * 100
    assert decimal(whole["total_before"], "CNY") - decimal(whole["total_after"], "CNY") == saving
    unrounded = Decimal(PRINCIPAL) * (BASE - STEPPED) * sum(quarters) / 360
    assert unrounded.quantize(FEN, ROUND_HALF_UP) == Decimal("406111.11")  # one fen less: payments are what is rounded


@pytest.mark.parametrize(
    ("end", "paid_on"),
    [
        ("2025-09-20", "2025-09-22"),  # a Saturday, paid on Monday
        ("2025-12-20", "2025-12-22"),  # a Saturday
        ("2026-03-20", "2026-03-20"),  # a Friday
        ("2026-06-20", "2026-06-22"),  # a Saturday, the second day of the Dragon Boat holiday
        ("2026-09-20", "2026-09-20"),  # a Sunday that is worked for the National Day holiday: the banks settle
        ("2026-12-20", "2026-12-21"),  # a Sunday
    ],
)
def test_interest_is_paid_on_the_next_day_that_banks_settle(smelter: Smelter, end: str, paid_on: str) -> None:
    (row,) = [row for row in schedule(smelter) if row["end"] == end]

    assert (row["payment_date"], row["payment_state"]) == (paid_on, "dated")


def test_no_payment_day_is_guessed_for_years_whose_holidays_are_not_published(smelter: Smelter) -> None:
    later = [row for row in schedule(smelter) if row["end"] >= "2027"]

    assert len(later) == 6
    assert {(row["payment_date"], row["payment_state"]) for row in later} == {(None, "calendar_unknown")}


def test_the_books_hold_the_four_payments_that_were_due_by_the_valuation_day(smelter: Smelter) -> None:
    paid = sum(
        decimal(row["after"], "CNY") for row in schedule(smelter) if (row["payment_date"] or "9") <= "2026-08-19"
    )

    assert paid == interest(92, BASE) + interest(91, BASE) + interest(90, BASE) + interest(92, BASE)
    booked = smelter.account(accounts_of(smelter.scenario.id_of("facility"), "A", "CNY").interest)
    assert booked == paid == Decimal("6995833.33")
