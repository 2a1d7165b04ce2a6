"""Holds and encumbrances: set aside, capture, release, and what is set aside.

The book's organisation sees every hold of its book, a beneficiary exactly those in its favour. A refusal of the ledger is recorded
under the entry's id and told again.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.ledger_kinds import BOOK, HOLD, NAMED_BENEFICIARY
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import HOLD_CAPTURE, HOLD_RELEASE
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.amounts import Units, WholeNumber
from api.schemas.cursors import read_cursor, read_id, read_whole, write_cursor
from api.schemas.entries import UNRECORDED, IdempotencyKey, ReceiptOut, entry_id_of
from api.schemas.fields import PageCursor, UuidString
from api.schemas.holds import (
    AskedHoldPoint,
    CaptureIn,
    FavouredHoldsOut,
    HoldActionOut,
    HoldIn,
    HoldOut,
    HoldsOut,
    ReleaseIn,
)
from ledger import operations as ledger
from ledger.core.accounts import AccountType, is_path, type_of
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from ledger.core.holds import HoldKind, HoldRelease, HoldState
from ledger.core.journal import JournalDraft
from ledger.operations import EntryReceipt
from ledger.store import balances, books, holds_report
from ledger.store.books import Book
from ledger.store.holds_report import HoldFilter, HoldPlace, HoldPoint, HoldView

routes = Routes(tag="holds")

Limit = Annotated[WholeNumber, Query(description="1 to 200 holds.")]


@routes.post("/books/{book_id}/holds", policy=asks(Scope.LEDGER_WRITE))
def place_hold(
    book_id: UuidString, body: HoldIn, call: ThisCall, idempotency_key: IdempotencyKey = None
) -> HoldActionOut:
    """Set an amount of an account, or given lots, aside: it is no longer available for sale, pledge or surrender."""
    book = call.load(BOOK, book_id)
    if body.beneficiary_id is not None:
        _load_beneficiary(call, body.beneficiary_id)
    try:
        held_on = balances.balance_now(call.session, book.book_id, body.account, now=call.now)
    except NotFound:
        raise Conflict(
            "ledger.account_unknown", "account: expected an account of this book; open it first", field="account"
        ) from None
    entry_id = entry_id_of(body.entry_id, idempotency_key)
    draft = body.to_core(entry_id, held_on.commodity, _units(call, book), call.principal.actor)
    return _recorded(call, book, draft, hold_id=entry_id)


@routes.post("/books/{book_id}/holds/{hold_id}/capture", policy=asks(Scope.LEDGER_WRITE), second_person=HOLD_CAPTURE)
def capture_hold(
    book_id: UuidString, hold_id: UuidString, body: CaptureIn, call: ThisCall, idempotency_key: IdempotencyKey = None
) -> HoldActionOut:
    """Use an amount of a hold, in parts or whole; of an encumbrance only by its beneficiary or under ledger:enforce."""
    place = _place(call, book_id, hold_id)
    call.act_also_for(place.book.tenant_id)  # its beneficiary posts into another's book
    units = _units(call, place.book)
    hold = _hold(call, place, hold_id)
    draft = body.to_core(
        entry_id_of(body.entry_id, idempotency_key),
        hold,
        units,
        call.principal.actor,
        is_enforced=_is_enforced(call, place),
    )
    if not _is_own(call, place):
        _check_outsider(place, hold, draft)
    call.scale.add_moves(((leg.commodity, leg.amount) for leg in draft.postings), units.commodities)
    return _recorded(call, place.book, draft, hold_id=hold_id)


@routes.post("/books/{book_id}/holds/{hold_id}/release", policy=asks(Scope.LEDGER_WRITE), second_person=HOLD_RELEASE)
def release_hold(
    book_id: UuidString, hold_id: UuidString, body: ReleaseIn, call: ThisCall, idempotency_key: IdempotencyKey = None
) -> HoldActionOut:
    """Let an amount of a hold go, or all that is left; of an encumbrance only by its beneficiary or under ledger:enforce."""
    place = _place(call, book_id, hold_id)
    call.act_also_for(place.book.tenant_id)  # its beneficiary posts into another's book
    units = _units(call, place.book)
    hold = _hold(call, place, hold_id)
    draft = body.to_core(
        entry_id_of(body.entry_id, idempotency_key),
        hold,
        units,
        call.principal.actor,
        is_enforced=_is_enforced(call, place),
    )
    if not _is_own(call, place):
        _check_outsider(place, hold, draft)
    let_go = draft.hold.amount if isinstance(draft.hold, HoldRelease) else None
    call.scale.add_moves([(hold.commodity, hold.remaining if let_go is None else let_go)], units.commodities)
    return _recorded(call, place.book, draft, hold_id=hold_id)


@routes.get("/books/{book_id}/holds", policy=asks(Scope.LEDGER_READ))
def list_holds(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedHoldPoint,
    account: Annotated[str | None, Query(max_length=200, description="Only holds on this account.")] = None,
    kind: Annotated[HoldKind | None, Query(description="Only holds of this kind.")] = None,
    state: Annotated[HoldState | None, Query(description="Only holds in this state.")] = None,
    after: PageCursor | None = None,
    limit: Limit = holds_report.MAX_PAGE,
) -> HoldsOut:
    """Return a page of the book's holds, as of a day and record point, or as they stand now."""
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    belongs = f"holds|{book_id}|{account}|{kind}|{state}"
    begins: UUID | None = None
    if after is not None:
        known, last = read_cursor(after, count=2, belongs=belongs)
        begins, asked = read_id(last), asked.at_record(read_whole(known))
    point, tree_root = asked.resolve(call.session, book.book_id, call.now)
    wanted = HoldFilter(account=account, kind=kind, state=state)
    page, last_id = holds_report.list_holds(call.session, book.book_id, point, wanted, after=begins, limit=limit)
    units = _units(call, book)
    return HoldsOut(
        as_of=point.as_of,
        known=point.known,
        tree_root=tree_root,
        holds=tuple(HoldOut.from_core(hold, book_id, units) for hold in page),
        next_cursor=None if last_id is None else write_cursor((point.known, last_id), belongs=belongs),
    )


