"""What leaves as a decision's sheet: one document with terms, KPIs, evidence, prices and the money they move."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.determinations import DecisionOut, TranchePriceOut
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.terms import Digest
from finance.conventions.documents import to_document
from finance.operations.decision_sheet import DecisionSheet, SheetKpi, SheetMoney


class SheetEvidenceOut(Schema):
    """What the value rests on: the statement as received, who signed it, at which level, and what it concludes."""

    kpi_period_id: UuidString
    attestation_id: UuidString
    envelope_sha256: Digest
    assessor: str
    level: Annotated[str, Field(examples=["limited"])]
    standard: Annotated[str, Field(examples=["isae_3410"])]
    outcome: Annotated[str, Field(examples=["unmodified"])]
    opinion: Annotated[str, Field(examples=["clean"])]
    state_now: Annotated[str, Field(examples=["accepted"])]
    received_at: InstantString


class SheetKpiOut(Schema):
    """One KPI: definition and target, value and how it was judged, evidence (null without an attestation)."""

    kpi_id: str
    unit: str
    target: dict[str, JsonValue]
    value: str | None
    status: Annotated[str, Field(examples=["met"])]
    explain: ExplanationOut | None
    evidence: SheetEvidenceOut | None

    @classmethod
    def from_core(cls, kpi: SheetKpi) -> SheetKpiOut:
        """Return the shape of ``kpi``."""
        finding, outcome = kpi.finding, kpi.finding.outcome
        return cls(
            kpi_id=finding.definition.kpi_id,
            unit=finding.definition.unit,
            target=to_document(finding.target),
            value=finding.value,
            status=kpi.status.value,
            explain=None if outcome is None else ExplanationOut.from_core(outcome.explanation),
            evidence=_evidence(kpi),
        )


class SheetPaymentOut(Schema):
    """One payment of interest without and with the decision; a positive saving is the borrower's."""

    period_start: DateString
    period_end: DateString
    payment_date: DateString | None
    before: AmountOut
    after: AmountOut
    saving: AmountOut


class SheetTrancheOut(Schema):
    """What the decision does to one tranche: its price, the payments it changes, and the sum over its life."""

    price: TranchePriceOut
    payments: Array[SheetPaymentOut]
    total_before: AmountOut | None
    total_after: AmountOut | None
    total_saving: AmountOut | None
    unknown: str | None

    @classmethod
    def from_core(cls, money: SheetMoney) -> SheetTrancheOut:
        """Return the shape of ``money``."""
        price = TranchePriceOut.from_core(money.price)
        before, after = money.before, money.after
        if before is None or after is None:
            return cls(
                price=price,
                payments=(),
                total_before=None,
                total_after=None,
                total_saving=None,
                unknown=money.unknown,
            )
        plain = {due.period.start: due.payment_minor for due in before.interest}
        changed = [due for due in after.interest if plain.get(due.period.start, 0) != due.payment_minor]
        currency = after.currency
        return cls(
            price=price,
            payments=tuple(
                SheetPaymentOut(
                    period_start=due.period.start,
                    period_end=due.period.end,
                    payment_date=due.period.payment_date,
                    before=money_out(plain.get(due.period.start, 0), currency),
                    after=money_out(due.payment_minor, currency),
                    saving=money_out(plain.get(due.period.start, 0) - due.payment_minor, currency),
                )
                for due in changed
            ),
            total_before=money_out(before.total_interest_minor, currency),
            total_after=money_out(after.total_interest_minor, currency),
            total_saving=money_out(before.total_interest_minor - after.total_interest_minor, currency),
            unknown=None,
        )


class DecisionSheetOut(Schema):
    """One decision whole, as known when it was proposed; ``decision`` is null while nobody decided."""

    determination_id: UuidString
    facility_id: UuidString
    facility_number: str
    digest: Digest
    proposed_at: InstantString
    known_sha256: Digest
    terms_version: int
    terms_sha256: Digest
    terms: dict[str, JsonValue]
    kpis: Array[SheetKpiOut]
    tranches: Array[SheetTrancheOut]
    decision: DecisionOut | None
    explain: Annotated[ExplanationOut, Field(description="What it does to each clause, and why.")]

    @classmethod
    def from_core(cls, sheet: DecisionSheet) -> DecisionSheetOut:
        """Return the shape of ``sheet``."""
        determination = sheet.determination
        return cls(
            determination_id=determination.determination_id,
            facility_id=determination.facility_id,
            facility_number=sheet.facility_number,
            digest=determination.digest,
            proposed_at=determination.proposed_at,
            known_sha256=sheet.loan.sha256,
            terms_version=determination.proposal.terms_version,
            terms_sha256=determination.proposal.terms_sha256,
            terms=to_document(sheet.loan.version.terms),
            kpis=tuple(SheetKpiOut.from_core(each) for each in sheet.kpis),
            tranches=tuple(SheetTrancheOut.from_core(each) for each in sheet.money),
            decision=None if determination.decision is None else DecisionOut.from_core(determination.decision),
            explain=ExplanationOut.from_core(sheet.explanation),
        )


def _evidence(kpi: SheetKpi) -> SheetEvidenceOut | None:
    record, engagement, fact = kpi.attestation, kpi.engagement, kpi.finding.attestation
    if record is None or engagement is None or fact is None or record.statement is None:
        return None
    return SheetEvidenceOut(
        kpi_period_id=record.kpi_period_id,
        attestation_id=record.attestation_id,
        envelope_sha256=record.envelope_sha256,
        assessor=engagement.assessor_legal_name,
        level=fact.assurance_level.value,
        standard=engagement.standard.value,
        outcome=str(record.statement["outcome"]),
        opinion=fact.opinion.value,
        state_now=record.state.value,
        received_at=record.received_at,
    )
