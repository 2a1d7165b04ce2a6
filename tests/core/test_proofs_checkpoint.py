from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import checkpoint as notes
from ledger.core import log
from ledger.core.checkpoint import Checkpoint, ClosedPeriod, NoteKey, Signer
from ledger.core.errors import Invalid

BOOK = UUID("019b0000-0000-7000-8000-00000000b00c")
ORIGIN = f"tonne/{BOOK}"
ROOT = hashlib.sha256(b"root").digest()


def signer_of(seed: int) -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Signer(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


OURS, THEIRS = signer_of(1), signer_of(2)
KEY = NoteKey(name=ORIGIN, public_key=OURS.public_key)
HEAD = Checkpoint(origin=ORIGIN, size=5, root=ROOT, extensions=("recorded 2026-01-05T01:00:00.000000+00:00",))
NOTE = notes.signed_note(HEAD, ORIGIN, OURS)


def refused(note: str, *keys: NoteKey) -> str:
    with pytest.raises(Invalid) as caught:
        notes.open_checkpoint(note, origin=ORIGIN, keys=keys or (KEY,))
    return caught.value.code


def test_a_note_has_the_form_of_the_c2sp_specifications() -> None:
    lines = NOTE.split("\n")
    key_id = hashlib.sha256(f"{ORIGIN}\n".encode() + b"\x01" + OURS.public_key).digest()[:4]
    signature = base64.b64encode(key_id + OURS.sign(HEAD.body().encode())).decode()

    assert lines == [
        *(ORIGIN, "5", base64.b64encode(ROOT).decode(), "recorded 2026-01-05T01:00:00.000000+00:00", ""),
        *(f"\u2014 {ORIGIN} {signature}", ""),
    ]


def test_the_key_id_is_that_of_the_specification_s_example() -> None:
    # The example key of golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
    public_key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]

    assert NoteKey(name="PeterNeumann", public_key=public_key).key_id.hex() == "c74f20a3"


def test_the_signature_of_the_specification_s_example_is_taken() -> None:
    public_key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    note = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )

    body, (claim,) = notes.parse_note(note)

    assert NoteKey(name="PeterNeumann", public_key=public_key).is_signature(claim.signature, body.encode())


def test_a_signed_note_opens_to_what_was_signed() -> None:
    assert notes.open_checkpoint(NOTE, origin=ORIGIN, keys=(KEY,)) == HEAD


@given(st.integers(min_value=0, max_value=10**18), st.binary(min_size=32, max_size=32))
def test_any_tree_head_opens_to_itself(size: int, root: bytes) -> None:
    head = Checkpoint(origin=ORIGIN, size=size, root=root)

    assert notes.open_checkpoint(notes.signed_note(head, ORIGIN, OURS), origin=ORIGIN, keys=(KEY,)) == head


def test_a_witness_signs_along_and_whoever_does_not_know_it_ignores_its_line() -> None:
    witnessed = notes.cosigned(NOTE, "auditor.example/log", THEIRS)
    witness = NoteKey(name="auditor.example/log", public_key=THEIRS.public_key)

    assert notes.open_checkpoint(witnessed, origin=ORIGIN, keys=(KEY,)) == HEAD
    assert notes.open_checkpoint(witnessed, origin=ORIGIN, keys=(KEY, witness)) == HEAD
    assert len(notes.parse_note(witnessed)[1]) == 2


def test_a_line_of_an_unknown_key_may_hold_anything() -> None:
    stranger = base64.b64encode(b"\x00" * 80).decode()

    assert notes.open_checkpoint(f"{NOTE}\u2014 stranger {stranger}\n", origin=ORIGIN, keys=(KEY,)) == HEAD


def test_a_known_key_s_line_twice_is_refused() -> None:
    assert refused(NOTE + NOTE.rpartition("\n\n")[2]) == "log.note_signature"


def test_a_known_witness_s_bad_line_refuses_the_note() -> None:
    witness = NoteKey(name="auditor", public_key=THEIRS.public_key)
    forged = base64.b64encode(witness.key_id + bytes(64)).decode()

    assert refused(f"{NOTE}\u2014 auditor {forged}\n", KEY, witness) == "log.note_signature"


def test_another_key_under_our_name_signs_nothing() -> None:
    assert refused(notes.signed_note(HEAD, ORIGIN, THEIRS)) == "log.note_signature"


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = notes.signed_note(replace(HEAD, origin="tonne/other"), ORIGIN, OURS)

    assert refused(other) == "log.note_origin"


