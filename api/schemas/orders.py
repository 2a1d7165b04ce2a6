"""What enters and leaves about orders, their fills, settlements and corrections."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import CommodityCode
from api.schemas.fields import DateString, DecimalString, InstantString, NameText, UuidString
from api.schemas.trades import PriceOut
from api.schemas.trading_steps import CheckOut, DifferenceOut, StepOut
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.operations.order_checks import Checked
from finance.operations.settlements import Deal, FillCorrection, ProposedCorrection
from finance.trading.orders import (
    AuctionNotice,
    Fill,
    OrderRecord,
    OrderTerms,
    Settlement,
    SettlementState,
    Side,
    next_actions,
    state_of,
)
from finance.trading.rules import TradeMethod
from ledger.core.amounts import parse_units

Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,29}$", examples=["F-1"])]
Units = Annotated[DecimalString, Field(description="Whole units of the instrument.", examples=["10000"])]
UnitPrice = Annotated[DecimalString, Field(description="Per unit, in the order's currency.", examples=["97.40"])]
Fee = Annotated[DecimalString, Field(description="In the order's currency.", examples=["2400.00"])]


class NoticeIn(Schema):
    """A one-way auction's own notice and its hours."""

    notice_ref: Annotated[NameText, Field(examples=["单向竞价公告2026-1"])]
    opens_at: InstantString
    closes_at: InstantString


class OrderTermsIn(Schema):
    """What is to be dealt, on one trading day."""

    side: Choice[Side]
    instrument: CommodityCode
    method: Choice[TradeMethod]
    quantity: Units
    limit_price: UnitPrice
    currency: Annotated[str, Field(pattern=r"^(CNY|EUR)$", examples=["CNY"])] = "CNY"
    trading_day: Annotated[DateString, Field(examples=["2026-11-20"])]
    counterparty_id: Annotated[UuidString | None, Field(description="For a block or bilateral order.")] = None
    compliance_year: Annotated[int | None, Field(ge=1990, le=2200, examples=[2025])] = None
    max_fee: Annotated[
        DecimalString | None, Field(description="The most that fees may come to; null: by the rates on file.")
    ] = None
    notice: Annotated[NoticeIn | None, Field(description="Exactly for an order in an auction.")] = None
    note: Annotated[str, Field(max_length=200, examples=["for the 2025 duty"])] = ""

    def to_core(self) -> OrderTerms:
        """Return the terms."""
        notice = self.notice
        return OrderTerms(
            side=self.side,
            instrument=self.instrument,
            method=self.method,
            quantity=parse_units(self.quantity, 0, field="quantity"),
            limit_price=Decimal(self.limit_price),
            currency=self.currency,
            trading_day=self.trading_day,
            counterparty_id=self.counterparty_id,
            compliance_year=self.compliance_year,
            max_fee_minor=None if self.max_fee is None else parse_units(self.max_fee, 2, field="max_fee"),
            notice=None
            if notice is None
            else AuctionNotice(notice_ref=notice.notice_ref, opens_at=notice.opens_at, closes_at=notice.closes_at),
            note=self.note,
        )


class OrderIn(OrderTermsIn):
    """An order to be proposed, or kept as a draft."""

    order_id: UuidString
    is_draft: bool = False


class FillIn(Schema):
    """What the venue or counterparty confirms; without a fee it is by the rates on file."""

    fill_ref: Reference
    quantity: Units
    price: UnitPrice
    dealt_at: Annotated[InstantString, Field(examples=["2026-11-20T02:00:00.000000+00:00"])]
    fee: Fee | None = None
    fee_doc_ref: Annotated[str, Field(max_length=200, description="The paper of a typed fee.", examples=[""])] = ""
    vat_code: Annotated[str, Field(max_length=40, examples=["VAT6"])] = ""
    doc_ref: Annotated[str, Field(max_length=200, examples=["CN-2026-1"])] = ""

    def to_core(self) -> Deal:
        """Return the deal."""
        return Deal(
            fill_ref=self.fill_ref,
            quantity=parse_units(self.quantity, 0, field="quantity"),
            price=Decimal(self.price),
            dealt_at=self.dealt_at,
            fee_minor=None if self.fee is None else parse_units(self.fee, 2, field="fee"),
            fee_doc_ref=self.fee_doc_ref,
            vat_code=self.vat_code,
            doc_ref=self.doc_ref,
        )


class SettlementIn(Schema):
    """What became of a fill: settled, or failed with the reason."""

    fill_ref: Reference
    settled_on: Annotated[DateString, Field(examples=["2026-11-23"])]
    state: Annotated[str, Field(pattern=r"^(settled|failed)$", examples=["settled"])] = "settled"
    reason: Annotated[str, Field(max_length=200, examples=["the registry refused the transfer"])] = ""

    @property
    def outcome(self) -> SettlementState:
        """Return the state as the core spells it."""
        return SettlementState(self.state)


