"""The rules, factors and rates that ship, as pages: every set by its name, and one set row by row with source and status."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.reference import list_reference_sets, read_reference_set
from api.schemas.fields import CodeString

routes = Pages(area="reference")

STATUS_WORDS = {
    "official": mark("official"),
    "draft": mark("draft for comments"),
    "secondary": mark("secondary"),
    "assumed": mark("assumed"),
}
"""How far a reference row may be trusted, in words."""

SET_WORDS = {
    "accounting_choices": mark("Choices of the accounting policy"),
    "accounts_cn": mark("Chinese chart of accounts"),
    "activity_templates": mark("Templates of activity data"),
    "allocation_rules": mark("Allocation rules"),
    "assurance_standards": mark("Assurance standards"),
    "calendars": mark("Market calendars"),
    "carbon_contract_rules": mark("Rules of carbon contracts"),
    "carry_over_rules": mark("Carry-over rules"),
    "cbam_rules": mark("CBAM rules"),
    "closes": mark("Closing times of markets"),
    "control_charts": mark("Control charts"),
    "deadlines": mark("Compliance deadlines"),
    "decision_assumptions": mark("Assumptions of decisions"),
    "erp_mappings": mark("Columns of voucher files for ERPs"),
    "factors": mark("Emission factors"),
    "fee_rates": mark("Trading fees"),
    "feeds": mark("Settings of sources"),
    "industry_assumptions": mark("Assumptions of the industry"),
    "instrument_bounds": mark("Bounds of prices"),
    "market_job_rules": mark("Rules of market jobs"),
    "methodologies": mark("Accounting methods of emissions"),
    "notice_rules": mark("Rules of alerts"),
    "offset_rules": mark("Offset rules"),
    "power_rules": mark("Rules of electricity"),
    "principles_versions": mark("Editions of the loan principles"),
    "renewable_duty": mark("Renewable duty"),
    "report_rounding": mark("Rounding of reports"),
    "risk_parameters": mark("Risk parameters"),
    "sanctions": mark("Penalties"),
    "sll_checklist": mark("Checklist of sustainability-linked loans"),
    "sources": mark("Sources of prices"),
    "staleness_rules": mark("When a price is stale"),
    "student_t": mark("Student's t distribution"),
    "trading_rules": mark("Trading rules"),
    "vat_codes": mark("VAT codes"),
    "vintage_rules": mark("Rules of vintages"),
}
"""What every set is called."""

COLUMN_WORDS = {
    "row_id": mark("Row"),
    "id": mark("Row"),
    "code": mark("Code"),
    "kind": mark("Kind"),
    "value": mark("Value"),
    "unit": mark("Unit of the value"),
    "label_en": mark("In English"),
    "label_zh": mark("In Chinese"),
    "name_en": mark("Name in English"),
    "name_zh": mark("Name in Chinese"),
    "text_en": mark("Text in English"),
    "text_zh": mark("Text in Chinese"),
    "presentation_en": mark("Presented as, in English"),
    "presentation_zh": mark("Presented as, in Chinese"),
    "boundary_en": mark("Boundary in English"),
    "boundary_zh": mark("Boundary in Chinese"),
    "heading": mark("Heading of the column"),
    "heading_zh": mark("Heading in Chinese"),
    "effective_from": mark("In force from"),
    "effective_to": mark("In force until before"),
    "source": mark("Source"),
    "status": mark("How far it may be trusted"),
    "version": mark("Version"),
    "parent": mark("Parent account"),
    "path": mark("Path in the book"),
    "template_id": mark("Template"),
    "field": mark("Field"),
    "is_required": mark("Required"),
    "evidence": mark("Evidence"),
    "region": mark("Region"),
    "market": mark("Market"),
    "first_day": mark("First day"),
    "last_day": mark("Last day"),
    "known_at": mark("Known since"),
    "calendar": mark("Calendar"),
    "zone": mark("Time zone"),
    "erp": mark("ERP"),
    "position": mark("Place of the column"),
    "instrument_family": mark("Family of instruments"),
    "price_basis": mark("Price basis"),
    "severity": mark("Severity"),
    "tick": mark("Smallest step of the price"),
    "volume_from_t": mark("Volume from"),
    "volume_below_t": mark("Volume below"),
    "methodology_id": mark("Accounting method"),
    "measure": mark("Measure"),
    "report": mark("Report"),
    "component": mark("Component"),
    "scope": mark("Scope"),
    "formula": mark("Formula"),
    "inputs": mark("Inputs"),
    "factors": mark("Factors"),
    "factors_on": mark("Factors taken on"),
    "venue": mark("Venue"),
    "rule": mark("Rule"),
    "rule_id": mark("Rule"),
    "duty_from": mark("Duty years from"),
    "duty_to": mark("Duty years until before"),
    "vintage_from": mark("Vintages from"),
    "vintage_to": mark("Vintages to"),
    "borrowing": mark("Borrowing"),
    "principles": mark("Editions of the principles"),
    "force": mark("How binding it is"),
    "principles_id": mark("Edition"),
    "aliases": mark("Other names"),
    "sleeping_months": mark("Months without targets"),
}
"""What the columns of the sets are called."""


@routes.get(
    "/reference",
    policy=asks(),
    nav=Nav(label=mark("Rules and factors"), group=Group.EVIDENCE, order=50, icon="scales"),
)
def show_reference(page: ThisPage) -> Response:
    """Show every set of rules, factors and rates with its version and how far its rows may be trusted."""
    return page.show(
        "reference/sets.html", sets=page.use(list_reference_sets).sets, set_words=SET_WORDS, status_words=STATUS_WORDS
    )


@routes.get("/reference/{set_id}", policy=asks())
def show_reference_set(set_id: CodeString, page: ThisPage) -> Response:
    """Show one set row by row, each with its source and status."""
    return page.show(
        "reference/set.html",
        found=page.use(read_reference_set, set_id=set_id),
        set_words=SET_WORDS,
        column_words=COLUMN_WORDS,
        status_words=STATUS_WORDS,
    )
