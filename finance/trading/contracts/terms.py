"""What every carbon-finance contract says: with whom, under which paper, agreed when; and the text that its digest is taken over.

Owns the shared facts, their refusals and their spelling as texts. Knows no kind's own rules, no balance and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, TypeAlias
from uuid import UUID

from finance.attestations.canonical import JsonValue, check_text
from ledger.core.amounts import MAX_UNITS, is_commodity_code
from ledger.core.errors import Invalid

Lots: TypeAlias = tuple[tuple[int, int], ...]
"""Given lots as (lot_id, tonnes)."""

MAX_LOTS = 500
_LONGEST = 200
_MAX_DIGITS = 30
_REF = re.compile(r"\S(?:.*\S)?", re.DOTALL)


class ContractKind(StrEnum):
    """Which of the standard's products it is."""

    FORWARD = "forward"  # 碳远期
    REPO = "repo"  # 碳资产回购
    PLEDGE_LOAN = "pledge_loan"  # 碳资产抵质押融资
    LENDING = "lending"  # 碳借贷
    SWAP = "swap"  # 碳掉期
    CUSTODY = "custody"  # 碳资产托管


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who the other party is and which paper binds both; ``agreed_on`` is the paper's own day."""

    KIND: ClassVar[ContractKind]
    FREE_WHEN_OPEN: ClassVar[frozenset[str]] = frozenset({"agreement_ref", "note"})
    """Terms that an amendment may still change after value has moved; the others stand until the end."""

    counterparty_id: UUID
    agreement_ref: str
    agreed_on: date
    note: str = ""

    def check_agreement(self) -> None:
        """Refuse an unreadable paper or note: code ``contract.<field>``."""
        check_words("agreement_ref", self.agreement_ref, is_needed=True)
        check_words("note", self.note, is_needed=False)

    def document(self, contract_id: UUID, book_uuid: UUID, version: int) -> Mapping[str, JsonValue]:
        """Return the terms as texts: what the digest of this version is taken over."""
        return {
            "kind": f"carbon_contract.{self.KIND}",
            "contract_id": str(contract_id),
            "book_id": str(book_uuid),
            "version": str(version),
            "terms": {each.name: spelled(getattr(self, each.name)) for each in fields(self)},
        }


def spelled(value: object) -> JsonValue:
    """Return one term as text: a price without trailing zeros, so that 80 and 80.00 are one contract; lots as pairs."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [[str(lot_id), str(quantity)] for lot_id, quantity in value]
    return str(value)


def decimal_text(value: Decimal) -> str:
    """Return a decimal without trailing zeros: ``97.40`` gives ``97.4``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_words(name: str, text: str, *, is_needed: bool) -> None:
    """Refuse a text that is missing, too long or not printable."""
    if not text and not is_needed:
        return
    if len(text) > _LONGEST or not text.isprintable() or not _REF.fullmatch(text):
        raise refused(name, f"1 to {_LONGEST} printable characters without outer blanks")
    check_text(text, field=name)


def check_code(name: str, code: str) -> None:
    """Refuse what is no instrument's code."""
    if not is_commodity_code(code):
        raise refused(name, "a code such as CEA25")


def check_tonnes(name: str, tonnes: int) -> None:
    """Refuse what is not 1 to 10^15 whole tonnes."""
    if not 1 <= tonnes <= MAX_UNITS:
        raise refused(name, "whole tonnes from 1 to 10^15")


def check_fen(name: str, fen: int, *, least: int = 0) -> None:
    """Refuse an amount outside ``least`` to 10^15 fen."""
    if not least <= fen <= MAX_UNITS:
        raise refused(name, f"{'zero' if not least else '0.01'} to 10^13 CNY")


def check_price(name: str, price: Decimal) -> None:
    """Refuse a price that is not finite, not above zero or too long."""
    if not _is_short(price) or price <= 0:
        raise refused(name, "a price above zero of at most 30 digits")


def check_share(name: str, share: Decimal, *, most: Decimal = Decimal(1)) -> None:
    """Refuse a rate or share outside zero to ``most``, both inclusive."""
    if not _is_short(share) or not 0 <= share <= most:
        raise refused(name, f"a fraction of one from 0 to {most}")


def check_period(start: date, end: date, *, start_field: str = "starts_on", end_field: str = "ends_on") -> None:
    """Refuse an end that is not after its start, and an instant where a day is asked for."""
    assert not isinstance(start, datetime), "a business day is not an instant"
    if end <= start:
        raise refused(end_field, f"a day after {start_field}")


def check_lots(lots: Lots, quantity_t: int) -> None:
    """Refuse lots that repeat, are not positive or do not sum to the quantity."""
    if not lots:
        return
    ids = {lot_id for lot_id, _ in lots}
    if len(lots) > MAX_LOTS or len(ids) != len(lots) or min(tonnes for _, tonnes in lots) < 1 or min(ids) < 1:
        raise refused("lots", f"1 to {MAX_LOTS} different lots, each with one tonne or more")
    if sum(tonnes for _, tonnes in lots) != quantity_t:
        raise refused("lots", "tonnes that sum to quantity_t")


def refused(name: str, expected: str) -> Invalid:
    """Return the refusal of one term for its own form or range: code ``contract.<field>``."""
    return refused_as(name, name, expected)


def refused_as(reason: str, name: str, expected: str) -> Invalid:
    """Return the refusal of one term for another reason, such as what another term says: code ``contract.<reason>``."""
    return Invalid(f"contract.{reason}", f"{name}: expected {expected}", field=name)


def _is_short(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return (
        value.is_finite() and isinstance(exponent, int) and len(value.as_tuple().digits) + abs(exponent) <= _MAX_DIGITS
    )
