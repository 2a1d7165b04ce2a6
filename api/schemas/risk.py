"""What enters and leaves about market risk: the method chosen, and the tail of a book or a group with its parts.

Figures are decimal strings in CNY, rounded half-up once to the fen. What they mean is ``finance.market.risk``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.activity import MonthText
from api.schemas.amounts import AmountOut, WholeNumber, tonnes_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, InstantString, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.conventions.exact_text import decimal_text
from finance.market.observations import PriceBasis
from finance.market.risk.explanation import figure_cny
from finance.market.risk.methods import Method, RiskMethod
from finance.market.risk.returns import LimitDayRule, NoTradeRule, ReturnRules, ReturnSeries, SeriesLeg
from finance.market.risk.scenarios import HorizonRule
from finance.market.risk.value_at_risk import RiskShare
from finance.market.valuation import ValuedLot
from finance.operations.risk import HeldBook, LiquidityChoice, LiquidityLine, RiskAnswer, RiskQuestion
from finance.operations.risk_explanation import explain_risk, scenario_name
from finance.store import reference
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_SNAPSHOT = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"
_BOOK = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"
_MOST_SERIES, _MOST_LEGS, _MOST_BOOKS, _WORST = 50, 20, 100, 10


class LegIn(Schema):
    """One instrument and price basis on trade dates from valid_from to valid_to (exclusive)."""

    instrument: CodeString
    price_basis: Annotated[Choice[PriceBasis], Field(examples=["listed_close"])]
    valid_from: DateString
    valid_to: DateString

    def to_core(self) -> SeriesLeg:
        """Return the leg."""
        return SeriesLeg(
            instrument=self.instrument,
            price_basis=self.price_basis,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class SeriesIn(Schema):
    """What stands for an instrument's returns: its own earlier basis, the vintage before it, another series."""

    instrument: CodeString
    legs: Annotated[Array[LegIn], Field(min_length=1, max_length=_MOST_LEGS)]


class SeriesRulesIn(Schema):
    """How series are made, shared by every question of risk."""

    no_trade: Annotated[Choice[NoTradeRule], Field(examples=["drop"])] = NoTradeRule.DROP
    limit_days: Annotated[Choice[LimitDayRule], Field(examples=["keep"])] = LimitDayRule.KEEP
    series: Annotated[Array[SeriesIn], Field(max_length=_MOST_SERIES)] = ()

    def rules(self) -> ReturnRules:
        """Return the rules for days without a trade and at the limit."""
        return ReturnRules(no_trade=self.no_trade, limit_days=self.limit_days)

    def legs(self) -> Mapping[str, tuple[SeriesLeg, ...]]:
        """Return the declared legs by instrument; an instrument named twice is ``risk.series``."""
        if len({one.instrument for one in self.series}) != len(self.series):
            raise Invalid("risk.series", "series: expected every instrument once")
        return {one.instrument: tuple(leg.to_core() for leg in one.legs) for one in self.series}


class RiskChoices(SeriesRulesIn):
    """The method of a risk figure and how positions would be sold."""

    snapshot_id: UuidString
    method: Annotated[Choice[Method], Field(examples=["historical"])] = Method.HISTORICAL
    confidence: Annotated[DecimalString, Field(examples=["0.99"])] = "0.99"
    window: Annotated[WholeNumber, Field(description="Returns.", examples=[250])] = 250
    horizon: Annotated[WholeNumber, Field(description="Sessions.", examples=[1])] = 1
    horizon_rule: Annotated[Choice[HorizonRule], Field(examples=["sqrt_time"])] = HorizonRule.SQRT_TIME
    seed: Annotated[WholeNumber | None, Field(description="With monte_carlo.", examples=[20260814])] = None
    paths: Annotated[WholeNumber | None, Field(description="With monte_carlo.", examples=[10000])] = None
    participation_share: Annotated[DecimalString | None, Field(examples=["0.20"])] = None
    half_spread_cny_per_t: Annotated[DecimalString | None, Field(examples=["0.50"])] = None
    liquidity_month: Annotated[MonthText | None, Field(examples=["2026-07"])] = None

    def to_core(self) -> RiskQuestion:
        """Return the question."""
        month = None if self.liquidity_month is None else str(self.liquidity_month).split("-")
        return RiskQuestion(
            method=RiskMethod(
                method=self.method,
                confidence=Fraction(parse_decimal(self.confidence, field="confidence")),
                window=self.window,
                horizon=self.horizon,
                horizon_rule=self.horizon_rule,
                rules=self.rules(),
                seed=self.seed,
                paths=self.paths,
            ),
            legs=self.legs(),
            liquidity=LiquidityChoice(
                share=exact(self.participation_share, field="participation_share"),
                half_spread_cny_per_t=exact(self.half_spread_cny_per_t, field="half_spread_cny_per_t"),
                month=None if month is None else (int(month[0]), int(month[1])),
            ),
        )


