from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from finance.conventions.tables import Table
from ledger import reconciliation
from ledger.core.errors import Conflict, DomainError, ImportRefused, Invalid, NotFound
from ledger.core.journal import Posting
from ledger.core.parties import Actor
from ledger.core.reconciliation import MatchRule
from ledger.core.reconciliation_breaks import BreakKind, Verdict
from ledger.core.statement_mapping import SourceKind, StatementColumn, StatementMapping, StatementSource
from ledger.reconciliation import MatchDraft
from ledger.store import reconciliation as store
from ledger.store import statement_lines as statements
from ledger.store.journal import lock_book
from tests.store.books import ExampleBook, codes, open_example
from tests.strategies import ACTOR, BOOK_UUID, CASH, FIFO, GAIN, NOW, draft, entry_id

OTHER_PERSON = Actor(user_id=UUID(int=99), organisation_id=ACTOR.organisation_id)
HEAD = ("Date", "Reference", "Amount", "Balance")
DAY = date(2025, 3, 3)
MONTH_END = date(2025, 3, 31)
C = StatementColumn


def source(code: str = "bank", **changes: Any) -> StatementSource:
    facts: dict[str, Any] = {
        "columns": {
            C.BOOKED_ON: ("Date",),
            C.REFERENCE: ("Reference",),
            C.AMOUNT: ("Amount",),
            C.BALANCE: ("Balance",),
        },
        "accounts": {"CNY": CASH},
        "commodity": "CNY",
        "date_format": "YYYY-MM-DD",
        "window_days": 3,
        **changes,
    }
    return StatementSource(code=code, title="Bank", kind=SourceKind.BANK, mapping=StatementMapping(**facts))


def save(book: ExampleBook, one: StatementSource | None = None) -> statements.RecordedSource:
    with book.writing() as session:
        return reconciliation.save_source(session, book.book_id, one or source(), actor=ACTOR, now=NOW)


def bring(book: ExampleBook, *rows: tuple[str, ...], code: str = "bank") -> reconciliation.ImportOutcome:
    table = Table(file="march.csv", sheet="", rows=(HEAD, *rows))
    digest = hashlib.sha256(repr(rows).encode()).digest()
    with book.writing() as session:
        return reconciliation.import_statement(
            session, book.book_id, code, [table], file_sha256=digest, actor=ACTOR, now=NOW
        )


def pay(book: ExampleBook, number: int, fen: int, *, day: date = DAY, ref: str | None = None) -> int:
    """Move fen into the bank account (out when negative); return the entry's seq."""
    one = draft(number, Posting(CASH, "CNY", fen), Posting(GAIN, "CNY", -fen), day=day)
    if ref is not None:
        one = type(one)(
            entry_id=one.entry_id,
            kind=one.kind,
            effective_on=day,
            actor=ACTOR,
            postings=one.postings,
            doc_ref=ref,
        )
    return book.accept(one)[0].seq


def found(
    book: ExampleBook, *, as_of: date = MONTH_END, known: int | None = None, facts: int | None = None
) -> reconciliation.AccountReconciliation:
    with book.database.reader() as session:
        point = reconciliation.resolve_point(session, book.book_id, as_of=as_of, known=known, facts=facts)
        return reconciliation.reconcile(session, book.book_id, point).accounts[0]


def confirm(
    book: ExampleBook, lines: tuple[int, ...], seqs: tuple[int, ...], *, actor: Actor = ACTOR, note: str = ""
) -> store.RecordedMatch:
    one = MatchDraft(lines=lines, postings=tuple((seq, 1) for seq in seqs), note=note)
    with book.writing() as session:
        return reconciliation.confirm_matches(session, book.book_id, [one], as_of=MONTH_END, actor=actor, now=NOW)[0]


def undo(book: ExampleBook, number: int, reason: str = "wrong") -> store.RecordedMatch:
    with book.writing() as session:
        return reconciliation.undo_match(session, book.book_id, number, reason=reason, actor=OTHER_PERSON, now=NOW)


def count(book: ExampleBook, table: str) -> int:
    with book.database.reader() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_saved_mapping_reads_back_and_a_change_is_its_next_version(book: ExampleBook) -> None:
    first = save(book)
    again = save(book)
    changed = save(book, source(window_days=5))

    assert (first.version, again.version, changed.version) == (1, 1, 2)
    assert again.fact.fact_no == first.fact.fact_no
    with book.database.reader() as session:
        listed = statements.list_sources(session, book.book_id)
        newest = reconciliation.load_source(session, book.book_id, "bank")
    assert [one.version for one in listed] == [1, 2]
    assert listed[0].source == source()
    assert newest.source.mapping.window_days == 5


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (source(accounts={"CNY": "Assets:Nowhere"}), "reconciliation.account"),
        (source(accounts={"CNY": FIFO}), "reconciliation.account"),
        (source("second"), "reconciliation.account_taken"),
    ],
)
def test_a_source_names_accounts_of_its_own_that_hold_the_commodity(
    book: ExampleBook, one: StatementSource, code: str
) -> None:
    save(book)

    with pytest.raises(DomainError) as caught:
        save(book, one)

    assert caught.value.code == code


