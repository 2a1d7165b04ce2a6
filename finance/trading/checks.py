"""What is asked of an order before it goes out, by the venue's rules: each check a named result with its figures and rows.

Owns the checks of instrument, method, lot and tick, band, session, fee, fixing and eligibility. Knows no balance and no
other order: those are ``finance.trading.means``. A rule that is unknown refuses; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from finance.compliance.offsets import ccer_eligibility
from finance.compliance.vintages import VintageRule, vintage_verdict
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.trading.fees import FeeRate
from finance.trading.instruments import Family, Resale, TradedInstrument
from finance.trading.orders import OrderTerms, Side
from finance.trading.rules import MarketRules, MethodRules, TradeMethod
from ledger.core.amounts import RoundingMode, format_units, round_exact

LIMIT_PRICE = RoundingMode.HALF_UP
"""A day's limit price is the previous close times one plus or minus the move, rounded half-up to the tick."""


class Outcome(StrEnum):
    """What a check says."""

    OK = "ok"
    WARNING = "warning"
    SECOND_CHECKER = "second_checker"  # goes out only when two persons beside its maker approve
    REFUSED = "refused"


class Stage(StrEnum):
    """When a check is asked: on proposing and approving the day must be open, on placing the session too."""

    PROPOSE = "propose"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check's answer: stable code, outcome, and an explanation whose leaves are the figures and the rule rows."""

    code: str
    outcome: Outcome
    explanation: Explanation
    row_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A price or fixing as observations gave it: ``age_sessions`` counts sessions from its day to the trading day."""

    value: Decimal
    day: date
    age_sessions: int | None
    is_stale: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An order with everything the venue's checks need to know, at ``local_now`` of the venue."""

    terms: OrderTerms
    instrument: TradedInstrument
    rules: MarketRules
    calendar: BusinessCalendar
    local_now: datetime
    stage: Stage
    close: Observed | None
    official: Observed | None
    fixing: Observed | None
    fee: FeeRate | None
    vintage_rules: tuple[VintageRule, ...]
    offset_rules: ReferenceSet

    @property
    def method(self) -> MethodRules | None:
        """Return the rows of the order's method, None where it is not open."""
        return self.rules.methods.get(self.terms.method)


def market_checks(asked: Question) -> Iterator[CheckResult]:
    """Yield every check of the venue's rules, in a fixed order."""
    yield instrument_check(asked)
    yield method_check(asked)
    yield currency_check(asked)
    yield lot_check(asked)
    yield tick_check(asked)
    yield price_check(asked)
    yield session_check(asked)
    yield fee_check(asked)
    if asked.terms.side is Side.BUY:
        yield eligibility_check(asked)


def instrument_check(asked: Question) -> CheckResult:
    """Refuse what may not be sold on, is not tradable or has run out: CBAM certificates, traded green certificates."""
    terms, held = asked.terms, asked.instrument
    rows = tuple(row for name in ("resale", "validity_years") if (row := asked.rules.rows.get(name)) is not None)
    leaves = (fact("instrument", "品种", held.code, held.kind.value, "the book's instruments"), *map(of_row, rows))
    if held.valid_until is not None and terms.trading_day > held.valid_until:
        return result(
            "order.instrument",
            Outcome.REFUSED,
            f"{held.code} was valid until {held.valid_until}",
            "品种已过有效期",
            leaves,
            rows,
        )
    if held.kind is Family.CBAM and terms.side is Side.SELL:
        return result(
            "order.instrument",
            Outcome.REFUSED,
            "a CBAM certificate cannot be sold on",
            "CBAM证书不可转售",
            leaves,
            rows,
        )
    wanted = Resale.TRADED if terms.side is Side.BUY else Resale.TRADABLE
    if held.kind is Family.GEC and held.tradability is not wanted:
        sentence = (
            "bought certificates belong into an instrument whose tradability is traded: each is traded once"
            if terms.side is Side.BUY
            else f"certificates that are {held.tradability} cannot be sold"
        )
        return result("order.instrument", Outcome.REFUSED, sentence, "绿证仅可交易一次", leaves, rows)
    return result("order.instrument", Outcome.OK, f"{held.code} may be dealt", "品种可交易", leaves, rows)


