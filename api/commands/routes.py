"""``tonne routes``: prints every route with what it asks of its caller."""

from __future__ import annotations

import argparse
from typing import TextIO

from api.app import OPENAPI_PATH, declared_routes
from api.auth.policy import PUBLIC


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("routes", help="print every route and who may call it")
    parser.set_defaults(run=_print_routes)


def _print_routes(_arguments: argparse.Namespace, out: TextIO) -> int:
    rows = [(each.path, each.method, str(each.policy)) for each in declared_routes()]
    rows.append((OPENAPI_PATH, "GET", str(PUBLIC)))
    width = max(len(path) for path, _, _ in rows)
    out.writelines(f"{method:<5} {path:<{width}}  {policy}\n" for path, method, policy in sorted(rows))
    return 0
