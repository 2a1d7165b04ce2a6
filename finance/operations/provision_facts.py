"""What the emissions provision rests on, read from the book: the verified duty, the lots that would settle it, a snapshot's mark.

Reads only. Which lots settle is the surrender plan's answer at book cost, so that eligibility, cap and holds are one rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from finance.accounting.ifrs import PROVISION, ObligationFacts
from finance.compliance.plan_lots import CostBasis
from finance.market.snapshots import Snapshot
from finance.operations.allocations import standing_verification
from finance.operations.compliance import source_of
from finance.operations.surrender_plans import PlanRequest, compute_plan
from ledger.core.amounts import round_exact
from ledger.core.errors import Conflict, Invalid

_CURRENCY_AND_UNIT = ("CNY", "t")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFacts:
    """What the book cannot say: fen used by surrender since the last provision, and the grant with its earned share (IAS 20)."""

    used_fen: int = 0
    grant_fair_value_fen: int = 0
    emitted_share: Fraction = Fraction(0)


def facts_of_book(
    session: Session,
    book_id: int,
    *,
    year: int,
    snapshot: Snapshot,
    mark_instrument: str,
    given: GivenFacts,
    known_at: datetime,
) -> ObligationFacts:
    """Return the facts of the duty of ``year`` on the snapshot's day, for ``ifrs.provision_of``.

    The duty is the approved verification's tonnes less those surrendered (``provision.no_duty`` without one). Free and bought tonnes are
    those that the cheapest surrender at book cost takes: eligible, not held or pledged, CCER within the cap; their cost is
    exact and rounded half-up once to the fen. The mark must be of the snapshot, in CNY per t (``provision.mark_instrument``);
    one that is stale or missing stays None. 300 t verified, 100 t free, 100 t bought at 60.00 and 100 t at 80.00: nothing is missing,
    bought cost 14,000.00.
    """
    day = snapshot.as_of
    verification = standing_verification(session, book_id, year=year, on=day, known_at=known_at)
    if verification is None:
        raise Conflict(
            "provision.no_duty",
            f"year: no verification of {year} is approved on {day}; approve one, or give the tonnes",
            field="year",
        )
    mark = snapshot.mark(mark_instrument)
    if mark is None or (mark.value is not None and (mark.currency, mark.unit) != _CURRENCY_AND_UNIT):
        raise Invalid(
            "provision.mark_instrument",
            "mark_instrument: expected an instrument that the snapshot marks in CNY per t, such as CEA25",
            field="mark_instrument",
        )
    source = f"verification {verification.proposal_id}"
    computed = compute_plan(
        session,
        book_id,
        PlanRequest(
            year=year,
            surrender_on=day,
            due_t=int(verification.document["tonnes"]),
            due_source=source,
            basis=CostBasis.BOOK,
            snapshot=None,
        ),
    )
    free_t = sum(line.taken_t for line in computed.plan.lines if line.unit_cost_fen == 0)
    return ObligationFacts(
        obligation_t=computed.plan.open_t,
        held_free_t=free_t,
        held_bought_t=computed.plan.covered_t - free_t,
        bought_cost_fen=round_exact(computed.plan.cost_fen, PROVISION),
        mark_cny_per_t=mark.value,
        mark_source=f"snapshot {snapshot.id}, {source_of(mark)}",
        emissions_source=f"{source}, less {computed.surrendered_t} t surrendered",
        used_fen=given.used_fen,
        grant_fair_value_fen=given.grant_fair_value_fen,
        emitted_share=given.emitted_share,
    )
