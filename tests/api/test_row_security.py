"""PostgreSQL asks again whose row it is: with the application's own question switched off, no foreign row comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import api.deps
from api.app import create_app
from api.auth.principal import Principal, Scope
from api.auth.scope import ScopedKind, load_scoped
from api.store.access import OrganisationKind
from api.store.tables import ApiKeyRow, UserAccountRow
from ledger.store.acting import as_installation
from ledger.store.books import Book
from ledger.store.database import Database, open_database
from ledger.store.tables.journal import BookRow, PostingRow
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, member
from tests.conftest import application_url
from tests.store.books import open_example
from tests.strategies import CASH, GAIN, transfer

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SHARED = {"alembic_version", "reference_row", "reference_set"}
"""Tables without an organisation's rows."""
READS = 10_000
CONNECTIONS = 5


@pytest.fixture
def is_row_security_on() -> bool:
    """These tests compare the owner with such a login themselves."""
    return False


@pytest.fixture
def bound(database_url: str) -> Iterator[Database]:
    """The database for a role that owns nothing."""
    opened = open_database(application_url(database_url))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def two(database: Database, clock: Clock, randomness: Randomness) -> tuple[Member, Member]:
    """Two organisations with a person each."""
    return (
        member(database, clock, randomness, OrganisationKind.BORROWER, "Example Aluminium", (Scope.LEDGER_READ,)),
        member(database, clock, randomness, OrganisationKind.BORROWER, "Other Aluminium", (Scope.LEDGER_READ,)),
    )


def seen(session: Session) -> set[UUID]:
    return set(session.scalars(select(UserAccountRow.organisation_id)))


def test_every_table_of_the_schema_is_bound_by_a_policy_or_holds_nobody_s_rows(database: Database) -> None:
    with database.reader() as session:
        rows = session.execute(
            text(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
                " EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)"
                " FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"
            )
        ).all()

    unbound = {name for name, is_forced, has_policy in rows if not (is_forced and has_policy)}
    assert unbound == SHARED, "a new table says in its migration: SELECT tonne_protect_as('its_name', 'organisation')"


