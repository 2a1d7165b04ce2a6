"""The script that draws charts in a browser: Vega, Vega-Lite and Vega-Embed in one file, made by vl-convert from its own copy.

Made once at set-up into a folder that is not committed, or in the process on first demand; named by its content, so that a
browser may keep it for ever.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import vl_convert

FOLDER = Path(__file__).resolve().parents[1] / "static" / "built"
"""Where the made file lies; git ignores it."""

JAVASCRIPT_TYPE = "text/javascript; charset=utf-8"

_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vegaVersion = vega.version;"
_DIGITS = 16
_log = logging.getLogger("tonne.charts")
_making = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The script's bytes and the file name that its content gives it."""

    file_name: str
    content: bytes


def chart_bundle(folder: Path = FOLDER) -> Bundle:
    """Return the bundle: as it lies in ``folder``, else made now (some seconds) and kept there where that can be written."""
    with _making:
        return _bundle(folder, f"vega-{version('vl-convert-python')}")


@cache
def _bundle(folder: Path, name: str) -> Bundle:
    for path in sorted(folder.glob(f"{name}-*.js")):
        found = _named(name, path.read_bytes())
        if found.file_name == path.name:  # a file that was cut or changed is made again
            return found
    made = _named(name, vl_convert.javascript_bundle(_SNIPPET).encode())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
            target.write(made.content)
        Path(target.name).chmod(0o644)
        Path(target.name).replace(folder / made.file_name)
    except OSError as error:
        _log.warning("the chart bundle is kept in memory only: %s", type(error).__name__)
    return made


def _named(name: str, content: bytes) -> Bundle:
    return Bundle(file_name=f"{name}-{sha256(content).hexdigest()[:_DIGITS]}.js", content=content)
