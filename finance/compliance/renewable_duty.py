"""The renewable consumption duty of a year: a provincial share of the power used, met by green power and certificates.

Owns the duty, what counts towards it, and the gap in certificates with its cost. Knows no plant and no registry: kWh by
source, holdings, ratios and prices arrive as values. Green power changes no allowance position under the law in force
(direct emissions only); this duty is where it counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.compliance.allocation import row_leaf
from finance.compliance.green_certificates import (
    CertificateKind,
    GecHolding,
    GecRules,
    expires_on,
    gec_rules,
    is_expired,
    is_valid,
)
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rounding import VALUATION
from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.emissions.templates import Evidence
from ledger.core import amounts
from ledger.core.errors import Invalid, NotFound

_PROVINCE = re.compile(r"CN-[A-Z]{2}", re.ASCII)
_RATIO = "duty.aluminium.ratio"
_FEN = 100
_PLACES = 6
_COUNTS = "counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerKwh:
    """Electricity used in the year from sources of one evidence, kWh of zero or more; ``source`` names the figures."""

    evidence: Evidence
    kwh: Fraction
    source: str

    def __post_init__(self) -> None:
        """Refuse negative energy."""
        if not 0 <= self.kwh <= amounts.MAX_UNITS:
            raise Invalid("duty.kwh", f"{self.evidence}: kwh: expected zero or more", field="kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRules:
    """One year's rules in one province: the ratio, what counts, certificates, and the prices known by production year.

    ``ratio_row`` is None when the ratio was given by the caller, who then answers for it.
    """

    year: int
    region: str
    ratio: Fraction
    ratio_row: ReferenceRow | None
    assessed_row: ReferenceRow
    counting: Mapping[Evidence, ReferenceRow]
    gec: GecRules
    prices: Mapping[int, ReferenceRow]

    def counts(self, evidence: Evidence) -> bool:
        """Return whether power of that evidence counts towards the duty."""
        return self.counting[evidence].word() == _COUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCost:
    """What the gap costs in certificates of one production year: price each, and the cost rounded half-up to the fen."""

    production_year: int
    price_cny: Fraction
    cost_fen: int
    row: ReferenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewableDuty:
    """A year's duty seen on ``on``: energies in kWh exact, certificates whole.

    ``needed`` certificates close what counted power leaves open, ``gap`` is what the usable holdings leave of that.
    ``expired`` count for nothing; ``own_use_left_out`` stand for direct-line power that counts already. ``sellable`` are
    tradable certificates beyond the need. ``costs`` prices the gap by production year, empty without a price.
    """

    rules: DutyRules
    on: date
    power: tuple[PowerKwh, ...]
    used_kwh: Fraction
    duty_kwh: Fraction
    counted_kwh: Fraction
    needed: int
    held: int
    expired: int
    own_use_left_out: int
    gap: int
    sellable: int
    costs: tuple[GapCost, ...]
    explanation: Explanation


def duty_rules(
    rules: ReferenceSet, *, year: int, region: str, on: date, given_ratio: Fraction | None = None
) -> DutyRules:
    """Return the rules of ``year`` in ``region`` (``CN-YN``).

    A province whose ratio is not on file raises ``duty.no_ratio`` with those that are, unless ``given_ratio`` (0 to 1)
    stands in: nothing is guessed. ``on`` is the day the certificates are used and priced at.
    """
    day = rule_rows.year_key(year)
    if not _PROVINCE.fullmatch(region):
        raise Invalid("duty.region", "region: expected a province such as CN-YN", field="region")
    row = None
    if given_ratio is None:
        row = _ratio_row(rules, year, region, day)
        given_ratio = rule_rows.exact(row)
    if not 0 <= given_ratio <= 1:
        raise Invalid("duty.ratio", "ratio: expected a share from 0 to 1; 70 % is 0.70", field="ratio")
    prices = {
        int(each.row_id.rpartition(".")[2]): each
        for each in rules.rows
        if each.row_id.startswith("gec.price.") and each.is_effective(on)
    }
    return DutyRules(
        year=year,
        region=region,
        ratio=given_ratio,
        ratio_row=row,
        assessed_row=rules.lookup("duty.aluminium.assessed", on=day),
        counting={each: rules.lookup(f"duty.evidence.{each}", on=day) for each in Evidence},
        gec=gec_rules(rules, on=day),
        prices=prices,
    )


def renewable_duty(
    rules: DutyRules,
    *,
    power: Sequence[PowerKwh],
    holdings: Sequence[GecHolding],
    on: date,
    prices: Mapping[int, Fraction] | None = None,
) -> RenewableDuty:
    """Return the duty and its gap.

    duty = ratio x power used; counted = power whose evidence counts; needed = ceil((duty - counted) / 1,000 kWh), gap =
    needed - usable certificates, never below zero (notice 2025-669: accounting mainly by certificates; one certificate
    per 1,000 kWh). Certificates moved with contract power must not be listed as holdings again. ``prices`` replace the
    rows' by production year. 1,000,000 kWh at 70 %, 200,000 by contract, 100 certificates: duty 700,000, needed 500,
    gap 400, at 5.96 CNY 2,384.00 CNY.
    """
    if not power:
        raise Invalid("duty.power", "power: expected at least one source of electricity", field="power")
    used = sum((each.kwh for each in power), Fraction(0))
    counted = sum((each.kwh for each in power if rules.counts(each.evidence)), Fraction(0))
    duty = rules.ratio * used
    needed = -(-max(duty - counted, Fraction(0)) // rules.gec.kwh_per_certificate)
    valid = [each for each in holdings if is_valid(rules.gec, each, on)]
    twice = [each for each in valid if each.kind is CertificateKind.OWN_USE and rules.counts(Evidence.DIRECT_LINE)]
    usable = [each for each in valid if each not in twice]
    held = sum(each.quantity for each in usable)
    tradable = sum(each.quantity for each in usable if each.kind in rules.gec.tradable and not each.is_traded)
    gap = max(0, needed - held)
    return RenewableDuty(
        rules=rules,
        on=on,
        power=tuple(power),
        used_kwh=used,
        duty_kwh=duty,
        counted_kwh=counted,
        needed=needed,
        held=held,
        expired=sum(each.quantity for each in holdings if is_expired(rules.gec, each, on)),
        own_use_left_out=sum(each.quantity for each in twice),
        gap=gap,
        sellable=min(tradable, max(0, held - needed)),
        costs=_costs(rules, gap, on, prices or {}),
        explanation=_explain(rules, power, usable, needed=needed, gap=gap, duty=duty, counted=counted),
    )


def _ratio_row(rules: ReferenceSet, year: int, region: str, day: date) -> ReferenceRow:
    known = sorted({(each.effective_from.year, each.region) for each in rules.rows if each.row_id == _RATIO})
    found = [each for each in rules.rows if each.row_id == _RATIO and each.region == region and each.is_effective(day)]
    if not found:
        listed = ", ".join(f"{place} {of_year}" for of_year, place in known)
        reported = " to ".join(
            each.value for each in rules.rows if each.row_id in {f"{_RATIO}_lowest", f"{_RATIO}_highest"}
        )
        raise NotFound(
            "duty.no_ratio",
            f"region: no ratio of {region[:20]} for {year} on file; give ratio (reported: {reported}), "
            f"or ask for one of {listed}",
            region=region[:20],
            year=str(year),
        )
    return found[0]


def _costs(rules: DutyRules, gap: int, on: date, given: Mapping[int, Fraction]) -> tuple[GapCost, ...]:
    found = []
    for year, row in sorted(rules.prices.items()):
        price = given.get(year, rule_rows.exact(row))
        if price < 0:
            raise Invalid("duty.price", "gec_price: expected zero or more CNY per certificate", field="gec_price")
        # The youngest certificates of a year are December's; once those expired the year can no longer be bought.
        if year <= on.year and on < expires_on(rules.gec, f"{year:04d}-12"):
            cost_fen = amounts.round_exact(gap * price * _FEN, VALUATION)
            found.append(GapCost(production_year=year, price_cny=price, cost_fen=cost_fen, row=row))
    return tuple(found)


def _explain(
    rules: DutyRules,
    power: Sequence[PowerKwh],
    usable: Sequence[GecHolding],
    *,
    needed: int,
    gap: int,
    duty: Fraction,
    counted: Fraction,
) -> Explanation:
    sources = tuple(
        _leaf(f"power used: {each.evidence}", f"用电量：{each.evidence}", decimal_text(each.kwh), "kWh", each.source)
        for each in power
    )
    ratio = (
        _leaf(
            "ratio of the duty", "消纳责任权重", decimal_text(rules.ratio), "1", "given with the request; not on file"
        )
        if rules.ratio_row is None
        else row_leaf(rules.ratio_row)
    )
    counting = tuple(row_leaf(rules.counting[each.evidence]) for each in power)
    held = tuple(
        _leaf(
            f"certificates of {each.production_month}, {each.kind}",
            f"{each.production_month}绿证（{each.kind}）",
            str(each.quantity),
            "certificate",
            each.source,
        )
        for each in usable
    )
    owed = Explanation(
        label_en="energy of the duty",
        label_zh="应消纳电量",
        value=decimal_text(duty, places=_PLACES),
        unit="kWh",
        formula="ratio x power used",
        children=(row_leaf(rules.assessed_row), ratio, *sources),
    )
    done = Explanation(
        label_en="power that counts",
        label_zh="已计入的绿色电量",
        value=decimal_text(counted, places=_PLACES),
        unit="kWh",
        formula="sum of the sources that count",
        children=(*sources, *counting),
    )
    need = Explanation(
        label_en="certificates needed",
        label_zh="所需绿证",
        value=str(needed),
        unit="certificate",
        formula="(duty - counted) / energy of one certificate, rounded up, at least zero",
        children=(owed, done, *(row_leaf(each) for each in rules.gec.rows)),
    )
    return Explanation(
        label_en=f"certificates missing for {rules.year}, {rules.region}",
        label_zh=f"{rules.year}年度{rules.region}绿证缺口",
        value=str(gap),
        unit="certificate",
        formula="needed - valid certificates held, at least zero",
        children=(need, *held),
    )


def _leaf(label_en: str, label_zh: str, value: str, unit: str, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
