"""Why a value changed: each effect by hand, and the law that the parts always sum, for lots, sums and in another currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.market.marks import Mark, MarkState
from finance.market.movements import Movement, MovementKind
from finance.market.pnl_explain import Effect, Explained, LotPath, ThreeValues, explain_lot, grouped, summed
from finance.market.pnl_explanation import InstrumentChange, explain_change
from finance.market.presentation import Conversion, added_changes, conversion, present_change
from finance.market.profit_and_loss import HeldIdentity
from finance.market.snapshots import freeze_snapshot
from finance.market.unit_values import UnitValue, unit_value
from tests.core.test_market_valuation import STALE, fresh

DAY = date(2026, 8, 20)
HELD = HeldIdentity(lot_id="1", account="Assets:Carbon:CEA25", instrument="CEA25", price_instrument="CEA25", unit="t")


def at(value: str | None, *, currency: str = "CNY", rate: str = "7.90", into: str = "CNY") -> UnitValue:
    """The value of CEA25 by a snapshot with that price and fixing; None is a stale mark."""
    mark = replace(STALE, instrument="CEA25") if value is None else fresh("CEA25", value, currency=currency)
    marks = {"CEA25": mark, "EUR_CNY": fresh("EUR_CNY", rate, unit="EUR")}
    return unit_value(marks, "CEA25", unit="t", currency=into)


def values(opening: UnitValue, closing: UnitValue, restated: UnitValue | None = None) -> ThreeValues:
    return ThreeValues(opening=opening, restated=restated or opening, closing=closing)


def path(opening_t: int, *moves: Movement, cost: int = 0, learned: tuple[Movement, ...] = ()) -> LotPath:
    return LotPath(held=HELD, opening_t=opening_t, opening_cost_units=cost, movements=moves, learned=learned)


def move(kind: MovementKind, quantity_t: int, cost: int = 0, money: int = 0, fee: int = 0) -> Movement:
    return Movement(
        lot_id="1",
        kind=kind,
        effective_on=DAY,
        seq=7,
        quantity_t=quantity_t,
        cost_units=cost,
        money_units=money,
        fee_units=fee,
    )


def shown(part: Explained) -> dict[str, int]:
    return {effect.value: amount for effect, amount in part.effects.items() if amount}


def test_a_price_that_moves_is_the_price_effect() -> None:
    part = explain_lot(path(1000, cost=8_000_000), values(at("97.40"), at("98.00")))

    assert (part.opening_units, shown(part), part.closing_units) == (9_740_000, {"price": 60_000}, 9_800_000)
    assert (part.result_units, part.unrealised_change_units) == (60_000, 60_000)


def test_a_purchase_is_its_money_its_fee_and_its_price_against_the_mark() -> None:
    bought = move(MovementKind.PURCHASE, 100, cost=802_400, money=802_400, fee=2_400)

    part = explain_lot(path(0, bought), values(at("81.00"), at("82.00")))

    # 100 t x 80.00 + 24.00 of fees; closing at 82.00. Against the fair 8,000.00 the price gave 200.00.
    assert shown(part) == {"purchases": 802_400, "fees": -2_400, "price": 20_000}
    assert (part.closing_units, part.result_units) == (820_000, 17_600)


def test_a_sale_is_its_money_its_fee_and_its_price_against_the_mark() -> None:
    sold = move(MovementKind.SALE, -40, cost=-320_000, money=-327_000, fee=1_000)

    part = explain_lot(path(100, sold, cost=800_000), values(at("81.00"), at("81.00")))

    # 40 t x 82.00 = 3,280.00 less 10.00: 40.00 above the mark, 10.00 of fees; realised 3,270.00 - 3,200.00
    assert shown(part) == {"sales": -327_000, "fees": -1_000, "price": 4_000}
    assert (part.result_units, part.realised_units, part.unrealised_change_units) == (3_000, 7_000, -4_000)


def test_allocation_and_surrender_are_taken_at_the_opening_mark() -> None:
    moves = (move(MovementKind.ALLOCATION, 50), move(MovementKind.SURRENDER, -30, cost=-12_000))

    part = explain_lot(path(100, *moves, cost=40_000), values(at("80.00"), at("90.00")))

    assert shown(part) == {"allocations": 400_000, "surrenders": -240_000, "price": 120_000}
    assert part.settled_units == 12_000


def test_a_fixing_that_moves_is_the_exchange_rate_effect_on_the_closing_price() -> None:
    opening, closing = at("77.00", currency="EUR", rate="7.90"), at("78.00", currency="EUR", rate="8.00")

    part = explain_lot(path(10), values(opening, closing))

    assert shown(part) == {"price": 7_900, "fx": 7_800}  # 10 x 1.00 x 7.90, then 10 x 78.00 x 0.10


def test_a_revised_mark_and_a_lot_booked_late_are_new_data() -> None:
    late = replace(move(MovementKind.PURCHASE, 20, cost=150_000, money=150_000), is_learned=True)

    part = explain_lot(path(100, learned=(late,)), values(at("80.00"), at("81.00"), restated=at("80.50")))

    assert shown(part) == {"lots_learned": 160_000, "marks_revised": 6_000, "price": 6_000}
    assert part.money_units == 150_000


@pytest.mark.parametrize(
    ("opening", "closing", "effects"),
    [(None, "81.00", {"unvalued_in": 810_000}), ("80.00", None, {"unvalued_out": -800_000}), (None, None, {})],
)
def test_a_lot_without_a_mark_comes_in_and_goes_out_named(
    opening: str | None, closing: str | None, effects: dict[str, int]
) -> None:
    assert shown(explain_lot(path(100, cost=5), values(at(opening), at(closing)))) == effects


def test_a_price_quoted_in_another_currency_since_claims_no_exchange_effect() -> None:
    part = explain_lot(path(10), values(at("80.00"), at("10.00", currency="EUR", rate="8.10")))

    assert shown(part) == {"price": 1_000}


amounts = st.integers(0, 10**9)
quoted = st.builds(
    at,
    st.one_of(st.none(), st.decimals(min_value=Decimal("0.001"), max_value=Decimal(500), places=3).map(str)),
    currency=st.sampled_from(["CNY", "EUR"]),
    rate=st.sampled_from(["7.8999", "7.9341", "8.0003"]),
    into=st.just("CNY"),
)


@st.composite
def moves(draw: st.DrawFn) -> Movement:
    kind = draw(st.sampled_from(MovementKind))
    sign = draw(st.sampled_from([1, -1]))
    cost, fee = draw(amounts), draw(st.integers(0, 10**4))
    if kind is MovementKind.ALLOCATION:
        cost = 0
    money = 0
    if kind in {MovementKind.OPENING, MovementKind.PURCHASE, MovementKind.TRANSFER}:
        money = cost
    if kind is MovementKind.SALE:
        money = draw(st.integers(-(10**9), 10**9))
    return Movement(
        lot_id="1",
        kind=kind,
        effective_on=DAY,
        seq=draw(st.integers(1, 99)),
        quantity_t=sign * draw(st.integers(0, 10**6)),
        cost_units=sign * cost,
        money_units=sign * money,
        fee_units=fee if kind in {MovementKind.PURCHASE, MovementKind.SALE} else 0,
    )


@st.composite
def paths(draw: st.DrawFn) -> LotPath:
    return LotPath(
        held=replace(HELD, lot_id=str(draw(st.integers(1, 5))), instrument=draw(st.sampled_from(["CEA24", "CEA25"]))),
        opening_t=draw(st.integers(0, 10**6)),
        opening_cost_units=draw(amounts),
        learned=tuple(draw(st.lists(moves(), max_size=3))),
        movements=tuple(draw(st.lists(moves(), max_size=5))),
    )


@settings(max_examples=300)
@given(paths(), quoted, quoted, quoted)
def test_the_parts_always_sum_and_both_ways_give_one_result(
    one: LotPath, opening: UnitValue, restated: UnitValue, closing: UnitValue
) -> None:
    part = explain_lot(one, values(opening, closing, restated))

    price = closing.minor_units
    expected = (
        0 if price is None else (2 * one.closing_t * price.numerator + price.denominator) // (2 * price.denominator)
    )
    if one.closing_t >= 0:
        assert part.closing_units == expected
    assert part.opening_units + sum(part.effects.values()) == part.closing_units
    by_the_books = part.unrealised_change_units - part.unvalued_cost_change_units + part.realised_units
    assert part.result_units == by_the_books - part.settled_units


@given(
    st.lists(paths(), max_size=6),
    quoted,
    quoted,
    quoted,
    st.sampled_from(["7.9341", "8.1"]),
    st.sampled_from(["8", "7.7"]),
)
def test_lines_book_and_group_sum_to_the_fen_in_any_currency(
    many: list[LotPath], opening: UnitValue, restated: UnitValue, closing: UnitValue, first: str, last: str
) -> None:
    lots = [(one.held, explain_lot(one, values(opening, closing, restated))) for one in many]
    by_instrument = grouped(lots, lambda held: held.instrument)

    book = summed("book", (part for _, part in lots))
    total = summed("book", by_instrument)
    converted = added_changes(present_change(by_instrument, opening=euros(first), closing=euros(last)).values())

    assert total == book
    assert (
        converted.opening_units + sum(converted.effects.values()) + converted.translation_units
        == converted.closing_units
    )
    assert added_changes([converted, converted]).closing_units == 2 * converted.closing_units


def euros(rate: str) -> Conversion:
    mark = fresh("EUR_CNY", rate, unit="EUR")
    return Conversion(currency="CNY", presentation="EUR", fx_mark=mark, rate=1 / Fraction(rate))


def test_a_book_in_euros_is_shown_in_yuan_with_its_translation_apart() -> None:
    part = Explained(
        key="EUA",
        opening_units=10_000,
        effects=dict.fromkeys(Effect, 0) | {Effect.PRICE: 1_000},
        closing_units=11_000,
        unrealised_change_units=1_000,
    )
    first, last = (
        conversion(
            freeze_snapshot(
                "s", as_of=DAY, known_at=datetime(2026, 8, 21, tzinfo=UTC), marks=[fresh("EUR_CNY", rate, unit="EUR")]
            ),
            currency="EUR",
            presentation="CNY",
        )
        for rate in ("7.90", "8.00")
    )

    shown_change = present_change([part], opening=first, closing=last)["EUA"]

    assert (shown_change.opening_units, shown_change.effects[Effect.PRICE]) == (79_000, 7_900)
    assert (shown_change.translation_units, shown_change.closing_units) == (1_100, 88_000)


def test_a_missing_or_stale_fixing_converts_nothing_and_says_why() -> None:
    stale = Mark(instrument="EUR_CNY", state=MarkState.STALE, value=None)
    empty = freeze_snapshot("s", as_of=DAY, known_at=datetime(2026, 8, 21, tzinfo=UTC), marks=[])
    old = freeze_snapshot("s", as_of=DAY, known_at=datetime(2026, 8, 21, tzinfo=UTC), marks=[stale])

    assert conversion(empty, currency="EUR", presentation="CNY").missing_reason == "fx_missing"
    assert conversion(old, currency="EUR", presentation="CNY").missing_reason == "fx_stale"
    assert conversion(empty, currency="CNY", presentation="CNY").missing_reason == ""


@given(paths(), quoted, quoted, quoted)
def test_every_effect_leads_down_to_sourced_leaves(
    one: LotPath, opening: UnitValue, restated: UnitValue, closing: UnitValue
) -> None:
    three = values(opening, closing, restated)
    part = summed(one.held.instrument, [explain_lot(one, three)])

    tree = explain_change("smelter", [InstrumentChange(change=part, paths=(one,), values=three)], currency="CNY")

    assert all(leaf.source and leaf.label_zh for leaf in tree.leaves())
    (instrument,) = tree.children
    assert len(instrument.children) == 1 + sum(1 for amount in part.effects.values() if amount)
