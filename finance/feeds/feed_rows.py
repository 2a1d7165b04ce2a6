"""What the rows of ``feeds.csv`` say, as values: bounds of a publication, codes and pairs asked for, how certificates are priced.

Owns reading those rows. Knows no address and no format.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.feeds.cneeex import COMPOSITE
from finance.feeds.lpr import LprBounds
from finance.market.cbam_price import PeriodKind
from finance.market.mark_rules import MarkRules
from finance.market.observations import PriceBasis
from ledger.core.errors import Invalid


def setting(rows: ReferenceSet, row_id: str) -> ReferenceRow:
    """Return the one row of ``row_id`` that has no end: what holds now and until somebody changes it."""
    found = [row for row in rows.rows if row.row_id == row_id and row.effective_to is None]
    if len(found) != 1:
        raise Invalid("reference.missing", f"{row_id}: expected one open row in {rows.set_id}", row_id=row_id)
    return found[0]


def lpr_bounds(rows: ReferenceSet) -> LprBounds:
    """Return what an LPR publication may be, from the rows in force without an end."""
    step = setting(rows, "lpr.step")
    return LprBounds(
        step=step.number(), max_move=setting(rows, "lpr.max_move").number(), effective_from=step.effective_from
    )


def cbam_bound(rows: ReferenceSet, *, on: date) -> tuple[Fraction, str]:
    """Return the largest share by which a published certificate price may differ from the own one, and its source."""
    row = rows.lookup("cbam.max_difference", on=on)
    return Fraction(row.number()), row.source


def fx_bound(rows: ReferenceSet, *, on: date) -> tuple[Fraction, str]:
    """Return the largest share by which the ECB's fixing and the CFETS parity of a day may differ, and its source."""
    row = rows.lookup("fx.max_difference", on=on)
    return Fraction(row.number()), row.source


def cbam_period_kind(rows: ReferenceSet, *, on: date) -> PeriodKind:
    """Return whether certificates are priced by quarter or by week on ``on``; before 2026 is ``reference.missing``."""
    word = rows.lookup("cbam.period", on=on).word()
    if word not in set(PeriodKind):
        raise Invalid("reference.value", f"cbam.period: expected one of {', '.join(PeriodKind)}", value=word)
    return PeriodKind(word)


def cneeex_codes(rows: ReferenceSet, *, on: date) -> tuple[str, ...]:
    """Return the codes of allowances that are asked for on ``on``, such as CEA25 from 2026 on."""
    return tuple(
        sorted(
            row.word().upper() for row in rows.rows if row.row_id.startswith("cneeex.code.") and row.is_effective(on)
        )
    )


def all_codes(rows: ReferenceSet) -> frozenset[str]:
    """Return every code on file: another one in an answer is new and raises an alert."""
    return frozenset(row.word().upper() for row in rows.rows if row.row_id.startswith("cneeex.code."))


def cfets_pairs(rows: ReferenceSet) -> tuple[str, ...]:
    """Return the pairs that the central parity is asked for, such as EUR_CNY."""
    return tuple(row.word().upper() for row in rows.rows if row.row_id.startswith("cfets.pair."))


def composite_close_from(rules: MarkRules) -> date:
    """Return the first day on which COMCEA's close is the composite price, as the rows of price sources say."""
    return next(
        row.effective_from
        for row in rules.sources
        if row.price_basis == PriceBasis.COMPOSITE_CLOSE.value and row.instrument_family == COMPOSITE
    )
