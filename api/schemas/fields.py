"""Field types that every schema shares: how a decimal, a day, an instant, an id, a code and a text are spelled.

Each refusal carries a stable code and says what was expected, never what was sent. Meaning is checked by the cores.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.store.names import clean_email, clean_text
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid
from ledger.store.database import instant_text

Value = TypeVar("Value")

LONGEST_TEXT = 2000
LONGEST_DECIMAL = 40
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 1990, 2200


def _decimal(text: str) -> str:
    try:
        parse_decimal(text, field="amount")
    except Invalid:
        raise PydanticCustomError("amount.format", "a decimal string such as 1234.50") from None
    return text


def _rate(text: str) -> str:
    try:
        is_rate = abs(parse_decimal(text, field="rate")) <= 1
    except Invalid:
        is_rate = False
    if not is_rate:
        raise PydanticCustomError("rate.format", "a decimal string from -1 to 1, a fraction of one: 0.0345 is 3.45 %")
    return text


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not _EARLIEST_YEAR <= day.year <= _LATEST_YEAR:
        raise PydanticCustomError("date.format", "a day as YYYY-MM-DD, from 1990 to 2200")
    return day


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else None
    except ValueError:
        instant = None
    if instant is None or not _EARLIEST_YEAR <= instant.year <= _LATEST_YEAR:
        raise PydanticCustomError("instant.format", "an instant with its zone, such as 2026-11-21T08:00:00Z")
    return instant.astimezone(UTC)


def _uuid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise PydanticCustomError("id.format", "a UUID in lower case, such as 01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a")
    return UUID(value)


def _matching(pattern: re.Pattern[str], code: str, expected: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise PydanticCustomError(code, expected)
        return text

    return check


def _cleaned(clean: Callable[[str], str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            return clean(text)
        except Invalid as refusal:
            raise PydanticCustomError(refusal.code, refusal.message.partition("expected ")[2]) from None

    return check


DecimalString = Annotated[
    str,
    Field(
        max_length=LONGEST_DECIMAL,
        examples=["1234.50"],
        description="An exact decimal string.",
        json_schema_extra={"format": "decimal"},
    ),
    AfterValidator(_decimal),
]
"""An exact decimal as text, in the one pattern of ``ledger.core.amounts.parse_decimal``, which turns it into a number."""

RateString = Annotated[
    str,
    Field(
        max_length=LONGEST_DECIMAL,
        examples=["0.0345"],
        description="A rate as a fraction of one, a decimal string.",
        json_schema_extra={"format": "decimal"},
    ),
    AfterValidator(_rate),
]
"""A rate as a fraction of one, from -1 to 1 inclusive."""

DateString = Annotated[
    date,
    PlainValidator(_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-21"]}),
]
"""A day; in Python a ``date``. Full dates only, 1990 to 2200."""

InstantString = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-21T08:00:00.000000+00:00"]}),
]
"""An instant; in Python an aware UTC ``datetime``. A text without zone is refused."""

UuidString = Annotated[
    UUID,
    PlainValidator(_uuid),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "uuid", "examples": ["01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"]}),
]
"""An id; in Python a ``UUID``. Only the canonical lower-case spelling."""

CodeString = Annotated[
    str,
    Field(max_length=64, examples=["CEA24"], description="A code."),
    AfterValidator(_matching(_CODE, "code.format", "1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit")),
]
"""A code that programs compare byte for byte."""

PageCursor = Annotated[
    str,
    Field(max_length=200, examples=["MDE5MzljM2U"], description="Where the next page begins."),
    AfterValidator(_matching(_CURSOR, "cursor.format", "the next_cursor of the page before, unchanged")),
]
"""Where a page begins: opaque to the caller, made and read by the route."""

Text = Annotated[
    str,
    Field(max_length=4 * LONGEST_TEXT, examples=["2025 年度核查报告"], description="One line of printable text."),
    AfterValidator(_cleaned(lambda text: clean_text(text, field="text", longest=LONGEST_TEXT))),
]
"""One line of text in NFC (normalised here), 1 to 2,000 characters, without control or bidirectional marks."""

NameText = Annotated[
    str,
    Field(max_length=800, examples=["Example Aluminium Group"], description="A name."),
    AfterValidator(_cleaned(lambda text: clean_text(text, field="name", longest=200))),
]
"""A name: as ``Text``, 1 to 200 characters."""

EmailText = Annotated[
    str,
    Field(max_length=254, examples=["treasury@example.com"], description="An e-mail address."),
    AfterValidator(_cleaned(lambda text: clean_email(text, field="email"))),
]
"""An e-mail address, in lower case."""
