"""Keeping the people who price apart from the people who trade: a question about a person, not about one key.

Owns that rule. Knows no mark and no trade.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.principal import Principal, Scope
from api.store import access
from ledger.core.errors import Forbidden


def refuse_trader(session: Session, principal: Principal, *, now: datetime) -> None:
    """Raise ``market.trader`` when the caller's person may trade, through this key or any other that still works.

    Whoever profits from a price does not set it: a second key without the scope does not help, because the person is asked,
    not the key. Source: market-data notes of 2026-11-21, section 3.2 point 14.
    """
    trading = Scope.TRADING_WRITE
    if trading in principal.scopes or any(
        key.user_id == principal.user_id
        and trading.value in key.scopes
        and key.revoked_at is None
        and key.expires_at > now
        for key in access.load_keys(session, principal.organisation_id)
    ):
        raise Forbidden(
            "market.trader",
            f"a person with the scope {trading.value} neither makes nor checks a price; ask a colleague who does not trade",
        )
