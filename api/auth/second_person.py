"""The actions that need a second person and have no proposal of their own: who may agree, and what holds without a rule.

Owns the table of actions and the decision from a rule and a day's sum. Knows no HTTP and no tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from api.auth.principal import APPROVING, Scope
from api.store.four_eyes import EVERYTHING, Requirement, Rule, Weight
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.errors import Invalid

_CNY = "CNY"

Moves = Iterable[tuple[str, int]]
"""Legs: a commodity's code and its smallest units, with sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that a person asks for and another agrees to with ``scope``.

    ``is_weighed``: it moves tonnes or money, so a limit of a day can hold for it. ``is_fixed``: always two persons, no rule changes
    that. ``is_always`` is what holds without a rule.
    """

    code: str
    scope: Scope
    title_en: str
    title_zh: str
    is_weighed: bool = False
    is_fixed: bool = False
    is_always: bool = True

    def __post_init__(self) -> None:
        """The scope is one that no key carries."""
        assert self.scope in APPROVING, f"{self.code}: {self.scope} is no scope that a signed-in person alone has"
        assert not (self.is_fixed and not self.is_always), f"{self.code}: what is fixed is always for two"


class Scale:
    """What one request moves, as its handler says while it works; what nobody could weigh stays for two persons."""

    __slots__ = ("is_exempt", "is_unknown", "is_weighed", "weight")

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.weight = Weight()
        self.is_weighed = False
        self.is_unknown = False
        self.is_exempt = False

    def exempt(self) -> None:
        """Say that the request is not the action that its route declares: the confirmation of a file that books no trade."""
        self.is_exempt = True

    def add(self, weight: Weight) -> None:
        """Add what a part of the request moves."""
        self.weight = self.weight.plus(weight)
        self.is_weighed = True

    def add_moves(self, moves: Moves, commodities: Mapping[str, Commodity]) -> None:
        """Add legs as (commodity, smallest units with sign): of each commodity the larger of what comes and what goes.

        A leg of 1,000 t in and one of 1,000 t out weigh 1,000 t. Instruments count in whole units, rounded up; money counts in CNY only.
        """
        self.add(self._weighed(moves, commodities))

    def add_side(self, moves: Moves, commodities: Mapping[str, Commodity]) -> None:
        """Let the request weigh at least what one side of it moves: 1,000 t out of a book and into another are 1,000 t."""
        side, so_far = self._weighed(moves, commodities), self.weight
        self.weight = Weight(quantity=max(side.quantity, so_far.quantity), cny_fen=max(side.cny_fen, so_far.cny_fen))
        self.is_weighed = True

    def _weighed(self, moves: Moves, commodities: Mapping[str, Commodity]) -> Weight:
        come: dict[str, int] = {}
        go: dict[str, int] = {}
        for code, amount in moves:
            side = come if amount > 0 else go
            side[code] = side.get(code, 0) + abs(amount)
        weight = Weight()
        for code in come.keys() | go.keys():
            commodity, amount = commodities.get(code), max(come.get(code, 0), go.get(code, 0))
            if commodity is None or (commodity.kind is CommodityKind.MONEY and code != _CNY):
                self.add_unknown()
            elif commodity.kind is CommodityKind.MONEY:
                weight = weight.plus(Weight(cny_fen=amount))
            else:
                weight = weight.plus(Weight(quantity=-(-amount // 10**commodity.scale)))
        return weight

    def add_unknown(self) -> None:
        """Say that the request moves something no limit is set in, as money in another currency."""
        self.is_unknown = True


def may_do_alone(rule: Rule, *, done: Weight, scale: Scale) -> bool:
    """Return whether one person may do this, after ``done`` on the same day, without a second.

    Worked number: 800 t done and a limit of 1,000 t a day let 200 t pass and 201 t not. A kind that moves and has no limit does not
    pass, nor does what was not weighed.
    """
    if rule.requirement is not Requirement.ABOVE:
        return rule.requirement is Requirement.NEVER
    if scale.is_unknown or not scale.is_weighed:
        return False
    together = done.plus(scale.weight)
    return _is_within(together.quantity, scale.weight.quantity, rule.most_quantity) and _is_within(
        together.cny_fen, scale.weight.cny_fen, rule.most_cny_fen
    )


def check_rule(action: str, rule: Rule) -> None:
    """Raise ``four_eyes.action``, ``four_eyes.fixed`` or ``four_eyes.not_weighed`` for a rule that an action cannot have."""
    if action != EVERYTHING and action not in ACTIONS:
        known = ", ".join((EVERYTHING, *ACTIONS))
        raise Invalid("four_eyes.action", f"action: expected one of {known}", field="action")
    if action == EVERYTHING:
        weighed = False
    elif ACTIONS[action].is_fixed:
        raise Invalid("four_eyes.fixed", "action: this one always needs two persons; expected another", field="action")
    else:
        weighed = ACTIONS[action].is_weighed
    if rule.requirement is Requirement.ABOVE and not weighed:
        raise Invalid(
            "four_eyes.not_weighed",
            "requirement: this action moves no amount of its own; expected always or never",
            field="requirement",
        )


def standing_rule(action: Action, *, own: Rule | None, everything: Rule | None) -> Rule:
    """Return the rule that holds: the action's own, else the organisation's for everything, else the action's default."""
    if action.is_fixed:
        return Rule(requirement=Requirement.ALWAYS)
    default = Rule(requirement=Requirement.ALWAYS if action.is_always else Requirement.NEVER)
    return own or everything or default


