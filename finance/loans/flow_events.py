"""A flow schedule as a list of events in ACTUS order, with the margin adjustment after interest and before repricing.

Owns the order of one day: what is paid on a day is computed at the old rate. Knows no rule; it reads a schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.loans.balance import PrincipalFlow, PrincipalKind
from finance.loans.base_rates import BaseRate
from finance.loans.flows import FlowSchedule, InterestSegment
from finance.loans.rate_path import all_in_rate


class EventKind(StrEnum):
    """The events by their ACTUS names, in the order in which one day's events count.

    Source: ACTUS techspecs, event sequence. MRA, the margin adjustment, is our own.
    """

    IED = "IED"  # initial exchange
    PR = "PR"  # scheduled repayment
    PD = "PD"  # further drawdown
    PY = "PY"  # charge on an early repayment
    PP = "PP"  # early repayment
    IP = "IP"  # interest payment
    MRA = "MRA"  # margin adjustment
    RR = "RR"  # base rate read again
    MD = "MD"  # maturity


_ORDER = {kind: place for place, kind in enumerate(EventKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEvent:
    """One event: ``amount_minor`` is what the borrower pays on ``payment_date`` (drawn is negative).

    ``balance_minor`` and ``rate`` are the state after it. ``rate`` of IP is the one the period ended with.
    """

    kind: EventKind
    on: date
    payment_date: date | None
    amount_minor: int
    balance_minor: int
    rate: Fraction


def flow_events(schedule: FlowSchedule, *, clause: BaseRate) -> tuple[FlowEvent, ...]:
    """Return the schedule's events by day and, within a day, in the order of ``EventKind``.

    ``clause`` is the tranche's base rate, whose floor and cap bound the rate between a margin adjustment and a
    repricing of the same day.
    """
    dated: list[tuple[date, EventKind, date | None, int]] = []
    for flow in schedule.principal:
        if flow.charge_minor:
            dated.append((flow.on, EventKind.PY, flow.payment_date, flow.charge_minor))
        dated.append((flow.on, _kind(flow), flow.payment_date, flow.amount_minor))
    dated += [(due.period.end, EventKind.IP, due.period.payment_date, due.payment_minor) for due in schedule.interest]
    segments = [segment for due in schedule.interest for segment in due.segments]
    end = segments[-1].end
    dated += [(day, EventKind.MRA, day, 0) for day in schedule.adjustment_days if day < end]
    dated += [(day, EventKind.RR, day, 0) for day in schedule.repricing_days if day < end]
    return _with_state(sorted(dated, key=lambda item: (item[0], _ORDER[item[1]])), segments, clause)


def _with_state(
    dated: list[tuple[date, EventKind, date | None, int]], segments: list[InterestSegment], clause: BaseRate
) -> tuple[FlowEvent, ...]:
    starts = {segment.start: segment for segment in segments}
    ends = {segment.end: segment for segment in segments}
    balance_minor, current = 0, segments[0]
    base_rate, adjustment_bp = current.base_rate, current.adjustment_bp
    events = []
    for on, kind, payment_date, amount_minor in dated:
        following = starts.get(on, current)
        if kind not in {EventKind.IP, EventKind.PY, EventKind.MRA, EventKind.RR}:
            balance_minor -= amount_minor
        if kind is EventKind.IP:  # a rate compounded in arrears is known only now
            base_rate, adjustment_bp = ends[on].base_rate, ends[on].adjustment_bp
        if kind is EventKind.MRA:
            adjustment_bp = following.adjustment_bp
        if kind is EventKind.RR:
            base_rate, adjustment_bp = following.base_rate, following.adjustment_bp
        current = following
        events.append(
            FlowEvent(
                kind=kind,
                on=on,
                payment_date=payment_date,
                amount_minor=amount_minor,
                balance_minor=balance_minor,
                rate=all_in_rate(clause, base_rate=base_rate, adjustment_bp=adjustment_bp),
            )
        )
    return tuple(events)


def _kind(flow: PrincipalFlow) -> EventKind:
    return EventKind(PrincipalKind(flow.kind).value)
