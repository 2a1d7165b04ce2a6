"""Answers in the shape the sources give them, typed by hand with single real values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

KNOWN_AT = datetime(2026, 8, 14, 10, 0, tzinfo=UTC)
CODES = ("COMCEA", "CEA", "CEA21", "CEA22", "CEA23", "CEA24", "CEA25")


def market_answer(**fields: str) -> bytes:
    row = {
        "id": 2088158699418824706,
        "subjCode": "COMCEA",
        "subjName": "全国碳市场综合价格行情",
        "quotPoin": "20260814",
        "highPric": "98.80",
        "lowPric": "98.00",
        "lastClosPric": "98.15",
        "openPric": "98.80",
        "closPric": "98.21",
        "dealQty": "224,197",
        "dealAmt": "22,017,438.00",
        "chanRate": "0.06%",
        "chanPric": "0.06",
        "limiUpPric": "22,803,683",
        "limiDownPric": "1,951,670,702.50",
        "averPric": "211,230,140",
        "updaTime": "14,972,463,510.91",
    } | fields
    with suppress(ArithmeticError):  # a day without one of the two, or a broken one, keeps the change as it is
        row["chanPric"] = fields.get("chanPric") or str(
            Decimal(str(row["closPric"])) - Decimal(str(row["lastClosPric"]))
        )
    return answer([row])


def frozen_market_answer() -> bytes:
    return market_answer(
        subjCode="CEA24",
        subjName="碳排放配额24",
        highPric="0.00",
        lowPric="0.00",
        lastClosPric="81.00",
        openPric="81.00",
        closPric="81.00",
        dealQty="0",
        dealAmt="0.00",
        chanRate="0.00%",
        chanPric="0.00",
    )


def statistics_row(code: str, method: str, volume: str, amount: str) -> dict[str, str]:
    return {
        "id": "2088891089325936641",
        "tradeDate": "20260814",
        "subjectCode": code,
        "subjectName": code,
        "tradeMethod": method,
        "tradeVolume": volume,
        "tradeAmount": amount,
        "yearVolume": "22,527,922",
        "yearAmount": "1,930,082,968.90",
        "totalVolume": "22,527,922",
        "totalAmount": "1,930,082,968.90",
    }


def answer(rows: list[Mapping[str, object]] | list[dict[str, str]] | list[dict[str, object]]) -> bytes:
    return json.dumps({"success": True, "code": 200, "message": "", "data": rows}, ensure_ascii=True).encode()
