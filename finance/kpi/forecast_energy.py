"""Energy anomalies: a pot line or plant whose AC power per tonne leaves its own control limits.

Owns the individuals chart (XmR): limits from the line's own readings, signals outside them and runs on one side. The
chart's constants are reference rows. Knows no methodology and no target.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.tables import ReferenceRow
from ledger.core.errors import Conflict, Invalid


class Signal(StrEnum):
    """What is unusual about a reading."""

    ABOVE = "above"  # over the upper limit: more power per tonne than the line's own scatter explains
    BELOW = "below"  # under the lower limit: an improvement, or a reading to check
    RUN_ABOVE = "run_above"  # the last of a run above the mean: a shift upwards
    RUN_BELOW = "run_below"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyReading:
    """One line's AC electricity and production in one period; without production the use per tonne is undefined."""

    line: str
    period: str
    ac_kwh: Fraction
    production_t: Fraction

    def __post_init__(self) -> None:
        """Refuse negative figures."""
        if self.ac_kwh < 0 or self.production_t < 0:
            raise Invalid("energy.reading", f"{self.line} {self.period}: expected figures of zero or more")

    @property
    def ac_kwh_per_t(self) -> Fraction:
        """Electricity per tonne, exact."""
        assert self.production_t > 0, "readings without production are set aside before"
        return self.ac_kwh / self.production_t


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRules:
    """The chart's constants: limits at mean +- factor x mean moving range, the length of a run, the fewest readings."""

    limit_factor: ReferenceRow
    run_length: ReferenceRow
    least_readings: ReferenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAnomaly:
    """A period whose reading is a signal."""

    period: str
    ac_kwh_per_t: Fraction
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyChart:
    """A line's mean and limits in kWh/t, exact, the periods judged and what stands out.

    ``not_judged`` are the periods without production.
    """

    line: str
    mean_kwh_per_t: Fraction
    lower_kwh_per_t: Fraction
    upper_kwh_per_t: Fraction
    base_periods: tuple[str, ...]
    anomalies: tuple[EnergyAnomaly, ...]
    not_judged: tuple[str, ...]


def energy_chart(
    base: tuple[EnergyReading, ...], judged: tuple[EnergyReading, ...], *, rules: ChartRules
) -> EnergyChart:
    """Return the chart with limits from ``base`` and the signals among ``judged``, each of one line in time order.

    Limits: mean +- 2.66 x mean moving range (Shewhart 1931; Wheeler; NIST/SEMATECH e-Handbook 6.3.2.2). Readings 10, 12,
    10, 12, 10, 12 have mean 11 and moving range 2: limits 5.68 and 16.32. A reading on a limit is inside. Fewer base
    readings than the rules ask for raise ``energy.too_few``.
    """
    usable = tuple(each for each in base if each.production_t > 0)
    _check_line(base, judged)
    least, run = _count(rules.least_readings), _count(rules.run_length)
    if len(usable) < max(least, 2):
        raise Conflict(
            "energy.too_few",
            f"readings: expected at least {max(least, 2)} periods with production to compute limits, found {len(usable)}",
            found=str(len(usable)),
        )
    values = [each.ac_kwh_per_t for each in usable]
    mean = sum(values, Fraction(0)) / len(values)
    moving = [abs(after - before) for before, after in itertools.pairwise(values)]
    reach = Fraction(rules.limit_factor.number()) * sum(moving, Fraction(0)) / len(moving)
    lower, upper = mean - reach, mean + reach
    return EnergyChart(
        line=usable[0].line,
        mean_kwh_per_t=mean,
        lower_kwh_per_t=lower,
        upper_kwh_per_t=upper,
        base_periods=tuple(each.period for each in usable),
        anomalies=_signals(judged, mean=mean, lower=lower, upper=upper, run=run),
        not_judged=tuple(each.period for each in judged if each.production_t == 0),
    )


def _check_line(base: tuple[EnergyReading, ...], judged: tuple[EnergyReading, ...]) -> None:
    if len({each.line for each in (*base, *judged)}) > 1:
        raise Invalid("energy.lines", "readings: expected those of one line; each line has its own limits")
    for readings in (base, judged):
        periods = [each.period for each in readings]
        if periods != sorted(set(periods)):
            raise Invalid("energy.periods", "readings: expected each period once, in time order")


def _signals(
    judged: tuple[EnergyReading, ...], *, mean: Fraction, lower: Fraction, upper: Fraction, run: int
) -> tuple[EnergyAnomaly, ...]:
    found: list[EnergyAnomaly] = []
    side, length = 0, 0
    for each in judged:
        if each.production_t == 0:
            side, length = 0, 0
            continue
        value = each.ac_kwh_per_t
        now = (value > mean) - (value < mean)
        length = length + 1 if now == side and now != 0 else abs(now)
        side = now
        signal = _signal(value, lower=lower, upper=upper, is_run=length >= run, is_above=now > 0)
        if signal is not None:
            found.append(EnergyAnomaly(period=each.period, ac_kwh_per_t=value, signal=signal))
    return tuple(found)


def _signal(value: Fraction, *, lower: Fraction, upper: Fraction, is_run: bool, is_above: bool) -> Signal | None:
    if value > upper:
        return Signal.ABOVE
    if value < lower:
        return Signal.BELOW
    if is_run:
        return Signal.RUN_ABOVE if is_above else Signal.RUN_BELOW
    return None


def _count(row: ReferenceRow) -> int:
    number = row.number()
    if number != int(number) or number < 1:
        raise Invalid("energy.rules", f"{row.row_id}: expected a whole number above zero")
    return int(number)
