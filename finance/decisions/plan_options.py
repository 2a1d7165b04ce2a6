"""What a plan may choose from and what it must reach: contracts, certificates, measures, offers, lots, goals and limits.

Owns the inputs of the cheapest plan, each bounded and in whole units, so that every cost is whole fen and nothing is
rounded. Knows no solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.compliance.allocation import AllocationRule, ProcessState
from finance.decisions.steps import Origin
from ledger.core.errors import Conflict, Invalid

MOST_UNITS = 10**9
"""Most tonnes, certificates or MWh of one option."""

MOST_FEN = 10**9
"""Most fen per unit of an option (CNY 10,000,000)."""

MOST_AMOUNT_FEN = 10**14
MOST_OPTIONS = 60
MOST_DIRECT = 8
_FACTOR_DIGITS = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenContract:
    """Green power in whole steps of ``step_mwh``: none, or ``least_steps`` to ``most_steps`` (a minimum take).

    ``premium_fen_per_mwh`` is what it costs beyond other power. The factors are tCO2e per MWh that a MWh takes off the
    operational measure and the footprint, at most six decimals; ``counts`` says whether its evidence counts for the duty.
    """

    name: str
    step_mwh: int
    least_steps: int
    most_steps: int
    premium_fen_per_mwh: int
    operational_t_per_mwh: Fraction
    footprint_t_per_mwh: Fraction
    counts: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse steps of nothing, a minimum above the maximum and factors with more digits than anybody publishes."""
        _check_units(self.name, self.step_mwh, "step_mwh", least=1)
        _check_units(self.name, self.most_steps, "most_steps")
        _check_fen(self.name, self.premium_fen_per_mwh)
        if not 0 <= self.least_steps <= self.most_steps or self.step_mwh * self.most_steps > MOST_UNITS:
            raise Invalid("plan.steps", f"{self.name}: expected least_steps up to most_steps, at most 10^9 MWh in all")
        for factor in (self.operational_t_per_mwh, self.footprint_t_per_mwh):
            if not 0 <= factor <= 10 or (factor * _FACTOR_DIGITS).denominator != 1:  # noqa: PLR2004 - t per MWh
                raise Invalid("plan.factor", f"{self.name}: expected a factor of 0 to 10 with at most six decimals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be bought by the unit up to ``most``: certificates, allowances, or credits (CCER)."""

    name: str
    most: int
    price_fen: int
    source: str

    def __post_init__(self) -> None:
        """Refuse negative sizes and prices."""
        _check_units(self.name, self.most, "most")
        _check_fen(self.name, self.price_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbatementMeasure:
    """A measure that saves ``size_t`` tonnes a year at ``cost_fen_per_t``; a direct one is taken whole or not at all.

    Direct tonnes change the allocation's coefficient, which makes their effect depend on the others: every combination is
    reckoned by itself. The cost is net of what the measure earns elsewhere (power saved, CBAM); power saved is not taken off
    the renewable duty.
    """

    name: str
    size_t: int
    cost_fen_per_t: int
    origin: Origin
    is_all_or_nothing: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse a direct measure that can be cut."""
        _check_units(self.name, self.size_t, "size_t", least=1)
        _check_fen(self.name, self.cost_fen_per_t)
        if self.origin is Origin.DIRECT and not self.is_all_or_nothing:
            raise Invalid("plan.measure", f"{self.name}: is_all_or_nothing: expected true for direct tonnes; cut it up")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLot:
    """Tonnes held that may be surrendered for the year; ``worth_fen`` a tonne is what using it gives up (0: nothing)."""

    name: str
    most: int
    worth_fen: int
    is_credit: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse negative sizes and worths."""
        _check_units(self.name, self.most, "most")
        _check_fen(self.name, self.worth_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiGoal:
    """A KPI with power: at most ``target`` tCO2e/t; ``saving_fen`` of interest when met.

    Required, it is a constraint; otherwise the plan meets it where the saving pays for that.
    """

    name: str
    operational_t: Fraction
    output_t: Fraction
    target: Fraction
    is_required: bool
    saving_fen: int
    source: str

    def __post_init__(self) -> None:
        """Refuse no output and negative numbers."""
        if self.output_t <= 0 or min(self.operational_t, self.target) < 0:
            raise Invalid("plan.kpi", f"{self.name}: expected output above zero, emissions and target of zero or more")
        _check_amount(self.name, self.saving_fen)

    @property
    def needed_t(self) -> Fraction:
        """Tonnes to be saved, below zero when met already."""
        return self.operational_t - self.target * self.output_t


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumGoal:
    """A footprint threshold: when ``needed_t`` footprint tonnes are saved, ``worth_fen`` more is earned than one step before."""

    name: str
    needed_t: Fraction
    worth_fen: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a premium below zero."""
        _check_amount(self.name, self.worth_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """The year's allowances: rule and facts of the process, what is issued and surrendered, and what a surplus fetches."""

    rule: AllocationRule
    emissions_t: Fraction
    output_t: Fraction
    balance_value: Fraction | None
    state: ProcessState
    issued_t: int
    surrendered_t: int
    ccer_surrendered_t: int
    ccer_share: Fraction
    surplus_fen: int
    source: str

    def __post_init__(self) -> None:
        """Refuse no output and negative facts."""
        if not 0 < self.output_t <= MOST_UNITS or not 0 <= self.emissions_t <= MOST_UNITS:
            raise Invalid("plan.obligation", "obligation: expected output above zero and emissions of at most 10^9 t")
        if min(self.surrendered_t, self.ccer_surrendered_t) < 0 or not 0 <= self.ccer_share <= 1:
            raise Invalid("plan.obligation_cap", "obligation: expected tonnes of zero or more and a cap of 0 to 1")
        _check_fen("surplus", self.surplus_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDuty:
    """Energy of the renewable duty still open, kWh, and the energy that one certificate stands for."""

    open_kwh: Fraction
    kwh_per_certificate: int
    source: str

    def __post_init__(self) -> None:
        """Refuse energy below zero and certificates of nothing."""
        if not 0 <= self.open_kwh <= MOST_UNITS * 1000 or not 1 <= self.kwh_per_certificate <= MOST_UNITS:
            raise Invalid("plan.duty", "duty: expected open energy of zero or more, at most 10^12 kWh")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProblem:
    """Everything the plan chooses from and must reach; ``cash_fen`` bounds what is paid out (None: no bound)."""

    contracts: tuple[GreenContract, ...] = ()
    certificates: tuple[Offer, ...] = ()
    measures: tuple[AbatementMeasure, ...] = ()
    allowances: tuple[Offer, ...] = ()
    credits: tuple[Offer, ...] = ()
    lots: tuple[HeldLot, ...] = ()
    obligation: Obligation | None = None
    duty: OpenDuty | None = None
    kpis: tuple[KpiGoal, ...] = ()
    premiums: tuple[PremiumGoal, ...] = ()
    cash_fen: int | None = None

    def __post_init__(self) -> None:
        """Refuse more than can be solved in time, and a name twice."""
        names = [each.name for each in (*self.options, *self.kpis, *self.premiums)]
        if len(names) > MOST_OPTIONS:
            raise Invalid("plan.size", f"options: expected at most {MOST_OPTIONS} options and goals in all")
        if len(set(names)) != len(names) or not all(each.strip() for each in names):
            raise Conflict("plan.name_twice", "name: expected every option and goal with a name of its own")
        if len(self.direct) > MOST_DIRECT:
            raise Invalid(
                "plan.measures_many", f"measures: expected at most {MOST_DIRECT} direct ones", field="measures"
            )
        if self.cash_fen is not None:
            _check_amount("cash", self.cash_fen)

    @property
    def options(self) -> tuple[GreenContract | Offer | AbatementMeasure | HeldLot, ...]:
        """Everything that can be chosen."""
        return (*self.contracts, *self.certificates, *self.measures, *self.allowances, *self.credits, *self.lots)

    @property
    def direct(self) -> tuple[AbatementMeasure, ...]:
        """The measures that save direct emissions."""
        return tuple(each for each in self.measures if each.origin is Origin.DIRECT)

    @property
    def indirect(self) -> tuple[AbatementMeasure, ...]:
        """The measures that save emissions of power."""
        return tuple(each for each in self.measures if each.origin is Origin.POWER)


def _check_units(name: str, value: int, field: str, *, least: int = 0) -> None:
    if not least <= value <= MOST_UNITS:
        raise Invalid("plan.quantity", f"{name}: {field}: expected {least} to 10^9", field=field)


def _check_fen(name: str, value: int) -> None:
    if not 0 <= value <= MOST_FEN:
        raise Invalid("plan.price", f"{name}: expected a price of zero or more, at most CNY 10,000,000", field="price")


def _check_amount(name: str, value: int) -> None:
    if not 0 <= value <= MOST_AMOUNT_FEN:
        raise Invalid("plan.amount", f"{name}: expected an amount of zero or more, at most 10^12 CNY", field="amount")
