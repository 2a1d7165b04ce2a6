"""Which new passwords are refused because others would guess them soon."""

from __future__ import annotations

import pytest

from api.auth.guessing import is_guessable
from api.auth.passwords import check_password
from ledger.core.errors import Invalid

ZHANG = (
    "zhang.wei@first-smelter.example",
    "zhang.wei",
    "first-smelter.example",
    "Zhang Wei 张伟",
    "First Smelter",
    "tonne",
)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P@ssw0rd1234",
        "123456789012",
        "qwertyuiop123",
        "1qaz2wsx3edc",
        "iloveyou1234",
        "abcdefghijkl",
        "19870412198704",
        "zhang.wei@first-smelter.example",
        "ZHANG-WEI-ZHANG-WEI",
        "Zhang Wei 2026!!",
        "zhangwei.smelter",
        "First Smelter!",
        "FirstSmelter2026",
        "tonnetonnetonne",
        "张伟张伟张伟张伟张伟张伟",
    ],
)
def test_what_is_common_or_known_of_the_person_is_guessable(password: str) -> None:
    assert is_guessable(password, known=ZHANG)


@pytest.mark.parametrize(
    "password",
    [
        "a quiet harbour at dusk",
        "correct horse battery staple",
        "Kq7#vTz!m2Lp",
        "雨后青山远，渡口灯火稀一二三",
        '!"§$%&/()=?`@+',
    ],
)
def test_words_that_only_their_person_puts_together_are_taken(password: str) -> None:
    assert not is_guessable(password, known=ZHANG)


def test_what_is_known_of_one_person_is_not_held_against_another() -> None:
    assert is_guessable("Ottokar Vlk 77!!", known=("Ottokar Vlk",))
    assert not is_guessable("Ottokar Vlk 77!!", known=("Zhang Wei",))


def test_the_organisations_name_is_refused_in_one_sentence_that_does_not_repeat_it() -> None:
    with pytest.raises(Invalid) as refused:
        check_password("First-Smelter-2026", email="li@corp.example", name="Li Na", organisation="First Smelter")

    assert refused.value.code == "password.guessable"
    assert "Smelter" not in str(refused.value)
