"""What leaves about emissions: a year by a methodology, two methodologies side by side, and the figures of a report form.

Every figure is a decimal string whose field name ends in its unit; those that do not end are half-up at twelve decimals.
Computes nothing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from finance.conventions.exact_text import decimal_text
from finance.emissions.comparison import Comparison, ComponentDifference
from finance.emissions.intensity import MonthEmissions, PowerUse, YearEmissions
from finance.emissions.methodologies import Measure, Methodology
from finance.emissions.reports import ReportLine

_Figure = Annotated[str, Field(description="An exact decimal string.", examples=["42318.60"])]
_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]
_MethodologyId = Annotated[str, Field(examples=["article-2024-draft"])]
_Version = Annotated[str, Field(examples=["1"])]


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
        """Return the shape of ``month``."""
        return cls(
            month=month.month,
            site=month.site,
            production_t=decimal_text(month.production_t),
            ac_kwh=decimal_text(month.ac_kwh),
            zero_emission_kwh=decimal_text(month.zero_emission_kwh),
            emissions_tco2e=decimal_text(month.emissions_t),
            intensity_tco2e_per_t=_ratio(month.emissions_t, month.production_t),
        )


class PowerUseOut(Schema):
    """One source of electricity: what stands behind it and what the methodology counts it for."""

    source: Annotated[str, Field(examples=["market_nonfossil_contract"])]
    evidence: Annotated[str, Field(examples=["market_contract"])]
    counted_as: Annotated[str, Field(description="energy_factor, zero or outside.", examples=["zero"])]
    ac_kwh: _Figure
    emissions_tco2e: _Figure

    @classmethod
    def from_core(cls, use: PowerUse) -> PowerUseOut:
        """Return the shape of ``use``."""
        return cls(
            source=use.source.value,
            evidence=use.evidence.value,
            counted_as=use.counted_as,
            ac_kwh=decimal_text(use.ac_kwh),
            emissions_tco2e=decimal_text(use.emissions_t),
        )


class ComponentOut(Schema):
    """One component of a year's emissions; the components sum to the emissions exactly."""

    component: Annotated[str, Field(examples=["anode"])]
    label_en: Annotated[str, Field(examples=["anode consumption"])]
    label_zh: Annotated[str, Field(examples=["阳极消耗"])]
    scope: Annotated[str, Field(description="direct, indirect or upstream.", examples=["direct"])]
    is_counted: Annotated[bool, Field(description="False when it lies outside the boundary.")]
    emissions_tco2e: _Figure


class EmissionsOut(Schema):
    """A year's emissions by one methodology and factor set, with its months and why the intensity is what it is."""

    year: int
    measure: Annotated[Measure, Field(examples=[Measure.OPERATIONAL_INCL_POWER])]
    methodology_id: _MethodologyId
    methodology_version: _Version
    factor_set_version: Annotated[str, Field(examples=["3f2a90c1d4e8"])]
    factor_set_sha256: _Digest
    data_status: Annotated[str, Field(description="verified only when every month is.", examples=["claimed"])]
    is_complete: Annotated[bool, Field(description="Whether every site has all twelve months.")]
    missing_months: Annotated[Array[str], Field(description="The gaps.", examples=[["Beihe smelter 2025-07"]])]
    sites: Array[str]
    components: Array[ComponentOut]
    power: Array[PowerUseOut]
    months: Array[MonthEmissionsOut]
    production_t: _Figure
    ac_kwh: _Figure
    zero_emission_kwh: _Figure
    emissions_tco2e: _Figure
    intensity_tco2e_per_t: Annotated[_Figure | None, Field(description="Null without production.")]
    explain: Annotated[ExplanationOut | None, Field(description="Null where the intensity is.")]

    @classmethod
    def from_core(cls, emissions: YearEmissions, factor_set_version: str) -> EmissionsOut:
        """Return the shape of ``emissions``."""
        return cls(
            year=emissions.year,
            measure=emissions.measure,
            methodology_id=emissions.methodology_id,
            methodology_version=emissions.methodology_version,
            factor_set_version=factor_set_version,
            factor_set_sha256=emissions.factor_set_hash,
            data_status=emissions.data_status.value,
            is_complete=emissions.is_complete,
            missing_months=emissions.missing_months,
            sites=emissions.sites,
            components=_components(emissions),
            power=tuple(PowerUseOut.from_core(use) for use in emissions.power()),
            months=tuple(MonthEmissionsOut.from_core(month) for month in emissions.months),
            production_t=decimal_text(emissions.production_t),
            ac_kwh=decimal_text(emissions.ac_kwh),
            zero_emission_kwh=decimal_text(emissions.zero_emission_kwh),
            emissions_tco2e=decimal_text(emissions.emissions_t),
            intensity_tco2e_per_t=_ratio(emissions.emissions_t, emissions.production_t),
            explain=ExplanationOut.from_core(emissions.explain()) if emissions.production_t else None,
        )


