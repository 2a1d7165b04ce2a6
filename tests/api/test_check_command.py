from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from api import cli
from api.auth.principal import Scope
from api.deps import unit_of_work
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, NO_BOOK, Treasury, done, money, refused, treasury
from tests.api.people import Member, member
from tests.conftest import owner_of

REF = "01939c3e-7b3a-7cc1-9a53-0000000000aa"
NOTE = {"ref": REF, "content": {"contact": "Li Na 李娜"}}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TONNE_") and not name.startswith("TONNE_TEST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        done(opened.post("/entries", money(1)))
        done(opened.post("/entries", money(2)))
        yield opened


@pytest.fixture
def office(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    """A book whose owner's key is an administrator's too."""
    scopes = (Scope.ADMIN, Scope.LEDGER_READ, Scope.LEDGER_WRITE)
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", scopes)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        yield opened


def check(database_url: str, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(("check", *arguments, "--database", database_url), out, err)
    return code, out.getvalue(), err.getvalue()


def bend(database: Database) -> None:
    with owner_of(database) as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER posting_no_update")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE posting SET amount = amount * 2 WHERE seq = 2")
        connection.commit()


def test_a_sound_book_is_exit_0_by_code_and_by_id(house: Treasury, database_url: str) -> None:
    by_code = check(database_url, "smelter")
    by_id = check(database_url, BOOK)

    assert by_code == by_id
    assert (by_code[0], by_code[2]) == (0, "")
    assert by_code[1].startswith(f"book smelter ({BOOK}): sound\n2 entries, 2 leaves, root ")
    assert "\naudit log: sound\n" in by_code[1]


def test_what_a_check_found_is_kept_as_started_on_the_server(house: Treasury, database_url: str) -> None:
    assert check(database_url, "smelter")[0] == 0

    (kept,) = done(house.get("/checks"))["checks"]

    assert (kept["is_sound"], kept["entries"], kept["started_by"], kept["first_bad"]) == (True, 2, None, None)
    assert kept["audit_log"]["rows"] > 0


def test_a_bent_audit_log_is_exit_1_though_the_book_is_sound(
    house: Treasury, database: Database, database_url: str
) -> None:
    with owner_of(database) as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER audit_row_no_update")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE audit_row SET route = 'GET /nothing' WHERE seq = 2")
        connection.commit()

    code, out, _ = check(database_url, "smelter", "--json")

    seen = json.loads(out)
    assert (code, seen["is_sound"], seen["findings"], seen["is_kept"]) == (1, False, [], True)
    assert seen["audit_log"]["findings"] == ["row 2: route: the column says other than the bytes"]
    (kept,) = done(house.get("/checks"))["checks"]
    assert (kept["is_sound"], kept["first_bad"]) == (False, "row 2: route: the column says other than the bytes")


def test_an_audit_log_that_cannot_be_read_is_a_finding_and_the_book_is_checked_all_the_same(
    house: Treasury, database: Database, database_url: str
) -> None:
    with owner_of(database) as connection:
        connection.exec_driver_sql("ALTER TABLE audit_row RENAME COLUMN salt TO pepper")
        connection.commit()

    code, out, _ = check(database_url, "smelter")

    assert code == 1
    assert f"book smelter ({BOOK}): sound\n2 entries" in out
    assert "the audit log cannot be read" in out


def test_a_kept_check_is_never_changed(house: Treasury, database: Database, database_url: str) -> None:
    check(database_url, "smelter")

    for statement in ("UPDATE book_check SET findings = '[]'", "DELETE FROM book_check"):
        with pytest.raises(DBAPIError), unit_of_work(database) as session:
            session.connection().exec_driver_sql(statement)

    assert len(done(house.get("/checks"))["checks"]) == 1


def test_a_bent_book_is_kept_with_its_first_bad_place(house: Treasury, database: Database, database_url: str) -> None:
    bend(database)

    check(database_url, "smelter")

    (kept,) = done(house.get("/checks"))["checks"]
    assert (kept["is_sound"], kept["first_bad"]) == (False, "posting seq 2")
    assert kept["findings"][0]["code"] == "entry.differs_from_leaf"


def test_a_bent_book_is_exit_1_and_says_where(house: Treasury, database: Database, database_url: str) -> None:
    bend(database)

    code, out, _ = check(database_url, "smelter", "--json")
    seen = json.loads(out)

    assert (code, seen["is_sound"], seen["entries"]) == (1, False, 2)
    first = seen["findings"][0]
    assert (first["code"], first["table"], first["at"]) == ("entry.differs_from_leaf", "posting", "seq 2")
    code, out, _ = check(database_url, "smelter")
    assert code == 1
    assert "NOT SOUND" in out
    assert "entry.differs_from_leaf in posting at seq 2: expected postings" in out


