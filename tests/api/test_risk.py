"""Market risk over HTTP: figures by hand, what is left out and said so, and what is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from finance.store import reference
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import NO_BOOK, OTHER_BOOK, SQLITE, Treasury, done, entry_id, refused, treasury
from tests.api.test_market_prices import HEADER, SNAPSHOT, close, snapshot, upload
from tests.api.test_market_worth import COLUMNS, book, leaves

LAST = date(2026, 8, 14)
TRADES = (
    COLUMNS + "T-1,opening,2025-01-02,CEA24,100,60.00,,,,,,\n"
    "T-2,opening,2025-01-02,CEA25,700,60.00,,,,,,\n"
    "T-3,purchase,2025-11-20,CEA25,300,80.00,0.00,,,,,\n"
)


def sessions(count: int) -> list[date]:
    calendar = reference.shipped_calendar("cn_exchange")
    days: list[date] = []
    day = LAST
    while len(days) < count:
        if calendar.is_open(day):
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def walk(count: int) -> list[Decimal]:
    """Closes around 90 that never touch a limit, all different moves, the last one 97.40."""
    return [*(Decimal(9000 + (number * number * 37) % 400) / 100 for number in range(count - 1)), Decimal("97.40")]


def prices(count: int, *, idle: int | None = None) -> str:
    """``count`` closes of CEA25 up to the snapshot's day; session number ``idle`` had no trade."""
    lines = []
    for number, (day, value) in enumerate(zip(sessions(count), walk(count), strict=True)):
        last = "2025-12-31" if number == idle else None
        lines.append(close("CEA25", day.isoformat(), f"{value:.2f}", last=last))
    return HEADER + "".join(lines)


