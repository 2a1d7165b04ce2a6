"""When a second person is asked: read what holds for each action, and change it, which itself takes two persons."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import ACTIONS, RULE_CHANGE, Action, check_rule, standing_rule
from api.deps import ThisCall
from api.schemas.four_eyes_rules import ActionOut, FourEyesOut, FourEyesRuleIn, RuleOut, RuleVersionOut
from api.store import four_eyes
from api.store.four_eyes import EVERYTHING, Rule

routes = Routes(tag="four eyes")


@routes.get("/four-eyes-rules", policy=asks())
def list_four_eyes_rules(call: ThisCall) -> FourEyesOut:
    """Return for each action the rule that holds now, and every version of the organisation's rules."""
    organisation_id = call.principal.organisation_id
    found = four_eyes.rules_in_force(call.session, organisation_id, EVERYTHING, *ACTIONS)
    everything = found.get(EVERYTHING)
    return FourEyesOut(
        actions=tuple(
            _shown(action, standing_rule(action, own=found.get(action.code), everything=everything))
            for action in ACTIONS.values()
        ),
        versions=tuple(map(RuleVersionOut.from_core, four_eyes.list_rules(call.session, organisation_id))),
    )


@routes.post("/four-eyes-rules", policy=asks(Scope.ADMIN), second_person=RULE_CHANGE)
def set_four_eyes_rule(body: FourEyesRuleIn, call: ThisCall) -> RuleVersionOut:
    """Set when a second person is asked for an action, or with ``all`` for every action without a rule of its own."""
    rule = body.to_core()
    check_rule(body.action, rule)
    saved = four_eyes.save_rule(
        call.session,
        call.principal.organisation_id,
        body.action,
        rule,
        reason=body.reason,
        set_by=call.principal.user_id,
        now=call.now,
    )
    return RuleVersionOut.from_core(saved)


def _shown(action: Action, rule: Rule) -> ActionOut:
    return ActionOut(
        action=action.code,
        title_en=action.title_en,
        title_zh=action.title_zh,
        approving_scope=action.scope.value,
        can_have_limit=action.is_weighed,
        is_fixed=action.is_fixed,
        rule=RuleOut.from_core(rule),
    )
