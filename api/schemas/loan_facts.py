"""What enters and leaves about what happens to a loan: principal, fixings, ratings, adjustments of interest."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, InstantString, RateString, Text, UuidString
from api.schemas.terms import Digest, DigestIn
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.loans.prepayment import Prepayment
from finance.loans.tranche import Drawdown
from finance.operations.published_rates import FixingsFromPublished
from finance.store.loan_facts import InterestAdjustment
from ledger.core.amounts import currency_scale, parse_units
from ledger.operations import EntryReceipt


class PrincipalKindIn(StrEnum):
    """Which way principal moved."""

    DRAWDOWN = "drawdown"
    PREPAYMENT = "prepayment"


class PrincipalIn(Schema):
    """Principal drawn or repaid early on a day, in the tranche's currency."""

    tranche_id: Annotated[CodeString, Field(examples=["A"])]
    what: Annotated[Choice[PrincipalKindIn], Field(examples=["prepayment"])]
    on: DateString
    amount: Annotated[DecimalString, Field(examples=["50000000.00"])]

    def to_core(self, currency: str) -> Drawdown | Prepayment:
        """Return the event; more decimals than the currency has are refused (``amount.scale``)."""
        amount_minor = parse_units(self.amount, currency_scale(currency), field="amount")
        kind = Drawdown if self.what is PrincipalKindIn.DRAWDOWN else Prepayment
        return kind(on=self.on, amount_minor=amount_minor)


class GradeIn(Schema):
    """A credit rating as notified, in force from a day on."""

    on: DateString
    grade: Annotated[Text, Field(max_length=200, examples=["BBB+"])]
    source: Annotated[Text, Field(max_length=200, examples=["agency's notice of 2026-03-02"])]


class FixingIn(Schema):
    """One published value of an index."""

    on: DateString
    rate: RateString
    source: Annotated[Text, Field(max_length=200, examples=["National Interbank Funding Center, LPR of 2026-03-20"])]


class FixingsIn(Schema):
    """Published values of one index that the terms read."""

    index: Annotated[CodeString, Field(examples=["LPR-1Y"])]
    fixings: Annotated[Array[FixingIn], Field(min_length=1, max_length=5_000)]


class FixingsOut(Schema):
    """The revisions under which the values stand, in the order sent; 2 and more put an earlier value right."""

    index: str
    revisions: Array[int]


class FromPublishedIn(Schema):
    """Which fixings to record from the published rates: those of ``days``, or every one that is due when there are none."""

    index: Annotated[CodeString, Field(examples=["LPR-1Y"])]
    days: Annotated[
        Array[DateString] | None,
        Field(min_length=1, max_length=1_000, description="Reset days of the loan; every due one when left out."),
    ] = None


class FixingFromPublishedOut(Schema):
    """One fixing: the publication it was read from, the reset days it counts for, the revision under which it stands."""

    published_on: DateString
    rate: Annotated[str, Field(examples=["0.03"], description="A fraction of one, a year.")]
    feed: Annotated[str, Field(examples=["lpr"])]
    raw_sha256: Digest
    revision: int
    resets: Array[DateString]


class FixingMissingOut(Schema):
    """A reset day for which nothing was recorded, and why."""

    reset: DateString
    code: Annotated[str, Field(examples=["published_rates.missing"])]
    message: str


class FromPublishedOut(Schema):
    """The fixings that stand now, by publication, and the due days that could not be read."""

    index: str
    fixings: Array[FixingFromPublishedOut]
    missing: Array[FixingMissingOut]

    @classmethod
    def from_core(cls, found: FixingsFromPublished) -> FromPublishedOut:
        """Return the shape of what was recorded."""
        return cls(
            index=found.index,
            fixings=tuple(
                FixingFromPublishedOut(
                    published_on=each.published.published_on,
                    rate=decimal_text(each.published.rate),
                    feed=each.published.feed,
                    raw_sha256=each.published.raw_sha256,
                    revision=each.revision,
                    resets=each.resets,
                )
                for each in found.recorded
            ),
            missing=tuple(
                FixingMissingOut(reset=each.reset, code=each.code, message=each.message) for each in found.missing
            ),
        )


class AdjustmentIn(Schema):
    """What is to be adjusted: a tranche's interest paid on or before ``through``."""

    tranche_id: Annotated[CodeString, Field(examples=["A"])]
    through: DateString


class AdjustmentAgreementIn(Schema):
    """Agreement to exactly the adjustment that ``digest`` names."""

    digest: DigestIn


class AdjustmentRowOut(Schema):
    """One interest period already paid: what was booked, what is due, and the difference (positive: the borrower owes)."""

    period_start: DateString
    period_end: DateString
    payment_date: DateString
    booked: AmountOut
    due: AmountOut
    change: AmountOut


class AdjustmentOut(Schema):
    """A claw-back (positive) or refund (negative), who agreed, and why it is what it is."""

    id: UuidString
    facility_id: UuidString
    tranche_id: str
    change: AmountOut
    rows: Array[AdjustmentRowOut]
    known_then_sha256: Digest
    known_now_sha256: Digest
    digest: Digest
    agreed: Annotated[Array[str], Field(description="The sides that agreed: borrower, lender.")]
    proposed_at: InstantString
    explain: ExplanationOut

    @classmethod
    def from_core(cls, adjustment: InterestAdjustment, explanation: Explanation) -> AdjustmentOut:
        """Return the shape of ``adjustment``."""
        found = adjustment.true_up
        currency = found.currency
        return cls(
            id=adjustment.adjustment_id,
            facility_id=adjustment.facility_id,
            tranche_id=found.tranche_id,
            change=money_out(found.change_minor, currency),
            rows=tuple(
                AdjustmentRowOut(
                    period_start=row.period_start,
                    period_end=row.period_end,
                    payment_date=row.payment_date,
                    booked=money_out(row.booked_minor, currency),
                    due=money_out(row.due_minor, currency),
                    change=money_out(row.change_minor, currency),
                )
                for row in found.rows
            ),
            known_then_sha256=found.known_then_sha256,
            known_now_sha256=found.known_now_sha256,
            digest=adjustment.digest,
            agreed=tuple(sorted(adjustment.approvals)),
            proposed_at=adjustment.proposed_at,
            explain=ExplanationOut.from_core(explanation),
        )


class AdjustmentsOut(Schema):
    """A facility's adjustments in order of proposal."""

    adjustments: Array[AdjustmentOut]


class BookingIn(Schema):
    """Into which book, and on which day."""

    book_id: UuidString
    on: DateString


class PaymentsIn(Schema):
    """Into which book, and through which day, drawdowns, interest and repayments are booked."""

    book_id: UuidString
    through: DateString


class EntryOut(Schema):
    """The entry that keeps it in the borrower's book."""

    entry_id: UuidString
    seq: int
    recorded_at: InstantString
    leaf_hash: Digest
    is_replay: Annotated[bool, Field(description="Whether it was booked before.")]

    @classmethod
    def from_core(cls, receipt: EntryReceipt) -> EntryOut:
        """Return the shape of a receipt."""
        return cls(
            entry_id=receipt.entry_id,
            seq=receipt.seq,
            recorded_at=receipt.recorded_at,
            leaf_hash=receipt.leaf_hash.hex(),
            is_replay=receipt.is_replay,
        )


class EntriesOut(Schema):
    """The entries of a loan's payments, those booked now and those that stood under their ids."""

    entries: Array[EntryOut]
