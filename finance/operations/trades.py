"""Putting instruments and trades into a book: register what is held, then book what happened, each trade once.

Joins the caller's transaction and commits nothing. A list of trades is booked as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import BOOK_CURRENCY, Chart
from finance.accounting.instruments import Instrument
from finance.accounting.posting_rules import draft_for
from finance.accounting.trades import DISPOSALS, Trade, in_booking_order
from finance.operations.accounting_policies import policy_treatment
from finance.store import trades as trade_store
from finance.store.accounting_policies import policy_in_force
from finance.store.trades import RecordedTrade
from ledger import operations as ledger
from ledger.core.errors import Conflict, DomainError
from ledger.core.journal import MAX_BATCH, EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes
from ledger.store import books, journal, reports

NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a list of trades changed: those booked now, and the references that stood already with the same content."""

    booked: tuple[RecordedTrade, ...]
    standing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeGroup:
    """Trades that stand or fall together, and the lots (lot_id, tonnes) that each disposal draws on, by its reference.

    A disposal without lots draws on them as its account does.
    """

    link: UUID
    lots: Mapping[str, tuple[tuple[int, int], ...]]

    def drawn(self, trade: Trade, draft: JournalDraft) -> JournalDraft:
        """Return the draft as a member of the group, its outgoing tonnes drawn from the named lots."""
        picked = self.lots.get(trade.trade_ref, ())
        legs = tuple(
            replace(leg, lots=picked) if picked and leg.amount < 0 and leg.commodity == trade.instrument else leg
            for leg in draft.postings
        )
        return replace(draft, postings=legs, link=self.link)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTerms:
    """How trades are entered: the holds they take from, by reference, the group they are of, and whether a closer enters them.

    Only a closer's trades reach softly closed days.
    """

    captures: Mapping[str, UUID] = field(default_factory=dict)
    group: TradeGroup | None = None
    is_closer: bool = False


_PLAIN = TradeTerms()


def register_instruments(
    session: Session, book_id: int, instruments: Iterable[Instrument], opened_on: date, chart: Chart | None = None
) -> None:
    """Add each instrument's commodity and accounts to the book, open from ``opened_on``; the same again changes nothing.

    Other facts under a known code are refused (``commodity.exists``, ``account.exists``), so the cost method of an
    instrument never changes silently. Accounts that all instruments share keep the day they were first opened. The book
    must be kept in CNY (``trade.book_currency``).
    """
    _check_currency(session, book_id)
    plan = chart or policy_in_force(session, book_id, opened_on).chart()
    standing = books.accounts(session, book_id)
    for line in plan.shared_lines():
        if line.path not in standing:
            ledger.open_account(session, book_id, line.opening(opened_on))
    for instrument in instruments:
        ledger.add_commodity(session, book_id, instrument.commodity(), instrument.attrs())
        for line in plan.lines_of(instrument):
            ledger.open_account(session, book_id, line.opening(opened_on))


def book_trades(
    session: Session,
    book_id: int,
    trades: Iterable[Trade],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    random_bytes: RandomBytes,
    terms: TradeTerms = _PLAIN,
) -> Booking:
    """Book ``trades`` by day, those of one day in their order; return what was new and what stood.

    With a group in ``terms`` the entries are one linked group and draw on the very lots it names by reference.

    The same reference with the same content changes nothing, with other content it is ``trade.ref_reused``. A refused
    trade refuses the whole list and leaves nothing: the ledger's own code (overselling: ``ledger.insufficient_available``)
    with the trade's reference and its row. A disposal dated before an acquisition of the
    same instrument that is already booked is ``trade.backdated_disposal``: its lots would be tonnes not yet held.
    Its ``captures`` name, by reference, the hold that a trade from an order takes its tonnes or money from. A day that is softly
    closed is ``ledger.period_soft_closed`` for whoever is no closer.
    """
    ordered = in_booking_order(trades)
    _check_currency(session, book_id)
    standing = trade_store.find_trades(session, book_id, [trade.trade_ref for trade in ordered])
    for trade in ordered:
        _check_same(trade, standing.get(trade.trade_ref))
    fresh = tuple(trade for trade in ordered if trade.trade_ref not in standing)
    _refuse_backdated(session, book_id, fresh)
    booked: list[RecordedTrade] = []
    with session.begin_nested():  # a refusal takes back the trades before it, whatever the caller does with it
        for start in range(0, len(fresh), MAX_BATCH):
            batch = fresh[start : start + MAX_BATCH]
            booked += _book_batch(session, book_id, batch, actor, now, new_id, random_bytes, terms)
    return Booking(booked=tuple(booked), standing=tuple(sorted(standing)))


