"""Which purchase schedule to follow: every strategy replayed on past years and carried forward under named scenarios.

Owns the replay, the scenarios made of past years, and the rule of the advice (smallest largest regret). Nothing here
forecasts a price: a scenario says "as in that year", and the advice says what it would have been worth, never what it
will be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.compliance.purchase_plan import (
    MONTHS_PER_YEAR,
    MonthPrice,
    PlanCost,
    PurchaseTerms,
    Strategy,
    compare,
    ordinal,
    shifted,
)
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid

LABEL_EN = "Past prices and assumed scenarios, not a promise: no strategy is the cheapest in every year."
LABEL_ZH = "依据历史价格与假设情景测算，不构成承诺：没有任何策略在每一年都最便宜。"
RULE = (
    "the strategy that buys everything within the volume limit and whose largest regret over the scenarios is the "
    "smallest; ties go to the lower mean cost, then to the earlier purchase"
)
_FEN_PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Every strategy's exact cost in one past year, its window ending in the same month as the real one."""

    year: int
    path: tuple[MonthPrice, ...]
    costs: Mapping[Strategy, PlanCost]

    @property
    def cheapest(self) -> Strategy:
        """The strategy that cost least among those that bought most, earlier ones first."""
        return min(Strategy, key=lambda each: (self.costs[each].unfilled_t, self.costs[each].total_fen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A price path for the window, from today's price: its name, its months, and where it comes from."""

    name: str
    source: str
    path: tuple[MonthPrice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioCost:
    """Every strategy's cost under one scenario; ``regret_fen`` is how much above the cheapest each one is."""

    scenario: Scenario
    costs: Mapping[Strategy, PlanCost]

    def regret_fen(self, strategy: Strategy) -> int:
        """Return the cost above the scenario's cheapest filled strategy, zero or more for a filled one."""
        filled = [each.total_fen for each in self.costs.values() if each.is_filled]
        best = min(filled, default=min(each.total_fen for each in self.costs.values()))
        return self.costs[strategy].total_fen - best


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRank:
    """A strategy over all scenarios: mean and largest cost, largest regret, in fen; the mean is rounded down to the fen."""

    strategy: Strategy
    mean_fen: int
    worst_fen: int
    regret_fen: int
    is_filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseAdvice:
    """The comparison and the advice.

    ``saved_regret_fen`` is the largest regret of waiting for the last quarter less that of the advised strategy, and
    ``saved_mean_fen`` the same of the mean cost; below zero the advice costs more on average and buys certainty.
    """

    terms: PurchaseTerms
    months: tuple[str, ...]
    replays: tuple[Replay, ...]
    years_left_out: Mapping[int, str]
    scenarios: tuple[ScenarioCost, ...]
    ranks: tuple[StrategyRank, ...]
    advised: Strategy | None
    reason_en: str
    reason_zh: str
    saved_regret_fen: int
    saved_mean_fen: int
    explanation: Explanation


def replays(
    terms: PurchaseTerms, months: Sequence[str], history: Sequence[MonthPrice]
) -> tuple[tuple[Replay, ...], Mapping[int, str]]:
    """Return every past window of the same calendar months that the history covers, and why the other years are left out.

    A year is named by the month of its deadline. Windows that reach into or beyond the real one's first month do not
    count as past.
    """
    by_month = _by_month(history)
    found: list[Replay] = []
    left_out: dict[int, str] = {}
    years_back = 1 + (len(months) - 1) // MONTHS_PER_YEAR
    known_from = min((ordinal(each) for each in by_month), default=0)
    while by_month and ordinal(shifted(months[-1], -MONTHS_PER_YEAR * years_back)) >= known_from:
        path_months = [shifted(each, -MONTHS_PER_YEAR * years_back) for each in months]
        year = int(path_months[-1][:4])
        missing = [each for each in path_months if each not in by_month]
        if missing:
            left_out[year] = f"no price of {', '.join(missing[:MONTHS_PER_YEAR])}"
        else:
            path = tuple(by_month[each] for each in path_months)
            found.append(Replay(year=year, path=path, costs=compare(terms, path)))
        years_back += 1
    return tuple(reversed(found)), left_out


def scenarios_of(
    months: Sequence[str], price_now: MonthPrice, past: Sequence[Replay], changes: Mapping[str, Fraction]
) -> tuple[Scenario, ...]:
    """Return the scenarios: unchanged, as in each past year, and a straight line to each given change by the deadline.

    "As in 2023" multiplies today's price by that year's price of the month over its price of the first month, and takes
    that year's volumes; the other scenarios take the latest past year's volumes, today's without one. ``changes`` maps
    a name to the relative change by the last month (1/10 is +10 %), above -1. At 80 CNY/t, a year that went 50 to 60
    gives 96 CNY/t.
    """
    volumes = [each.volume_t for each in past[-1].path] if past else [price_now.volume_t] * len(months)
    flat = _path(price_now, months, [Fraction(1)] * len(months), volumes)
    found = [Scenario(name="unchanged", source="today's price in every month", path=flat)]
    for replay in past:
        first = replay.path[0].price_cny_per_t
        ratios = [each.price_cny_per_t / first for each in replay.path]
        path = _path(price_now, months, ratios, [each.volume_t for each in replay.path])
        found.append(Scenario(name=f"as_in_{replay.year}", source=f"relative prices of {replay.year}", path=path))
    for name, change in changes.items():
        if change <= -1:
            raise Invalid("purchase.change", f"{name[:40]}: expected a change above -1; -10 % is -0.1", field="changes")
        steps = max(len(months) - 1, 1)
        ratios = [1 + change * step / steps for step in range(len(months))]
        if len(months) == 1:
            ratios = [1 + change]
        path = _path(price_now, months, ratios, volumes)
        found.append(Scenario(name=name, source="as given: a straight line from today's price", path=path))
    return tuple(found)


def advise(
    terms: PurchaseTerms,
    months: Sequence[str],
    *,
    price_now: MonthPrice,
    history: Sequence[MonthPrice],
    changes: Mapping[str, Fraction],
    price_source: str,
) -> PurchaseAdvice:
    """Return the comparison over past years and scenarios, and the advised strategy with its reason.

    The rule is minimax regret (Savage 1951): see ``RULE``. When nothing fills within the volume limit there is no
    advice, only the reason.
    """
    if len({each.instrument for each in (*history, price_now)}) > 1:
        raise Invalid("purchase.instruments", "prices: expected one instrument; two vintages are two series")
    past, left_out = replays(terms, months, history)
    costed = tuple(
        ScenarioCost(scenario=each, costs=compare(terms, each.path))
        for each in scenarios_of(months, price_now, past, changes)
    )
    ranks = tuple(_rank(each, costed) for each in Strategy)
    filled = [each for each in ranks if each.is_filled]
    best = min(filled, key=lambda each: (each.regret_fen, each.mean_fen), default=None)
    waiting = next(each for each in ranks if each.strategy is Strategy.LAST_QUARTER)
    reason_en, reason_zh = _reason(best, waiting, len(costed))
    return PurchaseAdvice(
        terms=terms,
        months=tuple(months),
        replays=past,
        years_left_out=left_out,
        scenarios=costed,
        ranks=ranks,
        advised=None if best is None else best.strategy,
        reason_en=reason_en,
        reason_zh=reason_zh,
        saved_regret_fen=0 if best is None else waiting.regret_fen - best.regret_fen,
        saved_mean_fen=0 if best is None else waiting.mean_fen - best.mean_fen,
        explanation=_explain(terms, costed, best, price_now=price_now, past=past, price_source=price_source),
    )


def _by_month(history: Sequence[MonthPrice]) -> Mapping[str, MonthPrice]:
    found: dict[str, MonthPrice] = {}
    for each in history:
        if each.month in found:
            raise Conflict("purchase.month_twice", f"prices: expected each month once, {each.month} comes twice")
        found[each.month] = each
    return found


def _path(
    price_now: MonthPrice, months: Sequence[str], ratios: Sequence[Fraction], volumes: Sequence[int | None]
) -> tuple[MonthPrice, ...]:
    return tuple(
        MonthPrice(
            instrument=price_now.instrument,
            month=month,
            price_cny_per_t=price_now.price_cny_per_t * ratio,
            volume_t=volume_t,
        )
        for month, ratio, volume_t in zip(months, ratios, volumes, strict=True)
    )


def _rank(strategy: Strategy, costed: Sequence[ScenarioCost]) -> StrategyRank:
    totals = [each.costs[strategy].total_fen for each in costed]
    return StrategyRank(
        strategy=strategy,
        mean_fen=sum(totals) // len(totals),
        worst_fen=max(totals),
        regret_fen=max(each.regret_fen(strategy) for each in costed),
        is_filled=all(each.costs[strategy].is_filled for each in costed),
    )


def _reason(best: StrategyRank | None, waiting: StrategyRank, count: int) -> tuple[str, str]:
    if best is None:
        return (
            "no strategy buys everything within the share of monthly volume; start earlier, raise the share, or use a block trade",
            "在成交量占比限制内，任何策略都无法买足；请提前开始、提高占比或采用大宗协议",
        )
    own, theirs = _cny(best.regret_fen), _cny(waiting.regret_fen)
    reason_en = (
        f"{best.strategy}: over {count} scenarios it is at most {own} CNY above the cheapest choice; waiting for the "
        f"last quarter is up to {theirs} CNY above it"
    )
    reason_zh = f"{best.strategy}：在{count}个情景中，最多比最便宜的选择高{own}元；等到最后一个季度最多高{theirs}元"
    return reason_en, reason_zh


def _explain(
    terms: PurchaseTerms,
    costed: Sequence[ScenarioCost],
    best: StrategyRank | None,
    *,
    price_now: MonthPrice,
    past: Sequence[Replay],
    price_source: str,
) -> Explanation:
    strategy = Strategy.SPREAD_EVENLY if best is None else best.strategy
    price = Explanation(
        label_en=f"price of {price_now.instrument} in {price_now.month}",
        label_zh=f"{price_now.instrument} {price_now.month}价格",
        value=decimal_text(price_now.price_cny_per_t),
        unit="CNY/t",
        source=price_source,
    )
    quantity = Explanation(
        label_en="tonnes to buy", label_zh="拟购数量", value=str(terms.quantity_t), unit="t", source="as asked"
    )
    under = tuple(
        Explanation(
            label_en=f"{strategy} under {each.scenario.name}",
            label_zh=f"{each.scenario.name}情景下{strategy}",
            value=_cny(each.costs[strategy].total_fen),
            unit="CNY",
            source=f"{each.scenario.source}; {price_source}",
        )
        for each in costed
    )
    replayed = tuple(
        Explanation(
            label_en=f"{strategy} in {each.year}, as it was",
            label_zh=f"{each.year}年实际价格下{strategy}",
            value=_cny(each.costs[strategy].total_fen),
            unit="CNY",
            source=f"prices of {each.path[0].month} to {each.path[-1].month}; {price_source}",
        )
        for each in past
    )
    mean_fen = sum(each.costs[strategy].total_fen for each in costed) // len(costed)
    return Explanation(
        label_en=f"mean cost of {strategy} over the scenarios (an estimate, not a promise)",
        label_zh=f"{strategy}在各情景下的平均成本（估计值，不构成承诺）",
        value=_cny(mean_fen),
        unit="CNY",
        formula=f"tonnes by month x price, plus funding; advised: {RULE}",
        children=(quantity, price, *under, *replayed),
    )


def _cny(fen: int) -> str:
    return amounts.format_units(fen, _FEN_PLACES)
