"""EEX primary auction reports: clearing prices of EUA auctions, from the yearly XLSX or the same columns as CSV.

Owns the report's columns. Prices are a licensed publication for internal marks; nothing is republished. Knows no
network.
"""

from __future__ import annotations

from datetime import date, datetime

from finance.conventions.table_rules import repeated
from finance.conventions.tables import Table, parse_day
from finance.feeds.columns import Header, find_header
from finance.feeds.old_workbook import is_old_workbook, read_old_workbook
from finance.feeds.parsed import (
    FeedAlert,
    ParsedFeed,
    content_hash,
    is_absent,
    read_price,
    read_tonnes,
    with_previous_values,
)
from finance.feeds.tabular import read_table
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import DomainError, Expected, ImportRefused, Invalid, RowError

SOURCE = "eex.primary_auction"
_EUA_CONTRACT = "T3PA"
_AVIATION_CONTRACT = "EAA3"
_CANCELLED = frozenset({"cancelled", "canceled"})
_NEEDED = {
    "date": ("date",),
    "contract": ("contract",),
    "auction price": ("auction price", "price_eur_t"),
    "auction volume": ("auction volume", "volume_t"),
}
_COLUMN_OF = {"value": "auction price"}
"""What an observation calls its price, the report heads otherwise."""

_OPTIONAL = {"status": ("status",), "auction name": ("auction name",), "zone": ("zone", "country")}


def parse_auction_report(table: Table, *, known_at: datetime, raw_sha256: str) -> ParsedFeed:
    """Return the EUA auctions of one report, oldest first, EUR per t, with the auctioned tonnes as volume.

    The header row is found by its names; ``Status`` is optional (absent before 2020). Only contract T3PA is EUA: EAA3
    is the aviation allowance and gives nothing, any other contract gives an alert. A cancelled auction is an
    observation without a value. Each auction's move is tested against the one before it in the report. Every unreadable
    cell of the file is named in ``ImportRefused``. Source: EEX reports 2017 to 2026; market-data notes of 2026-11-21,
    section 1.4.
    """
    header = find_header(table, needed=_NEEDED, optional=_OPTIONAL)
    observations: list[Observation] = []
    alerts: list[FeedAlert] = []
    errors: list[RowError] = []
    first_rows: dict[date, int] = {}
    for number, cells in enumerate(table.rows[header.row :], start=header.row + 1):
        if all(is_absent(cell) for cell in cells):
            continue
        contract = header.cell(cells, "contract").upper()
        if contract == _AVIATION_CONTRACT:
            continue
        if contract != _EUA_CONTRACT:
            sentence = f"{table.file} row {number}: contract {contract[:40]!r} is not known; nothing was read from it"
            alerts.append(FeedAlert(code="feed.unknown_contract", message=sentence, subject=contract[:40]))
            continue
        try:
            auction = _auction(header, cells, known_at=known_at, raw_sha256=raw_sha256)
        except DomainError as error:
            errors.append(_row_error(table, number, header, cells, error))
            continue
        first = first_rows.setdefault(auction.trade_date, number)
        if first != number:
            # Which of two auctions marks the day would be a guess.
            expected = repeated(f"one {_EUA_CONTRACT} auction a day", first)
            shown = header.cell(cells, "date")[:40]
            errors.append(
                RowError(file=table.file, sheet=table.sheet, row=number, column="date", value=shown, expected=expected)
            )
        observations.append(auction)
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    newest = max((seen.trade_date for seen in observations), default=None)
    return ParsedFeed(observations=with_previous_values(observations), alerts=tuple(alerts), newest_day=newest)


def parse_report_file(file: str, raw: bytes, *, known_at: datetime, allows_old: bool) -> ParsedFeed:
    """Return the auctions of a yearly report as fetched: the old ``.xls`` (2017 to 2019), ``.xlsx`` or CSV, told by its first bytes.

    Old workbooks are read only where one is expected (``allows_old``): opening one trusts it more. The sheet is the first
    that has the report's columns; none is refused as ``parse_auction_report`` refuses a table.
    """
    tables = read_old_workbook(file, raw) if allows_old and is_old_workbook(raw) else read_table(file, raw)
    filled = [table for table in tables if any(any(row) for row in table.rows)]
    if not filled:
        raise Invalid("import.no_sheet", "the report has no filled sheet; fetch it again", source=SOURCE)
    report = next((table for table in filled if _is_report(table)), filled[0])
    return parse_auction_report(report, known_at=known_at, raw_sha256=content_hash(raw))


def _is_report(table: Table) -> bool:
    try:
        find_header(table, needed=_NEEDED, optional=_OPTIONAL)
    except ImportRefused:
        return False
    return True


def _row_error(table: Table, row: int, header: Header, cells: tuple[str, ...], error: DomainError) -> RowError:
    column = error.data.get("field", "")
    column = _COLUMN_OF.get(column, column)
    shown = header.cell(cells, column)[:40]
    return RowError(
        file=table.file,
        sheet=table.sheet,
        row=row,
        column=column,
        value=shown,
        expected=Expected.of(error),
    )


def _auction(header: Header, cells: tuple[str, ...], *, known_at: datetime, raw_sha256: str) -> Observation:
    day = parse_day(header.cell(cells, "date")[:10], field="date")
    is_cancelled = header.cell(cells, "status").lower() in _CANCELLED
    price = None if is_cancelled else read_price(header.cell(cells, "auction price"), field="auction price")
    no_price = "the auction was cancelled" if is_cancelled else "the report gives no clearing price"
    return Observation(
        source=SOURCE,
        instrument="EUA",
        price_basis=PriceBasis.AUCTION,
        trade_date=day,
        last_trade_date=day if price else None,
        value=price,
        missing_reason="" if price else no_price,
        currency="EUR",
        unit="t",
        volume_t=read_tonnes(header.cell(cells, "auction volume"), field="auction volume"),
        known_at=known_at,
        raw_sha256=raw_sha256,
    )
