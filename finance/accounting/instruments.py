"""What can be held: an allowance of one vintage, or the credits of one CCER project, with the facts that decide its use.

Owns the instrument, its ledger commodity and the facts stored beside it. Knows no price, no holding and no rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.conventions.tables import parse_day
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.errors import Invalid

_CODE = re.compile(r"[A-Z][A-Z0-9._-]{0,39}", re.ASCII)
_ALLOWANCE_CODE = re.compile(r"CEA(?:[0-9]{2}-)?([0-9]{2})", re.ASCII)
_YEAR = re.compile(r"[1-9][0-9]{3}", re.ASCII)
_CENTURY = 2000
_LONGEST = 200


class InstrumentKind(StrEnum):
    """The family that an instrument belongs to."""

    CEA = "CEA"  # national allowance 全国碳排放配额
    CCER = "CCER"  # certified voluntary reduction 核证自愿减排量


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One fungible set of tonnes; one tonne is the smallest unit.

    An allowance has a vintage (the one issued for 2019 and 2020 together counts as 2020) and nothing else. A credit has
    project, methodology, registration date and whether its project lies inside the national market; its vintage is
    optional. ``price_instrument`` names the mark it is valued with; empty means the default: an allowance's own code,
    ``CCER`` for a credit, since credits are quoted as one.
    """

    code: str
    kind: InstrumentKind
    vintage_year: int | None = None
    project: str = ""
    methodology: str = ""
    registered_on: date | None = None
    is_inside_national_ets: bool = False
    price_instrument: str = ""

    def __post_init__(self) -> None:
        """Refuse a code outside the grammar and facts that do not belong to the kind."""
        for field, text in (("code", self.code), ("price_instrument", self.price_instrument or self.code)):
            if not _CODE.fullmatch(text):
                raise _refused(field, "1 to 40 of A-Z 0-9 . _ -, first a letter", text)
        if self.vintage_year is not None and not _YEAR.fullmatch(str(self.vintage_year)):
            raise _refused("vintage_year", "a year of four digits", str(self.vintage_year))
        project_facts = bool(self.project or self.methodology or self.registered_on or self.is_inside_national_ets)
        if self.kind is InstrumentKind.CEA:
            if self.vintage_year is None:
                raise _refused("vintage_year", "the vintage of an allowance", self.code)
            if project_facts:
                raise _refused("project", "no project facts on an allowance", self.code)
            return
        for field, text in (("project", self.project), ("methodology", self.methodology)):
            if not text.strip() or len(text) > _LONGEST or not text.isprintable():
                raise _refused(field, f"1 to {_LONGEST} printable characters for a credit", text)
        if self.registered_on is None:
            raise _refused("registered_on", "the day on which the credit was registered", self.code)

    @property
    def marked_by(self) -> str:
        """Return the code of the mark that values this instrument."""
        if self.price_instrument:
            return self.price_instrument
        return self.code if self.kind is InstrumentKind.CEA else InstrumentKind.CCER.value

    def commodity(self) -> Commodity:
        """Return the ledger's commodity: whole tonnes, no decimals."""
        kind = CommodityKind.ALLOWANCE if self.kind is InstrumentKind.CEA else CommodityKind.CREDIT
        return Commodity(code=self.code, kind=kind, scale=0)

    def attrs(self) -> dict[str, str]:
        """Return the facts as the ledger keeps them beside the commodity; ``instrument_of`` reads them back."""
        facts = {"instrument_kind": self.kind.value, "price_instrument": self.marked_by}
        if self.vintage_year is not None:
            facts["vintage_year"] = str(self.vintage_year)
        if self.registered_on is not None:
            facts |= {
                "project": self.project,
                "methodology": self.methodology,
                "registered_on": self.registered_on.isoformat(),
                "is_inside_national_ets": "true" if self.is_inside_national_ets else "false",
            }
        return facts


def allowance(code: str) -> Instrument:
    """Return the allowance that ``code`` names: ``CEA25`` is vintage 2025, ``CEA19-20`` counts as 2020."""
    found = _ALLOWANCE_CODE.fullmatch(code)
    if not found:
        raise _refused("code", "an allowance code such as CEA25", code)
    return Instrument(code=code, kind=InstrumentKind.CEA, vintage_year=_CENTURY + int(found[1]))


def instrument_of(code: str, attrs: Mapping[str, str]) -> Instrument | None:
    """Return the instrument that a commodity's stored facts spell, ``None`` for a commodity that is none (money)."""
    kind = attrs.get("instrument_kind")
    if kind not in set(InstrumentKind):
        return None
    registered = attrs.get("registered_on")
    vintage = attrs.get("vintage_year")
    return Instrument(
        code=code,
        kind=InstrumentKind(kind),
        vintage_year=None if vintage is None else int(vintage),
        project=attrs.get("project", ""),
        methodology=attrs.get("methodology", ""),
        registered_on=None if registered is None else parse_day(registered, field="registered_on"),
        is_inside_national_ets=attrs.get("is_inside_national_ets") == "true",
        price_instrument=attrs.get("price_instrument", ""),
    )


def _refused(field: str, expected: str, value: str) -> Invalid:
    return Invalid(f"instrument.{field}", f"{field}: expected {expected}", field=field, value=ascii(value)[:60])
