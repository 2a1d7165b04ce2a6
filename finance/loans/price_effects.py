"""What KPI results do to prices: the ratchet as clauses on margins, fees, redemption prices and swap legs.

Owns the rules, total over every outcome vector: for each vector every clause gives exactly one number of basis points. Knows
no dates and no evidence: whether a KPI may count as met is decided in ``findings``. Basis points are exact fractions; minus
lowers the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.fields import check_identifier, refused
from finance.kpi.targets import Bound

_AREA = "ratchet"
_LARGEST_BP = 10_000  # 100 %: beyond it a step is a typing error
_MOST_KPIS = 50


class Direction(StrEnum):
    """Which way a clause may move its price."""

    DOWN_ONLY = "down_only"
    UP_ONLY = "up_only"
    TWO_WAY = "two_way"


class OutcomeStatus(StrEnum):
    """What a KPI's test came to, as the clauses count it."""

    MET = "met"
    MISSED = "missed"
    MISSING = "missing"  # no report
    LATE = "late"  # report or attestation after its day
    QUALIFIED = "qualified"  # the assessor's opinion is not clean
    WAIVED = "waived"  # the lenders let the test pass: neither lowers nor raises
    NOT_TESTED = "not_tested"  # no target for this period: what it did before stays


class Consequence(StrEnum):
    """What a missing, late or qualified result does."""

    BASE_RATE = "base_rate"  # this KPI neither lowers nor raises
    AS_MISSED = "as_missed"  # as if the target had been missed
    UNCHANGED = "unchanged"  # what this KPI did before stays
    PREMIUM = "premium"  # the agreed premium, until it is delivered


