"""Assurance standards by reporting period: which one to name in an engagement, and what its words mean in a statement."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.assurance_standards import StandardOut, StandardsOut
from api.schemas.fields import DateString
from finance.attestations.standards import standards_in_force
from finance.store import reference

routes = Routes(tag="assurance standards")


@routes.get("/assurance-standards", policy=asks())
def list_standards(
    call: ThisCall,  # noqa: ARG001 - every handler gets its call
    period_start: Annotated[DateString, Query(description="The day on which the KPI period begins.")],
) -> StandardsOut:
    """Return the standards in force for a period that begins on ``period_start``."""
    standards = reference.shipped_assurance_standards()
    found = standards_in_force(standards, period_start=period_start)
    return StandardsOut(version=standards.version, standards=tuple(StandardOut.from_core(each) for each in found))
