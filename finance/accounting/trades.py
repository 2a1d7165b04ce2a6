"""A trade: one dated event of one holding as its papers say it, refused by field when its facts contradict its kind.

Owns the facts, which of them each kind needs, and the amounts they give. Knows no account, no lot and no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from ledger.core.amounts import MAX_UNITS, RoundingMode, round_exact
from ledger.core.errors import Expected, Invalid

TRADE_AMOUNT = RoundingMode.HALF_UP
"""Price x quantity is exact and rounded half-up (四舍五入) once to the fen; it matters only beyond two price decimals."""

TRANSLATION = RoundingMode.HALF_UP
"""Euro cents times the stated fixing are rounded half-up once to the fen; the cents are what the paper says."""

_FEN_PER_CNY = 100
_CENTS_PER_EUR = 100
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,79}", re.ASCII)
_CODE = re.compile(r"[A-Z][A-Z0-9._-]{0,39}", re.ASCII)
_YEAR = re.compile(r"[1-9][0-9]{3}", re.ASCII)
_FORMULA_MARKS = ("=", "+", "-", "@")
_MAX_PRICE_DIGITS = 40
_TEXT_LENGTHS = {"counterparty": 200, "venue": 200, "doc_ref": 200, "note": 500, "fixing_ref": 200, "vat_code": 40}
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_LONGEST_ORIGIN = 300


class TradeKind(StrEnum):
    """What happened to the holding."""

    OPENING = "opening"  # taken over into the book, at cost when a price is given
    FREE_ALLOCATION = "free_allocation"
    PURCHASE = "purchase"
    SALE = "sale"
    SURRENDER = "surrender"
    CANCEL = "cancel"  # voluntary cancellation 自愿注销
    FEE = "fee"  # money only: an account or service fee that belongs to no trade


_NEEDED: Mapping[TradeKind, frozenset[str]] = {
    TradeKind.OPENING: frozenset({"instrument", "quantity_t"}),
    TradeKind.FREE_ALLOCATION: frozenset({"instrument", "quantity_t", "compliance_year"}),
    TradeKind.PURCHASE: frozenset({"instrument", "quantity_t", "price_cny_per_t"}),
    TradeKind.SALE: frozenset({"instrument", "quantity_t", "price_cny_per_t"}),
    TradeKind.SURRENDER: frozenset({"instrument", "quantity_t", "compliance_year"}),
    TradeKind.CANCEL: frozenset({"instrument", "quantity_t"}),
    TradeKind.FEE: frozenset({"fee_cny"}),
}
_ALLOWED: Mapping[TradeKind, frozenset[str]] = {
    TradeKind.OPENING: frozenset({"price_cny_per_t"}),
    TradeKind.PURCHASE: frozenset({"fee_cny"}),
    TradeKind.SALE: frozenset({"fee_cny"}),
    TradeKind.FEE: frozenset({"instrument"}),
}
_DECIDED = ("instrument", "quantity_t", "price_cny_per_t", "fee_cny", "compliance_year")
ACQUISITIONS = frozenset({TradeKind.OPENING, TradeKind.FREE_ALLOCATION, TradeKind.PURCHASE})
DISPOSALS = frozenset({TradeKind.SALE, TradeKind.SURRENDER, TradeKind.CANCEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One event. ``trade_ref`` is its natural key in the book: the same trade again is the same, not another.

    ``quantity_t`` is whole tonnes above zero, None for a fee; the kind gives the direction. ``price_cny_per_t`` is above
    zero. ``fee_fen`` is fees and taxes in fen, zero or more: part of a purchase's cost, taken off a sale's proceeds.
    ``compliance_year`` is the year whose duty a surrender settles or whose allocation is received. Empty texts mean not
    stated. ``origin`` says where the row stood and is no part of the trade.

    A trade dealt in euro has ``price_eur_per_t`` instead, with the stated ``fixing_cny_per_eur`` and ``fixing_ref``, its
    source and day: the book is kept in CNY, so its money leg is the euro amount at that fixing. ``settled_on`` is the day
    on which tonnes and money moved, where that is not ``traded_on``: the book follows it. ``order_id`` and
    ``order_sha256`` name the approved order that it came from; a listed trade without one is an import.
    """

    trade_ref: str
    kind: TradeKind
    traded_on: date
    instrument: str = ""
    quantity_t: int | None = None
    price_cny_per_t: Decimal | None = None
    fee_fen: int = 0
    counterparty: str = ""
    venue: str = ""
    compliance_year: int | None = None
    doc_ref: str = ""
    note: str = ""
    price_eur_per_t: Decimal | None = None
    fixing_cny_per_eur: Decimal | None = None
    fixing_ref: str = ""
    vat_code: str = ""
    settled_on: date | None = None
    order_id: UUID | None = None
    order_sha256: str = ""
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Refuse each fact outside its bounds, then facts that do not go together."""
        assert not isinstance(self.traded_on, datetime), "a business day is not an instant"
        _check_pattern(_REF, self.trade_ref, "trade_ref", "1 to 80 of letters, digits and . _ / -, first no sign")
        if self.instrument:
            _check_pattern(_CODE, self.instrument, "instrument", "a code such as CEA25")
        if self.quantity_t is not None and not 1 <= self.quantity_t <= MAX_UNITS:
            raise refused("quantity_t", "whole tonnes from 1 to 10^15", str(self.quantity_t))
        if self.price_cny_per_t is not None:
            check_price(self.price_cny_per_t)
        if not 0 <= self.fee_fen <= MAX_UNITS:
            raise refused("fee_cny", "zero to 10^13 CNY", str(self.fee_fen))
        if self.compliance_year is not None:
            _check_pattern(_YEAR, str(self.compliance_year), "compliance_year", "a year of four digits")
        for name in _TEXT_LENGTHS:
            check_words(name, getattr(self, name))
        if len(self.origin) > _LONGEST_ORIGIN or not self.origin.isprintable():
            raise refused("origin", f"at most {_LONGEST_ORIGIN} printable characters", self.origin)
        for name, expected in misplaced_fields(self.kind, self._given()):
            raise refused(name, expected, "")
        self._check_foreign()
        self._check_order()
        if self.price_cny_per_t is not None or self.price_eur_per_t is not None:
            self._check_amount()

    @property
    def effective_on(self) -> date:
        """Return the day on which the book changes: ``settled_on``, else ``traded_on``."""
        return self.settled_on or self.traded_on

    def amount_eur_cents(self) -> int:
        """Return price x quantity of a euro trade in cents, rounded half-up once. 1,000 t at 75.36 give 7,536,000."""
        assert self.price_eur_per_t is not None, "only a euro trade has an amount in euro"
        assert self.quantity_t is not None, "a priced trade has a quantity"
        return round_exact(Fraction(self.price_eur_per_t) * self.quantity_t * _CENTS_PER_EUR, TRADE_AMOUNT)

    def amount_fen(self) -> int:
        """Return price x quantity in fen, rounded half-up once; zero without a price. 3 t at 33.335 give 10,001 fen.

        A euro trade: its cents at the fixing, rounded half-up to the fen. 1,000 t at 75.36 EUR and 8.1234 give 61,217,942.40 fen,
        so 61,217,942.
        """
        if self.price_eur_per_t is not None and self.fixing_cny_per_eur is not None:
            return round_exact(self.amount_eur_cents() * Fraction(self.fixing_cny_per_eur), TRANSLATION)
        if self.price_cny_per_t is None or self.quantity_t is None:
            return 0
        return round_exact(Fraction(self.price_cny_per_t) * self.quantity_t * _FEN_PER_CNY, TRADE_AMOUNT)

    def cost_fen(self) -> int:
        """Return what an acquisition costs in fen: price and fees (财会[2019]22号). 10,000 t at 80 and 2,400 CNY: 80,240,000."""
        assert self.kind in ACQUISITIONS, "only an acquisition has a cost"
        return self.amount_fen() + self.fee_fen

    def net_proceeds_fen(self) -> int:
        """Return a sale's money in fen net of fees; below zero when the fees are larger."""
        assert self.kind is TradeKind.SALE, "only a sale has proceeds"
        return self.amount_fen() - self.fee_fen

    def _given(self) -> frozenset[str]:
        price = self.price_cny_per_t or self.price_eur_per_t
        facts = (self.instrument, self.quantity_t, price, self.fee_fen, self.compliance_year)
        return frozenset(name for name, fact in zip(_DECIDED, facts, strict=True) if fact)

    def _check_foreign(self) -> None:
        if (self.price_eur_per_t is None) != (self.fixing_cny_per_eur is None) or (
            (self.price_eur_per_t is None) != (not self.fixing_ref)
        ):
            raise refused_as(
                "fixing_parts", "fixing_cny_per_eur", "a euro price with its fixing and fixing_ref, or none of them", ""
            )
        if self.price_eur_per_t is None or self.fixing_cny_per_eur is None:
            return
        if self.price_cny_per_t is not None:
            raise refused_as("price_twice", "price_eur_per_t", "one price, in CNY or in EUR", "both")
        check_price(self.price_eur_per_t, field="price_eur_per_t")
        check_price(self.fixing_cny_per_eur, field="fixing_cny_per_eur")

    def _check_order(self) -> None:
        if self.settled_on is not None and self.settled_on < self.traded_on:
            raise refused("settled_on", "a day on or after traded_on", self.settled_on.isoformat())
        _check_pattern(_SHA256, self.order_sha256, "order_sha256", "64 hexadecimal digits")
        if bool(self.order_sha256) != (self.order_id is not None):
            raise refused_as(
                "order_parts", "order_sha256", "an order's id with its digest, or neither", self.order_sha256
            )

    def _check_amount(self) -> None:
        amount = self.amount_fen()
        if not 1 <= amount <= MAX_UNITS - self.fee_fen:
            raise refused_as(
                "amount",
                "price_cny_per_t",
                "price x quantity with fees from 0.01 to 10^13 CNY",
                f"{self.price_cny_per_t or self.price_eur_per_t:f}",
            )


