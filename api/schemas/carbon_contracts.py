"""What enters and leaves about carbon-finance contracts: wordings, steps, and a contract as it stands."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.carbon_contract_terms import ContractLotIn, Picks, TermsIn, Tonnes, terms_out
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, DecimalString, InstantString, NameText, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.operations.carbon_contract_steps import MarginMove
from finance.operations.carbon_contracts import Shown
from finance.trading.contracts import kinds, life
from finance.trading.contracts.explanation import explain_contract, interest_to
from finance.trading.contracts.life import ContractState, Event, Version
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.schedule import CashFlow, TonneFlow, cash_flows, next_due, tonne_flows
from finance.trading.contracts.standing import MarginCall, Party, Said
from finance.trading.contracts.swap import CapEffect
from finance.trading.contracts.terms import check_tonnes
from finance.trading.contracts.valuation import ContractValue
from ledger.core.amounts import format_exact, parse_units
from ledger.store.holds_report import HoldView

StepDay = Annotated[DateString, Field(description="The business day of the step.", examples=["2026-11-20"])]
Paper = Annotated[NameText, Field(description="The paper that the step rests on.", examples=["bank advice 2026-118"])]
StepPrice = Annotated[
    DecimalString | None, Field(description="CNY per tonne, where a price decides the money.", examples=["97.40"])
]
_RATIO_PLACES = 6


class ContractIn(Schema):
    """A contract to be worded."""

    contract_id: UuidString
    terms: TermsIn


class ContractAmendmentIn(Schema):
    """A further wording of the whole terms."""

    terms: TermsIn


class DayIn(Schema):
    """The day of a step."""

    on: StepDay


class MarginCallIn(Schema):
    """The frozen snapshot at which the loan-to-value is taken."""

    snapshot_id: UuidString


class MarginIn(Schema):
    """Exactly one of: margin given or taken (negative: back), tonnes added, money repaid."""

    on: StepDay
    doc_ref: Paper
    given_cny: Annotated[DecimalString, Field(examples=["0.00"])] = "0.00"
    taken_cny: Annotated[DecimalString, Field(examples=["0.00"])] = "0.00"
    add_t: Annotated[DecimalString, Field(examples=["25000"])] = "0"
    lots: Picks = ()
    repay_cny: Annotated[DecimalString, Field(examples=["0.00"])] = "0.00"

    def to_core(self) -> MarginMove:
        """Return the move."""
        return MarginMove(
            on=self.on,
            doc_ref=self.doc_ref,
            given_fen=parse_units(self.given_cny, 2, field="given_cny"),
            taken_fen=parse_units(self.taken_cny, 2, field="taken_cny"),
            add_t=parse_units(self.add_t, 0, field="add_t"),
            lots=tuple(_pick(one) for one in self.lots),
            repay_fen=parse_units(self.repay_cny, 2, field="repay_cny"),
        )


class PledgeReleaseIn(Schema):
    """Pledged tonnes to be freed; without a quantity all that is left."""

    on: StepDay
    doc_ref: Paper
    quantity_t: Tonnes | None = None

    def quantity(self) -> int | None:
        """Return the whole tonnes asked for."""
        if self.quantity_t is None:
            return None
        tonnes = parse_units(self.quantity_t, 0, field="quantity_t")
        check_tonnes("quantity_t", tonnes)
        return tonnes


class EndIn(Schema):
    """How a contract is settled or closed: a price where money settles it, a manager's yield under custody."""

    on: StepDay
    doc_ref: Paper
    price_cny_per_t: StepPrice = None
    yield_cny: Annotated[DecimalString, Field(description="The whole yield under custody.", examples=["0.00"])] = "0.00"

    def to_core(self) -> Said:
        """Return what was said."""
        return Said(
            on=self.on,
            price_cny_per_t=None if self.price_cny_per_t is None else Decimal(self.price_cny_per_t),
            yield_fen=parse_units(self.yield_cny, 2, field="yield_cny"),
        )


class DefaultIn(Schema):
    """Who failed, and the price at which the parties' claims are set off."""

    on: StepDay
    doc_ref: Paper
    price_cny_per_t: Annotated[DecimalString, Field(description="Close-out price, CNY per tonne.", examples=["90.00"])]
    defaulted_by: Choice[Party]

    def to_core(self) -> Said:
        """Return what was said."""
        return Said(on=self.on, price_cny_per_t=Decimal(self.price_cny_per_t), defaulted_by=self.defaulted_by)


