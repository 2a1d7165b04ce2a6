"""The child process that reads one file: limits first, then bytes in, marked cells out as JSON lines.

Owns its limits (time, memory, no file, no network, no further process) and the reading of CSV. Imports the standard library only and
is started isolated, without the site's packages; nothing of the product's secrets or database is within its reach.
"""

from __future__ import annotations

import contextlib
import csv
import ctypes
import io
import json
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from api.imports.child_archive import Archive, Refused
from api.imports.child_workbook import HEADER_ROWS, MOST_COLUMNS, MOST_ROWS, Cells, marked_text, read_book

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
"""Address space, of which the interpreter takes some 30 MB; resident memory stays below half of it."""

MOST_ANSWER_BYTES = 48_000_000
MOST_FILE_BYTES = 20_000_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width, as Chinese input makes it
_FORMULA = ("=", "＝")  # noqa: RUF001
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.spawn",
    "urllib.",
    "ftplib.",
)
_NEW_NETWORK, _NEW_USER, _NO_NEW_PRIVILEGES = 0x40000000, 0x10000000, 38
_GB2312_SHARE = 9
"""Of ten Chinese characters that a GB18030 text holds, so many stand in GB 2312; another encoding read as GB18030 gives rare ones."""

_LARGE_ANSWER = Refused("import.archive_size", "a file whose cells are less than 48 MB of text; split it")


def main() -> int:
    """Limit this process, read standard input, write JSON lines: a head and rows, or one refusal."""
    limit()
    raw = sys.stdin.buffer.read(MOST_FILE_BYTES + 1)
    out = sys.stdout.buffer
    try:
        read(raw, out)
    except Refused as refused:
        _say(out, {"refused": refused.code, "expected": refused.expected})
    except MemoryError:
        _say(out, {"refused": "import.too_large", "expected": "a file that unpacks to less; split it"})
    except RecursionError:
        _say(out, {"refused": "import.workbook", "expected": "a workbook that a spreadsheet program can open"})
    out.flush()
    return 0


def limit() -> None:
    """Bound time, memory and files, and leave the network; what a system does not offer is left out but for the audit hook."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - Unix only

        for what, most in (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, MOST_ANSWER_BYTES + 1_000_000),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, 16),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if libc.unshare(_NEW_NETWORK) != 0:
            libc.unshare(_NEW_NETWORK | _NEW_USER)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # Whatever the decoders need is loaded now: from here on no file is opened.
    for name in ("gb18030", "gb2312", "utf-8-sig"):
        b"".decode(name)
    sys.addaudithook(_audit)


def read(raw: bytes, out: BinaryIO) -> None:
    """Write the head, then one line a row: ``[sheet, row, {column: marked cell}]``."""
    if not raw.strip():
        raise Refused("import.empty", "a file that is not empty; export it again")
    if len(raw) > MOST_FILE_BYTES:
        raise Refused("import.too_large", f"at most {MOST_FILE_BYTES // 1_000_000} MB; split the file")
    if raw.startswith(b"PK"):
        book, rows_of = read_book(Archive(raw))
        _say(
            out,
            {
                "form": "xlsx",
                "encoding": "",
                "sheets": [name for name, _ in book.sheets],
                "hidden": book.hidden[:100],
                "is_1904": book.is_1904,
            },
        )
        written = 0
        for index, (_, part) in enumerate(book.sheets):
            written = _write(out, index, rows_of(part), written)
        return
    if raw.startswith(_OLD_EXCEL):
        raise Refused("import.old_excel", "an .xlsx or CSV file; this is an old or locked Excel file, save it as .xlsx")
    text, encoding = decode(raw)
    if text.lstrip().startswith("<"):
        raise Refused("import.markup", "CSV or XLSX, not a web page")
    _say(out, {"form": "csv", "encoding": encoding, "sheets": [""], "hidden": [], "is_1904": False})
    _write(out, 0, _csv_rows(text), 0)


def decode(raw: bytes) -> tuple[str, str]:
    """Return the text and its encoding: UTF-8, else GB18030 of ordinary Chinese; anything else is ``import.encoding``."""
    if not raw.startswith(_UTF16) and b"\x00" not in raw:
        try:
            return raw.decode("utf-8-sig"), "UTF-8"
        except UnicodeDecodeError:
            pass
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode("gb18030")
            if _is_ordinary(text):
                return text, "GB18030"
    raise Refused("import.encoding", "text in UTF-8 or GB18030; save it as CSV UTF-8")


def _is_ordinary(text: str) -> bool:
    beyond = [mark for mark in text if mark > "\x7f"]
    plain = 0
    for mark in beyond:
        if not (
            "\u4e00" <= mark <= "\u9fff"
            or "\u3000" <= mark <= "\u303f"
            or "\uff00" <= mark <= "\uffef"
            or mark < "\u2600"
        ):
            return False
        with contextlib.suppress(UnicodeEncodeError):
            mark.encode("gb2312")
            plain += 1
    return plain * 10 >= len(beyond) * _GB2312_SHARE


def _csv_rows(text: str) -> Iterator[tuple[int, Cells]]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            marked = {column: shown for column, cell in enumerate(cells) if (shown := _csv_cell(cell))}
            if number > MOST_ROWS + HEADER_ROWS and marked:
                raise Refused("import.too_many_rows", f"at most {MOST_ROWS} rows; split the file")
            if marked and max(marked) >= MOST_COLUMNS:
                raise Refused("import.too_many_columns", f"at most {MOST_COLUMNS} columns")
            if marked:
                yield number, marked
    except csv.Error as error:
        raise Refused("import.csv", f"comma-separated cells with closed quotes (row {number + 1})") from error


def _csv_cell(cell: str) -> str:
    text = cell.strip()
    if text.startswith(_FORMULA):
        return "xa value, not a formula"
    if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS):
        text = text[1:]  # the apostrophe by which our own CSV keeps a text from being a formula
    return marked_text(text)


def _write(out: BinaryIO, sheet: int, rows: Iterator[tuple[int, Cells]], written: int) -> int:
    for number, cells in rows:
        line = json.dumps([sheet, number, cells], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        written += len(line) + 1
        if written > MOST_ANSWER_BYTES:
            raise _LARGE_ANSWER
        out.write(line + b"\n")
    return written


def _say(out: BinaryIO, document: dict[str, object]) -> None:
    out.write(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN) or (
        event == "open" and len(arguments) > 1 and arguments[1] not in {"r", "rb", None}
    ):
        sys.stderr.flush()
        os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
