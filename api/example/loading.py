"""Puts the example into a database, step by step, each step one transaction that changes nothing when it was done before.

An edge like the command line: it opens and commits. The steps use the same operations as the API's routes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from api.deps import unit_of_work, utc_now
from api.example.people import give_roles
from api.example.scenario import Scenario
from api.example.statement import honest_statement
from api.settings import AUDIENCE
from api.store import access, example
from api.store.example import Happening
from api.store.example_life import ExampleState, life_of
from finance.attestations.signatures import sign_statement
from finance.attestations.statements import AssuranceLevel, AssuranceStandard
from finance.conventions.calendars import china_day
from finance.conventions.documents import from_document
from finance.conventions.tables import Table
from finance.emissions.activity import parse_activity
from finance.feeds import ecb, manual
from finance.feeds.tabular import read_table
from finance.feeds.trades import parse_instruments, parse_trades
from finance.kpi.periods import KpiPeriodState
from finance.loans.clauses import AREA
from finance.loans.facility_terms import FacilityTerms
from finance.loans.rate_determinations import DeterminationCause
from finance.operations import activity as activity_operations
from finance.operations import (
    attestations,
    determinations,
    engagements,
    facilities,
    kpi_periods,
    loan_entries,
    market,
    price_uploads,
    signing_keys,
    trades,
    valuations,
)
from finance.operations.price_uploads import UploadFile
from finance.store import activity_reference, market_proposals, reference
from finance.store import attestations as attestation_store
from finance.store import determinations as determination_store
from finance.store import facilities as facility_store
from finance.store import kpi_periods as period_store
from finance.store import market as market_store
from finance.store import signing_keys as key_store
from finance.store.attestations import EngagementRecord
from finance.store.market import RawFile
from ledger import operations as ledger
from ledger.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the loading takes from outside: the database and the sources of ids, randomness and time."""

    database: Database
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    clock: Callable[[], datetime] = utc_now
    """When the loading itself happens; what is loaded has instants of its own."""


STEPS = (
    "organisations",
    "activity",
    "book",
    "prices_proposed",
    "prices_approved",
    "snapshot",
    "facility",
    "baseline_attested",
    "test_attested",
    "decision",
    "loan_entries",
)
"""The steps in their order, each one transaction, by the names under which they are noted when done."""


def load_example(edge: Edge, scenario: Scenario) -> None:
    """Load everything that is not there yet: people, activity, book and trades, prices, loan, attestations, decision.

    Each step is noted in its own transaction, first, so that of two processes at the same step one waits and then finds it done.
    """
    done = _steps_done(edge)
    for name, work in _steps(scenario):
        with unit_of_work(edge.database) as session:
            if name not in done:
                example.add_event(session, Happening.STEP, step=name, now=edge.clock())
            work(session, edge, scenario)
    with unit_of_work(edge.database) as session:
        if not life_of(example.list_events(session)).is_loaded:
            example.add_event(session, Happening.LOADED, now=edge.clock())


def _steps_done(edge: Edge) -> tuple[str, ...]:
    """Return the steps noted in this life, all of them where the example is loaded; begin the life where nobody asked yet."""
    with unit_of_work(edge.database) as session:
        life = life_of(example.list_events(session))
        if life.state in {ExampleState.ABSENT, ExampleState.FAILED}:
            example.add_event(session, Happening.ASKED, now=edge.clock())
        return STEPS if life.is_loaded else life.steps


def _steps(scenario: Scenario) -> tuple[tuple[str, Callable[[Session, Edge, Scenario], None]], ...]:
    key = Ed25519PrivateKey.generate()  # the assessor's own: made now, kept nowhere
    baseline, test = int(scenario.facts["baseline_year"]), scenario.test_year
    work = (
        _organisations,
        _activity,
        _book,
        _prices_proposed,
        _prices_approved,
        _snapshot,
        _facility,
        partial(_attested_period, year=baseline, name="baseline", key=key),
        partial(_attested_period, year=test, name="test", key=key),
        _decision,
        _loan_entries,
    )
    return tuple(zip(STEPS, work, strict=True))


