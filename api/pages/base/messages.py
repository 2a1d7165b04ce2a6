"""Which English texts the pages hold, found in templates and page modules, so that none stays without its Chinese.

Owns the rules of extraction. Used by the tests and by ``tonne translations``-like checks; no request needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.extract import extract_from_dir

PAGES = Path(__file__).parents[1]
_METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS = {"_": None, "gettext": None, "mark": None, "say": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One English text, the area whose .po file it belongs to, and where it stands."""

    area: str
    place: str
    text: str
    context: str = ""

    @property
    def key(self) -> str:
        """Return the key under which a catalog keeps its translation."""
        return f"{self.context}\x04{self.text}" if self.context else self.text

    def as_entry(self) -> str:
        """Return the entry to fill in, as a .po file spells it."""
        text = self.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        context = f'msgctxt "{self.context}"\n' if self.context else ""
        return f'{context}msgid "{text}"\nmsgstr ""\n'


def found_messages() -> Iterator[Message]:
    """Yield every marked text of the templates and page modules."""
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(str(PAGES), method_map=_METHODS, options_map=options, keywords=_KEYWORDS, comment_tags=())
    for name, line, message, _comments, context in found:
        text = message[0] if isinstance(message, tuple) else message
        yield Message(area=_area(name), place=f"{name}:{line}", text=text, context=context or "")


def _area(name: str) -> str:
    parts = Path(name).parts
    if parts[0] == "base" or len(parts) == 1:
        return "base" if parts[0] == "base" else Path(name).stem
    return parts[1] if len(parts) > len(("templates", "area")) else "base"