def _is_within(together: int, moved: int, most: int | None) -> bool:
    return moved == 0 or (most is not None and together <= most)


TRADE_IMPORT = Action(
    code="trade.import",
    scope=Scope.LEDGER_APPROVE,
    title_en="Book a file of trades",
    title_zh="导入成交并入账",
    is_weighed=True,
)
TRANSFER = Action(
    code="transfer.post",
    scope=Scope.LEDGER_APPROVE,
    title_en="Transfer between two books",
    title_zh="账簿间划转",
    is_weighed=True,
)
HOLD_CAPTURE = Action(
    code="hold.capture",
    scope=Scope.LEDGER_APPROVE,
    title_en="Use what a hold or pledge sets aside",
    title_zh="动用冻结或质押的数量",
    is_weighed=True,
)
HOLD_RELEASE = Action(
    code="hold.release",
    scope=Scope.LEDGER_APPROVE,
    title_en="Release a hold or pledge",
    title_zh="解除冻结或质押",
    is_weighed=True,
)
LEDGER_ENTRY = Action(
    code="ledger.entry",
    scope=Scope.LEDGER_APPROVE,
    title_en="Post or reverse journal entries",
    title_zh="登记或冲销分录",
    is_weighed=True,
    is_always=False,
)
PERIOD_REOPEN = Action(
    code="period.reopen", scope=Scope.ACCOUNTING_APPROVE, title_en="Reopen a period", title_zh="重新打开会计期间"
)
KPI_REPORT = Action(
    code="kpi.report",
    scope=Scope.KPI_APPROVE,
    title_en="Report a KPI value to the lenders",
    title_zh="向贷款人报告指标值",
)
FEED_SWITCH = Action(
    code="feed.switch", scope=Scope.MARKET_APPROVE, title_en="Switch a source on or off", title_zh="启用或停用数据源"
)
RULE_CHANGE = Action(
    code="four_eyes.rule",
    scope=Scope.ACCESS_APPROVE,
    title_en="Change when a second person is asked",
    title_zh="修改双人复核规则",
    is_fixed=True,
)

ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        each.code: each
        for each in (
            TRADE_IMPORT,
            TRANSFER,
            HOLD_CAPTURE,
            HOLD_RELEASE,
            LEDGER_ENTRY,
            PERIOD_REOPEN,
            KPI_REPORT,
            FEED_SWITCH,
            RULE_CHANGE,
        )
    }
)
"""Every action by its code."""
