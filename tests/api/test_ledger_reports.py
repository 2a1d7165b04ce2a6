from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, HELD, SQLITE, SUPPLIER, Treasury, done, money, refused, tonnes, treasury

YEAR = "as_of=2025-12-31"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        done(opened.post("/entries", money(1, "100.00", day="2025-03-03")))
        clock.advance(hours=1)
        done(opened.post("/entries", money(2, "-30.00", day="2025-06-30")))
        done(opened.post("/entries", tonnes(3, "10", cost="800.00", day="2025-06-30")))
        yield opened


def held(answer: dict[str, object], kind: str = "positions") -> dict[str, str]:
    rows = answer[kind]
    assert isinstance(rows, list)
    return {row["account"]: row["balance"]["amount"] for row in rows}


def test_positions_are_of_a_day_on_the_normal_side(house: Treasury) -> None:
    early = done(house.get("/positions?as_of=2025-06-29"))
    late = done(house.get("/positions?as_of=2025-06-30"))

    assert held(early) == {BANK: "100.00", SUPPLIER: "100.00"}
    assert held(late) == {BANK: "70.00", SUPPLIER: "70.00", HELD: "10", "Equity:Registry:EUA": "10"}
    assert (late["as_of"], late["known"], len(late["tree_root"])) == ("2025-06-30", 3, 64)


def test_a_report_of_a_record_point_reproduces_for_ever(house: Treasury) -> None:
    newest = house.get(f"/positions?{YEAR}")
    known = newest.json()["known"]
    paths = [f"/{name}?{YEAR}&known={known}" for name in ("positions", "trial-balance", "lots")]
    paths.append(f"/accounts/{BANK}/statement?{YEAR}&known={known}")
    before = [house.get(path).content for path in paths]

    done(house.post("/commodities", {"code": "GEC", "kind": "certificate", "scale": 0}))
    done(house.post("/accounts", {"path": "Assets:Bank:B", "commodity": "CNY", "opened_on": "2025-01-01"}))
    done(house.post("/entries", money(4, "1.00", day="2025-01-02")))
    done(house.post("/entries", tonnes(5, "-4", day="2025-07-01")))

    assert [house.get(path).content for path in paths] == before
    assert house.get(paths[0]).content == newest.content


def test_an_instant_names_the_last_record_point_up_to_it(house: Treasury) -> None:
    first = done(house.get(f"/positions?{YEAR}&at=2026-11-21T08:30:00Z"))
    none = done(house.get(f"/positions?{YEAR}&at=2026-11-21T08:00:00Z"))

    assert (first["known"], first["recorded_at"]) == (1, "2026-11-21T08:00:00.000001+00:00")
    assert first == done(house.get(f"/positions?{YEAR}&known=1"))
    assert (none["known"], none["recorded_at"], none["positions"]) == (0, None, [])


def test_accounts_are_listed_with_empty_ones_below_a_path(house: Treasury) -> None:
    listed = done(house.get(f"/accounts?{YEAR}&known=0&under=Assets"))

    assert held(listed, "accounts") == {BANK: "0.00", HELD: "0"}
    assert [row["type"] for row in listed["accounts"]] == ["asset", "asset"]


def test_nothing_is_below_what_is_no_account(house: Treasury) -> None:
    for under in ("assets", "Asset", "Assets:Carbon:EU", "%25", "%00", "%F0%9F%92%A9", "' OR 1=1 --"):
        assert done(house.get(f"/positions?{YEAR}&under={under}"))["positions"] == [], under


def test_the_trial_balance_has_equal_sides(house: Treasury) -> None:
    lines = done(house.get(f"/trial-balance?{YEAR}"))["lines"]

    assert lines == [
        {
            "commodity": "CNY",
            "debit": {"amount": "70.00", "unit": "CNY"},
            "credit": {"amount": "70.00", "unit": "CNY"},
        },
        {"commodity": "EUA", "debit": {"amount": "10", "unit": "t"}, "credit": {"amount": "10", "unit": "t"}},
    ]


