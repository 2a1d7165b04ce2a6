"""Repo (碳资产回购): tonnes are sold with a promise to buy them back at an agreed price after a term.

Owns the terms and what each step does. It is booked as secured borrowing: cash against a liability, the tonnes keep their
lots and cost at the seller, whether they leave its registry account (title transfer) or stay encumbered.
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
    ClaimKind,
    Effect,
    Forgo,
    HandOver,
    Keep,
    LetGo,
    MoneyKind,
    Plan,
    Receive,
    SendBack,
    SetAside,
    TakeBack,
    paid,
)
from finance.trading.contracts.forward import amount_fen, margin_figures, margins_back
from finance.trading.contracts.interest import Term, accrued, implied_rate, linear_interest
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
from ledger.core.holds import HoldKind


class RepoSide(StrEnum):
    """Whether the book sells and buys back, or the other way round (reverse repo, 买入返售)."""

    SELLER = "seller"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoTerms(Agreement):
    """``buyback_amount_fen`` is what the seller pays on ``ends_on``; ``late_rate`` is yearly on the sale amount after it."""

    KIND: ClassVar[ContractKind] = ContractKind.REPO
    FREE_WHEN_OPEN: ClassVar[frozenset[str]] = frozenset(
        {"agreement_ref", "note", "ends_on", "buyback_amount_fen", "late_rate"}
    )

    side: RepoSide
    instrument: str
    quantity_t: int
    sale_amount_fen: int
    buyback_amount_fen: int
    starts_on: date
    ends_on: date
    day_count: DayCount
    late_rate: Decimal
    is_title_transferred: bool
    lots: Lots = ()

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("instrument", self.instrument)
        check_tonnes("quantity_t", self.quantity_t)
        check_fen("sale_amount", self.sale_amount_fen, least=1)
        check_fen("buyback_amount", self.buyback_amount_fen, least=1)
        if self.buyback_amount_fen < self.sale_amount_fen:
            raise refused_as("buyback_below_sale", "buyback_amount", "the sale amount or more")
        check_period(self.starts_on, self.ends_on)
        if self.starts_on < self.agreed_on:
            raise refused("starts_on", "agreed_on or a later day")
        check_share("late_rate", self.late_rate)
        check_lots(self.lots, self.quantity_t)
        if self.lots and self.side is RepoSide.BUYER:
            raise refused_as("lots_not_yours", "lots", "none: a buyer does not choose the seller's lots")
        self.implied_rate()

    @property
    def term(self) -> Term:
        """Return the days that interest runs on."""
        return Term(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            day_count=self.day_count,
            late_rate=Fraction(self.late_rate),
        )

    def implied_rate(self) -> Fraction:
        """Return the yearly rate that both amounts give, a fraction of one."""
        return implied_rate(self.sale_amount_fen, self.buyback_amount_fen, self.term)

    def interest(self, *, until: date) -> Fraction:
        """Return the exact interest of [starts_on, until) in fen."""
        total = self.buyback_amount_fen - self.sale_amount_fen
        return linear_interest(total, self.sale_amount_fen, self.term, until=until)


def opened(terms: RepoTerms) -> Plan:
    """Return cash in against a liability and the tonnes encumbered (seller), or cash out against a claim (buyer)."""
    figures = {"principal_fen": terms.sale_amount_fen, "encumbered_t": terms.quantity_t}
    if terms.side is RepoSide.BUYER:
        received = (Receive(instrument=terms.instrument, quantity_t=terms.quantity_t),)
        effects: tuple[Effect, ...] = (
            *paid(MoneyKind.LENT_OUT, terms.sale_amount_fen),
            *(received if terms.is_title_transferred else ()),
        )
        return Plan(effects=effects, figures={"principal_fen": terms.sale_amount_fen})
    out = handed_over(terms.instrument, terms.quantity_t, terms.lots, HoldKind.REPO, is_out=terms.is_title_transferred)
    return Plan(effects=(*out, *paid(MoneyKind.BORROWED, terms.sale_amount_fen)), figures=figures)


def accrue(terms: RepoTerms, standing: Standing, *, until: date) -> Plan:
    """Return the interest that the days before ``until`` carry and that is not booked yet."""
    return accrued(terms.interest(until=until), standing, is_cost=terms.side is RepoSide.SELLER)


def settled(terms: RepoTerms, standing: Standing, said: Said) -> Plan:
    """Return the buy-back on ``said.on``: interest of the days run, the sale amount, and the tonnes to their own lots."""
    if said.price_cny_per_t is not None:
        raise refused_as("price_given", "price_cny_per_t", "nothing: the buy-back is at the contract's amount")
    interest = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + interest.figures["accrued_fen"]
    figures = {
        **interest.figures,
        "principal_fen": -standing.principal_fen,
        "interest_paid_fen": due,
        **margin_figures(standing),
    }
    if terms.side is RepoSide.BUYER:
        back = (SendBack(instrument=terms.instrument, quantity_t=terms.quantity_t),)
        effects: tuple[Effect, ...] = (
            *interest.effects,
            *paid(MoneyKind.INTEREST_EARNED_RECEIVED, due),
            *paid(MoneyKind.LENT_OUT_BACK, standing.principal_fen),
            *(back if terms.is_title_transferred else ()),
            *margins_back(standing),
        )
        return Plan(effects=effects, figures=figures)
    effects = (
        *interest.effects,
        *paid(MoneyKind.INTEREST_COST_PAID, due),
        *paid(MoneyKind.BORROWED_REPAID, standing.principal_fen),
        *given_back(terms.instrument, terms.quantity_t, is_out=terms.is_title_transferred),
        *margins_back(standing),
    )
    return Plan(effects=effects, figures={**figures, "encumbered_t": -terms.quantity_t})


def defaulted(terms: RepoTerms, standing: Standing, said: Said) -> Plan:
    """Return the set-off at the stated price: the tonnes stay with the buyer, the debt ends, the rest is a claim or a debt.

    1,000 t at a close-out price of 90.00 against 80,500.00 owed leave the seller a claim of 9,500.00. Either party's
    failure gives the same set-off.
    """
    value = close_out_value(said, terms.quantity_t)
    interest = accrue(terms, standing, until=said.on)
    due = standing.interest_due_fen + interest.figures["accrued_fen"]
    left = value - standing.principal_fen - due
    figures = {
        **interest.figures,
        "principal_fen": -standing.principal_fen,
        "interest_paid_fen": due,
        **margin_figures(standing),
    }
    owed = {ClaimKind.FINANCING: standing.principal_fen, ClaimKind.INTEREST: due}
    if terms.side is RepoSide.BUYER:
        rest = {ClaimKind.PAYABLE: max(left, 0), ClaimKind.RECEIVABLE: max(-left, 0)}
        keep = Keep(
            instrument=terms.instrument,
            quantity_t=terms.quantity_t,
            claims={**owed, **rest},
            is_received=terms.is_title_transferred,
        )
        return Plan(effects=(*interest.effects, keep, *margins_back(standing)), figures=figures)
    rest = {ClaimKind.RECEIVABLE: max(left, 0), ClaimKind.PAYABLE: max(-left, 0)}
    forgo = Forgo(
        instrument=terms.instrument,
        quantity_t=terms.quantity_t,
        is_out=terms.is_title_transferred,
        claims={**owed, **rest},
    )
    effects = (*interest.effects, LetGo(), forgo, *margins_back(standing))
    return Plan(effects=effects, figures={**figures, "encumbered_t": -terms.quantity_t})


def handed_over(instrument: str, quantity_t: int, lots: Lots, kind: HoldKind, *, is_out: bool) -> tuple[Effect, ...]:
    """Return what encumbers tonnes: out of the holding and set aside there, or set aside where they are."""
    if not is_out:
        return (SetAside(kind=kind, instrument=instrument, quantity_t=quantity_t, lots=lots),)
    return (
        HandOver(instrument=instrument, quantity_t=quantity_t, lots=lots),
        SetAside(kind=kind, instrument=instrument, quantity_t=quantity_t, is_out=True),
    )


def given_back(instrument: str, quantity_t: int, *, is_out: bool) -> tuple[Effect, ...]:
    """Return what frees tonnes again: no longer set aside, and back in their own lots."""
    return (LetGo(), *((TakeBack(instrument=instrument, quantity_t=quantity_t),) if is_out else ()))


def close_out_value(said: Said, quantity_t: int) -> int:
    """Return tonnes x the stated close-out price in fen; a step without a price is refused."""
    if said.price_cny_per_t is None:
        raise refused_as("price_missing", "price_cny_per_t", "the close-out price per tonne")
    check_price("price_cny_per_t", said.price_cny_per_t)
    value = amount_fen(said.price_cny_per_t, quantity_t)
    check_fen("price_cny_per_t", value)
    return value
