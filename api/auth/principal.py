"""The caller of a request, and the scopes that a caller's key may carry.

Pure values. Knows neither HTTP nor tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from api.store.access import OrganisationKind
from ledger.core.parties import Actor


class Scope(StrEnum):
    """One thing a key may do; a route asks for some."""

    LEDGER_READ = "ledger:read"
    LEDGER_WRITE = "ledger:write"
    LEDGER_CLOSE = "ledger:close"
    """Closes and reopens periods, and still posts in softly closed days."""
    LEDGER_ENFORCE = "ledger:enforce"
    """Releases or captures what is set aside for another, as a court's order or an enforcement does."""
    ACTIVITY_WRITE = "activity:write"
    KPI_WRITE = "kpi:write"
    MARKET_WRITE = "market:write"
    MARKET_APPROVE = "market:approve"
    TRADING_WRITE = "trading:write"
    TRADING_APPROVE = "trading:approve"
    """Checks orders, counterparties, limits and carbon-finance contracts as the second person."""
    COMPLIANCE_WRITE = "compliance:write"
    COMPLIANCE_APPROVE = "compliance:approve"
    ACCOUNTING_WRITE = "accounting:write"
    ACCOUNTING_APPROVE = "accounting:approve"
    """Reviews vouchers and a month's close as the second person."""
    FACILITY_WRITE = "facility:write"
    FACILITY_AGREE = "facility:agree"
    """Agrees to terms and to adjustments of interest for its organisation."""
    ENGAGEMENT_WRITE = "engagement:write"
    ATTESTATION_WRITE = "attestation:write"
    DETERMINATION_PROPOSE = "determination:propose"
    DETERMINATION_APPROVE = "determination:approve"
    COMPLIANCE_READ = "compliance:read"
    LEDGER_APPROVE = "ledger:approve"
    """Agrees, as the second person, to transfers, releases, imported trades and entries."""
    KPI_APPROVE = "kpi:approve"
    """Agrees, as the second person, to what is reported of a KPI."""
    ACCESS_APPROVE = "access:approve"
    """Agrees, as the second person, to who may do what, and to when a second person is asked."""
    ADMIN = "admin"


APPROVING = frozenset(
    {
        Scope.MARKET_APPROVE,
        Scope.TRADING_APPROVE,
        Scope.COMPLIANCE_APPROVE,
        Scope.ACCOUNTING_APPROVE,
        Scope.DETERMINATION_APPROVE,
        Scope.FACILITY_AGREE,
        Scope.LEDGER_ENFORCE,
        Scope.LEDGER_APPROVE,
        Scope.KPI_APPROVE,
        Scope.ACCESS_APPROVE,
    }
)
"""Scopes that stand for another's consent: nobody is given one by a colleague's key, nor an owner of a pledge by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls: a person of an organisation, through one key."""

    user_id: UUID
    organisation_id: UUID
    organisation_kind: OrganisationKind
    key_id: UUID
    scopes: frozenset[Scope]

    @property
    def actor(self) -> Actor:
        """Return who acts and for whom, as an entry names it."""
        return Actor(user_id=self.user_id, organisation_id=self.organisation_id)
