"""How a risk figure was made, in words: the method, its rules and its choices, in English and Chinese.

Owns the choices that a person makes and the sentences that declare them. Computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.market.risk.returns import LimitDayRule, NoTradeRule, ReturnRules
from finance.market.risk.scenarios import HorizonRule
from ledger.core.errors import Invalid


class Method(StrEnum):
    """How scenarios are made."""

    HISTORICAL = "historical"
    FILTERED = "filtered"
    MONTE_CARLO = "monte_carlo"


def check_confidence(confidence: Fraction) -> None:
    """Refuse a confidence below one half, at or above one, or of more than six decimals: no loss is known that finely."""
    if not Fraction(1, 2) <= confidence < 1 or (confidence * 10**6).denominator != 1:
        raise Invalid("risk.confidence", "confidence: expected 0.5 up to below 1, at most six decimals, such as 0.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskMethod:
    """Everything that decides a figure beside positions and prices.

    ``seed`` and ``paths`` are there exactly for Monte Carlo, which scales its volatility with the root of the horizon.
    """

    method: Method
    confidence: Fraction
    window: int
    horizon: int
    horizon_rule: HorizonRule
    rules: ReturnRules
    seed: int | None
    paths: int | None

    def __post_init__(self) -> None:
        """Refuse choices that do not go together."""
        check_confidence(self.confidence)
        if self.horizon < 1 or self.window < 1:
            raise Invalid("risk.horizon", "horizon, window: expected one or more")
        is_simulated = self.method is Method.MONTE_CARLO
        if is_simulated != (self.seed is not None) or is_simulated != (self.paths is not None):
            raise Invalid(
                "risk.seed_parts", "seed, paths: expected both with monte_carlo and neither with another method"
            )
        if is_simulated and self.horizon_rule is not HorizonRule.SQRT_TIME:
            raise Invalid("risk.horizon_rule", "horizon_rule: expected sqrt_time with monte_carlo")

    def text(self) -> tuple[str, str]:
        """Return the declaration in English and in Chinese."""
        parts = (self._scenarios(), self._quantile(), self._horizon(), self._days())
        return "; ".join(english for english, _ in parts) + ".", "；".join(chinese for _, chinese in parts) + "。"

    def _scenarios(self) -> tuple[str, str]:
        if self.method is Method.HISTORICAL:
            return (
                f"historical simulation: the last {self.window} returns on common sessions applied to today's prices",
                f"历史模拟法：将最近 {self.window} 个共同交易日收益率作用于当日价格",
            )
        if self.method is Method.FILTERED:
            return (
                f"filtered historical simulation: the last {self.window} returns, each scaled by EWMA volatility now over then",
                f"过滤历史模拟法：最近 {self.window} 个收益率按当前与当时波动率之比缩放（指数加权）",
            )
        english = (
            f"Monte Carlo: {self.paths} correlated log-normal paths, seed {self.seed}, generator PCG64, mean zero, "
            f"volatilities and correlations of the last {self.window} returns; an estimate"
        )
        chinese = (
            f"蒙特卡洛模拟：{self.paths} 条相关对数正态路径，种子 {self.seed}，PCG64 生成器，均值为零，"
            f"波动率与相关系数取最近 {self.window} 个收益率；为估计值"
        )
        return english, chinese

    def _quantile(self) -> tuple[str, str]:
        shown = decimal_text(self.confidence * 100)
        return (
            f"value at risk: the ceil(a n)-th smallest loss, a = {shown} %; expected shortfall: the mean from it on",
            f"风险价值为第 ceil(a n) 小损失（a = {shown} %），预期损失为该损失及更大损失的均值",
        )

    def _horizon(self) -> tuple[str, str]:
        if self.horizon == 1:
            return "one session", "持有期一个交易日"
        if self.method is Method.MONTE_CARLO:
            return (
                f"{self.horizon} sessions, volatility times the root of their number",
                f"持有期 {self.horizon} 个交易日，波动率乘以其平方根",
            )
        if self.horizon_rule is HorizonRule.SQRT_TIME:
            return (
                f"{self.horizon} sessions: the one-session figure times the root of their number",
                f"持有期 {self.horizon} 个交易日：单日结果乘以其平方根",
            )
        return (
            f"{self.horizon} sessions: returns compounded over overlapping runs of {self.horizon} consecutive ones",
            f"持有期 {self.horizon} 个交易日：按连续 {self.horizon} 个收益率的重叠区间复利计算",
        )

    def _days(self) -> tuple[str, str]:
        dropped = self.rules.no_trade is NoTradeRule.DROP
        kept = self.rules.limit_days is LimitDayRule.KEEP
        english = (
            "sessions without a trade are no zero returns: "
            + ("dropped, the move to the next trade counts once" if dropped else "the move is spread evenly over them")
            + "; price-limit sessions are "
            + ("kept and flagged" if kept else "merged with the sessions after them")
        )
        chinese = (
            "无成交日不计为零收益："
            + ("剔除，至下一成交日的变动计一次" if dropped else "变动在其间均匀摊开")
            + "；涨跌停日"
            + ("保留并标记" if kept else "与其后交易日合并")
        )
        return english, chinese
