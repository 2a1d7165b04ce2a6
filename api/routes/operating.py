"""The operator's routes: organisations of the installation and their first administrators. No book is reached from here."""

from __future__ import annotations

from api.auth.granting import GrantTerms, grant_role
from api.auth.inviting import invite
from api.auth.policy import Routes, asks
from api.auth.principal import Role, Scope
from api.deps import ThisCall
from api.routes.people import invited
from api.schemas.access import OrganisationOut
from api.schemas.people import OrganisationIn, OrganisationMadeOut, OrganisationsOut
from api.store import access
from api.store.access import OrganisationKind
from ledger.core.errors import Invalid

routes = Routes(tag="operating")

_OPERATOR = asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,))


@routes.get("/organisations", policy=_OPERATOR)
def list_organisations(call: ThisCall) -> OrganisationsOut:
    """Return every organisation of the installation."""
    return OrganisationsOut(
        organisations=tuple(OrganisationOut.from_core(each) for each in access.list_organisations(call.session))
    )


@routes.post("/organisations", policy=_OPERATOR, keeps_answer=False)
def register_organisation(body: OrganisationIn, call: ThisCall) -> OrganisationMadeOut:
    """Add an organisation with its first administrator, who invites the others; the second comes from ``tonne role grant``."""
    if body.kind is OrganisationKind.OPERATOR:
        raise Invalid(
            "organisation.kind", "kind: expected another than operator; an installation has one", field="kind"
        )
    made = access.add_organisation(
        call.session, organisation_id=call.new_id(), kind=body.kind, legal_name=body.legal_name, now=call.now
    )
    first = invite(
        call.session,
        organisation_id=made.organisation_id,
        email=body.administrator.email,
        name=body.administrator.name,
        invited_by=call.principal.user_id,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    terms = GrantTerms(role=Role.ADMIN, from_at=call.now, until_at=None, reason="first administrator")
    grant_role(call.session, first.user, terms, granted_by=None, now=call.now, new_id=call.new_id)
    return OrganisationMadeOut(organisation=OrganisationOut.from_core(made), administrator=invited(call, first))
