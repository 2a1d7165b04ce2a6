"""Checks a book's entries one by one: leaves spelled again from the facts, legs whole and balanced.

Pure: rows come in as plain tuples of numbers and texts, findings go out. Spells the canonical text by itself and on purpose not
through ``ledger.core.log``, so that one mistake is not made twice. Knows the entries of one piece; ``replay`` joins pieces.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.core import log
from ledger.core.findings import Finding, Findings, members

_DIGEST_BYTES = 32
_LINES = 1024
"""A lot is named 1024 x seq + line of the posting that opened it."""


class AccountNames(NamedTuple):
    """An account as the facts need it: its commodity, the sign of its type, and the start of its legs' spelling."""

    path: str
    commodity_id: int
    commodity: str
    normal_side: int
    spelled: str


class EntryFacts(NamedTuple):
    """A row of ``entry`` with ids, days and instants as text."""

    seq: int
    entry_id: str
    request_hash: bytes
    kind: str
    effective_on: str
    recorded_at: str
    document_on: str | None
    leg_count: int
    reverses_seq: int | None
    actor: str
    acting_for: str
    doc_ref: str | None
    attrs: str | None
    pii_commitment: bytes | None
    transfer_id: str | None


class HoldTerms(NamedTuple):
    """A row of ``hold`` with ids and instants as text."""

    placed_seq: int
    hold_id: str
    account_id: int
    kind: str
    amount: int
    beneficiary: str | None
    rank: int | None
    agreement_ref: str | None
    expires_at: str | None


Leg = tuple[int, int, int, int, int, str]
"""(seq, line, account_id, commodity_id, amount, effective_on)"""
Move = tuple[int, int, int, int, int]
"""(seq, line, lot_id, qty, cost)"""
SerialMove = tuple[int, int, int, str, int, int]
"""(seq, line, lot_id, prefix, first, last)"""
Lot = tuple[int, int, int, str, int, int, int | None]
"""(acquired_seq, lot_id, account_id, acquired_on, qty, cost, origin_lot_id)"""
HoldMove = tuple[int, str, int, int]
"""(seq, hold_id, lot_id, amount)"""
Leaf = tuple[int, bytes, str, bytes]
"""(seq, salt, canonical, leaf_hash)"""


@dataclass(slots=True)
class MoreFacts:
    """What few entries have: moves and openings of lots, and what they set aside."""

    moves: Sequence[Move] = ()
    lots: Sequence[Lot] = ()
    holds: Sequence[HoldTerms] = ()
    hold_moves: Sequence[HoldMove] = ()
    serials: Sequence[SerialMove] = ()


_NO_MORE = MoreFacts()


class Piece(NamedTuple):
    """What entries that follow one another came to by themselves: where they begin and end, their leaves' hashes, what is wrong."""

    first_seq: int
    first_recorded_at: str
    next_seq: int
    last_recorded_at: str
    hashes: Sequence[bytes]
    findings: tuple[Finding, ...]


def account_names(*, path: str, commodity_id: int, commodity: str, normal_side: int) -> AccountNames:
    """Return an account's names with the start of its legs' spelling, which is the same for all of them."""
    spelled = f"[{_text(path)},{_text(commodity)},"
    return AccountNames(path, commodity_id, commodity, normal_side, spelled)


def spelled_entry(
    book: str, entry: EntryFacts, legs: Iterable[Leg], more: MoreFacts, accounts: Mapping[int, AccountNames]
) -> str:
    """Return the canonical text that the facts' columns say: RFC 8785 JSON, version 1 of the ledger's leaves.

    An account that the book does not know raises KeyError.
    """
    (
        seq,
        entry_id,
        _,
        kind,
        day,
        recorded,
        document_on,
        _,
        reverses,
        actor,
        acting_for,
        doc_ref,
        attrs,
        pii,
        transfer,
    ) = entry
    spelled_legs = ",".join([f'{accounts[leg[2]].spelled}"{leg[4]}"]' for leg in legs])
    moves = lots = hold_moves = ""
    hold = "null"
    if more is not _NO_MORE:
        moves = ",".join([_spelled_move(move, more.serials) for move in more.moves])
        lots = ",".join([f'["{lot[1]}","{lot[3]}",{_quoted(lot[6])}]' for lot in more.lots])
        hold_moves = ",".join([f'["{hold_id}","{lot}","{amount}"]' for _, hold_id, lot, amount in more.hold_moves])
        hold = ",".join([_spelled_hold(terms, accounts) for terms in more.holds]) or "null"
    return (
        f'{{"acting_for":"{acting_for}","actor":"{actor}","attrs":{attrs or "null"},"book":"{book}",'
        f'"doc_ref":{"null" if doc_ref is None else _text(doc_ref)},"document_on":{_quoted(document_on)},"effective_on":"{day}",'
        f'"entry_id":"{entry_id}","hold":{hold},"hold_moves":[{hold_moves}],"kind":"{kind}","lot_moves":[{moves}],"lots":[{lots}],'
        f'"pii_commitment":{_quoted(None if pii is None else pii.hex())},"postings":[{spelled_legs}],'
        f'"recorded_at":"{recorded}","reverses_seq":{_quoted(reverses)},"seq":"{seq}","transfer_id":{_quoted(transfer)},"v":"1"}}'
    )


