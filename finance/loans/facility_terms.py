"""A facility's terms as agreed: one immutable, numbered version that prices everything without a word of free text.

Owns which terms are legal together. As a document (``finance.conventions.documents``) they are what is hashed, signed, stored,
posted and bundled: one form everywhere. Knows no calendar, no fixing and no decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.fields import check_identifier, check_text, refused, refused_as
from finance.kpi.definitions import KpiDefinition
from finance.kpi.targets import ExternalRank, KpiClass, PerformanceTarget, StatusHeld, kind_matches
from finance.loans.clauses import AREA, EffectRule, LabelTerms, LateFactTerms, ReportingTerms
from finance.loans.price_effects import DeadBand, Linear, PricedItem, Ratchet, WhileHeld
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.errors import Invalid

_MOST_TRANCHES, _MOST_PARTIES = 50, 200


class PartyRole(StrEnum):
    """What an organisation is in a facility."""

    BORROWER = "borrower"
    LENDER = "lender"
    AGENT = "agent"
    COORDINATOR = "coordinator"  # sustainability coordinator
    GUARANTOR = "guarantor"
    ASSESSOR = "assessor"
    SWAP_COUNTERPARTY = "swap_counterparty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation in one role. ``share`` is a lender's part of the whole, in (0, 1]; null for every other role."""

    role: PartyRole
    organisation_id: str
    legal_name: str
    share: Fraction | None

    def __post_init__(self) -> None:
        """Refuse a nameless party, and a share where there is none."""
        check_identifier(self.organisation_id, area=AREA, field="organisation_id")
        check_text(self.legal_name, area=AREA, field="legal_name")
        if (self.share is not None) != (self.role is PartyRole.LENDER):
            raise refused(area=AREA, field="share", expected="a share for a lender, null otherwise", value=self.role)
        if self.share is not None and not 0 < self.share <= 1:
            raise refused(area=AREA, field="share", expected="a part above 0, at most 1", value=self.share)


