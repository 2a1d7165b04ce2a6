"""Lending (碳借贷): tonnes are lent against margin and a fee, and come back in the same quantity with an agreed yield.

Owns the terms and what each step does in the lender's and in the borrower's books.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from finance.conventions.day_counts import DayCount
from finance.trading.contracts.effects import (
    Borrow,
    Buy,
    ClaimKind,
    Effect,
    Forgo,
    KeepBorrowed,
    LetGo,
    MoneyKind,
    Plan,
    Return,
    Sell,
    paid,
)
from finance.trading.contracts.forward import amount_fen, margin_figures, margins_back
from finance.trading.contracts.interest import Term, accrued, simple_interest
from finance.trading.contracts.repo import close_out_value, given_back, handed_over
from finance.trading.contracts.standing import Said, Standing
from finance.trading.contracts.terms import (
    Agreement,
    ContractKind,
    Lots,
    check_code,
    check_fen,
    check_lots,
    check_period,
    check_price,
    check_share,
    check_tonnes,
    refused,
    refused_as,
)
from ledger.core.amounts import MAX_UNITS
from ledger.core.holds import HoldKind


class LendingSide(StrEnum):
    """Whether the book lends or borrows."""

    LENDER = "lender"
    BORROWER = "borrower"


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingTerms(Agreement):
    """``value_price_cny_per_t`` is the agreed value that the fee is taken on and at which a borrower books the tonnes.

    ``fee_rate`` and ``late_rate`` are yearly; ``yield_t`` are tonnes on top when they come back; margin goes from the
    borrower to the lender.
    """

    KIND: ClassVar[ContractKind] = ContractKind.LENDING
    FREE_WHEN_OPEN: ClassVar[frozenset[str]] = frozenset({"agreement_ref", "note", "ends_on", "late_rate"})

    side: LendingSide
    instrument: str
    quantity_t: int
    value_price_cny_per_t: Decimal
    fee_rate: Decimal
    late_rate: Decimal
    day_count: DayCount
    starts_on: date
    ends_on: date
    margin_fen: int
    yield_t: int = 0
    lots: Lots = ()

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("instrument", self.instrument)
        check_tonnes("quantity_t", self.quantity_t)
        check_price("value_price_cny_per_t", self.value_price_cny_per_t)
        check_share("fee_rate", self.fee_rate)
        check_share("late_rate", self.late_rate)
        check_fen("margin", self.margin_fen)
        if not 0 <= self.yield_t <= self.quantity_t:
            raise refused("yield_t", "zero to quantity_t")
        if not 1 <= self.value_fen() <= MAX_UNITS:
            raise refused("value_price_cny_per_t", "price x tonnes from 0.01 to 10^13 CNY")
        check_period(self.starts_on, self.ends_on)
        if self.starts_on < self.agreed_on:
            raise refused("starts_on", "agreed_on or a later day")
        check_lots(self.lots, self.quantity_t)
        if self.lots and self.side is LendingSide.BORROWER:
            raise refused_as("lots_not_yours", "lots", "none: a borrower does not choose the lender's lots")

    @property
    def term(self) -> Term:
        """Return the days that the fee runs on."""
        return Term(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            day_count=self.day_count,
            late_rate=Fraction(self.late_rate),
        )

    def value_fen(self) -> int:
        """Return the agreed value of the tonnes in fen."""
        return amount_fen(self.value_price_cny_per_t, self.quantity_t)

    def fee(self, *, until: date) -> Fraction:
        """Return the exact fee of [starts_on, until) in fen; from ``ends_on`` on at the late rate."""
        steps = ((self.starts_on, self.value_fen()),)
        return simple_interest(steps, Fraction(self.fee_rate), self.term, until=until)


def opened(terms: LendingTerms) -> Plan:
    """Return the tonnes out and encumbered against margin taken (lender), or in and owed against margin given (borrower)."""
    if terms.side is LendingSide.BORROWER:
        borrow = Borrow(instrument=terms.instrument, quantity_t=terms.quantity_t, value_fen=terms.value_fen())
        return Plan(
            effects=(borrow, *paid(MoneyKind.MARGIN_GIVEN, terms.margin_fen)),
            figures={"margin_given_fen": terms.margin_fen},
        )
    out = handed_over(terms.instrument, terms.quantity_t, terms.lots, HoldKind.LENT, is_out=True)
    return Plan(
        effects=(*out, *paid(MoneyKind.MARGIN_TAKEN, terms.margin_fen)),
        figures={"margin_taken_fen": terms.margin_fen, "encumbered_t": terms.quantity_t},
    )


def accrue(terms: LendingTerms, standing: Standing, *, until: date) -> Plan:
    """Return the fee that the days before ``until`` carry and that is not booked yet."""
    return accrued(terms.fee(until=until), standing, is_cost=terms.side is LendingSide.BORROWER)


def settled(terms: LendingTerms, standing: Standing, said: Said) -> Plan:
    """Return the tonnes back, the fee of the days run, the yield, and the margin back."""
    if said.price_cny_per_t is not None:
        raise refused_as("price_given", "price_cny_per_t", "nothing: tonnes come back in kind")
    fee = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + fee.figures["accrued_fen"]
    figures = {**fee.figures, "interest_paid_fen": due, **margin_figures(standing)}
    worth = amount_fen(terms.value_price_cny_per_t, terms.yield_t)
    if terms.side is LendingSide.BORROWER:
        extra = Sell(instrument=terms.instrument, quantity_t=terms.yield_t, amount_fen=0, is_yield=True)
        effects: tuple[Effect, ...] = (
            *fee.effects,
            *paid(MoneyKind.INTEREST_COST_PAID, due),
            Return(instrument=terms.instrument, quantity_t=terms.quantity_t, value_fen=terms.value_fen()),
            *((extra,) if terms.yield_t else ()),
            *margins_back(standing),
        )
        return Plan(effects=effects, figures=figures)
    more = Buy(instrument=terms.instrument, quantity_t=terms.yield_t, amount_fen=worth, is_yield=True)
    effects = (
        *fee.effects,
        *paid(MoneyKind.INTEREST_EARNED_RECEIVED, due),
        *given_back(terms.instrument, terms.quantity_t, is_out=True),
        *((more,) if terms.yield_t else ()),
        *margins_back(standing),
    )
    return Plan(effects=effects, figures={**figures, "encumbered_t": -terms.quantity_t})


def defaulted(terms: LendingTerms, standing: Standing, said: Said) -> Plan:
    """Return the close-out at the stated price: the tonnes are not returned, margin pays first, then the fee, the rest is owed.

    1,000 t at 100.00 against 80,000.00 of margin leave a claim of 20,000.00 and the fee.
    """
    value = close_out_value(said, terms.quantity_t)
    fee = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + fee.figures["accrued_fen"]
    is_lender = terms.side is LendingSide.LENDER
    margin = standing.margin_taken_fen if is_lender else standing.margin_given_fen
    of_value = min(margin, value)
    of_fee = min(margin - of_value, due)
    left = margin - of_value - of_fee
    figures = {**fee.figures, "interest_paid_fen": of_fee, **margin_figures(standing)}
    if not is_lender:
        keep = KeepBorrowed(
            instrument=terms.instrument,
            quantity_t=terms.quantity_t,
            value_fen=terms.value_fen(),
            claim_fen=value,
            from_margin_fen=of_value,
        )
        effects: tuple[Effect, ...] = (
            *fee.effects,
            keep,
            *paid(MoneyKind.INTEREST_FROM_MARGIN_GIVEN, of_fee),
            *paid(MoneyKind.MARGIN_GIVEN_BACK, left),
            *paid(MoneyKind.MARGIN_TAKEN_BACK, standing.margin_taken_fen),
        )
        return Plan(effects=effects, figures=figures)
    claims = {ClaimKind.MARGIN_TAKEN: of_value, ClaimKind.RECEIVABLE: value - of_value}
    effects = (
        *fee.effects,
        LetGo(),
        Forgo(instrument=terms.instrument, quantity_t=terms.quantity_t, is_out=True, claims=claims),
        *paid(MoneyKind.INTEREST_FROM_MARGIN_TAKEN, of_fee),
        *paid(MoneyKind.MARGIN_TAKEN_BACK, left),
        *paid(MoneyKind.MARGIN_GIVEN_BACK, standing.margin_given_fen),
    )
    return Plan(effects=effects, figures={**figures, "encumbered_t": -terms.quantity_t})
