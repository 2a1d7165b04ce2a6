"""What leaves about a period's CBAM certificate price: the own one, the published one, and whether they agree. Shapes only."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.market.cbam_price import OwnPrice, PublishedPrice
from finance.operations.cbam_prices import PeriodPrice


class OwnPriceOut(Schema):
    """The volume-weighted mean of the EUA auctions: EUR per t, ``exact`` before rounding half-up to 0.01."""

    price_eur_per_t: Annotated[str, Field(examples=["75.36"])]
    exact: Annotated[str, Field(examples=["753641/10000"])]
    auctions: int
    volume_t: int
    computed_from: Annotated[str, Field(examples=["2026-Q1"])]

    @classmethod
    def from_core(cls, own: OwnPrice) -> OwnPriceOut:
        """Return the shape of ``own``."""
        return cls(
            price_eur_per_t=f"{own.value:f}",
            exact=fraction_text(own.exact),
            auctions=own.auctions,
            volume_t=own.volume_t,
            computed_from=own.computed_from.label,
        )


class PublishedPriceOut(Schema):
    """The official price: EUR per t (one certificate), where it stands, and whether it marks certificates or waits for a person."""

    price_eur_per_t: Annotated[str, Field(examples=["75.36"])]
    published_on: DateString | None
    source: str
    is_taken_in: bool
    waits_for_review: bool

    @classmethod
    def from_core(cls, published: PublishedPrice, found: PeriodPrice) -> PublishedPriceOut:
        """Return the shape of ``published``."""
        return cls(
            price_eur_per_t=f"{published.value:f}",
            published_on=published.published_on,
            source=published.source,
            is_taken_in=found.is_taken_in,
            waits_for_review=found.waits_for_review,
        )


class CbamPriceOut(Schema):
    """A period ``[start, end)`` with both prices, their difference (published over own, less one) and the verdict."""

    period: Annotated[str, Field(examples=["2026-Q1"])]
    instrument: Annotated[str, Field(examples=["CBAM-2026Q1"])]
    start: DateString
    end: DateString
    own: OwnPriceOut | None
    published: PublishedPriceOut | None
    verdict: Annotated[str, Field(examples=["agreed"])]
    difference: str | None
    max_difference: Annotated[str, Field(examples=["0.005"])]
    explain: ExplanationOut

    @classmethod
    def from_core(cls, found: PeriodPrice) -> CbamPriceOut:
        """Return the shape of a compared period."""
        compared = found.reconciliation
        published = compared.published
        return cls(
            period=compared.period.label,
            instrument=compared.period.instrument,
            start=compared.period.start,
            end=compared.period.end,
            own=None if compared.own is None else OwnPriceOut.from_core(compared.own),
            published=None if published is None else PublishedPriceOut.from_core(published, found),
            verdict=compared.agreement.value,
            difference=None if compared.difference is None else decimal_text(compared.difference, places=6),
            max_difference=decimal_text(found.bound),
            explain=ExplanationOut.from_core(compared.explanation),
        )
