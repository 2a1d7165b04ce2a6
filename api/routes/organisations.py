"""Who I am, and the organisations I may see."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.auth.scope import ORGANISATION, USER
from api.deps import ThisCall
from api.schemas.access import MeOut, OrganisationOut, UserOut
from api.schemas.fields import UuidString

routes = Routes(tag="organisations")


@routes.get("/me", policy=asks())
def read_me(call: ThisCall) -> MeOut:
    """Return the person and organisation that the key in use stands for, and its scopes."""
    principal = call.principal
    return MeOut(
        user=UserOut.from_core(call.load(USER, principal.user_id)),
        organisation=OrganisationOut.from_core(call.load(ORGANISATION, principal.organisation_id)),
        key_id=principal.key_id,
        scopes=tuple(sorted(scope.value for scope in principal.scopes)),
    )


@routes.get("/organisations/{organisation_id}", policy=asks())
def read_organisation(organisation_id: UuidString, call: ThisCall) -> OrganisationOut:
    """Return an organisation that the caller may see: its own."""
    return OrganisationOut.from_core(call.load(ORGANISATION, organisation_id))