def _organisations(session: Session, edge: Edge, scenario: Scenario) -> None:
    now = scenario.instant("organisations")
    for role, facts in scenario.facts["organisations"].items():
        organisation_id = scenario.organisation_id(role)
        if access.load_organisation(session, organisation_id) is not None:
            continue
        kind = access.OrganisationKind(facts["kind"])
        access.add_organisation(
            session,
            organisation_id=organisation_id,
            kind=kind,
            legal_name=facts["legal_name"],
            now=now,
            is_demo=True,
        )
        for person, (email, name) in facts["people"].items():
            access.add_user(
                session,
                user_id=scenario.id_of("user", role, person),
                organisation_id=organisation_id,
                email=email,
                name=name,
                now=now,
            )
    give_roles(session, scenario, now=now, new_id=edge.new_id)


def _activity(session: Session, _edge: Edge, scenario: Scenario) -> None:
    """Record each year's months after the year has ended.

    Both files hold the same rows, so the second one records nothing: spreadsheet and CSV read alike.
    """
    actor = scenario.actor("borrower")
    for year in (int(scenario.facts["baseline_year"]), scenario.test_year):
        now = scenario.instant(f"activity_{year}")
        activity_operations.record_reference(session, (reference.shipped_factors(),), now=now)
        for name in scenario.facts["files"]["activity"]:
            raw = RawFile(file_name=name, content=scenario.file(name))
            market_store.save_raw_file(session, actor.organisation_id, raw, by=actor.user_id, at=now)
            months = [
                month
                for month in parse_activity(_sheet(scenario, name), activity_reference.shipped_template())
                if month.year <= year
            ]
            activity_operations.record_activity(
                session, actor.organisation_id, months, raw_sha256=raw.sha256, actor=actor, now=now
            )


def _book(session: Session, edge: Edge, scenario: Scenario) -> None:
    facts, files, actor = scenario.facts["book"], scenario.facts["files"], scenario.actor("borrower")
    now = scenario.instant("book")
    book_id = ledger.open_book(
        session,
        book_uuid=scenario.id_of("book"),
        tenant_id=actor.organisation_id,
        code=facts["code"],
        functional_currency=facts["functional_currency"],
        now=now,
    )
    instruments = parse_instruments(_sheet(scenario, files["instruments"]))
    trades.register_instruments(session, book_id, instruments, date.fromisoformat(facts["opened_on"]))
    trades.book_trades(
        session,
        book_id,
        parse_trades(_sheet(scenario, files["trades"])),
        actor=actor,
        now=now,
        new_id=edge.new_id,
        random_bytes=edge.random_bytes,
    )


def _prices_proposed(session: Session, _edge: Edge, scenario: Scenario) -> None:
    """The treasurer uploads two files of prices; they count for nothing yet."""
    actor, now = scenario.actor("borrower"), scenario.instant("prices_proposed")
    for name, file in _price_files(scenario).items():
        price_uploads.propose_upload(
            session, actor.organisation_id, file, proposal_id=scenario.id_of("upload", name), actor=actor, now=now
        )


def _prices_approved(session: Session, _edge: Edge, scenario: Scenario) -> None:
    """The controller approves exactly what was shown: from then on the prices count."""
    actor, now = scenario.actor("borrower", "controller"), scenario.instant("prices_approved")
    for name, file in _price_files(scenario).items():
        proposal = market_proposals.find_proposal(session, actor.organisation_id, scenario.id_of("upload", name))
        assert proposal is not None, "the upload was just proposed"
        price_uploads.approve_upload(
            session, actor.organisation_id, proposal, file, sha256=proposal.sha256, actor=actor, now=now
        )


def _price_files(scenario: Scenario) -> dict[str, UploadFile]:
    files, known_at = scenario.facts["files"], scenario.instant("prices_proposed")
    raw = RawFile(file_name=files["prices"], content=scenario.file(files["prices"]))
    prices = manual.parse_prices(_sheet(scenario, files["prices"]), known_at=known_at, raw_sha256=raw.sha256)
    fixings = RawFile(file_name=files["fixings"], content=scenario.file(files["fixings"]))
    rates = ecb.parse_history(files["fixings"], fixings.content, known_at=known_at).observations
    return {
        "prices": UploadFile(raw=raw, format="prices", observations=tuple(prices)),
        "fixings": UploadFile(raw=fixings, format="ecb_history", observations=tuple(rates)),
    }


