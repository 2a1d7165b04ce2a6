"""How charts and documents look: language, theme, colours that colour-blind readers tell apart, and fonts.

Knows no figure. Colours never carry meaning alone: shape, dash or text says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from api.schemas.base import Choice

FONT = "Noto Sans, Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
"""What a browser may choose from; a server draws with the first it has."""

FAINT = 1 / 4
"""How strongly a band is coloured, of one: a drawing's opacity, no figure."""

Settings: TypeAlias = dict[str, object]


_SHANGHAI = ZoneInfo("Asia/Shanghai")


def minute(at: datetime) -> str:
    """Return an instant as charts say it, in China's time with its zone: ``2026-11-23 04:00 UTC+8``, as the pages around them do."""
    return f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M} UTC+8"


class Language(StrEnum):
    """The language of titles and words."""

    ENGLISH = "en"
    CHINESE = "zh"

    def say(self, english: str, chinese: str) -> str:
        """Return the wording of this language."""
        return chinese if self is Language.CHINESE else english


class Theme(StrEnum):
    """What the chart is shown on."""

    LIGHT = "light"
    DARK = "dark"
    PRINT = "print"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a theme; ``series`` are Okabe and Ito's (Color Universal Design, 2008), made to fit the ground."""

    text: str
    quiet: str
    grid: str
    ground: str | None
    series: tuple[str, ...]
    diverging: tuple[str, str, str]

    @property
    def main(self) -> str:
        """The colour of the first series."""
        return self.series[0]

    @property
    def warning(self) -> str:
        """The colour of what is missing, lost or late."""
        return self.series[1]

    @property
    def good(self) -> str:
        """The colour of what is met or earned."""
        return self.series[2]


_ON_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b", "#8a7500")
_ON_DARK = ("#56b4e9", "#ff8b3d", "#2fc49a", "#e29bc4", "#f0b429", "#9ad2f5", "#b8b8b8", "#f0e442")
_PALE = ("#7fd6bd", "#f6f7f9", "#f3a172")
_DEEP = ("#0f6b55", "#232c36", "#9c4a12")
"""Left over, even, missing: pale or deep enough for the figures that stand on them."""

_PALETTES = {
    Theme.LIGHT: Palette(
        text="#1d2733", quiet="#5a6776", grid="#e3e8ee", ground=None, series=_ON_LIGHT, diverging=_PALE
    ),
    Theme.DARK: Palette(text="#e8edf3", quiet="#a3b0be", grid="#2d3844", ground=None, series=_ON_DARK, diverging=_DEEP),
    Theme.PRINT: Palette(
        text="#111111", quiet="#444444", grid="#dddddd", ground="#ffffff", series=_ON_LIGHT, diverging=_PALE
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A language on a theme."""

    language: Language = Language.ENGLISH
    theme: Theme = Theme.LIGHT

    @property
    def palette(self) -> Palette:
        """The theme's colours."""
        return _PALETTES[self.theme]

    def say(self, english: str, chinese: str) -> str:
        """Return the wording of this look's language."""
        return self.language.say(english, chinese)

    def config(self) -> Settings:
        """Return the Vega-Lite configuration: every chart has the same type, grid, legend and colours."""
        paper = self.palette
        words = {"labelColor": paper.quiet, "titleColor": paper.text, "labelFontSize": 11, "titleFontSize": 11}
        return {
            "background": paper.ground or "transparent",
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                **words,
                "titleFontWeight": "normal",
                "titlePadding": 8,
                "gridColor": paper.grid,
                "domainColor": paper.quiet,
                "tickColor": paper.quiet,
                "labelLimit": 220,
            },
            "legend": {
                **words,
                "orient": "bottom",
                "title": None,
                "symbolSize": 90,
                "symbolBaseFillColor": paper.quiet,
                "symbolBaseStrokeColor": paper.quiet,
                "labelLimit": 260,
                "columns": 4,
            },
            "title": {
                "color": paper.text,
                "subtitleColor": paper.quiet,
                "anchor": "start",
                "fontSize": 14,
                "fontWeight": "bold",
                "subtitleFontSize": 11,
                "offset": 12,
            },
            "range": {"category": list(paper.series)},
            "text": {"color": paper.text, "fontSize": 11},
            "rule": {"color": paper.quiet},
        }


def asked_look(
    lang: Annotated[Choice[Language], Query(description="en or zh.", examples=["zh"])] = Language.ENGLISH,
    theme: Annotated[Choice[Theme], Query(description="light, dark or print.", examples=["light"])] = Theme.LIGHT,
) -> Look:
    """Return the look that a query asks for."""
    return Look(language=lang, theme=theme)


AskedLook = Annotated[Look, Depends(asked_look)]
"""The parameter type by which a handler takes ``lang`` and ``theme`` from the query."""


def asked_language(
    lang: Annotated[Choice[Language], Query(description="en or zh.", examples=["zh"])] = Language.ENGLISH,
) -> Language:
    """Return the language that a query asks for."""
    return lang


AskedLanguage = Annotated[Language, Depends(asked_language)]
"""The parameter type by which a handler takes ``lang`` from the query."""
