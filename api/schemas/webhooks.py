"""What enters and leaves about webhook endpoints. A secret leaves in one shape only: the answer that makes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import InstantString, NameText, UuidString
from finance.conventions.notices import NoticeKind
from finance.operations.webhooks import EndpointTerms
from finance.store.webhooks import Endpoint

_LONGEST_URL = 500
_Kind = Annotated[Choice[NoticeKind], Field(examples=["compliance_gap"])]


class WebhookIn(Schema):
    """An address that alerts shall be sent to, once a second person confirmed it."""

    url: Annotated[
        str,
        Field(max_length=_LONGEST_URL, examples=["https://treasury.example.com/tonne"], description="Public, https."),
    ]
    description: Annotated[NameText, Field(examples=["Alerts into the treasury's ticket system"])]
    kinds: Annotated[Array[_Kind], Field(max_length=20, description="Which alerts; every kind when empty.")] = ()

    def to_core(self) -> EndpointTerms:
        """Return the terms."""
        return EndpointTerms(url=self.url, description=self.description, kinds=self.kinds)


class WebhookDecisionIn(Schema):
    """The decision of a second person about exactly what was read."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["0" * 64], description="The webhook's digest.")]


class WebhookStepOut(Schema):
    """What a person did about a webhook."""

    what: Annotated[str, Field(examples=["approved"])]
    actor_id: UuidString
    at: InstantString


class WebhookOut(Schema):
    """A webhook endpoint with everything done about it."""

    webhook_id: UuidString
    url: str
    description: str
    kinds: Array[str]
    state: Annotated[str, Field(examples=["live"])]
    sha256: Annotated[str, Field(description="What a confirmation binds.")]
    maker_id: UuidString
    made_at: InstantString
    secret_number: Annotated[int, Field(description="How many secrets it has had; the newest signs.")]
    steps: Array[WebhookStepOut]

    @classmethod
    def from_core(cls, endpoint: Endpoint) -> WebhookOut:
        """Return the shape of ``endpoint``."""
        return cls(
            webhook_id=endpoint.endpoint_id,
            url=endpoint.url,
            description=endpoint.description,
            kinds=tuple(kind.value for kind in endpoint.kinds),
            state=endpoint.state.value,
            sha256=endpoint.sha256,
            maker_id=endpoint.maker_id,
            made_at=endpoint.made_at,
            secret_number=endpoint.secret_number,
            steps=tuple(
                WebhookStepOut(what=step.what.value, actor_id=step.actor_id, at=step.at) for step in endpoint.steps
            ),
        )


class WebhooksOut(Schema):
    """The organisation's webhooks, the oldest first."""

    webhooks: Array[WebhookOut]


class WebhookSecretOut(Schema):
    """A webhook with its new secret, which is shown this once."""

    webhook: WebhookOut
    secret: Annotated[str, Field(description="For any Standard Webhooks library.", examples=["whsec_..."])]
