"""Methodologies: which components make up an emission figure, by which formula, with which factor rows of which date.

Owns the named, versioned recipes and binds them to a factor set. Knows no activity figure, no arithmetic and no product.
A methodology pins the date of each factor row it uses: new factors need a new version, so a published figure never
moves by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.conventions import tables
from finance.conventions.fields import parse_choice
from finance.conventions.table_rules import exact_header
from finance.conventions.tables import ReferenceRow, ReferenceStatus
from finance.emissions.factors import FactorSet
from finance.emissions.formulas import NEEDS, Formula, check_units
from finance.emissions.sources import PowerSource, power_field
from ledger.core.errors import Expected, ImportRefused, Invalid, NotFound, RowError


class Measure(StrEnum):
    """Which of the four intensities a methodology yields; figures of different measures are never mixed or added."""

    ETS_DIRECT = "ets_direct"  # what the national market allocates on: direct emissions of the process
    OPERATIONAL_INCL_POWER = "operational_incl_power"  # the same plus the process's electricity (and heat)
    PRODUCT_FOOTPRINT = "product_footprint"  # cradle to gate, electricity by life-cycle factors
    CBAM_EMBEDDED = "cbam_embedded"  # what the EU border mechanism asks of the good


INTENSITY_NAMES: Mapping[Measure, tuple[str, str]] = {
    Measure.ETS_DIRECT: ("direct intensity as the national scheme allocates on", "全国碳市场直接排放强度"),
    Measure.OPERATIONAL_INCL_POWER: ("operational intensity including power", "含用电运营排放强度"),
    Measure.PRODUCT_FOOTPRINT: ("product footprint", "产品碳足迹"),
    Measure.CBAM_EMBEDDED: ("embedded intensity as CBAM asks for", "CBAM 隐含排放强度"),
}
"""What each of the four is called in English and Chinese."""


class Scope(StrEnum):
    """Where a component's emissions arise."""

    DIRECT = "direct"  # at the plant
    INDIRECT = "indirect"  # where the electricity or heat it uses is made
    UPSTREAM = "upstream"  # where its materials are made


class TermName(StrEnum):
    """Component names that callers ask for by name; a methodology may have any others.

    The sources of electricity carry the values of ``PowerSource``.
    """

    ANODE = "anode"
    PFC = "pfc"
    CAPTIVE_COAL = "captive_coal"
    GRID = "grid"
    OWN_NONFOSSIL_DIRECT = "own_nonfossil_direct"
    MARKET_NONFOSSIL_CONTRACT = "market_nonfossil_contract"
    GRID_CERTIFICATE = "grid_certificate"


POWER_TERMS = tuple(PowerSource)
"""The sources of electricity: each is one component of every methodology, so that none is forgotten in silence."""

