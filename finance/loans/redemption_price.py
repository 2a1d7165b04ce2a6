"""What is paid beside the principal when it is redeemed on schedule: the premium that KPI clauses put on the redemption price.

Owns the premium of each redemption. Knows no KPI: movements of principal and price moves come in as values. Amounts are
minor units of the tranche's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.rates import basis_points
from finance.loans.balance import PrincipalFlow, PrincipalKind
from finance.loans.price_moves import PriceMove, move_on
from finance.loans.tranche_terms import TrancheKind, TrancheTerms
from ledger.core.amounts import round_exact

_ON_SCHEDULE = frozenset((PrincipalKind.REDEMPTION, PrincipalKind.MATURITY))


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionDue:
    """The premium on one redemption: ``premium_bp`` of ``principal_minor``, exact and as paid; minus is below par.

    It is paid on the redemption's own ``payment_date`` (None: calendar unknown).
    """

    on: date
    payment_date: date | None
    principal_minor: int
    move: PriceMove
    premium_minor: Fraction
    payment_minor: int

    @property
    def premium_bp(self) -> Fraction:
        """Return the premium in bp of the principal, once and not a year."""
        return self.move.moved_bp


def redemption_dues(
    tranche: TrancheTerms, *, principal: Sequence[PrincipalFlow], moves: Sequence[PriceMove]
) -> tuple[RedemptionDue, ...]:
    """Return the premium on every scheduled redemption and on maturity, in order of day.

    Principal is redeemed at par; only clauses move that price, once, in bp of what is redeemed, by the price of that day (at
    maturity the last day's). Each premium is exact and rounded once by the tranche's mode. Early repayments bear none: what they
    cost is the tranche's own clause for them, and stands beside the movement. A swap redeems nothing: its notional is never paid.

    40 bp for each of two missed targets on SEK 600,000,000 at maturity: 4,800,000.00. Source: Gränges' notes of 2021, the
    redemption premium of D16 in the loan reference, section 2.
    """
    if tranche.what is TrancheKind.SWAP:
        return ()
    found = []
    for flow in principal:
        if flow.kind not in _ON_SCHEDULE or flow.amount_minor <= 0:
            continue
        move = move_on(moves, flow.on)
        exact = flow.amount_minor * basis_points(move.moved_bp)
        found.append(
            RedemptionDue(
                on=flow.on,
                payment_date=flow.payment_date,
                principal_minor=flow.amount_minor,
                move=move,
                premium_minor=exact,
                payment_minor=round_exact(exact, tranche.rounding),
            )
        )
    return tuple(found)
