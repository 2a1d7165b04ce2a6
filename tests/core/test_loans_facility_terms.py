"""Whole terms: parts that belong together, or a refusal that names the field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from finance.kpi.targets import Bound, Level, Share
from finance.loans.facility_terms import FacilityTerms, Party, PartyRole
from finance.loans.price_effects import AppliesTo, PricedItem, Ratchet, WhileHeld
from ledger.core.errors import Invalid
from tests.core.deal_shapes import CONSTRUCTED, terms_of

F = Fraction
TERMS = terms_of("constructed-linear")
PAIR = terms_of("constructed-loan-and-swap")
BORROWER, ONE, TWO, AGENT, ASSESSOR = TERMS.parties
KPI = TERMS.kpis[0]


def refusal_of(terms: FacilityTerms, **change: Any) -> str:
    with pytest.raises(Invalid) as refusal:
        replace(terms, **change)
    return f"{refusal.value.code} {refusal.value.data['field']}"


def with_effect(**change: Any) -> Ratchet:
    assert TERMS.ratchet is not None
    effect = replace(TERMS.ratchet.effects[0], **change)
    return replace(TERMS.ratchet, effects=(effect,))


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_the_parts_of_a_constructed_deal_belong_together(name: str) -> None:
    terms = terms_of(name)

    assert terms.borrower_id == "beihe"
    assert terms.lender_ids == ("bank-one", "bank-two")
    assert terms.citation == f"facility {terms.facility_number} terms version 1"


@pytest.mark.parametrize(
    ("parties", "code"),
    [
        ((BORROWER,), "terms.parties_few"),
        ((ONE, TWO), "terms.parties_few"),
        ((BORROWER, replace(BORROWER, organisation_id="other"), ONE, TWO), "terms.parties_few"),
        ((BORROWER, ONE), "terms.shares"),
        ((BORROWER, ONE, TWO, TWO), "terms.parties"),
        ((BORROWER, replace(ONE, organisation_id="beihe"), TWO), "terms.lender_is_borrower"),
        ((BORROWER, ONE, TWO, replace(ASSESSOR, organisation_id="bank-one")), "terms.assessor_is_party"),
        (
            (BORROWER, ONE, TWO, AGENT, replace(ASSESSOR, organisation_id=AGENT.organisation_id)),
            "terms.assessor_is_party",
        ),
    ],
)
def test_parties_that_cannot_make_a_loan_are_refused(parties: tuple[Party, ...], code: str) -> None:
    assert refusal_of(TERMS, parties=parties) == f"{code} parties"


@pytest.mark.parametrize(
    ("role", "share"),
    [(PartyRole.LENDER, None), (PartyRole.AGENT, F(1)), (PartyRole.LENDER, F(0)), (PartyRole.LENDER, F(2))],
)
def test_a_share_is_a_lenders_and_a_part(role: PartyRole, share: Fraction | None) -> None:
    with pytest.raises(Invalid) as refusal:
        Party(role=role, organisation_id="bank", legal_name="Bank", share=share)

    assert refusal.value.code == "terms.share"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"version": 0}, "terms.version version"),
        ({"facility_number": ""}, "terms.facility_number facility_number"),
        ({"source": "a\tb"}, "terms.source source"),
        ({"tranches": ()}, "terms.tranches tranches"),
        ({"tranches": TERMS.tranches * 2}, "terms.tranches tranches"),
        ({"tranches": PAIR.tranches[1:]}, "terms.paired_with paired_with"),
        ({"kpis": ()}, "terms.ratchet ratchet"),
        ({"kpis": (KPI, KPI)}, "terms.kpis kpis"),
        ({"kpis": (replace(KPI, targets=()),)}, "terms.kpis kpis"),
        ({"label": replace(TERMS.label, is_sleeping=True, sleeping_until=date(2027, 1, 1))}, "terms.ratchet ratchet"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(change: dict[str, Any], expected: str) -> None:
    assert refusal_of(TERMS, **change) == expected


def test_a_sleeping_loan_has_no_ratchet_and_may_have_no_kpi() -> None:
    label = replace(TERMS.label, is_sleeping=True, sleeping_until=date(2027, 1, 1))

    assert replace(TERMS, ratchet=None, kpis=(), label=label).kpis == ()


def test_a_clause_on_a_tranche_that_is_not_there_is_refused_by_its_place() -> None:
    places = (AppliesTo(item=PricedItem.MARGIN, tranche_id="other", fee=None, factor=F(1)),)

    assert refusal_of(TERMS, ratchet=with_effect(applies_to=places)) == (
        "terms.ratchet.effects[0].tranche_id ratchet.effects[0].tranche_id"
    )


def test_a_clause_on_a_fee_that_is_not_there_is_refused_by_its_place() -> None:
    places = (AppliesTo(item=PricedItem.FEE, tranche_id=None, fee="commitment", factor=F(1)),)

    assert refusal_of(TERMS, ratchet=with_effect(applies_to=places)) == (
        "terms.ratchet.effects[0].fee ratchet.effects[0].fee"
    )


def test_a_status_clause_needs_a_status_kpi() -> None:
    ratchet = with_effect(rule=WhileHeld(kpi_id="intensity", down_bp=F(1), up_bp=F(0)))

    assert refusal_of(TERMS, ratchet=ratchet) == "terms.ratchet.effects[0].rule ratchet.effects[0].rule"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sites": ()}, "terms.sites"),
        ({"sites": ("a", "a")}, "terms.sites"),
        ({"footprint_share": F(2)}, "terms.footprint_share"),
        ({"targets": KPI.targets[::-1]}, "terms.targets"),
        ({"targets": KPI.targets[:1] * 2}, "terms.targets"),
        (
            {"targets": (replace(KPI.targets[0], rule=Share(bound=Bound.AT_LEAST, value=F(1, 3))),)},
            "terms.targets[0].rule",
        ),
    ],
)
def test_a_kpi_that_cannot_be_tested_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(KPI, **change)

    assert refusal.value.code == code


def test_a_target_measured_from_a_base_needs_one() -> None:
    kpi = terms_of("constructed-decrease-only-2").kpis[0]
    rule = Level(bound=Bound.AT_MOST, value=F(9))

    assert replace(kpi, baseline=None, targets=(replace(kpi.targets[0], rule=rule),)).baseline is None


def test_parts_are_found_by_name_and_others_refused() -> None:
    assert TERMS.tranche("loan") is TERMS.tranches[0]
    assert TERMS.kpi("intensity") is KPI
    assert KPI.target_of(date(2027, 1, 1)) is KPI.targets[1]
    assert KPI.target_of(date(2030, 1, 1)) is None
    for look in (TERMS.tranche, TERMS.kpi):
        with pytest.raises(Invalid):
            look("other")
