"""Checks what a Tonne book exported, offline: one file, the standard library and ``cryptography``, nothing of Tonne itself.

    python tonne_verify.py bundle.zip --public-key BASE64 [--since OLD_CHECKPOINT]
    python tonne_verify.py proof.json --public-key BASE64 [--since OLD_CHECKPOINT]
    python tonne_verify.py determination.zip --assessor-key FILE|KEY [--public-key LOGKEY] [--terms-sha256 HEX] [--since ...]

A bundle: every leaf is recomputed from its stored bytes, the RFC 6962 tree from the leaves, and every checkpoint's root, signature
and key hand-over is checked; entries stand in order of place and time, each sums to zero per commodity, closed periods stay closed;
with --since the book must continue a checkpoint that you kept. Then the trial balance is printed, in smallest units.
The public key is one that you got from the book's owner by another way; any key of the book's history will do.

Exit codes: 0 good; 1 the file cannot be opened; 2 malformed; 3 a signature or key is wrong; 4 leaf or tree mismatch, with the first
bad entry; 5 rolled back or inconsistent with the checkpoint you kept; 6 the facts are wrong although they are signed.

A determination (give --assessor-key once for each assessor whose key you got by another way; without it the answer is 7 at best):
signatures, digests, the log's receipts, the status of attestations and keys, the terms' conditions and the whole arithmetic from
activity data to each tranche's margin are checked and computed anew.

Exit codes: 0 same margin; 1 cannot be opened; 2 the arithmetic differs; 3 a signature or the chain is wrong; 4 a digest of the
evidence is wrong; 5 a status is stale; 6 the terms are not satisfied; 7 incomplete or unreadable.
What it cannot know: whether calendars, ratings, benchmarks and index fixings are the published ones, whether the persons named as
approvers are yours (the log, with its key, proves which of them decided what and when), and whether the log says more than the bundle.
The hash of the terms is yours to compare.
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
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, TextIO, cast
from zoneinfo import ZoneInfo

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


# --------------------------------------------------------------------------------------------------------- determinations


ARITHMETIC, CHAIN, DIGEST, STALE, UNMET, INCOMPLETE = range(2, 8)
DETERMINATION = "tonne-determination-v1"

_MOST_BUNDLE, _MOST_MEMBER, _MOST_MEMBERS = 64 * 1024 * 1024, 1024 * 1024, 2_000
_NAME = re.compile(
    r"(?:terms|agreements|determination|calendars|facts|evidence|keys|trace)\.json|[a-z]+-[0-9]{1,9}\.json", re.ASCII
)
_EXACT = re.compile(r"-?(?:0|[1-9][0-9]{0,79})(?:/[1-9][0-9]{0,79}|\.[0-9]{1,40})?", re.ASCII)
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?\+00:00", re.ASCII)
_ENVELOPE, _HEADER = {"payload", "protected", "signature"}, {"alg", "kid", "typ"}
_TYPE = "tonne-attestation+jws"
_SHARED = {MALFORMED: INCOMPLETE, UNSIGNED: CHAIN, MISMATCH: CHAIN, ROLLED_BACK: CHAIN, FALSE_FACTS: CHAIN}
"""What a fault of the readers above means here: a broken log is a broken chain."""
_NEVER_BEFORE = {"retroactive", "status_day"}
_REVIEWED = {"under_review", "determined", "effective", "closed"}
_CHAIN = {"locked", "reported", "restated"}
_PUTS_RIGHT = {"restated", "attestation_fell", "dispute_settled"}
_COMPUTED = {"ets_direct", "operational_incl_power", "product_footprint", "cbam_embedded"}
_SCALES = {"linear", "dead_band", "while_held"}

Document = dict[str, Any]
Days = tuple[date, date]


class Finding(Fault):
    """What a determination's evidence fails by."""


class UnknownDay(Exception):  # noqa: N818 - a state of a calendar
    """No calendar in the bundle covers a day."""


class Asked(NamedTuple):
    """What whoever checks brings along: the assessors' keys, the log's keys, a checkpoint and the terms' hash that they kept."""

    assessors: tuple[bytes, ...]
    logs: tuple[bytes, ...] = ()
    since: Note | None = None
    terms_sha256: str | None = None


class Test(NamedTuple):
    """One determination as the replay sees it: results, held days and spans by KPI and tranche; ``until`` None is until the next."""

    name: str
    sequence: int
    period: Days
    results: dict[str, tuple[str, Fraction | None]]
    held: dict[str, list[Days]]
    spans: dict[str, tuple[date, date | None]]
    replaces: str | None
    is_last: bool

    @property
    def order(self) -> Days:
        """Return what test periods are ordered by: the last day, then the first."""
        return self.period[1], self.period[0]


def _hold(holds: object, code: int, message: str) -> None:
    if not holds:
        raise Finding(code, message)


def exact(text: object) -> Fraction:
    """Return the exact number that a text spells, as ``5/6`` or ``9.2636``."""
    if not isinstance(text, str) or not _EXACT.fullmatch(text):
        raise Finding(INCOMPLETE, "a number is not spelled as an exact one")
    return Fraction(text)


def whole(text: object, most: int = 10**15) -> int:
    """Return a whole number from -``most`` to ``most``."""
    number = exact(text)
    _hold(number.denominator == 1 and abs(number) <= most, INCOMPLETE, "a whole number is none, or too large")
    return int(number)


def day_of(text: object) -> date:
    """Return a day spelled YYYY-MM-DD."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise Finding(INCOMPLETE, "a day is not spelled YYYY-MM-DD")
    return date.fromisoformat(text)


def instant(text: object) -> datetime:
    """Return an instant spelled in UTC."""
    if not isinstance(text, str) or not _UTC.fullmatch(text):
        raise Finding(INCOMPLETE, "an instant is not spelled in UTC")
    return datetime.fromisoformat(text)


def half_up(value: Fraction) -> int:
    """Return the nearest integer, a tie away from zero."""
    nearest = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return nearest if value >= 0 else -nearest


def spelled(document: object) -> bytes:
    """Return the RFC 8785 bytes of a document of texts, true, false, null, lists and objects; its names are ASCII."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(octets: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(octets).hexdigest()


def unpacked(file: BinaryIO) -> dict[str, bytes]:
    """Return the members of a determination's bundle by name, each as its manifest says."""
    file.seek(0, io.SEEK_END)
    _hold(file.tell() <= _MOST_BUNDLE, INCOMPLETE, "the bundle is too large")
    file.seek(0)
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(file) as bundle:
        entries, left = bundle.infolist(), _MOST_BUNDLE
        _hold(0 < len(entries) <= _MOST_MEMBERS, INCOMPLETE, "the bundle has no member, or too many")
        for entry in entries:
            is_named = entry.filename == "manifest.json" or _NAME.fullmatch(entry.filename)
            is_plain = entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} and not entry.flag_bits & 1
            _hold(is_named and is_plain, INCOMPLETE, f"the bundle holds what it should not: {entry.filename[:40]!r}")
            _hold(entry.filename not in found, INCOMPLETE, f"{entry.filename} stands twice")
            with bundle.open(entry) as member:
                content = member.read(min(_MOST_MEMBER, left) + 1)
            left -= len(content)
            _hold(len(content) <= _MOST_MEMBER and left >= 0, INCOMPLETE, f"{entry.filename} is too long")
            found[entry.filename] = content
    _hold(next(iter(found)) == "manifest.json", INCOMPLETE, "the bundle does not begin with its manifest")
    manifest = document_of(found, "manifest.json")
    _hold(manifest["form"] == DETERMINATION, INCOMPLETE, "the bundle is of a form that is unknown here")
    names = [said["name"] for said in manifest["members"]]
    _hold(["manifest.json", *names] == list(found), INCOMPLETE, "the members are not those of the manifest")
    for said in manifest["members"]:
        _hold(sha256(found[said["name"]]) == said["sha256"], DIGEST, f"{said['name']} is not what the manifest says")
    return found


def document_of(files: Mapping[str, bytes], name: str) -> Document:
    """Return a member in the one spelling that its hash rests on."""
    _hold(name in files, INCOMPLETE, f"{name} is missing")
    found = read_object(files[name], name)
    _hold(spelled(found) == files[name], DIGEST, f"{name} is not in its one canonical spelling")
    return found


def opened(envelope: bytes, keys: Mapping[str, bytes], what: str) -> tuple[str, Document]:
    """Return key id and statement of a JWS whose Ed25519 signature holds under the key of that id."""
    try:
        members = read_object(envelope, what)
        members = members["jws"] if set(members) == {"jws", "sm2"} else members
        _hold("signer_id" not in members, INCOMPLETE, f"{what} is signed with SM2 alone, which is not checked here")
        _hold(set(members) == _ENVELOPE, CHAIN, f"{what} is no JWS of payload, protected and signature")
        header = read_object(_unpadded(members["protected"]), what)
        _hold(set(header) == _HEADER, CHAIN, f"{what} has a header of other members than alg, kid and typ")
        _hold(
            (header["alg"], header["typ"]) == ("EdDSA", _TYPE),
            CHAIN,
            f"{what} is not signed by EdDSA as an attestation",
        )
        payload, kid = _unpadded(members["payload"]), header["kid"]
        signed = f"{members['protected']}.{members['payload']}".encode()
        _hold(
            isinstance(kid, str) and kid in keys, CHAIN, f"{what} is signed by a key that the bundle does not register"
        )
        _hold(
            is_signed(signed, _unpadded(members["signature"]), keys[kid]), CHAIN, f"{what}: the signature does not hold"
        )
        statement = read_object(payload, what)
    except Finding:
        raise
    except (Fault, ValueError, TypeError, AttributeError) as error:
        raise Finding(CHAIN, f"{what} is no signed statement") from error
    _hold(spelled(statement) == payload, CHAIN, f"{what} is not in its one canonical spelling")
    return kid, statement


