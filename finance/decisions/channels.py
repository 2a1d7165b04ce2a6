"""One channel through which a step earns money, and the sum of all channels without counting anything twice.

Owns the typed effect and the total. Knows no market, no loan and no law: each channel's own module fills it in. What was
not given is unknown and named so, never zero; what the law makes worthless says so in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.decisions.steps import Step
from ledger.core.errors import Conflict

PLACES = 6


class ChannelKind(StrEnum):
    """Through what a step pays; each stands at most once in a total."""

    ETS = "ets"
    LOAN = "loan_rate"
    CBAM = "cbam"
    DUTY = "renewable_duty"
    PREMIUM = "product_premium"


class ChannelState(StrEnum):
    """How far the worth of a channel is known."""

    COUNTED = "counted"
    NOTHING_UNDER_LAW = "nothing_under_law"
    NOT_GIVEN = "not_given"  # inputs are missing: unknown, left out of the total and named


NAMES = {
    ChannelKind.ETS: ("carbon market position", "碳市场配额头寸"),
    ChannelKind.LOAN: ("loan rate", "贷款利率"),
    ChannelKind.CBAM: ("CBAM certificates", "CBAM证书"),
    ChannelKind.DUTY: ("renewable duty", "可再生能源消纳责任"),
    ChannelKind.PREMIUM: ("product premium", "产品溢价"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure beside the worth: exact ``value`` in ``unit``, None where there is none."""

    name: str
    value: Fraction | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What one step is worth through one channel: exact CNY for the whole step, above zero a gain.

    ``worth_cny`` is None exactly when the state is NOT_GIVEN. ``words_en`` and ``words_zh`` say why in a sentence;
    ``changes_en`` and ``changes_zh`` which law or deed would change a channel that is worth nothing (empty otherwise).
    ``is_estimate``: the number rests on a chance or on a forecast.
    """

    kind: ChannelKind
    state: ChannelState
    worth_cny: Fraction | None
    words_en: str
    words_zh: str
    changes_en: str = ""
    changes_zh: str = ""
    is_estimate: bool = False
    figures: tuple[Measured, ...] = ()
    explanation: Explanation

    def __post_init__(self) -> None:
        """State the invariants: unknown is None, worthless is zero."""
        assert (self.worth_cny is None) == (self.state is ChannelState.NOT_GIVEN), "what is not given is unknown"
        assert self.state is not ChannelState.NOTHING_UNDER_LAW or not self.worth_cny, "worthless is zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepValue:
    """What a step is worth through every channel, exact: ``total_cny`` for the step, ``per_unit_cny`` for one of its unit.

    ``missing`` are channels left out because inputs were not given: the total is complete only without them.
    """

    step: Step
    channels: tuple[Channel, ...]
    total_cny: Fraction
    missing: tuple[ChannelKind, ...]
    explanation: Explanation

    @property
    def per_unit_cny(self) -> Fraction:
        """CNY per tonne or per MWh."""
        return self.total_cny / self.step.quantity

    @property
    def is_complete(self) -> bool:
        """Whether every channel is known."""
        return not self.missing

    @property
    def is_estimate(self) -> bool:
        """Whether some counted channel is an estimate."""
        return any(each.is_estimate for each in self.channels)

    def channel(self, kind: ChannelKind) -> Channel:
        """Return a channel of the total."""
        return next(each for each in self.channels if each.kind is kind)


def total_of(step: Step, channels: Sequence[Channel]) -> StepValue:
    """Return the channels of a step and their sum; a channel twice is refused with ``decision.channel_twice``.

    15 CNY of allowances and 60 CNY of certificates are 75 CNY.
    """
    kinds = [each.kind for each in channels]
    if len(set(kinds)) != len(kinds):
        raise Conflict("decision.channel_twice", "channels: expected each channel once; the total would count it twice")
    total = sum((each.worth_cny or Fraction(0) for each in channels), Fraction(0))
    missing = tuple(each.kind for each in channels if each.state is ChannelState.NOT_GIVEN)
    left_out = f"; left out, not given: {', '.join(missing)}" if missing else ""
    return StepValue(
        step=step,
        channels=tuple(channels),
        total_cny=total,
        missing=missing,
        explanation=Explanation(
            label_en=f"value of {decimal_text(step.quantity)} {step.unit} through all channels",
            label_zh=f"{decimal_text(step.quantity)} {step.unit}经各渠道的总价值",
            value=decimal_text(total, places=PLACES),
            unit="CNY",
            formula=f"sum of the channels, each once{left_out}",
            children=tuple(each.explanation for each in channels),
        ),
    )


def nothing(kind: ChannelKind, *, words: tuple[str, str], changes: tuple[str, str], leaf: Explanation) -> Channel:
    """Return a channel that is worth nothing under the law in force; ``leaf`` names the rule, pairs are English and Chinese."""
    return Channel(
        kind=kind,
        state=ChannelState.NOTHING_UNDER_LAW,
        worth_cny=Fraction(0),
        words_en=words[0],
        words_zh=words[1],
        changes_en=changes[0],
        changes_zh=changes[1],
        explanation=worth_node(kind, Fraction(0), formula=words[0], children=(leaf,)),
    )


def not_given(kind: ChannelKind, *, words: tuple[str, str]) -> Channel:
    """Return a channel that is unknown because its inputs were not given."""
    name_en, name_zh = NAMES[kind]
    leaf = Explanation(label_en=name_en, label_zh=name_zh, value="not given", unit="CNY", source=words[0])
    return Channel(
        kind=kind,
        state=ChannelState.NOT_GIVEN,
        worth_cny=None,
        words_en=words[0],
        words_zh=words[1],
        explanation=leaf,
    )


def worth_node(
    kind: ChannelKind, worth_cny: Fraction, *, formula: str, children: tuple[Explanation, ...]
) -> Explanation:
    """Return the root of a channel's tree."""
    name_en, name_zh = NAMES[kind]
    return Explanation(
        label_en=f"worth through the {name_en}",
        label_zh=f"{name_zh}渠道的价值",
        value=decimal_text(worth_cny, places=PLACES),
        unit="CNY",
        formula=formula,
        children=children,
    )


def leaf_of(labels: tuple[str, str], value: Fraction, unit: str, source: str) -> Explanation:
    """Return a number as a leaf with its source; labels are English and Chinese."""
    return Explanation(
        label_en=labels[0], label_zh=labels[1], value=decimal_text(value, places=PLACES), unit=unit, source=source
    )


def step_leaf(step: Step, tonnes: Fraction, labels: tuple[str, str]) -> Explanation:
    """Return what the step changes in one measure as a leaf."""
    return leaf_of(labels, tonnes, "tCO2e", step.source)
