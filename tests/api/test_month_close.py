"""Policies, vouchers, the note table and a month's close over HTTP: two persons, own books only, files without formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import SQLITE, Treasury, done, entry_id, refused
from tests.api.people import Member, colleague_of, member

MAKER = (Scope.LEDGER_READ, Scope.LEDGER_WRITE, Scope.LEDGER_CLOSE, Scope.ACCOUNTING_WRITE, Scope.MARKET_WRITE)
CHECKER = (Scope.LEDGER_READ, Scope.LEDGER_CLOSE, Scope.ACCOUNTING_APPROVE)
MONTH = "2026-10"
POLICY = entry_id(900)


@dataclass(frozen=True)
class Office:
    """A treasury and its colleague's key."""

    treasury: Treasury
    colleague: str

    def approve(self, path: str, body: object) -> httpx.Response:
        return self.treasury.client.post(f"/v1{path}", json.dumps(body), key=self.colleague)


def colleague(database: Database, clock: Clock, randomness: Randomness, of: Member) -> str:
    return colleague_of(database, clock, randomness, of, "accountant@borrower.example", CHECKER).key


@pytest.fixture
def office(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Office]:
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", MAKER)
    with Client(app, owner.key) as client:
        treasury = Treasury(client, owner)
        done(treasury.open_book())
        allowance = {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2026-01-01"}
        done(treasury.post("/instruments", allowance))
        yield Office(treasury, colleague(database, clock, randomness, owner))


def trades(office: Office, *rows: str) -> None:
    header = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note"
    content = "\n".join((header, *rows)) + "\n"
    done(
        office.treasury.client.post(
            f"/v1/books/{office.treasury.book}/trades", content.encode(), headers={"Content-Type": "text/csv"}
        )
    )


def r14(office: Office) -> None:
    trades(
        office,
        "B1,purchase,2026-10-08,CEA25,10000,80,2400,,,,delivery-1,",
        "U1,surrender,2026-10-09,CEA25,6000,,,,,2025,,",
        "S1,sale,2026-10-12,CEA25,1000,97.81,293.43,,,,,",
        "C1,cancel,2026-10-13,CEA25,500,,,,,,,",
    )


def vouchers_path(office: Office, rest: str = "") -> str:
    return f"/voucher-months/{MONTH}{rest}"


def numbered(office: Office) -> list[dict[str, Any]]:
    done(office.treasury.post(vouchers_path(office, "/number"), {}))
    listed: list[dict[str, Any]] = done(office.treasury.get(vouchers_path(office, "/vouchers")))["vouchers"]
    return listed


def test_the_trades_of_r14_are_numbered_reviewed_and_tied(office: Office) -> None:
    r14(office)

    found = numbered(office)
    review = {"vouchers": [{"number": each["number"], "digest": each["digest"]} for each in found]}
    book = office.treasury.book
    done(office.approve(f"/books/{book}/voucher-months/{MONTH}/review", review))

    surrendered = found[1]["lines"][0]
    assert (surrendered["account_code"], surrendered["debit"]["amount"]) == ("6711.01", "481440.00")
    assert found[2]["lines"][2]["credit"] == {"amount": "17276.57", "unit": "CNY"}
    check = done(office.treasury.get(vouchers_path(office)))
    assert (check["ties"], check["unreviewed"], check["last_number"]) == (True, 0, 4)


def test_the_note_table_closes_at_the_ledger(office: Office) -> None:
    r14(office)

    found = done(office.treasury.get("/disclosures/2026"))

    lines = {line["line"]: line["this_year"] for line in found["allowances"]["lines"]}
    assert lines["closing"] == {
        "quantity": {"amount": "2500", "unit": "t"},
        "amount": {"amount": "200600.00", "unit": "CNY"},
    }
    assert found["allowances"]["explanation"]["value"] == "200600.00"


@SQLITE
def test_pages_of_vouchers_follow_each_other(office: Office) -> None:
    r14(office)
    numbered(office)

    first = done(office.treasury.get(vouchers_path(office, "/vouchers?limit=3")))
    second = done(office.treasury.get(vouchers_path(office, f"/vouchers?limit=3&after={first['next_cursor']}")))

    assert [each["number"] for each in (*first["vouchers"], *second["vouchers"])] == [1, 2, 3, 4]
    assert done(office.treasury.get(vouchers_path(office, "/vouchers/2")))["number"] == 2


@SQLITE
@pytest.mark.parametrize("erp", ["kingdee", "yonyou_u8", "yonyou_nc", "sap"])
def test_an_export_begins_with_the_erp_s_headings_and_has_no_formula(office: Office, erp: str) -> None:
    done(
        office.treasury.client.post(
            f"/v1/books/{office.treasury.book}/entries",
            json.dumps(
                {
                    "entry_id": entry_id(1),
                    "kind": "general",
                    "effective_on": "2026-10-05",
                    "doc_ref": "=HYPERLINK(1)",
                    "legs": [
                        {"account": "Assets:Bank:CNY", "commodity": "CNY", "amount": "12.50"},
                        {"account": "Equity:Opening:CNY", "commodity": "CNY", "amount": "-12.50"},
                    ],
                }
            ),
        )
    )
    numbered(office)

    text = office.treasury.get(vouchers_path(office, f"/export?erp={erp}&format=csv"))
    book = office.treasury.get(vouchers_path(office, f"/export?erp={erp}&format=xlsx"))

    assert text.status_code == 200, text.text
    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(book.content)).worksheets[0]
    assert len(rows) == 3
    assert [cell.value for cell in sheet[1]] == rows[0]
    assert "12.50" in rows[1]
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert entry_id(1) in rows[1]


