"""Charts over HTTP: they draw exactly what the answers say, for whoever may read these, in two languages and three themes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from api.charts import render
from api.charts.look import Language, Look, Theme
from api.charts.terms import term
from tests.api.ledger_calls import Treasury, done, refused
from tests.api.test_loans_examples import World, world
from tests.api.test_market_prices import SNAPSHOT
from tests.api.test_profit_and_loss import PERIOD, week
from tests.api.test_profit_and_loss import house as earning_house
from tests.api.test_risk import house, ready

__all__ = ["earning_house", "house", "week", "world"]

DAY = "as_of=2026-08-14"


def spec_values(chart: dict[str, Any]) -> list[dict[str, str | None]]:
    values: list[dict[str, str | None]] = chart["spec"]["data"]["values"]
    return values


def picture(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    ET.fromstring(answer.text)  # noqa: S314 - our own picture
    return answer.text


def test_holdings_are_drawn_from_the_positions_exactly(house: Treasury) -> None:
    chart = done(house.get(f"/charts/holdings?{DAY}"))

    free = {row[0]: row[2] for row in chart["rows"] if row[1] == "free"}
    assert free == {"CEA24": "100", "CEA25": "1000"}
    assert spec_values(chart)[0] == {"instrument": "CEA24", "part": "free", "quantity_t": "100"}
    assert "CEA25: 1,000 t free" in chart["description"]
    assert "3 entries recorded" in chart["spec"]["title"]["subtitle"]


def test_a_chart_speaks_chinese_and_its_picture_has_no_style(house: Treasury) -> None:
    chart = done(house.get(f"/charts/holdings?{DAY}&lang=zh&theme=dark"))
    drawn = picture(house.get(f"/charts/holdings.svg?{DAY}&lang=zh&theme=dark"))

    assert chart["title"] == "碳资产持有量（按品种与年份）"
    assert "碳资产持有量" in drawn
    assert "style=" not in drawn
    assert "<script" not in drawn


def test_the_same_chart_is_the_same_bytes(house: Treasury) -> None:
    path = f"/charts/holdings.svg?{DAY}&known=3"

    assert house.get(path).content == house.get(path).content


def test_an_empty_chart_says_so(house: Treasury) -> None:
    chart = done(house.get("/charts/holdings?as_of=2024-01-01"))

    assert chart["rows"] == []
    assert chart["description"] == "Nothing to show yet."
    picture(house.get("/charts/holdings.svg?as_of=2024-01-01"))


def test_worth_names_what_is_unvalued_and_never_draws_it_as_zero(house: Treasury) -> None:
    ready(house, 2)

    chart = done(house.get(f"/charts/worth?{DAY}&snapshot_id={SNAPSHOT}"))

    assert {row[0] for row in chart["rows"]} == {"CEA25"}
    assert ["CEA25", "market value", "97400.00"] in chart["rows"]
    assert "Not valued: CEA24 (mark_missing)" in chart["description"]


def test_risk_and_its_back_test_are_drawn_from_the_same_questions(house: Treasury) -> None:
    ready(house, 201)
    body = {"snapshot_id": SNAPSHOT, "window": 100}

    told = done(house.post("/risk", body))
    chart = done(house.post("/charts/risk", body))
    tested = done(house.post("/charts/risk-back-test", body))

    assert [None, "value at risk", told["value_at_risk"]["amount"]] in chart["rows"]
    assert len(chart["rows"]) == len(told["worst"]) + 2
    assert tested["rows"][-1][1] == "expected"
    for name in ("risk", "risk-back-test"):
        picture(house.post(f"/charts/{name}.svg?lang=zh&theme=print", body))


def test_the_ladder_shows_a_figure_for_every_change_and_price(house: Treasury) -> None:
    ready(house, 2)
    query = (
        f"snapshot_id={SNAPSHOT}&mark_instrument=CEA25&year=2025&output_t=1000000&benchmark=1.60&direct_intensity=1.65"
    )

    told = done(house.get(f"/risk/ladder?{query}"))
    chart = done(house.get(f"/charts/risk-ladder?{query}"))

    assert len(chart["rows"]) == len(told["rungs"]) * len(told["prices_cny_per_t"])
    picture(house.get(f"/charts/risk-ladder.svg?{query}"))


def test_prices_show_how_old_a_trade_is(house: Treasury) -> None:
    ready(house, 3, idle=1)

    chart = done(house.client.get("/v1/charts/prices?instrument=CEA25&as_of=2026-08-14", key=house.client.key))

    trades = {row[3]: row[4] for row in chart["rows"]}
    assert trades["traded that day"] == "0"
    assert int(str(trades["carried from an older trade"])) > 200
    assert "97.40 CNY/t of 2026-08-14" in chart["description"]


def test_a_waterfall_walks_from_opening_to_closing(week: Treasury) -> None:
    told = done(week.get(f"/pnl-explain?{PERIOD}"))
    chart = done(week.get(f"/charts/pnl-explain?{PERIOD}"))

    first, *steps, last = chart["rows"]
    assert (first[2], last[2]) == (told["total"]["opening"]["amount"], told["total"]["closing"]["amount"])
    assert sum((Decimal(row[4]) for row in steps), Decimal(first[2])) == Decimal(last[2])
    assert Decimal(steps[-1][2]) == Decimal(last[2])
    picture(week.get(f"/charts/pnl-explain.svg?{PERIOD}&theme=dark"))


def test_a_loan_s_charts_are_for_its_parties_and_no_assessor(world: World) -> None:
    chain = world.attested()
    path = f"/facilities/{chain.facility_id}/charts"

    timeline = world.done(world.get(world.lender, f"{path}/rate-timeline"), 200)
    schedule = world.done(world.get(world.borrower, f"{path}/schedule?lang=zh"), 200)

    assert timeline["rows"][0][1:3] == ["A", "0"]
    assert {row[1] for row in schedule["rows"]} == {"调整前", "调整后"}
    picture(world.get(world.lender, f"{path}/schedule.svg"))
    for name in ("schedule", "schedule.svg", "rate-timeline.xlsx"):
        assert refused(world.get(world.assessor, f"{path}/{name}"))[0] == 403


def test_a_calendar_has_every_duty_of_the_window(world: World) -> None:
    world.attested()
    query = "from=2025-01-01&to=2027-12-31"

    told = world.done(world.get(world.lender, f"/obligations?{query}"), 200)
    chart = world.done(world.get(world.lender, f"/charts/obligations?{query}"), 200)

    assert len(chart["rows"]) == sum(len(each["obligations"]) for each in told["facilities"])
    picture(world.get(world.assessor, f"/charts/obligations.svg?{query}"))


def test_another_book_s_chart_is_not_found(house: Treasury) -> None:
    foreign = "01939c3e-7b3a-7cc1-9a53-ffffffffffff"
    answer = house.client.get(f"/v1/books/{foreign}/charts/holdings?{DAY}")

    assert refused(answer) == (404, "book.not_found")


@pytest.mark.parametrize("query", ["lang=fr", "theme=neon", "colour=red"])
def test_a_look_that_nobody_knows_is_refused(house: Treasury, query: str) -> None:
    assert house.get(f"/charts/holdings?{DAY}&{query}").status_code in {400, 422}


@pytest.mark.parametrize("theme", list(Theme))
def test_every_theme_gives_each_series_its_own_colour(theme: Theme) -> None:
    palette = Look(theme=theme).palette

    assert len(set(palette.series)) == len(palette.series) == 8
    assert palette.text not in palette.series


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert term(Language.CHINESE, "green_power") == "绿电"
    assert term(Language.ENGLISH, "green_power") == "green power"
    assert term(Language.CHINESE, "new_state") == "new state"


def test_a_picture_that_was_drawn_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(spec: str, **_: object) -> str:
        drawn.append(spec)
        return f"<svg>{len(drawn)}</svg>"

    monkeypatch.setattr("vl_convert.vegalite_to_svg", draw)

    first, again, other = (render.chart_svg({"mark": "bar", "about": about}) for about in ("a", "a", "b"))

    assert (first, again, other) == (b"<svg>1</svg>", b"<svg>1</svg>", b"<svg>2</svg>")
