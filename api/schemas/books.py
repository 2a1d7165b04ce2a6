"""What enters and leaves about books, commodities and accounts.

Amounts are decimal strings in the commodity's own units; ``to_core`` converts them exactly. What may be opened is the
ledger's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from ledger.core import log
from ledger.core.accounts import AccountOpening, LotMethod
from ledger.core.amounts import Commodity, CommodityKind, parse_units
from ledger.store.balances import BalanceNow
from ledger.store.books import Book

_BOOK = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"
_INSTRUMENT_FACT = "instrument_kind"

AccountPath = Annotated[str, Field(max_length=200, examples=["Assets:Carbon:CEA25"], description="An account's path.")]
CommodityCode = Annotated[str, Field(max_length=40, examples=["CEA25"], description="A commodity's code.")]
AttrName = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["name_zh"])]
Attrs = Annotated[dict[AttrName, Text], Field(max_length=50, examples=[{"name_zh": "持有量"}])]


def _plain_facts(attrs: dict[str, str]) -> dict[str, str]:
    if _INSTRUMENT_FACT in attrs:
        raise PydanticCustomError("commodity.attrs", "no instrument facts here; register the instrument instead")
    return attrs


class BookIn(Schema):
    """A book to be opened under an id that the client makes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"book_id": _BOOK, "code": "smelter", "functional_currency": "CNY"}]}
    )

    book_id: UuidString
    code: Annotated[str, Field(max_length=40, examples=["smelter"], description="1 to 40 of a-z 0-9 -.")]
    functional_currency: Annotated[str, Field(max_length=3, examples=["CNY"], description="ISO 4217.")]


class BookOut(Schema):
    """A book, its tree head and the day it is closed through."""

    book_id: UuidString
    code: str
    functional_currency: str
    tree_size: Annotated[int, Field(description="Number of entries.")]
    tree_root: Annotated[str, Field(description="64 hexadecimal digits.")]
    last_recorded_at: InstantString
    locked_through: Annotated[DateString | None, Field(description="The last closed day, inclusive.")]
    soft_locked_through: Annotated[
        DateString | None, Field(description="The last day on which only a closer still posts, inclusive.")
    ]

    @classmethod
    def from_core(cls, book: Book) -> BookOut:
        """Return the shape of ``book``."""
        return cls(
            book_id=book.book_uuid,
            code=book.code,
            functional_currency=book.functional_currency,
            tree_size=book.tree_size,
            tree_root=log.root(book.tree_peaks).hex(),
            last_recorded_at=book.last_recorded_at,
            locked_through=book.locked_through,
            soft_locked_through=book.soft_locked_through,
        )


class BooksOut(Schema):
    """An organisation's books by code."""

    books: Array[BookOut]


class CommodityIn(Schema):
    """A commodity for the book to keep: its decimals are fixed for ever."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "EUA", "kind": "allowance", "scale": 0, "step": "1"}]}
    )

    code: CommodityCode
    kind: Choice[CommodityKind]
    scale: Annotated[int, Field(ge=0, le=9, examples=[0], description="Number of decimals.")]
    step: Annotated[DecimalString, Field(description="The smallest tradable amount, in the commodity's units.")] = "1"
    attrs: Annotated[Attrs, AfterValidator(_plain_facts)] = Field(default_factory=dict)

    def to_core(self) -> Commodity:
        """Return the ledger's commodity; a step of more decimals than ``scale`` is ``amount.scale``."""
        step = parse_units(self.step, self.scale, field="step")
        return Commodity(code=self.code, kind=self.kind, scale=self.scale, step=step)


class CommodityOut(Schema):
    """A commodity with its unit and facts."""

    code: str
    kind: str
    unit: str
    scale: int
    step: AmountOut
    attrs: dict[str, str]

    @classmethod
    def from_core(cls, code: str, units: Units, attrs: Mapping[str, str]) -> CommodityOut:
        """Return the shape of the commodity ``code``."""
        commodity = units.commodities[code]
        return cls(
            code=code,
            kind=commodity.kind.value,
            unit=units.unit_by_code[code],
            scale=commodity.scale,
            step=units.amount(commodity.step, code),
            attrs=dict(attrs),
        )


