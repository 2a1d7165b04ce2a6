"""The terms of the six carbon-finance contracts as they enter and leave; ``kind`` says which.

Which terms go together is decided by ``finance.trading.contracts``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, TypedDict, assert_never
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.books import CommodityCode
from api.schemas.fields import DateString, DecimalString, NameText, RateString, UuidString
from finance.conventions.day_counts import DayCount
from finance.trading.contracts.custody import CustodyTerms
from finance.trading.contracts.forward import ForwardSettlement, ForwardSide, ForwardTerms
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.lending import LendingSide, LendingTerms
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.repo import RepoSide, RepoTerms
from finance.trading.contracts.swap import SwapTerms
from finance.trading.contracts.terms import MAX_LOTS, Lots
from ledger.core.amounts import format_units, parse_units
from ledger.core.errors import DomainError

Tonnes = Annotated[DecimalString, Field(description="Whole tonnes.", examples=["100000"])]
Cny = Annotated[DecimalString, Field(description="CNY with at most two decimals.", examples=["6000000.00"])]
Price = Annotated[DecimalString, Field(description="CNY per tonne.", examples=["97.40"])]
Basis = Annotated[Choice[DayCount], Field(description="Day count by its full name.", examples=["ACT/360"])]


class ContractLotIn(Schema):
    """One given lot and its tonnes."""

    lot_id: Annotated[int, Field(ge=1, le=2**53 - 1, examples=[1025])]
    quantity_t: Tonnes


Picks = Annotated[
    Array[ContractLotIn], Field(max_length=MAX_LOTS, description="Given lots; empty: by the book's method.")
]


class _Head(TypedDict):
    counterparty_id: UUID
    agreement_ref: str
    agreed_on: DateString
    note: str


class ContractHeadIn(Schema):
    """With whom and under which paper."""

    counterparty_id: UuidString
    agreement_ref: Annotated[NameText, Field(description="The paper's number.", examples=["质借2026-001"])]
    agreed_on: Annotated[DateString, Field(description="The paper's own day.", examples=["2026-11-19"])]
    note: Annotated[str, Field(max_length=200, examples=[""])] = ""

    def head(self) -> _Head:
        """Return what every kind shares."""
        return {
            "counterparty_id": self.counterparty_id,
            "agreement_ref": self.agreement_ref,
            "agreed_on": self.agreed_on,
            "note": self.note,
        }


class ForwardIn(ContractHeadIn):
    """A forward: tonnes at a later day at a price set now."""

    kind: Annotated[Literal["forward"], Field(examples=["forward"])]
    side: Choice[ForwardSide]
    instrument: CommodityCode
    quantity_t: Tonnes
    price_cny_per_t: Price
    delivery_on: Annotated[DateString, Field(examples=["2026-12-18"])]
    settlement: Choice[ForwardSettlement]
    margin_given_cny: Cny = "0.00"
    margin_taken_cny: Cny = "0.00"
    sets_aside: Annotated[bool, Field(description="A seller's tonnes are set aside until delivery.")] = False

    def to_core(self) -> ForwardTerms:
        """Return the terms."""
        return ForwardTerms(
            **self.head(),
            side=self.side,
            instrument=self.instrument,
            quantity_t=_tonnes(self.quantity_t, "quantity_t"),
            price_cny_per_t=Decimal(self.price_cny_per_t),
            delivery_on=self.delivery_on,
            settlement=self.settlement,
            margin_given_fen=_fen(self.margin_given_cny, "margin_given_cny"),
            margin_taken_fen=_fen(self.margin_taken_cny, "margin_taken_cny"),
            sets_aside=self.sets_aside,
        )


class RepoIn(ContractHeadIn):
    """A repo: sold with a promise to buy back at an agreed amount."""

    kind: Annotated[Literal["repo"], Field(examples=["repo"])]
    side: Choice[RepoSide]
    instrument: CommodityCode
    quantity_t: Tonnes
    sale_amount_cny: Cny
    buyback_amount_cny: Cny
    starts_on: DateString
    ends_on: DateString
    day_count: Basis
    late_rate: RateString = "0"
    is_title_transferred: bool
    lots: Picks = ()

    def to_core(self) -> RepoTerms:
        """Return the terms."""
        return RepoTerms(
            **self.head(),
            side=self.side,
            instrument=self.instrument,
            quantity_t=_tonnes(self.quantity_t, "quantity_t"),
            sale_amount_fen=_fen(self.sale_amount_cny, "sale_amount_cny"),
            buyback_amount_fen=_fen(self.buyback_amount_cny, "buyback_amount_cny"),
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            day_count=self.day_count,
            late_rate=Decimal(self.late_rate),
            is_title_transferred=self.is_title_transferred,
            lots=_lots(self.lots),
        )


class PledgeLoanIn(ContractHeadIn):
    """A loan on pledged tonnes; the lender's people release, an enforcing role enforces."""

    kind: Annotated[Literal["pledge_loan"], Field(examples=["pledge_loan"])]
    lender_organisation_id: UuidString
    instrument: CommodityCode
    quantity_t: Tonnes
    rank: Annotated[int, Field(ge=1, le=99, examples=[1])] = 1
    principal_cny: Cny
    rate: RateString
    late_rate: RateString = "0"
    day_count: Basis
    starts_on: DateString
    ends_on: DateString
    ltv_call: Annotated[DecimalString, Field(description="Margin is called above it.", examples=["0.70"])]
    ltv_target: Annotated[DecimalString, Field(description="What a call restores.", examples=["0.60"])]
    lots: Picks = ()

    def to_core(self) -> PledgeLoanTerms:
        """Return the terms."""
        return PledgeLoanTerms(
            **self.head(),
            lender_organisation_id=self.lender_organisation_id,
            instrument=self.instrument,
            quantity_t=_tonnes(self.quantity_t, "quantity_t"),
            rank=self.rank,
            principal_fen=_fen(self.principal_cny, "principal_cny"),
            rate=Decimal(self.rate),
            late_rate=Decimal(self.late_rate),
            day_count=self.day_count,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            ltv_call=Decimal(self.ltv_call),
            ltv_target=Decimal(self.ltv_target),
            lots=_lots(self.lots),
        )