def test_what_a_trigger_looks_at_it_sees_whole_whoever_acts(
    database: Database, bound: Database, two: tuple[Member, Member]
) -> None:
    with database.engine.connect() as connection:
        for statement in (
            "CREATE TABLE probe (people integer)",
            (
                "CREATE FUNCTION count_people() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN NEW.people := (SELECT count(*) FROM user_account); RETURN NEW; END $$"
            ),
            "CREATE TRIGGER probe BEFORE INSERT ON probe FOR EACH ROW EXECUTE FUNCTION count_people()",
            "GRANT SELECT, INSERT ON probe TO tonne_application",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()

    with bound.acting_for(two[0].organisation_id).writer() as session:
        counted = session.execute(text("INSERT INTO probe VALUES (0) RETURNING people")).scalar()

        assert counted == 2
        assert seen(session) == {two[0].organisation_id}


def test_an_organisation_sees_its_own_rows_and_the_installation_all(
    bound: Database, two: tuple[Member, Member]
) -> None:
    own, other = (each.organisation_id for each in two)

    with bound.acting_for(own).reader() as mine, bound.reader() as installation:
        assert seen(mine) == {own}
        assert seen(installation) == {own, other}
        with as_installation(mine):
            assert seen(mine) == {own, other}
        assert seen(mine) == {own}


@pytest.mark.parametrize("said", ["", "not-an-id"])
def test_whoever_acts_for_nobody_sees_nobody_s_rows(bound: Database, two: tuple[Member, Member], said: str) -> None:
    with bound.engine.connect() as connection:
        nothing_said = connection.execute(select(UserAccountRow.user_id)).all()
    with bound.engine.connect() as connection:
        connection.execute(text("SELECT set_config('tonne.organisation_id', :said, true)"), {"said": said})
        if said:
            with pytest.raises(DBAPIError, match="invalid input syntax for type uuid"):
                connection.execute(select(UserAccountRow.user_id)).all()
        else:
            assert connection.execute(select(UserAccountRow.user_id)).all() == []

    assert nothing_said == []


def test_what_one_transaction_said_is_forgotten_by_the_next_on_its_connection(
    bound: Database, two: tuple[Member, Member]
) -> None:
    with bound.acting_for(two[0].organisation_id).reader() as session:
        assert seen(session) == {two[0].organisation_id}

    with bound.engine.connect() as connection:
        assert connection.execute(select(UserAccountRow.user_id)).all() == []


def test_nobody_writes_a_row_for_another(bound: Database, two: tuple[Member, Member]) -> None:
    own, other = two
    with bound.acting_for(own.organisation_id).writer() as session:
        touched = session.execute(
            text("UPDATE user_account SET name = 'taken' WHERE organisation_id = :other"),
            {"other": other.organisation_id},
        )
        assert touched.rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(
                text(
                    "INSERT INTO four_eyes_rule (organisation_id, action, version, requirement, reason, recorded_at)"
                    " VALUES (:other, 'all', 2, 'never', 'taken', now())"
                ),
                {"other": other.organisation_id},
            )


def test_the_role_can_neither_empty_nor_change_a_table(bound: Database, two: tuple[Member, Member]) -> None:
    for statement in (
        "TRUNCATE posting",
        "ALTER TABLE posting DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tonne_own ON book",
    ):
        with bound.reader() as session, pytest.raises(DBAPIError, match=r"permission denied|must be owner|read-only"):
            session.execute(text(statement))


def test_ten_thousand_reads_by_turns_over_five_connections_show_each_its_own(
    database_url: str, two: tuple[Member, Member]
) -> None:
    pool = open_database(application_url(database_url))
    mine = tuple(pool.acting_for(each.organisation_id) for each in two)
    tables = (UserAccountRow.organisation_id, ApiKeyRow.organisation_id)

    def read_some(thread: int) -> int:
        wrong = 0
        for number in range(READS // CONNECTIONS):
            who = (number + thread) % 2
            with mine[who].reader() as session:
                found = set(session.scalars(select(tables[number // 2 % 2])))
                wrong += found != {two[who].organisation_id}
        return wrong

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        wrong = sum(threads.map(read_some, range(CONNECTIONS)))
    pool.engine.dispose()

    assert wrong == 0


def test_a_batch_beyond_what_is_inserted_at_once_is_recorded_under_row_security(
    database: Database, bound: Database
) -> None:
    book = open_example(database)
    with database.reader() as session:
        owner = session.scalars(select(BookRow.tenant_id)).one()

    under = replace(book, database=bound.acting_for(owner))
    under.accept(*(transfer(number, GAIN, CASH, 1) for number in range(1, 251)))

    with bound.acting_for(owner).reader() as session:
        assert len(session.scalars(select(PostingRow.seq)).all()) == 500
    with bound.acting_for(UUID(int=7)).reader() as session:
        assert session.scalars(select(PostingRow.seq)).all() == []


def test_with_the_application_s_question_switched_off_another_s_book_is_still_an_absent_one(
    database: Database,
    bound: Database,
    two: tuple[Member, Member],
    clock: Clock,
    randomness: Randomness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_example(database)
    with database.reader() as session:
        standing = session.scalars(select(BookRow)).one()
        book_uuid, owner = standing.book_uuid, standing.tenant_id

    def for_the_owner(session: Session, principal: Principal, kind: ScopedKind[Book], record_id: UUID) -> Book:
        return load_scoped(session, replace(principal, organisation_id=owner), kind, record_id)

    monkeypatch.setattr(api.deps, "load_scoped", for_the_owner)
    said = {}
    for name, over in (("exempt", database), ("bound", bound)):
        app = create_app(over, clock=clock, random_source=randomness)
        with Client(app, two[0].key) as client:
            said[name] = client.get(f"/v1/books/{book_uuid}").status_code

    assert said == {"exempt": 200, "bound": 404}
