"""Carrying old vintages over: how much may be, from the book's own trades; requested by two persons, booked lot by lot.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import Chart
from finance.accounting.compliance_entries import MOST_LOTS_AN_ENTRY, CarriedLots, carry_over_drafts
from finance.accounting.instruments import Instrument, InstrumentKind
from finance.accounting.trades import TradeKind
from finance.compliance import carry_over as carry_overs
from finance.compliance.allocation import row_leaf
from finance.compliance.carry_over import CarryOver, CarryOverRule
from finance.compliance.deadline_calendar import Sector, due_day
from finance.compliance.plan_lots import CostBasis
from finance.conventions.explain import Explanation
from finance.operations.allocations import By, propose_by, standing_verification
from finance.operations.compliance import cover_of
from finance.operations.compliance_lots import instrument_lots
from finance.operations.compliance_proposals import ProposalSubject, check_fresh, found, to_execute
from finance.operations.trades import reversed_seqs
from finance.operations.valuations import instruments_of
from finance.store import compliance as store
from finance.store import reference
from finance.store import trades as trade_store
from finance.store.compliance import Proposal, ProposalKind
from ledger import operations as ledger
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.lots import LotPosition, relieve
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes
from ledger.store import reports

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCarryOver:
    """What the book may carry over under a rule: sums of its trades, its holding, what bars it, and the result."""

    rule: CarryOverRule
    sold_t: int
    bought_t: int
    holding_t: int
    unsettled: tuple[int, ...]
    result: CarryOver

    def explain(self) -> Explanation:
        """Return why so many tonnes may be carried over, down to trades, holding and rows."""
        named = (
            ("sold", "卖出量", self.sold_t, "sales of the counted vintages in the ledger's trades"),
            ("bought", "买入量", self.bought_t, "purchases of the counted vintages in the ledger's trades"),
            ("holding", "持有量", self.holding_t, f"ledger holdings at the close of {self.rule.holding_on}"),
            (
                "years not surrendered in time",
                "未按时清缴年度数",
                len(self.unsettled),
                "verified duties and surrenders",
            ),
        )
        return Explanation(
            label_en=f"tonnes that may be carried over into vintage {self.rule.into_vintage}",
            label_zh=f"可结转为{self.rule.into_vintage}年度配额的数量",
            value=str(self.result.carryover_t),
            unit="t",
            formula=self.result.formula + "; nothing where a year was not surrendered in time",
            children=(
                *(
                    Explanation(label_en=en, label_zh=zh, value=str(value), unit="t", source=source)
                    for en, zh, value, source in named
                ),
                *(row_leaf(row) for row in self.rule.rows),
            ),
        )


def compute_carry_over(
    session: Session, book_id: int, *, into_year: int, declared_settled: tuple[int, ...], known_at: datetime
) -> BookCarryOver:
    """Return what the book may carry over into ``into_year``, net sales from its purchases and sales that stand.

    Holding counts what is frozen or pledged too. A duty year whose verification is on file is judged by the surrenders up
    to its deadline; any other must be declared as settled or without a duty (``carryover.undeclared``). Sold 200,000,
    bought 80,000, holding 300,000: 190,000 t.
    """
    rule = carry_overs.carry_over_rule(reference.shipped_carry_over_rules(), into_year=into_year)
    counted = {
        code: each
        for code, each in instruments_of(session, book_id).items()
        if each.kind is InstrumentKind.CEA and rule.counts(each.vintage_year or 0)
    }
    sold_t, bought_t = _net_sales(session, book_id, rule, counted)
    chart = Chart()
    holding_t = sum(
        reports.balance_as_of(session, book_id, chart.accounts_of(code).holding, as_of=rule.holding_on).balance
        for code in counted
    )
    unsettled = _unsettled(session, book_id, rule, declared_settled, known_at=known_at)
    return BookCarryOver(
        rule=rule,
        sold_t=sold_t,
        bought_t=bought_t,
        holding_t=holding_t,
        unsettled=unsettled,
        result=carry_overs.carryover_t(
            sold_t=sold_t, bought_t=bought_t, holding_t=holding_t, rule=rule, is_barred=bool(unsettled)
        ),
    )


def propose_carry_over(
    session: Session,
    book_id: int,
    *,
    into_year: int,
    requested_on: date,
    into_instrument: str,
    tonnes: int | None,
    declared_settled: tuple[int, ...],
    by: By,
) -> Proposal:
    """Propose a request for ``tonnes`` (None: all that may be), oldest vintage and oldest lot first.

    Outside the window it is ``carryover.window``, beyond what may be or is held free ``carryover.tonnes``, a target of
    another vintage ``carryover.into``.
    """
    document = _request(
        session,
        book_id,
        into_year=into_year,
        requested_on=requested_on,
        into_instrument=into_instrument,
        tonnes=tonnes,
        declared_settled=declared_settled,
        known_at=by.now,
    )
    subject = ProposalSubject(book_id=book_id, year=into_year, kind=ProposalKind.CARRY_OVER, dated_on=requested_on)
    return propose_by(session, subject, document, by)


def execute_carry_over(
    session: Session,
    proposal_id: UUID,
    *,
    confirmed_on: date,
    actor: Actor,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
    random_bytes: RandomBytes,
) -> Proposal:
    """Book an approved request as the registry confirmed it on ``confirmed_on``: lots move with their cost and day, 1:1."""
    proposal = to_execute(session, proposal_id, ProposalKind.CARRY_OVER, today=today)
    if not proposal.dated_on <= confirmed_on <= today:
        raise Invalid("carryover.confirmed_on", f"confirmed_on: expected a day from {proposal.dated_on} to {today}")
    document = proposal.document
    fresh = _request(
        session,
        proposal.book_id,
        into_year=proposal.year,
        requested_on=proposal.dated_on,
        into_instrument=str(document["into"]),
        tonnes=int(document["tonnes"]),
        declared_settled=tuple(int(each) for each in document["declared_settled"]),
        known_at=now,
    )
    check_fresh(proposal, {"tonnes": fresh["tonnes"], "lots": fresh["lots"]})
    carried = _carried(session, proposal, on=confirmed_on)
    drafts = carry_over_drafts(
        carried,
        entry_ids=[new_id() for _ in carried],
        link=proposal.proposal_id,
        effective_on=confirmed_on,
        actor=actor,
    )
    outcomes = ledger.post_entries(session, proposal.book_id, drafts, now=now, random_bytes=random_bytes)
    entries = []
    for outcome in outcomes:
        if not isinstance(outcome, EntryReceipt):
            raise outcome.refusal
        entries.append((outcome.entry_id, outcome.seq))
    store.save_entries(session, proposal, entries, by=actor.user_id, at=now)
    return found(session, proposal_id)


def _net_sales(session: Session, book_id: int, rule: CarryOverRule, counted: dict[str, Instrument]) -> tuple[int, int]:
    chart, sums = Chart(), {TradeKind.SALE: 0, TradeKind.PURCHASE: 0}
    undone = {code: reversed_seqs(session, book_id, chart.accounts_of(code).holding) for code in counted}
    for recorded in trade_store.list_trades(session, book_id, until=rule.measured_to - _ONE_DAY):
        trade = recorded.trade
        if (
            trade.kind in sums
            and trade.instrument in counted
            and trade.traded_on >= rule.measured_from
            and recorded.entry_seq not in undone[trade.instrument]
        ):
            sums[trade.kind] += trade.quantity_t or 0
    return sums[TradeKind.SALE], sums[TradeKind.PURCHASE]


def _unsettled(
    session: Session, book_id: int, rule: CarryOverRule, declared: tuple[int, ...], *, known_at: datetime
) -> tuple[int, ...]:
    """Return the duty years that were not surrendered in time."""
    unsettled = []
    for year in range(rule.duty_from, rule.duty_to + 1):
        verification = standing_verification(session, book_id, year=year, on=rule.window_to, known_at=known_at)
        if verification is None:
            if year not in declared:
                raise Conflict(
                    "carryover.undeclared",
                    f"declared_settled: expected {year}, surrendered in time or without a duty; nothing of it is on file",
                    year=str(year),
                )
            continue
        last = due_day(reference.shipped_deadlines(), year=year, step="surrender", sector=Sector.ALUMINIUM)
        if cover_of(session, book_id, year=year, on=last).surrendered_t < int(verification.document["tonnes"]):
            unsettled.append(year)
    return tuple(unsettled)


def _request(
    session: Session,
    book_id: int,
    *,
    into_year: int,
    requested_on: date,
    into_instrument: str,
    tonnes: int | None,
    declared_settled: tuple[int, ...],
    known_at: datetime,
) -> dict[str, Any]:
    found_it = compute_carry_over(
        session, book_id, into_year=into_year, declared_settled=declared_settled, known_at=known_at
    )
    rule = found_it.rule
    rule.check_window(requested_on)
    instruments = instruments_of(session, book_id)
    target = instruments.get(into_instrument)
    if target is None:
        raise NotFound("instrument.not_found", "into: the book keeps no instrument of that code; register it first")
    if target.kind is not InstrumentKind.CEA or target.vintage_year != rule.into_vintage:
        raise Invalid("carryover.into", f"into: expected an allowance of vintage {rule.into_vintage}", field="into")
    most = found_it.result.carryover_t
    wanted = most if tonnes is None else tonnes
    old = sorted(
        (each.vintage_year or 0, code)
        for code, each in instruments.items()
        if each.kind is InstrumentKind.CEA and rule.counts(each.vintage_year or 0) and code != into_instrument
    )
    lots, left = [], wanted
    for _, code in old:
        held = instrument_lots(session, book_id, code, on=requested_on, basis=CostBasis.BOOK)
        for lot in sorted(held.lots, key=lambda each: (each.acquired_on, each.lot_id)):
            taken = min(left, lot.available_t)
            if taken:
                lots.append([code, str(lot.lot_id), str(taken)])
                left -= taken
    if not 0 < wanted <= most or left:
        raise Conflict(
            "carryover.tonnes",
            f"tonnes: expected 1 to {min(most, wanted - left)}, what may be carried over and is held free",
            most_t=str(most),
            free_t=str(wanted - left),
        )
    return {
        "into": into_instrument,
        "tonnes": str(wanted),
        "most_t": str(most),
        "sold_t": str(found_it.sold_t),
        "bought_t": str(found_it.bought_t),
        "holding_t": str(found_it.holding_t),
        "declared_settled": [str(each) for each in sorted(set(declared_settled))],
        "lots": lots,
        "rules": f"carry_over_rules {reference.shipped_version('carry_over_rules')}",
    }


def _carried(session: Session, proposal: Proposal, *, on: date) -> tuple[CarriedLots, ...]:
    """Return the request's lots by old instrument with what the ledger's own rule says they cost."""
    standing = {lot.lot_id: lot for lot in reports.lots(session, proposal.book_id, as_of=on)}
    by_code: dict[str, list[tuple[int, int]]] = {}
    for code, lot_id, taken in proposal.document["lots"]:
        if int(lot_id) not in standing:
            raise Conflict(
                "compliance.stale",
                f"proposal: lot {lot_id} of {code} is not held any more on {on}; refuse it and propose anew",
            )
        by_code.setdefault(str(code), []).append((int(lot_id), int(taken)))
    carried = []
    for code, picks in sorted(by_code.items()):
        for start in range(0, len(picks), MOST_LOTS_AN_ENTRY):
            part = tuple(picks[start : start + MOST_LOTS_AN_ENTRY])
            positions = [
                LotPosition(
                    lot_id=lot_id,
                    acquired_on=standing[lot_id].acquired_on,
                    quantity=standing[lot_id].quantity,
                    cost=standing[lot_id].cost,
                    lot_quantity=standing[lot_id].acquired_quantity,
                    lot_cost=standing[lot_id].acquired_cost,
                )
                for lot_id, _ in part
            ]
            tonnes = sum(taken for _, taken in part)
            cost_fen = sum(relief.cost for relief in relieve(positions, tonnes, LotMethod.FIFO, part))
            carried.append(
                CarriedLots(instrument=code, into=str(proposal.document["into"]), lots=part, cost_fen=cost_fen)
            )
    return tuple(carried)
