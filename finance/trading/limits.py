"""Trading limits: how much one order, one day, a counterparty, a vintage or an instrument may come to.

Owns the limits, which of their versions holds, and how far orders use them up. Knows no venue. Open and done orders
count alike: an open one whole, a closed one with what was dealt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from finance.attestations.canonical import JsonValue, check_text
from finance.conventions.tables import parse_day
from finance.trading.orders import Step, StepKind
from ledger.core.amounts import MAX_UNITS, format_units, is_commodity_code
from ledger.core.errors import Invalid

_LONGEST = 200
_VINTAGE = re.compile(r"(?:CEA|CCER|EUA|CBAM|GEC):[1-9][0-9]{3}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
UNITS = ("t", "certificate", "MWh")


class LimitScope(StrEnum):
    """What a limit adds up."""

    TRADE = "trade"  # each order by itself
    DAY = "day"  # all orders of one trading day
    COUNTERPARTY = "counterparty"  # all orders naming it within the limit's days
    VINTAGE = "vintage"  # all orders of a family and year within the limit's days
    INSTRUMENT = "instrument"  # all orders of one code within the limit's days


class LimitState(StrEnum):
    """Whether a version counts."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerms:
    """The most that ``scope`` (of ``key``) may come to in money, and in units of ``unit`` where that is said.

    ``key`` is empty for a trade and a day, a counterparty's id, ``CEA:2025``, or an instrument's code. It holds for
    trading days in ``[valid_from, valid_to)``.
    """

    scope: LimitScope
    key: str
    max_amount_fen: int
    max_quantity: int | None
    unit: str
    valid_from: date
    valid_to: date | None
    reason: str

    def __post_init__(self) -> None:
        """Refuse a key that does not fit its scope, and bounds that are none: code ``limit.<field>``."""
        fits = {
            LimitScope.TRADE: not self.key,
            LimitScope.DAY: not self.key,
            LimitScope.COUNTERPARTY: bool(_UUID.fullmatch(self.key)),
            LimitScope.VINTAGE: bool(_VINTAGE.fullmatch(self.key)),
            LimitScope.INSTRUMENT: is_commodity_code(self.key),
        }
        if not fits[self.scope]:
            raise _refused("key", "nothing for trade and day, a counterparty's id, CEA:2025, or an instrument's code")
        if not 0 <= self.max_amount_fen <= MAX_UNITS:
            raise Invalid("limit.max_amount", "max_amount_cny: expected zero to 10^13 CNY", field="max_amount_cny")
        if self.max_quantity is not None and not 0 <= self.max_quantity <= MAX_UNITS:
            raise _refused("max_quantity", "zero to 10^15 units")
        if self.unit not in UNITS:
            raise _refused("unit", f"one of {', '.join(UNITS)}")
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise _refused("valid_to", "a day after valid_from (the end is exclusive)")
        if not 1 <= len(self.reason) <= _LONGEST or not self.reason.isprintable() or self.reason != self.reason.strip():
            raise _refused("reason", f"1 to {_LONGEST} printable characters")
        check_text(self.reason, field="reason")

    def holds(self, on: date) -> bool:
        """Return whether it speaks about orders of that trading day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def document(self, limit_id: UUID, book_uuid: UUID) -> Mapping[str, JsonValue]:
        """Return the proposal as texts: what its digest is taken over."""
        return {
            "kind": "limit",
            "limit_id": str(limit_id),
            "book_id": str(book_uuid),
            "scope": self.scope.value,
            "key": self.key,
            "max_amount_fen": str(self.max_amount_fen),
            "max_quantity": None if self.max_quantity is None else str(self.max_quantity),
            "unit": self.unit,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": None if self.valid_to is None else self.valid_to.isoformat(),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRecord:
    """One version of a limit with every fact about it; ``number`` is its place among the book's limits."""

    limit_id: UUID
    book_id: int
    book_uuid: UUID
    number: int
    terms: LimitTerms
    sha256: str
    maker_id: UUID
    made_at: datetime
    steps: tuple[Step, ...]

    @property
    def state(self) -> LimitState:
        """Return whether it counts, by its facts."""
        done = {step.what for step in self.steps}
        if StepKind.REVOKED in done:
            return LimitState.REVOKED
        if StepKind.REJECTED in done:
            return LimitState.REJECTED
        return LimitState.APPROVED if StepKind.APPROVED in done else LimitState.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What one order counts with: its units and money, and what it is about."""

    order_id: UUID
    instrument: str
    vintage_key: str
    unit: str
    counterparty_id: UUID | None
    trading_day: date
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a limit comes to with an order, in one unit: ``share`` is used over limit, 1 where the limit is zero."""

    used: str
    limit: str
    unit: str
    share: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """One limit with what other orders use of it and what this order asks for."""

    limit: LimitRecord
    used_amount_fen: int
    used_quantity: int
    asked: Commitment

    @property
    def is_kept(self) -> bool:
        """Return whether the order stays within the limit, bounds inclusive."""
        terms = self.limit.terms
        if self.used_amount_fen + self.asked.amount_fen > terms.max_amount_fen:
            return False
        if terms.max_quantity is None or terms.unit != self.asked.unit:
            return True
        return self.used_quantity + self.asked.quantity <= terms.max_quantity

    @property
    def tightest(self) -> Measured:
        """Return money or units, whichever comes nearer to the limit with this order: 900 of 1,000 CNY is 9/10."""
        terms = self.limit.terms
        amount = self.used_amount_fen + self.asked.amount_fen
        money = Measured(
            used=format_units(amount, 2),
            limit=format_units(terms.max_amount_fen, 2),
            unit="CNY",
            share=_share(amount, terms.max_amount_fen),
        )
        if terms.max_quantity is None or terms.unit != self.asked.unit:
            return money
        quantity = self.used_quantity + self.asked.quantity
        units = Measured(
            used=str(quantity),
            limit=str(terms.max_quantity),
            unit=terms.unit,
            share=_share(quantity, terms.max_quantity),
        )
        return max(money, units, key=lambda one: one.share)


