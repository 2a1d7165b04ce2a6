"""The rows of a sheet in the plain spelling that spreadsheet programs write, found without building elements. Part of the child process.

Owns the spelling only: a sheet written in any other way is not wrong, it is read by the XML parser instead. A hundred thousand rows
are read in a third of that parser's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CELL = (
    r'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,7}")?(?: t="[A-Za-z]{1,9}")?'
    r'(?:\s?/>|>(?:<v>[^<&]*+</v>|<v\s?/>|<is><t(?: xml:space="preserve")?>[^<&]*+</t></is>)?</c>)'
)
_ROW = re.compile(rf'\s*<row r="([0-9]{{1,7}})"[^<>&]*?(?:/>|>((?:{_CELL})*+)</row>)', re.ASCII)
_CELLS = re.compile(
    r'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="([0-9]{1,7})")?(?: t="([A-Za-z]{1,9})")?'
    r'(?:\s?/>|>(?:<v>([^<&]*)</v>|<v\s?/>|<is><t(?: xml:space="preserve")?>([^<&]*)</t></is>)?</c>)',
    re.ASCII,
)
_BEGIN, _END = "<sheetData>", "</sheetData>"
_LONGEST_ROW = 1_000_000

FoundCell = tuple[str, str, str, str, str, str]
"""Column letters, row number, style, type, value, inline text; empty where the cell has none."""


class OtherSpelling(Exception):  # noqa: N818 - no error: the sheet goes to the XML parser
    """The sheet is not in the plain spelling from here on."""


def plain_rows(pieces: Iterator[bytes]) -> Iterator[tuple[int, list[FoundCell]]]:
    """Yield row numbers and cells; raise ``OtherSpelling`` as soon as anything else than plain rows stands in the sheet."""
    text, place, is_begun = "", 0, False
    rest = b""
    for piece in pieces:
        new, rest = _decoded(rest + piece)
        text, place = text[place:] + new, 0
        if not is_begun:
            place = text.find(_BEGIN)
            if place < 0:
                if len(text) > _LONGEST_ROW:
                    raise OtherSpelling
                place = 0
                continue
            _check_preamble(text[:place])
            place, is_begun = place + len(_BEGIN), True
        while (found := _ROW.match(text, place)) is not None:
            place = found.end()
            yield int(found[1]), _CELLS.findall(found[2] or "")
        if text.startswith(_END, place):
            return
        if len(text) - place > _LONGEST_ROW:
            raise OtherSpelling
    raise OtherSpelling


def _decoded(raw: bytes) -> tuple[str, bytes]:
    """Return the text and the bytes of a letter that is not complete yet."""
    for cut in range(4):
        end = len(raw) - cut
        try:
            return raw[:end].decode("utf-8"), raw[end:]
        except UnicodeDecodeError:
            continue
    raise OtherSpelling


def _check_preamble(text: str) -> None:
    declared = text.partition("?>")[0].lower() if text.startswith("<?xml") else ""
    if "<!" in text or ("encoding" in declared and "utf-8" not in declared) or "xmlns=" not in text:
        raise OtherSpelling
