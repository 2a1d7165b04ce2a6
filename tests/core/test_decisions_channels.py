"""The value of the next tonne and the next MWh: each channel against numbers by hand, and the total without double count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.allocation import ProcessState, allocation_rule
from finance.compliance.cbam import NOTHING_PAID, CarbonPricePaid, CbamPrices, GoodsLine
from finance.compliance.cbam_rules import Route, cbam_rules
from finance.compliance.green_certificates import CertificateKind, GecHolding
from finance.compliance.offsets import ccer_cap
from finance.compliance.product_premium import FootprintPrice, GreenPremium, PremiumStep
from finance.compliance.renewable_duty import PowerKwh, duty_rules, renewable_duty
from finance.conventions.day_counts import DayCount
from finance.decisions.channels import ChannelKind, ChannelState, StepValue, not_given, total_of
from finance.decisions.ets_channel import AccountingCase, CreditSwap, EtsSituation, ets_channel, position_change
from finance.decisions.loan_channel import (
    PrincipalStretch,
    RateStake,
    loan_channel,
    simple_ratchet,
    stake_worth,
)
from finance.decisions.next_mwh import next_mwh, parity_chart
from finance.decisions.next_tonne import Situation, next_tonne
from finance.decisions.product_channels import (
    CbamExposure,
    DutyExposure,
    ProductSituation,
    cbam_channel,
    duty_channel,
    premium_channel,
)
from finance.decisions.sensitivity import Driver, relative, tornado
from finance.decisions.step_drivers import StepQuestion, net_value, step_tornado
from finance.decisions.steps import GreenPower, Origin, Step, green_mwh, saved_tonnes
from finance.emissions.methodologies import Measure
from finance.emissions.templates import Evidence
from finance.kpi.forecast import ForecastPeriod, forecast_year
from finance.kpi.forecast_quantiles import QuantileTable, quantile_table
from finance.kpi.targets import Bound
from finance.loans.price_effects import Linear
from finance.store import activity_reference, reference
from ledger.core.errors import Conflict, Invalid

LAWS = {row.row_id: row for row in reference.shipped_decision_assumptions().rows}
POWER = GreenPower(
    operational_kg_per_kwh=Fraction("0.5942"),
    footprint_kg_per_kwh=Fraction("0.6"),
    evidence=Evidence.MARKET_CONTRACT,
    source="grid factor 2021 without market non-fossil",
)
TONNE = saved_tonnes(Fraction(1), origin=Origin.DIRECT)
MWH = green_mwh(Fraction(1), POWER)
LEVELS = st.fractions(min_value=Fraction(1, 2), max_value=Fraction(5, 2), max_denominator=1000)


def ets(
    emissions: str = "800000", output: str = "500000", bp: str = "1.60", *, year: int = 2025, price: str | None = "100"
) -> EtsSituation:
    return EtsSituation(
        rule=allocation_rule(reference.shipped_allocation_rules(), year),
        emissions_t=Fraction(emissions),
        output_t=Fraction(output),
        balance_value=Fraction(bp),
        price_cny_per_t=None if price is None else Fraction(price),
        price_source="mark",
        power_row=LAWS["law.ets_counts_power"],
        draft_row=LAWS["law.draft_ets_counts_power"],
    )


def stake(
    intensity: str = "10.05", *, target: str = "10.00", output: str = "1000000", bp: str = "10", up: str = "0"
) -> RateStake:
    """CNY 200 m at ACT/360 over a year of 365 days."""
    return RateStake(
        name="loan A",
        measure=Measure.OPERATIONAL_INCL_POWER,
        kpi_id="co2",
        tranche_id="A",
        target=Fraction(target),
        is_strict=False,
        intensity=Fraction(intensity),
        output_t=Fraction(output),
        ratchet=simple_ratchet(kpi_id="co2", tranche_id="A", down_bp=Fraction(bp), up_bp=Fraction(up)),
        day_count=DayCount.ACT_360,
        stretches=(PrincipalStretch(start=date(2026, 6, 20), end=date(2027, 6, 20), principal_fen=20_000_000_000),),
        source="terms",
    )


def cbam(
    see: str | None = "3.0", *, mass: str = "10000", output: str = "100000", paid: CarbonPricePaid = NOTHING_PAID
) -> CbamExposure:
    goods = GoodsLine(
        line="1",
        cn_code="76011000",
        imported_on=date(2026, 2, 10),
        mass_t=Fraction(mass),
        route=Route.PRIMARY,
        see_tco2_per_t=None if see is None else Fraction(see),
        is_verified=see is not None,
    )
    return CbamExposure(
        rules=cbam_rules(reference.shipped_cbam_rules(), 2026),
        lines=(goods,),
        prices=CbamPrices(
            eur_by_period={"": Fraction("75.36")}, price_source="t", cny_per_eur=Fraction("7.90"), fixing_source="t"
        ),
        paid=paid,
        importer_mass_t=None,
        output_t=Fraction(output),
        power_row=LAWS["law.cbam_counts_power"],
        source="output as given",
    )


def duty(green: str = "200000", *, held: int = 100, price: str | None = "5.96") -> DutyExposure:
    """1,000,000 kWh at 70 %: 700,000 kWh due."""
    day = date(2026, 6, 30)
    rules = duty_rules(
        reference.shipped_renewable_duty(), year=2025, region="CN-YN", on=day, given_ratio=Fraction("0.7")
    )
    found = renewable_duty(
        rules,
        power=(
            PowerKwh(evidence=Evidence.GRID_RESIDUAL, kwh=Fraction(1_000_000) - Fraction(green), source="meters"),
            PowerKwh(evidence=Evidence.MARKET_CONTRACT, kwh=Fraction(green), source="contracts"),
        ),
        holdings=(
            GecHolding(production_month="2025-06", kind=CertificateKind.MARKET, quantity=held, source="registry"),
        ),
        on=day,
    )
    return DutyExposure(
        duty=found,
        gec_price_cny=None if price is None else Fraction(price),
        price_source="exchange",
        emissions_row=LAWS["law.duty_counts_emissions"],
    )


def product(footprint: str = "12.0", *, price: bool = True, premium: bool = True) -> ProductSituation:
    return ProductSituation(
        footprint_tco2e_per_t=Fraction(footprint),
        output_t=Fraction(100_000),
        sold_t=Fraction(20_000),
        premium=GreenPremium(
            steps=(PremiumStep(threshold_tco2e_per_t=Fraction(4), premium_cny_per_t=Fraction(100), source="offtake"),)
        )
        if premium
        else None,
        price=FootprintPrice(
            reference_tco2e_per_t=Fraction(12), price_cny_per_tco2e=Fraction(50), is_two_sided=True, source="offtake"
        )
        if price
        else None,
        are_both_paid=price and premium,
    )


def table() -> QuantileTable:
    return quantile_table(activity_reference.shipped_student_t())


# --- allowances ---


def test_at_the_balance_value_a_tonne_saved_is_fifteen_hundredths_of_a_position() -> None:
    change = position_change(ets(), Fraction(1000))

    assert change.exact_t == Fraction("149.8125")  # 0.15 x (1,000 - 1,000^2 / 800,000)
    assert change.slope_t_per_t == Fraction("0.15")
    assert change.whole_t == 149
    assert ets_channel(ets(), TONNE).worth_cny == 100 * Fraction(3, 20) * (1 - Fraction(1, 800_000))


@pytest.mark.parametrize(
    ("emissions", "expected"),
    [("500000", "-0.03"), ("1100000", "0.03"), ("640000", "-0.03"), ("960000", "0.21"), ("700000", "0.1125")],
)
def test_the_caps_turn_the_sign_and_the_joins_take_the_side_of_fewer_emissions(emissions: str, expected: str) -> None:
    """Below 0.8 BP the plant is at its upper cap: every tonne saved loses 0.03 t of allocation above its own."""
    found = position_change(ets(emissions), Fraction(1, 1000))

    assert found.slope_t_per_t == Fraction(expected)
    assert abs(found.exact_t * 1000 - Fraction(expected)) < Fraction(1, 10**6)


@pytest.mark.parametrize(
    "situation",
    [
        ets(year=2024),
        ets("20000", "12000"),
        replace(ets(), state=ProcessState.NEW_IN_YEAR),
        replace(ets(), state=ProcessState.CLOSED_BEFORE_DETERMINATION),
    ],
    ids=["2024", "small", "new", "closed"],
)
def test_where_the_allocation_equals_the_emissions_a_tonne_is_worth_nothing(situation: EtsSituation) -> None:
    found = ets_channel(situation, TONNE)

    assert (found.state, found.worth_cny) == (ChannelState.COUNTED, Fraction(0))
    assert "equals the emissions" in found.words_en


def test_a_step_across_the_limit_of_small_emitters_jumps() -> None:
    """26,000 t at 1.60 against BP 1.28 are short by 780 t; one tonne less and the allocation equals the emissions."""
    at_limit = ets("26000", "16250", "1.28")

    assert position_change(at_limit, Fraction(1)).exact_t == 780


@given(intensity=LEVELS, bp=LEVELS, tonnes=st.integers(1, 5000))
def test_inside_the_band_the_change_is_slope_times_step_less_the_curvature(
    intensity: Fraction, bp: Fraction, tonnes: int
) -> None:
    output = Fraction(500_000)
    situation = replace(ets(), emissions_t=intensity * output, balance_value=bp)
    after = intensity - tonnes / output
    found = position_change(situation, Fraction(tonnes))

    if all(abs(bp - each) / bp < Fraction(1, 5) for each in (intensity, after)):
        assert found.exact_t == found.slope_t_per_t * tonnes - Fraction(3, 20) * tonnes**2 / (output * bp)
    assert abs(found.exact_t - found.whole_t) < 2


def test_credits_at_the_cap_make_way_for_allowances() -> None:
    """One tonne less due takes 0.05 of a credit out of use: 0.05 x (100 - 80) = 1 CNY less."""
    rules = reference.shipped_offset_rules()
    swap = CreditSwap(
        share=Fraction("0.05"),
        price_cny_per_t=Fraction(80),
        cap=ccer_cap(rules, due_t=800_000, on=date(2026, 12, 1)),
        source="mark",
    )
    with_swap, without = (ets_channel(each, TONNE).worth_cny for each in (replace(ets(), credits=swap), ets()))

    assert with_swap is not None
    assert without is not None
    assert with_swap - without == -1


def test_green_power_is_worth_nothing_in_the_market_and_says_so_in_both_languages() -> None:
    found = ets_channel(ets(), MWH)

    assert (found.state, found.worth_cny) == (ChannelState.NOTHING_UNDER_LAW, Fraction(0))
    assert "direct emissions only" in found.words_en
    assert "直接排放" in found.words_zh
    assert "draft_with_power" in found.changes_en
    assert "official" in found.explanation.leaves()[0].source


def test_under_the_draft_a_mwh_would_be_worth_factor_times_price() -> None:
    found = ets_channel(replace(ets(), case=AccountingCase.DRAFT_WITH_POWER), MWH)

    assert found.worth_cny == Fraction("59.42")
    assert found.is_estimate
    assert "not the law" in found.words_en


def test_without_a_price_the_position_is_unvalued_never_zero() -> None:
    found = ets_channel(ets(price=None), TONNE)

    assert (found.state, found.worth_cny) == (ChannelState.NOT_GIVEN, None)


def test_a_step_beyond_the_emissions_is_refused() -> None:
    with pytest.raises(Invalid, match="at most the direct emissions"):
        position_change(ets("100"), Fraction(101))


# --- loans ---


def test_the_ratchet_and_its_break_even_price_are_those_of_the_reference() -> None:
    """10 bp on 200 m over 365 days ACT/360 are 202,777.78; 0.05 t/t over 1 Mt are 50,000 t: 4.06 CNY per tonne."""
    found = stake_worth(stake(), TONNE)

    assert found.ratchet_cny == Fraction(1_825_000, 9)
    assert found.needed_t == 50_000
    assert found.breakeven_cny_per_t == Fraction(1_825_000, 9) / 50_000
    assert found.worth_cny == 0


def test_without_a_forecast_the_step_that_crosses_the_target_earns_all_of_it() -> None:
    crossing = saved_tonnes(Fraction(50_000), origin=Origin.POWER)
    short = saved_tonnes(Fraction(49_999), origin=Origin.POWER)

    assert stake_worth(stake(), crossing).worth_cny == Fraction(1_825_000, 9)
    assert stake_worth(stake(), short).worth_cny == 0


def test_a_target_met_already_needs_no_tonne() -> None:
    found = stake_worth(stake("9.9", up="5"), TONNE)

    assert (found.needed_t, found.breakeven_cny_per_t, found.worth_cny) == (Fraction(0), None, Fraction(0))
    assert found.ratchet_bp == 15


def test_an_expected_value_is_the_change_of_the_chance_times_the_step() -> None:
    months = [Fraction(value, 100) for value in (990, 1010, 1000, 1020, 995, 1005)]
    periods = tuple(
        ForecastPeriod(
            period=f"2026-{number:02d}",
            production_t=Fraction(100),
            norm_tco2e_per_t=Fraction(1),
            emissions_t=months[number - 1] * 100 if number <= 6 else None,
        )
        for number in range(1, 13)
    )
    forecast = forecast_year(
        periods,
        target=Fraction(10),
        best_tco2e_per_t=Fraction("9.9"),
        confidence=Fraction(9, 10),
        quantiles=table(),
    )
    held = replace(stake(str(10), output="1200"), intensity=forecast.intensity, forecast=forecast, quantiles=table())
    found = stake_worth(held, saved_tonnes(Fraction(10), origin=Origin.POWER))

    assert found.chance_before is not None
    assert found.chance_after is not None
    assert found.chance_before < found.chance_after <= 1
    assert found.worth_cny == (found.chance_after - found.chance_before) * found.ratchet_cny
    assert found.is_estimate


def test_a_scale_moves_with_every_tonne() -> None:
    """Base 10, floor 9, 10 bp: 0.01 t/t lower is 0.1 bp of 20,277.78 CNY each."""
    base = stake("9.5")
    effect = replace(
        base.ratchet.effects[0],
        rule=Linear(
            kpi_id="co2",
            better=Bound.AT_MOST,
            floor=Fraction(9),
            base=Fraction(10),
            cap=Fraction(11),
            down_bp=Fraction(10),
            up_bp=Fraction(0),
        ),
    )
    held = replace(base, ratchet=replace(base.ratchet, effects=(effect,)))

    assert stake_worth(held, saved_tonnes(Fraction(10_000), origin=Origin.POWER)).worth_cny == held.cny_per_bp / 10


def test_a_tonne_of_power_does_not_move_a_kpi_on_direct_emissions() -> None:
    direct = replace(stake(), measure=Measure.ETS_DIRECT)
    found = loan_channel((direct,), saved_tonnes(Fraction(50_000), origin=Origin.POWER))

    assert found.worth_cny == 0
    assert "changes no measure" in found.words_en


def test_one_kpi_of_a_tranche_counts_once() -> None:
    with pytest.raises(Conflict, match="count twice"):
        loan_channel((stake(), stake()), TONNE)
    with pytest.raises(Invalid, match="without overlap"):
        replace(stake(), stretches=stake().stretches * 2)


# --- the border ---


def test_a_saved_tonne_spreads_over_the_output_and_only_the_exported_share_counts() -> None:
    found = cbam_channel(cbam(), TONNE)

    assert found.worth_cny == Fraction("0.1") * Fraction("75.36") * Fraction("7.90")  # 59.5344 CNY
    assert not found.is_estimate


def test_a_default_value_does_not_move_with_the_plant() -> None:
    found = cbam_channel(cbam(None), TONNE)

    assert found.worth_cny == 0
    assert "default values" in found.words_en


def test_green_power_is_worth_nothing_at_the_border_under_the_law() -> None:
    found = cbam_channel(cbam(), MWH)

    assert found.state is ChannelState.NOTHING_UNDER_LAW
    assert "Annex II" in found.changes_en


def test_a_saving_at_home_that_was_deducted_here_does_not_count_twice() -> None:
    paid = CarbonPricePaid(paid_cny=Fraction(50_000), rebate_cny=Fraction(0), evidence="receipt")
    plain, netted = (cbam_channel(cbam(paid=paid), TONNE, home_saving_cny=Fraction(each)).worth_cny for each in (0, 15))

    assert plain is not None
    assert netted is not None
    assert plain - netted == Fraction(15) / 10  # a tenth of the output is exported


def test_within_the_threshold_nothing_is_due_and_nothing_saved() -> None:
    assert cbam_channel(cbam(mass="50"), TONNE).state is ChannelState.NOTHING_UNDER_LAW


def test_a_flow_without_a_price_is_unvalued() -> None:
    unpriced = replace(cbam(), prices=replace(cbam().prices, eur_by_period={}))

    assert cbam_channel(unpriced, TONNE).state is ChannelState.NOT_GIVEN


# --- the duty and the buyers ---


def test_a_mwh_that_counts_spares_a_certificate_while_the_duty_is_open() -> None:
    found = duty_channel(duty(), MWH)

    assert found.worth_cny == Fraction("5.96")
    assert {each.name: each.value for each in found.figures} == {
        "open_kwh": 400_000,
        "saved_kwh": 1000,
        "whole_certificates_saved": 1,
    }


def test_a_step_larger_than_the_open_duty_is_worth_only_what_is_open() -> None:
    assert duty_channel(duty(), green_mwh(Fraction(1000), POWER)).worth_cny == 400 * Fraction("5.96")
    assert duty_channel(duty("900000"), MWH).worth_cny == 0


def test_power_that_does_not_count_and_a_tonne_are_worth_nothing_towards_the_duty() -> None:
    residual = green_mwh(Fraction(1), replace(POWER, evidence=Evidence.GRID_RESIDUAL))

    assert duty_channel(duty(), residual).state is ChannelState.NOTHING_UNDER_LAW
    assert duty_channel(duty(), TONNE).state is ChannelState.NOTHING_UNDER_LAW
    assert duty_channel(duty(price=None), MWH).state is ChannelState.NOT_GIVEN


def test_a_footprint_price_moves_with_every_tonne_and_a_threshold_only_when_crossed() -> None:
    """1 t over 100,000 t of output at 50 CNY on 20,000 t sold: 10 CNY; the threshold is 800,000 t away."""
    found = premium_channel(product(), TONNE)
    crossing = premium_channel(product("4.001", price=False), saved_tonnes(Fraction(100), origin=Origin.POWER))

    assert found.worth_cny == 10
    assert {each.name: each.value for each in found.figures}["next_threshold_t"] == 800_000
    assert crossing.worth_cny == 2_000_000


def test_a_premium_and_a_footprint_price_together_must_be_said_to_be_both_paid() -> None:
    with pytest.raises(Invalid, match="are_both_paid"):
        replace(product(), are_both_paid=False)


# --- the total ---


def full() -> Situation:
    return Situation(ets=ets(), stakes=(stake(),), cbam=cbam(), duty=duty(), product=product())


def test_the_next_tonne_is_the_sum_of_its_channels_each_once() -> None:
    found = next_tonne(full())

    assert found.total_cny == sum(each.worth_cny or 0 for each in found.channels)
    assert found.is_complete
    assert [each.kind for each in found.channels] == list(ChannelKind)
    assert all(leaf.source for leaf in found.explanation.leaves())
    assert found.per_unit_cny == found.total_cny


def test_a_channel_twice_is_refused() -> None:
    channel = not_given(ChannelKind.ETS, words=("a", "b"))

    with pytest.raises(Conflict, match="count it twice"):
        total_of(TONNE, (channel, channel))


def test_what_is_not_given_is_named_and_left_out() -> None:
    found = next_tonne(Situation(ets=ets()))

    assert found.missing == (ChannelKind.LOAN, ChannelKind.CBAM, ChannelKind.DUTY, ChannelKind.PREMIUM)
    assert not found.is_complete


def test_under_the_law_no_carbon_price_makes_green_power_pay() -> None:
    found = next_mwh(Situation(ets=ets(), duty=duty()), POWER, premium_cny_per_mwh=Fraction(60))

    assert found.value.total_cny == Fraction("5.96")
    assert found.parity.parity_cny_per_kwh == Fraction("0.00596")
    assert found.parity.net_cny_per_mwh == Fraction("-54.04")
    assert (found.parity.price_cny_per_t, found.parity.is_price_decisive) == (None, False)


def test_under_the_draft_the_parity_is_the_articles() -> None:
    draft = replace(ets(), case=AccountingCase.DRAFT_WITH_POWER)
    found = next_mwh(Situation(ets=draft), POWER, premium_cny_per_mwh=Fraction(60))

    assert found.value.per_unit_cny == Fraction("59.42")
    assert found.parity.price_cny_per_t == Fraction(60) / Fraction("0.5942")  # 100.976


def test_a_premium_below_the_other_channels_pays_at_any_price() -> None:
    found = next_mwh(Situation(ets=ets(), duty=duty()), POWER, premium_cny_per_mwh=Fraction(5))

    assert found.parity.price_cny_per_t == 0


def test_the_chart_is_flat_under_the_law_and_rises_under_the_draft() -> None:
    prices = [Fraction(each) for each in (0, 50, 100)]
    law = parity_chart(Situation(ets=ets(), duty=duty()), POWER, prices)
    draft = parity_chart(
        Situation(ets=replace(ets(), case=AccountingCase.DRAFT_WITH_POWER), duty=duty()), POWER, prices
    )

    assert {each.premium_cny_per_mwh for each in law} == {Fraction("5.96")}
    assert [each.premium_cny_per_mwh for each in draft] == [Fraction("5.96"), Fraction("35.67"), Fraction("65.38")]


@given(tonnes=st.integers(1, 1000), price=st.integers(0, 500))
def test_the_total_is_linear_in_nothing_but_its_parts(tonnes: int, price: int) -> None:
    situation = Situation(
        ets=replace(ets(), price_cny_per_t=Fraction(price)), cbam=cbam(), product=product(premium=False)
    )
    found: StepValue = next_tonne(situation, tonnes=Fraction(tonnes))

    assert found.total_cny == sum((each.worth_cny or Fraction(0) for each in found.channels), Fraction(0))
    assert found.channel(ChannelKind.CBAM).worth_cny == tonnes * Fraction("59.5344")
    assert found.channel(ChannelKind.PREMIUM).worth_cny == tonnes * 10


# --- sensitivity and steps ---


def test_the_driver_that_moves_most_comes_first() -> None:
    price = relative("price", "CNY/t", Fraction(100), change=Fraction(1, 10), source="mark")
    bp = Driver(name="bp", unit="t/t", base=Fraction(2), low=Fraction(1), high=Fraction(2), source="platform")
    found = tornado(lambda at: at["price"] * at["bp"], (price, bp), unit="CNY")

    assert found.base == 200
    assert [(bar.driver.name, bar.at_low, bar.at_high, bar.effect) for bar in found.bars] == [
        ("bp", Fraction(100), Fraction(200), Fraction(100)),
        ("price", Fraction(180), Fraction(220), Fraction(20)),
    ]


def test_each_driver_of_a_step_moves_what_it_names() -> None:
    """Under the draft a MWh is worth factor x price: both move it alike; under the law neither moves it."""
    question = StepQuestion(quantity=Fraction(1), power=POWER, premium_cny_per_mwh=Fraction(60))
    draft = Situation(
        ets=replace(ets(), case=AccountingCase.DRAFT_WITH_POWER), duty=duty(), product=product(premium=False)
    )
    effects = {bar.driver.name: bar.effect for bar in step_tornado(draft, question, change=Fraction(1, 10)).bars}

    assert effects["carbon price"] == Fraction("5.942")
    assert effects["green premium"] == 6
    assert effects["certificate price"] == Fraction("0.596")
    assert effects["grid factor"] == Fraction("5.942") + Fraction("0.6") * 50 * Fraction(20_000, 100_000) / 10
    assert effects["balance value"] == 0
    assert effects["output"] == Fraction(6) * (1 / Fraction(9, 10) - 1)  # the same tonnes over less output


def test_a_loans_scale_feels_the_output_and_no_output_is_refused() -> None:
    question = StepQuestion(quantity=Fraction(50_000), origin=Origin.POWER)
    situation = Situation(ets=ets(), stakes=(stake(),))

    assert net_value(situation, question, {"output": Fraction(500_000)}) == Fraction(1_825_000, 9) / 50_000
    assert net_value(situation, question, {"output": Fraction(550_000)}) == 0  # 50,000 t no longer reach the target
    with pytest.raises(Invalid, match="no output"):
        net_value(situation, question, {"output": Fraction(0)})
    with pytest.raises(Invalid, match="can be moved"):
        step_tornado(Situation(), question, change=Fraction(0))


def test_drivers_that_make_no_sense_are_refused() -> None:
    one = relative("price", "CNY/t", Fraction(100), change=Fraction(0), source="mark")

    with pytest.raises(Conflict):
        tornado(lambda at: at["price"], (one, one), unit="CNY")
    with pytest.raises(Invalid):
        tornado(lambda at: at["price"], (), unit="CNY")
    with pytest.raises(Invalid):
        relative("price", "CNY/t", Fraction(100), change=Fraction(2), source="mark")
    with pytest.raises(Invalid):
        replace(one, low=Fraction(200))


@pytest.mark.parametrize("quantity", [0, -1, 10**16])
def test_a_step_of_nothing_or_beyond_any_plant_is_refused(quantity: int) -> None:
    with pytest.raises(Invalid, match="above zero"):
        saved_tonnes(Fraction(quantity), origin=Origin.DIRECT)


def test_a_tonne_of_power_lowers_only_what_counts_power() -> None:
    step: Step = saved_tonnes(Fraction(2), origin=Origin.POWER)

    assert [step.ets_t, step.cbam_t, step.operational_t, step.footprint_t] == [0, 0, 2, 2]
    assert saved_tonnes(Fraction(2), origin=Origin.POWER, is_power_in_cbam=True).cbam_t == 2
