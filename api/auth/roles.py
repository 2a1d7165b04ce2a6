"""The one table of roles: in which kinds of organisation each exists, and which scopes it gives there.

Pure values. A scope that no role gives in a kind cannot be held there, by session or key. Knows no route and no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from api.auth.principal import APPROVING, Role, Scope
from api.store.access import OrganisationKind
from ledger.core.errors import Invalid

_READ = frozenset({Scope.LEDGER_READ, Scope.COMPLIANCE_READ})
_ADMIN = frozenset({Scope.ADMIN, Scope.ACCESS_READ, Scope.ACCESS_APPROVE})
_AUDIT = _READ | {Scope.ACCESS_READ}
_ATTEST = frozenset({Scope.ATTESTATION_WRITE})
_REPORT = frozenset({Scope.ACTIVITY_WRITE, Scope.KPI_WRITE, Scope.ENGAGEMENT_WRITE, Scope.DETERMINATION_PROPOSE})

_TABLE: Mapping[OrganisationKind, Mapping[Role, frozenset[Scope]]] = {
    OrganisationKind.BORROWER: {
        Role.ADMIN: _ADMIN,
        Role.MAKER: _READ
        | _REPORT
        | {
            Scope.LEDGER_WRITE,
            Scope.MARKET_WRITE,
            Scope.COMPLIANCE_WRITE,
            Scope.ACCOUNTING_WRITE,
            Scope.FACILITY_WRITE,
        },
        Role.CHECKER: _READ
        | {
            Scope.MARKET_APPROVE,
            Scope.TRADING_APPROVE,
            Scope.COMPLIANCE_APPROVE,
            Scope.ACCOUNTING_APPROVE,
            Scope.FACILITY_AGREE,
            Scope.LEDGER_APPROVE,
            Scope.KPI_APPROVE,
            Scope.ACCESS_APPROVE,
        },
        Role.TRADER: _READ | {Scope.TRADING_WRITE},
        Role.CLOSER: _READ | {Scope.LEDGER_CLOSE},
        Role.PREPARER: _READ | _REPORT,
        Role.REVIEWER: _READ | {Scope.COMPLIANCE_APPROVE},
        Role.SIGNATORY: _READ | {Scope.FACILITY_AGREE, Scope.LEDGER_ENFORCE},
        Role.VIEWER: _READ,
        Role.AUDITOR: _AUDIT,
    },
    OrganisationKind.LENDER: {
        Role.ADMIN: _ADMIN,
        Role.OFFICER: _READ | {Scope.LEDGER_WRITE, Scope.FACILITY_WRITE, Scope.ENGAGEMENT_WRITE},
        Role.APPROVER: _READ
        | {
            Scope.DETERMINATION_APPROVE,
            Scope.FACILITY_AGREE,
            Scope.TRADING_APPROVE,
            Scope.LEDGER_ENFORCE,
            Scope.LEDGER_APPROVE,
            Scope.ACCESS_APPROVE,
        },
        Role.VIEWER: _READ,
        Role.AUDITOR: _AUDIT,
    },
    OrganisationKind.ASSESSOR: {
        Role.ADMIN: _ADMIN,
        Role.PREPARER: _ATTEST,
        Role.REVIEWER: _ATTEST | {Scope.ATTESTATION_APPROVE, Scope.ACCESS_APPROVE},
        Role.SIGNATORY: _ATTEST | {Scope.ATTESTATION_APPROVE},
        Role.VIEWER: frozenset({Scope.LEDGER_READ}),
        Role.AUDITOR: _AUDIT,
    },
    OrganisationKind.AUDITOR: {Role.ADMIN: _ADMIN, Role.AUDITOR: frozenset()},
    OrganisationKind.OPERATOR: {Role.OPERATOR: frozenset({Scope.OPERATE}) | _ADMIN},
}

TABLE = MappingProxyType({kind: MappingProxyType(dict(roles)) for kind, roles in _TABLE.items()})
"""Kind of organisation, then role, then its scopes."""


def roles_of(kind: OrganisationKind) -> tuple[Role, ...]:
    """Return the roles that exist in organisations of ``kind``, by name."""
    return tuple(sorted(TABLE[kind]))


def scopes_of(kind: OrganisationKind, roles: Iterable[Role]) -> frozenset[Scope]:
    """Return what the roles give together in an organisation of ``kind``; a role that does not exist there gives nothing."""
    return _scopes_together(kind, frozenset(roles))


@cache  # asked with every request, and there are few sets of roles that anybody has
def _scopes_together(kind: OrganisationKind, roles: frozenset[Role]) -> frozenset[Scope]:
    return frozenset(scope for role in roles for scope in TABLE[kind].get(role, frozenset()))


def is_approving(kind: OrganisationKind, role: Role) -> bool:
    """Return whether the role gives an approving scope, so that it needs a second factor and two administrators."""
    return bool(TABLE[kind].get(role, frozenset()) & APPROVING)


def roles_reaching(kind: OrganisationKind, scopes: frozenset[Scope]) -> tuple[Role, ...]:
    """Return the roles of ``kind`` that give any of ``scopes``; every role when none is asked."""
    return tuple(role for role in roles_of(kind) if not scopes or TABLE[kind][role] & scopes)


def read_role(kind: OrganisationKind, name: str) -> Role:
    """Return the role that ``name`` spells in an organisation of ``kind``, else ``role.unknown`` with the known ones."""
    for role in roles_of(kind):
        if role.value == name:
            return role
    known = ", ".join(roles_of(kind))
    raise Invalid("role.unknown", f"role: expected one of {known} for an organisation of the kind {kind}", field="role")
