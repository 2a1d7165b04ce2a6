"""Trades: which facts a kind needs, and what they amount to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finance.accounting.instruments import Instrument, InstrumentKind, allowance, instrument_of
from finance.accounting.trades import Trade, TradeKind, in_booking_order
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import calendar_of
from finance.conventions.tables import Table
from finance.feeds.tabular import read_table
from finance.feeds.trades import TRADE_COLUMNS, parse_instruments, parse_trades
from ledger.core.errors import ImportRefused, Invalid

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "smelter"
HEADER = tuple(TRADE_COLUMNS)


def purchase(**changes: Any) -> Trade:
    facts: dict[str, Any] = {
        "trade_ref": "T-1",
        "kind": TradeKind.PURCHASE,
        "traded_on": date(2025, 6, 30),
        "instrument": "CEA24",
        "quantity_t": 10_000,
        "price_cny_per_t": Decimal(80),
        "fee_fen": 240_000,
    }
    return Trade(**{**facts, **changes})


def cells(**changes: str) -> tuple[str, ...]:
    good = {
        "trade_ref": "T-1", "kind": "purchase", "traded_on": "2025-06-30", "instrument": "CEA24", "quantity_t": "10000",
        "price_cny_per_t": "75.39", "fee_cny": "753.90",
    }  # fmt: skip
    return tuple({**good, **changes}.get(column, "") for column in HEADER)


def table(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> Table:
    return Table(file="trades.csv", sheet="", rows=(header, *rows))


def test_a_purchase_costs_price_and_fees() -> None:
    assert purchase().cost_fen() == 80_240_000


def test_the_amount_is_rounded_half_up_once_to_the_fen() -> None:
    assert purchase(quantity_t=3, price_cny_per_t=Decimal("33.335"), fee_fen=0).amount_fen() == 10_001
    assert purchase(quantity_t=1, price_cny_per_t=Decimal("0.005"), fee_fen=0).amount_fen() == 1


def test_a_sale_nets_its_fee() -> None:
    sale = purchase(kind=TradeKind.SALE, quantity_t=1000, price_cny_per_t=Decimal("97.81"), fee_fen=29_343)

    assert sale.net_proceeds_fen() == 9_751_657


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trade_ref": ""}, "trade_ref"),
        ({"trade_ref": "=T1"}, "trade_ref"),
        ({"trade_ref": "T 1"}, "trade_ref"),
        ({"instrument": "cea24"}, "instrument"),
        ({"instrument": ""}, "instrument"),
        ({"quantity_t": 0}, "quantity_t"),
        ({"quantity_t": -5}, "quantity_t"),
        ({"quantity_t": None}, "quantity_t"),
        ({"quantity_t": 10**16}, "quantity_t"),
        ({"price_cny_per_t": None}, "price_cny_per_t"),
        ({"price_cny_per_t": Decimal(0)}, "price_cny_per_t"),
        ({"price_cny_per_t": Decimal("NaN")}, "price_cny_per_t"),
        ({"price_cny_per_t": Decimal("sNaN")}, "price_cny_per_t"),
        ({"price_cny_per_t": Decimal("Infinity")}, "price_cny_per_t"),
        ({"price_cny_per_t": Decimal("1E+400")}, "price_cny_per_t"),
        ({"fee_fen": -1}, "fee_cny"),
        ({"compliance_year": 2024}, "compliance_year"),
        ({"kind": TradeKind.SURRENDER, "compliance_year": 24}, "compliance_year"),
        ({"kind": TradeKind.SURRENDER, "price_cny_per_t": None, "fee_fen": 0}, "compliance_year"),
        ({"kind": TradeKind.CANCEL, "price_cny_per_t": None}, "fee_cny"),
        ({"kind": TradeKind.FREE_ALLOCATION, "compliance_year": 2024, "fee_fen": 0}, "price_cny_per_t"),
        ({"kind": TradeKind.FEE, "price_cny_per_t": None}, "quantity_t"),
        ({"kind": TradeKind.OPENING}, "fee_cny"),
        ({"counterparty": "=cmd()"}, "counterparty"),
        ({"note": "x" * 501}, "note"),
        ({"venue": "a\nb"}, "venue"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        purchase(**changes)

    assert refusal.value.code == f"trade.{field}"
    assert refusal.value.data["field"] == field


@pytest.mark.parametrize(
    "changes",
    [
        {"price_cny_per_t": Decimal("0.0000001"), "quantity_t": 1},
        {"price_cny_per_t": Decimal(10**13)},
    ],
    ids=["nothing", "too much"],
)
def test_price_times_quantity_is_money_that_can_be_booked(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        purchase(**changes)

    assert refusal.value.code == "trade.amount"
    assert refusal.value.data["field"] == "price_cny_per_t"


def test_a_reference_given_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        in_booking_order([purchase(), purchase(quantity_t=5)])

    assert refusal.value.code == "trade.ref_repeated"


def test_trades_of_one_day_keep_their_order() -> None:
    late, first, second = (
        purchase(trade_ref="T-3", traded_on=date(2025, 7, 1)),
        purchase(trade_ref="T-2"),
        purchase(trade_ref="T-1"),
    )

    assert in_booking_order([late, first, second]) == (first, second, late)


def test_a_row_is_read_exactly_and_says_where_it_stood() -> None:
    (trade,) = parse_trades(table(cells()))

    assert trade == purchase(price_cny_per_t=Decimal("75.39"), fee_fen=75_390)
    assert trade.origin == "trades.csv row 2"


@pytest.mark.parametrize(
    "header", [tuple(TRADE_COLUMNS.values()), tuple(f"{key} {heading}" for key, heading in TRADE_COLUMNS.items())]
)
def test_headings_may_be_chinese_or_both(header: tuple[str, ...]) -> None:
    assert parse_trades(table(cells(), header=header)) == parse_trades(table(cells()))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("trade_ref", ""), ("kind", "buy"), ("kind", ""), ("traded_on", "30/06/2025"), ("traded_on", "2025-02-30"),
        ("quantity_t", "1,000"), ("quantity_t", "\uff11\uff10"), ("quantity_t", "1.5"), ("quantity_t", "0"), ("quantity_t", ""),
        ("price_cny_per_t", "1e3"), ("price_cny_per_t", "NaN"), ("price_cny_per_t", "-1"), ("price_cny_per_t", ""),
        ("fee_cny", "1.005"), ("fee_cny", "-1"), ("compliance_year", "2024"), ("compliance_year", "24"),
        ("instrument", "CEA 24"), ("note", "+1"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named(column: str, value: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        parse_trades(
            table(
                cells(), cells(trade_ref="T-2", **{column: value}) if column != "trade_ref" else cells(trade_ref=value)
            )
        )

    assert {(error.row, error.column) for error in refusal.value.rows} == {(3, column)}


def test_every_bad_cell_of_every_row_is_named_at_once() -> None:
    with pytest.raises(ImportRefused) as refusal:
        parse_trades(table(cells(quantity_t="x", fee_cny="y"), cells(trade_ref="T-2", kind="surrender", fee_cny="")))

    named = {(error.row, error.column) for error in refusal.value.rows}
    assert named == {(2, "quantity_t"), (2, "fee_cny"), (3, "price_cny_per_t"), (3, "compliance_year")}


def test_a_reference_twice_in_a_file_is_refused() -> None:
    with pytest.raises(ImportRefused) as refusal:
        parse_trades(table(cells(), cells(quantity_t="5")))

    assert [(error.row, error.column) for error in refusal.value.rows] == [(3, "trade_ref")]


def test_an_unknown_heading_a_missing_one_and_an_empty_table_are_refused() -> None:
    for bad in (
        table((*cells(), "x"), header=(*HEADER, "tax")),
        table(cells()[1:], header=HEADER[1:]),
        table(),
        table((*cells(), "stray")),
    ):
        with pytest.raises(ImportRefused):
            parse_trades(bad)


def test_an_allowance_code_gives_its_vintage() -> None:
    assert (allowance("CEA25").vintage_year, allowance("CEA19-20").vintage_year) == (2025, 2020)


@pytest.mark.parametrize("code", ["CEA", "CEA2025", "CEA\uff12\uff15", "EUA25", ""])
def test_a_code_that_is_no_allowance_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        allowance(code)


def test_an_instruments_facts_come_back_as_they_went() -> None:
    credit = Instrument(
        code="CCER-BJ-0001",
        kind=InstrumentKind.CCER,
        project="wind",
        methodology="offshore",
        registered_on=date(2025, 3, 6),
        price_instrument="CCER",
    )

    assert instrument_of(credit.code, credit.attrs()) == credit
    assert instrument_of("CNY", {}) is None


def test_a_credit_without_its_registration_date_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        Instrument(code="CCER-1", kind=InstrumentKind.CCER, project="a", methodology="b")

    assert refusal.value.code == "instrument.registered_on"


BLOCK_FROM_T = 100_000  # a block trade has a price of its own: trading rules of the exchange, 大宗协议


def test_the_example_is_traded_on_open_days_at_the_prices_of_its_days() -> None:
    trades = parse_trades(read_table("trades.csv", (EXAMPLE / "trades.csv").read_bytes())[0])
    instruments = parse_instruments(read_table("instruments.csv", (EXAMPLE / "instruments.csv").read_bytes())[0])
    calendars = parse_calendars((ROOT / "finance" / "reference" / "calendars.csv").read_text(encoding="utf-8"))
    exchange = calendar_of(calendars, "cn_exchange")
    (prices,) = read_table("prices.csv", (EXAMPLE / "prices.csv").read_bytes())
    quoted = {(row[0], row[3]): Decimal(row[5]) for row in prices.rows[1:]}
    marks = {instrument.code: instrument.marked_by for instrument in instruments}

    assert all(exchange.is_open(trade.traded_on) for trade in trades)
    assert {trade.instrument for trade in trades if trade.instrument} <= set(marks)
    for trade in trades:
        is_block = trade.quantity_t is not None and trade.quantity_t >= BLOCK_FROM_T and trade.kind is TradeKind.SALE
        if is_block:
            assert trade.price_cny_per_t == Decimal("79.55"), "the month's block average, 79.5491, to the fen"
        elif trade.price_cny_per_t is not None:
            assert trade.price_cny_per_t == quoted[marks[trade.instrument], trade.traded_on.isoformat()], (
                trade.trade_ref
            )
