"""``tonne export-book BOOK --out FILE``: writes a whole book, facts word for word, to one archive that ``import-book`` takes back."""

from __future__ import annotations

import argparse
import os
from typing import TextIO

from api.commands.export import named_book, new_file
from api.deps import ready_database, utc_now
from api.settings import add_database_option, from_environment
from ledger import backup


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("export-book", help="write a whole book to an archive")
    add_database_option(parser)
    parser.add_argument("book", metavar="BOOK", help="the book's id")
    parser.add_argument("--out", metavar="FILE", required=True, help="a new file, such as smelter.tonne.zip")
    parser.set_defaults(run=_export_book)


def _export_book(arguments: argparse.Namespace, out: TextIO) -> int:
    book_uuid = named_book(arguments.book)
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
        new_file(arguments.out) as file,
    ):
        manifest = backup.write_backup(session, book_uuid, file, now=utc_now())
    out.write(f"{manifest.code}: {manifest.tree_size} entries, tree root {manifest.tree_root}\n")
    return 0
