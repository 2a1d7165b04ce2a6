"""Sets a paper as PDF with typst: fonts that may be embedded, one template, the same bytes for the same facts.

Opens fonts and the template, nothing else: the text of a document reaches typst as one JSON value and is never read as markup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import typst

from api.charts.look import Language
from api.documents.paper import Paper
from ledger.core.errors import Conflict

PDF_TYPE = "application/pdf"
FONTS_VARIABLE = "TONNE_FONTS"
"""A folder with Noto Sans CJK SC where the system has none."""

CHINESE_FAMILY = "Noto Sans CJK SC"
_TEMPLATE = Path(__file__).with_name("paper.typ")


def pdf_of(paper: Paper, environ: Mapping[str, str] = os.environ) -> bytes:
    """Return the PDF; its dates are the paper's own instant, so equal papers give equal bytes.

    A Chinese paper without a font for it is ``document.font_missing``, which names the package.
    """
    folder = environ.get(FONTS_VARIABLE, "")
    if paper.language is Language.CHINESE and CHINESE_FAMILY not in _fonts(folder).families():
        raise Conflict(
            "document.font_missing",
            f"lang: expected the font {CHINESE_FAMILY} on the server for a document in Chinese; install Debian's package "
            f"fonts-noto-cjk, or name a folder that holds it in {FONTS_VARIABLE}; English works without",
            field="lang",
        )
    return typst.compile(
        _template(),
        format="pdf",
        font_paths=_fonts(folder),
        sys_inputs={"paper": json.dumps(paper.to_document(), ensure_ascii=False, sort_keys=True)},
        timestamp=int(paper.made_at.timestamp()),
    )


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


@cache
def _fonts(folder: str) -> typst.Fonts:
    """Return the fonts of the system and of ``folder``, looked for once a process."""
    return typst.Fonts(font_paths=[folder] if folder else [])
