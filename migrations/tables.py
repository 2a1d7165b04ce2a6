"""Gathers every package's tables into one metadata, for comparing models with the migrated schema."""

from __future__ import annotations

import api.store.audit_tables
import api.store.book_check_tables
import api.store.example_tables
import api.store.four_eyes_tables
import api.store.oidc_tables
import api.store.person_tables
import api.store.tables
import finance.store.tables.activity
import finance.store.tables.attestations
import finance.store.tables.carbon_contracts
import finance.store.tables.closing
import finance.store.tables.compliance
import finance.store.tables.feeds
import finance.store.tables.imports
import finance.store.tables.labels
import finance.store.tables.loan_facts
import finance.store.tables.loans
import finance.store.tables.market
import finance.store.tables.notices
import finance.store.tables.published_rates
import finance.store.tables.reviews
import finance.store.tables.trades
import finance.store.tables.trading
import ledger.store.tables.checkpoints
import ledger.store.tables.holds
import ledger.store.tables.journal
import ledger.store.tables.persons
import ledger.store.tables.reconciliation
import ledger.store.tables.serials
from ledger.store.database import Base

__all__ = ["api", "finance", "ledger"]

metadata = Base.metadata
