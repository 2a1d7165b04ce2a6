"""Two methodologies on the same activity, side by side: two results and the difference of every component.

Owns the pairing and the sums. Knows no formula: both results come from ``intensity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.emissions import parts
from finance.emissions.intensity import YearEmissions
from ledger.core.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentDifference:
    """One component under both methodologies, exact tCO2e; None where a methodology does not count it.

    ``difference_t`` is second minus first, with an uncounted component as zero.
    """

    name: str
    label_en: str
    label_zh: str
    first_t: Fraction | None
    second_t: Fraction | None

    @property
    def difference_t(self) -> Fraction:
        """Second minus first, tCO2e."""
        return (self.second_t or Fraction(0)) - (self.first_t or Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The same activity by two methodologies; the components' differences sum to the results' difference exactly."""

    first: YearEmissions
    second: YearEmissions
    components: tuple[ComponentDifference, ...]

    @property
    def emissions_difference_t(self) -> Fraction:
        """Second minus first, tCO2e."""
        return self.second.emissions_t - self.first.emissions_t

    def intensity_difference_tco2e_per_t(self) -> Fraction:
        """Return second minus first in tCO2e per tonne; zero production raises ``emissions.no_production``."""
        return self.second.intensity_tco2e_per_t() - self.first.intensity_tco2e_per_t()

    def explain(self) -> Explanation:
        """Return why the two differ: one branch per component, each from what the two methodologies made of it."""
        return Explanation(
            label_en=f"{_named(self.second)} less {_named(self.first)}, {self.first.year}",
            label_zh=f"{self.first.year}年 {_named(self.second)} 减 {_named(self.first)}",
            value=parts.shown(self.emissions_difference_t),
            unit="tCO2e",
            formula="sum of the components' differences",
            children=tuple(self._branch(component) for component in self.components),
        )

    def _branch(self, component: ComponentDifference) -> Explanation:
        return Explanation(
            label_en=component.label_en,
            label_zh=component.label_zh,
            value=parts.shown(component.difference_t),
            unit="tCO2e",
            formula="second - first",
            children=(
                _side(component, self.second, component.second_t),
                _side(component, self.first, component.first_t),
            ),
        )


def compare(first: YearEmissions, second: YearEmissions) -> Comparison:
    """Return both results with the difference of every component, in the first's order, then the second's own.

    Both years are made from the same activity months (``comparison.activity``). The two may yield different measures:
    then the difference says what the boundary makes, not that one is right.
    """
    if _activity(first) != _activity(second):
        raise Invalid("comparison.activity", "expected both methodologies on the same months, sites and figures")
    names = tuple(dict.fromkeys((*first.component_names, *second.component_names)))
    found = tuple(_component(name, first, second) for name in names)
    compared = Comparison(first=first, second=second, components=found)
    total = sum((component.difference_t for component in found), Fraction(0))
    assert total == compared.emissions_difference_t, "every component of both results is in the comparison"
    return compared


def check_comparable(first_template: str, second_template: str) -> None:
    """Raise ``comparison.template`` when two methodologies are for different kinds of activity."""
    if first_template != second_template:
        raise Conflict(
            "comparison.template",
            f"methodologies: expected both for one activity template, found {first_template} and {second_template}",
        )


def _activity(year: YearEmissions) -> tuple[tuple[str, str, str, Fraction, Fraction], ...]:
    return tuple((each.month, each.site, each.origin, each.production_t, each.ac_kwh) for each in year.months)


def _component(name: str, first: YearEmissions, second: YearEmissions) -> ComponentDifference:
    labels = [
        (part.explanation.label_en, part.explanation.label_zh)
        for year in (first, second)
        for part in year.months[0].parts
        if part.name == name and part.is_counted
    ] or [(name, name)]
    return ComponentDifference(
        name=name,
        label_en=labels[0][0],
        label_zh=labels[0][1],
        first_t=_counted_t(name, first),
        second_t=_counted_t(name, second),
    )


def _counted_t(name: str, year: YearEmissions) -> Fraction | None:
    is_counted = any(part.is_counted for part in year.months[0].parts if part.name == name)
    return year.part_t(name) if is_counted else None


def _side(component: ComponentDifference, year: YearEmissions, counted_t: Fraction | None) -> Explanation:
    return Explanation(
        label_en=f"{component.label_en} by {_named(year)}{'' if counted_t is not None else ' (not counted)'}",
        label_zh=f"{component.label_zh} · {_named(year)}{'' if counted_t is not None else ' (不计入)'}",
        value=parts.shown(counted_t or Fraction(0)),
        unit="tCO2e",
        source=f"methodology {_named(year)}, factor set sha256 {year.factor_set_hash}",
    )


def _named(year: YearEmissions) -> str:
    return f"{year.methodology_id} version {year.methodology_version}"
