"""Reads and writes activity months and reference sets. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.tables import ReferenceRow, ReferenceSet, ReferenceStatus
from finance.emissions.activity import ActivityMonth
from finance.emissions.factors import FactorSet
from finance.emissions.sources import PowerSource, power_field
from finance.emissions.templates import find_template
from finance.store import activity_reference
from finance.store.tables.activity import ActivityMonthRow, ReferenceRowRow, ReferenceSetRow
from ledger.core.errors import Conflict, NotFound

FACTORS = "factors"
"""Set id of the emission factors."""

# Measurements with a column of their own, from before templates; every other one stands in ``further``.
_COLUMNS = ("anode_effect_min_per_cell_day", "net_anode_t")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMonth:
    """An activity month as recorded: its newest revision known at some instant."""

    activity: ActivityMonth
    revision: int
    raw_sha256: str
    recorded_at: datetime


def load_months(
    session: Session, organisation_id: UUID, *, known_at: datetime | None = None, sites: Sequence[str] = ()
) -> tuple[RecordedMonth, ...]:
    """Return each month's newest revision recorded by ``known_at`` (now when None), by month and site; no sites are all sites."""
    newest = (
        select(ActivityMonthRow.site, ActivityMonthRow.month, func.max(ActivityMonthRow.revision).label("revision"))
        .where(ActivityMonthRow.organisation_id == organisation_id)
        .group_by(ActivityMonthRow.site, ActivityMonthRow.month)
    )
    if known_at is not None:
        newest = newest.where(ActivityMonthRow.recorded_at <= known_at)
    last = newest.subquery()
    wanted = (
        select(ActivityMonthRow)
        .join(
            last,
            (ActivityMonthRow.site == last.c.site)
            & (ActivityMonthRow.month == last.c.month)
            & (ActivityMonthRow.revision == last.c.revision),
        )
        .where(ActivityMonthRow.organisation_id == organisation_id)
        .order_by(ActivityMonthRow.month, ActivityMonthRow.site)
    )
    if sites:
        wanted = wanted.where(ActivityMonthRow.site.in_(sites))
    return tuple(_recorded(row) for row in session.scalars(wanted))


def save_months(
    session: Session,
    organisation_id: UUID,
    months: Sequence[ActivityMonth],
    *,
    raw_sha256: str,
    now: datetime,
    recorded_by: UUID,
) -> int:
    """Record the months that say something new and return how many; a changed figure becomes the next revision.

    So does a verification of figures that stood as claimed. The same figures without a verification say nothing new.
    """
    known = {(each.activity.site, each.activity.month): each for each in load_months(session, organisation_id)}
    rows = []
    for month in months:
        before = known.get((month.site, month.month))
        if before is not None and _says_the_same(before.activity, month):
            continue
        further = {
            field: f"{value:f}"
            for field, value in month.measured.items()
            if field not in _COLUMNS and value is not None
        }
        rows.append(
            {
                "organisation_id": organisation_id,
                "site": month.site,
                "month": date.fromisoformat(f"{month.month}-01"),
                "revision": 1 if before is None else before.revision + 1,
                "template_id": month.template.template_id,
                "production_t": month.production_t,
                **{power_field(source): month.ac_kwh[source] for source in PowerSource},
                **{column: month.measured.get(column) for column in _COLUMNS},
                "further": further,
                "verification": month.verification,
                "origin": month.origin,
                "raw_sha256": raw_sha256,
                "recorded_at": now,
                "recorded_by": recorded_by,
            }
        )
    if rows:
        session.execute(insert(ActivityMonthRow), rows)
    return len(rows)


def save_reference_set(session: Session, reference: ReferenceSet, *, now: datetime) -> None:
    """Record a version of a reference set; the same again changes nothing, other content under one version is refused."""
    standing = session.get(ReferenceSetRow, (reference.set_id, reference.version))
    if standing is not None:
        if standing.content_hash != reference.content_hash():
            raise Conflict(
                "reference.version_reused",
                f"{reference.set_id} version {reference.version} stands with other rows; a change is a new version",
                set_id=reference.set_id,
            )
        return
    session.execute(
        insert(ReferenceSetRow).values(
            set_id=reference.set_id,
            version=reference.version,
            content_hash=reference.content_hash(),
            loaded_at=now,
        )
    )
    names = ("row_id", "value", "unit", "effective_from", "effective_to", "region", "label_en", "label_zh", "source")
    rows = [
        {
            "set_id": reference.set_id,
            "set_version": reference.version,
            "number": number,
            "status": row.status.value,
            "version": row.version,
            **{name: getattr(row, name) for name in names},
        }
        for number, row in enumerate(reference.rows, start=1)
    ]
    session.execute(insert(ReferenceRowRow), rows)


def load_reference_rows(session: Session, set_id: str, version: str) -> tuple[ReferenceRow, ...]:
    """Return the rows of one version in order; an unknown set or version raises ``reference.set_unknown``."""
    rows = session.scalars(
        select(ReferenceRowRow)
        .where(ReferenceRowRow.set_id == set_id, ReferenceRowRow.set_version == version)
        .order_by(ReferenceRowRow.number)
    ).all()
    if not rows:
        raise NotFound(
            "reference.set_unknown", f"no rows of {set_id[:80]} version {version[:80]}; load that version first"
        )
    return tuple(
        ReferenceRow(
            row_id=row.row_id,
            value=row.value,
            unit=row.unit,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
            region=row.region,
            label_en=row.label_en,
            label_zh=row.label_zh,
            source=row.source,
            status=ReferenceStatus(row.status),
            version=row.version,
        )
        for row in rows
    )


def load_factors(session: Session, version: str) -> FactorSet:
    """Return one recorded version of the emission factors."""
    return FactorSet(set_id=FACTORS, version=version, rows=load_reference_rows(session, FACTORS, version))


def _says_the_same(before: ActivityMonth, month: ActivityMonth) -> bool:
    same_figures = before.template.template_id == month.template.template_id and before.figures() == month.figures()
    return same_figures and month.verification in {None, before.verification}


def _recorded(row: ActivityMonthRow) -> RecordedMonth:
    template = find_template(activity_reference.shipped_templates(), row.template_id)
    further = {field: Decimal(value) for field, value in row.further.items()}
    columns = {column: getattr(row, column) for column in _COLUMNS}
    activity = ActivityMonth(
        month=f"{row.month:%Y-%m}",
        site=row.site,
        template=template,
        production_t=row.production_t,
        ac_kwh={source: getattr(row, power_field(source)) for source in PowerSource},
        measured={
            field: columns[field] if field in columns else further.get(field) for field in template.measured_fields()
        },
        verification=row.verification,
        origin=row.origin,
    )
    return RecordedMonth(
        activity=activity, revision=row.revision, raw_sha256=row.raw_sha256, recorded_at=row.recorded_at
    )
