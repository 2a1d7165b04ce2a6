"""Monthly activity of the caller's organisation: upload it, read it, and see the emissions a methodology makes of it.

A file is taken as a whole or not at all; the very bytes are kept beside the figures read from them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.activity import ActivityMonthOut, ActivityOut, ActivityUploadOut, EmissionsOut, YearText
from api.schemas.fields import CodeString, InstantString, NameText
from api.store.access import OrganisationKind
from finance.emissions.activity import ActivityMonth, parse_activity
from finance.feeds.tabular import read_table
from finance.operations.activity import emissions_of_year, record_activity, record_reference
from finance.store import activity, market, reference
from ledger.core.errors import ImportRefused, RowError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_EXAMPLE = (
    "month,site,production_t,captive_coal_kwh,grid_kwh,own_nonfossil_direct_kwh,market_nonfossil_contract_kwh,"
    "anode_effect_min_per_cell_day,net_anode_t\n"
    "2024-01,Example smelter,42318.60,360125000,145669700,17620000,41200000,0.262,17316.8\n"
)

routes = Routes(tag="activity")


@routes.upload(
    "/activity",
    policy=asks(Scope.ACTIVITY_WRITE, kinds=(OrganisationKind.BORROWER,)),
    types=("text/csv", XLSX),
    example=_EXAMPLE,
)
def upload_activity(
    call: ThisCall,
    file_name: Annotated[NameText | None, Query(description="The file's name, repeated in refusals.")] = None,
) -> ActivityUploadOut:
    """Record the months of an XLSX or CSV file; a cell that cannot be read refuses the file, and nothing of it is written.

    The same file again records nothing; a changed figure becomes the month's next revision.
    """
    name = file_name or ("activity.csv" if call.upload_type == "text/csv" else "activity.xlsx")
    months = read_activity(name, call.upload)
    principal = call.principal
    raw = market.RawFile(file_name=name, content=call.upload)
    market.save_raw_file(call.session, principal.organisation_id, raw, by=principal.user_id, at=call.now)
    record_reference(call.session, (reference.shipped_factors(),), now=call.now)
    recorded = record_activity(
        call.session,
        principal.organisation_id,
        months,
        raw_sha256=raw.sha256,
        actor=principal.actor,
        now=call.now,
    )
    return ActivityUploadOut(file_name=name, raw_sha256=raw.sha256, months=len(months), recorded=recorded)


@routes.get("/activity", policy=asks(kinds=(OrganisationKind.BORROWER,)))
def list_activity(
    call: ThisCall,
    known_at: Annotated[
        InstantString | None, Query(description="As recorded by this instant; now when absent.")
    ] = None,
) -> ActivityOut:
    """Return the organisation's months, each in its newest revision known at ``known_at``."""
    recorded = activity.load_months(call.session, call.principal.organisation_id, known_at=known_at)
    return ActivityOut(months=tuple(ActivityMonthOut.from_core(each) for each in recorded))


@routes.get("/emissions", policy=asks(kinds=(OrganisationKind.BORROWER,)))
def read_emissions(
    call: ThisCall,
    year: Annotated[YearText, Query(description="Calendar year.")],
    methodology: Annotated[CodeString, Query(description="A methodology's id.", examples=["article-2024-draft"])],
    factor_set_version: Annotated[
        CodeString | None, Query(description="A version of the factors; those that ship when absent.")
    ] = None,
    known_at: Annotated[
        InstantString | None, Query(description="As recorded by this instant; now when absent.")
    ] = None,
) -> EmissionsOut:
    """Return the organisation's emissions of a year by month, with the year's intensity and why it is what it is."""
    version = factor_set_version or reference.shipped_factors().version
    emissions = emissions_of_year(
        call.session,
        call.principal.organisation_id,
        year=year,
        methodology_id=methodology,
        factor_set_version=version,
        known_at=known_at,
    )
    return EmissionsOut.from_core(emissions, version)


def read_activity(file_name: str, raw: bytes) -> tuple[ActivityMonth, ...]:
    """Return the months of a CSV or XLSX file; empty sheets are skipped, every unreadable cell of every sheet is named.

    A month and site that stand on two sheets are refused like two rows of one sheet: nobody could say which holds.
    """
    tables = read_table(file_name, raw)
    errors: list[RowError] = []
    origins: dict[tuple[str, str], ActivityMonth] = {}
    for table in [each for each in tables if any(any(row) for row in each.rows)] or tables[:1]:
        try:
            months = parse_activity(table)
        except ImportRefused as refused:
            errors.extend(refused.rows)
            continue
        for month in months:
            first = origins.setdefault((month.month, month.site), month)
            if first is not month:
                row = int(month.origin.rpartition(" ")[2])
                expected = f"one row for each month and site; {first.origin} has this one"
                errors.append(
                    RowError(
                        file=table.file,
                        sheet=table.sheet,
                        row=row,
                        column="month",
                        value=month.month,
                        expected=expected,
                    )
                )
    if errors:
        raise ImportRefused(tables[0].file, tuple(errors))
    return tuple(origins.values())
