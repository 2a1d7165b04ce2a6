"""The shipped reference rows, read the plain way."""

from __future__ import annotations

import csv
from pathlib import Path

_REFERENCE = Path(__file__).parents[2] / "finance" / "reference"


def reference_rows(name: str) -> list[dict[str, str]]:
    with (_REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
