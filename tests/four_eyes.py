"""An organisation whose people act alone: for tests of what an act does, not of who agrees to it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.store import four_eyes
from api.store.four_eyes import EVERYTHING, Requirement, Rule


def let_act_alone(session: Session, organisation_id: UUID) -> None:
    four_eyes.save_rule(
        session,
        organisation_id,
        EVERYTHING,
        Rule(requirement=Requirement.NEVER),
        reason="a test of something else",
        set_by=None,
        now=datetime(2024, 1, 1, tzinfo=UTC),
    )
