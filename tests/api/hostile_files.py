"""Files made to break a reader of spreadsheets: each with the code that refuses it, or none where it is merely odd."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
HEADER = "trade_ref,kind,traded_on\n"
BILLION = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)

Parts = dict[str, bytes]


def cells(*rows: str) -> str:
    return "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, start=1))


def parts(sheet: str | None = None, **more: str | bytes) -> Parts:
    """Return the parts of a small workbook; ``sheet`` is the inside of its sheet."""
    inside = cells('<c r="A1" t="inlineStr"><is><t>trade_ref</t></is></c>') if sheet is None else sheet
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{BOOK_TYPE}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{RELATION}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{RELATION}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{inside}</sheetData></worksheet>',
    }
    found |= {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return {name: content.encode() if isinstance(content, str) else content for name, content in found.items()}


def packed(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def changed(name: str, old: str, new: str) -> bytes:
    found = parts()
    assert old.encode() in found[name]
    return packed({**found, name: found[name].replace(old.encode(), new.encode())})


def with_part(name: str, content: bytes = b"x") -> bytes:
    return packed({**parts(), name: content})


def sheet_with_prolog(prolog: str, encoding: str = "utf-8") -> bytes:
    found = parts()
    sheet = prolog + found["xl/worksheets/sheet1.xml"].decode()
    return packed({**found, "xl/worksheets/sheet1.xml": sheet.encode(encoding)})


def million_entries() -> bytes:
    """Return an archive whose directory names a hundred thousand parts; a million would not fit an upload."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 100_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 4, 0)
    return b"PK\x03\x04" + directory + end


def lying_count() -> bytes:
    raw = bytearray(million_entries())
    raw[-14:-10] = struct.pack("<2H", 5, 5)
    return bytes(raw)


def overlapping() -> bytes:
    """Return an archive in which two directory entries share the same packed bytes."""
    raw = packed({"a": b"x" * 70_000, "b": b"y" * 70_000}, compression=zipfile.ZIP_STORED)
    place = raw.rfind(b"PK\x01\x02")
    return raw[: place + 42] + struct.pack("<L", 0) + raw[place + 46 :]


def encrypted() -> bytes:
    raw = bytearray(packed(parts()))
    place = raw.find(b"PK\x01\x02")
    raw[place + 8] |= 1
    return bytes(raw)


def deep(levels: int) -> str:
    return "<x>" * levels + "</x>" * levels


