"""Alerts as signed webhooks (Standard Webhooks): to an address checked at each send, within bounds, following nothing.

Owns the body and the conversation. Connects to the very address that was checked; the certificate is judged by the host's name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from api.notices.addresses import Resolver, Target, check_target
from api.notices.secrets import secret_of, signed_headers
from api.notices.senders import Message, Outcome, Sender
from api.resolving import system_addresses
from finance.conventions.calendars import china_day
from finance.conventions.tables import ReferenceSet
from finance.store.notices import Notice
from finance.store.webhooks import EndpointState
from ledger.core.errors import DomainError
from ledger.store.database import instant_text

_OK = range(200, 300)
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBounds:
    """How long a conversation may take in seconds, how much of an answer is read, how long an old secret still signs."""

    connect: int
    read: int
    total: int
    answer_bytes: int
    overlap: timedelta


def webhook_bounds(rules: ReferenceSet, *, now: datetime) -> WebhookBounds:
    """Return the rules on file."""
    on = china_day(now)
    connect, read, total, answer, overlap = (
        int(rules.lookup(f"webhook.{name}", on=on).number())
        for name in ("connect", "read", "total", "answer", "overlap")
    )
    return WebhookBounds(connect=connect, read=read, total=total, answer_bytes=answer, overlap=timedelta(hours=overlap))


def webhook_sender(
    key: bytes,
    bounds: WebhookBounds,
    *,
    clock: Callable[[], datetime],
    is_loopback_allowed: bool = False,
    resolve: Resolver | None = None,
) -> Sender:
    """Return the sender of signed webhooks; an endpoint that answers 410 or was ended gets nothing more of this message."""

    def send(message: Message) -> Outcome:
        endpoint = message.endpoint
        assert endpoint is not None, "a webhook's message has its endpoint"
        if endpoint.state is not EndpointState.LIVE:
            return Outcome(is_sent=False, detail=f"the endpoint is {endpoint.state}", is_final=True)
        now = clock()
        body = json.dumps(body_of(message.notice), ensure_ascii=False, separators=(",", ":"))
        try:
            target = check_target(endpoint.url, resolve or system_addresses, is_loopback_allowed=is_loopback_allowed)
            live = endpoint.live_secrets(now=now, overlap=bounds.overlap)
            secrets = [secret_of(key, endpoint.endpoint_id, number) for number in live]
        except DomainError as refusal:
            return Outcome(is_sent=False, detail=refusal.code)
        headers = signed_headers(secrets, message_id=message.delivery.delivery_id, body=body, at=now)
        try:
            status = asyncio.run(_post(target, body.encode(), headers, bounds))
        except (httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            return Outcome(is_sent=False, detail=type(error).__name__)
        return Outcome(is_sent=status in _OK, status=status, is_final=status == _GONE)

    return send


def body_of(notice: Notice) -> dict[str, object]:
    """Return what a webhook says: the type, the instant of the event, and the alert with its figures in both languages."""
    return {
        "type": f"notice.{notice.kind}",
        "timestamp": instant_text(notice.raised_at),
        "data": {
            "notice_id": str(notice.notice_id),
            "number": notice.number,
            "kind": notice.kind.value,
            "severity": notice.severity.value,
            "subject_kind": notice.subject.kind,
            "subject_ref": notice.subject.ref,
            "title_en": notice.title.en,
            "title_zh": notice.title.zh,
            "text_en": notice.text.en,
            "text_zh": notice.text.zh,
            "path": notice.path,
            "figures": [
                {"label_en": one.label_en, "label_zh": one.label_zh, "value": one.value, "unit": one.unit}
                for one in notice.figures
            ],
        },
    }


async def _post(target: Target, body: bytes, headers: dict[str, str], bounds: WebhookBounds) -> int:
    at = f"[{target.address}]" if ":" in target.address else target.address
    timeout = httpx.Timeout(bounds.read, connect=bounds.connect)
    sent = {**headers, "Host": _authority(target), "Content-Type": "application/json", "User-Agent": "Tonne-Webhooks/1"}
    async with (
        asyncio.timeout(bounds.total),
        httpx.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST",
            f"{target.scheme}://{at}:{target.port}{target.path}",
            content=body,
            headers=sent,
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        read = 0
        async for part in answer.aiter_raw():
            read += len(part)
            if read > bounds.answer_bytes:
                break
        return answer.status_code


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"
