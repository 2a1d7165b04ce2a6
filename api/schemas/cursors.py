"""Cursors of lists: where the next page begins, opaque to the caller and bound to the list it was made for.

Owns the text only; what the parts mean is each list's. The digest is no secret: it tells a cursor of another list, or a mistyped
one, and nothing that a cursor says opens what its holder may not see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import date
from uuid import UUID

from ledger.core.errors import Invalid

_PART = re.compile(r"-?[0-9]{1,19}|[0-9a-f-]{36}|[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DIGEST = 16


def write_cursor(parts: tuple[int | date | UUID, ...], *, belongs: str) -> str:
    """Return the opaque text of ``parts`` in the list that ``belongs`` names: numbers below 10^19, days, ids."""
    text = "_".join(str(part) for part in parts)
    return base64.urlsafe_b64encode(f"{text}_{_digest(text, belongs)}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, *, count: int, belongs: str) -> tuple[str, ...]:
    """Return the ``count`` parts of a cursor as texts; one that was not made for this list is ``cursor.format``."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    said, _, digest = text.rpartition("_")
    parts = tuple(said.split("_"))
    if digest != _digest(said, belongs) or len(parts) != count or not all(map(_PART.fullmatch, parts)):
        raise unreadable()
    return parts


def unreadable() -> Invalid:
    """Return the refusal of a cursor that was not made for the list it came to."""
    return Invalid(
        "cursor.format", "after: expected the next_cursor of this list's page before, unchanged", field="after"
    )


def read_whole(part: str) -> int:
    """Return a part that is a place in a book: up to 15 digits; else ``cursor.format``."""
    if not part.isdigit() or len(part) > 15:  # noqa: PLR2004 - as WholeNumber
        raise unreadable()
    return int(part)


def read_day(part: str) -> date:
    """Return a part that is a day; else ``cursor.format``."""
    try:
        return date.fromisoformat(part)
    except ValueError:
        raise unreadable() from None


def read_id(part: str) -> UUID:
    """Return a part that is an id; else ``cursor.format``."""
    try:
        return UUID(part)
    except ValueError:
        raise unreadable() from None


def read_amount(part: str) -> int:
    """Return a part that is an amount in smallest units; else ``cursor.format``."""
    try:
        return int(part)
    except ValueError:
        raise unreadable() from None


def _digest(text: str, belongs: str) -> str:
    return hashlib.sha256(f"{belongs}\n{text}".encode()).hexdigest()[:_DIGEST]
