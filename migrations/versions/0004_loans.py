"""Activity, reference rows, facilities, KPI periods, attestations and rate determinations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactDecimal, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0004_loans"
down_revision = "0003_market_and_trades"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "activity_month",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("month", BusinessDate(), nullable=False),
        sa.Column("revision", BigInt, autoincrement=False, nullable=False),
        sa.Column("production_t", ExactDecimal(), nullable=False),
        sa.Column("captive_coal_kwh", ExactDecimal(), nullable=False),
        sa.Column("grid_kwh", ExactDecimal(), nullable=False),
        sa.Column("own_nonfossil_direct_kwh", ExactDecimal(), nullable=False),
        sa.Column("market_nonfossil_contract_kwh", ExactDecimal(), nullable=False),
        sa.Column("anode_effect_min_per_cell_day", ExactDecimal(), nullable=True),
        sa.Column("net_anode_t", ExactDecimal(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_activity_month_revision"),
        sa.PrimaryKeyConstraint("organisation_id", "site", "month", "revision", name="pk_activity_month"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "facility",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("borrower_id", UuidKey(), nullable=False),
        sa.Column("facility_number", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint("facility_id", name="pk_facility"),
        sa.UniqueConstraint("borrower_id", "facility_number", name="uq_facility_borrower_id_facility_number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "reference_set",
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("set_id", "version", name="pk_reference_set"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("registered_by", UuidKey(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("compromised_since", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(public_key) = 32", name="ck_signing_key_public_key"),
        sa.PrimaryKeyConstraint("key_id", name="pk_signing_key"),
        sa.UniqueConstraint("public_key", name="uq_signing_key_public_key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "signing_key_challenge",
        sa.Column("challenge_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name="pk_signing_key_challenge"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "facility_kpi",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("kpi_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.facility_id"], name="fk_facility_kpi_facility_facility_id"),
        sa.PrimaryKeyConstraint("facility_id", "kpi_id", name="pk_facility_kpi"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "facility_party",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('borrower','lender','agent','coordinator','guarantor','assessor','swap_counterparty')",
            name="ck_facility_party_role",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_facility_party_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("facility_id", "organisation_id", "role", name="pk_facility_party"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "facility_terms",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("version", BigInt, autoincrement=False, nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_facility_terms_version"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_facility_terms_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("facility_id", "version", name="pk_facility_terms"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "terms_agreement",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("version", BigInt, autoincrement=False, nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("agreed_at", UtcDateTime(), nullable=False),
        sa.Column("agreed_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id", "version"],
            ["facility_terms.facility_id", "facility_terms.version"],
            name="fk_terms_agreement_facility_terms_facility_id_version",
        ),
        sa.PrimaryKeyConstraint("facility_id", "version", "organisation_id", name="pk_terms_agreement"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "reference_row",
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("set_version", sa.Text(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("effective_from", BusinessDate(), nullable=False),
        sa.Column("effective_to", BusinessDate(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('official','draft','secondary','assumed')", name="ck_reference_row_status"),
        sa.ForeignKeyConstraint(
            ["set_id", "set_version"],
            ["reference_set.set_id", "reference_set.version"],
            name="fk_reference_row_reference_set_set_id_set_version",
        ),
        sa.PrimaryKeyConstraint("set_id", "set_version", "number", name="pk_reference_row"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "kpi_period",
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("kpi_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("period_start", BusinessDate(), nullable=False),
        sa.Column("period_end", BusinessDate(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("purpose IN ('baseline','test')", name="ck_kpi_period_purpose"),
        sa.CheckConstraint("period_start < period_end", name="ck_kpi_period_interval"),
        sa.ForeignKeyConstraint(
            ["facility_id", "kpi_id"],
            ["facility_kpi.facility_id", "facility_kpi.kpi_id"],
            name="fk_kpi_period_facility_kpi_facility_id_kpi_id",
        ),
        sa.PrimaryKeyConstraint("kpi_period_id", name="pk_kpi_period"),
        sa.UniqueConstraint(
            "facility_id", "kpi_id", "period_start", name="uq_kpi_period_facility_id_kpi_id_period_start"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "data_snapshot",
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_data_snapshot_kpi_period_kpi_period_id"
        ),
        sa.PrimaryKeyConstraint("kpi_period_id", "number", name="pk_data_snapshot"),
        sa.UniqueConstraint("kpi_period_id", "sha256", name="uq_data_snapshot_kpi_period_id_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "engagement",
        sa.Column("engagement_id", UuidKey(), nullable=False),
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("assessor_id", UuidKey(), nullable=False),
        sa.Column("assessor_legal_name", sa.Text(), nullable=False),
        sa.Column("responsible_party", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("level IN ('limited','reasonable','not_an_opinion')", name="ck_engagement_level"),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.facility_id"], name="fk_engagement_facility_facility_id"),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_engagement_kpi_period_kpi_period_id"
        ),
        sa.PrimaryKeyConstraint("engagement_id", name="pk_engagement"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "kpi_period_event",
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", JsonText(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_kpi_period_event_kpi_period_kpi_period_id"
        ),
        sa.PrimaryKeyConstraint("kpi_period_id", "number", name="pk_kpi_period_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "attestation",
        sa.Column("attestation_id", UuidKey(), nullable=False),
        sa.Column("engagement_id", UuidKey(), nullable=False),
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("envelope_sha256", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("statement", JsonText(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("received_from", UuidKey(), nullable=False),
        sa.CheckConstraint("(verdict = 'rejected') = (code IS NOT NULL)", name="ck_attestation_code"),
        sa.CheckConstraint("verdict IN ('accepted','rejected')", name="ck_attestation_verdict"),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.engagement_id"], name="fk_attestation_engagement_engagement_id"
        ),
        sa.ForeignKeyConstraint(["key_id"], ["signing_key.key_id"], name="fk_attestation_signing_key_key_id"),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_attestation_kpi_period_kpi_period_id"
        ),
        sa.PrimaryKeyConstraint("attestation_id", name="pk_attestation"),
        sa.UniqueConstraint("engagement_id", "envelope_sha256", name="uq_attestation_engagement_id_envelope_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "independence_declaration",
        sa.Column("engagement_id", UuidKey(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.Column("declared_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.engagement_id"], name="fk_independence_declaration_engagement_engagement_id"
        ),
        sa.PrimaryKeyConstraint("engagement_id", name="pk_independence_declaration"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "attestation_event",
        sa.Column("attestation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"], ["attestation.attestation_id"], name="fk_attestation_event_attestation_attestation_id"
        ),
        sa.PrimaryKeyConstraint("attestation_id", "number", name="pk_attestation_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "rate_determination",
        sa.Column("determination_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("terms_version", BigInt, nullable=False),
        sa.Column("period_start", BusinessDate(), nullable=False),
        sa.Column("period_end", BusinessDate(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("replaces", UuidKey(), nullable=True),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("proposed_on", BusinessDate(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("proposer_id", UuidKey(), nullable=False),
        sa.Column("proposer_organisation_id", UuidKey(), nullable=False),
        sa.CheckConstraint("period_start < period_end", name="ck_rate_determination_interval"),
        sa.ForeignKeyConstraint(
            ["facility_id", "terms_version"],
            ["facility_terms.facility_id", "facility_terms.version"],
            name="fk_rate_determination_facility_terms_facility_id_terms_version",
        ),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["rate_determination.determination_id"],
            name="fk_rate_determination_rate_determination_replaces",
        ),
        sa.PrimaryKeyConstraint("determination_id", name="pk_rate_determination"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "rate_evidence",
        sa.Column("determination_id", UuidKey(), nullable=False),
        sa.Column("kpi_period_id", UuidKey(), nullable=False),
        sa.Column("attestation_id", UuidKey(), nullable=True),
        sa.Column("baseline_attestation_id", UuidKey(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attestation_id"], ["attestation.attestation_id"], name="fk_rate_evidence_attestation_attestation_id"
        ),
        sa.ForeignKeyConstraint(
            ["baseline_attestation_id"],
            ["attestation.attestation_id"],
            name="fk_rate_evidence_attestation_baseline_attestation_id",
        ),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["rate_determination.determination_id"],
            name="fk_rate_evidence_rate_determination_determination_id",
        ),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_rate_evidence_kpi_period_kpi_period_id"
        ),
        sa.PrimaryKeyConstraint("determination_id", "kpi_period_id", name="pk_rate_evidence"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "rate_approval",
        sa.Column("determination_id", UuidKey(), nullable=False),
        sa.Column("approver_id", UuidKey(), nullable=False),
        sa.Column("approver_organisation_id", UuidKey(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("approved_on", BusinessDate(), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["rate_determination.determination_id"],
            name="fk_rate_approval_rate_determination_determination_id",
        ),
        sa.PrimaryKeyConstraint("determination_id", "approver_id", name="pk_rate_approval"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "statement_id",
        sa.Column("issuer_id", UuidKey(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("attestation_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"], ["attestation.attestation_id"], name="fk_statement_id_attestation_attestation_id"
        ),
        sa.PrimaryKeyConstraint("issuer_id", "jti", name="pk_statement_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "rate_decision",
        sa.Column("determination_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("sequence", BigInt, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document", JsonText(), nullable=True),
        sa.Column("decided_on", BusinessDate(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("decider_id", UuidKey(), nullable=False),
        sa.Column("decider_organisation_id", UuidKey(), nullable=False),
        sa.CheckConstraint("(verdict = 'approved') = (document IS NOT NULL)", name="ck_rate_decision_document"),
        sa.CheckConstraint("(verdict = 'refused') = (reason IS NOT NULL)", name="ck_rate_decision_reason"),
        sa.CheckConstraint("verdict IN ('approved','refused')", name="ck_rate_decision_verdict"),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["rate_determination.determination_id"],
            name="fk_rate_decision_rate_determination_determination_id",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_rate_decision_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("determination_id", name="pk_rate_decision"),
        sa.UniqueConstraint("facility_id", "sequence", name="uq_rate_decision_facility_id_sequence"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    for statement in statements("loan_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    op.drop_table("rate_decision")
    op.drop_table("statement_id")
    op.drop_table("rate_approval")
    op.drop_table("rate_evidence")
    op.drop_table("rate_determination")
    op.drop_table("attestation_event")
    op.drop_table("independence_declaration")
    op.drop_table("attestation")
    op.drop_table("kpi_period_event")
    op.drop_table("engagement")
    op.drop_table("data_snapshot")
    op.drop_table("kpi_period")
    op.drop_table("reference_row")
    op.drop_table("terms_agreement")
    op.drop_table("facility_terms")
    op.drop_table("facility_party")
    op.drop_table("facility_kpi")
    op.drop_table("signing_key_challenge")
    op.drop_table("signing_key")
    op.drop_table("reference_set")
    op.drop_table("facility")
    op.drop_table("activity_month")

    for statement in statements("loan_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
