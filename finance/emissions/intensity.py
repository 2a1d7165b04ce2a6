"""Emissions and intensity of months and years.

Owns the sums: parts to a month, months to a year, and emissions over production. Knows no factor and no formula of a
single term. All figures are exact; nothing is rounded but the digits an explanation shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.emissions import parts
from finance.emissions.activity import ActivityMonth
from finance.emissions.methodologies import POWER_TERMS, BoundMethodology, Measure, TermName
from finance.emissions.parts import EmissionPart, Quantities
from ledger.core.errors import Conflict, Invalid, NotFound

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEmissions:
    """One site's emissions in one month, tCO2e, by part; the parts sum to ``emissions_t`` exactly."""

    month: str
    site: str
    measure: Measure
    methodology_id: str
    methodology_version: str
    factor_set_hash: str
    production_t: Fraction
    ac_kwh: Fraction
    zero_emission_kwh: Fraction
    parts: tuple[EmissionPart, ...]
    origin: str

    @property
    def emissions_t(self) -> Fraction:
        """The exact sum of the parts."""
        return sum((part.emissions_t for part in self.parts), Fraction(0))

    def intensity_tco2e_per_t(self) -> Fraction:
        """Return E / P exactly; zero production raises ``emissions.no_production``."""
        return _intensity(self.emissions_t, self.production_t, f"{self.site} {self.month}")

    def explain(self) -> Explanation:
        """Return why the month's emissions are what they are, down to activity rows and factor rows."""
        return Explanation(
            label_en=f"emissions of {self.site} in {self.month}",
            label_zh=f"{self.site} {self.month} 排放量",
            value=parts.shown(self.emissions_t),
            unit="tCO2e",
            formula="sum of the parts",
            source=f"methodology {self.methodology_id} version {self.methodology_version}",
            children=tuple(part.explanation for part in self.parts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEmissions:
    """A calendar year's emissions over the sites given: sums over months, and intensity as sum over sum."""

    year: int
    sites: tuple[str, ...]
    months: tuple[MonthEmissions, ...]

    def __post_init__(self) -> None:
        """A year mixes no methodologies and no factor sets, and holds each month of a site once."""
        assert self.months, "a year is built from at least one month"
        recipes = {(month.methodology_id, month.methodology_version, month.factor_set_hash) for month in self.months}
        if len(recipes) > 1:
            raise Invalid("emissions.mixed_methodologies", f"{self.year}: expected one methodology and factor set")
        if len({(month.month, month.site) for month in self.months}) != len(self.months):
            raise Invalid("emissions.repeated_month", f"{self.year}: expected each month of a site once")

    @property
    def measure(self) -> Measure:
        """Which intensity this is."""
        return self.months[0].measure

    @property
    def methodology_id(self) -> str:
        """The methodology's id."""
        return self.months[0].methodology_id

    @property
    def methodology_version(self) -> str:
        """The methodology's version."""
        return self.months[0].methodology_version

    @property
    def factor_set_hash(self) -> str:
        """The content hash of the factor set used."""
        return self.months[0].factor_set_hash

    @property
    def is_complete(self) -> bool:
        """Whether every site has all twelve months; a KPI of a calendar year needs a complete one."""
        return len(self.months) == MONTHS_PER_YEAR * len(self.sites)

    @property
    def production_t(self) -> Fraction:
        """Liquid aluminium of the year in tonnes."""
        return sum((month.production_t for month in self.months), Fraction(0))

    @property
    def ac_kwh(self) -> Fraction:
        """AC electricity of the year in kWh, all sources."""
        return sum((month.ac_kwh for month in self.months), Fraction(0))

    @property
    def zero_emission_kwh(self) -> Fraction:
        """The part of ``ac_kwh`` from own non-fossil direct lines and contracts with non-fossil generators."""
        return sum((month.zero_emission_kwh for month in self.months), Fraction(0))

    @property
    def emissions_t(self) -> Fraction:
        """The exact sum of the months."""
        return sum((month.emissions_t for month in self.months), Fraction(0))

    def part_t(self, name: TermName) -> Fraction:
        """Return one part's exact sum over the months; the six parts sum to ``emissions_t``."""
        return sum(
            (part.emissions_t for month in self.months for part in month.parts if part.name is name), Fraction(0)
        )

    def intensity_tco2e_per_t(self) -> Fraction:
        """Return sum of emissions over sum of production, never a mean of monthly intensities.

        (100 t + 300 t) over (50 t + 200 t) is 1.6. Zero production raises ``emissions.no_production``.
        """
        return _intensity(self.emissions_t, self.production_t, str(self.year))

    def explain(self) -> Explanation:
        """Return why the year's intensity is what it is: emissions by month and production."""
        return Explanation(
            label_en=f"intensity of {self.year} ({self.measure})",
            label_zh=f"{self.year}年排放强度 ({self.measure})",
            value=parts.shown(self.intensity_tco2e_per_t()),
            unit="tCO2e/t",
            formula="sum of emissions / sum of production",
            source=f"methodology {self.methodology_id} version {self.methodology_version}, "
            f"factor set sha256 {self.factor_set_hash}",
            children=(
                Explanation(
                    label_en="emissions of the year",
                    label_zh="年度排放量",
                    value=parts.shown(self.emissions_t),
                    unit="tCO2e",
                    formula="sum of the months",
                    children=tuple(month.explain() for month in self.months),
                ),
                Explanation(
                    label_en="liquid aluminium of the year",
                    label_zh="年度铝液产量",
                    value=parts.shown(self.production_t),
                    unit="t",
                    formula="sum of the months",
                    children=tuple(_production_leaf(month) for month in self.months),
                ),
            ),
        )


def month_emissions(activity: ActivityMonth, bound: BoundMethodology) -> MonthEmissions:
    """Return the month's emissions by the bound methodology, exact, in tCO2e."""
    ac_kwh = {source: Fraction(activity.ac_kwh[source]) for source in POWER_TERMS}
    quantities = Quantities(
        production_t=Fraction(activity.production_t),
        ac_kwh=ac_kwh,
        anode_effect_min_per_cell_day=_fraction(activity.anode_effect_min_per_cell_day),
        net_anode_t=_fraction(activity.net_anode_t),
        origin=activity.origin,
    )
    return MonthEmissions(
        month=activity.month,
        site=activity.site,
        measure=bound.methodology.measure,
        methodology_id=bound.methodology.methodology_id,
        methodology_version=bound.methodology.version,
        factor_set_hash=bound.factor_set_hash,
        production_t=quantities.production_t,
        ac_kwh=sum(ac_kwh.values(), Fraction(0)),
        zero_emission_kwh=ac_kwh[TermName.OWN_NONFOSSIL_DIRECT] + ac_kwh[TermName.MARKET_NONFOSSIL_CONTRACT],
        parts=parts.emission_parts(bound, quantities),
        origin=activity.origin,
    )


def year_emissions(activity: tuple[ActivityMonth, ...], bound: BoundMethodology, *, year: int) -> YearEmissions:
    """Return the year's emissions over every site that has a month in it; no month raises ``emissions.no_activity``."""
    months = tuple(month_emissions(month, bound) for month in activity if month.year == year)
    if not months:
        raise NotFound(
            "emissions.no_activity", f"year: no activity month lies in {year}; load it first", year=str(year)
        )
    ordered = tuple(sorted(months, key=lambda month: (month.month, month.site)))
    return YearEmissions(year=year, sites=tuple(sorted({month.site for month in months})), months=ordered)


def years_of(activity: tuple[ActivityMonth, ...]) -> tuple[int, ...]:
    """Return the calendar years that have at least one month, ascending."""
    return tuple(sorted({month.year for month in activity}))


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _intensity(emissions_t: Fraction, production_t: Fraction, what: str) -> Fraction:
    if production_t == 0:
        raise Conflict("emissions.no_production", f"{what}: an intensity needs production above zero", what=what[:120])
    return emissions_t / production_t


def _production_leaf(month: MonthEmissions) -> Explanation:
    return Explanation(
        label_en=f"liquid aluminium of {month.site} in {month.month}",
        label_zh=f"{month.site} {month.month} 铝液产量",
        value=parts.shown(month.production_t),
        unit="t",
        source=month.origin,
    )
