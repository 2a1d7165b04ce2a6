"""Forward (碳远期): tonnes at a later day at a price set now, delivered against payment or settled in money; margin.

Owns the terms and what each step does. Nothing of it stands in the balance sheet before delivery but the margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from finance.trading.contracts.effects import Buy, Effect, LetGo, MoneyKind, Plan, Sell, SetAside, paid
from finance.trading.contracts.standing import Said, Standing
from finance.trading.contracts.terms import (
    Agreement,
    ContractKind,
    check_code,
    check_fen,
    check_price,
    check_tonnes,
    refused,
    refused_as,
)
from ledger.core.amounts import MAX_UNITS, RoundingMode, round_exact
from ledger.core.holds import HoldKind

CONTRACT_AMOUNT = RoundingMode.HALF_UP
"""Price x tonnes of a contract is exact and rounded half-up once to the fen."""


class ForwardSide(StrEnum):
    """Whether the book takes or gives the tonnes."""

    BUY = "buy"
    SELL = "sell"


class ForwardSettlement(StrEnum):
    """Whether tonnes move on the day or only the difference."""

    PHYSICAL = "physical"
    CASH = "cash"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTerms(Agreement):
    """``sets_aside`` keeps a seller's tonnes from being sold otherwise; initial margin is given or taken by the book."""

    KIND: ClassVar[ContractKind] = ContractKind.FORWARD

    side: ForwardSide
    instrument: str
    quantity_t: int
    price_cny_per_t: Decimal
    delivery_on: date
    settlement: ForwardSettlement
    margin_given_fen: int = 0
    margin_taken_fen: int = 0
    sets_aside: bool = False

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("instrument", self.instrument)
        check_tonnes("quantity_t", self.quantity_t)
        check_price("price_cny_per_t", self.price_cny_per_t)
        check_fen("margin_given", self.margin_given_fen)
        check_fen("margin_taken", self.margin_taken_fen)
        if not 1 <= amount_fen(self.price_cny_per_t, self.quantity_t) <= MAX_UNITS:
            raise refused("price_cny_per_t", "price x tonnes from 0.01 to 10^13 CNY")
        if self.delivery_on <= self.agreed_on:
            raise refused("delivery_on", "a day after agreed_on")
        if self.sets_aside and (self.side, self.settlement) != (ForwardSide.SELL, ForwardSettlement.PHYSICAL):
            raise refused("sets_aside", "true only where the book sells and delivers tonnes")

    @property
    def sign(self) -> int:
        """Return +1 where the book gains from a higher price, else -1."""
        return 1 if self.side is ForwardSide.BUY else -1

    def amount_fen(self) -> int:
        """Return what is paid on delivery, in fen: 1,000 t at 97.40 is 9,740,000."""
        return amount_fen(self.price_cny_per_t, self.quantity_t)

    def difference_fen(self, price_cny_per_t: Decimal) -> int:
        """Return what the book gains (positive) or loses at a price, rounded half-up once to the fen.

        A purchase of 1,000 t at 97.40 gains 2,600.00 at 100.00.
        """
        exact = (Fraction(price_cny_per_t) - Fraction(self.price_cny_per_t)) * self.quantity_t * 100 * self.sign
        return round_exact(exact, CONTRACT_AMOUNT)


def amount_fen(price_cny_per_t: Decimal, quantity_t: int) -> int:
    """Return price x tonnes in fen, rounded half-up once: 3 t at 33.335 give 10,001."""
    return round_exact(Fraction(price_cny_per_t) * quantity_t * 100, CONTRACT_AMOUNT)


