"""Web pages as plain text, links and table rows: what notices and price pages are read from.

Owns turning markup into text. Runs nothing of a page and knows no source.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from ledger.core.errors import Invalid

_UNREAD = frozenset({"script", "style", "noscript", "template"})
_CELLS = frozenset({"td", "th"})
_ROW_ENDS = frozenset({"tr", "table", "tbody", "thead"})
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

    Neither encoding is ``feed.encoding``; a page without the element is ``feed.shape``, it was laid out anew.
    """
    reader = _Reader(inside_id)
    try:
        reader.feed(_decoded(raw, source=source))
        reader.close()
    except AssertionError as error:  # how the parser refuses markup that no browser knows either
        raise Invalid("feed.shape", f"{source}: the page cannot be read as HTML", source=source) from error
    if inside_id and not reader.has_found:
        raise Invalid(
            "feed.shape", f"{source}: the page has no element {inside_id}; it was laid out anew", source=source
        )
    return Page(text="".join("".join(reader.words).split()), links=tuple(reader.links), rows=tuple(reader.rows))


class _Reader(HTMLParser):
    def __init__(self, inside_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[Link] = []
        self.rows: list[tuple[str, ...]] = []
        self.has_found = not inside_id
        self._inside_id = inside_id
        self._inside_tag = ""
        self._depth = 0 if inside_id else 1
        self._unread = 0
        self._link: tuple[str, str, list[str]] | None = None
        self._row: list[str] | None = None
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            if self._inside_id not in (value for name, value in attrs if name == "id"):
                return
            self.has_found = True
            self._inside_tag = tag
        # Only the element's own kind is counted: paragraphs and cells are often left open.
        if tag == self._inside_tag:
            self._depth += 1
        if tag in _UNREAD:
            self._unread += 1
        elif tag == "a":
            known = dict(attrs)
            self._link = (known.get("href") or "", known.get("title") or "", [])
        elif tag == "tr":
            self._end_row()
            self._row = []
        elif tag in _CELLS:
            self._end_cell()
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if self._depth == 0:
            return
        if tag in _UNREAD:
            self._unread = max(self._unread - 1, 0)
        elif tag == "a" and self._link is not None:
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
        super().close()
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
        if self._depth == 0 or self._unread:
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
