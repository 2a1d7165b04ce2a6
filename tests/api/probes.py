"""Routes that only tests have: one that takes every kind of field, and some that fail at chosen moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from api.auth.policy import PUBLIC, Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import (
    CodeString,
    DateString,
    DecimalString,
    EmailText,
    InstantString,
    NameText,
    PageCursor,
    RateString,
    Text,
    UuidString,
)
from api.store import access
from api.store.access import OrganisationKind
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError
from ledger.store.acting import as_installation

probes = Routes(tag="probes", prefix="/probe")


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class LegIn(Schema):
    account: CodeString
    amount: DecimalString


class EverythingIn(Schema):
    amount: DecimalString = "1"
    rate: RateString | None = None
    day: DateString | None = None
    instant: InstantString | None = None
    id: UuidString | None = None
    code: CodeString | None = None
    note: Text | None = None
    email: EmailText | None = None
    count: Annotated[int, Field(ge=1)] = 1
    side: Choice[Side] = Side.BUY
    legs: Annotated[Array[LegIn], Field(max_length=3)] = ()


class NameIn(Schema):
    name: NameText


class NameOut(Schema):
    name: str


@dataclass
class Failures:
    """How often the next work is to fail, and how often it was begun."""

    left: int = 0
    begun: int = 0
    error: Callable[[], Exception] = field(default=RuntimeError)


failures = Failures()


class SerializationFailure(Exception):  # noqa: N818 - the name PostgreSQL gives it
    sqlstate = "40001"


def serialization_failure() -> Exception:
    return OperationalError("INSERT", {}, SerializationFailure("could not serialize access"))


@probes.post("/everything", policy=asks(), status=200)
def take_everything(body: EverythingIn, call: ThisCall) -> EverythingIn:
    return body


def _new_organisation(call: Call, name: str) -> None:
    with as_installation(call.session):  # an organisation of its own is nobody else's
        access.add_organisation(
            call.session, organisation_id=call.new_id(), kind=OrganisationKind.LENDER, legal_name=name, now=call.now
        )


@probes.post("/organisations", policy=asks(Scope.LEDGER_WRITE))
def add_organisation(body: NameIn, call: ThisCall) -> NameOut:
    failures.begun += 1
    if failures.left > 0:
        failures.left -= 1
        raise failures.error()
    _new_organisation(call, body.name)
    return NameOut(name=f"{body.name} {call.new_id()}")


@probes.post("/refused-and-recorded", policy=asks())
def record_and_refuse(body: NameIn, call: ThisCall) -> NameOut:
    _new_organisation(call, body.name)
    raise RefusedAndRecorded(Invalid("probe.forged", "the signature does not verify; it was recorded"))


@probes.post("/commit-broken", policy=asks())
def break_commit(call: ThisCall) -> NameOut:
    """A deferred foreign key, which only the commit finds broken."""
    for statement in (
        "CREATE TABLE probe_parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE probe_child (parent_id INTEGER REFERENCES probe_parent (id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO probe_child VALUES (1)",
    ):
        call.session.execute(text(statement))
    return NameOut(name="done")


@probes.post("/commit-lost", policy=asks())
def lose_connection_at_commit(body: NameIn, call: ThisCall) -> NameOut:
    _new_organisation(call, body.name)

    def fail(_session: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    event.listen(call.session, "before_commit", fail)
    return NameOut(name="done")


@probes.post("/unhandled", policy=asks(), status=200)
def fail_unhandled(body: NameIn, call: ThisCall) -> NameOut:
    raise RuntimeError(f"secret in a message: {body.name}")


@probes.post("/import", policy=asks())
def refuse_import(call: ThisCall) -> NameOut:
    raise ImportRefused(
        "activity.csv",
        (
            RowError(
                file="activity.csv",
                row=3,
                column="production_t",
                value="12,5",
                expected=Expected("row.probe", "a decimal string"),
            ),
        ),
    )


@probes.upload("/upload", policy=asks(), types=("text/csv",), status=200)
def take_upload(call: ThisCall) -> NameOut:
    return NameOut(name=f"{call.upload_type} {len(call.upload)}")


@probes.get("/page", policy=asks())
def read_page(call: ThisCall, cursor: PageCursor | None = None, day: DateString | None = None) -> NameOut:
    return NameOut(name=f"{cursor} {day}")


@probes.get("/lenders-only", policy=asks(kinds=(OrganisationKind.LENDER,)))
def lenders_only(call: ThisCall) -> NameOut:
    return NameOut(name="a lender")


@probes.post("/sum", policy=PUBLIC, status=200, writes=False)
def count_legs(body: EverythingIn) -> NameOut:
    return NameOut(name=str(len(body.legs)))
