"""Which code each account of money has in a book's vouchers on a day, and which accounts still have none.

Reads only; vouchers choose their codes by the same function.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from finance.accounting.account_codes import AccountCode, codes_known
from finance.store import reference
from finance.store.accounting_policies import policy_in_force
from ledger.core.amounts import CommodityKind
from ledger.core.transfers import is_clearing
from ledger.store import books


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedAccount:
    """An account of money with its code on the day, ``None`` where neither the chart nor the entity names one.

    ``is_own``: the code is the entity's. ``is_clearing``: what is under way between two books stands on it.
    """

    path: str
    currency: str
    closed_on: date | None
    code: AccountCode | None
    is_own: bool
    is_clearing: bool


def coded_accounts(session: Session, book_id: int, on: date) -> tuple[CodedAccount, ...]:
    """Return every account of money of the book by path with its code on the day, as the day's vouchers would bear it."""
    kept = books.commodities(session, book_id)
    money = [
        account
        for account in books.accounts(session, book_id).values()
        if kept[account.commodity][0].kind is CommodityKind.MONEY
    ]
    paths, chart = [account.path for account in money], reference.shipped_accounts()
    own = policy_in_force(session, book_id, on).own_codes
    codes = codes_known(paths, on=on, chart=chart, own=own)
    mine = codes_known(paths, on=on, chart=(), own=own)
    return tuple(
        CodedAccount(
            path=account.path,
            currency=account.commodity,
            closed_on=account.closed_on,
            code=codes.get(account.path),
            is_own=account.path in mine,
            is_clearing=is_clearing(account.path),
        )
        for account in money
    )
