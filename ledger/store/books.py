"""Creates and finds books, commodities and accounts. Takes a session first and never commits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountOpening, AccountType, LotMethod, is_path, no_such_account
from ledger.core.amounts import Commodity, CommodityKind, currency_scale
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.store.acting import as_installation
from ledger.store.reading import as_day, as_id, as_instant, as_uuid, run
from ledger.store.tables.journal import AccountRow, BalanceDayRow, BalanceRow, BookRow, CommodityRow

_TRIES = 64
"""Transactions that may open books at once before one of them is asked to try again."""

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book as its readers see it."""

    book_id: int
    book_uuid: UUID
    tenant_id: UUID
    code: str
    functional_currency: str
    tree_size: int
    tree_peaks: bytes
    last_recorded_at: datetime
    locked_through: date | None
    soft_locked_through: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its readers see it; limits in smallest units on its normal side, None where there is none."""

    path: str
    type: AccountType
    commodity: str
    lot_method: LotMethod | None
    opened_on: date
    closed_on: date | None
    floor: int | None
    ceiling: int | None


def create(
    session: Session, *, book_uuid: UUID, tenant_id: UUID, code: str, functional_currency: str, now: datetime
) -> int:
    """Insert a book and its functional currency; return its number, or the same number when it stands with the same facts."""
    if not _CODE.fullmatch(code):
        raise Invalid("book.code", "a book code is 1 to 40 of a-z 0-9 -", code=code[:40])
    scale = currency_scale(functional_currency)
    facts = (book_uuid, tenant_id, code, functional_currency)
    for _ in range(_TRIES):
        standing = session.scalars(
            select(BookRow).where(
                (BookRow.book_uuid == book_uuid) | ((BookRow.tenant_id == tenant_id) & (BookRow.code == code))
            )
        ).all()
        for row in standing:
            if (row.book_uuid, row.tenant_id, row.code, row.functional_currency) == facts:
                return row.book_id
            raise Conflict("book.exists", "a book of that code or id exists with other facts", code=code)
        with as_installation(session):  # books are numbered through, whoever's they are
            book_id = (session.scalar(select(func.max(BookRow.book_id))) or 0) + 1
        if _is_inserted(session, book_id, facts, now):
            currency = Commodity(code=functional_currency, kind=CommodityKind.MONEY, scale=scale)
            add_commodity(session, book_id, currency, {})
            return book_id
    raise Conflict("book.busy", "other books are being opened at this moment; try again", code=code)


def _is_inserted(session: Session, book_id: int, facts: tuple[UUID, UUID, str, str], now: datetime) -> bool:
    book_uuid, tenant_id, code, functional_currency = facts
    try:
        with session.begin_nested():
            session.execute(
                insert(BookRow).values(
                    book_id=book_id,
                    book_uuid=book_uuid,
                    tenant_id=tenant_id,
                    code=code,
                    functional_currency=functional_currency,
                    next_seq=1,
                    tree_size=0,
                    tree_peaks=b"",
                    last_recorded_at=now,
                    locked_through=None,
                    soft_locked_through=None,
                )
            )
    except IntegrityError:
        return False  # another transaction took the number, the code or the uuid meanwhile
    return True


def add_commodity(session: Session, book_id: int, commodity: Commodity, attrs: Mapping[str, str]) -> None:
    """Insert a commodity, or confirm that it stands as given."""
    standing = session.scalars(
        select(CommodityRow).where(CommodityRow.book_id == book_id, CommodityRow.code == commodity.code)
    ).one_or_none()
    if standing is not None:
        if _commodity(standing) != commodity or dict(standing.attrs) != dict(attrs):
            raise Conflict(
                "commodity.exists", "that commodity stands with another kind, scale, step or facts", code=commodity.code
            )
        return
    last = session.scalar(select(func.max(CommodityRow.commodity_id)).where(CommodityRow.book_id == book_id)) or 0
    session.execute(
        insert(CommodityRow).values(
            book_id=book_id,
            commodity_id=last + 1,
            code=commodity.code,
            kind=commodity.kind.value,
            scale=commodity.scale,
            step=commodity.step,
            attrs=dict(attrs),
        )
    )


def check_same_commodities(session: Session, one: int, other: int, codes: Iterable[str]) -> None:
    """Refuse where two books know one of ``codes`` with different kind or scale (``ledger.transfer_commodity``)."""
    here, there = commodities(session, one), commodities(session, other)
    for code in codes:
        ours, theirs = here.get(code), there.get(code)
        if ours is None or theirs is None or (ours[0].kind, ours[0].scale) != (theirs[0].kind, theirs[0].scale):
            raise Conflict(
                "ledger.transfer_commodity", f"both books keep {code} with the same kind and scale", commodity=code
            )


def open_account(session: Session, book_id: int, opening: AccountOpening) -> None:
    """Insert an account with its balance row, or confirm that it stands as given."""
    commodity_id = session.scalar(
        select(CommodityRow.commodity_id).where(CommodityRow.book_id == book_id, CommodityRow.code == opening.commodity)
    )
    if commodity_id is None:
        raise Conflict(
            "commodity.unknown",
            f"this book keeps no {opening.commodity}; add the commodity first",
            commodity=opening.commodity,
        )
    standing = _account_row(session, book_id, opening.path)
    if standing is not None:
        row, balance = standing
        stands = (row.commodity_id, row.lot_method, row.opened_on, balance.floor, balance.ceiling, dict(row.attrs))
        method = opening.lot_method.value if opening.lot_method else None
        asked = (commodity_id, method, opening.opened_on, opening.floor, opening.ceiling, dict(opening.attrs))
        if stands != asked:
            raise Conflict("account.exists", "that account stands with other facts", path=opening.path)
        return
    last = session.scalar(select(func.max(AccountRow.account_id)).where(AccountRow.book_id == book_id)) or 0
    if (opening.floor is not None and opening.floor > 0) or (opening.ceiling is not None and opening.ceiling < 0):
        raise Invalid("account.limits_empty", "an empty account must lie within its limits", path=opening.path)
    session.execute(
        insert(AccountRow).values(
            book_id=book_id,
            account_id=last + 1,
            path=opening.path,
            type=opening.type.value,
            commodity_id=commodity_id,
            lot_method=opening.lot_method.value if opening.lot_method else None,
            opened_on=opening.opened_on,
            closed_on=None,
            attrs=dict(opening.attrs),
        )
    )
    session.execute(
        insert(BalanceRow).values(
            book_id=book_id,
            account_id=last + 1,
            posted=0,
            held=0,
            floor=opening.floor,
            ceiling=opening.ceiling,
            last_seq=0,
        )
    )


def close_account(session: Session, book_id: int, path: str, closed_on: date) -> None:
    """Set the first day on which the account takes nothing; refused while it holds anything."""
    standing = _account_row(session, book_id, path) if is_path(path) else None
    if standing is None:
        raise no_such_account(path)
    row, balance = standing
    if balance.posted or balance.held:
        raise Conflict("account.not_empty", "move what the account holds first", path=path)
    if closed_on < row.opened_on:
        raise Invalid("account.closed_before_opened", f"opened on {row.opened_on}", path=path)
    last_day = session.scalar(
        select(func.max(BalanceDayRow.effective_on)).where(
            BalanceDayRow.book_id == book_id, BalanceDayRow.account_id == row.account_id
        )
    )
    if last_day is not None and closed_on <= last_day:
        raise Conflict(
            "account.closed_before_last_entry", f"its last entry is of {last_day}; close it on a later day", path=path
        )
    row.closed_on = closed_on
    session.flush()  # a later statement of this transaction may be a bulk write that does not see pending changes


def set_locks(session: Session, book_id: int, *, locked: date | None, softly: date | None) -> None:
    """Set the last closed day and the last softly closed one."""
    row = session.get_one(
        BookRow, book_id, populate_existing=True
    )  # the posting path moves this row on the bare driver
    row.locked_through, row.soft_locked_through = locked, softly
    session.flush()  # the period trigger reads this row


def find(session: Session, book_uuid: UUID) -> Book | None:
    """Return the book of that uuid, or None."""
    row = run(session, _FOUND, as_id(session, book_uuid)).fetchone()
    if row is None:
        return None
    book_id, tenant_id, code, currency, tree_size, tree_peaks, recorded, locked, softly = row
    return Book(
        book_id=book_id,
        book_uuid=book_uuid,
        tenant_id=as_uuid(tenant_id),
        code=code,
        functional_currency=currency,
        tree_size=tree_size,
        tree_peaks=bytes(tree_peaks),
        last_recorded_at=as_instant(recorded),
        locked_through=None if locked is None else as_day(locked),
        soft_locked_through=None if softly is None else as_day(softly),
    )


_FOUND = (
    "SELECT book_id, tenant_id, code, functional_currency, tree_size, tree_peaks, last_recorded_at, locked_through,"
    " soft_locked_through FROM book WHERE book_uuid = ?"
)


def load(session: Session, book_id: int) -> Book:
    """Return the book of that id, which must stand."""
    return _book(session.scalars(select(BookRow).where(BookRow.book_id == book_id)).one())


def keeper(session: Session, book_id: int) -> UUID:
    """Return the organisation whose book it is."""
    return session.scalars(select(BookRow.tenant_id).where(BookRow.book_id == book_id)).one()


def named(session: Session, text: str) -> Book:
    """Return the book of that id or code, as an operator names one.

    Refused with ``book.not_found``, or ``book.ambiguous`` where books of several organisations have the code.
    """
    by_id = find(session, UUID(text)) if _ID.fullmatch(text) else None
    if by_id is not None:
        return by_id  # before any code that is spelled like it
    if not _CODE.fullmatch(text):
        raise _no_book_named()
    found = session.scalars(select(BookRow).where(BookRow.code == text).order_by(BookRow.book_id)).all()
    if not found:
        raise _no_book_named()
    if len(found) > 1:
        ids = ", ".join(str(row.book_uuid) for row in found[:5])
        raise Conflict("book.ambiguous", f"{len(found)} books have this code; name one by its id: {ids}", field="book")
    return _book(found[0])


def _no_book_named() -> NotFound:
    return NotFound("book.not_found", "no book of that id or code in this database", field="book")


def list_books(session: Session, tenant_id: UUID) -> tuple[Book, ...]:
    """Return the organisation's books by code."""
    rows = session.scalars(select(BookRow).where(BookRow.tenant_id == tenant_id).order_by(BookRow.code))
    return tuple(_book(row) for row in rows)


