"""The lines of a book's backup: one JSON object a row, typed column by column, and the manifest that says what the archive holds.

Reading is strict, for an archive comes from anywhere: every refusal is ``backup.*`` and names file and line. Knows no archive, no
database and no table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

from ledger.core.errors import Invalid

FORMAT = "tonne-book-backup"
FORMAT_VERSION = 1
LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of a line; an entry with a thousand legs and full attributes has a tenth of it."""

_LARGEST = 2**63 - 1
_MOST_DIGITS = 20
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_UNTELLABLE = re.compile(r"\x00|\\u0000|[\ud800-\udfff]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)

Value: TypeAlias = "int | str | bytes | UUID | date | datetime | bool | dict[str, object] | None"


class ColumnKind(StrEnum):
    """How a column's values are spelled in JSON."""

    INTEGER = "integer"
    TEXT = "text"
    BYTES = "bytes"
    UUID = "uuid"
    DAY = "day"
    INSTANT = "instant"
    OBJECT = "object"
    TRUTH = "truth"


class BackupColumn(NamedTuple):
    """A column of a backed-up table."""

    name: str
    kind: ColumnKind
    is_nullable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupTable:
    """What the manifest says of one table's file: its rows and the SHA-256 of its bytes."""

    name: str
    rows: int
    sha256: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds and where its book's tree had come."""

    schema: str
    book_uuid: UUID
    code: str
    tree_size: int
    tree_root: str
    written_at: datetime
    tables: tuple[BackupTable, ...]

    def text(self) -> str:
        """Return the manifest as JSON, sorted and indented."""
        document = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "schema": self.schema,
            "book_uuid": str(self.book_uuid),
            "code": self.code,
            "tree_size": self.tree_size,
            "tree_root": self.tree_root,
            "written_at": self.written_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "tables": [
                {"name": table.name, "rows": table.rows, "sha256": table.sha256, "columns": list(table.columns)}
                for table in self.tables
            ],
        }
        return json.dumps(document, indent=1, sort_keys=True) + "\n"


def read_manifest(raw: bytes) -> Manifest:
    """Return the manifest that ``raw`` spells; anything else is ``backup.manifest``."""
    document = _object(raw, "manifest.json", 1)
    wanted = {
        "format",
        "format_version",
        "schema",
        "book_uuid",
        "code",
        "tree_size",
        "tree_root",
        "written_at",
        "tables",
    }
    if document.get("format") != FORMAT or document.get("format_version") != FORMAT_VERSION:
        raise Invalid("backup.manifest", f"manifest.json: expected format {FORMAT}, version {FORMAT_VERSION}")
    if set(document) != wanted or not isinstance(document["tables"], list):
        raise Invalid("backup.manifest", f"manifest.json: expected exactly the members {', '.join(sorted(wanted))}")
    columns = {
        "schema": ColumnKind.TEXT,
        "book_uuid": ColumnKind.UUID,
        "code": ColumnKind.TEXT,
        "tree_size": ColumnKind.INTEGER,
        "tree_root": ColumnKind.TEXT,
        "written_at": ColumnKind.INSTANT,
    }
    read = {name: _value(document[name], kind) for name, kind in columns.items()}
    tables = tuple(_manifest_table(each) for each in document["tables"])
    schema, book_uuid, code, size, root, written_at = read.values()
    if (
        not isinstance(schema, str)
        or not isinstance(book_uuid, UUID)
        or not isinstance(code, str)
        or not isinstance(size, int)
        or not isinstance(root, str)
        or not _SHA256.fullmatch(root)
        or not isinstance(written_at, datetime)
        or size < 0
    ):
        raise Invalid("backup.manifest", "manifest.json: a member is not of its type; export the book again")
    return Manifest(
        schema=schema,
        book_uuid=book_uuid,
        code=code,
        tree_size=size,
        tree_root=root,
        written_at=written_at,
        tables=tables,
    )


