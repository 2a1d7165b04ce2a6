"""What an entity is allocated in a year: electrolysis processes and captive power units, each floored, then summed.

Owns the sum over processes and sectors, and what the entity owes. Knows no holding. Allowances of one sector settle the
duty of every other, so one sum stands for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.compliance import allocation as allocations
from finance.compliance.allocation import Allocation, AllocationRule, AllocationSources, ProcessState
from finance.compliance.power_allocation import PowerAllocation
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid

_MOST_PROCESSES = 200
_LONGEST_ID = 64
_ENTITY, _DETERMINED = "entity", "determined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessYear:
    """One electrolysis process (工序) in a year: verified emissions and, where the rule needs it, its direct intensity."""

    process_id: str
    emissions_t: Fraction
    intensity: Fraction | None
    state: ProcessState = ProcessState.OPERATING

    def __post_init__(self) -> None:
        """Refuse a nameless process and emissions outside their bounds."""
        if not self.process_id.strip() or len(self.process_id) > _LONGEST_ID or not self.process_id.isprintable():
            raise Invalid("allocation.process_id", f"process_id: expected 1 to {_LONGEST_ID} printable characters")
        if not 0 <= self.emissions_t <= MAX_UNITS:
            raise Invalid("allocation.emissions_t", "emissions_t: expected zero to 10^15 tonnes")
        if self.intensity is not None and not 0 <= self.intensity <= MAX_UNITS:
            raise Invalid("allocation.intensity", "intensity: expected zero or more tCO2e/t")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityAllocation:
    """The entity's year, whole tonnes: ``due_t`` is the floor of all verified emissions, ``allocation_t`` the sum of parts.

    ``gap_t`` above zero is a shortage.
    """

    year: int
    processes: tuple[Allocation, ...]
    power: PowerAllocation | None
    emissions_t: Fraction
    due_t: int
    allocation_t: int
    explanation: Explanation

    @property
    def gap_t(self) -> int:
        """Return due less allocated."""
        return self.due_t - self.allocation_t


def as_allocation(entity: EntityAllocation, *, source: str) -> Allocation:
    """Return an entity's year as one allocation, as its obligation takes it; ``source`` names the verified emissions."""
    return _as_one(
        entity.year,
        entity.emissions_t,
        entity.allocation_t,
        case=_ENTITY,
        explanation=entity.explanation,
        source=source,
    )


def determined_allocation(
    year: int, *, emissions_t: Fraction, allocation_t: int, verified_by: str, determined_by: str
) -> Allocation:
    """Return the allocation that the authority determined, whatever a rule would compute; both facts named as sources."""
    leaf = Explanation(
        label_en=f"allocation of {year} as determined",
        label_zh=f"{year}年度核定配额",
        value=str(allocation_t),
        unit="t",
        source=determined_by,
    )
    return _as_one(year, emissions_t, allocation_t, case=_DETERMINED, explanation=leaf, source=verified_by)


def _as_one(
    year: int, emissions_t: Fraction, allocation_t: int, *, case: str, explanation: Explanation, source: str
) -> Allocation:
    return Allocation(
        year=year,
        emissions_t=emissions_t,
        due_t=allocations.due_tonnes(emissions_t),
        allocation_t=allocation_t,
        deviation=None,
        alpha=Fraction(0),
        case=case,
        formula="sum of processes and power units, each floored",
        emissions=Explanation(
            label_en="verified emissions",
            label_zh="核查排放量",
            value=decimal_text(emissions_t),
            unit="tCO2e",
            source=source,
        ),
        rows=(),
        explanation=explanation,
    )


def allocate_processes(
    rule: AllocationRule,
    processes: Sequence[ProcessYear],
    *,
    balance_value: Fraction | None,
    sources: AllocationSources | None = None,
) -> tuple[Allocation, ...]:
    """Return each process's allocation under one year's rule and one published balance value (BP)."""
    if len(processes) > _MOST_PROCESSES:
        raise Invalid("allocation.processes", f"processes: expected at most {_MOST_PROCESSES}")
    if len({each.process_id for each in processes}) != len(processes):
        raise Invalid("allocation.process_repeated", "processes: expected each process_id once")
    return tuple(
        allocations.allocate(
            rule,
            emissions_t=each.emissions_t,
            intensity=each.intensity,
            balance_value=balance_value,
            state=each.state,
            sources=sources or AllocationSources(),
        )
        for each in processes
    )


def entity_allocation(*, year: int, processes: Sequence[Allocation], power: PowerAllocation | None) -> EntityAllocation:
    """Return the sum of an entity's processes and captive units; nothing at all, or another year's part, is refused.

    Each part is floored before the sum (draft plan 2025/26: 1789.70 -> 1789); what is due is the floor of the verified
    emissions together. 807,500 t of a process and 800,000 t of power units: 1,607,500 t.
    """
    parts = (*(each.year for each in processes), *(() if power is None else (power.year,)))
    if not parts or any(each != year for each in parts):
        raise Invalid("allocation.entity_year", f"entity: expected at least one process or unit, all of {year}")
    emissions_t = sum((each.emissions_t for each in processes), Fraction(0))
    if power is not None:
        emissions_t += power.emissions_t
    allocation_t = sum(each.allocation_t for each in processes) + (0 if power is None else power.allocation_t)
    return EntityAllocation(
        year=year,
        processes=tuple(processes),
        power=power,
        emissions_t=emissions_t,
        due_t=allocations.due_tonnes(emissions_t),
        allocation_t=allocation_t,
        explanation=Explanation(
            label_en=f"free allocation of the entity, {year}",
            label_zh=f"{year}年度重点排放单位核定配额",
            value=str(allocation_t),
            unit="t",
            formula="sum of processes and power units, each floored",
            children=(
                *(each.explanation for each in processes),
                *(() if power is None else (power.explanation,)),
            ),
        ),
    )
