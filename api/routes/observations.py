"""Price observations: take in a file in one of the known formats, list what is known and what waits for review."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.base import Choice
from api.schemas.fields import CodeString, DateString, InstantString, NameText, PageCursor
from api.schemas.market import HeldListOut, HeldOut, ImportOut, ObservationOut, ObservationsOut
from finance.conventions.tables import Table
from finance.feeds import cneeex, ecb, eex, manual
from finance.feeds.parsed import ParsedFeed, content_hash
from finance.feeds.tabular import read_table
from finance.market.observations import PriceBasis
from finance.operations.market import import_observations
from finance.store import market, reference
from finance.store.market import RawFile
from ledger.core.errors import Invalid
from ledger.store import books
from ledger.store.database import instant_text

routes = Routes(tag="market")

_TYPES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/json",
    "application/zip",
)
_PAGE = 200
_EXAMPLE = (
    "instrument,exchange,price_basis,trade_date,last_trade_date,value,currency,unit,volume_t,source\n"
    "CEA23,Example Exchange,month_end_close,2024-12-31,2024-12-31,97.92,CNY,t,11767066,close of the last session\n"
)
_PLACE = re.compile(r"([0-9T:.+-]{32})\|([0-9]{1,15})\|([0-9a-f]{16})", re.ASCII)


class PriceFormat(StrEnum):
    """The shape of an uploaded file of prices."""

    PRICES = "prices"  # the shipped template, CSV or XLSX
    ECB_HISTORY = "ecb_history"  # eurofxref-hist, zip or CSV: CNY per EUR
    EEX_AUCTION = "eex_auction"  # primary auction report, XLSX or CSV
    CNEEEX_MARKET = "cneeex_market"  # queryMarketByDate, JSON
    CNEEEX_STATISTICS = "cneeex_statistics"  # querySubStat, JSON


@routes.upload("/observations", policy=asks(Scope.MARKET_WRITE), types=_TYPES, example=_EXAMPLE)
def upload_observations(
    call: ThisCall,
    format: Annotated[Choice[PriceFormat], Query(examples=["prices"])] = PriceFormat.PRICES,  # noqa: A002 - the query's word
    file_name: NameText = "prices",
) -> ImportOut:
    """Take in a file of prices: counts by outcome, and what is held for review.

    The bytes are kept. A row that cannot be read refuses the whole file and names file, sheet, row, column, value and
    what was expected; the same file again changes nothing. ``file_name`` is only shown.
    """
    raw = RawFile(file_name=file_name, content=call.upload)
    parsed = _READERS[format](raw, call)
    principal = call.principal
    counts = import_observations(
        call.session,
        principal.organisation_id,
        parsed.observations,
        raw,
        reference.shipped_instrument_bounds(),
        actor=principal.actor,
        now=call.now,
    )
    waiting = market.list_held(call.session, principal.organisation_id) if counts.held else ()
    of_this_file = tuple(one for one in waiting if one.observation.raw_sha256 == raw.sha256)
    return ImportOut.from_core(raw.sha256, counts, of_this_file[:_PAGE], parsed.alerts)


@routes.get("/observations", policy=asks(Scope.LEDGER_READ))
def list_observations(
    call: ThisCall,
    instrument: CodeString,
    as_of: DateString,
    since: DateString | None = None,
    known_at: InstantString | None = None,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 observations.")] = _PAGE,
) -> ObservationsOut:
    """Return a page of an instrument's prices for days up to ``as_of``, every revision, oldest day first.

    ``known_at`` leaves out what was learned later (now when absent); ``after`` continues at the first page's instant.
    """
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    begin = _Page.first(known_at or call.now) if after is None else _Page.read(after, instrument, as_of, since)
    seen = market.list_observations(
        call.session,
        call.principal.organisation_id,
        instruments=(instrument,),
        since=since,
        until=as_of,
        known_at=begin.known_at,
    )
    ordered = sorted(seen, key=lambda one: (one.trade_date, one.price_basis.value, one.source, one.revision))
    page = ordered[begin.skipped : begin.skipped + limit]
    is_last = begin.skipped + limit >= len(ordered)
    following = _Page(known_at=begin.known_at, skipped=begin.skipped + limit)
    return ObservationsOut(
        instrument=instrument,
        as_of=as_of,
        known_at=begin.known_at,
        observations=tuple(ObservationOut.from_core(one) for one in page),
        next_cursor=None if is_last else following.cursor(instrument, as_of, since),
    )


@routes.get("/observations/held", policy=asks(Scope.LEDGER_READ))
def list_held(call: ThisCall) -> HeldListOut:
    """Return what waits for review, the newest day first."""
    held = market.list_held(call.session, call.principal.organisation_id)
    return HeldListOut(held=tuple(HeldOut.from_core(one) for one in held[:_PAGE]), is_complete=len(held) <= _PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Where a page begins in what was known at an instant; nothing is ever added to that."""

    known_at: datetime
    skipped: int

    @classmethod
    def first(cls, known_at: datetime) -> _Page:
        return cls(known_at=known_at, skipped=0)

    def cursor(self, instrument: str, as_of: date, since: date | None) -> str:
        text = f"{instant_text(self.known_at)}|{self.skipped}|{_belongs(instrument, as_of, since)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str, instrument: str, as_of: date, since: date | None) -> _Page:
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
            found = _PLACE.fullmatch(text)
            known_at = datetime.fromisoformat(found[1]) if found else None
        except (binascii.Error, ValueError):
            found = known_at = None
        if (
            found is None
            or known_at is None
            or known_at.tzinfo is None
            or found[3] != _belongs(instrument, as_of, since)
        ):
            raise Invalid(
                "cursor.format", "after: expected the next_cursor of this list's page before, unchanged", field="after"
            )
        return cls(known_at=known_at, skipped=int(found[2]))