def _snapshot(session: Session, _edge: Edge, scenario: Scenario) -> None:
    actor, known_at = scenario.actor("borrower"), scenario.instant("snapshot")
    snapshot_id = scenario.id_of("snapshot")
    if market_store.find_snapshot(session, actor.organisation_id, snapshot_id) is None:
        as_of = date.fromisoformat(scenario.facts["valuation"]["as_of"])
        book_id = ledger_book(session, scenario)
        wanted = (*valuations.marks_needed(session, book_id, as_of=as_of), *scenario.facts["valuation"]["also_marked"])
        market.freeze_snapshot(
            session,
            actor.organisation_id,
            snapshot_id=snapshot_id,
            as_of=as_of,
            known_at=known_at,
            instruments=wanted,
            actor=actor,
            now=known_at,
        )


def _facility(session: Session, edge: Edge, scenario: Scenario) -> None:
    facility_id = scenario.id_of("facility")
    if facility_store.find_facility(session, facility_id) is not None:
        return
    terms = from_document(FacilityTerms, _terms_document(session, scenario), area=AREA)
    sha256 = facilities.open_facility(
        session,
        facility_id,
        terms,
        actor=scenario.actor("borrower"),
        now=scenario.instant("facility"),
        random_bytes=edge.random_bytes,
    )
    facility = facility_store.find_facility(session, facility_id)
    assert facility is not None, "the facility was just opened"
    facilities.agree_to_terms(
        session,
        facility,
        terms.version,
        sha256,
        actor=scenario.actor("lender"),
        now=scenario.instant("facility"),
        random_bytes=edge.random_bytes,
    )


def _terms_document(session: Session, scenario: Scenario) -> dict[str, Any]:
    """Return the terms as posted: the scenario's, with the organisations' ids, the sites of the activity and the factors shipped."""
    facts = scenario.facts
    months = activity_operations.recorded_months(session, scenario.organisation_id("borrower"))
    parties = [
        {
            "role": role,
            "organisation_id": str(scenario.organisation_id(role)),
            "legal_name": facts["organisations"][role]["legal_name"],
            "share": "1" if role == "lender" else None,
        }
        for role in ("borrower", "lender")
    ]
    kpi = {
        "definition": {**facts["kpi"], "factor_set_version": reference.shipped_factors().version},
        "sites": sorted({month.site for month in months}),
        "kpi_class": "core",
        "footprint_share": None,
        "materiality": None,
        "baseline": facts["baseline"],
        "targets": [facts["target"]],
    }
    return {**facts["terms"], "parties": parties, "kpis": [kpi]}


def _attested_period(
    session: Session, edge: Edge, scenario: Scenario, *, year: int, name: str, key: Ed25519PrivateKey
) -> None:
    """Lock and report the year, engage the assessor, and lodge what it signs on its own side."""
    period_id, borrower = scenario.id_of("period", name), scenario.actor("borrower")
    if period_store.find_period(session, period_id) is not None:
        return
    facility = facility_store.find_facility(session, scenario.id_of("facility"))
    assert facility is not None, "the facility was loaded before its periods"
    reported, attested = scenario.instant(f"{name}_reported"), scenario.instant(f"{name}_attested")
    kpi_id = scenario.facts["kpi"]["kpi_id"]
    kpi_periods.open_period(
        session, facility, kpi_period_id=period_id, kpi_id=kpi_id, year=year, purpose=name, actor=borrower, now=reported
    )
    kpi_periods.lock_period(session, period_id, stated=None, actor=borrower, now=reported)
    kpi_periods.report_period(session, period_id, actor=borrower, now=reported)
    engagement = _engaged(session, edge, scenario, name)
    kid = _registered_key(session, edge, scenario, key)
    period = period_store.find_period(session, period_id)
    assert period is not None, "the period was just opened"
    expected = attestations.expectation_of(session, period, engagement.level, audience=AUDIENCE)
    snapshot = period_store.load_snapshot(session, period_id)
    assert snapshot is not None, "the period was just locked"
    statement = honest_statement(scenario, engagement, expected, snapshot, issued_at=attested, jti=f"{name}-{year}")
    attestations.submit_attestation(
        session,
        engagement,
        sign_statement(statement, key, kid=kid),
        attestation_id=scenario.id_of("attestation", name),
        reception=attestations.Reception(
            audience=AUDIENCE, sharing_a_person=frozenset(), random_bytes=edge.random_bytes
        ),
        actor=scenario.actor("assessor"),
        now=attested,
    )


