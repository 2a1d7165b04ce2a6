"""Activity data as uploaded, and the reference rows that figures are computed with: facts, only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base, JsonText

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class ReferenceSetRow(Base):
    """One version of a named set of reference rows; its hash names what a figure was computed with."""

    __tablename__ = "reference_set"
    __table_args__ = (_STRICT,)

    set_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content_hash: Mapped[str]
    loaded_at: Mapped[datetime]


class ReferenceRowRow(Base):
    """One sourced value with the half-open interval of days it applies to."""

    __tablename__ = "reference_row"
    __table_args__ = (
        ForeignKeyConstraint(["set_id", "set_version"], ["reference_set.set_id", "reference_set.version"]),
        CheckConstraint("status IN ('official','draft','secondary','assumed')", "status"),
        _STRICT,
    )

    set_id: Mapped[str] = mapped_column(primary_key=True)
    set_version: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Place of the row in its set, from 1."""
    row_id: Mapped[str]
    value: Mapped[str]
    """A decimal, an ISO day or a word, as ``unit`` says."""
    unit: Mapped[str]
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    """Exclusive."""
    region: Mapped[str]
    label_en: Mapped[str]
    label_zh: Mapped[str]
    source: Mapped[str]
    status: Mapped[str]
    version: Mapped[str]


class ActivityMonthRow(Base):
    """What one site made and used in one month, as one file said; a correction is a further revision."""

    __tablename__ = "activity_month"
    __table_args__ = (CheckConstraint("revision >= 1", "revision"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """First day of the month."""
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    production_t: Mapped[Decimal]
    captive_coal_kwh: Mapped[Decimal]
    grid_kwh: Mapped[Decimal]
    own_nonfossil_direct_kwh: Mapped[Decimal]
    market_nonfossil_contract_kwh: Mapped[Decimal]
    grid_certificate_kwh: Mapped[Decimal] = mapped_column(server_default=text("'0'"))
    """Grid power for which green certificates were cancelled; not in ``grid_kwh``."""
    anode_effect_min_per_cell_day: Mapped[Decimal | None]
    net_anode_t: Mapped[Decimal | None]
    template_id: Mapped[str] = mapped_column(server_default=text("'aluminium-electrolysis'"))
    """Which form the figures fill."""
    further: Mapped[Mapping[str, Any]] = mapped_column(JsonText, server_default=text("'{}'"))
    """The template's other measurements: field to decimal string."""
    verification: Mapped[str | None]
    """Name of the report that verified the figures; null when the plant claims them."""
    origin: Mapped[str]
    """File, sheet and row it was read from."""
    raw_sha256: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
