"""What enters and leaves about backtests of value at risk and about hedge ratios.

Figures are decimal strings. Computes nothing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import WholeNumber
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, DecimalString, UuidString
from api.schemas.risk import BookPointOut, SeriesOut, SeriesRulesIn, parameters_version
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.market.risk.backtests import LikelihoodTest
from finance.operations.risk_backtest import BackTestAnswer, BackTestQuestion, HedgeAnswer
from ledger.core.amounts import parse_decimal

_SNAPSHOT = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"
_PLACES = 6


class RiskBackTestIn(SeriesRulesIn):
    """Which historical figure is replayed: one session, the position held constant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"snapshot_id": _SNAPSHOT, "confidence": "0.99", "window": 250}]}
    )

    snapshot_id: UuidString
    known: Annotated[WholeNumber | None, Field(description="Record point; newest when absent.", examples=[120])] = None
    confidence: Annotated[DecimalString, Field(examples=["0.99"])] = "0.99"
    window: Annotated[WholeNumber, Field(description="Returns.", examples=[250])] = 250

    def to_core(self) -> BackTestQuestion:
        """Return the question."""
        return BackTestQuestion(
            confidence=Fraction(parse_decimal(self.confidence, field="confidence")),
            window=self.window,
            rules=self.rules(),
            legs=self.legs(),
        )


class LikelihoodTestOut(Schema):
    """A likelihood ratio, chi-squared under a right model; rejected below the significance."""

    statistic: Annotated[str, Field(examples=["5.316341"])]
    degrees_of_freedom: int
    probability: Annotated[str, Field(examples=["0.021126"])]
    is_rejected: bool

    @classmethod
    def from_core(cls, test: LikelihoodTest) -> LikelihoodTestOut:
        """Return the shape of ``test``."""
        return cls(
            statistic=f"{test.statistic:f}",
            degrees_of_freedom=test.degrees,
            probability=f"{test.probability:f}",
            is_rejected=test.is_rejected,
        )


class RiskBackTestOut(Schema):
    """How the figure did: exceptions, their number and clustering, and the zone."""

    as_of: DateString
    snapshot_id: str
    snapshot_sha256: str
    books: Array[BookPointOut]
    confidence: str
    window: int
    days: int
    first_day: DateString
    last_day: DateString
    expected_exceptions: str
    exceptions: int
    exception_days: Array[DateString]
    kupiec: LikelihoodTestOut
    independence: LikelihoodTestOut
    joint: LikelihoodTestOut
    cumulative_probability: Annotated[str, Field(description="Of so many exceptions or fewer, exact.")]
    zone: Annotated[str, Field(examples=["green"])]
    series: Array[SeriesOut]
    parameters_version: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: BackTestAnswer) -> RiskBackTestOut:
        """Return the shape of ``answer``."""
        test = answer.test
        return cls(
            as_of=answer.snapshot.as_of,
            snapshot_id=answer.snapshot.id,
            snapshot_sha256=answer.snapshot.sha256,
            books=tuple(BookPointOut.from_core(book) for book in answer.books),
            confidence=decimal_text(test.confidence),
            window=answer.window,
            days=test.days,
            first_day=answer.days[0],
            last_day=answer.days[-1],
            expected_exceptions=decimal_text(test.expected, places=_PLACES),
            exceptions=len(test.exceptions),
            exception_days=answer.exception_days,
            kupiec=LikelihoodTestOut.from_core(test.kupiec),
            independence=LikelihoodTestOut.from_core(test.independence),
            joint=LikelihoodTestOut.from_core(test.joint),
            cumulative_probability=decimal_text(test.cumulative, places=_PLACES),
            zone=test.zone.value,
            series=tuple(SeriesOut.from_core(one) for one in answer.series),
            parameters_version=parameters_version(),
            explanation=ExplanationOut.from_core(_zone(answer)),
        )


class HedgeRatioOut(Schema):
    """Tonnes of the hedge per tonne held that leave the least variance, on overlapping sessions of both."""

    as_of: DateString
    snapshot_id: str
    snapshot_sha256: str
    held: str
    hedge: str
    ratio: Annotated[str, Field(examples=["0.85"])]
    effectiveness: Annotated[str, Field(description="Share of variance removed.", examples=["0.72"])]
    overlapping_changes: int
    left_out_changes: int
    first_day: DateString
    last_day: DateString
    series: Array[SeriesOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: HedgeAnswer) -> HedgeRatioOut:
        """Return the shape of ``answer``."""
        found = answer.ratio
        return cls(
            as_of=answer.snapshot.as_of,
            snapshot_id=answer.snapshot.id,
            snapshot_sha256=answer.snapshot.sha256,
            held=answer.held.instrument,
            hedge=answer.hedge.instrument,
            ratio=decimal_text(found.ratio, places=_PLACES),
            effectiveness=decimal_text(found.effectiveness, places=_PLACES),
            overlapping_changes=found.count,
            left_out_changes=found.left_out,
            first_day=found.first,
            last_day=found.last,
            series=(SeriesOut.from_core(answer.held), SeriesOut.from_core(answer.hedge)),
            explanation=ExplanationOut.from_core(_ratio(answer)),
        )


def _zone(answer: BackTestAnswer) -> Explanation:
    test = answer.test
    days = Explanation(
        label_en="Losses beyond value at risk",
        label_zh="超限次数",
        value=str(len(test.exceptions)),
        unit="days",
        source=f"{test.days} sessions from {answer.days[0]} to {answer.days[-1]}, each against the {answer.window} before; "
        f"today's tonnes at snapshot {answer.snapshot.id}",
    )
    rows = ("traffic_yellow_from", "traffic_red_from", "test_significance")
    return Explanation(
        label_en="Traffic light of the backtest",
        label_zh="回测信号灯",
        value=test.zone.value,
        unit="1",
        formula="zone by the exact binomial probability of so many exceptions or fewer",
        children=(days, *(answer.parameters.leaf(row) for row in rows)),
    )


def _ratio(answer: HedgeAnswer) -> Explanation:
    found = answer.ratio
    leaves = tuple(
        Explanation(
            label_en=f"Price changes of {series.instrument}",
            label_zh=f"{series.instrument} 价格变动",
            value=str(found.count),
            unit="changes",
            source=", ".join(series.facts.sources) or "no source",
        )
        for series in (answer.held, answer.hedge)
    )
    return Explanation(
        label_en="Minimum-variance hedge ratio",
        label_zh="最小方差套保比率",
        value=decimal_text(found.ratio, places=_PLACES),
        unit="t/t",
        formula="cov(change of held, change of hedge) / var(change of hedge)",
        children=leaves,
    )