class BookRiskIn(RiskChoices):
    """The risk of one book at a snapshot, of what its first ``known`` entries say (all when absent)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"snapshot_id": _SNAPSHOT, "method": "historical", "confidence": "0.99", "window": 250, "horizon": 1}
            ]
        }
    )

    known: Annotated[WholeNumber | None, Field(description="Record point; newest when absent.", examples=[120])] = None


class GroupBookIn(Schema):
    """A book of a group with its record point (newest when absent)."""

    book_id: UuidString
    known: Annotated[WholeNumber | None, Field(examples=[120])] = None


class GroupRiskIn(RiskChoices):
    """The risk of several books together at one snapshot."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "snapshot_id": _SNAPSHOT,
                    "books": [{"book_id": _BOOK}],
                    "method": "monte_carlo",
                    "seed": 20260814,
                    "paths": 10000,
                }
            ]
        }
    )

    books: Annotated[Array[GroupBookIn], Field(min_length=1, max_length=_MOST_BOOKS)]


class SeriesOut(Schema):
    """What a series was made from and what was left out."""

    instrument: str
    legs: Annotated[Array[str], Field(description="Instrument, price basis and interval (end exclusive).")]
    returns: int
    first: DateString | None
    last: DateString | None
    traded_sessions: int
    no_trade_sessions: Annotated[int, Field(description="Never zero returns.")]
    missing_sessions: int
    off_calendar_days: int
    breaks: int
    censored_sessions: Annotated[int, Field(description="Closed at the price limit.")]
    censored_share: Annotated[str, Field(examples=["0.0123"])]
    sources: Array[str]

    @classmethod
    def from_core(cls, series: ReturnSeries) -> SeriesOut:
        """Return the shape of ``series``."""
        facts = series.facts
        return cls(
            instrument=series.instrument,
            legs=tuple(
                f"{leg.instrument} {leg.price_basis.value} {leg.valid_from} to {leg.valid_to}" for leg in series.legs
            ),
            returns=len(series.returns),
            first=series.returns[0].on if series.returns else None,
            last=series.returns[-1].on if series.returns else None,
            traded_sessions=facts.traded,
            no_trade_sessions=facts.no_trade,
            missing_sessions=facts.missing,
            off_calendar_days=facts.off_calendar,
            breaks=facts.breaks,
            censored_sessions=facts.censored,
            censored_share=decimal_text(series.censored_share, places=6),
            sources=facts.sources,
        )


class RiskPartOut(Schema):
    """One instrument's or book's part, as losses in CNY; components sum to the whole before rounding."""

    name: str
    quantity: AmountOut | None
    component: AmountOut
    component_shortfall: AmountOut
    incremental: Annotated[AmountOut, Field(description="The whole less the whole without it.")]
    standalone: AmountOut
    marginal_cny_per_t: str | None


