"""Serial blocks: the registry's own numbers of the units in a lot, as ranges that never overlap.

A block is a prefix as the registry writes it and an inclusive range of numbers. Owns cutting and joining; which lot a block
lies in is told by the lots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ledger.core.errors import Refusal

_PREFIX = re.compile(r"[!-~]{0,80}", re.ASCII)
_MAX_NUMBER = 10**18
MAX_BLOCKS = 200


class SerialBlock(NamedTuple):
    """Units ``first`` to ``last``, inclusive, under ``prefix``: ("CEA-2025-", 101, 150) is 50 units."""

    prefix: str
    first: int
    last: int

    @property
    def size(self) -> int:
        """Return how many units the block has."""
        return self.last - self.first + 1

    def overlaps(self, other: SerialBlock) -> bool:
        """Return whether a unit lies in both."""
        return self.prefix == other.prefix and self.first <= other.last and other.first <= self.last


def malformed_blocks(blocks: Sequence[SerialBlock], quantity: int) -> Refusal | None:
    """Return what is wrong with the blocks given for ``quantity`` units, or None."""
    if len(blocks) > MAX_BLOCKS:
        return Refusal("ledger.serial_blocks", f"a leg names at most {MAX_BLOCKS} serial blocks")
    for block in blocks:
        if not _PREFIX.fullmatch(block.prefix) or not 0 <= block.first <= block.last < _MAX_NUMBER:
            return Refusal(
                "ledger.serial_block",
                "a serial block is a prefix of at most 80 printable ASCII characters and two numbers, the first not above the last",
            )
    if sum(block.size for block in blocks) != quantity:
        return Refusal("ledger.serial_count", "serial blocks have as many units as the leg")
    in_order = sorted(blocks)
    if any(one.overlaps(other) for one, other in pairwise(in_order)):
        return Refusal("ledger.serial_twice", "the serial blocks of a leg do not overlap")
    return None


def take_lowest(blocks: Iterable[SerialBlock], quantity: int) -> tuple[SerialBlock, ...]:
    """Return the lowest units, at most ``quantity`` of them, in order of prefix and number."""
    taken: list[SerialBlock] = []
    for block in sorted(blocks):
        if quantity == 0:
            break
        part = min(quantity, block.size)
        taken.append(SerialBlock(block.prefix, block.first, block.first + part - 1))
        quantity -= part
    return tuple(taken)


def without(blocks: Iterable[SerialBlock], gone: Iterable[SerialBlock]) -> tuple[SerialBlock, ...] | None:
    """Return what is left of ``blocks`` when ``gone`` leave, or None where a unit of ``gone`` is not there."""
    left = sorted(blocks)
    for leaving in gone:
        place = next(
            (
                i
                for i, b in enumerate(left)
                if b.prefix == leaving.prefix and b.first <= leaving.first and leaving.last <= b.last
            ),
            None,
        )
        if place is None:
            return None
        block = left.pop(place)
        if block.first < leaving.first:
            left.append(SerialBlock(block.prefix, block.first, leaving.first - 1))
        if leaving.last < block.last:
            left.append(SerialBlock(block.prefix, leaving.last + 1, block.last))
    return tuple(sorted(left))


def together(blocks: Iterable[SerialBlock]) -> tuple[SerialBlock, ...]:
    """Return the same units with neighbouring ranges joined, in order."""
    joined: list[SerialBlock] = []
    for block in sorted(blocks):
        if joined and joined[-1].prefix == block.prefix and joined[-1].last + 1 == block.first:
            joined[-1] = SerialBlock(block.prefix, joined[-1].first, block.last)
        else:
            joined.append(block)
    return tuple(joined)


def common(blocks: Iterable[SerialBlock], wanted: Iterable[SerialBlock]) -> tuple[SerialBlock, ...]:
    """Return the units that lie in both."""
    asked = tuple(wanted)
    return tuple(
        SerialBlock(block.prefix, max(block.first, each.first), min(block.last, each.last))
        for block in blocks
        for each in asked
        if block.overlaps(each)
    )
