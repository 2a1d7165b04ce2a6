"""What was dealt of an order and how it settles: fills, the one booking path, failures, and corrections by two persons.

Joins the caller's transaction and commits nothing. Tonnes and money move on settlement, through ``book_trades`` and
nothing else; a wrong booking is reversed and booked anew, both linked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.accounting.trades import Trade, TradeKind
from finance.attestations.canonical import JsonValue
from finance.operations import trading_desk
from finance.operations.order_checks import calendar_on, fixing_on, held_by, rules_of
from finance.operations.orders import load_order, need_order, release_hold, trim
from finance.operations.trades import TradeTerms, book_trades
from finance.operations.trading_desk import Desk, Proposed
from finance.store import counterparties, reference, trading_proposals
from finance.store import orders as order_store
from finance.store.orders import CORRECTION
from finance.store.trading_proposals import Proposal
from finance.trading.fees import fee_rate
from finance.trading.orders import (
    Difference,
    Fill,
    OrderRecord,
    Settlement,
    SettlementState,
    Side,
    StepKind,
    differences,
)
from finance.trading.rules import MarketRules
from finance.trading.settlement import earliest_settlement, fee_fen, remaining_fee_minor
from ledger import operations as ledger
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What a venue or counterparty confirms; without ``fee_minor`` the fee is by the rates on file."""

    fill_ref: str
    quantity: int
    price: Decimal
    dealt_at: datetime
    fee_minor: int | None = None
    fee_doc_ref: str = ""
    vat_code: str = ""
    doc_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillCorrection:
    """What a fill should have said; the day and hour of the deal stay."""

    fill_ref: str
    new_fill_ref: str
    quantity: int
    price: Decimal
    fee_minor: int
    fee_doc_ref: str
    vat_code: str
    doc_ref: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedCorrection:
    """A correction as proposed, with exactly what differs; ``is_applied`` once another person approved it."""

    proposal: Proposal
    differences: tuple[Difference, ...]
    is_applied: bool


def record_fill(desk: Desk, order_id: UUID, deal: Deal) -> OrderRecord:
    """Record what was dealt of a placed order; the same again changes nothing.

    Refused: more than what is left, a price worse than the limit or off the tick, another day than the order's, before it
    was placed or after now, fees beyond the order's bound.
    """
    order = load_order(desk, order_id)
    rules = rules_of(desk, order.terms)
    dealt_on = deal.dealt_at.astimezone(ZoneInfo(rules.zone)).date()
    fill = _fill(desk, order, rules, deal, dealt_on)
    standing = next((one for one in order.fills if one.fill_ref == fill.fill_ref), None)
    if standing is not None:
        if standing != fill:
            raise Conflict("order.fill_stands", "fill_ref: it stands with other content; correct that one")
        return order
    placed = order.step(StepKind.PLACED)
    ended = order.step(StepKind.CANCELLED) or order.step(StepKind.EXPIRED)
    if placed is None or ended is not None:
        raise Conflict("order.not_placed", "order: expected one that is placed and neither cancelled nor expired")
    if dealt_on != order.terms.trading_day or not placed.recorded_at <= deal.dealt_at <= desk.now:
        raise Conflict(
            "order.dealt_at",
            "dealt_at: expected an instant of the trading day, from the placing up to now",
            field="dealt_at",
        )
    _check_deal(order, rules, fill)
    order_store.save_fill(desk.session, order, fill, by=desk.actor.user_id, at=desk.now)
    return trim(desk, order_id)


def settle_fill(
    desk: Desk, order_id: UUID, fill_ref: str, *, settled_on: date, state: SettlementState, reason: str = ""
) -> OrderRecord:
    """Book a fill, or say that its settlement failed; a failed one may settle later. The same again changes nothing.

    The entry is dated ``settled_on``, from the rule's first day (T+1) up to today at the venue, and captures what the order
    set aside.
    """
    order = load_order(desk, order_id)
    fill = _need_fill(order, fill_ref)
    latest = order.settlement_of(fill_ref)
    if latest is not None and (latest.state, latest.settled_on, latest.reason) == (state, settled_on, reason):
        return order
    if latest is not None and latest.state is SettlementState.SETTLED:
        raise Conflict("order.settled", "fill_ref: it is settled; correct it instead")
    _check_day(desk, order, fill, settled_on)
    if state is SettlementState.FAILED:
        trading_desk.check_reason(reason)
        _save(desk, order, fill_ref, settled_on, reason=reason)
        return need_order(desk, order_id)
    _book(desk, order, fill, settled_on, reversed_entry_id=None)
    return trim(desk, order_id)


