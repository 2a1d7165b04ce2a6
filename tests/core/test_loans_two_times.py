"""Two times: late facts in any order end in the same books to the fen, and what was shown is shown again byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.loans.clauses import LateFactTerms
from finance.loans.evidence_rules import AttestationStanding, KpiFinding
from finance.loans.facility_terms import FacilityTerms
from finance.loans.flows import FlowSchedule
from finance.loans.prepayment import Prepayment
from finance.loans.price_effects import OutcomeStatus, TableByCount
from finance.loans.price_timeline import GradeFrom, KnownTest, PriceInterval
from finance.loans.rate_determinations import ApprovedDetermination, DeterminationCause, KnownFacility
from finance.loans.tranche_terms import GradeMargin, RatingGrid
from finance.loans.true_ups import true_up
from tests.core.loan_examples import (
    INTENSITY,
    LPR_LOAN,
    MET,
    MISSED,
    RECYCLED,
    SHA,
    TRUE_UP,
    absent,
    attested,
    clause,
    decide,
    document_bytes,
    facility,
    finding,
    knowing,
    lpr,
    payments,
    ratchet,
    schedule,
    steps,
    terms,
)

F = Fraction
GRID = RatingGrid(
    agency="agency",
    grades=(GradeMargin(grade="A", margin_bp=F(90)), GradeMargin(grade="BBB", margin_bp=F(225, 2))),
    grade_at_signing="A",
)
GRADED_LOAN = replace(LPR_LOAN, rating_grid=GRID, margin_floor_bp=F(85))
PUBLISHED = lpr((date(2024, 1, 1), "3.45"), (date(2025, 1, 1), "3.10"), (date(2026, 1, 1), "3.00"))
CORRECTED = lpr((date(2024, 1, 1), "3.45"), (date(2025, 1, 1), "3.10"), (date(2026, 1, 1), "3.05"))
REPAYMENT = Prepayment(on=date(2026, 8, 3), amount_minor=50_000_000_00)
DOWNGRADE = GradeFrom(on=date(2026, 2, 10), grade="BBB")
ARRIVALS = tuple(
    date(year, month, 21) for year in (2027, 2028) for month in (3, 6, 9, 12)
)  # one late fact a quarter, a day after its interest was paid
LAST_LOOK = date(2029, 2, 1)
DOUBTFUL, VALID = "0.29", "0.31"

STEPPED = ratchet(clause(steps(10, 5, "intensity", "recycled")))
CARRIED = ratchet(clause(steps(F(5, 2), F(5, 2), "intensity", "recycled"), cap_bp=8, is_cumulative=True))
COUNTED = ratchet(clause(TableByCount(kpi_ids=("intensity", "recycled"), bp_by_met=(F(5), F(-5, 3), F(-10)))))
RATCHETS = {"stepped": STEPPED, "carried": CARRIED, "counted": COUNTED}


@dataclass(frozen=True)
class Known:
    """Everything that was known at one moment, in the order of its arrival."""

    tests: tuple[KnownTest, ...] = ()
    grades: tuple[GradeFrom, ...] = ()
    prepayments: tuple[Prepayment, ...] = ()
    is_corrected: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Return what the schedule depends on: the determinations in their order, and the rest."""
        names = tuple(test.determination_id for test in self.tests)
        return names, self.grades, self.prepayments, self.is_corrected

    def facility(self, agreed: FacilityTerms) -> KnownFacility:
        return facility(agreed, *self.tests, grades=self.grades)

    def schedule(self, agreed: FacilityTerms) -> FlowSchedule:
        fixings = CORRECTED if self.is_corrected else PUBLISHED
        return schedule(self.facility(agreed), fixings=fixings, prepayments=self.prepayments)

    def and_test(self, test: KnownTest) -> Known:
        return replace(self, tests=(*self.tests, replace(test, sequence=len(self.tests) + 1)))


