"""The style sheet, scripts and pictures: read once at start, named by a version that changes with their content.

Owns the address of each and what may be served. What is built (the script that draws charts, the Chinese of refusals) is made when
first asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from api.charts.bundle import bundle_version, chart_bundle
from api.translations import Language, catalog

STATIC = Path(__file__).parents[2] / "static"
BUILT = "built"
"""Where what is made of other files has its address; git ignores it."""
REFUSALS = f"{BUILT}/refusals.json"
"""What a refusal's code says in Chinese, for the script that sends forms."""

_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
_NAME = re.compile(r"(?:built/)?[A-Za-z0-9][A-Za-z0-9._-]{0,100}", re.ASCII)
_VERSIONED = re.compile(r"v-([0-9a-f]{16})/(.+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file as it is sent; ``is_lasting`` when its address names its content, so that it never changes."""

    content: bytes
    media_type: str
    is_lasting: bool

    @property
    def etag(self) -> str:
        """Return the validator by which a browser asks whether it changed."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'


@cache
def version() -> str:
    """Return 16 hexadecimal digits of the content of every file that ships, and of what makes the chart script."""
    digest = sha256()
    for name, content in sorted(_shipped().items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    digest.update(bundle_version().encode() + _refusals())
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Return the address of a shipped or built file; scripts may import each other by relative names under it."""
    assert name.startswith(f"{BUILT}/") or name in _shipped(), f"{name}: no such file in api/static"
    return f"/static/v-{version()}/{name}"


def find(path: str) -> StaticFile | None:
    """Return the file at ``path`` below /static, with or without a version before it; None when there is none."""
    match = _VERSIONED.fullmatch(path)
    asked, name = (match[1], match[2]) if match else ("", path)
    kind = _TYPES.get(Path(name).suffix)
    if kind is None or _NAME.fullmatch(name) is None:
        return None
    content = _built(name) if name.startswith(f"{BUILT}/") else _shipped().get(name)
    if content is None:
        return None
    is_lasting = asked == version()
    return StaticFile(content=content, media_type=kind, is_lasting=is_lasting)


@cache
def _shipped() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in _TYPES}


def _built(name: str) -> bytes | None:
    made = _MADE.get(name)
    return made() if made else None


@cache
def _refusals() -> bytes:
    return json.dumps(catalog(Language.ZH).refusals(), ensure_ascii=False, sort_keys=True).encode()


_MADE: Mapping[str, Callable[[], bytes]] = {f"{BUILT}/vega.js": chart_bundle, REFUSALS: _refusals}
