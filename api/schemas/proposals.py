"""What enters and leaves about four eyes on prices and calendars: uploads, calendar years, held prices and the decisions about them.

Shapes only; who may decide what is checked below.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, Text, UuidString
from api.schemas.market import AlertOut, HeldOut, ObservationOut, PriceReasonOut, Sha256
from finance.feeds.parsed import FeedAlert
from finance.market.observations import Acceptance, AcceptOutcome
from finance.operations.calendar_years import YearChange
from finance.operations.market import ImportCounts
from finance.store.calendar_years import HeldCalendar, YearVersion
from finance.store.held_reviews import HeldReview
from finance.store.market import HeldObservation
from finance.store.market_proposals import Proposal

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_MOST_FINDINGS = 200
_PLAIN = frozenset({Acceptance.NEW, Acceptance.DUPLICATE, Acceptance.CORROBORATED})


class ApprovalIn(Schema):
    """The digest of exactly what was shown: another person's approval stands for that and nothing else."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sha256": _DIGEST}]})

    sha256: Sha256


class RejectionIn(Schema):
    """Why the proposal does not count."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the file is of another day"}]})

    reason: Text


class ReviewIn(Schema):
    """Why a held price is accepted or rejected."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "confirmed by the exchange's bulletin"}]})

    reason: Text


class DecisionOut(Schema):
    """What another person decided."""

    verdict: Annotated[str, Field(examples=["approved"])]
    reason: str
    checker_id: UuidString
    decided_at: InstantString


class FindingOut(Schema):
    """An observation of a file that a person should look at before approving, and what it would be."""

    acceptance: Annotated[str, Field(examples=["revised"])]
    reasons: Array[str]
    said: Annotated[Array[PriceReasonOut], Field(description="The reasons with code and values.")]
    observation: ObservationOut

    @classmethod
    def from_core(cls, outcome: AcceptOutcome) -> FindingOut:
        """Return the shape of ``outcome``."""
        return cls(
            acceptance=outcome.acceptance.value,
            reasons=tuple(map(str, outcome.reasons)),
            said=tuple(map(PriceReasonOut.from_core, outcome.reasons)),
            observation=ObservationOut.from_core(outcome.observation),
        )


class UploadCountsOut(Schema):
    """How many observations of the file would be what; ``quarantined`` are out of bounds."""

    new: int
    duplicate: int
    revised: int
    corroborated: int
    conflict: int
    quarantined: int


class ImportedOut(Schema):
    """What approving the file did."""

    new: int
    duplicate: int
    revised: int
    corroborated: int
    held: int

    @classmethod
    def from_core(cls, counts: ImportCounts) -> ImportedOut:
        """Return the shape of ``counts``."""
        return cls(
            new=counts.new,
            duplicate=counts.duplicate,
            revised=counts.revised,
            corroborated=counts.corroborated,
            held=counts.held,
        )


class UploadOut(Schema):
    """A file of prices as proposed: ``sha256`` is what an approval names; it counts only once another person approved it.

    ``findings`` are at most 200 observations that revise, contradict, breach or stand out; ``imported`` is what the approval did, in
    the answer to it only.
    """

    upload_id: UuidString
    file_name: str
    format: str
    file_sha256: str
    sha256: str
    counts: UploadCountsOut
    maker_id: UuidString
    proposed_at: InstantString
    decision: DecisionOut | None
    findings: Array[FindingOut]
    alerts: Array[AlertOut]
    imported: ImportedOut | None

    @classmethod
    def from_core(
        cls,
        proposal: Proposal,
        *,
        outcomes: tuple[AcceptOutcome, ...] = (),
        alerts: tuple[FeedAlert, ...] = (),
        imported: ImportCounts | None = None,
    ) -> UploadOut:
        """Return the shape of an upload; ``outcomes`` are what its observations would be."""
        looked = [one for one in outcomes if one.acceptance not in _PLAIN or one.reasons]
        return cls(
            upload_id=proposal.proposal_id,
            file_name=proposal.content["file_name"],
            format=proposal.content["format"],
            file_sha256=proposal.raw_sha256,
            sha256=proposal.sha256,
            counts=UploadCountsOut(**proposal.content["counts"]),
            maker_id=proposal.maker_id,
            proposed_at=proposal.proposed_at,
            decision=decision_out(proposal),
            findings=tuple(FindingOut.from_core(one) for one in looked[:_MOST_FINDINGS]),
            alerts=tuple(AlertOut.from_core(alert) for alert in alerts),
            imported=None if imported is None else ImportedOut.from_core(imported),
        )


