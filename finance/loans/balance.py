"""The outstanding principal as the life is walked: instalments, further drawdowns, early repayments, the last payment.

Owns the balance and the order of one day's movements (instalment, drawdown, early repayment). Interest is computed
elsewhere; an annuity is told what its period's interest came to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.day_counts import year_fraction
from finance.conventions.fields import refused
from finance.loans.instalments import (
    annuity_days,
    annuity_of,
    annuity_payment,
    payments_needed,
    principal_dues,
    rescaled,
)
from finance.loans.period_dates import DayRule, InterestPeriod
from finance.loans.prepayment import InstalmentEffect, Prepayment, prepayment_charge
from finance.loans.repayment import RateChangeEffect
from finance.loans.tranche import Tranche
from ledger.core.amounts import round_exact
from ledger.core.errors import Conflict


class PrincipalKind(StrEnum):
    """Why principal moves, by the ACTUS event names."""

    INITIAL_EXCHANGE = "IED"
    REDEMPTION = "PR"
    DRAWDOWN = "PD"
    PREPAYMENT = "PP"
    MATURITY = "MD"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalFlow:
    """One movement: ``amount_minor`` is what the borrower pays (drawn is negative), ``balance_minor`` what is left.

    Interest changes on ``on``; the money moves on ``payment_date`` (None: calendar unknown). ``charge_minor`` is what an
    early repayment costs besides.
    """

    kind: PrincipalKind
    on: date
    payment_date: date | None
    amount_minor: int
    balance_minor: int
    charge_minor: int = 0


class Balance:
    """The principal of one tranche, walked period by period: ``walk`` then ``close`` for each, in order."""

    def __init__(
        self,
        tranche: Tranche,
        *,
        days: DayRule,
        periods: Sequence[InterestPeriod],
        prepayments: Sequence[Prepayment],
    ) -> None:
        """Take the clause apart into dated movements; refuse early repayments that the terms do not allow."""
        self._tranche = tranche
        self._days = days
        self._draws = {drawdown.on: drawdown.amount_minor for drawdown in tranche.drawdowns}
        self._prepaid = _prepaid_by_day(tranche, prepayments)
        self._dues = principal_dues(
            tranche.repayment, drawn_minor=tranche.drawn_minor, start=tranche.start, maturity=tranche.maturity
        )
        self._annuity = _AnnuityPlan(tranche, days=days, periods=periods)
        self._flows: list[PrincipalFlow] = []
        self._minor = 0
        self.cleared: PrincipalFlow | None = None

    @property
    def flows(self) -> tuple[PrincipalFlow, ...]:
        """Return every movement so far, in order."""
        return tuple(self._flows)

    def walk(self, period: InterestPeriod, rate: Fraction | None) -> list[tuple[date, int]]:
        """Return the days in [start, end) from which a balance holds, the first being the start, and apply them.

        ``rate`` is that of the period's first day, for an annuity.
        """
        self._move(period.start)
        self._annuity.open(period, balance_minor=self._minor, rate=rate)
        steps = [(period.start, self._minor)]
        for day in sorted(self._movement_days(after=period.start, before=period.end)):
            if self.cleared is None:
                self._move(day)
                steps.append((day, self._minor))
        return steps

    def close(self, period: InterestPeriod, *, interest_minor: int) -> None:
        """Take the principal part of an annuity payment, or at maturity whatever is left."""
        if self.cleared is not None:
            return
        if period.end >= self._tranche.maturity:
            self._record(PrincipalKind.MATURITY, self._tranche.maturity, self._minor, period.payment_date)
            return
        part = self._annuity.principal_part(period, balance_minor=self._minor, interest_minor=interest_minor)
        if part:
            self._record(PrincipalKind.REDEMPTION, period.end, part, period.payment_date)

    def check_all_taken(self) -> None:
        """Refuse early repayments that came after the loan was cleared."""
        if self._prepaid:
            day = min(self._prepaid)
            raise Conflict(
                "prepayment.cleared",
                f"amount_minor: expected nothing on {day}, the balance was cleared before",
                amount_minor=str(self._prepaid[day]),
                day=day.isoformat(),
            )

    def _movement_days(self, *, after: date, before: date) -> set[date]:
        days = {self._days.accrues_to(due.on) for due in self._dues} | set(self._draws) | set(self._prepaid)
        return {day for day in days if after < day < before}

    def _move(self, day: date) -> None:
        for due in [due for due in self._dues if self._days.accrues_to(due.on) <= day]:
            self._dues = self._dues[1:]
            amount = min(due.amount_minor, self._minor)
            if amount and self.cleared is None:
                self._record(PrincipalKind.REDEMPTION, day, amount, self._days.paid_on(due.on))
        if day in self._draws:
            kind = PrincipalKind.DRAWDOWN if self._flows else PrincipalKind.INITIAL_EXCHANGE
            self._record(kind, day, -self._draws.pop(day), day)
            self._annuity.drawn()
        if day in self._prepaid:
            self._prepay(day, self._prepaid.pop(day))

    def _prepay(self, day: date, amount_minor: int) -> None:
        rule = self._tranche.prepayment
        assert rule is not None, "early repayments were checked against the clause"
        if amount_minor > self._minor:
            raise Conflict(
                "prepayment.amount",
                f"amount_minor: expected at most {self._minor}, the balance on {day}",
                amount_minor=str(amount_minor),
                day=day.isoformat(),
            )
        years_left = year_fraction(day, self._tranche.maturity, self._tranche.day_count)
        charge = prepayment_charge(rule, amount_minor=amount_minor, years_left=years_left)
        before_minor = self._minor
        charge_minor = round_exact(charge, self._tranche.rounding)
        self._record(PrincipalKind.PREPAYMENT, day, amount_minor, day, charge_minor=charge_minor)
        if rule.effect is InstalmentEffect.LOWER_INSTALMENT and self._minor:
            self._dues = rescaled(self._dues, before_minor=before_minor, after_minor=self._minor)
        self._annuity.prepaid(rule.effect)

    def _record(
        self, kind: PrincipalKind, day: date, amount_minor: int, payment_date: date | None, charge_minor: int = 0
    ) -> None:
        self._minor -= amount_minor
        assert self._minor >= 0, "a repayment never exceeds the balance"
        flow = PrincipalFlow(
            kind=kind,
            on=day,
            payment_date=payment_date,
            amount_minor=amount_minor,
            balance_minor=self._minor,
            charge_minor=charge_minor,
        )
        self._flows.append(flow)
        if self._minor == 0 and not self._draws:
            self.cleared = flow


class _AnnuityPlan:
    """The equal payment in force; it does nothing for a tranche that is repaid otherwise."""

    def __init__(self, tranche: Tranche, *, days: DayRule, periods: Sequence[InterestPeriod]) -> None:
        self._clause = annuity_of(tranche.repayment)
        self._tranche = tranche
        self._fractions: dict[date, Fraction] = {}
        self._payment_minor: int | None = None
        self._rate: Fraction | None = None
        self._is_stale, self._shortens = False, False
        if self._clause is None:
            return
        due_days = annuity_days(self._clause, start=tranche.start, maturity=tranche.maturity)
        accrual_days = [days.accrues_to(day) for day in due_days[:-1]] + [tranche.maturity]
        paid = [period for period in periods if period.end >= accrual_days[0]]
        if [period.end for period in paid] != accrual_days:
            expected = "annuity days that end the interest periods, one payment a period"
            raise refused(area="repayment", field="every_months", expected=expected, value=self._clause.every_months)
        self._fractions = {period.end: year_fraction(period.start, period.end, tranche.day_count) for period in paid}
        self._payment_minor = self._clause.instalment_minor

    def drawn(self) -> None:
        """Note that the balance rose: a computed payment no longer fits."""
        self._is_stale = self._clause is not None and self._clause.instalment_minor is None

    def prepaid(self, effect: InstalmentEffect) -> None:
        """Note an early repayment."""
        self._is_stale = self._is_stale or effect is InstalmentEffect.LOWER_INSTALMENT
        self._shortens = effect is InstalmentEffect.SHORTER_LIFE

    def open(self, period: InterestPeriod, *, balance_minor: int, rate: Fraction | None) -> None:
        """Fix the payment of a period that ends on an annuity day, before its interest is known."""
        if self._clause is None or period.end not in self._fractions:
            return
        assert rate is not None, "an annuity is computed from a rate known in advance"
        mode = self._tranche.rounding
        left = [self._fractions[day] for day in sorted(self._fractions) if day >= period.end]
        if self._shortens and self._payment_minor is not None and self._rate is not None:
            count = payments_needed(
                balance_minor, payment_minor=self._payment_minor, rate=self._rate, fractions=left, mode=mode
            )
            kept = [day for day in sorted(self._fractions) if day >= period.end][:count]
            self._fractions = {day: self._fractions[day] for day in kept}
            left = left[:count]
        self._shortens = False
        is_repriced = self._clause.on_rate_change is RateChangeEffect.RECALCULATE and rate != self._rate
        if self._payment_minor is None or self._is_stale or is_repriced:
            self._payment_minor = annuity_payment(balance_minor, rate=rate, fractions=left, mode=mode)
        self._rate, self._is_stale = rate, False

    def principal_part(self, period: InterestPeriod, *, balance_minor: int, interest_minor: int) -> int:
        """Return what the payment leaves for principal: never negative, and all of it on the last annuity day."""
        if self._payment_minor is None or period.end not in self._fractions:
            return 0
        if period.end == max(self._fractions) and self._clause and self._clause.instalment_minor is None:
            return balance_minor
        return max(0, min(balance_minor, self._payment_minor - interest_minor))


def _prepaid_by_day(tranche: Tranche, prepayments: Sequence[Prepayment]) -> dict[date, int]:
    by_day: dict[date, int] = {}
    for prepayment in prepayments:
        if tranche.prepayment is None:
            expected = "no early repayment, since the terms have no clause for it"
            raise refused(area="prepayment", field="on", expected=expected, value=prepayment.on)
        if not tranche.start < prepayment.on < tranche.maturity:
            expected = f"a day after {tranche.start} and before {tranche.maturity}"
            raise refused(area="prepayment", field="on", expected=expected, value=prepayment.on)
        by_day[prepayment.on] = by_day.get(prepayment.on, 0) + prepayment.amount_minor
    return by_day
