"""Posting rules and cost methods: the voucher figures of R14, and first in first out beside the average."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.chart import BANK, Chart, segment
from finance.accounting.cost_comparison import compare_costs, replay
from finance.accounting.instruments import Instrument, InstrumentKind, allowance
from finance.accounting.posting_rules import draft_for
from finance.accounting.trades import Trade, TradeKind
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict
from ledger.core.journal import CostLegs, JournalDraft
from ledger.core.parties import Actor
from tests.core.trade_lists import R14, trade, trade_lists

ACTOR = Actor(user_id=UUID(int=1), organisation_id=UUID(int=2))


def entry(given_trade: Trade) -> JournalDraft:
    return draft_for(given_trade, chart=Chart(), entry_id=UUID(int=3), actor=ACTOR)


def legs(draft: JournalDraft) -> dict[str, int]:
    return {leg.account: leg.amount for leg in draft.postings}


def test_a_purchase_stands_at_price_and_fees_in_1489() -> None:
    assert legs(entry(R14[0])) == {
        "Assets:Carbon:CEA24": 10_000,
        "Equity:Registry:CEA24": -10_000,
        "Assets:CarbonCost:CEA24": 80_240_000,
        BANK: -80_240_000,
    }
    assert entry(R14[0]).postings[0].lot_cost == 80_240_000


def test_a_free_allocation_has_no_money_entry() -> None:
    free = trade("T-1", TradeKind.FREE_ALLOCATION, 7, price=None, year=2024)

    assert legs(entry(free)) == {"Assets:Carbon:CEA24": 7, "Income:Allocation:CEA24": -7}
    assert entry(free).postings[0].lot_cost == 0


def test_an_opening_is_taken_over_at_its_cost() -> None:
    assert legs(entry(trade("T-1", TradeKind.OPENING, 10, price="97.92"))) == {
        "Assets:Carbon:CEA24": 10,
        "Equity:Opening:CEA24": -10,
        "Assets:CarbonCost:CEA24": 97_920,
        "Equity:Opening:CNY": -97_920,
    }


def test_a_sale_brings_net_money_and_leaves_the_result_to_the_relieved_cost() -> None:
    sale = entry(R14[2])

    assert legs(sale) == {"Assets:Carbon:CEA24": -1000, "Equity:Registry:CEA24": 1000, BANK: 9_751_657}
    assert sale.cost_legs == CostLegs("Assets:CarbonCost:CEA24", "Income:CarbonGain:CEA24", "Expenses:CarbonLoss:CEA24")


def test_a_sale_whose_fee_eats_it_has_no_bank_leg() -> None:
    assert BANK not in legs(entry(trade("T-1", TradeKind.SALE, 1, price="1.00", fee_fen=100)))


def test_surrender_and_cancellation_expense_the_cost() -> None:
    for given_trade, target, expense in (
        (R14[1], "Expenses:Surrendered:CEA24", "Expenses:CarbonSurrender:CEA24"),
        (R14[3], "Expenses:Cancelled:CEA24", "Expenses:CarbonCancellation:CEA24"),
    ):
        draft = entry(given_trade)
        assert legs(draft)[target] == given_trade.quantity_t
        assert draft.cost_legs is not None
        assert draft.cost_legs.loss_account == expense


def test_a_fee_of_its_own_moves_money_only() -> None:
    fee = Trade(trade_ref="F-1", kind=TradeKind.FEE, traded_on=date(2026, 1, 5), fee_fen=300_000)

    assert legs(entry(fee)) == {"Expenses:CarbonFees": 300_000, BANK: -300_000}


def test_the_same_trade_asks_for_the_same_entry() -> None:
    again = replace(R14[0], price_cny_per_t=Decimal(80), origin="other.csv row 9")

    assert entry(again).content_hash() == entry(R14[0]).content_hash()


def test_a_code_becomes_a_legal_part_of_a_path() -> None:
    assert segment("CCER_BJ.0001") == "CCER-BJ-0001"


def test_an_instruments_accounts_carry_the_chinese_codes_and_the_method_of_its_kind() -> None:
    allowances = {line.path: line for line in Chart().lines_of(allowance("CEA24"))}
    credit = Instrument(
        code="CCER-1", kind=InstrumentKind.CCER, project="a", methodology="b", registered_on=date(2025, 3, 6)
    )

    assert allowances["Assets:CarbonCost:CEA24"].gaap_code == "1489"
    assert allowances["Income:CarbonGain:CEA24"].gaap_code == "6301"
    assert allowances["Expenses:CarbonSurrender:CEA24"].gaap_code == "6711"
    assert (allowances["Assets:Carbon:CEA24"].lot_method, allowances["Assets:Carbon:CEA24"].floor) == (
        LotMethod.FIFO,
        0,
    )
    assert Chart().lines_of(credit)[0].lot_method is LotMethod.AVERAGE


CHOOSING = tuple(method for method in LotMethod if method is not LotMethod.SPECIFIC)


@pytest.mark.parametrize("method", CHOOSING)
def test_the_vouchers_of_r14_come_out_to_the_fen(method: LotMethod) -> None:
    (result,) = replay(R14, method=method)

    assert result.surrendered_cost_fen == 48_144_000
    assert result.cancelled_cost_fen == 4_012_000
    assert result.realised_fen == 1_727_657
    assert (result.remaining_t, result.remaining_cost_fen) == (2500, 20_060_000)


def test_both_methods_stand_side_by_side() -> None:
    trades = [
        trade("T-1", TradeKind.PURCHASE, 10, price="1.00"),
        trade("T-2", TradeKind.PURCHASE, 10, price="3.00"),
        trade("T-3", TradeKind.SALE, 10, price="4.00"),
    ]

    compared = compare_costs(trades)

    assert (compared.fifo[0].realised_fen, compared.fifo[0].remaining_cost_fen) == (3000, 3000)
    assert (compared.average[0].realised_fen, compared.average[0].remaining_cost_fen) == (2000, 2000)


def test_selling_more_than_is_held_names_the_trade() -> None:
    with pytest.raises(Conflict) as refusal:
        replay([R14[2]], method=LotMethod.FIFO)

    assert refusal.value.code == "ledger.insufficient_available"
    assert refusal.value.data["trade_ref"] == "S-2"


@given(trade_lists(), st.sampled_from(CHOOSING))
def test_what_came_in_is_what_went_out_and_what_is_left(trades: tuple[Trade, ...], method: LotMethod) -> None:
    try:
        results = replay(trades, method=method)
    except Conflict:
        return

    for result in results:
        mine = [one for one in trades if one.instrument == result.instrument]
        bought = sum(one.cost_fen() for one in mine if one.kind in {TradeKind.PURCHASE, TradeKind.FREE_ALLOCATION})
        sold = sum(one.net_proceeds_fen() for one in mine if one.kind is TradeKind.SALE)
        gone = result.surrendered_cost_fen + result.cancelled_cost_fen + (sold - result.realised_fen)
        assert bought == gone + result.remaining_cost_fen
