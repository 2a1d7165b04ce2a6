from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tonne_verify
from ledger.core import log, proofs
from ledger.core.errors import Invalid
from ledger.core.proofs import Span

LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(300)]
OTHER = hashlib.sha256(b"other").digest()


def tree_head(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash by the recursion of RFC 6962 section 2.1, written from its text."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1, written from its text."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*audit_path(index, leaves[:split]), tree_head(leaves[split:])]
    return [*audit_path(index - split, leaves[split:]), tree_head(leaves[:split])]


def growth_path(old_size: int, leaves: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2, written from its text."""
    if old_size == len(leaves):
        return [] if is_whole else [tree_head(leaves)]
    split = largest_power_below(len(leaves))
    if old_size <= split:
        return [*growth_path(old_size, leaves[:split], is_whole=is_whole), tree_head(leaves[split:])]
    return [*growth_path(old_size - split, leaves[split:], is_whole=False), tree_head(leaves[:split])]


def root_of(span: Span) -> bytes:
    return proofs.span_root(span, known={}, leaves=lambda part: LEAVES[part.start : part.end])


def inclusion(index: int, size: int) -> list[bytes]:
    return [root_of(span) for span in proofs.inclusion_spans(index=index, size=size)]


def consistency(old_size: int, new_size: int) -> list[bytes]:
    return [root_of(span) for span in proofs.consistency_spans(old_size=old_size, new_size=new_size)]


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """What both implementations say; they never differ."""
    ours = proofs.root_of_inclusion(leaf=leaf, index=index, size=size, path=path)
    assert ours == tonne_verify.root_from(leaf, index, size, path)
    return ours == root


def is_grown(old_size: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> bool:
    """What both implementations say; they never differ."""
    ours = proofs.is_consistent(old_size=old_size, old_root=old_root, new_size=size, new_root=root, path=path)
    assert ours == tonne_verify.is_continued(old_size=old_size, old_root=old_root, size=size, root=root, path=path)
    return ours


def broken_paths(path: list[bytes]) -> Iterable[list[bytes]]:
    """Every path that differs by a flipped byte, a dropped, added or doubled node, or two swapped ones."""
    yield [*path, OTHER]
    yield [OTHER, *path]
    for place, node in enumerate(path):
        for byte in range(0, 32, 5):
            yield [*path[:place], node[:byte] + bytes([node[byte] ^ 1]) + node[byte + 1 :], *path[place + 1 :]]
        yield path[:place] + path[place + 1 :]
        yield [*path[:place], node, node, *path[place + 1 :]]
    for place in range(len(path) - 1):
        yield [*path[:place], path[place + 1], path[place], *path[place + 2 :]]


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(min_value=1, max_value=300))
    return draw(st.integers(min_value=0, max_value=size - 1)), size


def test_every_leaf_of_every_small_tree_is_proven_by_the_path_of_the_rfc() -> None:
    for size in range(1, 65):
        root = tree_head(LEAVES[:size])
        for index in range(size):
            path = inclusion(index, size)

            assert path == audit_path(index, LEAVES[:size])
            assert is_included(LEAVES[index], index, size, path, root)


def test_every_pair_of_small_trees_is_proven_by_the_path_of_the_rfc() -> None:
    for size in range(1, 65):
        root = tree_head(LEAVES[:size])
        for old_size in range(1, size + 1):
            path = consistency(old_size, size)

            assert path == growth_path(old_size, LEAVES[:size])
            assert is_grown(old_size, tree_head(LEAVES[:old_size]), size, root, path)


@given(places())
def test_any_leaf_of_trees_up_to_three_hundred_is_proven(place: tuple[int, int]) -> None:
    index, size = place

    path = inclusion(index, size)

    assert path == audit_path(index, LEAVES[:size])
    assert is_included(LEAVES[index], index, size, path, tree_head(LEAVES[:size]))


@given(places())
def test_any_tree_up_to_three_hundred_is_proven_to_grow(place: tuple[int, int]) -> None:
    old_size, size = place[0] + 1, place[1]

    path = consistency(old_size, size)

    assert path == growth_path(old_size, LEAVES[:size])
    assert is_grown(old_size, tree_head(LEAVES[:old_size]), size, tree_head(LEAVES[:size]), path)


@given(places())
def test_no_broken_inclusion_path_is_taken(place: tuple[int, int]) -> None:
    index, size = place
    root = tree_head(LEAVES[:size])

    for path in broken_paths(inclusion(index, size)):
        assert not is_included(LEAVES[index], index, size, path, root)


@given(places())
def test_no_broken_consistency_path_is_taken(place: tuple[int, int]) -> None:
    old_size, size = place[0] + 1, place[1]
    old_root, root = tree_head(LEAVES[:old_size]), tree_head(LEAVES[:size])

    for path in broken_paths(consistency(old_size, size)):
        assert not is_grown(old_size, old_root, size, root, path)


@given(places(), st.integers(min_value=-2, max_value=310))
def test_a_proof_is_of_no_other_place(place: tuple[int, int], other: int) -> None:
    index, size = place
    path, root = inclusion(index, size), tree_head(LEAVES[:size])

    if other != index:
        assert not is_included(LEAVES[index], other, size, path, root)
    assert not is_included(OTHER, index, size, path, root)
    assert not is_included(LEAVES[index], index, size, path, OTHER)


@given(places(), st.integers(min_value=-2, max_value=310))
def test_growth_is_proven_between_no_other_roots_or_from_no_other_size(place: tuple[int, int], other: int) -> None:
    old_size, size = place[0] + 1, place[1]
    path, old_root, root = consistency(old_size, size), tree_head(LEAVES[:old_size]), tree_head(LEAVES[:size])

    assert not is_grown(old_size, OTHER, size, root, path)
    assert not is_grown(old_size, old_root, size, OTHER, path)
    if other != old_size and 0 <= other <= 300:
        assert not is_grown(other, tree_head(LEAVES[:other]), size, root, path) or other == size == old_size


@pytest.mark.parametrize(("old_size", "size"), [(0, 5), (0, 0), (-1, 3), (6, 5)])
def test_no_path_proves_growth_from_nothing_or_backwards(old_size: int, size: int) -> None:
    assert not is_grown(old_size, log.EMPTY_ROOT, size, tree_head(LEAVES[: max(size, 0)]), [])


@given(places(), st.integers(min_value=0, max_value=300))
def test_roots_that_are_known_spare_leaves_and_change_no_proof(place: tuple[int, int], covered: int) -> None:
    index, size = place
    covered = min(covered, size)
    known = proofs.peaks_by_span(log.append_leaves(b"", 0, LEAVES[:covered])[0], covered)
    read: list[int] = []

    def leaves(span: Span) -> list[bytes]:
        read.extend(range(*span))
        return LEAVES[span.start : span.end]

    path = [
        proofs.span_root(span, known=known, leaves=leaves) for span in proofs.inclusion_spans(index=index, size=size)
    ]

    assert path == audit_path(index, LEAVES[:size])
    assert len(read) == len(set(read))
    inside = [span for span in known if index not in range(*span)]
    assert not set(read) & {leaf for span in inside for leaf in range(*span)}


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (4, 3)])
def test_a_leaf_beyond_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        proofs.inclusion_spans(index=index, size=size)

    assert refused.value.code == "log.index"


@pytest.mark.parametrize(("old_size", "new_size"), [(0, 3), (4, 3), (-1, 1)])
def test_growth_of_an_impossible_tree_is_refused(old_size: int, new_size: int) -> None:
    with pytest.raises(Invalid) as refused:
        proofs.consistency_spans(old_size=old_size, new_size=new_size)

    assert refused.value.code == "log.size_order"


def test_a_span_reader_that_leaves_one_out_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="each of its leaves once"):
        proofs.span_root(Span(0, 4), known={}, leaves=lambda part: LEAVES[part.start : part.end - 1])
