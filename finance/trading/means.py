"""Whether an order can be paid and delivered, with whom, and within which limits: full cash and position in advance.

Owns the checks of position, cash, counterparty and limits. Knows no venue and reads nothing: balances come as values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from finance.conventions.explain import Explanation
from finance.trading.checks import CheckResult, Outcome, Question, fact, of_row, result
from finance.trading.counterparties import CounterpartyRecord, CounterpartyState
from finance.trading.instruments import TradedInstrument
from finance.trading.limits import Commitment, LimitRecord, LimitScope, LimitUse, uses
from finance.trading.orders import OrderTerms, Side
from ledger.core.amounts import RoundingMode, format_units, round_exact

TRANSLATION = RoundingMode.HALF_UP
"""Money of an order in euro is valued in CNY once, half-up to the fen, at the stated fixing."""

_SCOPES_ZH = {
    LimitScope.TRADE: "单笔",
    LimitScope.DAY: "当日",
    LimitScope.COUNTERPARTY: "对手方",
    LimitScope.VINTAGE: "年份",
    LimitScope.INSTRUMENT: "品种",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """Units of the instrument in the book: posted, set aside (orders, pledges, freezes), bought on the trading day."""

    posted: int
    held: int
    bought_same_day: int
    source: str

    @property
    def sellable(self) -> int:
        """Return what may be sold: 100 posted, 30 held and 20 bought the same day leave 50."""
        return self.posted - self.held - self.bought_same_day


@dataclass(frozen=True, slots=True, kw_only=True)
class CashView:
    """The book's bank in fen: posted, set aside for others than orders, needed by placed orders, due from the day's sales."""

    posted_fen: int
    held_otherwise_fen: int
    committed_fen: int
    same_day_proceeds_fen: int
    source: str

    @property
    def available_fen(self) -> int:
        """Return what a further purchase may use."""
        return self.posted_fen - self.held_otherwise_fen - self.committed_fen + self.same_day_proceeds_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an order is measured against: the book's units and cash, its counterparty, its limits and other orders."""

    position: PositionView
    cash: CashView
    counterparty: CounterpartyRecord | None
    limits: tuple[LimitRecord, ...]
    others: tuple[Commitment, ...]
    now: datetime


def means_checks(asked: Question, means: Means, order_id: UUID) -> Iterator[CheckResult]:
    """Yield the checks of position or cash, counterparty and limits, in a fixed order."""
    cost_fen = needed_fen(asked)
    if asked.terms.side is Side.SELL:
        yield position_check(asked, means.position)
    else:
        yield cash_check(asked, means.cash, cost_fen)
    yield counterparty_check(asked, means)
    if cost_fen is not None:
        yield from limit_checks(means, order_commitment(asked, order_id))


def value_fen(asked: Question) -> int | None:
    """Return the order's amount at its limit price in fen; None where a euro order has no fixing."""
    return to_fen(asked.terms.amount() * 100, asked)


def needed_fen(asked: Question) -> int | None:
    """Return what a purchase needs in advance in fen: the amount at the limit price and the most of its fees."""
    return to_fen(asked.terms.amount() * 100 + max_fee_minor(asked), asked)


def max_fee_minor(asked: Question) -> int:
    """Return the most that fees come to, in minor units: as typed, else by the rates; zero where neither is known."""
    if asked.terms.max_fee_minor is not None:
        return asked.terms.max_fee_minor
    return 0 if asked.fee is None else asked.fee.fee_minor(asked.terms.amount())


def to_fen(minor: Fraction, asked: Question) -> int | None:
    """Return minor units of the order's currency in fen: 7,536,000 cents at 8.1234 are 61,217,942."""
    if asked.terms.currency == "CNY":
        return round_exact(minor, TRANSLATION)
    return None if asked.fixing is None else round_exact(minor * Fraction(asked.fixing.value), TRANSLATION)


def commitment(terms: OrderTerms, instrument: TradedInstrument, order_id: UUID, amount_fen: int) -> Commitment:
    """Return what the whole order counts with."""
    return Commitment(
        order_id=order_id,
        instrument=instrument.code,
        vintage_key=f"{instrument.kind}:{instrument.vintage_year}" if instrument.vintage_year else "",
        unit=instrument.unit,
        counterparty_id=terms.counterparty_id,
        trading_day=terms.trading_day,
        quantity=terms.quantity,
        amount_fen=amount_fen,
    )


