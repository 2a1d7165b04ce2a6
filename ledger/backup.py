"""A whole book in one archive, and back: facts word for word, projections made anew, refused whole when anything does not fit.

The archive is a ZIP of JSON Lines, one file a table, and a manifest with counts, SHA-256s, schema version and tree root. Entries are
proven by their leaves; accounts, commodities, limits and recorded refusals only by the digests, which whoever makes an archive
could make to fit. Joins the caller's transaction: a refusal raised here leaves nothing once the caller rolls back.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, NamedTuple
from uuid import UUID

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from ledger.core import log
from ledger.core.accounts import AccountType
from ledger.core.checks import PieceCheck, account_names
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.export_formats.backup_checks import Grouped, judge
from ledger.core.export_formats.backup_lines import (
    LONGEST_LINE,
    BackupTable,
    Manifest,
    Value,
    decode,
    encode,
    read_manifest,
)
from ledger.core.findings import Findings
from ledger.core.replay import BookReplay, KnownRoot
from ledger.store import backup_rows, books

_MANIFEST = "manifest.json"
_LONGEST_MANIFEST = 1024 * 1024
_CHUNK = 2_000
"""Entries held at once."""

_LARGEST_FILE = 64 * 1024**3
_FREE_BYTES = 64 * 1024**2
_LARGEST_RATIO = 200
"""A file above 64 MiB that unpacks to more than this many times itself is no book's."""


class RestoredBook(NamedTuple):
    """What was imported."""

    book_uuid: UUID
    code: str
    entries: int
    tree_root: bytes


def write_backup(session: Session, book_uuid: UUID, target: IO[bytes], *, now: datetime) -> Manifest:
    """Write the book's archive to ``target`` and return its manifest; the session must see one moment throughout."""
    book = books.find(session, book_uuid)
    if book is None:
        raise NotFound("book.not_found", "book: no such book")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        tables = tuple(_write_table(archive, session, book.book_id, name) for name in backup_rows.table_names())
        manifest = Manifest(
            schema=backup_rows.schema_version(session),
            book_uuid=book.book_uuid,
            code=book.code,
            tree_size=book.tree_size,
            tree_root=log.root(book.tree_peaks).hex(),
            written_at=now,
            tables=tables,
        )
        archive.writestr(_member(_MANIFEST), manifest.text())
    return manifest


def restore_backup(session: Session, source: IO[bytes]) -> RestoredBook:
    """Write an archive's book into this database and return it; equal facts, equal tree root, equal reports.

    Refused as a whole: not an archive of ours or changed (``backup.archive``, ``backup.manifest``, ``backup.digest``,
    ``backup.row``), of another schema (``backup.schema``), entries that do not prove themselves (``backup.unsound``), a book that
    is here already (``backup.book_exists``), anything this database's own guards refuse (``backup.refused``).
    """
    archive = _Archive.open(source, schema=backup_rows.schema_version(session))
    archive.verify_digests()
    try:
        return _restore(session, archive)
    except backup_rows.DRIVER_REFUSALS as error:
        raise _refused(str(error)) from error
    except DBAPIError as error:
        if isinstance(error, IntegrityError | DataError) or "integer overflow" in str(error.orig):
            raise _refused(str(error.orig)) from error
        raise


def _restore(session: Session, archive: _Archive) -> RestoredBook:
    manifest = archive.manifest
    (book,) = archive.dicts("book", exactly=1)
    if (book["book_uuid"], book["tree_size"]) != (manifest.book_uuid, manifest.tree_size):
        raise Invalid("backup.manifest", "manifest.json: it is another book's, or of another moment")
    book_id = backup_rows.begin(session, book)
    for name in ("commodity", "account"):
        for chunk in archive.chunks(name):
            backup_rows.add(session, book_id, name, chunk)
    _restore_entries(session, archive, book_id, book)
    limits = [row for chunk in archive.chunks("balance") for row in chunk]
    backup_rows.finish(session, book_id, book, limits)
    for name in backup_rows.table_names():  # what stands on the finished book: checkpoints cover no more than it holds
        if name not in {"book", "commodity", "account", "balance", *backup_rows.BY_SEQ}:
            for chunk in archive.chunks(name):
                backup_rows.add(session, book_id, name, chunk)
    restored = books.find(session, manifest.book_uuid)
    assert restored is not None, "the book was just inserted"
    return RestoredBook(restored.book_uuid, restored.code, restored.tree_size, log.root(restored.tree_peaks))


