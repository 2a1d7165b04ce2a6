"""Files that people fill in: templates, a preview of what a file would do, its confirmation, and the sheet back with its errors.

A file counts only after its preview was confirmed, all of it or nothing; prices then still wait for a second person.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from api.auth.import_kinds import IMPORT
from api.auth.ledger_kinds import BOOK
from api.auth.policy import Policy, Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import TRADE_IMPORT
from api.deps import Call, ThisCall
from api.imports.contents import prepare
from api.imports.reading import read_file
from api.imports.tables import filled
from api.imports.templates import Template, TemplateForm, form_of
from api.imports.work import INLINE_BYTES, INLINE_ROWS, asked_of, raw_of
from api.imports.workbooks import error_table, table_bytes, template_xlsx
from api.routes.trades import weight_of
from api.schemas.activity import FlagText
from api.schemas.amounts import WholeNumber
from api.schemas.base import Choice
from api.schemas.fields import CodeString, NameText, UuidString
from api.schemas.imports import (
    ConfirmIn,
    ImportLineOut,
    ImportOut,
    ImportSheetOut,
    ImportsOut,
    SheetPage,
    TemplateColumnOut,
    TemplateOut,
    TemplatesOut,
)
from api.schemas.statement_sources import SourceCode
from api.sheets import CSV_TYPE, XLSX_TYPE
from api.store.access import OrganisationKind
from api.translations import Language
from finance.operations import imports
from finance.operations.import_effects import TradeList
from finance.operations.imports import ImportDesk, RowProblem
from finance.store import activity_reference
from finance.store import imports as store
from finance.store.imports import FileImport, Task
from finance.store.market import RawFile
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.store import books

routes = Routes(tag="imports")

_TYPES = ("text/csv", XLSX_TYPE)
_PAGE = 200
_MOST_ROWS_XLSX = 10_000
"""Rows of a workbook that is sent back; a longer one comes as CSV, which is written twenty times as fast."""

_BOOKED = (Template.TRADES, Template.OPENING_POSITIONS, Template.REGISTRY_STATEMENT, Template.BANK_STATEMENT)
_TRADED = (Template.TRADES, Template.OPENING_POSITIONS)
_STATEMENTS = (Template.REGISTRY_STATEMENT, Template.BANK_STATEMENT)
_BOOK_POLICY = asks(Scope.LEDGER_WRITE)
_ACTIVITY_POLICY = asks(Scope.ACTIVITY_WRITE, kinds=(OrganisationKind.BORROWER,))
_PRICE_POLICY = asks(Scope.MARKET_WRITE)
_TRADES_EXAMPLE = (
    "交易编号 Trade reference,类型 Kind,日期 Traded on,品种 Instrument,数量 Quantity (t),价格 Price (CNY/t)\n"
    "T-2025-001,买入,2025-04-30,CEA24,20000,96.13\n"
)
_ACTIVITY_EXAMPLE = (
    "site,month,production_t,captive_coal_kwh,grid_kwh,own_nonfossil_direct_kwh,market_nonfossil_contract_kwh\n"
    "Example smelter,2024-01,42318.60,360125000,145669700,17620000,41200000\n"
)
_PRICES_EXAMPLE = (
    "instrument,exchange,price_basis,trade_date,value,currency,unit,source\n"
    "CEA24,Example Exchange,listed_close,2025-04-30,97.92,CNY,t,close of the session\n"
)

FileName = Annotated[NameText, Query(description="The file's name, repeated in refusals.")]
Plant = Annotated[
    CodeString | None,
    Query(
        description="The form of plant of an activity template; the first when absent.",
        examples=["copper-electrorefining"],
    ),
]


@routes.get("/templates", policy=asks())
def list_templates() -> TemplatesOut:
    """Return every template with its columns; the activity template once for each form of plant."""
    forms = [form_of(Template.ACTIVITY, plant.template_id) for plant in activity_reference.shipped_templates()]
    forms += [form_of(template) for template in Template if template is not Template.ACTIVITY]
    return TemplatesOut(templates=tuple(map(_form_out, forms)))


@routes.get("/templates/{name}.xlsx", policy=asks(), answers=(XLSX_TYPE,))
def read_template(
    name: Annotated[Choice[Template], Path(examples=["trades"])],
    language: Annotated[Choice[Language], Query(examples=["zh"])] = Language.ZH,
    plant: Plant = None,
) -> Response:
    """Return a template as a workbook to fill in: headings in both languages with units, checks, an example, instructions."""
    content = template_xlsx(form_of(name, plant), language)
    return _file(content, XLSX_TYPE, f"{name.value}.xlsx")


@routes.upload("/books/{book_id}/imports", policy=_BOOK_POLICY, types=_TYPES, example=_TRADES_EXAMPLE)
def import_into_book(
    book_id: UuidString,
    call: ThisCall,
    template: Annotated[Choice[Template], Query(examples=["trades"])],
    source: Annotated[SourceCode | None, Query(description="The statement source; statements only.")] = None,
    file_name: FileName = "file",
) -> ImportOut:
    """Bring a file of trades, opening positions or statement lines, and see what it would do; nothing of it counts yet.

    A longer file is previewed beside the request: ask for the import until its state is no longer ``reading``.
    """
    book = call.load(BOOK, book_id)
    if template not in _BOOKED:
        raise Invalid("import.template", f"template: expected one of {', '.join(_BOOKED)}", field="template")
    if (template in _STATEMENTS) != (source is not None):
        raise Invalid("import.source", "source: expected with a statement, and with nothing else", field="source")
    options = {} if source is None else {"source": source}
    return _bring(call, template, options, file_name, book_id=book.book_id)


@routes.upload("/activity-imports", policy=_ACTIVITY_POLICY, types=_TYPES, example=_ACTIVITY_EXAMPLE)
def import_activity(
    call: ThisCall,
    plant: Plant = None,
    verification: Annotated[
        NameText | None, Query(description="The report that verified these figures; claimed when absent.")
    ] = None,
    file_name: FileName = "file",
) -> ImportOut:
    """Bring a file of monthly activity and see which figures it would add or change, old and new; nothing of it counts yet."""
    form_of(Template.ACTIVITY, plant)
    options = {name: given for name, given in (("plant", plant), ("verification", verification)) if given is not None}
    return _bring(call, Template.ACTIVITY, options, file_name, book_id=None)


@routes.upload("/price-imports", policy=_PRICE_POLICY, types=_TYPES, example=_PRICES_EXAMPLE)
def import_prices(call: ThisCall, file_name: FileName = "file") -> ImportOut:
    """Bring a file of prices and see what each would be today; confirmed, they wait for a second person's approval."""
    return _bring(call, Template.PRICES, {}, file_name, book_id=None)


