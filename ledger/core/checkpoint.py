"""Signed checkpoints: what a book's tree head looks like as a note that anyone can check, and the hand-over of the signing key.

Owns the text forms C2SP tlog-checkpoint and signed-note (c2sp.org, v1). Makes no key and opens no file: a signature is asked of the
``Signer`` that is given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.core import log
from ledger.core.errors import Invalid

MOST_NOTE_CHARACTERS = 65_536
MOST_SIGNATURES = 64
KEY_BYTES = 32
_ED25519 = b"\x01"
_SIGNATURE_BYTES = 64
_KEY_ID_BYTES = 4
_DASH = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_NAME = re.compile(r"[^\s+]{1,200}")

KEY_ATTR, OLD_KEY_ATTR, SIGNATURE_ATTR = "log_key", "log_key_from", "log_key_signature"
"""Names under which a hand-over entry carries the new public key, the old one, and the old one's signature."""


class Signer(NamedTuple):
    """A signing key as its holder lends it: the raw Ed25519 public key, and a function that signs bytes."""

    public_key: bytes
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A key that a reader of notes knows: its name and raw Ed25519 public key of 32 bytes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse what signed-note refuses: ``log.key_malformed``."""
        if not _KEY_NAME.fullmatch(self.name) or not self.name.isprintable() or len(self.public_key) != KEY_BYTES:
            raise Invalid(
                "log.key_malformed", "a log key is a name without blanks or + and 32 bytes of Ed25519 public key"
            )

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || public key), its first 4 bytes: C2SP signed-note."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def is_signature(self, signature: bytes, message: bytes) -> bool:
        """Return whether ``signature`` is this key's Ed25519 signature (RFC 8032) of ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPeriod:
    """A hard-closed period: its last day, inclusive, and the state root of the book at the close of that day."""

    through: date
    state_root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: ``origin`` names the log, ``size`` counts its entries, ``extensions`` are further lines as they stand."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be spelled as a note: ``log.note_malformed``."""
        lines = (self.origin, *self.extensions)
        if any(not line or not line.isprintable() for line in lines) or len(self.root) != len(log.EMPTY_ROOT):
            raise _malformed("origin and extensions are lines of printable text, a root is 32 bytes")
        if self.size < 0 or not _SIZE.fullmatch(str(self.size)):
            raise _malformed("the size is a whole number of at most 19 digits")

    def body(self) -> str:
        """Return the note's text, which is what is signed: lines of origin, size, root in base64, extensions."""
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), _spelled(self.root), *self.extensions))


class NoteSignature(NamedTuple):
    """One signature line: a claim until it is checked with the key of that name and id."""

    name: str
    key_id: bytes
    signature: bytes


def origin_of(book_uuid: UUID) -> str:
    """Return the log's name, which is its keys' name too: ``tonne/019b0000-0000-7000-8000-00000000b00c``."""
    return f"tonne/{book_uuid}"


def extensions_of(recorded_at: datetime | None, closed: ClosedPeriod | None) -> tuple[str, ...]:
    """Return the extension lines of a Tonne checkpoint: when the last entry was recorded, and a hard-closed period.

    For example ``recorded 2026-01-05T01:00:00.000000+00:00`` and ``period 2025-12-31 <64 hexadecimal digits>``.
    """
    lines = () if recorded_at is None else (f"recorded {recorded_at.isoformat(timespec='microseconds')}",)
    return lines if closed is None else (*lines, f"period {closed.through.isoformat()} {closed.state_root.hex()}")


def signed_note(checkpoint: Checkpoint, name: str, signer: Signer) -> str:
    """Return the note of ``checkpoint`` with one signature line; Ed25519 gives the same note for the same key and facts."""
    return f"{checkpoint.body()}\n{_line(checkpoint.body(), name, signer)}"


def cosigned(note: str, name: str, signer: Signer) -> str:
    """Return ``note`` with a further signature line, a witness's; whoever does not know its key ignores the line."""
    body, signatures = parse_note(note)
    if len(signatures) == MOST_SIGNATURES:
        raise _malformed(f"a note has at most {MOST_SIGNATURES} signatures")
    return note + _line(body, name, signer)


def parse_note(note: str) -> tuple[str, tuple[NoteSignature, ...]]:
    """Return the text (its last line end included) and the unchecked signature lines of a signed note; else ``log.note_malformed``."""
    if len(note) > MOST_NOTE_CHARACTERS:
        raise _malformed(f"a note has at most {MOST_NOTE_CHARACTERS} characters")
    text, blank, lines = note.rpartition("\n\n")
    if not text or not blank or not lines.endswith("\n"):
        raise _malformed("a note is its text, an empty line, and signature lines, each ended by a line feed")
    if any(not line.isprintable() for line in note.split("\n")):
        raise _malformed("a note's only control character is the line feed")
    claims = lines[:-1].split("\n")
    if len(claims) > MOST_SIGNATURES:
        raise _malformed(f"a note has at most {MOST_SIGNATURES} signatures")
    return f"{text}\n", tuple(_signature(claim) for claim in claims)


