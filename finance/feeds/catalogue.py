"""Every source of market figures that ships, with its hours, calendar, window and terms.

Owns the list. Hours, terms and windows are rows of ``feeds.csv``; addresses and readers stand in ``finance.feeds.wirings`` and base
addresses may be replaced. Opens no connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from finance.conventions.tables import ReferenceSet
from finance.feeds.feed import Feed, FeedRole, Hour
from finance.feeds.feed_rows import setting
from finance.feeds.requests import check_address
from finance.feeds.wirings import wiring
from finance.market.mark_rules import MarkRules
from finance.store import reference
from ledger.core.errors import Invalid, NotFound

EVERY_FEED = "*"
_ZONES: Mapping[str, str] = MappingProxyType(
    {
        "asia_shanghai": "Asia/Shanghai",
        "europe_berlin": "Europe/Berlin",
        "europe_brussels": "Europe/Brussels",
        "europe_london": "Europe/London",
    }
)
_IDS = (
    "manual", "ecb.daily", "ecb.history", "ecb.series", "cfets.parity", "lpr", "lpr.fallback", "eex.auctions", "cneeex.market",
    "cneeex.statistics", "cneeex.bulletin", "cneeex.latest", "cneeex.holidays", "cneeex.kline", "ccer.first90",
    "ccer.day", "ccer.article", "cbam.page", "yahoo.co2",
)  # fmt: skip


def feeds(base_urls: Mapping[str, str] | None = None) -> tuple[Feed, ...]:
    """Return every feed, in the order in which they matter; ``base_urls`` replaces base addresses by feed id, ``*`` for all.

    A base address is scheme and host (``http://127.0.0.1:8000``); an unknown id is ``feed.unknown``, an address that may
    not be asked ``feed.address``.
    """
    replaced = dict(base_urls or {})
    for feed_id, url in replaced.items():
        if feed_id not in (*_IDS, EVERY_FEED):
            raise _unknown(feed_id)
        check_address(url)
    rows, rules = reference.shipped_feeds(), reference.shipped_mark_rules()
    return tuple(
        _feed(feed_id, rows, rules, base_url=replaced.get(feed_id, replaced.get(EVERY_FEED))) for feed_id in _IDS
    )


def feed(feed_id: str, base_urls: Mapping[str, str] | None = None) -> Feed:
    """Return one feed; an unlisted id is ``feed.unknown`` with the known ones."""
    found = next((one for one in feeds(base_urls) if one.id == feed_id), None)
    if found is None:
        raise _unknown(feed_id)
    return found


def _feed(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, base_url: str | None) -> Feed:
    role, switch = setting(rows, f"{feed_id}.role"), setting(rows, f"{feed_id}.switch")
    window_days = int(setting(rows, f"{feed_id}.window").number())
    wired = wiring(feed_id, rows, rules, window_days=window_days)
    hours = (row for row in rows.rows if row.row_id.startswith(f"{feed_id}.expected."))
    zone = setting(rows, f"{feed_id}.zone").word()
    if zone not in _ZONES or role.word() not in set(FeedRole) or switch.word() not in {"on", "off"}:
        raise Invalid("reference.value", f"{feed_id}: expected a known zone, role and switch", row_id=feed_id)
    day_of_month = [row for row in rows.rows if row.row_id == f"{feed_id}.day_of_month"]
    return Feed(
        id=feed_id,
        title_en=role.label_en,
        title_zh=role.label_zh,
        role=FeedRole(role.word()),
        calendar=setting(rows, f"{feed_id}.calendar").word(),
        zone=_ZONES[zone],
        hours=tuple(
            Hour(minute=int(row.number()), effective_from=row.effective_from, effective_to=row.effective_to)
            for row in hours
        ),
        grace_minutes=int(setting(rows, f"{feed_id}.grace").number()),
        window_days=window_days,
        is_on_by_default=switch.word() == "on",
        why_en=switch.label_en,
        why_zh=switch.label_zh,
        terms_source=switch.source,
        base_url=base_url or wired.base_url,
        calls=wired.calls,
        reader=wired.reader,
        follows=wired.follows,
        day_of_month=int(day_of_month[-1].number()) if day_of_month else None,
        is_missing_404=wired.is_missing_404,
    )


def _unknown(feed_id: str) -> NotFound:
    return NotFound("feed.unknown", f"feed: expected one of {', '.join(_IDS)}", feed=ascii(feed_id)[:40])
