from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import log
from ledger.core.checks import (
    AccountNames,
    EntryFacts,
    HoldTerms,
    Leaf,
    Leg,
    MoreFacts,
    PieceCheck,
    account_names,
    spelled_entry,
)
from ledger.core.findings import Finding, Findings, differences, refusal_problem
from ledger.core.replay import BookReplay, KnownRoot
from tests.core.test_ledger_log import tree_head

BOOK = "019b0000-0000-7000-8000-00000000b00c"
ACTOR, OWNER = "019b0000-0000-7000-8000-0000000000bb", "019b0000-0000-7000-8000-0000000000aa"
ACCOUNTS: Mapping[int, AccountNames] = {
    1: account_names(path="Assets:Bank:CNY", commodity_id=1, commodity="CNY", normal_side=1),
    2: account_names(path="Income:Trading", commodity_id=1, commodity="CNY", normal_side=-1),
    3: account_names(path="Assets:Carbon:CEA25", commodity_id=2, commodity="CEA25", normal_side=1),
}
SALT = b"s" * log.SALT_BYTES


def entry(seq: int, *, kind: str = "general", legs: int = 2, reverses: int | None = None) -> EntryFacts:
    return EntryFacts(
        seq=seq,
        entry_id=f"019b0000-0000-7000-8000-{seq:012x}",
        request_hash=b"r" * 32,
        kind=kind,
        effective_on="2026-01-05",
        recorded_at=f"2026-01-05T01:00:00.{seq:06}+00:00",
        document_on=None,
        leg_count=legs,
        reverses_seq=reverses,
        actor=ACTOR,
        acting_for=OWNER,
        doc_ref=None,
        attrs=None,
        pii_commitment=None,
        transfer_id=None,
    )


def two_legs(seq: int, amount: int = 5) -> tuple[Leg, ...]:
    return (seq, 1, 1, 1, amount, "2026-01-05"), (seq, 2, 2, 1, -amount, "2026-01-05")


def leaf(facts: EntryFacts, legs: tuple[Leg, ...], more: MoreFacts | None = None) -> Leaf:
    text = spelled_entry(BOOK, facts, legs, more or MoreFacts(), ACCOUNTS)
    return facts.seq, SALT, text, hashlib.sha256(b"\x00" + SALT + text.encode()).digest()


class Checked:
    """A check of ``size`` sound entries, of which a test bends some."""

    def __init__(self, size: int) -> None:
        self.entries = [entry(seq) for seq in range(1, size + 1)]
        self.legs = {seq: two_legs(seq) for seq in range(1, size + 1)}
        self.leaves = {each.seq: leaf(each, self.legs[each.seq]) for each in self.entries}
        self.more: dict[int, MoreFacts] = {}
        self.known: list[KnownRoot] = []

    def findings(self, *, peaks: bytes | None = None) -> list[Finding]:
        found = Findings()
        pieces = PieceCheck(book=BOOK, accounts=ACCOUNTS)
        check = BookReplay(known_roots=self.known, findings=found)
        middle = len(self.entries) // 2
        for part in (self.entries[:middle], self.entries[middle:]):
            if part:
                check.join(pieces.examine(part, self.legs, self.leaves, self.more))
        check.finish(
            next_seq=check.next_seq,
            tree_size=check.tree_size,
            tree_peaks=check.tree_peaks if peaks is None else peaks,
            last_recorded_at=check.last_recorded_at,
        )
        return list(found)

    def codes(self) -> list[tuple[str, str]]:
        return [(found.code, found.at) for found in self.findings()]


def test_sound_entries_give_no_finding() -> None:
    assert Checked(7).findings() == []


def test_a_spelled_entry_is_sorted_compact_json_of_texts() -> None:
    facts = entry(3)._replace(
        doc_ref='a "b" 甲', attrs='{"note":"x"}', document_on="2026-01-02", pii_commitment=b"\xab" * 32
    )
    more = MoreFacts(
        moves=((3, 1, 3073, 4, 90),),
        lots=((3, 3073, 3, "2026-01-01", 4, 90, None),),
        holds=(HoldTerms(3, facts.entry_id, 3, "pledge", 4, OWNER, 1, "P-1", None),),
        hold_moves=((3, facts.entry_id, 3073, 4),),
    )

    text = spelled_entry(BOOK, facts, two_legs(3), more, ACCOUNTS)

    said = json.loads(text)
    assert json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text
    assert said["postings"] == [["Assets:Bank:CNY", "CNY", "5"], ["Income:Trading", "CNY", "-5"]]
    assert (said["lots"], said["hold_moves"]) == ([["3073", "2026-01-01", None]], [[facts.entry_id, "3073", "4"]])
    assert said["hold"]["account"] == "Assets:Carbon:CEA25"
    assert said["pii_commitment"] == "ab" * 32


