"""``tonne key add``: issues an API key and prints it once. A key never approves: approving scopes are refused here as well."""

from __future__ import annotations

import argparse
import os
import re
import secrets
from typing import TextIO

from api.auth.issue import KeyTerms, issue_key, read_scopes
from api.auth.keys import LONGEST_LIFE_DAYS
from api.auth.principal import Scope
from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.settings import add_database_option, from_environment
from api.store import access
from ledger.core.errors import Invalid


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("key", help="issue an API key").add_subparsers(required=True)
    parser = actions.add_parser("add", help="issue an API key and print it; it is shown this once")
    add_database_option(parser)
    parser.add_argument("--organisation", required=True, help="its id or legal name")
    parser.add_argument("--user", required=True, help="the person's id or e-mail address")
    parser.add_argument(
        "--scope", required=True, action="append", help=f"once for each of: {', '.join(scope.value for scope in Scope)}"
    )
    parser.add_argument("--name", help="what it is for; a person has at most two live keys of one name")
    parser.add_argument("--address", action="append", help="a network from which alone it works, such as 10.1.0.0/16")
    parser.add_argument("--days", default="90", help=f"days it works, 1 to {LONGEST_LIFE_DAYS}; default 90")
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace, out: TextIO) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", arguments.days, re.ASCII):
        raise Invalid("key.days", f"days: expected 1 to {LONGEST_LIFE_DAYS}", field="days")
    terms = KeyTerms(
        scopes=read_scopes(arguments.scope),
        days=int(arguments.days),
        name=arguments.name or "",
        addresses=tuple(arguments.address or ()),
    )
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        organisation = access.find_organisation(session, arguments.organisation)
        user = access.find_user(session, organisation.organisation_id, arguments.user)
        issued = issue_key(
            session,
            organisation_id=organisation.organisation_id,
            user_id=user.user_id,
            terms=terms,
            now=now,
            new_id=lambda: uuid7(now, secrets.token_bytes),
            random_bytes=secrets.token_bytes,
        )
    out.write(f"{issued.text}\n")
    return 0
