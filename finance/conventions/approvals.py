"""What waits for another person's decision: its kinds, what each is called in two languages, whom it asks, and the page that shows it.

Pure values, one table for the inbox and for alerts. Knows no store, and no route that decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class WaitingKind(StrEnum):
    """What waits for a person's decision."""

    ORDER = "order"
    COUNTERPARTY = "counterparty"
    LIMIT = "limit"
    CORRECTION = "correction"
    CARBON_CONTRACT = "carbon_contract"
    MARK = "mark"
    SECOND_MARK_CHECK = "second_mark_check"
    PRICE_UPLOAD = "price_upload"
    CALENDAR_YEAR = "calendar_year"
    HELD_PRICE = "held_price"
    ACCOUNTING_POLICY = "accounting_policy"
    CLOSE_WAIVER = "close_waiver"
    CLOSE = "close"
    REOPENING = "reopening"
    VOUCHERS = "vouchers"
    COMPLIANCE = "compliance"
    DETERMINATION = "determination"
    TERMS = "terms"
    ADJUSTMENT = "adjustment"
    QUERY = "query"
    DECLASSIFICATION = "declassification"
    ATTESTATION_DRAFT = "attestation_draft"
    SIGNING_KEY = "signing_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """One kind: the scope of those who may decide, its name, and the page with the names of its place; None where it has none.

    ``lender_page`` is where a lender sees the same, None where it is no other page.
    """

    scope: str
    title_en: str
    title_zh: str
    page: str | None = None
    lender_page: str | None = None

    def page_of(self, place: Mapping[str, str], *, by_lender: bool = False) -> str | None:
        """Return the page of one that waits, by the ids of its place."""
        page = self.lender_page if by_lender and self.lender_page else self.page
        return None if page is None else page.format_map(place)


WAITS: Mapping[WaitingKind, Waits] = MappingProxyType(
    {
        WaitingKind.ORDER: Waits(
            scope="trading:approve",
            title_en="Order",
            title_zh="订单",
            page="/orders/{id}",
        ),
        WaitingKind.COUNTERPARTY: Waits(
            scope="trading:approve",
            title_en="Counterparty",
            title_zh="交易对手",
            page="/books/{book_id}/counterparties",
        ),
        WaitingKind.LIMIT: Waits(
            scope="trading:approve",
            title_en="Trading limit",
            title_zh="交易限额",
            page="/books/{book_id}/trading-limits",
        ),
        WaitingKind.CORRECTION: Waits(
            scope="trading:approve",
            title_en="Correction of a fill",
            title_zh="成交更正",
            page="/orders/{order_id}",
        ),
        WaitingKind.CARBON_CONTRACT: Waits(
            scope="trading:approve",
            title_en="Carbon finance contract",
            title_zh="碳金融合约",
            page="/carbon-contracts/{id}",
        ),
        WaitingKind.MARK: Waits(
            scope="market:approve",
            title_en="Proposed mark",
            title_zh="拟用估值价",
            page="/prices/marks",
        ),
        WaitingKind.SECOND_MARK_CHECK: Waits(
            scope="market:approve",
            title_en="Second check of a mark that stands out",
            title_zh="异常估值价的二次复核",
            page="/prices/marks",
        ),
        WaitingKind.PRICE_UPLOAD: Waits(
            scope="market:approve",
            title_en="File of prices",
            title_zh="价格文件",
            page="/prices/uploads/{id}",
        ),
        WaitingKind.CALENDAR_YEAR: Waits(
            scope="market:approve",
            title_en="Calendar year",
            title_zh="年度日历",
            page="/prices/calendars",
        ),
        WaitingKind.HELD_PRICE: Waits(
            scope="market:approve",
            title_en="Price that was held back",
            title_zh="待审价格",
            page="/prices/held",
        ),
        WaitingKind.ACCOUNTING_POLICY: Waits(
            scope="accounting:approve",
            title_en="Accounting policy",
            title_zh="会计政策",
            page="/books/{book_id}/accounting-policy",
        ),
        WaitingKind.CLOSE_WAIVER: Waits(
            scope="accounting:approve",
            title_en="Waiver of a closing item",
            title_zh="结账事项豁免",
            page="/books/{book_id}/month-close?month={month}",
        ),
        WaitingKind.CLOSE: Waits(
            scope="accounting:approve",
            title_en="Close of a month for good",
            title_zh="月度最终结账",
            page="/books/{book_id}/month-close?month={month}",
        ),
        WaitingKind.REOPENING: Waits(
            scope="accounting:approve",
            title_en="Reopening of a month",
            title_zh="重新打开月份",
            page="/books/{book_id}/month-close?month={month}",
        ),
        WaitingKind.VOUCHERS: Waits(
            scope="accounting:approve",
            title_en="Vouchers to review",
            title_zh="待审核凭证",
            page="/books/{book_id}/vouchers?month={month}",
        ),
        WaitingKind.COMPLIANCE: Waits(
            scope="compliance:approve",
            title_en="Compliance proposal",
            title_zh="履约提案",
            page="/books/{book_id}/compliance-proposals/{id}",
        ),
        WaitingKind.DETERMINATION: Waits(
            scope="determination:approve",
            title_en="Rate determination",
            title_zh="利率决定",
            page="/loans/{facility_id}",
            lender_page="/bank/determinations/{id}",
        ),
        WaitingKind.TERMS: Waits(
            scope="facility:agree",
            title_en="Terms of a loan",
            title_zh="贷款条款",
            page="/loans/{facility_id}",
            lender_page="/bank/facilities/{facility_id}/terms",
        ),
        WaitingKind.ADJUSTMENT: Waits(
            scope="facility:agree",
            title_en="Adjustment of interest",
            title_zh="利息调整",
            page="/loans/{facility_id}/servicing",
            lender_page="/bank/facilities/{facility_id}/schedule",
        ),
        WaitingKind.QUERY: Waits(
            scope="determination:propose",
            title_en="Query of a lender",
            title_zh="贷款人询问",
            page="/loans/{facility_id}",
        ),
        WaitingKind.DECLASSIFICATION: Waits(
            scope="facility:agree",
            title_en="Declassification of a loan",
            title_zh="贷款取消标签",
            page="/loans/{facility_id}/label",
            lender_page="/bank/facilities/{facility_id}/label",
        ),
        WaitingKind.ATTESTATION_DRAFT: Waits(
            scope="attestation:approve",
            title_en="Draft of a statement",
            title_zh="鉴证声明草稿",
        ),
        WaitingKind.SIGNING_KEY: Waits(
            scope="attestation:approve",
            title_en="Signing key of a colleague",
            title_zh="同事的签名密钥",
        ),
    }
)
"""Whom each kind asks and how it is called."""
