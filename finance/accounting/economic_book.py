"""Entries of the economic book: carbon at marks beside the statutory book at cost, reversed at the next snapshot.

Owns the accounts and the entries. The economic book is a memo beside the statutory one: what it says is added to it, so statutory
figures never move. Knows no database and no price: worth and cost are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from finance.accounting.chart import BOOK_CURRENCY, ChartAccount, segment
from finance.accounting.ifrs import (
    DEFERRED_ACCOUNT,
    GRANT_INCOME,
    GRANTED_ASSET,
    PROVISION_ACCOUNT,
    PROVISION_EXPENSE,
)
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor

REVALUATION = "Assets:CarbonRevaluation"
REVALUATION_RESULT = "Income:CarbonRevaluation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revaluation:
    """What one instrument's lots are worth over their cost by a snapshot, fen, gain positive; unvalued tonnes beside it."""

    instrument: str
    quantity_t: int
    cost_fen: int
    market_value_fen: int
    unvalued_t: int

    @property
    def unrealised_fen(self) -> int:
        """Return worth less cost of the valued lots."""
        return self.market_value_fen - self.cost_fen


def revaluation_accounts(instrument: str) -> tuple[ChartAccount, ...]:
    """Return the two memo accounts of an instrument."""
    part = segment(instrument)
    return (
        ChartAccount(
            path=f"{REVALUATION}:{part}",
            commodity=BOOK_CURRENCY,
            name_en=f"{instrument} at marks, over cost",
            name_zh=f"{instrument} 公允价值变动",
            gaap_code="1489",
        ),
        ChartAccount(
            path=f"{REVALUATION_RESULT}:{part}",
            commodity=BOOK_CURRENCY,
            name_en=f"{instrument} unrealised result",
            name_zh=f"{instrument} 公允价值变动损益",
            gaap_code="6101",
        ),
    )


def provision_accounts() -> tuple[ChartAccount, ...]:
    """Return the memo accounts of the emissions provision and of the grant."""
    return tuple(
        ChartAccount(path=path, commodity=BOOK_CURRENCY, name_en=en, name_zh=zh, gaap_code=code)
        for path, en, zh, code in (
            (PROVISION_ACCOUNT, "emissions provision", "预计负债 - 排放", "2801"),
            (PROVISION_EXPENSE, "expense of the emissions provision", "排放预计负债费用", "6711"),
            (DEFERRED_ACCOUNT, "deferred income of free allowances", "递延收益 - 免费配额", "2401"),
            (GRANT_INCOME, "income of free allowances", "其他收益 - 免费配额", "6117"),
            (GRANTED_ASSET, "free allowances at fair value", "免费配额公允价值", "1489"),
        )
    )


def revaluation_draft(
    found: Revaluation, *, on: date, entry_id: UUID, actor: Actor, attrs: Mapping[str, str]
) -> JournalDraft | None:
    """Return the memo entry that lifts an instrument from cost to its worth, None where both are equal.

    Gain: debit the memo asset, credit the memo result; loss the other way round. 2,500 t at 97.40 over cost 200,600.00: 42,900.00.
    """
    part, fen = segment(found.instrument), found.unrealised_fen
    if not fen:
        return None
    return _memo(
        f"{REVALUATION}:{part}", f"{REVALUATION_RESULT}:{part}", fen, on=on, entry_id=entry_id, actor=actor, attrs=attrs
    )


def provision_draft(
    change_fen: int, *, on: date, entry_id: UUID, actor: Actor, attrs: Mapping[str, str]
) -> JournalDraft | None:
    """Return the memo entry that moves the provision by ``change_fen``, None for no move: debit expense, credit provision."""
    if not change_fen:
        return None
    return _memo(PROVISION_EXPENSE, PROVISION_ACCOUNT, change_fen, on=on, entry_id=entry_id, actor=actor, attrs=attrs)


def grant_drafts(
    *,
    asset_change_fen: int,
    deferred_change_fen: int,
    on: date,
    ids: tuple[UUID, UUID],
    actor: Actor,
    attrs: Mapping[str, str],
) -> tuple[JournalDraft, ...]:
    """Return the memo entries of a grant (IAS 20): the asset against deferred income, and what of it was earned to income.

    Received at 1,000.00, a tenth earned: debit asset 1,000.00, credit deferred 1,000.00; debit deferred 100.00, credit income 100.00.
    """
    earned = asset_change_fen - deferred_change_fen
    legs = ((GRANTED_ASSET, DEFERRED_ACCOUNT, asset_change_fen), (DEFERRED_ACCOUNT, GRANT_INCOME, earned))
    return tuple(
        _memo(debit, credit, fen, on=on, entry_id=entry_id, actor=actor, attrs=attrs)
        for (debit, credit, fen), entry_id in zip(legs, ids, strict=True)
        if fen
    )


def total_unrealised(found: Iterable[Revaluation]) -> int:
    """Return the sum of what instruments are worth over cost, fen."""
    return sum(each.unrealised_fen for each in found)


def _memo(
    debit: str, credit: str, fen: int, *, on: date, entry_id: UUID, actor: Actor, attrs: Mapping[str, str]
) -> JournalDraft:
    return JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.GENERAL,
        effective_on=on,
        actor=actor,
        postings=(Posting(debit, BOOK_CURRENCY, fen), Posting(credit, BOOK_CURRENCY, -fen)),
        attrs=dict(attrs),
    )
