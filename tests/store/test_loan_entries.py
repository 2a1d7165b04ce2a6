"""A loan's cash flows in its borrower's book: each once, none guessed, none left out in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from finance.accounting.loan_rules import accounts_of
from finance.operations.loan_entries import book_loan
from finance.store import facilities
from ledger.core.errors import Conflict, DomainError, NotFound
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt
from ledger.store import reports
from ledger.store.database import Database
from tests.loan_terms import terms_of
from tests.store.carbon_books import ACTOR, ORGANISATION, CarbonBook, open_carbon_book

FACILITY = UUID("f0000000-0000-4000-8000-00000000000b")
BANK_ID = UUID(int=8)
NOW = datetime(2026, 8, 20, 8, tzinfo=UTC)
BANK = "Assets:Bank:CNY"
LOAN, INTEREST = accounts_of(FACILITY, "A", "CNY").principal, accounts_of(FACILITY, "A", "CNY").interest
TERMS: Mapping[str, Any] = {
    "facility_number": "SLL-1",
    "agreed_on": "2025-03-01",
    "tranches.0.commitment_minor": 3_600_000_000,
    "tranches.0.drawdowns": [{"on": "2025-03-20", "amount_minor": 3_600_000_000}],
    "tranches.0.signed_on": "2025-03-20",
    "tranches.0.maturity_date": "2026-03-20",
    "tranches.0.base_rate.rate": "0.03",
    "tranches.0.calendar_market": "cn_interbank",
}


@dataclass(frozen=True)
class Loan:
    """A facility and the book that its cash flows go to. 36 million at 3 % cost 3,000.00 a day."""

    book: CarbonBook
    changed: Mapping[str, Any] = field(default_factory=dict)

    def sign(self) -> None:
        terms = terms_of(ORGANISATION, BANK_ID, {**TERMS, **self.changed})
        with self.book.writing() as session:
            facilities.save_facility(
                session,
                facility_id=FACILITY,
                borrower_id=UUID(terms.borrower_id),
                facility_number=terms.facility_number,
                now=NOW,
                recorded_by=ACTOR.user_id,
            )
            sha256 = facilities.save_terms(session, FACILITY, terms, now=NOW, recorded_by=ACTOR.user_id)
            for organisation_id in (ORGANISATION, BANK_ID):
                facilities.save_agreement(
                    session,
                    FACILITY,
                    1,
                    sha256=sha256,
                    organisation_id=organisation_id,
                    now=NOW,
                    agreed_by=ACTOR.user_id,
                )

    def post(self, through: str, *, actor: Actor = ACTOR) -> tuple[EntryReceipt, ...]:
        with self.book.writing() as session:
            return self.post_in(session, through, actor=actor)

    def post_in(self, session: Session, through: str, *, actor: Actor = ACTOR) -> tuple[EntryReceipt, ...]:
        return book_loan(
            session,
            self.book.book_id,
            FACILITY,
            through=date.fromisoformat(through),
            actor=actor,
            now=NOW,
            random_bytes=self.book.random_bytes,
        )

    def refusal(self, through: str, kind: type[DomainError]) -> str:
        """Return the code of the refusal, which leaves the book as it was."""
        before = self.entries()
        with self.book.writing() as session, pytest.raises(kind) as refusal:
            self.post_in(session, through)
        assert self.entries() == before
        return refusal.value.code

    def entries(self) -> int:
        with self.book.database.reader() as session:
            return reports.record_point(session, self.book.book_id).seq

    def balances(self, *paths: str, as_of: str = "2026-12-31") -> list[int]:
        return [self.book.balance(path, date.fromisoformat(as_of)) for path in paths]


def loan(database: Database, changed: Mapping[str, Any] | None = None) -> Loan:
    signed = Loan(open_carbon_book(database), changed or {})
    signed.sign()
    return signed


def test_a_loan_is_drawn_served_and_repaid(database: Database) -> None:
    """92 + 92 + 91 + 90 days at 3,000.00; the last payment day, 20 March 2026, is a Friday."""
    held = loan(database)

    receipts = held.post("2026-03-20")

    assert [receipt.seq for receipt in receipts] == [1, 2, 3, 4, 5, 6]
    assert held.balances(BANK, LOAN, INTEREST) == [-365 * 3_000_00, 0, 365 * 3_000_00]


def test_a_payment_stands_on_its_payment_day(database: Database) -> None:
    """20 September 2025 is a Saturday: paid on Monday the 22nd."""
    held = loan(database)

    held.post("2025-12-31")

    assert held.balances(INTEREST, as_of="2025-09-21") == [92 * 3_000_00]
    assert held.balances(INTEREST, as_of="2025-09-22") == [184 * 3_000_00]


def test_only_what_is_due_is_booked(database: Database) -> None:
    held = loan(database)

    receipts = held.post("2025-09-21")

    assert len(receipts) == 2
    assert held.balances(BANK, LOAN, INTEREST) == [36_000_000_00 - 92 * 3_000_00, 36_000_000_00, 92 * 3_000_00]


def test_before_the_drawdown_there_is_nothing_to_book(database: Database) -> None:
    held = loan(database)

    assert held.post("2025-03-19") == ()
    assert held.entries() == 0


def test_booking_again_posts_nothing_and_later_only_what_is_new(database: Database) -> None:
    held = loan(database)
    first = held.post("2025-06-20")

    again, later = held.post("2025-06-20"), held.post("2025-09-22")

    # What was booked as interest stays as it was; only the drawdown is sent again, under the id that it had.
    assert [receipt.is_replay for receipt in (*first, *again)] == [False, False, True]
    assert [receipt.is_replay for receipt in later] == [True, False]
    assert held.entries() == 3


def test_booking_again_after_the_period_was_closed_changes_nothing(database: Database) -> None:
    held = loan(database)
    held.post("2025-06-20")
    held.book.close(date(2025, 6, 30))

    again = held.post("2025-06-20")

    assert [receipt.is_replay for receipt in again] == [True]


def test_what_falls_into_a_closed_period_is_refused(database: Database) -> None:
    held = loan(database)
    held.book.close(date(2025, 6, 30))

    assert held.refusal("2025-06-20", Conflict) == "ledger.period_closed"


def test_a_loan_that_costs_nothing_has_no_interest_entry(database: Database) -> None:
    held = loan(database, {"tranches.0.base_rate.rate": "0"})

    receipts = held.post("2026-03-20")

    assert len(receipts) == 2  # drawn and repaid
    assert held.balances(BANK, LOAN, INTEREST) == [0, 0, 0]


def test_a_payment_whose_day_no_calendar_says_is_not_left_out_in_silence(database: Database) -> None:
    """China's holidays of 2027 were not published when this calendar was made."""
    held = loan(database, {"tranches.0.maturity_date": "2028-03-20"})

    assert held.refusal("2027-03-20", Conflict) == "loan.payment_day_unknown"

    assert len(held.post("2027-03-19")) == 1 + 7  # until the day before, everything can be said


def test_a_loan_in_another_currency_is_not_booked_as_yuan(database: Database) -> None:
    held = loan(database, {"tranches.0.currency": "EUR"})

    assert held.refusal("2026-03-20", Conflict) == "loan.currency"


def test_a_loan_goes_into_no_book_but_its_borrowers(database: Database) -> None:
    held = loan(database, {"parties.0.organisation_id": str(UUID(int=99))})

    assert held.refusal("2026-03-20", NotFound) == "loan.book_not_found"


def test_a_facility_that_does_not_exist_is_not_found(database: Database) -> None:
    unsigned = Loan(open_carbon_book(database))

    assert unsigned.refusal("2026-03-20", NotFound) == "terms.not_found"


def test_who_books_does_not_matter_to_what_is_booked(database: Database) -> None:
    held = loan(database)
    held.post("2025-06-20")

    again = held.post("2025-06-20", actor=Actor(user_id=UUID(int=12), organisation_id=ORGANISATION))

    assert all(receipt.is_replay for receipt in again)
