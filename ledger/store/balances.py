"""What accounts hold now: posted, set aside and available, with the limits that the database keeps.

Now is everything recorded, whatever its business day; reports as of a day are ``ledger.store.reports``. Takes a session first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, LotMethod, is_path, no_such_account
from ledger.core.amounts import Commodity, CommodityKind
from ledger.store.reading import as_bound, as_day, run
from ledger.store.reports import in_subtree
from ledger.store.tables.holds import HoldPositionRow
from ledger.store.tables.journal import AccountRow, BalanceRow, CommodityRow

MAX_PAGE = 200


class BalanceNow(NamedTuple):
    """An account as it stands: amounts in smallest units on its normal side; limits None where there is none."""

    account_id: int
    path: str
    type: AccountType
    commodity: str
    lot_method: LotMethod | None
    opened_on: date
    closed_on: date | None
    floor: int | None
    ceiling: int | None
    posted: int
    held: int

    @property
    def available(self) -> int:
        """Return posted less held: 100 posted of which 30 are held is 70."""
        return self.posted - self.held


def balance_now(session: Session, book_id: int, path: str, *, now: datetime) -> BalanceNow:
    """Return one account as it stands ``now``; a hold that has run out by then no longer counts. ``account.not_found``."""
    return _standing(session, book_id, _row(session, _NOW, book_id, path), path, now)


def balance_with_commodity(
    session: Session, book_id: int, path: str, *, now: datetime
) -> tuple[BalanceNow, Commodity, Mapping[str, Any]]:
    """Return what ``balance_now`` does with the account's commodity and its facts, in the same look-up."""
    *row, kind, scale, step, facts = _row(session, _WITH_COMMODITY, book_id, path)
    found = _standing(session, book_id, row, path, now)
    commodity = Commodity(code=found.commodity, kind=CommodityKind(kind), scale=scale, step=step)
    return found, commodity, json.loads(facts)


def _row(session: Session, statement: str, book_id: int, path: str) -> Sequence[Any]:
    row: Sequence[Any] | None = run(session, statement, path, book_id).fetchone() if is_path(path) else None
    if row is None:
        raise no_such_account(path)
    return row


def _standing(session: Session, book_id: int, row: Sequence[Any], path: str, now: datetime) -> BalanceNow:
    # Asked only where something is set aside: most accounts have nothing, and the one look-up is all they cost.
    account_id, kind, commodity, method, opened_on, closed_on, floor, ceiling, posted, held = row
    if held:
        held -= int(run(session, _OVER, account_id, book_id, as_bound(session, now)).fetchone()[0] or 0)
    return BalanceNow(
        account_id,
        path,
        _TYPES[kind],
        commodity,
        None if method is None else _METHODS[method],
        as_day(opened_on),
        None if closed_on is None else as_day(closed_on),
        floor,
        ceiling,
        posted,
        held,
    )


_TYPES: Mapping[str, AccountType] = {each.value: each for each in AccountType}
_METHODS: Mapping[str, LotMethod] = {each.value: each for each in LotMethod}
_COLUMNS = "a.account_id, a.type, c.code, a.lot_method, a.opened_on, a.closed_on, b.floor, b.ceiling, b.posted, b.held"
_OF_ACCOUNT = (
    " FROM account a JOIN balance b ON b.book_id = a.book_id AND b.account_id = a.account_id"
    " JOIN commodity c ON c.book_id = a.book_id AND c.commodity_id = a.commodity_id WHERE a.path = ? AND a.book_id = ?"
)
_NOW = f"SELECT {_COLUMNS}{_OF_ACCOUNT}"
_WITH_COMMODITY = f"SELECT {_COLUMNS}, c.kind, c.scale, c.step, c.attrs{_OF_ACCOUNT}"
_OVER = "SELECT sum(remaining) FROM hold_position WHERE account_id = ? AND book_id = ? AND remaining > 0 AND expires_at <= ?"


def list_balances(
    session: Session, book_id: int, *, now: datetime, under: str | None = None, after: int = 0, limit: int
) -> tuple[BalanceNow, ...]:
    """Return a page of accounts in the order they were opened, after account number ``after``; at most ``limit`` (1 to 200).

    ``under`` keeps that account and those below it.
    """
    wanted = (
        _accounts(book_id)
        .where(AccountRow.account_id > after)
        .order_by(AccountRow.account_id)
        .limit(max(1, min(limit, MAX_PAGE)))
    )
    if under is not None:
        wanted = wanted.where(in_subtree(under))
    rows = session.execute(wanted).all()
    lapsed = _lapsed(session, book_id, [row[0].account_id for row in rows], now)
    return tuple(_balance(row, lapsed) for row in rows)


def _accounts(book_id: int) -> Select[AccountRow, BalanceRow, str]:
    return (
        select(AccountRow, BalanceRow, CommodityRow.code)
        .join(BalanceRow, (BalanceRow.book_id == AccountRow.book_id) & (BalanceRow.account_id == AccountRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id == book_id)
        .execution_options(populate_existing=True)  # the posting path moves balances on the bare driver
    )


def _lapsed(session: Session, book_id: int, account_ids: Sequence[int], now: datetime) -> dict[int, int]:
    """Return what holds that have run out still set aside, by account: their expiry is recorded when the account is next moved."""
    rows = session.execute(
        select(HoldPositionRow.account_id, func.sum(HoldPositionRow.remaining).label("held"))
        .where(
            HoldPositionRow.book_id == book_id,
            HoldPositionRow.account_id.in_(account_ids),
            HoldPositionRow.remaining > 0,
            HoldPositionRow.expires_at <= now,
        )
        .group_by(HoldPositionRow.account_id)
    )
    return {row.account_id: int(row.held) for row in rows}


def _balance(row: Any, lapsed: dict[int, int]) -> BalanceNow:
    account: AccountRow = row[0]
    balance: BalanceRow = row[1]
    return BalanceNow(
        account_id=account.account_id,
        path=account.path,
        type=AccountType(account.type),
        commodity=row.code,
        lot_method=LotMethod(account.lot_method) if account.lot_method else None,
        opened_on=account.opened_on,
        closed_on=account.closed_on,
        floor=balance.floor,
        ceiling=balance.ceiling,
        posted=balance.posted,
        held=balance.held - lapsed.get(account.account_id, 0),
    )
