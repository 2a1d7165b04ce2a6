"""The steps of an agreed contract: opened, accrued, secured, released, settled, closed or enforced.

Joins the caller's transaction and commits nothing. Every step locks the book, asks the contract's own rule what it does,
posts that as one linked group and records the dated fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from finance.market.snapshots import Snapshot
from finance.operations import carbon_contract_checks as checks
from finance.operations.carbon_contract_entries import open_accounts, post_plan
from finance.operations.carbon_contract_worth import value_shown
from finance.operations.carbon_contracts import Shown, load_contract, show_contract, state_refused
from finance.operations.trading_desk import Desk
from finance.store import carbon_contracts as store
from finance.trading.contracts import kinds, life, pledge_loan
from finance.trading.contracts.effects import LetGo, MoneyKind, Plan, paid
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.life import ContractRecord, ContractState, Event, EventKind
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.standing import Said, Standing
from finance.trading.contracts.terms import ContractKind, Lots, check_fen, refused, refused_as
from ledger.core.errors import Conflict, Forbidden

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginMove:
    """Exactly one of: cash margin given or taken (back where negative), tonnes added to a pledge, money repaid on a loan."""

    on: date
    doc_ref: str
    given_fen: int = 0
    taken_fen: int = 0
    add_t: int = 0
    lots: Lots = ()
    repay_fen: int = 0


def open_contract(desk: Desk, contract_id: UUID, *, on: date) -> Shown:
    """Move what the opening moves, after every check; of two contracts that want the same tonnes the later one is refused."""
    shown = _expect(load_contract(desk, contract_id), ContractState.AGREED)
    terms = shown.record.in_force.terms
    if on < kinds.first_day(terms):
        raise Conflict(
            "contract.not_started", f"on: expected {kinds.first_day(terms)} or later, the first day of the terms"
        )
    if on > kinds.last_day(terms):
        raise Conflict("contract.terms_over", f"on: the terms ended on {kinds.last_day(terms)}; amend them or cancel")
    checks.check_day(desk, on)
    plan = kinds.open_plan(terms, hold_days=checks.hold_days(on))
    checks.check_opening(desk, shown.record, plan, on=on)
    open_accounts(desk, kinds.instruments_of(terms))
    return _step(desk, shown.record, EventKind.OPENED, plan, on=on)


def accrue_interest(desk: Desk, contract_id: UUID, *, on: date) -> Shown:
    """Book the interest or fee of the days before ``on`` that is not booked yet, dated that day."""
    shown = _expect(load_contract(desk, contract_id), *life.RUNNING)
    record, standing = shown.record, _standing(shown)
    checks.check_not_before(on, standing, today=shown.today)
    plan = kinds.accrue_plan(record.in_force.terms, standing, until=on)
    return _step(desk, record, EventKind.ACCRUED, plan, on=on, refs={"accrued_to": on.isoformat()})


def call_margin(desk: Desk, contract_id: UUID, snapshot: Snapshot) -> Shown:
    """Record that the loan-to-value at a frozen snapshot passed its limit, with tonnes to add or money to repay; dated its day."""
    shown = _expect(load_contract(desk, contract_id), *life.RUNNING)
    record, standing, terms = shown.record, _standing(shown), shown.record.in_force.terms
    if not isinstance(terms, PledgeLoanTerms):
        raise Conflict("contract.no_margin_call", "contract: only a pledge loan has a loan-to-value")
    checks.check_not_before(snapshot.as_of, standing, today=shown.today)
    found = value_shown(desk, shown, snapshot).loan_to_value
    if found is None:
        raise Conflict("contract.unvalued", "snapshot: it has no usable mark in CNY/t for the pledged tonnes")
    if not found.is_passed:
        raise Conflict(
            "contract.margin_kept", f"contract: the loan-to-value is within {terms.ltv_call:f}; nothing to call"
        )
    figures = {"call_add_t": found.add_t, "call_repay_fen": found.repay_fen}
    refs = {"snapshot_id": snapshot.id, "snapshot_sha256": snapshot.sha256}
    plan = Plan(effects=(), figures=figures)
    return _step(desk, record, EventKind.MARGIN_CALLED, plan, on=snapshot.as_of, refs=refs)


def move_margin(desk: Desk, contract_id: UUID, move: MarginMove) -> Shown:
    """Move margin in cash, pledge further tonnes or repay a part, as another person than the maker, with its paper."""
    shown = _expect(_second_person(desk, load_contract(desk, contract_id)), *life.RUNNING)
    record, standing, terms = shown.record, _standing(shown), shown.record.in_force.terms
    checks.check_day(desk, move.on)
    checks.check_not_before(move.on, standing, today=shown.today)
    plan, what = _margin_plan(terms, standing, move)
    refs = {"accrued_to": move.on.isoformat()} if what is EventKind.REPAID else {}
    return _step(desk, record, what, plan, on=move.on, doc_ref=_paper(move.doc_ref), refs=refs)


def release_pledge(
    desk: Desk, contract_id: UUID, *, on: date, quantity_t: int | None, doc_ref: str, may_enforce: bool
) -> Shown:
    """Free pledged tonnes, in part or all: only by the lender's people or by an enforcing role."""
    shown = _expect(load_contract(desk, contract_id), *life.RUNNING, ContractState.REPAID)
    terms = shown.record.in_force.terms
    if not isinstance(terms, PledgeLoanTerms):
        raise Conflict("contract.no_pledge", "contract: nothing is pledged under it; settle it instead")
    is_lender = desk.actor.organisation_id == terms.lender_organisation_id
    if not is_lender and not may_enforce:
        raise Forbidden("contract.release_not_yours", "only the lender's people or an enforcing role release a pledge")
    if not is_lender:
        _second_person(desk, shown)
    checks.check_not_before(on, _standing(shown), today=shown.today)
    freed = shown.encumbered_t if quantity_t is None else quantity_t
    if not 1 <= freed <= shown.encumbered_t:
        raise Conflict("contract.release", f"quantity_t: expected 1 to {shown.encumbered_t}, what is still pledged")
    plan = Plan(effects=(LetGo(quantity_t=freed),), figures={"encumbered_t": -freed})
    return _step(
        desk, shown.record, EventKind.RELEASED, plan, on=on, doc_ref=_paper(doc_ref), is_enforced=not is_lender
    )


