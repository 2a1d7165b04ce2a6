"""The market risk of one book or a group of books by one frozen snapshot: tail, shares, liquidity, and what is not covered.

Loads holdings, prices and series, asks the cores, saves nothing. Every figure reproduces from the snapshot, the books'
record points and the declared method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from finance.accounting.chart import BOOK_CURRENCY
from finance.market.marks import Mark
from finance.market.risk import filtered, monte_carlo
from finance.market.risk.liquidity import (
    LiquidityAdjusted,
    last_quarter_share,
    liquidity_adjusted,
    month_volumes,
    volume_of,
)
from finance.market.risk.methods import Method, RiskMethod
from finance.market.risk.monte_carlo import LogNormalModel, SampledTail
from finance.market.risk.parameters import RiskParameters
from finance.market.risk.returns import ReturnSeries, SeriesLeg
from finance.market.risk.roots import root
from finance.market.risk.scenarios import (
    SCENARIO_PRICE,
    Exposure,
    HorizonRule,
    ScenarioSet,
    common_scenarios,
    compounded,
    price_moves,
)
from finance.market.risk.value_at_risk import RiskShare, TailRisk, risk_shares, scenario_profits
from finance.market.snapshots import Snapshot
from finance.market.valuation import ValuedLot
from finance.operations.risk_series import SeriesQuestion, load_series, load_volumes, parameters_on, preferred_basis
from finance.operations.valuations import value_book
from ledger.core.amounts import round_exact
from ledger.core.errors import Conflict, Invalid
from ledger.store.reports import RecordPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityChoice:
    """How a position would be sold; what is ``None`` comes from the rows, the month from the one before the snapshot's."""

    share: Fraction | None
    half_spread_cny_per_t: Fraction | None
    month: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskQuestion:
    """What is asked: the method, what stands for which instrument's prices, and how positions would be sold."""

    method: RiskMethod
    legs: Mapping[str, tuple[SeriesLeg, ...]]
    liquidity: LiquidityChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBook:
    """A book that the caller may see, by its ledger number, its public id and its record point (newest when None)."""

    book_id: int
    public_id: UUID
    known: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBook:
    """A book's valued tonnes by the instrument that prices them, and the lots without a usable price."""

    asked: AskedBook
    record: RecordPoint
    quantities: Mapping[str, int]
    not_covered: tuple[ValuedLot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedInstrument:
    """An instrument of the risk with today's exact price in book currency and the marks it is made of."""

    exposure: Exposure
    mark: Mark
    fx_mark: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityLine:
    """One instrument's liquidity, or why there is none; ``rush_share`` is the last full year's share of its last quarter."""

    instrument: str
    adjusted: LiquidityAdjusted | None
    reason: str
    rush_share: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAnswer:
    """The risk in units of 10^-``places`` CNY, of the method's horizon; every figure still has to be multiplied by ``scale``.

    ``scale`` is the root of the horizon under sqrt_time and 1 elsewhere. ``sampled`` and ``model`` are there for Monte Carlo.
    """

    snapshot: Snapshot
    method: RiskMethod
    parameters: RiskParameters
    places: int
    scale: Fraction
    books: tuple[HeldBook, ...]
    priced: tuple[PricedInstrument, ...]
    quantities: tuple[int, ...]
    series: tuple[ReturnSeries, ...]
    scenarios: ScenarioSet
    moves: tuple[tuple[int, ...], ...]
    tail: TailRisk
    instruments: tuple[RiskShare, ...]
    by_book: tuple[RiskShare, ...]
    sampled: SampledTail | None
    model: LogNormalModel | None
    floored: int
    liquidity: tuple[LiquidityLine, ...]

    @property
    def not_covered(self) -> tuple[ValuedLot, ...]:
        """Return the lots without a usable price, of all books; the figures say nothing about them."""
        return tuple(lot for book in self.books for lot in book.not_covered)


def risk_of_books(
    session: Session,
    organisation_id: UUID,
    books: Sequence[AskedBook],
    snapshot: Snapshot,
    question: RiskQuestion,
) -> RiskAnswer:
    """Return the risk of all ``books`` together at the snapshot's prices, by what was known when it was frozen.

    A book named twice is ``risk.books``; nothing valued is ``risk.nothing_valued``; too short a series is
    ``risk.too_few_returns``.
    """
    parameters = parameters_on(snapshot.as_of)
    _check(question.method, parameters)
    held = held_books(session, books, snapshot)
    priced = priced_instruments(held, snapshot)
    asked = SeriesQuestion(
        organisation_id=organisation_id,
        as_of=snapshot.as_of,
        known_at=snapshot.known_at,
        rules=question.method.rules,
        legs=question.legs,
    )
    factors = sorted({name for one in priced for name, _ in one.exposure.factors})
    series = load_series(session, factors, asked)
    scenarios = common_scenarios(
        series, window=question.method.window, needed=needed_returns(parameters, question.method.confidence)
    )
    simulated = _simulated(scenarios, priced, question.method, parameters)
    names = [one.exposure.instrument for one in priced]
    quantities = tuple(sum(book.quantities.get(name, 0) for book in held) for name in names)
    confidence = question.method.confidence
    lines = [[tonnes * move for move in line] for tonnes, line in zip(quantities, simulated.moves, strict=True)]
    tail, instruments = risk_shares(names, lines, confidence=confidence)
    by_book = _book_shares(held, names, simulated.moves, confidence)
    places = parameters.whole("scenario_price_places")
    losses = [-sum(column) for column in zip(*lines, strict=True)] if simulated.model is not None else []
    answer = RiskAnswer(
        snapshot=snapshot,
        method=question.method,
        parameters=parameters,
        places=places,
        scale=_scale(question.method, parameters),
        books=held,
        priced=priced,
        quantities=quantities,
        series=series,
        scenarios=simulated.scenarios,
        moves=simulated.moves,
        tail=tail,
        instruments=instruments,
        by_book=by_book,
        sampled=sampled_or_none(losses, confidence, parameters),
        model=simulated.model,
        floored=simulated.floored,
        liquidity=(),
    )
    return _with_liquidity(session, answer, question.liquidity, asked)


def held_books(session: Session, books: Sequence[AskedBook], snapshot: Snapshot) -> tuple[HeldBook, ...]:
    """Return each book's valued tonnes by marked instrument at the snapshot, and what has no price."""
    if not books or len({one.book_id for one in books}) != len(books):
        raise Invalid("risk.books", "books: expected at least one, every book once")
    held = []
    for one in books:
        worth = value_book(session, one.book_id, snapshot, as_of=snapshot.as_of, known=one.known)
        quantities: dict[str, int] = {}
        for lot in worth.valuation.lots:
            if lot.market_value_units is not None and lot.lot.quantity_t:
                name = lot.lot.marked_by
                quantities[name] = quantities.get(name, 0) + lot.lot.quantity_t
        held.append(HeldBook(asked=one, record=worth.record, quantities=quantities, not_covered=worth.unvalued))
    return tuple(held)


def priced_instruments(held: Sequence[HeldBook], snapshot: Snapshot) -> tuple[PricedInstrument, ...]:
    """Return the valued instruments by name with their price in book currency and the series that move it."""
    names = sorted({name for book in held for name in book.quantities})
    if not names:
        raise Conflict(
            "risk.nothing_valued",
            f"books: no lot has a usable price on {snapshot.as_of}; freeze a snapshot with marks of what is held",
        )
    return tuple(_priced(name, snapshot) for name in names)


def needed_returns(parameters: RiskParameters, confidence: Fraction) -> int:
    """Return how many returns a quantile at ``confidence`` needs: the row's number, and one beyond the quantile at least."""
    beyond = 1 / (1 - confidence)
    return max(parameters.whole("min_returns"), -(-beyond.numerator // beyond.denominator))


def sampled_or_none(losses: Sequence[int], confidence: Fraction, parameters: RiskParameters) -> SampledTail | None:
    """Return the tail of simulated losses with its errors, ``None`` without any."""
    if not losses:
        return None
    return monte_carlo.sampled_tail(losses, confidence=confidence, places=parameters.whole("root_places"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simulated:
    scenarios: ScenarioSet
    moves: tuple[tuple[int, ...], ...]
    model: LogNormalModel | None
    floored: int


def _simulated(
    scenarios: ScenarioSet, priced: Sequence[PricedInstrument], method: RiskMethod, parameters: RiskParameters
) -> _Simulated:
    places = parameters.whole("scenario_price_places")
    exposures = [one.exposure for one in priced]
    if method.method is Method.MONTE_CARLO:
        return _drawn(scenarios, exposures, method, parameters)
    returns, floored = scenarios.returns, 0
    if method.method is Method.FILTERED:
        scaled = filtered.filtered_scenarios(scenarios, decay=parameters.exact("ewma_lambda"))
        returns, floored = tuple(one.returns for one in scaled), sum(one.floored for one in scaled)
    used = replace(scenarios, returns=returns)
    if method.horizon_rule is HorizonRule.OVERLAPPING:
        used = compounded(used, horizon=method.horizon, needed=needed_returns(parameters, method.confidence))
    moves = price_moves(exposures, used.names, used.returns, places=places)
    return _Simulated(scenarios=used, moves=moves, model=None, floored=floored)


def _drawn(
    scenarios: ScenarioSet, exposures: Sequence[Exposure], method: RiskMethod, parameters: RiskParameters
) -> _Simulated:
    """Simulate every price and exchange rate; a price with a rate moves with the sum of both logarithms."""
    assert method.paths is not None, "Monte Carlo has paths"
    assert method.seed is not None, "Monte Carlo has a seed"
    model = monte_carlo.model_of_exposures(monte_carlo.fitted_model(scenarios), exposures)
    scale = 10 ** parameters.whole("scenario_price_places")
    prices = [round_exact(one.price * scale, SCENARIO_PRICE) for one in exposures]
    blocks = list(
        monte_carlo.simulated_moves(model, prices, horizon=method.horizon, paths=method.paths, seed=method.seed)
    )
    moves = np.concatenate(blocks, axis=1).tolist()
    return _Simulated(scenarios=scenarios, moves=tuple(tuple(line) for line in moves), model=model, floored=0)


def _book_shares(
    held: Sequence[HeldBook], names: Sequence[str], moves: Sequence[Sequence[int]], confidence: Fraction
) -> tuple[RiskShare, ...]:
    tonnes = np.array([[book.quantities.get(name, 0) for name in names] for book in held], dtype=object)
    lines = scenario_profits(tonnes, np.array([list(line) for line in moves], dtype=object))
    return risk_shares([str(book.asked.public_id) for book in held], lines, confidence=confidence)[1]


def _priced(name: str, snapshot: Snapshot) -> PricedInstrument:
    mark = snapshot.mark(name)
    assert mark is not None, "a valued lot has a mark"
    assert mark.value is not None, "a valued lot has a usable mark"
    price, factors, fx_mark = Fraction(mark.value), [(name, False)], None
    if mark.currency != BOOK_CURRENCY:
        for base, quote, is_inverse in (
            (mark.currency, BOOK_CURRENCY, False),
            (BOOK_CURRENCY, mark.currency, True),
        ):
            fx_mark = snapshot.mark(f"{base}_{quote}")
            if fx_mark is not None and fx_mark.value is not None and (fx_mark.currency, fx_mark.unit) == (quote, base):
                rate = Fraction(fx_mark.value)
                price = price / rate if is_inverse else price * rate
                factors.append((fx_mark.instrument, is_inverse))
                break
    return PricedInstrument(
        exposure=Exposure(instrument=name, price=price, factors=tuple(factors)), mark=mark, fx_mark=fx_mark
    )


def _check(method: RiskMethod, parameters: RiskParameters) -> None:
    most_window, longest = parameters.whole("max_window"), parameters.whole("max_horizon")
    needed = needed_returns(parameters, method.confidence)
    if not needed <= method.window <= most_window:
        raise Invalid(
            "risk.window",
            f"window: expected {needed} to {most_window} returns at this confidence",
            window=str(method.window),
            needed=str(needed),
        )
    if method.horizon > longest:
        raise Invalid("risk.horizon", f"horizon: expected 1 to {longest} sessions", horizon=str(method.horizon))
    fewest, most = parameters.whole("monte_carlo_min_paths"), parameters.whole("monte_carlo_max_paths")
    if method.paths is not None and not fewest <= method.paths <= most:
        raise Invalid("risk.paths", f"paths: expected {fewest} to {most}", paths=str(method.paths))


def _scale(method: RiskMethod, parameters: RiskParameters) -> Fraction:
    if method.method is Method.MONTE_CARLO or method.horizon_rule is HorizonRule.OVERLAPPING:
        return Fraction(1)
    return root(Fraction(method.horizon), places=parameters.whole("root_places"))


def _with_liquidity(session: Session, answer: RiskAnswer, choice: LiquidityChoice, asked: SeriesQuestion) -> RiskAnswer:
    names = [one.exposure.instrument for one in answer.priced]
    stored = load_volumes(session, names, asked)
    first = asked.as_of.replace(day=1)
    default = (first.year, first.month - 1) if first.month > 1 else (first.year - 1, 12)
    year, month = choice.month or default
    share = answer.parameters.exact("participation_share") if choice.share is None else choice.share
    scale = 10**answer.places
    lines = []
    for number, one in enumerate(answer.priced):
        name, quantity = one.exposure.instrument, answer.quantities[number]
        volumes = month_volumes(name, stored, price_bases=(preferred_basis(name, on=asked.as_of),))
        rush = last_quarter_share(volumes, year=asked.as_of.year - 1)
        own = choice.half_spread_cny_per_t
        spread = one.exposure.price * answer.parameters.exact("half_spread_share") if own is None else own
        adjusted, reason = None, ""
        try:
            volume = volume_of(volumes, name, year=year, month=month)
        except Conflict as refusal:
            if choice.month is not None:
                raise
            reason = refusal.message
        else:
            figure = round_exact(answer.instruments[number].standalone * answer.scale, SCENARIO_PRICE)
            adjusted = liquidity_adjusted(
                quantity_t=quantity,
                value_at_risk=figure,
                volume=volume,
                share=share,
                half_spread=spread * scale,
                places=answer.parameters.whole("root_places"),
                horizon=answer.method.horizon,
            )
        lines.append(LiquidityLine(instrument=name, adjusted=adjusted, reason=reason, rush_share=rush))
    return replace(answer, liquidity=tuple(lines))
