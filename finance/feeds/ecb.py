"""ECB euro reference rates: the history CSV (plain or zipped), the daily XML and the statistics CSV as fixings.

Owns those three formats; knows no network. A rate is units of the currency per 1 EUR. Source to be named wherever shown: ECB.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from finance.conventions.table_rules import nothing, repeated
from finance.conventions.tables import Table, parse_day
from finance.feeds.columns import find_header
from finance.feeds.limits import MAX_FILE_BYTES
from finance.feeds.parsed import ParsedFeed, content_hash, is_absent, read_price, with_previous_values
from finance.feeds.tabular import read_table
from finance.feeds.workbook import check_archive
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, DomainError, Expected, ImportRefused, Invalid, RowError

SOURCE = "ecb.eurofxref"
_ZIP = b"PK\x03\x04"
_DAY_COLUMN = "Date"
_NO_RATE = "the ECB gives no rate for this day"


def parse_history(file: str, raw: bytes, *, known_at: datetime, currency: str = "CNY") -> ParsedFeed:
    """Return the fixings of ``currency`` per 1 EUR in ``eurofxref-hist`` (zip or CSV), oldest first.

    ``N/A`` and empty cells are days without a value, never zero; the file's trailing empty column is ignored.
    Instrument is ``EUR_CNY`` for CNY. Every unreadable cell is named in ``ImportRefused`` with row, column and value; so
    is a row that breaks off before the currency, a day that comes twice, and a file without a day. Example: 2026-03-31 gives
    7.9341 CNY per EUR.
    """
    digest = content_hash(raw)
    table = read_table(file, _unzipped(file, raw))[0]
    column = _currency_column(table, currency)
    width = len(table.rows[0])
    observations: list[Observation] = []
    errors: list[RowError] = []
    first_rows: dict[date, int] = {}
    for number, cells in enumerate(table.rows[1:], start=2):
        if not any(cells):
            continue
        # A line that breaks off, or one with a shifted cell, would read as a day without a rate or with another's.
        if column >= len(cells) or any(cells[width:]):
            expected = Expected("row.cells", f"{width} cells, as the header has", columns=width)
            errors.append(_row_error(table, number, "", ",".join(cells), expected))
            continue
        try:
            fixing = _fixing(day=cells[0], rate=cells[column], currency=currency, known_at=known_at, raw_sha256=digest)
        except DomainError as error:
            about_day = error.data.get("field") == _DAY_COLUMN
            name, shown = (_DAY_COLUMN, cells[0]) if about_day else (currency, cells[column])
            errors.append(_row_error(table, number, name, shown, Expected.of(error)))
            continue
        first = first_rows.setdefault(fixing.trade_date, number)
        if first != number:
            errors.append(_row_error(table, number, _DAY_COLUMN, cells[0], repeated("every day once", first)))
        observations.append(fixing)
    if not observations and not errors:
        errors.append(_row_error(table, 2, "", "", nothing("day with its rates")))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    newest = max(seen.trade_date for seen in observations)
    return ParsedFeed(observations=with_previous_values(observations), newest_day=newest)


def parse_daily(raw: bytes, *, known_at: datetime, currency: str = "CNY") -> ParsedFeed:
    """Return the one fixing of ``eurofxref-daily.xml``, dated as the file says: on a Saturday that is Friday's.

    Malformed XML, entities and external references are refused with ``feed.not_xml``, a file without the day or the
    currency with ``feed.field``.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise Invalid("feed.too_large", f"{SOURCE}: expected at most {MAX_FILE_BYTES} bytes", source=SOURCE)
    try:
        root = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Invalid(
            "feed.not_xml", f"{SOURCE}: expected the ECB's daily XML; fetch it again", source=SOURCE
        ) from error
    days = [cube for cube in root.iter() if cube.tag.endswith("}Cube") and "time" in cube.attrib]
    rates = [cube.attrib.get("rate", "") for cube in root.iter() if cube.attrib.get("currency") == currency]
    if len(days) != 1 or len(rates) != 1:
        raise Invalid("feed.field", f"{SOURCE}: expected one day with one rate of {currency}", source=SOURCE)
    fixing = _fixing(
        day=days[0].attrib["time"], rate=rates[0], currency=currency, known_at=known_at, raw_sha256=content_hash(raw)
    )
    return ParsedFeed(observations=(fixing,), newest_day=fixing.trade_date)


