from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, BOOK, SQLITE, Treasury, done, entry_id, money, refused, tonnes, treasury


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        yield opened


def size(house: Treasury) -> int:
    held = done(house.get(""))["tree_size"]
    assert isinstance(held, int)
    return held


def test_an_entry_is_posted_with_its_place_time_and_proof(house: Treasury) -> None:
    receipt = done(house.post("/entries", money(1)))

    assert (receipt["entry_id"], receipt["seq"], receipt["is_replay"]) == (entry_id(1), 1, False)
    assert receipt["recorded_at"] == "2026-11-21T08:00:00.000001+00:00"
    assert (receipt["tree_size"], receipt["tree_root"]) == (1, receipt["leaf_hash"])
    entry = done(house.get("/entries/1"))
    assert entry["leaf_hash"] == receipt["leaf_hash"]
    assert entry["legs"] == [
        {"account": BANK, "commodity": "CNY", "amount": {"amount": "12.50", "unit": "CNY"}},
        {"account": "Equity:Supplier", "commodity": "CNY", "amount": {"amount": "-12.50", "unit": "CNY"}},
    ]


def test_the_same_entry_again_answers_the_same_receipt_as_a_replay(house: Treasury) -> None:
    first = done(house.post("/entries", money(1)))

    again = done(house.post("/entries", money(1)))

    assert again == {**first, "is_replay": True}
    assert size(house) == 1


def test_a_repeat_with_the_same_key_is_answered_byte_for_byte(house: Treasury) -> None:
    first = house.post("/entries", money(1), Idempotency_Key="monday")
    done(house.post("/entries", money(2)))

    again = house.post("/entries", money(1), Idempotency_Key="monday")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert size(house) == 2


def test_a_uuid_key_stands_in_for_the_entrys_id(house: Treasury) -> None:
    body = money(1)
    del body["entry_id"]

    receipt = done(house.post("/entries", body, Idempotency_Key=entry_id(7)))

    assert receipt["entry_id"] == entry_id(7)
    assert done(house.post("/entries", money(7)))["is_replay"] is True


def test_an_entry_without_an_id_is_refused(house: Treasury) -> None:
    for key in ("monday", entry_id(10).upper(), "{" + entry_id(7) + "}"):
        body = money(1)
        del body["entry_id"]

        assert refused(house.post("/entries", body)) == (422, "entry.id_missing")
        assert refused(house.post("/entries", body, Idempotency_Key=key)) == (422, "entry.id_missing")


def test_an_id_used_with_other_content_is_a_conflict(house: Treasury) -> None:
    done(house.post("/entries", money(1)))

    assert refused(house.post("/entries", money(1, "12.51"))) == (409, "ledger.id_reused")
    assert size(house) == 1


def test_an_unbalanced_entry_is_refused_and_told_again_word_for_word(house: Treasury) -> None:
    body = money(1)
    body["legs"] = [
        {"account": BANK, "commodity": "CNY", "amount": "12.50"},
        {"account": "Equity:Supplier", "commodity": "CNY", "amount": "-12.49"},
    ]

    first = house.post("/entries", body)
    again = house.post("/entries", body)

    assert refused(first) == (422, "ledger.entry_unbalanced")
    assert again.content == first.content
    assert refused(house.post("/entries", money(1))) == (409, "ledger.id_reused")
    assert size(house) == 0


def test_overselling_is_refused_with_its_code_and_stays_refused_when_tonnes_arrive(house: Treasury) -> None:
    done(house.post("/entries", tonnes(1, "10", cost="800.00")))

    first = house.post("/entries", tonnes(2, "-11"))
    done(house.post("/entries", tonnes(3, "5", cost="400.00")))

    assert refused(first) == (409, "ledger.insufficient_available")
    assert house.post("/entries", tonnes(2, "-11")).content == first.content
    done(house.post("/entries", tonnes(4, "-11")))


def test_a_refusal_under_a_key_is_answered_byte_for_byte(house: Treasury) -> None:
    first = house.post("/entries", tonnes(1, "-1"), Idempotency_Key="sale")

    again = house.post("/entries", tonnes(1, "-1"), Idempotency_Key="sale")

    assert refused(first) == (409, "ledger.insufficient_available")
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


