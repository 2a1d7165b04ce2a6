"""Vouchers of a book's month: numbered without gaps in posting order, reviewed by a second person, tied to the ledger, exported.

Joins the caller's transaction and commits nothing. Numbering takes the book's lock, so that two runs meet one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from finance.accounting.account_codes import codes_of
from finance.accounting.erp_export import columns_for, lines_for
from finance.accounting.months import Month
from finance.accounting.vouchers import MoneyLeg, PostedEntry, Voucher, has_money, voucher_of
from finance.conventions.approvals import WaitingKind
from finance.operations.approval_notices import ask_second_person, end_asking, of_book
from finance.store import reference, vouchers
from finance.store.accounting_policies import policy_in_force
from finance.store.vouchers import VoucherRecord
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.export_formats.report_tables import Column, ReportTable
from ledger.core.parties import SERVICE, Actor
from ledger.store import journal, period_rows
from ledger.store.books import Book
from ledger.store.period_rows import DatedEntry

MOST_REVIEWS = 1_000
_SAVED_TOGETHER = 500
_COLUMN_WIDTH = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """What a run numbered: how many, and the month's last number after it."""

    month: Month
    numbered: int
    last_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An account on which the vouchers and the ledger disagree over the month, minor units, debit positive."""

    path: str
    currency: str
    vouchers_minor: int
    ledger_minor: int

    @property
    def difference_minor(self) -> int:
        """Return the vouchers less the ledger."""
        return self.vouchers_minor - self.ledger_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherCheck:
    """How a month's vouchers stand: entries without one, differences from the ledger, and those that nobody reviewed."""

    month: Month
    last_number: int
    unnumbered: int
    unreviewed: int
    differences: tuple[Difference, ...]

    @property
    def ties(self) -> bool:
        """Return whether every money entry has its voucher and every account agrees with the ledger."""
        return not self.unnumbered and not self.differences


def number_vouchers(session: Session, book_id: int, month: Month, *, actor: Actor, now: datetime) -> Numbering:
    """Give every money entry of the month that has none its voucher, in the order of posting; return how many.

    Running it again numbers nothing. An entry posted later into the month gets the next number. Accounts without a code refuse the run
    (``voucher.account_unmapped``). The same entry never gets two vouchers, and no number is left out: the book's lock is held, and
    the database refuses both.
    """
    journal.lock_book(session, book_id)
    number, after = vouchers.last_numbered(session, book_id, month)
    policy = policy_in_force(session, book_id, month.last_day)
    fresh = [entry for entry in _posted(session, book_id, month, after=after) if has_money(entry)]
    codes = codes_of(
        (leg.path for entry in fresh for leg in entry.money),
        on=month.last_day,
        chart=reference.shipped_accounts(),
        own=policy.own_codes,
    )
    for start in range(0, len(fresh), _SAVED_TOGETHER):
        made = [
            voucher_of(
                entry if entry.recorded_by != SERVICE else replace(entry, recorded_by=actor.user_id),
                month=month,
                number=number + start + place,
                codes=codes,
                words=policy.voucher_words,
            )
            for place, entry in enumerate(fresh[start : start + _SAVED_TOGETHER], start=1)
        ]
        vouchers.save_vouchers(session, book_id, made, by=actor.user_id, at=now)
    if fresh:
        asked = of_book(session, WaitingKind.VOUCHERS, book_id, str(month), month=str(month))
        said = f"{month}: {number + len(fresh)}"
        ask_second_person(session, asked, said=said, maker_id=actor.user_id, now=now)
    return Numbering(month=month, numbered=len(fresh), last_number=number + len(fresh))


def review_vouchers(
    session: Session,
    book_id: int,
    month: Month,
    digests: Mapping[int, str],
    *,
    actor: Actor,
    now: datetime,
) -> tuple[VoucherRecord, ...]:
    """Record that ``actor`` reviewed exactly the vouchers that ``digests`` name by number; all of them or none.

    An unknown number is ``voucher.not_found``, other content ``voucher.digest``, the preparer ``voucher.same_person``, one reviewed by
    somebody else ``voucher.reviewed``. What the same person reviewed before stays.
    """
    if not 1 <= len(digests) <= MOST_REVIEWS:
        raise Invalid("voucher.count", f"vouchers: expected 1 to {MOST_REVIEWS}", field="vouchers")
    journal.lock_book(session, book_id)
    found = vouchers.list_vouchers(session, book_id, month, numbers=digests)
    missing = sorted(set(digests) - {record.voucher.number for record in found})
    if missing:
        raise NotFound("voucher.not_found", f"vouchers: {month} has no voucher {missing[0]}", number=str(missing[0]))
    for record in found:
        _check_reviewable(record, digests[record.voucher.number], actor)
    fresh = [record for record in found if record.reviewer_id is None]
    vouchers.save_reviews(session, book_id, fresh, by=actor.user_id, at=now)
    if not vouchers.count_unreviewed(session, book_id, month):
        end_asking(session, of_book(session, WaitingKind.VOUCHERS, book_id, str(month)), now=now)
    return vouchers.list_vouchers(session, book_id, month, numbers=digests)


