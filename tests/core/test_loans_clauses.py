"""The clauses around the price: legal effect rules, deadlines, late facts and labels, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from finance.kpi.definitions import AssuranceLevel
from finance.loans.clauses import (
    EffectKind,
    EffectRule,
    LabelTerms,
    LateFactKind,
    LateFactTerms,
    ReportingTerms,
    UntilKind,
)
from ledger.core.errors import Invalid

EFFECT = EffectRule(
    begins=EffectKind.NEXT_INTEREST_PERIOD,
    business_days=None,
    month=None,
    day=None,
    until=UntilKind.NEXT_DETERMINATION,
    months=None,
)
REPORTING = ReportingTerms(
    report_due_days=90,
    attestation_due_days=120,
    zone="Asia/Shanghai",
    cut_off="17:00",
    assurance_level=AssuranceLevel.LIMITED,
    accepts_scoped_qualification=False,
    approvals=2,
    redetermine_within=10,
)
LABEL = LabelTerms(
    principles_version="SLLP 2025-03-26",
    is_sleeping=False,
    sleeping_until=None,
    notice_days=10,
    rendezvous_days=60,
    consent_share=Fraction(2, 3),
    transition_plan_sha256=None,
    review_before_signing_sha256=None,
)
FIXED = {"begins": EffectKind.FIXED_DATE}


@pytest.mark.parametrize(
    "change",
    [
        {"begins": EffectKind.N_BUSINESS_DAYS_AFTER, "business_days": 5},
        {**FIXED, "month": 4, "day": 15},
        {"until": UntilKind.MONTHS, "months": 12},
        {"begins": EffectKind.STATUS_DAY, "until": UntilKind.STATUS_END},
    ],
)
def test_an_effect_rule_has_exactly_the_arguments_of_its_kinds(change: dict[str, Any]) -> None:
    assert replace(EFFECT, **change) != EFFECT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"begins": EffectKind.N_BUSINESS_DAYS_AFTER}, "terms.business_days"),
        ({"business_days": 5}, "terms.business_days"),
        ({"begins": EffectKind.N_BUSINESS_DAYS_AFTER, "business_days": 0}, "terms.business_days"),
        ({"begins": EffectKind.N_BUSINESS_DAYS_AFTER, "business_days": 251}, "terms.business_days"),
        (FIXED, "terms.month"),
        ({**FIXED, "month": 4}, "terms.day"),
        ({**FIXED, "month": 2, "day": 29}, "terms.day"),
        ({**FIXED, "month": 13, "day": 1}, "terms.day"),
        ({**FIXED, "month": 10**15, "day": 1}, "terms.day"),
        ({**FIXED, "month": 1, "day": -(10**15)}, "terms.day"),
        ({"day": 1}, "terms.day"),
        ({"until": UntilKind.MONTHS}, "terms.months"),
        ({"months": 12}, "terms.months"),
        ({"until": UntilKind.MONTHS, "months": 121}, "terms.months"),
    ],
)
def test_a_missing_or_superfluous_argument_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(EFFECT, **change)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"report_due_days": 0}, "terms.report_due_days"),
        ({"attestation_due_days": 89}, "terms.attestation_due_days"),
        ({"attestation_due_days": 1001}, "terms.attestation_due_days"),
        ({"zone": "Asia/Shanghai\n"}, "terms.zone"),
        ({"zone": "../etc/passwd"}, "terms.zone"),
        ({"cut_off": "24:00"}, "terms.cut_off"),
        ({"cut_off": "9:00"}, "terms.cut_off"),
        ({"cut_off": "17:00\n"}, "terms.cut_off"),
        ({"approvals": 0}, "terms.approvals"),
        ({"redetermine_within": 0}, "terms.redetermine_within"),
    ],
)
def test_deadlines_that_are_none_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(REPORTING, **change)

    assert refusal.value.code == code


def test_a_deadline_is_the_cut_off_of_its_day_in_its_zone() -> None:
    zone = ZoneInfo("Asia/Shanghai")

    assert REPORTING.report_due_at(date(2026, 1, 1), zone=zone) == datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
    assert REPORTING.attestation_due_at(date(2026, 1, 1), zone=zone) == datetime(2026, 4, 30, 9, 0, tzinfo=UTC)


def test_a_deadline_read_in_another_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="Asia/Shanghai"):
        REPORTING.report_due_at(date(2026, 1, 1), zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("threshold", [-1, 10**15 + 1])
def test_a_threshold_for_late_facts_is_an_amount(threshold: int) -> None:
    with pytest.raises(Invalid) as refusal:
        LateFactTerms(kind=LateFactKind.TRUE_UP, threshold_minor=threshold)

    assert refusal.value.code == "terms.threshold_minor"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_sleeping": True}, "terms.sleeping_until"),
        ({"sleeping_until": date(2027, 1, 1)}, "terms.sleeping_until"),
        ({"notice_days": -1}, "terms.notice_days"),
        ({"rendezvous_days": 1001}, "terms.rendezvous_days"),
        ({"consent_share": Fraction(0)}, "terms.consent_share"),
        ({"consent_share": Fraction(4, 3)}, "terms.consent_share"),
        ({"transition_plan_sha256": "A" * 64}, "terms.transition_plan_sha256"),
        ({"review_before_signing_sha256": "a" * 64 + "\n"}, "terms.review_before_signing_sha256"),
        ({"principles_version": ""}, "terms.principles_version"),
    ],
)
def test_a_label_that_contradicts_itself_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(LABEL, **change)

    assert refusal.value.code == code
