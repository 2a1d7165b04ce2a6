"""The directory of an XLSX archive, judged before anything is unpacked. Part of the child process.

Owns the bounds of an archive and the refusal of everything a plain sheet does not need: macros, embedded files, links to elsewhere.
Imports the standard library only; knows no cell.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

MOST_PARTS = 200
MOST_UNPACKED_BYTES = 50_000_000
MOST_RATIO = 100
"""Unpacked bytes per packed byte of one part (reliability-and-security, section 5.5); rows of a sheet pack about 1 to 30."""

_SMALL_PART = 64 * 1024
_MOST_DIRECTORY_BYTES = MOST_PARTS * 1_000
_LONGEST_NAME = 200
_END = struct.Struct("<4sHHHHLLH")
_END_MARK = b"PK\x05\x06"
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 0x1
_PIECE = 64 * 1024
_NAME = re.compile(r"[^\x00-\x1f\\:]+")
_UNWANTED = (
    ("vbaproject", "a workbook without macros; save it as .xlsx"),
    ("macrosheets/", "a workbook without macros; save it as .xlsx"),
    ("dialogsheets/", "a workbook without macros; save it as .xlsx"),
    ("activex/", "a workbook without controls; save the cells alone as .xlsx"),
    ("ctrlprops/", "a workbook without controls; save the cells alone as .xlsx"),
    ("externallinks/", "a workbook without links to other files; break the links, then save it"),
    ("embeddings/", "a workbook without embedded files; remove them"),
    ("querytables/", "a workbook without outside connections; remove them"),
    ("connections.xml", "a workbook without outside connections; remove them"),
)


class Refused(Exception):  # noqa: N818 - named as the refusals of the product are
    """The file is refused as a whole: a stable code, and what was expected."""

    def __init__(self, code: str, expected: str) -> None:
        """Keep both."""
        super().__init__(code)
        self.code = code
        self.expected = expected


class Archive:
    """An archive whose directory was found harmless; parts are unpacked piece by piece within what it declares."""

    def __init__(self, raw: bytes) -> None:
        """Judge the directory; raise ``Refused`` for anything that a spreadsheet program does not write."""
        _check_end(raw)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            parts = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, IndexError) as error:
            raise _damaged() from error
        _check_parts(parts)
        self.names = {part.filename.casefold(): part for part in parts if not part.is_dir()}
        if len(self.names) != sum(not part.is_dir() for part in parts):
            raise Refused("import.archive", "each part of the archive once; save the file again as .xlsx")

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a part; one that is not there is ``import.workbook``."""
        part = self.names.get(name.casefold())
        if part is None:
            raise Refused("import.workbook", "a complete workbook; save it again as .xlsx")
        try:
            with self._zip.open(part) as opened:
                while piece := opened.read(_PIECE):
                    yield piece
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            ValueError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise _damaged() from error


def _check_end(raw: bytes) -> None:
    """Refuse a directory too large to be read, bytes before or behind the archive, and archives of the 64-bit form."""
    place = raw.rfind(_END_MARK, max(0, len(raw) - _END.size - _FULL_16))
    if place < 0 or len(raw) - place < _END.size:
        raise _damaged()
    _, disk, first_disk, here, parts, size, offset, comment = _END.unpack(raw[place : place + _END.size])
    if disk or first_disk or here != parts or place + _END.size + comment != len(raw):
        raise _damaged()
    if parts > MOST_PARTS or parts == _FULL_16 or size > _MOST_DIRECTORY_BYTES or _FULL_32 in {size, offset}:
        raise Refused(
            "import.archive_size", f"at most {MOST_PARTS} parts in the archive; save the cells alone as .xlsx"
        )
    if offset + size != place:
        raise Refused("import.archive", "a file that is a workbook and nothing else; save it again as .xlsx")


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS or sum(one.file_size for one in parts) > MOST_UNPACKED_BYTES:
        raise Refused("import.archive_size", f"at most {MOST_UNPACKED_BYTES // 1_000_000} MB unpacked; split the file")
    for part in parts:
        _check_name(part.filename)
        if part.flag_bits & _ENCRYPTED:
            raise Refused("import.locked", "a workbook without a password; remove it and save again")
        if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise _damaged()
        if part.file_size > max(_SMALL_PART, MOST_RATIO * part.compress_size):
            raise Refused("import.archive_ratio", "no part that unpacks to more than a spreadsheet can; split the file")
    # Parts that share packed bytes unpack more than the sizes promise: each begins behind the one before.
    behind = 0
    for place, size in sorted((part.header_offset, part.compress_size) for part in parts):
        if place < behind:
            raise _damaged()
        behind = place + size
    if min((one.header_offset for one in parts), default=0) > 0:
        raise Refused("import.archive", "a file that is a workbook and nothing else; save it again as .xlsx")


def _check_name(name: str) -> None:
    steps = name.split("/")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or name.startswith("/") or ".." in steps:
        raise Refused("import.archive_name", "an archive with plain part names; save the file again as .xlsx")
    folded = name.casefold()
    for mark, expected in _UNWANTED:
        if mark in folded:
            raise Refused("import.active_content", expected)


def _damaged() -> Refused:
    return Refused("import.archive", "an undamaged workbook; send the file again, or save it again as .xlsx")
