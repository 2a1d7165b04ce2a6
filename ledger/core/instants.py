"""How an instant is spelled: UTC, microseconds, fixed width, so that texts sort in time order.

One spelling for leaves, rows and answers. Knows no clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_SECOND = timedelta(seconds=1)
_spelled: tuple[datetime, datetime, str] = (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), "")
"""The second spelled last: its start, its end, and the text before its microseconds; replaced whole, so threads may share it."""


def instant_text(instant: datetime) -> str:
    """Return ``2026-11-21T08:00:00.000000+00:00`` for that instant in any zone; a naive one raises TypeError.

    A batch's entries are microseconds apart, and spelling an instant anew costs as much as hashing a leaf: the second is kept.
    """
    global _spelled  # noqa: PLW0603 - the text of the latest second, which anybody may spell again
    start, end, text = _spelled
    if not start <= instant < end:
        start = instant.astimezone(UTC).replace(microsecond=0)
        text = start.isoformat()[:-6]
        last = datetime.max.replace(microsecond=0, tzinfo=UTC)
        _spelled = (start, start if start == last else start + _SECOND, text)
    return f"{text}.{instant.microsecond:06d}+00:00"
