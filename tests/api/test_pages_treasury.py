"""The treasury's pages on the example: pools at average cost, what has no price, and the hour that charts give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api.charts.look import minute
from api.imports.templates import ColumnKind, Template, form_of
from tests.api.example_people import Example, example_on

DAY = "2026-08-19"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with example_on(request.param, request, tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def book(example: Example) -> str:
    return next(str(each["book_id"]) for each in example.get("/books")["books"] if each["code"] == "beihe-aluminium")


def test_a_lot_at_average_cost_is_a_pool_and_claims_no_quantity_of_its_first_day(example: Example, book: str) -> None:
    lots = example.get(f"/books/{book}/lots?as_of={DAY}")["lots"]
    shown = example.page(f"/books/{book}/positions?as_of={DAY}").text

    assert {each["commodity"] for each in lots if each["is_pool"]} == {"CCER-BJ-0001", "CCER-BJ-0002"}
    assert shown.count("pool at average cost") == 2
    assert "34,500" in shown


def test_what_has_no_usable_price_stands_beside_what_was_valued(example: Example, book: str) -> None:
    shown = example.page(f"/books/{book}/profit").text
    row = shown.partition('<th scope="row">CEA24</th>')[2].partition("</tr>")[0]

    assert "Without a usable price" in shown
    assert '48,000 <span class="unit">t</span>' in row


def test_every_word_of_a_template_has_its_chinese() -> None:
    forms = [form_of(each) for each in Template if each is not Template.ACTIVITY]
    choices = [column for form in forms for column in form.columns if column.kind is ColumnKind.CHOICE]

    assert {column.key for column in choices} >= {"kind", "price_basis"}
    assert all(all((column.choices or {}).values()) for column in choices)


def test_charts_give_the_hour_in_chinas_time() -> None:
    assert minute(datetime(2026, 11, 22, 20, 0, tzinfo=UTC)) == "2026-11-23 04:00 UTC+8"
