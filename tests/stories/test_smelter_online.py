"""The example over the wire: the three organisations ask the API and read the figures that the demo prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from api.app import create_app
from api.auth.principal import Scope
from api.store import access
from tests.api.client import Client, Clock, Randomness
from tests.api.people import proof
from tests.conftest import ENGINES, migrated
from tests.stories.smelter import Part, Smelter, loaded_smelter, opened

DAY = "2026-08-19"
SCOPES = {
    "borrower": frozenset({Scope.LEDGER_READ, Scope.COMPLIANCE_READ}),
    "lender": frozenset({Scope.DETERMINATION_APPROVE}),
    "assessor": frozenset({Scope.ATTESTATION_WRITE}),
}


@dataclass(frozen=True)
class Wire:
    """The application over the example, and a key for each organisation's one person."""

    smelter: Smelter
    client: Client
    keys: dict[str, str]

    def ask(self, role: str, path: str) -> Any:
        """Return the answer to a question that the organisation may ask."""
        answer = self.client.get(f"/v1{path}", key=self.keys[role])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, role: str, path: str) -> int:
        """Return the status of a question that is refused, whose answer says no figure."""
        answer = self.client.get(f"/v1{path}", key=self.keys[role])
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert not any(figure in answer.text for figure in ("0.0335", "0.0345", "3.35", "1712222.22"))
        return answer.status_code

    def path(self, kind: str, *words: str) -> str:
        """Return the address of one of the example's things."""
        return f"/{kind}/{self.smelter.scenario.id_of(*words)}"


@pytest.fixture(scope="module", params=ENGINES)
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    clock, randomness = Clock(), Randomness(drawn=1_000)
    with migrated(request.param, request, tmp_path_factory) as url, opened(url) as database:
        smelter = loaded_smelter(database)
        keys = {}
        for role, scopes in SCOPES.items():
            actor = smelter.scenario.actor(role)
            with database.reader() as session:
                user = access.load_user(session, actor.organisation_id, actor.user_id)
            assert user is not None
            keys[role] = proof(database, clock, randomness, user, scopes).key
        with Client(create_app(database, clock=clock, random_source=randomness)) as client:
            yield Wire(smelter=smelter, client=client, keys=keys)


def figures(answer: Part) -> Part:
    """Return an answer with its amounts spelled as the document spells them."""
    return {
        name: {"value": part["amount"], "unit": part["unit"]}
        if isinstance(part, dict) and set(part) == {"amount", "unit"}
        else part
        for name, part in answer.items()
    }


def test_the_treasurer_reads_the_same_positions(wire: Wire) -> None:
    answer = wire.ask("borrower", wire.path("books", "book") + f"/positions?as_of={DAY}")
    shown = wire.smelter.document["positions"]

    assert str(answer["known"]) == shown["record_point"]["seq"]
    assert {each["account"]: each["balance"]["amount"] for each in answer["positions"]} == {
        each["account"]: each["balance"]["value"] for each in shown["accounts"]
    }


def test_the_treasurer_reads_the_same_worth_of_every_lot(wire: Wire) -> None:
    snapshot = wire.smelter.scenario.id_of("snapshot")
    answer = wire.ask("borrower", wire.path("books", "book") + f"/valuation?as_of={DAY}&snapshot_id={snapshot}")
    shown = wire.smelter.document["valuation"]

    assert answer["snapshot_sha256"] == shown["snapshot"]["sha256"]
    names = ("instrument", "acquired_on", "quantity", "cost", "market_value", "unrealised")
    assert [{name: figures(lot)[name] for name in names} for lot in answer["lots"]] == [
        {name: lot[name] for name in names} for lot in shown["lots"]
    ]
    total = figures(answer["total"])
    assert {name: total[name] for name in shown["total"]} == shown["total"]
    assert total["is_complete"] is False
    assert figures(answer)["realised_net"] == shown["realised_net"]


def test_the_treasurer_reads_the_same_obligation_of_2025(wire: Wire) -> None:
    snapshot = wire.smelter.scenario.id_of("snapshot")
    asked = f"as_of={DAY}&year=2025&methodology=cets-ag-04.01&balance_value=1.7000&snapshot_id={snapshot}"

    answer = wire.ask("borrower", wire.path("books", "book") + f"/compliance?{asked}&mark_instrument=CEA25")

    shown, found = wire.smelter.document["compliance"], figures(answer)
    for name in ("due", "allocation", "gap", "gap_cost"):
        assert found[name] == shown[name]
    assert found["ccer_cap"] == shown["ccer_cap"]


