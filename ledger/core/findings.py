"""What a check found wrong, and how two orders of rows are compared without holding either.

Pure values. Knows no SQL, and never which side of a difference is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

_LONGEST = 200
_DIGEST_BYTES = 32

Key = TypeVar("Key", int, tuple[int, int], tuple[int, str], tuple[str, int])
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of thing that is wrong: where it is first, what was expected and found there, and how often in all.

    ``at`` names the place in ``table``: ``seq 17``, ``account 3 on 2026-01-05``, ``seq 1 to 4096`` where the tree tells no nearer.
    """

    code: str
    table: str
    at: str
    expected: str
    found: str
    count: int = 1


class Findings:
    """The first finding of each code and table, in the order they came up, with its count."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, code: str, table: str, at: str, *, expected: object, found: object, count: int = 1) -> None:
        """Keep the first of its code and table, count the rest; long values are cut."""
        key = (code, table)
        known = self._found.get(key)
        if known is not None:
            self._found[key] = replace(known, count=known.count + count)
            return
        said, seen = str(expected)[:_LONGEST], str(found)[:_LONGEST]
        self._found[key] = Finding(code=code, table=table, at=at, expected=said, found=seen, count=count)

    def join(self, others: Iterable[Finding]) -> None:
        """Add what was found elsewhere, after one's own."""
        for each in others:
            self.add(each.code, each.table, each.at, expected=each.expected, found=each.found, count=each.count)

    def __iter__(self) -> Iterator[Finding]:
        """Yield the findings."""
        return iter(self._found.values())

    def __len__(self) -> int:
        """Return how many kinds there are."""
        return len(self._found)


def differences(
    rebuilt: Iterable[tuple[Key, Value]], stored: Iterable[tuple[Key, Value]]
) -> Iterator[tuple[Key, Value | None, Value | None]]:
    """Yield (key, rebuilt, stored) wherever two sequences, each in rising order of its keys, do not say the same.

    ``[(1, 5)]`` against ``[(1, 6), (2, 7)]`` gives (1, 5, 6) and (2, None, 7). Nothing but the two heads is kept.
    """
    mine, its = iter(rebuilt), iter(stored)
    left, right = next(mine, None), next(its, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None, "one side is left"
            yield left[0], left[1], None
            left = next(mine, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(its, None)
        else:
            if left[1] != right[1]:
                yield left[0], left[1], right[1]
            left, right = next(mine, None), next(its, None)


_REFUSAL_KINDS = frozenset(("Invalid", "NotFound", "Conflict", "Forbidden"))
_REFUSAL_MEMBERS = {"kind", "code", "message", "data"}


def refusal_problem(*, request_hash: bytes, error_code: str, error: str) -> str | None:
    """Return what is wrong with a frozen refusal's row, or None: its error is sorted JSON of kind, code, message and data of texts."""
    said = members(error)
    if said is None or set(said) != _REFUSAL_MEMBERS:
        return "an error without kind, code, message and data"
    data = said["data"]
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in (*data.values(), said["message"])):
        return "a message or data that are not texts"
    if str(said["kind"]) not in _REFUSAL_KINDS or said["code"] != error_code:
        return f"the code {error_code} beside a {said['kind']} that says {said['code']}"
    if json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) != error:
        return "an error that is not sorted, compact JSON"
    return None if len(request_hash) == _DIGEST_BYTES else f"a request hash of {len(request_hash)} bytes"


def members(text: str) -> dict[str, object] | None:
    """Return the members of a JSON object, or None for a text that is none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
