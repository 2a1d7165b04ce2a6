"""The statement: every field is stated, contradictions do not construct, and document and statement are inverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.attestations.canonical import JsonValue, canonical_bytes, parse_canonical
from finance.attestations.documents import statement_from_mapping, statement_to_mapping
from finance.attestations.statements import AssuranceLevel, AttestationStatement, Materiality, Outcome
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import statement

MEMBERS = sorted(item.name for item in fields(AttestationStatement))


def document(**changed: JsonValue) -> Mapping[str, JsonValue]:
    return dict(statement_to_mapping(statement())) | changed


def refusal(of: Mapping[str, JsonValue]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        statement_from_mapping(of)
    return caught.value


def qualified(affected: tuple[str, ...] | None) -> AttestationStatement:
    return replace(
        statement(), outcome=Outcome.QUALIFIED, qualification_text="meter 7 was not read", affected_kpi_ids=affected
    )


def test_a_statement_survives_the_way_through_canonical_bytes() -> None:
    encoded = canonical_bytes(statement_to_mapping(statement()))

    assert statement_from_mapping(parse_canonical(encoded)) == statement()


@settings(deadline=None)
@given(
    st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 30)),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(min_value=0, max_value=10**15),
)
def test_days_instants_and_sizes_survive_the_way_through_the_document(
    start: date, issued: datetime, size_bytes: int
) -> None:
    evidence = (replace(statement().evidence[0], size_bytes=size_bytes),)
    original = replace(
        statement(),
        period_start=start,
        period_end=start + timedelta(days=1),
        issued_at=issued.replace(microsecond=0),
        evidence=evidence,
    )

    assert statement_from_mapping(statement_to_mapping(original)) == original


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_is_required_by_name(name: str) -> None:
    missing = {key: value for key, value in document().items() if key != name}

    error = refusal(missing)

    assert (error.code, error.data["field"]) == ("attestation.members_missing", name)


def test_an_unknown_member_is_refused_by_name() -> None:
    error = refusal(document(margin_bp="10"))

    assert (error.code, error.data["field"]) == ("attestation.members_unknown", "margin_bp")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_of_another_type_is_refused_by_name(name: str) -> None:
    error = refusal(document(**{name: True}))

    assert (error.code, error.data["field"]) == ("attestation.member_type", name)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("statement_version", "2", "attestation.version"),
        ("jti", "", "attestation.field_spelling"),
        ("jti", "a b", "attestation.field_spelling"),
        ("kpi_id", "\uff4bpi-1", "attestation.field_spelling"),
        ("facility_id", "x" * 101, "attestation.field_spelling"),
        ("issuer_legal_name", " ", "attestation.field_text"),
        ("issuer_legal_name", "name ", "attestation.field_text"),
        ("issuer_legal_name", "x" * 201, "attestation.field_text"),
        ("issuer_legal_name", "x\u202ey", "canonical.invisible"),
        ("boundary", "e\u0301", "canonical.normal_form"),
        ("snapshot_sha256", "AB" * 32, "attestation.field_spelling"),
        ("snapshot_sha256", "ab" * 31, "attestation.field_spelling"),
        ("terms_sha256", "", "attestation.field_spelling"),
        ("value", "1e3", "amount.format"),
        ("value", "9,264", "amount.format"),
        ("value", "\uff19.264", "amount.format"),
        ("value", "NaN", "amount.format"),
        ("value", "+9.264", "amount.format"),
        ("value", "", "amount.format"),
        ("baseline_value", "x", "amount.format"),
        ("period_start", "2025-02-30", "date.format"),
        ("period_start", "20250101", "date.format"),
        ("period_end", "2025-01-01", "attestation.period_order"),
        ("issued_at", "2026-02-10T08:58:00+00:00", "instant.format"),
        ("issued_at", "2026-02-10T08:58:00.5Z", "instant.format"),
        ("issued_at", "2026-02-30T08:58:00Z", "instant.format"),
        ("issued_at", "2026-02-10T24:00:00Z", "instant.format"),
        ("standard", "isae 3410", "attestation.field_value"),
        ("level", "moderate", "attestation.field_value"),
        ("outcome", "UNMODIFIED", "attestation.field_value"),
        ("language", "english", "attestation.field_spelling"),
        ("other_languages", ["en"], "attestation.field_repeated"),
        ("sites", [], "attestation.field_empty"),
        ("sites", ["site-a", "site-a"], "attestation.field_repeated"),
        ("sites", ["site-a", None], "attestation.member_type"),
        ("intended_users", [], "attestation.field_empty"),
        ("materiality", {"percent": None, "qualitative": None}, "attestation.materiality"),
        ("materiality", {"percent": "0", "qualitative": None}, "attestation.materiality_percent"),
        ("materiality", {"percent": "100.1", "qualitative": None}, "attestation.materiality_percent"),
        ("materiality", {"percent": "5"}, "attestation.members_missing"),
        ("evidence", ["55"], "attestation.member_type"),
        ("evidence", [{}], "attestation.members_missing"),
        ("supersedes", "statement-0", "attestation.supersede_reason"),
        ("supersede_reason", "typing error", "attestation.supersede_reason"),
        ("qualification_text", "something", "attestation.qualification_text"),
        ("affected_kpi_ids", [], "attestation.affected_kpi_ids"),
        ("outcome", "adverse", "attestation.qualification_text"),
    ],
)
def test_a_field_that_cannot_hold_its_value_is_refused_with_its_code(name: str, value: JsonValue, code: str) -> None:
    assert refusal(document(**{name: value})).code == code


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("size_bytes", "-1"),
        ("size_bytes", "-0"),
        ("size_bytes", "1.0"),
        ("size_bytes", "9" * 16),
        ("sha256", "55"),
        ("media_type", "PDF"),
        ("label", ""),
    ],
)
def test_an_evidence_digest_that_could_not_be_checked_is_refused(member: str, value: str) -> None:
    digest = {"sha256": "55" * 32, "media_type": "text/csv", "size_bytes": "1", "label": "activity"} | {member: value}

    error = refusal(document(evidence=[digest]))

    assert error.data["field"] == f"evidence.{member}"


def test_the_same_evidence_twice_is_refused() -> None:
    digest = {"sha256": "55" * 32, "media_type": "text/csv", "size_bytes": "1", "label": "activity"}

    assert refusal(document(evidence=[digest, digest])).data["field"] == "evidence"


@pytest.mark.parametrize(
    "bend",
    [
        lambda: replace(statement(), issued_at=datetime(2026, 2, 10, tzinfo=timezone(timedelta(hours=8)))),
        lambda: replace(statement(), issued_at=statement().issued_at.replace(microsecond=1)),
        lambda: replace(statement(), supersedes="statement-1", supersede_reason="again"),
        lambda: Materiality(percent=None, qualitative=None),
    ],
    ids=["issued in Shanghai time", "issued in microseconds", "superseding itself", "empty materiality"],
)
def test_illegal_statements_do_not_construct(bend: Callable[[], object]) -> None:
    with pytest.raises(Invalid):
        bend()


@pytest.mark.parametrize(
    ("given_level", "required", "is_enough"),
    [
        (AssuranceLevel.REASONABLE, AssuranceLevel.LIMITED, True),
        (AssuranceLevel.LIMITED, AssuranceLevel.LIMITED, True),
        (AssuranceLevel.REASONABLE, AssuranceLevel.REASONABLE, True),
        (AssuranceLevel.LIMITED, AssuranceLevel.REASONABLE, False),
        (AssuranceLevel.NOT_AN_OPINION, AssuranceLevel.LIMITED, False),
        (AssuranceLevel.NOT_AN_OPINION, AssuranceLevel.NOT_AN_OPINION, True),
        (AssuranceLevel.REASONABLE, AssuranceLevel.NOT_AN_OPINION, False),
    ],
)
def test_which_level_satisfies_which_requirement(
    given_level: AssuranceLevel, required: AssuranceLevel, *, is_enough: bool
) -> None:
    assert given_level.satisfies(required) is is_enough


@pytest.mark.parametrize(
    ("affected", "is_touched"),
    [(None, True), (("kpi-1",), True), (("kpi-1", "kpi-2"), True), (("kpi-2",), False), ((), False)],
)
def test_a_qualification_touches_the_kpi_unless_it_is_recorded_not_to(
    affected: tuple[str, ...] | None, *, is_touched: bool
) -> None:
    assert qualified(affected).touches("kpi-1") is is_touched
