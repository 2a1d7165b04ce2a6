"""Fees through a tranche's life: what they are taken on, the step inside a period, one rounding, and laws of any history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.documents import from_document
from finance.loans.balance import PrincipalFlow, PrincipalKind
from finance.loans.fee_schedule import FeeDue, fee_schedule
from finance.loans.fees import FeeBasis, FeeRule
from finance.loans.interest_periods import PeriodCycle, StubRule
from finance.loans.period_dates import DayRule
from finance.loans.price_moves import PriceMove, unmoved
from finance.loans.tranche import RoundingUnit
from finance.loans.tranche_terms import AREA, TrancheKind, TrancheTerms
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Invalid
from tests.core.loan_examples import TRANCHE
from tests.core.loan_tranches import INTERBANK, QUARTERLY

F = Fraction
DEALS = Path(__file__).parents[2] / "examples" / "deals"
SIGNED, MATURITY = date(2025, 12, 20), date(2026, 6, 20)
HALF = date(2026, 2, 3)  # 45 of the 90 days to 20 March
HUNDRED_MILLION = 100_000_000_00
LINE = replace(
    TRANCHE,
    what=TrancheKind.REVOLVING,
    currency="USD",
    commitment_minor=HUNDRED_MILLION,
    drawdowns=(),
    signed_on=SIGNED,
    maturity_date=MATURITY,
)
TERM = replace(LINE, what=TrancheKind.TERM)
COMMITMENT_FEE = FeeRule(
    name="commitment", basis=FeeBasis.UNDRAWN, rate_bp=F(40), day_count=DayCount.ACT_360, periods=QUARTERLY
)
NOTHING_MOVES = unmoved(SIGNED, MATURITY)


def flow(kind: PrincipalKind, day: date, amount_minor: int) -> PrincipalFlow:
    return PrincipalFlow(kind=kind, on=day, payment_date=day, amount_minor=amount_minor, balance_minor=0)


def drawn(day: date, amount_minor: int) -> PrincipalFlow:
    return flow(PrincipalKind.DRAWDOWN, day, -amount_minor)


def repaid(day: date, amount_minor: int) -> PrincipalFlow:
    return flow(PrincipalKind.PREPAYMENT, day, amount_minor)


def moved(*steps: tuple[date, int | Fraction]) -> tuple[PriceMove, ...]:
    days = [SIGNED, *(day for day, _ in steps), MATURITY]
    values = [F(0), *(F(bp) for _, bp in steps)]
    return tuple(
        PriceMove(start=start, end=end, moved_bp=bp)
        for start, end, bp in zip(days, days[1:], values, strict=False)
        if start < end
    )


def charged(
    tranche: TrancheTerms = LINE,
    rule: FeeRule = COMMITMENT_FEE,
    *flows: PrincipalFlow,
    moves: Sequence[PriceMove] = NOTHING_MOVES,
) -> tuple[FeeDue, ...]:
    days = DayRule(
        calendar=INTERBANK, convention=tranche.payment_convention, is_accrual_adjusted=tranche.is_accrual_adjusted
    )
    return fee_schedule(tranche, rule, days=days, principal=flows, moves=moves)


def first(*flows: PrincipalFlow, tranche: TrancheTerms = LINE, rule: FeeRule = COMMITMENT_FEE) -> int:
    return charged(tranche, rule, *flows)[0].payment_minor


def test_forty_basis_points_on_a_hundred_million_undrawn_for_ninety_days() -> None:
    due = charged()[0]

    assert (due.period.start, due.period.end) == (SIGNED, date(2026, 3, 20))
    assert due.payment_minor == 100_000_00


def test_a_step_inside_the_period_counts_from_its_day() -> None:
    due = charged(moves=moved((HALF, -1)))[0]

    # 45 days at 40 bp are 50,000.00, 45 at 39 bp 48,750.00.
    assert [(each.start, each.end, each.rate_bp) for each in due.segments] == [
        (SIGNED, HALF, F(40)),
        (HALF, date(2026, 3, 20), F(39)),
    ]
    assert due.payment_minor == 98_750_00


def test_a_fifth_of_a_basis_point_is_exact_and_rounded_once() -> None:
    due = charged(moves=moved((SIGNED, F(-1, 3))))[0]

    # 100,000,000 x (119/3) bp x 90/360 = 99,166.666...
    assert due.fee_minor == F(29_750_000, 3)
    assert due.payment_minor == 99_166_67


def test_what_is_drawn_bears_no_commitment_fee_from_its_day() -> None:
    # 50,000.00 on the whole, then 40,000,000 x 40 bp x 45/360 = 20,000.00.
    assert first(drawn(HALF, 60_000_000_00)) == 70_000_00


def test_a_fee_on_the_whole_commitment_does_not_look_at_what_is_drawn() -> None:
    rule = replace(COMMITMENT_FEE, basis=FeeBasis.COMMITMENT)

    assert first(drawn(HALF, 60_000_000_00), rule=rule) == 100_000_00


def test_a_commitment_drawn_in_full_bears_no_fee() -> None:
    dues = charged(TERM, COMMITMENT_FEE, drawn(SIGNED, HUNDRED_MILLION))

    assert [due.payment_minor for due in dues] == [0, 0]
    assert dues[0].segments[0].amount_minor == 0


def test_what_a_revolving_tranche_repays_is_undrawn_again() -> None:
    assert first(drawn(SIGNED, HUNDRED_MILLION), repaid(HALF, HUNDRED_MILLION)) == 50_000_00


def test_what_a_term_tranche_repays_cannot_be_drawn_again() -> None:
    assert first(drawn(SIGNED, HUNDRED_MILLION), repaid(HALF, HUNDRED_MILLION), tranche=TERM) == 0


def test_what_is_drawn_under_an_accordion_makes_no_negative_fee() -> None:
    tranche = replace(TERM, accordion_minor=HUNDRED_MILLION)

    assert first(drawn(SIGNED, 2 * HUNDRED_MILLION), tranche=tranche) == 0


def test_letters_of_credit_bear_the_fee_on_what_is_outstanding() -> None:
    tranche = replace(LINE, what=TrancheKind.LETTER_OF_CREDIT)
    rule = replace(COMMITMENT_FEE, name="lc", basis=FeeBasis.ISSUED)
    issued, returned = drawn(SIGNED, 30_000_000_00), repaid(HALF, 10_000_000_00)

    # 30 m for 45 days are 15,000.00, 20 m for 45 days 10,000.00.
    assert first(issued, returned, tranche=tranche, rule=rule) == 25_000_00


def test_a_fee_on_what_is_issued_needs_a_tranche_of_letters_of_credit() -> None:
    with pytest.raises(Invalid) as refusal:
        charged(TERM, replace(COMMITMENT_FEE, basis=FeeBasis.ISSUED))

    assert (refusal.value.code, refusal.value.data["field"]) == ("fee.basis", "basis")


def test_a_rate_never_falls_below_zero() -> None:
    due = charged(moves=moved((HALF, -50)))[0]

    assert [each.rate_bp for each in due.segments] == [40, 0]
    assert due.payment_minor == 50_000_00


def test_a_fee_is_paid_on_the_tranche_s_open_day() -> None:
    following = replace(LINE, payment_convention=BusinessDayConvention.FOLLOWING)

    dues = charged(following)

    # 20 June 2026 is a Saturday, and 19 June the Dragon Boat festival.
    assert [due.period.payment_date for due in dues] == [date(2026, 3, 20), date(2026, 6, 22)]


def test_a_day_beyond_the_calendar_is_unknown_and_not_guessed() -> None:
    late = replace(LINE, payment_convention=BusinessDayConvention.FOLLOWING, maturity_date=date(2099, 6, 20))

    dues = charged(late, moves=unmoved(SIGNED, date(2099, 6, 20)))

    assert dues[-1].period.payment_date is None
    assert dues[-1].payment_minor == 102_222_22


def test_each_segment_is_rounded_where_the_contract_says_so() -> None:
    by_segment = replace(LINE, rounding_unit=RoundingUnit.PER_SEGMENT)
    flows = (drawn(SIGNED, 10_00), drawn(HALF, 20_00))

    # 49,999.995 and 49,999.985: 50,000.00 and 49,999.99 by themselves, 99,999.98 together.
    assert first(*flows, tranche=by_segment) == 99_999_99
    assert first(*flows) == 99_999_98


def test_a_fee_has_periods_of_its_own() -> None:
    monthly = PeriodCycle(months=1, stub=StubRule.SHORT_BACK, is_end_of_month=False, payment_lag_days=5)

    dues = charged(LINE, replace(COMMITMENT_FEE, periods=monthly))

    assert [due.period.start for due in dues[:2]] == [SIGNED, date(2026, 1, 20)]
    assert dues[0].period.payment_date == date(2026, 1, 25)
    # 31 days of 360.
    assert dues[0].payment_minor == 34_444_44


def test_the_example_deal_s_fee_moves_by_one_basis_point() -> None:
    deal = json.loads((DEALS / "constructed-margin-5-fee-1.json").read_text(encoding="utf-8"))
    line = from_document(TrancheTerms, deal["tranches"][0], area=AREA)
    following = date(2026, 6, 20)
    known = (
        PriceMove(start=line.signed_on, end=following, moved_bp=F(0)),
        PriceMove(start=following, end=line.maturity_date, moved_bp=F(-1)),
    )

    by_start = {due.period.start: due.payment_minor for due in charged(line, line.fees[0], moves=known)}

    # CNY 200 m undrawn for 92 days of 360 at 25 bp: 127,777.78; at 24 bp: 122,666.67.
    assert (by_start[date(2026, 3, 20)], by_start[following]) == (127_777_78, 122_666_67)


def histories() -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(st.integers(0, 181), st.integers(1, 30_000_000_00)), max_size=6)


def steps() -> st.SearchStrategy[list[tuple[int, Fraction]]]:
    bp = st.fractions(min_value=-60, max_value=60, max_denominator=12)
    return st.lists(st.tuples(st.integers(1, 181), bp), max_size=5, unique_by=lambda step: step[0]).map(sorted)


def as_flows(history: list[tuple[int, int]]) -> list[PrincipalFlow]:
    return [drawn(SIGNED + timedelta(days=days), amount) for days, amount in history]


def as_moves(found: list[tuple[int, Fraction]]) -> tuple[PriceMove, ...]:
    return moved(*((SIGNED + timedelta(days=days), bp) for days, bp in found))


KINDS = st.sampled_from([LINE, TERM])
DAY_COUNTS = st.sampled_from(list(DayCount))


@given(KINDS, histories(), steps(), DAY_COUNTS)
def test_segments_tile_the_periods_and_the_periods_tile_the_life(
    tranche: TrancheTerms, history: list[tuple[int, int]], found: list[tuple[int, Fraction]], day_count: DayCount
) -> None:
    rule = replace(COMMITMENT_FEE, day_count=day_count)

    dues = charged(tranche, rule, *as_flows(history), moves=as_moves(found))

    days = [(each.start, each.end) for due in dues for each in due.segments]
    assert days[0][0] == SIGNED
    assert days[-1][1] == MATURITY
    assert all(end == start for (_, end), (start, _) in pairwise(days))
    assert all(due.segments[0].start == due.period.start for due in dues)


@given(KINDS, histories(), steps())
def test_a_payment_is_the_daily_sum_rounded_once(
    tranche: TrancheTerms, history: list[tuple[int, int]], found: list[tuple[int, Fraction]]
) -> None:
    flows, moves = as_flows(history), as_moves(found)

    dues = charged(tranche, COMMITMENT_FEE, *flows, moves=moves)

    for due in dues:
        total, day = F(0), due.period.start
        while day < due.period.end:
            used = sum(-each.amount_minor for each in flows if each.on <= day)
            bp = next(move.moved_bp for move in moves if move.start <= day < move.end)
            total += max(HUNDRED_MILLION - used, 0) * max(40 + bp, F(0)) / 3_600_000
            day += timedelta(days=1)
        assert due.fee_minor == total
        assert due.payment_minor == round_exact(total, RoundingMode.HALF_UP)


@given(KINDS, histories(), steps(), st.integers(0, 181), st.integers(1, 30_000_000_00))
def test_more_drawn_never_raises_an_undrawn_fee(
    tranche: TrancheTerms,
    history: list[tuple[int, int]],
    found: list[tuple[int, Fraction]],
    days: int,
    amount_minor: int,
) -> None:
    flows, moves = as_flows(history), as_moves(found)
    more = [*flows, drawn(SIGNED + timedelta(days=days), amount_minor)]

    less_drawn = charged(tranche, COMMITMENT_FEE, *flows, moves=moves)
    more_drawn = charged(tranche, COMMITMENT_FEE, *more, moves=moves)

    assert all(b.payment_minor <= a.payment_minor for a, b in zip(less_drawn, more_drawn, strict=True))


@given(KINDS, histories(), st.lists(st.integers(1, 181), unique=True, max_size=5).map(sorted), DAY_COUNTS)
def test_a_decision_that_moves_nothing_changes_nothing(
    tranche: TrancheTerms, history: list[tuple[int, int]], cuts: list[int], day_count: DayCount
) -> None:
    rule, flows = replace(COMMITMENT_FEE, day_count=day_count), as_flows(history)

    cut = charged(tranche, rule, *flows, moves=as_moves([(days, F(0)) for days in cuts]))

    assert cut == charged(tranche, rule, *flows)