def _restore_entries(session: Session, archive: _Archive, book_id: int, book: Mapping[str, Value]) -> None:
    """Check and insert entries with all that belongs to them, some thousands at a time, in the book's order."""
    findings = Findings()
    manifest = archive.manifest
    known = (
        [KnownRoot(manifest.tree_size, bytes.fromhex(manifest.tree_root), "the manifest")] if manifest.tree_size else []
    )
    replay = BookReplay(known_roots=known, findings=findings)
    check = PieceCheck(
        book=str(manifest.book_uuid),
        accounts={
            number: account_names(
                path=path, commodity_id=commodity_id, commodity=code, normal_side=AccountType(kind).normal_side
            )
            for number, (path, kind, commodity_id, code) in backup_rows.account_names(session, book_id).items()
        },
    )
    files = {name: Grouped(archive.rows(name), _place(name)) for name in backup_rows.BY_SEQ}
    insert_order = backup_rows.insert_order(session)
    for first in range(1, manifest.tree_size + 1, _CHUNK):
        part = {name: files[name].through(first + _CHUNK - 1) for name in backup_rows.BY_SEQ}
        piece = judge(check, part, {name: backup_rows.columns(name) for name in backup_rows.BY_SEQ})
        replay.join(piece)
        _refuse_findings(findings)
        for name in insert_order:
            backup_rows.add(session, book_id, name, part[name])
    for name, file in files.items():
        if not file.is_over():
            raise Invalid("backup.unsound", f"{name}.jsonl: a row stands beyond the book's last entry", file=name)
    size, next_seq = book["tree_size"], book["next_seq"]
    peaks, last = book["tree_peaks"], book["last_recorded_at"]
    assert isinstance(size, int), "a whole number by its column"
    assert isinstance(next_seq, int), "a whole number by its column"
    assert isinstance(peaks, bytes), "bytes by their column"
    assert isinstance(last, datetime), "an instant by its column"
    replay.finish(
        next_seq=next_seq, tree_size=size, tree_peaks=peaks, last_recorded_at=last.isoformat(timespec="microseconds")
    )
    _refuse_findings(findings)


def _place(name: str) -> int:
    names = [column.name for column in backup_rows.columns(name)]
    return names.index(backup_rows.BY_SEQ[name][0])


def _refuse_findings(findings: Findings) -> None:
    for found in findings:
        raise Invalid(
            "backup.unsound",
            f"{found.table}.jsonl at {found.at}: expected {found.expected}, found {found.found}; nothing was imported",
            finding=found.code,
            at=found.at,
        )


def _refused(why: str) -> Conflict:
    first_line = why.splitlines()[0][:300] if why else ""
    return Conflict("backup.refused", f"this database's guards refuse the book: {first_line}; nothing was imported")


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _write_table(archive: zipfile.ZipFile, session: Session, book_id: int, name: str) -> BackupTable:
    columns = backup_rows.columns(name)
    digest, count = hashlib.sha256(), 0
    with archive.open(_member(f"{name}.jsonl"), "w", force_zip64=True) as file:
        for row in backup_rows.rows(session, book_id, name):
            line = encode(columns, row)
            digest.update(line)
            file.write(line)
            count += 1
    names = tuple(column.name for column in columns)
    return BackupTable(name=name, rows=count, sha256=digest.hexdigest(), columns=names)


