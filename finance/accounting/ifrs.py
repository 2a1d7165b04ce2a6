"""The emissions obligation under IFRS: IAS 37 net liability over IAS 38 nominal free allowances, or IAS 20 with deferred income.

Owns what is provided for and how it moves. Lives in the economic book only: 财会[2019]22号 books no shortage. Knows no price source
and no emission: tonnes, marks and costs are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finance.accounting.policies import Standard
from finance.conventions.explain import Explanation
from ledger.core.amounts import MAX_UNITS, RoundingMode, format_units, round_exact
from ledger.core.errors import Invalid

PROVISION = RoundingMode.HALF_UP
"""The provision is exact and rounded half-up once to the fen."""

PROVISION_ACCOUNT = "Liabilities:EmissionsProvision:CN"
PROVISION_EXPENSE = "Expenses:EmissionsProvision:CN"
DEFERRED_ACCOUNT = "Liabilities:DeferredIncome:CN"
GRANT_INCOME = "Income:GovernmentGrants:CN"
GRANTED_ASSET = "Assets:CarbonRevaluation:Granted"
_FEN, _SCALE, _CURRENCY = 100, 2, "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationFacts:
    """What the obligation rests on at a day: whole tonnes, fen, and the mark in CNY per tonne.

    ``obligation_t`` is emitted and not surrendered; ``held_free_t`` and ``held_bought_t`` are at hand for it, the latter at
    ``bought_cost_fen``. ``used_fen`` is what surrender settled since the last provision. Free allowances of the year were
    received at ``grant_fair_value_fen`` (IAS 20), of which ``emitted_share`` is earned.
    """

    obligation_t: int
    held_free_t: int
    held_bought_t: int
    bought_cost_fen: int
    mark_cny_per_t: Decimal | None
    mark_source: str
    emissions_source: str
    used_fen: int = 0
    grant_fair_value_fen: int = 0
    emitted_share: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        """Refuse amounts that are none."""
        for field in (
            "obligation_t",
            "held_free_t",
            "held_bought_t",
            "bought_cost_fen",
            "used_fen",
            "grant_fair_value_fen",
        ):
            if not 0 <= getattr(self, field) <= MAX_UNITS:
                raise Invalid(f"provision.{field}", f"{field}: expected zero to 10^15", field=field)
        if self.mark_cny_per_t is not None and not (self.mark_cny_per_t.is_finite() and self.mark_cny_per_t > 0):
            raise Invalid("provision.mark", "mark_cny_per_t: expected a price above zero", field="mark_cny_per_t")
        if not 0 <= self.emitted_share <= 1:
            raise Invalid("provision.emitted_share", "emitted_share: expected 0 to 1", field="emitted_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """What is provided for at a day in fen, how much of it is beyond what is held, and what is deferred (IAS 20)."""

    standard: Standard
    provision_fen: int
    covered_free_t: int
    covered_bought_t: int
    beyond_t: int
    deferred_fen: int
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionMovement:
    """How the provision moved over a span, fen, each zero or more; closing = opening + recognised - used - released."""

    opening_fen: int
    recognised_fen: int
    used_fen: int
    released_fen: int

    @property
    def closing_fen(self) -> int:
        """Return what stands at the end."""
        return self.opening_fen + self.recognised_fen - self.used_fen - self.released_fen


def provision_of(facts: ObligationFacts, standard: Standard) -> Provision:
    """Return what is provided for under the policy, rounded half-up once.

    Free allowances at hand settle first at nil, then bought ones, then what is missing is bought at the mark. ``ifrs_net_at_mark``
    provides for what is missing only; ``ifrs_net_at_cost`` adds the cost of the bought ones that settle, in proportion of tonnes;
    ``ifrs_ias20`` measures what free ones settle at their part of the grant's fair value, too, while the part of the grant not
    earned yet is deferred income. A missing mark with something missing is ``provision.mark``: no price is guessed.

    Source: IAS 37.36, IAS 38, IAS 20, net liability approach; china-carbon-rules 3.3 [S: 33, M]. 100 t emitted, 60 t free, 30 t bought at
    2,400.00 in all, mark 97.40: 974.00 at mark, 3,374.00 at cost.
    """
    if standard is Standard.MARKS_ONLY:
        raise Invalid("provision.standard", "standard: expected an IFRS policy; the book's policy books no provision")
    free = min(facts.obligation_t, facts.held_free_t)
    bought = min(facts.obligation_t - free, facts.held_bought_t)
    beyond = facts.obligation_t - free - bought
    if beyond and facts.mark_cny_per_t is None:
        raise Invalid(
            "provision.mark_missing",
            "mark_cny_per_t: expected a mark, for tonnes are missing; freeze a snapshot with one",
        )
    at_mark = Fraction(facts.mark_cny_per_t or 0) * beyond * _FEN
    at_cost = Fraction(0)
    if standard in {Standard.IFRS_NET_AT_COST, Standard.IFRS_IAS20} and bought:
        at_cost = Fraction(facts.bought_cost_fen * bought, facts.held_bought_t)
    at_grant, deferred = Fraction(0), 0
    if standard is Standard.IFRS_IAS20:
        at_grant = Fraction(facts.grant_fair_value_fen * free, facts.held_free_t) if free else Fraction(0)
        deferred = round_exact(facts.grant_fair_value_fen * (1 - facts.emitted_share), PROVISION)
    provision_fen = round_exact(at_mark + at_cost + at_grant, PROVISION)
    return Provision(
        standard=standard,
        provision_fen=provision_fen,
        covered_free_t=free,
        covered_bought_t=bought,
        beyond_t=beyond,
        deferred_fen=deferred,
        explanation=_explained(facts, provision_fen, free=free, bought=bought, beyond=beyond),
    )


def movement_of(*, opening_fen: int, used_fen: int, closing_fen: int) -> ProvisionMovement:
    """Return the movement from opening to closing: ``used_fen`` was settled by surrender, the rest is recognised or released.

    Opening 1,000.00, 800.00 used, closing 974.00: 774.00 recognised. What is used never exceeds the opening
    (``provision.used``). Source: IAS 37.84.
    """
    if not 0 <= used_fen <= opening_fen:
        raise Invalid(
            "provision.used", "used: expected zero up to the opening provision; what settles more is no use of it"
        )
    rest = closing_fen - (opening_fen - used_fen)
    return ProvisionMovement(
        opening_fen=opening_fen, used_fen=used_fen, recognised_fen=max(rest, 0), released_fen=max(-rest, 0)
    )


def _explained(facts: ObligationFacts, provision_fen: int, *, free: int, bought: int, beyond: int) -> Explanation:
    mark = "none" if facts.mark_cny_per_t is None else f"{facts.mark_cny_per_t:f}"
    rows = (
        ("Obligation", "待清缴量", str(facts.obligation_t), "t", facts.emissions_source),
        ("Settled by free allowances", "免费配额抵减", str(free), "t", "free allowances held in the book"),
        ("Settled by bought allowances", "购入配额抵减", str(bought), "t", "bought allowances held in the book"),
        (
            "Cost of the bought allowances held",
            "购入配额成本",
            format_units(facts.bought_cost_fen, _SCALE),
            _CURRENCY,
            "1489",
        ),
        ("Missing", "缺口", str(beyond), "t", "obligation less what is held"),
        ("Mark", "市价", mark, "CNY/t", facts.mark_source),
    )
    return Explanation(
        label_en="Emissions provision",
        label_zh="排放预计负债",
        value=format_units(provision_fen, _SCALE),
        unit=_CURRENCY,
        formula="missing x mark + cost of what settles, as the policy says",
        children=tuple(
            Explanation(label_en=en, label_zh=zh, value=value, unit=unit, source=source)
            for en, zh, value, unit, source in rows
        ),
    )
