"""From a template and its values to HTML: one environment for each language, everything escaped, nothing undefined.

Owns what every template knows: texts, formats, macros, the addresses of static files. Knows no area.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from api.pages.base import formats, static_files
from api.translations import Catalog, Language, catalog

_CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)*", re.ASCII)
TEMPLATES = Path(__file__).parents[1] / "templates"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No inline script, no inline style, nothing from elsewhere (reliability-and-security, section 5.5)."""

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language",
}


def html(template: str, language: Language, values: Mapping[str, object]) -> str:
    """Return the page as text; a value that the template asks for and does not get raises ``UndefinedError``."""
    return environment(language).get_template(template).render(values)


def answer(text: str, *, status: int = 200) -> Response:
    """Return ``text`` as an HTML answer with the headers of every page."""
    return HTMLResponse(text, status_code=status, headers=dict(PAGE_HEADERS))


def read_templates(area: str) -> None:
    """Read an area's templates and all that they take from others, in every language, so that the first reader does not wait for that."""
    for language in Language:
        known, unread = (
            set[str](),
            [each for each in environment(language).list_templates() if each.startswith(f"{area}/")],
        )
        while unread:
            name = unread.pop()
            known.add(name)
            environment(language).get_template(name)
            source = (TEMPLATES / name).read_text(encoding="utf-8")
            taken = meta.find_referenced_templates(environment(language).parse(source))
            unread += [each for each in taken if each is not None and each not in known]


@cache
def environment(language: Language) -> Environment:
    """Return the environment of ``language``, made once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        cache_size=1_000,
    )
    texts = catalog(language)
    install: Callable[..., None] = made.install_gettext_callables  # type: ignore[attr-defined]
    install(texts.gettext, texts.ngettext, newstyle=True, pgettext=texts.pgettext, npgettext=texts.npgettext)
    made.globals |= {
        "language": language.value,
        "static": static_files.address,
        "code_text": texts.refusal,
        "rule_text": texts.rule,
        "span": lambda start, end: formats.span(start, end, language),
        "word": partial(_word, texts),
        "both": lambda english, chinese: chinese if language is Language.ZH else english,
    }
    made.filters |= {
        "amount": formats.amount,
        "plain_amount": formats.plain_amount,
        "number": formats.number,
        "figure": formats.figure,
        "traced": formats.traced,
        "leaf": partial(formats.leaf, language=language),
        "price": formats.price,
        "percent": formats.percent,
        "bp": formats.basis_points,
        "day": partial(formats.day, language=language),
        "instant": partial(formats.instant, language=language),
        "local_time": formats.local_time,
        "until": partial(formats.days_until, language=language),
        "words": formats.words,
        "coded": partial(_coded, texts),
        "say": texts.gettext,
    }
    return made


def _word(texts: Catalog, code: object) -> Markup:
    """Return what a code is called; one without a word of its own is read as words."""
    text = texts.pgettext("word", str(code))
    return escape(text) if text != str(code) else formats.words(code)


def _coded(texts: Catalog, value: object) -> Markup:
    """Return what a code is called with the code as its title; anything that is no code stays as it is."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        return escape(value)
    said = _word(texts, value)
    return said if said == value else Markup('<span title="{}">{}</span>').format(value, said)