def _engaged(session: Session, edge: Edge, scenario: Scenario, name: str) -> EngagementRecord:
    facility = facility_store.find_facility(session, scenario.id_of("facility"))
    assert facility is not None, "the facility was loaded before its engagements"
    reported, facts = scenario.instant(f"{name}_reported"), scenario.facts
    engagement = EngagementRecord(
        engagement_id=scenario.id_of("engagement", name),
        kpi_period_id=scenario.id_of("period", name),
        facility_id=facility.facility_id,
        assessor_id=scenario.organisation_id("assessor"),
        assessor_legal_name=facts["organisations"]["assessor"]["legal_name"],
        responsible_party=facts["organisations"]["borrower"]["legal_name"],
        level=AssuranceLevel(facts["engagement"]["level"]),
        standard=AssuranceStandard(facts["engagement"]["standard"]),
        valid_from=reported,
        valid_to=reported + timedelta(days=180),
        is_independence_declared=False,
    )
    engagements.engage_assessor(
        session,
        facility,
        engagement,
        sharing_a_person=frozenset(),
        actor=scenario.actor("borrower"),
        now=reported,
        random_bytes=edge.random_bytes,
    )
    engagements.declare_independence(
        session,
        facility,
        engagement,
        sharing_a_person=frozenset(),
        actor=scenario.actor("assessor"),
        now=reported,
        random_bytes=edge.random_bytes,
    )
    engaged = attestation_store.find_engagement(session, engagement.engagement_id)
    assert engaged is not None, "the engagement was just recorded"
    return engaged


def _registered_key(session: Session, edge: Edge, scenario: Scenario, key: Ed25519PrivateKey) -> str:
    """Register this run's key: the server challenges, the holder signs the challenge, a second partner vouches for it."""
    actor, now = scenario.actor("assessor"), scenario.instant("baseline_attested")
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_id = f"assessor-{public_key.hex()[:16]}"
    if key_store.find_key(session, key_id) is not None:
        return key_id
    challenge_id = edge.new_id()
    message = signing_keys.challenge_key(
        session,
        challenge_id=challenge_id,
        key_id=key_id,
        public_key=public_key,
        nonce=edge.random_bytes(signing_keys.NONCE_BYTES),
        actor=actor,
        now=now,
    )
    signing_keys.register_key(
        session, challenge_id, key.sign(message), actor=actor, now=now, random_bytes=edge.random_bytes
    )
    second = scenario.actor("assessor", "second_partner")
    signing_keys.approve_key(session, key_id, actor=second, now=now, random_bytes=edge.random_bytes)
    return key_id


def _decision(session: Session, edge: Edge, scenario: Scenario) -> None:
    """The borrower proposes what the attested value does to the rate; the bank's officer approves exactly that."""
    determination_id, period_id = scenario.id_of("determination"), scenario.id_of("period", "test")
    period = period_store.find_period(session, period_id)
    if period is None or period.state not in {KpiPeriodState.ATTESTED, KpiPeriodState.UNDER_REVIEW}:
        return
    if determination_store.find_determination(session, determination_id) is None:
        proposed = scenario.instant("proposed")
        determinations.propose(
            session,
            period.facility_id,
            period.period_start,
            determinations.Occasion(cause=DeterminationCause.FIRST, replaces=None),
            determination_id=determination_id,
            actor=scenario.actor("borrower"),
            now=proposed,
            today=china_day(proposed),
            random_bytes=edge.random_bytes,
        )
    found = determination_store.find_determination(session, determination_id)
    assert found is not None, "the proposal was just recorded"
    approved = scenario.instant("approved")
    determinations.approve(
        session,
        determination_id,
        found.digest,
        actor=scenario.actor("lender"),
        now=approved,
        today=china_day(approved),
        random_bytes=edge.random_bytes,
    )


def _loan_entries(session: Session, edge: Edge, scenario: Scenario) -> None:
    """The drawdown and every interest payment up to the valuation day, at the rates decided."""
    loan_entries.book_loan(
        session,
        ledger_book(session, scenario),
        scenario.id_of("facility"),
        through=date.fromisoformat(scenario.facts["valuation"]["as_of"]),
        actor=scenario.actor("borrower"),
        now=scenario.instant("book"),
        random_bytes=edge.random_bytes,
    )


def ledger_book(session: Session, scenario: Scenario) -> int:
    """Return the number of the example's book."""
    facts = scenario.facts["book"]
    return ledger.open_book(
        session,
        book_uuid=scenario.id_of("book"),
        tenant_id=scenario.organisation_id("borrower"),
        code=facts["code"],
        functional_currency=facts["functional_currency"],
        now=scenario.instant("book"),
    )


def _sheet(scenario: Scenario, name: str) -> Table:
    return read_table(name, scenario.file(name))[0]