class LendingIn(ContractHeadIn):
    """Tonnes lent against margin and a fee."""

    kind: Annotated[Literal["lending"], Field(examples=["lending"])]
    side: Choice[LendingSide]
    instrument: CommodityCode
    quantity_t: Tonnes
    value_price_cny_per_t: Price
    fee_rate: RateString
    late_rate: RateString = "0"
    day_count: Basis
    starts_on: DateString
    ends_on: DateString
    margin_cny: Cny
    yield_t: Annotated[DecimalString, Field(description="Whole tonnes on top at the end.", examples=["0"])] = "0"
    lots: Picks = ()

    def to_core(self) -> LendingTerms:
        """Return the terms."""
        return LendingTerms(
            **self.head(),
            side=self.side,
            instrument=self.instrument,
            quantity_t=_tonnes(self.quantity_t, "quantity_t"),
            value_price_cny_per_t=Decimal(self.value_price_cny_per_t),
            fee_rate=Decimal(self.fee_rate),
            late_rate=Decimal(self.late_rate),
            day_count=self.day_count,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            margin_fen=_fen(self.margin_cny, "margin_cny"),
            yield_t=_tonnes(self.yield_t, "yield_t"),
            lots=_lots(self.lots),
        )


class SwapIn(ContractHeadIn):
    """Tonnes of one instrument against tonnes of another, with a cash difference."""

    kind: Annotated[Literal["swap"], Field(examples=["swap"])]
    gives: CommodityCode
    gives_t: Tonnes
    takes: CommodityCode
    takes_t: Tonnes
    cash_cny: Annotated[DecimalString, Field(description="Received positive, paid negative.", examples=["50000.00"])]
    settles_on: DateString
    lots: Picks = ()

    def to_core(self) -> SwapTerms:
        """Return the terms."""
        return SwapTerms(
            **self.head(),
            gives=self.gives,
            gives_t=_tonnes(self.gives_t, "gives_t"),
            takes=self.takes,
            takes_t=_tonnes(self.takes_t, "takes_t"),
            cash_fen=_fen(self.cash_cny, "cash_cny"),
            settles_on=self.settles_on,
            lots=_lots(self.lots),
        )


