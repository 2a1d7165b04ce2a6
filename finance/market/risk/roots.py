"""Square roots of exact numbers at declared digits, by integer square root alone.

Owns the one rounding of a root. Knows no volatility and no horizon.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from ledger.core.errors import Invalid


def root(value: Fraction, *, places: int) -> Fraction:
    """Return the square root of ``value``, rounded half-up once at ``places`` decimals.

    floor(y + 1/2) = floor((floor(2y) + 1) / 2) for y = sqrt(x), and floor(2y) is the integer root of floor(4x). 10 at six
    places is 3.162278; 4 is 2. A negative value is ``risk.root``.
    """
    if value < 0:
        raise Invalid("risk.root", "value: expected zero or more under a square root")
    scale = 10**places
    quadruple = 4 * value * scale * scale
    twice = isqrt(quadruple.numerator // quadruple.denominator)
    return Fraction((twice + 1) // 2, scale)
