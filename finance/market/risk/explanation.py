"""Why a risk figure is what it is: the tree from value at risk down to tonnes, marks, the session's returns and the rows.

Owns the tree of a tail and its parts. Computes nothing but what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.market.risk.methods import Method, RiskMethod
from finance.market.risk.value_at_risk import RiskShare, TailRisk
from ledger.core.amounts import RoundingMode, format_exact

RISK_FIGURE = RoundingMode.HALF_UP
"""A risk figure is exact (or an estimate of whole units) and rounded half-up once to the fen where a person reads it."""

_CNY_PLACES = 2
_RETURN_PLACES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPart:
    """One instrument's part: tonnes, price, and the returns of its factors in the value-at-risk scenario, each with its source."""

    share: RiskShare
    quantity_t: int
    quantity_source: str
    price: Fraction
    price_source: str
    returns: tuple[tuple[str, Fraction, str], ...]


def figure_cny(value: Fraction | int, *, places: int, scale: Fraction) -> str:
    """Return units of 10^-places CNY times ``scale`` as CNY with two decimals: 1234567 at four places is 123.46."""
    return format_exact(Fraction(value) * scale / 10**places, _CNY_PLACES, RISK_FIGURE)


def explain_tail(
    tail: TailRisk,
    parts: Sequence[ExplainedPart],
    *,
    method: RiskMethod,
    scenario_name: str,
    scale: Fraction,
    places: int,
    rows: Sequence[Explanation],
) -> Explanation:
    """Return the tree of value at risk: the parts in the deciding scenario, which sum to it, and the rows it rests on."""
    simulated = method.method is Method.MONTE_CARLO
    order = f"{tail.rank} of {tail.count} in ascending order, scenario {scenario_name}"
    one = Explanation(
        label_en="Loss in the value-at-risk scenario" + (" (estimate)" if simulated else ""),
        label_zh="风险价值情景损失" + ("（估计值）" if simulated else ""),
        value=figure_cny(tail.value_at_risk, places=places, scale=Fraction(1)),
        unit="CNY",
        formula=f"sum of -tonnes x (P' - P); loss {order}",
        children=tuple(_part(part, places=places) for part in parts),
    )
    factor = Explanation(
        label_en="Horizon factor",
        label_zh="持有期系数",
        value=decimal_text(scale),
        unit="1",
        source=f"horizon of {method.horizon} sessions, {method.horizon_rule.value}",
    )
    english, chinese = method.text()
    return Explanation(
        label_en=f"Value at risk at {decimal_text(tail.confidence * 100)} %: {english}",
        label_zh=f"{decimal_text(tail.confidence * 100)} % 风险价值：{chinese}",
        value=figure_cny(tail.value_at_risk, places=places, scale=scale),
        unit="CNY",
        formula="scenario loss x horizon factor, rounded half-up once to the fen",
        children=(one, factor, *rows),
    )


def _part(part: ExplainedPart, *, places: int) -> Explanation:
    quantity = Explanation(
        label_en=f"Quantity of {part.share.name}",
        label_zh=f"{part.share.name} 数量",
        value=str(part.quantity_t),
        unit="t",
        source=part.quantity_source,
    )
    price = Explanation(
        label_en=f"Price of {part.share.name}",
        label_zh=f"{part.share.name} 价格",
        value=decimal_text(part.price),
        unit="CNY/t",
        source=part.price_source,
    )
    moves = tuple(
        Explanation(
            label_en=f"Return of {name}",
            label_zh=f"{name} 收益率",
            value=decimal_text(value, places=_RETURN_PLACES),
            unit="1",
            source=source,
        )
        for name, value, source in part.returns
    )
    return Explanation(
        label_en=f"Loss of {part.share.name}",
        label_zh=f"{part.share.name} 损失",
        value=figure_cny(part.share.component, places=places, scale=Fraction(1)),
        unit="CNY",
        formula="-tonnes x (P x (1 + return) - P)",
        children=(quantity, price, *moves),
    )