@routes.get("/imports", policy=asks())
def list_imports(
    call: ThisCall,
    after: Annotated[UuidString | None, Query(description="next_after of the page before.")] = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 imports.")] = _PAGE,
) -> ImportsOut:
    """Return a page of the organisation's imports that the caller may see, the newest first."""
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    last = None if after is None else call.load(IMPORT, after)
    before = None if last is None else (last.created_at, last.import_id)
    found = store.list_imports(call.session, call.principal.organisation_id, before=before, limit=limit + 1)
    page = [one for one in found[:limit] if _may_see(call, one)]
    names = _book_ids(call)
    return ImportsOut(
        imports=tuple(ImportLineOut.from_core(one, names.get(one.book_id or 0)) for one in page),
        next_after=found[limit - 1].import_id if len(found) > limit else None,
    )


@routes.get("/imports/{import_id}", policy=asks())
def read_import(import_id: UuidString, call: ThisCall) -> ImportOut:
    """Return an import with its newest preview, and how far work on it is."""
    return _out(call, _seen(call, import_id))


@routes.get("/imports/{import_id}/errors", policy=asks(), answers=(CSV_TYPE, XLSX_TYPE))
def read_errors(
    import_id: UuidString,
    call: ThisCall,
    form: Annotated[str, Query(alias="format", pattern="^(xlsx|csv)$", max_length=4, examples=["xlsx"])] = "xlsx",
    language: Annotated[Choice[Language], Query(examples=["zh"])] = Language.EN,
) -> Response:
    """Return the sheet as it came with one column more, which says what is wrong in each row: correct it and bring it again."""
    found = _seen(call, import_id)
    if found.preview is None:
        raise Conflict("import.reading", "import: it has no preview yet; ask again when it has")
    asked, raw = asked_of(call.session, found), raw_of(call.session, found)
    read = read_file(found.file_name, raw)
    shown = filled(read, asked.form())
    sheet = next((one for one in read.sheets if shown is None or one.name == shown.sheet), read.sheets[0])
    if form == "xlsx" and len(sheet.rows) > _MOST_ROWS_XLSX:
        raise Conflict("import.xlsx_rows", f"format: expected csv above {_MOST_ROWS_XLSX} rows", field="format")
    problems = prepare(found.file_name, raw, asked, now=call.now).problems or tuple(
        RowProblem.read(one) for one in found.preview.content["problems"]
    )
    table = error_table(sheet, 1 if shown is None else shown.header_row, problems, language)
    kind = CSV_TYPE if form == "csv" else XLSX_TYPE
    return _file(table_bytes(table, is_csv=form == "csv"), kind, f"errors.{form}")


