from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import log
from ledger.core.fold import fold
from ledger.core.journal import EntryKind, JournalDraft, JournalEntry, LotMove, PostedLeg, Posting
from tests.strategies import (
    ACTOR,
    BOOK_UUID,
    CASH,
    GAIN,
    NOW,
    attr_maps,
    days,
    empty_state,
    entry_id,
    histories,
    printable,
)

# Inputs and roots of the reference implementation of RFC 6962 (certificate-transparency, merkletree tests).
_INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def tree_head(leaves: list[bytes]) -> bytes:
    """Return the Merkle tree hash of leaf hashes by the recursion of RFC 6962 section 2.1, written from its text."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


def _leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


def _entry(wish: JournalDraft) -> JournalEntry:
    (outcome,) = fold(empty_state(), [wish], NOW)
    assert isinstance(outcome, JournalEntry)
    return outcome


def _payment(
    doc_ref: str | None = None, attrs: dict[str, str] | None = None, day: date = date(2025, 2, 3)
) -> JournalDraft:
    return JournalDraft(
        entry_id=entry_id(1),
        kind=EntryKind.FEE,
        effective_on=day,
        actor=ACTOR,
        postings=(Posting(CASH, "CNY", 12), Posting(GAIN, "CNY", -12)),
        doc_ref=doc_ref,
        attrs=attrs,
    )


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    leaves = [log.leaf_hash(b"", bytes.fromhex(text)) for text in _INPUTS[:size]]

    peaks, count = log.append_leaves(b"", 0, leaves)

    assert count == size
    assert log.root(peaks).hex() == _ROOTS[size]


def test_a_node_is_sha_256_of_one_then_left_then_right() -> None:
    left, right = bytes(range(32)), bytes(range(32, 64))

    assert log.node_hash(left, right) == hashlib.sha256(bytes([1, *range(64)])).digest()
    assert log.node_hash(left, right) != log.node_hash(right, left)


def test_a_leaf_is_sha_256_of_zero_then_salt_then_bytes() -> None:
    assert log.leaf_hash(b"s" * 16, b"text") == hashlib.sha256(b"\x00" + b"s" * 16 + b"text").digest()


def test_every_tree_up_to_three_hundred_leaves_has_the_root_of_the_recursion() -> None:
    leaves = _leaves(300)
    peaks = b""

    for size in range(301):
        assert log.root(peaks) == tree_head(leaves[:size])
        assert len(peaks) == 32 * size.bit_count()
        if size < 300:
            peaks, _ = log.append_leaves(peaks, size, [leaves[size]])


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=8))
def test_leaves_appended_in_any_portions_give_the_same_tree(portions: list[int]) -> None:
    leaves = _leaves(sum(portions))
    peaks, size = b"", 0

    for portion in portions:
        peaks, size = log.append_leaves(peaks, size, leaves[size : size + portion])

    assert size == len(leaves)
    assert log.root(peaks) == tree_head(leaves)


def test_peaks_that_do_not_belong_to_the_size_are_a_bug() -> None:
    with pytest.raises(AssertionError, match="one peak per set bit"):
        log.append_leaves(b"", 1, [])


@given(st.none() | printable, attr_maps, days)
def test_canonical_text_is_the_rfc_8785_encoding_of_what_it_says(
    doc_ref: str | None, attrs: dict[str, str], day: date
) -> None:
    text = log.canonical_entry(str(BOOK_UUID), _entry(_payment(doc_ref, attrs, day)))

    assert rfc8785.dumps(json.loads(text)) == text.encode()
    assert json.loads(text)["doc_ref"] == doc_ref
    assert json.loads(text)["attrs"] == (attrs or None)


@given(histories(max_size=12))
def test_canonical_text_spells_every_leg_and_lot_move_as_strings(history: tuple[JournalDraft, ...]) -> None:
    for outcome in fold(empty_state(), history, NOW):
        if isinstance(outcome, JournalEntry):
            text = log.canonical_entry(str(BOOK_UUID), outcome)
            said = json.loads(text)
            assert rfc8785.dumps(said) == text.encode()
            assert said["postings"] == [[leg.account, leg.commodity, str(leg.amount)] for leg in outcome.legs]
            assert said["lot_moves"] == [
                [str(move.line), str(move.lot_id), str(move.quantity), str(move.cost)] for move in outcome.lot_moves
            ]
            assert said["seq"] == str(outcome.seq)


def test_canonical_text_of_a_known_entry_is_this_text() -> None:
    wish = replace(_payment('合同 "A" \\ 1 €', {"b": "é", "a": "x"}), document_on=date(2025, 1, 31))

    text = log.canonical_entry(str(BOOK_UUID), _entry(wish))

    assert text == (
        '{"acting_for":"019b0000-0000-7000-8000-0000000000aa","actor":"019b0000-0000-7000-8000-0000000000bb",'
        '"attrs":{"a":"x","b":"é"},"book":"019b0000-0000-7000-8000-00000000b00c","doc_ref":"合同 \\"A\\" \\\\ 1 €",'
        '"document_on":"2025-01-31","effective_on":"2025-02-03","entry_id":"019b0000-0000-7000-8000-000000000001",'
        '"hold":null,"hold_moves":[],"kind":"fee","lot_moves":[],"lots":[],"pii_commitment":null,'
        '"postings":[["Assets:Bank:CNY","CNY","12"],["Income:Trading","CNY","-12"]],'
        '"recorded_at":"2026-01-05T01:00:00.000000+00:00","reverses_seq":null,"seq":"1","transfer_id":null,"v":"1"}'
    )


def test_the_time_of_recording_is_spelled_in_utc_whatever_zone_the_clock_has() -> None:
    shanghai = timezone(timedelta(hours=8))

    (entry,) = fold(empty_state(), [_payment()], datetime(2026, 1, 5, 9, 0, tzinfo=shanghai))

    assert isinstance(entry, JournalEntry)
    assert '"recorded_at":"2026-01-05T01:00:00.000000+00:00"' in log.canonical_entry(str(BOOK_UUID), entry)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2},
        {"recorded_at": datetime(2026, 1, 5, 1, 0, 0, 1, tzinfo=UTC)},
        {"legs": (PostedLeg(4, 1, CASH, "CNY", 12), PostedLeg(6, 1, GAIN, "CNY", -13))},
        {"lot_moves": (LotMove(1, 1025, 1, 1),)},
        {"reverses_seq": 1},
        {"draft": replace(_payment(), doc_ref="x")},
        {"draft": replace(_payment(), attrs={"a": "b"})},
        {"draft": replace(_payment(), kind=EntryKind.TRADE)},
        {"draft": replace(_payment(), document_on=date(2025, 2, 3))},
        {"draft": replace(_payment(), effective_on=date(2025, 2, 4))},
        {"draft": replace(_payment(), entry_id=entry_id(2))},
        {"draft": replace(_payment(), actor=replace(ACTOR, user_id=UUID(int=1)))},
        {"draft": replace(_payment(), actor=replace(ACTOR, organisation_id=UUID(int=1)))},
    ],
    ids=[
        "seq",
        "recorded_at",
        "legs",
        "lot_moves",
        "reverses_seq",
        "doc_ref",
        "attrs",
        "kind",
        "document_on",
        "effective_on",
        "entry_id",
        "actor",
        "acting_for",
    ],
)
def test_any_changed_fact_changes_the_text(change: dict[str, object]) -> None:
    entry = _entry(_payment())

    assert log.canonical_entry(str(BOOK_UUID), entry._replace(**change)) != log.canonical_entry(str(BOOK_UUID), entry)  # type: ignore[arg-type]  # one field a case


def test_the_book_is_part_of_the_text() -> None:
    entry = _entry(_payment())

    assert log.canonical_entry(str(BOOK_UUID), entry) != log.canonical_entry(str(UUID(int=7)), entry)