def _belongs(instrument: str, as_of: date, since: date | None) -> str:
    return hashlib.sha256(f"{instrument}|{as_of}|{since}".encode()).hexdigest()[:16]


def _prices(raw: RawFile, call: Call) -> ParsedFeed:
    digest = content_hash(raw.content)
    return ParsedFeed(
        observations=tuple(
            seen for table in _filled(raw) for seen in manual.parse_prices(table, known_at=call.now, raw_sha256=digest)
        )
    )


def _ecb_history(raw: RawFile, call: Call) -> ParsedFeed:
    return ecb.parse_history(raw.file_name, raw.content, known_at=call.now)


def _eex_auction(raw: RawFile, call: Call) -> ParsedFeed:
    return eex.parse_auction_report(_filled(raw)[0], known_at=call.now, raw_sha256=content_hash(raw.content))


def _cneeex_market(raw: RawFile, call: Call) -> ParsedFeed:
    composite = next(
        row
        for row in reference.shipped_mark_rules().sources
        if row.price_basis == PriceBasis.COMPOSITE_CLOSE.value and row.instrument_family == cneeex.COMPOSITE
    )
    return cneeex.parse_market(
        raw.content,
        known_at=call.now,
        known_codes=_known_codes(call),
        composite_close_from=composite.effective_from,
    )


def _cneeex_statistics(raw: RawFile, call: Call) -> ParsedFeed:
    day = cneeex.parse_statistics(raw.content, known_at=call.now, known_codes=_known_codes(call))
    return ParsedFeed(observations=day.observations, alerts=day.alerts)


_READERS: Mapping[PriceFormat, Callable[[RawFile, Call], ParsedFeed]] = {
    PriceFormat.PRICES: _prices,
    PriceFormat.ECB_HISTORY: _ecb_history,
    PriceFormat.EEX_AUCTION: _eex_auction,
    PriceFormat.CNEEEX_MARKET: _cneeex_market,
    PriceFormat.CNEEEX_STATISTICS: _cneeex_statistics,
}


def _filled(raw: RawFile) -> list[Table]:
    """Return the sheets that hold anything; a workbook of empty ones is ``import.empty``."""
    tables = [table for table in read_table(raw.file_name, raw.content) if any(any(row) for row in table.rows)]
    if not tables:
        raise Invalid("import.empty", f"{raw.file_name}: the file is empty; export it again", file=raw.file_name)
    return tables


def _known_codes(call: Call) -> set[str]:
    """Return what the organisation's books keep, and the composite; other codes raise an alert."""
    kept = {cneeex.COMPOSITE}
    for book in books.list_books(call.session, call.principal.organisation_id):
        kept |= set(books.commodities(call.session, book.book_id))
    return kept
