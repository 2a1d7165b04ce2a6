"""Student's t as a table of quantiles: how wide an interval is, and how likely a distance is, without a float.

Owns reading the rows and interpolating between them. Knows no KPI; the values are reference rows with their source.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.tables import ReferenceSet
from ledger.core.errors import Invalid

_ROW = re.compile(r"student_t\.df_([1-9][0-9]{0,3})\.p_([0-9]{3})", re.ASCII)
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A probability from the table: ``value`` interpolated linearly, ``is_bound`` when it lies beyond the table's last row.

    With ``is_bound`` the true value lies further out: 0.999 means at least 0.999, 0.001 at most 0.001.
    """

    value: Fraction
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileTable:
    """Quantiles of Student's t by degrees of freedom: pairs of probability above one half and quantile, both rising.

    For degrees of freedom between two rows the smaller row is taken, which makes intervals wider, never narrower.
    """

    by_df: Mapping[int, tuple[tuple[Fraction, Fraction], ...]]

    def __post_init__(self) -> None:
        """Refuse an empty table, probabilities that are none, and quantiles that do not rise with them."""
        for pairs in self.by_df.values():
            points = ((_HALF, Fraction(0)), *pairs)
            rises = all(low[0] < high[0] < 1 and low[1] < high[1] for low, high in itertools.pairwise(points))
            if not pairs or not rises:
                raise Invalid("forecast.quantiles", "student_t: expected quantiles that rise with the probability")
        if 1 not in self.by_df:
            raise Invalid("forecast.quantiles", "student_t: expected rows from one degree of freedom on")

    def two_sided(self, confidence: Fraction, df: int) -> Fraction:
        """Return t so that ``confidence`` of the distribution lies within +- t: 0.90 with 5 degrees is 2.015048.

        A confidence without a row raises ``forecast.confidence`` with those that have one.
        """
        upper = (1 + confidence) / 2
        pairs = self._row(df)
        for probability, quantile in pairs:
            if probability == upper:
                return quantile
        known = ", ".join(str(2 * probability - 1) for probability, _ in pairs)
        raise Invalid("forecast.confidence", f"confidence: expected one of {known}", value=str(confidence)[:40])

    def below(self, distance: Fraction, df: int) -> Chance:
        """Return the chance of a value below ``distance`` (in standard errors); zero gives exactly one half."""
        points = ((_HALF, Fraction(0)), *self._row(df))
        size = abs(distance)
        place = bisect_right([quantile for _, quantile in points], size)
        if place == len(points):
            chance, is_bound = points[-1][0], size > points[-1][1]
        else:
            (p_low, q_low), (p_high, q_high) = points[place - 1], points[place]
            chance, is_bound = p_low + (p_high - p_low) * (size - q_low) / (q_high - q_low), False
        return Chance(value=chance if distance >= 0 else 1 - chance, is_bound=is_bound)

    def _row(self, df: int) -> tuple[tuple[Fraction, Fraction], ...]:
        assert df >= 1, "an interval is asked for from two observations on"
        return self.by_df[max(known for known in self.by_df if known <= df)]


def quantile_table(rows: ReferenceSet) -> QuantileTable:
    """Return the table that reference rows ``student_t.df_5.p_950`` spell."""
    found: dict[int, list[tuple[Fraction, Fraction]]] = {}
    for row in rows.rows:
        match = _ROW.fullmatch(row.row_id)
        if match is None:
            raise Invalid("forecast.quantiles", f"{row.row_id[:40]}: expected an id like student_t.df_5.p_950")
        probability = Fraction(int(match[2]), 1000)
        found.setdefault(int(match[1]), []).append((probability, Fraction(row.number())))
    return QuantileTable(by_df={df: tuple(sorted(pairs)) for df, pairs in found.items()})
