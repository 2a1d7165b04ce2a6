"""What an open contract is worth, or is secured by, at the mark of one frozen snapshot; told in English and Chinese.

Owns mark-to-market of forwards, loan-to-value, and the worth of what is out or in. Books nothing: under Chinese GAAP an
open forward is a memo. A mark that is stale, missing or not in CNY per tonne gives no figure, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.exact_text import fraction_text
from finance.conventions.explain import Explanation
from finance.conventions.rounding import VALUATION
from finance.market.marks import Mark
from finance.market.snapshots import Snapshot
from finance.trading.contracts.custody import CustodyTerms
from finance.trading.contracts.forward import ForwardTerms
from finance.trading.contracts.kinds import ContractTerms, accrue_plan, instruments_of
from finance.trading.contracts.lending import LendingTerms
from finance.trading.contracts.pledge_loan import LoanToValue, PledgeLoanTerms, loan_to_value
from finance.trading.contracts.repo import RepoTerms
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.swap import SwapTerms
from finance.trading.contracts.terms import refused
from ledger.core.amounts import RoundingMode, format_exact, format_units, round_exact

_RATIO_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounting:
    """A stated yearly rate, simple, on the year fraction of ``day_count`` from the snapshot's day to the last day."""

    rate: Decimal
    day_count: DayCount


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractValue:
    """The figures of one snapshot in fen, None where no usable mark is there (``unvalued_reason`` says why).

    ``market_value_fen`` of a forward is its gain if settled at the mark; of the others what the tonnes are worth.
    """

    snapshot_id: str
    snapshot_sha256: str
    market_value_fen: int | None
    discounted_fen: int | None
    loan_to_value: LoanToValue | None
    unvalued_reason: str
    explanation: Explanation


def value_contract(
    terms: ContractTerms,
    standing: Standing | None,
    snapshot: Snapshot,
    *,
    mark_names: Mapping[str, str],
    encumbered_t: int,
    discounting: Discounting | None = None,
) -> ContractValue:
    """Return what the contract is worth by ``snapshot``; ``mark_names`` gives the mark of each instrument.

    A forward purchase of 10,000 t at 90.00 with a mark of 97.40 is worth +74,000.00; at 3 % over 90 days ACT/360
    73,449.13. Rounded half-up once to the fen.
    """
    marks = {code: snapshot.mark(mark_names.get(code, code)) for code in instruments_of(terms)}
    for code, mark in marks.items():
        reason = _unusable(mark)
        if reason:
            return _unvalued(snapshot, code, mark, reason)
    prices = {code: _price(mark) for code, mark in marks.items()}
    leaves = tuple(_mark_leaf(code, mark) for code, mark in marks.items() if mark is not None)
    if isinstance(terms, ForwardTerms):
        return _forward(terms, snapshot, prices[terms.instrument], leaves, discounting)
    if isinstance(terms, SwapTerms):
        return _swap(terms, snapshot, prices, leaves)
    return _secured(terms, standing, snapshot, prices[terms.instrument], leaves, encumbered_t)


def owed_fen(terms: PledgeLoanTerms | RepoTerms, standing: Standing, snapshot: Snapshot) -> int:
    """Return principal and interest up to the snapshot's day, booked or not, less what was paid; in fen."""
    change = accrue_plan(terms, standing, until=max(snapshot.as_of, standing.accrued_to)).figures["accrued_fen"]
    return standing.principal_fen + standing.interest_due_fen + change


def _forward(
    terms: ForwardTerms, snapshot: Snapshot, price: Decimal, leaves: tuple[Explanation, ...], by: Discounting | None
) -> ContractValue:
    gain = terms.difference_fen(price)
    facts = (
        *leaves,
        _leaf("forward price", "远期价格", f"{terms.price_cny_per_t:f}", "CNY/t"),
        _leaf("quantity", "数量", str(terms.quantity_t), "t"),
    )
    formula = "(mark - forward price) x tonnes" if terms.sign > 0 else "(forward price - mark) x tonnes"
    plain = _node("mark-to-market, undiscounted (memo)", "盯市损益，未折现（表外）", gain, formula, facts)
    if by is None:
        return _worth(snapshot, gain, None, plain)
    years = year_fraction(snapshot.as_of, max(terms.delivery_on, snapshot.as_of), by.day_count)
    growth = 1 + Fraction(by.rate) * years
    if growth <= 0:
        raise refused("discount_rate", "a rate that leaves a positive discount factor")
    discounted = round_exact(gain / growth, VALUATION)
    more = (
        plain,
        _leaf("discount rate", "折现率", f"{by.rate:f}", "1", source="stated with the request"),
        _leaf("year fraction", "年化期限", fraction_text(years), "1", source=f"{by.day_count} to {terms.delivery_on}"),
    )
    formula = "undiscounted / (1 + rate x year fraction)"
    return _worth(
        snapshot, gain, discounted, _node("mark-to-market, discounted", "盯市损益，已折现", discounted, formula, more)
    )


