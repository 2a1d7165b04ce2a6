"""What leaves about results: a book's two views and lines, why its value changed, and several books in one currency.

Only shapes: results are computed and explained by the cores.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, UuidString
from api.schemas.market import MarkOut
from api.schemas.points import PointOut
from finance.market.pnl_explain import Effect, Explained
from finance.market.pnl_explanation import EFFECT_LABELS
from finance.market.presentation import Conversion, PresentedChange, PresentedResult
from finance.market.profit_and_loss import BookResult, Dimension, ForecastAllocation, ResultLine
from finance.market.snapshots import Snapshot
from finance.operations.profit_and_loss import BookChange, BookProfit, GroupChange, GroupProfit


class SnapshotNameOut(Schema):
    """The frozen marks that an answer rests on."""

    snapshot_id: Annotated[str, Field(examples=["01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"])]
    as_of: DateString
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]

    @classmethod
    def from_core(cls, snapshot: Snapshot) -> SnapshotNameOut:
        """Return the name of ``snapshot``."""
        return cls(snapshot_id=snapshot.id, as_of=snapshot.as_of, sha256=snapshot.sha256)


class ResultLineOut(Schema):
    """One lot's, account's, instrument's or price currency's result; gain positive."""

    key: Annotated[str, Field(examples=["CEA25"])]
    is_complete: Annotated[bool, Field(examples=[True])]
    quantity: AmountOut
    cost: AmountOut
    market_value: AmountOut
    unrealised: AmountOut
    realised: AmountOut
    settled_at_cost: Annotated[AmountOut, Field(description="Cost of what was surrendered or cancelled.")]
    unvalued_lots: Annotated[int, Field(examples=[0])]
    unvalued_quantity: AmountOut
    unvalued_cost: AmountOut

    @classmethod
    def from_core(cls, line: ResultLine, currency: str) -> ResultLineOut:
        """Return the shape of ``line``."""
        return cls(
            key=line.key,
            is_complete=line.is_complete,
            quantity=tonnes_out(line.quantity_t),
            cost=money_out(line.cost_units, currency),
            market_value=money_out(line.market_value_units, currency),
            unrealised=money_out(line.unrealised_units, currency),
            realised=money_out(line.realised_units, currency),
            settled_at_cost=money_out(line.settled_units, currency),
            unvalued_lots=line.unvalued_lots,
            unvalued_quantity=tonnes_out(line.unvalued_quantity_t),
            unvalued_cost=money_out(line.unvalued_cost_units, currency),
        )


class StatutoryOut(Schema):
    """By 财会[2019]22号: purchases at cost in 1489, free allocation without an entry."""

    carrying: Annotated[AmountOut, Field(description="1489: the cost of every lot that is held.")]
    ledger_carrying: Annotated[AmountOut, Field(description="What the cost accounts say themselves.")]
    is_tied_to_ledger: Annotated[bool, Field(examples=[True])]
    free_quantity: Annotated[AmountOut, Field(description="Held at no cost: no entry.")]
    realised: AmountOut
    settled_at_cost: AmountOut

    @classmethod
    def from_core(cls, profit: BookProfit) -> StatutoryOut:
        """Return the statutory view of ``profit``."""
        view, currency = profit.result.statutory, profit.result.currency
        return cls(
            carrying=money_out(view.carrying_units, currency),
            ledger_carrying=money_out(profit.ledger_carrying_units, currency),
            is_tied_to_ledger=view.carrying_units == profit.ledger_carrying_units,
            free_quantity=tonnes_out(view.free_quantity_t),
            realised=money_out(view.realised_units, currency),
            settled_at_cost=money_out(view.settled_units, currency),
        )


class ForecastOut(Schema):
    """An allocation that is expected but not issued: no holding, in no total."""

    instrument: Annotated[str, Field(examples=["CEA26"])]
    label: Annotated[str, Field(examples=["forecast: not issued, in no total"])]
    label_zh: Annotated[str, Field(examples=["预测：尚未发放，不计入合计"])]
    quantity: AmountOut
    source: Annotated[str, Field(examples=["pre-allocation notice of 2026-09-30"])]
    mark: MarkOut | None
    market_value: AmountOut | None
    unvalued_reason: Annotated[str, Field(examples=["mark_missing"])]

    @classmethod
    def from_core(cls, one: ForecastAllocation) -> ForecastOut:
        """Return the shape of ``one``."""
        worth = one.market_value_units
        return cls(
            instrument=one.instrument,
            label="forecast: not issued, in no total",
            label_zh="预测：尚未发放，不计入合计",
            quantity=tonnes_out(one.quantity_t),
            source=one.source,
            mark=None if one.by.mark is None else MarkOut.from_core(one.by.mark),
            market_value=None if worth is None else money_out(worth, one.by.currency),
            unvalued_reason=one.by.unvalued_reason,
        )


class EconomicOut(Schema):
    """Everything that is held at its mark; what is not issued yet stands apart as a forecast."""

    is_complete: Annotated[bool, Field(examples=[True])]
    market_value: AmountOut
    unrealised: AmountOut
    realised: AmountOut
    settled_at_cost: AmountOut
    unvalued_lots: Annotated[int, Field(examples=[0])]
    unvalued_quantity: AmountOut
    forecasts: Array[ForecastOut]

    @classmethod
    def from_core(cls, result: BookResult, forecasts: tuple[ForecastAllocation, ...]) -> EconomicOut:
        """Return the economic view of ``result``."""
        view, currency = result.economic, result.currency
        return cls(
            is_complete=view.is_complete,
            market_value=money_out(view.market_value_units, currency),
            unrealised=money_out(view.unrealised_units, currency),
            realised=money_out(view.realised_units, currency),
            settled_at_cost=money_out(view.settled_units, currency),
            unvalued_lots=view.unvalued_lots,
            unvalued_quantity=tonnes_out(view.unvalued_quantity_t),
            forecasts=tuple(ForecastOut.from_core(one) for one in forecasts),
        )


class ProfitOut(PointOut):
    """A book's results from its first day to a point, by two views side by side; the lines sum to the total."""

    book_id: UuidString
    book_code: Annotated[str, Field(examples=["smelter"])]
    currency: Annotated[str, Field(examples=["CNY"])]
    snapshot: SnapshotNameOut
    statutory: StatutoryOut
    economic: EconomicOut
    standing_fees: Annotated[AmountOut, Field(description="Account fees that belong to no trade.")]
    by: Annotated[str, Field(examples=["instrument"])]
    lines: Array[ResultLineOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(
        cls,
        profit: BookProfit,
        point: PointOut,
        snapshot: Snapshot,
        *,
        by: Dimension,
        explanation: ExplanationOut,
    ) -> ProfitOut:
        """Return the shape of ``profit`` at ``point``."""
        currency = profit.result.currency
        return cls(
            **point.carried(),
            book_id=profit.book.book_uuid,
            book_code=profit.book.code,
            currency=currency,
            snapshot=SnapshotNameOut.from_core(snapshot),
            statutory=StatutoryOut.from_core(profit),
            economic=EconomicOut.from_core(profit.result, profit.forecasts),
            standing_fees=money_out(profit.standing_fees_units, currency),
            by=by.value,
            lines=tuple(ResultLineOut.from_core(line, currency) for line in profit.result.lines[by]),
            explanation=explanation,
        )


class EffectOut(Schema):
    """One reason for a change of value, in the order in which they are taken."""

    effect: Annotated[str, Field(examples=["price"])]
    label_en: Annotated[str, Field(examples=["Price"])]
    label_zh: Annotated[str, Field(examples=["价格影响"])]
    amount: AmountOut

    @classmethod
    def of(cls, effect: Effect, units: int, currency: str) -> EffectOut:
        """Return the shape of one effect."""
        english, chinese = EFFECT_LABELS[effect]
        return cls(effect=effect.value, label_en=english, label_zh=chinese, amount=money_out(units, currency))


class ChangeOut(Schema):
    """A change of value: opening plus effects is closing. The result is the change that is not money put in or taken out."""

    key: Annotated[str, Field(examples=["CEA25"])]
    opening: AmountOut
    effects: Array[EffectOut]
    closing: AmountOut
    money_put_in: Annotated[AmountOut, Field(description="Paid less received, at cost for what was carried over.")]
    result: Annotated[AmountOut, Field(description="closing - opening - money put in.")]
    unrealised_change: AmountOut
    realised: AmountOut
    settled_at_cost: AmountOut
    unvalued_cost_change: AmountOut

    @classmethod
    def from_core(cls, part: Explained, currency: str) -> ChangeOut:
        """Return the shape of ``part``."""
        return cls(
            key=part.key,
            opening=money_out(part.opening_units, currency),
            effects=tuple(EffectOut.of(effect, part.effects[effect], currency) for effect in Effect),
            closing=money_out(part.closing_units, currency),
            money_put_in=money_out(part.money_units, currency),
            result=money_out(part.result_units, currency),
            unrealised_change=money_out(part.unrealised_change_units, currency),
            realised=money_out(part.realised_units, currency),
            settled_at_cost=money_out(part.settled_units, currency),
            unvalued_cost_change=money_out(part.unvalued_cost_change_units, currency),
        )


class BookChangeOut(Schema):
    """Why a book's value changed between two points, each part to the minor unit."""

    book_id: UuidString
    book_code: Annotated[str, Field(examples=["smelter"])]
    currency: Annotated[str, Field(examples=["CNY"])]
    opening_snapshot: SnapshotNameOut
    opening_known: Annotated[int, Field(examples=[12])]
    restated_snapshot: Annotated[SnapshotNameOut, Field(description="The opening day's marks as known at the closing.")]
    closing_snapshot: SnapshotNameOut
    closing_known: Annotated[int, Field(examples=[15])]
    total: ChangeOut
    by: Annotated[str, Field(examples=["instrument"])]
    lines: Array[ChangeOut]
    standing_fees: Annotated[AmountOut, Field(description="Account fees of the period that belong to no trade.")]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, change: BookChange, opening: Snapshot, closing: Snapshot, *, by: Dimension) -> BookChangeOut:
        """Return the shape of ``change``."""
        currency = change.book.functional_currency
        return cls(
            book_id=change.book.book_uuid,
            book_code=change.book.code,
            currency=currency,
            opening_snapshot=SnapshotNameOut.from_core(opening),
            opening_known=change.opening.seq,
            restated_snapshot=SnapshotNameOut.from_core(change.restated),
            closing_snapshot=SnapshotNameOut.from_core(closing),
            closing_known=change.closing.seq,
            total=ChangeOut.from_core(change.total, currency),
            by=by.value,
            lines=tuple(ChangeOut.from_core(line, currency) for line in change.lines(by)),
            standing_fees=money_out(change.standing_fees_units, currency),
            explanation=ExplanationOut.from_core(change.explanation),
        )


