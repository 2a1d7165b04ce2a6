"""The renewable duty of a year, certificates of months, and what buyers pay for clean metal; nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.renewable_duties import (
    ChannelWorthOut,
    GecIssueIn,
    GecIssueOut,
    ProductWorthIn,
    ProductWorthOut,
    RenewableDutyIn,
    RenewableDutyOut,
    issue_out,
)
from finance.compliance.green_certificates import expires_on, gec_rules, issue_certificates
from finance.compliance.product_premium import footprint_worth, premium_worth
from finance.operations.activity import Recipe
from finance.operations.renewable_duties import duty_of, duty_of_activity, holdings_of_book
from finance.store import reference
from ledger.core.amounts import parse_decimal

routes = Routes(tag="renewable duty")


@routes.post("/renewable-duties", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_renewable_duty(body: RenewableDutyIn, call: ThisCall) -> RenewableDutyOut:
    """Return what share of a year's power must be green, what counts, and the certificates that are missing.

    Certificates are given, or those that a book has free at the close of a day.
    """
    question = body.to_core()
    if body.book_id is not None and body.day is not None:
        book = call.load(BOOK, body.book_id)
        question = replace(question, holdings=holdings_of_book(call.session, book.book_id, on=body.day))
    if body.methodology is None:
        return RenewableDutyOut.from_core(duty_of(question, body.to_power()))
    found = duty_of_activity(
        call.session,
        call.principal.organisation_id,
        question,
        Recipe(methodology_id=body.methodology),
        sites=body.sites,
        known_at=body.known_at,
    )
    return RenewableDutyOut.from_core(found.duty, found.missing_months)


@routes.post("/green-certificates/issues", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_gec_issues(body: GecIssueIn, call: ThisCall) -> GecIssueOut:
    """Return the certificates that each month's energy gives, the remainder carried, and the day each expires."""
    del call
    rules = gec_rules(reference.shipped_renewable_duty(), on=body.on)
    issues = issue_certificates(rules, body.energy(), carried_kwh=body.carried())
    return GecIssueOut(issues=tuple(issue_out(each, expires_on(rules, each.month)) for each in issues))


@routes.post("/product-worth", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_product_worth(body: ProductWorthIn, call: ThisCall) -> ProductWorthOut:
    """Return what a product's footprint earns as a premium and as a footprint price, each apart."""
    del call
    footprint = Fraction(parse_decimal(body.footprint_tco2e_per_t, field="footprint_tco2e_per_t"))
    sold_t = Fraction(parse_decimal(body.sold_t, field="sold_t"))
    premium, price = body.to_premium(), body.to_footprint_price()
    return ProductWorthOut(
        green_premium=None
        if premium is None
        else ChannelWorthOut.from_core(premium_worth(premium, footprint_tco2e_per_t=footprint, sold_t=sold_t)),
        footprint_price=None
        if price is None
        else ChannelWorthOut.from_core(footprint_worth(price, footprint_tco2e_per_t=footprint, sold_t=sold_t)),
    )
