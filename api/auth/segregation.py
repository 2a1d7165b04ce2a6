"""Keeping the people who price apart from the people who trade: a question about a person, not about one key.

Owns that rule. Knows no mark and no trade.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.authenticate import live_roles
from api.auth.principal import Principal, Scope
from api.auth.roles import scopes_of
from ledger.core.errors import Forbidden


def refuse_trader(session: Session, principal: Principal, *, now: datetime) -> None:
    """Raise ``market.trader`` when the caller's person may trade, by any role that lives now, whatever this proof may do.

    Whoever profits from a price does not set it: a key without the scope does not help, because the person is asked, not the
    key. Source: market-data notes of 2026-11-21, section 3.2 point 14.
    """
    roles = live_roles(session, principal.user_id, now=now)
    if Scope.TRADING_WRITE in scopes_of(principal.organisation_kind, roles):
        raise Forbidden(
            "market.trader",
            f"a person with the scope {Scope.TRADING_WRITE} neither makes nor checks a price; ask a colleague who does not trade",
        )
