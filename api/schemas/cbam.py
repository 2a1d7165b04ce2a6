"""What enters and leaves about CBAM: goods of a year's flow, prices and payments, certificates and cost.

Only shapes: the core computes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, WholeNumber, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, Text
from finance.compliance.cbam import MOST_LINES, CarbonPricePaid, CbamFlow, CbamPrices, GoodsLine, LineResult, SeeBasis
from finance.compliance.cbam_explanation import explain_flow
from finance.compliance.cbam_rules import GoodsClass, Route
from finance.conventions.exact_text import decimal_text
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_MOST_PRICES = 600
_Period = Annotated[str, Field(pattern=r"^[0-9]{4}-(?:Q[1-4]|W[0-5][0-9])$", examples=["2026-Q1"])]


class GoodsLineIn(Schema):
    """Goods of one kind on one day, made in China."""

    line: Annotated[CodeString, Field(examples=["SHIP-1"])]
    cn_code: Annotated[str, Field(max_length=8, examples=["76011000"])]
    imported_on: DateString
    mass_t: Annotated[DecimalString, Field(examples=["1000"])]
    route: Choice[Route]
    see_tco2_per_t: Annotated[
        DecimalString | None, Field(description="Actual direct emissions with precursors; null: the default.")
    ] = None
    is_verified: Annotated[bool, Field(description="By an accredited verifier; unverified is an estimate.")] = False

    def to_core(self) -> GoodsLine:
        """Return the line."""
        return GoodsLine(
            line=self.line,
            cn_code=self.cn_code,
            imported_on=self.imported_on,
            mass_t=_exact(self.mass_t, "mass_t"),
            route=self.route,
            see_tco2_per_t=None if self.see_tco2_per_t is None else _exact(self.see_tco2_per_t, "see_tco2_per_t"),
            is_verified=self.is_verified,
        )


class CertificatePriceIn(Schema):
    """The certificate price of a quarter of 2026, or of a week from 2027 on."""

    period: _Period
    price_eur: Annotated[DecimalString, Field(examples=["75.36"])]


class CarbonPricePaidIn(Schema):
    """What was effectively paid at home for the emissions of these goods; free allowances are not paid."""

    paid_cny: Annotated[DecimalString, Field(examples=["79000.00"])]
    rebate_cny: Annotated[DecimalString, Field(examples=["0"])] = "0"
    evidence: Annotated[Text, Field(examples=["registry receipt 12"])]

    def to_core(self) -> CarbonPricePaid:
        """Return the payment."""
        return CarbonPricePaid(
            paid_cny=_exact(self.paid_cny, "paid_cny"),
            rebate_cny=_exact(self.rebate_cny, "rebate_cny"),
            evidence=self.evidence,
        )


class CbamFlowIn(Schema):
    """One importer's aluminium goods of a year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2026,
                    "lines": [
                        {
                            "line": "SHIP-1",
                            "cn_code": "76011000",
                            "imported_on": "2026-02-10",
                            "mass_t": "1000",
                            "route": "primary",
                        }
                    ],
                    "prices": [{"period": "2026-Q1", "price_eur": "75.36"}],
                    "price_source": "published certificate price",
                    "cny_per_eur": "7.9",
                    "fixing_source": "ECB reference rate of 2026-04-07",
                }
            ]
        }
    )

    year: WholeNumber
    lines: Annotated[Array[GoodsLineIn], Field(min_length=1, max_length=MOST_LINES)]
    importer_mass_t: Annotated[
        DecimalString | None, Field(description="All CBAM goods of the importer's year; null: the lines.")
    ] = None
    prices: Annotated[Array[CertificatePriceIn], Field(max_length=_MOST_PRICES)] = ()
    price_source: Annotated[Text, Field(examples=["published certificate price"])] = "given with the request"
    cny_per_eur: DecimalString | None = None
    fixing_source: Annotated[Text, Field(examples=["ECB reference rate"])] = "given with the request"
    carbon_price_paid: CarbonPricePaidIn | None = None

    def to_prices(self) -> CbamPrices:
        """Return the prices and the fixing; a period given twice is ``cbam.period_twice``."""
        by_period = {each.period: _exact(each.price_eur, "price_eur") for each in self.prices}
        if len(by_period) != len(self.prices):
            raise Invalid("cbam.period_twice", "prices: expected each period once", field="prices")
        return CbamPrices(
            eur_by_period=by_period,
            price_source=self.price_source,
            cny_per_eur=None if self.cny_per_eur is None else _exact(self.cny_per_eur, "cny_per_eur"),
            fixing_source=self.fixing_source,
        )


