"""A file as sheets of marked cells, read in a child process with limits of its own.

Owns the start, the deadline and the answer of that process. Knows no column; a hostile file costs a child, never this process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import api.imports
from api.imports.child import MOST_FILE_BYTES
from ledger.core.errors import Invalid

_SECONDS = 30
"""Wall time, for a child that waits for its turn on a busy machine; its own limit is five seconds of work."""

_SECONDS_FOR_A_TURN = 60
_ROOT = Path(api.imports.__path__[0]).resolve().parents[1]
_START = "import sys; sys.path.insert(0, sys.argv[1]); from api.imports.child import main; sys.exit(main())"
_children = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSheet:
    """One sheet: rows by number from 1, each with its marked cells by column from 0.

    A cell's first character says what it is: ``t`` text, ``n`` number, ``d`` day, ``p`` a number shown as a percentage, ``x`` what
    was expected instead of what stands there.
    """

    name: str
    rows: Mapping[int, Mapping[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """What stands in a file: its form (``xlsx`` or ``csv``), its encoding when a CSV, its sheets, and hidden ones, which are not read."""

    file_name: str
    form: str
    encoding: str
    sheets: tuple[ReadSheet, ...]
    is_1904: bool = False
    hidden: tuple[str, ...] = ()
    skipped: tuple[str, ...] = field(default=())


def read_file(file_name: str, raw: bytes) -> ReadFile:
    """Return the file's cells; raise ``Invalid`` with an ``import.*`` code for one that is refused as a whole."""
    name = "".join(mark if mark.isprintable() else "?" for mark in file_name)[:120] or "file"
    if len(raw) > MOST_FILE_BYTES:
        raise Invalid(
            "import.too_large", f"{name}: expected at most {MOST_FILE_BYTES} bytes; split the file", file=name
        )
    if not _children.acquire(timeout=_SECONDS_FOR_A_TURN):
        raise Invalid(
            "import.readers_busy", f"{name}: other files are being read; send it again in a minute", file=name
        )
    try:
        with tempfile.TemporaryFile() as answer:
            code = _run(raw, answer)
            answer.seek(0)
            return _answered(name, answer, code)
    finally:
        _children.release()


def _run(raw: bytes, answer: IO[bytes]) -> int:
    """Run the child on ``raw`` and return its exit code, negative when a limit ended it."""
    child = subprocess.Popen(  # noqa: S603 - this interpreter and our own module, nothing of the file's
        [sys.executable, "-I", "-S", "-B", "-c", _START, str(_ROOT)],
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
    try:
        child.communicate(raw, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
    return child.returncode


def _answered(name: str, answer: IO[bytes], code: int) -> ReadFile:
    head = _line(name, answer.readline())
    if isinstance(head, dict) and "refused" in head:
        raise Invalid(str(head["refused"])[:40], f"{name}: expected {str(head['expected'])[:200]}", file=name)
    if code != 0 or not isinstance(head, dict):
        raise _overrun(name)
    sheets: list[dict[int, Mapping[int, str]]] = [{} for _ in head["sheets"]]
    for line in answer:
        row = _line(name, line)
        if isinstance(row, dict):  # a refusal after the first rows
            raise Invalid(str(row["refused"])[:40], f"{name}: expected {str(row['expected'])[:200]}", file=name)
        sheets[row[0]][row[1]] = {int(column): cell for column, cell in row[2].items()}
    return ReadFile(
        file_name=name,
        form=head["form"],
        encoding=head["encoding"],
        sheets=tuple(ReadSheet(name=title, rows=rows) for title, rows in zip(head["sheets"], sheets, strict=True)),
        is_1904=head["is_1904"],
        hidden=tuple(head["hidden"]),
    )


def _line(name: str, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise _overrun(name) from error


def _overrun(name: str) -> Invalid:
    return Invalid(
        "import.too_slow",
        f"{name}: reading it takes more time or memory than a sheet of rows does; split it",
        file=name,
    )