def test_an_account_that_has_lines_stays_in_the_mapping(book: ExampleBook) -> None:
    save(book)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    with pytest.raises(Conflict, match="stays"):
        save(book, source(accounts={"CNY": GAIN}))


def test_the_same_file_again_adds_nothing_and_an_overlapping_one_only_the_rest(book: ExampleBook) -> None:
    save(book)
    one, two, three = (
        ("2025-03-03", "B1", "5.00", "5.00"),
        ("2025-03-04", "", "2.00", "7.00"),
        ("2025-03-05", "B3", "-1.00", "6.00"),
    )

    added = [bring(book, one, two).lines_added, bring(book, one, two).lines_added, bring(book, two, three).lines_added]

    assert added == [2, 0, 1]
    with book.database.reader() as session:
        lines = store.list_lines(session, book.book_id, code="bank")
    assert [(line.line_no, line.amount, line.row) for line in lines] == [(1, 500, 2), (2, 200, 3), (3, -100, 3)]


def test_a_refused_file_writes_nothing(book: ExampleBook) -> None:
    save(book)
    before = count(book, "reconciliation_fact")

    with pytest.raises(ImportRefused):
        bring(book, ("2025-03-03", "B1", "5.00", "5.00"), ("2025-03-04", "B2", "x", ""))

    assert (count(book, "statement_line"), count(book, "reconciliation_fact")) == (0, before)


def test_a_unique_reference_recorded_with_another_amount_refuses_the_file(book: ExampleBook) -> None:
    save(book, source(is_reference_unique=True))
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    with pytest.raises(ImportRefused) as caught:
        bring(book, ("2025-03-03", "B1", "6.00", "6.00"))

    assert (caught.value.rows[0].row, caught.value.rows[0].column) == (2, "reference")


def test_an_unknown_source_is_not_found(book: ExampleBook) -> None:
    with pytest.raises(NotFound):
        bring(book, ("2025-03-03", "B1", "5.00", "5.00"))


def test_nothing_is_matched_until_a_person_confirms_and_nothing_is_ever_posted(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500, ref="B1")
    entries = count(book, "entry")
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    proposed = found(book)
    match = confirm(book, (1,), (seq,))
    matched = found(book)

    assert [one.rule for one in proposed.matching.proposals] == [MatchRule.REFERENCE_AMOUNT_DAY]
    assert (proposed.matched_lines, matched.matched_lines) == (0, 1)
    assert match.rule is MatchRule.REFERENCE_AMOUNT_DAY
    assert matched.breaks == ()
    assert count(book, "entry") == entries


def test_a_reconciled_line_links_to_its_entry(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    match = confirm(book, (1,), (seq,))

    with book.database.reader() as session:
        (line,) = store.list_lines(session, book.book_id, code=None)
    assert (line.match_no, line.postings) == (match.fact.fact_no, ((seq, 1),))


def test_a_match_that_no_rule_proposes_is_by_hand_with_who_and_when(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500, day=date(2025, 1, 2))
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    match = confirm(book, (1,), (seq,), actor=OTHER_PERSON, note="paid late")

    assert (match.rule, match.note) == (MatchRule.BY_HAND, "paid late")
    assert (match.fact.actor, match.fact.recorded_at) == (OTHER_PERSON, NOW)


def test_the_same_match_again_changes_nothing_and_another_of_its_members_is_refused(book: ExampleBook) -> None:
    save(book)
    seq, other = pay(book, 1, 500), pay(book, 2, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    first = confirm(book, (1,), (seq,))
    again = confirm(book, (1,), (seq,))

    assert again.fact.fact_no == first.fact.fact_no
    with pytest.raises(Conflict) as caught:
        confirm(book, (1,), (other,))
    assert caught.value.code == "reconciliation.matched"


def test_sides_that_differ_are_refused_until_the_difference_is_booked(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 10_000)
    bring(book, ("2025-03-03", "B1", "95.00", "95.00"))
    with pytest.raises(Conflict) as caught:
        confirm(book, (1,), (seq,))

    fee = pay(book, 2, -500)
    match = confirm(book, (1,), (seq, fee))

    assert caught.value.code == "reconciliation.amounts_differ"
    assert caught.value.data["lines"] == "95.00"
    assert match.rule is MatchRule.AMOUNT_SUM


def test_unknown_members_are_not_found(book: ExampleBook) -> None:
    save(book)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    for lines, seqs in (((7,), (1,)), ((1,), (404,))):
        with pytest.raises(NotFound):
            confirm(book, lines, seqs)


def test_lines_that_cancel_each_other_match_without_an_entry(book: ExampleBook) -> None:
    save(book)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"), ("2025-03-04", "B2", "-5.00", "0.00"))

    confirm(book, (1, 2), ())

    assert found(book).breaks == ()


def test_an_undo_is_a_new_fact_and_opens_the_line_again(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))
    match = confirm(book, (1,), (seq,))
    undone = undo(book, match.fact.fact_no, "another payment")

    again = confirm(book, (1,), (seq,))

    assert undone.undone is not None
    assert (undone.undone.actor, undone.undo_reason) == (OTHER_PERSON, "another payment")
    assert undone.undone.fact_no == match.fact.fact_no + 1
    assert again.fact.fact_no == match.fact.fact_no + 2
    with pytest.raises(Conflict, match="undone"):
        undo(book, match.fact.fact_no)
    with pytest.raises(NotFound):
        undo(book, 10_000)


def test_an_earlier_fact_point_shows_what_was_known_then(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))
    before = found(book)
    match = confirm(book, (1,), (seq,))
    undo(book, match.fact.fact_no)
    pay(book, 2, 70)

    assert found(book, known=seq, facts=match.fact.fact_no - 1) == before
    assert found(book, known=seq, facts=match.fact.fact_no).matched_lines == 1
    assert found(book).matched_lines == 0


