"""What enters and leaves about the cost of a year's gap: the scenario ladder and the cost at risk.

Tonnes are whole, money is CNY to the fen, ratios are decimal strings. Computes nothing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, WholeNumber, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, UuidString
from api.schemas.risk import exact, parameters_version
from finance.accounting.chart import BOOK_CURRENCY
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.market.marks import Mark
from finance.market.risk.explanation import RISK_FIGURE, figure_cny
from finance.market.risk.scenario_ladder import GapRung, YearCase
from finance.operations.gap_risk import GapQuestion, GapRiskAnswer, LadderAnswer, Uncertainty
from ledger.core.amounts import format_exact, parse_decimal
from ledger.core.errors import Invalid

_SNAPSHOT = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"
_CNY_PLACES = 2
_NO_CORRELATION = "0"
_LARGEST_YEAR = 2199


class YearIn(Schema):
    """An assumed compliance year: output, benchmark (BP), direct intensity, and power where it counts."""

    year: Annotated[WholeNumber, Field(examples=[2025])]
    output_t: Annotated[DecimalString, Field(description="Product, t.", examples=["1000000"])]
    benchmark: Annotated[DecimalString, Field(description="Published BP, tCO2e/t.", examples=["1.60"])]
    direct_intensity: Annotated[DecimalString, Field(description="ets_direct tCO2e/t.", examples=["1.65"])]
    power_mwh_per_t: Annotated[DecimalString, Field(examples=["13.3"])] = "0"
    grid_factor: Annotated[DecimalString, Field(description="tCO2/MWh.", examples=["0.5703"])] = "0"
    green_share: Annotated[DecimalString, Field(examples=["0.25"])] = "0"
    counts_power: Annotated[bool, Field(description="What if the duty included power.", examples=[False])] = False

    def to_case(self) -> YearCase:
        """Return the case."""
        return YearCase(
            output_t=_need(self.output_t, "output_t"),
            benchmark=_need(self.benchmark, "benchmark"),
            direct_intensity=_need(self.direct_intensity, "direct_intensity"),
            power_mwh_per_t=_need(self.power_mwh_per_t, "power_mwh_per_t"),
            grid_factor=_need(self.grid_factor, "grid_factor"),
            green_share=_need(self.green_share, "green_share"),
            counts_power=self.counts_power,
        )


class GapRiskIn(YearIn):
    """How uncertain the year is, and how many years are drawn with which seed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "snapshot_id": _SNAPSHOT,
                    "mark_instrument": "CEA25",
                    "year": 2025,
                    "output_t": "1000000",
                    "benchmark": "1.60",
                    "direct_intensity": "1.65",
                    "output_spread": "0.03",
                    "benchmark_spread": "0.01",
                    "price_volatility": "0.25",
                    "seed": 20260814,
                    "paths": 2000,
                }
            ]
        }
    )

    snapshot_id: UuidString
    mark_instrument: CodeString
    known: Annotated[WholeNumber | None, Field(description="Record point; newest when absent.", examples=[120])] = None
    forward_t: Annotated[WholeNumber, Field(description="Bought forward.", examples=[0])] = 0
    output_spread: Annotated[DecimalString, Field(description="Standard deviation, share.", examples=["0.03"])]
    benchmark_spread: Annotated[DecimalString, Field(description="Standard deviation, share.", examples=["0.01"])]
    price_volatility: Annotated[
        DecimalString, Field(description="Of the log price up to the surrender.", examples=["0.25"])
    ]
    output_benchmark: Annotated[DecimalString, Field(description="Correlation.", examples=["0"])] = _NO_CORRELATION
    output_price: Annotated[DecimalString, Field(description="Correlation.", examples=["0.2"])] = _NO_CORRELATION
    benchmark_price: Annotated[DecimalString, Field(description="Correlation.", examples=["-0.3"])] = _NO_CORRELATION
    confidence: Annotated[DecimalString, Field(examples=["0.95"])] = "0.95"
    paths: Annotated[WholeNumber, Field(examples=[2000])] = 2000
    seed: Annotated[WholeNumber, Field(examples=[20260814])]

    def to_question(self, book_id: int) -> GapQuestion:
        """Return the question about the book."""
        return GapQuestion(
            book_id=book_id,
            known=self.known,
            year=compliance_year(self.year),
            case=self.to_case(),
            forward_t=self.forward_t,
            mark_instrument=self.mark_instrument,
        )

    def to_uncertainty(self) -> Uncertainty:
        """Return the spreads and the correlation of output, benchmark and price."""
        one = Fraction(1)
        first, second, third = (
            _need(text, name)
            for text, name in (
                (self.output_benchmark, "output_benchmark"),
                (self.output_price, "output_price"),
                (self.benchmark_price, "benchmark_price"),
            )
        )
        return Uncertainty(
            output_spread=_need(self.output_spread, "output_spread"),
            benchmark_spread=_need(self.benchmark_spread, "benchmark_spread"),
            price_volatility=_need(self.price_volatility, "price_volatility"),
            correlation=((one, first, second), (first, one, third), (second, third, one)),
        )

    def to_confidence(self) -> Fraction:
        """Return the confidence."""
        return _need(self.confidence, "confidence")