class ComparedOut(Schema):
    """One side of a comparison."""

    methodology_id: _MethodologyId
    methodology_version: _Version
    measure: Annotated[Measure, Field(examples=[Measure.ETS_DIRECT])]
    factor_set_sha256: _Digest
    emissions_tco2e: _Figure
    intensity_tco2e_per_t: _Figure | None

    @classmethod
    def from_core(cls, year: YearEmissions) -> ComparedOut:
        """Return the shape of one result."""
        return cls(
            methodology_id=year.methodology_id,
            methodology_version=year.methodology_version,
            measure=year.measure,
            factor_set_sha256=year.factor_set_hash,
            emissions_tco2e=decimal_text(year.emissions_t),
            intensity_tco2e_per_t=_ratio(year.emissions_t, year.production_t),
        )


class DifferenceOut(Schema):
    """One component under both; null where a methodology does not count it."""

    component: Annotated[str, Field(examples=["grid"])]
    label_en: Annotated[str, Field(examples=["grid power"])]
    label_zh: Annotated[str, Field(examples=["网购电力"])]
    first_tco2e: _Figure | None
    second_tco2e: _Figure | None
    difference_tco2e: Annotated[str, Field(description="Second minus first.", examples=["-120.5"])]

    @classmethod
    def from_core(cls, component: ComponentDifference) -> DifferenceOut:
        """Return the shape of ``component``."""
        return cls(
            component=component.name,
            label_en=component.label_en,
            label_zh=component.label_zh,
            first_tco2e=None if component.first_t is None else decimal_text(component.first_t),
            second_tco2e=None if component.second_t is None else decimal_text(component.second_t),
            difference_tco2e=decimal_text(component.difference_t),
        )


class ComparisonOut(Schema):
    """One year of activity by two methodologies; the components' differences sum to the results' difference exactly."""

    year: int
    first: ComparedOut
    second: ComparedOut
    components: Array[DifferenceOut]
    difference_tco2e: Annotated[str, Field(description="Second minus first.", examples=["-120.5"])]
    difference_tco2e_per_t: Annotated[str | None, Field(description="Null without production.", examples=["-0.01"])]
    explain: ExplanationOut

    @classmethod
    def from_core(cls, compared: Comparison) -> ComparisonOut:
        """Return the shape of ``compared``."""
        return cls(
            year=compared.first.year,
            first=ComparedOut.from_core(compared.first),
            second=ComparedOut.from_core(compared.second),
            components=tuple(DifferenceOut.from_core(each) for each in compared.components),
            difference_tco2e=decimal_text(compared.emissions_difference_t),
            difference_tco2e_per_t=_ratio(compared.emissions_difference_t, compared.first.production_t),
            explain=ExplanationOut.from_core(compared.explain()),
        )


class ReportLineOut(Schema):
    """One figure as the report form prints it; month and site are empty for the year."""

    month: Annotated[str, Field(examples=["2025-01"])]
    site: Annotated[str, Field(examples=["Beihe smelter"])]
    figure: Annotated[str, Field(examples=["cf4_kg_per_t"])]
    printed: Annotated[str, Field(examples=["0.036"])]
    decimals: Annotated[str, Field(description="By the form's rounding row.", examples=["3"])]
    source: Annotated[str, Field(examples=["CETS-AG-04.01-V01-2024 report tables [secondary]"])]


class ReportOut(Schema):
    """A year's report form."""

    year: int
    methodology_id: _MethodologyId
    methodology_version: _Version
    lines: Array[ReportLineOut]

    @classmethod
    def from_core(cls, year: YearEmissions, lines: tuple[ReportLine, ...]) -> ReportOut:
        """Return the shape of ``lines``."""
        return cls(
            year=year.year,
            methodology_id=year.methodology_id,
            methodology_version=year.methodology_version,
            lines=tuple(
                ReportLineOut(
                    month=line.month,
                    site=line.site,
                    figure=line.figure,
                    printed=line.printed,
                    decimals=line.rounding.value,
                    source=f"{line.rounding.source} [{line.rounding.status}]",
                )
                for line in lines
            ),
        )


class MethodologyOut(Schema):
    """One version of a methodology: what it measures of which form, and its boundary."""

    methodology_id: _MethodologyId
    version: _Version
    measure: Annotated[Measure, Field(examples=[Measure.CBAM_EMBEDDED])]
    template: Annotated[str, Field(examples=["aluminium-electrolysis"])]
    boundary_en: Annotated[str, Field(examples=["electrolysis process; direct emissions only"])]
    boundary_zh: Annotated[str, Field(examples=["电解工序，仅直接排放"])]

    @classmethod
    def from_core(cls, methodology: Methodology) -> MethodologyOut:
        """Return the shape of ``methodology``."""
        return cls(
            methodology_id=methodology.methodology_id,
            version=methodology.version,
            measure=methodology.measure,
            template=methodology.template_id,
            boundary_en=methodology.boundary_en,
            boundary_zh=methodology.boundary_zh,
        )


class MethodologiesOut(Schema):
    """Every methodology on file."""

    methodologies: Array[MethodologyOut]


def _components(emissions: YearEmissions) -> tuple[ComponentOut, ...]:
    return tuple(
        ComponentOut(
            component=part.name,
            label_en=part.explanation.label_en,
            label_zh=part.explanation.label_zh,
            scope=part.scope.value,
            is_counted=part.is_counted,
            emissions_tco2e=decimal_text(emissions.part_t(part.name)),
        )
        for part in emissions.months[0].parts
    )


def _ratio(emissions_t: Fraction, production_t: Fraction) -> str | None:
    return decimal_text(emissions_t / production_t) if production_t else None
