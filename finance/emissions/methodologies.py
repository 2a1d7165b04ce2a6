"""Methodologies: which terms make up an emission figure, by which rule, with which factor rows of which date.

Owns the named, versioned recipes and binds them to a factor set. Knows no activity figure and no arithmetic. A
methodology pins the date of each factor row it uses: new factors need a new methodology version, so a published
figure never moves by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from finance.conventions import tables
from finance.conventions.tables import ReferenceRow, ReferenceStatus
from finance.emissions.factors import FactorSet
from ledger.core.errors import ImportRefused, Invalid, NotFound, RowError


class Measure(StrEnum):
    """Which of the intensities a methodology yields; figures of different measures are never compared or added."""

    ETS_DIRECT = "ets_direct"  # what the national market allocates on: anode and PFC of the electrolysis process
    OPERATIONAL_INCL_POWER = "operational_incl_power"  # the same plus the process's AC electricity


class TermName(StrEnum):
    """A part of the emissions of the electrolysis process; the last four are electricity by source."""

    ANODE = "anode"
    PFC = "pfc"
    CAPTIVE_COAL = "captive_coal"
    GRID = "grid"
    OWN_NONFOSSIL_DIRECT = "own_nonfossil_direct"
    MARKET_NONFOSSIL_CONTRACT = "market_nonfossil_contract"


POWER_TERMS = (
    TermName.CAPTIVE_COAL,
    TermName.GRID,
    TermName.OWN_NONFOSSIL_DIRECT,
    TermName.MARKET_NONFOSSIL_CONTRACT,
)


class TermRule(StrEnum):
    """How a term is computed; ``finance/emissions/parts.py`` holds the formulas."""

    PER_TONNE = "per_tonne"
    NET_ANODE = "net_anode"
    ANODE_EFFECT = "anode_effect"
    PER_KWH = "per_kwh"
    ZERO = "zero"
    OUTSIDE = "outside"  # not in the boundary: reported as such, never as a zero emission


# Which factor roles a rule needs and the unit each must carry: a row of another unit is refused at binding.
_ROLE_UNITS: Mapping[TermRule, Mapping[str, str]] = {
    TermRule.PER_TONNE: {"per_t": "tCO2e/t"},
    TermRule.NET_ANODE: {"net_per_t": "t/t", "sulphur": "1", "ash": "1", "co2": "g/mol", "carbon": "g/mol"},
    TermRule.ANODE_EFFECT: {
        "slope": "kgCF4/t per min/cell-day",
        "ratio": "kgC2F6/kgCF4",
        "cf4_per_t": "kgCF4/t",
        "c2f6_per_t": "kgC2F6/t",
        "gwp_cf4": "tCO2e/t",
        "gwp_c2f6": "tCO2e/t",
    },
    TermRule.PER_KWH: {"per_kwh": "kgCO2/kWh"},
    TermRule.ZERO: {},
    TermRule.OUTSIDE: {},
}
_POWER_RULES = frozenset({TermRule.PER_KWH, TermRule.ZERO, TermRule.OUTSIDE})
_PROCESS_RULES: Mapping[TermName, frozenset[TermRule]] = {
    TermName.ANODE: frozenset({TermRule.PER_TONNE, TermRule.NET_ANODE}),
    TermName.PFC: frozenset({TermRule.PER_TONNE, TermRule.ANODE_EFFECT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term: its rule and the factor id of each role, pinned to the rows effective on ``factors_on``."""

    name: TermName
    rule: TermRule
    factor_ids: Mapping[str, str]
    region: str
    factors_on: date
    source: str
    status: ReferenceStatus

    def __post_init__(self) -> None:
        """Refuse a rule that does not fit the term, and roles that do not fit the rule."""
        if self.rule not in _PROCESS_RULES.get(self.name, _POWER_RULES):
            raise Invalid(
                "methodology.rule", f"{self.name}: the rule {self.rule} does not fit this term", term=self.name
            )
        needed = _ROLE_UNITS[self.rule]
        if set(self.factor_ids) != set(needed):
            raise Invalid(
                "methodology.factors",
                f"{self.name}: the rule {self.rule} needs the roles {', '.join(needed) or 'none'}",
                term=self.name,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Methodology:
    """A named version of a recipe: its measure, its boundary in words and exactly one term of each name."""

    methodology_id: str
    version: str
    measure: Measure
    boundary_en: str
    boundary_zh: str
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        """Refuse missing or repeated terms, mixed grid calibres, and a measure that contradicts the power terms."""
        if sorted(term.name for term in self.terms) != sorted(TermName):
            raise Invalid(
                "methodology.terms",
                f"{self.methodology_id}: expected each of {', '.join(TermName)} exactly once",
                methodology_id=self.methodology_id,
            )
        power = [term for term in self.terms if term.name in POWER_TERMS]
        if len({(term.factor_ids["per_kwh"], term.factors_on) for term in power if term.rule is TermRule.PER_KWH}) > 1:
            raise Invalid(
                "methodology.mixed_calibres",
                f"{self.methodology_id}: one grid factor calibre and date for all power that is not zero",
                methodology_id=self.methodology_id,
            )
        outside = {term.rule is TermRule.OUTSIDE for term in power}
        if outside != {self.measure is Measure.ETS_DIRECT}:
            raise Invalid(
                "methodology.measure",
                f"{self.methodology_id}: power is outside the boundary for ets_direct and only there",
                methodology_id=self.methodology_id,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTerm:
    """A term with the factor rows it resolves to, by role."""

    term: Term
    factors: Mapping[str, ReferenceRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundMethodology:
    """A methodology bound to one factor set: everything a computation needs besides activity figures."""

    methodology: Methodology
    factor_set_id: str
    factor_set_version: str
    factor_set_hash: str
    terms: tuple[BoundTerm, ...]

    def term(self, name: TermName) -> BoundTerm:
        """Return the bound term of ``name``; every methodology has each exactly once."""
        return next(bound for bound in self.terms if bound.term.name is name)

    def factor_rows(self) -> tuple[ReferenceRow, ...]:
        """Return every factor row used, once each, in the order of the terms."""
        return tuple(dict.fromkeys(row for bound in self.terms for row in bound.factors.values()))

    def power_factor(self) -> ReferenceRow | None:
        """Return the one grid factor row of the power that is not zero, or None when power is outside the boundary."""
        return next((bound.factors["per_kwh"] for bound in self.terms if bound.term.rule is TermRule.PER_KWH), None)

    def with_power_factor(self, row: ReferenceRow) -> BoundMethodology:
        """Return the recipe with another grid factor; ``methodology.no_power`` when power is outside."""
        if self.power_factor() is None:
            raise Invalid(
                "methodology.no_power",
                f"{self.methodology.methodology_id}: counts no electricity, so it takes no grid factor; leave it out",
                methodology_id=self.methodology.methodology_id,
            )
        _check_units(TermRule.PER_KWH, {"per_kwh": row})
        return dataclasses.replace(
            self,
            terms=tuple(
                dataclasses.replace(bound, factors={"per_kwh": row}) if bound.term.rule is TermRule.PER_KWH else bound
                for bound in self.terms
            ),
        )


def bind(methodology: Methodology, factors: FactorSet) -> BoundMethodology:
    """Return the methodology with every factor looked up in ``factors``.

    A missing row raises ``reference.missing``, a row of another unit ``methodology.unit``.
    """
    bound = []
    for term in methodology.terms:
        rows = {
            role: factors.lookup(factor_id, on=term.factors_on, region=term.region)
            for role, factor_id in term.factor_ids.items()
        }
        _check_units(term.rule, rows)
        bound.append(BoundTerm(term=term, factors=rows))
    return BoundMethodology(
        methodology=methodology,
        factor_set_id=factors.set_id,
        factor_set_version=factors.version,
        factor_set_hash=factors.content_hash(),
        terms=tuple(bound),
    )


def find(methodologies: tuple[Methodology, ...], methodology_id: str) -> Methodology:
    """Return the methodology of that id, or raise ``methodology.unknown`` with the list of known ids."""
    for methodology in methodologies:
        if methodology.methodology_id == methodology_id:
            return methodology
    known = ", ".join(methodology.methodology_id for methodology in methodologies)
    raise NotFound(
        "methodology.unknown",
        f"methodology: expected one of {known or 'none loaded'}",
        methodology_id=methodology_id[:80],
        known=known,
    )


def _check_units(rule: TermRule, rows: Mapping[str, ReferenceRow]) -> None:
    for role, unit in _ROLE_UNITS[rule].items():
        if rows[role].unit != unit:
            raise Invalid(
                "methodology.unit",
                f"{rows[role].row_id}: expected the unit {unit} for {role}, found {rows[role].unit}",
                row_id=rows[role].row_id,
            )


_HEADER = (
    "methodology_id",
    "version",
    "measure",
    "boundary_en",
    "boundary_zh",
    "term",
    "rule",
    "factors",
    "region",
    "factors_on",
    "source",
    "status",
)
_HEAD_COLUMNS = 5


def parse_methodologies(text: str, *, file: str = "methodologies.csv") -> tuple[Methodology, ...]:
    """Return the methodologies of CSV text, one row per term, in order of first appearance.

    Every unreadable row is named in one ``ImportRefused``; an inconsistent whole raises its own ``methodology.*`` code.
    """
    table = tables.csv_table(text, file=file)
    if not table.rows or table.rows[0] != _HEADER:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=f"a header of {','.join(_HEADER)}"),))
    terms: dict[tuple[str, ...], list[Term]] = {}
    errors: list[RowError] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if not cells:
            continue
        try:
            terms.setdefault(cells[:_HEAD_COLUMNS], []).append(_term(cells))
        except Invalid as error:
            errors.append(RowError(file=file, row=number, value=",".join(cells)[:80], expected=error.message))
    if errors:
        raise ImportRefused(file, tuple(errors))
    found = tuple(
        Methodology(
            methodology_id=head[0],
            version=head[1],
            measure=_word(Measure, head[2], field="measure"),
            boundary_en=head[3],
            boundary_zh=head[4],
            terms=tuple(parts),
        )
        for head, parts in terms.items()
    )
    if len({methodology.methodology_id for methodology in found}) != len(found):
        raise Invalid("methodology.repeated", f"{file}: expected one version and boundary for each methodology id")
    return found


def _term(cells: tuple[str, ...]) -> Term:
    if len(cells) != len(_HEADER):
        raise Invalid("methodology.cells", f"{len(_HEADER)} cells, found {len(cells)}")
    cell = dict(zip(_HEADER, cells, strict=True))
    pairs = [pair.partition("=") for pair in cell["factors"].split(";") if pair]
    return Term(
        name=_word(TermName, cell["term"], field="term"),
        rule=_word(TermRule, cell["rule"], field="rule"),
        factor_ids={role: factor_id for role, _, factor_id in pairs},
        region=cell["region"],
        factors_on=tables.parse_day(cell["factors_on"], field="factors_on"),
        source=cell["source"],
        status=_word(ReferenceStatus, cell["status"], field="status"),
    )


_Word = TypeVar("_Word", bound=StrEnum)


def _word(kind: type[_Word], text: str, *, field: str) -> _Word:
    try:
        return kind(text)
    except ValueError as error:
        raise Invalid("methodology.word", f"{field}: expected one of {', '.join(kind)}", value=text[:40]) from error
