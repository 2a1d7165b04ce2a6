"""The Chinese chart of accounts as versioned rows, and which code an account of the book has in it.

Owns the row and the choice by the longest path; the entity's own code comes from its policy. Knows no amount and opens no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from finance.conventions.tables import ReferenceStatus, parse_day
from ledger.core.accounts import AccountType
from ledger.core.errors import Conflict, Invalid

_COLUMNS = (
    "code", "name_zh", "name_en", "kind", "parent", "path", "presentation_zh", "presentation_en",
    "effective_from", "effective_to", "source", "status", "version",
)  # fmt: skip
_LONGEST_LIST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One account of the statutory chart on the days ``[effective_from, effective_to)``.

    ``path`` says which accounts of the book it is: that path and those below it, or with a ``*`` at its end every path that
    begins so. ``presentation`` is the line of the balance sheet or of the income statement.
    """

    code: str
    name_zh: str
    name_en: str
    kind: AccountType
    parent: str
    path: str
    presentation_zh: str
    presentation_en: str
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str

    def holds(self, on: date) -> bool:
        """Return whether the row is in force on the day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCode:
    """The code and names that an account of the book has in vouchers, and the line that it is presented in."""

    path: str
    code: str
    name_zh: str
    name_en: str
    presentation_zh: str
    presentation_en: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCode:
    """An entity's own code for the accounts at ``path`` (grammar as in ``ChartRow``), with the name it has there."""

    path: str
    code: str
    name: str


def chart_rows(rows: Iterable[Mapping[str, str]]) -> tuple[ChartRow, ...]:
    """Return the chart's rows; a code twice on one day, an unknown parent or path twice is refused (``chart.row``)."""
    found = tuple(_row(row) for row in rows)
    for place, row in enumerate(found):
        if row.parent and all(other.code != row.parent for other in found):
            raise _refused(row, f"a parent that is an account, {row.parent} is none")
        for other in found[:place]:
            if _overlap(row, other) and (row.code == other.code or row.path == other.path):
                raise _refused(row, f"code and path once a day, {other.code} stands already")
    return found


def code_of(
    path: str, *, on: date, chart: Iterable[ChartRow], own: Iterable[OwnCode] = (), detail: str = ""
) -> AccountCode | None:
    """Return the code of the account at ``path`` on a day, None where neither the chart nor the entity names one.

    The longest matching path decides; an entity's own code replaces the chart's and keeps its presentation. ``detail`` is the
    account's own name, told after the chart's: ``Assets:CarbonCost:CEA24`` is 1489.01 碳排放权资产-全国碳排放配额.
    """
    standing = [row for row in chart if row.holds(on) and _weight(row.path, path)]
    row = max(standing, key=lambda each: _weight(each.path, path), default=None)
    mine = max(
        (each for each in own if _weight(each.path, path)), key=lambda each: _weight(each.path, path), default=None
    )
    if row is None and mine is None:
        return None
    name_zh, name_en = (row.name_zh, row.name_en) if row is not None else ("", "")
    if mine is not None:
        name_zh = name_en = mine.name
    tail = f" {detail}" if detail else ""
    return AccountCode(
        path=path,
        code=mine.code if mine is not None else row.code if row is not None else "",
        name_zh=f"{name_zh}{tail}",
        name_en=f"{name_en}{tail}",
        presentation_zh="" if row is None else row.presentation_zh,
        presentation_en="" if row is None else row.presentation_en,
        source=row.source if mine is None and row is not None else "accounting policy of the entity",
    )


def codes_of(
    paths: Iterable[str], *, on: date, chart: Iterable[ChartRow], own: Iterable[OwnCode] = ()
) -> Mapping[str, AccountCode]:
    """Return the code of every path; paths without one are refused together (``voucher.account_unmapped``)."""
    wanted = sorted(set(paths))
    found = codes_known(wanted, on=on, chart=chart, own=own)
    missing = [path for path in wanted if path not in found]
    if missing:
        shown = ", ".join(missing[:_LONGEST_LIST])
        raise Conflict(
            "voucher.account_unmapped",
            f"accounts: expected a code for each, {len(missing)} have none ({shown}); give them codes in the accounting policy",
            accounts=shown,
        )
    return found


def codes_known(
    paths: Iterable[str], *, on: date, chart: Iterable[ChartRow], own: Iterable[OwnCode] = ()
) -> Mapping[str, AccountCode]:
    """Return the code of every path that has one."""
    chart, own = tuple(chart), tuple(own)
    found = {path: code_of(path, on=on, chart=chart, own=own, detail=_detail(path)) for path in paths}
    return {path: code for path, code in found.items() if code is not None}


def check_pattern(path: str, *, field: str) -> None:
    """Refuse what cannot name accounts: a path of the book, or the beginning of one and a ``*``."""
    plain = path.removesuffix("*")
    parts = plain.split(":")
    is_fine = plain.isascii() and plain.replace(":", "").replace("-", "").isalnum() and all(parts)
    if not is_fine or parts[0] not in {"Assets", "Liabilities", "Equity", "Income", "Expenses"}:
        raise Invalid(
            "policy.account_path",
            f"{field}: expected an account such as Assets:Bank:CNY, or its beginning and a *",
            field=field,
        )


def _detail(path: str) -> str:
    """Return the last part of a path that names an instrument: CEA24 of Assets:CarbonCost:CEA24, nothing of a bank's."""
    parts = path.split(":")
    return parts[-1] if len(parts) > 2 and parts[1].startswith("Carbon") else ""  # noqa: PLR2004 - root, kind, instrument


def _weight(pattern: str, path: str) -> int:
    """Return how much of ``path`` the pattern names, 0 for nothing; a whole path outweighs a beginning of it."""
    if pattern.endswith("*"):
        return len(pattern) - 1 if path.startswith(pattern[:-1]) else 0
    return len(pattern) + (path == pattern) if path == pattern or path.startswith(f"{pattern}:") else 0


def _overlap(one: ChartRow, other: ChartRow) -> bool:
    return (one.effective_to is None or other.effective_from < one.effective_to) and (
        other.effective_to is None or one.effective_from < other.effective_to
    )


def _row(row: Mapping[str, str]) -> ChartRow:
    if set(row) != set(_COLUMNS):
        raise Invalid("chart.row", f"accounts_cn.csv: expected the columns {', '.join(_COLUMNS)}")
    ends = row["effective_to"]
    return ChartRow(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        kind=AccountType(row["kind"]),
        parent=row["parent"],
        path=row["path"],
        presentation_zh=row["presentation_zh"],
        presentation_en=row["presentation_en"],
        effective_from=parse_day(row["effective_from"], field="effective_from"),
        effective_to=parse_day(ends, field="effective_to") if ends else None,
        source=row["source"],
        status=ReferenceStatus(row["status"]),
        version=row["version"],
    )


def _refused(row: ChartRow, expected: str) -> Invalid:
    return Invalid("chart.row", f"{row.code}: expected {expected}", account=row.code)
