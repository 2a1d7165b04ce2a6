"""People behind the places: credentials, roles as dated facts, sessions, one-time tokens, legal entities.

Everyone who holds a key that works gets the roles that its scopes come from, so that nothing stops on the day of the upgrade;
passwords are chosen afterwards, and from then on nobody approves with a key.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0022_access"
down_revision = "0021_proposals"
branch_labels = None
depends_on = None

_KINDS_BEFORE = "kind IN ('borrower','lender','assessor','operator')"
_KINDS = "kind IN ('borrower','lender','assessor','auditor','operator')"
_TABLES = (
    "legal_entity_book",
    "legal_entity",
    "access_event",
    "one_time_token",
    "sign_in_failure",
    "access_session",
    "membership_role_end",
    "membership_role_confirmation",
    "membership_role",
    "person_identity",
    "recovery_code",
)
"""In the order in which they can be dropped."""

_ROLE_BY_SCOPE = {
    "borrower": {
        "ledger:read": "viewer",
        "compliance:read": "viewer",
        "ledger:write": "maker",
        "activity:write": "maker",
        "kpi:write": "maker",
        "market:write": "maker",
        "compliance:write": "maker",
        "accounting:write": "maker",
        "facility:write": "maker",
        "engagement:write": "maker",
        "determination:propose": "maker",
        "trading:write": "trader",
        "ledger:close": "closer",
        "market:approve": "checker",
        "trading:approve": "checker",
        "compliance:approve": "checker",
        "accounting:approve": "checker",
        "facility:agree": "checker",
        "ledger:enforce": "signatory",
        "admin": "admin",
    },
    "lender": {
        "ledger:read": "viewer",
        "compliance:read": "viewer",
        "ledger:write": "officer",
        "facility:write": "officer",
        "engagement:write": "officer",
        "determination:approve": "approver",
        "facility:agree": "approver",
        "trading:approve": "approver",
        "ledger:enforce": "approver",
        "admin": "admin",
    },
    "assessor": {"ledger:read": "viewer", "attestation:write": "preparer", "admin": "admin"},
    "operator": {"admin": "operator"},
}
"""Which role stands for a scope that a key had before there were roles."""


def upgrade() -> None:
    """Create the tables, give every place its person, then put up the guards."""
    _create_person_tables()
    _create_role_tables()
    _create_session_tables()
    _create_entity_tables()
    _change_kinds(_KINDS_BEFORE, _KINDS)
    op.add_column("organisation", sa.Column("is_demo", BigInt, nullable=False, server_default="0"))
    op.add_column("api_key", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.add_column("api_key", sa.Column("addresses", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("user_account", sa.Column("joined_at", UtcDateTime(), nullable=True))
    _give_places_their_person()
    op.execute("UPDATE api_key SET name = key_prefix")
    op.execute("UPDATE user_account SET joined_at = created_at")
    _give_key_holders_their_roles()
    for statement in statements("access_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop what was added, the newest first; an auditor's organisation is called an assessor again, as it was before."""
    for table in _TABLES:
        op.drop_table(table)
    for statement in statements("access_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_user_account_person_id", table_name="user_account")
    op.drop_index("uq_user_account_organisation_id_person_id", table_name="user_account")
    _drop_person_of_place()
    op.drop_table("person")
    op.drop_column("user_account", "joined_at")
    op.drop_column("api_key", "addresses")
    op.drop_column("api_key", "name")
    op.drop_column("organisation", "is_demo")
    op.execute("UPDATE organisation SET kind = 'assessor' WHERE kind = 'auditor'")
    _change_kinds(_KINDS, _KINDS_BEFORE)


