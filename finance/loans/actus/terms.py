"""The terms of one contract as values: what the ACTUS dictionary calls a contract's attributes, checked once.

Owns the five contract types, the enumerations and what terms must hold together. Knows no JSON and computes no event.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.loans.actus.conventions import BusinessDayShift, Calendar, YearFraction
from finance.loans.actus.cycles import Cycle, Period
from finance.loans.actus.instants import Instant
from ledger.core.errors import Invalid


class ContractType(StrEnum):
    """The supported patterns of cash flows."""

    PRINCIPAL_AT_MATURITY = "PAM"
    LINEAR_AMORTIZER = "LAM"
    NEGATIVE_AMORTIZER = "NAM"
    ANNUITY = "ANN"
    CALL_MONEY = "CLM"

    @property
    def redeems(self) -> bool:
        """Return whether principal is repaid in instalments."""
        return self in (ContractType.LINEAR_AMORTIZER, ContractType.NEGATIVE_AMORTIZER, ContractType.ANNUITY)

    @property
    def pays_instalments(self) -> bool:
        """Return whether the agreed payment includes interest."""
        return self in (ContractType.NEGATIVE_AMORTIZER, ContractType.ANNUITY)


class Mode(StrEnum):
    """``literal`` reproduces the published vectors to the letter, ``economic`` takes the sane side of their quirks."""

    LITERAL = "literal"
    ECONOMIC = "economic"


class Role(StrEnum):
    """Whose eyes see the flows: the lender's (asset, +1) or the borrower's (liability, -1)."""

    ASSET = "RPA"
    LIABILITY = "RPL"

    @property
    def sign(self) -> int:
        """Return +1 for a claim, -1 for an obligation."""
        return 1 if self is Role.ASSET else -1


class EndOfMonth(StrEnum):
    """Whether a schedule that starts on a month's last day keeps to last days."""

    SAME_DAY = "SD"
    END_OF_MONTH = "EOM"


class InterestBase(StrEnum):
    """What interest is charged on: the notional, the notional at the start, or the notional at stated days."""

    NOTIONAL = "NT"
    NOTIONAL_AT_START = "NTIED"
    NOTIONAL_LAGGED = "NTL"


class FeeBasis(StrEnum):
    """A fee is an absolute amount, or a yearly rate on the notional."""

    ABSOLUTE = "A"
    ON_NOTIONAL = "N"


class PrepaymentEffect(StrEnum):
    """What an early repayment changes: it is not allowed, the instalments fall, or the life shortens."""

    NONE = "N"
    LOWER_INSTALMENT = "A"
    SHORTER_LIFE = "M"


