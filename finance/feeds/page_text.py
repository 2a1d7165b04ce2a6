"""Web pages as plain text, links and table rows: what notices and price pages are read from.

Owns turning markup into text. Runs nothing of a page and knows no source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from finance.feeds.limits import MAX_PAGE_BYTES
from ledger.core.errors import Invalid

_UNREAD = {
    name: re.compile(f"</{name}", re.ASCII | re.IGNORECASE) for name in ("script", "style", "noscript", "template")
}
_CELLS = frozenset({"td", "th"})
_ROW_ENDS = frozenset({"tr", "table", "tbody", "thead"})
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})(?![A-Za-z0-9])")
_ATTRIBUTE = re.compile(r"""([A-Za-z][A-Za-z0-9_-]{0,40})\s{0,10}=\s{0,10}("[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"'>]+)""")
_MAX_LINKS = 5000
_MAX_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link: its address as written, the text that is clicked and its ``title``, which has what the text cuts off."""

    href: str
    text: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page's text without any blanks, its links in order, and its table rows as cells of text with single blanks."""

    text: str
    links: tuple[Link, ...]
    rows: tuple[tuple[str, ...], ...]


def read_page(raw: bytes, *, source: str, inside_id: str = "") -> Page:
    """Return a UTF-8 or GB18030 page; with ``inside_id`` only what stands in the element of that id.

    Above 2 MiB is ``feed.too_large``, neither encoding ``feed.encoding``; a page without the element is ``feed.shape``: it
    was laid out anew.
    """
    if len(raw) > MAX_PAGE_BYTES:
        raise Invalid("feed.too_large", f"{source}: expected at most {MAX_PAGE_BYTES} bytes", source=source)
    reader = _Reader(inside_id)
    _scan(_decoded(raw, source=source), reader)
    reader.close()
    if inside_id and not reader.has_found:
        raise Invalid(
            "feed.shape", f"{source}: the page has no element {inside_id}; it was laid out anew", source=source
        )
    return Page(text="".join("".join(reader.words).split()), links=tuple(reader.links), rows=tuple(reader.rows))


def _scan(text: str, reader: _Reader) -> None:
    """Hand tags and text to ``reader`` in one pass: every search starts where the last one ended, or is the last.

    The standard library's parser searches again from every ``<`` and needs minutes for a hostile page of 100 kB.
    """
    place = 0
    while True:
        start = text.find("<", place)
        reader.handle_data(unescape(text[place : start if start >= 0 else len(text)]))
        if start < 0:
            return
        is_comment = text.startswith("<!--", start)
        end = text.find("-->", start + 4) if is_comment else text.find(">", start)
        if end < 0:
            return
        place = end + (3 if is_comment else 1)
        tag = None if is_comment else _TAG.match(text, start, end)
        if tag is None:
            continue
        name = tag[2].lower()
        if tag[1]:
            reader.handle_endtag(name)
            continue
        reader.handle_starttag(name, _attributes(text[tag.end() : end]))
        if name in _UNREAD:
            closing = _UNREAD[name].search(text, place)
            if closing is None:
                return
            place = closing.start()


def _attributes(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        value = match[2]
        quoted = value[1:].removesuffix(value[0]) if value[:1] in {"'", '"'} else value
        found.setdefault(match[1].lower(), unescape(quoted))
    return found


class _Reader:
    def __init__(self, inside_id: str) -> None:
        self.words: list[str] = []
        self.links: list[Link] = []
        self.rows: list[tuple[str, ...]] = []
        self.has_found = not inside_id
        self._inside_id = inside_id
        self._inside_tag = ""
        self._depth = 0 if inside_id else 1
        self._link: tuple[str, str, list[str]] | None = None
        self._row: list[str] | None = None
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take note of an opening tag."""
        if self._depth == 0:
            if attributes.get("id") != self._inside_id:
                return
            self.has_found = True
            self._inside_tag = tag
        # Only the element's own kind is counted: paragraphs and cells are often left open.
        if tag == self._inside_tag:
            self._depth += 1
        if tag == "a":
            self._link = (attributes.get("href", ""), attributes.get("title", ""), [])
        elif tag == "tr":
            self._end_row()
            self._row = []
        elif tag in _CELLS:
            self._end_cell()
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """Take note of a closing tag."""
        if self._depth == 0:
            return
        if tag == "a" and self._link is not None:
            href, title, words = self._link
            self._link = None
            if len(self.links) < _MAX_LINKS:
                self.links.append(Link(href=href, text="".join("".join(words).split()), title="".join(title.split())))
        elif tag in _CELLS:
            self._end_cell()
        elif tag in _ROW_ENDS:
            self._end_row()
        if tag == self._inside_tag:
            self._depth -= 1

    def close(self) -> None:
        """Finish what the page left open."""
        self._end_row()

    def _end_cell(self) -> None:
        """Finish the open cell; its closing tag may be left out."""
        if self._cell is not None and self._row is not None:
            self._row.append(" ".join("".join(self._cell).split()))
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and len(self.rows) < _MAX_ROWS:
            self.rows.append(tuple(self._row))
        self._row = None

    def handle_data(self, data: str) -> None:
        """Take note of text."""
        if self._depth == 0 or not data:
            return
        self.words.append(data)
        if self._link is not None:
            self._link[2].append(data)
        if self._cell is not None:
            self._cell.append(data)


def _decoded(raw: bytes, *, source: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("feed.encoding", f"{source}: expected a page in UTF-8 or GB18030", source=source)
