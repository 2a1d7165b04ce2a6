"""Chinese words for the short codes that answers carry: states, duties, channels, price bases.

A code without a word here is shown as it is, with blanks for underscores; English shows every code so.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.charts.look import Language, Look

_CHINESE: Mapping[str, str] = {
    "abatement": "减排措施",
    "accepted": "已接受",
    "active_sll": "挂钩生效",
    "allowance": "配额",
    "approved": "已批准",
    "approved_override": "复核估值价",
    "attestation": "鉴证",
    "auction": "拍卖价",
    "balance value": "平衡值（BP）",
    "base": "基准",
    "benchmark": "基准值",
    "book": "账面",
    "borrower": "借款人",
    "breach_cure": "违约补救",
    "carbon price": "碳价",
    "carried": "沿用",
    "cbam": "欧盟碳边境调节（CBAM）",
    "certificate": "绿证",
    "clean": "无保留",
    "composite_close": "综合收盘价",
    "conventional": "普通贷款",
    "counted": "计入",
    "credit": "CCER",
    "day_average": "日均价",
    "decision": "利率决定",
    "declassified": "取消标签",
    "done": "已完成",
    "drawdown": "提款",
    "due": "待办",
    "economic": "经济（市价）",
    "ets": "碳配额",
    "everything usable": "全部可用额度",
    "expected": "预计",
    "filtered": "滤波历史模拟",
    "fixing": "汇率定盘",
    "free allocation": "免费分配",
    "fresh": "最新",
    "green": "绿色",
    "green_power": "绿电",
    "green_share": "绿电比例",
    "grid_factor": "电网因子",
    "historical": "历史模拟",
    "interest": "付息",
    "issued so far": "已发放额度",
    "late": "逾期",
    "lender": "贷款人",
    "limited": "有限保证",
    "listed_close": "挂牌收盘价",
    "loan_rate": "贷款利率",
    "loan_saving": "利息节省",
    "mandate_end": "委托到期",
    "maturity": "到期",
    "met": "达标",
    "missed": "未达标",
    "missing": "缺失",
    "month_end_close": "月末收盘价",
    "monte_carlo": "蒙特卡洛模拟",
    "not_given": "未提供",
    "nothing_under_law": "现行规则下无影响",
    "official_price": "官方价格",
    "output": "产量",
    "parity": "中间价",
    "passed": "已过期",
    "power": "电力",
    "premium": "溢价",
    "product_premium": "产品溢价",
    "reasonable": "合理保证",
    "red": "红色",
    "redetermination": "重新决定",
    "refused": "已拒绝",
    "rejected": "未通过",
    "renewable_duty": "可再生能源消纳责任",
    "repayment": "还本",
    "report": "报告",
    "sleeping": "休眠",
    "sleeping_end": "休眠期满",
    "stale": "过期",
    "surplus": "盈余",
    "surrender": "清缴",
    "suspended": "暂停",
    "talks_end": "协商期满",
    "unmodified": "无保留意见",
    "vwap_block": "大宗加权均价",
    "withdrawn": "已撤回",
    "waived": "已豁免",
    "yearly_attestation": "年度鉴证",
    "yearly_report": "年度报告",
    "yellow": "黄色",
}


def term(look: Look | Language, code: str) -> str:
    """Return the word for ``code``: ``green_power`` is ``green power`` or ``绿电``."""
    language = look.language if isinstance(look, Look) else look
    plain = code.replace("_", " ")
    if language is Language.CHINESE:
        return _CHINESE.get(code) or _CHINESE.get(plain) or plain
    return plain
