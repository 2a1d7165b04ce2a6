"""Draws a specification as SVG in this process: the first paint of a page, its print, and the pictures of a document.

Nothing is fetched: a specification that names an address is not drawn from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import vl_convert

SVG_TYPE = "image/svg+xml"


def chart_svg(spec: Mapping[str, object]) -> bytes:
    """Return the SVG of a Vega-Lite specification, UTF-8; equal specifications give equal bytes."""
    drawn: str = vl_convert.vegalite_to_svg(json.dumps(spec, ensure_ascii=False), allowed_base_urls=[])
    return drawn.encode()