class LiquidityOut(Schema):
    """How long an instrument takes to sell, and its risk over that time plus half the spread."""

    instrument: str
    month: str | None
    average_volume_t: Annotated[str | None, Field(description="A session of that month.")]
    participation_share: str | None
    days_to_liquidate: str | None
    half_spread_cost: AmountOut | None
    liquidity_adjusted: AmountOut | None
    reason: Annotated[str, Field(description="Why there is none; empty otherwise.")]
    last_quarter_share: Annotated[str | None, Field(description="Of last year's volume; null unless all months known.")]


class NotCoveredOut(Schema):
    """A lot that no figure covers, because it has no usable price."""

    lot_id: str
    instrument: str
    quantity: AmountOut
    reason: Annotated[str, Field(examples=["mark_stale"])]

    @classmethod
    def from_core(cls, valued: ValuedLot) -> NotCoveredOut:
        """Return the shape of ``valued``."""
        return cls(
            lot_id=valued.lot.lot_id,
            instrument=valued.lot.instrument,
            quantity=tonnes_out(valued.lot.quantity_t),
            reason=valued.unvalued_reason,
        )


class BookPointOut(Schema):
    """The record point of a book in the figure: asking again with it gives the same answer."""

    book_id: UuidString
    known: int

    @classmethod
    def from_core(cls, held: HeldBook) -> BookPointOut:
        """Return the shape of ``held``."""
        return cls(book_id=held.asked.public_id, known=held.record.seq)


class WorstOut(Schema):
    """One of the largest losses."""

    scenario: Annotated[str, Field(description="The session, or the simulated path.", examples=["2026-03-02"])]
    loss: AmountOut


class RiskOut(Schema):
    """Value at risk and expected shortfall; losses are positive, a negative figure is a gain."""

    as_of: DateString
    known_at: InstantString
    snapshot_id: str
    snapshot_sha256: str
    books: Array[BookPointOut]
    method: Annotated[str, Field(examples=["historical"])]
    method_text_en: str
    method_text_zh: str
    confidence: str
    horizon: int
    scenarios: int
    order_statistic: Annotated[int, Field(description="Rank of the loss, ascending from 1.")]
    first_scenario_on: DateString
    last_scenario_on: DateString
    seed: int | None
    value_at_risk: AmountOut
    expected_shortfall: AmountOut
    value_at_risk_standard_error: AmountOut | None
    expected_shortfall_standard_error: AmountOut | None
    is_estimate: bool
    is_complete: Annotated[bool, Field(description="False when some lots are not covered.")]
    not_covered: Array[NotCoveredOut]
    instruments: Array[RiskPartOut]
    by_book: Array[RiskPartOut]
    worst: Array[WorstOut]
    liquidity: Array[LiquidityOut]
    liquidity_adjusted_sum: Annotated[
        AmountOut | None, Field(description="Over instruments, without diversification; null when one is unknown.")
    ]
    series: Array[SeriesOut]
    left_out_returns: Annotated[int, Field(description="Returns of one series on days that another lacks.")]
    floored_returns: Annotated[int, Field(description="Filtered returns cut off at -1.")]
    parameters_version: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: RiskAnswer) -> RiskOut:
        """Return the shape of ``answer``."""
        english, chinese = answer.method.text()
        sampled = answer.sampled
        return cls(
            as_of=answer.snapshot.as_of,
            known_at=answer.snapshot.known_at,
            snapshot_id=answer.snapshot.id,
            snapshot_sha256=answer.snapshot.sha256,
            books=tuple(BookPointOut.from_core(book) for book in answer.books),
            method=answer.method.method.value,
            method_text_en=english,
            method_text_zh=chinese,
            confidence=decimal_text(answer.method.confidence),
            horizon=answer.method.horizon,
            scenarios=answer.tail.count,
            order_statistic=answer.tail.rank,
            first_scenario_on=answer.scenarios.days[0],
            last_scenario_on=answer.scenarios.days[-1],
            seed=answer.method.seed,
            value_at_risk=_cny(answer.tail.value_at_risk, answer),
            expected_shortfall=_cny(answer.tail.expected_shortfall, answer),
            value_at_risk_standard_error=None if sampled is None else _cny(sampled.value_at_risk_error, answer),
            expected_shortfall_standard_error=None
            if sampled is None
            else _cny(sampled.expected_shortfall_error, answer),
            is_estimate=sampled is not None,
            is_complete=not answer.not_covered,
            not_covered=tuple(NotCoveredOut.from_core(lot) for lot in answer.not_covered),
            instruments=tuple(
                _part(share, answer, tonnes)
                for share, tonnes in zip(answer.instruments, answer.quantities, strict=True)
            ),
            by_book=tuple(_part(share, answer, None) for share in answer.by_book),
            worst=_worst(answer),
            liquidity=tuple(_liquidity(line, answer) for line in answer.liquidity),
            liquidity_adjusted_sum=_liquidity_sum(answer),
            series=tuple(SeriesOut.from_core(one) for one in answer.series),
            left_out_returns=sum(answer.scenarios.left_out),
            floored_returns=answer.floored,
            parameters_version=parameters_version(),
            explanation=ExplanationOut.from_core(explain_risk(answer)),
        )


