"""Prices of published deals through time, by hand: a status loan (D24), fixed dates in two years (D15), a redemption price (D16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.conventions.day_counts import DayCount
from finance.kpi.definitions import KpiMeasure
from finance.kpi.targets import Bound, Level
from finance.loans.base_rates import FixedRate
from finance.loans.clauses import EffectKind
from finance.loans.price_effects import PricedItem, WhileHeld
from finance.loans.price_explanation import rate_on
from finance.loans.rate_determinations import DeterminationCause, KnownFacility
from finance.loans.tranche import Drawdown
from finance.loans.true_ups import true_up
from tests.core.loan_examples import (
    CERTIFIED,
    INTENSITY,
    LPR_LOAN,
    MATURITY,
    NEXT_PERIOD,
    RECYCLED,
    SHA,
    START,
    STATUS_DAYS,
    TRANCHE,
    TRUE_UP,
    bps,
    clause,
    decide,
    facility,
    finding,
    knowing,
    lpr,
    on,
    payments,
    ratchet,
    schedule,
    steps,
    targets,
    terms,
)

F = Fraction
LPR = lpr((date(2024, 1, 1), "3.00"))
CERTIFIED_LOAN = replace(
    LPR_LOAN, commitment_minor=150_000_000_00, drawdowns=(Drawdown(on=START, amount_minor=150_000_000_00),)
)
LABEL_CLAUSE = ratchet(clause(WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0)), effect_id="rate"))


def certified(held: str, day_count: DayCount = DayCount.ACT_360) -> KnownFacility:
    """Return D24 with a label held on these days of 2026, decided in November: 1Y LPR less 89 bp while it is."""
    agreed = terms(
        replace(CERTIFIED_LOAN, day_count=day_count), kpis=(CERTIFIED,), prices=LABEL_CLAUSE, effect=STATUS_DAYS
    )
    decided = decide(facility(agreed), finding(held, CERTIFIED, year=2026), on=date(2026, 11, 2))
    return knowing(facility(agreed), decided)


def test_d24_the_rate_falls_on_the_day_the_label_begins_and_rises_on_the_day_it_ends() -> None:
    known = certified("2026-02-01/2026-11-01")

    found = schedule(known, fixings=LPR)
    by_start = {due.period.start: due for due in found.interest}

    assert bps(known.timeline("A")) == [(START, 0), (date(2026, 2, 1), -89), (date(2026, 11, 1), 0)]
    begins, ends = by_start[date(2025, 12, 20)], by_start[date(2026, 9, 20)]
    assert [(each.days, each.rate) for each in begins.segments] == [(43, F(3, 100)), (47, F(211, 10_000))]
    assert [(each.days, each.rate) for each in ends.segments] == [(42, F(211, 10_000)), (49, F(3, 100))]
    assert (begins.payment_minor, ends.payment_minor) == (950_708_33, 981_750_00)


def test_d24_a_whole_certified_year_saves_1335000() -> None:
    held = schedule(certified("2026-01-01/2027-01-01", DayCount.ACT_365F), fixings=LPR)
    base = schedule(certified("none", DayCount.ACT_365F), fixings=LPR)

    saved = sum(due.interest_minor for due in base.interest) - sum(due.interest_minor for due in held.interest)

    assert saved == 1_335_000_00


def test_d24_a_label_that_turns_out_to_have_lapsed_in_august_is_clawed_back_by_the_day() -> None:
    known = certified("2026-02-01/2026-11-01")
    booked = payments(schedule(known, fixings=LPR), through=date(2026, 12, 20))

    lapsed = decide(
        known,
        finding("2026-02-01/2026-08-01", CERTIFIED, year=2026),
        name="again",
        on=date(2027, 1, 11),
        cause=DeterminationCause.RESTATED,
        replaces="first",
    )
    found = true_up(
        schedule(knowing(known, lapsed), fixings=LPR),
        tranche_id="A",
        booked=booked,
        through=date(2026, 12, 20),
        terms=TRUE_UP,
        known_then_sha256=SHA,
        known_now_sha256=SHA,
    )

    assert found is not None
    # 89 bp on 150 m: 50 days to 20 September, 42 days to 1 November.
    assert [row.change_minor for row in found.rows] == [185_416_67, 155_750_00]


APRIL = replace(NEXT_PERIOD, begins=EffectKind.FIXED_DATE, month=4, day=15)
NOTES = replace(TRANCHE, base_rate=FixedRate(rate=F(375, 10_000)))
SCOPE_1_2 = replace(INTENSITY, baseline=None, targets=targets(Level(bound=Bound.AT_MOST, value=F("0.615")), (2025,)))
SCRAP = replace(
    RECYCLED,
    definition=replace(RECYCLED.definition, measure=KpiMeasure.QUANTITY, unit="kt"),
    targets=targets(Level(bound=Bound.AT_LEAST, value=F(685)), (2026,)),
)


@pytest.mark.parametrize(
    ("intensity", "scrap", "expected"),
    [
        ("0.615", "685", [(START, 0)]),
        ("0.616", "685", [(START, 0), (date(2026, 4, 15), F(25, 2))]),
        ("0.615", "684.9", [(START, 0), (date(2027, 4, 15), F(25, 2))]),
        ("0.616", "684.9", [(START, 0), (date(2026, 4, 15), F(25, 2)), (date(2027, 4, 15), 25)]),
    ],
)
def test_d15_two_tests_in_different_years_take_effect_on_15_april_of_the_next_ones(
    intensity: str, scrap: str, expected: list[tuple[date, Fraction]]
) -> None:
    prices = ratchet(clause(steps(0, F(25, 2), "intensity", "recycled")))
    agreed = terms(NOTES, kpis=(SCOPE_1_2, SCRAP), prices=prices, effect=APRIL)

    known = facility(agreed)
    known = knowing(known, decide(known, finding(intensity, SCOPE_1_2), name="fy2025", on=date(2026, 3, 2)))
    known = knowing(known, decide(known, finding(scrap, SCRAP, year=2026), name="fy2026", on=date(2027, 3, 1)))

    assert bps(known.timeline("A")) == expected
    last_bp = expected[-1][1]
    assert rate_on(schedule(known), date(2028, 1, 1)) == F(375, 10_000) + F(last_bp) / 10_000


@pytest.mark.parametrize(("recycled", "missed"), [("0.30", 1), ("0.29", 2)])
def test_d16_each_missed_target_adds_40_bp_to_the_redemption_price_and_nothing_to_the_margin(
    recycled: str, missed: int
) -> None:
    note = replace(
        TRANCHE,
        currency="SEK",
        commitment_minor=600_000_000_00,
        drawdowns=(Drawdown(on=START, amount_minor=600_000_000_00),),
    )
    prices = ratchet(clause(steps(0, 40, "intensity", "recycled"), on(PricedItem.REDEMPTION_PRICE, tranche_id="A")))
    agreed = terms(note, kpis=(INTENSITY, RECYCLED), prices=prices, effect=APRIL)

    decided = decide(facility(agreed), finding("9.6"), finding(recycled, RECYCLED), on=date(2026, 3, 2))
    known = knowing(facility(agreed), decided)

    at_redemption = known.timeline("A")[-1]
    premium_bp = at_redemption.moves(prices, PricedItem.REDEMPTION_PRICE, tranche_id="A")
    assert at_redemption.end == MATURITY
    assert premium_bp == 40 * missed
    assert 600_000_000_00 * premium_bp / 10_000 == 2_400_000_00 * missed
    assert bps(known.timeline("A")) == [(START, 0)]
    assert schedule(known).interest == schedule(facility(agreed)).interest
