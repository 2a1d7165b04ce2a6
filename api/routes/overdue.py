"""The interest on late payments over HTTP: open to anyone with a clause and days, nothing is stored."""

from __future__ import annotations

from api.auth.policy import PUBLIC, Routes
from api.schemas.overdue import OverdueIn, OverdueOut

routes = Routes(tag="calculators")


@routes.post("/calculators/overdue", policy=PUBLIC, status=200, writes=False)
def compute_overdue(body: OverdueIn) -> OverdueOut:
    """Return what is owed on a day from the clause, what was not paid and what was received: penalty and compound interest."""
    return OverdueOut.from_core(body, body.position())
