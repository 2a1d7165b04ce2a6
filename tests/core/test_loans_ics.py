"""The calendar text by the letter of RFC 5545: escaping, folding, instants and days, stable names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.ics import CalendarEvent, calendar_text, escaped, folded
from ledger.core.errors import Invalid

STAMP = datetime(2026, 11, 21, 8, tzinfo=UTC)


def event(
    uid: str = "report.intensity@tonne", at: datetime | date = date(2026, 6, 22), text: str = "x"
) -> CalendarEvent:
    return CalendarEvent(uid=uid, at=at, summary=text, description=text, category="report")


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_a_calendar_of_one_day_is_this_text() -> None:
    text = calendar_text([event()], stamp=STAMP, name="Loans")

    assert text.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tonne//Loan obligations//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Loans",
        "BEGIN:VEVENT",
        "UID:report.intensity@tonne",
        "DTSTAMP:20261121T080000Z",
        "DTSTART;VALUE=DATE:20260622",
        "DTEND;VALUE=DATE:20260623",
        "SUMMARY:x",
        "DESCRIPTION:x",
        "CATEGORIES:report",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_an_instant_is_spelled_in_utc() -> None:
    text = calendar_text([event(at=datetime(2026, 5, 30, 9, tzinfo=UTC))], stamp=STAMP, name="Loans")

    assert "DTSTART:20260530T090000Z\r\n" in text
    assert "DTEND" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b,c\\d", "a\\;b\\,c\\\\d"),
        ("one\ntwo\r\nthree\rfour", "one\\ntwo\\nthree\\nfour"),
        ("\x00a\x1bb\u202ec\u2028d", "abcd"),
        ("END:VEVENT\r\nBEGIN:VALARM", "END:VEVENT\\nBEGIN:VALARM"),
    ],
)
def test_text_cannot_break_out_of_its_line(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_folding_counts_octets_and_never_cuts_a_character() -> None:
    # 74 letters and one of three octets: the second line begins with it.
    assert folded("a" * 74 + "贷") == "a" * 74 + "\r\n 贷"
    assert folded("a" * 80) == "a" * 75 + "\r\n " + "a" * 5


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_text_comes_back_whole_from_lines_of_at_most_75_octets(text: str) -> None:
    made = calendar_text([event(text=text)], stamp=STAMP, name=text)

    assert all(len(line.encode()) <= 75 for line in made.split("\r\n"))
    assert "\n" not in made.replace("\r\n", "")
    summary = next(line for line in unfolded(made) if line.startswith("SUMMARY:"))
    assert summary == f"SUMMARY:{escaped(text)}"
    assert sum(line == "BEGIN:VEVENT" for line in unfolded(made)) == 1


def test_one_name_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="each event once"):
        calendar_text([event(), event()], stamp=STAMP, name="Loans")


def test_an_instant_of_another_clock_is_refused() -> None:
    with pytest.raises(Invalid, match="UTC"):
        event(at=datetime(2026, 5, 30, 17, tzinfo=timezone(timedelta(hours=8))))
