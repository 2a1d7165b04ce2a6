"""Holds and encumbrances: an amount set aside, for whom, under which paper, and what is left of it.

A hold runs out at an instant; pledge, repo, loan, custody and court freeze do not. Set aside, an amount counts against the
account's floor and is not available for sale, pledge or surrender. Owns the shapes and who may let go; the fold applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger.core.accounts import is_path
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Refusal

_MAX_LOTS = 500
_MAX_REF = 200
_MAX_RANK = 99
_LAST_YEAR = 9998


class HoldKind(StrEnum):
    """What an amount is set aside for."""

    HOLD = "hold"
    """A short reservation, such as for an order; it expires."""
    PLEDGE = "pledge"  # 质押
    REPO = "repo"  # 回购
    LENT = "lent"  # 借碳
    CUSTODY = "custody"  # 托管
    FREEZE = "freeze"  # 司法冻结


class HoldState(StrEnum):
    """Whether something remains; else what the last of it went into."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlacement:
    """Sets ``amount`` smallest units of ``account`` aside, or with None all that is available; the entry's id is the hold's.

    ``lots`` picks given lots as (lot_id, quantity). ``rank`` 1 is served first. ``agreement_ref`` names the paper or the order.
    """

    account: str
    kind: HoldKind
    amount: int | None = None
    lots: tuple[tuple[int, int], ...] = ()
    beneficiary_id: UUID | None = None
    rank: int | None = None
    agreement_ref: str | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Spell the instant in UTC, so that the same one is the same request whatever its zone."""
        until = self.expires_at
        if until is not None and until.tzinfo is not None and until.year <= _LAST_YEAR:
            object.__setattr__(self, "expires_at", until.astimezone(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCapture:
    """Uses ``amount`` of a hold: the entry's legs credit the held account by it. ``is_enforced``: by an enforcing role."""

    hold_id: UUID
    amount: int
    is_enforced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRelease:
    """Lets ``amount`` of a hold go, or with None all that is left. ``is_enforced``: by an enforcing role, such as a court's."""

    hold_id: UUID
    amount: int | None = None
    is_enforced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExpiry:
    """Records that a hold has run out; made by the ledger itself, never by a client."""

    hold_id: UUID


HoldAction = HoldPlacement | HoldCapture | HoldRelease | HoldExpiry


class HoldMove(NamedTuple):
    """What an entry set aside (positive) or let go of (negative) under a hold; ``lot_id`` 0 names no lot."""

    hold_id: UUID
    lot_id: int
    amount: int


class HoldPart(NamedTuple):
    """What is left and what was captured of one lot of a hold, or of the whole hold under ``lot_id`` 0."""

    lot_id: int
    remaining: int
    captured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPosition:
    """A hold as it stands."""

    hold_id: UUID
    account: str
    account_id: int
    kind: HoldKind
    amount: int
    beneficiary_id: UUID | None
    rank: int | None
    agreement_ref: str | None
    expires_at: datetime | None
    placed_on: date
    """Business day of the entry that placed it: nothing is used or let go of before."""
    parts: tuple[HoldPart, ...]
    state: HoldState

    @property
    def remaining(self) -> int:
        """Return what is still set aside, in smallest units."""
        return sum(part.remaining for part in self.parts)

    def may_be_let_go_by(self, organisation_id: UUID, *, is_enforced: bool) -> bool:
        """Return whether that organisation may release or capture: a plain hold by the book's own people, the rest by the beneficiary.

        An enforcing role always may; a freeze without beneficiary knows no one else.
        """
        return is_enforced or self.kind is HoldKind.HOLD or self.beneficiary_id == organisation_id


_AMOUNT = "amount: expected more than zero and at most 10^15 of the smallest unit"


def malformed_hold(action: HoldAction) -> Refusal | None:
    """Return what is wrong with a hold's action whatever the state, as ``field: expected ...``, or None."""
    if isinstance(action, HoldPlacement):
        return _malformed_placement(action)
    amount = None if isinstance(action, HoldExpiry) else action.amount
    if amount is not None and not 1 <= amount <= MAX_UNITS:
        return Refusal("ledger.hold_amount", _AMOUNT)
    return None


def _malformed_placement(action: HoldPlacement) -> Refusal | None:
    lots = action.lots
    if not is_path(action.account):
        return Refusal("ledger.hold_account", "account: expected an account such as Assets:Carbon:CEA25")
    if not (action.amount is None or 1 <= action.amount <= MAX_UNITS):
        return Refusal("ledger.hold_amount", f"{_AMOUNT}, or nothing for all that is free")
    if lots and not (
        len({lot for lot, _ in lots}) == len(lots) <= _MAX_LOTS
        and min(quantity for _, quantity in lots) > 0
        and action.amount == sum(quantity for _, quantity in lots)
    ):
        asked = f"lots: expected 1 to {_MAX_LOTS} different ones, positive, that sum to the amount"
        return Refusal("ledger.hold_lots", asked)
    return _malformed_time(action) or _malformed_favour(action)


def _malformed_time(action: HoldPlacement) -> Refusal | None:
    expires_at = action.expires_at
    if (expires_at is not None) != (action.kind is HoldKind.HOLD):
        return Refusal(
            "ledger.hold_expiry",
            "expires_at: expected when a hold ends, and nothing for any other kind, which stays until it is let go of",
        )
    if expires_at is not None and (expires_at.tzinfo is None or expires_at.year > _LAST_YEAR):
        asked = f"expires_at: expected an instant with its zone before the year {_LAST_YEAR + 1}"
        return Refusal("ledger.hold_expires_at", asked)
    return None


def _malformed_favour(action: HoldPlacement) -> Refusal | None:
    reference = action.agreement_ref
    if action.kind in _NEED_BENEFICIARY and action.beneficiary_id is None:
        asked = f"beneficiary_id: expected the organisation in whose favour a {action.kind} stands"
        return Refusal("ledger.hold_beneficiary", asked)
    if reference is None and action.kind is not HoldKind.HOLD:
        asked = f"agreement_ref: expected the agreement or order that a {action.kind} rests on"
        return Refusal("ledger.hold_agreement", asked)
    if reference is not None and not (1 <= len(reference) <= _MAX_REF and reference.isprintable()):
        return Refusal("ledger.hold_agreement_ref", f"agreement_ref: expected 1 to {_MAX_REF} printable characters")
    if action.rank is not None and (not 1 <= action.rank <= _MAX_RANK or action.beneficiary_id is None):
        return Refusal("ledger.hold_rank", f"rank: expected 1 to {_MAX_RANK}, and a beneficiary that it ranks")
    return None


_NEED_BENEFICIARY = frozenset((HoldKind.PLEDGE, HoldKind.REPO, HoldKind.LENT, HoldKind.CUSTODY))
