"""Printed documents over HTTP: what they say in both languages, that they are the same bytes, and that no text is markup."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader

from api.charts.look import Language
from api.documents import typesetting
from api.documents.paper import Facts, Figure, Figures, Grid, Paper, Reason, Reasons, Words, grouped
from api.documents.typesetting import CHINESE_FAMILY, pdf_of
from ledger.core.errors import Conflict
from tests.api.ledger_calls import Treasury, refused
from tests.api.test_loans_examples import World, world
from tests.api.test_market_prices import SNAPSHOT
from tests.api.test_risk import house, ready

__all__ = ["house", "world"]

DAY = "as_of=2026-08-14"
MADE = datetime(2026, 8, 14, 9, 30, tzinfo=UTC)
HOSTILE = (
    '#eval("1+1")',
    "] #panic()",
    "$x^2$",
    '#read("/etc/passwd")',
    "\\u{41} *bold* _it_ `raw`",
    "<label> @ref // no",
)

needs_chinese = pytest.mark.skipif(
    CHINESE_FAMILY not in typesetting._fonts("").families(),
    reason="the font of Debian's fonts-noto-cjk is not installed",
)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return plain(answer.content)


def plain(pdf: bytes) -> str:
    """Return the words of a PDF on one line; blanks that only break a line are left out."""
    pages = (page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(" ".join(pages).split()).replace("\u200b", "")


def paper(
    *blocks: Words | Facts | Figures | Grid | Reasons, language: Language = Language.ENGLISH, title: str = "Title"
) -> Paper:
    return Paper(
        language=language,
        kind="Kind",
        title=title,
        subtitle="Subtitle",
        blocks=blocks,
        proof=(("Tree root", "ab" * 32),),
        made_at=MADE,
    )


def test_a_position_statement_says_holdings_worth_and_how_to_check_it(house: Treasury) -> None:
    ready(house, 2)

    said = text_of(house.get(f"/documents/position-statement.pdf?{DAY}&snapshot_id={SNAPSHOT}"))

    assert "Assets:Carbon:CEA25 1,000 0 1,000 t" in said
    assert "97,400.00" in said
    assert "Record point (entries known): 3" in said
    assert "Page 1 of" in said


@needs_chinese
def test_a_chinese_statement_embeds_an_open_font(house: Treasury) -> None:
    answer = house.get(f"/documents/position-statement.pdf?{DAY}&lang=zh")

    assert "持仓报告" in text_of(answer)
    fonts = set(re.findall(rb"/FontName ?/([A-Za-z0-9+-]+)", answer.content))
    assert fonts
    assert all(b"Noto" in font or b"DejaVu" in font for font in fonts), fonts


def test_the_same_question_prints_the_same_bytes(house: Treasury) -> None:
    path = f"/documents/position-statement.pdf?{DAY}&known=3"

    assert house.get(path).content == house.get(path).content


def test_a_chinese_document_without_its_font_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def families(self) -> list[str]:
            return ["Libertinus Serif"]

    monkeypatch.setattr(typesetting, "_fonts", lambda _folder: Bare())

    with pytest.raises(Conflict, match="fonts-noto-cjk") as refusal:
        pdf_of(paper(language=Language.CHINESE), "")
    assert refusal.value.code == "document.font_missing"


def test_fonts_of_a_folder_are_found(tmp_path: Path) -> None:
    assert pdf_of(paper(Words(text="plain")), str(tmp_path)).startswith(b"%PDF")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_printed_as_it_is_and_never_read_as_markup(text: str) -> None:
    set_in = paper(
        Words(text=text),
        Facts(pairs=((text, text),)),
        Figures(items=(Figure(label=text, value=text, unit=text, note=text),)),
        Grid(title=text, headings=(text,), rows=((text,),)),
        Reasons(title=text, lines=(Reason(depth=0, label=text, value=text, because=text),)),
        title=text,
    )

    said = plain(pdf_of(set_in)).replace(" ", "")

    assert said.count(text.replace(" ", "")) >= 10


def test_long_tables_go_on_over_pages_with_their_headings() -> None:
    grid = Grid(title="Lots", headings=("Lot", "Quantity"), rows=tuple((str(n), "1") for n in range(120)), numbers=(1,))

    pages = PdfReader(io.BytesIO(pdf_of(paper(grid)))).pages

    assert len(pages) > 1
    assert all("Quantity" in page.extract_text() for page in list(pages)[:2])


def test_a_certificate_and_a_sheet_are_for_who_may_read_what_they_say(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)

    certificate = world.get(world.assessor, f"/attestations/{chain.attestation_id}/certificate.pdf")
    sheet = world.get(world.lender, f"/determinations/{proposal['id']}/sheet.pdf")
    notice = world.get(world.borrower, f"/facilities/{chain.facility_id}/interest-notice.pdf?on=2026-01-05")

    said = text_of(certificate)
    assert "8.1636" in said
    assert "bp" not in said.split()
    assert "0.0345" not in said
    assert "0 → -10" in text_of(sheet)
    assert "1,725,000.00" in text_of(notice)
    for path in (
        f"/determinations/{proposal['id']}/sheet.pdf",
        f"/facilities/{chain.facility_id}/interest-notice.pdf?on=2026-01-05",
    ):
        assert refused(world.get(world.assessor, path))[0] == 403


def test_another_book_s_statement_is_not_found(house: Treasury) -> None:
    foreign = "01939c3e-7b3a-7cc1-9a53-ffffffffffff"
    path = f"/v1/books/{foreign}/documents/position-statement.pdf?{DAY}"

    assert refused(house.client.get(path)) == (404, "book.not_found")


def test_thousands_are_separated_and_other_text_is_left_alone() -> None:
    assert grouped("-1234567.50") == "-1,234,567.50"
    assert grouped("met") == "met"
    assert grouped("2026-08-14") == "2026-08-14"


def test_one_calendar_has_every_deadline_with_reminders_and_lasting_names(world: World) -> None:
    world.attested()
    query = "from=2025-01-01&to=2027-12-31"

    first, again = (world.get(world.borrower, f"/deadlines.ics?{query}") for _ in range(2))

    assert first.status_code == 200
    assert first.content == again.content
    lines = first.text.split("\r\n")
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(uids) == len(set(uids)) > 5
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 3 * len(uids)
    assert "TRIGGER:-P14D" in lines
    assert world.get(world.assessor, f"/deadlines.ics?{query}").status_code == 200
