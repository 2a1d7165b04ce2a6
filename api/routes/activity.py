"""Monthly activity of the caller's organisation: upload it and read it.

A file is taken as a whole or not at all; the very bytes are kept beside the figures read from them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.activity import ActivityMonthOut, ActivityOut, ActivityUploadOut
from api.schemas.fields import CodeString, InstantString, NameText
from api.store.access import OrganisationKind
from finance.conventions.table_rules import repeated_at
from finance.emissions.activity import ActivityMonth, parse_activity
from finance.emissions.templates import ActivityTemplate
from finance.feeds.tabular import read_table
from finance.operations.activity import record_activity, record_reference
from finance.store import activity, activity_reference, market, reference
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
    template: Annotated[
        CodeString | None,
        Query(
            description="The form the file fills; aluminium electrolysis when absent.",
            examples=["copper-electrorefining"],
        ),
    ] = None,
    verification: Annotated[
        NameText | None,
        Query(
            description="The report that verified these figures; claimed when absent.", examples=["核查报告 2025-017"]
        ),
    ] = None,
) -> ActivityUploadOut:
    """Record the months of an XLSX or CSV file; a cell that cannot be read refuses the file, and nothing of it is written.

    The same file again records nothing; a changed figure, or a verification of it, becomes the month's next revision.
    """
    name = file_name or ("activity.csv" if call.upload_type == "text/csv" else "activity.xlsx")
    months = read_activity(name, call.upload, activity_reference.shipped_template(template), verification=verification)
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


def read_activity(
    file_name: str, raw: bytes, template: ActivityTemplate, *, verification: str | None = None
) -> tuple[ActivityMonth, ...]:
    """Return the months of a CSV or XLSX file; empty sheets are skipped, every unreadable cell of every sheet is named.

    A month and site that stand on two sheets are refused like two rows of one sheet: nobody could say which holds.
    """
    tables = read_table(file_name, raw)
    errors: list[RowError] = []
    origins: dict[tuple[str, str], ActivityMonth] = {}
    for table in [each for each in tables if any(any(row) for row in each.rows)] or tables[:1]:
        try:
            months = parse_activity(table, template, verification=verification)
        except ImportRefused as refused:
            errors.extend(refused.rows)
            continue
        for month in months:
            first = origins.setdefault((month.month, month.site), month)
            if first is not month:
                row = int(month.origin.rpartition(" ")[2])
                expected = repeated_at("one row for each month and site", first.origin)
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