def method_check(asked: Question) -> CheckResult:
    """Refuse an order that its method does not take: 99,999 t listed passes, 100,000 t listed does not, as a block it does.

    Source: china-carbon-rules section 4, vector R12.
    """
    terms, method = asked.terms, asked.method
    size = fact("quantity", "数量", str(terms.quantity), asked.instrument.unit, "the order")
    if method is None:
        known = ", ".join(asked.rules.methods) or "none"
        return result(
            "order.method",
            Outcome.REFUSED,
            f"{asked.rules.family} is not dealt by {terms.method} on {terms.trading_day}; open: {known}",
            f"该日该品种不可用此交易方式，可用：{known}",
            (size, of_row(asked.rules.row("venue"))),
            (asked.rules.row("venue"),),
        )
    rows = tuple(method.rows[name] for name in ("allowed", "min_quantity", "max_quantity") if name in method.rows)
    leaves = (size, *map(of_row, rows))
    if method.min_quantity is not None and terms.quantity < method.min_quantity:
        en, zh = f"{terms.method} takes orders from {method.min_quantity}", f"该方式单笔不低于{method.min_quantity}"
        return result("order.method", Outcome.REFUSED, en, zh, leaves, rows)
    if method.max_quantity is not None and terms.quantity >= method.max_quantity:
        en, zh = f"{terms.method} takes orders below {method.max_quantity}", f"该方式单笔须低于{method.max_quantity}"
        return result("order.method", Outcome.REFUSED, en, zh, leaves, rows)
    return result("order.method", Outcome.OK, f"{terms.method} takes this order", "交易方式符合", leaves, rows)


def currency_check(asked: Question) -> CheckResult:
    """Refuse another currency than the venue's, and a euro order without a known fixing to value it at."""
    terms, row = asked.terms, asked.rules.row("currency")
    leaves = [of_row(row), fact("currency of the order", "订单币种", terms.currency, "1", "the order")]
    if terms.currency != asked.rules.currency:
        return result(
            "order.currency",
            Outcome.REFUSED,
            f"expected a price in {asked.rules.currency}",
            "币种不符",
            tuple(leaves),
            (row,),
        )
    if terms.currency == "CNY":
        return result("order.currency", Outcome.OK, "the venue's currency", "币种符合", tuple(leaves), (row,))
    if asked.fixing is None:
        return result(
            "order.currency",
            Outcome.REFUSED,
            "no EUR_CNY fixing is known up to now; take one in first",
            "缺少欧元汇率中间价，请先导入",
            tuple(leaves),
            (row,),
        )
    fixing = asked.fixing
    leaves.append(fact("EUR_CNY fixing", "欧元汇率", f"{fixing.value:f}", "CNY/EUR", f"{fixing.source}, {fixing.day}"))
    outcome = Outcome.SECOND_CHECKER if fixing.is_stale else Outcome.OK
    en = "the fixing is stale: a second checker decides" if fixing.is_stale else "valued at the stated fixing"
    return result(
        "order.currency",
        outcome,
        en,
        "汇率陈旧，须第二复核人" if fixing.is_stale else "按所列汇率折算",
        tuple(leaves),
        (row,),
    )


def lot_check(asked: Question) -> CheckResult:
    """Refuse a quantity that is not whole lots."""
    row = asked.rules.row("lot")
    rest = asked.terms.quantity % asked.rules.lot
    leaves = (
        fact("quantity", "数量", str(asked.terms.quantity), asked.instrument.unit, "the order"),
        of_row(row),
    )
    en = f"the quantity is whole lots of {asked.rules.lot}" if not rest else f"expected whole lots of {asked.rules.lot}"
    return result(
        "order.lot", Outcome.REFUSED if rest else Outcome.OK, en, f"交易单位为{asked.rules.lot}", leaves, (row,)
    )


