"""The secrets that sign webhooks: derived from the installation's key, so that none stands in the database.

Owns the derivation and the signature's headers (Standard Webhooks 1.0). Knows no network.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook

from ledger.core.errors import Conflict

PREFIX = "whsec_"


def secret_of(key: bytes, endpoint_id: UUID, number: int) -> str:
    """Return the endpoint's secret of that number: ``whsec_`` and 32 bytes in base64, HMAC-SHA-256 of the endpoint under the key.

    Without a key it is ``webhook.no_key``.
    """
    if not key:
        raise Conflict(
            "webhook.no_key",
            "this installation has no TONNE_WEBHOOK_KEY; its operator sets one before webhooks are used",
        )
    derived = hmac.new(key, f"tonne webhook {endpoint_id} {number}".encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(derived).decode()


def signed_headers(secrets: Iterable[str], *, message_id: UUID, body: str, at: datetime) -> dict[str, str]:
    """Return the headers that prove ``body``: id, time and one signature for each secret that is live."""
    signatures = [Webhook(secret).sign(msg_id=str(message_id), timestamp=at, data=body) for secret in secrets]
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