@dataclass
class Books:
    """The borrower's interest account: each payment booked when it is made, each late fact as one adjustment."""

    booked: dict[date, int] = field(default_factory=dict)
    adjustments_minor: int = 0

    def pay(self, due: FlowSchedule, *, through: date) -> None:
        for start, paid_minor in payments(due, through=through).items():
            self.booked.setdefault(start, paid_minor)

    def adjust(self, due: FlowSchedule, *, through: date, late_facts: LateFactTerms = TRUE_UP) -> None:
        found = true_up(
            due,
            tranche_id="A",
            booked=self.booked,
            through=through,
            terms=late_facts,
            known_then_sha256=SHA,
            known_now_sha256=SHA,
        )
        if found is not None:
            self.adjustments_minor += found.change_minor
            self.booked.update({row.period_start: row.due_minor for row in found.rows})


@cache
def standing_world(name: str) -> tuple[FacilityTerms, Known, Mapping[str, KnownTest]]:
    """Return the terms with a ratchet, what was known before the first late fact, and the late determinations by name."""
    agreed = terms(GRADED_LOAN, kpis=(INTENSITY, RECYCLED), prices=RATCHETS[name])
    start = facility(agreed)
    missing = decide(
        start,
        absent(OutcomeStatus.MISSING, year=2023),
        absent(OutcomeStatus.MISSING, RECYCLED, year=2023),
        name="d2023",
        on=date(2024, 5, 10),
    )
    known = knowing(start, missing)
    for year, metal in ((2024, VALID), (2025, DOUBTFUL)):
        findings = (finding(MET, year=year), finding(metal, RECYCLED, year=year))
        known = knowing(known, decide(known, *findings, name=f"d{year}", on=date(year + 1, 5, 12)))
    late = {
        "first": decide(known, *_both(2026, MET, VALID), name="d2026", on=date(2027, 3, 10)),
        "restated": _again(known, 2024, _both(2024, MISSED, VALID), DeterminationCause.RESTATED),
        "withdrawn": _again(known, 2025, _fallen(2025), DeterminationCause.ATTESTATION_FELL),
        "delivered": decide(
            known,
            *_both(2023, MET, VALID),
            name="d2023-delivered",
            on=date(2024, 11, 4),
            cause=DeterminationCause.DELIVERED_LATE,
        ),
    }
    tests = {name: each.known_test(agreed, sequence=99) for name, each in late.items()}
    return agreed, Known(tests=known.tests), tests


def _both(year: int, intensity: str, recycled: str) -> tuple[KpiFinding, ...]:
    return finding(intensity, year=year), finding(recycled, RECYCLED, year=year)


def _fallen(year: int) -> tuple[KpiFinding, ...]:
    fallen = attested(MET, year=year, standing=AttestationStanding.WITHDRAWN)
    return finding(MET, year=year, fact=fallen), finding(DOUBTFUL, RECYCLED, year=year)


def _again(
    known: KnownFacility, year: int, findings: Sequence[KpiFinding], cause: DeterminationCause
) -> ApprovedDetermination:
    return decide(known, *findings, name=f"d{year}-again", on=date(2027, 3, 10), cause=cause, replaces=f"d{year}")


def learn(known: Known, fact: str, late: Mapping[str, KnownTest]) -> Known:
    """Return what is known once ``fact`` has arrived."""
    match fact:
        case "fixing":
            return replace(known, is_corrected=True)
        case "grade":
            return replace(known, grades=(DOWNGRADE,))
        case "repayment":
            return replace(known, prepayments=(REPAYMENT,))
        case _:
            return known.and_test(late[fact])


FACTS = ("first", "restated", "withdrawn", "fixing", "delivered", "repayment", "grade")