class ReplacementIn(OrderTermsIn):
    """The order that takes the place of one that did not go out yet."""

    order_id: UuidString


class FillCorrectionIn(Schema):
    """What a fill should have said; another person approves it before anything changes."""

    correction_id: UuidString
    fill_ref: Reference
    new_fill_ref: Annotated[Reference, Field(examples=["F-1B"])]
    quantity: Units
    price: UnitPrice
    fee: Fee
    fee_doc_ref: Annotated[str, Field(max_length=200, examples=["CN-2026-1"])] = ""
    vat_code: Annotated[str, Field(max_length=40, examples=["VAT6"])] = ""
    doc_ref: Annotated[str, Field(max_length=200, examples=["CN-2026-1"])] = ""
    reason: Annotated[NameText, Field(examples=["the confirmation says 97.30"])]

    def to_core(self) -> FillCorrection:
        """Return the correction."""
        return FillCorrection(
            fill_ref=self.fill_ref,
            new_fill_ref=self.new_fill_ref,
            quantity=parse_units(self.quantity, 0, field="quantity"),
            price=Decimal(self.price),
            fee_minor=parse_units(self.fee, 2, field="fee"),
            fee_doc_ref=self.fee_doc_ref,
            vat_code=self.vat_code,
            doc_ref=self.doc_ref,
            reason=self.reason,
        )


class CorrectIn(Schema):
    """Exactly one of both: a replacement before the order went out, or a fill's correction after."""

    replacement: ReplacementIn | None = None
    fill: FillCorrectionIn | None = None


class FillOut(Schema):
    """What was dealt, and where it stands: traded, settled or failed; ``is_live`` is false once corrected."""

    fill_ref: str
    quantity: AmountOut
    price: PriceOut
    fee: AmountOut
    fee_doc_ref: str
    vat_code: str
    dealt_at: InstantString
    dealt_on: DateString
    doc_ref: str
    fixing_cny_per_eur: str | None
    fixing_ref: str
    corrects: str
    is_live: bool
    settlement: str

    @classmethod
    def from_core(cls, fill: Fill, order: OrderRecord, unit: str) -> FillOut:
        """Return the shape of one of the order's fills."""
        latest = order.settlement_of(fill.fill_ref)
        currency = order.terms.currency
        return cls(
            fill_ref=fill.fill_ref,
            quantity=AmountOut(amount=str(fill.quantity), unit=unit),
            price=PriceOut(amount=f"{fill.price:f}", unit=f"{currency}/{unit}"),
            fee=money_out(fill.fee_minor, currency),
            fee_doc_ref=fill.fee_doc_ref,
            vat_code=fill.vat_code,
            dealt_at=fill.dealt_at,
            dealt_on=fill.dealt_on,
            doc_ref=fill.doc_ref,
            fixing_cny_per_eur=None if fill.fixing_cny_per_eur is None else f"{fill.fixing_cny_per_eur:f}",
            fixing_ref=fill.fixing_ref,
            corrects=fill.corrects,
            is_live=fill in order.live_fills,
            settlement=(SettlementState.TRADED if latest is None else latest.state).value,
        )


class SettlementOut(Schema):
    """One word on a fill's settlement; a corrected booking names the reversal of the wrong one."""

    fill_ref: str
    state: str
    settled_on: DateString
    reason: str
    trade_ref: str
    entry_id: UuidString | None
    reversed_entry_id: UuidString | None
    actor_id: UuidString
    recorded_at: InstantString

    @classmethod
    def from_core(cls, settlement: Settlement) -> SettlementOut:
        """Return the shape of ``settlement``."""
        return cls(
            fill_ref=settlement.fill_ref,
            state=settlement.state.value,
            settled_on=settlement.settled_on,
            reason=settlement.reason,
            trade_ref=settlement.trade_ref,
            entry_id=settlement.entry_id,
            reversed_entry_id=settlement.reversed_entry_id,
            actor_id=settlement.actor_id,
            recorded_at=settlement.recorded_at,
        )


class AveragePriceOut(Schema):
    """The exact mean price of what was dealt: the fraction, and a decimal for reading."""

    exact: Annotated[str, Field(examples=["321/4"])]
    amount: Annotated[str, Field(examples=["80.25"])]
    unit: Annotated[str, Field(examples=["CNY/t"])]