def propose_correction(
    desk: Desk, order_id: UUID, correction_id: UUID, correction: FillCorrection
) -> ProposedCorrection:
    """Propose what a fill should have said; nothing changes until another person approves it."""
    order = load_order(desk, order_id)
    old = _need_fill(order, correction.fill_ref)
    document = _correction_document(order, correction_id, correction)
    if not trading_proposals.is_id_taken(desk.session, desk.book.tenant_id, correction_id):
        _corrected(order, old, correction)
        if not _changed(old, document):
            raise Conflict("order.fill_unchanged", "fill: expected at least one fact that differs")
    proposal = trading_desk.propose(
        desk,
        Proposed(kind=CORRECTION, proposal_id=correction_id, subject=str(order_id), document=document),
    )
    return _shown(proposal, old)


def approve_correction(
    desk: Desk, order_id: UUID, correction_id: UUID, *, sha256: str
) -> tuple[OrderRecord, ProposedCorrection]:
    """Correct a fill as another person than who proposed it: a booked one is reversed and booked anew, both linked."""
    order = load_order(desk, order_id)
    proposal = trading_desk.reload(desk, correction_id, CORRECTION)
    if proposal.subject != str(order_id):
        raise NotFound("correction.not_found", "the correction does not exist, or not for you")
    correction = _correction_of(proposal.document)
    if proposal.steps[-1].what is StepKind.APPROVED:
        raise Conflict("trading.done_before", "correction: it is approved and done already")
    old = _need_fill(order, correction.fill_ref)
    new = _corrected(order, old, correction)
    proposal = trading_desk.decide(desk, proposal, StepKind.APPROVED, sha256=sha256, reason="")
    latest = order.settlement_of(old.fill_ref)
    order_store.save_fill(desk.session, order, new, by=desk.actor.user_id, at=desk.now, correction_id=correction_id)
    if latest is not None and latest.state is SettlementState.SETTLED and latest.entry_id is not None:
        today = _venue_now(desk, order).date()
        reversal_id = desk.new_id()
        ledger.reverse_entry(
            desk.session,
            desk.book.book_id,
            entry_id=reversal_id,
            reverses=latest.entry_id,
            effective_on=today,
            actor=desk.actor,
            now=desk.now,
            random_bytes=desk.random_bytes,
        )
        _book(desk, need_order(desk, order_id), new, today, reversed_entry_id=reversal_id)
    return trim(desk, order_id), _shown(proposal, old)


def list_corrections(desk: Desk, order_id: UUID) -> tuple[Proposal, ...]:
    """Return the corrections proposed for an order, by number."""
    return trading_proposals.list_of_kind(
        desk.session,
        desk.book.book_id,
        CORRECTION,
        desk.book.book_uuid,
        subject=str(order_id),
    )


def _fill(desk: Desk, order: OrderRecord, rules: MarketRules, deal: Deal, dealt_on: date) -> Fill:
    fee = deal.fee_minor
    if fee is None:
        rate = fee_rate(reference.shipped_fee_rates(), rules.family, order.terms.method, on=order.terms.trading_day)
        if rate is None:
            raise Invalid("order.fee_unknown", "fee: no rate is on file; give the fee with fee_doc_ref", field="fee")
        fee = rate.fee_minor(Fraction(deal.price) * deal.quantity)
    elif not deal.fee_doc_ref:
        raise Invalid("order.fee_doc_ref", "fee_doc_ref: expected the paper that a typed fee comes from")
    fixing = None
    if order.terms.currency != "CNY":
        fixing = fixing_on(desk, dealt_on)
        if fixing is None:
            raise Conflict("order.fixing", "fixing: no EUR_CNY fixing is known for the day; take it in first")
    return Fill(
        fill_ref=deal.fill_ref,
        quantity=deal.quantity,
        price=deal.price,
        fee_minor=fee,
        fee_doc_ref=deal.fee_doc_ref,
        vat_code=deal.vat_code,
        dealt_at=deal.dealt_at,
        dealt_on=dealt_on,
        doc_ref=deal.doc_ref,
        fixing_cny_per_eur=None if fixing is None else fixing.value,
        fixing_ref="" if fixing is None else f"{fixing.source}, {fixing.day}"[:200],
    )


