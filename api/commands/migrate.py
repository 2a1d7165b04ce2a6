"""``tonne migrate``: brings the database's schema to this release."""

from __future__ import annotations

import argparse
import os
from typing import TextIO

from api.settings import add_database_option, from_environment
from ledger.store.database import open_database
from migrations import runner


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("migrate", help="bring the database's schema to this release; twice changes nothing")
    add_database_option(parser)
    parser.set_defaults(run=_migrate)


def _migrate(arguments: argparse.Namespace, out: TextIO) -> int:
    database = open_database(from_environment(os.environ, database_url=arguments.database).database_url)
    was_current = runner.is_current(database)
    runner.upgrade(database)
    out.write("the schema was current already\n" if was_current else "the schema is current now\n")
    database.engine.dispose()
    return 0