def plain_workbook() -> bytes:
    book = Workbook()
    book.worksheets[0].append(["trade_ref", "kind", "traded_on"])
    for number in range(40):
        book.worksheets[0].append([f"T-{number}", "fee", "2025-01-01"])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def refused_files() -> Iterator[tuple[str, bytes, str]]:  # noqa: PLR0915 - a list of files
    """Yield name, bytes and the code that refuses the whole file."""
    good = plain_workbook()
    for tenth in range(1, 10):
        yield f"cut at {tenth}0 %", good[: len(good) * tenth // 10], "import.archive"
    yield "empty", b"", "import.empty"
    yield "blanks", b" \n\t\n", "import.empty"
    yield "zip mark alone", b"PK\x03\x04", "import.archive"
    yield "no archive", b"PK" + b"\xff" * 500, "import.archive"
    yield "bytes before", b"PKjunk" + good, "import.archive"
    yield "bytes behind", good + b"#!/bin/sh\n", "import.archive"
    yield "two archives", good + good, "import.archive"
    yield "flate bomb", with_part("xl/media/a.bin", b"\0" * 20_000_000), "import.archive_ratio"
    yield "bomb in the sheet", packed(parts(" " * 10_000_000)), "import.archive_ratio"
    yield (
        "bomb over the sum",
        packed({**parts(), **{f"a{n}": bytes(9_000_000) for n in range(7)}}),
        "import.archive_size",
    )
    yield "a hundred thousand parts", million_entries(), "import.archive_size"
    yield "more parts than said", lying_count(), "import.archive_size"
    yield "201 parts", packed({**parts(), **{f"a{n}": b"x" for n in range(201)}}), "import.archive_size"
    yield "shared bytes", overlapping(), "import.archive"
    yield "encrypted", encrypted(), "import.locked"
    yield "bzip2", packed(parts(), compression=zipfile.ZIP_BZIP2), "import.archive"
    yield "lzma", packed(parts(), compression=zipfile.ZIP_LZMA), "import.archive"
    yield "traversal", with_part("../../etc/passwd"), "import.archive_name"
    yield "traversal inside", with_part("xl/../../x"), "import.archive_name"
    yield "absolute", with_part("/etc/passwd"), "import.archive_name"
    yield "drive", with_part("C:/x"), "import.archive_name"
    yield "backslashes", with_part("xl\\..\\x"), "import.archive_name"
    yield "long name", with_part("a" * 300), "import.archive_name"
    yield "same name in capitals", with_part("XL/WORKBOOK.XML"), "import.archive"
    yield "macros", with_part("xl/vbaProject.bin"), "import.active_content"
    yield "macro sheet", with_part("xl/macrosheets/sheet1.xml"), "import.active_content"
    yield "external link", with_part("xl/externalLinks/externalLink1.xml"), "import.active_content"
    yield "embedded file", with_part("xl/embeddings/a.bin"), "import.active_content"
    yield "control", with_part("xl/activeX/a.bin"), "import.active_content"
    yield "connection", with_part("xl/connections.xml"), "import.active_content"
    yield "macro type", changed("[Content_Types].xml", BOOK_TYPE, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), (
        "import.active_content"
    )  # fmt: skip
    yield "template of words", changed("[Content_Types].xml", BOOK_TYPE, "application/msword"), "import.workbook"
    yield "outside relation", changed("_rels/.rels", 'Target="xl', 'TargetMode="External" Target="xl'), (
        "import.active_content"
    )  # fmt: skip
    yield "relation to nowhere", changed("_rels/.rels", "xl/workbook.xml", "../../etc/passwd"), "import.workbook"
    yield "no sheet part", packed({n: c for n, c in parts().items() if "sheet1" not in n}), "import.workbook"
    yield "no types", packed({n: c for n, c in parts().items() if "Types" not in n}), "import.workbook"
    yield "document type", sheet_with_prolog('<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/x">'), "import.entities"
    yield "document type in UTF-16", sheet_with_prolog("<!DOCTYPE x [<!ENTITY a 'b'>]>", "utf-16"), "import.entities"
    yield "late document type", sheet_with_prolog("<!--" + "x" * 200_00 + "--><!DOCTYPE x>"), "import.entities"
    yield "billion laughs", sheet_with_prolog(BILLION), "import.entities"
    yield "entity in the workbook", changed("xl/workbook.xml", "<workbook", "<!DOCTYPE x [<!ENTITY a 'b'>]><workbook"), (
        "import.entities"
    )  # fmt: skip
    yield (
        "local file entity",
        sheet_with_prolog('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "import.entities",
    )
    yield "undefined entity", packed(parts(cells('<c r="A1" t="inlineStr"><is><t>&a;</t></is></c>'))), "import.workbook"
    yield "not closed", packed(parts("<row>")), "import.workbook"
    yield "rows backwards", packed(parts('<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>')), (
        "import.workbook"
    )  # fmt: skip
    yield "a cell twice", packed(parts(cells('<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>'))), "import.workbook"
    yield "a cell of another row", packed(parts(cells('<c r="A9"><v>1</v></c>'))), "import.workbook"
    yield "a far column", packed(parts(cells('<c r="XFD1"><v>1</v></c>'))), "import.too_many_columns"
    yield "a far row", packed(parts('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')), "import.too_many_rows"
    yield "no such text", packed(parts(cells('<c r="A1" t="s"><v>7</v></c>'))), "import.workbook"
    yield "negative text", packed(parts(cells('<c r="A1" t="s"><v>-1</v></c>'))), "import.workbook"
    yield "deep workbook", changed("xl/workbook.xml", "<sheets>", deep(5_000) + "<sheets>"), "import.workbook"
    yield "old Excel", b"\xd0\xcf\x11\xe0" + b"x" * 600, "import.old_excel"
    yield "web page", b"<html><table><tr><td>1</td></tr></table></html>", "import.markup"
    yield "UTF-16", HEADER.encode("utf-16"), "import.encoding"
    yield "NUL bytes", b"a,b\n\x00\x00,1\n", "import.encoding"
    yield "Big5", "交易編號,類型\n臺灣測試資料與憑證號碼說明,買賣\n".encode("big5"), "import.encoding"
    yield "Latin-1", "Réf,Größe,naïve café\nÀÉÎÕÜ,çñß\n".encode("latin-1"), "import.encoding"
    yield "Shift-JIS", "取引番号,種類,カタカナ\nテスト,かな\n".encode("shift-jis"), "import.encoding"
    yield "noise", bytes(range(128, 256)) * 20, "import.encoding"
    yield "open quote", b'a,b\n"never closed,1\n', "import.csv"
    yield "too many columns", b",".join([b"x"] * 300) + b"\n", "import.too_many_columns"
    yield "too many rows", b"a\n" * 100_100, "import.too_many_rows"
    yield "a field of a megabyte", b"a," + b"x" * 1_100_000 + b"\n", "import.csv"


def odd_files() -> Iterator[tuple[str, bytes]]:
    """Yield files that can be read although nobody should write them."""
    yield "deep sheet", packed(parts(cells(f'<c r="A1"><v>1</v>{deep(2_000)}</c>')))
    yield "prefixes", changed("xl/worksheets/sheet1.xml", "<worksheet xmlns=", '<worksheet xmlns:q="x" xmlns=')
    yield "no places", packed(parts('<row><c><v>1</v></c></row><row><c t="b"><v>1</v></c></row>'))
    yield "comment", packed(parts("<!-- <row> -->" + cells('<c r="A1"><v>1</v></c>')))
    yield (
        "text in pieces",
        packed(parts(cells('<c r="A1" t="inlineStr"><is><r><t>a&amp;</t></r><r><t>b</t></r></is></c>'))),
    )
    yield "unknown cell type", packed(parts(cells('<c r="A1" t="weird"><v>1</v></c>')))
    yield "numbers of no number", packed(parts(cells('<c r="A1"><v>NaN</v></c>', '<c r="A2"><v>1e999</v></c>')))
    yield "formula in CSV", b"a\n=cmd|' /C calc'!A0\n"
    yield "full-width formula", "a\n＝1+1\n".encode()  # noqa: RUF001
