"""Questions about goods and power beyond the national market: CBAM certificates of an export, the renewable duty of a year.

Reads inputs, asks the compliance cores with the shipped rules, and words the answer. Reads no clock: days are given.
"""

from __future__ import annotations

from fractions import Fraction

from finance.compliance.cbam import CarbonPricePaid, CbamFlow, CbamPrices, GoodsLine
from finance.compliance.cbam_rules import Route
from finance.compliance.green_certificates import CertificateKind, GecHolding
from finance.compliance.renewable_duty import PowerKwh
from finance.conventions.exact_text import decimal_text
from finance.emissions.templates import Evidence
from finance.operations.calculators.answers import Figure, Worked
from finance.operations.calculators.inputs import Inputs, Parameter
from finance.operations.cbam_flows import flow_of_year
from finance.operations.renewable_duties import DutyQuestion, duty_of
from ledger.core import amounts
from ledger.core.errors import Invalid

_CENT_PLACES = 2

CBAM_QUESTION = "How many CBAM certificates does a shipment of aluminium from China need, and what do they cost?"
CBAM_PARAMETERS = (
    Parameter(name="cn_code", meaning="CN code of 4, 6 or 8 digits", example="76011000"),
    Parameter(name="mass_t", meaning="mass of the goods", unit="t", example="1000"),
    Parameter(name="route", meaning="primary, or secondary with over half scrap", example="primary"),
    Parameter(name="imported_on", meaning="day of import, YYYY-MM-DD, 2026 to 2034", example="2026-02-10"),
    Parameter(
        name="see_tco2_per_t",
        meaning="verified direct embedded emissions; without them the default with its mark-up",
        unit="tCO2/t",
        example="1.734",
        is_required=False,
    ),
    Parameter(
        name="certificate_price_eur",
        meaning="certificate price of the period",
        unit="EUR",
        example="75.36",
        is_required=False,
    ),
    Parameter(name="cny_per_eur", meaning="fixing", unit="CNY/EUR", example="7.9", is_required=False),
    Parameter(
        name="paid_cny",
        meaning="carbon price effectively paid at home for these goods, after rebates",
        unit="CNY",
        example="79000",
        is_required=False,
    ),
    Parameter(
        name="importer_mass_t",
        meaning="the importer's CBAM goods of the whole year, for the threshold",
        unit="t",
        example="1200",
        is_required=False,
    ),
)

DUTY_QUESTION = "How many green certificates does a year's power use need in a province?"
DUTY_PARAMETERS = (
    Parameter(name="year", meaning="year of the duty, such as 2025", example="2025"),
    Parameter(name="region", meaning="province, such as CN-YN", example="CN-YN"),
    Parameter(name="used_kwh", meaning="electricity used", unit="kWh", example="6500000000"),
    Parameter(name="on", meaning="day of use and of the prices, YYYY-MM-DD", example="2026-06-30"),
    Parameter(
        name="contract_kwh",
        meaning="of it by contract with certificates moved",
        unit="kWh",
        example="1000000000",
        is_required=False,
    ),
    Parameter(
        name="direct_line_kwh", meaning="of it by an own line", unit="kWh", example="300000000", is_required=False
    ),
    Parameter(
        name="certificates",
        meaning="market certificates held, valid on that day and not those of the contracts",
        unit="certificate",
        example="250000",
        is_required=False,
    ),
    Parameter(
        name="ratio",
        meaning="share to be met, where none is on file for the province",
        unit="1",
        example="0.252",
        is_required=False,
    ),
)


def cbam(inputs: Inputs) -> Worked:
    """Return certificates and cost of one shipment: 1,000 t of unwrought metal in 2026 by default need 1,913."""
    if inputs.text("route") not in set(Route):
        raise Invalid("calc.route", f"route: expected one of {', '.join(Route)}", field="route")
    day = inputs.day("imported_on")
    see = inputs.optional_amount("see_tco2_per_t")
    price = inputs.above_zero("certificate_price_eur") if inputs.has("certificate_price_eur") else None
    paid = inputs.optional_amount("paid_cny") or Fraction(0)
    flow = flow_of_year(
        day.year,
        (
            GoodsLine(
                line="shipment",
                cn_code=inputs.text("cn_code"),
                imported_on=day,
                mass_t=inputs.above_zero("mass_t"),
                route=Route(inputs.text("route")),
                see_tco2_per_t=see,
                is_verified=see is not None,
            ),
        ),
        prices=CbamPrices(
            eur_by_period={} if price is None else {"": price},
            price_source="given as input",
            cny_per_eur=inputs.above_zero("cny_per_eur") if inputs.has("cny_per_eur") else None,
            fixing_source="given as input",
        ),
        paid=CarbonPricePaid(paid_cny=paid, rebate_cny=Fraction(0), evidence="given as input"),
        importer_mass_t=inputs.optional_amount("importer_mass_t"),
    )
    return Worked(
        figures=_flow_figures(flow),
        formula="(SEE - benchmark x CBAM factor x CSCF) x mass - price paid / certificate price, rounded up; x price",
        sources=tuple(
            row
            for row in flow.rules.rows.values()
            if not row.row_id.startswith("cbam.class.") or row.row_id[-4:] == inputs.text("cn_code")[:4]
        ),
    )


