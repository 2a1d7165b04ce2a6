"""How much torture: a short form that takes seconds, and the figures in full when TONNE_TORTURE=long (``make torture``)."""

from __future__ import annotations

import os
from typing import TypeVar

Amount = TypeVar("Amount")

IS_LONG = os.environ.get("TONNE_TORTURE") == "long"


def scaled(*, short: Amount, full: Amount) -> Amount:
    """Return the amount of torture asked for."""
    return full if IS_LONG else short


def report(**figures: object) -> None:
    """Print a test's figures; pytest shows them under ``-rP`` and when the test fails."""
    print(", ".join(f"{name.replace('_', ' ')}: {figure}" for name, figure in figures.items()))  # noqa: T201 - figures
