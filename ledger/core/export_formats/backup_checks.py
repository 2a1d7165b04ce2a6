"""Lines up a backup's rows by entry and hands them to the ledger's own entry check, before any is written.

Pure: rows come in as values, findings go to the check's list. Knows no archive and no database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias, TypeVar, cast
from uuid import UUID

from ledger.core.checks import (
    EntryFacts,
    HoldMove,
    HoldTerms,
    Leaf,
    Leg,
    Lot,
    MoreFacts,
    Move,
    Piece,
    PieceCheck,
    SerialMove,
)
from ledger.core.errors import Invalid
from ledger.core.export_formats.backup_lines import BackupColumn, Value

Row: TypeAlias = "tuple[Value, ...]"


class Grouped:
    """Rows that come in order of their entry's place, given out up to a place at a time."""

    def __init__(self, rows: Iterator[Row], place: int) -> None:
        """Read ``rows``, whose column number ``place`` is the entry's seq."""
        self._rows = rows
        self._place = place
        self._next = next(rows, None)

    def through(self, seq: int) -> list[Row]:
        """Return the rows not yet given whose entry stands at most at ``seq``."""
        found = []
        while self._next is not None:
            here = self._next[self._place]
            assert isinstance(here, int), "a place is a whole number by its column"
            if here > seq:
                break
            found.append(self._next)
            self._next = next(self._rows, None)
        return found

    def is_over(self) -> bool:
        """Return whether every row was given."""
        return self._next is None


def judge(check: PieceCheck, part: Mapping[str, Sequence[Row]], columns: Mapping[str, Sequence[BackupColumn]]) -> Piece:
    """Return what ``check`` makes of the entries of ``part``, which holds rows of each table that follows the book's order.

    A row that belongs to no entry of the part is ``backup.unsound`` at once; what else does not hold is in the piece.
    """

    def of(table: str, *names: str) -> Iterator[tuple[object, ...]]:
        own = [column.name for column in columns[table]]
        places = [own.index(name) for name in names]
        for row in part[table]:
            yield tuple([_plain(row[place]) for place in places])

    entries = [EntryFacts(*cast("_Entry", row)) for row in of("entry", *_ENTRY)]
    legs = _by_seq(cast("Iterator[Leg]", of("posting", *_LEG)))
    leaves = {leaf[0]: leaf for leaf in cast("Iterator[Leaf]", of("leaf", *_LEAF))}
    moves = _by_seq(cast("Iterator[Move]", of("lot_move", *_MOVE)))
    lots = _by_seq(cast("Iterator[Lot]", of("lot", *_LOT)))
    hold_moves = _by_seq(cast("Iterator[HoldMove]", of("hold_move", *_HOLD_MOVE)))
    holds = _by_seq(HoldTerms(*cast("_Hold", row)) for row in of("hold", *_HOLD))
    serials = _by_seq(cast("Iterator[SerialMove]", of("serial_move", *_SERIAL)))
    more = {
        seq: MoreFacts(
            moves=moves.get(seq, ()),
            lots=lots.get(seq, ()),
            holds=holds.get(seq, ()),
            hold_moves=hold_moves.get(seq, ()),
            serials=serials.get(seq, ()),
        )
        for seq in moves.keys() | lots.keys() | serials.keys() | hold_moves.keys() | holds.keys()
    }
    strays = (legs.keys() | leaves.keys() | more.keys()) - {entry.seq for entry in entries}
    if strays:
        raise Invalid(
            "backup.unsound", f"entry.jsonl: rows of seq {min(strays)} belong to no entry; nothing was imported"
        )
    if not entries:
        raise Invalid(
            "backup.unsound", "entry.jsonl: entries are missing that the manifest counts; nothing was imported"
        )
    return check.examine(entries, legs, leaves, more)


_Entry = tuple[
    int,
    str,
    bytes,
    str,
    str,
    str,
    str | None,
    int,
    int | None,
    str,
    str,
    str | None,
    str | None,
    bytes | None,
    str | None,
]
_Hold = tuple[int, str, int, str, int, str | None, int | None, str | None, str | None]
_ENTRY = (
    "seq",
    "entry_id",
    "request_hash",
    "kind",
    "effective_on",
    "recorded_at",
    "document_on",
    "leg_count",
    "reverses_seq",
    "actor_id",
    "acting_for_id",
    "doc_ref",
    "attrs",
    "pii_commitment",
    "transfer_id",
)
_LEG = ("seq", "line", "account_id", "commodity_id", "amount", "effective_on")
_LEAF = ("seq", "salt", "canonical", "leaf_hash")
_MOVE = ("seq", "line", "lot_id", "qty", "cost")
_SERIAL = ("seq", "line", "lot_id", "prefix", "first", "last")
_LOT = ("acquired_seq", "lot_id", "account_id", "acquired_on", "qty", "cost", "origin_lot_id")
_HOLD_MOVE = ("seq", "hold_id", "lot_id", "amount")
_HOLD = (
    "placed_seq",
    "hold_id",
    "account_id",
    "kind",
    "amount",
    "beneficiary_id",
    "rank",
    "agreement_ref",
    "expires_at",
)

Of = TypeVar("Of", bound=tuple[object, ...])


def _by_seq(rows: Iterable[Of]) -> dict[int, list[Of]]:
    found: dict[int, list[Of]] = defaultdict(list)
    for row in rows:
        found[cast("int", row[0])].append(row)
    return dict(found)


def _plain(value: Value) -> object:
    """Return ids, days, instants and objects as the texts in which leaves spell them."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case dict():
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        case _:
            return value