def test_a_leg_with_too_many_decimals_is_named_and_may_be_corrected_under_its_id(house: Treasury) -> None:
    answer = house.post("/entries", money(1, "12.505"))

    assert refused(answer) == (422, "amount.scale")
    assert answer.json()["errors"] == [
        {"field": "legs[0].amount", "expected": answer.json()["detail"], "code": "amount.scale"}
    ]
    done(house.post("/entries", money(1, "12.51")))


HOSTILE = {
    "a number": (b"12.5", 422, "json.number"),
    "a whole number": (b"12", 422, "request.invalid"),
    "NaN": (b"NaN", 400, "json.not_finite"),
    "NaN in a string": (b'"NaN"', 422, "request.invalid"),
    "1e400": (b"1e400", 422, "json.number"),
    "1e400 in a string": (b'"1e400"', 422, "request.invalid"),
    "full-width digits": ('"\uff11\uff12"'.encode(), 422, "request.invalid"),
    "a comma": (b'"1,250.00"', 422, "request.invalid"),
    "null": (b"null", 422, "request.invalid"),
    "true": (b"true", 422, "request.invalid"),
    "an amount twice": (b'"1", "amount": "2"', 400, "json.duplicate_key"),
    "an unknown field": (b'"1", "price": "2"', 422, "request.invalid"),
    "zero": (b'"0"', 422, "ledger.leg_amount"),
    "beyond 10^15 fen": (b'"10000000000000.01"', 422, "amount.range"),
    "40 digits": (b'"' + b"9" * 40 + b'"', 422, "amount.range"),
}


@SQLITE
def test_a_hostile_amount_is_refused_and_nothing_is_recorded(house: Treasury) -> None:
    for number, (name, (amount, status, code)) in enumerate(HOSTILE.items(), start=1):
        text = json.dumps(money(number, "@@")).encode().replace(b'"@@"', amount).replace(b'"-@@"', b'"-12.50"')

        answer = house.client.post(f"/v1/books/{BOOK}/entries", text)

        assert refused(answer) == (status, code), name
        assert size(house) == number - 1, name
        done(house.post("/entries", money(number)))


@SQLITE
def test_an_entry_outside_the_rules_is_refused(house: Treasury) -> None:
    for change, status, code in (
        ({"legs": []}, 422, "request.invalid"),
        ({"legs": [{"account": BANK, "commodity": "CNY", "amount": "1"}]}, 422, "ledger.entry_legs"),
        ({"kind": "reversal"}, 422, "ledger.entry_malformed"),
        ({"kind": "gift"}, 422, "request.invalid"),
        ({"effective_on": "2025-02-30"}, 422, "request.invalid"),
        ({"effective_on": "2024-12-31"}, 409, "ledger.account_not_open"),
        ({"doc_ref": "x" * 201}, 422, "ledger.entry_doc_ref"),
        ({"doc_ref": ""}, 422, "request.invalid"),
        (
            {"attrs": {"k": "x" * 2000, "l": "é" * 2000, "m": "é" * 2000, "n": "é" * 2000}},
            422,
            "ledger.entry_attrs",
        ),
        ({"recorded_at": "2026-01-01T00:00:00Z"}, 422, "request.invalid"),
        ({"entry_id": "1"}, 422, "request.invalid"),
        ({"cost_legs": {"cost_account": "x", "gain_account": "y", "loss_account": "z"}}, 422, "ledger.cost_legs"),
    ):
        assert refused(house.post("/entries", {**money(1), **change})) == (status, code), change


