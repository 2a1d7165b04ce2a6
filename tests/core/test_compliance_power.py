"""Captive power units: benchmarks by class, the load correction to the digit, both floors, and the entity's sum."""

import dataclasses
from decimal import Context, Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import rules
from finance.compliance.allocation import AllocationMethod, ProcessState, allocation_rule, preallocation
from finance.compliance.entity_allocation import ProcessYear, allocate_processes, entity_allocation
from finance.compliance.power_allocation import PowerUnit, UnitClass, allocate_power, power_rule
from finance.conventions.tables import ReferenceSet, ReferenceStatus
from ledger.core.errors import Invalid, NotFound

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"


def load(name: str) -> ReferenceSet:
    text = (REFERENCE / f"{name}.csv").read_text(encoding="utf-8")
    return rules.parse_rules(text, set_id=name, version="1", file=f"{name}.csv")


POWER = load("power_rules")
ALUMINIUM = load("allocation_rules")


def unit(
    unit_class: UnitClass = UnitClass.COAL_1,
    *,
    mwh: str = "1000000",
    gj: str = "0",
    load: str | None = "0.7",
    emissions: str = "0",
    name: str = "U1",
) -> PowerUnit:
    return PowerUnit(
        unit_id=name,
        unit_class=unit_class,
        electricity_mwh=Fraction(mwh),
        heat_gj=Fraction(gj),
        load_factor=None if load is None else Fraction(load),
        emissions_t=Fraction(emissions),
    )


@pytest.mark.parametrize(
    ("year", "benchmarks"),
    [
        (2023, (795_000, 809_000, 828_500, 330_500)),
        (2024, (791_000, 804_900, 824_400, 328_800)),
        (2025, (790_200, 801_700, 816_200, 328_800)),
        (2026, (789_400, 798_500, 808_000, 328_800)),
    ],
)
def test_a_million_megawatt_hours_get_the_benchmark_of_their_class(year: int, benchmarks: tuple[int, ...]) -> None:
    rule = power_rule(POWER, year)

    assert tuple(allocate_power(rule, [unit(each)]).allocation_t for each in UnitClass) == benchmarks


@pytest.mark.parametrize(
    ("year", "unit_class", "expected"),
    [(2023, UnitClass.COAL_1, 103_800), (2024, UnitClass.COAL_2, 103_300), (2025, UnitClass.COAL_3, 102_700),
     (2026, UnitClass.COAL_1, 102_100), (2023, UnitClass.GAS_4, 53_600), (2026, UnitClass.GAS_4, 53_300)],
)  # fmt: skip
def test_heat_has_a_benchmark_of_its_fuel(year: int, unit_class: UnitClass, expected: int) -> None:
    found = allocate_power(power_rule(POWER, year), [unit(unit_class, mwh="0", gj="1000000", load=None)])

    assert found.allocation_t == expected


@pytest.mark.parametrize(
    ("year", "load_factor", "expected"),
    [
        (2024, "0.65", 791_000),  # at the threshold Ff is 1
        (2024, "0.60", 839_538),  # 1.015^4 = 1.061363550625, exactly: 839,538.57
        (2023, "0.60", 843_784),  # 843,784.02
        (2025, "0.50", 790_200),
        (2026, "0.50", 789_400),
    ],
)
def test_the_load_correction_holds_below_its_threshold(year: int, load_factor: str, expected: int) -> None:
    assert allocate_power(power_rule(POWER, year), [unit(load=load_factor)]).allocation_t == expected


def test_the_draft_formula_would_give_1_1003_at_its_threshold() -> None:
    """The reference's own check of the layout: F = 50 gives 1.1003, so it jumps there."""
    correction = power_rule(POWER, 2025).correction
    below = dataclasses.replace(correction, threshold=Fraction(51)).at(Fraction(1, 2), digits=40)

    assert floor(below.low * 10_000 + Fraction(1, 2)) == 11_003