class PieceCheck:
    """Goes through pieces of one book, each by itself: in any order, and wherever its rows were read."""

    def __init__(self, *, book: str, accounts: Mapping[int, AccountNames]) -> None:
        """Examine entries of the book of uuid ``book``."""
        self.book = book
        self._accounts = accounts
        self._wrong = Findings().add

    def examine(
        self,
        entries: Sequence[EntryFacts],
        legs: Mapping[int, Sequence[Leg]],
        leaves: Mapping[int, Leaf],
        more: Mapping[int, MoreFacts],
    ) -> Piece:
        """Return what entries, at least one, come to; rows of other tables come by seq."""
        findings = Findings()
        self._wrong = findings.add
        hashes = []
        next_seq, last = entries[0].seq, ""
        for entry in entries:
            seq, recorded_at = entry[0], entry[5]
            if seq != next_seq:
                self._wrong("entry.seq_gap", "entry", f"seq {min(seq, next_seq)}", expected=next_seq, found=seq)
            if recorded_at <= last:
                self._wrong("entry.time_order", "entry", f"seq {seq}", expected=f"after {last}", found=recorded_at)
            next_seq, last = seq + 1, recorded_at
            mine, rest = legs.get(seq, ()), more.get(seq, _NO_MORE)
            self._check_entry(entry, mine)
            if rest is not _NO_MORE:
                self._check_lots(seq, mine, rest)
            leaf = leaves.get(seq)
            if leaf is None:
                self._wrong("leaf.missing", "leaf", f"seq {seq}", expected="a leaf", found="none")
            else:
                hashes.append(self._checked_leaf(entry, mine, rest, leaf))
        return Piece(entries[0].seq, entries[0].recorded_at, next_seq, last, hashes, tuple(findings))

    def _check_entry(self, entry: EntryFacts, legs: Sequence[Leg]) -> None:
        day, total = entry[4], 0
        is_whole, commodity, is_mixed = len(legs) == entry[7], legs[0][3] if legs else 0, False
        for line, leg in enumerate(legs, start=1):
            total += leg[4]
            if leg[1] != line or leg[5] != day:
                is_whole = False
            if leg[3] != commodity:
                is_mixed = True
        if (entry[3] == "reversal") != (entry[8] is not None):
            said = "a reversal, and no other, names what it reverses"
            self._wrong(
                "entry.reversal_kind", "entry", f"seq {entry[0]}", expected=said, found=f"{entry[3]} of {entry[8]}"
            )
        if not is_whole:
            lines = ", ".join(f"line {leg[1]} of {leg[5]}" for leg in legs) or "none"
            said = f"lines 1 to {entry[7]} of {day}"
            self._wrong("entry.legs", "posting", f"seq {entry[0]}", expected=said, found=lines)
        if is_mixed:
            sums: dict[int, int] = {}
            for leg in legs:
                sums[leg[3]] = sums.get(leg[3], 0) + leg[4]
            total = next((each for each in sums.values() if each), 0)
        if total:
            self._wrong("entry.unbalanced", "posting", f"seq {entry[0]}", expected=0, found=total)

    def _check_lots(self, seq: int, legs: Sequence[Leg], more: MoreFacts) -> None:
        """Compare each lot opened here with the move and the leg that opened it."""
        moves = {(line, lot_id): (qty, cost) for _, line, lot_id, qty, cost in more.moves}
        accounts = {leg[1]: leg[2] for leg in legs}
        for _, lot_id, account_id, _, qty, cost, _ in more.lots:
            line = lot_id - _LINES * seq
            opened = (accounts.get(line), moves.get((line, lot_id)))
            if opened != (account_id, (qty, cost)):
                self._wrong("lot.opening", "lot", f"seq {seq}", expected=opened, found=(account_id, (qty, cost)))

    def _checked_leaf(self, entry: EntryFacts, legs: Sequence[Leg], more: MoreFacts, leaf: Leaf) -> bytes:
        """Return the leaf's hash, worked out from the stored salt and text, after comparing the text with the facts."""
        seq, salt, text, stored_hash = leaf
        try:
            spelled = spelled_entry(self.book, entry, legs, more, self._accounts)
        except KeyError as unknown:
            spelled = ""
            self._wrong("posting.account", "posting", f"seq {seq}", expected="an account of the book", found=unknown)
        if spelled != text and not _is_other_order(spelled, text):
            self._explain(seq, spelled, text)
        for leg in legs:
            account = self._accounts.get(leg[2])
            if account is not None and account[1] != leg[3]:
                at = f"seq {seq}"
                self._wrong("posting.commodity", "posting", at, expected=account.commodity_id, found=leg[3])
        digest = log.leaf_hash(salt, text.encode())
        if digest != stored_hash:
            self._wrong("leaf.hash", "leaf", f"seq {seq}", expected=digest.hex(), found=stored_hash.hex())
        if len(salt) != log.SALT_BYTES:
            self._wrong("leaf.salt", "leaf", f"seq {seq}", expected=f"{log.SALT_BYTES} bytes", found=len(salt))
        if len(entry[2]) != _DIGEST_BYTES:
            said = f"{_DIGEST_BYTES} bytes"
            self._wrong("entry.request_hash", "entry", f"seq {seq}", expected=said, found=len(entry[2]))
        return digest

    def _explain(self, seq: int, spelled: str, text: str) -> None:
        """Name the first member of the leaf's text that the facts spell otherwise."""
        said, facts = members(text), members(spelled)
        if said is None:
            self._wrong("leaf.unreadable", "leaf", f"seq {seq}", expected="canonical JSON", found=text)
            return
        if facts is None:
            facts = {}
        for name in sorted(said.keys() | facts.keys()):
            its, ours = _short(said, name), _short(facts, name)
            if its != ours:
                table = _TABLE_OF.get(name, "entry")
                self._wrong("entry.differs_from_leaf", table, f"seq {seq}", expected=its, found=ours)
                return
        self._wrong("leaf.not_canonical", "leaf", f"seq {seq}", expected=spelled, found=text)