def _unpadded(text: str) -> bytes:
    octets = base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True)
    if base64.urlsafe_b64encode(octets).rstrip(b"=").decode() != text:
        raise ValueError("not the one spelling in base64url")
    return octets


# ------------------------------------------------------------------------------------------------------- KPIs and clauses


def emissions(snapshot: Document) -> tuple[Fraction, Fraction]:
    """Return emissions in tCO2e and production in t, from the activity, factors and methodology of a computed KPI's snapshot."""
    factors: dict[str, Fraction] = {}
    for row in snapshot["factors"]:
        value = exact(row["value"])
        _hold(factors.setdefault(row["row_id"], value) == value, INCOMPLETE, f"two factors are named {row['row_id']}")
    ways: dict[str, list[Document]] = {}
    for way in snapshot["methodology"]:
        ways.setdefault(way["component"], []).append(way)
    total = production = Fraction(0)
    for month in snapshot["activity"]:
        figures = {name: exact(figure) for name, figure in month["figures"].items()}
        production += figures["production_t"]
        for name, each in ways.items():
            way = next((way for way in each if set(way["inputs"].values()) <= set(figures)), None)
            if way is None:
                raise Finding(ARITHMETIC, f"{month['month']} holds no figure from which {name} could be computed")
            given = {role: figures[key] for role, key in way["inputs"].items()}
            total += emitted(way["formula"], given, {role: factors[row] for role, row in way["factors"].items()})
    return total, production


def emitted(formula: str, given: Mapping[str, Fraction], by: Mapping[str, Fraction]) -> Fraction:
    """Return one component's tCO2e in one month."""
    match formula:
        case "per_tonne":
            return given["mass"] * by.get("use_per_t", Fraction(1)) * by["per_t"]
        case "mass_balance_carbon":
            net = given["mass"] * (1 - by.get("loss", Fraction(0))) * by.get("use_per_t", Fraction(1))
            return net * (1 - by["sulphur"] - by["ash"]) * by["co2"] / by["carbon"]
        case "pfc_slope" | "pfc_default":
            cf4 = by["slope"] * given["minutes"] if formula == "pfc_slope" else by["cf4_per_t"]
            c2f6 = by["ratio"] * cf4 if formula == "pfc_slope" else by["c2f6_per_t"]
            return given["output"] * (cf4 * by["gwp_cf4"] + c2f6 * by["gwp_c2f6"]) / 1000
        case "energy_factor":
            return given["energy"] * (by["per_kwh"] / 1000 if "per_kwh" in by else by["per_gj"])
        case "fuel_ncv":
            return given["fuel"] * by["ncv"] * by["carbon_per_gj"] * by["oxidation"] * by["co2"] / by["carbon"]
        case "zero" | "outside":
            return Fraction(0)
        case _:
            raise Finding(INCOMPLETE, f"a formula is unknown here: {formula[:40]!r}")


def check_computed(snapshot: Document, definition: Document) -> None:
    """Refuse a snapshot whose value is not what its own data give; a stated value has nothing to recompute."""
    if "methodology" not in snapshot:
        is_stated = "activity" not in snapshot and definition["measure"] not in _COMPUTED
        _hold(is_stated, INCOMPLETE, "a snapshot of emissions has no activity, or no methodology")
        return
    digits = whole(definition["report_digits"], 12)
    total, production = emissions(snapshot)
    _hold(production > 0, ARITHMETIC, "a snapshot has no production to divide by")
    stated = exact(snapshot["emissions_tco2e"]), exact(snapshot["production_t"]), exact(snapshot["intensity"])
    _hold(
        (total, production, total / production) == stated, ARITHMETIC, "a snapshot's figures are not what its data give"
    )
    printed = Fraction(half_up(total / production * 10**digits), 10**digits)
    _hold(printed == exact(snapshot["value"]), ARITHMETIC, "a snapshot's value is not what its data give")


def rank(rule: Document, grade: str) -> Fraction:
    """Return a grade's place from the worst, which is 0."""
    _hold(grade in rule["scale"], ARITHMETIC, "a grade is not on its scale")
    return Fraction(len(rule["scale"]) - 1 - rule["scale"].index(grade))


def held_days(finding: Document) -> list[Days]:
    """Return the half-open days on which a status was held."""
    target, found = finding["target"], list[Days]()
    if finding["value"] in {None, "none"} or target["rule"]["kind"] != "status_held":
        return found
    earliest, end = day_of(target["period_start"]), day_of(target["period_end"])
    for text in finding["value"].split(","):
        first, last = (day_of(each) for each in text.split("/"))
        _hold(earliest <= first < last <= end, ARITHMETIC, "held days lie outside the period, or not in order")
        earliest = last
        found.append((first, last))
    return found


def observed(finding: Document) -> Fraction:
    """Return the number that the reported text stands for under its rule."""
    rule, target = finding["target"]["rule"], finding["target"]
    if rule["kind"] == "external_rank":
        return rank(rule, finding["value"])
    if rule["kind"] == "status_held":
        days = sum((last - first).days for first, last in held_days(finding))
        return Fraction(days, (day_of(target["period_end"]) - day_of(target["period_start"])).days)
    return exact(finding["value"])


def judged(finding: Document) -> tuple[bool, Fraction]:
    """Return whether the target is met, and the observed number: ten kinds of target, exact or to the contract's digits."""
    target, beside = finding["target"], finding["beside"]
    rule, year = target["rule"], (day_of(target["period_end"]) - timedelta(days=1)).year
    seen = compared = observed(finding)
    at_least = rule.get("bound", "at_least") == "at_least"
    match rule["kind"]:
        case "level" | "share":
            wanted = exact(rule["value"])
        case "count":
            wanted = exact(rule["number"])
        case "status_held":
            wanted = exact(rule["least_share"])
        case "external_rank":
            wanted = rank(rule, rule["at_least"])
        case "multi_year_mean":
            count, wanted = whole(rule["years"], 10), exact(rule["value"])
            compared = (seen + sum(exact(_year(beside, y)["value"]) for y in range(year - count + 1, year))) / count
        case "avoided":
            compared, wanted = _avoided(finding, seen, year), exact(rule["tonnes"])
        case "reduction_vs_base" | "year_on_year" | "vs_benchmark":
            wanted, reference = exact(rule["reduction"]), _reference(finding, year)
            _hold(reference > 0, ARITHMETIC, "a reduction is measured from nothing")
            compared = (reference - seen) / reference
        case kind:
            raise Finding(INCOMPLETE, f"a kind of target is unknown here: {str(kind)[:40]!r}")
    if target["compare_digits"] is not None:
        scale = 10 ** whole(target["compare_digits"], 12)
        compared = Fraction(half_up(compared * scale), scale)
    spare = compared - wanted if at_least else wanted - compared
    return (spare > 0 if target["is_strict"] else spare >= 0), seen


def _year(beside: Document, year: int) -> Document:
    found: list[Document] = [each for each in beside["years"] if whole(each["year"]) == year]
    _hold(len(found) == 1, INCOMPLETE, f"the value of {year} is not there once")
    return found[0]


def _avoided(finding: Document, seen: Fraction, year: int) -> Fraction:
    base, beside = exact(finding["baseline"]["value"]), finding["beside"]
    since = whole(finding["target"]["rule"]["since_year"])
    _hold(year - 300 < since <= year, INCOMPLETE, "tonnes are counted from a year that is none")
    total = (base - seen) * exact(beside["output_t"]) - exact(beside["claimed_elsewhere_t"])
    for each in (_year(beside, y) for y in range(since, year)):
        total += (base - exact(each["value"])) * exact(each["output_t"])
    return total


def _reference(finding: Document, year: int) -> Fraction:
    kind = finding["target"]["rule"]["kind"]
    if kind == "reduction_vs_base":
        return exact(finding["baseline"]["value"])
    return exact(
        _year(finding["beside"], year - 1)["value"] if kind == "year_on_year" else finding["beside"]["benchmark"]
    )


def is_clean(fact: Document, reporting: Document) -> bool:
    """Return whether an opinion takes nothing back for the KPI."""
    is_scoped = fact["opinion"] == "qualified_elsewhere" and reporting["accepts_scoped_qualification"] is True
    return is_scoped or fact["opinion"] == "clean"


def result_of(finding: Document, reporting: Document) -> tuple[str, Fraction | None]:
    """Return how the clauses count a finding, and its observed number."""
    if finding["value"] is None:
        _hold(
            finding["absence"] in {"missing", "late", "waived"},
            UNMET,
            "an absent report is neither missing, late nor waived",
        )
        return finding["absence"], None
    _hold(finding["absence"] is None, UNMET, "a finding is both reported and absent")
    is_met, seen = judged(finding)
    fact = finding["attestation"]
    if fact is not None and (fact["opinion"] == "none" or fact["standing"] != "accepted"):
        return "missing", seen
    if fact is not None and not is_clean(fact, reporting):
        return "qualified", seen
    return "met" if is_met else "missed", seen


