"""``tonne user``: adds people to an organisation, shows invitations once, disables people, takes a lost second factor away."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TextIO
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.one_time import issue_token
from api.commands.role import grant_roles
from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.settings import add_database_option, from_environment
from api.store import access, access_log, people, sessions
from api.store.access import User
from api.store.access_log import AccessEvent
from api.store.people import TokenPurpose


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("user", help="add, invite, list and disable people").add_subparsers(required=True)
    add = actions.add_parser("add", help="add a person to an organisation and print the person's id")
    add_database_option(add)
    add.add_argument("--organisation", required=True, help="its id or legal name")
    add.add_argument("--email", required=True)
    add.add_argument("--name", required=True)
    add.add_argument("--role", action="append", default=[], help="a role to give at once; see tonne role list")
    add.set_defaults(run=_add)
    listing = actions.add_parser("list", help="print the people of an organisation")
    add_database_option(listing)
    listing.add_argument("--organisation", required=True, help="its id or legal name")
    listing.set_defaults(run=_list)
    for name, run, text in (
        ("invite", _invite, "print a one-time token with which the person chooses a password; it is shown this once"),
        ("disable", _disable, "disable a person in an organisation at once, sessions and keys included"),
        ("remove-second-factor", _remove_second_factor, "take a lost second factor away; the person enrols a new one"),
    ):
        parser = actions.add_parser(name, help=text)
        add_database_option(parser)
        parser.add_argument("--organisation", required=True, help="its id or legal name")
        parser.add_argument("--user", required=True, help="the person's id or e-mail address")
        parser.set_defaults(run=run)


def _add(arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        added = access.add_user(
            session,
            user_id=uuid7(now, secrets.token_bytes),
            organisation_id=organisation.organisation_id,
            email=arguments.email,
            name=arguments.name,
            now=now,
        )
        grant_roles(session, added, arguments.role, until_at=None, now=now)
    out.write(f"{added.user_id}\n")
    return 0


def _list(arguments: argparse.Namespace, out: TextIO) -> int:
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        for user in access.list_users(session, organisation.organisation_id):
            state = "disabled" if user.disabled_at else "invited" if user.joined_at is None else "member"
            out.write(f"{user.user_id} {user.email:<40} {state:<9} {user.name}\n")
    return 0


def _invite(arguments: argparse.Namespace, out: TextIO) -> int:
    def invite(session: Session, user: User, now: datetime) -> str:
        known = people.load_credentials(session, user.person_id).password_hash is not None
        purpose = TokenPurpose.PASSWORD if known and user.joined_at is not None else TokenPurpose.INVITATION
        return issue_token(session, purpose, user_id=user.user_id, now=now, random_bytes=secrets.token_bytes)

    out.write(f"{_change(arguments, 'token_issued', invite)}\n")
    return 0


def _disable(arguments: argparse.Namespace, out: TextIO) -> int:
    def disable(session: Session, user: User, now: datetime) -> str:
        access.disable_user(session, user.user_id, now=now)
        return user.email

    out.write(f"{_change(arguments, 'disabled', disable)} is disabled\n")
    return 0


def _remove_second_factor(arguments: argparse.Namespace, out: TextIO) -> int:
    def remove(session: Session, user: User, now: datetime) -> str:
        people.remove_totp(session, user.person_id)
        sessions.revoke_sessions_of(session, user.person_id, now=now)
        return user.email

    out.write(f"{_change(arguments, 'second_factor_removed', remove)} has no second factor any more\n")
    return 0


def _change(arguments: argparse.Namespace, what: str, act: Callable[[Session, User, datetime], str]) -> str:
    """Do ``act`` to the named person in one transaction, with its line in the access log, and return what it says."""
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        user = access.find_user(session, organisation.organisation_id, arguments.user)
        said = act(session, user, now)
        access_log.add_event(session, _event(organisation.organisation_id, user.user_id, what, now))
    return said


def _event(organisation_id: UUID, user_id: UUID, what: str, now: datetime) -> AccessEvent:
    return AccessEvent(
        event_id=uuid7(now, secrets.token_bytes),
        organisation_id=organisation_id,
        user_id=user_id,
        happened_at=now,
        what=what,
    )