@pytest.mark.parametrize(("known", "facts"), [(99, None), (None, 99)])
def test_a_point_beyond_what_is_recorded_is_refused(book: ExampleBook, known: int | None, facts: int | None) -> None:
    with pytest.raises(Invalid):
        found(book, known=known, facts=facts)


def test_what_the_bank_booked_on_the_31st_and_the_book_on_the_1st_is_open_at_the_months_end(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500, day=date(2025, 4, 1))
    bring(book, ("2025-03-31", "B1", "5.00", "5.00"))
    confirm(book, (1,), (seq,))

    at_month_end, a_day_later = found(book), found(book, as_of=date(2025, 4, 1))

    assert [one.kind for one in at_month_end.breaks] == [BreakKind.LINE_WITHOUT_ENTRY]
    assert at_month_end.balance_break is not None
    assert (at_month_end.balance_break.difference, at_month_end.balance_break.unexplained) == (500, 0)
    assert a_day_later.breaks == ()


def test_breaks_name_both_sides(book: ExampleBook) -> None:
    save(book)
    pay(book, 1, 450, ref="B1")
    pay(book, 2, 777)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"), ("2025-03-10", "B2", "6.00", "11.00"))

    account = found(book)

    assert [(one.kind.value, one.difference, one.age_days) for one in account.breaks] == [
        ("entry_without_line", -777, 28),
        ("amount_differs", 50, 28),
        ("line_without_entry", 600, 21),
    ]
    assert account.balance_break is not None
    assert account.balance_break.difference == 1_100 - 1_227
    assert account.balance_break.unexplained == 0


def test_a_back_dated_entry_makes_a_new_check_fail_and_leaves_the_old_one(book: ExampleBook) -> None:
    pay(book, 1, 500)
    with book.writing() as session:
        asserted = reconciliation.assert_balance(
            session, book.book_id, CASH, as_of=MONTH_END, expected=500, source="March", actor=ACTOR, now=NOW
        )
    pay(book, 2, 70, day=date(2025, 3, 5))
    with book.writing() as session:
        (checked,) = reconciliation.check_assertions(
            session, book.book_id, until=MONTH_END, actor=OTHER_PERSON, now=NOW + timedelta(days=1)
        )

    assert [check.verdict for check in asserted.checks] == [Verdict.OK]
    assert [(c.verdict, c.difference, c.fact.known_seq) for c in checked.checks] == [
        (Verdict.OK, 0, 1),
        (Verdict.FAILED, -70, 2),
    ]
    with book.database.reader() as session:
        (listed,) = store.list_assertions(session, book.book_id, facts=statements.last_fact_no(session, book.book_id))
    assert listed == checked


def test_the_newest_assertion_of_a_day_and_source_stands(book: ExampleBook) -> None:
    pay(book, 1, 500)
    with book.writing() as session:
        for expected in (499, 500):
            reconciliation.assert_balance(
                session, book.book_id, CASH, as_of=MONTH_END, expected=expected, source="March", actor=ACTOR, now=NOW
            )
        standing = reconciliation.check_assertions(session, book.book_id, until=MONTH_END, actor=ACTOR, now=NOW)

    assert [one.expected for one in standing] == [500]
    assert count(book, "balance_assertion") == 2