class CbamLineOut(Schema):
    """One line's emissions in tCO2."""

    line: str
    goods_class: GoodsClass
    basis: SeeBasis
    see_tco2_per_t: str
    free_allocation_tco2_per_t: str
    embedded_tco2: str
    free_tco2: str
    payable_tco2: str
    period: str
    price_eur: str | None

    @classmethod
    def from_core(cls, each: LineResult) -> CbamLineOut:
        """Return the shape of ``each``."""
        return cls(
            line=each.goods.line,
            goods_class=each.goods_class,
            basis=each.goods.basis,
            see_tco2_per_t=decimal_text(each.see_tco2_per_t),
            free_allocation_tco2_per_t=decimal_text(each.faa_tco2_per_t),
            embedded_tco2=decimal_text(each.embedded_t),
            free_tco2=decimal_text(each.free_t),
            payable_tco2=decimal_text(each.payable_t),
            period=each.period,
            price_eur=_shown(each.price_eur),
        )


class HoldingOut(Schema):
    """Certificates to hold at a quarter's end."""

    quarter_end: DateString
    certificates: str


class CbamFlowOut(Schema):
    """Certificates and cost of a year's flow; null costs are unpriced, never zero."""

    year: int
    is_exempt: bool
    mass_t: str
    importer_mass_t: str
    embedded_tco2: str
    free_tco2: str
    payable_tco2: str
    deducted_tco2: str | None
    certificates: Annotated[str | None, Field(description="Whole, rounded up.")]
    price_eur: str | None
    cost_eur: AmountOut | None
    cost_cny: AmountOut | None
    unpriced_periods: Array[str]
    sales_from: DateString
    declaration_due: DateString
    holdings: Array[HoldingOut]
    lines: Array[CbamLineOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, flow: CbamFlow) -> CbamFlowOut:
        """Return the shape of ``flow``."""
        return cls(
            year=flow.rules.year,
            is_exempt=flow.is_exempt,
            mass_t=decimal_text(flow.mass_t),
            importer_mass_t=decimal_text(flow.importer_mass_t),
            embedded_tco2=decimal_text(flow.embedded_t),
            free_tco2=decimal_text(flow.free_t),
            payable_tco2=decimal_text(flow.payable_t),
            deducted_tco2=_shown(flow.deducted_t),
            certificates=None if flow.certificates is None else str(flow.certificates),
            price_eur=_shown(flow.price_eur),
            cost_eur=None if flow.cost_cents is None else money_out(flow.cost_cents, "EUR"),
            cost_cny=None if flow.cost_fen is None else money_out(flow.cost_fen, "CNY"),
            unpriced_periods=flow.unpriced,
            sales_from=flow.rules.sales_from,
            declaration_due=flow.rules.declaration_due,
            holdings=tuple(
                HoldingOut(quarter_end=each.quarter_end, certificates=str(each.certificates)) for each in flow.holdings
            ),
            lines=tuple(CbamLineOut.from_core(each) for each in flow.lines),
            explanation=ExplanationOut.from_core(explain_flow(flow)),
        )


def _exact(text: str, field: str) -> Fraction:
    return Fraction(parse_decimal(text, field=field))


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else decimal_text(value)
