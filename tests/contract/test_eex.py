"""EEX auction reports: ten years of headers, cancelled auctions and the aviation contract."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from finance.conventions.tables import Table
from finance.feeds.eex import parse_auction_report
from finance.feeds.parsed import ParsedFeed, content_hash
from finance.feeds.tabular import read_table
from ledger.core.errors import ImportRefused
from tests.contract.answers import KNOWN_AT

HEADER = (
    "", "Date", "Time", "Auction Name", "Contract", "Status", "Auction Price \u20ac/tCO2", "Minimum Bid \u20ac/tCO2", "Mean \u20ac/tCO2",
    "Auction Volume tCO2", "Total Amount of Bids", "Total Revenue \u20ac", "Zone",
)  # fmt: skip


def auction(
    day: str, price: str, *, contract: str = "T3PA", status: str = "successful", volume: str = "2246500"
) -> tuple[str, ...]:
    name = "Auction 4. Period CAP3 EU"
    return ("", day, "11:00:32", name, contract, status, price, "40", "78.04", volume, "3771500", "1", "EU")


def report(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, above: int = 5) -> ParsedFeed:
    table = Table(file="2026.xlsx", sheet="Primary Market Auction", rows=((),) * above + (header, *rows))
    return parse_auction_report(table, known_at=KNOWN_AT, raw_sha256=content_hash(b"2026"))


def test_a_report_comes_newest_first_and_is_returned_oldest_first() -> None:
    parsed = report(auction("2026-07-17", "77", volume="1000000"), auction("2026-07-16", "79.01"))

    assert [seen.trade_date.day for seen in parsed.observations] == [16, 17]
    newest = parsed.observations[1]
    assert newest.value == Decimal(77)
    assert newest.volume_t == 1_000_000
    assert newest.previous_value == Decimal("79.01")
    assert (newest.instrument, newest.currency, newest.unit) == ("EUA", "EUR", "t")


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        tuple("" if name == "Status" else name for name in HEADER),
        tuple("Country" if name == "Zone" else name for name in HEADER),
        tuple(name.replace(" \u20ac/tCO2", "\n\u00e2\u201a\u00ac/tCO2") for name in HEADER),
        tuple(name.upper() for name in HEADER),
    ],
)
@pytest.mark.parametrize("above", [0, 5, 19])
def test_the_header_is_found_by_its_names_through_ten_years_of_layouts(header: tuple[str, ...], above: int) -> None:
    parsed = report(auction("2019-03-05", "22.5"), header=header, above=above)

    assert parsed.observations[0].value == Decimal("22.5")


def test_columns_may_stand_in_any_order() -> None:
    header, row = tuple(reversed(HEADER)), tuple(reversed(auction("2019-03-05", "22.5")))

    assert report(row, header=header).observations[0].value == Decimal("22.5")


def test_a_cancelled_auction_gives_no_price() -> None:
    (cancelled,) = report(auction("2022-03-02", "", status="cancelled", volume="2658000")).observations

    assert cancelled.value is None
    assert cancelled.missing_reason == "the auction was cancelled"
    assert cancelled.volume_t == 2_658_000


def test_the_aviation_contract_is_never_an_eua() -> None:
    parsed = report(auction("2024-12-11", "69.17", contract="EAA3"), auction("2024-12-10", "68.5"))

    assert [seen.value for seen in parsed.observations] == [Decimal("68.5")]
    assert parsed.alerts == ()


def test_an_unknown_contract_is_an_alert_and_no_price() -> None:
    parsed = report(auction("2027-01-11", "80", contract="T4PA"))

    assert parsed.observations == ()
    assert [alert.code for alert in parsed.alerts] == ["feed.unknown_contract"]


def test_every_unreadable_row_is_named_with_its_place() -> None:
    with pytest.raises(ImportRefused) as refused:
        report(auction("16.07.2026", "79.01"), auction("2026-07-15", "n.a."), auction("2026-07-14", "78"))

    assert [(row.row, row.column) for row in refused.value.rows] == [(7, "date"), (8, "auction price")]


def test_two_auctions_on_one_day_are_refused() -> None:
    with pytest.raises(ImportRefused):
        report(auction("2026-07-16", "79.01"), auction("2026-07-16", "79.02"))


def test_a_table_without_the_header_is_refused_and_says_what_is_missing() -> None:
    with pytest.raises(ImportRefused) as refused:
        report(auction("2026-07-16", "79.01"), header=("Date", "Contract", "Price"))

    assert "auction volume" in str(refused.value)


def test_the_real_kind_of_workbook_gives_the_same_prices() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for _ in range(5):
        sheet.append([])
    sheet.append(["", *HEADER[1:]])
    day = datetime(2026, 7, 16, tzinfo=UTC).replace(tzinfo=None)
    sheet.append(
        ["", day, "11:00:32", "CAP3 EU", "T3PA", "successful", Decimal("79.01"), 40, Decimal("78.04"), 2246500]
    )
    saved = io.BytesIO()
    book.save(saved)

    (table,) = read_table("2026.xlsx", saved.getvalue())
    (observation,) = parse_auction_report(table, known_at=KNOWN_AT, raw_sha256=content_hash(b"")).observations

    assert observation.trade_date == date(2026, 7, 16)
    assert observation.value == Decimal("79.01")
    assert observation.volume_t == 2_246_500


def test_a_price_below_zero_is_named_by_its_own_column() -> None:
    with pytest.raises(ImportRefused) as refused:
        report(auction("2026-07-17", "-5"), above=0)

    (error,) = refused.value.rows
    assert (error.row, error.column, error.value) == (2, "auction price", "-5")


def test_a_second_auction_of_a_day_is_named_with_both_rows() -> None:
    with pytest.raises(ImportRefused) as refused:
        report(auction("2026-07-17", "70"), auction("2026-07-16", "71"), auction("2026-07-17", "72"), above=0)

    (error,) = refused.value.rows
    assert (error.row, error.column, error.value) == (4, "date", "2026-07-17")
    assert "row 2" in error.expected
