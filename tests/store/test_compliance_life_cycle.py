"""The allocation's life cycle in a book: four eyes, issue and return, corrections that leave old views as they were."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from finance.accounting.trades import TradeKind
from finance.compliance.allocation_steps import AllocationPhase, ObjectionState
from finance.compliance.deadline_calendar import Sector
from finance.operations.allocation_settlements import propose_settlement
from finance.operations.allocations import (
    VerifiedYear,
    propose_answer,
    propose_objection,
    propose_preallocation,
    propose_verification,
    propose_withdrawal,
    state_of,
)
from finance.operations.compliance_proposals import decide
from finance.store import compliance as store
from finance.store.compliance import Proposal, ProposalDecision, Verdict
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, COLLEAGUE, CarbonBook, open_carbon_book
from tests.store.compliance_books import (
    NOW,
    agreed,
    by,
    determined,
    executed_settlement,
    process,
    settled,
    trade,
    verified,
)

PRE_DAY, ISSUE_DAY = date(2026, 4, 10), date(2026, 9, 30)


@pytest.fixture
def house(database: Database) -> CarbonBook:
    return open_carbon_book(database)


def preallocated(book: CarbonBook, tonnes: int, prior: str = "1000000") -> Proposal:
    return agreed(
        book,
        lambda session: propose_preallocation(
            session,
            book.book_id,
            year=2025,
            dated_on=PRE_DAY,
            sector=Sector.ALUMINIUM,
            prior_verified_t=Fraction(prior),
            allocation_t=tonnes,
            by=by(),
        ),
    )


def test_what_was_preallocated_too_much_is_given_back(house: CarbonBook) -> None:
    """700,000 t pre-allocated; 650,000 t verified at I = BP are determined: 50,000 t go back."""
    preallocated(house, 700_000)
    settled(house, PRE_DAY)
    assert house.balance("Assets:Carbon:CEA25") == 700_000
    determined(house, verified(house, process("650000.9")))

    returned = settled(house, ISSUE_DAY)

    assert (returned.state, returned.document["difference_t"]) == ("executed", "-50000")
    assert house.balance("Assets:Carbon:CEA25") == 650_000
    assert house.balance("Income:Allocation:CEA25") == 650_000
    with house.database.reader() as session:
        state = state_of(session, house.book_id, year=2025, on=ISSUE_DAY, known_at=NOW)
    assert (state.phase, state.issued_t, state.difference_t) == (AllocationPhase.DETERMINED, 650_000, 0)


def test_what_is_determined_above_is_issued_later(house: CarbonBook) -> None:
    preallocated(house, 700_000)
    settled(house, PRE_DAY)
    determined(house, verified(house, process("800000", "1.5")))

    settled(house, ISSUE_DAY)

    assert house.balance("Assets:Carbon:CEA25") == 807_500


def test_free_tonnes_go_back_before_purchased_ones(house: CarbonBook) -> None:
    house.book([trade("B-1", TradeKind.PURCHASE, date(2026, 1, 5), "CEA25", 100, price_cny_per_t=Decimal(80))])
    preallocated(house, 700_000)
    settled(house, PRE_DAY)
    determined(house, verified(house, process("650000")))

    settled(house, ISSUE_DAY)

    assert house.balance("Assets:CarbonCost:CEA25") == 800_000  # the 100 t at 80 stand at their cost


def test_tonnes_that_were_sold_cannot_be_given_back(house: CarbonBook) -> None:
    preallocated(house, 700_000)
    settled(house, PRE_DAY)
    house.book([trade("S-1", TradeKind.SALE, date(2026, 5, 5), "CEA25", 690_000, price_cny_per_t=Decimal(80))])
    determined(house, verified(house, process("650000")))

    with pytest.raises(Conflict) as refused:
        settled(house, ISSUE_DAY)

    assert refused.value.code == "allocation.return_short"
    assert refused.value.data["shortfall_t"] == "40000"


def test_a_settlement_whose_facts_changed_is_stale(house: CarbonBook) -> None:
    preallocated(house, 600_000)
    waiting = agreed(
        house,
        lambda session: propose_settlement(
            session, house.book_id, year=2025, dated_on=PRE_DAY, instrument="CEA25", by=by()
        ),
    )
    preallocated(house, 500_000)

    with pytest.raises(Conflict) as refused:
        executed_settlement(house, waiting)

    assert refused.value.code == "compliance.changed_since"


def test_a_corrected_verification_reopens_and_the_old_view_stays(house: CarbonBook) -> None:
    first = verified(house, process("650000"))
    determined(house, first)
    later = NOW + timedelta(hours=1)
    agreed(
        house,
        lambda session: propose_withdrawal(
            session,
            house.book_id,
            year=2025,
            dated_on=date(2026, 10, 1),
            verification_id=first.proposal_id,
            reason="wrong anode weight",
            by=by(later),
        ),
        now=later,
    )

    with house.database.reader() as session:
        before = state_of(session, house.book_id, year=2025, on=date(2026, 12, 31), known_at=NOW)
        after = state_of(session, house.book_id, year=2025, on=date(2026, 12, 31), known_at=later)

    assert (before.phase, before.target_t) == (AllocationPhase.DETERMINED, 650_000)
    assert (after.phase, after.verification, after.target_t) == (AllocationPhase.REOPENED, None, 650_000)


def test_a_determination_needs_the_verification_that_stands(house: CarbonBook) -> None:
    first = verified(house, process("650000"))
    verified(house, process("640000"))

    with pytest.raises(Conflict) as refused:
        determined(house, first)

    assert refused.value.code == "allocation.verification_superseded"


def test_an_objection_counts_working_days_and_is_answered_once(house: CarbonBook) -> None:
    """Notified on Friday 2026-09-11: the seventh working day is 2026-09-21 (the make-up Sunday 09-20 is one)."""
    fact = determined(house, verified(house, process("650000")), day=date(2026, 9, 11))

    def raised(day: date) -> Proposal:
        return agreed(
            house,
            lambda session: propose_objection(
                session,
                house.book_id,
                year=2025,
                against=fact.proposal_id,
                notified_on=date(2026, 9, 11),
                raised_on=day,
                reason="output of line 2",
                by=by(),
            ),
        )

    objection = raised(date(2026, 9, 15))
    with pytest.raises(Conflict) as late:
        raised(date(2026, 9, 30))
    assert late.value.code == "objection.late"
    with house.database.reader() as session:
        waiting = state_of(session, house.book_id, year=2025, on=date(2026, 9, 16), known_at=NOW).objections[0]
        overdue = state_of(session, house.book_id, year=2025, on=date(2026, 10, 30), known_at=NOW).objections[0]
    assert (waiting.state, overdue.state) == (ObjectionState.OPEN, ObjectionState.ANSWER_OVERDUE)

    def answered() -> Proposal:
        return agreed(
            house,
            lambda session: propose_answer(
                session,
                house.book_id,
                year=2025,
                objection_id=objection.proposal_id,
                answered_on=date(2026, 9, 22),
                is_upheld=False,
                reason="checked",
                by=by(),
            ),
        )

    answered()
    with house.database.reader() as session:
        closed = state_of(session, house.book_id, year=2025, on=date(2026, 10, 30), known_at=NOW).objections[0]
    assert closed.state is ObjectionState.REJECTED
    with pytest.raises(Conflict) as again:
        answered()
    assert again.value.code == "objection.answered"


def test_a_preallocation_above_the_rules_share_is_refused(house: CarbonBook) -> None:
    with pytest.raises(Invalid) as refused:
        preallocated(house, 864_197, prior="1234567")

    assert refused.value.data["most"] == "864196"


def test_nothing_counts_before_a_second_person_approved(house: CarbonBook) -> None:
    proposal = verified(house, process("650000"))
    with house.writing() as session, pytest.raises(Conflict) as again:
        decide(session, proposal.proposal_id, Verdict.REFUSED, sha256=proposal.sha256, reason="x", actor=ACTOR, now=NOW)
    assert again.value.code == "compliance.decided"

    with house.writing() as session:
        facts = VerifiedYear(processes=(process("1"),), units=(), verifier="V", doc_ref="D")
        mine = propose_verification(session, house.book_id, year=2024, dated_on=PRE_DAY, verified=facts, by=by())
    for actor, digest, error, code in (
        (ACTOR, mine.sha256, Forbidden, "compliance.same_person"),
        (COLLEAGUE, "0" * 64, Conflict, "compliance.digest"),
    ):
        with house.writing() as session, pytest.raises(error) as refused:
            decide(session, mine.proposal_id, Verdict.APPROVED, sha256=digest, reason="", actor=actor, now=NOW)
        assert refused.value.code == code
    with house.database.reader() as session:
        assert state_of(session, house.book_id, year=2024, on=ISSUE_DAY, known_at=NOW).phase is AllocationPhase.NONE


def test_the_database_refuses_one_person_for_two_and_every_change(house: CarbonBook) -> None:
    fact = verified(house, process("650000"))
    with house.writing() as session:
        facts = VerifiedYear(processes=(process("1"),), units=(), verifier="V", doc_ref="D")
        mine = propose_verification(session, house.book_id, year=2024, dated_on=PRE_DAY, verified=facts, by=by())
    alone = ProposalDecision(verdict=Verdict.APPROVED, reason="", decider_id=ACTOR.user_id, decided_at=NOW)
    with pytest.raises(DBAPIError), house.database.writer() as session:
        store.save_decision(session, mine, alone)
    with pytest.raises(DBAPIError), house.writing() as session:
        store.save_entries(session, mine, [(UUID(int=1), 1)], by=ACTOR.user_id, at=NOW)
    for statement in (
        "UPDATE compliance_proposal SET document = '{}'",
        "DELETE FROM compliance_decision",
        "UPDATE compliance_decision SET reason = 'x'",
    ):
        with pytest.raises(DBAPIError), house.database.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with house.database.reader() as session:
        assert store.find_proposal(session, fact.proposal_id) == fact


def test_an_instrument_of_another_vintage_receives_no_allocation(house: CarbonBook) -> None:
    preallocated(house, 600_000)

    with pytest.raises(Invalid) as other:
        settled(house, PRE_DAY, code="CEA24")
    with pytest.raises(NotFound) as unknown:
        settled(house, PRE_DAY, code="CEA99")

    assert (other.value.code, unknown.value.code) == ("allocation.instrument", "instrument.not_found")
