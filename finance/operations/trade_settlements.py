"""Settling trades that were booked against other payables and receivables: the bank moves when the money does.

Joins the caller's transaction and commits nothing. A trade is settled once; a reversed one has nothing to settle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.accounting.chart import BANK, BOOK_CURRENCY
from finance.accounting.vat import TRADE_PAYABLES, TRADE_RECEIVABLES
from ledger import operations as ledger
from ledger.core.errors import NotFound
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes
from ledger.store import journal, period_rows
from ledger.store.period_rows import DatedEntry

_ACCOUNTS = (TRADE_PAYABLES, TRADE_RECEIVABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledTrade:
    """A trade whose money is still to move: fen, above zero is to be received, below zero to be paid."""

    trade_ref: str
    entry_id: UUID
    traded_on: date
    amount_fen: int


def unsettled_trades(session: Session, book_id: int, *, through: date) -> tuple[UnsettledTrade, ...]:
    """Return the trades booked through the day whose money has not moved, in the order of booking. Reads only."""
    entries = tuple(
        period_rows.entries_between(
            session, book_id, start=date(1990, 1, 1), end=through + timedelta(days=1), under=_ACCOUNTS
        )
    )
    reversed_seqs = {each.reverses_seq for each in entries if each.reverses_seq is not None}
    settled = {
        each.attrs["settles_entry_id"]
        for each in entries
        if "settles_entry_id" in each.attrs and each.seq not in reversed_seqs
    }
    return tuple(_open(entries, reversed_seqs=reversed_seqs, settled=settled))


def settle_trade(
    session: Session,
    book_id: int,
    trade_ref: str,
    *,
    on: date,
    doc_ref: str,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> EntryReceipt:
    """Move a trade's money on a day: debit 其他应付款, credit the bank, or for a sale the bank against 其他应收款.

    A trade that has nothing to settle, or was settled before, is ``settlement.not_found``.

    Source: 财会[2019]22号 as in china-carbon-rules 3.1.
    """
    journal.lock_book(session, book_id)
    found = [each for each in unsettled_trades(session, book_id, through=on) if each.trade_ref == trade_ref]
    if not found:
        raise NotFound(
            "settlement.not_found",
            "trade_ref: expected a trade booked by then whose money has not moved; the policy may book trades at once",
            field="trade_ref",
        )
    trade = found[0]
    account = TRADE_RECEIVABLES if trade.amount_fen > 0 else TRADE_PAYABLES
    draft = JournalDraft(
        entry_id=uuid5(trade.entry_id, f"settlement {on}"),
        kind=EntryKind.GENERAL,
        effective_on=on,
        actor=actor,
        postings=(
            Posting(BANK, BOOK_CURRENCY, trade.amount_fen),
            Posting(account, BOOK_CURRENCY, -trade.amount_fen),
        ),
        doc_ref=doc_ref or None,
        attrs={
            "trade_ref": trade.trade_ref,
            "settles_entry_id": str(trade.entry_id),
            "summary_zh": "碳交易款项结算",
            "summary_en": "settlement of the carbon trade",
        },
    )
    return ledger.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)


def _open(entries: tuple[DatedEntry, ...], *, reversed_seqs: set[int], settled: set[str]) -> Iterator[UnsettledTrade]:
    for entry in entries:
        is_trade = "trade_ref" in entry.attrs and "settles_entry_id" not in entry.attrs
        if not is_trade or entry.seq in reversed_seqs or str(entry.entry_id) in settled:
            continue
        fen = sum(leg.amount for leg in entry.legs if leg.path in _ACCOUNTS)
        if fen:
            yield UnsettledTrade(
                trade_ref=entry.attrs["trade_ref"],
                entry_id=entry.entry_id,
                traded_on=entry.effective_on,
                amount_fen=fen,
            )
