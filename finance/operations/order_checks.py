"""What an order is checked with: rows, calendar, prices known now, balances, holds, other orders, limits.

Reads only, commits nothing. Under the book's lock the answer holds until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.accounting.chart import BANK, Chart
from finance.accounting.instruments import Instrument
from finance.conventions import calendars
from finance.conventions.calendars import BusinessCalendar
from finance.market.marks import Mark, MarkState, mark_for
from finance.market.observations import Observation, PriceBasis
from finance.operations.trades import reversed_seqs
from finance.operations.trading_desk import Desk
from finance.operations.valuations import instruments_of
from finance.store import calendar_years, counterparties, market, reference, trading_limits
from finance.store import orders as order_store
from finance.store import trades as trade_store
from finance.trading.checks import CheckResult, Observed, Outcome, Question, Stage, market_checks
from finance.trading.fees import fee_rate
from finance.trading.instruments import Family, Resale, TradedInstrument
from finance.trading.limits import Commitment, LimitScope, LimitUse, uses
from finance.trading.means import CashView, Means, PositionView, commitment, means_checks, order_commitment
from finance.trading.orders import OPEN_STATES, OrderRecord, OrderState, OrderTerms, Side, StepKind, state_of
from finance.trading.rules import MarketRules, market_rules, region_of, zone_name
from finance.trading.settlement import fill_value_fen, needed_cash_fen, proceeds_fen
from ledger.core.errors import Conflict, DomainError, NotFound
from ledger.store import balances, holds_report
from ledger.store.holds_report import HoldPoint

_NOT_A_CLOSE = frozenset({PriceBasis.VWAP_BLOCK, PriceBasis.COMPOSITE_CLOSE, PriceBasis.OFFICIAL_PRICE})
_LIMITS = frozenset(f"order.limit_{scope}" for scope in LimitScope)
_EUR_CNY, _FIXING_CALENDAR = "EUR_CNY", "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An order's checks, and what they were asked with."""

    order_id: UUID
    question: Question
    means: Means
    results: tuple[CheckResult, ...]

    @property
    def refused(self) -> tuple[CheckResult, ...]:
        """Return the checks that refuse the order."""
        return tuple(one for one in self.results if one.outcome is Outcome.REFUSED)

    @property
    def refused_by_limit(self) -> tuple[CheckResult, ...]:
        """Return the limits that refuse the order."""
        return tuple(one for one in self.refused if one.code in _LIMITS)

    @property
    def limit_uses(self) -> tuple[LimitUse, ...]:
        """Return the limits that the order falls under, with what others use of each."""
        return uses(self.means.limits, order_commitment(self.question, self.order_id), self.means.others)

    @property
    def approvals_needed(self) -> int:
        """Return how many persons beside the maker must approve."""
        return 2 if any(one.outcome is Outcome.SECOND_CHECKER for one in self.results) else 1

    def refuse_if_refused(self) -> None:
        """Raise ``order.refused`` naming every check that refuses; as ``RefusedByLimit`` where a limit is among them."""
        if not self.refused:
            return
        said = "; ".join(f"{one.code}: {one.explanation.label_en}" for one in self.refused)
        message, codes = f"order: {said}"[:400], ", ".join(one.code for one in self.refused)
        if self.refused_by_limit:
            raise RefusedByLimit(self, message, codes)
        raise Conflict("order.refused", message, checks=codes)


class RefusedByLimit(Conflict):
    """An order that a trading limit refuses: the one refusal of a check that a desk is told of."""

    def __init__(self, checked: Checked, message: str, codes: str) -> None:
        """Keep the checks beside what is answered."""
        super().__init__("order.refused", message, checks=codes)
        self.checked = checked


def check_order(desk: Desk, terms: OrderTerms, order_id: UUID, *, stage: Stage, tree_size: int) -> Checked:
    """Return every check of the order as things stand now; an instrument that the book does not keep is refused."""
    held = instruments_of(desk.session, desk.book.book_id)
    instrument = held.get(terms.instrument)
    if instrument is None:
        raise Conflict(
            "order.instrument", "instrument: expected one that this book keeps; register it first", field="instrument"
        )
    asked = _question(desk, terms, instrument, stage)
    orders = order_store.list_orders(desk.session, desk.book.book_id, desk.book.book_uuid)
    others = [one for one in orders if one.order_id not in {order_id, terms.corrects}]
    named = terms.counterparty_id
    means = Means(
        position=_position(desk, terms, asked.rules),
        cash=_cash(desk, terms, asked.rules, orders, tree_size, order_id),
        counterparty=None
        if named is None
        else counterparties.find_counterparty(desk.session, desk.book.book_id, named, desk.book.book_uuid),
        limits=trading_limits.list_limits(desk.session, desk.book.book_id, desk.book.book_uuid),
        others=tuple(_commitments(desk, others, held)),
        now=desk.now,
    )
    results = (*market_checks(asked), *means_checks(asked, means, order_id))
    return Checked(order_id=order_id, question=asked, means=means, results=results)


