"""Questions about what to do next: the next tonne, the next MWh of green power, and the worth of a ratchet.

Reads inputs, asks the decision cores with the shipped rules, and words the answer. Reads no clock and no book.
"""

from __future__ import annotations

from fractions import Fraction

from finance.compliance.allocation import allocation_rule
from finance.conventions.day_counts import DayCount, parse_day_count
from finance.conventions.exact_text import decimal_text
from finance.conventions.rounding import INTEREST_PAYMENT, VALUATION
from finance.decisions.ets_channel import EtsSituation, ets_channel, position_change
from finance.decisions.loan_channel import PrincipalStretch, RateStake, simple_ratchet, stake_worth
from finance.decisions.parity import premium_at, premium_parity
from finance.decisions.steps import KWH_PER_MWH, Origin, saved_tonnes
from finance.emissions.methodologies import Measure
from finance.operations.calculators.answers import Figure, Worked
from finance.operations.calculators.inputs import Inputs, Parameter
from finance.operations.decisions import decision_rows
from finance.store import reference
from ledger.core import amounts
from ledger.core.errors import Invalid

_CNY_PLACES = 2
_KPI, _LOAN = "kpi", "loan"

TONNE_QUESTION = "What is one tonne less emitted worth in the national market under the law in force?"
TONNE_PARAMETERS = (
    Parameter(name="year", meaning="compliance year, such as 2025", example="2025"),
    Parameter(name="emissions_t", meaning="direct emissions of the process", unit="tCO2e", example="800000"),
    Parameter(name="intensity", meaning="direct intensity (ets_direct), above zero", unit="tCO2e/t", example="1.60"),
    Parameter(
        name="balance_value",
        meaning="published balance value (BP); needed from 2025",
        unit="tCO2e/t",
        example="1.60",
        is_required=False,
    ),
    Parameter(name="price_cny_per_t", meaning="price of an allowance", unit="CNY/t", example="97.81"),
    Parameter(
        name="step_t",
        meaning="tonnes saved at unchanged output; 1 without it",
        unit="t",
        example="1",
        is_required=False,
    ),
)

MWH_QUESTION = "What is one MWh of green power worth, and which premium does it carry?"
MWH_PARAMETERS = (
    Parameter(name="factor_kg_per_kwh", meaning="grid factor, for the what-if", unit="kg/kWh", example="0.5942"),
    Parameter(name="price_cny_per_t", meaning="carbon price, for the what-if", unit="CNY/t", example="100"),
    Parameter(
        name="gec_price_cny",
        meaning="price of the certificate it spares while the renewable duty is open",
        unit="CNY",
        example="5.96",
        is_required=False,
    ),
    Parameter(
        name="premium_cny_per_kwh",
        meaning="premium asked for the power",
        unit="CNY/kWh",
        example="0.06",
        is_required=False,
    ),
)

RATCHET_QUESTION = "What is a step of the loan margin worth, and what may a tonne of abatement cost to reach it?"
RATCHET_PARAMETERS = (
    Parameter(name="principal_cny", meaning="constant principal over the window", unit="CNY", example="200000000"),
    Parameter(name="step_bp", meaning="margin missed less margin met", unit="bp", example="10"),
    Parameter(name="start", meaning="first day that counts, YYYY-MM-DD", example="2026-06-20"),
    Parameter(name="end", meaning="day after the last that counts, YYYY-MM-DD", example="2027-06-20"),
    Parameter(name="day_count", meaning=f"one of {', '.join(DayCount)}", example="ACT/360"),
    Parameter(name="intensity", meaning="expected of the year", unit="tCO2e/t", example="10.05"),
    Parameter(name="target", meaning="at most this", unit="tCO2e/t", example="10.00"),
    Parameter(name="output_t", meaning="output of the year, above zero", unit="t", example="1000000"),
)


