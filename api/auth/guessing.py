"""How soon a new password is guessed: against lists of the most common ones, dates, keyboard rows, and what is known of its person.

The estimate and its lists are zxcvbn's (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import matching, scoring

FEWEST_GUESSES = 10**8
"""What a stolen hash has to withstand at least: the paper's mark for a slow hash, as Argon2id is one."""

_LOOKED_AT = 32
_SHORTEST_WORD = 2
_FEWEST_OWN_LETTERS = 4
_FEWEST_DIGITS = 20


def is_guessable(password: str, *, known: Iterable[str]) -> bool:
    """Return whether fewer than 10**8 guesses find the password, by one who knows ``known``: its person's names and addresses.

    Its first 32 characters are looked at, so that a hostile one costs no seconds; a beginning that withstands is enough.
    ``password1234`` is found at once, ``a quiet harbour at dusk`` is not. What is little more than known words and digits, whatever
    its case, blanks and marks, is always guessable: ``Zhang Wei 2026!!`` for Zhang Wei. So are
    fewer than 20 digits alone: days and telephone numbers.
    """
    words = _words(known)
    plain = _plain(password)
    if plain.isdigit() and len(plain) < _FEWEST_DIGITS:
        return True
    rest = plain
    for word in sorted(map(_plain, words), key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != plain and sum(not letter.isdigit() for letter in rest) < _FEWEST_OWN_LETTERS:
        return True
    looked_at = password[:_LOOKED_AT]
    # The library's own entry point keeps a person's words in a table of the whole process: another thread would read them.
    tables = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(words)}
    found = scoring.most_guessable_match_sequence(looked_at, matching.omnimatch(looked_at, tables))
    return bool(found["guesses"] < FEWEST_GUESSES)


def _words(known: Iterable[str]) -> list[str]:
    """Return what is known in the forms in which people write it: whole, without marks, and each part of it."""
    found: dict[str, None] = {}
    for each in known:
        folded = each.casefold()
        parts = "".join(letter if letter.isalnum() else " " for letter in folded).split()
        for word in (folded, "".join(parts), *parts):
            if len(_plain(word)) >= _SHORTEST_WORD:
                found[word] = None
    return list(found)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
