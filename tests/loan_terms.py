"""Terms of a bullet loan with one step-down, as a document to be posted or read; any field can be changed by its path."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from finance.conventions.documents import from_document
from finance.loans.clauses import AREA
from finance.loans.facility_terms import FacilityTerms
from finance.store import reference

SITE = "Beihe smelter (invented) 北河铝厂(虚构)"
_TERMS: Mapping[str, Any] = {
    "facility_number": "兴银滨借字2024第001号",
    "version": 1,
    "agreed_on": "2024-12-12",
    "source": "facility agreement",
    "tranches": [
        {
            "tranche_id": "A",
            "what": "term",
            "currency": "CNY",
            "commitment_minor": 20_000_000_000,
            "accordion_minor": 0,
            "drawdowns": [{"on": "2024-12-20", "amount_minor": 20_000_000_000}],
            "signed_on": "2024-12-12",
            "maturity_date": "2027-12-20",
            "base_rate": {"kind": "fixed_rate", "rate": "0.0345", "rate_floor": "0"},
            "rating_grid": None,
            "margin_floor_bp": None,
            "day_count": "ACT/360",
            "periods": {"kind": "settlement_rule", "day": 20, "months": [3, 6, 9, 12], "payment_lag_days": 0},
            "payment_convention": "following",
            "is_accrual_adjusted": False,
            "calendar_market": "cn_exchange",
            "rounding": "half_up",
            "rounding_unit": "per_payment",
            "repayment": {"kind": "bullet"},
            "prepayment": None,
            "overdue": None,
            "fees": [],
            "paired_with": None,
        }
    ],
    "kpis": [
        {
            "definition": {
                "kpi_id": "intensity",
                "measure": "operational_incl_power",
                "unit": "tCO2e/t",
                "boundary": "electrolysis process with the power it uses",
                "methodology_id": "article-2024-draft",
                "methodology_version": "1",
                "factor_set_version": "",
                "data_status_required": "verified",
                "report_digits": 4,
            },
            "sites": [SITE],
            "kpi_class": "core",
            "footprint_share": None,
            "materiality": None,
            "baseline": {
                "period_start": "2024-01-01",
                "period_end": "2025-01-01",
                "value": None,
                "method": "as the KPI",
                "significance": "0.05",
                "on_restatement": "follows",
            },
            "targets": [
                {
                    "period_start": "2025-01-01",
                    "period_end": "2026-01-01",
                    "rule": {"kind": "reduction_vs_base", "reduction": "0.03"},
                    "compare_digits": None,
                    "is_strict": False,
                    "source": "clause 6.2",
                }
            ],
        }
    ],
    "ratchet": {
        "effects": [
            {
                "effect_id": "step",
                "rule": {"kind": "step_per_kpi", "steps": [{"kpi_id": "intensity", "down_bp": "10", "up_bp": "0"}]},
                "applies_to": [{"item": "margin", "tranche_id": None, "fee": None, "factor": "1"}],
                "direction": "down_only",
                "cap_down_bp": "10",
                "cap_up_bp": "0",
                "kpi_cap_down_bp": None,
                "kpi_cap_up_bp": None,
                "is_cumulative": False,
                "resets_in_last_period": False,
            }
        ],
        "total_cap_down_bp": None,
        "total_cap_up_bp": None,
        "on_missing": "base_rate",
        "on_late": "base_rate",
        "on_qualified": "base_rate",
        "premium_bp": None,
    },
    "effect": {
        "begins": "next_interest_period",
        "business_days": None,
        "month": None,
        "day": None,
        "until": "next_determination",
        "months": None,
    },
    "reporting": {
        "report_due_days": 150,
        "attestation_due_days": 180,
        "zone": "Asia/Shanghai",
        "cut_off": "17:00",
        "assurance_level": "limited",
        "accepts_scoped_qualification": False,
        "approvals": 1,
        "redetermine_within": 10,
    },
    "late_facts": {"kind": "true_up", "threshold_minor": 0},
    "label": {
        "principles_version": "SLLP-2025",
        "is_sleeping": False,
        "sleeping_until": None,
        "notice_days": 10,
        "rendezvous_days": 90,
        "consent_share": "2/3",
        "transition_plan_sha256": None,
        "review_before_signing_sha256": None,
    },
}


def terms_document(borrower_id: object, lender_id: object, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The terms between one borrower and one lender; ``changed`` maps a path such as ``tranches.0.currency`` to its value."""
    document: dict[str, Any] = copy.deepcopy(dict(_TERMS))
    document["parties"] = [
        {"role": "borrower", "organisation_id": str(borrower_id), "legal_name": "Beihe Aluminium", "share": None},
        {"role": "lender", "organisation_id": str(lender_id), "legal_name": "Example Bank", "share": "1"},
    ]
    document["kpis"][0]["definition"]["factor_set_version"] = reference.shipped_factors().version
    for path, value in (changed or {}).items():
        put(document, path, value)
    return document


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at ``path``; every step but the last must be there already."""
    *steps, last = path.split(".")
    place: Any = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value


def terms_of(borrower_id: object, lender_id: object, changed: Mapping[str, Any] | None = None) -> FacilityTerms:
    """The same as a value."""
    return from_document(FacilityTerms, terms_document(borrower_id, lender_id, changed), area=AREA)
