from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from finance.conventions.notices import NoticeDraft, NoticeKind, Severity, Subject, Words
from finance.operations.notices import raise_notice, resolve_notice, settle_conditions
from finance.store import notice_settings, notices, reference
from finance.store.notices import Notice, Viewer
from ledger.store.database import Database

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ORGANISATION, OTHER = UUID(int=1), UUID(int=2)
MAKER, CHECKER = UUID(int=11), UUID(int=12)
GAP, STALE = NoticeKind.COMPLIANCE_GAP, NoticeKind.PRICE_STALE


def draft(condition: str = "smelter 2025", **change: Any) -> NoticeDraft:
    facts: dict[str, Any] = {
        "organisation_id": ORGANISATION,
        "kind": GAP,
        "severity": Severity.WARNING,
        "subject": Subject(kind="book", ref="smelter"),
        "condition": condition,
        "title": Words(en="Gap", zh="缺口"),
        "text": Words(en="12 t are missing", zh="缺口12吨"),
        "path": "/compliance",
        **change,
    }
    return NoticeDraft(**facts)


def raised(database: Database, *drafts: NoticeDraft, now: datetime = NOW) -> list[UUID | None]:
    with database.writer() as session:
        ids = [raise_notice(session, each, now=now) for each in drafts]
        session.commit()
    return ids


def seen(database: Database, user: UUID = MAKER, scopes: tuple[str, ...] = (), **change: Any) -> list[Notice]:
    viewer = Viewer(organisation_id=ORGANISATION, user_id=user, scopes=frozenset(scopes), **change)
    with database.reader() as session:
        return list(notices.page_notices(session, viewer, after=None, limit=100))


def test_the_same_condition_does_not_alert_anew_while_it_stands(database: Database) -> None:
    first, second = raised(database, draft(), draft())

    assert first is not None
    assert second is None
    assert [one.number for one in seen(database)] == [1]


def test_a_condition_that_is_over_may_reopen(database: Database) -> None:
    raised(database, draft())
    with database.writer() as session:
        assert resolve_notice(session, ORGANISATION, GAP, "smelter 2025", now=NOW)
        assert not resolve_notice(session, ORGANISATION, GAP, "smelter 2025", now=NOW)
        session.commit()

    raised(database, draft())

    again, before = seen(database)
    assert (again.number, again.episode, again.ended_at) == (2, 2, None)
    assert (before.number, before.episode, before.ended_at) == (1, 1, NOW)


def test_a_louder_alert_supersedes_what_stands_and_a_quieter_one_does_not(database: Database) -> None:
    raised(database, draft(), draft(severity=Severity.URGENT), draft(severity=Severity.INFO))

    assert [(one.number, one.severity, one.ended_at is None) for one in seen(database)] == [
        (2, Severity.URGENT, True),
        (1, Severity.WARNING, False),
    ]


def test_what_rolls_back_leaves_no_alert_and_no_gap_in_the_numbers(database: Database) -> None:
    with database.writer() as session:
        raise_notice(session, draft(), now=NOW)
        session.rollback()

    raised(database, draft("other"))

    assert [(one.number, one.condition) for one in seen(database)] == [(1, "other")]


def test_settling_ends_what_is_not_found_and_leaves_the_unknown_alone(database: Database) -> None:
    raised(database, draft("a 2025"), draft("b 2025"), draft("c 2025"), draft("x", kind=STALE))

    with database.writer() as session:
        settled = settle_conditions(
            session, ORGANISATION, {GAP}, [draft("a 2025"), draft("d 2025")], unknown={"c *"}, now=NOW
        )
        session.commit()

    assert (settled.raised, settled.ended) == (1, 1)
    assert {one.condition for one in seen(database) if one.ended_at is None} == {"a 2025", "c 2025", "d 2025", "x"}


def test_an_alert_reaches_whom_it_concerns_and_nobody_else(database: Database) -> None:
    raised(
        database,
        draft("scoped", audience=("trading:write", "trading:approve")),
        draft("one", only_user_id=CHECKER),
        draft("not the maker", except_user_id=MAKER),
        draft("foreign", organisation_id=OTHER),
    )

    assert [one.condition for one in seen(database)] == []
    assert [one.condition for one in seen(database, scopes=("trading:approve",))] == ["scoped"]
    assert [one.condition for one in seen(database, CHECKER)] == ["not the maker", "one"]
    assert [one.condition for one in seen(database, CHECKER, muted=frozenset({GAP}))] == []


def test_two_who_see_one_condition_at_once_raise_one_alert(database: Database) -> None:
    ids: list[UUID | None] = []
    barrier = threading.Barrier(4)

    def look() -> None:
        barrier.wait()
        ids.extend(raised(database, draft()))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([one for one in ids if one is not None]) == 1
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("notice", "UPDATE notice SET title_en = 'x'"),
        ("notice", "DELETE FROM notice"),
        ("notice_audience", "DELETE FROM notice_audience"),
        ("notice_counter", "UPDATE notice_counter SET last_number = 0"),
        ("notice_counter", "DELETE FROM notice_counter"),
    ],
)
def test_alerts_are_only_ever_added(database: Database, table: str, change: str) -> None:
    raised(database, draft())

    with database.writer() as session, pytest.raises(DBAPIError, match="notice"):
        session.execute(text(change))

    assert len(seen(database)) == 1


def test_an_own_threshold_counts_until_it_is_given_back(database: Database) -> None:
    rules, on = reference.shipped_notice_rules(), date(2026, 11, 22)

    with database.writer() as session:
        assert notice_settings.thresholds_of(session, ORGANISATION, rules, on=on).due_days == 14
        notice_settings.save_threshold(
            session, ORGANISATION, "notice.due", rules.lookup("notice.due", on=on).number() + 7, by=MAKER, at=NOW
        )
        assert notice_settings.thresholds_of(session, ORGANISATION, rules, on=on).due_days == 21
        assert notice_settings.thresholds_of(session, OTHER, rules, on=on).due_days == 14
        notice_settings.save_threshold(session, ORGANISATION, "notice.due", None, by=MAKER, at=NOW + timedelta(days=1))
        assert notice_settings.thresholds_of(session, ORGANISATION, rules, on=on).due_days == 14
