"""``tonne import-entries FILE``: posts journal entries from JSON Lines, one entry a line with the field names of the HTTP interface.

The file is read twice in bounded memory: first every line is checked, then all are posted in batches. Ids make a repeat harmless,
so an interrupted import is simply run again. Exit codes: 0 every entry stands, 2 nothing was posted, 3 the ledger refused some.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from api.deps import ready_database, unit_of_work, utc_now
from api.schemas.amounts import Units
from api.schemas.entry_lines import EntryReader, Unreadable
from api.settings import add_database_option, from_environment
from api.store import access
from ledger import operations
from ledger.core.errors import Conflict, Expected, ImportRefused, Invalid, RowError
from ledger.core.journal import MAX_BATCH, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryOutcome, EntryRefusal
from ledger.store import books
from ledger.store.database import Database, without_collection

_SOME_REFUSED = 3
_LONGEST_LINE = 2_000_000
"""Bytes; an entry with a thousand legs has a tenth of it."""

_BATCH_BYTES = 32_000_000
_MOST_ERRORS = 50
_MOST_TOLD = 1_000


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("import-entries", help="post journal entries from a JSON Lines file")
    add_database_option(parser)
    parser.add_argument(
        "file", metavar="FILE", help="JSON Lines: one entry a line, as POST /v1/books/{book}/entries takes it"
    )
    parser.add_argument("--book", required=True, help="the book's id or code")
    parser.add_argument(
        "--actor", required=True, help="who posts: the e-mail address or id of a user of the book's organisation"
    )
    parser.set_defaults(run=_import)


def _import(arguments: argparse.Namespace, out: TextIO) -> int:
    path = Path(arguments.file)
    try:
        size = path.stat().st_size
        source = path.open("rb")
    except OSError as error:
        raise Invalid("import.file", f"FILE: cannot be read: {error.strerror}", field="file") from error
    with source, ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database:
        with database.reader() as session:
            book = books.named(session, arguments.book)
            user = access.find_user(session, book.tenant_id, arguments.actor)
            units = Units.of(books.commodities(session, book.book_id), book.functional_currency)
        reader = EntryReader(units, Actor(user_id=user.user_id, organisation_id=book.tenant_id))
        lines = _Lines(source, path.name, _Progress(size))
        checked = _check(lines, reader)
        tally = _post(database, book.book_id, lines, reader, checked)
    return _tell(tally, out)


@dataclass(slots=True)
class _Progress:
    """A bar on the standard error when that is a terminal: how much of the file was checked, then posted."""

    size: int
    is_shown: bool = field(default_factory=lambda: bool(sys.stderr.isatty()))
    _last: int = -1

    def show(self, what: str, done_bytes: int, entries: int) -> None:
        """Draw the bar when another percent is done."""
        percent = 100 * done_bytes // max(1, self.size)
        if self.is_shown and percent != self._last:
            self._last = percent
            sys.stderr.write(f"\r{what} [{'#' * (percent // 4):<25}] {percent:3} % {entries} entries")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self.is_shown and self._last >= 0:
            sys.stderr.write("\n")
        self._last = -1


@dataclass(frozen=True, slots=True)
class _Lines:
    """The file's lines, read anew for each pass."""

    source: BinaryIO
    name: str
    progress: _Progress

    def read(self, what: str) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of each line; one that is too long comes cut, so that it is refused."""
        self.source.seek(0)
        done = 0
        for number, line in enumerate(iter(lambda: self.source.readline(_LONGEST_LINE + 1), b""), start=1):
            done += len(line)
            if not number & 0x3FF:
                self.progress.show(what, done, number)
            yield number, line
        self.progress.show(what, done, 0 if not done else number)
        self.progress.end()


@dataclass(frozen=True, slots=True)
class _Checked:
    """What the first pass saw, so that the second can tell a changed file."""

    entries: int
    sha256: bytes


@dataclass(slots=True)
class _Tally:
    """What became of the entries."""

    accepted: int = 0
    replayed: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def take(self, number: int, outcome: EntryOutcome) -> None:
        """Count one outcome; of refusals the first thousand are kept to be told."""
        if not isinstance(outcome, EntryRefusal):
            self.accepted += not outcome.is_replay
            self.replayed += outcome.is_replay
            return
        refusal = outcome.refusal
        self.by_code[refusal.code] += 1
        if len(self.told) < _MOST_TOLD:
            self.told.append(f"line {number}: {outcome.entry_id}: {refusal.message} [{refusal.code}]")


def _check(lines: _Lines, reader: EntryReader) -> _Checked:
    """Read every line as an entry; raise ``import.rows_unreadable`` with the first of those that are none."""
    digest, entries = hashlib.sha256(), 0
    errors: list[RowError] = []
    for number, line in lines.read("checking"):
        digest.update(line)
        entries += 1
        try:
            _draft(reader, line)
        except Unreadable as problem:
            errors.append(
                RowError(
                    file=lines.name, row=number, column=problem.field, value=problem.value, expected=problem.expected
                )
            )
            if len(errors) == _MOST_ERRORS:
                break
    if errors:
        lines.progress.end()
        raise ImportRefused(lines.name, tuple(errors))
    if not entries:
        raise Invalid("import.empty", f"{lines.name}: the file is empty; expected one entry a line", file=lines.name)
    return _Checked(entries, digest.digest())


def _post(database: Database, book_id: int, lines: _Lines, reader: EntryReader, checked: _Checked) -> _Tally:
    tally, digest = _Tally(), hashlib.sha256()
    reading = lines.read("posting")
    is_more = True
    while is_more:
        with without_collection():
            try:
                batch = _next_batch(reading, reader, digest)
            except Unreadable as problem:
                raise _changed(lines, tally) from problem
            is_more = bool(batch)
            if batch:
                _post_batch(database, book_id, batch, tally)
    if digest.digest() != checked.sha256:
        raise _changed(lines, tally)
    return tally


def _next_batch(
    reading: Iterator[tuple[int, bytes]], reader: EntryReader, digest: hashlib._Hash
) -> list[tuple[int, JournalDraft]]:
    """Return the drafts of the next lines with their numbers, as many as one transaction takes; none at the file's end."""
    batch: list[tuple[int, JournalDraft]] = []
    weight = 0
    for number, line in reading:
        digest.update(line)
        batch.append((number, _draft(reader, line)))
        weight += len(line)
        if len(batch) == MAX_BATCH or weight > _BATCH_BYTES:
            break
    return batch


