"""Custody (碳资产托管): tonnes are handed to a manager, who is paid a fee and shares the yield it makes.

Owns the terms, the split and what each step does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from finance.trading.contracts.effects import ClaimKind, Effect, Forgo, LetGo, MoneyKind, Plan, paid
from finance.trading.contracts.forward import CONTRACT_AMOUNT, margin_figures, margins_back
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
    check_share,
    check_tonnes,
    refused,
    refused_as,
)
from ledger.core.amounts import round_exact
from ledger.core.holds import HoldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyTerms(Agreement):
    """``fee_fen`` is for the whole term, ``yield_share`` the book's share of the yield, at least ``minimum_yield_fen``."""

    KIND: ClassVar[ContractKind] = ContractKind.CUSTODY

    instrument: str
    quantity_t: int
    starts_on: date
    ends_on: date
    is_title_transferred: bool
    fee_fen: int
    yield_share: Decimal
    minimum_yield_fen: int = 0
    lots: Lots = ()

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("instrument", self.instrument)
        check_tonnes("quantity_t", self.quantity_t)
        check_period(self.starts_on, self.ends_on)
        if self.starts_on < self.agreed_on:
            raise refused("starts_on", "agreed_on or a later day")
        check_fen("fee", self.fee_fen)
        check_share("yield_share", self.yield_share)
        check_fen("minimum_yield", self.minimum_yield_fen)
        check_lots(self.lots, self.quantity_t)

    def fee_until(self, on: date) -> int:
        """Return the fee of the days run in fen, by calendar days, rounded half-up once; after the term it is whole."""
        days = min((on - self.starts_on).days, (self.ends_on - self.starts_on).days)
        share = Fraction(max(days, 0), (self.ends_on - self.starts_on).days)
        return round_exact(self.fee_fen * share, CONTRACT_AMOUNT)

    def split(self, yield_fen: int) -> tuple[int, int]:
        """Return (the book's, the manager's) part of a yield in fen; both sum to it, the minimum may make the manager's negative.

        100,000.01 at 70 % is 70,000.01 and 30,000.00.
        """
        check_fen("yield", yield_fen)
        own = max(round_exact(yield_fen * Fraction(self.yield_share), CONTRACT_AMOUNT), self.minimum_yield_fen)
        return own, yield_fen - own


def opened(terms: CustodyTerms) -> Plan:
    """Return the tonnes in the manager's hands or encumbered for it."""
    out = handed_over(
        terms.instrument, terms.quantity_t, terms.lots, HoldKind.CUSTODY, is_out=terms.is_title_transferred
    )
    return Plan(effects=out, figures={"encumbered_t": terms.quantity_t})


def settled(terms: CustodyTerms, standing: Standing, said: Said) -> Plan:
    """Return the tonnes back, the fee of the days run paid and the book's part of the yield received."""
    if said.price_cny_per_t is not None:
        raise refused_as("price_given", "price_cny_per_t", "nothing: tonnes come back in kind")
    own, _ = terms.split(said.yield_fen)
    effects: tuple[Effect, ...] = (
        *given_back(terms.instrument, terms.quantity_t, is_out=terms.is_title_transferred),
        *paid(MoneyKind.FEE_PAID, terms.fee_until(said.on)),
        *paid(MoneyKind.YIELD_RECEIVED, own),
        *margins_back(standing),
    )
    return Plan(effects=effects, figures={"encumbered_t": -terms.quantity_t, **margin_figures(standing)})


def defaulted(terms: CustodyTerms, standing: Standing, said: Said) -> Plan:
    """Return the loss of the tonnes at the stated price, as a claim on the manager."""
    value = close_out_value(said, terms.quantity_t)
    of_margin = min(standing.margin_taken_fen, value)
    forgo = Forgo(
        instrument=terms.instrument,
        quantity_t=terms.quantity_t,
        is_out=terms.is_title_transferred,
        claims={ClaimKind.MARGIN_TAKEN: of_margin, ClaimKind.RECEIVABLE: value - of_margin},
    )
    effects: tuple[Effect, ...] = (
        LetGo(),
        forgo,
        *paid(MoneyKind.MARGIN_TAKEN_BACK, standing.margin_taken_fen - of_margin),
        *paid(MoneyKind.MARGIN_GIVEN_BACK, standing.margin_given_fen),
    )
    return Plan(effects=effects, figures={"encumbered_t": -terms.quantity_t, **margin_figures(standing)})
