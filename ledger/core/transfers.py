"""Transfers between two books: two entries that share an id and meet on clearing accounts.

Owns when two drafts are the two sides of one transfer. Knows no book.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.errors import Invalid
from ledger.core.journal import JournalDraft

CLEARING = "Equity:Clearing"


def is_clearing(path: str) -> bool:
    """Return whether an account is for what is under way between books: ``Equity:Clearing`` or below it."""
    return path == CLEARING or path.startswith(f"{CLEARING}:")


def clearing_sums(draft: JournalDraft) -> Mapping[str, int]:
    """Return what the draft adds to clearing accounts by commodity, debit positive, zeros left out."""
    sums: dict[str, int] = {}
    for leg in draft.postings:
        if is_clearing(leg.account):
            sums[leg.commodity] = sums.get(leg.commodity, 0) + leg.amount
    return {code: amount for code, amount in sums.items() if amount}


def check_transfer(one: JournalDraft, other: JournalDraft) -> None:
    """Refuse two drafts that are not the sides of one transfer: ``ledger.transfer_unmatched``, ``_id_differs`` or ``_costs``."""
    if one.transfer_id is None or one.transfer_id != other.transfer_id:
        raise Invalid("ledger.transfer_id_differs", "both sides of a transfer carry the same transfer_id")
    for costs in (one.cost_legs, other.cost_legs):
        if costs is not None and any(map(is_clearing, (costs.cost_account, costs.gain_account, costs.loss_account))):
            raise Invalid("ledger.transfer_costs", f"cost legs do not go to clearing accounts ({CLEARING}:...)")
    sums = clearing_sums(one)
    if not sums or sums != {code: -amount for code, amount in clearing_sums(other).items()}:
        raise Invalid(
            "ledger.transfer_unmatched",
            f"what one side adds to its clearing accounts ({CLEARING}:...) the other takes from its own, in the same commodities",
            transfer_id=str(one.transfer_id),
        )
