"""The obligation of a year: what is due, what covers it, what is missing and what that costs."""

import dataclasses
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import obligation, rules, vintages
from finance.compliance.allocation import Allocation, AllocationSources, allocate, allocation_rule
from finance.compliance.obligation import AllowanceHolding, ComplianceRules, Cover, CreditHolding, ObligationYear
from finance.conventions.explain import Explanation
from ledger.core.amounts import Price
from ledger.core.errors import Invalid

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
ON = date(2026, 12, 31)
POSITION = "ledger account Assets:Carbon at the close of 2026-08-19, record point 7"
MARK = Price(value=Decimal("97.81"), currency="CNY", unit="t")


def text_of(name: str) -> str:
    return (REFERENCE / f"{name}.csv").read_text(encoding="utf-8")


ALLOCATIONS = rules.parse_rules(
    text_of("allocation_rules"), set_id="allocation", version="1", file="allocation_rules.csv"
)
RULES = ComplianceRules(
    vintages=vintages.parse_vintage_rules(text_of("vintage_rules")),
    offsets=rules.parse_rules(text_of("offset_rules"), set_id="offsets", version="1", file="offset_rules.csv"),
)
# E 800,000 t at I 1.75 against BP 1.60: due 800,000, allocated 788,750.


def allocated(sources: AllocationSources) -> Allocation:
    return allocate(
        allocation_rule(ALLOCATIONS, 2025),
        emissions_t=Fraction(800000),
        intensity=Fraction("1.75"),
        balance_value=Fraction("1.6"),
        sources=sources,
    )


ALLOCATION = allocated(AllocationSources())
COVER = Cover(
    allowances=(
        AllowanceHolding(commodity="CEA25", vintage_year=2025, available_t=400000, source=POSITION),
        AllowanceHolding(commodity="CEA23", vintage_year=2023, available_t=9000, source=POSITION),
    ),
    ccer=(
        CreditHolding(
            commodity="CCER-A",
            registered_on=date(2025, 6, 1),
            is_inside_national_ets=False,
            available_t=3000,
            source=POSITION,
        ),
        CreditHolding(
            commodity="CCER-OLD",
            registered_on=date(2016, 6, 1),
            is_inside_national_ets=False,
            available_t=7000,
            source=POSITION,
        ),
    ),
    issued_t=394375,
    issued_source="allocation postings",
    surrendered_t=0,
    ccer_surrendered_t=0,
    surrendered_source="surrender postings",
)


def nodes(explained: Explanation) -> list[Explanation]:
    return [explained, *(node for child in explained.children for node in nodes(child))]


def judged(cover: Cover = COVER, mark: Price | None = MARK) -> ObligationYear:
    return obligation.obligation_year(
        allocation=ALLOCATION, cover=cover, rules=RULES, on=ON, mark=mark, mark_source="test mark"
    )


def test_the_gap_is_due_less_usable_holdings_unissued_allocation_and_ccer() -> None:
    result = judged()

    # 800,000 - 400,000 held - 394,375 still to be issued - 3,000 CCER
    assert (result.due_t, result.allocation_t, result.unissued_t) == (800000, 788750, 394375)
    assert (result.eligible_held_t, result.ineligible_held_t, result.ccer_usable_t) == (400000, 9000, 3000)
    assert result.gap_t == 2625


def test_the_gap_costs_its_tonnes_at_the_mark_exactly() -> None:
    assert judged().cost_cny == 2625 * Fraction("97.81")


def test_without_a_mark_the_gap_is_unvalued_and_not_zero() -> None:
    result = judged(mark=None)

    assert result.cost_cny is None
    assert not result.is_valued
    assert result.explain().value == "unvalued"


def test_a_surplus_costs_nothing_and_shows_as_a_negative_gap() -> None:
    rich = dataclasses.replace(
        COVER, allowances=(AllowanceHolding(commodity="CEA25", vintage_year=2025, available_t=500000, source=POSITION),)
    )

    result = judged(rich)

    assert result.gap_t == -97375
    assert result.cost_cny == 0


def test_ccer_count_only_up_to_the_cap() -> None:
    many = dataclasses.replace(
        COVER,
        ccer=(
            CreditHolding(
                commodity="CCER-A",
                registered_on=date(2025, 6, 1),
                is_inside_national_ets=False,
                available_t=90000,
                source=POSITION,
            ),
        ),
    )

    result = judged(many)

    assert (result.ccer_cap.cap_t, result.ccer_eligible_t, result.ccer_usable_t) == (40000, 90000, 40000)