_TABLE_OF = {
    "postings": "posting",
    "lot_moves": "lot_move",
    "lots": "lot",
    "hold": "hold",
    "hold_moves": "hold_move",
    "book": "book",
}


def _spelled_hold(terms: HoldTerms, accounts: Mapping[int, AccountNames]) -> str:
    return (
        f'{{"account":{_text(accounts[terms.account_id].path)},'
        f'"agreement_ref":{"null" if terms.agreement_ref is None else _text(terms.agreement_ref)},"amount":"{terms.amount}",'
        f'"beneficiary":{_quoted(terms.beneficiary)},"expires_at":{_quoted(terms.expires_at)},"kind":"{terms.kind}",'
        f'"rank":{_quoted(terms.rank)}}}'
    )


def _spelled_move(move: Move, serials: Sequence[SerialMove]) -> str:
    _, line, lot, qty, cost = move
    blocks = [f'[{_text(each[3])},"{each[4]}","{each[5]}"]' for each in serials if each[1:3] == (line, lot)]
    named = f",[{','.join(blocks)}]" if blocks else ""
    return f'["{line}","{lot}","{qty}","{cost}"{named}]'


def _is_other_order(spelled: str, text: str) -> bool:
    """Return whether the text spells the same moves of a line, or serial blocks of a move, in another order.

    The leaf has them as lots were drawn on, the rows are read by lot. What counts is that they are the same, line by line.
    """
    said, facts = members(text), members(spelled)
    if said is None or facts is None:
        return False
    if json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) != text:
        return False
    try:
        lines = [int(move[0]) for move in _rows(said, "lot_moves")]
        if lines != sorted(lines):
            return False
        for each in (said, facts):
            each["lot_moves"] = sorted([*move[:4], *map(sorted, move[4:])] for move in _rows(each, "lot_moves"))
            each["hold_moves"] = sorted(_rows(each, "hold_moves"))
    except (KeyError, TypeError, IndexError, ValueError):
        return False
    return said == facts


def _rows(said: Mapping[str, object], name: str) -> list[list[str]]:
    rows = said[name]
    if not isinstance(rows, list):
        raise TypeError
    return rows


def _short(said: Mapping[str, object], name: str) -> str:
    return f"{name} {json.dumps(said[name], ensure_ascii=False)}" if name in said else f"no {name}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(value: object) -> str:
    return "null" if value is None else f'"{value}"'