def _check_deal(order: OrderRecord, rules: MarketRules, fill: Fill) -> None:
    terms = order.terms
    if fill.quantity > order.remaining:
        raise Conflict("order.overfilled", f"quantity: expected at most {order.remaining}, the rest of the order")
    is_worse = fill.price > terms.limit_price if terms.side is Side.BUY else fill.price < terms.limit_price
    if is_worse:
        raise Conflict("order.fill_price", f"price: expected {terms.limit_price:f} or better, as approved")
    if (Fraction(fill.price) / rules.tick).denominator != 1:
        raise Invalid("order.tick", "price: expected a price on the tick")
    if fill.fee_minor > remaining_fee_minor(order) and terms.side is Side.BUY:
        raise Conflict("order.fee_exceeds", "fee: beyond the bound that was approved; correct the order")


def _check_day(desk: Desk, order: OrderRecord, fill: Fill, settled_on: date) -> None:
    rules = rules_of(desk, order.terms)
    calendar = calendar_on(desk, rules.calendar)
    first = earliest_settlement(calendar, fill.dealt_on, rules.settlement_days)
    last = _venue_now(desk, order).date()
    if not first <= settled_on <= last or not calendar.is_open(settled_on):
        raise Conflict(
            "order.settled_on", f"settled_on: expected a trading day from {first} (T+{rules.settlement_days}) to {last}"
        )


def _book(desk: Desk, order: OrderRecord, fill: Fill, settled_on: date, *, reversed_entry_id: UUID | None) -> None:
    """Book a fill as a trade that takes its tonnes or money from the order's hold, where the hold covers it whole."""
    trade = _trade(desk, order, fill, settled_on)
    amount = fill.quantity if order.terms.side is Side.SELL else trade.cost_fen()
    placed = order.step(StepKind.PLACED)
    hold = None if placed is None else placed.details.get("hold_id")
    captures: dict[str, UUID] = {}
    if hold is not None and held_by(desk, (order,), desk.lock()) >= amount:
        captures[trade.trade_ref] = UUID(hold)
    else:
        release_hold(desk, order, amount)
    booking = book_trades(
        desk.session,
        desk.book.book_id,
        (trade,),
        actor=desk.actor,
        now=desk.now,
        new_id=desk.new_id,
        random_bytes=desk.random_bytes,
        terms=TradeTerms(captures=captures),
    )
    if not booking.booked:
        raise Conflict("order.trade_ref", f"fill_ref: the trade {trade.trade_ref} is booked already")
    _save(
        desk,
        order,
        fill.fill_ref,
        settled_on,
        trade_ref=trade.trade_ref,
        entry_id=booking.booked[0].entry_id,
        reversed_entry_id=reversed_entry_id,
    )


def _trade(desk: Desk, order: OrderRecord, fill: Fill, settled_on: date) -> Trade:
    terms = order.terms
    is_euro = terms.currency == "EUR"
    named = None
    if terms.counterparty_id is not None:
        named = counterparties.find_counterparty(
            desk.session, desk.book.book_id, terms.counterparty_id, desk.book.book_uuid
        )
    return Trade(
        trade_ref=f"order/{order.order_id}/{fill.fill_ref}",
        kind=TradeKind.PURCHASE if terms.side is Side.BUY else TradeKind.SALE,
        traded_on=fill.dealt_on,
        instrument=terms.instrument,
        quantity_t=fill.quantity,
        price_cny_per_t=None if is_euro else fill.price,
        fee_fen=fee_fen(fill, terms.currency),
        counterparty="" if named is None else named.terms.legal_name,
        venue=rules_of(desk, terms).venue,
        doc_ref=fill.doc_ref or fill.fee_doc_ref,
        origin=f"order {order.number}",
        price_eur_per_t=fill.price if is_euro else None,
        fixing_cny_per_eur=fill.fixing_cny_per_eur if is_euro else None,
        fixing_ref=fill.fixing_ref if is_euro else "",
        vat_code=fill.vat_code,
        settled_on=settled_on,
        order_id=order.order_id,
        order_sha256=order.sha256,
    )


