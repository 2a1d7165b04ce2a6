"""What enters and leaves about disclosures, interest accruals, and the economic book. Amounts are decimal text with their unit."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DateString, DecimalString, RateString, Text, UuidString
from api.schemas.months import MonthString
from finance.accounting.disclosure import DECREASES, INCREASES, Cell, YearMovements, label_of
from finance.accounting.ifrs import ObligationFacts
from finance.operations.disclosures import Disclosure, InstrumentDisclosure
from finance.operations.economic_book import ProvisionOutcome, RevaluationOutcome
from finance.operations.interest_accruals import AccrualPlan, PlannedEntry
from finance.operations.provision_facts import GivenFacts
from ledger.core.amounts import parse_decimal, parse_units

_CNY = "CNY"
Tonnes = Annotated[str, Field(max_length=20, examples=["1234567"], description="Whole tonnes.")]


class CellOut(Schema):
    """One cell of the note table: tonnes and money."""

    quantity: AmountOut
    amount: AmountOut

    @classmethod
    def from_core(cls, cell: Cell) -> CellOut:
        """Return the shape of ``cell``."""
        return cls(quantity=tonnes_out(cell.quantity_t), amount=money_out(cell.amount_fen, _CNY))


class MovementLineOut(Schema):
    """One line of the table: this year and last year."""

    line: str
    name_en: str
    name_zh: str
    this_year: CellOut
    last_year: CellOut


class MovementTableOut(Schema):
    """Opening, increases, decreases, closing; of all allowances or of one instrument."""

    instrument: str | None
    lines: Array[MovementLineOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(
        cls, instrument: str | None, this_year: YearMovements, last_year: YearMovements, *, source: str
    ) -> MovementTableOut:
        """Return the shape of two years."""
        ends = (("opening", "Opening", "年初"), ("closing", "Closing", "年末"))
        opening, closing = (
            MovementLineOut(
                line=name,
                name_en=en,
                name_zh=zh,
                this_year=CellOut.from_core(getattr(this_year, name)),
                last_year=CellOut.from_core(getattr(last_year, name)),
            )
            for name, en, zh in ends
        )
        middle = tuple(
            MovementLineOut(
                line=movement.value,
                name_en=label_of(movement)[0],
                name_zh=label_of(movement)[1],
                this_year=CellOut.from_core(this_year.cell(movement)),
                last_year=CellOut.from_core(last_year.cell(movement)),
            )
            for movement in (*INCREASES, *DECREASES)
        )
        return cls(
            instrument=instrument,
            lines=(opening, *middle, closing),
            explanation=ExplanationOut.from_core(this_year.explanation(source=source)),
        )


class PresentationOut(Schema):
    """One line of the statements with what carbon has in it."""

    name_en: str
    name_zh: str
    this_year: AmountOut
    last_year: AmountOut
    source: str


class DisclosureOut(Schema):
    """The year's note table, by what the book's first ``known`` entries say."""

    book_id: UuidString
    year: int
    known: int
    tree_root: str
    allowances: MovementTableOut
    instruments: Array[MovementTableOut]
    presentation: Array[PresentationOut]

    @classmethod
    def from_core(cls, book_id: UuidString, found: Disclosure) -> DisclosureOut:
        """Return the shape of ``found``."""
        source = f"entries 1 to {found.record.seq}, tree root {found.record.root.hex()}"

        def table(each: InstrumentDisclosure) -> MovementTableOut:
            return MovementTableOut.from_core(each.instrument, each.this_year, each.last_year, source=source)

        return cls(
            book_id=book_id,
            year=found.year,
            known=found.record.seq,
            tree_root=found.record.root.hex(),
            allowances=MovementTableOut.from_core(None, *found.allowances, source=source),
            instruments=tuple(table(each) for each in found.instruments),
            presentation=tuple(
                PresentationOut(
                    name_en=line.name_en,
                    name_zh=line.name_zh,
                    this_year=money_out(line.this_year_fen, _CNY),
                    last_year=money_out(line.last_year_fen, _CNY),
                    source=line.source,
                )
                for line in found.presentation
            ),
        )


class PlannedEntryOut(Schema):
    """One entry that the book lacks."""

    kind: str
    facility_id: UuidString
    tranche_id: str
    effective_on: DateString
    document_on: DateString | None
    change: AmountOut
    standing: AmountOut
    target: AmountOut
    charge: str | None
    known_then_sha256: str | None
    known_now_sha256: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, planned: PlannedEntry) -> PlannedEntryOut:
        """Return the shape of ``planned``."""
        return cls(
            kind=planned.kind.value,
            facility_id=planned.facility_id,
            tranche_id=planned.tranche_id,
            effective_on=planned.on,
            document_on=planned.document_on,
            change=money_out(planned.change_minor, _CNY),
            standing=money_out(planned.standing_minor, _CNY),
            target=money_out(planned.target_minor, _CNY),
            charge=None if planned.charge is None else planned.charge.charge,
            known_then_sha256=planned.known_then_sha256,
            known_now_sha256=planned.known_now_sha256,
            explanation=ExplanationOut.from_core(planned.explanation),
        )


class UntoldOut(Schema):
    """A tranche whose interest cannot be told, and why."""

    facility_id: UuidString
    tranche_id: str
    code: str
    reason: str


class AccrualsOut(Schema):
    """What the book lacks at the month's end, or what was posted; ``stands`` when nothing is lacking."""

    month: MonthString
    tranches: int
    stands: bool
    entries: Array[PlannedEntryOut]
    untold: Array[UntoldOut]
    posted: Array[UuidString]

    @classmethod
    def from_core(cls, plan: AccrualPlan, posted: tuple[UuidString, ...] = ()) -> AccrualsOut:
        """Return the shape of ``plan`` and of what was posted of it."""
        return cls(
            month=str(plan.month),
            tranches=plan.tranches,
            stands=plan.stands,
            entries=tuple(PlannedEntryOut.from_core(each) for each in plan.entries),
            untold=tuple(
                UntoldOut(facility_id=each.facility_id, tranche_id=each.tranche_id, code=each.code, reason=each.reason)
                for each in plan.untold
            ),
            posted=posted,
        )


