"""What each kind of alert says, in English and Chinese, with its figures, whom it concerns and where it leads.

Pure: values in, a draft out. Knows no table and judges nothing; whether something is the case is its caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from finance.conventions.approvals import WaitingKind
from finance.conventions.exact_text import decimal_text
from finance.conventions.notices import (
    LONGEST_REF,
    LONGEST_TEXT,
    Figure,
    NoticeDraft,
    NoticeKind,
    Severity,
    Subject,
    Words,
)

_TREASURY = ("compliance:write", "trading:write", "trading:approve")
_LOANS = ("kpi:write", "facility:write", "facility:agree", "determination:propose", "determination:approve")
_DUTIES = (*_LOANS, "attestation:write")
_PRICES = ("market:write", "market:approve")
_DESK = ("trading:write", "trading:approve")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookName:
    """A book as an alert names it."""

    book_id: UUID
    code: str


def shown(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return ``text`` as one printable line of at most ``longest`` characters; nothing becomes a dash."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return (line if len(line) <= longest else f"{line[: longest - 1]}…") or "-"


def compliance_gap(
    organisation_id: UUID,
    book: BookName,
    *,
    year: int,
    gap_t: int,
    high_t: int | None,
    cost_cny: Fraction | None,
    surrender_on: date | None,
    on: date,
    is_urgent: bool,
) -> NoticeDraft:
    """Return the alert of allowances missing for a compliance year: tonnes, the interval's upper end, cost at the mark, last day."""
    cost = "" if cost_cny is None else decimal_text(cost_cny, places=2)
    en = f"On {on}, {gap_t} t of allowances are expected to be missing for {year} in book {book.code}"
    zh = f"截至{on}，账簿{book.code}的{year}年度配额预计缺口{gap_t}吨"
    en += f", {cost} CNY at the mark" if cost else ", not valued for want of a usable mark"
    zh += f"，按标记价格约{cost}元" if cost else "，因无可用价格未估值"
    if surrender_on is not None:
        en += f"; surrender by {surrender_on}"
        zh += f"；须于{surrender_on}前清缴"
    figures = [Figure(label_en="expected gap", label_zh="预计缺口", value=str(gap_t), unit="t")]
    if high_t is not None:
        figures.append(Figure(label_en="highest of the interval", label_zh="区间上限", value=str(high_t), unit="t"))
    if cost:
        figures.append(Figure(label_en="cost at the mark", label_zh="按标记价格的成本", value=cost, unit="CNY"))
    if surrender_on is not None:
        figures.append(
            Figure(label_en="surrender by", label_zh="清缴截止日", value=surrender_on.isoformat(), unit="date")
        )
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.COMPLIANCE_GAP,
        severity=Severity.URGENT if is_urgent else Severity.WARNING,
        subject=Subject(kind="book", ref=str(book.book_id)),
        condition=f"{book.book_id} {year}",
        title=Words(
            en=shown(f"Gap of {gap_t} t for {year} in {book.code}", 200), zh=f"{book.code}{year}年度缺口{gap_t}吨"
        ),
        text=Words(en=f"{en}.", zh=f"{zh}。"),
        path=f"/books/{book.book_id}/compliance?year={year}",
        audience=_TREASURY,
        figures=tuple(figures),
    )


def target_at_risk(
    organisation_id: UUID,
    *,
    facility: str,
    kpi_period_id: UUID,
    kpi_id: str,
    year: int,
    target: Fraction,
    expected: Fraction,
    chance: Fraction | None,
    outlook: str,
) -> NoticeDraft:
    """Return the alert of a KPI whose year is not on track for its target; intensities in tCO2e/t, the chance an estimate."""
    goal, ends = decimal_text(target, places=4), decimal_text(expected, places=4)
    odds = "" if chance is None else decimal_text(100 * chance, places=1)
    figures = [
        Figure(label_en="target, at most", label_zh="目标（不高于）", value=goal, unit="tCO2e/t"),
        Figure(label_en="expected", label_zh="预计", value=ends, unit="tCO2e/t"),
    ]
    if odds:
        figures.append(Figure(label_en="chance (an estimate)", label_zh="达成概率（估计值）", value=odds, unit="%"))
    en = f"{year} is expected to end at {ends} tCO2e/t, the target is at most {goal}"
    zh = f"{year}年预计为{ends}吨二氧化碳当量/吨，目标不高于{goal}"
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.TARGET_AT_RISK,
        severity=Severity.URGENT if outlook in {"off_track", "out_of_reach", "missed"} else Severity.WARNING,
        subject=Subject(kind="kpi_period", ref=str(kpi_period_id)),
        condition=str(kpi_period_id),
        title=Words(
            en=shown(f"Target at risk: KPI {kpi_id} of loan {facility}, {year}", 200),
            zh=shown(f"目标存在风险：贷款{facility}的指标{kpi_id}，{year}年", 200),
        ),
        text=Words(
            en=f"{en}{f'; the chance to meet it is {odds} % (an estimate)' if odds else ''}.",
            zh=f"{zh}{f'；达成概率{odds}%（估计值）' if odds else ''}。",
        ),
        path=f"/kpi-periods/{kpi_period_id}",
        audience=_LOANS,
        figures=tuple(figures),
    )


