"""Surrender plans of a book: proposed as the cheapest choice, approved by another person, booked from the very lots.

Joins the caller's transaction and commits nothing. A plan is computed again before it is carried out: what changed since
refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.trades import Trade, TradeKind
from finance.compliance import offsets
from finance.compliance.allocation import row_leaf
from finance.compliance.offsets import OffsetCap
from finance.compliance.plan_lots import CostBasis
from finance.compliance.surrender_plan import PlanLine, SurrenderPlan, plan_surrender
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.conventions.explain import Explanation
from finance.market.snapshots import Snapshot
from finance.operations.allocations import By, propose_by
from finance.operations.compliance import cover_of
from finance.operations.compliance_lots import InstrumentLots, plan_lots
from finance.operations.compliance_proposals import ProposalSubject, check_fresh, found, to_execute
from finance.operations.trades import TradeGroup, TradeTerms, book_trades
from finance.store import compliance as store
from finance.store import market as market_store
from finance.store import reference
from finance.store.compliance import Proposal, ProposalKind
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, Invalid
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

_FEN_PER_CNY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is asked for: the year's duty in whole tonnes, the day of surrender, and how a tonne is costed.

    ``due_source`` says where the duty comes from; ``snapshot`` prices the economic basis and must be of a day up to
    ``surrender_on``.
    """

    year: int
    surrender_on: date
    due_t: int
    due_source: str
    basis: CostBasis
    snapshot: Snapshot | None

    def __post_init__(self) -> None:
        """Refuse an economic plan without prices, and prices of a later day."""
        if (self.basis is CostBasis.ECONOMIC) != (self.snapshot is not None):
            raise Invalid("plan.snapshot", "snapshot_id: expected with the economic basis, and with no other")
        if self.snapshot is not None and self.snapshot.as_of > self.surrender_on:
            raise Invalid("plan.snapshot_day", "snapshot_id: expected marks of a day up to surrender_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPlan:
    """A plan with what it was computed from: instruments judged, tonnes surrendered before, and the cap."""

    request: PlanRequest
    instruments: tuple[InstrumentLots, ...]
    surrendered_t: int
    ccer_surrendered_t: int
    cap: OffsetCap
    plan: SurrenderPlan

    def explain(self) -> Explanation:
        """Return why the plan costs what it costs, down to duty, cap and instruments."""
        return _explain(self)


def compute_plan(session: Session, book_id: int, request: PlanRequest) -> BookPlan:
    """Return the cheapest surrender of the book's eligible free lots for the request, as of its day.

    Open is due less what was surrendered; CCER count up to the cap less those surrendered before. Due 1,234,567 t: at
    most 61,728 t of CCER.
    """
    cover = cover_of(session, book_id, year=request.year, on=request.surrender_on)
    cap = offsets.ccer_cap(reference.shipped_offset_rules(), due_t=request.due_t, on=request.surrender_on)
    judged = plan_lots(
        session,
        book_id,
        year=request.year,
        on=request.surrender_on,
        basis=request.basis,
        snapshot=request.snapshot,
    )
    plan = plan_surrender(
        [lot for each in judged if each.is_usable for lot in each.lots],
        open_t=max(0, request.due_t - cover.surrendered_t),
        ccer_cap_t=max(0, cap.cap_t - cover.ccer_surrendered_t),
        basis=request.basis,
    )
    return BookPlan(
        request=request,
        instruments=judged,
        surrendered_t=cover.surrendered_t,
        ccer_surrendered_t=cover.ccer_surrendered_t,
        cap=cap,
        plan=plan,
    )


def propose_plan(session: Session, book_id: int, request: PlanRequest, *, by: By) -> Proposal:
    """Propose the cheapest surrender; one that gives nothing is ``plan.empty``.

    A shortfall does not stop it: what is held is surrendered, the rest is to be bought and planned again.
    """
    computed = compute_plan(session, book_id, request)
    if not computed.plan.lines:
        raise Conflict(
            "plan.empty", "plan: nothing is open, or no eligible free tonne is held; buy, or release a pledge"
        )
    subject = ProposalSubject(
        book_id=book_id, year=request.year, kind=ProposalKind.SURRENDER_PLAN, dated_on=request.surrender_on
    )
    return propose_by(session, subject, plan_document(computed), by)


def execute_plan(
    session: Session,
    proposal_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
    random_bytes: RandomBytes,
) -> Proposal:
    """Book an approved plan: one surrender an instrument, drawn from the very lots, all in one group.

    The plan is computed anew from its request; where anything of it would differ now it is ``compliance.stale``.
    """
    proposal = to_execute(session, proposal_id, ProposalKind.SURRENDER_PLAN, today=today)
    computed = compute_plan(session, proposal.book_id, _request(session, proposal))
    check_fresh(proposal, plan_document(computed))
    trades, picks = [], {}
    methods = {each.instrument.code: each.method for each in computed.instruments}
    for code, lines in _by_instrument(computed.plan.lines):
        trade = Trade(
            trade_ref=f"SP-{proposal.proposal_id.hex}-{code}"[:80],
            kind=TradeKind.SURRENDER,
            traded_on=proposal.dated_on,
            instrument=code,
            quantity_t=sum(line.taken_t for line in lines),
            compliance_year=proposal.year,
        )
        trades.append(trade)
        if methods[code] is not LotMethod.AVERAGE:
            picks[trade.trade_ref] = tuple((line.lot.lot_id, line.taken_t) for line in lines)
    booking = book_trades(
        session,
        proposal.book_id,
        trades,
        actor=actor,
        now=now,
        new_id=new_id,
        random_bytes=random_bytes,
        terms=TradeTerms(group=TradeGroup(link=proposal.proposal_id, lots=picks)),
    )
    assert not booking.standing, "a plan's references are its own"
    store.save_entries(
        session, proposal, [(each.entry_id, each.entry_seq) for each in booking.booked], by=actor.user_id, at=now
    )
    return found(session, proposal_id)


def plan_document(computed: BookPlan) -> dict[str, Any]:
    """Return everything of the plan that its approval binds, as texts and lists."""
    request, plan = computed.request, computed.plan
    proof = plan.certificate
    rules = (reference.shipped_offset_rules(), reference.shipped_sanctions())
    return {
        "surrender_on": request.surrender_on.isoformat(),
        "basis": request.basis.value,
        "due_t": str(request.due_t),
        "due_source": request.due_source,
        "snapshot_id": "" if request.snapshot is None else request.snapshot.id,
        "snapshot_sha256": "" if request.snapshot is None else request.snapshot.sha256,
        "surrendered_t": str(computed.surrendered_t),
        "open_t": str(plan.open_t),
        "ccer_cap_t": str(plan.ccer_cap_t),
        "covered_t": str(plan.covered_t),
        "ccer_t": str(plan.ccer_t),
        "shortfall_t": str(plan.shortfall_t),
        "cost_fen": fraction_text(plan.cost_fen),
        "tonne_fen": fraction_text(proof.tonne_fen),
        "cap_fen": fraction_text(proof.cap_fen),
        "marginal_lot_id": "" if proof.marginal_lot_id is None else str(proof.marginal_lot_id),
        "is_cap_binding": "true" if proof.is_cap_binding else "false",
        "lines": [[line.lot.instrument, str(line.lot.lot_id), str(line.taken_t)] for line in plan.lines],
        "rules": ", ".join(
            [
                *(f"{each.set_id} {each.version}" for each in rules),
                f"vintage_rules {reference.shipped_version('vintage_rules')}",
            ]
        ),
    }


def _request(session: Session, proposal: Proposal) -> PlanRequest:
    document = proposal.document
    named = str(document["snapshot_id"])
    snapshot = None
    if named:
        snapshot = market_store.find_snapshot(session, proposal.organisation_id, UUID(named))
        assert snapshot is not None, "a plan's snapshot stands for ever"
    return PlanRequest(
        year=proposal.year,
        surrender_on=proposal.dated_on,
        due_t=int(document["due_t"]),
        due_source=str(document["due_source"]),
        basis=CostBasis(document["basis"]),
        snapshot=snapshot,
    )


def _by_instrument(lines: Iterable[PlanLine]) -> list[tuple[str, list[PlanLine]]]:
    grouped: dict[str, list[PlanLine]] = {}
    for line in lines:
        grouped.setdefault(line.lot.instrument, []).append(line)
    return sorted(grouped.items())


def _explain(computed: BookPlan) -> Explanation:
    request, plan, proof = computed.request, computed.plan, computed.plan.certificate
    usable = {each.instrument.code: each for each in computed.instruments}
    due = _fact("allowances due", "应清缴配额量", request.due_t, request.due_source)
    before = _fact("surrendered before", "此前已清缴", computed.surrendered_t, "ledger surrender accounts")
    open_t = _node(("open", "待清缴"), str(plan.open_t), "t", "max(0, due - surrendered before)", (due, before))
    cap = _node(
        ("CCER that may be used", "可用于抵销的减排量上限"),
        str(plan.ccer_cap_t),
        "t",
        "max(0, floor(due x cap share) - CCER surrendered before)",
        (
            due,
            _fact("CCER surrendered before", "此前已抵销", computed.ccer_surrendered_t, "ledger surrender accounts"),
            row_leaf(computed.cap.row),
        ),
    )
    taken = tuple(
        _node(
            (f"{code} taken", f"使用 {code}"),
            str(sum(line.taken_t for line in lines)),
            "t",
            usable[code].reason_en,
            _unit_costs(lines, request),
        )
        for code, lines in _by_instrument(plan.lines)
    )
    shadow = _node(
        ("shadow price of one tonne due", "边际成本"),
        decimal_text(proof.tonne_fen / _FEN_PER_CNY),
        "CNY/t",
        f"unit cost of the marginal lot; the CCER cap {'binds' if proof.is_cap_binding else 'does not bind'}",
        (_lot_leaf(str(proof.marginal_lot_id)),),
    )
    return _node(
        (
            f"cost of the surrender plan of {request.year}, {request.basis.value} basis",
            f"{request.year}年度清缴方案成本",
        ),
        decimal_text(plan.cost_fen / _FEN_PER_CNY),
        "CNY",
        "sum of tonnes x unit cost, cheapest first within the CCER cap; no other choice costs less",
        (open_t, cap, *taken, shadow),
    )


def _unit_costs(lines: list[PlanLine], request: PlanRequest) -> tuple[Explanation, ...]:
    lowest, highest = lines[0].unit_cost_fen, lines[-1].unit_cost_fen
    source = "book cost of the lots" if request.snapshot is None else f"snapshot {request.snapshot.id}"
    return tuple(
        Explanation(
            label_en=f"{word_en} unit cost of {len(lines)} lots",
            label_zh=f"{word_zh}单位成本",
            value=decimal_text(value / _FEN_PER_CNY),
            unit="CNY/t",
            source=source,
        )
        for word_en, word_zh, value in (("lowest", "最低", lowest), ("highest", "最高", highest))
    )


def _lot_leaf(lot_id: str) -> Explanation:
    return Explanation(
        label_en="marginal lot", label_zh="边际批次", value=lot_id, unit="lot", source=f"ledger lot {lot_id}"
    )


def _fact(label_en: str, label_zh: str, tonnes: int, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=str(tonnes), unit="t", source=source)


def _node(
    labels: tuple[str, str], value: str, unit: str, formula: str, children: tuple[Explanation, ...]
) -> Explanation:
    return Explanation(
        label_en=labels[0], label_zh=labels[1], value=value, unit=unit, formula=formula, children=children
    )
