"""``tonne check``: replays a book against its leaves, tree and balances, and its organisation's audit log, and says what does not hold.

Exit codes: 0 both are sound, 1 something was found, 2 refused. The result is kept where the database still takes it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
from functools import partial
from typing import TextIO

from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.settings import add_database_option, from_environment
from api.store import book_checks
from api.store.book_checks import CheckedBook
from api.store.faults import DATABASE_ERRORS
from finance.operations.log_notices import rewritten, tell_rewritten
from ledger import checking
from ledger.check_pieces import Apart
from ledger.checking import BookCheck
from ledger.store import books
from ledger.store.books import Book
from ledger.store.database import Database, open_database

_SOUND, _FOUND = 0, 1
_MOST_PROCESSES = 8
_log = logging.getLogger("tonne.check")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check", help="replay a book and its audit log, and prove that balances and trees are what was recorded"
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
    parser.add_argument(
        "--processes",
        type=int,
        choices=range(1, _MOST_PROCESSES + 1),
        metavar="N",
        default=min(_MOST_PROCESSES, os.cpu_count() or 1),
        help=f"processes that examine a long book's entries, 1 to {_MOST_PROCESSES} (by default one for each processor)",
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace, out: TextIO) -> int:
    known = [checking.read_known_root(text) for text in arguments.since]
    url = from_environment(os.environ, database_url=arguments.database).database_url
    with ready_database(url) as database:
        with database.reader() as session:
            book = books.named(session, arguments.book)
            found, checked = book_checks.check(
                session,
                book,
                known_roots=known,
                apart=_apart(database, url, processes=arguments.processes),
                started_by=None,
                now=utc_now(),
            )
        is_kept = _is_kept(database, book, checked)
    write = _as_json if arguments.json else _as_text
    out.write(write(found, checked, is_kept=is_kept) + "\n")
    return _SOUND if checked.is_sound else _FOUND


def _apart(database: Database, url: str, *, processes: int) -> Apart | None:
    if processes == 1 or not database.is_for_many_processes:
        return None
    return Apart(open_database=partial(open_database, url), others=processes - 1)


def _is_kept(database: Database, book: Book, checked: CheckedBook) -> bool:
    """Keep the result, tell the client of a rewritten log, and return whether the database took it.

    One that is bent, or that only reads, is checked all the same.
    """
    seen = rewritten(checked.findings)
    try:
        with unit_of_work(database) as session:
            book_checks.keep(session, uuid7(checked.checked_at, secrets.token_bytes), checked)
            if seen:
                tell_rewritten(session, book, seen, now=checked.checked_at)
    except DATABASE_ERRORS as error:
        _log.warning("the result was not kept and the client not told: %s", type(error).__name__)
        return False
    return True


def _as_text(found: BookCheck, checked: CheckedBook, *, is_kept: bool) -> str:
    verdict = "sound" if not found.findings else f"NOT SOUND, {len(found.findings)} kinds of finding"
    lines = [
        f"book {found.code} ({found.book}): {verdict}",
        f"{found.entries} entries, {found.tree_size} leaves, root {found.tree_root.hex()}",
    ]
    for each in found.findings:
        more = f" (first of {each.count})" if each.count > 1 else ""
        lines.append(f"{each.code} in {each.table} at {each.at}{more}: expected {each.expected}; found {each.found}")
    seen = checked.audit
    assert seen is not None, "the terminal replays an audit log of any length"
    verdict = "sound" if seen.is_sound else f"NOT SOUND, {len(seen.findings)} findings"
    lines += [f"audit log: {verdict}", f"{seen.rows} rows, root {seen.root.hex()}", *seen.findings]
    if not is_kept:
        lines.append("this result could not be kept in the database")
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)


def _as_json(found: BookCheck, checked: CheckedBook, *, is_kept: bool) -> str:
    findings = [
        {
            "code": each.code,
            "table": each.table,
            "at": each.at,
            "expected": each.expected,
            "found": each.found,
            "count": each.count,
        }
        for each in found.findings
    ]
    seen = checked.audit
    assert seen is not None, "the terminal replays an audit log of any length"
    return json.dumps(
        {
            "book": found.book,
            "code": found.code,
            "is_sound": checked.is_sound,
            "entries": found.entries,
            "tree_size": found.tree_size,
            "tree_root": found.tree_root.hex(),
            "findings": findings,
            "audit_log": {
                "is_sound": seen.is_sound,
                "rows": seen.rows,
                "root": seen.root.hex(),
                "findings": list(seen.findings),
            },
            "is_kept": is_kept,
        }
    )
