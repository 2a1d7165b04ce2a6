"""The reference files as they ship: every set with its version and rows as texts, for a person to read with their sources.

The only other place that opens ``finance/reference/*.csv``. Gives the texts no meaning; the cores read the same files for theirs.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import StringIO

from finance.store.reference import shipped_version
from ledger.core.errors import NotFound

_PACKAGE = "finance.reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """One set: its id (the file's name), its version (digits of its content's hash), its columns, rows and the notes above them."""

    set_id: str
    version: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many rows have which status; empty where the set has no such column."""
        if "status" not in self.columns:
            return {}
        at = self.columns.index("status")
        found: dict[str, int] = {}
        for row in self.rows:
            found[row[at]] = found.get(row[at], 0) + 1
        return dict(sorted(found.items()))


@cache
def reference_files() -> tuple[ReferenceFile, ...]:
    """Return every set that ships, by id."""
    names = sorted(each.name for each in resources.files(_PACKAGE).iterdir() if each.name.endswith(".csv"))
    return tuple(_read(name.removesuffix(".csv")) for name in names)


def reference_file(set_id: str) -> ReferenceFile:
    """Return the set of that id; an unknown one is ``reference.not_found`` with the known ones."""
    found = next((each for each in reference_files() if each.set_id == set_id), None)
    if found is None:
        known = ", ".join(each.set_id for each in reference_files())
        raise NotFound("reference.not_found", f"set_id: no set of that name; known: {known}", field="set_id")
    return found


def _read(set_id: str) -> ReferenceFile:
    text = resources.files(_PACKAGE).joinpath(f"{set_id}.csv").read_text(encoding="utf-8")
    said = [line for line in text.splitlines() if line.startswith("#")]
    lines = [tuple(row) for row in csv.reader(StringIO(text)) if row and not row[0].startswith("#")]
    return ReferenceFile(
        set_id=set_id,
        version=shipped_version(set_id),
        columns=lines[0],
        rows=tuple(lines[1:]),
        notes=tuple(line.lstrip("# ") for line in said),
    )
