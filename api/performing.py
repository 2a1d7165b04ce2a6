"""Runs a recorded request again, as another person, inside the transaction of the call that asks for it.

Owns that the route's policy is asked of that person as well. What is recorded and when it may run, ``proposing`` knows.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from api import proposing
from api.auth.principal import Principal
from api.deps import Call
from api.edge import EdgeRoute
from api.schemas.body import EdgeRequest
from api.schemas.strict_json import parse
from api.store.proposals import RecordedRequest
from ledger.core.errors import Conflict


def perform(around: Request, call: Call, request: RecordedRequest, *, caller: Principal) -> Response:
    """Run a recorded request as ``caller`` inside the transaction of ``call``, and return its answer.

    The route's policy is asked again, of ``caller``; a refusal is raised as its handler raises it. ``proposal.route_gone`` when this
    release has no such route any more.
    """
    route = next(
        (
            each
            for each in around.app.router.routes
            if isinstance(each, EdgeRoute) and f"{each.declared.method} {each.declared.path}" == request.route
        ),
        None,
    )
    scope = proposing.scope_of(request, around.scope)
    match, child = (Match.NONE, {}) if route is None else route.matches(scope)
    if route is None or match is not Match.FULL or route.declared.second_person is None:
        raise Conflict("proposal.route_gone", "the proposal's route is no longer there; propose it anew")
    scope.update(child)
    route.declared.policy.permit(caller)
    is_upload = bool(route.declared.upload_types)
    inner = EdgeRequest(
        Request(scope, around.receive),
        raw=request.body,
        document=None if is_upload or not request.body else parse(request.body),
    )
    inner.state.call = replace(
        call,
        caller=caller,
        upload=request.body if is_upload else b"",
        upload_type=request.content_type.partition(";")[0].strip().lower(),
    )
    return route.answering.answer(inner)
