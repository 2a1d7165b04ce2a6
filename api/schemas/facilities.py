"""What enters and leaves about facilities: terms in force, the interest schedule, the rate of a day.

An assessor's view is a shape of its own, without terms: no rate can slip into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fee_schedules import FeeOut, RedemptionOut, SwapLegOut
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.terms import Digest
from finance.conventions.documents import to_document
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rates import rate_text
from finance.kpi.targets import PerformanceTarget
from finance.loans.flows import FlowSchedule, InterestDue
from finance.loans.price_explanation import interest_on
from finance.loans.price_timeline import PriceInterval
from finance.operations.loan_charges import tranche_charges
from finance.operations.loan_view import KnownLoan
from finance.store.facilities import Facility, FacilityKpi, TermsVersion

_Rate = Annotated[str, Field(description="A yearly rate as a fraction of one.", examples=["0.0335"])]
_ExactRate = Annotated[str, Field(description="The same, exactly, as numerator/denominator.", examples=["67/2000"])]
LOAN_ROLES = ("borrower", "lender")
"""The parties between whom a loan runs: an assessor is engaged and no side of it."""
_Bp = Annotated[str, Field(description="Basis points; minus lowers.", examples=["-10"])]


class PartyOut(Schema):
    """An organisation's part in a facility."""

    organisation_id: UuidString
    role: Annotated[str, Field(examples=["lender"])]


class NamedPartyOut(PartyOut):
    """An organisation's part in a facility, with its name."""

    legal_name: Annotated[str | None, Field(description="Null for one that is not on file here.")]


class KpiOut(Schema):
    """A KPI as the terms in force define it; ``sha256`` is what a statement must name."""

    definition: dict[str, JsonValue]
    sites: Array[str]
    targets: Array[dict[str, JsonValue]]
    sha256: Digest

    @classmethod
    def from_core(cls, kpi: FacilityKpi, targets: tuple[PerformanceTarget, ...]) -> KpiOut:
        """Return the shape of a KPI with its targets."""
        return cls(
            definition=to_document(kpi.definition),
            sites=kpi.sites,
            targets=tuple(to_document(target) for target in targets),
            sha256=kpi.sha256,
        )


class FacilityOut(Schema):
    """A facility as its borrower and lenders see it, with the terms in force (or proposed, while nobody agreed)."""

    id: UuidString
    facility_number: str
    parties: Array[PartyOut]
    terms_version: int
    terms_sha256: Digest
    is_agreed: Annotated[bool, Field(description="Whether borrower and lenders agreed to these terms.")]
    terms: dict[str, JsonValue]
    kpis: Array[KpiOut]

    @classmethod
    def from_core(
        cls, facility: Facility, version: TermsVersion, kpis: tuple[KpiOut, ...], *, is_agreed: bool
    ) -> FacilityOut:
        """Return the shape of a facility with its terms in force."""
        return cls(
            id=facility.facility_id,
            facility_number=facility.facility_number,
            parties=_parties(facility),
            terms_version=version.terms.version,
            terms_sha256=version.sha256,
            is_agreed=is_agreed,
            terms=to_document(version.terms),
            kpis=kpis,
        )


class AssessedFacilityOut(Schema):
    """A facility as an engaged assessor sees it: what is measured, and nothing that is priced."""

    id: UuidString
    facility_number: str
    terms_sha256: Digest
    kpis: Array[KpiOut]

    @classmethod
    def from_core(cls, facility: Facility, terms_sha256: str, kpis: tuple[KpiOut, ...]) -> AssessedFacilityOut:
        """Return the shape of a facility without its terms."""
        return cls(
            id=facility.facility_id, facility_number=facility.facility_number, terms_sha256=terms_sha256, kpis=kpis
        )


class FacilityLineOut(Schema):
    """One facility in a list, with the caller's part in it, and borrower and lenders by name."""

    id: UuidString
    facility_number: str
    roles: Array[str]
    parties: Array[NamedPartyOut]

    @classmethod
    def from_core(cls, facility: Facility, organisation_id: UUID, names: Mapping[UUID, str]) -> FacilityLineOut:
        """Return the line of ``facility`` as the organisation sees it; ``names`` are of borrowers and lenders by id."""
        roles = tuple(sorted(role for party, role in facility.parties if party == organisation_id))
        return cls(
            id=facility.facility_id,
            facility_number=facility.facility_number,
            roles=roles,
            parties=tuple(
                NamedPartyOut(
                    organisation_id=each.organisation_id, role=each.role, legal_name=names.get(each.organisation_id)
                )
                for each in _parties(facility)
                if each.role in LOAN_ROLES
            ),
        )