def _save(
    desk: Desk,
    order: OrderRecord,
    fill_ref: str,
    settled_on: date,
    *,
    reason: str = "",
    trade_ref: str = "",
    entry_id: UUID | None = None,
    reversed_entry_id: UUID | None = None,
) -> None:
    state = SettlementState.FAILED if entry_id is None else SettlementState.SETTLED
    order_store.save_settlement(
        desk.session,
        order,
        Settlement(
            fill_ref=fill_ref,
            state=state,
            settled_on=settled_on,
            reason=reason,
            trade_ref=trade_ref,
            entry_id=entry_id,
            reversed_entry_id=reversed_entry_id,
            recorded_at=desk.now,
            actor_id=desk.actor.user_id,
        ),
    )


def _need_fill(order: OrderRecord, fill_ref: str) -> Fill:
    found = next((fill for fill in order.live_fills if fill.fill_ref == fill_ref), None)
    if found is None:
        raise NotFound("fill.not_found", "fill_ref: the order has no fill of that reference that still holds")
    return found


def _venue_now(desk: Desk, order: OrderRecord) -> datetime:
    return desk.now.astimezone(ZoneInfo(rules_of(desk, order.terms).zone))


def _corrected(order: OrderRecord, old: Fill, correction: FillCorrection) -> Fill:
    """Return the fill as it should have been; it stays within the order's quantity and has a reference of its own."""
    trading_desk.check_reason(correction.reason)
    if any(fill.fill_ref == correction.new_fill_ref for fill in order.fills):
        raise Conflict("order.fill_ref_taken", "new_fill_ref: expected a reference that no fill of the order has")
    if correction.quantity > order.remaining + old.quantity:
        raise Conflict("order.overfilled", f"quantity: expected at most {order.remaining + old.quantity}")
    if correction.fee_minor and not correction.fee_doc_ref and correction.fee_minor != old.fee_minor:
        raise Invalid("order.fee_doc_ref", "fee_doc_ref: expected the paper that a typed fee comes from")
    return replace(
        old,
        fill_ref=correction.new_fill_ref,
        quantity=correction.quantity,
        price=correction.price,
        fee_minor=correction.fee_minor,
        fee_doc_ref=correction.fee_doc_ref,
        vat_code=correction.vat_code,
        doc_ref=correction.doc_ref,
        corrects=old.fill_ref,
    )


def _fill_document(fill: Fill) -> Mapping[str, JsonValue]:
    return {
        "quantity": str(fill.quantity),
        "price": f"{fill.price:f}",
        "fee_minor": str(fill.fee_minor),
        "fee_doc_ref": fill.fee_doc_ref,
        "vat_code": fill.vat_code,
        "doc_ref": fill.doc_ref,
    }


def _correction_document(
    order: OrderRecord, correction_id: UUID, correction: FillCorrection
) -> Mapping[str, JsonValue]:
    return {
        "kind": CORRECTION,
        "correction_id": str(correction_id),
        "order_id": str(order.order_id),
        "fill_ref": correction.fill_ref,
        "new_fill_ref": correction.new_fill_ref,
        "quantity": str(correction.quantity),
        "price": f"{correction.price:f}",
        "fee_minor": str(correction.fee_minor),
        "fee_doc_ref": correction.fee_doc_ref,
        "vat_code": correction.vat_code,
        "doc_ref": correction.doc_ref,
        "reason": correction.reason,
    }


def _correction_of(document: Mapping[str, JsonValue]) -> FillCorrection:
    def text(name: str) -> str:
        value = document[name]
        assert isinstance(value, str), f"{name} is stored as text"
        return value

    return FillCorrection(
        fill_ref=text("fill_ref"),
        new_fill_ref=text("new_fill_ref"),
        quantity=int(text("quantity")),
        price=parse_decimal(text("price"), field="price"),
        fee_minor=int(text("fee_minor")),
        fee_doc_ref=text("fee_doc_ref"),
        vat_code=text("vat_code"),
        doc_ref=text("doc_ref"),
        reason=text("reason"),
    )


def _shown(proposal: Proposal, old: Fill) -> ProposedCorrection:
    return ProposedCorrection(
        proposal=proposal,
        differences=_changed(old, proposal.document),
        is_applied=proposal.steps[-1].what is StepKind.APPROVED,
    )


def _changed(old: Fill, document: Mapping[str, JsonValue]) -> tuple[Difference, ...]:
    before = _fill_document(old)
    return differences(before, {name: document[name] for name in before})
