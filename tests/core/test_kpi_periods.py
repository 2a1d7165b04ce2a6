"""KPI period states: the chain, its side states, and that no path goes round the evidence."""

from __future__ import annotations

from itertools import pairwise

import pytest

from finance.kpi.periods import ALLOWED, KpiPeriodState, advance
from ledger.core.errors import Conflict

CHAIN = (
    KpiPeriodState.OPEN,
    KpiPeriodState.LOCKED,
    KpiPeriodState.REPORTED,
    KpiPeriodState.ATTESTED,
    KpiPeriodState.UNDER_REVIEW,
    KpiPeriodState.DETERMINED,
    KpiPeriodState.EFFECTIVE,
    KpiPeriodState.CLOSED,
)


def reachable(start: KpiPeriodState, *, without: frozenset[KpiPeriodState]) -> set[KpiPeriodState]:
    seen, ahead = {start}, [start]
    while ahead:
        for state in ALLOWED[ahead.pop()] - without - seen:
            seen.add(state)
            ahead.append(state)
    return seen


def test_a_period_runs_through_its_chain() -> None:
    for state, to in pairwise(CHAIN):
        assert advance(state, to) is to


def test_every_state_says_what_may_follow() -> None:
    assert set(ALLOWED) == set(KpiPeriodState)


@pytest.mark.parametrize("position", range(len(CHAIN) - 2))
def test_no_step_of_the_chain_is_skipped(position: int) -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == "kpi.transition"):
        advance(CHAIN[position], CHAIN[position + 2])


def test_no_state_follows_itself() -> None:
    assert all(state not in following for state, following in ALLOWED.items())


def test_nothing_is_determined_unless_attested_late_or_waived() -> None:
    around = frozenset({KpiPeriodState.ATTESTED, KpiPeriodState.LATE, KpiPeriodState.WAIVED})

    assert KpiPeriodState.DETERMINED not in reachable(KpiPeriodState.OPEN, without=around)


def test_nothing_is_first_attested_without_a_locked_snapshot() -> None:
    without_lock = frozenset({KpiPeriodState.LOCKED, KpiPeriodState.RESTATED})

    assert KpiPeriodState.ATTESTED not in reachable(KpiPeriodState.OPEN, without=without_lock)


def test_a_restatement_returns_to_the_report_even_after_closing() -> None:
    assert advance(advance(KpiPeriodState.CLOSED, KpiPeriodState.RESTATED), KpiPeriodState.REPORTED)


def test_a_refusal_names_what_would_be_allowed() -> None:
    with pytest.raises(Conflict, match="it may become: attested, late, restated, waived"):
        advance(KpiPeriodState.REPORTED, KpiPeriodState.DETERMINED)
