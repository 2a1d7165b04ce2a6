"""Takes the example out again: refused while anything that is not the example's is tied to it.

Nothing is deleted, for the ledger never deletes: its organisations end, their doors close, and nobody is shown them any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.example.scenario import Scenario
from api.store import access, example
from api.store.example import Happening
from finance.store import example_ties
from ledger.core.errors import Conflict

_NAMED = 5
"""How many ties a refusal names; it counts the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Something that is not the example's and stands in its way out: what it is, and its name or number."""

    kind: str
    name: str


def ties_of(session: Session, scenario: Scenario) -> tuple[Tie, ...]:
    """Return what is tied to the example and not its own: people who were added, loans and mandates with others.

    What the example's own people did among themselves, books they opened included, is the example's.
    """
    ids = organisation_ids(session, scenario)
    cast = {
        scenario.id_of("user", role, person)
        for role, facts in scenario.facts["organisations"].items()
        for person in facts["people"]
    }
    found = [Tie(kind="person", name=each.email) for each in example.people_besides(session, ids, cast)]
    found += [Tie(kind="loan", name=each) for each in example_ties.loans_with_others(session, ids)]
    found += [Tie(kind="mandate", name=str(each)) for each in example_ties.mandates_with_others(session, ids)]
    return tuple(found)


def remove_example(session: Session, scenario: Scenario, *, by_user_id: UUID | None, now: datetime) -> None:
    """End the example's organisations and close their doors, or raise ``example.tied`` with what stands in the way."""
    ties = ties_of(session, scenario)
    if ties:
        named = ", ".join(f"{each.kind} {each.name}" for each in ties[:_NAMED])
        more = f" and {len(ties) - _NAMED} more" if len(ties) > _NAMED else ""
        raise Conflict(
            "example.tied",
            f"the example holds what is not the example's: {named}{more}; it stays, so that nothing of it is lost",
        )
    ids = organisation_ids(session, scenario)
    example.add_event(session, Happening.REMOVED, now=now, by_user_id=by_user_id)
    example.close_doors(session, ids, now=now)
    example.end_organisations(session, ids, now=now)


def organisation_ids(session: Session, scenario: Scenario) -> tuple[UUID, ...]:
    """Return the example's organisations that are there."""
    ids = (scenario.organisation_id(role) for role in scenario.facts["organisations"])
    return tuple(each for each in ids if access.load_organisation(session, each) is not None)
