from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.keys import new_key, proves, read_key
from api.deps import uuid7
from api.settings import Environment, Settings, from_environment
from api.store.names import clean_text, name_skeleton
from ledger.core.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_uuid_has_the_bits_of_version_7() -> None:
    """RFC 9562 appendix A.6: 2022-02-22T19:22:22Z is 017F22E2-79B0-7xxx-..."""
    made = uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), lambda count: b"\xff" * count)

    assert str(made) == "017f22e2-79b0-7000-bfff-ffffffffffff"
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


@given(microseconds=st.integers(0, 10**16), later=st.integers(1, 10**9), low=st.binary(min_size=8, max_size=8))
def test_a_later_instant_has_a_greater_uuid(microseconds: int, later: int, low: bytes) -> None:
    first = uuid7(_EPOCH + timedelta(microseconds=microseconds), lambda count: b"\xff" * count)
    second = uuid7(_EPOCH + timedelta(microseconds=microseconds + later), lambda _count: low)

    assert first < second


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=32, max_size=32))
def test_a_key_reads_back_and_proves_itself(prefix: bytes, secret: bytes) -> None:
    made = new_key(lambda count: prefix if count == 8 else secret)

    read = read_key(made.shown())

    assert read == made
    assert proves(made, made.secret_sha256)
    assert secret.hex() not in repr(made)


@given(position=st.integers(0, 101), character=st.sampled_from("0123456789abcdef_ G\n\u0660"))
def test_a_key_with_one_wrong_character_is_none(position: int, character: str) -> None:
    right = new_key(lambda count: bytes(range(count))).shown()
    wrong = right[:position] + character + right[position + 1 :]

    assert read_key(wrong) is None or wrong[: len(right)] == right


@pytest.mark.parametrize("text", ["", "tonne", "tonne___", "tonne_0_0_0", "x" * 10_000])
def test_what_is_no_key_is_none(text: str) -> None:
    assert read_key(text) is None


@given(st.text(max_size=50))
def test_a_name_is_cleaned_once_and_for_all(text: str) -> None:
    try:
        once = clean_text(text, field="name", longest=50)
    except Invalid:
        return

    assert clean_text(once, field="name", longest=50) == once


@pytest.mark.parametrize(
    ("name", "skeleton"),
    [
        ("B\u00e4nk Nord, S.A.", "banknordsa"),
        ("\u4e2d\u56fd\u94f6\u884c", "\u4e2d\u56fd\u94f6\u884c"),
        ("Bank 10", "bankio".replace("i", "l")),
    ],
)
def test_a_name_looks_like_its_skeleton(name: str, skeleton: str) -> None:
    assert name_skeleton(name) == skeleton


def test_settings_come_from_arguments_before_variables_before_defaults() -> None:
    environ = {"TONNE_PORT": "9000", "TONNE_HOST": "0.0.0.0", "PORT": "1"}  # noqa: S104 - an example

    settings = from_environment(environ, port="9001", host=None)

    assert (settings.port, settings.host, settings.workers) == (9001, "0.0.0.0", 1)  # noqa: S104 - an example


def test_production_on_sqlite_has_one_worker() -> None:
    with pytest.raises(Invalid, match="one writer"):
        Settings(environment=Environment.PRODUCTION, workers=2)

    assert Settings(environment=Environment.PRODUCTION, database_url="postgresql://x/y", workers=2).workers == 2


def test_the_database_password_is_not_in_the_settings_repr() -> None:
    assert "hunter2" not in repr(Settings(database_url="postgresql://me:hunter2@host/name"))