class EconomicBookIn(Schema):
    """The id of the economic book to be opened."""

    economic_book_id: UuidString


class EconomicBookOut(Schema):
    """A statutory book and its economic memo."""

    book_id: UuidString
    economic_book_id: UuidString


class RevaluationIn(Schema):
    """The frozen snapshot to bring the economic book to."""

    snapshot_id: UuidString


class RevaluedOut(Schema):
    """One instrument at marks over its cost."""

    instrument: str
    quantity: AmountOut
    cost: AmountOut
    market_value: AmountOut
    unrealised: AmountOut
    unvalued: AmountOut


class RevaluationOut(Schema):
    """What the economic book was brought to."""

    run: int
    as_of: DateString
    snapshot_id: UuidString | None
    known: int
    is_replay: bool
    unrealised: AmountOut
    instruments: Array[RevaluedOut]

    @classmethod
    def from_core(cls, outcome: RevaluationOutcome) -> RevaluationOut:
        """Return the shape of ``outcome``."""
        return cls(
            run=outcome.run.run_no,
            as_of=outcome.run.as_of,
            snapshot_id=outcome.run.snapshot_id,
            known=outcome.run.known_seq,
            is_replay=outcome.is_replay,
            unrealised=money_out(outcome.unrealised_fen, _CNY),
            instruments=tuple(
                RevaluedOut(
                    instrument=each.instrument,
                    quantity=tonnes_out(each.quantity_t),
                    cost=money_out(each.cost_fen, _CNY),
                    market_value=money_out(each.market_value_fen, _CNY),
                    unrealised=money_out(each.unrealised_fen, _CNY),
                    unvalued=tonnes_out(each.unvalued_t),
                )
                for each in outcome.found
            ),
        )


