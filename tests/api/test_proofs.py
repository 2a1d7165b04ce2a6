"""Proofs over HTTP, and ``tonne log`` from key to verified bundle."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

import tonne_verify
from api import cli
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, NO_BOOK, Treasury, done, entry_id, money, refused, treasury


def tonne(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(arguments, out, err)
    return code, out.getvalue(), err.getvalue()


def told(*arguments: str) -> str:
    code, out, err = tonne(*arguments)
    assert code == 0, out + err
    return out


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        for number in range(1, 8):
            done(opened.post("/entries", money(number, f"{number}.00")))
        yield opened


@pytest.fixture
def at(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("TONNE_LOG_KEY", raising=False)
    return f"--database={database.engine.url.render_as_string(hide_password=False)}"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "log.pem"
    (tmp_path / "log.pub").write_text(told("log", "key", "new", str(path)), encoding="utf-8")
    return path


def public(key: Path) -> str:
    return f"--public-key={key.with_suffix('.pub').read_text(encoding='utf-8').strip()}"


def test_an_outsider_verifies_what_the_api_proves(house: Treasury, at: str, key: Path, tmp_path: Path) -> None:
    note = told("log", "checkpoint", BOOK, "--key", str(key), at)
    kept = tmp_path / "kept.txt"
    kept.write_text(note, encoding="utf-8")
    done(house.post("/entries", money(8)))
    told("log", "checkpoint", BOOK, "--key", str(key), at)

    newest = done(house.get("/checkpoint"))
    included = house.get(f"/entries/{entry_id(3)}/proof")
    grown = house.get("/consistency?from=7&to=8")

    assert (newest["tree_size"], done(included)["tree_root"]) == ("8", newest["tree_root"])
    for number, answer in enumerate((included, grown)):
        path = tmp_path / f"proof{number}.json"
        path.write_bytes(answer.content)
        assert told("log", "verify", str(path), public(key), f"--since={kept}").startswith("good:")


def test_a_changed_answer_is_not_verified(house: Treasury, at: str, key: Path, tmp_path: Path) -> None:
    told("log", "checkpoint", BOOK, "--key", str(key), at)
    proof = done(house.get(f"/entries/{entry_id(3)}/proof"))
    path = tmp_path / "proof.json"
    path.write_text(json.dumps({**proof, "canonical": proof["canonical"].replace('"300"', '"900"')}), encoding="utf-8")

    assert tonne("log", "verify", str(path), public(key))[0] == tonne_verify.MISMATCH


def test_a_proof_can_be_asked_for_at_any_size(house: Treasury) -> None:
    receipt = done(house.post("/entries", money(8)))

    proof = done(house.get(f"/entries/{entry_id(8)}/proof"))
    earlier = done(house.get(f"/entries/{entry_id(2)}/proof?size=4"))

    assert (proof["leaf_hash"], proof["tree_root"]) == (receipt["leaf_hash"], receipt["tree_root"])
    assert (earlier["seq"], earlier["tree_size"], len(earlier["path"]), earlier["note"]) == ("2", "4", 2, None)
    assert done(house.get("/consistency?from=8"))["path"] == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/checkpoint", (404, "checkpoint.not_found")),
        (f"/entries/{entry_id(99)}/proof", (404, "entry.not_found")),
        (f"/entries/{entry_id(1)}/proof?size=8", (422, "log.size")),
        (f"/entries/{entry_id(1)}/proof?size=0", (422, "log.size")),
        (f"/entries/{entry_id(5)}/proof?size=4", (422, "log.index")),
        (f"/entries/{entry_id(1)}/proof?size=1e3", (422, "request.invalid")),
        ("/consistency?from=0", (422, "log.size_order")),
        ("/consistency?from=5&to=4", (422, "log.size_order")),
        ("/consistency?from=5&to=99", (422, "log.size")),
        ("/consistency?from=999999999999999", (422, "log.size_order")),
        ("/consistency", (422, "request.invalid")),
        ("/consistency?old_size=5", (422, "query.unknown")),
    ],
)
def test_what_cannot_be_proven_is_refused(house: Treasury, path: str, answer: tuple[int, str]) -> None:
    assert refused(house.get(path)) == answer


def test_another_organisation_s_book_proves_nothing(
    house: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    stranger = treasury(database, clock, randomness, "Second Smelter")
    with Client(app, stranger.key) as client:
        for path in ("/checkpoint", f"/entries/{entry_id(1)}/proof", "/consistency?from=1"):
            assert refused(client.get(f"/v1/books/{house.book}{path}")) == (404, "book.not_found")


def test_a_bundle_is_written_once_and_verified(house: Treasury, at: str, key: Path, tmp_path: Path) -> None:
    told("log", "checkpoint", BOOK, "--key", str(key), at)
    out = tmp_path / "bundle.zip"

    assert told("log", "bundle", BOOK, "--out", str(out), at) == "7 entries\n"

    assert told("log", "verify", str(out), public(key)).startswith("good: 7 entries")
    assert tonne("log", "bundle", BOOK, "--out", str(out), at)[2].endswith("[log.file_exists]\n")
    assert house.book == BOOK


def test_a_key_is_rotated_and_the_bundle_follows(house: Treasury, at: str, key: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.pem"
    new.with_suffix(".pub").write_text(told("log", "key", "new", str(new)), encoding="utf-8")
    who = f"--user={house.owner.user_id}"

    rotated = told("log", "key", "rotate", BOOK, "--key", str(key), "--new-key", str(new), who, at)
    out = tmp_path / "bundle.zip"
    told("log", "bundle", BOOK, "--out", str(out), at)

    assert rotated.startswith("entry 8 hands over to ")
    for either in (key, new):
        assert "2 checkpoints by 2 keys" in told("log", "verify", str(out), public(either))
    assert tonne("log", "checkpoint", BOOK, "--key", str(key), at)[2].endswith("[log.key_not_in_force]\n")


def test_the_key_can_be_named_by_the_environment(
    house: Treasury, at: str, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONNE_LOG_KEY", str(key))

    assert told("log", "checkpoint", house.book, at).startswith(f"tonne/{BOOK}\n7\n")


def test_a_proof_is_told_by_place_or_id_in_words_or_json(house: Treasury, at: str) -> None:
    by_place = told("log", "proof", BOOK, "3", at, "--size", "5")
    by_id = told("log", "proof", house.book, entry_id(3), at, "--size", "5", "--json")

    assert by_place.startswith("entry 3 is in the tree of 5 entries")
    assert by_place.endswith("no checkpoint signs this tree yet\n")
    assert json.loads(by_id)["tree_root"] in by_place


def test_a_new_key_is_its_owner_s_alone_and_never_overwritten(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert tonne("log", "key", "new", str(key))[2].endswith("[log.key_exists]\n")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refusals_are_one_line_each(house: Treasury, at: str, key: Path, tmp_path: Path) -> None:
    for arguments, code in (
        (("checkpoint", BOOK), "log.key_missing"),
        (("checkpoint", BOOK, "--key", str(tmp_path / "none")), "log.key_file"),
        (("checkpoint", BOOK, "--key", str(key.with_suffix(".pub"))), "log.key_mode"),
        (("checkpoint", NO_BOOK, "--key", str(key)), "book.not_found"),
        (("checkpoint", "nothing", "--key", str(key)), "book.not_found"),
        (("proof", BOOK, "0"), "entry.not_found"),
        (("proof", BOOK, "-1"), "log.number"),
        (("proof", BOOK, "three"), "log.number"),
        (("proof", BOOK, "3", "--size", "1_0"), "log.number"),
        (("proof", BOOK, "3", "--size", "99"), "log.size"),
        (("bundle", BOOK, "--out", str(tmp_path / "no" / "where.zip")), "log.file"),
        (("bundle", NO_BOOK, "--out", str(tmp_path / "b.zip")), "book.not_found"),
        (("key", "rotate", house.book, "--key", str(key), "--new-key", str(key), "--user", "nobody"), "user.not_found"),
    ):
        exit_code, out, err = tonne("log", *arguments, at)

        assert (exit_code, out, err.count("\n")) == (2, "", 1)
        assert err.endswith(f"[{code}]\n"), err
    assert not (tmp_path / "b.zip").exists()


def test_a_key_file_that_holds_no_such_key_is_refused(house: Treasury, at: str, tmp_path: Path) -> None:
    path = tmp_path / "junk.pem"
    path.write_bytes(os.urandom(64))
    path.chmod(0o600)

    assert tonne("log", "checkpoint", house.book, "--key", str(path), at)[2].endswith("[log.key_file]\n")
