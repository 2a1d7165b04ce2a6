"""Providers proposed, agreed to by a second operator, and ended; only the operator on the server adds one alone.

Owns what may stand in a provider's row. The database refuses the same person twice again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from api.openid.fetching import check_provider_url
from api.store import access, access_log, oidc
from api.store.access import User
from api.store.access_log import AccessEvent
from api.store.names import LONGEST_NAME, clean_text
from api.store.oidc import Provider, ProviderState
from finance.attestations.canonical import JsonValue, canonical_bytes
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.store.database import instant_text

_LONGEST_REASON = 200
_MOST_DOMAINS = 20
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}", re.ASCII)
_DOMAIN = re.compile(r"(?=.{3,190}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTerms:
    """A provider to be added, and why."""

    name: str
    issuer: str
    client_id: str
    secret_name: str
    domains: tuple[str, ...]
    accepts_mfa: bool
    reason: str


def propose_provider(
    session: Session,
    organisation_id: UUID,
    terms: ProviderTerms,
    *,
    proposed_by: UUID | None,
    is_loopback_allowed: bool,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Provider:
    """Return a provider that waits for a second operator, or that lives at once when the operator on the server adds it.

    ``proposed_by`` is ``None`` for the operator on the server. A live or waiting provider of the same name, or of the same issuer and
    client, is ``oidc.provider_known``.
    """
    provider_id = new_id()
    domains = tuple(sorted({each.strip().lower() for each in terms.domains}))
    name = clean_text(terms.name, field="name", longest=LONGEST_NAME)
    reason = clean_text(terms.reason, field="reason", longest=_LONGEST_REASON)
    check_provider_url(terms.issuer, field="issuer", is_loopback_allowed=is_loopback_allowed)
    _check_terms(terms, domains)
    for standing in oidc.list_providers(session):
        same = standing.name == name or (standing.issuer, standing.client_id) == (terms.issuer, terms.client_id)
        if standing.state is not ProviderState.ENDED and same:
            raise Conflict(
                "oidc.provider_known",
                "name: a provider of this name, or with this issuer and client, stands; end it first",
            )
    document: dict[str, JsonValue] = {
        "provider_id": str(provider_id),
        "organisation_id": str(organisation_id),
        "name": name,
        "issuer": terms.issuer,
        "client_id": terms.client_id,
        "secret_name": terms.secret_name,
        "domains": list(domains),
        "accepts_mfa": terms.accepts_mfa,
        "reason": reason,
        "proposed_by": None if proposed_by is None else str(proposed_by),
        "proposed_at": instant_text(now),
    }
    provider = Provider(
        provider_id=provider_id,
        organisation_id=organisation_id,
        name=name,
        issuer=terms.issuer,
        client_id=terms.client_id,
        secret_name=terms.secret_name,
        domains=domains,
        accepts_mfa=terms.accepts_mfa,
        reason=reason,
        proposed_by=proposed_by,
        proposed_at=now,
        needs_confirmation=proposed_by is not None,
        sha256=sha256(canonical_bytes(document)).hexdigest(),
    )
    oidc.add_provider(session, provider)
    _note(
        session,
        provider,
        "provider_proposed" if proposed_by else "provider_added",
        by=proposed_by,
        now=now,
        new_id=new_id,
    )
    return provider


def confirm_provider(
    session: Session,
    provider: Provider,
    *,
    sha256_said: str,
    confirmer: User,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Let a waiting provider live, on the word of another operator than who proposed it, over the digest that was shown."""
    if provider.state is not ProviderState.WAITING:
        raise Conflict("oidc.not_waiting", "this provider does not wait for a confirmation; read it again")
    if sha256_said != provider.sha256:
        raise Conflict(
            "oidc.digest", "sha256: expected the digest of the provider as it stands; read it again", field="sha256"
        )
    assert provider.proposed_by is not None, "only what a person proposed waits"
    proposer = access.load_user(session, provider.organisation_id, provider.proposed_by)
    assert proposer is not None, "who proposes is of the operator's organisation"
    if confirmer.person_id == proposer.person_id:
        raise Forbidden(
            "oidc.second_person", "a provider is confirmed by another person than who proposed it; ask a colleague"
        )
    oidc.add_confirmation(session, provider, confirmed_by=confirmer.user_id, now=now)
    _note(session, provider, "provider_confirmed", by=confirmer.user_id, now=now, new_id=new_id)


def end_provider(
    session: Session,
    provider: Provider,
    *,
    reason: str,
    ended_by: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """End a provider, or refuse one that waits, at once; by one operator, since it only takes away. Running sessions go on."""
    if provider.state is ProviderState.ENDED:
        raise Conflict("oidc.ended", "this provider has ended already")
    said = clean_text(reason, field="reason", longest=_LONGEST_REASON)
    oidc.add_end(session, provider.provider_id, ended_by=ended_by, reason=said, now=now)
    _note(session, provider, "provider_ended", by=ended_by, now=now, new_id=new_id)


def _check_terms(terms: ProviderTerms, domains: tuple[str, ...]) -> None:
    if not _CLIENT_ID.fullmatch(terms.client_id):
        raise Invalid("oidc.client_id", "client_id: expected 1 to 200 visible ASCII characters", field="client_id")
    if not _SECRET_NAME.fullmatch(terms.secret_name) or terms.secret_name.endswith("_FILE"):
        raise Invalid(
            "oidc.secret_name",
            "secret_name: expected a name such as CORP, which stands for the variable TONNE_OIDC_SECRET_CORP",
            field="secret_name",
        )
    if not 1 <= len(domains) <= _MOST_DOMAINS or not all(map(_DOMAIN.fullmatch, domains)):
        raise Invalid(
            "oidc.domains", f"domains: expected 1 to {_MOST_DOMAINS} mail domains such as bank.example", field="domains"
        )


def _note(
    session: Session, provider: Provider, what: str, *, by: UUID | None, now: datetime, new_id: Callable[[], UUID]
) -> None:
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=provider.organisation_id,
            user_id=by,
            happened_at=now,
            what=what,
            detail=provider.name,
            by=by,
        ),
    )
