"""What is true of every row of a sound book, each as one statement that finds the rows of which it is not.

Rules over facts that ``ledger.core.checks`` has compared with their leaves one by one, and over limits. The one ``?`` is the book.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """Something true of every row: ``statement`` gives the place of each row of which it is not; ``place`` says what a place is."""

    code: str
    table: str
    expected: str
    statement: str
    place: str = "seq"


_CLEARING_LEG = (
    "posting p JOIN account a ON a.book_id = p.book_id AND a.account_id = p.account_id"
    " AND (a.path = 'Equity:Clearing' OR substr(a.path, 1, 16) = 'Equity:Clearing:')"
)

_UNMATCHED = (
    "SELECT e.seq AS place FROM entry e WHERE e.book_id = ? AND e.transfer_id IS NOT NULL"  # noqa: S608 - constants only
    " AND EXISTS (SELECT 1 FROM entry o WHERE o.transfer_id = e.transfer_id AND o.book_id <> e.book_id)"
    f" AND (NOT EXISTS (SELECT 1 FROM {_CLEARING_LEG} WHERE p.book_id = e.book_id AND p.seq = e.seq)"
    f" OR EXISTS (SELECT 1 FROM entry o CROSS JOIN {_CLEARING_LEG}"
    " JOIN commodity c ON c.book_id = p.book_id AND c.commodity_id = p.commodity_id"
    " WHERE o.transfer_id = e.transfer_id AND p.book_id = o.book_id AND p.seq = o.seq"
    " GROUP BY c.code, c.kind, c.scale HAVING sum(p.amount) <> 0))"
)

RULES = (
    Rule(
        "entry.reversed_twice",
        "entry",
        "an entry reversed at most once",
        "SELECT max(seq) AS place FROM entry WHERE book_id = ? AND reverses_seq IS NOT NULL GROUP BY reverses_seq HAVING count(*) > 1",
    ),
    Rule(
        "entry.reversal",
        "entry",
        "a reversal names an earlier entry that is none itself and has as many legs",
        "SELECT e.seq AS place FROM entry e LEFT JOIN entry o ON o.book_id = e.book_id AND o.seq = e.reverses_seq"
        " WHERE e.book_id = ? AND e.reverses_seq IS NOT NULL AND (o.seq IS NULL"
        " OR o.seq >= e.seq OR o.reverses_seq IS NOT NULL OR o.leg_count <> e.leg_count)",
    ),
    Rule(
        "reversal.legs",
        "posting",
        "each leg of a reversal negates the same line of the reversed entry",
        "SELECT e.seq AS place FROM entry e CROSS JOIN posting p"
        " LEFT JOIN posting o ON o.book_id = e.book_id AND o.seq = e.reverses_seq AND o.line = p.line AND o.account_id = p.account_id"
        " AND o.amount = -p.amount WHERE e.book_id = ? AND e.reverses_seq IS NOT NULL AND p.book_id = e.book_id AND p.seq = e.seq"
        " AND o.seq IS NULL",
    ),
    Rule(
        "reversal.lots",
        "lot_move",
        "a reversal gives every lot move back, at the same quantity and cost",
        "SELECT e.seq AS place FROM entry e JOIN lot_move m ON m.book_id = e.book_id AND m.seq IN (e.seq, e.reverses_seq)"
        " LEFT JOIN lot_move o ON o.book_id = e.book_id AND o.seq = e.seq + e.reverses_seq - m.seq AND o.line = m.line"
        " AND o.lot_id = m.lot_id AND o.qty = -m.qty AND o.cost = -m.cost"
        " WHERE e.book_id = ? AND e.reverses_seq IS NOT NULL AND o.seq IS NULL",
    ),
    Rule(
        "lot_move.account",
        "lot_move",
        "a lot moves only by legs of its own account",
        "SELECT m.seq AS place FROM lot_move m LEFT JOIN lot l ON l.book_id = m.book_id AND l.lot_id = m.lot_id"
        " LEFT JOIN posting p ON p.book_id = m.book_id AND p.seq = m.seq AND p.line = m.line"
        " WHERE m.book_id = ? AND (l.lot_id IS NULL OR p.seq IS NULL OR p.account_id <> l.account_id)",
    ),
    Rule(
        "lot_move.quantity",
        "lot_move",
        "the lots of a leg move by its amount",
        "SELECT p.seq AS place FROM lot_move m JOIN posting p ON p.book_id = m.book_id AND p.seq = m.seq AND p.line = m.line"
        " WHERE m.book_id = ? GROUP BY p.seq, p.line, p.amount HAVING sum(m.qty) <> p.amount",
    ),
    Rule(
        "lot_move.missing",
        "lot_move",
        "every leg of an account that keeps lots moves some",
        "SELECT p.seq AS place FROM account a CROSS JOIN posting p"
        " WHERE a.book_id = ? AND p.book_id = a.book_id AND p.account_id = a.account_id AND a.lot_method IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM lot_move m WHERE m.book_id = p.book_id AND m.seq = p.seq AND m.line = p.line)",
    ),
    Rule(
        "serial_move.quantity",
        "serial_move",
        "the serial blocks of a lot move are as many units as it moves",
        "SELECT s.seq AS place FROM serial_move s LEFT JOIN lot_move m ON m.book_id = s.book_id AND m.seq = s.seq AND m.line = s.line"
        " AND m.lot_id = s.lot_id WHERE s.book_id = ? GROUP BY s.seq, s.line, s.lot_id, m.qty"
        " HAVING m.qty IS NULL OR sum(s.last - s.first + 1) <> abs(m.qty)",
    ),
    Rule(
        "serial_block.overlap",
        "serial_block",
        "no unit lies in two lots",
        "SELECT b.lot_id AS place FROM (SELECT lot_id, last, lead(first) OVER (PARTITION BY prefix ORDER BY first) AS following"
        " FROM serial_block WHERE book_id = ?) b WHERE b.following <= b.last",
        "lot",
    ),
    Rule(
        "hold_move.hold",
        "hold_move",
        "a move under a hold that is placed by then",
        "SELECT m.seq AS place FROM hold_move m LEFT JOIN hold h ON h.book_id = m.book_id AND h.hold_id = m.hold_id"
        " WHERE m.book_id = ? AND (h.placed_seq IS NULL OR h.placed_seq > m.seq OR (h.placed_seq = m.seq) <> (m.amount > 0))",
    ),
    Rule(
        "hold.amount",
        "hold",
        "a hold sets aside what its placing moves say",
        "SELECT h.placed_seq AS place FROM hold h WHERE h.book_id = ? AND h.amount <> coalesce((SELECT sum(m.amount) FROM hold_move m"
        " WHERE m.book_id = h.book_id AND m.seq = h.placed_seq AND m.hold_id = h.hold_id), 0)",
    ),
    Rule(
        "balance.limit",
        "balance",
        "posted less held is not below the floor, posted not above the ceiling, held not negative",
        "SELECT account_id AS place FROM balance WHERE book_id = ?"
        " AND (held < 0 OR posted - held < floor OR posted > ceiling)",
        "account",
    ),
    Rule(
        "request.of_entry",
        "request",
        "an id was accepted or refused, not both",
        "SELECT e.seq AS place FROM request r JOIN entry e ON e.entry_id = r.entry_id AND e.book_id = r.book_id WHERE r.book_id = ?",
    ),
    Rule(
        "transfer.unpaired",
        "entry",
        "one entry in this book and one in another share a transfer_id",
        "SELECT e.seq AS place FROM entry e WHERE e.book_id = ? AND e.transfer_id IS NOT NULL"
        " AND ((SELECT count(*) FROM entry o WHERE o.transfer_id = e.transfer_id) <> 2"
        " OR NOT EXISTS (SELECT 1 FROM entry o WHERE o.transfer_id = e.transfer_id AND o.book_id <> e.book_id))",
    ),
    Rule(
        "transfer.unmatched",
        "entry",
        "what one entry of a transfer adds to its clearing accounts the other takes from its own, in the same commodities",
        _UNMATCHED,
    ),
)
