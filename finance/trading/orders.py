"""An order ticket: its terms, the digest that an approval binds, the dated facts about it, and the state they give.

Owns the terms, the facts and the state. Knows no rule of a venue, no balance and no clock: ``now`` is an argument.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from finance.attestations.canonical import JsonValue, canonical_bytes, check_text
from finance.conventions.tables import parse_day
from finance.trading.rules import TradeMethod
from ledger.core.amounts import MAX_UNITS, is_commodity_code, parse_decimal
from ledger.core.errors import Invalid

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}", re.ASCII)
_LONGEST = 200
_MAX_PRICE_DIGITS = 30
_YEARS = range(1990, 2201)


class Side(StrEnum):
    """Whether the book buys or sells."""

    BUY = "buy"
    SELL = "sell"


class OrderState(StrEnum):
    """Where an order stands, by its facts."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLACED = "placed"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CORRECTED = "corrected"  # another order took its place


OPEN_STATES = frozenset({OrderState.PROPOSED, OrderState.APPROVED, OrderState.PLACED, OrderState.PARTLY_FILLED})
"""States in which an order may still deal: the whole of it counts towards limits."""


class StepKind(StrEnum):
    """What a person (or the end of the day) did to an order or another proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLACED = "placed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CORRECTED = "corrected"
    REVOKED = "revoked"


class SettlementState(StrEnum):
    """Where a fill stands: dealt, then settled, or failed and perhaps settled later."""

    TRADED = "traded"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionNotice:
    """A one-way auction's own notice: its reference and its hours, both instants inclusive."""

    notice_ref: str
    opens_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        """Refuse an unnamed notice and hours that are none."""
        _check_text(self.notice_ref, "notice_ref", is_needed=True)
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None or self.closes_at <= self.opens_at:
            raise _refused_as("notice_hours", "notice", "hours of the auction, opening before closing, with their zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What is to be dealt, as its maker proposes it; valid on one trading day.

    ``quantity`` is whole units of the instrument above zero, ``limit_price`` the worst price per unit in ``currency``.
    ``max_fee_minor`` is the most that fees may come to, in minor units of ``currency``; None: by the fee rows.
    ``compliance_year`` is the duty that a purchase is meant for. ``corrects`` names the order that this one replaces.
    """

    side: Side
    instrument: str
    method: TradeMethod
    quantity: int
    limit_price: Decimal
    currency: str
    trading_day: date
    counterparty_id: UUID | None = None
    compliance_year: int | None = None
    max_fee_minor: int | None = None
    notice: AuctionNotice | None = None
    corrects: UUID | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse each fact outside its bounds: code ``order.<field>``."""
        if not is_commodity_code(self.instrument):
            raise _refused("instrument", "a code such as CEA25")
        if not 1 <= self.quantity <= MAX_UNITS:
            raise _refused("quantity", "whole units from 1 to 10^15")
        check_price(self.limit_price, "limit_price")
        if self.currency not in {"CNY", "EUR"}:
            raise _refused("currency", "CNY or EUR")
        if self.max_fee_minor is not None and not 0 <= self.max_fee_minor <= MAX_UNITS:
            raise _refused("max_fee", "zero or more, up to 10^13")
        if self.amount() * 100 > MAX_UNITS:
            raise _refused_as("amount", "limit_price", "price x quantity up to 10^13")
        if self.compliance_year is not None and self.compliance_year not in _YEARS:
            raise _refused("compliance_year", "a year from 1990 to 2200")
        if (self.notice is not None) != (self.method is TradeMethod.AUCTION):
            raise _refused("notice", "the auction's notice exactly for an order in an auction")
        _check_text(self.note, "note", is_needed=False)

    def amount(self) -> Fraction:
        """Return limit price x quantity, exact, in ``currency``: 10,000 t at 80.00 is 800,000."""
        return Fraction(self.limit_price) * self.quantity

    def document(self, order_id: UUID, book_uuid: UUID) -> Mapping[str, JsonValue]:
        """Return the proposal as texts: what its digest is taken over."""
        notice = self.notice
        return {
            "kind": "order",
            "order_id": str(order_id),
            "book_id": str(book_uuid),
            "side": self.side.value,
            "instrument": self.instrument,
            "method": self.method.value,
            "quantity": str(self.quantity),
            "limit_price": f"{self.limit_price:f}",
            "currency": self.currency,
            "trading_day": self.trading_day.isoformat(),
            "counterparty_id": None if self.counterparty_id is None else str(self.counterparty_id),
            "compliance_year": None if self.compliance_year is None else str(self.compliance_year),
            "max_fee_minor": None if self.max_fee_minor is None else str(self.max_fee_minor),
            "notice": None
            if notice is None
            else {
                "notice_ref": notice.notice_ref,
                "opens_at": notice.opens_at.isoformat(),
                "closes_at": notice.closes_at.isoformat(),
            },
            "corrects": None if self.corrects is None else str(self.corrects),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One dated fact about a proposal: who did what, when, why; ``entry_id`` is the ledger's leaf of it, if it has one."""

    what: StepKind
    actor_id: UUID
    recorded_at: datetime
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What was dealt of an order: units, price and fees in the order's currency, and when.

    ``fee_minor`` is by the fee rows unless ``fee_doc_ref`` names the paper it was typed from. ``corrects`` names the fill
    that this one replaces.
    """

    fill_ref: str
    quantity: int
    price: Decimal
    fee_minor: int
    fee_doc_ref: str
    vat_code: str
    dealt_at: datetime
    dealt_on: date
    doc_ref: str
    fixing_cny_per_eur: Decimal | None = None
    fixing_ref: str = ""
    corrects: str = ""

    def __post_init__(self) -> None:
        """Refuse each fact outside its bounds: code ``order.<field>``."""
        if not _REF.fullmatch(self.fill_ref):
            raise _refused("fill_ref", "1 to 30 of A-Z a-z 0-9 . _ -")
        if not 1 <= self.quantity <= MAX_UNITS:
            raise _refused("quantity", "whole units from 1 to 10^15")
        check_price(self.price, "price")
        if not 0 <= self.fee_minor <= MAX_UNITS:
            raise _refused("fee", "zero or more, up to 10^13")
        for name in ("fee_doc_ref", "vat_code", "doc_ref", "fixing_ref"):
            _check_text(getattr(self, name), name, is_needed=False)
        if self.fixing_cny_per_eur is not None:
            check_price(self.fixing_cny_per_eur, "fixing_cny_per_eur")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a fill on ``settled_on``: settled into the book as ``trade_ref``, or failed with a reason."""

    fill_ref: str
    state: SettlementState
    settled_on: date
    reason: str
    trade_ref: str
    entry_id: UUID | None
    reversed_entry_id: UUID | None
    recorded_at: datetime
    actor_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order with every fact about it, in the order in which they were recorded."""

    order_id: UUID
    book_id: int
    book_uuid: UUID
    number: int
    terms: OrderTerms
    sha256: str
    maker_id: UUID
    made_at: datetime
    approvals_needed: int
    steps: tuple[Step, ...]
    fills: tuple[Fill, ...]
    settlements: tuple[Settlement, ...]

    def step(self, what: StepKind) -> Step | None:
        """Return the first step of that kind."""
        return next((step for step in self.steps if step.what is what), None)

    @property
    def approvers(self) -> tuple[UUID, ...]:
        """Return who approved, in order."""
        return tuple(step.actor_id for step in self.steps if step.what is StepKind.APPROVED)

    @property
    def reported_until(self) -> date:
        """Return the last day on which it is open: the trading day, of a placed one the last for reporting its deals."""
        placed = self.step(StepKind.PLACED)
        return self.terms.trading_day if placed is None else date.fromisoformat(placed.details["reported_until"])

    @property
    def live_fills(self) -> tuple[Fill, ...]:
        """Return the fills that hold: those that no other one corrects."""
        replaced = {fill.corrects for fill in self.fills if fill.corrects}
        return tuple(fill for fill in self.fills if fill.fill_ref not in replaced)

    @property
    def filled(self) -> int:
        """Return the units dealt."""
        return sum(fill.quantity for fill in self.live_fills)

    @property
    def remaining(self) -> int:
        """Return the units not dealt yet."""
        return self.terms.quantity - self.filled

    def settlement_of(self, fill_ref: str) -> Settlement | None:
        """Return the latest word on a fill's settlement."""
        found = [one for one in self.settlements if one.fill_ref == fill_ref]
        return found[-1] if found else None

    def is_settled(self, fill: Fill) -> bool:
        """Return whether a fill is in the book."""
        latest = self.settlement_of(fill.fill_ref)
        return latest is not None and latest.state is SettlementState.SETTLED

    @property
    def unsettled(self) -> tuple[Fill, ...]:
        """Return the fills that are dealt and not in the book."""
        return tuple(fill for fill in self.live_fills if not self.is_settled(fill))

    def average_price(self) -> Fraction | None:
        """Return the exact mean price of what was dealt, weighted by quantity; 300 at 80.00 and 100 at 81.00 give 80.25."""
        if not self.filled:
            return None
        return sum((Fraction(fill.price) * fill.quantity for fill in self.live_fills), Fraction(0)) / self.filled


def digest_of(document: Mapping[str, JsonValue]) -> tuple[str, str]:
    """Return the canonical RFC 8785 text of a proposal and its SHA-256, 64 hexadecimal digits: what an approval binds."""
    encoded = canonical_bytes(document)
    return encoded.decode(), hashlib.sha256(encoded).hexdigest()


def terms_of(document: Mapping[str, JsonValue]) -> OrderTerms:
    """Return the terms that a stored proposal spells: the inverse of ``OrderTerms.document``."""

    def text(name: str) -> str:
        value = document[name]
        assert isinstance(value, str), f"{name} is stored as text"
        return value

    def maybe(name: str) -> str | None:
        return None if document[name] is None else text(name)

    notice = document["notice"]
    counterparty, corrects = maybe("counterparty_id"), maybe("corrects")
    year, fee = maybe("compliance_year"), maybe("max_fee_minor")
    return OrderTerms(
        side=Side(text("side")),
        instrument=text("instrument"),
        method=TradeMethod(text("method")),
        quantity=int(text("quantity")),
        limit_price=parse_decimal(text("limit_price"), field="limit_price"),
        currency=text("currency"),
        trading_day=parse_day(text("trading_day"), field="trading_day"),
        counterparty_id=None if counterparty is None else UUID(counterparty),
        compliance_year=None if year is None else int(year),
        max_fee_minor=None if fee is None else int(fee),
        notice=_notice(notice) if isinstance(notice, Mapping) else None,
        corrects=None if corrects is None else UUID(corrects),
        note=text("note"),
    )


def state_of(order: OrderRecord, *, today: date) -> OrderState:
    """Return the state that the facts give on ``today``, the venue's day.

    An order goes out on its trading day only; what was dealt that day may be reported until ``reported_until``.
    """
    if order.step(StepKind.CORRECTED):
        return OrderState.CORRECTED
    if order.step(StepKind.REJECTED):
        return OrderState.REJECTED
    is_closed = bool(order.step(StepKind.CANCELLED) or order.step(StepKind.EXPIRED)) or today > order.reported_until
    if order.fills and (order.remaining == 0 or is_closed):
        return OrderState.FILLED if order.unsettled else OrderState.SETTLED
    if is_closed:
        return OrderState.CANCELLED if order.step(StepKind.CANCELLED) else OrderState.EXPIRED
    if order.fills:
        return OrderState.PARTLY_FILLED
    return _before_dealing(order)


def _before_dealing(order: OrderRecord) -> OrderState:
    if order.step(StepKind.PLACED):
        return OrderState.PLACED
    if len(order.approvers) >= order.approvals_needed:
        return OrderState.APPROVED
    return OrderState.PROPOSED if order.step(StepKind.PROPOSED) else OrderState.DRAFT


_ACTIONS: Mapping[OrderState, tuple[str, ...]] = {
    OrderState.DRAFT: ("propose", "cancel"),
    OrderState.PROPOSED: ("approve", "reject", "cancel", "correct"),
    OrderState.APPROVED: ("approve", "place", "cancel", "correct"),
    OrderState.PLACED: ("fill", "cancel"),
    OrderState.PARTLY_FILLED: ("fill", "settle", "cancel", "correct"),
    OrderState.FILLED: ("settle", "correct"),
    OrderState.SETTLED: ("correct",),
}


def next_actions(order: OrderRecord, *, today: date, actor_id: UUID) -> tuple[str, ...]:
    """Return what may be done next by ``actor_id``: its maker, and who approved already, approve nothing."""
    barred = set() if actor_id not in {order.maker_id, *order.approvers} else {"approve"}
    barred |= {"reject"} if actor_id == order.maker_id else set()
    if not order.unsettled:
        barred.add("settle")
    return tuple(action for action in _ACTIONS.get(state_of(order, today=today), ()) if action not in barred)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One term that a correction changes; numbers say by how much, exactly."""

    field: str
    before: str
    after: str
    change: str


def differences(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> tuple[Difference, ...]:
    """Return each term that differs, with the exact change of a number: quantity 100 to 80 changes by -20."""
    found = []
    for name in after:
        old, new = before.get(name), after[name]
        if name in _IDENTITY or old == new:
            continue
        change = ""
        if name in _NUMBERS and isinstance(old, str) and isinstance(new, str):
            change = f"{Decimal(new) - Decimal(old):f}"
        found.append(Difference(field=name, before=_shown(old), after=_shown(new), change=change))
    return tuple(found)


_IDENTITY = frozenset({"order_id", "corrects", "kind", "correction_id", "fill_ref"})
_NUMBERS = frozenset({"quantity", "limit_price", "max_fee_minor", "price", "fee_minor"})


def check_price(price: Decimal, name: str) -> None:
    """Refuse a price that is not finite, not above zero, or longer than 30 digits."""
    exponent = price.as_tuple().exponent
    if not price.is_finite() or price <= 0 or not isinstance(exponent, int):
        raise _refused(name, "a number above zero")
    if len(price.as_tuple().digits) + abs(exponent) > _MAX_PRICE_DIGITS:
        raise _refused(name, f"at most {_MAX_PRICE_DIGITS} digits")


def _shown(value: JsonValue) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(each)}" for name, each in sorted(value.items()))
    return "" if value is None else str(value)


def _notice(stored: Mapping[str, JsonValue]) -> AuctionNotice:
    ref, opens, closes = (stored[name] for name in ("notice_ref", "opens_at", "closes_at"))
    assert isinstance(ref, str), "a notice is stored as texts"
    assert isinstance(opens, str), "a notice is stored as texts"
    assert isinstance(closes, str), "a notice is stored as texts"
    return AuctionNotice(
        notice_ref=ref, opens_at=datetime.fromisoformat(opens), closes_at=datetime.fromisoformat(closes)
    )


def _check_text(text: str, name: str, *, is_needed: bool) -> None:
    if (is_needed and not text) or len(text) > _LONGEST or text != text.strip() or not (not text or text.isprintable()):
        raise _refused(name, f"up to {_LONGEST} printable characters without outer blanks")
    check_text(text, field=name)


def _refused(name: str, expected: str) -> Invalid:
    return _refused_as(name, name, expected)


def _refused_as(reason: str, name: str, expected: str) -> Invalid:
    return Invalid(f"order.{reason}", f"{name}: expected {expected}", field=name)