def next_tonne(inputs: Inputs) -> Worked:
    """Return what tonnes saved change in the position and what that is worth.

    800,000 t at I = BP = 1.60 in 2025: 0.15 t of position per tonne, at 97.81 CNY 14.67 CNY; not 97.81.
    """
    step_t = inputs.above_zero("step_t") if inputs.has("step_t") else Fraction(1)
    laws = decision_rows()
    situation = EtsSituation(
        rule=allocation_rule(reference.shipped_allocation_rules(), inputs.year("year")),
        emissions_t=_bounded(inputs, "emissions_t"),
        output_t=_output(inputs),
        balance_value=inputs.above_zero("balance_value") if inputs.has("balance_value") else None,
        price_cny_per_t=_bounded(inputs, "price_cny_per_t"),
        price_source="input",
        power_row=laws["law.ets_counts_power"],
        draft_row=laws["law.draft_ets_counts_power"],
    )
    if step_t > situation.emissions_t:
        raise Invalid(
            "decision.step_process", "step_t: expected at most the direct emissions of the process", field="step_t"
        )
    change = position_change(situation, step_t)
    channel = ets_channel(situation, saved_tonnes(step_t, origin=Origin.DIRECT))
    assert channel.worth_cny is not None, "a price was given"
    return Worked(
        figures=(
            Figure(name="slope_t_per_t", value=decimal_text(change.slope_t_per_t), unit="t/t"),
            Figure(name="position_change_t", value=decimal_text(change.exact_t), unit="t"),
            Figure(name="position_change_whole_t", value=str(change.whole_t), unit="t"),
            Figure(name="worth_cny", value=amounts.format_exact(channel.worth_cny, _CNY_PLACES, VALUATION), unit="CNY"),
            Figure(name="case", value=change.before.case),
            Figure(name="note_en", value=channel.words_en),
            Figure(name="note_zh", value=channel.words_zh),
        ),
        formula="(E - s) x alpha((E - s) / P) - E x alpha(E / P), P = E / I; worth = that x price",
        sources=situation.rule.rows,
    )


def next_mwh(inputs: Inputs) -> Worked:
    """Return what a MWh is worth under the law (nothing in the market), its parity, and the what-if of the draft.

    A certificate at 5.96 CNY and a premium of 0.06 CNY/kWh: parity 0.00596, net -54.04 CNY per MWh; the draft's what-if
    would add 59.42 CNY and reach parity at 90.95 CNY/t.
    """
    factor, price = _bounded(inputs, "factor_kg_per_kwh"), _bounded(inputs, "price_cny_per_t")
    if not factor:
        raise Invalid("parity.factor_kg_per_kwh", "factor_kg_per_kwh: expected above zero", field="factor_kg_per_kwh")
    duty = _bounded(inputs, "gec_price_cny") if inputs.has("gec_price_cny") else Fraction(0)
    premium = _bounded(inputs, "premium_cny_per_kwh") * KWH_PER_MWH if inputs.has("premium_cny_per_kwh") else None
    draft = premium_at(price_cny_per_t=price, factor_kg_per_kwh=factor).premium_cny_per_kwh * KWH_PER_MWH
    law = premium_parity(
        value_cny_per_mwh=duty,
        other_cny_per_mwh=duty,
        position_t_per_mwh=Fraction(0),
        premium_cny_per_mwh=premium,
    )
    what_if = premium_parity(
        value_cny_per_mwh=duty + draft,
        other_cny_per_mwh=duty,
        position_t_per_mwh=factor,
        premium_cny_per_mwh=premium,
    )
    rows = decision_rows()
    return Worked(
        figures=(
            Figure(name="ets_cny_per_mwh", value="0", unit="CNY/MWh"),
            Figure(name="duty_cny_per_mwh", value=decimal_text(duty), unit="CNY/MWh"),
            Figure(name="parity_premium_cny_per_kwh", value=decimal_text(law.parity_cny_per_kwh), unit="CNY/kWh"),
            Figure(name="net_cny_per_mwh", value=_maybe(law.net_cny_per_mwh), unit="CNY/MWh"),
            Figure(name="draft_ets_cny_per_mwh", value=decimal_text(draft), unit="CNY/MWh"),
            Figure(name="draft_parity_price_cny_per_t", value=_maybe(what_if.price_cny_per_t), unit="CNY/t"),
            Figure(
                name="note_en",
                value="the law in force counts direct emissions only: green power changes no allowance position",
            ),
            Figure(name="note_zh", value="现行规则只核算直接排放，绿电不改变电解铝企业的配额盈缺"),
        ),
        formula="law: certificate spared; what-if of the 2024 draft: factor x price on top",
        sources=(rows["law.ets_counts_power"], rows["law.draft_ets_counts_power"]),
    )


