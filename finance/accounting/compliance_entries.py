"""Entries of a compliance year that are no trade: allowances given back to the issuer, and old vintages carried over.

Chooses debit and credit for these two. Knows no rule and no balance: tonnes, lots and what they cost are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from finance.accounting.chart import BOOK_CURRENCY, Chart
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor

MOST_LOTS_AN_ENTRY = 900
"""A carried lot makes a leg; an entry has at most a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedLots:
    """Lots of one old instrument, as (lot_id, tonnes), that become ``into``; ``cost_fen`` is what they cost together."""

    instrument: str
    into: str
    lots: tuple[tuple[int, int], ...]
    cost_fen: int

    @property
    def tonnes(self) -> int:
        """Return how many tonnes are carried."""
        return sum(tonnes for _, tonnes in self.lots)


def return_draft(
    instrument: str,
    tonnes: int,
    lots: tuple[tuple[int, int], ...],
    *,
    entry_id: UUID,
    effective_on: date,
    actor: Actor,
    proposal_id: UUID,
) -> JournalDraft:
    """Return the entry that gives allowances back: the tonnes leave the holding against the free allocation they came by.

    Without ``lots`` they leave as the account keeps them. Free tonnes have no money leg; what purchased ones cost goes to
    the loss of the instrument. 60,000 t: holding credit, allocation debit, so what was issued falls by 60,000.
    """
    paths = Chart().accounts_of(instrument)
    return JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.ADJUSTMENT,
        effective_on=effective_on,
        actor=actor,
        postings=(
            Posting(paths.holding, instrument, -tonnes, lots=lots),
            Posting(paths.allocation, instrument, tonnes),
        ),
        cost_legs=CostLegs(paths.cost, paths.gain, paths.loss),
        attrs={"purpose": "allocation_return", "proposal_id": str(proposal_id)},
    )


def carry_over_drafts(
    carried: Sequence[CarriedLots], *, entry_ids: Sequence[UUID], link: UUID, effective_on: date, actor: Actor
) -> tuple[JournalDraft, ...]:
    """Return one entry for each of ``carried``: lots leave the old vintage and arrive in the new one with cost and day.

    One old tonne is one new tonne (power plan 2023/24, annex 5). Each vintage balances against its registry account, the
    cost moves between the two cost accounts, and nothing is gained or lost. All are one linked group.
    """
    return tuple(
        JournalDraft(
            entry_id=entry_id,
            kind=EntryKind.CARRY_OVER,
            effective_on=effective_on,
            actor=actor,
            postings=_carried_legs(each),
            attrs={"purpose": "carry_over", "from": each.instrument, "into": each.into, "proposal_id": str(link)},
            link=link,
        )
        for each, entry_id in zip(carried, entry_ids, strict=True)
    )


def _carried_legs(carried: CarriedLots) -> tuple[Posting, ...]:
    old, new = Chart().accounts_of(carried.instrument), Chart().accounts_of(carried.into)
    money = (
        (
            Posting(old.cost, BOOK_CURRENCY, -carried.cost_fen),
            Posting(new.cost, BOOK_CURRENCY, carried.cost_fen),
        )
        if carried.cost_fen
        else ()
    )
    return (
        Posting(old.holding, carried.instrument, -carried.tonnes, lots=carried.lots),
        Posting(old.registry, carried.instrument, carried.tonnes),
        Posting(new.holding, carried.into, carried.tonnes, is_carried=True),
        Posting(new.registry, carried.into, -carried.tonnes),
        *money,
    )