class OrderOut(Schema):
    """An order with every fact about it, its state, and what the caller may do next."""

    order_id: UuidString
    book_id: UuidString
    number: int
    state: str
    side: str
    instrument: str
    method: str
    quantity: AmountOut
    limit_price: PriceOut
    trading_day: DateString
    counterparty_id: UuidString | None
    compliance_year: int | None
    max_fee: AmountOut | None
    notice_ref: str
    corrects: UuidString | None
    note: str
    sha256: Annotated[str, Field(description="What an approval binds.")]
    maker_id: UuidString
    made_at: InstantString
    approvals_needed: int
    approvers: Array[UuidString]
    filled: AmountOut
    remaining: AmountOut
    average_price: AveragePriceOut | None
    steps: Array[StepOut]
    fills: Array[FillOut]
    settlements: Array[SettlementOut]
    next_actions: Array[str]
    checks: Annotated[Array[CheckOut] | None, Field(description="As things stand now; null once it went out.")] = None
    differences: Annotated[Array[DifferenceOut] | None, Field(description="What a replacement changes.")] = None

    @classmethod
    def from_core(
        cls,
        order: OrderRecord,
        *,
        unit: str,
        today: date,
        actor_id: UUID,
        checks: tuple[CheckOut, ...] | None = None,
        differences: tuple[DifferenceOut, ...] | None = None,
    ) -> OrderOut:
        """Return the shape of ``order`` as ``actor_id`` sees it on ``today`` of the venue."""
        terms = order.terms
        per_unit = f"{terms.currency}/{unit}"
        mean = order.average_price()
        return cls(
            order_id=order.order_id,
            book_id=order.book_uuid,
            number=order.number,
            state=state_of(order, today=today).value,
            side=terms.side.value,
            instrument=terms.instrument,
            method=terms.method.value,
            quantity=AmountOut(amount=str(terms.quantity), unit=unit),
            limit_price=PriceOut(amount=f"{terms.limit_price:f}", unit=per_unit),
            trading_day=terms.trading_day,
            counterparty_id=terms.counterparty_id,
            compliance_year=terms.compliance_year,
            max_fee=None if terms.max_fee_minor is None else money_out(terms.max_fee_minor, terms.currency),
            notice_ref="" if terms.notice is None else terms.notice.notice_ref,
            corrects=terms.corrects,
            note=terms.note,
            sha256=order.sha256,
            maker_id=order.maker_id,
            made_at=order.made_at,
            approvals_needed=order.approvals_needed,
            approvers=order.approvers,
            filled=AmountOut(amount=str(order.filled), unit=unit),
            remaining=AmountOut(amount=str(order.remaining), unit=unit),
            average_price=None
            if mean is None
            else AveragePriceOut(exact=fraction_text(mean), amount=decimal_text(mean), unit=per_unit),
            steps=tuple(map(StepOut.from_core, order.steps)),
            fills=tuple(FillOut.from_core(fill, order, unit) for fill in order.fills),
            settlements=tuple(map(SettlementOut.from_core, order.settlements)),
            next_actions=next_actions(order, today=today, actor_id=actor_id),
            checks=checks,
            differences=differences,
        )


class OrdersOut(Schema):
    """A page of a book's orders by number."""

    orders: Array[OrderOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]


class OrderChecksOut(Schema):
    """Every check of an order that is not proposed, and whether it would be taken."""

    is_accepted: bool
    approvals_needed: int
    checks: Array[CheckOut]

    @classmethod
    def from_core(cls, checked: Checked) -> OrderChecksOut:
        """Return the shape of ``checked``."""
        return cls(
            is_accepted=not checked.refused,
            approvals_needed=checked.approvals_needed,
            checks=tuple(map(CheckOut.from_core, checked.results)),
        )


class CorrectionOut(Schema):
    """A proposed correction of a fill with exactly what differs; ``is_applied`` once another person approved it."""

    correction_id: UuidString
    order_id: UuidString
    sha256: Annotated[str, Field(description="What an approval binds.")]
    maker_id: UuidString
    is_applied: bool
    differences: Array[DifferenceOut]
    steps: Array[StepOut]

    @classmethod
    def from_core(cls, correction: ProposedCorrection) -> CorrectionOut:
        """Return the shape of ``correction``."""
        proposal = correction.proposal
        return cls(
            correction_id=proposal.proposal_id,
            order_id=UUID(proposal.subject),
            sha256=proposal.sha256,
            maker_id=proposal.maker_id,
            is_applied=correction.is_applied,
            differences=tuple(map(DifferenceOut.from_core, correction.differences)),
            steps=tuple(map(StepOut.from_core, proposal.steps)),
        )


class CorrectedOut(Schema):
    """What a correction made: the replacing order, or the proposed correction of a fill."""

    order: OrderOut | None
    correction: CorrectionOut | None