def exact(text: str | None, *, field: str) -> Fraction | None:
    """Return the exact number that ``text`` spells, ``None`` for none."""
    return None if text is None else Fraction(parse_decimal(text, field=field))


def parameters_version() -> str:
    """Return the version of the risk parameter rows."""
    return reference.shipped_version("risk_parameters")


def _cny(value: Fraction | int, answer: RiskAnswer, *, is_scaled: bool = True) -> AmountOut:
    scale = answer.scale if is_scaled else Fraction(1)
    return AmountOut(amount=figure_cny(value, places=answer.places, scale=scale), unit=BOOK_CURRENCY)


def _part(share: RiskShare, answer: RiskAnswer, quantity_t: int | None) -> RiskPartOut:
    per_t = None
    if quantity_t is not None:
        per_t = decimal_text(share.marginal_per_t(quantity_t) * answer.scale / 10**answer.places, places=6)
    return RiskPartOut(
        name=share.name,
        quantity=None if quantity_t is None else tonnes_out(quantity_t),
        component=_cny(share.component, answer),
        component_shortfall=_cny(share.component_shortfall, answer),
        incremental=_cny(share.incremental, answer),
        standalone=_cny(share.standalone, answer),
        marginal_cny_per_t=per_t,
    )


def _worst(answer: RiskAnswer) -> tuple[WorstOut, ...]:
    named = [(scenario_name(answer, number), number) for number in reversed(answer.tail.tail[-_WORST:])]
    return tuple(WorstOut(scenario=name, loss=_cny(_loss(answer, number), answer)) for name, number in named)


def _loss(answer: RiskAnswer, scenario: int) -> int:
    return -sum(q * line[scenario] for q, line in zip(answer.quantities, answer.moves, strict=True))


def _liquidity_sum(answer: RiskAnswer) -> AmountOut | None:
    known = [line.adjusted.adjusted for line in answer.liquidity if line.adjusted is not None]
    if len(known) != len(answer.liquidity):
        return None
    return _cny(sum(known, Fraction(0)), answer, is_scaled=False)


def _liquidity(line: LiquidityLine, answer: RiskAnswer) -> LiquidityOut:
    found = line.adjusted
    rush = None if line.rush_share is None else decimal_text(line.rush_share, places=6)
    return LiquidityOut(
        instrument=line.instrument,
        month=None if found is None else found.volume.name,
        average_volume_t=None if found is None else decimal_text(found.volume.average_t, places=2),
        participation_share=None if found is None else decimal_text(found.share),
        days_to_liquidate=None if found is None else decimal_text(found.days, places=2),
        half_spread_cost=None if found is None else _cny(found.half_spread_cost, answer, is_scaled=False),
        liquidity_adjusted=None if found is None else _cny(found.adjusted, answer, is_scaled=False),
        reason=line.reason,
        last_quarter_share=rush,
    )
