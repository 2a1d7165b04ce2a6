"""A chart is drawn in a real browser by the script that we serve, under the pages' own policy and without any other request."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, Route

from api.charts.bundle import chart_bundle
from api.charts.holdings import holdings
from api.charts.look import Look
from api.schemas.amounts import AmountOut
from api.schemas.reports import PositionOut, PositionsOut
from tests.e2e.browser import ROOT

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'"
)
PAGE = """<!doctype html><html data-theme="light"><head><link rel="icon" href="data:,"></head><body>
<figure class="chart" data-chart="/chart?lang=en" data-bundle="/vega.js"><div class="canvas"><p>waiting</p></div></figure>
<script type="module" src="/charts.js"></script></body></html>"""


def positions() -> PositionsOut:
    tonnes = AmountOut(amount="1000", unit="t")
    held = PositionOut(
        account="Assets:Carbon:CEA25",
        type="asset",
        commodity="CEA25",
        balance=tonnes,
        held=AmountOut(amount="0", unit="t"),
        available=tonnes,
    )
    point = {"as_of": "2026-08-14", "known": 3, "tree_root": "00" * 32, "recorded_at": None}
    return PositionsOut.model_validate({**point, "positions": (held,), "next_cursor": None})


def test_a_chart_is_drawn_and_answers_the_mouse_under_the_strict_policy(browser: Browser) -> None:
    spec = json.dumps({"spec": dict(holdings(positions(), Look()).spec)})
    files = {
        "/": ("text/html", PAGE.encode()),
        "/charts.js": ("text/javascript", Path(ROOT, "api/static/charts.js").read_bytes()),
        "/vega.js": ("text/javascript", chart_bundle()),
        "/chart": ("application/json", spec.encode()),
    }
    asked: list[str] = []
    said: list[str] = []

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://tonne.test").partition("?")[0]
        asked.append(path)
        kind, body = files[path]
        route.fulfill(body=body, headers={"Content-Type": kind, "Content-Security-Policy": CSP})

    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.route("**/*", answer)
    page.goto("http://tonne.test/")
    drawing = page.locator("figure canvas, figure svg").first
    drawing.wait_for()
    drawing.hover(position={"x": 300, "y": 70})

    page.locator("#vg-tooltip-element.visible").wait_for(state="attached")
    assert "1,000" in page.locator("#vg-tooltip-element").inner_text()
    assert said == []
    assert set(asked) == set(files)
    page.close()
