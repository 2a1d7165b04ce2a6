"""The sustainability-linked label of a loan: which state it is in on which days, as far as facts are known at one moment.

Owns the states, the table of transitions and the sleeping timer. A label is a set of days, never a flag; it knows no money and
nothing of payment trouble: a breach of a sustainability duty reaches the label and the price only (checklist C21 to C23, C28).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from finance.conventions.fields import check_text, refused
from finance.loans.facility_terms import FacilityTerms
from ledger.core.errors import Conflict, Forbidden

AREA = "label"
_DAY = timedelta(days=1)
_MONTHS_OF_A_YEAR = 12


class LabelState(StrEnum):
    """Where a loan's label stands (loans and attestations reference, section 6.2)."""

    CONVENTIONAL = "conventional"
    SLEEPING = "sleeping"
    ACTIVE_SLL = "active_sll"
    SUSPENDED = "suspended"
    DECLASSIFIED = "declassified"


class LabelStep(StrEnum):
    """What moves a label; the first four follow from the terms, the rest is recorded."""

    TERMS_WITH_CLAUSES = "terms_with_clauses"
    TERMS_SLEEPING = "terms_sleeping"
    TERMS_CONVENTIONAL = "terms_conventional"
    SLEEP_EXPIRED = "sleep_expired"
    ACTIVATED = "activated"  # the checklist had no open block
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DECLASSIFIED = "declassified"


_S, _E = LabelState, LabelStep
TRANSITIONS: Mapping[tuple[LabelState, LabelStep], LabelState] = MappingProxyType(
    {
        (_S.CONVENTIONAL, _E.TERMS_WITH_CLAUSES): _S.CONVENTIONAL,
        (_S.CONVENTIONAL, _E.TERMS_SLEEPING): _S.SLEEPING,
        (_S.CONVENTIONAL, _E.TERMS_CONVENTIONAL): _S.CONVENTIONAL,
        (_S.CONVENTIONAL, _E.ACTIVATED): _S.ACTIVE_SLL,
        (_S.CONVENTIONAL, _E.DECLASSIFIED): _S.DECLASSIFIED,
        (_S.SLEEPING, _E.TERMS_WITH_CLAUSES): _S.SLEEPING,
        (_S.SLEEPING, _E.TERMS_SLEEPING): _S.SLEEPING,
        (_S.SLEEPING, _E.TERMS_CONVENTIONAL): _S.CONVENTIONAL,
        (_S.SLEEPING, _E.SLEEP_EXPIRED): _S.CONVENTIONAL,
        (_S.SLEEPING, _E.ACTIVATED): _S.ACTIVE_SLL,
        (_S.SLEEPING, _E.DECLASSIFIED): _S.DECLASSIFIED,
        (_S.ACTIVE_SLL, _E.TERMS_WITH_CLAUSES): _S.ACTIVE_SLL,
        (_S.ACTIVE_SLL, _E.TERMS_SLEEPING): _S.SLEEPING,
        (_S.ACTIVE_SLL, _E.TERMS_CONVENTIONAL): _S.CONVENTIONAL,
        (_S.ACTIVE_SLL, _E.ACTIVATED): _S.ACTIVE_SLL,  # checked again under newer terms
        (_S.ACTIVE_SLL, _E.SUSPENDED): _S.SUSPENDED,
        (_S.ACTIVE_SLL, _E.DECLASSIFIED): _S.DECLASSIFIED,
        (_S.SUSPENDED, _E.TERMS_WITH_CLAUSES): _S.SUSPENDED,
        (_S.SUSPENDED, _E.TERMS_SLEEPING): _S.SLEEPING,
        (_S.SUSPENDED, _E.TERMS_CONVENTIONAL): _S.CONVENTIONAL,
        (_S.SUSPENDED, _E.RESUMED): _S.ACTIVE_SLL,
        (_S.SUSPENDED, _E.DECLASSIFIED): _S.DECLASSIFIED,
        (_S.DECLASSIFIED, _E.TERMS_WITH_CLAUSES): _S.CONVENTIONAL,
        (_S.DECLASSIFIED, _E.TERMS_SLEEPING): _S.SLEEPING,
        (_S.DECLASSIFIED, _E.TERMS_CONVENTIONAL): _S.CONVENTIONAL,
    }
)
"""Every move there is. Declassified ends that label: only a newer version of the terms begins another."""

