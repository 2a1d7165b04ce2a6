"""CNEEEX answers: what is a price, what only looks like one, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from finance.feeds.cneeex import DayStatistics, parse_market, parse_statistics
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.contract.answers import CODES, KNOWN_AT, answer, frozen_market_answer, market_answer, statistics_row

COMPOSITE_FROM = date(2023, 8, 28)


def one_close(raw: bytes) -> Observation:
    parsed = parse_market(raw, known_at=KNOWN_AT, known_codes=CODES, composite_close_from=COMPOSITE_FROM)
    assert parsed.alerts == ()
    (observation,) = parsed.observations
    return observation


def statistics(*rows: dict[str, str]) -> DayStatistics:
    return parse_statistics(answer(list(rows)), known_at=KNOWN_AT, known_codes=CODES)


def test_commas_and_texts_become_exact_numbers() -> None:
    close = one_close(market_answer())

    assert close.value == Decimal("98.21")
    assert close.previous_value == Decimal("98.15")
    assert close.volume_t == 224_197
    assert close.trade_date == date(2026, 8, 14)
    assert close.last_trade_date == date(2026, 8, 14)
    assert close.price_basis is PriceBasis.COMPOSITE_CLOSE


def test_fields_that_only_sound_like_prices_are_not_read() -> None:
    close = one_close(market_answer(limiUpPric="not a number", limiDownPric="-", averPric="", updaTime="later"))

    assert close.value == Decimal("98.21")


def test_the_first_day_has_no_previous_close_and_its_trailing_blanks_are_dropped() -> None:
    raw = market_answer(
        quotPoin="20210716", highPric="52.80", lowPric="48.00", lastClosPric="-", closPric="51.23", dealQty="4103953 "
    )

    close = one_close(raw)

    assert close.previous_value is None
    assert close.volume_t == 4_103_953
    assert close.value == Decimal("51.23")


def test_the_composite_code_gives_a_listed_close_before_the_basis_changed() -> None:
    raw = market_answer(quotPoin="20230825", highPric="70.00", lowPric="68.00", closPric="69.00")

    assert one_close(raw).price_basis is PriceBasis.LISTED_CLOSE


def test_a_day_without_a_trade_keeps_the_price_and_an_unknown_last_trade() -> None:
    close = one_close(frozen_market_answer())

    assert close.value == Decimal("81.00")
    assert close.volume_t == 0
    assert close.last_trade_date is None
    assert close.warnings == ()


def test_a_composite_close_above_the_high_is_taken_with_a_warning() -> None:
    close = one_close(market_answer(quotPoin="20231212", highPric="70.77", lowPric="70.44", closPric="70.81"))

    assert close.value == Decimal("70.81")
    assert close.warnings == ("COMCEA 2023-12-12: close 70.81 lies outside 70.44 to 70.77",)


def test_a_vintage_close_above_the_high_is_refused() -> None:
    raw = market_answer(subjCode="CEA25", highPric="70.77", lowPric="70.44", closPric="70.81")

    with pytest.raises(Invalid) as refused:
        one_close(raw)

    assert refused.value.code == "feed.incoherent"


def test_a_failure_inside_http_200_is_a_typed_error() -> None:
    raw = '{"success": false, "code": 401, "message": "查询数据失败", "data": null}'.encode()

    with pytest.raises(Conflict) as refused:
        one_close(raw)

    assert refused.value.code == "feed.refused"


def test_a_zero_close_is_no_price() -> None:
    close = one_close(market_answer(closPric="0.00", highPric="0.00", lowPric="0.00", dealQty="0"))

    assert close.value is None
    assert close.missing_reason == "the exchange gives no close"


def test_a_new_vintage_is_read_and_raises_an_alert() -> None:
    raw = market_answer(subjCode="CEA26")

    parsed = parse_market(raw, known_at=KNOWN_AT, known_codes=CODES, composite_close_from=COMPOSITE_FROM)

    assert [alert.code for alert in parsed.alerts] == ["feed.unknown_instrument"]
    assert parsed.observations[0].instrument == "CEA26"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "feed.empty"),
        (b"  \n", "feed.empty"),
        (b"<html><body>please wait</body></html>", "feed.html"),
        (market_answer()[:-20], "feed.not_json"),
        (b"\xff\xfe\x00", "feed.not_json"),
        (b"[" * 100_000, "feed.not_json"),
        (b'{"success": true, "success": true, "data": []}', "feed.repeated_key"),
        (b'{"success": true, "data": [NaN]}', "feed.not_finite"),
        (b"[]", "feed.shape"),
        (b'{"success": true, "data": {}}', "feed.shape"),
        (b'{"success": true, "data": []}', "feed.no_rows"),
        (b'{"success": "true", "data": []}', "feed.refused"),
        (b'{"success": true, "data": [1]}', "feed.field"),
        (market_answer(quotPoin="20260230"), "date.format"),
        (market_answer(closPric="1e5"), "amount.format"),
        (market_answer(closPric="98,21"), "amount.format"),
        (market_answer(closPric="\uff19\uff18"), "amount.format"),
        (market_answer(closPric="-98.21"), "market.price"),
        (market_answer(closPric="\ud800"), "feed.field"),
        (market_answer(dealQty="-5"), "amount.range"),
    ],
)
def test_what_is_not_the_expected_answer_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        one_close(raw)

    assert refused.value.code == code


def test_composite_rows_are_never_added_to_their_parts() -> None:
    day = statistics(
        statistics_row("CEA25", "10", "224,197", "22,017,438.00"),
        statistics_row("CEA25", "20", "500,000", "46,945,000.00"),
        statistics_row("CEA25", "21", "0", "0.00"),
        statistics_row("COMCEA", "10", "224,197", "22,017,438.00"),
        statistics_row("COMCEA", "20", "500,000", "46,945,000.00"),
    )

    assert day.total_t == 724_197
    assert day.composite_t == 724_197
    assert {volume.instrument for volume in day.volumes} == {"CEA25"}
    assert day.alerts == ()


def test_the_block_average_is_turnover_over_volume_and_says_that_it_is_derived() -> None:
    day = statistics(statistics_row("CEA25", "20", "500,000", "46,945,000.00"))

    (average,) = day.observations
    assert average.value == Decimal("93.89")
    assert average.price_basis is PriceBasis.VWAP_BLOCK
    assert average.warnings == ("derived: turnover over volume",)


def test_an_unknown_method_and_an_unknown_code_raise_alerts_and_the_rest_is_read() -> None:
    day = statistics(
        statistics_row("CEA25", "22", "1,000", "93,000.00"),
        statistics_row("CEA26", "10", "10", "900.00"),
        statistics_row("CEA25", "10", "100", "9,800.00"),
    )

    assert sorted(alert.code for alert in day.alerts) == ["feed.unknown_instrument", "feed.unknown_method"]
    assert day.total_t == 1_110
    assert day.observations == ()


def test_vintages_that_do_not_sum_to_the_composite_raise_an_alert() -> None:
    day = statistics(
        statistics_row("CEA25", "10", "100", "9,800.00"), statistics_row("COMCEA", "10", "150", "14,700.00")
    )

    assert [alert.code for alert in day.alerts] == ["feed.sum_differs"]


def test_a_repeated_row_is_refused() -> None:
    row = statistics_row("CEA25", "10", "100", "9,800.00")

    with pytest.raises(Invalid) as refused:
        statistics(row, row)

    assert refused.value.code == "feed.repeated_row"


def test_on_the_day_the_basis_switched_no_move_is_tested() -> None:
    raw = market_answer(quotPoin="20230828", lastClosPric="60.00", closPric="70.00", highPric="70.00", lowPric="68.00")

    close = one_close(raw)

    assert close.previous_value is None
    assert "basis switched" in close.warnings[0]


def test_a_stated_change_that_close_and_previous_close_contradict_is_an_alert() -> None:
    raw = market_answer(chanPric="0.07")

    parsed = parse_market(raw, known_at=KNOWN_AT, known_codes=CODES, composite_close_from=COMPOSITE_FROM)

    assert [alert.code for alert in parsed.alerts] == ["feed.change_differs"]
    assert parsed.observations[0].previous_value == Decimal("98.15")


@pytest.mark.parametrize("change", ["-", "", "0.06 "])
def test_an_absent_or_blank_padded_change_says_nothing_wrong(change: str) -> None:
    assert one_close(market_answer(chanPric=change or "-")).value == Decimal("98.21")


def test_running_totals_are_check_values() -> None:
    day = statistics(statistics_row("CEA25", "10", "224,197", "22,017,438.00"))

    assert [(one.name, one.value, one.grew_by) for one in day.checks] == [
        ("cneeex.querySubStat CEA25 listed total_t", 22_527_922, 224_197)
    ]
