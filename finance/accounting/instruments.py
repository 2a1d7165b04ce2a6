"""What can be held: allowances of a vintage, credits of a project, EUA, CBAM certificates, green certificates, with their facts.

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
_PRICE_PERIOD = re.compile(r"([1-9][0-9]{3})(?:Q[1-4]|W(?:0[1-9]|[1-4][0-9]|5[0-3]))", re.ASCII)
_CENTURY = 2000
_LONGEST = 200


class InstrumentKind(StrEnum):
    """The family that an instrument belongs to."""

    CEA = "CEA"  # national allowance 全国碳排放配额
    CCER = "CCER"  # certified voluntary reduction 核证自愿减排量
    EUA = "EUA"  # EU allowance, any vintage of the phase
    CBAM = "CBAM"  # CBAM certificate, by the period that priced it
    GEC = "GEC"  # green electricity certificate 绿证, by year of production


class Tradability(StrEnum):
    """Whether a green certificate may still be sold: each is traded once, and some kinds never."""

    TRADABLE = "tradable"  # issued to its holder, not traded yet
    TRADED = "traded"  # bought: it cannot be sold on
    NON_TRADABLE = "non_tradable"  # own use, old hydro power


UNITS: Mapping[InstrumentKind, str] = {
    InstrumentKind.CEA: "t",
    InstrumentKind.CCER: "t",
    InstrumentKind.EUA: "t",
    InstrumentKind.CBAM: "certificate",
    InstrumentKind.GEC: "MWh",
}
"""What one piece of each kind is: 1 t CO2e, a CBAM certificate for 1 t, a green certificate for 1 MWh (1,000 kWh)."""

_COMMODITY_KINDS: Mapping[InstrumentKind, CommodityKind] = {
    InstrumentKind.CEA: CommodityKind.ALLOWANCE,
    InstrumentKind.CCER: CommodityKind.CREDIT,
    InstrumentKind.EUA: CommodityKind.ALLOWANCE,
    InstrumentKind.CBAM: CommodityKind.CERTIFICATE,
    InstrumentKind.GEC: CommodityKind.CERTIFICATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One fungible set; one piece (1 t, one certificate, 1 MWh) is the smallest unit.

    A CEA has a vintage (the one issued for 2019 and 2020 together counts as 2020) and nothing else. A credit has
    project, methodology, registration date and whether its project lies inside the national market; its vintage is
    optional. An EUA has no facts of its own. A CBAM certificate has the year and the ``price_period`` that priced it
    (``2026Q1``, weekly ``2027W06``). A green certificate has its production year as vintage, its last valid day
    ``valid_until`` and its ``tradability``. ``price_instrument`` names the mark it is valued with; empty means the
    default: ``CCER`` and ``EUA`` for those kinds, since they are quoted as one, the price of its own period for a CBAM
    certificate (``CBAM-2026Q1``), its own code for the others.
    """

    code: str
    kind: InstrumentKind
    vintage_year: int | None = None
    project: str = ""
    methodology: str = ""
    registered_on: date | None = None
    is_inside_national_ets: bool = False
    price_instrument: str = ""
    price_period: str = ""
    valid_until: date | None = None
    tradability: Tradability | None = None

    def __post_init__(self) -> None:
        """Refuse a code outside the grammar and facts that do not belong to the kind."""
        for field, text in (("code", self.code), ("price_instrument", self.price_instrument or self.code)):
            if not _CODE.fullmatch(text):
                raise _refused(field, "1 to 40 of A-Z 0-9 . _ -, first a letter", text)
        if self.vintage_year is not None and not _YEAR.fullmatch(str(self.vintage_year)):
            raise _refused("vintage_year", "a year of four digits", str(self.vintage_year))
        given = frozenset(name for name in _FACTS if getattr(self, name))
        needed, allowed = _KIND_FACTS[self.kind]
        for field in _FACTS:
            if field in needed - given:
                raise _refused(field, f"{_EXPECTED[field]} for {self.kind}", "")
            if field in given - needed - allowed:
                raise _refused(field, f"nothing for {self.kind}", self.code)
        for field, text in (("project", self.project), ("methodology", self.methodology)):
            if text and (not text.strip() or len(text) > _LONGEST or not text.isprintable()):
                raise _refused(field, f"1 to {_LONGEST} printable characters", text)
        self._check_period()

    def _check_period(self) -> None:
        found = _PRICE_PERIOD.fullmatch(self.price_period)
        if self.price_period and (found is None or found[1] != str(self.vintage_year)):
            raise _refused(
                "price_period", "a quarter or week of vintage_year such as 2026Q1 or 2027W06", self.price_period
            )
        if self.valid_until is not None and self.vintage_year is not None and self.valid_until.year < self.vintage_year:
            raise _refused("valid_until", "a day in or after the production year", self.valid_until.isoformat())

    @property
    def marked_by(self) -> str:
        """Return the code of the mark that values this instrument."""
        if self.price_instrument:
            return self.price_instrument
        if self.kind is InstrumentKind.CBAM:
            return f"CBAM-{self.price_period}"
        return self.code if self.kind in {InstrumentKind.CEA, InstrumentKind.GEC} else self.kind.value

    @property
    def unit(self) -> str:
        """Return the unit of one piece: ``t``, ``certificate`` or ``MWh``."""
        return UNITS[self.kind]

    def commodity(self) -> Commodity:
        """Return the ledger's commodity: whole pieces, no decimals."""
        return Commodity(code=self.code, kind=_COMMODITY_KINDS[self.kind], scale=0)

    def attrs(self) -> dict[str, str]:
        """Return the facts as the ledger keeps them beside the commodity; ``instrument_of`` reads them back."""
        facts = {"instrument_kind": self.kind.value, "price_instrument": self.marked_by}
        if self.vintage_year is not None:
            facts["vintage_year"] = str(self.vintage_year)
        if self.price_period:
            facts["price_period"] = self.price_period
        if self.valid_until is not None:
            facts["valid_until"] = self.valid_until.isoformat()
        if self.tradability is not None:
            facts["tradability"] = self.tradability.value
        if self.unit != "t":
            facts["unit"] = self.unit
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
    valid_until = attrs.get("valid_until")
    tradability = attrs.get("tradability")
    price_instrument = attrs.get("price_instrument", "")
    if kind == InstrumentKind.CBAM.value == price_instrument:
        price_instrument = ""  # registered before each period had a price of its own
    return Instrument(
        code=code,
        kind=InstrumentKind(kind),
        vintage_year=None if vintage is None else int(vintage),
        project=attrs.get("project", ""),
        methodology=attrs.get("methodology", ""),
        registered_on=None if registered is None else parse_day(registered, field="registered_on"),
        is_inside_national_ets=attrs.get("is_inside_national_ets") == "true",
        price_instrument=price_instrument,
        price_period=attrs.get("price_period", ""),
        valid_until=None if valid_until is None else parse_day(valid_until, field="valid_until"),
        tradability=None if tradability is None else Tradability(tradability),
    )


