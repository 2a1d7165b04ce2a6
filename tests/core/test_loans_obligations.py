"""What a loan obliges its parties to, worked out by hand for the example loan: 150 and 180 days, 17:00 in Shanghai."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessCalendar
from finance.kpi.targets import Bound, Level, PerformanceTarget
from finance.loans.obligations import (
    DatedFact,
    Debtor,
    DecisionFact,
    Duty,
    DutyState,
    FallFact,
    LoanFacts,
    Obligation,
    PeriodFact,
    obligations,
    yearly_ends,
)
from ledger.core.errors import Invalid
from tests.loan_terms import terms_of

ZONE = ZoneInfo("Asia/Shanghai")
START = date(2025, 1, 1)
CALENDAR = BusinessCalendar(
    market="cn_exchange",
    first_known=date(2024, 1, 1),
    last_known=date(2026, 12, 31),
    closed_weekdays=frozenset({date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 5)}),
    open_weekend_days=frozenset({date(2026, 5, 9)}),
    source="test",
    known_at=date(2026, 1, 1),
)
NOTHING = LoanFacts(periods=(), decisions=(), falls=(), dated=())
PERIOD = PeriodFact(
    kpi_period_id="p1",
    kpi_id="intensity",
    period_start=START,
    period_end=date(2026, 1, 1),
    reported_at=datetime(2026, 3, 1, tzinfo=UTC),
    attested_at=datetime(2026, 4, 28, 3, tzinfo=UTC),
    attestation_id="a1",
    is_waived=False,
)


def duties(
    facts: LoanFacts = NOTHING, *, now: datetime, changed: dict[str, Any] | None = None
) -> dict[str, Obligation]:
    found = obligations(terms_of("borrower", "bank", changed), facts, zone=ZONE, calendar=CALENDAR, now=now)
    return {each.obligation_id: each for each in found}


def target(start: int, end: int) -> PerformanceTarget:
    return PerformanceTarget(
        period_start=date(start, 1, 1),
        period_end=date(end, 1, 1),
        rule=Level(bound=Bound.AT_MOST, value=Fraction(9)),
        compare_digits=None,
        is_strict=False,
        source="clause 6",
    )


def test_report_and_attestation_are_due_at_the_cut_off_of_the_terms_clock() -> None:
    found = duties(now=datetime(2026, 1, 10, tzinfo=UTC))

    report, attestation = found["report.intensity.2025-01-01"], found["attestation.intensity.2025-01-01"]

    # 150 days after 31 December 2025 is 30 May 2026, 180 days after it 29 June; 17:00 in Shanghai is 09:00 UTC.
    assert (report.due_on, report.due_at) == (date(2026, 5, 30), datetime(2026, 5, 30, 9, tzinfo=UTC))
    assert (attestation.due_on, attestation.due_at) == (date(2026, 6, 29), datetime(2026, 6, 29, 9, tzinfo=UTC))
    assert (report.debtor, attestation.debtor) == (Debtor.BORROWER, Debtor.ASSESSOR)
    assert report.state is attestation.state is DutyState.DUE


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, DutyState.DUE), (1, DutyState.LATE)], ids=["on_the_instant", "a_second_after"]
)
def test_a_report_is_late_only_after_its_last_instant(seconds: int, state: DutyState) -> None:
    now = datetime(2026, 5, 30, 9, tzinfo=UTC) + timedelta(seconds=seconds)

    found = duties(now=now)

    assert found["report.intensity.2025-01-01"].state is state


def test_what_was_reported_after_its_instant_is_done_and_was_late() -> None:
    late = replace(PERIOD, reported_at=datetime(2026, 5, 30, 9, 0, 1, tzinfo=UTC))

    found = duties(replace(NOTHING, periods=(late,)), now=datetime(2026, 7, 1, tzinfo=UTC))

    report = found["report.intensity.2025-01-01"]
    assert (report.state, report.was_late, report.done_on) == (DutyState.DONE, True, date(2026, 5, 30))


def test_a_waived_period_owes_nothing_any_more() -> None:
    waived = replace(PERIOD, reported_at=None, attested_at=None, is_waived=True)

    found = duties(replace(NOTHING, periods=(waived,)), now=datetime(2027, 1, 1, tzinfo=UTC))

    assert found["report.intensity.2025-01-01"].state is DutyState.WAIVED


def test_a_decision_is_due_ten_open_days_after_the_attestation() -> None:
    found = duties(replace(NOTHING, periods=(PERIOD,)), now=datetime(2026, 4, 29, tzinfo=UTC))

    # From 28 April: 29, 30 April, 6, 7, 8 May, Saturday the 9th (made up), 11, 12, 13, 14 May.
    decision = found["decision.test.2025-01-01"]
    assert (decision.due_on, decision.due_at) == (date(2026, 5, 14), datetime(2026, 5, 14, 9, tzinfo=UTC))
    assert (decision.is_provisional, decision.debtor) == (False, Debtor.BOTH)


def test_without_an_attestation_the_decision_is_counted_from_the_day_it_was_due() -> None:
    found = duties(now=datetime(2026, 7, 1, tzinfo=UTC))

    # 29 June is a Monday; ten weekdays later it is Monday 13 July.
    assert found["decision.test.2025-01-01"].due_on == date(2026, 7, 13)


FALL = FallFact(attestation_id="a1", fell_at=datetime(2026, 8, 3, 2, tzinfo=UTC))
RESTING = DecisionFact(
    determination_id="d1",
    period_start=START,
    approved_at=datetime(2026, 5, 6, tzinfo=UTC),
    attestation_ids=frozenset({"a1"}),
)


def test_a_fallen_attestation_that_a_price_rests_on_is_determined_again_in_the_terms_days() -> None:
    facts = LoanFacts(periods=(), decisions=(RESTING,), falls=(FALL,), dated=())

    due = duties(facts, now=datetime(2026, 8, 4, tzinfo=UTC))["redetermination.a1.d1"]
    late = duties(facts, now=datetime(2026, 8, 17, 9, 0, 1, tzinfo=UTC))["redetermination.a1.d1"]

    # Ten weekdays after Monday 3 August is Monday 17 August.
    assert (due.due_on, due.state) == (date(2026, 8, 17), DutyState.DUE)
    assert late.state is DutyState.LATE


def test_a_later_approval_settles_the_redetermination() -> None:
    again = replace(RESTING, determination_id="d2", approved_at=datetime(2026, 8, 10, tzinfo=UTC))
    facts = LoanFacts(periods=(), decisions=(RESTING, again), falls=(FALL,), dated=())

    found = duties(facts, now=datetime(2026, 9, 1, tzinfo=UTC))

    assert found["redetermination.a1.d1"].state is DutyState.DONE
    assert "redetermination.a1.d2" not in found  # approved after the fall: it does not rest on what had fallen


def test_an_attestation_that_no_price_rests_on_obliges_nobody_when_it_falls() -> None:
    other = replace(RESTING, attestation_ids=frozenset({"a2"}))
    facts = LoanFacts(periods=(), decisions=(other,), falls=(FALL,), dated=())

    found = duties(facts, now=datetime(2026, 9, 1, tzinfo=UTC))

    assert not [name for name in found if name.startswith("redetermination")]


def test_beyond_the_published_calendar_a_day_is_counted_on_weekdays_and_said_to_be_provisional() -> None:
    fall = replace(FALL, fell_at=datetime(2026, 12, 28, 2, tzinfo=UTC))
    facts = LoanFacts(periods=(), decisions=(RESTING,), falls=(fall,), dated=())

    found = duties(facts, now=datetime(2026, 12, 28, 3, tzinfo=UTC))["redetermination.a1.d1"]

    assert (found.due_on, found.is_provisional) == (date(2027, 1, 11), True)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([(2025, 2026)], []),
        ([(2025, 2028)], [date(2026, 1, 1), date(2027, 1, 1)]),
        ([(2025, 2026), (2028, 2029)], [date(2027, 1, 1), date(2028, 1, 1)]),
        ([], []),
    ],
    ids=["yearly", "three_years", "a_gap", "no_target"],
)
def test_a_long_test_period_or_a_gap_is_reported_every_year(
    targets: list[tuple[int, int]], expected: list[date]
) -> None:
    assert list(yearly_ends([target(*each) for each in targets])) == expected


@given(st.integers(2000, 2050), st.integers(1, 9), st.integers(0, 5), st.integers(1, 9))
def test_no_two_reports_are_more_than_a_year_apart(first: int, length: int, gap: int, second: int) -> None:
    grid = [target(first, first + length), target(first + length + gap, first + length + gap + second)]

    ends = sorted({*yearly_ends(grid), *(each.period_end for each in grid), grid[0].period_start})

    assert all(b.year - a.year == 1 for a, b in pairwise(ends))


def test_a_three_year_test_owes_a_yearly_report_and_attestation() -> None:
    changed = {"kpis.0.targets.0.period_end": "2028-01-01"}

    found = duties(now=datetime(2026, 1, 10, tzinfo=UTC), changed=changed)

    assert found["yearly_report.intensity.2026-01-01"].due_on == date(2026, 5, 30)
    assert found["yearly_attestation.intensity.2027-01-01"].due_on == date(2027, 6, 29)


@pytest.mark.parametrize(
    ("is_done", "state"), [(None, DutyState.PASSED), (False, DutyState.LATE), (True, DutyState.DONE)]
)
def test_a_payment_of_the_past_is_late_only_where_somebody_keeps_books(
    *, is_done: bool | None, state: DutyState
) -> None:
    fact = DatedFact(
        duty=Duty.INTEREST,
        debtor=Debtor.BORROWER,
        subject="A",
        key="2025-12-20",
        due_on=date(2026, 3, 20),
        done_on=None,
        is_done=is_done,
    )

    # 20 March 16:00 UTC is the 21st in Shanghai.
    last = duties(replace(NOTHING, dated=(fact,)), now=datetime(2026, 3, 20, 15, 59, tzinfo=UTC))
    after = duties(replace(NOTHING, dated=(fact,)), now=datetime(2026, 3, 20, 16, tzinfo=UTC))

    assert last["interest.A.2025-12-20"].state in {DutyState.DUE, DutyState.DONE}
    assert after["interest.A.2025-12-20"].state is state


def test_a_zone_other_than_the_terms_is_refused() -> None:
    with pytest.raises(Invalid, match="zone"):
        obligations(
            terms_of("borrower", "bank"),
            NOTHING,
            zone=ZoneInfo("Europe/Berlin"),
            calendar=CALENDAR,
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
