"""``tonne routes``: prints every route with what it asks of its caller and which roles reach it, or the API's description."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TextIO

from api import client_source
from api.app import create_app, declared_routes
from api.auth.policy import Policy
from api.auth.principal import READING
from api.auth.roles import TABLE
from api.description import describe
from api.store.access import OrganisationKind
from ledger.store.database import open_database


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("routes", help="print every route and who may call it")
    parser.add_argument("--openapi", action="store_true", help="print the API's description (OpenAPI 3.1) instead")
    parser.add_argument("--client", metavar="FOLDER", help="write the typed half of the Python client there instead")
    parser.add_argument(
        "--roles", action="store_true", help="print the roles of each kind of organisation that reach it"
    )
    parser.set_defaults(run=_print_routes)


def _print_routes(arguments: argparse.Namespace, out: TextIO) -> int:
    if arguments.openapi or arguments.client:
        with tempfile.TemporaryDirectory() as nowhere:  # the description asks nothing of its database
            description = describe(create_app(open_database(f"sqlite:///{nowhere}/nothing.db")))
        if arguments.client:
            client_source.write(description, Path(arguments.client))
        else:
            out.write(json.dumps(description, ensure_ascii=False) + "\n")
        return 0
    rows = [
        (
            each.path,
            each.method,
            f"{each.policy}{_reached_by(each.policy, is_write=each.writes) if arguments.roles else ''}",
        )
        for each in declared_routes()
    ]
    width = max(len(path) for path, _, _ in rows)
    out.writelines(f"{method:<5} {path:<{width}}  {policy}\n" for path, method, policy in sorted(rows))
    return 0


def _reached_by(policy: Policy, *, is_write: bool) -> str:
    """Return the roles that give one of the asked scopes, by kind of organisation; where several scopes are asked, roles add up."""
    if policy.is_public or policy.is_own_account:
        return ""
    kinds = sorted(policy.kinds or set(OrganisationKind))
    shown = []
    for kind in kinds:
        given = {scope for scopes in TABLE[kind].values() for scope in scopes}
        roles = [
            role
            for role, scopes in sorted(TABLE[kind].items())
            if (scopes & policy.scopes if policy.scopes else not (is_write and scopes <= READING))
        ]
        if roles and policy.scopes <= given:
            shown.append(f"{kind}: {', '.join(roles)}")
    return f"  [{'; '.join(shown)}]"
