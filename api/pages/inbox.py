"""What waits for the reader and what the reader asked for, each with the exact difference and the route that decides it."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.inbox import read_asked, read_inbox

routes = Pages(area="inbox")


@routes.get("/inbox", policy=asks(), nav=Nav(label=mark("Inbox"), group=Group.DESK, order=5, icon="inbox"))
def show_inbox(page: ThisPage) -> Response:
    """Show everything that the reader may decide now, the oldest first."""
    return page.show("inbox/inbox.html", waiting=page.use(read_inbox).waiting, is_mine=False, names=page.names())


@routes.get("/inbox/mine", policy=asks())
def show_asked(page: ThisPage) -> Response:
    """Show what the reader asked for and nobody has decided."""
    return page.show("inbox/inbox.html", waiting=page.use(read_asked).waiting, is_mine=True, names=page.names())
