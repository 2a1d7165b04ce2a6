"""Opening a facility and resolving it: terms, calendar and the decisions known at some instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendars import calendar_of
from finance.conventions.explain import Explanation
from finance.conventions.fields import check_text, refused
from finance.kpi.definitions import KpiDefinition, PerformanceTarget
from finance.loans.determinations import ApprovedDetermination, DeterminationProposal, Signatory
from finance.loans.ratchet import margin_adjustment
from finance.loans.rate_explanation import explain_rate
from finance.loans.resolved import ResolvedFacility, resolve
from finance.loans.terms import FacilityTerms
from finance.operations.activity import bound_methodology
from finance.store import determinations, facilities, reference
from finance.store.determinations import Determination
from ledger.core.errors import Invalid, NotFound
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiOpening:
    """A KPI that a facility is opened with: its definition, the sites it covers and its targets."""

    definition: KpiDefinition
    sites: tuple[str, ...]
    targets: tuple[PerformanceTarget, ...]

    def __post_init__(self) -> None:
        """Refuse a KPI without sites or targets, a site that could not be signed, and two targets for one year."""
        for site in self.sites:
            check_text(site, area="facility", field="sites")
        if not self.sites or len(set(self.sites)) != len(self.sites):
            raise refused(
                area="facility", field="sites", expected="at least one site, none twice", value=len(self.sites)
            )
        years = {target.test_year for target in self.targets}
        if not years or len(years) != len(self.targets):
            expected = "at least one target, one for each test year"
            raise refused(area="facility", field="targets", expected=expected, value=len(self.targets))


def open_facility(
    session: Session,
    facility_id: UUID,
    terms: FacilityTerms,
    kpis: Sequence[KpiOpening],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Record a facility with its first terms, KPIs and targets; borrower and lenders of the terms become its parties.

    Refused when the KPIs are not those of the ratchet (``facility.kpis``): a step must never hang on an undefined KPI. A
    calendar, methodology or factor set that nobody has, or another version or measure than the methodology's own
    (``facility.methodology_version``, ``facility.measure``), is refused here, before anybody relies on it.
    """
    if terms.version != 1:
        raise Invalid("terms.version", "version: expected 1 for a facility's first terms", field="version")
    defined = sorted(kpi.definition.kpi_id for kpi in kpis)
    stepped = sorted(step.kpi_id for step in terms.ratchet.steps)
    if defined != stepped:
        raise Invalid(
            "facility.kpis",
            f"kpis: expected exactly those of the ratchet: {', '.join(stepped)}",
            field="kpis",
            defined=", ".join(defined)[:200],
        )
    _check_computable(session, terms, kpis)
    facilities.save_facility(
        session,
        facility_id=facility_id,
        borrower_id=UUID(terms.borrower_id),
        facility_number=terms.facility_number,
        now=now,
        recorded_by=actor.user_id,
    )
    facilities.add_party(session, facility_id, UUID(terms.borrower_id), "borrower", now=now)
    for lender in terms.lender_ids:
        facilities.add_party(session, facility_id, UUID(lender), "lender", now=now)
    facilities.save_terms(session, facility_id, terms, now=now, recorded_by=actor.user_id)
    for kpi in kpis:
        facilities.save_kpi(session, facility_id, kpi.definition, kpi.sites, now=now)
        for target in kpi.targets:
            facilities.save_target(session, facility_id, kpi.definition.kpi_id, target, now=now)


def _check_computable(session: Session, terms: FacilityTerms, kpis: Sequence[KpiOpening]) -> None:
    """Refuse terms and KPIs that no figure could ever be computed from."""
    try:
        resolve(terms, calendar=calendar_of(reference.shipped_calendars(), terms.calendar_market), adjustments=())
        for kpi in kpis:
            definition = kpi.definition
            methodology = bound_methodology(
                session, definition.methodology_id, definition.factor_set_version
            ).methodology
            for field, stated, own in (
                ("methodology_version", definition.methodology_version, methodology.version),
                ("measure", definition.measure.value, methodology.measure.value),
            ):
                if stated != own:
                    expected = f"{own}, as {methodology.methodology_id} has it"
                    raise refused(area="facility", field=field, expected=expected, value=stated)
    except NotFound as missing:
        raise Invalid(missing.code, missing.message) from missing