def test_a_failed_assertion_is_listed_with_the_breaks(book: ExampleBook) -> None:
    save(book)
    pay(book, 1, 500)
    with book.writing() as session:
        reconciliation.assert_balance(
            session, book.book_id, CASH, as_of=MONTH_END, expected=600, source="March", actor=ACTOR, now=NOW
        )

    ((assertion, actual),) = found(book).failed

    assert (assertion.expected, actual) == (600, 500)


def test_an_assertion_on_no_account_is_not_found(book: ExampleBook) -> None:
    for path in ("Assets:Nowhere", "Assets:\x00", ""):
        with book.database.writer() as session, pytest.raises(NotFound):
            reconciliation.assert_balance(
                session, book.book_id, path, as_of=MONTH_END, expected=1, source="x", actor=ACTOR, now=NOW
            )
        with book.database.writer() as session, pytest.raises(NotFound):
            reconciliation.check_assertions(session, book.book_id, until=MONTH_END, path=path, actor=ACTOR, now=NOW)


def test_the_facts_of_a_book_are_numbered_without_gaps_and_in_time(book: ExampleBook) -> None:
    save(book)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))
    with book.writing() as session:
        reconciliation.save_source(
            session, book.book_id, source(window_days=1), actor=ACTOR, now=NOW - timedelta(days=5)
        )
    with book.database.reader() as session:
        rows = session.execute(text("SELECT fact_no, recorded_at FROM reconciliation_fact ORDER BY fact_no")).all()

    assert [row.fact_no for row in rows] == [1, 2, 3]
    assert len({str(row.recorded_at) for row in rows}) == 1


@pytest.mark.parametrize(
    "table",
    [
        "reconciliation_fact",
        "statement_source",
        "statement_import",
        "statement_line",
        "statement_match",
        "statement_match_line",
        "statement_match_posting",
        "statement_undo",
        "balance_assertion",
        "balance_check",
    ],
)
def test_no_fact_can_be_changed_or_taken_away(book: ExampleBook, table: str) -> None:
    save(book)
    seq = pay(book, 1, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))
    undo(book, confirm(book, (1,), (seq,)).fact.fact_no)
    with book.writing() as session:
        reconciliation.assert_balance(
            session, book.book_id, CASH, as_of=MONTH_END, expected=500, source="March", actor=ACTOR, now=NOW
        )
    assert count(book, table) > 0

    for statement in (f"UPDATE {table} SET book_id = book_id", f"DELETE FROM {table}"):
        with book.database.writer() as session, pytest.raises(DBAPIError, match="append_only"):
            session.execute(text(statement))


def test_the_database_itself_refuses_a_second_match_of_a_line(book: ExampleBook) -> None:
    save(book)
    seq = pay(book, 1, 500)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))
    confirm(book, (1,), (seq,))

    with book.database.writer() as session:
        head = statements.add_fact(session, lock_book(session, book.book_id), "match", ACTOR, NOW)
        session.execute(text(f"INSERT INTO statement_match VALUES ({book.book_id}, {head.fact_no}, 'by_hand', '')"))
        with pytest.raises(DBAPIError, match="another match"):
            session.execute(text(f"INSERT INTO statement_match_line VALUES ({book.book_id}, {head.fact_no}, 1)"))


def test_the_books_of_two_entities_reconcile_apart(book: ExampleBook) -> None:
    other = open_example(book.database, book_uuid=UUID(int=BOOK_UUID.int + 1), code="other")
    save(book)
    save(other)
    bring(book, ("2025-03-03", "B1", "5.00", "5.00"))

    assert bring(other, ("2025-03-03", "B1", "5.00", "5.00")).lines_added == 1
    assert codes(other.post(draft(1, Posting(CASH, "CNY", 500), Posting(GAIN, "CNY", -500), day=DAY))) == ["ok"]
    assert len(found(other).matching.proposals) == 1
    assert found(book).matching.proposals == ()
    assert entry_id(1) == found(other).postings[0].entry_id


def test_many_lines_are_brought_and_confirmed_at_once(book: ExampleBook) -> None:
    save(book)
    seqs = [pay(book, number, 1_000 + number, ref=f"B{number}") for number in range(1, 61)]
    balance, rows = 0, []
    for number in range(1, 61):
        balance += 1_000 + number
        rows.append(
            (
                "2025-03-03",
                f"B{number}",
                f"{(1_000 + number) // 100}.{(1_000 + number) % 100:02}",
                f"{balance // 100}.{balance % 100:02}",
            )
        )
    bring(book, *rows)

    proposals = found(book).matching.proposals
    with book.writing() as session:
        confirmed = reconciliation.confirm_matches(
            session,
            book.book_id,
            [MatchDraft(lines=one.lines, postings=one.postings) for one in proposals],
            as_of=MONTH_END,
            actor=ACTOR,
            now=NOW,
        )

    assert len(confirmed) == len(seqs)
    assert found(book).breaks == ()
    assert found(book).balance_break is None
