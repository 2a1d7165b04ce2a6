"""What stands on a printed document: blocks of words, figures, tables, pictures and reasons, in one language.

Values only; every text is data, whatever it holds. How it looks is the template's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from api.charts.chart import Chart
from api.charts.look import Language
from api.charts.render import chart_svg
from api.schemas.amounts import AmountOut
from api.schemas.explain import ExplanationOut
from api.schemas.points import PointOut
from finance.conventions.exact_text import decimal_text

_DEEPEST, _MOST_REASONS = 6, 120
_UNGROUPED = frozenset({"year", "date", "word"})
_CARD_PLACES, _MOST_PLACES = 2, 4

Pair: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure on a card: never a number without its unit and a word on where it comes from."""

    label: str
    value: str
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A row of cards."""

    items: tuple[Figure, ...]
    type: str = "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values, one a line."""

    pairs: tuple[Pair, ...]
    type: str = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; ``numbers`` are the places of columns that are set to the right. ``empty`` is said where there is no row."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    empty: str = ""
    type: str = "table"

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the headings."""
        assert all(len(row) == len(self.headings) for row in self.rows), "each row has a cell for each heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A paragraph."""

    text: str
    type: str = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart as SVG with its text alternative."""

    svg: str
    alt: str
    type: str = "picture"

    @classmethod
    def of(cls, chart: Chart) -> Picture:
        """Return the picture of ``chart``."""
        return cls(svg=chart_svg(chart.spec).decode(), alt=f"{chart.title}. {chart.description}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One line of an explanation: how deep, what, how much, and its source or formula."""

    depth: int
    label: str
    value: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """An explanation as indented lines; what is left out at the end is said."""

    title: str
    lines: tuple[Reason, ...]
    type: str = "reasons"

    @classmethod
    def of(cls, tree: ExplanationOut, language: Language) -> Reasons:
        """Return the tree's lines, at most 120 and six deep."""
        every = list(_reasons(tree, language, 0))
        lines = every[:_MOST_REASONS]
        if len(every) > len(lines):
            more = language.say(
                f"and {len(every) - len(lines)} more lines in the API's answer",
                f"其余 {len(every) - len(lines)} 行见接口返回",
            )
            lines.append(Reason(depth=0, label=more, value="", because=""))
        return cls(title=language.say("Why", "依据"), lines=tuple(lines))


Block: TypeAlias = Figures | Facts | Grid | Words | Picture | Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole document; ``made_at`` (UTC) is the instant of the facts it is of, not of its printing; ``proof`` says how to check it."""

    language: Language
    kind: str
    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    proof: tuple[Pair, ...]
    made_at: datetime
    is_compact: bool = False

    def to_document(self) -> dict[str, object]:
        """Return the paper as JSON values for the template."""
        made = self.made_at
        return {
            "language": self.language.value,
            "kind": self.kind,
            "title": self.title,
            "subtitle": self.subtitle,
            "blocks": [asdict(block) for block in self.blocks],
            "proof": [list(pair) for pair in self.proof],
            "made": [made.year, made.month, made.day, made.hour, made.minute, made.second],
            "compact": self.is_compact,
        }


def grouped(value: str) -> str:
    """Return a decimal string with thousands separated: ``-1234.50`` is ``-1,234.50``; any other text as it is."""
    plain = value.removeprefix("-").replace(".", "", 1)
    return f"{Decimal(value):,f}" if plain.isascii() and plain.isdigit() else value


def amount(given: AmountOut | None, nothing: str = "—") -> str:
    """Return an amount with its unit: ``1,234.50 CNY``; ``nothing`` where there is none."""
    return nothing if given is None else f"{grouped(given.amount)} {given.unit}"


def figure(label: str, given: AmountOut | None, note: str, nothing: str) -> Figure:
    """Return the card of an amount, rounded half-up once to two places beyond four; without one it says ``nothing``."""
    if given is None:
        return Figure(label=label, value=nothing, unit="", note=note)
    exact = given.amount
    if len(exact.partition(".")[2]) > _MOST_PLACES:
        exact = decimal_text(Fraction(exact), places=_CARD_PLACES)
    return Figure(label=label, value=grouped(exact), unit=given.unit, note=note)


def point_proof(point: PointOut, language: Language, more: Sequence[Pair] = ()) -> tuple[Pair, ...]:
    """Return how a figure is found again: the day, the record point and the tree root."""
    recorded = "—" if point.recorded_at is None else f"{point.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        (language.say("As of (close of day)", "截至（日终）"), str(point.as_of)),
        (language.say("Record point (entries known)", "记录点（已知分录数）"), str(point.known)),
        (language.say("Last entry recorded", "最后记录时间"), recorded),
        (language.say("Tree root", "树根"), point.tree_root),
        *more,
    )


def instant_of(day: date) -> datetime:
    """Return the first instant of a day in UTC, for a point before the first entry."""
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")


def _reasons(tree: ExplanationOut, language: Language, depth: int) -> Iterator[Reason]:
    shown = tree.value if tree.unit in _UNGROUPED else grouped(tree.value)
    value = shown if tree.unit in {"", "1", *_UNGROUPED} else f"{shown} {tree.unit}"
    yield Reason(
        depth=depth, label=language.say(tree.label_en, tree.label_zh), value=value, because=tree.source or tree.formula
    )
    if depth < _DEEPEST:
        for child in tree.children:
            yield from _reasons(child, language, depth + 1)
