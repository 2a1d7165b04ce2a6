"""What may become of a commit on its way, and a repeatable choice of which commits it becomes of."""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum


class Loss(StrEnum):
    """What becomes of a commit."""

    NONE = "none"
    REPLY = "reply"  # the database has committed, nobody hears of it
    REQUEST = "request"  # the database never heard of it


class Losses:
    """Loses one commit in five, of these one in four before the database has heard of it."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.told: Counter[Loss] = Counter()

    def __call__(self) -> Loss:
        loss = Loss.NONE
        if self._rng.randrange(5) == 0:
            loss = Loss.REQUEST if self._rng.randrange(4) == 0 else Loss.REPLY
        self.told[loss] += 1
        return loss