def traded(instrument: Instrument) -> TradedInstrument:
    """Return an instrument as trading sees it."""
    return TradedInstrument(
        code=instrument.code,
        kind=Family(instrument.kind.value),
        unit=instrument.unit,
        vintage_year=instrument.vintage_year,
        registered_on=instrument.registered_on,
        is_inside_national_ets=instrument.is_inside_national_ets,
        price_period=instrument.price_period,
        valid_until=instrument.valid_until,
        tradability=None if instrument.tradability is None else Resale(instrument.tradability.value),
    )


def rules_of(desk: Desk, terms: OrderTerms) -> MarketRules:
    """Return the rules of an order's family on its trading day."""
    instrument = instruments_of(desk.session, desk.book.book_id)[terms.instrument]
    return market_rules(reference.shipped_trading_rules(), Family(instrument.kind.value), on=terms.trading_day)


def venue_today(desk: Desk, terms: OrderTerms, kinds: Mapping[str, Instrument] | None = None) -> date:
    """Return today at the venue of an order's instrument."""
    held = kinds if kinds is not None else instruments_of(desk.session, desk.book.book_id)
    family = Family(held[terms.instrument].kind.value)
    row = reference.shipped_trading_rules().lookup(
        f"{family.value.lower()}.zone", on=terms.trading_day, region=region_of(family)
    )
    return desk.now.astimezone(ZoneInfo(zone_name(row.word()))).date()


def calendar_on(desk: Desk, market: str) -> BusinessCalendar:
    """Return a market's calendar as the desk's organisation knows it now."""
    return calendar_years.load_calendar(desk.session, desk.book.tenant_id, market, known_at=desk.now).calendar


def waiting_hours(on: date) -> int:
    """Return the hours between a counterparty's approval and its first use."""
    row = reference.shipped_trading_rules().lookup("any.counterparty_waiting_hours", on=on)
    return int(row.number())


def fixing_on(desk: Desk, day: date) -> Observed | None:
    """Return the EUR_CNY fixing on or before ``day`` by what is known now, None without one."""
    calendar = calendar_on(desk, _FIXING_CALENDAR)
    seen = market.list_observations(
        desk.session, desk.book.tenant_id, instruments=(_EUR_CNY,), until=day, known_at=desk.now
    )
    mark = _mark(_EUR_CNY, day, seen, calendar, desk)
    return None if mark is None else _observed(mark, calendar, day, fresh=None)


def _question(desk: Desk, terms: OrderTerms, instrument: Instrument, stage: Stage) -> Question:
    family = Family(instrument.kind.value)
    rules = market_rules(reference.shipped_trading_rules(), family, on=terms.trading_day)
    calendar = calendar_on(desk, rules.calendar)
    local_now = desk.now.astimezone(ZoneInfo(rules.zone))
    return Question(
        terms=terms,
        instrument=traded(instrument),
        rules=rules,
        calendar=calendar,
        local_now=local_now,
        stage=stage,
        close=_previous_close(desk, instrument, rules, calendar, terms.trading_day),
        official=_official(desk, instrument),
        fixing=fixing_on(desk, min(terms.trading_day, local_now.date())) if rules.currency == "EUR" else None,
        fee=fee_rate(reference.shipped_fee_rates(), family, terms.method, on=terms.trading_day),
        vintage_rules=reference.shipped_vintage_rules(),
        offset_rules=reference.shipped_offset_rules(),
    )


def _previous_close(
    desk: Desk, instrument: Instrument, rules: MarketRules, calendar: BusinessCalendar, trading_day: date
) -> Observed | None:
    try:
        before = calendars.previous_open_day(calendar, trading_day)
    except DomainError:  # the calendar does not know that day: no close, and the session check says why
        return None
    seen = market.list_observations(
        desk.session, desk.book.tenant_id, instruments=(instrument.marked_by,), until=before, known_at=desk.now
    )
    closes = [one for one in seen if one.price_basis not in _NOT_A_CLOSE]
    mark = _mark(instrument.marked_by, before, closes, calendar, desk)
    if mark is None or mark.currency != rules.currency:
        return None
    return _observed(mark, calendar, trading_day, fresh=rules.fresh_close_sessions)


def _mark(code: str, as_of: date, seen: Sequence[Observation], calendar: BusinessCalendar, desk: Desk) -> Mark | None:
    try:
        mark = mark_for(
            code,
            as_of=as_of,
            known_at=desk.now,
            observations=seen,
            calendar=calendar,
            rules=reference.shipped_mark_rules(),
        )
    except (NotFound, Conflict):  # nothing marks it, or the day is unknown to the calendar: no price is known
        return None
    return mark if mark.last_value is not None and mark.trade_date is not None else None


def _observed(mark: Mark, calendar: BusinessCalendar, day: date, *, fresh: int | None) -> Observed:
    assert mark.last_value is not None, "an observed mark has a value"
    assert mark.trade_date is not None, "an observed mark has a day"
    try:
        age: int | None = calendars.trading_days_between(calendar, mark.trade_date, day)
    except DomainError:  # older than the calendar counts
        age = None
    is_old = age is None or (fresh is not None and age > fresh)
    return Observed(
        value=mark.last_value,
        day=mark.trade_date,
        age_sessions=age,
        is_stale=is_old or mark.state is MarkState.STALE,
        source=f"{mark.source}, {mark.basis}" if mark.basis else mark.source,
    )