class CustodyIn(ContractHeadIn):
    """Tonnes handed to a manager for a fee and a share of the yield."""

    kind: Annotated[Literal["custody"], Field(examples=["custody"])]
    instrument: CommodityCode
    quantity_t: Tonnes
    starts_on: DateString
    ends_on: DateString
    is_title_transferred: bool
    fee_cny: Cny
    yield_share: Annotated[RateString, Field(description="The book's share.", examples=["0.7"])]
    minimum_yield_cny: Cny = "0.00"
    lots: Picks = ()

    def to_core(self) -> CustodyTerms:
        """Return the terms."""
        return CustodyTerms(
            **self.head(),
            instrument=self.instrument,
            quantity_t=_tonnes(self.quantity_t, "quantity_t"),
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            is_title_transferred=self.is_title_transferred,
            fee_fen=_fen(self.fee_cny, "fee_cny"),
            yield_share=Decimal(self.yield_share),
            minimum_yield_fen=_fen(self.minimum_yield_cny, "minimum_yield_cny"),
            lots=_lots(self.lots),
        )


_EXAMPLE = {
    "kind": "repo",
    "counterparty_id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a",
    "agreement_ref": "回购2026-001",
    "agreed_on": "2026-11-19",
    "side": "seller",
    "instrument": "CEA25",
    "quantity_t": "100000",
    "sale_amount_cny": "8000000.00",
    "buyback_amount_cny": "8090000.00",
    "starts_on": "2026-11-20",
    "ends_on": "2027-02-18",
    "day_count": "ACT/360",
    "late_rate": "0.0675",
    "is_title_transferred": True,
}
TermsIn: TypeAlias = Annotated[
    ForwardIn | RepoIn | PledgeLoanIn | LendingIn | SwapIn | CustodyIn,
    Field(discriminator="kind", description="The terms of one kind of contract.", examples=[_EXAMPLE]),
]
"""The terms of any kind, told apart by ``kind``."""


_IN_CNY = frozenset(
    {
        "sale_amount",
        "buyback_amount",
        "principal",
        "margin_given",
        "margin_taken",
        "margin",
        "fee",
        "minimum_yield",
        "cash",
    }
)
"""Terms that are spelled in CNY: their fields say so."""


@contextmanager
def naming_terms() -> Iterator[None]:
    """Let a refusal of a term name its field as it was sent: ``sale_amount`` is ``terms.sale_amount_cny``."""
    try:
        yield
    except DomainError as refusal:
        name = refusal.data.get("field")
        if name is None or name.startswith("terms."):
            raise
        field = f"terms.{name}_cny" if name in _IN_CNY else f"terms.{name}"
        raise type(refusal)(refusal.code, refusal.message, **{**refusal.data, "field": field}) from refusal


