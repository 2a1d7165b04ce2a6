"""The numbers of the EU's border mechanism for one import year, read from dated rows.

Owns which rows a year needs and how a CN code finds its class. Knows no flow of goods and no price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.compliance.allocation import row_leaf
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid, NotFound

REGION = "EU"
_CN_CODE = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}", re.ASCII)
_HEADING = 4


class Route(StrEnum):
    """How the metal was made; secondary is over half scrap."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class GoodsClass(StrEnum):
    """Which default value and which benchmark addition a good has."""

    UNWROUGHT = "unwrought"
    INTERMEDIATE = "intermediate"  # bars, plates, wire, tubes
    FINISHED = "finished"  # foil, containers and other articles


class PricePeriod(StrEnum):
    """Over which time a certificate's price is fixed."""

    QUARTER = "quarter"
    WEEK = "week"


class Netting(StrEnum):
    """Whether a line with more free allocation than emissions lowers the others."""

    PER_LINE = "per_line"
    ACROSS_LINES = "across_lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class CbamRules:
    """One import year's rules; ``rows`` holds every row read, by id. ``holding_share`` is None before it applies."""

    year: int
    factor: Fraction
    cscf: Fraction
    markup: Fraction
    threshold_t: Fraction
    price_period: PricePeriod
    netting: Netting
    holding_share: Fraction | None
    sales_from: date
    declaration_due: date
    rows: Mapping[str, ReferenceRow]

    def goods_class(self, cn_code: str) -> GoodsClass:
        """Return the class of a CN code of 4, 6 or 8 digits by its heading; a heading outside aluminium is ``cbam.cn_code``."""
        if not _CN_CODE.fullmatch(cn_code):
            raise Invalid("cbam.cn_code", "cn_code: expected 4, 6 or 8 digits such as 76011000", field="cn_code")
        row = self.rows.get(f"cbam.class.{cn_code[:_HEADING]}")
        if row is None:
            known = ", ".join(sorted(each.rpartition(".")[2] for each in self.rows if each.startswith("cbam.class.")))
            raise Invalid(
                "cbam.good_unknown", f"cn_code: expected an aluminium good under CBAM: {known}", field="cn_code"
            )
        return GoodsClass(row.word())

    def benchmark(self, route: Route, goods_class: GoodsClass) -> Fraction:
        """Return the benchmark in tCO2/t: primary bars are 1.423 + 0.056 = 1.479."""
        return sum((rule_rows.exact(row) for row in self.benchmark_rows(route, goods_class)), Fraction(0))

    def benchmark_rows(self, route: Route, goods_class: GoodsClass) -> tuple[ReferenceRow, ReferenceRow]:
        """Return the rows that the benchmark is the sum of."""
        return self.rows[f"cbam.benchmark.{route}"], self.rows[f"cbam.benchmark_addition.{goods_class}"]

    def default_row(self, goods_class: GoodsClass) -> ReferenceRow:
        """Return the default value's row, before the mark-up."""
        return self.rows[f"cbam.default.{goods_class}"]

    def leaf(self, row_id: str) -> Explanation:
        """Return a rule as a leaf."""
        return row_leaf(self.rows[row_id])


def cbam_rules(rules: ReferenceSet, year: int, *, origin: str = "CN") -> CbamRules:
    """Return the rules for goods imported in ``year`` and made in ``origin``.

    A year without a CBAM factor raises ``cbam.no_rule`` with those known; an origin without default values raises
    ``reference.missing``.
    """
    on = rule_rows.year_key(year)
    known = rule_rows.years_with(rules, "cbam.factor")
    if year not in known:
        listed = f"{known[0]} to {known[-1]}" if known else "none"
        raise NotFound("cbam.no_rule", f"year: expected one with a CBAM factor: {listed}", year=str(year), known=listed)
    rows = {
        row_id: rules.lookup(row_id, on=on, region=REGION)
        for row_id in (
            "cbam.factor",
            "cbam.cscf",
            "cbam.default_markup",
            "cbam.threshold_t",
            "cbam.price_period",
            "cbam.free_allocation_netting",
            "cbam.sales_from",
            "cbam.declaration_due",
            *(f"cbam.benchmark.{route}" for route in Route),
            *(f"cbam.benchmark_addition.{each}" for each in GoodsClass),
        )
    }
    rows |= {
        each.row_id: each for each in rules.rows if each.row_id.startswith("cbam.class.") and each.is_effective(on)
    }
    for each in GoodsClass:
        rows[f"cbam.default.{each}"] = rules.lookup(f"cbam.default.{each}", on=on, region=origin)
    holding = next((each for each in rules.rows if each.row_id == "cbam.holding_share" and each.is_effective(on)), None)
    if holding is not None:
        rows[holding.row_id] = holding
    return CbamRules(
        year=year,
        factor=rule_rows.exact(rows["cbam.factor"]),
        cscf=rule_rows.exact(rows["cbam.cscf"]),
        markup=rule_rows.exact(rows["cbam.default_markup"]),
        threshold_t=rule_rows.exact(rows["cbam.threshold_t"]),
        price_period=PricePeriod(rows["cbam.price_period"].word()),
        netting=Netting(rows["cbam.free_allocation_netting"].word()),
        holding_share=None if holding is None else rule_rows.exact(holding),
        sales_from=rows["cbam.sales_from"].day(),
        declaration_due=rows["cbam.declaration_due"].day(),
        rows=rows,
    )
