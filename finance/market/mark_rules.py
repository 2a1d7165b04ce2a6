"""The rows that decide marks: how old a last trade may be, how long approvals last, which price bases count.

Owns reading and looking up those rows. Knows no number of its own and opens no file: rows come as mappings of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from finance.conventions.tables import ReferenceStatus, parse_day
from finance.market.bounds import belongs, in_force, read_status, read_whole
from ledger.core.errors import Invalid, NotFound

MAX_AGE = "max_age"
APPROVED_MAX = "approved_max_validity"
_UNITS = {MAX_AGE: "session", APPROVED_MAX: "day"}
ANY_FAMILY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class StalenessRule:
    """One limit of a family, in force on ``[effective_from, effective_to)``; family ``*`` is every other instrument."""

    id: str
    instrument_family: str
    rule: str
    value: int
    unit: str
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse an unknown rule or one in the wrong unit."""
        if _UNITS.get(self.rule) != self.unit:
            raise Invalid(
                "market.rule", f"{self.id}: expected {_UNITS} as rule and unit", id=self.id, unit=self.unit[:40]
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSource:
    """One price basis that may mark a family: ``rank`` 1 is preferred; ``calendar`` names the venue's sessions.

    A price basis without a row may be stored and shown but never marks the instrument.
    """

    id: str
    instrument_family: str
    price_basis: str
    rank: int
    calendar: str
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRules:
    """Every row that a mark rests on; passed in, so that an old rule set gives an old mark again."""

    staleness: tuple[StalenessRule, ...]
    sources: tuple[PriceSource, ...]

    def max_age_sessions(self, instrument: str, *, on: date) -> int:
        """Return the most sessions since the last trade at which a mark is still usable, inclusive."""
        return self._limit(MAX_AGE, instrument, on)

    def approved_max_days(self, instrument: str, *, on: date) -> int:
        """Return the most calendar days from an approved mark's first day to its exclusive end."""
        return self._limit(APPROVED_MAX, instrument, on)

    def ranks(self, instrument: str, *, on: date) -> Mapping[str, int]:
        """Return the admitted price bases of ``instrument`` and their rank; an instrument without any is refused."""
        return {row.price_basis: row.rank for row in self._sources(instrument, on)}

    def calendar_of(self, instrument: str, *, on: date) -> str:
        """Return the name of the calendar whose sessions age the instrument's marks."""
        return self._sources(instrument, on)[0].calendar

    def _sources(self, instrument: str, on: date) -> Sequence[PriceSource]:
        rows = [
            row
            for row in self.sources
            if belongs(instrument, row.instrument_family)
            and in_force(on, effective_from=row.effective_from, effective_to=row.effective_to)
        ]
        if not rows:
            raise NotFound(
                "market.instrument_unknown",
                f"instrument: no price source is set up for {instrument} on {on}; add a row to the sources",
                instrument=instrument,
            )
        if len({row.price_basis for row in rows}) != len(rows) or len({row.calendar for row in rows}) != 1:
            raise Invalid(
                "market.sources_ambiguous",
                f"sources: expected one row per price basis and one calendar for {instrument} on {on}",
                instrument=instrument,
            )
        return rows

    def _limit(self, rule: str, instrument: str, on: date) -> int:
        rows = [
            row
            for row in self.staleness
            if row.rule == rule and in_force(on, effective_from=row.effective_from, effective_to=row.effective_to)
        ]
        own = [
            row for row in rows if row.instrument_family != ANY_FAMILY and belongs(instrument, row.instrument_family)
        ]
        found = own or [row for row in rows if row.instrument_family == ANY_FAMILY]
        if len(found) != 1:
            raise Invalid(
                "market.rule",
                f"staleness rules: expected one {rule} row for {instrument} on {on}",
                instrument=instrument,
            )
        return found[0].value


def mark_rules_from_rows(
    staleness_rows: Iterable[Mapping[str, str]], source_rows: Iterable[Mapping[str, str]]
) -> MarkRules:
    """Return the rows of ``staleness_rules.csv`` and ``sources.csv`` as rules; an unreadable row is refused."""
    return MarkRules(
        staleness=tuple(_staleness_rule(row) for row in staleness_rows),
        sources=tuple(_price_source(row) for row in source_rows),
    )


def _staleness_rule(row: Mapping[str, str]) -> StalenessRule:
    _need(row, "staleness_rules", ("id", "instrument_family", "rule", "value", "unit", *_COMMON))
    name = row["id"]
    return StalenessRule(
        id=name,
        instrument_family=row["instrument_family"],
        rule=row["rule"],
        value=read_whole(row["value"], field=f"{name}.value"),
        unit=row["unit"],
        effective_from=parse_day(row["effective_from"], field=f"{name}.effective_from"),
        effective_to=parse_day(row["effective_to"], field=f"{name}.effective_to") if row["effective_to"] else None,
        source=row["source"],
        status=read_status(row["status"], field=f"{name}.status"),
        version=row["version"],
    )


def _price_source(row: Mapping[str, str]) -> PriceSource:
    _need(row, "sources", ("id", "instrument_family", "price_basis", "value", "unit", "calendar", *_COMMON))
    name = row["id"]
    if row["unit"] != "rank":
        raise Invalid("reference.value", f"{name}: unit: expected rank", value=row["unit"][:40])
    return PriceSource(
        id=name,
        instrument_family=row["instrument_family"],
        price_basis=row["price_basis"],
        rank=read_whole(row["value"], field=f"{name}.value"),
        calendar=row["calendar"],
        effective_from=parse_day(row["effective_from"], field=f"{name}.effective_from"),
        effective_to=parse_day(row["effective_to"], field=f"{name}.effective_to") if row["effective_to"] else None,
        source=row["source"],
        status=read_status(row["status"], field=f"{name}.status"),
        version=row["version"],
    )


_COMMON = ("effective_from", "effective_to", "source", "status", "version")


def _need(row: Mapping[str, str], table: str, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in row:
            raise Invalid("reference.column", f"{table}: column {column} is missing", column=column)
