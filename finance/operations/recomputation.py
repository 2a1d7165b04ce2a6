"""A proposal computed again from stored facts as known when it was made, figure beside figure.

Reads only, and nothing of the proposal's own results: data, statements and their standing are read as of that instant, the clauses
run again. What befell the evidence since is said beside it and changes no figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from finance.attestations.states import AttestationState
from finance.conventions.documents import to_document
from finance.conventions.exact_text import fraction_text
from finance.loans import rate_determinations as rules
from finance.loans.evidence_rules import AttestationStanding, KpiFinding
from finance.loans.rate_determinations import DeterminationCause, DeterminationProposal, KnownFacility
from finance.operations.kpi_findings import FoundKpi, find_kpis
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store.determinations import Determination
from finance.store.facilities import document_hash
from ledger.core.errors import DomainError

_NONE = "none"
_SOURCE = "attestation "
_STANDING = {
    AttestationState.ACCEPTED: AttestationStanding.ACCEPTED,
    AttestationState.SUPERSEDED: AttestationStanding.SUPERSEDED,
    AttestationState.WITHDRAWN: AttestationStanding.WITHDRAWN,
    AttestationState.KEY_REVOKED: AttestationStanding.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecomputedFigure:
    """One figure of the proposal beside the same computed again; ``unit`` is ``bp``, a KPI's unit, ``day``, or ``1`` for a word."""

    name: str
    unit: str
    proposed: str
    recomputed: str

    @property
    def is_equal(self) -> bool:
        """Return whether both are the same text."""
        return self.proposed == self.recomputed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputation:
    """Every figure twice, the digest of what was computed again, and what changed about the evidence since.

    ``refusal`` is the code of a rule that would refuse the proposal on these facts, None where none does; then there is no digest.
    ``changed_since`` is the code or the KPI of what the facts known now would make differ, empty where they make the same.
    """

    known_at: datetime
    figures: tuple[RecomputedFigure, ...]
    digest: str | None
    proposed_digest: str
    refusal: str | None
    changed_since: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Return whether the proposal came out to the last byte."""
        return self.digest == self.proposed_digest and all(each.is_equal for each in self.figures)


def recompute(session: Session, determination: Determination) -> Recomputation:
    """Return the proposal computed again as known at the instant it was made."""
    known_at, proposal = determination.proposed_at, determination.proposal
    loan = known_loan(session, determination.facility_id, known_at=known_at)
    facility = facility_before(loan, determination)
    again: DeterminationProposal | None = None
    refusal = None
    try:
        found = _found(session, loan, determination, known_at=known_at)
        again = rules.propose(
            facility,
            [each.finding for each in found],
            proposal_id=str(determination.determination_id),
            terms_sha256=loan.version.sha256,
            cause=proposal.cause,
            replaces=proposal.replaces,
            proposer=proposal.proposer,
            proposed_on=proposal.proposed_on,
        )
    except DomainError as error:
        refusal = error.code
    return Recomputation(
        known_at=known_at,
        figures=tuple(_compared(proposal, again)),
        digest=None if again is None else document_hash(to_document(again)),
        proposed_digest=determination.digest,
        refusal=refusal,
        changed_since=_changed_since(session, loan, determination),
    )


def facility_before(loan: KnownLoan, determination: Determination) -> KnownFacility:
    """Return the facility without this decision and later ones, were they made in the same instant."""
    decision = determination.decision
    if decision is None:
        return loan.facility
    return replace(
        loan.facility, tests=tuple(each for each in loan.facility.tests if each.sequence < decision.sequence)
    )


def _compared(proposal: DeterminationProposal, again: DeterminationProposal | None) -> Iterator[RecomputedFigure]:
    mine = dict(_figures(again)) if again is not None else {}
    theirs = dict(_figures(proposal))
    for name in dict.fromkeys((*theirs, *mine)):
        unit, proposed = theirs.get(name, ("1", _NONE))
        yield RecomputedFigure(
            name=name,
            unit=mine.get(name, (unit, _NONE))[0] if name not in theirs else unit,
            proposed=proposed,
            recomputed=mine.get(name, (unit, _NONE))[1],
        )


def _figures(proposal: DeterminationProposal) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give every figure of a proposal by its name, with unit and exact text."""
    yield "terms_sha256", ("1", proposal.terms_sha256)
    yield "terms_version", ("1", str(proposal.terms_version))
    for finding, (kpi_id, status) in zip(proposal.findings, proposal.statuses, strict=True):
        yield f"kpi.{kpi_id}.value", (finding.definition.unit, finding.value or _NONE)
        yield f"kpi.{kpi_id}.status", ("1", status.value)
        base = finding.baseline
        yield (
            f"kpi.{kpi_id}.baseline",
            (finding.definition.unit, _NONE if base is None else fraction_text(base.value)),
        )
        fact = finding.attestation
        yield f"kpi.{kpi_id}.attested_value", (finding.definition.unit, _NONE if fact is None else fact.value)
        yield f"kpi.{kpi_id}.opinion", ("1", _NONE if fact is None else fact.opinion.value)
    for effect in proposal.effects:
        yield f"effect.{effect.effect_id}.adjustment", ("bp", fraction_text(effect.adjustment_bp))
    for price in proposal.prices:
        place = f"tranche.{price.tranche_id}"
        yield f"{place}.adjustment_before", ("bp", fraction_text(price.adjustment_before_bp))
        yield f"{place}.adjustment_after", ("bp", fraction_text(price.adjustment_after_bp))
        yield f"{place}.effective_from", ("day", str(price.effective_from or _NONE))
        yield f"{place}.until", ("day", str(price.until or _NONE))


def _found(
    session: Session, loan: KnownLoan, determination: Determination, *, known_at: datetime | None
) -> tuple[FoundKpi, ...]:
    proposal = determination.proposal
    counts_late = proposal.cause is DeterminationCause.DELIVERED_LATE
    return find_kpis(
        session,
        loan,
        proposal.period_start,
        now=determination.proposed_at,
        counts_late=counts_late,
        known_at=known_at,
    )


def _changed_since(session: Session, loan: KnownLoan, determination: Determination) -> tuple[str, ...]:
    """Return what the same search finds otherwise today: KPIs by id, or the code of its refusal."""
    try:
        found = _found(session, loan, determination, known_at=None)
    except DomainError as refusal:
        return (refusal.code,)
    return _differing([each.finding for each in found], determination.proposal.findings)


def _differing(found: Sequence[KpiFinding], proposed: Sequence[KpiFinding]) -> tuple[str, ...]:
    before = {each.definition.kpi_id: each for each in proposed}
    return tuple(each.definition.kpi_id for each in found if before.get(each.definition.kpi_id) != each)