def terms_out(terms: ContractTerms) -> ForwardIn | RepoIn | PledgeLoanIn | LendingIn | SwapIn | CustodyIn:
    """Return the shape of terms, the same that they came in."""
    head = ContractHeadIn(
        counterparty_id=terms.counterparty_id,
        agreement_ref=terms.agreement_ref,
        agreed_on=terms.agreed_on,
        note=terms.note,
    ).head()
    match terms:
        case ForwardTerms():
            return ForwardIn(
                **head,
                kind="forward",
                side=terms.side,
                instrument=terms.instrument,
                quantity_t=str(terms.quantity_t),
                price_cny_per_t=f"{terms.price_cny_per_t:f}",
                delivery_on=terms.delivery_on,
                settlement=terms.settlement,
                margin_given_cny=format_units(terms.margin_given_fen, 2),
                margin_taken_cny=format_units(terms.margin_taken_fen, 2),
                sets_aside=terms.sets_aside,
            )
        case RepoTerms():
            return RepoIn(
                **head,
                kind="repo",
                side=terms.side,
                instrument=terms.instrument,
                quantity_t=str(terms.quantity_t),
                sale_amount_cny=format_units(terms.sale_amount_fen, 2),
                buyback_amount_cny=format_units(terms.buyback_amount_fen, 2),
                starts_on=terms.starts_on,
                ends_on=terms.ends_on,
                day_count=terms.day_count,
                late_rate=f"{terms.late_rate:f}",
                is_title_transferred=terms.is_title_transferred,
                lots=_picks(terms.lots),
            )
        case PledgeLoanTerms():
            return _pledge_loan_out(terms, head)
        case LendingTerms():
            return _lending_out(terms, head)
        case SwapTerms():
            return SwapIn(
                **head,
                kind="swap",
                gives=terms.gives,
                gives_t=str(terms.gives_t),
                takes=terms.takes,
                takes_t=str(terms.takes_t),
                cash_cny=format_units(terms.cash_fen, 2),
                settles_on=terms.settles_on,
                lots=_picks(terms.lots),
            )
        case CustodyTerms():
            return _custody_out(terms, head)
        case _:
            assert_never(terms)


def _pledge_loan_out(terms: PledgeLoanTerms, head: _Head) -> PledgeLoanIn:
    return PledgeLoanIn(
        **head,
        kind="pledge_loan",
        lender_organisation_id=terms.lender_organisation_id,
        instrument=terms.instrument,
        quantity_t=str(terms.quantity_t),
        rank=terms.rank,
        principal_cny=format_units(terms.principal_fen, 2),
        rate=f"{terms.rate:f}",
        late_rate=f"{terms.late_rate:f}",
        day_count=terms.day_count,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        ltv_call=f"{terms.ltv_call:f}",
        ltv_target=f"{terms.ltv_target:f}",
        lots=_picks(terms.lots),
    )


def _lending_out(terms: LendingTerms, head: _Head) -> LendingIn:
    return LendingIn(
        **head,
        kind="lending",
        side=terms.side,
        instrument=terms.instrument,
        quantity_t=str(terms.quantity_t),
        value_price_cny_per_t=f"{terms.value_price_cny_per_t:f}",
        fee_rate=f"{terms.fee_rate:f}",
        late_rate=f"{terms.late_rate:f}",
        day_count=terms.day_count,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        margin_cny=format_units(terms.margin_fen, 2),
        yield_t=str(terms.yield_t),
        lots=_picks(terms.lots),
    )


def _custody_out(terms: CustodyTerms, head: _Head) -> CustodyIn:
    return CustodyIn(
        **head,
        kind="custody",
        instrument=terms.instrument,
        quantity_t=str(terms.quantity_t),
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        is_title_transferred=terms.is_title_transferred,
        fee_cny=format_units(terms.fee_fen, 2),
        yield_share=f"{terms.yield_share:f}",
        minimum_yield_cny=format_units(terms.minimum_yield_fen, 2),
        lots=_picks(terms.lots),
    )


def _tonnes(text: str, field: str) -> int:
    return parse_units(text, 0, field=field)


def _fen(text: str, field: str) -> int:
    return parse_units(text, 2, field=field)


def _lots(picks: tuple[ContractLotIn, ...]) -> Lots:
    return tuple((one.lot_id, _tonnes(one.quantity_t, "lots")) for one in picks)


def _picks(lots: Lots) -> tuple[ContractLotIn, ...]:
    return tuple(ContractLotIn(lot_id=lot_id, quantity_t=str(tonnes)) for lot_id, tonnes in lots)
