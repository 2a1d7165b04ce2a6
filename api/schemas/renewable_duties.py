"""What enters and leaves about the renewable duty, green certificates and the premium of clean metal.

Only shapes: the cores compute.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.activity import MonthText
from api.schemas.amounts import AmountOut, WholeNumber, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, InstantString, NameText, Text, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.compliance.green_certificates import CertificateKind, GecHolding, Issue
from finance.compliance.product_premium import FootprintPrice, GreenPremium, PremiumStep, ProductWorth
from finance.compliance.renewable_duty import PowerKwh, RenewableDuty
from finance.conventions.exact_text import decimal_text
from finance.conventions.rounding import VALUATION
from finance.emissions.templates import Evidence
from finance.operations.renewable_duties import DutyQuestion
from ledger.core.amounts import format_exact, parse_decimal
from ledger.core.errors import Invalid

_MOST_ROWS = 600
_CNY_PLACES = 2


class PowerKwhIn(Schema):
    """Electricity of one evidence."""

    evidence: Choice[Evidence]
    kwh: Annotated[DecimalString, Field(examples=["800000"])]


class GecHoldingIn(Schema):
    """Certificates held; those moved with contract power are not listed again."""

    production_month: MonthText
    kind: Choice[CertificateKind]
    quantity: WholeNumber


class GecPriceIn(Schema):
    """A price of certificates in place of the one on file."""

    production_year: WholeNumber
    price_cny: Annotated[DecimalString, Field(examples=["5.96"])]


class RenewableDutyIn(Schema):
    """A year's duty in a province: energies given, or those recorded under a methodology's template."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2025,
                    "region": "CN-YN",
                    "on": "2026-06-30",
                    "power": [
                        {"evidence": "grid_residual", "kwh": "800000"},
                        {"evidence": "market_contract", "kwh": "200000"},
                    ],
                    "holdings": [{"production_month": "2025-06", "kind": "market", "quantity": 100}],
                }
            ]
        }
    )

    year: WholeNumber
    region: Annotated[CodeString, Field(examples=["CN-YN"])]
    on: Annotated[DateString, Field(description="Day of use, and of the prices.")]
    ratio: Annotated[DecimalString | None, Field(description="Where none is on file; 0.252 is 25.2 %.")] = None
    power: Annotated[Array[PowerKwhIn] | None, Field(max_length=_MOST_ROWS)] = None
    methodology: Annotated[CodeString | None, Field(description="In place of power.")] = None
    sites: Annotated[Array[NameText], Field(max_length=_MOST_ROWS)] = ()
    known_at: InstantString | None = None
    holdings: Annotated[Array[GecHoldingIn], Field(max_length=_MOST_ROWS)] = ()
    book_id: Annotated[UuidString | None, Field(description="In place of holdings: the book's free certificates.")] = (
        None
    )
    day: Annotated[
        DateString | None, Field(description="With book_id: the close at which they are counted, up to the day of use.")
    ] = None
    gec_prices: Annotated[Array[GecPriceIn], Field(max_length=_MOST_ROWS)] = ()

    def check_holdings(self) -> None:
        """Refuse certificates from two places (``query.exclusive``), a book without a day, and a day after that of use."""
        if (self.book_id is None) != (self.day is None):
            raise Invalid("query.together", "book_id: expected book_id and day together, or neither", field="book_id")
        if self.book_id is not None and self.holdings:
            raise Invalid(
                "query.exclusive", "holdings: expected either holdings or book_id and day, not both", field="holdings"
            )
        if self.day is not None and self.day > self.on:
            raise Invalid("duty.day", "day: expected a day up to the day of use, on", field="day")

    def to_core(self) -> DutyQuestion:
        """Return the question; power and methodology together or neither are ``query.exclusive``."""
        self.check_holdings()
        if (self.power is None) == (self.methodology is None):
            raise Invalid(
                "query.exclusive", "power: expected either power or methodology, exactly one of the two", field="power"
            )
        return DutyQuestion(
            year=self.year,
            region=self.region,
            on=self.on,
            given_ratio=None if self.ratio is None else _exact(self.ratio, "ratio"),
            holdings=tuple(
                GecHolding(
                    production_month=each.production_month,
                    kind=each.kind,
                    quantity=each.quantity,
                    source="given with the request",
                )
                for each in self.holdings
            ),
            prices={each.production_year: _exact(each.price_cny, "price_cny") for each in self.gec_prices},
        )

    def to_power(self) -> tuple[PowerKwh, ...]:
        """Return the energies that are given."""
        return tuple(
            PowerKwh(evidence=each.evidence, kwh=_exact(each.kwh, "kwh"), source="given with the request")
            for each in self.power or ()
        )


class GapCostOut(Schema):
    """What the gap costs in certificates of one production year."""

    production_year: int
    price_cny: str
    cost: AmountOut