@dataclass(frozen=True, slots=True)
class _Archive:
    """An opened archive whose files are exactly those of a backup of this schema."""

    archive: zipfile.ZipFile
    manifest: Manifest

    @classmethod
    def open(cls, source: IO[bytes], *, schema: str) -> _Archive:
        """Return the archive after checking its directory and manifest."""
        try:
            archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
            raise Invalid("backup.archive", "the file is not a backup made by tonne export-book, or is cut") from error
        _check_directory(archive)
        try:
            with archive.open(_MANIFEST) as file:
                manifest = read_manifest(file.read(_LONGEST_MANIFEST + 1))
        except _UNREADABLE as error:
            raise _damaged(_MANIFEST) from error
        if manifest.schema != schema:
            raise Conflict(
                "backup.schema",
                f"the backup is of schema {manifest.schema[:40]}, this database of {schema}; use the release that wrote it, then migrate",
            )
        said = {table.name: table.columns for table in manifest.tables}
        ours = {name: tuple(each.name for each in backup_rows.columns(name)) for name in backup_rows.table_names()}
        if said != ours or len(manifest.tables) != len(ours):
            raise Invalid("backup.manifest", "manifest.json: expected exactly this schema's tables and columns")
        return cls(archive, manifest)

    def verify_digests(self) -> None:
        """Read every file once and compare it with the manifest, before anything is written."""
        for table in self.manifest.tables:
            digest, lines = hashlib.sha256(), 0
            for line in self._lines(table.name):
                digest.update(line)
                lines += 1
                if lines > table.rows:
                    break
            if (digest.hexdigest(), lines) != (table.sha256, table.rows):
                raise Invalid(
                    "backup.digest",
                    f"{table.name}.jsonl: its rows or bytes are not those that the manifest names; take another copy",
                    file=table.name,
                )

    def rows(self, name: str) -> Iterator[tuple[Value, ...]]:
        """Yield a table's rows; their keys grow strictly."""
        columns = backup_rows.columns(name)
        names = [column.name for column in columns]
        key_places = [names.index(key) for key in backup_rows.order(name)]
        last: tuple[Value, ...] | None = None
        for number, line in enumerate(self._lines(name), start=1):
            row = decode(columns, line, file=f"{name}.jsonl", line=number)
            key = tuple(row[place] for place in key_places)
            if last is not None and not last < key:
                raise Invalid("backup.row", f"{name}.jsonl line {number}: expected keys that grow from row to row")
            last = key
            yield row

    def chunks(self, name: str) -> Iterator[list[tuple[Value, ...]]]:
        """Yield a table's rows in lists of some thousands."""
        chunk: list[tuple[Value, ...]] = []
        for row in self.rows(name):
            chunk.append(row)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def dicts(self, name: str, *, exactly: int) -> list[dict[str, Value]]:
        """Return a small table's rows by column name; another number of them is ``backup.row``."""
        names = [column.name for column in backup_rows.columns(name)]
        found = [dict(zip(names, row, strict=True)) for row in self.rows(name)]
        if len(found) != exactly:
            raise Invalid("backup.row", f"{name}.jsonl: expected {exactly} row")
        return found

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            with self.archive.open(f"{name}.jsonl") as lines:
                number = 0
                while line := lines.readline(LONGEST_LINE + 1):
                    number += 1
                    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
                        raise Invalid(
                            "backup.row",
                            f"{name}.jsonl line {number}: expected a whole line of at most {LONGEST_LINE} bytes",
                        )
                    yield line
        except _UNREADABLE as error:
            raise _damaged(f"{name}.jsonl") from error


_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


def _damaged(name: str) -> Invalid:
    return Invalid("backup.archive", f"{name}: the archive is damaged here; take another copy", file=name)


def _check_directory(archive: zipfile.ZipFile) -> None:
    """Refuse files that no backup has, in the order of the directory, before any is unpacked."""
    wanted = {_MANIFEST, *(f"{name}.jsonl" for name in backup_rows.table_names())}
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(names) != len(wanted) or set(names) != wanted:
        raise Invalid(
            "backup.archive", "the archive has other files than a backup of this release; nothing was unpacked"
        )
    for member in members:
        is_plain = member.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} and not member.flag_bits & 0x1
        is_bomb = member.file_size > _FREE_BYTES and member.file_size > member.compress_size * _LARGEST_RATIO
        is_long = member.filename == _MANIFEST and member.file_size > _LONGEST_MANIFEST
        if not is_plain or is_bomb or is_long or member.file_size > _LARGEST_FILE:
            raise Invalid(
                "backup.archive",
                f"{member.filename}: encrypted, packed in another way, or larger unpacked than a book's file can be",
                file=member.filename,
            )
