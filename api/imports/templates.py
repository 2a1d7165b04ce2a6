"""The one table of what each template's columns are: headings, units, kinds and words, from which sheets, reading and messages come.

Owns the columns. Knows no file format and no meaning beyond a column: what a trade or a month is, their packages say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.translations import Language, catalog
from finance.accounting.trades import TradeKind
from finance.emissions.templates import ActivityTemplate
from finance.feeds import manual
from finance.feeds.trades import MORE_TRADE_COLUMNS, TRADE_COLUMNS
from finance.market.observations import PriceBasis
from finance.store import activity_reference
from ledger.core.errors import Expected, NotFound

EXAMPLE_MARK = "※示例 EXAMPLE※ "
"""What the first cell of an example row begins with; such a row is never imported."""

ERROR_HEADING = "错误 Error"
"""The column in which a sheet comes back with what is wrong in each row; it is not read."""


class Template(StrEnum):
    """What a file is filled with."""

    ACTIVITY = "activity"
    TRADES = "trades"
    OPENING_POSITIONS = "opening-positions"
    REGISTRY_STATEMENT = "registry-statement"
    BANK_STATEMENT = "bank-statement"
    PRICES = "prices"


class ColumnKind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateColumn:
    """One column: its key, its headings and unit, what a cell holds, and an example of it.

    ``choices`` maps each word that programs use to its Chinese word; a cell may hold either.
    """

    key: str
    heading_en: str
    heading_zh: str
    kind: ColumnKind
    example: str
    unit: str = ""
    unit_zh: str = ""
    is_required: bool = True
    choices: Mapping[str, str] | None = None

    @property
    def heading(self) -> str:
        """Return the heading as the sheet prints it: ``数量 Quantity (t)``."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.heading_zh} {self.heading_en}{unit}"

    @property
    def rule(self) -> Expected:
        """Return what a cell of the column holds, with the words of a choice in both languages."""
        if self.kind is not ColumnKind.CHOICE:
            return _RULES[self.kind]
        assert self.choices is not None, "a choice has words"
        words, chinese = ", ".join(self.choices), "、".join(self.choices.values())
        return Expected("row.choice", f"one of {words}", words=words, words_zh=chinese)

    def expected(self, language: Language) -> str:
        """Return what a cell of the column holds, as a sentence part."""
        return catalog(language).expected(self.rule)


_RULES = {
    ColumnKind.TEXT: Expected("row.text", "text"),
    ColumnKind.NUMBER: Expected(
        "row.number", "a number such as 1234.5; thousands may be set apart as in 1,234.5; no percent sign"
    ),
    ColumnKind.WHOLE: Expected(
        "row.whole_number", "a whole number such as 20000; thousands may be set apart as in 20,000"
    ),
    ColumnKind.DAY: Expected(
        "row.template_day", "a day: a date cell, 2025-04-30, 2025/4/30, 2025年4月30日 or 20250430"
    ),
    ColumnKind.MONTH: Expected(
        "row.template_month", "a month: 2025-04, 2025年4月, or a date cell on the first of the month"
    ),
    ColumnKind.YEAR: Expected("row.year", "a year of four digits"),
}

_TRADE_WORDS = {
    TradeKind.OPENING: "期初",
    TradeKind.FREE_ALLOCATION: "免费分配",
    TradeKind.PURCHASE: "买入",
    TradeKind.SALE: "卖出",
    TradeKind.SURRENDER: "清缴",
    TradeKind.CANCEL: "自愿注销",
    TradeKind.FEE: "费用",
}
_PLANT_WORDS = {
    "aluminium-electrolysis": ("aluminium electrolysis", "铝电解"),
    "copper-electrorefining": ("copper electrorefining", "铜电解精炼"),
}
"""What a form of plant is called; one that was added later keeps its id."""

_BASIS_WORDS = {
    PriceBasis.LISTED_CLOSE: "挂牌收盘价",
    PriceBasis.COMPOSITE_CLOSE: "综合收盘价",
    PriceBasis.MONTH_END_CLOSE: "月末收盘价",
    PriceBasis.DAY_AVERAGE: "当日均价",
    PriceBasis.VWAP_BLOCK: "大宗均价",
    PriceBasis.AUCTION: "拍卖",
    PriceBasis.OFFICIAL_PRICE: "官方价格",
    PriceBasis.FIXING: "定盘价",
    PriceBasis.PARITY: "人民币中间价",
}
"""Every basis but two persons' own decision, which no file brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateForm:
    """A template with its columns in the sheet's order, its titles, and for activity the form of plant that it is for."""

    template: Template
    title_en: str
    title_zh: str
    columns: tuple[TemplateColumn, ...]
    plant: ActivityTemplate | None = None

    def title(self, language: Language) -> str:
        """Return the title in a language."""
        return self.title_zh if language is Language.ZH else self.title_en