def check_vouchers(session: Session, book_id: int, month: Month) -> VoucherCheck:
    """Return how the month's vouchers stand against the ledger: the sums of each account over the month are compared."""
    number, after = vouchers.last_numbered(session, book_id, month)
    unnumbered = sum(has_money(entry) for entry in _posted(session, book_id, month, after=after))
    told = vouchers.sums_by_path(session, book_id, month)
    moved = {
        (each.path, each.commodity): each.amount
        for each in period_rows.movements_between(session, book_id, start=month.start, end=month.end)
        if each.is_money
    }
    return VoucherCheck(
        month=month,
        last_number=number,
        unnumbered=unnumbered,
        unreviewed=vouchers.count_unreviewed(session, book_id, month),
        differences=tuple(
            Difference(
                path=path,
                currency=currency,
                vouchers_minor=told.get((path, currency), 0),
                ledger_minor=moved.get((path, currency), 0),
            )
            for path, currency in sorted({*told, *moved})
            if told.get((path, currency), 0) != moved.get((path, currency), 0)
        ),
    )


def find_voucher(session: Session, book_id: int, month: Month, number: int) -> VoucherRecord:
    """Return one voucher, its lines checked against its digest; an unknown number is ``voucher.not_found``."""
    found = vouchers.list_vouchers(session, book_id, month, numbers=[number]) if number < 2**62 else ()
    if not found:
        raise NotFound("voucher.not_found", f"{month} has no such voucher", number=str(number)[:20])
    _check_unaltered(found[0])
    return found[0]


def export_vouchers(session: Session, book: Book, month: Month, erp: str) -> ReportTable:
    """Return the month's vouchers as the ERP's import columns, one row a line, in order of number; an unknown ERP is refused.

    What is not reviewed is exported too: the ERP's own posting is the entity's step. A month with entries that have no voucher
    is refused (``voucher.unnumbered``), for the file would not tie to the ledger.
    """
    columns = columns_for(reference.shipped_erp_columns(), erp, on=month.last_day)
    check = check_vouchers(session, book.book_id, month)
    if not check.ties:
        raise Conflict(
            "voucher.unnumbered",
            f"month: {check.unnumbered} entries of {month} have no voucher yet; number the month first",
            month=str(month),
        )
    policy = policy_in_force(session, book.book_id, month.last_day)
    return ReportTable(
        name=f"{erp} {month}",
        head=(),
        columns=tuple(Column(heading=column.heading, width=_COLUMN_WIDTH) for column in columns),
        rows=lines_for(_all(session, book.book_id, month), columns, company_code=policy.company_code or book.code),
    )


def _all(session: Session, book_id: int, month: Month) -> Iterator[Voucher]:
    after = 0
    while page := vouchers.list_vouchers(session, book_id, month, after=after, limit=_SAVED_TOGETHER):
        for record in page:
            _check_unaltered(record)
            yield record.voucher
        after = page[-1].voucher.number


def _posted(session: Session, book_id: int, month: Month, *, after: int) -> Iterator[PostedEntry]:
    found = period_rows.entries_between(session, book_id, start=month.start, end=month.end, after=after)
    return (_entry(each) for each in found)


def _entry(found: DatedEntry) -> PostedEntry:
    tonnes: dict[str, int] = {}
    for leg in found.legs:
        if not leg.is_money:
            tonnes[leg.path] = tonnes.get(leg.path, 0) + leg.amount
    return PostedEntry(
        seq=found.seq,
        entry_id=found.entry_id,
        kind=found.kind,
        effective_on=found.effective_on,
        document_on=found.document_on,
        doc_ref=found.doc_ref,
        attrs=found.attrs,
        reverses_seq=found.reverses_seq,
        recorded_by=found.actor_id,
        leaf_hash=found.leaf_hash,
        money=tuple(
            MoneyLeg(path=leg.path, currency=leg.commodity, scale=leg.scale, amount_minor=leg.amount)
            for leg in found.legs
            if leg.is_money
        ),
        tonnes=tonnes,
    )


def _check_reviewable(record: VoucherRecord, digest: str, actor: Actor) -> None:
    _check_unaltered(record)
    number = str(record.voucher.number)
    if record.digest != digest:
        raise Conflict("voucher.digest", f"digest: voucher {number} has other content; read it again", number=number)
    if record.voucher.prepared_by == actor.user_id:
        raise Forbidden(
            "voucher.same_person",
            f"reviewer: expected another person than the preparer of voucher {number}; ask a colleague",
            number=number,
        )
    if record.reviewer_id not in {None, actor.user_id}:
        raise Conflict("voucher.reviewed", f"voucher {number}: reviewed already by somebody else", number=number)


def _check_unaltered(record: VoucherRecord) -> None:
    if record.voucher.digest() != record.digest:
        number = str(record.voucher.number)
        raise Conflict("voucher.altered", f"voucher {number}: its lines are not what was numbered", number=number)


def page_vouchers(session: Session, book_id: int, month: Month, *, after: int, limit: int) -> Sequence[VoucherRecord]:
    """Return a page of the month's vouchers by number after ``after``, at most 200."""
    return vouchers.list_vouchers(session, book_id, month, after=after, limit=max(1, min(limit, vouchers.MAX_PAGE)))
