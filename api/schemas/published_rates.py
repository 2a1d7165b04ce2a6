"""What leaves about index rates as published: steps, each with its file. Shapes only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString
from api.schemas.terms import Digest
from finance.conventions.exact_text import decimal_text
from finance.loans.published_rates import RateStep


class PublishedRateOut(Schema):
    """One publication, in force from ``published_on`` through ``valid_through`` (null: the next day of publication is not known)."""

    published_on: DateString
    valid_through: DateString | None
    rate: Annotated[str, Field(examples=["0.03"], description="A fraction of one, a year.")]
    revision: int
    feed: Annotated[str, Field(examples=["lpr"])]
    known_at: InstantString
    raw_sha256: Digest
    explain: ExplanationOut


class PublishedRatesOut(Schema):
    """An index's publications by day; a rate is valid until the next publication."""

    index: Annotated[str, Field(examples=["LPR-1Y"])]
    rates: Array[PublishedRateOut]

    @classmethod
    def from_core(cls, index: str, found: Iterable[RateStep]) -> PublishedRatesOut:
        """Return the shape of an index's steps."""
        return cls(
            index=index,
            rates=tuple(
                PublishedRateOut(
                    published_on=one.published.published_on,
                    valid_through=one.valid_through,
                    rate=decimal_text(one.published.rate),
                    revision=one.published.revision,
                    feed=one.published.feed,
                    known_at=one.published.known_at,
                    raw_sha256=one.published.raw_sha256,
                    explain=ExplanationOut.from_core(one.published.explanation()),
                )
                for one in found
            ),
        )
