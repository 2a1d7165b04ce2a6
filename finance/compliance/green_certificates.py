"""Green electricity certificates (GEC): issued per 1,000 kWh with the remainder carried, valid two years, some tradable.

Owns issue, validity and kind. Knows no duty, no price and no registry; the numbers arrive as rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core import amounts
from ledger.core.errors import Invalid

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_EARLIEST, _LATEST = 2000, 2199


class CertificateKind(StrEnum):
    """What generated the power decides whether the certificate may be sold."""

    MARKET = "market"  # wind, sun, biomass, new hydro
    OWN_USE = "own_use"  # the producer used the power itself
    OLD_HYDRO = "old_hydro"


@dataclass(frozen=True, slots=True, kw_only=True)
class GecRules:
    """How certificates work on a day: energy of one in kWh, years of validity, and which kinds may be sold."""

    kwh_per_certificate: int
    valid_years: int
    tradable: frozenset[CertificateKind]
    rows: tuple[ReferenceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GecHolding:
    """Whole certificates of one production month and kind; ``source`` names where they stand.

    ``valid_until`` is the last day on which they count when their register says it; else it follows from the month. ``is_traded``: they
    were bought, so they count and cannot be sold on.
    """

    production_month: str
    kind: CertificateKind
    quantity: int
    source: str
    valid_until: date | None = None
    is_traded: bool = False

    def __post_init__(self) -> None:
        """Refuse a month that is none and a negative quantity."""
        month_start(self.production_month)
        if not 0 <= self.quantity <= amounts.MAX_UNITS:
            raise Invalid("gec.quantity", "quantity: expected whole certificates, zero or more", field="quantity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The certificates that one month's energy gives, and the remainder in kWh that goes on to the next month."""

    month: str
    kwh: Fraction
    certificates: int
    carried_kwh: Fraction


def gec_rules(rules: ReferenceSet, *, on: date) -> GecRules:
    """Return the rules on a day; none raises ``reference.missing``."""
    energy = rules.lookup("gec.kwh_per_certificate", on=on)
    years = rules.lookup("gec.valid_years", on=on)
    kinds = {kind: rules.lookup(f"gec.kind.{kind}", on=on) for kind in CertificateKind}
    return GecRules(
        kwh_per_certificate=rule_rows.whole(energy),
        valid_years=rule_rows.whole(years),
        tradable=frozenset(kind for kind, row in kinds.items() if row.word() == "tradable"),
        rows=(energy, years, *kinds.values()),
    )


def issue_certificates(
    rules: GecRules, energy: Sequence[tuple[str, Fraction]], *, carried_kwh: Fraction
) -> tuple[Issue, ...]:
    """Return what each month's kWh gives, months in time order, starting with ``carried_kwh`` from before.

    One certificate per full 1,000 kWh; the remainder is carried to the next month, so nothing is lost but the last
    remainder. 1,600 and 1,500 kWh give 1 and 2 certificates and leave 100 kWh.
    """
    if not 0 <= carried_kwh < rules.kwh_per_certificate:
        raise Invalid(
            "gec.carried_kwh", "carried_kwh: expected zero or more, below one certificate", field="carried_kwh"
        )
    months = [month for month, _ in energy]
    if months != sorted(set(months)):
        raise Invalid("gec.months", "months: expected each once in time order", field="months")
    found = []
    left = carried_kwh
    for month, kwh in energy:
        month_start(month)
        if not 0 <= kwh <= amounts.MAX_UNITS:
            raise Invalid("gec.kwh", f"{month}: kwh: expected zero or more", field="kwh")
        certificates, left = divmod(left + kwh, rules.kwh_per_certificate)
        found.append(Issue(month=month, kwh=kwh, certificates=certificates, carried_kwh=left))
    return tuple(found)


def expires_on(rules: GecRules, production_month: str) -> date:
    """Return the first day on which a certificate no longer counts: its production month counts as the first of 24.

    With two years, 2024-06 counts until 2026-05-31 and expires on 2026-06-01.
    """
    start = month_start(production_month)
    return date(start.year + rules.valid_years, start.month, 1)


def is_valid(rules: GecRules, holding: GecHolding, on: date) -> bool:
    """Return whether the certificates count on a day: produced by then and not expired."""
    return month_start(holding.production_month) <= on and not is_expired(rules, holding, on)


def is_expired(rules: GecRules, holding: GecHolding, on: date) -> bool:
    """Return whether the certificates count no longer: after ``valid_until`` where it is known, else by their month."""
    if holding.valid_until is not None:
        return on > holding.valid_until
    return on >= expires_on(rules, holding.production_month)


def produced_in(rules: GecRules, *, production_year: int, valid_until: date) -> str:
    """Return the production month of certificates known by year and last valid day, as YYYY-MM.

    Valid through 2027-11-30 under two years, those of 2025 were produced in 2025-12. Where the two do not fit together the month is not
    known: December, so that nothing counts before it was certainly produced.
    """
    after = valid_until + timedelta(days=1)
    if after.day == 1 and after.year - rules.valid_years == production_year:
        return f"{production_year:04d}-{after.month:02d}"
    return f"{production_year:04d}-12"


def month_start(month: str) -> date:
    """Return the first day of a month written YYYY-MM; anything else is ``gec.month``."""
    if not _MONTH.fullmatch(month) or not _EARLIEST <= int(month[:4]) <= _LATEST:
        raise Invalid("gec.month", "production_month: expected a month as YYYY-MM", field="production_month")
    return date(int(month[:4]), int(month[5:]), 1)
