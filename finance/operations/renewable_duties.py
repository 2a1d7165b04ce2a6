"""The renewable duty of a year: from given energies, or from the activity that an organisation has recorded.

Reads recorded months, a book's free certificates and shipped rows, asks the core. Stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import Chart
from finance.accounting.instruments import InstrumentKind, Tradability
from finance.compliance.green_certificates import CertificateKind, GecHolding, gec_rules, produced_in
from finance.compliance.renewable_duty import PowerKwh, RenewableDuty, duty_rules, renewable_duty
from finance.emissions.intensity import YearEmissions
from finance.emissions.templates import Evidence
from finance.operations.activity import Recipe, emissions_by
from finance.operations.valuations import instruments_of
from finance.store import reference
from ledger.core.errors import Conflict
from ledger.store import holds_report, reports


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


def holdings_of_book(session: Session, book_id: int, *, on: date) -> tuple[GecHolding, ...]:
    """Return the green certificates that the book has free at the close of ``on``: what is pledged or set aside is not in it.

    Bought ones count and cannot be sold on. Of those that may not be traded the book does not say whether they are of own use or of old
    hydro power; they are taken as own use, which counts less. A book that shows fewer than none is ``duty.holding``.
    """
    point = reports.record_point(session, book_id)
    chart, rules = Chart(), gec_rules(reference.shipped_renewable_duty(), on=on)
    balances = {
        position.path: position.balance for position in reports.positions(session, book_id, as_of=on, known=point.seq)
    }
    set_aside = holds_report.held_as_of(session, book_id, as_of=on, known=point.seq)
    found = []
    for code, instrument in sorted(instruments_of(session, book_id).items()):
        if instrument.kind is not InstrumentKind.GEC:
            continue
        assert instrument.vintage_year is not None, "a green certificate has a production year"
        assert instrument.valid_until is not None, "a green certificate has a last valid day"
        path = chart.accounts_of(code).holding
        free = balances.get(path, 0) - set_aside.get(path, 0)
        if free < 0:
            raise Conflict(
                "duty.holding",
                f"{code}: the book shows {free} free certificates on {on}; release a hold or reverse the disposal",
                instrument=code,
            )
        if free == 0:
            continue
        is_own_use = instrument.tradability is Tradability.NON_TRADABLE
        found.append(
            GecHolding(
                production_month=produced_in(
                    rules, production_year=instrument.vintage_year, valid_until=instrument.valid_until
                ),
                kind=CertificateKind.OWN_USE if is_own_use else CertificateKind.MARKET,
                quantity=free,
                source=f"ledger account {path} at the close of {on}, record point {point.seq}",
                valid_until=instrument.valid_until,
                is_traded=instrument.tradability is Tradability.TRADED,
            )
        )
    return tuple(found)


def _power(year: YearEmissions) -> tuple[PowerKwh, ...]:
    kwh: dict[Evidence, Fraction] = {}
    for use in year.power():
        kwh[use.evidence] = kwh.get(use.evidence, Fraction(0)) + use.ac_kwh
    source = f"activity of {', '.join(year.sites)}, {len(year.months)} site months of {year.year}"
    return tuple(PowerKwh(evidence=evidence, kwh=each, source=source) for evidence, each in kwh.items())