class CommoditiesOut(Schema):
    """A book's commodities by code."""

    commodities: Array[CommodityOut]


class AccountIn(Schema):
    """An account to be opened: one path, one commodity, its limits on the normal side, and how it keeps lots."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "path": "Assets:Carbon:CEA25",
                    "commodity": "CEA25",
                    "opened_on": "2025-01-01",
                    "floor": "0",
                    "lot_method": "fifo",
                }
            ]
        }
    )

    path: AccountPath
    commodity: CommodityCode
    opened_on: DateString
    floor: DecimalString | None = None
    ceiling: DecimalString | None = None
    lot_method: Choice[LotMethod] | None = None
    attrs: Attrs = Field(default_factory=dict)

    def to_core(self, units: Units) -> AccountOpening:
        """Return the opening with limits in smallest units."""
        return AccountOpening(
            path=self.path,
            commodity=self.commodity,
            opened_on=self.opened_on,
            floor=None if self.floor is None else units.read(self.floor, self.commodity, field="floor"),
            ceiling=None if self.ceiling is None else units.read(self.ceiling, self.commodity, field="ceiling"),
            lot_method=self.lot_method,
            attrs=self.attrs,
        )


class AccountCloseIn(Schema):
    """The first day on which the account takes nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closed_on": "2026-01-01"}]})

    closed_on: DateString


class OpenedAccountOut(Schema):
    """An account as it was opened."""

    path: str
    type: str
    commodity: str
    opened_on: DateString
    floor: AmountOut | None
    ceiling: AmountOut | None
    lot_method: str | None
    attrs: dict[str, str]

    @classmethod
    def from_core(cls, opening: AccountOpening, units: Units) -> OpenedAccountOut:
        """Return the shape of ``opening``."""
        floor, ceiling, code = opening.floor, opening.ceiling, opening.commodity
        return cls(
            path=opening.path,
            type=opening.type.value,
            commodity=code,
            opened_on=opening.opened_on,
            floor=None if floor is None else units.amount(floor, code),
            ceiling=None if ceiling is None else units.amount(ceiling, code),
            lot_method=None if opening.lot_method is None else opening.lot_method.value,
            attrs=dict(opening.attrs),
        )


class BalanceNowOut(Schema):
    """An account as it stands, whatever the business days of what was recorded; amounts on its normal side."""

    account: str
    type: str
    commodity: str
    lot_method: str | None
    opened_on: DateString
    closed_on: Annotated[DateString | None, Field(description="The first day on which it takes nothing.")]
    floor: AmountOut | None
    ceiling: AmountOut | None
    posted: AmountOut
    held: Annotated[AmountOut, Field(description="Set aside under holds that have not run out.")]
    available: Annotated[AmountOut, Field(description="Posted less held.")]

    @classmethod
    def from_core(cls, balance: BalanceNow, units: Units) -> BalanceNowOut:
        """Return the shape of ``balance``."""
        code = balance.commodity
        return cls(
            account=balance.path,
            type=balance.type.value,
            commodity=code,
            lot_method=None if balance.lot_method is None else balance.lot_method.value,
            opened_on=balance.opened_on,
            closed_on=balance.closed_on,
            floor=None if balance.floor is None else units.amount(balance.floor, code),
            ceiling=None if balance.ceiling is None else units.amount(balance.ceiling, code),
            posted=units.amount(balance.posted, code),
            held=units.amount(balance.held, code),
            available=units.amount(balance.available, code),
        )


class BalancesOut(Schema):
    """A page of accounts as they stand, in the order they were opened, and the tree head they stand at."""

    known: Annotated[int, Field(description="Number of the book's entries.")]
    tree_root: Annotated[str, Field(description="Root of the book's tree, 64 hexadecimal digits.")]
    balances: Array[BalanceNowOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]