def order_commitment(asked: Question, order_id: UUID) -> Commitment:
    """Return what the order in question counts with, at its limit price."""
    return commitment(asked.terms, asked.instrument, order_id, value_fen(asked) or 0)


def position_check(asked: Question, position: PositionView) -> CheckResult:
    """Refuse a short sale: what is pledged, set aside or bought the same day (T+1) is not there to sell."""
    row = asked.rules.row("same_day_sale")
    unit = asked.instrument.unit
    sellable = Explanation(
        label_en="may be sold",
        label_zh="可卖数量",
        value=str(position.sellable),
        unit=unit,
        formula="posted - set aside - bought the same day",
        children=(
            fact("posted", "持有", str(position.posted), unit, position.source),
            fact("set aside", "冻结与质押", str(position.held), unit, position.source),
            fact("bought the same day", "当日买入", str(position.bought_same_day), unit, "the book's trades"),
        ),
    )
    asked_for = fact("quantity", "数量", str(asked.terms.quantity), unit, "the order")
    is_there = asked.terms.quantity <= position.sellable
    en = "the position is there" if is_there else f"only {max(position.sellable, 0)} {unit} may be sold"
    outcome = Outcome.OK if is_there else Outcome.REFUSED
    zh = "持仓充足" if is_there else "可卖数量不足"
    return result("order.position", outcome, en, zh, (asked_for, sellable, of_row(row)), (row,))


def cash_check(asked: Question, cash: CashView, cost_fen: int | None) -> CheckResult:
    """Refuse a purchase that is not paid for in advance; the day's sale money counts where the row says so."""
    row = asked.rules.row("same_day_proceeds")
    parts = (
        ("bank", "银行存款", cash.posted_fen),
        ("set aside for others", "其他冻结", -cash.held_otherwise_fen),
        ("needed by placed orders", "在途买单占用", -cash.committed_fen),
        ("due from the day's sales", "当日卖出应收", cash.same_day_proceeds_fen),
    )
    available = Explanation(
        label_en="cash available",
        label_zh="可用资金",
        value=format_units(cash.available_fen, 2),
        unit="CNY",
        formula="sum",
        children=tuple(fact(en, zh, format_units(fen, 2), "CNY", cash.source) for en, zh, fen in parts),
    )
    if cost_fen is None:
        return result(
            "order.cash",
            Outcome.REFUSED,
            "the cost in CNY is unknown",
            "人民币成本未知",
            (available, of_row(row)),
            (row,),
        )
    need = fact(
        "needed at the limit price with fees", "按限价含费用所需", format_units(cost_fen, 2), "CNY", "the order"
    )
    is_there = cost_fen <= cash.available_fen
    en = "the cash is there" if is_there else f"only {format_units(max(cash.available_fen, 0), 2)} CNY are available"
    outcome = Outcome.OK if is_there else Outcome.REFUSED
    return result(
        "order.cash", outcome, en, "资金充足" if is_there else "可用资金不足", (need, available, of_row(row)), (row,)
    )


def counterparty_check(asked: Question, means: Means) -> CheckResult:
    """Refuse a counterparty that is missing, unknown, waiting or revoked, or its cumulative limit passed."""
    method, named = asked.method, means.counterparty
    row = asked.rules.row("counterparty_waiting_hours")
    if asked.terms.counterparty_id is None:
        is_needed = method is not None and method.needs_counterparty
        leaves = (of_row(row),)
        if is_needed:
            en = f"{asked.terms.method} needs a named counterparty"
            return result("order.counterparty", Outcome.REFUSED, en, "须指定对手方", leaves, (row,))
        return result("order.counterparty", Outcome.OK, "dealt with the venue", "与交易场所成交", leaves, (row,))
    if named is None:
        return result(
            "order.counterparty",
            Outcome.REFUSED,
            "the counterparty is not registered",
            "对手方未登记",
            (of_row(row),),
            (row,),
        )
    state = named.state(now=means.now, waiting_hours=asked.rules.counterparty_waiting_hours)
    dealt = sum(other.amount_fen for other in means.others if other.counterparty_id == named.counterparty_id)
    value = value_fen(asked) or 0
    known = (
        fact("counterparty", "对手方", named.terms.legal_name, "1", f"registered, digest {named.sha256[:12]}"),
        fact("open and done orders", "累计", format_units(dealt, 2), "CNY", "the book's orders"),
        fact("this order", "本单", format_units(value, 2), "CNY", "the order"),
        fact(
            "its limit", "累计上限", format_units(named.terms.max_amount_fen, 2), "CNY", f"digest {named.sha256[:12]}"
        ),
        of_row(row),
    )
    if state is not CounterpartyState.TRUSTED:
        usable = named.usable_from(asked.rules.counterparty_waiting_hours)
        more = f" until {usable.isoformat()}" if state is CounterpartyState.WAITING and usable else ""
        return result(
            "order.counterparty", Outcome.REFUSED, f"the counterparty is {state}{more}", "对手方不可用", known, (row,)
        )
    if dealt + value > named.terms.max_amount_fen:
        en, zh = _left(dealt, named.terms.max_amount_fen, 2, "CNY")
        return result(
            "order.counterparty",
            Outcome.REFUSED,
            f"beyond the counterparty's limit: {en}",
            f"超过对手方累计上限：{zh}",
            known,
            (row,),
        )
    return result("order.counterparty", Outcome.OK, "the counterparty is trusted", "对手方可信", known, (row,))


