"""Carbon contracts of a book: the list, the draft of each kind, and one contract from its wording to its end.

Owns which answers and forms stand on which page, and what the terms are called. Which step a state allows is the API's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.formats import day, number, percent, plain_amount, price
from api.pages.base.page import Page, ThisPage
from api.pages.holds import organisations
from api.routes.carbon_contracts import (
    accrue_interest,
    amend_contract,
    approve_contract,
    call_margin,
    close_contract,
    default_contract,
    list_contract_movements,
    list_contracts,
    move_margin,
    open_contract,
    propose_contract,
    read_contract,
    read_contract_valuation,
    reject_contract,
    release_pledge,
    settle_contract,
)
from api.routes.counterparties import list_counterparties
from api.routes.instruments import list_instruments
from api.routes.market import list_snapshots
from api.schemas.amounts import AmountOut, WholeNumber
from api.schemas.base import Choice, Schema
from api.schemas.carbon_contract_terms import (
    CustodyIn,
    ForwardIn,
    LendingIn,
    PledgeLoanIn,
    RepoIn,
    SwapIn,
)
from api.schemas.carbon_contracts import CarbonContractOut
from api.schemas.fields import UuidString
from api.schemas.trades import PriceOut
from finance.trading.contracts.terms import ContractKind

routes = Pages(area="carbon_contracts")

_READS = asks(Scope.LEDGER_READ)
_FORMS: Mapping[ContractKind, type[Schema]] = {
    ContractKind.REPO: RepoIn,
    ContractKind.PLEDGE_LOAN: PledgeLoanIn,
    ContractKind.LENDING: LendingIn,
    ContractKind.CUSTODY: CustodyIn,
    ContractKind.FORWARD: ForwardIn,
    ContractKind.SWAP: SwapIn,
}
_HANDLERS: Mapping[str, Callable[..., object]] = {
    "approve": approve_contract,
    "reject": reject_contract,
    "amend": amend_contract,
    "open": open_contract,
    "accrue": accrue_interest,
    "call-margin": call_margin,
    "margin": move_margin,
    "release": release_pledge,
    "settle": settle_contract,
    "close": close_contract,
    "default": default_contract,
}
_WORDING = frozenset({"approve", "reject", "amend"})
KIND_WORDS: Mapping[str, str] = {
    "repo": mark("Repo"),
    "pledge_loan": mark("Pledge loan"),
    "lending": mark("Lending of allowances"),
    "custody": mark("Custody by a manager"),
    "forward": mark("Forward"),
    "swap": mark("Swap"),
}
TERM_WORDS: Mapping[str, tuple[str, str]] = {
    "counterparty_id": (mark("Counterparty"), mark("One that the book trusts when the contract is opened")),
    "agreement_ref": (mark("Number of the agreement"), mark("As the signed paper has it")),
    "agreed_on": (mark("Date of the paper"), mark("Up to today")),
    "side": (mark("Our side"), ""),
    "instrument": (mark("Instrument"), mark("One in tonnes that the book keeps")),
    "quantity_t": (mark("Quantity"), mark("Whole tonnes")),
    "price_cny_per_t": (mark("Forward price"), ""),
    "delivery_on": (mark("Delivery day"), mark("An open day of the exchange after the date of the paper")),
    "settlement": (mark("Way of settlement"), ""),
    "margin_given_cny": (mark("Initial margin given"), ""),
    "margin_taken_cny": (mark("Initial margin taken"), ""),
    "sets_aside": (
        mark("Set the tonnes aside until delivery"),
        mark("Only where the book sells and delivers tonnes"),
    ),
    "sale_amount_cny": (mark("Sale amount"), mark("Paid on the first day")),
    "buyback_amount_cny": (mark("Buy-back amount"), mark("Paid on the last day; the sale amount or more")),
    "starts_on": (mark("Start of the term"), mark("An open day of the exchange, not before the date of the paper")),
    "ends_on": (mark("End of the term"), mark("An open day of the exchange after the start of the term")),
    "day_count": (mark("Day count"), ""),
    "rate": (mark("Yearly rate"), mark("A fraction of one: 0.045 is 4.5%")),
    "late_rate": (mark("Yearly rate when late"), mark("A fraction of one; from the last day on")),
    "is_title_transferred": (
        mark("Title is transferred"),
        mark("Otherwise the tonnes stay in the registry account and are set aside"),
    ),
    "lender_organisation_id": (mark("Lender"), mark("The organisation whose people alone release the pledge")),
    "rank": (mark("Rank"), mark("1 is served first")),
    "principal_cny": (mark("Principal"), ""),
    "ltv_call": (mark("Margin is called above"), mark("Loan-to-value, a fraction of one: 0.70 is 70%")),
    "ltv_target": (mark("A call restores"), mark("Loan-to-value, at most the one above which margin is called")),
    "value_price_cny_per_t": (mark("Agreed value"), mark("The fee is taken on it")),
    "fee_rate": (mark("Yearly fee"), mark("A fraction of one: 0.045 is 4.5%")),
    "margin_cny": (mark("Margin"), mark("From the borrower to the lender")),
    "yield_t": (mark("Yield in tonnes"), mark("Whole tonnes on top when they come back")),
    "gives": (mark("Instrument given"), ""),
    "gives_t": (mark("Quantity given"), mark("Whole tonnes")),
    "takes": (mark("Instrument taken"), mark("Another one than is given")),
    "takes_t": (mark("Quantity taken"), mark("Whole tonnes")),
    "cash_cny": (mark("Cash difference"), mark("Received above zero, paid below zero")),
    "settles_on": (mark("Settlement day"), mark("Both legs move on it")),
    "fee_cny": (mark("Fee"), mark("For the whole term")),
    "yield_share": (mark("Our share of the yield"), mark("A fraction of one: 0.7 is 70%")),
    "minimum_yield_cny": (mark("Least yield for us"), ""),
    "lots": (mark("Given lots"), mark("Empty: by the book's method")),
    "note": (mark("Note"), mark("Your colleague reads it before approving")),
}
"""What each term is called, and what the API expects of it."""
_CHOICES: Mapping[str, str] = {
    "buy": mark("Buy"),
    "sell": mark("Sell"),
    "seller": mark("Seller, buys back"),
    "buyer": mark("Buyer, sells back"),
    "lender": mark("Lender of the tonnes"),
    "borrower": mark("Borrower of the tonnes"),
    "physical": mark("Delivery of the tonnes"),
    "cash": mark("Difference in cash"),
}
_SHARES = frozenset({"rate", "late_rate", "fee_rate", "yield_share", "ltv_call", "ltv_target"})
_OF_THE_HOUSE = frozenset({"lots", "note"})
"""Terms that the book's organisation writes for itself: its lender is not told them."""
_INSTRUMENTS = frozenset({"instrument", "gives", "takes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TermField:
    """One field of the form of a kind's terms; ``kind`` says which input it is."""

    name: str
    label: str
    hint: str
    kind: str
    unit: str
    value: Any
    is_required: bool
    options: tuple[tuple[str, str], ...]


@routes.get(
    "/books/{book_id}/carbon-contracts",
    policy=_READS,
    nav=Nav(label=mark("Carbon contracts"), group=Group.TREASURY, order=27, icon="link"),
)
def show_contracts(
    book_id: UuidString,
    page: ThisPage,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
) -> Response:
    """Show a book's contracts as they stand today, the newest of the page first."""
    return page.show(
        "carbon_contracts/contracts.html",
        found=page.use(list_contracts, book_id=book_id, after=after),
        after=after,
        parties=_parties(page, book_id),
        kinds=KIND_WORDS,
        may_propose=page.may(propose_contract),
    )


@routes.get("/books/{book_id}/carbon-contracts/new", policy=asks(Scope.LEDGER_READ, Scope.TRADING_WRITE))
def show_draft(
    book_id: UuidString,
    page: ThisPage,
    kind: Annotated[Choice[ContractKind], Query(description="Of the contract.")] = ContractKind.REPO,
) -> Response:
    """Show the form that words a contract of a kind."""
    return page.show(
        "carbon_contracts/draft.html",
        kind=kind.value,
        kinds=KIND_WORDS,
        fields=_fields(page, book_id, _FORMS[kind], None),
        contract=None,
        contract_id=page.call.new_id(),
        has_parties=bool(_parties(page, book_id)),
    )


@routes.get("/carbon-contracts/{contract_id}/amend", policy=asks(Scope.LEDGER_READ, Scope.TRADING_WRITE))
def show_amendment(contract_id: UuidString, page: ThisPage) -> Response:
    """Show the form that words a further version, filled in with the newest."""
    contract = page.use(read_contract, contract_id=contract_id)
    terms = contract.versions[-1].terms
    return page.of_book(contract.book_id).show(
        "carbon_contracts/draft.html",
        kind=contract.kind,
        kinds=KIND_WORDS,
        fields=_fields(page, contract.book_id, type(terms), terms),
        contract=contract,
        contract_id=contract_id,
        has_parties=True,
    )


@routes.get("/carbon-contracts/{contract_id}", policy=_READS)
def show_contract(
    contract_id: UuidString,
    page: ThisPage,
    snapshot: Annotated[UuidString | None, Query(description="Prices to value at; the newest when absent.")] = None,
    after: Annotated[WholeNumber, Query(description="The fact after which movements are shown.")] = 0,
) -> Response:
    """Show one contract: terms, what is due next, what it moved and sets aside, and what the reader may do now."""
    contract = page.use(read_contract, contract_id=contract_id)
    in_force = next(each for each in contract.versions if each.version == contract.version)
    snapshots = page.attempt(list_snapshots, until=page.today, limit=20).answer
    lines = () if snapshots is None else snapshots.snapshots
    actions = {name for name, handler in _HANDLERS.items() if name in contract.next_actions and page.may(handler)}
    at = snapshot or (lines[0].snapshot_id if lines else None)
    party = _parties(page, contract.book_id).get(contract.counterparty_id)
    is_own = any(each.book_id == contract.book_id for each in page.books())
    return page.of_book(contract.book_id).show(
        "carbon_contracts/contract.html",
        contract=contract,
        terms=in_force.terms,
        told=_told(page, contract, in_force.terms),
        waiting=waiting_terms(page, contract),
        kinds=KIND_WORDS,
        names=page.names(),
        party=party if is_own else contract.organisation_name,
        is_own=is_own,
        movements=page.attempt(list_contract_movements, contract_id=contract_id, after=after).answer,
        after=after,
        snapshots=lines,
        snapshot_id=at,
        worth=None
        if at is None or contract.next_due is None or not is_own
        else page.attempt(read_contract_valuation, contract_id=contract_id, snapshot_id=at),
        actions=actions,
        steps=actions - _WORDING,
    )


def waiting_terms(page: Page, contract: CarbonContractOut) -> dict[str, Any] | None:
    """Return the version that waits for a decision with every term before and after, None where none waits."""
    newest = contract.versions[-1]
    if newest.decision:
        return None
    before = next((each for each in contract.versions if each.decision == "approved"), None)
    before = next((each for each in contract.versions if each.version == contract.version), None) if before else None
    old = {} if before is None else dict(_told(page, contract, before.terms))
    differences = tuple((label, old.get(label, "—"), new) for label, new in _told(page, contract, newest.terms))
    return {"version": newest, "differences": differences}


def _told(page: Page, contract: CarbonContractOut, terms: Schema) -> tuple[tuple[str, str], ...]:
    """Return each term's name and what it says, as a person reads both; its lender reads whose loan it is, not whom the book trusts."""
    parties = {**_parties(page, contract.book_id), **organisations(page)}
    lends = False
    if isinstance(terms, PledgeLoanIn):
        lends = terms.lender_organisation_id == page.call.principal.organisation_id
        parties |= {} if contract.lender_name is None else {terms.lender_organisation_id: contract.lender_name}
    return tuple(
        (page.say(mark("Borrower")), contract.organisation_name)
        if lends and name == "counterparty_id"
        else (page.say(TERM_WORDS[name][0]), _text(page, name, getattr(terms, name), parties))
        for name in _names(type(terms))
        if not (lends and name in _OF_THE_HOUSE)
    )


def _text(page: Page, name: str, value: Any, parties: Mapping[UUID, str]) -> str:
    """Return what a term says, with its unit."""
    match value:
        case bool():
            said = page.say(mark("yes")) if value else page.say(mark("no"))
        case UUID():
            said = parties.get(value, str(value))
        case date():
            said = day(value, page.language)
        case StrEnum():
            said = page.say(_CHOICES.get(value.value, value.value))
        case tuple():
            said = ", ".join(f"{each.lot_id}: {number(each.quantity_t)} t" for each in value)
        case _:
            said = _figure(name, str(value))
    return said or "—"


def _figure(name: str, digits: str) -> str:
    if name in _SHARES:
        return percent(digits)
    unit = _unit(name)
    if unit == "CNY/t":
        return price(PriceOut(amount=digits, unit=unit))
    return plain_amount(AmountOut(amount=digits, unit=unit)) if unit else digits


def _fields(page: Page, book_id: UUID, form: type[Schema], terms: Schema | None) -> tuple[TermField, ...]:
    """Return the fields of a form of terms, filled in from ``terms`` where they are given."""
    return tuple(_field(page, book_id, form, name, terms) for name in _names(form))


def _field(page: Page, book_id: UUID, form: type[Schema], name: str, terms: Schema | None) -> TermField:
    field = form.model_fields[name]
    label, hint = TERM_WORDS[name]
    kind, options = "text", _options(page, book_id, name, field.annotation)
    value: Any = "" if field.is_required() else field.default
    annotation: Any = field.annotation
    if annotation is bool:
        kind = "check"
    elif annotation is date:
        kind, value = "date", page.today.isoformat() if name in {"agreed_on", "starts_on", "settles_on"} else ""
    elif name == "lender_organisation_id":
        kind = "suggested"
    elif options or name in _INSTRUMENTS | {"counterparty_id"}:
        kind = "choice"
    elif name == "lots":
        kind, value = "lots", ()
    elif annotation is int:
        kind = "integer"
    elif _unit(name) or name in _SHARES:
        kind = "number"
    return TermField(
        name=name,
        label=page.say(label),
        hint=page.say(hint) if hint else "",
        kind=kind,
        unit=_unit(name),
        value=value if terms is None else getattr(terms, name),
        is_required=field.is_required(),
        options=options,
    )


def _options(page: Page, book_id: UUID, name: str, annotation: Any) -> tuple[tuple[str, str], ...]:
    """Return what may be chosen for a term, by value; nothing where it is typed."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple((each.value, page.say(_CHOICES.get(each.value, each.value))) for each in annotation)
    if name in _INSTRUMENTS:
        listed = page.use(list_instruments, book_id=book_id).instruments
        return tuple((each.code, each.code) for each in listed if each.unit == "t")
    if name == "counterparty_id":
        return tuple((str(each), said) for each, said in _parties(page, book_id).items())
    if name == "lender_organisation_id":
        return tuple((str(each), said) for each, said in organisations(page).items())
    return ()


def _names(form: type[Schema]) -> tuple[str, ...]:
    """Return the names of a form's terms, the note last."""
    return (*(name for name in form.model_fields if name not in {"kind", "note"}), "note")


def _unit(name: str) -> str:
    return next(
        (unit for ending, unit in (("_cny_per_t", "CNY/t"), ("_cny", "CNY"), ("_t", "t")) if name.endswith(ending)), ""
    )


def _parties(page: Page, book_id: UUID) -> dict[UUID, str]:
    """Return the names of the book's counterparties that contracts may name; none for who may not read the book."""
    found = page.attempt(list_counterparties, book_id=book_id).answer
    return {} if found is None else {each.counterparty_id: each.legal_name for each in found.counterparties}
