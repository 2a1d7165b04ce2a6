"""Swap (碳掉期) of one kind of tonnes against another at a ratio with a cash difference, such as CEA against CCER.

Owns the terms, the exchange and what it does to the year's cap of credits. Both legs move at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar

from finance.compliance.offsets import ccer_cap, ccer_eligibility
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.trading.contracts.effects import Exchange, Plan
from finance.trading.contracts.terms import (
    Agreement,
    ContractKind,
    Lots,
    check_code,
    check_lots,
    check_tonnes,
    refused,
    refused_as,
)
from ledger.core.amounts import MAX_UNITS


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapTerms(Agreement):
    """``cash_fen`` is what the book receives (positive) or pays (negative) beside the tonnes."""

    KIND: ClassVar[ContractKind] = ContractKind.SWAP

    gives: str
    gives_t: int
    takes: str
    takes_t: int
    cash_fen: int
    settles_on: date
    lots: Lots = ()

    def __post_init__(self) -> None:
        """Refuse facts outside their bounds: code ``contract.<field>``."""
        self.check_agreement()
        check_code("gives", self.gives)
        check_code("takes", self.takes)
        check_tonnes("gives_t", self.gives_t)
        check_tonnes("takes_t", self.takes_t)
        if self.gives == self.takes:
            raise refused_as("takes_same", "takes", "another instrument than gives")
        if abs(self.cash_fen) > MAX_UNITS:
            raise refused("cash", "at most 10^13 CNY either way")
        if self.settles_on < self.agreed_on:
            raise refused("settles_on", "agreed_on or a later day")
        check_lots(self.lots, self.gives_t)

    @property
    def ratio(self) -> Fraction:
        """Return tonnes taken per tonne given, exact."""
        return Fraction(self.takes_t, self.gives_t)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapEffect:
    """Usable tonnes against a duty before and after the swap; credits beyond the cap count nothing."""

    allowances_t: int
    credits_t: int
    cap_t: int

    @property
    def usable_t(self) -> int:
        """Return allowances and the credits within the cap."""
        return self.allowances_t + min(self.credits_t, self.cap_t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What the compliance rules need to know of one side: a credit has its registration, an allowance none."""

    is_credit: bool
    registered_on: date | None
    is_inside_national_ets: bool
    is_usable_allowance: bool


def opened(terms: SwapTerms) -> Plan:
    """Return both legs as one exchange.

    What comes in costs what goes out, plus cash paid, less cash received; only cash beyond that cost is a gain. Source:
    assumed by analogy to 企业会计准则第7号 (exchange without commercial substance: carrying amount); 财会[2019]22号 is
    silent, unconfirmed.
    """
    exchange = Exchange(
        gives=terms.gives,
        gives_t=terms.gives_t,
        takes=terms.takes,
        takes_t=terms.takes_t,
        cash_fen=terms.cash_fen,
        lots=terms.lots,
    )
    return Plan(effects=(exchange,))


def cap_effect(
    terms: SwapTerms,
    rules: ReferenceSet,
    *,
    due_t: int,
    on: date,
    allowances_t: int,
    credits_t: int,
    gives: Leg,
    takes: Leg,
) -> tuple[CapEffect, CapEffect, Explanation]:
    """Return usable tonnes before and after the swap for a duty of ``due_t`` on a day, with their explanation.

    With 100,000 t due the cap is 5,000 t: of 8,000 t of CCER taken for 8,000 t of CEA only 5,000 count. A credit that no
    row makes eligible counts nothing.
    """
    cap = ccer_cap(rules, due_t=due_t, on=on)
    out_a, out_c, out_rows, out_words = _counted(rules, gives, terms.gives_t, on=on)
    in_a, in_c, in_rows, in_words = _counted(rules, takes, terms.takes_t, on=on)
    before = CapEffect(allowances_t=allowances_t, credits_t=credits_t, cap_t=cap.cap_t)
    after = CapEffect(allowances_t=allowances_t - out_a + in_a, credits_t=credits_t - out_c + in_c, cap_t=cap.cap_t)
    leaves = (
        _leaf("CCER cap of the duty", "CCER抵销上限", cap.cap_t, f"{cap.formula}; {cap.row.source}"),
        _leaf("allowances before", "换出前配额", allowances_t, "the book's free holdings"),
        _leaf("eligible credits before", "换出前合格减排量", credits_t, "the book's free holdings"),
        _leaf(f"given: {out_words}", "换出", terms.gives_t, _sources(out_rows)),
        _leaf(f"taken: {in_words}", "换入", terms.takes_t, _sources(in_rows)),
    )
    explained = Explanation(
        label_en="usable against the duty after the swap, change in brackets",
        label_zh="互换后可用于清缴的数量（括号内为变化）",
        value=f"{after.usable_t} ({after.usable_t - before.usable_t:+d})",
        unit="t",
        formula="allowances + min(eligible credits, cap)",
        children=leaves,
    )
    return before, after, explained


def _counted(rules: ReferenceSet, leg: Leg, tonnes: int, *, on: date) -> tuple[int, int, tuple[ReferenceRow, ...], str]:
    if not leg.is_credit:
        return (tonnes if leg.is_usable_allowance else 0), 0, (), "allowance"
    assert leg.registered_on is not None, "a credit has a registration date"
    verdict = ccer_eligibility(
        rules, registered_on=leg.registered_on, is_inside_national_ets=leg.is_inside_national_ets, on=on
    )
    return 0, (tonnes if verdict.is_eligible else 0), verdict.rows, f"credit, {verdict.reason_en}"


def _leaf(en: str, zh: str, tonnes: int, source: str) -> Explanation:
    return Explanation(label_en=en, label_zh=zh, value=str(tonnes), unit="t", source=source)


def _sources(rows: tuple[ReferenceRow, ...]) -> str:
    return "; ".join(["the contract's terms", *(row.source for row in rows)])
