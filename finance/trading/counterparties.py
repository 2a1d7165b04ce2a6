"""Counterparties that a book may deal with: proposed by one person, approved by another, used after a waiting time.

Owns the terms and the state. Knows no order and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from finance.attestations.canonical import JsonValue, check_text
from finance.trading.orders import Step, StepKind
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid

_LONGEST = 200


class CounterpartyState(StrEnum):
    """Whether orders may name it."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    WAITING = "waiting"  # approved, its waiting time runs
    TRUSTED = "trusted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartyTerms:
    """Who it is, and the most that may be dealt with it in all: the sum of open and done orders, in fen."""

    legal_name: str
    registration_no: str
    max_amount_fen: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse unreadable texts and a limit that is none: code ``counterparty.<field>``."""
        for name in ("legal_name", "registration_no", "reason"):
            text = getattr(self, name)
            if not 1 <= len(text) <= _LONGEST or text != text.strip() or not text.isprintable():
                raise Invalid(
                    f"counterparty.{name}", f"{name}: expected 1 to {_LONGEST} printable characters", field=name
                )
            check_text(text, field=name)
        if not 1 <= self.max_amount_fen <= MAX_UNITS:
            raise Invalid(
                "counterparty.max_amount", "max_amount_cny: expected from 0.01 to 10^13 CNY", field="max_amount_cny"
            )

    def document(self, counterparty_id: UUID, book_uuid: UUID) -> Mapping[str, JsonValue]:
        """Return the proposal as texts: what its digest is taken over."""
        return {
            "kind": "counterparty",
            "counterparty_id": str(counterparty_id),
            "book_id": str(book_uuid),
            "legal_name": self.legal_name,
            "registration_no": self.registration_no,
            "max_amount_fen": str(self.max_amount_fen),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartyRecord:
    """A counterparty with every fact about it."""

    counterparty_id: UUID
    book_id: int
    book_uuid: UUID
    terms: CounterpartyTerms
    sha256: str
    maker_id: UUID
    made_at: datetime
    steps: tuple[Step, ...]

    def step(self, what: StepKind) -> Step | None:
        """Return the first step of that kind."""
        return next((step for step in self.steps if step.what is what), None)

    def usable_from(self, waiting_hours: int) -> datetime | None:
        """Return the first instant at which an order may name it, None before its approval."""
        approved = self.step(StepKind.APPROVED)
        return None if approved is None else approved.recorded_at + timedelta(hours=waiting_hours)

    def state(self, *, now: datetime, waiting_hours: int) -> CounterpartyState:
        """Return the state at ``now``: trusted from the end of the waiting time (inclusive) until it is revoked."""
        if self.step(StepKind.REVOKED):
            return CounterpartyState.REVOKED
        if self.step(StepKind.REJECTED):
            return CounterpartyState.REJECTED
        usable = self.usable_from(waiting_hours)
        if usable is None:
            return CounterpartyState.PROPOSED
        return CounterpartyState.TRUSTED if now >= usable else CounterpartyState.WAITING


def counterparty_terms_of(document: Mapping[str, JsonValue]) -> CounterpartyTerms:
    """Return the terms that a stored proposal spells."""
    name, number, amount, reason = (
        document[key] for key in ("legal_name", "registration_no", "max_amount_fen", "reason")
    )
    assert isinstance(name, str), "stored as text"
    assert isinstance(number, str), "stored as text"
    assert isinstance(amount, str), "stored as text"
    assert isinstance(reason, str), "stored as text"
    return CounterpartyTerms(legal_name=name, registration_no=number, max_amount_fen=int(amount), reason=reason)
