"""The book's transparency log: canonical bytes of an entry, leaf and node hashes, the tree's peaks and root.

RFC 6962 hashing: leaf = SHA-256(0x00 || salt || canonical bytes), node = SHA-256(0x01 || left || right). Canonical bytes are
RFC 8785 JSON whose values are strings, so any language reads them. This is the only place that makes either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.core.holds import HoldPosition
from ledger.core.instants import instant_text
from ledger.core.journal import JournalEntry
from ledger.core.serials import SerialBlock

SALT_BYTES = 16
_HASH_BYTES = 32
_MOST_ACTORS = 4096
_actor_texts: dict[int, str] = {}
"""Actors come again and again; spelling a uuid costs as much as the rest of a leg."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def canonical_entry(book: str, entry: JournalEntry) -> str:
    """Return the text whose UTF-8 the leaf commits to, version 1, keys in RFC 8785 order; ``book`` is the book's uuid as text.

    Amounts, seq and lot numbers are decimal strings; ``lot_moves`` are [line, lot, quantity, cost] and, where known,
    serial blocks [[prefix, first, last], ...], ``lots`` the lots opened as
    [lot, acquired_on, lot it was part of or null], ``hold_moves`` [hold, lot, amount], ``postings`` [account, commodity, amount] in
    line order. Pieces whose grammar allows no escape are spelled directly, for speed; free text
    goes through the JSON encoder, whose escapes are RFC 8785's.
    """
    draft, actor = entry.draft, entry.draft.actor
    name = "%032x" % draft.entry_id.int  # noqa: UP031 - half the time of UUID's own text
    attrs = doc_ref = document_on = reverses = hold = commitment = transfer = "null"
    moves = lots = hold_moves = ""
    if draft.attrs:
        attrs = json.dumps(dict(draft.attrs), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if draft.doc_ref is not None:
        doc_ref = json.dumps(draft.doc_ref, ensure_ascii=False)
    if draft.document_on is not None:
        document_on = f'"{draft.document_on}"'
    if entry.reverses_seq is not None:
        reverses = f'"{entry.reverses_seq}"'
    if entry.lot_moves:
        moves = ",".join(
            [
                f'["{m.line}","{m.lot_id}","{m.quantity}","{m.cost}"{_canonical_serials(m.serials)}]'
                for m in entry.lot_moves
            ]
        )
        lots = ",".join(
            [f'["{lot.lot_id}","{lot.acquired_on}",{_number_or_null(lot.origin_lot_id)}]' for lot in entry.lots]
        )
    if draft.hold is not None:
        hold_moves = ",".join([f'["{m.hold_id}","{m.lot_id}","{m.amount}"]' for m in entry.hold_moves])
        hold = "null" if entry.hold is None else _canonical_hold(entry.hold)
    if draft.pii_commitment is not None:
        commitment = f'"{draft.pii_commitment.hex()}"'
    if draft.transfer_id is not None:
        transfer = f'"{draft.transfer_id}"'
    legs = ",".join([f'["{account}","{code}","{amount}"]' for _, _, account, code, amount in entry.legs])
    return (
        f'{{"acting_for":"{_actor_text(actor.organisation_id)}","actor":"{_actor_text(actor.user_id)}","attrs":{attrs},"book":"{book}",'
        f'"doc_ref":{doc_ref},"document_on":{document_on},"effective_on":"{draft.effective_on.isoformat()}",'
        f'"entry_id":"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}","hold":{hold},"hold_moves":[{hold_moves}],"kind":"{draft.kind}",'
        f'"lot_moves":[{moves}],"lots":[{lots}],"pii_commitment":{commitment},"postings":[{legs}],'
        f'"recorded_at":"{instant_text(entry.recorded_at)}","reverses_seq":{reverses},'
        f'"seq":"{entry.seq}","transfer_id":{transfer},"v":"1"}}'
    )


def _actor_text(actor: UUID) -> str:
    text = _actor_texts.get(actor.int)
    if text is None:
        if len(_actor_texts) >= _MOST_ACTORS:
            _actor_texts.clear()
        text = _actor_texts[actor.int] = str(actor)
    return text


def _canonical_hold(hold: HoldPosition) -> str:
    """Return a placed hold's terms as canonical JSON; parts are in ``hold_moves``."""
    terms = {
        "account": hold.account,
        "agreement_ref": hold.agreement_ref,
        "amount": str(hold.amount),
        "beneficiary": None if hold.beneficiary_id is None else str(hold.beneficiary_id),
        "expires_at": None if hold.expires_at is None else instant_text(hold.expires_at),
        "kind": hold.kind.value,
        "rank": None if hold.rank is None else str(hold.rank),
    }
    return json.dumps(terms, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _canonical_serials(blocks: Sequence[SerialBlock]) -> str:
    """Return the blocks as a fifth element, or nothing where none are known."""
    if not blocks:
        return ""
    spelled = [[block.prefix, str(block.first), str(block.last)] for block in blocks]
    return "," + json.dumps(spelled, separators=(",", ":"))


def _number_or_null(value: int | None) -> str:
    return "null" if value is None else f'"{value}"'


def leaf_hash(salt: bytes, canonical: bytes) -> bytes:
    """Return SHA-256(0x00 || salt || canonical): RFC 6962 section 2.1, its leaf input being salt and bytes together."""
    return hashlib.sha256(b"\x00" + salt + canonical).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append_leaves(peaks: bytes, size: int, leaves: Iterable[bytes]) -> tuple[bytes, int]:
    """Return the peaks and size after appending ``leaves`` in order.

    Peaks are the roots of the perfect subtrees that cover the first ``size`` leaves, largest first: one per set bit of ``size``.
    """
    stack = [peaks[i : i + _HASH_BYTES] for i in range(0, len(peaks), _HASH_BYTES)]
    assert len(stack) == size.bit_count(), "one peak per set bit of the size"
    for leaf in leaves:
        carried, position = leaf, size
        while position & 1:
            carried = node_hash(stack.pop(), carried)
            position >>= 1
        stack.append(carried)
        size += 1
    return b"".join(stack), size


def root(peaks: bytes) -> bytes:
    """Return the RFC 6962 tree head over what the peaks cover; of no leaves it is SHA-256 of nothing."""
    if not peaks:
        return EMPTY_ROOT
    stack = [peaks[i : i + _HASH_BYTES] for i in range(0, len(peaks), _HASH_BYTES)]
    head = stack.pop()
    while stack:
        head = node_hash(stack.pop(), head)
    return head
