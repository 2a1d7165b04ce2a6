"""The example's people at the door: their roles, and passwords and second factors that are made when asked for and told once.

Only for organisations that are marked as the example's; nobody else's password is ever set from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.granting import GrantTerms, grant_role
from api.auth.passwords import hash_password
from api.auth.roles import read_role
from api.auth.second_factor import new_secret
from api.auth.totp_seal import TotpSeal
from api.example.scenario import Scenario
from api.store import access, people, role_grants
from api.store.access import Organisation, User

_PASSWORD_BYTES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPerson:
    """How one person of the example signs in, to be shown once."""

    organisation: str
    email: str
    roles: tuple[str, ...]
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


def give_roles(session: Session, scenario: Scenario, *, now: datetime, new_id: Callable[[], UUID]) -> None:
    """Give the example's people their roles, those that are not given yet, as the operator on the server does."""
    for organisation, user, roles in _cast(session, scenario):
        held = {grant.role for grant in role_grants.grants_of_user(session, user.user_id)}
        for name in roles:
            if name not in held:
                terms = GrantTerms(
                    role=read_role(organisation.kind, name), from_at=now, until_at=None, reason="cast of the example"
                )
                grant_role(session, user, terms, granted_by=None, now=now, new_id=new_id)


def give_credentials(
    session: Session,
    scenario: Scenario,
    *,
    seal: TotpSeal,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> tuple[ShownPerson, ...]:
    """Give everybody of the example without a password a new one and a second factor; return how they sign in, for this once."""
    shown = []
    for organisation, user, roles in without_password(session, scenario):
        password, secret = random_bytes(_PASSWORD_BYTES).hex(), new_secret(random_bytes)
        hashed = hash_password(password, random_bytes=random_bytes)
        people.set_password(session, user.person_id, password_hash=hashed, now=now)
        sealed = seal.seal(secret, person_id=user.person_id, random_bytes=random_bytes)
        people.propose_totp(session, user.person_id, secret=sealed)
        people.confirm_totp(session, user.person_id, step=0, recovery_sha256=(), now=now)
        shown.append(
            ShownPerson(
                organisation=organisation.legal_name,
                email=user.email,
                roles=roles,
                password=password,
                totp_secret=secret,
            )
        )
    return tuple(shown)


def without_password(session: Session, scenario: Scenario) -> tuple[tuple[Organisation, User, tuple[str, ...]], ...]:
    """Return everybody of the example who cannot sign in yet, with organisation and roles."""
    return tuple(
        (organisation, user, roles)
        for organisation, user, roles in _cast(session, scenario)
        if organisation.is_demo and people.load_credentials(session, user.person_id).password_hash is None
    )


def _cast(session: Session, scenario: Scenario) -> tuple[tuple[Organisation, User, tuple[str, ...]], ...]:
    found = []
    for part, facts in scenario.facts["organisations"].items():
        organisation = access.load_organisation(session, scenario.organisation_id(part))
        assert organisation is not None, "the example's organisations were loaded before"
        for person in facts["people"]:
            user = access.load_user(session, organisation.organisation_id, scenario.id_of("user", part, person))
            assert user is not None, "the example's people were loaded before"
            found.append((organisation, user, tuple(facts["roles"][person])))
    return tuple(found)
