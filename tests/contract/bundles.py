"""Bundles for the verifier's tests, written from the description of the format and not with the product's code."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import tonne_verify

BOOK = "019b0000-0000-7000-8000-00000000b00c"
ORIGIN = f"tonne/{BOOK}"
MEMBERS = ("manifest.json", "keys.jsonl", "checkpoints.jsonl", "entries.jsonl")


def spelled(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@dataclass(frozen=True)
class Holder:
    """A signing key of a seed."""

    seed: int

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def note(self, size: int, root: bytes, *extensions: str, origin: str = ORIGIN) -> str:
        body = "".join(f"{line}\n" for line in (origin, str(size), spelled(root), *extensions))
        key_id = hashlib.sha256(f"{origin}\n".encode() + b"\x01" + self.public).digest()[:4]
        return f"{body}\n\u2014 {origin} {spelled(key_id + self.private.sign(body.encode()))}\n"

    def hand_over(self, new: Holder) -> dict[str, str]:
        message = (
            f"tonne log key hand-over v1\n{ORIGIN}\n{spelled(self.public)}\n{spelled(new.public)}\n"  # one text, signed
        )
        return {
            "log_key": spelled(new.public),
            "log_key_from": spelled(self.public),
            "log_key_signature": spelled(self.private.sign(message.encode())),
        }


FIRST, SECOND, FORGER = Holder(1), Holder(2), Holder(9)


def entry(seq: int, /, *, legs: list[list[str]] | None = None, **changed: Any) -> dict[str, Any]:
    """An entry as its leaf spells it: money from one account to another unless ``legs`` are given."""
    day = f"2025-{1 + seq % 12:02d}-03"
    return {
        "acting_for": "019b0000-0000-7000-8000-0000000000aa",
        "actor": "019b0000-0000-7000-8000-0000000000bb",
        "attrs": None,
        "book": BOOK,
        "doc_ref": '合同 "A"' if seq % 3 == 0 else None,
        "document_on": None,
        "effective_on": day,
        "entry_id": f"019b0000-0000-7000-8000-{seq:012x}",
        "kind": "general",
        "lot_moves": [],
        "postings": [["Assets:Bank:CNY", "CNY", str(seq)], ["Equity:Owner", "CNY", str(-seq)]]
        if legs is None
        else legs,
        "recorded_at": f"2026-01-05T01:{seq // 60:02d}:{seq % 60:02d}.000000+00:00",
        "reverses_seq": None,
        "seq": str(seq),
        "v": "1",
        **changed,
    }


def canonical(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def salt_of(seq: int) -> bytes:
    return hashlib.sha256(f"salt {seq}".encode()).digest()[:16]


def line(said: bytes, salt: bytes, leaf: bytes | None = None) -> bytes:
    leaf = leaf or hashlib.sha256(b"\x00" + salt + said).digest()
    return b'{"leaf":"%s","salt":"%s","entry":%s}\n' % (leaf.hex().encode(), salt.hex().encode(), said)


def roots(entries: list[dict[str, Any]]) -> list[bytes]:
    """The tree head at every size from 0."""
    leaves = [
        hashlib.sha256(b"\x00" + salt_of(place) + canonical(said)).digest()
        for place, said in enumerate(entries, start=1)
    ]
    return [_head(leaves[:size]) for size in range(len(leaves) + 1)]


def _head(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _head(leaves[:split]) + _head(leaves[split:])).digest()


@dataclass
class Bundle:
    """A bundle whose every part a test may change before it is packed."""

    manifest: dict[str, Any]
    keys: list[dict[str, Any]]
    notes: list[str]
    lines: list[bytes]
    names: list[str] = field(default_factory=lambda: list(MEMBERS))

    def packed(self) -> bytes:
        contents = (
            json.dumps(self.manifest).encode(),
            b"".join(json.dumps(key).encode() + b"\n" for key in self.keys),
            b"".join(json.dumps({"note": note}).encode() + b"\n" for note in self.notes),
            b"".join(self.lines),
        )
        return zipped(list(zip(self.names, contents, strict=True)))


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return out.getvalue()


def made(
    entries: list[dict[str, Any]],
    *,
    signed: Mapping[int, Holder],
    keys: tuple[tuple[Holder, int], ...] = ((FIRST, 0),),
    extensions: Mapping[int, tuple[str, ...]] | None = None,
) -> Bundle:
    """A bundle of ``entries`` with a checkpoint by its holder at each size of ``signed``."""
    heads = roots(entries)
    more = extensions or {}
    return Bundle(
        manifest={
            "format": "tonne-bundle-v1",
            "book": BOOK,
            "origin": ORIGIN,
            "entries": str(len(entries)),
            "tree_root": heads[-1].hex(),
        },
        keys=[
            {"key_name": ORIGIN, "public_key": spelled(holder.public), "valid_from_size": str(size)}
            for holder, size in keys
        ],
        notes=[holder.note(size, heads[size], *more.get(size, ())) for size, holder in sorted(signed.items())],
        lines=[line(canonical(said), salt_of(place)) for place, said in enumerate(entries, start=1)],
    )


def verdict(content: bytes, folder: Path, *, holder: Holder = FIRST, since: str | None = None) -> tuple[int, str]:
    """Run the verifier as its user does; return the exit code and what it said."""
    path = folder / "bundle.zip"
    path.write_bytes(content)
    given = [str(path), f"--public-key={spelled(holder.public)}"]
    if since is not None:
        kept = folder / "kept.txt"
        kept.write_text(since, encoding="utf-8")
        given.append(f"--since={kept}")
    out = io.StringIO()
    code = tonne_verify.main(given, out)
    return code, out.getvalue()
