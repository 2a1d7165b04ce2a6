"""Why the rate is what it is: the tree reaches terms, value, baseline and attestation, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from finance.conventions.explain import Explanation
from finance.loans.determinations import ApprovedDetermination, approve, propose
from finance.loans.rate_explanation import explain_rate
from finance.loans.resolved import resolve
from ledger.core.errors import Invalid, NotFound
from tests.core.test_loans_examples import BANKER, EXCHANGE, FACT, MET, TERMS, TREASURER


def decided() -> ApprovedDetermination:
    facility = resolve(TERMS, calendar=EXCHANGE, adjustments=())
    proposal = propose(
        proposal_id="prop-1", facility=facility, findings=(MET,), proposer=TREASURER, proposed_on=date(2026, 4, 28)
    )
    return approve(
        proposal,
        determination_id="det-1",
        facility=facility,
        attestations=(FACT,),
        approver=BANKER,
        approved_at=datetime(2026, 5, 6, 2, 0, tzinfo=UTC),
        approved_on=date(2026, 5, 6),
    )


def explained(day: date) -> Explanation:
    determination = decided()
    facility = resolve(TERMS, calendar=EXCHANGE, adjustments=(determination.dated_adjustment(sequence=1),))
    return explain_rate(terms=TERMS, margins=facility.margins, determinations={"det-1": determination}, day=day)


def nodes(explanation: Explanation) -> list[Explanation]:
    return [explanation, *(node for child in explanation.children for node in nodes(child))]


def test_before_the_effect_the_rate_is_the_contract_s() -> None:
    explanation = explained(date(2026, 6, 19))

    assert explanation.value == "0.0345"
    assert [leaf.source for leaf in explanation.leaves()] == [TERMS.citation]


def test_after_the_effect_the_tree_reaches_every_fact() -> None:
    explanation = explained(date(2026, 6, 20))

    facts = {(leaf.value, leaf.source) for leaf in explanation.leaves()}
    assert explanation.value == "0.0335"
    assert {
        ("0.0345", TERMS.citation),
        ("10", "attestation att-2024"),
        ("9.4", "attestation att-2025"),
        ("9.4", "attestation att-2025, limited assurance, clean opinion"),
        ("0.05", "terms clause 5.2"),
    } <= facts
    assert any("determination det-1" in source for _, source in facts)


def test_every_node_is_told_in_both_languages() -> None:
    for node in nodes(explained(date(2026, 6, 20))):
        assert node.label_en
        assert any("\u4e00" <= character <= "\u9fff" for character in node.label_zh)


def test_a_rate_whose_decision_is_not_given_is_not_explained_away() -> None:
    facility = resolve(TERMS, calendar=EXCHANGE, adjustments=(decided().dated_adjustment(sequence=1),))

    with pytest.raises(NotFound, check=lambda error: error.code == "determination.not_found"):
        explain_rate(terms=TERMS, margins=facility.margins, determinations={}, day=date(2026, 6, 20))


def test_a_day_outside_the_life_has_nothing_to_explain() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "margin.outside_life"):
        explained(date(2027, 12, 20))
