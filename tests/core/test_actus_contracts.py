from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.actus.terms import Mode
from tests.core.actus_cases import ANN, CLM, LAM, NAM, PAM, days, events, flows, only, payoffs

BOTH = pytest.mark.parametrize("mode", list(Mode))


@BOTH
def test_a_bullet_loan_pays_interest_monthly_and_principal_at_maturity(mode: Mode) -> None:
    found = events(PAM, mode=mode)

    assert flows(found) == [
        ("2026-01-01", "IED", -120000),
        *((f"2026-0{month}-01", "IP", 600) for month in range(2, 8)),
        ("2026-07-01", "MD", 120000),
    ]
    assert found[0].notional == 120000
    assert found[0].rate == Fraction(6, 100)
    assert found[-1].notional == 0


def test_a_borrower_sees_the_same_flows_with_the_other_sign() -> None:
    assert [-payoff for _, _, payoff in flows(events({**PAM, "contractRole": "RPL"}))] == [
        payoff for _, _, payoff in flows(events(PAM))
    ]


def test_a_discount_at_the_start_lowers_what_is_paid_out() -> None:
    assert only(events({**PAM, "premiumDiscountAtIED": "-2000"}), "IED").payoff == -118000


def test_without_an_interest_cycle_all_interest_is_paid_at_maturity() -> None:
    terms = {**PAM, "cycleOfInterestPayment": None, "cycleAnchorDateOfInterestPayment": None}

    assert flows(events(terms))[1:] == [("2026-07-01", "IP", 3600), ("2026-07-01", "MD", 120000)]


def test_without_a_rate_nothing_but_principal_moves() -> None:
    assert [kind for _, kind, _ in flows(events({**PAM, "nominalInterestRate": None}))] == ["IED", "MD"]


def test_interest_is_capitalized_up_to_and_including_the_stated_day_and_paid_afterwards() -> None:
    found = events({**PAM, "capitalizationEndDate": "2026-03-16T00:00:00"})

    assert days(found, "IPCI") == ["2026-02-01", "2026-03-01", "2026-03-16"]
    # 120,000 -> 120,600 -> 121,203 -> half a month on it: 303.0075
    assert only(found, "IPCI", "2026-03-16").notional == Fraction("121506.0075")
    assert only(found, "IP", "2026-04-01").payoff == Fraction("121506.0075") * 6 / 100 * 15 / 360


def test_a_contract_that_runs_already_starts_with_its_stated_accrued_interest() -> None:
    found = events({**PAM, "statusDate": "2026-01-16T00:00:00", "accruedInterest": "300"})

    assert flows(found)[0] == ("2026-02-01", "IP", 600)


def test_unstated_accrued_interest_runs_from_the_last_interest_day() -> None:
    found = events({**PAM, "statusDate": "2026-03-11T00:00:00"})

    assert flows(found)[0] == ("2026-04-01", "IP", 600)


def test_before_the_first_interest_day_literal_starts_at_nothing_and_economic_at_the_exchange() -> None:
    terms = {**PAM, "statusDate": "2026-01-16T00:00:00"}

    assert flows(events(terms))[0][2] == 300
    assert flows(events(terms, mode=Mode.ECONOMIC))[0][2] == 600


def test_events_after_the_horizon_are_not_shown() -> None:
    assert days(events(PAM, to="2026-03-31T00:00:00"), "IP") == ["2026-02-01", "2026-03-01"]


def test_a_day_off_shifts_payment_and_interest_under_shift_calculate() -> None:
    # 1 February and 1 March 2026 are Sundays.
    found = events({**PAM, "businessDayConvention": "SCF", "calendar": "MF"})

    assert days(found, "IP")[:3] == ["2026-02-02", "2026-03-02", "2026-04-01"]
    assert payoffs(found, "IP")[:3] == [620, 600, 580]


def test_a_day_off_shifts_the_payment_alone_under_calculate_shift() -> None:
    found = events({**PAM, "businessDayConvention": "CSF", "calendar": "MF"})

    assert days(found, "IP")[:3] == ["2026-02-02", "2026-03-02", "2026-04-01"]
    assert payoffs(found, "IP")[:3] == [600, 600, 600]


def test_a_maturity_on_a_day_off_is_paid_on_the_shifted_day_with_its_interest() -> None:
    found = events({**PAM, "maturityDate": "2026-08-01T00:00:00", "businessDayConvention": "SCF", "calendar": "MF"})

    assert flows(found)[-2:] == [("2026-08-03", "IP", 640), ("2026-08-03", "MD", 120000)]


