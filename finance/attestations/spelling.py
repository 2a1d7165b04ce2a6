"""How single fields of keys and statements are spelled: identifiers, digests, names, narrative, languages, media types.

Owns the patterns and their refusals (``Invalid`` that names the field). Knows no document.
"""

from __future__ import annotations

import re
import unicodedata

from finance.attestations.canonical import check_text, shown
from ledger.core.errors import Invalid

MAX_NAME_CHARACTERS = 200
MAX_NARRATIVE_CHARACTERS = 4000

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}", re.ASCII)


def check_identifier(text: str, *, field: str) -> None:
    """Refuse an identifier that is not 1 to 100 of A-Z a-z 0-9 . _ : / -, first a letter or digit."""
    _check(_IDENTIFIER, text, field=field, expected="1 to 100 of A-Z a-z 0-9 . _ : / -, first a letter or digit")


def check_sha256(text: str, *, field: str) -> None:
    """Refuse a digest that is not 64 lower-case hexadecimal digits."""
    _check(_SHA256, text, field=field, expected="a SHA-256 digest of 64 lower-case hexadecimal digits")


def check_language(text: str, *, field: str) -> None:
    """Refuse a language tag other than language, script, region: ``en``, ``zh-CN``, ``zh-Hans-CN`` (BCP 47 subset)."""
    _check(_LANGUAGE, text, field=field, expected="a language tag such as en or zh-CN")


def check_media_type(text: str, *, field: str) -> None:
    """Refuse a media type that is not lower-case ``type/subtype`` without parameters (RFC 6838 section 4.2)."""
    _check(_MEDIA_TYPE, text, field=field, expected="a media type such as application/pdf")


def check_name(text: str, *, field: str, max_characters: int = MAX_NAME_CHARACTERS) -> None:
    """Refuse text that is blank, padded, longer than ``max_characters`` or not plainly visible (``check_text``)."""
    check_text(text, field=field)
    if not text or text != text.strip() or len(text) > max_characters:
        raise Invalid(
            "attestation.field_text",
            f"{field}: expected 1 to {max_characters} characters without blanks at the ends",
            field=field,
            value=shown(text),
        )


def check_legal_name(text: str, *, field: str) -> None:
    """Refuse a name of an organisation or person that could be taken for another: ``attestation.lookalike_name``.

    Beyond ``check_name``: one word holds letters of one alphabet only (a Cyrillic \u0430 among Latin letters is refused; a Chinese
    and an English part side by side are not), and no letter or digit is a compatibility twin of another (full-width Latin,
    mathematical letters, radicals; Unicode UTS 39 section 5, mixed-script detection, narrowed). Brackets and other punctuation
    of any width may stand.
    """
    check_name(text, field=field)
    for character in text:
        is_twin = unicodedata.category(character)[0] in "LNS" and unicodedata.normalize("NFKC", character) != character
        if is_twin:
            raise _lookalike(field, f"U+{ord(character):04X}, which is a variant of another character")
    for word in re.split(r"[\W\d_]+", text):
        alphabets = {unicodedata.name(character, "?").split(" ")[0] for character in word} - _NO_ALPHABET
        if len(alphabets) > 1:
            raise _lookalike(field, f"one word with {' and '.join(sorted(alphabets)).lower()} letters")


_NO_ALPHABET = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "MODIFIER", "COMBINING"}
)
"""First words of Unicode names that are written together without deceiving anybody, or that belong to what they stand on."""


def _lookalike(field: str, found: str) -> Invalid:
    return Invalid(
        "attestation.lookalike_name",
        f"{field}: expected plain letters of one alphabet a word, found {found}",
        field=field,
    )


def _check(pattern: re.Pattern[str], text: str, *, field: str, expected: str) -> None:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        found = shown(text) if isinstance(text, str) else type(text).__name__
        raise Invalid("attestation.field_spelling", f"{field}: expected {expected}", field=field, value=found)
