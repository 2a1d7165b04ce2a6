"""What enters and leaves about statements: sources with their mapping, imports, and the lines read.

Amounts are decimal strings, positive where the account holds more. What a mapping may say is the ledger's decision.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import AccountPath, CommodityCode
from api.schemas.fields import DateString, InstantString, Text, UuidString
from ledger.core.errors import Invalid
from ledger.core.reconciliation import PostingKey
from ledger.core.statement_mapping import (
    MAX_HEADERS,
    MAX_WINDOW_DAYS,
    MAX_WORDS,
    LineOrder,
    SourceKind,
    StatementColumn,
    StatementMapping,
    StatementSource,
)
from ledger.reconciliation import (
    ImportOutcome,
)
from ledger.store.reconciliation import RecordedLine
from ledger.store.statement_lines import Fact, RecordedSource

_LARGEST = 10**15
SourceCode = Annotated[str, Field(max_length=40, examples=["icbc-basic"], description="1 to 40 of a-z, 0-9 and hyphen")]
Word = Annotated[str, Field(min_length=1, max_length=200, examples=["交易日期"])]
Words = Annotated[Array[Word], Field(max_length=MAX_WORDS)]
Headers = Annotated[Array[Word], Field(min_length=1, max_length=MAX_HEADERS)]
Mark = Annotated[str, Field(max_length=1, examples=[","])]
LineNumber = Annotated[
    int, Field(ge=1, le=_LARGEST, examples=[1], description="A statement line's number in the book.")
]
Note = Annotated[str, Field(max_length=400, examples=["settled with the fee"])]

_BANK_EXAMPLE: dict[str, JsonValue] = {
    "code": "icbc-basic",
    "title": "工商银行基本户",
    "kind": "bank",
    "mapping": {
        "columns": {
            "booked_on": ["交易日期", "Date"],
            "reference": ["流水号", "Reference"],
            "counterparty": ["对方户名", "Counterparty"],
            "amount_in": ["贷方发生额", "Credit"],
            "amount_out": ["借方发生额", "Debit"],
            "balance": ["余额", "Balance"],
        },
        "accounts": [{"commodity": "CNY", "account": "Assets:Bank:CNY"}],
        "commodity": "CNY",
        "date_format": "YYYY-MM-DD",
        "window_days": 3,
        "skipped_words": ["合计", "Total"],
    },
}


class ColumnsIn(Schema):
    """The header names that each column may have, compared without blanks, width and case; a mapped column must stand."""

    booked_on: Headers
    value_on: Headers | None = None
    reference: Headers | None = None
    counterparty: Headers | None = None
    amount: Headers | None = None
    amount_in: Headers | None = None
    amount_out: Headers | None = None
    direction: Headers | None = None
    balance: Headers | None = None
    commodity: Headers | None = None
    vintage: Headers | None = None
    project: Headers | None = None

    def to_core(self) -> dict[StatementColumn, tuple[str, ...]]:
        """Return the header names of the mapped columns."""
        given = {column: getattr(self, column.value) for column in StatementColumn}
        return {column: names for column, names in given.items() if names is not None}


class MappedAccount(Schema):
    """The account that the statement's lines of a commodity belong to."""

    commodity: CommodityCode
    account: AccountPath


class MappedWord(Schema):
    """How a statement spells a commodity: the cells of commodity, vintage and project joined by a blank."""

    word: Word
    commodity: CommodityCode


class MappingShape(Schema):
    """How to read a source's statements."""

    columns: ColumnsIn
    accounts: Annotated[Array[MappedAccount], Field(min_length=1, max_length=MAX_WORDS)]
    date_format: Annotated[str, Field(max_length=20, examples=["YYYY-MM-DD"], description="YYYY, MM or M, DD or D.")]
    window_days: Annotated[
        int, Field(ge=0, le=MAX_WINDOW_DAYS, examples=[3], description="Days a line and its entry may lie apart.")
    ]
    commodity: CommodityCode | None = None
    commodity_words: Annotated[Array[MappedWord], Field(max_length=MAX_WORDS)] = ()
    decimal_mark: Mark = "."
    thousands_mark: Mark = ","
    is_outflow_positive: Annotated[bool, Field(description="A signed amount column is positive when money leaves.")] = (
        False
    )
    in_words: Words = ()
    out_words: Words = ()
    skipped_words: Annotated[
        Words, Field(description="A row whose first cell begins with one of these is no line.")
    ] = ()
    order: Choice[LineOrder] = LineOrder.OLDEST_FIRST
    is_reference_unique: Annotated[
        bool, Field(description="A reference stands once for ever, and is the line's id.")
    ] = False
    sheet: Word | None = None

    def to_core(self) -> StatementMapping:
        """Return the ledger's mapping; one that could not read any file is ``reconciliation.mapping``."""
        accounts = {one.commodity: one.account for one in self.accounts}
        if len(accounts) < len(self.accounts):
            raise Invalid(
                "reconciliation.mapping_repeated",
                "mapping.accounts: expected each commodity once",
                field="mapping.accounts",
            )
        try:
            return self._read(accounts)
        except Invalid as refused:
            place = refused.data.get("field", "")
            raise Invalid(refused.code, f"mapping.{refused.message}", field=f"mapping.{place}") from refused

    def _read(self, accounts: dict[str, str]) -> StatementMapping:
        return StatementMapping(
            columns=self.columns.to_core(),
            accounts=accounts,
            date_format=self.date_format,
            window_days=self.window_days,
            commodity=self.commodity,
            commodity_words={one.word: one.commodity for one in self.commodity_words},
            decimal_mark=self.decimal_mark,
            thousands_mark=self.thousands_mark,
            is_outflow_positive=self.is_outflow_positive,
            in_words=self.in_words,
            out_words=self.out_words,
            skipped_words=self.skipped_words,
            order=self.order,
            is_reference_unique=self.is_reference_unique,
            sheet=self.sheet,
        )

    @classmethod
    def from_core(cls, mapping: StatementMapping) -> MappingShape:
        """Return the shape of ``mapping``."""
        return cls(
            columns=ColumnsIn(**{column.value: names for column, names in mapping.columns.items()}),
            accounts=tuple(
                MappedAccount(commodity=code, account=path) for code, path in sorted(mapping.accounts.items())
            ),
            date_format=mapping.date_format,
            window_days=mapping.window_days,
            commodity=mapping.commodity,
            commodity_words=tuple(
                MappedWord(word=word, commodity=code) for word, code in sorted(mapping.commodity_words.items())
            ),
            decimal_mark=mapping.decimal_mark,
            thousands_mark=mapping.thousands_mark,
            is_outflow_positive=mapping.is_outflow_positive,
            in_words=mapping.in_words,
            out_words=mapping.out_words,
            skipped_words=mapping.skipped_words,
            order=mapping.order,
            is_reference_unique=mapping.is_reference_unique,
            sheet=mapping.sheet,
        )


