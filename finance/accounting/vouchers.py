"""Vouchers 记账凭证: a posted money entry as numbered, named debit and credit lines that a person reviews and an ERP imports.

Owns the lines, the word, the summary and the digest. Knows no number: the place in the month is given. Chooses no side: the
posting did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785

from finance.accounting.account_codes import AccountCode
from finance.accounting.months import Month
from finance.accounting.policies import VoucherWords
from ledger.core.errors import Invalid

_BANKS = ("Assets:Bank", "Assets:ExchangeCash")
_COST, _HOLDING = "Assets:CarbonCost:", "Assets:Carbon:"
_LONGEST_SUMMARY = 200


class VoucherWord(StrEnum):
    """The word before a voucher's number 凭证字."""

    RECORD = "记"
    RECEIPT = "收"
    PAYMENT = "付"
    TRANSFER = "转"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLeg:
    """One money leg of an entry: minor units of its currency, debit positive."""

    path: str
    currency: str
    scale: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedEntry:
    """What a voucher is made of: an entry as the ledger recorded it, its money legs, and the tonnes by holding account."""

    seq: int
    entry_id: UUID
    kind: str
    effective_on: date
    document_on: date | None
    doc_ref: str
    attrs: Mapping[str, str]
    reverses_seq: int | None
    recorded_by: UUID
    leaf_hash: bytes
    money: tuple[MoneyLeg, ...]
    tonnes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherLine:
    """One line: exactly one of ``debit_minor`` and ``credit_minor`` is not zero; on a red voucher it is below zero.

    ``quantity`` is what the entry moved of the instrument that a line of 1489 carries, in its smallest units, with the line's sign.
    """

    line: int
    path: str
    account_code: str
    account_name_zh: str
    account_name_en: str
    currency: str
    scale: int
    debit_minor: int
    credit_minor: int
    quantity: int | None

    def __post_init__(self) -> None:
        """State what the table checks too."""
        assert (self.debit_minor == 0) != (self.credit_minor == 0), "a line has one side"

    @property
    def amount_minor(self) -> int:
        """Return the line as the ledger posts it, debit positive."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """One voucher of a book's month; ``number`` counts from 1 without gaps in the order of posting.

    A reversal is a red voucher 红字凭证: the sides of what it reverses with amounts below zero.
    """

    month: Month
    number: int
    word: VoucherWord
    voucher_on: date
    document_on: date | None
    kind: str
    summary_zh: str
    summary_en: str
    doc_ref: str
    attachments: tuple[str, ...]
    entry_id: UUID
    entry_seq: int
    leaf_hash: bytes
    reverses_seq: int | None
    prepared_by: UUID
    lines: tuple[VoucherLine, ...]

    def __post_init__(self) -> None:
        """Refuse a voucher that does not balance: the ledger would have refused the entry."""
        sums: dict[str, int] = {}
        for line in self.lines:
            sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor
        assert not any(sums.values()), "a voucher balances in every currency"

    @property
    def is_red(self) -> bool:
        """Return whether it reverses another."""
        return self.reverses_seq is not None

    def totals(self) -> Mapping[str, tuple[int, int]]:
        """Return (debits, credits) by currency in minor units; they are equal."""
        found: dict[str, tuple[int, int]] = {}
        for line in self.lines:
            debit, credit = found.get(line.currency, (0, 0))
            found[line.currency] = (debit + line.debit_minor, credit + line.credit_minor)
        return found

    def digest(self) -> str:
        """Return SHA-256 over the voucher's canonical JSON (RFC 8785), 64 hexadecimal digits: what a review binds to."""
        return hashlib.sha256(rfc8785.dumps(_document(self))).hexdigest()


def has_money(entry: PostedEntry) -> bool:
    """Return whether the entry becomes a voucher: tonnes alone are no accounting event under 财会[2019]22号."""
    return bool(entry.money)


def voucher_of(
    entry: PostedEntry, *, month: Month, number: int, codes: Mapping[str, AccountCode], words: VoucherWords
) -> Voucher:
    """Return the voucher of a posted money entry, its number being given.

    Buying 10,000 t at 80 with fees of 2,400.00 is 记 with debit 1489.01 802,400.00 and credit 1002 802,400.00. Its reversal has
    the same sides with -802,400.00. Source: 会计基础工作规范 on vouchers: word and number, date, summary, accounts, amounts, papers
    attached, and the persons; unconfirmed.
    """
    if not month.start <= entry.effective_on < month.end:
        raise Invalid("voucher.month", f"month: expected that of the entry, {entry.effective_on}", field="month")
    summary_zh, summary_en = summaries(entry)
    return Voucher(
        month=month,
        number=number,
        word=_word(entry, words),
        voucher_on=entry.effective_on,
        document_on=entry.document_on,
        kind=entry.kind,
        summary_zh=summary_zh,
        summary_en=summary_en,
        doc_ref=entry.doc_ref,
        attachments=attachments_of(entry),
        entry_id=entry.entry_id,
        entry_seq=entry.seq,
        leaf_hash=entry.leaf_hash,
        reverses_seq=entry.reverses_seq,
        prepared_by=entry.recorded_by,
        lines=tuple(
            _line(leg, place, entry, codes[leg.path]) for place, leg in enumerate(_debits_first(entry), start=1)
        ),
    )


