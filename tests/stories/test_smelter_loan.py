"""How the smelter's loan came to cost ten basis points less: the figure, the signature, the bank's answer."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from finance.accounting.loan_rules import accounts_of
from finance.loans.price_explanation import rate_on as rate_of_day
from finance.operations import attestations, determinations
from finance.operations.loan_view import known_loan
from finance.store import attestations as kept_attestations
from finance.store import determinations as kept_determinations
from finance.store import facilities as kept_facilities
from ledger.core.errors import Conflict
from tests.stories.smelter import Part, Smelter, decimal

BASELINE, OBSERVED = Decimal("8.536201"), Decimal("8.163562")


def leaves(node: Part) -> list[Part]:
    return [leaf for child in node["children"] for leaf in leaves(child)] if "children" in node else [node]


def rate_on(session: Session, smelter: Smelter, day: date) -> Fraction:
    loan = known_loan(session, smelter.scenario.id_of("facility"), known_at=smelter.scenario.instant("book"))
    return rate_of_day(loan.schedule("A"), day)


def test_the_intensity_fell_by_more_than_the_three_percent_that_were_promised(smelter: Smelter) -> None:
    kpi = smelter.document["kpi"]
    reduction = (BASELINE - OBSERVED) / BASELINE
    allowed = BASELINE * (1 - Decimal("0.03"))

    assert decimal(kpi["baseline"], "tCO2e/t") == BASELINE
    assert decimal(kpi["observed"], "tCO2e/t") == OBSERVED
    assert decimal(kpi["reduction"], "%") == (reduction * 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert decimal(kpi["reduction"], "%") == Decimal("4.3654")
    assert decimal(kpi["threshold"], "tCO2e/t") == allowed.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert decimal(kpi["margin_to_target"], "tCO2e/t") == Decimal("0.116553")
    assert kpi["is_met"] is True


@pytest.mark.parametrize(("index", "year"), [(0, 2024), (1, 2025)])
def test_the_assessor_signed_the_very_figure_that_the_activity_gives(smelter: Smelter, index: int, year: int) -> None:
    attestation = smelter.document["attestation"][index]

    assert attestation["value"] == smelter.year("article-2024-draft", year)["intensity"]
    assert attestation["period"] == [f"{year}-01-01", f"{year + 1}-01-01"]
    assert (attestation["state"], attestation["refusal"]) == ("accepted", None)
    assert (attestation["level"], attestation["standard"], attestation["outcome"]) == (
        "limited",
        "isae_3410",
        "unmodified",
    )


def test_the_period_went_through_every_state_in_order(smelter: Smelter) -> None:
    events = smelter.document["kpi"]["events"]

    assert [event["state"] for event in events] == [
        "open",
        "locked",
        "reported",
        "attested",
        "under_review",
        "determined",
    ]
    assert sorted(event["at"] for event in events) == [event["at"] for event in events]


def test_the_borrower_proposed_the_bank_approved_and_the_cause_is_on_record(smelter: Smelter) -> None:
    found, attested = smelter.document["determination"], smelter.document["attestation"]

    assert "Beihe Aluminium Group" in found["proposed_by"]
    assert "Binhai Example Bank" in found["decided_by"]
    assert (found["proposed_on"], found["decided_on"]) == ("2026-03-27", "2026-04-15")
    assert found["cause"]["attestation_id"] == attested[1]["attestation_id"]
    assert found["cause"]["baseline_attestation_id"] == attested[0]["attestation_id"]


def test_the_rate_is_the_base_rate_less_ten_basis_points(smelter: Smelter) -> None:
    found = smelter.document["determination"]

    before, after = decimal(found["rate_before"], "%"), decimal(found["rate_after"], "%")

    assert decimal(found["adjustment"], "bp") == -10
    assert (before, after) == (Decimal("3.45"), Decimal("3.45") - Decimal(10) / 100)
    assert found["rate_after"]["exact"] == "67/2000"  # 0.0335 exactly


def test_the_rate_changes_with_the_first_interest_period_after_the_approval(smelter: Smelter) -> None:
    """Approved on 15 April 2026, in the middle of [20 March, 20 June): nothing changes before 20 June."""
    assert smelter.document["determination"]["effective_from"] == "2026-06-20"
    with smelter.database.reader() as session:
        rates = [rate_on(session, smelter, day) for day in (date(2026, 4, 15), date(2026, 6, 19), date(2026, 6, 20))]

    assert rates == [Fraction("0.0345"), Fraction("0.0345"), Fraction("0.0335")]


def test_the_rate_explains_itself_in_two_languages_down_to_the_signed_facts(smelter: Smelter) -> None:
    why = smelter.document["interest"]["why"]
    attested = smelter.document["attestation"]

    facts = leaves(why)

    assert why["value"] == "0.0335"
    assert all(fact["source"] and fact["label_en"] and fact["label_zh"] for fact in facts)
    sources = {fact["value"]: fact["source"] for fact in facts if fact["unit"] == "tCO2e/t"}
    assert attested[0]["attestation_id"] in sources["8.536201"]
    assert attested[1]["attestation_id"] in sources["8.163562"]
    assert {"0.0345", "0.03"} <= {fact["value"] for fact in facts}


def test_without_the_banks_answer_the_base_rate_stands(smelter: Smelter) -> None:
    """Seen by what was known a day before the approval, the proposal was there and changed nothing."""
    known_at = smelter.scenario.instant("proposed")
    with smelter.database.reader() as session:
        loan = known_loan(session, smelter.scenario.id_of("facility"), known_at=known_at)
        paid, without = loan.schedule("A"), loan.base_schedule("A")

    assert paid == without


def test_a_proposal_is_decided_once(smelter: Smelter) -> None:
    determination_id, later = smelter.scenario.id_of("determination"), smelter.scenario.instant("book")
    with smelter.database.writer() as session:
        found = kept_determinations.find_determination(session, determination_id)
        assert found is not None
        with pytest.raises(Conflict) as again:
            determinations.refuse(
                session,
                determination_id,
                found.digest,
                "second thoughts",
                actor=smelter.scenario.actor("lender"),
                now=later,
                today=later.date(),
                random_bytes=secrets.token_bytes,
            )
        session.rollback()

    assert again.value.code.startswith("determination.")


def test_a_replayed_attestation_is_refused_and_recorded(smelter: Smelter) -> None:
    """The envelope that proved 2024 is sent again, for 2025 this time: the signature is good, the year is not."""
    later = smelter.scenario.instant("approved")
    with smelter.database.writer() as session:
        first = kept_attestations.find_attestation(session, smelter.scenario.id_of("attestation", "baseline"))
        engagement = kept_attestations.find_engagement(session, smelter.scenario.id_of("engagement", "test"))
        assert first is not None
        assert engagement is not None
        replayed = attestations.submit_attestation(
            session,
            engagement,
            first.envelope,
            attestation_id=smelter.scenario.id_of("attestation", "replayed"),
            reception=attestations.Reception(
                audience="tonne", sharing_a_person=frozenset(), random_bytes=secrets.token_bytes
            ),
            actor=smelter.scenario.actor("assessor"),
            now=later,
        )
        recorded = kept_attestations.find_attestation(session, replayed.attestation_id)
        session.rollback()

    assert replayed.code is not None
    assert recorded is not None
    assert (recorded.state, recorded.code, recorded.envelope) == (replayed.state, replayed.code, first.envelope)
    assert recorded.state.value == "rejected"


def test_the_loan_stands_in_the_books_in_full(smelter: Smelter) -> None:
    with smelter.database.reader() as session:
        terms, _ = kept_facilities.load_terms(session, smelter.scenario.id_of("facility"))
    accounts = accounts_of(smelter.scenario.id_of("facility"), "A", "CNY")

    assert terms.tranche("A").commitment_minor == 200_000_000_00
    assert smelter.account(accounts.principal) == Decimal("200000000.00")
