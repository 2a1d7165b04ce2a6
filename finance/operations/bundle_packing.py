"""An evidence bundle as bytes: which member says what, in one order and one spelling, from values that were collected before.

Owns the form ``tonne-determination-v1``. Reads no database, signs nothing and judges nothing: ``tonne_verify.py``, which shares
no code with this, does. The same values give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from finance.attestations.canonical import canonical_bytes
from finance.attestations.keys import RegisteredKey
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.documents import to_document
from finance.conventions.exact_text import fraction_text
from finance.conventions.explain import Explanation
from finance.conventions.rates import basis_points
from finance.loans.base_rates import CompoundedIndexRate
from finance.loans.fixings import base_pieces
from finance.loans.rate_determinations import DrawnTranche, TranchePrice
from finance.operations.loan_view import KnownLoan
from finance.store.attestations import AttestationEvent, AttestationRecord
from finance.store.determinations import Decision, Determination
from finance.store.evidence import EvidenceReceipt
from finance.store.facilities import TermsVersion
from finance.store.kpi_periods import DataSnapshot, KpiPeriod, KpiPeriodEvent
from ledger.core.errors import DomainError
from ledger.core.parties import Actor
from ledger.proofs import InclusionProof

FORM = "tonne-determination-v1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Every member's date, so that the same values give the same bytes."""
_UNIX = 3
_OWNER_MAY_READ = 0o600 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvidence:
    """A KPI period that the decision rests on, what befell it until then, and the data that were last reported until then."""

    period: KpiPeriod
    events: tuple[KpiPeriodEvent, ...]
    reported: DataSnapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationEvidence:
    """An attestation as received, by whom, the data it is about, and what befell it until the decision."""

    record: AttestationRecord
    snapshot: DataSnapshot
    assessor_id: str
    events: tuple[AttestationEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenReceipt:
    """That an event is a leaf of an evidence book, with the proof."""

    receipt: EvidenceReceipt
    proof: InclusionProof


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationEvidence:
    """Everything that a decision rests on, as known when it was made.

    ``decided_before`` are the facility's earlier decisions, refusals too, by sequence: a hole in their numbers shows. ``terms`` are
    all versions known then, ``keys`` those that signed the attestations, with their history as known then.
    """

    determination: Determination
    decision: Decision
    decided_before: tuple[Determination, ...]
    terms: tuple[TermsVersion, ...]
    loan: KnownLoan
    periods: tuple[PeriodEvidence, ...]
    attestations: tuple[AttestationEvidence, ...]
    keys: tuple[RegisteredKey, ...]
    receipts: tuple[ProvenReceipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of the bundle: its name, its bytes and what it is, in a few words."""

    name: str
    content: bytes
    what: str


def pack(evidence: DeterminationEvidence) -> bytes:
    """Return the bundle: a zip of ``manifest.json`` (form, determination, SHA-256 and kind of each member) and the members.

    Members are stored uncompressed and dated 1980, so that no library's version changes a byte. A document above 256 KiB is refused
    with ``canonical.size``.
    """
    members = tuple(_members(evidence))
    manifest: dict[str, Any] = {
        "determination_id": str(evidence.determination.determination_id),
        "form": FORM,
        "members": [
            {"name": each.name, "sha256": hashlib.sha256(each.content).hexdigest(), "what": each.what}
            for each in members
        ],
    }
    return zip_of((Member(name="manifest.json", content=canonical_bytes(manifest), what="manifest"), *members))


def zip_of(members: Iterable[Member]) -> bytes:
    """Return the zip of ``members`` in their order, the same bytes on every platform."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for each in members:
            entry = zipfile.ZipInfo(each.name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _OWNER_MAY_READ
            bundle.writestr(entry, each.content)
    return out.getvalue()


def _members(evidence: DeterminationEvidence) -> Iterator[Member]:
    loan = evidence.loan
    yield _document("terms.json", to_document(loan.facility.terms), "terms in force")
    for version in evidence.terms:
        if version.sha256 != loan.version.sha256:
            name = f"terms-{version.terms.version}.json"
            yield _document(name, to_document(version.terms), f"terms version {version.terms.version}")
    yield _document("agreements.json", {"versions": [_agreements(each) for each in evidence.terms]}, "agreements")
    yield _document("determination.json", _decided(evidence.determination, evidence.decision), "determination")
    for earlier in evidence.decided_before:
        assert earlier.decision is not None, "only decided proposals stand before a decision"
        name = f"earlier-{earlier.decision.sequence}.json"
        yield _document(name, _decided(earlier, earlier.decision), f"decision {earlier.decision.sequence}")
    yield _document("calendars.json", {"calendars": _calendars(loan.facility.tranches)}, "business calendars")
    yield _document("facts.json", _facts(loan), "facts of the loan")
    yield _document("evidence.json", _evidence(evidence), "status of periods and attestations at the decision")
    yield _document("keys.json", {"keys": [_key(each) for each in evidence.keys]}, "status of keys at the decision")
    for number, each in enumerate(_snapshots(evidence), start=1):
        yield Member(name=f"snapshot-{number}.json", content=each.content.encode(), what="locked data")
    for number, attested in enumerate(evidence.attestations, start=1):
        yield Member(
            name=f"attestation-{number}.json", content=attested.record.envelope, what="signed envelope as received"
        )
    for number, proven in enumerate(evidence.receipts, start=1):
        yield _document(f"receipt-{number}.json", _receipt(proven), "receipt of the log")
    yield _document("trace.json", _trace(evidence), "computation")


def _document(name: str, document: Mapping[str, Any], what: str) -> Member:
    return Member(name=name, content=canonical_bytes(document), what=what)


def _agreements(version: TermsVersion) -> dict[str, Any]:
    return {
        "agreed": [
            {"agreed_at": at.isoformat(), "organisation_id": str(organisation)}
            for organisation, at in sorted(version.agreed.items())
        ],
        "recorded_at": version.recorded_at.isoformat(),
        "sha256": version.sha256,
        "version": str(version.terms.version),
    }


def _decided(determination: Determination, decision: Decision) -> dict[str, Any]:
    return {
        "approvals": [
            {
                "approved_at": each.approved_at.isoformat(),
                "approved_on": each.approved_on.isoformat(),
                "approver": _signatory(each.approver),
                "digest": each.digest,
            }
            for each in determination.approvals
        ],
        "decision": {
            "decided_at": decision.decided_at.isoformat(),
            "decided_on": decision.decided_on.isoformat(),
            "decider": _signatory(decision.decider),
            "prices": [to_document(price) for price in decision.prices],
            "sequence": str(decision.sequence),
            "verdict": decision.verdict,
        },
        "determination_id": str(determination.determination_id),
        "digest": determination.digest,
        "evidence": [
            {
                "attestation_id": _text(each.attestation_id),
                "baseline_attestation_id": _text(each.baseline_attestation_id),
                "kpi_period_id": str(each.kpi_period_id),
            }
            for each in determination.evidence
        ],
        "facility_id": str(determination.facility_id),
        "proposal": dict(determination.document),
        "proposed_at": determination.proposed_at.isoformat(),
        "proposer": _signatory(determination.proposer),
    }


def _calendars(tranches: Iterable[DrawnTranche]) -> list[dict[str, Any]]:
    by_market: dict[str, BusinessCalendar] = {each.calendar.market: each.calendar for each in tranches}
    return [
        {
            "closed_weekdays": _days(each.closed_weekdays),
            "first_known": each.first_known.isoformat(),
            "known_at": each.known_at.isoformat(),
            "last_known": each.last_known.isoformat(),
            "market": market,
            "open_weekend_days": _days(each.open_weekend_days),
            "source": each.source,
        }
        for market, each in sorted(by_market.items())
    ]


def _facts(loan: KnownLoan) -> dict[str, Any]:
    return {
        "drawdowns": {name: [to_document(each) for each in drawn] for name, drawn in sorted(loan.drawn.items())},
        "fixings": [
            {
                "assumed": None if series.assumed is None else fraction_text(series.assumed),
                "index": name,
                "known_through": series.known_through.isoformat(),
                "rates": [[day.isoformat(), fraction_text(rate)] for day, rate in series.rates],
            }
            for name, series in sorted(loan.fixings.items())
        ],
        "grades": [to_document(each) for each in loan.facility.grades],
        "labelled": [[first.isoformat(), last.isoformat()] for first, last in loan.facility.labelled],
        "prepayments": {name: [to_document(each) for each in paid] for name, paid in sorted(loan.prepaid.items())},
    }


def _evidence(evidence: DeterminationEvidence) -> dict[str, Any]:
    names = {each.sha256: f"snapshot-{number}.json" for number, each in enumerate(_snapshots(evidence), start=1)}
    return {
        "as_of": evidence.decision.decided_at.isoformat(),
        "attestations": [
            {
                "assessor_id": each.assessor_id,
                "attestation_id": str(each.record.attestation_id),
                "envelope_sha256": each.record.envelope_sha256,
                "events": _events(each.events),
                "key_id": each.record.key_id,
                "kpi_period_id": str(each.record.kpi_period_id),
                "member": f"attestation-{number}.json",
                "received_at": each.record.received_at.isoformat(),
                "snapshot": names[each.snapshot.sha256],
                "snapshot_sha256": each.snapshot.sha256,
            }
            for number, each in enumerate(evidence.attestations, start=1)
        ],
        "periods": [
            {
                "events": _events(each.events),
                "kpi_id": each.period.kpi_id,
                "kpi_period_id": str(each.period.kpi_period_id),
                "period_end": each.period.period_end.isoformat(),
                "period_start": each.period.period_start.isoformat(),
                "purpose": each.period.purpose,
                "snapshot": None if each.reported is None else names[each.reported.sha256],
                "snapshot_sha256": None if each.reported is None else each.reported.sha256,
            }
            for each in evidence.periods
        ],
    }


def _snapshots(evidence: DeterminationEvidence) -> tuple[DataSnapshot, ...]:
    """Return the data that were reported or attested, the same content once."""
    found = [each.reported for each in evidence.periods if each.reported is not None]
    found += [each.snapshot for each in evidence.attestations]
    return tuple({each.sha256: each for each in found}.values())


def _events(events: Iterable[AttestationEvent | KpiPeriodEvent]) -> list[dict[str, str]]:
    return [{"recorded_at": each.recorded_at.isoformat(), "state": each.state.value} for each in events]


def _key(key: RegisteredKey) -> dict[str, Any]:
    return {
        "alg": key.alg,
        "approved_at": _instant(key.approved_at),
        "compromised_since": _instant(key.compromised_since),
        "holder_id": key.holder_id,
        "key_id": key.key_id,
        "not_after": _instant(key.not_after),
        "organisation_id": key.organisation_id,
        "public_key": key.public_key.hex(),
        "registered_at": key.registered_at.isoformat(),
        "replaces": key.replaces,
        "revoked_at": _instant(key.revoked_at),
    }


def _receipt(proven: ProvenReceipt) -> dict[str, Any]:
    proof = proven.proof
    return {
        "document": proven.receipt.document,
        "proof": {
            "canonical": proof.leaf.canonical,
            "note": proof.note,
            "origin": proof.origin,
            "path": [node.hex() for node in proof.path],
            "salt": proof.leaf.salt.hex(),
            "seq": str(proof.leaf.seq),
            "tree_root": proof.root.hex(),
            "tree_size": str(proof.size),
        },
    }


def _trace(evidence: DeterminationEvidence) -> dict[str, Any]:
    """Return the yearly rate of each tranche on its effect day, and the reasons as lines of a tree, each with its depth."""
    rates: list[dict[str, Any]] = []
    steps: list[dict[str, str]] = []
    for price in evidence.decision.prices:
        if price.effective_from is not None:
            rates.append(_rate(evidence.loan, price, price.effective_from))
            steps.extend(_lines(_explained(evidence.loan, price.tranche_id, price.effective_from)))
    return {"rates": rates, "steps": steps}


def _rate(loan: KnownLoan, price: TranchePrice, day: date) -> dict[str, Any]:
    """Return the base rate that ``day`` reads and the all-in rate, null where nobody can say them on the day of the decision."""
    tranche = loan.facility.terms.tranche(price.tranche_id)
    drawn = next(each for each in loan.facility.tranches if each.tranche_id == price.tranche_id)
    rate = base = None
    if not isinstance(tranche.base_rate, CompoundedIndexRate):
        bounds = (*(each.start for each in drawn.periods), drawn.periods[-1].end)
        try:
            pieces = base_pieces(tranche.base_rate, bounds=bounds, fixings=loan.fixings, calendar=drawn.calendar)
        except DomainError:
            pieces = ()  # no fixing, or no calendar, reaches so far: a state, not a failure
        for piece in pieces:
            if piece.start <= day < piece.end:
                base = piece.rate
                rate = base + basis_points(price.adjustment_after_bp)
                floor, cap = tranche.base_rate.rate_floor, tranche.base_rate.rate_cap
                rate = rate if floor is None else max(rate, floor)
                rate = rate if cap is None else min(rate, cap)
    return {
        "base_rate": None if base is None else fraction_text(base),
        "on": day.isoformat(),
        "rate": None if rate is None else fraction_text(rate),
        "tranche_id": price.tranche_id,
    }


def _explained(loan: KnownLoan, tranche_id: str, day: date) -> Explanation | None:
    try:
        return loan.explain_rate(tranche_id, day)
    except DomainError:
        return None  # not drawn, or a fixing that nobody knows yet: there is no rate to explain


def _lines(node: Explanation | None, depth: int = 0) -> Iterator[dict[str, str]]:
    if node is None:
        return
    texts = {name: getattr(node, name) for name in ("label_en", "label_zh", "value", "unit", "formula", "source")}
    yield {"depth": str(depth), **texts}
    for child in node.children:
        yield from _lines(child, depth + 1)


def _signatory(actor: Actor) -> dict[str, str]:
    return {"organisation_id": str(actor.organisation_id), "person_id": str(actor.user_id)}


def _days(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)