_FACTS = (
    "vintage_year", "project", "methodology", "registered_on", "is_inside_national_ets", "price_period", "valid_until",
    "tradability",
)  # fmt: skip
_EXPECTED: Mapping[str, str] = {
    "vintage_year": "the vintage or production year",
    "project": "the project",
    "methodology": "the methodology",
    "registered_on": "the day on which the credit was registered",
    "price_period": "the quarter or week that priced it",
    "valid_until": "the last day on which it is valid",
    "tradability": f"one of {', '.join(Tradability)}",
}
_KIND_FACTS: Mapping[InstrumentKind, tuple[frozenset[str], frozenset[str]]] = {
    InstrumentKind.CEA: (frozenset({"vintage_year"}), frozenset()),
    InstrumentKind.CCER: (
        frozenset({"project", "methodology", "registered_on"}),
        frozenset({"vintage_year", "is_inside_national_ets"}),
    ),
    InstrumentKind.EUA: (frozenset(), frozenset()),
    InstrumentKind.CBAM: (frozenset({"vintage_year", "price_period"}), frozenset({"valid_until"})),
    InstrumentKind.GEC: (frozenset({"vintage_year", "valid_until", "tradability"}), frozenset({"project"})),
}
"""The facts that each kind must have, and those it may have; every other fact is refused."""


def _refused(field: str, expected: str, value: str) -> Invalid:
    return Invalid(f"instrument.{field}", f"{field}: expected {expected}", field=field, value=ascii(value)[:60])