def _create_person_tables() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", UuidKey(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", UtcDateTime(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("totp_last_step", BigInt, nullable=False, server_default="0"),
        sa.CheckConstraint("totp_last_step >= 0", name="ck_person_totp_last_step"),
        sa.PrimaryKeyConstraint("person_id", name="pk_person"),
        sa.UniqueConstraint("mailbox", name="uq_person_mailbox"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery_code",
        sa.Column("person_id", UuidKey(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(code_sha256) = 32", name="ck_recovery_code_code_sha256"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_recovery_code_person_person_id"),
        sa.PrimaryKeyConstraint("person_id", "code_sha256", name="pk_recovery_code"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", UuidKey(), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_person_identity_person_person_id"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_person_identity"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_identity_person_id", "person_identity", ["person_id"])


def _create_role_tables() -> None:
    op.create_table(
        "membership_role",
        sa.Column("grant_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=True),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("granted_by", UuidKey(), nullable=True),
        sa.Column("needs_confirmation", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("until_at > from_at", name="ck_membership_role_period"),
        sa.CheckConstraint("role <> 'auditor' OR until_at IS NOT NULL", name="ck_membership_role_auditor_ends"),
        sa.CheckConstraint("needs_confirmation IN (0,1)", name="ck_membership_role_needs_confirmation"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_membership_role_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_membership_role_user_account_organisation_id_user_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "granted_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_membership_role_user_account_organisation_id_granted_by",
        ),
        sa.PrimaryKeyConstraint("grant_id", name="pk_membership_role"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_membership_role_user_id", "membership_role", ["user_id"])
    op.create_table(
        "membership_role_confirmation",
        sa.Column("grant_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("confirmed_by", UuidKey(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["membership_role.grant_id"],
            name="fk_membership_role_confirmation_membership_role_grant_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "confirmed_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_membership_role_confirmation_user_account",
        ),
        sa.PrimaryKeyConstraint("grant_id", name="pk_membership_role_confirmation"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "membership_role_end",
        sa.Column("grant_id", UuidKey(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", UuidKey(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["membership_role.grant_id"], name="fk_membership_role_end_membership_role_grant_id"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user_account.user_id"], name="fk_membership_role_end_user_account_ended_by"
        ),
        sa.PrimaryKeyConstraint("grant_id", name="pk_membership_role_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_session_tables() -> None:
    op.create_table(
        "access_session",
        sa.Column("session_id", UuidKey(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("idle_s", BigInt, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("is_approving_allowed", BigInt, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(token_sha256) = 32", name="ck_access_session_token_sha256"),
        sa.CheckConstraint("expires_at > created_at", name="ck_access_session_life"),
        sa.CheckConstraint("idle_s > 0", name="ck_access_session_idle"),
        sa.CheckConstraint("is_approving_allowed IN (0,1)", name="ck_access_session_is_approving_allowed"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_access_session_user_account_organisation_id_user_id",
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_access_session"),
        sa.UniqueConstraint("token_sha256", name="uq_access_session_token_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_access_session_user_id", "access_session", ["user_id"])
    op.create_table(
        "sign_in_failure",
        sa.Column("failure_id", UuidKey(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("failure_id", name="pk_sign_in_failure"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sign_in_failure_subject_failed_at", "sign_in_failure", ["subject", "failed_at"])
    op.create_table(
        "one_time_token",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("purpose IN ('invitation','password','first_run')", name="ck_one_time_token_purpose"),
        sa.CheckConstraint("(purpose = 'first_run') = (user_id IS NULL)", name="ck_one_time_token_user"),
        sa.CheckConstraint("length(token_sha256) = 32", name="ck_one_time_token_token_sha256"),
        sa.CheckConstraint("expires_at > created_at", name="ck_one_time_token_life"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.user_id"], name="fk_one_time_token_user_account_user_id"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_one_time_token"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_one_time_token_user_id", "one_time_token", ["user_id"])
    op.create_table(
        "access_event",
        sa.Column("event_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=True),
        sa.Column("user_id", UuidKey(), nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("by", UuidKey(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.CheckConstraint("length(what) > 0", name="ck_access_event_what"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_access_event_organisation_organisation_id",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.user_id"], name="fk_access_event_user_account_user_id"),
        sa.ForeignKeyConstraint(["by"], ["user_account.user_id"], name="fk_access_event_user_account_by"),
        sa.PrimaryKeyConstraint("event_id", name="pk_access_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_access_event_organisation_id_event_id", "access_event", ["organisation_id", "event_id"])


def _create_entity_tables() -> None:
    op.create_table(
        "legal_entity",
        sa.Column("entity_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(credit_code) = 18", name="ck_legal_entity_credit_code"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_legal_entity_organisation_organisation_id",
        ),
        sa.PrimaryKeyConstraint("entity_id", name="pk_legal_entity"),
        sa.UniqueConstraint("organisation_id", "credit_code", name="uq_legal_entity_organisation_id_credit_code"),
        sa.UniqueConstraint("organisation_id", "entity_id", name="uq_legal_entity_organisation_id_entity_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legal_entity_book",
        sa.Column("book_id", BigInt, nullable=False, autoincrement=False),
        sa.Column("entity_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_legal_entity_book_book_book_id"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["legal_entity.entity_id"], name="fk_legal_entity_book_legal_entity_entity_id"
        ),
        sa.PrimaryKeyConstraint("book_id", name="pk_legal_entity_book"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_legal_entity_book_entity_id", "legal_entity_book", ["entity_id"])


def _change_kinds(before: str, after: str) -> None:
    """Let a CHECK say something else, in place.

    On SQLite by its documented way to change a constraint without touching a row (https://www.sqlite.org/lang_altertable.html,
    section 7): a copied table would lose the keys that point to it and its triggers.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_organisation_kind", "organisation", type_="check")
        op.create_check_constraint("ck_organisation_kind", "organisation", after)
        return
    _rewrite_sqlite("organisation", before, after)


def _rewrite_sqlite(table: str, before: str, after: str) -> None:
    bind = op.get_bind()
    found = bind.exec_driver_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).scalar_one()
    assert found.count(before) == 1, f"the table {table} says {before} once"
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (found.replace(before, after), table)
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _give_places_their_person() -> None:
    """Add ``user_account.person_id``: one person for each mailbox; a mailbox's second place in one organisation gets its own."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    place: sa.Column[uuid.UUID] = sa.Column("person_id", UuidKey(), nullable=True)
    if is_postgres:
        op.add_column("user_account", place)
    else:
        op.execute("ALTER TABLE user_account ADD COLUMN person_id BLOB REFERENCES person (person_id)")
    person = sa.table(
        "person",
        sa.column("person_id", UuidKey()),
        sa.column("mailbox", sa.Text()),
        sa.column("created_at", UtcDateTime()),
    )
    account = sa.table(
        "user_account",
        sa.column("user_id", UuidKey()),
        sa.column("organisation_id", UuidKey()),
        sa.column("email", sa.Text()),
        sa.column("created_at", UtcDateTime()),
        sa.column("person_id", UuidKey()),
    )
    bind = op.get_bind()
    persons: dict[str, uuid.UUID] = {}
    placed: set[tuple[uuid.UUID, uuid.UUID]] = set()
    rows = bind.execute(
        sa.select(account.c.user_id, account.c.organisation_id, account.c.email, account.c.created_at).order_by(
            account.c.created_at, account.c.user_id
        )
    ).all()
    for user_id, organisation_id, email, created_at in rows:
        mailbox = _mailbox(email)
        if mailbox in persons and (organisation_id, persons[mailbox]) in placed:
            mailbox = email if email not in persons else f"{email}#{user_id}"
        if mailbox not in persons:
            bind.execute(sa.insert(person).values(person_id=user_id, mailbox=mailbox, created_at=created_at))
            persons[mailbox] = user_id
        placed.add((organisation_id, persons[mailbox]))
        bind.execute(sa.update(account).where(account.c.user_id == user_id).values(person_id=persons[mailbox]))
    if is_postgres:
        op.alter_column("user_account", "person_id", nullable=False)
        op.create_foreign_key(
            "fk_user_account_person_person_id", "user_account", "person", ["person_id"], ["person_id"]
        )
    else:
        _rewrite_sqlite("user_account", "person_id BLOB REFERENCES", "person_id BLOB NOT NULL REFERENCES")
    op.create_index(
        "uq_user_account_organisation_id_person_id", "user_account", ["organisation_id", "person_id"], unique=True
    )
    op.create_index("ix_user_account_person_id", "user_account", ["person_id"])


def _drop_person_of_place() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_user_account_person_person_id", "user_account", type_="foreignkey")
        op.drop_column("user_account", "person_id")
        return
    bind = op.get_bind()
    sql = bind.exec_driver_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'user_account'"
    ).scalar_one()
    said = re.search(r"person_id BLOB NOT NULL REFERENCES person \(person_id\)", sql)
    assert said is not None, "user_account names its person"
    _rewrite_sqlite("user_account", said.group(0), "person_id BLOB")
    op.execute("ALTER TABLE user_account DROP COLUMN person_id")


def _mailbox(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _give_key_holders_their_roles() -> None:
    key = sa.table(
        "api_key",
        sa.column("organisation_id", UuidKey()),
        sa.column("user_id", UuidKey()),
        sa.column("scopes", sa.Text()),
        sa.column("created_at", UtcDateTime()),
        sa.column("revoked_at", UtcDateTime()),
    )
    organisation = sa.table("organisation", sa.column("organisation_id", UuidKey()), sa.column("kind", sa.Text()))
    grant = sa.table(
        "membership_role",
        sa.column("grant_id", UuidKey()),
        sa.column("organisation_id", UuidKey()),
        sa.column("user_id", UuidKey()),
        sa.column("role", sa.Text()),
        sa.column("from_at", UtcDateTime()),
        sa.column("granted_at", UtcDateTime()),
        sa.column("needs_confirmation", BigInt),
        sa.column("reason", sa.Text()),
        sa.column("sha256", sa.Text()),
    )
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(key.c.organisation_id, key.c.user_id, organisation.c.kind, key.c.scopes, key.c.created_at)
        .join_from(key, organisation, key.c.organisation_id == organisation.c.organisation_id)
        .where(key.c.revoked_at.is_(None))
    ).all()
    roles: dict[tuple[uuid.UUID, uuid.UUID, str], datetime] = {}
    for organisation_id, user_id, kind, scopes, created_at in rows:
        for scope in json.loads(scopes):
            role = _ROLE_BY_SCOPE.get(kind, {}).get(scope)
            if role is not None:
                place = (organisation_id, user_id, role)
                roles[place] = min(roles.get(place, datetime.max.replace(tzinfo=UTC)), created_at)
    for (organisation_id, user_id, role), from_at in roles.items():
        said = f"{organisation_id}|{user_id}|{role}|{from_at.isoformat()}"
        bind.execute(
            sa.insert(grant).values(
                grant_id=uuid.uuid5(uuid.NAMESPACE_URL, f"urn:tonne:role:{said}"),
                organisation_id=organisation_id,
                user_id=user_id,
                role=role,
                from_at=from_at,
                granted_at=from_at,
                needs_confirmation=0,
                reason="held by a key before there were roles",
                sha256=hashlib.sha256(said.encode()).hexdigest(),
            )
        )
