"""Value added tax in carbon trades: what of a price or fee is tax, and where a trade's money stands until it is settled.

Owns the split and the accounts. The rate is a reference row that the entity's policy names; nothing here says which applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.accounting.chart import BANK, BOOK_CURRENCY, ChartAccount
from finance.conventions.explain import Explanation
from ledger.core.amounts import RoundingMode, format_exact, format_units, round_exact
from ledger.core.errors import Invalid

VAT_SPLIT = RoundingMode.HALF_UP
"""The amount before tax is rounded half-up once to the fen; the tax is what is left, so that both make the price."""

INPUT_VAT = "Liabilities:Taxes:VAT:Input"
OUTPUT_VAT = "Liabilities:Taxes:VAT:Output"
TRADE_PAYABLES = "Liabilities:OtherPayables:CarbonTrades"
TRADE_RECEIVABLES = "Assets:OtherReceivables:CarbonTrades"
_CNY_SCALE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VatRate:
    """One VAT row: its id, the rate as an exact fraction of the price before tax, and where it comes from."""

    row_id: str
    rate: Fraction
    source: str

    def __post_init__(self) -> None:
        """Refuse a rate that is none."""
        if not 0 <= self.rate < 1:
            raise Invalid(
                "vat.rate", "rate: expected 0 to below 1, a fraction of the price before tax", row_id=self.row_id
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class VatSplit:
    """An amount with tax as the amount before tax and the tax, in fen; they sum to it exactly."""

    gross_fen: int
    net_fen: int
    tax_fen: int
    rate: VatRate

    def explanation(self) -> Explanation:
        """Return why the tax is what it is."""
        return Explanation(
            label_en="VAT in the price",
            label_zh="价内增值税",
            value=format_units(self.tax_fen, _CNY_SCALE),
            unit=BOOK_CURRENCY,
            formula="gross - round(gross / (1 + rate))",
            children=(
                Explanation(
                    label_en="Amount with tax",
                    label_zh="含税金额",
                    value=format_units(self.gross_fen, _CNY_SCALE),
                    unit=BOOK_CURRENCY,
                    source="the trade's price and quantity",
                ),
                Explanation(
                    label_en="VAT rate",
                    label_zh="增值税税率",
                    value=format_exact(self.rate.rate, 6),
                    unit="1",
                    source=f"{self.rate.row_id}: {self.rate.source}",
                ),
            ),
        )


NO_VAT = VatRate(row_id="vat.none", rate=Fraction(0), source="no VAT is booked")


def split_gross(gross_fen: int, rate: VatRate) -> VatSplit:
    """Return an amount that includes tax as amount before tax and tax, fen.

    Before tax = gross / (1 + rate), rounded half-up once; tax = gross less that, so nothing is lost. Source: sales amount =
    amount with tax / (1 + rate), 财税[2016]36号 annex 1; unconfirmed for allowances. 97,810.00 at 6 %: 92,273.58 and 5,536.42.
    """
    if gross_fen < 0:
        raise Invalid("vat.amount", "gross: expected zero or more fen")
    net = round_exact(Fraction(gross_fen) / (1 + rate.rate), VAT_SPLIT)
    return VatSplit(gross_fen=gross_fen, net_fen=net, tax_fen=gross_fen - net, rate=rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTreatment:
    """How trades are booked beside 22号: the tax in their prices and fees, and whether the bank moves at once."""

    sale_vat: VatRate = NO_VAT
    purchase_vat: VatRate = NO_VAT
    fee_vat: VatRate = NO_VAT
    is_input_vat_deductible: bool = False
    is_settled_later: bool = False

    @property
    def payer(self) -> str:
        """Return the account that a purchase credits."""
        return TRADE_PAYABLES if self.is_settled_later else BANK

    @property
    def receiver(self) -> str:
        """Return the account that a sale debits."""
        return TRADE_RECEIVABLES if self.is_settled_later else BANK

    def input_tax_fen(self, *, price_fen: int, fee_fen: int) -> int:
        """Return the tax in a purchase's price and in fees that is taken back, 0 where it is cost."""
        if not self.is_input_vat_deductible:
            return 0
        return split_gross(price_fen, self.purchase_vat).tax_fen + split_gross(fee_fen, self.fee_vat).tax_fen

    def output_tax_fen(self, price_fen: int) -> int:
        """Return the tax in a sale's price."""
        return split_gross(price_fen, self.sale_vat).tax_fen

    def lines(self) -> tuple[ChartAccount, ...]:
        """Return the accounts that this treatment needs beside the chart's."""
        wanted = []
        if any(each.rate for each in (self.sale_vat, self.purchase_vat, self.fee_vat)):
            wanted += [
                (INPUT_VAT, "input VAT", "应交税费 - 进项税额", "2221"),
                (OUTPUT_VAT, "output VAT", "应交税费 - 销项税额", "2221"),
            ]
        if self.is_settled_later:
            wanted += [
                (TRADE_PAYABLES, "carbon trades to be paid", "其他应付款 - 碳交易", "2241"),
                (TRADE_RECEIVABLES, "carbon trades to be received", "其他应收款 - 碳交易", "1221"),
            ]
        return tuple(
            ChartAccount(path=path, commodity=BOOK_CURRENCY, name_en=name_en, name_zh=name_zh, gaap_code=code)
            for path, name_en, name_zh, code in wanted
        )


PLAIN_TREATMENT = TradeTreatment()
"""No VAT is booked and the bank moves on the day of the trade."""
