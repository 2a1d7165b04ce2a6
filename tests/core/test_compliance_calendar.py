"""The calendar's states, the month a fine is based on, its range, and the life cycle's pure rules."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import penalties, rules, vintages
from finance.compliance.allocation_steps import (
    AllocationPhase,
    AllocationState,
    AllocationStep,
    StepKind,
    allocation_state,
    check_objection,
    check_preallocation,
    objection_last_day,
)
from finance.compliance.deadline_calendar import DeadlineState, Sector, deadline_calendar, deadline_years, due_day
from finance.compliance.penalties import BaseKind, BasePrice, PricedDay
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import calendar_of
from finance.conventions.tables import ReferenceSet
from ledger.core.errors import Conflict, Invalid, NotFound

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def load(name: str) -> ReferenceSet:
    text = (REFERENCE / f"{name}.csv").read_text(encoding="utf-8")
    return rules.parse_rules(text, set_id=name, version="1", file=f"{name}.csv")


DEADLINES, SANCTIONS, ALLOCATIONS = load("deadlines"), load("sanctions"), load("allocation_rules")
WORKING = calendar_of(parse_calendars((REFERENCE / "calendars.csv").read_text(encoding="utf-8")), "cn_statutory")


def states(on: date, *, sector: Sector = Sector.ALUMINIUM, done: dict[str, date] | None = None) -> dict[str, str]:
    steps = deadline_calendar(DEADLINES, year=2025, sector=sector, on=on, days_ahead=30, done=done or {})
    return {step.step: step.state.value for step in steps}


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (date(2026, 11, 30), "open"),
        (date(2026, 12, 1), "due_soon"),
        (date(2026, 12, 31), "due_soon"),
        (date(2027, 1, 1), "overdue"),
    ],
)
def test_the_surrender_is_open_then_due_soon_then_overdue(on: date, state: str) -> None:
    assert states(on)["surrender"] == state


def test_a_step_is_done_from_the_day_on_which_it_was_done() -> None:
    done = {"report": date(2026, 4, 2)}

    assert states(date(2026, 4, 1), done=done)["report"] == "overdue"
    steps = deadline_calendar(
        DEADLINES, year=2025, sector=Sector.ALUMINIUM, on=date(2026, 4, 2), days_ahead=0, done=done
    )
    report = next(step for step in steps if step.step == "report")
    assert (report.state, report.is_late) == (DeadlineState.DONE, True)


def test_each_sector_is_verified_by_its_own_day() -> None:
    days = [due_day(DEADLINES, year=2025, step="verification", sector=sector) for sector in Sector]

    assert days == [date(2026, 7, 31), date(2026, 6, 30)]
    assert "preallocation" not in states(date(2026, 1, 1), sector=Sector.POWER)


def test_evidence_of_each_month_is_filed_within_forty_days_of_its_end() -> None:
    steps = deadline_calendar(DEADLINES, year=2026, sector=Sector.POWER, on=date(2026, 1, 1), days_ahead=0, done={})
    days = {step.step: step.due_on for step in steps}

    assert days["evidence_2026_01"] == date(2026, 3, 12)
    assert days["evidence_2026_12"] == date(2027, 2, 9)
    assert len(days) == 12


def test_a_year_or_a_step_that_is_not_on_file_is_refused_with_what_is() -> None:
    assert deadline_years(DEADLINES) == (2024, 2025, 2026)
    with pytest.raises(NotFound, match="2024, 2025, 2026"):
        deadline_calendar(DEADLINES, year=2027, sector=Sector.POWER, on=date(2026, 1, 1), days_ahead=0, done={})
    with pytest.raises(NotFound):
        due_day(DEADLINES, year=2026, step="surrender", sector=Sector.POWER)
    with pytest.raises(Invalid):
        deadline_calendar(DEADLINES, year=2025, sector=Sector.POWER, on=date(2026, 1, 1), days_ahead=367, done={})


@given(st.dates(date(2025, 1, 1), date(2028, 1, 1)), st.integers(0, 366))
def test_every_step_has_one_state_and_explains_its_day(on: date, days_ahead: int) -> None:
    for step in deadline_calendar(DEADLINES, year=2025, sector=Sector.ALUMINIUM, on=on, days_ahead=days_ahead, done={}):
        assert (step.state is DeadlineState.OVERDUE) == (on > step.due_on)
        assert (step.state is DeadlineState.DUE_SOON) == (0 <= (step.due_on - on).days <= days_ahead)
        assert all(leaf.source for leaf in step.explain().leaves())


# --- penalties ----------------------------------------------------------------------------------------------------

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)


def day(number: int, price: str, volume: int | None) -> PricedDay:
    return PricedDay(on=date(2026, 12, number), price_cny_per_t=Decimal(price), volume_t=volume)


def base_of(*days: PricedDay, seen_on: date = LAST, mark: BasePrice | None = None) -> BasePrice | None:
    return penalties.base_price(days, first=FIRST, last=LAST, seen_on=seen_on, source="COMCEA", mark=mark)


MARK = BasePrice(price_cny_per_t=Fraction(80), kind=BaseKind.PROVISIONAL, first=FIRST, last=LAST, source="mark")


@pytest.mark.parametrize(
    ("deadline", "first", "last"),
    [
        (date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        (date(2025, 12, 31), date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 3, 31), date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 1, 15), date(2025, 12, 16), date(2026, 1, 15)),
    ],
)
def test_the_base_month_ends_with_the_deadline(deadline: date, first: date, last: date) -> None:
    assert penalties.base_window(SANCTIONS, deadline=deadline)[:2] == (first, last)


def test_the_base_is_the_mean_weighted_by_volume_where_every_day_states_one() -> None:
    weighted = base_of(
        day(1, "80", 100), day(2, "100", 300), PricedDay(on=date(2027, 1, 4), price_cny_per_t=Decimal(9), volume_t=9)
    )
    plain = base_of(day(1, "80", 100), day(2, "100", None))

    assert weighted is not None
    assert plain is not None
    assert (weighted.price_cny_per_t, weighted.kind) == (Fraction(95), BaseKind.VOLUME_WEIGHTED)
    assert (plain.price_cny_per_t, plain.kind) == (Fraction(90), BaseKind.MEAN_OF_CLOSES)


def test_while_the_month_is_not_over_a_mark_stands_in_and_says_so() -> None:
    assert base_of(day(1, "80", 100), seen_on=date(2026, 12, 30), mark=MARK) is MARK
    assert base_of(seen_on=LAST, mark=MARK) is MARK
    assert base_of() is None


@pytest.mark.parametrize(
    ("on", "cut", "statuses"),
    [
        (date(2025, 12, 31), 10, {"official", "assumed"}),
        (date(2026, 8, 14), 10, {"official", "assumed"}),
        (date(2026, 8, 15), 0, {"official", "assumed"}),
    ],
)
def test_a_fine_is_a_range_and_the_cut_ends_with_the_code(on: date, cut: int, statuses: set[str]) -> None:
    found = penalties.penalty(SANCTIONS, missing_t=10, base=MARK, on=on)

    assert (found.low_cny, found.high_cny, found.cut_t) == (Fraction(4000), Fraction(8000), cut)
    assert {row.status.value for row in found.rows} == statuses
    assert not found.is_certain
    assert all(leaf.source for leaf in found.explanation.leaves())
    assert found.explanation.value == "4000.00 to 8000.00"


def test_impossible_prices_and_tonnes_have_no_fine() -> None:
    for price, volume in (("0", 1), ("-1", 1), ("1", -1)):
        with pytest.raises(Invalid):
            day(1, price, volume)
    with pytest.raises(Invalid):
        penalties.penalty(SANCTIONS, missing_t=-1, base=MARK, on=LAST)
    with pytest.raises(NotFound):
        penalties.penalty(SANCTIONS, missing_t=1, base=MARK, on=date(2020, 1, 1))


# --- life cycle ---------------------------------------------------------------------------------------------------


def step(number: int, kind: StepKind, **more: object) -> AllocationStep:
    facts = {"dated_on": date(2026, 4, number), "known_at": NOW + timedelta(minutes=number), **more}
    return AllocationStep(step_id=f"S{number}", kind=kind, number=number, **facts)  # type: ignore[arg-type]


def state(*steps: AllocationStep, issued: int = 0, known_at: datetime = NOW + timedelta(days=1)) -> AllocationState:
    return allocation_state(
        steps, issued_t=issued, on=date(2026, 12, 31), known_at=known_at, rules=DEADLINES, working_days=WORKING
    )


PRE = step(1, StepKind.PREALLOCATION, tonnes=700)
VERIFIED = step(2, StepKind.VERIFICATION, tonnes=650)
DETERMINED = step(3, StepKind.DETERMINATION, tonnes=640, refers_to="S2")


@pytest.mark.parametrize(
    ("steps", "issued", "phase", "difference"),
    [
        ((), 0, AllocationPhase.NONE, None),
        ((PRE,), 0, AllocationPhase.PREALLOCATED, 700),
        ((PRE, VERIFIED), 700, AllocationPhase.VERIFIED, 0),
        ((PRE, VERIFIED, DETERMINED), 700, AllocationPhase.DETERMINED, -60),
        ((VERIFIED, DETERMINED), 0, AllocationPhase.DETERMINED, 640),
    ],
)
def test_facts_give_the_phase_and_what_is_open(
    steps: tuple[AllocationStep, ...], issued: int, phase: AllocationPhase, difference: int | None
) -> None:
    found = state(*steps, issued=issued)

    assert (found.phase, found.difference_t) == (phase, difference)


def test_a_correction_supersedes_and_reopens() -> None:
    corrected = step(4, StepKind.VERIFICATION, tonnes=660)
    found = state(PRE, VERIFIED, DETERMINED, corrected)

    assert (found.phase, found.superseded) == (AllocationPhase.REOPENED, ("S2",))
    assert found.target_t == 640


def test_what_was_not_known_yet_changes_no_view() -> None:
    withdrawn = step(5, StepKind.VERIFICATION_WITHDRAWAL, refers_to="S2")

    assert state(VERIFIED, DETERMINED, withdrawn).phase is AllocationPhase.REOPENED
    assert state(VERIFIED, DETERMINED, withdrawn, known_at=NOW + timedelta(minutes=4)) == state(
        VERIFIED, DETERMINED, known_at=NOW + timedelta(minutes=4)
    )


@given(st.permutations([PRE, VERIFIED, DETERMINED, step(4, StepKind.VERIFICATION, tonnes=660)]))
def test_the_order_in_which_facts_arrive_changes_nothing(steps: list[AllocationStep]) -> None:
    assert state(*steps) == state(*sorted(steps, key=lambda each: each.number))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (StepKind.DETERMINATION, {"tonnes": 1}),
        (StepKind.VERIFICATION, {"tonnes": 1, "refers_to": "S1"}),
        (StepKind.OBJECTION_ANSWER, {"refers_to": "S1"}),
        (StepKind.PREALLOCATION, {"tonnes": -1}),
    ],
)
def test_a_fact_that_contradicts_its_kind_does_not_exist(kind: StepKind, more: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        step(9, kind, **more)


def test_an_objection_has_seven_working_days_with_made_up_ones_counted() -> None:
    """Notified on Friday 2026-09-18. Sunday 09-20 is worked, Friday 09-25 is closed (Mid-Autumn): 20, 21..24, 28, 29."""
    last, row = objection_last_day(DEADLINES, notified_on=date(2026, 9, 18), working_days=WORKING)

    counted = [date(2026, 9, 18) + timedelta(days=n) for n in range(1, (last - date(2026, 9, 18)).days + 1)]
    assert last == date(2026, 9, 29)
    assert sum(WORKING.is_open(each) for each in counted) == 7
    assert row.value == "7"
    for raised in (date(2026, 9, 17), last + timedelta(days=1)):
        with pytest.raises(Conflict):
            check_objection(DEADLINES, notified_on=date(2026, 9, 18), raised_on=raised, working_days=WORKING)
    assert check_objection(DEADLINES, notified_on=date(2026, 9, 18), raised_on=last, working_days=WORKING) == last


@pytest.mark.parametrize(("year", "most"), [(2025, 864_196), (2026, 617_283)])
def test_a_province_may_grant_less_but_never_more(year: int, most: int) -> None:
    prior = Fraction(1_234_567)

    assert check_preallocation(ALLOCATIONS, year=year, prior_verified_t=prior, allocation_t=0) == most
    assert check_preallocation(ALLOCATIONS, year=year, prior_verified_t=prior, allocation_t=most) == most
    with pytest.raises(Invalid):
        check_preallocation(ALLOCATIONS, year=year, prior_verified_t=prior, allocation_t=most + 1)
    with pytest.raises(NotFound):
        check_preallocation(ALLOCATIONS, year=2024, prior_verified_t=prior, allocation_t=0)


@pytest.mark.parametrize(
    ("vintage", "on", "last"),
    [
        (2024, date(2026, 12, 31), 2024),
        (2025, date(2026, 12, 31), None),
        (2023, date(2026, 7, 26), 2024),
        (2018, date(2026, 12, 31), 0),
    ],
)
def test_a_vintage_expires_with_the_last_duty_it_settles(vintage: int, on: date, last: int | None) -> None:
    text = (REFERENCE / "vintage_rules.csv").read_text(encoding="utf-8")

    assert vintages.last_duty_year(vintages.parse_vintage_rules(text), vintage_year=vintage, on=on) == last