class StatementSourceIn(Schema):
    """A registry or bank account whose statements are read; saving a changed one makes its next version."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BANK_EXAMPLE]})

    code: SourceCode
    title: Text
    kind: Choice[SourceKind]
    mapping: MappingShape

    def to_core(self) -> StatementSource:
        """Return the ledger's source."""
        return StatementSource(code=self.code, title=self.title, kind=self.kind, mapping=self.mapping.to_core())


class FactOut(Schema):
    """When something was recorded, by whom, and the fact's number in the book."""

    fact: int
    recorded_at: InstantString
    recorded_by: UuidString

    @classmethod
    def from_core(cls, fact: Fact) -> FactOut:
        """Return the shape of ``fact``."""
        return cls(fact=fact.fact_no, recorded_at=fact.recorded_at, recorded_by=fact.actor.user_id)


class StatementSourceOut(Schema):
    """One version of a source."""

    code: str
    title: str
    kind: str
    version: int
    mapping: MappingShape
    recorded: FactOut

    @classmethod
    def from_core(cls, recorded: RecordedSource) -> StatementSourceOut:
        """Return the shape of ``recorded``."""
        source = recorded.source
        return cls(
            code=source.code,
            title=source.title,
            kind=source.kind.value,
            version=recorded.version,
            mapping=MappingShape.from_core(source.mapping),
            recorded=FactOut.from_core(recorded.fact),
        )


class StatementSourcesOut(Schema):
    """Every version of every source, by code, then version."""

    sources: Array[StatementSourceOut]


class StatementImportOut(Schema):
    """What reading a file changed."""

    source: str
    version: int
    fact: int
    file_sha256: str
    lines_read: int
    lines_added: Annotated[int, Field(description="Lines that were new; the same file again adds none.")]

    @classmethod
    def from_core(cls, outcome: ImportOutcome, file_sha256: str) -> StatementImportOut:
        """Return the shape of ``outcome``."""
        return cls(
            source=outcome.source.source.code,
            version=outcome.source.version,
            fact=outcome.fact_no,
            file_sha256=file_sha256,
            lines_read=outcome.lines_read,
            lines_added=outcome.lines_added,
        )


class PostingPlace(Schema):
    """A posting's place in its book."""

    seq: Annotated[int, Field(ge=1, le=_LARGEST, examples=[12], description="The entry's place in the book.")]
    line: Annotated[int, Field(ge=1, le=_LARGEST, examples=[1], description="The leg within the entry, from 1.")]

    @classmethod
    def from_core(cls, key: PostingKey) -> PostingPlace:
        """Return the shape of a posting's key."""
        return cls(seq=key[0], line=key[1])


class StatementLineRecordOut(Schema):
    """A line as read, where it stood, and the entries that reconcile it."""

    line: int
    source: str
    account: str
    booked_on: DateString
    value_on: DateString | None
    reference: str
    counterparty: str
    amount: AmountOut
    balance: AmountOut | None
    detail: str
    file_name: str
    sheet: str
    row: int
    match: Annotated[int | None, Field(description="The confirmed match's number; null while open.")]
    postings: Array[PostingPlace]

    @classmethod
    def from_core(cls, line: RecordedLine, units: Units) -> StatementLineRecordOut:
        """Return the shape of ``line``."""
        return cls(
            line=line.line_no,
            source=line.source,
            account=line.account,
            booked_on=line.booked_on,
            value_on=line.value_on,
            reference=line.reference,
            counterparty=line.counterparty,
            amount=units.amount(line.amount, line.commodity),
            balance=None if line.balance is None else units.amount(line.balance, line.commodity),
            detail=line.detail,
            file_name=line.file_name,
            sheet=line.sheet,
            row=line.row,
            match=line.match_no,
            postings=tuple(PostingPlace.from_core(key) for key in line.postings),
        )


class StatementLinesOut(Schema):
    """A page of statement lines in recording order."""

    lines: Array[StatementLineRecordOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]
