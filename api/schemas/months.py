"""How an accounting month is spelled, in paths and answers: ``2026-11``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from finance.accounting.months import parse_month
from ledger.core.errors import Invalid


def _month(text: str) -> str:
    try:
        parse_month(text)
    except Invalid:
        raise PydanticCustomError("month.format", "a month as YYYY-MM, such as 2026-11") from None
    return text


MonthString = Annotated[
    str, Field(max_length=7, examples=["2026-11"], description="An accounting month."), AfterValidator(_month)
]
"""A month as YYYY-MM; ``finance.accounting.months.parse_month`` turns it into one."""

ReasonText = Annotated[
    str, Field(max_length=500, examples=["checked against the registry's statement of the last day"])
]
"""Why a person takes a step, one line."""

DigestText = Annotated[
    str,
    Field(
        max_length=64,
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="SHA-256 of exactly what is approved.",
    ),
]
"""What an approval binds to: 64 hexadecimal digits."""
