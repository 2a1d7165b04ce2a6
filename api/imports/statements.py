"""A statement typed into our template, spelled as its source's saved mapping spells statements.

Owns the translation of columns, days, signs and marks, so that one reader and one mapping serve the bank's file and ours. Knows no file.
"""

from __future__ import annotations

from finance.conventions.table_rules import one_of
from finance.conventions.tables import Table
from ledger.core.errors import Expected, ImportRefused, RowError
from ledger.core.statement_mapping import StatementColumn, StatementMapping

_COMMODITY = "commodity"


def translated(table: Table, mapping: StatementMapping) -> Table:
    """Return the rows of the template's table under the mapping's own headings; a row it cannot say is refused.

    An empty amount is 0. Money in and out become a signed amount where the mapping has one, with ``is_outflow_positive`` turned.
    """
    header = tuple(mapping.columns[column][0] for column in mapping.columns)
    rows: list[tuple[str, ...]] = [header]
    errors: list[RowError] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if not any(cells):
            rows.append(())
            continue
        row = dict(zip(table.rows[0], cells, strict=True))
        expected = _misfit(row, mapping)
        if expected:
            column, told = expected
            errors.append(
                RowError(
                    file=table.file,
                    sheet=table.sheet,
                    row=number,
                    column=column,
                    value=row.get(column, "")[:80],
                    expected=told,
                )
            )
        rows.append(tuple(_cell(column, row, mapping) for column in mapping.columns))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return Table(file=table.file, sheet=mapping.sheet or table.sheet, rows=tuple(rows))


_NO_SIGN = Expected("row.amount_sign", "amounts in and out of zero or more, without a sign")
_EITHER = Expected("row.in_or_out", "an amount either in or out")


def _misfit(row: dict[str, str], mapping: StatementMapping) -> tuple[str, Expected] | None:
    came, went = row.get("amount_in", ""), row.get("amount_out", "")
    if came.startswith("-") or went.startswith("-"):
        return "amount_in", _NO_SIGN
    if bool(came.strip("0.")) == bool(went.strip("0.")):
        return "amount_in", _EITHER
    code = row.get(_COMMODITY, "")
    if mapping.commodity is not None:
        only = Expected("row.only_commodity", f"{mapping.commodity}, or nothing", commodity=mapping.commodity)
        return None if code in {"", mapping.commodity} else (_COMMODITY, only)
    if code not in mapping.accounts:
        return _COMMODITY, one_of(sorted(mapping.accounts))
    return None


def _cell(column: StatementColumn, row: dict[str, str], mapping: StatementMapping) -> str:
    came, went = row.get("amount_in", ""), row.get("amount_out", "")
    is_in = bool(came.strip("0."))
    moved = _amount(came if is_in else went, mapping)
    is_negative = StatementColumn.DIRECTION not in mapping.columns and is_in == mapping.is_outflow_positive
    words = mapping.in_words if is_in else mapping.out_words
    cells = {
        StatementColumn.BOOKED_ON: _day(row.get("booked_on", ""), mapping.date_format),
        StatementColumn.VALUE_ON: _day(row.get("value_on", ""), mapping.date_format),
        StatementColumn.AMOUNT_IN: moved if is_in else "",
        StatementColumn.AMOUNT_OUT: "" if is_in else moved,
        StatementColumn.DIRECTION: words[0] if words else "",
        StatementColumn.AMOUNT: f"-{moved}" if is_negative else moved,
        StatementColumn.BALANCE: _amount(row.get("balance", ""), mapping),
        StatementColumn.COMMODITY: _word(row.get(_COMMODITY, ""), mapping),
    }
    return cells.get(column, row.get(column.value, ""))


def _amount(text: str, mapping: StatementMapping) -> str:
    return text.replace(".", mapping.decimal_mark)


def _word(code: str, mapping: StatementMapping) -> str:
    """Return how the source spells the commodity; its code reads as itself."""
    return next((word for word, known in mapping.commodity_words.items() if known == code), code)


def _day(text: str, date_format: str) -> str:
    if not text:
        return ""
    year, month, day = text.split("-")
    shown = date_format.replace("YYYY", year)
    shown = shown.replace("MM", month) if "MM" in shown else shown.replace("M", str(int(month)))
    return shown.replace("DD", day) if "DD" in shown else shown.replace("D", str(int(day)))
