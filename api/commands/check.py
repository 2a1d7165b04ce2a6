"""``tonne check``: replays a book's facts against its leaves, tree and balances, and says what does not hold.

Exit codes: 0 the book is sound, 1 something was found, 2 refused.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from typing import TextIO

from api.deps import ready_database, unit_of_work, utc_now
from api.settings import add_database_option, from_environment
from api.store.faults import DATABASE_ERRORS
from finance.operations.log_notices import rewritten, tell_rewritten
from ledger import checking
from ledger.checking import BookCheck
from ledger.store import books
from ledger.store.books import Book
from ledger.store.database import Database

_SOUND, _FOUND = 0, 1
_log = logging.getLogger("tonne.check")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check", help="replay a book and prove that its balances and its tree are what it recorded"
    )
    parser.add_argument("book", metavar="BOOK", help="the book's id or code")
    add_database_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--since",
        metavar="SIZE:ROOT",
        action="append",
        default=[],
        help="a tree head kept outside: its number of leaves and its root in hexadecimal; the tree must pass through it",
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace, out: TextIO) -> int:
    known = [checking.read_known_root(text) for text in arguments.since]
    url = from_environment(os.environ, database_url=arguments.database).database_url
    with ready_database(url) as database:
        with database.reader() as session:
            book = books.named(session, arguments.book)
            checked = checking.check_book(session, book.book_id, known_roots=known)
        out.write((_as_json(checked) if arguments.json else _as_text(checked)) + "\n")
        _tell(database, book, checked)
    return _SOUND if checked.is_sound else _FOUND


def _tell(database: Database, book: Book, checked: BookCheck) -> None:
    """Tell the client that its log was rewritten; a copy that cannot be written is checked all the same."""
    seen = rewritten(checked.findings)
    if not seen:
        return
    try:
        with unit_of_work(database) as session:
            tell_rewritten(session, book, seen, now=utc_now())
    except DATABASE_ERRORS as error:
        _log.warning("the client was not told: the database does not take it: %s", type(error).__name__)


def _as_text(checked: BookCheck) -> str:
    verdict = "sound" if checked.is_sound else f"NOT SOUND, {len(checked.findings)} kinds of finding"
    lines = [
        f"book {checked.code} ({checked.book}): {verdict}",
        f"{checked.entries} entries, {checked.tree_size} leaves, root {checked.tree_root.hex()}",
    ]
    for each in checked.findings:
        more = f" (first of {each.count})" if each.count > 1 else ""
        lines.append(f"{each.code} in {each.table} at {each.at}{more}: expected {each.expected}; found {each.found}")
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)


def _as_json(checked: BookCheck) -> str:
    findings = [
        {
            "code": each.code,
            "table": each.table,
            "at": each.at,
            "expected": each.expected,
            "found": each.found,
            "count": each.count,
        }
        for each in checked.findings
    ]
    return json.dumps(
        {
            "book": checked.book,
            "code": checked.code,
            "is_sound": checked.is_sound,
            "entries": checked.entries,
            "tree_size": checked.tree_size,
            "tree_root": checked.tree_root.hex(),
            "findings": findings,
        }
    )
