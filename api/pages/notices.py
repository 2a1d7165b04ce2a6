"""Alerts as pages: what concerns the reader, what to hear of and how, from when conditions alert, and what was delivered where."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.notices import (
    list_notice_deliveries,
    list_notice_thresholds,
    list_notices,
    read_notice_settings,
    set_notice_threshold,
)
from api.routes.webhooks import approve_webhook, list_webhooks
from api.schemas.base import Choice
from api.schemas.fields import PageCursor
from finance.conventions.notices import NoticeKind
from finance.store.deliveries import DeliveryState

routes = Pages(area="notices")

_PAGE = 50
KIND_WORDS = {
    NoticeKind.COMPLIANCE_GAP: mark("Compliance gap"),
    NoticeKind.TARGET_AT_RISK: mark("Target at risk"),
    NoticeKind.PRICE_STALE: mark("Stale price"),
    NoticeKind.REPORT_DUE: mark("Report due"),
    NoticeKind.LIMIT_USED: mark("Limit nearly used"),
    NoticeKind.LIMIT_REFUSED: mark("Limit refused an order"),
    NoticeKind.JOB_FAILED: mark("Job failed"),
    NoticeKind.WITNESS_REFUSED: mark("Witness refused"),
    NoticeKind.APPROVAL_WAITS: mark("Approval waits"),
    NoticeKind.IMPORT_FINISHED: mark("Import finished"),
    NoticeKind.RATE_DECIDED: mark("Rate decided"),
    NoticeKind.TEST: mark("Test message"),
}
"""What each kind of alert is called; every kind has its words."""

STATE_WORDS = (
    mark("pending"),
    mark("claimed"),
    mark("sent"),
    mark("dead"),
    mark("failed"),
    mark("retried"),
    mark("proposed"),
    mark("live"),
    mark("rejected"),
    mark("ended"),
    mark("email"),
    mark("webhook"),
)
"""The codes of deliveries and webhooks that a page says as they are, each with its translation."""

_WORDS = {kind.value: words for kind, words in KIND_WORDS.items()}


@routes.get("/notices", policy=asks(), nav=Nav(label=mark("Alerts"), group=Group.DESK, order=30, icon="bell"))
def show_notices(
    page: ThisPage,
    kind: Annotated[Choice[NoticeKind] | None, Query(description="One kind.")] = None,
    only_open: Annotated[
        str, Query(alias="open", pattern="^(true|false)$", description="Only what still stands.")
    ] = "false",
    after: PageCursor | None = None,
) -> Response:
    """Show the alerts that concern the reader, unread ones first."""
    found = page.use(list_notices, after=after, limit=_PAGE, kind=kind, only_open=only_open)
    return page.show(
        "notices/notices.html",
        found=found,
        pages={each.path for each in found.notices if each.path != "/notices" and page.leads(each.path)},
        kind=kind.value if kind else "",
        only_open=only_open,
        words=_WORDS,
        after=after,
        may_see_deliveries=page.may(list_notice_deliveries),
    )


@routes.get("/notices/settings", policy=asks())
def show_notice_settings(page: ThisPage) -> Response:
    """Show what the reader hears of and how, and the organisation's thresholds."""
    return page.show(
        "notices/settings.html",
        setting=page.use(read_notice_settings),
        thresholds=page.use(list_notice_thresholds).thresholds,
        may_set=page.may(set_notice_threshold),
        words=_WORDS,
        may_see_deliveries=page.may(list_notice_deliveries),
    )


@routes.get("/notices/deliveries", policy=asks(Scope.ADMIN))
def show_deliveries(
    page: ThisPage,
    state: Annotated[Choice[DeliveryState] | None, Query(description="Only those that stand so.")] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show who got what when, with every try, and the organisation's webhooks."""
    webhooks = page.use(list_webhooks).webhooks
    return page.show(
        "notices/deliveries.html",
        found=page.use(list_notice_deliveries, after=after, limit=_PAGE, state=state, target_id=None),
        webhooks=webhooks,
        addresses={each.webhook_id: each.url for each in webhooks},
        may_confirm=page.may(approve_webhook),
        state=state.value if state else "",
        states=tuple(each.value for each in DeliveryState),
        names=page.names(),
        words=_WORDS,
        after=after,
    )