def test_a_statement_pages_through_what_was_known_on_its_first_page(house: Treasury) -> None:
    path = f"/accounts/{BANK}/statement?{YEAR}&limit=1"

    first = done(house.get(path))
    done(house.post("/entries", money(4, "5.00", day="2025-02-01")))
    second = done(house.get(f"{path}&after={first['next_cursor']}"))
    third = done(house.get(f"{path}&after={second['next_cursor']}"))

    assert [line["amount"]["amount"] for page in (first, second, third) for line in page["lines"]] == [
        "100.00",
        "-30.00",
    ]
    assert (second["known"], second["balance"]["amount"], third["next_cursor"]) == (3, "70.00", None)


def test_a_statement_leaves_out_what_is_effective_later(house: Treasury) -> None:
    statement = done(house.get(f"/accounts/{BANK}/statement?as_of=2025-06-29"))

    assert [line["seq"] for line in statement["lines"]] == [1]
    assert statement["balance"] == {"amount": "100.00", "unit": "CNY"}


def test_a_cursor_is_of_one_statement(house: Treasury) -> None:
    path = f"/accounts/{BANK}/statement?limit=1&"
    cursor = done(house.get(f"{path}{YEAR}"))["next_cursor"]

    assert refused(house.get(f"{path}as_of=2025-12-30&after={cursor}")) == (422, "cursor.format")
    assert refused(house.get(f"/accounts/{SUPPLIER}/statement?{YEAR}&after={cursor}")) == (422, "cursor.format")


def unpadded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@SQLITE
def test_a_malformed_cursor_is_refused(house: Treasury) -> None:
    for cursor in ("x", "AAAA", "_" * 200, unpadded("1.2.3"), unpadded("-1.0.0.0123456789abcdef"), unpadded("9" * 60)):
        assert refused(house.get(f"/accounts/{BANK}/statement?{YEAR}&after={cursor}")) == (422, "cursor.format"), cursor


@SQLITE
def test_a_cursor_outside_its_alphabet_is_refused(house: Treasury) -> None:
    for cursor in ("a b", "a=", "%00", "x" * 201, "é", ""):
        assert refused(house.get(f"/accounts/{BANK}/statement?{YEAR}&after={cursor}")) == (422, "request.invalid"), (
            cursor
        )


@SQLITE
def test_a_point_that_cannot_be_is_refused(house: Treasury) -> None:
    for query, code in (
        ("", "request.invalid"),
        ("as_of=2025-13-01", "request.invalid"),
        ("as_of=20251231", "request.invalid"),
        ("as_of=0001-01-01", "request.invalid"),
        (f"{YEAR}&{YEAR}", "query.unknown"),
        (f"{YEAR}&book=x", "query.unknown"),
        (f"{YEAR}&known=4", "ledger.record_point"),
        (f"{YEAR}&known=999999999999999", "ledger.record_point"),
        (f"{YEAR}&known=-1", "request.invalid"),
        (f"{YEAR}&known=1.0", "request.invalid"),
        (f"{YEAR}&known=%EF%BC%91", "request.invalid"),
        (f"{YEAR}&known=9999999999999999999999", "request.invalid"),
        (f"{YEAR}&at=2026-11-21", "request.invalid"),
        (f"{YEAR}&at=2026-11-21T08:00:00", "request.invalid"),
        (f"{YEAR}&known=1&at=2026-11-21T08:00:00Z", "query.exclusive"),
    ):
        for report in ("accounts", "positions", "trial-balance", "lots"):
            assert refused(house.get(f"/{report}?{query}")) == (422, code), (report, query)


@SQLITE
def test_a_page_has_1_to_200_lines(house: Treasury) -> None:
    for limit in ("0", "201", "1000000000", "-1", "1e3", "", "x"):
        status, code = refused(house.get(f"/accounts/{BANK}/statement?{YEAR}&limit={limit}"))

        assert (status, code) in {(422, "query.limit"), (422, "request.invalid")}, limit


def test_a_statement_of_no_account_is_not_found(house: Treasury) -> None:
    for path in ("Assets:Nowhere", "assets", "Assets", "%00", "Assets:Bank:CNY%0A", "%F0%9F%92%A9"):
        status, code = refused(house.get(f"/accounts/{path}/statement?{YEAR}"))

        assert (status, code) in {(404, "account.not_found"), (404, "path.not_found")}, path


