"""Why a forecast says what it says: a tree from the expected intensity to the periods' figures and their sources.

Owns the words. Computes nothing that ``forecast`` has not computed.
"""

from __future__ import annotations

from collections.abc import Mapping

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.kpi.forecast import Forecast, ForecastPeriod

_UNIT = "tCO2e/t"
_PLACES = 6


def explain_forecast(
    found: Forecast, *, sources: Mapping[str, str], target_source: str, table_source: str
) -> Explanation:
    """Return the tree; ``sources`` names where each period's figures stand, plans and norms included."""
    children = [
        _leaf("target, at most", "目标上限", decimal_text(found.target, places=_PLACES), _UNIT, target_source),
        Explanation(
            label_en="emissions of the periods that are over",
            label_zh="已过期间排放量",
            value=decimal_text(found.observed_emissions_t, places=_PLACES),
            unit="tCO2e",
            formula="sum of the periods",
            children=tuple(_past(each, sources) for each in found.periods if each.emissions_t is not None),
        ),
        Explanation(
            label_en="this year over the plant's own norm",
            label_zh="本年相对自身基准之比",
            value=decimal_text(found.norm_ratio, places=_PLACES),
            unit="1",
            formula="sum of emissions / sum of production x norm, over the periods that are over",
            children=tuple(_norm(each, sources) for each in found.periods),
        ),
    ]
    if found.low is not None and found.high is not None:
        children.append(
            _leaf(
                f"interval at {decimal_text(found.confidence)}",
                f"{decimal_text(found.confidence)} 置信区间",
                f"{decimal_text(found.low, places=_PLACES)} to {decimal_text(found.high, places=_PLACES)}",
                _UNIT,
                table_source,
            )
        )
    return Explanation(
        label_en="forecast of the year's intensity",
        label_zh="全年强度预测",
        value=decimal_text(found.intensity, places=_PLACES),
        unit=_UNIT,
        formula="(emissions so far + ratio x norm x planned production) / production of the year",
        source="ratio estimator: Brewer 1963; Royall 1970; Cochran 1977 section 6.7",
        children=tuple(children),
    )


def _past(each: ForecastPeriod, sources: Mapping[str, str]) -> Explanation:
    assert each.emissions_t is not None, "a period that is over has emissions"
    value = decimal_text(each.emissions_t, places=_PLACES)
    return _leaf(f"emissions of {each.period}", f"{each.period} 排放量", value, "tCO2e", sources[each.period])


def _norm(each: ForecastPeriod, sources: Mapping[str, str]) -> Explanation:
    expected = decimal_text(each.expected_t, places=_PLACES)
    is_plan = each.emissions_t is None
    return _leaf(
        f"{each.period}: {'planned production' if is_plan else 'production'} x norm",
        f"{each.period} {'计划产量' if is_plan else '产量'}×基准",  # noqa: RUF001 - the sign of multiplication
        expected,
        "tCO2e",
        sources[each.period],
    )


def _leaf(label_en: str, label_zh: str, value: str, unit: str, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
