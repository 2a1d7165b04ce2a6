"""What a contract's numbers are between two events, and how interest and fees grow in the meantime.

Owns the state and the one place where it accrues. Knows no event and no schedule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from finance.loans.actus.conventions import part_of_year
from finance.loans.actus.terms import ActusTerms, FeeBasis
from ledger.core.amounts import RoundingMode, round_exact

WORKING_PRECISION = RoundingMode.HALF_EVEN
"""Numbers stay exact while their denominators have at most 256 bits; longer ones are rounded to 10^-60 of a unit.

That bounds the work of long annuities (each period multiplies denominators) and lies far below anything printed.
"""

_MAX_BITS = 256
_SCALE = 10**60


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The contract's numbers after an event; amounts carry the role's sign, rates are fractions of one.

    ``index_rate`` is the rate without its margin and before the life cap and floor; ``interest_base`` what interest is
    charged on; ``payment`` the agreed instalment without sign, None until it is fixed; ``held_interest`` interest of a
    call money that was called and waits for the end of its notice.
    """

    accrued_to: date
    notional: Fraction = Fraction(0)
    rate: Fraction = Fraction(0)
    accrued: Fraction = Fraction(0)
    interest_base: Fraction = Fraction(0)
    index_rate: Fraction = Fraction(0)
    spread: Fraction = Fraction(0)
    payment: Fraction | None = None
    notional_scale: Fraction = Fraction(1)
    interest_scale: Fraction = Fraction(1)
    fee_accrued: Fraction = Fraction(0)
    held_interest: Fraction = Fraction(0)
    is_called: bool = False

    def accrue(self, until: date, terms: ActusTerms, *, maturity: date) -> State:
        """Return the state with interest and fees grown to ``until``, exclusive; an earlier day changes nothing.

        Interest is year fraction x rate x base, the fee on notional year fraction x fee rate x notional.
        Source: ACTUS technical specification, state transition functions. 3,000 at 10 % for 31 days in A365: 25.479452...
        """
        if until <= self.accrued_to or self.is_called:
            return self
        fraction = part_of_year(self.accrued_to, until, terms.day_count, maturity=maturity)
        fee = fraction * self.notional * terms.fee_rate if terms.fee_basis is FeeBasis.ON_NOTIONAL else Fraction(0)
        return replace(
            self,
            accrued_to=until,
            accrued=bounded(self.accrued + fraction * self.rate * self.interest_base),
            fee_accrued=bounded(self.fee_accrued + fee),
        )

    def with_notional(self, notional: Fraction, *, follows: bool) -> State:
        """Return the state with another notional; the interest base moves with it where it ``follows``."""
        exact = bounded(notional)
        return replace(self, notional=exact, interest_base=exact if follows else self.interest_base)


def bounded(value: Fraction) -> Fraction:
    """Return ``value`` itself, or rounded to 10^-60 if its denominator has grown beyond 256 bits."""
    if value.denominator.bit_length() <= _MAX_BITS:
        return value
    return Fraction(round_exact(value * _SCALE, WORKING_PRECISION), _SCALE)