def accounts(session: Session, book_id: int) -> dict[str, Account]:
    """Return the book's accounts with their facts and limits, by path."""
    rows = session.execute(
        select(AccountRow, BalanceRow, CommodityRow.code)
        .join(BalanceRow, (BalanceRow.book_id == AccountRow.book_id) & (BalanceRow.account_id == AccountRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id == book_id)
    )
    found = [
        Account(
            path=account.path,
            type=AccountType(account.type),
            commodity=code,
            lot_method=LotMethod(account.lot_method) if account.lot_method else None,
            opened_on=account.opened_on,
            closed_on=account.closed_on,
            floor=balance.floor,
            ceiling=balance.ceiling,
        )
        for account, balance, code in rows
    ]
    return {each.path: each for each in sorted(found, key=lambda each: each.path)}


def commodities(session: Session, book_id: int) -> dict[str, tuple[Commodity, Mapping[str, Any]]]:
    """Return the book's commodities with their facts, by code."""
    rows = run(session, _KEPT, book_id).fetchall()
    return {
        code: (Commodity(code=code, kind=CommodityKind(kind), scale=scale, step=step), json.loads(attrs))
        for code, kind, scale, step, attrs in rows
    }


_KEPT = "SELECT code, kind, scale, step, attrs FROM commodity WHERE book_id = ? ORDER BY code"


def _commodity(row: CommodityRow) -> Commodity:
    return Commodity(code=row.code, kind=CommodityKind(row.kind), scale=row.scale, step=row.step)


def _account_row(session: Session, book_id: int, path: str) -> tuple[AccountRow, BalanceRow] | None:
    found = session.execute(
        select(AccountRow, BalanceRow)
        .join(BalanceRow, (BalanceRow.book_id == AccountRow.book_id) & (BalanceRow.account_id == AccountRow.account_id))
        .where(AccountRow.book_id == book_id, AccountRow.path == path)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def _book(row: BookRow) -> Book:
    return Book(
        book_id=row.book_id,
        book_uuid=row.book_uuid,
        tenant_id=row.tenant_id,
        code=row.code,
        functional_currency=row.functional_currency,
        tree_size=row.tree_size,
        tree_peaks=row.tree_peaks,
        last_recorded_at=row.last_recorded_at,
        locked_through=row.locked_through,
        soft_locked_through=row.soft_locked_through,
    )
