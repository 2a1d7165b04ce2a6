"""Factor sets: emission factors, warming potentials and material shares as sourced rows with an effective interval.

Owns reading and looking up factors. Knows no formula: which factor a figure uses is the methodology's business. The
calibre of a grid factor (average, excluding market-traded non-fossil, fossil only) is part of its id, so calibres
cannot be mixed by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from finance.conventions import tables
from finance.conventions.tables import DATE_UNIT, WORD_UNIT, ReferenceSet
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSet(ReferenceSet):
    """A reference set whose rows are all numbers that are not negative.

    ``lookup(factor_id, on=..., region=...)`` returns the one effective row; ``content_hash()`` names the set's exact
    content.
    """

    def __post_init__(self) -> None:
        """Refuse a row that is no factor: a day, a word or a negative number."""
        for row in self.rows:
            if row.unit in {DATE_UNIT, WORD_UNIT} or row.number() < Decimal(0):
                raise Invalid("factor.value", f"{row.row_id}: expected a number of zero or more", row_id=row.row_id)


def parse_factors(text: str, *, set_id: str, version: str, file: str = "factors.csv") -> FactorSet:
    """Return the factor set that CSV text spells; the caller names it and gives its version.

    The header holds exactly the fields of ``ReferenceRow``. Every unreadable row is named in one ``ImportRefused``.
    Example: the row ``grid_ex_market_nonfossil`` of 2021 gives 0.5942 kgCO2/kWh (MEE announcement 2024 no. 12).
    """
    return FactorSet(set_id=set_id, version=version, rows=tables.parse_reference_rows(text, file=file))
