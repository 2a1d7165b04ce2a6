"""Reads and writes when an organisation asks for a second person, and what was done alone under a limit.

Takes a session first and never commits. Knows no HTTP; which actions there are is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from api.store.four_eyes_tables import DoneAloneRow, FourEyesRuleRow
from api.store.tables import OrganisationRow
from ledger.store.reading import as_id, run

EVERYTHING = "all"
"""The code of the rule for every action that has none of its own."""


class Requirement(StrEnum):
    """When a second person is asked."""

    ALWAYS = "always"
    ABOVE = "above"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an organisation asks for an action: of a day's sum done alone, at most the limits, inclusive; a missing one is none."""

    requirement: Requirement
    most_quantity: int | None = None
    most_cny_fen: int | None = None

    def __post_init__(self) -> None:
        """Limits stand with ``above`` only, and one of both must."""
        has_limit = self.most_quantity is not None or self.most_cny_fen is not None
        assert has_limit == (self.requirement is Requirement.ABOVE), "limits stand with above, and only there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What requests move: whole units of carbon instruments, and money in fen; never negative."""

    quantity: int = 0
    cny_fen: int = 0

    def __post_init__(self) -> None:
        """Nothing weighs less than nothing."""
        assert self.quantity >= 0, "a quantity is not negative"
        assert self.cny_fen >= 0, "an amount is not negative"

    def plus(self, other: Weight) -> Weight:
        """Return both together."""
        return Weight(quantity=self.quantity + other.quantity, cny_fen=self.cny_fen + other.cny_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """A rule with who set it and why; ``set_by`` is ``None`` for the operator on the terminal."""

    action: str
    version: int
    rule: Rule
    reason: str
    set_by: UUID | None
    recorded_at: datetime


def lock_organisation(session: Session, organisation_id: UUID) -> None:
    """Let others wait who number or weigh something of this organisation, until the transaction ends."""
    session.execute(
        select(OrganisationRow.organisation_id)
        .where(OrganisationRow.organisation_id == organisation_id)
        .with_for_update(key_share=True)
    ).one()


def rules_in_force(session: Session, organisation_id: UUID, *actions: str) -> dict[str, Rule]:
    """Return the newest rule of each of ``actions`` that has one."""
    names = ",".join("?" * len(actions))
    found = run(session, _IN_FORCE.format(names=names), as_id(session, organisation_id), *actions)
    return {
        action: Rule(requirement=Requirement(requirement), most_quantity=most_quantity, most_cny_fen=most_cny_fen)
        for action, requirement, most_quantity, most_cny_fen in found.fetchall()
    }


_IN_FORCE = (
    "SELECT action, requirement, most_quantity, most_cny_fen FROM four_eyes_rule"
    " WHERE organisation_id = ? AND action IN ({names}) ORDER BY action, version"
)


def list_rules(session: Session, organisation_id: UUID) -> tuple[RuleVersion, ...]:
    """Return every version of every rule of the organisation, by action and version."""
    found = session.scalars(
        select(FourEyesRuleRow)
        .where(FourEyesRuleRow.organisation_id == organisation_id)
        .order_by(FourEyesRuleRow.action, FourEyesRuleRow.version)
    )
    return tuple(map(_version, found))


def save_rule(
    session: Session, organisation_id: UUID, action: str, rule: Rule, *, reason: str, set_by: UUID | None, now: datetime
) -> RuleVersion:
    """Add and return the next version of an action's rule; it holds from this transaction's end."""
    lock_organisation(session, organisation_id)
    newest = session.scalar(
        select(func.max(FourEyesRuleRow.version)).where(
            FourEyesRuleRow.organisation_id == organisation_id, FourEyesRuleRow.action == action
        )
    )
    saved = RuleVersion(
        action=action, version=(newest or 0) + 1, rule=rule, reason=reason, set_by=set_by, recorded_at=now
    )
    session.execute(
        insert(FourEyesRuleRow).values(
            organisation_id=organisation_id,
            action=action,
            version=saved.version,
            requirement=rule.requirement.value,
            most_quantity=rule.most_quantity,
            most_cny_fen=rule.most_cny_fen,
            reason=reason,
            set_by=set_by,
            recorded_at=now,
        )
    )
    return saved


def done_alone(session: Session, organisation_id: UUID, action: str, day: date) -> Weight:
    """Return what the organisation's people did alone under the action on a day in China, together."""
    quantities = session.execute(
        select(DoneAloneRow.quantity, DoneAloneRow.cny_fen).where(
            DoneAloneRow.organisation_id == organisation_id, DoneAloneRow.action == action, DoneAloneRow.day == day
        )
    ).all()
    return Weight(quantity=sum(row.quantity for row in quantities), cny_fen=sum(row.cny_fen for row in quantities))


def save_done_alone(
    session: Session,
    organisation_id: UUID,
    action: str,
    weight: Weight,
    *,
    done_id: UUID,
    day: date,
    user_id: UUID,
    now: datetime,
) -> None:
    """Note what one person did alone."""
    session.execute(
        insert(DoneAloneRow).values(
            organisation_id=organisation_id,
            done_id=done_id,
            action=action,
            day=day,
            quantity=weight.quantity,
            cny_fen=weight.cny_fen,
            user_id=user_id,
            recorded_at=now,
        )
    )


def _version(row: FourEyesRuleRow) -> RuleVersion:
    return RuleVersion(
        action=row.action,
        version=row.version,
        rule=Rule(
            requirement=Requirement(row.requirement), most_quantity=row.most_quantity, most_cny_fen=row.most_cny_fen
        ),
        reason=row.reason,
        set_by=row.set_by,
        recorded_at=row.recorded_at,
    )