def limit_checks(means: Means, wanted: Commitment) -> Iterator[CheckResult]:
    """Yield one result for each limit that speaks about the order; without a trade and a day limit nothing goes out."""
    found = uses(means.limits, wanted, means.others)
    for scope in (LimitScope.TRADE, LimitScope.DAY):
        if not any(use.limit.terms.scope is scope for use in found):
            leaf = fact("limit", "限额", "none", "1", "the book's trading limits")
            en = f"no approved limit per {scope} holds on that day; set one first"
            yield result(f"order.limit_{scope}", Outcome.REFUSED, en, "未设置有效限额", (leaf,))
    for use in found:
        yield _limit_result(use)


def _limit_result(use: LimitUse) -> CheckResult:
    terms = use.limit.terms
    source = f"limit {use.limit.limit_id}, version {use.limit.number}"
    leaves = [
        fact("used by other orders", "已用", format_units(use.used_amount_fen, 2), "CNY", "the book's orders"),
        fact("this order", "本单", format_units(use.asked.amount_fen, 2), "CNY", "the order"),
        fact("limit", "限额", format_units(terms.max_amount_fen, 2), "CNY", source),
    ]
    if terms.max_quantity is not None and terms.unit == use.asked.unit:
        leaves += [
            fact("used by other orders", "已用数量", str(use.used_quantity), terms.unit, "the book's orders"),
            fact("this order", "本单数量", str(use.asked.quantity), terms.unit, "the order"),
            fact("limit", "数量限额", str(terms.max_quantity), terms.unit, source),
        ]
    name = _SCOPES_ZH[terms.scope]
    if use.is_kept:
        en, zh = f"within the limit per {terms.scope}", f"在{name}限额内"
    else:
        left_en, left_zh = _what_is_left(use)
        en, zh = f"beyond the limit per {terms.scope}: {left_en}", f"超出{name}限额：{left_zh}"
    return result(f"order.limit_{terms.scope}", Outcome.OK if use.is_kept else Outcome.REFUSED, en, zh, tuple(leaves))


def _what_is_left(use: LimitUse) -> tuple[str, str]:
    """Return what the limit leaves of that which the order breaks: money, units, or both."""
    terms = use.limit.terms
    said = []
    if use.used_amount_fen + use.asked.amount_fen > terms.max_amount_fen:
        said.append(_left(use.used_amount_fen, terms.max_amount_fen, 2, "CNY"))
    most = terms.max_quantity if terms.unit == use.asked.unit else None
    if most is not None and use.used_quantity + use.asked.quantity > most:
        said.append(_left(use.used_quantity, most, 0, terms.unit))
    return "; ".join(en for en, _ in said), "；".join(zh for _, zh in said)


def _left(used: int, most: int, places: int, unit: str) -> tuple[str, str]:
    """Return what is left of ``most`` in words: 100,000.00 CNY less 30,000.00 dealt is ``70000.00 CNY are left of 100000.00 CNY``."""
    left, limit = format_units(max(most - used, 0), places), format_units(most, places)
    return f"{left} {unit} are left of {limit} {unit}", f"上限 {limit} {unit}，尚余 {left} {unit}"