def test_the_old_formula_would_give_1_0457_at_its_threshold() -> None:
    correction = power_rule(POWER, 2024).correction
    below = dataclasses.replace(correction, threshold=Fraction(1)).at(Fraction("0.65"), digits=40)

    assert floor(below.low * 10_000 + Fraction(1, 2)) == 10_457


@given(load_factor=st.fractions(min_value=0, max_value=1), year=st.sampled_from([2023, 2024, 2025, 2026]))
def test_the_correction_holds_the_true_value_between_its_ends(load_factor: Fraction, year: int) -> None:
    correction = power_rule(POWER, year).correction
    bracket = correction.at(load_factor, digits=40)
    exact = Context(prec=90)
    euler = exact.exp(Decimal(1))

    def power(base: Decimal, exponent: Fraction) -> Decimal:
        return exact.power(base, exact.divide(Decimal(exponent.numerator), Decimal(exponent.denominator)))

    if year < 2025:
        true = Decimal(1) if load_factor >= Fraction("0.65") else power(Decimal("1.015"), 16 - 20 * load_factor)
    elif load_factor >= Fraction(1, 2):
        true = Decimal(1)
    else:
        falls = [power(euler, -100 * load_factor / Fraction(scale)) for scale in ("29.822", "6.871")]
        parts = [exact.multiply(Decimal(w), 1 - fall) for w, fall in zip(("0.633", "5.643"), falls, strict=True)]
        true = Decimal("7.254") - parts[0] - parts[1]
    slack = Fraction(1, 10**25)  # Decimal's default context rounds the plain differences above at 28 digits

    assert bracket.low - slack <= Fraction(true) <= bracket.high + slack
    assert bracket.high - bracket.low <= Fraction(1, 10**38)


def test_a_shortage_beyond_a_fifth_is_topped_up_for_the_entity_not_for_the_unit() -> None:
    """791,000 + 791,000 against 1,000,000 + 900,000: 83 % together, so the first unit alone is not raised."""
    rule = power_rule(POWER, 2024)

    alone = allocate_power(rule, [unit(emissions="1000000")])
    both = allocate_power(rule, [unit(emissions="1000000"), unit(emissions="900000", name="U2")])

    assert (alone.allocation_t, alone.is_topped_up) == (800_000, True)
    assert (both.allocation_t, both.is_topped_up) == (1_582_000, False)


def test_the_top_up_is_floored() -> None:
    found = allocate_power(power_rule(POWER, 2024), [unit(mwh="0", load=None, emissions="1000.9")])

    assert found.allocation_t == 800  # 800.72


def test_a_gas_unit_is_never_short() -> None:
    found = allocate_power(power_rule(POWER, 2024), [unit(UnitClass.GAS_4, load=None, emissions="400000.9")])

    assert found.allocation_t == 400_000


def test_bought_power_is_no_part_of_it_and_the_rule_says_so() -> None:
    found = allocate_power(power_rule(POWER, 2024), [unit()])

    assert power_rule(POWER, 2024).indirect.word() == "excluded"
    assert any(leaf.value == "excluded" for leaf in found.explanation.leaves())
    assert all(leaf.source for leaf in found.explanation.leaves())


def test_each_part_is_floored_and_then_summed_and_the_duty_is_floored_once() -> None:
    rule = allocation_rule(ALUMINIUM, 2024)
    processes = (
        ProcessYear(process_id="P1", emissions_t=Fraction("1789.70"), intensity=None),
        ProcessYear(process_id="P2", emissions_t=Fraction("1789.70"), intensity=None),
    )
    power = allocate_power(power_rule(POWER, 2024), [unit(emissions="900000")])

    found = entity_allocation(year=2024, processes=allocate_processes(rule, processes, balance_value=None), power=power)

    assert (found.allocation_t, found.due_t) == (1789 + 1789 + 791_000, 903_579)


