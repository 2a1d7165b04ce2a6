"""Canonical bytes: the one spelling of a document that may be signed, and the strict reading of bytes from outside.

Owns RFC 8785 output for documents without numbers, and a JSON reader that refuses whatever two readers could understand
differently. Knows no field names: what a document must contain is the statement's business.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import rfc8785

from ledger.core.errors import Invalid

JsonValue: TypeAlias = "bool | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

MAX_DOCUMENT_BYTES = 256 * 1024
"""Largest canonical document in bytes: room for a thousand evidence digests, too little to slow a request."""

MAX_DEPTH = 8
"""Deepest nesting of lists and objects, the outermost counted; a statement needs three."""

# Tokens that matter for nesting. Possessive quantifiers: no backtracking, so hostile text costs linear time. An
# unterminated string runs to the end and is left for the JSON reader to refuse.
_NESTING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)

# Cc controls, Cf invisible and bidirectional format characters, Cs lone surrogates, Zl and Zp separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FIRST_ARABIC_NONCHARACTER, _LAST_ARABIC_NONCHARACTER = 0xFDD0, 0xFDEF
_PLANE_END_NONCHARACTER = 0xFFFE  # U+xFFFE and U+xFFFF of every plane
_SHOWN_CHARACTERS = 40


def canonical_bytes(document: Mapping[str, JsonValue]) -> bytes:
    """Return the UTF-8 bytes of ``document`` in the form of RFC 8785 (JCS); values are text, bool, null, list, object.

    Keys are ordered by UTF-16 code units (RFC 8785 section 3.2.3). Numbers raise ``canonical.number``, because a
    reader's binary floating point may differ: they travel as decimal strings. Lone surrogates, other types, depth above
    ``MAX_DEPTH`` and size above ``MAX_DOCUMENT_BYTES`` are refused too. ``{"b": None, "a": "1.5"}`` gives
    ``{"a":"1.5","b":null}``.
    """
    encoded = rfc8785.dumps(_plain(document, depth=1))
    _check_size(encoded, MAX_DOCUMENT_BYTES)
    return encoded


def parse_canonical(encoded: bytes) -> Mapping[str, JsonValue]:
    """Return the document that ``encoded`` spells, if these bytes are exactly its canonical form.

    Narrower than RFC 8785: beside what ``parse_strict`` refuses, every text (keys too) passes ``check_text``. Bytes
    that differ from their own re-encoding (blanks, other key order, needless escapes) raise ``canonical.form``.
    """
    document = parse_strict(encoded, max_bytes=MAX_DOCUMENT_BYTES)
    _check_texts(document)
    if canonical_bytes(document) != encoded:
        raise Invalid(
            "canonical.form", "expected the document in RFC 8785 form: sorted keys, no blanks, no needless escapes"
        )
    return document


def parse_strict(encoded: bytes, *, max_bytes: int) -> Mapping[str, JsonValue]:
    """Return the JSON object that ``encoded`` spells, blanks and key order free.

    Refused as ``Invalid``: more than ``max_bytes`` bytes, not UTF-8, a byte order mark, depth above ``MAX_DEPTH``, a
    key twice, any number, NaN or Infinity, a lone surrogate, anything but one object.
    """
    _check_size(encoded, max_bytes)
    try:
        text = encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("canonical.utf8", "expected UTF-8 text", offset=str(error.start)) from error
    _check_nesting(text)
    try:
        document: JsonValue = json.loads(
            text,
            object_pairs_hook=_unique_members,
            parse_int=_refuse_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except json.JSONDecodeError as error:
        raise Invalid("canonical.json", "expected one JSON object", offset=str(error.pos)) from error
    if not isinstance(document, Mapping):
        raise Invalid("canonical.json", "expected one JSON object", offset="0")
    _plain(document, depth=1)
    return document


def check_text(text: str, *, field: str) -> None:
    """Refuse text that a person could not see as it is: ``canonical.text`` names the first such character.

    Text must be in Unicode normal form C and hold no control, format (bidirectional, zero-width), surrogate, line or
    paragraph separator characters and no noncharacters (reliability and security reference, section 2.3: Unicode).
    """
    if not isinstance(text, str):
        raise Invalid("canonical.text", f"{field}: expected text", field=field, value=type(text).__name__)
    for character in text:
        if _is_refused(character):
            raise Invalid(
                "canonical.invisible",
                f"{field}: expected visible text, found U+{ord(character):04X}; remove that character",
                field=field,
                value=f"U+{ord(character):04X}",
            )
    if not unicodedata.is_normalized("NFC", text):
        raise Invalid(
            "canonical.normal_form", f"{field}: expected text in Unicode normal form C", field=field, value=shown(text)
        )


def shown(text: str) -> str:
    r"""Return hostile text fit for a message: at most 40 characters, those a person could not see written as escapes.

    A right-to-left override shows as the six characters ``\u202e``; Chinese text stays readable.
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii") if _is_refused(character) else character
        for character in text[:_SHOWN_CHARACTERS]
    )


def _plain(value: JsonValue, *, depth: int) -> JsonValue:
    # bool first: it is an int to Python, and a legal JSON value here.
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _without_surrogates(value)
    if depth > MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        raise Invalid("canonical.depth", f"expected at most {MAX_DEPTH} levels of lists and objects")
    if isinstance(value, Mapping):
        return {_key(key): _plain(member, depth=depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member, depth=depth + 1) for member in value]
    return _refuse_type(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise Invalid("canonical.key", "expected text as an object's key", value=type(key).__name__)
    return _without_surrogates(key)


def _without_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Invalid("canonical.surrogate", "expected whole characters, found half a surrogate pair") from error
    return text


def _refuse_type(value: object) -> JsonValue:
    kind = type(value).__name__
    if kind in {"int", "float", "Decimal", "Fraction"}:
        raise Invalid("canonical.number", 'expected numbers as decimal strings such as "12.50"', value=kind)
    raise Invalid("canonical.type", "expected text, true, false, null, a list or an object", value=kind)


def _refuse_number(spelled: str) -> JsonValue:
    raise Invalid(
        "canonical.number", 'expected numbers as decimal strings such as "12.50"', value=spelled[:_SHOWN_CHARACTERS]
    )


def _unique_members(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    unique: dict[str, JsonValue] = {}
    for key, value in members:
        if key in unique:
            raise Invalid("canonical.duplicate_key", "expected every key once", field=shown(key))
        unique[key] = value
    return unique


def _check_size(encoded: bytes, max_bytes: int) -> None:
    if len(encoded) > max_bytes:
        raise Invalid("canonical.size", f"expected at most {max_bytes} bytes", value=str(len(encoded)))


def _check_nesting(text: str) -> None:
    # Before the JSON reader: its recursion must not be driven by the sender.
    depth = 0
    for token in _NESTING.finditer(text):
        first = token.group()[0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise Invalid("canonical.depth", f"expected at most {MAX_DEPTH} levels of lists and objects")


def _check_texts(value: JsonValue, *, field: str = "document") -> None:
    if isinstance(value, str):
        check_text(value, field=field)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            check_text(key, field="key")
            _check_texts(member, field=shown(key))
    elif isinstance(value, list):
        for member in value:
            _check_texts(member, field=field)


def _is_refused(character: str) -> bool:
    code_point = ord(character)
    return (
        unicodedata.category(character) in _REFUSED_CATEGORIES
        or _FIRST_ARABIC_NONCHARACTER <= code_point <= _LAST_ARABIC_NONCHARACTER
        or code_point & _PLANE_END_NONCHARACTER == _PLANE_END_NONCHARACTER
    )
