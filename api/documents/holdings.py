"""The position statement and the one page for a board: what is held, what it is worth, what is due.

Reads answers and sums nothing that they do not say.
"""

from __future__ import annotations

from api.charts import compliance as compliance_charts
from api.charts import holdings as holding_charts
from api.charts.look import Language, Look, Theme
from api.charts.terms import term
from api.documents.paper import (
    Block,
    Facts,
    Figures,
    Grid,
    Paper,
    Picture,
    Reasons,
    Words,
    amount,
    figure,
    grouped,
    instant_of,
    point_proof,
)
from api.schemas.bank_desk import ObligationsOut
from api.schemas.books import BookOut
from api.schemas.reports import LotsOut, PositionsOut
from api.schemas.worth import ComplianceOut, ValuationOut

_NEXT_DUTIES = 6


def position_statement(
    book: BookOut, positions: PositionsOut, lots: LotsOut, worth: ValuationOut | None, language: Language
) -> Paper:
    """Return what a book holds at the close of a day: by account and by lot, with worth where a snapshot was named."""
    say, look = language.say, Look(language=language, theme=Theme.PRINT)
    blocks: list[Block] = []
    if worth is not None:
        blocks.append(_worth_figures(worth, language))
    blocks.append(Picture.of(holding_charts.holdings(positions, look)))
    blocks.append(
        Grid(
            title=say("Positions by account", "科目持仓"),
            headings=(
                say("Account", "科目"),
                say("Balance", "余额"),
                say("Set aside", "受限"),
                say("Free", "可用"),
                say("Unit", "单位"),
            ),
            rows=tuple(
                (
                    one.account,
                    grouped(one.balance.amount),
                    grouped(one.held.amount),
                    grouped(one.available.amount),
                    one.balance.unit,
                )
                for one in positions.positions
                if one.type == "asset"
            ),
            numbers=(1, 2, 3),
            empty=say("Nothing is held.", "无持仓。"),
        )
    )
    blocks.append(
        Grid(
            title=say("Open lots", "未结批次"),
            headings=(
                say("Instrument", "品种"),
                say("Lot", "批次"),
                say("Acquired on", "取得日"),
                say("Quantity", "数量"),
                say("Cost", "成本"),
            ),
            rows=tuple(
                (one.commodity, str(one.lot_id), str(one.acquired_on), amount(one.quantity), amount(one.cost))
                for one in lots.lots
            ),
            numbers=(3, 4),
            empty=say("No lot is open.", "无未结批次。"),
        )
    )
    more = () if worth is None else ((say("Price snapshot SHA-256", "价格快照摘要"), worth.snapshot_sha256),)
    return Paper(
        language=language,
        kind=say("Position statement", "持仓报告"),
        title=say(f"Positions of {book.code}", f"{book.code} 持仓报告"),
        subtitle=say(f"at the close of {positions.as_of}", f"截至 {positions.as_of} 日终"),
        blocks=tuple(blocks),
        proof=point_proof(positions, language, more),
        made_at=positions.recorded_at or instant_of(positions.as_of),
    )


def board_page(
    book: BookOut,
    positions: PositionsOut,
    worth: ValuationOut,
    duty: ComplianceOut,
    due: ObligationsOut,
    language: Language,
) -> Paper:
    """Return one A4 page in plain words: what we hold, what it is worth, what is missing and its cost, what comes next."""
    say, look = language.say, Look(language=language, theme=Theme.PRINT)
    unknown = say("not known: no usable price", "未知：无可用价格")
    sentence = _sentence(duty, language)
    blocks: tuple[Block, ...] = (
        Words(text=sentence),
        Figures(
            items=(
                *_worth_figures(worth, language).items[:1],
                figure(
                    say("Due", "应清缴"),
                    duty.due,
                    say(f"compliance year {duty.year}", f"{duty.year} 履约年度"),
                    unknown,
                ),
                figure(
                    say("Missing (minus: left over)", "缺口（负数为盈余）"),
                    duty.gap,
                    say("after everything usable", "计入全部可用额度后"),
                    unknown,
                ),
                figure(say("Cost of the gap", "缺口成本"), duty.gap_cost, _priced(duty), unknown),
            )
        ),
        Picture.of(compliance_charts.cover(duty, look)),
        Picture.of(holding_charts.holdings(positions, look)),
        _next(due, duty, language),
    )
    return Paper(
        language=language,
        kind=say("Board page", "董事会简报"),
        title=say(f"Carbon position of {book.code}", f"{book.code} 碳资产简报"),
        subtitle=say(f"at the close of {duty.as_of}", f"截至 {duty.as_of} 日终"),
        blocks=blocks,
        proof=point_proof(duty, language, ((say("Price snapshot SHA-256", "价格快照摘要"), worth.snapshot_sha256),)),
        made_at=duty.recorded_at or instant_of(duty.as_of),
        is_compact=True,
    )


