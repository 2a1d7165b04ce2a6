"""Draws a specification as SVG in this process: the first paint of a page, its print, and the pictures of a document.

Nothing is fetched: a specification that names an address is not drawn from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import vl_convert

SVG_TYPE = "image/svg+xml"


def chart_svg(spec: Mapping[str, object]) -> bytes:
    """Return the SVG of a Vega-Lite specification, UTF-8; equal specifications give equal bytes."""
    return _drawn(json.dumps(spec, ensure_ascii=False))


# A page is read more often than its figures change, and a picture costs ten times the page around it.
@lru_cache(maxsize=128)
def _drawn(spec: str) -> bytes:
    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn.encode()
