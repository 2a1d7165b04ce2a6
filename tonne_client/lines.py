"""Shows an answer to a person: a table for a list of records, ``field  value`` lines for the rest. Pure; knows no operation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST_COLUMN = 60


def lines_of(document: Any, *, name: str = "") -> Iterator[str]:
    """Yield the lines of a JSON value; a nested list of records becomes a table under its name."""
    if isinstance(document, Mapping):
        yield from _record(document, name)
    elif isinstance(document, Sequence) and not isinstance(document, str):
        if name:
            yield f"{name}: {len(document)}"
        yield from _table(document)
    else:
        yield f"{name}  {_cell(document)}".strip()


def _record(record: Mapping[str, Any], name: str) -> Iterator[str]:
    prefix = f"{name}." if name else ""
    plain = {f"{prefix}{key}": _cell(value) for key, value in record.items() if _is_plain(value)}
    width = max((len(key) for key in plain), default=0)
    for key, text in plain.items():
        yield f"{key:<{width}}  {text}".rstrip()
    for key, value in record.items():
        if not _is_plain(value):
            yield from lines_of(value, name=f"{prefix}{key}")


def _table(rows: Sequence[Any]) -> Iterator[str]:
    if not all(isinstance(row, Mapping) for row in rows):
        yield from (f"  {_cell(row)}" for row in rows)
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cut(_cell(row.get(column))) for column in columns] for row in rows]
    widths = [max([_width(column), *(_width(line[index]) for line in cells)]) for index, column in enumerate(columns)]
    for line in ([columns, *cells]) if columns else ():
        yield "  " + "  ".join(_padded(text, width) for text, width in zip(line, widths, strict=True)).rstrip()


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"amount", "unit"}
    return not isinstance(value, Sequence) or isinstance(value, str)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if set(value) == {"amount", "unit"}:
            return f"{value['amount']} {value['unit']}"
        return "; ".join(f"{key} {_cell(each)}" for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_cell(each) for each in value) or "-"
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_COLUMN else f"{text[: _MOST_COLUMN - 1]}…"


def _width(text: str) -> int:
    """Return how many columns of a terminal the text takes; a Chinese letter takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
