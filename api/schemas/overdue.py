"""What enters and leaves about late payments: the clause, what was due and received, and the interest that runs on it.

The rules are the core's; here texts become amounts, each refusal naming its field.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DateString, DecimalString, RateString
from finance.conventions.day_counts import DayCount
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.conventions.rates import parse_rate, rate_text
from finance.loans.overdue import Compounding, OverdueRule
from finance.loans.overdue_interest import (
    ContractRate,
    OverdueAmount,
    OverdueKind,
    OverduePosition,
    OverdueTerms,
    Receipt,
    overdue_position,
)
from finance.loans.overdue_lines import OverdueLine, overdue_lines
from ledger.core.amounts import RoundingMode, currency_scale, parse_decimal, parse_units, round_exact
from ledger.core.errors import Invalid

_MOST_AMOUNTS, _MOST_DAYS = 200, 400
_EXAMPLE: JsonDict = {
    "currency": "CNY",
    "clause": {
        "surcharge": "0.5",
        "misuse_surcharge": "1",
        "compounds": "at_contract_rate",
        "has_step_down": False,
        "grace_days": 0,
    },
    "is_misused": False,
    "maturity": "2025-03-20",
    "day_count": "ACT/360",
    "rounding": "half_up",
    "rates": [{"start": "2024-03-20", "end": "2025-03-20", "rate": "0.036", "rate_without_kpi": None}],
    "overdue": [{"kind": "principal", "due_on": "2024-03-20", "amount": "1000000.00"}],
    "receipts": [{"on": "2024-04-10", "amount": "200000.00"}],
    "settlement_days": ["2024-06-20"],
    "as_of": "2024-04-19",
}


class OverdueClauseIn(Schema):
    """The overdue clause, as in a tranche's terms."""

    surcharge: Annotated[DecimalString, Field(description="Part of the contract rate: 0.5 is half as much again.")]
    misuse_surcharge: DecimalString
    compounds: Choice[Compounding]
    has_step_down: Annotated[bool, Field(description="Whether a step-down lowers the rate that the surcharge is on.")]
    grace_days: Annotated[int, Field(ge=0, le=366, examples=[0])]

    def to_core(self) -> OverdueRule:
        """Return the clause."""
        return OverdueRule(
            surcharge=_part(self.surcharge, field="clause.surcharge"),
            misuse_surcharge=_part(self.misuse_surcharge, field="clause.misuse_surcharge"),
            compounds=self.compounds,
            has_step_down=self.has_step_down,
            grace_days=self.grace_days,
        )


class ContractRateIn(Schema):
    """The contract rate of [start, end), as decided; ``rate_without_kpi`` where a KPI step moved it."""

    start: DateString
    end: DateString
    rate: RateString
    rate_without_kpi: RateString | None = None

    def to_core(self, *, field: str) -> ContractRate:
        """Return the stretch; a rate below zero is refused, since a penalty would pay the debtor."""
        rate = parse_rate(self.rate, field=f"{field}.rate")
        plain = rate
        if self.rate_without_kpi is not None:
            plain = parse_rate(self.rate_without_kpi, field=f"{field}.rate_without_kpi")
        for name, value in (("rate", rate), ("rate_without_kpi", plain)):
            if value < 0:
                raise Invalid("overdue.rate", f"{field}.{name}: expected a rate from 0 to 1", field=f"{field}.{name}")
        return ContractRate(start=self.start, end=self.end, rate=rate, unadjusted_rate=plain)


class OverdueAmountIn(Schema):
    """What fell due and was not paid then."""

    kind: Choice[OverdueKind]
    due_on: DateString
    amount: DecimalString


class ReceiptIn(Schema):
    """What was received later; it settles interest before principal."""

    on: DateString
    amount: DecimalString


