"""What leaves about serving a loan from day to day: its tranches as they stand, resets, and every fact as it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from finance.conventions.exact_text import decimal_text
from finance.loans.base_rates import FixedRate
from finance.operations.servicing import Reading, Servicing, TrancheStanding
from finance.store.loan_records import RecordedBooking

_Rate = Annotated[str, Field(examples=["0.03"], description="A fraction of one, a year.")]


class TrancheStandingOut(Schema):
    """A tranche on the day: what is drawn and outstanding, what may still be drawn (null for a revolving line), what is paid next."""

    tranche_id: str
    what: Annotated[str, Field(examples=["term"])]
    currency: Annotated[str, Field(examples=["CNY"])]
    signed_on: DateString
    maturity_date: DateString
    commitment: AmountOut
    accordion: AmountOut
    drawn: AmountOut
    drawable: AmountOut | None
    outstanding: AmountOut | None
    allows_prepayment: bool
    index: Annotated[str | None, Field(description="Null for a fixed rate.", examples=["LPR-1Y"])]
    grades: Annotated[Array[str], Field(description="The rating grid, best first; empty where no rating prices it.")]
    next_interest: Annotated[AmountOut | None, Field(description="Of the interest period that is paid next.")]
    next_payment_on: DateString | None
    is_next_projected: Annotated[bool, Field(description="Whether it rests on an assumed fixing.")]
    unknown: Annotated[str | None, Field(description="Why payments cannot be computed yet, by code.")]
    unknown_message: Annotated[str | None, Field(description="The same as a sentence.")]

    @classmethod
    def from_core(cls, standing: TrancheStanding) -> TrancheStandingOut:
        """Return the shape of ``standing``."""
        terms, due = standing.terms, standing.next_interest
        currency = terms.currency
        return cls(
            tranche_id=terms.tranche_id,
            what=terms.what.value,
            currency=currency,
            signed_on=terms.signed_on,
            maturity_date=terms.maturity_date,
            commitment=money_out(terms.commitment_minor, currency),
            accordion=money_out(terms.accordion_minor, currency),
            drawn=money_out(standing.drawn_minor, currency),
            drawable=None if standing.drawable_minor is None else money_out(standing.drawable_minor, currency),
            outstanding=None if standing.outstanding_minor is None else money_out(standing.outstanding_minor, currency),
            allows_prepayment=terms.prepayment is not None,
            index=None if isinstance(terms.base_rate, FixedRate) else terms.base_rate.index,
            grades=() if terms.rating_grid is None else tuple(each.grade for each in terms.rating_grid.grades),
            next_interest=None if due is None else money_out(due.payment_minor, currency),
            next_payment_on=None if due is None else due.period.payment_date,
            is_next_projected=due is not None and due.is_projected,
            unknown=None if standing.unknown is None else standing.unknown.code,
            unknown_message=None if standing.unknown is None else standing.unknown.message,
        )


class ReadingOut(Schema):
    """A reset: the day from which it counts, the day of which the index is read, and the recorded value that counts, or why none.

    ``held_published_on`` and ``held_rate`` are of the publication of that day that your own organisation holds: what recording from the
    published rates takes; ``held_code`` says why there is none.
    """

    tranche_id: str
    index: str
    reset: DateString
    read_on: DateString
    published_on: DateString | None
    rate: _Rate | None
    code: Annotated[str | None, Field(examples=["fixings.unknown"])]
    held_published_on: DateString | None
    held_rate: _Rate | None
    held_code: Annotated[str | None, Field(examples=["published_rates.missing"])]

    @classmethod
    def from_core(cls, reading: Reading) -> ReadingOut:
        """Return the shape of ``reading``."""
        return cls(
            tranche_id=reading.tranche_id,
            index=reading.index,
            reset=reading.reset,
            read_on=reading.read_on,
            published_on=reading.published_on,
            rate=None if reading.rate is None else decimal_text(reading.rate),
            code=reading.code,
            held_published_on=None if reading.held is None else reading.held.published_on,
            held_rate=None if reading.held is None else decimal_text(reading.held.rate),
            held_code=reading.held_code,
        )


class RecordedFixingOut(Schema):
    """A recorded value of an index with its source; a corrected one is a further revision."""

    index: str
    on: DateString
    rate: _Rate
    revision: int
    source: str
    recorded_at: InstantString


class RecordedPrincipalOut(Schema):
    """Principal drawn or repaid early, as it was recorded."""

    tranche_id: str
    what: Annotated[str, Field(examples=["prepayment"])]
    on: DateString
    amount: AmountOut
    recorded_at: InstantString


class RecordedGradeOut(Schema):
    """A rating as notified, in force from a day on."""

    on: DateString
    grade: str
    source: str
    recorded_at: InstantString


class LoanFactsOut(Schema):
    """A loan on a day as known now: tranches, the last resets, and every recorded fact, the newest first."""

    facility_id: UuidString
    on: DateString
    tranches: Array[TrancheStandingOut]
    readings: Array[ReadingOut]
    fixings: Array[RecordedFixingOut]
    principal: Array[RecordedPrincipalOut]
    grades: Array[RecordedGradeOut]

    @classmethod
    def from_core(cls, found: Servicing) -> LoanFactsOut:
        """Return the shape of ``found``."""
        return cls(
            facility_id=found.facility.facility_id,
            on=found.on,
            tranches=tuple(map(TrancheStandingOut.from_core, found.tranches)),
            readings=tuple(map(ReadingOut.from_core, found.readings)),
            fixings=tuple(
                RecordedFixingOut(
                    index=each.index,
                    on=each.on,
                    rate=decimal_text(each.rate),
                    revision=each.revision,
                    source=each.source,
                    recorded_at=each.recorded_at,
                )
                for each in found.fixings
            ),
            principal=tuple(
                RecordedPrincipalOut(
                    tranche_id=each.tranche_id,
                    what=each.what,
                    on=each.on,
                    amount=money_out(each.amount_minor, found.currencies[each.tranche_id]),
                    recorded_at=each.recorded_at,
                )
                for each in found.principal
            ),
            grades=tuple(
                RecordedGradeOut(on=each.on, grade=each.grade, source=each.source, recorded_at=each.recorded_at)
                for each in found.grades
            ),
        )


class BookedInterestOut(Schema):
    """Interest of a period that was booked: its payment, or with ``adjustment_id`` an adjustment of it; positive is paid."""

    tranche_id: str
    period_start: DateString
    amount: AmountOut
    adjustment_id: UuidString | None
    entry_id: UuidString
    recorded_at: InstantString


class BookedOut(Schema):
    """What interest of a loan stands in the borrower's ledger, by tranche and period."""

    booked: Array[BookedInterestOut]

    @classmethod
    def from_core(cls, found: Iterable[RecordedBooking], currencies: Mapping[str, str]) -> BookedOut:
        """Return the shape of ``found``; ``currencies`` are those of the tranches."""
        return cls(
            booked=tuple(
                BookedInterestOut(
                    tranche_id=each.tranche_id,
                    period_start=each.period_start,
                    amount=money_out(each.amount_minor, currencies[each.tranche_id]),
                    adjustment_id=each.adjustment_id,
                    entry_id=each.entry_id,
                    recorded_at=each.recorded_at,
                )
                for each in found
            )
        )