@SQLITE
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/voucher-months/2026-13", 422, "request.invalid"),
        ("/voucher-months/2026-1%20", 422, "request.invalid"),
        ("/voucher-months/9999-99/vouchers", 422, "request.invalid"),
        ("/voucher-months/2026-10/vouchers/999999999999999", 404, "voucher.not_found"),
        ("/voucher-months/2026-10/vouchers/-1", 422, "request.invalid"),
        ("/voucher-months/2026-10/export?erp=none&format=csv", 404, "erp.unknown"),
        ("/disclosures/999999999999", 422, "disclosure.year"),
        ("/disclosures/0", 422, "disclosure.year"),
        ("/month-closes/2026-00", 422, "request.invalid"),
        ("/interest-accruals/x", 422, "request.invalid"),
    ],
)
def test_what_is_no_month_number_or_year_is_refused(office: Office, path: str, status: int, code: str) -> None:
    answer = office.treasury.get(path)

    assert refused(answer)[0] == status
    assert refused(answer)[1] == code


@SQLITE
def test_another_organisation_finds_neither_book_nor_policy(
    office: Office, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    proposed(office)
    stranger = member(
        database, clock, randomness, OrganisationKind.BORROWER, "Another Smelter", (*MAKER, Scope.ACCOUNTING_APPROVE)
    )
    book = office.treasury.book
    with Client(app, stranger.key) as other:
        answers = [
            other.get(f"/v1/books/{book}/voucher-months/{MONTH}"),
            other.get(f"/v1/books/{book}/month-closes/{MONTH}"),
            other.get(f"/v1/books/{book}/disclosures/2026"),
            other.get(f"/v1/accounting-policies/{POLICY}"),
            other.post(f"/v1/accounting-policies/{POLICY}/approve", json.dumps({"digest": "0" * 64})),
            other.post(f"/v1/accounting-policies/{POLICY}/reject", json.dumps({"digest": "0" * 64, "reason": "x"})),
            other.post(f"/v1/accounting-policies/{POLICY}/withdraw", json.dumps({"reason": "x"})),
            other.post(f"/v1/books/{book}/interest-accruals/{MONTH}", "{}"),
        ]

    assert {answer.status_code for answer in answers} == {404}


@SQLITE
def test_a_key_without_the_scope_is_refused(office: Office) -> None:
    answer = office.treasury.post("/voucher-months/2026-10/review", {"vouchers": [{"number": 1, "digest": "0" * 64}]})
    colleague_writes = office.approve(f"/books/{office.treasury.book}/voucher-months/{MONTH}/number", {})

    assert (answer.status_code, colleague_writes.status_code) == (403, 403)


def proposed(office: Office) -> dict[str, Any]:
    body = {
        "policy_id": POLICY,
        "effective_from": "2026-01-01",
        "sale_vat": "vat.other_intangible_6",
        "own_codes": [{"path": "Assets:Bank", "code": "100201", "name": "工行滨州分行"}],
    }
    found: dict[str, Any] = done(office.treasury.post("/accounting-policies", body))
    return found


def test_a_policy_counts_once_a_colleague_approves_exactly_it(office: Office) -> None:
    digest = proposed(office)["digest"]
    before = done(office.treasury.get("/accounting-policies?on=2026-10-01"))["in_force"]

    wrong = office.approve(f"/accounting-policies/{POLICY}/approve", {"digest": "0" * 64})
    approved = done(office.approve(f"/accounting-policies/{POLICY}/approve", {"digest": digest}))
    r14(office)

    assert (before, refused(wrong)) == (None, (409, "policy.digest"))
    assert approved["approved_by"] != approved["proposed_by"]
    # 97,810.00 with 6 %: 5,536.42 of tax comes off the gain of 17,276.57.
    sale = {line["account_code"]: line for line in numbered(office)[2]["lines"]}
    assert sale["2221.01.02"]["credit"]["amount"] == "5536.42"
    assert sale["6301"]["credit"]["amount"] == "11740.15"
    assert sale["100201"]["debit"]["amount"] == "97516.57"


@SQLITE
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sale_vat": "vat.unheard"}, "reference.missing"),
        ({"sale_vat": "../etc"}, "policy.vat"),
        ({"own_codes": [{"path": "Bank", "code": "1", "name": "x"}]}, "policy.account_path"),
        ({"company_code": "=1"}, "policy.code"),
        ({"standard": "us_gaap"}, "request.invalid"),
        ({"effective_from": "2026-02-30"}, "request.invalid"),
    ],
)
def test_a_policy_that_cannot_be_applied_is_refused(office: Office, changed: dict[str, Any], code: str) -> None:
    answer = office.treasury.post(
        "/accounting-policies", {"policy_id": POLICY, "effective_from": "2026-01-01", **changed}
    )

    assert 400 <= answer.status_code < 500
    assert refused(answer)[1] == code


