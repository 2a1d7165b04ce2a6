"""What enters and leaves about facilities: terms and KPIs as agreed, the interest schedule and the rate of a day.

Terms, KPI definitions and targets are flat mappings of strings, spelled and checked by the cores. An assessor's view is a shape
of its own, without terms: no rate can slip into it.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, Text, UuidString
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rates import rate_text
from finance.kpi.definitions import PerformanceTarget
from finance.kpi.documents import (
    definition_from_mapping,
    definition_to_mapping,
    target_from_mapping,
    target_to_mapping,
)
from finance.loans.margins import MarginInterval
from finance.loans.resolved import ResolvedFacility
from finance.loans.savings import InterestRow
from finance.loans.terms import FacilityTerms
from finance.loans.terms_text import terms_to_mapping
from finance.operations.facilities import KpiOpening
from finance.store.facilities import Facility, FacilityKpi

_MOST_KPIS = 20
_MOST_SITES = 100
_MOST_TARGETS = 50

_Rate = Annotated[str, Field(description="A yearly rate as a fraction of one.", examples=["0.0335"])]
_ExactRate = Annotated[str, Field(description="The same, exactly, as numerator/denominator.", examples=["67/2000"])]
_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]
_TERMS_EXAMPLE = {
    "facility_number": "CIB-BZ-2024-001",
    "version": "1",
    "lender_ids": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a",
    "principal": "200000000.00",
    "currency": "CNY",
    "drawdown_date": "2024-12-20",
    "maturity_date": "2027-12-20",
    "base_rate": "0.0345",
    "day_count": "ACT/360",
    "settlement_day": "20",
    "settlement_months": "3,6,9,12",
    "payment_lag_days": "0",
    "payment_convention": "following",
    "is_accrual_adjusted": "false",
    "calendar_market": "cn_exchange",
    "rounding": "half_up",
    "effect_rule": "next_interest_period",
    "assurance_level": "limited",
    "ratchet_steps": "intensity:10:0",
    "ratchet_direction": "one_way",
    "cap_down_bp": "10",
    "cap_up_bp": "0",
    "is_cumulative": "false",
    "floor_rate": "0",
    "on_missing": "base_rate",
    "on_late": "base_rate",
    "on_qualified": "base_rate",
}
_DEFINITION_EXAMPLE = {
    "kpi_id": "intensity",
    "measure": "operational_incl_power",
    "unit": "tCO2e/t",
    "boundary": "electrolysis process with the power it uses",
    "methodology_id": "article-2024-draft",
    "methodology_version": "1",
    "data_status_required": "verified",
    "report_digits": "4",
}
_TARGET_EXAMPLE = {
    "kind": "reduction_vs_base",
    "value": "0.03",
    "test_year": "2025",
    "compare_digits": "exact",
    "is_strict": "false",
    "source": "clause 6.2",
}


class KpiIn(Schema):
    """A KPI of the facility: its definition, the sites it covers and one target for each test year."""

    definition: Annotated[
        dict[str, str],
        Field(
            description="kpi_id, measure, unit, boundary, methodology_id, methodology_version, factor_set_version (the "
            "factors that ship when left out), data_status_required, report_digits.",
            examples=[_DEFINITION_EXAMPLE],
        ),
    ]
    sites: Annotated[Array[Text], Field(min_length=1, max_length=_MOST_SITES, examples=[["Beihe smelter"]])]
    targets: Annotated[
        Array[dict[str, str]],
        Field(
            min_length=1,
            max_length=_MOST_TARGETS,
            description="kind, value, test_year, compare_digits (or exact), is_strict, source.",
            examples=[[_TARGET_EXAMPLE]],
        ),
    ]

    def to_core(self, *, factor_set_version: str) -> KpiOpening:
        """Return the KPI; ``factor_set_version`` stands in where the definition names none. Refused with ``kpi.<field>``."""
        return KpiOpening(
            definition=definition_from_mapping({"factor_set_version": factor_set_version, **self.definition}),
            sites=self.sites,
            targets=tuple(target_from_mapping(target) for target in self.targets),
        )


class FacilityIn(Schema):
    """A facility with its first terms; the borrower is the caller's organisation."""

    terms: Annotated[
        dict[str, str],
        Field(
            description="Every term as a string. borrower_id may be left out; lender_ids are organisation ids joined by commas.",
            examples=[_TERMS_EXAMPLE],
        ),
    ]
    kpis: Annotated[Array[KpiIn], Field(min_length=1, max_length=_MOST_KPIS)]


class PartyOut(Schema):
    """An organisation's part in a facility."""

    organisation_id: UuidString
    role: Annotated[str, Field(examples=["lender"])]


class KpiOut(Schema):
    """A KPI as the facility defines it; ``sha256`` is what a statement must name."""

    definition: dict[str, str]
    sites: Array[str]
    targets: Array[dict[str, str]]
    sha256: _Digest

    @classmethod
    def from_core(cls, kpi: FacilityKpi, targets: tuple[PerformanceTarget, ...]) -> KpiOut:
        """Return the shape of a KPI with its targets."""
        return cls(
            definition=definition_to_mapping(kpi.definition),
            sites=kpi.sites,
            targets=tuple(target_to_mapping(target) for target in targets),
            sha256=kpi.sha256,
        )


