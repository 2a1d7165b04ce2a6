"""What enters and leaves about allocations: verified facts of processes and captive units, determinations, the year's state."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.amounts import AmountOut, tonnes_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import CommodityCode
from api.schemas.compliance_steps import ID, OTHER_ID
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, Text, UuidString
from api.schemas.points import PointOut
from finance.compliance.allocation import ProcessState
from finance.compliance.allocation_steps import AllocationState, Objection, next_facts
from finance.compliance.deadline_calendar import Sector
from finance.compliance.entity_allocation import EntityAllocation, ProcessYear
from finance.compliance.power_allocation import PowerUnit, UnitClass
from finance.operations.allocations import Determined, VerifiedYear
from ledger.core.amounts import parse_decimal

_PROCESS: JsonDict = {"process_id": "P1", "emissions_t": "800000", "intensity": "1.50", "state": "operating"}
_UNIT: JsonDict = {
    "unit_id": "U1",
    "unit_class": "coal_1",
    "electricity_mwh": "1000000",
    "heat_gj": "0",
    "load_factor": "0.7",
    "emissions_t": "850000",
}
_MOST = 200
Tonnes = Annotated[int, Field(ge=0, le=10**15, examples=[700000], description="Whole tonnes.")]


class ProcessIn(Schema):
    """One electrolysis process in a year."""

    process_id: CodeString
    emissions_t: DecimalString
    intensity: Annotated[DecimalString | None, Field(description="ets_direct tCO2e/t.")] = None
    state: Annotated[Choice[ProcessState], Field(examples=["operating"])] = ProcessState.OPERATING

    def to_core(self) -> ProcessYear:
        """Return the process."""
        return ProcessYear(
            process_id=self.process_id,
            emissions_t=_exact(self.emissions_t, "emissions_t"),
            intensity=None if self.intensity is None else _exact(self.intensity, "intensity"),
            state=self.state,
        )


class PowerUnitIn(Schema):
    """One captive generating unit in a year; emissions are direct ones, bought power does not count."""

    unit_id: CodeString
    unit_class: Annotated[Choice[UnitClass], Field(examples=["coal_1"])]
    electricity_mwh: DecimalString
    heat_gj: DecimalString
    load_factor: Annotated[DecimalString | None, Field(description="A share of the rating, 0 to 1.")] = None
    emissions_t: DecimalString

    def to_core(self) -> PowerUnit:
        """Return the unit."""
        return PowerUnit(
            unit_id=self.unit_id,
            unit_class=self.unit_class,
            electricity_mwh=_exact(self.electricity_mwh, "electricity_mwh"),
            heat_gj=_exact(self.heat_gj, "heat_gj"),
            load_factor=None if self.load_factor is None else _exact(self.load_factor, "load_factor"),
            emissions_t=_exact(self.emissions_t, "emissions_t"),
        )


class EntityIn(Schema):
    """An entity's processes and captive units in a year, and the published balance value where the rule needs one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"year": 2025, "balance_value": "1.60", "processes": [_PROCESS], "units": [_UNIT]}]
        }
    )

    year: Annotated[int, Field(ge=2000, le=2199, examples=[2025])]
    balance_value: DecimalString | None = None
    processes: Annotated[Array[ProcessIn], Field(max_length=_MOST)] = ()
    units: Annotated[Array[PowerUnitIn], Field(max_length=_MOST)] = ()

    def verified(self) -> VerifiedYear:
        """Return the facts."""
        return VerifiedYear(
            processes=tuple(each.to_core() for each in self.processes),
            units=tuple(each.to_core() for each in self.units),
            verifier="",
            doc_ref="",
        )

    def exact_balance_value(self) -> Fraction | None:
        """Return the balance value, if one is given."""
        return None if self.balance_value is None else _exact(self.balance_value, "balance_value")


class PartOut(Schema):
    """One process or unit with its allocation, floored."""

    part_id: str
    sector: str
    allocation: AmountOut
    case: Annotated[str, Field(description="Which rule decided.", examples=["intensity_coefficient"])]


class EntityOut(Schema):
    """What the entity is allocated and owes; ``gap`` above zero is a shortage."""

    year: int
    due: AmountOut
    allocation: AmountOut
    gap: AmountOut
    is_topped_up: Annotated[bool, Field(description="Whether the power units were raised to the least share.")]
    parts: Array[PartOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, entity: EntityAllocation, verified: VerifiedYear) -> EntityOut:
        """Return the shape of ``entity``, whose parts are those of ``verified`` in order."""
        power = entity.power
        return cls(
            year=entity.year,
            due=tonnes_out(entity.due_t),
            allocation=tonnes_out(entity.allocation_t),
            gap=tonnes_out(entity.gap_t),
            is_topped_up=power is not None and power.is_topped_up,
            parts=(
                *(
                    PartOut(
                        part_id=process.process_id,
                        sector="aluminium",
                        allocation=tonnes_out(found.allocation_t),
                        case=found.case,
                    )
                    for process, found in zip(verified.processes, entity.processes, strict=True)
                ),
                *(
                    PartOut(
                        part_id=each.unit.unit_id,
                        sector="power",
                        allocation=tonnes_out(each.allocation_t),
                        case="gas_floor" if each.allocation_t > each.formula_t else "benchmark",
                    )
                    for each in (() if power is None else power.units)
                ),
            ),
            explanation=ExplanationOut.from_core(entity.explanation),
        )


class PreallocationIn(Schema):
    """What was pre-allocated; at most the rule's share of the prior year's verified emissions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "dated_on": "2026-04-10",
                    "sector": "aluminium",
                    "prior_verified_t": "1000000",
                    "allocation_t": 700000,
                }
            ]
        }
    )

    proposal_id: UuidString
    dated_on: DateString
    sector: Annotated[Choice[Sector], Field(examples=["aluminium"])]
    prior_verified_t: DecimalString
    allocation_t: Tonnes

    def exact_prior(self) -> Fraction:
        """Return the prior year's verified emissions."""
        return _exact(self.prior_verified_t, "prior_verified_t")