@routes.get("/books/{book_id}/holds/{hold_id}", policy=asks(Scope.LEDGER_READ))
def read_hold(book_id: UuidString, hold_id: UuidString, call: ThisCall) -> HoldOut:
    """Return a hold as it stands now; its beneficiary sees it too."""
    place = _place(call, book_id, hold_id)
    return HoldOut.from_core(_hold(call, place, hold_id), book_id, _units(call, place.book))


@routes.get("/holds", policy=asks(Scope.LEDGER_READ))
def list_holds_in_favour(
    call: ThisCall, after: PageCursor | None = None, limit: Limit = holds_report.MAX_PAGE
) -> FavouredHoldsOut:
    """Return a page of what is set aside in the caller's favour, in any book: what a bank holds in pledge."""
    _check_limit(limit)
    mine = call.principal.organisation_id
    belongs = f"favoured|{mine}"
    begins: tuple[UUID, UUID] | None = None
    if after is not None:
        hold, book = read_cursor(after, count=2, belongs=belongs)
        begins = (read_id(hold), read_id(book))
    page, last = holds_report.list_in_favour(call.session, mine, call.now, after=begins, limit=limit)
    units = {each.book_id: _units(call, each) for each in {each.book_id: each for each, _ in page}.values()}
    return FavouredHoldsOut(
        holds=tuple(HoldOut.from_core(view, each.book_uuid, units[each.book_id]) for each, view in page),
        next_cursor=None if last is None else write_cursor(last, belongs=belongs),
    )


def _place(call: Call, book_id: UUID, hold_id: UUID) -> HoldPlace:
    """Return where the hold stands, if the caller may see it there."""
    for place in call.load(HOLD, hold_id):
        if place.book.book_uuid == book_id:
            return place
    raise NotFound("hold.not_found", "the hold does not exist, or not for you")


