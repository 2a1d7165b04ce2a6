"""CBAM certificates for goods from a smelter: emissions, free allocation, threshold, price paid, holdings, days."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.cbam import (
    NOTHING_PAID,
    CarbonPricePaid,
    CbamFlow,
    CbamPrices,
    GoodsLine,
    SeeBasis,
    cbam_flow,
    price_period,
)
from finance.compliance.cbam_explanation import explain_flow
from finance.compliance.cbam_rules import CbamRules, GoodsClass, PricePeriod, Route, cbam_rules
from finance.store import reference
from ledger.core.errors import Conflict, Invalid, NotFound

PRICES = CbamPrices(
    eur_by_period={"": Fraction("75.36")}, price_source="test", cny_per_eur=Fraction("7.9"), fixing_source="test"
)


def rules(year: int = 2026) -> CbamRules:
    return cbam_rules(reference.shipped_cbam_rules(), year)


def goods(
    mass_t: str = "1000",
    *,
    cn_code: str = "76011000",
    route: Route = Route.PRIMARY,
    see: str | None = None,
    on: date = date(2026, 2, 10),
    line: str = "1",
    is_verified: bool = True,
) -> GoodsLine:
    return GoodsLine(
        line=line,
        cn_code=cn_code,
        imported_on=on,
        mass_t=Fraction(mass_t),
        route=route,
        see_tco2_per_t=None if see is None else Fraction(see),
        is_verified=is_verified and see is not None,
    )


def flow(
    *lines: GoodsLine, year: int = 2026, prices: CbamPrices = PRICES, paid: CarbonPricePaid = NOTHING_PAID
) -> CbamFlow:
    return cbam_flow(rules(year), lines, prices=prices, paid=paid)


def test_unwrought_metal_at_the_default_of_2026() -> None:
    """SEE 3.0 x 1.1, FAA 1.423 x 0.975: (3.3 - 1.387425) x 1,000 = 1,912.575 t, 1,913 certificates."""
    found = flow(goods())

    assert (found.embedded_t, found.free_t) == (Fraction(3_300), Fraction("1387.425"))
    assert (found.needed_t, found.certificates) == (Fraction("1912.575"), 1_913)
    assert found.cost_cents == 1_913 * 7_536
    assert found.cost_fen == 113_889_307  # 1,913 x 75.36 x 7.9 = 1,138,893.072 CNY


def test_verified_actual_emissions_replace_the_default_and_its_mark_up() -> None:
    found = flow(goods(see="1.734"))

    assert found.lines[0].goods.basis is SeeBasis.ACTUAL_VERIFIED
    assert found.needed_t == (Fraction("1.734") - Fraction("1.387425")) * 1_000


def test_unverified_actual_emissions_are_named_an_estimate() -> None:
    assert flow(goods(see="1.7", is_verified=False)).lines[0].goods.basis is SeeBasis.ACTUAL_UNVERIFIED


@pytest.mark.parametrize(
    ("year", "factor", "markup"),
    [
        (2026, "0.975", "0.10"), (2027, "0.95", "0.20"), (2028, "0.90", "0.30"), (2029, "0.775", "0.30"),
        (2030, "0.515", "0.30"), (2031, "0.39", "0.30"), (2032, "0.265", "0.30"), (2033, "0.14", "0.30"), (2034, "0", "0.30"),
    ],
)  # fmt: skip
def test_every_year_has_its_factor_and_its_mark_up(year: int, factor: str, markup: str) -> None:
    found = flow(goods(on=date(year, 2, 10)), year=year)

    payable = Fraction(3) * (1 + Fraction(markup)) - Fraction("1.423") * Fraction(factor)
    assert found.needed_t == payable * 1_000
    assert found.rules.declaration_due == date(year + 1, 9, 30)


@pytest.mark.parametrize("year", [2025, 2035, 1, 9999, 0])
def test_a_year_without_rules_names_the_known_ones(year: int) -> None:
    with pytest.raises((NotFound, Invalid)) as refused:
        rules(year)

    assert refused.value.code in {"cbam.no_rule", "rule.year"}


@pytest.mark.parametrize(
    ("cn_code", "goods_class", "benchmark"),
    [
        ("7601", GoodsClass.UNWROUGHT, "1.423"),
        ("760120", GoodsClass.UNWROUGHT, "1.423"),
        ("76061292", GoodsClass.INTERMEDIATE, "1.479"),
        ("76071111", GoodsClass.FINISHED, "1.589"),
    ],
)
def test_the_cn_heading_decides_class_and_benchmark(cn_code: str, goods_class: GoodsClass, benchmark: str) -> None:
    assert rules().goods_class(cn_code) is goods_class
    assert rules().benchmark(Route.PRIMARY, goods_class) == Fraction(benchmark)


def test_secondary_metal_has_its_own_benchmark() -> None:
    assert rules().benchmark(Route.SECONDARY, GoodsClass.INTERMEDIATE) == Fraction("0.147")


@pytest.mark.parametrize("cn_code", ["7602", "72011000", "76", "760110001", "\uff17\uff16\uff10\uff11", "", "76o1"])
def test_a_good_outside_aluminium_under_cbam_is_refused(cn_code: str) -> None:
    with pytest.raises(Invalid, match="cn_code"):
        flow(goods(cn_code=cn_code))


def test_up_to_50_tonnes_a_year_nothing_is_due_and_beyond_them_everything_is() -> None:
    at, beyond = flow(goods("50")), flow(goods("50.001"))

    assert (at.is_exempt, at.certificates, at.cost_cents) == (True, 0, 0)
    assert (beyond.is_exempt, beyond.needed_t) == (False, Fraction("50.001") * Fraction("1.912575"))


def test_the_importers_other_goods_count_towards_the_threshold() -> None:
    found = cbam_flow(rules(), [goods("10")], prices=PRICES, importer_mass_t=Fraction(51))

    assert (found.is_exempt, found.needed_t) == (False, Fraction("19.12575"))
    with pytest.raises(Invalid, match="importer_mass_t"):
        cbam_flow(rules(), [goods("10")], prices=PRICES, importer_mass_t=Fraction(9))


def test_a_line_cleaner_than_its_free_allocation_does_not_lower_another() -> None:
    found = flow(goods(line="clean", see="1"), goods(line="dirty", see="2"))

    assert found.needed_t == (2 - Fraction("1.387425")) * 1_000


def test_only_what_was_effectively_paid_at_home_is_deducted() -> None:
    """79,000 CNY less 7,900 returned: 9,000 EUR at 75.36 are 119.43 certificates."""
    paid = CarbonPricePaid(paid_cny=Fraction(79_000), rebate_cny=Fraction(7_900), evidence="registry receipt 12")

    found = flow(goods(), paid=paid)

    assert found.deducted_t == Fraction(9_000) / Fraction("75.36")
    assert found.certificates == 1_794  # 1,912.575 - 119.427 = 1,793.148


def test_what_was_paid_never_makes_more_than_nothing_due() -> None:
    paid = CarbonPricePaid(paid_cny=Fraction(10**9), rebate_cny=Fraction(0), evidence="receipt")

    found = flow(goods(), paid=paid)

    assert (found.needed_t, found.certificates, found.cost_cents) == (Fraction(0), 0, 0)


@pytest.mark.parametrize(("paid", "rebate", "evidence"), [("1", "2", "r"), ("-1", "0", "r"), ("1", "0", " ")])
def test_a_payment_that_nothing_proves_or_that_came_back_is_refused(paid: str, rebate: str, evidence: str) -> None:
    with pytest.raises(Invalid):
        CarbonPricePaid(paid_cny=Fraction(paid), rebate_cny=Fraction(rebate), evidence=evidence)


def test_a_price_paid_at_home_needs_a_fixing() -> None:
    bare = CbamPrices(eur_by_period={"": Fraction(75)}, price_source="test", cny_per_eur=None, fixing_source="")
    paid = CarbonPricePaid(paid_cny=Fraction(1), rebate_cny=Fraction(0), evidence="receipt")

    assert flow(goods(), prices=bare).cost_fen is None
    with pytest.raises(Invalid, match="fixing"):
        flow(goods(), prices=bare, paid=paid)


def test_a_quarter_without_a_price_leaves_the_flow_unpriced_and_says_which() -> None:
    quarter = CbamPrices(
        eur_by_period={"2026-Q1": Fraction("75.36")}, price_source="test", cny_per_eur=None, fixing_source=""
    )

    found = flow(goods(line="1"), goods(line="2", on=date(2026, 5, 4)), prices=quarter)

    assert found.unpriced == ("2026-Q2",)
    assert (found.certificates, found.cost_cents) == (3_826, None)


def test_two_quarters_prices_are_weighted_with_the_tonnes_to_cover() -> None:
    both = CbamPrices(
        eur_by_period={"2026-Q1": Fraction(70), "2026-Q2": Fraction(80)},
        price_source="test",
        cny_per_eur=None,
        fixing_source="",
    )

    found = flow(goods("3000", line="1"), goods("1000", line="2", on=date(2026, 5, 4)), prices=both)

    assert found.price_eur == Fraction("72.5")


def test_prices_go_by_quarter_in_2026_and_by_week_from_2027() -> None:
    assert rules(2026).price_period is PricePeriod.QUARTER
    assert price_period(date(2026, 12, 31), PricePeriod.QUARTER) == "2026-Q4"
    assert rules(2027).price_period is PricePeriod.WEEK
    assert price_period(date(2027, 2, 10), PricePeriod.WEEK) == "2027-W06"


def test_half_of_what_came_in_so_far_is_held_at_each_quarters_end_from_2027() -> None:
    """1,000 t at 3.6 in February and 500 t in July: 3,600 until June, 5,400 from September on."""
    found = flow(goods(line="1", on=date(2027, 2, 10)), goods("500", line="2", on=date(2027, 7, 1)), year=2027)

    assert [(each.quarter_end, each.certificates) for each in found.holdings] == [
        (date(2027, 3, 31), 1_800),
        (date(2027, 6, 30), 1_800),
        (date(2027, 9, 30), 2_700),
        (date(2027, 12, 31), 2_700),
    ]
    assert flow(goods()).holdings == ()
    assert rules().sales_from == date(2027, 2, 1)


@given(
    mass=st.integers(51, 10**7),
    see=st.integers(0, 9_000).map(lambda each: Fraction(each, 1000)),
    year=st.integers(2026, 2034),
)
def test_certificates_cover_what_is_needed_and_less_than_one_more(mass: int, see: Fraction, year: int) -> None:
    found = cbam_flow(rules(year), [goods(str(mass), see=str(see), on=date(year, 1, 1))], prices=PRICES)

    assert found.needed_t is not None
    assert found.certificates is not None
    assert 0 <= found.certificates - found.needed_t < 1
    assert found.needed_t == max(0, mass * (see - found.lines[0].faa_tco2_per_t))


def test_lines_of_another_year_repeated_or_none_are_refused() -> None:
    with pytest.raises(Invalid, match="2026"):
        flow(goods(on=date(2027, 1, 1)))
    with pytest.raises(Conflict, match="once"):
        flow(goods(), goods())
    with pytest.raises(Invalid, match="lines"):
        flow()


def test_a_flow_explains_itself_down_to_sourced_leaves() -> None:
    paid = CarbonPricePaid(paid_cny=Fraction(100), rebate_cny=Fraction(0), evidence="receipt")

    trees = [
        explain_flow(flow(goods(), goods(line="2", see="2"), paid=paid)),
        explain_flow(flow(goods("10"))),
    ]

    for tree in trees:
        assert all(leaf.source for leaf in tree.leaves())
        assert any("assumed; cbam.factor" in leaf.source for leaf in tree.leaves())


def test_every_uncertain_row_says_so() -> None:
    rows = reference.shipped_cbam_rules().rows

    assert all("confirmed" in row.source for row in rows if row.status == "assumed")
    assert not [row for row in rows if row.status == "official"]