class GapRungOut(Schema):
    """One line of the table: what was changed, the gap, and what it is worth at each price."""

    axis: Annotated[str, Field(examples=["benchmark"])]
    change: Annotated[str, Field(description="Share of the base; for grid_factor the factor itself.")]
    output_t: str
    benchmark: str
    intensity: Annotated[str, Field(description="That the duty counts, tCO2e/t.")]
    gap: Annotated[AmountOut, Field(description="Positive: missing; negative: left over.")]
    has_effect: Annotated[bool, Field(description="False where the change leaves the gap as it is.")]
    values: Annotated[Array[AmountOut], Field(description="By price; negative: what the surplus is worth.")]

    @classmethod
    def from_core(cls, rung: GapRung) -> GapRungOut:
        """Return the shape of ``rung``."""
        return cls(
            axis=rung.axis.value,
            change=decimal_text(rung.change),
            output_t=decimal_text(rung.case.output_t),
            benchmark=decimal_text(rung.case.benchmark),
            intensity=decimal_text(rung.case.intensity),
            gap=tonnes_out(rung.gap_t),
            has_effect=rung.has_effect,
            values=tuple(_cny(value) for value in rung.values),
        )


class LadderOut(Schema):
    """Gap x price for every rung and price; a ladder says what if, not how likely."""

    as_of: DateString
    snapshot_id: str
    snapshot_sha256: str
    year: int
    mark_instrument: str
    mark_state: str
    price_changes: Array[str]
    prices_cny_per_t: Array[str]
    rungs: Array[GapRungOut]
    cover: Annotated[str | None, Field(description="Usable held and forward over due, at the base.", examples=["0.8"])]
    note_en: str
    note_zh: str
    parameters_version: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: LadderAnswer, *, year: int, counts_power: bool) -> LadderOut:
        """Return the shape of ``answer``."""
        english, chinese = _notes(counts_power=counts_power)
        ladder = answer.ladder
        return cls(
            as_of=answer.snapshot.as_of,
            snapshot_id=answer.snapshot.id,
            snapshot_sha256=answer.snapshot.sha256,
            year=year,
            mark_instrument=answer.mark.instrument,
            mark_state=answer.mark.state.value,
            price_changes=tuple(decimal_text(change) for change in ladder.price_changes),
            prices_cny_per_t=tuple(decimal_text(price) for price in ladder.prices),
            rungs=tuple(GapRungOut.from_core(rung) for rung in ladder.rungs),
            cover=None if answer.cover is None else decimal_text(answer.cover, places=6),
            note_en=english,
            note_zh=chinese,
            parameters_version=parameters_version(),
            explanation=ExplanationOut.from_core(_base_cell(answer)),
        )


class GapRiskOut(Schema):
    """The cost of the gap: its mean, its quantile with standard error, and the quantile beyond the mean. An estimate."""

    as_of: DateString
    snapshot_id: str
    snapshot_sha256: str
    year: int
    mark_instrument: str
    method_text_en: str
    method_text_zh: str
    confidence: str
    paths: int
    seed: int
    expected_gap: Annotated[AmountOut, Field(description="At the means; positive: missing.")]
    lowest_gap: AmountOut
    highest_gap: AmountOut
    short_share: Annotated[str, Field(description="Of the years drawn, with allowances missing.")]
    mean_cost: AmountOut
    quantile_cost: AmountOut
    quantile_standard_error: AmountOut
    cost_at_risk: Annotated[AmountOut, Field(description="Quantile less mean.")]
    parameters_version: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: GapRiskAnswer, *, year: int, confidence: Fraction) -> GapRiskOut:
        """Return the shape of ``answer``."""
        found = answer.result
        shown = decimal_text(confidence * 100)
        return cls(
            as_of=answer.snapshot.as_of,
            snapshot_id=answer.snapshot.id,
            snapshot_sha256=answer.snapshot.sha256,
            year=year,
            mark_instrument=answer.mark.instrument,
            method_text_en=(
                f"{found.paths} joint draws, seed {found.seed}, PCG64: output and benchmark normal, price log-normal around "
                f"the mark; the year's allocation rule asked exactly for each; quantile at {shown} %; an estimate."
            ),
            method_text_zh=(
                f"{found.paths} 次联合抽样，种子 {found.seed}，PCG64：产量与基准值服从正态分布，价格以估值价为中心服从对数正态分布；"
                f"逐次精确套用当年分配规则；{shown} % 分位数；为估计值。"
            ),
            confidence=decimal_text(confidence),
            paths=found.paths,
            seed=found.seed,
            expected_gap=tonnes_out(answer.expected_gap_t),
            lowest_gap=tonnes_out(found.lowest_gap_t),
            highest_gap=tonnes_out(found.highest_gap_t),
            short_share=decimal_text(found.short_share, places=6),
            mean_cost=_shown(found.mean, answer),
            quantile_cost=_shown(found.tail.value_at_risk, answer),
            quantile_standard_error=_shown(found.tail.value_at_risk_error, answer),
            cost_at_risk=_shown(found.at_risk, answer),
            parameters_version=parameters_version(),
            explanation=ExplanationOut.from_core(_at_risk(answer)),
        )


