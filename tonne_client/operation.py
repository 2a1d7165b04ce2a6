"""What the client knows of one operation, and the file that some of them answer. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value in the path or the query: ``name`` in Python, ``sent_as`` on the wire."""

    name: str
    sent_as: str
    place: Literal["path", "query"]
    is_required: bool
    type: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: ``body`` and ``answer`` are types of ``shapes``, or None where a file or nothing is sent or comes back."""

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    tag: str
    summary: str
    asks: str
    parameters: tuple[Parameter, ...]
    body: Any
    uploads: tuple[str, ...]
    answer: Any
    files: tuple[str, ...]
    is_keyed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as the server sent it: its bytes, its content type, and the name it proposes."""

    content: bytes
    content_type: str
    name: str
