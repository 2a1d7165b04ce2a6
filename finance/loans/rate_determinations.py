"""The decision that sets prices: proposed from findings, approved by persons of lenders, dated by the terms.

Owns what may be proposed, who may approve, and how a later fact puts an earlier decision right. Stores nothing, signs nothing,
reads no clock; ids and instants are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.conventions.calendars import BusinessCalendar
from finance.conventions.fields import check_identifier
from finance.kpi.targets import Baseline, PerformanceTarget
from finance.loans.adjustments import EffectAdjustment, KpiResult
from finance.loans.clauses import LateFactKind
from finance.loans.effect_dates import EffectSpan, effect_span
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, require_evidence
from finance.loans.facility_terms import FacilityTerms, KpiTerms, RecalculationKind
from finance.loans.period_dates import InterestPeriod
from finance.loans.price_effects import DeadBand, Linear, OutcomeStatus, Ratchet, WhileHeld
from finance.loans.price_timeline import (
    GradeFrom,
    KnownTest,
    PriceInterval,
    Span,
    effect_adjustments,
    interval_on,
    price_timeline,
    standing,
)
from ledger.core.errors import Conflict, Forbidden, Invalid

_AREA = "determination"


class DeterminationCause(StrEnum):
    """Why a test period is determined, or determined again."""

    FIRST = "first"
    DELIVERED_LATE = "delivered_late"  # counts from its own effect day on
    RESTATED = "restated"  # the value was put right
    ATTESTATION_FELL = "attestation_fell"  # withdrawn, superseded, or its key was revoked
    DISPUTE_SETTLED = "dispute_settled"


_PUTS_RIGHT = frozenset(
    (DeterminationCause.RESTATED, DeterminationCause.ATTESTATION_FELL, DeterminationCause.DISPUTE_SETTLED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """A person acting for an organisation."""

    person_id: str
    organisation_id: str

    def __post_init__(self) -> None:
        """Refuse a nameless signatory."""
        for field in ("person_id", "organisation_id"):
            check_identifier(getattr(self, field), area=_AREA, field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTranche:
    """What a decision needs of a tranche: its id, first day, interest periods and calendar."""

    tranche_id: str
    start: date
    periods: tuple[InterestPeriod, ...]
    calendar: BusinessCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacility:
    """A facility as known at one moment: terms, drawn tranches, determinations, the label's days, ratings."""

    terms: FacilityTerms
    tranches: tuple[DrawnTranche, ...]
    tests: tuple[KnownTest, ...]
    labelled: tuple[Span, ...]
    grades: tuple[GradeFrom, ...]

    def timeline(self, tranche_id: str, *, plus: KnownTest | None = None) -> tuple[PriceInterval, ...]:
        """Return the tranche's prices through its life, as known, with one determination more if given.

        A tranche that the terms do not have is refused (``terms.tranche_id``), as is one not drawn (``determination.not_drawn``).
        """
        tranche = self.terms.tranche(tranche_id)
        drawn = next((each for each in self.tranches if each.tranche_id == tranche_id), None)
        if drawn is None:
            raise Conflict("determination.not_drawn", f"tranche_id: expected a drawn tranche, not {tranche_id}")
        return price_timeline(
            tranche,
            start=drawn.start,
            ratchet=self.terms.ratchet,
            tests=self.tests if plus is None else (*self.tests, plus),
            labelled=self.labelled,
            grades=self.grades,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TranchePrice:
    """What a decision does to one tranche: the adjustment before and after, in bp, and when it counts.

    ``effective_from`` is None where no day of the tranche's life is left; ``until`` where it counts until the next decision.
    """

    tranche_id: str
    adjustment_before_bp: Fraction
    adjustment_after_bp: Fraction
    effective_from: date | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationProposal:
    """What is put to the lenders: the findings, what every clause makes of them, and each tranche's price.

    Effect days are those of an approval on ``proposed_on``; the approval sets the final ones. As a document it is what the
    approver's digest covers: every input and every result.
    """

    proposal_id: str
    facility_number: str
    terms_version: int
    terms_sha256: str
    period_start: date
    period_end: date
    cause: DeterminationCause
    replaces: str | None
    findings: tuple[KpiFinding, ...]
    statuses: tuple[tuple[str, OutcomeStatus], ...]
    effects: tuple[EffectAdjustment, ...]
    prices: tuple[TranchePrice, ...]
    proposed_on: date
    proposer: Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person of a lender who agreed to exactly the proposal, on the lender's local day of the UTC instant."""

    approver: Signatory
    approved_at: datetime
    approved_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedDetermination:
    """A proposal that enough persons of lenders approved; ``prices`` carry the final effect days."""

    determination_id: str
    proposal: DeterminationProposal
    approvals: tuple[Approval, ...]
    prices: tuple[TranchePrice, ...]

    def known_test(self, terms: FacilityTerms, *, sequence: int) -> KnownTest:
        """Return the effect on the timeline; ``sequence`` is the order in which determinations became known."""
        return _known_test(self.proposal, self.prices, terms, name=self.determination_id, sequence=sequence)


def propose(
    facility: KnownFacility,
    findings: Sequence[KpiFinding],
    *,
    proposal_id: str,
    terms_sha256: str,
    cause: DeterminationCause,
    replaces: str | None,
    proposer: Signatory,
    proposed_on: date,
) -> DeterminationProposal:
    """Return the proposal that ``findings`` (one for each KPI with a target in the period) give under the terms.

    Every finding that counts as met, or whose value a scale turns into a step, needs its evidence
    (``evidence_rules.require_evidence``), so no price falls without an accepted, standing attestation. Findings of several
    periods (``determination.period``), a KPI twice or one left out (``determination.findings``), another base year than the terms'
    (``determination.baseline``), a facility without clauses (``determination.no_ratchet``), a second decision that does not
    say what it replaces (``determination.replaces`` and its neighbours) are refused.
    3.45 % with one KPI met at 10 bp from the next period on: -10 bp.
    """
    check_identifier(proposal_id, area=_AREA, field="proposal_id")
    terms = facility.terms
    ratchet = _ratchet(terms)
    target = _one_period(findings)
    _check_complete(terms, findings, target)
    for finding in findings:
        if _lowers(finding, ratchet, terms):
            require_evidence(finding, terms.reporting)
    _check_replaces(facility, target, cause, replaces)
    draft = DeterminationProposal(
        proposal_id=proposal_id,
        facility_number=terms.facility_number,
        terms_version=terms.version,
        terms_sha256=terms_sha256,
        period_start=target.period_start,
        period_end=target.period_end,
        cause=cause,
        replaces=replaces,
        findings=tuple(findings),
        statuses=tuple((each.definition.kpi_id, each.result(terms.reporting).status) for each in findings),
        effects=(),
        prices=(),
        proposed_on=proposed_on,
        proposer=proposer,
    )
    return _priced(facility, draft, target, on=proposed_on)


def approve(
    proposal: DeterminationProposal,
    facility: KnownFacility,
    *,
    determination_id: str,
    terms_sha256: str,
    attestations: Sequence[AttestedFact],
    approvals: Sequence[Approval],
) -> ApprovedDetermination:
    """Return the determination, its effect days set from the last approval.

    The approvers are as many different persons of lenders as the terms ask, none of them the proposer nor of its organisation
    (``determination.same_person``, ``.same_organisation``, ``.not_lender``, ``.approvals``). ``attestations`` are all those about the
    findings' KPIs and period as known now: one relied on that was withdrawn or changed since the proposal refuses it
    (``determination.evidence_changed``), one not relied on that is accepted and says otherwise too
    (``determination.attestation_conflict``), as do other terms (``determination.terms_version``), prices that moved meanwhile
    (``determination.stale``) and an id in use (``determination.id_taken``).
    """
    check_identifier(determination_id, area=_AREA, field="determination_id")
    if determination_id in {test.determination_id for test in facility.tests}:
        raise Conflict("determination.id_taken", "determination_id: expected one that no determination has")
    terms = facility.terms
    _check_approvals(proposal, approvals, terms)
    if (proposal.facility_number, proposal.terms_version, proposal.terms_sha256) != (
        terms.facility_number,
        terms.version,
        terms_sha256,
    ):
        raise Conflict(
            "determination.terms_version",
            f"terms: expected {terms.citation}, which are in force; propose again under them",
            proposed_terms_version=str(proposal.terms_version),
        )
    _check_evidence(proposal, attestations)
    target = _one_period(proposal.findings)
    _check_replaces(facility, target, proposal.cause, proposal.replaces)
    again = _priced(facility, proposal, target, on=proposal.proposed_on)
    if again != proposal:
        raise Conflict(
            "determination.stale",
            "prices: expected those in force on the effect day; they moved since the proposal, propose again",
        )
    approved_on = max(approval.approved_on for approval in approvals)
    final = _priced(facility, proposal, target, on=approved_on)
    return ApprovedDetermination(
        determination_id=determination_id, proposal=proposal, approvals=tuple(approvals), prices=final.prices
    )


def results_of(findings: Sequence[KpiFinding], terms: FacilityTerms) -> Mapping[str, KpiResult]:
    """Return one result for each KPI of the terms; one that has no target in the period is not tested."""
    found = {finding.definition.kpi_id: finding.result(terms.reporting) for finding in findings}
    rest = KpiResult(status=OutcomeStatus.NOT_TESTED, observed=None)
    return {kpi.definition.kpi_id: found.get(kpi.definition.kpi_id, rest) for kpi in terms.kpis}


def check_approver(approver: Signatory, *, proposer: Signatory, terms: FacilityTerms) -> None:
    """Refuse an approver who is the proposer, of the proposer's organisation, or of no lender of the terms."""
    if approver.person_id == proposer.person_id:
        raise Forbidden("determination.same_person", "approver: expected another person than the one who proposed")
    if approver.organisation_id == proposer.organisation_id:
        raise Forbidden(
            "determination.same_organisation", "approver: expected an organisation other than the proposer's"
        )
    if approver.organisation_id not in terms.lender_ids:
        raise Forbidden("determination.not_lender", "approver: expected a person of a lender that the terms name")


def _ratchet(terms: FacilityTerms) -> Ratchet:
    if terms.ratchet is None:
        raise Conflict("determination.no_ratchet", "terms: expected clauses; this loan's price hangs on no KPI")
    return terms.ratchet


def _one_period(findings: Sequence[KpiFinding]) -> PerformanceTarget:
    periods = {(finding.target.period_start, finding.target.period_end) for finding in findings}
    if len(periods) != 1:
        raise Invalid("determination.period", "findings: expected one and the same test period for all KPIs")
    return findings[0].target


def _check_complete(terms: FacilityTerms, findings: Sequence[KpiFinding], target: PerformanceTarget) -> None:
    tested = [kpi.definition.kpi_id for kpi in terms.kpis if _tested(kpi, target)]
    named = [finding.definition.kpi_id for finding in findings]
    if sorted(tested) != sorted(named):
        raise Invalid(
            "determination.findings",
            f"findings: expected one for each of {', '.join(tested)}; say missing where there is no report",
            field="findings",
            given=", ".join(named)[:200],
        )
    for finding in findings:
        kpi = terms.kpi(finding.definition.kpi_id)
        if (finding.definition, finding.target) != (kpi.definition, _tested(kpi, target)):
            raise Conflict(
                "determination.definition",
                f"findings: expected definition and target of {kpi.definition.kpi_id} as {terms.citation} has them",
                kpi_id=kpi.definition.kpi_id,
            )
        if not _is_base_year(finding.baseline, kpi):
            raise Conflict(
                "determination.baseline",
                f"baseline: expected the base year of {kpi.definition.kpi_id} as {terms.citation} has it",
                kpi_id=kpi.definition.kpi_id,
            )


def _tested(kpi: KpiTerms, target: PerformanceTarget) -> PerformanceTarget | None:
    """Return the KPI's target for exactly the test period of ``target``."""
    own = kpi.target_of(target.period_start)
    return own if own is not None and own.period_end == target.period_end else None


def _is_base_year(found: Baseline | None, kpi: KpiTerms) -> bool:
    """Return whether the base year is the terms': no other year, and another value only by a restatement that counts.

    Source: base-year recalculation, significance threshold (SBTi criteria); the clause says whether the target follows.
    """
    agreed = kpi.baseline
    if found is None or agreed is None:
        return found is None
    if (found.period_start, found.period_end) != (agreed.period_start, agreed.period_end):
        return False
    if agreed.value is None or found.value == agreed.value:
        return True
    is_significant = abs(found.value - agreed.value) > agreed.significance * agreed.value
    return agreed.on_restatement is RecalculationKind.FOLLOWS and is_significant


def _lowers(finding: KpiFinding, ratchet: Ratchet, terms: FacilityTerms) -> bool:
    status = finding.result(terms.reporting).status
    kpi_id = finding.definition.kpi_id
    is_scaled = any(
        isinstance(effect.rule, Linear | DeadBand | WhileHeld) and effect.rule.kpi_id == kpi_id
        for effect in ratchet.effects
    )
    return status is OutcomeStatus.MET or (status is OutcomeStatus.MISSED and is_scaled)


def _check_replaces(
    facility: KnownFacility, target: PerformanceTarget, cause: DeterminationCause, replaces: str | None
) -> None:
    period = (target.period_start, target.period_end)
    alive = [test for test in standing(facility.tests) if (test.period_start, test.period_end) == period]
    is_known = replaces in {test.determination_id for test in alive}
    if cause in {*_PUTS_RIGHT, DeterminationCause.DELIVERED_LATE} and not alive:
        raise Conflict("determination.not_determined", "cause: expected first; the period was not determined before")
    if cause in _PUTS_RIGHT and not is_known:
        expected = ", ".join(test.determination_id for test in alive)
        raise Conflict("determination.replaces", f"replaces: expected the decision to put right: {expected}")
    if cause not in _PUTS_RIGHT and replaces is not None:
        raise Invalid("determination.replaces_nothing", f"replaces: expected null with cause {cause}")
    if cause is DeterminationCause.FIRST and alive:
        raise Conflict(
            "determination.determined_before", "cause: expected the reason why the period is determined again"
        )


def _priced(
    facility: KnownFacility, proposal: DeterminationProposal, target: PerformanceTarget, *, on: date
) -> DeterminationProposal:
    """Return the proposal with clauses and prices as an approval on ``on`` makes them."""
    spans = _spans(facility, proposal, target, on=on)
    dated = [
        TranchePrice(
            tranche_id=drawn.tranche_id,
            adjustment_before_bp=Fraction(0),
            adjustment_after_bp=Fraction(0),
            effective_from=None if span is None else span.effective_from,
            until=None if span is None else span.until,
        )
        for drawn in facility.tranches
        for span in (spans.get(drawn.tranche_id),)
    ]
    sequence = 1 + max((test.sequence for test in facility.tests), default=0)
    test = _known_test(proposal, dated, facility.terms, name=proposal.proposal_id, sequence=sequence)
    made = effect_adjustments(facility.terms.ratchet, standing((*facility.tests, test)))
    return DeterminationProposal(
        proposal_id=proposal.proposal_id,
        facility_number=proposal.facility_number,
        terms_version=proposal.terms_version,
        terms_sha256=proposal.terms_sha256,
        period_start=proposal.period_start,
        period_end=proposal.period_end,
        cause=proposal.cause,
        replaces=proposal.replaces,
        findings=proposal.findings,
        statuses=proposal.statuses,
        effects=tuple(made[proposal.proposal_id].values()),
        prices=tuple(_price(facility, each, test) for each in dated),
        proposed_on=proposal.proposed_on,
        proposer=proposal.proposer,
    )


def _price(facility: KnownFacility, dated: TranchePrice, test: KnownTest) -> TranchePrice:
    day = dated.effective_from
    if day is None:
        return dated
    before = interval_on(facility.timeline(dated.tranche_id), day)
    after = interval_on(facility.timeline(dated.tranche_id, plus=test), day)
    return TranchePrice(
        tranche_id=dated.tranche_id,
        adjustment_before_bp=before.adjustment_bp,
        adjustment_after_bp=after.adjustment_bp,
        effective_from=day,
        until=dated.until,
    )


def _spans(
    facility: KnownFacility, proposal: DeterminationProposal, target: PerformanceTarget, *, on: date
) -> Mapping[str, EffectSpan]:
    """Return when the decision counts; one that puts another right counts when that one did, or from now on if so agreed."""
    terms = facility.terms
    replaced = next((test for test in facility.tests if test.determination_id == proposal.replaces), None)
    if replaced is not None and terms.late_facts.kind is LateFactKind.TRUE_UP:
        return replaced.spans
    found = {}
    for drawn in facility.tranches:
        span = effect_span(terms.effect, target=target, approved_on=on, periods=drawn.periods, calendar=drawn.calendar)
        if span is not None:
            found[drawn.tranche_id] = span
    return found


def _known_test(
    proposal: DeterminationProposal,
    prices: Sequence[TranchePrice],
    terms: FacilityTerms,
    *,
    name: str,
    sequence: int,
) -> KnownTest:
    period = (proposal.period_end, proposal.period_start)
    ends = [(target.period_end, target.period_start) for kpi in terms.kpis for target in kpi.targets]
    return KnownTest(
        determination_id=name,
        sequence=sequence,
        period_start=proposal.period_start,
        period_end=proposal.period_end,
        results=results_of(proposal.findings, terms),
        held={finding.definition.kpi_id: finding.held for finding in proposal.findings if finding.is_about_status},
        spans={
            price.tranche_id: EffectSpan(effective_from=price.effective_from, until=price.until)
            for price in prices
            if price.effective_from is not None
        },
        # Where late facts only count from now on, the decision put right keeps its past.
        replaces=proposal.replaces if terms.late_facts.kind is LateFactKind.TRUE_UP else None,
        is_last=period == max(ends, default=period),
    )


def _check_approvals(proposal: DeterminationProposal, approvals: Sequence[Approval], terms: FacilityTerms) -> None:
    people = {approval.approver.person_id for approval in approvals}
    if len(people) != len(approvals) or len(people) < terms.reporting.approvals:
        raise Forbidden(
            "determination.approvals",
            f"approvals: expected {terms.reporting.approvals} different persons of lenders",
            given=str(len(people)),
        )
    for approval in approvals:
        check_approver(approval.approver, proposer=proposal.proposer, terms=terms)
        if approval.approved_at.utcoffset() != timedelta(0):
            raise Invalid("determination.approved_at", "approved_at: expected an aware instant in UTC")
        if abs(approval.approved_on - approval.approved_at.date()) > timedelta(days=1):
            raise Invalid(
                "determination.approved_on",
                "approved_on: expected the local day of approved_at",
                approved_on=approval.approved_on.isoformat(),
            )
        if approval.approved_on < proposal.proposed_on:
            raise Conflict("determination.approved_early", "approved_on: expected a day on or after the proposal's")


def _check_evidence(proposal: DeterminationProposal, attestations: Sequence[AttestedFact]) -> None:
    now = {fact.attestation_id: fact for fact in attestations}
    for finding in proposal.findings:
        relied_on = finding.attestation
        if relied_on is not None and now.get(relied_on.attestation_id) != relied_on:
            raise Conflict(
                "determination.evidence_changed",
                "attestations: expected those of the proposal, unchanged and standing; propose again",
                attestation_id=relied_on.attestation_id,
            )
        _check_undisputed(finding, attestations)


def _check_undisputed(finding: KpiFinding, attestations: Sequence[AttestedFact]) -> None:
    """Refuse a finding beside which another accepted attestation of the same KPI and period says something else."""
    relied_on, target = finding.attestation, finding.target
    if finding.absence is not None:  # a waiver stands beside any value; a late or missing report says nothing of one
        return
    for fact in attestations:
        if fact.standing is not AttestationStanding.ACCEPTED or fact == relied_on:
            continue
        about = (fact.kpi_id, fact.period_start, fact.period_end)
        if about != (finding.definition.kpi_id, target.period_start, target.period_end):
            continue
        if relied_on is None or (fact.value, fact.opinion) != (relied_on.value, relied_on.opinion):
            raise Conflict(
                "determination.attestation_conflict",
                f"attestations: expected one answer for KPI {fact.kpi_id}; {fact.attestation_id} is accepted and says otherwise",
                attestation_id=fact.attestation_id,
                kpi_id=fact.kpi_id,
            )
