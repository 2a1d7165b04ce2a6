"""Accepting observations: what repeats, corrects, supports or contradicts what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.market.bounds import InstrumentBound, belongs, bounds_from_rows
from finance.market.observations import Acceptance, Observation, PriceBasis, accept, accept_all
from ledger.core.errors import DomainError, Invalid
from tests.contract.rows import reference_rows

BOUNDS = bounds_from_rows(reference_rows("instrument_bounds.csv"))
KNOWN_AT = datetime(2026, 8, 14, 10, 0, tzinfo=UTC)
CLOSE = Observation(
    source="exchange",
    instrument="CEA25",
    price_basis=PriceBasis.LISTED_CLOSE,
    trade_date=date(2026, 8, 14),
    last_trade_date=date(2026, 8, 14),
    value=Decimal("98.21"),
    currency="CNY",
    unit="t",
    known_at=KNOWN_AT,
    raw_sha256="0" * 64,
)


def limit_move(previous: str, value: str) -> Observation:
    return replace(CLOSE, previous_value=Decimal(previous), value=Decimal(value))


def test_the_first_word_on_a_day_is_new() -> None:
    outcome = accept((), CLOSE, BOUNDS)

    assert outcome.acceptance is Acceptance.NEW
    assert outcome.observation == CLOSE


def test_the_same_word_again_is_a_duplicate_even_when_fetched_later_in_other_bytes() -> None:
    again = replace(CLOSE, known_at=KNOWN_AT + timedelta(hours=1), raw_sha256="1" * 64, value=Decimal("98.210"))

    outcome = accept((CLOSE,), again)

    assert outcome.acceptance is Acceptance.DUPLICATE
    assert not outcome.is_stored


def test_another_word_from_the_same_source_is_the_next_revision_and_the_old_one_stays() -> None:
    corrected = replace(CLOSE, value=Decimal("98.25"))

    outcome = accept((CLOSE,), corrected)

    assert (outcome.acceptance, outcome.observation.revision) == (Acceptance.REVISED, 2)
    assert outcome.against == CLOSE


def test_a_source_that_returns_to_its_first_word_revises_again() -> None:
    corrected = replace(CLOSE, value=Decimal("98.25"), revision=2)

    outcome = accept((CLOSE, corrected), CLOSE)

    assert (outcome.acceptance, outcome.observation.revision) == (Acceptance.REVISED, 3)


def test_another_source_with_the_same_price_corroborates() -> None:
    outcome = accept((CLOSE,), replace(CLOSE, source="bulletin", value=Decimal("98.210")))

    assert outcome.acceptance is Acceptance.CORROBORATED


def test_another_source_with_another_price_is_a_conflict_and_is_not_stored() -> None:
    outcome = accept((CLOSE,), replace(CLOSE, source="bulletin", value=Decimal("96.20")))

    assert outcome.acceptance is Acceptance.CONFLICT
    assert not outcome.is_stored
    assert outcome.against == CLOSE


def test_the_same_number_in_another_currency_is_a_conflict() -> None:
    outcome = accept((CLOSE,), replace(CLOSE, source="bulletin", currency="EUR"))

    assert outcome.acceptance is Acceptance.CONFLICT


def test_a_day_without_a_price_neither_supports_nor_contradicts_one() -> None:
    silent = replace(CLOSE, source="bulletin", value=None, missing_reason="no trade", last_trade_date=None)

    assert accept((CLOSE,), silent).acceptance is Acceptance.NEW


def test_another_basis_on_the_same_day_is_another_fact() -> None:
    block = replace(CLOSE, price_basis=PriceBasis.VWAP_BLOCK, value=Decimal("93.89"))

    assert accept((CLOSE,), block).acceptance is Acceptance.NEW


@pytest.mark.parametrize(
    ("previous", "value"), [("50.00", "55.00"), ("50.00", "45.00"), ("48.15", "52.97"), ("48.15", "43.34")]
)
def test_a_limit_day_is_accepted_because_the_limit_price_itself_is_rounded(previous: str, value: str) -> None:
    assert accept((), limit_move(previous, value), BOUNDS).acceptance is Acceptance.NEW


@pytest.mark.parametrize(("previous", "value"), [("50.00", "55.01"), ("50.00", "44.99"), ("100.00", "110.50")])
def test_a_move_beyond_the_limit_is_quarantined(previous: str, value: str) -> None:
    outcome = accept((), limit_move(previous, value), BOUNDS)

    assert outcome.acceptance is Acceptance.QUARANTINED
    assert not outcome.is_stored
    assert outcome.reasons


def test_without_a_previous_close_no_move_is_tested() -> None:
    assert accept((), replace(CLOSE, value=Decimal("500.00")), BOUNDS).acceptance is Acceptance.NEW


def test_a_bound_ends_on_its_exclusive_last_day() -> None:
    old = replace(
        limit_move("50.00", "60.00"),
        instrument="COMCEA",
        trade_date=date(2023, 8, 28),
        last_trade_date=date(2023, 8, 28),
    )

    assert accept((), old, BOUNDS).acceptance is Acceptance.NEW


@pytest.mark.parametrize(
    ("instrument", "family", "expected"),
    [
        ("CEA", "CEA", True),
        ("CEA25", "CEA", True),
        ("COMCEA", "CEA", False),
        ("EUAA", "EUA", False),
        ("CCER-AFF-1", "CCER", True),
        ("CEAX", "CEA", False),
    ],
)
def test_families_hold_vintages_and_projects_and_no_look_alikes(
    instrument: str, family: str, *, expected: bool
) -> None:
    assert belongs(instrument, family) is expected


@given(
    st.lists(
        st.builds(
            lambda offset, cents, source: replace(
                CLOSE,
                trade_date=CLOSE.trade_date + timedelta(days=offset),
                value=Decimal(cents).scaleb(-2),
                previous_value=Decimal("98.15"),
                source=source,
            ),
            st.integers(min_value=0, max_value=30),
            st.integers(min_value=8000, max_value=12000),
            st.sampled_from(["exchange", "bulletin"]),
        ),
        unique_by=lambda seen: seen.trade_date,
    ).flatmap(lambda days: st.tuples(st.just(days), st.permutations(days)))
)
def test_days_may_arrive_in_any_order(case: tuple[list[Observation], list[Observation]]) -> None:
    def stored(days: list[Observation]) -> set[Observation]:
        kept: list[Observation] = []
        for new in days:
            outcome = accept(kept, new, BOUNDS)
            if outcome.is_stored:
                kept.append(outcome.observation)
        return set(kept)

    days, shuffled = case

    assert stored(days) == stored(shuffled)


def test_a_batch_is_judged_oldest_first_and_beside_itself() -> None:
    first = replace(CLOSE, known_at=KNOWN_AT)
    second = replace(CLOSE, known_at=KNOWN_AT + timedelta(hours=1), value=Decimal("98.30"))

    outcomes = accept_all((), (second, first))

    assert [outcome.acceptance for outcome in outcomes] == [Acceptance.NEW, Acceptance.REVISED]


@pytest.mark.parametrize(
    "change",
    [
        {"value": Decimal(0)},
        {"value": Decimal(-1)},
        {"value": Decimal("NaN")},
        {"value": Decimal("Infinity")},
        {"value": Decimal("1e400")},
        {"value": None},
        {"missing_reason": "no trade"},
        {"instrument": "cea"},
        {"instrument": "CEA\n"},
        {"source": ""},
        {"source": "x\u0000"},
        {"currency": "cny"},
        {"unit": "CNY/t"},
        {"raw_sha256": "00"},
        {"last_trade_date": date(2026, 8, 15)},
        {"volume_t": -1},
        {"revision": 0},
        {"known_at": datetime(2026, 8, 14, 10, 0)},  # noqa: DTZ001 - a naive instant is the point
    ],
    ids=range(18),
)
def test_an_observation_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DomainError):
        replace(CLOSE, **change)  # type: ignore[arg-type]  # one wrong field each


def test_a_bound_that_can_hold_for_nothing_is_refused() -> None:
    bound = BOUNDS[0]

    with pytest.raises(Invalid):
        replace(bound, max_move=Fraction(0))
    with pytest.raises(Invalid):
        replace(bound, effective_to=bound.effective_from)


def test_an_unreadable_bound_row_is_refused() -> None:
    row = reference_rows("instrument_bounds.csv")[0]

    for change in ({"value": "ten"}, {"severity": "mild"}, {"status": "sure"}, {"effective_from": "soon"}):
        with pytest.raises(DomainError):
            bounds_from_rows([row | change])
    with pytest.raises(DomainError):
        bounds_from_rows([{"id": "x"}])


def test_limits_are_rounded_to_the_tick() -> None:
    bound: InstrumentBound = BOUNDS[0]

    assert bound.limits(Fraction("48.15")) == (Fraction("43.34"), Fraction("52.97"))
