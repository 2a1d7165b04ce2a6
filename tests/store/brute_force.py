"""What a book must say, worked out from its facts alone by adding them up one by one."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from ledger.core import log
from ledger.core.accounts import AccountType
from tests.core.test_ledger_log import tree_head
from tests.store.books import ExampleBook, columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The rows of a book's facts."""

    accounts: list[tuple[Any, ...]]
    """(account_id, path, type, commodity_id)"""
    commodities: dict[int, str]
    entries: list[tuple[Any, ...]]
    """(seq, entry_id, effective_on, recorded_at, leg_count, reverses_seq)"""
    postings: list[tuple[Any, ...]]
    """(seq, line, account_id, commodity_id, amount, effective_on)"""
    lots: list[tuple[Any, ...]]
    """(lot_id, account_id, acquired_on, qty, cost)"""
    moves: list[tuple[Any, ...]]
    """(seq, line, lot_id, qty, cost)"""
    kinds: dict[int, str]
    """The kind of each entry, by seq."""
    holds: dict[UUID, int]
    """The account on which each hold was placed."""
    hold_moves: list[tuple[Any, ...]]
    """(seq, hold_id, lot_id, amount)"""
    leaves: list[tuple[Any, ...]]
    """(seq, salt, canonical, leaf_hash)"""


def load(book: ExampleBook) -> Facts:
    """Read the facts of ``book``."""

    def of(table: str, *names: str) -> list[tuple[Any, ...]]:
        return columns(book.database, table, *names, book_id=book.book_id)

    return Facts(
        accounts=of("account", "account_id", "path", "type", "commodity_id"),
        commodities=dict(of("commodity", "commodity_id", "code")),
        entries=of("entry", "seq", "entry_id", "effective_on", "recorded_at", "leg_count", "reverses_seq"),
        postings=of("posting", "seq", "line", "account_id", "commodity_id", "amount", "effective_on"),
        lots=of("lot", "lot_id", "account_id", "acquired_on", "qty", "cost"),
        moves=of("lot_move", "seq", "line", "lot_id", "qty", "cost"),
        kinds=dict(of("entry", "seq", "kind")),
        holds=dict(of("hold", "hold_id", "account_id")),
        hold_moves=of("hold_move", "seq", "hold_id", "lot_id", "amount"),
        leaves=of("leaf", "seq", "salt", "canonical", "leaf_hash"),
    )


def balances(facts: Facts, *, as_of: date = date.max, known: int = 10**9) -> dict[str, int]:
    """Return each account's balance on its normal side by path."""
    raw: dict[int, int] = defaultdict(int)
    for seq, _, account_id, _, amount, day in facts.postings:
        if seq <= known and day <= as_of:
            raw[account_id] += amount
    return {path: raw[number] * AccountType(kind).normal_side for number, path, kind, _ in facts.accounts}


def trial(facts: Facts, *, as_of: date = date.max, known: int = 10**9) -> dict[str, tuple[int, int]]:
    """Return debits and credits by commodity."""
    held = balances(facts, as_of=as_of, known=known)
    sums: dict[str, tuple[int, int]] = {}
    for _, path, kind, commodity_id in facts.accounts:
        raw = held[path] * AccountType(kind).normal_side
        debits, credits_ = sums.get(facts.commodities[commodity_id], (0, 0))
        sums[facts.commodities[commodity_id]] = (debits + max(raw, 0), credits_ - min(raw, 0))
    return sums


def open_lots(facts: Facts, *, as_of: date = date.max, known: int = 10**9) -> dict[int, tuple[int, int]]:
    """Return quantity and cost of each lot whose quantity is not zero."""
    days = {entry[0]: entry[2] for entry in facts.entries}
    left: dict[int, tuple[int, int]] = {}
    for seq, _, lot_id, quantity, cost in facts.moves:
        if seq <= known and days[seq] <= as_of:
            before = left.get(lot_id, (0, 0))
            left[lot_id] = (before[0] + quantity, before[1] + cost)
    return {lot_id: there for lot_id, there in left.items() if there[0]}


def assert_sound(book: ExampleBook) -> None:
    """Compare every projection of ``book`` with its facts, and its tree with its leaves."""
    facts = load(book)
    _assert_order(facts)
    _assert_entries_whole(facts)
    _assert_projections(book, facts)
    _assert_holds(book, facts)
    _assert_tree(book, facts)


def _assert_order(facts: Facts) -> None:
    assert [entry[0] for entry in facts.entries] == list(range(1, len(facts.entries) + 1))
    assert all(earlier[3] < later[3] for earlier, later in pairwise(facts.entries))