def test_a_maturity_at_the_last_second_earns_that_day() -> None:
    found = events({**PAM, "dayCountConvention": "A360", "maturityDate": "2026-02-10T23:59:59"})

    assert only(found, "IP", "2026-02-10").payoff == 20 * 10


def test_a_linear_loan_repays_equal_parts_and_charges_interest_on_the_rest() -> None:
    found = events(LAM)

    assert payoffs(found, "PR") == [20000] * 5
    assert payoffs(found, "IP") == [600, 500, 400, 300, 200, 100]
    assert only(found, "MD").payoff == 20000


def test_a_linear_loan_without_an_amount_divides_by_the_instalments_and_without_a_maturity_by_the_amount() -> None:
    assert payoffs(events({**LAM, "nextPrincipalRedemptionPayment": None}), "PR") == [20000] * 5
    assert days(events({**LAM, "maturityDate": None}), "MD") == ["2026-07-01"]


def test_an_amount_that_does_not_divide_the_notional_leaves_the_rest_for_maturity() -> None:
    found = events({**LAM, "maturityDate": None, "nextPrincipalRedemptionPayment": "50000"})

    assert payoffs(found, "PR") == [50000, 50000]
    assert flows(found)[-1] == ("2026-04-01", "MD", 20000)


def test_no_instalment_repays_more_than_is_owed() -> None:
    found = events({**LAM, "nextPrincipalRedemptionPayment": "50000"})

    assert payoffs(found, "PR") == [50000, 50000, 20000, 0, 0]
    assert only(found, "MD").payoff == 0


def test_economic_stops_where_nothing_is_owed_any_more() -> None:
    found = events({**LAM, "nextPrincipalRedemptionPayment": "50000"}, mode=Mode.ECONOMIC)

    assert flows(found)[-1] == ("2026-04-01", "IP", 100)


def test_a_lagged_interest_base_stays_until_its_own_days() -> None:
    found = events(
        {
            **LAM,
            "interestCalculationBase": "NTL",
            "interestCalculationBaseAmount": "120000",
            "cycleAnchorDateOfInterestCalculationBase": "2026-04-01T00:00:00",
            "cycleOfInterestCalculationBase": "P2ML1",
        }
    )

    # 120,000 until 1 April, then 60,000, from 1 June 20,000.
    assert days(found, "IPCB") == ["2026-04-01", "2026-06-01"]
    assert payoffs(found, "IP") == [600, 600, 600, 300, 300, 100]


def test_an_interest_base_fixed_at_the_start_stays_fixed_in_economic_mode_only() -> None:
    terms = {**LAM, "interestCalculationBase": "NTIED", "interestCalculationBaseAmount": "120000"}

    assert payoffs(events(terms, mode=Mode.ECONOMIC), "IP") == [600] * 6
    assert payoffs(events(terms), "IP") == [600, 500, 400, 300, 200, 100]


def test_a_level_payment_repays_what_interest_leaves() -> None:
    found = events(NAM)

    # 20,600 - 600 = 20,000; interest on 100,000 is 500, so 20,100; on 79,900 it is 399.50.
    assert payoffs(found, "PR")[:3] == [20000, 20100, Fraction("20200.5")]
    assert only(found, "MD").payoff == 120000 - sum(payoffs(found, "PR"))


def test_a_payment_below_the_interest_lets_the_debt_grow() -> None:
    found = events({**NAM, "nextPrincipalRedemptionPayment": "500"})

    assert only(found, "PR", "2026-02-01").payoff == -100
    assert only(found, "PR", "2026-02-01").notional == 120100


def test_an_annuity_pays_the_same_amount_each_month_and_ends_at_nothing() -> None:
    found = events(ANN)

    totals = [
        sum(event.payoff for event in found if event.when == when and event.event_type.value in {"PR", "IP", "MD"})
        for when in sorted({event.when for event in found if event.event_type.value == "IP"})
    ]
    expected = Fraction(120000) * Fraction(5, 1000) / (1 - 1 / Fraction(1005, 1000) ** 6)
    assert all(abs(total - expected) < Fraction(1, 10**30) for total in totals)
    assert [kind for _, kind, _ in flows(found)][:2] == ["IED", "PRF"]
    assert days(found, "PRF") == ["2026-01-31"]


def test_an_annuity_that_matures_before_its_amortization_date_ends_with_a_balloon() -> None:
    whole = events(ANN)
    balloon = events({**ANN, "maturityDate": "2026-04-01T00:00:00", "amortizationDate": "2026-07-01T00:00:00"})

    assert payoffs(balloon, "PR") == payoffs(whole, "PR")[:2]
    assert only(balloon, "MD").payoff == only(whole, "PR", "2026-03-01").notional


