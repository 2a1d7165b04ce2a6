"""Pledge loan (碳资产质押融资): money borrowed on tonnes that stay in the book and are encumbered for the lender.

Owns the terms, interest, loan-to-value with its margin call, and what each step does. The lender's people release, an
enforcing role enforces; that is the ledger's rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from finance.conventions.day_counts import DayCount
from finance.trading.contracts.effects import ClaimKind, Forgo, LetGo, MoneyKind, Plan, SetAside, paid
from finance.trading.contracts.interest import Term, accrued, simple_interest
from finance.trading.contracts.repo import close_out_value
from finance.trading.contracts.standing import Said, Standing
from finance.trading.contracts.terms import (
    Agreement,
    ContractKind,
    Lots,
    check_code,
    check_fen,
    check_lots,
    check_period,
    check_share,
    check_tonnes,
    refused,
    refused_as,
)
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict
from ledger.core.holds import HoldKind

_MOST_RANK = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeLoanTerms(Agreement):
    """``rate`` and ``late_rate`` are yearly fractions of one; above ``ltv_call`` (exclusive) margin is called to reach ``ltv_target``.

    ``lender_organisation_id`` is the lender as an organisation here: its people alone release the pledge.
    """

    KIND: ClassVar[ContractKind] = ContractKind.PLEDGE_LOAN
    FREE_WHEN_OPEN: ClassVar[frozenset[str]] = frozenset(
        {"agreement_ref", "note", "ends_on", "ltv_call", "ltv_target", "late_rate"}
    )

    lender_organisation_id: UUID
    instrument: str
    quantity_t: int
    rank: int
    principal_fen: int
    rate: Decimal
    late_rate: Decimal
    day_count: DayCount
    starts_on: date
    ends_on: date
    ltv_call: Decimal
    ltv_target: Decimal
    lots: Lots = ()

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("instrument", self.instrument)
        check_tonnes("quantity_t", self.quantity_t)
        check_fen("principal", self.principal_fen, least=1)
        check_share("rate", self.rate)
        check_share("late_rate", self.late_rate)
        check_period(self.starts_on, self.ends_on)
        if self.starts_on < self.agreed_on:
            raise refused("starts_on", "agreed_on or a later day")
        check_share("ltv_call", self.ltv_call, most=Decimal(10))
        check_share("ltv_target", self.ltv_target, most=Decimal(10))
        if not 0 < self.ltv_target <= self.ltv_call:
            raise refused_as("ltv_crossed", "ltv_target", "above zero and at most ltv_call")
        if not 1 <= self.rank <= _MOST_RANK:
            raise refused("rank", f"1 to {_MOST_RANK}")
        check_lots(self.lots, self.quantity_t)

    @property
    def term(self) -> Term:
        """Return the days that interest runs on."""
        return Term(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            day_count=self.day_count,
            late_rate=Fraction(self.late_rate),
        )

    def interest(self, steps: tuple[tuple[date, int], ...], *, until: date) -> Fraction:
        """Return the exact interest on the principal's dated steps up to ``until`` (exclusive), in fen."""
        return simple_interest(steps, Fraction(self.rate), self.term, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanToValue:
    """What is owed against what the pledge is worth, both in fen; ``add_t`` or ``repay_fen`` brings it to the target, zero if kept.

    ``ratio`` is None where the pledge is worth nothing.
    """

    owed_fen: int
    value_fen: int
    ratio: Fraction | None
    is_passed: bool
    add_t: int
    repay_fen: int


def loan_to_value(terms: PledgeLoanTerms, *, owed_fen: int, pledged_t: int, price_cny_per_t: Decimal) -> LoanToValue:
    """Return the loan-to-value at a price and what cures it: whole tonnes up, fen up, so that the target is reached.

    Tonnes: ceil(owed / (target x price)) - pledged; money: ceil(owed - target x value). 6,000,000.00 owed on 100,000 t at
    80.00 is 75 %; with 70 % as limit and 60 % as target 25,000 t are to be added or 1,200,000.00 repaid. Source: the
    contract's own clauses; JR/T 0244-2022 sets no ratio.
    """
    value = Fraction(price_cny_per_t) * pledged_t * 100
    target = Fraction(terms.ltv_target)
    is_passed = owed_fen > Fraction(terms.ltv_call) * value
    enough_t = _up(owed_fen / (target * Fraction(price_cny_per_t) * 100))
    return LoanToValue(
        owed_fen=owed_fen,
        value_fen=round_exact(value, RoundingMode.HALF_UP),
        ratio=owed_fen / value if value else None,
        is_passed=is_passed,
        add_t=max(enough_t - pledged_t, 0) if is_passed else 0,
        repay_fen=max(_up(owed_fen - target * value), 0) if is_passed else 0,
    )


def opened(terms: PledgeLoanTerms) -> Plan:
    """Return the pledge and the principal in."""
    pledge = added(terms, terms.quantity_t, terms.lots)
    return Plan(
        effects=(*pledge.effects, *paid(MoneyKind.BORROWED, terms.principal_fen)),
        figures={**pledge.figures, "principal_fen": terms.principal_fen},
    )


def added(terms: PledgeLoanTerms, quantity_t: int, lots: Lots = ()) -> Plan:
    """Return further tonnes pledged on the same paper and rank."""
    check_tonnes("quantity_t", quantity_t)
    check_lots(lots, quantity_t)
    aside = SetAside(
        kind=HoldKind.PLEDGE, instrument=terms.instrument, quantity_t=quantity_t, lots=lots, rank=terms.rank
    )
    return Plan(effects=(aside,), figures={"encumbered_t": quantity_t})


def accrue(terms: PledgeLoanTerms, standing: Standing, *, until: date) -> Plan:
    """Return the interest that the days before ``until`` carry and that is not booked yet."""
    return accrued(terms.interest(standing.principal_steps, until=until), standing, is_cost=True)


def repaid(terms: PledgeLoanTerms, standing: Standing, amount_fen: int, *, on: date) -> Plan:
    """Return a repayment in part: interest up to the day first, then principal; all of it is a settlement, not a part."""
    check_fen("repay", amount_fen, least=1)
    interest = accrue(terms, standing, until=on)
    due = standing.interest_due_fen + interest.figures["accrued_fen"]
    of_interest = min(amount_fen, due)
    of_principal = amount_fen - of_interest
    if of_principal >= standing.principal_fen:
        raise Conflict("contract.repay_all", "repay: expected less than all that is owed; settle the contract instead")
    effects = (
        *interest.effects,
        *paid(MoneyKind.INTEREST_COST_PAID, of_interest),
        *paid(MoneyKind.BORROWED_REPAID, of_principal),
    )
    figures = {**interest.figures, "interest_paid_fen": of_interest, "principal_fen": -of_principal}
    return Plan(effects=effects, figures=figures)


def settled(terms: PledgeLoanTerms, standing: Standing, said: Said) -> Plan:
    """Return interest and principal paid in full; the pledge ends by the lender's release."""
    if said.price_cny_per_t is not None:
        raise refused_as("price_given", "price_cny_per_t", "nothing: a loan is repaid at its amount")
    interest = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + interest.figures["accrued_fen"]
    effects = (
        *interest.effects,
        *paid(MoneyKind.INTEREST_COST_PAID, due),
        *paid(MoneyKind.BORROWED_REPAID, standing.principal_fen),
    )
    figures = {**interest.figures, "interest_paid_fen": due, "principal_fen": -standing.principal_fen}
    return Plan(effects=effects, figures=figures)


def defaulted(terms: PledgeLoanTerms, standing: Standing, said: Said, *, pledged_t: int) -> Plan:
    """Return the enforcement at the stated price: all pledged tonnes go, the debt ends, the rest is a claim or a debt."""
    if not pledged_t:
        raise Conflict("contract.not_pledged", "contract: nothing is pledged any more; settle the loan instead")
    value = close_out_value(said, pledged_t)
    interest = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + interest.figures["accrued_fen"]
    left = value - standing.principal_fen - due
    claims = {
        ClaimKind.FINANCING: standing.principal_fen,
        ClaimKind.INTEREST: due,
        ClaimKind.RECEIVABLE: max(left, 0),
        ClaimKind.PAYABLE: max(-left, 0),
    }
    forgo = Forgo(instrument=terms.instrument, quantity_t=pledged_t, is_out=False, claims=claims)
    figures = {
        **interest.figures,
        "interest_paid_fen": due,
        "principal_fen": -standing.principal_fen,
        "encumbered_t": -pledged_t,
    }
    return Plan(effects=(*interest.effects, LetGo(), forgo), figures=figures)


def _up(value: Fraction) -> int:
    """Return the least whole number that is not below ``value``."""
    return -round_exact(-value, RoundingMode.FLOOR)
