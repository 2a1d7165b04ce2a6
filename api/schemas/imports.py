"""What enters and leaves about imports of files: templates with their columns, previews, their confirmation, work in hand.

Amounts are decimal strings. What a template has, ``api.imports.templates`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString
from finance.operations.imports import ImportState, state_of
from finance.store.imports import FileImport, Step, StepKind, Work

_MOST_COLUMNS, _LONGEST_CELL, _ALPHABET = 60, 200, 26
Sha256Text = Annotated[str, Field(pattern="^[0-9a-f]{64}$", max_length=64, examples=["ab" * 32])]
Count = Annotated[int, Field(ge=0, examples=[12])]


class TemplateColumnOut(Schema):
    """One column of a template."""

    key: str
    heading: Annotated[str, Field(examples=["数量 Quantity (t)"])]
    unit: str
    kind: str
    is_required: bool
    expected_en: str
    expected_zh: str
    choices: Array[str]


class TemplateOut(Schema):
    """A template: its name in the address of its workbook, its titles and columns."""

    name: Annotated[str, Field(examples=["trades"])]
    plant: Annotated[str | None, Field(description="The form of plant that an activity template is for.")]
    title_en: str
    title_zh: str
    columns: Array[TemplateColumnOut]


class TemplatesOut(Schema):
    """Every template."""

    templates: Array[TemplateOut]


class RowProblemOut(Schema):
    """What is wrong with a cell; ``row`` 0 and an empty ``column`` mean the whole file, the whole row."""

    row: int
    column: Annotated[str, Field(examples=["E"])]
    field: str
    value: str
    expected: str
    code: Annotated[str, Field(examples=["row.template_day"], description="The rule of cells, or the refusal.")] = ""
    facts: Annotated[dict[str, str], Field(description="The values that the rule names.")] = {}  # noqa: RUF012 - pydantic copies it


class SaidOut(Schema):
    """What was expected: the rule's code, the sentence in English, the values it names."""

    expected: Annotated[str, Field(examples=["a day as YYYY-MM-DD"])]
    code: Annotated[str, Field(examples=["row.template_day"])] = ""
    facts: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it


class SheetCellOut(Schema):
    """One cell as it came, and what was expected in its place; empty when it is right."""

    column: Annotated[str, Field(examples=["E"])]
    text: str
    expected: Annotated[str, Field(examples=["a day as YYYY-MM-DD"])]
    said: Annotated[Array[SaidOut], Field(description="What was expected, rule by rule.")]