def test_an_annuity_is_fixed_anew_after_a_rate_reset() -> None:
    found = events(
        {
            **ANN,
            "cycleAnchorDateOfRateReset": "2026-04-01T00:00:00",
            "cycleOfRateReset": "P1YL1",
            "marketObjectCodeOfRateReset": "LPR",
        },
        market={"LPR": {"2026-04-01": "0.12"}},
    )

    assert [kind for day, kind, _ in flows(found) if day == "2026-04-01"] == ["PR", "IP", "RR", "PRF"]
    owed = only(found, "PR", "2026-04-01").notional
    payment = owed * Fraction(1, 100) / (1 - 1 / Fraction(101, 100) ** 3)
    assert abs(only(found, "PR", "2026-05-01").payoff + only(found, "IP", "2026-05-01").payoff - payment) < Fraction(
        1, 10**30
    )


def test_call_money_capitalizes_until_its_maturity() -> None:
    found = events({**CLM, "maturityDate": "2026-03-16T00:00:00", "cycleAnchorDateOfInterestPayment": "2026-02-01"})

    assert flows(found)[1:3] == [("2026-02-01", "IPCI", 0), ("2026-03-01", "IPCI", 0)]
    assert only(found, "IP").payoff == 121203 * Fraction(6, 100) * 15 / 360
    assert only(found, "MD").payoff == 121203


def test_called_money_is_repaid_after_the_notice() -> None:
    terms = {**CLM, "maturityDate": None, "cycleOfInterestPayment": None}
    call = {"time": "2026-02-21T00:00:00", "type": "XD", "value": 0}

    literal = events(terms, observed=[call])
    economic = events(terms, mode=Mode.ECONOMIC, observed=[call])

    # 50 days to the call at 20 a day; the notice of ten days ends on 3 March (12 days in 30E360).
    assert flows(literal)[1:] == [("2026-02-21", "XD", 0), ("2026-03-03", "IP", 1000), ("2026-03-03", "STD", 120000)]
    assert flows(economic)[1:] == [("2026-02-21", "XD", 0), ("2026-03-03", "IP", 1240), ("2026-03-03", "STD", 120000)]


def test_uncalled_money_runs_to_the_horizon_without_an_end() -> None:
    found = events({**CLM, "maturityDate": None}, mode=Mode.ECONOMIC, to="2026-03-31T00:00:00")

    assert [kind for _, kind, _ in flows(found)] == ["IED", "IPCI", "IPCI"]


def test_a_purchase_hides_what_came_before_and_keeps_its_effect() -> None:
    found = events({**LAM, "purchaseDate": "2026-03-16T00:00:00", "priceAtPurchaseDate": "79000"})

    # Two instalments are gone: 80,000 left, half a month on it is 200.
    assert flows(found)[0] == ("2026-03-16", "PRD", -79200)
    assert found[0].notional == 80000
    assert found[0].accrued == 200
    assert flows(found)[1] == ("2026-04-01", "PR", 20000)


def test_a_sale_ends_the_contract_with_price_and_accrued_interest() -> None:
    found = events({**PAM, "terminationDate": "2026-03-16T00:00:00", "priceAtTerminationDate": "119000"})

    assert flows(found)[-1] == ("2026-03-16", "TD", 119300)
    assert found[-1].notional == 0
    assert found[-1].rate == Fraction(6, 100)


def test_a_liability_subtracts_its_accrued_interest_in_literal_mode_and_adds_it_in_economic_mode() -> None:
    terms = {
        **PAM,
        "contractRole": "RPL",
        "terminationDate": "2026-03-16T00:00:00",
        "priceAtTerminationDate": "119000",
    }

    assert only(events(terms), "TD").payoff == -118700
    assert only(events(terms, mode=Mode.ECONOMIC), "TD").payoff == -119300


@given(
    rate=st.fractions(min_value=0, max_value=Fraction(3, 10), max_denominator=10_000),
    months=st.integers(2, 24),
    contract=st.sampled_from([LAM, NAM, ANN]),
)
def test_principal_paid_out_comes_back_whatever_the_rate(
    rate: Fraction, months: int, contract: dict[str, object]
) -> None:
    year, month = divmod(months, 12)
    terms = {
        **contract,
        "nominalInterestRate": f"{int(rate * 10_000)}e-4",
        "maturityDate": f"{2026 + year}-{month + 1:02d}-01",
    }

    found = events(terms)

    repaid = sum(payoffs(found, "PR"), Fraction(0)) + only(found, "MD").payoff
    assert abs(repaid - 120000) < Fraction(1, 10**25)
    assert all(earlier.when <= later.when for earlier, later in pairwise(found))
    assert found[-1].notional == 0
