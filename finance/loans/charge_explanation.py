"""Why a fee, a redemption premium or the move of a swap's leg is what it is: trees down to sourced facts, English and Chinese.

Owns the telling only; every figure in it was computed by the modules that decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from finance.conventions.day_counts import year_fraction
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.loans.facility_terms import FacilityTerms
from finance.loans.fee_schedule import FeeDue
from finance.loans.fees import FeeBasis, FeeRule, FeeSegment, fee_amount
from finance.loans.price_moves import PriceMove, move_on
from finance.loans.redemption_price import RedemptionDue
from finance.loans.swap_leg import SwapLegDue, SwapLegSegment
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.amounts import currency_scale, format_units

_BASIS_WORDS = {
    FeeBasis.UNDRAWN: ("undrawn commitment", "未提取额度"),
    FeeBasis.COMMITMENT: ("commitment", "承诺额度"),
    FeeBasis.ISSUED: ("letters of credit outstanding", "已开立信用证余额"),
}


def explain_fee(
    due: FeeDue, rule: FeeRule, *, tranche: TrancheTerms, terms: FacilityTerms, moves: Sequence[PriceMove]
) -> Explanation:
    """Return the tree of one fee payment in the tranche's currency: each segment's amount, rate and year fraction, rounded once.

    ``moves`` are those that the fee was computed with.
    """
    return Explanation(
        label_en=f"fee {rule.name} for {due.period.start} to {due.period.end} (exclusive)",
        label_zh=f"{due.period.start} 至 {due.period.end}（不含）费用 {rule.name}",
        value=_money(due.payment_minor, tranche),
        unit=tranche.currency,
        formula=_rounded(tranche),
        source=terms.citation,
        children=tuple(_fee_segment(segment, rule, tranche, terms, moves) for segment in due.segments),
    )


def explain_redemption(due: RedemptionDue, *, tranche: TrancheTerms, terms: FacilityTerms) -> Explanation:
    """Return the tree of one redemption premium in the tranche's currency: principal redeemed x premium, rounded once."""
    return Explanation(
        label_en=f"premium on the redemption of {due.on}",
        label_zh=f"{due.on} 兑付溢价",
        value=_money(due.payment_minor, tranche),
        unit=tranche.currency,
        formula=f"principal redeemed x premium, rounded {tranche.rounding}".replace("_", " "),
        source=terms.citation,
        children=(
            _leaf(
                "principal redeemed",
                "兑付本金",
                _money(due.principal_minor, tranche),
                tranche.currency,
                source=f"{terms.citation}, tranche {tranche.tranche_id}: drawdowns and repayments",
            ),
            _moved("redemption premium", "兑付溢价率", due.move, terms),
        ),
    )


def explain_swap_leg(
    due: SwapLegDue, *, swap: TrancheTerms, terms: FacilityTerms, moves: Sequence[PriceMove]
) -> Explanation:
    """Return the tree of what a moved swap leg is worth in one interest period: notional x move x year fraction, rounded once."""
    return Explanation(
        label_en=f"move of the spread of swap {swap.tranche_id} for {due.period.start} to {due.period.end} (exclusive)",
        label_zh=f"{due.period.start} 至 {due.period.end}（不含）互换 {swap.tranche_id} 利差变动",
        value=_money(due.payment_minor, swap),
        unit=swap.currency,
        formula=_rounded(swap),
        source=terms.citation,
        children=tuple(_swap_segment(segment, swap, terms, moves) for segment in due.segments),
    )


def _fee_segment(
    segment: FeeSegment, rule: FeeRule, tranche: TrancheTerms, terms: FacilityTerms, moves: Sequence[PriceMove]
) -> Explanation:
    words_en, words_zh = _BASIS_WORDS[rule.basis]
    days = (segment.end - segment.start).days
    move = move_on(moves, segment.start)
    contract = _leaf(
        f"fee {rule.name} by the contract",
        f"合同费率 {rule.name}",
        decimal_text(rule.rate_bp),
        "bp",
        source=terms.citation,
    )
    return Explanation(
        label_en=f"fee from {segment.start} to {segment.end} (exclusive), {days} days",
        label_zh=f"{segment.start} 至 {segment.end}（不含）费用，{days} 天",
        value=_exact(fee_amount((segment,), day_count=rule.day_count), tranche),
        unit=tranche.currency,
        formula=f"{words_en} x rate x year fraction",
        children=(
            _leaf(
                words_en,
                words_zh,
                _money(segment.amount_minor, tranche),
                tranche.currency,
                source=f"{terms.citation}, tranche {tranche.tranche_id}: commitment, drawdowns and repayments",
            ),
            Explanation(
                label_en="fee rate a year",
                label_zh="年费率",
                value=decimal_text(segment.rate_bp),
                unit="bp",
                formula="rate by the contract + move, not below zero",
                children=(contract, _moved("move of the fee", "费率变动", move, terms)),
            ),
            _year_part(year_fraction(segment.start, segment.end, rule.day_count), rule.day_count, terms),
        ),
    )


def _swap_segment(
    segment: SwapLegSegment, swap: TrancheTerms, terms: FacilityTerms, moves: Sequence[PriceMove]
) -> Explanation:
    days = (segment.end - segment.start).days
    return Explanation(
        label_en=f"move from {segment.start} to {segment.end} (exclusive), {days} days",
        label_zh=f"{segment.start} 至 {segment.end}（不含）变动，{days} 天",
        value=_exact(segment.amount_minor, swap),
        unit=swap.currency,
        formula="notional x move of the spread x year fraction",
        children=(
            _leaf(
                "notional: principal outstanding of the loan",
                "名义本金：贷款未偿本金",
                _money(segment.notional_minor, swap),
                swap.currency,
                source=f"{terms.citation}, tranche {swap.paired_with}: drawdowns and repayments",
            ),
            _moved("move of the swap's spread", "互换利差变动", move_on(moves, segment.start), terms),
            _year_part(segment.year_fraction, swap.day_count, terms),
        ),
    )


def _moved(label_en: str, label_zh: str, move: PriceMove, terms: FacilityTerms) -> Explanation:
    """Return a move with the part of each clause, by the decision that put it in force."""
    decision = (
        "no determination in force" if move.determination_id is None else f"determination {move.determination_id}"
    )
    source = f"{terms.citation}: {decision}"
    children = tuple(
        _leaf(f"clause {effect_id} in force", f"条款 {effect_id} 执行值", decimal_text(bp), "bp", source=source)
        for effect_id, bp in move.clauses
    )
    return Explanation(
        label_en=label_en,
        label_zh=label_zh,
        value=decimal_text(move.moved_bp),
        unit="bp",
        formula="sum of the clauses in force" if children else "",
        source=source,
        children=children,
    )


def _year_part(value: Fraction, day_count: str, terms: FacilityTerms) -> Explanation:
    source = f"{terms.citation}: day count {day_count}"
    return _leaf(f"year fraction {day_count}", "计息年化系数", decimal_text(value), "years", source=source)


def _rounded(tranche: TrancheTerms) -> str:
    return f"sum of segments, rounded {tranche.rounding} {tranche.rounding_unit}".replace("_", " ")


def _money(minor: int, tranche: TrancheTerms) -> str:
    return format_units(minor, currency_scale(tranche.currency))


def _exact(minor: Fraction, tranche: TrancheTerms) -> str:
    return decimal_text(minor / 10 ** currency_scale(tranche.currency))


def _leaf(label_en: str, label_zh: str, value: str, unit: str, *, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
