"""The calculators by name with the fields each takes: the one way in for the command line and for HTTP.

Owns names, fields and examples. A field that a core refuses is refused here under the name the caller used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from finance.conventions.day_counts import DayCount
from finance.operations.calculators import allowances, decisions, green_trade, industry, interest, power, relief
from finance.operations.calculators.answers import Answer, Given, Worked
from finance.operations.calculators.inputs import Inputs, Kind, Parameter, read_inputs
from ledger.core.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """One calculator: ``name`` with underscores, the question it answers, its fields, and what computes the answer."""

    name: str
    question: str
    parameters: tuple[Parameter, ...]
    compute: Callable[[Inputs], Worked]

    def example(self) -> dict[str, Given]:
        """Return inputs that work: the examples of the required fields and of one optional field where one is needed."""
        return {
            parameter.name: parameter.example
            for parameter in self.parameters
            if parameter.is_required or parameter.name in _EXAMPLE_TOO
        }


_EXAMPLE_TOO = frozenset({"price_cny_per_t", "intensity", "balance_value", "change"})

_METHODOLOGY = Parameter(
    name="methodology", meaning="id of a methodology, such as article-2024-draft", example="article-2024-draft"
)

CALCULATORS: tuple[Calculator, ...] = (
    Calculator(
        name="intensity",
        question="What does one tonne of liquid aluminium emit at this power use?",
        parameters=(
            Parameter(name="ac_kwh_per_t", meaning="AC power per tonne", unit="kWh/t", example="13100"),
            Parameter(
                name="zero_emission_share",
                meaning="share of the power that counts as zero, 0 to 1",
                unit="1",
                example="0.0115384615",
            ),
            _METHODOLOGY,
            Parameter(
                name="grid_factor_kg_per_kwh",
                meaning="grid factor instead of the methodology's",
                unit="kg/kWh",
                example="0.5942",
                is_required=False,
            ),
        ),
        compute=power.intensity,
    ),
    Calculator(
        name="breakeven",
        question="At which power use does the intensity equal a benchmark?",
        parameters=(
            Parameter(name="benchmark", meaning="intensity to be met", unit="tCO2e/t", example="9.264"),
            _METHODOLOGY,
        ),
        compute=power.breakeven,
    ),
    Calculator(
        name="parity",
        question="Which carbon price equals a green power premium, or the reverse?",
        parameters=(
            Parameter(
                name="premium_cny_per_kwh",
                meaning="green power premium; give this or the price",
                unit="CNY/kWh",
                example="0.06",
                is_required=False,
            ),
            Parameter(
                name="price_cny_per_t",
                meaning="carbon price; give this or the premium",
                unit="CNY/t",
                example="100",
                is_required=False,
            ),
            Parameter(name="factor_kg_per_kwh", meaning="grid factor, above zero", unit="kg/kWh", example="0.5942"),
        ),
        compute=power.parity_of,
    ),
    Calculator(
        name="allocation",
        question="How many free allowances does a process get, and what is the gap?",
        parameters=(
            Parameter(name="emissions_t", meaning="verified emissions", unit="tCO2e", example="800000"),
            Parameter(
                name="intensity",
                meaning="direct intensity (ets_direct); needed from 2025",
                unit="tCO2e/t",
                example="1.50",
                is_required=False,
            ),
            Parameter(
                name="balance_value",
                meaning="published balance value (BP); needed from 2025",
                unit="tCO2e/t",
                example="1.60",
                is_required=False,
            ),
            Parameter(name="year", meaning="compliance year, such as 2025", example="2025"),
        ),
        compute=allowances.allocate,
    ),
    Calculator(
        name="carryover",
        question="How many old allowances may be carried over?",
        parameters=(
            Parameter(name="sold_t", meaning="sold over the rule's period", unit="t", example="200000"),
            Parameter(name="bought_t", meaning="bought over the rule's period", unit="t", example="80000"),
            Parameter(name="holding_t", meaning="held at its end", unit="t", example="300000"),
        ),
        compute=allowances.carryover,
    ),
    Calculator(
        name="ccer_cap",
        question="How many CCER may settle a duty?",
        parameters=(
            Parameter(name="due_t", meaning="allowances due", unit="t", example="1234567"),
            Parameter(
                name="on",
                meaning="day of surrender as YYYY-MM-DD; without it the newest rule on file",
                example="2026-12-31",
                is_required=False,
            ),
        ),
        compute=allowances.ccer_cap,
    ),
    Calculator(
        name="interest",
        question="What interest does a loan bear between two days?",
        parameters=(
            Parameter(name="principal_cny", meaning="constant principal", unit="CNY", example="200000000"),
            Parameter(name="start", meaning="first day that counts, YYYY-MM-DD", example="2024-03-20"),
            Parameter(name="end", meaning="day after the last that counts, YYYY-MM-DD", example="2024-06-20"),
            Parameter(name="rate", meaning="yearly rate as a fraction of one", unit="1", example="0.0345"),
            Parameter(
                name="change",
                meaning="DATE=RATE, the rate from that day on; may be repeated",
                kind=Kind.TEXTS,
                example=("2024-05-06=0.0335",),
                is_required=False,
            ),
            Parameter(name="day_count", meaning=f"one of {', '.join(DayCount)}", example="ACT/360"),
        ),
        compute=interest.interest,
    ),
    Calculator(
        name="relief",
        question="What does a sale cost by lots, what is the gain, and what remains?",
        parameters=(
            Parameter(
                name="lots",
                meaning="lots with lot_id, acquired_on, quantity_t and cost_cny (the whole lot's cost)",
                kind=Kind.ROWS,
                example=({"lot_id": "1", "acquired_on": "2025-03-10", "quantity_t": "10000", "cost_cny": "802400.00"},),
            ),
            Parameter(name="sell_t", meaning="whole tonnes sold", unit="t", example="1000"),
            Parameter(name="method", meaning=f"one of {', '.join(relief.METHODS)}", example="fifo"),
            Parameter(
                name="price_cny_per_t",
                meaning="price of the sale, for the gain",
                unit="CNY/t",
                example="97.81",
                is_required=False,
            ),
            Parameter(
                name="fee_cny",
                meaning="fees of the sale; only with a price",
                unit="CNY",
                example="293.43",
                is_required=False,
            ),
        ),
        compute=relief.relief,
    ),
    Calculator(
        name="industry_benchmark",
        question=industry.BENCHMARK_QUESTION,
        parameters=industry.BENCHMARK_PARAMETERS,
        compute=industry.benchmark,
    ),
    Calculator(
        name="industry_balance",
        question=industry.BALANCE_QUESTION,
        parameters=industry.BALANCE_PARAMETERS,
        compute=industry.balance,
    ),
    Calculator(
        name="cbam",
        question=green_trade.CBAM_QUESTION,
        parameters=green_trade.CBAM_PARAMETERS,
        compute=green_trade.cbam,
    ),
    Calculator(
        name="renewable_duty",
        question=green_trade.DUTY_QUESTION,
        parameters=green_trade.DUTY_PARAMETERS,
        compute=green_trade.duty,
    ),
    Calculator(
        name="next_tonne",
        question=decisions.TONNE_QUESTION,
        parameters=decisions.TONNE_PARAMETERS,
        compute=decisions.next_tonne,
    ),
    Calculator(
        name="next_mwh",
        question=decisions.MWH_QUESTION,
        parameters=decisions.MWH_PARAMETERS,
        compute=decisions.next_mwh,
    ),
    Calculator(
        name="ratchet",
        question=decisions.RATCHET_QUESTION,
        parameters=decisions.RATCHET_PARAMETERS,
        compute=decisions.ratchet,
    ),
)


def calculate(name: str, given: Mapping[str, object]) -> Answer:
    """Return the answer of the calculator ``name`` to ``given``.

    ``name`` may be written with ``-`` for ``_``; an unknown one raises ``calc.unknown``. Whatever else is wrong raises ``Invalid`` whose
    message names the field and what was expected. ``calculate("ccer-cap", {"due_t": "1234567"})`` gives 61,728 t.
    """
    calculator = calculator_of(name)
    inputs = read_inputs(calculator.parameters, given)
    try:
        worked = calculator.compute(inputs)
    except (Invalid, NotFound) as error:
        raise _about_field(error, calculator) from error
    return Answer(calculator=calculator.name, inputs=inputs.given, worked=worked)


def calculator_of(name: str) -> Calculator:
    """Return the calculator of that name, or raise ``calc.unknown`` with the list of names."""
    wanted = name.replace("-", "_")
    for calculator in CALCULATORS:
        if calculator.name == wanted:
            return calculator
    known = ", ".join(calculator.name for calculator in CALCULATORS)
    raise NotFound("calc.unknown", f"calculator: expected one of {known}", known=known)


def _about_field(error: Invalid | NotFound, calculator: Calculator) -> Invalid:
    """Return the refusal with the caller's field beside it; what is not on file is a wrong input of a question."""
    named = error.message.partition(":")[0]
    fields = {parameter.name for parameter in calculator.parameters}
    more = {"field": named} if named in fields and "field" not in error.data else {}
    return Invalid(error.code, error.message, **{**error.data, **more})
