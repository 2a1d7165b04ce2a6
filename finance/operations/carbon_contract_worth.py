"""What a contract is worth at a frozen snapshot, and what a swap does to a year's position.

Reads only. Quantities are what is free in the ledger now; rules are the shipped rows.
"""

from __future__ import annotations

from datetime import date

from finance.accounting.chart import Chart
from finance.accounting.instruments import Instrument, InstrumentKind
from finance.compliance.offsets import ccer_eligibility
from finance.compliance.vintages import vintage_verdict
from finance.conventions.explain import Explanation
from finance.market.snapshots import Snapshot
from finance.operations.carbon_contracts import Shown
from finance.operations.trading_desk import Desk
from finance.operations.valuations import instruments_of
from finance.store import reference
from finance.trading.contracts.swap import CapEffect, Leg, SwapTerms, cap_effect
from finance.trading.contracts.valuation import ContractValue, Discounting, value_contract
from ledger.core.errors import Conflict
from ledger.store import balances


def value_shown(
    desk: Desk, shown: Shown, snapshot: Snapshot, *, discounting: Discounting | None = None
) -> ContractValue:
    """Return what a contract is worth, or secured by, at ``snapshot``; an ended one is refused (``contract.state``)."""
    if shown.record.is_ended:
        raise Conflict("contract.ended", "contract: it has ended; nothing is left to value", state=shown.state.value)
    held = instruments_of(desk.session, desk.book.book_id)
    return value_contract(
        shown.record.in_force.terms,
        shown.record.standing(),
        snapshot,
        mark_names={code: one.marked_by for code, one in held.items()},
        encumbered_t=shown.encumbered_t,
        discounting=discounting,
    )


def swap_cap_effect(desk: Desk, shown: Shown, *, year: int, due_t: int) -> tuple[CapEffect, CapEffect, Explanation]:
    """Return usable tonnes against the duty of ``year`` before and after an unopened swap, by what is free now.

    An opened swap, or another kind of contract, is refused (``contract.no_swap``).
    """
    terms = shown.record.in_force.terms
    if not isinstance(terms, SwapTerms) or shown.record.is_ended:
        raise Conflict("contract.no_swap", "contract: only a swap that is not opened yet changes the position")
    held = instruments_of(desk.session, desk.book.book_id)
    legs = {code: _leg(one, year=year, on=shown.today) for code, one in held.items()}
    allowances = credits_ = 0
    for code, leg in legs.items():
        if not leg.is_usable_allowance and not leg.is_credit:
            continue
        free = _free(desk, code)
        if leg.is_credit:
            credits_ += free if _is_eligible(leg, on=shown.today) else 0
        else:
            allowances += free
    return cap_effect(
        terms,
        reference.shipped_offset_rules(),
        due_t=due_t,
        on=shown.today,
        allowances_t=allowances,
        credits_t=credits_,
        gives=legs[terms.gives],
        takes=legs[terms.takes],
    )


def _free(desk: Desk, code: str) -> int:
    """Return the tonnes that are neither set aside nor out."""
    path = Chart().accounts_of(code).holding
    return max(balances.balance_now(desk.session, desk.book.book_id, path, now=desk.now).available, 0)


def _leg(instrument: Instrument, *, year: int, on: date) -> Leg:
    is_usable = instrument.kind is InstrumentKind.CEA and (
        instrument.vintage_year is not None
        and vintage_verdict(
            reference.shipped_vintage_rules(), vintage_year=instrument.vintage_year, duty_year=year, on=on
        ).is_usable
    )
    return Leg(
        is_credit=instrument.kind is InstrumentKind.CCER,
        registered_on=instrument.registered_on,
        is_inside_national_ets=instrument.is_inside_national_ets,
        is_usable_allowance=is_usable,
    )


def _is_eligible(leg: Leg, *, on: date) -> bool:
    assert leg.registered_on is not None, "a credit has a registration date"
    return ccer_eligibility(
        reference.shipped_offset_rules(),
        registered_on=leg.registered_on,
        is_inside_national_ets=leg.is_inside_national_ets,
        on=on,
    ).is_eligible
