"""Carbon-finance contracts of a book: worded, agreed by another person, opened, secured, settled, closed or enforced."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.contract_kinds import CARBON_CONTRACT, PLEDGED_CONTRACT
from api.auth.ledger_kinds import BOOK, NAMED_BENEFICIARY
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.routes.orders import desk_of
from api.schemas.amounts import WholeNumber
from api.schemas.carbon_contract_movements import ContractMovementsOut
from api.schemas.carbon_contract_terms import naming_terms
from api.schemas.carbon_contracts import (
    CapEffectOut,
    CapPositionOut,
    CarbonContractOut,
    CarbonContractsOut,
    ContractAmendmentIn,
    ContractIn,
    ContractReader,
    ContractValueOut,
    DayIn,
    DefaultIn,
    EndIn,
    MarginCallIn,
    MarginIn,
    PledgeReleaseIn,
)
from api.schemas.explain import ExplanationOut
from api.schemas.fields import RateString, UuidString
from api.schemas.lent_contracts import LentContractOut, LentContractsOut
from api.schemas.trading_steps import ApprovalIn, RejectionIn
from api.store import access
from api.store.access import OrganisationKind
from finance.conventions.day_counts import DayCount
from finance.operations import carbon_contract_steps as steps
from finance.operations import carbon_contract_worth as worth
from finance.operations import carbon_contracts as contracts
from finance.operations.carbon_contract_movements import moved_by
from finance.operations.carbon_contracts import Shown
from finance.operations.trading_desk import Desk
from finance.store import carbon_contracts as store
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.valuation import Discounting
from ledger.core.errors import Invalid
from ledger.store import books

routes = Routes(tag="carbon contracts")

_PAGE = 100
_PATH = "/carbon-contracts/{contract_id}"


@routes.post("/books/{book_id}/carbon-contracts", policy=asks(Scope.TRADING_WRITE))
def propose_contract(book_id: UuidString, body: ContractIn, call: ThisCall) -> CarbonContractOut:
    """Word a contract; nothing moves before another person agrees and it is opened."""
    desk = desk_of(call, call.load(BOOK, book_id))
    with naming_terms():
        terms = _named_lender(call, body.terms.to_core())
        return _out(call, contracts.propose_contract(desk, body.contract_id, terms))


@routes.get("/books/{book_id}/carbon-contracts", policy=asks(Scope.LEDGER_READ))
def list_contracts(
    book_id: UuidString,
    call: ThisCall,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 100 contracts.")] = _PAGE,
) -> CarbonContractsOut:
    """Return a page of a book's contracts by number, each as it stands today."""
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    found = store.list_contracts(call.session, book.book_id, book.book_uuid, after=after, limit=limit + 1)
    shown = contracts.show_all(desk_of(call, book), found[:limit])
    return CarbonContractsOut(
        contracts=_shown_to(call, shown),
        next_after=found[limit - 1].number if len(found) > limit else None,
    )


@routes.get("/carbon-contracts", policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.LENDER,)))
def list_lent_contracts(
    call: ThisCall,
    after: Annotated[UuidString | None, Query(description="next_after of the page before.")] = None,
    limit: Annotated[WholeNumber, Query(description="1 to 100 contracts.")] = _PAGE,
) -> LentContractsOut:
    """Return a page of the pledge loans on which the caller's organisation lends, by id, each as it stands today and as its lender has it.

    A loan is there once its borrower's house has agreed to its wording.
    """
    _check_limit(limit)
    found = store.list_lent_on(call.session, call.principal.organisation_id, after=after, limit=limit + 1)
    of_books: dict[int, list[UUID]] = {}
    for book_id, contract_id in found[:limit]:
        of_books.setdefault(book_id, []).append(contract_id)
    lent: dict[UUID, tuple[UUID, Shown]] = {}
    for book_id, ids in of_books.items():
        book = books.load(call.session, book_id)
        records = store.find_some(call.session, book_id, ids, book.book_uuid)
        lent |= {
            one.record.contract_id: (book.tenant_id, one) for one in contracts.show_all(desk_of(call, book), records)
        }
    names = access.legal_names(call.session, {borrower for borrower, _ in lent.values()})
    return LentContractsOut(
        contracts=tuple(
            LentContractOut.from_core(
                lent[contract_id][1],
                borrower_id=lent[contract_id][0],
                borrower_name=names.get(lent[contract_id][0], ""),
                actor_id=call.principal.user_id,
            )
            for _, contract_id in found[:limit]
        ),
        next_after=found[limit - 1][1] if len(found) > limit else None,
    )


@routes.get(_PATH, policy=asks(Scope.LEDGER_READ))
def read_contract(contract_id: UuidString, call: ThisCall) -> CarbonContractOut:
    """Return a contract as it stands today; the lender of a pledge loan sees it too."""
    book = call.load(PLEDGED_CONTRACT, contract_id).book
    return _out(call, contracts.show_contract(desk_of(call, book), contract_id), house_id=book.tenant_id)


