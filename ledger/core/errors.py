"""The four kinds of anticipated failure, shared by every package.

Owns the error tree only. Knows nothing of HTTP: the edge maps kinds to answers. A bug is an ``assert``, never one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


class DomainError(Exception):
    """An anticipated refusal: a stable ``code``, a sentence for a person, and data that names what was refused.

    ``code`` is ``area.reason`` (``ledger.entry_unbalanced``) and never changes meaning. ``data`` maps names to strings;
    it holds no secrets and no unbounded input.
    """

    def __init__(self, code: str, message: str, /, **data: str) -> None:
        """Keep code, message and data; amounts in ``data`` are decimal strings with their unit beside them."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data: Mapping[str, str] = data


class Invalid(DomainError):  # noqa: N818 - the architecture's word for the kind
    """The input itself is wrong: it would be refused whatever the state."""


class NotFound(DomainError):  # noqa: N818 - the architecture's word for the kind
    """The thing does not exist, or not for this actor; the two cases are never told apart."""


class Conflict(DomainError):  # noqa: N818 - the architecture's word for the kind
    """The input is well formed, the present state refuses it."""


class Forbidden(DomainError):  # noqa: N818 - the architecture's word for the kind
    """The actor is known and may not do this."""


class Expected(str):
    """What a cell should have been, as an English sentence part, with the ``code`` by which other languages say it.

    ``facts`` are the values that a sentence of the code may name, decimal strings and words. A code ``row.*`` is a rule of cells; any
    other is that of the refusal which the cell met.
    """

    __slots__ = ("code", "facts")
    code: str
    facts: Mapping[str, str]

    def __new__(cls, code: str, text: str, /, **facts: str | int) -> Self:
        """Return ``text`` with its code and facts."""
        made = super().__new__(cls, text)
        made.code = code
        made.facts = {name: str(value) for name, value in facts.items()}
        return made

    @classmethod
    def of(cls, refusal: DomainError) -> Self:
        """Return what a refusal of the cell's value expected: its message from ``expected`` on, else the whole of it."""
        return cls(refusal.code, refusal.message.partition("expected ")[2] or refusal.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """One unreadable cell or row of an imported file: where it stands, what it said, what was expected.

    ``row`` counts from 1 as a spreadsheet shows it, the header included. ``sheet`` and ``column`` are empty when unknown.
    """

    file: str
    sheet: str = ""
    row: int
    column: str = ""
    value: str = ""
    expected: Expected

    def __str__(self) -> str:
        """Return one line a person can act on."""
        place = ", ".join(
            part
            for part in (
                self.file,
                f"sheet {self.sheet}" if self.sheet else "",
                f"row {self.row}",
                f"column {self.column}" if self.column else "",
            )
            if part
        )
        return f"{place}: {self.value!r} - expected {self.expected}"


class ImportRefused(Invalid):
    """A file was refused as a whole; ``rows`` says every reason, and nothing of the file was written."""

    def __init__(self, file: str, rows: tuple[RowError, ...]) -> None:
        """Keep every row error; the message shows the first."""
        assert rows, "an import is refused for a reason"
        super().__init__("import.rows_unreadable", f"{file}: {len(rows)} unreadable cells; first: {rows[0]}", file=file)
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rejection as a value, for batches that answer item by item."""

    code: str
    message: str
    data: Mapping[str, str] = field(default_factory=dict)
