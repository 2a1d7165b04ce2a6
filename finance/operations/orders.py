"""An order's way to the market: proposed, approved by others, placed with its means set aside, cancelled, replaced.

Joins the caller's transaction and commits nothing. Every decision is taken under the book's lock, so of two orders
that race for the last tonnes, cash or limit one wins.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from finance.accounting.chart import BANK, BOOK_CURRENCY, Chart
from finance.operations import trading_desk
from finance.operations.limit_notices import tell_limits_used
from finance.operations.order_checks import Checked, check_order, held_by, is_open, venue_today
from finance.operations.trading_desk import Desk, Proposed
from finance.operations.valuations import instruments_of
from finance.store import orders as order_store
from finance.store import trading_proposals
from finance.store.orders import ORDER
from finance.store.trading_proposals import Proposal
from finance.trading.checks import Stage
from finance.trading.means import max_fee_minor, needed_fen, value_fen
from finance.trading.orders import (
    Difference,
    OrderRecord,
    OrderState,
    OrderTerms,
    Side,
    StepKind,
    differences,
    state_of,
)
from finance.trading.settlement import needed_cash_fen, needed_units
from ledger import operations as ledger
from ledger.core.errors import Conflict, Forbidden
from ledger.core.holds import HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import SERVICE, Actor
from ledger.store import balances


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An order that took another's place, and exactly what differs."""

    order: OrderRecord
    differences: tuple[Difference, ...]


def check_only(desk: Desk, terms: OrderTerms, order_id: UUID) -> Checked:
    """Return every check of an order that is not proposed; stores nothing."""
    return check_order(desk, terms, order_id, stage=Stage.PROPOSE, tree_size=desk.book.tree_size)


def propose_order(desk: Desk, order_id: UUID, terms: OrderTerms, *, is_draft: bool = False) -> OrderRecord:
    """Record an order as its maker's draft, or propose it; a refused check refuses the proposal (``order.refused``).

    The same again changes nothing. A draft is checked when it is proposed.
    """
    tree_size = _begin(desk)
    _check_book(desk)
    if trading_proposals.is_id_taken(desk.session, desk.book.tenant_id, order_id):
        trading_desk.propose(desk, _proposed(desk, order_id, terms, None))
        return need_order(desk, order_id)
    checked = check_order(desk, terms, order_id, stage=Stage.PROPOSE, tree_size=tree_size)
    if not is_draft:
        checked.refuse_if_refused()
    trading_desk.propose(desk, replace(_proposed(desk, order_id, terms, checked), is_draft=is_draft))
    if not is_draft:
        tell_limits_used(desk, checked)
    return need_order(desk, order_id)


def propose_draft(desk: Desk, order_id: UUID) -> OrderRecord:
    """Propose a draft of one's own: it is checked as it stands now."""
    tree_size, order, proposal = _load(desk, order_id)
    _expect(desk, order, OrderState.DRAFT)
    if order.maker_id != desk.actor.user_id:
        raise Forbidden("order.not_yours", "order: expected its maker to propose a draft")
    checked = check_order(desk, order.terms, order_id, stage=Stage.PROPOSE, tree_size=tree_size)
    checked.refuse_if_refused()
    if checked.approvals_needed > order.approvals_needed:
        raise Conflict("order.second_checker", "order: it needs a second checker by now; propose it anew")
    trading_desk.take_step(desk, proposal, StepKind.PROPOSED, details=_valued(checked))
    tell_limits_used(desk, checked)
    return need_order(desk, order_id)


def approve_order(desk: Desk, order_id: UUID, *, sha256: str) -> OrderRecord:
    """Approve the very order that was read, as another person than its maker; its checks are asked again."""
    tree_size, order, proposal = _load(desk, order_id)
    _expect(desk, order, OrderState.PROPOSED, OrderState.APPROVED)
    check_order(desk, order.terms, order_id, stage=Stage.PROPOSE, tree_size=tree_size).refuse_if_refused()
    trading_desk.decide(desk, proposal, StepKind.APPROVED, sha256=sha256, reason="")
    return need_order(desk, order_id)


def reject_order(desk: Desk, order_id: UUID, *, sha256: str, reason: str) -> OrderRecord:
    """Reject an order as another person than its maker, with a reason."""
    trading_desk.check_reason(reason)
    _, order, proposal = _load(desk, order_id)
    _expect(desk, order, OrderState.PROPOSED, OrderState.APPROVED)
    trading_desk.decide(desk, proposal, StepKind.REJECTED, sha256=sha256, reason=reason)
    return need_order(desk, order_id)


