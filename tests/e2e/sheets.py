"""Files as a person brings them: the product's own templates, taken from their page and filled in, and what other programs write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import openpyxl

from tests.e2e.browser import Watched

Cell = str | int | date | None
_FIRST_ROW = 3  # below the headings and the example
_REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What a browser itself says of every refusal; it is no error of the page."""


def template(tab: Watched, name: str, folder: Path, rows: Iterable[Sequence[Cell]], as_name: str = "") -> Path:
    """Take a template from the page of imports, fill in ``rows``, and return the file."""
    tab.go("/imports")
    with tab.page.expect_download() as taken:
        tab.page.locator(f"a[href^='/v1/templates/{name}.xlsx']").first.click()
    file = folder / (as_name or f"{name}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(Path(taken.value.path()).read_bytes()))
    for number, row in enumerate(rows, start=_FIRST_ROW):
        for place, value in enumerate(row, start=1):
            book.worksheets[0].cell(number, place).value = value
    book.save(file)
    return file


def chinese_csv(file: Path, rows: Iterable[Sequence[str]]) -> Path:
    """Write a CSV as a Chinese spreadsheet program does: in GB18030."""
    file.write_bytes("\r\n".join(",".join(row) for row in rows).encode("gb18030"))
    return file


def with_document_type(workbook: Path, file: Path) -> Path:
    """Write the workbook again with a document type that names an entity: what no honest program does."""
    with zipfile.ZipFile(workbook) as honest, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as hostile:
        for name in honest.namelist():
            content = honest.read(name)
            if name == "xl/workbook.xml":
                content = content.replace(b"<workbook", b'<!DOCTYPE a [<!ENTITY e "x">]><workbook', 1)
            hostile.writestr(name, content)
    return file


def bring(tab: Watched, page: str, file: Path) -> str:
    """Choose the file on the page (the one at hand when empty), send it, and return the path of its import."""
    if page:
        tab.go(page)
    tab.page.set_input_files("input[type=file]", file)
    tab.page.click("form[data-upload] button[type=submit]")
    tab.page.wait_for_url("**/imports/*-*-*-*-*")
    tab.page.wait_for_load_state()
    return tab.page.url.removeprefix(tab.address)


def refused(tab: Watched, form: str, **values: str) -> str:
    """Fill in (``a__b`` is ``a.b``) and send what is refused; return what the form then says."""
    for name, value in values.items():
        place = tab.page.locator(f"{form} [name='{name.replace('__', '.')}']")
        if place.evaluate("element => element.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.fill(value)
    with tab.page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        tab.page.click(f"{form} button[type=submit]")
    assert 400 <= answer.value.status < 500, answer.value.text()
    tab.page.wait_for_selector(f"{form} .summary:not([hidden])")
    forgive(tab)
    return tab.page.inner_text(form)


def forgive(tab: Watched) -> None:
    """Leave out of what the console says the browser's own notes of refused requests."""
    tab.said[:] = [each for each in tab.said if not each.startswith(_REFUSED)]


def asks_second(tab: Watched, button: str) -> None:
    """Press what a second person has to agree to, and see the page say so."""
    tab.page.click(button)
    tab.page.locator(".done-note:has-text('waits for a second person')").last.wait_for()


def second_for(tab: Watched, opener: str) -> None:
    """Open what asks for confirmation and send it to the second person."""
    tab.page.click(opener)
    tab.page.wait_for_selector("dialog[open]")
    assert tab.serious() == []
    asks_second(tab, "dialog[open] button[data-api]")