@dataclass
class Desk:
    """The agent's desk: what is known, what is booked, and every schedule computed once for each order of knowledge."""

    agreed: FacilityTerms
    late: Mapping[str, KnownTest]
    schedules: dict[tuple[object, ...], FlowSchedule] = field(default_factory=dict)

    def due(self, known: Known) -> FlowSchedule:
        if known.key not in self.schedules:
            self.schedules[known.key] = known.schedule(self.agreed)
        return self.schedules[known.key]

    def live_through(self, known: Known, order: Sequence[str]) -> tuple[Known, Books]:
        """Return what is known and booked in the end: interest paid as then known, one adjustment per late fact."""
        books = Books()
        for day, fact in zip(ARRIVALS, order, strict=False):
            books.pay(self.due(known), through=day)
            known = learn(known, fact, self.late)
            books.adjust(self.due(known), through=day)
        books.pay(self.due(known), through=LAST_LOOK)
        books.adjust(self.due(known), through=LAST_LOOK)
        return known, books


@pytest.mark.parametrize("name", RATCHETS)
@pytest.mark.parametrize("left_out", ["grade", "repayment"])
def test_all_720_orders_of_six_late_facts_end_in_the_same_books_to_the_fen(name: str, left_out: str) -> None:
    agreed, before, late = standing_world(name)
    desk = Desk(agreed, late)
    ends: set[tuple[tuple[date, int], ...]] = set()
    adjusted: set[int] = set()

    for order in permutations(fact for fact in FACTS if fact != left_out):
        known, books = desk.live_through(before, order)
        assert books.booked == payments(desk.due(known), through=LAST_LOOK)
        ends.add(tuple(sorted(books.booked.items())))
        adjusted.add(books.adjustments_minor)

    assert len(ends) == 1
    assert len(adjusted) > 1  # the ways there differ: what was known early was paid right the first time


@given(order=st.permutations(FACTS), name=st.sampled_from(sorted(RATCHETS)))
@settings(deadline=None)
def test_any_order_of_knowledge_gives_the_same_prices_on_every_day(order: list[str], name: str) -> None:
    agreed, before, late = standing_world(name)

    known = before
    for fact in order:
        known = learn(known, fact, late)
    in_canonical_order = before
    for fact in FACTS:
        in_canonical_order = learn(in_canonical_order, fact, late)

    assert known.facility(agreed).timeline("A") == in_canonical_order.facility(agreed).timeline("A")


@given(order=st.permutations(FACTS), name=st.sampled_from(sorted(RATCHETS)), data=st.data())
@settings(deadline=None, max_examples=40)
def test_a_past_view_is_byte_identical_after_later_facts_arrived(
    order: list[str], name: str, data: st.DataObject
) -> None:
    agreed, before, late = standing_world(name)
    shown: list[bytes] = []
    known = before
    for fact in order:
        shown.append(_view(known, agreed))
        known = learn(known, fact, late)
    everything = data.draw(st.permutations(list(enumerate(order))))

    for moment, was in enumerate(shown):
        again = before
        for _, fact in sorted(each for each in everything if each[0] < moment):
            again = learn(again, fact, late)
        assert _view(replace(again, tests=tuple(reversed(again.tests))), agreed) == was


def _view(known: Known, agreed: FacilityTerms) -> bytes:
    timeline: tuple[PriceInterval, ...] = known.facility(agreed).timeline("A")
    return b"\n".join((*map(document_bytes, timeline), document_bytes(known.schedule(agreed))))


KPI_FACTS = ("restated", "withdrawn", "waived")


