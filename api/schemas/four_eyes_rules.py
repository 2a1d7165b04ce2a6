"""What enters and leaves about when a second person is asked.

Shapes only; which rule an action can have is checked below.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import CodeString, DecimalString, InstantString, Text, UuidString
from api.store.four_eyes import Requirement, Rule, RuleVersion
from ledger.core.amounts import parse_units
from ledger.core.errors import Invalid

_EXAMPLE: dict[str, JsonValue] = {
    "action": "transfer.post",
    "requirement": "above",
    "most_quantity": "1000",
    "most_cny": "500000.00",
    "reason": "daily transfers between our plants",
}
_CNY_SCALE = 2


class FourEyesRuleIn(Schema):
    """When a second person is asked for an action; limits are sums of a day in China, inclusive, and stand with ``above`` only."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    action: CodeString
    requirement: Choice[Requirement]
    most_quantity: DecimalString | None = None
    most_cny: DecimalString | None = None
    reason: Text

    def to_core(self) -> Rule:
        """Return the rule; limits that do not stand with the requirement are ``four_eyes.limits``."""
        quantity = None if self.most_quantity is None else parse_units(self.most_quantity, 0, field="most_quantity")
        fen = None if self.most_cny is None else parse_units(self.most_cny, _CNY_SCALE, field="most_cny")
        if any(limit is not None and limit < 0 for limit in (quantity, fen)):
            raise Invalid("four_eyes.limits", "most_quantity, most_cny: expected zero or more", field="most_quantity")
        if (self.requirement is Requirement.ABOVE) != (quantity is not None or fen is not None):
            raise Invalid(
                "four_eyes.limits_unneeded",
                "most_quantity, most_cny: expected at least one with above, and none with always and never",
                field="most_quantity",
            )
        return Rule(requirement=self.requirement, most_quantity=quantity, most_cny_fen=fen)


class RuleOut(Schema):
    """A rule: ``most_quantity`` in whole units (t or certificates) and ``most_cny`` of a day."""

    requirement: Choice[Requirement]
    most_quantity: Annotated[str | None, Field(examples=["1000"])]
    most_cny: AmountOut | None

    @classmethod
    def from_core(cls, rule: Rule) -> RuleOut:
        """Return the shape of ``rule``."""
        return cls(
            requirement=rule.requirement,
            most_quantity=None if rule.most_quantity is None else str(rule.most_quantity),
            most_cny=None if rule.most_cny_fen is None else money_out(rule.most_cny_fen, "CNY"),
        )


class RuleVersionOut(Schema):
    """A version of an action's rule; ``set_by`` is null where the operator set it."""

    action: Annotated[str, Field(examples=["transfer.post"])]
    version: int
    rule: RuleOut
    reason: str
    set_by: UuidString | None
    recorded_at: InstantString

    @classmethod
    def from_core(cls, version: RuleVersion) -> RuleVersionOut:
        """Return the shape of ``version``."""
        return cls(
            action=version.action,
            version=version.version,
            rule=RuleOut.from_core(version.rule),
            reason=version.reason,
            set_by=version.set_by,
            recorded_at=version.recorded_at,
        )


class ActionOut(Schema):
    """An action with the rule that holds now; ``approving_scope`` is what the second person needs."""

    action: Annotated[str, Field(examples=["transfer.post"])]
    title_en: str
    title_zh: str
    approving_scope: str
    can_have_limit: bool
    is_fixed: bool
    rule: RuleOut


class FourEyesOut(Schema):
    """What holds for each action, and every version of every rule."""

    actions: Array[ActionOut]
    versions: Array[RuleVersionOut]
