"""``tonne role``: gives, ends and lists roles on the server, where the operator may do alone what takes two administrators elsewhere."""

from __future__ import annotations

import argparse
import os
import secrets
from datetime import UTC, date, datetime, time
from typing import TextIO

from sqlalchemy.orm import Session

from api.auth.granting import GrantTerms, end_grant, grant_role
from api.auth.principal import Role
from api.auth.roles import TABLE, read_role
from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.settings import add_database_option, from_environment
from api.store import access, role_grants
from api.store.role_grants import GrantState
from ledger.core.errors import Invalid, NotFound


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("role", help="give, end and list roles").add_subparsers(required=True)
    grant = actions.add_parser(
        "grant", help="give a person a role; a role that approves too, without a second administrator"
    )
    _name_person(grant)
    grant.add_argument("--role", required=True, action="append", help=f"once for each of: {', '.join(sorted(Role))}")
    grant.add_argument("--until", metavar="DAY", help="first day without it (UTC); an auditor's has to end")
    grant.set_defaults(run=_grant)
    revoke = actions.add_parser("revoke", help="end a person's role at once")
    _name_person(revoke)
    revoke.add_argument("--role", required=True, help="the role to end")
    revoke.set_defaults(run=_revoke)
    listing = actions.add_parser("list", help="print who has which role in an organisation, and which roles there are")
    add_database_option(listing)
    listing.add_argument("--organisation", required=True, help="its id or legal name")
    listing.set_defaults(run=_list)


def _name_person(parser: argparse.ArgumentParser) -> None:
    add_database_option(parser)
    parser.add_argument("--organisation", required=True, help="its id or legal name")
    parser.add_argument("--user", required=True, help="the person's id or e-mail address")


def grant_roles(
    session: Session, user: access.User, names: list[str], *, until_at: datetime | None, now: datetime
) -> None:
    """Give each named role to a person as the operator on the server."""
    organisation = access.load_organisation(session, user.organisation_id)
    assert organisation is not None, "a person is of an organisation that stands"
    for name in names:
        role = read_role(organisation.kind, name)
        terms = GrantTerms(role=role, from_at=now, until_at=until_at, reason="given by the operator on the server")
        grant_role(session, user, terms, granted_by=None, now=now, new_id=lambda: uuid7(utc_now(), secrets.token_bytes))


def _grant(arguments: argparse.Namespace, out: TextIO) -> int:
    until_at = None if arguments.until is None else _midnight(arguments.until)
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        user = access.find_user(session, organisation.organisation_id, arguments.user)
        grant_roles(session, user, arguments.role, until_at=until_at, now=now)
    out.write(f"{user.email}: {', '.join(arguments.role)}\n")
    return 0


def _revoke(arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        user = access.find_user(session, organisation.organisation_id, arguments.user)
        over = {GrantState.ENDED, GrantState.EXPIRED}
        grants = [
            grant
            for grant in role_grants.grants_of_user(session, user.user_id)
            if grant.role == arguments.role and grant.state(now) not in over
        ]
        if not grants:
            raise NotFound("role.not_held", "role: this person does not have it; see tonne role list")
        for grant in grants:
            end_grant(
                session,
                grant,
                reason="ended by the operator on the server",
                ended_by=None,
                now=now,
                new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
            )
    out.write(f"{user.email}: no longer {arguments.role}\n")
    return 0


def _list(arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        emails = {user.user_id: user.email for user in access.list_users(session, organisation.organisation_id)}
        for grant in role_grants.grants_of_organisation(session, organisation.organisation_id):
            until = "" if grant.until_at is None else f" until {grant.until_at:%Y-%m-%d}"
            out.write(f"{emails[grant.user_id]:<40} {grant.role:<10} {grant.state(now)}{until}\n")
    table = sorted(TABLE[organisation.kind].items())
    out.writelines(f"{role:<10} gives {', '.join(sorted(scopes)) or 'nothing here'}\n" for role, scopes in table)
    return 0


def _midnight(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError:
        raise Invalid("role.until", "--until: expected a day as YYYY-MM-DD", field="until") from None
