"""Reading a source's JSON answer strictly: every number stays the text it was, and what is not JSON is refused by name.

Owns the refusals that all JSON sources share (empty body, challenge page, truncation, repeated keys, NaN). Knows no
source.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ledger.core.errors import Invalid

_MAX_BYTES = 16 * 1024 * 1024


def load_json(raw: bytes, *, source: str) -> Any:
    """Return the parsed document with every number as its own text, so that no digit is lost.

    Refused: above 16 MiB (``feed.too_large``), empty (``feed.empty``), markup such as a challenge page (``feed.html``),
    not UTF-8 or not JSON (``feed.not_json``), a repeated key (``feed.repeated_key``), NaN or Infinity
    (``feed.not_finite``).
    """
    if len(raw) > _MAX_BYTES:
        raise Invalid("feed.too_large", f"{source}: expected at most {_MAX_BYTES} bytes", source=source)
    body = raw.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        raise Invalid("feed.empty", f"{source}: the answer is empty; fetch it again later", source=source)
    if body.startswith(b"<"):
        raise Invalid(
            "feed.html", f"{source}: expected JSON, got a web page; the source may ask for a check", source=source
        )

    def refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise Invalid("feed.repeated_key", f"{source}: a key stands twice in one object", source=source)
        return members

    def refuse_constant(word: str) -> NoReturn:
        raise Invalid("feed.not_finite", f"{source}: {word} is not a number", source=source)

    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=str,
            parse_int=str,
            parse_constant=refuse_constant,
            object_pairs_hook=refuse_repeats,
        )
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "feed.not_json", f"{source}: the answer is not complete JSON in UTF-8; fetch it again", source=source
        ) from error


def text_of(row: Any, key: str, *, source: str) -> str:
    """Return the text or number ``row[key]`` as text; another type, a missing key or broken text is refused."""
    value = row.get(key) if isinstance(row, dict) else None
    # JSON may spell half a surrogate pair, which no database and no answer can hold.
    if not isinstance(value, str) or any("\ud800" <= mark <= "\udfff" for mark in value):
        raise Invalid("feed.field", f"{source}: expected a text or a number in {key}", source=source, field=key)
    return value


def rows_of(document: Any, *, source: str) -> list[Any]:
    """Return ``document`` if it is a list, else refuse (``feed.shape``)."""
    if not isinstance(document, list):
        raise Invalid("feed.shape", f"{source}: expected a list of rows", source=source)
    return document
