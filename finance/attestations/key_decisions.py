"""What a key's history says of one signature: a decision table over instants, every cell with its code.

Owns the table. Trusts the log's time and the server's; the signer's own clock is a claim that can cost, never help. Knows
no statement and holds no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from finance.attestations.instants import check_utc
from finance.attestations.keys import RegisteredKey
from ledger.core.errors import Invalid

SIGNED_AT_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the signer's clock may run (reliability and security reference, section 5.3, point 4)."""


class KeyRuling(StrEnum):
    """What follows for the signature."""

    ACCEPTED = "accepted"
    NEEDS_REVIEW = "needs_review"  # carries nothing until two persons have looked; what rests on it is flagged
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistory:
    """When a key counted: ``[valid_from, not_after)``, cut short by ``revoked_at``, distrusted from ``compromised_since``.

    ``valid_from`` is None until the key was approved. A compromise needs a revocation and is not after it.
    """

    valid_from: datetime | None
    not_after: datetime | None
    revoked_at: datetime | None
    compromised_since: datetime | None

    def __post_init__(self) -> None:
        """Refuse instants outside UTC and a compromise without a revocation at or after it."""
        for name in ("valid_from", "not_after", "revoked_at", "compromised_since"):
            instant: datetime | None = getattr(self, name)
            if instant is not None:
                check_utc(instant, field=name)
        if self.compromised_since is not None and (self.revoked_at is None or self.compromised_since > self.revoked_at):
            raise Invalid(
                "key.history",
                "compromised_since: expected revoked_at as well, and not before compromised_since",
                field="compromised_since",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureTimes:
    """When it was signed by the signer's claim, lodged by our clock, and logged by its receipt (None without one)."""

    signed_at: datetime
    lodged_at: datetime
    logged_at: datetime | None

    def __post_init__(self) -> None:
        """Refuse instants outside UTC and a receipt older than what it is a receipt for."""
        check_utc(self.signed_at, field="signed_at")
        check_utc(self.lodged_at, field="lodged_at")
        if self.logged_at is None:
            return
        check_utc(self.logged_at, field="logged_at")
        if self.logged_at < self.lodged_at:
            raise Invalid("key.times", "logged_at: expected an instant not before lodged_at", field="logged_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDecision:
    """The ruling with its reason; ``code`` is empty exactly when the signature is accepted."""

    ruling: KeyRuling
    code: str = ""
    reason: str = ""


_ACCEPTED = KeyDecision(ruling=KeyRuling.ACCEPTED)


def history_of(key: RegisteredKey) -> KeyHistory:
    """Return the history that the table is asked about, as known now."""
    return KeyHistory(
        valid_from=key.approved_at,
        not_after=key.not_after,
        revoked_at=key.revoked_at,
        compromised_since=key.compromised_since,
    )


def decide(history: KeyHistory, times: SignatureTimes) -> KeyDecision:
    """Return what ``history``, as known now, says of a signature with ``times``; the first row that fits decides.

    The time that counts is the log's, t = ``logged_at``, else ``lodged_at`` (reliability and security reference, section
    5.3: validity time is receipt time). Bounds: ``valid_from`` included, ``not_after`` and ``revoked_at`` excluded,
    ``compromised_since`` included.

    ====  ============================================================  ============  ==========================
    row   when                                                          ruling        code
    ====  ============================================================  ============  ==========================
    1     the key was never approved                                    refused       ``key.unapproved``
    2     lodged before ``valid_from``                                  refused       ``key.not_registered``
    3     ``compromised_since`` and ``revoked_at`` at or before lodging refused       ``key.compromised``
    4     ``revoked_at`` at or before lodging                           refused       ``key.revoked``
    5     ``not_after`` at or before lodging                            refused       ``key.expired``
    6     ``compromised_since`` at or before t                          needs review  ``key.suspended``
    7     ``revoked_at`` after lodging, at or before t                  needs review  ``key.revoked_before_log``
    8     ``not_after`` after lodging, at or before t                   needs review  ``key.expired_before_log``
    9     signed more than five minutes after lodging                   needs review  ``key.signed_in_future``
    10    no receipt of the log                                         needs review  ``key.unlogged``
    11    else                                                          accepted
    ====  ============================================================  ============  ==========================

    So a plain revocation leaves what was logged before it, and a signature that only claims to be older than the revocation
    is refused. With compromise since 1 May known on 9 May, a receipt of 30 April is accepted, of 2 May needs review, of
    9 May is refused.
    """
    return _refusal(history, times) or _doubt(history, times) or _ACCEPTED


def _refusal(history: KeyHistory, times: SignatureTimes) -> KeyDecision | None:
    if history.valid_from is None:
        return _refused("key.unapproved", "the key awaits the approval of a second person")
    if times.lodged_at < history.valid_from:
        return _refused("key.not_registered", "the key was not yet registered when the signature was received")
    if history.revoked_at is not None and times.lodged_at >= history.revoked_at:
        if history.compromised_since is not None:
            return _refused("key.compromised", "the key was reported compromised before the signature was received")
        claimed = " whatever day it claims" if times.signed_at < history.revoked_at else ""
        return _refused("key.revoked", f"the key was revoked before the signature was received{claimed}")
    if history.not_after is not None and times.lodged_at >= history.not_after:
        return _refused("key.expired", "the key had expired or been replaced when the signature was received")
    return None


def _doubt(history: KeyHistory, times: SignatureTimes) -> KeyDecision | None:
    proven_at = times.lodged_at if times.logged_at is None else times.logged_at
    if history.compromised_since is not None and proven_at >= history.compromised_since:
        return _needs_review(
            "key.suspended", "the key was compromised when the signature was received; ask for one under another key"
        )
    if history.revoked_at is not None and proven_at >= history.revoked_at:
        return _needs_review("key.revoked_before_log", "the key was revoked between receipt and the log's entry")
    if history.not_after is not None and proven_at >= history.not_after:
        return _needs_review("key.expired_before_log", "the key ended between receipt and the log's entry")
    if times.signed_at - times.lodged_at > SIGNED_AT_TOLERANCE:
        return _needs_review("key.signed_in_future", "the signature claims to be younger than its receipt")
    if times.logged_at is None:
        return _needs_review("key.unlogged", "no receipt of the log says when the signature existed")
    return None


def _refused(code: str, reason: str) -> KeyDecision:
    return KeyDecision(ruling=KeyRuling.REFUSED, code=code, reason=reason)


def _needs_review(code: str, reason: str) -> KeyDecision:
    return KeyDecision(ruling=KeyRuling.NEEDS_REVIEW, code=code, reason=reason)
