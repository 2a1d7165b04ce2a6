"""The reference rows that ship with the product, read from ``finance/reference/*.csv`` into the cores' values.

The only place that opens those files; each set is read once per process. The version of a set is the first 12 hexadecimal digits of the
SHA-256 of its file with LF line ends, so it changes exactly when the content does and nobody has to remember to raise it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from finance.accounting import account_codes, erp_export
from finance.accounting.account_codes import ChartRow
from finance.accounting.erp_export import ErpColumn
from finance.compliance import rules, vintages
from finance.compliance.vintages import VintageRule
from finance.conventions import calendar_rows, calendars, tables
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.tables import ReferenceSet
from finance.emissions import factors, methodologies
from finance.emissions.factors import FactorSet
from finance.emissions.methodologies import BoundMethodology, Methodology
from finance.loans import checklist_rows
from finance.loans.checklist_rows import Checklist, PrinciplesVersion
from finance.market import bounds, closes, mark_rules
from finance.market.bounds import InstrumentBound
from finance.market.closes import Close
from finance.market.mark_rules import MarkRules

_PACKAGE = "finance.reference"
_VERSION_DIGITS = 12


@cache
def shipped_factors() -> FactorSet:
    """Return the emission factors, warming potentials and material shares; set id ``factors``."""
    return factors.parse_factors(_text("factors"), set_id="factors", version=shipped_version("factors"))


@cache
def shipped_methodologies() -> tuple[Methodology, ...]:
    """Return every methodology on file, in the file's order."""
    return methodologies.parse_methodologies(_text("methodologies"))


@cache
def shipped_methodology(methodology_id: str) -> BoundMethodology:
    """Return a methodology bound to the shipped factors; an unknown id raises ``methodology.unknown`` with the known ones."""
    return methodologies.bind(methodologies.find(shipped_methodologies(), methodology_id), shipped_factors())


@cache
def shipped_allocation_rules() -> ReferenceSet:
    """Return the allocation rules by compliance year."""
    return _rules("allocation_rules")


@cache
def shipped_offset_rules() -> ReferenceSet:
    """Return the cap and eligibility rows of CCER, by day of surrender."""
    return _rules("offset_rules")


@cache
def shipped_carry_over_rules() -> ReferenceSet:
    """Return the carry-over rules by compliance year."""
    return _rules("carry_over_rules")


@cache
def shipped_deadlines() -> ReferenceSet:
    """Return the deadlines by compliance year."""
    return _rules("deadlines")


@cache
def shipped_sanctions() -> ReferenceSet:
    """Return the sanction rows by day of the breach."""
    return _rules("sanctions")


@cache
def shipped_assurance_standards() -> ReferenceSet:
    """Return which assurance standard gives which level, by the day a KPI period begins."""
    return _rules("assurance_standards")


@cache
def shipped_vintage_rules() -> tuple[VintageRule, ...]:
    """Return which vintages settle which duties."""
    return vintages.parse_vintage_rules(_text("vintage_rules"))


@cache
def shipped_calendars() -> tuple[BusinessCalendar, ...]:
    """Return one business calendar per market, by market name."""
    return calendar_rows.parse_calendars(_text("calendars"))


def shipped_calendar(market: str) -> BusinessCalendar:
    """Return the business calendar of ``market`` (``cn_exchange``); an unlisted one raises ``calendar.market``."""
    return calendars.calendar_of(shipped_calendars(), market)


@cache
def shipped_instrument_bounds() -> tuple[InstrumentBound, ...]:
    """Return the largest credible daily moves per instrument family."""
    return bounds.bounds_from_rows(_named_rows("instrument_bounds"))


@cache
def shipped_mark_rules() -> MarkRules:
    """Return how old a mark may be and which price bases may mark what."""
    return mark_rules.mark_rules_from_rows(_named_rows("staleness_rules"), _named_rows("sources"))


@cache
def shipped_principles() -> tuple[PrinciplesVersion, ...]:
    """Return the versions of the sustainability-linked loan principles, in the file's order."""
    return checklist_rows.parse_principles(_text("principles_versions"), file="principles_versions.csv")


