"""The certificate price from the auctions: exact until the end, and compared with what an authority published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.market.cbam_price import (
    Agreement,
    PeriodKind,
    PublishedPrice,
    own_price,
    period_of,
    quarter,
    reconcile,
    week,
    week_of,
)
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound

KNOWN_AT = datetime(2026, 11, 21, tzinfo=UTC)
BOUND = Fraction(5, 1000)
Q1 = quarter(2026, 1)


def auction(day: str, price: str | None, volume_t: int | None, *, instrument: str = "EUA") -> Observation:
    on = date.fromisoformat(day)
    return Observation(
        source="eex.primary_auction",
        instrument=instrument,
        price_basis=PriceBasis.AUCTION,
        trade_date=on,
        last_trade_date=on if price else None,
        value=Decimal(price) if price else None,
        missing_reason="" if price else "the auction was cancelled",
        currency="EUR",
        unit="t",
        volume_t=volume_t,
        known_at=KNOWN_AT,
        raw_sha256="a" * 64,
    )


def published(value: str, *, year: int = 2026, number: int = 1) -> PublishedPrice:
    return PublishedPrice(
        period=quarter(year, number), published_on=date(2026, 4, 7), value=Decimal(value), source="cbam.page"
    )


def test_the_mean_is_weighted_by_volume() -> None:
    own = own_price([auction("2026-01-13", "80.00", 2_000_000), auction("2026-02-10", "71.00", 1_000_000)], Q1)

    assert (own.value, own.exact, own.auctions, own.volume_t) == (Decimal("77.00"), Fraction(77), 2, 3_000_000)


def test_it_is_rounded_half_up_once_at_the_end() -> None:
    # (75.36 x 1 + 75.37 x 1) / 2 = 75.365
    own = own_price([auction("2026-01-13", "75.36", 1), auction("2026-01-14", "75.37", 1)], Q1)

    assert own.value == Decimal("75.37")
    assert own.exact == Fraction(75365, 1000)


def test_the_auctions_of_early_2026_give_the_mean_worked_by_hand() -> None:
    # 86.27 x 1,524,500 + 85.47 x 2,712,500 + 87 x 1,093,000 = 458,446,990.00 over 5,330,000 t = 86.0126...
    facts = [("2026-01-07", "86.27", 1_524_500), ("2026-01-08", "85.47", 2_712_500), ("2026-01-09", "87", 1_093_000)]

    own = own_price([auction(*fact) for fact in facts], Q1)

    assert own.exact == Fraction(458_446_990, 5_330_000)
    assert own.value == Decimal("86.01")


def test_cancelled_auctions_aviation_and_other_bases_are_left_out() -> None:
    kept = auction("2026-01-13", "80.00", 1_000)
    others = [
        auction("2026-01-14", None, 2_658_000),
        auction("2026-01-15", "60.00", 198_000, instrument="EUAA"),
        auction("2026-01-16", "90.00", None),
        auction("2026-01-16", "90.00", 0),
        replace(auction("2026-01-19", "90.00", 1_000), price_basis=PriceBasis.OFFICIAL_PRICE),
        auction("2026-04-01", "90.00", 1_000),
        auction("2025-12-31", "90.00", 1_000),
    ]

    assert own_price([kept, *others], Q1).value == Decimal("80.00")


def test_the_newest_revision_of_an_auction_counts() -> None:
    first = auction("2026-01-13", "80.00", 1_000)

    assert own_price([replace(first, value=Decimal("81.00"), revision=2), first], Q1).value == Decimal("81.00")


def test_two_sources_for_one_day_are_not_mixed() -> None:
    one = auction("2026-01-13", "80.00", 1_000)

    with pytest.raises(Conflict) as refused:
        own_price([one, replace(one, source="manual: typed")], Q1)

    assert refused.value.code == "cbam.two_sources"


def test_a_price_in_another_unit_is_refused() -> None:
    with pytest.raises(Invalid):
        own_price([replace(auction("2026-01-13", "80.00", 1_000), currency="GBP")], Q1)


def test_a_quarter_without_an_auction_has_no_price_even_if_weeks_may_look_back() -> None:
    with pytest.raises(NotFound) as refused:
        own_price([auction("2025-12-15", "80.00", 1)], Q1, takes_last_week_with_auctions=True)

    assert refused.value.code == "cbam.no_auctions"


def test_a_week_without_an_auction_takes_the_last_one_that_had_some_only_if_the_rule_says_so() -> None:
    auctions = [auction("2027-01-08", "79.00", 1), auction("2026-12-14", "80.00", 1)]
    new_year = week(2026, 53)

    own = own_price(auctions, new_year, takes_last_week_with_auctions=True)

    assert (own.value, own.period.label, own.computed_from.label) == (Decimal("80.00"), "2026-W53", "2026-W51")
    with pytest.raises(NotFound):
        own_price(auctions, new_year)
    with pytest.raises(NotFound):
        own_price([auction("2026-10-01", "80.00", 1)], new_year, takes_last_week_with_auctions=True)


@pytest.mark.parametrize(
    ("day", "kind", "label", "start", "end"),
    [
        ("2026-03-31", PeriodKind.QUARTER, "2026-Q1", "2026-01-01", "2026-04-01"),
        ("2026-12-31", PeriodKind.QUARTER, "2026-Q4", "2026-10-01", "2027-01-01"),
        ("2027-01-01", PeriodKind.WEEK, "2026-W53", "2026-12-28", "2027-01-04"),
        ("2027-01-04", PeriodKind.WEEK, "2027-W01", "2027-01-04", "2027-01-11"),
    ],
)
def test_a_day_lies_in_its_quarter_or_iso_week(day: str, kind: PeriodKind, label: str, start: str, end: str) -> None:
    period = period_of(date.fromisoformat(day), kind)

    assert (period.label, period.start.isoformat(), period.end.isoformat()) == (label, start, end)


@pytest.mark.parametrize(("year", "number"), [(2026, 0), (2026, 5), (0, 1), (9999, 1)])
def test_a_quarter_that_does_not_exist_is_refused(year: int, number: int) -> None:
    with pytest.raises(Invalid):
        quarter(year, number)


@pytest.mark.parametrize(("year", "number"), [(2027, 53), (2027, 0), (10_000, 1)])
def test_a_week_that_does_not_exist_is_refused(year: int, number: int) -> None:
    with pytest.raises(Invalid):
        week(year, number)


@pytest.mark.parametrize(
    ("stated", "agreement"),
    [
        ("80.00", Agreement.AGREED),
        ("80.40", Agreement.AGREED),  # exactly 0.5 %
        ("79.60", Agreement.AGREED),
        ("80.41", Agreement.CONFLICT),
        ("79.59", Agreement.CONFLICT),
    ],
)
def test_the_bound_is_inclusive_on_both_sides(stated: str, agreement: Agreement) -> None:
    own = own_price([auction("2026-01-13", "80.00", 1)], Q1)

    outcome = reconcile(own, published(stated), max_difference=BOUND, bound_source="feeds.csv cbam.max_difference")

    assert outcome.agreement is agreement
    assert outcome.difference == Fraction(Decimal(stated)) / 80 - 1


def test_one_price_alone_is_named_as_such_and_none_is_refused() -> None:
    own = own_price([auction("2026-01-13", "80.00", 1)], Q1)

    only_own = reconcile(own, None, max_difference=BOUND, bound_source="row")
    only_published = reconcile(None, published("80.00"), max_difference=BOUND, bound_source="row")

    assert (only_own.agreement, only_own.difference) == (Agreement.OWN_ONLY, None)
    assert (only_published.agreement, only_published.difference) == (Agreement.PUBLISHED_ONLY, None)
    with pytest.raises(Invalid) as refused:
        reconcile(None, None, max_difference=BOUND, bound_source="row")
    assert refused.value.code == "cbam.nothing"


def test_prices_of_two_periods_are_not_compared() -> None:
    own = own_price([auction("2026-01-13", "80.00", 1)], Q1)

    with pytest.raises(Invalid):
        reconcile(own, published("80.00", number=2), max_difference=BOUND, bound_source="row")
    with pytest.raises(Invalid):
        reconcile(own, None, max_difference=Fraction(-1), bound_source="row")


def test_a_published_price_that_is_none_does_not_construct() -> None:
    with pytest.raises(DomainError):
        published("0")


def test_the_explanation_ends_in_the_auctions_the_page_and_the_bound() -> None:
    own = own_price([auction("2026-01-13", "80.00", 1), auction("2026-01-14", "81.00", 1)], Q1)

    tree = reconcile(own, published("80.50"), max_difference=BOUND, bound_source="feeds.csv").explanation

    assert [leaf.value for leaf in tree.leaves()] == ["80.00", "81.00", "2", "80.50", "0.005000"]
    assert all(leaf.source and leaf.label_zh for leaf in tree.leaves())
    assert (tree.value, "一致" in tree.label_zh) == ("agreed", True)


prices = st.decimals(min_value="0.01", max_value="500", places=2)


@given(st.lists(st.tuples(prices, st.integers(1, 10**7)), min_size=1, max_size=30))
def test_the_mean_lies_between_the_lowest_and_the_highest_price_whatever_the_order(
    facts: list[tuple[Decimal, int]],
) -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(len(facts))]
    auctions = [auction(day.isoformat(), str(price), volume) for day, (price, volume) in zip(days, facts, strict=True)]

    own, backwards = own_price(auctions, Q1), own_price(reversed(auctions), Q1)

    assert min(price for price, _ in facts) <= own.value <= max(price for price, _ in facts)
    assert (own.exact, own.value) == (backwards.exact, backwards.value)


@given(st.dates(date(1, 1, 8), date(9999, 12, 1)))
def test_every_day_lies_in_its_own_week(day: date) -> None:
    period = week_of(day)

    assert period.start <= day < period.end
    assert (period.end - period.start).days == 7