_FROM_TERMS = frozenset((_E.TERMS_WITH_CLAUSES, _E.TERMS_SLEEPING, _E.TERMS_CONVENTIONAL, _E.SLEEP_EXPIRED))
_CHECKED = frozenset((_E.ACTIVATED, _E.RESUMED))
_PRICED = frozenset((_S.CONVENTIONAL, _S.ACTIVE_SLL))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent:
    """A recorded move of the label: the day it counts from, the instant it became known, the terms it was decided under.

    ``number`` orders events known at one instant. ``reason`` is the decision's own words.
    """

    what: LabelStep
    on: date
    recorded_at: datetime
    number: int
    terms_version: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse what only terms bring about, and an instant without its zone."""
        if self.what in _FROM_TERMS:
            raise refused(
                area=AREA, field="what", expected="a recorded step; terms speak for themselves", value=self.what
            )
        if self.recorded_at.utcoffset() is None:
            raise refused(area=AREA, field="recorded_at", expected="an instant with its zone", value=self.recorded_at)
        if self.number < 1 or self.terms_version < 1:
            raise refused(area=AREA, field="number", expected="numbers from 1 on", value=self.number)
        check_text(self.reason, area=AREA, field="reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelInterval:
    """One state on [start, end), under one version of the terms; ``cause`` is the step that led here.

    ``checked_version`` is the version whose checklist was last found without open blocks, None before any.
    """

    state: LabelState
    start: date
    end: date
    terms_version: int
    has_clauses: bool
    checked_version: int | None
    cause: LabelStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The label through the loan's life: intervals that tile it, and the recorded events that found no state to move."""

    intervals: tuple[LabelInterval, ...]
    without_effect: tuple[LabelEvent, ...]

    def at(self, day: date) -> LabelInterval | None:
        """Return the interval of ``day``, or None outside the loan's life."""
        return next((each for each in self.intervals if each.start <= day < each.end), None)

    def state_at(self, day: date) -> LabelState:
        """Return the state on ``day``; outside the loan's life there is no label, so it is conventional."""
        found = self.at(day)
        return LabelState.CONVENTIONAL if found is None else found.state

    def is_recheck_due(self, day: date) -> bool:
        """Return whether newer terms count than those the checklist passed (C30: an amendment is checked again)."""
        found = self.at(day)
        is_labelled = found is not None and found.state in {LabelState.ACTIVE_SLL, LabelState.SUSPENDED}
        return is_labelled and found is not None and found.checked_version != found.terms_version

    def may_be_called_sll(self, day: date) -> bool:
        """Return whether the loan may be called sustainability-linked on ``day`` (C22, C28, invariant I13).

        Only while active, and only under terms whose own checklist passed. A day of the past keeps its answer (C23).
        """
        return self.state_at(day) is LabelState.ACTIVE_SLL and not self.is_recheck_due(day)

    def check_publicity(self, day: date) -> None:
        """Raise ``label.not_sll`` when the loan may not be called sustainability-linked on ``day``."""
        if not self.may_be_called_sll(day):
            state = self.state_at(day)
            why = "its newer terms were not checked yet" if self.is_recheck_due(day) else f"its label is {state}"
            raise Forbidden(
                "label.not_sll", f"on: {day} is no day to call the loan sustainability-linked; {why}", state=state.value
            )

    @property
    def labelled_days(self) -> tuple[tuple[date, date], ...]:
        """Return the half-open days on which the label is active."""
        return _joined((each.start, each.end) for each in self.intervals if each.state is LabelState.ACTIVE_SLL)

    @property
    def priced_days(self) -> tuple[tuple[date, date], ...]:
        """Return the half-open days on which the pricing clauses work.

        Agreed clauses bind as the contract they are; they rest while the loan sleeps, while the label is suspended, and after
        declassification (C22: later periods at base margin).
        """
        return _joined((each.start, each.end) for each in self.intervals if each.has_clauses and each.state in _PRICED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedTerms:
    """A version of the terms that counts; ``sleeping_months`` is what its principles allow from origination, None: unsaid."""

    terms: FacilityTerms
    sleeping_months: int | None

    @property
    def step(self) -> LabelStep:
        """Return what the version does to a label."""
        if self.terms.label.is_sleeping:
            return LabelStep.TERMS_SLEEPING
        return LabelStep.TERMS_CONVENTIONAL if self.terms.ratchet is None else LabelStep.TERMS_WITH_CLAUSES

    def last_sleeping_day(self, since: date) -> date | None:
        """Return the last day to set KPIs and targets: the terms' own, or the principles' months from ``since`` if earlier.

        Agreed on 2025-03-31 with 12 months: 2026-03-31.
        """
        own = self.terms.label.sleeping_until
        if own is None or self.sleeping_months is None:
            return own
        return min(own, months_after(since, self.sleeping_months))


def months_after(day: date, months: int) -> date:
    """Return the day of the same number ``months`` later, the month's last where it has none: 2024-02-29 + 12 is 2025-02-28."""
    years, month = divmod(day.month - 1 + months, _MONTHS_OF_A_YEAR)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise refused(area=AREA, field="months", expected="a day that the calendar has", value=months)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def label_of(agreed: Sequence[AgreedTerms], events: Iterable[LabelEvent]) -> Label:
    """Return the label that these facts make; equal facts in any order make the same one.

    Facts count by their day; on one day terms come first, then events as they became known. An event that finds no state to move
    has no effect and is listed. The last version of the terms says when the loan ends.
    """
    versions = sorted(agreed, key=lambda each: each.terms.version)
    if not versions:
        return Label(intervals=(), without_effect=tuple(sorted(events, key=_known_order)))
    fold = _Fold(last_day=max(tranche.maturity_date for tranche in versions[-1].terms.tranches))
    day = versions[0].terms.agreed_on
    moves: list[tuple[date, int, int, AgreedTerms | LabelEvent]] = []
    for place, version in enumerate(versions):
        day = max(day, version.terms.agreed_on)  # a later version never counts before an earlier one
        moves.append((day, 0, place, version))
    moves += [(each.on, 1, place, each) for place, each in enumerate(sorted(events, key=_known_order))]
    for on, _, _, move in sorted(moves, key=lambda item: item[:3]):
        fold.sleep_until(on)
        if isinstance(move, AgreedTerms):
            fold.agree(on, move)
        else:
            fold.record(move)
    fold.sleep_until(fold.last_day)
    return fold.finished()


def check_step(label: Label, event: LabelEvent) -> None:
    """Raise ``label.transition`` when ``event``, folded into ``label``, moved nothing: its state has no such step."""
    if event in label.without_effect:
        state = label.state_at(event.on)
        allowed = sorted({step.value for (start, step) in TRANSITIONS if start is state and step not in _FROM_TERMS})
        raise Conflict(
            "label.transition",
            f"the label is {state} on {event.on}: expected one of {', '.join(allowed) or 'no step before newer terms'}",
            state=state.value,
            step=event.what.value,
        )


class _Fold:
    """The label while its facts are gone through, day by day."""

    def __init__(self, *, last_day: date) -> None:
        self.last_day = last_day
        self._state = LabelState.CONVENTIONAL
        self._terms: AgreedTerms | None = None
        self._start: date | None = None
        self._cause = LabelStep.TERMS_CONVENTIONAL
        self._checked: int | None = None
        self._slept_since: date | None = None
        self._sleeps_through: date | None = None
        self._intervals: list[LabelInterval] = []
        self._idle: list[LabelEvent] = []

    def sleep_until(self, day: date) -> None:
        """Wake the loan up as a conventional one when its time ran out before ``day``; talks do not stop the clock."""
        through = self._sleeps_through
        if self._state is LabelState.SLEEPING and through is not None and through + _DAY <= day:
            self._move(max(through + _DAY, self._start or day), LabelStep.SLEEP_EXPIRED)

    def agree(self, on: date, agreed: AgreedTerms) -> None:
        """Let a version of the terms count from ``on``."""
        self._close(on)
        self._terms = agreed
        self._move(on, agreed.step)
        if agreed.step is LabelStep.TERMS_SLEEPING:
            self._slept_since = self._slept_since or on
            self._sleeps_through = agreed.last_sleeping_day(self._slept_since)
            self.sleep_until(on)

    def record(self, event: LabelEvent) -> None:
        """Let a recorded event count, if its state has such a step and the terms it was decided under were there that day.

        Newer terms known later, but agreed before, leave it standing: what was checked is then the older version (C30).
        """
        terms = self._terms
        fits = terms is not None and event.on < self.last_day and (self._state, event.what) in TRANSITIONS
        if terms is None or not fits or event.terms_version > terms.terms.version:
            self._idle.append(event)
            return
        if event.what in _CHECKED and terms.terms.ratchet is None:
            self._idle.append(event)  # nothing to link: there are no clauses
            return
        self._move(event.on, event.what)
        if event.what in _CHECKED:
            self._checked = event.terms_version

    def finished(self) -> Label:
        """Return the label."""
        self._close(self.last_day)
        return Label(intervals=tuple(self._intervals), without_effect=tuple(self._idle))

    def _move(self, on: date, step: LabelStep) -> None:
        after = TRANSITIONS[self._state, step]
        self._close(on)
        if self._state is LabelState.SLEEPING and after is not LabelState.SLEEPING:
            self._slept_since = self._sleeps_through = None
        if after not in {LabelState.ACTIVE_SLL, LabelState.SUSPENDED}:
            self._checked = None
        self._state, self._cause = after, step

    def _close(self, on: date) -> None:
        """End the running interval before ``on``; one without a day leaves no trace."""
        if self._terms is not None and self._start is not None and self._start < min(on, self.last_day):
            self._intervals.append(
                LabelInterval(
                    state=self._state,
                    start=self._start,
                    end=min(on, self.last_day),
                    terms_version=self._terms.terms.version,
                    has_clauses=self._terms.terms.ratchet is not None,
                    checked_version=self._checked,
                    cause=self._cause,
                )
            )
        self._start = on


def _known_order(event: LabelEvent) -> tuple[datetime, int]:
    return event.recorded_at, event.number


def _joined(spans: Iterable[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """Return the spans, neighbours joined."""
    joined: list[tuple[date, date]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