class RecalculationKind(StrEnum):
    """What a restated base year does to the target (the two answers of one issuer's bonds: D29)."""

    FOLLOWS = "follows"  # the target is measured from the restated base
    STAYS = "stays"  # base and absolute target stay as signed
    RENDEZVOUS = "rendezvous"  # the parties talk


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTerms:
    """The base year and what its restatement does; a change above ``significance`` (a fraction of one) triggers the clause.

    ``value`` is the base as signed, null where its own attestation is still to come.
    """

    period_start: date
    period_end: date
    value: Fraction | None
    method: str
    significance: Fraction
    on_restatement: RecalculationKind

    def __post_init__(self) -> None:
        """Refuse an empty period, a base nothing can be divided by, and a threshold that is none."""
        if self.period_end <= self.period_start:
            raise refused(area=AREA, field="period_end", expected="a day after period_start", value=self.period_end)
        if self.value is not None and self.value <= 0:
            raise refused(area=AREA, field="value", expected="a value above zero, or null", value=self.value)
        check_text(self.method, area=AREA, field="method")
        if not 0 <= self.significance <= 1:
            raise refused(area=AREA, field="significance", expected="a fraction of one", value=self.significance)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTerms:
    """A KPI as this version of the terms has it: definition, sites, class, base year and target grid.

    ``footprint_share`` is the part of the borrower's scope 1 and 2 emissions that it covers, ``materiality`` why it is core to the
    business; null where nobody said. They price nothing and are what the checklist looks at.
    """

    definition: KpiDefinition
    sites: tuple[str, ...]
    kpi_class: KpiClass
    footprint_share: Fraction | None
    materiality: str | None
    baseline: BaselineTerms | None
    targets: tuple[PerformanceTarget, ...]

    def __post_init__(self) -> None:
        """Refuse a KPI without sites, two targets for one period, and a base that a target needs and nobody set."""
        for site in self.sites:
            check_text(site, area=AREA, field="sites")
        if not self.sites or len(set(self.sites)) != len(self.sites):
            raise refused(area=AREA, field="sites", expected="at least one site, none twice", value=len(self.sites))
        if self.footprint_share is not None and not 0 <= self.footprint_share <= 1:
            raise refused(
                area=AREA, field="footprint_share", expected="a share from 0 to 1, or null", value=self.footprint_share
            )
        periods = [target.period_start for target in self.targets]
        if periods != sorted(set(periods)):
            expected = "targets in order of their periods, one each"
            raise refused(area=AREA, field="targets", expected=expected, value=len(periods))
        for index, target in enumerate(self.targets):
            if not kind_matches(target.rule, self.definition.measure):
                expected = f"a kind of target that goes with the measure {self.definition.measure}"
                raise refused(area=AREA, field=f"targets[{index}].rule", expected=expected, value=target.test_year)
            if target.needs_baseline and self.baseline is None:
                raise refused(
                    area=AREA, field="baseline", expected="a base year; a target is measured from it", value=None
                )

    def target_of(self, period_start: date) -> PerformanceTarget | None:
        """Return the target of the test period that begins on ``period_start``, or None."""
        return next((each for each in self.targets if each.period_start == period_start), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityTerms:
    """One version of a facility, whole: parties, tranches, KPIs, clauses, dates, evidence, label.

    ``ratchet`` is null for a conventional or a sleeping loan. ``source`` says where the terms are written.
    """

    facility_number: str
    version: int
    agreed_on: date
    source: str
    parties: tuple[Party, ...]
    tranches: tuple[TrancheTerms, ...]
    kpis: tuple[KpiTerms, ...]
    ratchet: Ratchet | None
    effect: EffectRule
    reporting: ReportingTerms
    late_facts: LateFactTerms
    label: LabelTerms

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together; the code names the field (``terms.ratchet``)."""
        check_text(self.facility_number, area=AREA, field="facility_number")
        check_text(self.source, area=AREA, field="source")
        if self.version < 1:
            raise refused(area=AREA, field="version", expected="a version number from 1 on", value=self.version)
        self._check_parties()
        self._check_tranches()
        self._check_kpis()
        self._check_clauses()

    def _check_parties(self) -> None:
        pairs = [(party.role, party.organisation_id) for party in self.parties]
        if len(set(pairs)) != len(pairs) or len(pairs) > _MOST_PARTIES:
            raise refused(area=AREA, field="parties", expected="each party once in a role", value=len(pairs))
        if len(self.of_role(PartyRole.BORROWER)) != 1 or not self.lender_ids:
            raise _refused_parties("parties_few", "one borrower and at least one lender", len(pairs))
        if self.borrower_id in self.lender_ids:
            raise _refused_parties("lender_is_borrower", "lenders other than the borrower", self.borrower_id)
        against = {
            self.borrower_id,
            *self.lender_ids,
            *self.of_role(PartyRole.GUARANTOR),
            *self.of_role(PartyRole.AGENT),
        }
        if against & set(self.of_role(PartyRole.ASSESSOR)):
            raise _refused_parties("assessor_is_party", "an assessor that is no party to the loan", "assessor")
        shares = sum((party.share for party in self.parties if party.share is not None), Fraction(0))
        if shares != 1:
            raise _refused_parties("shares", "lenders' shares that sum to exactly 1", shares)

    def _check_tranches(self) -> None:
        names = [tranche.tranche_id for tranche in self.tranches]
        if not names or len(set(names)) != len(names) or len(names) > _MOST_TRANCHES:
            expected = f"1 to {_MOST_TRANCHES} tranches, none twice"
            raise refused(area=AREA, field="tranches", expected=expected, value=", ".join(names))
        for tranche in self.tranches:
            if tranche.paired_with is not None and tranche.paired_with not in set(names) - {tranche.tranche_id}:
                raise refused(area=AREA, field="paired_with", expected="another tranche", value=tranche.paired_with)

    def _check_kpis(self) -> None:
        names = [kpi.definition.kpi_id for kpi in self.kpis]
        if len(set(names)) != len(names):
            raise refused(area=AREA, field="kpis", expected="each KPI once", value=", ".join(names))
        if self.ratchet is None:
            return
        if self.label.is_sleeping:
            raise refused(area=AREA, field="ratchet", expected="null while the loan sleeps", value="a ratchet")
        if set(self.ratchet.kpi_ids) != set(names):
            expected = f"clauses on exactly the KPIs of the terms: {', '.join(names)}"
            raise refused(area=AREA, field="ratchet", expected=expected, value=", ".join(self.ratchet.kpi_ids))
        for kpi in self.kpis:
            if not kpi.targets:
                expected = f"at least one target for {kpi.definition.kpi_id}; a clause hangs on it"
                raise refused(area=AREA, field="kpis", expected=expected, value="no target")

    def _check_clauses(self) -> None:
        if self.ratchet is None:
            return
        tranches = {tranche.tranche_id: tranche for tranche in self.tranches}
        kpis = {kpi.definition.kpi_id: kpi for kpi in self.kpis}
        for number, effect in enumerate(self.ratchet.effects):
            place = f"ratchet.effects[{number}]"
            for applied in effect.applies_to:
                concerned = self.tranches if applied.tranche_id is None else (tranches.get(applied.tranche_id),)
                if None in concerned:
                    expected = f"one of {', '.join(tranches)}"
                    raise refused(area=AREA, field=f"{place}.tranche_id", expected=expected, value=applied.tranche_id)
                has_fee = any(fee.name == applied.fee for each in concerned if each for fee in each.fees)
                if applied.item is PricedItem.FEE and not has_fee:
                    raise refused(area=AREA, field=f"{place}.fee", expected="a fee of the tranche", value=applied.fee)
            if isinstance(effect.rule, WhileHeld | Linear | DeadBand):
                _check_scale(effect.rule, kpis[effect.rule.kpi_id], place=place)

    def of_role(self, role: PartyRole) -> tuple[str, ...]:
        """Return the organisations in ``role``, in the terms' order."""
        return tuple(party.organisation_id for party in self.parties if party.role is role)

    @property
    def borrower_id(self) -> str:
        """Return the borrower's organisation."""
        return self.of_role(PartyRole.BORROWER)[0]

    @property
    def lender_ids(self) -> tuple[str, ...]:
        """Return the lenders' organisations."""
        return self.of_role(PartyRole.LENDER)

    def tranche(self, tranche_id: str) -> TrancheTerms:
        """Return a tranche; one that the terms do not have is refused (``terms.tranche_unknown``)."""
        for each in self.tranches:
            if each.tranche_id == tranche_id:
                return each
        expected = f"one of {', '.join(each.tranche_id for each in self.tranches)}"
        raise refused_as(area=AREA, reason="tranche_unknown", field="tranche_id", expected=expected, value=tranche_id)

    def kpi(self, kpi_id: str) -> KpiTerms:
        """Return a KPI; one that the terms do not have is refused (``terms.kpi_id``)."""
        for each in self.kpis:
            if each.definition.kpi_id == kpi_id:
                return each
        raise refused(area=AREA, field="kpi_id", expected="a KPI of the terms", value=kpi_id)

    @property
    def citation(self) -> str:
        """Return how a source names these terms: ``facility CIB-BZ-1 terms version 1``."""
        return f"facility {self.facility_number} terms version {self.version}"


def _check_scale(rule: WhileHeld | Linear | DeadBand, kpi: KpiTerms, *, place: str) -> None:
    holds_status = any(isinstance(target.rule, StatusHeld) for target in kpi.targets)
    if isinstance(rule, WhileHeld) != holds_status:
        expected = "while_held for a status KPI, and for no other"
        raise refused(area=AREA, field=f"{place}.rule", expected=expected, value=kpi.definition.kpi_id)
    if any(isinstance(target.rule, ExternalRank) for target in kpi.targets):
        expected = "steps: a grade is no number to draw a line through"
        raise refused(area=AREA, field=f"{place}.rule", expected=expected, value=kpi.definition.kpi_id)


def _refused_parties(reason: str, expected: str, value: object) -> Invalid:
    return refused_as(area=AREA, reason=reason, field="parties", expected=expected, value=value)