class FacilitiesOut(Schema):
    """The facilities to which the caller's organisation is a party, by number."""

    facilities: Array[FacilityLineOut]


class AccrualOut(Schema):
    """One stretch of an interest period with one balance and one rate; ``end`` is exclusive."""

    start: DateString
    end: DateString
    days: int
    principal: AmountOut
    rate: _Rate
    rate_exact: _ExactRate
    adjustment_bp: _Bp
    is_projected: Annotated[bool, Field(description="Whether the rate rests on an assumed fixing.")]


class InterestPeriodOut(Schema):
    """One interest period, half-open, its payment, and what the decisions save in it (minus: cost)."""

    number: int
    start: DateString
    end: DateString
    payment_date: DateString | None
    payment_state: Annotated[str, Field(description="dated, or calendar_unknown while no calendar says the day.")]
    is_end_provisional: bool
    repays_principal: bool
    interest_before: AmountOut
    interest_after: AmountOut
    saving: AmountOut
    accruals: Array[AccrualOut]

    @classmethod
    def from_core(cls, due: InterestDue, before_minor: int, currency: str) -> InterestPeriodOut:
        """Return the shape of one payment beside what it would have been without decisions."""
        period = due.period
        return cls(
            number=period.number,
            start=period.start,
            end=period.end,
            payment_date=period.payment_date,
            payment_state=period.payment_state.value,
            is_end_provisional=period.is_end_provisional,
            repays_principal=period.repays_principal,
            interest_before=money_out(before_minor, currency),
            interest_after=money_out(due.payment_minor, currency),
            saving=money_out(before_minor - due.payment_minor, currency),
            accruals=tuple(
                AccrualOut(
                    start=each.start,
                    end=each.end,
                    days=each.days,
                    principal=money_out(each.principal_minor, currency),
                    rate=decimal_text(each.rate),
                    rate_exact=rate_text(each.rate),
                    adjustment_bp=decimal_text(each.adjustment_bp),
                    is_projected=each.is_projected,
                )
                for each in due.segments
            ),
        )


class PrincipalFlowOut(Schema):
    """One movement of principal: what the borrower pays (drawn is negative) and the balance after it."""

    kind: Annotated[str, Field(examples=["drawdown"])]
    on: DateString
    payment_date: DateString | None
    amount: AmountOut
    balance: AmountOut
    charge: AmountOut


class MarginIntervalOut(Schema):
    """The margin adjustment on [start, end), and the determination that caused it (null where none counts)."""

    start: DateString
    end: DateString
    adjustment_bp: _Bp
    adjustment_bp_exact: Annotated[str, Field(examples=["-10/1"])]
    determination_id: UuidString | None
    is_labelled: Annotated[bool, Field(description="Whether the label is active, so that the clauses count.")]

    @classmethod
    def from_core(cls, interval: PriceInterval) -> MarginIntervalOut:
        """Return the shape of ``interval``."""
        cause = interval.determination_id
        return cls(
            start=interval.start,
            end=interval.end,
            adjustment_bp=decimal_text(interval.adjustment_bp),
            adjustment_bp_exact=rate_text(interval.adjustment_bp),
            determination_id=None if cause is None else UUID(cause),
            is_labelled=interval.is_labelled,
        )


