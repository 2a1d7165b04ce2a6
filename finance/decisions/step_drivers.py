"""Which assumptions stand behind the value of a step, and the value with some of them moved.

Owns the drivers' names and what moving each means: an output moves at unchanged intensity (a forecast's own production
stays), a factor moves operational measure and footprint alike. Knows no range beyond the change it is asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.decisions.next_mwh import next_mwh
from finance.decisions.next_tonne import Situation, next_tonne
from finance.decisions.sensitivity import Driver, Tornado, relative, tornado
from finance.decisions.steps import GreenPower, Origin
from ledger.core.errors import Invalid

PRICE, BALANCE, FACTOR, OUTPUT, PREMIUM, GEC = (
    "carbon price",
    "balance value",
    "grid factor",
    "output",
    "green premium",
    "certificate price",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepQuestion:
    """A step whose value is asked: ``quantity`` tonnes of an origin, or MWh of green power with its premium."""

    quantity: Fraction
    origin: Origin = Origin.DIRECT
    power: GreenPower | None = None
    premium_cny_per_mwh: Fraction | None = None


def step_tornado(situation: Situation, question: StepQuestion, *, change: Fraction) -> Tornado:
    """Return the table of a step's drivers, each moved by ``change`` of its base either way.

    The value is CNY per tonne, or per MWh less the green premium. A situation without any driver is
    ``decision.no_driver``.
    """
    drivers = _drivers(situation, question, change)
    if not drivers:
        raise Invalid("decision.no_driver", "process: expected a price, an output or a premium that can be moved")
    unit = "CNY/t" if question.power is None else "CNY/MWh"
    return tornado(lambda values: net_value(situation, question, values), drivers, unit=unit)


def net_value(situation: Situation, question: StepQuestion, values: Mapping[str, Fraction]) -> Fraction:
    """Return the value per unit with the named drivers at these values; others stay as they are."""
    moved = _moved(situation, values)
    if question.power is None:
        return next_tonne(moved, tonnes=question.quantity, origin=question.origin).per_unit_cny
    power = question.power
    if FACTOR in values and power.operational_kg_per_kwh:
        ratio = values[FACTOR] / power.operational_kg_per_kwh
        power = dataclasses.replace(
            power,
            operational_kg_per_kwh=values[FACTOR],
            footprint_kg_per_kwh=power.footprint_kg_per_kwh * ratio,
        )
    premium = values.get(PREMIUM, question.premium_cny_per_mwh or Fraction(0))
    return next_mwh(moved, power, mwh=question.quantity).value.per_unit_cny - premium


def _drivers(situation: Situation, question: StepQuestion, change: Fraction) -> tuple[Driver, ...]:
    ets, duty, power = situation.ets, situation.duty, question.power
    found: list[tuple[str, str, Fraction, str]] = []
    if ets is not None and ets.price_cny_per_t is not None:
        found.append((PRICE, "CNY/t", ets.price_cny_per_t, ets.price_source or "given with the request"))
    if ets is not None and ets.balance_value is not None and ets.rule.coefficient is not None:
        found.append((BALANCE, "tCO2e/t", ets.balance_value, ets.sources.balance_value))
    output = _output(situation)
    if output is not None:
        found.append((OUTPUT, "t", output, "output of the process or product"))
    if power is not None and power.operational_kg_per_kwh:
        found.append((FACTOR, "kg/kWh", power.operational_kg_per_kwh, power.source))
    if power is not None and question.premium_cny_per_mwh is not None:
        found.append((PREMIUM, "CNY/MWh", question.premium_cny_per_mwh, "given with the request"))
    if power is not None and duty is not None and duty.gec_price_cny is not None:
        found.append((GEC, "CNY/certificate", duty.gec_price_cny, duty.price_source or "given with the request"))
    return tuple(relative(name, unit, base, change=change, source=source) for name, unit, base, source in found)


def _output(situation: Situation) -> Fraction | None:
    if situation.ets is not None:
        return situation.ets.output_t
    return None if situation.product is None else situation.product.output_t


def _moved(situation: Situation, values: Mapping[str, Fraction]) -> Situation:
    base = _output(situation)
    ratio = values[OUTPUT] / base if OUTPUT in values and base else Fraction(1)
    if ratio == 0:
        raise Invalid("decision.change_all", "change: expected less than 1: no output has no intensity", field="change")
    ets, cbam, duty, product = situation.ets, situation.cbam, situation.duty, situation.product
    if ets is not None:
        ets = dataclasses.replace(
            ets,
            price_cny_per_t=values.get(PRICE, ets.price_cny_per_t) if ets.price_cny_per_t is not None else None,
            balance_value=values.get(BALANCE, ets.balance_value) if ets.balance_value is not None else None,
            emissions_t=ets.emissions_t * ratio,
            output_t=ets.output_t * ratio,
        )
    if cbam is not None:
        cbam = dataclasses.replace(cbam, output_t=cbam.output_t * ratio)
    if duty is not None:
        duty = dataclasses.replace(duty, gec_price_cny=values.get(GEC, duty.gec_price_cny))
    if product is not None:
        product = dataclasses.replace(product, output_t=product.output_t * ratio)
    stakes = tuple(dataclasses.replace(each, output_t=each.output_t * ratio) for each in situation.stakes)
    return dataclasses.replace(situation, ets=ets, cbam=cbam, duty=duty, product=product, stakes=stakes)
