"""Trades for tests: the vouchers of R14, and lists that Hypothesis makes up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from finance.accounting.trades import Trade, TradeKind

DAY = date(2025, 6, 30)


def trade(
    ref: str,
    kind: TradeKind,
    quantity_t: int,
    *,
    price: str | None = None,
    fee_fen: int = 0,
    year: int | None = None,
    instrument: str = "CEA24",
    on: date = DAY,
) -> Trade:
    return Trade(
        trade_ref=ref,
        kind=kind,
        traded_on=on,
        instrument=instrument,
        quantity_t=quantity_t,
        price_cny_per_t=None if price is None else Decimal(price),
        fee_fen=fee_fen,
        compliance_year=year,
    )


R14 = (
    trade("B-1", TradeKind.PURCHASE, 10_000, price="80.00", fee_fen=240_000),
    trade("S-1", TradeKind.SURRENDER, 6000, year=2024),
    trade("S-2", TradeKind.SALE, 1000, price="97.81", fee_fen=29_343),
    trade("C-1", TradeKind.CANCEL, 500),
)
"""China-carbon-rules 8.2, vector R14."""

_KINDS = st.sampled_from(
    [
        TradeKind.PURCHASE,
        TradeKind.PURCHASE,
        TradeKind.FREE_ALLOCATION,
        TradeKind.SALE,
        TradeKind.SURRENDER,
        TradeKind.CANCEL,
    ]
)


@st.composite
def trade_lists(draw: st.DrawFn, instruments: tuple[str, ...] = ("CEA24", "CCER-1")) -> tuple[Trade, ...]:
    """Trades in any order of days; some lists sell what is not held."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(_KINDS)
        priced = kind in {TradeKind.PURCHASE, TradeKind.SALE}
        dated = kind in {TradeKind.FREE_ALLOCATION, TradeKind.SURRENDER}
        fen = draw(st.integers(100, 12_000))
        made.append(
            trade(
                f"T-{number}",
                kind,
                draw(st.integers(1, 40)),
                price=f"{fen // 100}.{fen % 100:02d}{draw(st.sampled_from(['', '5']))}" if priced else None,
                fee_fen=draw(st.integers(0, 500)) if priced else 0,
                year=2024 if dated else None,
                instrument=draw(st.sampled_from(instruments)),
                on=DAY + timedelta(days=draw(st.integers(0, 6))),
            )
        )
    return tuple(made)
