"""Orders over the API on both databases: from a proposal to the booked trade, and everything that stops one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.auth.principal import Scope
from api.deps import unit_of_work
from api.store import role_grants
from api.store.access import OrganisationKind
from finance.market.movements import MovementKind
from finance.operations.lot_movements import movements_of
from ledger.store import books
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, SQLITE, done, refused
from tests.api.people import member
from tests.api.trading_world import FRIDAY_AFTERNOON, MONDAY, House, fresh_id, house_of

COST = "Assets:CarbonCost:CEA25"
BANK, HELD = "Assets:Bank:CNY", "Assets:Carbon:CEA25"
_STEP = "INSERT INTO trading_step SELECT book_id, proposal_id, 9,"
_ORDERS = "FROM trading_proposal WHERE kind = 'order'"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        world = house_of(app, client, database, clock, randomness)
        world.open_book()
        yield world


def test_an_order_goes_from_proposal_to_a_booked_trade(house: House) -> None:
    order = done(house.propose(quantity="10000", limit_price="97.40"))
    approved = done(house.approve(order))
    placed = done(house.post(f"/orders/{order['order_id']}/place"))
    filled = done(house.fill(placed, price="80.00", vat_code="VAT6", doc_ref="CN-1"))
    house.clock.now = MONDAY
    settled = done(house.settle(placed))

    states = [each["state"] for each in (order, approved, placed, filled, settled)]
    assert states == ["proposed", "approved", "placed", "filled", "settled"]
    assert house.balance(COST) == ("802400.00", "802400.00")
    assert house.balance(BANK) == ("9197600.00", "9197600.00")
    assert house.balance(HELD) == ("210000", "210000")
    (trade,) = [
        one for one in house.get(f"/books/{BOOK}/trades?as_of=2026-12-31")["trades"] if one["kind"] == "purchase"
    ]
    assert (trade["order_id"], trade["provenance"], trade["vat_code"]) == (order["order_id"], "order", "VAT6")
    assert (trade["traded_on"], trade["settled_on"], trade["fee"]["amount"]) == ("2026-11-20", "2026-11-23", "2400.00")
    entry = house.get(f"/books/{BOOK}/entries/{trade['entry_seq']}")
    assert (entry["attrs"]["order_id"], entry["attrs"]["order_sha256"]) == (order["order_id"], order["sha256"])


def test_a_listed_trade_is_shown_as_imported_without_an_order(house: House) -> None:
    (trade,) = house.get(f"/books/{BOOK}/trades?as_of=2026-12-31")["trades"]

    assert (trade["order_id"], trade["provenance"]) == (None, "imported, no order")


def test_the_cash_of_a_placed_purchase_is_set_aside_and_free_again_when_cancelled(house: House) -> None:
    placed = house.placed()

    assert house.balance(BANK) == ("10000000.00", "9023078.00")  # 974,000.00 and 0.3 % of it
    cancelled = done(house.post(f"/orders/{placed['order_id']}/cancel", {"reason": "not needed"}))
    assert cancelled["state"] == "cancelled"
    assert house.balance(BANK) == ("10000000.00", "10000000.00")


def test_the_tonnes_of_a_placed_sale_are_set_aside_and_captured_on_settlement(house: House) -> None:
    placed = house.placed(side="sell", quantity="99999")
    assert house.balance(HELD) == ("200000", "100001")
    done(house.fill(placed, "F-1", quantity="60000"))
    done(house.fill(placed, "F-2", quantity="39999", price="98.00"))
    house.clock.now = MONDAY
    partly = done(house.settle(placed, "F-1"))
    whole = done(house.settle(placed, "F-2"))

    assert (partly["state"], whole["state"]) == ("filled", "settled")
    assert house.balance(HELD) == ("100001", "100001")
    assert whole["average_price"]["exact"] == "1084878/11111"  # (60,000 x 97.40 + 39,999 x 98.00) / 99,999


def test_a_sale_by_order_is_a_sale_in_results_and_counts_as_a_trade_of_its_month(house: House) -> None:
    placed = house.placed(side="sell", quantity="1000")
    done(house.fill(placed, quantity="1000", price="98.00"))
    house.clock.now = MONDAY
    done(house.settle(placed))

    with house.database.reader() as session:
        book = books.find(session, UUID(BOOK))
        assert book is not None
        found = movements_of(session, book.book_id, as_of=date(2026, 11, 30), known=book.tree_size)
    (trades,) = [each for each in house.get(f"/books/{BOOK}/month-closes/2026-11")["items"] if each["item"] == "trades"]

    fee_fen = 29_400  # 0.3 % of 98,000.00
    assert [(each.movement.kind, each.movement.quantity_t) for each in found][-1] == (MovementKind.SALE, -1_000)
    assert (found[-1].movement.money_units, found[-1].movement.fee_units) == (-(9_800_000 - fee_fen), fee_fen)
    assert trades["reason_en"].startswith("2 booked")  # cash paid in, and the sale


def test_r12_99999_t_listed_100000_t_listed_100000_t_block(house: House) -> None:
    house.clock.now = datetime(2026, 11, 19, 2, tzinfo=UTC)
    named = house.counterparty()
    house.clock.now = FRIDAY_AFTERNOON
    sale = {"side": "sell"}

    below = house.check(quantity="99999", **sale)["order.method"]
    listed = house.check(quantity="100000", **sale)["order.method"]
    block = house.check(quantity="100000", method="block", counterparty_id=named, **sale)

    assert (below, listed, block["order.method"]) == ("ok", "refused", "ok")
    assert set(block.values()) == {"ok"}
    assert house.check(quantity="99999", method="block", counterparty_id=named, **sale)["order.method"] == "refused"


def test_the_price_band_is_rounded_to_the_tick_and_both_ends_are_inside(house: House) -> None:
    prices = {"87.66": "ok", "87.65": "refused", "107.14": "ok", "107.15": "refused"}

    found = {price: house.check(side="sell", limit_price=price)["order.price"] for price in prices}

    assert found == prices


def test_a_price_between_two_ticks_is_refused(house: House) -> None:
    assert house.check(limit_price="97.405")["order.tick"] == "refused"


def test_a_stale_close_asks_for_a_second_checker_and_a_missing_one_refuses(house: House) -> None:
    house.register({"code": "CEA24", "kind": "CEA", "vintage_year": 2024})
    house.register({"code": "CEA23", "kind": "CEA", "vintage_year": 2023})
    house.price("CEA24", "2026-11-17", "81.00")

    stale = house.check(instrument="CEA24", limit_price="81.00", quantity="10")
    missing = house.check(instrument="CEA23", limit_price="81.00", quantity="10")

    assert (stale["order.price"], missing["order.price"]) == ("second_checker", "refused")


def test_an_order_with_a_stale_close_goes_out_after_two_approvals(house: House) -> None:
    house.register({"code": "CEA24", "kind": "CEA", "vintage_year": 2024})
    house.price("CEA24", "2026-11-17", "81.00")
    order = done(house.propose(instrument="CEA24", limit_price="81.00", quantity="10"))

    once = done(house.approve(order))
    too_early = house.post(f"/orders/{order['order_id']}/place")
    twice = done(house.approve(order, key=house.third.key))

    assert (once["state"], refused(too_early), twice["state"]) == ("proposed", (409, "order.state"), "approved")
    assert done(house.post(f"/orders/{order['order_id']}/place"))["state"] == "placed"


def test_the_maker_cannot_approve_and_another_digest_is_refused(house: House) -> None:
    order = done(house.propose())

    assert refused(house.approve(order, key=house.maker.key)) == (403, "trading.same_person")
    assert refused(house.approve({**order, "sha256": "0" * 64})) == (409, "trading.digest")
    assert "approve" not in house.get(f"/orders/{order['order_id']}")["next_actions"]
    assert "approve" in house.get(f"/orders/{order['order_id']}", key=house.checker.key)["next_actions"]


def test_a_rejected_order_goes_nowhere(house: House) -> None:
    order = done(house.propose())

    body = {"sha256": order["sha256"], "reason": "too dear"}
    rejected = done(house.post(f"/orders/{order['order_id']}/reject", body, key=house.checker.key))

    assert (rejected["state"], rejected["next_actions"], rejected["steps"][-1]["reason"]) == (
        "rejected",
        [],
        "too dear",
    )
    assert refused(house.approve(order)) == (409, "order.state")


def test_an_approval_by_somebody_who_may_not_approve_any_more_does_not_count(house: House) -> None:
    order = house.approved()
    with unit_of_work(house.database) as session:
        for grant in role_grants.grants_of_user(session, house.checker.user_id):
            if grant.role == "checker":
                role_grants.add_end(session, grant.grant_id, ended_by=None, reason="left", now=house.clock())

    answer = house.post(f"/orders/{order['order_id']}/place")

    assert refused(answer) == (409, "order.approver_out_of_office")
    done(house.approve(order, key=house.third.key))
    assert done(house.post(f"/orders/{order['order_id']}/place"))["state"] == "placed"


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (datetime(2026, 11, 23, 1, 29, 59, tzinfo=UTC), "refused"),  # 09:29:59
        (datetime(2026, 11, 23, 1, 30, tzinfo=UTC), "placed"),
        (datetime(2026, 11, 23, 3, 30, tzinfo=UTC), "placed"),  # 11:30:00
        (datetime(2026, 11, 23, 3, 30, 1, tzinfo=UTC), "refused"),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "placed"),
        (datetime(2026, 11, 23, 7, 1, tzinfo=UTC), "refused"),
    ],
)
def test_an_order_is_placed_in_the_sessions_of_the_venue_only(house: House, now: datetime, outcome: str) -> None:
    house.price("CEA25", "2026-11-20", "97.40")
    order = house.approved(trading_day="2026-11-23")
    house.clock.now = now

    answer = house.post(f"/orders/{order['order_id']}/place")

    assert (answer.json()["state"] if answer.status_code == 200 else "refused") == outcome


@pytest.mark.parametrize("day", ["2026-11-21", "2026-10-01", "2026-11-19", "2027-03-01"])
def test_a_closed_past_or_unknown_day_is_refused(house: House, day: str) -> None:
    assert house.check(trading_day=day)["order.session"] == "refused"


def test_no_short_sale_and_nothing_that_is_set_aside_or_bought_the_same_day(house: House) -> None:
    done(
        house.post(
            f"/books/{BOOK}/holds",
            {
                "entry_id": fresh_id(), "account": HELD, "kind": "freeze", "amount": "150000",
                "agreement_ref": "court 1", "effective_on": "2026-11-20",
            },
        )
    )  # fmt: skip
    house.trades("B-1,purchase,2026-11-20,CEA25,5000,97.40,0,,,,,")

    assert house.check(side="sell", quantity="50000")["order.position"] == "ok"
    assert house.check(side="sell", quantity="50001")["order.position"] == "refused"
    assert refused(house.propose(side="sell", quantity="50001")) == (409, "order.refused")


def test_cash_counts_placed_orders_and_the_days_sales(house: House) -> None:
    house.limit("trade", "1000000000.00")
    assert house.check(quantity="99999")["order.cash"] == "ok"  # 9,769,122.31 of 10,000,000.00 with fees
    sold = house.placed(side="sell", quantity="50000")
    house.placed(quantity="99999")
    assert house.check(quantity="10000")["order.cash"] == "refused"

    done(house.fill(sold))

    assert house.check(quantity="10000")["order.cash"] == "ok"
    assert done(house.post(f"/orders/{house.approved(quantity='10000')['order_id']}/place"))["state"] == "placed"


def test_limits_add_up_open_and_done_orders_and_versions_replace_each_other(house: House) -> None:
    house.limit("instrument", "2500000.00", key="CEA25")
    first = house.placed()  # 974,000.00
    done(house.propose())

    assert house.check()["order.limit_instrument"] == "refused"
    done(house.fill(first, quantity="5000"))
    done(house.post(f"/orders/{first['order_id']}/cancel", {"reason": "rest not needed"}))
    assert house.check()["order.limit_instrument"] == "ok"  # 487,000 + 974,000 + 974,000 are 2,435,000


def test_the_last_limit_is_given_to_one_order_only(house: House) -> None:
    house.limit("instrument", "1000000.00", key="CEA25")
    done(house.propose())

    assert refused(house.propose()) == (409, "order.refused")


def alerts(house: House, kind: str, *, key: str | None = None) -> list[dict[str, Any]]:
    path = f"/v1/notices?kind={kind}"
    found: list[dict[str, Any]] = done(house.client.get(path, key=key or house.checker.key))["notices"]
    return found


def test_a_limit_that_an_order_nearly_uses_up_is_told_once_for_its_day(house: House) -> None:
    house.limit("instrument", "2100000.00", key="CEA25")
    done(house.propose())  # 974,000.00: 46.4 %
    before = alerts(house, "limit_used")

    done(house.propose())  # 1,948,000.00: 92.8 %
    done(house.propose(quantity="100"))

    (told,) = alerts(house, "limit_used")
    assert before == []
    assert told["title_en"] == "92.8 % of the limit per instrument CEA25 used"
    assert [one["value"] for one in told["figures"]] == ["1948000.00", "2100000.00", "92.8"]
    assert told["path"] == f"/books/{BOOK}/trading-limits"


def test_an_order_that_a_limit_refuses_is_told_to_the_desk_and_not_stored(house: House) -> None:
    house.limit("instrument", "1000000.00", key="CEA25")
    done(house.propose())

    second = house.propose()

    assert refused(second) == (409, "order.refused")
    (told,) = alerts(house, "limit_refused")
    left = "26000.00 CNY are left of 1000000.00 CNY"  # the first order takes 974,000.00
    assert told["text_en"] == f"An order of 10000 t of CEA25 was refused: beyond the limit per instrument: {left}"
    assert told["text_zh"] == "CEA25数量10000 t的委托被拒绝：超出品种限额：上限 1000000.00 CNY，尚余 26000.00 CNY"
    assert told["path"] == f"/books/{BOOK}/orders"
    assert len(done(house.client.get(f"/v1/books/{BOOK}/orders"))["orders"]) == 1


def test_a_limit_that_was_lowered_after_the_proposal_refuses_and_tells_when_the_order_is_placed(house: House) -> None:
    order = house.approved()
    house.limit("instrument", "1000.00", key="CEA25")

    refusal = house.post(f"/orders/{order['order_id']}/place")

    assert refused(refusal) == (409, "order.refused")
    assert len(alerts(house, "limit_refused")) == 1
    assert done(house.client.get(f"/v1/orders/{order['order_id']}"))["state"] == "approved"


def test_a_refusal_for_want_of_cash_is_no_alert(house: House) -> None:
    answer = house.propose(quantity="400000")

    assert refused(answer) == (409, "order.refused")
    assert alerts(house, "limit_refused") == []


def test_without_limits_nothing_goes_out(
    app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with Client(app) as client:
        bare = house_of(app, client, database, clock, randomness)
        done(bare.post("/books", {"book_id": BOOK, "code": "bare", "functional_currency": "CNY"}))
        bare.register({"code": "CEA25", "kind": "CEA", "vintage_year": 2025})
        bare.pay_in("10000000.00")

        found = bare.check()

    assert (found["order.limit_trade"], found["order.limit_day"]) == ("refused", "refused")


def test_a_counterparty_is_used_after_its_waiting_time_until_it_is_revoked(house: House) -> None:
    house.clock.now = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
    house.price("CEA25", "2026-11-20", "97.40")
    named = house.counterparty()
    block = {"method": "block", "side": "sell", "quantity": "100000", "counterparty_id": named}
    block["trading_day"] = "2026-11-23"
    waiting = house.check(**block)["order.counterparty"]

    house.clock.now = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
    trusted = house.check(**block)["order.counterparty"]
    order = house.approved(**block)
    body = {"reason": "no longer trusted"}
    revoked = done(house.post(f"/counterparties/{named}/revoke", body, key=house.checker.key))
    house.clock.now = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)

    assert (waiting, trusted, revoked["state"]) == ("refused", "ok", "revoked")
    assert refused(house.post(f"/orders/{order['order_id']}/place")) == (409, "order.refused")
    assert house.check(**{**block, "counterparty_id": None})["order.counterparty"] == "refused"
    assert house.check(**{**block, "counterparty_id": fresh_id()})["order.counterparty"] == "refused"


def test_a_counterpartys_own_limit_is_cumulative(house: House) -> None:
    house.clock.now = datetime(2026, 11, 18, 6, tzinfo=UTC)
    named = house.counterparty("15000000.00")
    house.clock.now = FRIDAY_AFTERNOON
    block = {"method": "block", "side": "sell", "quantity": "100000", "counterparty_id": named}
    done(house.propose(**block))  # 9,740,000.00

    assert house.check(**block)["order.counterparty"] == "refused"


def test_an_order_expires_with_its_day_and_frees_what_it_set_aside(house: House) -> None:
    unplaced, placed = done(house.propose()), house.placed(side="sell")
    house.clock.now = datetime(2026, 11, 22, 2, tzinfo=UTC)

    assert house.get(f"/orders/{unplaced['order_id']}")["state"] == "expired"
    assert house.get(f"/orders/{placed['order_id']}")["state"] == "expired"
    done(house.propose(trading_day="2026-11-23", limit_price="97.40", is_draft=True))  # any further work on the book
    assert house.balance(HELD) == ("200000", "200000")
    assert house.get(f"/orders/{placed['order_id']}")["steps"][-1]["what"] == "expired"


def test_a_fill_stays_within_what_was_approved(house: House) -> None:
    placed = house.placed()

    assert refused(house.fill(placed, price="97.41")) == (409, "order.fill_price")
    assert refused(house.fill(placed, quantity="10001")) == (409, "order.overfilled")
    assert refused(house.fill(placed, price="97.395")) == (422, "order.tick")
    assert refused(house.fill(placed, fee="9000.00", fee_doc_ref="CN-1")) == (409, "order.fee_exceeds")
    assert refused(house.fill(placed, fee="90.00")) == (422, "order.fee_doc_ref")
    assert refused(house.fill(placed, dealt_at="2026-11-20T01:00:00Z")) == (409, "order.dealt_at")
    assert refused(house.fill(placed, dealt_at="2026-11-20T09:00:00Z")) == (409, "order.dealt_at")


def test_the_same_fill_again_changes_nothing_and_other_content_is_refused(house: House) -> None:
    placed = house.placed()
    first = done(house.fill(placed, quantity="400"))

    assert done(house.fill(placed, quantity="400")) == first
    assert refused(house.fill(placed, quantity="401")) == (409, "order.fill_stands")


def test_settlement_is_t_plus_one_on_a_trading_day_up_to_today(house: House) -> None:
    placed = house.placed()
    done(house.fill(placed))

    assert refused(house.settle(placed, day="2026-11-20")) == (409, "order.settled_on")
    house.clock.now = MONDAY
    assert refused(house.settle(placed, day="2026-11-22")) == (409, "order.settled_on")
    assert refused(house.settle(placed, day="2026-11-24")) == (409, "order.settled_on")
    assert done(house.settle(placed))["state"] == "settled"


def test_a_month_s_close_names_the_deals_that_are_due_and_not_booked(house: House) -> None:
    def trades_item(month: str) -> Any:
        items = house.get(f"/books/{BOOK}/month-closes/{month}")["items"]
        return next(one for one in items if one["item"] == "trades")

    placed = house.placed()
    done(house.fill(placed))

    waiting = trades_item("2026-11")
    assert waiting["state"] == "open"
    assert waiting["reason_en"].startswith(f"1 deals are due and not booked: {placed['order_id']}")
    assert "person says" in trades_item("2026-10")["reason_en"]
    house.clock.now = MONDAY
    done(house.settle(placed))
    assert "person says" in trades_item("2026-11")["reason_en"]


def test_a_failed_settlement_keeps_its_reason_and_may_settle_later(house: House) -> None:
    placed = house.placed(side="sell")
    done(house.fill(placed))
    house.clock.now = MONDAY
    failed = done(house.settle(placed, state="failed", reason="registry closed"))
    assert (failed["state"], failed["fills"][0]["settlement"]) == ("filled", "failed")
    assert house.balance(HELD) == ("200000", "190000")

    settled = done(house.settle(placed))

    assert [one["state"] for one in settled["settlements"]] == ["failed", "settled"]
    assert house.balance(HELD) == ("190000", "190000")
    assert refused(house.settle(placed, state="failed", reason="again")) == (409, "order.settled")


def test_a_wrong_booking_is_reversed_and_booked_anew_by_two_persons(house: House) -> None:
    placed = house.placed()
    done(house.fill(placed, price="80.00"))
    house.clock.now = MONDAY
    done(house.settle(placed))
    body = {
        "fill": {
            "correction_id": fresh_id(), "fill_ref": "F-1", "new_fill_ref": "F-1B", "quantity": "10000",
            "price": "80.10", "fee": "2403.00", "fee_doc_ref": "CN-2", "reason": "the confirmation says 80.10",
        }
    }  # fmt: skip
    proposed = done(house.post(f"/orders/{placed['order_id']}/correct", body))["correction"]
    path = f"/orders/{placed['order_id']}/corrections/{proposed['correction_id']}/approve"
    assert [(one["field"], one["change"]) for one in proposed["differences"]] == [
        ("price", "0.10"), ("fee_minor", "300"), ("fee_doc_ref", ""),
    ]  # fmt: skip
    assert house.balance(COST) == ("802400.00", "802400.00")
    assert refused(house.post(path, {"sha256": proposed["sha256"]})) == (403, "trading.same_person")

    corrected = done(house.post(path, {"sha256": proposed["sha256"]}, key=house.checker.key))

    assert house.balance(COST) == ("803403.00", "803403.00")
    assert house.balance(HELD) == ("210000", "210000")
    wrong, right = corrected["order"]["settlements"]
    assert (right["reversed_entry_id"] is not None, wrong["entry_id"] != right["entry_id"]) == (True, True)
    assert [(one["fill_ref"], one["is_live"]) for one in corrected["order"]["fills"]] == [
        ("F-1", False),
        ("F-1B", True),
    ]
    assert refused(house.post(path, {"sha256": proposed["sha256"]}, key=house.third.key)) == (
        409,
        "trading.done_before",
    )


def test_an_order_that_did_not_go_out_is_replaced_with_the_exact_difference(house: House) -> None:
    order = house.approved()
    body = {"replacement": {"order_id": fresh_id(), **house.terms(quantity="8000", limit_price="97.35")}}

    replaced = done(house.post(f"/orders/{order['order_id']}/correct", body))["order"]

    assert [(one["field"], one["change"]) for one in replaced["differences"]] == [
        ("quantity", "-2000"), ("limit_price", "-0.05"),
    ]  # fmt: skip
    assert (replaced["state"], replaced["corrects"]) == ("proposed", order["order_id"])
    assert house.get(f"/orders/{order['order_id']}")["state"] == "corrected"
    assert refused(house.post(f"/orders/{order['order_id']}/place")) == (409, "order.state")


def test_a_draft_is_checked_when_it_is_proposed_by_its_maker(house: House) -> None:
    draft = done(house.propose(side="sell", quantity="500000", is_draft=True))
    path = f"/orders/{draft['order_id']}/propose"

    assert (draft["state"], draft["next_actions"]) == ("draft", ["propose", "cancel"])
    assert refused(house.post(path)) == (409, "order.refused")
    small = done(house.propose(is_draft=True))
    assert refused(house.post(f"/orders/{small['order_id']}/propose", key=house.checker.key)) == (
        403,
        "order.not_yours",
    )
    assert done(house.post(f"/orders/{small['order_id']}/propose"))["state"] == "proposed"


def test_buying_a_vintage_that_does_not_settle_the_duty_warns(house: House) -> None:
    house.register({"code": "CEA23", "kind": "CEA", "vintage_year": 2023})
    house.price("CEA23", "2026-11-19", "60.00")
    old = {"instrument": "CEA23", "limit_price": "60.00", "quantity": "10"}

    assert house.check(**old, compliance_year=2025)["order.eligibility"] == "warning"
    assert house.check(**old, compliance_year=2024)["order.eligibility"] == "ok"


def test_every_check_explains_itself_down_to_sourced_leaves(house: House) -> None:
    def leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
        return [leaf for child in tree["children"] for leaf in leaves(child)] if tree["children"] else [tree]

    answer = done(house.post(f"/books/{BOOK}/orders/check", house.terms()))

    assert answer["is_accepted"]
    for check in answer["checks"]:
        assert check["explanation"]["label_zh"]
        assert all(leaf["source"] for leaf in leaves(check["explanation"]))
    price = next(one for one in answer["checks"] if one["code"] == "order.price")
    assert "cea.listed.max_move" in price["rule_rows"]


@SQLITE
def test_orders_of_others_do_not_exist(
    house: House, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    order = done(house.propose())
    stranger = member(
        database,
        clock,
        randomness,
        OrganisationKind.BORROWER,
        "Other Smelter",
        (Scope.LEDGER_READ, Scope.TRADING_WRITE),
    )

    assert refused(house.client.get(f"/v1/orders/{order['order_id']}", key=stranger.key)) == (404, "order.not_found")
    for action, body in (
        ("place", None),
        ("cancel", {"reason": "x"}),
        ("settle", {"fill_ref": "F", "settled_on": "2026-11-23"}),
    ):
        answer = house.post(f"/orders/{order['order_id']}/{action}", body, key=stranger.key)
        assert refused(answer) == (404, "order.not_found")
    assert refused(house.approve(order, key=stranger.key)) == (403, "auth.scope_missing")
    assert refused(house.client.get(f"/v1/books/{BOOK}/orders", key=stranger.key)) == (404, "book.not_found")


@SQLITE
@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "0"}, {"quantity": "-1"}, {"quantity": "1.5"}, {"quantity": "9" * 30}, {"limit_price": "0"},
        {"limit_price": "NaN"}, {"limit_price": "1" * 40}, {"limit_price": 97.4}, {"currency": "USD"}, {"method": "otc"},
        {"instrument": "NONE"}, {"max_fee": "-1"}, {"note": "a\u202eb"}, {"trading_day": "2026-13-01"},
        {"counterparty_id": "x"}, {"method": "auction"}, {"compliance_year": 1}, {"limit_price": "1e5"},
        {"currency": "EUR"}, {"trading_day": "2020-01-02"},
    ],
)  # fmt: skip
def test_hostile_terms_are_refused_by_field_and_never_a_failure(house: House, change: dict[str, object]) -> None:
    answer = house.propose(**change)

    assert answer.status_code in {400, 404, 409, 422}, answer.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trading_proposal SET sha256 = sha256",
        "DELETE FROM trading_step",
        "UPDATE order_fill SET quantity = 1",
        "DELETE FROM order_settlement",
        f"{_STEP} 'approved', 'approved:x', maker_id, sha256, maker_id, '', '{{}}', NULL, made_at {_ORDERS}",
        f"{_STEP} 'placed', 'placed', maker_id, sha256, maker_id, '', '{{}}', NULL, made_at {_ORDERS} AND number = 2",
    ],
)
def test_the_database_itself_keeps_facts_and_two_persons(house: House, statement: str) -> None:
    placed = house.placed()
    done(house.fill(placed))
    done(house.propose())
    house.clock.now = MONDAY
    done(house.settle(placed))

    with pytest.raises(DBAPIError, match=r"append_only|two_persons|not_approved"), house.database.writer() as session:
        session.execute(text(statement))
