"""What compliance will cost, as pages: when to buy a gap, CBAM certificates for goods to the EU and their price, the renewable duty.

Owns which answers stand on which page. Computes nothing and stores nothing: the question stands in the address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.asking import AskText, inquire
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.cbam import compute_cbam_flow
from api.routes.cbam_prices import read_cbam_price
from api.routes.purchase_plans import compare_purchase_plans
from api.routes.renewable_duties import compute_gec_issues, compute_product_worth, compute_renewable_duty
from api.schemas.cbam import CbamFlowIn
from api.schemas.fields import CodeString
from api.schemas.purchase_plans import PurchasePlanIn
from api.schemas.renewable_duties import GecIssueIn, ProductWorthIn, RenewableDutyIn
from api.store.access import OrganisationKind
from finance.compliance.cbam import SeeBasis
from finance.compliance.green_certificates import CertificateKind
from finance.compliance.purchase_plan import Strategy
from finance.market.cbam_price import Agreement

_BORROWER = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))

routes = Pages(area="compliance_costs")

STRATEGY_WORDS = {
    Strategy.BUY_NOW: mark("buy everything now"),
    Strategy.SPREAD_EVENLY: mark("the same every month"),
    Strategy.LAST_QUARTER: mark("in the last three months"),
    Strategy.LAST_MONTH: mark("in the last month"),
}
"""When a plan buys, in words."""

BASIS_WORDS = {
    SeeBasis.ACTUAL_VERIFIED: mark("actual, verified"),
    SeeBasis.ACTUAL_UNVERIFIED: mark("actual, unverified: an estimate"),
    SeeBasis.DEFAULT: mark("default with the year's mark-up"),
}
"""What stands behind the embedded emissions of goods, in words."""

AGREEMENT_WORDS = {
    Agreement.AGREED: mark("both prices agree"),
    Agreement.CONFLICT: mark("the prices differ: a person has to look"),
    Agreement.OWN_ONLY: mark("own price only"),
    Agreement.PUBLISHED_ONLY: mark("published price only"),
}
"""What the own and the published price say together, in words."""

KIND_WORDS = {
    CertificateKind.MARKET: mark("may be sold: wind, sun, biomass, new hydro"),
    CertificateKind.OWN_USE: mark("own use"),
    CertificateKind.OLD_HYDRO: mark("old hydro"),
}
"""Kinds of green certificates, in words."""

_STRATEGIES = {key.value: words for key, words in STRATEGY_WORDS.items()}
_BASES = {key.value: words for key, words in BASIS_WORDS.items()}
_AGREEMENTS = {key.value: words for key, words in AGREEMENT_WORDS.items()}


@routes.get(
    "/purchase-plan",
    policy=_BORROWER,
    nav=Nav(label=mark("When to buy"), group=Group.COMPLIANCE, order=50, icon="coins"),
)
def show_purchase_plan(page: ThisPage, ask: AskText = None) -> Response:
    """Show what buying a gap now, evenly or late costs, on past years and under scenarios, and what is advised."""
    asked = inquire(PurchasePlanIn, ask, lambda body: page.use(compare_purchase_plans, body=body))
    return page.show("compliance_costs/purchase_plan.html", asked=asked, strategies=_STRATEGIES)


@routes.get("/cbam", policy=_BORROWER, nav=Nav(label=mark("CBAM"), group=Group.COMPLIANCE, order=60, icon="scales"))
def show_cbam(
    page: ThisPage,
    ask: AskText = None,
    period: Annotated[CodeString | None, Query(description="A quarter or week: 2026-Q1, 2027-W05.")] = None,
) -> Response:
    """Show the certificates that goods of a year need, their cost and days, and the certificate price of a period."""
    return page.show(
        "compliance_costs/cbam.html",
        asked=inquire(CbamFlowIn, ask, lambda body: page.use(compute_cbam_flow, body=body)),
        ask=ask,
        period=period,
        price=None if period is None else page.attempt(read_cbam_price, period=period),
        bases=_BASES,
        agreements=_AGREEMENTS,
    )


@routes.get(
    "/renewable-duty",
    policy=_BORROWER,
    nav=Nav(label=mark("Renewable duty"), group=Group.COMPLIANCE, order=70, icon="leaf"),
)
def show_renewable_duty(page: ThisPage, ask: AskText = None) -> Response:
    """Show what share of a year's power must be green, what counts, and the certificates that are missing."""
    return page.show(
        "compliance_costs/renewable_duty.html",
        asked=inquire(RenewableDutyIn, ask, lambda body: page.use(compute_renewable_duty, body=body)),
        kinds=tuple((key.value, page.say(words)) for key, words in KIND_WORDS.items()),
        book_choices=tuple((str(each.book_id), each.code) for each in page.books()),
    )


@routes.get("/renewable-duty/certificates", policy=_BORROWER)
def show_certificate_issues(page: ThisPage, ask: AskText = None) -> Response:
    """Show the green certificates that months of energy give, and when each expires."""
    asked = inquire(GecIssueIn, ask, lambda body: page.use(compute_gec_issues, body=body))
    return page.show("compliance_costs/certificates.html", asked=asked)


@routes.get("/renewable-duty/product", policy=_BORROWER)
def show_product_worth(page: ThisPage, ask: AskText = None) -> Response:
    """Show what a product's footprint earns as a premium and as a footprint price, each apart."""
    asked = inquire(ProductWorthIn, ask, lambda body: page.use(compute_product_worth, body=body))
    return page.show("compliance_costs/product.html", asked=asked)
