"""A loan's label: its days, its checklist with waivers, and what borrower and lenders record about it.

For borrower and lenders only. Days are those of Asia/Shanghai, as for every decision about a loan.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from api.auth.loan_kinds import FACILITY, check_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.routes.facilities import LOAN_PARTIES
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.labels import (
    AmendmentIn,
    AmendmentOut,
    BreachIn,
    BreachOut,
    ChecklistOut,
    DeclassificationApprovalIn,
    DeclassificationIn,
    DeclassificationOut,
    LabelOut,
    ReasonIn,
    SuspensionIn,
    WaiverIn,
)
from api.store.access import OrganisationKind
from finance.operations import label_troubles, labels
from finance.operations.checklists import facility_findings, waive
from finance.store.facilities import Facility

_READING = asks(kinds=LOAN_PARTIES)
_RECORDING = asks(Scope.FACILITY_WRITE, kinds=LOAN_PARTIES)
_AGREEING = asks(Scope.FACILITY_AGREE, kinds=LOAN_PARTIES)
_LENDER = asks(Scope.FACILITY_AGREE, kinds=(OrganisationKind.LENDER,))
_Rule = Annotated[str, Path(pattern="^C[0-9]{2}$", description="A rule of the checklist.", examples=["C02"])]

routes = Routes(tag="labels")


@routes.get("/facilities/{facility_id}/label", policy=_READING)
def read_label(
    facility_id: UuidString,
    call: ThisCall,
    at: Annotated[DateString | None, Query(description="A day; today when absent.")] = None,
    known_at: Annotated[InstantString | None, Query(description="By what was known then; now when absent.")] = None,
) -> LabelOut:
    """Return the label on a day as known at an instant, its intervals, and what troubles it."""
    facility = _facility(call, facility_id)
    instant = known_at or call.now
    known = labels.known_label(call.session, facility.facility_id, known_at=instant)
    return LabelOut.from_core(known, at=at or business_day(call.now), known_at=instant)


@routes.get("/facilities/{facility_id}/checklist", policy=_READING)
def read_checklist(facility_id: UuidString, call: ThisCall) -> ChecklistOut:
    """Return the checklist C01 to C35 over the terms in force and the evidence known now."""
    facility = _facility(call, facility_id)
    terms, findings = facility_findings(call.session, facility, now=call.now, today=business_day(call.now))
    return ChecklistOut.from_core(facility.facility_id, terms, findings)


@routes.post("/facilities/{facility_id}/checklist/{rule}/waiver", policy=_AGREEING)
def add_waiver(facility_id: UuidString, rule: _Rule, body: WaiverIn, call: ThisCall) -> ChecklistOut:
    """Let an open warning pass for the terms in force; the caller signs it. A block cannot be waived."""
    facility = _facility(call, facility_id)
    terms, findings = waive(
        call.session,
        facility,
        rule,
        body.reason,
        terms_version=body.terms_version,
        actor=call.principal.actor,
        now=call.now,
        today=business_day(call.now),
        random_bytes=call.random_bytes,
    )
    return ChecklistOut.from_core(facility.facility_id, terms, findings)


@routes.post("/facilities/{facility_id}/label/activation", policy=_LENDER)
def activate_label(facility_id: UuidString, body: ReasonIn, call: ThisCall) -> LabelOut:
    """Call the loan sustainability-linked from today on; an open block of the checklist stops it."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    _, findings = facility_findings(call.session, facility, now=call.now, today=today)
    labels.activate(
        call.session,
        facility,
        findings,
        reason=body.reason,
        recording=_recording(call),
    )
    return _label(call, facility)


@routes.post("/facilities/{facility_id}/label/suspension", policy=_AGREEING)
def suspend_label(facility_id: UuidString, body: SuspensionIn, call: ThisCall) -> LabelOut:
    """Suspend the label from a day on, not after today: its clauses rest and its name is not used."""
    facility = _facility(call, facility_id)
    labels.suspend(
        call.session,
        facility,
        on=body.on,
        reason=body.reason,
        recording=_recording(call),
    )
    return _label(call, facility)