def opened(terms: ForwardTerms, *, hold_days: int) -> Plan:
    """Return the margin and, where the seller sets its tonnes aside, a hold until ``hold_days`` after delivery."""
    effects: list[Effect] = [
        *paid(MoneyKind.MARGIN_GIVEN, terms.margin_given_fen),
        *paid(MoneyKind.MARGIN_TAKEN, terms.margin_taken_fen),
    ]
    if terms.sets_aside:
        until = terms.delivery_on + timedelta(days=hold_days)
        effects.append(
            SetAside(kind=HoldKind.HOLD, instrument=terms.instrument, quantity_t=terms.quantity_t, until=until)
        )
    figures = {"margin_given_fen": terms.margin_given_fen, "margin_taken_fen": terms.margin_taken_fen}
    return Plan(effects=tuple(effects), figures=figures)


def settled(terms: ForwardTerms, standing: Standing, said: Said) -> Plan:
    """Return delivery against payment, or the difference to a stated price, and the margin back."""
    if terms.settlement is ForwardSettlement.CASH:
        return closed(terms, standing, said)
    if said.price_cny_per_t is not None:
        raise refused_as("price_given", "price_cny_per_t", "nothing: tonnes are delivered at the contract's price")
    moved = Buy if terms.side is ForwardSide.BUY else Sell
    delivery = moved(instrument=terms.instrument, quantity_t=terms.quantity_t, amount_fen=terms.amount_fen())
    return Plan(effects=(LetGo(), delivery, *margins_back(standing)), figures=margin_figures(standing))


def closed(terms: ForwardTerms, standing: Standing, said: Said) -> Plan:
    """Return the difference to the stated price in money, and the margin back."""
    gain = terms.difference_fen(_price(said, terms.quantity_t))
    what = MoneyKind.DIFFERENCE_RECEIVED if gain > 0 else MoneyKind.DIFFERENCE_PAID
    effects: tuple[Effect, ...] = (LetGo(), *paid(what, abs(gain)), *margins_back(standing))
    return Plan(effects=effects, figures=margin_figures(standing))


def defaulted(terms: ForwardTerms, standing: Standing, said: Said) -> Plan:
    """Return the close-out at the stated price: out of margin first, the rest stays a claim or a debt; margin left goes back.

    A gain of 2,600.00 against 2,000.00 of margin taken leaves a claim of 600.00.
    """
    gain = terms.difference_fen(_price(said, terms.quantity_t))
    taken = min(max(gain, 0), standing.margin_taken_fen)
    given = min(max(-gain, 0), standing.margin_given_fen)
    effects: tuple[Effect, ...] = (
        LetGo(),
        *paid(MoneyKind.GAIN_FROM_MARGIN_TAKEN, taken),
        *paid(MoneyKind.DIFFERENCE_CLAIMED, max(gain, 0) - taken),
        *paid(MoneyKind.LOSS_FROM_MARGIN_GIVEN, given),
        *paid(MoneyKind.DIFFERENCE_OWED, max(-gain, 0) - given),
        *paid(MoneyKind.MARGIN_TAKEN_BACK, standing.margin_taken_fen - taken),
        *paid(MoneyKind.MARGIN_GIVEN_BACK, standing.margin_given_fen - given),
    )
    return Plan(effects=effects, figures=margin_figures(standing))


def margins_back(standing: Standing) -> tuple[Effect, ...]:
    """Return what ends the margin: both directions in full."""
    return (
        *paid(MoneyKind.MARGIN_GIVEN_BACK, standing.margin_given_fen),
        *paid(MoneyKind.MARGIN_TAKEN_BACK, standing.margin_taken_fen),
    )


def margin_figures(standing: Standing) -> dict[str, int]:
    """Return the changes that end the margin."""
    return {"margin_given_fen": -standing.margin_given_fen, "margin_taken_fen": -standing.margin_taken_fen}


def _price(said: Said, quantity_t: int) -> Decimal:
    if said.price_cny_per_t is None:
        raise refused_as("price_missing", "price_cny_per_t", "the price per tonne that the difference is taken to")
    check_price("price_cny_per_t", said.price_cny_per_t)
    check_fen("price_cny_per_t", amount_fen(said.price_cny_per_t, quantity_t))
    return said.price_cny_per_t