class FacilityOut(Schema):
    """A facility as its borrower and lenders see it."""

    id: UuidString
    facility_number: str
    parties: Array[PartyOut]
    terms: dict[str, str]
    terms_sha256: _Digest
    kpis: Array[KpiOut]

    @classmethod
    def from_core(
        cls, facility: Facility, terms: FacilityTerms, terms_sha256: str, kpis: tuple[KpiOut, ...]
    ) -> FacilityOut:
        """Return the shape of a facility with its terms in force."""
        return cls(
            id=facility.facility_id,
            facility_number=facility.facility_number,
            parties=_parties(facility),
            terms=terms_to_mapping(terms),
            terms_sha256=terms_sha256,
            kpis=kpis,
        )


class AssessedFacilityOut(Schema):
    """A facility as an engaged assessor sees it: what is measured, and nothing that is priced."""

    id: UuidString
    facility_number: str
    terms_sha256: _Digest
    kpis: Array[KpiOut]

    @classmethod
    def from_core(cls, facility: Facility, terms_sha256: str, kpis: tuple[KpiOut, ...]) -> AssessedFacilityOut:
        """Return the shape of a facility without its terms."""
        return cls(
            id=facility.facility_id, facility_number=facility.facility_number, terms_sha256=terms_sha256, kpis=kpis
        )


class FacilityLineOut(Schema):
    """One facility in a list, with the caller's part in it."""

    id: UuidString
    facility_number: str
    roles: Array[str]

    @classmethod
    def from_core(cls, facility: Facility, organisation_id: UUID) -> FacilityLineOut:
        """Return the line of ``facility`` as the organisation sees it."""
        roles = tuple(sorted(role for party, role in facility.parties if party == organisation_id))
        return cls(id=facility.facility_id, facility_number=facility.facility_number, roles=roles)


class FacilitiesOut(Schema):
    """The facilities to which the caller's organisation is a party, by number."""

    facilities: Array[FacilityLineOut]


class AccrualOut(Schema):
    """One stretch of an interest period at one rate; ``end`` is exclusive."""

    start: DateString
    end: DateString
    days: int
    rate: _Rate
    rate_exact: _ExactRate


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
    def from_core(cls, row: InterestRow, currency: str) -> InterestPeriodOut:
        """Return the shape of one payment."""
        period = row.period
        return cls(
            number=period.number,
            start=period.start,
            end=period.end,
            payment_date=period.payment_date,
            payment_state=period.payment_state.value,
            is_end_provisional=period.is_end_provisional,
            repays_principal=period.repays_principal,
            interest_before=money_out(row.interest_before_minor, currency),
            interest_after=money_out(row.interest_after_minor, currency),
            saving=money_out(row.saving_minor, currency),
            accruals=tuple(
                AccrualOut(
                    start=each.start,
                    end=each.end,
                    days=each.days,
                    rate=decimal_text(each.rate),
                    rate_exact=rate_text(each.rate),
                )
                for each in row.accrual.rows
            ),
        )


class MarginIntervalOut(Schema):
    """One rate in force on [start, end), and the determination that caused it (null at the base rate)."""

    start: DateString
    end: DateString
    rate: _Rate
    rate_exact: _ExactRate
    adjustment_bp: Annotated[str, Field(examples=["-10"])]
    determination_id: UuidString | None

    @classmethod
    def from_core(cls, interval: MarginInterval) -> MarginIntervalOut:
        """Return the shape of ``interval``."""
        cause = interval.determination_id
        return cls(
            start=interval.start,
            end=interval.end,
            rate=decimal_text(interval.rate),
            rate_exact=rate_text(interval.rate),
            adjustment_bp=decimal_text(interval.adjustment_bp),
            determination_id=None if cause is None else UUID(cause),
        )


class ScheduleOut(Schema):
    """The loan's interest, period by period: at the base rate, at the rates decided by ``known_at``, and the saving."""

    facility_id: UuidString
    known_at: InstantString
    currency: Annotated[str, Field(examples=["CNY"])]
    margins: Array[MarginIntervalOut]
    periods: Array[InterestPeriodOut]
    total_before: AmountOut
    total_after: AmountOut
    total_saving: AmountOut

    @classmethod
    def from_core(cls, facility_id: UUID, resolved: ResolvedFacility, known_at: datetime) -> ScheduleOut:
        """Return the schedule of a resolved facility."""
        schedule = resolved.interest_schedule()
        currency = schedule.currency
        return cls(
            facility_id=facility_id,
            known_at=known_at,
            currency=currency,
            margins=tuple(MarginIntervalOut.from_core(interval) for interval in resolved.margins),
            periods=tuple(InterestPeriodOut.from_core(row, currency) for row in schedule.rows),
            total_before=money_out(schedule.total_before_minor, currency),
            total_after=money_out(schedule.total_after_minor, currency),
            total_saving=money_out(schedule.total_saving_minor, currency),
        )


class RateOut(Schema):
    """The yearly rate that interest of one day runs at, as known at ``known_at``, and why."""

    facility_id: UuidString
    on: DateString
    known_at: InstantString
    rate: _Rate
    rate_exact: _ExactRate
    explain: ExplanationOut

    @classmethod
    def from_core(
        cls, facility_id: UUID, *, on: date, known_at: datetime, rate: Fraction, explanation: Explanation
    ) -> RateOut:
        """Return the shape of a rate with its reasons."""
        return cls(
            facility_id=facility_id,
            on=on,
            known_at=known_at,
            rate=decimal_text(rate),
            rate_exact=rate_text(rate),
            explain=ExplanationOut.from_core(explanation),
        )


def _parties(facility: Facility) -> tuple[PartyOut, ...]:
    return tuple(
        PartyOut(organisation_id=organisation, role=role)
        for role, organisation in sorted((role, organisation) for organisation, role in facility.parties)
    )
