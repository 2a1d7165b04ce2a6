"""What troubles a label: amendment events with their talks, breaches of sustainability duties, declassification by consent.

Owns the timers (notice, rendez-vous, cure) and whose consent decides. It reaches the label and nothing else: the answer to a breach
is pricing and name, never acceleration (LMA model provisions; checklist C21, C22, C24, C25).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.conventions.fields import check_identifier, check_text, refused
from finance.loans.clauses import LabelTerms
from finance.loans.facility_terms import FacilityTerms
from ledger.core.errors import Conflict, Forbidden

_AREA = "amendment"


class AmendmentKind(StrEnum):
    """What happened to the borrower that the KPIs were not made for (C24)."""

    DISPOSAL = "disposal"
    ACQUISITION = "acquisition"
    MERGER = "merger"
    RESTRUCTURING = "restructuring"
    METHOD_CHANGE = "method_change"
    CAPACITY_MOVED = "capacity_moved"  # to another grid: intensity falls without a reduction
    BASE_RESTATED = "base_restated"
    REGULATION = "regulation"


class AmendmentState(StrEnum):
    """Where an amendment event stands."""

    NOTIFIED = "notified"
    IN_TALKS = "in_talks"
    AGREED = "agreed"
    EXPIRED = "expired"  # a declassification event is due


class BreachState(StrEnum):
    """Where a breach stands."""

    OPEN = "open"
    CURED = "cured"
    CONTINUING = "continuing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One organisation's consent through one person, on its local day."""

    organisation_id: str
    person_id: str
    on: date

    def __post_init__(self) -> None:
        """Refuse a nameless consent."""
        check_identifier(self.organisation_id, area=_AREA, field="organisation_id")
        check_identifier(self.person_id, area=_AREA, field="person_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentEvent:
    """Something that happened on a day, when the parties were told, and who agreed on how to go on.

    ``terms`` is the version in force when it was notified: its timers and its consent share decide.
    """

    event_id: str
    what: AmendmentKind
    happened_on: date
    notified_on: date
    description: str
    terms: FacilityTerms
    agreements: tuple[Consent, ...]

    def __post_init__(self) -> None:
        """Refuse news from the future and an event told in no words."""
        check_identifier(self.event_id, area=_AREA, field="event_id")
        check_text(self.description, area=_AREA, field="description")
        if self.notified_on < self.happened_on:
            raise refused(
                area=_AREA, field="happened_on", expected="a day not after its notice", value=self.happened_on
            )

    @property
    def notice_due_on(self) -> date:
        """Return the last day of the duty to notify."""
        return _days_after(self.happened_on, self._label.notice_days)

    @property
    def is_notice_late(self) -> bool:
        """Return whether it was notified after its day."""
        return self.notified_on > self.notice_due_on

    @property
    def talks_end_on(self) -> date:
        """Return the last day of the talks: notice and ``rendezvous_days``. Notified 2026-03-01 with 90 days: 2026-05-30."""
        return _days_after(self.notified_on, self._label.rendezvous_days)

    @property
    def agreed_on(self) -> date | None:
        """Return the day on which borrower and consent share of the lenders had agreed, or None.

        An agreement after the talks' last day comes too late.
        """
        in_time = sorted((each for each in self.agreements if each.on <= self.talks_end_on), key=lambda each: each.on)
        for number, consent in enumerate(in_time, start=1):
            names = {each.organisation_id for each in in_time[:number]}
            has_borrower = self.terms.borrower_id in names
            if has_borrower and lenders_share(self.terms, names) >= self._label.consent_share:
                return consent.on
        return None

    def state_at(self, day: date) -> AmendmentState:
        """Return where the event stands on ``day``; talks begin the day after the notice."""
        agreed_on = self.agreed_on
        if agreed_on is not None and agreed_on <= day:
            return AmendmentState.AGREED
        if day > self.talks_end_on:
            return AmendmentState.EXPIRED
        return AmendmentState.IN_TALKS if day > self.notified_on else AmendmentState.NOTIFIED

    def check_agreement(self, consent: Consent) -> None:
        """Refuse an agreement by no party, twice, or after the talks (``amendment.expired``): no silent continuation."""
        if consent.organisation_id not in {self.terms.borrower_id, *self.terms.lender_ids}:
            raise Forbidden("amendment.not_party", "organisation: expected the borrower or a lender of the terms")
        state = self.state_at(consent.on)
        if state is AmendmentState.EXPIRED:
            raise Conflict(
                "amendment.expired",
                f"on: the talks ended on {self.talks_end_on} without agreement; propose declassification or new terms",
                talks_end_on=self.talks_end_on.isoformat(),
            )
        if any(each.organisation_id == consent.organisation_id for each in self.agreements):
            raise Conflict("amendment.agreed_before", "organisation: it agreed to this event already")

    @property
    def _label(self) -> LabelTerms:
        return self.terms.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A sustainability duty not kept (a report missing, information wrong): noticed, to be cured by a day, cured or not."""

    breach_id: str
    noticed_on: date
    cure_by: date
    description: str
    cured_on: date | None

    def __post_init__(self) -> None:
        """Refuse a cure before the notice and a breach told in no words."""
        check_identifier(self.breach_id, area="breach", field="breach_id")
        check_text(self.description, area="breach", field="description")
        if self.cure_by < self.noticed_on:
            raise refused(area="breach", field="cure_by", expected="a day not before its notice", value=self.cure_by)
        if self.cured_on is not None and self.cured_on < self.noticed_on:
            raise refused(area="breach", field="cured_on", expected="a day not before its notice", value=self.cured_on)

    def state_at(self, day: date) -> BreachState:
        """Return where the breach stands on ``day``: open through ``cure_by``, then continuing until it is cured."""
        if self.cured_on is not None and self.cured_on <= day:
            return BreachState.CURED
        return BreachState.OPEN if day <= self.cure_by else BreachState.CONTINUING


@dataclass(frozen=True, slots=True, kw_only=True)
class Declassification:
    """A proposal to end the label on a day, and who consented. The proposer's organisation consents by proposing.

    ``terms`` is the version in force: its lenders and its consent share decide.
    """

    proposal_id: str
    effective_on: date
    reason: str
    proposer: Consent
    terms: FacilityTerms
    approvals: tuple[Consent, ...]

    def __post_init__(self) -> None:
        """Refuse a day before the proposal's own: the name was used in good faith until then (C23)."""
        check_identifier(self.proposal_id, area="declassification", field="proposal_id")
        check_text(self.reason, area="declassification", field="reason")
        if self.effective_on < self.proposer.on:
            expected = "a day not before the proposal"
            raise refused(
                area="declassification", field="effective_on", expected=expected, value=self.effective_on.isoformat()
            )
        _check_party(self.proposer, self.terms)

    def check_approver(self, approver: Consent) -> None:
        """Refuse an approval by no party, by the proposer's person or organisation, or by an organisation twice."""
        _check_party(approver, self.terms)
        if self.proposer.person_id == approver.person_id or self.proposer.organisation_id == approver.organisation_id:
            raise Forbidden(
                "declassification.four_eyes",
                "approver: expected another person of another organisation than proposed it",
            )
        if any(
            approver.organisation_id == each.organisation_id or approver.person_id == each.person_id
            for each in self.approvals
        ):
            raise Conflict("declassification.approved_before", "approver: that person or organisation approved already")

    @property
    def consent_share(self) -> Fraction:
        """Return the lenders' share that consented so far, the proposer's own included."""
        return lenders_share(self.terms, (each.organisation_id for each in (self.proposer, *self.approvals)))

    @property
    def decided_on(self) -> date | None:
        """Return the day the label ends: decided by the consent share and a second organisation, never before the last consent."""
        if not self.approvals or self.consent_share < self.terms.label.consent_share:
            return None
        return max(self.effective_on, *(each.on for each in self.approvals))


def lenders_share(terms: FacilityTerms, organisation_ids: Iterable[str]) -> Fraction:
    """Return the part of the loan that these organisations lend; a borrower lends nothing."""
    names = set(organisation_ids)
    shares = (party.share for party in terms.parties if party.organisation_id in names)
    return sum((share for share in shares if share is not None), Fraction(0))


def is_declassification_due(
    events: Sequence[AmendmentEvent], breaches: Sequence[Breach], *, terms_version: int, on: date
) -> bool:
    """Return whether a declassification event has occurred: talks that ended in nothing, or a breach that goes on.

    Talks about older terms are settled by newer ones that count.
    """
    expired = any(
        event.state_at(on) is AmendmentState.EXPIRED and event.terms.version >= terms_version
        for event in events
        if event.notified_on <= on
    )
    return expired or any(
        breach.state_at(on) is BreachState.CONTINUING for breach in breaches if breach.noticed_on <= on
    )


def _check_party(consent: Consent, terms: FacilityTerms) -> None:
    if consent.organisation_id not in {terms.borrower_id, *terms.lender_ids}:
        raise Forbidden("declassification.not_party", "organisation: expected the borrower or a lender of the terms")


def _days_after(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise refused(
            area=_AREA, field="happened_on", expected="a day that leaves room for its timer", value=day
        ) from error
