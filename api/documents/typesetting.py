"""Sets a paper as PDF with typst: fonts that may be embedded, one template, the same bytes for the same facts.

Opens fonts and the template, nothing else: the text of a document reaches typst as one JSON value and is never read as markup.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import typst

from api.charts.look import Language
from api.documents.paper import Paper
from api.settings import FONTS_VARIABLE, fonts_folder
from ledger.core.errors import Conflict

PDF_TYPE = "application/pdf"
CHINESE_FAMILY = "Noto Sans CJK SC"
_TEMPLATE = Path(__file__).with_name("paper.typ")


def pdf_of(paper: Paper, fonts: str | None = None) -> bytes:
    """Return the PDF; its dates are the paper's own instant, so equal papers give equal bytes.

    Fonts are the system's and those of the folder ``fonts`` (TONNE_FONTS unless given).

    A Chinese paper without a font for it is ``document.font_missing``, which names the package.
    """
    folder = fonts_folder() if fonts is None else fonts
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