def resolved_facility(session: Session, facility_id: UUID, *, known_at: datetime | None = None) -> ResolvedFacility:
    """Return the facility as the decisions known at ``known_at`` (all when None) leave it."""
    terms, _ = facilities.load_terms(session, facility_id)
    approved = approved_determinations(session, facility_id, terms, known_at=known_at)
    return resolve(
        terms,
        calendar=calendar_of(reference.shipped_calendars(), terms.calendar_market),
        adjustments=[each.dated_adjustment(sequence=sequence) for sequence, each in approved],
    )


def explain_rate_on(
    session: Session, facility_id: UUID, day: date, *, known_at: datetime | None = None
) -> tuple[Fraction, Explanation]:
    """Return the yearly rate that interest of ``day`` runs at (a fraction of one), and why."""
    facility = resolved_facility(session, facility_id, known_at=known_at)
    approved = approved_determinations(session, facility_id, facility.terms, known_at=known_at)
    explanation = explain_rate(
        terms=facility.terms,
        margins=facility.margins,
        determinations={each.determination_id: each for _, each in approved},
        day=day,
    )
    rate = next(interval.rate for interval in facility.margins if interval.start <= day < interval.end)
    return rate, explanation


def approved_determinations(
    session: Session, facility_id: UUID, terms: FacilityTerms, *, known_at: datetime | None = None
) -> tuple[tuple[int, ApprovedDetermination], ...]:
    """Return the approved determinations with the order in which they became known."""
    found = determinations.list_determinations(session, facility_id, known_at=known_at)
    approved = [
        (each.decision.sequence, as_approved(each, terms))
        for each in found
        if each.decision is not None and each.decision.verdict == "approved"
    ]
    return tuple(sorted(approved, key=lambda item: item[0]))


def as_proposal(determination: Determination, terms: FacilityTerms) -> DeterminationProposal:
    """Return the stored proposal as the value that the loan rules work on; its figures are recomputed from its inputs."""
    fields = determination.proposal
    in_force_bp = (determination.rate_before - terms.base_rate) * 10_000
    return DeterminationProposal(
        proposal_id=str(determination.determination_id),
        facility_number=terms.facility_number,
        terms_version=determination.terms_version,
        findings=(determination.finding,),
        adjustment=margin_adjustment(
            terms.ratchet,
            {determination.finding.definition.kpi_id: determination.finding.status},
            base_rate=terms.base_rate,
            in_force_bp=in_force_bp,
        ),
        rate_before=determination.rate_before,
        rate_after=determination.rate_after,
        expected_effective_from=date.fromisoformat(fields["expected_effective_from"]),
        proposed_on=determination.proposed_on,
        proposer=signatory(determination.proposer),
    )


def as_approved(determination: Determination, terms: FacilityTerms) -> ApprovedDetermination:
    """Return an approved determination as the value that the loan rules work on."""
    decision = determination.decision
    assert decision is not None, "only a decided proposal is a determination"
    assert decision.effective_from is not None, "an approval has an effect date"
    return ApprovedDetermination(
        determination_id=str(determination.determination_id),
        proposal=as_proposal(determination, terms),
        approver=signatory(decision.decider),
        approved_at=decision.decided_at,
        approved_on=decision.decided_on,
        effective_from=decision.effective_from,
    )


def signatory(actor: Actor) -> Signatory:
    """Return the actor as the loan rules name a person acting for an organisation."""
    return Signatory(person_id=str(actor.user_id), organisation_id=str(actor.organisation_id))
