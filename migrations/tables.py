"""Gathers every package's tables into one metadata, for comparing models with the migrated schema."""

from __future__ import annotations

import api.store.tables
import finance.store.tables
import ledger.store.tables
from ledger.store.database import Base

__all__ = ["api", "finance", "ledger"]

metadata = Base.metadata
