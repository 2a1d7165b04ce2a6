"""The key of second factors on a whole installation: made once, never made anew over sealed ones, exchanged under a running server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import cli
from api.app import create_app
from api.auth.principal import Role
from api.auth.totp_key_file import TotpKeyFile
from api.auth.totp_seal import TotpKey, TotpSeal, key_name
from api.store import people
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import SECRET, Door, code_at, door_of


@pytest.fixture
def key_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith("TONNE_") and not name.startswith("TONNE_TEST_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "totp.key"
    monkeypatch.setenv("TONNE_TOTP_KEY_FILE", str(path))
    return path


def run(database_url: str, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(("totp-key", *arguments, "--database", database_url), out, err)
    return code, out.getvalue(), err.getvalue()


def kept(database: Database) -> str:
    with database.reader() as session:
        ((_, text),) = people.kept_totp(session)
    return text


@pytest.fixture
def li(database: Database, clock: Clock, randomness: Randomness, key_path: Path) -> Iterator[Door]:
    """A person with a second factor from before they were sealed, before a server that reads the key file."""
    app = create_app(database, clock=clock, random_source=randomness, totp_seal=TotpSeal(TotpKeyFile(key_path).read))
    with Client(app) as client:
        yield door_of(client, database, clock, randomness, [Role.MAKER], has_totp=True)


def test_sealing_makes_the_key_once_and_keeps_the_second_factor_working(
    li: Door, database: Database, database_url: str, key_path: Path
) -> None:
    assert kept(database) == SECRET

    first, second = run(database_url, "seal"), run(database_url, "seal")

    assert first[:2] == (
        0,
        f"1 second factors were sealed; the key is in {key_path}, keep a copy apart from the database\n",
    )
    assert second[1].startswith("0 second factors")
    assert SECRET not in kept(database)
    assert key_path.stat().st_mode & 0o777 == 0o600
    assert li.sign_in(totp=code_at(li.clock())).status_code == 200


def test_a_key_that_is_lost_is_never_made_anew_over_sealed_secrets(li: Door, database_url: str, key_path: Path) -> None:
    run(database_url, "seal")
    key_path.unlink()

    for action in ("seal", "rotate"):
        code, out, err = run(database_url, action)
        assert (code, out) == (2, "")
        assert "[totp.key_file_missing]" in err
    assert not key_path.exists()


def test_a_key_is_exchanged_under_a_running_server_and_the_oldest_goes(
    li: Door, database: Database, database_url: str, key_path: Path
) -> None:
    run(database_url, "seal")
    names = []

    for _ in range(3):
        assert run(database_url, "rotate")[0] == 0
        names.append(key_name(kept(database)))
        li.clock.advance(hours=1)
        assert li.sign_in(totp=code_at(li.clock())).status_code == 200

    assert len({*names}) == 3
    assert [key.name for key in TotpKeyFile(key_path).read()] == names[-2:]


def test_the_command_shows_counts_and_names_and_never_a_key(li: Door, database_url: str, key_path: Path) -> None:
    before = run(database_url, "show")[1]
    run(database_url, "seal")
    run(database_url, "rotate")

    after = run(database_url, "show")[1]

    old, new = TotpKeyFile(key_path).read()
    assert before == f"{key_path} (not there)\nplain            1 second factors\n"
    assert after == f"{key_path}\n{old.name} 0 second factors\n{new.name} 1 second factors, seals now\n"
    assert old.secret.hex() not in after


def test_a_server_without_the_key_says_so_and_running_sessions_go_on(
    li: Door, database_url: str, key_path: Path
) -> None:
    run(database_url, "seal")
    token = li.token(totp=code_at(li.clock()))
    TotpKeyFile(key_path).replace((TotpKey(secret=bytes(32)),))

    refused = li.sign_in(totp=code_at(li.clock()))

    assert (refused.status_code, refused.json()["code"]) == (409, "totp.unreadable")
    assert li.me(token)["user"]["name"] == "Li Na"


def test_a_factor_that_is_enrolled_is_sealed_from_the_first_moment(
    database: Database, clock: Clock, randomness: Randomness, database_url: str, key_path: Path
) -> None:
    run(database_url, "seal")
    seal = TotpSeal(TotpKeyFile(key_path).read)
    with Client(create_app(database, clock=clock, random_source=randomness, totp_seal=seal)) as client:
        newcomer = door_of(client, database, clock, randomness, [Role.MAKER])
        token = newcomer.token()
        secret = newcomer.send("/totp", key=token).json()["secret"]
        proposed = kept(database)
        done = newcomer.send("/totp/confirm", {"totp": code_at(clock(), secret)}, key=token)

    assert done.status_code == 200, done.text
    assert secret not in proposed
    assert seal.is_current(proposed)
    assert kept(database) == proposed
