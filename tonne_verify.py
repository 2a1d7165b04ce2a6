"""Checks what a Tonne book exported, offline: one file, the standard library and ``cryptography``, nothing of Tonne itself.

    python tonne_verify.py bundle.zip --public-key BASE64 [--since OLD_CHECKPOINT]
    python tonne_verify.py proof.json --public-key BASE64 [--since OLD_CHECKPOINT]

A bundle: every leaf is recomputed from its stored bytes, the RFC 6962 tree from the leaves, and every checkpoint's root, signature
and key hand-over is checked; entries stand in order of place and time, each sums to zero per commodity, closed periods stay closed;
with --since the book must continue a checkpoint that you kept. Then the trial balance is printed, in smallest units.
The public key is one that you got from the book's owner by another way; any key of the book's history will do.

Exit codes: 0 good; 1 the file cannot be opened; 2 malformed; 3 a signature or key is wrong; 4 leaf or tree mismatch, with the first
bad entry; 5 rolled back or inconsistent with the checkpoint you kept; 6 the facts are wrong although they are signed.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, TextIO, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

GOOD, NO_FILE, MALFORMED, UNSIGNED, MISMATCH, ROLLED_BACK, FALSE_FACTS = range(7)
MEMBERS = ("manifest.json", "keys.jsonl", "checkpoints.jsonl", "entries.jsonl")
FORMAT = "tonne-bundle-v1"

_MOST_LINE = 8 * 1024 * 1024
_MOST_NOTE = 65_536
_MOST_SMALL = 4 * 1024 * 1024
_MOST_RATIO = 200
"""Salts and hashes do not compress: an honest member shrinks some fifteen times at most, a bomb a thousand times."""
_MOST_DIGITS = 20
_PROOF_NODES = 64

_FRAME = re.compile(rb'\{"leaf":"([0-9a-f]{64})","salt":"([0-9a-f]{32})","entry":(\{.*\})\}\n', re.DOTALL)
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ORIGIN = re.compile(r"tonne/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,254}", re.ASCII)
_FIELDS = frozenset(
    ("acting_for", "actor", "attrs", "book", "doc_ref", "document_on", "effective_on", "entry_id", "kind", "lot_moves")
) | frozenset(("postings", "recorded_at", "reverses_seq", "seq", "v"))
_VERSIONS = frozenset(("1",))
_EMPTY_ROOT = hashlib.sha256().digest()


class Fault(Exception):  # noqa: N818 - what is wrong with the evidence, not with this program
    """What the evidence fails by: an exit code and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code
        self.message = message


class Note(NamedTuple):
    """A parsed checkpoint: the signed bytes, what they say, and the unchecked signatures as (name, key id and signature)."""

    signed: bytes
    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]
    signatures: tuple[tuple[str, bytes], ...]


class Key(NamedTuple):
    """A public key of the book's log, in force for trees of at least ``since`` leaves."""

    public: bytes
    since: int


# ---------------------------------------------------------------------------------------------------------------- reading


