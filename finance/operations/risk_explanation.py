"""The tree behind a risk answer: which records, marks, sessions and rows its value at risk rests on.

Reads the answer only.
"""

from __future__ import annotations

from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.market.marks import Mark
from finance.market.risk.explanation import ExplainedPart, explain_tail
from finance.market.risk.methods import Method
from finance.operations.risk import PricedInstrument, RiskAnswer

_ROWS = ("min_returns", "scenario_price_places", "max_no_trade_sessions")


def explain_risk(answer: RiskAnswer) -> Explanation:
    """Return the tree of the answer's value at risk."""
    rows = [*_ROWS, *(["ewma_lambda"] if answer.method.method is Method.FILTERED else [])]
    rows += ["root_places"] if answer.scale != 1 else []
    parts = tuple(
        ExplainedPart(
            share=share,
            quantity_t=quantity,
            quantity_source=_records(answer, share.name),
            price=one.exposure.price,
            price_source=_marks(one),
            returns=_returns(answer, number, one),
        )
        for number, (share, quantity, one) in enumerate(
            zip(answer.instruments, answer.quantities, answer.priced, strict=True)
        )
    )
    return explain_tail(
        answer.tail,
        parts,
        method=answer.method,
        scenario_name=scenario_name(answer, answer.tail.scenario),
        scale=answer.scale,
        places=answer.places,
        rows=[answer.parameters.leaf(row) for row in rows],
    )


def scenario_name(answer: RiskAnswer, scenario: int) -> str:
    """Return the last session of a historical scenario, or the number of a simulated path from 1."""
    if answer.method.method is Method.MONTE_CARLO:
        return f"path {scenario + 1}"
    return answer.scenarios.days[scenario].isoformat()


def _records(answer: RiskAnswer, name: str) -> str:
    held = [book for book in answer.books if book.quantities.get(name)]
    shown = "; ".join(
        f"book {book.asked.public_id}: {book.quantities[name]} t at the close of {answer.snapshot.as_of}, "
        f"record point {book.record.seq}"
        for book in held
    )
    return shown or "no tonnes held"


def _marks(one: PricedInstrument) -> str:
    return "; ".join(_mark(mark) for mark in (one.mark, one.fx_mark) if mark is not None)


def _mark(mark: Mark) -> str:
    day = f", trade date {mark.trade_date}" if mark.trade_date else ""
    shown = "" if mark.value is None else f" {mark.value:f} {mark.currency}/{mark.unit}"
    return f"{mark.instrument}{shown}, {mark.state.value}: {mark.source}{day}"


def _returns(answer: RiskAnswer, number: int, one: PricedInstrument) -> tuple[tuple[str, Fraction, str], ...]:
    scenario = answer.tail.scenario
    if answer.method.method is Method.MONTE_CARLO:
        scale = 10**answer.places
        move = Fraction(answer.moves[number][scenario], scale) / one.exposure.price
        source = f"simulated: path {scenario + 1} of {answer.method.paths}, seed {answer.method.seed}"
        return ((one.exposure.instrument, move, source),)
    found = []
    names = answer.scenarios.names
    for name, _ in one.exposure.factors:
        place = names.index(name)
        series = next(each for each in answer.series if each.instrument == name)
        legs = ", ".join(f"{leg.instrument} {leg.price_basis.value}" for leg in series.legs)
        span = f"{answer.scenarios.starts[place][scenario]} to {answer.scenarios.days[scenario]}"
        said = ", ".join(series.facts.sources) or "no source"
        scaled = ", scaled by volatility now over then" if answer.method.method is Method.FILTERED else ""
        found.append((name, answer.scenarios.returns[place][scenario], f"{legs}, {span}, from {said}{scaled}"))
    return tuple(found)