@pytest.mark.parametrize("role", ["borrower", "lender"])
def test_both_sides_of_the_loan_read_the_same_schedule(wire: Wire, role: str) -> None:
    answer = wire.ask(role, wire.path("facilities", "facility") + "/schedule")
    shown = wire.smelter.document["interest"]
    (tranche,) = answer["tranches"]

    assert [
        (
            each["start"],
            each["payment_date"],
            each["interest_before"]["amount"],
            each["interest_after"]["amount"],
            each["saving"]["amount"],
        )
        for each in tranche["periods"]
    ] == [
        (row["start"], row["payment_date"], row["before"]["value"], row["after"]["value"], row["saving"]["value"])
        for row in shown["schedule"]
    ]
    assert tranche["total_saving"] == {"amount": "406111.12", "unit": "CNY"}


@pytest.mark.parametrize("role", ["borrower", "lender"])
def test_both_sides_of_the_loan_read_the_same_reasons_for_the_rate(wire: Wire, role: str) -> None:
    def plain(node: Part) -> Part:
        kept = {name: node[name] for name in ("label_en", "label_zh", "value", "unit")}
        if node.get("source"):
            kept["source"] = node["source"]
        if node.get("children"):
            kept["formula"] = node["formula"]
            kept["children"] = [plain(child) for child in node["children"]]
        return kept

    answer = wire.ask(role, wire.path("facilities", "facility") + "/rate?on=2026-06-20")

    assert (answer["rate"], answer["rate_exact"]) == ("0.0335", "67/2000")
    assert plain(answer["explain"]) == wire.smelter.document["interest"]["why"]


@pytest.mark.parametrize("role", ["borrower", "lender"])
def test_both_sides_of_the_loan_read_the_same_kpi_period(wire: Wire, role: str) -> None:
    answer = wire.ask(role, wire.path("kpi-periods", "period", "test"))
    shown = wire.smelter.document["kpi"]

    assert (answer["value"], answer["state"]) == (shown["observed"]["value"], shown["state"])
    assert [answer["period_start"], answer["period_end"]] == shown["period"]
    assert [event["state"] for event in answer["events"]] == [event["state"] for event in shown["events"]]


def test_the_assessor_reads_what_it_signed_and_after_its_engagement_no_other_figure(wire: Wire) -> None:
    """The engagement for 2025 ended on 9 August 2026; the requests come in November."""
    period = wire.ask("assessor", wire.path("kpi-periods", "period", "test"))
    signed = wire.ask("assessor", wire.path("attestations", "attestation", "test"))

    assert (period["state"], period["value"]) == ("determined", None)
    assert signed["id"] == wire.smelter.document["attestation"][1]["attestation_id"]
    assert signed["state"] == "accepted"


@pytest.mark.parametrize("role", ["borrower", "lender"])
def test_both_sides_of_the_loan_read_the_same_decision(wire: Wire, role: str) -> None:
    answer = wire.ask(role, wire.path("determinations", "determination"))
    shown = wire.smelter.document["determination"]

    (price,) = answer["decision"]["prices"]
    assert (answer["digest"], price["adjustment_after_bp"]) == (shown["digest"], "-10")
    assert price["effective_from"] == shown["effective_from"] == "2026-06-20"
    assert answer["evidence"][0]["attestation_id"] == shown["cause"]["attestation_id"]


def test_the_assessor_sees_no_rate_no_schedule_and_no_decision(wire: Wire) -> None:
    facility = wire.path("facilities", "facility")

    statuses = [
        wire.refused("assessor", path)
        for path in (
            f"{facility}/schedule",
            f"{facility}/rate?on=2026-06-20",
            f"{facility}/determinations",
            wire.path("determinations", "determination"),
        )
    ]

    assert set(statuses) <= {403, 404}
    seen = wire.ask("assessor", facility)
    assert "terms" not in seen
    assert "0.0345" not in str(seen)


@pytest.mark.parametrize("role", ["lender", "assessor"])
def test_nobody_else_reads_the_borrowers_book(wire: Wire, role: str) -> None:
    book = wire.path("books", "book")

    assert wire.refused(role, f"{book}/positions?as_of={DAY}") in {403, 404}


def test_without_a_key_there_is_no_answer(wire: Wire) -> None:
    answer = wire.client.get(f"/v1{wire.path('facilities', 'facility')}/schedule")

    assert answer.status_code == 401
