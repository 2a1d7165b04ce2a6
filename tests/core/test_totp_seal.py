"""Second factors at rest: sealed for one person, opened with the right key only, and keys that are exchanged."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from uuid import UUID

import pytest

from api.auth.totp_key_file import TotpKeyFile, key_file_of
from api.auth.totp_seal import TotpKey, TotpSeal, key_name
from ledger.core.errors import Conflict, Invalid

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LI, WANG = UUID(int=1), UUID(int=2)
OLD, NEW = TotpKey(secret=bytes(range(32))), TotpKey(secret=bytes(range(1, 33)))


def sealed_with(*keys: TotpKey) -> TotpSeal:
    return TotpSeal(lambda: keys)


def sealed(seal: TotpSeal, person: UUID = LI) -> str:
    return seal.seal(SECRET, person_id=person, random_bytes=secrets.token_bytes)


def test_what_is_kept_does_not_show_the_secret_and_opens_to_it() -> None:
    seal = sealed_with(OLD)

    kept = sealed(seal)

    assert SECRET not in kept
    assert kept != sealed(seal)
    assert seal.open(kept, person_id=LI) == SECRET
    assert key_name(kept) == OLD.name


def test_a_secret_moved_to_another_persons_row_opens_for_nobody() -> None:
    seal = sealed_with(OLD)

    with pytest.raises(Conflict, match="operator") as refused:
        seal.open(sealed(seal, LI), person_id=WANG)

    assert refused.value.code == "totp.unreadable"


@pytest.mark.parametrize("place", [0, 9, 20, 26, 40, -1])
def test_a_changed_letter_opens_for_nobody(place: int) -> None:
    seal = sealed_with(OLD)
    letters = list(sealed(seal))
    letters[place] = "B" if letters[place] != "B" else "C"

    with pytest.raises(Conflict) as refused:
        seal.open("".join(letters), person_id=LI)

    assert refused.value.code == "totp.unreadable"


@pytest.mark.parametrize(
    "kept", ["", "aesgcm1:", "aesgcm1:0000000000000000:AA", "aesgcm2:x", "jbswy3dpehpk3pxp", "A" * 65]
)
def test_what_is_no_sealed_secret_is_refused(kept: str) -> None:
    with pytest.raises(Conflict):
        sealed_with(OLD).open(kept, person_id=LI)


def test_a_secret_from_before_is_read_as_it_stands_and_is_not_current() -> None:
    seal = sealed_with(OLD)

    assert seal.open(SECRET, person_id=LI) == SECRET
    assert not seal.is_current(SECRET)


def test_the_last_key_seals_and_the_one_before_still_opens() -> None:
    kept = sealed(sealed_with(OLD))
    both = sealed_with(OLD, NEW)

    assert both.open(kept, person_id=LI) == SECRET
    assert not both.is_current(kept)
    assert key_name(sealed(both)) == NEW.name
    with pytest.raises(Conflict):
        sealed_with(NEW).open(kept, person_id=LI)


def test_a_new_file_is_its_owners_alone_and_an_exchange_is_seen_at_once(tmp_path: Path) -> None:
    file = TotpKeyFile(tmp_path / "deep" / "keys")
    file.make(OLD)
    file.make(NEW)
    assert (file.path.stat().st_mode & 0o777, file.read()) == (0o600, (OLD,))

    TotpKeyFile(file.path).replace((OLD, NEW))

    assert file.read() == (OLD, NEW)
    assert [each.name for each in tmp_path.joinpath("deep").iterdir()] == ["keys"]


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "AB" * 32, "ab" * 33, "\xff"])
def test_a_file_without_keys_is_refused_without_its_content(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content, encoding="latin-1")
    path.chmod(0o600)

    with pytest.raises(Invalid) as refused:
        TotpKeyFile(path).read()

    assert refused.value.code == "settings.totp_key_file"
    assert not content or content not in str(refused.value)


def test_a_file_that_others_read_or_that_is_absent_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("ab" * 32)
    path.chmod(0o640)

    with pytest.raises(Invalid, match="chmod 600"):
        TotpKeyFile(path).read()
    with pytest.raises(Invalid, match="restore"):
        TotpKeyFile(tmp_path / "nothing").read()


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "sqlite:///var/tonne.db", "var/tonne.db.totp-key"),
        ({}, "sqlite:////srv/t.db", "/srv/t.db.totp-key"),
        ({}, "postgresql://tonne@db/tonne", "var/tonne.totp-key"),
        ({"TONNE_TOTP_KEY_FILE": "/run/secrets/totp"}, "postgresql://tonne@db/tonne", "/run/secrets/totp"),
    ],
)
def test_the_file_is_the_named_one_else_beside_the_database(environ: dict[str, str], url: str, expected: str) -> None:
    assert os.fspath(key_file_of(environ, url).path) == expected