def encode(columns: Sequence[BackupColumn], values: Sequence[Value]) -> bytes:
    """Return a row as one line of JSON with its line end: bytes as hexadecimal, days and instants as ISO 8601, whole numbers as such."""
    row = {column.name: _spelled(value) for column, value in zip(columns, values, strict=True)}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode(columns: Sequence[BackupColumn], raw: bytes, *, file: str, line: int) -> tuple[Value, ...]:
    """Return a line's values in the order of ``columns``; a line that is not exactly such a row is ``backup.row``."""
    row = _object(raw, file, line)
    if len(row) != len(columns):
        raise _unreadable(file, line, f"exactly the members {', '.join(column.name for column in columns)}")
    values = []
    for column in columns:
        if column.name not in row:
            raise _unreadable(file, line, f"a member {column.name}")
        raw_value = row[column.name]
        value = None if raw_value is None else _value(raw_value, column.kind)
        if value is None and (raw_value is not None or not column.is_nullable):
            raise _unreadable(file, line, f"{column.name} of the kind {column.kind}")
        values.append(value)
    return tuple(values)


def _manifest_table(said: object) -> BackupTable:
    if isinstance(said, dict) and set(said) == {"name", "rows", "sha256", "columns"}:
        name, rows, sha256, columns = said["name"], said["rows"], said["sha256"], said["columns"]
        if (
            isinstance(name, str)
            and _NAME.fullmatch(name)
            and isinstance(rows, int)
            and not isinstance(rows, bool)
            and rows >= 0
            and isinstance(sha256, str)
            and _SHA256.fullmatch(sha256)
            and isinstance(columns, list)
            and all(isinstance(each, str) for each in columns)
        ):
            return BackupTable(name=name, rows=rows, sha256=sha256, columns=tuple(columns))
    raise Invalid("backup.manifest", "manifest.json: a table is a name with rows, sha256 and columns")


def _spelled(value: Value) -> object:
    match value:
        case bytes():
            return value.hex()
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value


def _value(said: object, kind: ColumnKind) -> Value:
    """Return what ``said`` is as a value of ``kind``, or None when it is not one."""
    if kind is ColumnKind.INTEGER:
        return said if isinstance(said, int) and not isinstance(said, bool) and abs(said) <= _LARGEST else None
    if kind is ColumnKind.TRUTH:
        return said if isinstance(said, bool) else None
    if kind is ColumnKind.OBJECT:
        return said if isinstance(said, dict) and _is_tellable(json.dumps(said, ensure_ascii=False)) else None
    if not isinstance(said, str) or not _is_tellable(said):
        return None
    return _of_text(said, kind)


def _of_text(said: str, kind: ColumnKind) -> Value:
    try:
        match kind:
            case ColumnKind.BYTES:
                return bytes.fromhex(said) if _HEX.fullmatch(said) else None
            case ColumnKind.UUID:
                return UUID(said) if _UUID.fullmatch(said) else None
            case ColumnKind.DAY:
                day = date.fromisoformat(said)
                return day if day.isoformat() == said else None
            case ColumnKind.INSTANT:
                instant = datetime.fromisoformat(said)
                return (
                    instant if instant.isoformat(timespec="microseconds") == said and said.endswith("+00:00") else None
                )
            case _:
                return said
    except ValueError:
        return None


def _is_tellable(text: str) -> bool:
    return _UNTELLABLE.search(text) is None


def _object(raw: bytes, file: str, line: int) -> Mapping[str, object]:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _unreadable(file, line, "no key twice")
        return found

    def whole(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise _unreadable(file, line, "whole numbers of at most 19 digits")
        return int(digits)

    def refused(_digits: str) -> object:
        raise _unreadable(file, line, "whole numbers only")

    try:
        row = json.loads(
            raw.decode(), object_pairs_hook=members, parse_int=whole, parse_float=refused, parse_constant=refused
        )
    except (ValueError, RecursionError):
        raise _unreadable(file, line, "one JSON object in UTF-8") from None
    if not isinstance(row, dict):
        raise _unreadable(file, line, "one JSON object in UTF-8")
    return row


def _unreadable(file: str, line: int, expected: str) -> Invalid:
    code = "backup.manifest" if file == "manifest.json" else "backup.row"
    return Invalid(code, f"{file} line {line}: expected {expected}", file=file, line=str(line))
