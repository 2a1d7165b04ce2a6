"""What a contract's steps moved: the entries of each step's linked group, as the book has recorded them.

Reads only. A group begins with the record that proves its step and ends before the next record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from finance.operations.carbon_contracts import Shown
from finance.operations.trading_desk import Desk
from finance.store import carbon_contracts as store
from finance.trading.contracts.life import Event
from ledger.core.journal import EntryKind
from ledger.store import journal, reports
from ledger.store.reports import EntryRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMoved:
    """One dated fact of a contract and the entries of its group in the order of the book; the first is the record of the step."""

    event: Event
    entries: tuple[EntryRecord, ...]


def moved_by(desk: Desk, shown: Shown, *, after: int, limit: int) -> tuple[StepMoved, ...]:
    """Return what the contract's facts numbered above ``after`` moved, at most ``limit`` of them."""
    proofs = store.entries_of(desk.session, shown.record)
    events = [event for event in shown.record.events if event.number > after][:limit]
    answers = journal.load_answers(desk.session, desk.book.book_id, [proofs[event.number] for event in events])
    found: list[StepMoved] = []
    for event in events:
        seq = answers[proofs[event.number].int].seq
        assert seq is not None, "the entry that proves a fact was accepted"
        found.append(StepMoved(event=event, entries=tuple(_group(desk, shown, seq))))
    return tuple(found)


def _group(desk: Desk, shown: Shown, seq: int) -> Iterator[EntryRecord]:
    first = reports.entry_at(desk.session, desk.book.book_id, seq)
    assert first is not None, "an accepted entry stands at its place"
    yield first
    wanted = str(shown.record.contract_id)
    while (entry := reports.entry_at(desk.session, desk.book.book_id, seq := seq + 1)) is not None:
        if entry.kind == EntryKind.RECORD or entry.attrs.get("contract_id") != wanted:
            return
        yield entry
