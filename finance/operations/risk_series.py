"""Return series of instruments from the prices an organisation has stored, by what was known at one instant.

Loads observations and calendars and hands them to the core. Saves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendars import BusinessCalendar
from finance.market.observations import Observation, PriceBasis
from finance.market.risk.parameters import RiskParameters, risk_parameters
from finance.market.risk.returns import ReturnRules, ReturnSeries, SeriesLeg, return_series
from finance.store import calendar_years, reference
from finance.store import market as market_store
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuestion:
    """What series are read from: whose prices, up to which day, by what was known when, under which rules.

    ``legs`` say for an instrument what stands for it; without legs it is its own preferred price basis throughout.
    """

    organisation_id: UUID
    as_of: date
    known_at: datetime
    rules: ReturnRules
    legs: Mapping[str, tuple[SeriesLeg, ...]]


def parameters_on(day: date) -> RiskParameters:
    """Return the risk parameters in force on ``day``."""
    return risk_parameters(reference.shipped_risk_parameters(), on=day)


def load_series(session: Session, instruments: Sequence[str], asked: SeriesQuestion) -> tuple[ReturnSeries, ...]:
    """Return one series per instrument, in the order given; what nothing marks is refused by the mark rules."""
    parameters = parameters_on(asked.as_of)
    legs = {instrument: asked.legs.get(instrument) or _own_leg(instrument, asked) for instrument in instruments}
    calendars = {instrument: _calendar(session, chain, asked) for instrument, chain in legs.items()}
    stored = market_store.list_observations(
        session,
        asked.organisation_id,
        instruments={leg.instrument for chain in legs.values() for leg in chain},
        since=min((leg.valid_from for chain in legs.values() for leg in chain), default=asked.as_of),
        until=asked.as_of,
        known_at=asked.known_at,
    )
    return tuple(
        return_series(
            instrument,
            stored,
            legs=chain,
            calendar=calendars[instrument],
            bounds=reference.shipped_instrument_bounds(),
            rules=asked.rules,
            parameters=parameters,
        )
        for instrument, chain in legs.items()
    )


def load_volumes(session: Session, instruments: Sequence[str], asked: SeriesQuestion) -> tuple[Observation, ...]:
    """Return every stored observation of ``instruments`` up to the day, from which volumes are read."""
    return market_store.list_observations(
        session, asked.organisation_id, instruments=instruments, until=asked.as_of, known_at=asked.known_at
    )


def preferred_basis(instrument: str, *, on: date) -> PriceBasis:
    """Return the price basis that the mark rules rank first for ``instrument``; an unknown instrument is refused."""
    ranks = reference.shipped_mark_rules().ranks(instrument, on=on)
    return PriceBasis(min(ranks, key=lambda basis: (ranks[basis], basis)))


def _own_leg(instrument: str, asked: SeriesQuestion) -> tuple[SeriesLeg, ...]:
    basis = preferred_basis(instrument, on=asked.as_of)
    calendar = reference.shipped_calendar(reference.shipped_mark_rules().calendar_of(instrument, on=asked.as_of))
    return (
        SeriesLeg(
            instrument=instrument,
            price_basis=basis,
            valid_from=min(calendar.first_known, asked.as_of),
            valid_to=asked.as_of + timedelta(days=1),
        ),
    )


def _calendar(session: Session, legs: Sequence[SeriesLeg], asked: SeriesQuestion) -> BusinessCalendar:
    rules = reference.shipped_mark_rules()
    names = {rules.calendar_of(leg.instrument, on=asked.as_of) for leg in legs}
    if len(names) != 1:
        raise Invalid(
            "risk.legs_calendar", "legs: expected instruments of one exchange calendar; sessions of two never line up"
        )
    held = calendar_years.load_calendar(session, asked.organisation_id, names.pop(), known_at=asked.known_at)
    return held.calendar
