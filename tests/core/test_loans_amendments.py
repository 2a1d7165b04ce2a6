"""Amendment events with their timers, breaches with their cure, declassification by consent."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from finance.conventions.documents import from_document
from finance.loans.amendments import (
    AmendmentEvent,
    AmendmentKind,
    AmendmentState,
    Breach,
    BreachState,
    Consent,
    Declassification,
    is_declassification_due,
    lenders_share,
)
from finance.loans.facility_terms import FacilityTerms
from ledger.core.errors import Conflict, Forbidden, Invalid
from tests.loan_terms import terms_document

MARCH = date(2026, 3, 1)


def terms(number: int = 1, **changed: Any) -> FacilityTerms:
    """Borrower b; lenders l1 with a half, l2 with a third, l3 with a sixth; two thirds decide."""
    document = terms_document("b", "l1", {"version": number, **{k.replace("__", "."): v for k, v in changed.items()}})
    document["parties"][1]["share"] = "1/2"
    for name, share in (("l2", "1/3"), ("l3", "1/6")):
        document["parties"].append(
            {"role": "lender", "organisation_id": name, "legal_name": name, "share": share},
        )
    return from_document(FacilityTerms, document, area="terms")


def consent(organisation: str, on: date = MARCH, person: str = "") -> Consent:
    return Consent(organisation_id=organisation, person_id=person or f"person-of-{organisation}", on=on)


def amendment(*agreements: Consent, happened: date = MARCH, notified: date = MARCH, number: int = 1) -> AmendmentEvent:
    return AmendmentEvent(
        event_id="e1",
        what=AmendmentKind.DISPOSAL,
        happened_on=happened,
        notified_on=notified,
        description="pot line 3 sold",
        terms=terms(number),
        agreements=agreements,
    )


def proposal(by: Consent, *approvals: Consent, on: date = MARCH) -> Declassification:
    return Declassification(
        proposal_id="p1", effective_on=on, reason="talks ended", proposer=by, terms=terms(), approvals=approvals
    )


def test_talks_run_from_the_notice_to_the_last_rendezvous_day_and_then_expire() -> None:
    event = amendment()

    found = [event.state_at(day) for day in (MARCH, date(2026, 3, 2), date(2026, 5, 30), date(2026, 5, 31))]

    assert event.talks_end_on == date(2026, 5, 30)
    assert found == [
        AmendmentState.NOTIFIED,
        AmendmentState.IN_TALKS,
        AmendmentState.IN_TALKS,
        AmendmentState.EXPIRED,
    ]


@pytest.mark.parametrize(("notified", "is_late"), [("2026-03-11", False), ("2026-03-12", True)])
def test_a_notice_is_late_after_its_days(notified: str, *, is_late: bool) -> None:
    assert amendment(notified=date.fromisoformat(notified)).is_notice_late is is_late


def test_borrower_and_consent_share_agree_on_the_day_of_the_last_of_them() -> None:
    event = amendment(consent("b"), consent("l1", date(2026, 4, 1)), consent("l3", date(2026, 4, 9)))

    assert event.agreed_on == date(2026, 4, 9)  # a half and a sixth are two thirds
    assert event.state_at(date(2026, 4, 8)) is AmendmentState.IN_TALKS
    assert event.state_at(date(2026, 12, 1)) is AmendmentState.AGREED


@pytest.mark.parametrize("organisations", [("l1", "l2", "l3"), ("b", "l1"), ("b", "l2", "l3"), ()])
def test_without_borrower_or_consent_share_nothing_is_agreed(organisations: tuple[str, ...]) -> None:
    assert amendment(*(consent(each) for each in organisations)).agreed_on is None


def test_an_agreement_after_the_talks_comes_too_late() -> None:
    late = date(2026, 5, 31)
    event = amendment(consent("b"), consent("l1"), consent("l2", late))

    assert event.agreed_on is None
    assert event.state_at(date(2026, 6, 1)) is AmendmentState.EXPIRED
    with pytest.raises(Conflict, match="without agreement"):
        event.check_agreement(consent("l3", late))


def test_a_stranger_does_not_agree_and_nobody_twice() -> None:
    with pytest.raises(Forbidden):
        amendment().check_agreement(consent("stranger"))
    with pytest.raises(Conflict):
        amendment(consent("b")).check_agreement(consent("b"))


def test_an_event_cannot_be_notified_before_it_happened() -> None:
    with pytest.raises(Invalid):
        amendment(happened=date(2026, 3, 2))


def test_a_timer_beyond_the_calendar_is_refused_and_does_not_crash() -> None:
    event = amendment(happened=date(9999, 12, 30), notified=date(9999, 12, 30))

    with pytest.raises(Invalid):
        event.state_at(MARCH)


def test_a_breach_is_open_then_continues_until_cured() -> None:
    breach = Breach(
        breach_id="x", noticed_on=MARCH, cure_by=date(2026, 3, 31), description="no report", cured_on=date(2026, 4, 5)
    )

    assert [breach.state_at(date(2026, m, d)) for m, d in ((3, 31), (4, 1), (4, 5))] == [
        BreachState.OPEN,
        BreachState.CONTINUING,
        BreachState.CURED,
    ]


@pytest.mark.parametrize(("cure_by", "cured_on"), [("2026-02-28", None), ("2026-03-31", "2026-02-28")])
def test_a_breach_with_days_out_of_order_is_refused(cure_by: str, cured_on: str | None) -> None:
    with pytest.raises(Invalid):
        Breach(
            breach_id="x",
            noticed_on=MARCH,
            cure_by=date.fromisoformat(cure_by),
            description="no report",
            cured_on=None if cured_on is None else date.fromisoformat(cured_on),
        )


def test_talks_that_end_in_nothing_make_declassification_due_until_newer_terms_count() -> None:
    event, june = amendment(), date(2026, 6, 1)

    assert not is_declassification_due([event], [], terms_version=1, on=date(2026, 5, 30))
    assert is_declassification_due([event], [], terms_version=1, on=june)
    assert not is_declassification_due([event], [], terms_version=2, on=june)


def test_a_continuing_breach_makes_declassification_due() -> None:
    breach = Breach(breach_id="x", noticed_on=MARCH, cure_by=MARCH, description="no report", cured_on=None)

    assert not is_declassification_due([], [breach], terms_version=1, on=MARCH)
    assert is_declassification_due([], [breach], terms_version=1, on=date(2026, 3, 2))


def test_a_lender_proposes_and_others_decide_by_their_share() -> None:
    half = proposal(consent("l1"), consent("b", date(2026, 3, 4)))
    decided = proposal(consent("l1"), consent("b", date(2026, 3, 4)), consent("l3", date(2026, 3, 9)))

    assert (half.consent_share, half.decided_on) == (Fraction(1, 2), None)
    assert decided.decided_on == date(2026, 3, 9)


def test_the_label_ends_on_the_proposed_day_if_all_consented_before() -> None:
    decided = proposal(consent("b"), consent("l1"), consent("l2"), on=date(2026, 4, 1))

    assert decided.decided_on == date(2026, 4, 1)


def test_the_proposer_alone_decides_nothing_whatever_its_share() -> None:
    document = terms_document("b", "l1")
    alone = from_document(FacilityTerms, document, area="terms")
    found = Declassification(
        proposal_id="p1", effective_on=MARCH, reason="x", proposer=consent("l1"), terms=alone, approvals=()
    )

    assert (found.consent_share, found.decided_on) == (Fraction(1), None)


@pytest.mark.parametrize("approver", [consent("l1", person="other"), consent("l2", person="person-of-l1")])
def test_approver_and_proposer_are_other_persons_of_other_organisations(approver: Consent) -> None:
    with pytest.raises(Forbidden, match="another person of another organisation"):
        proposal(consent("l1")).check_approver(approver)


def test_a_stranger_neither_proposes_nor_approves_and_nobody_approves_twice() -> None:
    with pytest.raises(Forbidden):
        proposal(consent("stranger"))
    with pytest.raises(Forbidden):
        proposal(consent("l1")).check_approver(consent("stranger"))
    with pytest.raises(Conflict):
        proposal(consent("l1"), consent("l2")).check_approver(consent("l2", person="another"))


def test_a_label_does_not_end_before_it_was_proposed() -> None:
    with pytest.raises(Invalid):
        proposal(consent("l1"), on=date(2026, 2, 28))


def test_a_borrower_lends_nothing() -> None:
    assert lenders_share(terms(), ["b", "l2", "l2"]) == Fraction(1, 3)