def test_a_changed_amount_is_named_with_both_sides() -> None:
    book = Checked(5)
    book.legs[3] = two_legs(3, amount=6)

    (found,) = book.findings()

    assert (found.code, found.table, found.at) == ("entry.differs_from_leaf", "posting", "seq 3")
    assert '"5"' in found.expected
    assert '"6"' in found.found


def test_an_unbalanced_entry_is_found_for_each_commodity_by_itself() -> None:
    book = Checked(2)
    book.legs[2] = ((2, 1, 1, 1, 5, "2026-01-05"), (2, 2, 3, 2, -5, "2026-01-05"))
    book.leaves[2] = leaf(book.entries[1], book.legs[2])

    assert book.codes() == [("entry.unbalanced", "seq 2")]


@pytest.mark.parametrize(
    "legs",
    [
        (),
        two_legs(2)[:1],
        two_legs(2)[::-1],
        ((2, 1, 1, 1, 5, "2026-01-06"), (2, 2, 2, 1, -5, "2026-01-05")),
        (*two_legs(2), (2, 3, 1, 1, 0, "2026-01-05")),
    ],
)
def test_legs_that_are_missing_out_of_order_or_of_another_day_are_found(legs: tuple[Leg, ...]) -> None:
    book = Checked(2)
    book.legs[2] = legs
    book.leaves[2] = leaf(book.entries[1], legs)

    assert ("entry.legs", "seq 2") in book.codes()


def test_a_gap_a_turned_clock_and_a_missing_leaf_are_found() -> None:
    book = Checked(6)
    del book.entries[2]
    book.entries[3] = book.entries[3]._replace(recorded_at="2026-01-05T01:00:00.000001+00:00")
    book.leaves[5] = leaf(book.entries[3], book.legs[5])
    del book.leaves[6]

    assert book.codes() == [("entry.seq_gap", "seq 3"), ("entry.time_order", "seq 5"), ("leaf.missing", "seq 6")]


def test_a_kind_that_belies_its_reference_is_found() -> None:
    book = Checked(2)
    book.entries[1] = entry(2, kind="reversal")
    book.leaves[2] = leaf(book.entries[1], book.legs[2])

    assert book.codes() == [("entry.reversal_kind", "seq 2")]


def test_an_account_the_book_does_not_know_or_of_another_commodity_is_found() -> None:
    book = Checked(3)
    book.legs[2] = ((2, 1, 9, 1, 5, "2026-01-05"), two_legs(2)[1])
    book.legs[3] = ((3, 1, 1, 2, 5, "2026-01-05"), (3, 2, 2, 2, -5, "2026-01-05"))

    codes = book.codes()

    assert ("posting.account", "seq 2") in codes
    assert ("posting.commodity", "seq 3") in codes


def test_a_lot_that_was_not_opened_as_it_says_is_found() -> None:
    book = Checked(1)
    book.more[1] = MoreFacts(moves=((1, 1, 1025, 5, 90),), lots=((1, 1025, 1, "2026-01-05", 5, 91, None),))
    book.leaves[1] = leaf(book.entries[0], book.legs[1], book.more[1])

    assert book.codes() == [("lot.opening", "seq 1")]


def test_lots_drawn_on_in_another_order_than_their_numbers_are_sound() -> None:
    book = Checked(1)
    drawn = MoreFacts(moves=((1, 2, 3073, -2, -20), (1, 2, 2049, -3, -30)))
    book.leaves[1] = leaf(book.entries[0], book.legs[1], drawn)
    book.more[1] = MoreFacts(moves=tuple(reversed(drawn.moves)))

    assert book.findings() == []


def test_moves_that_stand_under_another_line_than_they_were_made_are_found() -> None:
    book = Checked(1)
    drawn = MoreFacts(moves=((1, 2, 2049, -3, -30), (1, 1, 1025, 5, 50)))
    book.leaves[1] = leaf(book.entries[0], book.legs[1], drawn)
    book.more[1] = MoreFacts(moves=tuple(reversed(drawn.moves)))

    assert book.codes() == [("entry.differs_from_leaf", "seq 1")]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"lot_moves":5}', "[" * 5000])
