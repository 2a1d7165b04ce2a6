"""The live stream of the alerts that concern the caller: server-sent events, resumed by the number of the last one seen."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request
from fastapi.responses import StreamingResponse

from api.auth.notice_kinds import viewer_of
from api.auth.policy import Routes, asks
from api.auth.still_here import is_still_permitted
from api.deps import Surroundings, ThisCall
from api.notices.streams import Streams
from finance.store import notices
from finance.store.notices import Viewer

routes = Routes(tag="notices")


@routes.get("/events", policy=asks(), answers=("text/event-stream",))
def stream_events(
    call: ThisCall,
    request: Request,
    last_event_id: Annotated[
        str | None,
        Header(pattern="^(0|[1-9][0-9]{0,14})$", description="Number of the last alert seen; the newest when absent."),
    ] = None,
) -> StreamingResponse:
    """Stream the alerts that concern the caller as they are raised; it ends when the caller signs out or is revoked.

    Each event's id is the alert's number, so that a browser that lost the connection misses nothing. At most two a person.
    """
    streams: Streams = request.app.state.streams
    surroundings: Surroundings = request.app.state.surroundings
    principal, viewer = call.principal, viewer_of(call.session, call.principal)
    newest = notices.last_numbers(call.session, [viewer.organisation_id]).get(viewer.organisation_id, 0)
    after = newest if last_event_id is None else min(int(last_event_id), newest)

    def still() -> Viewer | None:
        with surroundings.database.reader() as session:
            if not is_still_permitted(session, principal, now=surroundings.clock()):
                return None
            return viewer_of(session, principal)

    streams.admit(principal.user_id)
    body = streams.events(surroundings, viewer, after=after, still=still)
    return StreamingResponse(body, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
