"""The life cycle of a year's allocation in a book: proposed facts, the state they give, and the difference settled.

Joins the caller's transaction and commits nothing. Decisions are the core's; tonnes are booked through the trades' path or
as an entry that gives them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance import allocation_steps
from finance.compliance.allocation import Allocation, AllocationSources, allocation_rule, due_tonnes
from finance.compliance.allocation_steps import AllocationPhase, AllocationState, AllocationStep, StepKind
from finance.compliance.deadline_calendar import Sector, deadline_calendar
from finance.compliance.entity_allocation import (
    EntityAllocation,
    ProcessYear,
    allocate_processes,
    as_allocation,
    determined_allocation,
    entity_allocation,
)
from finance.compliance.gap_forecast import BalanceRange
from finance.compliance.power_allocation import PowerUnit, allocate_power, power_rule
from finance.conventions.documents import from_document, to_document
from finance.conventions.exact_text import fraction_text, parse_fraction_text
from finance.conventions.tables import ReferenceSet
from finance.operations.compliance import issued_t
from finance.operations.compliance_proposals import (
    ProposalSubject,
    approved_fact,
    propose,
)
from finance.store import calendar_years, reference
from finance.store import compliance as store
from finance.store.compliance import Proposal, ProposalKind
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor

WORKING_DAYS = "cn_statutory"
_FACTS = (
    ProposalKind.PREALLOCATION,
    ProposalKind.VERIFICATION,
    ProposalKind.VERIFICATION_WITHDRAWAL,
    ProposalKind.DETERMINATION,
    ProposalKind.OBJECTION,
    ProposalKind.OBJECTION_ANSWER,
)
_CONTESTED = (ProposalKind.PREALLOCATION, ProposalKind.VERIFICATION, ProposalKind.DETERMINATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who proposes under which id, and when."""

    proposal_id: UUID
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedYear:
    """What a verification says: processes and captive units with their verified facts, who verified, and the paper."""

    processes: tuple[ProcessYear, ...]
    units: tuple[PowerUnit, ...]
    verifier: str
    doc_ref: str

    @property
    def emissions_t(self) -> Fraction:
        """Return the verified emissions of all processes and units."""
        process_t = sum((each.emissions_t for each in self.processes), Fraction(0))
        return process_t + sum((each.emissions_t for each in self.units), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Determined:
    """What a determination is computed from and, where the authority's number differs, that number with the reason."""

    balance_value: Fraction | None
    balance_source: str
    stated_t: int | None
    reason: str


def propose_preallocation(
    session: Session,
    book_id: int,
    *,
    year: int,
    dated_on: date,
    sector: Sector,
    prior_verified_t: Fraction,
    allocation_t: int,
    by: By,
) -> Proposal:
    """Propose that ``allocation_t`` was pre-allocated; above the rule's share of the prior year it is refused."""
    rules = _preallocation_rules(sector)
    most = allocation_steps.check_preallocation(
        rules, year=year, prior_verified_t=prior_verified_t, allocation_t=allocation_t
    )
    document = {
        "sector": sector.value,
        "prior_verified_t": fraction_text(prior_verified_t),
        "most_t": str(most),
        "tonnes": str(allocation_t),
        "rules": f"{rules.set_id} {rules.version}",
    }
    return propose_by(
        session,
        ProposalSubject(book_id=book_id, year=year, kind=ProposalKind.PREALLOCATION, dated_on=dated_on),
        document,
        by,
    )


def propose_verification(
    session: Session, book_id: int, *, year: int, dated_on: date, verified: VerifiedYear, by: By
) -> Proposal:
    """Propose a year's verified emissions; a later one corrects it once approved."""
    if not verified.processes and not verified.units:
        raise Invalid("verification.processes", "processes: expected at least one process or captive unit")
    ids = [*(each.process_id for each in verified.processes), *(each.unit_id for each in verified.units)]
    if len(set(ids)) != len(ids):
        raise Invalid("verification.repeated", "processes, units: expected each id once")
    document = {
        **to_document(verified),
        "emissions_t": fraction_text(verified.emissions_t),
        "tonnes": str(due_tonnes(verified.emissions_t)),
    }
    subject = ProposalSubject(book_id=book_id, year=year, kind=ProposalKind.VERIFICATION, dated_on=dated_on)
    return propose_by(session, subject, document, by)


def propose_withdrawal(
    session: Session, book_id: int, *, year: int, dated_on: date, verification_id: UUID, reason: str, by: By
) -> Proposal:
    """Propose that a verification is withdrawn; what was determined on it is reopened, and stays readable as it was."""
    approved_fact(session, verification_id, book_id=book_id, year=year, kinds=(ProposalKind.VERIFICATION,))
    subject = ProposalSubject(
        book_id=book_id,
        year=year,
        kind=ProposalKind.VERIFICATION_WITHDRAWAL,
        dated_on=dated_on,
        refers_to=verification_id,
    )
    return propose_by(session, subject, {"reason": reason}, by)


def propose_determination(
    session: Session,
    book_id: int,
    *,
    year: int,
    dated_on: date,
    verification_id: UUID,
    determined: Determined,
    by: By,
) -> Proposal:
    """Propose the allocation determined on an approved verification, computed by the year's rule.

    Where the authority stated another number it stands, with the reason; without one it is ``allocation.stated``. A
    verification that was withdrawn or corrected since carries no determination (``allocation.verification_superseded``).
    """
    kinds = (ProposalKind.VERIFICATION,)
    verification = approved_fact(session, verification_id, book_id=book_id, year=year, kinds=kinds)
    state = state_of(session, book_id, year=year, on=dated_on, known_at=by.now)
    if state.verification is None or state.verification.step_id != str(verification_id):
        raise Conflict(
            "allocation.verification_superseded",
            "verification_id: it was withdrawn or corrected, or is dated later; determine on the one that stands",
        )
    entity = compute_entity(
        year, verified_year(verification), balance_value=determined.balance_value, source=determined.balance_source
    )
    stated = entity.allocation_t if determined.stated_t is None else determined.stated_t
    if stated != entity.allocation_t and not determined.reason:
        raise Invalid(
            "allocation.stated",
            f"stated_t: the rule gives {entity.allocation_t} t; give the authority's reason, or correct the facts",
            computed_t=str(entity.allocation_t),
        )
    document = {
        "balance_value": "" if determined.balance_value is None else fraction_text(determined.balance_value),
        "balance_source": determined.balance_source,
        "computed_t": str(entity.allocation_t),
        "tonnes": str(stated),
        "due_t": str(entity.due_t),
        "reason": determined.reason,
        "explanation": to_document(entity.explanation),
        "rules": _rule_versions(),
    }
    subject = ProposalSubject(
        book_id=book_id, year=year, kind=ProposalKind.DETERMINATION, dated_on=dated_on, refers_to=verification_id
    )
    return propose_by(session, subject, document, by)


def propose_objection(
    session: Session,
    book_id: int,
    *,
    year: int,
    against: UUID,
    notified_on: date,
    raised_on: date,
    reason: str,
    by: By,
) -> Proposal:
    """Propose an objection to a verification or an allocation; after the seventh working day it is ``objection.late``."""
    approved_fact(session, against, book_id=book_id, year=year, kinds=_CONTESTED)
    last = allocation_steps.check_objection(
        reference.shipped_deadlines(),
        notified_on=notified_on,
        raised_on=raised_on,
        working_days=calendar_years.load_calendar_of_book(session, book_id, WORKING_DAYS, known_at=by.now),
    )
    subject = ProposalSubject(
        book_id=book_id, year=year, kind=ProposalKind.OBJECTION, dated_on=raised_on, refers_to=against
    )
    document = {"notified_on": notified_on.isoformat(), "last_day": last.isoformat(), "reason": reason}
    return propose_by(session, subject, document, by)


def propose_answer(
    session: Session,
    book_id: int,
    *,
    year: int,
    objection_id: UUID,
    answered_on: date,
    is_upheld: bool,
    reason: str,
    by: By,
) -> Proposal:
    """Propose the answer to an objection, once (``objection.answered``) and not before it was raised."""
    objection = approved_fact(session, objection_id, book_id=book_id, year=year, kinds=(ProposalKind.OBJECTION,))
    if answered_on < objection.dated_on:
        raise Invalid("objection.answered_on", f"answered_on: expected {objection.dated_on} or later")
    answers = store.list_proposals(session, book_id, year=year, kinds=(ProposalKind.OBJECTION_ANSWER,))
    if any(each.refers_to == objection_id and each.is_approved for each in answers):
        raise Conflict("objection.answered", "objection_id: it was answered already; read the answer")
    subject = ProposalSubject(
        book_id=book_id, year=year, kind=ProposalKind.OBJECTION_ANSWER, dated_on=answered_on, refers_to=objection_id
    )
    return propose_by(session, subject, {"is_upheld": "true" if is_upheld else "false", "reason": reason}, by)


def propose_milestone(
    session: Session, book_id: int, *, year: int, step: str, done_on: date, evidence: str, by: By
) -> Proposal:
    """Propose that a step of the year's calendar was done on a day; a step that is not on file is ``deadline.none``."""
    steps = {
        each.step
        for sector in Sector
        for each in deadline_calendar(
            reference.shipped_deadlines(), year=year, sector=sector, on=done_on, days_ahead=0, done={}
        )
    }
    if step not in steps:
        raise NotFound("deadline.none", f"step: expected one of {', '.join(sorted(steps))}"[:600], year=str(year))
    if done_on > by.now.date():
        raise Invalid("deadline.done_on", "done_on: expected a day up to today")
    subject = ProposalSubject(book_id=book_id, year=year, kind=ProposalKind.MILESTONE, dated_on=done_on)
    return propose_by(session, subject, {"step": step, "evidence": evidence}, by)


def state_of(
    session: Session, book_id: int, *, year: int, on: date, known_at: datetime, known: int | None = None
) -> AllocationState:
    """Return the year's life cycle on ``on`` by what was approved at ``known_at`` and what the ledger says was issued.

    ``known`` is the record point of the ledger, its newest when None.
    """
    proposals = store.list_proposals(session, book_id, year=year, kinds=_FACTS)
    return allocation_steps.allocation_state(
        [step for step in map(_step, proposals) if step is not None],
        issued_t=issued_t(session, book_id, year=year, on=on, known=known),
        on=on,
        known_at=known_at,
        rules=reference.shipped_deadlines(),
        working_days=calendar_years.load_calendar_of_book(session, book_id, WORKING_DAYS, known_at=known_at),
    )


def verified_year(proposal: Proposal) -> VerifiedYear:
    """Return what a verification's document says."""
    names = ("processes", "units", "verifier", "doc_ref")
    return from_document(VerifiedYear, {name: proposal.document[name] for name in names}, area="verification")


def standing_verification(
    session: Session, book_id: int, *, year: int, on: date, known_at: datetime
) -> Proposal | None:
    """Return the approved verification that stands for the year on ``on``, or None."""
    state = state_of(session, book_id, year=year, on=on, known_at=known_at)
    return None if state.verification is None else store.find_proposal(session, UUID(state.verification.step_id))


def allocation_on_file(
    session: Session, book_id: int, *, year: int, on: date, known_at: datetime, balance_value: Fraction | None
) -> Allocation | None:
    """Return the year's allocation from its approved facts, None while no verification stands.

    As determined where a determination of the standing verification is approved, else as the rules compute it.
    """
    state = state_of(session, book_id, year=year, on=on, known_at=known_at)
    if state.verification is None:
        return None
    verification = store.find_proposal(session, UUID(state.verification.step_id))
    assert verification is not None, "a step is a proposal"
    verified = verified_year(verification)
    named = f"verification {verification.proposal_id} by {verified.verifier}, {verified.doc_ref}"
    if state.phase is AllocationPhase.DETERMINED and state.determination is not None:
        assert state.determination.tonnes is not None, "a determination says its tonnes"
        return determined_allocation(
            year,
            emissions_t=verified.emissions_t,
            allocation_t=state.determination.tonnes,
            verified_by=named,
            determined_by=f"determination {state.determination.step_id} of {state.determination.dated_on}",
        )
    return as_allocation(compute_entity(year, verified, balance_value=balance_value), source=named)


def balance_on_file(session: Session, book_id: int, *, year: int, on: date, known_at: datetime) -> BalanceRange | None:
    """Return the year's balance value as the determination that stands on ``on`` names it, None while none does.

    1.70 tCO2e/t from a determination of 2026-09-18 is there from that day on, and gone while the year is reopened.
    """
    state = state_of(session, book_id, year=year, on=on, known_at=known_at)
    if state.phase is not AllocationPhase.DETERMINED or state.determination is None:
        return None
    determination = store.find_proposal(session, UUID(state.determination.step_id))
    assert determination is not None, "a step is a proposal"
    text = determination.document["balance_value"]
    if not text:
        return None
    value = parse_fraction_text(text, field="balance_value")
    named = f"determination {determination.proposal_id} of {determination.dated_on}"
    return BalanceRange(low=value, high=value, source=f"{determination.document['balance_source']}, by {named}")


def compute_entity(
    year: int, verified: VerifiedYear, *, balance_value: Fraction | None, source: str = "given with the request"
) -> EntityAllocation:
    """Return the entity's allocation by the year's rules for processes and captive units."""
    facts = (
        f"verification by {verified.verifier}, {verified.doc_ref}" if verified.verifier else "given with the request"
    )
    sources = AllocationSources(emissions=facts, intensity=facts, balance_value=source)
    processes = (
        allocate_processes(
            allocation_rule(reference.shipped_allocation_rules(), year),
            verified.processes,
            balance_value=balance_value,
            sources=sources,
        )
        if verified.processes
        else ()
    )
    power = (
        allocate_power(power_rule(reference.shipped_power_rules(), year), verified.units, source=facts)
        if verified.units
        else None
    )
    return entity_allocation(year=year, processes=processes, power=power)


def _step(proposal: Proposal) -> AllocationStep | None:
    decision = proposal.decision
    if decision is None or not proposal.is_approved:
        return None
    tonnes = proposal.document.get("tonnes")
    upheld = proposal.document.get("is_upheld")
    return AllocationStep(
        step_id=str(proposal.proposal_id),
        kind=StepKind(proposal.kind.value),
        number=proposal.number,
        dated_on=proposal.dated_on,
        known_at=decision.decided_at,
        tonnes=None if tonnes is None else int(tonnes),
        refers_to=None if proposal.refers_to is None else str(proposal.refers_to),
        is_upheld=None if upheld is None else upheld == "true",
    )


def _preallocation_rules(sector: Sector) -> ReferenceSet:
    return reference.shipped_power_rules() if sector is Sector.POWER else reference.shipped_allocation_rules()


def _rule_versions() -> str:
    sets = (reference.shipped_allocation_rules(), reference.shipped_power_rules())
    return ", ".join(f"{each.set_id} {each.version}" for each in sets)


def propose_by(session: Session, subject: ProposalSubject, document: Mapping[str, Any], by: By) -> Proposal:
    """Record a proposal under the id, by the person and at the instant that ``by`` names."""
    return propose(session, subject, document, proposal_id=by.proposal_id, actor=by.actor, now=by.now)
