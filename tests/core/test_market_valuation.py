"""Valuation: what each lot is worth by a frozen snapshot, and when it has no worth to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.market.marks import Mark, MarkState
from finance.market.observations import PriceBasis
from finance.market.snapshots import Snapshot, freeze_snapshot
from finance.market.valuation import LotPosition, value_lots
from ledger.core.errors import Invalid

DAY = date(2026, 8, 19)


def fresh(instrument: str, value: str, *, currency: str = "CNY", unit: str = "t") -> Mark:
    return Mark(
        instrument=instrument,
        state=MarkState.FRESH,
        value=Decimal(value),
        last_value=Decimal(value),
        currency=currency,
        unit=unit,
        source="exchange",
        basis=PriceBasis.LISTED_CLOSE,
        trade_date=DAY,
        last_trade_date=DAY,
        age_trading_days=0,
    )


STALE = replace(
    fresh("CEA24", "81.00"),
    state=MarkState.STALE,
    value=None,
    trade_date=date(2026, 8, 14),
    last_trade_date=date(2026, 2, 13),
    age_trading_days=123,
)


def snapshot(*marks: Mark) -> Snapshot:
    return freeze_snapshot("close", as_of=DAY, known_at=datetime(2026, 8, 20, tzinfo=UTC), marks=marks)


def lot(lot_id: str, instrument: str, quantity_t: int, cost_units: int = 0) -> LotPosition:
    return LotPosition(
        lot_id=lot_id,
        account="holding:cea",
        instrument=instrument,
        quantity_t=quantity_t,
        cost_units=cost_units,
        acquired_on=date(2025, 11, 3),
    )


def test_a_lot_is_worth_tonnes_times_price_and_gains_what_exceeds_its_cost() -> None:
    valuation = value_lots([lot("a", "CEA25", 1000, 8_000_000)], snapshot(fresh("CEA25", "97.40")), currency="CNY")

    (valued,) = valuation.lots
    assert valued.market_value_units == 9_740_000
    assert valued.unrealised_units == 1_740_000
    assert valuation.total.is_complete


def test_a_free_lot_gains_all_it_is_worth() -> None:
    (valued,) = value_lots([lot("a", "CEA25", 10)], snapshot(fresh("CEA25", "97.40")), currency="CNY").lots

    assert valued.unrealised_units == valued.market_value_units == 97_400


def test_a_stale_lot_is_unvalued_and_the_total_says_so() -> None:
    lots = [lot("a", "CEA24", 500, 3_000_000), lot("b", "CEA25", 1000, 8_000_000)]

    valuation = value_lots(lots, snapshot(STALE, fresh("CEA25", "97.40")), currency="CNY")

    stale = valuation.lots[0]
    assert (stale.market_value_units, stale.unrealised_units) == (None, None)
    assert stale.unvalued_reason == "mark_stale"
    assert stale.mark == STALE
    assert not valuation.total.is_complete
    assert valuation.total.unvalued_lot_ids == ("a",)
    assert valuation.total.market_value_units == 9_740_000
    assert (valuation.total.unvalued_quantity_t, valuation.total.unvalued_cost_units) == (500, 3_000_000)


def test_a_stale_lot_with_an_approved_mark_is_valued_at_it() -> None:
    approved = replace(STALE, value=Decimal("78.00"), basis=PriceBasis.APPROVED_OVERRIDE, approved_by="risk.wang")

    (valued,) = value_lots([lot("a", "CEA24", 500)], snapshot(approved), currency="CNY").lots

    assert valued.market_value_units == 3_900_000


def test_an_instrument_the_snapshot_does_not_know_is_unvalued() -> None:
    (valued,) = value_lots([lot("a", "CEA22", 500)], snapshot(), currency="CNY").lots

    assert (valued.market_value_units, valued.unvalued_reason) == (None, "mark_missing")


def test_a_price_that_is_not_per_tonne_values_nothing() -> None:
    marks = snapshot(fresh("GEC", "5.00", unit="certificate"))

    (valued,) = value_lots([lot("a", "GEC", 500)], marks, currency="CNY").lots

    assert valued.unvalued_reason == "mark_unit"


def test_a_euro_price_converts_through_the_fixing_of_the_same_snapshot() -> None:
    marks = snapshot(fresh("EUA", "77.00", currency="EUR"), fresh("EUR_CNY", "7.9341", unit="EUR"))

    (valued,) = value_lots([lot("a", "EUA", 3)], marks, currency="CNY").lots

    # 3 x 77.00 x 7.9341 = 1,832.7771 CNY
    assert valued.market_value_units == 183_278
    assert valued.fx_mark == marks.mark("EUR_CNY")


def test_a_euro_book_divides_by_the_same_fixing() -> None:
    marks = snapshot(fresh("CEA25", "80.00"), fresh("EUR_CNY", "8.0000", unit="EUR"))

    (valued,) = value_lots([lot("a", "CEA25", 100)], marks, currency="EUR").lots

    assert valued.market_value_units == 100_000


@pytest.mark.parametrize(
    ("fixing", "reason"),
    [
        ((), "fx_missing"),
        ((replace(fresh("EUR_CNY", "7.9", unit="EUR"), state=MarkState.STALE, value=None),), "fx_stale"),
        ((fresh("EUR_CNY", "0.1265", currency="EUR", unit="CNY"),), "fx_unit"),
    ],
    ids=["missing", "stale", "wrong_direction"],
)
def test_without_a_usable_fixing_a_foreign_lot_is_unvalued(fixing: tuple[Mark, ...], reason: str) -> None:
    marks = snapshot(fresh("EUA", "77.00", currency="EUR"), *fixing)

    (valued,) = value_lots([lot("a", "EUA", 3)], marks, currency="CNY").lots

    assert (valued.market_value_units, valued.unvalued_reason) == (None, reason)


def test_half_a_fen_rounds_up_once_per_lot() -> None:
    marks = snapshot(fresh("CCER", "85.005"))

    total = value_lots([lot("a", "CCER", 1), lot("b", "CCER", 1)], marks, currency="CNY").total

    assert total.market_value_units == 8_501 + 8_501


def test_a_project_credit_is_marked_by_the_market_it_belongs_to() -> None:
    project = replace(lot("a", "CCER-AFF-1", 10), price_instrument="CCER")

    (valued,) = value_lots([project], snapshot(fresh("CCER", "93.54")), currency="CNY").lots

    assert valued.market_value_units == 93_540


def test_a_lot_counted_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        value_lots([lot("a", "CEA25", 1), lot("a", "CEA25", 1)], snapshot(), currency="CNY")

    assert refused.value.code == "valuation.lot_repeated"


@pytest.mark.parametrize(("quantity_t", "cost_units"), [(-1, 0), (1, -1), (10**16, 0)])
def test_a_lot_that_cannot_be_is_refused(quantity_t: int, cost_units: int) -> None:
    with pytest.raises(Invalid):
        lot("a", "CEA25", quantity_t, cost_units)


def test_the_explanation_leads_from_the_gain_to_price_quantity_and_cost() -> None:
    (valued,) = value_lots([lot("a", "CEA25", 10, 500)], snapshot(fresh("CEA25", "97.40")), currency="CNY").lots

    assert valued.explanation.value == "969.00"
    assert [leaf.value for leaf in valued.explanation.leaves()] == ["10", "97.40", "5.00"]
    assert "trade date 2026-08-19" in valued.explanation.leaves()[1].source
    assert all(leaf.label_zh for leaf in valued.explanation.leaves())


def test_the_explanation_of_an_unvalued_lot_says_what_is_wrong_with_the_mark() -> None:
    (valued,) = value_lots([lot("a", "CEA24", 10)], snapshot(STALE), currency="CNY").lots

    assert valued.explanation.value == "unvalued"
    assert "last trade 2026-02-13" in valued.explanation.leaves()[1].source


@given(
    st.lists(
        st.tuples(st.sampled_from(["CEA22", "CEA24", "CEA25", "EUA"]), st.integers(0, 10**6), st.integers(0, 10**9))
    )
)
def test_the_total_is_the_sum_of_its_lots(cases: list[tuple[str, int, int]]) -> None:
    lots = [lot(str(number), *case) for number, case in enumerate(cases)]
    marks = snapshot(
        STALE,
        fresh("CEA25", "97.403"),
        fresh("EUA", "77.01", currency="EUR"),
        fresh("EUR_CNY", "7.9341", unit="EUR"),
    )

    valuation = value_lots(lots, marks, currency="CNY")

    total = valuation.total
    assert total.market_value_units == sum(one.market_value_units or 0 for one in valuation.lots)
    assert total.unrealised_units == total.market_value_units - total.cost_units
    assert total.cost_units + total.unvalued_cost_units == sum(one.cost_units for one in lots)
    assert total.quantity_t + total.unvalued_quantity_t == sum(one.quantity_t for one in lots)
    assert total.is_complete == all(one.market_value_units is not None for one in valuation.lots)