_SERIES_NEEDED = {
    "currency": ("currency",),
    "currency_denom": ("currency_denom",),
    "day": ("time_period",),
    "rate": ("obs_value",),
}


def parse_series(raw: bytes, *, known_at: datetime, currency: str = "CNY") -> ParsedFeed:
    """Return the fixings of the statistics service's CSV (``csvdata``), oldest first: currency units per 1 EUR.

    Asked with ``endPeriod`` it answers the last fixings on or before that day by itself. A row of another currency, or not per
    EUR, is ``feed.field``; an answer without a row ``feed.no_rows``. Columns are found by name: CURRENCY, CURRENCY_DENOM, TIME_PERIOD,
    OBS_VALUE.
    """
    digest = content_hash(raw)
    table = read_table("ecb series", raw)[0]
    header = find_header(table, needed=_SERIES_NEEDED, optional={})
    fixings: dict[date, Observation] = {}
    for number, cells in enumerate(table.rows[header.row :], start=header.row + 1):
        if not any(cells):
            continue
        if (header.cell(cells, "currency"), header.cell(cells, "currency_denom")) != (currency, "EUR"):
            raise Invalid("feed.field", f"{SOURCE}: row {number}: expected {currency} per EUR", source=SOURCE)
        fixing = _fixing(
            day=header.cell(cells, "day"),
            rate=header.cell(cells, "rate"),
            currency=currency,
            known_at=known_at,
            raw_sha256=digest,
        )
        if fixings.setdefault(fixing.trade_date, fixing) is not fixing:
            raise Invalid("feed.repeated_row", f"{SOURCE}: {fixing.trade_date} stands twice", source=SOURCE)
    if not fixings:
        raise Conflict("feed.no_rows", f"{SOURCE}: the answer has no fixing", source=SOURCE)
    return ParsedFeed(observations=with_previous_values(fixings.values()), newest_day=max(fixings))


def _row_error(table: Table, row: int, column: str, value: str, expected: Expected) -> RowError:
    return RowError(file=table.file, row=row, column=column, value=value[:40], expected=expected)


def _fixing(*, day: str, rate: str, currency: str, known_at: datetime, raw_sha256: str) -> Observation:
    trade_date = parse_day(day, field=_DAY_COLUMN)
    value = None if is_absent(rate) else read_price(rate, field=currency)
    if value is None and not is_absent(rate):
        raise Invalid("market.price", f"{currency}: expected a rate above zero", field=currency)
    return Observation(
        source=SOURCE,
        instrument=f"EUR_{currency}",
        price_basis=PriceBasis.FIXING,
        trade_date=trade_date,
        last_trade_date=None if value is None else trade_date,
        value=value,
        missing_reason=_NO_RATE if value is None else "",
        currency=currency,
        unit="EUR",
        known_at=known_at,
        raw_sha256=raw_sha256,
    )


def _currency_column(table: Table, currency: str) -> int:
    header = table.rows[0] if table.rows else ()
    if not header or header[0] != _DAY_COLUMN or header.count(currency) != 1:
        columns = f"{_DAY_COLUMN}, {currency}"
        text = f"the header {_DAY_COLUMN}, then one column {currency}"
        expected = Expected("row.header_is", text, columns=columns)
        shown = ",".join(header)[:40]
        raise ImportRefused(table.file, (RowError(file=table.file, row=1, value=shown, expected=expected),))
    return header.index(currency)


def _unzipped(file: str, raw: bytes) -> bytes:
    """Return the one CSV of the ECB's zip, or ``raw`` when it is not a zip."""
    if not raw.startswith(_ZIP):
        return raw
    check_archive(file, raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = [part for part in archive.infolist() if part.filename.endswith(".csv")]
            if len(parts) != 1:
                raise Invalid("import.archive_csv", f"{file}: expected one CSV in the archive", file=file)
            return archive.read(parts[0])
    except (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, NotImplementedError, OSError) as error:
        raise Invalid("import.archive", f"{file}: the archive is damaged; fetch it again", file=file) from error