_POWER_FORMULAS = frozenset({Formula.ENERGY_FACTOR, Formula.ZERO, Formula.OUTSIDE})
_POWER_OUTSIDE: Mapping[Measure, frozenset[bool]] = {
    Measure.ETS_DIRECT: frozenset({True}),
    Measure.OPERATIONAL_INCL_POWER: frozenset({False}),
    Measure.PRODUCT_FOOTPRINT: frozenset({False}),
    # Direct only or with power is a question of the good and of the period: the rows decide.
    Measure.CBAM_EMBEDDED: frozenset({True, False}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One way to compute a component: formula, the month's figure of each input role, the factor id of each factor role.

    Factor rows are those effective on ``factors_on`` in ``region``. Several terms of one name are alternatives: the first
    whose figures are all there is used.
    """

    name: str
    label_en: str
    label_zh: str
    scope: Scope
    rule: Formula
    inputs: Mapping[str, str]
    factor_ids: Mapping[str, str]
    region: str
    factors_on: date
    source: str
    status: ReferenceStatus

    def __post_init__(self) -> None:
        """Refuse a nameless component, and roles that do not fit the formula."""
        for field in ("name", "label_en", "label_zh", "region", "source"):
            if not getattr(self, field).strip():
                raise Invalid("methodology.text", f"{field}: expected one line of text", term=self.name[:40])
        needs = NEEDS[self.rule]
        if set(self.inputs) != set(needs.inputs) or not all(self.inputs.values()):
            raise Invalid(
                "methodology.inputs",
                f"{self.name}: {self.rule} needs a figure for each of {', '.join(needs.inputs)}",
                term=self.name[:40],
            )
        if not needs.fits(frozenset(self.factor_ids)):
            wanted = ", ".join((*needs.factors, *needs.one_of)) or "none"
            raise Invalid("methodology.factors", f"{self.name}: {self.rule} needs the roles {wanted}", term=self.name)
        if self.name in set(PowerSource) and (
            self.rule not in _POWER_FORMULAS or self.inputs != {"energy": power_field(PowerSource(self.name))}
        ):
            raise Invalid("methodology.rule", f"{self.name}: power takes energy_factor, zero or outside on its own kWh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Methodology:
    """A named version of a recipe: what it measures of which template's activity, its boundary and its components.

    ``report`` names the rounding rows of its report form, empty when none is known.
    """

    methodology_id: str
    version: str
    measure: Measure
    template_id: str
    report: str
    boundary_en: str
    boundary_zh: str
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        """Refuse a missing or repeated power source, mixed grid calibres, and a measure that contradicts its power."""
        power = [term for term in self.terms if term.name in set(PowerSource)]
        if sorted(term.name for term in power) != sorted(PowerSource):
            raise Invalid(
                "methodology.terms",
                f"{self.methodology_id}: expected each of {', '.join(PowerSource)} exactly once",
                methodology_id=self.methodology_id,
            )
        self._check_calibre(power)
        outside = {term.rule is Formula.OUTSIDE for term in power}
        if len(outside) > 1 or not outside <= _POWER_OUTSIDE[self.measure]:
            raise Invalid(
                "methodology.measure",
                f"{self.methodology_id}: power is outside the boundary for ets_direct and inside for the power-inclusive "
                "measures, all of it",
                methodology_id=self.methodology_id,
            )

    def _check_calibre(self, power: list[Term]) -> None:
        # Own plants may have a factor of their own; what comes from the grid is counted by one calibre of one date.
        grid = [term for term in power if term.rule is Formula.ENERGY_FACTOR and _is_grid_factor(term)]
        if len({(term.factor_ids.get("per_kwh"), term.factors_on, term.region) for term in grid}) > 1:
            raise Invalid(
                "methodology.mixed_calibres",
                f"{self.methodology_id}: one grid factor calibre, region and date for all grid power that is not zero",
                methodology_id=self.methodology_id,
            )


def _is_grid_factor(term: Term) -> bool:
    return term.name != PowerSource.CAPTIVE_COAL and term.factor_ids.get("per_kwh", "").startswith("grid_")


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

    def component_names(self) -> tuple[str, ...]:
        """Return the components' names, once each, in the recipe's order."""
        return tuple(dict.fromkeys(bound.term.name for bound in self.terms))

    def alternatives(self, name: str) -> tuple[BoundTerm, ...]:
        """Return the ways to compute a component, the preferred one first."""
        return tuple(bound for bound in self.terms if bound.term.name == name)

    def factor_rows(self) -> tuple[ReferenceRow, ...]:
        """Return every factor row used, once each, in the order of the terms."""
        return tuple(dict.fromkeys(row for bound in self.terms for row in bound.factors.values()))

    def power_factor(self) -> ReferenceRow | None:
        """Return the factor row of grid power, None when grid power counts nothing or is outside the boundary."""
        grid = self.alternatives(PowerSource.GRID)[0]
        return grid.factors.get("per_kwh")

    def with_power_factor(self, row: ReferenceRow) -> BoundMethodology:
        """Return the recipe with another factor for all power that is not zero; ``methodology.no_power`` if it has none."""
        self._check_power()
        return dataclasses.replace(
            self,
            terms=tuple(
                _with_row(bound, row) if bound.term.name in set(PowerSource) and bound.factors else bound
                for bound in self.terms
            ),
        )

    def with_grid_region(self, factors: FactorSet, region: str) -> BoundMethodology:
        """Return the recipe with the grid factors of another region, same calibre and date; its version says so.

        ``CN-YN`` of the 2023 average calibre gives 0.1333 kg/kWh. A calibre without a row there is ``reference.missing``.
        """
        self._check_power()
        return self._renamed(
            f"@{region}",
            tuple(
                _with_row(
                    bound,
                    factors.lookup(bound.term.factor_ids["per_kwh"], on=bound.term.factors_on, region=region),
                    dataclasses.replace(bound.term, region=region),
                )
                if _is_grid_factor(bound.term)
                else bound
                for bound in self.terms
            ),
        )

    def with_gwp_set(self, factors: FactorSet, gwp_set: str) -> BoundMethodology:
        """Return the recipe with the warming potentials of ``ar4``, ``ar5`` or ``ar6``; its version says so.

        The row of role ``gwp_cf4`` becomes ``gwp_cf4_ar6``; an unknown set is ``reference.missing``, a methodology without
        warming potentials ``methodology.no_gwp``.
        """
        if not any(role.startswith("gwp_") for bound in self.terms for role in bound.factors):
            raise Invalid(
                "methodology.no_gwp",
                f"{self.methodology.methodology_id}: uses no warming potential, so it takes no set of them; leave it out",
                methodology_id=self.methodology.methodology_id,
            )
        changed = []
        for bound in self.terms:
            rows = {
                role: factors.lookup(f"{role}_{gwp_set}", on=bound.term.factors_on) if role.startswith("gwp_") else row
                for role, row in bound.factors.items()
            }
            check_units(bound.term.rule, rows)
            changed.append(dataclasses.replace(bound, factors=rows))
        return self._renamed(f"+{gwp_set}", tuple(changed))

    def _check_power(self) -> None:
        if self.power_factor() is None:
            raise Invalid(
                "methodology.no_grid_factor",
                f"{self.methodology.methodology_id}: counts no electricity, so it takes no grid factor; leave it out",
                methodology_id=self.methodology.methodology_id,
            )

    def _renamed(self, suffix: str, terms: tuple[BoundTerm, ...]) -> BoundMethodology:
        methodology = dataclasses.replace(self.methodology, version=f"{self.methodology.version}{suffix}")
        return dataclasses.replace(self, methodology=methodology, terms=terms)


def _with_row(bound: BoundTerm, row: ReferenceRow, term: Term | None = None) -> BoundTerm:
    rows = {"per_kwh": row}
    check_units(bound.term.rule, rows)
    return BoundTerm(term=term or bound.term, factors=rows)


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
        check_units(term.rule, rows)
        bound.append(BoundTerm(term=term, factors=rows))
    return BoundMethodology(
        methodology=methodology,
        factor_set_id=factors.set_id,
        factor_set_version=factors.version,
        factor_set_hash=factors.content_hash(),
        terms=tuple(bound),
    )


def find(methodologies: tuple[Methodology, ...], methodology_id: str, version: str | None = None) -> Methodology:
    """Return the methodology of that id and version; the version may be left out while there is only one.

    An unknown id raises ``methodology.unknown``, an unknown or missing version ``methodology.version``.
    """
    found = [each for each in methodologies if each.methodology_id == methodology_id]
    if not found:
        known = ", ".join(dict.fromkeys(each.methodology_id for each in methodologies))
        raise NotFound(
            "methodology.unknown",
            f"methodology: expected one of {known or 'none loaded'}",
            methodology_id=methodology_id[:80],
            known=known,
        )
    wanted = found if version is None else [each for each in found if each.version == version]
    if len(wanted) != 1:
        versions = ", ".join(each.version for each in found)
        raise NotFound(
            "methodology.version",
            f"methodology_version: expected one of {versions} for {methodology_id}",
            methodology_id=methodology_id[:80],
            known=versions,
        )
    return wanted[0]


_HEADER = (
    "methodology_id",
    "version",
    "measure",
    "template_id",
    "report",
    "boundary_en",
    "boundary_zh",
    "component",
    "label_en",
    "label_zh",
    "scope",
    "formula",
    "inputs",
    "factors",
    "region",
    "factors_on",
    "source",
    "status",
)
_HEAD_COLUMNS = 7


def parse_methodologies(text: str, *, file: str = "methodologies.csv") -> tuple[Methodology, ...]:
    """Return the methodologies of CSV text in order of first appearance.

    Rows of one id, version, measure, template and boundary belong together; rows of one component are alternatives in
    order. Every unreadable row is named in one ``ImportRefused``; an inconsistent whole raises its own ``methodology.*``
    code.
    """
    table = tables.csv_table(text, file=file)
    if not table.rows or table.rows[0] != _HEADER:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=exact_header(_HEADER)),))
    terms: dict[tuple[str, ...], list[Term]] = {}
    errors: list[RowError] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if not cells:
            continue
        try:
            terms.setdefault(cells[:_HEAD_COLUMNS], []).append(_term(cells))
        except Invalid as error:
            errors.append(
                RowError(
                    file=file, row=number, value=",".join(cells)[:80], expected=Expected(error.code, error.message)
                )
            )
    if errors:
        raise ImportRefused(file, tuple(errors))
    found = tuple(
        Methodology(
            methodology_id=head[0],
            version=head[1],
            measure=parse_choice(Measure, head[2], area="methodology", field="measure"),
            template_id=head[3],
            report=head[4],
            boundary_en=head[5],
            boundary_zh=head[6],
            terms=tuple(parts),
        )
        for head, parts in terms.items()
    )
    if len({(each.methodology_id, each.version) for each in found}) != len(found):
        raise Invalid("methodology.repeated", f"{file}: expected one measure and boundary for each id and version")
    return found


def _term(cells: tuple[str, ...]) -> Term:
    if len(cells) != len(_HEADER):
        raise Invalid("methodology.cells", f"{len(_HEADER)} cells, found {len(cells)}")
    cell = dict(zip(_HEADER, cells, strict=True))
    return Term(
        name=cell["component"],
        label_en=cell["label_en"],
        label_zh=cell["label_zh"],
        scope=parse_choice(Scope, cell["scope"], area="methodology", field="scope"),
        rule=parse_choice(Formula, cell["formula"], area="methodology", field="formula"),
        inputs=_pairs(cell["inputs"], field="inputs"),
        factor_ids=_pairs(cell["factors"], field="factors"),
        region=cell["region"],
        factors_on=tables.parse_day(cell["factors_on"], field="factors_on"),
        source=cell["source"],
        status=parse_choice(ReferenceStatus, cell["status"], area="methodology", field="status"),
    )


def _pairs(text: str, *, field: str) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in text.split(";") if pair]
    found = {role: name for role, _, name in pairs}
    if len(found) != len(pairs):
        raise Invalid("methodology.pairs", f"{field}: expected each role once, as role=name;role=name")
    return found