class ConversionOut(Schema):
    """The fixing by which a book's amounts are shown; null where the currency is the same."""

    currency: Annotated[str, Field(examples=["EUR"])]
    fixing: MarkOut | None
    missing_reason: Annotated[str, Field(examples=["fx_stale"])]

    @classmethod
    def from_core(cls, by: Conversion) -> ConversionOut:
        """Return the shape of ``by``."""
        return cls(
            currency=by.currency,
            fixing=None if by.fx_mark is None else MarkOut.from_core(by.fx_mark),
            missing_reason=by.missing_reason,
        )


class PresentedResultOut(Schema):
    """A result in the presentation currency."""

    market_value: AmountOut
    cost: AmountOut
    unrealised: AmountOut
    realised: AmountOut
    settled_at_cost: AmountOut
    unvalued_cost: AmountOut

    @classmethod
    def from_core(cls, shown: PresentedResult, currency: str) -> PresentedResultOut:
        """Return the shape of ``shown``."""
        return cls(
            market_value=money_out(shown.market_value_units, currency),
            cost=money_out(shown.cost_units, currency),
            unrealised=money_out(shown.unrealised_units, currency),
            realised=money_out(shown.realised_units, currency),
            settled_at_cost=money_out(shown.settled_units, currency),
            unvalued_cost=money_out(shown.unvalued_cost_units, currency),
        )


