"""Collects what a decided determination rests on, as known when it was decided, into one file that a bank checks offline.

Reads only. What each fact means is decided elsewhere; how the file is spelled is ``bundle_packing``'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import parse_strict
from finance.attestations.envelopes import open_lodgement
from finance.attestations.instants import check_utc
from finance.attestations.keys import RegisteredKey
from finance.attestations.states import AttestationState
from finance.loans.evidence_rules import KpiFinding
from finance.operations.bundle_packing import (
    AttestationEvidence,
    DeterminationEvidence,
    PeriodEvidence,
    ProvenReceipt,
    pack,
)
from finance.operations.determinations import SUBJECT as DETERMINATION_SUBJECT
from finance.operations.evidence import prove
from finance.operations.facilities import TERMS_SUBJECT, terms_subject_id
from finance.operations.loan_view import known_loan
from finance.store import (
    attestations,
    determinations,
    evidence,
    facilities,
    kpi_periods,
    signing_keys,
)
from finance.store.attestations import AttestationRecord
from finance.store.determinations import Decision, Determination
from ledger.core.errors import Conflict, NotFound

_SOURCE = "attestation "
_MOST_DOCUMENT = 1024 * 1024


def bundle_of(session: Session, determination_id: UUID) -> bytes:
    """Return the evidence bundle of an approved determination: the same stored facts and checkpoints give the same bytes.

    One that no lender approved sets no price and is refused with ``determination.not_approved``, an unknown one with
    ``determination.not_found``.
    """
    return pack(collect(session, determination_id))


def collect(session: Session, determination_id: UUID) -> DeterminationEvidence:
    """Return everything that the determination rests on, as known at the instant of its decision."""
    determination = determinations.find_determination(session, determination_id)
    if determination is None:
        raise NotFound("determination.not_found", "the determination does not exist, or not for you")
    decision = determination.decision
    if decision is None or not decision.is_approved:
        raise Conflict(
            "determination.not_approved", "bundle: expected an approved determination; only that one sets a price"
        )
    known_at = decision.decided_at
    facility_id = determination.facility_id
    periods = tuple(_periods(session, determination, known_at))
    attested = tuple(_attestations(session, determination, periods, known_at))
    keys = tuple(_keys(session, attested, known_at))
    earlier = _decided_before(session, determination, decision)
    terms = facilities.list_terms(session, facility_id, known_at=known_at)
    subjects = [("attestation", str(each.record.attestation_id)) for each in attested]
    subjects += [("signing_key", key.key_id) for key in keys]
    subjects += [(TERMS_SUBJECT, terms_subject_id(facility_id, each.terms.version)) for each in terms]
    subjects += [(DETERMINATION_SUBJECT, str(each.determination_id)) for each in (*earlier, determination)]
    return DeterminationEvidence(
        determination=determination,
        decision=decision,
        decided_before=earlier,
        terms=terms,
        loan=known_loan(session, facility_id, known_at=known_at),
        periods=periods,
        attestations=attested,
        keys=keys,
        receipts=tuple(_receipts(session, subjects, known_at)),
    )


def _decided_before(session: Session, determination: Determination, decision: Decision) -> tuple[Determination, ...]:
    found = [
        (other.decision.sequence, other)
        for other in determinations.list_determinations(session, determination.facility_id)
        if other.decision is not None and other.decision.sequence < decision.sequence
    ]
    return tuple(other for _, other in sorted(found, key=lambda each: each[0]))


def _relied_on(findings: Iterable[KpiFinding]) -> Iterator[UUID]:
    """Give the attestations that the findings name: of the value, of the base year, of the years before."""
    for finding in findings:
        if finding.attestation is not None:
            yield UUID(finding.attestation.attestation_id)
        if finding.baseline is not None:
            yield UUID(finding.baseline.attestation_id)
        for year in finding.beside.years:
            if year.source.startswith(_SOURCE):
                yield UUID(year.source.removeprefix(_SOURCE))


def _periods(session: Session, determination: Determination, known_at: datetime) -> Iterator[PeriodEvidence]:
    """Give the findings' periods, then those of the base years and years before that they rest on, each once."""
    ids = [link.kpi_period_id for link in determination.evidence]
    for attestation_id in _relied_on(determination.proposal.findings):
        record = attestations.find_attestation(session, attestation_id)
        assert record is not None, "a finding names a recorded attestation"
        ids.append(record.kpi_period_id)
    for kpi_period_id in dict.fromkeys(ids):
        period = kpi_periods.find_period(session, kpi_period_id)
        assert period is not None, "evidence names a recorded period"
        events = kpi_periods.load_events(session, kpi_period_id, known_at=known_at)
        reported = kpi_periods.load_reported(session, kpi_period_id, known_at=known_at)
        yield PeriodEvidence(period=period, events=events, reported=reported)