def _hold(call: Call, place: HoldPlace, hold_id: UUID) -> HoldView:
    point = HoldPoint(known=place.book.tree_size, now=call.now)
    (hold,) = holds_report.find_holds(call.session, place.book.book_id, [hold_id], point)
    return hold


def _recorded(call: Call, book: Book, draft: JournalDraft, *, hold_id: UUID) -> HoldActionOut:
    is_closer = book.tenant_id == call.principal.organisation_id and Scope.LEDGER_CLOSE in call.principal.scopes
    (outcome,) = ledger.post_entries(
        call.session, book.book_id, [draft], now=call.now, random_bytes=call.random_bytes, is_closer=is_closer
    )
    if not isinstance(outcome, EntryReceipt):
        refusal = _in_units(outcome.refusal, call, book, hold_id)
        if outcome.refusal.code in UNRECORDED:
            raise refusal
        raise RefusedAndRecorded(refusal)
    point = HoldPoint(known=outcome.tree_size, now=call.now)
    (hold,) = holds_report.find_holds(call.session, book.book_id, [hold_id], point)
    return HoldActionOut(
        receipt=ReceiptOut.from_core(outcome), hold=HoldOut.from_core(hold, book.book_uuid, _units(call, book))
    )


def _in_units(refusal: DomainError, call: Call, book: Book, hold_id: UUID) -> DomainError:
    """Return the refusal of too large an amount in the commodity's own units, beside the field of the amount."""
    units, told = _units(call, book), refusal.data
    if refusal.code == "ledger.insufficient_available" and told.get("commodity") in units.commodities:
        code, asked, left = told["commodity"], told["asked"], told["available"]
    elif refusal.code == "ledger.hold_exceeded":
        point = HoldPoint(known=book.tree_size, now=call.now)
        (hold,) = holds_report.find_holds(call.session, book.book_id, [hold_id], point)
        code, asked, left = hold.commodity, told["asked"], told["remaining"]
    else:
        return refusal
    most, much = (units.amount(int(each), code) for each in (left, asked))
    message = f"amount: expected at most {most.amount} {most.unit} of {code}, which is what is left; {much.amount} {much.unit} was asked"
    return Conflict(refusal.code, message, **{**told, "field": "amount"})


def _load_beneficiary(call: Call, beneficiary_id: UUID) -> None:
    try:
        call.load(NAMED_BENEFICIARY, beneficiary_id)
    except NotFound as absent:
        raise NotFound(
            absent.code, "beneficiary_id: expected an organisation that is known here", field="beneficiary_id"
        ) from None


def _is_own(call: Call, place: HoldPlace) -> bool:
    return place.book.tenant_id == call.principal.organisation_id


def _is_enforced(call: Call, place: HoldPlace) -> bool:
    """Return whether the caller lets go as an enforcing role: with its scope, where it may not otherwise."""
    is_plain = place.kind is HoldKind.HOLD or place.beneficiary_id == call.principal.organisation_id
    return Scope.LEDGER_ENFORCE in call.principal.scopes and not is_plain


def _check_outsider(place: HoldPlace, hold: HoldView, draft: JournalDraft) -> None:
    """Refuse a beneficiary more than its own: a plain hold is the book's, and its legs reach no other account of value.

    What is captured leaves the held account for equity accounts, such as the registry's, in the same commodity; where its cost
    goes is booked by the book's own people.
    """
    if place.kind is HoldKind.HOLD:
        raise Forbidden("ledger.hold_plain_not_yours", "only the book's own organisation lets go of a plain hold")
    is_within = draft.cost_legs is None and all(
        leg.commodity == hold.commodity
        and (
            leg.account == hold.account
            if leg.amount < 0
            else is_path(leg.account) and type_of(leg.account) is AccountType.EQUITY
        )
        for leg in draft.postings
    )
    if not is_within:
        raise Forbidden(
            "hold.legs_not_yours",
            "legs: expected a credit of the held account and debits of equity accounts in its commodity, and no cost_legs",
            field="legs",
        )


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= holds_report.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {holds_report.MAX_PAGE}", field="limit")


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
