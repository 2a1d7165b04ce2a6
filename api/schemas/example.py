"""What leaves about the example: how it stands, what is tied to it, and how its people sign in, that once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.access import OrganisationOut
from api.schemas.base import Array, Choice, Schema
from api.store.example_life import ExampleState

_Step = Annotated[str, Field(examples=["organisations"], description="A step of the loading, by its code.")]
_Role = Annotated[str, Field(examples=["maker"], description="The name of a role.")]


class ExampleTieOut(Schema):
    """Something that is not the example's and keeps it from being removed."""

    kind: Annotated[str, Field(examples=["person"], description="person, loan or mandate.")]
    name: Annotated[str, Field(examples=["li@smelter.example"], description="Its address, number or id.")]


class ExampleWorkOut(Schema):
    """How far the loading is."""

    phase: Annotated[str, Field(examples=["3/11"], description="Steps done, of how many.")]
    done: Array[_Step]
    left: Array[_Step]


class ExampleOut(Schema):
    """The example on this installation."""

    state: Choice[ExampleState]
    is_available: Annotated[
        bool,
        Field(examples=[True], description="Whether the example's files are there: in a checkout, not in a package."),
    ]
    failure: Annotated[str, Field(examples=[""], description="Why the loading failed, when it did.")]
    work: ExampleWorkOut
    organisations: Array[OrganisationOut]
    ties: Array[ExampleTieOut]
    people_without_password: Annotated[
        int, Field(examples=[0], description="People of the example who cannot sign in yet.")
    ]


class ExamplePersonOut(Schema):
    """How one person of the example signs in; told once."""

    organisation: Annotated[str, Field(examples=["Example Bank (invented)"])]
    email: Annotated[str, Field(examples=["officer@bank.example"])]
    roles: Array[_Role]
    password: Annotated[str, Field(examples=["0f1e2d3c4b5a69788f"])]
    totp_secret: Annotated[
        str, Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"], description="For an authenticator.")
    ]


class ExampleSignInsOut(Schema):
    """The people who got a password now; nobody who had one."""

    people: Array[ExamplePersonOut]