def stale_price(
    organisation_id: UUID, *, instrument: str, state: str, last_on: date | None, age_sessions: int | None, on: date
) -> NoticeDraft:
    """Return the alert of a price that values nothing any more: its state, its last trade and how many sessions ago that was."""
    en = f"On {on} the price of {instrument} is {state} and values nothing"
    zh = f"截至{on}，{instrument}的价格{'缺失' if state == 'missing' else '陈旧'}，不能用于估值"
    figures = []
    if last_on is not None:
        en, zh = f"{en}; it was last traded on {last_on}", f"{zh}；最近成交日{last_on}"
        figures.append(Figure(label_en="last traded", label_zh="最近成交日", value=last_on.isoformat(), unit="date"))
    if age_sessions is not None:
        figures.append(Figure(label_en="age", label_zh="账龄", value=str(age_sessions), unit="sessions"))
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.PRICE_STALE,
        severity=Severity.WARNING,
        subject=Subject(kind="instrument", ref=instrument),
        condition=instrument,
        title=Words(en=f"No usable price of {instrument}", zh=f"{instrument}无可用价格"),
        text=Words(en=f"{en}; have a mark approved or a price imported.", zh=f"{zh}；请审批人工标记或导入价格。"),
        path=f"/prices?instrument={instrument}",
        audience=_PRICES,
        figures=tuple(figures),
    )


def duty_due(
    organisation_id: UUID,
    *,
    facility_id: UUID,
    facility: str,
    obligation_id: str,
    title: tuple[str, str],
    due_on: date,
    days_left: int,
    is_urgent: bool,
    path: str,
) -> NoticeDraft:
    """Return the alert of a duty under a loan that is near or late: ``days_left`` is negative once its day is over."""
    if days_left < 0:
        en, zh = (
            f"was due on {due_on}, {-days_left} days ago, and is not recorded",
            f"应于{due_on}完成，已逾期{-days_left}天",
        )
    else:
        en, zh = f"is due on {due_on}, in {days_left} days", f"应于{due_on}完成，剩余{days_left}天"
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.REPORT_DUE,
        severity=Severity.URGENT if is_urgent else Severity.WARNING,
        subject=Subject(kind="facility", ref=str(facility_id)),
        condition=shown(f"{facility_id} {obligation_id}", LONGEST_REF),
        title=Words(en=shown(f"{title[0]} ({facility})", 200), zh=shown(f"{title[1]}（{facility}）", 200)),
        text=Words(
            en=shown(f"{title[0]} under loan {facility} {en}."), zh=shown(f"贷款{facility}的“{title[1]}”{zh}。")
        ),
        path=path,
        audience=_DUTIES,
        figures=(Figure(label_en="due on", label_zh="到期日", value=due_on.isoformat(), unit="date"),),
    )


