"""What a step of a contract does, as values: money that moves and why, tonnes that leave, come, are set aside or let go.

Owns the vocabulary in which the kinds of contract speak. Chooses no debit and no credit: that is the accounting's, and
posts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from finance.trading.contracts.terms import Lots
from ledger.core.holds import HoldKind


class MoneyKind(StrEnum):
    """Why money moves, seen from the book; each has one pair of accounts in the accounting rules."""

    BORROWED = "borrowed"
    BORROWED_REPAID = "borrowed_repaid"
    LENT_OUT = "lent_out"
    LENT_OUT_BACK = "lent_out_back"
    MARGIN_GIVEN = "margin_given"
    MARGIN_GIVEN_BACK = "margin_given_back"
    MARGIN_TAKEN = "margin_taken"
    MARGIN_TAKEN_BACK = "margin_taken_back"
    INTEREST_COST_ACCRUED = "interest_cost_accrued"
    INTEREST_COST_REDUCED = "interest_cost_reduced"
    INTEREST_COST_PAID = "interest_cost_paid"
    INTEREST_EARNED_ACCRUED = "interest_earned_accrued"
    INTEREST_EARNED_REDUCED = "interest_earned_reduced"
    INTEREST_EARNED_RECEIVED = "interest_earned_received"
    FEE_PAID = "fee_paid"
    FEE_RECEIVED = "fee_received"
    YIELD_RECEIVED = "yield_received"
    YIELD_PAID = "yield_paid"
    DIFFERENCE_RECEIVED = "difference_received"
    DIFFERENCE_PAID = "difference_paid"
    DIFFERENCE_CLAIMED = "difference_claimed"
    DIFFERENCE_OWED = "difference_owed"
    GAIN_FROM_MARGIN_TAKEN = "gain_from_margin_taken"
    LOSS_FROM_MARGIN_GIVEN = "loss_from_margin_given"
    INTEREST_FROM_MARGIN_TAKEN = "interest_from_margin_taken"
    INTEREST_FROM_MARGIN_GIVEN = "interest_from_margin_given"


class ClaimKind(StrEnum):
    """What tonnes that do not come back are set against; the last is what the book still owes."""

    FINANCING = "financing"
    INTEREST = "interest"
    MARGIN_TAKEN = "margin_taken"
    RECEIVABLE = "receivable"
    PAYABLE = "payable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """``amount_fen`` above zero of one kind."""

    what: MoneyKind
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """Tonnes come for good against money, one entry: ``amount_fen`` is their cost; as a yield they are income instead."""

    instrument: str
    quantity_t: int
    amount_fen: int
    is_yield: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sell:
    """Tonnes go for good against money, one entry; as a yield against nothing, their cost is an expense."""

    instrument: str
    quantity_t: int
    amount_fen: int
    is_yield: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Tonnes go to the other party and are to come back: their lots and cost stay in the book, out of the holding."""

    instrument: str
    quantity_t: int
    lots: Lots = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """What was handed over comes back to the same lots at the same cost."""

    instrument: str
    quantity_t: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Tonnes are encumbered where they are: in the holding, or among what was handed over (``is_out``)."""

    kind: HoldKind
    instrument: str
    quantity_t: int
    lots: Lots = ()
    is_out: bool = False
    rank: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """``quantity_t`` of what the contract set aside is free again, or with None all of it."""

    quantity_t: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgo:
    """Tonnes are lost for good against ``claims`` in fen: what they pay, less what is then still owed (payable).

    They are the very lots that the contract handed over or set aside.
    """

    instrument: str
    quantity_t: int
    is_out: bool
    claims: Mapping[ClaimKind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrow:
    """Tonnes come to be given back in kind; they and the duty to return them stand at ``value_fen``."""

    instrument: str
    quantity_t: int
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Borrowed tonnes are given back in kind; the duty of ``value_fen`` ends, the cost of what goes is relieved."""

    instrument: str
    quantity_t: int
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepBorrowed:
    """Borrowed tonnes are not given back: the duty in tonnes ends against money that is still owed or was given as margin."""

    instrument: str
    quantity_t: int
    value_fen: int
    claim_fen: int
    from_margin_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """Tonnes of another come into the book's account as security: memo only, owed in full."""

    instrument: str
    quantity_t: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBack:
    """Security that was received goes back."""

    instrument: str
    quantity_t: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Security becomes the book's own at what it ends: financing, interest, what the book then owes, less what it still claims.

    ``is_received``: it stands in the book's own registry account already.
    """

    instrument: str
    quantity_t: int
    claims: Mapping[ClaimKind, int]
    is_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Both legs of a swap at once; ``cash_fen`` is received (positive) or paid (negative)."""

    gives: str
    gives_t: int
    takes: str
    takes_t: int
    cash_fen: int
    lots: Lots = ()


Effect: TypeAlias = (
    Money
    | Buy
    | Sell
    | HandOver
    | TakeBack
    | SetAside
    | LetGo
    | Forgo
    | Borrow
    | Return
    | KeepBorrowed
    | Receive
    | SendBack
    | Keep
    | Exchange
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a step does and by how much it changes the contract's running figures.

    ``figures`` are signed changes by name (``principal_fen``, ``accrued_fen``, ``interest_paid_fen``,
    ``margin_given_fen``, ``margin_taken_fen``, ``encumbered_t``).
    """

    effects: tuple[Effect, ...]
    figures: Mapping[str, int] = field(default_factory=dict)


def paid(what: MoneyKind, amount_fen: int) -> tuple[Money, ...]:
    """Return the movement of money, none for a zero amount."""
    assert amount_fen >= 0, "the kind gives the direction"
    return (Money(what=what, amount_fen=amount_fen),) if amount_fen else ()
