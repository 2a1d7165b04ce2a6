"""Uploading activity, the emissions it gives, and locking a year of it."""

from __future__ import annotations

import hashlib
import json

import pytest

from api.routes.activity import XLSX
from finance.store import market
from tests.api.test_loans_examples import SMELTER, World, code, world
from tests.loan_terms import SITE

__all__ = ["world"]

CSV_RAW = (SMELTER / "activity.csv").read_bytes()
HEADER, *ROWS = CSV_RAW.decode("utf-8-sig").splitlines()
METHODOLOGY = "methodology=article-2024-draft"


def file_of(rows: list[str]) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def test_a_workbook_and_the_same_csv_say_the_same(world: World) -> None:
    workbook = (SMELTER / "activity.xlsx").read_bytes()

    first = world.upload(workbook, content_type=XLSX)
    again = world.upload(CSV_RAW)

    assert (first.status_code, first.json()["months"], first.json()["recorded"]) == (201, 24, 24)
    assert first.json()["raw_sha256"] == hashlib.sha256(workbook).hexdigest()
    assert again.json()["recorded"] == 0
    months = world.done(world.get(world.borrower, "/activity"), 200)["months"]
    assert (months[0]["month"], months[0]["production_t"], months[0]["revision"]) == ("2024-01", "42318.6", 1)
    assert months[0]["origin"] == "activity.xlsx sheet activity row 2"
    assert len(months) == 24


def test_the_very_bytes_are_kept(world: World) -> None:
    world.upload_example()

    with world.database.reader() as session:
        digest = hashlib.sha256(CSV_RAW).hexdigest()
        kept = market.find_raw_file(session, world.borrower.organisation_id, digest)

    assert kept is not None
    assert kept.content == CSV_RAW


def test_a_corrected_figure_is_the_next_revision_and_the_old_view_stays(world: World) -> None:
    world.upload_example()
    before = world.clock()
    world.clock.advance(days=1)
    corrected = world.upload(file_of([ROWS[0].replace("42318.60", "42000")]))

    now = world.get(world.borrower, "/activity").json()["months"][0]
    then = world.get(world.borrower, f"/activity?known_at={before.isoformat().replace('+00:00', 'Z')}").json()

    assert corrected.json()["recorded"] == 1
    assert (now["production_t"], now["revision"]) == ("42000", 2)
    assert then["months"][0]["revision"] == 1


def test_a_row_that_cannot_be_read_refuses_the_file_and_names_every_cell(world: World) -> None:
    cells = ROWS[1].split(",")
    cells[2], cells[4] = "１２", "1e400"  # noqa: RUF001 - full-width digits
    rows = [ROWS[0], ",".join(cells), ROWS[2]]

    answer = world.client.post(
        "/v1/activity?file_name=april.csv", file_of(rows), key=world.borrower.key, headers={"Content-Type": "text/csv"}
    )

    assert code(answer) == (422, "import.rows_unreadable")
    places = [(each["file"], each["row"], each["field"], each["value"]) for each in answer.json()["errors"]]
    assert places == [
        ("april.csv", 3, "production_t", "１２"),  # noqa: RUF001 - full-width digits
        ("april.csv", 3, "grid_kwh", "1e400"),
    ]
    assert all(each["expected"] for each in answer.json()["errors"])
    assert world.get(world.borrower, "/activity").json() == {"months": []}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_none_is_refused_with_a_code(world: World) -> None:
    for raw in (b"", b"\x00" * 9, b"PK\x03\x04 none", b"<html>", b"\xd0\xcf\x11\xe0", b"month,site\n", b"\xff\xfe\x00"):
        answer = world.upload(raw)
        assert answer.status_code == 422, raw
        assert answer.json()["code"].startswith("import.")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_content_type_and_another_kind_of_organisation_are_refused(world: World) -> None:
    as_json = world.upload(CSV_RAW, content_type="application/json")
    by_the_bank = world.client.post("/v1/activity", CSV_RAW, key=world.lender.key, headers={"Content-Type": "text/csv"})

    assert code(as_json) == (415, "body.content_type")
    assert code(by_the_bank) == (403, "auth.organisation_kind")


def test_emissions_come_by_month_and_year_with_their_reasons(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}"), 200)

    assert (answer["year"], answer["is_complete"], answer["sites"]) == (2025, True, [SITE])
    assert answer["intensity_tco2e_per_t"][:6] in {"8.1635", "8.1636"}  # printed to four digits: 8.1636
    assert answer["measure"] == "operational_incl_power"
    assert len(answer["months"]) == 12
    assert answer["explain"]["children"]
    assert "draft accounting guideline" in json.dumps(answer["explain"])


def test_the_direct_methodology_counts_no_power(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, "/emissions?year=2025&methodology=cets-ag-04.01"), 200)

    assert answer["measure"] == "ets_direct"
    assert answer["intensity_tco2e_per_t"].startswith("1.71496")


