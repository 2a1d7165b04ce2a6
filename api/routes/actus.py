"""A facility's tranches in the words of ACTUS, for any engine of the standard to compute again."""

from __future__ import annotations

from api.auth.loan_kinds import FACILITY, check_loan_party
from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.routes.facilities import LOAN_PARTIES, KnownAt
from api.schemas.actus import ActusOut, ActusTrancheOut
from api.schemas.fields import UuidString
from finance.loans.actus_tranche import tranche_contract, tranche_events
from finance.operations.loan_view import KnownLoan, known_loan
from ledger.core.errors import Invalid

routes = Routes(tag="facilities")


@routes.get("/facilities/{facility_id}/actus", policy=asks(kinds=LOAN_PARTIES))
def read_actus(facility_id: UuidString, call: ThisCall, known_at: KnownAt = None) -> ActusOut:
    """Return each drawn tranche's ACTUS terms, or why its contract has none, and its events in ACTUS order."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    at = known_at or call.now
    loan = known_loan(call.session, facility.facility_id, known_at=at)
    return ActusOut(
        facility_id=facility.facility_id,
        known_at=at,
        tranches=tuple(_tranche(loan, tranche_id) for tranche_id, drawn in loan.drawn.items() if drawn),
    )


def _tranche(loan: KnownLoan, tranche_id: str) -> ActusTrancheOut:
    tranche = loan.facility.terms.tranche(tranche_id)
    schedule = loan.schedule(tranche_id)
    terms, reason = None, None
    try:
        terms = dict(
            tranche_contract(
                tranche,
                contract_id=f"{loan.facility.terms.facility_number}/{tranche_id}",
                drawn=loan.drawn[tranche_id],
                timeline=loan.timeline(tranche_id),
                schedule=schedule,
            )
        )
    except Invalid as refusal:
        reason = refusal.message
    events = tuple(dict(event) for event in tranche_events(tranche, schedule))
    return ActusTrancheOut(tranche_id=tranche_id, terms=terms, not_expressible=reason, events=events)
