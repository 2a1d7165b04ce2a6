"""Opening a facility, amending its terms, and what happens to its principal, indices and ratings."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.fields import check_text, refused, refused_as
from finance.kpi.definitions import KpiDefinition
from finance.loans.facility_terms import FacilityTerms, PartyRole
from finance.loans.prepayment import Prepayment
from finance.loans.price_timeline import GradeFrom
from finance.loans.tranche import Drawdown
from finance.loans.tranche_terms import TrancheKind
from finance.operations import loan_notices
from finance.operations.activity import bound_methodology
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.loan_view import check_computable, known_loan
from finance.operations.reporting_days import opened_zone
from finance.store import facilities, loan_facts
from finance.store.facilities import Facility
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store.acting import as_installation

TERMS_SUBJECT = "terms"
"""Under what the log keeps agreements to terms."""


def terms_subject_id(facility_id: UUID, version: int) -> str:
    """Return the log's name of a version of a facility's terms, such as ``4c9f.../1``."""
    return f"{facility_id}/{version}"


def open_facility(
    session: Session,
    facility_id: UUID,
    terms: FacilityTerms,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> str:
    """Record a facility with its first terms and return their hash; the terms' parties become its own.

    Whoever opens it agrees to the terms by that; they count once borrower and every lender agreed (``agree_to_terms``). A calendar,
    methodology or factor set that nobody has, a version of it that is unknown, or another measure than the
    methodology's own (``facility.measure``), is refused here, before anybody relies on it.
    """
    if terms.version != 1:
        raise Invalid("terms.version_first", "version: expected 1 for a facility's first terms", field="version")
    _check_computable(session, terms)
    facilities.save_facility(
        session,
        facility_id=facility_id,
        borrower_id=UUID(terms.borrower_id),
        facility_number=terms.facility_number,
        now=now,
        recorded_by=actor.user_id,
    )
    return _save_version(session, facility_id, terms, actor=actor, now=now, random_bytes=random_bytes)


def amend_terms(
    session: Session,
    facility: Facility,
    terms: FacilityTerms,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> str:
    """Record the next version of the terms, agreed by its proposer, and return its hash; it counts once enough parties agreed.

    Number and borrower stay (``terms.facility_number``, ``terms.borrower_changed``), versions follow one another
    (``terms.version_next``), and a
    change of KPIs or clauses is a new version, never an edit (checklist C35).
    """
    versions = facilities.list_terms(session, facility.facility_id)
    if terms.version != len(versions) + 1:
        raise Conflict(
            "terms.version_next",
            f"version: expected {len(versions) + 1}, the next after those recorded",
            field="version",
        )
    if terms.facility_number != facility.facility_number:
        raise refused(
            area="terms", field="facility_number", expected=facility.facility_number, value=terms.facility_number
        )
    if UUID(terms.borrower_id) != facility.borrower_id:
        raise refused_as(
            area="terms",
            reason="borrower_changed",
            field="parties",
            expected="the facility's own borrower",
            value=terms.borrower_id,
        )
    _check_computable(session, terms)
    return _save_version(session, facility.facility_id, terms, actor=actor, now=now, random_bytes=random_bytes)


def agree_to_terms(
    session: Session,
    facility: Facility,
    version: int,
    sha256: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record the actor's organisation's agreement to exactly that version; only borrower and lenders agree (``terms.not_party``)."""
    terms, _ = facilities.load_terms(session, facility.facility_id, version)
    if str(actor.organisation_id) not in {terms.borrower_id, *terms.lender_ids}:
        raise Forbidden("terms.not_party", "organisation: expected the borrower or a lender that the terms name")
    _save_agreement(session, facility.facility_id, terms, sha256, actor=actor, now=now, random_bytes=random_bytes)


def record_principal(
    session: Session,
    facility: Facility,
    tranche_id: str,
    event: Drawdown | Prepayment,
    *,
    event_id: UUID,
    actor: Actor,
    now: datetime,
) -> None:
    """Record a drawdown or an early repayment, inside the tranche's life and its commitment.

    More than the commitment and its accordion drawn at once (``principal.commitment``), a prepayment that the terms do not allow
    (``principal.no_prepayment``) or that exceeds the balance (the schedule refuses it) leaves nothing behind.
    """
    facilities.find_facility(session, facility.facility_id, lock=True)
    terms, _ = facilities.load_terms(session, facility.facility_id)
    tranche = terms.tranche(tranche_id)
    if not tranche.covers(event.on):
        expected = f"a day from {tranche.signed_on} to before {tranche.maturity_date}"
        raise refused(area="principal", field="on", expected=expected, value=event.on)
    if isinstance(event, Prepayment) and tranche.prepayment is None:
        raise Conflict("principal.no_prepayment", f"tranche {tranche_id}: its terms allow no early repayment")
    loan_facts.save_principal_event(
        session, event_id, facility.facility_id, tranche_id, event, now=now, recorded_by=actor.user_id
    )
    loan = known_loan(session, facility.facility_id, known_at=now)
    drawn = sum(each.amount_minor for each in loan.drawn[tranche_id])
    if tranche.what is not TrancheKind.REVOLVING and drawn > tranche.commitment_minor + tranche.accordion_minor:
        expected = f"at most {tranche.commitment_minor + tranche.accordion_minor} minor units drawn in all"
        raise refused(area="principal", field="commitment", expected=expected, value=drawn)
    if isinstance(event, Prepayment):
        loan.schedule(tranche_id)  # refuses what the balance of that day does not hold