def tick_check(asked: Question) -> CheckResult:
    """Refuse a price between two ticks."""
    row = asked.rules.row("tick")
    is_on = (Fraction(asked.terms.limit_price) / asked.rules.tick).denominator == 1
    leaves = (_price_leaf(asked), of_row(row))
    step = decimal_text(asked.rules.tick)
    en = "the price is on the tick" if is_on else f"expected a multiple of {step}"
    return result("order.tick", Outcome.OK if is_on else Outcome.REFUSED, en, f"最小报价单位{step}", leaves, (row,))


def price_check(asked: Question) -> CheckResult:
    """Refuse a price beyond the day's band around the previous close, or one that is not the official price.

    Rule of a missing close: where a band holds, no known close refuses; a stale one (older than the previous session, or
    last traded too long ago) asks for a second checker. Without a band both ask for a second checker. Previous close
    97.40, 10 %: 87.66 to 107.14, both inclusive.
    """
    if asked.terms.method is TradeMethod.OFFICIAL:
        return _official_check(asked)
    if asked.terms.method is TradeMethod.AUCTION:
        noticed = (_price_leaf(asked), fact("notice", "公告", _notice_ref(asked), "1", "the order"))
        return result(
            "order.price", Outcome.OK, "the auction's notice decides the price", "价格由竞价公告确定", noticed
        )
    return _close_check(asked)


def _close_check(asked: Question) -> CheckResult:
    method, close = asked.method, asked.close
    move_row = None if method is None else method.rows.get("max_move")
    rows = () if move_row is None else (move_row,)
    if close is None:
        outcome = Outcome.REFUSED if move_row else Outcome.SECOND_CHECKER
        given = (_price_leaf(asked), *map(of_row, rows))
        return result("order.price", outcome, "no previous close is known", "前收盘价未知", given, rows)
    age = "unknown" if close.age_sessions is None else str(close.age_sessions)
    fresh_row = asked.rules.row("fresh_close_sessions")
    leaves: tuple[Explanation, ...] = (
        _price_leaf(asked),
        fact("previous close", "前收盘价", f"{close.value:f}", _price_unit(asked), f"{close.source}, {close.day}"),
        fact("age of the close", "收盘价距今交易日", age, "session", "the trading calendar"),
        *map(of_row, (*rows, fresh_row)),
    )
    if move_row is not None and method is not None and method.max_move is not None:
        low, high = band(Fraction(close.value), method.max_move, asked.rules.tick)
        leaves = (*leaves, *_band_leaves(asked, low, high, move_row))
        if not low <= Fraction(asked.terms.limit_price) <= high:
            en = f"expected a price from {decimal_text(low)} to {decimal_text(high)}"
            return result(
                "order.price",
                Outcome.REFUSED,
                en,
                f"价格须在{decimal_text(low)}至{decimal_text(high)}之间",
                leaves,
                rows,
            )
    rows = (*rows, fresh_row)
    if close.is_stale:
        en = "the previous close is stale: a second checker decides"
        return result("order.price", Outcome.SECOND_CHECKER, en, "前收盘价陈旧，须第二复核人", leaves, rows)
    if move_row is None:
        return result("order.price", Outcome.WARNING, "no price limit is on file", "未见涨跌幅规定", leaves, rows)
    return result("order.price", Outcome.OK, "within the day's band", "在涨跌幅范围内", leaves, rows)


def band(close: Fraction, max_move: Fraction, tick: Fraction) -> tuple[Fraction, Fraction]:
    """Return the lowest and highest price, both inclusive, rounded half-up to the tick: 48.15 and 10 % give 43.34 and 52.97."""
    low, high = close * (1 - max_move), close * (1 + max_move)
    return round_exact(low / tick, LIMIT_PRICE) * tick, round_exact(high / tick, LIMIT_PRICE) * tick


