"""Prices typed in by people, the shipped example among them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finance.conventions.tables import Table
from finance.feeds.ecb import parse_history
from finance.feeds.manual import COLUMNS, parse_prices
from finance.feeds.parsed import content_hash
from finance.feeds.tabular import read_table
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import ImportRefused
from tests.contract.answers import KNOWN_AT

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD = {
    "instrument": "CEA24",
    "exchange": "全国碳市场",
    "price_basis": "month_end_close",
    "trade_date": "2026-03-31",
    "last_trade_date": "2026-02-13",
    "value": "81.00",
    "currency": "CNY",
    "unit": "t",
    "volume_t": "0",
    "source": "bulletin",
}


def prices(*rows: dict[str, str]) -> tuple[Observation, ...]:
    cells = tuple(tuple((GOOD | row)[name] for name in COLUMNS) for row in rows)
    table = Table(file="prices.csv", sheet="", rows=(COLUMNS, *cells))
    return parse_prices(table, known_at=KNOWN_AT, raw_sha256=content_hash(b""))


def read_example(name: str) -> tuple[Observation, ...]:
    raw = (EXAMPLES / name).read_bytes()
    (table,) = read_table(name, raw)
    return parse_prices(table, known_at=KNOWN_AT, raw_sha256=content_hash(raw))


def test_a_row_becomes_an_observation_that_names_exchange_and_source() -> None:
    (observation,) = prices({})

    assert observation.source == "全国碳市场: bulletin"
    assert observation.value == Decimal("81.00")
    assert observation.last_trade_date == date(2026, 2, 13)
    assert observation.volume_t == 0


def test_an_empty_last_trade_date_is_unknown_and_an_empty_volume_not_stated() -> None:
    (observation,) = prices({"last_trade_date": "", "volume_t": ""})

    assert observation.last_trade_date is None
    assert observation.volume_t is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("instrument", ""),
        ("instrument", "cea24"),
        ("exchange", ""),
        ("price_basis", "close"),
        ("price_basis", "approved_override"),
        ("trade_date", "31.03.2026"),
        ("trade_date", "2026-02-30"),
        ("last_trade_date", "2026-04-01"),
        ("value", ""),
        ("value", "0"),
        ("value", "-81"),
        ("value", "8e1"),
        ("value", "NaN"),
        ("value", "1,000.00"),
        ("value", "\uff18\uff11"),
        ("currency", "RMB"),
        ("currency", ""),
        ("unit", "CNY/t"),
        ("volume_t", "1.5"),
        ("volume_t", "-1"),
        ("source", ""),
        ("source", "x" * 400),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column: str, value: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        prices({}, {column: value})

    (error,) = refused.value.rows
    assert (error.row, error.column) == (3, column)


def test_all_bad_cells_are_named_at_once() -> None:
    with pytest.raises(ImportRefused) as refused:
        prices({"value": "", "unit": ""}, {"currency": "?"})

    assert [(error.row, error.column) for error in refused.value.rows] == [(2, "value"), (2, "unit"), (3, "currency")]


def test_the_same_price_twice_is_refused() -> None:
    with pytest.raises(ImportRefused, match="row 2 gives the same day"):
        prices({}, {"value": "82"})


def test_the_template_has_every_column_and_no_price_yet() -> None:
    with pytest.raises(ImportRefused, match="at least one price"):
        read_example("templates/prices.csv")


def test_the_example_prices_say_when_the_old_vintage_was_last_traded() -> None:
    observations = read_example("smelter/prices.csv")

    cea24 = {seen.trade_date: seen for seen in observations if seen.instrument == "CEA24"}
    assert cea24[date(2026, 3, 31)].value == Decimal("81.00")
    assert cea24[date(2026, 3, 31)].last_trade_date == date(2026, 2, 13)
    assert {seen.price_basis for seen in observations} == {PriceBasis.MONTH_END_CLOSE, PriceBasis.DAY_AVERAGE}


def test_no_example_price_claims_a_trade_in_a_month_without_one() -> None:
    for seen in read_example("smelter/prices.csv"):
        traded_in_month = seen.last_trade_date is not None and seen.last_trade_date.month == seen.trade_date.month

        assert traded_in_month == (seen.volume_t != 0)


def test_the_example_fixings_are_the_ecbs_year_ends() -> None:
    raw = (EXAMPLES / "smelter/fixings_ecb.csv").read_bytes()

    fixings = {
        seen.trade_date: seen.value for seen in parse_history("fixings_ecb.csv", raw, known_at=KNOWN_AT).observations
    }

    assert fixings[date(2024, 12, 31)] == Decimal("7.5833")
    assert fixings[date(2025, 12, 31)] == Decimal("8.2262")