def compliance_year(year: int) -> int:
    """Return the year, or refuse one that no rule could be of."""
    if not 1 <= year <= _LARGEST_YEAR:
        raise Invalid("query.year", f"year: expected up to {_LARGEST_YEAR}", field="year")
    return year


def _need(text: str, name: str) -> Fraction:
    return Fraction(parse_decimal(text, field=name))


def grid_factors(text: str | None) -> tuple[Fraction, ...]:
    """Return the factors that ``text`` lists, separated by semicolons; at most ten."""
    parts = () if text is None else tuple(text.split(";"))
    if len(parts) > 10:  # noqa: PLR2004 - lines of a table on one page
        raise Invalid("risk.factors", "other_factors: expected at most ten", field="other_factors")
    return tuple(value for value in (exact(part, field="other_factors") for part in parts) if value is not None)


def _cny(value: Fraction) -> AmountOut:
    return AmountOut(amount=format_exact(value, _CNY_PLACES, RISK_FIGURE), unit=BOOK_CURRENCY)


def _shown(value: Fraction | int, answer: GapRiskAnswer) -> AmountOut:
    return AmountOut(amount=figure_cny(value, places=answer.places, scale=Fraction(1)), unit=BOOK_CURRENCY)


def _notes(*, counts_power: bool) -> tuple[str, str]:
    if counts_power:
        return (
            "What if: power is counted in the duty, which the rule in force does not do for aluminium.",
            "假设情景：将用电计入履约范围；现行铝冶炼规则并不计入。",
        )
    return (
        "The rule in force counts direct emissions only: grid factor and green power share change nothing in this gap.",
        "现行规则仅计直接排放：电网排放因子与绿电比例不影响该缺口。",
    )


def _price_leaf(mark: Mark) -> Explanation:
    day = f", trade date {mark.trade_date}" if mark.trade_date else ""
    return Explanation(
        label_en=f"Mark of {mark.instrument} ({mark.state.value})",
        label_zh=f"{mark.instrument} 估值价",
        value="missing" if mark.value is None else f"{mark.value:f}",
        unit="CNY/t",
        source=f"{mark.source or 'no observation known'}{day}",
    )


def _gap_leaf(tonnes: int) -> Explanation:
    return Explanation(
        label_en="Gap at the assumed year",
        label_zh="假设年度缺口",
        value=str(tonnes),
        unit="t",
        source="allocation and obligation rules of the year, holdings at the close; see the book's compliance answer",
    )


def _base_cell(answer: LadderAnswer) -> Explanation:
    base = answer.ladder.rungs[0]
    middle = len(answer.ladder.prices) // 2
    rows = [f"ladder_{name}_{part}" for name in ("price", "benchmark", "output", "green") for part in ("step", "steps")]
    return Explanation(
        label_en="Value of the gap at the base case",
        label_zh="基准情景缺口价值",
        value=format_exact(base.values[middle], _CNY_PLACES, RISK_FIGURE),
        unit=BOOK_CURRENCY,
        formula="gap x price; every other cell changes one of them by a step",
        children=(_gap_leaf(base.gap_t), _price_leaf(answer.mark), *(answer.parameters.leaf(row) for row in rows)),
    )


def _at_risk(answer: GapRiskAnswer) -> Explanation:
    found = answer.result
    drawn = f"{found.paths} draws, seed {found.seed}, PCG64; an estimate"
    parts = (("Quantile of the cost", "成本分位数", found.tail.value_at_risk), ("Mean cost", "平均成本", found.mean))
    return Explanation(
        label_en="Gap cost at risk (estimate)",
        label_zh="缺口成本风险（估计值）",
        value=figure_cny(found.at_risk, places=answer.places, scale=Fraction(1)),
        unit=BOOK_CURRENCY,
        formula="quantile of max(gap, 0) x price, less its mean",
        children=(
            *(
                Explanation(
                    label_en=english,
                    label_zh=chinese,
                    value=figure_cny(value, places=answer.places, scale=Fraction(1)),
                    unit=BOOK_CURRENCY,
                    source=drawn,
                )
                for english, chinese, value in parts
            ),
            _gap_leaf(answer.expected_gap_t),
            _price_leaf(answer.mark),
        ),
    )
