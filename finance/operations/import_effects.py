"""What carrying out an import does: trades booked, months recorded, statement lines kept, prices proposed, told as one document.

Owns the telling. Every figure comes from the very operations that do the work, and from the book before and after. Commits nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.trades import Trade
from finance.conventions.tables import Table
from finance.emissions.activity import ActivityMonth
from finance.operations import price_uploads
from finance.operations.activity import record_activity, record_reference
from finance.operations.price_uploads import UploadFile
from finance.operations.trades import TradeTerms, book_trades
from finance.store import activity, reference
from finance.store import trades as trade_store
from ledger import reconciliation
from ledger.core.amounts import format_units
from ledger.core.errors import Conflict, Expected, ImportRefused, RowError
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store import balances, books

MOST_CHANGES = 500
"""Changed figures that a preview lists one by one; the digest is over all of them."""

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeList:
    """Trades to book, opening positions among them."""

    trades: tuple[Trade, ...]
    file: str
    sheet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthList:
    """Months of activity to record."""

    months: tuple[ActivityMonth, ...]
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile:
    """A bank's or registry's statement to read by its source's mapping."""

    source: str
    tables: tuple[Table, ...]
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices to propose: another person approves them before they count."""

    file: UploadFile


Content: TypeAlias = TradeList | MonthList | StatementFile | PriceList


class At(Protocol):
    """Who imports, when and where."""

    @property
    def session(self) -> Session:
        """The caller's transaction."""

    @property
    def book_id(self) -> int | None:
        """The book, if the import is of one."""

    @property
    def actor(self) -> Actor:
        """Who acts."""

    @property
    def is_closer(self) -> bool:
        """Whether that is one who still posts into softly closed days."""

    @property
    def now(self) -> datetime:
        """When."""

    @property
    def new_id(self) -> Callable[[], UUID]:
        """Where ids come from."""

    @property
    def random_bytes(self) -> RandomBytes:
        """Where salts come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What was done: the document that a preview shows, and the ids that only the real thing has."""

    document: Mapping[str, Any]
    made: Mapping[str, str]


def apply(at: At, content: Content) -> Effect:
    """Carry out an import in the caller's transaction and return what it did; refused, it leaves what its operation leaves."""
    match content:
        case TradeList():
            return _book_trades(at, content)
        case MonthList():
            return _record_months(at, content)
        case StatementFile():
            return _keep_lines(at, content)
        case PriceList():
            return _propose_prices(at, content)
        case _:
            assert_never(content)


def _book_trades(at: At, content: TradeList) -> Effect:
    book_id = _book(at)
    _refuse_reused(at.session, book_id, content)
    before = _balances(at, book_id)
    booking = book_trades(
        at.session,
        book_id,
        content.trades,
        actor=at.actor,
        now=at.now,
        new_id=at.new_id,
        random_bytes=at.random_bytes,
        terms=TradeTerms(is_closer=at.is_closer),
    )
    after = _balances(at, book_id)
    scales = {code: commodity.scale for code, (commodity, _) in books.commodities(at.session, book_id).items()}
    fresh = [replace(one.trade, origin="") for one in booking.booked]
    positions = [
        {
            "account": path,
            "commodity": commodity,
            "before": format_units(before[path][1] if path in before else 0, scales[commodity]),
            "after": format_units(posted, scales[commodity]),
            "change": format_units(posted - (before[path][1] if path in before else 0), scales[commodity]),
        }
        for path, (commodity, posted) in sorted(after.items())
        if path not in before or before[path][1] != posted
    ]
    document = {
        "entries": len(booking.booked),
        "standing": len(booking.standing),
        "standing_refs": list(booking.standing[:MOST_CHANGES]),
        "positions": positions,
        "facts_sha256": _digest([repr(one) for one in fresh]),
    }
    last = booking.booked[-1].entry_seq if booking.booked else 0
    return Effect(document=document, made={"last_seq": str(last)})


