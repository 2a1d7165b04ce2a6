"""A proposed accounting policy ends without an approval: another person rejects it, or who proposed it withdraws it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.store.database import Database
from tests.api.ledger_calls import SQLITE, done, entry_id, refused
from tests.api.test_approval_notices import House, house
from tests.api.test_month_close import POLICY, Office, office, proposed
from tests.api.test_pages_books import of_book, page
from tests.conftest import owner_of

__all__ = ["house", "office"]

AT = f"/accounting-policies/{POLICY}"
REASON = "the cost formula does not fit"


def reject(office: Office, digest: str, reason: str = REASON) -> Any:
    return office.approve(f"{AT}/reject", {"digest": digest, "reason": reason})


def withdraw(office: Office) -> Any:
    return office.treasury.client.post(f"/v1{AT}/withdraw", json.dumps({"reason": "wrong first day"}))


def waiting(office: Office) -> list[str]:
    return [each["kind"] for each in done(office.treasury.client.get("/v1/inbox", key=office.colleague))["waiting"]]


def test_a_rejected_policy_waits_no_more_and_can_no_longer_be_approved(office: Office) -> None:
    digest = proposed(office)["digest"]
    before = waiting(office)

    ended = done(reject(office, digest))
    again = done(reject(office, digest))
    approval = office.approve(f"{AT}/approve", {"digest": digest})

    assert (before, waiting(office)) == (["accounting_policy"], [])
    assert (ended["ended"]["how"], ended["ended"]["reason"], ended["approved_by"]) == ("rejected", REASON, None)
    assert ended["ended"]["ended_by"] != ended["proposed_by"]
    assert again == ended  # the same by the same person changes nothing
    assert refused(approval) == (409, "policy.ended")
    assert done(office.treasury.get("/accounting-policies?on=2026-10-01"))["in_force"] is None


def test_a_withdrawn_policy_waits_no_more_and_can_no_longer_be_approved_or_rejected(office: Office) -> None:
    digest = proposed(office)["digest"]

    ended = done(withdraw(office))

    assert (ended["ended"]["how"], ended["ended"]["ended_by"]) == ("withdrawn", ended["proposed_by"])
    assert waiting(office) == []
    assert refused(office.approve(f"{AT}/approve", {"digest": digest})) == (409, "policy.ended")
    assert refused(reject(office, digest)) == (409, "policy.ended")


def test_after_a_rejection_the_next_version_is_proposed_and_approved(office: Office) -> None:
    done(reject(office, proposed(office)["digest"]))

    following = done(
        office.treasury.post("/accounting-policies", {"policy_id": entry_id(901), "effective_from": "2026-02-01"})
    )
    done(office.approve(f"/accounting-policies/{entry_id(901)}/approve", {"digest": following["digest"]}))

    assert following["version"] == 2
    assert done(office.treasury.get("/accounting-policies?on=2026-10-01"))["in_force"] == entry_id(901)


def test_only_the_maker_withdraws_and_only_another_rejects(house: House) -> None:
    policy = {"policy_id": POLICY, "effective_from": "2026-01-01"}
    made = house.post(f"/books/{house.first.book}/accounting-policies", policy)
    own = house.first.client.post(f"/v1{AT}/reject", json.dumps({"digest": made["digest"], "reason": REASON}))
    foreign = house.decide(f"{AT}/withdraw", {"reason": REASON})
    still = house.open_kinds()

    done(house.first.client.post(f"/v1{AT}/withdraw", json.dumps({"reason": REASON})))

    assert refused(own) == (403, "policy.withdraw_instead")
    assert refused(foreign) == (403, "policy.not_yours")
    assert (still, house.open_kinds()) == (["accounting_policy"], [])  # whoever was told is told that it ended


def test_an_approved_policy_is_neither_rejected_nor_withdrawn(office: Office) -> None:
    digest = proposed(office)["digest"]
    done(office.approve(f"{AT}/approve", {"digest": digest}))

    assert refused(reject(office, digest)) == (409, "policy.stands")
    assert refused(withdraw(office)) == (409, "policy.stands")


def test_a_rejection_names_the_very_digest_and_says_why(office: Office) -> None:
    digest = proposed(office)["digest"]

    assert refused(reject(office, "0" * 64)) == (409, "policy.digest")
    for reason in ("", " ", "x" * 201, "two\nlines"):
        assert 400 <= reject(office, digest, reason).status_code < 500
    assert waiting(office) == ["accounting_policy"]


def test_the_database_refuses_an_approval_of_an_ended_policy_and_the_end_of_an_approved_one(
    office: Office, database: Database
) -> None:
    end = (
        "INSERT INTO accounting_policy_end SELECT book_id, policy_id, digest, maker_id, 'withdrawn', 'why', maker_id,"
        " proposed_at FROM accounting_policy"
    )
    approval = (
        "INSERT INTO accounting_policy_approval SELECT p.book_id, p.policy_id, p.digest, p.maker_id,"
        " (SELECT user_id FROM user_account WHERE user_id <> p.maker_id LIMIT 1), p.proposed_at FROM accounting_policy p"
    )
    one_person = end.replace("'withdrawn'", "'rejected'")
    proposed(office)

    def run(statement: str, *, keep: bool = False) -> None:
        with owner_of(database) as connection:
            connection.execute(text(statement))
            if keep:
                connection.commit()
            else:
                connection.rollback()

    with pytest.raises(DBAPIError, match="two_persons"):
        run(one_person)
    run(approval)
    run(end, keep=True)
    for statement, says in (
        (approval, "accounting.decided"),
        ("UPDATE accounting_policy_end SET reason = 'x'", "append_only"),
        ("DELETE FROM accounting_policy_end", "append_only"),
    ):
        with pytest.raises(DBAPIError, match=says):
            run(statement)


def test_the_page_and_the_inbox_offer_a_colleague_to_reject_and_the_maker_to_withdraw(office: Office) -> None:
    proposed(office)

    mine, theirs = of_book(office, "/accounting-policy"), of_book(office, "/accounting-policy", key=office.colleague)
    asked = page(office.treasury.client, "/inbox/mine")
    inbox = page(office.treasury.client, "/inbox", key=office.colleague)

    assert (f"{AT}/withdraw" in mine, f"{AT}/reject" in mine) == (True, False)
    assert (f"{AT}/withdraw" in theirs, f"{AT}/reject" in theirs) == (False, True)
    assert f"/v1{AT}/withdraw" in asked
    assert f"/v1{AT}/reject" in inbox


@SQLITE
def test_an_ended_version_is_listed_with_its_reason_and_waits_no_more(office: Office) -> None:
    done(reject(office, proposed(office)["digest"]))

    shown, chinese = of_book(office, "/accounting-policy"), of_book(office, "/accounting-policy", chinese=True)

    assert 'id="waiting-1"' not in shown
    assert REASON in shown
    assert "已拒绝" in chinese