@routes.get(f"{_PATH}/movements", policy=asks(Scope.LEDGER_READ))
def list_contract_movements(
    contract_id: UuidString,
    call: ThisCall,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 100 facts of the contract.")] = _PAGE,
) -> ContractMovementsOut:
    """Return the entries of the book that a contract's steps posted, leg by leg; for the book's own organisation."""
    desk = _desk(call, contract_id)
    _check_limit(limit)
    shown = contracts.show_contract(desk, contract_id)
    found = moved_by(desk, shown, after=after, limit=limit + 1)
    return ContractMovementsOut.from_core(
        contract_id,
        found[:limit],
        shown.holds,
        next_after=found[limit - 1].event.number if len(found) > limit else None,
    )


@routes.post(f"{_PATH}/approve", policy=asks(Scope.TRADING_APPROVE), status=200)
def approve_contract(contract_id: UuidString, body: ApprovalIn, call: ThisCall) -> CarbonContractOut:
    """Agree to the very wording that was read, as another person than its maker."""
    desk = _desk(call, contract_id)
    return _out(call, contracts.decide_contract(desk, contract_id, is_approved=True, sha256=body.sha256))


@routes.post(f"{_PATH}/reject", policy=asks(Scope.TRADING_APPROVE), status=200)
def reject_contract(contract_id: UuidString, body: RejectionIn, call: ThisCall) -> CarbonContractOut:
    """Reject the wording that waits, as another person than its maker, with a reason."""
    desk = _desk(call, contract_id)
    done = contracts.decide_contract(desk, contract_id, is_approved=False, sha256=body.sha256, reason=body.reason)
    return _out(call, done)


@routes.post(f"{_PATH}/amend", policy=asks(Scope.TRADING_WRITE))
def amend_contract(contract_id: UuidString, body: ContractAmendmentIn, call: ThisCall) -> CarbonContractOut:
    """Word a further version; the one in force holds until another person agrees."""
    desk = _desk(call, contract_id)
    with naming_terms():
        return _out(call, contracts.amend_contract(desk, contract_id, _named_lender(call, body.terms.to_core())))


@routes.post(f"{_PATH}/open", policy=asks(Scope.TRADING_WRITE), status=200)
def open_contract(contract_id: UuidString, body: DayIn, call: ThisCall) -> CarbonContractOut:
    """Move tonnes and money of an agreed contract and encumber what it says, all of it or nothing."""
    desk = _desk(call, contract_id)
    return _out(call, steps.open_contract(desk, contract_id, on=body.on))


@routes.post(f"{_PATH}/accrue", policy=asks(Scope.TRADING_WRITE), status=200)
def accrue_interest(contract_id: UuidString, body: DayIn, call: ThisCall) -> CarbonContractOut:
    """Book the interest or fee of the days before a day that is not booked yet."""
    desk = _desk(call, contract_id)
    return _out(call, steps.accrue_interest(desk, contract_id, on=body.on))


@routes.post(f"{_PATH}/call-margin", policy=asks(Scope.TRADING_WRITE), status=200)
def call_margin(contract_id: UuidString, body: MarginCallIn, call: ThisCall) -> CarbonContractOut:
    """Record that the loan-to-value passed its limit at a frozen snapshot, with the tonnes to add or the money to repay."""
    desk = _desk(call, contract_id)
    return _out(call, steps.call_margin(desk, contract_id, call.load(MARKET_SNAPSHOT, body.snapshot_id)))


@routes.post(f"{_PATH}/margin", policy=asks(Scope.TRADING_APPROVE), status=200)
def move_margin(contract_id: UuidString, body: MarginIn, call: ThisCall) -> CarbonContractOut:
    """Move margin in cash, pledge further tonnes or repay a part, as another person than the maker."""
    desk = _desk(call, contract_id)
    return _out(call, steps.move_margin(desk, contract_id, body.to_core()))


@routes.post(f"{_PATH}/release", policy=asks(Scope.TRADING_APPROVE), status=200)
def release_pledge(contract_id: UuidString, body: PledgeReleaseIn, call: ThisCall) -> CarbonContractOut:
    """Free pledged tonnes, in part or all: the lender's people, or an enforcing role under ledger:enforce."""
    place = call.load(PLEDGED_CONTRACT, contract_id)
    call.act_also_for(place.book.tenant_id)  # the lender posts into another's book
    desk = desk_of(call, place.book)
    released = steps.release_pledge(
        desk,
        contract_id,
        on=body.on,
        quantity_t=body.quantity(),
        doc_ref=body.doc_ref,
        may_enforce=Scope.LEDGER_ENFORCE in call.principal.scopes,
    )
    return _out(call, released, house_id=place.book.tenant_id)