def compliance_report(book: BookOut, duty: ComplianceOut, language: Language) -> Paper:
    """Return a compliance year: what is due, what covers it and why, what is missing, its cost and the fine's range."""
    say, look = language.say, Look(language=language, theme=Theme.PRINT)
    unvalued = say("unvalued", "未估值")
    blocks: list[Block] = [
        Figures(
            items=(
                figure(say("Emissions", "排放量"), duty.emissions, say("ets_direct", "直接排放"), unvalued),
                figure(say("Due", "应清缴"), duty.due, say("by the allocation rule", "按分配规则"), unvalued),
                figure(say("Missing (minus: left over)", "缺口（负数为盈余）"), duty.gap, "", unvalued),
                figure(say("Cost of the gap", "缺口成本"), duty.gap_cost, _priced(duty), unvalued),
            )
        ),
        Picture.of(compliance_charts.cover(duty, look)),
        Grid(
            title=say("What may be used", "可用额度判定"),
            headings=(
                say("Instrument", "品种"),
                say("Available", "可用量"),
                say("Usable", "能否使用"),
                say("Reason", "理由"),
            ),
            rows=tuple(
                (
                    one.instrument,
                    amount(one.available),
                    say("yes", "是") if one.is_usable else say("no", "否"),
                    say(one.reason_en, one.reason_zh),
                )
                for one in (*duty.allowances, *duty.credits)
            ),
            numbers=(1,),
            empty=say("Nothing is held.", "无持仓。"),
        ),
    ]
    if duty.fine is not None:
        low, high = amount(duty.fine.low), amount(duty.fine.high)
        blocks.append(
            Words(
                text=say(
                    f"For what stays missing the fine is {low} to {high}.",
                    f"对未清缴部分的罚款区间为 {low} 至 {high}。",
                )
            )
        )
    if duty.price is not None:
        blocks.append(Facts(pairs=((say("Price from", "价格来源"), duty.price_source),)))
    blocks.append(Reasons.of(duty.explanation, language))
    return Paper(
        language=language,
        kind=say("Compliance report", "履约报告"),
        title=say(f"Compliance {duty.year} of {book.code}", f"{book.code} {duty.year} 年度履约报告"),
        subtitle=say(f"at the close of {duty.as_of}", f"截至 {duty.as_of} 日终"),
        blocks=tuple(blocks),
        proof=point_proof(duty, language),
        made_at=duty.recorded_at or instant_of(duty.as_of),
    )


def _next(due: ObligationsOut, duty: ComplianceOut, language: Language) -> Grid:
    say = language.say
    waiting = sorted(
        ((each.due_on, facility.facility_number, each) for facility in due.facilities for each in facility.obligations),
        key=lambda one: (one[0], one[1], one[2].id),
    )
    rows = tuple(
        (str(day), number, say(each.title_en, each.title_zh), amount(each.amount), term(language, each.state.value))
        for day, number, each in waiting
        if each.state.value not in {"done", "waived"} and day >= duty.as_of
    )[:_NEXT_DUTIES]
    return Grid(
        title=say("What comes next", "近期事项"),
        headings=(
            say("Day", "日期"),
            say("Loan", "贷款"),
            say("What", "事项"),
            say("Amount", "金额"),
            say("State", "状态"),
        ),
        rows=rows,
        numbers=(3,),
        empty=say("Nothing is due under loans.", "贷款项下暂无到期事项。"),
    )


def _sentence(duty: ComplianceOut, language: Language) -> str:
    say = language.say
    gap = int(duty.gap.amount)
    unknown = say("not known: no usable price", "未知：无可用价格")
    cost = say(
        f"buying them today would cost {amount(duty.gap_cost, unknown)}",
        f"按今日价格购买需 {amount(duty.gap_cost, unknown)}",
    )
    return say(
        f"For {duty.year} we must surrender {amount(duty.due)}. "
        + (f"{gap:,} t are still missing; {cost}." if gap > 0 else f"We are covered; {-gap:,} t are left over."),
        f"{duty.year} 年度应清缴 {amount(duty.due)}。"
        + (f"尚缺 {gap:,} t；{cost}。" if gap > 0 else f"已足额覆盖，盈余 {-gap:,} t。"),
    )


def _priced(duty: ComplianceOut) -> str:
    return "" if duty.price is None else f"{grouped(duty.price.amount)} {duty.price.unit}"


def _worth_figures(worth: ValuationOut, language: Language) -> Figures:
    say, total = language.say, worth.total
    left_out = (
        say("complete", "完整")
        if total.is_complete
        else say(
            f"{amount(total.unvalued_quantity)} have no usable price", f"{amount(total.unvalued_quantity)} 无可用价格"
        )
    )
    nothing = say("unvalued", "未估值")
    return Figures(
        items=(
            figure(say("Market value", "市值"), total.market_value, left_out, nothing),
            figure(say("Cost", "成本"), total.cost, say("of the valued lots", "已估值批次"), nothing),
            figure(
                say("Unrealised", "未实现损益"), total.unrealised, say("market value less cost", "市值减成本"), nothing
            ),
            figure(
                say("Realised to date", "累计已实现"),
                worth.realised_net,
                say("from the book's first day", "自建账起"),
                nothing,
            ),
        )
    )
