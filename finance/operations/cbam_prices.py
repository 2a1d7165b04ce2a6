"""The CBAM certificate's price: the published one beside the own mean of the stored auctions, and what may mark certificates.

Joins the caller's transaction and commits nothing. A published price is taken in only when the own one bears it out; one that does not
agree waits for a person, with both figures and the bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.market.cbam_price import (
    Agreement,
    OwnPrice,
    PeriodKind,
    PricePeriod,
    PublishedPrice,
    Reconciliation,
    own_price,
    parse_period,
    period_of,
    reconcile,
)
from finance.market.observations import Acceptance, AcceptOutcome, Observation, PriceBasis, current_revisions
from finance.market.reasons import PriceReason
from finance.operations.held_prices import JOB_ID
from finance.operations.job_remarks import JobRemark
from finance.store import market as market_store
from finance.store import reference
from ledger.core.amounts import format_exact
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound

_AUCTIONED = "EUA"
_WEEKS_BACK = timedelta(weeks=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class BorneOut:
    """What of an answer may be imported, how many prices were newly held, and what a person should see."""

    observations: tuple[Observation, ...]
    held: int
    notices: tuple[JobRemark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPrice:
    """A period's prices compared. ``is_taken_in`` says that the published one is stored and marks its certificates.

    ``waits_for_review`` says that it is held for a person.
    """

    reconciliation: Reconciliation
    bound: Fraction
    is_taken_in: bool
    waits_for_review: bool


def reconcile_published(
    session: Session,
    organisation_id: UUID,
    observations: Sequence[Observation],
    published: Sequence[PublishedPrice],
    *,
    now: datetime,
) -> BorneOut:
    """Return which of an answer's observations may be imported; an answer that publishes no such price passes whole.

    Agreed with the own price: imported. In conflict: held for review. Without an own price, or of a period that is not over: not
    taken, an alert. A period that is over and has auctions and no published price is an alert too.
    """
    if not published:
        return BorneOut(observations=tuple(observations), held=0, notices=())
    prices = {one.period.instrument: one for one in published}
    accepted: list[Observation] = []
    held = 0
    notices: list[JobRemark] = []
    for seen in observations:
        price = prices.get(seen.instrument)
        if price is None:
            accepted.append(seen)
            continue
        try:
            found, bound = _compared(session, organisation_id, price.period, price, today=now.date(), known_at=now)
        except DomainError as error:
            notices.append(_notice(f"cbam.{_tail(error.code)}", price.period, f"{error.message}; it was not taken"))
            continue
        if found.agreement is Agreement.AGREED:
            accepted.append(seen)
        elif found.agreement is Agreement.CONFLICT:
            reason = _conflict_reason(found, bound)
            outcome = AcceptOutcome(acceptance=Acceptance.CONFLICT, observation=seen, reasons=(reason,))
            held += market_store.hold_observations(session, organisation_id, [outcome], JOB_ID)
            notices.append(_notice("cbam.conflict", price.period, f"{reason}; it waits for review"))
        else:
            sentence = (
                f"published {price.value:f} EUR/t without an own price to compare; it was not taken, load the auctions"
            )
            notices.append(_notice("cbam.published_only", price.period, sentence))
    notices += _own_only(session, organisation_id, {one.period.label for one in published}, now=now)
    return BorneOut(observations=tuple(accepted), held=held, notices=tuple(notices))


def period_price(
    session: Session, organisation_id: UUID, label: str, *, known_at: datetime, now: datetime
) -> PeriodPrice:
    """Return a period's own and published price as known at ``known_at`` with the verdict.

    A period that nobody prices by (a week of 2026) is ``cbam.period``; one with neither price ``cbam.no_price``.
    """
    if known_at > now:
        raise Invalid("cbam.known_at", "known_at: expected an instant up to now", field="known_at")
    period = parse_period(label)
    published, is_taken_in = _published(session, organisation_id, period, known_at=known_at)
    found, bound = _compared(session, organisation_id, period, published, today=known_at.date(), known_at=known_at)
    return PeriodPrice(
        reconciliation=found,
        bound=bound,
        is_taken_in=is_taken_in,
        waits_for_review=published is not None and not is_taken_in,
    )


def _compared(
    session: Session,
    organisation_id: UUID,
    period: PricePeriod,
    published: PublishedPrice | None,
    *,
    today: date,
    known_at: datetime,
) -> tuple[Reconciliation, Fraction]:
    _check_kind(period)
    row = reference.shipped_feeds().lookup("cbam.max_difference", on=period.start)
    own = None
    if period.end <= today:
        own = _own(session, organisation_id, period, known_at=known_at)
    if own is None and published is None:
        raise NotFound(
            "cbam.no_price",
            f"{period.label}: neither auctions of the whole period nor a published price; load the auction report",
            period=period.label,
        )
    bound = Fraction(row.number())
    return reconcile(own, published, max_difference=bound, bound_source=row.source), bound


def _own(session: Session, organisation_id: UUID, period: PricePeriod, *, known_at: datetime) -> OwnPrice | None:
    auctions = market_store.list_observations(
        session,
        organisation_id,
        instruments=(_AUCTIONED,),
        since=period.start - _WEEKS_BACK,
        until=period.end - timedelta(days=1),
        known_at=known_at,
    )
    try:
        return own_price(auctions, period, takes_last_week_with_auctions=_takes_last_week(period))
    except NotFound:
        return None


def _takes_last_week(period: PricePeriod) -> bool:
    if period.kind is not PeriodKind.WEEK:
        return False
    return reference.shipped_feeds().lookup("cbam.week_without_auctions", on=period.start).word() == "last_week"


def _check_kind(period: PricePeriod) -> None:
    kind = reference.shipped_feeds().lookup("cbam.period", on=period.start).word()
    if kind != period.kind.value:
        raise Invalid(
            "cbam.period_kind", f"period: certificates of {period.start.year} are priced by the {kind}", field="period"
        )


def _published(
    session: Session, organisation_id: UUID, period: PricePeriod, *, known_at: datetime
) -> tuple[PublishedPrice | None, bool]:
    """Return the stored official price, else the one that waits for review, and whether it is stored."""
    stored = [
        seen
        for seen in current_revisions(
            market_store.list_observations(
                session, organisation_id, instruments=(period.instrument,), known_at=known_at
            )
        )
        if seen.price_basis is PriceBasis.OFFICIAL_PRICE and seen.value is not None
    ]
    waiting = [
        one.observation
        for one in market_store.list_held(session, organisation_id)
        if one.observation.instrument == period.instrument and one.observation.known_at <= known_at
    ]
    for found in (stored, waiting):
        priced = [seen for seen in found if seen.value is not None]
        if priced:
            newest = max(priced, key=lambda seen: (seen.trade_date, seen.known_at, seen.source))
            assert newest.value is not None, "only prices are looked at"
            price = PublishedPrice(
                period=period, published_on=newest.trade_date, value=newest.value, source=_place(newest)
            )
            return price, found is stored
    return None, False


def _place(seen: Observation) -> str:
    return f"{seen.source}, published {seen.trade_date}, file {seen.raw_sha256[:12]}"


def _own_only(session: Session, organisation_id: UUID, labels: Iterable[str], *, now: datetime) -> list[JobRemark]:
    """Return an alert for the last period that is over, when it has auctions and nothing published."""
    rows = reference.shipped_feeds()
    first = min(row.effective_from for row in rows.rows if row.row_id == "cbam.period")
    day = period_of(now.date(), _kind_on(now.date(), first)).start - timedelta(days=1)
    if day < first:
        return []
    last = period_of(day, _kind_on(day, first))
    if last.label in set(labels) or last.start < first:
        return []
    try:
        own = _own(session, organisation_id, last, known_at=now)
    except Conflict as error:
        return [_notice("cbam.two_sources", last, error.message)]
    if own is None:
        return []
    sentence = f"the auctions give {own.value:f} EUR/t; no price of that period is published"
    return [_notice("cbam.own_only", last, sentence)]


def _kind_on(day: date, first: date) -> PeriodKind:
    return PeriodKind(reference.shipped_feeds().lookup("cbam.period", on=max(day, first)).word())


def _conflict_reason(found: Reconciliation, bound: Fraction) -> PriceReason:
    assert found.own is not None, "a conflict has an own price"
    assert found.published is not None, "a conflict has a published price"
    assert found.difference is not None, "a conflict has a difference"
    share, allowed = format_exact(found.difference * 100, 2), format_exact(bound * 100, 2)
    return PriceReason(
        "market.published_differs",
        f"{found.period.label}: published {found.published.value:f} EUR/t, own {found.own.value:f} EUR/t from "
        f"{found.own.auctions} auctions: {share} percent apart, allowed {allowed} percent",
        period=found.period.label,
        published=f"{found.published.value:f}",
        own=f"{found.own.value:f}",
        gap=share,
        most=allowed,
    )


def _notice(code: str, period: PricePeriod, message: str) -> JobRemark:
    return JobRemark(code=code, subject=period.label, message=message)


def _tail(code: str) -> str:
    return code.rpartition(".")[2]