def clamped(bp: Fraction, down: str | None, up: str | None) -> Fraction:
    """Return ``bp`` within its bounds; null bounds nothing."""
    bp = bp if down is None else max(bp, -exact(down))
    return bp if up is None else min(bp, exact(up))


def steps_of(rule: Document) -> dict[str, tuple[Fraction, Fraction]]:
    """Return what each KPI of a rule lowers and raises, in the rule's order."""
    match rule["kind"]:
        case "step_per_kpi":
            return {each["kpi_id"]: (exact(each["down_bp"]), exact(each["up_bp"])) for each in rule["steps"]}
        case "weighted":
            down, up = exact(rule["down_bp"]), exact(rule["up_bp"])
            return {
                each["kpi_id"]: (exact(each["weight"]) * down, exact(each["weight"]) * up) for each in rule["weights"]
            }
        case "linear" | "dead_band" | "while_held":
            return {rule["kpi_id"]: (exact(rule["down_bp"]), exact(rule["up_bp"]))}
        case kind:
            raise Finding(INCOMPLETE, f"a pricing rule is unknown here: {str(kind)[:40]!r}")


def clause(ratchet: Document, effect: Document, test: Test, before: Document | None) -> Document:
    """Return what one clause comes to in one test, within its bounds; ``before`` is what it came to in the test period before."""
    rule = effect["rule"]
    carries = effect["is_cumulative"] and not (effect["resets_in_last_period"] and test.is_last)
    carried = before["bp"] if before is not None and carries else Fraction(0)
    stays = {} if before is None or carries else before["parts"]
    if rule["kind"] == "table_by_count":
        fresh = {"*": _by_count(ratchet, rule, test, stays.get("*", Fraction(0)))}
    else:
        fresh = {
            kpi_id: _by_kpi(ratchet, rule, step, test.results[kpi_id], stays.get(kpi_id, Fraction(0)))
            for kpi_id, step in steps_of(rule).items()
        }
    parts = {kpi_id: clamped(bp, effect["kpi_cap_down_bp"], effect["kpi_cap_up_bp"]) for kpi_id, bp in fresh.items()}
    wanted = carried + sum(parts.values())
    bp = clamped(wanted, effect["cap_down_bp"], effect["cap_up_bp"])
    return {"bp": bp, "carried": carried, "parts": parts, "is_capped": bp != wanted}


def _consequence(ratchet: Document, status: str) -> str:
    fixed = {"waived": "base_rate", "not_tested": "unchanged"}
    found = fixed[status] if status in fixed else ratchet[f"on_{status}"]
    _hold(found in {"base_rate", "as_missed", "unchanged", "premium"}, INCOMPLETE, "a consequence is unknown here")
    return str(found)


def _by_count(ratchet: Document, rule: Document, test: Test, stays: Fraction) -> Fraction:
    met = neutral = premiums = 0
    for kpi_id in rule["kpi_ids"]:
        status = test.results[kpi_id][0]
        if status in {"met", "missed"}:
            met += status == "met"
            continue
        consequence = _consequence(ratchet, status)
        if consequence == "unchanged":
            return stays
        neutral += consequence == "base_rate"
        premiums += consequence == "premium"
    table = [exact(bp) for bp in rule["bp_by_met"]]
    reached = min(table[met], Fraction(0)) + max(table[met + neutral], Fraction(0))
    return reached + premiums * exact(ratchet["premium_bp"] or "0")


def _by_kpi(
    ratchet: Document,
    rule: Document,
    step: tuple[Fraction, Fraction],
    result: tuple[str, Fraction | None],
    stays: Fraction,
) -> Fraction:
    (down, up), (status, seen) = step, result
    if status not in {"met", "missed"}:
        consequence = _consequence(ratchet, status)
        if consequence == "premium":
            return exact(ratchet["premium_bp"])
        return {"base_rate": Fraction(0), "as_missed": up, "unchanged": stays}[consequence]
    if rule["kind"] not in {"linear", "dead_band"}:
        return -down if status == "met" else up
    _hold(seen is not None, INCOMPLETE, "a scale has no value to look at")
    value, less_is_better = cast("Fraction", seen), rule["better"] == "at_most"
    if rule["kind"] == "dead_band":
        low, high = exact(rule["low"]), exact(rule["high"])
        if low <= value <= high:
            return stays if rule["keeps_previous"] else Fraction(0)
        return -down if (value < low) is less_is_better else up
    floor, base, cap = exact(rule["floor"]), exact(rule["base"]), exact(rule["cap"])
    part = min((base - value) / (base - floor) if value <= base else (value - base) / (cap - base), Fraction(1))
    return -part * down if (value <= base) is less_is_better else part * up


# ------------------------------------------------------------------------------------------------- days, prices and replay


class Calendar:
    """One market's open days as the bundle has them."""

    def __init__(self, said: Document) -> None:
        """Read them."""
        self.first, self.last = day_of(said["first_known"]), day_of(said["last_known"])
        self.closed = {day_of(each) for each in said["closed_weekdays"]}
        self.open = {day_of(each) for each in said["open_weekend_days"]}

    def next_open(self, day: date, step: int) -> date:
        """Return the first open day from ``day`` on, itself included, forwards or backwards."""
        while True:
            if not self.first <= day <= self.last:
                raise UnknownDay
            if day in self.open or (day.weekday() < 5 and day not in self.closed):  # noqa: PLR2004 - Monday to Friday
                return day
            day += timedelta(days=step)

    def moved(self, day: date, convention: str) -> date:
        """Return ``day`` off a closed day by a convention of the 2006 ISDA Definitions."""
        if convention == "unadjusted":
            return day
        step = {"following": 1, "modified_following": 1, "preceding": -1, "modified_preceding": -1}[convention]
        found = self.next_open(day, step)
        if convention.startswith("modified") and (found.year, found.month) != (day.year, day.month):
            return self.next_open(day, -step)
        return found


def month_day(year: int, month: int, day: int) -> date:
    """Return a day, cut to the month's last."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def add_months(day: date, months: int, *, keeps_end: bool = False) -> date:
    """Return a day moved by months, cut to the month's last; with ``keeps_end`` a month's last day stays one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    stays_last = keeps_end and (day + timedelta(days=1)).month != day.month
    return month_day(year, month + 1, 31 if stays_last else day.day)


def inner_days(rule: Document, start: date, end: date) -> list[date]:
    """Return the days inside a life on which an interest period ends and the next begins, before any calendar."""
    if rule["kind"] == "settlement_rule":
        day, months = whole(rule["day"], 31), [whole(month, 12) for month in rule["months"]]
        days = [month_day(year, month, day) for year in range(start.year, end.year + 1) for month in months]
        return [each for each in days if start < each < end]
    _hold(rule["kind"] == "period_cycle", INCOMPLETE, "a period rule is unknown here")
    step, is_front, keeps = (
        whole(rule["months"], 120),
        rule["stub"] in {"short_front", "long_front"},
        rule["is_end_of_month"],
    )
    _hold(step >= 1, INCOMPLETE, "a cycle has no length")
    anchor = day_of(rule["anchor"]) if rule["anchor"] is not None else (end if is_front else start)

    def at(number: int) -> date:
        return add_months(anchor, number * step, keeps_end=keeps)

    def number_of(day: date) -> int:
        return ((day.year - anchor.year) * 12 + day.month - anchor.month) // step

    days = [day for day in map(at, range(number_of(start) - 1, number_of(end) + 2)) if start < day < end]
    if rule["stub"] in {"short_front", "short_back"} or not days:
        return days
    if (rule["anchor"] is not None or is_front) and at(number_of(days[0]) - 1) != start:
        days = days[1:]
    if days and (rule["anchor"] is not None or not is_front) and at(number_of(days[-1]) + 1) != end:
        days = days[:-1]
    return days