def _post_batch(database: Database, book_id: int, batch: list[tuple[int, JournalDraft]], tally: _Tally) -> None:
    """Post one batch in a transaction of its own; what it became counts once that is committed."""
    with unit_of_work(database) as session:
        outcomes = operations.post_entries(
            session, book_id, [draft for _, draft in batch], now=utc_now(), random_bytes=secrets.token_bytes
        )
    for (number, _), outcome in zip(batch, outcomes, strict=True):
        tally.take(number, outcome)


def _draft(reader: EntryReader, line: bytes) -> JournalDraft:
    if len(line) > _LONGEST_LINE:
        raise Unreadable(
            "", "", Expected("row.long_line", f"a line of at most {_LONGEST_LINE} bytes", bytes=_LONGEST_LINE)
        )
    return reader.read(line)


def _changed(lines: _Lines, tally: _Tally) -> Conflict:
    return Conflict(
        "import.file_changed",
        f"{lines.name}: changed between checking and posting; {tally.accepted} entries stand; run it again, ids make that harmless",
        file=lines.name,
    )


def _tell(tally: _Tally, out: TextIO) -> int:
    refused = sum(tally.by_code.values())
    out.writelines(f"{line}\n" for line in tally.told)
    if refused > len(tally.told):
        out.write(f"... and {refused - len(tally.told)} more refusals\n")
    codes = "".join(f", {count} {code}" for code, count in sorted(tally.by_code.items()))
    out.write(f"{tally.accepted} posted, {tally.replayed} stood already, {refused} refused{codes}\n")
    return _SOME_REFUSED if refused else 0
