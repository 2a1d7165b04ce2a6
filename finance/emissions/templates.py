"""Activity templates: which figures a kind of plant reports each month, with their headings, units and evidence.

A template is data: one CSV row per figure. Owns reading it and every refusal of a bad row. Knows no product and no
formula: what a figure counts for is the methodology's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from finance.conventions import tables
from finance.conventions.fields import parse_choice
from finance.conventions.table_rules import exact_header
from finance.conventions.tables import ReferenceStatus
from finance.emissions.sources import PRODUCTION, PowerSource, power_field
from ledger.core.errors import Expected, ImportRefused, Invalid, NotFound, RowError

_FIELD = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)
_TEMPLATE = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_HEADER = (
    "template_id",
    "version",
    "field",
    "kind",
    "unit",
    "is_required",
    "evidence",
    "heading_zh",
    "label_en",
    "label_zh",
    "source",
    "status",
)


class FieldKind(StrEnum):
    """What a figure of an activity month is."""

    PRODUCTION = "production"  # tonnes of the product an intensity divides by
    POWER = "power"  # AC electricity of the process from one source
    MEASURED = "measured"  # anything else a formula may ask for; empty is not zero


class Evidence(StrEnum):
    """What stands behind a source of electricity; what it counts for is decided by each methodology."""

    CAPTIVE_PLANT = "captive_plant"  # metered at the own plant
    GRID_RESIDUAL = "grid_residual"  # bought from the grid, nothing claimed for it
    DIRECT_LINE = "direct_line"  # own non-fossil plant, a line of its own
    MARKET_CONTRACT = "market_contract"  # contract with a non-fossil generator, delivered by the grid
    CERTIFICATE = "certificate"  # grid power for which green certificates were cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """One figure of a month: its key (the English heading), Chinese heading, unit and, for power, its evidence."""

    field: str
    kind: FieldKind
    unit: str
    is_required: bool
    evidence: Evidence | None
    heading_zh: str
    label_en: str
    label_zh: str
    source: str
    status: ReferenceStatus

    def __post_init__(self) -> None:
        """Refuse a nameless figure, power without evidence or in another unit than kWh, and evidence without power."""
        if not _FIELD.fullmatch(self.field):
            raise Invalid("template.field", "field: expected lower-case words joined by _", value=self.field[:60])
        for name in ("unit", "heading_zh", "label_en", "label_zh", "source"):
            text = getattr(self, name)
            if not text.strip() or not text.isprintable():
                raise Invalid("template.text", f"{name}: expected one line of text", field=self.field)
        is_power = self.kind is FieldKind.POWER
        if is_power != (self.evidence is not None) or (is_power and self.unit != "kWh"):
            raise Invalid(
                "template.evidence", f"{self.field}: power is in kWh and names its evidence, nothing else does"
            )
        if self.kind is FieldKind.PRODUCTION and (self.field != PRODUCTION or not self.is_required):
            raise Invalid("template.production", f"{self.field}: the production is named {PRODUCTION} and is required")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityTemplate:
    """The figures of one kind of plant, in the order of its form: one production, every power source, measurements."""

    template_id: str
    version: str
    fields: tuple[TemplateField, ...]

    def __post_init__(self) -> None:
        """Refuse repeated figures, and a form without production or without one of the power sources."""
        if not _TEMPLATE.fullmatch(self.template_id) or not self.version.strip():
            raise Invalid("template.id", "template_id: expected lower-case words joined by -, and a version")
        names = [each.field for each in self.fields]
        if len(set(names)) != len(names):
            raise Invalid("template.repeated", f"{self.template_id}: expected each field once")
        power = {each.field for each in self.fields if each.kind is FieldKind.POWER}
        production = [each for each in self.fields if each.kind is FieldKind.PRODUCTION]
        if power != {power_field(source) for source in PowerSource} or len(production) != 1:
            raise Invalid(
                "template.fields",
                f"{self.template_id}: expected {PRODUCTION} and {', '.join(map(power_field, PowerSource))}",
            )

    def find(self, field: str) -> TemplateField | None:
        """Return the figure of that key, or None."""
        return next((each for each in self.fields if each.field == field), None)

    def measured_fields(self) -> tuple[str, ...]:
        """Return the keys of the measurements, in the form's order."""
        return tuple(each.field for each in self.fields if each.kind is FieldKind.MEASURED)

    def evidence_of(self, source: PowerSource) -> Evidence:
        """Return what stands behind a source of power."""
        found = self.find(power_field(source))
        assert found is not None, "a template has every source"
        assert found.evidence is not None, "a source of power names its evidence"
        return found.evidence


def parse_templates(text: str, *, file: str = "activity_templates.csv") -> tuple[ActivityTemplate, ...]:
    """Return the templates of CSV text, one row per figure, in order of first appearance.

    Every unreadable row is named in one ``ImportRefused``; an inconsistent whole raises its own ``template.*`` code.
    """
    table = tables.csv_table(text, file=file)
    if not table.rows or table.rows[0] != _HEADER:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=exact_header(_HEADER)),))
    found: dict[tuple[str, str], list[TemplateField]] = {}
    errors: list[RowError] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if not cells:
            continue
        try:
            found.setdefault((cells[0], cells[1] if len(cells) > 1 else ""), []).append(_field(cells))
        except Invalid as error:
            errors.append(
                RowError(
                    file=file, row=number, value=",".join(cells)[:80], expected=Expected(error.code, error.message)
                )
            )
    if errors:
        raise ImportRefused(file, tuple(errors))
    templates = tuple(
        ActivityTemplate(template_id=template_id, version=version, fields=tuple(fields))
        for (template_id, version), fields in found.items()
    )
    if len({template.template_id for template in templates}) != len(templates):
        raise Invalid("template.repeated", f"{file}: expected one version of each template")
    return templates


def find_template(templates: tuple[ActivityTemplate, ...], template_id: str) -> ActivityTemplate:
    """Return the template of that id, or raise ``template.unknown`` with the known ones."""
    for template in templates:
        if template.template_id == template_id:
            return template
    known = ", ".join(template.template_id for template in templates)
    raise NotFound("template.unknown", f"template: expected one of {known or 'none loaded'}", value=template_id[:40])


def _field(cells: tuple[str, ...]) -> TemplateField:
    if len(cells) != len(_HEADER):
        raise Invalid("template.cells", f"{len(_HEADER)} cells, found {len(cells)}")
    cell = dict(zip(_HEADER, cells, strict=True))
    if cell["is_required"] not in {"true", "false"}:
        raise Invalid("template.is_required", "is_required: expected true or false")
    return TemplateField(
        field=cell["field"],
        kind=parse_choice(FieldKind, cell["kind"], area="template", field="kind"),
        unit=cell["unit"],
        is_required=cell["is_required"] == "true",
        evidence=parse_choice(Evidence, cell["evidence"], area="template", field="evidence")
        if cell["evidence"]
        else None,
        heading_zh=cell["heading_zh"],
        label_en=cell["label_en"],
        label_zh=cell["label_zh"],
        source=cell["source"],
        status=parse_choice(ReferenceStatus, cell["status"], area="template", field="status"),
    )