def in_force(limits: Iterable[LimitRecord], *, on: date) -> tuple[LimitRecord, ...]:
    """Return of each scope, key and unit the newest approved version that holds on ``on``, by number."""
    newest: dict[tuple[LimitScope, str, str], LimitRecord] = {}
    for limit in sorted(limits, key=lambda one: one.number):
        if limit.state is LimitState.APPROVED and limit.terms.holds(on):
            newest[limit.terms.scope, limit.terms.key, limit.terms.unit] = limit
    return tuple(sorted(newest.values(), key=lambda one: one.number))


def uses(limits: Iterable[LimitRecord], asked: Commitment, others: Iterable[Commitment]) -> tuple[LimitUse, ...]:
    """Return every limit in force that ``asked`` falls under, with what ``others`` use of it.

    A trade limit adds nothing up; a day limit the orders of the same trading day; the others those that share the key
    and whose trading day lies within the limit's days.
    """
    counted = tuple(other for other in others if other.order_id != asked.order_id)
    found = []
    for limit in in_force(limits, on=asked.trading_day):
        if not _speaks_about(limit.terms, asked):
            continue
        with_it = [other for other in counted if _adds_up(limit.terms, asked, other)]
        found.append(
            LimitUse(
                limit=limit,
                used_amount_fen=sum(other.amount_fen for other in with_it),
                used_quantity=sum(other.quantity for other in with_it if other.unit == limit.terms.unit),
                asked=asked,
            )
        )
    return tuple(found)


def limit_terms_of(document: Mapping[str, JsonValue]) -> LimitTerms:
    """Return the terms that a stored proposal spells."""

    def text(name: str) -> str:
        value = document[name]
        assert isinstance(value, str), f"{name} is stored as text"
        return value

    return LimitTerms(
        scope=LimitScope(text("scope")),
        key=text("key"),
        max_amount_fen=int(text("max_amount_fen")),
        max_quantity=None if document["max_quantity"] is None else int(text("max_quantity")),
        unit=text("unit"),
        valid_from=parse_day(text("valid_from"), field="valid_from"),
        valid_to=None if document["valid_to"] is None else parse_day(text("valid_to"), field="valid_to"),
        reason=text("reason"),
    )


def _share(used: int, most: int) -> Fraction:
    return Fraction(used, most) if most else Fraction(1)


def _speaks_about(terms: LimitTerms, order: Commitment) -> bool:
    keys = {
        LimitScope.TRADE: "",
        LimitScope.DAY: "",
        LimitScope.COUNTERPARTY: "" if order.counterparty_id is None else str(order.counterparty_id),
        LimitScope.VINTAGE: order.vintage_key,
        LimitScope.INSTRUMENT: order.instrument,
    }
    return keys[terms.scope] == terms.key and terms.holds(order.trading_day)


def _adds_up(terms: LimitTerms, asked: Commitment, other: Commitment) -> bool:
    if terms.scope is LimitScope.TRADE:
        return False
    if terms.scope is LimitScope.DAY:
        return other.trading_day == asked.trading_day
    return _speaks_about(terms, other)


def _refused(name: str, expected: str) -> Invalid:
    return Invalid(f"limit.{name}", f"{name}: expected {expected}", field=name)