@cache
def shipped_checklist() -> Checklist:
    """Return the checklist C01 to C35 under every version of the principles."""
    return checklist_rows.parse_checklist(_text("sll_checklist"), shipped_principles(), file="sll_checklist.csv")


@cache
def shipped_risk_parameters() -> ReferenceSet:
    """Return the numbers that risk figures rest on, by day."""
    return _rules("risk_parameters")


@cache
def shipped_feeds() -> ReferenceSet:
    """Return what is known of every market data source: hours, calendars, windows, terms and bounds."""
    return _rules("feeds")


@cache
def shipped_closes() -> tuple[Close, ...]:
    """Return the closes at which a day's marks are frozen."""
    return closes.closes_from_rows(_named_rows("closes"))


@cache
def shipped_market_job_rules() -> ReferenceSet:
    """Return the limits of feeds, their jobs and overrides."""
    return _rules("market_job_rules")


@cache
def shipped_notice_rules() -> ReferenceSet:
    """Return from when conditions alert, and how alerts are brought to people and programs."""
    return _rules("notice_rules")


@cache
def shipped_industry_assumptions() -> ReferenceSet:
    """Return the parameters of the first article's industry."""
    return _rules("industry_assumptions")


@cache
def shipped_cbam_rules() -> ReferenceSet:
    """Return the rules of the EU's border mechanism by import year."""
    return _rules("cbam_rules")


@cache
def shipped_renewable_duty() -> ReferenceSet:
    """Return the renewable ratios by year and province, and the rules and prices of green certificates."""
    return _rules("renewable_duty")


@cache
def shipped_trading_rules() -> ReferenceSet:
    """Return what each venue allows, by trading day."""
    return _rules("trading_rules")


@cache
def shipped_fee_rates() -> ReferenceSet:
    """Return the fee rates by family and method, by trading day."""
    return _rules("fee_rates")


@cache
def shipped_power_rules() -> ReferenceSet:
    """Return the allocation rules of captive power units by compliance year."""
    return _rules("power_rules")


@cache
def shipped_decision_assumptions() -> ReferenceSet:
    """Return what the laws count (electricity, emissions), which decides the channels that are worth nothing."""
    return _rules("decision_assumptions")


@cache
def shipped_carbon_contract_rules() -> ReferenceSet:
    """Return calendar, zone and periods of carbon-finance contracts, by day."""
    return _rules("carbon_contract_rules")


@cache
def shipped_version(set_id: str) -> str:
    """Return the version of a set by its file's name without ``.csv``: 12 hexadecimal digits of its content."""
    return hashlib.sha256(_text(set_id).encode("utf-8")).hexdigest()[:_VERSION_DIGITS]


@cache
def shipped_accounts() -> tuple[ChartRow, ...]:
    """Return the Chinese chart of accounts."""
    return account_codes.chart_rows(_named_rows("accounts_cn"))


@cache
def shipped_vat_codes() -> ReferenceSet:
    """Return the VAT rates that an accounting policy names."""
    return _rules("vat_codes")


@cache
def shipped_erp_columns() -> tuple[ErpColumn, ...]:
    """Return the columns that each ERP imports."""
    return erp_export.erp_columns(_named_rows("erp_mappings"))


def _rules(set_id: str) -> ReferenceSet:
    return rules.parse_rules(_text(set_id), set_id=set_id, version=shipped_version(set_id), file=f"{set_id}.csv")


def _named_rows(set_id: str) -> tuple[Mapping[str, str], ...]:
    table = tables.csv_table(_text(set_id), file=f"{set_id}.csv")
    header, *rows = (cells for cells in table.rows if cells)
    assert all(len(cells) == len(header) for cells in rows), f"{set_id}.csv: a row has other cells than the header"
    return tuple(dict(zip(header, cells, strict=True)) for cells in rows)


def _text(set_id: str) -> str:
    raw = resources.files(_PACKAGE).joinpath(f"{set_id}.csv").read_bytes()
    return raw.decode("utf-8").replace("\r\n", "\n")