def duty(inputs: Inputs) -> Worked:
    """Return the certificates that a year's power use needs: 6.5 TWh at 70 % with nothing green need 4,550,000."""
    day = inputs.day("on")
    used, contract = inputs.amount("used_kwh"), inputs.optional_amount("contract_kwh") or Fraction(0)
    direct = inputs.optional_amount("direct_line_kwh") or Fraction(0)
    if contract + direct > used:
        name = "contract_kwh" if contract else "direct_line_kwh"
        raise Invalid("calc.power", f"{name}: expected at most used_kwh, with the other kind", field=name)
    held = inputs.tonnes("certificates") if inputs.has("certificates") else 0
    found = duty_of(
        DutyQuestion(
            year=inputs.year("year"),
            region=inputs.text("region"),
            on=day,
            given_ratio=inputs.share("ratio") if inputs.has("ratio") else None,
            holdings=(
                GecHolding(
                    production_month=day.isoformat()[:7], kind=CertificateKind.MARKET, quantity=held, source="input"
                ),
            ),
            prices={},
        ),
        (
            PowerKwh(evidence=Evidence.GRID_RESIDUAL, kwh=used - contract - direct, source="input"),
            PowerKwh(evidence=Evidence.MARKET_CONTRACT, kwh=contract, source="input"),
            PowerKwh(evidence=Evidence.DIRECT_LINE, kwh=direct, source="input"),
        ),
    )
    rules = found.rules
    ratio = () if rules.ratio_row is None else (rules.ratio_row,)
    return Worked(
        figures=(
            Figure(name="ratio", value=decimal_text(rules.ratio), unit="1"),
            Figure(name="duty_kwh", value=decimal_text(found.duty_kwh), unit="kWh"),
            Figure(name="counted_kwh", value=decimal_text(found.counted_kwh), unit="kWh"),
            Figure(name="certificates_needed", value=str(found.needed), unit="certificate"),
            Figure(name="certificates_missing", value=str(found.gap), unit="certificate"),
            Figure(name="certificates_sellable", value=str(found.sellable), unit="certificate"),
            Figure(
                name="cost_by_production_year",
                value=tuple(
                    {
                        "production_year": str(each.production_year),
                        "price_cny": decimal_text(each.price_cny),
                        "cost_cny": amounts.format_units(each.cost_fen, _CENT_PLACES),
                    }
                    for each in found.costs
                ),
            ),
        ),
        formula="needed = (ratio x used - counted) / 1,000 kWh, rounded up; missing = needed - held, at least zero",
        sources=(*ratio, *rules.gec.rows, *rules.counting.values(), *(each.row for each in found.costs)),
    )


def _flow_figures(flow: CbamFlow) -> tuple[Figure, ...]:
    (line,) = flow.lines
    return (
        Figure(name="see_tco2_per_t", value=decimal_text(line.see_tco2_per_t), unit="tCO2/t"),
        Figure(name="basis", value=line.goods.basis.value),
        Figure(name="free_allocation_tco2_per_t", value=decimal_text(line.faa_tco2_per_t), unit="tCO2/t"),
        Figure(name="payable_tco2", value=decimal_text(flow.payable_t), unit="tCO2"),
        Figure(
            name="deducted_tco2", value=None if flow.deducted_t is None else decimal_text(flow.deducted_t), unit="tCO2"
        ),
        Figure(name="is_exempt", value="yes" if flow.is_exempt else "no"),
        Figure(
            name="certificates", value=None if flow.certificates is None else str(flow.certificates), unit="certificate"
        ),
        Figure(name="cost_eur", value=_money(flow.cost_cents), unit="EUR"),
        Figure(name="cost_cny", value=_money(flow.cost_fen), unit="CNY"),
        Figure(name="declaration_due", value=flow.rules.declaration_due.isoformat()),
    )


def _money(units: int | None) -> str | None:
    return None if units is None else amounts.format_units(units, _CENT_PLACES)
