"""The example's positions and their worth, read from the book and the frozen snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api.example.scenario import Scenario
from api.example.shapes import amount, tonnes, tree, yuan
from finance.accounting.chart import Chart
from finance.accounting.cost_comparison import InstrumentResult, compare_costs
from finance.market.marks import Mark
from finance.market.valuation import ValuedLot
from finance.operations.valuations import BookValuation, instruments_of, value_book
from finance.store import market as market_store
from finance.store import trades as trade_store
from ledger.core.amounts import format_units
from ledger.store import books, reports

Part = dict[str, Any]


def positions_part(session: Session, scenario: Scenario) -> Part:
    """Return tonnes held, money accounts, open lots and the realised result under both cost methods, at the valuation day."""
    book_id, as_of = book_of(session, scenario), valuation_day(scenario)
    point = reports.record_point(session, book_id)
    held = reports.positions(session, book_id, as_of=as_of, known=point.seq)
    trades = tuple(each.trade for each in trade_store.list_trades(session, book_id, until=as_of))
    compared = compare_costs(trades)
    methods = {code: Chart().methods[each.kind].value for code, each in instruments_of(session, book_id).items()}
    return {
        "as_of": as_of.isoformat(),
        "record_point": {"seq": str(point.seq), "tree_root": point.root.hex()},
        "entries": amount(str(point.seq), "entries"),
        "trades": amount(str(len(trades)), "trades"),
        "accounts": [
            {
                "account": each.path,
                "balance": amount(
                    format_units(each.balance, each.scale), "CNY" if each.commodity == "CNY" else f"t {each.commodity}"
                ),
            }
            for each in held
            if each.balance
        ],
        "lots": [
            {
                "lot": str(lot.lot_id),
                "instrument": lot.commodity,
                "acquired_on": lot.acquired_on.isoformat(),
                "quantity": tonnes(lot.quantity),
                "cost": yuan(lot.cost),
            }
            for lot in reports.lots(session, book_id, as_of=as_of, known=point.seq)
        ],
        "realised_by_method": [
            {
                "method": name,
                "is_book_method": methods[each.instrument] == name,
                **_result(each),
            }
            for name, results in (("fifo", compared.fifo), ("average", compared.average))
            for each in results
        ],
    }


def valuation_part(session: Session, scenario: Scenario) -> Part:
    """Return every lot with its mark and worth, the totals, and the realised result of the book's own method."""
    valued = valued_book(session, scenario)
    total = valued.valuation.total
    return {
        "as_of": valued.as_of.isoformat(),
        "snapshot": {"id": valued.valuation.snapshot_id, "sha256": valued.valuation.snapshot_sha256},
        "is_complete": total.is_complete,
        "lots": [_valued(lot) for lot in valued.valuation.lots],
        "total": {
            "quantity": tonnes(total.quantity_t),
            "cost": yuan(total.cost_units),
            "market_value": yuan(total.market_value_units),
            "unrealised": yuan(total.unrealised_units),
            "unvalued_quantity": tonnes(total.unvalued_quantity_t),
            "unvalued_cost": yuan(total.unvalued_cost_units),
        },
        "realised": [
            {
                "instrument": each.instrument,
                "gain": yuan(each.gain_fen),
                "loss": yuan(each.loss_fen),
                "net": yuan(each.net_fen),
            }
            for each in valued.realised
        ],
        "realised_net": yuan(valued.realised_net_fen),
        "marks": [_mark(mark) for mark in snapshot_marks(session, scenario)],
    }


def valued_book(session: Session, scenario: Scenario) -> BookValuation:
    """Return the book valued by the example's snapshot."""
    snapshot = market_store.load_snapshot(session, scenario.organisation_id("borrower"), scenario.id_of("snapshot"))
    return value_book(session, book_of(session, scenario), snapshot, as_of=valuation_day(scenario))


def snapshot_marks(session: Session, scenario: Scenario) -> tuple[Mark, ...]:
    """Return the marks of the example's snapshot."""
    return market_store.load_snapshot(session, scenario.organisation_id("borrower"), scenario.id_of("snapshot")).marks


def valuation_day(scenario: Scenario) -> date:
    """Return the day that positions and marks are of."""
    return date.fromisoformat(scenario.facts["valuation"]["as_of"])


def book_of(session: Session, scenario: Scenario) -> int:
    """Return the number of the example's book."""
    book = books.find(session, scenario.id_of("book"))
    assert book is not None, "the example was loaded before it is read"
    return book.book_id


def _result(result: InstrumentResult) -> Part:
    return {
        "instrument": result.instrument,
        "realised": yuan(result.realised_fen),
        "surrendered_at_cost": yuan(result.surrendered_cost_fen),
        "cancelled_at_cost": yuan(result.cancelled_cost_fen),
        "remaining": tonnes(sum(lot.quantity for lot in result.remaining)),
        "remaining_cost": yuan(sum(lot.cost for lot in result.remaining)),
    }


def _valued(lot: ValuedLot) -> Part:
    return {
        "lot": lot.lot.lot_id,
        "instrument": lot.lot.instrument,
        "acquired_on": lot.lot.acquired_on.isoformat(),
        "quantity": tonnes(lot.lot.quantity_t),
        "cost": yuan(lot.lot.cost_units),
        "mark": None if lot.mark is None else _mark(lot.mark),
        "market_value": None if lot.market_value_units is None else yuan(lot.market_value_units),
        "unrealised": None if lot.unrealised_units is None else yuan(lot.unrealised_units),
        "unvalued_reason": lot.unvalued_reason or None,
        "why": tree(lot.explanation),
    }


def _mark(mark: Mark) -> Part:
    price = None if mark.value is None else amount(f"{mark.value:f}", f"{mark.currency}/{mark.unit}")
    last = None if mark.last_value is None else amount(f"{mark.last_value:f}", f"{mark.currency}/{mark.unit}")
    return {
        "instrument": mark.instrument,
        "state": mark.state.value,
        "price": price,
        "last_price": last,
        "basis": None if mark.basis is None else mark.basis.value,
        "source": mark.source,
        "trade_date": None if mark.trade_date is None else mark.trade_date.isoformat(),
        "last_trade_date": None if mark.last_trade_date is None else mark.last_trade_date.isoformat(),
        "age": None if mark.age_trading_days is None else amount(str(mark.age_trading_days), "trading days"),
        "approved_by": mark.approved_by,
    }
