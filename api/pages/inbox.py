"""What waits for the reader and what the reader asked for, each with the exact difference and the route that decides it."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.people import ROLE_WORDS
from api.routes.inbox import read_asked, read_inbox
from api.schemas.inbox import InboxOut

routes = Pages(area="inbox")


@routes.get("/inbox", policy=asks(), nav=Nav(label=mark("Inbox"), group=Group.DESK, order=5, icon="inbox"))
def show_inbox(page: ThisPage) -> Response:
    """Show everything that the reader may decide now, the oldest first."""
    return _shown(page, page.use(read_inbox), is_mine=False)


@routes.get("/inbox/mine", policy=asks())
def show_asked(page: ThisPage) -> Response:
    """Show what the reader asked for and nobody has decided."""
    return _shown(page, page.use(read_asked), is_mine=True)


def _shown(page: Page, found: InboxOut, *, is_mine: bool) -> Response:
    names = page.names()
    pages = {each.page for each in found.waiting if page.leads(each.page)}
    return page.show(
        "inbox/inbox.html",
        waiting=found.waiting,
        is_mine=is_mine,
        names=names,
        pages=frozenset(pages),
        people={str(each): name for each, name in names.items()},
        roles=ROLE_WORDS,
    )