def test_a_leg_outside_the_rules_is_refused(house: Treasury) -> None:
    for number, (leg, status, code) in enumerate(
        (
            ({"account": "Assets:Nowhere"}, 409, "ledger.account_unknown"),
            ({"account": "bank"}, 422, "ledger.leg_account"),
            ({"commodity": "EUA"}, 409, "ledger.commodity_mismatch"),
            ({"commodity": "GOLD"}, 409, "commodity.unknown"),
            ({"lot_cost": "1"}, 422, "ledger.lot_cost_unexpected"),
            ({"lot_cost": "-1"}, 422, "ledger.leg_lot_cost"),
            ({"lots": [{"lot_id": 1, "quantity": "12.50"}]}, 422, "ledger.leg_lots"),
            ({"lots": [{"lot_id": 0, "quantity": "1"}]}, 422, "request.invalid"),
            ({"lots": [{"lot_id": "1", "quantity": "1"}]}, 422, "request.invalid"),
        ),
        start=1,
    ):
        body = money(number, "12")
        legs = body["legs"]
        assert isinstance(legs, list)
        legs[0].update(leg)

        assert refused(house.post("/entries", body)) == (status, code), leg
        assert size(house) == 0


def test_a_lot_of_another_account_cannot_be_picked(house: Treasury) -> None:
    done(house.post("/entries", tonnes(1, "10", cost="800.00")))
    body = tonnes(2, "-1")
    legs = body["legs"]
    assert isinstance(legs, list)
    legs[0]["lots"] = [{"lot_id": 999_999, "quantity": "1"}]

    assert refused(house.post("/entries", body)) == (409, "ledger.lot_unknown")


def test_picked_lots_are_drawn_on_as_asked(house: Treasury) -> None:
    done(house.post("/entries", tonnes(1, "10", cost="800.00", day="2025-03-01")))
    done(house.post("/entries", tonnes(2, "10", cost="900.00", day="2025-03-02")))
    newest = done(house.get("/lots?as_of=2025-03-03"))["lots"][1]["lot_id"]
    body = tonnes(3, "-10")
    legs = body["legs"]
    assert isinstance(legs, list)
    legs[0]["lots"] = [{"lot_id": newest, "quantity": "10"}]

    done(house.post("/entries", body))

    assert [lot["cost"]["amount"] for lot in done(house.get("/lots?as_of=2025-03-03"))["lots"]] == ["800.00"]


def test_an_entry_is_reversed_once(house: Treasury) -> None:
    done(house.post("/entries", tonnes(1, "3", cost="10.00")))
    done(house.post("/entries", tonnes(2, "-1")))
    body = {"entry_id": entry_id(3), "effective_on": "2025-03-04"}

    receipt = done(house.post(f"/entries/{entry_id(2)}/reverse", body))

    assert (receipt["seq"], receipt["is_replay"]) == (3, False)
    assert done(house.post(f"/entries/{entry_id(2)}/reverse", body))["is_replay"] is True
    assert done(house.get("/entries/3"))["reverses_seq"] == 2
    (lot,) = done(house.get("/lots?as_of=2025-03-04"))["lots"]
    assert (lot["quantity"]["amount"], lot["cost"]["amount"]) == ("3", "10.00")
    again = {"entry_id": entry_id(4), "effective_on": "2025-03-04"}
    assert refused(house.post(f"/entries/{entry_id(2)}/reverse", again)) == (409, "ledger.already_reversed")
    assert refused(house.post(f"/entries/{entry_id(3)}/reverse", again | {"entry_id": entry_id(5)})) == (
        409,
        "ledger.reversal_unknown",
    )


def test_a_refused_entry_cannot_be_reversed(house: Treasury) -> None:
    refused(house.post("/entries", tonnes(1, "-1")))

    answer = house.post(f"/entries/{entry_id(1)}/reverse", {"entry_id": entry_id(2), "effective_on": "2025-03-04"})

    assert refused(answer) == (404, "entry.not_found")


def test_a_place_without_an_entry_is_not_found(house: Treasury) -> None:
    done(house.post("/entries", money(1)))

    for seq in ("0", "2", "999999999999999"):
        assert refused(house.get(f"/entries/{seq}")) == (404, "entry.not_found")


@SQLITE
def test_a_place_that_is_no_number_is_refused(house: Treasury) -> None:
    for seq in ("-1", "1.0", "1e3", "%EF%BC%91", "9" * 16, "01", "x", "%00"):
        assert refused(house.get(f"/entries/{seq}")) in {(422, "request.invalid"), (404, "path.not_found")}, seq


