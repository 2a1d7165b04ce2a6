"""The cash flows that a contract still has, as its terms and facts stand.

Owns the schedule: signed fen, in positive. What depends on a later price or result is named and has no amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from finance.conventions.rounding import INTEREST_PAYMENT
from finance.trading.contracts.custody import CustodyTerms
from finance.trading.contracts.forward import ForwardSettlement, ForwardTerms
from finance.trading.contracts.kinds import ContractTerms, last_day
from finance.trading.contracts.lending import LendingSide, LendingTerms
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.repo import RepoSide, RepoTerms
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.swap import SwapTerms
from ledger.core.amounts import round_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """Money on a day: received positive, paid negative; ``amount_fen`` None where a later price decides."""

    on: date
    what: str
    amount_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TonneFlow:
    """Tonnes on a day: expected in positive, out negative. They are not available before they come."""

    on: date
    instrument: str
    quantity_t: int


def cash_flows(terms: ContractTerms, standing: Standing | None, *, is_ended: bool) -> tuple[CashFlow, ...]:
    """Return the flows still to come by day: all of them before opening, none after the end."""
    if is_ended:
        return ()
    found = [] if standing is not None else list(_at_opening(terms))
    found += _at_end(terms, standing)
    if standing is not None:
        back = standing.margin_given_fen - standing.margin_taken_fen
        found += [CashFlow(on=last_day(terms), what="margin_back", amount_fen=back)] if back else []
    else:
        found += [
            CashFlow(on=last_day(terms), what="margin_back", amount_fen=-one.amount_fen)
            for one in found
            if one.what == "margin" and one.amount_fen is not None
        ]
    return tuple(sorted(found, key=lambda one: (one.on, one.what)))


def next_due(
    cash: tuple[CashFlow, ...], tonnes: tuple[TonneFlow, ...], standing: Standing | None
) -> CashFlow | TonneFlow | None:
    """Return what comes or goes next: a margin call that is not met, else the earliest flow, money before tonnes of one day.

    The money of a call is what would meet it, paid: negative.
    """
    call = None if standing is None else standing.call
    if call is not None and not call.is_met:
        return CashFlow(on=call.called_on, what="margin_call", amount_fen=-call.repay_fen)
    flows: tuple[CashFlow | TonneFlow, ...] = (*cash, *tonnes)
    return min(flows, key=lambda one: one.on, default=None)


def tonne_flows(terms: ContractTerms, *, is_open: bool, is_ended: bool) -> tuple[TonneFlow, ...]:
    """Return the tonnes that the contract will still bring (positive) or take."""
    if is_ended:
        return ()
    match terms:
        case ForwardTerms():
            moves = terms.sign * terms.quantity_t if terms.settlement is ForwardSettlement.PHYSICAL else 0
            return _tonnes(terms.delivery_on, terms.instrument, moves)
        case SwapTerms():
            return (
                *_tonnes(terms.settles_on, terms.gives, -terms.gives_t),
                *_tonnes(terms.settles_on, terms.takes, terms.takes_t),
            )
        case RepoTerms() | LendingTerms() | CustodyTerms():
            return _there_and_back(terms, is_open=is_open)
        case PledgeLoanTerms():
            return ()
        case _:
            assert_never(terms)


def _there_and_back(terms: RepoTerms | LendingTerms | CustodyTerms, *, is_open: bool) -> tuple[TonneFlow, ...]:
    is_other = terms.side in {RepoSide.BUYER, LendingSide.BORROWER} if not isinstance(terms, CustodyTerms) else False
    stays = not isinstance(terms, LendingTerms) and not terms.is_title_transferred
    sign = 0 if stays else -1 if is_other else 1
    extra = terms.yield_t if isinstance(terms, LendingTerms) else 0
    back = _tonnes(terms.ends_on, terms.instrument, sign * (terms.quantity_t + extra))
    return back if is_open else (*_tonnes(terms.starts_on, terms.instrument, -sign * terms.quantity_t), *back)


def _tonnes(on: date, instrument: str, quantity_t: int) -> tuple[TonneFlow, ...]:
    return (TonneFlow(on=on, instrument=instrument, quantity_t=quantity_t),) if quantity_t else ()


def _at_opening(terms: ContractTerms) -> tuple[CashFlow, ...]:
    match terms:
        case ForwardTerms():
            return _flow(terms.agreed_on, "margin", terms.margin_taken_fen - terms.margin_given_fen)
        case RepoTerms():
            sign = 1 if terms.side is RepoSide.SELLER else -1
            return _flow(terms.starts_on, "sale", sign * terms.sale_amount_fen)
        case PledgeLoanTerms():
            return _flow(terms.starts_on, "principal", terms.principal_fen)
        case LendingTerms():
            sign = 1 if terms.side is LendingSide.LENDER else -1
            return _flow(terms.starts_on, "margin", sign * terms.margin_fen)
        case SwapTerms():
            return _flow(terms.settles_on, "difference", terms.cash_fen)
        case CustodyTerms():
            return ()
        case _:
            assert_never(terms)


def _at_end(terms: ContractTerms, standing: Standing | None) -> tuple[CashFlow, ...]:
    match terms:
        case ForwardTerms():
            later = CashFlow(on=terms.delivery_on, what="difference", amount_fen=None)
            delivered = _flow(terms.delivery_on, "delivery", -terms.sign * terms.amount_fen())
            return (later,) if terms.settlement is ForwardSettlement.CASH else delivered
        case RepoTerms():
            sign = -1 if terms.side is RepoSide.SELLER else 1
            paid = 0 if standing is None else standing.interest_paid_fen
            return _flow(terms.ends_on, "buyback", sign * (terms.buyback_amount_fen - paid))
        case PledgeLoanTerms():
            return _loan_end(terms, standing)
        case LendingTerms():
            sign = 1 if terms.side is LendingSide.LENDER else -1
            paid = 0 if standing is None else standing.interest_paid_fen
            due = round_exact(terms.fee(until=terms.ends_on), INTEREST_PAYMENT) - paid
            return _flow(terms.ends_on, "fee", sign * due)
        case CustodyTerms():
            share = CashFlow(on=terms.ends_on, what="yield_share", amount_fen=None)
            return (*_flow(terms.ends_on, "fee", -terms.fee_fen), share)
        case SwapTerms():
            return ()
        case _:
            assert_never(terms)


def _loan_end(terms: PledgeLoanTerms, standing: Standing | None) -> tuple[CashFlow, ...]:
    steps = ((terms.starts_on, terms.principal_fen),) if standing is None else standing.principal_steps
    paid = 0 if standing is None else standing.interest_paid_fen
    due = round_exact(terms.interest(steps, until=terms.ends_on), INTEREST_PAYMENT) - paid
    principal = terms.principal_fen if standing is None else standing.principal_fen
    return (*_flow(terms.ends_on, "interest", -due), *_flow(terms.ends_on, "principal", -principal))


def _flow(on: date, what: str, amount_fen: int) -> tuple[CashFlow, ...]:
    return (CashFlow(on=on, what=what, amount_fen=amount_fen),) if amount_fen else ()
