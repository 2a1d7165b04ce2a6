"""The life of an attestation: the path to acceptance, the ways out, and that final is final."""

from __future__ import annotations

import pytest

from finance.attestations.states import AttestationState, AttestationStep, next_state
from ledger.core.errors import Conflict

FINAL = (
    AttestationState.REJECTED,
    AttestationState.SUPERSEDED,
    AttestationState.WITHDRAWN,
    AttestationState.KEY_REVOKED,
)


def test_the_path_from_draft_to_acceptance() -> None:
    state = AttestationState.DRAFT

    for step in (AttestationStep.REVIEW, AttestationStep.SIGN, AttestationStep.LODGE, AttestationStep.ACCEPT):
        state = next_state(state, step)

    assert state is AttestationState.ACCEPTED


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (AttestationStep.SUPERSEDE, AttestationState.SUPERSEDED),
        (AttestationStep.WITHDRAW, AttestationState.WITHDRAWN),
        (AttestationStep.REVOKE_KEY, AttestationState.KEY_REVOKED),
    ],
)
def test_an_accepted_attestation_can_end_in_three_ways(step: AttestationStep, state: AttestationState) -> None:
    assert next_state(AttestationState.ACCEPTED, step) is state


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("step", AttestationStep)
def test_nothing_follows_a_final_state(state: AttestationState, step: AttestationStep) -> None:
    with pytest.raises(Conflict) as caught:
        next_state(state, step)

    assert caught.value.code == "attestation.step"
    assert "final" in caught.value.message


@pytest.mark.parametrize("state", [AttestationState.DRAFT, AttestationState.REVIEWED, AttestationState.SIGNED])
def test_what_is_not_lodged_cannot_be_accepted(state: AttestationState) -> None:
    with pytest.raises(Conflict):
        next_state(state, AttestationStep.ACCEPT)


def test_a_reviewed_draft_may_go_back() -> None:
    assert next_state(AttestationState.REVIEWED, AttestationStep.SEND_BACK) is AttestationState.DRAFT


def test_only_an_accepted_attestation_carries_a_rate() -> None:
    assert [state for state in AttestationState if state.carries_a_rate] == [AttestationState.ACCEPTED]