def settle_contract(desk: Desk, contract_id: UUID, said: Said, *, doc_ref: str) -> Shown:
    """Settle on or after the last day: deliver, buy back, repay or return, as another person than the maker."""
    shown = _expect(_second_person(desk, load_contract(desk, contract_id)), *life.RUNNING)
    terms = shown.record.in_force.terms
    if said.on < kinds.last_day(terms):
        raise Conflict("contract.not_due", f"on: expected {kinds.last_day(terms)} or later; to end it before, close it")
    return _end(desk, shown, EventKind.SETTLED, said, doc_ref)


def close_contract(desk: Desk, contract_id: UUID, said: Said, *, doc_ref: str) -> Shown:
    """End a contract before its last day by its own terms, or cancel one that was never opened; by another than its maker."""
    shown = _expect(_second_person(desk, load_contract(desk, contract_id)), ContractState.AGREED, *life.RUNNING)
    if shown.state is ContractState.AGREED:
        if said.on != shown.today:
            raise Conflict("contract.cancel_day", f"on: expected today, {shown.today}, to cancel what was not opened")
        return _step(desk, shown.record, EventKind.CANCELLED, Plan(effects=()), on=said.on, doc_ref=_paper(doc_ref))
    if said.on >= kinds.last_day(shown.record.in_force.terms):
        raise Conflict("contract.due", "on: its last day has come; settle it instead")
    return _end(desk, shown, EventKind.CLOSED_EARLY, said, doc_ref)


def default_contract(desk: Desk, contract_id: UUID, said: Said, *, doc_ref: str, may_enforce: bool) -> Shown:
    """Record a failure and set off at the stated price, as another person than the maker; a pledge by an enforcing role only."""
    shown = _expect(_second_person(desk, load_contract(desk, contract_id)), *life.RUNNING)
    record, standing = shown.record, _standing(shown)
    if record.kind is ContractKind.PLEDGE_LOAN and not may_enforce:
        raise Forbidden("contract.enforcement", "a pledge is enforced by an enforcing role (ledger:enforce) only")
    checks.check_day(desk, said.on)
    checks.check_not_before(said.on, standing, today=shown.today)
    plan = kinds.default_plan(record.in_force.terms, standing, said, pledged_t=shown.encumbered_t)
    refs = {"defaulted_by": said.defaulted_by.value, **_price(said.price_cny_per_t)}
    return _step(
        desk, record, EventKind.DEFAULTED, plan, on=said.on, doc_ref=_paper(doc_ref), refs=refs, is_enforced=True
    )