def _swap(
    terms: SwapTerms, snapshot: Snapshot, prices: Mapping[str, Decimal], leaves: tuple[Explanation, ...]
) -> ContractValue:
    exact = 100 * (
        Fraction(prices[terms.takes]) * terms.takes_t - Fraction(prices[terms.gives]) * terms.gives_t
    ) + Fraction(terms.cash_fen)
    gain = round_exact(exact, VALUATION)
    facts = (
        *leaves,
        _leaf("tonnes taken", "换入数量", str(terms.takes_t), "t"),
        _leaf("tonnes given", "换出数量", str(terms.gives_t), "t"),
        _leaf("cash received", "收到现金", format_units(terms.cash_fen, 2), "CNY"),
        _leaf("ratio", "互换比例", fraction_text(terms.ratio), "1"),
    )
    told = _node("value taken less value given", "换入减换出价值", gain, "taken x mark - given x mark + cash", facts)
    return _worth(snapshot, gain, None, told)


def _secured(
    terms: RepoTerms | PledgeLoanTerms | LendingTerms | CustodyTerms,
    standing: Standing | None,
    snapshot: Snapshot,
    price: Decimal,
    leaves: tuple[Explanation, ...],
    encumbered_t: int,
) -> ContractValue:
    tonnes = encumbered_t or terms.quantity_t
    worth = round_exact(Fraction(price) * tonnes * 100, VALUATION)
    facts = (*leaves, _leaf("tonnes of the contract", "合同数量", str(tonnes), "t"))
    value = _node("market value of the tonnes", "所涉配额市值", worth, "mark x tonnes", facts)
    if standing is None or not standing.principal_fen or isinstance(terms, LendingTerms | CustodyTerms):
        return _worth(snapshot, worth, None, value)
    owed = owed_fen(terms, standing, snapshot)
    owed_leaf = _leaf("principal and interest owed", "应还本息", format_units(owed, 2), "CNY")
    ratio = Fraction(owed, worth) if worth else None
    ltv = None
    more: tuple[Explanation, ...] = (owed_leaf, value)
    if isinstance(terms, PledgeLoanTerms):
        ltv = loan_to_value(terms, owed_fen=owed, pledged_t=encumbered_t, price_cny_per_t=price)
        ratio = ltv.ratio
        more += (
            _leaf("margin is called above", "追加担保线", f"{terms.ltv_call:f}", "1"),
            _leaf("and restores", "恢复至", f"{terms.ltv_target:f}", "1"),
            _leaf("tonnes to add", "应追加数量", str(ltv.add_t), "t", source="ceil(owed / (target x mark)) - pledged"),
            _leaf(
                "or money to repay", "或应还款", format_units(ltv.repay_fen, 2), "CNY", source="owed - target x value"
            ),
        )
    told = Explanation(
        label_en="owed against market value (loan-to-value)",
        label_zh="质押率（应还本息/市值）",
        value="none" if ratio is None else format_exact(ratio, _RATIO_PLACES, RoundingMode.HALF_UP),
        unit="1",
        formula="owed / market value",
        children=more,
    )
    return _worth(snapshot, worth, None, told, ltv)


def _worth(
    snapshot: Snapshot, value: int, discounted: int | None, told: Explanation, ltv: LoanToValue | None = None
) -> ContractValue:
    return ContractValue(
        snapshot_id=snapshot.id,
        snapshot_sha256=snapshot.sha256,
        market_value_fen=value,
        discounted_fen=discounted,
        loan_to_value=ltv,
        unvalued_reason="",
        explanation=told,
    )


def _unvalued(snapshot: Snapshot, code: str, mark: Mark | None, reason: str) -> ContractValue:
    state = "missing" if mark is None else mark.state.value
    return ContractValue(
        snapshot_id=snapshot.id,
        snapshot_sha256=snapshot.sha256,
        market_value_fen=None,
        discounted_fen=None,
        loan_to_value=None,
        unvalued_reason=reason,
        explanation=Explanation(
            label_en=f"unvalued: {code} has no usable mark ({state})",
            label_zh=f"未估值：{code} 没有可用价格",
            value="unvalued",
            unit="CNY",
            source=f"snapshot {snapshot.id}",
        ),
    )


def _unusable(mark: Mark | None) -> str:
    if mark is None:
        return "mark_missing"
    if mark.value is None:
        return f"mark_{mark.state.value}"
    return "" if (mark.currency, mark.unit) == ("CNY", "t") else "mark_unit"


def _price(mark: Mark | None) -> Decimal:
    assert mark is not None, "a usable mark was looked at"
    assert mark.value is not None, "a usable mark has a value"
    return mark.value


def _mark_leaf(code: str, mark: Mark) -> Explanation:
    return Explanation(
        label_en=f"mark of {code} ({mark.state.value})",
        label_zh=f"{code} 估值价",
        value=f"{mark.value:f}" if mark.value is not None else "missing",
        unit="CNY/t",
        source=f"{mark.source}; trade date {mark.trade_date}",
    )


def _leaf(en: str, zh: str, value: str, unit: str, source: str = "the contract's terms and facts") -> Explanation:
    return Explanation(label_en=en, label_zh=zh, value=value, unit=unit, source=source)


def _node(en: str, zh: str, fen: int, formula: str, children: tuple[Explanation, ...]) -> Explanation:
    return Explanation(
        label_en=en, label_zh=zh, value=format_units(fen, 2), unit="CNY", formula=formula, children=children
    )