class Tranche:
    """One line: its days as the calendar makes them, and its terms."""

    def __init__(self, terms: Document, calendars: Mapping[str, Calendar], drawn: Sequence[Document]) -> None:
        """Cut the interest periods."""
        self.terms, self.calendar = terms, calendars[terms["calendar_market"]]
        self.name: str = terms["tranche_id"]
        self.end = day_of(terms["maturity_date"])
        self.start = day_of(drawn[0]["on"]) if drawn else day_of(terms["signed_on"])
        _hold(self.start < self.end, INCOMPLETE, "a tranche ends before it begins")
        self.starts: list[tuple[date, bool]] = [(self.start, False)]
        for day in inner_days(terms["periods"], self.start, self.end):
            moved, is_provisional = day, False
            if terms["is_accrual_adjusted"]:
                try:
                    moved = self.calendar.moved(day, terms["payment_convention"])
                except UnknownDay:
                    is_provisional = True
            if self.starts[-1][0] < moved < self.end:
                self.starts.append((moved, is_provisional))

    def begins(self, rule: Document, target: Days, approved_on: date) -> date | None:
        """Return the effect clause's day for an approval on ``approved_on``."""
        match rule["begins"]:
            case "next_interest_period":
                found = next((each for each in self.starts if each[0] >= approved_on), None)
                _hold(
                    found is None or not found[1], INCOMPLETE, "no calendar says when the next interest period begins"
                )
                return found and found[0]
            case "n_business_days_after":
                day = approved_on
                for _ in range(whole(rule["business_days"], 250)):
                    day = self.calendar.next_open(day + timedelta(days=1), 1)
                return day
            case "fixed_date":
                year = (target[1] - timedelta(days=1)).year + 1
                return max(date(year, whole(rule["month"], 12), whole(rule["day"], 31)), approved_on)
            case "next_loan_year" | "next_calendar_year":
                start = self.start if rule["begins"] == "next_loan_year" else date(approved_on.year, 1, 1)
                years = max(approved_on.year - start.year, 0)
                days = (add_months(start, 12 * count) for count in (years, years + 1))
                return next(day for day in days if day >= approved_on)
            case kind:
                return {"retroactive": target[1], "status_day": target[0]}[kind]

    def span(self, rule: Document, target: Days, approved_on: date) -> tuple[date, date | None] | None:
        """Return from when and until when a decision counts; None where no day of the life is left."""
        begins = self.begins(rule, target, approved_on)
        if begins is None or begins >= self.end:
            return None
        until = {"next_determination": None, "status_end": target[1], "months": begins}[rule["until"]]
        if rule["until"] == "months":
            until = add_months(begins, whole(rule["months"], 120))
        first = max(begins, self.start)
        return None if until is not None and until <= first else (first, until)


class Replay:
    """What the clauses come to on any day, from the determinations that are known."""

    def __init__(self, terms: Document, facts: Document, tests: Sequence[Test]) -> None:
        """Bring the tests into order and add up every clause; what is carried comes from the test period before."""
        self.terms, self.facts, self.ratchet = terms, facts, terms["ratchet"]
        known = {test.name: test.sequence for test in tests}
        _hold(len(known) == len(tests) == len(set(known.values())), UNMET, "a determination stands twice")
        replaced = {test.replaces for test in tests if test.replaces is not None}
        for test in tests:
            is_known = test.replaces is None or known.get(test.replaces, test.sequence) < test.sequence
            _hold(is_known, UNMET, "a determination replaces one that nobody knew before")
        alive = [test for test in tests if test.name not in replaced]
        self.alive = sorted(alive, key=lambda test: (test.order, self._earliest(test), test.sequence))
        self.made: dict[str, dict[str, Document]] = {}
        before: dict[str, Document] = {}
        latest: dict[str, Document] = {}
        period: Days | None = None
        for test in self.alive:
            if test.order != period:
                before, period = latest, test.order
            latest = {
                effect["effect_id"]: clause(self.ratchet, effect, test, before.get(effect["effect_id"]))
                for effect in self.ratchet["effects"]
            }
            self.made[test.name] = latest

    @staticmethod
    def _earliest(test: Test) -> date:
        return min((span[0] for span in test.spans.values()), default=test.period[1])

    def adjustment(self, tranche: Tranche, day: date) -> Fraction:
        """Return by how many bp the tranche's margin moves on ``day``, rating and floor included."""
        moved = Fraction(0)
        if any(day_of(first) <= day < day_of(last) for first, last in self.facts["labelled"]):
            found = self._effects(tranche.name, day)
            for effect in self.ratchet["effects"]:
                for place in effect["applies_to"]:
                    if (
                        place["item"] == "margin"
                        and place["fee"] is None
                        and place["tranche_id"] in {None, tranche.name}
                    ):
                        moved += exact(place["factor"]) * found[effect["effect_id"]]
            moved = clamped(moved, self.ratchet["total_cap_down_bp"], self.ratchet["total_cap_up_bp"])
        grid, floor, base = tranche.terms["rating_grid"], tranche.terms["margin_floor_bp"], tranche.terms["base_rate"]
        if grid is not None:
            known = [each for each in self.facts["grades"] if day_of(each["on"]) <= day]
            grade = max(known, key=lambda each: str(each["on"]))["grade"] if known else grid["grade_at_signing"]
            moved += next(exact(each["margin_bp"]) for each in grid["grades"] if each["grade"] == grade)
        spread = Fraction(0) if base["kind"] == "fixed_rate" else exact(base["spread_bp"])
        return moved if floor is None else max(moved, exact(floor) - spread)

    def _effects(self, tranche: str, day: date) -> dict[str, Fraction]:
        counting = [
            test
            for test in self.alive
            if tranche in test.spans and test.spans[tranche][0] <= day < (test.spans[tranche][1] or date.max)
        ]
        now = max(counting, key=lambda test: (test.order, test.spans[tranche][0], test.sequence), default=None)
        return {
            effect["effect_id"]: self._while_held(effect, day)
            if effect["rule"]["kind"] == "while_held"
            else Fraction(0)
            if now is None
            else self.made[now.name][effect["effect_id"]]["bp"]
            for effect in self.ratchet["effects"]
        }

    def _while_held(self, effect: Document, day: date) -> Fraction:
        kpi_id = effect["rule"]["kpi_id"]
        about = [test for test in self.alive if kpi_id in test.held and test.period[0] <= day < test.period[1]]
        if not about:
            return Fraction(0)
        test = max(about, key=lambda each: each.sequence)
        if test.results[kpi_id][0] in {"met", "missed"}:
            down, up = steps_of(effect["rule"])[kpi_id]
            bp = -down if any(first <= day < last for first, last in test.held[kpi_id]) else up
        else:
            bp = self.made[test.name][effect["effect_id"]]["parts"][kpi_id]
        own = clamped(bp, effect["kpi_cap_down_bp"], effect["kpi_cap_up_bp"])
        return clamped(own, effect["cap_down_bp"], effect["cap_up_bp"])


# ---------------------------------------------------------------------------------------------- evidence of a determination


