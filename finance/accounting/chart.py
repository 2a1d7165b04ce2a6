"""The chart of accounts as values: which accounts an instrument needs, their names and their Chinese GAAP codes.

Owns the paths. Tonnes and money never share an account; a realised result has an account for each instrument, so that
it can be read by instrument at any day and record point. Knows no trade and chooses no side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from finance.accounting.instruments import Instrument, InstrumentKind
from ledger.core.accounts import AccountOpening, LotMethod

BOOK_CURRENCY = "CNY"
"""The statutory book of 财会[2019]22号 is kept in CNY."""

BANK = "Assets:Bank:CNY"
OPENING_MONEY = "Equity:Opening:CNY"
FEES = "Expenses:CarbonFees"
GAIN = "Income:CarbonGain"
LOSS = "Expenses:CarbonLoss"
HOLDING = "Assets:Carbon"

_METHODS: Mapping[InstrumentKind, LotMethod] = {
    InstrumentKind.CEA: LotMethod.FIFO,
    InstrumentKind.CCER: LotMethod.AVERAGE,
    InstrumentKind.EUA: LotMethod.FIFO,
    InstrumentKind.CBAM: LotMethod.FIFO,
    InstrumentKind.GEC: LotMethod.FIFO,
}
_BY_ANALOGY = frozenset({InstrumentKind.EUA, InstrumentKind.CBAM, InstrumentKind.GEC})
"""Kinds on which 22号 is silent: booked as it books allowances, said so in the account's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentAccounts:
    """The paths of one instrument: the first six in tonnes, the last five in CNY."""

    holding: str
    registry: str
    allocation: str
    opening: str
    surrendered: str
    cancelled: str
    cost: str
    gain: str
    loss: str
    surrender_expense: str
    cancellation_expense: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAccount:
    """One account with its names and its code in the Chinese chart (empty in tonnes, which GAAP does not book)."""

    path: str
    commodity: str
    name_en: str
    name_zh: str
    gaap_code: str = ""
    floor: int | None = None
    lot_method: LotMethod | None = None

    def opening(self, opened_on: date) -> AccountOpening:
        """Return what opens this account in the ledger."""
        names = {"name_en": self.name_en, "name_zh": self.name_zh}
        return AccountOpening(
            path=self.path,
            commodity=self.commodity,
            opened_on=opened_on,
            floor=self.floor,
            lot_method=self.lot_method,
            attrs={**names, "gaap_code": self.gaap_code} if self.gaap_code else names,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The chart under one cost policy: ``methods`` says how each kind's disposals draw on its lots.

    22号 prescribes no cost formula, so it is the entity's policy; the default is first in first out for allowances and
    the moving weighted average for credits.
    """

    methods: Mapping[InstrumentKind, LotMethod] = field(default_factory=lambda: _METHODS)

    def accounts_of(self, code: str) -> InstrumentAccounts:
        """Return the paths of the instrument ``code``; ``_`` and ``.`` become ``-``: ``CCER_BJ.1`` is ``CCER-BJ-1``."""
        part = segment(code)
        return InstrumentAccounts(
            holding=f"{HOLDING}:{part}",
            registry=f"Equity:Registry:{part}",
            allocation=f"Income:Allocation:{part}",
            opening=f"Equity:Opening:{part}",
            surrendered=f"Expenses:Surrendered:{part}",
            cancelled=f"Expenses:Cancelled:{part}",
            cost=f"Assets:CarbonCost:{part}",
            gain=f"{GAIN}:{part}",
            loss=f"{LOSS}:{part}",
            surrender_expense=f"Expenses:CarbonSurrender:{part}",
            cancellation_expense=f"Expenses:CarbonCancellation:{part}",
        )

    def lines_of(self, instrument: Instrument) -> tuple[ChartAccount, ...]:
        """Return the accounts of one instrument; the holding keeps lots and, like its cost, never falls below zero.

        Codes: 1489 碳排放权资产, 6301 营业外收入, 6711 营业外支出 (财会[2019]22号; EUA, CBAM and green certificates by
        analogy, unconfirmed: the entity's auditor decides).
        """
        paths, code = self.accounts_of(instrument.code), instrument.code
        analogy_en, analogy_zh = (
            (" (by analogy, unconfirmed)", "（类推，待确认）") if instrument.kind in _BY_ANALOGY else ("", "")
        )
        method = self.methods[instrument.kind]
        tonnes = (
            (paths.holding, "held", "持有量", 0, method),
            (paths.registry, "registry counterparties", "登记结算对手方", None, None),
            (paths.allocation, "free allocation", "无偿分配", None, None),
            (paths.opening, "opening holdings", "期初持有", None, None),
            (paths.surrendered, "surrendered", "已清缴", 0, None),
            (paths.cancelled, "cancelled", "已注销", 0, None),
        )
        money = (
            (paths.cost, f"cost of purchased carbon assets{analogy_en}", f"碳排放权资产{analogy_zh}", "1489", 0),
            (paths.gain, "gain on sale", "营业外收入 - 出售", "6301", None),
            (paths.loss, "loss on sale", "营业外支出 - 出售", "6711", None),
            (paths.surrender_expense, "cost of surrender", "营业外支出 - 履约清缴", "6711", None),
            (paths.cancellation_expense, "cost of cancellation", "营业外支出 - 自愿注销", "6711", None),
        )
        return (
            *(
                ChartAccount(
                    path=path,
                    commodity=code,
                    name_en=f"{code} {name_en}",
                    name_zh=f"{code} {name_zh}",
                    floor=floor,
                    lot_method=lots,
                )
                for path, name_en, name_zh, floor, lots in tonnes
            ),
            *(
                ChartAccount(
                    path=path,
                    commodity=BOOK_CURRENCY,
                    name_en=f"{code} {name_en}",
                    name_zh=f"{code} {name_zh}",
                    gaap_code=gaap_code,
                    floor=floor,
                )
                for path, name_en, name_zh, gaap_code, floor in money
            ),
        )

    def shared_lines(self) -> tuple[ChartAccount, ...]:
        """Return the money accounts that every instrument shares; the bank has no floor, its limit is the bank's."""
        return (
            ChartAccount(path=BANK, commodity=BOOK_CURRENCY, name_en="bank", name_zh="银行存款", gaap_code="1002"),
            ChartAccount(path=OPENING_MONEY, commodity=BOOK_CURRENCY, name_en="opening balances", name_zh="期初余额"),
            ChartAccount(
                path=FEES,
                commodity=BOOK_CURRENCY,
                name_en="carbon trading fees",
                name_zh="营业外支出 - 手续费",
                gaap_code="6711",
            ),
        )


def segment(code: str) -> str:
    """Return an instrument's code as a part of an account path."""
    return code.replace("_", "-").replace(".", "-")