def test_all_720_orders_of_decisions_and_market_facts_about_one_year_end_in_the_same_books() -> None:
    agreed = terms(
        GRADED_LOAN,
        kpis=(INTENSITY, RECYCLED),
        prices=ratchet(clause(steps(10, 5, "intensity", "recycled"))),
    )
    desk = Desk(agreed, {})
    decided = _every_way_to_decide_again(agreed)
    ends: set[tuple[tuple[date, int], ...]] = set()
    prices: set[bytes] = set()

    for order in permutations((*KPI_FACTS, "fixing", "grade", "repayment")):
        known, books = Known(tests=decided[()]), Books()
        happened: tuple[str, ...] = ()
        for day, fact in zip(ARRIVALS, order, strict=False):
            books.pay(desk.due(known), through=day)
            if fact in KPI_FACTS:
                happened = (*happened, fact)
                known = replace(known, tests=decided[happened])
            else:
                known = learn(known, fact, {})
            books.adjust(desk.due(known), through=day)
        books.pay(desk.due(known), through=LAST_LOOK)
        books.adjust(desk.due(known), through=LAST_LOOK)
        assert books.booked == payments(desk.due(known), through=LAST_LOOK)
        ends.add(tuple(sorted(books.booked.items())))
        prices.add(document_bytes(desk.due(known)))

    assert len(ends) == len(prices) == 1


def _every_way_to_decide_again(agreed: FacilityTerms) -> Mapping[tuple[str, ...], tuple[KnownTest, ...]]:
    """Return the determinations of 2025 after each order of late facts about it, each really proposed and approved.

    The intensity is put right from met to missed; the recycled share loses its attestation; the lenders waive its test.
    """
    found: dict[tuple[str, ...], tuple[KnownTest, ...]] = {}
    start = facility(agreed)
    opening = knowing(start, decide(start, *_both(2025, MET, VALID), name="d", on=date(2026, 5, 12)))
    found[()] = opening.tests
    for length in range(1, len(KPI_FACTS) + 1):
        for order in permutations(KPI_FACTS, length):
            known = facility(agreed, *found[order[:-1]])
            again = decide(
                known,
                *_findings_after(order),
                name="-".join(("d", *order)),
                on=ARRIVALS[length],
                cause=DeterminationCause.DISPUTE_SETTLED,
                replaces="-".join(("d", *order[:-1])),
            )
            found[order] = knowing(known, again).tests
    return found


def _findings_after(happened: Sequence[str]) -> tuple[KpiFinding, ...]:
    """Return what is found about 2025 with these facts known; a waiver stands whatever the attestation does."""
    intensity = finding(MISSED if "restated" in happened else MET, year=2025)
    if "waived" in happened:
        return intensity, absent(OutcomeStatus.WAIVED, RECYCLED, year=2025)
    if "withdrawn" in happened:
        fallen = attested(VALID, RECYCLED, year=2025, standing=AttestationStanding.WITHDRAWN)
        return intensity, finding(VALID, RECYCLED, year=2025, fact=fallen)
    return intensity, finding(VALID, RECYCLED, year=2025)


@given(order=st.permutations(FACTS), threshold_minor=st.integers(min_value=1, max_value=40_000_000))
@settings(deadline=None, max_examples=40)
def test_below_a_threshold_the_books_differ_from_what_is_due_by_less_than_it(
    order: list[str], threshold_minor: int
) -> None:
    agreed, known, late = standing_world("stepped")
    rule = replace(TRUE_UP, threshold_minor=threshold_minor)
    books = Books()

    for day, fact in zip(ARRIVALS, order, strict=False):
        books.pay(known.schedule(agreed), through=day)
        known = learn(known, fact, late)
        books.adjust(known.schedule(agreed), through=day, late_facts=rule)
        due = payments(known.schedule(agreed), through=day)
        assert abs(sum(due.values()) - sum(books.booked.values())) < threshold_minor


def test_a_fact_that_changes_nothing_adjusts_nothing() -> None:
    agreed = terms()
    first = decide(facility(agreed), finding("9.4"))
    known = knowing(facility(agreed), first)
    booked = payments(schedule(known), through=date(2027, 3, 20))

    restated = decide(
        known, finding("9.41"), name="again", on=date(2027, 3, 25), cause=DeterminationCause.RESTATED, replaces="first"
    )

    found = true_up(
        schedule(knowing(known, restated)),
        tranche_id="A",
        booked=booked,
        through=date(2027, 3, 25),
        terms=TRUE_UP,
        known_then_sha256=SHA,
        known_now_sha256=SHA,
    )
    assert found is None
