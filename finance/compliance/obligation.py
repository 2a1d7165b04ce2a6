"""The obligation of a compliance year: what is due, what covers it, what is missing and what that costs at a mark.

Owns the sums and their order. Knows no ledger and no market feed: free tonnes, the allocation and one price arrive as
values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.compliance import offsets, vintages
from finance.compliance.allocation import Allocation, row_leaf
from finance.compliance.offsets import OffsetCap, OffsetVerdict
from finance.compliance.vintages import VintageRule, VintageVerdict
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceSet
from ledger.core import amounts
from ledger.core.amounts import Price
from ledger.core.errors import Invalid

_CNY_PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceHolding:
    """Free allowances of one vintage in whole tonnes; pledged or lent ones are not available and not listed.

    ``source`` names the position: account, day and record point.
    """

    commodity: str
    vintage_year: int
    available_t: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a negative holding."""
        if self.available_t < 0:
            raise Invalid("obligation.available_t", f"{self.commodity[:40]}: expected zero or more available tonnes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHolding:
    """Free CCER of one project in whole tonnes, with what decides whether they may be used and the position's source."""

    commodity: str
    registered_on: date
    is_inside_national_ets: bool
    available_t: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a negative holding."""
        if self.available_t < 0:
            raise Invalid("obligation.available_t", f"{self.commodity[:40]}: expected zero or more available tonnes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What stands against a year's duty: tonnes surrendered, allocation already received, and what is held free.

    ``issued_t`` is the part of the year's allocation that the holdings or past deliveries already contain.
    ``surrendered_t`` is what was surrendered for the year so far, CCER included; ``ccer_surrendered_t`` is the CCER
    in it. ``issued_source`` and ``surrendered_source`` say which postings those tonnes are the sum of.
    """

    allowances: tuple[AllowanceHolding, ...]
    ccer: tuple[CreditHolding, ...]
    issued_t: int
    issued_source: str
    surrendered_t: int
    ccer_surrendered_t: int
    surrendered_source: str

    def __post_init__(self) -> None:
        """Refuse negative tonnes and more CCER surrendered than surrendered at all."""
        for field in ("issued_t", "surrendered_t", "ccer_surrendered_t"):
            if getattr(self, field) < 0:
                raise Invalid(f"obligation.{field}", f"{field}: expected zero or more whole tonnes")
        if self.ccer_surrendered_t > self.surrendered_t:
            raise Invalid("obligation.ccer_exceeds", "ccer_surrendered_t: expected at most surrendered_t")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceVerdict:
    """A holding with whether it may be used."""

    holding: AllowanceHolding
    verdict: VintageVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditVerdict:
    """A credit holding with whether it may be used."""

    holding: CreditHolding
    verdict: OffsetVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRules:
    """The rules an obligation rests on: which vintages settle which year, and the offset rows."""

    vintages: tuple[VintageRule, ...]
    offsets: ReferenceSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationYear:
    """One compliance year's duty and its cover, whole tonnes.

    ``gap_t`` above zero is missing, below zero is left over. ``cost_cny`` is exact and None when no mark was given
    (unvalued, never zero); it is zero only when a mark exists and nothing is missing. ``unissued_t`` is the part of
    the allocation not yet in the holdings; below zero the issuer takes back (多退少补).
    """

    year: int
    on: date
    allocation: Allocation
    cover: Cover
    due_t: int
    unissued_t: int
    allowances: tuple[AllowanceVerdict, ...]
    credits: tuple[CreditVerdict, ...]
    eligible_held_t: int
    ineligible_held_t: int
    ccer_cap: OffsetCap
    ccer_eligible_t: int
    ccer_usable_t: int
    gap_t: int
    mark: Price | None
    mark_source: str
    cost_cny: Fraction | None

    @property
    def surrendered_t(self) -> int:
        """What was surrendered for the year so far, CCER included."""
        return self.cover.surrendered_t

    @property
    def allocation_t(self) -> int:
        """The allocation determined for the year."""
        return self.allocation.allocation_t

    @property
    def is_valued(self) -> bool:
        """Whether the gap has a price."""
        return self.cost_cny is not None

    def explain(self) -> Explanation:
        """Return why the gap is what it is, down to holdings, rules and the mark."""
        return _explain(self)


def obligation_year(
    *,
    allocation: Allocation,
    cover: Cover,
    rules: ComplianceRules,
    on: date,
    mark: Price | None,
    mark_source: str,
) -> ObligationYear:
    """Return the year's obligation as seen on ``on``, the intended day of surrender.

    gap = due - surrendered - usable allowances held - (allocation - issued) - usable CCER. CCER count up to the cap
    less what was already used, and never more than what is still due (MEE order 19, art. 29). ``mark`` is CNY per
    tonne of an allowance usable for the year, from ``mark_source``; another currency or unit raises
    ``obligation.mark``. Due 1,000, held 200, not issued 700, CCER 80 with a cap of 50: the gap is 50 t.
    """
    if mark is not None and (mark.currency, mark.unit) != ("CNY", "t"):
        raise Invalid("obligation.mark", f"mark: expected CNY per t, found {mark.currency[:10]} per {mark.unit[:20]}")
    year, due_t = allocation.year, allocation.due_t
    judged = _judge_allowances(cover.allowances, rules=rules, year=year, on=on)
    credited = _judge_credits(cover.ccer, rules=rules, on=on)
    cap = offsets.ccer_cap(rules.offsets, due_t=due_t, on=on)
    held_t = sum(item.holding.available_t for item in judged if item.verdict.is_usable)
    eligible_ccer_t = sum(item.holding.available_t for item in credited if item.verdict.is_eligible)
    open_t = max(0, due_t - cover.surrendered_t)
    usable_ccer_t = min(eligible_ccer_t, max(0, cap.cap_t - cover.ccer_surrendered_t), open_t)
    unissued_t = allocation.allocation_t - cover.issued_t
    gap_t = due_t - cover.surrendered_t - held_t - unissued_t - usable_ccer_t
    return ObligationYear(
        year=year,
        on=on,
        allocation=allocation,
        cover=cover,
        due_t=due_t,
        unissued_t=unissued_t,
        allowances=judged,
        credits=credited,
        eligible_held_t=held_t,
        ineligible_held_t=sum(item.holding.available_t for item in judged) - held_t,
        ccer_cap=cap,
        ccer_eligible_t=eligible_ccer_t,
        ccer_usable_t=usable_ccer_t,
        gap_t=gap_t,
        mark=mark,
        mark_source=mark_source,
        cost_cny=None if mark is None else Fraction(mark.value) * max(0, gap_t),
    )


def _judge_allowances(
    allowances: tuple[AllowanceHolding, ...], *, rules: ComplianceRules, year: int, on: date
) -> tuple[AllowanceVerdict, ...]:
    return tuple(
        AllowanceVerdict(
            holding=holding,
            verdict=vintages.vintage_verdict(rules.vintages, vintage_year=holding.vintage_year, duty_year=year, on=on),
        )
        for holding in allowances
    )


def _judge_credits(ccer: tuple[CreditHolding, ...], *, rules: ComplianceRules, on: date) -> tuple[CreditVerdict, ...]:
    return tuple(
        CreditVerdict(
            holding=holding,
            verdict=offsets.ccer_eligibility(
                rules.offsets,
                registered_on=holding.registered_on,
                is_inside_national_ets=holding.is_inside_national_ets,
                on=on,
            ),
        )
        for holding in ccer
    )


def _explain(obligation: ObligationYear) -> Explanation:
    mark = obligation.mark
    cost = "unvalued" if obligation.cost_cny is None else amounts.format_exact(obligation.cost_cny, _CNY_PLACES)
    gap = _gap(obligation)
    price = Explanation(
        label_en="mark",
        label_zh="估值价格",
        value="missing" if mark is None else f"{mark.value:f}",
        unit="CNY/t",
        source=obligation.mark_source or "no mark was given",
    )
    return Explanation(
        label_en=f"cost of the {obligation.year} gap at the mark",
        label_zh=f"{obligation.year}年度配额缺口成本",
        value=cost,
        unit="CNY",
        formula="max(0, gap) x mark",
        children=(gap, price),
    )


def _gap(obligation: ObligationYear) -> Explanation:
    cover = obligation.cover
    due = _node(
        ("allowances due", "应清缴配额量"),
        obligation.due_t,
        "floor(verified emissions)",
        (obligation.allocation.emissions,),
    )
    surrendered = _fact("surrendered so far", "已清缴量", cover.surrendered_t, cover.surrendered_source)
    unissued = _node(
        ("allocation not issued yet", "尚未发放的配额"),
        obligation.unissued_t,
        "allocation - issued",
        (obligation.allocation.explanation, _fact("issued so far", "已发放量", cover.issued_t, cover.issued_source)),
    )
    return _node(
        (f"gap of {obligation.year}", f"{obligation.year}年度缺口"),
        obligation.gap_t,
        "due - surrendered - usable held - not issued yet - CCER usable",
        (due, surrendered, *map(_held, obligation.allowances), unissued, _usable_ccer(obligation)),
    )


def _held(judged: AllowanceVerdict) -> Explanation:
    holding, verdict = judged.holding, judged.verdict
    position = _fact(f"{holding.commodity} held", f"{holding.commodity} 持有量", holding.available_t, holding.source)
    rule = () if verdict.rule is None else _vintage_leaves(verdict.rule)
    labels = _verdict_labels(holding.commodity, is_usable=verdict.is_usable)
    return _node(labels, holding.available_t, verdict.reason_en, (position, *rule))


def _usable_ccer(obligation: ObligationYear) -> Explanation:
    cap, cover = obligation.ccer_cap, obligation.cover
    used = _fact("CCER surrendered so far", "已用于抵销的减排量", cover.ccer_surrendered_t, cover.surrendered_source)
    return _node(
        ("CCER usable", "可用核证自愿减排量"),
        obligation.ccer_usable_t,
        f"min(eligible, cap of {cap.cap_t} t less used, still due); cap = {cap.formula}",
        (*map(_credited, obligation.credits), used, row_leaf(cap.row)),
    )


def _credited(judged: CreditVerdict) -> Explanation:
    holding, verdict = judged.holding, judged.verdict
    position = _fact(f"{holding.commodity} held", f"{holding.commodity} 持有量", holding.available_t, holding.source)
    labels = _verdict_labels(holding.commodity, is_usable=verdict.is_eligible)
    return _node(labels, holding.available_t, verdict.reason_en, (position, *(row_leaf(row) for row in verdict.rows)))


def _vintage_leaves(rule: VintageRule) -> tuple[Explanation, Explanation]:
    duties_en = f"{rule.duty_from} to {rule.duty_to}" if rule.duty_to else f"{rule.duty_from} on"
    duties_zh = f"{rule.duty_from}至{rule.duty_to}年度" if rule.duty_to else f"{rule.duty_from}年度起"
    source = f"{rule.source} [{rule.status}; {rule.rule_id}]"
    oldest, latest = (
        Explanation(
            label_en=f"{word_en} vintage that settles the duties of {duties_en}",
            label_zh=f"可用于{duties_zh}清缴的{word_zh}配额年度",
            value=str(year),
            unit="year",
            source=source,
        )
        for word_en, word_zh, year in (("oldest", "最早", rule.vintage_from), ("latest", "最晚", rule.vintage_to))
    )
    return oldest, latest


def _verdict_labels(commodity: str, *, is_usable: bool) -> tuple[str, str]:
    return (
        f"{commodity}: {'usable' if is_usable else 'not usable'}",
        f"{commodity}: {'可用' if is_usable else '不可用'}",
    )


def _node(labels: tuple[str, str], tonnes: int, formula: str, children: tuple[Explanation, ...]) -> Explanation:
    return Explanation(
        label_en=labels[0], label_zh=labels[1], value=str(tonnes), unit="t", formula=formula, children=children
    )


def _fact(label_en: str, label_zh: str, tonnes: int, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=str(tonnes), unit="t", source=source)
