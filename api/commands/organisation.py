"""``tonne organisation add``: adds an organisation and prints its id."""

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
    actions = subparsers.add_parser("organisation", help="add an organisation").add_subparsers(required=True)
    parser = actions.add_parser("add", help="add an organisation and print its id")
    add_database_option(parser)
    parser.add_argument("--kind", required=True, choices=[kind.value for kind in access.OrganisationKind])
    parser.add_argument("--name", required=True, help="its legal name")
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        added = access.add_organisation(
            session,
            organisation_id=uuid7(now, secrets.token_bytes),
            kind=access.OrganisationKind(arguments.kind),
            legal_name=arguments.name,
            now=now,
        )
    out.write(f"{added.organisation_id}\n")
    return 0
