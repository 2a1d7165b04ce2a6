"""By which route what waits is decided, and what a decision does: one table over every mechanism of two persons.

Reads nothing. Names and scopes are those of ``finance.conventions.approvals``, which alerts use too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from api.auth.principal import Scope
from finance.conventions.approvals import WAITS, WaitingKind, Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Decidable:
    """One kind of thing that waits: ``approve``, ``reject`` and ``withdraw`` are paths with the names of its place; none, no such route.

    ``asked`` has its name, its page and whom it asks. ``digest_as`` is the field in which an approval names the digest, None where it
    is decided on a page of its own; ``reject_digest_as`` is that of a refusal, None where a refusal names none; ``asks_reason``: an
    approval says why. Who asked withdraws with a reason and names no digest.
    """

    asked: Waits
    effect_en: str
    effect_zh: str
    approve: str
    reject: str | None = None
    withdraw: str | None = None
    digest_as: str | None = "sha256"
    reject_digest_as: str | None = None
    asks_reason: bool = False

    @property
    def scope(self) -> Scope:
        """The scope of those who may decide."""
        return Scope(self.asked.scope)


_FACILITY = "/v1/facilities/{facility_id}"
_MONTH = "/v1/books/{book_id}/month-closes/{month}"

DECIDABLE: Mapping[WaitingKind, Decidable] = MappingProxyType(
    {
        WaitingKind.ORDER: Decidable(
            asked=WAITS[WaitingKind.ORDER],
            effect_en="The order may be placed.",
            effect_zh="订单可以下达。",
            approve="/v1/orders/{id}/approve",
            reject="/v1/orders/{id}/reject",
            reject_digest_as="sha256",
        ),
        WaitingKind.COUNTERPARTY: Decidable(
            asked=WAITS[WaitingKind.COUNTERPARTY],
            effect_en="The book may deal with it once its waiting days are over.",
            effect_zh="等待期满后可与其交易。",
            approve="/v1/counterparties/{id}/approve",
            reject="/v1/counterparties/{id}/reject",
            reject_digest_as="sha256",
        ),
        WaitingKind.LIMIT: Decidable(
            asked=WAITS[WaitingKind.LIMIT],
            effect_en="Orders are held against the limit.",
            effect_zh="订单将按该限额检查。",
            approve="/v1/trading-limits/{id}/approve",
            reject="/v1/trading-limits/{id}/reject",
            reject_digest_as="sha256",
        ),
        WaitingKind.CORRECTION: Decidable(
            asked=WAITS[WaitingKind.CORRECTION],
            effect_en="The fill is replaced; a booked one is reversed and booked anew.",
            effect_zh="成交被替换；已入账的冲销后重新入账。",
            approve="/v1/orders/{order_id}/corrections/{id}/approve",
        ),
        WaitingKind.CARBON_CONTRACT: Decidable(
            asked=WAITS[WaitingKind.CARBON_CONTRACT],
            effect_en="The contract may be opened under these terms.",
            effect_zh="合约可按这些条款生效。",
            approve="/v1/carbon-contracts/{id}/approve",
            reject="/v1/carbon-contracts/{id}/reject",
            reject_digest_as="sha256",
        ),
        WaitingKind.MARK: Decidable(
            asked=WAITS[WaitingKind.MARK],
            effect_en="Positions are valued at it.",
            effect_zh="持仓将按此价估值。",
            approve="/v1/market-marks/{id}/approve",
            reject="/v1/market-marks/{id}/withdraw",
        ),
        WaitingKind.SECOND_MARK_CHECK: Decidable(
            asked=WAITS[WaitingKind.SECOND_MARK_CHECK],
            effect_en="Positions are valued at it.",
            effect_zh="持仓将按此价估值。",
            approve="/v1/market-marks/{id}/second-check",
            reject="/v1/market-marks/{id}/withdraw",
        ),
        WaitingKind.PRICE_UPLOAD: Decidable(
            asked=WAITS[WaitingKind.PRICE_UPLOAD],
            effect_en="Its prices are recorded.",
            effect_zh="文件中的价格将入库。",
            approve="/v1/observation-uploads/{id}/approve",
            reject="/v1/observation-uploads/{id}/reject",
        ),
        WaitingKind.CALENDAR_YEAR: Decidable(
            asked=WAITS[WaitingKind.CALENDAR_YEAR],
            effect_en="Business days of that year follow it.",
            effect_zh="该年度工作日将以此为准。",
            approve="/v1/calendar-years/{id}/approve",
            reject="/v1/calendar-years/{id}/reject",
        ),
        WaitingKind.HELD_PRICE: Decidable(
            asked=WAITS[WaitingKind.HELD_PRICE],
            effect_en="The price is recorded.",
            effect_zh="该价格将入库。",
            approve="/v1/observations/held/{id}/accept",
            reject="/v1/observations/held/{id}/reject",
            digest_as="",
            asks_reason=True,
        ),
        WaitingKind.ACCOUNTING_POLICY: Decidable(
            asked=WAITS[WaitingKind.ACCOUNTING_POLICY],
            effect_en="Entries from its day on follow it.",
            effect_zh="自生效日起按此入账。",
            approve="/v1/accounting-policies/{id}/approve",
            reject="/v1/accounting-policies/{id}/reject",
            withdraw="/v1/accounting-policies/{id}/withdraw",
            digest_as="digest",
            reject_digest_as="digest",
        ),
        WaitingKind.CLOSE_WAIVER: Decidable(
            asked=WAITS[WaitingKind.CLOSE_WAIVER],
            effect_en="The month closes without the item.",
            effect_zh="该月可在缺少此项时结账。",
            approve=f"{_MONTH}/approve-waiver",
            digest_as=None,
        ),
        WaitingKind.CLOSE: Decidable(
            asked=WAITS[WaitingKind.CLOSE],
            effect_en="Nothing is posted into the month any more.",
            effect_zh="该月不再接受任何入账。",
            approve=f"{_MONTH}/close",
            digest_as=None,
        ),
        WaitingKind.REOPENING: Decidable(
            asked=WAITS[WaitingKind.REOPENING],
            effect_en="The month takes entries again; its waivers are asked anew.",
            effect_zh="该月重新接受入账；豁免需重新申请。",
            approve=f"{_MONTH}/reopen",
            digest_as=None,
        ),
        WaitingKind.VOUCHERS: Decidable(
            asked=WAITS[WaitingKind.VOUCHERS],
            effect_en="The vouchers count as reviewed.",
            effect_zh="凭证视为已审核。",
            approve="/v1/books/{book_id}/voucher-months/{month}/review",
            digest_as=None,
        ),
        WaitingKind.COMPLIANCE: Decidable(
            asked=WAITS[WaitingKind.COMPLIANCE],
            effect_en="It may be carried out.",
            effect_zh="可以执行。",
            approve="/v1/compliance-proposals/{id}/approve",
            reject="/v1/compliance-proposals/{id}/refuse",
            reject_digest_as="sha256",
        ),
        WaitingKind.DETERMINATION: Decidable(
            asked=WAITS[WaitingKind.DETERMINATION],
            effect_en="The rate changes from the day that the terms say.",
            effect_zh="利率自合同约定日起变更。",
            approve="/v1/determinations/{id}/approve",
            reject="/v1/determinations/{id}/refuse",
            digest_as="digest",
            reject_digest_as="digest",
        ),
        WaitingKind.TERMS: Decidable(
            asked=WAITS[WaitingKind.TERMS],
            effect_en="The terms hold once both sides agree.",
            effect_zh="双方同意后条款生效。",
            approve=f"{_FACILITY}/terms/{{version}}/agreement",
        ),
        WaitingKind.ADJUSTMENT: Decidable(
            asked=WAITS[WaitingKind.ADJUSTMENT],
            effect_en="It may be booked once both sides agree.",
            effect_zh="双方同意后可入账。",
            approve="/v1/adjustments/{id}/agreement",
            digest_as="digest",
        ),
        WaitingKind.QUERY: Decidable(
            asked=WAITS[WaitingKind.QUERY],
            effect_en="The lender sees the answer.",
            effect_zh="贷款人将看到答复。",
            approve="/v1/reviews/{id}/answer",
            digest_as=None,
        ),
        WaitingKind.DECLASSIFICATION: Decidable(
            asked=WAITS[WaitingKind.DECLASSIFICATION],
            effect_en="The loan loses its label.",
            effect_zh="贷款失去其标签。",
            approve=f"{_FACILITY}/declassification/{{id}}/approval",
            digest_as="digest",
        ),
        WaitingKind.ATTESTATION_DRAFT: Decidable(
            asked=WAITS[WaitingKind.ATTESTATION_DRAFT],
            effect_en="It may be signed and lodged.",
            effect_zh="可以签署并提交。",
            approve="/v1/attestation-drafts/{id}/review",
            reject="/v1/attestation-drafts/{id}/send-back",
        ),
        WaitingKind.SIGNING_KEY: Decidable(
            asked=WAITS[WaitingKind.SIGNING_KEY],
            effect_en="Statements signed with it count.",
            effect_zh="以其签署的声明有效。",
            approve="/v1/signing-keys/{id}/approve",
            digest_as="",
        ),
    }
)
"""What a caller needs, sees and calls for each kind."""
