"""Where the time of a measured piece of work goes: shares of its wall time, measured in a pass of its own in the same run.

``Shares`` puts timers around the named functions of the product while it is entered and takes them off again. Time inside a timed
function that another timed function takes is the other's alone. What no timer saw is the rest. Timers cost some of what they
measure, so a pass with them is never one whose speed is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Self

from sqlalchemy.orm import Session

from ledger import checking, operations
from ledger.core import checks, log
from ledger.core.journal import JournalDraft
from ledger.store import check_cursors, journal

Place = tuple[Any, str]
Stages = Mapping[str, Sequence[Place]]

POSTING: Stages = {
    "reading what the batch touches": [
        (journal, "lock_book"),
        (journal, "load_answers"),
        (journal, "load_lapsed"),
        (journal, "load_state"),
    ],
    "hashing requests": [(JournalDraft, "content_hash")],
    "deciding (fold)": [(operations, "fold")],
    "spelling and hashing leaves, tree": [
        (log, "canonical_entry"),
        (log, "leaf_hash"),
        (log, "append_leaves"),
        (log, "root"),
    ],
    "making rows and the database taking them": [(journal, "write"), (journal, "advance")],
    "commit": [(Session, "commit")],
}
CHECK: Stages = {
    "waiting for rows of facts": [(check_cursors.Stream, "next_chunk")],
    "spelling facts again, hashing leaves": [(checks.PieceCheck, "examine")],
    "tree": [(log, "append_leaves")],
    "sums against projections": [(checking, "_check_projections")],
    "rules that the database counts": [(checking, "_check_rule")],
}


class Shares:
    """Wall time by stage while it is entered, over all threads."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._taken: dict[str, float] = dict.fromkeys(stages, 0.0)
        self._guard = threading.Lock()
        self._local = threading.local()
        self._originals: list[tuple[Any, str, Any]] = []
        self._elapsed = 0.0

    def __enter__(self) -> Self:
        for stage, places in self._stages.items():
            for owner, name in places:
                original = vars(owner)[name]
                self._originals.append((owner, name, original))
                setattr(owner, name, self._timed(stage, original))
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._elapsed = time.perf_counter() - self._began
        for owner, name, original in reversed(self._originals):
            setattr(owner, name, original)

    def told(self, *, rest: str = "the rest") -> str:
        """Return ``commit 41 %, deciding (fold) 20 %, ...``, the largest first, what is under 3 % left out."""
        shares = {stage: taken / self._elapsed for stage, taken in self._taken.items()}
        shares[rest] = 1 - sum(shares.values())
        ordered = sorted(shares.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{stage} {share:.0%}".replace("%", " %") for stage, share in ordered if share >= 0.03)

    def _timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            above = getattr(self._local, "inner", 0.0)
            self._local.inner = 0.0
            began = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                spent = time.perf_counter() - began
                with self._guard:
                    self._taken[stage] += spent - self._local.inner
                self._local.inner = above + spent

        return timed


def judged(row: dict[str, Any], *, goal: str, is_met: bool, dominates: str) -> dict[str, Any]:
    """Return the row with the figure asked, whether it is met, and where this run's time went."""
    return {**row, "goal": goal, "is_met": is_met, "dominates": dominates}
