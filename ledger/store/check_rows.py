"""Reads a whole book for checking: facts as streams in order of ``seq``, sums as the database adds them.

Ids, days and instants come as the text that leaves spell. Reads only, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.core.checks import EntryFacts
from ledger.core.serials import SerialBlock, together
from ledger.store.check_cursors import CHUNK, TOKEN, Span, Stream, cursor_of, rows_of
from ledger.store.tables.journal import BookRow


class BookHead(NamedTuple):
    """A book's row, its last instant as text."""

    book_uuid: str
    code: str
    next_seq: int
    tree_size: int
    tree_peaks: bytes
    last_recorded_at: str


def find_books(session: Session, named: str) -> tuple[tuple[int, UUID], ...]:
    """Return number and uuid of the books of that uuid or code; several organisations may each have one of a code."""
    try:
        wanted = BookRow.book_uuid == UUID(named)
    except ValueError:
        wanted = BookRow.code == named
    rows = session.execute(select(BookRow.book_id, BookRow.book_uuid).where(wanted).order_by(BookRow.book_id))
    return tuple((row.book_id, row.book_uuid) for row in rows)


def head(session: Session, book_id: int) -> BookHead:
    """Return the book's row."""
    (row,) = cursor_of(session, _HEAD, book_id).fetchmany(2)
    return BookHead(*row)


def accounts(session: Session, book_id: int) -> list[tuple[int, str, str, int, str | None]]:
    """Return (account_id, path, type, commodity_id, commodity code) of every account, by id."""
    rows: list[tuple[int, str, str, int, str | None]] = cursor_of(session, _ACCOUNTS, book_id).fetchall()
    return rows


def entry_count(session: Session, book_id: int) -> int:
    """Return how many entries the book has."""
    ((found,),) = cursor_of(session, _ENTRY_COUNT, book_id).fetchmany(2)
    return int(found)


def entries(
    session: Session, book_id: int, span: Span, ahead: Executor | None = None
) -> tuple[Stream, Callable[[Any], EntryFacts]]:
    """Return the entries of a span, read ``ahead`` where that is given, and what makes ``EntryFacts`` of a row."""
    if session.get_bind().dialect.name == "postgresql":
        return Stream(cursor_of(session, _ENTRIES, book_id, span), ahead), EntryFacts._make
    return Stream(cursor_of(session, TOKEN.sub(r"\2", _ENTRIES), book_id, span)), _sqlite_entry()


def facts(session: Session, book_id: int, span: Span, ahead: Executor | None = None) -> dict[str, Stream]:
    """Return by table what belongs to the entries of a span, as the row types of ``ledger.core.checks``, by seq."""
    return {name: Stream(cursor_of(session, statement, book_id, span), ahead) for name, statement in _FACTS.items()}


def log_keys(session: Session, book_id: int) -> Iterator[tuple[int, bytes, int | None, str | None]]:
    """Yield (valid from size, public key, introducing seq, attributes of the entry there) of the log's keys, the oldest first."""
    yield from rows_of(session, _LOG_KEYS, book_id)


def checkpoints(session: Session, book_id: int) -> Iterator[tuple[int, int, bytes, str]]:
    """Yield (number, tree size, tree peaks, note) of the published checkpoints in the order of their numbers."""
    yield from rows_of(session, _CHECKPOINTS, book_id)


def refusals(session: Session, book_id: int) -> Iterator[tuple[str, bytes, str, str]]:
    """Yield (entry id, request hash, error code, error text) of the frozen refusals."""
    yield from rows_of(session, _REFUSALS, book_id)


def day_sums(session: Session, book_id: int) -> Iterator[tuple[int, str, int, int]]:
    """Yield (account_id, day, sum of postings, last seq) by account and day."""
    for account_id, day, total, last in rows_of(session, _DAY_SUMS, book_id):
        yield account_id, day, int(total), last


def stored_days(session: Session, book_id: int) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield ((account_id, day), delta) of ``balance_day``, by account and day."""
    for account_id, day, delta in rows_of(session, _STORED_DAYS, book_id):
        yield (account_id, day), delta


def held_sums(session: Session, book_id: int) -> Iterator[tuple[int, int, int]]:
    """Yield (account_id, amount set aside, last seq) by account."""
    for account_id, held, last in rows_of(session, _HELD_SUMS, book_id):
        yield account_id, int(held), last


def stored_balances(session: Session, book_id: int) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Yield (account_id, (posted, held, last_seq)) of ``balance``, by account."""
    for account_id, posted, held, last in rows_of(session, _STORED_BALANCES, book_id):
        yield account_id, (posted, held, last)


