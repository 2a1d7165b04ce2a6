"""Who may decide what waits, by which route, and what a decision does: one table over every mechanism of two persons.

Owns the words and the scopes. Reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from api.auth.principal import Scope
from finance.store.waiting import WaitingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Decidable:
    """One kind of thing that waits: ``approve`` and ``reject`` are paths with the names of its place; no ``reject``, no such route.

    ``digest_as`` is the field in which an approval names the digest, None where it is decided on a page of its own;
    ``reject_digest_as`` is that of a refusal, None where a refusal names none; ``asks_reason``: an approval says why. ``page`` is
    the page of the web application that shows it whole, with the names of its place; None where it has none.
    """

    scope: Scope
    title_en: str
    title_zh: str
    effect_en: str
    effect_zh: str
    approve: str
    reject: str | None = None
    digest_as: str | None = "sha256"
    reject_digest_as: str | None = None
    asks_reason: bool = False
    page: str | None = None


_FACILITY = "/v1/facilities/{facility_id}"
_MONTH = "/v1/books/{book_id}/month-closes/{month}"
_MONTH_PAGE = "/books/{book_id}/month-close?month={month}"
_LOAN_PAGE = "/loans/{facility_id}"

DECIDABLE: Mapping[WaitingKind, Decidable] = MappingProxyType(
    {
        WaitingKind.ORDER: Decidable(
            scope=Scope.TRADING_APPROVE,
            title_en="Order",
            title_zh="交易指令",
            effect_en="The order may be placed.",
            effect_zh="指令可以下达。",
            approve="/v1/orders/{id}/approve",
            reject="/v1/orders/{id}/reject",
            reject_digest_as="sha256",
            page="/orders/{id}",
        ),
        WaitingKind.COUNTERPARTY: Decidable(
            scope=Scope.TRADING_APPROVE,
            title_en="Counterparty",
            title_zh="交易对手",
            effect_en="The book may deal with it once its waiting days are over.",
            effect_zh="等待期满后可与其交易。",
            approve="/v1/counterparties/{id}/approve",
            reject="/v1/counterparties/{id}/reject",
            reject_digest_as="sha256",
            page="/books/{book_id}/counterparties",
        ),
        WaitingKind.LIMIT: Decidable(
            scope=Scope.TRADING_APPROVE,
            title_en="Trading limit",
            title_zh="交易限额",
            effect_en="Orders are held against the limit.",
            effect_zh="指令将按该限额检查。",
            approve="/v1/trading-limits/{id}/approve",
            reject="/v1/trading-limits/{id}/reject",
            reject_digest_as="sha256",
            page="/books/{book_id}/trading-limits",
        ),
        WaitingKind.CORRECTION: Decidable(
            scope=Scope.TRADING_APPROVE,
            title_en="Correction of a fill",
            title_zh="成交更正",
            effect_en="The fill is replaced; a booked one is reversed and booked anew.",
            effect_zh="成交被替换；已入账的冲销后重新入账。",
            approve="/v1/orders/{order_id}/corrections/{id}/approve",
            page="/orders/{order_id}",
        ),
        WaitingKind.CARBON_CONTRACT: Decidable(
            scope=Scope.TRADING_APPROVE,
            title_en="Carbon finance contract",
            title_zh="碳金融合约",
            effect_en="The contract may be opened under these terms.",
            effect_zh="合约可按这些条款生效。",
            approve="/v1/carbon-contracts/{id}/approve",
            reject="/v1/carbon-contracts/{id}/reject",
            reject_digest_as="sha256",
        ),
        WaitingKind.MARK: Decidable(
            scope=Scope.MARKET_APPROVE,
            title_en="Proposed mark",
            title_zh="拟用估值价",
            effect_en="Positions are valued at it.",
            effect_zh="持仓将按此价估值。",
            approve="/v1/market-marks/{id}/approve",
            reject="/v1/market-marks/{id}/withdraw",
            page="/prices/marks",
        ),
        WaitingKind.SECOND_MARK_CHECK: Decidable(
            scope=Scope.MARKET_APPROVE,
            title_en="Second check of a mark that stands out",
            title_zh="异常估值价的二次复核",
            effect_en="Positions are valued at it.",
            effect_zh="持仓将按此价估值。",
            approve="/v1/market-marks/{id}/second-check",
            reject="/v1/market-marks/{id}/withdraw",
            page="/prices/marks",
        ),
        WaitingKind.PRICE_UPLOAD: Decidable(
            scope=Scope.MARKET_APPROVE,
            title_en="File of prices",
            title_zh="价格文件",
            effect_en="Its prices are recorded.",
            effect_zh="文件中的价格将入库。",
            approve="/v1/observation-uploads/{id}/approve",
            reject="/v1/observation-uploads/{id}/reject",
            page="/prices/uploads/{id}",
        ),
        WaitingKind.CALENDAR_YEAR: Decidable(
            scope=Scope.MARKET_APPROVE,
            title_en="Calendar year",
            title_zh="年度日历",
            effect_en="Business days of that year follow it.",
            effect_zh="该年度工作日将以此为准。",
            approve="/v1/calendar-years/{id}/approve",
            reject="/v1/calendar-years/{id}/reject",
            page="/prices/calendars",
        ),
        WaitingKind.HELD_PRICE: Decidable(
            scope=Scope.MARKET_APPROVE,
            title_en="Price that was held back",
            title_zh="被暂存的价格",
            effect_en="The price is recorded.",
            effect_zh="该价格将入库。",
            approve="/v1/observations/held/{id}/accept",
            reject="/v1/observations/held/{id}/reject",
            digest_as="",
            asks_reason=True,
            page="/prices/held",
        ),
        WaitingKind.ACCOUNTING_POLICY: Decidable(
            scope=Scope.ACCOUNTING_APPROVE,
            title_en="Accounting policy",
            title_zh="会计政策",
            effect_en="Entries from its day on follow it.",
            effect_zh="自生效日起按此入账。",
            approve="/v1/accounting-policies/{id}/approve",
            digest_as="digest",
        ),
        WaitingKind.CLOSE_WAIVER: Decidable(
            scope=Scope.ACCOUNTING_APPROVE,
            title_en="Waiver of a closing item",
            title_zh="结账事项豁免",
            effect_en="The month closes without the item.",
            effect_zh="该月可在缺少此项时结账。",
            approve=f"{_MONTH}/approve-waiver",
            digest_as=None,
            page=_MONTH_PAGE,
        ),
        WaitingKind.CLOSE: Decidable(
            scope=Scope.ACCOUNTING_APPROVE,
            title_en="Close of a month for good",
            title_zh="月度最终结账",
            effect_en="Nothing is posted into the month any more.",
            effect_zh="该月不再接受任何入账。",
            approve=f"{_MONTH}/close",
            digest_as=None,
            page=_MONTH_PAGE,
        ),
        WaitingKind.REOPENING: Decidable(
            scope=Scope.ACCOUNTING_APPROVE,
            title_en="Reopening of a month",
            title_zh="重新打开月份",
            effect_en="The month takes entries again; its waivers are asked anew.",
            effect_zh="该月重新接受入账；豁免需重新申请。",
            approve=f"{_MONTH}/reopen",
            digest_as=None,
            page=_MONTH_PAGE,
        ),
        WaitingKind.VOUCHERS: Decidable(
            scope=Scope.ACCOUNTING_APPROVE,
            title_en="Vouchers to review",
            title_zh="待审核凭证",
            effect_en="The vouchers count as reviewed.",
            effect_zh="凭证视为已审核。",
            approve="/v1/books/{book_id}/voucher-months/{month}/review",
            digest_as=None,
            page="/books/{book_id}/vouchers?month={month}",
        ),
        WaitingKind.COMPLIANCE: Decidable(
            scope=Scope.COMPLIANCE_APPROVE,
            title_en="Compliance proposal",
            title_zh="履约提案",
            effect_en="It may be carried out.",
            effect_zh="可以执行。",
            approve="/v1/compliance-proposals/{id}/approve",
            reject="/v1/compliance-proposals/{id}/refuse",
            reject_digest_as="sha256",
            page="/books/{book_id}/compliance-proposals/{id}",
        ),
        WaitingKind.DETERMINATION: Decidable(
            scope=Scope.DETERMINATION_APPROVE,
            title_en="Rate determination",
            title_zh="利率确定",
            effect_en="The rate changes from the day that the terms say.",
            effect_zh="利率自合同约定日起变更。",
            approve="/v1/determinations/{id}/approve",
            reject="/v1/determinations/{id}/refuse",
            digest_as="digest",
            reject_digest_as="digest",
            page=_LOAN_PAGE,
        ),
        WaitingKind.TERMS: Decidable(
            scope=Scope.FACILITY_AGREE,
            title_en="Terms of a loan",
            title_zh="贷款条款",
            effect_en="The terms hold once both sides agree.",
            effect_zh="双方同意后条款生效。",
            approve=f"{_FACILITY}/terms/{{version}}/agreement",
            page=_LOAN_PAGE,
        ),
        WaitingKind.ADJUSTMENT: Decidable(
            scope=Scope.FACILITY_AGREE,
            title_en="Adjustment of interest",
            title_zh="利息调整",
            effect_en="It may be booked once both sides agree.",
            effect_zh="双方同意后可入账。",
            approve="/v1/adjustments/{id}/agreement",
            digest_as="digest",
            page=_LOAN_PAGE,
        ),
        WaitingKind.QUERY: Decidable(
            scope=Scope.DETERMINATION_PROPOSE,
            title_en="Query of a lender",
            title_zh="贷款人询问",
            effect_en="The lender sees the answer.",
            effect_zh="贷款人将看到答复。",
            approve="/v1/reviews/{id}/answer",
            digest_as=None,
            page=_LOAN_PAGE,
        ),
        WaitingKind.DECLASSIFICATION: Decidable(
            scope=Scope.FACILITY_AGREE,
            title_en="Declassification of a loan",
            title_zh="贷款取消标识",
            effect_en="The loan loses its label.",
            effect_zh="贷款失去其标识。",
            approve=f"{_FACILITY}/declassification/{{id}}/approval",
            digest_as="digest",
            page=_LOAN_PAGE,
        ),
        WaitingKind.ATTESTATION_DRAFT: Decidable(
            scope=Scope.ATTESTATION_APPROVE,
            title_en="Draft of a statement",
            title_zh="鉴证声明草稿",
            effect_en="It may be signed and lodged.",
            effect_zh="可以签署并提交。",
            approve="/v1/attestation-drafts/{id}/review",
            reject="/v1/attestation-drafts/{id}/send-back",
        ),
        WaitingKind.SIGNING_KEY: Decidable(
            scope=Scope.ATTESTATION_APPROVE,
            title_en="Signing key of a colleague",
            title_zh="同事的签名密钥",
            effect_en="Statements signed with it count.",
            effect_zh="以其签署的声明有效。",
            approve="/v1/signing-keys/{id}/approve",
            digest_as="",
        ),
    }
)
"""What a caller needs, sees and calls for each kind."""