class Evidence:
    """A determination's bundle, checked from its bytes up; the first thing that is wrong ends it."""

    def __init__(self, files: Mapping[str, bytes], asked: Asked) -> None:
        """Read the members; their shape is looked at where they are used."""
        self.files, self.asked = files, asked
        self.terms = document_of(files, "terms.json")
        self.facts, self.trace = document_of(files, "facts.json"), document_of(files, "trace.json")
        self.evidence = document_of(files, "evidence.json")
        self.decided = document_of(files, "determination.json")
        self.decision, self.proposal = self.decided["decision"], self.decided["proposal"]
        self.decided_at = instant(self.decision["decided_at"])
        self.earlier = [document_of(files, name) for name in files if name.startswith("earlier-")]
        self.keys = {each["key_id"]: each for each in document_of(files, "keys.json")["keys"]}
        self.attested = {each["attestation_id"]: each for each in self.evidence["attestations"]}
        self.periods = {each["kpi_period_id"]: each for each in self.evidence["periods"]}
        self.versions = {sha256(files[name]): document_of(files, name) for name in files if name.startswith("terms")}
        self.agreed = document_of(files, "agreements.json")["versions"]
        self.statements: dict[str, Document] = {}
        self.logged: dict[tuple[str, str], list[Document]] = {}
        self.notes: list[str] = []
        calendars = {each["market"]: Calendar(each) for each in document_of(files, "calendars.json")["calendars"]}
        drawn = self.facts["drawdowns"]
        for each in self.terms["tranches"]:
            held = {day["on"] for day in drawn.get(each["tranche_id"], ())}
            agreed = {day["on"] for day in each["drawdowns"]}
            _hold(held >= agreed, INCOMPLETE, "facts.json leaves out an agreed drawdown")
        self.tranches = {
            each["tranche_id"]: Tranche(each, calendars, drawn.get(each["tranche_id"], ()))
            for each in self.terms["tranches"]
        }

    def check(self) -> list[str]:
        """Return what was found good, as lines; else raise ``Finding``."""
        self._check_members()
        self._check_digests()
        self._check_signatures()
        self._check_log()
        self._check_status()
        self._check_agreed()
        self._check_approved()
        period = self.proposal["period_start"], self.proposal["period_end"]
        for finding in self.proposal["findings"]:
            same = (finding["target"]["period_start"], finding["target"]["period_end"]) == period
            _hold(same, UNMET, "a finding is of another period than the proposal")
            self._check_finding(finding)
        self._check_cause()
        found = self._check_prices()
        self._check_steps()
        return found

    def named_keys(self) -> str:
        """Return the keys that signed, as the bundle has them, in the form that ``--assessor-key`` takes."""
        signed = dict.fromkeys(str(each["kid"]) for each in self.statements.values())
        keys = (base64.b64encode(bytes.fromhex(self.keys[kid]["public_key"])).decode() for kid in signed)
        return "; ".join(f"--assessor-key {key}" for key in keys)

    def _check_members(self) -> None:
        numbers = [whole(each["decision"]["sequence"]) for each in (*self.earlier, self.decided)]
        _hold(numbers == list(range(1, len(numbers) + 1)), INCOMPLETE, "an earlier decision is missing")
        rows = [*self.attested.values(), *self.periods.values()]
        named = {each["member"] for each in self.attested.values()} | {each["snapshot"] for each in rows} - {None}
        held = {name for name in self.files if name.startswith(("snapshot-", "attestation-"))}
        _hold(named == held, INCOMPLETE, "snapshots or attestations are not those that evidence.json names")
        known = {"terms", "earlier", "snapshot", "attestation", "receipt"}
        is_known = all(name.rpartition("-")[0] in {"", *known} for name in self.files)
        _hold(is_known, INCOMPLETE, "the bundle holds a member that is unknown here")
        for each in (*self.earlier, self.decided):
            same = each["facility_id"] == self.decided["facility_id"]
            _hold(
                same and each["proposal"]["proposal_id"] == each["determination_id"], DIGEST, "a decision is another's"
            )
            is_there = each["decision"]["verdict"] != "approved" or each["proposal"]["terms_sha256"] in self.versions
            _hold(is_there, INCOMPLETE, "a version of the terms is missing")

    def _check_digests(self) -> None:
        stated = self.asked.terms_sha256
        if stated is None:
            self.notes.append(f"terms: compare their hash with yours: {sha256(self.files['terms.json'])}")
        _hold(
            stated in {None, sha256(self.files["terms.json"])}, DIGEST, "the terms are not those whose hash was given"
        )
        for each in (*self.earlier, self.decided):
            digest = sha256(spelled(each["proposal"]))
            _hold(digest == each["digest"], DIGEST, "a proposal is not the one that its digest names")
            same = all(approval["digest"] == digest for approval in each["approvals"])
            _hold(same, DIGEST, "an approval names another proposal")
        same = self.proposal["terms_sha256"] == sha256(self.files["terms.json"])
        _hold(same, DIGEST, "the terms are not those of the proposal")
        for said in (*self.attested.values(), *self.periods.values()):
            if said["snapshot"] is not None:
                same = sha256(self.files[said["snapshot"]]) == said["snapshot_sha256"]
                _hold(same, DIGEST, f"{said['snapshot']} is not the data that were locked")
        for said in self.attested.values():
            same = sha256(self.files[said["member"]]) == said["envelope_sha256"]
            _hold(same, DIGEST, f"{said['member']} is not the envelope that was received")

    def _check_signatures(self) -> None:
        trusted = {kid: bytes.fromhex(key["public_key"]) for kid, key in self.keys.items()}
        definitions = {
            sha256(spelled({**kpi["definition"], "sites": sorted(kpi["sites"])}))
            for terms in self.versions.values()
            for kpi in terms["kpis"]
        }
        for name, said in self.attested.items():
            what = said["member"]
            kid, statement = opened(self.files[what], trusted, what)
            is_given = not self.asked.assessors or trusted[kid] in self.asked.assessors
            _hold(is_given, CHAIN, f"{what} is signed by a key that you did not give")
            issuer, key = statement["issuer_organisation_id"], self.keys[kid]
            _hold(
                issuer == key["organisation_id"] == said["assessor_id"],
                CHAIN,
                f"{what} is signed for another organisation",
            )
            self.statements[name] = {**statement, "kid": kid}
            same = statement["snapshot_sha256"] == said["snapshot_sha256"]
            _hold(same, DIGEST, f"{what} attests other data than the snapshot")
            _hold(statement["terms_sha256"] in {None, *self.versions}, DIGEST, f"{what} was signed under other terms")
            same = statement["kpi_definition_sha256"] in definitions
            _hold(same, DIGEST, f"{what} attests a KPI that the terms define otherwise")

    def _check_log(self) -> None:
        for name in self.files:
            if name.startswith("receipt-"):
                self._check_receipt(document_of(self.files, name), name)
        wanted = [("attestation", name) for name in self.attested] + [
            ("signing_key", str(each["kid"])) for each in self.statements.values()
        ]
        wanted += [("determination", each["determination_id"]) for each in (*self.earlier, self.decided)]
        wanted += [("terms", self._terms_name(row["version"])) for row in self.agreed if row["agreed"]]
        for subject in wanted:
            events = self.logged.get(subject, [])
            _hold(events or not self.asked.logs, INCOMPLETE, f"the log's receipt of {' '.join(subject)} is missing")
            numbers = [whole(event["number"]) for event in events]
            _hold(numbers == list(range(1, len(numbers) + 1)), INCOMPLETE, "a receipt of the log is missing")
        if not self.logged:
            self.notes.append("log: the bundle holds no receipt")
        elif not self.asked.logs:
            self.notes.append("log: receipts hold together; no key of the log was given, so no checkpoint was checked")

    def _check_receipt(self, receipt: Document, what: str) -> None:
        said, event = receipt["proof"], read_object(receipt["document"], what)
        origin, size, root = said["origin"], read_size(said["tree_size"], what), read_hex(said["tree_root"], 32, what)
        _hold(_ORIGIN.fullmatch(origin) and len(said["path"]) <= _PROOF_NODES, CHAIN, f"{what} proves nothing")
        path = [read_hex(node, 32, what) for node in said["path"]]
        _verify_inclusion(said, size=size, root=root, path=path)
        entry = read_object(said["canonical"], what)
        digest, names = sha256(receipt["document"].encode()), ("event", "number", "subject", "subject_id")
        same = (
            entry["attrs"] == {"digest": digest, **{name: event[name] for name in names}} and entry["kind"] == "record"
        )
        _hold(same, CHAIN, f"{what} proves another event")
        if said["note"] is not None:
            note = read_note(said["note"], what)
            _hold(
                (note.origin, note.size, note.root) == (origin, size, root),
                CHAIN,
                f"{what}: its checkpoint is of another tree",
            )
            if self.asked.logs:
                check_note(note, origin=origin, keys=self.asked.logs, what=what)
            kept = self.asked.since
            if kept is not None and kept.origin == origin:
                check_note(kept, origin=origin, keys=self.asked.logs, what="the checkpoint that you kept")
                is_older = kept.size < size or (kept.size, kept.root) == (size, root)
                _hold(is_older, CHAIN, f"{what}: rolled back behind the checkpoint that you kept")
        _hold(said["note"] is not None or not self.asked.logs, CHAIN, f"{what}: no checkpoint signs it")
        self.logged.setdefault((event["subject"], event["subject_id"]), []).append(event)

    def _check_status(self) -> None:
        as_of = instant(self.evidence["as_of"])
        _hold(as_of >= self.decided_at, STALE, "the status of the attestations is older than the decision")
        for name, said in self.attested.items():
            events = [each["state"] for each in said["events"] if instant(each["recorded_at"]) <= as_of]
            logged = self.logged.get(("attestation", name), [])
            found = [each["event"] for each in logged if instant(each["recorded_at"]) <= as_of]
            _hold(not logged or found == events, STALE, f"{said['member']}: its status is not what the log has")
            envelopes = {each["facts"]["envelope_sha256"] for each in logged}
            _hold(envelopes <= {said["envelope_sha256"]}, CHAIN, f"{said['member']}: the log has another envelope")
            fallen = {"superseded": "superseded", "withdrawn": "withdrawn", "key_revoked": "withdrawn"}
            state = events[-1] if events else "none"
            received, key = instant(said["received_at"]), self.keys[self.statements[name]["kid"]]
            self._check_key(key, received, said["member"], stands=state == "accepted")
            said["standing"] = "accepted" if state == "accepted" else fallen.get(state, "not_accepted")

    def _check_key(self, key: Document, received: datetime, what: str, *, stands: bool) -> None:
        since = key["approved_at"]
        _hold(since is not None and instant(since) <= received, STALE, f"{what}: its key did not count yet")
        # What fell with a compromised key says so in its own state, and is judged by that.
        for name in ("revoked_at", "not_after", *(("compromised_since",) if stands else ())):
            is_over = key[name] is not None and instant(key[name]) <= received
            _hold(not is_over, STALE, f"{what}: its key had ended or was compromised when it was received")
        events = self.logged.get(("signing_key", key["key_id"]), [])
        approved = {each["recorded_at"] for each in events if each["event"] in {"approved", "rotated"}}
        is_logged = not events or instant(since) in map(instant, approved)
        _hold(is_logged, INCOMPLETE, f"{what}: the log does not say that its key was approved then")
        for event in events:
            same = event["facts"]["public_key_sha256"] == sha256(bytes.fromhex(key["public_key"]))
            _hold(same, CHAIN, f"{what}: the log has another key of that id")
            ended = event["event"] in {"revoked", "compromised"} and instant(event["recorded_at"]) <= self.decided_at
            _hold(not ended or key["revoked_at"] is not None, STALE, f"{what}: the log says that its key was revoked")

    def _check_agreed(self) -> None:
        counting: Document | None = None
        rows = sorted(self.agreed, key=lambda row: whole(row["version"]))
        _hold(
            {row["sha256"] for row in rows} == set(self.versions),
            INCOMPLETE,
            "the versions of the terms are not those agreed to",
        )
        for row in rows:
            terms = self.versions[row["sha256"]]
            old = counting or terms
            agreed = {
                each["organisation_id"] for each in row["agreed"] if instant(each["agreed_at"]) <= self.decided_at
            }
            shares = sum(
                exact(p["share"]) for p in old["parties"] if p["share"] is not None and p["organisation_id"] in agreed
            )
            wanted = Fraction(1) if counting is None else exact(old["label"]["consent_share"])
            borrower = next(party["organisation_id"] for party in old["parties"] if party["role"] == "borrower")
            counting = terms if borrower in agreed and shares >= wanted else counting
        _hold(counting == self.terms, UNMET, "the parties did not agree to these terms, or to later ones")

    def _check_approved(self) -> None:
        lenders = {party["organisation_id"] for party in self.terms["parties"] if party["role"] == "lender"}
        people, proposer = set(), self.proposal["proposer"]
        _hold(proposer == self.decided["proposer"], UNMET, "the proposal names another proposer")
        for each in self.decided["approvals"]:
            who = each["approver"]
            _hold(who["organisation_id"] in lenders, UNMET, "an approval is by no lender of the terms")
            is_other = (
                who["person_id"] != proposer["person_id"] and who["organisation_id"] != proposer["organisation_id"]
            )
            _hold(is_other and who["person_id"] not in people, UNMET, "an approver proposed too, or approved twice")
            people.add(who["person_id"])
            at, on = instant(each["approved_at"]), day_of(each["approved_on"])
            is_dated = abs((on - at.date()).days) <= 1 and day_of(self.proposal["proposed_on"]) <= on
            _hold(
                is_dated and at <= self.decided_at,
                UNMET,
                "an approval is dated before the proposal or after the decision",
            )
        _hold(
            len(people) >= whole(self.terms["reporting"]["approvals"]),
            UNMET,
            "fewer lenders' persons approved than the terms ask",
        )
        _hold(self.decision["verdict"] == "approved", UNMET, "the proposal was not approved")
        self.approved_on = max(day_of(each["approved_on"]) for each in self.decided["approvals"])
        for price in self.decision["prices"]:
            is_past = self.terms["effect"]["begins"] in _NEVER_BEFORE or self.proposal["replaces"] is not None
            is_before = price["effective_from"] is not None and day_of(price["effective_from"]) < self.approved_on
            _hold(is_past or not is_before, UNMET, "the decision counts before it was approved")

    def _check_steps(self) -> None:
        """Hold agreements, approvals and decisions against the leaves that the log has of them."""
        for row in self.agreed:
            events = self.logged.get(("terms", self._terms_name(row["version"])), [])
            said = {(each["organisation_id"], instant(each["agreed_at"])) for each in row["agreed"]}
            found = {(each["acting_for"], instant(each["recorded_at"])) for each in events}
            _hold(
                not events or found >= said,
                INCOMPLETE,
                f"terms version {row['version']}: the log's receipt of an agreement is missing",
            )
            same = found <= said and all(each["facts"]["terms_sha256"] == row["sha256"] for each in events)
            _hold(not events or same, CHAIN, f"terms version {row['version']}: the log has other agreements")
        for each in (*self.earlier, self.decided):
            events = self.logged.get(("determination", each["determination_id"]), [])
            if events:
                self._check_decided(each, events)

    def _check_decided(self, decided: Document, events: Sequence[Document]) -> None:
        decision, what = decided["decision"], f"decision {decided['decision']['sequence']}"
        _hold(
            all(each["facts"]["digest"] == decided["digest"] for each in events), CHAIN, f"{what}: the log has another"
        )
        said = [("proposed", decided["proposer"], decided["proposed_at"])]
        said += [("approved", each["approver"], each["approved_at"]) for each in decided["approvals"]]
        word = "decided" if decision["verdict"] == "approved" else "refused"
        said.append((word, decision["decider"], decision["decided_at"]))
        found = [(each["event"], each["actor"], each["acting_for"], instant(each["recorded_at"])) for each in events]
        steps = [(event, who["person_id"], who["organisation_id"], instant(at)) for event, who, at in said]
        is_short = len(found) < len(steps) and found == steps[: len(found)]
        _hold(not is_short, INCOMPLETE, f"{what}: the log's receipt of a step is missing")
        _hold(found == steps, CHAIN, f"{what}: the log has other persons, instants or steps")
        if word == "decided":
            digest = sha256(spelled({"prices": decision["prices"]}))
            _hold(events[-1]["facts"]["prices_sha256"] == digest, CHAIN, f"{what}: the log has other prices")

    def _terms_name(self, version: str) -> str:
        return f"{self.decided['facility_id']}/{version}"

    def _check_finding(self, finding: Document) -> None:
        kpi_id, target, fact = finding["definition"]["kpi_id"], finding["target"], finding["attestation"]
        kpi = next((each for each in self.terms["kpis"] if each["definition"]["kpi_id"] == kpi_id), None)
        of_terms = kpi is not None and finding["definition"] == kpi["definition"] and target in kpi["targets"]
        _hold(of_terms, UNMET, f"{kpi_id}: definition or target is not the terms'")
        is_there = fact is None or fact["attestation_id"] in self.attested
        _hold(is_there, INCOMPLETE, f"{kpi_id}: its attestation is missing")
        about = self._period_of(finding)
        reported = None if about is None or about["snapshot"] is None else document_of(self.files, about["snapshot"])
        if finding["value"] is not None:
            _hold(reported is not None, INCOMPLETE, f"{kpi_id}: the reported data are missing")
            data = cast("Document", reported)
            names = ("kpi_id", "period_start", "period_end", "unit", "facility_id", "value")
            wanted = (kpi_id, target["period_start"], target["period_end"], finding["definition"]["unit"])
            same = tuple(data[name] for name in names) == (*wanted, self.decided["facility_id"], finding["value"])
            _hold(same, UNMET, f"{kpi_id}: the value is not what was reported for the period")
            output = finding["beside"]["output_t"]
            _hold(
                output is None or exact(output) == exact(data["production_t"]),
                UNMET,
                f"{kpi_id}: output is not that of the data",
            )
            received = instant(
                self.decided["proposed_at"] if fact is None else self.attested[fact["attestation_id"]]["received_at"]
            )
            is_late = self.proposal["cause"] != "delivered_late" and self._is_late(cast("Document", about), received)
            _hold(not is_late, UNMET, f"{kpi_id}: a late report or attestation counts as if it were in time")
        else:
            self._check_absent(finding, about)
        self._check_base(finding, cast("Document", kpi))
        if fact is not None:
            found = self._fact(fact["attestation_id"], kpi_id)
            _hold(
                found["standing"] == fact["standing"],
                STALE,
                f"{kpi_id}: its attestation stands otherwise than the proposal says",
            )
            _hold(found == fact, UNMET, f"{kpi_id}: the attestation states something else than the proposal")
            same = (
                about is not None
                and self.attested[fact["attestation_id"]]["snapshot_sha256"] == about["snapshot_sha256"]
            )
            _hold(same, DIGEST, f"{kpi_id}: the attestation is of other data than those reported")
        self._check_rivals(finding)
        status, _ = result_of(finding, self.terms["reporting"])
        rules = [effect["rule"] for effect in self.terms["ratchet"]["effects"]]
        is_scaled = any(rule["kind"] in _SCALES and rule["kpi_id"] == kpi_id for rule in rules)
        if status == "met" or (status == "missed" and is_scaled):
            self._check_lowering(finding)

    def _period_of(self, finding: Document) -> Document | None:
        wanted = finding["definition"]["kpi_id"], finding["target"]["period_start"], finding["target"]["period_end"]
        names = ("kpi_id", "period_start", "period_end")
        return next((each for each in self.periods.values() if tuple(each[name] for name in names) == wanted), None)

    def _is_late(self, about: Document, received: datetime) -> bool:
        """Return whether report or attestation came after its day, on the terms' clock."""
        reported = [instant(each["recorded_at"]) for each in about["events"] if each["state"] == "reported"]
        pairs = (("report_due_days", reported[-1]), ("attestation_due_days", received))
        return any(at > self._due_at(name, about["period_end"]) for name, at in pairs)

    def _due_at(self, name: str, period_end: str) -> datetime:
        """Return the last instant that is in time for what is due ``name`` days after the period."""
        reporting = self.terms["reporting"]
        day = day_of(period_end) + timedelta(days=whole(reporting[name], 1_000) - 1)
        cut_off = time.fromisoformat(reporting["cut_off"])
        return datetime.combine(day, cut_off, ZoneInfo(reporting["zone"])).astimezone(UTC)

    def _check_absent(self, finding: Document, about: Document | None) -> None:
        """Refuse an absence that the period's own history, as the bundle has it, gives the lie to."""
        absence, kpi_id = finding["absence"], finding["definition"]["kpi_id"]
        states = [each["state"] for each in about["events"]] if about else []
        before = [state for state in states if state not in _REVIEWED]
        chain = [state for state in states if state in _CHAIN]
        if absence == "waived":
            _hold(before[-1:] == ["waived"], UNMET, f"{kpi_id}: nothing says that its test was waived")
        elif absence == "missing":
            _hold(chain[-1:] != ["reported"], UNMET, f"{kpi_id} counts as missing although it was reported")
            is_over = instant(self.decided["proposed_at"]) > self._due_at(
                "report_due_days", finding["target"]["period_end"]
            )
            _hold(is_over, UNMET, f"{kpi_id} counts as missing before its report was due")
        elif about is not None and "reported" in states:
            rows = [row for row in self.attested.values() if row["snapshot_sha256"] == about["snapshot_sha256"]]
            known = [instant(row["received_at"]) for row in rows if row["standing"] == "accepted"]
            is_late = not known or self._is_late(about, min(known))
            _hold(is_late, UNMET, f"{kpi_id} counts as late although report and attestation were in time")

    def _fact(self, name: str, kpi_id: str) -> Document:
        """Return what a verified statement says, as a proposal spells it."""
        statement = self.statements[name]
        affected, outcome = statement["affected_kpi_ids"], statement["outcome"]
        opinion = {"unmodified": "clean", "qualified": "qualified"}.get(outcome, "none")
        if outcome == "qualified" and affected is not None and kpi_id not in affected:
            opinion = "qualified_elsewhere"
        same = ("kpi_id", "period_start", "period_end", "value", "unit", "methodology_version")
        return {
            "attestation_id": name,
            **{each: statement[each] for each in same},
            "assurance_level": statement["level"],
            "opinion": opinion,
            "standing": self.attested[name]["standing"],
        }

    def _check_lowering(self, finding: Document) -> None:
        """Refuse a step that rests on no evidence, or on too weak or another one."""
        fact, definition, kpi_id = finding["attestation"], finding["definition"], finding["definition"]["kpi_id"]
        _hold(fact is not None, UNMET, f"{kpi_id} counts as met without an attestation")
        reporting = self.terms["reporting"]
        is_good = fact["standing"] == "accepted" and is_clean(fact, reporting)
        levels = {reporting["assurance_level"]} | (
            {"reasonable"} if reporting["assurance_level"] == "limited" else set()
        )
        _hold(
            is_good and fact["assurance_level"] in levels,
            UNMET,
            f"{kpi_id}: its attestation is not of the level or kind agreed",
        )
        statement = self.statements[fact["attestation_id"]]
        target = finding["target"]
        pairs = {
            **{name: definition[name] for name in ("kpi_id", "unit", "measure", "boundary")},
            **{name: definition[name] for name in ("methodology_id", "methodology_version", "factor_set_version")},
            **{name: target[name] for name in ("period_start", "period_end")},
            "value": finding["value"],
            "facility_id": self.decided["facility_id"],
        }
        wrong = [name for name, wanted in pairs.items() if statement[name] != wanted]
        _hold(not wrong, UNMET, f"{kpi_id}: the attestation states another {', '.join(wrong)}")
        parties = {
            party["organisation_id"]
            for party in self.terms["parties"]
            if party["role"] not in {"assessor", "coordinator"}
        }
        _hold(
            statement["issuer_organisation_id"] not in parties, UNMET, f"{kpi_id}: the assessor is a party to the loan"
        )

    def _check_base(self, finding: Document, kpi: Document) -> None:
        found, agreed, kpi_id = finding["baseline"], kpi["baseline"], kpi["definition"]["kpi_id"]
        needs = finding["target"]["rule"]["kind"] in {"reduction_vs_base", "avoided"} and finding["value"] is not None
        _hold(found is not None or not needs, UNMET, f"{kpi_id}: its base year is missing")
        if found is not None and agreed is not None:
            same = all(found[name] == agreed[name] for name in ("period_start", "period_end"))
            signed = None if agreed["value"] is None else exact(agreed["value"])
            moved = None if signed is None else abs(exact(found["value"]) - signed)
            follows = agreed["on_restatement"] == "follows" and moved is not None
            is_restated = follows and cast("Fraction", moved) > exact(agreed["significance"]) * cast("Fraction", signed)
            _hold(same and (not moved or is_restated), UNMET, f"{kpi_id}: its base year is not the terms'")
        if found is not None:
            self._check_earlier(found["attestation_id"], found["value"], kpi_id, start=found["period_start"])
        for each in finding["beside"]["years"]:
            name = each["source"].removeprefix("attestation ")
            self._check_earlier(name, each["value"], kpi_id, year=whole(each["year"]), output=each["output_t"])

    def _check_earlier(
        self,
        name: str,
        value: str,
        kpi_id: str,
        *,
        start: str | None = None,
        year: int | None = None,
        output: str | None = None,
    ) -> None:
        """Refuse a value of another period that no standing attestation states."""
        _hold(name in self.statements, INCOMPLETE, f"{kpi_id}: the attestation of a period it rests on is missing")
        said, statement = self.attested[name], self.statements[name]
        _hold(
            said["standing"] == "accepted", STALE, f"{kpi_id}: the attestation of a period it rests on does not stand"
        )
        last = day_of(statement["period_end"]) - timedelta(days=1)
        same = (statement["facility_id"], statement["kpi_id"]) == (self.decided["facility_id"], kpi_id)
        same = same and start in {None, statement["period_start"]} and year in {None, last.year}
        _hold(
            same and exact(statement["value"]) == exact(value),
            UNMET,
            f"{kpi_id}: a value it rests on is not the one attested",
        )
        if output is not None:
            produced = document_of(self.files, said["snapshot"])["production_t"]
            _hold(exact(output) == exact(produced), UNMET, f"{kpi_id}: an output it rests on is not that of the data")

    def _check_rivals(self, finding: Document) -> None:
        """Refuse a finding beside which another standing attestation says otherwise."""
        if finding["absence"] is not None:
            return
        fact, kpi_id, target = finding["attestation"], finding["definition"]["kpi_id"], finding["target"]
        wanted = kpi_id, target["period_start"], target["period_end"]
        for name in self.attested:
            other = self._fact(name, kpi_id)
            is_about = (other["kpi_id"], other["period_start"], other["period_end"]) == wanted
            if is_about and other["standing"] == "accepted" and other != fact:
                same = fact is not None and (other["value"], other["opinion"]) == (fact["value"], fact["opinion"])
                _hold(same, UNMET, f"{kpi_id}: another attestation that stands says otherwise")

    def _check_cause(self) -> None:
        period = self.proposal["period_start"], self.proposal["period_end"]
        tested = sorted(
            kpi["definition"]["kpi_id"]
            for kpi in self.terms["kpis"]
            for target in kpi["targets"]
            if (target["period_start"], target["period_end"]) == period
        )
        named = sorted(each["definition"]["kpi_id"] for each in self.proposal["findings"])
        _hold(tested == named, UNMET, "the findings are not one for each KPI that is tested in the period")
        self.tests = [
            self._test(each, each["decision"]["prices"])
            for each in self.earlier
            if each["decision"]["verdict"] == "approved"
        ]
        alive = {
            t.name for t in Replay(self.terms, self.facts, self.tests).alive if t.period == tuple(map(day_of, period))
        }
        cause, replaces = self.proposal["cause"], self.proposal["replaces"]
        fits = {
            "first": not alive and replaces is None,
            "delivered_late": bool(alive) and replaces is None,
            **dict.fromkeys(_PUTS_RIGHT, replaces in alive),
        }
        _hold(fits.get(cause, False), UNMET, "the cause does not fit the decisions that stand for the period")

    def _test(self, decided: Document, prices: Sequence[Document]) -> Test:
        proposal = decided["proposal"]
        terms = self.versions[proposal["terms_sha256"]]
        period = day_of(proposal["period_start"]), day_of(proposal["period_end"])
        found = {each["definition"]["kpi_id"]: result_of(each, terms["reporting"]) for each in proposal["findings"]}
        ends = [(day_of(t["period_end"]), day_of(t["period_start"])) for kpi in terms["kpis"] for t in kpi["targets"]]
        return Test(
            name=decided["determination_id"],
            sequence=whole(decided["decision"]["sequence"]),
            period=period,
            results={
                kpi["definition"]["kpi_id"]: found.get(kpi["definition"]["kpi_id"], ("not_tested", None))
                for kpi in terms["kpis"]
            },
            held={
                each["definition"]["kpi_id"]: held_days(each)
                for each in proposal["findings"]
                if each["target"]["rule"]["kind"] == "status_held"
            },
            spans={
                each["tranche_id"]: (
                    day_of(each["effective_from"]),
                    None if each["until"] is None else day_of(each["until"]),
                )
                for each in prices
                if each["effective_from"] is not None
            },
            replaces=proposal["replaces"] if terms["late_facts"]["kind"] == "true_up" else None,
            is_last=(period[1], period[0]) == max(ends),
        )

    def _priced(self, on: date) -> tuple[Test, Replay, list[Document]]:
        """Return the decision's test, the replay with it, and every tranche's price, for an approval on ``on``."""
        replaced = next((test for test in self.tests if test.name == self.proposal["replaces"]), None)
        empty, dated = self._test(self.decided, ()), dict[str, tuple[date, date | None]]()
        for name, tranche in self.tranches.items():
            if replaced is not None and self.terms["late_facts"]["kind"] == "true_up":
                span = replaced.spans.get(name)
            else:
                span = tranche.span(self.terms["effect"], empty.period, on)
            if span is not None:
                dated[name] = span
        test = empty._replace(spans=dated)
        before, after = Replay(self.terms, self.facts, self.tests), Replay(self.terms, self.facts, [*self.tests, test])
        prices = []
        for name, tranche in self.tranches.items():
            first, until = dated.get(name, (None, None))
            prices.append(
                {
                    "tranche_id": name,
                    "adjustment_before_bp": Fraction(0) if first is None else before.adjustment(tranche, first),
                    "adjustment_after_bp": Fraction(0) if first is None else after.adjustment(tranche, first),
                    "effective_from": first,
                    "until": until,
                }
            )
        return test, after, prices

    def _check_prices(self) -> list[str]:
        for name in self.files:
            if name.startswith("snapshot-"):
                self._check_snapshot(document_of(self.files, name))
        test, replay, proposed = self._priced(day_of(self.proposal["proposed_on"]))
        statuses = [
            [each["definition"]["kpi_id"], test.results[each["definition"]["kpi_id"]][0]]
            for each in self.proposal["findings"]
        ]
        _hold(statuses == self.proposal["statuses"], ARITHMETIC, "what a KPI came to is not what the proposal says")
        made = [
            (name, each["bp"], each["carried"], list(each["parts"].items()), each["is_capped"])
            for name, each in replay.made[test.name].items()
        ]
        stated = [
            (
                each["effect_id"],
                exact(each["adjustment_bp"]),
                exact(each["carried_bp"]),
                [(kpi_id, exact(bp)) for kpi_id, bp in each["contributions"]],
                each["is_capped"],
            )
            for each in self.proposal["effects"]
        ]
        _hold(made == stated, ARITHMETIC, "what a clause comes to is not what the proposal says")
        _hold(
            proposed == _read_prices(self.proposal["prices"]),
            ARITHMETIC,
            "the proposed prices are not those of the clauses",
        )
        _, _, final = self._priced(self.approved_on)
        decided = _read_prices(self.decision["prices"])
        for mine, theirs in zip(final, decided, strict=False):
            wrong = [name for name, value in mine.items() if theirs[name] != value]
            told = ", ".join(f"{name} is {mine[name]}, not {theirs[name]}" for name in wrong)
            _hold(not wrong, ARITHMETIC, f"tranche {mine['tranche_id']}: {told}")
        _hold(final == decided, ARITHMETIC, "the prices are not one for each tranche")
        self._check_rates(final)
        return [*self._told(statuses, final), *self.notes]

    def _check_snapshot(self, snapshot: Document) -> None:
        kpi = next((k for k in self.terms["kpis"] if k["definition"]["kpi_id"] == snapshot["kpi_id"]), None)
        _hold(kpi is not None, UNMET, "a snapshot is of a KPI that the terms do not have")
        check_computed(snapshot, cast("Document", kpi)["definition"])

    def _check_rates(self, prices: Sequence[Document]) -> None:
        """Refuse an all-in rate that base rate, fixing and margin do not give; where none is stated there is nothing to check."""
        by_name = {each["tranche_id"]: each for each in prices}
        for said in self.trace["rates"]:
            tranche, price = self.tranches[said["tranche_id"]], by_name[said["tranche_id"]]
            if said["rate"] is None:
                self.notes.append(f"tranche {tranche.name}: no all-in rate is stated, the margin alone was checked")
                continue
            rate = self._base_rate(tranche, day_of(said["on"]))
            same = exact(said["base_rate"]) == rate and day_of(said["on"]) == price["effective_from"]
            rate, base = rate + price["adjustment_after_bp"] / 10_000, tranche.terms["base_rate"]
            rate = rate if base["rate_floor"] is None else max(rate, exact(base["rate_floor"]))
            rate = rate if base["rate_cap"] is None else min(rate, exact(base["rate_cap"]))
            _hold(
                same and exact(said["rate"]) == rate,
                ARITHMETIC,
                f"tranche {tranche.name}: its all-in rate is not what base and margin give",
            )

    def _base_rate(self, tranche: Tranche, on: date) -> Fraction:
        base = tranche.terms["base_rate"]
        if base["kind"] == "fixed_rate":
            return exact(base["rate"])
        _hold(base["kind"] == "index_rate", INCOMPLETE, "a base rate is unknown here")
        rule, years = base["repricing"], range(tranche.start.year, tranche.end.year + 1)
        kinds: dict[str, Callable[[], list[date]]] = {
            "never": list,
            "each_interest_period": lambda: [day for day, _ in tranche.starts],
            "anniversary": lambda: [month_day(year, tranche.start.month, tranche.start.day) for year in years],
            "yearly_on": lambda: [month_day(year, whole(rule["month"], 12), whole(rule["day"], 31)) for year in years],
            "on_dates": lambda: [day_of(day) for day in rule["dates"]],
        }
        days = kinds[rule["kind"]]()
        read_on = max(day for day in (tranche.start, *days) if tranche.start <= day <= on)
        for _ in range(whole(base["fixing_lag_business_days"], 60)):
            read_on = tranche.calendar.next_open(read_on - timedelta(days=1), -1)
        series = next(each for each in self.facts["fixings"] if each["index"] == base["index"])
        known = [exact(rate) for day, rate in series["rates"] if day_of(day) <= read_on]
        is_known = read_on <= day_of(series["known_through"])
        index = known[-1] if is_known else exact(series["assumed"])
        index = index if base["index_floor"] is None else max(index, exact(base["index_floor"]))
        return index * exact(base["multiplier"]) + exact(base["spread_bp"]) / 10_000

    def _told(self, statuses: Sequence[Sequence[str]], prices: Sequence[Document]) -> list[str]:
        period = f"{self.proposal['period_start']} to {self.proposal['period_end']} (exclusive)"
        told = [f"good: same margin, facility {self.terms['facility_number']}, test period {period}"]
        values = {each["definition"]["kpi_id"]: each["value"] or each["absence"] for each in self.proposal["findings"]}
        told += [f"KPI {kpi_id}: {values[kpi_id]}, counts as {status}" for kpi_id, status in statuses]
        for each in prices:
            when = (
                "no day is left"
                if each["effective_from"] is None
                else f"from {each['effective_from']} until {each['until'] or 'the next'}"
            )
            told.append(
                f"tranche {each['tranche_id']}: {each['adjustment_before_bp']} -> {each['adjustment_after_bp']} bp, {when}"
            )
        return told


