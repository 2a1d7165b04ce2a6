"""What enters and leaves about vouchers and accounting policies.

Amounts are decimal text with their unit; a red voucher's are below zero. What an account's code is, is the policy's.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import CodeString, DateString, InstantString, NameText, Text, UuidString
from api.schemas.months import DigestText, MonthString
from finance.accounting.account_codes import ChartRow, OwnCode
from finance.accounting.policies import (
    DEFAULT_POLICY,
    VAT_NONE,
    AccountingPolicy,
    PolicyEnding,
    Settlement,
    Standard,
    VoucherWords,
)
from finance.accounting.vouchers import VoucherLine
from finance.operations.account_codes import CodedAccount
from finance.operations.vouchers import MOST_REVIEWS, Numbering, VoucherCheck
from finance.store.accounting_policies import PolicyEnd, PolicyRecord
from finance.store.vouchers import VoucherRecord
from ledger.core.accounts import LotMethod
from ledger.core.amounts import format_units

_ID = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"

AccountPattern = Annotated[
    str, Field(max_length=200, examples=["Assets:Bank"], description="An account, or its beginning and a *.")
]
VatCode = Annotated[
    str, Field(max_length=64, examples=["vat.other_intangible_6"], description="A VAT row; prices include the tax.")
]


class OwnCodeIn(Schema):
    """The entity's own code for some accounts."""

    path: AccountPattern
    code: CodeString
    name: NameText

    def to_core(self) -> OwnCode:
        """Return the core's value."""
        return OwnCode(path=self.path, code=self.code, name=self.name)


class PolicyIn(Schema):
    """An accounting policy as proposed; what is left out is the product's default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "policy_id": _ID,
                    "effective_from": "2026-01-01",
                    "sale_vat": "vat.other_intangible_6",
                    "settlement": "other_payables",
                    "voucher_words": "single",
                    "own_codes": [{"path": "Assets:Bank", "code": "100201", "name": "工行滨州分行"}],
                }
            ]
        }
    )

    policy_id: UuidString
    effective_from: DateString
    cea_cost_method: Choice[LotMethod] = LotMethod.FIFO
    ccer_cost_method: Choice[LotMethod] = LotMethod.AVERAGE
    sale_vat: VatCode = VAT_NONE
    purchase_vat: VatCode = VAT_NONE
    fee_vat: VatCode = VAT_NONE
    is_input_vat_deductible: bool = False
    settlement: Choice[Settlement] = Settlement.AT_ONCE
    standard: Choice[Standard] = Standard.MARKS_ONLY
    voucher_words: Choice[VoucherWords] = VoucherWords.SINGLE
    company_code: Annotated[str, Field(max_length=40, examples=["1000"])] = ""
    own_codes: Annotated[Array[OwnCodeIn], Field(max_length=500)] = ()
    note: Text | None = None

    def to_core(self) -> AccountingPolicy:
        """Return the core's policy, which refuses what does not go together."""
        return AccountingPolicy(
            effective_from=self.effective_from,
            cea_cost_method=self.cea_cost_method,
            ccer_cost_method=self.ccer_cost_method,
            sale_vat=self.sale_vat,
            purchase_vat=self.purchase_vat,
            fee_vat=self.fee_vat,
            is_input_vat_deductible=self.is_input_vat_deductible,
            settlement=self.settlement,
            standard=self.standard,
            voucher_words=self.voucher_words,
            company_code=self.company_code,
            own_codes=tuple(own.to_core() for own in self.own_codes),
            note=self.note or "",
        )


class PolicyApprovalIn(Schema):
    """The digest of exactly the policy that is approved."""

    digest: DigestText


class PolicyRejectionIn(Schema):
    """The digest of exactly the policy that is rejected, and why."""

    digest: DigestText
    reason: Annotated[NameText, Field(examples=["the cost formula does not fit the stock we hold"])]


