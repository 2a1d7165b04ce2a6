"""What a venue allows, read from the trading rows of one day: instruments by family, methods, lots, ticks, sessions.

Owns the names of the rows and the values made of them. Knows no order and no number of its own; a family or method
without rows in force is not tradable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.trading.instruments import Family
from ledger.core.errors import Conflict, Invalid, NotFound

_MAX_SESSIONS = 4


class TradeMethod(StrEnum):
    """How an order meets the market."""

    LISTED = "listed"  # 挂牌协议; exchange trading
    BLOCK = "block"  # 大宗协议, with a named counterparty
    AUCTION = "auction"  # 单向竞价, by notice
    BILATERAL = "bilateral"  # off exchange, with a named counterparty
    OFFICIAL = "official"  # from the authority at its price


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A trading session in minutes after the venue's midnight, both ends inclusive: 570 to 690 is 09:30 to 11:30."""

    from_minute: int
    to_minute: int

    def __post_init__(self) -> None:
        """Refuse a session that is none."""
        if not 0 <= self.from_minute < self.to_minute < 24 * 60:
            raise Invalid("trading.session", "session: expected from before to, within one day")

    def __str__(self) -> str:
        """Return for example ``09:30-11:30``."""
        return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.from_minute, self.to_minute))


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRules:
    """One method of a family: order sizes ``[min_quantity, max_quantity)``, the daily band, sessions, counterparty."""

    method: TradeMethod
    min_quantity: int | None
    max_quantity: int | None
    max_move: Fraction | None
    sessions: tuple[Session, ...]
    needs_counterparty: bool
    rows: Mapping[str, ReferenceRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """One family of instruments on one day at its venue, with the very rows behind each value."""

    family: Family
    venue: str
    unit: str
    currency: str
    lot: int
    tick: Fraction
    calendar: str
    zone: str
    settlement_days: int
    may_sell_same_day: bool
    may_reuse_proceeds: bool
    counterparty_waiting_hours: int
    fresh_close_sessions: int
    hold_days: int
    report_days: int
    methods: Mapping[TradeMethod, MethodRules]
    rows: Mapping[str, ReferenceRow]

    def row(self, name: str) -> ReferenceRow:
        """Return the row of a value by its field's name."""
        return self.rows[name]


def region_of(kind: Family) -> str:
    """Return the region whose rows hold for a family."""
    return "EU" if kind in {Family.EUA, Family.CBAM} else "CN"


def market_rules(rules: ReferenceSet, kind: Family, *, on: date) -> MarketRules:
    """Return what the rows in force on ``on`` allow for ``kind``; a family without rows then is ``trading.no_rules``.

    CEA on 2026-11-20: lot 1 t, tick 0.01 CNY/t, listed below 100,000 t within 10 %, block from 100,000 t within 30 %.
    """
    family, region = kind.value.lower(), region_of(kind)

    def one(name: str, of: str = family) -> ReferenceRow:
        return rules.lookup(f"{of}.{name}", on=on, region=region)

    try:
        rows = {name: one(name) for name in _FAMILY_ROWS} | {name: one(name, "any") for name in _ANY_ROWS}
    except NotFound as error:
        raise Conflict(
            "trading.no_rules",
            f"{kind}: no trading rules are on file for {on}; {error.message}",
            family=kind.value,
            on=on.isoformat(),
        ) from error
    lookup = _Lookup(rules, family, region, on)
    return MarketRules(
        family=kind,
        venue=rows["venue"].label_en,
        unit=rows["lot"].unit,
        currency=rows["currency"].word().upper(),
        lot=_whole(rows["lot"]),
        tick=Fraction(rows["tick"].number()),
        calendar=rows["calendar"].word(),
        zone=zone_name(rows["zone"].word()),
        settlement_days=_whole(rows["settlement_days"]),
        may_sell_same_day=rows["same_day_sale"].word() == "yes",
        may_reuse_proceeds=rows["same_day_proceeds"].word() == "yes",
        counterparty_waiting_hours=_whole(rows["counterparty_waiting_hours"]),
        fresh_close_sessions=_whole(rows["fresh_close_sessions"]),
        hold_days=_whole(rows["hold_days"]),
        report_days=_whole(rows["report_days"]),
        methods={found.method: found for found in (lookup.method(method) for method in TradeMethod) if found},
        rows=rows | lookup.resale(),
    )


def zone_name(word: str) -> str:
    """Return the time zone that a row's word spells: ``asia_shanghai`` is ``Asia/Shanghai``."""
    return "/".join(part.capitalize() for part in word.split("_"))


_FAMILY_ROWS = (
    "venue", "currency", "lot", "tick", "calendar", "zone", "settlement_days", "same_day_sale", "same_day_proceeds",
)  # fmt: skip
_ANY_ROWS = ("counterparty_waiting_hours", "fresh_close_sessions", "hold_days", "report_days")


@dataclass(frozen=True, slots=True)
class _Lookup:
    rules: ReferenceSet
    family: str
    region: str
    on: date

    def find(self, name: str) -> ReferenceRow | None:
        """Return the row in force, None without one; two of them are refused as everywhere."""
        row_id = f"{self.family}.{name}"
        if not any(
            row.row_id == row_id and row.region == self.region and row.is_effective(self.on) for row in self.rules.rows
        ):
            return None
        return self.rules.lookup(row_id, on=self.on, region=self.region)

    def resale(self) -> dict[str, ReferenceRow]:
        return {name: row for name in ("resale", "validity_years") if (row := self.find(name)) is not None}

    def method(self, method: TradeMethod) -> MethodRules | None:
        names = ("allowed", "named_counterparty", "min_quantity", "max_quantity", "max_move")
        found = {name: row for name in names if (row := self.find(f"{method}.{name}")) is not None}
        allowed = found.get("allowed")
        if allowed is None or allowed.word() != "yes":
            return None
        sessions = []
        for number in range(1, _MAX_SESSIONS + 1):
            opens, closes = (self.find(f"{method}.session_{number}_{end}") for end in ("from", "to"))
            if opens is None or closes is None:
                break
            sessions.append(Session(from_minute=_whole(opens), to_minute=_whole(closes)))
            found |= {f"session_{number}_from": opens, f"session_{number}_to": closes}
        return MethodRules(
            method=method,
            min_quantity=_whole_or_none(found.get("min_quantity")),
            max_quantity=_whole_or_none(found.get("max_quantity")),
            max_move=Fraction(found["max_move"].number()) if "max_move" in found else None,
            sessions=tuple(sessions),
            needs_counterparty="named_counterparty" in found and found["named_counterparty"].word() == "yes",
            rows=found,
        )


def _whole_or_none(row: ReferenceRow | None) -> int | None:
    return None if row is None else _whole(row)


def _whole(row: ReferenceRow) -> int:
    value = Fraction(row.number())
    if value.denominator != 1 or value < 0:
        raise Invalid("trading.row", f"{row.row_id}: expected a whole number of zero or more", row_id=row.row_id)
    return value.numerator
