"""What a lender sees of the pledge loans on which it lends: the pledge, what is owed to it and what is due to it.

Signs are the lender's. What the loan is to the borrower's book stands elsewhere: its lots, its notes, its other parties.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.operations.carbon_contracts import Shown
from finance.trading.contracts import kinds, life
from finance.trading.contracts.explanation import interest_to
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.schedule import CashFlow, cash_flows, next_due
from finance.trading.contracts.standing import MarginCall


class LentDueOut(Schema):
    """Money that comes to the lender (positive) or goes from it next; without an amount a later day decides."""

    on: DateString
    what: Annotated[str, Field(description="A cash flow by its name.", examples=["principal"])]
    amount: AmountOut | None

    @classmethod
    def from_core(cls, flow: CashFlow) -> LentDueOut:
        """Return the shape of the borrower's flow as its lender has it."""
        amount = None if flow.amount_fen is None else money_out(-flow.amount_fen, BOOK_CURRENCY)
        return cls(on=flow.on, what=flow.what, amount=amount)


class LentMarginCallOut(Schema):
    """The latest margin call: the borrower adds the tonnes or repays the money."""

    called_on: DateString
    add: AmountOut
    repay: AmountOut
    is_met: bool

    @classmethod
    def from_core(cls, call: MarginCall) -> LentMarginCallOut:
        """Return the shape of ``call``."""
        return cls(
            called_on=call.called_on,
            add=tonnes_out(call.add_t),
            repay=money_out(call.repay_fen, BOOK_CURRENCY),
            is_met=call.is_met,
        )


class LentContractOut(Schema):
    """A pledge loan as it stands today for its lender, by the wording in force."""

    contract_id: UuidString
    borrower_id: UuidString
    borrower_name: str
    agreement_ref: str
    state: str
    as_of: Annotated[DateString, Field(description="Today in the zone of contract days.")]
    instrument: str
    pledged: Annotated[AmountOut, Field(description="By the terms.")]
    encumbered: Annotated[AmountOut, Field(description="What is set aside for the lender today.")]
    rank: int
    loan: Annotated[AmountOut, Field(description="The money lent by the terms.")]
    principal: Annotated[AmountOut | None, Field(description="Still owed; null before the loan is opened.")]
    interest_to_date: Annotated[AmountOut | None, Field(description="Of the days before today, paid or not.")]
    rate: Annotated[str, Field(description="Yearly, a fraction of one.", examples=["0.045"])]
    ltv_call: Annotated[str, Field(description="Margin is called above it.", examples=["0.7"])]
    ltv_target: Annotated[str, Field(description="What a call restores.", examples=["0.6"])]
    first_day: DateString
    last_day: DateString
    next_due: LentDueOut | None
    margin_call: LentMarginCallOut | None
    may_release: Annotated[bool, Field(description="Whether the lender's people may release tonnes now.")]

    @classmethod
    def from_core(cls, shown: Shown, *, borrower_id: UUID, borrower_name: str, actor_id: UUID) -> LentContractOut:
        """Return the shape of a pledge loan for a person of its lender."""
        record, terms = shown.record, shown.record.in_force.terms
        assert isinstance(terms, PledgeLoanTerms), "the database has a lender for pledge loans alone"
        standing, is_ended = record.standing(), record.is_ended
        due = next_due(cash_flows(terms, standing, is_ended=is_ended), (), None if is_ended else standing)
        earned = interest_to(record, on=shown.today)
        actions = life.next_actions(
            record, shown.state, on=shown.today, actor_id=actor_id, is_beneficiary=True, may_enforce=False
        )
        call = None if standing is None else standing.call
        return cls(
            contract_id=record.contract_id,
            borrower_id=borrower_id,
            borrower_name=borrower_name,
            agreement_ref=terms.agreement_ref,
            state=shown.state.value,
            as_of=shown.today,
            instrument=terms.instrument,
            pledged=tonnes_out(terms.quantity_t),
            encumbered=tonnes_out(shown.encumbered_t),
            rank=terms.rank,
            loan=money_out(terms.principal_fen, BOOK_CURRENCY),
            principal=None if standing is None else money_out(standing.principal_fen, BOOK_CURRENCY),
            interest_to_date=None if earned is None else money_out(earned, BOOK_CURRENCY),
            rate=format(terms.rate, "f"),
            ltv_call=format(terms.ltv_call, "f"),
            ltv_target=format(terms.ltv_target, "f"),
            first_day=kinds.first_day(terms),
            last_day=kinds.last_day(terms),
            next_due=LentDueOut.from_core(due) if isinstance(due, CashFlow) else None,
            margin_call=None if call is None else LentMarginCallOut.from_core(call),
            may_release="release" in actions,
        )


class LentContractsOut(Schema):
    """A page of the pledge loans on which an organisation lends, by id."""

    contracts: Array[LentContractOut]
    next_after: Annotated[UuidString | None, Field(description="Where the next page begins.")]