def form_of(template: Template, plant: str | None = None) -> TemplateForm:
    """Return a template's columns; ``plant`` is the activity form's id (``template.unknown`` when there is none such)."""
    if template is Template.ACTIVITY:
        return _activity_form(activity_reference.shipped_template(plant))
    if plant is not None:
        raise NotFound("template.no_plants", "plant: only the activity template has forms of plants")
    return _FORMS[template]


def _activity_form(plant: ActivityTemplate) -> TemplateForm:
    figures = tuple(
        TemplateColumn(
            key=each.field,
            heading_en=each.label_en,
            heading_zh=_without_unit(each.heading_zh),
            unit=each.unit,
            unit_zh=each.heading_zh.replace("（", "(").partition("(")[2].rstrip(")）"),
            kind=ColumnKind.NUMBER,
            example="1234.5",
            is_required=each.is_required,
        )
        for each in plant.fields
    )
    plant_en, plant_zh = _PLANT_WORDS.get(plant.template_id, (plant.template_id, plant.template_id))
    month = TemplateColumn(key="month", heading_en="Month", heading_zh="月份", kind=ColumnKind.MONTH, example="2025-04")
    site = TemplateColumn(key="site", heading_en="Site", heading_zh="厂区", kind=ColumnKind.TEXT, example="一厂区")
    return TemplateForm(
        template=Template.ACTIVITY,
        title_en=f"Activity: {plant_en}",
        title_zh=f"活动数据：{plant_zh}",
        columns=(site, month, *figures),
        plant=plant,
    )


def _without_unit(heading: str) -> str:
    return heading.replace("（", "(").partition("(")[0].strip()


def _column(
    key: str,
    heading_en: str,
    heading_zh: str,
    kind: ColumnKind,
    example: str,
    *,
    unit: str = "",
    is_required: bool = True,
) -> TemplateColumn:
    return TemplateColumn(
        key=key,
        heading_en=heading_en,
        heading_zh=heading_zh,
        kind=kind,
        example=example,
        unit=unit,
        unit_zh=_UNITS_ZH.get(unit, ""),
        is_required=is_required,
    )


_UNITS_ZH = {"t": "吨", "CNY/t": "元/t", "CNY": "元", "EUR/t": "欧元/t", "CNY/EUR": "元/欧元"}
_TEXT, _NUMBER, _WHOLE, _DAY, _YEAR = (
    ColumnKind.TEXT,
    ColumnKind.NUMBER,
    ColumnKind.WHOLE,
    ColumnKind.DAY,
    ColumnKind.YEAR,
)

_TRADES = (
    _column("trade_ref", "Trade reference", "交易编号", _TEXT, "T-2025-001"),
    TemplateColumn(
        key="kind",
        heading_en="Kind",
        heading_zh="类型",
        kind=ColumnKind.CHOICE,
        example="purchase",
        choices={kind.value: word for kind, word in _TRADE_WORDS.items()},
    ),
    _column("traded_on", "Traded on", "日期", _DAY, "2025-04-30"),
    _column("instrument", "Instrument", "品种", _TEXT, "CEA24", is_required=False),
    _column("quantity_t", "Quantity", "数量", _WHOLE, "20000", unit="t", is_required=False),
    _column("price_cny_per_t", "Price", "价格", _NUMBER, "96.13", unit="CNY/t", is_required=False),
    _column("fee_cny", "Fee", "费用", _NUMBER, "1922.60", unit="CNY", is_required=False),
    _column("counterparty", "Counterparty", "对手方", _TEXT, "", is_required=False),
    _column("venue", "Venue", "场所", _TEXT, "Example Exchange", is_required=False),
    _column("compliance_year", "Compliance year", "履约年度", _YEAR, "", is_required=False),
    _column("doc_ref", "Document", "凭证号", _TEXT, "", is_required=False),
    _column("note", "Note", "备注", _TEXT, "", is_required=False),
    _column("settled_on", "Settled on", "结算日", _DAY, "", is_required=False),
    _column("vat_code", "VAT code", "税码", _TEXT, "", is_required=False),
    _column("price_eur_per_t", "Price in euro", "欧元价格", _NUMBER, "", unit="EUR/t", is_required=False),
    _column("fixing_cny_per_eur", "Fixing", "汇率", _NUMBER, "", unit="CNY/EUR", is_required=False),
    _column("fixing_ref", "Source of the fixing", "汇率来源", _TEXT, "", is_required=False),
)
assert {one.key for one in _TRADES} == {*TRADE_COLUMNS, *MORE_TRADE_COLUMNS}, "the template has every column of a trade"

