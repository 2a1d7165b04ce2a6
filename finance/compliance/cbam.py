"""CBAM certificates for a flow of aluminium goods: emissions, free allocation, price paid at home, certificates and cost.

Owns the formula, the threshold and the holdings at quarter ends. Knows no rule number (they arrive as ``CbamRules``), no
market feed and no ledger; prices and the fixing of the euro arrive as values with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.compliance.cbam_rules import CbamRules, GoodsClass, Netting, PricePeriod, Route
from finance.conventions.rounding import VALUATION
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid

MOST_LINES = 2000
_CENTS = 100
_MONTHS_PER_QUARTER = 3
_QUARTERS = 4


class SeeBasis(StrEnum):
    """What stands behind the specific embedded emissions (SEE) of a line."""

    ACTUAL_VERIFIED = "actual_verified"
    ACTUAL_UNVERIFIED = "actual_unverified"  # an estimate: it cannot be declared until verified
    DEFAULT = "default"  # the country's value with the year's mark-up


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """Goods of one kind imported on one day: mass in t above zero, route, and actual emissions if there are any.

    ``see_tco2_per_t`` is direct emissions with those of precursors; None asks for the default value.
    """

    line: str
    cn_code: str
    imported_on: date
    mass_t: Fraction
    route: Route
    see_tco2_per_t: Fraction | None
    is_verified: bool

    def __post_init__(self) -> None:
        """Refuse no mass, negative emissions, and a verified value that is not there."""
        if not 0 < self.mass_t <= amounts.MAX_UNITS:
            raise Invalid("cbam.mass_t", f"{self.line}: mass_t: expected above zero tonnes", field="mass_t")
        if self.see_tco2_per_t is not None and not 0 <= self.see_tco2_per_t <= amounts.MAX_UNITS:
            raise Invalid("cbam.see", f"{self.line}: see_tco2_per_t: expected zero or more", field="see_tco2_per_t")
        if self.is_verified and self.see_tco2_per_t is None:
            raise Invalid(
                "cbam.see_unverified",
                f"{self.line}: is_verified: expected only with see_tco2_per_t",
                field="is_verified",
            )

    @property
    def basis(self) -> SeeBasis:
        """What the line's emissions rest on."""
        if self.see_tco2_per_t is None:
            return SeeBasis.DEFAULT
        return SeeBasis.ACTUAL_VERIFIED if self.is_verified else SeeBasis.ACTUAL_UNVERIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonPricePaid:
    """What was effectively paid at home for the emissions of these goods, in CNY after every rebate.

    Free allowances cost nothing and count for nothing. ``evidence`` names the payment's documents.
    """

    paid_cny: Fraction
    rebate_cny: Fraction
    evidence: str

    def __post_init__(self) -> None:
        """Refuse negative amounts, a rebate above what was paid, and a payment that nothing proves."""
        if not 0 <= self.rebate_cny <= self.paid_cny <= amounts.MAX_UNITS:
            raise Invalid(
                "cbam.paid", "paid_cny: expected zero or more, and a rebate of at most that", field="paid_cny"
            )
        if self.paid_cny and not self.evidence.strip():
            raise Invalid("cbam.evidence", "evidence: expected the documents that prove the payment", field="evidence")

    @property
    def effective_cny(self) -> Fraction:
        """Paid less rebate."""
        return self.paid_cny - self.rebate_cny


