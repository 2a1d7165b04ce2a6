"""Webhook endpoints of the caller's organisation: proposed, confirmed by a second person, tried, their secrets changed, ended."""

from __future__ import annotations

from fastapi import Request

from api.auth.notice_kinds import WEBHOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.notices.addresses import read_url
from api.notices.secrets import secret_of
from api.notices.settings import NoticeSettings
from api.schemas.fields import UuidString
from api.schemas.notices import NoticeOut
from api.schemas.webhooks import WebhookDecisionIn, WebhookIn, WebhookOut, WebhookSecretOut, WebhooksOut
from finance.conventions import notice_words
from finance.conventions.notices import EVERYBODY
from finance.operations import webhooks as operations
from finance.operations.notices import raise_notice
from finance.store import notices, webhooks
from finance.store.notices import Viewer
from finance.store.webhooks import EndpointState
from ledger.core.errors import Conflict

_ADMIN = asks(Scope.ADMIN)
_SECOND = asks(Scope.ACCESS_APPROVE)
"""Whoever confirms is signed in: a key never approves."""

routes = Routes(tag="webhooks")


@routes.get("/webhooks", policy=_ADMIN)
def list_webhooks(call: ThisCall) -> WebhooksOut:
    """Return the organisation's webhooks, the oldest first, without secrets."""
    found = webhooks.list_endpoints(call.session, call.principal.organisation_id)
    return WebhooksOut(webhooks=tuple(map(WebhookOut.from_core, found)))


@routes.get("/webhooks/{webhook_id}", policy=_ADMIN)
def read_webhook(webhook_id: UuidString, call: ThisCall) -> WebhookOut:
    """Return a webhook and what was done about it."""
    return WebhookOut.from_core(call.load(WEBHOOK, webhook_id))


@routes.post("/webhooks", policy=_ADMIN, keeps_answer=False)
def propose_webhook(body: WebhookIn, call: ThisCall, request: Request) -> WebhookSecretOut:
    """Propose an address for alerts; it gets none until another person confirms it. Its secret is shown in this answer only."""
    settings = _settings(request)
    read_url(body.url, is_loopback_allowed=settings.loopback_webhooks)
    endpoint_id = call.new_id()
    secret = secret_of(settings.webhook_key, endpoint_id, 1)
    endpoint = operations.propose_endpoint(
        call.session, endpoint_id, body.to_core(), actor=call.principal.actor, now=call.now
    )
    return WebhookSecretOut(webhook=WebhookOut.from_core(endpoint), secret=secret)


@routes.post("/webhooks/{webhook_id}/approve", policy=_SECOND, status=200)
def approve_webhook(webhook_id: UuidString, body: WebhookDecisionIn, call: ThisCall) -> WebhookOut:
    """Confirm, as another person than its maker, exactly the webhook that the digest names; alerts go there from now on."""
    return _decided(webhook_id, body, call, is_approved=True)


@routes.post("/webhooks/{webhook_id}/reject", policy=_SECOND, status=200)
def reject_webhook(webhook_id: UuidString, body: WebhookDecisionIn, call: ThisCall) -> WebhookOut:
    """Reject a proposed webhook as another person than its maker."""
    return _decided(webhook_id, body, call, is_approved=False)


@routes.post("/webhooks/{webhook_id}/rotate", policy=_ADMIN, status=200, keeps_answer=False)
def rotate_webhook_secret(webhook_id: UuidString, call: ThisCall, request: Request) -> WebhookSecretOut:
    """Give a webhook its next secret, shown in this answer only; for a day messages carry the signatures of both."""
    endpoint = operations.rotate_secret(
        call.session, call.load(WEBHOOK, webhook_id), actor=call.principal.actor, now=call.now
    )
    secret = secret_of(_settings(request).webhook_key, endpoint.endpoint_id, endpoint.secret_number)
    return WebhookSecretOut(webhook=WebhookOut.from_core(endpoint), secret=secret)


@routes.post("/webhooks/{webhook_id}/end", policy=_ADMIN, status=200)
def end_webhook(webhook_id: UuidString, call: ThisCall) -> WebhookOut:
    """Stop sending to a webhook for good; what is on its way to it is given up."""
    endpoint = operations.end_endpoint(
        call.session, call.load(WEBHOOK, webhook_id), actor=call.principal.actor, now=call.now
    )
    return WebhookOut.from_core(endpoint)


@routes.post("/webhooks/{webhook_id}/test", policy=_ADMIN)
def send_test_webhook(webhook_id: UuidString, call: ThisCall) -> NoticeOut:
    """Send a test message to a live webhook; the log of deliveries tells how it went."""
    endpoint = call.load(WEBHOOK, webhook_id)
    if endpoint.state is not EndpointState.LIVE:
        raise Conflict("webhook.state", f"webhook: expected a live one, this one is {endpoint.state}")
    principal = call.principal
    number = f"webhook {endpoint.endpoint_id} {call.new_id()}"
    draft = notice_words.test_message(principal.organisation_id, number=number, only_user_id=principal.user_id)
    notice_id = raise_notice(call.session, draft, now=call.now)
    assert notice_id is not None, "a test has a number of its own"
    viewer = Viewer(organisation_id=principal.organisation_id, user_id=principal.user_id, scopes=frozenset({EVERYBODY}))
    found = notices.find_notice(call.session, viewer, notice_id)
    assert found is not None, "what was just raised is there"
    return NoticeOut.from_core(found)


def _decided(webhook_id: UuidString, body: WebhookDecisionIn, call: Call, *, is_approved: bool) -> WebhookOut:
    endpoint = operations.decide_endpoint(
        call.session,
        call.load(WEBHOOK, webhook_id),
        is_approved=is_approved,
        sha256=body.sha256,
        actor=call.principal.actor,
        now=call.now,
    )
    return WebhookOut.from_core(endpoint)


def _settings(request: Request) -> NoticeSettings:
    settings = request.app.state.notices
    assert isinstance(settings, NoticeSettings), "the application keeps the settings of alerts"
    return settings
