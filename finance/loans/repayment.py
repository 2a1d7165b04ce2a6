"""How principal comes back: at once, in equal parts, as an annuity, by a list, or interest only first.

Owns the clause as value types. The final payment always clears the balance, whatever rounding left. Which amount falls
on which day is in ``instalments``; it knows no rate, an annuity's amounts need one and are in ``flows``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.fields import refused
from ledger.core.amounts import MAX_UNITS

_AREA = "repayment"
_LONGEST_STEP_MONTHS = 120
_MOST_INSTALMENTS = 1_200


class RateChangeEffect(StrEnum):
    """What a changed rate does to an annuity's instalment."""

    RECALCULATE = "recalculate"  # the instalment changes, the end stays
    KEEP = "keep"  # the instalment stays, the last one takes the difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullet:
    """The whole principal on maturity (利随本清)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualPrincipal:
    """Equal parts of principal (等额本金) from ``first_on`` every ``every_months`` months, and the rest on maturity.

    ``count`` is the number of parts, maturity included; None: as many as there are such days up to maturity, which is
    always the last. With a count that ends before maturity the last part is paid on its own day.
    """

    first_on: date
    every_months: int
    count: int | None = None

    def __post_init__(self) -> None:
        """Refuse a step or a number of parts that is none."""
        _check_step(self.every_months)
        _check_count(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annuity:
    """Equal payments of principal and interest together (等额本息) from ``first_on`` every ``every_months`` months.

    The days must end interest periods. ``instalment_minor`` fixes the payment; None: it is computed so that maturity
    clears the balance. A payment that does not cover the interest due repays nothing on that day.
    """

    first_on: date
    every_months: int
    on_rate_change: RateChangeEffect = RateChangeEffect.RECALCULATE
    instalment_minor: int | None = None

    def __post_init__(self) -> None:
        """Refuse a step that is none, and a fixed payment that is to be recalculated."""
        _check_step(self.every_months)
        if self.instalment_minor is None:
            return
        _check_amount(self.instalment_minor, field="instalment_minor")
        if self.on_rate_change is not RateChangeEffect.KEEP:
            expected = "keep, since the contract fixes the instalment"
            raise refused(area=_AREA, field="on_rate_change", expected=expected, value=self.on_rate_change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One repayment of a list: either ``amount_minor`` or ``share`` of the principal drawn, in (0, 1]."""

    on: date
    amount_minor: int | None = None
    share: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse both or neither."""
        if (self.amount_minor is None) == (self.share is None):
            expected = "either an amount in minor units or a share of the principal"
            raise refused(area=_AREA, field="instalments", expected=expected, value=self.on)
        if self.amount_minor is not None:
            _check_amount(self.amount_minor, field="amount_minor")
        if self.share is not None and not 0 < self.share <= 1:
            raise refused(area=_AREA, field="share", expected="a share above 0, at most 1", value=self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Repayments on listed days; whatever is left is repaid on maturity."""

    instalments: tuple[Instalment, ...]

    def __post_init__(self) -> None:
        """Refuse an empty or unordered list and shares above the whole."""
        days = [instalment.on for instalment in self.instalments]
        if not days or days != sorted(set(days)) or len(days) > _MOST_INSTALMENTS:
            expected = f"1 to {_MOST_INSTALMENTS} days, rising, none twice"
            raise refused(area=_AREA, field="instalments", expected=expected, value=len(days))
        shares = sum((instalment.share for instalment in self.instalments if instalment.share), Fraction(0))
        if shares > 1:
            raise refused(area=_AREA, field="share", expected="shares that sum to at most 1", value=shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestOnlyThen:
    """Interest only before ``until``, then ``then``, whose first day must not lie before ``until``."""

    until: date
    then: Bullet | EqualPrincipal | Annuity | Stepped

    def __post_init__(self) -> None:
        """Refuse a repayment inside the interest-only time."""
        first_on = first_repayment_on(self.then)
        if first_on is not None and first_on < self.until:
            raise refused(
                area=_AREA, field="until", expected=f"a day up to {first_on}, the first repayment", value=self.until
            )


Repayment = Bullet | EqualPrincipal | Annuity | Stepped | InterestOnlyThen
"""The repayment clause of a tranche."""


def first_repayment_on(repayment: Bullet | EqualPrincipal | Annuity | Stepped) -> date | None:
    """Return the first scheduled day before maturity; None for a bullet."""
    match repayment:
        case Bullet():
            return None
        case Stepped(instalments=instalments):
            return instalments[0].on
        case EqualPrincipal(first_on=first_on) | Annuity(first_on=first_on):
            return first_on


def _check_step(every_months: int) -> None:
    if not 1 <= every_months <= _LONGEST_STEP_MONTHS:
        expected = f"1 to {_LONGEST_STEP_MONTHS} months"
        raise refused(area=_AREA, field="every_months", expected=expected, value=every_months)


def _check_count(count: int | None) -> None:
    if count is not None and not 1 <= count <= _MOST_INSTALMENTS:
        raise refused(area=_AREA, field="count", expected=f"1 to {_MOST_INSTALMENTS} parts", value=count)


def _check_amount(amount_minor: int, *, field: str) -> None:
    if not 0 < amount_minor <= MAX_UNITS:
        expected = "an amount above zero, at most 10^15 minor units"
        raise refused(area=_AREA, field=field, expected=expected, value=amount_minor)
