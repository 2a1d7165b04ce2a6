"""ECB reference rates: the history as CSV and zip, and the daily XML."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from finance.feeds.ecb import parse_daily, parse_history, parse_series
from ledger.core.errors import DomainError, ImportRefused
from tests.contract.answers import KNOWN_AT

HISTORY = b"""Date,USD,JPY,CNY,HKD,
2026-03-31,1.1498,183.39,7.9341,9.0136,
2026-03-30,1.1484,183.12,7.937,8.9969,
1999-01-04,1.1789,133.73,N/A,9.1332,
"""

DAILY = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='2026-08-14'><Cube currency='USD' rate='1.1534'/><Cube currency='CNY' rate='7.9341'/></Cube></Cube>
</gesmes:Envelope>"""


def zipped(name: str, raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return packed.getvalue()


def test_the_history_gives_fixings_oldest_first_and_the_trailing_empty_column_is_no_currency() -> None:
    observations = parse_history("eurofxref-hist.csv", HISTORY, known_at=KNOWN_AT).observations

    assert [seen.trade_date for seen in observations] == [date(1999, 1, 4), date(2026, 3, 30), date(2026, 3, 31)]
    assert {seen.instrument for seen in observations} == {"EUR_CNY"}
    assert observations[2].value == Decimal("7.9341")
    assert (observations[2].currency, observations[2].unit) == ("CNY", "EUR")


def test_not_available_is_no_value_and_never_zero() -> None:
    first = parse_history("eurofxref-hist.csv", HISTORY, known_at=KNOWN_AT).observations[0]

    assert first.value is None
    assert first.missing_reason


def test_the_zipped_history_says_the_same_as_the_plain_one() -> None:
    plain = parse_history("h", HISTORY, known_at=KNOWN_AT).observations
    packed = parse_history("h", zipped("eurofxref-hist.csv", HISTORY), known_at=KNOWN_AT).observations

    assert [(seen.trade_date, seen.value) for seen in plain] == [(seen.trade_date, seen.value) for seen in packed]


def test_the_daily_file_read_on_a_saturday_keeps_its_own_friday() -> None:
    (fixing,) = parse_daily(DAILY, known_at=KNOWN_AT).observations

    assert fixing.trade_date == date(2026, 8, 14)
    assert fixing.value == Decimal("7.9341")


@pytest.mark.parametrize(
    "raw",
    [
        HISTORY.replace(b"7.9341", b"0"),
        HISTORY.replace(b"7.9341", b"seven"),
        HISTORY.replace(b"2026-03-31", b"31/03/2026"),
        HISTORY.replace(b"2026-03-30", b"2026-03-31"),
        HISTORY.replace(b"CNY", b"CNX"),
        b"Date;CNY\n",
        zipped("a.csv", b"=cmd()"),
    ],
)
def test_a_history_that_cannot_be_read_is_refused_with_its_rows(raw: bytes) -> None:
    with pytest.raises(ImportRefused) as refused:
        parse_history("eurofxref-hist.csv", raw, known_at=KNOWN_AT)

    assert refused.value.rows


@pytest.mark.parametrize(
    ("line", "row", "column", "value", "expected"),
    [
        (b"2026-03-31,1.1,1,seven,9,", 2, "CNY", "seven", "a decimal string such as 1234.50"),
        (b"2026-03-31,1.1,1,-7.9,9,", 2, "CNY", "-7.9", "a finite price above zero"),
        (b"2026-03-31,1.1,1,0,9,", 2, "CNY", "0", "a rate above zero"),
        (b"31/03/2026,1.1,1,7.9,9,", 2, "Date", "31/03/2026", "a day as YYYY-MM-DD"),
        (b"2026-03-31,1.1", 2, "", "2026-03-31,1.1", "6 cells, as the header has"),
        (b"2026-03-31,1.1,1,7,9,9,9", 2, "", "2026-03-31,1.1,1,7,9,9,9", "6 cells, as the header has"),
        (
            b"2026-03-31,1,1,7.9,9,\n2026-03-31,1,1,7.8,9,",
            3,
            "Date",
            "2026-03-31",
            "every day once; row 2 has this one",
        ),
        (b"", 2, "", "", "at least one day with its rates"),
    ],
)
def test_an_unreadable_cell_is_named_with_row_column_and_value(
    line: bytes, row: int, column: str, value: str, expected: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        parse_history("hist.csv", b"Date,USD,JPY,CNY,HKD,\n" + line + b"\n", known_at=KNOWN_AT)

    (error,) = refused.value.rows
    assert (error.row, error.column, error.value, error.expected) == (row, column, value, expected)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (DAILY[:-30], "feed.not_xml"),
        (b"", "feed.not_xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "feed.not_xml"),
        (DAILY.replace(b"UTF-8", b"UTF-88"), "feed.not_xml"),
        (DAILY.replace(b"CNY", b"XXX"), "feed.field"),
        (DAILY.replace(b"time=", b"day="), "feed.field"),
        (DAILY.replace(b"7.9341", b"-1"), "market.price"),
    ],
)
def test_a_daily_file_that_cannot_be_read_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_daily(raw, known_at=KNOWN_AT)

    assert refused.value.code == code


SERIES = (
    b"KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\r\n"
    b"EXR.D.CNY.EUR.SP00.A,D,CNY,EUR,SP00,A,2026-08-07,8.3000\r\n"
)


def test_the_statistics_service_gives_the_fixing_by_the_names_of_its_columns() -> None:
    (fixing,) = parse_series(SERIES, known_at=KNOWN_AT).observations

    assert (fixing.trade_date, fixing.value, fixing.source) == (date(2026, 8, 7), Decimal("8.3000"), "ecb.eurofxref")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (SERIES.splitlines(keepends=True)[0], "feed.no_rows"),
        (SERIES.replace(b",CNY,EUR,", b",USD,EUR,"), "feed.field"),
        (SERIES.replace(b",CNY,EUR,", b",CNY,USD,"), "feed.field"),
        (SERIES + SERIES.splitlines(keepends=True)[1], "feed.repeated_row"),
        (SERIES.replace(b"8.3000", b"-8.3000"), "market.price"),
        (SERIES.replace(b"2026-08-07", b"2026-W32"), "date.format"),
        (b"a,b\n1,2\n", "import.rows_unreadable"),
        (b"<html>", "import.markup"),
    ],
)
def test_an_answer_of_the_statistics_service_that_cannot_be_read_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_series(raw, known_at=KNOWN_AT)

    assert refused.value.code == code
