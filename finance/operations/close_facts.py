"""What the books say about each item of a month's close, with links to the evidence. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from finance.accounting.month_close import Item, ItemFact
from finance.accounting.months import Month
from finance.market.snapshots import Snapshot
from finance.operations.interest_accruals import plan_accruals
from finance.operations.pending_bookings import unexecuted_steps, unsettled_fills
from finance.operations.valuations import marks_needed, value_book
from finance.operations.vouchers import VoucherCheck, check_vouchers
from finance.store import market
from finance.store import month_close as close_store
from ledger import reconciliation
from ledger.core.errors import DomainError
from ledger.store import period_rows
from ledger.store.books import Book

TRADE_KINDS = (
    "opening",
    "issue",
    "trade",
    "capture",  # a deal of an order settles out of what the order set aside
    "transfer",
    "surrender",
    "cancel",
    "fee",
    "carry_over",
    "general",
    "reversal",
)
ALLOCATION_KINDS = ("issue", "surrender", "cancel", "carry_over", "reversal")
_LONGEST = 200


def close_facts(session: Session, book: Book, month: Month, *, now: datetime) -> Mapping[Item, ItemFact]:
    """Return the fact of every item, as recorded now."""
    snapshot = _snapshot(session, book, month)
    check = check_vouchers(session, book.book_id, month)
    return {
        Item.FEEDS: _feeds(session, book, month, snapshot),
        Item.TRADES: _trades(session, book, month, now=now),
        Item.RECONCILIATION: _reconciliation(session, book, month),
        Item.INTEREST: _interest(session, book, month, now=now),
        Item.ALLOCATION: _allocation(session, book, month),
        Item.VALUATION: _valuation(session, book, month, snapshot),
        Item.VOUCHERS: _vouchers(book, month, check),
        Item.REVIEWS: _reviews(book, month, check),
        Item.SOFT_CLOSE: _lock(book, month, is_hard=False),
        Item.HARD_CLOSE: _lock(book, month, is_hard=True),
    }


def _snapshot(session: Session, book: Book, month: Month) -> Snapshot | None:
    """Return the month's last day's snapshot that covers every mark the book needs, the newest known, or None."""
    needed = set(marks_needed(session, book.book_id, as_of=month.last_day))
    for snapshot_id in close_store.snapshot_of_day(session, book.tenant_id, month.last_day):
        found = market.load_snapshot(session, book.tenant_id, snapshot_id)
        if needed <= {mark.instrument for mark in found.marks}:
            return found
    return None


def _feeds(session: Session, book: Book, month: Month, snapshot: Snapshot | None) -> ItemFact:
    needed = marks_needed(session, book.book_id, as_of=month.last_day)
    if not needed:
        return _met("nothing is held that needs a price", "期末无需估值的持仓", "none", {}, "lots of the book")
    if snapshot is None:
        return _unmet(
            f"no frozen marks of {month.last_day} for {', '.join(needed)}"[:_LONGEST],
            f"缺少 {month.last_day} 的冻结行情",
            ",".join(needed),
            {},
            "market snapshots",
        )
    return _met(
        f"marks of {month.last_day} are frozen",
        f"{month.last_day} 行情已冻结",
        snapshot.sha256,
        {"snapshot": f"/v1/snapshots/{snapshot.id}"},
        f"snapshot {snapshot.id}",
    )


def _valuation(session: Session, book: Book, month: Month, snapshot: Snapshot | None) -> ItemFact:
    if not marks_needed(session, book.book_id, as_of=month.last_day):
        return _met("nothing is held that needs a value", "期末无需估值的持仓", "none", {}, "lots of the book")
    if snapshot is None:
        return _unmet("no snapshot to value by", "缺少估值行情快照", "none", {}, "market snapshots")
    valued = value_book(session, book.book_id, snapshot, as_of=month.last_day)
    missing = sorted({f"{lot.lot.instrument} {lot.unvalued_reason}" for lot in valued.unvalued})
    evidence = {"snapshot": f"/v1/snapshots/{snapshot.id}", "valuation": f"/v1/books/{book.book_uuid}/valuation"}
    basis = f"{snapshot.sha256} {','.join(missing)} {len(valued.unvalued)}"
    if missing:
        return _unmet(
            f"{len(valued.unvalued)} lots without a value: {', '.join(missing)}"[:_LONGEST],
            f"{len(valued.unvalued)} 个批次未能估值",
            basis,
            evidence,
            f"snapshot {snapshot.id}",
        )
    return _met("every lot has a value", "全部批次已估值", basis, evidence, f"snapshot {snapshot.id}")


def _trades(session: Session, book: Book, month: Month, *, now: datetime) -> ItemFact:
    waiting = unsettled_fills(session, book, through=month.last_day, now=now)
    if waiting:
        return _unmet(
            f"{len(waiting)} deals are due and not booked: {', '.join(waiting)}"[:_LONGEST],
            f"{len(waiting)} 笔成交已到交收日但未入账",
            ",".join(waiting),
            {"orders": f"/v1/books/{book.book_uuid}/orders"},
            "fills of the book's orders",
        )
    return _counted(session, book, month, TRADE_KINDS, "trades of every desk and registry", "各交易与登记机构的交易")


def _allocation(session: Session, book: Book, month: Month) -> ItemFact:
    waiting = unexecuted_steps(session, book, month)
    if waiting:
        return _unmet(
            f"{len(waiting)} approved steps are not carried out: {', '.join(waiting)}"[:_LONGEST],
            f"{len(waiting)} 项已批准的履约事项未入账",
            ",".join(waiting),
            {"proposals": f"/v1/books/{book.book_uuid}/compliance-proposals"},
            "approved compliance proposals",
        )
    return _counted(
        session, book, month, ALLOCATION_KINDS, "allocation and surrender of the month", "当月配额发放与清缴"
    )


def _counted(
    session: Session, book: Book, month: Month, kinds: tuple[str, ...], what_en: str, what_zh: str
) -> ItemFact:
    """Return a fact that a person must confirm: the book says what it has, nobody but a person what is missing."""
    count = period_rows.count_entries(session, book.book_id, start=month.start, end=month.end, kinds=kinds)
    return _untold(
        f"{count} booked; a person says whether these are all {what_en}",
        f"{count} 笔分录；由人员确认{what_zh}是否齐全",
        f"{count}",
        {"entries": f"/v1/books/{book.book_uuid}/entries"},
        "entries of the month",
    )


def _reconciliation(session: Session, book: Book, month: Month) -> ItemFact:
    point = reconciliation.resolve_point(session, book.book_id, as_of=month.last_day)
    found = reconciliation.reconcile(session, book.book_id, point).accounts
    moved = period_rows.count_entries(session, book.book_id, start=month.start, end=month.end)
    evidence = {"reconciliation": f"/v1/books/{book.book_uuid}/reconciliation?as_of={month.last_day}"}
    if not found:
        return _untold(
            "no statements are read in; a person says whether bank and registry agree",
            "未导入对账单；由人员确认是否相符",
            f"none {moved}",
            evidence,
            "statement sources",
        )
    broken = sum(len(each.breaks) + (each.balance_break is not None) + len(each.failed) for each in found)
    uncovered = [each.account for each in found if each.balance is None]
    basis = f"{point.facts} {moved} {broken} {len(uncovered)}"
    if broken or uncovered:
        return _unmet(
            f"{broken} breaks and {len(uncovered)} accounts without a statement",
            f"{broken} 项差异，{len(uncovered)} 个账户缺对账单",
            basis,
            evidence,
            "reconciliation of the last day",
        )
    return _met(
        f"{len(found)} accounts agree",
        f"{len(found)} 个账户相符",
        basis,
        evidence,
        "reconciliation of the last day",
    )


def _interest(session: Session, book: Book, month: Month, *, now: datetime) -> ItemFact:
    evidence = {"plan": f"/v1/books/{book.book_uuid}/interest-accruals/{month}"}
    try:
        plan = plan_accruals(session, book, month, now=now)
    except DomainError as refusal:
        return _unmet(refusal.message[:_LONGEST], "利息无法计算", refusal.code, evidence, "loan schedules")
    if not plan.tranches:
        return _met("no loan runs in the month", "当月无贷款", "none", evidence, "loan schedules")
    lacking = "".join(sorted(f"{each.tranche_id}{each.change_minor}{each.on}" for each in plan.entries))
    basis = _short(lacking + "".join(sorted(each.code + each.tranche_id for each in plan.untold)))
    if plan.stands:
        return _met(
            f"interest of {plan.tranches} tranches is accrued",
            f"{plan.tranches} 笔贷款利息已计提",
            basis,
            evidence,
            "loan schedules against the book",
        )
    return _unmet(
        f"{len(plan.entries)} entries lacking, {len(plan.untold)} tranches cannot be told",
        f"缺 {len(plan.entries)} 笔分录，{len(plan.untold)} 笔贷款无法计算",
        basis,
        evidence,
        "loan schedules against the book",
    )


def _vouchers(book: Book, month: Month, check: VoucherCheck) -> ItemFact:
    evidence = {"vouchers": f"/v1/books/{book.book_uuid}/voucher-months/{month}"}
    return _fact(
        check.ties,
        f"{check.last_number} vouchers, {check.unnumbered} entries without one, {len(check.differences)} differences",
        f"{check.last_number} 张凭证，{check.unnumbered} 笔分录未编号，{len(check.differences)} 项差异",
        f"{check.last_number} {check.unnumbered}",
        evidence,
        "vouchers against the ledger",
    )


def _reviews(book: Book, month: Month, check: VoucherCheck) -> ItemFact:
    evidence = {"vouchers": f"/v1/books/{book.book_uuid}/voucher-months/{month}"}
    return _fact(
        not check.unreviewed and not check.unnumbered,
        f"{check.unreviewed} of {check.last_number} vouchers are not reviewed",
        f"{check.last_number} 张凭证中 {check.unreviewed} 张未审核",
        f"{check.last_number} {check.unreviewed}",
        evidence,
        "reviews of vouchers",
    )


def _lock(book: Book, month: Month, *, is_hard: bool) -> ItemFact:
    softly = max(filter(None, (book.soft_locked_through, book.locked_through)), default=None)
    lock = book.locked_through if is_hard else softly
    is_met = lock is not None and lock >= month.last_day
    shown = "no day" if lock is None else lock.isoformat()
    return _fact(
        is_met,
        f"closed through {shown}",
        f"已关账至 {shown}" if lock else "未关账",
        shown,
        {"periods": f"/v1/books/{book.book_uuid}/periods"},
        "the book's locks",
    )


def _fact(
    is_met: bool | None,  # noqa: FBT001 - the one fact that the others explain
    reason_en: str,
    reason_zh: str,
    basis: str,
    evidence: Mapping[str, str],
    source: str,
) -> ItemFact:
    return ItemFact(
        is_met=is_met,
        reason_en=reason_en,
        reason_zh=reason_zh,
        basis=_short(basis),
        evidence=evidence,
        source=source,
    )


def _met(reason_en: str, reason_zh: str, basis: str, evidence: Mapping[str, str], source: str) -> ItemFact:
    return _fact(True, reason_en, reason_zh, basis, evidence, source)  # noqa: FBT003 - the name says it


def _unmet(reason_en: str, reason_zh: str, basis: str, evidence: Mapping[str, str], source: str) -> ItemFact:
    return _fact(False, reason_en, reason_zh, basis, evidence, source)  # noqa: FBT003 - the name says it


def _untold(reason_en: str, reason_zh: str, basis: str, evidence: Mapping[str, str], source: str) -> ItemFact:
    return _fact(None, reason_en, reason_zh, basis, evidence, source)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()
