"""What the smelter must surrender for 2025, what it has for that, and what the rest would cost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

from tests.stories.smelter import Part, Smelter, decimal
from tests.stories.test_smelter_emissions import direct_t, total

BALANCE_VALUE = Fraction("1.7000")  # assumed by the example: the year's published one was not found


def found(smelter: Smelter) -> Part:
    part: Part = smelter.document["compliance"]
    return part


def intensity() -> Fraction:
    return direct_t(2025) / Fraction(total(2025, "production_t"))


def alpha() -> Fraction:
    """Return 0.15 of how far the smelter lies from the balance value; dirtier than it is below zero."""
    return Fraction("0.15") * (BALANCE_VALUE - intensity()) / BALANCE_VALUE


def test_what_is_due_is_what_the_cells_emitted_in_whole_tonnes(smelter: Smelter) -> None:
    assert found(smelter)["measure"] == "ets_direct"
    assert decimal(found(smelter)["emissions"], "tCO2e") == Decimal("860481.83")
    assert decimal(found(smelter)["due"], "t") == floor(direct_t(2025)) == 860_481


def test_a_smelter_a_little_dirtier_than_the_balance_value_gets_a_little_less(smelter: Smelter) -> None:
    """(1.7 - 1.714962) / 1.7 = -0.88 %, and 0.15 of that is -0.132 %: far from the 3 % that cap it."""
    deviation = decimal(found(smelter)["deviation"], "1")

    assert abs(Fraction(deviation) - (BALANCE_VALUE - intensity()) / BALANCE_VALUE) < Fraction(1, 10**8)
    assert deviation == Decimal("-0.00880096")
    assert decimal(found(smelter)["alpha"], "1") == Decimal("-0.00132014")
    assert abs(Fraction("-0.00132014") - alpha()) < Fraction(1, 10**8)


def test_the_allocation_is_floored_to_whole_tonnes(smelter: Smelter) -> None:
    exact = direct_t(2025) * (1 + alpha())

    assert exact > 859_345
    assert decimal(found(smelter)["allocation"], "t") == floor(exact) == 859_345


def test_what_is_still_to_be_issued_is_the_allocation_less_the_pre_allocation(smelter: Smelter) -> None:
    assert decimal(found(smelter)["not_yet_issued"], "t") == 859_345 - 611_118 == 248_227


def test_older_allowances_do_not_settle_2025(smelter: Smelter) -> None:
    """Draft plan of 2026-07-27: vintages 2025 and 2026 settle 2025; so CEA23 and CEA24 are no help."""
    assert decimal(found(smelter)["eligible_allowances_held"], "t") == smelter.account("Assets:Carbon:CEA25") == 511_118
    assert decimal(found(smelter)["ineligible_allowances_held"], "t") == 5_000 + 48_000


def test_credits_may_cover_a_twentieth_of_the_duty_and_the_smelter_holds_less(smelter: Smelter) -> None:
    cap_t, held_t = 860_481 * 5 // 100, 34_500 + 6_000

    assert decimal(found(smelter)["ccer_cap"], "t") == cap_t == 43_024
    assert decimal(found(smelter)["ccer_eligible_held"], "t") == held_t
    assert decimal(found(smelter)["ccer_usable"], "t") == min(cap_t, held_t) == 40_500


def test_the_gap_is_what_is_due_less_everything_that_may_be_used(smelter: Smelter) -> None:
    gap_t = 860_481 - 0 - 511_118 - 248_227 - 40_500

    assert decimal(found(smelter)["surrendered"], "t") == 0
    assert decimal(found(smelter)["gap"], "t") == gap_t == 60_636


def test_the_gap_costs_its_tonnes_at_the_days_close(smelter: Smelter) -> None:
    assert decimal(found(smelter)["mark"], "CNY/t") == Decimal("97.40")
    assert decimal(found(smelter)["gap_cost"], "CNY") == 60_636 * Decimal("97.40") == Decimal("5905946.40")
    assert "2026-08-19" in found(smelter)["mark_source"]


def test_the_balance_value_says_that_it_is_an_assumption(smelter: Smelter) -> None:
    assert found(smelter)["balance_value"]["value"] == "1.7000"
    assert found(smelter)["balance_value"]["source"].startswith("assumed")


def test_every_step_of_the_gap_names_its_source_in_two_languages(smelter: Smelter) -> None:
    def nodes(node: Part) -> list[Part]:
        return [node, *(below for child in node.get("children", ()) for below in nodes(child))]

    steps = nodes(found(smelter)["why"])
    facts = [step for step in steps if "children" not in step]

    assert all(step["label_en"] and step["label_zh"] for step in steps)
    assert {"860481", "40500"} <= {step["value"] for step in steps}
    assert {"511118", "97.40", "0.05", "0.15"} <= {fact["value"] for fact in facts}
    assert all(len(fact["source"]) > len("ledger") for fact in facts)
    assert any(fact["source"].startswith("ledger account Assets:Carbon:CEA25 at the close of") for fact in facts)
