"""Orders as values: digests, states, differences, averages, bands, limits, settlement days and money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.instruments import Instrument, InstrumentKind, Tradability, instrument_of
from finance.store import reference
from finance.trading.checks import band
from finance.trading.fees import fee_rate
from finance.trading.instruments import Family
from finance.trading.limits import Commitment, LimitRecord, LimitScope, LimitState, LimitTerms, in_force, uses
from finance.trading.orders import (
    Fill,
    OrderRecord,
    OrderState,
    OrderTerms,
    Side,
    Step,
    StepKind,
    differences,
    digest_of,
    next_actions,
    state_of,
    terms_of,
)
from finance.trading.rules import TradeMethod, market_rules
from finance.trading.settlement import cost_fen, earliest_settlement, needed_cash_fen, proceeds_fen
from ledger.core.errors import Conflict, Invalid

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
MAKER, CHECKER, ORDER_ID, BOOK = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
TERMS = OrderTerms(
    side=Side.BUY, instrument="CEA25", method=TradeMethod.LISTED, quantity=10_000, limit_price=Decimal("80.00"),
    currency="CNY", trading_day=DAY,
)  # fmt: skip
FILL = Fill(
    fill_ref="F-1", quantity=10_000, price=Decimal("80.00"), fee_minor=240_000, fee_doc_ref="", vat_code="",
    dealt_at=NOW, dealt_on=DAY, doc_ref="",
)  # fmt: skip


def order(*steps: StepKind, fills: tuple[Fill, ...] = (), terms: OrderTerms = TERMS) -> OrderRecord:
    details = {"max_fee_minor": "240000", "reported_until": "2026-11-21"}
    return OrderRecord(
        order_id=ORDER_ID, book_id=1, book_uuid=BOOK, number=1, terms=terms, sha256="0" * 64, maker_id=MAKER, made_at=NOW,
        approvals_needed=1, fills=fills, settlements=(),
        steps=tuple(Step(what=what, actor_id=CHECKER, recorded_at=NOW, details=details) for what in steps),
    )  # fmt: skip


PLACED = (StepKind.PROPOSED, StepKind.APPROVED, StepKind.PLACED)


@pytest.mark.parametrize(
    ("steps", "fills", "today", "state"),
    [
        ((), (), DAY, OrderState.DRAFT),
        ((StepKind.PROPOSED,), (), DAY, OrderState.PROPOSED),
        (PLACED[:2], (), DAY, OrderState.APPROVED),
        (PLACED[:2], (), date(2026, 11, 21), OrderState.EXPIRED),
        (PLACED, (), DAY, OrderState.PLACED),
        (PLACED, (), date(2026, 11, 21), OrderState.PLACED),  # a deal may be reported until then
        (PLACED, (), date(2026, 11, 22), OrderState.EXPIRED),
        (PLACED, (replace(FILL, quantity=1),), DAY, OrderState.PARTLY_FILLED),
        (PLACED, (FILL,), DAY, OrderState.FILLED),
        ((*PLACED, StepKind.CANCELLED), (), DAY, OrderState.CANCELLED),
        ((*PLACED, StepKind.CANCELLED), (replace(FILL, quantity=1),), DAY, OrderState.FILLED),
        ((StepKind.PROPOSED, StepKind.REJECTED), (), DAY, OrderState.REJECTED),
        ((StepKind.PROPOSED, StepKind.CORRECTED), (), DAY, OrderState.CORRECTED),
    ],
)
def test_the_state_follows_from_the_facts(
    steps: tuple[StepKind, ...], fills: tuple[Fill, ...], today: date, state: OrderState
) -> None:
    assert state_of(order(*steps, fills=fills), today=today) is state


def test_a_maker_is_offered_no_approval() -> None:
    proposed = order(StepKind.PROPOSED)

    assert next_actions(proposed, today=DAY, actor_id=MAKER) == ("cancel", "correct")
    assert next_actions(proposed, today=DAY, actor_id=UUID(int=9)) == ("approve", "reject", "cancel", "correct")


def test_terms_survive_their_document_and_any_change_changes_the_digest() -> None:
    document = TERMS.document(ORDER_ID, BOOK)
    dearer = replace(TERMS, limit_price=Decimal("80.01")).document(ORDER_ID, BOOK)

    assert terms_of(document) == TERMS
    assert digest_of(document)[1] != digest_of(dearer)[1]
    assert [(one.field, one.change) for one in differences(document, dearer)] == [("limit_price", "0.01")]


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 10**6)), min_size=1, max_size=8))
def test_the_average_price_is_exact(deals: list[tuple[int, int]]) -> None:
    fills = tuple(
        replace(FILL, fill_ref=f"F-{number}", quantity=quantity, price=Decimal(cents) / 100)
        for number, (quantity, cents) in enumerate(deals)
    )

    mean = order(*PLACED, fills=fills, terms=replace(TERMS, quantity=10**6)).average_price()

    assert mean is not None
    assert mean * sum(quantity for quantity, _ in deals) * 100 == sum(quantity * cents for quantity, cents in deals)


@pytest.mark.parametrize(
    ("close", "move", "low", "high"),
    [("97.40", "0.1", "87.66", "107.14"), ("48.15", "0.1", "43.34", "52.97"), ("97.40", "0.3", "68.18", "126.62")],
)
def test_the_band_is_rounded_half_up_to_the_tick(close: str, move: str, low: str, high: str) -> None:
    assert band(Fraction(close), Fraction(move), Fraction("0.01")) == (Fraction(low), Fraction(high))


def test_r14_stays_exact() -> None:
    sold = replace(FILL, quantity=1000, price=Decimal("97.81"), fee_minor=29_343)

    assert (cost_fen(FILL, "CNY"), proceeds_fen(sold, "CNY")) == (80_240_000, 9_751_657)
    rate = fee_rate(reference.shipped_fee_rates(), Family.CEA, TradeMethod.LISTED, on=DAY)
    assert rate is not None
    assert (rate.fee_minor(Fraction(800_000)), rate.fee_minor(Fraction(97_810))) == (240_000, 29_343)


def test_a_placed_purchase_keeps_the_rest_at_its_limit_and_what_is_dealt_at_its_cost() -> None:
    dealt = replace(FILL, quantity=4000, price=Decimal("79.00"), fee_minor=94_800)
    bought = order(*PLACED, fills=(dealt,))

    # 316,000.00 + 948.00 dealt; 6,000 t at 80.00 and the 1,452.00 left of the fees
    assert needed_cash_fen(bought, is_open=True) == 31_694_800 + 48_000_000 + 145_200
    assert needed_cash_fen(bought, is_open=False) == 31_694_800
    assert needed_cash_fen(order(StepKind.PROPOSED), is_open=True) == 0


def test_t_plus_one_is_the_next_trading_day() -> None:
    calendar = reference.shipped_calendar("cn_exchange")

    assert earliest_settlement(calendar, DAY, 1) == date(2026, 11, 23)
    assert earliest_settlement(calendar, date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert earliest_settlement(calendar, DAY, 0) == DAY


def test_the_rows_of_a_day_say_what_a_venue_allows() -> None:
    cea = market_rules(reference.shipped_trading_rules(), Family.CEA, on=DAY)

    listed, block = cea.methods[TradeMethod.LISTED], cea.methods[TradeMethod.BLOCK]
    assert (cea.lot, cea.tick, cea.zone, cea.settlement_days) == (1, Fraction("0.01"), "Asia/Shanghai", 1)
    assert (listed.max_quantity, listed.max_move, block.min_quantity, block.max_move) == (
        100_000, Fraction(1, 10), 100_000, Fraction(3, 10),
    )  # fmt: skip
    assert [str(each) for each in listed.sessions] == ["09:30-11:30", "13:00-15:00"]
    assert [str(each) for each in block.sessions] == ["13:00-15:00"]


def test_a_family_without_rows_on_the_day_is_refused_with_what_is_known() -> None:
    with pytest.raises(Conflict, match=r"known: EU \[2027-02-01, open\)") as refusal:
        market_rules(reference.shipped_trading_rules(), Family.CBAM, on=DAY)

    assert refusal.value.code == "trading.no_rules"


def limit(
    number: int, scope: LimitScope, amount: int, *, key: str = "", is_approved: bool = True, **more: object
) -> LimitRecord:
    facts: dict[str, object] = {"max_quantity": None, "valid_from": date(2026, 1, 1), "valid_to": None, **more}
    terms = LimitTerms(scope=scope, key=key, max_amount_fen=amount, unit="t", reason="board", **facts)  # type: ignore[arg-type]
    steps = (Step(what=StepKind.APPROVED, actor_id=CHECKER, recorded_at=NOW),) if is_approved else ()
    return LimitRecord(
        limit_id=UUID(int=number), book_id=1, book_uuid=BOOK, number=number, terms=terms, sha256="0" * 64,
        maker_id=MAKER, made_at=NOW, steps=steps,
    )  # fmt: skip


def committed(number: int, amount: int, day: date = DAY) -> Commitment:
    return Commitment(
        order_id=UUID(int=number), instrument="CEA25", vintage_key="CEA:2025", unit="t", counterparty_id=None,
        trading_day=day, quantity=10, amount_fen=amount,
    )  # fmt: skip


def test_a_day_adds_up_its_day_a_vintage_all_days_and_a_trade_nothing() -> None:
    limits = (
        limit(1, LimitScope.TRADE, 100), limit(2, LimitScope.DAY, 150), limit(3, LimitScope.VINTAGE, 250, key="CEA:2025"),
        limit(4, LimitScope.VINTAGE, 1, key="CEA:2024"),
    )  # fmt: skip
    others = (committed(8, 50), committed(9, 101, date(2026, 11, 19)))

    found = {
        use.limit.terms.scope: (use.used_amount_fen, use.is_kept) for use in uses(limits, committed(7, 100), others)
    }

    assert found == {
        LimitScope.TRADE: (0, True), LimitScope.DAY: (50, True), LimitScope.VINTAGE: (151, False),
    }  # fmt: skip


def test_the_newest_approved_version_in_force_counts() -> None:
    versions = (
        limit(1, LimitScope.DAY, 100), limit(2, LimitScope.DAY, 200), limit(3, LimitScope.DAY, 300, is_approved=False),
        limit(4, LimitScope.DAY, 400, valid_from=date(2027, 1, 1)),
    )  # fmt: skip

    assert [one.number for one in in_force(versions, on=DAY)] == [2]
    assert versions[2].state is LimitState.PROPOSED


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": InstrumentKind.EUA},
        {"kind": InstrumentKind.CBAM, "vintage_year": 2027, "price_period": "2027W06"},
        {
            "kind": InstrumentKind.GEC, "vintage_year": 2025, "valid_until": date(2027, 12, 31),
            "tradability": Tradability.TRADABLE,
        },
    ],
)  # fmt: skip
def test_an_instrument_is_read_back_from_the_facts_the_ledger_keeps(facts: dict[str, object]) -> None:
    made = Instrument(code="X-1", **facts)  # type: ignore[arg-type]

    assert instrument_of("X-1", made.attrs()) == replace(made, price_instrument=made.marked_by)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"kind": InstrumentKind.EUA, "vintage_year": 2025}, "vintage_year"),
        ({"kind": InstrumentKind.CBAM, "vintage_year": 2026, "price_period": "2025Q1"}, "price_period"),
        ({"kind": InstrumentKind.CBAM, "vintage_year": 2026}, "price_period"),
        ({"kind": InstrumentKind.GEC, "vintage_year": 2025, "valid_until": date(2027, 1, 1)}, "tradability"),
        ({"kind": InstrumentKind.CEA, "vintage_year": 2025, "tradability": Tradability.TRADED}, "tradability"),
    ],
)
def test_facts_that_do_not_belong_to_a_kind_are_refused(facts: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Instrument(code="X-1", **facts)  # type: ignore[arg-type]

    assert refusal.value.code == f"instrument.{field}"
