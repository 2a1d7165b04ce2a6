"""What enters and leaves about activity: monthly figures as recorded, by the form they fill.

Every figure is a decimal string whose field name ends in its unit. Computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString
from finance.emissions.sources import PowerSource
from finance.store.activity import RecordedMonth

_YEAR = re.compile(r"(?:199[0-9]|20[0-9]{2}|21[0-9]{2})", re.ASCII)
_MONTH = re.compile(r"(?:199[0-9]|20[0-9]{2}|21[0-9]{2})-(?:0[1-9]|1[0-2])", re.ASCII)


def _year(value: object) -> int:
    if not isinstance(value, str) or not _YEAR.fullmatch(value):
        raise PydanticCustomError("year.format", "a calendar year as YYYY, from 1990 to 2199")
    return int(value)


def is_month(text: str) -> bool:
    """Return whether ``text`` is a calendar month from 1990-01 to 2199-12 as YYYY-MM."""
    return _MONTH.fullmatch(text) is not None


def _month(value: object) -> str:
    if not isinstance(value, str) or not is_month(value):
        raise PydanticCustomError("month.format", "a month as YYYY-MM, such as 2025-06")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise PydanticCustomError("flag.format", "true or false")
    return value == "true"


YearText = Annotated[
    int,
    PlainValidator(_year),
    WithJsonSchema({"type": "integer", "minimum": 1990, "maximum": 2199, "examples": [2025]}),
]
"""A calendar year in a query: four ASCII digits, 1990 to 2199."""

MonthText = Annotated[
    str, PlainValidator(_month), WithJsonSchema({"type": "string", "format": "month", "examples": ["2025-06"]})
]
"""A calendar month in a query."""

FlagText = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean", "examples": [True]})]
"""A flag in a query: ``true`` or ``false``, nothing else."""

_Figure = Annotated[str, Field(description="An exact decimal string.", examples=["42318.60"])]
_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]


class ActivityMonthOut(Schema):
    """One site's month: its newest revision known at the asked instant."""

    month: Annotated[str, Field(examples=["2025-01"])]
    site: Annotated[str, Field(examples=["Beihe smelter"])]
    production_t: _Figure
    captive_coal_kwh: _Figure
    grid_kwh: _Figure
    own_nonfossil_direct_kwh: _Figure
    market_nonfossil_contract_kwh: _Figure
    grid_certificate_kwh: Annotated[str, Field(description="Grid power with certificates.", examples=["0"])]
    template: Annotated[str, Field(examples=["aluminium-electrolysis"])]
    measured: Annotated[
        Mapping[str, str | None],
        Field(description="The template's other figures; null is not measured.", examples=[{"net_anode_t": "17316.8"}]),
    ]
    data_status: Annotated[str, Field(description="claimed, or verified by the named report.", examples=["claimed"])]
    verification: Annotated[str | None, Field(examples=["核查报告 2025-017"])]
    revision: Annotated[int, Field(description="From 1; a changed figure is the next one.", examples=[1])]
    origin: Annotated[str, Field(examples=["activity.csv row 2"])]
    raw_sha256: _Digest
    recorded_at: InstantString

    @classmethod
    def from_core(cls, recorded: RecordedMonth) -> ActivityMonthOut:
        """Return the shape of ``recorded``."""
        activity = recorded.activity
        return cls(
            month=activity.month,
            site=activity.site,
            production_t=f"{activity.production_t:f}",
            captive_coal_kwh=f"{activity.ac_kwh[PowerSource.CAPTIVE_COAL]:f}",
            grid_kwh=f"{activity.ac_kwh[PowerSource.GRID]:f}",
            own_nonfossil_direct_kwh=f"{activity.ac_kwh[PowerSource.OWN_NONFOSSIL_DIRECT]:f}",
            market_nonfossil_contract_kwh=f"{activity.ac_kwh[PowerSource.MARKET_NONFOSSIL_CONTRACT]:f}",
            grid_certificate_kwh=f"{activity.ac_kwh[PowerSource.GRID_CERTIFICATE]:f}",
            template=activity.template.template_id,
            measured={key: None if figure is None else f"{figure:f}" for key, figure in activity.measured.items()},
            data_status=activity.data_status.value,
            verification=activity.verification,
            revision=recorded.revision,
            origin=activity.origin,
            raw_sha256=recorded.raw_sha256,
            recorded_at=recorded.recorded_at,
        )


class ActivityOut(Schema):
    """The organisation's activity, by month and site."""

    months: Array[ActivityMonthOut]


class ActivityUploadOut(Schema):
    """What became of an uploaded file: how many months it holds and how many of them said something new."""

    file_name: Annotated[str, Field(examples=["activity.xlsx"])]
    raw_sha256: _Digest
    months: Annotated[int, Field(examples=[24])]
    recorded: Annotated[int, Field(description="0 when everything stood already.", examples=[24])]
