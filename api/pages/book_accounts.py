"""What a book keeps: its accounts by path with the forms that open and close one, its instruments and its other commodities.

Shows what the routes answer. Which path is an account, and which one may close, is the ledger's decision.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, PagePoint, ThisPage
from api.routes.accounting_policies import list_account_codes
from api.routes.accounts import AccountName, add_commodity, close_account, list_commodities, open_account, read_balance
from api.routes.entries import post_entry
from api.routes.instruments import list_instruments, register_instrument
from api.routes.reports import list_accounts
from api.schemas.fields import PageCursor, UuidString
from api.store.access import OrganisationKind
from finance.accounting.chart import BANK
from finance.accounting.instruments import Tradability
from ledger.core.accounts import AccountType, LotMethod
from ledger.core.amounts import CommodityKind

routes = Pages(area="books")

_READS = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))
TYPE_WORDS = {
    AccountType.ASSET: mark("asset"),
    AccountType.LIABILITY: mark("liability"),
    AccountType.EQUITY: mark("equity"),
    AccountType.INCOME: mark("income"),
    AccountType.EXPENSE: mark("expense"),
}
"""What the types of accounts are called; the path's root says which."""

METHOD_WORDS = {
    LotMethod.FIFO: mark("first in, first out"),
    LotMethod.LIFO: mark("last in, first out"),
    LotMethod.AVERAGE: mark("weighted average"),
    LotMethod.SPECIFIC: mark("each disposal names its lot"),
}
"""Which lots a disposal draws on, in words."""

KIND_WORDS = {
    CommodityKind.MONEY: mark("money"),
    CommodityKind.ALLOWANCE: mark("allowance"),
    CommodityKind.CREDIT: mark("credit"),
    CommodityKind.CERTIFICATE: mark("certificate"),
}
"""What commodities are called by kind."""

TRADABILITY_WORDS = {
    Tradability.TRADABLE: mark("may be sold once"),
    Tradability.TRADED: mark("was traded: cannot be sold on"),
    Tradability.NON_TRADABLE: mark("never sold: own use or old hydro power"),
}
"""Whether a green certificate may still be sold, in words."""

_TYPES = {key.value: words for key, words in TYPE_WORDS.items()}
_METHODS = {key.value: words for key, words in METHOD_WORDS.items()}
_KINDS = {key.value: words for key, words in KIND_WORDS.items()}


@routes.get(
    "/books/{book_id}/accounts",
    policy=_READS,
    nav=Nav(label=mark("Accounts of the book"), group=Group.ACCOUNTING, order=30, icon="list"),
)
def show_accounts(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    under: Annotated[str | None, Query(max_length=200, description="Only this account and those below it.")] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show the book's accounts by path with what each holds at the close of the day, and the form that opens one."""
    return page.show(
        "books/accounts.html",
        found=page.use(list_accounts, book_id=book_id, asked=asked, under=under or None, after=after),
        commodities=page.use(list_commodities, book_id=book_id).commodities,
        under=under or "",
        after=after,
        types=_TYPES,
        methods=_METHODS,
        method_choices=_choices(page, _METHODS),
        may_open=page.may(open_account),
        may_post=page.may(post_entry),
    )


@routes.get("/books/{book_id}/accounts/{account}", policy=_READS)
def show_account(book_id: UuidString, account: AccountName, page: ThisPage) -> Response:
    """Show one account as it stands, its code in vouchers, and the form that closes it."""
    codes = page.use(list_account_codes, book_id=book_id, on=page.today).accounts
    return page.show(
        "books/account.html",
        balance=page.use(read_balance, book_id=book_id, path=account),
        code=next((each for each in codes if each.account == account), None),
        types=_TYPES,
        methods=_METHODS,
        may_close=page.may(close_account),
        may_post=page.may(post_entry),
    )


@routes.get(
    "/books/{book_id}/instruments",
    policy=_READS,
    nav=Nav(label=mark("Instruments and currencies"), group=Group.ACCOUNTING, order=32, icon="leaf"),
)
def show_instruments(book_id: UuidString, page: ThisPage) -> Response:
    """Show the instruments of the book with their facts, its other commodities, and the forms that add one."""
    instruments = page.use(list_instruments, book_id=book_id).instruments
    codes = {each.code for each in instruments}
    kept = page.use(list_commodities, book_id=book_id).commodities
    return page.show(
        "books/instruments.html",
        instruments=instruments,
        others=tuple(each for each in kept if each.code not in codes),
        opened_on=_first_day(page, book_id),
        kinds=_KINDS,
        kind_choices=_choices(page, _KINDS),
        tradability={key.value: words for key, words in TRADABILITY_WORDS.items()},
        tradability_choices=_choices(page, {key.value: words for key, words in TRADABILITY_WORDS.items()}),
        may_register=page.may(register_instrument),
        may_add=page.may(add_commodity),
    )


def _first_day(page: Page, book_id: UuidString) -> date:
    """Return the day from which the book's instruments take entries, as its first one has it; else the start of last year."""
    bank = page.attempt(read_balance, book_id=book_id, path=BANK).answer
    return date(page.today.year - 1, 1, 1) if bank is None else bank.opened_on


def _choices(page: Page, words: dict[str, str]) -> list[tuple[str, str]]:
    return [(key, page.say(text)) for key, text in words.items()]