class OverdueIn(Schema):
    """A question about late payments; nothing of it is stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    currency: Annotated[str, Field(max_length=3, examples=["CNY"], description="ISO 4217.")]
    clause: OverdueClauseIn
    is_misused: Annotated[bool, Field(description="Whether the loan was used for another purpose.")] = False
    maturity: DateString
    day_count: Choice[DayCount]
    rounding: Choice[RoundingMode] = RoundingMode.HALF_UP
    rates: Annotated[Array[ContractRateIn], Field(max_length=_MOST_DAYS)]
    overdue: Annotated[Array[OverdueAmountIn], Field(min_length=1, max_length=_MOST_AMOUNTS)]
    receipts: Annotated[Array[ReceiptIn], Field(max_length=_MOST_AMOUNTS)] = ()
    settlement_days: Annotated[Array[DateString], Field(max_length=_MOST_DAYS)] = ()
    as_of: DateString

    def position(self) -> OverduePosition:
        """Return what is owed at the start of ``as_of``; every refusal names its field."""
        scale = _scale(self.currency)
        return overdue_position(
            OverdueTerms(
                rule=self.clause.to_core(),
                maturity=self.maturity,
                day_count=self.day_count,
                rounding=self.rounding,
                is_misused=self.is_misused,
            ),
            overdue=tuple(
                OverdueAmount(
                    kind=each.kind,
                    due_on=each.due_on,
                    amount_minor=_above_zero(each.amount, scale, field=f"overdue[{number}].amount"),
                )
                for number, each in enumerate(self.overdue)
            ),
            receipts=tuple(
                Receipt(on=each.on, amount_minor=_above_zero(each.amount, scale, field=f"receipts[{number}].amount"))
                for number, each in enumerate(self.receipts)
            ),
            rates=tuple(each.to_core(field=f"rates[{number}]") for number, each in enumerate(self.rates)),
            settlement_days=self.settlement_days,
            as_of=self.as_of,
        )


class OverdueLineOut(Schema):
    """One kind of interest on [start, end): base x rate x year fraction. ``amount`` is rounded for show, ``charged`` is claimed."""

    start: DateString
    end: DateString
    days: int
    kind: Annotated[str, Field(description="penalty (on principal) or compound (on unpaid interest).")]
    base: AmountOut
    rate: Annotated[str, Field(description="A yearly rate as a fraction of one.", examples=["0.054"])]
    rate_exact: Annotated[str, Field(examples=["27/500"])]
    amount: AmountOut
    amount_exact: Annotated[str, Field(description="In the currency, as numerator/denominator.", examples=["4500/1"])]

    @classmethod
    def from_core(cls, line: OverdueLine, currency: str) -> OverdueLineOut:
        """Return the shape of a line."""
        return cls(
            start=line.start,
            end=line.end,
            days=line.days,
            kind=line.kind.value,
            base=money_out(line.base_minor, currency),
            rate=decimal_text(line.rate),
            rate_exact=rate_text(line.rate),
            amount=money_out(line.shown_minor, currency),
            amount_exact=_exact(line.exact_minor, currency),
        )


class ChargedOut(Schema):
    """Interest charged on a day: what had run until then, rounded once."""

    on: DateString
    amount: AmountOut


class OverdueOut(Schema):
    """What is owed at the start of ``as_of`` and how it came about."""

    as_of: DateString
    segments: Array[OverdueLineOut]
    charged: Array[ChargedOut]
    principal: AmountOut
    unpaid_interest: Annotated[AmountOut, Field(description="Late interest and interest charged, not yet paid.")]
    running: Annotated[AmountOut, Field(description="What has run since the last charge, rounded once.")]
    running_exact: Annotated[str, Field(description="The same exactly.", examples=["4500/1"])]
    total: Annotated[AmountOut, Field(description="Principal, unpaid interest and what has run.")]
    surplus: Annotated[AmountOut, Field(description="Received beyond every claim.")]
    formula: str
    sources: Array[str]

    @classmethod
    def from_core(cls, asked: OverdueIn, position: OverduePosition) -> OverdueOut:
        """Return the shape of the answer to ``asked``."""
        currency, mode = asked.currency, asked.rounding
        running = round_exact(position.running_minor, mode)
        return cls(
            as_of=asked.as_of,
            segments=tuple(OverdueLineOut.from_core(line, currency) for line in overdue_lines(position, rounding=mode)),
            charged=tuple(ChargedOut(on=day, amount=money_out(amount, currency)) for day, amount in position.charged),
            principal=money_out(position.principal_minor, currency),
            unpaid_interest=money_out(position.unpaid_interest_minor, currency),
            running=money_out(running, currency),
            running_exact=_exact(position.running_minor, currency),
            total=money_out(position.principal_minor + position.unpaid_interest_minor + running, currency),
            surplus=money_out(position.surplus_minor, currency),
            formula="base x rate x year fraction by segment; penalty rate = contract rate x (1 + surcharge); "
            "what has run is rounded once where it is charged: on each settlement day and before a receipt",
            sources=("人民币利率管理规定 art. 20, 21, 25", "民法典 art. 561"),
        )


def _scale(currency: str) -> int:
    try:
        return currency_scale(currency)
    except Invalid as refusal:
        raise Invalid(refusal.code, "currency: expected an ISO 4217 currency code", field="currency") from refusal


def _above_zero(text: str, scale: int, *, field: str) -> int:
    minor = parse_units(text, scale, field=field)
    if minor <= 0:
        raise Invalid("overdue.amount", f"{field}: expected an amount above zero", field=field)
    return minor


def _part(text: str, *, field: str) -> Fraction:
    return Fraction(parse_decimal(text, field=field))


def _exact(minor: Fraction, currency: str) -> str:
    return fraction_text(minor / 10 ** currency_scale(currency))
