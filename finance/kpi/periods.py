"""Where a KPI's test period stands, and which steps may follow: a fixed table, so that no step is skipped.

Owns the states and the transitions. Who may make a step, and what evidence it needs, is decided where it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from ledger.core.errors import Conflict


class KpiPeriodState(StrEnum):
    """The main chain from open to closed, then the side states."""

    OPEN = "open"
    LOCKED = "locked"  # the data snapshot has its hash
    REPORTED = "reported"
    ATTESTED = "attested"
    UNDER_REVIEW = "under_review"
    DETERMINED = "determined"
    EFFECTIVE = "effective"
    CLOSED = "closed"
    LATE = "late"
    DISPUTED = "disputed"
    WAIVED = "waived"
    RESTATED = "restated"


_S = KpiPeriodState
ALLOWED: Mapping[KpiPeriodState, frozenset[KpiPeriodState]] = MappingProxyType(
    {
        _S.OPEN: frozenset({_S.LOCKED, _S.LATE, _S.WAIVED}),
        _S.LOCKED: frozenset({_S.REPORTED, _S.LATE, _S.WAIVED}),
        _S.REPORTED: frozenset({_S.ATTESTED, _S.LATE, _S.RESTATED, _S.WAIVED}),
        _S.ATTESTED: frozenset({_S.UNDER_REVIEW, _S.DISPUTED, _S.RESTATED}),
        _S.UNDER_REVIEW: frozenset({_S.DETERMINED, _S.DISPUTED, _S.RESTATED}),
        # What was determined as missing is late still, and may be delivered.
        _S.DETERMINED: frozenset({_S.EFFECTIVE, _S.DISPUTED, _S.RESTATED, _S.LATE}),
        _S.EFFECTIVE: frozenset({_S.CLOSED, _S.DISPUTED, _S.RESTATED}),
        _S.CLOSED: frozenset({_S.RESTATED}),
        # A late period still passes its lock and report, or is determined by the contract's consequence for lateness.
        _S.LATE: frozenset({_S.LOCKED, _S.DETERMINED, _S.WAIVED}),
        # Only an attested period can be disputed, so review may resume without a new attestation.
        _S.DISPUTED: frozenset({_S.UNDER_REVIEW, _S.RESTATED, _S.WAIVED}),
        _S.WAIVED: frozenset({_S.DETERMINED, _S.CLOSED}),
        # A restatement brings its own snapshot: locked again first where the data changed, else straight to the report.
        _S.RESTATED: frozenset({_S.LOCKED, _S.REPORTED, _S.LATE}),
    }
)
"""What may follow each state; the yearly chain report, verify, determine is that of the loan principles (SLLP 2025)."""


_REVIEWED = frozenset({_S.UNDER_REVIEW, _S.DETERMINED, _S.EFFECTIVE, _S.CLOSED})


def is_waived(states: Sequence[KpiPeriodState]) -> bool:
    """Return whether a period that came through ``states`` was let pass: what is decided about a waived test does not unwaive it."""
    own = [state for state in states if state not in _REVIEWED]
    return bool(own) and own[-1] is KpiPeriodState.WAIVED


def is_reported(states: Sequence[KpiPeriodState]) -> bool:
    """Return whether a report stands after ``states``: one that is being restated does not, until it is reported anew."""
    own = [state for state in states if state in {_S.LOCKED, _S.REPORTED, _S.RESTATED}]
    return bool(own) and own[-1] is KpiPeriodState.REPORTED


def advance(state: KpiPeriodState, to: KpiPeriodState) -> KpiPeriodState:
    """Return ``to`` if it may follow ``state``, else refuse with ``kpi.transition``.

    ``open`` to ``locked`` is allowed; ``reported`` to ``determined`` is not, because nobody attested.
    """
    if to not in ALLOWED[state]:
        allowed = ", ".join(sorted(ALLOWED[state]))
        raise Conflict(
            "kpi.transition",
            f"a KPI period that is {state} cannot become {to}; it may become: {allowed}",
            state=state,
            to=to,
        )
    return to
