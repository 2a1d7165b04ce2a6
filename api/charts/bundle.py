"""The script that draws charts in a browser: Vega, Vega-Lite and Vega-Embed in one file, made by vl-convert from its own copy.

Made once at set-up into a folder that is not committed, or in the process on first demand; the file is named by its content, so
that one that was cut or changed is seen.
"""

from __future__ import annotations

import logging
import tempfile
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import vl_convert

FOLDER = Path(__file__).resolve().parents[1] / "static" / "built"
"""Where the made file lies; git ignores it."""

_SNIPPET = "window.vegaEmbed = vegaEmbed;"
_DIGITS = 16
_log = logging.getLogger("tonne.charts")
_making = Lock()


def bundle_version() -> str:
    """Return what decides the bundle's content: vl-convert's version and our last line."""
    return f"{version('vl-convert-python')}-{sha256(_SNIPPET.encode()).hexdigest()[:_DIGITS]}"


def chart_bundle(folder: Path = FOLDER) -> bytes:
    """Return the bundle: as it lies in ``folder``, else made now (some seconds) and kept there where that can be written."""
    with _making:
        return _bundle(folder, bundle_version())


@cache
def _bundle(folder: Path, name: str) -> bytes:
    for path in folder.glob(f"vega-{name}-*.js"):
        found = path.read_bytes()
        if path.name == _file_name(name, found):  # a file that was cut or changed is made again
            return found
    made: bytes = vl_convert.javascript_bundle(_SNIPPET).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
            target.write(made)
        Path(target.name).chmod(0o644)
        Path(target.name).replace(folder / _file_name(name, made))
    except OSError as error:
        _log.warning("the chart bundle is kept in memory only: %s", type(error).__name__)
    return made


def _file_name(name: str, content: bytes) -> str:
    return f"vega-{name}-{sha256(content).hexdigest()[:_DIGITS]}.js"
