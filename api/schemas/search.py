"""What leaves about a search: hits in groups by kind, each with the path of the API that answers it whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, PageCursor, UuidString


class SearchKind(StrEnum):
    """What can be searched for, in the order in which it is shown."""

    INSTRUMENT = "instrument"
    ACCOUNT = "account"
    ORDER = "order"
    TRADE = "trade"
    COUNTERPARTY = "counterparty"
    ENTRY = "entry"
    LOT = "lot"
    VOUCHER = "voucher"
    FACILITY = "facility"
    KPI_PERIOD = "kpi_period"
    ENGAGEMENT = "engagement"
    DETERMINATION = "determination"
    PERSON = "person"


class SearchHitOut(Schema):
    """One record that was found; ``key`` is its id, number, code or path, as its route takes it."""

    key: Annotated[str, Field(examples=["CEA24"])]
    title: Annotated[str, Field(examples=["CEA24"])]
    detail: Annotated[str, Field(description="A few words that tell it from others.", examples=["allowance"])]
    on: Annotated[DateString | None, Field(description="Its day, where it has one.")]
    book_id: UuidString | None
    api_path: Annotated[str, Field(examples=["/v1/books/01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a/entries/7"])]


class SearchGroupOut(Schema):
    """The hits of one kind; with ``next_cursor`` there are more: ask again with ``kind`` and ``after``."""

    kind: Annotated[str, Field(examples=["entry"])]
    label_en: str
    label_zh: str
    hits: Array[SearchHitOut]
    next_cursor: PageCursor | None


class SearchOut(Schema):
    """What was found, kinds without a hit left out."""

    q: str
    groups: Array[SearchGroupOut]
