"""The clauses of a tranche refuse what no contract has, naming the field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest

from finance.conventions.day_counts import DayCount
from finance.loans.base_rates import CompoundedIndexRate, FixedRate, IndexRate, RepricingKind, RepricingRule
from finance.loans.fees import FeeBasis, FeeRule, FeeSegment, fee_amount
from finance.loans.fixings import FixingSeries
from finance.loans.overdue import Compounding, OverdueRule
from finance.loans.prepayment import (
    InstalmentEffect,
    PenaltyKind,
    Prepayment,
    PrepaymentRule,
    UntestedOutcome,
    untested_adjustment_bp,
)
from finance.loans.repayment import Annuity, EqualPrincipal, Instalment, InterestOnlyThen, Stepped
from finance.loans.tranche import AdjustmentInterval, Drawdown
from ledger.core.errors import Invalid
from tests.core.loan_tranches import END, QUARTERLY, START, flows, tranche

NEVER = RepricingRule(kind=RepricingKind.NEVER)
LAST = UntestedOutcome.REFERENCE_LAST
NONE = InstalmentEffect.NONE


def index(**changes: object) -> IndexRate:
    fields: dict[str, object] = {
        "index": "LPR1Y",
        "multiplier": Fraction(1),
        "spread_bp": Fraction(0),
        "repricing": NEVER,
        "fixing_lag_business_days": 0,
    }
    return IndexRate(**(fields | changes))  # type: ignore[arg-type]


def compounded(**changes: object) -> CompoundedIndexRate:
    fields: dict[str, object] = {
        "index": "SOFR",
        "day_count": DayCount.ACT_360,
        "lookback_business_days": 5,
        "is_observation_shifted": False,
        "credit_adjustment_bp": Fraction(0),
        "spread_bp": Fraction(0),
    }
    return CompoundedIndexRate(**(fields | changes))  # type: ignore[arg-type]


REFUSED: tuple[tuple[str, Callable[[], object]], ...] = (
    ("base_rate.rate", lambda: FixedRate(rate=Fraction(345, 100))),
    ("base_rate.rate_cap", lambda: FixedRate(rate=Fraction(0), rate_floor=Fraction(1, 10), rate_cap=Fraction(0))),
    ("base_rate.index", lambda: index(index="1 year LPR")),
    ("base_rate.multiplier", lambda: index(multiplier=Fraction(0))),
    ("base_rate.spread_bp", lambda: index(spread_bp=Fraction(10_001))),
    ("base_rate.fixing_lag_business_days", lambda: index(fixing_lag_business_days=-1)),
    ("base_rate.index_floor", lambda: index(index_floor=Fraction(2))),
    ("base_rate.day_count", lambda: compounded(day_count=DayCount.THIRTY_E_360)),
    ("base_rate.lookback_business_days", lambda: compounded(lookback_business_days=61)),
    ("base_rate.rate_places", lambda: compounded(rate_places=2)),
    ("base_rate.repricing", lambda: RepricingRule(kind=RepricingKind.YEARLY_ON, month=1)),
    ("base_rate.repricing", lambda: RepricingRule(kind=RepricingKind.ON_DATES)),
    ("base_rate.repricing", lambda: RepricingRule(kind=RepricingKind.NEVER, dates=(START,))),
    ("base_rate.repricing_day", lambda: RepricingRule(kind=RepricingKind.YEARLY_ON, month=2, day=30)),
    ("base_rate.repricing_day", lambda: RepricingRule(kind=RepricingKind.YEARLY_ON, month=13, day=1)),
    ("base_rate.repricing_dates", lambda: RepricingRule(kind=RepricingKind.ON_DATES, dates=(END, START))),
    ("repayment.every_months", lambda: EqualPrincipal(first_on=END, every_months=0)),
    ("repayment.count", lambda: EqualPrincipal(first_on=END, every_months=1, count=0)),
    ("repayment.on_rate_change", lambda: Annuity(first_on=END, every_months=1, instalment_minor=1)),
    ("repayment.instalments", lambda: Instalment(on=END)),
    ("repayment.share", lambda: Instalment(on=END, share=Fraction(3, 2))),
    ("repayment.amount_minor", lambda: Instalment(on=END, amount_minor=0)),
    ("repayment.instalments", lambda: Stepped(instalments=())),
    (
        "repayment.share",
        lambda: Stepped(instalments=tuple(Instalment(on=date(2025, 1, day), share=Fraction(2, 3)) for day in (1, 2))),
    ),
    ("repayment.until", lambda: InterestOnlyThen(until=END, then=EqualPrincipal(first_on=START, every_months=1))),
    ("prepayment.fee_bp", lambda: PrepaymentRule(untested=UntestedOutcome.FEE, effect=NONE)),
    ("prepayment.fee_bp", lambda: PrepaymentRule(untested=LAST, effect=NONE, fee_bp=Fraction(1))),
    ("prepayment.penalty", lambda: PrepaymentRule(untested=LAST, effect=NONE, penalty=Fraction(1))),
    (
        "prepayment.penalty",
        lambda: PrepaymentRule(untested=LAST, effect=NONE, penalty_kind=PenaltyKind.ABSOLUTE, penalty=Fraction(1, 2)),
    ),
    ("prepayment.amount_minor", lambda: Prepayment(on=END, amount_minor=0)),
    (
        "overdue.surcharge",
        lambda: OverdueRule(surcharge=Fraction(-1), misuse_surcharge=Fraction(1), compounds=Compounding.NONE),
    ),
    (
        "overdue.grace_days",
        lambda: OverdueRule(
            surcharge=Fraction(1, 2), misuse_surcharge=Fraction(1), compounds=Compounding.NONE, grace_days=367
        ),
    ),
    (
        "fee.rate_bp",
        lambda: FeeRule(
            name="commitment",
            basis=FeeBasis.UNDRAWN,
            rate_bp=Fraction(-1),
            day_count=DayCount.ACT_360,
            periods=QUARTERLY,
        ),
    ),
    ("fee.end", lambda: FeeSegment(start=END, end=START, amount_minor=0, rate_bp=Fraction(0))),
    ("tranche.amount_minor", lambda: Drawdown(on=START, amount_minor=0)),
    ("tranche.adjustments", lambda: AdjustmentInterval(start=END, end=START, adjustment_bp=Fraction(0))),
    ("tranche.adjustment_bp", lambda: AdjustmentInterval(start=START, end=END, adjustment_bp=Fraction(10_001))),
    ("tranche.maturity", lambda: tranche(maturity=START)),
    (
        "tranche.drawdowns",
        lambda: tranche(drawdowns=(Drawdown(on=END, amount_minor=1), Drawdown(on=START, amount_minor=1))),
    ),
    (
        "tranche.drawdowns",
        lambda: tranche(
            drawdowns=(Drawdown(on=START, amount_minor=10**15), Drawdown(on=date(2024, 4, 1), amount_minor=1))
        ),
    ),
    ("fixings.rates", lambda: FixingSeries(index="LPR1Y", rates=(), known_through=END)),
    ("fixings.known_through", lambda: FixingSeries(index="LPR1Y", rates=((END, Fraction(0)),), known_through=START)),
    ("repayment.first_on", lambda: flows(tranche(repayment=EqualPrincipal(first_on=START, every_months=3)))),
    (
        "repayment.count",
        lambda: flows(tranche(repayment=EqualPrincipal(first_on=date(2024, 6, 20), every_months=3, count=5))),
    ),
    (
        "repayment.instalments",
        lambda: flows(tranche(repayment=Stepped(instalments=(Instalment(on=START, amount_minor=1),)))),
    ),
    (
        "repayment.instalments",
        lambda: flows(tranche(repayment=Stepped(instalments=(Instalment(on=END, amount_minor=10**15),)))),
    ),
)


@pytest.mark.parametrize(
    ("code", "build"), REFUSED, ids=[f"{number}-{code}" for number, (code, _) in enumerate(REFUSED)]
)
def test_a_clause_that_no_contract_has_is_refused(code: str, build: Callable[[], object]) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == code):
        build()


@pytest.mark.parametrize(
    ("untested", "adjustment"),
    [
        (UntestedOutcome.REFERENCE_LAST, Fraction(-10)),
        (UntestedOutcome.ASSUME_MISSED, Fraction(5)),
        (UntestedOutcome.PRO_RATA, Fraction(5, 4)),
        (UntestedOutcome.FEE, Fraction(-10)),
    ],
)
def test_an_untested_period_takes_the_outcome_of_the_clause(untested: UntestedOutcome, adjustment: Fraction) -> None:
    fee_bp = Fraction(1) if untested is UntestedOutcome.FEE else None
    rule = PrepaymentRule(untested=untested, effect=NONE, fee_bp=fee_bp)

    found = untested_adjustment_bp(rule, last_bp=Fraction(-10), missed_bp=Fraction(5), lived=Fraction(1, 4))

    assert found == adjustment


def test_a_commitment_fee_is_exact_over_its_segments() -> None:
    segments = (
        FeeSegment(start=date(2024, 1, 1), end=date(2024, 2, 1), amount_minor=10**10, rate_bp=Fraction(40)),
        FeeSegment(start=date(2024, 2, 1), end=date(2024, 3, 31), amount_minor=10**10, rate_bp=Fraction(39)),
    )

    # 31 days at 40 bp and 59 at 39 bp on USD 100,000,000.
    assert fee_amount(segments, day_count=DayCount.ACT_360) == Fraction(10**6 * (31 * 40 + 59 * 39), 360)
    with pytest.raises(Invalid, check=lambda error: error.code == "fee.tiling"):
        fee_amount(segments[::-1], day_count=DayCount.ACT_360)