class PenaltyType(StrEnum):
    """What an early repayment costs: nothing, an amount, a rate, or the rate difference to the market."""

    NONE = "N"
    ABSOLUTE = "A"
    RELATIVE = "R"
    RATE_DIFFERENTIAL = "I"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginStep:
    """From ``when`` on the margin over the index is ``spread`` (a fraction of one)."""

    when: Instant
    spread: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class ActusTerms:
    """One contract's terms; amounts in ``currency``, rates as fractions of one, unset terms None.

    Names follow the dictionary's, ``cycleAnchorDateOfX`` being ``x_anchor`` and ``cycleOfX`` ``x_cycle``.
    """

    contract_type: ContractType
    contract_id: str
    role: Role
    currency: str
    status_date: Instant
    initial_exchange_date: Instant
    notional: Fraction
    day_count: YearFraction
    calendar: Calendar = Calendar.EVERY_DAY
    shift: BusinessDayShift = BusinessDayShift.NONE
    end_of_month: EndOfMonth = EndOfMonth.SAME_DAY
    nominal_rate: Fraction | None = None
    maturity_date: Instant | None = None
    amortization_date: Instant | None = None
    accrued_interest: Fraction | None = None
    premium_discount: Fraction = Fraction(0)
    interest_anchor: Instant | None = None
    interest_cycle: Cycle | None = None
    capitalization_end: Instant | None = None
    redemption_anchor: Instant | None = None
    redemption_cycle: Cycle | None = None
    next_payment: Fraction | None = None
    interest_base: InterestBase = InterestBase.NOTIONAL
    interest_base_amount: Fraction | None = None
    interest_base_anchor: Instant | None = None
    interest_base_cycle: Cycle | None = None
    reset_anchor: Instant | None = None
    reset_cycle: Cycle | None = None
    reset_market_object: str = ""
    rate_multiplier: Fraction = Fraction(1)
    rate_spread: Fraction = Fraction(0)
    next_reset_rate: Fraction | None = None
    life_floor: Fraction | None = None
    life_cap: Fraction | None = None
    period_floor: Fraction | None = None
    period_cap: Fraction | None = None
    margin_steps: tuple[MarginStep, ...] = ()
    scales_interest: bool = False
    scales_notional: bool = False
    scaling_anchor: Instant | None = None
    scaling_cycle: Cycle | None = None
    scaling_market_object: str = ""
    scaling_index_at_deal: Fraction | None = None
    notional_multiplier: Fraction = Fraction(1)
    interest_multiplier: Fraction = Fraction(1)
    fee_rate: Fraction = Fraction(0)
    fee_basis: FeeBasis | None = None
    fee_anchor: Instant | None = None
    fee_cycle: Cycle | None = None
    fee_accrued: Fraction = Fraction(0)
    prepayment_effect: PrepaymentEffect = PrepaymentEffect.NONE
    prepayment_anchor: Instant | None = None
    prepayment_cycle: Cycle | None = None
    prepayment_market_object: str = ""
    penalty_type: PenaltyType = PenaltyType.NONE
    penalty_rate: Fraction = Fraction(0)
    purchase_date: Instant | None = None
    price_at_purchase: Fraction | None = None
    termination_date: Instant | None = None
    price_at_termination: Fraction | None = None
    notice: Period | None = None

    def __post_init__(self) -> None:
        """Refuse terms that miss what their type needs, or contradict each other."""
        self._check_amounts()
        self._check_ends()
        self._check_companions()

    @property
    def keeps_month_end(self) -> bool:
        """Return whether schedules keep to last days of months."""
        return self.end_of_month is EndOfMonth.END_OF_MONTH

    @property
    def has_started(self) -> bool:
        """Return whether the first exchange lies on or before the status date, so that no IED event is to come."""
        return self.initial_exchange_date <= self.status_date

    def _check_amounts(self) -> None:
        if self.notional <= 0:
            raise _invalid("notionalPrincipal", "an amount above zero; the role gives the sign")
        if self.next_payment is not None and self.next_payment <= 0:
            raise _invalid("nextPrincipalRedemptionPayment", "an amount above zero")
        for term, low, high in (
            ("lifeFloor and lifeCap", self.life_floor, self.life_cap),
            ("periodFloor and periodCap", self.period_floor, self.period_cap),
        ):
            if low is not None and high is not None and low > high:
                raise _invalid(term, "the floor not above the cap")
        if self.scaling_index_at_deal is not None and self.scaling_index_at_deal <= 0:
            raise _invalid("scalingIndexAtContractDealDate", "an index above zero")

    def _check_ends(self) -> None:
        kind = self.contract_type
        if kind is ContractType.PRINCIPAL_AT_MATURITY and self.maturity_date is None:
            raise _invalid("maturityDate", "a date; a PAM is repaid then")
        if kind.redeems and self.redemption_anchor is None and self.redemption_cycle is None:
            raise _invalid(
                "cycleOfPrincipalRedemption", "a cycle such as P1ML0, or cycleAnchorDateOfPrincipalRedemption"
            )
        for term, end in (("maturityDate", self.maturity_date), ("amortizationDate", self.amortization_date)):
            if end is not None and end <= self.initial_exchange_date:
                raise _invalid(term, "a date after initialExchangeDate")
        for term, day in (("purchaseDate", self.purchase_date), ("terminationDate", self.termination_date)):
            if day is not None and day < self.initial_exchange_date:
                raise _invalid(term, "a date on or after initialExchangeDate")
        bought, sold = self.purchase_date, self.termination_date
        if bought is not None and sold is not None and sold <= bought:
            raise _invalid("terminationDate", "a date after purchaseDate")
        steps = [step.when for step in self.margin_steps]
        if any(later <= earlier for earlier, later in itertools.pairwise(steps)):
            raise _invalid("marginAdjustments", "dates in rising order, each once")

    def _check_companions(self) -> None:
        """Refuse a term whose partner is missing, naming the partner."""
        needs = (
            (self.purchase_date, self.price_at_purchase, "priceAtPurchaseDate", "purchaseDate"),
            (self.termination_date, self.price_at_termination, "priceAtTerminationDate", "terminationDate"),
            (self.fee_rate or None, self.fee_basis, "feeBasis", "feeRate"),
            (self.fee_rate or None, self.fee_cycle or self.fee_anchor, "cycleOfFee", "feeRate"),
            (self._scales, self.scaling_market_object or None, "marketObjectCodeOfScalingIndex", "scalingEffect"),
            (self._scales, self.scaling_index_at_deal, "scalingIndexAtContractDealDate", "scalingEffect"),
            (self._scales, self.scaling_cycle or self.scaling_anchor, "cycleOfScalingIndex", "scalingEffect"),
            (self._resets, self.nominal_rate, "nominalInterestRate", "cycleOfRateReset"),
            (self.margin_steps or None, self.nominal_rate, "nominalInterestRate", "marginAdjustments"),
            (self._prepays, self.prepayment_market_object or None, "objectCodeOfPrepaymentModel", "cycleOfOptionality"),
        )
        for given, partner, partner_term, term in needs:
            if given is not None and partner is None:
                raise _invalid(partner_term, f"a value, because {term} is given")
        lowers = self.prepayment_effect is PrepaymentEffect.LOWER_INSTALMENT
        if lowers and self.contract_type is ContractType.NEGATIVE_AMORTIZER:
            raise _invalid("prepaymentEffect", "M or N, because a NAM's instalment is agreed and not derived")
        if self.penalty_type is PenaltyType.RATE_DIFFERENTIAL and not self.reset_market_object:
            raise _invalid("marketObjectCodeOfRateReset", "a market object, because penaltyType is I")

    @property
    def _scales(self) -> bool | None:
        return True if self.scales_interest or self.scales_notional else None

    @property
    def _resets(self) -> Cycle | Instant | None:
        return self.reset_cycle or self.reset_anchor

    @property
    def _prepays(self) -> Cycle | Instant | None:
        return self.prepayment_cycle or self.prepayment_anchor


def _invalid(term: str, expected: str) -> Invalid:
    return Invalid("actus.term_value", f"{term}: expected {expected}", term=term)
