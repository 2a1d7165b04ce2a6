"""Vectors for what the published files do not cover: margin changes, prepayments, penalties, caps and floors, fees.

Every expected figure is worked out by hand in 30E360: 120,000 at 6 % earn 20 a day and 600 a month.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from finance.loans.actus.terms import Mode
from ledger.core.errors import Invalid
from tests.core.actus_cases import ANN, LAM, NAM, PAM, events, flows, only, payoffs

FLOATING = {
    **PAM,
    "rateSpread": "0.01",
    "cycleAnchorDateOfRateReset": "2026-03-01T00:00:00",
    "cycleOfRateReset": "P2ML1",
    "marketObjectCodeOfRateReset": "LPR",
}
"""6 % until 1 March, then LPR + 1 % reset on 1 March and 1 May."""

LPR = {"LPR": {"2026-03-01": "0.08", "2026-05-01": "0.02"}}


def margin(*steps: tuple[str, str]) -> dict[str, object]:
    return {"marginAdjustments": [{"date": day, "rateSpread": spread} for day, spread in steps]}


def prepaid(day: str, amount: int) -> list[dict[str, object]]:
    return [{"time": day, "type": "PP", "value": amount}]


def test_a_margin_step_on_an_interest_day_changes_the_rate_after_the_payment() -> None:
    found = events({**PAM, "rateSpread": "0.02", **margin(("2026-03-01", "0.01"))})

    assert [kind for day, kind, _ in flows(found) if day == "2026-03-01"] == ["IP", "MRA"]
    assert payoffs(found, "IP") == [600, 600, 500, 500, 500, 500]
    assert only(found, "MRA").rate == Fraction(5, 100)


def test_a_margin_step_inside_a_period_splits_its_interest() -> None:
    found = events({**PAM, "rateSpread": "0.02", **margin(("2026-03-16", "0.01"))})

    # Half a month at 6 % is 300, half a month at 5 % is 250.
    assert only(found, "MRA").accrued == 300
    assert only(found, "IP", "2026-04-01").payoff == 550


def test_a_margin_step_moves_no_money() -> None:
    assert only(events({**PAM, **margin(("2026-03-16", "0.01"))}), "MRA").payoff == 0


def test_margins_step_up_and_down_again() -> None:
    found = events({**PAM, "rateSpread": "0.02", **margin(("2026-02-01", "0.025"), ("2026-04-01", "0.015"))})

    assert payoffs(found, "IP") == [600, 650, 650, 550, 550, 550]


def test_a_step_of_a_sixth_of_a_basis_point_is_exact() -> None:
    found = events(
        {**PAM, "notionalPrincipal": "360000000", "rateSpread": "0.0001", **margin(("2026-02-01", "0.0000916"))}
    )

    # 0.084 bp on 360 million for a month.
    assert payoffs(found, "IP")[1] - payoffs(found, "IP")[0] == Fraction("-252")


def test_on_a_reset_day_the_margin_changes_first_and_the_reset_uses_it() -> None:
    found = events({**FLOATING, **margin(("2026-03-01", "0.02"))}, market=LPR)

    assert [kind for day, kind, _ in flows(found) if day == "2026-03-01"] == ["IP", "MRA", "RR"]
    assert only(found, "RR", "2026-03-01").rate == Fraction(10, 100)
    assert only(found, "RR", "2026-05-01").rate == Fraction(4, 100)


def test_between_resets_a_margin_step_keeps_the_index_as_last_fixed() -> None:
    found = events({**FLOATING, **margin(("2026-04-01", "0.0075"))}, market=LPR)

    assert only(found, "MRA").rate == Fraction(875, 10_000)
    assert payoffs(found, "IP") == [600, 600, 900, 875, 275, 275]


def test_under_a_life_floor_a_margin_step_counts_from_the_index_not_from_the_floor() -> None:
    found = events({**FLOATING, "lifeFloor": "0.04", **margin(("2026-06-01", "0.015"))}, market=LPR)

    # LPR 2 % + 1 % lies under the floor of 4 %; 2 % + 1.5 % still does.
    assert only(found, "RR", "2026-05-01").rate == Fraction(4, 100)
    assert only(found, "MRA").rate == Fraction(4, 100)


def test_a_margin_step_that_lifts_the_rate_over_the_floor_shows_only_the_excess() -> None:
    found = events({**FLOATING, "lifeFloor": "0.04", **margin(("2026-06-01", "0.025"))}, market=LPR)

    assert only(found, "MRA").rate == Fraction(45, 1000)


def test_a_margin_step_stays_under_the_life_cap() -> None:
    assert only(events({**PAM, "lifeCap": "0.065", **margin(("2026-03-01", "0.02"))}), "MRA").rate == Fraction(65, 1000)


def test_a_margin_step_of_a_linear_loan_works_on_what_is_left() -> None:
    found = events({**LAM, "rateSpread": "0.02", **margin(("2026-03-01", "0.01"))})

    # 600 on 120,000, 500 on 100,000, then 5 % on 80,000, 60,000, ...
    assert payoffs(found, "IP") == [600, 500, Fraction(1000, 3), 250, Fraction(500, 3), Fraction(250, 3)]


def test_a_margin_step_of_an_annuity_fixes_its_payment_anew() -> None:
    found = events({**ANN, "rateSpread": "0.06", **margin(("2026-04-01", "0.12"))})

    assert [kind for day, kind, _ in flows(found) if day == "2026-04-01"] == ["PR", "IP", "MRA", "PRF"]
    assert abs(sum(payoffs(found, "PR")) + only(found, "MD").payoff - 120000) < Fraction(1, 10**30)


def test_a_step_on_the_first_day_counts_from_then_and_one_at_maturity_never() -> None:
    first = events({**PAM, "rateSpread": "0.02", **margin(("2026-01-01", "0.01"))})
    last = events({**PAM, **margin(("2026-07-01", "0.01"))})

    assert payoffs(first, "IP") == [500] * 6
    assert payoffs(last, "MRA") == []


def test_steps_must_rise_in_time() -> None:
    with pytest.raises(Invalid, match="marginAdjustments: expected dates in rising order"):
        events({**PAM, **margin(("2026-04-01", "0.01"), ("2026-03-01", "0.02"))})


def test_index_times_multiplier_plus_margin_is_the_new_rate() -> None:
    found = events({**FLOATING, "rateMultiplier": "0.5"}, market=LPR)

    assert payoffs(found, "IP") == [600, 600, 500, 500, 200, 200]


def test_a_life_cap_and_a_life_floor_bound_the_rate() -> None:
    found = events({**FLOATING, "lifeCap": "0.07", "lifeFloor": "0.05"}, market=LPR)

    assert payoffs(found, "IP") == [600, 600, 700, 700, 500, 500]


def test_a_period_cap_bounds_each_rise() -> None:
    found = events({**FLOATING, "periodCap": "0.01"}, market=LPR)

    # 6 % may rise to 7 %, and then falls freely to 3 %.
    assert payoffs(found, "IP") == [600, 600, 700, 700, 300, 300]


def test_a_period_floor_bounds_each_fall() -> None:
    found = events({**FLOATING, "periodFloor": "-0.02"}, market=LPR)

    # 9 %, which may fall by 2 % only.
    assert payoffs(found, "IP") == [600, 600, 900, 900, 700, 700]


def test_a_period_cap_works_before_the_life_cap() -> None:
    found = events({**FLOATING, "periodCap": "0.02", "lifeCap": "0.075"}, market=LPR)

    assert only(found, "RR", "2026-03-01").rate == Fraction(75, 1000)


def test_a_floor_above_its_cap_is_refused() -> None:
    with pytest.raises(Invalid, match="lifeFloor and lifeCap: expected the floor not above the cap"):
        events({**FLOATING, "lifeFloor": "0.08", "lifeCap": "0.07"}, market=LPR)


def test_a_rate_fixed_already_is_taken_at_the_next_reset_and_the_index_afterwards() -> None:
    found = events({**FLOATING, "nextResetRate": "0.04"}, market=LPR)

    assert [kind for _, kind, _ in flows(found) if kind.startswith("RR")] == ["RRF", "RR"]
    assert payoffs(found, "IP") == [600, 600, 400, 400, 300, 300]


def test_a_negative_rate_makes_the_lender_pay() -> None:
    found = events(FLOATING, market={"LPR": {"2026-03-01": "-0.02"}})

    assert payoffs(found, "IP")[2] == -100


def test_the_latest_observation_before_a_reset_counts_where_none_is_of_the_day() -> None:
    assert payoffs(events(FLOATING, market={"LPR": {"2026-02-27": "0.08"}}), "IP")[2:] == [900] * 4


def test_a_market_object_without_values_is_named() -> None:
    with pytest.raises(Invalid, match="expected a value of LPR on or before 2026-03-01") as refused:
        events(FLOATING)

    assert refused.value.code == "actus.market_missing"


def test_a_prepayment_lowers_the_notional_and_the_interest_from_its_day() -> None:
    found = events({**PAM, "prepaymentEffect": "M"}, observed=prepaid("2026-03-16", 60000))

    assert only(found, "PP").payoff == 60000
    assert only(found, "PP").accrued == 300
    assert payoffs(found, "IP") == [600, 600, 450, 300, 300, 300]
    assert only(found, "MD").payoff == 60000


def test_a_prepayment_takes_no_more_than_is_owed() -> None:
    found = events({**PAM, "prepaymentEffect": "M"}, mode=Mode.ECONOMIC, observed=prepaid("2026-03-01", 999999))

    assert flows(found)[-2:] == [("2026-03-01", "PP", 120000), ("2026-03-01", "IP", 600)]


def test_a_borrower_pays_the_prepayment() -> None:
    found = events({**PAM, "contractRole": "RPL", "prepaymentEffect": "M"}, observed=prepaid("2026-03-16", 60000))

    assert only(found, "PP").payoff == -60000
    assert only(found, "PP").notional == -60000


def test_a_prepayment_shortens_a_linear_loan() -> None:
    found = events({**LAM, "prepaymentEffect": "M"}, mode=Mode.ECONOMIC, observed=prepaid("2026-03-01", 40000))

    # On 1 March two instalments are paid, 80,000 - 40,000 are left: two more.
    assert payoffs(found, "PR") == [20000] * 4
    assert flows(found)[-1] == ("2026-05-01", "IP", 100)


def test_a_prepayment_lowers_the_instalments_of_a_linear_loan() -> None:
    found = events({**LAM, "prepaymentEffect": "A"}, observed=prepaid("2026-03-01", 40000))

    assert payoffs(found, "PR") == [20000, 20000, 10000, 10000, 10000]
    assert only(found, "MD").payoff == 10000


def test_a_prepayment_lowers_the_payment_of_an_annuity_and_keeps_its_end() -> None:
    found = events({**ANN, "prepaymentEffect": "A"}, observed=prepaid("2026-04-01", 30000))

    owed = only(found, "PP").notional
    payment = owed * Fraction(5, 1000) / (1 - 1 / Fraction(1005, 1000) ** 3)
    assert abs(only(found, "PR", "2026-05-01").payoff + only(found, "IP", "2026-05-01").payoff - payment) < Fraction(
        1, 10**30
    )
    assert only(found, "MD").when.day.isoformat() == "2026-07-01"


def test_a_scheduled_prepayment_takes_the_observed_share() -> None:
    found = events(
        {
            **PAM,
            "prepaymentEffect": "M",
            "cycleAnchorDateOfOptionality": "2026-03-01T00:00:00",
            "cycleOfOptionality": "P2ML1",
            "objectCodeOfPrepaymentModel": "SPEED",
        },
        market={"SPEED": {"2026-03-01": "0.25", "2026-05-01": "0.5"}},
    )

    assert payoffs(found, "PP") == [30000, 45000]
    assert only(found, "MD").payoff == 45000


@pytest.mark.parametrize("effect", [None, "N"])
def test_a_prepayment_where_none_is_allowed_is_refused(effect: str | None) -> None:
    with pytest.raises(Invalid, match="prepaymentEffect: expected A or M"):
        events({**PAM, "prepaymentEffect": effect}, observed=prepaid("2026-03-16", 60000))


def test_lower_instalments_are_refused_where_the_instalment_is_agreed() -> None:
    with pytest.raises(Invalid, match="prepaymentEffect: expected M or N"):
        events({**NAM, "prepaymentEffect": "A"})


def test_an_absolute_penalty_is_paid_before_the_prepayment() -> None:
    found = events(
        {**PAM, "prepaymentEffect": "M", "penaltyType": "A", "penaltyRate": "750"},
        observed=prepaid("2026-03-16", 60000),
    )

    assert [(kind, payoff) for day, kind, payoff in flows(found) if day == "2026-03-16"] == [("PY", 750), ("PP", 60000)]


def test_a_relative_penalty_is_on_the_amount_repaid_in_economic_mode() -> None:
    terms = {**PAM, "prepaymentEffect": "M", "penaltyType": "R", "penaltyRate": "0.01"}

    economic = events(terms, mode=Mode.ECONOMIC, observed=prepaid("2026-03-16", 60000))
    literal = events(terms, observed=prepaid("2026-03-16", 60000))

    assert only(economic, "PY").payoff == 600
    # The specification: rate x notional x time since the last event, 1 % x 120,000 x 15/360.
    assert only(literal, "PY").payoff == 50


def test_a_rate_difference_is_paid_over_the_rest_of_the_life_in_economic_mode() -> None:
    terms = {
        **PAM,
        "prepaymentEffect": "M",
        "penaltyType": "I",
        "marketObjectCodeOfRateReset": "LPR",
    }
    market = {"LPR": {"2026-01-01": "0.04"}}

    economic = events(terms, mode=Mode.ECONOMIC, market=market, observed=prepaid("2026-04-01", 60000))
    literal = events(terms, market=market, observed=prepaid("2026-04-16", 60000))

    # 2 % on 60,000 for three months; literally 2 % on 120,000 for half a month.
    assert only(economic, "PY").payoff == 300
    assert only(literal, "PY").payoff == 100


def test_no_penalty_is_due_when_the_market_pays_more() -> None:
    found = events(
        {**PAM, "prepaymentEffect": "M", "penaltyType": "I", "marketObjectCodeOfRateReset": "LPR"},
        mode=Mode.ECONOMIC,
        market={"LPR": {"2026-01-01": "0.08"}},
        observed=prepaid("2026-04-01", 60000),
    )

    assert only(found, "PY").payoff == 0


def test_an_absolute_fee_is_paid_on_each_fee_day_and_at_the_end() -> None:
    found = events(
        {**PAM, "feeRate": "90", "feeBasis": "A", "cycleAnchorDateOfFee": "2026-04-01", "cycleOfFee": "P1QL1"}
    )

    assert [(day, payoff) for day, kind, payoff in flows(found) if kind == "FP"] == [
        ("2026-04-01", 90),
        ("2026-07-01", 90),
    ]


def test_a_fee_on_the_notional_accrues_with_it() -> None:
    found = events(
        {**LAM, "feeRate": "0.012", "feeBasis": "N", "cycleAnchorDateOfFee": "2026-03-01", "cycleOfFee": "P1QL1"}
    )

    # 1.2 % a year is 120 a month on 120,000 and 100 on 100,000; from 1 March the instalments go on: 80, 60, 40; 20.
    assert payoffs(found, "FP") == [220, 180, 20]


def test_a_scaling_index_multiplies_interest_and_principal() -> None:
    terms = {
        **LAM,
        "scalingEffect": "INO",
        "marketObjectCodeOfScalingIndex": "CPI",
        "scalingIndexAtContractDealDate": "100",
        "cycleAnchorDateOfScalingIndex": "2026-03-01",
        "cycleOfScalingIndex": "P1YL1",
    }

    found = events(terms, market={"CPI": {"2026-03-01": "110"}})

    assert payoffs(found, "PR") == [20000, 20000, 22000, 22000, 22000]
    assert payoffs(found, "IP") == [600, 500, 440, 330, 220, 110]
    assert only(found, "MD").payoff == 22000


def test_a_credit_event_is_noted_and_moves_no_money() -> None:
    found = events(PAM, observed=[{"time": "2026-03-16T00:00:00", "type": "CE", "value": 0}])

    assert only(found, "CE").payoff == 0
    assert only(found, "CE").accrued == 300
    assert payoffs(found, "IP") == [600] * 6