def test_a_leaf_that_is_no_object_is_a_finding_and_never_a_crash(text: str) -> None:
    book = Checked(2)
    book.more[2] = MoreFacts(moves=((2, 1, 1, 1, 1), (2, 2, 1, -1, -1)))
    book.leaves[2] = (2, SALT, text, hashlib.sha256(b"\x00" + SALT + text.encode()).digest())

    codes = [code for code, at in book.codes() if at == "seq 2"]

    assert codes in (["leaf.unreadable"], ["entry.differs_from_leaf"])


def test_a_text_with_the_same_members_but_other_bytes_is_not_canonical() -> None:
    book = Checked(2)
    text = book.leaves[2][2].replace(',"v":"1"', ', "v":"1"')
    book.leaves[2] = (2, SALT, text, hashlib.sha256(b"\x00" + SALT + text.encode()).digest())

    assert book.codes() == [("leaf.not_canonical", "seq 2")]


@given(size=st.integers(min_value=1, max_value=40), data=st.data())
def test_the_tree_is_the_one_of_an_independent_recursion_and_a_false_peak_is_placed(
    size: int, data: st.DataObject
) -> None:
    book = Checked(size)
    hashes = [book.leaves[seq][3] for seq in range(1, size + 1)]
    known = data.draw(st.integers(min_value=0, max_value=size))
    book.known = [KnownRoot(known, tree_head(hashes[:known]), "a note"), KnownRoot(size, tree_head(hashes), "the last")]
    peaks, _ = log.append_leaves(b"", 0, hashes)
    place = data.draw(st.integers(min_value=0, max_value=len(peaks) - 1))

    assert book.findings() == []
    (found,) = book.findings(peaks=peaks[:place] + bytes([peaks[place] ^ 1]) + peaks[place + 1 :])

    first, _, last = found.at.removeprefix("seq ").partition(" to ")
    covered = hashes[int(first) - 1 : int(last)]
    assert found.code == "book.tree_peaks"
    assert tree_head(covered) == peaks[place // 32 * 32 : place // 32 * 32 + 32]


def test_a_false_root_is_placed_after_the_last_true_one() -> None:
    book = Checked(9)
    hashes = [book.leaves[seq][3] for seq in range(1, 10)]
    book.known = [KnownRoot(4, tree_head(hashes[:4]), "a"), KnownRoot(7, bytes(32), "b"), KnownRoot(12, bytes(32), "c")]

    assert book.codes() == [("tree.root", "seq 5 to 7"), ("tree.shorter", "seq 10")]


def test_findings_keep_the_first_place_and_count_the_rest() -> None:
    found = Findings()
    for seq in (4, 9, 11):
        found.add("leaf.hash", "leaf", f"seq {seq}", expected="x" * 900, found=seq)

    (only,) = found

    assert (only.at, only.found, only.count, len(only.expected)) == ("seq 4", "4", 3, 200)


@given(
    mine=st.dictionaries(st.integers(0, 30), st.integers(0, 2)),
    its=st.dictionaries(st.integers(0, 30), st.integers(0, 2)),
)
def test_differences_are_those_of_two_dictionaries(mine: dict[int, int], its: dict[int, int]) -> None:
    expected = [
        (key, mine.get(key), its.get(key)) for key in sorted(mine.keys() | its.keys()) if mine.get(key) != its.get(key)
    ]

    assert list(differences(sorted(mine.items()), sorted(its.items()))) == expected


def refusal(**changes: object) -> str:
    error = {"kind": "Conflict", "code": "ledger.period_closed", "message": "m", "data": {"a": "b"}, **changes}
    return json.dumps(error, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_frozen_refusal_as_the_ledger_writes_it_has_no_problem() -> None:
    assert refusal_problem(request_hash=b"r" * 32, error_code="ledger.period_closed", error=refusal()) is None


@pytest.mark.parametrize(
    "error",
    [
        "gone",
        "[]",
        "{}",
        refusal(extra="x"),
        refusal(kind="Accepted"),
        refusal(kind=[]),
        refusal(code="ledger.other"),
        refusal(message=7),
        refusal(data=["a"]),
        refusal(data={"a": 1}),
        refusal() + " ",
    ],
)
def test_a_bent_refusal_is_named(error: str) -> None:
    assert refusal_problem(request_hash=b"r" * 32, error_code="ledger.period_closed", error=error)


def test_a_refusal_of_a_cut_request_hash_is_named() -> None:
    problem = refusal_problem(request_hash=b"r" * 31, error_code="ledger.period_closed", error=refusal())

    assert problem == "a request hash of 31 bytes"
