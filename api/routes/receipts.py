"""What befell a loan as leaves of the borrower's evidence book: agreements, approvals, label facts, reviews, each with its proof.

For borrower and lenders. Statements, engagements and keys have receipts of their own beside them.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.auth.loan_kinds import DETERMINATION, FACILITY, KPI_PERIOD, check_loan_party
from api.auth.policy import Routes, asks
from api.deps import Call, ThisCall
from api.routes.attestations import proven
from api.routes.facilities import LOAN_PARTIES
from api.schemas.evidence import ProvenReceiptsOut
from api.schemas.fields import UuidString
from finance.operations.determinations import SUBJECT as DETERMINATION_SUBJECT
from finance.operations.facilities import TERMS_SUBJECT, terms_subject_id
from finance.operations.kpi_periods import SUBJECT as PERIOD_SUBJECT
from finance.operations.labels import SUBJECT as LABEL_SUBJECT
from finance.operations.reviews import review_subject
from finance.store import facilities

_PARTIES = asks(kinds=LOAN_PARTIES)

routes = Routes(tag="receipts")


@routes.get("/facilities/{facility_id}/receipts", policy=_PARTIES)
def prove_facility(facility_id: UuidString, call: ThisCall) -> ProvenReceiptsOut:
    """Return who agreed to which terms, and every fact about the label and waiver of its checklist."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    versions = facilities.list_terms(call.session, facility.facility_id)
    named = [(TERMS_SUBJECT, terms_subject_id(facility.facility_id, each.terms.version)) for each in versions]
    return _proven(call, (*named, (LABEL_SUBJECT, str(facility.facility_id))))


@routes.get("/kpi-periods/{kpi_period_id}/receipts", policy=_PARTIES)
def prove_kpi_period(kpi_period_id: UuidString, call: ThisCall) -> ProvenReceiptsOut:
    """Return the period's waivers, disputes and restatements, and its reviews."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    check_loan_party(call.load(FACILITY, period.facility_id), call.principal)
    subjects = (PERIOD_SUBJECT, review_subject(PERIOD_SUBJECT))
    return _proven(call, [(subject, str(period.kpi_period_id)) for subject in subjects])


@routes.get("/determinations/{determination_id}/receipts", policy=_PARTIES)
def prove_determination(determination_id: UuidString, call: ThisCall) -> ProvenReceiptsOut:
    """Return who proposed, approved, decided or refused the determination, and its reviews."""
    determination = call.load(DETERMINATION, determination_id)
    subjects = (DETERMINATION_SUBJECT, review_subject(DETERMINATION_SUBJECT))
    return _proven(call, [(subject, str(determination.determination_id)) for subject in subjects])


def _proven(call: Call, subjects: Iterable[tuple[str, str]]) -> ProvenReceiptsOut:
    found = (proven(call.session, subject, subject_id).receipts for subject, subject_id in subjects)
    return ProvenReceiptsOut(receipts=tuple(each for receipts in found for each in receipts))
