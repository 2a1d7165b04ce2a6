"""What a compliance year's gap may cost a book: the scenario ladder, and the cost at risk by simulation. Stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.routes.risk import asked_book
from api.schemas.activity import FlagText
from api.schemas.amounts import WholeNumber
from api.schemas.fields import CodeString, DecimalString, UuidString
from api.schemas.gap_risk import GapRiskIn, GapRiskOut, LadderOut, YearIn, compliance_year, grid_factors
from finance.operations.gap_risk import GapQuestion, gap_risk_of_year, ladder_of_year

routes = Routes(tag="gap risk")

_FactorsText = Annotated[
    str,
    Query(
        max_length=200,
        examples=["0.5703;0.6205"],
        description="Other grid factors to compare, tCO2/MWh, separated by semicolons.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLadder:
    """Which record point, prices and forward purchases the table is of."""

    snapshot_id: UuidString
    mark_instrument: str
    known: int | None
    forward_t: int


def asked_ladder(
    snapshot_id: UuidString,
    mark_instrument: Annotated[CodeString, Query(examples=["CEA25"])],
    known: Annotated[WholeNumber | None, Query(description="Record point; newest when absent.")] = None,
    forward_t: Annotated[WholeNumber, Query(description="Tonnes bought forward.", examples=[0])] = 0,
) -> AskedLadder:
    """Return the point that the query asks for."""
    return AskedLadder(snapshot_id=snapshot_id, mark_instrument=mark_instrument, known=known, forward_t=forward_t)


def _year(
    year: Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])],
    output_t: Annotated[DecimalString, Query(description="Product, t.", examples=["1000000"])],
    benchmark: Annotated[DecimalString, Query(description="Published BP, tCO2e/t.", examples=["1.60"])],
    direct_intensity: Annotated[DecimalString, Query(description="ets_direct tCO2e/t.", examples=["1.65"])],
    power_mwh_per_t: Annotated[DecimalString, Query(examples=["13.3"])] = "0",
    grid_factor: Annotated[DecimalString, Query(description="tCO2/MWh.", examples=["0.5703"])] = "0",
    green_share: Annotated[DecimalString, Query(examples=["0.25"])] = "0",
    counts_power: Annotated[FlagText, Query(description="What if the duty included power.")] = False,  # noqa: FBT002 - a query
) -> YearIn:
    return YearIn(
        year=year,
        output_t=output_t,
        benchmark=benchmark,
        direct_intensity=direct_intensity,
        power_mwh_per_t=power_mwh_per_t,
        grid_factor=grid_factor,
        green_share=green_share,
        counts_power=counts_power,
    )


@routes.get("/books/{book_id}/risk/ladder", policy=asks(Scope.LEDGER_READ))
def read_ladder(
    book_id: UuidString,
    call: ThisCall,
    point: Annotated[AskedLadder, Depends(asked_ladder)],
    assumed: Annotated[YearIn, Depends(_year)],
    other_factors: _FactorsText | None = None,
) -> LadderOut:
    """Return the year's gap under each change of benchmark, output, grid factor and green share, times each price."""
    asked = asked_book(call, book_id, point.known)
    snapshot = call.load(MARKET_SNAPSHOT, point.snapshot_id)
    question = GapQuestion(
        book_id=asked.book_id,
        known=asked.known,
        year=compliance_year(assumed.year),
        case=assumed.to_case(),
        forward_t=point.forward_t,
        mark_instrument=point.mark_instrument,
    )
    answer = ladder_of_year(call.session, snapshot, question, other_factors=grid_factors(other_factors))
    return LadderOut.from_core(answer, year=assumed.year, counts_power=assumed.counts_power)


@routes.post("/books/{book_id}/gap-risk", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_gap_risk(book_id: UuidString, body: GapRiskIn, call: ThisCall) -> GapRiskOut:
    """Return what the year's missing allowances may cost beyond their mean, by joint simulation with the seed given."""
    asked = asked_book(call, book_id, body.known)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    confidence = body.to_confidence()
    answer = gap_risk_of_year(
        call.session,
        snapshot,
        body.to_question(asked.book_id),
        body.to_uncertainty(),
        confidence=confidence,
        paths=body.paths,
        seed=body.seed,
    )
    return GapRiskOut.from_core(answer, year=body.year, confidence=confidence)