class RenewableDutyOut(Schema):
    """A year's duty, what counts, and the certificates that are missing."""

    year: int
    region: str
    on: DateString
    ratio: str
    ratio_status: Annotated[str, Field(description="Of the row on file, or given.", examples=["assumed"])]
    used_kwh: str
    duty_kwh: str
    counted_kwh: str
    needed: Annotated[str, Field(description="Certificates.")]
    held: str
    expired: str
    own_use_left_out: str
    gap: str
    sellable: str
    costs: Array[GapCostOut]
    missing_months: Array[str]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, duty: RenewableDuty, missing_months: tuple[str, ...] = ()) -> RenewableDutyOut:
        """Return the shape of ``duty``."""
        rules = duty.rules
        return cls(
            year=rules.year,
            region=rules.region,
            on=duty.on,
            ratio=decimal_text(rules.ratio),
            ratio_status="given" if rules.ratio_row is None else rules.ratio_row.status.value,
            used_kwh=decimal_text(duty.used_kwh),
            duty_kwh=decimal_text(duty.duty_kwh),
            counted_kwh=decimal_text(duty.counted_kwh),
            needed=str(duty.needed),
            held=str(duty.held),
            expired=str(duty.expired),
            own_use_left_out=str(duty.own_use_left_out),
            gap=str(duty.gap),
            sellable=str(duty.sellable),
            costs=tuple(
                GapCostOut(
                    production_year=each.production_year,
                    price_cny=decimal_text(each.price_cny),
                    cost=money_out(each.cost_fen, BOOK_CURRENCY),
                )
                for each in duty.costs
            ),
            missing_months=missing_months,
            explanation=ExplanationOut.from_core(duty.explanation),
        )


class MonthEnergyIn(Schema):
    """A month's energy that certificates are issued for."""

    month: MonthText
    kwh: Annotated[DecimalString, Field(examples=["1600"])]


class GecIssueIn(Schema):
    """Months in time order with the remainder from before."""

    on: DateString
    carried_kwh: Annotated[DecimalString, Field(examples=["0"])] = "0"
    months: Annotated[Array[MonthEnergyIn], Field(min_length=1, max_length=_MOST_ROWS)]

    def energy(self) -> tuple[tuple[str, Fraction], ...]:
        """Return the months with their energy."""
        return tuple((each.month, _exact(each.kwh, "kwh")) for each in self.months)

    def carried(self) -> Fraction:
        """Return the remainder from before."""
        return _exact(self.carried_kwh, "carried_kwh")


class IssueOut(Schema):
    """One month's certificates and the remainder that goes on."""

    month: str
    kwh: str
    certificates: str
    carried_kwh: str
    expires_on: DateString


class GecIssueOut(Schema):
    """Certificates by month."""

    issues: Array[IssueOut]


def issue_out(issue: Issue, expires: DateString) -> IssueOut:
    """Return the shape of ``issue``."""
    return IssueOut(
        month=issue.month,
        kwh=decimal_text(issue.kwh),
        certificates=str(issue.certificates),
        carried_kwh=decimal_text(issue.carried_kwh),
        expires_on=expires,
    )


class PremiumStepIn(Schema):
    """A premium from a footprint threshold on."""

    threshold_tco2e_per_t: Annotated[DecimalString, Field(examples=["4.0"])]
    premium_cny_per_t: Annotated[DecimalString, Field(examples=["150"])]
    source: Annotated[Text, Field(examples=["supply contract 2026-14"])]


class FootprintPriceIn(Schema):
    """A price per tonne of CO2 of distance from a reference footprint."""

    reference_tco2e_per_t: Annotated[DecimalString, Field(examples=["12"])]
    price_cny_per_tco2e: Annotated[DecimalString, Field(examples=["50"])]
    is_two_sided: bool = False
    source: Annotated[Text, Field(examples=["supply contract 2026-14"])]


class ProductWorthIn(Schema):
    """A product's footprint, the tonnes sold, and what buyers pay for either."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "footprint_tco2e_per_t": "3.9",
                    "sold_t": "1000",
                    "premium_steps": [
                        {
                            "threshold_tco2e_per_t": "4.0",
                            "premium_cny_per_t": "150",
                            "source": "supply contract 2026-14",
                        }
                    ],
                }
            ]
        }
    )

    footprint_tco2e_per_t: Annotated[DecimalString, Field(description="Cradle to gate.", examples=["3.9"])]
    sold_t: Annotated[DecimalString, Field(examples=["1000"])]
    premium_steps: Annotated[Array[PremiumStepIn] | None, Field(max_length=_MOST_ROWS)] = None
    footprint_price: FootprintPriceIn | None = None

    def to_premium(self) -> GreenPremium | None:
        """Return the premium; null when no step is given."""
        if self.premium_steps is None:
            return None
        return GreenPremium(
            steps=tuple(
                PremiumStep(
                    threshold_tco2e_per_t=_exact(each.threshold_tco2e_per_t, "threshold_tco2e_per_t"),
                    premium_cny_per_t=_exact(each.premium_cny_per_t, "premium_cny_per_t"),
                    source=each.source,
                )
                for each in self.premium_steps
            )
        )

    def to_footprint_price(self) -> FootprintPrice | None:
        """Return the footprint price; null when none is given."""
        given = self.footprint_price
        if given is None:
            return None
        return FootprintPrice(
            reference_tco2e_per_t=_exact(given.reference_tco2e_per_t, "reference_tco2e_per_t"),
            price_cny_per_tco2e=_exact(given.price_cny_per_tco2e, "price_cny_per_tco2e"),
            is_two_sided=given.is_two_sided,
            source=given.source,
        )


class ChannelWorthOut(Schema):
    """What one channel pays, rounded half-up once to the fen."""

    cny_per_t: str
    worth: AmountOut
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, worth: ProductWorth) -> ChannelWorthOut:
        """Return the shape of ``worth``."""
        return cls(
            cny_per_t=decimal_text(worth.cny_per_t),
            worth=AmountOut(amount=format_exact(worth.worth_cny, _CNY_PLACES, VALUATION), unit=BOOK_CURRENCY),
            explanation=ExplanationOut.from_core(worth.explanation),
        )


class ProductWorthOut(Schema):
    """Both channels apart: they may be one buyer's or two, so nothing is summed here."""

    green_premium: ChannelWorthOut | None
    footprint_price: ChannelWorthOut | None


def _exact(text: str, field: str) -> Fraction:
    return Fraction(parse_decimal(text, field=field))