class SheetRowOut(Schema):
    """One row; ``problem`` is what is wrong with the row as a whole, ``said`` the same rule by rule."""

    row: int
    problem: str
    said: Array[SaidOut]
    cells: Array[SheetCellOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPage:
    """Which rows of a sheet are shown: those below the header and after a row, all or only wrong ones."""

    header_row: int
    after: int
    limit: int
    only_wrong: bool


class ImportSheetOut(Schema):
    """A page of the sheet as it came, with its headings."""

    sheet: str
    header_row: Annotated[
        int, Field(description="The row of the headings; what is wrong in or above it is of the whole file.")
    ]
    headings: Array[str]
    rows: Array[SheetRowOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]

    @classmethod
    def from_core(
        cls,
        name: str,
        rows: Mapping[int, Mapping[int, str]],
        problems: Iterable[Mapping[str, Any]],
        page: SheetPage,
    ) -> ImportSheetOut:
        """Return the rows of ``page``; a problem of a cell that the row lacks stands in an empty cell of its column."""
        told: dict[int, dict[str, list[SaidOut]]] = {}
        for one in problems:
            told.setdefault(one["row"], {}).setdefault(one["column"], []).append(_said(one))
        header = rows.get(page.header_row, {})
        width = max((place for cells in (header, *rows.values()) for place in cells), default=-1) + 1
        names = [_letters(place) for place in range(min(width, _MOST_COLUMNS))]
        numbers = sorted(
            number
            for number in {*(told if page.only_wrong else rows), *told}
            if number > max(page.header_row, page.after)
        )
        shown = numbers[: page.limit]
        return cls(
            sheet=name,
            header_row=page.header_row,
            headings=tuple(header.get(place, " ")[1:] for place in range(len(names))),
            rows=tuple(_sheet_row(number, names, rows.get(number, {}), told.get(number, {})) for number in shown),
            next_after=shown[-1] if len(numbers) > page.limit else None,
        )


class PositionChangeOut(Schema):
    """How an account would move."""

    account: str
    commodity: str
    before: str
    after: str
    change: str


class FigureChangeOut(Schema):
    """How a month's figure would change; empty where there is none."""

    site: str
    month: str
    field: str
    old: str
    new: str


class EntriesEffectOut(Schema):
    """Trades: entries that would be posted, references that stand already with the same content, accounts that move."""

    entries: int
    standing: int
    standing_refs: Array[str]
    positions: Array[PositionChangeOut]
    facts_sha256: str


class MonthsEffectOut(Schema):
    """Activity: months in the file, of which new, changed and unchanged, and every changed figure (the first 500)."""

    months: int
    new: int
    changed: int
    unchanged: int
    change_count: int
    changes: Array[FigureChangeOut]
    facts_sha256: str


class StatementEffectOut(Schema):
    """A statement: lines read, lines that are new, lines that stand already."""

    source: str
    source_version: int
    lines_read: int
    lines_added: int
    standing: int


class PricesEffectOut(Schema):
    """Prices: what a second person will be asked to approve, by what each observation would be today."""

    observations: int
    counts: dict[str, int]
    facts_sha256: str
    needs_second_person: bool


class PreviewOut(Schema):
    """What a file would do: every problem (the first 1,000), or exactly one effect; confirm it by ``sha256``."""

    sha256: Sha256Text
    shown_at: InstantString
    form: str
    encoding: str
    sheet: str
    skipped_sheets: Array[str]
    rows: int
    examples: Annotated[int, Field(description="Example rows, which are never imported.")]
    problem_count: int
    problems: Array[RowProblemOut]
    entries: EntriesEffectOut | None = None
    months: MonthsEffectOut | None = None
    statement: StatementEffectOut | None = None
    prices: PricesEffectOut | None = None

    @classmethod
    def from_core(cls, step: Step) -> PreviewOut:
        """Return the shape of a preview."""
        content = step.content
        return cls(
            sha256=step.sha256,
            shown_at=step.at,
            form=content["form"],
            encoding=content["encoding"],
            sheet=content["sheet"],
            skipped_sheets=tuple(content["skipped_sheets"]),
            rows=content["rows"],
            examples=content["examples"],
            problem_count=content["problem_count"],
            problems=tuple(RowProblemOut(**one) for one in content["problems"]),
            **_effect(content["effect"]),
        )


class ConfirmedOut(Schema):
    """What a confirmation did and made: the last entry, the statement's fact, or the proposal that waits for a second person."""

    confirmed_at: InstantString
    confirmed_by: UuidString
    last_seq: str | None = None
    fact: str | None = None
    proposal_id: str | None = None
    proposal_sha256: str | None = None


class FailureOut(Schema):
    """Why the last attempt changed nothing."""

    failed_at: InstantString
    code: str
    message: str


class WorkOut(Schema):
    """What is being done beside the request; ask again."""

    task: str
    phase: str
    rows_total: int | None
    attempts: int
    updated_at: InstantString

    @classmethod
    def from_core(cls, work: Work) -> WorkOut:
        """Return the shape of ``work``."""
        return cls(
            task=work.task.value,
            phase=work.phase.value,
            rows_total=work.rows_total,
            attempts=work.attempts,
            updated_at=work.updated_at,
        )


class ImportOut(Schema):
    """A file that was brought, and where it stands."""

    import_id: UuidString
    template: str
    book_id: UuidString | None
    options: dict[str, str]
    file_name: str
    file_sha256: str
    created_by: UuidString
    created_at: InstantString
    state: ImportState
    preview: PreviewOut | None
    confirmed: ConfirmedOut | None
    failure: FailureOut | None
    work: WorkOut | None

    @classmethod
    def from_core(cls, found: FileImport, book_id: UUID | None) -> ImportOut:
        """Return the shape of ``found``."""
        last = found.last
        return cls(
            import_id=found.import_id,
            template=found.template,
            book_id=book_id,
            options=dict(found.options),
            file_name=found.file_name,
            file_sha256=found.raw_sha256,
            created_by=found.created_by,
            created_at=found.created_at,
            state=state_of(found),
            preview=None if found.preview is None else PreviewOut.from_core(found.preview),
            confirmed=None
            if last is None or last.kind is not StepKind.CONFIRMED
            else ConfirmedOut(confirmed_at=last.at, confirmed_by=last.by, **last.content["made"]),
            failure=None
            if last is None or last.kind is not StepKind.FAILED
            else FailureOut(failed_at=last.at, code=last.content["code"], message=last.content["message"]),
            work=None if found.work is None else WorkOut.from_core(found.work),
        )


class ImportLineOut(Schema):
    """An import in a list."""

    import_id: UuidString
    template: str
    book_id: UuidString | None
    file_name: str
    created_by: UuidString
    created_at: InstantString
    state: ImportState
    rows: int | None
    problem_count: int | None

    @classmethod
    def from_core(cls, found: FileImport, book_id: UUID | None) -> ImportLineOut:
        """Return the shape of ``found``."""
        shown = None if found.preview is None else found.preview.content
        return cls(
            import_id=found.import_id,
            template=found.template,
            book_id=book_id,
            file_name=found.file_name,
            created_by=found.created_by,
            created_at=found.created_at,
            state=state_of(found),
            rows=None if shown is None else shown["rows"],
            problem_count=None if shown is None else shown["problem_count"],
        )


class ImportsOut(Schema):
    """A page of imports, the newest first."""

    imports: Array[ImportLineOut]
    next_after: Annotated[UuidString | None, Field(description="Send it as after to read on; null on the last page.")]


class ConfirmIn(Schema):
    """Which preview is confirmed."""

    sha256: Annotated[Sha256Text, Field(description="preview.sha256 as it was read.")]


def _effect(effect: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the one part of a preview that its effect is."""
    if effect is None:
        return {}
    facts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in effect.items()}
    if "entries" in effect:
        facts["positions"] = tuple(PositionChangeOut(**one) for one in effect["positions"])
        return {"entries": EntriesEffectOut(**facts)}
    if "months" in effect:
        facts["changes"] = tuple(FigureChangeOut(**one) for one in effect["changes"])
        return {"months": MonthsEffectOut(**facts)}
    return {"statement": StatementEffectOut(**facts)} if "source" in effect else {"prices": PricesEffectOut(**facts)}


def _sheet_row(
    number: int, names: Sequence[str], cells: Mapping[int, str], told: Mapping[str, Sequence[SaidOut]]
) -> SheetRowOut:
    whole = tuple(one for column, found in told.items() if column not in names for one in found)
    return SheetRowOut(
        row=number,
        problem=_joined(whole),
        said=whole,
        cells=tuple(
            SheetCellOut(
                column=name,
                text=_cell_text(cells.get(place, "")),
                expected=_joined(told.get(name, ())),
                said=tuple(told.get(name, ())),
            )
            for place, name in enumerate(names)
        ),
    )


def _said(problem: Mapping[str, Any]) -> SaidOut:
    return SaidOut(expected=problem["expected"], code=problem.get("code", ""), facts=problem.get("facts", {}))


def _joined(said: Iterable[SaidOut]) -> str:
    return "; ".join(one.expected for one in said)


def _cell_text(cell: str) -> str:
    """Return a marked cell's text: the mark is its first character, and ``x`` stands before what is no text of the cell."""
    return "" if cell[:1] == "x" else cell[1 : _LONGEST_CELL + 1]


def _letters(place: int) -> str:
    """Return the letters of a column from 0: 0 is A, 26 is AA."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, _ALPHABET)
        letters, place = chr(ord("A") + rest) + letters, place - 1
    return letters
