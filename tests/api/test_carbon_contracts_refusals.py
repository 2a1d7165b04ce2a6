"""What stops a carbon-finance contract: persons, wordings, days, limits, strangers and hostile numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.store.database import Database
from tests.api.client import Clock, Randomness
from tests.api.contract_world import (
    END,
    END_MORNING,
    HELD,
    KINDS,
    MIDWAY,
    MIDWAY_MORNING,
    START,
    ContractHouse,
    desk,
)
from tests.api.ledger_calls import BOOK, SQLITE, done, refused, treasury
from tests.api.trading_world import fresh_id

__all__ = ["desk"]


def test_the_maker_cannot_agree_and_another_digest_is_refused(desk: ContractHouse) -> None:
    contract = done(desk.propose("repo"))

    assert refused(desk.approve(contract, key=desk.house.maker.key)) == (403, "contract.same_person")
    assert refused(desk.approve({**contract, "sha256": "0" * 64})) == (409, "contract.digest")
    assert refused(desk.open(contract)) == (409, "contract.state")


def test_the_maker_of_the_terms_cannot_end_the_contract(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(END_MORNING)

    answer = desk.step(opened, "settle", END, key=desk.house.maker.key)

    assert refused(answer) == (403, "contract.same_person")


def test_the_same_proposal_again_changes_nothing_and_another_under_its_id_is_refused(desk: ContractHouse) -> None:
    body = {"contract_id": fresh_id(), "terms": desk.terms("swap")}
    path = f"/books/{BOOK}/carbon-contracts"
    first, again = done(desk.house.post(path, body)), done(desk.house.post(path, body))
    other = desk.house.post(path, {**body, "terms": desk.terms("swap", takes_t="12000")})

    assert first == again
    assert refused(other) == (409, "contract.id_taken")


def test_an_amendment_holds_only_when_another_person_agreed(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    path = f"/carbon-contracts/{opened['contract_id']}/amend"
    longer = desk.terms("repo", ends_on="2026-12-25", buyback_amount_cny="1004375.00")
    worded = done(desk.house.post(path, {"terms": longer}))
    agreed = done(desk.approve(worded))
    other_tonnes = desk.house.post(path, {"terms": desk.terms("repo", quantity_t="14000")})

    assert (worded["version"], agreed["version"]) == (1, 2)
    assert [flow["on"] for flow in agreed["cash_flows"]] == ["2026-12-25"]
    assert refused(other_tonnes) == (409, "contract.amendment")


def test_a_wording_from_before_the_opening_cannot_change_what_moved_since(desk: ContractHouse) -> None:
    agreed = desk.agreed("repo")
    path = f"/carbon-contracts/{agreed['contract_id']}/amend"
    worded = done(desk.house.post(path, {"terms": desk.terms("repo", quantity_t="14000")}))
    done(desk.open(agreed))

    assert refused(desk.approve(worded)) == (409, "contract.amendment")


def test_interest_that_was_paid_is_not_refunded_by_a_lower_late_rate(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan", ends_on="2026-11-27", late_rate="0.9")
    desk.at(MIDWAY_MORNING)
    done(desk.step(opened, "margin", MIDWAY, repay_cny="100000.00"))
    kinder = desk.terms("pledge_loan", ends_on="2026-11-27", late_rate="0")
    done(desk.approve(done(desk.house.post(f"/carbon-contracts/{opened['contract_id']}/amend", {"terms": kinder}))))

    settled = done(desk.step(opened, "settle", MIDWAY))

    assert settled["state"] == "repaid"
    assert desk.balance("Expenses:ContractInterest")[0] == "11025.00"  # 525.00 and 7 days at 90 %


def test_an_agreed_contract_that_is_never_opened_is_cancelled(desk: ContractHouse) -> None:
    agreed = desk.agreed("pledge_loan")

    cancelled = done(desk.step(agreed, "close", START))

    assert (cancelled["state"], cancelled["next_actions"]) == ("cancelled", [])
    assert refused(desk.open(agreed)) == (409, "contract.state")


def test_a_contract_opens_once_and_ends_once(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    assert refused(desk.open(opened)) == (409, "contract.state")
    assert refused(desk.step(opened, "settle", END)) == (409, "contract.state")
    assert refused(desk.step(opened, "default", END, price_cny_per_t="80", defaulted_by="book")) == (
        409,
        "contract.state",
    )


def test_of_two_contracts_on_the_same_tonnes_the_later_one_is_refused_whole(desk: ContractHouse) -> None:
    desk.opened("repo")
    second = desk.agreed("pledge_loan")
    before = desk.balance("Assets:Bank:CNY")

    answer = desk.open(second)

    assert refused(answer) == (409, "ledger.insufficient_available")
    assert desk.balance("Assets:Bank:CNY") == before
    assert desk.balance(HELD) == ("5000", "5000")
    shown = desk.house.get(f"/carbon-contracts/{second['contract_id']}")
    assert (shown["state"], shown["events"]) == ("agreed", [])


@pytest.mark.parametrize(
    ("step", "on_saturday", "at_the_end"),
    [
        ("settle", "contract.not_due", "contract.day"),
        ("close", "contract.day_closed", "contract.due"),
        ("default", "contract.day_closed", "contract.day"),
    ],
)
def test_nothing_is_settled_on_a_closed_or_coming_day(
    desk: ContractHouse, step: str, on_saturday: str, at_the_end: str
) -> None:
    opened = desk.opened("repo")
    desk.at(MIDWAY_MORNING)
    more = {"price_cny_per_t": "80.00", "defaulted_by": "book"} if step == "default" else {}

    saturday = desk.step(opened, step, "2026-11-28", **more)
    to_come = desk.step(opened, step, END, **more)

    assert (refused(saturday), refused(to_come)) == ((409, on_saturday), (409, at_the_end))


def test_a_step_is_not_dated_before_the_latest_one(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")
    desk.at(MIDWAY_MORNING)
    path = f"/carbon-contracts/{opened['contract_id']}/accrue"
    done(desk.house.post(path, {"on": MIDWAY}))

    assert refused(desk.house.post(path, {"on": "2026-12-01"})) == (409, "contract.day_order")


def test_interest_booked_in_parts_is_the_interest_of_the_whole(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan", principal_cny="600000.01")
    desk.at(END_MORNING)
    for day in ("2026-11-23", "2026-11-30", "2026-12-07"):
        done(desk.house.post(f"/carbon-contracts/{opened['contract_id']}/accrue", {"on": day}))
    done(desk.step(opened, "settle", END))

    assert desk.balance("Expenses:ContractInterest")[0] == "2100.00"


def test_the_waiting_counterparty_the_limit_and_the_empty_bank_stop_the_opening(desk: ContractHouse) -> None:
    waiting = desk.house.counterparty()
    fresh = desk.agreed("repo", counterparty_id=waiting)
    dear = desk.agreed("repo", side="buyer", sale_amount_cny="9000000.00", buyback_amount_cny="9000000.00")
    huge = desk.agreed("forward", price_cny_per_t="100000.01")

    assert refused(desk.open(fresh)) == (409, "contract.counterparty")
    assert refused(desk.open(dear)) == (409, "contract.cash_short")
    assert refused(desk.open(huge)) == (409, "contract.limit_counterparty")


def test_a_stranger_and_the_wrong_lender_see_nothing(
    desk: ContractHouse, database: Database, clock: Clock, randomness: Randomness
) -> None:
    repo, loan = desk.opened("repo", quantity_t="1000"), desk.opened("pledge_loan")
    stranger = treasury(database, clock, randomness, "Stranger").key
    read = "/v1/carbon-contracts/"

    assert refused(desk.house.client.get(f"{read}{loan['contract_id']}", key=stranger))[0] == 404
    assert refused(desk.house.client.get(f"{read}{repo['contract_id']}", key=desk.bank.key))[0] == 404
    assert done(desk.house.client.get(f"{read}{loan['contract_id']}", key=desk.bank.key))["next_actions"] == ["release"]
    assert refused(desk.step(loan, "settle", END, key=desk.bank.key))[0] == 404
    assert refused(desk.house.client.get(f"{read}{fresh_id()}"))[0] == 404


def test_a_book_cannot_be_its_own_lender(desk: ContractHouse) -> None:
    answer = desk.propose("pledge_loan", lender_organisation_id=str(desk.house.maker.organisation_id))

    assert refused(answer) == (422, "contract.lender_organisation_id")


@SQLITE
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("repo", {"quantity_t": "0"}),
        ("repo", {"quantity_t": "-1"}),
        ("repo", {"quantity_t": "1.5"}),
        ("repo", {"quantity_t": "9" * 40}),
        ("repo", {"sale_amount_cny": "0.00"}),
        ("repo", {"sale_amount_cny": "NaN"}),
        ("repo", {"buyback_amount_cny": "999999.99"}),
        ("repo", {"ends_on": START}),
        ("repo", {"ends_on": "2026-12-19"}),
        ("repo", {"day_count": "ACT/ACT"}),
        ("repo", {"late_rate": "2"}),
        ("repo", {"lots": [{"lot_id": 1, "quantity_t": "1"}]}),
        ("repo", {"is_title_transferred": "yes"}),
        ("pledge_loan", {"ltv_target": "0.80"}),
        ("pledge_loan", {"ltv_target": "0"}),
        ("pledge_loan", {"rank": 0}),
        ("pledge_loan", {"lender_organisation_id": fresh_id()}),
        ("forward", {"price_cny_per_t": "0"}),
        ("forward", {"price_cny_per_t": "9" * 35}),
        ("forward", {"delivery_on": START}),
        ("forward", {"sets_aside": True}),
        ("lending", {"yield_t": "12001"}),
        ("lending", {"margin_cny": "-0.01"}),
        ("swap", {"takes": "CEA25"}),
        ("swap", {"takes": "CEA99"}),
        ("swap", {"cash_cny": "99999999999999.00"}),
        ("custody", {"yield_share": "1.01"}),
        ("custody", {"agreed_on": "2026-11-23", "starts_on": "2026-11-24"}),
        ("custody", {"counterparty_id": fresh_id()}),
        ("custody", {"agreement_ref": "a" * 201}),
        ("custody", {"note": "a\u202eb"}),
        ("custody", {"kind": "option"}),
    ],
)
def test_terms_that_could_never_hold_are_refused_and_leave_nothing(
    desk: ContractHouse, kind: str, change: dict[str, Any]
) -> None:
    answer = desk.propose(kind, **change)

    assert 400 <= answer.status_code < 500
    assert desk.house.get(f"/books/{BOOK}/carbon-contracts")["contracts"] == []


@SQLITE
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_terms_come_back_as_they_were_sent(desk: ContractHouse, kind: str) -> None:
    sent = desk.terms(kind)

    shown = done(desk.propose(kind))["versions"][0]["terms"]

    assert {name: _short(shown[name]) for name in sent} == {name: _short(value) for name, value in sent.items()}


def _short(value: object) -> object:
    """Return a number without trailing zeros: 97.40 and 97.4 are one price."""
    return value.rstrip("0").rstrip(".") if isinstance(value, str) and "." in value else value


@SQLITE
def test_every_figure_of_a_contract_has_a_source_in_both_languages(desk: ContractHouse) -> None:
    def leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from (leaf for child in node["children"] for leaf in leaves(child)) if node["children"] else (node,)

    for kind in ("repo", "swap"):
        tree = desk.opened(kind, **({"quantity_t": "1000"} if kind == "repo" else {}))["explanation"]
        assert all(leaf["source"] and leaf["label_zh"] for leaf in leaves(tree))


@SQLITE
def test_a_step_says_what_it_rests_on(desk: ContractHouse) -> None:
    opened = desk.opened("custody")
    desk.at(MIDWAY_MORNING)

    assert desk.step(opened, "close", MIDWAY, doc_ref="").status_code == 422
    assert refused(desk.step(opened, "close", MIDWAY, price_cny_per_t="1.00")) == (422, "contract.price_given")
    assert refused(desk.step(opened, "close", MIDWAY, yield_cny="-1.00")) == (422, "contract.yield")
    assert desk.step(opened, "default", MIDWAY, price_cny_per_t="0", defaulted_by="book").status_code == 422
    assert refused(desk.step(opened, "margin", MIDWAY)) == (422, "contract.margin_one")
    assert refused(desk.step(opened, "margin", MIDWAY, taken_cny="-1.00")) == (409, "contract.margin_exceeded")
    assert refused(desk.step(opened, "margin", MIDWAY, add_t="1")) == (422, "contract.margin_in_cash")


@SQLITE
def test_a_page_of_contracts_goes_on_where_the_one_before_ended(desk: ContractHouse) -> None:
    for _ in range(3):
        done(desk.propose("swap"))

    first = desk.house.get(f"/books/{BOOK}/carbon-contracts?limit=2")
    rest = desk.house.get(f"/books/{BOOK}/carbon-contracts?after={first['next_after']}")

    assert [one["number"] for one in (*first["contracts"], *rest["contracts"])] == [1, 2, 3]
    assert refused(desk.house.client.get(f"/v1/books/{BOOK}/carbon-contracts?limit=0"))[0] == 422
