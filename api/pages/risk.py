"""Risk pages: value at risk of a book, how that figure did in the past, and what a compliance year's gap may cost.

Shows what the routes of risk and of gap risk answer to the question in the address. Simulates nothing itself.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.charts.risk import back_test, losses
from api.pages.base.asking import AskText, inquire, picture
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.books import read_book
from api.routes.gap_risk import AskedLadder, compute_gap_risk, read_ladder
from api.routes.instruments import list_instruments
from api.routes.market import list_snapshots
from api.routes.risk import back_test_book_risk, compute_book_risk
from api.schemas.fields import UuidString
from api.schemas.gap_risk import GapRiskIn, LadderOut
from api.schemas.market import SnapshotLineOut
from api.schemas.risk import BookRiskIn
from api.schemas.risk_backtest import RiskBackTestIn
from finance.market.observations import PriceBasis
from finance.market.risk.methods import Method
from finance.market.risk.returns import LimitDayRule, NoTradeRule
from finance.market.risk.scenarios import HorizonRule

routes = Pages(area="risk")

_READS = asks(Scope.LEDGER_READ)
_SNAPSHOTS = 60


@routes.get(
    "/books/{book_id}/risk",
    policy=_READS,
    nav=Nav(label=mark("Risk"), group=Group.TREASURY, order=60, icon="shield"),
)
def show_risk(book_id: UuidString, page: ThisPage, ask: AskText = None) -> Response:
    """Show value at risk and expected shortfall with every instrument's part, liquidity and what is not covered."""
    page.use(read_book, book_id=book_id)
    asked = inquire(BookRiskIn, ask, lambda body: page.use(compute_book_risk, book_id=book_id, body=body))
    answer = asked.part.answer if asked.part else None
    return page.show(
        "risk/risk.html",
        asked=asked,
        drawn=picture(page, losses, answer) if answer else None,
        snapshots=_snapshots(page),
        instruments=_instruments(page, book_id),
        methods=tuple(Method),
        horizon_rules=tuple(HorizonRule),
        no_trade_rules=tuple(NoTradeRule),
        limit_day_rules=tuple(LimitDayRule),
        bases=tuple(PriceBasis),
    )


@routes.get("/books/{book_id}/risk/back-test", policy=_READS)
def show_back_test(book_id: UuidString, page: ThisPage, ask: AskText = None) -> Response:
    """Show how often losses went beyond value at risk, and what the tests say of that number."""
    page.use(read_book, book_id=book_id)
    asked = inquire(RiskBackTestIn, ask, lambda body: page.use(back_test_book_risk, book_id=book_id, body=body))
    answer = asked.part.answer if asked.part else None
    return page.show(
        "risk/back_test.html",
        asked=asked,
        drawn=picture(page, back_test, answer) if answer else None,
        snapshots=_snapshots(page),
        instruments=_instruments(page, book_id),
        no_trade_rules=tuple(NoTradeRule),
        limit_day_rules=tuple(LimitDayRule),
        bases=tuple(PriceBasis),
    )


@routes.get("/books/{book_id}/risk/gap", policy=_READS)
def show_gap_risk(book_id: UuidString, page: ThisPage, ask: AskText = None) -> Response:
    """Show what a year's missing allowances may cost, and the gap under each change of an assumption at each price."""
    page.use(read_book, book_id=book_id)
    asked = inquire(GapRiskIn, ask, lambda body: page.use(compute_gap_risk, book_id=book_id, body=body))
    has_answer = asked.part is not None and asked.part.answer is not None
    ladder = _ladder(page, book_id, asked.body) if has_answer and asked.body else None
    return page.show(
        "risk/gap.html",
        asked=asked,
        ladder=ladder,
        snapshots=_snapshots(page),
        instruments=_instruments(page, book_id),
    )


def _ladder(page: Page, book_id: UuidString, body: GapRiskIn) -> LadderOut:
    """Return the table of the same year, prices and purchases as the simulation."""
    point = AskedLadder(
        snapshot_id=body.snapshot_id,
        mark_instrument=body.mark_instrument,
        known=body.known,
        forward_t=body.forward_t,
    )
    return page.use(read_ladder, book_id=book_id, point=point, assumed=body)


def _snapshots(page: Page) -> tuple[SnapshotLineOut, ...]:
    return page.use(list_snapshots, until=page.today, limit=_SNAPSHOTS).snapshots


def _instruments(page: Page, book_id: UuidString) -> tuple[str, ...]:
    """Return the names under which prices of the book's instruments stand."""
    held = page.use(list_instruments, book_id=book_id).instruments
    return tuple(sorted({each.price_instrument for each in held}))
