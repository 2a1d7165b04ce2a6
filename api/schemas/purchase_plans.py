"""What enters and leaves about purchase schedules: a gap to buy, prices, and every strategy's cost.

Only shapes: the cores schedule and compare.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.activity import MonthText
from api.schemas.amounts import AmountOut, WholeNumber, money_out, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.books import CommodityCode
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DecimalString, InstantString
from finance.accounting.chart import BOOK_CURRENCY
from finance.compliance.purchase_advice import LABEL_EN, LABEL_ZH, RULE, PurchaseAdvice, Replay, ScenarioCost
from finance.compliance.purchase_plan import MonthPrice, PlanCost, PurchaseTerms, Strategy
from finance.conventions.exact_text import decimal_text
from finance.operations.purchase_plans import PurchaseQuestion
from ledger.core.amounts import parse_decimal, parse_units
from ledger.core.errors import Invalid

_MOST_MONTHS = 600
_MOST_CHANGES = 12
_PRICE_PLACES = 6


class MonthPriceIn(Schema):
    """A month's price and the tonnes traded."""

    month: MonthText
    price_cny_per_t: Annotated[DecimalString, Field(examples=["74.63"])]
    volume_t: Annotated[WholeNumber | None, Field(description="Whole tonnes; null is unknown.")] = None


class PriceChangeIn(Schema):
    """A scenario of one's own: the relative change by the last month, on a straight line."""

    name: Annotated[CommodityCode, Field(examples=["UP20"])]
    change: Annotated[DecimalString, Field(description="0.2 is +20 %, above -1.", examples=["0.2"])]


class PurchasePlanIn(Schema):
    """A gap to buy between two months, and the prices to judge by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "instrument": "CEA25",
                    "quantity_t": "60636",
                    "first_month": "2026-09",
                    "deadline_month": "2026-12",
                    "volume_share": "0.1",
                    "price_cny_per_t": "97.40",
                    "prices": [
                        {"month": "2025-09", "price_cny_per_t": "57.97", "volume_t": 11238793},
                        {"month": "2025-10", "price_cny_per_t": "51.96", "volume_t": 10525810},
                        {"month": "2025-11", "price_cny_per_t": "59.65", "volume_t": 17632414},
                        {"month": "2025-12", "price_cny_per_t": "74.63", "volume_t": 18406728},
                    ],
                    "changes": [{"name": "UP20", "change": "0.2"}],
                }
            ]
        }
    )

    instrument: CommodityCode
    quantity_t: Annotated[DecimalString, Field(description="Whole tonnes.", examples=["60636"])]
    first_month: MonthText
    deadline_month: MonthText
    volume_share: Annotated[
        DecimalString | None, Field(description="Most of a month's volume to be, 0 to 1; null is no limit.")
    ] = None
    funding_rate: Annotated[DecimalString, Field(description="Yearly, as a fraction.", examples=["0.03"])] = "0"
    price_cny_per_t: Annotated[DecimalString | None, Field(description="Today's; else the series' last.")] = None
    prices: Annotated[
        Array[MonthPriceIn] | None,
        Field(max_length=_MOST_MONTHS, description="Else the month-end closes recorded for the instrument."),
    ] = None
    changes: Annotated[Array[PriceChangeIn], Field(max_length=_MOST_CHANGES)] = ()
    known_at: Annotated[InstantString | None, Field(description="Recorded prices known by then; now when null.")] = None

    def to_core(self) -> PurchaseQuestion:
        """Return the question; a scenario named twice is ``purchase.change_twice``."""
        changes = {each.name: _exact(each.change, "change") for each in self.changes}
        if len(changes) != len(self.changes):
            raise Invalid("purchase.change_twice", "changes: expected each name once", field="changes")
        return PurchaseQuestion(
            instrument=self.instrument,
            terms=PurchaseTerms(
                quantity_t=parse_units(self.quantity_t, 0, field="quantity_t"),
                volume_share=None if self.volume_share is None else _exact(self.volume_share, "volume_share"),
                funding_rate=_exact(self.funding_rate, "funding_rate"),
            ),
            first_month=self.first_month,
            deadline_month=self.deadline_month,
            price_cny_per_t=None if self.price_cny_per_t is None else _exact(self.price_cny_per_t, "price_cny_per_t"),
            changes=changes,
            prices=None if self.prices is None else tuple(self._price(each) for each in self.prices),
        )

    def _price(self, each: MonthPriceIn) -> MonthPrice:
        return MonthPrice(
            instrument=self.instrument,
            month=each.month,
            price_cny_per_t=_exact(each.price_cny_per_t, "price_cny_per_t"),
            volume_t=each.volume_t,
        )


class PurchaseOut(Schema):
    """One month's purchase and the cash it needs."""

    month: Annotated[str, Field(examples=["2026-12"])]
    quantity: AmountOut
    price_cny_per_t: Annotated[str, Field(examples=["97.40"])]
    cash: AmountOut
    share_of_volume: Annotated[str | None, Field(description="Null without a known volume.")]