def test_a_year_without_production_has_emissions_and_no_intensity(world: World) -> None:
    cells = ROWS[0].split(",")
    cells[2] = "0"
    world.done(world.upload(file_of([",".join(cells)])))

    answer = world.done(world.get(world.borrower, f"/emissions?year=2024&{METHODOLOGY}"), 200)

    assert (answer["intensity_tco2e_per_t"], answer["explain"]) == (None, None)
    assert answer["months"][0]["intensity_tco2e_per_t"] is None
    assert answer["production_t"] == "0"
    # (360,125,000 + 145,669,700) kWh x 0.5942 kg: 300,543.21 t of coal and grid power, nothing else is emitted.
    assert answer["emissions_tco2e"] == "300543.21074"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_question_that_cannot_be_answered_has_a_code(world: World) -> None:
    world.upload_example()

    for query, expected in (
        (f"year=2030&{METHODOLOGY}", (404, "emissions.no_activity")),
        ("year=2025&methodology=none", (404, "methodology.unknown")),
        (f"year=2025&{METHODOLOGY}&factor_set_version=none", (404, "reference.set_unknown")),
        (f"year=1_0&{METHODOLOGY}", (422, "request.invalid")),
        (f"year=%EF%BC%92025&{METHODOLOGY}", (422, "request.invalid")),
        (f"year=99999999999999999999&{METHODOLOGY}", (422, "request.invalid")),
        (METHODOLOGY, (422, "request.invalid")),
        (f"year=2025&{METHODOLOGY}&plant=x", (422, "query.unknown")),
    ):
        assert code(world.get(world.borrower, f"/emissions?{query}")) == expected, query


def test_a_year_with_a_missing_month_cannot_be_locked(world: World) -> None:
    world.done(world.upload(file_of([row for row in ROWS if not row.startswith("2025-07")])))
    period_id = world.open_period(world.open_facility(), 2025, "test")

    refused = world.post(world.borrower, f"/kpi-periods/{period_id}/lock", {})

    assert code(refused) == (409, "kpi_period.incomplete")
    assert f"{SITE} 2025-07" in refused.json()["detail"]
    assert world.get(world.borrower, f"/kpi-periods/{period_id}").json()["state"] == "open"


def test_a_year_without_any_month_cannot_be_locked(world: World) -> None:
    period_id = world.open_period(world.open_facility(), 2025, "test")

    assert code(world.post(world.borrower, f"/kpi-periods/{period_id}/lock", {})) == (409, "kpi_period.incomplete")


def test_each_step_of_a_period_is_taken_once_and_in_order(world: World) -> None:
    world.upload_example()
    period_id = world.open_period(world.open_facility(), 2025, "test")
    lock, report = f"/kpi-periods/{period_id}/lock", f"/kpi-periods/{period_id}/report"

    early = world.post(world.borrower, report)
    locked = world.done(world.post(world.borrower, lock, {}), 200)
    again = world.post(world.borrower, lock, {})
    world.done(world.post(world.borrower, report), 200)
    twice = world.post(world.borrower, report)

    assert code(early) == (409, "kpi_period.not_locked")
    assert (locked["state"], locked["value"]) == ("locked", "8.1636")
    assert code(again) == code(twice) == (409, "kpi.transition")


def test_what_is_recorded_after_the_lock_changes_nothing_that_was_locked(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2025, "test")
    path = f"/kpi-periods/{period_id}/snapshot"
    before = world.get(world.lender, path).content

    world.done(world.upload(file_of([ROWS[-1].replace(ROWS[-1].split(",")[2], "1")])))

    assert world.get(world.lender, path).content == before
    assert world.get(world.lender, f"/kpi-periods/{period_id}").json()["value"] == "8.1636"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_period_is_a_baseline_or_a_year_with_a_target_and_stands_once(world: World) -> None:
    facility_id = world.open_facility()
    path = f"/facilities/{facility_id}/kpi-periods"
    world.open_period(facility_id, 2024, "baseline")

    for body, expected in (
        ({"kpi_id": "intensity", "year": 2026, "purpose": "test"}, (422, "kpi_period.purpose")),
        ({"kpi_id": "intensity", "year": 2024, "purpose": "baseline"}, (409, "kpi_period.baseline_exists")),
        ({"kpi_id": "intensity", "year": 2023, "purpose": "baseline"}, (422, "kpi_period.year")),
        ({"kpi_id": "waste", "year": 2025, "purpose": "test"}, (422, "terms.kpi_id")),
        ({"kpi_id": "intensity", "year": 10**9, "purpose": "test"}, (422, "request.invalid")),
        ({"kpi_id": "intensity", "year": "2025", "purpose": "test"}, (422, "request.invalid")),
        ({"kpi_id": "intensity", "year": 2025, "purpose": "guess"}, (422, "request.invalid")),
    ):
        assert code(world.post(world.borrower, path, body)) == expected
    world.open_period(facility_id, 2025, "test")
    twice = world.post(world.borrower, path, {"kpi_id": "intensity", "year": 2025, "purpose": "test"})
    assert code(twice) == (409, "kpi_period.exists")