_OPENING = (
    _column("trade_ref", "Reference", "编号", _TEXT, "OPEN-CEA24-1"),
    _column("traded_on", "Taken over on", "期初日", _DAY, "2025-01-01"),
    _column("instrument", "Instrument", "品种", _TEXT, "CEA24"),
    _column("quantity_t", "Quantity", "数量", _WHOLE, "20000", unit="t"),
    _column("price_cny_per_t", "Cost", "单位成本", _NUMBER, "96.13", unit="CNY/t", is_required=False),
    _column("doc_ref", "Document", "凭证号", _TEXT, "", is_required=False),
    _column("note", "Note", "备注", _TEXT, "", is_required=False),
)
_REGISTRY = (
    _column("reference", "Reference", "流水号", _TEXT, "R2025043001", is_required=False),
    _column("booked_on", "Booked on", "变更日期", _DAY, "2025-04-30"),
    _column("commodity", "Instrument", "品种", _TEXT, "CEA24", is_required=False),
    _column("counterparty", "Counterparty", "对方户名", _TEXT, "", is_required=False),
    _column("amount_in", "In", "转入", _WHOLE, "20000", unit="t", is_required=False),
    _column("amount_out", "Out", "转出", _WHOLE, "", unit="t", is_required=False),
    _column("balance", "Balance", "余额", _WHOLE, "20000", unit="t", is_required=False),
)
_BANK = (
    _column("reference", "Reference", "流水号", _TEXT, "B2025043001", is_required=False),
    _column("booked_on", "Booked on", "交易日期", _DAY, "2025-04-30"),
    _column("value_on", "Value on", "起息日", _DAY, "", is_required=False),
    _column("counterparty", "Counterparty", "对方户名", _TEXT, "示例电力公司", is_required=False),
    _column("amount_in", "In", "收入", _NUMBER, "250000.00", unit="CNY", is_required=False),
    _column("amount_out", "Out", "支出", _NUMBER, "", unit="CNY", is_required=False),
    _column("balance", "Balance", "余额", _NUMBER, "1250000.00", unit="CNY", is_required=False),
)
_PRICES = (
    _column("instrument", "Instrument", "品种", _TEXT, "CEA24"),
    _column("exchange", "Exchange", "交易所", _TEXT, "Example Exchange"),
    TemplateColumn(
        key="price_basis",
        heading_en="Price basis",
        heading_zh="价格口径",
        kind=ColumnKind.CHOICE,
        example="listed_close",
        choices={basis.value: word for basis, word in _BASIS_WORDS.items()},
    ),
    _column("trade_date", "Trade date", "交易日", _DAY, "2025-04-30"),
    _column("last_trade_date", "Last trade date", "最近成交日", _DAY, "2025-04-30", is_required=False),
    _column("value", "Price", "价格", _NUMBER, "97.92"),
    _column("currency", "Currency", "币种", _TEXT, "CNY"),
    _column("unit", "Unit", "单位", _TEXT, "t"),
    _column("volume_t", "Volume", "成交量", _WHOLE, "1176706", unit="t", is_required=False),
    _column("source", "Source", "来源", _TEXT, "close of the session"),
)
assert {one.key for one in _PRICES} == set(manual.COLUMNS), "the template has every column of a price"

_FORMS: Mapping[Template, TemplateForm] = {
    template: TemplateForm(template=template, title_en=title_en, title_zh=title_zh, columns=columns)
    for template, title_en, title_zh, columns in (
        (Template.TRADES, "Trades", "交易清单", _TRADES),
        (Template.OPENING_POSITIONS, "Opening positions", "期初持仓", _OPENING),
        (Template.REGISTRY_STATEMENT, "Registry statement", "登记账户对账单", _REGISTRY),
        (Template.BANK_STATEMENT, "Bank statement", "银行对账单", _BANK),
        (Template.PRICES, "Prices", "价格", _PRICES),
    )
}
