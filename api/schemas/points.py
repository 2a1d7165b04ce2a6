"""How a reader asks for a point in a book's two times, and how each answer names it so that it reproduces.

Owns ``as_of`` (close of a business day) and the record point (``known``, a seq, or ``at``, an instant). Reads no balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypedDict

from fastapi import Depends, Query
from pydantic import Field
from sqlalchemy.orm import Session

from api.schemas.amounts import WholeNumber
from api.schemas.base import Schema
from api.schemas.fields import DateString, InstantString
from ledger.core.errors import Invalid
from ledger.store import reports


class PointFields(TypedDict):
    """The fields of a point, to be carried into an answer."""

    as_of: date
    known: int
    tree_root: str
    recorded_at: datetime | None


class PointOut(Schema):
    """The point that a report is of: sending ``as_of`` and ``known`` again gives the same report for ever."""

    as_of: DateString
    known: Annotated[int, Field(description="The first this many entries of the book are in the report.")]
    tree_root: Annotated[str, Field(description="Root of the book's tree at known, 64 hexadecimal digits.")]
    recorded_at: Annotated[
        InstantString | None, Field(description="When entry number known was recorded; null before the first.")
    ]

    def carried(self) -> PointFields:
        """Return this point's fields, for the answer that is of it."""
        return PointFields(as_of=self.as_of, known=self.known, tree_root=self.tree_root, recorded_at=self.recorded_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The day and the record point that a request names."""

    as_of: date
    known: int | None
    at: datetime | None

    def resolve(self, session: Session, book_id: int) -> PointOut:
        """Return the point in the book; beyond its last entry is ``ledger.record_point``."""
        point = reports.record_point(session, book_id, known=self.known, at=self.at)
        last = reports.entry_at(session, book_id, point.seq) if point.seq else None
        return PointOut(
            as_of=self.as_of,
            known=point.seq,
            tree_root=point.root.hex(),
            recorded_at=None if last is None else last.recorded_at,
        )


def asked_point(
    as_of: Annotated[DateString, Query(description="Close of this business day, inclusive.")],
    known: Annotated[WholeNumber | None, Query(description="Record point: a seq. Newest when absent.")] = None,
    at: Annotated[InstantString | None, Query(description="Record point: what was recorded by this instant.")] = None,
) -> Asked:
    """Return what the query asks for; ``known`` and ``at`` together are ``query.exclusive``."""
    if known is not None and at is not None:
        raise Invalid("query.exclusive", "known: expected either known or at, not both; leave one out", field="known")
    return Asked(as_of=as_of, known=known, at=at)


AskedPoint = Annotated[Asked, Depends(asked_point)]
"""The parameter type by which a handler takes ``as_of`` and ``known`` or ``at`` from the query."""