class GroupBookOut(Schema):
    """One book of a group: in its own currency, and converted unless its fixing is missing or stale."""

    book_id: UuidString
    book_code: Annotated[str, Field(examples=["smelter"])]
    known: Annotated[int, Field(examples=[12])]
    total: ResultLineOut
    conversion: ConversionOut
    presented: PresentedResultOut | None


class PresentedLineOut(Schema):
    """One instrument's or one currency's result over all books, in the presentation currency."""

    key: Annotated[str, Field(examples=["CEA25"])]
    result: PresentedResultOut


class GroupProfitOut(Schema):
    """Several books together in one currency; what cannot be converted or valued makes it incomplete and is named."""

    presentation_currency: Annotated[str, Field(examples=["CNY"])]
    snapshot: SnapshotNameOut
    is_complete: Annotated[bool, Field(examples=[True])]
    unconverted_books: Annotated[Array[str], Field(examples=[[]])]
    total: PresentedResultOut
    by_instrument: Array[PresentedLineOut]
    by_currency: Annotated[Array[PresentedLineOut], Field(description="By the books' own currency.")]
    books: Array[GroupBookOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, group: GroupProfit, snapshot: Snapshot) -> GroupProfitOut:
        """Return the shape of ``group``."""
        return cls(
            presentation_currency=group.presentation,
            snapshot=SnapshotNameOut.from_core(snapshot),
            is_complete=group.is_complete,
            unconverted_books=group.unconverted,
            total=PresentedResultOut.from_core(group.total, group.presentation),
            by_instrument=tuple(
                PresentedLineOut(key=key, result=PresentedResultOut.from_core(line, group.presentation))
                for key, line in group.by_instrument.items()
            ),
            by_currency=tuple(
                PresentedLineOut(key=key, result=PresentedResultOut.from_core(line, group.presentation))
                for key, line in group.by_currency.items()
            ),
            books=tuple(
                GroupBookOut(
                    book_id=one.profit.book.book_uuid,
                    book_code=one.profit.book.code,
                    known=one.profit.worth.record.seq,
                    total=ResultLineOut.from_core(one.profit.result.total, one.profit.result.currency),
                    conversion=ConversionOut.from_core(one.by),
                    presented=None
                    if one.total is None
                    else PresentedResultOut.from_core(one.total, group.presentation),
                )
                for one in group.books
            ),
            explanation=ExplanationOut.from_core(group.explanation),
        )


