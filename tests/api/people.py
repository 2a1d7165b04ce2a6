"""People for tests: a place in an organisation with the roles that give what is asked, and the proof that carries it.

Approving is a person's act, so whoever is asked to approve gets a session's token; everyone else gets a key with exactly these scopes.
Both go into ``Authorization: Bearer``. Sessions of tests do not grow old: that they do elsewhere is tested in ``test_sessions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.auth.granting import GrantTerms, grant_role
from api.auth.issue import KeyTerms, issue_key
from api.auth.principal import APPROVING, Role, Scope
from api.auth.roles import TABLE, scopes_of
from api.auth.session_token import new_token, token_sha256
from api.deps import unit_of_work, uuid7
from api.store import access, role_grants, sessions
from api.store.access import Organisation, OrganisationKind, User
from ledger.store.database import Database
from tests.api.client import Clock, Randomness
from tests.four_eyes import let_act_alone

LONG = timedelta(days=3650)


@dataclass(frozen=True)
class Member:
    """A person with a proof for ``Authorization: Bearer``: ``key_id`` names it when it is an API key."""

    organisation_id: UUID
    user_id: UUID
    key_id: UUID | None
    key: str

    @property
    def api_key_id(self) -> UUID:
        """The id of the person's API key, where the proof is one."""
        assert self.key_id is not None
        return self.key_id


def roles_for(kind: OrganisationKind, scopes: Iterable[Scope]) -> tuple[Role, ...]:
    """Return few roles of ``kind`` that give every scope which exists there; a scope that no role gives is left out."""
    left: set[Scope] = set(scopes)
    chosen: list[Role] = []
    lasting = sorted(set(TABLE[kind]) - {Role.AUDITOR})
    while left:
        best = max(lasting, key=lambda role: (len(TABLE[kind][role] & left), -len(TABLE[kind][role])))
        if not TABLE[kind][best] & left:
            break
        chosen.append(best)
        left -= TABLE[kind][best]
    return tuple(chosen)


def organisation(
    database: Database, clock: Clock, randomness: Randomness, kind: OrganisationKind, name: str
) -> Organisation:
    with unit_of_work(database) as session:
        return access.add_organisation(
            session, organisation_id=uuid7(clock(), randomness), kind=kind, legal_name=name, now=clock()
        )


def person(
    database: Database, clock: Clock, randomness: Randomness, organisation_id: UUID, email: str, name: str = "A Person"
) -> User:
    with unit_of_work(database) as session:
        return access.add_user(
            session,
            user_id=uuid7(clock(), randomness),
            organisation_id=organisation_id,
            email=email,
            name=name,
            now=clock(),
        )


def place(database: Database, who: Member) -> User:
    """Return the place of a member."""
    with database.reader() as session:
        user = access.load_user(session, who.organisation_id, who.user_id)
    assert user is not None
    return user


def give_roles(session: Session, user: User, roles: Iterable[Role], *, now: datetime) -> None:
    """Give roles as the operator on the server does: alone, for good, and long before any day that a test goes back to."""
    held = role_grants.live_roles(session, user.user_id, now=now)
    long_ago = datetime(2015, 1, 1, tzinfo=UTC)
    for role in roles:
        if role.value not in held:
            terms = GrantTerms(role=role, from_at=long_ago, until_at=None, reason="test")
            grant_role(session, user, terms, granted_by=None, now=long_ago, new_id=uuid4)


def session_token(
    session: Session,
    user: User,
    *,
    now: datetime,
    randomness: Callable[[int], bytes],
    is_approving_allowed: bool = True,
) -> str:
    """Return the token of a session that began with a second factor and does not grow old."""
    token = new_token(randomness)
    began = sessions.AccessSession(
        session_id=uuid7(now, randomness),
        organisation_id=user.organisation_id,
        user_id=user.user_id,
        created_at=now,
        last_seen_at=now,
        idle_s=LONG // timedelta(seconds=1),
        expires_at=now + LONG,
        is_approving_allowed=is_approving_allowed,
        address="",
        revoked_at=None,
    )
    sessions.add_session(session, began, token_sha256=token_sha256(token))
    return token


def proof(
    database: Database, clock: Clock, randomness: Randomness, user: User, scopes: Iterable[Scope], *, days: int = 30
) -> Member:
    """Return the person with a proof that carries ``scopes``: a session when any of them approves, else a key."""
    asked = frozenset(scopes)
    with unit_of_work(database) as session:
        house = access.load_organisation(session, user.organisation_id)
        assert house is not None
        give_roles(session, user, roles_for(house.kind, asked), now=clock())
        if asked & APPROVING:
            token = session_token(session, user, now=clock(), randomness=randomness)
            return Member(organisation_id=user.organisation_id, user_id=user.user_id, key_id=None, key=token)
        given = scopes_of(house.kind, set(TABLE[house.kind]) - {Role.AUDITOR})
        issued = issue_key(
            session,
            organisation_id=user.organisation_id,
            user_id=user.user_id,
            terms=KeyTerms(scopes=asked & given, days=days),
            now=clock(),
            new_id=lambda: uuid7(clock(), randomness),
            random_bytes=randomness,
        )
    return Member(organisation_id=user.organisation_id, user_id=user.user_id, key_id=issued.key.key_id, key=issued.text)


def member(
    database: Database,
    clock: Clock,
    randomness: Randomness,
    kind: OrganisationKind,
    name: str,
    scopes: Iterable[Scope],
    *,
    acts_alone: bool = True,
) -> Member:
    """Return the first person of a new organisation, whose people act alone unless said otherwise."""
    house = organisation(database, clock, randomness, kind, name)
    if acts_alone:
        with unit_of_work(database) as session:
            let_act_alone(session, house.organisation_id)
    email = f"first@{kind}.example"
    return proof(
        database,
        clock,
        randomness,
        person(database, clock, randomness, house.organisation_id, email, "First Person"),
        scopes,
    )


def colleague_of(
    database: Database,
    clock: Clock,
    randomness: Randomness,
    first: Member,
    email: str,
    scopes: Iterable[Scope],
    name: str = "Second Person",
) -> Member:
    """Return one more person of the same organisation."""
    return proof(
        database, clock, randomness, person(database, clock, randomness, first.organisation_id, email, name), scopes
    )
