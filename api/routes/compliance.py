"""A compliance year's obligation from what a book holds and has surrendered."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from fastapi import Depends, Query

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.fields import CodeString, DecimalString, UuidString
from api.schemas.points import AskedPoint, PointOut
from api.schemas.worth import ComplianceOut
from finance.compliance.obligation import ObligationYear
from finance.emissions.methodologies import Measure
from finance.market.marks import Mark
from finance.operations.activity import emissions_of_year
from finance.operations.allocations import allocation_on_file
from finance.operations.compliance import obligation_for, obligation_of
from finance.operations.compliance_calendar import arrears_of, fine_for
from finance.store import reference
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict, Invalid
from ledger.store.books import Book

routes = Routes(tag="compliance")

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedEmissions:
    """What the query says about the year's emissions: stated, or to be computed from recorded activity."""

    emissions_t: str | None
    intensity: str | None
    methodology: str | None
    balance_value: str | None


def asked_emissions(
    emissions_t: Annotated[DecimalString | None, Query(description="ets_direct tCO2e of the year.")] = None,
    intensity: Annotated[DecimalString | None, Query(description="ets_direct tCO2e/t, with emissions_t.")] = None,
    methodology: Annotated[
        CodeString | None,
        Query(description="In place of emissions_t: from recorded activity.", examples=["cets-ag-04.01"]),
    ] = None,
    balance_value: Annotated[DecimalString | None, Query(description="Published BP, tCO2e/t.")] = None,
) -> AskedEmissions:
    """Return what the query says about the year's emissions; two ways at once are ``query.exclusive``."""
    if methodology is not None and (emissions_t is not None or intensity is not None):
        raise _exclusive()
    if intensity is not None and emissions_t is None:
        raise _exclusive()
    return AskedEmissions(
        emissions_t=emissions_t, intensity=intensity, methodology=methodology, balance_value=balance_value
    )


EmittedQuery = Annotated[AskedEmissions, Depends(asked_emissions)]
"""The parameter type by which a handler takes a year's emissions from the query."""


@routes.get("/books/{book_id}/compliance", policy=asks(Scope.COMPLIANCE_READ))
def read_compliance(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    year: Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])],
    emitted: EmittedQuery,
    snapshot_id: Annotated[UuidString | None, Query(description="With mark_instrument: prices the gap.")] = None,
    mark_instrument: Annotated[CodeString | None, Query(examples=["CEA25"])] = None,
) -> ComplianceOut:
    """Return what is due for the year, what covers it at the close of ``as_of``, the gap and its cost at the mark.

    Emissions come as ``emissions_t`` (and ``intensity``), from recorded activity by ``methodology``, or, with neither, from
    the approved verification and determination of the year. Without a usable mark the gap is unvalued. Beside it stand the
    arrears of older years and the range of the fine for what would stay missing.
    """
    book = call.load(BOOK, book_id)
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Invalid("query.year", f"year: expected {_FIRST_YEAR} to {_LAST_YEAR}", field="year")
    point = asked.resolve(call.session, book.book_id)
    mark = asked_mark(call, point, snapshot_id, mark_instrument)
    duty, intensity = _duty(call, book, point, year=year, emitted=emitted, mark=mark)
    arrears = arrears_of(call.session, book.book_id, before=year, on=point.as_of, known_at=call.now)
    fine = None
    if duty.gap_t > 0:
        fine = fine_for(
            call.session,
            call.principal.organisation_id,
            year=year,
            missing_t=duty.gap_t,
            on=point.as_of,
            known_at=call.now,
            mark=mark,
        )
    return ComplianceOut.from_core(
        duty, point, emissions_t=duty.allocation.emissions_t, intensity=intensity, arrears=arrears, fine=fine
    )


def _duty(
    call: Call, book: Book, point: PointOut, *, year: int, emitted: AskedEmissions, mark: Mark | None
) -> tuple[ObligationYear, Fraction | None]:
    """Return the obligation from what the query states, from recorded activity, or from the approved facts of the year."""
    balance_value = _exact(emitted.balance_value, "balance_value")
    if emitted.methodology is None and emitted.emissions_t is None:
        allocation = allocation_on_file(
            call.session,
            book.book_id,
            year=year,
            on=point.as_of,
            known_at=call.now,
            balance_value=balance_value,
        )
        if allocation is None:
            raise _exclusive()
        on_file = obligation_of(call.session, book.book_id, allocation, on=point.as_of, mark=mark, known=point.known)
        return on_file, None
    if emitted.methodology is not None:
        tonnes, per_tonne = _recorded(call, year, emitted.methodology)
    else:
        tonnes = _exact(emitted.emissions_t, "emissions_t") or Fraction(0)
        per_tonne = _exact(emitted.intensity, "intensity")
    duty = obligation_for(
        call.session,
        book.book_id,
        year=year,
        emissions_t=tonnes,
        intensity=per_tonne,
        balance_value=balance_value,
        on=point.as_of,
        mark=mark,
        known=point.known,
    )
    return duty, per_tonne


def _exclusive() -> Invalid:
    return Invalid(
        "query.exclusive",
        "emissions_t: expected either emissions_t (with intensity) or methodology, not both; neither only where a "
        "verification of the year is approved",
        field="emissions_t",
    )


def _recorded(call: Call, year: int, methodology: str) -> tuple[Fraction, Fraction | None]:
    emitted = emissions_of_year(
        call.session,
        call.principal.organisation_id,
        year=year,
        methodology_id=methodology,
        factor_set_version=reference.shipped_factors().version,
    )
    if emitted.measure is not Measure.ETS_DIRECT:
        raise Invalid(
            "compliance.measure",
            f"methodology: expected one of {Measure.ETS_DIRECT}, which the law allocates on; found {emitted.measure}",
            field="methodology",
        )
    if not emitted.is_complete:
        raise Conflict(
            "compliance.year_incomplete",
            f"year: expected twelve months of activity at every site in {year}; upload the rest",
        )
    return emitted.emissions_t, emitted.intensity_tco2e_per_t()


def asked_mark(call: Call, point: PointOut, snapshot_id: UuidString | None, instrument: str | None) -> Mark | None:
    """Return the mark of a snapshot frozen for the point's day; None when neither of the two is given."""
    if (snapshot_id is None) != (instrument is None):
        raise Invalid(
            "query.together",
            "snapshot_id: expected snapshot_id and mark_instrument together; send both or neither",
            field="snapshot_id",
        )
    if snapshot_id is None or instrument is None:
        return None
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    if snapshot.as_of != point.as_of:
        raise Invalid(
            "compliance.snapshot_day",
            f"snapshot_id: expected marks of {point.as_of}, these are of {snapshot.as_of}; freeze a snapshot of that day",
            field="snapshot_id",
        )
    return snapshot.mark(instrument)


def _exact(text: str | None, field: str) -> Fraction | None:
    return None if text is None else Fraction(parse_decimal(text, field=field))