@routes.post("/facilities/{facility_id}/label/resumption", policy=_AGREEING)
def resume_label(facility_id: UuidString, body: ReasonIn, call: ThisCall) -> LabelOut:
    """Resume a suspended label from today on, through another party than the one that suspended it."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    _, findings = facility_findings(call.session, facility, now=call.now, today=today)
    labels.resume(
        call.session,
        facility,
        findings,
        reason=body.reason,
        recording=_recording(call),
    )
    return _label(call, facility)


@routes.post("/facilities/{facility_id}/amendment-events", policy=_RECORDING)
def add_amendment(facility_id: UuidString, body: AmendmentIn, call: ThisCall) -> AmendmentOut:
    """Notify a sustainability amendment event; the days of the talks begin to run."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    event = label_troubles.notify_amendment(
        call.session,
        facility,
        body.what,
        happened_on=body.happened_on,
        description=body.description,
        recording=_recording(call),
    )
    return AmendmentOut.from_core(event, today)


@routes.post("/facilities/{facility_id}/amendment-events/{event_id}/agree", policy=_AGREEING, status=200)
def agree_amendment(facility_id: UuidString, event_id: UuidString, body: ReasonIn, call: ThisCall) -> AmendmentOut:
    """Agree, for the caller's organisation, on how the loan goes on; refused once the talks are over."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    event = label_troubles.agree_on_amendment(
        call.session,
        facility,
        event_id,
        reason=body.reason,
        recording=_recording(call),
    )
    return AmendmentOut.from_core(event, today)


@routes.post("/facilities/{facility_id}/breaches", policy=_RECORDING)
def add_breach(facility_id: UuidString, body: BreachIn, call: ThisCall) -> BreachOut:
    """Give notice of a sustainability duty not kept; it reaches price and label only."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    breach = label_troubles.notice_breach(
        call.session,
        facility,
        cure_by=body.cure_by,
        description=body.description,
        recording=_recording(call),
    )
    return BreachOut.from_core(breach, today)


@routes.post("/facilities/{facility_id}/breaches/{breach_id}/cure", policy=_LENDER, status=200)
def cure_breach(facility_id: UuidString, breach_id: UuidString, body: ReasonIn, call: ThisCall) -> BreachOut:
    """Find a breach cured, as a lender."""
    facility = _facility(call, facility_id)
    today = business_day(call.now)
    breach = label_troubles.cure_breach(
        call.session,
        facility,
        breach_id,
        reason=body.reason,
        recording=_recording(call),
    )
    return BreachOut.from_core(breach, today)


@routes.post("/facilities/{facility_id}/declassification", policy=_AGREEING)
def propose_declassification(facility_id: UuidString, body: DeclassificationIn, call: ThisCall) -> DeclassificationOut:
    """Propose that the loan is no longer sustainability-linked from a day on; another party approves."""
    facility = _facility(call, facility_id)
    proposal = label_troubles.propose_declassification(
        call.session,
        facility,
        effective_on=body.effective_on,
        reason=body.reason,
        recording=_recording(call),
    )
    return DeclassificationOut.from_core(proposal)


@routes.post("/facilities/{facility_id}/declassification/{proposal_id}/approval", policy=_AGREEING, status=200)
def approve_declassification(
    facility_id: UuidString, proposal_id: UuidString, body: DeclassificationApprovalIn, call: ThisCall
) -> DeclassificationOut:
    """Approve exactly the proposal that ``digest`` names; with the lenders' consent share the label ends."""
    facility = _facility(call, facility_id)
    proposal = label_troubles.approve_declassification(
        call.session,
        facility,
        proposal_id,
        body.digest,
        recording=_recording(call),
        end_id=call.new_id(),
    )
    return DeclassificationOut.from_core(proposal)


def _facility(call: Call, facility_id: UuidString) -> Facility:
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    return facility


def _recording(call: Call) -> labels.Recording:
    return labels.Recording(
        event_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        today=business_day(call.now),
        random_bytes=call.random_bytes,
    )


def _label(call: Call, facility: Facility) -> LabelOut:
    known = labels.known_label(call.session, facility.facility_id, known_at=call.now)
    return LabelOut.from_core(known, at=business_day(call.now), known_at=call.now)
