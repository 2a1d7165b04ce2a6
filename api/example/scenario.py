"""The example's facts, read from its folder: who takes part, what was agreed, and when each thing is recorded.

Owns the shape of ``scenario.json`` and the ids that follow from it, so that a second run meets the first one's records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ledger.core.errors import Invalid
from ledger.core.parties import Actor

FOLDER = Path(__file__).parents[2] / "examples" / "smelter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The example as its folder says it; ``facts`` is the parsed ``scenario.json``."""

    folder: Path
    facts: Mapping[str, Any]

    def id_of(self, *words: str) -> UUID:
        """Return the id of the thing that ``words`` name: the same in every run."""
        return uuid5(UUID(self.facts["namespace"]), "/".join(words))

    def organisation_id(self, role: str) -> UUID:
        """Return the id of the borrower, lender or assessor."""
        return self.id_of("organisation", role)

    def actor(self, role: str, person: str | None = None) -> Actor:
        """Return a person that acts for an organisation: the first one named in the example, or ``person``."""
        person = person or next(iter(self.facts["organisations"][role]["people"]))
        return Actor(user_id=self.id_of("user", role, person), organisation_id=self.organisation_id(role))

    @property
    def test_year(self) -> int:
        """Return the calendar year that the loan's test period lies in."""
        return date.fromisoformat(self.facts["target"]["period_start"]).year

    def instant(self, name: str) -> datetime:
        """Return when something is recorded, in the example's own time."""
        return datetime.fromisoformat(self.facts["recorded_at"][name])

    def file(self, name: str) -> bytes:
        """Return the bytes of one of the example's files."""
        return (self.folder / name).read_bytes()


def load_scenario(folder: Path = FOLDER, *, number: int = 1) -> Scenario:
    """Return the example; it stands in the checkout, not in an installed package (``example.missing``).

    ``number`` counts its lives: what was removed stays removed, so the second life has organisations, books and ids of its own, its
    organisations' names ending in 2. Its people are the same persons.
    """
    path = folder / "scenario.json"
    if not path.exists():
        raise Invalid("example.missing", f"{path}: not found; run this in a checkout of the project")
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Scenario(folder=folder, facts=facts if number == 1 else _renewed(facts, number))


def _renewed(facts: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    organisations = {
        role: {**each, "legal_name": f"{each['legal_name']} {number}"} for role, each in facts["organisations"].items()
    }
    namespace = uuid5(UUID(facts["namespace"]), f"life {number}")
    return {**facts, "namespace": str(namespace), "organisations": organisations}
