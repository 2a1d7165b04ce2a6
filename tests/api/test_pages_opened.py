"""A page that is opened without a question answers with what there is or says what to choose: nobody is refused before doing anything."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from api.app import create_app
from api.auth.granting import GrantTerms, grant_role
from api.auth.principal import Role
from api.deps import unit_of_work, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from api.store import access
from api.store.access import OrganisationKind, User
from ledger.store.database import open_database
from tests.api.client import Client, Clock, Randomness
from tests.api.example_people import BROWSER, CHINESE
from tests.api.people import session_token
from tests.conftest import migrated

REFUSED = '<div class="refused"'
A_FEW = 2
"""How many pages of one shape are opened: of entries, lots or proposals one is as the next."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+")
_LINK = re.compile(r'href="([^"#?]+)[^"]*"')
_MAIN = re.compile(r"<main.*</main>", re.DOTALL)
_BESIDE = ("/v1", "/static", "/health")
CAST = {
    "treasurer": ("borrower", "treasurer"),
    "controller": ("borrower", "controller"),
    "officer": ("lender", "officer"),
    "assessor": ("assessor", "signatory"),
}
ROLES = {"checker": Role.CHECKER, "closer": Role.CLOSER, "administrator": Role.ADMIN}


@dataclass(frozen=True)
class House:
    """The example behind an application, and a token for each person by what the person does."""

    client: Client
    scenario: Scenario
    tokens: Mapping[str, str]

    def page(self, path: str, who: str, headers: Mapping[str, str] = BROWSER) -> str:
        answer = self.client.get(path, key=self.tokens[who], headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        return unescape(answer.text)


@dataclass(frozen=True)
class Cast:
    """Gives people places and roles."""

    session: Session
    clock: Clock
    new_id: Callable[[], UUID]

    def organisation(self, kind: OrganisationKind, name: str) -> UUID:
        made = access.add_organisation(
            self.session, organisation_id=self.new_id(), kind=kind, legal_name=name, now=self.clock()
        )
        return made.organisation_id

    def person(self, organisation_id: UUID, name: str, *roles: Role, days: int | None = None) -> User:
        user = access.add_user(
            self.session,
            user_id=self.new_id(),
            organisation_id=organisation_id,
            email=f"{name}@pages.example",
            name=name,
            now=self.clock(),
        )
        until_at = None if days is None else self.clock() + timedelta(days=days)
        for role in roles:
            terms = GrantTerms(role=role, from_at=self.clock(), until_at=until_at, reason="opens pages")
            grant_role(self.session, user, terms, granted_by=None, now=self.clock(), new_id=self.new_id)
        return user

    def everybody(self, scenario: Scenario) -> dict[str, User]:
        smelter = scenario.organisation_id("borrower")
        found: dict[str, User] = {}
        for name, (party, person) in CAST.items():
            of, user_id = scenario.organisation_id(party), scenario.id_of("user", party, person)
            user = access.load_user(self.session, of, user_id)
            assert user is not None
            found[name] = user
        found |= {name: self.person(smelter, name, role) for name, role in ROLES.items()}
        self.person(self.organisation(OrganisationKind.AUDITOR, "Example Auditors"), "auditor")
        found["auditor"] = self.person(smelter, "auditor", Role.AUDITOR, days=30)
        operators = self.organisation(OrganisationKind.OPERATOR, "Example Operations")
        found["operator"] = self.person(operators, "operator", Role.OPERATOR)
        fresh = self.organisation(OrganisationKind.BORROWER, "New Smelter")
        found["newcomer"] = self.person(fresh, "newcomer", Role.ADMIN, Role.MAKER)
        return found


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock, randomness, scenario = Clock(), Randomness(), load_scenario()
    with migrated("sqlite", request, tmp_path_factory) as url:
        database = open_database(url)

        def new_id() -> UUID:
            return uuid7(clock(), randomness)

        load_example(Edge(database=database, new_id=new_id, random_bytes=secrets.token_bytes), scenario)
        with unit_of_work(database) as session:
            people = Cast(session, clock, new_id).everybody(scenario)
            tokens = {
                name: session_token(session, user, now=clock(), randomness=secrets.token_bytes)
                for name, user in people.items()
            }
        with Client(create_app(database, clock=clock, random_source=randomness)) as client:
            book = {"book_id": str(new_id()), "code": "new", "functional_currency": "CNY"}
            opened = client.post("/v1/books", json.dumps(book), key=tokens["newcomer"])
            assert opened.status_code == 201, opened.text
            yield House(client=client, scenario=scenario, tokens=tokens)
        database.engine.dispose()


def links(text: str) -> list[str]:
    found = dict.fromkeys(_LINK.findall(text))
    return [path for path in found if path.startswith("/") and not path.startswith(_BESIDE)]


@pytest.mark.parametrize("who", [*CAST, *ROLES, "auditor", "operator", "newcomer"])
def test_no_page_that_is_opened_without_a_question_refuses_its_reader(house: House, who: str) -> None:
    seen, waiting, complaints = {"/"}, ["/"], {}
    shapes: dict[str, int] = {}

    while waiting:
        path = waiting.pop(0)
        answer = house.client.get(path, key=house.tokens[who], headers=BROWSER)
        if answer.status_code != 200 or REFUSED in answer.text:
            complaints[path] = (answer.status_code, " ".join(re.sub("<[^>]+>", " ", answer.text).split())[-300:])
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in links(unescape(answer.text)):
            shape = _ID.sub("*", link)
            if link not in seen and (("books/*" in shape and shape.count("*") == 1) or shapes.get(shape, 0) < A_FEW):
                shapes[shape] = shapes.get(shape, 0) + 1
                seen.add(link)
                waiting.append(link)

    assert complaints == {}


def test_the_year_the_plan_and_the_carry_over_say_what_they_must_be_told(house: House) -> None:
    book = f"/books/{house.scenario.id_of('book')}"

    year, plan, carry = (
        house.page(f"{book}/{name}", "treasurer") for name in ("compliance", "surrender-plan", "carry-over")
    )
    chinese = house.page(f"{book}/carry-over", "treasurer", CHINESE)

    assert "Which balance value?" in year
    assert "How many tonnes are due?" in plan
    assert "Was the duty of 2023 settled?" in carry
    assert f"{book}/carry-over?year=2025&declared_settled=2023" in carry
    assert "2023年度" in chinese


def test_one_click_declares_the_year_and_the_page_answers(house: House) -> None:
    book = f"/books/{house.scenario.id_of('book')}"

    answered = house.page(f"{book}/carry-over?year=2025&declared_settled=2023", "treasurer")

    assert REFUSED not in answered


def test_what_a_person_entered_is_refused_in_its_place(house: House) -> None:
    book = f"/books/{house.scenario.id_of('book')}"

    assert REFUSED in house.page(f"{book}/carry-over?year=2025&declared_settled=twenty", "treasurer")


def test_the_statement_of_a_book_without_an_account_says_so(house: House) -> None:
    books = house.client.get("/v1/books", key=house.tokens["newcomer"]).json()["books"]

    opened = house.page(f"/books/{books[0]['book_id']}/statement", "newcomer")

    assert "Book new has no account yet." in opened
