"""How a page takes a calculation's question from its address: the JSON that the form sent to the API, checked by the same schema.

Owns the parameter ``ask`` and the chart drawn from such an answer. Knows no figure and no template.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ValidationError

from api.charts.chart import Chart
from api.charts.look import Language, Look, Theme
from api.charts.render import SVG_TYPE, chart_svg
from api.pages.base.page import Page
from api.pages.base.using import Part, part_of
from api.schemas import strict_json
from ledger.core.errors import DomainError, Invalid

Body = TypeVar("Body", bound=BaseModel)
Answer = TypeVar("Answer")

_LONGEST = 16_000

AskText = Annotated[str | None, Query(max_length=_LONGEST, description="The question as the page's form sends it.")]
"""The parameter type by which a page takes the question of a calculation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart drawn into the page: the address of an image that holds it, and its reading aloud."""

    source: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[Body, Answer]):
    """A question as it was asked, to fill the form in again, and what came of it; nothing where nobody asked yet."""

    body: Body | None = None
    part: Part[Answer] | None = None

    def given(self, place: str, default: object = "") -> object:
        """Return what was asked at ``place`` (``lines[0].mass_t``), else ``default``."""
        at: object = self.body
        for step in place.replace("]", "").replace("[", ".").split("."):
            at = _row(at, int(step)) if isinstance(at, tuple) else getattr(at, step, None)
        return default if at is None else at

    def count(self, place: str) -> int:
        """Return how many rows a list of the form shows: as many as were asked, at least one."""
        rows = self.given(place, ())
        return max(1, len(rows)) if isinstance(rows, tuple) else 1


def inquire(schema: type[Body], ask: str | None, compute: Callable[[Body], Answer]) -> Asked[Body, Answer]:
    """Return the question in ``ask`` with what ``compute`` answers or refuses; a text that is no such question is refused.

    ``compute`` asks a route through ``page.use``; what that refuses stands in the place of the answer.
    """
    if ask is None:
        return Asked()
    try:
        body = schema.model_validate(strict_json.parse(ask.encode()))
    except ValidationError:
        return Asked(part=Part(refusal=_not_asked()))
    except DomainError as refusal:
        return Asked(part=Part(refusal=refusal))
    return Asked(body=body, part=part_of(lambda: compute(body)))


def picture(page: Page, draw: Callable[[Answer, Look], Chart], answer: Answer) -> Picture:
    """Return the chart of ``answer`` in the reader's language and colours; on paper white where the system decides."""
    theme = {"light": Theme.LIGHT, "dark": Theme.DARK}.get(page.reading.theme, Theme.PRINT)
    chart = draw(answer, Look(language=Language(page.language.value), theme=theme))
    content = b64encode(chart_svg(chart.spec)).decode("ascii")
    return Picture(source=f"data:{SVG_TYPE};base64,{content}", description=chart.description)


def _row(rows: tuple[object, ...], number: int) -> object:
    return rows[number] if number < len(rows) else None


def _not_asked() -> Invalid:
    return Invalid(
        "query.ask", "ask: expected a question as this page's form sends it; fill in the form and send it again"
    )
