"""Calls of the import routes, and workbooks filled as a person fills them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from openpyxl import Workbook, load_workbook

from api.imports.templates import Template, TemplateForm, form_of
from api.imports.workbooks import template_xlsx
from api.translations import Language
from tests.api.client import Client

CSV = {"Content-Type": "text/csv"}
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def filled_workbook(
    template: Template, rows: Iterable[Mapping[str, Any]], *, language: Language = Language.ZH
) -> bytes:
    """Return the shipped template with ``rows`` under its example."""
    form = form_of(template)
    book = load_workbook(io.BytesIO(template_xlsx(form, language)))
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append([row.get(column.key) for column in form.columns])
    return saved(book)


def saved(book: Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def csv_of(form: TemplateForm, *rows: Mapping[str, str]) -> bytes:
    """Return a CSV under the template's own headings."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow([column.heading for column in form.columns])
    writer.writerows([row.get(column.key, "") for column in form.columns] for row in rows)
    return lines.getvalue().encode()


def bring(
    client: Client,
    book: str,
    content: bytes | str,
    *,
    template: str = "trades",
    query: str = "",
    key: str | None = None,
) -> httpx.Response:
    raw = content.encode() if isinstance(content, str) else content
    headers = XLSX if raw.startswith(b"PK") else CSV
    return client.post(f"/v1/books/{book}/imports?template={template}{query}", raw, headers=headers, key=key)


def confirm(client: Client, brought: Mapping[str, Any], *, key: str | None = None) -> httpx.Response:
    body = json.dumps({"sha256": brought["preview"]["sha256"]})
    return client.post(f"/v1/imports/{brought['import_id']}/confirm", body, key=key)
