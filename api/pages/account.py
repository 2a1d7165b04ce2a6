"""The reader's own account: who they are, what they may do, their password, second factor, sessions and language."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import KNOWN
from api.pages.base.declaring import Pages
from api.pages.base.page import ThisPage
from api.pages.people import ROLE_WORDS, SCOPE_WORDS
from api.routes.account import list_sessions
from api.routes.oidc_sign_in import list_identities, list_sign_in_providers

routes = Pages(area="account")

_ROLES = {role.value: words for role, words in ROLE_WORDS.items()}


@routes.get("/account", policy=KNOWN)
def show_account(page: ThisPage) -> Response:
    """Show who is signed in, with which rights, and what protects the account; a key has no password and no sessions."""
    sessions = page.use(list_sessions).sessions if page.may(list_sessions) else None
    identities = page.use(list_identities).identities if page.may(list_identities) else ()
    providers = page.use(list_sign_in_providers).providers
    return page.show(
        "account/account.html",
        sessions=sessions,
        roles=_ROLES,
        scope_words=SCOPE_WORDS,
        identities=identities,
        providers=[(str(each.id), each.name) for each in providers],
    )
