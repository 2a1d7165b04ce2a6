"""What enters and leaves about activity and emissions: monthly figures as recorded, and what a methodology makes of them.

Every figure is a decimal string whose field name ends in its unit. Computes nothing.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import InstantString
from finance.conventions.exact_text import decimal_text
from finance.emissions.intensity import MonthEmissions, YearEmissions
from finance.emissions.methodologies import TermName
from finance.store.activity import RecordedMonth

_YEAR = re.compile(r"(?:199[0-9]|20[0-9]{2}|21[0-9]{2})", re.ASCII)


def _year(value: object) -> int:
    if not isinstance(value, str) or not _YEAR.fullmatch(value):
        raise PydanticCustomError("year.format", "a calendar year as YYYY, from 1990 to 2199")
    return int(value)


YearText = Annotated[
    int,
    PlainValidator(_year),
    WithJsonSchema({"type": "integer", "minimum": 1990, "maximum": 2199, "examples": [2025]}),
]
"""A calendar year in a query: four ASCII digits, 1990 to 2199."""

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
    anode_effect_min_per_cell_day: _Figure | None
    net_anode_t: _Figure | None
    revision: Annotated[int, Field(description="From 1; a changed figure is the next one.", examples=[1])]
    origin: Annotated[str, Field(examples=["activity.csv row 2"])]
    raw_sha256: _Digest
    recorded_at: InstantString

    @classmethod
    def from_core(cls, recorded: RecordedMonth) -> ActivityMonthOut:
        """Return the shape of ``recorded``."""
        activity = recorded.activity
        minutes, net_anode = activity.anode_effect_min_per_cell_day, activity.net_anode_t
        return cls(
            month=activity.month,
            site=activity.site,
            production_t=f"{activity.production_t:f}",
            captive_coal_kwh=f"{activity.ac_kwh[TermName.CAPTIVE_COAL]:f}",
            grid_kwh=f"{activity.ac_kwh[TermName.GRID]:f}",
            own_nonfossil_direct_kwh=f"{activity.ac_kwh[TermName.OWN_NONFOSSIL_DIRECT]:f}",
            market_nonfossil_contract_kwh=f"{activity.ac_kwh[TermName.MARKET_NONFOSSIL_CONTRACT]:f}",
            anode_effect_min_per_cell_day=None if minutes is None else f"{minutes:f}",
            net_anode_t=None if net_anode is None else f"{net_anode:f}",
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


class MonthEmissionsOut(Schema):
    """One site's month: emissions, production and their ratio (null without production)."""

    month: Annotated[str, Field(examples=["2025-01"])]
    site: Annotated[str, Field(examples=["Beihe smelter"])]
    production_t: _Figure
    ac_kwh: _Figure
    zero_emission_kwh: _Figure
    emissions_tco2e: _Figure
    intensity_tco2e_per_t: _Figure | None

    @classmethod
    def from_core(cls, month: MonthEmissions) -> MonthEmissionsOut:
        """Return the shape of ``month``; figures that do not end are half-up at twelve decimals."""
        return cls(
            month=month.month,
            site=month.site,
            production_t=decimal_text(month.production_t),
            ac_kwh=decimal_text(month.ac_kwh),
            zero_emission_kwh=decimal_text(month.zero_emission_kwh),
            emissions_tco2e=decimal_text(month.emissions_t),
            intensity_tco2e_per_t=_ratio(month.emissions_t, month.production_t),
        )


class EmissionsOut(Schema):
    """A year's emissions by one methodology and factor set, with its months and why the intensity is what it is."""

    year: int
    measure: Annotated[str, Field(examples=["operational_incl_power"])]
    methodology_id: Annotated[str, Field(examples=["article-2024-draft"])]
    methodology_version: Annotated[str, Field(examples=["1"])]
    factor_set_version: Annotated[str, Field(examples=["3f2a90c1d4e8"])]
    factor_set_sha256: _Digest
    is_complete: Annotated[bool, Field(description="Whether every site has all twelve months.")]
    sites: Array[str]
    months: Array[MonthEmissionsOut]
    production_t: _Figure
    ac_kwh: _Figure
    zero_emission_kwh: _Figure
    emissions_tco2e: _Figure
    intensity_tco2e_per_t: Annotated[_Figure | None, Field(description="Null without production.")]
    explain: Annotated[ExplanationOut | None, Field(description="Null where the intensity is.")]

    @classmethod
    def from_core(cls, emissions: YearEmissions, factor_set_version: str) -> EmissionsOut:
        """Return the shape of ``emissions``; figures that do not end are half-up at twelve decimals."""
        return cls(
            year=emissions.year,
            measure=emissions.measure.value,
            methodology_id=emissions.methodology_id,
            methodology_version=emissions.methodology_version,
            factor_set_version=factor_set_version,
            factor_set_sha256=emissions.factor_set_hash,
            is_complete=emissions.is_complete,
            sites=emissions.sites,
            months=tuple(MonthEmissionsOut.from_core(month) for month in emissions.months),
            production_t=decimal_text(emissions.production_t),
            ac_kwh=decimal_text(emissions.ac_kwh),
            zero_emission_kwh=decimal_text(emissions.zero_emission_kwh),
            emissions_tco2e=decimal_text(emissions.emissions_t),
            intensity_tco2e_per_t=_ratio(emissions.emissions_t, emissions.production_t),
            explain=ExplanationOut.from_core(emissions.explain()) if emissions.production_t else None,
        )


def _ratio(emissions_t: Fraction, production_t: Fraction) -> str | None:
    return decimal_text(emissions_t / production_t) if production_t else None
