"""The way in: signing in, choosing a password with a one-time token, and the first operator.

Each page only sends to the API, then goes where the reader wanted to go. A token stands in no address that a server sees.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import PUBLIC
from api.pages.base.declaring import Pages
from api.pages.base.page import ThisPage
from api.routes.oidc_sign_in import list_sign_in_providers
from api.schemas.fields import UuidString

routes = Pages(area="sign_in")

_HERE = re.compile(r"/(?![/\\])[A-Za-z0-9/._~%?&=+:,@-]{0,1000}", re.ASCII)


def own_path(wanted: str) -> str:
    """Return ``wanted`` when it is a path of this site, else the overview: nobody is led elsewhere by a link to sign in."""
    return wanted if _HERE.fullmatch(wanted) else "/"


@routes.get("/sign-in", policy=PUBLIC)
def show_sign_in(
    page: ThisPage, following: Annotated[str, Query(alias="next", max_length=1_100, examples=["/"])] = "/"
) -> Response:
    """Show the form for e-mail, password and the second factor, and the providers with which people sign in too."""
    providers = page.use(list_sign_in_providers).providers
    return page.show("sign_in/sign_in.html", following=own_path(following), providers=providers)


@routes.get("/sign-in/callback/{provider_id}", policy=PUBLIC, takes_any_query=True)
def show_callback(provider_id: UuidString, page: ThisPage) -> Response:
    """Take the reader on who comes back from a provider: the page's script sends what it brought, once, and cleans the address."""
    return page.show("sign_in/callback.html", provider_id=provider_id)


@routes.get("/invitation", policy=PUBLIC)
def show_invitation(page: ThisPage) -> Response:
    """Show the form by which an invited person, or one whose password was reset, chooses a password."""
    return page.show("sign_in/invitation.html")


@routes.get("/first-run", policy=PUBLIC)
def show_first_run(page: ThisPage) -> Response:
    """Show the form that makes the first operator."""
    return page.show("sign_in/first_run.html")
