"""Who may do what, as pages: people and their roles, keys, sessions, what happened at the door, and the operator's organisations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Role, Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.account import list_sessions
from api.routes.keys import issue_api_key, list_api_keys
from api.routes.operating import list_organisations
from api.routes.people import confirm_role, give_role, list_access_events, list_people, list_role_grants
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="people")

_READS = asks(Scope.ACCESS_READ)
ROLE_WORDS = {
    Role.ADMIN: mark("administrator"),
    Role.MAKER: mark("maker"),
    Role.CHECKER: mark("checker"),
    Role.TRADER: mark("trader"),
    Role.CLOSER: mark("closer"),
    Role.VIEWER: mark("viewer"),
    Role.OFFICER: mark("officer"),
    Role.APPROVER: mark("approver"),
    Role.PREPARER: mark("preparer"),
    Role.REVIEWER: mark("reviewer"),
    Role.SIGNATORY: mark("signatory"),
    Role.AUDITOR: mark("auditor"),
    Role.OPERATOR: mark("operator"),
}
"""What each role is called; every role has its words."""

SCOPE_WORDS = {
    Scope.LEDGER_READ: mark("read books, prices and figures"),
    Scope.LEDGER_WRITE: mark("book entries, trades and holds"),
    Scope.LEDGER_CLOSE: mark("close and reopen periods"),
    Scope.LEDGER_ENFORCE: mark("enforce on what is set aside for another"),
    Scope.ACTIVITY_WRITE: mark("bring activity data"),
    Scope.KPI_WRITE: mark("report KPI values"),
    Scope.MARKET_WRITE: mark("bring prices and propose marks"),
    Scope.MARKET_APPROVE: mark("approve prices and sources"),
    Scope.TRADING_WRITE: mark("propose orders, limits and contracts"),
    Scope.TRADING_APPROVE: mark("approve orders, limits and contracts"),
    Scope.COMPLIANCE_WRITE: mark("propose compliance facts and plans"),
    Scope.COMPLIANCE_APPROVE: mark("approve compliance facts and plans"),
    Scope.ACCOUNTING_WRITE: mark("prepare vouchers and the month's close"),
    Scope.ACCOUNTING_APPROVE: mark("review vouchers and the month's close"),
    Scope.FACILITY_WRITE: mark("write loan terms and facts"),
    Scope.FACILITY_AGREE: mark("agree to loan terms and adjustments"),
    Scope.ENGAGEMENT_WRITE: mark("engage an assessor"),
    Scope.ATTESTATION_WRITE: mark("draft and sign statements"),
    Scope.ATTESTATION_APPROVE: mark("review statements and keys"),
    Scope.DETERMINATION_PROPOSE: mark("propose rate decisions"),
    Scope.DETERMINATION_APPROVE: mark("approve rate decisions"),
    Scope.COMPLIANCE_READ: mark("read compliance figures"),
    Scope.LEDGER_APPROVE: mark("agree to transfers, releases and imports"),
    Scope.KPI_APPROVE: mark("agree to what is reported of a KPI"),
    Scope.ACCESS_APPROVE: mark("agree to roles and four-eyes rules"),
    Scope.ACCESS_READ: mark("read who may do what and the audit log"),
    Scope.ADMIN: mark("administer people, roles and keys"),
    Scope.OPERATE: mark("run the installation"),
}
"""What each right lets a person or a key do."""

KIND_WORDS = {
    OrganisationKind.BORROWER: mark("group of companies"),
    OrganisationKind.LENDER: mark("bank"),
    OrganisationKind.ASSESSOR: mark("assessor"),
    OrganisationKind.AUDITOR: mark("auditor"),
    OrganisationKind.OPERATOR: mark("operator"),
}
"""What each kind of organisation is called."""

EVENT_WORDS = {
    "signed_in": mark("signed in"),
    "token_issued": mark("one-time token issued"),
    "invitation_accepted": mark("password set with a token"),
    "password_reset": mark("password set anew with a token"),
    "password_changed": mark("password changed"),
    "second_factor_enrolled": mark("second factor set up"),
    "session_revoked": mark("session ended"),
    "second_factor_removed": mark("second factor removed"),
    "disabled": mark("person disabled"),
    "audit_read": mark("read by an auditor"),
    "role_proposed": mark("role proposed"),
    "role_given": mark("role given"),
    "role_confirmed": mark("role confirmed"),
    "role_ended": mark("role ended"),
    "identity_linked": mark("provider's identity linked"),
    "identity_unlinked": mark("provider's identity unlinked"),
    "provider_proposed": mark("provider proposed"),
    "provider_added": mark("provider added"),
    "provider_confirmed": mark("provider confirmed"),
    "provider_ended": mark("provider ended"),
}
"""What each event at the door is called; one that is not named here is shown by its code."""

TOKEN_WORDS = {"invitation": mark("invitation"), "password": mark("for a new password")}
"""What a one-time token is for."""

STATE_WORDS = (
    mark("waiting"),
    mark("coming"),
    mark("live"),
    mark("expired"),
    mark("ended"),
    mark("member"),
    mark("invited"),
    mark("disabled"),
)
"""The codes of people and roles that a page says as they are, each with its translation."""

_ROLES = {role.value: words for role, words in ROLE_WORDS.items()}
_KINDS = {kind.value: words for kind, words in KIND_WORDS.items()}


@routes.get(
    "/people", policy=_READS, nav=Nav(label=mark("People"), group=Group.ADMINISTRATION, order=20, icon="people")
)
def show_people(page: ThisPage) -> Response:
    """Show the people of the organisation, every role that was given, and the forms to invite, give and end."""
    grants = page.use(list_role_grants)
    return page.show(
        "people/people.html",
        people=page.use(list_people).people,
        grants=grants.grants,
        kinds_of_role=[(role, page.say(_ROLES[role])) for role in grants.roles],
        roles=_ROLES,
        names=page.names(),
        may_confirm=page.may(confirm_role),
        may_give=page.may(give_role),
    )


@routes.get("/keys", policy=_READS, nav=Nav(label=mark("API keys"), group=Group.ADMINISTRATION, order=30, icon="key"))
def show_keys(page: ThisPage) -> Response:
    """Show the organisation's keys without secrets, and the form for a new one."""
    found = page.use(list_api_keys)
    return page.show(
        "people/keys.html",
        keys=found.api_keys,
        scopes=found.scopes,
        scope_words=SCOPE_WORDS,
        choices=[
            (str(each.user.id), each.user.name) for each in page.use(list_people).people if each.state == "member"
        ],
        names=page.names(),
        now=page.call.now,
        may_issue=page.may(issue_api_key),
    )


