"""Telling a trading desk that a limit is nearly used, or that one refused an order.

Joins the caller's transaction and commits nothing. From which share of a limit on is the organisation's threshold.
"""

from __future__ import annotations

from fractions import Fraction

from finance.conventions import notice_words
from finance.conventions.calendars import china_day
from finance.conventions.notice_words import BookName
from finance.operations.notices import raise_notice
from finance.operations.order_checks import Checked, RefusedByLimit
from finance.operations.trading_desk import Desk
from finance.store import notice_settings, reference
from finance.trading.limits import LimitScope


def tell_limits_used(desk: Desk, checked: Checked) -> None:
    """Tell the desk of each limit that this order brings to its threshold, once for each limit and trading day.

    A limit per trade adds nothing up, so it is never nearly used.
    """
    found = [use for use in checked.limit_uses if use.limit.terms.scope is not LimitScope.TRADE]
    if not found:
        return
    rules, organisation_id = reference.shipped_notice_rules(), desk.book.tenant_id
    on = china_day(desk.now)
    threshold = Fraction(notice_settings.thresholds_of(desk.session, organisation_id, rules, on=on).limit_used)
    for use in found:
        measured = use.tightest
        if measured.share < threshold:
            continue
        told = notice_words.limit_used(
            organisation_id,
            BookName(book_id=desk.book.book_uuid, code=desk.book.code),
            limit_id=use.limit.limit_id,
            named=f"{use.limit.terms.scope.value} {use.limit.terms.key}".strip(),
            day=use.asked.trading_day,
            used=measured.used,
            limit=measured.limit,
            unit=measured.unit,
            used_share=measured.share,
        )
        raise_notice(desk.session, told, now=desk.now)


def tell_limit_refused(desk: Desk, refused: RefusedByLimit) -> None:
    """Tell the desk that a limit refused an order: nothing of the order itself is stored."""
    terms = refused.checked.question.terms
    told = notice_words.limit_refused(
        desk.book.tenant_id,
        BookName(book_id=desk.book.book_uuid, code=desk.book.code),
        order_id=refused.checked.order_id,
        instrument=terms.instrument,
        quantity=terms.quantity,
        unit=refused.checked.question.instrument.unit,
        said="; ".join(one.explanation.label_en for one in refused.checked.refused_by_limit),
        said_zh="；".join(one.explanation.label_zh for one in refused.checked.refused_by_limit),
    )
    raise_notice(desk.session, told, now=desk.now)