def losses(count: int, tonnes: int) -> list[Fraction]:
    """Scenario losses by hand: today's 97.40 times each return, the price rounded half-up at four decimals."""
    values = [Fraction(value) for value in walk(count)]
    found = []
    for before, after in itertools.pairwise(values):
        moved = Fraction("97.40") * after / before
        found.append(tonnes * (Fraction("97.40") - Fraction((moved * 10_000 + Fraction(1, 2)) // 1, 10_000)))
    return sorted(found)


def shown(value: Fraction) -> str:
    return f"{Decimal((abs(value) * 100 + Fraction(1, 2)) // 1) / 100:.2f}"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        furnish(opened)
        yield opened


def furnish(opened: Treasury, trades: str = TRADES) -> None:
    done(opened.open_book(code=f"book-{opened.book[-1]}"))
    for code, year in (("CEA24", 2024), ("CEA25", 2025)):
        body = {"code": code, "kind": "CEA", "vintage_year": year, "opened_on": "2025-01-01"}
        done(opened.post("/instruments", body))
    done(book(opened, trades))


def ready(house: Treasury, count: int = 101, **more: Any) -> None:
    done(upload(house, prices(count, **more)))
    done(snapshot(house))


def ask(house: Treasury, path: str = "/risk", **body: Any) -> httpx.Response:
    return house.post(path, {"snapshot_id": SNAPSHOT, "window": 100, **body})


def test_value_at_risk_is_the_order_statistic_and_shortfall_the_mean_from_it_on(house: Treasury) -> None:
    ready(house)

    answer = done(ask(house, confidence="0.95"))

    ordered = losses(101, 1000)
    assert (answer["scenarios"], answer["order_statistic"]) == (100, 95)
    assert answer["value_at_risk"] == {"amount": shown(ordered[94]), "unit": "CNY"}
    assert answer["expected_shortfall"]["amount"] == shown(sum(ordered[94:], Fraction(0)) / 6)
    assert [one["loss"]["amount"] for one in answer["worst"]] == [shown(one) for one in reversed(ordered[94:])]
    assert (answer["method"], answer["is_estimate"], answer["snapshot_id"]) == ("historical", False, SNAPSHOT)
    assert "ceil(a n)-th smallest loss" in answer["method_text_en"]
    assert all(leaf["source"] for leaf in leaves(answer["explanation"]))
    assert answer["explanation"]["value"] == answer["value_at_risk"]["amount"]


def test_what_has_no_price_is_listed_as_not_covered(house: Treasury) -> None:
    ready(house)

    answer = done(ask(house))

    (left_out,) = answer["not_covered"]
    assert (left_out["instrument"], left_out["quantity"]["amount"], left_out["reason"]) == (
        "CEA24",
        "100",
        "mark_missing",
    )
    assert answer["is_complete"] is False
    assert [one["name"] for one in answer["instruments"]] == ["CEA25"]


def test_a_day_without_a_trade_is_no_zero_return_and_is_counted(house: Treasury) -> None:
    ready(house, 103, idle=50)

    dropped, spread = (done(ask(house, no_trade=rule)) for rule in ("drop", "spread"))

    (series,) = dropped["series"]
    assert (series["returns"], series["no_trade_sessions"], series["missing_sessions"]) == (101, 1, 0)
    assert spread["series"][0]["returns"] == 102
    assert series["sources"] == ["Shanghai Environment and Energy Exchange: close of the day"]


def test_the_same_question_gives_the_same_bytes_whatever_is_learned_later(house: Treasury, clock: Clock) -> None:
    ready(house)
    clock.advance(seconds=1)
    question: dict[str, Any] = {"known": 3, "method": "monte_carlo", "seed": 7, "paths": 1000}
    before = ask(house, **question).content

    done(upload(house, HEADER + close("CEA25", LAST.isoformat(), "97.90")))
    done(book(house, COLUMNS + "T-4,purchase,2025-12-01,CEA25,50,90.00,0.00,,,,,\n"))

    assert ask(house, **question).content == before
    assert done(ask(house, **{**question, "known": 4}))["instruments"][0]["quantity"]["amount"] == "1050"


def test_simulation_carries_its_seed_paths_and_standard_error(house: Treasury) -> None:
    ready(house)

    one, other = (done(ask(house, method="monte_carlo", seed=seed, paths=2000)) for seed in (1, 2))

    assert (one["seed"], one["scenarios"], one["is_estimate"]) == (1, 2000, True)
    assert Decimal(one["value_at_risk_standard_error"]["amount"]) > 0
    assert one["value_at_risk"] != other["value_at_risk"]
    apart = abs(Decimal(one["value_at_risk"]["amount"]) - Decimal(other["value_at_risk"]["amount"]))
    assert apart < 5 * Decimal(one["value_at_risk_standard_error"]["amount"])
    assert all(leaf["source"] for leaf in leaves(one["explanation"]))


def test_a_horizon_by_the_root_of_time_is_the_figure_times_the_root(house: Treasury) -> None:
    ready(house)

    one = done(ask(house, confidence="0.95"))
    four = done(ask(house, confidence="0.95", horizon=4))

    ordered = losses(101, 1000)
    assert four["value_at_risk"]["amount"] == shown(2 * ordered[94])
    assert one["horizon"] == 1


def test_filtered_and_overlapping_figures_are_told_apart(house: Treasury) -> None:
    ready(house, 130)

    found = [
        done(ask(house, window=129, **more))
        for more in ({}, {"method": "filtered"}, {"horizon": 5, "horizon_rule": "overlapping"})
    ]

    assert len({one["value_at_risk"]["amount"] for one in found}) == 3
    assert found[2]["scenarios"] == 125
    assert "overlapping runs of 5" in found[2]["method_text_en"]


def test_a_group_is_the_sum_of_its_books(house: Treasury) -> None:
    other = Treasury(house.client, house.owner, OTHER_BOOK)
    furnish(other, COLUMNS + "U-1,opening,2025-01-02,CEA25,500,60.00,,,,,,\n")
    ready(house)
    body = {"snapshot_id": SNAPSHOT, "window": 100, "books": [{"book_id": house.book}, {"book_id": OTHER_BOOK}]}

    answer = done(house.client.post("/v1/risk", json.dumps(body)))

    ordered = losses(101, 1500)
    assert answer["value_at_risk"]["amount"] == shown(ordered[98])
    assert [one["name"] for one in answer["by_book"]] == [house.book, OTHER_BOOK]
    assert sum(Decimal(one["component"]["amount"]) for one in answer["by_book"]) == Decimal(shown(ordered[98]))


def test_liquidity_says_how_long_a_sale_takes_or_why_nobody_knows(house: Treasury) -> None:
    """1,000 t a session traded; half of it is 500 t a session: 1,000 t take 2 days; the spread is 0.10 x 1,000 t."""
    ready(house)
    plain = done(ask(house))

    (line,) = done(ask(house, participation_share="0.5", half_spread_cny_per_t="0.10", liquidity_month="2026-07"))[
        "liquidity"
    ]

    assert (line["month"], line["average_volume_t"], line["days_to_liquidate"]) == ("2026-07", "1000", "2")
    assert line["half_spread_cost"]["amount"] == "100.00"
    expected = Decimal(plain["instruments"][0]["standalone"]["amount"]) * Decimal("1.414214") + 100
    assert abs(Decimal(line["liquidity_adjusted"]["amount"]) - expected) < Decimal("0.05")
    assert refused(ask(house, liquidity_month="2020-01")) == (409, "risk.no_volume")


def test_a_stand_in_series_is_declared_in_the_answer(house: Treasury) -> None:
    ready(house)
    days = sessions(101)
    leg = {
        "instrument": "CEA25",
        "price_basis": "listed_close",
        "valid_from": days[0].isoformat(),
        "valid_to": "2026-08-15",
    }
    done(snapshot(house, entry_id(2002), instruments=["CEA25"]))

    answer = done(ask(house, series=[{"instrument": "CEA25", "legs": [leg]}]))

    assert answer["series"][0]["legs"] == [f"CEA25 listed_close {days[0]} to 2026-08-15"]


def test_a_backtest_counts_exceptions_and_tests_them(house: Treasury) -> None:
    ready(house, 141)

    answer = done(ask(house, "/risk/back-test", confidence="0.95"))

    assert (answer["days"], answer["window"], answer["expected_exceptions"]) == (40, 100, "2")
    assert answer["exceptions"] == len(answer["exception_days"])
    assert answer["zone"] in {"green", "yellow", "red"}
    assert Decimal(answer["joint"]["statistic"]) >= Decimal(answer["kupiec"]["statistic"])
    assert all(leaf["source"] for leaf in leaves(answer["explanation"]))


def test_a_hedge_of_the_same_moves_is_the_ratio_of_prices(house: Treasury) -> None:
    content = prices(101)
    half = "".join(
        close("CEA24", day.isoformat(), f"{value / 2:.3f}") for day, value in zip(sessions(101), walk(101), strict=True)
    )
    done(upload(house, content + half))
    done(snapshot(house))

    answer = done(house.client.get(f"/v1/hedge-ratio?held=CEA25&hedge=CEA24&snapshot_id={SNAPSHOT}"))

    assert (answer["ratio"], answer["effectiveness"], answer["overlapping_changes"]) == ("2", "1", 100)


YEAR = "year=2025&output_t=10000&benchmark=1.60&direct_intensity=2.60"


def test_a_ladder_is_the_years_gap_times_each_price(house: Treasury) -> None:
    """26,000 t emitted at 62.5 % above the benchmark: the cap takes 3 %, 780 t; nothing is issued and 1,000 t are held.

    Gap = 26,000 - 25,220 - 1,000 = -220 t, worth 21,428.00 at 97.40. Half the output's step leaves the small-plant rule.
    """
    ready(house)
    query = f"{YEAR}&snapshot_id={SNAPSHOT}&mark_instrument=CEA25&other_factors=0.57;0.62"

    answer = done(house.get(f"/risk/ladder?{query}"))

    base = answer["rungs"][0]
    assert (base["axis"], base["gap"]["amount"], base["values"][5]["amount"]) == ("base", "-220", "-21428.00")
    assert answer["prices_cny_per_t"][0] == "48.7"
    assert answer["cover"] == "0.038462"
    more = next(one for one in answer["rungs"] if (one["axis"], one["change"]) == ("output", "0.1"))
    # 28,600 t less floor(28,600 x 0.97) = 27,742 t less 1,000 t held
    assert more["gap"]["amount"] == "-142"
    less = next(one for one in answer["rungs"] if (one["axis"], one["change"]) == ("output", "-0.05"))
    assert less["gap"]["amount"] == "-1000"
    assert {one["has_effect"] for one in answer["rungs"] if one["axis"] == "grid_factor"} == {False}
    assert "direct emissions only" in answer["note_en"]
    assert all(leaf["source"] for leaf in leaves(answer["explanation"]))


def gap_body(**more: Any) -> dict[str, Any]:
    return {
        "snapshot_id": SNAPSHOT,
        "mark_instrument": "CEA25",
        "year": 2025,
        "output_t": "100000",
        "benchmark": "1.60",
        "direct_intensity": "1.65",
        "output_spread": "0.05",
        "benchmark_spread": "0.01",
        "price_volatility": "0.2",
        "seed": 3,
        "paths": 500,
        **more,
    }


def test_gap_cost_at_risk_is_the_quantile_beyond_the_mean(house: Treasury) -> None:
    """At the means: X = -0.05/1.60, alpha = -0.0046875, allocation floor(165,000 x 0.9953125) = 164,226, held 1,000."""
    ready(house)

    answer = done(house.post("/gap-risk", gap_body()))
    certain = done(
        house.post(
            "/gap-risk",
            gap_body(output_spread="0", benchmark_spread="0", price_volatility="0", direct_intensity="2.60"),
        )
    )

    assert answer["expected_gap"]["amount"] == "-226"
    cost = {name: Decimal(answer[name]["amount"]) for name in ("mean_cost", "quantile_cost", "cost_at_risk")}
    assert abs(cost["quantile_cost"] - cost["mean_cost"] - cost["cost_at_risk"]) <= Decimal("0.01")
    assert done(house.post("/gap-risk", gap_body())) == answer
    # 260,000 - 252,200 - 1,000 = 6,800 t at 97.40
    assert (certain["mean_cost"]["amount"], certain["cost_at_risk"]["amount"]) == ("662320.00", "0.00")
    assert all(leaf["source"] for leaf in leaves(answer["explanation"]))


def test_too_few_returns_say_how_many_are_needed(house: Treasury) -> None:
    ready(house, 60)

    answer = ask(house)

    assert refused(answer) == (409, "risk.too_few_sessions")
    assert "at least 100" in answer.json()["detail"]
    assert "found 59" in answer.json()["detail"]


def test_a_book_without_any_usable_price_has_no_risk_figure(house: Treasury) -> None:
    done(snapshot(house))

    assert refused(ask(house)) == (409, "risk.nothing_valued")


@SQLITE
def test_choices_that_make_no_figure_are_refused(house: Treasury) -> None:
    ready(house)
    leg = {"instrument": "CEA25", "price_basis": "listed_close", "valid_from": "2026-01-01", "valid_to": "2026-08-15"}
    eua = {**leg, "instrument": "EUA", "price_basis": "auction", "valid_from": "2025-01-01", "valid_to": "2026-01-01"}
    for body, status, code in (
        ({"confidence": "1"}, 422, "risk.confidence"),
        ({"confidence": "0.4"}, 422, "risk.confidence"),
        ({"confidence": "NaN"}, 422, "request.invalid"),
        ({"confidence": 0.99}, 422, "json.number"),
        ({"confidence": "0.9999"}, 422, "risk.window"),
        ({"window": 99}, 422, "risk.window"),
        ({"window": 10**14}, 422, "risk.window"),
        ({"window": -1}, 422, "request.invalid"),
        ({"horizon": 0}, 422, "risk.horizon"),
        ({"horizon": 10**14}, 422, "risk.horizon"),
        ({"method": "monte_carlo"}, 422, "risk.seed_parts"),
        ({"seed": 1}, 422, "risk.seed_parts"),
        ({"method": "monte_carlo", "seed": 1, "paths": 10**9}, 422, "risk.paths"),
        ({"method": "garch"}, 422, "request.invalid"),
        ({"series": [{"instrument": "CEA25", "legs": [leg, leg]}]}, 422, "risk.legs"),
        ({"series": [{"instrument": "CEA25", "legs": [eua, leg]}]}, 422, "risk.legs_calendar"),
        (
            {"series": [{"instrument": "CEA25", "legs": [{**leg, "instrument": "NONE"}]}]},
            404,
            "market.instrument_unknown",
        ),
        ({"series": [{"instrument": "CEA25", "legs": []}]}, 422, "request.invalid"),
        ({"participation_share": "0"}, 422, "risk.share"),
        ({"half_spread_cny_per_t": "-1"}, 422, "risk.half_spread"),
        ({"liquidity_month": "2026-13"}, 422, "request.invalid"),
        ({"known": 99}, 422, "ledger.record_point"),
        ({"snapshot_id": entry_id(9)}, 404, "market_snapshot.not_found"),
        ({"horizon": 60, "horizon_rule": "overlapping"}, 409, "risk.too_few_runs"),
    ):
        assert refused(ask(house, **body)) == (status, code), body


@SQLITE
def test_gap_questions_that_cannot_be_answered_are_refused(house: Treasury) -> None:
    ready(house)
    for body, status, code in (
        ({"paths": 1}, 422, "risk.paths"),
        ({"paths": 10**9}, 422, "risk.paths"),
        ({"year": 2019}, 404, "allocation.no_rule"),
        ({"year": 0}, 422, "query.year"),
        ({"output_t": "-1"}, 422, "risk.year_negative"),
        ({"output_t": "1" + "0" * 38}, 422, "risk.year_large"),
        ({"output_t": "10.5"}, 422, "risk.whole_tonnes"),
        ({"benchmark": "0"}, 422, "risk.year_case"),
        ({"output_spread": "-1"}, 422, "risk.spread"),
        ({"output_price": "1.5"}, 422, "risk.correlation_impossible"),
        ({"mark_instrument": "CEA24"}, 409, "risk.not_marked"),
        ({"confidence": "0"}, 422, "risk.confidence"),
        ({"output_t": "1e5"}, 422, "request.invalid"),
    ):
        assert refused(house.post("/gap-risk", gap_body(**body))) == (status, code), body
    path = f"/risk/ladder?{YEAR}&snapshot_id={SNAPSHOT}&mark_instrument=CEA25"
    assert refused(house.get(f"{path}&other_factors=x")) == (422, "amount.format")
    assert refused(house.get(f"{path}&green_share=2")) == (422, "risk.year_case")
    hedge = f"/v1/hedge-ratio?held=CEA25&snapshot_id={SNAPSHOT}&hedge="
    assert refused(house.client.get(hedge + "CEA25")) == (422, "risk.hedge")
    assert refused(house.client.get(hedge + "CEA24")) == (409, "risk.not_marked")


def test_another_organisations_books_and_snapshots_are_not_found(
    house: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    ready(house)
    with Client(app, treasury(database, clock, randomness, "Second Smelter").key) as client:
        stranger = Treasury(client, house.owner)
        group = {"snapshot_id": SNAPSHOT, "books": [{"book_id": house.book}]}

        answers = [
            ask(stranger),
            ask(stranger, "/risk/back-test"),
            stranger.post("/gap-risk", gap_body()),
            stranger.get(f"/risk/ladder?{YEAR}&snapshot_id={SNAPSHOT}&mark_instrument=CEA25"),
            client.post("/v1/risk", json.dumps(group)),
        ]

        assert {refused(answer) for answer in answers} == {(404, "book.not_found")}
        hedge = client.get(f"/v1/hedge-ratio?held=CEA25&hedge=CEA24&snapshot_id={SNAPSHOT}")
        assert refused(hedge) == (404, "market_snapshot.not_found")
    assert refused(ask(Treasury(house.client, house.owner, NO_BOOK))) == (404, "book.not_found")


def test_a_group_counts_no_book_twice(house: Treasury) -> None:
    ready(house)
    body = {"snapshot_id": SNAPSHOT, "window": 100, "books": [{"book_id": house.book}] * 2}

    assert refused(house.client.post("/v1/risk", json.dumps(body))) == (422, "risk.books")
