"""Replays a book from its pieces: their order, the tree of their leaves, and every root that somebody knows of it.

Pure. Holds where the entries led so far and the tree's peaks, nothing of past entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.core import log
from ledger.core.checks import Piece
from ledger.core.findings import Findings

_DIGEST_BYTES = 32


class KnownRoot(NamedTuple):
    """A tree head that somebody keeps outside, or that a signed checkpoint says; ``source`` names it in a finding."""

    size: int
    root: bytes
    source: str


class BookReplay:
    """Joins a book's pieces in its order, grows the tree of their leaves, and notes what does not hold."""

    def __init__(self, *, known_roots: Iterable[KnownRoot], findings: Findings) -> None:
        """Begin before the book's first entry."""
        self._findings = findings
        self._wrong = findings.add
        self._known = sorted(known_roots)
        self._sound_size = 0
        self._next_known = 0
        self.next_seq = 1
        self.last_recorded_at = ""
        self.tree_size = 0
        self.tree_peaks = b""

    def join(self, piece: Piece) -> None:
        """Take what follows the pieces taken before: it begins where they ended, and its leaves join the tree."""
        seq, recorded_at = piece.first_seq, piece.first_recorded_at
        if seq != self.next_seq:
            at = f"seq {min(seq, self.next_seq)}"
            self._wrong("entry.seq_gap", "entry", at, expected=self.next_seq, found=seq)
        if recorded_at <= self.last_recorded_at:
            said = f"after {self.last_recorded_at}"
            self._wrong("entry.time_order", "entry", f"seq {seq}", expected=said, found=recorded_at)
        self._findings.join(piece.findings)
        self.next_seq, self.last_recorded_at = piece.next_seq, piece.last_recorded_at
        self._append(piece.hashes)

    def finish(self, *, next_seq: int, tree_size: int, tree_peaks: bytes, last_recorded_at: str) -> None:
        """Compare where the entries led with what the book's row says, and with roots beyond the last leaf."""
        if next_seq != self.next_seq:
            at = f"seq {min(next_seq, self.next_seq)}"
            self._wrong("book.next_seq", "book", at, expected=self.next_seq, found=next_seq)
        if tree_size != self.tree_size:
            at = f"seq {min(tree_size, self.tree_size) + 1}"
            self._wrong("book.tree_size", "book", at, expected=self.tree_size, found=tree_size)
        elif tree_peaks != self.tree_peaks:
            self._peaks_differ(tree_peaks)
        if self.tree_size and last_recorded_at != self.last_recorded_at:
            at = f"seq {min(next_seq, self.next_seq) - (next_seq == self.next_seq)}"
            self._wrong("book.last_recorded_at", "book", at, expected=self.last_recorded_at, found=last_recorded_at)
        for known in self._known[self._next_known :]:
            said = f"{known.size} leaves, as {known.source} says"
            self._wrong("tree.shorter", "leaf", f"seq {self.tree_size + 1}", expected=said, found=self.tree_size)

    def _append(self, hashes: Sequence[bytes]) -> None:
        """Append leaves and compare the tree with every known root on the way."""
        start = 0
        while self._next_known < len(self._known):
            known = self._known[self._next_known]
            wanted = known.size - self.tree_size
            if wanted > len(hashes) - start:
                break
            self._grow(hashes[start : start + wanted])
            start += wanted
            self._next_known += 1
            mine = log.root(self.tree_peaks)
            if mine == known.root:
                self._sound_size = known.size
            else:
                at, said = f"seq {self._sound_size + 1} to {known.size}", f"{known.root.hex()}, as {known.source} says"
                self._wrong("tree.root", "leaf", at, expected=said, found=mine.hex())
        self._grow(hashes[start:])

    def _grow(self, hashes: Sequence[bytes]) -> None:
        self.tree_peaks, self.tree_size = log.append_leaves(self.tree_peaks, self.tree_size, hashes)

    def _peaks_differ(self, stored: bytes) -> None:
        """Say which perfect subtree is the first to differ: the first changed leaf is one of those it covers."""
        covered, start = 0, 0
        for height in reversed(range(self.tree_size.bit_length())):
            if not self.tree_size >> height & 1:
                continue
            mine, its = self.tree_peaks[start : start + _DIGEST_BYTES], stored[start : start + _DIGEST_BYTES]
            if mine != its:
                at = f"seq {covered + 1} to {covered + (1 << height)}"
                self._wrong("book.tree_peaks", "book", at, expected=mine.hex(), found=its.hex())
                return
            covered, start = covered + (1 << height), start + _DIGEST_BYTES
        at, said = f"seq {self.tree_size}", f"{len(self.tree_peaks)} bytes"
        self._wrong("book.tree_peaks", "book", at, expected=said, found=f"{len(stored)} bytes")
