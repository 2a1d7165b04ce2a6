"""``tonne routes``: prints every route with what it asks of its caller, or the whole description of the API."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TextIO

from api import client_source
from api.app import OPENAPI_PATH, create_app, declared_routes
from api.auth.policy import PUBLIC
from api.description import describe
from ledger.store.database import open_database


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("routes", help="print every route and who may call it")
    parser.add_argument("--openapi", action="store_true", help="print the API's description (OpenAPI 3.1) instead")
    parser.add_argument("--client", metavar="FOLDER", help="write the typed half of the Python client there instead")
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
    rows = [(each.path, each.method, str(each.policy)) for each in declared_routes()]
    rows.append((OPENAPI_PATH, "GET", str(PUBLIC)))
    width = max(len(path) for path, _, _ in rows)
    out.writelines(f"{method:<5} {path:<{width}}  {policy}\n" for path, method, policy in sorted(rows))
    return 0
