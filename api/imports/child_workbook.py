"""The cells of an XLSX workbook, read from its XML without a document type, an entity or a formula. Part of the child process.

Owns how parts are found and how one cell becomes a marked text. Imports the standard library only; knows no column.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.parsers import expat

from api.imports.child_archive import Archive, Refused
from api.imports.child_numbers import number_text, serial_text
from api.imports.child_rows import FoundCell, OtherSpelling, plain_rows

MOST_ROWS = 100_000
MOST_COLUMNS = 256
MOST_SHEETS = 20
LONGEST_CELL = 10_000
_MOST_STRINGS = 2_000_000
HEADER_ROWS = 20
_DEEPEST = 64
_RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_PERCENT_FORMATS = frozenset({9, 10})
"""Built-in number formats (ECMA-376 part 1, section 18.8.30), those of Chinese and Japanese programs included."""

_NO_TOKEN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_DATE_TOKEN = re.compile(r"[ymdhs年月日]", re.IGNORECASE)
_LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)
_REMEMBERED = 50_000
_INDEX_DIGITS = 7
_HIDDEN = frozenset({"hidden", "veryHidden"})
FORMULA, ERROR, TRUTH = "a value, not a formula", "a value, not a spreadsheet error", "a value, not a truth value"
LONG_TEXT, UNPRINTABLE = f"at most {LONGEST_CELL} characters", "printable text"

Attributes = Mapping[str, str]
Cells = dict[int, str]


@dataclass(slots=True)
class Book:
    """What the workbook part says: sheets by name with their parts, and how dates count."""

    sheets: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    is_1904: bool = False


def read_book(archive: Archive) -> tuple[Book, Callable[[str], Iterator[tuple[int, Cells]]]]:
    """Return the visible sheets, and a function that yields a sheet's rows: number, and marked cells by column from 0."""
    _check_relations(archive)
    _check_types(archive)
    book_part = _target(archive, "_rels/.rels", "", "/officeDocument")
    folder = posixpath.dirname(book_part)
    relations = posixpath.join(folder, "_rels", posixpath.basename(book_part) + ".rels")
    book = _book(archive, book_part, relations, folder)
    strings = _strings(archive, _target(archive, relations, folder, "/sharedStrings", is_needed=False))
    styles = _styles(archive, _target(archive, relations, folder, "/styles", is_needed=False))
    return book, lambda part: _rows(archive, part, strings, styles, is_1904=book.is_1904)