def _official(desk: Desk, instrument: Instrument) -> Observed | None:
    if not instrument.price_period:
        return None
    seen = [
        one
        for one in market.list_observations(
            desk.session,
            desk.book.tenant_id,
            instruments=(instrument.code, instrument.marked_by),
            known_at=desk.now,
        )
        if one.price_basis is PriceBasis.OFFICIAL_PRICE and one.value is not None
    ]
    if not seen:
        return None
    newest = max(seen, key=lambda one: (one.trade_date, one.revision, one.known_at))
    assert newest.value is not None, "only observations with a value are looked at"
    return Observed(value=newest.value, day=newest.trade_date, age_sessions=0, is_stale=False, source=newest.source)


def _position(desk: Desk, terms: OrderTerms, rules: MarketRules) -> PositionView:
    path = Chart().accounts_of(terms.instrument).holding
    now = balances.balance_now(desk.session, desk.book.book_id, path, now=desk.now)
    bought = 0
    if not rules.may_sell_same_day:
        found = trade_store.purchased_on(desk.session, desk.book.book_id, terms.instrument, terms.trading_day)
        undone = reversed_seqs(desk.session, desk.book.book_id, path) if found else frozenset()
        bought = sum(quantity for seq, quantity in found if seq not in undone)
    return PositionView(posted=now.posted, held=now.held, bought_same_day=bought, source=f"ledger account {path}, now")


def _cash(
    desk: Desk,
    terms: OrderTerms,
    rules: MarketRules,
    orders: Sequence[OrderRecord],
    tree_size: int,
    order_id: UUID,
) -> CashView:
    bank = balances.balance_now(desk.session, desk.book.book_id, BANK, now=desk.now)
    buys = [one for one in orders if one.terms.side is Side.BUY and one.order_id != order_id]
    held = held_by(desk, buys, tree_size)
    kept = instruments_of(desk.session, desk.book.book_id)
    proceeds = 0
    if rules.may_reuse_proceeds:
        proceeds = sum(
            proceeds_fen(fill, one.terms.currency)
            for one in orders
            if one.terms.side is Side.SELL
            for fill in one.unsettled
            if fill.dealt_on == terms.trading_day and one.settlement_of(fill.fill_ref) is None
        )
    return CashView(
        posted_fen=bank.posted,
        held_otherwise_fen=bank.held - held,
        committed_fen=sum(needed_cash_fen(one, is_open=is_open(desk, one, kept)) for one in buys),
        same_day_proceeds_fen=proceeds,
        source=f"ledger account {BANK}, now",
    )


def held_by(desk: Desk, orders: Iterable[OrderRecord], tree_size: int) -> int:
    """Return what the holds of ``orders`` still set aside, in smallest units."""
    ids = [
        UUID(text) for one in orders if (placed := one.step(StepKind.PLACED)) if (text := placed.details.get("hold_id"))
    ]
    if not ids:
        return 0
    point = HoldPoint(known=tree_size, now=desk.now)
    return sum(hold.remaining for hold in holds_report.find_holds(desk.session, desk.book.book_id, ids, point))


def is_open(desk: Desk, order: OrderRecord, held: Mapping[str, Instrument]) -> bool:
    """Return whether the order may still deal; ``held`` are the book's instruments."""
    return state_of(order, today=venue_today(desk, order.terms, held)) in OPEN_STATES


def _commitments(desk: Desk, orders: Iterable[OrderRecord], held: Mapping[str, Instrument]) -> Iterable[Commitment]:
    """Yield what each order counts with: an open one whole, a closed one with what was dealt, the others nothing."""
    for order in orders:
        instrument = traded(held[order.terms.instrument])
        proposed = order.step(StepKind.PROPOSED)
        state = state_of(order, today=venue_today(desk, order.terms, held))
        if proposed is None or state in {OrderState.REJECTED, OrderState.CORRECTED}:
            continue
        if state in OPEN_STATES:
            yield commitment(order.terms, instrument, order.order_id, int(proposed.details["amount_fen"]))
        elif order.fills:
            amount = sum(fill_value_fen(fill, order.terms.currency) for fill in order.live_fills)
            whole = commitment(order.terms, instrument, order.order_id, amount)
            yield Commitment(
                order_id=whole.order_id,
                instrument=whole.instrument,
                vintage_key=whole.vintage_key,
                unit=whole.unit,
                counterparty_id=whole.counterparty_id,
                trading_day=whole.trading_day,
                quantity=order.filled,
                amount_fen=amount,
            )


def order_commitments(desk: Desk) -> tuple[Commitment, ...]:
    """Return what every order of the book counts with, for limits that orders share with contracts."""
    orders = order_store.list_orders(desk.session, desk.book.book_id, desk.book.book_uuid)
    return tuple(_commitments(desk, orders, instruments_of(desk.session, desk.book.book_id)))