class PolicyWithdrawalIn(Schema):
    """Why a policy is withdrawn."""

    reason: Annotated[NameText, Field(examples=["proposed with the wrong first day"])]


class PolicyEndOut(Schema):
    """How a proposed policy ended without an approval: rejected by another person, or withdrawn by who proposed it."""

    how: Annotated[Choice[PolicyEnding], Field(examples=["rejected"])]
    reason: str
    ended_by: UuidString
    ended_at: InstantString

    @classmethod
    def from_core(cls, end: PolicyEnd) -> PolicyEndOut:
        """Return the shape of ``end``."""
        return cls(how=end.how, reason=end.reason, ended_by=end.by, ended_at=end.at)


class OwnCodeOut(Schema):
    """An entity's own code."""

    path: str
    code: str
    name: str


class PolicyTermsOut(Schema):
    """What a policy says, whoever stands for it."""

    effective_from: DateString
    cea_cost_method: str
    ccer_cost_method: str
    sale_vat: str
    purchase_vat: str
    fee_vat: str
    is_input_vat_deductible: bool
    settlement: str
    standard: str
    voucher_words: str
    company_code: str
    own_codes: Array[OwnCodeOut]
    note: str

    @classmethod
    def of(cls, policy: AccountingPolicy) -> PolicyTermsOut:
        """Return the shape of ``policy``."""
        return cls(
            effective_from=policy.effective_from,
            cea_cost_method=policy.cea_cost_method.value,
            ccer_cost_method=policy.ccer_cost_method.value,
            sale_vat=policy.sale_vat,
            purchase_vat=policy.purchase_vat,
            fee_vat=policy.fee_vat,
            is_input_vat_deductible=policy.is_input_vat_deductible,
            settlement=policy.settlement.value,
            standard=policy.standard.value,
            voucher_words=policy.voucher_words.value,
            company_code=policy.company_code,
            own_codes=tuple(OwnCodeOut(path=own.path, code=own.code, name=own.name) for own in policy.own_codes),
            note=policy.note,
        )


class PolicyOut(PolicyTermsOut):
    """A policy with who proposed it and who approved it or how it ended; nobody approved: it does not count; neither: it waits."""

    policy_id: UuidString
    version: int
    digest: Annotated[str, Field(description="What an approval binds to.")]
    proposed_by: UuidString
    proposed_at: InstantString
    approved_by: UuidString | None
    approved_at: InstantString | None
    ended: PolicyEndOut | None

    @classmethod
    def from_core(cls, record: PolicyRecord) -> PolicyOut:
        """Return the shape of ``record``."""
        return cls(
            **dict(PolicyTermsOut.of(record.policy)),
            policy_id=record.policy_id,
            version=record.version,
            digest=record.digest,
            proposed_by=record.maker_id,
            proposed_at=record.proposed_at,
            approved_by=record.checker_id,
            approved_at=record.approved_at,
            ended=None if record.end is None else PolicyEndOut.from_core(record.end),
        )


class PoliciesOut(Schema):
    """A book's policies by version, and the id of the one in force on the day asked for; null is the product's default."""

    on: DateString
    in_force: UuidString | None
    terms: Annotated[
        PolicyTermsOut, Field(description="What holds on the day: of the policy in force, or the product's default.")
    ]
    policies: Array[PolicyOut]