def compliance_step_due(
    organisation_id: UUID,
    book: BookName,
    *,
    year: int,
    step: str,
    title: tuple[str, str],
    due_on: date,
    days_left: int,
    is_urgent: bool,
) -> NoticeDraft:
    """Return the alert of a step of a compliance year that is near or late: ``days_left`` is negative once its day is over."""
    if days_left < 0:
        en, zh = f"was due on {due_on}, {-days_left} days ago", f"应于{due_on}完成，已逾期{-days_left}天"
    else:
        en, zh = f"is due on {due_on}, in {days_left} days", f"应于{due_on}完成，剩余{days_left}天"
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.REPORT_DUE,
        severity=Severity.URGENT if is_urgent else Severity.WARNING,
        subject=Subject(kind="book", ref=str(book.book_id)),
        condition=shown(f"{book.book_id} {year} {step}", LONGEST_REF),
        title=Words(en=shown(f"{title[0]} ({year})", 200), zh=shown(f"{title[1]}（{year}年度）", 200)),
        text=Words(
            en=shown(f"Compliance year {year}, book {book.code}: {title[0]} {en}, and is not recorded as done."),
            zh=shown(f"账簿{book.code}的{year}履约年度：“{title[1]}”{zh}，尚未记录完成。"),
        ),
        path=f"/books/{book.book_id}/compliance-calendar?year={year}",
        audience=("compliance:write", "compliance:approve"),
        figures=(Figure(label_en="due on", label_zh="到期日", value=due_on.isoformat(), unit="date"),),
    )


def limit_used(
    organisation_id: UUID,
    book: BookName,
    *,
    limit_id: UUID,
    named: str,
    day: date,
    used: str,
    limit: str,
    unit: str,
    used_share: Fraction,
) -> NoticeDraft:
    """Return the alert of a trading limit (``day``, ``instrument CEA25``) whose use, this order included, reached its threshold."""
    share = decimal_text(100 * used_share, places=1)
    named = shown(named, 100)
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.LIMIT_USED,
        severity=Severity.WARNING,
        subject=Subject(kind="limit", ref=str(limit_id)),
        condition=f"{limit_id} {day}",
        title=Words(en=f"{share} % of the limit per {named} used", zh=f"限额（{named}）已使用{share}%"),
        text=Words(
            en=f"With an order of {day} in book {book.code}, {used} of {limit} {unit} of the limit per {named} are used.",
            zh=f"计入账簿{book.code}{day}的委托，限额（{named}）{limit} {unit}已使用{used} {unit}。",
        ),
        path=f"/books/{book.book_id}/trading-limits",
        audience=_DESK,
        figures=(
            Figure(label_en="used", label_zh="已使用", value=used, unit=unit),
            Figure(label_en="limit", label_zh="限额", value=limit, unit=unit),
            Figure(label_en="share", label_zh="比例", value=share, unit="%"),
        ),
    )


def limit_refused(
    organisation_id: UUID,
    book: BookName,
    *,
    order_id: UUID,
    instrument: str,
    quantity: int,
    unit: str,
    said: str,
    said_zh: str,
) -> NoticeDraft:
    """Return the alert of an order that a limit refused; ``said`` names the limits."""
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.LIMIT_REFUSED,
        severity=Severity.WARNING,
        subject=Subject(kind="book", ref=str(book.book_id)),
        condition=f"{book.book_id} {order_id}",
        title=Words(en=f"A limit refused an order in {book.code}", zh=f"账簿{book.code}有委托被限额拒绝"),
        text=Words(
            en=shown(f"An order of {quantity} {unit} of {instrument} was refused: {said}"),
            zh=shown(f"{instrument}数量{quantity} {unit}的委托被拒绝：{said_zh}"),
        ),
        path=f"/books/{book.book_id}/orders",
        audience=_DESK,
        figures=(Figure(label_en="quantity", label_zh="数量", value=str(quantity), unit=unit),),
    )


def job_failed(
    organisation_id: UUID, *, job: str, cause: str, day: date, message: str, lasts: bool = False
) -> NoticeDraft:
    """Return the alert of a job that a person should look at, once a day; one that ``lasts`` stands until it is resolved."""
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.JOB_FAILED,
        severity=Severity.WARNING,
        subject=Subject(kind="job", ref=shown(job, LONGEST_REF)),
        condition=shown(f"{job} {cause}" if lasts else f"{day} {job} {cause}", LONGEST_REF),
        title=Words(en=shown(f"Job {job} needs a look", 200), zh=shown(f"任务{job}需要查看", 200)),
        text=Words(en=shown(f"{day}: {message}"), zh=shown(f"{day}：{message}")),
        path="/feeds",
        audience=(*_PRICES, "admin"),
        figures=(Figure(label_en="business day", label_zh="营业日", value=day.isoformat(), unit="date"),),
    )