@routes.get("/imports/{import_id}/sheet", policy=asks())
def read_import_sheet(
    import_id: UuidString,
    call: ThisCall,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 200 rows.")] = _PAGE,
    wrong: Annotated[FlagText, Query(description="Only rows in which something is wrong.")] = False,  # noqa: FBT002 - a query
) -> ImportSheetOut:
    """Return a page of the sheet as it came, each row with its cells and what the preview found wrong in them.

    A file that is previewed beside the request is too long for this (``import.too_large``): take its errors as a file.
    """
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    found = _seen(call, import_id)
    if found.preview is None:
        raise Conflict("import.reading", "import: it has no preview yet; ask again when it has")
    raw = raw_of(call.session, found)
    if len(raw) > INLINE_BYTES:
        raise Conflict(
            "import.preview_large", f"import: above {INLINE_BYTES} bytes; take the file with its errors instead"
        )
    read = read_file(found.file_name, raw)
    shown = filled(read, asked_of(call.session, found).form())
    sheet = next((one for one in read.sheets if shown is None or one.name == shown.sheet), read.sheets[0])
    page = SheetPage(header_row=1 if shown is None else shown.header_row, after=after, limit=limit, only_wrong=wrong)
    return ImportSheetOut.from_core(sheet.name, sheet.rows, found.preview.content["problems"], page)


@routes.post("/imports/{import_id}/preview", policy=asks(), status=200)
def preview_import(import_id: UuidString, call: ThisCall) -> ImportOut:
    """Return what the file would do as things stand now."""
    found = _permitted(call, import_id)
    return _out(call, _previewed(call, found, raw_of(call.session, found)))


@routes.post("/imports/{import_id}/confirm", policy=asks(), status=200, second_person=TRADE_IMPORT)
def confirm_import(import_id: UuidString, body: ConfirmIn, call: ThisCall) -> ImportOut:
    """Do exactly what the preview showed, all of it or nothing; ``import.world_changed`` when it would do something else now.

    A long one is carried out beside the request: ask for the import until its state is no longer ``importing``. Trades and opening
    positions are booked under the organisation's rule for files of trades, so that another person may have to agree first.
    """
    found = _permitted(call, import_id)
    if Template(found.template) not in _TRADED or imports.state_of(found) is imports.ImportState.CONFIRMED:
        call.scale.exempt()
    desk = _desk(call, found)
    if found.preview is not None and int(found.preview.content["rows"]) > INLINE_ROWS:
        if imports.state_of(found) is imports.ImportState.CONFIRMED and found.preview.sha256 == body.sha256:
            return _out(call, found)
        call.scale.add_unknown()
        return _out(call, imports.ask(desk, import_id, Task.CONFIRM, sha256=body.sha256))
    raw = raw_of(call.session, found)
    prepared = prepare(found.file_name, raw, asked_of(call.session, found), now=call.now)
    if isinstance(prepared.content, TradeList):
        for trade in prepared.content.trades:
            call.scale.add(weight_of(trade))
    return _out(call, imports.confirm(desk, import_id, prepared, sha256=body.sha256))


