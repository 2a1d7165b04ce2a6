"""Emissions and intensity of months and years.

Owns the sums: parts to a month, months to a year, and emissions over production. Knows no factor and no formula of a
single term. All figures are exact; nothing is rounded but the digits an explanation shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.emissions import parts
from finance.emissions.activity import ActivityMonth, DataStatus
from finance.emissions.methodologies import INTENSITY_NAMES, BoundMethodology, Measure, Scope
from finance.emissions.parts import EmissionPart, FigureLabel, Quantities
from finance.emissions.sources import PowerSource
from finance.emissions.templates import Evidence
from ledger.core.errors import Conflict, Invalid, NotFound

MONTHS_PER_YEAR = 12


# Power that was generated without fossil fuel and reached the plant by its own line or contract; a certificate alone does
# not change what was generated, whatever a methodology counts it for.
_NONFOSSIL = frozenset({Evidence.DIRECT_LINE, Evidence.MARKET_CONTRACT})


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUse:
    """The AC electricity of one source in kWh, what stands behind it, and what the methodology counts it for.

    ``counted_as`` is the formula: ``energy_factor``, ``zero`` or ``outside``.
    """

    source: PowerSource
    evidence: Evidence
    ac_kwh: Fraction
    counted_as: str
    emissions_t: Fraction


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
    power: tuple[PowerUse, ...]
    parts: tuple[EmissionPart, ...]
    data_status: DataStatus
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
    """A calendar year's emissions over the sites given: sums over months, and intensity as sum over sum.

    A year may be partial: ``missing_months`` names what it lacks, and ``complete`` refuses to pass it on as whole.
    """

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
    def missing_months(self) -> tuple[str, ...]:
        """The gaps, each as ``site YYYY-MM``, by site and month; empty exactly when the year is complete."""
        present = {(month.site, month.month) for month in self.months}
        calendar = [f"{self.year}-{number:02d}" for number in range(1, MONTHS_PER_YEAR + 1)]
        return tuple(f"{site} {month}" for site in self.sites for month in calendar if (site, month) not in present)

    def complete(self) -> YearEmissions:
        """Return the year if every site has all twelve months, else raise ``emissions.year_incomplete`` with the gaps."""
        missing = self.missing_months
        if missing:
            raise Conflict(
                "emissions.year_incomplete",
                f"activity: expected every month of {self.year}; missing: {', '.join(missing[:MONTHS_PER_YEAR])}; "
                "load them first",
                missing=str(len(missing)),
            )
        return self

    @property
    def data_status(self) -> DataStatus:
        """Verified only when every month is; one claimed month makes the year a claim."""
        statuses = {month.data_status for month in self.months}
        return DataStatus.VERIFIED if statuses == {DataStatus.VERIFIED} else DataStatus.CLAIMED

    @property
    def component_names(self) -> tuple[str, ...]:
        """The methodology's components in its order."""
        return tuple(part.name for part in self.months[0].parts)

    def power(self) -> tuple[PowerUse, ...]:
        """Return the year's electricity by source, with its evidence and what it counted for; kWh sum to ``ac_kwh``.

        Months of one template have one evidence per source, so nothing is averaged away.
        """
        return tuple(_power_of_year(self.months, source) for source in PowerSource)

    @property
    def production_t(self) -> Fraction:
        """The product of the year in tonnes."""
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

    def part_t(self, name: str) -> Fraction:
        """Return one component's exact sum over the months, zero for a name it has not; all sum to ``emissions_t``."""
        return sum(
            (part.emissions_t for month in self.months for part in month.parts if part.name == name), Fraction(0)
        )

    def scope_t(self, scope: Scope) -> Fraction:
        """Return the exact sum of one scope's components; direct, indirect and upstream sum to ``emissions_t``."""
        return sum(
            (part.emissions_t for month in self.months for part in month.parts if part.scope is scope), Fraction(0)
        )

    def intensity_tco2e_per_t(self) -> Fraction:
        """Return sum of emissions over sum of production, never a mean of monthly intensities.

        (100 t + 300 t) over (50 t + 200 t) is 1.6. Zero production raises ``emissions.no_production``.
        """
        return _intensity(self.emissions_t, self.production_t, str(self.year))

    def explain(self) -> Explanation:
        """Return why the year's intensity is what it is: emissions by month and production."""
        return Explanation(
            label_en=f"{INTENSITY_NAMES[self.measure][0]} of {self.year}",
            label_zh=f"{self.year}年{INTENSITY_NAMES[self.measure][1]}",
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
                    label_en="product of the year",
                    label_zh="年度产品产量",
                    value=parts.shown(self.production_t),
                    unit="t",
                    formula="sum of the months",
                    children=tuple(_production_leaf(month) for month in self.months),
                ),
            ),
        )


