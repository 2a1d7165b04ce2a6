"""The people of the caller's own organisation by name: who proposed, who approved."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.colleagues import ColleagueOut, ColleaguesOut
from api.store import colleagues

routes = Routes(tag="colleagues")


@routes.get("/colleagues", policy=asks())
def list_colleagues(call: ThisCall) -> ColleaguesOut:
    """Return the people of the caller's organisation, those who left too, by name."""
    found = colleagues.list_colleagues(call.session, call.principal.organisation_id)
    return ColleaguesOut(colleagues=tuple(map(ColleagueOut.from_core, found)))