class PresentedChangeOut(Schema):
    """A change in the presentation currency; translation is what the book's own fixing moved."""

    opening: AmountOut
    effects: Array[EffectOut]
    translation: AmountOut
    closing: AmountOut

    @classmethod
    def from_core(cls, shown: PresentedChange, currency: str) -> PresentedChangeOut:
        """Return the shape of ``shown``."""
        return cls(
            opening=money_out(shown.opening_units, currency),
            effects=tuple(EffectOut.of(effect, shown.effects[effect], currency) for effect in Effect),
            translation=money_out(shown.translation_units, currency),
            closing=money_out(shown.closing_units, currency),
        )


class GroupBookChangeOut(Schema):
    """One book's change, in its own currency and converted."""

    book_id: UuidString
    book_code: Annotated[str, Field(examples=["smelter"])]
    total: ChangeOut
    opening_conversion: ConversionOut
    closing_conversion: ConversionOut
    presented: PresentedChangeOut | None


class PresentedChangeLineOut(Schema):
    """One instrument's change over all books, in the presentation currency."""

    key: Annotated[str, Field(examples=["CEA25"])]
    change: PresentedChangeOut


class GroupChangeOut(Schema):
    """Why several books' value changed, in one currency."""

    presentation_currency: Annotated[str, Field(examples=["CNY"])]
    opening_snapshot: SnapshotNameOut
    restated_snapshot: SnapshotNameOut
    closing_snapshot: SnapshotNameOut
    unconverted_books: Annotated[Array[str], Field(examples=[[]])]
    total: PresentedChangeOut
    by_instrument: Array[PresentedChangeLineOut]
    books: Array[GroupBookChangeOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, group: GroupChange, opening: Snapshot, closing: Snapshot, restated: Snapshot) -> GroupChangeOut:
        """Return the shape of ``group``."""
        return cls(
            presentation_currency=group.presentation,
            opening_snapshot=SnapshotNameOut.from_core(opening),
            restated_snapshot=SnapshotNameOut.from_core(restated),
            closing_snapshot=SnapshotNameOut.from_core(closing),
            unconverted_books=group.unconverted,
            total=PresentedChangeOut.from_core(group.total, group.presentation),
            by_instrument=tuple(
                PresentedChangeLineOut(key=key, change=PresentedChangeOut.from_core(line, group.presentation))
                for key, line in group.by_instrument.items()
            ),
            books=tuple(
                GroupBookChangeOut(
                    book_id=one.change.book.book_uuid,
                    book_code=one.change.book.code,
                    total=ChangeOut.from_core(one.change.total, one.change.book.functional_currency),
                    opening_conversion=ConversionOut.from_core(one.opening),
                    closing_conversion=ConversionOut.from_core(one.closing),
                    presented=None
                    if one.total is None
                    else PresentedChangeOut.from_core(one.total, group.presentation),
                )
                for one in group.books
            ),
            explanation=ExplanationOut.from_core(group.explanation),
        )
