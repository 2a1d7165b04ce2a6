"""What is asked before a contract is worded or a step is taken: days, instruments, counterparty, limits, cash.

Reads only, commits nothing. Under the book's lock the answer holds until the transaction ends; whether the tonnes are free
is the ledger's own answer when the group is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.accounting.chart import BANK, BOOK_CURRENCY
from finance.accounting.contract_rules import MONEY_RULES
from finance.accounting.instruments import Instrument
from finance.operations.order_checks import calendar_on, order_commitments, waiting_hours
from finance.operations.trading_desk import Desk
from finance.operations.valuations import instruments_of
from finance.store import carbon_contracts as store
from finance.store import counterparties, reference, trading_limits
from finance.trading.contracts import kinds, life
from finance.trading.contracts.effects import Buy, Effect, Exchange, Money, Plan
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.life import ContractRecord
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.swap import SwapTerms
from finance.trading.contracts.terms import refused, refused_as
from finance.trading.counterparties import CounterpartyRecord, CounterpartyState
from finance.trading.limits import Commitment, uses
from finance.trading.rules import zone_name
from ledger.core.amounts import format_units
from ledger.core.errors import Conflict
from ledger.store import balances

_TONNE = "t"


def today(desk: Desk) -> date:
    """Return today in the zone of contract days."""
    row = reference.shipped_carbon_contract_rules().lookup("contract.zone", on=desk.now.date())
    return desk.now.astimezone(ZoneInfo(zone_name(row.word()))).date()


def hold_days(on: date) -> int:
    """Return how many days a forward seller's tonnes stay set aside after the delivery day."""
    row = reference.shipped_carbon_contract_rules().lookup("forward.hold_days_after_delivery", on=on)
    return int(row.number())


def check_terms(desk: Desk, terms: ContractTerms) -> None:
    """Refuse terms that could never be opened: another currency, unknown instruments, closed days, no such counterparty.

    A day whose calendar is not published yet passes here; the step of that day asks again.
    """
    if desk.book.functional_currency != BOOK_CURRENCY:
        raise Conflict("trade.book_currency", f"book: expected a book kept in {BOOK_CURRENCY}")
    if isinstance(terms, PledgeLoanTerms) and terms.lender_organisation_id == desk.book.tenant_id:
        raise refused("lender_organisation_id", "another organisation than the book's own, which could release itself")
    held = instruments_of(desk.session, desk.book.book_id)
    for name, code in zip(_instrument_fields(terms), kinds.instruments_of(terms), strict=True):
        if code not in held or held[code].unit != _TONNE:
            raise Conflict(
                "contract.instrument_unregistered",
                f"{name}: expected one in tonnes that this book keeps; register it first",
                field=name,
            )
    if terms.agreed_on > today(desk):
        raise refused("agreed_on", f"a day up to today, {today(desk)}")
    calendar = calendar_on(desk, _calendar_name(today(desk)))
    for name, day in (("starts_on", kinds.first_day(terms)), ("ends_on", kinds.last_day(terms))):
        if calendar.knows(day) and not calendar.is_open(day):
            raise refused_as("day_closed", name, f"an open day of {calendar.market}, {day} is closed")
    state = _counterparty_state(desk, _counterparty(desk, terms.counterparty_id))
    if state in {CounterpartyState.REVOKED, CounterpartyState.REJECTED}:
        raise Conflict(
            "contract.counterparty",
            f"counterparty_id: expected one that is trusted, this one is {state}",
            field="counterparty_id",
        )


def check_day(desk: Desk, on: date) -> None:
    """Refuse a day that is to come or closed; an unpublished year is refused with ``calendar.unknown``."""
    if on > today(desk):
        raise Conflict("contract.day", f"on: expected a day up to today, {today(desk)}")
    if not calendar_on(desk, _calendar_name(today(desk))).is_open(on):
        raise Conflict("contract.day_closed", f"on: {on} is no open day of the exchange; take the next one")


def check_not_before(on: date, standing: Standing, *, today: date) -> None:
    """Refuse a day before the contract's latest step or after today: facts come in order of their days."""
    if not standing.latest_on <= on <= today:
        raise Conflict(
            "contract.day_order", f"on: expected a day from {standing.latest_on}, its latest step, to {today}"
        )