@routes.post("/imports/{import_id}/discard", policy=asks(), status=200)
def discard_import(import_id: UuidString, call: ThisCall) -> ImportOut:
    """End an import without carrying it out."""
    return _out(call, imports.discard(_desk(call, _permitted(call, import_id)), import_id))


def _bring(
    call: Call, template: Template, options: dict[str, str], file_name: str, *, book_id: int | None
) -> ImportOut:
    raw = RawFile(file_name=file_name, content=call.upload)
    found = FileImport(
        organisation_id=call.principal.organisation_id,
        import_id=call.new_id(),
        template=template.value,
        book_id=book_id,
        options=options,
        file_name=file_name,
        raw_sha256=raw.sha256,
        created_by=call.principal.user_id,
        created_at=call.now,
    )
    asked_of(call.session, found)
    imports.bring(_desk(call, found), found, raw)
    return _out(call, _previewed(call, found, raw.content))


def _previewed(call: Call, found: FileImport, raw: bytes) -> FileImport:
    desk = _desk(call, found)
    if len(raw) > INLINE_BYTES:
        return imports.ask(desk, found.import_id, Task.PREVIEW)
    prepared = prepare(found.file_name, raw, asked_of(call.session, found), now=call.now)
    return imports.preview(desk, found.import_id, prepared)


def _policy_of(found: FileImport) -> Policy:
    """Return who may bring, confirm and discard a file of the template."""
    template = Template(found.template)
    if template in _BOOKED:
        return _BOOK_POLICY
    return _ACTIVITY_POLICY if template is Template.ACTIVITY else _PRICE_POLICY


def _permitted(call: Call, import_id: UUID) -> FileImport:
    found = call.load(IMPORT, import_id)
    _policy_of(found).permit(call.principal)
    return found


def _may_see(call: Call, found: FileImport) -> bool:
    """Return whether the caller reads the ledger or may bring such a file."""
    return bool({Scope.LEDGER_READ, *_policy_of(found).scopes} & call.principal.scopes)


def _seen(call: Call, import_id: UUID) -> FileImport:
    found = call.load(IMPORT, import_id)
    if not _may_see(call, found):
        raise Forbidden("auth.key_scope_missing", "this key lacks the scope ledger:read; use one that has it")
    return found


def _desk(call: Call, found: FileImport) -> ImportDesk:
    return ImportDesk(
        session=call.session,
        book_id=found.book_id,
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
        is_closer=Scope.LEDGER_CLOSE in call.principal.scopes,
    )


def _book_ids(call: Call) -> dict[int, UUID]:
    return {one.book_id: one.book_uuid for one in books.list_books(call.session, call.principal.organisation_id)}


def _out(call: Call, found: FileImport) -> ImportOut:
    return ImportOut.from_core(found, None if found.book_id is None else _book_ids(call)[found.book_id])


def _form_out(form: TemplateForm) -> TemplateOut:
    columns = tuple(
        TemplateColumnOut(
            key=column.key,
            heading=column.heading,
            unit=column.unit,
            kind=column.kind.value,
            is_required=column.is_required,
            expected_en=column.expected(Language.EN),
            expected_zh=column.expected(Language.ZH),
            choices=tuple(column.choices or ()),
        )
        for column in form.columns
    )
    plant = None if form.plant is None else form.plant.template_id
    return TemplateOut(
        name=form.template.value, plant=plant, title_en=form.title_en, title_zh=form.title_zh, columns=columns
    )


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
