"""Writes and reads vouchers, their lines and reviews. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.accounting.months import Month, parse_month
from finance.accounting.vouchers import Voucher, VoucherLine, VoucherWord
from finance.store.tables.closing import VoucherLineRow, VoucherReviewRow, VoucherRow

MAX_PAGE = 200
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherRecord:
    """A voucher with who numbered it and who reviewed it, if anybody."""

    voucher: Voucher
    digest: str
    numbered_by: UUID
    numbered_at: datetime
    reviewer_id: UUID | None
    reviewed_at: datetime | None


def last_numbered(session: Session, book_id: int, month: Month) -> tuple[int, int]:
    """Return (the month's last number, the place of its entry in the book), zeros where none is numbered."""
    row = session.execute(
        select(func.max(VoucherRow.number), func.max(VoucherRow.entry_seq)).where(
            VoucherRow.book_id == book_id, VoucherRow.month == str(month)
        )
    ).one()
    return row[0] or 0, row[1] or 0


def save_vouchers(session: Session, book_id: int, vouchers: Sequence[Voucher], *, by: UUID, at: datetime) -> None:
    """Insert vouchers with their lines; the guards refuse a gap, a second voucher of an entry and a further line."""
    if not vouchers:
        return
    session.execute(
        insert(VoucherRow),
        [
            {
                "book_id": book_id,
                "month": str(each.month),
                "number": each.number,
                "word": each.word.value,
                "voucher_on": each.voucher_on,
                "document_on": each.document_on,
                "kind": each.kind,
                "summary_zh": each.summary_zh,
                "summary_en": each.summary_en,
                "doc_ref": each.doc_ref,
                "attachments": {"papers": list(each.attachments)},
                "entry_id": each.entry_id,
                "entry_seq": each.entry_seq,
                "leaf_hash": each.leaf_hash,
                "reverses_seq": each.reverses_seq,
                "line_count": len(each.lines),
                "digest": each.digest(),
                "prepared_by": each.prepared_by,
                "numbered_by": by,
                "numbered_at": at,
            }
            for each in vouchers
        ],
    )
    session.execute(
        insert(VoucherLineRow),
        [
            {
                "book_id": book_id,
                "month": str(each.month),
                "number": each.number,
                "line": line.line,
                "path": line.path,
                "account_code": line.account_code,
                "account_name_zh": line.account_name_zh,
                "account_name_en": line.account_name_en,
                "currency": line.currency,
                "scale": line.scale,
                "debit_minor": line.debit_minor,
                "credit_minor": line.credit_minor,
                "quantity": line.quantity,
            }
            for each in vouchers
            for line in each.lines
        ],
    )


def save_reviews(session: Session, book_id: int, records: Sequence[VoucherRecord], *, by: UUID, at: datetime) -> None:
    """Insert reviews; the database refuses a preparer as reviewer and another content."""
    if not records:
        return
    session.execute(
        insert(VoucherReviewRow),
        [
            {
                "book_id": book_id,
                "month": str(each.voucher.month),
                "number": each.voucher.number,
                "digest": each.digest,
                "prepared_by": each.voucher.prepared_by,
                "reviewer_id": by,
                "reviewed_at": at,
            }
            for each in records
        ],
    )


def list_vouchers(
    session: Session,
    book_id: int,
    month: Month,
    *,
    after: int = 0,
    limit: int | None = None,
    numbers: Iterable[int] | None = None,
) -> tuple[VoucherRecord, ...]:
    """Return the month's vouchers by number after ``after``: all, at most ``limit``, or those of the ``numbers`` given."""
    wanted = (
        select(VoucherRow, VoucherReviewRow.reviewer_id, VoucherReviewRow.reviewed_at)
        .outerjoin(
            VoucherReviewRow,
            (VoucherReviewRow.book_id == VoucherRow.book_id)
            & (VoucherReviewRow.month == VoucherRow.month)
            & (VoucherReviewRow.number == VoucherRow.number),
        )
        .where(VoucherRow.book_id == book_id, VoucherRow.month == str(month), VoucherRow.number > after)
        .order_by(VoucherRow.number)
    )
    if numbers is not None:
        wanted = wanted.where(VoucherRow.number.in_(sorted(set(numbers))))
    if limit is not None:
        wanted = wanted.limit(limit)
    heads = session.execute(wanted).all()
    lines = _lines(session, book_id, month, [row.number for row, _, _ in heads])
    return tuple(
        VoucherRecord(
            voucher=_voucher(row, lines[row.number]),
            digest=row.digest,
            numbered_by=row.numbered_by,
            numbered_at=row.numbered_at,
            reviewer_id=reviewer_id,
            reviewed_at=reviewed_at,
        )
        for row, reviewer_id, reviewed_at in heads
    )


def voucher_of_entry(session: Session, book_id: int, entry_seq: int) -> tuple[Month, int] | None:
    """Return the month and number of the entry's voucher, or None."""
    row = session.execute(
        select(VoucherRow.month, VoucherRow.number).where(
            VoucherRow.book_id == book_id, VoucherRow.entry_seq == entry_seq
        )
    ).one_or_none()
    return None if row is None else (parse_month(row.month), row.number)


def sums_by_path(session: Session, book_id: int, month: Month) -> Mapping[tuple[str, str], int]:
    """Return what the month's voucher lines sum to by (account, currency), debit positive, in minor units."""
    rows = session.execute(
        select(
            VoucherLineRow.path,
            VoucherLineRow.currency,
            func.sum(VoucherLineRow.debit_minor - VoucherLineRow.credit_minor).label("amount"),
        )
        .where(VoucherLineRow.book_id == book_id, VoucherLineRow.month == str(month))
        .group_by(VoucherLineRow.path, VoucherLineRow.currency)
    )
    return {(row.path, row.currency): int(row.amount) for row in rows}


def count_unreviewed(session: Session, book_id: int, month: Month) -> int:
    """Return how many of the month's vouchers nobody reviewed."""
    numbered = select(func.count()).where(VoucherRow.book_id == book_id, VoucherRow.month == str(month))
    reviewed = select(func.count()).where(VoucherReviewRow.book_id == book_id, VoucherReviewRow.month == str(month))
    return (session.scalar(numbered) or 0) - (session.scalar(reviewed) or 0)


def _lines(
    session: Session, book_id: int, month: Month, numbers: Sequence[int]
) -> Mapping[int, tuple[VoucherLine, ...]]:
    found: dict[int, list[VoucherLine]] = {number: [] for number in numbers}
    for start in range(0, len(numbers), _CHUNK):
        rows = session.scalars(
            select(VoucherLineRow)
            .where(
                VoucherLineRow.book_id == book_id,
                VoucherLineRow.month == str(month),
                VoucherLineRow.number.in_(numbers[start : start + _CHUNK]),
            )
            .order_by(VoucherLineRow.number, VoucherLineRow.line)
        )
        for row in rows:
            found[row.number].append(_line(row))
    return {number: tuple(lines) for number, lines in found.items()}


def _line(row: VoucherLineRow) -> VoucherLine:
    return VoucherLine(
        line=row.line,
        path=row.path,
        account_code=row.account_code,
        account_name_zh=row.account_name_zh,
        account_name_en=row.account_name_en,
        currency=row.currency,
        scale=row.scale,
        debit_minor=row.debit_minor,
        credit_minor=row.credit_minor,
        quantity=row.quantity,
    )


def _voucher(row: VoucherRow, lines: tuple[VoucherLine, ...]) -> Voucher:
    papers: Mapping[str, Any] = row.attachments
    return Voucher(
        month=parse_month(row.month),
        number=row.number,
        word=VoucherWord(row.word),
        voucher_on=row.voucher_on,
        document_on=row.document_on,
        kind=row.kind,
        summary_zh=row.summary_zh,
        summary_en=row.summary_en,
        doc_ref=row.doc_ref,
        attachments=tuple(papers["papers"]),
        entry_id=row.entry_id,
        entry_seq=row.entry_seq,
        leaf_hash=row.leaf_hash,
        reverses_seq=row.reverses_seq,
        prepared_by=row.prepared_by,
        lines=lines,
    )