def check_opening(desk: Desk, record: ContractRecord, plan: Plan, *, on: date) -> None:
    """Refuse an untrusted counterparty, a limit that is passed, and money that the bank does not have."""
    terms = record.in_force.terms
    named = _counterparty(desk, terms.counterparty_id)
    state = _counterparty_state(desk, named)
    if state is not CounterpartyState.TRUSTED:
        raise Conflict("contract.counterparty", f"counterparty_id: expected one that is trusted, this one is {state}")
    held = instruments_of(desk.session, desk.book.book_id)
    asked = _commitment(held, record, on)
    others = (*order_commitments(desk), *_other_contracts(desk, held, record.contract_id))
    dealt = sum(one.amount_fen for one in others if one.counterparty_id == named.counterparty_id)
    if dealt + asked.amount_fen > named.terms.max_amount_fen:
        raise Conflict("contract.limit_counterparty", "contract: beyond the counterparty's cumulative limit")
    limits = trading_limits.list_limits(desk.session, desk.book.book_id, desk.book.book_uuid)
    for use in uses(limits, asked, others):
        if not use.is_kept:
            scope = use.limit.terms.scope
            raise Conflict(
                f"contract.limit_{scope}", f"contract: beyond the limit per {scope}", limit_id=str(use.limit.limit_id)
            )
    _check_cash(desk, plan)


def _check_cash(desk: Desk, plan: Plan) -> None:
    needed = sum(_cash_out(plan.effects))
    if needed <= 0:
        return
    bank = balances.balance_now(desk.session, desk.book.book_id, BANK, now=desk.now)
    if needed > bank.available:
        raise Conflict(
            "contract.cash_short",
            f"contract: {format_units(needed, 2)} CNY are needed, {format_units(max(bank.available, 0), 2)} available",
        )


def _cash_out(effects: Iterable[Effect]) -> Iterable[int]:
    """Yield what leaves the bank, less what comes in, in fen."""
    for effect in effects:
        if isinstance(effect, Money):
            debit, credit, _ = MONEY_RULES[effect.what.value]
            yield effect.amount_fen * ((credit == BANK) - (debit == BANK))
        elif isinstance(effect, Exchange):
            yield -effect.cash_fen
        elif isinstance(effect, Buy):
            yield effect.amount_fen


def _commitment(held: Mapping[str, Instrument], record: ContractRecord, on: date) -> Commitment:
    terms = record.in_force.terms
    code = kinds.instruments_of(terms)[0]
    instrument = held[code]
    return Commitment(
        order_id=record.contract_id,
        instrument=code,
        vintage_key=f"{instrument.kind.value}:{instrument.vintage_year}" if instrument.vintage_year else "",
        unit=_TONNE,
        counterparty_id=terms.counterparty_id,
        trading_day=on,
        quantity=kinds.quantity_of(terms),
        amount_fen=kinds.value_fen(terms),
    )


def _other_contracts(desk: Desk, held: Mapping[str, Instrument], contract_id: UUID) -> Iterable[Commitment]:
    """Yield what each opened contract of the book counts with, on the day it was opened."""
    for other in store.list_contracts(desk.session, desk.book.book_id, desk.book.book_uuid):
        opened = other.event(life.EventKind.OPENED)
        if other.contract_id != contract_id and opened is not None:
            yield _commitment(held, other, opened.happened_on)


def _instrument_fields(terms: ContractTerms) -> tuple[str, ...]:
    """Return the names of the terms that ``kinds.instruments_of`` gives."""
    return ("gives", "takes") if isinstance(terms, SwapTerms) else ("instrument",)


def _counterparty(desk: Desk, counterparty_id: UUID) -> CounterpartyRecord:
    found = counterparties.find_counterparty(desk.session, desk.book.book_id, counterparty_id, desk.book.book_uuid)
    if found is None:
        raise Conflict(
            "contract.counterparty_unregistered",
            "counterparty_id: expected one that is registered; propose it first",
            field="counterparty_id",
        )
    return found


def _counterparty_state(desk: Desk, named: CounterpartyRecord) -> CounterpartyState:
    now: datetime = desk.now
    return named.state(now=now, waiting_hours=waiting_hours(today(desk)))


def _calendar_name(on: date) -> str:
    return reference.shipped_carbon_contract_rules().lookup("contract.calendar", on=on).word()
