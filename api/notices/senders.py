"""What every way of sending has in common: what is sent, to whom, and how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from finance.conventions.notices import Language
from finance.store.deliveries import Delivery
from finance.store.notices import Notice
from finance.store.webhooks import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert for one target; ``address`` and ``language`` are a person's, ``endpoint`` a program's."""

    delivery: Delivery
    notice: Notice
    address: str = ""
    language: Language = Language.EN
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try went: ``is_final`` says that trying again would be in vain."""

    is_sent: bool
    status: int | None = None
    detail: str = ""
    is_final: bool = False


Sender = Callable[[Message], Outcome]
"""Sends one message and says how it went; raises nothing that it can foresee."""
