"""The caller of a request: a person for an organisation, the roles and scopes it acts with, and by which proof it came.

Pure values. Knows neither HTTP nor tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from api.store.access import OrganisationKind
from ledger.core.parties import Actor


class Role(StrEnum):
    """What a person is for an organisation; ``api.auth.roles`` says where each exists and which scopes it gives."""

    ADMIN = "admin"
    MAKER = "maker"
    CHECKER = "checker"
    TRADER = "trader"
    CLOSER = "closer"
    VIEWER = "viewer"
    OFFICER = "officer"
    APPROVER = "approver"
    PREPARER = "preparer"
    REVIEWER = "reviewer"
    SIGNATORY = "signatory"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Scope(StrEnum):
    """One thing a caller may do; a route asks for some."""

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
    ATTESTATION_APPROVE = "attestation:approve"
    """Reviews an assessor's statements and confirms its signing keys as the second person."""
    DETERMINATION_PROPOSE = "determination:propose"
    DETERMINATION_APPROVE = "determination:approve"
    COMPLIANCE_READ = "compliance:read"
    LEDGER_APPROVE = "ledger:approve"
    """Agrees, as the second person, to transfers, releases, imported trades and entries."""
    KPI_APPROVE = "kpi:approve"
    """Agrees, as the second person, to what is reported of a KPI."""
    ACCESS_APPROVE = "access:approve"
    """Agrees, as the second person, to who may do what, and to when a second person is asked."""
    ACCESS_READ = "access:read"
    """Reads who may do what, what happened at the door, and the audit log; whoever has ``ADMIN`` has it too."""
    ADMIN = "admin"
    """Invites people, gives and ends roles, issues and revokes keys of its organisation."""
    OPERATE = "operate"
    """Runs the installation: organisations and their first administrators; never a book."""


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
        Scope.ATTESTATION_APPROVE,
        Scope.OPERATE,
    }
)
"""Scopes that stand for another's consent, or run the installation: only a person signed in with a second factor has them, no key."""

READING = frozenset({Scope.LEDGER_READ, Scope.COMPLIANCE_READ, Scope.ACCESS_READ})
"""Scopes that change nothing: whoever has no other writes nothing, whatever the route asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls: a person acting for one organisation, through a session or through an API key, never both.

    With neither, it is the person who asked for something that runs now because another agreed; it approves nothing itself.
    ``user_id`` is the person's place in the organisation, ``person_id`` the person behind it. ``roles`` are those that live now;
    ``scopes`` are theirs, for a key no more than its own, and without the approving ones unless ``is_approving_allowed``.
    """

    user_id: UUID
    person_id: UUID
    organisation_id: UUID
    organisation_kind: OrganisationKind
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    session_id: UUID | None = None
    key_id: UUID | None = None
    is_approving_allowed: bool = False

    def __post_init__(self) -> None:
        """A caller has one proof, a key never approves, and an approving scope is held only where approving is allowed."""
        assert self.session_id is None or self.key_id is None, "a caller comes with a session or with a key"
        assert self.session_id is not None or not self.is_approving_allowed, "only a signed-in person approves"
        assert self.is_approving_allowed or not self.scopes & APPROVING, "approving scopes need a second factor"

    @property
    def actor(self) -> Actor:
        """Return who acts and for whom, as an entry names it."""
        return Actor(user_id=self.user_id, organisation_id=self.organisation_id)

    @property
    def is_reading_only(self) -> bool:
        """Whether nothing but reading is allowed: a viewer, an auditor, or a key with reading scopes only."""
        return self.scopes <= READING
