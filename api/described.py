"""What the API's description says of a route beside its shapes: policy, proofs of who asks, refusals, files, a second person.

Reads a declaration only; knows no request.
"""

from __future__ import annotations

from typing import Any

from api import errors, proposing
from api.auth.policy import Declared
from api.auth.same_origin import SAFE_METHODS


def extra_of(declared: Declared) -> dict[str, Any]:
    """Return the members of the operation that say who may call it, by which proofs, and with which upload."""
    extra: dict[str, Any] = {"x-policy": str(declared.policy)}
    if not declared.policy.is_public:
        cookie: dict[str, list[str]] = {"cookie": []}
        if declared.method not in SAFE_METHODS:
            cookie["csrf"] = []
        extra["security"] = [{"api_key": []}, cookie]
    if declared.upload_types:
        schema = {"schema": {"type": "string", "format": "binary"}}
        extra["requestBody"] = {"required": True, "content": dict.fromkeys(declared.upload_types, schema)}
    if declared.second_person is not None:
        extra["x-second-person"] = declared.second_person.code
    return extra


def answers_of(declared: Declared) -> dict[int | str, dict[str, Any]]:
    """Return the answers beside the route's own shape: refusals, failures, a proposal that waits, files."""
    problem = {errors.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: dict[int | str, dict[str, Any]] = {
        "4XX": {"description": "Refused", "content": problem},
        "5XX": {"description": "A failure of ours, or busy: nothing was stored", "content": problem},
    }
    if declared.second_person is not None:
        waits = {"application/json": {"schema": {"$ref": "#/components/schemas/ProposalOut"}}}
        answers[proposing.ACCEPTED] = {"description": "Waits for a second person", "content": waits}
    if declared.answers:
        answers[declared.status] = {"content": dict(map(_described_file, declared.answers))}
    return answers


def _described_file(content_type: str) -> tuple[str, dict[str, Any]]:
    """Return the content type without its charset and what the description says of it.

    A JSON document is an object; of a stream each event is, with the fields that a server-sent event has.
    """
    media_type = content_type.partition(";")[0]
    if media_type == "text/event-stream":
        fields = {name: {"type": "string"} for name in ("event", "data", "id")}
        return media_type, {"schema": {"type": "object", "properties": fields}}
    is_json = media_type == "application/json"
    schema = {"type": "object", "additionalProperties": True} if is_json else {"type": "string", "format": "binary"}
    return media_type, {"schema": schema}