class UploadsOut(Schema):
    """The organisation's uploads, the newest first, at most 200."""

    uploads: Array[UploadOut]


class HeldReviewOut(Schema):
    """The decision about a held price."""

    content_sha256: str
    verdict: Annotated[str, Field(examples=["accepted"])]
    reason: str
    reviewer_id: UuidString
    reviewed_at: InstantString
    held: HeldOut

    @classmethod
    def from_core(cls, review: HeldReview, held: HeldObservation) -> HeldReviewOut:
        """Return the shape of ``review``."""
        return cls(
            content_sha256=review.content_sha256,
            verdict=review.verdict.value,
            reason=review.reason,
            reviewer_id=review.reviewer_id,
            reviewed_at=review.reviewed_at,
            held=HeldOut.from_core(held),
        )


class HeldReviewsOut(Schema):
    """The decisions about held prices, the newest first, at most 200."""

    reviews: Array[HeldReviewOut]


class CalendarYearOut(Schema):
    """A proposed year of a market's calendar, with what it would change in what is known now.

    ``is_new``: nothing is known of that year yet. ``newly_closed`` and ``newly_open`` are empty then.
    """

    proposal_id: UuidString
    market: str
    year: int
    status: Annotated[str, Field(examples=["official"])]
    source: str
    sha256: str
    file_sha256: str
    closed_weekdays: Array[DateString]
    open_weekend_days: Array[DateString]
    is_new: bool
    newly_closed: Array[DateString]
    newly_open: Array[DateString]
    maker_id: UuidString
    proposed_at: InstantString
    decision: DecisionOut | None

    @classmethod
    def from_core(cls, proposal: Proposal, change: YearChange) -> CalendarYearOut:
        """Return the shape of a proposal and its change."""
        year = change.year
        return cls(
            proposal_id=proposal.proposal_id,
            market=year.market,
            year=year.year,
            status=year.status.value,
            source=year.source,
            sha256=proposal.sha256,
            file_sha256=proposal.raw_sha256,
            closed_weekdays=year.closed_weekdays,
            open_weekend_days=year.open_weekend_days,
            is_new=change.is_new,
            newly_closed=change.newly_closed,
            newly_open=change.newly_open,
            maker_id=proposal.maker_id,
            proposed_at=proposal.proposed_at,
            decision=decision_out(proposal),
        )


class CalendarYearsOut(Schema):
    """The organisation's proposals of calendar years, the newest first, at most 200."""

    calendar_years: Array[CalendarYearOut]


class YearVersionOut(Schema):
    """A year that is not as shipped: its version, and which approved proposal it is."""

    year: int
    version: int
    proposal_id: UuidString
    sha256: str
    source: str
    known_at: InstantString

    @classmethod
    def from_core(cls, one: YearVersion) -> YearVersionOut:
        """Return the shape of ``one``."""
        return cls(
            year=one.year.year,
            version=one.version,
            proposal_id=one.proposal_id,
            sha256=one.sha256,
            source=one.year.source,
            known_at=one.known_at,
        )


class CalendarOut(Schema):
    """A market's calendar by what was known: the days it knows, its edition, and the years that are not as shipped.

    A day outside ``first_known`` to ``last_known`` is unknown and blocks marks; import that year.
    """

    market: str
    first_known: DateString
    last_known: DateString
    edition: str
    source: str
    versions: Array[YearVersionOut]

    @classmethod
    def from_core(cls, held: HeldCalendar) -> CalendarOut:
        """Return the shape of ``held``."""
        return cls(
            market=held.calendar.market,
            first_known=held.calendar.first_known,
            last_known=held.calendar.last_known,
            edition=held.edition,
            source=held.calendar.source,
            versions=tuple(YearVersionOut.from_core(one) for one in held.versions),
        )


class CalendarsOut(Schema):
    """Every market's calendar by what was known at ``known_at``."""

    known_at: InstantString
    calendars: Array[CalendarOut]


class CalendarDaysOut(Schema):
    """The open days of one market and year, by what was known at ``known_at``."""

    market: str
    year: int
    known_at: InstantString
    edition: str
    open_days: Array[DateString]


def decision_out(proposal: Proposal) -> DecisionOut | None:
    """Return the shape of the decision, ``None`` while there is none."""
    decided = proposal.decision
    if decided is None:
        return None
    return DecisionOut(
        verdict=decided.verdict.value,
        reason=decided.reason,
        checker_id=decided.checker_id,
        decided_at=decided.decided_at,
    )
