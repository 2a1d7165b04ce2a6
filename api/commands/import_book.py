"""``tonne import-book FILE``: takes a whole book from an archive of ``export-book``, or nothing of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TextIO

from api.deps import ready_database, unit_of_work
from api.settings import add_database_option, from_environment
from ledger import backup
from ledger.core.errors import Invalid


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("import-book", help="take a whole book from an archive")
    add_database_option(parser)
    parser.add_argument("file", metavar="FILE", help="what tonne export-book wrote")
    parser.set_defaults(run=_import_book)


def _import_book(arguments: argparse.Namespace, out: TextIO) -> int:
    try:
        source = Path(arguments.file).open("rb")  # noqa: SIM115 - closed below, after its refusal has been told apart
    except OSError as error:
        raise Invalid("import.file", f"FILE: cannot be read: {error.strerror}", field="file") from error
    with (
        source,
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        book = backup.restore_backup(session, source)
    out.write(f"{book.code} {book.book_uuid}: {book.entries} entries, tree root {book.tree_root.hex()}\n")
    return 0
