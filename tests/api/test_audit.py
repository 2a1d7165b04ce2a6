"""The audit log: one leaf for each write request, proofs that hold, and tampering that is found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256

import pytest
from fastapi import FastAPI

from api.cli import main
from api.store import audit, audit_check
from api.store.audit_check import KnownHead
from ledger.core import log, proofs
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done, refused
from tests.api.two_persons import House, house_of
from tests.conftest import owner_of


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        yield house_of(client, database, clock, randomness)


def log_of(house: House) -> list[dict[str, object]]:
    return list(done(house.get("/v1/audit"))["rows"])


def checked(house: House) -> tuple[str, ...]:
    with house.database.reader() as session:
        return audit_check.check(session, house.maker.organisation_id).findings


def tamper(house: House, statement: str) -> None:
    """Change rows behind the triggers' back, as the owner of the database can."""
    with owner_of(house.database) as connection:
        if house.database.is_sqlite:
            for (name,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('audit_row', 'audit_head')"
            ).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(statement)
        connection.commit()


def test_every_write_request_is_one_row_and_no_read_is(house: House) -> None:
    before = len(log_of(house))
    done(house.post(f"/v1/books/{BOOK}/entries", house.entry(1)))
    house.get(f"/v1/books/{BOOK}")

    rows = log_of(house)

    assert len(rows) == before + 1
    assert rows[0]["route"] == "POST /v1/books/{book_id}/entries"
    assert (rows[0]["user_id"], rows[0]["status"]) == (str(house.maker.user_id), 201)
    assert rows[0]["resources"] == [BOOK, house.entry(1)["entry_id"]]


def test_an_approval_names_both_persons_and_the_digest(house: House) -> None:
    proposal = house.propose(1, "5.00")
    done(house.approve(proposal))

    row = log_of(house)[0]

    assert (row["user_id"], row["proposed_by"]) == (str(house.checker.user_id), str(house.maker.user_id))
    assert (row["proposal_id"], row["proposal_sha256"]) == (proposal["proposal_id"], proposal["sha256"])


def test_a_refused_request_leaves_no_row(house: House) -> None:
    before = len(log_of(house))

    assert house.post("/v1/four-eyes-rules", {"action": "x"}).status_code == 422

    assert len(log_of(house)) == before


def test_no_digest_is_kept_of_personal_data(house: House) -> None:
    note = {"ref": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a", "content": {"name": "Li Na"}}
    done(house.post(f"/v1/books/{BOOK}/persons", note))

    assert (log_of(house)[0]["request_sha256"], log_of(house)[0]["answer_sha256"]) == (None, None)


def test_a_row_and_a_history_are_proven_by_hashes_alone(house: House) -> None:
    old = done(house.get("/v1/audit"))["head"]
    done(house.post(f"/v1/books/{BOOK}/entries", house.entry(1)))

    shown = done(house.get(f"/v1/audit/{old['size']}/proof"))
    history = done(house.get(f"/v1/audit/consistency?old_size={old['size']}"))

    row, head = shown["row"], shown["head"]
    leaf = sha256(b"\x00" + bytes.fromhex(row["salt"]) + row["content"].encode()).digest()
    path = [bytes.fromhex(each) for each in shown["path"]]
    assert leaf.hex() == row["leaf_hash"]
    assert proofs.root_of_inclusion(leaf=leaf, index=old["size"] - 1, size=head["size"], path=path) == bytes.fromhex(
        head["root"]
    )
    assert history["old_root"] == old["root"]
    assert proofs.is_consistent(
        old_size=old["size"],
        old_root=bytes.fromhex(old["root"]),
        new_size=head["size"],
        new_root=bytes.fromhex(head["root"]),
        path=[bytes.fromhex(each) for each in history["path"]],
    )


def test_places_that_are_not_there_are_refused(house: House) -> None:
    for path in ("/v1/audit/0/proof", "/v1/audit/999/proof"):
        assert refused(house.get(path)) == (404, "audit.not_found")
    assert refused(house.get("/v1/audit/consistency?old_size=0")) == (422, "audit.size")
    assert refused(house.get("/v1/audit", who=house.checker)) == (403, "auth.scope_missing")


def test_pages_give_every_row_once(house: House) -> None:
    seen, before = [], ""
    while True:
        page = done(house.get(f"/v1/audit?limit=3{before}"))
        seen += [row["seq"] for row in page["rows"]]
        if page["next_before"] is None:
            break
        before = f"&before={page['next_before']}"

    assert seen == list(range(len(seen), 0, -1))
    assert page["head"]["size"] == len(seen)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_row SET content = replace(content, '201', '200') WHERE seq = 2",
        "UPDATE audit_row SET route = 'POST /v1/other' WHERE seq = 2",
        "DELETE FROM audit_row WHERE seq = 2",
        "DELETE FROM audit_row WHERE seq = (SELECT max(seq) FROM audit_row)",
        "UPDATE audit_head SET size = size - 1",
    ],
)
def test_tampering_is_found(house: House, statement: str) -> None:
    assert checked(house) == ()

    tamper(house, statement)

    assert checked(house)


def test_a_log_written_anew_is_caught_by_a_head_kept_outside(house: House) -> None:
    kept = done(house.get("/v1/audit"))["head"]
    with house.database.reader() as session:
        rows = list(audit.entries(session, house.maker.organisation_id))
    content = rows[1].content.replace('"status":"201"', '"status":"200"')
    assert content != rows[1].content
    leaves = [each.leaf_hash if each.seq != 2 else log.leaf_hash(each.salt, content.encode()) for each in rows]
    peaks, size = log.append_leaves(b"", 0, leaves)

    def bytes_of(value: bytes) -> str:
        return f"x'{value.hex()}'" if house.database.is_sqlite else f"'\\x{value.hex()}'"

    tamper(house, f"UPDATE audit_row SET content = '{content}', leaf_hash = {bytes_of(leaves[1])} WHERE seq = 2")
    tamper(house, f"UPDATE audit_head SET peaks = {bytes_of(peaks)}")

    with house.database.reader() as session:
        known = (KnownHead(size=kept["size"], root=bytes.fromhex(kept["root"])),)
        alone = audit_check.check(session, house.maker.organisation_id)
        against = audit_check.check(session, house.maker.organisation_id, known=known)

    assert size == kept["size"]
    assert alone.is_sound
    assert not against.is_sound


def test_the_command_line_verifies_every_log(house: House) -> None:
    url = house.database.engine.url.render_as_string(hide_password=False)
    head = done(house.get("/v1/audit"))["head"]
    out = io.StringIO()

    assert main(["audit", "verify", "--database", url], out) == 0
    assert f"{head['size']} rows, root {head['root']}" in out.getvalue()
    since = f"{head['size']}:{'0' * 64}"
    assert main(["audit", "verify", "Four Eyes", "--since", since, "--database", url], io.StringIO()) == 1
    assert main(["audit", "verify", "--since", since, "--database", url], io.StringIO(), io.StringIO()) == 2
