"""The named places where a number is rounded, each with its mode; everything between them is exact.

Owns which step rounds how. A contract may name another mode; a rule's step never changes silently.
"""

from __future__ import annotations

from ledger.core.amounts import RoundingMode

INTEREST_PAYMENT = RoundingMode.HALF_UP
"""Interest is summed exactly over segments and rounded once per payment to the fen (四舍五入)."""

ALLOWANCE_QUANTITY = RoundingMode.FLOOR
"""Allowance quantities are floored to whole tonnes (draft allocation plan 2025/26 of 2026-07-27: 1789.70 -> 1789)."""

VALUATION = RoundingMode.HALF_UP
"""A lot's market value is rounded once to the currency's minor unit; totals are sums of rounded lots."""

KPI_COMPARISON = RoundingMode.HALF_UP
"""A KPI value is rounded to the contract's printed digits before its test only if the target says so."""
