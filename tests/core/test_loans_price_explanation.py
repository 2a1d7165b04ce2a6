"""Why a rate, a payment or an adjustment is what it is: every tree ends in sourced facts, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.loans.evidence_rules import AttestationStanding
from finance.loans.facility_terms import FacilityTerms
from finance.loans.price_effects import Consequence, OutcomeStatus, TableByCount, WhileHeld
from finance.loans.price_explanation import (
    explain_determination,
    explain_interest,
    explain_rate,
    explain_true_up,
    rate_on,
)
from finance.loans.price_timeline import GradeFrom
from finance.loans.rate_determinations import ApprovedDetermination, DeterminationCause, KnownFacility
from finance.loans.tranche_terms import GradeMargin, RatingGrid
from finance.loans.true_ups import true_up
from ledger.core.errors import Invalid, NotFound
from tests.core.loan_examples import (
    CERTIFIED,
    INTENSITY,
    LPR_LOAN,
    MET,
    MISSED,
    RECYCLED,
    SHA,
    STATUS_DAYS,
    TRUE_UP,
    absent,
    attested,
    clause,
    decide,
    facility,
    finding,
    knowing,
    lpr,
    payments,
    ratchet,
    schedule,
    steps,
    terms,
)

F = Fraction
LPR = lpr((date(2024, 1, 1), "3.45"), (date(2026, 1, 1), "3.00"))
GRID = RatingGrid(
    agency="agency",
    grades=(GradeMargin(grade="A", margin_bp=F(90)), GradeMargin(grade="BBB", margin_bp=F(110))),
    grade_at_signing="A",
)


def nodes(tree: Explanation) -> Iterator[Explanation]:
    yield tree
    for child in tree.children:
        yield from nodes(child)


def labelled(tree: Explanation, words: str) -> Explanation:
    return next(node for node in nodes(tree) if words in node.label_en)


def rate_tree(
    known: KnownFacility, *determinations: ApprovedDetermination, day: date = date(2026, 7, 1), is_lpr: bool = False
) -> Explanation:
    return explain_rate(
        day,
        terms=known.terms,
        tranche_id="A",
        schedule=schedule(known, fixings=LPR if is_lpr else None),
        timeline=known.timeline("A"),
        determinations={each.determination_id: each for each in determinations},
    )


def test_a_step_down_reads_base_rate_less_ten_basis_points() -> None:
    first = decide(facility(), finding(MET))
    known = knowing(facility(), first)

    tree = rate_tree(known, first)

    assert (tree.value, tree.unit) == ("0.0335", "1")
    assert labelled(tree, "base rate").value == "0.0345"
    assert labelled(tree, "margin adjustment").value == "-10"
    assert decimal_text(rate_on(schedule(known), date(2026, 7, 1))) == tree.value


def test_a_day_without_an_adjustment_is_its_base_rate_alone() -> None:
    tree = rate_tree(facility())

    assert [child.label_en for child in tree.children] == ["base rate"]


def test_the_attested_value_the_opinion_and_the_approver_are_leaves() -> None:
    first = decide(facility(), finding(MET))

    tree = rate_tree(knowing(facility(), first), first)

    assert labelled(tree, "attested value").value == MET
    assert "intensity-2025, limited assurance, clean opinion, accepted" in labelled(tree, "attested value").source
    assert labelled(tree, "approved by bank").value == "2026-05-06"


def worlds() -> Iterator[tuple[str, FacilityTerms, tuple[ApprovedDetermination, ...], bool]]:
    """Return facilities of every kind with what was decided: name, terms, decisions, whether LPR-based."""
    table = TableByCount(kpi_ids=("intensity", "recycled"), bp_by_met=(F(5), F(0), F(-5, 3)))
    kinds = {
        "cumulative": terms(prices=ratchet(clause(steps(10, 5), cap_bp=12, is_cumulative=True))),
        "table": terms(kpis=(INTENSITY, RECYCLED), prices=ratchet(clause(table), absent=Consequence.AS_MISSED)),
        "graded": terms(replace(LPR_LOAN, rating_grid=GRID, margin_floor_bp=F(85))),
    }
    for name, agreed in kinds.items():
        known, decided = facility(agreed), []
        for year in (2024, 2025):
            findings = [finding(MET, year=year)]
            if len(agreed.kpis) > 1:
                findings.append(absent(OutcomeStatus.LATE, RECYCLED, year=year))
            decided.append(decide(known, *findings, name=f"d{year}", on=date(year + 1, 5, 6)))
            known = knowing(known, decided[-1])
        yield name, agreed, tuple(decided), name == "graded"
    label_loan = terms(
        kpis=(CERTIFIED,),
        prices=ratchet(clause(WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0)))),
        effect=STATUS_DAYS,
    )
    value = "2026-02-01/2026-11-01"
    certified = decide(facility(label_loan), finding(value, CERTIFIED, year=2026), on=date(2026, 3, 2))
    yield "status", label_loan, (certified,), False


@pytest.mark.parametrize("world", list(worlds()), ids=lambda world: world[0])
def test_no_number_is_an_orphan_in_any_tree(
    world: tuple[str, FacilityTerms, tuple[ApprovedDetermination, ...], bool],
) -> None:
    _, agreed, decided, is_lpr = world
    known = knowing(facility(agreed, grades=(GradeFrom(on=date(2026, 3, 1), grade="BBB"),)), *decided)
    flows = schedule(known, fixings=LPR if is_lpr else None)
    timeline, by_id = known.timeline("A"), {each.determination_id: each for each in decided}

    trees = [
        *(rate_tree(known, *decided, day=each.start, is_lpr=is_lpr) for each in timeline),
        *(
            explain_interest(due, terms=agreed, tranche_id="A", timeline=timeline, determinations=by_id)
            for due in flows.interest
        ),
        *(explain_determination(each, agreed) for each in decided),
    ]

    for tree in trees:
        for node in nodes(tree):
            assert node.children or node.source
            assert node.value
            assert re.search(r"[\u4e00-\u9fff]", node.label_zh), node.label_zh
            assert not re.search(r"[\u4e00-\u9fff]", node.label_en), node.label_en
            assert node.formula or not node.children


def test_an_interest_payment_is_the_rounded_sum_of_its_segments() -> None:
    first = decide(facility(), finding(MET))
    known = knowing(facility(), first)
    due = schedule(known).interest[9]

    tree = explain_interest(
        due, terms=known.terms, tranche_id="A", timeline=known.timeline("A"), determinations={"first": first}
    )

    assert (tree.value, tree.unit) == ("1712222.22", "CNY")
    (segment,) = tree.children
    assert [child.value for child in segment.children[:2]] == ["200000000.00", "0.0335"]
    assert segment.label_en == "interest from 2026-06-20 to 2026-09-20 (exclusive), 92 days"


def test_the_rating_in_force_is_told_with_its_margin_and_the_floor() -> None:
    agreed = terms(replace(LPR_LOAN, rating_grid=GRID, margin_floor_bp=F(85)))
    known = facility(agreed, grades=(GradeFrom(on=date(2026, 3, 1), grade="BBB"),))

    tree = rate_tree(known, is_lpr=True)

    assert labelled(tree, "rating BBB in force").value == "110"
    assert labelled(tree, "margin floor").value == "85"
    assert tree.value == "0.041"  # 3.00 % + 110 bp


def test_a_declassified_day_says_that_the_label_is_not_in_force() -> None:
    first = decide(facility(), finding(MET))
    known = replace(knowing(facility(), first), labelled=((date(2024, 3, 20), date(2026, 6, 25)),))

    before, after = (rate_tree(known, first, day=day) for day in (date(2026, 6, 24), date(2026, 6, 25)))

    assert [before.value, after.value] == ["0.0335", "0.0345"]
    assert labelled(after, "label not in force").label_zh == "标签未生效"


def test_a_claw_back_is_due_now_less_booked_with_both_chains_hashes() -> None:
    known = knowing(facility(), decide(facility(), finding(MET)))
    again = decide(
        known,
        finding(MET, fact=attested(MET, standing=AttestationStanding.WITHDRAWN)),
        name="again",
        on=date(2027, 1, 10),
        cause=DeterminationCause.ATTESTATION_FELL,
        replaces="first",
    )
    found = true_up(
        schedule(knowing(known, again)),
        tranche_id="A",
        booked=payments(schedule(known), through=date(2026, 9, 20)),
        through=date(2026, 9, 20),
        terms=TRUE_UP,
        known_then_sha256=SHA,
        known_now_sha256="1" * 64,
    )
    assert found is not None

    tree = explain_true_up(found, terms=known.terms)

    assert (tree.value, tree.unit) == ("51111.11", "CNY")
    assert [leaf.value for leaf in tree.leaves()] == ["1763333.33", "1712222.22"]
    assert [leaf.source[-64:] for leaf in tree.leaves()] == ["1" * 64, SHA]


def test_a_determination_that_nobody_passed_in_is_refused() -> None:
    first = decide(facility(), finding(MET))

    with pytest.raises(NotFound) as refusal:
        rate_tree(knowing(facility(), first))

    assert refusal.value.code == "determination.cause_unknown"


@pytest.mark.parametrize("day", [date(2024, 3, 19), date(2029, 3, 20)])
def test_a_day_on_which_no_interest_runs_has_no_rate(day: date) -> None:
    with pytest.raises(Invalid) as refusal:
        rate_tree(facility(), day=day)

    assert refusal.value.code == "explain.no_interest"


def test_a_missed_target_is_told_as_missed() -> None:
    decided = decide(facility(terms(prices=ratchet(clause(steps(10, 5))))), finding(MISSED))

    tree = explain_determination(decided, terms(prices=ratchet(clause(steps(10, 5)))))

    assert labelled(tree, "KPI intensity 2025: missed").value == "5"
    assert labelled(tree, "KPI intensity 2025: missed").label_zh == "2025 年 KPI intensity 未达标"
