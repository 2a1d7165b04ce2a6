"""Interest on what is paid late, in segments: penalty on overdue principal, compounding on unpaid interest.

Owns the walk from the due day to the day asked for. Knows no calendar: due days, settlement days and rates come in as
values, and money received settles the oldest claim class first. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.fields import refused, refused_as
from finance.loans.overdue import Compounding, OverdueRule
from ledger.core.amounts import MAX_UNITS, RoundingMode, round_exact

_AREA = "overdue"


class OverdueKind(StrEnum):
    """What was not paid."""

    PRINCIPAL = "principal"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueAmount:
    """``amount_minor`` that fell due on ``due_on`` and was not paid then; the due day is its first day of penalty."""

    kind: OverdueKind
    due_on: date
    amount_minor: int

    def __post_init__(self) -> None:
        """Refuse an amount that is none."""
        _check_amount(self.amount_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``amount_minor`` received on ``on``; nothing accrues on it from that day."""

    on: date
    amount_minor: int

    def __post_init__(self) -> None:
        """Refuse an amount that is none."""
        _check_amount(self.amount_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRate:
    """The rates of [start, end): as decided (``rate``) and without the KPI adjustment (``unadjusted_rate``)."""

    start: date
    end: date
    rate: Fraction
    unadjusted_rate: Fraction

    def __post_init__(self) -> None:
        """Refuse a stretch without a day."""
        if self.end <= self.start:
            raise refused_as(
                area=_AREA, reason="rate_period", field="rates", expected=f"an end after {self.start}", value=self.end
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltySegment:
    """Constant debt and rates on [start, end); both interests exact."""

    start: date
    end: date
    principal_minor: int
    interest_base_minor: int
    penalty_rate: Fraction
    compound_rate: Fraction
    penalty_minor: Fraction
    compound_minor: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class OverduePosition:
    """What is owed on the day asked for: the debt, the interest charged at each settlement, and what runs since.

    ``unpaid_interest_minor`` holds late interest and charged penalty; ``running_minor`` is exact and not yet charged.
    ``surplus_minor`` is money received beyond every claim.
    """

    segments: tuple[PenaltySegment, ...]
    charged: tuple[tuple[date, int], ...]
    principal_minor: int
    unpaid_interest_minor: int
    running_minor: Fraction
    surplus_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueTerms:
    """The clause with the conventions it is computed by; ``is_misused`` takes the misuse surcharge."""

    rule: OverdueRule
    maturity: date
    day_count: DayCount
    rounding: RoundingMode
    is_misused: bool = False


def overdue_position(
    terms: OverdueTerms,
    *,
    overdue: Sequence[OverdueAmount],
    receipts: Sequence[Receipt],
    rates: Sequence[ContractRate],
    settlement_days: Sequence[date],
    as_of: date,
) -> OverduePosition:
    """Return what is owed at the start of ``as_of`` (that day's interest excluded, its receipts and settlement included).

    Penalty: overdue principal x contract rate x (1 + surcharge), in segments when anything changes (分段计息); a
    step-down lowers the contract rate here only if the clause says so. Interest unpaid bears interest by the clause;
    at each settlement day what has run is rounded once and, if the clause compounds, joins it. What is paid in full
    within the days of grace bears nothing. Receipts settle interest before principal. Principal CNY 1,000,000 overdue
    30 days at 3.60 % and 1/2 in ACT/360: 4,500.00. Sources: 人民币利率管理规定 art. 20, 21, 25; 民法典 art. 561.
    """
    receipts = [receipt for receipt in receipts if receipt.on <= as_of]
    late = _late(terms.rule, overdue, receipts)
    receipts = _beyond(receipts, sum(amount.amount_minor for amount in overdue if amount not in late))
    start = min((amount.due_on for amount in late), default=as_of)
    if as_of < start:
        raise refused(area=_AREA, field="as_of", expected=f"a day from {start}, the first due day, on", value=as_of)
    if late and any(receipt.on < start for receipt in receipts):
        raise refused(area=_AREA, field="receipts", expected=f"receipts from {start} on", value=receipts[0].on)
    if not late:
        return OverduePosition(
            segments=(),
            charged=(),
            principal_minor=0,
            unpaid_interest_minor=0,
            running_minor=Fraction(0),
            surplus_minor=sum(receipt.amount_minor for receipt in receipts),
        )
    _check_rates(rates, start=start, end=as_of)
    debt = _Debt(terms)
    cuts = {start, as_of, terms.maturity, *settlement_days, *(rate.start for rate in rates)}
    cuts |= {amount.due_on for amount in late} | {receipt.on for receipt in receipts}
    days = sorted(day for day in cuts if start <= day <= as_of)
    settlements = frozenset(settlement_days)
    for day, following in pairwise([*days, None]):
        assert day is not None, "only the end of the walk has no day"
        debt.take(day, late=late, receipts=receipts, is_settlement=day in settlements and day > start)
        if following is not None:
            debt.run(day, following, next(rate for rate in rates if rate.start <= day < rate.end))
    return debt.position()


class _Debt:
    def __init__(self, terms: OverdueTerms) -> None:
        self._terms = terms
        self._principal = 0
        self._bearing = 0
        self._idle = 0
        self._running = Fraction(0)
        self._surplus = 0
        self._segments: list[PenaltySegment] = []
        self._charged: list[tuple[date, int]] = []

    def take(
        self, day: date, *, late: Sequence[OverdueAmount], receipts: Sequence[Receipt], is_settlement: bool
    ) -> None:
        """Apply one day: what was charged first, then what falls due, then what is received."""
        received = sum(receipt.amount_minor for receipt in receipts if receipt.on == day)
        if is_settlement or (received and self._running):
            self._charge(day)
        for amount in late:
            if amount.due_on == day and amount.kind is OverdueKind.PRINCIPAL:
                self._principal += amount.amount_minor
            elif amount.due_on == day:
                self._bearing += amount.amount_minor
        if received:
            self._settle(received)

    def run(self, start: date, end: date, rate: ContractRate) -> None:
        """Let interest run on [start, end)."""
        rule = self._terms.rule
        surcharge = rule.misuse_surcharge if self._terms.is_misused else rule.surcharge
        basis = rate.rate if rule.has_step_down else max(rate.rate, rate.unadjusted_rate)
        penalty_rate = basis * (1 + surcharge)
        compound_rate = self._compound_rate(rate, penalty_rate, is_matured=start >= self._terms.maturity)
        fraction = year_fraction(start, end, self._terms.day_count)
        segment = PenaltySegment(
            start=start,
            end=end,
            principal_minor=self._principal,
            interest_base_minor=self._bearing,
            penalty_rate=penalty_rate,
            compound_rate=compound_rate,
            penalty_minor=self._principal * penalty_rate * fraction,
            compound_minor=self._bearing * compound_rate * fraction,
        )
        self._running += segment.penalty_minor + segment.compound_minor
        self._segments.append(segment)

    def position(self) -> OverduePosition:
        """Return what is owed now."""
        return OverduePosition(
            segments=tuple(self._segments),
            charged=tuple(self._charged),
            principal_minor=self._principal,
            unpaid_interest_minor=self._bearing + self._idle,
            running_minor=self._running,
            surplus_minor=self._surplus,
        )

    def _compound_rate(self, rate: ContractRate, penalty_rate: Fraction, *, is_matured: bool) -> Fraction:
        match self._terms.rule.compounds:
            case Compounding.NONE:
                return Fraction(0)
            case Compounding.CONTRACT_RATE:
                return rate.rate
            case Compounding.PENALTY_RATE:
                return penalty_rate
            case Compounding.CONTRACT_THEN_PENALTY:
                return penalty_rate if is_matured else rate.rate

    def _charge(self, day: date) -> None:
        amount = round_exact(self._running, self._terms.rounding)
        self._running = Fraction(0)
        if not amount:
            return
        self._charged.append((day, amount))
        if self._terms.rule.compounds is Compounding.NONE:
            self._idle += amount
        else:
            self._bearing += amount

    def _settle(self, received: int) -> None:
        for name in ("_idle", "_bearing", "_principal"):
            claim: int = getattr(self, name)
            paid = min(claim, received)
            setattr(self, name, claim - paid)
            received -= paid
        self._surplus += received


def _late(
    rule: OverdueRule, overdue: Sequence[OverdueAmount], receipts: Sequence[Receipt]
) -> tuple[OverdueAmount, ...]:
    """Return the amounts that grace does not forgive: received in full within it, counted in the order due."""
    if not rule.grace_days:
        return tuple(overdue)
    owed, late = 0, []
    for amount in sorted(overdue, key=lambda item: item.due_on):
        owed += amount.amount_minor
        last_day = amount.due_on + timedelta(days=rule.grace_days)
        received = sum(receipt.amount_minor for receipt in receipts if receipt.on <= last_day)
        if received < owed:
            late.append(amount)
    return tuple(late)


def _beyond(receipts: Sequence[Receipt], forgiven_minor: int) -> list[Receipt]:
    """Return what the receipts leave after the amounts paid within grace, the earliest received first."""
    left = []
    for receipt in sorted(receipts, key=lambda item: item.on):
        used = min(forgiven_minor, receipt.amount_minor)
        forgiven_minor -= used
        if receipt.amount_minor > used:
            left.append(Receipt(on=receipt.on, amount_minor=receipt.amount_minor - used))
    return left


def _check_rates(rates: Sequence[ContractRate], *, start: date, end: date) -> None:
    for earlier, later in pairwise(rates):
        if later.start != earlier.end:
            raise refused(area=_AREA, field="rates", expected=f"the next to start on {earlier.end}", value=later.start)
    if not rates or rates[0].start > start or rates[-1].end < end:
        raise refused(area=_AREA, field="rates", expected=f"rates for every day of [{start}, {end})", value=len(rates))


def _check_amount(amount_minor: int) -> None:
    if not 0 < amount_minor <= MAX_UNITS:
        expected = "an amount above zero, at most 10^15 minor units"
        raise refused(area=_AREA, field="amount_minor", expected=expected, value=amount_minor)
