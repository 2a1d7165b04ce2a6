"""A book as an hledger journal: every account and commodity declared, every entry, and a balance assertion for each month.

Lots and their costs stand in the book's own money legs and in a comment; hledger balances each commodity by itself, as this
ledger does. Source: hledger 1.x manual, Journal format and ``check --strict``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ledger.core.accounts import AccountType, type_of
from ledger.core.amounts import format_units
from ledger.core.export_formats.exported import ExportedBook, ExportedEntry, MonthEnd

_BARE = re.compile(r"[A-Z]+", re.ASCII)
_TYPES = {
    AccountType.ASSET: "A",
    AccountType.LIABILITY: "L",
    AccountType.EQUITY: "E",
    AccountType.INCOME: "R",
    AccountType.EXPENSE: "X",
}


def journal(book: ExportedBook, entries: Iterable[ExportedEntry], closings: Iterable[MonthEnd]) -> Iterator[str]:
    """Yield the file piece by piece, each ending in a line end: head, declarations, entries in recording order, balances.

    3 t of CEA25 are ``3 "CEA25"``, 10.00 CNY are ``10.00 CNY``; an assertion counts the account without those below it.
    """
    yield (
        f"; Book {book.code}, as of {book.as_of}, entries 1 to {book.known}\n"
        f"; Tree root {book.tree_root.hex()}\n"
        f"; Source: {book.source}\n\n"
        "decimal-mark .\n\n"
    )
    for code, commodity in sorted(book.commodities.items()):
        mark = format_units(1000 * 10**commodity.scale, commodity.scale) if commodity.scale else "1000."
        yield f"commodity {mark} {_symbol(code)}\n"
    yield "\n"
    for account in book.accounts:
        yield f"account {account.path}  ; type: {_TYPES[type_of(account.path)]}\n"
    yield "\n"
    commodity_of = {account.path: account.commodity for account in book.accounts}
    for entry in entries:
        yield _entry(book, entry)
    for closing in closings:
        code = commodity_of[closing.account]
        held = _amount(book, closing.balance, code)
        yield (f"{closing.last_day} * balance assertion\n    {closing.account}  {_amount(book, 0, code)} = {held}\n\n")


def _entry(book: ExportedBook, entry: ExportedEntry) -> str:
    if not entry.legs:
        return f"; {entry.effective_on} {entry.kind}, seq {entry.seq}, moves nothing\n\n"
    lines = [f"{entry.effective_on} * ({entry.seq}) {entry.kind}"]
    lines.append(f"    ; entry_id:{entry.entry_id}")
    lines.append(f"    ; recorded_at:{entry.recorded_at.isoformat(timespec='microseconds')}")
    if entry.document_on is not None:
        lines.append(f"    ; document_on:{entry.document_on}")
    if entry.reverses_seq is not None:
        lines.append(f"    ; reverses_seq:{entry.reverses_seq}")
    if entry.doc_ref is not None:
        lines.append(f"    ; doc_ref:{entry.doc_ref}")
    lines += [f"    ; attr_{name}:{value}" for name, value in sorted(entry.attrs.items())]
    for leg in entry.legs:
        lots = " ".join(
            f"{format_units(move.quantity, book.commodities[leg.commodity].scale)} of lot {move.lot_id}"
            f" at {format_units(abs(move.cost), book.cost_scale)} {book.functional_currency}"
            for move in leg.moves
        )
        comment = f"  ; {lots}" if lots else ""
        lines.append(f"    {leg.account}  {_amount(book, leg.amount, leg.commodity)}{comment}")
    return "\n".join(lines) + "\n\n"


def _amount(book: ExportedBook, units: int, code: str) -> str:
    return f"{format_units(units, book.commodities[code].scale)} {_symbol(code)}"


def _symbol(code: str) -> str:
    """Return the code as hledger takes it: letters as they are, anything with a digit or sign in quotation marks."""
    return code if _BARE.fullmatch(code) else f'"{code}"'
