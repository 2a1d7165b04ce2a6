"""The script that draws charts in a browser, served from this process: nothing comes from the internet."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import RedirectResponse, Response

from api.auth.policy import PUBLIC, Routes
from api.charts.bundle import JAVASCRIPT_TYPE, chart_bundle
from ledger.core.errors import NotFound

routes = Routes(tag="charts", prefix="")

_FOR_EVER = "public, max-age=31536000, immutable"


@routes.get("/static/built/vega.js", policy=PUBLIC)
def find_bundle() -> RedirectResponse:
    """Lead to the bundle of this release by the name that its content gives it."""
    return RedirectResponse(f"/static/built/{chart_bundle().file_name}", status_code=307)


@routes.get("/static/built/{file_name}", policy=PUBLIC)
def read_bundle(
    file_name: Annotated[str, Path(max_length=80, examples=["vega-1.9.0-d1e79298846c8035.js"])],
) -> Response:
    """Return the bundle as JavaScript, to be kept for ever: another content has another name."""
    found = chart_bundle()
    if file_name != found.file_name:
        raise NotFound("path.not_found", "there is nothing at this path")
    return Response(found.content, media_type=JAVASCRIPT_TYPE, headers={"Cache-Control": _FOR_EVER})
