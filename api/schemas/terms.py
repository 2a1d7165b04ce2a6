"""What enters and leaves as the terms of a facility: one JSON document, spelled and checked by the cores.

The same document is hashed, agreed to, stored and bundled. Money is in minor units, rates and basis points are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString
from finance.conventions.documents import from_document, to_document
from finance.loans.clauses import AREA
from finance.loans.facility_terms import FacilityTerms
from finance.store.facilities import TermsVersion

TERMS_EXAMPLE: Mapping[str, Any] = {
    "facility_number": "CIB-BZ-2024-001",
    "version": 1,
    "agreed_on": "2024-12-12",
    "source": "facility agreement of 2024-12-12",
    "parties": [
        {
            "role": "borrower",
            "organisation_id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e49",
            "legal_name": "Beihe Aluminium Co., Ltd.",
            "share": None,
        },
        {
            "role": "lender",
            "organisation_id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a",
            "legal_name": "Harbour Bank Co., Ltd.",
            "share": "1",
        },
    ],
    "tranches": [
        {
            "tranche_id": "A",
            "what": "term",
            "currency": "CNY",
            "commitment_minor": 20000000000,
            "accordion_minor": 0,
            "drawdowns": [{"on": "2024-12-20", "amount_minor": 20000000000}],
            "signed_on": "2024-12-20",
            "maturity_date": "2027-12-20",
            "base_rate": {"kind": "fixed_rate", "rate": "0.0345", "rate_floor": None, "rate_cap": None},
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
                "factor_set_version": "1",
                "data_status_required": "verified",
                "report_digits": 4,
            },
            "sites": ["Beihe smelter"],
            "kpi_class": "core",
            "footprint_share": None,
            "materiality": None,
            "baseline": {
                "period_start": "2024-01-01",
                "period_end": "2025-01-01",
                "value": None,
                "method": "as reported",
                "significance": "1/20",
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
                "effect_id": "esg",
                "rule": {"kind": "step_per_kpi", "steps": [{"kpi_id": "intensity", "down_bp": "10/1", "up_bp": "0/1"}]},
                "applies_to": [{"item": "margin", "tranche_id": None, "fee": None, "factor": "1/1"}],
                "direction": "down_only",
                "cap_down_bp": "10/1",
                "cap_up_bp": "0/1",
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
        "report_due_days": 90,
        "attestation_due_days": 120,
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
"""A one-way step-down on a bullet loan: 10 bp off from the next interest period when the year's intensity fell by 3 %."""

Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]
DigestIn = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="The hash of exactly what was read.",
        examples=["9f86d081884c7d65" * 4],
    ),
]


class TermsIn(Schema):
    """A version of the terms: the first opens a facility, a later one amends it."""

    terms: Annotated[
        dict[str, JsonValue],
        Field(
            description="Every term of one version. Parties name organisations by id; the borrower is the facility's own.",
            examples=[dict(TERMS_EXAMPLE)],
        ),
    ]

    def to_core(self) -> FacilityTerms:
        """Return the terms; a missing, unknown or illegal one is refused with the path of its field (``terms.<field>``)."""
        return from_document(FacilityTerms, self.terms, area=AREA)


class AgreementIn(Schema):
    """Agreement to exactly the version that ``sha256`` names."""

    sha256: DigestIn


class AgreedOut(Schema):
    """An organisation that agreed to the version, and when."""

    organisation_id: UuidString
    agreed_at: InstantString


class TermsVersionOut(Schema):
    """One version of the terms with its hash; ``counts`` once the parties that must have agreed did."""

    version: int
    sha256: Digest
    recorded_at: InstantString
    agreed: Array[AgreedOut]
    counts: bool
    terms: dict[str, JsonValue]

    @classmethod
    def from_core(cls, version: TermsVersion, *, counts: bool) -> TermsVersionOut:
        """Return the shape of a version."""
        return cls(
            version=version.terms.version,
            sha256=version.sha256,
            recorded_at=version.recorded_at,
            agreed=tuple(
                AgreedOut(organisation_id=organisation_id, agreed_at=agreed_at)
                for organisation_id, agreed_at in sorted(version.agreed.items())
            ),
            counts=counts,
            terms=to_document(version.terms),
        )


class TermsVersionsOut(Schema):
    """The versions of a facility's terms, oldest first."""

    versions: Array[TermsVersionOut]
