"""VAT in carbon trades: the split is exact, and R14 holds with and without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.chart import BANK, Chart
from finance.accounting.posting_rules import draft_for
from finance.accounting.trades import Trade, TradeKind
from finance.accounting.vat import (
    INPUT_VAT,
    NO_VAT,
    OUTPUT_VAT,
    TRADE_PAYABLES,
    TRADE_RECEIVABLES,
    TradeTreatment,
    VatRate,
    split_gross,
)
from ledger.core.errors import Invalid
from ledger.core.parties import Actor

SIX = VatRate(row_id="vat.other_intangible_6", rate=Fraction(6, 100), source="a test")
ACTOR = Actor(user_id=UUID(int=1), organisation_id=UUID(int=2))
DAY = date(2025, 6, 3)


def legs(trade: Trade, treatment: TradeTreatment) -> dict[str, int]:
    draft = draft_for(trade, chart=Chart(), entry_id=UUID(int=3), actor=ACTOR, treatment=treatment)
    return {leg.account: leg.amount for leg in draft.postings if leg.commodity == "CNY"}


def sale() -> Trade:
    return Trade(
        trade_ref="S1",
        kind=TradeKind.SALE,
        traded_on=DAY,
        instrument="CEA24",
        quantity_t=1_000,
        price_cny_per_t=Decimal("97.81"),
        fee_fen=29_343,
    )


def purchase() -> Trade:
    return Trade(
        trade_ref="B1",
        kind=TradeKind.PURCHASE,
        traded_on=DAY,
        instrument="CEA24",
        quantity_t=10_000,
        price_cny_per_t=Decimal(80),
        fee_fen=240_000,
    )


def test_a_price_with_six_per_cent_is_split_to_the_fen() -> None:
    split = split_gross(9_781_000, SIX)

    # 97,810.00 / 1.06 = 92,273.5849
    assert (split.net_fen, split.tax_fen) == (9_227_358, 553_642)
    assert split.explanation().value == "5536.42"


@given(st.integers(0, 10**15), st.fractions(0, Fraction(99, 100), max_denominator=1_000))
def test_both_parts_make_the_price(gross: int, rate: Fraction) -> None:
    split = split_gross(gross, VatRate(row_id="vat.any", rate=rate, source="a test"))

    assert split.net_fen + split.tax_fen == gross
    assert abs(split.net_fen * (1 + rate) - gross) <= (1 + rate) / 2


@pytest.mark.parametrize("rate", [Fraction(-1, 100), Fraction(1)])
def test_a_rate_outside_zero_to_one_is_refused(rate: Fraction) -> None:
    with pytest.raises(Invalid, match="rate"):
        VatRate(row_id="vat.wrong", rate=rate, source="a test")


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(Invalid, match="gross"):
        split_gross(-1, SIX)


def test_without_a_policy_a_sale_moves_the_bank_alone() -> None:
    assert legs(sale(), TradeTreatment()) == {BANK: 9_751_657}


def test_a_sale_with_tax_owes_it_and_takes_back_the_fee_s() -> None:
    treatment = TradeTreatment(sale_vat=SIX, fee_vat=SIX, is_input_vat_deductible=True)

    # Fee 293.43: 276.82 and 16.61.
    assert legs(sale(), treatment) == {BANK: 9_751_657, OUTPUT_VAT: -553_642, INPUT_VAT: 1_661}


def test_a_fee_s_tax_that_is_not_taken_back_is_cost() -> None:
    treatment = TradeTreatment(purchase_vat=SIX, fee_vat=SIX)

    assert legs(purchase(), treatment) == {"Assets:CarbonCost:CEA24": 80_240_000, BANK: -80_240_000}


def test_a_purchase_s_tax_is_taken_out_of_cost_and_lot() -> None:
    treatment = TradeTreatment(fee_vat=SIX, is_input_vat_deductible=True)
    draft = draft_for(purchase(), chart=Chart(), entry_id=UUID(int=3), actor=ACTOR, treatment=treatment)

    # Fee 2,400.00: 2,264.15 and 135.85; the bank pays the whole in two legs.
    assert draft.postings[0].lot_cost == 80_226_415
    assert sum(leg.amount for leg in draft.postings if leg.account == BANK) == -80_240_000
    assert sum(leg.amount for leg in draft.postings if leg.account == INPUT_VAT) == 13_585


def test_trades_settled_later_stand_in_other_payables_and_receivables() -> None:
    treatment = TradeTreatment(is_settled_later=True)

    assert legs(purchase(), treatment)[TRADE_PAYABLES] == -80_240_000
    assert legs(sale(), treatment) == {TRADE_RECEIVABLES: 9_751_657}


def test_a_trade_that_is_booked_when_its_money_moved_goes_to_the_bank_at_once() -> None:
    settled = replace(sale(), settled_on=DAY)

    moved = legs(settled, TradeTreatment(is_settled_later=True))

    assert moved[BANK] == 9_751_657
    assert TRADE_RECEIVABLES not in moved


def test_a_plain_treatment_needs_no_further_accounts() -> None:
    assert TradeTreatment().lines() == ()
    assert [line.gaap_code for line in TradeTreatment(sale_vat=SIX, is_settled_later=True).lines()] == [
        "2221",
        "2221",
        "2241",
        "1221",
    ]
    assert NO_VAT.rate == 0