class PricedItem(StrEnum):
    """What a clause moves."""

    MARGIN = "margin"
    FEE = "fee"
    REDEMPTION_PRICE = "redemption_price"  # once, at redemption, in bp of principal
    SWAP_LEG = "swap_leg"  # the spread on the swap that is paired with the loan


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliesTo:
    """One price that a clause moves: an item of one tranche, or of all when ``tranche_id`` is null.

    ``fee`` names the fee when the item is one. ``factor`` multiplies the clause's basis points: a swap leg that mirrors the loan
    has -1, a fee that moves a fifth of the margin 1/5.
    """

    item: PricedItem
    tranche_id: str | None
    fee: str | None
    factor: Fraction

    def __post_init__(self) -> None:
        """Refuse a fee without a name and a factor of nothing."""
        if (self.item is PricedItem.FEE) != (self.fee is not None):
            raise refused(area=_AREA, field="fee", expected="a fee's name with item fee only", value=self.item)
        if self.tranche_id is not None:
            check_identifier(self.tranche_id, area=_AREA, field="tranche_id")
        if not self.factor or abs(self.factor) > 100:  # noqa: PLR2004 - a hundredfold is a typing error
            raise refused(area=_AREA, field="factor", expected="a factor other than zero", value=self.factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiStep:
    """One KPI's share: ``down_bp`` off the price when met, ``up_bp`` on it when missed; neither is negative."""

    kpi_id: str
    down_bp: Fraction
    up_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless or oversized step."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPerKpi:
    """Each KPI moves the price by its own step; the steps add up."""

    steps: tuple[KpiStep, ...]

    def __post_init__(self) -> None:
        """Refuse no steps, and a KPI twice."""
        _check_kpis([step.kpi_id for step in self.steps], field="steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableByCount:
    """The number of targets met decides: ``bp_by_met[k]`` for k of the n KPIs, signed, never rising in k.

    Two of three met with (5, 0, -5/2, -5) is -5/2 (LMA model: adjustment by number of SPTs met).
    """

    kpi_ids: tuple[str, ...]
    bp_by_met: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        """Refuse a table with a hole, or one where another target met costs."""
        _check_kpis(self.kpi_ids, field="kpi_ids")
        if len(self.bp_by_met) != len(self.kpi_ids) + 1:
            expected = f"{len(self.kpi_ids) + 1} values, for none to all of the KPIs met"
            raise refused(area=_AREA, field="bp_by_met", expected=expected, value=len(self.bp_by_met))
        for bp in self.bp_by_met:
            _check_bp(abs(bp), field="bp_by_met")
        if list(self.bp_by_met) != sorted(self.bp_by_met, reverse=True):
            expected = "values that never rise with one more target met"
            raise refused(area=_AREA, field="bp_by_met", expected=expected, value=", ".join(map(str, self.bp_by_met)))


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiWeight:
    """A KPI's part of the whole, in (0, 1]."""

    kpi_id: str
    weight: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless KPI and a weight that is no part."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        if not 0 < self.weight <= 1:
            raise refused(area=_AREA, field="weight", expected="a part above 0, at most 1", value=self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """Weights that sum to one share ``down_bp`` among the met and ``up_bp`` among the missed.

    2.5 bp down and nothing up over three KPIs of a third each, two met: -5/3.
    """

    weights: tuple[KpiWeight, ...]
    down_bp: Fraction
    up_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse weights that are not the whole."""
        _check_kpis([each.kpi_id for each in self.weights], field="weights")
        total = sum((each.weight for each in self.weights), Fraction(0))
        if total != 1:
            raise refused(area=_AREA, field="weights", expected="weights that sum to exactly 1", value=total)
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """The observed value itself sets the step, straight between ``floor`` < ``base`` < ``cap``, in the KPI's unit.

    With ``better`` at_most (less is better): -``down_bp`` at ``floor`` and below, 0 at ``base``, +``up_bp`` at ``cap`` and above;
    with at_least the ends change places. A result without a value follows the clause for its status, missed being ``up_bp``.
    """

    kpi_id: str
    better: Bound
    floor: Fraction
    base: Fraction
    cap: Fraction
    down_bp: Fraction
    up_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a scale that does not rise: base equal to an end would divide by nothing."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        if not self.floor < self.base < self.cap:
            raise refused(area=_AREA, field="base", expected="floor < base < cap", value=self.base)
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadBand:
    """Between ``low`` and ``high``, both included, nothing changes; beyond, the better side lowers, the worse raises.

    ``keeps_previous``: inside the band what was in force stays ("within buffer ranges unchanged"); else it is 0.
    """

    kpi_id: str
    better: Bound
    low: Fraction
    high: Fraction
    down_bp: Fraction
    up_bp: Fraction
    keeps_previous: bool

    def __post_init__(self) -> None:
        """Refuse a band turned round."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        if not self.low <= self.high:
            raise refused(area=_AREA, field="high", expected="a value at or above low", value=self.high)
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhileHeld:
    """``down_bp`` off on the days on which the KPI's status is held, ``up_bp`` on while it is not: a certificate's loan."""

    kpi_id: str
    down_bp: Fraction
    up_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless or oversized step."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


StepRule = StepPerKpi | TableByCount | Weighted | Linear | DeadBand | WhileHeld


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEffect:
    """One pricing clause: its rule, which prices it moves, and its bounds.

    ``cap_down_bp`` and ``cap_up_bp`` (neither negative) bound the clause in total, ``kpi_cap_down_bp`` and ``kpi_cap_up_bp`` what one
    KPI may come to (null: unbounded). ``is_cumulative``: each test adds to what the test before left; otherwise (the usual
    clause: "not cumulative year over year") it replaces it. ``resets_in_last_period``: the last test counts alone, without what
    was carried.
    """

    effect_id: str
    rule: StepRule
    applies_to: tuple[AppliesTo, ...]
    direction: Direction
    cap_down_bp: Fraction
    cap_up_bp: Fraction
    kpi_cap_down_bp: Fraction | None
    kpi_cap_up_bp: Fraction | None
    is_cumulative: bool
    resets_in_last_period: bool

    def __post_init__(self) -> None:
        """Refuse a clause that moves nothing, or moves where its direction does not allow."""
        check_identifier(self.effect_id, area=_AREA, field="effect_id")
        if not self.applies_to or len({(a.item, a.tranche_id, a.fee) for a in self.applies_to}) != len(self.applies_to):
            expected = "at least one price, none twice"
            raise refused(area=_AREA, field="applies_to", expected=expected, value=len(self.applies_to))
        _check_bp(self.cap_down_bp, field="cap_down_bp")
        _check_bp(self.cap_up_bp, field="cap_up_bp")
        for field in ("kpi_cap_down_bp", "kpi_cap_up_bp"):
            bound = getattr(self, field)
            if bound is not None:
                _check_bp(bound, field=field)
        if self.resets_in_last_period and not self.is_cumulative:
            expected = "true with is_cumulative only; nothing else is carried"
            raise refused(area=_AREA, field="resets_in_last_period", expected=expected, value=True)
        self._check_direction()

    def _check_direction(self) -> None:
        down, up = reach(self.rule)
        if self.direction is Direction.DOWN_ONLY and (up or self.cap_up_bp):
            expected = "two_way, or nothing that raises and cap_up_bp of 0"
            raise refused(area=_AREA, field="direction", expected=expected, value=self.direction)
        if self.direction is Direction.UP_ONLY and (down or self.cap_down_bp):
            expected = "two_way, or nothing that lowers and cap_down_bp of 0"
            raise refused(area=_AREA, field="direction", expected=expected, value=self.direction)

    @property
    def kpi_ids(self) -> tuple[str, ...]:
        """Return the KPIs that the clause looks at, in its order."""
        return kpis_of(self.rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """All pricing clauses, the bounds on the margin as a whole, and what a result that is not there does.

    ``total_cap_down_bp`` and ``total_cap_up_bp`` bound the sum of the clauses on one tranche's margin (null: unbounded).
    ``premium_bp`` is what the consequence ``premium`` adds for each KPI, null where none is agreed.
    """

    effects: tuple[PriceEffect, ...]
    total_cap_down_bp: Fraction | None
    total_cap_up_bp: Fraction | None
    on_missing: Consequence
    on_late: Consequence
    on_qualified: Consequence
    premium_bp: Fraction | None

    def __post_init__(self) -> None:
        """Refuse no clause, one twice, and a premium that nobody agreed."""
        names = [effect.effect_id for effect in self.effects]
        if not names or len(set(names)) != len(names):
            raise refused(area=_AREA, field="effects", expected="at least one clause, none twice", value=names)
        for field in ("total_cap_down_bp", "total_cap_up_bp", "premium_bp"):
            bound = getattr(self, field)
            if bound is not None:
                _check_bp(bound, field=field)
        wants_premium = Consequence.PREMIUM in {self.on_missing, self.on_late, self.on_qualified}
        if wants_premium != (self.premium_bp is not None):
            expected = "basis points with the consequence premium, null otherwise"
            raise refused(area=_AREA, field="premium_bp", expected=expected, value=self.premium_bp)
        if wants_premium and any(effect.direction is Direction.DOWN_ONLY for effect in self.effects):
            expected = "clauses that may rise where a premium is agreed"
            raise refused(area=_AREA, field="effects", expected=expected, value=Direction.DOWN_ONLY)

    @property
    def kpi_ids(self) -> tuple[str, ...]:
        """Return the KPIs of all clauses, each once, in their order."""
        return tuple(dict.fromkeys(kpi_id for effect in self.effects for kpi_id in effect.kpi_ids))

    def consequence_of(self, status: OutcomeStatus) -> Consequence:
        """Return what a result of ``status`` that is not met or missed does."""
        by_status: Mapping[OutcomeStatus, Consequence] = {
            OutcomeStatus.MISSING: self.on_missing,
            OutcomeStatus.LATE: self.on_late,
            OutcomeStatus.QUALIFIED: self.on_qualified,
            OutcomeStatus.WAIVED: Consequence.BASE_RATE,
            OutcomeStatus.NOT_TESTED: Consequence.UNCHANGED,
        }
        return by_status[status]


def kpis_of(rule: StepRule) -> tuple[str, ...]:
    """Return the KPIs that a rule looks at, in its order."""
    match rule:
        case StepPerKpi():
            return tuple(step.kpi_id for step in rule.steps)
        case TableByCount():
            return rule.kpi_ids
        case Weighted():
            return tuple(each.kpi_id for each in rule.weights)
        case Linear() | DeadBand() | WhileHeld():
            return (rule.kpi_id,)


def reach(rule: StepRule) -> tuple[Fraction, Fraction]:
    """Return how far a rule may lower and may raise its price, in bp, neither negative, before any cap."""
    match rule:
        case StepPerKpi():
            return sum((s.down_bp for s in rule.steps), Fraction(0)), sum((s.up_bp for s in rule.steps), Fraction(0))
        case TableByCount():
            return max(-rule.bp_by_met[-1], Fraction(0)), max(rule.bp_by_met[0], Fraction(0))
        case Weighted() | Linear() | DeadBand() | WhileHeld():
            return rule.down_bp, rule.up_bp


def _check_kpis(names: tuple[str, ...] | list[str], *, field: str) -> None:
    for name in names:
        check_identifier(name, area=_AREA, field=field)
    if not 1 <= len(names) <= _MOST_KPIS or len(set(names)) != len(names):
        expected = f"1 to {_MOST_KPIS} KPIs, none twice"
        raise refused(area=_AREA, field=field, expected=expected, value=", ".join(names))


def _check_bp(bp: Fraction, *, field: str) -> None:
    if not 0 <= bp <= _LARGEST_BP:
        raise refused(area=_AREA, field=field, expected=f"0 to {_LARGEST_BP} basis points", value=bp)
