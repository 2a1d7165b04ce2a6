"""What a book's carbon is worth by a frozen snapshot, what it earned, and why its value changed between two snapshots.

Shows what the routes of valuation and of profit and loss answer. Values nothing itself.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.books import read_book
from api.routes.instruments import list_instruments
from api.routes.market import freeze_snapshot, list_snapshots
from api.routes.profit_and_loss import AskedPeriod, explain_profit, read_profit
from api.routes.valuations import read_valuation
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from api.schemas.market import SnapshotLineOut
from api.schemas.points import Asked
from finance.market.profit_and_loss import Dimension

routes = Pages(area="valuation")

_READS = asks(Scope.LEDGER_READ)
_SNAPSHOTS = 60
_Snapshot = Annotated[UuidString | None, Query(description="A frozen snapshot; the newest when absent.")]


@routes.get(
    "/books/{book_id}/valuation",
    policy=_READS,
    nav=Nav(label=mark("Valuation"), group=Group.TREASURY, order=40, icon="scales"),
)
def show_valuation(
    book_id: UuidString, page: ThisPage, snapshot_id: _Snapshot = None, known: WholeNumber | None = None
) -> Response:
    """Show every lot at the mark of a frozen snapshot, with the price's source, basis, age and state."""
    page.use(read_book, book_id=book_id)
    snapshots = page.use(list_snapshots, until=page.today, limit=_SNAPSHOTS).snapshots
    chosen = _chosen(snapshots, snapshot_id)
    worth = None
    if chosen is not None:
        asked = Asked(as_of=chosen.as_of, known=known, at=None)
        worth = page.attempt(read_valuation, book_id=book_id, asked=asked, snapshot_id=chosen.snapshot_id)
    held = page.use(list_instruments, book_id=book_id).instruments
    return page.show(
        "valuation/valuation.html",
        snapshots=snapshots,
        chosen=chosen,
        worth=worth,
        instruments=sorted({one.price_instrument for one in held}),
        new_id=page.call.new_id(),
        may_freeze=page.may(freeze_snapshot),
    )


@routes.get(
    "/books/{book_id}/profit",
    policy=_READS,
    nav=Nav(label=mark("Profit and loss"), group=Group.TREASURY, order=50, icon="chart"),
)
def show_profit(
    book_id: UuidString,
    page: ThisPage,
    snapshot_id: _Snapshot = None,
    opening_id: Annotated[UuidString | None, Query(description="The snapshot that a change is told from.")] = None,
    by: Dimension = Dimension.INSTRUMENT,
) -> Response:
    """Show results by the statutory and the economic view, and why the value changed since an earlier snapshot."""
    page.use(read_book, book_id=book_id)
    snapshots = page.use(list_snapshots, until=page.today, limit=_SNAPSHOTS).snapshots
    chosen = _chosen(snapshots, snapshot_id)
    opening = _opening(snapshots, chosen, opening_id)
    profit = change = None
    if chosen is not None:
        asked = Asked(as_of=chosen.as_of, known=None, at=None)
        profit = page.attempt(read_profit, book_id=book_id, asked=asked, snapshot_id=chosen.snapshot_id, by=by)
    if chosen is not None and opening is not None:
        period = AskedPeriod(
            opening_snapshot_id=opening.snapshot_id, closing_snapshot_id=chosen.snapshot_id, restated_snapshot_id=None
        )
        change = page.attempt(explain_profit, book_id=book_id, period=period, by=by)
    return page.show(
        "valuation/profit.html",
        snapshots=snapshots,
        chosen=chosen,
        opening=opening,
        profit=profit,
        change=change,
        by=by.value,
        dimensions=_dimensions(page),
    )


def _chosen(snapshots: tuple[SnapshotLineOut, ...], asked: UUID | None) -> SnapshotLineOut | None:
    """Return the snapshot asked for as far as it is among the newest, else the newest."""
    return next((one for one in snapshots if one.snapshot_id == asked), snapshots[0] if snapshots else None)


def _opening(
    snapshots: tuple[SnapshotLineOut, ...], chosen: SnapshotLineOut | None, asked: UUID | None
) -> SnapshotLineOut | None:
    """Return the snapshot to tell the change from: the one asked for, else the newest of an earlier day."""
    if chosen is None:
        return None
    earlier = [one for one in snapshots if one.as_of < chosen.as_of]
    return next((one for one in snapshots if one.snapshot_id == asked), earlier[0] if earlier else None)


def _dimensions(page: Page) -> tuple[tuple[str, str], ...]:
    names = {
        Dimension.INSTRUMENT.value: page.say("By instrument"),
        Dimension.LOT.value: page.say("By lot"),
        Dimension.ACCOUNT.value: page.say("By account"),
        Dimension.PRICE_CURRENCY.value: page.say("By currency of the price"),
    }
    return tuple(names.items())
