"""Market observations: what one source said about one instrument on one business day, and when we learned it.

Owns the observation, its key and the decision what a new one means beside those already stored. Knows nothing of files,
networks or the clock; whether a price is fit for valuation is decided in ``finance.market.marks``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from finance.market.bounds import InstrumentBound, breached_bounds
from finance.market.reasons import PriceReason
from ledger.core.errors import Invalid

INSTRUMENT = re.compile(r"[A-Z][A-Z0-9._-]{0,39}", re.ASCII)
SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}", re.ASCII)
_MAX_TEXT = 300
_MAX_DIGITS = 40


class PriceBasis(StrEnum):
    """How a price came about; two bases are never one series, even on one day."""

    LISTED_CLOSE = "listed_close"  # close of listed trading of one vintage
    COMPOSITE_CLOSE = "composite_close"  # close of the composite price (since 2023-08-28)
    MONTH_END_CLOSE = "month_end_close"  # the listed close of a month's last session
    DAY_AVERAGE = "day_average"  # turnover over volume of one day
    VWAP_BLOCK = "vwap_block"  # turnover over volume of one day's block trades
    AUCTION = "auction"  # clearing price of a primary auction
    OFFICIAL_PRICE = "official_price"  # a price an authority publishes, such as the CBAM certificate's
    FIXING = "fixing"  # a published reference exchange rate
    PARITY = "parity"  # the central parity of the renminbi, the rate Chinese books use
    APPROVED_OVERRIDE = "approved_override"  # two persons' decision; never imported from a file


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationKey:
    """What an observation is about and who said it: one key holds one value per revision."""

    source: str
    instrument: str
    price_basis: PriceBasis
    trade_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One price as one source gave it.

    ``value`` is ``currency`` per one ``unit`` (97.40 CNY per ``t``; 7.9341 CNY per ``EUR``), above zero, or ``None``
    with ``missing_reason``: a price that does not exist is never zero. ``trade_date`` is the business date at the
    venue. ``last_trade_date`` is the day somebody last traded at that price; ``None`` means unknown. ``volume_t`` is in
    the instrument's unit, ``None`` when not stated. ``previous_value`` is the previous close as the same source states
    it, used only to test the move. ``known_at`` is when we learned it (aware UTC); a correction is a higher
    ``revision``, from 1.
    """

    source: str
    instrument: str
    price_basis: PriceBasis
    trade_date: date
    last_trade_date: date | None
    value: Decimal | None
    currency: str
    unit: str
    known_at: datetime
    raw_sha256: str
    missing_reason: str = ""
    volume_t: int | None = None
    previous_value: Decimal | None = None
    revision: int = 1
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be an observation."""
        check_text(self.source, field="source")
        check_pattern(INSTRUMENT, self.instrument, field="instrument", expected="1 to 40 of A-Z 0-9 . _ -")
        check_pattern(_CURRENCY, self.currency, field="currency", expected="three capital letters such as CNY")
        check_pattern(_UNIT, self.unit, field="unit", expected="a unit such as t or EUR")
        check_pattern(SHA256_HEX, self.raw_sha256, field="raw_sha256", expected="64 hexadecimal digits")
        check_instant(self.known_at, field="known_at")
        for value, field in ((self.value, "value"), (self.previous_value, "previous_value")):
            if value is not None:
                check_price(value, field=field)
        if (self.value is None) != bool(self.missing_reason):
            raise Invalid(
                "market.missing_reason",
                "missing_reason: expected a reason exactly when there is no value; give a price or say why not",
                instrument=self.instrument,
            )
        if self.last_trade_date is not None and self.last_trade_date > self.trade_date:
            raise Invalid(
                "market.last_trade_date",
                f"last_trade_date: expected a day on or before the trade date {self.trade_date}",
                last_trade_date=self.last_trade_date.isoformat(),
            )
        if self.volume_t is not None and self.volume_t < 0:
            raise Invalid(
                "market.volume", "volume_t: expected zero or more whole tonnes", volume_t=str(self.volume_t)[:40]
            )
        if self.revision < 1:
            raise Invalid("market.revision", "revision: expected a number from 1", revision=str(self.revision))

    @property
    def key(self) -> ObservationKey:
        """Return what this is about and who said it, without the revision."""
        return ObservationKey(
            source=self.source,
            instrument=self.instrument,
            price_basis=self.price_basis,
            trade_date=self.trade_date,
        )


class Acceptance(StrEnum):
    """What a new observation means beside the stored ones."""

    NEW = "new"  # nobody had said anything about this day: store it
    DUPLICATE = "duplicate"  # the same source said the same before: store nothing
    REVISED = "revised"  # the same source now says otherwise: store it as the next revision, keep the old one
    CORROBORATED = "corroborated"  # another source said the same: store it, no mark changes
    CONFLICT = "conflict"  # another source said otherwise: hold for review, no mark changes
    QUARANTINED = "quarantined"  # a hard bound is breached: hold for review, other instruments go on


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOutcome:
    """The decision on one observation; ``is_stored`` says whether ``observation`` joins the stored set.

    ``against`` is the stored observation it repeats, revises, supports or contradicts. ``reasons`` are for a
    person; a stored observation with reasons breached a soft bound and waits for nobody, but should be looked at.
    """

    acceptance: Acceptance
    observation: Observation
    against: Observation | None = None
    reasons: tuple[PriceReason, ...] = ()

    @property
    def is_stored(self) -> bool:
        """Return whether the observation joins the stored set."""
        return self.acceptance in {Acceptance.NEW, Acceptance.REVISED, Acceptance.CORROBORATED}


def accept(existing: Iterable[Observation], new: Observation, bounds: Iterable[InstrumentBound] = ()) -> AcceptOutcome:
    """Return what ``new`` means beside ``existing``; nothing is changed, the caller stores ``outcome.observation``.

    Same source, same day, same content: duplicate. Same source, other content: the next revision.
    Another source on the same day: corroboration when the values are equal, else conflict; a day without a price
    neither supports nor contradicts one. A breached hard bound: quarantine; a soft one: a reason. Bounds test the move
    from ``new.previous_value``, so the answer does not depend on the order in which different days arrive. Example:
    81.00 stored by one source, 81.0 by another corroborates. Source: market-data notes of 2026-11-21,
    section 3.2 points 2 to 4 and 7.
    """
    current = current_revisions(
        seen
        for seen in existing
        if (seen.instrument, seen.price_basis, seen.trade_date) == (new.instrument, new.price_basis, new.trade_date)
    )
    own = next((seen for seen in current if seen.source == new.source), None)
    if own is not None and _content(own) == _content(new):
        return AcceptOutcome(acceptance=Acceptance.DUPLICATE, observation=own, against=own)
    hard, soft = breached_bounds(
        bounds,
        instrument=new.instrument,
        price_basis=new.price_basis,
        on=new.trade_date,
        value=new.value,
        previous_value=new.previous_value,
        volume_t=new.volume_t,
    )
    if hard:
        return AcceptOutcome(acceptance=Acceptance.QUARANTINED, observation=new, against=own, reasons=hard + soft)
    other = next((seen for seen in current if _contradicts(seen, new)), None)
    if other is not None:
        reason = _contradiction(other, new)
        return AcceptOutcome(acceptance=Acceptance.CONFLICT, observation=new, against=other, reasons=(reason, *soft))
    if own is not None:
        revised = replace(new, revision=own.revision + 1)
        return AcceptOutcome(acceptance=Acceptance.REVISED, observation=revised, against=own, reasons=soft)
    first = replace(new, revision=1)
    support = next((seen for seen in current if seen.value is not None and seen.value == new.value), None)
    if support is not None:
        return AcceptOutcome(acceptance=Acceptance.CORROBORATED, observation=first, against=support, reasons=soft)
    return AcceptOutcome(acceptance=Acceptance.NEW, observation=first, reasons=soft)


def accept_all(
    existing: Iterable[Observation], batch: Iterable[Observation], bounds: Iterable[InstrumentBound] = ()
) -> tuple[AcceptOutcome, ...]:
    """Return one outcome per observation of ``batch``, oldest day first, each judged beside those accepted before."""
    rules = tuple(bounds)
    stored: dict[tuple[str, PriceBasis, date], list[Observation]] = {}
    for seen in existing:
        stored.setdefault((seen.instrument, seen.price_basis, seen.trade_date), []).append(seen)
    outcomes = []
    for new in sorted(batch, key=_batch_order):
        same_day = stored.setdefault((new.instrument, new.price_basis, new.trade_date), [])
        outcome = accept(same_day, new, rules)
        if outcome.is_stored:
            same_day.append(outcome.observation)
        outcomes.append(outcome)
    return tuple(outcomes)


def current_revisions(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """Return the highest revision of every key, ordered by key, whatever the order of the input."""
    newest: dict[ObservationKey, Observation] = {}
    for seen in observations:
        kept = newest.get(seen.key)
        if kept is None or (seen.revision, seen.known_at) > (kept.revision, kept.known_at):
            newest[seen.key] = seen
    return tuple(sorted(newest.values(), key=_key_order))


def check_price(value: Decimal, *, field: str) -> None:
    """Refuse a price that is not finite, not above zero or longer than 40 digits; zero means no trade, never free."""
    if not value.is_finite() or value <= 0:
        raise Invalid(
            "market.price", f"{field}: expected a finite price above zero", field=field, value=str(value)[:40]
        )
    shape = value.as_tuple()
    if not isinstance(shape.exponent, int) or len(shape.digits) + abs(shape.exponent) > _MAX_DIGITS:
        raise Invalid(
            "market.price", f"{field}: expected at most {_MAX_DIGITS} digits", field=field, value=str(value)[:40]
        )


def check_instant(instant: datetime, *, field: str) -> None:
    """Refuse an instant that is not aware and UTC."""
    if instant.utcoffset() != timedelta(0):
        raise Invalid("market.instant", f"{field}: expected an aware UTC instant", value=instant.isoformat())


def check_text(text: str, *, field: str) -> None:
    """Refuse a blank text, one above 300 characters and one with unprintable characters."""
    if not text.strip() or len(text) > _MAX_TEXT or not text.isprintable():
        raise Invalid("market.text", f"{field}: expected 1 to {_MAX_TEXT} printable characters", value=ascii(text)[:40])


def check_pattern(pattern: re.Pattern[str], text: str, *, field: str, expected: str) -> None:
    """Refuse a text that does not match ``pattern`` as a whole."""
    if not pattern.fullmatch(text):
        raise Invalid("market.format", f"{field}: expected {expected}", field=field, value=ascii(text)[:40])


def _content(seen: Observation) -> tuple[object, ...]:
    """Return what a source can change its mind about; the bytes and the hour they came do not count."""
    return (seen.value, seen.missing_reason, seen.last_trade_date, seen.currency, seen.unit, seen.volume_t)


def _contradicts(seen: Observation, new: Observation) -> bool:
    if seen.source == new.source or seen.value is None or new.value is None:
        return False
    return (seen.value, seen.currency, seen.unit) != (new.value, new.currency, new.unit)


def _contradiction(other: Observation, new: Observation) -> PriceReason:
    return PriceReason(
        "market.sources_differ",
        f"{other.source} says {other.value} and {new.source} says {new.value} for {new.trade_date}",
        day=new.trade_date,
        other=other.source,
        other_price=_spelled(other),
        source=new.source,
        price=_spelled(new),
    )


def _spelled(seen: Observation) -> str:
    return f"{seen.value:f} {seen.currency}/{seen.unit}"


def _key_order(seen: Observation) -> tuple[str, str, date, str]:
    return (seen.instrument, seen.price_basis.value, seen.trade_date, seen.source)


def _batch_order(seen: Observation) -> tuple[date, datetime, str, str, str, str]:
    return (seen.trade_date, seen.known_at, seen.instrument, seen.price_basis.value, seen.source, str(seen.value))