def _parse(
    archive: Archive, name: str, start: Callable[[str, Attributes], None], end: Callable[[str], None] | None = None
) -> None:
    """Feed a small part to handlers that get the local names of its elements."""
    depth = 0

    def started(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _broken()
        start(tag.rpartition(" ")[2], attributes)

    def ended(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(tag.rpartition(" ")[2])

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = _refuse_entities
    parser.EntityDeclHandler = _refuse_entities
    try:
        for piece in archive.pieces(name):
            parser.Parse(piece, False)  # noqa: FBT003 - expat takes it by place
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _broken() from error


def _check_relations(archive: Archive) -> None:
    """Refuse every relation to something outside the file but a hyperlink, which is never followed."""

    def start(tag: str, attributes: Attributes) -> None:
        outside = attributes.get("TargetMode", "").casefold() == "external"
        if tag == "Relationship" and outside and not attributes.get("Type", "").endswith("/hyperlink"):
            raise Refused(
                "import.active_content", "a workbook without links to other files; break the links, then save it"
            )

    for name in archive.names:
        if name.endswith(".rels"):
            _parse(archive, name, start)


def _check_types(archive: Archive) -> None:
    """Refuse anything but a plain workbook: macros are told by the type whatever the file is called."""
    types: set[str] = set()
    _parse(archive, "[Content_Types].xml", lambda _, attributes: types.add(attributes.get("ContentType", "")))
    if any("macro" in kind.casefold() or "vba" in kind.casefold() for kind in types):
        raise Refused("import.active_content", "a workbook without macros; save it as .xlsx")
    if _BOOK_TYPE not in types:
        raise Refused(
            "import.workbook", "an .xlsx workbook; open the file in a spreadsheet program and save it as .xlsx"
        )


def _target(archive: Archive, relations: str, folder: str, kind: str, *, is_needed: bool = True) -> str:
    found = [target for kind_of, _, target in _relations(archive, relations, folder) if kind_of.endswith(kind)]
    if is_needed and len(found) != 1:
        raise _broken()
    return found[0] if found else ""


def _relations(archive: Archive, name: str, folder: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and len(found) < _DEEPEST * 4:
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found.append((attributes.get("Type", ""), attributes.get("Id", ""), path))

    _parse(archive, name, start)
    return found


def _book(archive: Archive, part: str, relations: str, folder: str) -> Book:
    book = Book()
    targets = {each: path for _, each, path in _relations(archive, relations, folder)}

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "workbookPr":
            book.is_1904 = attributes.get("date1904", "").casefold() in {"1", "true"}
        elif tag == "sheet":
            name = attributes.get("name", "")[:80]
            if attributes.get("state") in _HIDDEN:
                book.hidden.append(name)
                return
            key = next((attributes[f"{space} id"] for space in _RELATIONS if f"{space} id" in attributes), "")
            if key not in targets or len(book.sheets) == MOST_SHEETS:
                raise Refused("import.sheets", f"1 to {MOST_SHEETS} sheets; split the file")
            book.sheets.append((name, targets[key]))

    _parse(archive, part, start)
    if not book.sheets:
        raise Refused("import.sheets", f"1 to {MOST_SHEETS} visible sheets")
    return book


def _strings(archive: Archive, part: str) -> list[str]:
    strings: list[str] = []
    for entry in _elements(archive, part, "si") if part else ():
        if len(strings) == _MOST_STRINGS:
            raise Refused("import.archive_size", "fewer texts; split the file")
        strings.append(_joined(entry))
    return strings


def _styles(archive: Archive, part: str) -> list[str]:
    """Return for each cell style ``d`` (a date), ``p`` (a percentage) or nothing."""
    styles: list[str] = []
    if not part:
        return styles
    formats: dict[str, str] = {}
    is_cell_style = False

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal is_cell_style
        if tag == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:400]
        elif tag == "cellXfs":
            is_cell_style = True
        elif tag == "xf" and is_cell_style:
            if len(styles) > _MOST_STRINGS:
                raise _broken()
            styles.append(_style(attributes.get("numFmtId", "0"), formats))

    def end(tag: str) -> None:
        nonlocal is_cell_style
        is_cell_style = is_cell_style and tag != "cellXfs"

    _parse(archive, part, start, end)
    return styles


def _style(number: str, formats: Mapping[str, str]) -> str:
    if number not in formats:
        known = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0  # noqa: PLR2004
        return "d" if known in _DATE_FORMATS else "p" if known in _PERCENT_FORMATS else ""
    tokens = _NO_TOKEN.sub("", formats[number].partition(";")[0])
    if "general" in tokens.casefold():
        return ""
    return "d" if _DATE_TOKEN.search(tokens) else "p" if "%" in tokens else ""


class _Sheet:
    """One sheet being read: what its cells mean, and what was worked out before."""

    def __init__(self, strings: list[str], styles: list[str], *, is_1904: bool) -> None:
        self._strings, self._styles, self._is_1904 = strings, styles, is_1904
        self._row, self._count = 0, 0
        self._columns: dict[str, int] = {}
        self._known: dict[tuple[str, str, str], str] = {}

    def take_plain(self, number: int, found: list[FoundCell]) -> tuple[int, Cells] | None:
        """Return a row's number and cells, ``None`` for a row without any."""
        if number <= self._row:
            raise _broken()
        self._row = number
        row_text, cells, before = str(number), {}, -1
        columns, known = self._columns, self._known
        for letters, row, style, kind, value, inline in found:
            column = columns.get(letters)
            if column is None:
                column = columns[letters] = _column(letters)
            if row != row_text or column <= before:
                raise _broken()
            before = column
            stored = value or inline
            if stored:
                key = (kind or "n", style, stored)
                shown = known.get(key)
                if shown is None:
                    shown = self._remembered(key)
                if shown:
                    cells[column] = shown
        return self._checked(cells)

    def take(self, row: Element) -> tuple[int, Cells] | None:
        """Return a row's number and cells, ``None`` for a row without any."""
        self._row = _following(row.get("r"), self._row)
        row_text, cells, before = str(self._row), {}, -1
        for cell in row:
            place = cell.get("r")
            column = before + 1 if place is None else self._column_of(place, row_text)
            if column <= before:
                raise _broken()
            before = column
            shown = self._shown(cell)
            if shown:
                cells[column] = shown
        return self._checked(cells)

    def _checked(self, cells: Cells) -> tuple[int, Cells] | None:
        if not cells:
            return None
        self._count += 1
        if max(self._row, self._count) > MOST_ROWS + HEADER_ROWS:
            raise Refused("import.too_many_rows", f"at most {MOST_ROWS} rows; split the file")
        if max(cells) >= MOST_COLUMNS:
            raise Refused("import.too_many_columns", f"at most {MOST_COLUMNS} columns")
        return self._row, cells

    def _column_of(self, place: str, row_text: str) -> int:
        letters = place.rstrip("0123456789")
        if place[len(letters) :] != row_text:
            raise _broken()
        column = self._columns.get(letters)
        if column is None:
            if not _LETTERS.fullmatch(letters):
                raise _broken()
            column = self._columns[letters] = _column(letters)
        return column

    def _shown(self, cell: Element) -> str:
        stored = ""
        for part in cell:
            tag = part.tag
            local = tag[tag.rfind("}") + 1 :]
            if local == "v":
                stored = part.text or ""
            elif local == "f":
                return f"x{FORMULA}"
            elif local == "is":
                stored = _joined(part)
        if not stored:
            return ""
        key = (cell.get("t", "n"), cell.get("s", ""), stored)
        return self._known.get(key) or self._remembered(key)

    def _remembered(self, key: tuple[str, str, str]) -> str:
        shown = self._marked(*key)
        if len(self._known) < _REMEMBERED:
            self._known[key] = shown
        return shown

    def _marked(self, kind: str, style: str, stored: str) -> str:
        match kind:
            case "s":
                if not (_is_index(stored) and int(stored) < len(self._strings)):
                    raise _broken()
                return marked_text(self._strings[int(stored)])
            case "inlineStr" | "str" | "d":
                return marked_text(stored)
            case "n":
                return self._number(style, stored.strip())
            case "b":
                return f"x{TRUTH}"
            case _:
                return f"x{ERROR}"

    def _number(self, style: str, stored: str) -> str:
        if not stored:
            return ""
        form = self._styles[int(style)] if _is_index(style) and int(style) < len(self._styles) else ""
        text, expected = serial_text(stored, is_1904=self._is_1904) if form == "d" else number_text(stored)
        return f"x{expected}" if expected else f"{form or 'n'}{text}"


def _rows(
    archive: Archive, part: str, strings: list[str], styles: list[str], *, is_1904: bool
) -> Iterator[tuple[int, Cells]]:
    """Yield a sheet's rows: as they are usually spelled, and from the first that is not on by the XML parser."""
    sheet = _Sheet(strings, styles, is_1904=is_1904)
    last = 0
    try:
        for number, found in plain_rows(archive.pieces(part)):
            taken = sheet.take_plain(number, found)
            last = number
            if taken is not None:
                yield taken
    except OtherSpelling:
        sheet = _Sheet(strings, styles, is_1904=is_1904)
        for row in _elements(archive, part, "row"):
            taken = sheet.take(row)
            if taken is not None and taken[0] > last:
                yield taken


def _elements(archive: Archive, name: str, wanted: str) -> Iterator[Element]:
    """Yield every element of that local name when it is complete, then forget it; a document type refuses the part."""
    # Nothing reaches this parser before the prolog was found to have no document type.
    parser: XMLPullParser[Element] = XMLPullParser(events=("end",))
    guard = _Prolog()
    try:
        for piece in archive.pieces(name):
            guard.check(piece)
            parser.feed(piece)
            yield from _complete(parser, wanted)
        parser.close()
        yield from _complete(parser, wanted)
    except (ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise _broken() from error


def _complete(parser: XMLPullParser[Element], wanted: str) -> Iterator[Element]:
    for event in parser.read_events():
        element = event[-1]
        if isinstance(element, Element) and element.tag.endswith(wanted) and element.tag.rpartition("}")[2] == wanted:
            yield element
            element.clear()


class _Prolog:
    """What stands before the root element: a document type, in any encoding, refuses the part before it is read."""

    def __init__(self) -> None:
        self._is_root_seen = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._root
        self._parser.StartDoctypeDeclHandler = _refuse_entities

    def check(self, piece: bytes) -> None:
        """Look at the next piece unless the root has begun; a document type cannot follow it."""
        if not self._is_root_seen:
            self._parser.Parse(piece, False)  # noqa: FBT003 - expat takes it by place

    def _root(self, *_: object) -> None:
        self._is_root_seen = True


def _refuse_entities(*_: object) -> None:
    raise Refused("import.entities", "a workbook without document types and entities; save it again as .xlsx")


def _following(number: str | None, before: int) -> int:
    following = before + 1 if number is None else int(number) if _is_index(number) else 0
    if following <= before:
        raise _broken()
    return following


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _INDEX_DIGITS


def _joined(element: Element) -> str:
    """Return the texts of ``t`` below an element but not those of a phonetic reading."""
    words = []
    for part in element:
        local = part.tag.rpartition("}")[2]
        if local == "t":
            words.append(part.text or "")
        elif local == "r":
            words += [one.text or "" for one in part if one.tag.rpartition("}")[2] == "t"]
    return "".join(words)


def marked_text(text: str) -> str:
    """Return a text without outer blanks, marked ``t``; empty for an empty one, ``x`` and what was expected for one of no use."""
    shown = text.strip()
    if not shown:
        return ""
    if len(shown) > LONGEST_CELL:
        return f"x{LONG_TEXT}"
    if not shown.isprintable() and any(not mark.isprintable() and mark not in "\t\r\n\u3000\xa0" for mark in shown):
        return f"x{UNPRINTABLE}"
    return f"t{shown}"


def _column(letters: str) -> int:
    """Return the column from 0: ``A`` is 0, ``AA`` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _broken() -> Refused:
    return Refused("import.workbook", "a workbook that a spreadsheet program can open; save it again as .xlsx")
