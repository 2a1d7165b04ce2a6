"""Accounting pages: the checklist that closes a month, the month's vouchers, and one voucher with its review.

Shows what the routes of month close and vouchers answer. Knows neither chart of accounts nor rule of closing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.disclosures import plan_accruals, post_accruals
from api.routes.month_close import (
    approve_waiver,
    close_day,
    close_month_hard,
    close_month_softly,
    confirm_item,
    list_day_closes,
    read_month_close,
    reopen_month,
)
from api.routes.vouchers import check_vouchers, list_vouchers, number_vouchers, read_voucher, review_vouchers
from api.schemas.amounts import WholeNumber
from api.schemas.fields import PageCursor, UuidString
from api.schemas.month_close import MonthCloseOut, StepOut
from api.schemas.months import MonthString
from finance.accounting.months import month_of, parse_month

routes = Pages(area="closing")

_READS = asks(Scope.LEDGER_READ)
_ANSWERED = {"reopen_proposed": "reopened", "soft_closed": "hard_closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Months:
    """The month shown and its neighbours, spelled YYYY-MM."""

    month: str
    last_day: str
    before: str
    after: str

    @classmethod
    def asked(cls, month: str | None, today: date) -> _Months:
        """Return the month asked for, else the last one that is over."""
        shown = parse_month(month) if month else month_of(today.replace(day=1) - timedelta(days=1))
        return cls(
            month=str(shown),
            last_day=shown.last_day.isoformat(),
            before=str(month_of(shown.start - timedelta(days=1))),
            after=str(month_of(shown.end)),
        )


@routes.get(
    "/books/{book_id}/month-close",
    policy=_READS,
    nav=Nav(label=mark("Month close"), group=Group.ACCOUNTING, order=10, icon="check"),
)
def show_month_close(book_id: UuidString, page: ThisPage, month: MonthString | None = None) -> Response:
    """Show the checklist of a month with its evidence, what a person may do next, and every step so far."""
    months = _Months.asked(month, page.today)
    close = page.use(read_month_close, book_id=book_id, month=months.month)
    return page.show(
        "closing/month_close.html",
        close=close,
        months=months,
        days=page.use(list_day_closes, book_id=book_id, month=months.month).closes,
        softly=_standing(close, "soft_closed"),
        reopening=_standing(close, "reopen_proposed"),
        last_day=parse_month(months.month).last_day,
        accruals=page.attempt(plan_accruals, book_id=book_id, month=months.month),
        names=page.names(),
        may=_may(page),
    )


@routes.get(
    "/books/{book_id}/vouchers",
    policy=_READS,
    nav=Nav(label=mark("Vouchers"), group=Group.ACCOUNTING, order=20, icon="file"),
)
def show_vouchers(
    book_id: UuidString, page: ThisPage, month: MonthString | None = None, after: PageCursor | None = None
) -> Response:
    """Show a month's vouchers by number, how they stand against the ledger, and the files for an ERP."""
    months = _Months.asked(month, page.today)
    shown = page.use(list_vouchers, book_id=book_id, month=months.month, after=after, limit=50)
    mine = page.call.principal.user_id
    waiting = tuple(one for one in shown.vouchers if one.reviewed_by is None and mine != one.prepared_by)
    return page.show(
        "closing/vouchers.html",
        check=page.use(check_vouchers, book_id=book_id, month=months.month),
        shown=shown,
        months=months,
        after=after,
        reviewable=waiting,
        names=page.names(),
        may=_may(page),
    )


@routes.get("/books/{book_id}/vouchers/{month}/{number}", policy=_READS)
def show_voucher(book_id: UuidString, month: MonthString, number: WholeNumber, page: ThisPage) -> Response:
    """Show one voucher with its lines, papers, persons and the entry it stands for."""
    return page.show(
        "closing/voucher.html",
        voucher=page.use(read_voucher, book_id=book_id, month=month, number=number),
        names=page.names(),
        may=_may(page),
    )


def _standing(close: MonthCloseOut, what: str) -> StepOut | None:
    """Return the newest step of the kind that nothing has answered or undone since."""
    found: StepOut | None = None
    for step in close.steps:
        if step.what == what:
            found = step
        elif step.what in {_ANSWERED[what], "reopened"}:
            found = None
    return found


def _may(page: Page) -> dict[str, bool]:
    return {
        "prepare": page.may(confirm_item),
        "accrue": page.may(post_accruals),
        "approve": page.may(approve_waiver),
        "close_softly": page.may(close_month_softly),
        "close": page.may(close_month_hard),
        "reopen": page.may(reopen_month),
        "value": page.may(close_day),
        "number": page.may(number_vouchers),
        "review": page.may(review_vouchers),
    }
