"""Any answer's list as one table: real numbers and days, units in the headings, English or Chinese, nothing that is a formula.

Reads the answer's own shape, so a new field becomes a column by itself. How cells are written is ``api.sheets``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from api.charts.chart import Chart, Kind
from api.charts.look import Language
from api.field_words import words_of
from api.schemas.base import Schema
from api.schemas.explain import ExplanationOut
from ledger.core.export_formats.report_tables import Cell, Column, ReportTable

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?", re.ASCII)
_NAMES = re.compile(
    r"(?:^|_)(?:id|ref|number|code|name|account|commodity|instrument|root|sha256|version|year|doc_ref)$"
)
"""Fields whose digits are a name, not an amount."""

_WIDEST, _NARROWEST = 48, 11
_SHEET_NAME = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")

_Flat: TypeAlias = dict[str, "Cell | tuple[Decimal, str]"]
"""A row by dotted field name; a pair is a number with its unit."""


def read_table(answer: Schema, *, rows: str, language: Language, name: str) -> ReportTable:
    """Return the list ``rows`` of ``answer`` as a table; its head is what the answer says once (day, record point, root).

    ``rows`` may lead through lists by dots: ``tranches.periods`` gives one row a period with the tranche's own fields before it.
    An amount's unit stands in the heading where all rows share it, else in a column beside.
    """
    flat = list(_below(answer, rows.split("."), {}))
    names = list(dict.fromkeys(name for row in flat for name in row)) or _named(type(answer), rows.split("."))
    columns: list[Column] = []
    readers: list[tuple[str, int | None]] = []
    for field in names:
        values = [row.get(field) for row in flat]
        units = {value[1] for value in values if isinstance(value, tuple)}
        heading = words_of(field, language)
        if len(units) == 1:
            heading = f"{heading} ({next(iter(units))})"
        columns.append(_column(heading, [_plain(value) for value in values]))
        readers.append((field, 0 if units else None))
        if len(units) > 1:
            columns.append(
                Column(heading=f"{words_of(field, language)} · {words_of('unit', language)}", width=_NARROWEST)
            )
            readers.append((field, 1))
    head = tuple(
        (words_of(field, language), _shown(value))
        for field, value in _scalars(answer, field="").items()
        if value is not None
    )
    return ReportTable(
        name=_FORBIDDEN.sub(" ", name)[:_SHEET_NAME],
        head=head or ((name, None),),
        columns=tuple(columns) or (Column(heading=words_of(rows, language), width=_NARROWEST),),
        rows=[tuple(_picked(row.get(field), part) for field, part in readers) for row in flat],
    )


def chart_table(chart: Chart) -> ReportTable:
    """Return the exact table behind a chart."""
    kinds = [column.kind for column in chart.columns]
    rows = [tuple(_cell(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in chart.rows]
    return ReportTable(
        name=_FORBIDDEN.sub(" ", chart.title)[:_SHEET_NAME],
        head=((chart.title, None), (chart.description, None)),
        columns=tuple(
            _column(column.heading, [row[place] for row in rows]) for place, column in enumerate(chart.columns)
        ),
        rows=rows,
    )


def _below(answer: BaseModel, path: Sequence[str], before: _Flat) -> Iterator[_Flat]:
    found = getattr(answer, path[0])
    for each in found if isinstance(found, tuple) else (found,):
        rest = path[1:]
        flat = {**before, **_scalars(each, field="", without=rest[0] if rest else None)}
        if rest:
            yield from _below(each, rest, flat)
        else:
            yield flat


def _named(shape: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Return the columns of a list without rows: the plain fields of what would stand in it."""
    for name in path:
        inner = [each for each in _types(shape.model_fields[name].annotation) if issubclass(each, BaseModel)]
        shape = inner[0]
    return [
        name
        for name, field in shape.model_fields.items()
        if tuple not in _types(field.annotation) and ExplanationOut not in _types(field.annotation)
    ]


def _types(annotation: object) -> Iterator[type]:
    origin = get_origin(annotation)
    if isinstance(origin, type):
        yield origin
    if isinstance(annotation, type) and origin is None:
        yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def _scalars(model: BaseModel, *, field: str, without: str | None = None) -> _Flat:
    flat: _Flat = {}
    for name in type(model).model_fields:
        if name != without:
            _add(flat, f"{field}.{name}" if field else name, getattr(model, name))
    return flat


def _add(flat: _Flat, field: str, value: object) -> None:
    match value:
        case ExplanationOut():
            return
        case BaseModel() if {"amount", "unit"} == set(type(value).model_fields):
            told = value.model_dump()
            flat[field] = (Decimal(str(told["amount"])), str(told["unit"]))
        case BaseModel():
            flat.update(_scalars(value, field=field))
        case tuple():
            if value and all(not isinstance(each, BaseModel | tuple | dict) for each in value):
                flat[field] = "; ".join(_word(each) for each in value)  # a list of shapes is a table of its own
        case dict():
            return
        case _:
            flat[field] = _scalar(field, value)


def _scalar(field: str, value: object) -> Cell:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ").removesuffix("+00:00")
        case None | date() | int() | Decimal():
            return value
        case str() if _NUMBER.fullmatch(value) and not _NAMES.search(field):
            return Decimal(value)
        case UUID() | str() | Enum():
            return _word(value)
        case _:
            raise AssertionError(f"{field}: no cell is known for a {type(value).__name__}")


def _word(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def _cell(value: str | None, kind: Kind) -> Cell:
    if value is None:
        return None
    match kind:
        case Kind.NUMBER:
            return Decimal(value)
        case Kind.DAY:
            return date.fromisoformat(value)
        case _:
            return value


def _column(heading: str, values: Sequence[Cell]) -> Column:
    widest = max((len(str(value)) + 3 for value in values if value is not None), default=0)
    wide = sum(1 if mark.isascii() else 2 for mark in heading) + 2
    return Column(heading=heading, width=min(max(widest, wide, _NARROWEST), _WIDEST))


def _plain(value: Cell | tuple[Decimal, str]) -> Cell:
    return value[0] if isinstance(value, tuple) else value


def _shown(value: Cell | tuple[Decimal, str]) -> Cell:
    return f"{value[0]:f} {value[1]}" if isinstance(value, tuple) else value


def _picked(value: Cell | tuple[Decimal, str], part: int | None) -> Cell:
    if not isinstance(value, tuple):
        return None if part == 1 else value
    return value[1] if part == 1 else value[0]
