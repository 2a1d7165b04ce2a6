"""Purchase schedules compared on given prices, or on the month-end closes that an organisation has recorded.

Reads observations, asks the core. Stores nothing: a plan is a calculation until somebody trades.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.purchase_advice import PurchaseAdvice, advise
from finance.compliance.purchase_plan import MonthPrice, PurchaseTerms, window_months
from finance.market.observations import Observation, PriceBasis, current_revisions
from finance.store import market
from ledger.core.errors import Conflict, NotFound

_MONTH_TEXT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseQuestion:
    """What is asked: instrument, tonnes and terms, the window of months, today's price if known, scenarios, a series.

    ``prices`` None asks for the recorded month-end closes. ``price_cny_per_t`` None takes the series' last month up to
    the first of the window.
    """

    instrument: str
    terms: PurchaseTerms
    first_month: str
    deadline_month: str
    price_cny_per_t: Fraction | None
    changes: Mapping[str, Fraction]
    prices: tuple[MonthPrice, ...] | None


def purchase_advice(
    session: Session, organisation_id: UUID, question: PurchaseQuestion, *, known_at: datetime | None = None
) -> PurchaseAdvice:
    """Return the comparison and the advice, from given or from recorded prices known at ``known_at``."""
    months = window_months(question.first_month, question.deadline_month)
    if question.prices is None:
        history = recorded_closes(session, organisation_id, question.instrument, known_at=known_at)
        source = f"recorded month-end closes of {question.instrument}"
    else:
        history, source = question.prices, "prices given with the request"
    price_now = _price_now(question, months[0], history)
    if question.price_cny_per_t is not None:
        source += "; today's price given with the request"
    return advise(
        question.terms,
        months,
        price_now=price_now,
        history=history,
        changes=question.changes,
        price_source=source,
    )


def recorded_closes(
    session: Session, organisation_id: UUID, instrument: str, *, known_at: datetime | None = None
) -> tuple[MonthPrice, ...]:
    """Return the month-end closes in CNY per t that the organisation has recorded, by month.

    A month in which nobody traded carries an old price and is left out. Two sources that say different prices of one
    month are ``purchase.two_prices``.
    """
    seen = market.list_observations(session, organisation_id, instruments=(instrument,), known_at=known_at)
    return _closes(current_revisions(seen))


def _closes(observations: Iterable[Observation]) -> tuple[MonthPrice, ...]:
    found: dict[str, MonthPrice] = {}
    for each in observations:
        is_close = each.price_basis is PriceBasis.MONTH_END_CLOSE and (each.currency, each.unit) == ("CNY", "t")
        if not is_close or each.value is None or each.volume_t == 0:
            continue
        month = each.trade_date.isoformat()[:_MONTH_TEXT]
        price = MonthPrice(
            instrument=each.instrument, month=month, price_cny_per_t=Fraction(each.value), volume_t=each.volume_t
        )
        standing = found.setdefault(month, price)
        if standing.price_cny_per_t != price.price_cny_per_t:
            raise Conflict(
                "purchase.two_prices", f"{month}: two sources say different closes; give the series as prices instead"
            )
    return tuple(found[month] for month in sorted(found))


def _price_now(question: PurchaseQuestion, first_month: str, history: Sequence[MonthPrice]) -> MonthPrice:
    known = [each for each in history if each.month <= first_month]
    last = max(known, key=lambda each: each.month, default=None)
    if question.price_cny_per_t is None and last is None:
        raise NotFound(
            "purchase.no_price",
            "price_cny_per_t: expected today's price, or a series that reaches the first month; record prices or give it",
        )
    price = question.price_cny_per_t
    if price is None:
        assert last is not None, "without a given price there is a last one"
        price = last.price_cny_per_t
    return MonthPrice(
        instrument=question.instrument,
        month=first_month,
        price_cny_per_t=price,
        volume_t=None if last is None else last.volume_t,
    )