def misplaced_fields(kind: TradeKind, given: frozenset[str]) -> tuple[tuple[str, Expected], ...]:
    """Return (field, what was expected) for every fact that ``kind`` needs and lacks, or has and cannot have."""
    needed = _NEEDED[kind]
    allowed = needed | _ALLOWED.get(kind, frozenset())
    missing = [
        (name, Expected("row.needed_for_kind", f"a value for a trade of kind {kind}"))
        for name in _DECIDED
        if name in needed - given
    ]
    surplus = [
        (name, Expected("row.not_for_kind", f"nothing for a trade of kind {kind}"))
        for name in _DECIDED
        if name in given - allowed
    ]
    return (*missing, *surplus)


def in_booking_order(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """Return trades by the day on which the book changes, those of one day as they came; a ``trade_ref`` twice is refused."""
    ordered = tuple(sorted(trades, key=lambda trade: trade.effective_on))
    seen: set[str] = set()
    for trade in ordered:
        if trade.trade_ref in seen:
            raise Invalid(
                "trade.ref_repeated",
                f"trade_ref: expected every reference once, {trade.trade_ref} comes twice; remove one",
                trade_ref=trade.trade_ref,
            )
        seen.add(trade.trade_ref)
    return ordered


def check_price(price: Decimal, *, field: str = "price_cny_per_t") -> None:
    """Refuse a price that is not finite, not above zero, or longer than 40 digits."""
    exponent = price.as_tuple().exponent
    if not price.is_finite() or price <= 0 or not isinstance(exponent, int):
        raise refused(field, "a price above zero; a free tonne has none", str(price)[:40])
    if len(price.as_tuple().digits) + abs(exponent) > _MAX_PRICE_DIGITS:
        raise refused(field, f"at most {_MAX_PRICE_DIGITS} digits", str(price)[:40])


def check_words(name: str, text: str) -> None:
    """Refuse a text that is too long, unprintable, blank-edged, or that a spreadsheet would run as a formula."""
    longest = _TEXT_LENGTHS[name]
    if text and (text != text.strip() or len(text) > longest or not text.isprintable() or text[0] in _FORMULA_MARKS):
        raise refused(name, f"at most {longest} printable characters, not beginning with = + - @", text)


def refused(name: str, expected: str, value: str) -> Invalid:
    """Return the refusal of one fact: code ``trade.<field>``, naming the field and what was expected."""
    return refused_as(name, name, expected, value)


def refused_as(reason: str, name: str, expected: str, value: str) -> Invalid:
    """Return the refusal of one fact for what another fact says: code ``trade.<reason>``, naming the field."""
    return Invalid(f"trade.{reason}", f"{name}: expected {expected}", field=name, value=ascii(value)[:60])


def _check_pattern(pattern: re.Pattern[str], text: str, name: str, expected: str) -> None:
    if not pattern.fullmatch(text):
        raise refused(name, expected, text)
