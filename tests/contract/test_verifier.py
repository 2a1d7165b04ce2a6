"""The offline verifier against bundles that were tampered with, each class of tampering in many places."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

import tonne_verify
from tests.contract.bundles import (
    BOOK,
    FIRST,
    FORGER,
    ORIGIN,
    SECOND,
    Bundle,
    Holder,
    canonical,
    entry,
    line,
    made,
    roots,
    salt_of,
    spelled,
    verdict,
)

GOOD, MALFORMED, UNSIGNED, MISMATCH, ROLLED_BACK, FALSE_FACTS = 0, 2, 3, 4, 5, 6
COUNT = 60
SIGNED = {7: FIRST, 32: FIRST, COUNT: FIRST}


def entries(count: int = COUNT) -> list[dict[str, Any]]:
    return [entry(seq) for seq in range(1, count + 1)]


def example() -> Bundle:
    return made(entries(), signed=SIGNED)


def handed_over(**changed: Any) -> tuple[list[dict[str, Any]], Bundle]:
    """A book whose 20th entry hands over from the first key to the second."""
    said = entries()
    said[19] = entry(20, legs=[], kind="record", attrs=FIRST.hand_over(SECOND), **changed)
    keys = ((FIRST, 0), (SECOND, 20))
    return said, made(said, signed={19: FIRST, 20: SECOND, COUNT: SECOND}, keys=keys)


def reseal(bundle: Bundle, place: int, said: dict[str, Any]) -> None:
    """Change an entry as an insider would who can hash: its own leaf fits again."""
    bundle.lines[place - 1] = line(canonical(said), salt_of(place))


def test_a_good_bundle_is_good_and_shows_the_trial_balance(tmp_path: Path) -> None:
    code, said = verdict(example().packed(), tmp_path)

    assert code == GOOD
    assert said.startswith(f"good: {COUNT} entries, root {roots(entries())[-1].hex()}\n3 checkpoints by 1 keys")
    total = str(sum(range(1, COUNT + 1)))
    assert said.splitlines()[3].split() == ["Assets:Bank:CNY", "CNY", total, "0"]
    assert said.splitlines()[4].split() == ["Equity:Owner", "CNY", "0", total]
    assert said.splitlines()[5].split() == ["total", "CNY", total, total]


def test_entries_after_the_newest_checkpoint_are_told_to_be_unsigned(tmp_path: Path) -> None:
    code, said = verdict(made(entries(), signed={50: FIRST}).packed(), tmp_path)

    assert code == GOOD
    assert "NOT SIGNED yet: the last 10 entries" in said


def test_a_flipped_byte_of_any_entry_is_found_at_that_entry(tmp_path: Path) -> None:
    rng = random.Random(1)
    for place in range(1, COUNT + 1):
        bundle = example()
        content = bytearray(bundle.lines[place - 1])
        at = rng.randrange(content.index(b'"entry":{') + 10, len(content) - 3)
        content[at] ^= 1 << rng.randrange(7)
        bundle.lines[place - 1] = (
            bytes(content).replace(b"\n", b"n") + b"\n" if b"\n" in content[:-1] else bytes(content)
        )

        code, said = verdict(bundle.packed(), tmp_path)

        assert code == MISMATCH, (place, at)
        assert f"entry {place}:" in said


def test_a_changed_salt_or_leaf_is_found_at_that_entry(tmp_path: Path) -> None:
    for place in range(1, COUNT + 1, 7):
        for found in (b'"salt":"', b'"leaf":"'):
            bundle = example()
            at = bundle.lines[place - 1].index(found) + len(found)
            content = bytearray(bundle.lines[place - 1])
            content[at] = ord("0") if content[at] != ord("0") else ord("1")
            bundle.lines[place - 1] = bytes(content)

            code, said = verdict(bundle.packed(), tmp_path)

            assert (code, f"entry {place}:" in said) == (MISMATCH, True)


def test_a_rehashed_entry_is_found_between_the_checkpoints_around_it(tmp_path: Path) -> None:
    for place in range(1, COUNT + 1):
        bundle = example()
        reseal(bundle, place, entry(place, effective_on="2025-11-30"))

        code, said = verdict(bundle.packed(), tmp_path)

        first, last = next((a, b) for a, b in ((1, 7), (8, 32), (33, COUNT)) if a <= place <= b)
        assert code == MISMATCH
        assert f"among {first} to {last}" in said


def test_a_wholly_rehashed_book_fails_at_its_first_checkpoint(tmp_path: Path) -> None:
    said = entries()
    said[4] = entry(5, legs=[["Assets:Bank:CNY", "CNY", "999"], ["Equity:Owner", "CNY", "-999"]])
    bundle = made(said, signed=SIGNED)
    bundle.notes = example().notes

    assert verdict(bundle.packed(), tmp_path)[0] == MISMATCH


def test_swapped_entries_are_found_at_the_first_of_them(tmp_path: Path) -> None:
    for first, second in ((1, 2), (3, 40), (31, 32), (59, 60), (8, 9)):
        bundle = example()
        bundle.lines[first - 1], bundle.lines[second - 1] = bundle.lines[second - 1], bundle.lines[first - 1]

        code, said = verdict(bundle.packed(), tmp_path)

        assert code == MISMATCH
        assert f"entry {first}:" in said


def test_a_dropped_or_doubled_entry_is_found(tmp_path: Path) -> None:
    for place in range(1, COUNT + 1):
        dropped, doubled = example(), example()
        del dropped.lines[place - 1]
        doubled.lines.insert(place - 1, doubled.lines[place - 1])

        assert verdict(dropped.packed(), tmp_path)[0] == MISMATCH
        assert verdict(doubled.packed(), tmp_path)[0] == MISMATCH


def test_every_truncated_tail_is_told_by_the_first_missing_entry(tmp_path: Path) -> None:
    for left in range(COUNT):
        bundle = example()
        del bundle.lines[left:]
        bundle.manifest.update(entries=str(left), tree_root=roots(entries(left))[-1].hex())

        code, said = verdict(bundle.packed(), tmp_path)

        assert (code, f"entry {left + 1} is missing" in said) == (MISMATCH, True)


def test_an_entry_cut_in_the_middle_is_malformed(tmp_path: Path) -> None:
    for cut in range(1, len(example().lines[-1]), 37):
        bundle = example()
        bundle.lines[-1] = bundle.lines[-1][:-cut]

        assert verdict(bundle.packed(), tmp_path)[0] == MALFORMED


def test_a_manifest_that_states_another_tree_is_refused(tmp_path: Path) -> None:
    for changed in ({"entries": "59"}, {"entries": "61"}, {"tree_root": "0" * 64}):
        bundle = example()
        bundle.manifest.update(changed)

        assert verdict(bundle.packed(), tmp_path)[0] == MISMATCH


@pytest.mark.parametrize("forged", range(3))
def test_a_checkpoint_by_another_key_is_a_false_signature(tmp_path: Path, forged: int) -> None:
    bundle = example()
    size = sorted(SIGNED)[forged]
    bundle.notes[forged] = FORGER.note(size, roots(entries())[size])

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_every_flipped_bit_of_a_signature_is_found(tmp_path: Path) -> None:
    note = example().notes[1]
    head, blank, claim = note.rpartition(" ")
    octets = tonne_verify.read_octets(claim.strip(), None, "claim")
    for bit in range(0, 8 * len(octets), 3):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        bundle = example()
        bundle.notes[1] = f"{head}{blank}{spelled(bytes(changed))}\n"

        assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED, bit


def test_every_changed_character_of_a_note_is_found(tmp_path: Path) -> None:
    note = example().notes[1]
    for place, character in enumerate(note):
        bundle = example()
        bundle.notes[1] = note[:place] + chr(ord(character) ^ 1) + note[place + 1 :]

        assert verdict(bundle.packed(), tmp_path)[0] in {MALFORMED, UNSIGNED, MISMATCH}, place


def test_a_repeated_signature_line_is_refused(tmp_path: Path) -> None:
    bundle = example()
    bundle.notes[0] += bundle.notes[0].rpartition("\n\n")[2]

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_a_witness_s_line_is_passed_over(tmp_path: Path) -> None:
    bundle = example()
    bundle.notes[0] += f"\u2014 auditor.example {spelled(bytes(76))}\n"

    assert verdict(bundle.packed(), tmp_path)[0] == GOOD


def test_a_bundle_without_a_checkpoint_is_not_signed(tmp_path: Path) -> None:
    bundle = example()
    bundle.notes = []

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED
    bundle.keys = []
    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_a_book_that_the_forger_signed_throughout_is_not_the_pinned_key_s(tmp_path: Path) -> None:
    bundle = made(entries(), signed=dict.fromkeys(SIGNED, FORGER), keys=((FORGER, 0),))

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED
    assert verdict(bundle.packed(), tmp_path, holder=FORGER)[0] == GOOD


def test_a_checkpoint_of_another_book_signs_nothing(tmp_path: Path) -> None:
    bundle = example()
    bundle.notes[2] = FIRST.note(COUNT, roots(entries())[-1], origin=f"tonne/{BOOK[:-1]}d")

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_checkpoints_out_of_order_are_malformed(tmp_path: Path) -> None:
    bundle = example()
    bundle.notes.reverse()

    assert verdict(bundle.packed(), tmp_path)[0] == MALFORMED


@pytest.mark.parametrize("holder", [FIRST, SECOND])
def test_a_hand_over_is_followed_from_either_key(tmp_path: Path, holder: Holder) -> None:
    code, said = verdict(handed_over()[1].packed(), tmp_path, holder=holder)

    assert code == GOOD
    assert "3 checkpoints by 2 keys" in said


@pytest.mark.parametrize("field", ["log_key", "log_key_from", "log_key_signature"])
def test_a_hand_over_that_the_old_key_did_not_sign_is_none(tmp_path: Path, field: str) -> None:
    said, _ = handed_over()
    said[19]["attrs"][field] = FORGER.hand_over(FORGER)[field]
    bundle = made(said, signed={19: FIRST, COUNT: FORGER}, keys=((FIRST, 0), (FORGER, 20)))

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_an_entry_that_only_looks_like_a_hand_over_changes_nothing(tmp_path: Path) -> None:
    said = entries()
    said[19] = entry(20, kind="record", legs=[], attrs=FORGER.hand_over(FORGER))
    said[20] = entry(21, kind="general", attrs=FIRST.hand_over(FORGER))

    assert verdict(made(said, signed=SIGNED).packed(), tmp_path)[0] == GOOD


def test_the_old_key_signs_nothing_after_it_handed_over(tmp_path: Path) -> None:
    said, _ = handed_over()
    bundle = made(said, signed={19: FIRST, COUNT: FIRST}, keys=((FIRST, 0), (SECOND, 20)))

    assert verdict(bundle.packed(), tmp_path)[0] == UNSIGNED


def test_a_key_list_that_differs_from_the_hand_overs_is_refused(tmp_path: Path) -> None:
    _, bundle = handed_over()
    for keys in (bundle.keys[:1], [*bundle.keys, bundle.keys[1]], [{**bundle.keys[0], "valid_from_size": "1"}]):
        assert verdict(Bundle(bundle.manifest, keys, bundle.notes, bundle.lines).packed(), tmp_path)[0] == UNSIGNED


def test_a_newer_key_vouches_only_where_it_signed(tmp_path: Path) -> None:
    said, _ = handed_over()
    bundle = made(said, signed={19: FIRST}, keys=((FIRST, 0), (SECOND, 20)))

    assert verdict(bundle.packed(), tmp_path, holder=FIRST)[0] == GOOD
    assert verdict(bundle.packed(), tmp_path, holder=SECOND)[0] == UNSIGNED


@pytest.mark.parametrize("size", [0, 1, 7, 8, 31, 59, 60])
def test_a_book_that_continues_the_kept_checkpoint_is_good(tmp_path: Path, size: int) -> None:
    assert verdict(example().packed(), tmp_path, since=FIRST.note(size, roots(entries())[size]))[0] == GOOD


@pytest.mark.parametrize("left", range(0, COUNT, 5))
def test_a_rolled_back_book_is_found_by_the_kept_checkpoint(tmp_path: Path, left: int) -> None:
    kept = FIRST.note(COUNT, roots(entries())[-1])
    rolled_back = made(entries(left), signed={left: FIRST})

    assert verdict(rolled_back.packed(), tmp_path)[0] == GOOD
    assert verdict(rolled_back.packed(), tmp_path, since=kept)[0] == ROLLED_BACK


@pytest.mark.parametrize("place", [1, 7, 8, 31, 50])
def test_a_rewritten_book_that_its_owner_signed_anew_is_found_by_the_kept_checkpoint(
    tmp_path: Path, place: int
) -> None:
    said = entries()
    said[place - 1] = entry(place, effective_on="2025-11-30")
    rewritten = made(said, signed=SIGNED)

    assert verdict(rewritten.packed(), tmp_path)[0] == GOOD
    assert verdict(rewritten.packed(), tmp_path, since=FIRST.note(50, roots(entries())[50]))[0] == ROLLED_BACK


def test_a_kept_checkpoint_must_be_signed_by_a_key_of_the_book(tmp_path: Path) -> None:
    kept = FORGER.note(50, roots(entries())[50])

    assert verdict(example().packed(), tmp_path, since=kept)[0] == UNSIGNED
    assert verdict(example().packed(), tmp_path, since="nonsense")[0] == MALFORMED


WRONG: dict[str, dict[str, Any]] = {
    "a leg too few": {"legs": [["Assets:Bank:CNY", "CNY", "5"]]},
    "unbalanced by one": {"legs": [["Assets:Bank:CNY", "CNY", "5"], ["Equity:Owner", "CNY", "-4"]]},
    "balanced across commodities": {"legs": [["Assets:Bank:CNY", "CNY", "5"], ["Equity:Owner", "CEA25", "-5"]]},
    "zero": {"legs": [["Assets:Bank:CNY", "CNY", "0"], ["Equity:Owner", "CNY", "0"]]},
    "a decimal": {"legs": [["Assets:Bank:CNY", "CNY", "5.0"], ["Equity:Owner", "CNY", "-5.0"]]},
    "a plus": {"legs": [["Assets:Bank:CNY", "CNY", "+5"], ["Equity:Owner", "CNY", "-5"]]},
    "an underscore": {"legs": [["Assets:Bank:CNY", "CNY", "1_0"], ["Equity:Owner", "CNY", "-10"]]},
    "full-width digits": {"legs": [["Assets:Bank:CNY", "CNY", "\uff15"], ["Equity:Owner", "CNY", "-5"]]},
    "a huge number": {"legs": [["Assets:Bank:CNY", "CNY", "9" * 10_000], ["Equity:Owner", "CNY", "-" + "9" * 10_000]]},
    "a null amount": {"legs": [["Assets:Bank:CNY", "CNY", None], ["Equity:Owner", "CNY", "-5"]]},
    "legs that are an object": {"legs": {"a": "b"}},
    "legs that are a text": {"legs": "abc"},
    "an account that rings the terminal's bell": {"legs": [["Assets:\x07", "CNY", "5"], ["Equity:Owner", "CNY", "-5"]]},
    "another book": {"book": "019b0000-0000-7000-8000-00000000b00d"},
    "another place": {"seq": "6"},
    "a place with zeros": {"seq": "05"},
    "an earlier time": {"recorded_at": "2026-01-05T01:00:03.000000+00:00"},
    "a time in another spelling": {"recorded_at": "2026-01-05T01:00:05Z"},
    "no date": {"effective_on": "2025-02-30"},
    "a week": {"effective_on": "2025-W01-1"},
    "a reversal of itself": {"reverses_seq": "5"},
    "a reversal of nothing": {"reverses_seq": "0"},
    "an unknown version": {"v": "9"},
    "a version that is a list": {"v": ["1"]},
    "a close that states other balances": {
        "kind": "close",
        "legs": [],
        "attrs": {"closing": "hard", "through": "2025-01-31", "state_root": "0" * 64},
    },
    "a close without a day": {"kind": "close", "legs": [], "attrs": {"closing": "hard"}},
    "a close without words": {"kind": "close", "legs": []},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_false_facts_are_found_even_where_their_owner_signed_them(tmp_path: Path, wrong: dict[str, Any]) -> None:
    said = entries()
    said[4] = entry(5, **wrong)

    code, told = verdict(made(said, signed=SIGNED).packed(), tmp_path)

    assert code == FALSE_FACTS
    assert "entry 5:" in told
    assert told.replace("\n", "").isprintable()


def test_each_missing_field_of_a_signed_entry_is_found(tmp_path: Path) -> None:
    for name in entry(5):
        said = entries()
        del said[4][name]

        assert verdict(made(said, signed=SIGNED).packed(), tmp_path)[0] == FALSE_FACTS, name


def test_an_entry_is_reversed_once(tmp_path: Path) -> None:
    said = entries()
    said[9], said[10] = entry(10, reverses_seq="3"), entry(11, reverses_seq="3")

    code, told = verdict(made(said, signed=SIGNED).packed(), tmp_path)

    assert (code, "entry 11:" in told) == (FALSE_FACTS, True)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b'"v":"1"', b'"v":"1","v":"1"'),
        (b'"v":"1"', b'"v":1'),
        (b'"v":"1"', b'"v":1e999999999'),
        (b'"v":"1"', b'"v":' + b"9" * 100_000),
        (b'"v":"1"', b'"v":NaN'),
        (b'"v":"1"', b'"v":"\xff"'),
        (b'"attrs":null', b'"attrs":' + b"[" * 200_000 + b"]" * 200_000),
        (b'"attrs":null', b'"attrs":' + b'{"a":' * 50_000 + b"null" + b"}" * 50_000),
        (b'"attrs":null', b'"attrs":{"a":"x","a":"y"}'),
        (b'"attrs":null', b'"attrs":'),
    ],
    ids=[
        "twice",
        "number",
        "exponent",
        "long",
        "nan",
        "no utf-8",
        "deep list",
        "deep object",
        "deeper twice",
        "nothing",
    ],
)
def test_hostile_json_in_an_entry_never_breaks_the_verifier(tmp_path: Path, found: bytes, put: bytes) -> None:
    bundle = made(entries(8), signed={4: FIRST})
    said = canonical(entry(6)).replace(found, put)
    bundle.lines[5] = line(said, salt_of(6))
    tree = tonne_verify.Tree()
    for each in bundle.lines:
        tree.append(bytes.fromhex(each[9:73].decode()))
    bundle.manifest["tree_root"] = tree.root().hex()

    assert verdict(bundle.packed(), tmp_path)[0] == FALSE_FACTS


def test_a_hidden_leg_behind_a_doubled_name_is_found(tmp_path: Path) -> None:
    bundle = made(entries(8), signed={4: FIRST})
    said = canonical(entry(6)).replace(b'"postings":', b'"postings":[["Assets:Bank:CNY","CNY","9"]],"postings":')
    bundle.lines[5] = line(said, salt_of(6))
    leaves = [bytes.fromhex(each[9:73].decode()) for each in bundle.lines]
    tree = tonne_verify.Tree()
    for leaf in leaves:
        tree.append(leaf)
    bundle.manifest["tree_root"] = tree.root().hex()

    assert verdict(bundle.packed(), tmp_path)[0] == FALSE_FACTS


def closing(seq: int, through: str, before: list[dict[str, Any]]) -> dict[str, Any]:
    sums: dict[str, int] = {}
    for said in before:
        for account, _, amount in said["postings"]:
            if said["effective_on"] <= through:
                sums[account] = sums.get(account, 0) + int(amount)
    sides = {account: units if account.startswith("Assets") else -units for account, units in sums.items()}
    text = "".join(sorted(f"{account}|CNY|{units}\n" for account, units in sides.items() if units))
    state = hashlib.sha256(text.encode()).hexdigest()
    attrs = {"closing": "hard", "through": through, "state_root": state}
    return entry(seq, kind="close", legs=[], effective_on=through, attrs=attrs)


def test_a_closed_period_is_checked_against_the_balances_and_stays_closed(tmp_path: Path) -> None:
    said = [entry(seq, effective_on="2025-03-03") for seq in range(1, 11)]
    said.append(closing(11, "2025-03-31", said))
    said.append(entry(12, effective_on="2025-04-01"))
    state = said[10]["attrs"]["state_root"]
    extensions = {11: (f"recorded {said[10]['recorded_at']}", f"period 2025-03-31 {state}")}

    good = made(said, signed={11: FIRST, 12: FIRST}, extensions=extensions)
    late = made([*said, entry(13, effective_on="2025-03-31")], signed={13: FIRST})

    assert verdict(good.packed(), tmp_path)[0] == GOOD
    code, told = verdict(late.packed(), tmp_path)
    assert (code, "entry 13: it posts into a period that was closed through 2025-03-31" in told) == (FALSE_FACTS, True)


@pytest.mark.parametrize(
    "extension",
    [
        "recorded 2026-01-05T01:00:06.000000+00:00",
        f"period 2025-12-31 {'0' * 64}",
        "period 2025-12-31",
        "period",
        "period x y z",
    ],
)
def test_an_extension_that_the_entries_belie_is_a_false_fact(tmp_path: Path, extension: str) -> None:
    bundle = made(entries(), signed=SIGNED, extensions={7: (extension,)})

    assert verdict(bundle.packed(), tmp_path)[0] == FALSE_FACTS


def test_unknown_extensions_are_passed_over(tmp_path: Path) -> None:
    assert verdict(made(entries(), signed=SIGNED, extensions={7: ("weather fine",)}).packed(), tmp_path)[0] == GOOD


def test_an_empty_book_can_be_signed_and_checked(tmp_path: Path) -> None:
    code, said = verdict(made([], signed={0: FIRST}).packed(), tmp_path)

    assert code == GOOD
    assert said.startswith("good: 0 entries")
    assert ORIGIN not in said
