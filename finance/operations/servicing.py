"""How a loan stands for whoever serves it from day to day: what is outstanding, which fixings it needs, what was recorded.

Reads only. The amounts are those of the schedule; what cannot be computed yet says so by code and hides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.loans.base_rates import FixedRate
from finance.loans.flows import FlowSchedule, InterestDue
from finance.loans.published_rates import PublicationRule, PublishedRate, rate_in_force, reading_days
from finance.loans.tranche_terms import TrancheKind, TrancheTerms
from finance.operations.loan_view import KnownLoan, known_loan
from finance.operations.published_rates import publication_rule
from finance.store import facilities, loan_records, published_rates
from finance.store.facilities import Facility
from finance.store.loan_records import RecordedFixing, RecordedGrade, RecordedPrincipal
from ledger.core.errors import DomainError

MOST_FIXINGS = 60
"""Recorded values of the loan's indices that are shown, the newest."""
MOST_READINGS = 12
"""Reset days of a tranche that are shown, the last ones: a rate compounded daily has one a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheStanding:
    """A tranche on a day, in minor units of its currency.

    ``drawable_minor`` is what may still be drawn, the accordion included; None for a revolving line, which draws again what it
    repaid. ``outstanding_minor`` and ``next_interest`` are None where the payments cannot be computed (``unknown`` says why) or
    nothing is left to pay.
    """

    terms: TrancheTerms
    drawn_minor: int
    drawable_minor: int | None
    outstanding_minor: int | None
    next_interest: InterestDue | None
    unknown: DomainError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reset of a tranche: the day from which it counts, the day on which the index is read, and the value that counts.

    ``published_on`` and ``rate`` are of the recorded value that the loan reads, None while there is none (``code`` says why).
    ``held`` is the publication of that day that the reader's own organisation holds, from which a fixing is recorded; None where it
    holds none of it (``held_code``).
    """

    tranche_id: str
    index: str
    reset: date
    read_on: date
    published_on: date | None
    rate: Fraction | None
    code: str | None
    held: PublishedRate | None
    held_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Servicing:
    """A loan as it stands on ``on``, and what was recorded about it; ``currencies`` are those of every tranche it ever had."""

    facility: Facility
    on: date
    currencies: Mapping[str, str]
    tranches: tuple[TrancheStanding, ...]
    readings: tuple[Reading, ...]
    fixings: tuple[RecordedFixing, ...]
    principal: tuple[RecordedPrincipal, ...]
    grades: tuple[RecordedGrade, ...]


def servicing_of(session: Session, facility: Facility, reader_id: UUID, *, on: date, now: datetime) -> Servicing:
    """Return how the loan stands on ``on`` as known at ``now``, its last resets and every recorded fact, the newest first.

    ``reader_id`` is the organisation that asks: publications are its own.
    """
    loan = known_loan(session, facility.facility_id, known_at=now)
    tranches = loan.facility.terms.tranches
    indices = sorted({each.base_rate.index for each in tranches if not isinstance(each.base_rate, FixedRate)})
    held = {index: _Held(session, reader_id, index, on=on, now=now) for index in indices}
    readings = tuple(each for tranche in tranches for each in _readings(loan, tranche, held, on))
    return Servicing(
        facility=facility,
        on=on,
        currencies=currencies_of(session, facility.facility_id),
        tranches=tuple(_standing(loan, each, on) for each in tranches),
        readings=tuple(sorted(readings, key=lambda each: (each.reset, each.tranche_id), reverse=True)),
        fixings=loan_records.list_fixings(session, facility.borrower_id, indices, most=MOST_FIXINGS) if indices else (),
        principal=loan_records.list_principal(session, facility.facility_id),
        grades=loan_records.list_grades(session, facility.facility_id),
    )


def currencies_of(session: Session, facility_id: UUID) -> Mapping[str, str]:
    """Return the currency of each tranche that any version of the terms names: facts of a tranche outlive it."""
    versions = facilities.list_terms(session, facility_id)
    return {tranche.tranche_id: tranche.currency for version in versions for tranche in version.terms.tranches}


def _standing(loan: KnownLoan, tranche: TrancheTerms, on: date) -> TrancheStanding:
    drawn = sum(each.amount_minor for each in loan.drawn.get(tranche.tranche_id, ()))
    schedule: FlowSchedule | None = None
    unknown: DomainError | None = None
    try:
        schedule = loan.schedule(tranche.tranche_id) if drawn else None
    except DomainError as refusal:  # a fixing or a calendar that is not there yet
        unknown = refusal
    paid = () if schedule is None else schedule.interest
    to_come = [each for each in paid if (each.period.payment_date or each.period.end) >= on]
    outstanding = None if schedule is None else schedule.principal_on(on)
    is_revolving = tranche.what is TrancheKind.REVOLVING
    return TrancheStanding(
        terms=tranche,
        drawn_minor=drawn,
        drawable_minor=None if is_revolving else tranche.commitment_minor + tranche.accordion_minor - drawn,
        outstanding_minor=0 if not drawn else outstanding,
        next_interest=to_come[0] if to_come else None,
        unknown=unknown,
    )


class _Held:
    """The publications of an index that an organisation holds; an index that no feed knows has none."""

    def __init__(self, session: Session, reader_id: UUID, index: str, *, on: date, now: datetime) -> None:
        self.index, self.code = index, ""
        self.rule: PublicationRule | None = None
        try:
            self.rule = publication_rule(session, reader_id, index, known_at=now, today=on)
        except DomainError as refusal:
            self.code = refusal.code
        self.rates = published_rates.list_rates(session, reader_id, indices=(index,))

    def read(self, day: date) -> tuple[PublishedRate | None, str | None]:
        """Return the publication that counts on ``day``, or why there is none."""
        if self.rule is None:
            return None, self.code
        try:
            return rate_in_force(self.rates, day, index=self.index, rule=self.rule), None
        except DomainError as refusal:
            return None, refusal.code


def _readings(loan: KnownLoan, tranche: TrancheTerms, held: Mapping[str, _Held], on: date) -> Iterator[Reading]:
    base = tranche.base_rate
    if isinstance(base, FixedRate) or not loan.drawn.get(tranche.tranche_id):
        return
    (drawn,) = (each for each in loan.facility.tranches if each.tranche_id == tranche.tranche_id)
    try:
        days = reading_days(base, drawn.periods, calendar=drawn.calendar, through=on)
    except DomainError:  # a calendar that is not there yet: no day can be named
        return
    series = loan.fixings.get(base.index)
    for reset, read_on in days[-MOST_READINGS:]:
        published_on, rate, code = None, None, None
        if series is None:
            code = "fixings.index"
        else:
            try:
                fixing = series.on(read_on)
                published_on, rate = fixing.published_on, fixing.rate
                code = None if published_on else "fixings.unknown"
            except DomainError as refusal:
                code = refusal.code
        publication, held_code = held[base.index].read(read_on)
        yield Reading(
            tranche_id=tranche.tranche_id,
            index=base.index,
            reset=reset,
            read_on=read_on,
            published_on=published_on,
            rate=None if published_on is None else rate,
            code=code,
            held=publication,
            held_code=held_code,
        )
