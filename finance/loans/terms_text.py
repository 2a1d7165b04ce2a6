"""Facility terms as a flat mapping of strings and back: what is hashed, signed, stored and posted through the API.

Owns the field names and their spelling. Every field is required and no other is taken: an unsupported term is refused
by name, never ignored. One set of terms has one mapping, so equal terms hash equally.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.exact_text import fraction_text, parse_exact
from finance.conventions.fields import flag_text, parse_choice, parse_count, parse_day, parse_flag, refused
from finance.conventions.rates import rate_text
from finance.kpi.definitions import AssuranceLevel
from finance.loans.ratchet import Consequence, Direction, KpiStep, Ratchet
from finance.loans.terms import EffectKind, EffectRule, FacilityTerms, SettlementRule
from ledger.core.amounts import RoundingMode, currency_scale, format_units, parse_units
from ledger.core.errors import Invalid

_AREA = "terms"

FIELDS = (
    "facility_number",
    "version",
    "borrower_id",
    "lender_ids",
    "principal",
    "currency",
    "drawdown_date",
    "maturity_date",
    "base_rate",
    "day_count",
    "settlement_day",
    "settlement_months",
    "payment_lag_days",
    "payment_convention",
    "is_accrual_adjusted",
    "calendar_market",
    "rounding",
    "effect_rule",
    "assurance_level",
    "ratchet_steps",
    "ratchet_direction",
    "cap_down_bp",
    "cap_up_bp",
    "is_cumulative",
    "floor_rate",
    "on_missing",
    "on_late",
    "on_qualified",
)
"""The names of the mapping, in reading order."""


def terms_to_mapping(terms: FacilityTerms) -> dict[str, str]:
    """Return every field as its canonical string, in the order of ``FIELDS``.

    The principal is a decimal at the currency's scale, rates and basis points are ``num/den`` in lowest terms, lists
    are joined by commas, a ratchet step is ``kpi:down_bp:up_bp`` (``intensity:10/1:0/1``), an effect rule its kind,
    with its argument after a colon (``fixed_date:2026-04-01``).
    """
    ratchet = terms.ratchet
    texts = (
        terms.facility_number,
        str(terms.version),
        terms.borrower_id,
        ",".join(terms.lender_ids),
        format_units(terms.principal_minor, currency_scale(terms.currency)),
        terms.currency,
        terms.drawdown_date.isoformat(),
        terms.maturity_date.isoformat(),
        rate_text(terms.base_rate),
        str(terms.day_count),
        str(terms.settlement.day),
        ",".join(str(month) for month in terms.settlement.months),
        str(terms.settlement.payment_lag_days),
        str(terms.payment_convention),
        flag_text(terms.is_accrual_adjusted),
        terms.calendar_market,
        str(terms.rounding),
        _effect_text(terms.effect_rule),
        str(terms.assurance_level),
        ",".join(_step_text(step) for step in ratchet.steps),
        str(ratchet.direction),
        fraction_text(ratchet.cap_down_bp),
        fraction_text(ratchet.cap_up_bp),
        flag_text(ratchet.is_cumulative),
        rate_text(ratchet.floor_rate),
        str(ratchet.on_missing),
        str(ratchet.on_late),
        str(ratchet.on_qualified),
    )
    return dict(zip(FIELDS, texts, strict=True))


def terms_from_mapping(fields: Mapping[str, str]) -> FacilityTerms:
    """Return the terms that ``fields`` spell; rates and basis points may also be decimals (``0.0345``, ``2.5``).

    A missing field is refused with ``terms.missing``, an unknown one with ``terms.unknown``, a value that is no
    string with ``terms.text``, an illegal one with the field's own code (``terms.base_rate``).
    """
    _check_names(fields)
    currency = fields["currency"]
    return FacilityTerms(
        facility_number=fields["facility_number"],
        version=_count(fields, "version"),
        borrower_id=fields["borrower_id"],
        lender_ids=tuple(fields["lender_ids"].split(",")),
        principal_minor=_principal(fields["principal"], currency=currency),
        currency=currency,
        drawdown_date=parse_day(fields["drawdown_date"], area=_AREA, field="drawdown_date"),
        maturity_date=parse_day(fields["maturity_date"], area=_AREA, field="maturity_date"),
        base_rate=_exact(fields, "base_rate"),
        day_count=parse_choice(DayCount, fields["day_count"], area=_AREA, field="day_count"),
        settlement=_settlement(fields),
        payment_convention=parse_choice(
            BusinessDayConvention, fields["payment_convention"], area=_AREA, field="payment_convention"
        ),
        is_accrual_adjusted=parse_flag(fields["is_accrual_adjusted"], area=_AREA, field="is_accrual_adjusted"),
        calendar_market=fields["calendar_market"],
        rounding=parse_choice(RoundingMode, fields["rounding"], area=_AREA, field="rounding"),
        effect_rule=_effect_rule(fields["effect_rule"]),
        assurance_level=parse_choice(AssuranceLevel, fields["assurance_level"], area=_AREA, field="assurance_level"),
        ratchet=_ratchet(fields),
    )


def _check_names(fields: Mapping[str, str]) -> None:
    unknown = sorted(str(name)[:40] for name in fields if name not in FIELDS)
    if unknown:
        raise Invalid("terms.unknown", f"{unknown[0]}: no such term; it is refused, not ignored", field=unknown[0])
    for name in FIELDS:
        if name not in fields:
            raise Invalid("terms.missing", f"{name}: expected a value; every term is stated", field=name)
        if not isinstance(fields[name], str):
            raise Invalid("terms.text", f"{name}: expected a string", field=name, value=type(fields[name]).__name__)


def _settlement(fields: Mapping[str, str]) -> SettlementRule:
    months = fields["settlement_months"].split(",")
    return SettlementRule(
        day=_count(fields, "settlement_day"),
        months=tuple(parse_count(month, area=_AREA, field="settlement_months") for month in months),
        payment_lag_days=_count(fields, "payment_lag_days"),
    )


def _ratchet(fields: Mapping[str, str]) -> Ratchet:
    consequences = {
        name: parse_choice(Consequence, fields[name], area=_AREA, field=name)
        for name in ("on_missing", "on_late", "on_qualified")
    }
    return Ratchet(
        steps=tuple(_step(text) for text in fields["ratchet_steps"].split(",")),
        direction=parse_choice(Direction, fields["ratchet_direction"], area=_AREA, field="ratchet_direction"),
        cap_down_bp=_exact(fields, "cap_down_bp"),
        cap_up_bp=_exact(fields, "cap_up_bp"),
        is_cumulative=parse_flag(fields["is_cumulative"], area=_AREA, field="is_cumulative"),
        floor_rate=_exact(fields, "floor_rate"),
        **consequences,
    )


def _step_text(step: KpiStep) -> str:
    return f"{step.kpi_id}:{fraction_text(step.down_bp)}:{fraction_text(step.up_bp)}"


def _step(text: str) -> KpiStep:
    parts = text.split(":")
    if len(parts) != 3:  # noqa: PLR2004 - KPI, down, up
        raise refused(area=_AREA, field="ratchet_steps", expected="kpi:down_bp:up_bp", value=text)
    return KpiStep(
        kpi_id=parts[0],
        down_bp=_fraction(parts[1], field="ratchet_steps"),
        up_bp=_fraction(parts[2], field="ratchet_steps"),
    )


def _effect_text(rule: EffectRule) -> str:
    if rule.fixed_on is not None:
        return f"{rule.kind}:{rule.fixed_on.isoformat()}"
    return str(rule.kind) if rule.business_days is None else f"{rule.kind}:{rule.business_days}"


def _effect_rule(text: str) -> EffectRule:
    name, colon, argument = text.partition(":")
    kind = parse_choice(EffectKind, name, area=_AREA, field="effect_rule")
    if colon and kind is EffectKind.FIXED_DATE:
        return EffectRule(kind=kind, fixed_on=parse_day(argument, area=_AREA, field="effect_rule"))
    if colon and kind is EffectKind.N_BUSINESS_DAYS_AFTER:
        return EffectRule(kind=kind, business_days=parse_count(argument, area=_AREA, field="effect_rule"))
    if colon:
        raise refused(area=_AREA, field="effect_rule", expected=f"{kind} without an argument", value=text)
    return EffectRule(kind=kind)


def _count(fields: Mapping[str, str], name: str) -> int:
    return parse_count(fields[name], area=_AREA, field=name)


def _exact(fields: Mapping[str, str], name: str) -> Fraction:
    return _fraction(fields[name], field=name)


def _fraction(text: str, *, field: str) -> Fraction:
    try:
        return parse_exact(text, field=field)
    except Invalid as error:
        expected = "an exact number such as 0.0345 or 69/2000"
        raise refused(area=_AREA, field=field, expected=expected, value=text) from error


def _principal(text: str, *, currency: str) -> int:
    try:
        scale = currency_scale(currency)
    except Invalid as error:
        expected = "an ISO 4217 currency code"
        raise refused(area=_AREA, field="currency", expected=expected, value=currency) from error
    try:
        return parse_units(text, scale, field="principal")
    except Invalid as error:
        expected = f"an amount with at most {scale} decimals, at most 10^15 minor units"
        raise refused(area=_AREA, field="principal", expected=expected, value=text) from error
