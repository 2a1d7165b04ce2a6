"""The note table of 财会[2019]22号: what a year did to allowances, in tonnes and money, tied to the ledger to the unit.

Owns how an entry is read: bought, received free, surrendered, sold or other. Knows no database: entries come as movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from finance.accounting.chart import BOOK_CURRENCY, HOLDING, segment
from finance.conventions.explain import Explanation
from ledger.core.amounts import format_units
from ledger.core.errors import Conflict

COST = "Assets:CarbonCost"
_CNY_SCALE = 2
_COUNTERS: Mapping[str, str] = {
    "Equity:Opening": "taken_over",
    "Income:Allocation": "free",
    "Equity:Registry": "traded",
    "Expenses:Surrendered": "surrendered",
    "Expenses:Cancelled": "cancelled",
}


class Movement(StrEnum):
    """The lines of the table between opening and closing."""

    TAKEN_OVER = "taken_over"  # taken over into the book: part of the opening balance
    FREE = "free"  # 免费分配取得
    PURCHASED = "purchased"  # 购入取得
    OTHER_IN = "other_in"  # 其他方式增加
    SURRENDERED = "surrendered"  # 履约使用
    SOLD = "sold"  # 出售
    OTHER_OUT = "other_out"  # 其他方式减少: cancelled, carried over, lent


INCREASES = (Movement.FREE, Movement.PURCHASED, Movement.OTHER_IN)
DECREASES = (Movement.SURRENDERED, Movement.SOLD, Movement.OTHER_OUT)
_LABELS: Mapping[Movement, tuple[str, str]] = {
    Movement.TAKEN_OVER: ("Taken over into the book", "期初转入"),
    Movement.FREE: ("Free allocation", "免费分配取得的配额"),
    Movement.PURCHASED: ("Purchased", "购入取得的配额"),
    Movement.OTHER_IN: ("Other increase", "其他方式增加的配额"),
    Movement.SURRENDERED: ("Surrendered", "履约使用的配额"),
    Movement.SOLD: ("Sold", "出售的配额"),
    Movement.OTHER_OUT: ("Other decrease", "其他方式减少的配额"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLeg:
    """One leg of an entry: smallest units, debit positive."""

    path: str
    commodity: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonEntry:
    """One entry that touched a holding or its cost, and whether it reverses another (its legs are turned round already)."""

    seq: int
    legs: tuple[EntryLeg, ...]
    is_reversal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Tonnes and money of one line, both as the line's name says: a decrease is above zero."""

    quantity_t: int = 0
    amount_fen: int = 0

    def plus(self, other: Cell, *, sign: int = 1) -> Cell:
        """Return the sum, or with sign -1 the difference."""
        return Cell(
            quantity_t=self.quantity_t + sign * other.quantity_t, amount_fen=self.amount_fen + sign * other.amount_fen
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class YearMovements:
    """One year of one instrument or of all: opening (with what was taken over), increases, decreases, closing."""

    year: int
    carried: Cell
    moved: Mapping[Movement, Cell]

    def cell(self, movement: Movement) -> Cell:
        """Return one line."""
        return self.moved.get(movement, Cell())

    @property
    def opening(self) -> Cell:
        """Return what the year began with: carried from the year before and taken over into the book."""
        return self.carried.plus(self.cell(Movement.TAKEN_OVER))

    @property
    def closing(self) -> Cell:
        """Return what the year ended with."""
        found = self.opening
        for movement in INCREASES:
            found = found.plus(self.cell(movement))
        for movement in DECREASES:
            found = found.plus(self.cell(movement), sign=-1)
        return found

    def explanation(self, *, source: str) -> Explanation:
        """Return why the closing amount is what it is, down to the lines; ``source`` names the book and its record point."""
        return Explanation(
            label_en=f"Allowances at the end of {self.year}",
            label_zh=f"{self.year} 年末碳排放配额",
            value=format_units(self.closing.amount_fen, _CNY_SCALE),
            unit=BOOK_CURRENCY,
            formula="opening + increases - decreases",
            children=(
                _leaf("Opening", "年初", self.opening, source),
                *(_leaf(*_LABELS[each], self.cell(each), source) for each in (*INCREASES, *DECREASES)),
            ),
        )


def movements_of(entries: Iterable[CarbonEntry], instruments: Sequence[str]) -> Mapping[str, Mapping[Movement, Cell]]:
    """Return what entries did to each instrument, by line of the table; what they did to none is left out.

    A line is read from the other side of the tonnes: allocation is free, the registry is bought or sold by the sign, the
    surrender account is surrendered, anything else is other. The money is what the same entry moved in 1489. A reversal takes
    back what it reverses, from the same line. An entry with money in 1489 and no tonnes is other, and so is a vintage carried
    over. Buying 10,000 t for 802,400.00 is purchased 10,000 t and 802,400.00.
    """
    found: dict[str, dict[Movement, Cell]] = {code: {} for code in instruments}
    for entry in entries:
        sign = -1 if entry.is_reversal else 1
        for code in instruments:
            tonnes = _sum(entry, f"{HOLDING}:{segment(code)}")
            fen = _sum(entry, f"{COST}:{segment(code)}")
            if tonnes or fen:
                line = _line(entry, code, incoming=sign * (tonnes or fen) > 0)
                way = -1 if line in DECREASES else 1
                added = Cell(quantity_t=way * tonnes, amount_fen=way * fen)
                found[code][line] = found[code].get(line, Cell()).plus(added)
    return found


def total_of(year: int, parts: Iterable[YearMovements]) -> YearMovements:
    """Return the sum of several instruments' years."""
    carried, moved = Cell(), dict[Movement, Cell]()
    for part in parts:
        carried = carried.plus(part.carried)
        for movement, cell in part.moved.items():
            moved[movement] = moved.get(movement, Cell()).plus(cell)
    return YearMovements(year=year, carried=carried, moved=moved)


def check_ties(instrument: str, movements: YearMovements, held: Cell) -> None:
    """Refuse a table whose closing is not what the ledger holds at the year's end (``disclosure.untied``)."""
    if movements.closing != held:
        raise Conflict(
            "disclosure.untied",
            f"{instrument}: the table closes at {movements.closing.quantity_t} t, the ledger at {held.quantity_t} t; run tonne check",
            instrument=instrument,
        )


def label_of(movement: Movement) -> tuple[str, str]:
    """Return a line's name in English and Chinese."""
    return _LABELS[movement]


def _line(entry: CarbonEntry, code: str, *, incoming: bool) -> Movement:
    counters = {
        word
        for leg in entry.legs
        for root, word in _COUNTERS.items()
        if leg.commodity == code and leg.path == f"{root}:{segment(code)}"
    }
    word = counters.pop() if len(counters) == 1 else ""
    match word:
        case "taken_over":
            return Movement.TAKEN_OVER
        case "free":
            return Movement.FREE
        case "traded":
            return Movement.PURCHASED if incoming else Movement.SOLD
        case "surrendered":
            return Movement.SURRENDERED
        case _:
            return Movement.OTHER_IN if incoming else Movement.OTHER_OUT


def _sum(entry: CarbonEntry, path: str) -> int:
    return sum(leg.amount for leg in entry.legs if leg.path == path)


def _leaf(label_en: str, label_zh: str, cell: Cell, source: str) -> Explanation:
    return Explanation(
        label_en=f"{label_en} ({cell.quantity_t} t)",
        label_zh=f"{label_zh}（{cell.quantity_t} 吨）",
        value=format_units(cell.amount_fen, _CNY_SCALE),
        unit=BOOK_CURRENCY,
        source=source,
    )