def _attestations(
    session: Session, determination: Determination, periods: Iterable[PeriodEvidence], known_at: datetime
) -> Iterator[AttestationEvidence]:
    """Give the attestations relied on, and beside them every one of a tested period that stood accepted at the decision."""
    relied_on = set(_relied_on(determination.proposal.findings))
    tested = {link.kpi_period_id for link in determination.evidence}
    for each in periods:
        for record in attestations.list_attestations(session, each.period.kpi_period_id):
            if record.received_at > known_at:
                continue
            events = tuple(
                event
                for event in attestations.load_events(session, record.attestation_id)
                if event.recorded_at <= known_at
            )
            stood = bool(events) and events[-1].state is AttestationState.ACCEPTED
            if record.attestation_id in relied_on or (stood and record.kpi_period_id in tested):
                assert record.statement is not None, "what once stood accepted has a verified statement"
                attested = str(record.statement["snapshot_sha256"])
                yield AttestationEvidence(
                    record=record,
                    snapshot=kpi_periods.find_snapshot(session, record.kpi_period_id, attested),
                    assessor_id=_assessor_of(session, record),
                    events=events,
                )


def _assessor_of(session: Session, record: AttestationRecord) -> str:
    engagement = attestations.find_engagement(session, record.engagement_id)
    assert engagement is not None, "an attestation was received under an engagement"
    return str(engagement.assessor_id)


def _keys(session: Session, attested: Iterable[AttestationEvidence], known_at: datetime) -> Iterator[RegisteredKey]:
    """Give the keys that signed, each once, with their history as it was known at ``known_at``."""
    kids = [kid for each in attested for kid in open_lodgement(each.record.envelope).kids]
    for kid in dict.fromkeys(kids):
        key = signing_keys.find_key(session, kid)
        assert key is not None, "an accepted attestation was verified under a registered key"
        is_revoked = key.revoked_at is not None and key.revoked_at <= known_at
        yield replace(
            key,
            approved_at=_until(key.approved_at, known_at),
            not_after=_until(key.not_after, known_at),
            revoked_at=_until(key.revoked_at, known_at),
            compromised_since=_compromised_since(session, kid, known_at) if is_revoked else None,
        )


def _until(instant: datetime | None, known_at: datetime) -> datetime | None:
    return instant if instant is None or instant <= known_at else None


def _compromised_since(session: Session, key_id: str, known_at: datetime) -> datetime | None:
    """Return the earliest instant of compromise that anybody had reported by ``known_at``: the log says when each report came."""
    since = []
    for receipt in evidence.load_receipts(session, "signing_key", key_id):
        if receipt.event == "compromised" and receipt.recorded_at <= known_at:
            facts = parse_strict(receipt.document.encode(), max_bytes=_MOST_DOCUMENT)["facts"]
            assert isinstance(facts, dict), "an event's facts are a mapping"
            instant = datetime.fromisoformat(str(facts["compromised_since"]))
            check_utc(instant, field="compromised_since")
            since.append(instant)
    return min(since, default=None)


def _receipts(session: Session, subjects: Iterable[tuple[str, str]], known_at: datetime) -> Iterator[ProvenReceipt]:
    """Give the log's receipts, with their proofs, of all that befell the subjects until ``known_at``."""
    for subject, subject_id in subjects:
        for receipt in evidence.load_receipts(session, subject, subject_id):
            if receipt.recorded_at <= known_at:
                yield ProvenReceipt(receipt=receipt, proof=prove(session, receipt))