def record_grade(
    session: Session,
    facility: Facility,
    grade: GradeFrom,
    *,
    source: str,
    notice_id: UUID,
    actor: Actor,
    now: datetime,
) -> None:
    """Record a rating that some grid of the terms has (``terms.grade``)."""
    check_text(source, area="grade", field="source")
    terms, _ = facilities.load_terms(session, facility.facility_id)
    grids = [tranche.rating_grid for tranche in terms.tranches if tranche.rating_grid is not None]
    if not grids:
        raise Conflict("grade.no_grid", "grade: this facility's price hangs on no rating")
    for grid in grids:
        grid.margin_at(grade.grade)
    loan_facts.save_grade(
        session, notice_id, facility.facility_id, grade, source=source, now=now, recorded_by=actor.user_id
    )


def record_fixings(
    session: Session,
    facility: Facility,
    index: str,
    fixings: tuple[tuple[date, Fraction, str], ...],
    *,
    actor: Actor,
    now: datetime,
) -> tuple[int, ...]:
    """Record published values of an index, each (day, rate, source), and return their revisions in order.

    The index must be one that the terms read (``fixing.index``). A corrected value is a further revision; what was computed with
    the old one stays readable by its time.
    """
    terms, _ = facilities.load_terms(session, facility.facility_id)
    named = {getattr(tranche.base_rate, "index", None) for tranche in terms.tranches}
    if index not in named:
        expected = f"one of {', '.join(sorted(name for name in named if name)) or 'none: every rate is fixed'}"
        raise refused(area="fixing", field="index", expected=expected, value=index)
    told = tuple(
        (fixed_on, rate, check_text(source, area="fixing", field="source")) for fixed_on, rate, source in fixings
    )
    with as_installation(session):  # any party to the loan records them, and they are its borrower's
        return tuple(
            loan_facts.save_fixing(
                session,
                facility.borrower_id,
                index,
                fixed_on,
                rate,
                source=source,
                now=now,
                recorded_by=actor.user_id,
            )
            for fixed_on, rate, source in told
        )


def _save_version(
    session: Session,
    facility_id: UUID,
    terms: FacilityTerms,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> str:
    for organisation_id, role in facilities.party_roles(terms):
        if role != PartyRole.ASSESSOR.value:  # an assessor becomes a party by its engagement
            facilities.add_party(session, facility_id, organisation_id, role, now=now)
    sha256 = facilities.save_terms(session, facility_id, terms, now=now, recorded_by=actor.user_id)
    _save_agreement(session, facility_id, terms, sha256, actor=actor, now=now, random_bytes=random_bytes)
    loan_notices.terms_wait(session, facility_id, terms, actor=actor, now=now)
    return sha256


def _save_agreement(
    session: Session,
    facility_id: UUID,
    terms: FacilityTerms,
    sha256: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record the agreement; the first of an organisation to a version is a leaf of the borrower's evidence book."""
    is_new = facilities.save_agreement(
        session,
        facility_id,
        terms.version,
        sha256=sha256,
        organisation_id=actor.organisation_id,
        now=now,
        agreed_by=actor.user_id,
    )
    if is_new:
        event = EvidenceEvent(
            organisation_id=UUID(terms.borrower_id),
            subject=TERMS_SUBJECT,
            subject_id=terms_subject_id(facility_id, terms.version),
            event="agreed",
            facts={"terms_sha256": sha256},
        )
        log_events(session, [event], actor=actor, now=now, random_bytes=random_bytes)
        loan_notices.terms_agreed(session, facility_id, terms.version, actor=actor, now=now)


def _check_computable(session: Session, terms: FacilityTerms) -> None:
    """Refuse terms and KPIs that no figure could ever be computed from."""
    opened_zone(terms.reporting)
    try:
        for tranche in terms.tranches:
            check_computable(tranche)
        for kpi in terms.kpis:
            if kpi.definition.is_computed:
                _check_methodology(session, kpi.definition)
    except NotFound as missing:
        raise Invalid(missing.code, missing.message) from missing


def _check_methodology(session: Session, definition: KpiDefinition) -> None:
    methodology = bound_methodology(
        session,
        definition.methodology_id,
        definition.factor_set_version,
        methodology_version=definition.methodology_version,
    ).methodology
    if definition.measure.value != methodology.measure.value:
        expected = f"{methodology.measure.value}, as {methodology.methodology_id} has it"
        raise refused(area="facility", field="measure", expected=expected, value=definition.measure)
