"""The label: its transitions, its days, its sleeping timer, and that late facts in any order make the same one."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans import amendments, checklist, clauses, label
from finance.loans.label import (
    TRANSITIONS,
    AgreedTerms,
    Label,
    LabelEvent,
    LabelState,
    LabelStep,
    check_step,
    label_of,
    months_after,
)
from finance.store.tables import labels as tables
from ledger.core.errors import Conflict, Forbidden, Invalid
from tests.loan_terms import terms_of

S, E = LabelState, LabelStep
START, END = date(2024, 12, 12), date(2027, 12, 20)
ASLEEP: dict[str, Any] = {
    "ratchet": None,
    "kpis": [],
    "label.is_sleeping": True,
    "label.sleeping_until": "2025-12-31",
}


def version(number: int = 1, on: str = "2024-12-12", months: int | None = None, **changed: Any) -> AgreedTerms:
    changes = {"version": number, "agreed_on": on, **{name.replace("__", "."): v for name, v in changed.items()}}
    return AgreedTerms(terms=terms_of("b", "l", changes), sleeping_months=months)


def asleep(number: int = 1, on: str = "2024-12-12", months: int | None = 12, until: str = "2025-12-31") -> AgreedTerms:
    changes = {"version": number, "agreed_on": on, **ASLEEP, "label.sleeping_until": until}
    return AgreedTerms(terms=terms_of("b", "l", changes), sleeping_months=months)


def event(what: LabelStep, on: str, number: int = 1, terms_version: int = 1) -> LabelEvent:
    return LabelEvent(
        what=what,
        on=date.fromisoformat(on),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number),
        number=number,
        terms_version=terms_version,
        reason="minute 1",
    )


def states(found: Label) -> list[tuple[str, str, str]]:
    return [(each.state.value, each.start.isoformat(), each.end.isoformat()) for each in found.intervals]


def test_the_table_knows_every_state_and_only_newer_terms_leave_a_declassified_one() -> None:
    after = {step for (state, step) in TRANSITIONS if state is S.DECLASSIFIED}

    assert {state for state, _ in TRANSITIONS} == set(S)
    assert after == {E.TERMS_WITH_CLAUSES, E.TERMS_SLEEPING, E.TERMS_CONVENTIONAL}
    assert (S.SUSPENDED, E.ACTIVATED) not in TRANSITIONS
    assert (S.CONVENTIONAL, E.SUSPENDED) not in TRANSITIONS


def test_terms_with_clauses_alone_make_no_label_but_price() -> None:
    found = label_of([version()], [])

    assert states(found) == [("conventional", "2024-12-12", "2027-12-20")]
    assert not found.may_be_called_sll(START)
    assert found.priced_days == ((START, END),)


def test_a_label_is_a_set_of_days_with_a_pause() -> None:
    found = label_of(
        [version()],
        [event(E.ACTIVATED, "2025-01-10"), event(E.SUSPENDED, "2025-06-01", 2), event(E.RESUMED, "2025-08-01", 3)],
    )

    assert found.labelled_days == ((date(2025, 1, 10), date(2025, 6, 1)), (date(2025, 8, 1), END))
    assert found.priced_days == ((START, date(2025, 6, 1)), (date(2025, 8, 1), END))
    assert [found.may_be_called_sll(date(2025, m, 1)) for m in (1, 2, 6, 7, 8)] == [False, True, False, False, True]


def test_declassified_ends_the_label_and_past_days_keep_it() -> None:
    found = label_of([version()], [event(E.ACTIVATED, "2025-01-10"), event(E.DECLASSIFIED, "2026-02-01", 2)])

    assert found.state_at(date(2027, 1, 1)) is S.DECLASSIFIED
    assert found.may_be_called_sll(date(2026, 1, 31))
    assert found.priced_days == ((START, date(2026, 2, 1)),)


def test_after_declassification_nothing_but_newer_terms_begins_a_label() -> None:
    ended = event(E.DECLASSIFIED, "2026-02-01", 2)
    again = event(E.ACTIVATED, "2026-03-01", 3)

    refused = label_of([version()], [event(E.ACTIVATED, "2025-01-10"), ended, again])
    anew = label_of(
        [version(), version(2, "2026-02-20")],
        [event(E.ACTIVATED, "2025-01-10"), ended, event(E.ACTIVATED, "2026-03-01", 3, 2)],
    )

    assert refused.without_effect == (again,)
    with pytest.raises(Conflict, match="before newer terms"):
        check_step(refused, again)
    assert [state for state, _, _ in states(anew)] == [
        "conventional",
        "active_sll",
        "declassified",
        "conventional",
        "active_sll",
    ]


def test_an_event_that_moves_something_passes_the_check() -> None:
    moved = event(E.ACTIVATED, "2025-01-10")

    check_step(label_of([version()], [moved]), moved)


def test_newer_terms_must_be_checked_again_before_the_loan_is_called_linked() -> None:
    versions = [version(), version(2, "2026-01-01")]

    due = label_of(versions, [event(E.ACTIVATED, "2025-01-10")])
    checked = label_of(versions, [event(E.ACTIVATED, "2025-01-10"), event(E.ACTIVATED, "2026-02-01", 2, 2)])

    assert due.state_at(date(2026, 3, 1)) is S.ACTIVE_SLL
    assert due.is_recheck_due(date(2026, 3, 1))
    assert not due.may_be_called_sll(date(2026, 3, 1))
    assert checked.may_be_called_sll(date(2026, 3, 1))
    assert not checked.may_be_called_sll(date(2026, 1, 15))


def test_terms_without_clauses_end_a_label_and_cannot_be_activated() -> None:
    plain = version(2, "2026-01-01", ratchet=None)
    again = event(E.ACTIVATED, "2026-02-01", 2, 2)

    found = label_of([version(), plain], [event(E.ACTIVATED, "2025-01-10"), again])

    assert found.state_at(date(2026, 3, 1)) is S.CONVENTIONAL
    assert found.without_effect == (again,)
    assert found.priced_days == ((START, date(2026, 1, 1)),)


def test_a_sleeping_loan_is_not_called_linked_and_wakes_up_conventional() -> None:
    found = label_of([asleep(months=None, until="2025-06-30")], [])

    assert states(found) == [("sleeping", "2024-12-12", "2025-07-01"), ("conventional", "2025-07-01", "2027-12-20")]
    with pytest.raises(Forbidden, match="sleeping"):
        found.check_publicity(date(2025, 1, 1))


def test_the_principles_months_end_the_sleep_before_the_terms_own_day() -> None:
    found = label_of([asleep(months=12, until="2026-12-31")], [])

    assert found.state_at(date(2025, 12, 12)) is S.SLEEPING
    assert found.state_at(date(2025, 12, 13)) is S.CONVENTIONAL


def test_sleeping_terms_that_follow_one_another_do_not_start_the_clock_anew() -> None:
    found = label_of([asleep(until="2025-10-01"), asleep(2, "2025-09-01", until="2026-08-31")], [])

    assert found.state_at(date(2025, 12, 12)) is S.SLEEPING
    assert found.state_at(date(2025, 12, 13)) is S.CONVENTIONAL


def test_clauses_agreed_in_time_but_not_activated_do_not_stop_the_clock() -> None:
    found = label_of([asleep(until="2025-10-01"), version(2, "2025-09-01")], [])

    assert states(found)[0] == ("sleeping", "2024-12-12", "2025-09-01")
    assert found.state_at(date(2025, 10, 1)) is S.SLEEPING
    assert found.state_at(date(2025, 10, 2)) is S.CONVENTIONAL
    assert found.priced_days == ((date(2025, 10, 2), END),)


def test_a_sleeping_loan_activated_in_time_is_active() -> None:
    found = label_of([asleep(), version(2, "2025-09-01")], [event(E.ACTIVATED, "2025-09-15", 1, 2)])

    assert found.labelled_days == ((date(2025, 9, 15), END),)


def test_sleeping_terms_agreed_after_their_own_day_never_sleep() -> None:
    found = label_of([version(), asleep(2, "2026-02-01", months=None)], [])

    assert S.SLEEPING not in {each.state for each in found.intervals}
    assert found.state_at(date(2026, 3, 1)) is S.CONVENTIONAL


def test_outside_the_life_there_is_no_label() -> None:
    found = label_of([version()], [event(E.ACTIVATED, "2025-01-10")])

    assert found.at(END) is None
    assert not found.may_be_called_sll(END)
    assert label_of([], []).state_at(START) is S.CONVENTIONAL


def test_terms_known_later_but_agreed_before_leave_the_activation_standing_under_the_older_version() -> None:
    found = label_of([version(), version(2, "2025-01-05")], [event(E.ACTIVATED, "2025-01-10", 1, 1)])

    assert found.state_at(date(2025, 2, 1)) is S.ACTIVE_SLL
    assert found.is_recheck_due(date(2025, 2, 1))


@pytest.mark.parametrize(("day", "months", "expected"), [
    ("2024-02-29", 12, "2025-02-28"), ("2025-03-31", 12, "2026-03-31"), ("2025-08-31", 6, "2026-02-28"),
])  # fmt: skip
def test_months_later_is_the_same_number_or_the_last_day(day: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(day), months).isoformat() == expected


def test_months_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(Invalid):
        months_after(date(9999, 12, 1), 1)


def test_an_event_that_only_terms_bring_about_is_refused() -> None:
    with pytest.raises(Invalid):
        event(E.SLEEP_EXPIRED, "2025-01-01")
    with pytest.raises(Invalid):
        dataclasses.replace(event(E.ACTIVATED, "2025-01-01"), recorded_at=datetime(2025, 1, 1))  # noqa: DTZ001


FACTS = st.lists(
    st.tuples(
        st.sampled_from([E.ACTIVATED, E.SUSPENDED, E.RESUMED, E.DECLASSIFIED]),
        st.dates(date(2024, 11, 1), date(2028, 2, 1)),
        st.integers(1, 3),
    ),
    max_size=10,
)


@given(facts=FACTS, data=st.data(), sleeps=st.booleans())
def test_facts_in_any_order_make_the_same_label_that_tiles_the_life(
    facts: list[tuple[LabelStep, date, int]], data: st.DataObject, *, sleeps: bool
) -> None:
    first = asleep() if sleeps else version()
    versions = [first, version(2, "2025-09-01"), version(3, "2026-09-01", ratchet=None)]
    events = [event(what, on.isoformat(), n, terms) for n, (what, on, terms) in enumerate(facts, start=1)]

    found = label_of(versions, events)
    shuffled = label_of(data.draw(st.permutations(versions)), data.draw(st.permutations(events)))

    assert shuffled == found
    assert (found.intervals[0].start, found.intervals[-1].end) == (START, END)
    assert all(before.end == after.start for before, after in pairwise(found.intervals))
    assert all(each.start < each.end for each in found.intervals)
    assert all(found.may_be_called_sll(each.start) <= (each.state is S.ACTIVE_SLL) for each in found.intervals)


@given(FACTS)
def test_once_declassified_no_clause_prices_before_newer_terms(facts: list[tuple[LabelStep, date, int]]) -> None:
    events = [event(what, on.isoformat(), n) for n, (what, on, _) in enumerate(facts, start=1)]

    found = label_of([version()], events)

    ended = [each.start for each in found.intervals if each.state is S.DECLASSIFIED]
    assert all(end <= ended[0] for _, end in found.priced_days if ended)
    assert found.state_at(END - timedelta(days=1)) is S.DECLASSIFIED or not ended


@pytest.mark.parametrize("module", [label, amendments, checklist, clauses, tables])
def test_no_field_and_no_function_of_the_label_speaks_of_a_payment_default(module: Any) -> None:
    names = {name for name in vars(module) if not name.startswith("__")}
    for found in list(vars(module).values()):
        if isinstance(found, type) and found.__module__ == module.__name__:
            names |= set(vars(found)) | set(getattr(found, "__annotations__", {}))

    assert not [name for name in names if "default" in name.lower() and not name.startswith("__")]