def test_a_root_kept_outside_is_compared(house: Treasury, database_url: str) -> None:
    root = json.loads(check(database_url, "smelter", "--json")[1])["tree_root"]

    assert check(database_url, "smelter", "--since", f"2:{root}")[0] == 0
    code, out, _ = check(database_url, "smelter", "--since", f"2:{'0' * 64}", "--since", f"9:{'0' * 64}")
    assert code == 1
    assert "tree.root in leaf at seq 1 to 2" in out
    assert "tree.shorter in leaf at seq 3" in out


def test_a_log_that_a_witness_contradicts_is_told_to_the_client_once(house: Treasury, database_url: str) -> None:
    root = json.loads(check(database_url, "smelter", "--json")[1])["tree_root"]
    check(database_url, "smelter", "--since", f"2:{root}")
    before = done(house.client.get("/v1/notices"))["notices"]

    for _ in range(2):
        check(database_url, "smelter", "--since", f"2:{'0' * 64}")

    (told,) = done(house.client.get("/v1/notices"))["notices"]
    assert before == []
    assert (told["kind"], told["severity"]) == ("witness_refused", "urgent")
    assert "tree.root at seq 1 to 2" in told["text_en"]
    assert told["path"] == f"/books/{BOOK}/check"


def test_a_bent_book_that_no_witness_contradicts_is_no_alert_of_one(
    house: Treasury, database: Database, database_url: str
) -> None:
    bend(database)

    check(database_url, "smelter")

    assert done(house.client.get("/v1/notices"))["notices"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing",), "book.not_found"),
        ((NO_BOOK,), "book.not_found"),
        (("",), "book.not_found"),
        (("smelter", "--since", "nonsense"), "check.since"),
        ((), "command.usage"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_line(
    database_url: str, arguments: tuple[str, ...], code: str
) -> None:
    exit_code, out, err = check(database_url, *arguments)

    assert (exit_code, out) == (2, "")
    assert err.endswith(f"[{code}]\n")
    assert err.count("\n") == 1


def test_a_note_is_kept_read_and_erased_for_good(office: Treasury) -> None:
    kept = done(office.post("/persons", NOTE))
    again = done(office.post("/persons", NOTE))
    read = done(office.get(f"/persons/{REF}"))
    erased = done(office.post(f"/persons/{REF}/erase", {}))

    assert kept == again == {"ref": REF, "commitment": read["commitment"]}
    assert (read["content"], read["recorded_by"], read["erased_at"]) == (
        NOTE["content"],
        str(office.owner.user_id),
        None,
    )
    assert (erased["content"], erased["commitment"]) == (None, kept["commitment"])
    assert (erased["erased_by"], erased["erased_at"] is None) == (str(office.owner.user_id), False)
    assert done(office.get(f"/persons/{REF}")) == erased
    assert done(office.post(f"/persons/{REF}/erase", {})) == erased
    assert refused(office.post("/persons", NOTE)) == (409, "person.erased")


def test_no_digest_of_personal_data_is_kept_for_repeats(office: Treasury) -> None:
    assert refused(office.post("/persons", NOTE, Idempotency_Key="monday")) == (422, "person.idempotency_key")
    assert refused(office.get(f"/persons/{REF}")) == (404, "person.not_found")


@pytest.mark.parametrize("content", [{}, {"Name": "x"}, {"name": ""}, {"name": 5}, [], None])
def test_content_that_is_no_texts_by_name_is_refused(office: Treasury, content: object) -> None:
    answer = office.post("/persons", {"ref": REF, "content": content})

    assert answer.status_code == 422


def test_who_only_keeps_the_ledger_keeps_notes_but_neither_reads_nor_erases_them(house: Treasury) -> None:
    done(house.post("/persons", NOTE))

    assert refused(house.get(f"/persons/{REF}")) == (403, "auth.scope_missing")
    assert refused(house.post(f"/persons/{REF}/erase", {})) == (403, "auth.scope_missing")


def test_another_organisation_does_not_find_the_book(office: Treasury, app: FastAPI, lender: Member) -> None:
    done(office.post("/persons", NOTE))
    with Client(app, lender.key) as bank:
        answer: httpx.Response = bank.get(f"/v1/books/{BOOK}/persons/{REF}")

    assert answer.status_code in {403, 404}
