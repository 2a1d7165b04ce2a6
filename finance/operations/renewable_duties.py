"""The renewable duty of a year: from given energies, or from the activity that an organisation has recorded.

Reads recorded months and shipped rows, asks the core. Stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.green_certificates import GecHolding
from finance.compliance.renewable_duty import PowerKwh, RenewableDuty, duty_rules, renewable_duty
from finance.emissions.intensity import YearEmissions
from finance.emissions.templates import Evidence
from finance.operations.activity import Recipe, emissions_by
from finance.store import reference


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyQuestion:
    """What is asked: year and province, the day of use, a ratio in place of the one on file, certificates, prices."""

    year: int
    region: str
    on: date
    given_ratio: Fraction | None
    holdings: tuple[GecHolding, ...]
    prices: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDuty:
    """A duty of recorded months; ``missing_months`` names what the year still lacks."""

    duty: RenewableDuty
    missing_months: tuple[str, ...]


def duty_of(question: DutyQuestion, power: Sequence[PowerKwh]) -> RenewableDuty:
    """Return the duty for energies that are given."""
    rules = duty_rules(
        reference.shipped_renewable_duty(),
        year=question.year,
        region=question.region,
        on=question.on,
        given_ratio=question.given_ratio,
    )
    return renewable_duty(rules, power=power, holdings=question.holdings, on=question.on, prices=question.prices)


def duty_of_activity(
    session: Session,
    organisation_id: UUID,
    question: DutyQuestion,
    recipe: Recipe,
    *,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> RecordedDuty:
    """Return the duty from the year's recorded electricity by evidence, whatever the methodology counts it for."""
    year = emissions_by(session, organisation_id, recipe, year=question.year, sites=sites, known_at=known_at)
    return RecordedDuty(duty=duty_of(question, _power(year)), missing_months=year.missing_months)


def _power(year: YearEmissions) -> tuple[PowerKwh, ...]:
    kwh: dict[Evidence, Fraction] = {}
    for use in year.power():
        kwh[use.evidence] = kwh.get(use.evidence, Fraction(0)) + use.ac_kwh
    source = f"activity of {', '.join(year.sites)}, {len(year.months)} site months of {year.year}"
    return tuple(PowerKwh(evidence=evidence, kwh=each, source=source) for evidence, each in kwh.items())