def test_a_month_closes_over_http_with_two_persons(office: Office) -> None:
    trades(office, "F1,fee,2026-10-08,,,,100,,,,,")
    found = numbered(office)
    book = office.treasury.book
    review = {"vouchers": [{"number": each["number"], "digest": each["digest"]} for each in found]}
    done(office.approve(f"/books/{book}/voucher-months/{MONTH}/review", review))
    close = f"/month-closes/{MONTH}"
    for item in ("trades", "allocation", "reconciliation"):
        done(office.treasury.post(f"{close}/confirm", {"item": item, "reason": "checked with the desk"}))
    soft = done(office.treasury.post(f"{close}/close-softly", {"reason": "complete"}))
    step = {"step": soft["steps"][-1]["step"], "digest": soft["steps"][-1]["digest"], "reason": "seen"}

    around = office.treasury.post("/periods/reopen", {})
    closed = done(office.approve(f"/books/{book}{close}/close", step))

    assert soft["may_close"]
    assert refused(around) == (409, "close.by_steps")
    assert closed["items"][-1]["state"] == "done"
    assert done(office.treasury.get("/periods"))["locked_through"] == "2026-10-31"


@SQLITE
def test_an_item_the_books_decide_needs_a_waiver_of_two(office: Office) -> None:
    r14(office)
    close, book = f"/month-closes/{MONTH}", office.treasury.book

    confirmed = office.treasury.post(f"{close}/confirm", {"item": "valuation", "reason": "trust me"})
    asked = done(office.treasury.post(f"{close}/waive", {"item": "valuation", "reason": "no mark was published"}))
    step = asked["steps"][-1]
    answer = {"step": step["step"], "digest": step["digest"], "reason": "agreed"}
    agreed = done(office.approve(f"/books/{book}{close}/approve-waiver", answer))

    assert refused(confirmed) == (409, "close.computed")
    assert [each["state"] for each in agreed["items"] if each["item"] == "valuation"] == ["waived"]


@SQLITE
def test_the_economic_book_and_a_day_s_close_answer(office: Office) -> None:
    opened = done(office.treasury.post("/economic-book", {"economic_book_id": entry_id(500)}))
    nothing = office.treasury.post("/revaluations", {"snapshot_id": entry_id(501)})
    day = done(office.treasury.post("/day-closes", {"day": "2026-10-31"}))
    listed = done(office.treasury.get(f"/day-closes/{MONTH}"))
    provision = office.treasury.post(
        "/emission-provisions",
        {
            "as_of": "2026-10-31",
            "obligation_t": "100",
            "held_free_t": "60",
            "held_bought_t": "30",
            "bought_cost_cny": "2400.00",
            "mark_cny_per_t": "97.40",
            "mark_source": "a snapshot",
            "emissions_source": "a forecast",
        },
    )

    assert opened["economic_book_id"] == entry_id(500)
    assert refused(nothing)[0] == 404
    assert (day["is_replay"], len(listed["closes"])) == (False, 1)
    assert refused(provision) == (422, "provision.standard")
    of_book = {"year": 2025, "snapshot_id": entry_id(501), "mark_instrument": "CEA25"}
    assert refused(office.treasury.post("/emission-provisions/from-book", of_book))[0] == 404


@SQLITE
def test_the_chart_of_accounts_names_its_sources(office: Office) -> None:
    found = done(office.treasury.client.get("/v1/chart-of-accounts"))

    rows = {row["code"]: row for row in found["accounts"]}
    assert rows["1489"]["presentation_zh"] == "其他流动资产"
    assert rows["1489.02"]["parent"] == "1489"
    assert all(row["source"] and row["status"] != "official" for row in found["accounts"])
