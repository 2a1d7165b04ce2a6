"""What a late payment costs: the penalty clause, and its interest in segments, compounding as the contract says.

Owns the clause as value types; its interest is in ``overdue_interest``. A sustainability breach is not a default and
never reaches this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.fields import refused

_AREA = "overdue"
_HIGHEST_SURCHARGE = 5
_LONGEST_GRACE_DAYS = 366


class Compounding(StrEnum):
    """At which rate unpaid interest itself bears interest (复利), added at each settlement."""

    NONE = "none"
    CONTRACT_RATE = "at_contract_rate"
    PENALTY_RATE = "at_penalty_rate"
    CONTRACT_THEN_PENALTY = "at_contract_then_penalty_rate"  # until maturity and after it


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRule:
    """The clause: ``surcharge`` on the contract rate when overdue (1/2: half as much again), another when misused.

    ``has_step_down``: whether a step-down earned by KPIs lowers the rate that the surcharge is taken on; if not, the
    penalty runs on the rate without it, while a step-up always counts. Within ``grace_days`` after the due day a
    payment is not overdue; paid later, it is overdue from the due day.
    """

    surcharge: Fraction
    misuse_surcharge: Fraction
    compounds: Compounding
    has_step_down: bool = False
    grace_days: int = 0

    def __post_init__(self) -> None:
        """Refuse surcharges and grace that no contract has."""
        for field, value in (("surcharge", self.surcharge), ("misuse_surcharge", self.misuse_surcharge)):
            if not 0 <= value <= _HIGHEST_SURCHARGE:
                expected = "a part of the contract rate from 0 to 5 (50 % over it is 1/2)"
                raise refused(area=_AREA, field=field, expected=expected, value=value)
        if not 0 <= self.grace_days <= _LONGEST_GRACE_DAYS:
            expected = f"0 to {_LONGEST_GRACE_DAYS} days"
            raise refused(area=_AREA, field="grace_days", expected=expected, value=self.grace_days)
