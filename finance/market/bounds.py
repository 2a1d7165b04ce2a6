"""How far a price may move between two closes before somebody must look: rules as rows, tested per instrument.

Owns the bound and its test. Knows no number of its own: limits come from ``finance/reference/instrument_bounds.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from finance.conventions.tables import ReferenceStatus, parse_day
from finance.market.reasons import PriceReason
from ledger.core.amounts import RoundingMode, parse_decimal, round_exact
from ledger.core.errors import Invalid

LIMIT_PRICE = RoundingMode.HALF_UP
"""The limit price is rounded half-up to the tick: because of it the largest real listed move is 10.01 % (CNEEEX)."""


class Severity(StrEnum):
    """What a breach does: a hard one quarantines the observation, a soft one asks for a look."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentBound:
    """The largest move of one instrument family on one price basis, as a share of the previous close.

    Applies to trade dates in ``[effective_from, effective_to)`` and volumes in ``[volume_from_t, volume_below_t)``;
    ``None`` is open. ``tick`` is the price step to which the limit prices are rounded, ``None`` for an exact test.
    """

    id: str
    instrument_family: str
    price_basis: str
    severity: Severity
    max_move: Fraction
    tick: Fraction | None
    volume_from_t: int | None
    volume_below_t: int | None
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse a bound that can hold for nothing."""
        if self.max_move <= 0 or (self.tick is not None and self.tick <= 0):
            raise Invalid("market.bound", f"{self.id}: expected a move and a tick above zero", id=self.id)
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise Invalid("market.bound", f"{self.id}: expected effective_to after effective_from", id=self.id)

    def limits(self, previous: Fraction) -> tuple[Fraction, Fraction]:
        """Return the lowest and highest price allowed, both inclusive.

        Previous close 50.00, move 10 %, tick 0.01: 45.00 and 55.00. Previous 48.15: 43.34 (43.335 rounded half-up) and
        52.97.
        """
        low, high = previous * (1 - self.max_move), previous * (1 + self.max_move)
        if self.tick is None:
            return low, high
        return round_exact(low / self.tick, LIMIT_PRICE) * self.tick, round_exact(
            high / self.tick, LIMIT_PRICE
        ) * self.tick


def belongs(instrument: str, family: str) -> bool:
    """Return whether ``instrument`` is of ``family``: CEA25 and CEA are CEA; COMCEA is not, and EUAA is not EUA."""
    rest = instrument.removeprefix(family)
    return rest == "" or (rest != instrument and (rest.isdigit() or rest[0] in "-._"))


def in_force(on: date, *, effective_from: date, effective_to: date | None) -> bool:
    """Return whether ``on`` lies in ``[effective_from, effective_to)``."""
    return effective_from <= on and (effective_to is None or on < effective_to)


def breached_bounds(
    bounds: Iterable[InstrumentBound],
    *,
    instrument: str,
    price_basis: str,
    on: date,
    value: Decimal | None,
    previous_value: Decimal | None,
    volume_t: int | None,
) -> tuple[tuple[PriceReason, ...], tuple[PriceReason, ...]]:
    """Return the hard and the soft breaches as reasons; no value or no previous close is no test and no breach."""
    hard: list[PriceReason] = []
    soft: list[PriceReason] = []
    if value is None or previous_value is None:
        return (), ()
    for bound in bounds:
        if not _applies(bound, instrument=instrument, price_basis=price_basis, on=on, volume_t=volume_t):
            continue
        low, high = bound.limits(Fraction(previous_value))
        if not low <= Fraction(value) <= high:
            (hard if bound.severity is Severity.HARD else soft).append(
                _breach(bound, instrument, previous_value, value)
            )
    return tuple(hard), tuple(soft)


def bounds_from_rows(rows: Iterable[Mapping[str, str]]) -> tuple[InstrumentBound, ...]:
    """Return the rows of ``instrument_bounds.csv`` as bounds; an unreadable row is refused and named."""
    return tuple(_bound(row) for row in rows)


def read_whole(text: str, *, field: str) -> int:
    """Return the whole number of zero or more that ``text`` spells."""
    value = parse_decimal(text, field=field)
    if value != value.to_integral_value() or value < 0:
        raise Invalid("amount.format", f"{field}: expected a whole number of zero or more", value=text[:40])
    return int(value)


def read_status(text: str, *, field: str) -> ReferenceStatus:
    """Return how far a row may be trusted; an unknown word is refused."""
    if text not in set(ReferenceStatus):
        raise Invalid("reference.status", f"{field}: expected one of {', '.join(ReferenceStatus)}", value=text[:40])
    return ReferenceStatus(text)


def _breach(bound: InstrumentBound, instrument: str, before: Decimal, after: Decimal) -> PriceReason:
    text = f"{bound.id}: {instrument} moved from {before} to {after}, beyond the {bound.severity} bound"
    facts = {"bound": bound.id, "instrument": instrument, "before": f"{before:f}", "after": f"{after:f}"}
    if bound.severity is Severity.HARD:
        return PriceReason("market.hard_bound", text, **facts)
    return PriceReason("market.soft_bound", text, **facts)


def _applies(bound: InstrumentBound, *, instrument: str, price_basis: str, on: date, volume_t: int | None) -> bool:
    if bound.price_basis != price_basis or not belongs(instrument, bound.instrument_family):
        return False
    if not in_force(on, effective_from=bound.effective_from, effective_to=bound.effective_to):
        return False
    if volume_t is None:
        # An unstated volume is judged by the rule for ordinary volumes, the stricter one.
        return bound.volume_below_t is None
    return (bound.volume_from_t or 0) <= volume_t and (bound.volume_below_t is None or volume_t < bound.volume_below_t)


def _bound(row: Mapping[str, str]) -> InstrumentBound:
    missing = [name for name in _COLUMNS if name not in row]
    if missing:
        raise Invalid("reference.column", f"instrument_bounds: column {missing[0]} is missing", column=missing[0])
    name = row["id"]
    if row["severity"] not in set(Severity):
        raise Invalid("reference.value", f"{name}: severity: expected hard or soft", value=row["severity"][:40])
    return InstrumentBound(
        id=name,
        instrument_family=row["instrument_family"],
        price_basis=row["price_basis"],
        severity=Severity(row["severity"]),
        max_move=Fraction(parse_decimal(row["value"], field=f"{name}.value")),
        tick=Fraction(parse_decimal(row["tick"], field=f"{name}.tick")) if row["tick"] else None,
        volume_from_t=read_whole(row["volume_from_t"], field=f"{name}.volume_from_t") if row["volume_from_t"] else None,
        volume_below_t=read_whole(row["volume_below_t"], field=f"{name}.volume_below_t")
        if row["volume_below_t"]
        else None,
        effective_from=parse_day(row["effective_from"], field=f"{name}.effective_from"),
        effective_to=parse_day(row["effective_to"], field=f"{name}.effective_to") if row["effective_to"] else None,
        source=row["source"],
        status=read_status(row["status"], field=f"{name}.status"),
        version=row["version"],
    )


_COLUMNS = (
    "id", "instrument_family", "price_basis", "severity", "value", "unit", "tick", "volume_from_t", "volume_below_t",
    "effective_from", "effective_to", "source", "status", "version",
)  # fmt: skip
