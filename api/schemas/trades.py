"""What enters and leaves about instruments and trades.

Which facts an instrument or a trade needs is decided by ``finance.accounting``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import CommodityCode
from api.schemas.fields import DateString, InstantString, Text, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.accounting.instruments import Instrument, InstrumentKind, Tradability
from finance.operations.trades import Booking
from finance.store.trades import RecordedTrade


class InstrumentIn(Schema):
    """What a book may hold, with its facts and the day from which: CEA, CCER, EUA, CBAM or green certificates."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2025-01-01"},
                {
                    "code": "CCER-BJ-0001",
                    "kind": "CCER",
                    "project": "BJ-0001",
                    "methodology": "并网海上风力发电",
                    "registered_on": "2025-03-06",
                    "is_inside_national_ets": False,
                    "opened_on": "2025-01-01",
                },
                {
                    "code": "GEC25-SELF",
                    "kind": "GEC",
                    "vintage_year": 2025,
                    "valid_until": "2027-12-31",
                    "tradability": "tradable",
                    "opened_on": "2025-01-01",
                },
            ]
        }
    )

    code: CommodityCode
    kind: Choice[InstrumentKind]
    vintage_year: Annotated[int | None, Field(ge=1000, le=9999, examples=[2025])] = None
    project: Annotated[Text | None, Field(examples=["BJ-0001"])] = None
    methodology: Annotated[Text | None, Field(examples=["并网海上风力发电"])] = None
    registered_on: DateString | None = None
    is_inside_national_ets: bool = False
    price_instrument: Annotated[
        CommodityCode | None, Field(description="The mark that values it; its own code, or CCER for credits.")
    ] = None
    price_period: Annotated[
        Text | None,
        Field(description="Of a CBAM certificate: the quarter or week that priced it.", examples=["2026Q1"]),
    ] = None
    valid_until: Annotated[DateString | None, Field(description="Last valid day of a green certificate.")] = None
    tradability: Choice[Tradability] | None = None
    opened_on: Annotated[
        DateString, Field(description="From when its accounts take entries; one day for all instruments of a book.")
    ]

    def to_core(self) -> Instrument:
        """Return the instrument; facts that do not belong to its kind are ``instrument.<field>``."""
        return Instrument(
            code=self.code,
            kind=self.kind,
            vintage_year=self.vintage_year,
            project=self.project or "",
            methodology=self.methodology or "",
            registered_on=self.registered_on,
            is_inside_national_ets=self.is_inside_national_ets,
            price_instrument=self.price_instrument or "",
            price_period=self.price_period or "",
            valid_until=self.valid_until,
            tradability=self.tradability,
        )


class InstrumentOut(Schema):
    """An instrument that the book keeps."""

    code: str
    kind: str
    vintage_year: int | None
    project: str
    methodology: str
    registered_on: DateString | None
    is_inside_national_ets: bool
    price_instrument: str
    price_period: str
    valid_until: DateString | None
    tradability: str | None
    unit: Annotated[str, Field(description="t, certificate or MWh.")]

    @classmethod
    def from_core(cls, instrument: Instrument) -> InstrumentOut:
        """Return the shape of ``instrument``."""
        return cls(
            code=instrument.code,
            kind=instrument.kind.value,
            vintage_year=instrument.vintage_year,
            project=instrument.project,
            methodology=instrument.methodology,
            registered_on=instrument.registered_on,
            is_inside_national_ets=instrument.is_inside_national_ets,
            price_instrument=instrument.marked_by,
            price_period=instrument.price_period,
            valid_until=instrument.valid_until,
            tradability=None if instrument.tradability is None else instrument.tradability.value,
            unit=instrument.unit,
        )


class InstrumentsOut(Schema):
    """A book's instruments by code."""

    instruments: Array[InstrumentOut]


class PriceOut(Schema):
    """An exact price as it was given, and its unit."""

    amount: Annotated[str, Field(examples=["97.40"])]
    unit: Annotated[str, Field(examples=["CNY/t"])]


class TradeOut(Schema):
    """A trade as recorded, with its place in the book."""

    trade_ref: str
    kind: str
    traded_on: DateString
    instrument: str
    quantity: AmountOut | None
    price: PriceOut | None
    fee: AmountOut
    counterparty: str
    venue: str
    compliance_year: int | None
    doc_ref: str
    note: str
    origin: Annotated[str, Field(description="File and row it was read from.")]
    entry_id: UuidString
    entry_seq: int
    recorded_at: InstantString
    fixing_cny_per_eur: Annotated[str | None, Field(description="The stated fixing of a euro trade.")]
    fixing_ref: str
    vat_code: str
    settled_on: DateString | None
    order_id: UuidString | None
    provenance: Annotated[str, Field(description="order, or imported, no order.")]

    @classmethod
    def from_core(cls, recorded: RecordedTrade, *, unit: str = "t") -> TradeOut:
        """Return the shape of ``recorded``; ``unit`` is its instrument's."""
        trade = recorded.trade
        price, fixing = trade.price_cny_per_t or trade.price_eur_per_t, trade.fixing_cny_per_eur
        currency = BOOK_CURRENCY if fixing is None else "EUR"
        return cls(
            trade_ref=trade.trade_ref,
            kind=trade.kind.value,
            traded_on=trade.traded_on,
            instrument=trade.instrument,
            quantity=None if trade.quantity_t is None else AmountOut(amount=str(trade.quantity_t), unit=unit),
            price=None if price is None else PriceOut(amount=f"{price:f}", unit=f"{currency}/{unit}"),
            fee=money_out(trade.fee_fen, BOOK_CURRENCY),
            counterparty=trade.counterparty,
            venue=trade.venue,
            compliance_year=trade.compliance_year,
            doc_ref=trade.doc_ref,
            note=trade.note,
            origin=trade.origin,
            entry_id=recorded.entry_id,
            entry_seq=recorded.entry_seq,
            recorded_at=recorded.recorded_at,
            fixing_cny_per_eur=None if fixing is None else f"{fixing:f}",
            fixing_ref=trade.fixing_ref,
            vat_code=trade.vat_code,
            settled_on=trade.settled_on,
            order_id=trade.order_id,
            provenance="imported, no order" if trade.order_id is None else "order",
        )


class BookingOut(Schema):
    """What a file of trades changed: those booked now, and references that stood already with the same content."""

    booked: Array[TradeOut]
    standing: Array[str]

    @classmethod
    def from_core(cls, booking: Booking) -> BookingOut:
        """Return the shape of ``booking``."""
        return cls(booked=tuple(TradeOut.from_core(one) for one in booking.booked), standing=booking.standing)


class TradesOut(Schema):
    """A page of a book's trades in recording order."""

    trades: Array[TradeOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]
