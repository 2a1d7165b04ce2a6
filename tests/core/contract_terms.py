"""One example of the terms of each kind, and changes of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from finance.conventions.day_counts import DayCount
from finance.trading.contracts.custody import CustodyTerms
from finance.trading.contracts.forward import ForwardSettlement, ForwardSide, ForwardTerms
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.lending import LendingSide, LendingTerms
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.repo import RepoSide, RepoTerms
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.swap import SwapTerms

START, END = date(2026, 8, 3), date(2026, 11, 2)
"""Two open days, 91 days apart."""
_HEAD: dict[str, Any] = {"counterparty_id": UUID(int=5), "agreement_ref": "C-1", "agreed_on": START}


def repo(**change: Any) -> RepoTerms:
    facts: dict[str, Any] = {
        "side": RepoSide.SELLER,
        "instrument": "CEA25",
        "quantity_t": 1000,
        "sale_amount_fen": 8_000_000,
        "buyback_amount_fen": 8_091_000,
        "starts_on": START,
        "ends_on": END,
        "day_count": DayCount.ACT_360,
        "late_rate": Decimal("0.09"),
        "is_title_transferred": True,
    }
    return RepoTerms(**{**_HEAD, **facts, **change})


def forward(**change: Any) -> ForwardTerms:
    facts: dict[str, Any] = {
        "side": ForwardSide.BUY,
        "instrument": "CEA25",
        "quantity_t": 1000,
        "price_cny_per_t": Decimal("97.40"),
        "delivery_on": END,
        "settlement": ForwardSettlement.PHYSICAL,
    }
    return ForwardTerms(**{**_HEAD, **facts, **change})


def pledge_loan(**change: Any) -> PledgeLoanTerms:
    facts: dict[str, Any] = {
        "lender_organisation_id": UUID(int=9),
        "instrument": "CEA25",
        "quantity_t": 100_000,
        "rank": 1,
        "principal_fen": 600_000_000,
        "rate": Decimal("0.045"),
        "late_rate": Decimal("0.0675"),
        "day_count": DayCount.ACT_360,
        "starts_on": START,
        "ends_on": END,
        "ltv_call": Decimal("0.70"),
        "ltv_target": Decimal("0.60"),
    }
    return PledgeLoanTerms(**{**_HEAD, **facts, **change})


def lending(**change: Any) -> LendingTerms:
    facts: dict[str, Any] = {
        "side": LendingSide.LENDER,
        "instrument": "CEA25",
        "quantity_t": 1000,
        "value_price_cny_per_t": Decimal(90),
        "fee_rate": Decimal("0.05"),
        "late_rate": Decimal("0.08"),
        "day_count": DayCount.ACT_360,
        "starts_on": START,
        "ends_on": END,
        "margin_fen": 8_000_000,
    }
    return LendingTerms(**{**_HEAD, **facts, **change})


def swap(**change: Any) -> SwapTerms:
    facts: dict[str, Any] = {
        "gives": "CEA25",
        "gives_t": 8000,
        "takes": "CCER-1",
        "takes_t": 8000,
        "cash_fen": 5_000_000,
        "settles_on": START,
    }
    return SwapTerms(**{**_HEAD, **facts, **change})


def custody(**change: Any) -> CustodyTerms:
    facts: dict[str, Any] = {
        "instrument": "CEA25",
        "quantity_t": 1000,
        "starts_on": START,
        "ends_on": END,
        "is_title_transferred": False,
        "fee_fen": 91_000,
        "yield_share": Decimal("0.7"),
    }
    return CustodyTerms(**{**_HEAD, **facts, **change})


EVERY: tuple[ContractTerms, ...] = (
    repo(lots=((1025, 400), (2049, 600))),
    forward(),
    pledge_loan(),
    lending(),
    swap(),
    custody(),
)


def standing(**change: Any) -> Standing:
    """Return the figures of a contract that was just opened."""
    facts: dict[str, Any] = {
        "opened_on": START,
        "principal_fen": 0,
        "principal_steps": (),
        "accrued_fen": 0,
        "interest_paid_fen": 0,
        "margin_given_fen": 0,
        "margin_taken_fen": 0,
        "accrued_to": START,
        "latest_on": START,
        "hold_ids": (),
        "handed_over_by": None,
        "call": None,
    }
    return Standing(**{**facts, **change})