class PlanCostOut(Schema):
    """One strategy on one price path."""

    strategy: Strategy
    cost: AmountOut
    funding: AmountOut
    total: AmountOut
    average_cny_per_t: str | None
    unfilled: AmountOut
    purchases: Array[PurchaseOut]

    @classmethod
    def from_core(cls, plan: PlanCost) -> PlanCostOut:
        """Return the shape of ``plan``."""
        average = plan.average_cny_per_t
        return cls(
            strategy=plan.strategy,
            cost=money_out(plan.cost_fen, BOOK_CURRENCY),
            funding=money_out(plan.funding_fen, BOOK_CURRENCY),
            total=money_out(plan.total_fen, BOOK_CURRENCY),
            average_cny_per_t=None if average is None else decimal_text(average, places=_PRICE_PLACES),
            unfilled=tonnes_out(plan.unfilled_t),
            purchases=tuple(
                PurchaseOut(
                    month=each.month,
                    quantity=tonnes_out(each.quantity_t),
                    price_cny_per_t=decimal_text(each.price_cny_per_t, places=_PRICE_PLACES),
                    cash=money_out(each.cash_fen, BOOK_CURRENCY),
                    share_of_volume=None
                    if each.share_of_volume is None
                    else decimal_text(each.share_of_volume, places=_PRICE_PLACES),
                )
                for each in plan.purchases
            ),
        )


class ReplayOut(Schema):
    """Every strategy as it would have cost in one past year."""

    year: Annotated[int, Field(description="Of the deadline.")]
    cheapest: Strategy
    plans: Array[PlanCostOut]

    @classmethod
    def from_core(cls, replay: Replay) -> ReplayOut:
        """Return the shape of ``replay``."""
        return cls(
            year=replay.year,
            cheapest=replay.cheapest,
            plans=tuple(PlanCostOut.from_core(replay.costs[each]) for each in Strategy),
        )


class ScenarioOut(Schema):
    """Every strategy under one scenario of the months to come."""

    name: Annotated[str, Field(examples=["as_in_2025"])]
    source: str
    plans: Array[PlanCostOut]

    @classmethod
    def from_core(cls, costed: ScenarioCost) -> ScenarioOut:
        """Return the shape of ``costed``."""
        return cls(
            name=costed.scenario.name,
            source=costed.scenario.source,
            plans=tuple(PlanCostOut.from_core(costed.costs[each]) for each in Strategy),
        )


class StrategyRankOut(Schema):
    """A strategy over all scenarios."""

    strategy: Strategy
    mean_cost: AmountOut
    worst_cost: AmountOut
    largest_regret: Annotated[AmountOut, Field(description="Most above a scenario's cheapest.")]
    is_filled: bool


class YearLeftOutOut(Schema):
    """A past year that could not be replayed, and why."""

    year: int
    reason: str


class PurchasePlanOut(Schema):
    """The comparison and the advice: past prices and assumed scenarios, never a promise."""

    note_en: Annotated[str, Field(examples=[LABEL_EN])]
    note_zh: Annotated[str, Field(examples=[LABEL_ZH])]
    rule: Annotated[str, Field(examples=[RULE])]
    months: Array[str]
    advised: Annotated[Strategy | None, Field(description="Null when nothing fills within the volume limit.")]
    reason_en: str
    reason_zh: str
    saved_regret: Annotated[AmountOut, Field(description="Against waiting for the last quarter.")]
    saved_mean: Annotated[AmountOut, Field(description="Below zero: certainty costs that much on average.")]
    ranks: Array[StrategyRankOut]
    scenarios: Array[ScenarioOut]
    replays: Array[ReplayOut]
    years_left_out: Array[YearLeftOutOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, advice: PurchaseAdvice) -> PurchasePlanOut:
        """Return the shape of ``advice``."""
        return cls(
            note_en=LABEL_EN,
            note_zh=LABEL_ZH,
            rule=RULE,
            months=advice.months,
            advised=advice.advised,
            reason_en=advice.reason_en,
            reason_zh=advice.reason_zh,
            saved_regret=money_out(advice.saved_regret_fen, BOOK_CURRENCY),
            saved_mean=money_out(advice.saved_mean_fen, BOOK_CURRENCY),
            ranks=tuple(
                StrategyRankOut(
                    strategy=each.strategy,
                    mean_cost=money_out(each.mean_fen, BOOK_CURRENCY),
                    worst_cost=money_out(each.worst_fen, BOOK_CURRENCY),
                    largest_regret=money_out(each.regret_fen, BOOK_CURRENCY),
                    is_filled=each.is_filled,
                )
                for each in advice.ranks
            ),
            scenarios=tuple(ScenarioOut.from_core(each) for each in advice.scenarios),
            replays=tuple(ReplayOut.from_core(each) for each in advice.replays),
            years_left_out=tuple(
                YearLeftOutOut(year=year, reason=reason) for year, reason in sorted(advice.years_left_out.items())
            ),
            explanation=ExplanationOut.from_core(advice.explanation),
        )


def _exact(text: str, field: str) -> Fraction:
    return Fraction(parse_decimal(text, field=field))