@routes.get("/access", policy=_READS, nav=Nav(label=mark("Access log"), group=Group.EVIDENCE, order=25, icon="key"))
def show_access(
    page: ThisPage, before: Annotated[UuidString | None, Query(description="The last event of the page before.")] = None
) -> Response:
    """Show what happened at the organisation's door, and who is signed in now."""
    sessions = page.attempt(list_sessions, of_organisation=True) if page.may(list_sessions) else None
    return page.show(
        "people/access.html",
        events=page.use(list_access_events, before=before).events,
        sessions=() if sessions is None or sessions.answer is None else sessions.answer.sessions,
        names=page.names(),
        words=EVENT_WORDS,
        roles=ROLE_WORDS,
        tokens=TOKEN_WORDS,
        may_end=page.may(give_role),
        before=before,
    )


@routes.get(
    "/organisations",
    policy=asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,)),
    nav=Nav(label=mark("Organisations"), group=Group.ADMINISTRATION, order=10, icon="home"),
)
def show_organisations(page: ThisPage) -> Response:
    """Show every organisation of the installation and the form for a new one."""
    made = [
        (kind.value, page.say(words)) for kind, words in KIND_WORDS.items() if kind is not OrganisationKind.OPERATOR
    ]
    return page.show(
        "people/organisations.html",
        organisations=page.use(list_organisations).organisations,
        kinds=made,
        words=_KINDS,
    )