def session_check(asked: Question) -> CheckResult:
    """Refuse a day that is closed, over or not in the calendar, and on placing any minute outside the sessions."""
    terms, now = asked.terms, asked.local_now
    day_leaf = fact("trading day", "交易日", terms.trading_day.isoformat(), "date", "the order")
    row = asked.rules.row("calendar")
    now_leaf = fact("now at the venue", "交易场所当前时间", now.strftime("%Y-%m-%d %H:%M"), "date", "the clock")
    leaves: tuple[Explanation, ...] = (day_leaf, now_leaf, of_row(row))
    if not asked.calendar.knows(terms.trading_day):
        en = f"the {asked.rules.calendar} calendar is not published for that day"
        return result("order.session", Outcome.REFUSED, en, "该日交易日历未知", leaves, (row,))
    if not asked.calendar.is_open(terms.trading_day):
        return result("order.session", Outcome.REFUSED, "the venue is closed that day", "非交易日", leaves, (row,))
    if terms.trading_day < now.date():
        return result("order.session", Outcome.REFUSED, "that day is over", "交易日已过", leaves, (row,))
    rows = (row, *(each for name, each in (asked.method.rows.items() if asked.method else ()) if "session" in name))
    leaves = (day_leaf, now_leaf, *map(of_row, rows))
    if asked.stage is Stage.PLACE or terms.trading_day == now.date():
        problem = _session_problem(asked)
        if problem:
            return result("order.session", Outcome.REFUSED, problem, "不在交易时段", leaves, rows)
    return result("order.session", Outcome.OK, "the venue is open", "交易时段符合", leaves, rows)


def fee_check(asked: Question) -> CheckResult:
    """Refuse an order whose fees nobody can bound: no rate on file and none typed."""
    typed = asked.terms.max_fee_minor
    if typed is not None:
        shown = format_units(typed, 2)
        leaves = (fact("most that fees may come to", "费用上限", shown, asked.terms.currency, "the order"),)
        return result("order.fee", Outcome.OK, "the order bounds its fees", "费用上限已填", leaves)
    if asked.fee is None:
        leaves = (of_row(asked.rules.row("venue")),)
        en = "no fee rate is on file; give max_fee"
        return result("order.fee", Outcome.REFUSED, en, "无费率，请填写费用上限", leaves)
    fee = asked.fee
    figure = Explanation(
        label_en="fee at the limit price",
        label_zh="按限价计算的费用",
        value=format_units(fee.fee_minor(asked.terms.amount()), 2),
        unit=asked.terms.currency,
        formula="limit price x quantity x share, half-up to the minor unit",
        children=(
            _price_leaf(asked),
            fact("quantity", "数量", str(asked.terms.quantity), asked.instrument.unit, "the order"),
            of_row(fee.row),
        ),
    )
    return result("order.fee", Outcome.OK, "fees by the rates on file", "按费率计算", (figure,), (fee.row,))


def eligibility_check(asked: Question) -> CheckResult:
    """Warn where what is bought does not settle the duty it is meant for (the year before the trading day's, if not said)."""
    terms, held = asked.terms, asked.instrument
    year = terms.compliance_year or terms.trading_day.year - 1
    leaf = fact(
        "compliance year", "履约年度", str(year), "year", "the order" if terms.compliance_year else "the duty due next"
    )
    if held.kind is Family.CEA and held.vintage_year is not None:
        verdict = vintage_verdict(
            asked.vintage_rules, vintage_year=held.vintage_year, duty_year=year, on=terms.trading_day
        )
        source = verdict.rule.source if verdict.rule else "vintage rules"
        leaves = (leaf, fact("vintage", "配额年度", str(held.vintage_year), "year", source))
        outcome = Outcome.OK if verdict.is_usable else Outcome.WARNING
        return result("order.eligibility", outcome, verdict.reason_en, verdict.reason_zh, leaves)
    if held.kind is Family.CCER and held.registered_on is not None:
        credit = ccer_eligibility(
            asked.offset_rules,
            registered_on=held.registered_on,
            is_inside_national_ets=held.is_inside_national_ets,
            on=terms.trading_day,
        )
        leaves = (
            leaf,
            fact("registered on", "登记日", held.registered_on.isoformat(), "date", "the book's instruments"),
        )
        outcome = Outcome.OK if credit.is_eligible else Outcome.WARNING
        return result(
            "order.eligibility",
            outcome,
            credit.reason_en,
            credit.reason_zh,
            (*leaves, *map(of_row, credit.rows)),
            credit.rows,
        )
    en = f"{held.kind} settles no duty of the national market"
    return result("order.eligibility", Outcome.OK, en, "不用于全国碳市场履约", (leaf,))