def test_an_entity_mixes_cases_of_its_processes() -> None:
    """R1 and the special cases under one balance value."""
    rule = allocation_rule(ALUMINIUM, 2025)
    made = (
        ("P1", "800000", "1.50", ProcessState.OPERATING),
        ("P2", "800000", "1.75", ProcessState.OPERATING),
        ("P3", "800000", "1.75", ProcessState.NEW_IN_YEAR),
        ("P4", "25999.99", "1.75", ProcessState.OPERATING),
    )
    processes = [
        ProcessYear(process_id=name, emissions_t=Fraction(tonnes), intensity=Fraction(intensity), state=state)
        for name, tonnes, intensity, state in made
    ]

    found = allocate_processes(rule, processes, balance_value=Fraction("1.60"))

    assert [each.allocation_t for each in found] == [807_500, 788_750, 800_000, 25_999]
    assert found[0].case == AllocationMethod.INTENSITY_COEFFICIENT


def test_power_is_preallocated_a_share_of_the_prior_year() -> None:
    assert [preallocation(POWER, year=year, prior_verified_t=Fraction(1_234_567)) for year in (2024, 2026)] == [
        864_196,
        617_283,
    ]


def test_a_year_without_a_rule_lists_the_known_ones() -> None:
    with pytest.raises(NotFound) as refused:
        power_rule(POWER, 2027)

    assert refused.value.data["known"] == "2023, 2024, 2025, 2026"


def test_what_is_not_confirmed_says_so() -> None:
    by_year = {year: power_rule(POWER, year) for year in (2024, 2025)}

    assert by_year[2024].electricity[UnitClass.COAL_1].status is ReferenceStatus.OFFICIAL
    assert by_year[2025].electricity[UnitClass.COAL_1].status is ReferenceStatus.DRAFT
    for rule in by_year.values():
        assert rule.correction.rows[0].status is ReferenceStatus.ASSUMED
        assert "layout" in rule.correction.rows[0].source


@pytest.mark.parametrize(
    "change",
    [{"load": "65"}, {"load": "-0.1"}, {"load": None}, {"mwh": "-1"}, {"gj": "10000000000000000"}, {"emissions": "-1"},
     {"name": ""}, {"name": "x" * 65}],
)  # fmt: skip
def test_an_impossible_unit_does_not_exist(change: dict[str, str | None]) -> None:
    with pytest.raises(Invalid):
        unit(**change)  # type: ignore[arg-type]


def test_units_are_named_once_and_there_is_one() -> None:
    rule = power_rule(POWER, 2024)

    for units in ([], [unit(), unit()]):
        with pytest.raises(Invalid):
            allocate_power(rule, units)
    with pytest.raises(Invalid):
        entity_allocation(year=2024, processes=(), power=None)
    with pytest.raises(Invalid):
        entity_allocation(year=2025, processes=(), power=allocate_power(rule, [unit()]))


@given(
    mwh=st.fractions(min_value=0, max_value=10**9),
    gj=st.fractions(min_value=0, max_value=10**9),
    load_factor=st.fractions(min_value=0, max_value=1),
    emissions=st.fractions(min_value=0, max_value=10**9),
    year=st.sampled_from([2023, 2024, 2025, 2026]),
)
def test_a_coal_plant_is_allocated_at_least_four_fifths_and_a_lower_load_never_less(
    mwh: Fraction, gj: Fraction, load_factor: Fraction, emissions: Fraction, year: int
) -> None:
    rule = power_rule(POWER, year)
    facts = unit(emissions="0")
    made = dataclasses.replace(facts, electricity_mwh=mwh, heat_gj=gj, load_factor=load_factor, emissions_t=emissions)

    found = allocate_power(rule, [made])
    full = allocate_power(rule, [dataclasses.replace(made, load_factor=Fraction(1))])

    assert found.allocation_t >= floor(emissions * Fraction(4, 5))
    assert found.allocation_t >= full.allocation_t