def _margin_plan(terms: ContractTerms, standing: Standing, move: MarginMove) -> tuple[Plan, EventKind]:
    asked = [name for name in ("given_fen", "taken_fen", "add_t", "repay_fen") if getattr(move, name)]
    if len(asked) != 1:
        raise refused_as(
            "margin_one", "margin", "exactly one of margin given, margin taken, tonnes added and money repaid"
        )
    if move.add_t or move.repay_fen:
        if not isinstance(terms, PledgeLoanTerms):
            raise refused_as(
                "margin_in_cash", "margin", "margin in cash: tonnes are added to and money repaid on a pledge loan only"
            )
        if move.add_t:
            return pledge_loan.added(terms, move.add_t, move.lots), EventKind.MARGIN_MOVED
        return pledge_loan.repaid(terms, standing, move.repay_fen, on=move.on), EventKind.REPAID
    if isinstance(terms, PledgeLoanTerms):
        raise refused_as(
            "margin_in_tonnes", "margin", "tonnes added or money repaid: a pledge loan has no margin in cash"
        )
    is_given = bool(move.given_fen)
    amount = move.given_fen or move.taken_fen
    check_fen("margin", abs(amount), least=1)
    there = standing.margin_given_fen if is_given else standing.margin_taken_fen
    if there + amount < 0:
        raise Conflict("contract.margin_exceeded", "margin: expected at most what was given or taken to go back")
    out, back = (
        (MoneyKind.MARGIN_GIVEN, MoneyKind.MARGIN_GIVEN_BACK)
        if is_given
        else (MoneyKind.MARGIN_TAKEN, MoneyKind.MARGIN_TAKEN_BACK)
    )
    figure = "margin_given_fen" if is_given else "margin_taken_fen"
    plan = Plan(effects=paid(out if amount > 0 else back, abs(amount)), figures={figure: amount})
    return plan, EventKind.MARGIN_MOVED


def _end(desk: Desk, shown: Shown, what: EventKind, said: Said, doc_ref: str) -> Shown:
    standing = _standing(shown)
    checks.check_day(desk, said.on)
    checks.check_not_before(said.on, standing, today=shown.today)
    plan = kinds.settle_plan(shown.record.in_force.terms, standing, said)
    refs = {**_price(said.price_cny_per_t), **({"yield_fen": str(said.yield_fen)} if said.yield_fen else {})}
    return _step(
        desk,
        shown.record,
        what,
        plan,
        on=said.on,
        doc_ref=_paper(doc_ref),
        refs=refs,
        is_enforced=shown.record.kind is not ContractKind.PLEDGE_LOAN,
    )


def _step(
    desk: Desk,
    record: ContractRecord,
    what: EventKind,
    plan: Plan,
    *,
    on: date,
    doc_ref: str = "",
    refs: Mapping[str, str] | None = None,
    is_enforced: bool = False,
) -> Shown:
    """Post the group, record the fact, return the contract as it then stands."""
    posted = post_plan(desk, record, plan, step=what.value, on=on, is_enforced=is_enforced)
    event = Event(
        number=len(record.events) + 1,
        what=what,
        version=record.in_force.version,
        happened_on=on,
        actor_id=desk.actor.user_id,
        doc_ref=doc_ref,
        link=posted.link,
        recorded_at=desk.now,
        figures={name: change for name, change in plan.figures.items() if change},
        refs={**(refs or {}), **posted.refs},
    )
    store.save_event(desk.session, record, event, posted.entry_id)
    return show_contract(desk, record.contract_id)


def _standing(shown: Shown) -> Standing:
    standing = shown.record.standing()
    assert standing is not None, "a running contract was opened"
    return standing


def _second_person(desk: Desk, shown: Shown) -> Shown:
    if desk.actor.user_id == shown.record.in_force.maker_id:
        raise Forbidden("contract.same_person", "expected another person than the maker of the terms; ask a colleague")
    return shown


def _expect(shown: Shown, *states: ContractState) -> Shown:
    if shown.state not in states:
        raise state_refused(shown, f"that is {' or '.join(sorted(states))}")
    return shown


def _paper(doc_ref: str) -> str:
    if not 1 <= len(doc_ref) <= _LONGEST or doc_ref != doc_ref.strip() or not doc_ref.isprintable():
        raise refused("doc_ref", "the paper that the step rests on, 1 to 200 printable characters")
    return doc_ref


def _price(price: Decimal | None) -> dict[str, str]:
    return {} if price is None else {"price_cny_per_t": f"{price:f}"}
