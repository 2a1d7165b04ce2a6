"""Price observations: files proposed by one person and approved by another, what is known, and held prices to decide about."""

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
from api.auth.proposal_kinds import OBSERVATION_UPLOAD
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.base import Choice
from api.schemas.fields import CodeString, DateString, InstantString, NameText, PageCursor, UuidString
from api.schemas.market import HeldListOut, HeldOut, ObservationOut, ObservationsOut, Sha256
from api.schemas.proposals import (
    ApprovalIn,
    HeldReviewOut,
    HeldReviewsOut,
    RejectionIn,
    ReviewIn,
    UploadOut,
    UploadsOut,
)
from finance.conventions.tables import Table
from finance.feeds import cneeex, ecb, eex, manual
from finance.feeds.parsed import FeedAlert, ParsedFeed, content_hash
from finance.feeds.tabular import read_table
from finance.market.observations import PriceBasis
from finance.operations import four_eyes, held_prices, price_uploads
from finance.operations.price_uploads import UploadFile
from finance.store import held_reviews, market, market_proposals, reference
from finance.store.held_reviews import HeldReview
from finance.store.market import RawFile
from finance.store.market_proposals import Proposal, ProposalKind
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


@routes.upload("/observation-uploads", policy=asks(Scope.MARKET_WRITE), types=_TYPES, example=_EXAMPLE)
def propose_upload(
    call: ThisCall,
    format: Annotated[Choice[PriceFormat], Query(examples=["prices"])] = PriceFormat.PRICES,  # noqa: A002 - the query's word
    file_name: NameText = "prices",
    upload_id: UuidString | None = None,
) -> UploadOut:
    """Propose a file of prices: what it would add, revise, contradict or breach; it counts once another person approved it.

    The bytes are kept. A row that cannot be read refuses the whole file and names file, sheet, row, column, value and
    what was expected. ``file_name`` is only shown; ``upload_id`` makes the same upload again change nothing.
    """
    raw = RawFile(file_name=file_name, content=call.upload)
    parsed = _READERS[format](raw, call)
    organisation_id = call.principal.organisation_id
    outcomes = price_uploads.preview(call.session, organisation_id, parsed.observations, now=call.now)
    proposal = price_uploads.propose_upload(
        call.session,
        organisation_id,
        UploadFile(raw=raw, format=format.value, observations=parsed.observations),
        proposal_id=upload_id or call.new_id(),
        actor=call.principal.actor,
        now=call.now,
    )
    return UploadOut.from_core(proposal, outcomes=outcomes, alerts=parsed.alerts)


@routes.post("/observation-uploads/{upload_id}/approve", policy=asks(Scope.MARKET_APPROVE), status=200)
def approve_upload(upload_id: UuidString, body: ApprovalIn, call: ThisCall) -> UploadOut:
    """Approve an upload as a second person: its prices count from now on; what contradicts or breaches is held for review."""
    proposal = call.load(OBSERVATION_UPLOAD, upload_id)
    file, alerts = _read_again(proposal, call)
    decided, counts = price_uploads.approve_upload(
        call.session,
        call.principal.organisation_id,
        proposal,
        file,
        sha256=body.sha256,
        actor=call.principal.actor,
        now=call.now,
    )
    return UploadOut.from_core(decided, alerts=alerts, imported=counts)


@routes.post("/observation-uploads/{upload_id}/reject", policy=asks(Scope.MARKET_APPROVE), status=200)
def reject_upload(upload_id: UuidString, body: RejectionIn, call: ThisCall) -> UploadOut:
    """Reject an upload as a second person, with a reason; its prices never count."""
    decided = four_eyes.reject(
        call.session,
        call.principal.organisation_id,
        call.load(OBSERVATION_UPLOAD, upload_id),
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return UploadOut.from_core(decided)


@routes.get("/observation-uploads", policy=asks(Scope.LEDGER_READ))
def list_uploads(call: ThisCall) -> UploadsOut:
    """Return the uploads, the newest first; read one for what a person should look at."""
    found = market_proposals.list_proposals(
        call.session, call.principal.organisation_id, ProposalKind.PRICE_UPLOAD, limit=_PAGE
    )
    return UploadsOut(uploads=tuple(UploadOut.from_core(proposal) for proposal in found))


@routes.get("/observation-uploads/{upload_id}", policy=asks(Scope.LEDGER_READ))
def read_upload(upload_id: UuidString, call: ThisCall) -> UploadOut:
    """Return an upload; while nobody decided about it, with what it would do now."""
    proposal = call.load(OBSERVATION_UPLOAD, upload_id)
    if proposal.decision is not None:
        return UploadOut.from_core(proposal)
    file, alerts = _read_again(proposal, call)
    outcomes = price_uploads.preview(call.session, call.principal.organisation_id, file.observations, now=call.now)
    return UploadOut.from_core(proposal, outcomes=outcomes, alerts=alerts)


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


@routes.get("/observations/held/decided", policy=asks(Scope.LEDGER_READ))
def list_held_reviews(call: ThisCall) -> HeldReviewsOut:
    """Return what was decided about held prices, the newest first."""
    organisation_id = call.principal.organisation_id
    found = held_reviews.list_reviews(call.session, organisation_id, limit=_PAGE)
    return HeldReviewsOut(reviews=tuple(_reviewed(review, call) for review in found))


@routes.post("/observations/held/{content_sha256}/accept", policy=asks(Scope.MARKET_APPROVE), status=200)
def accept_held(content_sha256: Sha256, body: ReviewIn, call: ThisCall) -> HeldReviewOut:
    """Accept a held price as another person than its uploader: from now on it is its day's price, with the reason on file."""
    review = held_prices.accept_held(
        call.session,
        call.principal.organisation_id,
        content_sha256,
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return _reviewed(review, call)


@routes.post("/observations/held/{content_sha256}/reject", policy=asks(Scope.MARKET_APPROVE), status=200)
def reject_held(content_sha256: Sha256, body: ReviewIn, call: ThisCall) -> HeldReviewOut:
    """Reject a held price as another person than its uploader; said again, it is not held again."""
    review = held_prices.reject_held(
        call.session,
        call.principal.organisation_id,
        content_sha256,
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return _reviewed(review, call)


def _reviewed(review: HeldReview, call: Call) -> HeldReviewOut:
    held = market.find_held(call.session, call.principal.organisation_id, review.content_sha256)
    assert held is not None, "what was decided about stays on file"
    return HeldReviewOut.from_core(review, held)


def _read_again(proposal: Proposal, call: Call) -> tuple[UploadFile, tuple[FeedAlert, ...]]:
    """Return what the stored bytes of an upload read as, and what the reader does not know."""
    kept = market.find_raw_file(call.session, call.principal.organisation_id, proposal.raw_sha256)
    assert kept is not None, "the bytes of a proposal are kept with it"
    raw = RawFile(file_name=proposal.content["file_name"], content=kept.content)
    chosen = PriceFormat(proposal.content["format"])
    parsed = _READERS[chosen](raw, call)
    return UploadFile(raw=raw, format=chosen.value, observations=parsed.observations), parsed.alerts


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