def parse_checkpoint(body: str) -> Checkpoint:
    """Return the tree head that a note's text spells; else ``log.note_malformed``."""
    lines = body.removesuffix("\n").split("\n")
    fewest = 3
    if len(lines) < fewest or not body.endswith("\n") or not _SIZE.fullmatch(lines[1]):
        raise _malformed("a checkpoint's lines are origin, decimal size and root in base64, then extensions")
    return Checkpoint(
        origin=lines[0], size=int(lines[1]), root=_octets(lines[2], len(log.EMPTY_ROOT)), extensions=tuple(lines[3:])
    )


def open_checkpoint(note: str, *, origin: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Return the tree head of a note that one of ``keys`` signed.

    Lines of unknown keys are ignored; a known key's bad or repeated line refuses the whole note, as does none
    (``log.note_signature``), another origin (``log.note_origin``) or another form (``log.note_malformed``).
    """
    body, signatures = parse_note(note)
    checkpoint = parse_checkpoint(body)
    if checkpoint.origin != origin:
        raise Invalid("log.note_origin", f"expected a checkpoint of {origin}; this one is of another log")
    known = {(key.name, key.key_id): key for key in keys}
    signed: set[tuple[str, bytes]] = set()
    for claim in signatures:
        key = known.get((claim.name, claim.key_id))
        if key is None:
            continue
        if (claim.name, claim.key_id) in signed or not key.is_signature(claim.signature, body.encode()):
            raise _unsigned("a line of a known key is repeated or not its signature of this text")
        signed.add((claim.name, claim.key_id))
    if not signed:
        raise _unsigned("no key that is known here signed it")
    return checkpoint


def hand_over_message(*, origin: str, old_key: bytes, new_key: bytes) -> bytes:
    """Return what the old key signs to hand over to the new one, in this log only."""
    return f"tonne log key hand-over v1\n{origin}\n{_spelled(old_key)}\n{_spelled(new_key)}\n".encode()


def hand_over_attrs(*, origin: str, old: Signer, new_key: bytes) -> dict[str, str]:
    """Return the attributes of the entry by which ``old`` hands over to ``new_key``, so that the tree commits to it."""
    NoteKey(name=origin, public_key=new_key)
    message = hand_over_message(origin=origin, old_key=old.public_key, new_key=new_key)
    return {
        KEY_ATTR: _spelled(new_key),
        OLD_KEY_ATTR: _spelled(old.public_key),
        SIGNATURE_ATTR: _spelled(old.sign(message)),
    }


def read_hand_over(attrs: Mapping[str, str], *, origin: str, old_key: bytes) -> bytes | None:
    """Return the key to which ``old_key`` hands over in an entry's attributes, or None where it does not, or not by its signature."""
    if {KEY_ATTR, OLD_KEY_ATTR, SIGNATURE_ATTR} - attrs.keys() or attrs[OLD_KEY_ATTR] != _spelled(old_key):
        return None
    try:
        new_key = _octets(attrs[KEY_ATTR], KEY_BYTES)
        signature = _octets(attrs[SIGNATURE_ATTR], _SIGNATURE_BYTES)
    except Invalid:
        return None
    message = hand_over_message(origin=origin, old_key=old_key, new_key=new_key)
    return new_key if NoteKey(name=origin, public_key=old_key).is_signature(signature, message) else None


def read_public_key(text: str) -> bytes:
    """Return the 32 bytes that a base64 text spells in its one canonical way; else ``log.key_malformed``."""
    try:
        return _octets(text, KEY_BYTES)
    except Invalid as error:
        raise Invalid("log.key_malformed", "a public key is 32 bytes as 44 characters of base64") from error


def spelled_key(public_key: bytes) -> str:
    """Return a public key as base64, as ``read_public_key`` takes it."""
    return _spelled(public_key)


def _line(body: str, name: str, signer: Signer) -> str:
    key = NoteKey(name=name, public_key=signer.public_key)
    signature = signer.sign(body.encode())
    if not key.is_signature(signature, body.encode()):
        raise Invalid("log.signer", "the signing key and its public key do not belong together")
    return f"{_DASH}{name} {_spelled(key.key_id + signature)}\n"


def _signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise _malformed("a signature line begins with an em dash and a blank")
    name, _, spelled = line.removeprefix(_DASH).partition(" ")
    octets = _octets(spelled)
    if not _KEY_NAME.fullmatch(name) or len(octets) <= _KEY_ID_BYTES:
        raise _malformed("a signature line is a key's name and base64 of its id and signature")
    return NoteSignature(name, octets[:_KEY_ID_BYTES], octets[_KEY_ID_BYTES:])


def _spelled(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _octets(text: str, length: int | None = None) -> bytes:
    """Return what base64 ``text`` spells; only the one canonical spelling is taken, for a note must not have twins."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed("expected base64 in its canonical spelling") from error
    if _spelled(octets) != text or (length is not None and len(octets) != length):
        raise _malformed("expected base64 of the right length in its canonical spelling")
    return octets


def _malformed(expected: str) -> Invalid:
    return Invalid("log.note_malformed", f"not a signed checkpoint: {expected}")


def _unsigned(reason: str) -> Invalid:
    return Invalid("log.note_signature", f"the checkpoint is not signed as it must be: {reason}")