def witness_refused(organisation_id: UUID, book: BookName, *, size: int, seen: str) -> NoticeDraft:
    """Return the alert that a signed checkpoint is not the beginning of the book's log: history was rewritten.

    ``size`` are the entries of the log as it stands, ``seen`` is what gave it away.
    """
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.WITNESS_REFUSED,
        severity=Severity.URGENT,
        subject=Subject(kind="book", ref=str(book.book_id)),
        condition=shown(f"{book.book_id} {seen}", LONGEST_REF),
        title=Words(
            en=f"The log of {book.code} does not extend a checkpoint", zh=f"账簿{book.code}的日志与检查点不一致"
        ),
        text=Words(
            en=shown(
                f"The log of {size} entries does not begin with what was signed of it ({seen}): entries were changed, or the "
                "database is an older copy. Stop posting and find out."
            ),
            zh=shown(
                f"现有{size}条记录的日志与已签名的检查点不符（{seen}）：记录被改动或数据库为旧副本。请停止记账并查明原因。"
            ),
        ),
        path=f"/books/{book.book_id}/check",
        figures=(Figure(label_en="entries", label_zh="记录数", value=str(size), unit="1"),),
    )


def approval_waits(
    organisation_id: UUID,
    *,
    what: str,
    what_zh: str,
    record_id: UUID | str,
    subject_kind: str,
    said: str,
    path: str,
    scope: str,
    maker_id: UUID | None,
) -> NoticeDraft:
    """Return the alert that something waits for another person's approval, or a question for its answer; its maker does not get it."""
    if subject_kind == WaitingKind.QUERY:
        title, title_zh = f"Awaits an answer: {what}", f"待答复：{what_zh}"
        text, text_zh = f"{what} awaits your answer: {said}", f"{what_zh}等待答复：{said}"
    else:
        title, title_zh = f"Waits for approval: {what}", f"待审批：{what_zh}"
        text, text_zh = f"{what} waits for a second person: {said}", f"{what_zh}等待第二人审批：{said}"
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.APPROVAL_WAITS,
        severity=Severity.INFO,
        subject=Subject(kind=subject_kind, ref=str(record_id)),
        condition=approval_condition(subject_kind, record_id),
        title=Words(en=shown(title, 200), zh=shown(title_zh, 200)),
        text=Words(en=shown(text), zh=shown(text_zh)),
        path=path,
        audience=(scope,),
        except_user_id=maker_id,
    )


def approval_condition(subject_kind: str, record_id: UUID | str) -> str:
    """Return the condition of what waits, by which it is resolved once decided: ``order 0193...``."""
    return f"{subject_kind} {record_id}"


def rate_decided(
    organisation_id: UUID,
    *,
    facility_id: UUID,
    facility: str,
    determination_id: UUID,
    verdict: str,
    period_start: date,
    said: str,
    path: str,
) -> NoticeDraft:
    """Return the alert that a rate determination was approved or refused; ``said`` has the prices or the reason."""
    is_refused = verdict == "refused"
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.RATE_DECIDED,
        severity=Severity.WARNING if is_refused else Severity.INFO,
        subject=Subject(kind="facility", ref=str(facility_id)),
        condition=str(determination_id),
        title=Words(
            en=shown(f"Rate {verdict}: loan {facility}", 200),
            zh=shown(f"利率决定{'被拒绝' if is_refused else '已批准'}：贷款{facility}", 200),
        ),
        text=Words(
            en=shown(f"The determination on the period from {period_start} was {verdict}: {said}"),
            zh=shown(f"{period_start}起考核期的利率决定{'被拒绝' if is_refused else '已批准'}：{said}"),
        ),
        path=path,
        audience=_LOANS,
        figures=(Figure(label_en="period from", label_zh="考核期起", value=period_start.isoformat(), unit="date"),),
    )


def test_message(organisation_id: UUID, *, number: str, only_user_id: UUID) -> NoticeDraft:
    """Return the alert by which a person or an endpoint's keeper sees that alerts arrive."""
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.TEST,
        severity=Severity.INFO,
        subject=Subject(kind="test", ref=number),
        condition=number,
        title=Words(en="Test message", zh="测试消息"),
        text=Words(
            en="This message shows that alerts reach you. Nothing needs doing.",
            zh="本消息用于确认提醒可以送达，无需处理。",
        ),
        path="/notices",
        only_user_id=only_user_id,
    )