def test_a_statement_shows_the_balance_after_each_line_by_business_day(house: Treasury) -> None:
    done(house.post("/entries", money(4, "5.00", day="2025-04-01")))
    path = f"/accounts/{BANK}/statement?{YEAR}&limit=2"

    first = done(house.get(path))
    second = done(house.get(f"{path}&after={first['next_cursor']}"))

    lines = [line for page in (first, second) for line in page["lines"]]
    assert [(line["effective_on"], line["balance"]["amount"]) for line in lines] == [
        ("2025-03-03", "100.00"),
        ("2025-04-01", "105.00"),
        ("2025-06-30", "75.00"),
    ]


def test_a_subtrees_statement_pages_with_one_balance_a_commodity(house: Treasury) -> None:
    path = f"/statement?{YEAR}&under=Assets&limit=2"

    first = done(house.get(path))
    done(house.post("/entries", money(4, "5.00", day="2025-01-02")))
    second = done(house.get(f"{path}&after={first['next_cursor']}"))

    lines = [(line["account"], line["balance"]["amount"]) for page in (first, second) for line in page["lines"]]
    assert lines == [(BANK, "100.00"), (BANK, "70.00"), (HELD, "10")]
    assert [(one["commodity"], one["balance"]["amount"]) for one in second["balances"]] == [
        ("CNY", "70.00"),
        ("EUA", "10"),
    ]
    assert refused(house.get(f"/statement?{YEAR}&under=Asset")) == (404, "account.not_found")
    assert refused(house.get(f"/statement?{YEAR}&under=Equity&after={first['next_cursor']}")) == (422, "cursor.format")


def test_reports_of_a_part_leave_out_what_only_begins_alike(house: Treasury) -> None:
    done(house.post("/accounts", {"path": "Assets:Bank2:CNY", "commodity": "CNY", "opened_on": "2025-01-01"}))

    part = done(house.get(f"/trial-balance?{YEAR}&under=Assets:Carbon"))["lines"]

    assert [(line["commodity"], line["debit"]["amount"]) for line in part] == [("EUA", "10")]
    assert list(held(done(house.get(f"/accounts?{YEAR}&under=Assets:Bank")), "accounts")) == [BANK]


def test_the_tax_lot_report_shows_gain_and_pages(house: Treasury) -> None:
    for path, commodity in (("Assets:CarbonCost:EUA", "CNY"), ("Income:Trading", "CNY"), ("Expenses:Trading", "CNY")):
        done(house.post("/accounts", {"path": path, "commodity": commodity, "opened_on": "2025-01-01"}))
    for number, amount in ((5, "2"), (6, "1")):
        sold = tonnes(number, f"-{amount}", day="2025-07-01")
        legs = [*sold["legs"], {"account": BANK, "commodity": "CNY", "amount": "200.00"}]  # type: ignore[misc]
        costs = {
            "cost_account": "Assets:CarbonCost:EUA",
            "gain_account": "Income:Trading",
            "loss_account": "Expenses:Trading",
        }
        done(house.post("/entries", {**sold, "kind": "trade", "legs": legs, "cost_legs": costs}))

    first = done(house.get(f"/disposals?{YEAR}&limit=1"))
    second = done(house.get(f"/disposals?{YEAR}&limit=1&after={first['next_cursor']}"))

    shown = [line for page in (first, second) for line in page["disposals"]]
    assert [(one["quantity"]["amount"], one["cost"]["amount"], one["gain"]["amount"]) for one in shown] == [
        ("2", "160.00", "40.00"),
        ("1", "80.00", "120.00"),
    ]
    assert done(house.get(f"/disposals?{YEAR}&since=2025-07-02"))["disposals"] == []
    assert done(house.get("/disposals?as_of=2025-06-30"))["disposals"] == []


def test_balances_now_come_page_by_page_with_their_limits(house: Treasury) -> None:
    first = done(house.get("/balances?limit=2&under=Assets"))
    rest = done(house.get(f"/balances?limit=2&under=Assets&after={first['next_cursor']}"))

    shown = [(one["account"], one["available"]["amount"]) for page in (first, rest) for one in page["balances"]]
    assert shown == [(BANK, "70.00"), (HELD, "10")]
    assert (first["balances"][1]["lot_method"], first["balances"][1]["floor"]["amount"]) == ("fifo", "0")
    assert (first["known"], rest["next_cursor"]) == (3, None)
    assert refused(house.get("/accounts/Assets:Nowhere/balance")) == (404, "account.not_found")
