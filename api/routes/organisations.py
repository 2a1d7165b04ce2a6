"""Who I am, and the organisations I may see."""

from __future__ import annotations

from api.auth.policy import KNOWN, Routes, asks
from api.auth.principal import APPROVING, Principal
from api.auth.roles import scopes_of
from api.auth.scope import ORGANISATION, USER
from api.auth.session_token import csrf_token
from api.deps import Call, ThisCall
from api.schemas.access import MeOut, OrganisationOut, UserOut
from api.schemas.fields import UuidString
from api.store import people

routes = Routes(tag="organisations")


@routes.get("/me", policy=KNOWN)
def read_me(call: ThisCall) -> MeOut:
    """Return the person and organisation that the caller stands for, its roles and scopes, and what is missing for more."""
    principal = call.principal
    is_session = principal.session_id is not None and call.token is not None
    return MeOut(
        user=UserOut.from_core(call.load(USER, principal.user_id)),
        organisation=OrganisationOut.from_core(call.load(ORGANISATION, principal.organisation_id)),
        session_id=principal.session_id,
        key_id=principal.key_id,
        roles=tuple(sorted(role.value for role in principal.roles)),
        scopes=tuple(sorted(scope.value for scope in principal.scopes)),
        is_approving_allowed=principal.is_approving_allowed,
        missing=_missing(call, principal) if is_session else (),
        csrf_token=csrf_token(call.token) if is_session and call.token else None,
    )


def _missing(call: Call, principal: Principal) -> tuple[str, ...]:
    """Return what a session's person would have to do to approve, where a role of its own would let it."""
    may_approve = scopes_of(principal.organisation_kind, principal.roles) & APPROVING
    if principal.is_approving_allowed or not may_approve:
        return ()
    has_one = people.load_credentials(call.session, principal.person_id).has_second_factor
    return ("sign_in_again",) if has_one else ("second_factor",)


@routes.get("/organisations/{organisation_id}", policy=asks())
def read_organisation(organisation_id: UuidString, call: ThisCall) -> OrganisationOut:
    """Return an organisation that the caller may see: its own."""
    return OrganisationOut.from_core(call.load(ORGANISATION, organisation_id))