class BookAccountCodeOut(Schema):
    """An account of money with its code in vouchers on a day; without one the month's vouchers are refused once it moves."""

    account: str
    currency: str
    closed_on: Annotated[DateString | None, Field(description="The first day on which it takes nothing.")]
    code: str | None
    name_zh: str
    name_en: str
    presentation_zh: str
    presentation_en: str
    source: Annotated[str, Field(description="The chart's row, or the entity's accounting policy.")]
    is_own: Annotated[bool, Field(description="Whether the code is the entity's own, of its accounting policy.")]
    is_clearing: Annotated[bool, Field(description="Whether what is under way between two books stands on it.")]

    @classmethod
    def from_core(cls, account: CodedAccount) -> BookAccountCodeOut:
        """Return the shape of ``account``."""
        code = account.code
        return cls(
            account=account.path,
            currency=account.currency,
            closed_on=account.closed_on,
            code=None if code is None else code.code,
            name_zh="" if code is None else code.name_zh,
            name_en="" if code is None else code.name_en,
            presentation_zh="" if code is None else code.presentation_zh,
            presentation_en="" if code is None else code.presentation_en,
            source="" if code is None else code.source,
            is_own=account.is_own,
            is_clearing=account.is_clearing,
        )


class BookAccountCodesOut(Schema):
    """A book's accounts of money by path with their codes on the day, and how many still have none."""

    on: DateString
    chart_version: str
    missing: int
    accounts: Array[BookAccountCodeOut]


class ChartRowOut(Schema):
    """One account of the Chinese chart with its source."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    parent: str
    path: str
    presentation_zh: str
    presentation_en: str
    effective_from: DateString
    effective_to: DateString | None
    source: str
    status: str
    version: str

    @classmethod
    def from_core(cls, row: ChartRow) -> ChartRowOut:
        """Return the shape of ``row``."""
        return cls(
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            kind=row.kind.value,
            parent=row.parent,
            path=row.path,
            presentation_zh=row.presentation_zh,
            presentation_en=row.presentation_en,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
            source=row.source,
            status=row.status.value,
            version=row.version,
        )


class ChartOut(Schema):
    """The chart of accounts and the version of its content."""

    version: str
    accounts: Array[ChartRowOut]


class VoucherLineOut(Schema):
    """One line; one of ``debit`` and ``credit`` is null."""

    line: int
    account: str
    account_code: str
    account_name_zh: str
    account_name_en: str
    debit: AmountOut | None
    credit: AmountOut | None
    quantity: Annotated[str | None, Field(description="What the entry moved of the instrument, in its smallest units.")]

    @classmethod
    def from_core(cls, line: VoucherLine) -> VoucherLineOut:
        """Return the shape of ``line``."""
        return cls(
            line=line.line,
            account=line.path,
            account_code=line.account_code,
            account_name_zh=line.account_name_zh,
            account_name_en=line.account_name_en,
            debit=_amount(line.debit_minor, line),
            credit=_amount(line.credit_minor, line),
            quantity=None if line.quantity is None else str(line.quantity),
        )


class VoucherOut(Schema):
    """One voucher with its entry, papers, lines, and the persons who stand for it."""

    month: MonthString
    number: int
    word: Annotated[str, Field(examples=["记"])]
    voucher_on: DateString
    document_on: DateString | None
    kind: str
    summary_zh: str
    summary_en: str
    doc_ref: str
    attachments: Array[str]
    is_red: bool
    reverses_seq: int | None
    entry_id: UuidString
    entry_seq: int
    leaf_hash: str
    lines: Array[VoucherLineOut]
    digest: Annotated[str, Field(description="What a review binds to.")]
    prepared_by: UuidString
    numbered_by: UuidString
    numbered_at: InstantString
    reviewed_by: UuidString | None
    reviewed_at: InstantString | None

    @classmethod
    def from_core(cls, record: VoucherRecord) -> VoucherOut:
        """Return the shape of ``record``."""
        voucher = record.voucher
        return cls(
            month=str(voucher.month),
            number=voucher.number,
            word=voucher.word.value,
            voucher_on=voucher.voucher_on,
            document_on=voucher.document_on,
            kind=voucher.kind,
            summary_zh=voucher.summary_zh,
            summary_en=voucher.summary_en,
            doc_ref=voucher.doc_ref,
            attachments=voucher.attachments,
            is_red=voucher.is_red,
            reverses_seq=voucher.reverses_seq,
            entry_id=voucher.entry_id,
            entry_seq=voucher.entry_seq,
            leaf_hash=voucher.leaf_hash.hex(),
            lines=tuple(VoucherLineOut.from_core(line) for line in voucher.lines),
            digest=record.digest,
            prepared_by=voucher.prepared_by,
            numbered_by=record.numbered_by,
            numbered_at=record.numbered_at,
            reviewed_by=record.reviewer_id,
            reviewed_at=record.reviewed_at,
        )


class VouchersOut(Schema):
    """A page of a month's vouchers by number."""

    month: MonthString
    vouchers: Array[VoucherOut]
    next_cursor: str | None