def ratchet(inputs: Inputs) -> Worked:
    """Return the ratchet's worth over its window, the tonnes needed to pass and the break-even price of abatement.

    200 m CNY, 10 bp, 365 days ACT/360 and 50,000 t to save: 202,777.78 CNY and 4.06 CNY per tonne.
    """
    start, end = inputs.day("start"), inputs.day("end")
    if end <= start:
        raise Invalid("decision.window", "end: expected a day after start", field="end")
    try:
        day_count = parse_day_count(inputs.text("day_count"))
        steps = simple_ratchet(kpi_id=_KPI, tranche_id=_LOAN, down_bp=inputs.amount("step_bp"), up_bp=Fraction(0))
    except Invalid as error:
        field = "day_count" if error.code.startswith("day_count") else error.data.get("field", "step_bp")
        named = "step_bp" if field == "down_bp" else field
        raise Invalid(
            error.code, f"{named}: expected {error.message.partition('expected ')[2]}", field=named
        ) from error
    stake = RateStake(
        name=_LOAN,
        measure=Measure.OPERATIONAL_INCL_POWER,
        kpi_id=_KPI,
        tranche_id=_LOAN,
        target=_bounded(inputs, "target"),
        is_strict=False,
        intensity=_bounded(inputs, "intensity"),
        output_t=_above(inputs, "output_t"),
        ratchet=steps,
        day_count=day_count,
        stretches=(PrincipalStretch(start=start, end=end, principal_fen=inputs.fen("principal_cny")),),
        source="input",
    )
    tiny = min(Fraction(1), stake.intensity * stake.output_t) or Fraction(1)
    if not stake.intensity:
        raise Invalid("decision.intensity", "intensity: expected above zero tCO2e/t", field="intensity")
    found = stake_worth(stake, saved_tonnes(tiny, origin=Origin.POWER))
    return Worked(
        figures=(
            Figure(
                name="ratchet_cny",
                value=amounts.format_exact(found.ratchet_cny, _CNY_PLACES, INTEREST_PAYMENT),
                unit="CNY",
            ),
            Figure(name="needed_t", value=decimal_text(found.needed_t), unit="t"),
            Figure(name="breakeven_cny_per_t", value=_maybe(found.breakeven_cny_per_t), unit="CNY/t"),
        ),
        formula="principal x bp / 10,000 x days by the day count; break-even = that / tonnes needed to pass",
    )


def _bounded(inputs: Inputs, name: str) -> Fraction:
    value = inputs.amount(name)
    if value > amounts.MAX_UNITS:
        raise Invalid("amount.too_large", f"{name}: expected at most 10^15", field=name)
    return value


def _above(inputs: Inputs, name: str) -> Fraction:
    inputs.above_zero(name)
    return _bounded(inputs, name)


def _output(inputs: Inputs) -> Fraction:
    """Return emissions over intensity: above zero and within bounds, else the intensity is refused."""
    output = _bounded(inputs, "emissions_t") / inputs.above_zero("intensity")
    if not 0 < output <= amounts.MAX_UNITS:
        raise Invalid(
            "decision.intensity_output", "intensity: expected one that gives an output above zero", field="intensity"
        )
    return output


def _maybe(value: Fraction | None) -> str | None:
    return None if value is None else decimal_text(value)
