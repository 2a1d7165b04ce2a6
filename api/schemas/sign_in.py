"""What enters and leaves at the door: signing in and out, passwords, second factors, sessions, the first run.

A password or code enters and never leaves; a token leaves in the one answer that makes it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.access import OrganisationOut, RoleName
from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, NameText, UuidString
from api.store.access import Organisation
from api.store.sessions import AccessSession

_LONGEST_PASSWORD = 512
"""Longer than any password may be, so that a mistyped one is told as wrong and a huge one is never hashed."""

_Password = Annotated[
    str, Field(max_length=_LONGEST_PASSWORD, examples=["three plain words"], description="A password.")
]
_Email = Annotated[str, Field(max_length=254, examples=["treasury@example.com"], description="An e-mail address.")]
_Code = Annotated[str, Field(max_length=20, examples=["492039"], description="The authenticator's code.")]
_OneTimeToken = Annotated[str, Field(max_length=200, examples=["tonne_once_..."], description="A one-time token.")]


class SignInIn(Schema):
    """What a person shows at the door; ``totp`` or ``recovery_code`` once a second factor is enrolled.

    ``organisation_id`` where the person has joined several. ``bearer`` asks for the token in the answer, for a program of the
    person's own; without it the token is in the cookie only.
    """

    email: _Email
    password: Annotated[_Password, Field(repr=False)]
    totp: Annotated[_Code | None, Field(repr=False)] = None
    recovery_code: Annotated[str | None, Field(max_length=60, examples=["abcd-efgh-ijkl-mnop"], repr=False)] = None
    organisation_id: UuidString | None = None
    bearer: Annotated[bool, Field(examples=[False])] = False


class SessionOut(Schema):
    """A session without its token."""

    id: UuidString
    user_id: UuidString
    created_at: InstantString
    last_seen_at: InstantString
    expires_at: InstantString
    idle_s: Annotated[int, Field(examples=[900], description="Seconds without a request after which it ends.")]
    is_approving_allowed: Annotated[bool, Field(examples=[True])]
    address: Annotated[str, Field(examples=["10.1.2.3"], description="The network address of the sign-in.")]

    @classmethod
    def from_core(cls, session: AccessSession) -> SessionOut:
        """Return the shape of ``session``."""
        return cls(
            id=session.session_id,
            user_id=session.user_id,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            idle_s=session.idle_s,
            is_approving_allowed=session.is_approving_allowed,
            address=session.address,
        )


class SessionsOut(Schema):
    """Sessions that work now, the newest first."""

    sessions: Array[SessionOut]


class SignInOut(Schema):
    """A session, or, where the person has joined several organisations and named none, those to choose from.

    With a session the cookie is set; ``csrf_token`` goes with every change that a page sends. ``token`` only where asked for.
    """

    session: SessionOut | None
    organisation: OrganisationOut | None
    csrf_token: Annotated[str | None, Field(examples=["5f" * 32])]
    token: Annotated[str | None, Field(examples=["tonne_session_..."], description="For Authorization: Bearer.")]
    organisations: Array[OrganisationOut]

    @classmethod
    def from_core(
        cls, session: AccessSession, organisation: Organisation, *, csrf: str, token: str | None
    ) -> SignInOut:
        """Return the shape of a session that began."""
        return cls(
            session=SessionOut.from_core(session),
            organisation=OrganisationOut.from_core(organisation),
            csrf_token=csrf,
            token=token,
            organisations=(),
        )


class SignedOutOut(Schema):
    """The session has ended."""

    signed_out: Annotated[bool, Field(examples=[True])]


class PasswordIn(Schema):
    """A new password, with the one that stands."""

    password: Annotated[_Password, Field(repr=False)]
    new_password: Annotated[_Password, Field(repr=False)]


class TokenPasswordIn(Schema):
    """A password chosen with a one-time token: an invitation's or a reset's."""

    token: Annotated[_OneTimeToken, Field(repr=False)]
    password: Annotated[_Password, Field(repr=False)]


class DoneOut(Schema):
    """What was asked for stands."""

    done: Annotated[bool, Field(examples=[True])]


class TotpProposedOut(Schema):
    """A second factor that waits for its first code; shown this once. The picture is a QR code of the address."""

    secret: Annotated[str, Field(examples=["JBSWY3DPEHPK3PXP"])]
    uri: Annotated[str, Field(examples=["otpauth://totp/Tonne:treasury@example.com?secret=JBSWY3DPEHPK3PXP"])]
    svg: Annotated[str, Field(examples=["<svg></svg>"])]


class TotpConfirmIn(Schema):
    """The first code of the authenticator."""

    totp: Annotated[_Code, Field(repr=False)]


class RecoveryCodesOut(Schema):
    """Ten codes for one use each, shown this once; sign in again to approve."""

    recovery_codes: Array[Annotated[str, Field(examples=["abcd-efgh-ijkl-mnop"])]]


class FirstRunIn(Schema):
    """The first operator, with the token that the terminal shows."""

    token: Annotated[_OneTimeToken, Field(repr=False)]
    email: _Email
    name: NameText
    password: Annotated[_Password, Field(repr=False)]


class FirstRunOut(Schema):
    """The first operator stands; sign in next, and enrol a second factor."""

    user_id: UuidString
    organisation_id: UuidString
    roles: Array[RoleName]
