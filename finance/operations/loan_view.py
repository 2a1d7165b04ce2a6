"""A loan as known at one moment: terms in force, determinations, principal, fixings, ratings and the label's days, bound together.

The one path from stored facts to prices and payments: quote, booking, bundle and audit all come through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendars import BusinessCalendar, calendar_of
from finance.conventions.documents import to_document
from finance.conventions.explain import Explanation
from finance.loans.base_rates import FixedRate
from finance.loans.fixings import Fixings
from finance.loans.flows import FlowSchedule, Happenings, flow_schedule
from finance.loans.period_dates import DayRule, dated_periods
from finance.loans.prepayment import Prepayment
from finance.loans.price_explanation import explain_interest, explain_rate, interest_on
from finance.loans.price_timeline import PriceInterval, as_adjustments, price_timeline
from finance.loans.rate_determinations import (
    Approval,
    ApprovedDetermination,
    DrawnTranche,
    KnownFacility,
    Signatory,
)
from finance.loans.tranche import Drawdown
from finance.loans.tranche_terms import TrancheTerms
from finance.operations.labels import labelled_spans
from finance.store import determinations, facilities, loan_facts, reference
from finance.store.determinations import Determination
from finance.store.facilities import TermsVersion, document_hash
from ledger.core.errors import Conflict, NotFound
from ledger.core.parties import Actor
from ledger.store.acting import as_installation


@dataclass(frozen=True)
class KnownLoan:
    """A loan as known at one moment; everything priced about it is computed from this and nothing else."""

    facility_id: UUID
    version: TermsVersion
    is_agreed: bool
    facility: KnownFacility
    determinations: Mapping[str, ApprovedDetermination]
    drawn: Mapping[str, tuple[Drawdown, ...]]
    prepaid: Mapping[str, tuple[Prepayment, ...]]
    fixings: Fixings

    def timeline(self, tranche_id: str) -> tuple[PriceInterval, ...]:
        """Return the tranche's prices through its life."""
        return self.facility.timeline(tranche_id)

    def schedule(self, tranche_id: str) -> FlowSchedule:
        """Return what the borrower pays on the tranche; one not drawn yet is refused (``loan.not_drawn``)."""
        return self._schedule(tranche_id, self.timeline(tranche_id))

    def base_schedule(self, tranche_id: str) -> FlowSchedule:
        """Return what the borrower would pay had no determination been made: the price that a saving is measured from."""
        plain = KnownFacility(
            terms=self.facility.terms,
            tranches=self.facility.tranches,
            tests=(),
            labelled=self.facility.labelled,
            grades=self.facility.grades,
        )
        return self._schedule(tranche_id, plain.timeline(tranche_id))

    def timeline_from_signing(self, tranche_id: str) -> tuple[PriceInterval, ...]:
        """Return the tranche's prices from signing on, or from a drawdown that was recorded before the terms now in force."""
        tranche, known = self.facility.terms.tranche(tranche_id), self.facility
        return price_timeline(
            tranche,
            start=min([tranche.signed_on, *(each.on for each in self.drawn.get(tranche_id, ()))]),
            ratchet=known.terms.ratchet,
            tests=known.tests,
            labelled=known.labelled,
            grades=known.grades,
        )

    def day_rule(self, tranche_id: str) -> DayRule:
        """Return how the tranche's days meet its calendar."""
        return _day_rule(self.facility.terms.tranche(tranche_id))

    def explain_rate(self, tranche_id: str, day: date) -> Explanation:
        """Return why interest of ``day`` runs at its rate."""
        return explain_rate(
            day,
            terms=self.facility.terms,
            tranche_id=tranche_id,
            schedule=self.schedule(tranche_id),
            timeline=self.timeline(tranche_id),
            determinations=self.determinations,
        )

    def explain_interest(self, tranche_id: str, day: date) -> Explanation:
        """Return why the payment of the interest period that ``day`` lies in is what it is."""
        return explain_interest(
            interest_on(self.schedule(tranche_id), day),
            terms=self.facility.terms,
            tranche_id=tranche_id,
            timeline=self.timeline(tranche_id),
            determinations=self.determinations,
        )

    def _schedule(self, tranche_id: str, timeline: tuple[PriceInterval, ...]) -> FlowSchedule:
        tranche = self.facility.terms.tranche(tranche_id)
        drawn = self.drawn.get(tranche_id, ())
        if not drawn:
            raise Conflict("loan.not_drawn", f"tranche {tranche_id}: nothing is drawn yet", tranche_id=tranche_id)
        return flow_schedule(
            tranche.as_drawn(drawn),
            calendar=_calendar(tranche),
            known=Happenings(
                adjustments=as_adjustments(timeline),
                prepayments=self.prepaid.get(tranche_id, ()),
                fixings=self.fixings,
            ),
        )

    @cached_property
    def sha256(self) -> str:
        """Return the hash of every known fact that prices the loan: equal facts in any order of arrival hash equally."""
        return document_hash(self.document())

    def document(self) -> dict[str, Any]:
        """Return every known fact that prices the loan, as JSON: what ``sha256`` covers."""
        terms = self.facility.terms
        return {
            "terms_sha256": self.version.sha256,
            "determinations": {
                name: document_hash(
                    {
                        "proposal": to_document(found.proposal),
                        "prices": [to_document(price) for price in found.prices],
                    }
                )
                for name, found in sorted(self.determinations.items())
            },
            "drawdowns": {name: [to_document(each) for each in drawn] for name, drawn in sorted(self.drawn.items())},
            "prepayments": {name: [to_document(each) for each in paid] for name, paid in sorted(self.prepaid.items())},
            "fixings": {
                name: [[day.isoformat(), f"{rate.numerator}/{rate.denominator}"] for day, rate in series.rates]
                for name, series in sorted(self.fixings.items())
            },
            "grades": [to_document(grade) for grade in self.facility.grades],
            "labelled": [[first.isoformat(), last.isoformat()] for first, last in self.facility.labelled],
            "calendars": {
                tranche.calendar_market: _calendar(tranche).last_known.isoformat() for tranche in terms.tranches
            },
        }