def test_every_single_changed_character_is_found() -> None:
    for place, character in enumerate(NOTE):
        for other in {chr(ord(character) ^ 1), "A", "\n", " ", ""} - {character}:
            changed = NOTE[:place] + other + NOTE[place + 1 :]
            assert refused(changed).startswith("log.note_"), (place, other)


def test_every_truncated_note_is_refused() -> None:
    for end in range(len(NOTE)):
        assert refused(NOTE[:end]).startswith("log.note_")


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ("\n5\n", "\n05\n"),
        ("\n5\n", "\n+5\n"),
        ("\n5\n", "\n5.0\n"),
        ("\n5\n", "\n\uff15\n"),
        ("\n5\n", f"\n{'9' * 5000}\n"),
        ("=\n", "\n"),
        ("\u2014", "-"),
        ("tonne", "\x00tonne"),
        ("recorded", "\ud800"),
        ("\n\n", "\n"),
        ("\n\n", "\n\n\n"),
        ("\n", "\r\n"),
    ],
)
def test_other_spellings_are_malformed(found: str, put: str) -> None:
    assert refused(NOTE.replace(found, put, 1)) in {"log.note_malformed", "log.note_signature"}


def test_base64_has_one_spelling() -> None:
    # The last digit before = carries two bits that say nothing; only zeros are canonical.
    spelled = base64.b64encode(ROOT).decode()
    twin = spelled[:-2] + chr(ord(spelled[-2]) + 1) + "="
    assert base64.b64decode(twin) == ROOT

    assert refused(NOTE.replace(spelled, twin)) == "log.note_malformed"


def test_a_huge_note_is_refused_before_it_is_read() -> None:
    assert refused("x" * 10**7) == "log.note_malformed"
    assert refused(f"{HEAD.body()}\n" + "\u2014 a AAAAAAA=\n" * 65) == "log.note_malformed"


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert refused(text) == "log.note_malformed"


def test_extensions_say_when_the_last_entry_came_and_what_was_closed() -> None:
    lines = notes.extensions_of(
        datetime(2026, 1, 5, 1, tzinfo=UTC), ClosedPeriod(through=date(2025, 12, 31), state_root=ROOT)
    )

    assert lines == ("recorded 2026-01-05T01:00:00.000000+00:00", f"period 2025-12-31 {ROOT.hex()}")
    assert notes.extensions_of(None, None) == ()


@pytest.mark.parametrize("size", [-1, 10**19])
def test_an_impossible_size_does_not_construct(size: int) -> None:
    with pytest.raises(Invalid, match="at most 19 digits"):
        Checkpoint(origin=ORIGIN, size=size, root=ROOT)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "\u00a0"])
def test_a_key_name_with_blanks_or_plus_does_not_construct(name: str) -> None:
    with pytest.raises(Invalid, match="log key"):
        NoteKey(name=name, public_key=OURS.public_key)


def test_a_signer_that_signs_with_another_key_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        notes.signed_note(HEAD, ORIGIN, Signer(OURS.public_key, THEIRS.sign))

    assert caught.value.code == "log.signer"


def test_a_hand_over_is_by_the_old_key_for_this_log_only() -> None:
    attrs = notes.hand_over_attrs(origin=ORIGIN, old=OURS, new_key=THEIRS.public_key)

    def read(changed: dict[str, str], origin: str = ORIGIN, old_key: bytes = OURS.public_key) -> bytes | None:
        return notes.read_hand_over(changed, origin=origin, old_key=old_key)

    assert read(attrs) == THEIRS.public_key
    assert read(attrs, origin="tonne/other") is None
    assert read(attrs, old_key=THEIRS.public_key) is None
    assert read({**attrs, "log_key": notes.spelled_key(signer_of(3).public_key)}) is None
    assert read({**attrs, "log_key_signature": base64.b64encode(bytes(64)).decode()}) is None
    assert read({**attrs, "log_key": "no key"}) is None
    assert read({}) is None


@pytest.mark.parametrize("text", ["", "AAAA", "!" * 44, "\u00e9" * 44, base64.b64encode(bytes(31)).decode()])
def test_a_public_key_is_32_bytes_of_base64(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        notes.read_public_key(text)

    assert caught.value.code == "log.key_malformed"
    assert notes.read_public_key(notes.spelled_key(OURS.public_key)) == OURS.public_key


def test_the_empty_tree_can_be_signed() -> None:
    head = Checkpoint(origin=ORIGIN, size=0, root=log.EMPTY_ROOT)

    assert notes.open_checkpoint(notes.signed_note(head, ORIGIN, OURS), origin=ORIGIN, keys=(KEY,)) == head