_NEW_REFERENCE = Expected(
    "row.reference_booked", "a new reference: this one is booked with other content; reverse that one if it is wrong"
)


def _refuse_reused(session: Session, book_id: int, content: TradeList) -> None:
    """Name every row whose reference stands with other content, not only the first."""
    standing = trade_store.find_trades(session, book_id, [trade.trade_ref for trade in content.trades])
    errors = tuple(
        RowError(
            file=content.file,
            sheet=content.sheet,
            row=int(trade.origin.rpartition(" ")[2]),
            column="trade_ref",
            value=trade.trade_ref,
            expected=_NEW_REFERENCE,
        )
        for trade in content.trades
        if trade.trade_ref in standing and standing[trade.trade_ref].trade != trade
    )
    if errors:
        raise ImportRefused(content.file, errors)


def _balances(at: At, book_id: int) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    after = 0
    while page := balances.list_balances(at.session, book_id, now=at.now, after=after, limit=_PAGE):
        found |= {one.path: (one.commodity, one.posted) for one in page}
        after = page[-1].account_id
    return found


def _record_months(at: At, content: MonthList) -> Effect:
    organisation_id = at.actor.organisation_id
    known = {
        (one.activity.site, one.activity.month): one.activity
        for one in activity.load_months(at.session, organisation_id)
    }
    record_reference(at.session, (reference.shipped_factors(),), now=at.now)
    recorded = record_activity(
        at.session,
        organisation_id,
        content.months,
        raw_sha256=content.raw_sha256,
        actor=at.actor,
        now=at.now,
    )
    changes = [change for month in content.months for change in _changes(known.get((month.site, month.month)), month)]
    new = sum((month.site, month.month) not in known for month in content.months)
    document = {
        "months": len(content.months),
        "new": new,
        "changed": recorded - new,
        "unchanged": len(content.months) - recorded,
        "change_count": len(changes),
        "changes": changes[:MOST_CHANGES],
        "facts_sha256": _digest([repr(change) for change in changes]),
    }
    return Effect(document=document, made={})


def _changes(before: ActivityMonth | None, month: ActivityMonth) -> list[dict[str, str]]:
    old, new = ({} if before is None else before.figures()), month.figures()
    found = [
        {
            "site": month.site,
            "month": month.month,
            "field": name,
            "old": f"{old[name]:f}" if name in old else "",
            "new": f"{new[name]:f}" if name in new else "",
        }
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    was = None if before is None else before.verification
    if month.verification not in {None, was}:
        found.append(
            {
                "site": month.site,
                "month": month.month,
                "field": "verification",
                "old": was or "",
                "new": month.verification or "",
            }
        )
    return found


def _keep_lines(at: At, content: StatementFile) -> Effect:
    outcome = reconciliation.import_statement(
        at.session,
        _book(at),
        content.source,
        content.tables,
        file_sha256=bytes.fromhex(content.raw_sha256),
        actor=at.actor,
        now=at.now,
    )
    document = {
        "source": outcome.source.source.code,
        "source_version": outcome.source.version,
        "lines_read": outcome.lines_read,
        "lines_added": outcome.lines_added,
        "standing": outcome.lines_read - outcome.lines_added,
    }
    return Effect(document=document, made={"fact": str(outcome.fact_no)})


def _propose_prices(at: At, content: PriceList) -> Effect:
    proposal = price_uploads.propose_upload(
        at.session,
        at.actor.organisation_id,
        content.file,
        proposal_id=at.new_id(),
        actor=at.actor,
        now=at.now,
    )
    document = {
        "observations": len(content.file.observations),
        "counts": dict(proposal.content["counts"]),
        "facts_sha256": proposal.content["observations_sha256"],
        "needs_second_person": True,
    }
    return Effect(
        document=document, made={"proposal_id": str(proposal.proposal_id), "proposal_sha256": proposal.sha256}
    )


def _book(at: At) -> int:
    if at.book_id is None:
        raise Conflict("import.book", "book: expected the book that the file goes into")
    return at.book_id


def _digest(facts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
