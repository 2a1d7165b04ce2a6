"""Whether an answer under status 200 is what was asked for: sources answer with web pages, nothing, or half a document.

Owns the media types and first bytes of every kind of content. Reads no value.
"""

from __future__ import annotations

from finance.feeds.requests import Content
from finance.feeds.strict_json import load_json
from ledger.core.errors import Conflict, Invalid

_ANY = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain"})
_MEDIA_TYPES = {
    Content.JSON: _ANY | {"application/json", "text/json", "application/javascript", "text/javascript"},
    Content.XML: _ANY | {"application/xml", "text/xml"},
    Content.CSV: _ANY
    | {
        "text/csv",
        "application/csv",
        "application/vnd.sdmx.data+csv",
        "application/vnd.ms-excel",
        "text/comma-separated-values",
    },
    Content.ZIP: _ANY | {"application/zip", "application/x-zip-compressed", "text/csv"},
    Content.WORKBOOK: _ANY
    | {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-excel",
        "application/zip",
        "application/x-zip-compressed",
    },
    Content.HTML: _ANY | {"text/html", "application/xhtml+xml"},
}
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<script", b"<body")
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_START = 512
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_answer(content: bytes, *, expected: Content, media_type: str) -> None:
    """Refuse with ``feed.content`` what is not ``expected``; ``data["reason"]`` says in a word what it is instead.

    ``challenge``: a web page where none was asked for, as a site's guard sends it. ``empty``: nothing. ``incomplete``: JSON
    that breaks off. ``media_type`` and ``format``: something else. ``media_type`` is without parameters, in lower case.
    """
    start = content[:_START].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start and not content.strip():
        raise _refused(expected, "empty", "the answer is empty")
    is_page = start.lower().startswith(_PAGE_STARTS)
    if expected is not Content.HTML and (is_page or (media_type in _PAGE_TYPES and start.startswith(b"<"))):
        raise _refused(expected, "challenge", "the answer is a web page; the source may ask for a check")
    if media_type not in _MEDIA_TYPES[expected]:
        raise _refused(expected, "media_type", f"the answer says it is {ascii(media_type)[:60]}")
    if not _starts_right(start, expected):
        raise _refused(expected, "format", "the answer begins otherwise")
    if expected is Content.JSON:
        _check_json(content)


def _starts_right(start: bytes, expected: Content) -> bool:
    match expected:
        case Content.JSON:
            return start.startswith((b"{", b"["))
        case Content.XML | Content.HTML:
            return start.startswith(b"<")
        case Content.CSV:
            return not start.startswith(b"<") and b"\0" not in start
        case Content.ZIP:
            return start.startswith(_ZIP) or (not start.startswith(b"<") and b"\0" not in start)
        case Content.WORKBOOK:
            return start.startswith((_ZIP, _OLD_EXCEL))


def _check_json(content: bytes) -> None:
    try:
        load_json(content, source="the answer")
    except Invalid as error:
        if error.code == "feed.too_large":
            raise
        reason = "incomplete" if error.code == "feed.not_json" else "format"
        raise _refused(Content.JSON, reason, "the answer is not complete JSON") from error


def _refused(expected: Content, reason: str, sentence: str) -> Conflict:
    return Conflict("feed.content", f"expected {expected.value}: {sentence}", expected=expected.value, reason=reason)
