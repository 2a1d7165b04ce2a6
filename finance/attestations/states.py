"""The life of an attestation: which step may follow which.

Owns the states and the table of steps. Knows neither who may take a step nor when; that is the operation's and the
policy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ledger.core.errors import Conflict


class AttestationState(StrEnum):
    """Where an attestation stands (loans and attestations reference, section 6.2)."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    SIGNED = "signed"
    LODGED = "lodged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    KEY_REVOKED = "key_revoked"

    @property
    def carries_a_rate(self) -> bool:
        """Whether a step-down may rest on the attestation now; this undoes nothing decided earlier."""
        return self is AttestationState.ACCEPTED


class AttestationStep(StrEnum):
    """What happened to an attestation."""

    REVIEW = "review"
    SEND_BACK = "send_back"
    SIGN = "sign"
    LODGE = "lodge"
    ACCEPT = "accept"
    REJECT = "reject"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"
    REVOKE_KEY = "revoke_key"


_NEXT: Mapping[tuple[AttestationState, AttestationStep], AttestationState] = MappingProxyType(
    {
        (AttestationState.DRAFT, AttestationStep.REVIEW): AttestationState.REVIEWED,
        (AttestationState.REVIEWED, AttestationStep.SEND_BACK): AttestationState.DRAFT,
        (AttestationState.REVIEWED, AttestationStep.SIGN): AttestationState.SIGNED,
        (AttestationState.SIGNED, AttestationStep.LODGE): AttestationState.LODGED,
        (AttestationState.LODGED, AttestationStep.ACCEPT): AttestationState.ACCEPTED,
        (AttestationState.LODGED, AttestationStep.REJECT): AttestationState.REJECTED,
        (AttestationState.LODGED, AttestationStep.WITHDRAW): AttestationState.WITHDRAWN,
        (AttestationState.ACCEPTED, AttestationStep.SUPERSEDE): AttestationState.SUPERSEDED,
        (AttestationState.ACCEPTED, AttestationStep.WITHDRAW): AttestationState.WITHDRAWN,
        (AttestationState.ACCEPTED, AttestationStep.REVOKE_KEY): AttestationState.KEY_REVOKED,
    }
)


def next_state(state: AttestationState, step: AttestationStep) -> AttestationState:
    """Return the state after ``step``; a step the state does not allow raises ``Conflict`` ``attestation.step``.

    REJECTED, SUPERSEDED, WITHDRAWN and KEY_REVOKED are final: what follows is another attestation. ``ACCEPTED`` and
    ``WITHDRAW`` give ``WITHDRAWN``.
    """
    following = _NEXT.get((state, step))
    if following is None:
        allowed = ", ".join(known.value for origin, known in _NEXT if origin is state) or "nothing: the state is final"
        raise Conflict(
            "attestation.step",
            f"an attestation that is {state.value} cannot {step.value}; it allows {allowed}",
            state=state.value,
            step=step.value,
        )
    return following
