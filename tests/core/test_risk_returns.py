"""Return series: which sessions make a return, and what is dropped, spread, merged, broken off or flagged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import BusinessCalendar, next_open_day
from finance.conventions.tables import ReferenceSet, parse_reference_rows
from finance.market.bounds import bounds_from_rows
from finance.market.observations import Observation, PriceBasis
from finance.market.risk.parameters import RiskParameters, risk_parameters
from finance.market.risk.returns import (
    LimitDayRule,
    NoTradeRule,
    ReturnRules,
    ReturnSeries,
    SeriesLeg,
    return_series,
)
from ledger.core.errors import DomainError, Invalid
from tests.contract.rows import reference_rows

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
EXCHANGE: BusinessCalendar = next(
    one
    for one in parse_calendars((REFERENCE / "calendars.csv").read_text(encoding="utf-8"))
    if one.market == "cn_exchange"
)
BOUNDS = bounds_from_rows(reference_rows("instrument_bounds.csv"))
ROWS = ReferenceSet(
    set_id="risk_parameters",
    version="1",
    rows=parse_reference_rows(
        (REFERENCE / "risk_parameters.csv").read_text(encoding="utf-8"), file="risk_parameters.csv"
    ),
)
PARAMETERS: RiskParameters = risk_parameters(ROWS, on=date(2026, 8, 14))
KNOWN_AT = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
PLAIN = ReturnRules(no_trade=NoTradeRule.DROP, limit_days=LimitDayRule.KEEP)
MONDAY = date(2026, 8, 3)
DAYS = [MONDAY + timedelta(days=offset) for offset in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]


def close(day: date, value: str | None, *, is_traded: bool = True, instrument: str = "CEA25") -> Observation:
    return Observation(
        source="exchange",
        instrument=instrument,
        price_basis=PriceBasis.LISTED_CLOSE,
        trade_date=day,
        last_trade_date=day if is_traded and value is not None else None,
        value=None if value is None else Decimal(value),
        missing_reason="no trade" if value is None else "",
        currency="CNY",
        unit="t",
        known_at=KNOWN_AT,
        raw_sha256="0" * 64,
        volume_t=1000 if is_traded else 0,
    )


def leg(
    instrument: str = "CEA25",
    *,
    basis: PriceBasis = PriceBasis.LISTED_CLOSE,
    start: date = date(2026, 1, 1),
    end: date = date(2026, 9, 1),
) -> SeriesLeg:
    return SeriesLeg(instrument=instrument, price_basis=basis, valid_from=start, valid_to=end)


def series(*seen: Observation, rules: ReturnRules = PLAIN, legs: tuple[SeriesLeg, ...] = ()) -> ReturnSeries:
    return return_series(
        "CEA25",
        seen,
        legs=legs or (leg(),),
        calendar=EXCHANGE,
        bounds=BOUNDS,
        rules=rules,
        parameters=PARAMETERS,
    )


def values(found: ReturnSeries) -> list[Fraction]:
    return [one.value for one in found.returns]


def test_two_traded_sessions_make_one_simple_return() -> None:
    found = series(close(DAYS[0], "100"), close(DAYS[1], "103"))

    assert values(found) == [Fraction(3, 100)]
    assert (found.returns[0].start, found.returns[0].on, found.returns[0].sessions) == (DAYS[0], DAYS[1], 1)


def test_a_weekend_is_no_gap() -> None:
    found = series(close(DAYS[4], "100"), close(DAYS[5], "101"))

    assert (values(found), found.facts.missing) == ([Fraction(1, 100)], 0)


def test_a_session_without_a_trade_is_never_a_zero_return() -> None:
    found = series(close(DAYS[0], "100"), close(DAYS[1], "100", is_traded=False), close(DAYS[2], "106"))

    assert values(found) == [Fraction(6, 100)]
    assert (found.returns[0].sessions, found.facts.no_trade) == (2, 1)


def test_a_day_without_a_price_is_a_session_without_a_trade() -> None:
    found = series(close(DAYS[0], "100"), close(DAYS[1], None), close(DAYS[2], "106"))

    assert (values(found), found.facts.no_trade, found.facts.missing) == ([Fraction(6, 100)], 1, 0)


def test_a_spread_move_is_a_straight_line_of_prices() -> None:
    rules = replace(PLAIN, no_trade=NoTradeRule.SPREAD)

    found = series(close(DAYS[0], "100"), close(DAYS[1], "100", is_traded=False), close(DAYS[2], "106"), rules=rules)

    assert values(found) == [Fraction(3, 100), Fraction(3, 103)]
    assert [one.on for one in found.returns] == [DAYS[1], DAYS[2]]


def test_a_session_that_nobody_observed_breaks_the_series() -> None:
    found = series(close(DAYS[0], "100"), close(DAYS[2], "106"), close(DAYS[3], "106.53"))

    assert values(found) == [Fraction(1, 200)]
    assert (found.facts.missing, found.facts.breaks) == (1, 1)


def test_a_carried_close_with_a_stated_volume_of_zero_is_no_trade() -> None:
    seen = replace(close(DAYS[1], "101"), volume_t=0)

    assert values(series(close(DAYS[0], "100"), seen, close(DAYS[2], "102"))) == [Fraction(2, 100)]


def test_a_standstill_of_more_than_twenty_sessions_breaks_the_series() -> None:
    days = [date(2026, 6, 1)]
    while len(days) < 24:
        days.append(next_open_day(EXCHANGE, days[-1]))
    idle = [close(day, "100", is_traded=False) for day in days[1:]]

    within = series(close(days[0], "100"), *idle[:20], close(days[21], "120"))
    beyond = series(close(days[0], "100"), *idle[:21], close(days[22], "120"))

    assert (values(within), within.facts.breaks) == ([Fraction(1, 5)], 0)
    assert (values(beyond), beyond.facts.breaks) == ([], 1)


def test_a_close_at_the_rounded_limit_is_flagged_and_counted() -> None:
    """48.15 + 10 % is 52.965, rounded half-up to the tick 52.97: the limit, although it is more than 10 %."""
    found = series(close(DAYS[0], "48.15"), close(DAYS[1], "52.97"), close(DAYS[2], "52.96"))

    assert [one.is_censored for one in found.returns] == [True, False]
    assert found.censored_share == Fraction(1, 3)


def test_a_close_one_tick_inside_the_limit_is_not_flagged() -> None:
    assert series(close(DAYS[0], "48.15"), close(DAYS[1], "52.96")).facts.censored == 0


def test_limit_days_merge_with_the_first_session_that_was_free() -> None:
    rules = replace(PLAIN, limit_days=LimitDayRule.MERGE)

    found = series(close(DAYS[0], "100"), close(DAYS[1], "90"), close(DAYS[2], "81"), close(DAYS[3], "80"), rules=rules)

    assert values(found) == [Fraction(-20, 100)]
    assert (found.returns[0].sessions, found.returns[0].is_censored, found.facts.censored) == (3, False, 2)


def test_a_limit_day_at_the_end_stays_because_its_loss_was_real() -> None:
    rules = replace(PLAIN, limit_days=LimitDayRule.MERGE)

    found = series(close(DAYS[0], "100"), close(DAYS[1], "90"), rules=rules)

    assert [(one.value, one.is_censored) for one in found.returns] == [(Fraction(-10, 100), True)]


def test_no_return_spans_two_legs() -> None:
    legs = (leg("CEA24", end=DAYS[2]), leg("CEA25", start=DAYS[2]))
    seen = [
        close(DAYS[0], "80", instrument="CEA24"),
        close(DAYS[1], "82", instrument="CEA24"),
        close(DAYS[2], "97"),
        close(DAYS[3], "98"),
    ]

    assert values(series(*seen, legs=legs)) == [Fraction(1, 40), Fraction(1, 97)]


def test_two_price_bases_are_never_one_series() -> None:
    block = replace(close(DAYS[1], "70"), price_basis=PriceBasis.VWAP_BLOCK)

    assert values(series(close(DAYS[0], "100"), block, close(DAYS[1], "101"))) == [Fraction(1, 100)]


def test_a_revision_replaces_what_it_corrects() -> None:
    seen = (close(DAYS[0], "100"), close(DAYS[1], "101"), replace(close(DAYS[1], "102"), revision=2))

    assert values(series(*seen)) == [Fraction(2, 100)]


def test_a_day_off_the_calendar_is_left_out_and_counted() -> None:
    found = series(close(DAYS[4], "100"), close(date(2026, 8, 8), "150"), close(DAYS[5], "101"))

    assert (values(found), found.facts.off_calendar) == ([Fraction(1, 100)], 1)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: series(legs=(leg(start=DAYS[2]), leg(start=DAYS[0]))), "risk.legs"),
        (lambda: leg(start=DAYS[0], end=DAYS[0]), "risk.leg"),
        (lambda: series(legs=(leg(basis=PriceBasis.MONTH_END_CLOSE),)), "risk.price_basis"),
    ],
)
def test_legs_that_make_no_series_are_refused(make: object, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        make()  # type: ignore[operator]  # one of the calls above

    assert refusal.value.code == code


def test_a_parameter_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(Invalid, match="whole number"):
        PARAMETERS.whole("ewma_lambda")


@given(
    st.lists(st.tuples(st.integers(min_value=9_000, max_value=11_000), st.booleans()), min_size=2, max_size=len(DAYS)),
    st.sampled_from(NoTradeRule),
    st.sampled_from(LimitDayRule),
)
def test_the_returns_of_an_unbroken_series_compound_to_the_whole_move(
    prices: list[tuple[int, bool]], no_trade: NoTradeRule, limit_days: LimitDayRule
) -> None:
    days = list(zip(DAYS, prices, strict=False))
    seen = [close(day, str(Decimal(cents) / 100), is_traded=traded) for day, (cents, traded) in days]
    traded = [Fraction(cents, 100) for _, (cents, is_traded) in days if is_traded]

    found = series(*seen, rules=ReturnRules(no_trade=no_trade, limit_days=limit_days))

    grown = Fraction(1)
    for one in found.returns:
        grown *= 1 + one.value
    assert grown == (traded[-1] / traded[0] if traded else 1)
    assert all(one.start == before.on for before, one in zip(found.returns, found.returns[1:], strict=False))