def test_ccer_already_surrendered_use_up_the_cap() -> None:
    used = dataclasses.replace(COVER, surrendered_t=39000, ccer_surrendered_t=39000)

    assert judged(used).ccer_usable_t == 1000


def test_nothing_more_is_due_after_a_full_surrender() -> None:
    done = dataclasses.replace(COVER, allowances=(), issued_t=788750, surrendered_t=800000)

    result = judged(done)

    assert (result.gap_t, result.ccer_usable_t) == (0, 0)


def test_too_much_preallocation_is_given_back() -> None:
    over = dataclasses.replace(COVER, issued_t=800000)

    assert judged(over).unissued_t == -11250


@pytest.mark.parametrize(
    "mark", [Price(value=Decimal(70), currency="EUR", unit="t"), Price(value=Decimal(1), currency="CNY", unit="kWh")]
)
def test_a_mark_that_is_not_cny_per_tonne_is_refused(mark: Price) -> None:
    with pytest.raises(Invalid) as refused:
        judged(mark=mark)

    assert refused.value.code == "obligation.mark"


@pytest.mark.parametrize(("issued", "surrendered", "ccer"), [(-1, 0, 0), (0, -1, 0), (0, 0, -1), (0, 1, 2)])
def test_impossible_tonnes_are_refused(issued: int, surrendered: int, ccer: int) -> None:
    with pytest.raises(Invalid):
        dataclasses.replace(COVER, issued_t=issued, surrendered_t=surrendered, ccer_surrendered_t=ccer)


def test_a_negative_holding_is_refused() -> None:
    with pytest.raises(Invalid):
        AllowanceHolding(commodity="CEA25", vintage_year=2025, available_t=-1, source=POSITION)


def test_the_explanation_names_every_holding_the_cap_and_the_mark() -> None:
    explained = judged().explain()

    labels = {node.label_en for node in nodes(explained)}
    assert {"CEA25: usable", "CEA23: not usable", "CCER-OLD: not usable", "mark"} <= labels
    assert any(leaf.source == "test mark" for leaf in explained.leaves())
    assert all(node.label_zh for node in nodes(explained))


def test_every_leaf_of_the_explanation_names_a_rule_a_position_a_mark_or_who_gave_the_number() -> None:
    sources = AllocationSources(
        emissions="verification report VR-2025", intensity="verification report VR-2025", balance_value="cets.org.cn"
    )
    allocation = dataclasses.replace(COVER, surrendered_t=500, ccer_surrendered_t=100)
    result = obligation.obligation_year(
        allocation=allocated(sources),
        cover=allocation,
        rules=RULES,
        on=ON,
        mark=MARK,
        mark_source="CEA25 fresh: exchange",
    )

    leaves = {leaf.label_en: leaf for leaf in result.explain().leaves()}
    assert leaves["verified emissions"].source == "verification report VR-2025"
    assert leaves["balance value (BP)"].source == "cets.org.cn"
    assert leaves["CEA25 held"].source == POSITION
    assert (leaves["issued so far"].value, leaves["issued so far"].source) == ("394375", "allocation postings")
    assert (leaves["surrendered so far"].value, leaves["surrendered so far"].source) == ("500", "surrender postings")
    assert leaves["CCER surrendered so far"].value == "100"
    assert "draft-2026.current" in leaves["oldest vintage that settles the duties of 2025 on"].source
    assert any("ccer_registered_after" in leaf.source for leaf in leaves.values())


def test_a_credit_inside_the_national_market_is_refused_by_the_rule_that_says_so() -> None:
    inside = CreditHolding(
        commodity="CCER-IN",
        registered_on=date(2025, 6, 1),
        is_inside_national_ets=True,
        available_t=10,
        source=POSITION,
    )

    explained = judged(dataclasses.replace(COVER, ccer=(inside,))).explain()

    (node,) = (node for node in nodes(explained) if node.label_en == "CCER-IN: not usable")
    assert ["art. 29" in leaf.source for leaf in node.leaves()] == [False, True]


@given(held=st.integers(min_value=0, max_value=10**7), more=st.integers(min_value=0, max_value=10**6))
def test_one_more_usable_tonne_closes_the_gap_by_one(held: int, more: int) -> None:
    def gap(available_t: int) -> int:
        holding = AllowanceHolding(commodity="CEA25", vintage_year=2025, available_t=available_t, source=POSITION)
        return judged(dataclasses.replace(COVER, allowances=(holding,))).gap_t

    assert gap(held) - gap(held + more) == more
