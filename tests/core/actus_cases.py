"""Short contracts for the ACTUS tests: round numbers, so that every expected figure can be computed in the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from finance.loans.actus.case_text import parse_case
from finance.loans.actus.evaluation import ActusEvent, evaluate
from finance.loans.actus.terms import Mode

PAM: Mapping[str, object] = {
    "contractType": "PAM",
    "contractID": "bullet",
    "contractRole": "RPA",
    "currency": "CNY",
    "statusDate": "2025-12-31T00:00:00",
    "initialExchangeDate": "2026-01-01T00:00:00",
    "maturityDate": "2026-07-01T00:00:00",
    "notionalPrincipal": "120000",
    "nominalInterestRate": "0.06",
    "dayCountConvention": "30E360",
    "cycleAnchorDateOfInterestPayment": "2026-02-01T00:00:00",
    "cycleOfInterestPayment": "P1ML1",
}
"""120,000 at 6 % in 30E360 earns 20 a day and 600 a month."""

LAM: Mapping[str, object] = {
    **PAM,
    "contractType": "LAM",
    "cycleAnchorDateOfPrincipalRedemption": "2026-02-01T00:00:00",
    "cycleOfPrincipalRedemption": "P1ML1",
    "nextPrincipalRedemptionPayment": "20000",
}
NAM: Mapping[str, object] = {**LAM, "contractType": "NAM", "nextPrincipalRedemptionPayment": "20600"}
ANN: Mapping[str, object] = {**LAM, "contractType": "ANN", "nextPrincipalRedemptionPayment": ""}
CLM: Mapping[str, object] = {
    **{term: value for term, value in PAM.items() if term != "cycleAnchorDateOfInterestPayment"},
    "contractType": "CLM",
    "cycleOfInterestPayment": "P1ML1",
    "xDayNotice": "P10D",
}


def events(
    terms: Mapping[str, object],
    *,
    mode: Mode = Mode.LITERAL,
    to: str = "",
    market: Mapping[str, Mapping[str, str]] | None = None,
    observed: Sequence[Mapping[str, object]] = (),
) -> tuple[ActusEvent, ...]:
    series = {
        code: {"identifier": code, "data": [{"timestamp": day, "value": value} for day, value in points.items()]}
        for code, points in (market or {}).items()
    }
    case = {"terms": terms, "to": to, "dataObserved": series, "eventsObserved": list(observed), "results": []}
    return evaluate(parse_case(case), mode)


def flows(found: Sequence[ActusEvent]) -> list[tuple[str, str, int | Fraction]]:
    """Return day, type and payoff of every event."""
    return [(event.when.day.isoformat(), event.event_type.value, event.payoff) for event in found]


def only(found: Sequence[ActusEvent], event_type: str, day: str = "") -> ActusEvent:
    """Return the one event of a type (and day)."""
    hits = [
        event
        for event in found
        if event.event_type.value == event_type and (not day or event.when.day.isoformat() == day)
    ]
    assert len(hits) == 1, f"{len(hits)} events {event_type} {day} among {flows(found)}"
    return hits[0]


def payoffs(found: Sequence[ActusEvent], event_type: str) -> list[int | Fraction]:
    """Return the payoffs of one type in order."""
    return [event.payoff for event in found if event.event_type.value == event_type]


def days(found: Sequence[ActusEvent], event_type: str) -> list[str]:
    """Return the days of one type in order."""
    return [event.when.day.isoformat() for event in found if event.event_type.value == event_type]
