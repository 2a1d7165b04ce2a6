from __future__ import annotations

from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions import notice_words
from finance.conventions.notice_words import BookName, shown
from finance.conventions.notices import NoticeDraft, NoticeKind, Severity, Subject, Words, check_threshold
from ledger.core.errors import Invalid

ORGANISATION, BOOK = UUID(int=1), BookName(book_id=UUID(int=7), code="smelter")


def test_a_gap_says_its_figures_with_unit_and_day_in_both_languages() -> None:
    draft = notice_words.compliance_gap(
        ORGANISATION,
        BOOK,
        year=2025,
        gap_t=12_000,
        high_t=15_500,
        cost_cny=Fraction(12_000) * Fraction(974, 10),
        surrender_on=date(2026, 12, 31),
        on=date(2026, 11, 22),
        is_urgent=True,
    )

    assert draft.text.en == (
        "On 2026-11-22, 12000 t of allowances are expected to be missing for 2025 in book smelter, 1168800 CNY at the mark; "
        "surrender by 2026-12-31."
    )
    assert draft.text.zh == (
        "截至2026-11-22，账簿smelter的2025年度配额预计缺口12000吨，按标记价格约1168800元；须于2026-12-31前清缴。"
    )
    assert [(one.value, one.unit) for one in draft.figures] == [
        ("12000", "t"),
        ("15500", "t"),
        ("1168800", "CNY"),
        ("2026-12-31", "date"),
    ]
    assert draft.severity is Severity.URGENT


@given(st.text())
def test_what_a_source_said_is_one_printable_line(said: str) -> None:
    line = shown(said, 80)

    assert 1 <= len(line) <= 80
    assert line.isprintable()
    Words(en=line, zh=line)


@pytest.mark.parametrize("text", ["", " a", "a\nb", "a\r\nBcc: x@example.com", "a\x00b", "x" * 1001, "a\u2028b"])
def test_a_text_that_is_not_one_printable_line_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Words(en=text, zh="缺口")


@pytest.mark.parametrize(
    "path", ["", "compliance", "//evil.example", "https://evil.example", "/a b", "/a\n", "/\\evil"]
)
def test_a_path_stays_in_this_application(path: str) -> None:
    words = Words(en="a", zh="b")

    with pytest.raises(Invalid, match="path"):
        NoticeDraft(
            organisation_id=ORGANISATION,
            kind=NoticeKind.TEST,
            severity=Severity.INFO,
            subject=Subject(kind="test", ref="1"),
            condition="1",
            title=words,
            text=words,
            path=path,
        )


@pytest.mark.parametrize(
    ("row_id", "value"),
    [("notice.due", "14"), ("notice.due", "0"), ("notice.limit_used", "1"), ("notice.limit_used", "0.75")],
)
def test_a_threshold_within_its_bounds_is_taken(row_id: str, value: str) -> None:
    check_threshold(row_id, value)


@pytest.mark.parametrize(
    ("row_id", "value"),
    [
        ("notice.due", "14.5"),
        ("notice.due", "-1"),
        ("notice.due", "367"),
        ("notice.limit_used", "1.01"),
        ("notice.limit_used", "NaN"),
        ("notice.limit_used", "1e400"),
        ("delivery.most_tries", "1"),
        ("nothing", "1"),
    ],
)
def test_a_threshold_beyond_its_bounds_is_refused(row_id: str, value: str) -> None:
    with pytest.raises(Invalid):
        check_threshold(row_id, value)