def lot_sums(session: Session, book_id: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Yield (lot_id, (account_id, quantity, cost, held)) of every lot, summed from its moves, by lot."""
    for lot_id, account_id, quantity, cost, held in rows_of(session, _LOT_SUMS, book_id):
        yield lot_id, (account_id, int(quantity), int(cost), int(held))


def stored_lots(session: Session, book_id: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Yield (lot_id, (account_id, quantity, cost, held)) of ``lot_position``, by lot."""
    for lot_id, account_id, quantity, cost, held in rows_of(session, _STORED_LOTS, book_id):
        yield lot_id, (account_id, quantity, cost, held)


Blocks = tuple[tuple[str, int, int, int], ...]
"""(prefix, first, last, how often each of these units is there), in order, neighbours joined; a sound lot has each unit once."""


def serial_sums(session: Session, book_id: int) -> Iterator[tuple[int, Blocks]]:
    """Yield (lot_id, the units that came less those that went) of lots that had any, by lot."""
    for lot_id, rows in groupby(rows_of(session, _SERIAL_EDGES, book_id), key=itemgetter(0)):
        blocks: list[tuple[str, int, int, int]] = []
        edges = sorted((prefix, edge, int(units)) for _, prefix, edge, units in rows)
        there = 0
        for (prefix, edge, units), (_, end, _) in pairwise([*edges, ("", 0, 0)]):
            there += units
            if there and units == 0 and blocks:
                blocks[-1] = (prefix, blocks[-1][1], end - 1, there)
            elif there:
                blocks.append((prefix, edge, end - 1, there))
        if blocks:
            yield lot_id, tuple(blocks)


def stored_serials(session: Session, book_id: int) -> Iterator[tuple[int, Blocks]]:
    """Yield (lot_id, units) of ``serial_block``, by lot."""
    for lot_id, rows in groupby(rows_of(session, _STORED_SERIALS, book_id), key=itemgetter(0)):
        joined = together(SerialBlock(*row[1:]) for row in rows)
        yield lot_id, tuple((*block, 1) for block in joined)


HoldSum = tuple[int | None, str | None, int, int, str, int]
"""(account_id, expires_at, remaining, captured, state, last_seq)"""


def hold_sums(session: Session, book_id: int) -> Iterator[tuple[tuple[str, int], HoldSum]]:
    """Yield ((hold_id, lot_id), ``HoldSum``) summed from the moves, by hold and lot."""
    for hold_id, lot_id, account_id, expires_at, remaining, captured, kind, last in rows_of(
        session, _HOLD_SUMS, book_id
    ):
        state = "open" if int(remaining) else _ENDED_BY.get(kind, "unknown")
        yield (hold_id, lot_id), (account_id, expires_at, int(remaining), int(captured), state, last)


def stored_holds(session: Session, book_id: int) -> Iterator[tuple[tuple[str, int], HoldSum]]:
    """Yield ((hold_id, lot_id), ``HoldSum``) of ``hold_position``, by hold and lot."""
    for hold_id, lot_id, account_id, expires_at, remaining, captured, state, last in rows_of(
        session, _STORED_HOLDS, book_id
    ):
        yield (hold_id, lot_id), (account_id, expires_at, remaining, captured, state, last)


def broken(session: Session, book_id: int, statement: str) -> tuple[int, int] | None:
    """Return the first place and the number of rows that a statement gives, each row one ``place``, or None.

    Its only place for a value is the book.
    """
    wanted = f"SELECT min(broken.place), count(*) FROM ({statement}) AS broken"  # noqa: S608 - statements of check_rules
    (row,) = cursor_of(session, wanted, book_id).fetchmany(2)
    return (row[0], row[1]) if row[1] else None


# ``uuid(x)``, ``day(x)`` and ``instant(x)`` stand for each engine's way to spell a column as leaves do; every ? is the book, and
# ``span(x)`` bounds a column's places.
_HEAD = "SELECT uuid(book_uuid), code, next_seq, tree_size, tree_peaks, instant(last_recorded_at) FROM book WHERE book_id = ?"
_ACCOUNTS = (
    "SELECT a.account_id, a.path, a.type, a.commodity_id, c.code FROM account a"
    " LEFT JOIN commodity c ON c.book_id = a.book_id AND c.commodity_id = a.commodity_id"
    " WHERE a.book_id = ? ORDER BY a.account_id"
)
_ENTRIES = (
    "SELECT seq, uuid(entry_id), request_hash, kind, day(effective_on), instant(recorded_at), day(document_on), leg_count,"
    " reverses_seq, uuid(actor_id), uuid(acting_for_id), doc_ref, attrs, pii_commitment, uuid(transfer_id)"
    " FROM entry WHERE book_id = ? AND span(seq) ORDER BY seq"
)
_ENTRY_COUNT = "SELECT count(*) FROM entry WHERE book_id = ?"
_FACTS = {
    "posting": "SELECT seq, line, account_id, commodity_id, amount, day(effective_on) FROM posting"
    " WHERE book_id = ? AND span(seq) ORDER BY seq, line",
    "leaf": "SELECT seq, salt, canonical, leaf_hash FROM leaf WHERE book_id = ? AND span(seq) ORDER BY seq",
    "lot_move": "SELECT seq, line, lot_id, qty, cost FROM lot_move WHERE book_id = ? AND span(seq) ORDER BY seq, line, lot_id",
    "lot": "SELECT acquired_seq, lot_id, account_id, day(acquired_on), qty, cost, origin_lot_id FROM lot"
    " WHERE book_id = ? AND span(acquired_seq) ORDER BY acquired_seq, lot_id",
    "hold": "SELECT placed_seq, uuid(hold_id), account_id, kind, amount, uuid(beneficiary_id), rank, agreement_ref, instant(expires_at)"
    " FROM hold WHERE book_id = ? AND span(placed_seq) ORDER BY placed_seq, hold_id",
    "hold_move": "SELECT seq, uuid(hold_id), lot_id, amount FROM hold_move"
    " WHERE book_id = ? AND span(seq) ORDER BY seq, hold_id, lot_id",
    "serial_move": "SELECT seq, line, lot_id, prefix, first, last FROM serial_move"
    " WHERE book_id = ? AND span(seq) ORDER BY seq, line, lot_id, prefix, first",
}
_SERIAL_EDGES = (
    "SELECT s.lot_id, s.prefix, s.edge, CAST(sum(s.units) AS TEXT) FROM ("
    "SELECT v.lot_id, v.prefix, v.first AS edge, CASE WHEN m.qty > 0 THEN 1 ELSE -1 END AS units FROM serial_move v"
    " JOIN lot_move m ON m.book_id = v.book_id AND m.seq = v.seq AND m.line = v.line AND m.lot_id = v.lot_id WHERE v.book_id = ?"
    " UNION ALL SELECT v.lot_id, v.prefix, v.last + 1, CASE WHEN m.qty > 0 THEN -1 ELSE 1 END FROM serial_move v"
    " JOIN lot_move m ON m.book_id = v.book_id AND m.seq = v.seq AND m.line = v.line AND m.lot_id = v.lot_id WHERE v.book_id = ?"
    ") s GROUP BY s.lot_id, s.prefix, s.edge ORDER BY s.lot_id"
)
_LOG_KEYS = (
    "SELECT k.valid_from_size, k.public_key, k.introduced_seq, e.attrs FROM log_key k"
    " LEFT JOIN entry e ON e.book_id = k.book_id AND e.seq = k.introduced_seq WHERE k.book_id = ? ORDER BY k.valid_from_size"
)
_CHECKPOINTS = (
    "SELECT checkpoint_no, tree_size, tree_peaks, note FROM checkpoint WHERE book_id = ? ORDER BY checkpoint_no"
)
_STORED_SERIALS = "SELECT lot_id, prefix, first, last FROM serial_block WHERE book_id = ? ORDER BY lot_id"
_REFUSALS = "SELECT uuid(entry_id), request_hash, error_code, error FROM request WHERE book_id = ? ORDER BY entry_id"
_DAY_SUMS = (  # by account first: SQLite keeps the order of a CROSS JOIN and reads the covering index without a sort
    "SELECT a.account_id, day(p.effective_on), CAST(sum(p.amount) AS TEXT), max(p.seq) FROM account a CROSS JOIN posting p"
    " WHERE a.book_id = ? AND p.account_id = a.account_id AND p.book_id = a.book_id"
    " GROUP BY a.account_id, p.effective_on ORDER BY a.account_id, p.effective_on"
)
_STORED_DAYS = (
    "SELECT account_id, day(effective_on), delta FROM balance_day WHERE book_id = ? ORDER BY account_id, effective_on"
)
_HELD_SUMS = (
    "SELECT h.account_id, CAST(sum(m.amount) AS TEXT), max(m.seq) FROM hold_move m"
    " JOIN hold h ON h.book_id = m.book_id AND h.hold_id = m.hold_id WHERE m.book_id = ? GROUP BY h.account_id"
)
_STORED_BALANCES = "SELECT account_id, posted, held, last_seq FROM balance WHERE book_id = ? ORDER BY account_id"
_LOT_SUMS = (
    "SELECT l.lot_id, l.account_id, coalesce(m.qty, '0'), coalesce(m.cost, '0'), coalesce(h.held, '0') FROM lot l"
    " LEFT JOIN (SELECT lot_id, CAST(sum(qty) AS TEXT) AS qty, CAST(sum(cost) AS TEXT) AS cost FROM lot_move"
    " WHERE book_id = ? GROUP BY lot_id) m ON m.lot_id = l.lot_id"
    " LEFT JOIN (SELECT lot_id, CAST(sum(amount) AS TEXT) AS held FROM hold_move"
    " WHERE book_id = ? GROUP BY lot_id) h ON h.lot_id = l.lot_id"
    " WHERE l.book_id = ? ORDER BY l.lot_id"
)
_STORED_LOTS = "SELECT lot_id, account_id, qty, cost, held FROM lot_position WHERE book_id = ? ORDER BY lot_id"
_HOLD_SUMS = (
    "SELECT uuid(s.hold_id), s.lot_id, h.account_id, instant(h.expires_at), s.remaining, s.captured, e.kind, s.last_seq FROM ("
    "SELECT m.book_id, m.hold_id, m.lot_id, CAST(sum(m.amount) AS TEXT) AS remaining,"
    " CAST(-sum(CASE WHEN e.kind = 'capture' THEN m.amount ELSE 0 END) AS TEXT) AS captured, max(m.seq) AS last_seq"
    " FROM hold_move m LEFT JOIN entry e ON e.book_id = m.book_id AND e.seq = m.seq WHERE m.book_id = ?"
    " GROUP BY m.book_id, m.hold_id, m.lot_id) s"
    " LEFT JOIN hold h ON h.book_id = s.book_id AND h.hold_id = s.hold_id"
    " LEFT JOIN entry e ON e.book_id = s.book_id AND e.seq = s.last_seq ORDER BY s.hold_id, s.lot_id"
)
_STORED_HOLDS = (
    "SELECT uuid(hold_id), lot_id, account_id, instant(expires_at), remaining, captured, state, last_seq"
    " FROM hold_position WHERE book_id = ? ORDER BY hold_id, lot_id"
)
_ENDED_BY = {"capture": "captured", "release": "released", "expire": "expired"}


def _sqlite_entry() -> Callable[[Any], EntryFacts]:
    """Return what spells a row's ids: in Python, and once for actors that come again, for SQL would take longer."""
    spelled: dict[bytes, str] = {}

    def make(row: Any) -> EntryFacts:
        (
            seq,
            entry_id,
            request_hash,
            kind,
            day,
            at,
            document_on,
            legs,
            reverses,
            actor,
            acting_for,
            doc_ref,
            attrs,
            pii,
            transfer,
        ) = row
        for one in (actor, acting_for):
            if one not in spelled:
                if len(spelled) >= CHUNK:
                    spelled.clear()
                spelled[one] = str(UUID(bytes=one))
        h = entry_id.hex()
        return EntryFacts(
            seq,
            f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}",
            request_hash,
            kind,
            day,
            at,
            document_on,
            legs,
            reverses,
            spelled[actor],
            spelled[acting_for],
            doc_ref,
            attrs,
            pii,
            None if transfer is None else str(UUID(bytes=transfer)),
        )

    return make