OwnPerson = Annotated[UuidString | None, Field(description="Null for a person of another organisation.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReader:
    """Who reads a contract: ``colleagues`` are the people of the reader's organisation, the only ones told by id."""

    user_id: UUID
    colleagues: Container[UUID]
    is_beneficiary: bool
    may_enforce: bool


class ContractVersionOut(Schema):
    """One wording with its digest and another person's word on it."""

    version: int
    sha256: Annotated[str, Field(description="What an approval binds.")]
    maker_id: OwnPerson
    made_at: InstantString
    decision: Annotated[str, Field(description="approved, rejected, or empty while it waits.")]
    decided_by: OwnPerson
    decided_at: InstantString | None
    reason: str
    terms: TermsIn

    @classmethod
    def from_core(cls, version: Version, own: Container[UUID]) -> ContractVersionOut:
        """Return the shape of ``version`` for a reader whose organisation's people are ``own``."""
        said = version.decision
        return cls(
            version=version.version,
            sha256=version.sha256,
            maker_id=_own(version.maker_id, own),
            made_at=version.made_at,
            decision="" if said is None else "approved" if said.is_approved else "rejected",
            decided_by=None if said is None else _own(said.actor_id, own),
            decided_at=None if said is None else said.recorded_at,
            reason="" if said is None else said.reason,
            terms=terms_out(version.terms),
        )

    @classmethod
    def for_lender(cls, version: Version, own: Container[UUID]) -> ContractVersionOut:
        """Return the shape of an agreed wording without what its house wrote for itself: note, choice of lots and reason."""
        assert isinstance(version.terms, PledgeLoanTerms), "the database has a lender for pledge loans alone"
        shared = replace(version, terms=replace(version.terms, note="", lots=()))
        return cls.from_core(shared, own).model_copy(update={"reason": ""})


class ContractFigureOut(Schema):
    """A signed change of a running figure, or a reference, by name."""

    name: str
    value: str


class ContractEventOut(Schema):
    """One dated fact; ``link`` names the linked group of the book's entries."""

    number: int
    what: str
    version: int
    happened_on: DateString
    actor_id: OwnPerson
    doc_ref: str
    link: UuidString | None
    recorded_at: InstantString
    figures: Array[ContractFigureOut]
    refs: Array[ContractFigureOut]

    @classmethod
    def from_core(cls, event: Event, own: Container[UUID]) -> ContractEventOut:
        """Return the shape of ``event`` for a reader whose organisation's people are ``own``."""
        return cls(
            number=event.number,
            what=event.what.value,
            version=event.version,
            happened_on=event.happened_on,
            actor_id=_own(event.actor_id, own),
            doc_ref=event.doc_ref,
            link=event.link,
            recorded_at=event.recorded_at,
            figures=tuple(ContractFigureOut(name=name, value=str(one)) for name, one in sorted(event.figures.items())),
            refs=tuple(ContractFigureOut(name=name, value=one) for name, one in sorted(event.refs.items())),
        )


class EncumbranceOut(Schema):
    """What the ledger sets aside under the contract."""

    hold_id: UuidString
    kind: str
    account: str
    state: str
    remaining: AmountOut
    beneficiary_id: UuidString | None
    rank: int | None

    @classmethod
    def from_core(cls, hold: HoldView) -> EncumbranceOut:
        """Return the shape of ``hold``."""
        return cls(
            hold_id=hold.hold_id,
            kind=hold.kind.value,
            account=hold.account,
            state=hold.state.value,
            remaining=tonnes_out(hold.remaining),
            beneficiary_id=hold.beneficiary_id,
            rank=hold.rank,
        )


class CashFlowOut(Schema):
    """Money still to come (positive) or to go; without an amount a later price or result decides."""

    on: DateString
    what: str
    amount: AmountOut | None

    @classmethod
    def from_core(cls, flow: CashFlow) -> CashFlowOut:
        """Return the shape of ``flow``."""
        return cls(on=flow.on, what=flow.what, amount=_money(flow.amount_fen))


class TonneFlowOut(Schema):
    """Tonnes expected in (positive) or out; they are not available before they come."""

    on: DateString
    instrument: str
    quantity: AmountOut

    @classmethod
    def from_core(cls, flow: TonneFlow) -> TonneFlowOut:
        """Return the shape of ``flow``."""
        return cls(on=flow.on, instrument=flow.instrument, quantity=tonnes_out(flow.quantity_t))


class ContractMarginCallOut(Schema):
    """The latest margin call: add the tonnes or repay the money."""

    called_on: DateString
    add: AmountOut
    repay: AmountOut
    snapshot_id: str
    is_met: bool

    @classmethod
    def from_core(cls, call: MarginCall) -> ContractMarginCallOut:
        """Return the shape of ``call``."""
        return cls(
            called_on=call.called_on,
            add=tonnes_out(call.add_t),
            repay=money_out(call.repay_fen, BOOK_CURRENCY),
            snapshot_id=call.snapshot_id,
            is_met=call.is_met,
        )


class NextDueOut(Schema):
    """What comes (positive) or goes next; without an amount a later price or result decides."""

    on: DateString
    what: Annotated[str, Field(description="A cash flow by its name, tonnes, or margin_call.", examples=["buyback"])]
    instrument: Annotated[str | None, Field(description="Of tonnes.")]
    amount: AmountOut | None

    @classmethod
    def from_core(cls, flow: CashFlow | TonneFlow) -> NextDueOut:
        """Return the shape of ``flow``."""
        if isinstance(flow, TonneFlow):
            return cls(on=flow.on, what="tonnes", instrument=flow.instrument, amount=tonnes_out(flow.quantity_t))
        return cls(on=flow.on, what=flow.what, instrument=None, amount=_money(flow.amount_fen))


class CarbonContractOut(Schema):
    """A contract as it stands today."""

    contract_id: UuidString
    book_id: UuidString
    organisation_name: Annotated[str, Field(description="Of the organisation in whose book it stands.")]
    lender_name: Annotated[str | None, Field(description="Of a pledge loan's lender; null for other kinds.")]
    number: int
    kind: str
    state: str
    as_of: Annotated[DateString, Field(description="Today in the zone of contract days.")]
    counterparty_id: UuidString
    agreement_ref: str
    instrument: Annotated[str, Field(description="The first that it moves, encumbers or settles on.")]
    quantity: Annotated[AmountOut, Field(description="Of that instrument, by the terms in force.")]
    contract_amount: Annotated[
        AmountOut, Field(description="The money of the terms in force that counts towards limits.")
    ]
    first_day: Annotated[DateString, Field(description="From which day on it may be opened.")]
    last_day: Annotated[DateString, Field(description="From which day on it is settled.")]
    days: Annotated[int, Field(description="Calendar days from the first to the last day.")]
    next_due: NextDueOut | None
    version: Annotated[int, Field(description="The version in force.")]
    sha256: Annotated[str, Field(description="Of the version that waits, else of the one in force.")]
    versions: Array[ContractVersionOut]
    events: Array[ContractEventOut]
    encumbrances: Array[EncumbranceOut]
    encumbered: AmountOut
    principal: AmountOut | None
    interest_to_date: Annotated[AmountOut | None, Field(description="Of the days before today, booked or not.")]
    interest_booked: AmountOut | None
    interest_paid: AmountOut | None
    accrued_to: Annotated[DateString | None, Field(description="Interest of the days before it is booked.")]
    margin_given: AmountOut | None
    margin_taken: AmountOut | None
    margin_call: ContractMarginCallOut | None
    cash_flows: Array[CashFlowOut]
    expected_tonnes: Array[TonneFlowOut]
    next_actions: Array[str]
    explanation: ExplanationOut

    @classmethod
    def from_core(
        cls, shown: Shown, reader: ContractReader, *, house_id: UUID, names: Mapping[UUID, str]
    ) -> CarbonContractOut:
        """Return the shape of a contract for a person: what that person may do next comes with it.

        ``house_id`` is the book's organisation; ``names`` has the legal names of organisations.
        """
        is_beneficiary = reader.is_beneficiary
        record, terms = shown.record, shown.record.in_force.terms
        standing = record.standing()
        waits = record.latest if record.latest.decision is None and not is_beneficiary else record.in_force
        over = record.is_ended or shown.state is ContractState.REJECTED
        earned = interest_to(record, on=shown.today)
        actions = life.next_actions(
            record,
            shown.state,
            on=shown.today,
            actor_id=reader.user_id,
            is_beneficiary=is_beneficiary,
            may_enforce=reader.may_enforce,
        )
        cash = cash_flows(terms, standing, is_ended=over)
        tonnes = tonne_flows(terms, is_open=standing is not None, is_ended=over)
        due = next_due(cash, tonnes, None if over else standing)
        first, last = kinds.first_day(terms), kinds.last_day(terms)
        tree = explain_contract(record, on=shown.today, encumbered_t=shown.encumbered_t)
        call = None if standing is None else standing.call
        return cls(
            contract_id=record.contract_id,
            book_id=record.book_uuid,
            organisation_name=names.get(house_id, ""),
            lender_name=names.get(terms.lender_organisation_id) if isinstance(terms, PledgeLoanTerms) else None,
            number=record.number,
            kind=record.kind.value,
            state=shown.state.value,
            as_of=shown.today,
            counterparty_id=terms.counterparty_id,
            agreement_ref=terms.agreement_ref,
            instrument=kinds.instruments_of(terms)[0],
            quantity=tonnes_out(kinds.quantity_of(terms)),
            contract_amount=money_out(kinds.value_fen(terms), BOOK_CURRENCY),
            first_day=first,
            last_day=last,
            days=(last - first).days,
            next_due=None if due is None else NextDueOut.from_core(due),
            version=record.in_force.version,
            sha256=waits.sha256,
            versions=_versions(record.versions, reader),
            events=tuple(ContractEventOut.from_core(event, reader.colleagues) for event in record.events),
            encumbrances=tuple(map(EncumbranceOut.from_core, shown.holds)),
            encumbered=tonnes_out(shown.encumbered_t),
            principal=_money(None if standing is None else standing.principal_fen),
            interest_to_date=_money(earned),
            interest_booked=_money(None if standing is None else standing.accrued_fen),
            interest_paid=_money(None if standing is None else standing.interest_paid_fen),
            accrued_to=None if standing is None else standing.accrued_to,
            margin_given=_money(None if standing is None else standing.margin_given_fen),
            margin_taken=_money(None if standing is None else standing.margin_taken_fen),
            margin_call=None if call is None else ContractMarginCallOut.from_core(call),
            cash_flows=tuple(map(CashFlowOut.from_core, cash)),
            expected_tonnes=tuple(map(TonneFlowOut.from_core, tonnes)),
            next_actions=actions,
            explanation=ExplanationOut.from_core(tree),
        )


def _versions(versions: Sequence[Version], reader: ContractReader) -> tuple[ContractVersionOut, ...]:
    if not reader.is_beneficiary:
        return tuple(ContractVersionOut.from_core(each, reader.colleagues) for each in versions)
    return tuple(ContractVersionOut.for_lender(each, reader.colleagues) for each in versions if each.is_approved)


def _own(person_id: UUID, own: Container[UUID]) -> UUID | None:
    return person_id if person_id in own else None


class CarbonContractsOut(Schema):
    """A page of a book's contracts by number."""

    contracts: Array[CarbonContractOut]
    next_after: Annotated[int | None, Field(description="Where the next page begins.")]


class LoanToValueOut(Schema):
    """What is owed against the pledge, and what cures a passed limit."""

    owed: AmountOut
    value: AmountOut
    ratio: Annotated[str | None, Field(description="Rounded half-up to six decimals.", examples=["0.750000"])]
    is_passed: bool
    add: AmountOut
    repay: AmountOut


class ContractValueOut(Schema):
    """What a contract is worth, or secured by, at one frozen snapshot; unvalued where it has no usable mark."""

    snapshot_id: str
    snapshot_sha256: str
    market_value: AmountOut | None
    discounted: AmountOut | None
    loan_to_value: LoanToValueOut | None
    unvalued_reason: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, value: ContractValue) -> ContractValueOut:
        """Return the shape of ``value``."""
        ltv, worth, later = value.loan_to_value, value.market_value_fen, value.discounted_fen
        shown = None
        if ltv is not None:
            shown = LoanToValueOut(
                owed=money_out(ltv.owed_fen, BOOK_CURRENCY),
                value=money_out(ltv.value_fen, BOOK_CURRENCY),
                ratio=None if ltv.ratio is None else format_exact(ltv.ratio, _RATIO_PLACES),
                is_passed=ltv.is_passed,
                add=tonnes_out(ltv.add_t),
                repay=money_out(ltv.repay_fen, BOOK_CURRENCY),
            )
        return cls(
            snapshot_id=value.snapshot_id,
            snapshot_sha256=value.snapshot_sha256,
            market_value=None if worth is None else money_out(worth, BOOK_CURRENCY),
            discounted=None if later is None else money_out(later, BOOK_CURRENCY),
            loan_to_value=shown,
            unvalued_reason=value.unvalued_reason,
            explanation=ExplanationOut.from_core(value.explanation),
        )


class CapPositionOut(Schema):
    """Usable tonnes against a duty: allowances, eligible credits, the cap, and what counts."""

    allowances: AmountOut
    eligible_credits: AmountOut
    cap: AmountOut
    usable: AmountOut

    @classmethod
    def from_core(cls, effect: CapEffect) -> CapPositionOut:
        """Return the shape of ``effect``."""
        return cls(
            allowances=tonnes_out(effect.allowances_t),
            eligible_credits=tonnes_out(effect.credits_t),
            cap=tonnes_out(effect.cap_t),
            usable=tonnes_out(effect.usable_t),
        )


class CapEffectOut(Schema):
    """What a swap does to a year's position: before and after, with the reasons."""

    before: CapPositionOut
    after: CapPositionOut
    explanation: ExplanationOut


def _money(fen: int | None) -> AmountOut | None:
    return None if fen is None else money_out(fen, BOOK_CURRENCY)


def _pick(pick: ContractLotIn) -> tuple[int, int]:
    return pick.lot_id, parse_units(pick.quantity_t, 0, field="lots")