def result(
    code: str,
    outcome: Outcome,
    en: str,
    zh: str,
    leaves: tuple[Explanation, ...],
    rows: tuple[ReferenceRow, ...] = (),
) -> CheckResult:
    """Return a result whose explanation's label is the sentence and whose children are the figures and rows."""
    explanation = Explanation(label_en=en, label_zh=zh, value=outcome.value, unit="1", formula=code, children=leaves)
    return CheckResult(code=code, outcome=outcome, explanation=explanation, row_ids=tuple(row.row_id for row in rows))


def fact(label_en: str, label_zh: str, value: str, unit: str, source: str) -> Explanation:
    """Return a leaf."""
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)


def of_row(row: ReferenceRow) -> Explanation:
    """Return a rule row as a leaf: its source says how far it may be trusted."""
    return fact(row.label_en, row.label_zh, row.value, row.unit, f"{row.row_id} ({row.status}): {row.source}")


def _official_check(asked: Question) -> CheckResult:
    official = asked.official
    if official is None:
        en = f"no official price of {asked.instrument.price_period} is known; take it in first"
        return result("order.price", Outcome.REFUSED, en, "官方价格未知", (_price_leaf(asked),))
    known = fact(
        "official price", "官方价格", f"{official.value:f}", _price_unit(asked), f"{official.source}, {official.day}"
    )
    is_it = asked.terms.limit_price == official.value
    en = "the official price" if is_it else f"expected the official price {official.value:f}"
    outcome = Outcome.OK if is_it else Outcome.REFUSED
    return result("order.price", outcome, en, "官方价格" if is_it else "须按官方价格", (_price_leaf(asked), known))


def _session_problem(asked: Question) -> str:
    terms, now = asked.terms, asked.local_now
    if asked.stage is Stage.PLACE and terms.trading_day != now.date():
        return "the order is for another day"
    notice = terms.notice
    if notice is not None:
        is_late = now > notice.closes_at or (asked.stage is Stage.PLACE and now < notice.opens_at)
        return "outside the hours of the auction's notice" if is_late else ""
    sessions = asked.method.sessions if asked.method else ()
    if not sessions:
        return "the venue's hours are not on file"
    minute = now.hour * 60 + now.minute
    hours = ", ".join(map(str, sessions))
    if asked.stage is Stage.PROPOSE:
        return f"the last session of {hours} is over" if minute > sessions[-1].to_minute else ""
    is_open = any(
        each.from_minute <= minute and (minute, now.second, now.microsecond) <= (each.to_minute, 0, 0)
        for each in sessions
    )
    return "" if is_open else f"sessions are {hours} in {asked.rules.zone}"


def _band_leaves(asked: Question, low: Fraction, high: Fraction, row: ReferenceRow) -> tuple[Explanation, ...]:
    unit = _price_unit(asked)
    source = f"previous close x (1 -/+ move), half-up to the tick; {row.row_id}"
    return (
        fact("lowest price", "跌停价", decimal_text(low), unit, source),
        fact("highest price", "涨停价", decimal_text(high), unit, source),
    )


def _price_leaf(asked: Question) -> Explanation:
    return fact("limit price", "限价", f"{asked.terms.limit_price:f}", _price_unit(asked), "the order")


def _price_unit(asked: Question) -> str:
    return f"{asked.terms.currency}/{asked.instrument.unit}"


def _notice_ref(asked: Question) -> str:
    return asked.terms.notice.notice_ref if asked.terms.notice else ""