class VerificationIn(Schema):
    """A year's verified emissions; a later one corrects it once approved."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "dated_on": "2026-07-20",
                    "verifier": "Example Verification",
                    "doc_ref": "核查报告 2025-017",
                    "processes": [_PROCESS],
                    "units": [_UNIT],
                }
            ]
        }
    )

    proposal_id: UuidString
    dated_on: DateString
    verifier: Text
    doc_ref: Text
    processes: Annotated[Array[ProcessIn], Field(max_length=_MOST)] = ()
    units: Annotated[Array[PowerUnitIn], Field(max_length=_MOST)] = ()

    def to_core(self) -> VerifiedYear:
        """Return what was verified."""
        return VerifiedYear(
            processes=tuple(each.to_core() for each in self.processes),
            units=tuple(each.to_core() for each in self.units),
            verifier=self.verifier,
            doc_ref=self.doc_ref,
        )


class WithdrawalIn(Schema):
    """The withdrawal of a verification."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "dated_on": "2026-10-01",
                    "verification_id": OTHER_ID,
                    "reason": "the anode weight was wrong",
                }
            ]
        }
    )

    proposal_id: UuidString
    dated_on: DateString
    verification_id: UuidString
    reason: Text


class AllocationDeterminationIn(Schema):
    """The determination on a verification; ``stated_t`` is the authority's number where it differs, with its reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "dated_on": "2026-09-18",
                    "verification_id": OTHER_ID,
                    "balance_value": "1.60",
                    "balance_source": "management platform, 2026-09-10",
                }
            ]
        }
    )

    proposal_id: UuidString
    dated_on: DateString
    verification_id: UuidString
    balance_value: DecimalString | None = None
    balance_source: Text = "not needed"
    stated_t: Tonnes | None = None
    reason: Text | None = None

    def to_core(self) -> Determined:
        """Return what it is computed from."""
        return Determined(
            balance_value=None if self.balance_value is None else _exact(self.balance_value, "balance_value"),
            balance_source=self.balance_source,
            stated_t=self.stated_t,
            reason=self.reason or "",
        )


class SettlementIn(Schema):
    """The difference to be issued or given back, in the instrument of the year's vintage."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"proposal_id": ID, "dated_on": "2026-09-30", "instrument": "CEA25"}]}
    )

    proposal_id: UuidString
    dated_on: DateString
    instrument: CommodityCode


class ObjectionIn(Schema):
    """An objection to a verification or an allocation, within the working days after its notice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "against": OTHER_ID,
                    "notified_on": "2026-09-18",
                    "raised_on": "2026-09-21",
                    "reason": "the output of line 2 is missing",
                }
            ]
        }
    )

    proposal_id: UuidString
    against: UuidString
    notified_on: DateString
    raised_on: DateString
    reason: Text


class ObjectionAnswerIn(Schema):
    """The authority's answer to an objection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "objection_id": OTHER_ID,
                    "answered_on": "2026-09-28",
                    "is_upheld": True,
                    "reason": "the output was corrected",
                }
            ]
        }
    )

    proposal_id: UuidString
    objection_id: UuidString
    answered_on: DateString
    is_upheld: bool
    reason: Text


class ObjectionOut(Schema):
    """An objection and how it stands."""

    proposal_id: str
    against: str
    raised_on: DateString
    answer_due_on: DateString
    answered_on: DateString | None
    state: Annotated[str, Field(examples=["open"])]

    @classmethod
    def from_core(cls, objection: Objection) -> ObjectionOut:
        """Return the shape of ``objection``."""
        return cls(
            proposal_id=objection.step_id,
            against=objection.against,
            raised_on=objection.raised_on,
            answer_due_on=objection.answer_due_on,
            answered_on=objection.answered_on,
            state=objection.state.value,
        )


class AllocationStateOut(PointOut):
    """A year's allocation as known at a point: which facts stand, what was issued, what is still to be settled."""

    year: int
    phase: Annotated[str, Field(examples=["determined"])]
    preallocation_id: str | None
    verification_id: str | None
    determination_id: str | None
    due: AmountOut | None
    target: AmountOut | None
    issued: AmountOut
    difference: Annotated[AmountOut | None, Field(description="Above zero to be issued, below to be given back.")]
    superseded: Array[str]
    objections: Array[ObjectionOut]
    next_actions: Annotated[
        Array[str], Field(description="Facts that the procedure can take now, by route, in its order.")
    ]

    @classmethod
    def from_core(cls, state: AllocationState, point: PointOut, *, year: int) -> AllocationStateOut:
        """Return the shape of ``state`` at ``point``."""
        standing = (state.preallocation, state.verification, state.determination)
        ids = [None if each is None else each.step_id for each in standing]
        due_t = None if state.verification is None else state.verification.tonnes
        return cls(
            **point.carried(),
            year=year,
            phase=state.phase.value,
            preallocation_id=ids[0],
            verification_id=ids[1],
            determination_id=ids[2],
            due=None if due_t is None else tonnes_out(due_t),
            target=None if state.target_t is None else tonnes_out(state.target_t),
            issued=tonnes_out(state.issued_t),
            difference=None if state.difference_t is None else tonnes_out(state.difference_t),
            superseded=state.superseded,
            objections=tuple(ObjectionOut.from_core(each) for each in state.objections),
            next_actions=next_facts(state),
        )


def _exact(text: str, field: str) -> Fraction:
    return Fraction(parse_decimal(text, field=field))
