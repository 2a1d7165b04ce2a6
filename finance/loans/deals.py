"""Deals as files: terms in which any value may be UNKNOWN, what their sources say, and the margin of every outcome.

Owns the form ``tonne.deal.v1``: the document of ``FacilityTerms`` with UNKNOWN allowed anywhere, beside the statements that it
rests on, conflicting ones side by side. Knows no file and no database; how unknowns are read is in ``deal_reading``, how they are
priced in ``outcome_vectors``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TypeVar, get_type_hints

from finance.conventions.documents import JsonDocument, from_document
from finance.conventions.fields import check_identifier, check_text, refused
from finance.loans.clauses import AREA, EffectRule, LabelTerms, LateFactTerms, ReportingTerms
from finance.loans.deal_reading import UNKNOWN, Look, Unknown, complete, look_at, read_known
from finance.loans.facility_terms import FacilityTerms, KpiTerms, Party
from finance.loans.outcome_vectors import OutcomeGrid, VectorMargins, read_grid
from finance.loans.price_effects import Ratchet
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.errors import Invalid

FORM = "tonne.deal.v1"
"""What a deal file says under ``form``."""

_DEAL = "deal"
_NO_RATCHET = Look((), (None,), tuple)
_MOST_STATEMENTS = 200

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one source says about a deal; ``conflicts_with`` names the statements that say otherwise. None of them is struck out."""

    statement_id: str
    source: str
    says: str
    conflicts_with: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a statement without a name or a source, or against itself."""
        check_identifier(self.statement_id, area=_DEAL, field="statement_id")
        check_text(self.source, area=_DEAL, field="source")
        if not self.says:
            raise refused(area=_DEAL, field="says", expected="what the source says", value="")
        if self.statement_id in self.conflicts_with or len(set(self.conflicts_with)) != len(self.conflicts_with):
            expected = "other statements, none twice"
            raise refused(area=_DEAL, field="conflicts_with", expected=expected, value=self.statement_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal as far as it is known: each part is a typed value, or ``Unknown`` with the paths that say UNKNOWN in it.

    ``document`` is the terms' document as read, ``unknown`` every unknown path in it, ``grid`` the outcome vectors.
    """

    document: JsonDocument
    unknown: tuple[str, ...]
    provenance: tuple[Statement, ...]
    facility_number: str | Unknown
    version: int | Unknown
    agreed_on: date | Unknown
    source: str | Unknown
    parties: tuple[Party | Unknown, ...] | Unknown
    tranches: tuple[TrancheTerms | Unknown, ...] | Unknown
    kpis: tuple[KpiTerms | Unknown, ...] | Unknown
    ratchet: Ratchet | Unknown | None
    effect: EffectRule | Unknown
    reporting: ReportingTerms | Unknown
    late_facts: LateFactTerms | Unknown
    label: LabelTerms | Unknown
    grid: OutcomeGrid

    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return every part by its path, with the paths that are unknown in it; none for a part that is known as a whole."""
        found: list[tuple[str, object]] = []
        for each in fields(FacilityTerms):
            value = getattr(self, each.name)
            if isinstance(value, tuple):
                found += [(f"{each.name}[{index}]", one) for index, one in enumerate(value)]
            else:
                found.append((each.name, value))
        return tuple((path, value.paths if isinstance(value, Unknown) else ()) for path, value in found)

    def terms(self) -> FacilityTerms:
        """Return the whole terms; where anything is unknown they are refused with ``deal.unknown``, every path named."""
        if self.unknown:
            raise Invalid(
                "deal.unknown",
                f"expected every value of the terms; unknown: {', '.join(self.unknown)}",
                field=self.unknown[0],
                unknown=", ".join(self.unknown),
            )
        return from_document(FacilityTerms, self.document, area=AREA)


def read_deal(document: object) -> Deal:
    """Return the deal that a file's document spells.

    Refused with ``deal.<field>`` is another form or a broken provenance; whatever else is wrong is refused as in whole terms
    (``terms.missing``, ``terms.unknown``, ``terms.<field>``), unknowns or not: ``commitment_minor`` of -5 is refused whatever the
    unknown maturity may be.
    """
    if not isinstance(document, Mapping) or document.get("form") != FORM:
        raise refused(area=_DEAL, field="form", expected=f"a mapping with form {FORM}", value=_form_of(document))
    given = {name: each for name, each in document.items() if name not in {"form", "provenance"}}
    provenance = _statements(document.get("provenance"))
    hints = get_type_hints(FacilityTerms)
    _check_names(given)
    looks = {
        each.name: look_at(hints[each.name], given[each.name], area=AREA, path=each.name)
        for each in fields(FacilityTerms)
    }
    # Clauses and KPIs are held against each other below; between unknowns no made-up one would fit.
    is_open = any(looks[name].paths for name in ("tranches", "kpis", "ratchet", "label"))
    apart = {"kpis": look_at(hints["kpis"], [], area=AREA, path="kpis"), "ratchet": _NO_RATCHET} if is_open else {}
    complete(FacilityTerms, {**looks, **apart}, area=AREA, path="")
    grid = read_grid(given)
    _check_together(given, grid)
    return Deal(
        document=given,
        unknown=tuple(path for look in looks.values() for path in look.paths),
        provenance=provenance,
        facility_number=_part(str, given, "facility_number"),
        version=_part(int, given, "version"),
        agreed_on=_part(date, given, "agreed_on"),
        source=_part(str, given, "source"),
        parties=_parts(Party, given, "parties"),
        tranches=_parts(TrancheTerms, given, "tranches"),
        kpis=_parts(KpiTerms, given, "kpis"),
        ratchet=None if given["ratchet"] is None else _part(Ratchet, given, "ratchet"),
        effect=_part(EffectRule, given, "effect"),
        reporting=_part(ReportingTerms, given, "reporting"),
        late_facts=_part(LateFactTerms, given, "late_facts"),
        label=_part(LabelTerms, given, "label"),
        grid=grid,
    )


def margins(deal: Deal) -> Iterator[VectorMargins]:
    """Return for every outcome vector one answer per price: by how many bp it moves (exact), or on which unknowns that hangs.

    Vectors are the product over the KPIs of met, missed, missing, late and qualified, with observed values at the points of a
    scale instead of met and missed; the first test is meant, nothing is carried into it. An unknown number of basis points, or bound, is
    put at both ends of its legal range: where both move the price alike, the answer is known though the term is not. D01 has -10
    when met and 0 when missed.
    """
    return deal.grid.vectors()


def _form_of(document: object) -> str:
    form = document.get("form") if isinstance(document, Mapping) else type(document).__name__
    return form if isinstance(form, str) else type(form).__name__


def _statements(given: object) -> tuple[Statement, ...]:
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= _MOST_STATEMENTS:
        expected = f"a list of 1 to {_MOST_STATEMENTS} statements: what the terms rest on"
        raise refused(area=_DEAL, field="provenance", expected=expected, value=type(given).__name__)
    found = tuple(
        from_document(Statement, each, area=_DEAL, path=f"provenance[{index}]") for index, each in enumerate(given)
    )
    names = [each.statement_id for each in found]
    if len(set(names)) != len(names):
        raise refused(area=_DEAL, field="provenance", expected="each statement_id once", value=", ".join(names))
    against = {name for each in found for name in each.conflicts_with} - set(names)
    if against:
        expected = "conflicts_with to name statements of the list"
        raise refused(area=_DEAL, field="provenance", expected=expected, value=", ".join(sorted(against)))
    return found


def _check_names(given: Mapping[str, object]) -> None:
    """Refuse a field that terms do not have and one that is not there; the whole reader looks at names before values."""
    names = {each.name for each in fields(FacilityTerms)}
    if set(given) != names:
        from_document(FacilityTerms, given, area=AREA)


def _check_together(given: Mapping[str, object], grid: OutcomeGrid) -> None:
    """Refuse clauses on KPIs or tranches that the terms do not have, and on a sleeping loan, where unknowns hid them."""
    if given["ratchet"] is None or grid.hidden:
        return
    label = given["label"]
    if isinstance(label, Mapping) and label["is_sleeping"] is True:
        raise refused(area=AREA, field="ratchet", expected="null while the loan sleeps", value="a ratchet")
    is_readable = not any(clause.stuck for clause in grid.clauses)
    kpi_ids = {kpi_id for clause in grid.clauses for kpi_id in clause.kpi_ids}
    own = _names(given["kpis"], "definition", "kpi_id")
    if own is not None and (kpi_ids - own or (is_readable and own - kpi_ids)):
        expected = f"clauses on exactly the KPIs of the terms: {', '.join(sorted(own))}"
        raise refused(area=AREA, field="ratchet", expected=expected, value=", ".join(sorted(kpi_ids)))
    tranches = _names(given["tranches"], "tranche_id")
    for place in (place for clause in grid.clauses for place in clause.places if place.known):
        named = place.known.tranche_id if place.known else None
        if tranches is not None and named is not None and named not in tranches:
            expected = f"one of {', '.join(sorted(tranches))}"
            raise refused(area=AREA, field=f"{place.path}.tranche_id", expected=expected, value=named)


def _names(whole: object, *steps: str) -> set[str] | None:
    """Return the names at ``steps`` in each of a list's entries; None where one of them is unknown."""
    if not isinstance(whole, list | tuple):
        return None
    names: set[str] = set()
    for each in whole:
        found: object = each
        for step in steps:
            found = found[step] if isinstance(found, Mapping) else UNKNOWN
        if found == UNKNOWN:
            return None
        names.add(str(found))
    return names


def _part(kind: type[Value], given: Mapping[str, object], name: str) -> Value | Unknown:
    return read_known(kind, given[name], area=AREA, path=name)


def _parts(kind: type[Value], given: Mapping[str, object], name: str) -> tuple[Value | Unknown, ...] | Unknown:
    whole = given[name]
    if not isinstance(whole, list | tuple):
        return Unknown((name,))
    return tuple(read_known(kind, each, area=AREA, path=f"{name}[{index}]") for index, each in enumerate(whole))
