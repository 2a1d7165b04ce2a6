"""Published rates over HTTP, and a loan's fixings recorded from them by one call of a party."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from api.deps import unit_of_work
from finance.loans.published_rates import PublishedRate
from finance.operations.published_rates import record_published_rates
from finance.store.market import RawFile, save_raw_file
from tests.api.people import Member
from tests.api.test_loans_examples import World, code, world
from tests.api.test_loans_late_facts import BOOK, open_book

__all__ = ["world"]
ON_INDEX = {
    "tranches.0.base_rate": {
        "kind": "index_rate",
        "index": "LPR-1Y",
        "multiplier": "1",
        "spread_bp": "0",
        "repricing": {"kind": "each_interest_period"},
        "fixing_lag_business_days": 0,
    }
}
RATES = {
    "2024-12-20": "3.10",
    "2025-03-20": "3.10",
    "2025-06-20": "3.00",
    "2025-08-20": "3.00",
    "2025-11-20": "3.00",
    "2026-03-20": "2.95",
}


def publish(world: World, who: Member, rates: dict[str, str]) -> str:
    raw = RawFile(file_name="lpr", content=repr(rates).encode())
    with unit_of_work(world.database) as session:
        save_raw_file(session, who.organisation_id, raw, by=who.user_id, at=world.clock())
        published = tuple(
            PublishedRate(
                index="LPR-1Y",
                published_on=day,
                revision=1,
                rate=Fraction(percent) / 100,
                feed="lpr",
                known_at=world.clock(),
                raw_sha256=raw.sha256,
            )
            for day, percent in ((date.fromisoformat(text), percent) for text, percent in rates.items())
        )
        record_published_rates(session, who.organisation_id, published, now=world.clock())
    return raw.sha256


def record(world: World, who: Member, facility_id: str, **more: Any) -> Any:
    return world.post(who, f"/facilities/{facility_id}/fixings/from-published", {"index": "LPR-1Y", **more})


def test_the_rates_are_steps_with_their_file_and_valid_until_the_next_publication(world: World) -> None:
    sha256 = publish(world, world.lender, {"2025-06-20": "3.10", "2025-07-21": "3.00"})

    found = world.done(world.get(world.lender, "/published-rates?index=LPR-1Y"), 200)
    foreign = world.done(world.get(world.borrower, "/published-rates?index=LPR-1Y"), 200)

    assert [(one["published_on"], one["valid_through"], one["rate"]) for one in found["rates"]] == [
        ("2025-06-20", "2025-07-20", "0.031"),
        ("2025-07-21", "2025-08-19", "0.03"),
    ]
    assert {one["raw_sha256"] for one in found["rates"]} == {sha256}
    assert sha256 in found["rates"][0]["explain"]["source"]
    assert foreign["rates"] == []
    assert code(world.get(world.lender, "/published-rates?index=NO-SUCH")) == (404, "published_rates.index")
    late = world.get(world.lender, "/published-rates?index=LPR-1Y&known_at=2027-01-01T00:00:00Z")
    assert code(late) == (422, "published_rates.known_at")


def test_every_due_fixing_is_recorded_with_its_file_and_the_same_again_changes_nothing(world: World) -> None:
    facility_id = world.open_facility(ON_INDEX)
    sha256 = publish(world, world.borrower, RATES)

    first = world.done(record(world, world.borrower, facility_id))
    again = world.done(record(world, world.borrower, facility_id))

    # 20 September and 20 December 2025 are Saturdays: September's rate comes on Monday the 22nd, so August's still counts.
    assert [(one["published_on"], one["resets"]) for one in first["fixings"]] == [
        ("2024-12-20", ["2024-12-20"]),
        ("2025-03-20", ["2025-03-20"]),
        ("2025-06-20", ["2025-06-20"]),
        ("2025-08-20", ["2025-09-20"]),
        ("2025-11-20", ["2025-12-20"]),
        ("2026-03-20", ["2026-03-20"]),
    ]
    assert {(one["revision"], one["raw_sha256"]) for one in first["fixings"]} == {(1, sha256)}
    assert first["missing"] == []
    assert again == first
    assert world.rate(facility_id, "2025-12-31") == "0.03"
    assert world.rate(facility_id, "2026-04-01") == "0.0295"


def test_a_reset_on_sunday_the_20th_reads_the_rate_of_the_month_before(world: World) -> None:
    on_sunday = {**ON_INDEX["tranches.0.base_rate"], "repricing": {"kind": "on_dates", "dates": ["2025-07-20"]}}
    facility_id = world.open_facility({"tranches.0.base_rate": on_sunday})
    publish(world, world.lender, {"2025-06-20": "3.10", "2025-07-21": "3.00"})

    found = world.done(record(world, world.lender, facility_id, days=["2025-07-20"]))

    assert [(one["published_on"], one["rate"]) for one in found["fixings"]] == [("2025-06-20", "0.031")]


def test_days_that_cannot_be_read_are_named_and_an_asked_one_is_refused(world: World) -> None:
    facility_id = world.open_facility(ON_INDEX)
    publish(world, world.borrower, {day: rate for day, rate in RATES.items() if day != "2025-08-20"})

    found = world.done(record(world, world.borrower, facility_id))

    assert [(one["reset"], one["code"]) for one in found["missing"]] == [("2025-09-20", "published_rates.missing")]
    asked = record(world, world.borrower, facility_id, days=["2025-09-20"])
    assert code(asked) == (409, "published_rates.missing")
    assert code(record(world, world.borrower, facility_id, days=["2025-09-21"])) == (422, "fixing.reset_day")
    assert code(record(world, world.borrower, facility_id, days=["2026-06-20"])) == (422, "fixing.reset_day")
    assert code(record(world, world.borrower, facility_id, days=[])) == (422, "request.invalid")


def test_a_corrected_publication_is_a_corrected_fixing_and_a_refund_to_the_fen(world: World) -> None:
    facility_id = world.open_facility(ON_INDEX)
    publish(world, world.borrower, RATES)
    world.done(record(world, world.borrower, facility_id))
    open_book(world)
    body = {"book_id": BOOK, "through": "2026-03-31"}
    world.done(world.post(world.borrower, f"/facilities/{facility_id}/entries", body))
    world.clock.advance(days=1)
    publish(world, world.borrower, {"2025-11-20": "2.95"})

    corrected = world.done(record(world, world.borrower, facility_id))

    assert [one["revision"] for one in corrected["fixings"]] == [1, 1, 1, 1, 2, 1]
    asked = {"tranche_id": "A", "through": "2026-03-31"}
    adjustment = world.done(world.post(world.borrower, f"/facilities/{facility_id}/adjustments", asked))
    # 5 bp on 200,000,000 for the 90 days from 20 December to 20 March: 25,000.00 back to the borrower.
    assert adjustment["change"] == {"amount": "-25000.00", "unit": "CNY"}


def test_only_a_party_of_a_loan_on_the_index_records_its_fixings(world: World) -> None:
    facility_id = world.open_facility()
    stranger = world.colleague_of(world.assessor)

    assert code(record(world, stranger, facility_id))[0] in {403, 404}
    assert code(record(world, world.borrower, facility_id)) == (422, "fixing.index")
