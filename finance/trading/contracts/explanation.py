"""Why a contract's running figures are what they are, told in English and Chinese down to terms and dated facts.

Owns the tree and nothing that it tells. ``on`` is the day that interest is told for.
"""

from __future__ import annotations

from datetime import date

from finance.conventions.exact_text import fraction_text
from finance.conventions.explain import Explanation
from finance.trading.contracts.effects import Plan
from finance.trading.contracts.kinds import accrue_plan
from finance.trading.contracts.lending import LendingTerms
from finance.trading.contracts.life import ContractRecord
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.repo import RepoTerms
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.swap import SwapTerms
from finance.trading.contracts.terms import ContractKind
from ledger.core.amounts import format_exact, format_units

_RATE_PLACES = 6
_NAMES = {
    ContractKind.FORWARD: ("forward", "碳远期"),
    ContractKind.REPO: ("repo", "碳资产回购"),
    ContractKind.PLEDGE_LOAN: ("pledge loan", "碳资产质押融资"),
    ContractKind.LENDING: ("lending", "碳借贷"),
    ContractKind.SWAP: ("swap", "碳掉期"),
    ContractKind.CUSTODY: ("custody", "碳资产托管"),
}


def interest_to(record: ContractRecord, *, on: date) -> int | None:
    """Return interest or fee earned or owed up to ``on`` (exclusive) in fen, booked or not; None for a kind without."""
    standing, terms = record.standing(), record.in_force.terms
    if standing is None or not isinstance(terms, RepoTerms | PledgeLoanTerms | LendingTerms) or record.is_ended:
        return None if standing is None else standing.accrued_fen or None
    plan: Plan = accrue_plan(terms, standing, until=max(on, standing.accrued_to))
    return standing.accrued_fen + plan.figures["accrued_fen"]


def explain_contract(record: ContractRecord, *, on: date, encumbered_t: int) -> Explanation:
    """Return the contract's figures with their sources: the digest of the terms in force, and the facts by number."""
    version, standing = record.in_force, record.standing()
    source = f"terms version {version.version}, digest {version.sha256[:12]}"
    en, zh = _NAMES[record.kind]
    children = [
        Explanation(
            label_en="tonnes set aside now",
            label_zh="当前受限数量",
            value=str(encumbered_t),
            unit="t",
            source="the book's holds",
        ),
        *_rates(record, source),
    ]
    if standing is not None:
        children += _running(record, standing, on=on)
    return Explanation(
        label_en=f"{en} {version.terms.agreement_ref}",
        label_zh=f"{zh} {version.terms.agreement_ref}",
        value=str(len(record.events)),
        unit="facts",
        formula="terms and dated facts",
        children=tuple(children),
    )


def _rates(record: ContractRecord, source: str) -> tuple[Explanation, ...]:
    terms = record.in_force.terms
    if isinstance(terms, RepoTerms):
        amounts = (
            ("sale amount", "卖出金额", format_units(terms.sale_amount_fen, 2), "CNY"),
            ("buy-back amount", "回购金额", format_units(terms.buyback_amount_fen, 2), "CNY"),
            ("term", "期限", f"{terms.starts_on} to {terms.ends_on}, {terms.day_count}", "1"),
        )
        children = tuple(
            Explanation(label_en=en, label_zh=zh, value=value, unit=unit, source=source)
            for en, zh, value, unit in amounts
        )
        return (
            Explanation(
                label_en="implied yearly rate",
                label_zh="隐含年利率",
                value=format_exact(terms.implied_rate(), _RATE_PLACES),
                unit="1",
                formula="(buy-back / sale - 1) / year fraction",
                children=children,
            ),
        )
    if isinstance(terms, SwapTerms):
        ratio = fraction_text(terms.ratio)
        return (
            Explanation(
                label_en="tonnes taken per tonne given", label_zh="互换比例", value=ratio, unit="1", source=source
            ),
        )
    return ()


def _running(record: ContractRecord, standing: Standing, *, on: date) -> tuple[Explanation, ...]:
    numbers = ", ".join(str(event.number) for event in record.events)
    facts = f"the contract's facts {numbers}"
    told = [
        ("principal outstanding", "未还本金", standing.principal_fen),
        ("interest or fee booked", "已计提利息或费用", standing.accrued_fen),
        ("interest or fee paid", "已付利息或费用", standing.interest_paid_fen),
        ("margin given", "存出保证金", standing.margin_given_fen),
        ("margin taken", "存入保证金", standing.margin_taken_fen),
    ]
    earned = interest_to(record, on=on)
    if earned is not None:
        told.append((f"interest or fee of the days before {on}", f"{on}前的利息或费用", earned))
    return tuple(
        Explanation(label_en=en, label_zh=zh, value=format_units(fen, 2), unit="CNY", source=facts)
        for en, zh, fen in told
    )
