"""Webhook endpoints: proposed by one person, confirmed by another who names the very digest, their secrets changed, ended.

Joins the caller's transaction and commits nothing. Whether an address may be sent to is judged where it is sent from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import canonical_bytes, check_text
from finance.conventions.notice_words import approval_condition, approval_waits
from finance.conventions.notices import NoticeKind
from finance.operations.notices import raise_notice, resolve_notice
from finance.store import webhooks
from finance.store.webhooks import Endpoint, EndpointState, EndpointWhat
from ledger.core.errors import Conflict, Forbidden
from ledger.core.parties import Actor

_SUBJECT = "webhook"
_MOST_LIVE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTerms:
    """Where alerts shall go, of which kinds (empty: of every kind), and what for."""

    url: str
    description: str
    kinds: tuple[NoticeKind, ...]


def propose_endpoint(
    session: Session, endpoint_id: UUID, terms: EndpointTerms, *, actor: Actor, now: datetime
) -> Endpoint:
    """Record an endpoint for another person to confirm and return it; more than 20 at a time are ``webhook.too_many``."""
    check_text(terms.description, field="description")
    standing = [
        one
        for one in webhooks.list_endpoints(session, actor.organisation_id)
        if one.state in {EndpointState.PROPOSED, EndpointState.LIVE}
    ]
    if len(standing) >= _MOST_LIVE:
        raise Conflict("webhook.too_many", f"webhook: expected at most {_MOST_LIVE} at a time; end one first")
    kinds = tuple(sorted(set(terms.kinds)))
    endpoint = Endpoint(
        endpoint_id=endpoint_id,
        organisation_id=actor.organisation_id,
        url=terms.url,
        description=terms.description,
        kinds=kinds,
        sha256=digest_of(endpoint_id, actor.organisation_id, terms, kinds),
        maker_id=actor.user_id,
        made_at=now,
        steps=(),
    )
    webhooks.save_endpoint(session, endpoint)
    waiting = approval_waits(
        actor.organisation_id,
        what="a webhook",
        what_zh="回调地址",
        record_id=endpoint_id,
        subject_kind=_SUBJECT,
        said=terms.url,
        path="/notices/deliveries",
        scope="access:approve",
        maker_id=actor.user_id,
    )
    raise_notice(session, waiting, now=now)
    return endpoint


def digest_of(endpoint_id: UUID, organisation_id: UUID, terms: EndpointTerms, kinds: Iterable[NoticeKind]) -> str:
    """Return the SHA-256 (64 hexadecimal digits) over the RFC 8785 JSON of a proposal."""
    document = {
        "kind": "webhook",
        "endpoint_id": str(endpoint_id),
        "organisation_id": str(organisation_id),
        "url": terms.url,
        "description": terms.description,
        "kinds": [kind.value for kind in kinds],
    }
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def decide_endpoint(
    session: Session, endpoint: Endpoint, *, is_approved: bool, sha256: str, actor: Actor, now: datetime
) -> Endpoint:
    """Confirm or reject the very endpoint that was read, as another person than its maker.

    Another digest is ``webhook.digest``, the maker ``webhook.same_person``, a decided one ``webhook.state``.
    """
    if endpoint.state is not EndpointState.PROPOSED:
        raise Conflict("webhook.state", f"webhook: expected a proposed one, this one is {endpoint.state}")
    if sha256 != endpoint.sha256:
        raise Conflict("webhook.digest", "sha256: expected the digest of the webhook as it stands; read it again")
    if actor.user_id == endpoint.maker_id:
        raise Forbidden("webhook.same_person", "expected another person than the maker; ask a colleague")
    what = EndpointWhat.APPROVED if is_approved else EndpointWhat.REJECTED
    webhooks.save_step(session, endpoint, what, actor_id=actor.user_id, at=now)
    condition = approval_condition(_SUBJECT, endpoint.endpoint_id)
    resolve_notice(session, endpoint.organisation_id, NoticeKind.APPROVAL_WAITS, condition, now=now)
    return _reloaded(session, endpoint)


def rotate_secret(session: Session, endpoint: Endpoint, *, actor: Actor, now: datetime) -> Endpoint:
    """Give a live endpoint its next secret; the one before still signs for a while."""
    if endpoint.state is not EndpointState.LIVE:
        raise Conflict("webhook.state", f"webhook: expected a live one, this one is {endpoint.state}")
    webhooks.save_step(session, endpoint, EndpointWhat.ROTATED, actor_id=actor.user_id, at=now)
    return _reloaded(session, endpoint)


def end_endpoint(session: Session, endpoint: Endpoint, *, actor: Actor, now: datetime) -> Endpoint:
    """End an endpoint for good: any administrator alone may stop what leaves the house; again changes nothing."""
    if endpoint.state is EndpointState.ENDED:
        return endpoint
    webhooks.save_step(session, endpoint, EndpointWhat.ENDED, actor_id=actor.user_id, at=now)
    condition = approval_condition(_SUBJECT, endpoint.endpoint_id)
    resolve_notice(session, endpoint.organisation_id, NoticeKind.APPROVAL_WAITS, condition, now=now)
    return _reloaded(session, endpoint)


def _reloaded(session: Session, endpoint: Endpoint) -> Endpoint:
    found = webhooks.find_endpoint(session, endpoint.organisation_id, endpoint.endpoint_id)
    assert found is not None, "an endpoint is never deleted"
    return found