def place_order(desk: Desk, order_id: UUID, *, in_office: Collection[UUID]) -> OrderRecord:
    """Send an approved order out: every check is asked once more, its tonnes or cash are set aside in the ledger.

    ``in_office`` are the persons who may approve now: an approval by somebody who no longer may does not count
    (``order.approver_out_of_office``). Where a check asks for a second checker, two approvals are needed.
    """
    tree_size, order, proposal = _load(desk, order_id)
    _expect(desk, order, OrderState.APPROVED)
    checked = check_order(desk, order.terms, order_id, stage=Stage.PLACE, tree_size=tree_size)
    checked.refuse_if_refused()
    counted = [person for person in order.approvers if person in in_office]
    needed = max(order.approvals_needed, checked.approvals_needed)
    if len(order.approvers) < needed:
        raise Conflict("order.second_approval_missing", "order: a second checker must approve it before it goes out")
    if len(counted) < needed:
        raise Conflict(
            "order.approver_out_of_office", "order: who approved it may not approve any more; ask somebody who may"
        )
    hold_id = _set_aside(desk, order, checked)
    rules = checked.question.rules
    details = {
        **_valued(checked),
        "max_fee_minor": str(max_fee_minor(checked.question)),
        "reported_until": (order.terms.trading_day + timedelta(days=rules.report_days)).isoformat(),
    }
    if hold_id is not None:
        details["hold_id"] = str(hold_id)
    trading_desk.take_step(desk, proposal, StepKind.PLACED, details=details, entry_id=hold_id)
    return need_order(desk, order_id)


def cancel_order(desk: Desk, order_id: UUID, *, reason: str) -> OrderRecord:
    """End what is not dealt of an order and release what was set aside for it; fills stay and settle."""
    trading_desk.check_reason(reason)
    _, order, proposal = _load(desk, order_id)
    _expect(
        desk,
        order,
        OrderState.DRAFT,
        OrderState.PROPOSED,
        OrderState.APPROVED,
        OrderState.PLACED,
        OrderState.PARTLY_FILLED,
    )
    trading_desk.take_step(desk, proposal, StepKind.CANCELLED, reason=reason)
    return trim(desk, order_id)


def replace_order(desk: Desk, order_id: UUID, new_id: UUID, terms: OrderTerms) -> Correction:
    """Put a corrected order in the place of one that did not go out yet; the new one needs its own approval."""
    _, order, proposal = _load(desk, order_id)
    _expect(desk, order, OrderState.PROPOSED, OrderState.APPROVED)
    corrected = replace(terms, corrects=order_id)
    before = order.terms.document(order_id, desk.book.book_uuid)
    after = corrected.document(new_id, desk.book.book_uuid)
    changed = differences(before, after)
    if not changed:
        raise Conflict("order.unchanged", "replacement: expected at least one term that differs")
    found = propose_order(desk, new_id, corrected)
    trading_desk.take_step(desk, proposal, StepKind.CORRECTED, details={"by": str(new_id)})
    return Correction(order=found, differences=changed)


def trim(desk: Desk, order_id: UUID) -> OrderRecord:
    """Release what an order's hold sets aside beyond what the order still needs, and return the order."""
    order = need_order(desk, order_id)
    placed = order.step(StepKind.PLACED)
    hold_id = None if placed is None else placed.details.get("hold_id")
    if hold_id is None:
        return order
    left = held_by(desk, (order,), desk.lock())
    may_deal = is_open(desk, order, instruments_of(desk.session, desk.book.book_id))
    needed = (needed_cash_fen if order.terms.side is Side.BUY else needed_units)(order, is_open=may_deal)
    if left > needed:
        _release(desk, order, UUID(hold_id), left - needed)
    return order


def need_order(desk: Desk, order_id: UUID) -> OrderRecord:
    """Return the book's order as it stands."""
    found = order_store.find_order(desk.session, desk.book.book_id, order_id, desk.book.book_uuid)
    assert found is not None, "an order that was loaded or saved is there"
    return found


def load_order(desk: Desk, order_id: UUID) -> OrderRecord:
    """Return the book's order under the book's lock."""
    return _load(desk, order_id)[1]


def release_hold(desk: Desk, order: OrderRecord, amount: int) -> None:
    """Let go of up to ``amount`` of what the order set aside."""
    placed = order.step(StepKind.PLACED)
    hold_id = None if placed is None else placed.details.get("hold_id")
    left = held_by(desk, (order,), desk.lock())
    if hold_id is not None and min(left, amount):
        _release(desk, order, UUID(hold_id), min(left, amount))