def month_emissions(activity: ActivityMonth, bound: BoundMethodology) -> MonthEmissions:
    """Return the month's emissions by the bound methodology, exact, in tCO2e.

    Figures of another template than the methodology's raise ``emissions.other_template``.
    """
    methodology = bound.methodology
    if activity.template.template_id != methodology.template_id:
        raise Invalid(
            "emissions.other_template",
            f"{activity.month} {activity.site}: expected figures of {methodology.template_id}, "
            f"which {methodology.methodology_id} is for",
            template=activity.template.template_id,
        )
    quantities = Quantities(
        figures={key: Fraction(figure) for key, figure in activity.figures().items()},
        labels={
            each.field: FigureLabel(label_en=each.label_en, label_zh=each.label_zh, unit=each.unit)
            for each in activity.template.fields
        },
        origin=activity.origin,
    )
    found = parts.emission_parts(bound, quantities)
    power = _power_of_month(activity, found)
    return MonthEmissions(
        month=activity.month,
        site=activity.site,
        measure=methodology.measure,
        methodology_id=methodology.methodology_id,
        methodology_version=methodology.version,
        factor_set_hash=bound.factor_set_hash,
        production_t=Fraction(activity.production_t),
        ac_kwh=sum((use.ac_kwh for use in power), Fraction(0)),
        zero_emission_kwh=sum((use.ac_kwh for use in power if use.evidence in _NONFOSSIL), Fraction(0)),
        power=power,
        parts=found,
        data_status=activity.data_status,
        origin=activity.origin,
    )


def year_emissions(activity: tuple[ActivityMonth, ...], bound: BoundMethodology, *, year: int) -> YearEmissions:
    """Return the year's emissions over every site that has a month in it by the methodology's template.

    Months of other templates are other products and stay out. No month raises ``emissions.no_activity``.
    """
    template_id = bound.methodology.template_id
    months = tuple(
        month_emissions(month, bound)
        for month in activity
        if month.year == year and month.template.template_id == template_id
    )
    if not months:
        raise NotFound(
            "emissions.no_activity",
            f"year: no activity month of {template_id} lies in {year}; load it first",
            year=str(year),
        )
    ordered = tuple(sorted(months, key=lambda month: (month.month, month.site)))
    return YearEmissions(year=year, sites=tuple(sorted({month.site for month in months})), months=ordered)


def years_of(activity: tuple[ActivityMonth, ...]) -> tuple[int, ...]:
    """Return the calendar years that have at least one month, ascending."""
    return tuple(sorted({month.year for month in activity}))


def _power_of_month(activity: ActivityMonth, found: tuple[EmissionPart, ...]) -> tuple[PowerUse, ...]:
    by_name = {part.name: part for part in found}
    return tuple(
        PowerUse(
            source=source,
            evidence=activity.template.evidence_of(source),
            ac_kwh=Fraction(activity.ac_kwh[source]),
            counted_as=by_name[source].rule.value,
            emissions_t=by_name[source].emissions_t,
        )
        for source in PowerSource
    )


def _power_of_year(months: tuple[MonthEmissions, ...], source: PowerSource) -> PowerUse:
    uses = [use for month in months for use in month.power if use.source is source]
    return PowerUse(
        source=source,
        evidence=uses[0].evidence,
        ac_kwh=sum((use.ac_kwh for use in uses), Fraction(0)),
        counted_as=uses[0].counted_as,
        emissions_t=sum((use.emissions_t for use in uses), Fraction(0)),
    )


def _intensity(emissions_t: Fraction, production_t: Fraction, what: str) -> Fraction:
    if production_t == 0:
        raise Conflict("emissions.no_production", f"{what}: an intensity needs production above zero", what=what[:120])
    return emissions_t / production_t


def _production_leaf(month: MonthEmissions) -> Explanation:
    return Explanation(
        label_en=f"product of {month.site} in {month.month}",
        label_zh=f"{month.site} {month.month} 产品产量",
        value=parts.shown(month.production_t),
        unit="t",
        source=month.origin,
    )