def _refuse_number(text: str) -> None:
    raise ValueError(f"a number outside a string: {text[:20]}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


_DECODE = json.JSONDecoder(
    parse_int=_refuse_number, parse_float=_refuse_number, parse_constant=_refuse_number, object_pairs_hook=_unique
).decode


def read_object(text: str | bytes, what: str) -> dict[str, Any]:
    """Return the JSON object that ``text`` spells: no number outside strings, no name twice, no depth that exhausts the reader."""
    try:
        found = _DECODE(text if isinstance(text, str) else text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Fault(MALFORMED, f"{what} is not a JSON object of strings") from error
    if not isinstance(found, dict):
        raise Fault(MALFORMED, f"{what} is not a JSON object")
    return found


def read_octets(text: object, length: int | None, what: str) -> bytes:
    """Return what a base64 text spells, in its one canonical spelling, and of ``length`` bytes when given."""
    try:
        octets = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError) as error:
        raise Fault(MALFORMED, f"{what} is not base64") from error
    if not octets or base64.b64encode(octets).decode() != text or (length is not None and len(octets) != length):
        raise Fault(MALFORMED, f"{what} is not canonical base64 of the right length")
    return octets


def read_hex(text: object, length: int, what: str) -> bytes:
    """Return ``length`` bytes from lower-case hexadecimal digits."""
    if not isinstance(text, str) or len(text) != 2 * length or not _HEX.fullmatch(text):
        raise Fault(MALFORMED, f"{what} is not {2 * length} hexadecimal digits")
    return bytes.fromhex(text)


def read_size(text: object, what: str) -> int:
    """Return a whole number of at most 19 digits, spelled without leading zeros."""
    if not isinstance(text, str) or not _SIZE.fullmatch(text):
        raise Fault(MALFORMED, f"{what} is not a whole number of at most 19 digits")
    return int(text)


def read_note(text: object, what: str) -> Note:
    """Return the parts of a C2SP signed note whose text is a checkpoint; signatures are not checked here."""
    if not isinstance(text, str) or len(text) > _MOST_NOTE or not all(map(str.isprintable, text.split("\n"))):
        raise Fault(MALFORMED, f"{what} is not a signed note")
    body, blank, claims = text.rpartition("\n\n")
    lines = body.split("\n")
    if not blank or not claims.endswith("\n") or len(lines) < 3 or not all(lines):  # noqa: PLR2004 - origin, size, root
        raise Fault(MALFORMED, f"{what} is not a signed note of a checkpoint")
    signatures = []
    for claim in claims[:-1].split("\n"):
        name, _, octets = claim.removeprefix("\u2014 ").partition(" ")
        if not claim.startswith("\u2014 ") or not name or "+" in name:
            raise Fault(MALFORMED, f"{what} has a line that is no signature")
        signatures.append((name, read_octets(octets, None, f"a signature of {what}")))
    return Note(
        signed=f"{body}\n".encode(),
        origin=lines[0],
        size=read_size(lines[1], f"the size in {what}"),
        root=read_octets(lines[2], 32, f"the root in {what}"),
        extensions=tuple(lines[3:]),
        signatures=tuple(signatures),
    )


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Return whether ``signature`` is the Ed25519 signature of ``message`` by ``public``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_note(note: Note, *, origin: str, keys: Sequence[bytes], what: str) -> None:
    """Refuse a note of another log, without a signature by one of ``keys``, or with a bad or repeated one by them."""
    if note.origin != origin:
        raise Fault(UNSIGNED, f"{what} is of another log")
    known = {hashlib.sha256(f"{origin}\n".encode() + b"\x01" + key).digest()[:4]: key for key in keys}
    seen: set[bytes] = set()
    for name, octets in note.signatures:
        key = known.get(octets[:4]) if name == origin else None
        if key is None:
            continue  # a witness's line, which only who knows its key can check
        if octets[:4] in seen or not is_signed(note.signed, octets[4:], key):
            raise Fault(UNSIGNED, f"{what} has a false or repeated signature")
        seen.add(octets[:4])
    if not seen:
        raise Fault(UNSIGNED, f"{what} is not signed by the key in force")


def leaf_of(salt: bytes, canonical: bytes) -> bytes:
    """Return SHA-256(0x00 || salt || canonical), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + salt + canonical).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing RFC 6962 tree, kept as one root for each perfect subtree."""

    def __init__(self) -> None:
        """Begin without leaves."""
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Take the next leaf: like carrying a one in binary counting."""
        count = self.size
        while count & 1:
            leaf = node_of(self._roots.pop(), leaf)
            count >>= 1
        self._roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree head."""
        if not self._roots:
            return _EMPTY_ROOT
        head = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            head = node_of(left, head)
        return head


# ------------------------------------------------------------------------------------------------------------------ facts


_NO_ENTRY = "its bytes are not the JSON of an entry, each name once and every value text"


def _false(reason: str) -> Fault:
    return Fault(FALSE_FACTS, reason)


@dataclass
class Facts:
    """What the entries say, checked one by one; ``fault`` is the first (entry, reason) by which they are wrong."""

    book: str
    recorded_at: str = ""
    closed_through: str = ""
    fault: tuple[int, str] | None = None
    balances: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Debit positive, in smallest units, by (account, commodity, business day)."""
    _words: set[str] = field(default_factory=set)
    _days: set[str] = field(default_factory=set)
    _reversed: set[str] = field(default_factory=set)

    def take(self, seq: int, canonical: bytes) -> None:
        """Check entry ``seq`` and add it up, unless an earlier one was wrong."""
        if self.fault is not None:
            return
        try:
            self._check(seq, canonical)
        except Fault as fault:
            self.fault = (seq, fault.message)
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            self.fault = (seq, _NO_ENTRY)

    def _check(self, seq: int, canonical: bytes) -> None:
        said: dict[str, Any] = _DECODE(canonical.decode("utf-8"))
        if not said.keys() >= _FIELDS or said["v"] not in _VERSIONS:
            raise _false(_NO_ENTRY)
        if said["seq"] != str(seq) or said["book"] != self.book:
            raise _false("it belongs at another place or in another book")
        recorded_at, day, legs = said["recorded_at"], said["effective_on"], said["postings"]
        if not _INSTANT.fullmatch(recorded_at) or recorded_at < self.recorded_at:
            raise _false("its time of recording is before that of the entry before it")
        self.recorded_at = recorded_at
        if day not in self._days:
            if not _DAY.fullmatch(day):
                raise _false("its business day is no date")
            date.fromisoformat(day)
            self._days.add(day)
        if legs and day <= self.closed_through:
            raise _false(f"it posts into a period that was closed through {self.closed_through}")
        if said["reverses_seq"] is not None:
            self._note_reversal(seq, said["reverses_seq"])
        self._add_up(legs, day)
        if said["kind"] == "close" and said["attrs"]["closing"] == "hard":
            self.close(said["attrs"]["through"], said["attrs"]["state_root"])

    def _note_reversal(self, seq: int, reversed_seq: str) -> None:
        if not _SIZE.fullmatch(reversed_seq) or not 1 <= int(reversed_seq) < seq or reversed_seq in self._reversed:
            raise _false("it reverses no earlier entry, or one that is reversed already")
        self._reversed.add(reversed_seq)

    def _add_up(self, legs: list[list[str]], day: str) -> None:
        if type(legs) is not list:
            raise _false(_NO_ENTRY)
        sums: dict[str, int] = {}
        for account, commodity, amount in legs:
            if account not in self._words or commodity not in self._words:
                self._learn(account, commodity)
            units = int(amount) if len(amount) <= _MOST_DIGITS else 0
            if not units or str(units) != amount:
                raise _false("an amount is no whole number of smallest units, or zero")
            sums[commodity] = sums.get(commodity, 0) + units
            place = (account, commodity, day)
            self.balances[place] = self.balances.get(place, 0) + units
        if any(sums.values()):
            raise _false("its legs do not sum to zero in each commodity")

    def _learn(self, *words: str) -> None:
        if not all(map(_WORD.fullmatch, words)):
            raise _false("an account or a commodity is misspelled")
        self._words.update(words)

    def close(self, through: str, spelled_root: str) -> None:
        """Close every day through ``through``, whose balances must be those stated."""
        if not _DAY.fullmatch(through) or state_root(self.at_close(through)).hex() != spelled_root:
            raise _false(f"the balances at the close of {through[:10]!r} are not those that were stated")
        self.closed_through = max(self.closed_through, through)

    def at_close(self, through: str | None = None) -> dict[tuple[str, str], int]:
        """Return the balances by (account, commodity) at the close of a day, of all days when None; empty ones are left out."""
        found: dict[tuple[str, str], int] = {}
        for (account, commodity, day), units in self.balances.items():
            if through is None or day <= through:
                found[account, commodity] = found.get((account, commodity), 0) + units
        return {place: units for place, units in sorted(found.items()) if units}


def state_root(balances: Mapping[tuple[str, str], int]) -> bytes:
    """Return SHA-256 over lines ``account|commodity|balance`` in the order of their text, each balance on its normal side."""
    lines = []
    for (account, commodity), units in balances.items():
        side = 1 if account.partition(":")[0] in {"Assets", "Expenses"} else -1
        lines.append(f"{account}|{commodity}|{side * units}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).digest()


# ----------------------------------------------------------------------------------------------------------------- bundle


class Report(NamedTuple):
    """What was found good: entries, how many of them a checkpoint covers, checkpoints, keys, the root, and the balances."""

    entries: int
    covered: int
    checkpoints: int
    keys: int
    root: bytes
    balances: dict[tuple[str, str], int]


def _lines(file: IO[bytes], most: int, what: str) -> Iterator[bytes]:
    buffered = io.BufferedReader(cast("io.RawIOBase", file), 1 << 20)  # a member's own readline is far slower
    while line := buffered.readline(most):
        if not line.endswith(b"\n"):
            raise Fault(MALFORMED, f"{what} has a line that is cut off or too long")
        yield line


def _check_members(bundle: zipfile.ZipFile) -> None:
    members = bundle.infolist()
    if tuple(member.filename for member in members) != MEMBERS:
        raise Fault(MALFORMED, f"the bundle's members are not {', '.join(MEMBERS)}")
    for member in members:
        if member.flag_bits & 0x1 or member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Fault(MALFORMED, f"{member.filename} is encrypted or packed in another way")
        if member.file_size > _MOST_RATIO * (member.compress_size + 1024):
            raise Fault(MALFORMED, f"{member.filename} unpacks to more than it can honestly hold")


class _Bundle:
    """One bundle being read: its tree, facts and keys so far."""

    def __init__(self, bundle: zipfile.ZipFile, *, pinned: bytes, since: Note | None) -> None:
        _check_members(bundle)
        manifest = self._small(bundle, "manifest.json")
        self.origin = manifest.get("origin")
        origin = _ORIGIN.fullmatch(self.origin) if isinstance(self.origin, str) else None
        if manifest.get("format") != FORMAT or origin is None or manifest.get("book") != origin[1]:
            raise Fault(MALFORMED, "the manifest is not that of a Tonne bundle, version 1")
        self.stated = (
            read_size(manifest.get("entries"), "the manifest's entries"),
            read_hex(manifest.get("tree_root"), 32, "the manifest's root"),
        )
        self.bundle, self.pinned, self.since = bundle, pinned, since
        self.tree, self.facts = Tree(), Facts(origin[1])
        self.claimed = self._claimed_keys()
        self.keys = [Key(self.claimed[0].public if self.claimed else pinned, 0)]
        self.notes = self._notes()
        self.next_note = next(self.notes, None)
        self.checkpoints = self.covered = 0
        self.newest_key = b""
        self.kept_root: bytes | None = None

    def _small(self, bundle: zipfile.ZipFile, name: str) -> dict[str, Any]:
        with bundle.open(name) as file:
            content = file.read(_MOST_SMALL + 1)
        if len(content) > _MOST_SMALL:
            raise Fault(MALFORMED, f"{name} is too long")
        return read_object(content, name)

    def _claimed_keys(self) -> list[Key]:
        found = []
        with self.bundle.open("keys.jsonl") as file:
            for line in _lines(file, _MOST_NOTE, "keys.jsonl"):
                said = read_object(line, "a line of keys.jsonl")
                public = read_octets(said.get("public_key"), 32, "a key")
                found.append(Key(public, read_size(said.get("valid_from_size"), "a key's size")))
                if said.get("key_name") != self.origin or len(found) > _MOST_NOTE:
                    raise Fault(MALFORMED, "keys.jsonl names a key of another log, or too many")
        return found

    def _notes(self) -> Iterator[Note]:
        size = 0
        with self.bundle.open("checkpoints.jsonl") as file:
            for number, line in enumerate(_lines(file, 8 * _MOST_NOTE, "checkpoints.jsonl"), start=1):
                note = read_note(read_object(line, f"checkpoint {number}").get("note"), f"checkpoint {number}")
                if note.size < size:
                    raise Fault(MALFORMED, f"checkpoint {number} is not in the order of sizes")
                size = note.size
                yield note

    def read(self) -> Report:
        self._at_size()
        with self.bundle.open("entries.jsonl") as file:
            for line in _lines(file, _MOST_LINE, "entries.jsonl"):
                self._entry(line)
                if self.next_note is not None and self.next_note.size == self.tree.size:
                    self._at_size()
                elif self.since is not None and self.since.size == self.tree.size:
                    self.kept_root = self.tree.root()
        self._finish()
        size, root = self.tree.size, self.tree.root()
        return Report(size, self.covered, self.checkpoints, len(self.keys), root, self.facts.at_close())

    def _entry(self, line: bytes) -> None:
        seq = self.tree.size + 1
        frame = _FRAME.fullmatch(line)
        if frame is None:
            raise Fault(MALFORMED, f"line {seq} of entries.jsonl is not a leaf, a salt and an entry")
        leaf, salt, canonical = frame.groups()
        computed = leaf_of(bytes.fromhex(salt.decode()), canonical)
        if computed != bytes.fromhex(leaf.decode()):
            raise Fault(MISMATCH, f"entry {seq}: its bytes do not give its leaf hash; it is the first bad one")
        self.tree.append(computed)
        self.facts.take(seq, canonical)
        if b'"log_key_from"' in canonical and b'"kind":"record"' in canonical:
            self._hand_over(seq, canonical)

    def _hand_over(self, seq: int, canonical: bytes) -> None:
        """Take a hand-over by the key in force; anyone may write an entry that looks like one, so others are passed over."""
        try:
            said = read_object(canonical, "an entry")
        except Fault:
            return
        old, attrs = self.keys[-1].public, said.get("attrs")
        if said.get("kind") != "record" or not isinstance(attrs, dict):
            return
        spelled_old, spelled_new = base64.b64encode(old).decode(), attrs.get("log_key")
        if attrs.get("log_key_from") != spelled_old:
            return
        try:
            new = read_octets(spelled_new, 32, "a new key")
            signature = read_octets(attrs.get("log_key_signature"), 64, "a hand-over's signature")
        except Fault:
            return
        message = f"tonne log key hand-over v1\n{self.origin}\n{spelled_old}\n{spelled_new}\n".encode()
        if is_signed(message, signature, old):
            self.keys.append(Key(new, seq))

    def _at_size(self) -> None:
        """Check every checkpoint of the tree as it stands."""
        if self.since is not None and self.since.size == self.tree.size:
            self.kept_root = self.tree.root()
        while self.next_note is not None and self.next_note.size == self.tree.size:
            note, what = self.next_note, f"the checkpoint of {self.tree.size} entries"
            key = self.keys[-1].public
            check_note(note, origin=str(self.origin), keys=(key,), what=what)
            if note.root != self.tree.root():
                raise self._torn(what)
            self.checkpoints += 1
            self.covered, self.newest_key = self.tree.size, key
            self._check_extensions(note)
            self.next_note = next(self.notes, None)

    def _torn(self, what: str) -> Fault:
        if self.facts.fault is not None:
            return Fault(MISMATCH, f"entry {self.facts.fault[0]}: {self.facts.fault[1]}; it is not what {what} signs")
        first, last = self.covered + 1, self.tree.size
        return Fault(MISMATCH, f"the entries are not those of {what}; the first bad one is among {first} to {last}")

    def _check_extensions(self, note: Note) -> None:
        facts, size = self.facts, self.tree.size
        for line in note.extensions:
            word, _, rest = line.partition(" ")
            if facts.fault is not None:
                return
            if word == "recorded" and rest != facts.recorded_at:
                facts.fault = (size, "the checkpoint states another time of recording")
            elif word == "period":
                try:
                    facts.close(*rest.split(" ", 1))
                except (Fault, TypeError) as error:
                    facts.fault = (size, error.message if isinstance(error, Fault) else "a period is misspelled")

    def _finish(self) -> None:
        size = self.tree.size
        if self.next_note is not None:
            check_note(
                self.next_note,
                origin=str(self.origin),
                keys=[key.public for key in self.keys],
                what=f"the checkpoint of {self.next_note.size} entries",
            )
            raise Fault(MISMATCH, f"entry {size + 1} is missing: a checkpoint signs {self.next_note.size} entries")
        if self.stated != (size, self.tree.root()):
            raise Fault(MISMATCH, f"the manifest states another tree than the {size} entries give")
        self._check_keys()
        self._check_kept()
        if self.facts.fault is not None:
            raise Fault(FALSE_FACTS, f"entry {self.facts.fault[0]}: {self.facts.fault[1]}")

    def _check_keys(self) -> None:
        if not self.checkpoints:
            raise Fault(UNSIGNED, "no checkpoint signs these entries")
        if self.facts.fault is None and self.claimed != self.keys:
            raise Fault(UNSIGNED, "keys.jsonl names other keys than the entries hand over to")
        trusted = [key.public for key in self.keys]
        if self.pinned not in trusted:
            raise Fault(UNSIGNED, "the key given is none of the book's keys")
        if self.newest_key not in trusted[trusted.index(self.pinned) :]:
            raise Fault(UNSIGNED, "no checkpoint is signed by the key given or by one that it handed over to")

    def _check_kept(self) -> None:
        kept = self.since
        if kept is None:
            return
        keys = [key.public for key in self.keys]
        check_note(kept, origin=str(self.origin), keys=keys, what="the checkpoint that you kept")
        if kept.size > self.tree.size:
            raise Fault(
                ROLLED_BACK, f"rolled back: you kept a checkpoint of {kept.size} entries, here are {self.tree.size}"
            )
        if self.kept_root != kept.root:
            raise Fault(ROLLED_BACK, f"the first {kept.size} entries are not those of the checkpoint that you kept")


_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,  # a seek to where no file is
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
    LookupError,
)


def verify_bundle(file: BinaryIO, *, pinned: bytes, since: Note | None = None) -> Report:
    """Return what a good bundle holds; else raise ``Fault``."""
    try:
        with zipfile.ZipFile(file) as bundle:
            return _Bundle(bundle, pinned=pinned, since=since).read()
    except _UNREADABLE as error:
        raise Fault(MALFORMED, f"the bundle cannot be unpacked ({type(error).__name__})") from error


# ----------------------------------------------------------------------------------------------------------------- proofs


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion path leads to, None when its length is not that of the place: RFC 9162 section 2.1.3.2.

    The nodes above a leaf are, from the leaf up, those of its own perfect subtree and then those of the subtrees left of it.
    """
    if not 0 <= index < size:
        return None
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        return None
    node = leaf
    for level, sibling in enumerate(path):
        is_right = level >= inner or index >> level & 1
        node = node_of(sibling, node) if is_right else node_of(node, sibling)
    return node


def is_continued(*, old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether a consistency path proves that the tree of ``size`` begins with the old one: RFC 9162 section 2.1.4."""
    if not 1 <= old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    hashes = list(path)

    def walk(start: int, end: int, *, is_old_whole: bool) -> tuple[bytes, bytes]:
        """Return old and new root of the span of leaves; every hash is taken from the end of the path once."""
        if end == old_size:
            node = old_root if is_old_whole else hashes.pop()
            return node, node
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old_size <= middle:
            right = hashes.pop()
            old, new = walk(start, middle, is_old_whole=is_old_whole)
            return old, node_of(new, right)
        left = hashes.pop()
        old, new = walk(middle, end, is_old_whole=False)
        return node_of(left, old), node_of(left, new)

    try:
        found = walk(0, size, is_old_whole=True)
    except IndexError:
        return False
    return not hashes and found == (old_root, root)


def verify_proof(said: Mapping[str, Any], *, pinned: bytes, since: Note | None = None) -> str:
    """Return what a proof document proves, as a sentence; else raise ``Fault``. Its note must be signed by the pinned key."""
    origin, size = said.get("origin"), read_size(said.get("tree_size"), "tree_size")
    if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
        raise Fault(MALFORMED, "the proof names no log")
    root, spelled = read_hex(said.get("tree_root"), 32, "tree_root"), said.get("path")
    if not isinstance(spelled, list) or len(spelled) > _PROOF_NODES:
        raise Fault(MALFORMED, f"path is not a list of at most {_PROOF_NODES} hashes")
    path = [read_hex(node, 32, "a hash of the path") for node in spelled]
    if said.get("note") is None:
        raise Fault(UNSIGNED, "no checkpoint signs this tree; ask for a proof in a checkpoint's tree")
    note = read_note(said["note"], "the proof's checkpoint")
    check_note(note, origin=origin, keys=(pinned,), what="the proof's checkpoint")
    if (note.size, note.root) != (size, root):
        raise Fault(MISMATCH, "the proof is of another tree than its checkpoint")
    if since is not None:
        check_note(since, origin=origin, keys=(pinned,), what="the checkpoint that you kept")
    if "old_size" in said:
        return _verify_consistency(said, size=size, root=root, path=path, since=since)
    return _verify_inclusion(said, size=size, root=root, path=path)


def _verify_inclusion(said: Mapping[str, Any], *, size: int, root: bytes, path: list[bytes]) -> str:
    seq, canonical = read_size(said.get("seq"), "seq"), said.get("canonical")
    salt = read_hex(said.get("salt"), 16, "salt")
    try:
        octets = canonical.encode() if isinstance(canonical, str) else b""
    except UnicodeEncodeError as error:
        raise Fault(MALFORMED, "canonical is no text") from error
    if root_from(leaf_of(salt, octets), seq - 1, size, path) != root:
        raise Fault(MISMATCH, f"the entry is not entry {seq} of the tree of {size}")
    entry = read_object(octets, f"entry {seq}")
    if entry.get("seq") != str(seq) or f"tonne/{entry.get('book')}" != said["origin"]:
        raise Fault(FALSE_FACTS, f"entry {seq} says that it belongs at another place or in another book")
    return f"good: entry {seq} is in the signed tree of {size} entries"


def _verify_consistency(
    said: Mapping[str, Any], *, size: int, root: bytes, path: list[bytes], since: Note | None
) -> str:
    old_size = read_size(said.get("old_size"), "old_size")
    old_root = read_hex(said.get("old_root"), 32, "old_root")
    if not is_continued(old_size=old_size, old_root=old_root, size=size, root=root, path=path):
        raise Fault(MISMATCH, f"the tree of {size} entries is not proven to begin with the one of {old_size}")
    if since is not None and (since.size, since.root) != (old_size, old_root):
        raise Fault(ROLLED_BACK, "the old tree is not the one of the checkpoint that you kept")
    return f"good: the signed tree of {size} entries begins with the one of {old_size} ({old_root.hex()})"


# ----------------------------------------------------------------------------------------------------------- command line


def read_key(text: str) -> bytes:
    """Return the 32 bytes of a public key: base64, or a PEM file's text, or a note verifier key (name+id+base64)."""
    if text.startswith("-----BEGIN PUBLIC KEY-----"):
        try:
            key = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Fault(MALFORMED, "the key file is no public key") from error
        if not isinstance(key, Ed25519PublicKey):
            raise Fault(MALFORMED, "the key file is no Ed25519 public key")
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return read_octets(text.strip(), 32, "the public key")


def _read_small(path: str, what: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_SMALL + 1)
        if len(content) > _MOST_SMALL:
            raise Fault(MALFORMED, f"{what} is too long")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault(MALFORMED, f"{what} is no text") from error
    except (OSError, ValueError) as error:
        raise Fault(NO_FILE, f"{what} cannot be opened") from error


def verify_file(path: str, *, pinned: bytes, since: Note | None, out: Callable[[str], object]) -> None:
    """Check a bundle or a proof document and write what was found good; else raise ``Fault``."""
    try:
        with Path(path).open("rb") as file:
            if file.read(2) == b"PK":
                file.seek(0)
                _tell(verify_bundle(file, pinned=pinned, since=since), out)
                return
    except (OSError, ValueError) as error:
        raise Fault(NO_FILE, f"{path!r} cannot be opened or read") from error
    out(verify_proof(read_object(_read_small(path, "the file"), "the file"), pinned=pinned, since=since) + "\n")


def _tell(report: Report, out: Callable[[str], object]) -> None:
    out(f"good: {report.entries} entries, root {report.root.hex()}\n")
    out(f"{report.checkpoints} checkpoints by {report.keys} keys sign the first {report.covered} entries\n")
    if report.covered < report.entries:
        out(f"NOT SIGNED yet: the last {report.entries - report.covered} entries\n")
    out("trial balance, in smallest units:\n")
    totals: dict[str, list[int]] = {}
    for (account, commodity), units in report.balances.items():
        side = units < 0
        totals.setdefault(commodity, [0, 0])[side] += abs(units)
        debit, credit = (0, -units) if side else (units, 0)
        out(f"{account:<48} {commodity:<12} {debit:>20} {credit:>20}\n")
    for commodity, (debit, credit) in sorted(totals.items()):
        out(f"{'total':<48} {commodity:<12} {debit:>20} {credit:>20}\n")


def main(argv: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Check the file that ``argv`` names, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="tonne_verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="a bundle (zip) or a proof (JSON)")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", metavar="FILE", help="a file with the public key: base64 or PEM")
    key.add_argument("--public-key", metavar="BASE64", help="the public key")
    parser.add_argument("--since", metavar="FILE", help="a checkpoint that you kept")
    arguments = parser.parse_args(argv)
    write = (out or sys.stdout).write
    try:
        pinned = read_key(arguments.public_key or _read_small(arguments.key, "the key file"))
        kept = arguments.since and read_note(_read_small(arguments.since, "the kept checkpoint"), "the kept checkpoint")
        verify_file(arguments.file, pinned=pinned, since=kept or None, out=write)
    except Fault as fault:
        write(f"BAD ({fault.code}): {fault.message}\n")
        return fault.code
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does, its reader gets an answer and no traceback
        write(f"BAD ({MALFORMED}): the file cannot be read ({type(error).__name__})\n")
        return MALFORMED
    return GOOD


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