def _begin(desk: Desk) -> int:
    """Take the book and end the orders whose day is over; return the book's size after that."""
    desk.lock()
    held = instruments_of(desk.session, desk.book.book_id)
    for order in order_store.list_orders(desk.session, desk.book.book_id, desk.book.book_uuid):
        if not _is_ended(order) and venue_today(desk, order.terms, held) > order.reported_until:
            _expire(desk, order)
    return desk.lock()


def _is_ended(order: OrderRecord) -> bool:
    ends = (StepKind.REJECTED, StepKind.CANCELLED, StepKind.CORRECTED, StepKind.EXPIRED)
    return order.remaining == 0 or any(order.step(what) for what in ends)


def _expire(desk: Desk, order: OrderRecord) -> None:
    proposal = trading_desk.reload(desk, order.order_id, ORDER)
    clock = replace(desk, actor=Actor(user_id=SERVICE, organisation_id=desk.book.tenant_id))
    trading_desk.take_step(clock, proposal, StepKind.EXPIRED)
    trim(clock, order.order_id)


def _load(desk: Desk, order_id: UUID) -> tuple[int, OrderRecord, Proposal]:
    tree_size = _begin(desk)
    proposal = trading_desk.reload(desk, order_id, ORDER)
    return tree_size, order_store.order_of(desk.session, (proposal,))[0], proposal


def _expect(desk: Desk, order: OrderRecord, *states: OrderState) -> None:
    state = state_of(order, today=venue_today(desk, order.terms))
    if state not in states:
        raise Conflict(
            "order.state", f"order: expected one that is {' or '.join(states)}, this one is {state}", state=state.value
        )


def _check_book(desk: Desk) -> None:
    if desk.book.functional_currency != BOOK_CURRENCY:
        raise Conflict("trade.book_currency", f"book: expected a book kept in {BOOK_CURRENCY}")


def _proposed(desk: Desk, order_id: UUID, terms: OrderTerms, checked: Checked | None) -> Proposed:
    return Proposed(
        kind=ORDER,
        proposal_id=order_id,
        subject=terms.instrument,
        document=terms.document(order_id, desk.book.book_uuid),
        approvals_needed=1 if checked is None else checked.approvals_needed,
        details={} if checked is None else _valued(checked),
    )


def _valued(checked: Checked) -> dict[str, str]:
    """Return what the order is worth in CNY, and the fixing it was taken at."""
    asked = checked.question
    value = value_fen(asked)
    details = {"amount_fen": str(0 if value is None else value)}
    if asked.fixing is not None:
        details["fixing_cny_per_eur"] = f"{asked.fixing.value:f}"
        details["fixing_ref"] = f"{asked.fixing.source}, {asked.fixing.day}"[:200]
    return details


def _set_aside(desk: Desk, order: OrderRecord, checked: Checked) -> UUID | None:
    """Place the ledger hold of an order's tonnes or cash; a purchase paid from the day's sales holds what the bank has."""
    asked = checked.question
    if order.terms.side is Side.SELL:
        account, amount = Chart().accounts_of(order.terms.instrument).holding, order.terms.quantity
    else:
        needed = needed_fen(asked)
        assert needed is not None, "a placed order's cost is known"
        account = BANK
        bank = balances.balance_now(desk.session, desk.book.book_id, BANK, now=desk.now)
        amount = min(needed, max(bank.available, 0))
    if not amount:
        return None
    hold_id = desk.new_id()
    until = order.terms.trading_day + timedelta(days=asked.rules.hold_days)
    draft = JournalDraft(
        entry_id=hold_id,
        kind=EntryKind.HOLD,
        effective_on=asked.local_now.date(),
        actor=desk.actor,
        attrs={"order_id": str(order.order_id), "order_sha256": order.sha256},
        hold=HoldPlacement(
            account=account,
            kind=HoldKind.HOLD,
            amount=amount,
            agreement_ref=f"order {order.order_id}",
            expires_at=datetime.combine(until, time(), UTC),
        ),
    )
    ledger.post_entry(desk.session, desk.book.book_id, draft, now=desk.now, random_bytes=desk.random_bytes)
    return hold_id


def _release(desk: Desk, order: OrderRecord, hold_id: UUID, amount: int) -> None:
    draft = JournalDraft(
        entry_id=desk.new_id(),
        kind=EntryKind.RELEASE,
        effective_on=venue_today(desk, order.terms),
        actor=desk.actor,
        hold=HoldRelease(hold_id=hold_id, amount=amount),
    )
    ledger.post_entry(desk.session, desk.book.book_id, draft, now=desk.now, random_bytes=desk.random_bytes)
