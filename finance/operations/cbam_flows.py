"""CBAM certificates for a flow of goods with the shipped rules. Stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from finance.compliance.cbam import NOTHING_PAID, CarbonPricePaid, CbamFlow, CbamPrices, GoodsLine, cbam_flow
from finance.compliance.cbam_rules import cbam_rules
from finance.store import reference


def flow_of_year(
    year: int,
    lines: Sequence[GoodsLine],
    *,
    prices: CbamPrices,
    paid: CarbonPricePaid = NOTHING_PAID,
    importer_mass_t: Fraction | None = None,
) -> CbamFlow:
    """Return the certificates and cost of goods made in China and imported in ``year`` by one importer."""
    rules = cbam_rules(reference.shipped_cbam_rules(), year)
    return cbam_flow(rules, lines, prices=prices, paid=paid, importer_mass_t=importer_mass_t)
