"""The operator's OpenID providers as a page: those that wait, live and ended, and the form for a new one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.oidc_providers import confirm_oidc_provider, list_oidc_providers
from api.store.access import OrganisationKind

routes = Pages(area="providers")


@routes.get(
    "/providers",
    policy=asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,)),
    nav=Nav(label=mark("Sign-in providers"), group=Group.ADMINISTRATION, order=40, icon="key"),
)
def show_providers(page: ThisPage, request: Request) -> Response:
    """Show every provider with which people sign in or once did, and what is to be registered there."""
    return page.show(
        "providers/providers.html",
        providers=page.use(list_oidc_providers, request=request).providers,
        may_confirm=page.may(confirm_oidc_provider),
        names=page.names(),
    )
