"""Accounting policies as records that can be asked for by id: an organisation sees those of its own books.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import accounting_policies
from finance.store.accounting_policies import PolicyRecord
from ledger.store import books


def _own_policy(session: Session, principal: Principal, record_id: UUID) -> PolicyRecord | None:
    record = accounting_policies.find_policy(session, record_id)
    if record is None:
        return None
    own = {book.book_id for book in books.list_books(session, principal.organisation_id)}
    return record if record.book_id in own else None


ACCOUNTING_POLICY = register(ScopedKind(name="accounting_policy", load=_own_policy))
"""An organisation sees the policies of its own books."""
