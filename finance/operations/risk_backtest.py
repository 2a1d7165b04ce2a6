"""How a book's historical value at risk would have done: today's position replayed over the stored sessions.

Loads holdings and series, asks the cores, saves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.market.risk.backtests import BackTest, BackTestRules, back_test, rolling_exceptions
from finance.market.risk.hedging import HedgeRatio, hedge_ratio
from finance.market.risk.methods import check_confidence
from finance.market.risk.parameters import RiskParameters
from finance.market.risk.returns import ReturnRules, ReturnSeries, SeriesLeg
from finance.market.risk.scenarios import common_scenarios, price_moves
from finance.market.snapshots import Snapshot
from finance.operations.risk import AskedBook, HeldBook, held_books, needed_returns, priced_instruments
from finance.operations.risk_series import SeriesQuestion, load_series, parameters_on
from ledger.core.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestAnswer:
    """The tests over ``days``, the sessions judged; ``exception_days`` are those whose loss exceeded the figure."""

    snapshot: Snapshot
    parameters: RiskParameters
    window: int
    books: tuple[HeldBook, ...]
    series: tuple[ReturnSeries, ...]
    days: tuple[date, ...]
    test: BackTest

    @property
    def exception_days(self) -> tuple[date, ...]:
        """Return the days whose loss exceeded the figure of the window before."""
        return tuple(self.days[number] for number in self.test.exceptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestQuestion:
    """Which figure is tested: historical, one session, over a rolling window, position and price held constant."""

    confidence: Fraction
    window: int
    rules: ReturnRules
    legs: Mapping[str, tuple[SeriesLeg, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeAnswer:
    """A hedge ratio with the two series behind it."""

    snapshot: Snapshot
    ratio: HedgeRatio
    held: ReturnSeries
    hedge: ReturnSeries


def back_test_of_books(
    session: Session,
    organisation_id: UUID,
    books: Sequence[AskedBook],
    snapshot: Snapshot,
    question: BackTestQuestion,
) -> BackTestAnswer:
    """Return Kupiec, Christoffersen and the traffic light of the books' historical value at risk.

    Each common session after the first ``window`` is judged by the window before it, with today's tonnes and prices (a
    hypothetical backtest). ``risk.too_few_returns`` unless at least one session is left to judge.
    """
    check_confidence(question.confidence)
    parameters = parameters_on(snapshot.as_of)
    needed, most = needed_returns(parameters, question.confidence), parameters.whole("max_window")
    if not needed <= question.window < most:
        raise Invalid("risk.window", f"window: expected {needed} to {most - 1} returns at this confidence")
    held = held_books(session, books, snapshot)
    priced = priced_instruments(held, snapshot)
    asked = SeriesQuestion(
        organisation_id=organisation_id,
        as_of=snapshot.as_of,
        known_at=snapshot.known_at,
        rules=question.rules,
        legs=question.legs,
    )
    series = load_series(session, sorted({name for one in priced for name, _ in one.exposure.factors}), asked)
    scenarios = common_scenarios(series, window=most, needed=question.window + 1)
    exposures = [one.exposure for one in priced]
    places = parameters.whole("scenario_price_places")
    moves = price_moves(exposures, scenarios.names, scenarios.returns, places=places)
    tonnes = [sum(book.quantities.get(one.instrument, 0) for book in held) for one in exposures]
    profits = [sum(q * move for q, move in zip(tonnes, column, strict=True)) for column in zip(*moves, strict=True)]
    hits = rolling_exceptions(profits, window=question.window, confidence=question.confidence)
    rules = BackTestRules(
        significance=parameters.exact("test_significance"),
        yellow_from=parameters.exact("traffic_yellow_from"),
        red_from=parameters.exact("traffic_red_from"),
    )
    return BackTestAnswer(
        snapshot=snapshot,
        parameters=parameters,
        window=question.window,
        books=held,
        series=series,
        days=scenarios.days[question.window :],
        test=back_test(hits, confidence=question.confidence, rules=rules),
    )


def hedge_of(session: Session, held: str, hedge: str, snapshot: Snapshot, asked: SeriesQuestion) -> HedgeAnswer:
    """Return the minimum-variance hedge of ``held`` by ``hedge`` at the snapshot's prices, both usable in one currency."""
    if held == hedge:
        raise Invalid("risk.hedge", "hedge: expected another instrument than the one held")
    prices = []
    marks = [snapshot.mark(held), snapshot.mark(hedge)]
    for name, mark in zip((held, hedge), marks, strict=True):
        if mark is None or mark.value is None:
            raise Conflict("risk.not_marked", f"{name}: expected a usable mark in the snapshot; freeze one that has it")
        prices.append(Fraction(mark.value))
    if len({(mark.currency, mark.unit) for mark in marks if mark is not None}) != 1:
        raise Invalid("risk.hedge_unit", "hedge: expected two prices in the same currency and unit")
    series = load_series(session, (held, hedge), asked)
    needed = parameters_on(asked.as_of).whole("min_returns")
    ratio = hedge_ratio(series[0], series[1], (prices[0], prices[1]), needed=needed)
    return HedgeAnswer(snapshot=snapshot, ratio=ratio, held=series[0], hedge=series[1])
