"""May this organisation assess this loan: who is connected to the loan, and who shares people with whom.

Owns the rule only. Who is a party and which organisations share a person are arguments, so that the same rule is asked at
engagement, when data opens and when a statement is lodged.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum


class LoanRole(StrEnum):
    """How an organisation is connected to a loan; each bars it from assessing that loan."""

    BORROWER = "borrower"
    LENDER = "lender"
    AGENT = "agent"
    GUARANTOR = "guarantor"
    GROUP_MEMBER = "group_member"
    COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanParty:
    """One organisation in one role."""

    organisation_id: str
    role: LoanRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """Why an assessor is not independent: ``reason`` is ``party`` or ``shared_person``, through which party."""

    reason: str
    party: LoanParty

    def __str__(self) -> str:
        """Return the sentence for a person."""
        role = self.party.role.value.replace("_", " ")
        if self.reason == "party":
            return f"the assessor is itself {role} of the loan; name an independent organisation"
        return f"a person of the assessor is also a member of the loan's {role}; name an independent organisation"


def find_dependence(
    assessor_id: str, parties: Iterable[LoanParty], *, sharing_a_person: AbstractSet[str]
) -> Dependence | None:
    """Return why ``assessor_id`` may not assess the loan of ``parties``, None when nothing known stands against it.

    ``sharing_a_person`` are the organisations of which a member of the assessor is a member too. Being a party weighs before
    sharing a person. SLLP external review guidance (E3 of the loans reference, C18): independence from borrower, its group and
    the lenders. A bank that is lender and names itself gives ``party``.
    """
    known = sorted(parties, key=lambda party: (party.organisation_id, party.role))
    for party in known:
        if party.organisation_id == assessor_id:
            return Dependence(reason="party", party=party)
    for party in known:
        if party.organisation_id in sharing_a_person:
            return Dependence(reason="shared_person", party=party)
    return None