class NumberingOut(Schema):
    """What a run numbered, and the month's last number."""

    month: MonthString
    numbered: int
    last_number: int

    @classmethod
    def from_core(cls, done: Numbering) -> NumberingOut:
        """Return the shape of ``done``."""
        return cls(month=str(done.month), numbered=done.numbered, last_number=done.last_number)


class VoucherDigestIn(Schema):
    """One voucher as its reviewer read it."""

    number: Annotated[int, Field(ge=1, le=2**53, examples=[1])]
    digest: DigestText


class VoucherReviewsIn(Schema):
    """The vouchers that are reviewed, each with its digest; all or none."""

    vouchers: Annotated[Array[VoucherDigestIn], Field(min_length=1, max_length=MOST_REVIEWS)]


class DifferenceOut(Schema):
    """An account on which vouchers and ledger disagree over the month, debit positive; ``difference`` is the vouchers less the ledger."""

    account: str
    vouchers: AmountOut
    ledger: AmountOut
    difference: AmountOut


class VoucherCheckOut(Schema):
    """How a month's vouchers stand against the ledger."""

    month: MonthString
    last_number: int
    unnumbered: int
    unreviewed: int
    ties: bool
    differences: Array[DifferenceOut]

    @classmethod
    def from_core(cls, check: VoucherCheck) -> VoucherCheckOut:
        """Return the shape of ``check``."""
        return cls(
            month=str(check.month),
            last_number=check.last_number,
            unnumbered=check.unnumbered,
            unreviewed=check.unreviewed,
            ties=check.ties,
            differences=tuple(
                DifferenceOut(
                    account=each.path,
                    vouchers=money_out(each.vouchers_minor, each.currency),
                    ledger=money_out(each.ledger_minor, each.currency),
                    difference=money_out(each.difference_minor, each.currency),
                )
                for each in check.differences
            ),
        )


class SettlementIn(Schema):
    """A trade whose money has moved."""

    trade_ref: Annotated[str, Field(max_length=80, examples=["2026-0812-01"])]
    settled_on: DateString
    doc_ref: Annotated[str, Field(max_length=200, examples=["bank slip 20260813-7"])] = ""


class UnsettledOut(Schema):
    """A trade whose money is still to move: above zero to be received, below zero to be paid."""

    trade_ref: str
    entry_id: UuidString
    traded_on: DateString
    amount: AmountOut


class UnsettledListOut(Schema):
    """Trades whose money is still to move, in the order of booking."""

    as_of: DateString
    trades: Array[UnsettledOut]


class SettledOut(Schema):
    """The settlement's entry."""

    entry_id: UuidString
    seq: int
    leaf_hash: str
    recorded_at: InstantString


def policies_out(records: tuple[PolicyRecord, ...], in_force: PolicyRecord | None, *, on: date) -> PoliciesOut:
    """Return a book's policies with the one in force, the product's default where none is."""
    return PoliciesOut(
        on=on,
        in_force=None if in_force is None else in_force.policy_id,
        terms=PolicyTermsOut.of(DEFAULT_POLICY if in_force is None else in_force.policy),
        policies=tuple(PolicyOut.from_core(record) for record in records),
    )


def _amount(minor: int, line: VoucherLine) -> AmountOut | None:
    return AmountOut(amount=format_units(minor, line.scale), unit=line.currency) if minor else None
