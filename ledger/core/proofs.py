"""Inclusion and consistency proofs of the book's RFC 6962 tree: which subtrees prove a claim, and whether a proof holds.

Owns the shape of the tree and the algorithms of RFC 9162 sections 2.1.3 and 2.1.4. Reads no leaf: whoever has them gives the roots
of the spans asked for. Knows no book, signature or database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ledger.core import log
from ledger.core.errors import Invalid


class Span(NamedTuple):
    """The leaves from ``start`` up to, not including, ``end``; the first leaf of a tree is 0 (its entry has seq 1)."""

    start: int
    end: int


Leaves = Callable[[Span], Iterable[bytes]]
"""Gives the leaf hashes of a span in order."""


def inclusion_spans(*, index: int, size: int) -> tuple[Span, ...]:
    """Return the spans whose roots are the inclusion proof of leaf ``index`` in the first ``size`` leaves, leaf to root.

    RFC 9162 section 2.1.3.1. Of leaf 2 among 7: (3, 4), (0, 2), (4, 7). Beyond the tree: ``log.index``.
    """
    if not 0 <= index < size:
        raise Invalid("log.index", f"a tree of {size} leaves has no leaf {index}", index=str(index), size=str(size))
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return tuple(reversed(spans))


def consistency_spans(*, old_size: int, new_size: int) -> tuple[Span, ...]:
    """Return the spans whose roots prove that the first ``old_size`` leaves of the tree of ``new_size`` are the old tree.

    RFC 9162 section 2.1.4.1; empty for equal sizes. From 3 to 7: (2, 3), (3, 4), (0, 2), (4, 7). Refused with ``log.size`` unless
    1 <= old_size <= new_size, for the empty tree is the beginning of every tree and needs no proof.
    """
    if not 1 <= old_size <= new_size:
        raise Invalid(
            "log.size_order",
            "a consistency proof is from an old size of at least 1 to a new size not below it",
            old_size=str(old_size),
            new_size=str(new_size),
        )
    spans: list[Span] = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    # When the old tree is whole on the left edge the verifier knows its root already.
    return tuple(reversed(spans)) if start == 0 else (Span(start, end), *reversed(spans))


def perfect_spans(span: Span) -> tuple[Span, ...]:
    """Return the perfect subtrees of which a subtree of the tree consists, largest first: (0, 7) is (0, 4), (4, 6), (6, 7)."""
    found: list[Span] = []
    start, end = span
    while start < end:
        width = 1 << ((end - start).bit_length() - 1)
        found.append(Span(start, start + width))
        start += width
    return tuple(found)


def peaks_by_span(peaks: bytes, size: int) -> dict[Span, bytes]:
    """Return the peaks of a tree of ``size`` leaves, each with the leaves below it."""
    spans = perfect_spans(Span(0, size))
    width = len(log.EMPTY_ROOT)
    assert len(peaks) == width * len(spans), "one peak per perfect subtree"
    return {span: peaks[width * number : width * (number + 1)] for number, span in enumerate(spans)}


def span_root(span: Span, *, known: Mapping[Span, bytes], leaves: Leaves) -> bytes:
    """Return the root over ``span``, from roots that are ``known`` where they help and else from the leaves, each asked for once."""
    return log.root(b"".join(_perfect_root(part, known, leaves) for part in perfect_spans(span)))


def root_of_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that ``path`` leads to from ``leaf``, or None when no proof of that index and size has this length.

    RFC 9162 section 2.1.3.2. A proof holds when this is the tree's root.
    """
    if not 0 <= index < size:
        return None
    first, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            node = log.node_hash(sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = log.node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    return node if last == 0 else None


def is_consistent(*, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether ``path`` proves that the new tree begins with the old one: RFC 9162 section 2.1.4.2.

    Equal sizes need equal roots and an empty path; an old size of 0 is never proven.
    """
    if not 1 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_node = new_node = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_node, new_node = log.node_hash(sibling, old_node), log.node_hash(sibling, new_node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new_node = log.node_hash(new_node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root


def _split(count: int) -> int:
    """Return the largest power of two below ``count``, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _perfect_root(span: Span, known: Mapping[Span, bytes], leaves: Leaves) -> bytes:
    if span in known:
        return known[span]
    if any(span.start <= other.start and other.end <= span.end for other in known):
        middle = (span.start + span.end) // 2
        left = _perfect_root(Span(span.start, middle), known, leaves)
        return log.node_hash(left, _perfect_root(Span(middle, span.end), known, leaves))
    peaks, size = log.append_leaves(b"", 0, leaves(span))
    assert size == span.end - span.start, "a span gives each of its leaves once"
    return peaks