def _read_prices(prices: Sequence[Document]) -> list[Document]:
    return [
        {
            "tranche_id": each["tranche_id"],
            "adjustment_before_bp": exact(each["adjustment_before_bp"]),
            "adjustment_after_bp": exact(each["adjustment_after_bp"]),
            "effective_from": None if each["effective_from"] is None else day_of(each["effective_from"]),
            "until": None if each["until"] is None else day_of(each["until"]),
        }
        for each in prices
    ]


def verify_determination(file: BinaryIO, asked: Asked) -> list[str]:
    """Return what a good determination's bundle says, as lines; else raise ``Finding`` with the exit code."""
    try:
        evidence = Evidence(unpacked(file), asked)
        found = evidence.check()
    except Finding:
        raise
    except Fault as fault:
        raise Finding(_SHARED.get(fault.code, INCOMPLETE), fault.message) from fault
    except UnknownDay as unknown:
        raise Finding(INCOMPLETE, "no calendar in the bundle covers a day that is needed") from unknown
    except Exception as error:
        raise Finding(
            INCOMPLETE, f"the bundle is not as it should be ({type(error).__name__}: {str(error)[:60]!r})"
        ) from error
    keys = f"all else holds, but only you can tell whose keys these are: {evidence.named_keys()}"
    _hold(asked.assessors, INCOMPLETE, keys)
    return found