@routes.post(f"{_PATH}/settle", policy=asks(Scope.TRADING_APPROVE), status=200)
def settle_contract(contract_id: UuidString, body: EndIn, call: ThisCall) -> CarbonContractOut:
    """Deliver, buy back, repay or return on or after the last day, as another person than the maker."""
    desk = _desk(call, contract_id)
    return _out(call, steps.settle_contract(desk, contract_id, body.to_core(), doc_ref=body.doc_ref))


@routes.post(f"{_PATH}/close", policy=asks(Scope.TRADING_APPROVE), status=200)
def close_contract(contract_id: UuidString, body: EndIn, call: ThisCall) -> CarbonContractOut:
    """End a contract before its last day by its own terms, or cancel one that was never opened."""
    desk = _desk(call, contract_id)
    return _out(call, steps.close_contract(desk, contract_id, body.to_core(), doc_ref=body.doc_ref))


@routes.post(f"{_PATH}/default", policy=asks(Scope.TRADING_APPROVE), status=200)
def default_contract(contract_id: UuidString, body: DefaultIn, call: ThisCall) -> CarbonContractOut:
    """Record a failure and set off claims at a stated price; a pledge is enforced under ledger:enforce only."""
    desk = _desk(call, contract_id)
    done = steps.default_contract(
        desk,
        contract_id,
        body.to_core(),
        doc_ref=body.doc_ref,
        may_enforce=Scope.LEDGER_ENFORCE in call.principal.scopes,
    )
    return _out(call, done)


@routes.get(f"{_PATH}/valuation", policy=asks(Scope.LEDGER_READ))
def read_contract_valuation(
    contract_id: UuidString,
    call: ThisCall,
    snapshot_id: UuidString,
    discount_rate: Annotated[RateString | None, Query(description="Of a forward; without it undiscounted.")] = None,
    day_count: Annotated[DayCount, Query(description="Of the discounting.")] = DayCount.ACT_365F,
) -> ContractValueOut:
    """Return what a contract is worth or secured by at a frozen snapshot, with its loan-to-value."""
    desk = _desk(call, contract_id)
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    by = None if discount_rate is None else Discounting(rate=Decimal(discount_rate), day_count=day_count)
    shown = contracts.show_contract(desk, contract_id)
    return ContractValueOut.from_core(worth.value_shown(desk, shown, snapshot, discounting=by))


@routes.get(f"{_PATH}/cap-effect", policy=asks(Scope.LEDGER_READ))
def read_cap_effect(
    contract_id: UuidString,
    call: ThisCall,
    year: Annotated[int, Query(ge=1990, le=2200, description="The duty's year.", examples=[2025])],
    due_t: Annotated[WholeNumber, Query(description="The duty in whole tonnes.")],
) -> CapEffectOut:
    """Return what a swap does to the tonnes usable against a duty: eligibility and the cap of credits, before and after."""
    desk = _desk(call, contract_id)
    shown = contracts.show_contract(desk, contract_id)
    before, after, told = worth.swap_cap_effect(desk, shown, year=year, due_t=due_t)
    return CapEffectOut(
        before=CapPositionOut.from_core(before),
        after=CapPositionOut.from_core(after),
        explanation=ExplanationOut.from_core(told),
    )


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")


def _desk(call: Call, contract_id: UUID) -> Desk:
    return desk_of(call, call.load(CARBON_CONTRACT, contract_id).book)


def _named_lender(call: Call, terms: ContractTerms) -> ContractTerms:
    """Return the terms whose lender, where there is one, is an organisation that could release."""
    if isinstance(terms, PledgeLoanTerms):
        call.load(NAMED_BENEFICIARY, terms.lender_organisation_id)
    return terms


def _out(call: Call, shown: Shown, *, house_id: UUID | None = None) -> CarbonContractOut:
    """Return a contract for the caller; ``house_id`` is the book's organisation where it need not be the caller's."""
    return _shown_to(call, (shown,), house_id=house_id)[0]


def _shown_to(call: Call, shown: Sequence[Shown], *, house_id: UUID | None = None) -> tuple[CarbonContractOut, ...]:
    mine, house = call.principal.organisation_id, house_id or call.principal.organisation_id
    colleagues = {each.user_id for each in access.list_users(call.session, mine)}
    lenders = {lender for one in shown if (lender := _lender(one)) is not None}
    names = access.legal_names(call.session, {house, *lenders})
    return tuple(
        CarbonContractOut.from_core(
            one,
            ContractReader(
                user_id=call.principal.user_id,
                colleagues=colleagues,
                is_beneficiary=_lender(one) == mine,
                may_enforce=Scope.LEDGER_ENFORCE in call.principal.scopes,
            ),
            house_id=house,
            names=names,
        )
        for one in shown
    )


def _lender(shown: Shown) -> UUID | None:
    terms = shown.record.in_force.terms
    return terms.lender_organisation_id if isinstance(terms, PledgeLoanTerms) else None
