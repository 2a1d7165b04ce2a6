"""Which principal falls due on which day, and the equal payment of an annuity, in whole minor units.

Owns the arithmetic of the repayment clause. Knows no calendar: days come in as they accrue. The balance is always
cleared by the last payment, which is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from operator import sub

from finance.conventions.fields import refused
from finance.loans.interest_periods import add_months
from finance.loans.repayment import Annuity, Bullet, EqualPrincipal, InterestOnlyThen, Repayment, Stepped
from ledger.core.amounts import RoundingMode, round_exact, split_exact

_AREA = "repayment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalDue:
    """``amount_minor`` of principal due on the unadjusted day ``on``."""

    on: date
    amount_minor: int


def principal_dues(repayment: Repayment, *, drawn_minor: int, start: date, maturity: date) -> tuple[PrincipalDue, ...]:
    """Return the scheduled repayments before maturity; what is left then is repaid on maturity. An annuity has none.

    CNY 10.00 in three equal parts, the last on maturity: 3.33, 3.33 here and 3.34 left. Days outside the life are
    refused with ``repayment.first_on`` or ``repayment.instalments``, too many parts with ``repayment.count``.
    """
    match repayment:
        case Bullet() | Annuity():
            return ()
        case InterestOnlyThen(then=then):
            return principal_dues(then, drawn_minor=drawn_minor, start=start, maturity=maturity)
        case EqualPrincipal():
            days, amounts = equal_parts(repayment, drawn_minor=drawn_minor, start=start, maturity=maturity)
        case Stepped(instalments=instalments):
            days = tuple(instalment.on for instalment in instalments)
            if not start < days[0] or days[-1] > maturity:
                raise refused(
                    area=_AREA, field="instalments", expected=f"days after {start} up to {maturity}", value=days[0]
                )
            amounts = _stepped_amounts(repayment, drawn_minor)
    dues = zip(days, amounts, strict=True)
    return tuple(PrincipalDue(on=day, amount_minor=amount) for day, amount in dues if day < maturity and amount)


def equal_parts(
    repayment: EqualPrincipal, *, drawn_minor: int, start: date, maturity: date
) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """Return the days of equal parts, maturity included if it is one, and the parts, which sum to what was drawn.

    Each part is the difference of floors of the running share (``split_exact`` over equal weights).
    """
    days = _equal_days(repayment, start=start, maturity=maturity)
    count = len(days)
    upto = [drawn_minor * number // count for number in range(count + 1)]
    return days, tuple(map(sub, upto[1:], upto))


def annuity_of(repayment: Repayment) -> Annuity | None:
    """Return the annuity clause that the repayment is or ends in; None for the others."""
    if isinstance(repayment, InterestOnlyThen):
        return annuity_of(repayment.then)
    return repayment if isinstance(repayment, Annuity) else None


def annuity_days(annuity: Annuity, *, start: date, maturity: date) -> tuple[date, ...]:
    """Return the unadjusted payment days of an annuity; maturity is always the last."""
    return _stepped_days(annuity.first_on, annuity.every_months, start=start, maturity=maturity)


def annuity_payment(balance_minor: int, *, rate: Fraction, fractions: Sequence[Fraction], mode: RoundingMode) -> int:
    """Return the equal payment that clears ``balance_minor`` over the periods of ``fractions``, rounded once by ``mode``.

    Payment A solves B x F(n) = A x S(n), with F(k) = F(k-1) x (1 + r x y(k)), S(k) = S(k-1) x (1 + r x y(k)) + 1. CNY
    100,000.00 at 12 % over two periods of 1/12 is 50,751.24. Source: annuity factor of ACTUS ANN (next principal
    redemption payment), which these recursions solve without dividing.
    """
    assert fractions, "an annuity has at least one payment"
    growth, payments, unit = 1, 0, 1
    for fraction in fractions:
        # Integers over one common unit: reducing a fraction at each step would cost more than it saves.
        denominator = rate.denominator * fraction.denominator
        step = denominator + rate.numerator * fraction.numerator
        growth *= step
        payments = payments * step + unit * denominator
        unit *= denominator
    return round_exact(Fraction(balance_minor * growth, payments), mode)


def payments_needed(
    balance_minor: int, *, payment_minor: int, rate: Fraction, fractions: Sequence[Fraction], mode: RoundingMode
) -> int:
    """Return the smallest number of the periods over which a payment of at most ``payment_minor`` clears the balance.

    All of them when no fewer do.
    """
    for count in range(1, len(fractions)):
        if annuity_payment(balance_minor, rate=rate, fractions=fractions[:count], mode=mode) <= payment_minor:
            return count
    return len(fractions)


def rescaled(dues: Sequence[PrincipalDue], *, before_minor: int, after_minor: int) -> tuple[PrincipalDue, ...]:
    """Return the dues in proportion to a balance that fell from ``before_minor`` to ``after_minor``.

    What they leave for maturity shrinks with them; parts and rest sum to the new balance exactly.
    """
    planned, left = [], before_minor
    for due in dues:
        planned.append(min(due.amount_minor, left))
        left -= planned[-1]
    parts = split_exact(after_minor, [*planned, left])
    return tuple(PrincipalDue(on=due.on, amount_minor=part) for due, part in zip(dues, parts[:-1], strict=True) if part)


def _equal_days(repayment: EqualPrincipal, *, start: date, maturity: date) -> tuple[date, ...]:
    days = _stepped_days(repayment.first_on, repayment.every_months, start=start, maturity=maturity)
    if repayment.count is None:
        return days
    if repayment.count > len(days):
        expected = f"at most {len(days)} parts up to maturity"
        raise refused(area=_AREA, field="count", expected=expected, value=repayment.count)
    return days[: repayment.count]


def _stepped_days(first_on: date, every_months: int, *, start: date, maturity: date) -> tuple[date, ...]:
    if not start < first_on <= maturity:
        raise refused(area=_AREA, field="first_on", expected=f"a day after {start} up to {maturity}", value=first_on)
    days = []
    for number in range((maturity.year - first_on.year + 1) * 12 // every_months + 1):
        day = add_months(first_on, number * every_months, is_end_of_month=False)
        if day is None or day >= maturity:
            break
        days.append(day)
    return (*days, maturity)


def _stepped_amounts(repayment: Stepped, drawn_minor: int) -> tuple[int, ...]:
    """Return the listed amounts; shares are cut by their running sum, so that shares of one whole sum to it."""
    amounts, shares, given = [], Fraction(0), 0
    for instalment in repayment.instalments:
        if instalment.amount_minor is not None:
            amounts.append(instalment.amount_minor)
            continue
        assert instalment.share is not None, "an instalment is an amount or a share"
        shares += instalment.share
        upto = drawn_minor * shares.numerator // shares.denominator
        amounts.append(upto - given)
        given = upto
    if sum(amounts) > drawn_minor:
        expected = f"instalments that sum to at most {drawn_minor}, the principal drawn"
        raise refused(area=_AREA, field="instalments", expected=expected, value=sum(amounts))
    return tuple(amounts)