def known_loan(session: Session, facility_id: UUID, *, known_at: datetime) -> KnownLoan:
    """Return the loan as known at ``known_at``: now, or an instant of the past."""
    version, is_agreed = facilities.terms_in_force(session, facility_id, known_at=known_at)
    terms = version.terms
    facility = facilities.find_facility(session, facility_id)
    if facility is None:
        raise NotFound("facility.not_found", "the facility does not exist, or not for you")
    events = loan_facts.load_principal_events(session, facility_id, known_at=known_at)
    nothing: tuple[tuple[Drawdown, ...], tuple[Prepayment, ...]] = ((), ())
    drawn = {
        tranche.tranche_id: _together(tranche.drawdowns, events.get(tranche.tranche_id, nothing)[0])
        for tranche in terms.tranches
    }
    approved = approved_determinations(session, facility_id, known_at=known_at)
    versions = {
        each.terms.version: each.terms for each in facilities.list_terms(session, facility_id, known_at=known_at)
    }
    known = KnownFacility(
        terms=terms,
        tranches=tuple(_drawn_tranche(tranche, drawn[tranche.tranche_id]) for tranche in terms.tranches),
        tests=tuple(
            each.known_test(versions[each.proposal.terms_version], sequence=sequence) for sequence, each in approved
        ),
        labelled=labelled_spans(session, facility_id, terms, is_agreed=is_agreed, known_at=known_at),
        grades=loan_facts.load_grades(session, facility_id, known_at=known_at),
    )
    return KnownLoan(
        facility_id=facility_id,
        version=version,
        is_agreed=is_agreed,
        facility=known,
        determinations={each.determination_id: each for _, each in approved},
        drawn=drawn,
        prepaid={tranche_id: paid for tranche_id, (_, paid) in events.items() if paid},
        fixings=_fixings(session, facility.borrower_id, terms.tranches, known_at=known_at),
    )


def check_computable(terms: TrancheTerms) -> None:
    """Refuse a tranche whose calendar nobody has or whose periods cannot be cut; the terms would never give a payment."""
    _drawn_tranche(terms, terms.drawdowns)


def approved_determinations(
    session: Session, facility_id: UUID, *, known_at: datetime
) -> tuple[tuple[int, ApprovedDetermination], ...]:
    """Return the approved determinations with the order in which they became known."""
    found = determinations.list_determinations(session, facility_id, known_at=known_at)
    approved = [
        (each.decision.sequence, as_approved(each))
        for each in found
        if each.decision is not None and each.decision.is_approved
    ]
    return tuple(sorted(approved, key=lambda item: item[0]))


def as_approved(determination: Determination) -> ApprovedDetermination:
    """Return an approved determination as the value that the loan rules work on."""
    decision = determination.decision
    assert decision is not None, "only a decided proposal is a determination"
    return ApprovedDetermination(
        determination_id=str(determination.determination_id),
        proposal=determination.proposal,
        approvals=tuple(
            Approval(approver=signatory(each.approver), approved_at=each.approved_at, approved_on=each.approved_on)
            for each in determination.approvals
        ),
        prices=decision.prices,
    )


def signatory(actor: Actor) -> Signatory:
    """Return the actor as the loan rules name a person acting for an organisation."""
    return Signatory(person_id=str(actor.user_id), organisation_id=str(actor.organisation_id))


def _together(agreed: tuple[Drawdown, ...], recorded: tuple[Drawdown, ...]) -> tuple[Drawdown, ...]:
    """Return what is drawn: as agreed and as recorded since, one sum a day."""
    by_day: dict[date, int] = {}
    for each in (*agreed, *recorded):
        by_day[each.on] = by_day.get(each.on, 0) + each.amount_minor
    return tuple(Drawdown(on=day, amount_minor=amount) for day, amount in sorted(by_day.items()))


def _drawn_tranche(tranche: TrancheTerms, drawn: tuple[Drawdown, ...]) -> DrawnTranche:
    days = _day_rule(tranche)
    start = drawn[0].on if drawn else tranche.signed_on
    return DrawnTranche(
        tranche_id=tranche.tranche_id,
        start=start,
        periods=dated_periods(tranche.periods, start=start, end=tranche.maturity_date, days=days),
        calendar=days.calendar,
    )


def _day_rule(tranche: TrancheTerms) -> DayRule:
    return DayRule(
        calendar=_calendar(tranche),
        convention=tranche.payment_convention,
        is_accrual_adjusted=tranche.is_accrual_adjusted,
    )


def _calendar(tranche: TrancheTerms) -> BusinessCalendar:
    return calendar_of(reference.shipped_calendars(), tranche.calendar_market)


def _fixings(session: Session, borrower_id: UUID, tranches: tuple[TrancheTerms, ...], *, known_at: datetime) -> Fixings:
    indices = [each.base_rate.index for each in tranches if not isinstance(each.base_rate, FixedRate)]
    if not indices:
        return {}
    with as_installation(session):  # whoever sees the loan counts with the fixings that its borrower recorded
        return loan_facts.load_fixings(session, borrower_id, indices, known_at=known_at)
