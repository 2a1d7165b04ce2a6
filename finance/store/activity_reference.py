"""The reference rows of activity, report forms and early warning that ship with the product, as the cores' values.

Opens ``finance/reference/*.csv`` beside ``reference``, each file once per process; a set's version is its content's.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from finance.conventions import tables
from finance.conventions.tables import ReferenceSet
from finance.emissions import templates
from finance.emissions.templates import ActivityTemplate
from finance.store import reference


@cache
def shipped_templates() -> tuple[ActivityTemplate, ...]:
    """Return every activity template on file, in the file's order; the first is the default of an upload."""
    return templates.parse_templates(_text("activity_templates"))


def shipped_template(template_id: str | None = None) -> ActivityTemplate:
    """Return the template of that id, the first one when None; an unknown id raises ``template.unknown``."""
    found = shipped_templates()
    return found[0] if template_id is None else templates.find_template(found, template_id)


@cache
def shipped_report_rounding() -> ReferenceSet:
    """Return how report forms round each printed figure."""
    return _set("report_rounding")


@cache
def shipped_control_charts() -> ReferenceSet:
    """Return the constants of control charts."""
    return _set("control_charts")


@cache
def shipped_student_t() -> ReferenceSet:
    """Return the quantiles of Student's t."""
    return _set("student_t")


def _set(set_id: str) -> ReferenceSet:
    rows = tables.parse_reference_rows(_text(set_id), file=f"{set_id}.csv")
    return ReferenceSet(set_id=set_id, version=reference.shipped_version(set_id), rows=rows)


def _text(set_id: str) -> str:
    raw = resources.files("finance.reference").joinpath(f"{set_id}.csv").read_bytes()
    return raw.decode("utf-8").replace("\r\n", "\n")