def _assert_entries_whole(facts: Facts) -> None:
    by_seq: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for posting in facts.postings:
        by_seq[posting[0]].append(posting)
    for seq, _, day, _, leg_count, _ in facts.entries:
        if leg_count == 0:
            continue
        legs = by_seq.pop(seq)
        assert [leg[1] for leg in legs] == list(range(1, leg_count + 1))
        assert {leg[5] for leg in legs} == {day}
        for commodity_id in {leg[3] for leg in legs}:
            assert sum(leg[4] for leg in legs if leg[3] == commodity_id) == 0
    assert not by_seq


def _assert_projections(book: ExampleBook, facts: Facts) -> None:
    last: dict[int, int] = defaultdict(int)
    daily: dict[tuple[int, date], int] = defaultdict(int)
    for seq, _, account_id, _, amount, day in facts.postings:
        last[account_id] = seq
        daily[account_id, day] += amount
    for seq, hold_id, _, _ in facts.hold_moves:
        last[facts.holds[hold_id]] = max(seq, last[facts.holds[hold_id]])
    there, aside = balances(facts), set_aside(facts)
    posted = columns(book.database, "balance", "account_id", "posted", "held", "last_seq", book_id=book.book_id)
    assert posted == [(number, there[path], aside[number], last[number]) for number, path, _, _ in facts.accounts]
    deltas = columns(book.database, "balance_day", "account_id", "effective_on", "delta", book_id=book.book_id)
    assert {(number, day): delta for number, day, delta in deltas} == daily
    left = open_lots(facts)
    owner = {lot[0]: lot[1] for lot in facts.lots}
    of_lots: dict[int, int] = defaultdict(int)
    for _, _, lot_id, amount in facts.hold_moves:
        of_lots[lot_id] += amount
    stored = columns(book.database, "lot_position", "lot_id", "account_id", "qty", "cost", "held", book_id=book.book_id)
    assert stored == [(lot, owner[lot], *left.get(lot, (0, 0)), of_lots[lot]) for lot in sorted(owner)]
    assert all(0 <= held <= quantity for _, _, quantity, _, held in stored)


def set_aside(facts: Facts, *, as_of: date = date.max, known: int = 10**9) -> dict[int, int]:
    """Return what holds set aside on each account, by number."""
    days = {entry[0]: entry[2] for entry in facts.entries}
    held: dict[int, int] = defaultdict(int)
    for seq, hold_id, _, amount in facts.hold_moves:
        if seq <= known and days[seq] <= as_of:
            held[facts.holds[hold_id]] += amount
    return held


def _assert_holds(book: ExampleBook, facts: Facts) -> None:
    """Compare each part of each hold with the moves that placed it, used it and let it go."""
    ends = {"capture": "captured", "release": "released", "expire": "expired"}
    parts: dict[tuple[UUID, int], tuple[int, int, str, int]] = {}
    for seq, hold_id, lot_id, amount in facts.hold_moves:
        kind = facts.kinds[seq]
        assert (kind == "hold") == (amount > 0)
        remaining, captured, _, _ = parts.get((hold_id, lot_id), (0, 0, "", 0))
        remaining += amount
        captured -= amount if kind == "capture" else 0
        parts[hold_id, lot_id] = (remaining, captured, "open" if remaining else ends[kind], seq)
    names = ("hold_id", "lot_id", "account_id", "remaining", "captured", "state", "last_seq")
    stored = columns(book.database, "hold_position", *names, book_id=book.book_id)
    expected = [(*key, facts.holds[key[0]], *rest) for key, rest in parts.items()]
    assert sorted(stored, key=repr) == sorted(expected, key=repr)


def _assert_tree(book: ExampleBook, facts: Facts) -> None:
    ids = {entry[0]: entry[1] for entry in facts.entries}
    for seq, salt, canonical, leaf_hash in facts.leaves:
        assert len(salt) == log.SALT_BYTES
        assert leaf_hash == hashlib.sha256(b"\x00" + salt + canonical.encode()).digest()
        said = json.loads(canonical)
        legs = [posting for posting in facts.postings if posting[0] == seq]
        assert (said["seq"], said["entry_id"]) == (str(seq), str(ids[seq]))
        assert [leg[2] for leg in said["postings"]] == [str(leg[4]) for leg in legs]
    hashes = [leaf[3] for leaf in facts.leaves]
    ((size, peaks),) = columns(book.database, "book", "tree_size", "tree_peaks", book_id=book.book_id)
    assert size == len(hashes) == len(facts.entries)
    assert log.root(peaks) == tree_head(hashes)
