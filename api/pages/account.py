"""The reader's own account: who they are, what they may do, and how pages are shown to them."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages
from api.pages.base.page import ThisPage

routes = Pages(area="account")


@routes.get("/account", policy=asks())
def show_account(page: ThisPage) -> Response:
    """Show who is signed in and with which rights."""
    return page.show("account/account.html")
