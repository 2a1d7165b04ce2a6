"""The renewable duty, green certificates and the premium of clean metal."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.green_certificates import (
    CertificateKind,
    GecHolding,
    expires_on,
    gec_rules,
    is_valid,
    issue_certificates,
)
from finance.compliance.product_premium import (
    FootprintPrice,
    GreenPremium,
    PremiumStep,
    footprint_worth,
    premium_worth,
)
from finance.compliance.renewable_duty import DutyRules, PowerKwh, RenewableDuty, duty_rules, renewable_duty
from finance.emissions.templates import Evidence
from finance.store import reference
from ledger.core.errors import Invalid, NotFound

DAY = date(2026, 6, 30)
GEC = gec_rules(reference.shipped_renewable_duty(), on=DAY)


def rules(region: str = "CN-YN", year: int = 2025, ratio: str | None = None, on: date = DAY) -> DutyRules:
    return duty_rules(
        reference.shipped_renewable_duty(),
        year=year,
        region=region,
        on=on,
        given_ratio=None if ratio is None else Fraction(ratio),
    )


def used(**kwh: int) -> tuple[PowerKwh, ...]:
    return tuple(PowerKwh(evidence=Evidence(name), kwh=Fraction(each), source="meter") for name, each in kwh.items())


def held(quantity: int, month: str = "2025-06", kind: CertificateKind = CertificateKind.MARKET) -> GecHolding:
    return GecHolding(production_month=month, kind=kind, quantity=quantity, source="registry")


def duty(
    *holdings: GecHolding, power: tuple[PowerKwh, ...] | None = None, given: DutyRules | None = None
) -> RenewableDuty:
    return renewable_duty(
        given or rules(), power=power or used(grid_residual=800_000, market_contract=200_000), holdings=holdings, on=DAY
    )


# --- certificates ---


def test_the_remainder_of_a_month_is_carried_to_the_next() -> None:
    issues = issue_certificates(
        GEC, [("2026-01", Fraction(1_600)), ("2026-02", Fraction(1_500))], carried_kwh=Fraction(0)
    )

    assert [(each.certificates, each.carried_kwh) for each in issues] == [(1, Fraction(600)), (2, Fraction(100))]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12), st.integers(0, 999))
def test_no_energy_is_lost_but_the_last_remainder(kwh: list[int], carried: int) -> None:
    energy = [(f"2026-{number:02d}", Fraction(each)) for number, each in enumerate(kwh, start=1)]

    issues = issue_certificates(GEC, energy, carried_kwh=Fraction(carried))

    assert 1_000 * sum(each.certificates for each in issues) + issues[-1].carried_kwh == carried + sum(kwh)
    assert all(0 <= each.carried_kwh < 1_000 for each in issues)


def test_a_certificate_lives_for_24_months_from_its_production_month() -> None:
    old = held(1, "2024-06")

    assert expires_on(GEC, "2024-06") == date(2026, 6, 1)
    assert is_valid(GEC, old, date(2026, 5, 31))
    assert not is_valid(GEC, old, date(2026, 6, 1))
    assert not is_valid(GEC, old, date(2024, 5, 31))


def test_only_market_certificates_may_be_sold() -> None:
    assert GEC.tradable == {CertificateKind.MARKET}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-01", "next", "\uff12026-01"])
def test_a_month_that_is_none_is_refused(month: str) -> None:
    with pytest.raises(Invalid, match="YYYY-MM"):
        held(1, month)


def test_a_carried_remainder_of_a_whole_certificate_is_refused() -> None:
    with pytest.raises(Invalid, match="carried_kwh"):
        issue_certificates(GEC, [("2026-01", Fraction(1))], carried_kwh=Fraction(1_000))
    with pytest.raises(Invalid, match="order"):
        issue_certificates(GEC, [("2026-02", Fraction(1)), ("2026-01", Fraction(1))], carried_kwh=Fraction(0))


# --- the duty ---


def test_the_duty_is_a_share_of_the_power_used_and_the_gap_is_what_neither_contract_nor_certificate_covers() -> None:
    found = duty(held(100))

    assert [found.used_kwh, found.duty_kwh, found.counted_kwh] == [1_000_000, 700_000, 200_000]
    assert (found.needed, found.held, found.gap, found.sellable) == (500, 100, 400, 0)


def test_the_gap_costs_what_each_production_years_certificates_cost() -> None:
    costs = {each.production_year: each.cost_fen for each in duty(held(100)).costs}

    assert costs == {2024: 400 * 129, 2025: 400 * 405, 2026: 400 * 596}


def test_a_production_year_whose_last_certificates_expired_is_not_offered() -> None:
    given = rules(on=date(2026, 12, 1))

    found = renewable_duty(given, power=used(grid_residual=1_000), holdings=(), on=date(2026, 12, 1))

    assert [each.production_year for each in found.costs] == [2025, 2026]


def test_a_part_of_a_certificate_needs_a_whole_one() -> None:
    assert duty(power=used(grid_residual=1_430)).needed == 2  # 1,001 kWh


def test_expired_certificates_count_for_nothing() -> None:
    found = duty(held(100, "2024-05"), held(1, "2025-01"))

    assert (found.held, found.expired, found.gap) == (1, 100, 499)


def test_own_use_certificates_are_not_counted_beside_the_direct_line_they_stand_for() -> None:
    found = duty(held(300, kind=CertificateKind.OWN_USE), power=used(grid_residual=700_000, direct_line=300_000))

    assert found.counted_kwh == 300_000
    assert (found.own_use_left_out, found.held, found.gap) == (300, 0, 400)


def test_certificates_beyond_the_need_may_be_sold_if_they_are_tradable() -> None:
    found = duty(held(450), held(200, kind=CertificateKind.OLD_HYDRO))

    assert (found.gap, found.sellable) == (0, 150)


@given(
    st.lists(st.integers(0, 10**9), min_size=5, max_size=5),
    st.integers(0, 100).map(lambda each: Fraction(each, 100)),
    st.integers(0, 10**6),
)
def test_needed_certificates_just_close_the_duty(kwh: list[int], ratio: Fraction, quantity: int) -> None:
    power = tuple(
        PowerKwh(evidence=evidence, kwh=Fraction(each), source="meter")
        for evidence, each in zip(Evidence, kwh, strict=True)
    )

    found = renewable_duty(rules(ratio=str(ratio)), power=power, holdings=(held(quantity),), on=DAY)

    left = found.duty_kwh - found.counted_kwh
    assert found.needed * 1_000 >= left > (found.needed - 1) * 1_000 or (found.needed == 0 and left <= 0)
    assert found.gap == max(0, found.needed - quantity)
    assert not (found.gap and found.sellable)


def test_a_province_without_a_ratio_names_those_that_have_one_and_takes_a_given_ratio() -> None:
    with pytest.raises(NotFound, match="CN-YN 2025"):
        rules("CN-SD")

    assert duty(given=rules("CN-SD", ratio="0.252")).duty_kwh == 252_000


def test_a_year_without_ratios_is_never_guessed() -> None:
    with pytest.raises(NotFound, match="give ratio"):
        rules(year=2026)


@pytest.mark.parametrize("ratio", ["-0.1", "1.01", "70"])
def test_a_ratio_beyond_the_whole_is_refused(ratio: str) -> None:
    with pytest.raises(Invalid, match="ratio"):
        rules(ratio=ratio)


def test_a_duty_explains_itself_down_to_sourced_leaves() -> None:
    tree = duty(held(100)).explanation

    assert all(leaf.source for leaf in tree.leaves())
    assert any("unconfirmed" in leaf.source for leaf in tree.leaves())


# --- premium and footprint price ---


STEPS = GreenPremium(
    steps=(
        PremiumStep(threshold_tco2e_per_t=Fraction(8), premium_cny_per_t=Fraction(50), source="contract A"),
        PremiumStep(threshold_tco2e_per_t=Fraction(4), premium_cny_per_t=Fraction(150), source="contract A"),
    )
)


@pytest.mark.parametrize(("footprint", "rate"), [("8.001", 0), ("8", 50), ("4.001", 50), ("4", 150), ("0", 150)])
def test_the_best_threshold_that_is_met_pays(footprint: str, rate: int) -> None:
    found = premium_worth(STEPS, footprint_tco2e_per_t=Fraction(footprint), sold_t=Fraction(1_000))

    assert [found.cny_per_t, found.worth_cny] == [rate, rate * 1_000]
    assert all(leaf.source for leaf in found.explanation.leaves())


def test_a_premium_that_pays_less_for_cleaner_metal_is_refused() -> None:
    with pytest.raises(Invalid, match="higher premium"):
        GreenPremium(
            steps=(
                PremiumStep(threshold_tco2e_per_t=Fraction(8), premium_cny_per_t=Fraction(50), source="c"),
                PremiumStep(threshold_tco2e_per_t=Fraction(4), premium_cny_per_t=Fraction(50), source="c"),
            )
        )
    with pytest.raises(Invalid):
        GreenPremium(steps=())


@pytest.mark.parametrize(
    ("footprint", "is_two_sided", "rate"), [("4", False, 400), ("14", False, 0), ("14", True, -100)]
)
def test_a_footprint_price_pays_for_the_distance_from_the_reference(
    *, footprint: str, is_two_sided: bool, rate: int
) -> None:
    price = FootprintPrice(
        reference_tco2e_per_t=Fraction(12), price_cny_per_tco2e=Fraction(50), is_two_sided=is_two_sided, source="c"
    )

    found = footprint_worth(price, footprint_tco2e_per_t=Fraction(footprint), sold_t=Fraction(10))

    assert [found.cny_per_t, found.worth_cny] == [rate, rate * 10]
    assert all(leaf.source for leaf in found.explanation.leaves())
