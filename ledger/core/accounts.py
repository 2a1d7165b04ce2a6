"""Account paths, types and normal sides.

A path is ``Root:Segment:...`` in Beancount's grammar, so a journal exports without renaming; its root decides the type. Knows
no balances.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from ledger.core.amounts import MAX_UNITS, is_commodity_code
from ledger.core.errors import Invalid, NotFound

_PATH = re.compile(r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]{0,39}){1,8}", re.ASCII)


class AccountType(StrEnum):
    """The five types; assets and expenses grow by debit, the others by credit."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def normal_side(self) -> int:
        """Return +1 where a debit grows the balance, -1 where a credit does."""
        return 1 if self in (AccountType.ASSET, AccountType.EXPENSE) else -1


class LotMethod(StrEnum):
    """Which lots a disposal draws on when it names none; ``specific`` has it name them always."""

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"
    SPECIFIC = "specific"


_TYPE_OF_ROOT = {
    "Assets": AccountType.ASSET,
    "Liabilities": AccountType.LIABILITY,
    "Equity": AccountType.EQUITY,
    "Income": AccountType.INCOME,
    "Expenses": AccountType.EXPENSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpening:
    """What opens an account: one path, one commodity, its limits and whether it keeps lots.

    ``floor`` and ``ceiling`` bound the balance on the account's normal side, in smallest units, inclusive; None is unbounded.
    Assets default to a floor of zero at the caller's choice, never silently here.
    """

    path: str
    commodity: str
    opened_on: date
    floor: int | None = None
    ceiling: int | None = None
    lot_method: LotMethod | None = None
    attrs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a path or code outside its grammar, limits that cross or are too far, and lots on anything but an asset."""
        account_type = type_of(self.path)
        if not is_commodity_code(self.commodity):
            raise Invalid("commodity.code", "expected a commodity code such as CEA25", code=self.commodity[:40])
        if any(abs(limit) > MAX_UNITS for limit in (self.floor, self.ceiling) if limit is not None):
            raise Invalid("account.limits", "floor and ceiling lie within 10^15 smallest units", path=self.path)
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise Invalid("account.limits_crossed", "floor is not above ceiling", path=self.path)
        if self.lot_method is not None and account_type is not AccountType.ASSET:
            raise Invalid("account.lot_method", "only an asset account keeps lots", path=self.path)

    @property
    def type(self) -> AccountType:
        """Return the type that the path's root says."""
        return type_of(self.path)


def type_of(path: str) -> AccountType:
    """Return the type of the account at ``path``; a path outside the grammar is refused. ``Assets:Carbon:CEA25`` is an asset."""
    if not is_path(path):
        raise Invalid(
            "account.path",
            "expected Assets, Liabilities, Equity, Income or Expenses, then 1 to 8 parts such as :Carbon:CEA25 "
            "(A-Z 0-9 first, then letters, digits or -)",
            path=path[:200],
        )
    return _TYPE_OF_ROOT[path.partition(":")[0]]


def is_path(text: str) -> bool:
    """Return whether ``text`` lies in the grammar of account paths and is at most 200 characters."""
    return len(text) <= 200 and _fits(text)  # noqa: PLR2004 - the column's documented bound


@lru_cache(maxsize=16_384)
def _fits(text: str) -> bool:
    """Return whether a text of bounded length fits; accounts come again and again, and remembering is a fifth of matching."""
    return _PATH.fullmatch(text) is not None


def no_such_account(path: str) -> NotFound:
    """Return the refusal of a path that names no account of the book: ``account.not_found``."""
    return NotFound("account.not_found", "no such account in this book", path=path[:200])
