"""Why a flow needs its certificates and what they cost: a tree from the cost to goods, rules, price and fixing.

Owns the words. Computes nothing that ``cbam`` has not computed.
"""

from __future__ import annotations

from finance.compliance.allocation import row_leaf
from finance.compliance.cbam import CbamFlow, LineResult, SeeBasis
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core import amounts

_PLACES = 6
_CENT_PLACES = 2


def explain_flow(flow: CbamFlow) -> Explanation:
    """Return the tree whose root is the cost in EUR, or ``unpriced``."""
    price = Explanation(
        label_en="certificate price, weighted by payable tonnes",
        label_zh="证书价格（按应缴吨数加权）",
        value="missing" if flow.price_eur is None else decimal_text(flow.price_eur, places=_PLACES),
        unit="EUR/certificate",
        source=flow.prices.price_source or "no price was given",
    )
    return Explanation(
        label_en=f"cost of the CBAM certificates of {flow.rules.year}",
        label_zh=f"{flow.rules.year}年CBAM证书成本",
        value="unpriced" if flow.cost_cents is None else amounts.format_units(flow.cost_cents, _CENT_PLACES),
        unit="EUR",
        formula="certificates x price; nothing is due up to the threshold",
        children=(_certificates(flow), price, *_in_cny(flow)),
    )


def _certificates(flow: CbamFlow) -> Explanation:
    rules = flow.rules
    mass = Explanation(
        label_en="mass of the importer's CBAM goods in the year",
        label_zh="进口商年度CBAM货物总量",
        value=decimal_text(flow.importer_mass_t, places=_PLACES),
        unit="t",
        source="as given, else the mass of the lines",
    )
    return Explanation(
        label_en="certificates needed",
        label_zh="所需证书数量",
        value="unknown" if flow.certificates is None else str(flow.certificates),
        unit="certificate",
        formula="sum of lines less the carbon price effectively paid, rounded up to whole certificates",
        children=(
            mass,
            rules.leaf("cbam.threshold_t"),
            *(_line(flow, each) for each in flow.lines),
            rules.leaf("cbam.free_allocation_netting"),
            _deduction(flow),
        ),
    )


def _line(flow: CbamFlow, line: LineResult) -> Explanation:
    rules, goods = flow.rules, line.goods
    if goods.basis is SeeBasis.DEFAULT:
        see = _node(
            ("embedded emissions per tonne by default", "默认隐含排放强度"),
            decimal_text(line.see_tco2_per_t, places=_PLACES),
            "default x (1 + mark-up)",
            (row_leaf(rules.default_row(line.goods_class)), rules.leaf("cbam.default_markup")),
        )
    else:
        see = Explanation(
            label_en="embedded emissions per tonne, actual",
            label_zh="实际隐含排放强度",
            value=decimal_text(line.see_tco2_per_t, places=_PLACES),
            unit="tCO2/t",
            source=f"as given [{goods.basis}]",
        )
    free = _node(
        ("free allocation per tonne", "免费配额调整"),
        decimal_text(line.faa_tco2_per_t, places=_PLACES),
        "benchmark x CBAM factor x CSCF",
        (
            *(row_leaf(row) for row in rules.benchmark_rows(goods.route, line.goods_class)),
            rules.leaf("cbam.factor"),
            rules.leaf("cbam.cscf"),
        ),
    )
    mass = Explanation(
        label_en=f"mass of {goods.line}, CN {goods.cn_code}",
        label_zh=f"{goods.line}（CN {goods.cn_code}）质量",
        value=decimal_text(goods.mass_t, places=_PLACES),
        unit="t",
        source=f"goods imported on {goods.imported_on}, as given",
    )
    return Explanation(
        label_en=f"to be covered for {goods.line}",
        label_zh=f"{goods.line}应缴排放量",
        value=decimal_text(line.payable_t, places=_PLACES),
        unit="tCO2",
        formula="(embedded - free) x mass",
        children=(see, free, mass),
    )


def _deduction(flow: CbamFlow) -> Explanation:
    paid = flow.paid
    if not paid.effective_cny:
        return Explanation(
            label_en="carbon price effectively paid at home",
            label_zh="境内实际支付的碳价",
            value="0",
            unit="tCO2",
            source="none stated; free allowances count for nothing",
        )
    return Explanation(
        label_en="carbon price effectively paid at home, as certificates",
        label_zh="境内实际支付的碳价（折合证书）",
        value="unknown" if flow.deducted_t is None else decimal_text(flow.deducted_t, places=_PLACES),
        unit="tCO2",
        formula="(paid - rebate) / CNY per EUR / certificate price, at most what is payable",
        children=(
            Explanation(
                label_en="paid after rebates",
                label_zh="扣除返还后支付额",
                value=decimal_text(paid.effective_cny, places=_PLACES),
                unit="CNY",
                source=paid.evidence,
            ),
            *_in_cny(flow),
        ),
    )


def _in_cny(flow: CbamFlow) -> tuple[Explanation, ...]:
    if flow.prices.cny_per_eur is None:
        return ()
    return (
        Explanation(
            label_en="CNY per EUR",
            label_zh="欧元兑人民币汇率",
            value=decimal_text(flow.prices.cny_per_eur, places=_PLACES),
            unit="CNY/EUR",
            source=flow.prices.fixing_source or "as given",
        ),
    )


def _node(labels: tuple[str, str], value: str, formula: str, children: tuple[Explanation, ...]) -> Explanation:
    return Explanation(
        label_en=labels[0], label_zh=labels[1], value=value, unit="tCO2/t", formula=formula, children=children
    )
