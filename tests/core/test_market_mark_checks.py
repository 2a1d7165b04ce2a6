"""Which bounds a mark breached, and how a fixing was used: what every valued position says beside its worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from finance.market.mark_checks import breaches_by_mark
from finance.market.marks import Mark
from finance.market.movements import Movement, MovementKind
from finance.market.observations import Observation, PriceBasis
from finance.market.profit_and_loss import Dimension, ForecastAllocation, HeldIdentity, book_result
from finance.market.unit_values import unit_value
from finance.market.valuation import value_lots
from finance.store.reference import shipped_instrument_bounds
from ledger.core.errors import Invalid
from tests.core.test_market_valuation import DAY, STALE, fresh, lot, snapshot

BOUNDS = shipped_instrument_bounds()


def seen(mark: Mark, previous: str | None) -> Observation:
    assert mark.basis is not None
    return Observation(
        source=mark.source,
        instrument=mark.instrument,
        price_basis=mark.basis,
        trade_date=DAY,
        last_trade_date=DAY,
        value=mark.value,
        currency=mark.currency,
        unit=mark.unit,
        known_at=datetime(2026, 8, 19, tzinfo=UTC),
        raw_sha256="ab" * 32,
        previous_value=None if previous is None else Decimal(previous),
    )


def auction(value: str) -> Mark:
    return replace(fresh("EUA", value, currency="EUR"), basis=PriceBasis.AUCTION, revision=1)


def test_a_soft_move_is_told_with_the_mark_and_a_small_one_is_not() -> None:
    mark = auction("85.00")

    moved = breaches_by_mark([mark], [seen(mark, "75.00")], BOUNDS)

    assert list(moved) == ["EUA"]
    assert moved["EUA"][0].startswith("eua.auction.soft: EUA moved from 75.00 to 85.00")
    assert breaches_by_mark([mark], [seen(mark, "84.00")], BOUNDS) == {}
    assert breaches_by_mark([mark], [seen(mark, None)], BOUNDS) == {}


def test_only_the_very_observation_that_a_mark_names_is_tested() -> None:
    mark = auction("85.00")
    other = replace(seen(mark, "10.00"), revision=2)

    assert breaches_by_mark([mark], [other], BOUNDS) == {}


def test_an_override_far_from_the_last_price_says_so() -> None:
    approved = replace(STALE, value=Decimal("95.00"), basis=PriceBasis.APPROVED_OVERRIDE, approved_by="risk.wang")

    assert "CEA24 moved from 81.00 to 95.00" in breaches_by_mark([approved], [], BOUNDS)["CEA24"][0]
    assert breaches_by_mark([replace(approved, value=Decimal("82.00"))], [], BOUNDS) == {}


def test_a_fixing_is_named_with_its_direction() -> None:
    marks = {"EUA": fresh("EUA", "77.00", currency="EUR"), "CEA25": fresh("CEA25", "97.40")}
    marks["EUR_CNY"] = fresh("EUR_CNY", "7.9341", unit="EUR")

    assert unit_value(marks, "EUA", unit="t", currency="CNY").fx_direction == "x EUR_CNY (CNY per 1 EUR)"
    assert unit_value(marks, "CEA25", unit="t", currency="EUR").fx_direction == "/ EUR_CNY (CNY per 1 EUR)"
    assert unit_value(marks, "CEA25", unit="t", currency="CNY").fx_direction == ""
    assert unit_value(marks, "EUA", unit="t", currency="CNY").minor_units == Fraction("61092.57")


def test_a_certificate_is_valued_by_a_price_per_certificate() -> None:
    held = replace(lot("a", "CBAM", 3), unit="certificate")
    marks = snapshot(fresh("CBAM", "75.36", currency="EUR", unit="certificate"), fresh("EUR_CNY", "8.0000", unit="EUR"))

    assert value_lots([held], marks, currency="CNY").total.market_value_units == 180_864


def test_a_forecast_is_in_no_total_and_says_when_it_has_no_price() -> None:
    marks = {"CEA25": fresh("CEA25", "97.40")}
    one = ForecastAllocation(
        instrument="CEA25", quantity_t=10, source="notice", by=unit_value(marks, "CEA25", unit="t", currency="CNY")
    )

    assert one.market_value_units == 97_400
    assert replace(one, by=unit_value({}, "CEA25", unit="t", currency="CNY")).market_value_units is None
    with pytest.raises(Invalid) as refused:
        replace(one, quantity_t=0)
    assert refused.value.code == "valuation.forecast"


def test_an_emptied_lot_keeps_its_realised_result_in_every_line() -> None:
    sold = Movement(
        lot_id="gone",
        kind=MovementKind.SALE,
        effective_on=DAY,
        seq=4,
        quantity_t=-10,
        cost_units=-500,
        money_units=-900,
    )
    valued = value_lots([lot("a", "CEA25", 10, 500)], snapshot(fresh("CEA25", "97.40")), currency="CNY").lots
    held = HeldIdentity.of(valued[0].lot)

    result = book_result(
        valued,
        [sold],
        {"a": held, "gone": replace(held, lot_id="gone", instrument="CEA22", price_instrument="CEA22")},
        book="smelter",
        currency="CNY",
        price_currencies={"CEA25": "CNY"},
    )

    assert (result.total.realised_units, result.total.unrealised_units) == (400, 96_900)
    assert [line.key for line in result.lines[Dimension.INSTRUMENT]] == ["CEA22", "CEA25"]
    assert [line.key for line in result.lines[Dimension.PRICE_CURRENCY]] == ["CNY", "none"]
