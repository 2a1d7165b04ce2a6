"""CCER days: the total row, days without a trade, and a volume without a price."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from finance.feeds.ccer import parse_days
from finance.market.bounds import bounds_from_rows
from finance.market.observations import Acceptance, accept
from ledger.core.errors import DomainError
from tests.contract.answers import KNOWN_AT
from tests.contract.rows import reference_rows

TRUTH: object = json.loads("true")


def row(day: str, amount: object, average: object, turnover: object, name: str = "小计") -> dict[str, object]:
    return {
        "business_date": day,
        "profession_name": name,
        "business_amount": amount,
        "business_ave_price": average,
        "business_price": turnover,
    }


def days(*each: list[dict[str, object]]) -> bytes:
    return json.dumps(each, ensure_ascii=False).encode()


def test_the_price_comes_from_the_total_row_and_the_turnover_is_not_read_as_a_price() -> None:
    raw = days([row("20260814", 699, 90, 62910, name="林业碳汇"), row("20260814", "1,699", "92.00", "156,308.00")])

    (observation,) = parse_days(raw, known_at=KNOWN_AT).observations

    assert observation.value == Decimal("92.00")
    assert observation.volume_t == 1_699
    assert observation.last_trade_date == date(2026, 8, 14)


@pytest.mark.parametrize(("amount", "average"), [(0, 0), ("0", "0.00"), ("-", "-"), (None, None)])
def test_a_day_without_a_trade_has_no_price(amount: object, average: object) -> None:
    (observation,) = parse_days(days([row("2026-05-12", amount, average, 0)]), known_at=KNOWN_AT).observations

    assert observation.value is None
    assert observation.missing_reason == "no trade"
    assert observation.last_trade_date is None


def test_volume_without_a_price_gives_turnover_over_volume_flagged_as_derived() -> None:
    raw = days([row("20240122", "375,315", "", "23,835,280.00")])

    (observation,) = parse_days(raw, known_at=KNOWN_AT).observations

    assert observation.value == Decimal("63.51")
    assert observation.warnings == ("derived: turnover over volume",)


def test_days_come_oldest_first_with_the_last_priced_day_before_them() -> None:
    raw = days([row("20260514", 100, "85.00", 8500)], [row("20260513", 0, 0, 0)], [row("20260512", 100, "84.00", 8400)])

    observations = parse_days(raw, known_at=KNOWN_AT).observations

    assert [seen.trade_date.day for seen in observations] == [12, 13, 14]
    assert observations[2].previous_value == Decimal("84.00")


def test_a_large_move_on_a_thin_day_is_taken_and_a_larger_one_is_flagged_for_review() -> None:
    bounds = bounds_from_rows(reference_rows("instrument_bounds.csv"))
    raw = days(
        [row("20260512", 100, "50.00", 5000)],
        [row("20260513", 699, "78.50", "54871.50")],
        [row("20260514", 699, "126.39", "88346.61")],
    )

    _, taken, flagged = (accept((), seen, bounds) for seen in parse_days(raw, known_at=KNOWN_AT).observations)

    assert (taken.acceptance, taken.reasons) == (Acceptance.NEW, ())
    assert flagged.acceptance is Acceptance.NEW
    assert "soft bound" in flagged.reasons[0]


def test_a_stated_average_that_its_own_turnover_contradicts_raises_an_alert() -> None:
    parsed = parse_days(days([row("20260514", 100, "85.00", 9900)]), known_at=KNOWN_AT)

    assert [alert.code for alert in parsed.alerts] == ["feed.average_differs"]


def test_a_day_without_the_total_row_is_an_alert_and_no_price() -> None:
    parsed = parse_days(days([row("20260514", 100, "85.00", 8500, name="林业碳汇")]), known_at=KNOWN_AT)

    assert parsed.observations == ()
    assert [alert.code for alert in parsed.alerts] == ["feed.no_total"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[]", "feed.no_rows"),
        (b"{}", "feed.shape"),
        (b"[[], 3]", "feed.shape"),
        (b"<!DOCTYPE html>", "feed.html"),
        (days([row("20261301", 1, 1, 1)]), "date.format"),
        (days([row("20260514", TRUTH, "1", 1)]), "feed.field"),
        (days([row("20260514", 1, "1", 1)], [row("2026-05-14", 1, "1", 1)]), "feed.repeated_row"),
        (days([row("20260514", 1, "1", 1), row("20260514", 1, "1", 1)]), "feed.repeated_row"),
        (days([row("20260514", 1, 1e300, 1)]), "amount.format"),
    ],
)
def test_what_is_not_the_expected_answer_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_days(raw, known_at=KNOWN_AT)

    assert refused.value.code == code
