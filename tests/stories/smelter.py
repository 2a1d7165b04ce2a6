"""The example smelter in a database, and its document as a person would leaf through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from api.deps import uuid7
from api.example.document import example_document
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from ledger.store.database import Database, open_database
from tests.api.client import Clock, Randomness

Part = dict[str, Any]


@dataclass(frozen=True)
class Smelter:
    """A database with the example in it, and what ``tonne demo --json`` says of it."""

    database: Database
    scenario: Scenario
    document: Part = field(repr=False)

    def account(self, path: str) -> Decimal:
        """Return an account's balance in CNY or tonnes; an empty one is not listed and gives zero."""
        held = {each["account"]: each["balance"]["value"] for each in self.document["positions"]["accounts"]}
        return Decimal(held.get(path, "0"))

    def year(self, methodology: str, year: int) -> Part:
        """Return a year's emissions by a methodology."""
        (found,) = [
            each
            for each in self.document["emissions"]["years"]
            if each["year"] == str(year) and each["methodology"].startswith(f"{methodology} ")
        ]
        return dict(found)

    def realised(self, method: str, instrument: str) -> Part:
        """Return what an instrument's disposals earned under a cost method."""
        (found,) = [
            each
            for each in self.document["positions"]["realised_by_method"]
            if (each["method"], each["instrument"]) == (method, instrument)
        ]
        return dict(found)

    def lots(self, instrument: str) -> list[Part]:
        """Return an instrument's open lots with their worth, the oldest first."""
        return [lot for lot in self.document["valuation"]["lots"] if lot["instrument"] == instrument]

    def mark(self, instrument: str) -> Part:
        """Return an instrument's mark in the frozen snapshot."""
        (found,) = [mark for mark in self.document["valuation"]["marks"] if mark["instrument"] == instrument]
        return dict(found)


def decimal(figure: Part, unit: str) -> Decimal:
    """Return a figure of the document as an exact number, which must carry the unit expected."""
    assert figure["unit"] == unit, figure
    return Decimal(figure["value"])


def edge_of(database: Database) -> Edge:
    """Return an edge whose ids and random bytes are the same in every run."""
    clock, randomness = Clock(), Randomness()
    return Edge(database=database, new_id=lambda: uuid7(clock(), randomness), random_bytes=randomness)


def read_document(database: Database, scenario: Scenario) -> Part:
    """Return the document as it is after a trip through JSON."""
    with database.reader() as session:
        read: Part = json.loads(json.dumps(example_document(session, scenario)))
    return read


def loaded_smelter(database: Database) -> Smelter:
    """Return the example, loaded into an empty database."""
    scenario = load_scenario()
    load_example(edge_of(database), scenario)
    return Smelter(database=database, scenario=scenario, document=read_document(database, scenario))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Give an open database and let go of its connections afterwards."""
    database = open_database(url)
    yield database
    database.engine.dispose()