def _book_batch(
    session: Session,
    book_id: int,
    batch: Sequence[Trade],
    actor: Actor,
    now: datetime,
    new_id: NewId,
    random_bytes: RandomBytes,
    terms: TradeTerms,
) -> list[RecordedTrade]:
    chart = Chart()
    days = sorted({trade.effective_on for trade in batch})
    treatments = {day: policy_treatment(session, book_id, day) for day in days}
    drafts = [
        draft_for(
            trade,
            chart=chart,
            entry_id=new_id(),
            actor=actor,
            treatment=treatments[trade.effective_on],
            captures=terms.captures.get(trade.trade_ref),
        )
        for trade in batch
    ]
    if terms.group is not None:
        drafts = [terms.group.drawn(trade, draft) for trade, draft in zip(batch, drafts, strict=True)]
    outcomes = ledger.post_entries(
        session, book_id, drafts, now=now, random_bytes=random_bytes, is_closer=terms.is_closer
    )
    recorded = []
    for trade, outcome in zip(batch, outcomes, strict=True):
        if not isinstance(outcome, EntryReceipt):
            raise _refused(trade, outcome.refusal)
        recorded.append(
            RecordedTrade(
                trade=trade,
                entry_id=outcome.entry_id,
                entry_seq=outcome.seq,
                recorded_at=outcome.recorded_at,
                recorded_by=actor.user_id,
            )
        )
    trade_store.save_trades(session, book_id, recorded)
    return recorded


def _check_currency(session: Session, book_id: int) -> None:
    """Lock the book, so that two lists with one reference meet one after the other, and refuse a foreign-currency book."""
    head = journal.lock_book(session, book_id)
    if head.functional_currency != BOOK_CURRENCY:
        raise Conflict(
            "trade.book_currency",
            f"book: expected a book kept in {BOOK_CURRENCY}, this one is kept in {head.functional_currency}",
            book=head.code,
        )


def _check_same(trade: Trade, standing: RecordedTrade | None) -> None:
    if standing is not None and standing.trade != trade:
        raise Conflict(
            "trade.ref_reused",
            f"trade_ref: {trade.trade_ref} is booked with other content; reverse that one if wrong, and give this one a new reference",
            trade_ref=trade.trade_ref,
            origin=trade.origin,
        )


def _refuse_backdated(session: Session, book_id: int, fresh: Sequence[Trade]) -> None:
    latest = trade_store.latest_acquisitions(session, book_id, {trade.instrument for trade in fresh})
    for code in {trade.instrument for trade in fresh if _is_backdated(trade, latest)}:
        undone = reversed_seqs(session, book_id, Chart().accounts_of(code).holding)
        latest.pop(code)
        latest |= trade_store.latest_acquisitions(session, book_id, [code], without=undone)
    for trade in fresh:
        if _is_backdated(trade, latest):
            raise Conflict(
                "trade.backdated_disposal",
                f"traded_on: {trade.trade_ref} is dated {trade.effective_on}, but {trade.instrument} acquired on "
                f"{latest[trade.instrument]} is booked already; reverse what came later and book in order of days",
                trade_ref=trade.trade_ref,
                origin=trade.origin,
                traded_on=trade.traded_on.isoformat(),
            )


def _is_backdated(trade: Trade, latest: Mapping[str, date]) -> bool:
    return trade.kind in DISPOSALS and trade.effective_on < latest.get(trade.instrument, date.min)


def reversed_seqs(session: Session, book_id: int, path: str) -> frozenset[int]:
    """Return the places of the account's entries that were reversed."""
    undone: set[int] = set()
    cursor = (0, 0)
    while page := reports.statement(session, book_id, path, after=cursor):
        for line in page:
            if line.kind == EntryKind.REVERSAL:
                reversal = reports.entry_at(session, book_id, line.seq)
                assert reversal is not None, "a statement's line has its entry"
                assert reversal.reverses_seq is not None, "a reversal names what it reverses"
                undone.add(reversal.reverses_seq)
        cursor = (page[-1].seq, page[-1].line)
    return frozenset(undone)


def _refused(trade: Trade, refusal: DomainError) -> DomainError:
    place = f" ({trade.origin})" if trade.origin else ""
    facts = {**refusal.data, "trade_ref": trade.trade_ref, "origin": trade.origin}
    return type(refusal)(refusal.code, f"{trade.trade_ref}{place}: {refusal.message}; no trade was booked", **facts)
