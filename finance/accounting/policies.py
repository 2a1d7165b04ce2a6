"""An entity's accounting policy: cost formula, VAT, settlement, standard, voucher words and its own account codes.

Owns the choices and their digest; two persons make one, and a later version replaces it from its first day on. Knows no
rate of tax: a code names a reference row.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import rfc8785

from finance.accounting.account_codes import OwnCode, check_pattern
from finance.accounting.chart import Chart
from finance.accounting.instruments import InstrumentKind
from finance.conventions.documents import to_document
from finance.conventions.fields import check_text
from ledger.core.accounts import LotMethod
from ledger.core.errors import Invalid

_AREA = "policy"
_VAT_CODE = re.compile(r"vat\.[a-z0-9_.]{1,60}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_MOST_CODES = 500
VAT_NONE = "vat.none"


class VoucherWords(StrEnum):
    """Which words vouchers bear."""

    SINGLE = "single"  # 记 for every voucher
    THREE = "three"  # 收, 付 and 转 by what the bank does


class Settlement(StrEnum):
    """How a trade meets the bank."""

    AT_ONCE = "at_once"  # the bank moves on the day of the trade
    OTHER_PAYABLES = "other_payables"  # 其他应付款 and 其他应收款 until the settlement is booked


class Standard(StrEnum):
    """What the economic book is kept by, beside the statutory one of 财会[2019]22号."""

    MARKS_ONLY = "marks_only"  # everything at marks, no provision
    IFRS_NET_AT_MARK = "ifrs_net_at_mark"  # IAS 38 nominal free allowances, IAS 37 beyond what is held, at mark
    IFRS_NET_AT_COST = "ifrs_net_at_cost"  # as before, and what bought allowances settle at their cost
    IFRS_IAS20 = "ifrs_ias20"  # free allowances at fair value with deferred income


class PolicyEnding(StrEnum):
    """How a proposed policy ended without an approval."""

    REJECTED = "rejected"  # by another person who might have approved it
    WITHDRAWN = "withdrawn"  # by who proposed it


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingPolicy:
    """The choices in force from ``effective_from`` on, until a later version's day.

    22号 prescribes no cost formula, so it is the entity's: it binds instruments that are registered from that day on.
    ``sale_vat``, ``purchase_vat`` and ``fee_vat`` name rows of vat_codes: prices and fees include the tax.
    ``is_input_vat_deductible`` says whether the tax in a purchase or a fee is taken back, or is cost.
    """

    effective_from: date
    cea_cost_method: LotMethod = LotMethod.FIFO
    ccer_cost_method: LotMethod = LotMethod.AVERAGE
    sale_vat: str = VAT_NONE
    purchase_vat: str = VAT_NONE
    fee_vat: str = VAT_NONE
    is_input_vat_deductible: bool = False
    settlement: Settlement = Settlement.AT_ONCE
    standard: Standard = Standard.MARKS_ONLY
    voucher_words: VoucherWords = VoucherWords.SINGLE
    company_code: str = ""
    own_codes: tuple[OwnCode, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be applied or traced."""
        for field in ("sale_vat", "purchase_vat", "fee_vat"):
            code = getattr(self, field)
            if not _VAT_CODE.fullmatch(code):
                raise Invalid("policy.vat", f"{field}: expected the id of a VAT row such as {VAT_NONE}", field=field)
        if self.company_code and not _CODE.fullmatch(self.company_code):
            raise Invalid("policy.code", "company_code: expected 1 to 40 of A-Z a-z 0-9 . _ -", field="company_code")
        if self.note:
            check_text(self.note, area=_AREA, field="note")
        if len(self.own_codes) > _MOST_CODES:
            raise Invalid("policy.codes", f"own_codes: expected at most {_MOST_CODES}", field="own_codes")
        seen: set[str] = set()
        for own in self.own_codes:
            check_pattern(own.path, field="own_codes.path")
            check_text(own.name, area=_AREA, field="own_codes.name")
            if not _CODE.fullmatch(own.code):
                raise Invalid(
                    "policy.code", "own_codes.code: expected 1 to 40 of A-Z a-z 0-9 . _ -", field="own_codes.code"
                )
            if own.path in seen:
                raise Invalid("policy.code_repeated", "own_codes: expected every path once", field="own_codes")
            seen.add(own.path)

    def chart(self) -> Chart:
        """Return the chart under this policy's cost formulas."""
        own = {InstrumentKind.CEA: self.cea_cost_method, InstrumentKind.CCER: self.ccer_cost_method}
        return Chart(methods={**Chart().methods, **own})


DEFAULT_POLICY = AccountingPolicy(effective_from=date(2020, 1, 1))
"""What holds until an entity approves a policy of its own: the day is that of 财会[2019]22号."""


def policy_digest(policy: AccountingPolicy) -> str:
    """Return SHA-256 over the policy's canonical JSON (RFC 8785), 64 hexadecimal digits: what an approval binds to."""
    return hashlib.sha256(rfc8785.dumps(to_document(policy))).hexdigest()
