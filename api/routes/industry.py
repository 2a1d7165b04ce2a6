"""The whole industry: the balance of plants under the law, and the first article's what-if; nothing is stored."""

from __future__ import annotations

from fractions import Fraction

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.industry import BenchmarkIn, BenchmarkOut, LawBalanceIn, LawBalanceOut
from finance.compliance.industry_scenario import generated_plants, industry_scenario
from finance.operations.industry import assumed_industry, law_balance, power_factors
from ledger.core.amounts import parse_decimal

routes = Routes(tag="industry")


@routes.post("/industry/balance", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def balance_industry(body: LawBalanceIn, call: ThisCall) -> LawBalanceOut:
    """Return the balance value (BP) that the plants give under the law of the year, and each plant's surplus or shortage."""
    del call
    value = None if body.balance_value is None else Fraction(parse_decimal(body.balance_value, field="balance_value"))
    return LawBalanceOut.from_core(law_balance(body.year, [each.to_core() for each in body.plants], value=value))


@routes.post("/industry/benchmark", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def benchmark_industry(body: BenchmarkIn, call: ThisCall) -> BenchmarkOut:
    """Return the benchmark at which the industry would balance if power counted: a what-if that never became law."""
    del call
    given = body.given()
    if body.plants is None:
        industry = assumed_industry(given=given, green_plants=body.green_plants, seed=body.seed)
        plants = generated_plants(industry)
    else:
        plants = tuple(each.to_core() for each in body.plants)
    grid = body.grid_factor_kg_per_kwh
    scenario = industry_scenario(
        plants,
        power_factors(
            body.methodology,
            grid_factor_kg_per_kwh=None if grid is None else parse_decimal(grid, field="grid_factor_kg_per_kwh"),
        ),
        benchmark=None if body.benchmark is None else Fraction(parse_decimal(body.benchmark, field="benchmark")),
        step=Fraction(parse_decimal(body.step, field="step")),
    )
    return BenchmarkOut.from_core(scenario)
