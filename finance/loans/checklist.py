"""The checklist C01 to C35 over one loan: a graded finding per rule, waivers for warnings, and what stops the label.

Pure: the same terms, evidence and rows give the same findings. Owns the grading; the rules themselves are in
``checklist_target_rules`` and ``checklist_conduct_rules``, their words and numbers in reference rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from finance.conventions.fields import check_identifier, check_text
from finance.loans import checklist_conduct_rules as conduct
from finance.loans import checklist_target_rules as targets
from finance.loans.checklist_case import (
    Case,
    CheckedTerms,
    ChecklistEvidence,
    FindingResult,
    PartUnknownError,
    Verdict,
)
from finance.loans.checklist_rows import Checklist, ChecklistRule, PrinciplesVersion, RuleSeverity
from finance.loans.deal_reading import Unknown
from ledger.core.errors import Conflict, Invalid

CHECKS: Mapping[str, Callable[[Case], Verdict]] = MappingProxyType(
    {
        "C01": targets.five_components,
        "C02": targets.material,
        "C03": targets.measurable,
        "C04": targets.core_kpi,
        "C05": conduct.transition_plan,
        "C06": targets.ambitious,
        "C07": targets.calibrated,
        "C08": targets.grid_without_hole,
        "C09": targets.yearly,
        "C10": targets.verified_base,
        "C11": targets.linked_outcome,
        "C12": targets.ratchet_kind,
        "C13": targets.capped,
        "C14": conduct.yearly_report,
        "C15": conduct.report_in_time,
        "C16": conduct.verified_yearly,
        "C17": conduct.reviewed_before_signing,
        "C18": conduct.independent_verifier,
        "C19": conduct.assurance_level,
        "C20": conduct.late_report,
        "C21": conduct.breach_consequence,
        "C22": conduct.declassification,
        "C23": conduct.label_of_days,
        "C24": conduct.notice_duty,
        "C25": conduct.talks,
        "C26": conduct.attested_method,
        "C27": targets.recalculation,
        "C28": conduct.sleeping,
        "C29": targets.covered_tail,
        "C30": conduct.principles,
        "C31": targets.few_kpis,
        "C32": conduct.separate_approver,
        "C33": conduct.use_of_premium,
        "C34": conduct.prepayment_rule,
        "C35": conduct.consented_version,
    }
)
"""One check for every rule."""


class Severity(StrEnum):
    """What an open finding does."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A warning let pass for one version of the terms: why, who signed, for whom, when it became known."""

    rule_id: str
    terms_version: int
    reason: str
    signatory_id: str
    organisation_id: str
    recorded_at: datetime

    def __post_init__(self) -> None:
        """Refuse a waiver without reason or signatory."""
        check_text(self.reason, area="waiver", field="reason")
        check_identifier(self.signatory_id, area="waiver", field="signatory_id")
        check_identifier(self.organisation_id, area="waiver", field="organisation_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule over one loan: how it came out, how much it weighs, what it looked at, why, and the waiver if there is one."""

    rule: ChecklistRule
    result: FindingResult
    severity: Severity
    field: str
    reason_en: str
    reason_zh: str
    waiver: Waiver | None

    @property
    def is_open(self) -> bool:
        """Return whether the rule is neither satisfied nor out of place: failed, or nobody knows."""
        return self.result in {FindingResult.FAILED, FindingResult.UNKNOWN}

    @property
    def blocks(self) -> bool:
        """Return whether it stops the label; no waiver lifts that."""
        return self.is_open and self.severity is Severity.BLOCK


def grade(
    terms: CheckedTerms, evidence: ChecklistEvidence, checklist: Checklist, *, waivers: Iterable[Waiver] = ()
) -> tuple[Finding, ...]:
    """Return one finding per rule C01 to C35, in order, under the principles' version that the terms name.

    Terms that name none, or one nobody knows, are graded under the version in force when they were agreed (the newest when that is
    unknown too), and C30 says so. Waivers count for the version of the terms they were signed for, and for warnings only.
    """
    named = _named(terms, checklist)
    version = named or _in_force(terms, checklist)
    signed = {each.rule_id: each for each in waivers if each.terms_version == terms.version}
    return tuple(
        _waived(_grade(Case(terms=terms, evidence=evidence, rule=rule, version=named)), signed.get(rule.rule_id))
        for rule in checklist.rules_of(version)
    )


def blocks(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop the label from becoming active; empty: nothing stands in the way."""
    return tuple(finding for finding in findings if finding.blocks)


def open_warnings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the open warnings that nobody waived."""
    return tuple(each for each in findings if each.is_open and each.severity is Severity.WARN and each.waiver is None)


def check_no_blocks(findings: Sequence[Finding]) -> None:
    """Raise ``checklist.blocked`` with the rules that stop the label."""
    stopping = blocks(findings)
    if stopping:
        raise Conflict(
            "checklist.blocked",
            f"checklist: {stopping[0].rule.rule_id} is open ({stopping[0].reason_en}); settle it and every other block first",
            rules=", ".join(each.rule.rule_id for each in stopping),
        )


def check_waivable(findings: Sequence[Finding], rule_id: str) -> None:
    """Refuse a waiver for a rule that is not there, needs none, or blocks (``waiver.block``): only warnings are waived."""
    finding = next((each for each in findings if each.rule.rule_id == rule_id), None)
    if finding is None:
        raise Invalid("waiver.rule", "rule: expected C01 to C35", rule=rule_id[:20])
    if not finding.is_open:
        raise Conflict("waiver.not_open", f"{rule_id}: it is {finding.result}; there is nothing to waive", rule=rule_id)
    if finding.blocks:
        raise Conflict("waiver.block", f"{rule_id}: it blocks; only a warning can be waived", rule=rule_id)


def _grade(case: Case) -> Finding:
    try:
        verdict = CHECKS[case.rule.rule_id](case)
    except PartUnknownError as unknown:
        verdict = Verdict(
            result=FindingResult.UNKNOWN,
            field=unknown.field,
            reason_en="the terms do not say",
            reason_zh="条款未载明",
        )
    is_block = case.rule.severity is RuleSeverity.BLOCK or (
        case.rule.severity is RuleSeverity.BLOCK_OR_WARN and not verdict.is_soft
    )
    return Finding(
        rule=case.rule,
        result=verdict.result,
        severity=Severity.BLOCK if is_block else Severity.WARN,
        field=verdict.field,
        reason_en=verdict.reason_en,
        reason_zh=verdict.reason_zh,
        waiver=None,
    )


def _waived(finding: Finding, waiver: Waiver | None) -> Finding:
    if waiver is None or not finding.is_open or finding.severity is Severity.BLOCK:
        return finding
    return replace(finding, waiver=waiver)


def _named(terms: CheckedTerms, checklist: Checklist) -> PrinciplesVersion | None:
    return None if isinstance(terms.label, Unknown) else checklist.find_version(terms.label.principles_version)


def _in_force(terms: CheckedTerms, checklist: Checklist) -> PrinciplesVersion:
    day = date.max if isinstance(terms.agreed_on, Unknown) else terms.agreed_on
    international = sorted(checklist.versions, key=lambda each: each.effective_from)
    found = [each for each in international if each.principles_id.startswith("SLLP") and each.effective_from <= day]
    return found[-1] if found else international[0]