NOTHING_PAID = CarbonPricePaid(paid_cny=Fraction(0), rebate_cny=Fraction(0), evidence="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CbamPrices:
    """EUR per certificate by period (``2026-Q1``, ``2027-W06``; an empty key prices every period), and CNY per EUR.

    ``cny_per_eur`` is None when no fixing is given: costs in CNY and a price paid at home are then not converted.
    """

    eur_by_period: Mapping[str, Fraction]
    price_source: str
    cny_per_eur: Fraction | None
    fixing_source: str

    def __post_init__(self) -> None:
        """Refuse prices of nothing."""
        if any(each <= 0 for each in self.eur_by_period.values()):
            raise Invalid("cbam.price", "price_eur: expected above zero EUR per certificate", field="price_eur")
        if self.cny_per_eur is not None and self.cny_per_eur <= 0:
            raise Invalid("cbam.fixing", "cny_per_eur: expected above zero CNY per EUR", field="cny_per_eur")

    def of(self, period: str) -> Fraction | None:
        """Return the price of a period, None when nobody gave one."""
        return self.eur_by_period.get(period, self.eur_by_period.get(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """One line's tonnes of CO2, exact: embedded, freely allocated, and what is left to be covered."""

    goods: GoodsLine
    goods_class: GoodsClass
    see_tco2_per_t: Fraction
    faa_tco2_per_t: Fraction
    embedded_t: Fraction
    free_t: Fraction
    payable_t: Fraction
    period: str
    price_eur: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What must be held at the end of a quarter: whole certificates, rounded up."""

    quarter_end: date
    embedded_so_far_t: Fraction
    certificates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CbamFlow:
    """A year's flow: emissions in t exact, whole certificates rounded up, and cost rounded half-up once to the cent and fen.

    ``is_exempt`` says that the importer's year stays within the threshold: then nothing is due. Costs are None while
    ``unpriced`` names periods without a price, or without a fixing (never zero for unknown). ``deducted_t`` is the
    price paid at home as certificates, at most what is payable.
    """

    rules: CbamRules
    lines: tuple[LineResult, ...]
    importer_mass_t: Fraction
    is_exempt: bool
    payable_t: Fraction
    deducted_t: Fraction | None
    certificates: int | None
    price_eur: Fraction | None
    cost_cents: int | None
    cost_fen: int | None
    unpriced: tuple[str, ...]
    holdings: tuple[Holding, ...]
    paid: CarbonPricePaid
    prices: CbamPrices

    @property
    def mass_t(self) -> Fraction:
        """Mass of the lines."""
        return sum((each.goods.mass_t for each in self.lines), Fraction(0))

    @property
    def embedded_t(self) -> Fraction:
        """Embedded emissions of the lines."""
        return sum((each.embedded_t for each in self.lines), Fraction(0))

    @property
    def free_t(self) -> Fraction:
        """Free allocation of the lines."""
        return sum((each.free_t for each in self.lines), Fraction(0))

    @property
    def needed_t(self) -> Fraction | None:
        """What certificates must cover, exact; None while the deduction is unknown."""
        return None if self.deducted_t is None else self.payable_t - self.deducted_t


def cbam_flow(
    rules: CbamRules,
    lines: Sequence[GoodsLine],
    *,
    prices: CbamPrices,
    paid: CarbonPricePaid = NOTHING_PAID,
    importer_mass_t: Fraction | None = None,
) -> CbamFlow:
    """Return the certificates and the cost of goods that one importer brings in over ``rules.year``.

    certificates = sum (SEE - FAA) x mass - price paid at home / certificate price, FAA = benchmark x CBAM factor x
    CSCF (structure of regulation 2023/956 and its acts of 2025, as reported; reference section 5). ``importer_mass_t``
    is the importer's mass of all CBAM goods in the year, at least that of the lines, and that when None; up to and
    including the threshold nothing is due. Several periods' prices are weighted with the payable tonnes. 1,000 t of
    unwrought primary metal in 2026 at the default 3.0 + 10 %: SEE 3.3, FAA 1.423 x 0.975 = 1.387425, payable
    1,912.575 t, 1,913 certificates, at 75.36 EUR 144,163.68 EUR.
    """
    _check(rules, lines)
    found = tuple(_line(rules, each, prices) for each in lines)
    mass_t = sum((each.mass_t for each in lines), Fraction(0))
    whole_t = mass_t if importer_mass_t is None else importer_mass_t
    if whole_t < mass_t:
        raise Invalid(
            "cbam.importer_mass_t", "importer_mass_t: expected at least the mass of the lines", field="importer_mass_t"
        )
    is_exempt = whole_t <= rules.threshold_t
    payable_t = Fraction(0) if is_exempt else _payable(rules, found)
    unpriced = tuple(sorted({each.period for each in found if each.price_eur is None and each.payable_t > 0}))
    price = None if unpriced else _mean_price(found)
    deducted_t = Fraction(0) if is_exempt else _deducted(payable_t, paid, price, prices)
    certificates = None if deducted_t is None else -((deducted_t - payable_t) // 1)
    cost = None
    if certificates == 0:
        cost = Fraction(0)
    elif certificates is not None and price is not None:
        cost = certificates * price
    cost_cny = None if cost is None or prices.cny_per_eur is None else cost * prices.cny_per_eur
    return CbamFlow(
        rules=rules,
        lines=found,
        importer_mass_t=whole_t,
        is_exempt=is_exempt,
        payable_t=payable_t,
        deducted_t=deducted_t,
        certificates=certificates,
        price_eur=price,
        cost_cents=None if cost is None else amounts.round_exact(cost * _CENTS, VALUATION),
        cost_fen=None if cost_cny is None else amounts.round_exact(cost_cny * _CENTS, VALUATION),
        unpriced=() if is_exempt else unpriced,
        holdings=() if is_exempt else _holdings(rules, found),
        paid=paid,
        prices=prices,
    )


def price_period(day: date, period: PricePeriod) -> str:
    """Return the period whose price belongs to a day: 2026-02-10 is ``2026-Q1``; by week 2027-02-10 is ``2027-W06``."""
    if period is PricePeriod.QUARTER:
        return f"{day.year}-Q{(day.month - 1) // _MONTHS_PER_QUARTER + 1}"
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _line(rules: CbamRules, goods: GoodsLine, prices: CbamPrices) -> LineResult:
    goods_class = rules.goods_class(goods.cn_code)
    see = goods.see_tco2_per_t
    if see is None:
        see = rule_rows.exact(rules.default_row(goods_class)) * (1 + rules.markup)
    faa = rules.benchmark(goods.route, goods_class) * rules.factor * rules.cscf
    over = (see - faa) * goods.mass_t
    period = price_period(goods.imported_on, rules.price_period)
    return LineResult(
        goods=goods,
        goods_class=goods_class,
        see_tco2_per_t=see,
        faa_tco2_per_t=faa,
        embedded_t=see * goods.mass_t,
        free_t=faa * goods.mass_t,
        payable_t=max(over, Fraction(0)) if rules.netting is Netting.PER_LINE else over,
        period=period,
        price_eur=prices.of(period),
    )


def _payable(rules: CbamRules, lines: Sequence[LineResult]) -> Fraction:
    total = sum((each.payable_t for each in lines), Fraction(0))
    return max(total, Fraction(0)) if rules.netting is Netting.ACROSS_LINES else total


def _mean_price(lines: Sequence[LineResult]) -> Fraction | None:
    weighted = [(each.payable_t, each.price_eur) for each in lines if each.payable_t > 0 and each.price_eur is not None]
    tonnes = sum((payable_t for payable_t, _ in weighted), Fraction(0))
    if not tonnes:
        return None
    return sum((payable_t * price for payable_t, price in weighted), Fraction(0)) / tonnes


def _deducted(
    payable_t: Fraction, paid: CarbonPricePaid, price: Fraction | None, prices: CbamPrices
) -> Fraction | None:
    if not paid.effective_cny or not payable_t:
        return Fraction(0)
    if prices.cny_per_eur is None:
        raise Invalid(
            "cbam.fixing_missing",
            "cny_per_eur: expected the fixing that converts the price paid at home",
            field="cny_per_eur",
        )
    if price is None:
        return None
    return min(payable_t, paid.effective_cny / prices.cny_per_eur / price)


def _holdings(rules: CbamRules, lines: Sequence[LineResult]) -> tuple[Holding, ...]:
    """Return the holdings at the quarter ends of the year: share x embedded emissions imported so far, rounded up."""
    if rules.holding_share is None:
        return ()
    found = []
    for quarter in range(1, _QUARTERS + 1):
        last_month = quarter * _MONTHS_PER_QUARTER
        end = date(rules.year + last_month // 12, last_month % 12 + 1, 1) - timedelta(days=1)
        so_far = sum((each.embedded_t for each in lines if each.goods.imported_on <= end), Fraction(0))
        found.append(
            Holding(quarter_end=end, embedded_so_far_t=so_far, certificates=-(-(so_far * rules.holding_share) // 1))
        )
    return tuple(found)


def _check(rules: CbamRules, lines: Sequence[GoodsLine]) -> None:
    if not 0 < len(lines) <= MOST_LINES:
        raise Invalid("cbam.lines", f"lines: expected 1 to {MOST_LINES} lines", field="lines")
    if len({each.line for each in lines}) != len(lines):
        raise Conflict("cbam.line_twice", "lines: expected each line's name once")
    for each in lines:
        if each.imported_on.year != rules.year:
            raise Invalid("cbam.year", f"{each.line}: imported_on: expected a day of {rules.year}", field="imported_on")