def test_a_batch_answers_each_entry_in_order(house: Treasury) -> None:
    entries = [
        tonnes(1, "10", cost="800.00"),
        tonnes(2, "-11"),
        tonnes(3, "-10"),
        money(4, "12.505"),
        money(5, day="2024-12-31"),
        tonnes(1, "10", cost="800.00"),
        tonnes(1, "10", cost="801.00"),
    ]

    answer = house.post("/entries/batch", {"entries": entries})

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert (answer.json()["accepted"], answer.json()["refused"]) == (3, 4)
    assert [one["entry_id"] for one in results] == [entry["entry_id"] for entry in entries]
    assert [one["receipt"] and (one["receipt"]["seq"], one["receipt"]["is_replay"]) for one in results] == [
        (1, False), None, (2, False), None, None, (1, True), None,
    ]  # fmt: skip
    assert [one["refusal"] and (one["refusal"]["code"], one["refusal"]["is_recorded"]) for one in results] == [
        None,
        ("ledger.insufficient_available", True),
        None,
        ("amount.scale", False),
        ("ledger.account_not_open", True),
        None,
        ("ledger.id_reused", False),
    ]
    assert [one["place"] for one in results] == list(range(len(entries)))
    assert [one["refusal"] and one["refusal"]["field"] for one in results] == [
        None,
        "entries[1].legs[0].amount",
        None,
        "entries[3].legs[0].amount",
        "entries[4].legs[0].account",
        None,
        None,
    ]


def test_a_batch_sent_again_changes_nothing_and_tells_refusals_again(house: Treasury) -> None:
    entries = [tonnes(1, "10", cost="800.00"), tonnes(2, "-11")]
    first = done(house.post("/entries/batch", {"entries": entries}))["results"]

    again = done(house.post("/entries/batch", {"entries": entries}))["results"]

    assert again[0]["receipt"] == {**first[0]["receipt"], "is_replay": True}
    assert again[1]["refusal"] == {**first[1]["refusal"], "is_replay": True}
    assert size(house) == 1


def test_a_batch_of_unreadable_amounts_only_records_nothing(house: Treasury) -> None:
    answer = done(house.post("/entries/batch", {"entries": [money(1, "0.001")]}))

    assert (answer["accepted"], answer["refused"], size(house)) == (0, 1, 0)


def test_a_batch_of_8000_is_taken_and_one_more_is_not(house: Treasury) -> None:
    entries = [money(number, "0.01") for number in range(1, 8002)]

    taken = house.post("/entries/batch", {"entries": entries[:8000]})
    too_many = house.post("/entries/batch", {"entries": entries})

    assert (taken.status_code, taken.json()["accepted"]) == (200, 8000)
    assert refused(too_many) == (422, "request.invalid")
    assert refused(house.post("/entries/batch", {"entries": []})) == (422, "request.invalid")
    balance = done(house.get("/positions?as_of=2025-12-31&under=Assets:Bank"))["positions"][0]["balance"]
    assert balance == {"amount": "80.00", "unit": "CNY"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    leg=st.dictionaries(
        st.sampled_from(["account", "commodity", "amount", "lot_cost", "lots"]),
        st.one_of(
            st.text(max_size=30),
            st.sampled_from([BANK, "CNY", "1", "-1", "0.01", "1e9"]),
            st.none(),
            st.integers(),
            st.lists(st.dictionaries(st.sampled_from(["lot_id", "quantity"]), st.integers()), max_size=2),
        ),
    )
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_leg_whatever_makes_the_server_fail(house: Treasury, leg: dict[str, object]) -> None:
    body = money(1)
    legs = body["legs"]
    assert isinstance(legs, list)

    answer: httpx.Response = house.post("/entries", {**body, "legs": [leg, legs[1]]})

    assert answer.status_code in {201, 400, 409, 422}
    assert answer.status_code == 201 or answer.headers["content-type"] == "application/problem+json"