class TrancheScheduleOut(Schema):
    """One tranche's payments, period by period: without decisions, with those known at ``known_at``, and the saving."""

    tranche_id: str
    currency: Annotated[str, Field(examples=["CNY"])]
    margins: Array[MarginIntervalOut]
    periods: Array[InterestPeriodOut]
    principal: Array[PrincipalFlowOut]
    total_before: AmountOut
    total_after: AmountOut
    total_saving: AmountOut
    fees: Array[FeeOut]
    redemption: Annotated[Array[RedemptionOut], Field(description="Rows where a clause moves the redemption price.")]
    swap_leg: Annotated[Array[SwapLegOut], Field(description="Where a clause moves a swap paired with this tranche.")]

    @classmethod
    def from_core(cls, loan: KnownLoan, tranche_id: str) -> TrancheScheduleOut:
        """Return the schedule of one tranche; while it is undrawn it has fees and nothing else."""
        is_drawn = bool(loan.drawn.get(tranche_id))
        after = loan.schedule(tranche_id) if is_drawn else None
        before = loan.base_schedule(tranche_id) if is_drawn else None
        currency = loan.facility.terms.tranche(tranche_id).currency
        plain = {} if before is None else {due.period.start: due.payment_minor for due in before.interest}
        total_before, total_after = (0 if each is None else each.total_interest_minor for each in (before, after))
        charges = tranche_charges(loan, tranche_id, after=after, before=before)
        return cls(
            tranche_id=tranche_id,
            currency=currency,
            margins=tuple(MarginIntervalOut.from_core(interval) for interval in loan.timeline(tranche_id)),
            periods=()
            if after is None
            else tuple(
                InterestPeriodOut.from_core(due, plain.get(due.period.start, 0), currency) for due in after.interest
            ),
            principal=() if after is None else _principal(after),
            total_before=money_out(total_before, currency),
            total_after=money_out(total_after, currency),
            total_saving=money_out(total_before - total_after, currency),
            fees=tuple(FeeOut.from_core(fee, currency) for fee in charges.fees),
            redemption=tuple(RedemptionOut.from_core(premium, currency) for premium in charges.redemption),
            swap_leg=tuple(SwapLegOut.from_core(leg, currency) for leg in charges.swap_legs),
        )


class ScheduleOut(Schema):
    """The loan's payments by tranche as known at ``known_at``; ``known_sha256`` names every fact they were computed from."""

    facility_id: UuidString
    known_at: InstantString
    known_sha256: Digest
    tranches: Array[TrancheScheduleOut]

    @classmethod
    def from_core(cls, loan: KnownLoan, known_at: datetime) -> ScheduleOut:
        """Return the schedules of every tranche on which something is drawn or a fee runs."""
        return cls(
            facility_id=loan.facility_id,
            known_at=known_at,
            known_sha256=loan.sha256,
            tranches=tuple(
                TrancheScheduleOut.from_core(loan, tranche_id)
                for tranche_id, drawn in loan.drawn.items()
                if drawn or loan.facility.terms.tranche(tranche_id).fees
            ),
        )


class RateOut(Schema):
    """The yearly rate that interest of one day runs at on one tranche, as known at ``known_at``, and why."""

    facility_id: UuidString
    tranche_id: str
    on: DateString
    known_at: InstantString
    rate: _Rate
    rate_exact: _ExactRate
    explain: ExplanationOut

    @classmethod
    def from_core(
        cls,
        facility_id: UUID,
        tranche_id: str,
        *,
        on: date,
        known_at: datetime,
        rate: Fraction,
        explanation: Explanation,
    ) -> RateOut:
        """Return the shape of a rate with its reasons."""
        return cls(
            facility_id=facility_id,
            tranche_id=tranche_id,
            on=on,
            known_at=known_at,
            rate=decimal_text(rate),
            rate_exact=rate_text(rate),
            explain=ExplanationOut.from_core(explanation),
        )


class InterestOut(Schema):
    """The payment of the interest period that one day lies in, on one tranche, as known at ``known_at``, and why."""

    facility_id: UuidString
    tranche_id: str
    known_at: InstantString
    start: DateString
    end: DateString
    payment_date: DateString | None
    interest: AmountOut
    explain: ExplanationOut

    @classmethod
    def from_core(cls, loan: KnownLoan, tranche_id: str, *, on: date, known_at: datetime) -> InterestOut:
        """Return the shape of one payment with its reasons."""
        due = interest_on(loan.schedule(tranche_id), on)
        return cls(
            facility_id=loan.facility_id,
            tranche_id=tranche_id,
            known_at=known_at,
            start=due.period.start,
            end=due.period.end,
            payment_date=due.period.payment_date,
            interest=money_out(due.payment_minor, loan.facility.terms.tranche(tranche_id).currency),
            explain=ExplanationOut.from_core(loan.explain_interest(tranche_id, on)),
        )


def _principal(schedule: FlowSchedule) -> tuple[PrincipalFlowOut, ...]:
    return tuple(
        PrincipalFlowOut(
            kind=flow.kind.value,
            on=flow.on,
            payment_date=flow.payment_date,
            amount=money_out(flow.amount_minor, schedule.currency),
            balance=money_out(flow.balance_minor, schedule.currency),
            charge=money_out(flow.charge_minor, schedule.currency),
        )
        for flow in schedule.principal
    )


def _parties(facility: Facility) -> tuple[PartyOut, ...]:
    return tuple(
        PartyOut(organisation_id=organisation, role=role)
        for role, organisation in sorted((role, organisation) for organisation, role in facility.parties)
    )
