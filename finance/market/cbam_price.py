"""The CBAM certificate's price computed by ourselves from the EUA auctions, and compared with the published one.

Owns the periods, the volume-weighted mean and the comparison. Knows no page and no file; the bound of the comparison and
whether a year has quarters or weeks come in as values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.market.observations import Observation, PriceBasis, check_price, check_text, current_revisions
from ledger.core.amounts import RoundingMode, format_exact, round_exact
from ledger.core.errors import Conflict, Invalid, NotFound

CBAM_PRICE = RoundingMode.HALF_UP
"""The mean is rounded once, at the end, to 0.01 EUR per t: 75.3641 gives 75.36 as published for 2026-Q1."""

_PLACES = 2
_SCALE = 100
_SHOWN_PLACES = 6
_WEEK = timedelta(days=7)
_QUARTERS = 4
_AUCTIONED = "EUA"
_LABEL = re.compile(r"([1-9][0-9]{3})-(?:Q([1-4])|W([0-9]{2}))", re.ASCII)
CERTIFICATE_UNIT = "certificate"
"""What an official price is per: one certificate stands for 1 t CO2e, so EUR per certificate is EUR per t."""
_MAX_WEEKS_BACK = 8
"""Auctions pause three to six weeks around New Year; beyond eight a price would be a guess."""


class PeriodKind(StrEnum):
    """How long one certificate price holds."""

    QUARTER = "quarter"
    WEEK = "week"  # Monday to Sunday, ISO 8601


class Agreement(StrEnum):
    """What the published price and the own one say together."""

    AGREED = "agreed"
    CONFLICT = "conflict"  # held for a person: neither price changes
    OWN_ONLY = "own_only"
    PUBLISHED_ONLY = "published_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """The half-open days ``[start, end)`` whose auctions make one price; ``label`` is ``2026-Q1`` or ``2027-W01``."""

    label: str
    kind: PeriodKind
    start: date
    end: date

    @property
    def instrument(self) -> str:
        """Return the code of the period's price, which marks its certificates: ``CBAM-2026Q1``, ``CBAM-2027W01``."""
        return f"CBAM-{self.label.replace('-', '')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPrice:
    """A certificate price as an authority published it: EUR per t of CO2e, for a whole period."""

    period: PricePeriod
    published_on: date | None
    value: Decimal
    source: str

    def __post_init__(self) -> None:
        """Refuse a price that is none."""
        check_price(self.value, field="price")
        check_text(self.source, field="source")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """The own price of ``period``: ``value`` in EUR per t with two decimals, ``exact`` before rounding.

    ``computed_from`` is the period whose auctions were used: an earlier week when a week has none.
    """

    period: PricePeriod
    computed_from: PricePeriod
    value: Decimal
    exact: Fraction
    auctions: int
    volume_t: int
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The comparison of one period; ``difference`` is published over own minus one, ``None`` when one is missing."""

    period: PricePeriod
    agreement: Agreement
    own: OwnPrice | None
    published: PublishedPrice | None
    difference: Fraction | None
    explanation: Explanation


def own_price(
    auctions: Iterable[Observation], period: PricePeriod, *, takes_last_week_with_auctions: bool = False
) -> OwnPrice:
    """Return the volume-weighted mean of the period's EUA auction prices, rounded half-up to 0.01 EUR per t at the end.

    Only EUA observations on the auction basis with a price and a volume count: cancelled auctions have no price, aviation
    allowances are another instrument. 2,000,000 t at 80.00 and 1,000,000 t at 71.00 give 77.00. The 54 auctions of 2026-Q1 give
    75.3641, published as 75.36. A period without an auction is ``cbam.no_auctions``; a week may take the last week
    before it that had some, if the rule in force says so. Two sources for one day are ``cbam.two_sources``. Source:
    Regulation (EU) 2023/956 article 21, with the quarterly price of 2026 as amended in 2025; market-data notes of
    2026-11-21, sections 0 point 6 and 1.5.
    """
    usable = tuple(_usable(auctions))
    used, found = period, _within(usable, period)
    for _ in range(_MAX_WEEKS_BACK if takes_last_week_with_auctions and period.kind is PeriodKind.WEEK else 0):
        if found:
            break
        used = week_of(used.start - _WEEK)
        found = _within(usable, used)
    if not found:
        raise NotFound(
            "cbam.no_auctions",
            f"{period.label}: no EUA auction with a price from {period.start} to before {period.end}; load the report",
            period=period.label,
        )
    volume = sum(one.volume_t or 0 for one in found)
    total = sum((Fraction(one.value or 0) * (one.volume_t or 0) for one in found), Fraction(0))
    exact = total / volume
    value = Decimal(round_exact(exact * _SCALE, CBAM_PRICE)).scaleb(-_PLACES)
    return OwnPrice(
        period=period,
        computed_from=used,
        value=value,
        exact=exact,
        auctions=len(found),
        volume_t=volume,
        explanation=_explain_own(found, used, value=value, total=total, volume=volume),
    )


def reconcile(
    own: OwnPrice | None, published: PublishedPrice | None, *, max_difference: Fraction, bound_source: str
) -> Reconciliation:
    """Return whether the published price lies within ``max_difference`` (a share, inclusive) of the own one.

    75.36 published against 75.36 own agrees; 70.07 against 75.28 for 2026-Q2 differs by -6.9 % and is a conflict.
    With neither price there is nothing to compare: ``cbam.nothing``. Two periods are ``cbam.period``.
    """
    if max_difference < 0:
        raise Invalid("cbam.bound", "max_difference: expected a share of zero or more", field="max_difference")
    some = own or published
    if some is None:
        raise Invalid("cbam.nothing", "price: expected an own or a published price; there is neither", field="price")
    if own is not None and published is not None and own.period != published.period:
        raise Invalid(
            "cbam.period",
            f"period: expected one period, found {own.period.label} and {published.period.label}",
            field="period",
        )
    difference = None if own is None or published is None else Fraction(published.value) / Fraction(own.value) - 1
    if difference is None:
        agreement = Agreement.OWN_ONLY if published is None else Agreement.PUBLISHED_ONLY
    else:
        agreement = Agreement.AGREED if abs(difference) <= max_difference else Agreement.CONFLICT
    return Reconciliation(
        period=some.period,
        agreement=agreement,
        own=own,
        published=published,
        difference=difference,
        explanation=_explain_agreement(
            agreement, own, published, difference=difference, bound=max_difference, bound_source=bound_source
        ),
    )


def parse_period(label: str) -> PricePeriod:
    """Return the period that ``2026-Q1`` or ``2027-W01`` names; anything else is ``cbam.period``."""
    found = _LABEL.fullmatch(label)
    if found is None:
        raise Invalid(
            "cbam.period_format", "period: expected a quarter or week such as 2026-Q1 or 2027-W01", field="period"
        )
    return quarter(int(found[1]), int(found[2])) if found[2] else week(int(found[1]), int(found[3]))


def period_of(day: date, kind: PeriodKind) -> PricePeriod:
    """Return the period that ``day`` lies in: 2026-02-03 by quarter is 2026-Q1; 2027-01-06 by week is 2027-W01."""
    return quarter_of(day) if kind is PeriodKind.QUARTER else week_of(day)


def quarter_of(day: date) -> PricePeriod:
    """Return the calendar quarter of ``day``."""
    number = (day.month - 1) // 3 + 1
    return quarter(day.year, number)


def quarter(year: int, number: int) -> PricePeriod:
    """Return quarter ``number`` (1 to 4) of ``year``."""
    if not 1 <= number <= _QUARTERS or not date.min.year <= year < date.max.year:
        raise Invalid("cbam.quarter", "quarter: expected 1 to 4 of a year", field="quarter")
    start = date(year, 3 * number - 2, 1)
    end = date(year + 1, 1, 1) if number == _QUARTERS else date(year, 3 * number + 1, 1)
    return PricePeriod(label=f"{year:04d}-Q{number}", kind=PeriodKind.QUARTER, start=start, end=end)


def week_of(day: date) -> PricePeriod:
    """Return the ISO week of ``day``: 2027-01-01 is a Friday of 2026-W53."""
    year, number, weekday = day.isocalendar()
    start = day - timedelta(days=weekday - 1)
    return PricePeriod(label=f"{year:04d}-W{number:02d}", kind=PeriodKind.WEEK, start=start, end=start + _WEEK)


def week(year: int, number: int) -> PricePeriod:
    """Return ISO week ``number`` of ``year``; a week the year does not have is ``cbam.period``."""
    try:
        return week_of(date.fromisocalendar(year, number, 1))
    except ValueError as error:
        raise Invalid("cbam.week", "week: expected a week that the year has", field="week") from error


def _usable(auctions: Iterable[Observation]) -> Iterable[Observation]:
    by_day: dict[date, Observation] = {}
    for seen in current_revisions(auctions):
        if seen.instrument != _AUCTIONED or seen.price_basis is not PriceBasis.AUCTION:
            continue
        if seen.value is None or not seen.volume_t:
            continue
        if (seen.currency, seen.unit) != ("EUR", "t"):
            raise Invalid("cbam.unit", f"{seen.trade_date}: expected EUR per t", field="currency")
        other = by_day.setdefault(seen.trade_date, seen)
        if other.source != seen.source:
            raise Conflict(
                "cbam.two_sources", f"{seen.trade_date}: two sources give an auction; choose one", field="source"
            )
    return by_day.values()


def _within(usable: Sequence[Observation], period: PricePeriod) -> tuple[Observation, ...]:
    found = (one for one in usable if period.start <= one.trade_date < period.end)
    return tuple(sorted(found, key=lambda one: one.trade_date))


def _explain_own(
    found: Sequence[Observation], used: PricePeriod, *, value: Decimal, total: Fraction, volume: int
) -> Explanation:
    source = found[0].source
    return Explanation(
        label_en=f"Own CBAM certificate price from the EUA auctions of {used.label}",
        label_zh=f"按{used.label}欧盟配额拍卖自行计算的CBAM证书价格",
        value=str(value),
        unit="EUR/t",
        formula="sum of price x volume / sum of volume, rounded half-up to 0.01",
        children=(
            Explanation(
                label_en=f"Sum of price x volume of {len(found)} auctions",
                label_zh=f"{len(found)}场拍卖的价格乘以数量之和",
                value=format_exact(total, _PLACES),
                unit="EUR",
                formula="sum over the auctions",
                children=tuple(_explain_auction(one) for one in found),
            ),
            Explanation(
                label_en="Auctioned volume", label_zh="拍卖数量合计", value=str(volume), unit="t", source=source
            ),
        ),
    )


def _explain_auction(one: Observation) -> Explanation:
    return Explanation(
        label_en=f"EUA auction of {one.trade_date}: price for {one.volume_t} t",
        label_zh=f"{one.trade_date}欧盟配额拍卖：{one.volume_t}吨的成交价",
        value=str(one.value),
        unit="EUR/t",
        source=f"{one.source}, file {one.raw_sha256[:12]}",
    )


_AGREEMENT_ZH: Mapping[Agreement, str] = {
    Agreement.AGREED: "一致",
    Agreement.CONFLICT: "不一致，待人工核实",
    Agreement.OWN_ONLY: "仅有自行计算值",
    Agreement.PUBLISHED_ONLY: "仅有公布值",
}


def _explain_agreement(
    agreement: Agreement,
    own: OwnPrice | None,
    published: PublishedPrice | None,
    *,
    difference: Fraction | None,
    bound: Fraction,
    bound_source: str,
) -> Explanation:
    children = [] if own is None else [own.explanation]
    if published is not None:
        label = published.period.label
        children.append(
            Explanation(
                label_en=f"Published CBAM certificate price of {label}",
                label_zh=f"公布的{label} CBAM证书价格",
                value=str(published.value),
                unit="EUR/t",
                source=published.source,
            )
        )
    children.append(
        Explanation(
            label_en="Largest difference that still agrees",
            label_zh="允许的最大偏差",
            value=format_exact(bound, _SHOWN_PLACES),
            unit="1",
            source=bound_source,
        )
    )
    shown = "" if difference is None else f" ({format_exact(difference, _SHOWN_PLACES)})"
    return Explanation(
        label_en=f"Published against own price{shown}",
        label_zh=f"公布价与自算价对比：{_AGREEMENT_ZH[agreement]}{shown}",
        value=agreement.value,
        unit="1",
        formula="published / own - 1, compared with the bound in absolute value",
        children=tuple(children),
    )
