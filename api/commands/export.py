"""``tonne export BOOK``: writes a book for other programs and for people, as of any day and record point."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO, TextIO
from uuid import UUID

from api.deps import ready_database, utc_now
from api.settings import add_database_option, from_environment
from api.sheets import csv_pieces, write_xlsx
from api.store.access import uuid_or_none
from ledger import exports
from ledger.core.errors import Conflict, Invalid
from ledger.exports import Report, TextFormat
from ledger.store import books

_XLSX, _CSV = "xlsx", "csv"
FORMATS = (*(form.value for form in TextFormat), _XLSX, _CSV)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("export", help="write a book as Beancount, hledger, JSON Lines, XLSX or CSV")
    add_database_option(parser)
    parser.add_argument("book", metavar="BOOK", help="the book's id or code")
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument("--out", metavar="FILE", help="a new file; the standard output when absent (not for xlsx)")
    parser.add_argument("--as-of", metavar="DAY", help="close of this day, YYYY-MM-DD; default today (UTC)")
    parser.add_argument("--known", metavar="SEQ", help="only the first SEQ entries; default all")
    parser.add_argument(
        "--report", choices=[each.value for each in Report], help="which report a CSV is; an XLSX has all by default"
    )
    parser.add_argument("--account", metavar="PATH", help="only this account's statement")
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace, out: TextIO) -> int:
    asked = _Asked(arguments)
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        found = books.named(session, arguments.book)
        book = exports.open_export(session, found.book_id, as_of=asked.as_of, known=asked.known)
        tables = (
            exports.report_table(session, found.book_id, book, report, account=arguments.account)
            for report in asked.reports
        )
        if arguments.format == _XLSX:
            with new_file(arguments.out) as file:
                write_xlsx(file, tables)
        elif arguments.format == _CSV:
            written_pieces(csv_pieces(next(tables)), arguments.out, out)
        else:
            form = TextFormat(arguments.format)
            pieces = exports.text_pieces(session, found.book_id, book, form)
            written_pieces((piece.encode() for piece in pieces), arguments.out, out)
    return 0


class _Asked:
    """The command's arguments, read and refused in one place."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Read the arguments; each refusal names its option."""
        self.as_of = utc_now().date() if arguments.as_of is None else _day(arguments.as_of)
        if arguments.known is not None and not re.fullmatch(r"[0-9]{1,15}", arguments.known, re.ASCII):
            raise Invalid("export.known", "--known: expected a whole number, the record point's seq", field="known")
        self.known = None if arguments.known is None else int(arguments.known)
        if arguments.format == _XLSX and arguments.out is None:
            raise Invalid("export.out", "--out: expected a file name for an XLSX workbook", field="out")
        if arguments.format == _CSV and arguments.report is None:
            raise Invalid("export.report", "--report: expected which report the CSV file is", field="report")
        if arguments.format not in {_CSV, _XLSX} and (arguments.report or arguments.account):
            raise Invalid("export.report", "--report and --account belong to csv and xlsx", field="report")
        self.reports = tuple(Report) if arguments.report is None else (Report(arguments.report),)


def named_book(text: str) -> UUID:
    """Return the book's id that an operator named; ``export.book`` when it is none."""
    book_uuid = uuid_or_none(text)
    if book_uuid is None:
        raise Invalid("export.book", "book: expected the book's id, a UUID", field="book")
    return book_uuid


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("export.as_of", "--as-of: expected a day as YYYY-MM-DD", field="as_of") from None


@contextmanager
def new_file(path: str) -> Iterator[BinaryIO]:
    """Give a new file that only its owner reads; it takes its name when it is whole, and an interrupted one leaves nothing.

    A file that exists is ``export.exists``, a place that cannot be written to ``export.out``.
    """
    target, part = Path(path), Path(f"{path}.part")
    if target.exists() or part.exists():
        raise Conflict("export.exists", f"--out: {target.name} or its .part file exists; name a new one", field="out")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Invalid("export.out", f"--out: cannot be written: {error.strerror}", field="out") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def written_pieces(pieces: Iterable[bytes], path: str | None, out: TextIO) -> None:
    """Write pieces of UTF-8, each of whole lines, to a new file or to the command's output."""
    if path is None:
        out.writelines(piece.decode() for piece in pieces)
        return
    with new_file(path) as file:
        file.writelines(pieces)
