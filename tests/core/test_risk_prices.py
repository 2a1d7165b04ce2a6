"""The price that risk starts from: the snapshot's mark, through an exchange rate read in its own direction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from finance.market.marks import Mark, MarkState
from finance.market.snapshots import Snapshot, freeze_snapshot
from finance.operations.risk import AskedBook, HeldBook, PricedInstrument, priced_instruments
from ledger.core.errors import Conflict
from ledger.store.reports import RecordPoint

DAY = date(2026, 8, 14)
BOOK = AskedBook(book_id=1, public_id=UUID(int=1), known=None)


def mark(instrument: str, value: str, currency: str, unit: str) -> Mark:
    return Mark(
        instrument=instrument,
        state=MarkState.FRESH,
        value=Decimal(value),
        currency=currency,
        unit=unit,
        source="exchange",
    )


def frozen(*marks: Mark) -> Snapshot:
    return freeze_snapshot("frozen", as_of=DAY, known_at=datetime(2026, 8, 14, 12, tzinfo=UTC), marks=marks)


def priced(snapshot: Snapshot, **tonnes: int) -> tuple[PricedInstrument, ...]:
    record = RecordPoint(seq=0, root=b"\x00" * 32)
    return priced_instruments((HeldBook(asked=BOOK, record=record, quantities=tonnes, not_covered=()),), snapshot)


def test_a_price_in_book_currency_moves_with_its_own_series_alone() -> None:
    (found,) = priced(frozen(mark("CEA25", "97.40", "CNY", "t")), CEA25=5)

    assert (found.exposure.price, found.exposure.factors, found.fx_mark) == (
        Fraction("97.40"),
        (("CEA25", False),),
        None,
    )


@pytest.mark.parametrize(
    ("pair", "rate", "is_inverse"),
    [(("EUR_CNY", "CNY", "EUR"), "8", False), (("CNY_EUR", "EUR", "CNY"), "0.125", True)],
)
def test_a_foreign_price_is_converted_and_moves_with_its_rate_too(
    pair: tuple[str, str, str], rate: str, *, is_inverse: bool
) -> None:
    """80 EUR at 8 CNY per EUR, or at 0.125 EUR per CNY, is 640 CNY."""
    name, currency, unit = pair

    (found,) = priced(frozen(mark("EUA", "80", "EUR", "t"), mark(name, rate, currency, unit)), EUA=5)

    assert found.exposure.price == 640
    assert found.exposure.factors == (("EUA", False), (name, is_inverse))


def test_books_without_anything_valued_have_no_price() -> None:
    with pytest.raises(Conflict, match="no lot has a usable price"):
        priced(frozen(mark("CEA25", "97.40", "CNY", "t")))
