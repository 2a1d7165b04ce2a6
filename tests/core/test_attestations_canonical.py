"""Canonical bytes: RFC 8785's own examples, the strict reader, and the law that one document has one spelling."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.attestations.canonical import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    JsonValue,
    canonical_bytes,
    check_text,
    parse_canonical,
    parse_strict,
    shown,
)
from ledger.core.errors import Invalid


def is_plain(text: str) -> bool:
    try:
        check_text(text, field="text")
    except Invalid:
        return False
    return True


PLAIN_TEXT = st.text(max_size=20).map(lambda text: unicodedata.normalize("NFC", text)).filter(is_plain)
SCALARS = st.none() | st.booleans() | PLAIN_TEXT
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_TEXT, inner, max_size=3), max_leaves=8
).filter(lambda value: depth(value) < MAX_DEPTH)
DOCUMENTS = st.dictionaries(PLAIN_TEXT, VALUES, max_size=5)


def depth(value: JsonValue) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(member) for member in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(member) for member in value), default=0)
    return 0


def refusal(encoded: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        parse_canonical(encoded)
    return caught.value.code


def test_keys_are_ordered_by_utf16_units_as_in_rfc_8785_section_3_2_3() -> None:
    document = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    encoded = canonical_bytes(document)

    assert encoded.decode() == (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
        '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    )


def test_strings_and_literals_are_spelled_as_in_rfc_8785_section_3_2_2() -> None:
    document = {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}

    encoded = canonical_bytes(document)

    # The octets of RFC 8785 section 3.2.4, without its numbers member.
    assert encoded.hex() == (
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c22737472696e67223a22e282ac245c75303030665c6e"
        "4127425c225c5c5c5c5c222f227d"
    )


@settings(deadline=None)
@given(DOCUMENTS)
def test_what_is_written_reads_back_the_same_and_is_written_the_same(document: dict[str, JsonValue]) -> None:
    encoded = canonical_bytes(document)

    assert parse_canonical(encoded) == document
    assert canonical_bytes(parse_canonical(encoded)) == encoded


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_their_own_spelling_or_refused(encoded: bytes) -> None:
    try:
        document = parse_canonical(encoded)
    except Invalid:
        return

    assert canonical_bytes(document) == encoded


@pytest.mark.parametrize("number", [1, 0, Decimal("1.5"), 10**400])
def test_numbers_are_refused_because_they_travel_as_decimal_strings(number: object) -> None:
    document: dict[str, JsonValue] = {"value": number}  # type: ignore[dict-item]  # the refusal is what is tested

    with pytest.raises(Invalid) as caught:
        canonical_bytes(document)

    assert caught.value.code == "canonical.number"


@pytest.mark.parametrize("value", [b"bytes", {"set"}, object()])
def test_values_json_has_no_word_for_are_refused(value: object) -> None:
    document: dict[str, JsonValue] = {"value": value}  # type: ignore[dict-item]  # the refusal is what is tested

    with pytest.raises(Invalid) as caught:
        canonical_bytes(document)

    assert caught.value.code == "canonical.type"


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (b'{"a":1}', "canonical.number"),
        (b'{"a":1.5}', "canonical.number"),
        (b'{"a":1e400}', "canonical.number"),
        (b'{"a":-0}', "canonical.number"),
        (b'{"a":NaN}', "canonical.number"),
        (b'{"a":-Infinity}', "canonical.number"),
        (b'{"a":' + b"9" * 10_000 + b"}", "canonical.number"),
        (b'{"a":"1","a":"1"}', "canonical.duplicate_key"),
        (b'{"b":{"a":"1","\\u0061":"2"}}', "canonical.duplicate_key"),
        (b'{"a":"\\ud800"}', "canonical.surrogate"),
        (b'{"\\udfff":"1"}', "canonical.surrogate"),
        (b'{"a":"\xff"}', "canonical.utf8"),
        (b'{"a":"\xed\xa0\x80"}', "canonical.utf8"),
        (b"\xef\xbb\xbf{}", "canonical.json"),
        (b"", "canonical.json"),
        (b"{", "canonical.json"),
        (b'{"a":"1"}{}', "canonical.json"),
        (b'["a"]', "canonical.json"),
        (b'"a"', "canonical.json"),
        (b"null", "canonical.json"),
        (b'{"a":"\n"}', "canonical.json"),
        (b'{ "a":"1"}', "canonical.form"),
        (b'{"a":"1"}\n', "canonical.form"),
        (b'{"b":"1","a":"1"}', "canonical.form"),
        (b'{"a":"\\u0041"}', "canonical.form"),
        (b'{"a":"\\/"}', "canonical.form"),
        (b'{"a":"\\n"}', "canonical.invisible"),
        (b'{"a":"e\xcc\x81"}', "canonical.normal_form"),
        (b'{"a":"x\xe2\x80\xaey"}', "canonical.invisible"),
        (b'{"a":"x\xe2\x80\x8by"}', "canonical.invisible"),
        (b'{"a":"\\u0000"}', "canonical.invisible"),
        (b'{"a":"\xef\xb7\x90"}', "canonical.invisible"),
        (b'{"\\u202e":"1"}', "canonical.invisible"),
        (b'{"a":["\\u0085"]}', "canonical.invisible"),
    ],
)
def test_bytes_that_two_readers_could_understand_differently_are_refused(encoded: bytes, code: str) -> None:
    assert refusal(encoded) == code


def test_nesting_up_to_the_limit_is_read_and_one_level_more_is_refused() -> None:
    deepest = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    too_deep = b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"

    assert canonical_bytes(parse_canonical(deepest)) == deepest
    assert refusal(too_deep) == "canonical.depth"


def test_a_hundred_thousand_brackets_are_refused_before_the_reader_recurses() -> None:
    assert refusal(b"[" * 100_000) == "canonical.depth"


def test_brackets_inside_text_are_text() -> None:
    document = {"a": "[" * 50 + '\\"{'}

    assert parse_canonical(canonical_bytes(document)) == document


def test_an_unterminated_text_of_escaped_quotes_is_refused_in_linear_time() -> None:
    assert refusal(b'{"a":"' + b'\\"' * 100_000) == "canonical.json"


def test_a_document_above_the_size_limit_is_refused_both_ways() -> None:
    document = {"a": "x" * MAX_DOCUMENT_BYTES}

    with pytest.raises(Invalid) as caught:
        canonical_bytes(document)

    assert caught.value.code == "canonical.size"
    assert refusal(b" " * (MAX_DOCUMENT_BYTES + 1)) == "canonical.size"


def test_the_strict_reader_leaves_blanks_and_key_order_free() -> None:
    assert parse_strict(b' {"b": "1",\n"a": null} ', max_bytes=100) == {"a": None, "b": "1"}


def test_a_message_never_carries_what_a_person_could_not_see() -> None:
    assert shown("a\u202eb\ud800\n") == "a\\u202eb\\ud800\\n"
    assert shown("华信" + "x" * 100) == "华信" + "x" * 38