def read_assessor_key(given: str) -> bytes:
    """Return an assessor's public key from a file's name or from its text: base64, base64url, or PEM in a file."""
    text = _read_small(given, "an assessor's key") if Path(given).is_file() else given
    text = text if text.startswith("-----") else text.strip().translate(str.maketrans("-_", "+/"))
    return read_key(text if text.endswith("=") or text.startswith("-----") else text + "=" * (-len(text) % 4))


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


def _is_determination(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "determination.json" in archive.namelist()
    except Exception:  # noqa: BLE001 - whatever else it is, it is looked at as that
        return False


def _judge(arguments: argparse.Namespace, write: Callable[[str], object]) -> int:
    """Check a determination's bundle, say in lines what was found, and return the exit code."""
    try:
        log = arguments.public_key or (arguments.key and _read_small(arguments.key, "the key file"))
        kept = arguments.since and read_note(_read_small(arguments.since, "the kept checkpoint"), "the kept checkpoint")
        asked = Asked(
            assessors=tuple(map(read_assessor_key, arguments.assessor_key or ())),
            logs=(read_key(log),) if log else (),
            since=kept or None,
            terms_sha256=arguments.terms_sha256,
        )
    except Fault as fault:
        code = NO_FILE if fault.code == NO_FILE else INCOMPLETE
        write(f"BAD ({code}): {fault.message}\n")
        return code
    try:
        with Path(arguments.file).open("rb") as file:
            write("".join(f"{line}\n" for line in verify_determination(file, asked)))
    except Finding as fault:
        write(f"BAD ({fault.code}): {_shown(fault.message)}\n")
        return fault.code
    except (OSError, ValueError):
        write(f"BAD ({NO_FILE}): {arguments.file!r} cannot be opened or read\n")
        return NO_FILE
    return GOOD


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def main(argv: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Check the file that ``argv`` names, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="tonne_verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="a bundle (zip) or a proof (JSON)")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key", metavar="FILE", help="a file with the public key: base64 or PEM")
    key.add_argument("--public-key", metavar="BASE64", help="the public key")
    parser.add_argument("--since", metavar="FILE", help="a checkpoint that you kept")
    parser.add_argument("--assessor-key", metavar="FILE|KEY", action="append", help="an assessor's public key")
    parser.add_argument("--terms-sha256", metavar="HEX", help="the hash of the terms that you agreed to")
    arguments = parser.parse_args(argv)
    write = (out or sys.stdout).write
    if arguments.assessor_key or _is_determination(arguments.file):
        return _judge(arguments, write)
    if not (arguments.key or arguments.public_key):
        parser.error("one of the arguments --key --public-key is required, or --assessor-key for a determination")
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
