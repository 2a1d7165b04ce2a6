"""Instants and days as a signed statement spells them: one text for one moment.

Owns the two spellings and the refusal of local or zone-less time. Reads no clock.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ledger.core.errors import Invalid

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


def parse_instant(text: str, *, field: str) -> datetime:
    """Return the aware UTC instant that ``text`` spells as ``2026-01-31T08:00:00Z`` (RFC 3339, seconds, Z only)."""
    try:
        if _INSTANT.fullmatch(text):
            instant = datetime.fromisoformat(text)
            if format_instant(instant) == text:
                return instant
    except ValueError:
        pass
    raise Invalid("instant.format", f"{field}: expected a UTC instant such as 2026-01-31T08:00:00Z", field=field)


def format_instant(instant: datetime) -> str:
    """Return a whole-second UTC instant as ``2026-01-31T08:00:00Z``."""
    return f"{instant.replace(tzinfo=None).isoformat()}Z"


def check_utc(instant: datetime, *, field: str) -> None:
    """Refuse an instant without a zone or in a zone other than UTC with ``instant.zone``."""
    if instant.utcoffset() != timedelta(0):
        raise Invalid("instant.zone", f"{field}: expected an aware instant in UTC", field=field)