class ProvisionIn(Schema):
    """What the emissions obligation rests on at a day: tonnes, cost of the bought ones, mark, each with its source."""

    as_of: DateString
    obligation_t: Tonnes
    held_free_t: Tonnes
    held_bought_t: Tonnes
    bought_cost_cny: DecimalString
    mark_cny_per_t: DecimalString | None = None
    mark_source: Text
    emissions_source: Text
    used_cny: DecimalString = "0"
    grant_fair_value_cny: DecimalString = "0"
    emitted_share: RateString = "0"
    snapshot_id: UuidString | None = None

    def to_core(self) -> ObligationFacts:
        """Return the core's facts; amounts beyond their bounds are refused."""
        mark = self.mark_cny_per_t
        return ObligationFacts(
            obligation_t=parse_units(self.obligation_t, 0, field="obligation_t"),
            held_free_t=parse_units(self.held_free_t, 0, field="held_free_t"),
            held_bought_t=parse_units(self.held_bought_t, 0, field="held_bought_t"),
            bought_cost_fen=parse_units(self.bought_cost_cny, 2, field="bought_cost_cny"),
            mark_cny_per_t=None if mark is None else parse_decimal(mark, field="mark_cny_per_t"),
            mark_source=self.mark_source,
            emissions_source=self.emissions_source,
            used_fen=parse_units(self.used_cny, 2, field="used_cny"),
            grant_fair_value_fen=parse_units(self.grant_fair_value_cny, 2, field="grant_fair_value_cny"),
            emitted_share=Fraction(parse_decimal(self.emitted_share, field="emitted_share")),
        )


class ProvisionFromBookIn(Schema):
    """The provision read from the book on the snapshot's day; given is only what no book says."""

    year: Annotated[int, Field(ge=2000, le=2199, examples=[2025])]
    snapshot_id: UuidString
    mark_instrument: Annotated[CodeString, Field(examples=["CEA25"])]
    used_cny: DecimalString = "0"
    grant_fair_value_cny: DecimalString = "0"
    emitted_share: RateString = "0"

    def to_given(self) -> GivenFacts:
        """Return what is given; amounts beyond their scale are refused."""
        return GivenFacts(
            used_fen=parse_units(self.used_cny, 2, field="used_cny"),
            grant_fair_value_fen=parse_units(self.grant_fair_value_cny, 2, field="grant_fair_value_cny"),
            emitted_share=Fraction(parse_decimal(self.emitted_share, field="emitted_share")),
        )


class ProvisionOut(Schema):
    """The provision at a day and how it moved since the last run."""

    run: int
    as_of: DateString
    standard: str
    provision: AmountOut
    deferred_income: AmountOut
    settled_by_free: AmountOut
    settled_by_bought: AmountOut
    missing: AmountOut
    opening: AmountOut
    recognised: AmountOut
    used: AmountOut
    released: AmountOut
    is_replay: bool
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, outcome: ProvisionOutcome) -> ProvisionOut:
        """Return the shape of ``outcome``."""
        found, moved = outcome.provision, outcome.movement
        return cls(
            run=outcome.run.run_no,
            as_of=outcome.run.as_of,
            standard=found.standard.value,
            provision=money_out(found.provision_fen, _CNY),
            deferred_income=money_out(found.deferred_fen, _CNY),
            settled_by_free=tonnes_out(found.covered_free_t),
            settled_by_bought=tonnes_out(found.covered_bought_t),
            missing=tonnes_out(found.beyond_t),
            opening=money_out(moved.opening_fen, _CNY),
            recognised=money_out(moved.recognised_fen, _CNY),
            used=money_out(moved.used_fen, _CNY),
            released=money_out(moved.released_fen, _CNY),
            is_replay=outcome.is_replay,
            explanation=ExplanationOut.from_core(found.explanation),
        )
