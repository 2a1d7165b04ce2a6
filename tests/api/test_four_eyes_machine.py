"""Thousands of sequences against four eyes: nothing runs without two persons, the equal digest, live roles, within the limit.

R25 of the reliability notes. One application and database for all; each sequence has an organisation of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings

from api.deps import unit_of_work
from api.store import access, sessions
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, place
from tests.api.two_persons import House, house_of

SEQUENCES = 40
LIMIT_CENTS = 1_000

ACTS = st.one_of(
    st.tuples(st.just("propose"), st.integers(1, 1_500)),
    st.tuples(
        st.sampled_from(("own key", "own session", "checker", "third", "reader", "twice at once")), st.integers(0, 5)
    ),
    st.tuples(st.sampled_from(("other digest", "reject", "withdraw")), st.integers(0, 5)),
    st.tuples(st.sampled_from(("lose checker", "lose maker", "next day", "late")), st.just(0)),
)


class Sequence:
    """One run of acts, and what may have happened: money that moved must be accounted for by it."""

    def __init__(self, house: House, numbers: Any) -> None:
        self.house = house
        self.numbers = numbers
        self.own_key = house.key_of(house.maker, House.CHECKS)
        self.own_session = house.key_of(house.maker, House.CHECKS)
        self.third = house.person(f"third{next(numbers)}@borrower.example", House.CHECKS)
        self.reader = house.person(f"reader{next(numbers)}@borrower.example", ("ledger:read", "admin"))
        self.proposals: list[dict[str, Any]] = []
        self.decided: set[str] = set()
        self.checker_lost = self.maker_lost = False
        self.alone_today = 0
        self.ran = house.sizes_as(self.third)[0]
        self.days = 0
        self.made_on: dict[str, int] = {}

    def act(self, what: str, number: int) -> None:
        before = self.house.sizes_as(self.third)[0]
        allowed = self._allowed(what, number)
        self._do(what, number)
        grown = self.house.sizes_as(self.third)[0] - before
        assert grown in {0, 1}, what
        assert grown == 0 or allowed, f"{what} ran something that it may not"

    def _allowed(self, what: str, number: int) -> bool:
        if what == "propose":
            return not self.maker_lost and self.alone_today + number <= LIMIT_CENTS
        if what not in {"checker", "third", "twice at once"} or not self.proposals:
            return False
        proposal = self.proposals[number % len(self.proposals)]
        lives = self.days - self.made_on[proposal["proposal_id"]] < 7
        is_checker_gone = what != "third" and self.checker_lost
        return proposal["proposal_id"] not in self.decided and lives and not self.maker_lost and not is_checker_gone

    def _do(self, what: str, number: int) -> None:
        house = self.house
        if what == "propose":
            self._propose(number)
        elif what == "lose checker":
            self.checker_lost = True
            self._lose(house.checker)
        elif what == "lose maker":
            self.maker_lost = True
            self._lose(house.maker)
        elif what in {"next day", "late"}:
            house.clock.advance(days=8 if what == "late" else 1)
            self.days += 8 if what == "late" else 1
            self.alone_today = 0
        elif self.proposals:
            self._decide(what, self.proposals[number % len(self.proposals)])

    def _propose(self, cents: int) -> None:
        body = self.house.transfer(next(self.numbers), f"{cents // 100}.{cents % 100:02}")
        told = self.house.post("/v1/transfers", body)
        if told.status_code == 201:
            self.alone_today += cents
        elif told.status_code == 202:
            self.proposals.append(told.json())
            self.made_on[told.json()["proposal_id"]] = self.days
        else:
            assert self.maker_lost, told.text

    def _decide(self, what: str, proposal: dict[str, Any]) -> None:
        house = self.house
        persons = {
            "own key": self.own_key,
            "own session": self.own_session,
            "checker": house.checker,
            "third": self.third,
            "reader": self.reader,
        }
        if what in persons:
            told = [house.approve(proposal, who=persons[what])]
        elif what == "twice at once":
            told = house.approve_together(proposal, 2)
        elif what == "other digest":
            told = [house.approve(proposal, who=self.third, sha256="00" * 32)]
        elif what == "reject":
            told = [house.reject(proposal, who=self.third)]
        else:
            told = [house.withdraw(proposal)]
        if any(each.status_code == 200 for each in told):
            self.decided.add(proposal["proposal_id"])

    def _lose(self, who: Member) -> None:
        """Take the proof of a person away: its key, or every session."""
        with unit_of_work(self.house.database) as session:
            if who.key_id is not None:
                access.revoke_key(session, who.key_id, now=self.house.clock())
                return
            person_id = place(self.house.database, who).person_id
            sessions.revoke_sessions_of(session, person_id, now=self.house.clock())


@pytest.fixture
def world(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        house = house_of(client, database, clock, randomness)
        house.set_rule(action="transfer.post", requirement="above", most_cny="10.00")
        yield house


@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=1, max_size=8))
def test_nothing_runs_without_two_persons_digest_roles_and_limit(world: House, acts: list[tuple[str, int]]) -> None:
    sequence = Sequence(world.renewed(), _NUMBERS)

    for what, number in acts:
        sequence.act(what, number)


_NUMBERS = itertools.count(10)
