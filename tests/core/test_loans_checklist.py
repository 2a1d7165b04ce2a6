"""The checklist C01 to C35: each rule's answers, its grading, waivers, versions of the principles, and the example deals."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from finance.loans.checklist import (
    CHECKS,
    Finding,
    Severity,
    Waiver,
    blocks,
    check_no_blocks,
    check_waivable,
    grade,
    open_warnings,
)
from finance.loans.checklist_case import NOTHING_KNOWN, CheckedTerms, ChecklistEvidence, checked_terms
from finance.loans.checklist_rows import RULE_IDS, Checklist, parse_checklist, parse_principles
from finance.loans.deals import read_deal
from finance.loans.facility_terms import FacilityTerms
from finance.store.reference import shipped_checklist
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from tests.core.deal_shapes import FILES, deal_document
from tests.loan_terms import terms_of

FROZEN = Path(__file__).with_name("checklist_findings.json")
PREPAYMENT = {
    "untested": "reference_last", "effect": "none", "fee_bp": None, "penalty_kind": "none", "penalty": None,
}  # fmt: skip
GOOD: dict[str, Any] = {
    "agreed_on": "2025-04-01",
    "reporting.report_due_days": 120,
    "tranches.0.prepayment": PREPAYMENT,
    "tranches.0.maturity_date": "2026-12-20",
    "kpis.0.materiality": "power is nine tenths of its emissions",
    "kpis.0.footprint_share": "0.95",
    "kpis.0.baseline.value": "9",
    "label.transition_plan_sha256": "a" * 64,
    "label.review_before_signing_sha256": "b" * 64,
}
KNOWN = dataclasses.replace(
    NOTHING_KNOWN,
    values={"intensity": ((2022, Fraction(9)), (2023, Fraction(10)), (2024, Fraction(9)))},
    regulated={("intensity", 2025): Fraction(12)},
    attested_bases=frozenset(("intensity",)),
    is_assessor_independent=True,
    approver_of_targets="p1",
    originator="p2",
    is_agreed=True,
)
RISES = {
    "ratchet.effects.0.direction": "two_way",
    "ratchet.effects.0.rule.steps.0.up_bp": "5",
    "ratchet.effects.0.cap_up_bp": "5",
}
ASLEEP = {"ratchet": None, "label.is_sleeping": True, "label.sleeping_until": "2025-12-31"}


def terms(changed: dict[str, Any] | None = None) -> FacilityTerms:
    return terms_of("b", "l", {**GOOD, **(changed or {})})


def graded(changed: dict[str, Any] | None = None, **known: Any) -> dict[str, Finding]:
    found = grade(checked_terms(terms(changed)), dataclasses.replace(KNOWN, **known), shipped_checklist())
    return {each.rule.rule_id: each for each in found}


def answer(rule: str, changed: dict[str, Any] | None = None, **known: Any) -> tuple[str, str]:
    found = graded(changed, **known)[rule]
    return found.result.value, found.severity.value


def waiver(rule: str = "C17", version: int = 1) -> Waiver:
    return Waiver(
        rule_id=rule,
        terms_version=version,
        reason="minute 14",
        signatory_id="p1",
        organisation_id="l",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_every_rule_has_a_check_and_one_row_under_every_version() -> None:
    checklist = shipped_checklist()

    assert tuple(CHECKS) == RULE_IDS
    for version in checklist.versions:
        assert tuple(rule.rule_id for rule in checklist.rules_of(version)) == RULE_IDS


def test_a_well_made_loan_passes_every_rule() -> None:
    found = graded()

    assert {rule: each.result.value for rule, each in found.items() if each.is_open} == {}
    assert {rule for rule, each in found.items() if each.result.value == "not_applicable"} == {"C28", "C33"}
    check_no_blocks(tuple(found.values()))


ANSWERS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, str]]] = [
    ("C01", ASLEEP, {}, ("failed", "block")),
    ("C01", {**ASLEEP, "kpis": []}, {}, ("failed", "block")),
    ("C02", {"kpis.0.materiality": None}, {}, ("failed", "warn")),
    ("C02", {"kpis.0.footprint_share": None}, {}, ("failed", "warn")),
    ("C02", {**ASLEEP, "kpis": []}, {}, ("not_applicable", "warn")),
    ("C03", {**ASLEEP, "kpis": []}, {}, ("failed", "block")),
    ("C04", {"kpis.0.kpi_class": "secondary"}, {}, ("failed", "warn")),
    ("C05", {"label.transition_plan_sha256": None}, {}, ("failed", "warn")),
    ("C06", {}, {"regulated": {("intensity", 2025): Fraction(873, 100)}}, ("failed", "block")),
    ("C06", {}, {"regulated": {}}, ("unknown", "warn")),
    ("C06", {}, {"values": {}}, ("unknown", "warn")),
    (
        "C06",
        {},
        {"values": {"intensity": ((2022, Fraction(10)), (2023, Fraction(9)), (2024, Fraction(8)))}},
        ("failed", "warn"),
    ),
    ("C06", {**ASLEEP, "kpis": []}, {}, ("failed", "block")),
    ("C07", {}, {"values": {"intensity": ((2023, Fraction(9)), (2024, Fraction(9)))}}, ("failed", "warn")),
    ("C08", {"agreed_on": "2026-01-01", "label.principles_version": "SLLP-2025"}, {}, ("failed", "warn")),
    ("C09", {"kpis.0.targets.0.period_end": "2026-01-02"}, {}, ("passed", "block")),
    ("C09", {"kpis.0.targets.0.period_end": "2026-01-03"}, {}, ("failed", "block")),
    ("C10", {}, {"attested_bases": frozenset()}, ("unknown", "block")),
    ("C11", ASLEEP, {}, ("failed", "block")),
    (
        "C11",
        {"ratchet.effects.0.rule.steps.0.down_bp": "0", "ratchet.effects.0.cap_down_bp": "0"},
        {},
        ("failed", "block"),
    ),
    ("C13", {"ratchet.effects.0.is_cumulative": True}, {}, ("failed", "block")),
    (
        "C13",
        {
            "ratchet.effects.0.is_cumulative": True,
            "ratchet.total_cap_down_bp": "20",
            "ratchet.total_cap_up_bp": "0",
        },
        {},
        ("passed", "block"),
    ),
    ("C15", {"reporting.report_due_days": 121}, {}, ("failed", "block")),
    ("C16", {}, {"unverified": (("intensity", 2025),)}, ("failed", "block")),
    ("C16", {"label.principles_version": "SLLP-2019"}, {"unverified": (("intensity", 2025),)}, ("failed", "warn")),
    ("C17", {"label.review_before_signing_sha256": None}, {}, ("failed", "warn")),
    ("C18", {}, {"is_assessor_independent": None}, ("unknown", "warn")),
    ("C18", {}, {"is_assessor_independent": False}, ("failed", "block")),
    ("C19", {"reporting.assurance_level": "not_an_opinion"}, {}, ("failed", "block")),
    (
        "C19",
        {"reporting.assurance_level": "not_an_opinion", "label.principles_version": "T/SDJR 003-2024"},
        {},
        ("failed", "warn"),
    ),
    ("C20", {"ratchet.on_missing": "unchanged"}, {}, ("failed", "block")),
    ("C20", {"ratchet.on_late": "unchanged"}, {}, ("failed", "block")),
    ("C24", {}, {"late_notices": 1}, ("failed", "block")),
    ("C25", {"label.rendezvous_days": 0}, {}, ("failed", "block")),
    ("C25", {}, {"expired_talks": 1}, ("failed", "block")),
    ("C26", {}, {"other_methods": frozenset(("intensity",))}, ("failed", "block")),
    ("C27", {"kpis.0.baseline.significance": "0.051"}, {}, ("failed", "warn")),
    ("C28", ASLEEP, {}, ("passed", "block")),
    (
        "C28",
        {**ASLEEP, "agreed_on": "2024-12-12", "label.principles_version": "SLLP-2023"},
        {},
        ("failed", "block"),
    ),
    (
        "C28",
        {**ASLEEP, "agreed_on": "2025-01-02", "label.principles_version": "SLLP-2023"},
        {},
        ("passed", "block"),
    ),
    ("C29", {"tranches.0.maturity_date": "2027-01-02"}, {}, ("passed", "warn")),
    ("C29", {"tranches.0.maturity_date": "2027-01-03"}, {}, ("failed", "warn")),
    ("C30", {"agreed_on": "2025-03-25"}, {}, ("failed", "block")),
    ("C30", {"agreed_on": "2025-03-26"}, {}, ("passed", "block")),
    ("C30", {"label.principles_version": "SLLP-2023"}, {}, ("failed", "block")),
    ("C30", {"label.principles_version": "SLLP 2025-03-26"}, {}, ("passed", "block")),
    ("C30", {"label.principles_version": "my own"}, {}, ("failed", "block")),
    ("C32", {}, {"originator": "p1"}, ("failed", "warn")),
    ("C32", {}, {"originator": None}, ("unknown", "warn")),
    ("C33", RISES, {}, ("unknown", "warn")),
    ("C33", RISES, {"use_of_premium": "donated"}, ("passed", "warn")),
    ("C34", {"tranches.0.prepayment": None}, {}, ("failed", "block")),
    ("C35", {}, {"is_agreed": False}, ("unknown", "block")),
]


@pytest.mark.parametrize(("rule", "changed", "known", "expected"), ANSWERS)
def test_a_rule_answers_for_what_is_there(
    rule: str, changed: dict[str, Any], known: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert answer(rule, changed, **known) == expected


def test_a_hole_in_the_targets_blocks() -> None:
    target = terms_of("b", "l", GOOD).kpis[0].targets[0]
    later = dataclasses.replace(
        target, period_start=target.period_start.replace(year=2027), period_end=target.period_end.replace(year=2028)
    )
    whole = terms()
    holed = dataclasses.replace(whole, kpis=(dataclasses.replace(whole.kpis[0], targets=(target, later)),))

    found = {each.rule.rule_id: each for each in grade(checked_terms(holed), KNOWN, shipped_checklist())}

    assert (found["C08"].result.value, found["C08"].severity) == ("failed", Severity.BLOCK)
    assert "2026-01-01/2027-01-01" in found["C08"].reason_en


def test_more_than_four_kpis_warn() -> None:
    whole = terms()
    many = checked_terms(whole)
    five = dataclasses.replace(many, kpis=whole.kpis * 5)

    found = {each.rule.rule_id: each for each in grade(five, KNOWN, shipped_checklist())}

    assert (found["C31"].result.value, found["C31"].severity) == ("failed", Severity.WARN)


@pytest.mark.parametrize(("spread", "floor", "expected"), [
    ("9", None, "failed"), ("10", None, "passed"), ("9", "0", "passed"), ("-89", None, "passed"),
])  # fmt: skip
def test_a_margin_that_may_fall_below_zero_blocks(spread: str, floor: str | None, expected: str) -> None:
    base = {
        "kind": "index_rate",
        "index": "LPR-1Y",
        "multiplier": "1",
        "spread_bp": spread,
        "repricing": {"kind": "each_interest_period", "month": None, "day": None, "dates": []},
        "fixing_lag_business_days": 0,
        "rate_floor": None,
        "rate_cap": None,
        "index_floor": None,
    }

    assert answer("C12", {"tranches.0.base_rate": base, "tranches.0.margin_floor_bp": floor})[0] == expected


def test_blocks_stop_the_label_and_name_their_rules() -> None:
    found = tuple(graded({"tranches.0.prepayment": None, "reporting.report_due_days": 150}).values())

    assert [each.rule.rule_id for each in blocks(found)] == ["C15", "C34"]
    with pytest.raises(Conflict, match="C15") as refused:
        check_no_blocks(found)
    assert refused.value.code == "checklist.blocked"


def test_a_waiver_lifts_an_open_warning_for_its_own_terms_only() -> None:
    bare = checked_terms(terms({"label.review_before_signing_sha256": None}))

    waived = grade(bare, KNOWN, shipped_checklist(), waivers=[waiver()])
    other = grade(bare, KNOWN, shipped_checklist(), waivers=[waiver(version=2)])

    assert open_warnings(waived) == ()
    assert [each.rule.rule_id for each in open_warnings(other)] == ["C17"]


def test_a_waiver_never_lifts_a_block() -> None:
    bare = checked_terms(terms({"tranches.0.prepayment": None}))

    found = grade(bare, KNOWN, shipped_checklist(), waivers=[waiver("C34")])

    assert [each.rule.rule_id for each in blocks(found)] == ["C34"]
    assert all(each.waiver is None for each in found)
    with pytest.raises(Conflict, match="only a warning"):
        check_waivable(found, "C34")


@pytest.mark.parametrize("rule", ["C01", "C99", ""])
def test_what_is_not_open_or_not_there_is_not_waived(rule: str) -> None:
    with pytest.raises((Conflict, Invalid)):
        check_waivable(tuple(graded().values()), rule)


def test_an_open_warning_is_waivable() -> None:
    check_waivable(tuple(graded({"label.review_before_signing_sha256": None}).values()), "C17")


def test_a_waiver_needs_a_reason() -> None:
    with pytest.raises(Invalid):
        dataclasses.replace(waiver(), reason=" ")


def test_every_finding_says_why_in_both_languages_and_names_field_and_source() -> None:
    for found in (*graded().values(), *graded(ASLEEP).values()):
        assert found.reason_en
        assert any("\u4e00" <= sign <= "\u9fff" for sign in found.reason_zh)
        assert found.field
        assert found.rule.source.startswith("loans-and-attestations")


def test_evidence_out_of_order_is_refused() -> None:
    with pytest.raises(Invalid):
        dataclasses.replace(KNOWN, values={"intensity": ((2024, Fraction(1)), (2023, Fraction(1)))})
    with pytest.raises(Invalid):
        dataclasses.replace(KNOWN, late_notices=-1)


def test_an_unknown_rule_of_a_version_is_refused() -> None:
    checklist = shipped_checklist()

    assert checklist.rule("C28", checklist.versions[3]).whole() == 12
    with pytest.raises(NotFound):
        checklist.rule("C36", checklist.versions[0])


def rows(*changed: tuple[str, str]) -> Checklist:
    folder = Path(__file__).parents[2] / "finance" / "reference"
    text = (folder / "sll_checklist.csv").read_text(encoding="utf-8")
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    versions = parse_principles((folder / "principles_versions.csv").read_text(encoding="utf-8"), file="p.csv")
    return parse_checklist(text, versions, file="c.csv")


@pytest.mark.parametrize(("old", "new"), [
    ("\nC35,all", "\nC34,all"), ("\nC35,all", "\nC36,all"), ("C16,SLLP-2019", "C16,SLLP-2018"), ("rule_id,", "rule,"),
    (",secondary,2026-11-21\nC02", ",sure,2026-11-21\nC02"), ("C31,all,MP,warn,4,", "C31,all,MP,warn,four,"),
    ("C31,all,MP,warn,4,", "C31,all,MP,stop,4,"), ("C31,all,MP,warn,4,", "C31,all,XX,warn,4,"),
    ("C31,all,MP,warn,4,KPIs,2019-03-20", "C31,all,MP,warn,4,KPIs,2019-3-20"), ("\nC35,all,", "\nC35,"),
])  # fmt: skip
def test_a_file_with_a_gap_or_a_wrong_cell_is_refused(old: str, new: str) -> None:
    rows()
    with pytest.raises(DomainError):
        rows((old, new))


def findings_of(name: str) -> dict[str, str]:
    deal = read_deal(deal_document(name))
    parts = CheckedTerms(**{each.name: getattr(deal, each.name) for each in dataclasses.fields(CheckedTerms)})
    found = grade(parts, NOTHING_KNOWN, shipped_checklist())
    return {each.rule.rule_id: f"{each.result} {each.severity} {each.field}" for each in found}


@pytest.mark.parametrize("name", FILES)
def test_the_findings_about_an_example_deal_are_the_reviewed_ones(name: str) -> None:
    assert findings_of(name) == json.loads(FROZEN.read_text(encoding="utf-8"))[name]


def test_no_example_deal_may_be_activated_on_its_published_terms_alone() -> None:
    for name, found in json.loads(FROZEN.read_text(encoding="utf-8")).items():
        assert any(text.split()[:2] in (["unknown", "block"], ["failed", "block"]) for text in found.values()), name


def test_nothing_known_is_evidence_too() -> None:
    assert isinstance(NOTHING_KNOWN, ChecklistEvidence)
    assert len(grade(checked_terms(terms()), NOTHING_KNOWN, shipped_checklist())) == 35
