"""The same answer in other forms: a chart as JSON, SVG and XLSX, a table as XLSX.

A rendition calls the function that gives the figures, under that function's own policy and with its own parameters: it can show
nothing that the answer would not. Knows no figure itself.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias, cast

from starlette.responses import Response

from api.answer_tables import chart_table, read_table
from api.auth.policy import Declared, Routes
from api.charts.chart import Chart
from api.charts.look import AskedLanguage, AskedLook, Look
from api.charts.render import SVG_TYPE, chart_svg
from api.schemas.base import Schema
from api.schemas.charts import ChartColumnOut, ChartOut
from api.sheets import XLSX_TYPE, write_xlsx
from ledger.core.errors import Conflict
from ledger.core.export_formats.report_tables import ReportTable

MOST_ROWS = 20_000
"""Rows of a list that becomes one file over HTTP, within the time a request has; ``tonne export`` has no such bound."""

_PAGING = frozenset({"after", "limit"})
_VERBS = {"": "show", "svg": "draw", "xlsx": "tabulate"}
_CURSORS = ("next_cursor", "next_after")

Handler: TypeAlias = Callable[..., Any]
Draw: TypeAlias = Callable[[Any, Look], Chart]


class Renditions(Routes):
    """Routes that give answers of other routes in another form."""

    def chart(self, path: str, *, of: Handler, draw: Draw, rows: str = "") -> None:
        """Declare the chart of ``of``'s answer at ``path`` as JSON, with ``.svg`` and, of its table, ``.xlsx``.

        ``rows`` names the list of an answer that comes in pages: then all of them are drawn.
        """
        declared = declaration(of)
        about = f"Return the chart of what {declared.method} {declared.path} answers"
        asking = {"look": AskedLook}

        def shown(look: Look, **given: Any) -> ChartOut:
            return _chart_out(draw(whole(of, rows, given), look))

        def drawn(look: Look, **given: Any) -> Response:
            return Response(chart_svg(draw(whole(of, rows, given), look).spec), media_type=SVG_TYPE)

        def listed(look: Look, **given: Any) -> Response:
            chart = draw(whole(of, rows, given), look)
            return _workbook(chart_table(chart), chart.name)

        self._add(declared, path, shown, asking, f"{about}: its words, its table and its Vega-Lite specification.")
        self._add(declared, f"{path}.svg", drawn, asking, f"{about} as a picture (SVG).", SVG_TYPE)
        self._add(declared, f"{path}.xlsx", listed, asking, f"{about} as the table behind it (XLSX).", XLSX_TYPE)

    def sheet(self, path: str, *, of: Handler, rows: str, name: tuple[str, str]) -> None:
        """Declare ``path`` as the workbook of the list ``rows`` (dots lead into lists of lists) of ``of``'s answer."""
        declared = declaration(of)

        def listed(lang: AskedLanguage, **given: Any) -> Response:
            answer = whole(of, rows.partition(".")[0], given)
            return _workbook(read_table(answer, rows=rows, language=lang, name=lang.say(*name)), name[0])

        about = f"Return the table of what {declared.method} {declared.path} answers as a workbook (XLSX), all pages."
        self._add(declared, path, listed, {"lang": AskedLanguage}, about, XLSX_TYPE)

    def _add(
        self, declared: Declared, path: str, handler: Handler, asking: Mapping[str, object], about: str, file: str = ""
    ) -> None:
        made = cast("Any", handler)
        made.__signature__ = _signature(declared.handler, asking, Response if file else ChartOut)
        made.__doc__ = about
        made.__name__ = _operation(path)
        self._declare(
            declared.method,
            path,
            declared.policy,
            status=200,
            writes=False,
            most_bytes=declared.most_bytes,
            answers=(file,) if file else (),
        )(handler)


def declaration(handler: Handler) -> Declared:
    """Return how a route's function was declared; one that is no route, or writes, fails at import."""
    routes = importlib.import_module(handler.__module__).routes
    (found,) = (each for each in routes if each.handler is handler)
    assert isinstance(found, Declared), "routes yield declarations"
    assert not found.writes, f"{found.path}: only what reads has another form"
    return found


def _operation(path: str) -> str:
    """Return the name of the operation at ``path``: ``draw_books_charts_holdings`` for its picture."""
    plain, _, ending = path.partition(".")
    words = [part.replace("-", "_") for part in plain.split("/") if part and not part.startswith("{")]
    return "_".join((_VERBS[ending], *words))


def _signature(of: Handler, asking: Mapping[str, object], answers: object) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    taken = [
        each.replace(kind=keyword)
        for each in inspect.signature(of, eval_str=True).parameters.values()
        if each.name not in _PAGING
    ]
    more = [inspect.Parameter(name, keyword, annotation=annotation) for name, annotation in asking.items()]
    return inspect.Signature([*taken, *more], return_annotation=answers)


def whole(of: Handler, rows: str, given: Mapping[str, Any]) -> Schema:
    """Return the answer with every page's rows; a list that is too long for one file is ``export.too_large``."""
    ask = partial(of, **given)
    answer: Schema = ask()
    cursor_name = next((name for name in _CURSORS if name in type(answer).model_fields), None)
    if not rows or cursor_name is None:
        return answer
    first, found = answer, list(getattr(answer, rows))
    while (cursor := getattr(answer, cursor_name)) is not None:
        if len(found) > MOST_ROWS:
            raise Conflict(
                "export.too_large", f"rows: expected at most {MOST_ROWS}; narrow the question or use tonne export"
            )
        answer = ask(after=cursor)
        found += getattr(answer, rows)
    return first.model_copy(update={rows: tuple(found), cursor_name: None})


def _chart_out(chart: Chart) -> ChartOut:
    return ChartOut(
        name=chart.name,
        title=chart.title,
        description=chart.description,
        columns=tuple(
            ChartColumnOut(name=each.name, heading=each.heading, kind=each.kind.value) for each in chart.columns
        ),
        rows=chart.rows,
        spec=cast("dict[str, Any]", dict(chart.spec)),
    )


def _workbook(table: ReportTable | Sequence[ReportTable], name: str) -> Response:
    file = BytesIO()
    write_xlsx(file, [table] if isinstance(table, ReportTable) else table)
    plain = "".join(mark if mark.isascii() and (mark.isalnum() or mark == "-") else "-" for mark in name.lower())
    return Response(
        file.getvalue(),
        media_type=XLSX_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{plain}.xlsx"'},
    )
