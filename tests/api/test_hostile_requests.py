from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import Client

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is refused before any statement runs is the same on both databases."""

EVERYTHING = "/probe/everything"

MALFORMED = {
    "NaN": (b'{"amount": NaN}', "json.not_finite"),
    "Infinity": (b'{"amount": Infinity}', "json.not_finite"),
    "minus Infinity": (b'{"amount": -Infinity}', "json.not_finite"),
    "a key twice": (b'{"amount": "1", "amount": "2"}', "json.duplicate_key"),
    "a key twice, spelled with an escape": (b'{"amount": "1", "\\u0061mount": "2"}', "json.duplicate_key"),
    "a lone high surrogate": (b'{"note": "\\ud800"}', "json.character"),
    "a lone low surrogate": (b'{"note": "a\\udfffb"}', "json.character"),
    "a lone surrogate as a key": (b'{"\\ud800": "1"}', "json.character"),
    "an escaped NUL": (b'{"note": "a\\u0000b"}', "json.character"),
    "a raw NUL": (b'{"note": "a\x00b"}', "json.syntax"),
    "a raw control character": (b'{"note": "a\x01b"}', "json.syntax"),
    "33 levels": (b"[" * 33 + b"]" * 33, "json.depth"),
    "half a megabyte of brackets": (b"[" * 500_000, "json.depth"),
    "half a megabyte of objects": (b'{"a":' * 90_000, "json.depth"),
    "bytes that are not UTF-8": (b'{"note": "\xff"}', "json.encoding"),
    "UTF-16": ('{"amount": "1"}'.encode("utf-16"), "json.encoding"),
    "a surrogate encoded as UTF-8": (b'{"note": "\xed\xa0\x80"}', "json.encoding"),
    "a byte order mark": (b'\xef\xbb\xbf{"amount": "1"}', "json.syntax"),
    "an empty body": (b"", "json.empty"),
    "blanks": (b" \n ", "json.empty"),
    "half a document": (b'{"amount": "1"', "json.syntax"),
    "two documents": (b"{} {}", "json.syntax"),
    "single quotes": (b"{'amount': '1'}", "json.syntax"),
    "a comment": (b'{"amount": "1"} // one', "json.syntax"),
}

UNREADABLE: dict[str, tuple[dict[str, object], str, str]] = {
    "1e400": ({"raw": b'{"amount": 1e400}'}, "json.number", "amount"),
    "a fraction": ({"raw": b'{"amount": 12.5}'}, "json.number", "amount"),
    "an exponent deep inside": (
        {"raw": b'{"legs": [{"account": "a", "amount": 1E9}]}'},
        "json.number",
        "legs[0].amount",
    ),
    "a number of a million digits": ({"raw": b'{"count": ' + b"9" * 900_000 + b"}"}, "json.number", "count"),
    "a number beyond 2^53": ({"raw": b'{"count": 9007199254740992}'}, "json.number", "count"),
    "a number where a string is due": ({"amount": 12}, "field.type", "amount"),
    "true where a number is due": ({"count": True}, "field.type", "count"),
    "a string where a number is due": ({"count": "1"}, "field.type", "count"),
    "a number below the least": ({"count": 0}, "field.rule", "count"),
    "an unknown field": ({"amout": "1"}, "field.unknown", "amout"),
    "an unknown field inside": ({"legs": [{"account": "a", "amount": "1", "x": 1}]}, "field.unknown", "legs[0].x"),
    "a missing field inside": ({"legs": [{"account": "a"}]}, "field.missing", "legs[0].amount"),
    "an array where an object is due": ({"raw": b"[]"}, "field.type", ""),
    "null where an object is due": ({"raw": b"null"}, "field.type", ""),
    "too many items": ({"legs": [{"account": "a", "amount": "1"}] * 4}, "field.rule", "legs"),
    "an unknown member": ({"side": "hold"}, "field.rule", "side"),
    "full-width digits": ({"amount": "\uff11\uff12.\uff13\uff14"}, "amount.format", "amount"),
    "Arabic digits": ({"amount": "\u0663\u0664"}, "amount.format", "amount"),
    "an underscore": ({"amount": "1_000"}, "amount.format", "amount"),
    "outer blanks": ({"amount": " 12 "}, "amount.format", "amount"),
    "an exponent in a string": ({"amount": "1e9"}, "amount.format", "amount"),
    "NaN in a string": ({"amount": "NaN"}, "amount.format", "amount"),
    "a plus sign": ({"amount": "+1"}, "amount.format", "amount"),
    "a trailing line break": ({"amount": "1\n"}, "amount.format", "amount"),
    "41 digits": ({"amount": "1" * 41}, "field.rule", "amount"),
    "a rate in percent": ({"rate": "3.45"}, "rate.format", "rate"),
    "a day that is none": ({"day": "2026-02-30"}, "date.format", "day"),
    "a day in basic format": ({"day": "20260230"}, "date.format", "day"),
    "a day as a week": ({"day": "2026-W01-1"}, "date.format", "day"),
    "a day as an instant": ({"day": "2026-01-01T00:00:00Z"}, "date.format", "day"),
    "a day with Arabic digits": ({"day": "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661"}, "date.format", "day"),
    "an instant without zone": ({"instant": "2026-11-21T08:00:00"}, "instant.format", "instant"),
    "an instant as a number": ({"instant": 1795248000}, "instant.format", "instant"),
    "an instant with an impossible zone": ({"instant": "2026-11-21T08:00:00+99:99"}, "instant.format", "instant"),
    "an id in capitals": ({"id": "01939C3E-7B3A-7CC1-9A53-0F9D6C2B1E4A"}, "id.format", "id"),
    "an id without dashes": ({"id": "01939c3e7b3a7cc19a530f9d6c2b1e4a"}, "id.format", "id"),
    "a code with a slash": ({"code": "../etc"}, "code.format", "code"),
    "a line break in text": ({"note": "a\nb"}, "text.character", "note"),
    "a right-to-left override": ({"note": "a\u202eb"}, "text.character", "note"),
    "a zero-width space": ({"note": "a\u200bb"}, "text.character", "note"),
    "blank text": ({"note": "   "}, "text.length", "note"),
    "long text": ({"note": "a" * 2001}, "text.length", "note"),
    "an address without domain": ({"email": "a@b"}, "text.email", "email"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_document_is_a_bad_request_with_its_own_code(client: Client, case: str) -> None:
    raw, code = MALFORMED[case]

    answer = client.post(EVERYTHING, raw)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:tonne:problem:{code}"


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_field_that_cannot_be_read_is_named_with_a_code(client: Client, case: str) -> None:
    sent, code, field = UNREADABLE[case]
    raw = sent["raw"] if "raw" in sent else json.dumps(sent).encode()
    assert isinstance(raw, bytes)

    answer = client.post(EVERYTHING, raw)

    assert answer.status_code == 422
    assert [(each["code"], each["field"]) for each in answer.json()["errors"]] == [(code, field)]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_well_formed_document_passes_and_comes_back_in_one_spelling(client: Client) -> None:
    sent = {
        "amount": "1789.70",
        "rate": "0.0345",
        "day": "2026-11-21",
        "instant": "2026-11-21T16:00:00+08:00",
        "id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a",
        "note": " e\u0301 \u7535\u89e3\u94dd ",
        "email": "A@B.cn",
        "side": "sell",
        "legs": [{"account": "cea", "amount": "-1"}],
    }

    answer = client.post(EVERYTHING, json.dumps(sent))

    assert answer.status_code == 200
    came = answer.json()
    assert came["amount"] == "1789.70"
    assert came["instant"] == "2026-11-21T08:00:00.000000+00:00"
    assert came["note"] == "\u00e9 \u7535\u89e3\u94dd"
    assert (came["email"], came["side"]) == ("a@b.cn", "sell")
    assert came["legs"] == [{"account": "cea", "amount": "-1"}]


def test_thirty_two_levels_are_read_and_then_judged_by_the_schema(client: Client) -> None:
    answer = client.post(EVERYTHING, b"[" * 32 + b"]" * 32)

    assert answer.json()["code"] == "request.invalid"


def test_what_was_sent_is_never_repeated(client: Client) -> None:
    answer = client.post(EVERYTHING, json.dumps({"amount": "S3CRET!", "note": "a\nS3CRET", "<script>S3CRET": 1}))

    assert answer.status_code == 422
    assert "S3CRET" not in answer.text
    assert len(answer.json()["errors"]) == 3


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=gbk"]
)
def test_another_content_type_is_refused(client: Client, content_type: str) -> None:
    answer = client.post(EVERYTHING, b"{}", headers={"Content-Type": content_type})

    assert (answer.status_code, answer.json()["code"]) == (415, "body.content_type")


def test_a_compressed_body_is_refused(client: Client) -> None:
    answer = client.post(EVERYTHING, b"{}", headers={"Content-Encoding": "gzip"})

    assert (answer.status_code, answer.json()["code"]) == (415, "body.content_type")


def test_an_announced_length_above_a_megabyte_is_refused(client: Client) -> None:
    answer = client.post(EVERYTHING, b" " * 1_000_001)

    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")


def test_a_body_that_grows_beyond_a_megabyte_without_saying_so_is_refused(client: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 10_000

    answer = client.post(EVERYTHING, endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")


def test_a_length_that_lies_does_not_help(client: Client) -> None:
    async def long() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 10_000

    answer = client.post(EVERYTHING, long(), headers={"Content-Length": "10"})

    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")


@pytest.mark.parametrize(("path", "status"), [(EVERYTHING, 413), ("/nothing", 404), ("/v1/me", 405)])
def test_the_rest_of_a_refused_body_is_let_in_so_that_the_answer_is_not_lost(
    client: Client, path: str, status: int
) -> None:
    sent = 0

    async def long() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield b" " * 10_000

    answer = client.post(path, long())

    assert answer.status_code == status
    assert sent == 200


def test_a_refused_body_without_end_is_let_in_up_to_the_largest_upload_only(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1_000_000

    answer = client.post("/nothing", endless())

    assert answer.status_code == 404
    assert sent == 20


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "\u0663"])
def test_a_length_that_is_not_a_number_is_refused(client: Client, length: str) -> None:
    async def short() -> AsyncIterator[bytes]:
        yield b"{}"

    answer = client.post(EVERYTHING, short(), headers={"Content-Length": length})

    assert answer.status_code == 413


def test_an_upload_takes_more_than_a_document_and_only_its_type(client: Client) -> None:
    csv = b"a,b\n" * 1_000_000

    taken = client.post("/probe/upload", csv, headers={"Content-Type": "text/csv; charset=utf-8"})
    other = client.post("/probe/upload", csv, headers={"Content-Type": "application/pdf"})
    large = client.post("/probe/upload", csv * 6, headers={"Content-Type": "text/csv"})

    assert taken.json() == {"name": "text/csv 4000000"}
    assert (other.status_code, large.status_code) == (415, 413)


def test_a_route_without_body_takes_none_or_an_empty_object(client: Client) -> None:
    path = "/probe/import"

    codes = [client.post(path, content).json()["code"] for content in (None, b"{}", b'{"a": 1}', b"nonsense")]

    assert codes == ["import.rows_unreadable", "import.rows_unreadable", "body.unexpected", "json.syntax"]


def test_a_refused_file_lists_its_rows(client: Client) -> None:
    answer = client.post("/probe/import")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "field": "production_t",
            "expected": "a decimal string",
            "code": "row.probe",
            "facts": {},
            "file": "activity.csv",
            "sheet": "",
            "row": 3,
            "value": "12,5",
        }
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?x=1", "query.unknown"),
        ("?cursor=a&cursor=b", "query.unknown"),
        ("?cursor=%00", "request.invalid"),
        ("?day=2026-13-01", "request.invalid"),
        ("?cursor=" + "a" * 300, "request.invalid"),
    ],
)
def test_a_query_that_the_route_does_not_know_is_refused(client: Client, query: str, code: str) -> None:
    answer = client.get(f"/probe/page{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("path", ["/v1", "/nothing", "/v1/me/", "/docs", "/redoc", "/openapi.json", "/v1/me%00"])
def test_an_unknown_path_is_a_problem_too(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "path.not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "record_id", ["1", "%00", "x" * 600, "%ff%fe", "..%2f..", "01939C3E-7B3A-7CC1-9A53-0F9D6C2B1E4A"]
)
def test_an_id_that_is_none_is_refused(client: Client, record_id: str) -> None:
    answer = client.get(f"/v1/organisations/{record_id}")

    assert answer.status_code in {404, 422}
    assert answer.json()["code"] in {"request.invalid", "path.not_found"}


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "HEAD", "POST", "OPTIONS"])
def test_a_method_that_a_path_does_not_take_is_a_problem_with_allow(client: Client, method: str) -> None:
    answer = client.request(method, "/v1/me")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_carries_the_security_headers_and_none_of_cors(client: Client) -> None:
    for answer in (client.get("/health/live"), client.get("/nothing"), client.post(EVERYTHING, b"{")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_whatsoever_make_a_500(client: Client, raw: bytes) -> None:
    answer = client.post(EVERYTHING, raw)

    assert answer.status_code in {200, 400, 422}


_NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["amount", "rate", "day", "instant", "id", "code", "note", "email", "count", "side", "legs"]),
        _NESTED,
        max_size=4,
    )
)
def test_no_values_whatsoever_make_a_500(client: Client, fields: dict[str, object]) -> None:
    answer = client.post(EVERYTHING, json.dumps(fields))

    assert answer.status_code in {200, 400, 422}
