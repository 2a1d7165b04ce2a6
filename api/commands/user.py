"""``tonne user add``: adds a person to an organisation and prints the person's id."""

from __future__ import annotations

import argparse
import os
import secrets
from typing import TextIO

from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.settings import add_database_option, from_environment
from api.store import access


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("user", help="add a person").add_subparsers(required=True)
    parser = actions.add_parser("add", help="add a person to an organisation and print the person's id")
    add_database_option(parser)
    parser.add_argument("--organisation", required=True, help="its id or legal name")
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", required=True)
    parser.set_defaults(run=_add)


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
    out.write(f"{added.user_id}\n")
    return 0