_WORDS: Mapping[str, tuple[str, str]] = {
    "opening": ("期初结转", "opening balance"),
    "issue": ("配额发放", "allocation"),
    "trade": ("碳资产交易", "carbon trade"),
    "transfer": ("划转", "transfer"),
    "surrender": ("履约清缴", "surrender"),
    "cancel": ("自愿注销", "voluntary cancellation"),
    "fee": ("手续费", "fee"),
    "drawdown": ("提款", "drawdown"),
    "interest": ("利息", "interest"),
    "repayment": ("还款", "repayment"),
    "adjustment": ("调整", "adjustment"),
    "reversal": ("冲销", "reversal"),
    "carry_over": ("配额结转", "carry-over"),
}
_TRADES: Mapping[str, tuple[str, str]] = {
    "purchase": ("购入", "purchase of"),
    "sale": ("出售", "sale of"),
    "surrender": ("履约清缴", "surrender of"),
    "cancel": ("自愿注销", "cancellation of"),
    "opening": ("期初结转", "opening balance of"),
}


def summaries(entry: PostedEntry) -> tuple[str, str]:
    """Return the voucher's summary 摘要 in Chinese and English, one line each of at most 200 characters."""
    attrs = entry.attrs
    zh, en = _WORDS.get(entry.kind, ("记账", "general entry"))
    trade = _TRADES.get(attrs.get("trade_kind", ""))
    instrument = attrs.get("instrument", "")
    if trade is not None and instrument:
        tonnes = sum(abs(moved) for path, moved in entry.tonnes.items() if path.startswith(_HOLDING))
        zh, en = f"{trade[0]}{instrument} {tonnes} 吨", f"{trade[1]} {tonnes} t {instrument}"
    if "summary_zh" in attrs and "summary_en" in attrs:
        zh, en = attrs["summary_zh"], attrs["summary_en"]
    if entry.reverses_seq is not None:
        zh, en = f"冲销第 {entry.reverses_seq} 号分录", f"reversal of entry {entry.reverses_seq}"
    reference = attrs.get("trade_ref", "")
    tail = f" {reference}" if reference else ""
    late = f" ({entry.document_on})" if entry.document_on not in {None, entry.effective_on} else ""
    return f"{zh}{tail}{late}"[:_LONGEST_SUMMARY], f"{en}{tail}{late}"[:_LONGEST_SUMMARY]


def attachments_of(entry: PostedEntry) -> tuple[str, ...]:
    """Return the papers and proofs that belong to the voucher: document reference, snapshot, statement, hashes that entries name."""
    named = [entry.doc_ref] if entry.doc_ref else []
    named += [
        f"{name}={text}"
        for name, text in sorted(entry.attrs.items())
        if name.endswith(("_sha256", "snapshot_id", "adjustment_id", "evidence"))
    ]
    return tuple(named)


def _debits_first(entry: PostedEntry) -> Sequence[MoneyLeg]:
    """Return the legs with what stands on the debit side first, as vouchers are read; a reversal's original debits."""
    turned = -1 if entry.reverses_seq is not None else 1
    return sorted(entry.money, key=lambda leg: leg.amount_minor * turned < 0)


def _line(leg: MoneyLeg, place: int, entry: PostedEntry, code: AccountCode) -> VoucherLine:
    is_red = entry.reverses_seq is not None
    is_debit = (leg.amount_minor > 0) != is_red
    quantity = entry.tonnes.get(f"{_HOLDING}{leg.path.removeprefix(_COST)}") if leg.path.startswith(_COST) else None
    return VoucherLine(
        line=place,
        path=leg.path,
        account_code=code.code,
        account_name_zh=code.name_zh,
        account_name_en=code.name_en,
        currency=leg.currency,
        scale=leg.scale,
        debit_minor=leg.amount_minor if is_debit else 0,
        credit_minor=0 if is_debit else -leg.amount_minor,
        quantity=quantity,
    )


def _word(entry: PostedEntry, words: VoucherWords) -> VoucherWord:
    if words is VoucherWords.SINGLE:
        return VoucherWord.RECORD
    banked = sum(leg.amount_minor for leg in entry.money if leg.path.startswith(_BANKS))
    if entry.reverses_seq is not None:
        banked = -banked  # a red receipt stays a receipt
    if banked:
        return VoucherWord.RECEIPT if banked > 0 else VoucherWord.PAYMENT
    return VoucherWord.TRANSFER


def _document(voucher: Voucher) -> dict[str, Any]:
    return {
        "month": str(voucher.month),
        "number": str(voucher.number),
        "word": voucher.word.value,
        "voucher_on": voucher.voucher_on.isoformat(),
        "document_on": None if voucher.document_on is None else voucher.document_on.isoformat(),
        "kind": voucher.kind,
        "summary_zh": voucher.summary_zh,
        "summary_en": voucher.summary_en,
        "doc_ref": voucher.doc_ref,
        "attachments": list(voucher.attachments),
        "entry_id": str(voucher.entry_id),
        "entry_seq": str(voucher.entry_seq),
        "leaf_hash": voucher.leaf_hash.hex(),
        "reverses_seq": None if voucher.reverses_seq is None else str(voucher.reverses_seq),
        "prepared_by": str(voucher.prepared_by),
        "lines": [
            {
                "line": str(line.line),
                "path": line.path,
                "account_code": line.account_code,
                "account_name_zh": line.account_name_zh,
                "account_name_en": line.account_name_en,
                "currency": line.currency,
                "scale": str(line.scale),
                "debit_minor": str(line.debit_minor),
                "credit_minor": str(line.credit_minor),
                "quantity": None if line.quantity is None else str(line.quantity),
            }
            for line in voucher.lines
        ],
    }
