"""Marks: which price counts on a day, how fresh it is, and when two persons must stand for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import BusinessCalendar
from finance.market.mark_rules import MarkRules, mark_rules_from_rows
from finance.market.marks import ApprovedMark, Mark, MarkState, mark_for
from finance.market.observations import Observation, PriceBasis
from finance.market.snapshots import Snapshot, build_snapshot
from ledger.core.errors import DomainError, Forbidden, Invalid
from tests.contract.rows import reference_rows

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
CALENDARS = {
    calendar.market: calendar for calendar in parse_calendars((REFERENCE / "calendars.csv").read_text(encoding="utf-8"))
}
EXCHANGE: BusinessCalendar = CALENDARS["cn_exchange"]
RULES: MarkRules = mark_rules_from_rows(reference_rows("staleness_rules.csv"), reference_rows("sources.csv"))
KNOWN_AT = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
SHA = "0" * 64


def observed(
    value: str | None,
    trade_date: date,
    *,
    last_trade_date: date | None,
    basis: PriceBasis = PriceBasis.LISTED_CLOSE,
    instrument: str = "CEA24",
    known_at: datetime = KNOWN_AT,
    source: str = "exchange",
) -> Observation:
    return Observation(
        source=source,
        instrument=instrument,
        price_basis=basis,
        trade_date=trade_date,
        last_trade_date=last_trade_date,
        value=None if value is None else Decimal(value),
        missing_reason="no trade" if value is None else "",
        currency="CNY",
        unit="t",
        known_at=known_at,
        raw_sha256=SHA,
    )


def traded(value: str, day: date, **changes: PriceBasis | str | datetime) -> Observation:
    return replace(observed(value, day, last_trade_date=day), **changes)  # type: ignore[arg-type]  # one field each


def mark(
    *observations: Observation, as_of: date, known_at: datetime = KNOWN_AT, approved: tuple[ApprovedMark, ...] = ()
) -> Mark:
    return mark_for(
        "CEA24",
        as_of=as_of,
        known_at=known_at,
        observations=observations,
        calendar=EXCHANGE,
        rules=RULES,
        approved=approved,
    )


def approval(**changes: object) -> ApprovedMark:
    fields = {
        "id": "approval-1",
        "instrument": "CEA24",
        "value": Decimal("78.00"),
        "currency": "CNY",
        "unit": "t",
        "maker": "treasury.lin",
        "checker": "risk.wang",
        "reason": "two block quotes",
        "evidence_sha256": "a" * 64,
        "valid_from": date(2026, 8, 17),
        "valid_to": date(2026, 8, 20),
        "approved_at": datetime(2026, 8, 17, 8, 0, tzinfo=UTC),
    } | changes
    return ApprovedMark(**fields)  # type: ignore[arg-type]  # fields by name, checked by the tests that build them


FROZEN = observed("81.00", date(2026, 8, 14), last_trade_date=None)
LAST_TRADE = traded("81.00", date(2026, 2, 13))


def test_a_price_traded_on_the_last_session_is_fresh() -> None:
    seen = mark(traded("97.40", date(2026, 8, 19)), as_of=date(2026, 8, 19))

    assert (seen.state, seen.value, seen.age_trading_days) == (MarkState.FRESH, Decimal("97.40"), 0)


def test_a_weekend_does_not_age_a_price() -> None:
    seen = mark(traded("98.21", date(2026, 8, 14)), as_of=date(2026, 8, 16))

    assert (seen.state, seen.age_trading_days) == (MarkState.FRESH, 0)


def test_a_price_not_yet_published_for_the_session_is_late_and_usable() -> None:
    seen = mark(traded("98.21", date(2026, 8, 14)), as_of=date(2026, 8, 17))

    assert (seen.state, seen.value, seen.age_trading_days) == (MarkState.LATE, Decimal("98.21"), 1)


def test_a_close_repeated_without_a_trade_is_carried() -> None:
    seen = mark(
        traded("79.00", date(2026, 2, 12)),
        observed("79.00", date(2026, 2, 13), last_trade_date=None),
        as_of=date(2026, 2, 13),
    )

    assert (seen.state, seen.age_trading_days, seen.last_trade_date) == (MarkState.CARRIED, 1, date(2026, 2, 12))


def test_a_published_day_without_a_price_carries_the_price_before_it() -> None:
    seen = mark(
        traded("79.00", date(2026, 2, 12)),
        observed(None, date(2026, 2, 13), last_trade_date=None),
        as_of=date(2026, 2, 13),
    )

    assert (seen.state, seen.value, seen.trade_date) == (MarkState.CARRIED, Decimal("79.00"), date(2026, 2, 12))


def test_the_old_vintages_frozen_close_is_stale_and_has_no_usable_value() -> None:
    seen = mark(LAST_TRADE, FROZEN, as_of=date(2026, 8, 14))

    assert seen.state is MarkState.STALE
    assert seen.value is None
    assert seen.last_value == Decimal("81.00")
    assert seen.last_trade_date == date(2026, 2, 13)


def test_a_month_end_close_says_itself_that_it_was_last_traded_long_ago() -> None:
    march_end = replace(
        observed("81.00", date(2026, 3, 31), last_trade_date=date(2026, 2, 13)),
        price_basis=PriceBasis.MONTH_END_CLOSE,
    )

    seen = mark(march_end, as_of=date(2026, 3, 31))

    assert (seen.state, seen.age_trading_days) == (MarkState.STALE, 26)


def test_the_limit_itself_is_still_usable_and_the_session_after_it_is_not() -> None:
    last_usable = mark(LAST_TRADE, as_of=date(2026, 3, 23))
    first_stale = mark(LAST_TRADE, as_of=date(2026, 3, 24))

    assert (last_usable.age_trading_days, last_usable.state) == (20, MarkState.LATE)
    assert (first_stale.age_trading_days, first_stale.state) == (21, MarkState.STALE)


def test_a_price_of_which_nobody_knows_the_last_trade_is_stale() -> None:
    seen = mark(FROZEN, as_of=date(2026, 8, 14))

    assert (seen.state, seen.age_trading_days, seen.value) == (MarkState.STALE, None, None)


def test_no_observation_is_missing() -> None:
    seen = mark(as_of=date(2026, 8, 14))

    assert (seen.state, seen.value, seen.last_value) == (MarkState.MISSING, None, None)


def test_what_was_learned_later_or_is_dated_later_does_not_count() -> None:
    later = traded("99.00", date(2026, 8, 14), known_at=KNOWN_AT + timedelta(seconds=1))
    tomorrow = traded("99.00", date(2026, 8, 17))

    seen = mark(traded("98.00", date(2026, 8, 13)), later, tomorrow, as_of=date(2026, 8, 14))

    assert seen.value == Decimal("98.00")


def test_a_correction_counts_from_the_moment_it_is_known() -> None:
    first = traded("98.00", date(2026, 8, 14), known_at=KNOWN_AT - timedelta(days=1))
    corrected = replace(first, value=Decimal("98.21"), revision=2, known_at=KNOWN_AT)

    before = mark(first, corrected, as_of=date(2026, 8, 14), known_at=KNOWN_AT - timedelta(hours=1))
    after = mark(first, corrected, as_of=date(2026, 8, 14))

    assert (before.value, before.revision) == (Decimal("98.00"), 1)
    assert (after.value, after.revision) == (Decimal("98.21"), 2)


def test_a_block_average_never_marks_a_vintage() -> None:
    block = traded("70.00", date(2026, 8, 14), price_basis=PriceBasis.VWAP_BLOCK)

    assert mark(block, as_of=date(2026, 8, 14)).state is MarkState.MISSING


def test_a_worse_ranked_basis_that_is_newer_marks_and_says_so() -> None:
    listed = traded("97.00", date(2026, 7, 1))
    month_end = traded("98.59", date(2026, 7, 31), price_basis=PriceBasis.MONTH_END_CLOSE)

    seen = mark(listed, month_end, as_of=date(2026, 7, 31))

    assert (seen.value, seen.basis, seen.is_fallback) == (Decimal("98.59"), PriceBasis.MONTH_END_CLOSE, True)


def test_the_better_ranked_basis_wins_on_the_same_day() -> None:
    listed = traded("98.60", date(2026, 7, 31))
    month_end = traded("98.59", date(2026, 7, 31), price_basis=PriceBasis.MONTH_END_CLOSE)

    seen = mark(month_end, listed, as_of=date(2026, 7, 31))

    assert (seen.value, seen.is_fallback) == (Decimal("98.60"), False)


def test_an_approved_mark_gives_a_stale_price_a_value_and_it_still_shows_as_stale() -> None:
    seen = mark(LAST_TRADE, FROZEN, as_of=date(2026, 8, 18), approved=(approval(),))

    assert seen.state is MarkState.STALE
    assert (seen.value, seen.basis, seen.approved_by) == (
        Decimal("78.00"),
        PriceBasis.APPROVED_OVERRIDE,
        "risk.wang",
    )
    assert seen.last_value == Decimal("81.00")


@pytest.mark.parametrize(
    ("as_of", "known_at", "change"),
    [
        (date(2026, 8, 14), KNOWN_AT, {}),
        (date(2026, 8, 20), KNOWN_AT, {}),
        (date(2026, 8, 18), datetime(2026, 8, 17, 7, 59, tzinfo=UTC), {}),
        (date(2026, 8, 18), KNOWN_AT, {"withdrawn_at": datetime(2026, 8, 18, 0, 0, tzinfo=UTC)}),
        (date(2026, 8, 18), KNOWN_AT, {"instrument": "CEA23"}),
    ],
    ids=["before", "at_the_exclusive_end", "not_known_yet", "withdrawn", "another_vintage"],
)
def test_an_approval_outside_its_days_its_knowledge_or_its_vintage_gives_nothing(
    as_of: date, known_at: datetime, change: dict[str, object]
) -> None:
    assert mark(as_of=as_of, known_at=known_at, approved=(approval(**change),)).value is None


def test_an_approval_never_replaces_a_usable_price() -> None:
    seen = mark(traded("79.50", date(2026, 8, 18)), as_of=date(2026, 8, 18), approved=(approval(),))

    assert (seen.value, seen.approved_by) == (Decimal("79.50"), None)


def test_an_approval_longer_than_the_rule_is_refused() -> None:
    long = approval(valid_to=date(2026, 8, 23))

    with pytest.raises(Invalid) as refused:
        mark(as_of=date(2026, 8, 18), approved=(long,))

    assert refused.value.code == "market.validity"


def test_one_person_cannot_make_and_check_a_mark() -> None:
    with pytest.raises(Forbidden) as refused:
        approval(checker=" Treasury.Lin ")

    assert refused.value.code == "market.same_person"


@pytest.mark.parametrize(
    "change",
    [
        {"valid_to": date(2026, 8, 17)},
        {"reason": " "},
        {"evidence_sha256": "A" * 64},
        {"value": Decimal(0)},
        {"value": Decimal("NaN")},
        {"approved_at": datetime(2026, 8, 17, 8, 0)},  # noqa: DTZ001 - a naive instant is the point
    ],
    ids=["empty_validity", "no_reason", "no_evidence", "zero", "not_a_number", "naive_instant"],
)
def test_an_approval_that_could_not_be_defended_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DomainError):
        approval(**change)


def test_a_day_beyond_the_calendar_is_refused_and_not_guessed() -> None:
    with pytest.raises(DomainError) as refused:
        mark(traded("98.00", date(2027, 1, 4)), as_of=date(2027, 1, 4))

    assert refused.value.code == "calendar.unknown"


def test_an_instrument_without_a_source_row_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        mark_for("EUAA", as_of=date(2026, 8, 14), known_at=KNOWN_AT, observations=(), calendar=EXCHANGE, rules=RULES)

    assert refused.value.code == "market.instrument_unknown"


SESSIONS = [date(2026, 8, 10) + timedelta(days=offset) for offset in range(5)]
OBSERVATIONS = st.lists(
    st.builds(
        lambda instrument, day, cents, hours: traded(
            f"{cents // 100}.{cents % 100:02d}", day, instrument=instrument, known_at=KNOWN_AT + timedelta(hours=hours)
        ),
        st.sampled_from(["CEA23", "CEA24", "CEA25"]),
        st.sampled_from(SESSIONS),
        st.integers(min_value=1, max_value=20_000),
        st.integers(min_value=-48, max_value=48),
    ),
    max_size=12,
)


def unique_by_key(observations: list[Observation]) -> list[Observation]:
    return list({seen.key: seen for seen in observations}.values())


def snapshot_of(observations: list[Observation]) -> Snapshot:
    return build_snapshot(
        "close",
        as_of=date(2026, 8, 14),
        known_at=KNOWN_AT,
        instruments=("CEA25", "CEA24", "CEA23"),
        observations=observations,
        calendars=CALENDARS,
        rules=RULES,
    )


@given(OBSERVATIONS.map(unique_by_key).flatmap(lambda seen: st.tuples(st.just(seen), st.permutations(seen))))
def test_a_snapshot_does_not_depend_on_the_order_of_what_it_is_given(
    case: tuple[list[Observation], list[Observation]],
) -> None:
    ordered, shuffled = case

    assert snapshot_of(ordered).sha256 == snapshot_of(shuffled).sha256


@given(OBSERVATIONS, OBSERVATIONS)
def test_what_is_learned_later_never_changes_an_earlier_snapshot(
    known: list[Observation], learned: list[Observation]
) -> None:
    later = [replace(seen, known_at=KNOWN_AT + timedelta(seconds=1), revision=9) for seen in learned]

    assert snapshot_of(known) == snapshot_of(known + later)


def test_a_snapshot_has_one_mark_per_instrument_sorted_and_a_hash_of_its_content() -> None:
    snapshot = snapshot_of([traded("98.21", date(2026, 8, 14), instrument="CEA25")])

    assert [seen.instrument for seen in snapshot.marks] == ["CEA23", "CEA24", "CEA25"]
    assert snapshot.sha256 == replace(snapshot, id="another").sha256


def test_an_altered_snapshot_is_refused() -> None:
    snapshot = snapshot_of([traded("98.21", date(2026, 8, 14), instrument="CEA25")])
    dearer = replace(snapshot.marks[2], value=Decimal("99.21"))

    with pytest.raises(Invalid) as refused:
        replace(snapshot, marks=(*snapshot.marks[:2], dearer))

    assert refused.value.code == "market.snapshot_hash"


def test_a_last_trade_before_the_calendars_first_day_is_stale_and_stops_no_other_mark() -> None:
    old = traded("23.90", date(2020, 12, 29), price_basis=PriceBasis.AUCTION, instrument="EUA")
    fresh = traded("81.00", date(2026, 8, 14))

    snapshot = build_snapshot(
        "s-1",
        as_of=date(2026, 8, 14),
        known_at=KNOWN_AT,
        instruments=("CEA24", "EUA"),
        observations=(old, fresh),
        calendars=CALENDARS,
        rules=RULES,
    )

    assert [(one.instrument, one.state, one.value) for one in snapshot.marks] == [
        ("CEA24", MarkState.FRESH, Decimal("81.00")),
        ("EUA", MarkState.STALE, None),
    ]
    assert snapshot.marks[1].last_trade_date == date(2020, 12, 29)
    assert snapshot.marks[1].age_trading_days is None
