"""The load correction Ff of coal units: two published forms, evaluated to guaranteed digits.

Owns the forms and their numbers as rows. Knows no unit and no allocation. A power and an exponential are irrational for
most loads, so the answer is a bracket of exact fractions that holds the true value, as narrow as asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid

DIGITS = (40, 120, 400, 1_200)
"""Precisions tried one after another, in significant digits."""

_GUARD = 8  # digits given up to the few roundings of one evaluation


class CorrectionForm(StrEnum):
    """Which formula holds below the threshold."""

    POWER_OF_BASE = "power_of_base"  # base^(intercept - slope x F)
    TWO_EXPONENTIALS = "two_exponentials"  # constant - a(1 - e^(-F/s)) - b(1 - e^(-F/t))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Two exact fractions that hold a value between them, both ends included; equal when it is known exactly."""

    low: Fraction
    high: Fraction

    @property
    def is_exact(self) -> bool:
        """Return whether the value is known exactly."""
        return self.low == self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCorrection:
    """One year's form and numbers; ``per_share`` turns a load as a share of the rating into the formula's own unit."""

    form: CorrectionForm
    per_share: int
    threshold: Fraction
    numbers: tuple[Fraction, ...]
    rows: tuple[ReferenceRow, ...]

    @property
    def formula(self) -> str:
        """Return the formula in symbols."""
        if self.form is CorrectionForm.POWER_OF_BASE:
            return "base^(intercept - slope x F) below the threshold, else 1"
        return "constant - a(1 - e^(-F/s)) - b(1 - e^(-F/t)) below the threshold, else 1; F in percent"

    def at(self, load_factor: Fraction, *, digits: int) -> Bracket:
        """Return Ff at ``load_factor`` (a share, 0 to 1) within about 10^-digits.

        2023/24 at 0.60: 1.015^4 = 1.061363550625 exactly, at 0.65: 1. Draft 2025/26 at 0.45: 1.12605..., at 0.50: 1.
        Source: power plan 2023/24 and draft plan 2025/26 of 2026-07-27; the layout of both is from PDF text.
        """
        load = load_factor * self.per_share
        if load >= self.threshold:
            return Bracket(low=Fraction(1), high=Fraction(1))
        if self.form is CorrectionForm.POWER_OF_BASE:
            return _power(load, self.numbers, digits)
        return _two_exponentials(load, self.numbers, digits)


_NUMBERS = {
    CorrectionForm.POWER_OF_BASE: ("power_ff_base", "power_ff_intercept", "power_ff_slope"),
    CorrectionForm.TWO_EXPONENTIALS: (
        "power_ff_constant",
        "power_ff_first_weight",
        "power_ff_first_scale",
        "power_ff_second_weight",
        "power_ff_second_scale",
    ),
}
_PER_SHARE = {"share": 1, "percent": 100}


def read_correction(rules: ReferenceSet, *, on: date) -> LoadCorrection:
    """Return the load correction of the compliance year that ``on`` lies in."""
    form_row = rules.lookup("power_ff_form", on=on)
    unit_row = rules.lookup("power_ff_load_unit", on=on)
    if form_row.word() not in set(CorrectionForm):
        raise Invalid("power.ff_form", f"power_ff_form: expected one of {', '.join(CorrectionForm)}")
    if unit_row.word() not in _PER_SHARE:
        raise Invalid("power.ff_load_unit", f"power_ff_load_unit: expected one of {', '.join(_PER_SHARE)}")
    form = CorrectionForm(form_row.word())
    threshold = rules.lookup("power_ff_threshold", on=on)
    rows = tuple(rules.lookup(row_id, on=on) for row_id in _NUMBERS[form])
    numbers = tuple(rule_rows.exact(row) for row in rows)
    if min(numbers) <= 0:
        raise Invalid("power.ff_numbers", "load correction: expected numbers above zero")
    return LoadCorrection(
        form=form,
        per_share=_PER_SHARE[unit_row.word()],
        threshold=rule_rows.exact(threshold),
        numbers=numbers,
        rows=(form_row, unit_row, threshold, *rows),
    )


def _power(load: Fraction, numbers: tuple[Fraction, ...], digits: int) -> Bracket:
    base, intercept, slope = numbers
    exponent = intercept - slope * load
    if exponent.denominator == 1:
        exact = base**exponent.numerator
        return Bracket(low=Fraction(exact), high=Fraction(exact))
    context = Context(prec=digits + _GUARD)
    value = context.exp(context.multiply(_decimal(exponent, context), context.ln(_decimal(base, context))))
    return _around(value, digits)


def _two_exponentials(load: Fraction, numbers: tuple[Fraction, ...], digits: int) -> Bracket:
    constant, first, first_scale, second, second_scale = numbers
    if not load:
        return Bracket(low=constant, high=constant)
    context = Context(prec=digits + _GUARD)
    falls = [context.exp(_decimal(-load / scale, context)) for scale in (first_scale, second_scale)]
    bracket = [_around(fall, digits) for fall in falls]
    fixed = constant - first - second
    return Bracket(
        low=fixed + first * bracket[0].low + second * bracket[1].low,
        high=fixed + first * bracket[0].high + second * bracket[1].high,
    )


def _around(value: Decimal, digits: int) -> Bracket:
    """Return an interval around a computed value that is wider than all its roundings together."""
    middle = Fraction(value)
    margin = abs(middle) / 10**digits
    return Bracket(low=middle - margin, high=middle + margin)


def _decimal(value: Fraction, context: Context) -> Decimal:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))
